//! Solutions of exercises/sdes.rs, as a reader would write them. Look at them afterwards.

use pushforward::chapters::sdes::checks::{Answers, Field, Moment, trials};
use pushforward::{Float, Tensor, check};
use std::process::ExitCode;

/// W(0) = 0, then the sums of √h z.
fn brownian_path(z: &Tensor, h: Float) -> Tensor {
    let start = Tensor::zeros(&[1, z.shape()[1]]);
    Tensor::concat(&[&start, &(z * h.sqrt()).cumsum(0)], 0)
}

/// Differences of neighbouring rows.
fn quadratic_variation(w: &Tensor) -> Tensor {
    let times = w.shape()[0];
    let dw = w.slice(0, 1..times) - w.slice(0, 0..times - 1);
    dw.square().sum(0)
}

/// Drift with h, noise with √h.
fn euler_maruyama_step(u: Field, g: Field, t: Float, x: &Tensor, h: Float, z: &Tensor) -> Tensor {
    let dw = z * h.sqrt();
    x + u(t, x) * h + g(t, x) * dw
}

/// The chain rule, and half of the second derivative for the noise.
fn ito_drift(u: &Tensor, g: &Tensor, slope: &Tensor, bend: &Tensor) -> Tensor {
    let chain_rule = u * slope;
    chain_rule + g * g * bend / 2.0
}

/// m′ = −θ m and v′ = −2θ v + σ².
fn ornstein_uhlenbeck(x_0: &Tensor, theta: Float, sigma: Float, t: Float) -> (Tensor, Tensor) {
    let left = Tensor::scalar(-theta * t).exp();
    let variance = (1.0 - &left * &left) * (sigma * sigma / (2.0 * theta));
    (x_0 * left, variance + Tensor::zeros(x_0.shape()))
}

/// Euler and Maruyama with the drift ½ σ² s.
fn langevin_step(x: &Tensor, s: &Tensor, sigma: Float, h: Float, z: &Tensor) -> Tensor {
    let drift = s * (sigma * sigma / 2.0);
    x + drift * h + z * sigma * h.sqrt()
}

/// Minus (p u)′, plus ½ σ² p″.
fn fokker_planck_rate(at: &Moment, sigma: Float) -> Tensor {
    let flux_slope = &at.slope * &at.u + &at.p * &at.u_slope;
    &at.bend * (sigma * sigma / 2.0) - flux_slope
}

/// The flow, and ½ σ² times the score.
fn extended_drift(u: &Tensor, x: &Tensor, mean: &Tensor, std: &Tensor, sigma: Float) -> Tensor {
    let score = (mean - x) / (std * std);
    u + score * (sigma * sigma / 2.0)
}

/// Primes change their sign with time: m′ = a m, v′ = 2a v + g².
fn noising(
    alpha: &Tensor,
    alpha_dot: &Tensor,
    sigma: &Tensor,
    sigma_dot: &Tensor,
) -> (Tensor, Tensor) {
    let a = alpha_dot / alpha * -1.0;
    let v_dot = sigma * sigma_dot * -2.0;
    let g_squared = v_dot - 2.0 * &a * sigma * sigma;
    (a, g_squared)
}

/// Time reversed, and the score for the noise of both ways.
fn reverse_drift(x: &Tensor, score: &Tensor, a: &Tensor, g_squared: &Tensor) -> Tensor {
    g_squared * score - a * x
}

/// Half of the score's part: nothing to pay for.
fn probability_flow(x: &Tensor, score: &Tensor, a: &Tensor, g_squared: &Tensor) -> Tensor {
    g_squared / 2.0 * score - a * x
}

/// What is judged, by tests as well.
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
