//! Solutions of exercises/vae.rs, as a reader would write them. Look at them afterwards.

use pushforward::chapters::vae::checks::{Answers, Network, trials};
use pushforward::{Float, Tensor, check, grad};
use std::process::ExitCode;

/// Both normal densities have the factor (2π)^(−k/2), which cancels.
fn log_weights(log_likelihood: &Tensor, mu: &Tensor, log_var: &Tensor, z: &Tensor) -> Tensor {
    let of_q = (z - mu).square() / log_var.exp() + log_var;
    log_likelihood + (of_q - z.square()).sum(1) * 0.5
}

/// E_q z² = μ² + σ², E_q (z − μ)² = σ².
fn kl_divergence(mu: &Tensor, log_var: &Tensor) -> Tensor {
    (1.0 + log_var - mu.square() - log_var.exp()).sum(1) * -0.5
}

/// σ is the root of the variance: half of its logarithm, exponentiated.
fn reparameterize(mu: &Tensor, log_var: &Tensor, epsilon: &Tensor) -> Tensor {
    mu + (log_var * 0.5).exp() * epsilon
}

/// Rows are independent, so the gradient of the sum over rows holds each row's own.
fn two_gradients(f: Network, mu: &Tensor, log_var: &Tensor, epsilon: &Tensor) -> (Tensor, Tensor) {
    let mu = mu.variable();
    let z = reparameterize(&mu, log_var, epsilon);
    let height = f(&z);
    let along_the_path = grad(&height.sum(..), &[&mu]).remove(0);
    let by_the_score = height * (z - &mu) / log_var.exp();
    (along_the_path, by_the_score)
}

/// ln σ(l) = l − softplus(l), ln(1 − σ(l)) = −softplus(l).
fn bernoulli_log_likelihood(x: &Tensor, logits: &Tensor) -> Tensor {
    (x * logits - logits.softplus()).sum(1)
}

/// Encode, reparameterise, decode, compare, and add what the latents cost.
fn vae_loss(encode: Network, decode: Network, x: &Tensor, epsilon: &Tensor, beta: Float) -> Tensor {
    let (said, k) = (encode(x), epsilon.shape()[1]);
    let (mu, log_var) = (said.slice(1, 0..k), said.slice(1, k..2 * k));
    let z = reparameterize(&mu, &log_var, epsilon);
    let distortion = -bernoulli_log_likelihood(x, &decode(&z));
    (distortion + kl_divergence(&mu, &log_var) * beta).mean(..)
}

/// The mean of a pixel that is 1 with probability σ(l) is σ(l).
fn generate(decode: Network, z: &Tensor, side: usize) -> Tensor {
    decode(z).sigmoid().reshape(&[z.shape()[0], side, side])
}

/// C⁻¹ is never computed: `solve` gives C⁻¹ (x − b) for all rows at once.
fn linear_log_likelihood(x: &Tensor, w: &Tensor, b: &Tensor, sigma_2: Float) -> Tensor {
    let d = w.shape()[0];
    let c = w.matmul_nt(w) + Tensor::eye(d) * sigma_2;
    let centred = x - b;
    let squares = (&centred * c.solve(&centred.t()).t()).sum(1);
    let ln_tau = Tensor::scalar(std::f64::consts::TAU as Float).ln();
    (squares + c.slogdet().1 + ln_tau * d as Float) * -0.5
}

/// ln p(x, z) is quadratic in z: complete the square.
fn linear_posterior(x: &Tensor, w: &Tensor, b: &Tensor, sigma_2: Float) -> (Tensor, Tensor) {
    let m = w.matmul_tn(w) + Tensor::eye(w.shape()[1]) * sigma_2;
    let mean = m.solve(&w.matmul_tn(&(x - b).t())).t();
    (mean, m.inverse() * sigma_2)
}

/// log_sum_exp takes the largest out of the sum before it exponentiates.
fn importance_bound(log_w: &Tensor) -> Tensor {
    let draws = log_w.shape()[0] as Float;
    log_w.log_sum_exp(0) - Tensor::scalar(draws).ln()
}

/// What is the same for every picture says nothing of any.
fn active_latents(mu: &Tensor) -> Tensor {
    let moved = mu - mu.mean_keep(0);
    moved.square().mean(0).gt(0.01)
}

/// What is judged, by tests as well.
pub const ANSWERS: Answers = Answers {
    log_weights,
    kl_divergence,
    reparameterize,
    two_gradients,
    bernoulli_log_likelihood,
    vae_loss,
    generate,
    linear_log_likelihood,
    linear_posterior,
    importance_bound,
    active_latents,
};

fn main() -> ExitCode {
    check::main(&trials(&ANSWERS))
}
