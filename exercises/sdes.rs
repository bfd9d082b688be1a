//! Exercises of the chapter on stochastic differential equations (book/src/08_sdes.md).
//!
//! Replace a `todo!()`, then ask for a verdict:
//!
//! ```console
//! cargo exercise sdes langevin_step             judge one answer
//! cargo exercise sdes                           judge all
//! cargo exercise sdes langevin_step --hint 1    where to look
//! cargo exercise sdes langevin_step --hint 2    which equation
//! cargo exercise sdes langevin_step --hint 3    the shape of the line
//! cargo run --release -- exercises              how far you are in the book
//! ```
//!
//! They follow the page. Only the bodies need to be touched; helpers may be added, and what is left
//! unfinished disturbs nothing else. In a notebook give your function to the one of the same name in
//! `pushforward::chapters::sdes::checks`.
//!
//! What you need of the library:
//!
//! - Operators take tensors, references to them and numbers, in any mixture. A tensor itself is
//!   used up, a reference is not: write `&dw`, where dw is needed again.
//! - A `Field` is called as a function is: `u(t, &x)`, with a number t. What it returns has the
//!   shape of x.
//! - `x.sum(0)` sums over axis 0 and drops it; `x.cumsum(0)` has the sums up to each row.
//!   `x.square()`, `x.sqrt()`, `x.exp()` do what they say, number by number; so does `h.sqrt()` of a
//!   number h. For e to a number write `Tensor::scalar(-t).exp()`.
//! - `w.slice(0, 1..n)` has all rows but the first, `Tensor::zeros(&[1, n])` is a row of 0,
//!   `Tensor::concat(&[&a, &b], 0)` one above the other, `Tensor::full(x.shape(), v)` as many v.
//!
//! `cargo doc --open` has everything else.

// A `todo!()` uses none of its arguments and, as long as it is there, not every import is needed.
#![allow(unused_variables, unused_imports)]

use pushforward::chapters::sdes::checks::{Answers, Field, Moment, trials};
use pushforward::{Float, Tensor, check};
use std::process::ExitCode;

/// 1. Paths of Brownian motion at the times 0, h, 2h, …, one for each column, from standard normal
/// noise z, a row for each step.
///
/// Book: "Brownian motion". Shapes: z `[steps, n]` → `[steps + 1, n]`.
fn brownian_path(z: &Tensor, h: Float) -> Tensor {
    todo!()
}

/// 2. The sum of the squared increments of each path; a row of w for each time.
///
/// Book: "Squares that do not vanish". Shapes: w `[times, n]` → `[n]`.
fn quadratic_variation(w: &Tensor) -> Tensor {
    todo!()
}

/// 3. X(t + h) from X(t) = x by a step of Euler and Maruyama for dX = u(t, X) dt + g(t, X) dW, with
/// standard normal z.
///
/// Book: "Euler and Maruyama". Shapes: x, z `[n, d]` → `[n, d]`.
fn euler_maruyama_step(u: Field, g: Field, t: Float, x: &Tensor, h: Float, z: &Tensor) -> Tensor {
    todo!()
}

/// 4. The drift of f(X) where dX = u dt + g dW, from f′ (`slope`) and f″ (`bend`) at X.
///
/// Book: "Itô's lemma". Shapes: all `[n]` or `[1]` → `[n]`.
fn ito_drift(u: &Tensor, g: &Tensor, slope: &Tensor, bend: &Tensor) -> Tensor {
    todo!()
}

/// 5. Mean and variance at time t of dX = −θ X dt + σ dW that begins in x_0.
///
/// Book: "A spring in the rain". Shapes: x_0 `[n]` → `[n]` and `[n]`.
fn ornstein_uhlenbeck(x_0: &Tensor, theta: Float, sigma: Float, t: Float) -> (Tensor, Tensor) {
    todo!()
}

/// 6. A step of h of dX = ½ σ² ∇ ln p(X) dt + σ dW, with s = ∇ ln p(x) and standard normal z.
///
/// Book: "Langevin's dynamics". Shapes: x, s, z `[n, d]` → `[n, d]`.
fn langevin_step(x: &Tensor, s: &Tensor, sigma: Float, h: Float, z: &Tensor) -> Tensor {
    todo!()
}

/// 7. ∂p/∂t on the line, for dX = u dt + σ dW: `slope` and `bend` are ∂p/∂x and ∂²p/∂x², `u_slope` is
/// ∂u/∂x.
///
/// Book: "The equation of Fokker and Planck". `at` has p, slope, bend, u and u_slope, all `[n]` → `[n]`.
fn fokker_planck_rate(at: &Moment, sigma: Float) -> Tensor {
    todo!()
}

/// 8. The drift that, with the noise σ, keeps the law that a flow u gives: that law is now N(mean, std² I)
/// at each row.
///
/// Book: "A flow with noise". Shapes: u, x, mean `[n, d]`, std `[n, 1]` → `[n, d]`.
fn extended_drift(u: &Tensor, x: &Tensor, mean: &Tensor, std: &Tensor, sigma: Float) -> Tensor {
    todo!()
}

/// 9. a and g² of dX = a X ds + g dW, the equation that noises data along a path, in the time s = 1 − t.
/// `alpha_dot` and `sigma_dot` are derivatives in t.
///
/// Book: "Noising as an equation". Shapes: all `[n, 1]` → `[n, 1]` and `[n, 1]`.
fn noising(
    alpha: &Tensor,
    alpha_dot: &Tensor,
    sigma: &Tensor,
    sigma_dot: &Tensor,
) -> (Tensor, Tensor) {
    todo!()
}

/// 10. The drift of the equation that undoes dX = a X ds + g dW with fresh noise, in the book's time; the
/// score is ∇ ln p_t(x).
///
/// Book: "Time run backwards". Shapes: x, score `[n, d]`, a, g_squared `[n, 1]` → `[n, d]`.
fn reverse_drift(x: &Tensor, score: &Tensor, a: &Tensor, g_squared: &Tensor) -> Tensor {
    todo!()
}

/// 11. The drift of the ordinary equation with the same laws, in the book's time.
///
/// Book: "Time run backwards". Shapes: x, score `[n, d]`, a, g_squared `[n, 1]` → `[n, d]`.
fn probability_flow(x: &Tensor, score: &Tensor, a: &Tensor, g_squared: &Tensor) -> Tensor {
    todo!()
}

/// What is judged.
pub const ANSWERS: Answers = Answers {
    brownian_path,
    quadratic_variation,
    euler_maruyama_step,
    ito_drift,
    ornstein_uhlenbeck,
    langevin_step,
    fokker_planck_rate,
    extended_drift,
    noising,
    reverse_drift,
    probability_flow,
};

fn main() -> ExitCode {
    check::main(&trials(&ANSWERS))
}
