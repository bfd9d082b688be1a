//! What back-propagation keeps and what the adjoint keeps, and how exact their gradients are,
//! against the number of steps: counts and differences, no clock.

use super::run::{NOISE, WIDTH, train};
use super::{Cnf, Trace, augmented, nll, nll_adjoint};
use crate::data::make_moons;
use crate::experiment::{Event, Experiment, Report, Settings, Training};
use crate::experiment::{save_figures, save_metrics, training_time};
use crate::nn::Module;
use crate::ode::{MIDPOINT, RK4, RungeKutta, Solver};
use crate::plot::{BLUE, Figure, GREY, PALETTE, Panel, RED};
use crate::random::Rng;
use crate::{Float, Result, Tensor, grad};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Instant;

/// Back-propagation through the steps beside the adjoint.
pub const ADJOINT: Experiment = Experiment {
    name: "cnf-adjoint",
    about: "memory and gradient error of back-propagation and of the adjoint, against the steps",
    steps: 150,
    batch: 256,
    lr: 5e-3,
    images: false,
    run,
};

/// Numbers of steps that are compared.
const STEPS: [usize; 6] = [1, 2, 4, 8, 16, 32];
/// Steps of RK4 for the gradient that counts as exact.
const EXACT: usize = 64;
/// Points whose likelihood is differentiated.
const POINTS: usize = 256;

// ANCHOR: kept
/// What a graph keeps in memory until it is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Operations.
    pub ops: usize,
    /// Bytes of the numbers of all tensors, each counted once.
    pub bytes: usize,
}

/// Of the graph behind y. Addresses tell what was seen, and are no part of the result.
pub fn kept(y: &Tensor) -> Kept {
    let (mut ops, mut numbers) = (BTreeSet::new(), BTreeSet::new());
    let (mut to_visit, mut bytes) = (vec![y.clone()], 0);
    while let Some(tensor) = to_visit.pop() {
        if numbers.insert(tensor.data().as_ptr()) {
            bytes += tensor.len() * size_of::<Float>();
        }
        if !tensor.inputs().is_empty() && ops.insert(tensor.inputs().as_ptr()) {
            to_visit.extend(tensor.inputs().iter().cloned());
        }
    }
    Kept { ops: ops.len(), bytes }
}
// ANCHOR_END: kept

/// A method with so many steps.
struct Row {
    method: RungeKutta,
    steps: usize,
    /// Of back-propagation and of the adjoint.
    kept: [Kept; 2],
    /// ‖g − g*‖ / ‖g*‖ of both, and the distance between the two in the same unit.
    errors: [f64; 3],
}

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare()?;
    let mut rng = Rng::new(settings.seed);
    let mut measuring = rng.split();
    let mut u = Cnf::new(2, WIDTH, &mut rng);
    let mut training = Training::new(ADJOINT.name, settings, watch);
    let start = Instant::now();
    let steps = train(&mut u, settings, &mut training, &mut rng)?;
    let times = vec![training_time(start, steps)];

    training.stage("comparing gradients");
    let x = make_moons(POINTS, NOISE, &mut measuring);
    let loss = nll(&u, &x, &Trace::Exact, Solver::Steps(EXACT, RK4));
    let exact = flat(grad(&loss, &u.tensors()));
    let one = one_evaluation(&u, &x);
    let row = |method, steps| compare(&u, &x, &exact, one, method, steps);
    let measured: Vec<Row> =
        [MIDPOINT, RK4].into_iter().flat_map(|m| STEPS.map(|steps| row(m, steps))).collect();

    let figures = vec![("figure", errors_figure(&measured)), ("memory", memory_figure(&measured))];
    let mut files = save_figures(settings, &figures)?;
    let json_of = |row: &Row| {
        let [back, adjoint] = row.kept.map(|k| json!({ "ops": k.ops, "bytes": k.bytes }));
        json!({ "method": row.method.name, "steps": row.steps, "backpropagation": back,
                "adjoint": adjoint, "error_backpropagation": row.errors[0],
                "error_adjoint": row.errors[1], "between": row.errors[2] })
    };
    let metrics = json!({
        "experiment": ADJOINT.name,
        "settings": settings.json(),
        "points": POINTS,
        "rows": measured.iter().map(json_of).collect::<Vec<_>>(),
    });
    files.extend(save_metrics(settings, &metrics, Some(&u))?);
    training.complete();
    let chosen = |row: &&Row| row.method == RK4 && [8, 32].contains(&row.steps);
    let rows = measured.iter().filter(chosen).flat_map(rows).collect();
    Ok(Report { rows, times, figures, files, losses: training.losses })
}

/// All numbers of a gradient in a row.
fn flat(gradients: Vec<Tensor>) -> Tensor {
    let flat: Vec<Tensor> = gradients.iter().map(|g| g.reshape(&[g.len()])).collect();
    Tensor::concat(&flat.iter().collect::<Vec<_>>(), 0)
}

/// ‖a − b‖ / ‖unit‖.
fn distance(a: &Tensor, b: &Tensor, unit: &Tensor) -> f64 {
    let norm = |x: &Tensor| {
        let squares = x.data().iter().map(|&v| f64::from(v) * f64::from(v));
        libm::sqrt(squares.sum::<f64>())
    };
    norm(&(a - b)) / norm(unit)
}

/// What is kept while the field of (x, ℓ) is evaluated once and differentiated: all that the
/// adjoint needs at a time, besides the state.
fn one_evaluation(u: &Cnf, x: &Tensor) -> Kept {
    let state = Tensor::concat(&[x, &Tensor::zeros(&[x.shape()[0], 1])], 1).variable();
    kept(&augmented(|t, x| u.velocity(t, x), &Trace::Exact)(1.0, &state))
}

// ANCHOR: compare
fn compare(
    u: &Cnf,
    x: &Tensor,
    exact: &Tensor,
    one: Kept,
    method: RungeKutta,
    steps: usize,
) -> Row {
    let solver = Solver::Steps(steps, method);
    let losses = [nll(u, x, &Trace::Exact, solver), nll_adjoint(u, x, &Trace::Exact, solver)];
    let [back, mut adjoint] = losses.each_ref().map(kept);
    adjoint.ops += one.ops;
    adjoint.bytes += one.bytes;
    let [g, g_adjoint] = losses.map(|loss| flat(grad(&loss, &u.tensors())));
    let errors = [(&g, exact), (&g_adjoint, exact), (&g, &g_adjoint)];
    let errors = errors.map(|(a, b)| distance(a, b, exact));
    Row { method, steps, kept: [back, adjoint], errors }
}
// ANCHOR_END: compare

fn rows(row: &Row) -> Vec<[String; 3]> {
    let with = format!("{}, {} steps", row.method.name, row.steps);
    let of = |(name, i): (&str, usize)| {
        let kept = row.kept[i];
        let [megabytes, ops] = [format!("{:.1} MB", kept.bytes as f64 / 1e6), kept.ops.to_string()];
        let error = format!("{:.1e}", row.errors[i]);
        let remark = "‖g − g*‖ / ‖g*‖, g* by many steps".into();
        [
            [format!("kept by {name}, {with}"), megabytes, format!("in {ops} ops")],
            [format!("gradient error, {name}, {with}"), error, remark],
        ]
    };
    [("back-propagation", 0), ("adjoint", 1)].into_iter().flat_map(of).collect()
}

fn errors_figure(measured: &[Row]) -> Figure {
    let panel = |method: RungeKutta| {
        let of = |i: usize| -> Vec<[f64; 2]> {
            let rows = measured.iter().filter(|row| row.method == method);
            rows.map(|row| [row.steps as f64, row.errors[i]]).collect()
        };
        let curves = [("back-propagation", BLUE), ("adjoint", RED), ("between the two", GREY)];
        curves.into_iter().enumerate().fold(Panel::new(method.name), |panel, (i, (name, style))| {
            panel.line(of(i), style.clone().label(name)).scatter(of(i), style.size(5.0))
        })
    };
    Figure::new("The error of the gradient against the steps", [MIDPOINT, RK4].map(panel))
        .log_x()
        .log_y()
        .labels("steps", "relative error of the gradient")
}

fn memory_figure(measured: &[Row]) -> Figure {
    let curve = |method: RungeKutta, i: usize| -> Vec<[f64; 2]> {
        let rows = measured.iter().filter(|row| row.method == method);
        rows.map(|row| [row.steps as f64, row.kept[i].bytes as f64 / 1e6]).collect()
    };
    let curves = [
        ("back-propagation, RK4", curve(RK4, 0)),
        ("back-propagation, midpoint", curve(MIDPOINT, 0)),
        ("adjoint, either", curve(RK4, 1)),
    ];
    let panel =
        curves.into_iter().zip(PALETTE).fold(Panel::new(""), |panel, ((name, c), style)| {
            panel.line(c.clone(), style.clone().label(name)).scatter(c, style.size(5.0))
        });
    Figure::new("Memory against the steps: back-propagation keeps all, the adjoint none", [panel])
        .log_x()
        .log_y()
        .labels("steps", "kept for the gradient, MB")
}
