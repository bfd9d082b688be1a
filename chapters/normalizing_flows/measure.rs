//! Training and what the experiments measure of a flow: the gap to the data's entropy, pictures of
//! its density and of the plane it bends.

use super::linear::ActNorm;
use super::map::Map;
use super::{Constructor, Flow};
use crate::data::Law;
use crate::experiment::{Settings, Training};
use crate::nn::Module;
use crate::optim::{Adam, Optimizer, Schedule};
use crate::plot::{BLUE, GREY, Panel, Style};
use crate::random::Rng;
use crate::{Float, Result, Tensor, grad};
use serde_json::{Value, json};

/// Fresh points over which a density is judged.
const JUDGED: usize = 20_000;
/// Cells on a side of a density's picture.
const SIDE: usize = 120;

/// A flow of a fixed scaling (from 1000 points of the data) and `layers` layers with networks
/// `width` wide, one constructor after the other in turn.
pub fn stacked(
    law: &dyn Law,
    layers: usize,
    width: usize,
    constructors: &[Constructor],
    rng: &mut Rng,
) -> Flow {
    let dim = law.dim();
    let mut flow = Flow { dim, transforms: vec![Box::new(ActNorm::of(&law.sample(1000, rng)))] };
    for constructor in constructors.iter().cycle().take(layers) {
        flow.transforms.push(constructor(dim, width, rng));
    }
    flow
}

/// The spline of the experiments: sixteen bins on [−4, 4].
pub const FINE: Map = Map::Spline { bins: 16, bound: 4.0 };

/// Trains several flows beside each other, flow i on law i, each by its own maximum likelihood: the
/// loss is the sum, whose gradient for each is its own. The rate falls to nothing along a cosine.
///
/// # Errors
/// If a loss is not finite or the state cannot be kept.
// ANCHOR: train
pub fn train(
    flows: &mut Vec<Flow>,
    laws: &[&dyn Law],
    settings: &Settings,
    training: &mut Training,
    rng: &mut Rng,
) -> Result<usize> {
    let schedule = Schedule::cosine(settings.lr, settings.lr * 0.01, settings.steps);
    let mut adam = Adam::new(settings.lr);
    let steps = training.resume(&mut [(flows, &mut adam)], rng)?;
    let to_do = steps.clone().count();
    for step in steps {
        let nll = |(flow, law): (&Flow, &&dyn Law)| flow.nll(&law.sample(settings.batch, rng));
        let loss = flows.iter().zip(laws).map(nll).sum::<Tensor>();
        let gradients = grad(&loss, &flows.tensors());
        adam.set_lr(schedule.lr(step - 1));
        adam.step(flows, &gradients);
        training.step_done(&loss, &[(flows, &adam)], rng)?;
    }
    Ok(to_do)
}
// ANCHOR_END: train

/// How far a density is from the data's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gap {
    /// The mean of −ln p over fresh points, in nats.
    pub nll: f64,
    /// The entropy of the data's law: the floor.
    pub entropy: f64,
    /// The mean of ln q − ln p over the same points: KL(q‖p).
    pub gap: f64,
    /// Its standard error.
    pub error: f64,
}

impl Gap {
    // ANCHOR: gap
    /// Over 20 000 fresh points. The difference is taken point by point, so that the chance in ln q
    /// falls out.
    pub fn of(flow: &Flow, law: &dyn Law, rng: &mut Rng) -> Gap {
        let x = law.sample(JUDGED, rng);
        let log_p: Vec<f64> =
            flow.frozen().log_density(&x).data().iter().map(|&v| f64::from(v)).collect();
        let n = log_p.len() as f64;
        let mean = |values: &[f64]| values.iter().sum::<f64>() / n;
        let excess: Vec<f64> = law.log_density(&x).iter().zip(&log_p).map(|(q, p)| q - p).collect();
        let gap = mean(&excess);
        let squares: f64 = excess.iter().map(|v| (v - gap) * (v - gap)).sum();
        let error = libm::sqrt(squares / (n - 1.0) / n);
        Gap { nll: -mean(&log_p), entropy: law.entropy(), gap, error }
    }
    // ANCHOR_END: gap

    /// A row of the table, beside the goal if there is one.
    pub fn row(&self, name: &str, goal: Option<f64>) -> [String; 3] {
        let Gap { nll, entropy, gap, error } = self;
        let goal = match goal {
            None => String::new(),
            Some(goal) if *gap <= goal => format!("; goal {goal:.2}: reached"),
            Some(goal) => format!("; goal {goal:.2}: not reached"),
        };
        let remark = format!("± {error:.4} nats; NLL {nll:.4}, entropy {entropy:.4}{goal}");
        [name.to_string(), format!("{gap:.4}"), remark]
    }

    /// The same for `metrics.json`.
    pub fn json(&self) -> Value {
        let Gap { nll, entropy, gap, error } = self;
        json!({ "nll": nll, "entropy": entropy, "gap": gap, "standard_error": error })
    }
}

/// The largest distance from x to f⁻¹(f(x)) over `n` points of the data.
pub fn inverse_error(flow: &Flow, law: &dyn Law, n: usize, rng: &mut Rng) -> f64 {
    let (flow, x) = (flow.frozen(), law.sample(n, rng));
    let back = flow.inverse(&flow.forward(&x).0);
    f64::from((back - x).square().sum(1).max(..).item().sqrt())
}

/// The middles of the cells of a picture of the plane, the highest row first: `[SIDE², 2]`.
pub(super) fn cells([low, high]: [[f64; 2]; 2]) -> Tensor {
    Tensor::from_fn(&[SIDE * SIDE, 2], |i| {
        let (cell, axis) = (i / 2, i % 2);
        let place = if axis == 0 { cell % SIDE } else { SIDE - 1 - cell / SIDE };
        (low[axis] + (high[axis] - low[axis]) * (place as f64 + 0.5) / SIDE as f64) as Float
    })
}

/// A panel of a density: the exact one's highest value is the darkest shade in both.
pub(super) fn density_panel(
    title: String,
    log_density: &[f64],
    highest: f64,
    corners: [[f64; 2]; 2],
) -> Panel {
    let shades: Vec<f64> = log_density.iter().map(|l| shade(libm::exp(l - highest))).collect();
    Panel::new(title).heat(&shades, SIDE, corners, BLUE_DARK)
}

/// Square roots let thin places be seen.
fn shade(share: f64) -> f64 {
    libm::sqrt(share.clamp(0.0, 1.0))
}

/// Darker than the palette's blue, so that shades can be told apart.
const BLUE_DARK: Style = Style::new(crate::plot::Colour(0x11, 0x33, 0x77));

/// ln p of a flow at the cells.
pub(super) fn log_density_of(flow: &Flow, cells: &Tensor) -> Vec<f64> {
    flow.frozen().log_density(cells).data().iter().map(|&v| f64::from(v)).collect()
}

pub(super) fn highest(log_density: &[f64]) -> f64 {
    log_density.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

/// Lines of a square grid on [−reach, reach]², each as points `[n, 2]`; the upright ones first.
pub(super) fn grid(reach: f64, lines: usize) -> Vec<Tensor> {
    let (fine, at) = (241, |i: usize, n: usize| reach * (2.0 * i as f64 / (n - 1) as f64 - 1.0));
    (0..2 * lines)
        .map(|line| {
            Tensor::from_fn(&[fine, 2], |i| {
                let along = at(i / 2, fine);
                let fixed = at(line % lines, lines);
                (if (i % 2 == 0) == (line < lines) { fixed } else { along }) as Float
            })
        })
        .collect()
}

/// A panel of grid lines and, over them, points.
pub(super) fn bent(title: String, lines: &[Tensor], points: &Tensor) -> Panel {
    let panel = lines
        .iter()
        .fold(Panel::new(title), |panel, line| panel.line(line.rows::<2>(), GREY.size(0.8)));
    panel.scatter(points.rows::<2>(), BLUE.size(1.2).opacity(0.6))
}
