//! Exercises of the chapter on flow matching (book/src/01_flow_matching.md).
//!
//! Replace a `todo!()`, then ask for a verdict:
//!
//! ```console
//! cargo exercise flow_matching linear_path             judge one answer
//! cargo exercise flow_matching                         judge all
//! cargo exercise flow_matching linear_path --hint 1    where to look
//! cargo exercise flow_matching linear_path --hint 2    which equation
//! cargo exercise flow_matching linear_path --hint 3    the shape of the line
//! cargo run --release -- exercises                     how far you are in the book
//! ```
//!
//! They follow the page; only 4 comes before 3 there. Only the bodies need to be touched;
//! helpers may be added, and what is left unfinished disturbs nothing else. `[n, d]` is a shape: n
//! points of d coordinates. Times are columns, `[n, 1]`, which broadcast against points. In a
//! notebook give your function to the one of the same name in
//! `pushforward::chapters::flow_matching::checks`.
//!
//! What you need of the library:
//!
//! - Operators take tensors, references to them and numbers, in any mixture. A tensor itself is used
//!   up, a reference is not: write `&s.sigma * x`, and `&x_t` where x_t is needed again.
//! - `x.sum(1)` sums over axis 1 and drops it, `x.sum_keep(1)` keeps it with size 1, `x.sum(..)` is a
//!   scalar; so with `mean`. `x.square()`, `x.exp()`, `x.softmax(1)`, `x.mse(&y)` do what they say.
//! - `x.shape()[0]` is n, `x.reshape(&[n, 1, d])` another shape of the same numbers, and
//!   `Tensor::full(&[n, 1], t)` a column filled with the number t.
//! - A `Field` or a `Schedule` is called as a function is: `u(&t, &x)`, `alpha_bar(s)`.
//!
//! `cargo doc --open` has everything else.

// A `todo!()` uses none of its arguments and, as long as it is there, not every import is needed.
#![allow(unused_variables, unused_imports)]

use pushforward::chapters::flow_matching::checks::{Answers, Field, Schedule, Schedules, trials};
use pushforward::derivatives::divergence;
use pushforward::{Float, Tensor, check, grad};
use std::process::ExitCode;

/// 1. Where the noise x_0 is at time t on its straight way to the data point x_1.
///
/// Book: "The straight line". Shapes: x_0, x_1 `[n, d]`, t `[n, 1]` → `[n, d]`.
fn linear_path(x_0: &Tensor, x_1: &Tensor, t: &Tensor) -> Tensor {
    todo!()
}

/// 2. u_t(x|x_1) of the straight line: the velocity of one who is at x at time t < 1 and arrives at
/// x_1 at t = 1.
///
/// Book: "The straight line". Shapes: x, x_1 `[n, d]`, t `[n, 1]` → `[n, d]`.
fn conditional_velocity(x: &Tensor, x_1: &Tensor, t: &Tensor) -> Tensor {
    todo!()
}

/// 3. u_t(x|x_1) of any Gaussian path, with the mean α_t x_1 and the standard deviation σ_t.
/// `s.alpha`, `s.sigma`, `s.alpha_dot` and `s.sigma_dot` are α_t, σ_t and their derivatives in t.
///
/// Book: "Theorem 3". Shapes: x, x_1 `[n, d]`, each of s `[n, 1]` → `[n, d]`.
fn gaussian_velocity(x: &Tensor, x_1: &Tensor, s: &Schedules) -> Tensor {
    todo!()
}

/// 4. (x_t, u_t) of the path called optimal transport: α_t = t and σ_t = 1 − (1 − σ_min) t. x_t is
/// where x_0 is at time t, u_t its velocity there, the derivative of x_t in t.
///
/// Book: "Gaussian paths". Shapes: x_0, x_1 `[n, d]`, t `[n, 1]` → `[n, d]`, `[n, d]`.
fn optimal_transport(x_0: &Tensor, x_1: &Tensor, t: &Tensor, sigma_min: Float) -> (Tensor, Tensor) {
    todo!()
}

/// 5. (α_t, σ_t) of DDPM as a path of this book. `alpha_bar(s)` is DDPM's ᾱ in continuous time: it
/// falls from 1 at s = 0, where the data are, to nearly 0 at s = 1, where the noise is. t is our
/// time: 0 is noise, 1 is data.
///
/// Book: "DDPM is one of them".
fn ddpm_schedule(alpha_bar: Schedule, t: Float) -> (Float, Float) {
    todo!()
}

/// 6. (start, x_t) of the path on which variance explodes: α_t = 1 and σ_t = σ_min (σ_max /
/// σ_min)^(1 − t). start is the point from which a sampler starts, made of the noise x_0 ~ N(0, I)
/// alone; x_t is where x_0 is at time t on the way to x_1.
///
/// Book: "The start is not always normal". Shapes: x_0, x_1 `[n, d]`, t `[n, 1]` → `[n, d]`, `[n,
/// d]`.
fn exploding_start(
    x_0: &Tensor,
    x_1: &Tensor,
    t: &Tensor,
    sigma_min: Float,
    sigma_max: Float,
) -> (Tensor, Tensor) {
    todo!()
}

/// 7. u_t(x), the marginal field of the straight line when the data are k points, all equally
/// likely, for t < 1. It must stay finite where every weight underflows (`softmax` does) and
/// differentiate in x.
///
/// Book: "When the data are finitely many points". Shapes: t `[n, 1]`, x `[n, d]`, data `[k, d]` →
/// `[n, d]`.
fn marginal_velocity(t: &Tensor, x: &Tensor, data: &Tensor) -> Tensor {
    todo!()
}

/// 8. ∂ₜ ln p + div u + ⟨u, ∇ ln p⟩ at each point, by automatic differentiation: 0 where the field
/// u moves the law p as it claims. `divergence(f, &x)` returns f(x) and, as `[n]`, its divergence.
///
/// Book: "The form that a program can check". Shapes: t `[n, 1]`, x `[n, d]`, log_p(t, x) `[n, 1]`,
/// u(t, x) `[n, d]` → `[n, 1]`.
fn continuity_residual(log_p: Field, u: Field, t: &Tensor, x: &Tensor) -> Tensor {
    todo!()
}

/// 9. L_CFM of a batch on the straight line, as a program has it: the mean over points and
/// coordinates of the squared difference between the network u and the velocity of the pair.
///
/// Book: "The loss". Shapes: x_0, x_1 `[n, d]`, t `[n, 1]`, u(t, x) `[n, d]` → `[]`, a scalar.
fn cfm_loss(u: Field, x_0: &Tensor, x_1: &Tensor, t: &Tensor) -> Tensor {
    todo!()
}

/// 10. C_1 − C_2, estimated from a sample: the number by which L_FM = L_CFM + C_1 − C_2. Row i of
/// `marginal` is u_t(x) and row i of `conditional` is u_t(x|x_1), at the same t and x.
///
/// Book: "Theorem 2". Shapes: both `[n, d]` → `[]`, a scalar.
fn theorem_2_constant(marginal: &Tensor, conditional: &Tensor) -> Tensor {
    todo!()
}

/// 11. One midpoint step of dx/dt = u(t, x): x at time t + h from x at time t.
///
/// Book: "The sampler". Shapes: x `[n, d]` → `[n, d]`; u takes its time as `[n, 1]`.
fn midpoint_step(u: Field, t: Float, x: &Tensor, h: Float) -> Tensor {
    todo!()
}

/// 12. x at t = 1 of dx/dt = u(t, x) with x_0 at t = 0, in exactly `steps` midpoint steps of equal
/// length. Your `midpoint_step` can do one.
///
/// Book: "The sampler". Shapes: x_0 `[n, d]` → `[n, d]`; u takes its time as `[n, 1]`.
fn sample(u: Field, x_0: &Tensor, steps: usize) -> Tensor {
    todo!()
}

/// What is judged.
pub const ANSWERS: Answers = Answers {
    linear_path,
    conditional_velocity,
    gaussian_velocity,
    optimal_transport,
    ddpm_schedule,
    exploding_start,
    marginal_velocity,
    continuity_residual,
    cfm_loss,
    theorem_2_constant,
    midpoint_step,
    sample,
};

fn main() -> ExitCode {
    check::main(&trials(&ANSWERS))
}
