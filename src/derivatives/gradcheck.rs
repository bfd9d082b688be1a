//! Analytic against numeric derivatives, for a function and for every op in it.

use crate::autograd::{Op, Walk, grad};
use crate::random::Rng;
use crate::{Float, Tensor};
use std::fmt;

/// What [`gradcheck`] measured when everything agreed.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreement {
    /// How many recorded ops were checked one by one.
    pub ops: usize,
    /// The largest error of the whole function's gradient, relative to max(1, largest entry).
    pub largest_error: f64,
}

/// Where an analytic and a numeric derivative differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Disagreement {
    /// The first op whose own derivative is wrong; `None` if each op is right by itself and only
    /// the whole differs: f is random, uses `detach`, or sits on a kink.
    pub op: Option<&'static str>,
    /// Which input, of the op or of the function.
    pub input: usize,
    /// Which element of that input, in row-major order.
    pub element: usize,
    /// By the rule.
    pub analytic: f64,
    /// By differences.
    pub numeric: f64,
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Disagreement { op, input, element, analytic, numeric } = self;
        let subject = op.map_or(String::from("the function"), |op| format!("op `{op}`"));
        write!(
            f,
            "{subject}: the derivative for input {input}, element {element}, is {analytic:.6} by its rule but \
             {numeric:.6} by differences"
        )?;
        match op {
            Some(_) => Ok(()),
            None => write!(
                f,
                "; every op agrees by itself, so f uses detach, randomness or sits on a kink"
            ),
        }
    }
}

impl std::error::Error for Disagreement {}

/// The largest error of a derivative that counts as agreement, relative to max(1, largest entry).
/// With differences of fourth order and the step below, rounding leaves ε^(4/5): 3e-6 in f32, 3e-13
/// in f64; the rest is for functions with large fifth derivatives and lossy sums.
pub const TOLERANCE: f64 = if Float::MANTISSA_DIGITS == 24 { 2e-3 } else { 1e-7 };

/// Compares the gradient of f with numeric differences: first op by op, in the order of
/// computation, then the whole. f takes all inputs and may return any shape: it is summed with
/// fixed random weights.
///
/// This is the first order. A rule can be right and still not be differentiable again, if it leaves
/// the graph; the second order of an op is
/// `gradcheck(|x| vjp(op, &x[0], &Tensor::ones(&[2])).1, &[x])` (f is called with variables and with
/// constants, so that it cannot call `grad` itself).
///
/// Inputs should lie away from kinks (0 for relu and abs), where the two rightly differ.
///
/// ```
/// use pushforward::{Tensor, derivatives::gradcheck};
/// let wrong = |x: &Tensor| {
///     Tensor::custom("cube", &[x], |x| x[0].powi(3), |g, x, _y, _i| g * x[0].square() * 2.0)
/// };
/// let x = Tensor::from([0.5, 2.0]);
/// let error = gradcheck(|x| wrong(&x[0].exp()).tanh(), &[x]).unwrap_err();
/// assert_eq!(error.op, Some("cube"));
/// ```
///
/// # Errors
/// The first [`Disagreement`].
///
/// # Panics
/// If f does not depend on its inputs.
#[track_caller]
pub fn gradcheck(
    f: impl Fn(&[Tensor]) -> Tensor,
    inputs: &[Tensor],
) -> Result<Agreement, Disagreement> {
    let x: Vec<Tensor> = inputs.iter().map(Tensor::variable).collect();
    let targets: Vec<&Tensor> = x.iter().collect();
    let y = f(&x);
    let walk = Walk::new(&y, &targets);
    let ops: Vec<&Op> = walk.order.iter().filter_map(|&slot| walk.seen[slot].op()).collect();
    for op in &ops {
        check_op(op)?;
    }
    let weights = weights(y.shape());
    let analytic = grad(&(&y * &weights).sum(..), &targets);
    let constants: Vec<Tensor> = inputs.iter().map(Tensor::detach).collect();
    let mut largest_error: f64 = 0.0;
    for (i, analytic) in analytic.iter().enumerate() {
        let numeric = differences(|x| inner(&weights, &f(x)), &constants, i);
        largest_error = largest_error.max(compare(None, i, analytic, &numeric)?);
    }
    Ok(Agreement { ops: ops.len(), largest_error })
}

/// One op by itself: its rule against differences of its forward.
fn check_op(op: &Op) -> Result<(), Disagreement> {
    let x: Vec<Tensor> = op.inputs.iter().map(Tensor::detach).collect();
    let forward = |x: &[Tensor]| (op.forward)(&x.iter().collect::<Vec<_>>());
    let y = forward(&x);
    let g = weights(y.shape());
    for i in (0..x.len()).filter(|&i| op.inputs[i].is_tracked()) {
        let analytic = op.gradient(&g, &x, &y, i);
        let numeric = differences(|x| inner(&g, &forward(x)), &x, i);
        compare(Some(op.name), i, &analytic, &numeric)?;
    }
    Ok(())
}

/// Fixed weights between ½ and 1½: a sum that could hide an error by symmetry would be a poor
/// check.
fn weights(shape: &[usize]) -> Tensor {
    Rng::new(0).uniform_in(shape, 0.5, 1.5)
}

fn inner(weights: &Tensor, y: &Tensor) -> f64 {
    weights.data().iter().zip(y.data()).map(|(&w, &y)| f64::from(w) * f64::from(y)).sum()
}

/// ∂f/∂x\[i\] by (8 (f(x + h) − f(x − h)) − f(x + 2h) + f(x − 2h)) / 12h, element by element.
///
/// The truncation error is h⁴ f⁽⁵⁾ / 30, the rounding error about ε f / h; h = ε^(1/5) balances the
/// two.
fn differences(f: impl Fn(&[Tensor]) -> f64, x: &[Tensor], i: usize) -> Vec<f64> {
    let step = libm::pow(f64::from(Float::EPSILON), 0.2);
    let mut derivative = Vec::with_capacity(x[i].len());
    for element in 0..x[i].len() {
        let at = x[i].data()[element];
        let h = step * f64::from(at.abs()).max(0.1);
        let f_at = |offset: f64| {
            let mut moved = x.to_vec();
            let mut data = x[i].to_vec();
            data[element] = (f64::from(at) + offset) as Float;
            let offset = f64::from(data[element]) - f64::from(at); // as rounded
            moved[i] = Tensor::new(x[i].shape(), data);
            (f(&moved), offset)
        };
        let slope = |h: f64| {
            let ((above, up), (below, down)) = (f_at(h), f_at(-h));
            (above - below) / (up - down)
        };
        derivative.push((4.0 * slope(h) - slope(2.0 * h)) / 3.0);
    }
    derivative
}

/// The largest relative error, or where it exceeds the tolerance first.
fn compare(
    op: Option<&'static str>,
    input: usize,
    analytic: &Tensor,
    numeric: &[f64],
) -> Result<f64, Disagreement> {
    let scale = numeric.iter().fold(1.0, |scale: f64, n| scale.max(n.abs()));
    let mut largest: f64 = 0.0;
    for (element, (&analytic, &numeric)) in analytic.data().iter().zip(numeric).enumerate() {
        let analytic = f64::from(analytic);
        let error = (analytic - numeric).abs() / scale;
        if error > TOLERANCE || error.is_nan() {
            return Err(Disagreement { op, input, element, analytic, numeric });
        }
        largest = largest.max(error);
    }
    Ok(largest)
}
