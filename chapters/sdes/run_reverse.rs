//! Data to noise and back on the line, with variance preserved and with variance exploding.

use super::{noising, probability_flow, reverse_drift};
use crate::chapters::flow_matching::oracle::Marginal;
use crate::chapters::flow_matching::path::Path;
use crate::data::{Law, Mixture, Normal};
use crate::experiment::{Event, Experiment, Report, Settings, save_figures, save_metrics};
use crate::metrics::{Compared, compare, energy_distance};
use crate::plot::{BLUE, Figure, GREEN, GREY, Panel, RED, Style};
use crate::random::Rng;
use crate::{Float, Result, Tensor, sde};
use serde_json::json;

/// Noising and its undoing.
pub const REVERSE: Experiment = Experiment {
    name: "sdes-reverse",
    about: "data to noise and back: VP and VE, by the reverse SDE and its ODE",
    steps: 0,
    batch: 0,
    lr: 0.0,
    images: false,
    run,
};

/// Points that are measured, and trajectories drawn.
const POINTS: usize = 2000;
const DRAWN: usize = 7;
const STEPS: usize = 500;
/// Every so many steps a trajectory is drawn.
const EVERY: usize = 5;

// ANCHOR: paths
/// The two noisings of Song et al. (2021), by the paths that have their marginals.
const PATHS: [(&str, Path); 2] = [
    ("VP", Path::VariancePreserving { beta: [0.1, 20.0] }),
    ("VE", Path::VarianceExploding { sigma: [0.02, 4.0] }),
];

/// Two modes on the line.
pub fn two_modes() -> Mixture {
    Mixture { weights: vec![0.35, 0.65], means: vec![vec![-1.2], vec![1.2]], std: 0.25 }
}
// ANCHOR_END: paths

type States = Vec<(Float, Tensor)>;

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare_folder()?;
    let mut rng = Rng::new(settings.seed);
    let (mut rows, mut panels, mut measured) = (vec![], vec![], serde_json::Map::new());
    for (name, path) in PATHS {
        watch(Event::Stage("noising, and back"));
        let p = Marginal { path, data: two_modes() };
        let prior =
            Normal { mean: vec![0.0], std: f64::from(path.sigma(&Tensor::scalar(0.0)).item()) };
        let there = there(&p, &mut rng);
        let x_0 = prior.sample(POINTS, &mut rng);
        let [by_sde, by_ode] = [true, false].map(|noisy| back(&p, &x_0, noisy, &mut rng));
        let ends: [(&str, &States, &dyn Law); 3] = [
            ("data to noise", &there, &prior),
            ("back by the SDE", &by_sde, &p.data),
            ("back by the ODE", &by_ode, &p.data),
        ];
        for (way, states, law) in ends {
            let Compared { value, floor } =
                compare(&states[STEPS].1, law, energy_distance, 5, &mut rng);
            let remark = format!("floor {floor}, n = {POINTS}");
            rows.push([format!("D² {name}, {way}"), format!("{value:.4}"), remark]);
            measured.insert(format!("{name}, {way}"), json!(value));
        }
        panels.extend([
            panel(&p, format!("{name}: data to noise"), &there, RED),
            panel(&p, "back by the SDE".into(), &by_sde, BLUE),
            panel(&p, "back by the ODE".into(), &by_ode, GREEN),
        ]);
    }
    let title = "Over the density of each time, data on their way to noise (right to left) and noise on its \
                 way back, with fresh noise and without";
    let figure = Figure::new(title, panels)
        .columns(3)
        .x_range(0.0, 1.0)
        .y_range(-REACH, REACH)
        .labels("t", "x");
    let figures = vec![("figure", figure)];
    let metrics = json!({
        "experiment": REVERSE.name, "settings": settings.json(), "energy_distance": measured,
    });
    let mut files = save_figures(settings, &figures)?;
    files.extend(save_metrics(settings, &metrics, None)?);
    Ok(Report { rows, times: vec![], figures, files, losses: vec![] })
}

// ANCHOR: there
/// Data noised from s = 0 to 1; with the book's times 1 − s.
fn there(p: &Marginal, rng: &mut Rng) -> States {
    let x_1 = p.data.sample(POINTS, rng);
    let drift = |s: Float, x: &Tensor| x * noising(&p.path, s)[0];
    let noise = |s: Float, _: &Tensor| Tensor::scalar(noising(&p.path, s)[1].sqrt());
    let states = sde::trajectory(drift, noise, &x_1, 0.0..1.0, STEPS, rng);
    states.into_iter().map(|(s, x)| (1.0 - s, x)).collect()
}
// ANCHOR_END: there

// ANCHOR: back
/// Noise carried to data from t = 0 to 1 by the reverse equation, or by the ordinary one.
fn back(p: &Marginal, x_0: &Tensor, noisy: bool, rng: &mut Rng) -> States {
    let drift = |t: Float, x: &Tensor| {
        let score = p.score(&Tensor::full(&[x.shape()[0], 1], t), x);
        let equation = noising(&p.path, 1.0 - t);
        if noisy {
            reverse_drift(x, &score, equation)
        } else {
            probability_flow(x, &score, equation)
        }
        .detach()
    };
    let noise = |t: Float, _: &Tensor| {
        Tensor::scalar(if noisy { noising(&p.path, 1.0 - t)[1].sqrt() } else { 0.0 })
    };
    sde::trajectory(drift, noise, x_0, 0.0..1.0, STEPS, rng)
}
// ANCHOR_END: back

/// The pictures show [−REACH, REACH].
const REACH: f64 = 5.0;
/// Cells along t and along x.
const CELLS: usize = 100;

/// Trajectories over p_t(x), whose shade at each time is measured by its highest value then.
fn panel(p: &Marginal, title: String, states: &States, style: Style) -> Panel {
    let place = |i: usize| REACH * (1.0 - 2.0 * (i as f64 + 0.5) / CELLS as f64);
    let x = Tensor::from_fn(&[CELLS, 1], |i| place(i) as Float);
    let column = |i: usize| -> Vec<f64> {
        let t = Tensor::full(&[CELLS, 1], (i as Float + 0.5) / CELLS as Float);
        let log_p = p.log_density(&t, &x);
        let highest = log_p.max(..);
        (log_p - highest).exp().data().iter().map(|&v| 0.9 * f64::from(v)).collect()
    };
    let columns: Vec<Vec<f64>> = (0..CELLS).map(column).collect();
    let shades: Vec<f64> = (0..CELLS * CELLS).map(|i| columns[i % CELLS][i / CELLS]).collect();
    let line = |k: usize| -> Vec<[f64; 2]> {
        let drawn = states.iter().step_by(EVERY);
        drawn.map(|(t, x)| [f64::from(*t), f64::from(x.data()[k])]).collect()
    };
    let panel = Panel::new(title).heat(&shades, CELLS, [[0.0, -REACH], [1.0, REACH]], GREY);
    (0..DRAWN).fold(panel, |panel, k| panel.line(line(k), style.clone().size(1.0)))
}
