//! Langevin's dynamics: a law is reached by following its score with noise, soon within a mode and late
//! between modes; and the error of a finite step.

use super::{langevin_step, langevin_variance};
use crate::chapters::flow_matching::oracle::Marginal;
use crate::chapters::flow_matching::path::Path;
use crate::data::{Law, Mixture};
use crate::experiment::{Event, Experiment, Report, Settings, save_figures, save_metrics};
use crate::metrics::{Compared, compare, energy_distance};
use crate::plot::{BLUE, Figure, GREY, Panel, RED};
use crate::random::Rng;
use crate::{Float, Result, Tensor};
use serde_json::json;

/// Langevin's walk on three modes.
pub const LANGEVIN: Experiment = Experiment {
    name: "sdes-langevin",
    about: "Langevin dynamics: near modes and far ones, and the bias of a step",
    steps: 0,
    batch: 0,
    lr: 0.0,
    images: false,
    run,
};

/// Points, and those shown.
const POINTS: usize = 2000;
const SHOWN: usize = 600;
/// σ, h, and the steps after which the points are shown.
const SIGMA: Float = 1.0;
const STEP: Float = 0.05;
const MOMENTS: [usize; 5] = [0, 10, 100, 300, 1000];
/// Steps for the bias, as parts of the largest that does not diverge, and how many are taken.
const PARTS: [f64; 4] = [0.05, 0.2, 0.5, 0.8];
const SETTLED: usize = 400;

/// Two modes that lie close, of weight ¼ each, and a far one of weight ½.
pub fn modes() -> Mixture {
    let means = vec![vec![-1.3, -0.9], vec![-1.3, 0.9], vec![1.3, 0.0]];
    Mixture { weights: vec![0.25, 0.25, 0.5], means, std: 0.5 }
}

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare_folder()?;
    let mut rng = Rng::new(settings.seed);
    watch(Event::Stage("walking"));
    let states = walk(&mut rng);
    let law = modes();
    let distances: Vec<Compared> =
        states.iter().map(|x| compare(x, &law, energy_distance, 5, &mut rng)).collect();
    let right = |x: &Tensor| {
        let right = x.rows::<2>().iter().filter(|p| p[0] > 0.0).count();
        right as f64 / POINTS as f64
    };
    let mut rows = vec![];
    for ((steps, x), distance) in MOMENTS.iter().zip(&states).zip(&distances) {
        let remark = format!(
            "floor {}, n = {POINTS}; {:.3} of the points are in the far mode, ½ is due",
            distance.floor,
            right(x)
        );
        rows.push([format!("D² after {steps} steps"), format!("{:.4}", distance.value), remark]);
    }
    let bias = bias(&mut rng);
    rows.extend(bias.iter().map(|(part, [measured, error, theory])| {
        let remark = format!("± {error:.3} for N(0, 1); in theory {theory:.3}");
        [format!("variance at h = {part} of the largest"), format!("{measured:.3}"), remark]
    }));
    let figures = vec![("figure", figure(&states)), ("bias", bias_figure(&bias))];
    let metrics = json!({
        "experiment": LANGEVIN.name,
        "settings": settings.json(),
        "energy_distance": distances.iter().map(|d| d.value).collect::<Vec<_>>(),
        "far": states.iter().map(right).collect::<Vec<_>>(),
        "bias": bias.iter().map(|(part, numbers)| json!([part, numbers])).collect::<Vec<_>>(),
    });
    let mut files = save_figures(settings, &figures)?;
    files.extend(save_metrics(settings, &metrics, None)?);
    Ok(Report { rows, times: vec![], figures, files, losses: vec![] })
}

// ANCHOR: walk
/// The points at the [`MOMENTS`], all from the left.
fn walk(rng: &mut Rng) -> Vec<Tensor> {
    // at t = 1 the marginal of a straight path is the law of the data itself
    let p = Marginal { path: Path::Linear, data: modes() };
    let end = Tensor::ones(&[POINTS, 1]);
    let mut x = rng.normal(&[POINTS, 2]) * 0.3 + Tensor::new(&[2], vec![-1.3, 0.0]);
    let mut states = vec![x.clone()];
    for step in 1..=MOMENTS[MOMENTS.len() - 1] {
        let z = rng.normal(x.shape());
        x = langevin_step(&x, &p.score(&end, &x), SIGMA, STEP, &z).detach();
        if MOMENTS.contains(&step) {
            states.push(x.clone());
        }
    }
    states
}
// ANCHOR_END: walk

/// The variance that Langevin steps on N(0, 1) settle at, with its standard error, and in theory.
fn bias(rng: &mut Rng) -> Vec<(f64, [f64; 3])> {
    let measure = |&part: &f64| {
        let h = 4.0 * part / f64::from(SIGMA * SIGMA);
        let mut x = rng.normal(&[10 * POINTS]);
        for _ in 0..SETTLED {
            x = langevin_step(&x, &-&x, SIGMA, h as Float, &rng.normal(x.shape()));
        }
        let squares = x.square();
        let error = libm::sqrt(f64::from(squares.var(0, 1).item()) / squares.len() as f64);
        let theory = langevin_variance(1.0, f64::from(SIGMA), h);
        (part, [f64::from(squares.mean(..).item()), error, theory])
    };
    PARTS.iter().map(measure).collect()
}

fn figure(states: &[Tensor]) -> Figure {
    let panel = |(steps, x): (&usize, &Tensor)| {
        let points = x.slice(0, 0..SHOWN).rows::<2>();
        Panel::new(format!("{steps} steps")).scatter(points, BLUE.size(1.5))
    };
    let data = modes().sample(SHOWN, &mut Rng::new(1)).rows::<2>();
    let data = Panel::new("the law").scatter(data, GREY.size(1.5));
    let title =
        "Langevin's walk from the left: the near modes soon have their shares, the far one late";
    Figure::new(title, MOMENTS.iter().zip(states).map(panel).chain([data]))
        .columns(3)
        .x_range(-3.2, 3.2)
        .y_range(-2.6, 2.6)
        .equal_aspect()
}

fn bias_figure(bias: &[(f64, [f64; 3])]) -> Figure {
    let curve = (0..=88).map(|i| {
        let part = 0.01 * f64::from(i);
        [part, langevin_variance(1.0, f64::from(SIGMA), 4.0 * part)]
    });
    let measured = bias.iter().map(|&(part, [variance, ..])| [part, variance]);
    let panel = Panel::new("")
        .line(curve, RED.size(4.0).opacity(0.5).label("in theory"))
        .line([[0.0, 1.0], [0.88, 1.0]], GREY.label("without bias"))
        .scatter(measured, BLUE.size(6.0).label("measured"));
    Figure::new("The variance at which Langevin's steps settle on N(0, 1)", [panel])
        .labels("step h, as a part of the largest", "variance")
}
