//! Solutions of exercises/diffusion.rs, as a reader would write them. Look at them afterwards.

use pushforward::chapters::diffusion::checks::{Answers, Decoder, Field, trials};
use pushforward::{Float, Tensor, check};
use std::f64::consts::{FRAC_PI_2, TAU};
use std::process::ExitCode;

/// Each step leaves the share 1 − β of what is there.
fn alpha_bar(beta: &Tensor) -> Tensor {
    let mut left = 1.0;
    let leave = |b: &Float| {
        left *= 1.0 - b;
        left
    };
    beta.data().iter().map(leave).collect()
}

/// ᾱ and 1 − ᾱ are variances, so points take their roots.
fn noise_to(x_0: &Tensor, eps: &Tensor, alpha_bar: &Tensor) -> Tensor {
    alpha_bar.sqrt() * x_0 + (1.0 - alpha_bar).sqrt() * eps
}

/// f is ᾱ up to the constant f(0), which cancels.
fn cosine_schedule(steps: usize, s: Float, most: Float) -> Tensor {
    let t = Tensor::arange(0..steps + 1) / steps as Float;
    let f = ((t + s) / (1.0 + s) * FRAC_PI_2 as Float).cos().square();
    (1.0 - f.slice(0, 1..steps + 1) / f.slice(0, 0..steps)).minimum(most)
}

/// Two normal laws in x_{t−1} are multiplied: what x_0 says of it and what x_t says of it.
fn posterior(
    x_t: &Tensor,
    x_0: &Tensor,
    alpha_bar: &Tensor,
    alpha_bar_before: &Tensor,
) -> (Tensor, Tensor) {
    let alpha = alpha_bar / alpha_bar_before;
    let beta = 1.0 - &alpha;
    let (rest, rest_before) = (1.0 - alpha_bar, 1.0 - alpha_bar_before);
    let of_x_0 = alpha_bar_before.sqrt() * &beta / &rest;
    let of_x_t = alpha.sqrt() * &rest_before / &rest;
    (of_x_0 * x_0 + of_x_t * x_t, rest_before / rest * beta)
}

/// The weight of the data's error, ½ (SNR(t−1) − SNR(t)), over SNR(t).
fn step_kl(
    eps: &Tensor,
    eps_hat: &Tensor,
    alpha_bar: &Tensor,
    alpha_bar_before: &Tensor,
) -> Tensor {
    let snr = |alpha_bar: &Tensor| alpha_bar / (1.0 - alpha_bar);
    let ratio = snr(alpha_bar_before) / snr(alpha_bar);
    (ratio - 1.0) * 0.5 * (eps - eps_hat).square().sum_keep(1)
}

/// Noise a point, ask for the noise.
fn simple_loss(
    network: Field,
    x_0: &Tensor,
    eps: &Tensor,
    t: &Tensor,
    alpha_bar: &Tensor,
) -> Tensor {
    network(t, &noise_to(x_0, eps, alpha_bar)).mse(eps)
}

/// x_t solved for x_0.
fn predict_x_0(x_t: &Tensor, eps_hat: &Tensor, alpha_bar: &Tensor) -> Tensor {
    (x_t - (1.0 - alpha_bar).sqrt() * eps_hat) / alpha_bar.sqrt()
}

/// (x_0, ε) was turned by an angle whose cosine is √ᾱ; this turns it back.
fn from_v(x_t: &Tensor, v: &Tensor, alpha_bar: &Tensor) -> (Tensor, Tensor) {
    let (a, sigma) = (alpha_bar.sqrt(), (1.0 - alpha_bar).sqrt());
    (&a * x_t - &sigma * v, sigma * x_t + a * v)
}

/// What the decoder says of x_0, minus what x_1 costs.
fn one_step_elbo(
    decoder: Decoder,
    sigma: Float,
    x_0: &Tensor,
    eps: &Tensor,
    alpha_bar: Float,
) -> Tensor {
    let x_1 = x_0 * alpha_bar.sqrt() + eps * (1.0 - alpha_bar).sqrt();
    let variance = Tensor::scalar(sigma * sigma);
    let error = (x_0 - decoder(&x_1)).square() / &variance;
    let log_normal = (error + (variance * TAU as Float).ln()).sum_keep(1) * -0.5;
    let log_rest = Tensor::scalar(1.0 - alpha_bar).ln();
    let kl = (x_0.square() * alpha_bar - alpha_bar - log_rest).sum_keep(1) * 0.5;
    log_normal - kl
}

/// What step 1 returns is the sample: it is not noised.
fn ancestral_step(x_t: &Tensor, eps_hat: &Tensor, z: &Tensor, beta: &Tensor, t: usize) -> Tensor {
    let b = beta.at(&[t - 1]);
    let left = alpha_bar(beta).at(&[t - 1]);
    let mean = (x_t - eps_hat * (b / (1.0 - left).sqrt())) / (1.0 - b).sqrt();
    if t > 1 { mean + z * b.sqrt() } else { mean }
}

/// The guess of the data is noised again: with the noise that was seen, and with fresh noise.
fn ddim_step(
    x_t: &Tensor,
    eps_hat: &Tensor,
    z: &Tensor,
    alpha_bars: [Float; 2],
    eta: Float,
) -> Tensor {
    let [now, then] = alpha_bars;
    let x_hat = (x_t - eps_hat * (1.0 - now).sqrt()) / now.sqrt();
    let variance = eta * eta * (1.0 - then) / (1.0 - now) * (1.0 - now / then);
    // rounding may leave less than nothing
    let seen = (1.0 - then - variance).max(0.0);
    x_hat * then.sqrt() + eps_hat * seen.sqrt() + z * variance.sqrt()
}

/// From t to t − 1, T times.
fn sample(network: Field, alpha_bar: &Tensor, noise: &Tensor) -> Tensor {
    let n = noise.shape()[0];
    (1..alpha_bar.len()).rev().fold(noise.clone(), |x, t| {
        let eps_hat = network(&Tensor::full(&[n, 1], t as Float), &x);
        let alpha_bars = [alpha_bar.at(&[t]), alpha_bar.at(&[t - 1])];
        ddim_step(&x, &eps_hat, &x, alpha_bars, 0.0)
    })
}

/// What is judged, by tests as well.
pub const ANSWERS: Answers = Answers {
    alpha_bar,
    noise_to,
    cosine_schedule,
    posterior,
    step_kl,
    simple_loss,
    predict_x_0,
    from_v,
    one_step_elbo,
    ancestral_step,
    ddim_step,
    sample,
};

fn main() -> ExitCode {
    check::main(&trials(&ANSWERS))
}
