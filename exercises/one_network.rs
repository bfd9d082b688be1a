//! Exercises of the chapter "One network, many names" (book/src/10_one_network.md).
//!
//! Replace a `todo!()`, then ask for a verdict:
//!
//! ```console
//! cargo exercise one_network ddim_step             judge one answer
//! cargo exercise one_network                       judge all
//! cargo exercise one_network ddim_step --hint 1    where to look
//! cargo exercise one_network ddim_step --hint 2    which equation
//! cargo exercise one_network ddim_step --hint 3    the shape of the line
//! cargo run --release -- exercises                 how far you are in the book
//! ```
//!
//! They follow the page. Only the bodies need to be touched; helpers may be added, and what is left
//! unfinished disturbs nothing else. In a notebook give your function to the one of the same name in
//! `pushforward::chapters::one_network::checks`.
//!
//! What you need of the library:
//!
//! - Operators take tensors, references to them and numbers, in any mixture. A tensor itself is
//!   used up, a reference is not: write `&x`, where x is needed again.
//! - Shapes `[n, 1]` and `[n, d]` go together: the column is repeated.
//! - `x.square()`, `x.exp()` do what they say, number by number.
//! - `Tensor::linspace(0.0, 1.0, n)` has n numbers from 0 to 1, evenly spaced; `b.slice(0, 1..n)` has all
//!   of n numbers but the first.
//!
//! `cargo doc --open` has everything else.

// A `todo!()` uses none of its arguments and, as long as it is there, not every import is needed.
#![allow(unused_variables, unused_imports)]

use pushforward::chapters::one_network::checks::{Answers, trials};
use pushforward::{Float, Tensor, check};
use std::process::ExitCode;

/// 1. The velocity of a network that predicts the noise, at the point x of a path.
///
/// Book: "The table". Shapes: noise, x `[n, d]`, the schedules `[n, 1]` → `[n, d]`.
fn velocity_from_noise(
    noise: &Tensor,
    x: &Tensor,
    alpha: &Tensor,
    alpha_dot: &Tensor,
    sigma: &Tensor,
    sigma_dot: &Tensor,
) -> Tensor {
    todo!()
}

/// 2. What a network that says the velocity u believes about the data.
///
/// Book: "The table". Shapes: u, x `[n, d]`, the schedules `[n, 1]` → `[n, d]`.
fn data_from_velocity(
    u: &Tensor,
    x: &Tensor,
    alpha: &Tensor,
    alpha_dot: &Tensor,
    sigma: &Tensor,
    sigma_dot: &Tensor,
) -> Tensor {
    todo!()
}

/// 3. The score of a network that says the velocity u.
///
/// Book: "The table". Shapes: u, x `[n, d]`, the schedules `[n, 1]` → `[n, d]`.
fn score_from_velocity(
    u: &Tensor,
    x: &Tensor,
    alpha: &Tensor,
    alpha_dot: &Tensor,
    sigma: &Tensor,
    sigma_dot: &Tensor,
) -> Tensor {
    todo!()
}

/// 4. The loss on the velocity is the loss on the noise, times this weight.
///
/// Book: "One loss, many weights". Shapes: all `[n, 1]` → `[n, 1]`.
fn loss_weight(alpha: &Tensor, alpha_dot: &Tensor, sigma: &Tensor, sigma_dot: &Tensor) -> Tensor {
    todo!()
}

/// 5. A step of DDIM from the shares α, σ to the next ones, with the noise that a network predicts.
///
/// Book: "One step, many names". Shapes: noise, x `[n, d]` → `[n, d]`.
fn ddim_step(
    noise: &Tensor,
    x: &Tensor,
    alpha: Float,
    sigma: Float,
    next_alpha: Float,
    next_sigma: Float,
) -> Tensor {
    todo!()
}

/// 6. The time at which the linear path has the same ratio of noise to data, and where the point x is
/// there. It must do for α = 0.
///
/// Book: "Any path from one network". Shapes: x `[n, d]`, alpha, sigma `[n, 1]` → `[n, 1]` and `[n, d]`.
fn on_the_linear_path(x: &Tensor, alpha: &Tensor, sigma: &Tensor) -> (Tensor, Tensor) {
    todo!()
}

/// 7. β_1 … β_N of the chain with ᾱ_i = exp(−B(i/N)), where B(s) is the integral of β_0 + (β_1 − β_0) s.
///
/// Book: "Chain and equation". Shapes: → `[count]`.
fn chain_beta(beta_0: Float, beta_1: Float, count: usize) -> Tensor {
    todo!()
}

/// What is judged.
pub const ANSWERS: Answers = Answers {
    velocity_from_noise,
    data_from_velocity,
    score_from_velocity,
    loss_weight,
    ddim_step,
    on_the_linear_path,
    chain_beta,
};

fn main() -> ExitCode {
    check::main(&trials(&ANSWERS))
}
