//! tanh and its derivatives by walks through walks, and what a divergence costs. Nothing is trained.

use super::{Map, divergence, hvp, jvp, tanh, vjp};
use crate::chapters::continuous_flows::Probe;
use crate::derivatives::divergence_hutchinson;
use crate::experiment::{
    Event, Experiment, Report, Settings, save_figures, save_metrics, shortest,
};
use crate::nn::{Activation, Mlp};
use crate::plot::{BLUE, Figure, PALETTE, Panel, RED};
use crate::random::Rng;
use crate::{Float, Result, Tensor, grad_graph};
use serde_json::json;

/// Derivatives of tanh, and what derivatives cost.
pub const SECOND_DERIVATIVES: Experiment = Experiment {
    name: "second-derivatives",
    about: "derivatives of derivatives: tanh to the fourth, and what a divergence costs",
    steps: 0,
    batch: 0,
    lr: 0.0,
    images: false,
    run,
};

/// Dimensions, and rows of a batch.
const DIMENSIONS: [usize; 6] = [2, 4, 8, 16, 32, 64];
const ROWS: usize = 256;

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare_folder()?;
    let mut rng = Rng::new(settings.seed);
    watch(Event::Stage("counting"));
    let costs: Vec<Cost> = DIMENSIONS.iter().map(|&d| Cost::of(d, &mut rng)).collect();
    let (curves, errors) = derivatives_of_tanh();
    let rows = errors.iter().enumerate().map(|(order, error)| {
        let name = format!("derivative {} of tanh", order + 1);
        [name, format!("{error:.1e}"), "largest difference from its formula".into()]
    });
    let rows: Vec<[String; 3]> = rows.chain(costs.iter().flat_map(Cost::rows)).collect();
    watch(Event::Stage("timing"));
    let times = times(&mut rng);
    let figures = vec![("figure", curves), ("cost", nodes(&costs))];
    let counts: Vec<[usize; 4]> =
        costs.iter().map(|c| [c.d, c.value, c.exact, c.estimate]).collect();
    let metrics = json!({
        "experiment": SECOND_DERIVATIVES.name, "settings": settings.json(),
        "errors": errors, "nodes": counts,
    });
    let mut files = save_figures(settings, &figures)?;
    files.extend(save_metrics(settings, &metrics, None)?);
    Ok(Report { rows, times, figures, files, losses: vec![] })
}

// ANCHOR: tower
/// The first four derivatives at each x, every one by a walk through the last.
fn tower(x: &Tensor) -> Vec<Tensor> {
    let x = x.variable();
    let mut last = tanh(&x);
    let mut derivative = |_| {
        last = grad_graph(&last.sum(..), &[&x]).remove(0);
        last.detach()
    };
    (1..=4).map(&mut derivative).collect()
}
// ANCHOR_END: tower

/// The same by formulas in float64.
fn formulas(x: f64) -> [f64; 4] {
    let y = libm::tanh(x);
    let s = 1.0 - y * y;
    [s, -2.0 * y * s, (6.0 * y * y - 2.0) * s, (16.0 * y - 24.0 * y * y * y) * s]
}

fn derivatives_of_tanh() -> (Figure, [f64; 4]) {
    let x: Vec<Float> = (0..=160).map(|i| (f64::from(i) * 0.05 - 4.0) as Float).collect();
    let tower = tower(&Tensor::from(x.clone()));
    let mut errors = [0.0f64; 4];
    for (order, derivative) in tower.iter().enumerate() {
        for (&x, &slope) in x.iter().zip(derivative.data()) {
            let error = f64::from(slope) - formulas(f64::from(x))[order];
            errors[order] = errors[order].max(error.abs());
        }
    }
    let names = ["first", "second", "third", "fourth"];
    let mut panel = Panel::new("");
    for ((derivative, name), style) in tower.iter().zip(names).zip(PALETTE) {
        let points = x.iter().zip(derivative.data()).map(|(&x, &y)| [f64::from(x), f64::from(y)]);
        panel = panel.line(points.collect::<Vec<_>>(), style.label(name));
    }
    (Figure::new("Derivatives of tanh", [panel]).labels("x", "derivative"), errors)
}

/// Nodes of graphs: of a network's value, of its divergence, and of an estimate of that by one probe.
struct Cost {
    d: usize,
    value: usize,
    exact: usize,
    estimate: usize,
}

/// d–64–64–d with tanh.
fn network(d: usize, rng: &mut Rng) -> Mlp {
    Mlp::new(&[d, 64, 64, d], Activation::Tanh, rng)
}

// ANCHOR: cost
impl Cost {
    fn of(d: usize, rng: &mut Rng) -> Cost {
        let u = network(d, rng);
        let x = rng.normal(&[4, d]).variable();
        let epsilon = Probe::Rademacher.draw(&[4, d], rng);
        let value = u.forward(&x).graph_nodes();
        let exact = divergence(&|x| u.forward(x), &x).graph_nodes();
        let (_, estimate) = divergence_hutchinson(|x| u.forward(x), &x, &epsilon);
        Cost { d, value, exact, estimate: estimate.graph_nodes() }
    }
    // ANCHOR_END: cost

    fn rows(&self) -> Vec<[String; 3]> {
        if self.d != 2 && self.d != 64 {
            return vec![];
        }
        let row = |name: &str, nodes: usize| {
            [format!("{name}, d = {}", self.d), nodes.to_string(), "nodes in the graph".into()]
        };
        vec![
            row("network", self.value),
            row("exact divergence", self.exact),
            row("estimate by a probe", self.estimate),
        ]
    }
}

fn nodes(costs: &[Cost]) -> Figure {
    let line = |of: fn(&Cost) -> usize| -> Vec<[f64; 2]> {
        costs.iter().map(|cost| [cost.d as f64, of(cost) as f64]).collect()
    };
    let panel = Panel::new("")
        .line(line(|c| c.exact), RED.label("exact divergence, d walks"))
        .line(line(|c| c.estimate), BLUE.label("estimate by a probe, 1 walk"));
    Figure::new("Nodes that a divergence leaves for a loss to walk through", [panel])
        .log_x()
        .log_y()
        .labels("dimension d", "nodes")
}

/// Seconds, as multiples of those of the value.
fn times(rng: &mut Rng) -> Vec<[String; 3]> {
    let d = 32;
    let u = network(d, rng);
    let (x, v) = (rng.normal(&[ROWS, d]).variable(), rng.normal(&[ROWS, d]));
    let field: Map = &|x| u.forward(x);
    let energy: Map = &|x| u.forward(x).square().sum(..);
    let value = seconds(|| field(&x));
    let row = |name: &str, f: &dyn Fn() -> Tensor| {
        let ratio = seconds(f) / value;
        [name.to_string(), format!("{ratio:.1}"), "times as long as the value u(x)".into()]
    };
    vec![
        row("Jᵀ g, one walk", &|| vjp(field, &x, &v)),
        row("J v, two walks", &|| jvp(field, &x, &v)),
        row("H v, two walks", &|| hvp(energy, &x, &v)),
        row("estimate of the divergence", &|| divergence_hutchinson(field, &x, &v).1),
        row("exact divergence, d = 32", &|| divergence(field, &x)),
    ]
}

/// The shortest of ten.
fn seconds(f: impl Fn() -> Tensor) -> f64 {
    shortest(10, || drop(f()))
}
