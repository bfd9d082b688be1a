//! The rational-quadratic spline (Gregory & Delbourgo 1982), as Durkan et al. (2019) use it in
//! flows.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | K | | bins between −B and B |
//! | (xₖ, yₖ) | `x_k`, `y_k` | the knot on the left of the bin |
//! | wₖ, hₖ | `w`, `h` | the bin's width and height |
//! | δₖ, δₖ₊₁ | `d_0`, `d_1` | the slopes at its ends |
//! | sₖ | `s` | hₖ/wₖ |
//! | ξ | `xi` | (x − xₖ)/wₖ, from 0 to 1 |

use crate::{Float, Tensor};

/// The least width and height of a bin, as a share of 2B, and the least slope.
const LEAST: Float = 1e-3;
/// softplus of this is 1 − [`LEAST`]: θ = 0 gives slope 1.
const SLOPE_ONE: Float = 0.539_742_4;

// ANCHOR: knots
/// The six numbers of every bin: wₖ, hₖ, xₖ, yₖ, δₖ, δₖ₊₁. θ `[m, 3K − 1]` → `[m, 6, K]`.
///
/// Widths and heights are softmaxes of K numbers each, slopes softplus of K − 1; at −B and B the
/// slope is 1, that of the tails.
pub fn knots(theta: &Tensor, bound: Float) -> Tensor {
    let (m, bins) = (theta.shape()[0], (theta.shape()[1] + 1) / 3);
    let shares = theta.slice(1, 0..2 * bins).reshape(&[m, 2, bins]).softmax(2);
    let sizes = (shares * (1.0 - LEAST * bins as Float) + LEAST) * (2.0 * bound);
    let starts = sizes.cumsum(2) - &sizes - bound;
    let slopes = (theta.slice(1, 2 * bins..3 * bins - 1) + SLOPE_ONE).softplus() + LEAST;
    let one = Tensor::ones(&[m, 1]);
    let left = Tensor::concat(&[&one, &slopes], 1).reshape(&[m, 1, bins]);
    let right = Tensor::concat(&[&slopes, &one], 1).reshape(&[m, 1, bins]);
    Tensor::concat(&[&sizes, &starts, &left, &right], 1)
}
// ANCHOR_END: knots

// ANCHOR: rational_quadratic
/// y and ln dy/dx of every number, or, `inverse`, x of every y and ln dx/dy (Durkan et al. 2019,
/// eq. 4–8): x `[n, k]`, θ `[n, k, 3K − 1]` → `[n, k]` twice. Outside [−B, B] it is the identity.
///
/// All numbers are done at once: their bins are found by counting the knots to the left, and one
/// `gather` takes what belongs to them.
///
/// # Panics
/// If the shapes do not fit.
#[track_caller]
pub fn rational_quadratic(
    x: &Tensor,
    theta: &Tensor,
    bound: Float,
    inverse: bool,
) -> (Tensor, Tensor) {
    let (m, parameters) = (x.len(), theta.len() / x.len().max(1));
    let (flat, bins) = (x.reshape(&[m, 1]), (parameters + 1) / 3);
    let inside = flat.abs().lt(bound);
    let within = inside.select(&flat, &Tensor::scalar(0.0));
    let knots = knots(&theta.reshape(&[m, parameters]), bound);
    let axis = if inverse { 3 } else { 2 };
    let lefts = knots.detach().slice(1, axis..axis + 1).reshape(&[m, bins]);
    let bin = within.ge(lefts.slice(1, 1..bins)).sum(1).reshape(&[m, 1, 1]);
    let own = knots.gather(2, &bin.broadcast_to(&[m, 6, 1])).reshape(&[m, 6]);
    let [w, h, x_k, y_k, d_0, d_1] = [0, 1, 2, 3, 4, 5].map(|i| own.slice(1, i..i + 1));
    let s = &h / &w;
    let bend = &d_0 + &d_1 - &s * 2.0;
    let xi = if inverse {
        let up = &within - &y_k; // the root of a ξ² + b ξ + c = 0 that lies in [0, 1]
        let a = &h * (&s - &d_0) + &up * &bend;
        let b = &h * &d_0 - &up * &bend;
        let c = -(&s * up);
        let root = (b.square() - a * &c * 4.0).maximum(0.0).sqrt();
        c * 2.0 / -(b + root)
    } else {
        (&within - &x_k) / &w
    };
    let rest = -&xi + 1.0;
    let both = &xi * &rest;
    let under = &s + bend * &both;
    let slope = &d_1 * xi.square() + &s * &both * 2.0 + &d_0 * rest.square();
    let ladj = s.square().ln() + slope.ln() - under.ln() * 2.0;
    let (there, ladj) = if inverse {
        (&xi * w + x_k, -ladj)
    } else {
        (y_k + h * (&s * xi.square() + d_0 * both) / under, ladj)
    };
    let y = inside.select(&there, &flat).reshape(x.shape());
    (y, inside.select(&ladj, &Tensor::scalar(0.0)).reshape(x.shape()))
}
// ANCHOR_END: rational_quadratic
