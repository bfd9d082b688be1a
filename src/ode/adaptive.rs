//! Steps as long as a tolerance allows: two methods that share their stages estimate the error of
//! each step, and a controller makes the next one longer or shorter.
//!
//! The pair is that of Dormand & Prince (1980), the controller and the first step are those of
//! Hairer, Nørsett & Wanner (1993, II.4): what SciPy's `RK45`, MATLAB's `ode45` and torchdiffeq's
//! `dopri5` are made of, too.

use super::method::{DORMAND_PRINCE, advance, slope};
use crate::{Float, Tensor};
use std::cell::Cell;
use std::ops::Range;

/// bᵢ − b̂ᵢ: the weights of the solution less those of the method of order 4, which has the slope
/// at the end of the step as its seventh stage.
const ERROR: [f64; 7] = [
    71.0 / 57600.0,
    0.0,
    -71.0 / 16695.0,
    71.0 / 1920.0,
    -17253.0 / 339200.0,
    22.0 / 525.0,
    -1.0 / 40.0,
];

/// Row i: the coefficients of θ, θ², θ³, θ⁴ in the weight of kᵢ at t + θ h (Shampine 1986): a curve
/// of order 4 through both ends of a step, with the slopes there.
const DENSE: [[f64; 4]; 7] = [
    [
        1.0,
        -8048581381.0 / 2820520608.0,
        8663915743.0 / 2820520608.0,
        -12715105075.0 / 11282082432.0,
    ],
    [0.0; 4],
    [
        0.0,
        131558114200.0 / 32700410799.0,
        -68118460800.0 / 10900136933.0,
        87487479700.0 / 32700410799.0,
    ],
    [0.0, -1754552775.0 / 470086768.0, 14199869525.0 / 1410260304.0, -10690763975.0 / 1880347072.0],
    [
        0.0,
        127303824393.0 / 49829197408.0,
        -318862633887.0 / 49829197408.0,
        701980252875.0 / 199316789632.0,
    ],
    [0.0, -282668133.0 / 205662961.0, 2019193451.0 / 616988883.0, -1453857185.0 / 822651844.0],
    [0.0, 40617522.0 / 29380423.0, -110615467.0 / 29380423.0, 69997945.0 / 29380423.0],
];

/// How exact a step must be: e / (absolute + relative · max(|x(t)|, |x(t + h)|)), where e is the
/// estimate of its error, is at most 1 in the root mean square over all numbers of x.
///
/// The errors of the steps add up and are carried along by the flow, which may magnify them: the
/// error at the end is proportional to the tolerance, not below it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance {
    /// Beside the size of x.
    pub relative: f64,
    /// In units of x.
    pub absolute: f64,
}

/// A solution that knows its way: made by [`solve_adaptive`].
#[derive(Clone, Debug)]
pub struct Solution {
    /// x at the end.
    pub x: Tensor,
    /// How often the field was asked.
    pub evaluations: usize,
    /// Steps that were within the tolerance.
    pub accepted: usize,
    /// Steps that were not, and were done again with a shorter one.
    pub rejected: usize,
    time: Range<Float>,
    pieces: Vec<Piece>,
}

/// A step that was taken.
#[derive(Clone, Debug)]
struct Piece {
    t: Float,
    h: Float,
    x: Tensor,
    k: Vec<Tensor>,
}

impl Solution {
    /// x(t) at any time between the two ends, to the order 4: no further question to the field.
    ///
    /// # Panics
    /// If t is outside.
    #[track_caller]
    pub fn at(&self, t: Float) -> Tensor {
        let Range { start, end } = self.time;
        let (low, high) = (start.min(end), start.max(end));
        assert!((low..=high).contains(&t), "ode: x is known from {low} to {high}, not at {t}");
        let reached = |piece: &Piece| {
            if end < start { t >= piece.t + piece.h } else { t <= piece.t + piece.h }
        };
        let Some(piece) = self.pieces.iter().find(|piece| reached(piece)).or(self.pieces.last())
        else {
            return self.x.clone();
        };
        let theta = f64::from(t - piece.t) / f64::from(piece.h);
        let weight =
            |row: &[f64; 4]| row.iter().rev().fold(0.0, |sum, c| (sum + c) * theta) as Float;
        advance(&piece.x, piece.h, &DENSE.each_ref().map(weight), &piece.k)
    }

    /// The times at which steps ended, after the start.
    pub fn times(&self) -> Vec<Float> {
        let starts = self.pieces.iter().map(|piece| piece.t);
        starts.chain([self.time.end]).collect()
    }
}

/// x(t₁) from x(t₀) by the pair of Dormand and Prince, in steps that the tolerance chooses.
///
/// `u(t, x)` is the field, as in [`solve`](super::solve); x is one state, whose numbers are judged
/// together: points of a batch share their steps. Time may run backwards. If u holds variables the
/// result is differentiable, the lengths of the steps being constants; all accepted steps stay in
/// memory.
///
/// ```
/// use pushforward::{Tensor, ode};
/// let tolerance = ode::Tolerance { relative: 1e-5, absolute: 1e-5 };
/// let decay = |_t, x: &Tensor| -x;
/// let solution = ode::solve_adaptive(decay, &Tensor::ones(&[1]), 0.0..1.0, tolerance);
/// assert!((solution.x.item() - (-1.0f64).exp() as pushforward::Float).abs() < 1e-5);
/// assert!(solution.evaluations < 40);
/// ```
///
/// # Panics
/// If the steps become too short to move t: the field is not finite, grows without bound, or asks
/// for more digits than there are. If a tolerance is not positive, or the field returns another
/// shape.
#[track_caller]
pub fn solve_adaptive(
    u: impl Fn(Float, &Tensor) -> Tensor,
    x: &Tensor,
    time: Range<Float>,
    tolerance: Tolerance,
) -> Solution {
    let Tolerance { relative, absolute } = tolerance;
    assert!(relative >= 0.0 && absolute > 0.0, "ode: {tolerance:?} must be positive");
    let asked = Cell::new(0);
    let u = |t: Float, x: &Tensor| {
        asked.set(asked.get() + 1);
        u(t, x)
    };
    let (mut t, mut x) = (time.start, x.clone());
    let mut k_1 = slope(u, t, &x);
    let mut controller = Controller::new(first_step(u, &time, &x, &k_1, tolerance));
    let (mut pieces, mut rejected) = (vec![], 0);
    // ANCHOR: steps
    while t != time.end {
        let h = controller.step_from(t, time.end);
        let mut k = DORMAND_PRINCE.stages(u, t, &x, h, k_1.clone());
        let x_new = advance(&x, h, DORMAND_PRINCE.b, &k);
        let t_new = if h == time.end - t { time.end } else { t + h };
        k.push(slope(u, t_new, &x_new));
        if !controller.accepts(error(h, &k, &x, &x_new, tolerance)) {
            rejected += 1;
            continue;
        }
        k_1 = k[6].clone();
        pieces.push(Piece { t, h, x, k });
        (t, x) = (t_new, x_new);
    }
    // ANCHOR_END: steps
    Solution { x, evaluations: asked.get(), accepted: pieces.len(), rejected, time, pieces }
}

/// The root mean square over all numbers.
fn rms(squares: impl Iterator<Item = f64>, n: usize) -> f64 {
    (squares.sum::<f64>() / n.max(1) as f64).sqrt()
}

// ANCHOR: error
/// The error of a step in units of the tolerance.
fn error(h: Float, k: &[Tensor], x: &Tensor, x_new: &Tensor, tolerance: Tolerance) -> f64 {
    let square = |i: usize| {
        let at = |x: &Tensor| f64::from(x.data()[i]);
        let sum: f64 = ERROR.iter().zip(k).map(|(e, k)| e * at(k)).sum();
        let size = at(x).abs().max(at(x_new).abs());
        (f64::from(h) * sum / (tolerance.absolute + tolerance.relative * size)).powi(2)
    };
    rms((0..x.len()).map(square), x.len())
}
// ANCHOR_END: error

/// A first guess at |h| from the sizes of x, u and of how u changes along a short Euler step
/// (Hairer, Nørsett & Wanner 1993, II.4, "starting step size"). One evaluation.
fn first_step(
    u: impl Fn(Float, &Tensor) -> Tensor,
    time: &Range<Float>,
    x: &Tensor,
    k_1: &Tensor,
    tolerance: Tolerance,
) -> f64 {
    let size = |v: &[Float], minus: Option<&[Float]>| {
        let square = |(i, &x): (usize, &Float)| {
            let v = f64::from(v[i]) - minus.map_or(0.0, |m| f64::from(m[i]));
            (v / (tolerance.absolute + tolerance.relative * f64::from(x).abs())).powi(2)
        };
        rms(x.data().iter().enumerate().map(square), x.len())
    };
    let (d_0, d_1) = (size(x.data(), None), size(k_1.data(), None));
    let short = if d_0 < 1e-5 || d_1 < 1e-5 { 1e-6 } else { 0.01 * d_0 / d_1 };
    let short = short.min(f64::from(time.end - time.start).abs());
    let h = if time.end < time.start { -short } else { short } as Float;
    let k_2 = slope(u, time.start + h, &advance(x, h, &[1.0], std::slice::from_ref(k_1)));
    let d_2 = size(k_2.data(), Some(k_1.data())) / short;
    let steepest = d_1.max(d_2);
    let long =
        if steepest <= 1e-15 { (short * 1e-3).max(1e-6) } else { libm::pow(0.01 / steepest, 0.2) };
    (100.0 * short).min(long)
}

/// Chooses the steps. The error of a step is proportional to h⁵, so h · error^(−1/5) would just
/// meet the tolerance. A part of the exponent, `MEMORY`, looks at the error of the step before ("PI
/// control", Gustafsson 1991; Hairer, Nørsett & Wanner 1996, IV.2), so that lengths do not swing;
/// the one that looks at this step's is 1/5 − 3/4 of it. No step is less than a fifth or more than
/// ten times the one before.
struct Controller {
    /// |h| of the step to try.
    h: f64,
    /// The error of the last accepted step.
    before: f64,
    /// The step before this was refused.
    refused: bool,
}

/// The exponent of the error before.
const MEMORY: f64 = 0.03;
/// Makes steps a little shorter. Steps of one length have errors with error^(1/5 − 7/4 · MEMORY) =
/// SAFETY, 0.59, as those of the plain controller with the factor 0.9 · error^(−1/5), which is
/// SciPy's.
const SAFETY: f64 = 0.925;

impl Controller {
    fn new(h: f64) -> Controller {
        Controller { h, before: 1.0, refused: false }
    }

    /// The step to try from t, with its sign; the last one ends at the end.
    #[track_caller]
    fn step_from(&mut self, t: Float, end: Float) -> Float {
        let left = f64::from(end - t);
        self.h = self.h.min(left.abs());
        let h = self.h.copysign(left) as Float;
        assert!(
            t + h != t,
            "ode: at t = {t} the step fell to {h} and its error is still too large: the field is \
             not finite there, grows without bound, or the tolerance asks for more digits than \
             there are"
        );
        if self.h == left.abs() { end - t } else { h }
    }

    // ANCHOR: accepts
    /// Whether a step with this error is taken; sets the length of the next.
    fn accepts(&mut self, error: f64) -> bool {
        let need = libm::pow(error, 0.2 - 0.75 * MEMORY);
        if error <= 1.0 {
            let factor = SAFETY * libm::pow(self.before, MEMORY) / need;
            let most = if self.refused { 1.0 } else { 10.0 };
            self.h *= factor.clamp(0.2, most);
            (self.before, self.refused) = (error.max(1e-4), false);
            true
        } else {
            self.h *= if error.is_finite() { (SAFETY / need).max(0.2) } else { 0.2 };
            self.refused = true;
            false
        }
    }
    // ANCHOR_END: accepts
}
