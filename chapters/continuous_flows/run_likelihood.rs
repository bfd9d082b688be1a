//! The likelihood of a model that was not trained for it: the flow-matching field of two moons, by
//! its ODE.

use super::measure::{Likelihood, Raster, highest};
use super::{Probe, Trace, densities, log_density};
use crate::chapters::flow_matching::path::Path;
use crate::chapters::flow_matching::{Velocity, cfm_loss};
use crate::data::{Law, Moons};
use crate::experiment::{Event, Experiment, Report, Settings, Training};
use crate::experiment::{loss_row, save_figures, save_metrics, tail_mean, training_time};
use crate::nn::Module;
use crate::ode::{EULER, MIDPOINT, RK4, RungeKutta, Solver, Tolerance, solve_adaptive};
use crate::optim::{Adam, Optimizer, Schedule};
use crate::plot::{BLUE, Figure, GREEN, GREY, Panel, RED, Style};
use crate::random::Rng;
use crate::{Float, Result, Tensor, grad};
use serde_json::json;
use std::time::Instant;

/// Flow matching on the moons of the experiment `cnf`, then its likelihood.
pub const LIKELIHOOD: Experiment = Experiment {
    name: "cnf-likelihood",
    about: "the likelihood of a flow-matching model by its ODE, against steps and tolerance",
    steps: 6000,
    batch: 256,
    lr: 1e-2,
    images: false,
    run,
};

/// Points over which the likelihood is averaged.
const MEASURED: usize = 4000;
/// Steps of RK4 to the likelihood, and to what counts as the exact ln p for the curves.
const FINE: usize = 24;
const EXACT: usize = 128;
/// Fewer points, and numbers of evaluations of the field, for the curves.
const CURVE: usize = 1000;
const EVALUATIONS: [usize; 6] = [4, 8, 16, 32, 64, 128];
const TOLERANCES: [f64; 4] = [1e-2, 1e-3, 1e-4, 1e-5];

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare()?;
    let mut rng = Rng::new(settings.seed);
    let mut measuring = rng.split();
    let mut u = Velocity::new(2, 64, &mut rng);
    let law = Moons { noise: super::run::NOISE };

    let mut training = Training::new(LIKELIHOOD.name, settings, watch);
    let start = Instant::now();
    let steps = train(&mut u, &law, settings, &mut training, &mut rng)?;
    let times = vec![training_time(start, steps)];
    let u = u.frozen();
    let field = |t: Float, x: &Tensor| velocity(&u, t, x);

    training.stage("measuring the likelihood");
    let x = law.sample(MEASURED, &mut measuring);
    let exact = densities(field, 1.0, &x, FINE, &RK4);
    let measured = Likelihood::of(&exact, &x, &law);
    let probe = Trace::Hutchinson(Probe::Rademacher.draw(&[MEASURED, 2], &mut measuring));
    let solver = Solver::Steps(FINE / 2, RK4);
    let by_probe = log_density(|t, x| field(t, x), &x, &probe, solver).detach();
    let by_probe: Vec<f64> = by_probe.data().iter().map(|&v| f64::from(v)).collect();
    let by_probe = Likelihood::of(&by_probe, &x, &law);
    training.stage("measuring the solvers' errors");
    let curves = curves(field, &x.slice(0, 0..CURVE));

    let figures = vec![("figure", density_figure(field, &law)), ("error", error_figure(&curves))];
    let mut rows = vec![loss_row(&training.losses, 4)];
    rows.extend(measured.rows(""));
    rows.extend(by_probe.rows("by one probe"));
    rows.extend(curves.iter().flat_map(Curve::row));
    let metrics = json!({
        "experiment": LIKELIHOOD.name,
        "settings": settings.json(),
        "final_loss": tail_mean(&training.losses, 100),
        "likelihood": measured.json(),
        "by_one_probe": by_probe.json(),
        "curves": curves.iter().map(Curve::json).collect::<Vec<_>>(),
    });
    let mut files = save_figures(settings, &figures)?;
    files.extend(save_metrics(settings, &metrics, Some(&u))?);
    training.complete();
    Ok(Report { rows, times, figures, files, losses: training.losses })
}

/// u_t^θ(x) at one time for all rows.
// ANCHOR: velocity
pub fn velocity(u: &Velocity, t: Float, x: &Tensor) -> Tensor {
    u.forward(&Tensor::full(&[x.shape()[0], 1], t), x)
}
// ANCHOR_END: velocity

/// Flow matching on straight lines, as in its chapter, with a rate that falls to 0.
fn train(
    u: &mut Velocity,
    law: &dyn Law,
    settings: &Settings,
    training: &mut Training,
    rng: &mut Rng,
) -> Result<usize> {
    let n = settings.batch;
    let mut adam = Adam::new(settings.lr);
    let schedule = Schedule::cosine(settings.lr, 0.0, settings.steps);
    let steps = training.resume(&mut [(u, &mut adam)], rng)?;
    let to_do = steps.clone().count();
    for step in steps {
        adam.set_lr(schedule.lr(step - 1));
        let (x_1, x_0) = (law.sample(n, rng), rng.normal(&[n, 2]));
        let t = rng.uniform(&[n, 1]);
        let loss = cfm_loss(u, &Path::Linear, &x_0, &x_1, &t);
        let gradients = grad(&loss, &u.tensors());
        adam.step(u, &gradients);
        training.step_done(&loss, &[(u, &adam)], rng)?;
    }
    Ok(to_do)
}

/// The error of ln p against the evaluations of the field.
struct Curve {
    name: &'static str,
    style: Style,
    points: Vec<(usize, f64)>,
}

/// Root mean square of ln p less the exact one.
fn error(log_p: &[f64], exact: &[f64]) -> f64 {
    let squares = log_p.iter().zip(exact).map(|(a, b)| (a - b) * (a - b));
    libm::sqrt(squares.sum::<f64>() / exact.len() as f64)
}

fn curves(field: impl Fn(Float, &Tensor) -> Tensor + Copy, x: &Tensor) -> Vec<Curve> {
    let exact = &densities(field, 1.0, x, EXACT, &RK4);
    let fixed = |(method, style): (RungeKutta, Style)| {
        let point = |n: usize| {
            let log_p = densities(field, 1.0, x, n / method.b.len(), &method);
            (n, error(&log_p, exact))
        };
        Curve { name: method.name, style, points: EVALUATIONS.map(point).into() }
    };
    let mut curves: Vec<Curve> =
        [(EULER, GREY), (MIDPOINT, GREEN), (RK4, BLUE)].into_iter().map(fixed).collect();
    let adaptive = |tolerance: f64| {
        let end = Tensor::concat(&[x, &Tensor::zeros(&[x.shape()[0], 1])], 1);
        let augmented = super::augmented(field, &Trace::Exact);
        let constant = |t: Float, state: &Tensor| augmented(t, state).detach();
        let tolerance = Tolerance { relative: tolerance, absolute: tolerance };
        let solution = solve_adaptive(constant, &end, 1.0..0.0, tolerance);
        let log_p = super::log_density_from(&solution.x);
        let log_p: Vec<f64> = log_p.data().iter().map(|&v| f64::from(v)).collect();
        (solution.evaluations, error(&log_p, exact))
    };
    let points = TOLERANCES.map(adaptive).into();
    curves.push(Curve { name: "adaptive", style: RED, points });
    curves
}

impl Curve {
    /// With the number of evaluations of one row; adaptive steps with all of theirs.
    fn row(&self) -> Vec<[String; 3]> {
        let row = |(n, error): &(usize, f64)| {
            let remark = "root mean square of ln p less the exact one".into();
            [format!("{}, {n} evaluations", self.name), format!("{error:.4}"), remark]
        };
        self.points.iter().filter(|(n, _)| *n == 32 || self.name == "adaptive").map(row).collect()
    }

    fn json(&self) -> serde_json::Value {
        let point = |(n, error): &(usize, f64)| json!({ "evaluations": n, "error": error });
        json!({ "solver": self.name, "points": self.points.iter().map(point).collect::<Vec<_>>() })
    }
}

fn error_figure(curves: &[Curve]) -> Figure {
    let panel = curves.iter().fold(Panel::new(""), |panel, curve| {
        let points: Vec<_> = curve.points.iter().map(|&(n, error)| [n as f64, error]).collect();
        let style = curve.style.clone();
        panel.line(points.clone(), style.clone().label(curve.name)).scatter(points, style.size(5.0))
    });
    Figure::new("The error of ln p against evaluations of the field", [panel])
        .log_x()
        .log_y()
        .labels("evaluations of the field", "error of ln p")
}

/// The density of the data beside that of the model.
fn density_figure(field: impl Fn(Float, &Tensor) -> Tensor, law: &dyn Law) -> Figure {
    let raster = Raster { corners: [[-1.6, -1.1], [2.6, 1.6]], columns: 140 };
    let x = raster.points();
    let exact = law.log_density(&x);
    let learned = densities(field, 1.0, &x, FINE / 2, &RK4);
    let darkest = highest(&exact);
    let panels = [("exact", exact), ("flow matching", learned)]
        .map(|(name, p)| raster.panel(name, &p, darkest));
    Figure::new("The density of two moons, and that of a flow-matching model", panels)
        .x_range(-1.6, 2.6)
        .y_range(-1.1, 1.6)
        .equal_aspect()
}
