//! What a flow is, and how fast the errors of five methods fall. Nothing is trained.

use super::problems::Whirl;
use super::{gronwall, observed_order};
use crate::experiment::{Event, Experiment, Report, Settings, save_figures, save_metrics};
use crate::ode::{self, DORMAND_PRINCE, EULER, HEUN, MIDPOINT, RK4, RungeKutta};
use crate::plot::{BLUE, Figure, GREY, PALETTE, Panel, RED, Style};
use crate::random::Rng;
use crate::{Float, Result, Tensor};
use serde_json::json;

/// A whirl, its flow, and the orders of five methods.
pub const ODES: Experiment = Experiment {
    name: "odes",
    about: "a whirl and its flow, and how fast the errors of five methods fall",
    steps: 0,
    batch: 0,
    lr: 0.0,
    images: false,
    run,
};

/// The whirl, and the time for which it is followed.
const WHIRL: Whirl = Whirl { speed: 1.0 };
const END: Float = 8.0;
/// The time for which points are followed on circles, about three turns, and how many are.
const TURNS: Float = 20.0;
const POINTS: usize = 400;
/// Every method, with the steps of the coarser of the two solutions between which its order is
/// observed: few enough for the error of the finer one to stay above the rounding of f32, many
/// enough for the next power of h to be small.
const METHODS: [(RungeKutta, usize); 5] =
    [(EULER, 4096), (MIDPOINT, 256), (HEUN, 256), (RK4, 64), (DORMAND_PRINCE, 48)];
/// Two starts so far apart are followed.
const DELTA: f64 = 0.01;

/// Follows circles and the whirl, measures, draws and writes.
///
/// # Errors
/// If a file cannot be written.
pub fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare_folder()?;
    let mut rng = Rng::new(settings.seed);
    watch(Event::Stage("measuring errors"));
    let x_0 = rng.normal(&[POINTS, 2]);
    let curves = METHODS.map(|(method, _)| (method, curve(&method, &x_0)));
    let orders = METHODS.map(|(method, steps)| {
        let errors = [steps, 2 * steps].map(|steps| error(&method, steps, &x_0));
        (method, errors, observed_order(errors))
    });
    watch(Event::Stage("drawing"));
    let figures = vec![
        ("figure", flow()),
        ("order", order_figure(&curves)),
        ("apart", apart(&mut rng)),
        ("uniqueness", uniqueness()),
    ];
    let row = |(method, [coarse, fine], order): &(RungeKutta, [f64; 2], f64)| {
        let remark = format!("of {}: {}", method.order, falls(*coarse, *fine));
        [format!("order of {}", method.name), format!("{order:.3}"), remark]
    };
    let mut files = save_figures(settings, &figures)?;
    let json = orders.map(|(method, errors, order)| {
        json!({ "method": method.name, "order": order, "errors": errors })
    });
    let metrics = json!({
        "experiment": ODES.name, "settings": { "seed": settings.seed }, "orders": json,
    });
    files.extend(save_metrics(settings, &metrics, None)?);
    let rows = orders.iter().map(row).collect();
    Ok(Report { rows, times: vec![], figures, files, losses: vec![] })
}

fn falls(coarse: f64, fine: f64) -> String {
    format!("the error falls from {coarse:.1e} to {fine:.1e} with twice the steps")
}

// ANCHOR: error
/// u = (1 + 0.3 cos t) (−x₂, x₁): every point goes round the origin, now faster, now slower.
fn turning(t: Float, x: &Tensor) -> Tensor {
    let speed = 1.0 + 0.3 * libm::cos(t.into());
    Tensor::concat(&[&-x.slice(1, 1..2), &x.slice(1, 0..1)], 1) * speed as Float
}

/// ψ_t(x₀): x₀ turned by the angle t + 0.3 sin t.
fn turned(t: f64, x_0: &Tensor) -> Tensor {
    let angle = t + 0.3 * libm::sin(t);
    let (cos, sin) = (libm::cos(angle) as Float, libm::sin(angle) as Float);
    x_0.matmul(&Tensor::from([[cos, sin], [-sin, cos]]))
}

/// The root mean square distance between where a method ends and where the flow does.
fn error(method: &RungeKutta, steps: usize, x_0: &Tensor) -> f64 {
    let x = ode::solve_each_row(turning, x_0, 0.0..TURNS, steps, method);
    let square = (x - turned(TURNS.into(), x_0)).square().sum(1).mean(..);
    libm::sqrt(f64::from(square.item()))
}
// ANCHOR_END: error

/// Evaluations of the field and the error, for 64 to 16 384 evaluations.
fn curve(method: &RungeKutta, x_0: &Tensor) -> Vec<[f64; 2]> {
    let stages = method.b.len();
    let steps = (6..=14).map(|k| (1 << k) / stages);
    steps.map(|steps| [(steps * stages) as f64, error(method, steps, x_0)]).collect()
}

fn order_figure(curves: &[(RungeKutta, Vec<[f64; 2]>)]) -> Figure {
    let add = |panel: Panel, ((method, curve), style): (&(RungeKutta, Vec<[f64; 2]>), Style)| {
        // Heun's line lies on that of the midpoint method
        let wide = if *method == MIDPOINT { 5.0 } else { 1.5 };
        let line = style.clone().size(wide).label(method.name);
        panel.line(curve.clone(), line).scatter(curve.clone(), style.size(2.5))
    };
    let panel = curves.iter().zip(PALETTE).fold(Panel::new(""), add);
    let title =
        "The error of five methods against evaluations of the field, and the floor of rounding";
    Figure::new(title, [panel]).log_x().log_y().labels("evaluations of the field", "error")
}

/// Lines of a grid over [−2, 2]², each as points.
fn grid() -> Vec<Tensor> {
    let (lines, points) = (17, 120);
    let place = |i: usize, n: usize| (4.0 * i as f64 / (n - 1) as f64 - 2.0) as Float;
    let line = |along: usize, i: usize| {
        Tensor::from_fn(&[points, 2], |k| {
            if k % 2 == along { place(k / 2, points) } else { place(i, lines) }
        })
    };
    (0..2).flat_map(|along| (0..lines).map(move |i| line(along, i))).collect()
}

/// The field as arrows, and the grid after some times.
fn flow() -> Figure {
    let places = Tensor::from_fn(&[11 * 11, 2], |k| {
        let i = if k % 2 == 0 { k / 2 % 11 } else { k / 22 };
        (i as f64 * 0.4 - 2.0) as Float
    });
    let tips = &places + WHIRL.velocity(&places) * 0.6;
    let arrows: Vec<_> = places
        .rows::<2>()
        .into_iter()
        .zip(tips.rows::<2>())
        .map(|(tail, tip)| [tail, tip])
        .collect();
    let carried = |t: Float| {
        grid().iter().enumerate().fold(Panel::new(format!("ψ at t = {t}")), |panel, (i, line)| {
            let style = if i < 17 { BLUE } else { RED };
            panel.line(WHIRL.flow(t, line).rows::<2>(), style.size(0.8))
        })
    };
    let field = Panel::new("the field u").arrows(arrows, GREY);
    let title = "A whirl: its field, and a grid that it carries, which is bent but keeps its areas";
    Figure::new(title, [field, carried(0.0), carried(2.0), carried(END)])
        .columns(2)
        .x_range(-2.6, 2.6)
        .y_range(-2.6, 2.6)
        .equal_aspect()
}

/// How far pairs of solutions are apart that began δ apart, beside the bound, for two fields with L
/// = 1.
fn apart(rng: &mut Rng) -> Figure {
    let (n, steps) = (30, 80);
    let x_0 = rng.normal(&[n, 2]);
    let angle = rng.uniform_in(&[n, 1], 0.0, std::f64::consts::TAU as Float);
    let y_0 = &x_0 + Tensor::concat(&[&angle.cos(), &angle.sin()], 1) * DELTA as Float;
    let bound: Vec<_> =
        (0..=steps).map(|k| 0.1 * k as f64).map(|t| [t, gronwall(1.0, DELTA, t)]).collect();
    let panel = |title: &str, u: fn(&Tensor) -> Tensor| {
        let way = |x: &Tensor| ode::trajectory(|_, x| u(x), x, 0.0..END, steps, &RK4);
        let distances: Vec<(Float, Tensor)> = way(&x_0)
            .into_iter()
            .zip(way(&y_0))
            .map(|((t, x), (_, y))| (t, (x - y).square().sum(1).sqrt()))
            .collect();
        let line =
            |i: usize| distances.iter().map(move |(t, d)| [f64::from(*t), f64::from(d.data()[i])]);
        let panel = Panel::new(title).line(bound.clone(), RED.label("δ e^{Lt}"));
        (0..n).fold(panel, |panel, i| panel.line(line(i), BLUE.size(0.8).opacity(0.6)))
    };
    let panels = [
        panel("u = (x₁, −x₂)", |x| x * Tensor::from([1.0, -1.0])),
        panel("whirl", |x| WHIRL.velocity(x)),
    ];
    let title =
        "Distance between pairs of solutions, below the bound that the Lipschitz constant gives";
    Figure::new(title, panels).log_y().labels("t", "distance")
}

/// dx/dt = 3 x^{2/3} from 0: x may stay there until any time c, and leave as (t − c)³.
fn uniqueness() -> Figure {
    let times = || (0..=100).map(|k| 0.02 * f64::from(k));
    let leaves =
        |c: f64| times().map(move |t| [t, if t > c { (t - c) * (t - c) * (t - c) } else { 0.0 }]);
    let exact = [0.0, 0.25, 0.5, 0.75, 1.0].into_iter().fold(Panel::new(""), |panel, c| {
        let label = if c == 0.0 { "(t − c)³ after resting until c" } else { "" };
        panel.line(leaves(c), GREY.size(2.5).label(label))
    });
    let euler = |start: f64| {
        let next = |[t, x]: &[f64; 2]| Some([t + 0.02, x + 0.02 * 3.0 * libm::cbrt(x * x)]);
        std::iter::successors(Some([0.0, start]), next).take(101)
    };
    let panel = exact
        .line(euler(0.0), BLUE.label("Euler from 0"))
        .line(euler(1e-6), RED.label("Euler from 0.000001"));
    Figure::new(
        "Where the field has no Lipschitz constant, many solutions begin at one point",
        [panel],
    )
    .y_range(-0.3, 4.0)
    .labels("t", "x")
}
