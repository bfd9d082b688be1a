//! Solutions of exercises/score_matching.rs, as a reader would write them. Look at them afterwards.

use pushforward::chapters::score_matching::checks::{Answers, Field, trials};
use pushforward::derivatives::vjp;
use pushforward::{Float, Tensor, check};
use std::process::ExitCode;

/// The gradient of −‖x − m‖²/(2 s²).
fn normal_score(x: &Tensor, mean: &Tensor, s: Float) -> Tensor {
    -(x - mean) / (s * s)
}

/// A row's squared distance is a sum, the expectation a mean over rows.
fn explicit_loss(s: &Tensor, score: &Tensor) -> Tensor {
    let distance = (s - score).square().sum(1);
    distance.mean(..) / 2.0
}

/// The cross term −s·∇ ln p has become + div s.
fn implicit_loss(s: &Tensor, div: &Tensor) -> Tensor {
    let square = s.square().sum(1);
    (square / 2.0 + div).mean(..)
}

/// vᵀJv in place of the divergence.
fn sliced_loss(s: Field, x: &Tensor, v: &Tensor) -> Tensor {
    let (said, product) = vjp(s, x, v);
    implicit_loss(&said, &(product * v).sum(1))
}

/// The score of N(x, σ² I) at x + σ z is −z/σ.
fn denoising_loss(s: Field, x: &Tensor, sigma: Float, z: &Tensor) -> Tensor {
    let noised = x + z * sigma;
    let target = -z / sigma;
    explicit_loss(&s(&noised), &target)
}

/// The mean of (xᵢ − x̃)/σ² over the points that x̃ may come from.
fn score_of_noised(noised: &Tensor, data: &Tensor, sigma: Float) -> Tensor {
    let (n, m, d) = (noised.shape()[0], data.shape()[0], data.shape()[1]);
    let way = data.reshape(&[1, m, d]) - noised.reshape(&[n, 1, d]);
    let log_weights = way.square().sum_keep(2) / (-2.0 * sigma * sigma);
    (log_weights.softmax(1) * way).sum(1) / (sigma * sigma)
}

/// ∇ ln p_σ = (E[x|x̃] − x̃)/σ², solved for the mean.
fn denoised(noised: &Tensor, score: &Tensor, sigma: &Tensor) -> Tensor {
    noised + sigma * sigma * score
}

/// Evenly spaced logarithms.
fn noise_levels(max: Float, min: Float, count: usize) -> Tensor {
    Tensor::linspace(max.ln(), min.ln(), count).exp()
}

/// Langevin's step with α ∝ σ².
fn annealed_step(
    x: &Tensor,
    s: &Tensor,
    sigma: Float,
    min: Float,
    epsilon: Float,
    z: &Tensor,
) -> Tensor {
    let alpha = epsilon * (sigma / min) * (sigma / min);
    x + s * (alpha / 2.0) + z * alpha.sqrt()
}

/// Drift and noise of the variance that is lost.
fn reverse_step(x: &Tensor, s: &Tensor, sigma: Float, next: Float, z: &Tensor) -> Tensor {
    let lost = sigma * sigma - next * next;
    x + s * lost + z * lost.sqrt()
}

/// ½ √α ‖s‖ = r ‖z‖.
fn corrector_step_size(s: &Tensor, z: &Tensor, r: Float) -> Tensor {
    let length = |x: &Tensor| x.square().sum(1).sqrt().mean(..);
    (length(z) * (2.0 * r) / length(s)).square()
}

/// What is judged.
pub const ANSWERS: Answers = Answers {
    normal_score,
    explicit_loss,
    implicit_loss,
    sliced_loss,
    denoising_loss,
    score_of_noised,
    denoised,
    noise_levels,
    annealed_step,
    reverse_step,
    corrector_step_size,
};

fn main() -> ExitCode {
    check::main(&trials(&ANSWERS))
}
