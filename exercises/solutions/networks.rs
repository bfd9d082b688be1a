//! Solutions of exercises/networks.rs, as a reader would write them. Look at them afterwards.

use pushforward::chapters::networks::checks::{Answers, trials};
use pushforward::{Float, check};
use std::process::ExitCode;

/// n σ² = gain.
fn weight_std(inputs: usize, gain: Float) -> Float {
    (gain / inputs as Float).sqrt()
}

/// b first: p moves by the new one.
fn momentum(p: Float, g: Float, b: Float, lr: Float, mu: Float) -> (Float, Float) {
    let gathered = g + mu * b;
    (p - lr * gathered, gathered)
}

/// What is kept is not corrected; what moves p is.
fn adam(p: Float, g: Float, [m, v]: [Float; 2], t: usize, lr: Float) -> (Float, [Float; 2]) {
    let m = 0.9 * m + 0.1 * g;
    let v = 0.999 * v + 0.001 * g * g;
    let m_hat = m / (1.0 - libm::pow(0.9, t as f64)) as Float;
    let v_hat = v / (1.0 - libm::pow(0.999, t as f64)) as Float;
    (p - lr * m_hat / (v_hat.sqrt() + 1e-8), [m, v])
}

/// The decay never meets the means.
fn adamw(
    p: Float,
    g: Float,
    means: [Float; 2],
    t: usize,
    lr: Float,
    decay: Float,
) -> (Float, [Float; 2]) {
    adam(p - lr * decay * p, g, means, t, lr)
}

/// From 1 to 0: half of 1 + cos.
fn cosine_rate(step: usize, steps: usize, lr: Float) -> Float {
    let way = step as f64 / steps as f64;
    lr * ((1.0 + libm::cos(std::f64::consts::PI * way)) / 2.0) as Float
}

/// A factor for all entries.
fn clip_by_norm(g: &[Float], most: Float) -> Vec<Float> {
    let norm = g.iter().map(|g| g * g).sum::<Float>().sqrt();
    match norm > most {
        true => g.iter().map(|g| g * most / norm).collect(),
        false => g.to_vec(),
    }
}

/// What is judged.
pub const ANSWERS: Answers =
    Answers { weight_std, momentum, adam, adamw, cosine_rate, clip_by_norm };

fn main() -> ExitCode {
    check::main(&trials(&ANSWERS))
}
