//! The paths side by side, without a network: for a mixture the field that a perfect one would have
//! learned is known, so what differs between the figures here is the path alone.

use super::oracle::Marginal;
use super::path::Path;
use crate::data::{Law, Mixture};
use crate::experiment::{Event, Experiment, Report, Settings, save_figures, save_metrics};
use crate::ode::{self, EULER, MIDPOINT, RK4, RungeKutta};
use crate::plot::{BLUE, Figure, GREY, PALETTE, Panel};
use crate::random::Rng;
use crate::{Float, Result, Tensor};
use serde_json::json;

/// Five paths: their trajectories, and how many evaluations of the field they need.
pub const PATHS: Experiment = Experiment {
    name: "flow-matching-paths",
    about: "five paths side by side: trajectories, and error against evaluations of the field",
    steps: 0,
    batch: 0,
    lr: 0.0,
    images: false,
    run,
};

/// Points that the solver carries.
const POINTS: usize = 500;
/// Steps of RK4 to what counts as the exact end of a trajectory.
const EXACT_STEPS: usize = 400;
/// Evaluations of the field in a row of the table.
const EVALUATIONS: usize = 16;

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare_folder()?;
    let mut rng = Rng::new(settings.seed);
    watch(Event::Stage("following trajectories"));
    let trajectories = trajectories(&mut rng);
    watch(Event::Stage("measuring the solvers' errors"));
    let x_0 = rng.normal(&[POINTS, 2]);
    let curves = [EULER, MIDPOINT].map(|method| (method, errors(&x_0, &method)));
    let figures = vec![("trajectories", trajectories), ("error", error_figure(&curves))];
    let rows = curves.iter().flat_map(|(method, curves)| rows(method, curves)).collect();

    let mut files = save_figures(settings, &figures)?;
    let curves = curves.iter().flat_map(|(method, curves)| {
        curves.iter().map(|(path, errors)| {
            json!({ "method": method.name, "path": path, "error_by_evaluations": errors })
        })
    });
    let metrics = json!({
        "experiment": PATHS.name,
        "settings": { "seed": settings.seed },
        "curves": curves.collect::<Vec<_>>(),
    });
    files.extend(save_metrics(settings, &metrics, None)?);
    Ok(Report { rows, times: vec![], figures, files, losses: vec![] })
}

/// Two rows of panels over (t, x) for data on a line, a column for each path. Above, the conditional
/// flows ψ_t(x₀) of random pairs, which may cross; below, the solutions for the marginal field, which
/// cannot.
fn trajectories(rng: &mut Rng) -> Figure {
    let data = Mixture::even(vec![vec![-1.5], vec![1.5]], 0.2);
    let (n, steps) = (24, 50);
    let pairs = (rng.normal(&[n, 1]), data.sample(n, rng));
    let even =
        Tensor::from_fn(&[n, 1], |i| (2.0 * (i as f64 + 0.5) / n as f64 - 1.0) as Float * 2.2);
    let lines = |panel: Panel, states: &[(Float, Tensor)], style: &crate::plot::Style| {
        (0..n).fold(panel, |panel, i| {
            let line = states.iter().map(|(t, x)| [f64::from(*t), f64::from(x.data()[i])]);
            panel.line(line, style.clone().size(1.0).opacity(0.8))
        })
    };
    let conditional = Path::ALL.map(|(name, path)| {
        let at = |k: usize| {
            let t = k as Float / steps as Float;
            (t, path.sample(&pairs.0, &pairs.1, &Tensor::full(&[n, 1], t)).0)
        };
        let states: Vec<_> = (0..=steps).map(at).collect();
        lines(Panel::new(name), &states, &GREY)
    });
    let marginal = Path::ALL.map(|(_, path)| {
        let p = Marginal { path, data: data.clone() };
        let field = |t: Float, x: &Tensor| p.velocity(&Tensor::full(&[n, 1], t), x);
        let states = ode::trajectory(field, &path.start(&even), 0.0..1.0, steps, &RK4);
        lines(Panel::new(""), &states, &BLUE)
    });
    let title =
        "Trajectories of five paths: straight or curved for a pair, never crossing for the law";
    Figure::new(title, conditional.into_iter().chain(marginal))
        .columns(5)
        .y_range(-3.2, 3.2)
        .labels("t", "x")
}

/// For each path, the error by the number of evaluations.
type Curves = Vec<(&'static str, Vec<(usize, f64)>)>;

/// Root mean square of the distance between where a method ends and where the exact trajectory does,
/// for eight Gaussians, with 2 to 256 evaluations of the field.
fn errors(x_0: &Tensor, method: &RungeKutta) -> Curves {
    let stages = method.b.len();
    let curve = |(name, path): (&'static str, Path)| {
        let p = Marginal { path, data: Mixture::eight_gaussians() };
        let field = |t: Float, x: &Tensor| p.velocity(&Tensor::full(&[x.shape()[0], 1], t), x);
        let solve = |steps: usize, method: &RungeKutta| {
            ode::solve_each_row(field, &path.start(x_0), 0.0..1.0, steps, method)
        };
        let exact = solve(EXACT_STEPS, &RK4);
        let error = |evaluations: usize| {
            let square = (solve(evaluations / stages, method) - &exact).square().sum(1).mean(..);
            (evaluations, libm::sqrt(f64::from(square.item())))
        };
        (name, (1..=8).map(|k| error(1 << k)).collect())
    };
    Path::ALL.map(curve).into()
}

fn error_figure(curves: &[(RungeKutta, Curves)]) -> Figure {
    let panel = |(method, curves): &(RungeKutta, Curves)| {
        curves.iter().zip(PALETTE).fold(
            Panel::new(method.name),
            |panel, ((path, errors), style)| {
                let line = errors.iter().map(|&(n, error)| [n as f64, error]);
                panel.line(line, style.label(*path))
            },
        )
    };
    let title = "Error of the solver against evaluations of the field, for five paths";
    Figure::new(title, curves.iter().map(panel))
        .log_x()
        .log_y()
        .labels("evaluations of the field", "error")
}

fn rows(method: &RungeKutta, curves: &Curves) -> Vec<[String; 3]> {
    let row = |(path, errors): &(&str, Vec<(usize, f64)>)| {
        let (_, error) = errors.iter().find(|(n, _)| *n == EVALUATIONS).expect("a power of two");
        let remark = format!("root mean square error after {EVALUATIONS} evaluations");
        [format!("{} {path}", method.name), format!("{error:.4}"), remark]
    };
    curves.iter().map(row).collect()
}
