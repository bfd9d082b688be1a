//! Solutions of exercises/one_network.rs, as a reader would write them. Look at them afterwards.

use pushforward::chapters::one_network::checks::{Answers, trials};
use pushforward::{Float, Tensor, check};
use std::process::ExitCode;

/// First the data, then both move at their own rate.
fn velocity_from_noise(
    noise: &Tensor,
    x: &Tensor,
    alpha: &Tensor,
    alpha_dot: &Tensor,
    sigma: &Tensor,
    sigma_dot: &Tensor,
) -> Tensor {
    let data = (x - sigma * noise) / alpha;
    alpha_dot * data + sigma_dot * noise
}

/// σ u − σ′ x has no noise in it.
fn data_from_velocity(
    u: &Tensor,
    x: &Tensor,
    alpha: &Tensor,
    alpha_dot: &Tensor,
    sigma: &Tensor,
    sigma_dot: &Tensor,
) -> Tensor {
    let d = alpha_dot * sigma - alpha * sigma_dot;
    (sigma * u - sigma_dot * x) / d
}

/// The noise, and its sign.
fn score_from_velocity(
    u: &Tensor,
    x: &Tensor,
    alpha: &Tensor,
    alpha_dot: &Tensor,
    sigma: &Tensor,
    sigma_dot: &Tensor,
) -> Tensor {
    let d = alpha_dot * sigma - alpha * sigma_dot;
    let noise = (alpha_dot * x - alpha * u) / d;
    -noise / sigma
}

/// δu = −(D/α) δε.
fn loss_weight(alpha: &Tensor, alpha_dot: &Tensor, sigma: &Tensor, sigma_dot: &Tensor) -> Tensor {
    let factor = sigma_dot - alpha_dot * sigma / alpha;
    &factor * &factor
}

/// The belief stays, the shares change.
fn ddim_step(
    noise: &Tensor,
    x: &Tensor,
    alpha: Float,
    sigma: Float,
    next_alpha: Float,
    next_sigma: Float,
) -> Tensor {
    let data = (x - noise * sigma) / alpha;
    data * next_alpha + noise * next_sigma
}

/// t : (1 − t) = α : σ.
fn on_the_linear_path(x: &Tensor, alpha: &Tensor, sigma: &Tensor) -> (Tensor, Tensor) {
    let both = alpha + sigma;
    (alpha / &both, x / &both)
}

/// ᾱ at all times, then what is left of it in each step.
fn chain_beta(beta_0: Float, beta_1: Float, count: usize) -> Tensor {
    let s = Tensor::linspace(0.0, 1.0, count + 1);
    let b = &s * beta_0 + s.square() * ((beta_1 - beta_0) / 2.0);
    let lost = b.slice(0, 1..count + 1) - b.slice(0, 0..count);
    1.0 - (-lost).exp()
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
