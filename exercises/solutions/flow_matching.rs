//! Solutions of exercises/flow_matching.rs, as a reader would write them. Look at them afterwards.

use pushforward::chapters::flow_matching::checks::{Answers, Field, Schedule, Schedules, trials};
use pushforward::derivatives::divergence;
use pushforward::{Float, Tensor, check, grad};
use std::process::ExitCode;

/// At t = 0 only the first term is left, at t = 1 only the second.
fn linear_path(x_0: &Tensor, x_1: &Tensor, t: &Tensor) -> Tensor {
    (1.0 - t) * x_0 + t * x_1
}

/// The way that is left over the time that is left.
fn conditional_velocity(x: &Tensor, x_1: &Tensor, t: &Tensor) -> Tensor {
    (x_1 - x) / (1.0 - t)
}

/// Undo the flow to find the noise that is at x now; then it is the velocity of that noise.
fn gaussian_velocity(x: &Tensor, x_1: &Tensor, s: &Schedules) -> Tensor {
    let x_0 = (x - &s.alpha * x_1) / &s.sigma;
    &s.sigma_dot * x_0 + &s.alpha_dot * x_1
}

/// σ_t′ is a constant, so the velocity does not depend on t.
fn optimal_transport(x_0: &Tensor, x_1: &Tensor, t: &Tensor, sigma_min: Float) -> (Tensor, Tensor) {
    let sigma = 1.0 - t * (1.0 - sigma_min);
    (sigma * x_0 + t * x_1, x_1 - x_0 * (1.0 - sigma_min))
}

/// DDPM's time is the time that is left.
fn ddpm_schedule(alpha_bar: Schedule, t: Float) -> (Float, Float) {
    let left = alpha_bar(1.0 - t);
    (left.sqrt(), (1.0 - left).sqrt())
}

/// At t = 0 the noise has the size σ_max; beside it the sampler neglects the data, which it has not.
fn exploding_start(
    x_0: &Tensor,
    x_1: &Tensor,
    t: &Tensor,
    sigma_min: Float,
    sigma_max: Float,
) -> (Tensor, Tensor) {
    let growth = Tensor::scalar(sigma_max / sigma_min).ln();
    let sigma = ((1.0 - t) * growth).exp() * sigma_min;
    (x_0 * sigma_max, x_1 + sigma * x_0)
}

/// Bayes: γ_j is the probability that one who is at x is on the way to data point j.
fn marginal_velocity(t: &Tensor, x: &Tensor, data: &Tensor) -> Tensor {
    let [n, k, d] = [x.shape()[0], data.shape()[0], x.shape()[1]];
    let (t, x) = (t.reshape(&[n, 1, 1]), x.reshape(&[n, 1, d]));
    let data = data.reshape(&[1, k, d]);
    let squares = (&x - &t * &data).square().sum_keep(2);
    let gamma = (-squares / ((1.0 - &t).square() * 2.0)).softmax(1);
    (gamma * (data - x) / (1.0 - t)).sum(1)
}

/// Rows are independent, so the gradient of the sum over rows holds each row's own derivatives.
fn continuity_residual(log_p: Field, u: Field, t: &Tensor, x: &Tensor) -> Tensor {
    let (t, x) = (t.variable(), x.variable());
    let slopes = grad(&log_p(&t, &x).sum(..), &[&t, &x]);
    let (u_x, div) = divergence(|x| u(&t, x), &x);
    &slopes[0] + div.reshape(t.shape()) + (u_x * &slopes[1]).sum_keep(1)
}

/// The network is asked at x_t and compared with the velocity of the one pair that was drawn.
fn cfm_loss(u: Field, x_0: &Tensor, x_1: &Tensor, t: &Tensor) -> Tensor {
    let x_t = (1.0 - t) * x_0 + t * x_1;
    u(t, &x_t).mse(&(x_1 - x_0))
}

/// Each C is the mean of a squared length: sum over coordinates, mean over points.
fn theorem_2_constant(marginal: &Tensor, conditional: &Tensor) -> Tensor {
    (marginal.square().sum(1) - conditional.square().sum(1)).mean(..)
}

/// Half a step of Euler's shows where to ask for the velocity of the whole step.
fn midpoint_step(u: Field, t: Float, x: &Tensor, h: Float) -> Tensor {
    let column = |t| Tensor::full(&[x.shape()[0], 1], t);
    let middle = x + u(&column(t), x) * (0.5 * h);
    x + u(&column(t + 0.5 * h), &middle) * h
}

/// t is computed from i, not added up: h rounded `steps` times need not be 1.
fn sample(u: Field, x_0: &Tensor, steps: usize) -> Tensor {
    let h = 1.0 / steps as Float;
    (0..steps).fold(x_0.clone(), |x, i| midpoint_step(u, i as Float * h, &x, h))
}

/// What is judged, by tests as well.
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
