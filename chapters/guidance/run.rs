//! Exact guidance in the plane: what it draws, beside the tilted law that one might expect. Trains nothing.

use super::{Classes, guided_std, tilted_std};
use crate::data::Mixture;
use crate::experiment::{Event, Experiment, Report, Settings, save_figures, save_metrics};
use crate::ode::{self, MIDPOINT};
use crate::plot::{BLUE, Figure, GREY, Panel, RED};
use crate::random::Rng;
use crate::{Float, Result, Tensor};
use serde_json::json;

/// Three classes in the plane.
pub const GUIDANCE: Experiment = Experiment {
    name: "guidance",
    about: "exact guidance of three classes in the plane, beside the tilted law",
    steps: 0,
    batch: 0,
    lr: 0.0,
    images: false,
    run,
};

/// Points drawn, and those shown.
const POINTS: usize = 4000;
const SHOWN: usize = 500;
/// Midpoint steps.
const STEPS: usize = 60;
/// Strengths.
const STRENGTHS: [Float; 4] = [0.0, 1.0, 2.0, 4.0];
/// The pictures show [−REACH, REACH]².
const REACH: f64 = 4.0;
const CELLS: usize = 100;

/// A class of two modes, of which one lies among the others' modes.
pub fn classes() -> Classes {
    let law = |means: &[[f64; 2]]| Mixture::even(means.iter().map(|m| m.to_vec()).collect(), 0.55);
    Classes::new(vec![
        law(&[[-1.6, 1.2], [0.2, 0.2]]),
        law(&[[1.6, 1.2], [1.2, -0.2]]),
        law(&[[0.0, -1.8], [-0.6, -0.6]]),
    ])
}

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare_folder()?;
    watch(Event::Stage("drawing"));
    let mut rng = Rng::new(settings.seed);
    let classes = classes();
    let x_0 = rng.normal(&[POINTS, 2]);
    let drawn = STRENGTHS.map(|w| draw(&classes, w, &x_0));
    let end = Tensor::ones(&[POINTS, 1]);
    let mut rows = vec![];
    for (w, x) in STRENGTHS.iter().zip(&drawn) {
        let sure = classes.log_posterior(0, &end, x).exp().mean(..).item();
        let spread = x.var(0, 1).sum(..).sqrt().item();
        let remark = "mean of p(y|x) over what is drawn".into();
        rows.push([format!("certainty at w = {w}"), format!("{sure:.3}"), remark]);
        let remark = "root of the summed variances".into();
        rows.push([format!("spread at w = {w}"), format!("{spread:.3}"), remark]);
    }
    for w in [1.0, 2.0, 4.0] {
        let [ours, tilted] = [guided_std(0.5, 1.0, w), tilted_std(0.5, 1.0, w)];
        let remark = format!("standard deviation; of the tilted law {tilted:.4}");
        rows.push([format!("normal laws at w = {w}"), format!("{ours:.4}"), remark]);
    }
    let figures = vec![("figure", figure(&classes, &drawn))];
    let metrics = json!({
        "experiment": GUIDANCE.name, "settings": settings.json(),
        "rows": rows.iter().map(|row| json!([row[0], row[1]])).collect::<Vec<_>>(),
    });
    let mut files = save_figures(settings, &figures)?;
    files.extend(save_metrics(settings, &metrics, None)?);
    Ok(Report { rows, times: vec![], figures, files, losses: vec![] })
}

// ANCHOR: draw
/// The first class, at strength w.
fn draw(classes: &Classes, w: Float, x_0: &Tensor) -> Tensor {
    let field = |t: Float, x: &Tensor| {
        let t = Tensor::full(&[x.shape()[0], 1], t);
        classes.guided(0, w, &t, x).detach()
    };
    ode::solve_each_row(field, x_0, 0.0..1.0, STEPS, &MIDPOINT)
}
// ANCHOR_END: draw

/// The tilted density p(x|y)^w p(x)^(1 − w) as shades, the samples on it.
fn figure(classes: &Classes, drawn: &[Tensor]) -> Figure {
    let place = |i: usize| REACH * (2.0 * (i as f64 + 0.5) / CELLS as f64 - 1.0);
    let at = Tensor::from_fn(&[CELLS * CELLS, 2], |i| {
        let (cell, axis) = (i / 2, i % 2);
        // the highest row first
        (if axis == 0 { place(cell % CELLS) } else { -place(cell / CELLS) }) as Float
    });
    let end = Tensor::ones(&[CELLS * CELLS, 1]);
    let [of, all] = [&classes.of[0], &classes.all].map(|p| p.log_density(&end, &at));
    let panel = |(&w, x): (&Float, &Tensor)| {
        let log_tilted = super::guided(&of, &all, w);
        let highest = log_tilted.max(..);
        let shades: Vec<f64> =
            (log_tilted - highest).exp().data().iter().map(|&v| 0.9 * f64::from(v)).collect();
        Panel::new(format!("w = {w}"))
            .heat(&shades, CELLS, [[-REACH; 2], [REACH; 2]], GREY)
            .scatter(x.slice(0, 0..SHOWN).rows::<2>(), BLUE.size(1.4).opacity(0.7))
            .scatter(classes.of[0].data.means.iter().map(|m| [m[0], m[1]]), RED.size(4.0))
    };
    let title = "Guided samples of one of three classes over the tilted density, at four strengths";
    Figure::new(title, STRENGTHS.iter().zip(drawn).map(panel))
        .columns(4)
        .x_range(-REACH, REACH)
        .y_range(-REACH, REACH)
        .equal_aspect()
}
