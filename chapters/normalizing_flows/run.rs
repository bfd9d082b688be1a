//! The book's first flow: two moons by rational-quadratic splines, its density beside the exact
//! one.

use super::coupling::Coupling;
use super::measure::{
    FINE, Gap, bent, cells, density_panel, grid, highest, inverse_error, log_density_of, stacked,
    train,
};
use super::{Constructor, Flow};
use crate::data::{Law, Moons};
use crate::experiment::{Event, Experiment, Report, Settings, Training};
use crate::experiment::{loss_row, save_figures, save_metrics, tail_mean, training_time};
use crate::nn::Module;
use crate::plot::{BLUE, Figure, Panel, RED};
use crate::random::Rng;
use crate::{Result, Tensor};
use serde_json::json;
use std::time::Instant;

// ANCHOR: moons
/// Two moons with noise 0.1: a fixed scaling and three spline couplings, by maximum likelihood.
pub const MOONS: Experiment = Experiment {
    name: "flows",
    about: "two moons by a spline flow, its density beside the exact one",
    steps: 2000,
    batch: 256,
    lr: 4e-3,
    images: false,
    run,
};

/// Three couplings that take turns in what stays.
pub const COUPLINGS: [Constructor; 2] = [
    |d, width, rng| Box::new(Coupling::new(d, width, FINE, false, rng)),
    |d, width, rng| Box::new(Coupling::new(d, width, FINE, true, rng)),
];
const LAYERS: usize = 3;
const WIDTH: usize = 64;
// ANCHOR_END: moons

/// The pictures' corners.
const CORNERS: [[f64; 2]; 2] = [[-1.6, -1.2], [2.6, 1.7]];
/// The gap in nats that we want.
const GOAL: f64 = 0.05;

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare()?;
    let (law, mut rng) = (Moons { noise: 0.1 }, Rng::new(settings.seed));
    let mut measuring = rng.split();
    let mut flows = vec![stacked(&law, LAYERS, WIDTH, &COUPLINGS, &mut rng)];

    let mut training = Training::new(MOONS.name, settings, watch);
    let start = Instant::now();
    let steps = train(&mut flows, &[&law], settings, &mut training, &mut rng)?;
    let times = vec![training_time(start, steps)];

    training.stage("measuring the density");
    let flow = flows.remove(0).frozen();
    let gap = Gap::of(&flow, &law, &mut measuring);
    let error = inverse_error(&flow, &law, 2000, &mut measuring);
    let remark = "largest |x − f⁻¹(f(x))| over 2000 points of the data";
    let rows = vec![
        loss_row(&training.losses, 4),
        gap.row("gap", Some(GOAL)),
        ["inverse error".into(), format!("{error:.1e}"), remark.into()],
    ];
    let figures = vec![
        ("figure", densities(&flow, &law, &mut measuring)),
        ("steps", bending(&flow, &mut measuring)),
    ];
    let metrics = json!({
        "experiment": MOONS.name,
        "settings": settings.json(),
        "final_loss": tail_mean(&training.losses, 100),
        "density": gap.json(),
        "inverse_error": error,
    });
    let mut files = save_figures(settings, &figures)?;
    files.extend(save_metrics(settings, &metrics, Some(&flow))?);
    training.complete();
    Ok(Report { rows, times, figures, files, losses: training.losses })
}

/// The exact density, the learned one, and samples of both.
fn densities(flow: &Flow, law: &Moons, rng: &mut Rng) -> Figure {
    let cells = cells(CORNERS);
    let exact = law.log_density(&cells);
    let top = highest(&exact);
    let samples = |title: &str, x: Tensor, style: crate::plot::Style| {
        Panel::new(title).scatter(x.rows::<2>(), style.size(1.2).opacity(0.6))
    };
    let panels = [
        density_panel("exact density".into(), &exact, top, CORNERS),
        density_panel("the flow's density".into(), &log_density_of(flow, &cells), top, CORNERS),
        samples("data", law.sample(1000, rng), RED),
        samples("samples of the flow", flow.sample(1000, rng), BLUE),
    ];
    Figure::new("Two moons by a spline flow: densities and samples", panels)
        .columns(2)
        .x_range(CORNERS[0][0], CORNERS[1][0])
        .y_range(CORNERS[0][1], CORNERS[1][1])
        .equal_aspect()
}

// ANCHOR: bending
/// A square grid of the noise, and samples, as one map after the other is undone: from z to x.
fn bending(flow: &Flow, rng: &mut Rng) -> Figure {
    let mut lines = grid(3.0, 19);
    let mut points = rng.normal(&[500, flow.dim]);
    let mut panels = vec![bent("noise z".into(), &lines, &points)];
    for (i, transform) in flow.transforms.iter().enumerate().rev() {
        lines = lines.iter().map(|line| transform.inverse(line)).collect();
        points = transform.inverse(&points);
        let title = if i == 0 { "scaled back: x".into() } else { format!("f{i} undone") };
        panels.push(bent(title, &lines, &points));
    }
    Figure::new("The grid of the noise, bent layer by layer into two moons", panels)
        .columns(3)
        .x_range(-3.2, 3.2)
        .y_range(-3.2, 3.2)
        .equal_aspect()
}
// ANCHOR_END: bending
