//! Exercises of the chapter on stochastic interpolants (book/src/15_interpolants.md).
//!
//! Replace a `todo!()`, then ask for a verdict:
//!
//! ```console
//! cargo exercise interpolants bridge_gamma             judge one answer
//! cargo exercise interpolants                          judge all
//! cargo exercise interpolants bridge_gamma --hint 1    where to look
//! cargo exercise interpolants bridge_gamma --hint 2    which equation
//! cargo exercise interpolants bridge_gamma --hint 3    the shape of the line
//! cargo run --release -- exercises                     how far you are in the book
//! ```
//!
//! They follow the page. Only the bodies need to be touched; helpers may be added, and what is left
//! unfinished disturbs nothing else. `[n, d]` is a shape: n points of d coordinates. Times are columns,
//! `[n, 1]`, which broadcast against points. In a notebook give your function to the one of the same
//! name in `pushforward::chapters::interpolants::checks`.
//!
//! What you need of the library:
//!
//! - Operators take tensors, references to them and numbers, in any mixture. A tensor itself is used
//!   up, a reference is not: write `&x * t` where x is needed again.
//! - `x.square()` and `x.sqrt()` do what they say, on every entry; so do `h.abs()`, `h.sqrt()` and
//!   `h.signum()` on a number.
//!
//! `cargo doc --open` has everything else.

// A `todo!()` uses none of its arguments and, as long as it is there, not every import is needed.
#![allow(unused_variables, unused_imports)]

use pushforward::chapters::interpolants::checks::{Answers, trials};
use pushforward::{Float, Tensor, check};
use std::process::ExitCode;

/// 1. γ(t) and γ′(t) of the Brownian bridge whose variance at the time t is a t (1 − t).
///
/// Book: "Noise on the way". Shapes: t `[n, 1]` → `[n, 1]`, `[n, 1]`.
fn bridge_gamma(t: &Tensor, a: Float) -> (Tensor, Tensor) {
    todo!()
}

/// 2. x_t on the straight line from x_0 to x_1, with this bridge around it: z is the noise.
///
/// Book: "Noise on the way". Shapes: x_0, x_1, z `[n, d]`, t `[n, 1]` → `[n, d]`.
fn interpolant(x_0: &Tensor, x_1: &Tensor, z: &Tensor, t: &Tensor, a: Float) -> Tensor {
    todo!()
}

/// 3. The derivative of that x_t in t, at 0 < t < 1.
///
/// Book: "Who carries the laws". Shapes as before.
fn velocity(x_0: &Tensor, x_1: &Tensor, z: &Tensor, t: &Tensor, a: Float) -> Tensor {
    todo!()
}

/// 4. The score ∇ ln p_t at a place, from η = E[z | x_t] there and γ.
///
/// Book: "The denoiser is the score". Shapes: eta `[n, d]`, gamma `[n, 1]` → `[n, d]`.
fn score(eta: &Tensor, gamma: &Tensor) -> Tensor {
    todo!()
}

/// 5. A step of Euler and Maruyama from x, of the SDE with diffusion `epsilon` (the factor of Δp) whose
/// laws are p_t. b and s are velocity and score at x, `xi` is standard normal. The time changes by h:
/// forwards if h > 0, backwards if h < 0.
///
/// Book: "Any amount of noise". Shapes: b, s, x, xi `[n, d]` → `[n, d]`.
fn sde_step(b: &Tensor, s: &Tensor, x: &Tensor, epsilon: Float, h: Float, xi: &Tensor) -> Tensor {
    todo!()
}

/// 6. x_0 ~ N(0, I), so α x_0 + γ z has the law of σ times one standard normal point. σ?
///
/// Book: "One end is noise". Shapes: alpha, gamma `[n, 1]` → `[n, 1]`.
fn one_sided_sigma(alpha: &Tensor, gamma: &Tensor) -> Tensor {
    todo!()
}

const ANSWERS: Answers =
    Answers { bridge_gamma, interpolant, velocity, score, sde_step, one_sided_sigma };

fn main() -> ExitCode {
    check::main(&trials(&ANSWERS))
}
