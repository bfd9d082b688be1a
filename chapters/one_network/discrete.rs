//! DDPM's chain of N steps and the equation that it becomes. Variances of normal data, which a chain
//! carries exactly, tell how far they are apart.

use crate::chapters::diffusion::chain::Chain;
use libm::{exp, expm1};

/// β₀ and β₁ of the rate of noising, as usual.
pub const BETA: [f64; 2] = [0.1, 20.0];

/// B(s) = ∫₀ˢ β with β(s) = β₀ + (β₁ − β₀) s.
pub fn integral(s: f64) -> f64 {
    BETA[0] * s + 0.5 * (BETA[1] - BETA[0]) * s * s
}

// ANCHOR: chains
/// The chain of N steps whose β_i is β(s_i)/N at s_i = i/N, as DDPM's (Song et al. 2021, appendix B): it
/// becomes the equation as N grows.
///
/// # Panics
/// If N is 20 or less: β_N would not be less than 1.
pub fn by_rate(n: usize) -> Chain {
    let rate = |s: f64| BETA[0] + (BETA[1] - BETA[0]) * s;
    let beta: Vec<f64> = (1..=n).map(|i| rate(i as f64 / n as f64) / n as f64).collect();
    Chain::new(&beta)
}

/// The chain that has the equation's law at its N times: β_i = 1 − exp(−∫β) over the step. Any N will do.
pub fn exact(n: usize) -> Chain {
    let s = |i: usize| i as f64 / n as f64;
    let beta: Vec<f64> = (1..=n).map(|i| -expm1(integral(s(i - 1)) - integral(s(i)))).collect();
    Chain::new(&beta)
}
// ANCHOR_END: chains

/// The largest |ᾱ_i − exp(−B(i/N))| of a chain.
pub fn error_of_alpha_bar(chain: &Chain) -> f64 {
    let n = chain.steps();
    let error = |i: usize| (chain.alpha_bar(i) - exp(-integral(i as f64 / n as f64))).abs();
    (0..=n).map(error).fold(0.0, f64::max)
}

// ANCHOR: variance
/// The variance of what DDPM's way back makes of N(0, 1), if the data are N(0, v) and the network is
/// perfect: x̂₀ = √ᾱ v / (ᾱ v + 1 − ᾱ) x_t. Each step is linear in x, so the variance w goes to k² w + β̃.
pub fn drawn_variance(chain: &Chain, v: f64) -> f64 {
    (1..=chain.steps()).rev().fold(1.0, |w, t| {
        let (beta, before, now) = (chain.beta(t), chain.alpha_bar(t - 1), chain.alpha_bar(t));
        let x_hat = libm::sqrt(now) * v / (now * v + 1.0 - now);
        let k = libm::sqrt(before) * beta / (1.0 - now) * x_hat
            + libm::sqrt(1.0 - beta) * (1.0 - before) / (1.0 - now);
        k * k * w + (1.0 - before) / (1.0 - now) * beta
    })
}

/// The same of N steps of Euler and Maruyama along the reverse equation, dx = [½ β x + β ∇ ln p] dt + √β dW.
pub fn drawn_variance_by_equation(n: usize, v: f64) -> f64 {
    let h = 1.0 / n as f64;
    (1..=n).rev().fold(1.0, |w, i| {
        let s = i as f64 * h;
        let (beta, alpha_bar) = (BETA[0] + (BETA[1] - BETA[0]) * s, exp(-integral(s)));
        let k = 1.0 + h * beta * (0.5 - 1.0 / (alpha_bar * v + 1.0 - alpha_bar));
        k * k * w + h * beta
    })
}
// ANCHOR_END: variance
