//! Stiffness: where a solution is smooth and the steps must be short all the same.

use super::{amplification, implicit_euler_step};
use crate::experiment::{Event, Experiment, Report, Settings, save_figures, save_metrics};
use crate::ode::{
    self, DORMAND_PRINCE, EULER, MIDPOINT, RK4, RungeKutta, Tolerance, solve_adaptive,
};
use crate::plot::{BLUE, Figure, GREY, Panel, RED};
use crate::{Float, Result, Tensor};
use serde_json::json;

/// Curtiss and Hirschfelder's problem.
pub const STIFF: Experiment = Experiment {
    name: "odes-stiff",
    about: "a field so steep that stability, not the error, decides the length of steps",
    steps: 0,
    batch: 0,
    lr: 0.0,
    images: false,
    run,
};

/// λ of the first figure, and those for which evaluations are counted.
const LAMBDA: Float = 50.0;
const LAMBDAS: [Float; 4] = [10.0, 100.0, 1000.0, 10_000.0];
/// The time at the end.
const END: Float = 2.0;
/// Steps of explicit Euler with h λ just above 2 and well below, and of implicit Euler.
const UNSTABLE: usize = 48;
const STABLE: usize = 60;
const IMPLICIT: usize = 12;
/// For the solver that chooses its steps.
const TOLERANCE: Tolerance = Tolerance { relative: 1e-3, absolute: 1e-3 };

// ANCHOR: stiff
/// u = −λ (x − cos t): all solutions fall to one near cos t, as fast as e^{−λ t} (Curtiss &
/// Hirschfelder 1952).
fn u(lambda: Float) -> impl Fn(Float, &Tensor) -> Tensor {
    move |t, x| (x - libm::cos(f64::from(t)) as Float) * -lambda
}

/// The solution from x(0) = 0: (λ² cos t + λ sin t − λ² e^{−λ t}) / (λ² + 1).
fn exact(lambda: Float, t: f64) -> f64 {
    let lambda = f64::from(lambda);
    let (cos, sin, gone) = (libm::cos(t), libm::sin(t), libm::exp(-lambda * t));
    (lambda * lambda * (cos - gone) + lambda * sin) / (lambda * lambda + 1.0)
}
// ANCHOR_END: stiff

/// Solves, counts, draws and writes.
///
/// # Errors
/// If a file cannot be written.
pub fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare_folder()?;
    watch(Event::Stage("solving"));
    let ways = [
        ("Euler", UNSTABLE, explicit(UNSTABLE)),
        ("Euler", STABLE, explicit(STABLE)),
        ("implicit Euler", IMPLICIT, implicit(LAMBDA, IMPLICIT)),
    ];
    let counts = LAMBDAS.map(|lambda| {
        let x = Tensor::zeros(&[1]);
        (lambda, solve_adaptive(u(lambda), &x, 0.0..END, TOLERANCE).evaluations)
    });
    watch(Event::Stage("drawing"));
    let figures = vec![("figure", figure(&ways)), ("stability", stability())];
    let error = |way: &[[f64; 2]]| {
        let [t, x] = way[way.len() - 1];
        (x - exact(LAMBDA, t)).abs()
    };
    let mut rows: Vec<[String; 3]> = ways
        .iter()
        .map(|(name, steps, way)| {
            let remark = format!("error at the end; h λ = {:.2}", END * LAMBDA / *steps as Float);
            [format!("{name}, {steps} steps"), format!("{:.1e}", error(way)), remark]
        })
        .collect();
    rows.extend(counts.iter().map(|(lambda, evaluations)| {
        let remark = "of the solver that chooses its steps, tolerance 0.001".to_string();
        [format!("evaluations, λ = {lambda}"), evaluations.to_string(), remark]
    }));
    let largest = implicit(LAMBDAS[3], IMPLICIT);
    let off = (largest[IMPLICIT][1] - exact(LAMBDAS[3], END.into())).abs();
    let remark = format!("{IMPLICIT} steps, λ = {}", LAMBDAS[3]);
    rows.push(["implicit Euler error".into(), format!("{off:.1e}"), remark]);
    let mut files = save_figures(settings, &figures)?;
    let errors: Vec<_> = ways
        .iter()
        .map(|(name, steps, way)| json!({ "method": name, "steps": steps, "error": error(way) }))
        .collect();
    let metrics = json!({ "experiment": STIFF.name, "errors": errors, "evaluations": counts });
    files.extend(save_metrics(settings, &metrics, None)?);
    Ok(Report { rows, times: vec![], figures, files, losses: vec![] })
}

/// (t, x) after each step of explicit Euler from 0.
fn explicit(steps: usize) -> Vec<[f64; 2]> {
    let states = ode::trajectory(u(LAMBDA), &Tensor::zeros(&[1]), 0.0..END, steps, &EULER);
    states.iter().map(|(t, x)| [f64::from(*t), f64::from(x.item())]).collect()
}

/// The same of implicit Euler.
fn implicit(lambda: Float, steps: usize) -> Vec<[f64; 2]> {
    let h = END / steps as Float;
    let (mut x, mut way) = (Tensor::zeros(&[1]), vec![[0.0, 0.0]]);
    for k in 0..steps {
        x = implicit_euler_step(u(lambda), k as Float * h, &x, h);
        way.push([f64::from((k + 1) as Float * h), f64::from(x.item())]);
    }
    way
}

fn figure(ways: &[(&str, usize, Vec<[f64; 2]>)]) -> Figure {
    let solution: Vec<_> =
        (0..=400).map(|k| 0.005 * f64::from(k)).map(|t| [t, exact(LAMBDA, t)]).collect();
    let panel = |(name, steps, way): &(&str, usize, Vec<[f64; 2]>)| {
        let style = if *name == "Euler" { RED } else { BLUE };
        Panel::new(format!("{name}, {steps} steps"))
            .line(solution.clone(), GREY.size(3.0))
            .line(way.clone(), style.clone().size(1.0))
            .scatter(way.clone(), style.size(2.5))
    };
    let title =
        "A stiff field: steps that are a little too long explode, an implicit step may be long";
    Figure::new(title, ways.iter().map(panel)).x_range(0.0, 2.0).y_range(-1.0, 2.5).labels("t", "x")
}

/// Where |R(z)| ≤ 1, dark where it is smallest.
fn stability() -> Figure {
    let (columns, rows) = (140, 140);
    let (low, high) = ([-5.0, -4.0], [2.0, 4.0]);
    let z = Tensor::from_fn(&[rows * columns, 2], |k| {
        let (i, along) = (k / 2, k % 2);
        let part = if along == 0 { i % columns } else { rows - 1 - i / columns };
        let n = if along == 0 { columns } else { rows };
        (low[along] + (high[along] - low[along]) * (part as f64 + 0.5) / n as f64) as Float
    });
    let panel = |name: &str, size: &Tensor| {
        let shade = |&r: &Float| if r > 1.0 { 0.0 } else { 0.9 - 0.6 * f64::from(r) };
        let shades: Vec<f64> = size.data().iter().map(shade).collect();
        Panel::new(name)
            .heat(&shades, columns, [low, high], BLUE)
            .line([[-5.0, 0.0], [2.0, 0.0]], GREY.size(0.8))
            .line([[0.0, -4.0], [0.0, 4.0]], GREY.size(0.8))
    };
    let explicit = |method: &RungeKutta| panel(method.name, &amplification(method, &z));
    let from_one = &z - Tensor::from([1.0, 0.0]);
    let implicit = from_one.square().sum(1).sqrt().recip();
    let panels = [
        explicit(&EULER),
        explicit(&MIDPOINT),
        explicit(&RK4),
        explicit(&DORMAND_PRINCE),
        panel("implicit Euler", &implicit),
    ];
    let title = "Where the steps of a method shrink what ought to shrink, in the plane of h λ";
    Figure::new(title, panels)
        .columns(3)
        .x_range(-5.0, 2.0)
        .y_range(-4.0, 4.0)
        .equal_aspect()
        .labels("Re h λ", "Im h λ")
}
