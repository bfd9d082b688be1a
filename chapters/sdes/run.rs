//! Brownian motion, and how fast two methods converge. Nothing is trained in this chapter.

use crate::experiment::{Event, Experiment, Report, Settings, save_figures, save_metrics};
use crate::plot::{BLUE, Figure, GREEN, GREY, Panel, RED, Style};
use crate::random::Rng;
use crate::sde::{Brownian, Method, solve_along};
use crate::{Float, Result, Tensor};
use serde_json::{Value, json};

/// Brownian paths; strong and weak order.
pub const SDES: Experiment = Experiment {
    name: "sdes",
    about: "Brownian motion, and the strong and weak order of two methods",
    steps: 0,
    batch: 0,
    lr: 0.0,
    images: false,
    run,
};

/// Brownian paths that are measured, and those that are drawn.
const PATHS: usize = 20_000;
const DRAWN: usize = 30;
/// Steps of a Brownian path of time 1.
const FINE: usize = 512;

// ANCHOR: problems
/// dX = μ X dt + σ X dW, X(0) = 1: geometric Brownian motion, X(t) = exp((μ − ½ σ²) t + σ W(t)).
const GROWTH: Float = 1.0;
const VOLATILITY: Float = 0.8;
/// dX = −X dt + σ dW: the noise is the same everywhere.
const PULL: Float = 1.0;
/// Numbers of steps to t = 1, each half as long as the one before.
const COUNTS: [usize; 5] = [8, 16, 32, 64, 128];
// ANCHOR_END: problems

/// An error for each of [`COUNTS`], with its standard error.
struct Curve {
    name: &'static str,
    order: f64,
    style: Style,
    points: Vec<(f64, [f64; 2])>,
}

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare_folder()?;
    let mut rng = Rng::new(settings.seed);
    watch(Event::Stage("walking"));
    let w = Brownian::new(&[PATHS], 1.0, FINE, &mut rng);
    let path = w.path();
    let (mut rows, moments) = brownian_rows(&w, &path);
    watch(Event::Stage("measuring orders"));
    let curves = curves(&w, &path[FINE]);
    rows.extend(curves.iter().map(Curve::row));
    let figures = vec![("figure", paths_figure(&path)), ("orders", orders_figure(&curves))];
    let metrics = json!({
        "experiment": SDES.name,
        "settings": settings.json(),
        "brownian": moments,
        "orders": curves.iter().map(Curve::json).collect::<Vec<_>>(),
    });
    let mut files = save_figures(settings, &figures)?;
    files.extend(save_metrics(settings, &metrics, None)?);
    Ok(Report { rows, times: vec![], figures, files, losses: vec![] })
}

/// Mean and standard error of the numbers.
fn estimate(values: &Tensor) -> [f64; 2] {
    let n = values.len() as f64;
    let mean = f64::from(values.mean(..).item());
    let variance = f64::from(values.var(0, 1).item());
    [mean, libm::sqrt(variance / n)]
}

// ANCHOR: moments
/// E[W(½) W(1)], which is ½, and Σ ΔW² over the steps of a path, whose mean is 1 and whose variance is
/// 2/steps.
fn brownian_rows(w: &Brownian, path: &[Tensor]) -> (Vec<[String; 3]>, Value) {
    let covariance = estimate(&(&path[FINE / 2] * &path[FINE]));
    let squares = |w: &Brownian| {
        w.increments.iter().fold(Tensor::zeros(&[PATHS]), |sum, dw| sum + dw.square())
    };
    let [coarse, fine] = [squares(&w.coarser(FINE / 16)), squares(w)];
    let spread = |x: &Tensor| libm::sqrt(f64::from(x.var(0, 1).item()));
    let row = |name: &str, value: f64, remark: String| [name.into(), format!("{value:.4}"), remark];
    let rows = vec![
        row("E W(½) W(1)", covariance[0], format!("± {:.4}; in theory ½", covariance[1])),
        row("spread of Σ ΔW², 16 steps", spread(&coarse), "over paths; in theory √(2/16)".into()),
        row("spread of Σ ΔW², 512 steps", spread(&fine), "in theory √(2/512)".into()),
    ];
    let json = json!({ "covariance": covariance, "spread": [spread(&coarse), spread(&fine)] });
    (rows, json)
}
// ANCHOR_END: moments

// ANCHOR: curves
/// Strong errors are means of |X_h(1) − X(1)| on the same path, weak ones |E X_h(1) − E X(1)|.
fn curves(w: &Brownian, end: &Tensor) -> Vec<Curve> {
    let one = Tensor::ones(&[PATHS]);
    let exact = (end * VOLATILITY + (GROWTH - 0.5 * VOLATILITY * VOLATILITY)).exp();
    let grown = |method: Method, steps: usize| {
        let w = w.coarser(FINE / steps);
        solve_along(|_, x| x * GROWTH, |_, x| x * VOLATILITY, &one, &w, method)
    };
    let pulled = |w: &Brownian| {
        let g = |_: Float, _: &Tensor| Tensor::scalar(VOLATILITY);
        solve_along(|_, x| x * -PULL, g, &one, w, Method::EulerMaruyama)
    };
    // additive noise has no formula for the end of a given path: the finest steps stand for it
    let finest = pulled(w);
    let strong = |x: Tensor, exact: &Tensor| estimate(&(x - exact).abs());
    let weak = |steps: usize| {
        let [error, standard] = estimate(&(grown(Method::EulerMaruyama, steps) - &exact));
        [error.abs(), standard]
    };
    let curve = |name, order, style, error: &dyn Fn(usize) -> [f64; 2]| {
        let points = COUNTS.iter().map(|&steps| (1.0 / steps as f64, error(steps))).collect();
        Curve { name, order, style, points }
    };
    vec![
        curve("strong, Euler–Maruyama", 0.5, RED, &|steps| {
            strong(grown(Method::EulerMaruyama, steps), &exact)
        }),
        curve("strong, Milstein", 1.0, BLUE, &|steps| {
            strong(grown(Method::Milstein, steps), &exact)
        }),
        curve("strong, additive noise", 1.0, GREEN, &|steps| {
            strong(pulled(&w.coarser(FINE / steps)), &finest)
        }),
        curve("weak, Euler–Maruyama", 1.0, GREY, &weak),
    ]
}
// ANCHOR_END: curves

impl Curve {
    /// The slope of ln error against ln h by least squares.
    fn slope(&self) -> f64 {
        let ln = |&(h, [error, _]): &(f64, [f64; 2])| [libm::log(h), libm::log(error)];
        let points: Vec<[f64; 2]> = self.points.iter().map(ln).collect();
        let n = points.len() as f64;
        let mean = |axis: usize| points.iter().map(|p| p[axis]).sum::<f64>() / n;
        let [x, y] = [mean(0), mean(1)];
        let both: f64 = points.iter().map(|p| (p[0] - x) * (p[1] - y)).sum();
        both / points.iter().map(|p| (p[0] - x) * (p[0] - x)).sum::<f64>()
    }

    fn row(&self) -> [String; 3] {
        let (_, [error, standard]) = self.points[self.points.len() - 1];
        let remark = format!(
            "slope; in theory {}; with 128 steps the error is {error:.4} ± {standard:.4}",
            self.order
        );
        [format!("order, {}", self.name), format!("{:.3}", self.slope()), remark]
    }

    fn json(&self) -> Value {
        let point = |(h, [error, standard]): &(f64, [f64; 2])| json!({ "h": h, "error": error, "standard_error": standard });
        let points: Vec<_> = self.points.iter().map(point).collect();
        json!({ "name": self.name, "slope": self.slope(), "points": points })
    }
}

/// Paths of Brownian motion within ±2 √t.
fn paths_figure(path: &[Tensor]) -> Figure {
    let time = |i: usize| i as f64 / FINE as f64;
    let line = |k: usize| -> Vec<[f64; 2]> {
        path.iter().enumerate().map(|(i, w)| [time(i), f64::from(w.data()[k])]).collect()
    };
    let cone = |sign: f64| (0..=FINE).map(move |i| [time(i), sign * 2.0 * libm::sqrt(time(i))]);
    let panel = (0..DRAWN)
        .fold(Panel::new(""), |panel, k| panel.line(line(k), BLUE.size(0.8).opacity(0.5)))
        .line(cone(1.0), RED.size(2.0).label("±2 √t"))
        .line(cone(-1.0), RED.size(2.0));
    Figure::new("Thirty paths of Brownian motion; nineteen in twenty end within ±2", [panel])
        .labels("t", "W(t)")
}

fn orders_figure(curves: &[Curve]) -> Figure {
    let panel = curves.iter().fold(Panel::new(""), |panel, curve| {
        let points: Vec<_> = curve.points.iter().map(|&(h, [error, _])| [h, error]).collect();
        let style = curve.style.clone();
        panel.line(points.clone(), style.clone().label(curve.name)).scatter(points, style.size(5.0))
    });
    Figure::new("Errors against the step: strong order one half, and one", [panel])
        .log_x()
        .log_y()
        .labels("step h", "error at t = 1")
}
