//! The ELBO: −ln p(x₀) ≤ L_T + Σ L_{t−1} + L_0, t = 2 … T (Sohl-Dickstein et al. 2015; Ho et al. 2020,
//! eq. 5). All in nats; all for the reverse chain
//!
//! p(x_{t−1}|x_t) = N(μ̃_t(x_t, x̂₀), σ_t² I),  p(x₀|x_1) = N(x̂₀, 1/SNR(1) I),  p(x_T) = N(0, I).
//!
//! σ_t² is one of two ([`Variance`]). β̃_1 = 0 would make p(x₀|x_1) a point, so it has the width that x_1
//! leaves x₀ (Kingma et al. 2021, eq. 4; Ho et al. take β_1 or, for pixels of 256 values, the probability of
//! one of them).

use super::chain::Chain;
use crate::random::Rng;
use crate::{Float, Tensor};
use libm::{log, log1p};
use std::f64::consts::TAU;

// ANCHOR: variance
/// σ_t², the variance of p(x_{t−1}|x_t); Ho et al. (2020, §3.2) try both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variance {
    /// β̃_t: right if x₀ is known, so that each term is a squared error.
    Posterior,
    /// β_t: right if x₀ has the law N(0, I), or is much wider than the noise of x_t.
    Step,
}

impl Variance {
    /// r = β̃_t / σ_t².
    pub fn ratio(self, chain: &Chain, t: usize) -> f64 {
        match self {
            Variance::Posterior => 1.0,
            Variance::Step => (1.0 - chain.alpha_bar(t - 1)) / (1.0 - chain.alpha_bar(t)),
        }
    }

    /// What L_{t−1} has for each coordinate even if x̂₀ = x₀: ½ (r − 1 − ln r).
    pub fn offset(self, chain: &Chain, t: usize) -> f64 {
        let r = self.ratio(chain, t);
        0.5 * (r - 1.0 - log(r))
    }
}
// ANCHOR_END: variance

/// The terms of −ELBO for each of n points, each `[n]`.
#[derive(Clone, Debug)]
pub struct Bound {
    /// L_T = KL(q(x_T|x₀) ‖ p(x_T)).
    pub prior: Tensor,
    /// L_{t−1} = KL(q(x_{t−1}|x_t, x₀) ‖ p(x_{t−1}|x_t)) for t = 2 … T, of one x_t each.
    pub steps: Vec<Tensor>,
    /// L_0 = −ln p(x₀|x_1), of one x_1.
    pub reconstruction: Tensor,
}

impl Bound {
    /// −ELBO of each point.
    pub fn total(&self) -> Vec<f64> {
        let sum = |i: usize| -> f64 { self.terms().map(|term| f64::from(term.data()[i])).sum() };
        (0..self.prior.len()).map(sum).collect()
    }

    /// L_0, L_1, …, L_T.
    pub fn terms(&self) -> impl Iterator<Item = &Tensor> {
        [&self.reconstruction].into_iter().chain(&self.steps).chain([&self.prior])
    }
}

/// The bound for x₀ `[n, d]`, with a fresh x_t for each term. Its mean over x₀ ~ q is at least the entropy
/// of q, whatever x̂₀ is.
///
/// # Panics
/// If the shapes do not fit.
// ANCHOR: bound
#[track_caller]
pub fn bound(
    chain: &Chain,
    variance: Variance,
    x_hat: impl Fn(usize, &Tensor) -> Tensor,
    x_0: &Tensor,
    rng: &mut Rng,
) -> Bound {
    let mut seen = |t: usize| {
        let step = Tensor::full(&[1, 1], t as Float);
        let x_t = chain.noised(x_0, &rng.normal(x_0.shape()), &step);
        let x_hat = x_hat(t, &x_t).detach();
        (x_t, x_hat)
    };
    let reconstruction = reconstruction(chain, x_0, &seen(1).1);
    let step = |t: usize| {
        let (x_t, x_hat) = seen(t);
        step_kl(chain, variance, [x_0, &x_hat], &x_t, t)
    };
    let steps = (2..=chain.steps()).map(step).collect();
    Bound { prior: prior_kl(chain, x_0), steps, reconstruction }
}
// ANCHOR_END: bound

/// L_T = ½ Σ_j [ᾱ_T x₀ⱼ² − ᾱ_T − ln(1 − ᾱ_T)]: `[n, d]` → `[n]`.
// ANCHOR: terms
pub fn prior_kl(chain: &Chain, x_0: &Tensor) -> Tensor {
    let left = chain.alpha_bar(chain.steps());
    let of_variance = -left - log1p(-left);
    (x_0.square() * left as Float + of_variance as Float).sum(1) * 0.5
}

/// L_{t−1}, the KL of two normal laws, with x₀ in the mean of one and x̂₀ in that of the other, and
/// r = β̃_t / σ_t²: r ‖μ̃_t(x_t, x₀) − μ̃_t(x_t, x̂₀)‖² / (2 β̃_t) + ½ d (r − 1 − ln r), `[n]`.
///
/// # Panics
/// If the shapes do not fit.
#[track_caller]
pub fn step_kl(
    chain: &Chain,
    variance: Variance,
    [x_0, x_hat]: [&Tensor; 2],
    x_t: &Tensor,
    t: usize,
) -> Tensor {
    let (exact, beta_tilde) = chain.posterior(x_t, x_0, t);
    let (believed, _) = chain.posterior(x_t, x_hat, t);
    let weight = 0.5 * variance.ratio(chain, t) / beta_tilde;
    let offset = variance.offset(chain, t) * x_0.shape()[1] as f64;
    (exact - believed).square().sum(1) * weight as Float + offset as Float
}

/// L_0 = ½ SNR(1) ‖x₀ − x̂₀‖² + ½ d ln(2π / SNR(1)): `[n]`.
///
/// # Panics
/// If the shapes do not fit.
#[track_caller]
pub fn reconstruction(chain: &Chain, x_0: &Tensor, x_hat: &Tensor) -> Tensor {
    let (snr, d) = (chain.snr(1), x_0.shape()[1] as f64);
    let normaliser = 0.5 * d * log(TAU / snr);
    (x_0 - x_hat).square().sum(1) * (0.5 * snr) as Float + normaliser as Float
}
// ANCHOR_END: terms

/// What ‖x₀ − x̂₀‖² is multiplied by in L_{t−1} with σ_t² = β̃_t: ½ (SNR(t−1) − SNR(t)) (Kingma et al. 2021,
/// eq. 14); in L_0, t = 1, it is ½ SNR(1).
// ANCHOR: weights
pub fn weight_of_data(chain: &Chain, t: usize) -> f64 {
    if t == 1 {
        return 0.5 * chain.snr(1);
    }
    0.5 * (chain.snr(t - 1) - chain.snr(t))
}

/// What ‖ε − ε̂‖² is multiplied by: β_t / (2 α_t (1 − ᾱ_{t−1})) (Ho et al. 2020, eq. 12 with σ_t² = β̃_t);
/// ½ in L_0. L_simple has 1 instead for every t.
pub fn weight_of_noise(chain: &Chain, t: usize) -> f64 {
    if t == 1 {
        return 0.5;
    }
    let beta = chain.beta(t);
    0.5 * beta / ((1.0 - beta) * (1.0 - chain.alpha_bar(t - 1)))
}
// ANCHOR_END: weights
