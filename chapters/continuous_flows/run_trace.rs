//! Hutchinson's estimate of the trace: its variance for two laws of the probe, and what becomes of
//! a solver if the probe is drawn anew for every evaluation.

use super::measure::estimate;
use super::{Probe, Trace, augmented, densities};
use crate::chapters::flow_matching::oracle::Marginal;
use crate::chapters::flow_matching::path::Path;
use crate::data::{Law, Mixture};
use crate::derivatives::divergence_hutchinson;
use crate::experiment::{Event, Experiment, Report, Settings, save_figures, save_metrics};
use crate::ode::{RK4, Solution, Tolerance, solve_adaptive};
use crate::plot::{BLUE, Figure, GREEN, Panel, RED, Style};
use crate::random::Rng;
use crate::{Float, Result, Tensor};
use serde_json::json;
use std::cell::RefCell;

/// No training: matrices, and a field that is known.
pub const TRACE: Experiment = Experiment {
    name: "cnf-trace",
    about: "Hutchinson's trace: its variance for two probes, and a probe redrawn in a solve",
    steps: 0,
    batch: 0,
    lr: 0.0,
    images: false,
    run,
};

/// Dimensions of the matrices.
const DIMS: [usize; 6] = [2, 4, 8, 16, 32, 64];
/// Probes for each.
const PROBES: usize = 20_000;
/// Points whose density is asked for.
const POINTS: usize = 200;
/// What is asked of the solver, relative and absolute.
const TOLERANCES: [f64; 6] = [1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4];

/// Estimates of the trace of one matrix.
struct Spread {
    dim: usize,
    probe: Probe,
    trace: f64,
    mean: [f64; 2],
    measured: f64,
    formula: f64,
}

/// How the trace is found in a solve.
const KINDS: [(&str, Style); 3] =
    [("exact trace", BLUE), ("one probe for the solve", GREEN), ("a new probe each time", RED)];

/// One solve at a tolerance: evaluations, and error of ln p, mean with its standard error and root
/// mean square.
struct Solve {
    kind: &'static str,
    tolerance: f64,
    evaluations: usize,
    bias: [f64; 2],
    error: f64,
}

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare_folder()?;
    let mut rng = Rng::new(settings.seed);
    watch(Event::Stage("drawing probes"));
    let spreads: Vec<Spread> = DIMS.iter().flat_map(|&dim| spreads(dim, &mut rng)).collect();
    watch(Event::Stage("solving with one probe and with many"));
    let solves = solves(&mut rng);

    let figures =
        vec![("figure", evaluations_figure(&solves)), ("variance", variance_figure(&spreads))];
    let mut files = save_figures(settings, &figures)?;
    let spread_json = |s: &Spread| {
        json!({ "dim": s.dim, "probe": format!("{:?}", s.probe), "trace": s.trace,
                "mean": s.mean[0], "standard_error": s.mean[1],
                "variance": s.measured, "formula": s.formula })
    };
    let solve_json = |s: &Solve| {
        json!({ "trace": s.kind, "tolerance": s.tolerance, "evaluations": s.evaluations,
                "mean_error": s.bias[0], "standard_error": s.bias[1], "rms_error": s.error })
    };
    let metrics = json!({
        "experiment": TRACE.name,
        "settings": { "seed": settings.seed },
        "probes": PROBES,
        "variance": spreads.iter().map(spread_json).collect::<Vec<_>>(),
        "solves": solves.iter().map(solve_json).collect::<Vec<_>>(),
    });
    files.extend(save_metrics(settings, &metrics, None)?);
    let last = &spreads[spreads.len() - 2..];
    let chosen = solves.iter().filter(|solve| solve.tolerance == 1e-3);
    let rows = last.iter().flat_map(spread_rows).chain(chosen.map(solve_row)).collect();
    Ok(Report { rows, times: vec![], figures, files, losses: vec![] })
}

/// The matrix I + B with independent N(0, 1/d) in B, as the Jacobian of the linear field u(x) = A
/// x.
// ANCHOR: spreads
fn spreads(dim: usize, rng: &mut Rng) -> [Spread; 2] {
    let b = rng.normal(&[dim, dim]) / libm::sqrt(dim as f64) as Float;
    let a = Tensor::eye(dim) + b;
    let trace = f64::from((&a * Tensor::eye(dim)).sum(..).item());
    [Probe::Rademacher, Probe::Gaussian].map(|probe| {
        let epsilon = probe.draw(&[PROBES, dim], rng);
        let u = |x: &Tensor| x.matmul_nt(&a);
        let (_, estimates) = divergence_hutchinson(u, &Tensor::zeros(&[PROBES, dim]), &epsilon);
        let values: Vec<f64> = estimates.data().iter().map(|&v| f64::from(v)).collect();
        let [mean, error] = estimate(&values);
        let measured = error * error * PROBES as f64;
        Spread { dim, probe, trace, mean: [mean, error], measured, formula: probe.variance(&a) }
    })
}
// ANCHOR_END: spreads

/// Eight Gaussians on an optimal-transport path: a smooth field, known exactly, and so is ln p.
fn solves(rng: &mut Rng) -> Vec<Solve> {
    let data = Mixture::eight_gaussians();
    let p = Marginal { path: Path::OptimalTransport { sigma_min: 0.1 }, data };
    let x = p.data.sample(POINTS, rng);
    let u = |t: Float, x: &Tensor| p.velocity(&Tensor::full(&[x.shape()[0], 1], t), x);
    let exact = densities(u, 1.0, &x, 100, &RK4);
    let mut solves = vec![];
    for tolerance in TOLERANCES {
        let probe = Probe::Rademacher.draw(&[POINTS, 2], rng);
        let same = Trace::Hutchinson(probe);
        let redrawn = RefCell::new(rng.split());
        let tolerated = Tolerance { relative: tolerance, absolute: tolerance };
        let end = Tensor::concat(&[&x, &Tensor::zeros(&[POINTS, 1])], 1);
        let solved = [
            backwards(augmented(u, &Trace::Exact), &end, tolerated),
            backwards(augmented(u, &same), &end, tolerated),
            backwards(
                |t, state| {
                    let new = Probe::Rademacher.draw(&[POINTS, 2], &mut redrawn.borrow_mut());
                    augmented(u, &Trace::Hutchinson(new))(t, state)
                },
                &end,
                tolerated,
            ),
        ];
        for ((kind, _), solution) in KINDS.into_iter().zip(solved) {
            solves.push(Solve::of(kind, tolerance, &solution, &exact));
        }
    }
    solves
}

fn backwards(
    field: impl Fn(Float, &Tensor) -> Tensor,
    end: &Tensor,
    tolerance: Tolerance,
) -> Solution {
    solve_adaptive(|t, state: &Tensor| field(t, state).detach(), end, 1.0..0.0, tolerance)
}

impl Solve {
    fn of(kind: &'static str, tolerance: f64, solution: &Solution, exact: &[f64]) -> Solve {
        let log_p = super::log_density_from(&solution.x);
        let errors: Vec<f64> =
            log_p.data().iter().zip(exact).map(|(&q, p)| f64::from(q) - p).collect();
        let squares = errors.iter().map(|e| e * e).sum::<f64>() / errors.len() as f64;
        let evaluations = solution.evaluations;
        Solve { kind, tolerance, evaluations, bias: estimate(&errors), error: libm::sqrt(squares) }
    }
}

fn spread_rows(s: &Spread) -> Vec<[String; 3]> {
    let Spread { dim, probe, trace, mean: [mean, error], measured, formula } = s;
    let remark = format!("standard error {error:.3}; the trace is {trace:.3}, d = {dim}");
    vec![
        [format!("{probe:?} probes: mean"), format!("{mean:.3}"), remark],
        [
            format!("{probe:?} probes: variance"),
            format!("{measured:.1}"),
            format!("the formula says {formula:.1}"),
        ],
    ]
}

fn solve_row(s: &Solve) -> [String; 3] {
    let Solve { kind, tolerance, evaluations, bias: [mean, error], error: rms } = s;
    let remark =
        format!("at tolerance {tolerance}; error of ln p {mean:.4} ± {error:.4}, rms {rms:.4}");
    [format!("evaluations, {kind}"), evaluations.to_string(), remark]
}

fn evaluations_figure(solves: &[Solve]) -> Figure {
    let panel = KINDS.into_iter().fold(Panel::new(""), |panel, (kind, style)| {
        let of_kind = solves.iter().filter(|solve| solve.kind == kind);
        let points: Vec<_> = of_kind.map(|s| [s.tolerance, s.evaluations as f64]).collect();
        panel.line(points.clone(), style.clone().label(kind)).scatter(points, style.size(5.0))
    });
    Figure::new("Evaluations of the field against the tolerance, for three traces", [panel])
        .log_x()
        .log_y()
        .labels("tolerance", "evaluations")
}

fn variance_figure(spreads: &[Spread]) -> Figure {
    let kinds = [(Probe::Rademacher, BLUE), (Probe::Gaussian, RED)];
    let panel = kinds.into_iter().fold(Panel::new(""), |panel, (probe, style)| {
        let of = |value: fn(&Spread) -> f64| -> Vec<[f64; 2]> {
            let spreads = spreads.iter().filter(|s| s.probe == probe);
            spreads.map(|s| [s.dim as f64, value(s)]).collect()
        };
        let name = format!("{probe:?}");
        let lines = panel.line(of(|s| s.formula), style.clone().label(format!("{name}: formula")));
        lines.scatter(of(|s| s.measured), style.size(6.0).label("measured"))
    });
    Figure::new("Variance of the estimate against the dimension", [panel])
        .log_x()
        .log_y()
        .labels("dimension d", "variance")
}
