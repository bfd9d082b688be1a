//! Steps as long as a tolerance allows: around a sun, and counted beside other programs.

use super::problems::{Problem, kepler, problems};
use crate::experiment::{Event, Experiment, Report, Settings, save_figures, save_metrics};
use crate::ode::{self, DORMAND_PRINCE, RK4, Solution, Tolerance, solve_adaptive};
use crate::plot::{BLUE, Figure, GREY, Panel, RED, YELLOW};
use crate::{Float, Result, Tensor};
use serde_json::{Value, json};
use std::f64::consts::TAU;

/// A comet, and the price of a tolerance.
pub const ADAPTIVE: Experiment = Experiment {
    name: "odes-adaptive",
    about: "steps that a tolerance chooses, around a sun; evaluations beside other programs",
    steps: 0,
    batch: 0,
    lr: 0.0,
    images: false,
    run,
};

/// The eccentricity of the comet's orbit, whose mean distance is 1.
const ECCENTRICITY: f64 = 0.9;
/// For the comet.
const TOLERANCE: Tolerance = Tolerance { relative: 1e-5, absolute: 1e-5 };
/// Those at which evaluations are compared: in f32 smaller ones cannot be met.
const COMPARED: [f64; 2] = [1e-3, 1e-4];
/// Evaluations of SciPy and torchdiffeq, with the errors at the end; `tests/reference/ode.py`
/// counted them.
const REFERENCE: &str = include_str!("../../tests/reference/ode.json");

/// Follows the comet, counts, draws and writes.
///
/// # Errors
/// If a file cannot be written.
pub fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare_folder()?;
    watch(Event::Stage("following a comet"));
    let comet = comet();
    let solution = adaptive(&comet, TOLERANCE);
    let steps = solution.evaluations / RK4.b.len();
    let even =
        ode::trajectory(|t, x| comet.u(t, x), &comet.x_0(), 0.0..comet.end as Float, steps, &RK4);
    let last = &even[steps].1;
    watch(Event::Stage("counting evaluations"));
    let counts = COMPARED.map(Counts::of);
    let row = |name: &str, value: String, remark: String| [name.to_string(), value, remark];
    let (errors, Solution { evaluations, accepted, rejected, .. }) =
        ([comet.error(&solution.x), comet.error(last)], &solution);
    let mut rows = vec![
        row(
            "comet evaluations",
            evaluations.to_string(),
            format!("{accepted} steps, {rejected} refused"),
        ),
        row("comet error", format!("{:.4}", errors[0]), "after a year, chosen steps".into()),
        row("comet error RK4", format!("{:.4}", errors[1]), format!("{steps} equal steps of RK4")),
    ];
    rows.extend(counts.iter().map(Counts::row));
    let figures = vec![
        ("figure", orbit_figure(&solution, &even)),
        ("steps", steps_figure(&solution)),
        ("work", work_figure(&comet)),
    ];
    let mut files = save_figures(settings, &figures)?;
    let metrics = json!({
        "experiment": ADAPTIVE.name,
        "comet": { "evaluations": evaluations, "accepted": accepted, "rejected": rejected,
            "error": errors[0], "error_of_rk4": errors[1] },
        "problems": counts.iter().map(Counts::json).collect::<Vec<_>>(),
    });
    files.extend(save_metrics(settings, &metrics, None)?);
    Ok(Report { rows, times: vec![], figures, files, losses: vec![] })
}

// ANCHOR: comet
/// From the farthest point of its orbit, once around: after 2π it is there again.
fn comet() -> Problem {
    let e = ECCENTRICITY;
    let start = vec![-1.0 - e, 0.0, 0.0, -libm::sqrt((1.0 - e) / (1.0 + e))];
    Problem { name: "comet", field: |_, x| kepler(x), exact: start.clone(), start, end: TAU }
}

fn adaptive(problem: &Problem, tolerance: Tolerance) -> Solution {
    solve_adaptive(|t, x| problem.u(t, x), &problem.x_0(), 0.0..problem.end as Float, tolerance)
}
// ANCHOR_END: comet

/// Evaluations that all problems together need at a tolerance, here and in other programs.
struct Counts {
    tolerance: f64,
    ours: usize,
    scipy: u64,
    torchdiffeq: u64,
    /// The largest error at the end.
    error: f64,
}

impl Counts {
    fn of(tolerance: f64) -> Counts {
        let problems = problems();
        let both = Tolerance { relative: tolerance, absolute: tolerance };
        let solutions: Vec<Solution> = problems.iter().map(|p| adaptive(p, both)).collect();
        let errors = problems.iter().zip(&solutions).map(|(problem, s)| problem.error(&s.x));
        let theirs: Value = serde_json::from_str(REFERENCE).expect("the file is JSON");
        let of = |program: &str| -> u64 {
            let rows = theirs["rows"].as_array().into_iter().flatten();
            let rows = rows.filter(|row| row["tolerance"].as_f64() == Some(tolerance));
            rows.filter_map(|row| row[program][0].as_u64()).sum()
        };
        Counts {
            tolerance,
            ours: solutions.iter().map(|s| s.evaluations).sum(),
            scipy: of("scipy"),
            torchdiffeq: of("torchdiffeq"),
            error: errors.fold(0.0, f64::max),
        }
    }

    fn row(&self) -> [String; 3] {
        let Counts { tolerance, ours, scipy, torchdiffeq, .. } = self;
        let remark =
            format!("eight problems; SciPy's RK45 {scipy}, torchdiffeq's dopri5 {torchdiffeq}");
        [format!("evaluations at {tolerance}"), ours.to_string(), remark]
    }

    fn json(&self) -> Value {
        let Counts { tolerance, ours, scipy, torchdiffeq, error } = self;
        json!({ "tolerance": tolerance, "evaluations": ours, "scipy": scipy,
            "torchdiffeq": torchdiffeq, "largest_error": error })
    }
}

fn place(x: &Tensor) -> [f64; 2] {
    [x.data()[0].into(), x.data()[1].into()]
}

fn orbit_figure(solution: &Solution, even: &[(Float, Tensor)]) -> Figure {
    let angles = (0..=200).map(|k| TAU * f64::from(k) / 200.0);
    let (e, minor) = (ECCENTRICITY, libm::sqrt(1.0 - ECCENTRICITY * ECCENTRICITY));
    let ellipse: Vec<_> = angles.map(|a| [libm::cos(a) - e, minor * libm::sin(a)]).collect();
    let panel = |title: String| {
        Panel::new(title)
            .line(ellipse.clone(), GREY.size(3.0).label("the orbit"))
            .scatter([[0.0, 0.0]], YELLOW.size(6.0).opacity(1.0))
    };
    let chosen: Vec<_> = solution.times().into_iter().map(|t| place(&solution.at(t))).collect();
    let even: Vec<_> = even.iter().map(|(_, x)| place(x)).collect();
    let title = |what: &str, n: usize| format!("{what}: {n} steps");
    let panels = [
        panel(title("tolerance 0.00001", chosen.len() - 1))
            .scatter(chosen, BLUE.size(2.5).label("a step")),
        panel(title("equal steps of RK4", even.len() - 1))
            .line(even.clone(), RED.size(0.8))
            .scatter(even, RED.size(2.0)),
    ];
    let text = "A comet's year with chosen and with equal steps, at the same number of evaluations";
    Figure::new(text, panels).x_range(-2.6, 0.8).y_range(-1.2, 1.2).equal_aspect()
}

/// The length of each step, over the time at which it begins.
fn steps_figure(solution: &Solution) -> Figure {
    let times: Vec<f64> = solution.times().into_iter().map(f64::from).collect();
    let lengths: Vec<_> = times.windows(2).map(|t| [t[0], t[1] - t[0]]).collect();
    let panel =
        Panel::new("").line(lengths.clone(), BLUE.size(1.0)).scatter(lengths, BLUE.size(2.0));
    Figure::new("The steps are shortest when the comet passes the sun", [panel])
        .log_y()
        .labels("t", "length of the step")
}

/// The comet's error against evaluations, with chosen and with equal steps.
fn work_figure(comet: &Problem) -> Figure {
    let chosen = (4..=10).map(|k| {
        let tolerance = libm::exp2(-2.0 * f64::from(k));
        let solution = adaptive(comet, Tolerance { relative: tolerance, absolute: tolerance });
        [solution.evaluations as f64, comet.error(&solution.x)]
    });
    let even = |method: &ode::RungeKutta| {
        let stages = method.b.len();
        let curve = (7..=13).map(|k| {
            let steps = (1 << k) / stages;
            let time = 0.0..comet.end as Float;
            let x = ode::solve(|t, x| comet.u(t, x), &comet.x_0(), time, steps, method);
            [(steps * stages) as f64, comet.error(&x)]
        });
        curve.collect::<Vec<_>>()
    };
    let panel = Panel::new("")
        .line(even(&RK4), RED.label("RK4, equal steps"))
        .line(even(&DORMAND_PRINCE), GREY.label("Dormand–Prince, equal steps"))
        .line(chosen.collect::<Vec<_>>(), BLUE.label("Dormand–Prince, chosen steps"));
    Figure::new("The comet's error after a year against evaluations of the field", [panel])
        .log_x()
        .log_y()
        .labels("evaluations of the field", "error")
}
