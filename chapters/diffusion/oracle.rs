//! What a perfect network would say: for data from a Gaussian mixture E[x₀|x_t], which has the least
//! squared error of all x̂₀, is known in closed form.
//!
//! With q = Σₖ wₖ N(mₖ, s² I), a = √ᾱ_t and σ² = 1 − ᾱ_t, x_t has the law Σₖ wₖ N(a mₖ, v I) with
//! v = a² s² + σ², and with the responsibilities γₖ(x) = wₖ N(x; a mₖ, v I) / Σⱼ wⱼ N(x; a mⱼ, v I)
//!
//! E[x₀|x_t = x] = Σₖ γₖ(x) [mₖ + a s² / v (x − a mₖ)] = (a s² x + σ² Σₖ γₖ(x) mₖ) / v.

use super::bound::{Variance, prior_kl, weight_of_data};
use super::chain::Chain;
use crate::data::Mixture;
use crate::{Float, Tensor};
use libm::{log, sqrt};
use std::f64::consts::{E, PI, TAU};

/// The data and the chain that noises them.
#[derive(Clone, Debug, PartialEq)]
pub struct Exact {
    /// The noising.
    pub chain: Chain,
    /// The law of x₀.
    pub data: Mixture,
}

impl Exact {
    // ANCHOR: exact
    /// E[x₀|x_t]: x_t `[n, d]` → `[n, d]`.
    ///
    /// # Panics
    /// If the shape does not fit, or there is no step t.
    #[track_caller]
    pub fn x_hat(&self, t: usize, x_t: &Tensor) -> Tensor {
        let alpha_bar = self.chain.alpha_bar(t);
        let (a, s_2, noise) = (sqrt(alpha_bar), self.data.std * self.data.std, 1.0 - alpha_bar);
        let v = alpha_bar * s_2 + noise;
        let (means, log_weights) = self.table();
        // ln wₖ − ‖x_t − a mₖ‖² / (2v), but for what all k share
        let joint = x_t.matmul_nt(&means) * (a / v) as Float
            - means.square().sum(1) * (0.5 * alpha_bar / v) as Float
            + log_weights;
        let mean = joint.softmax(1).matmul(&means);
        x_t * (a * s_2 / v) as Float + mean * (noise / v) as Float
    }
    // ANCHOR_END: exact

    /// mₖ `[K, d]` and ln wₖ `[K]`.
    fn table(&self) -> (Tensor, Tensor) {
        let Mixture { weights, means, .. } = &self.data;
        let flat: Vec<Float> = means.concat().iter().map(|&m| m as Float).collect();
        let means = Tensor::new(&[means.len(), flat.len() / means.len()], flat);
        (means, weights.iter().map(|&w| log(w) as Float).collect())
    }
}

/// Two moons as a mixture of 64 components on each half circle: their distance is 0.98 of a noise of
/// 0.05, at which a row of normal laws is even to eight digits but for its ends.
pub fn moons(noise: f64) -> Mixture {
    let count = 64;
    let angle = |i: usize| PI * (i as f64 + 0.5) / count as f64;
    let outer = (0..count).map(|i| vec![libm::cos(angle(i)), libm::sin(angle(i))]);
    let inner = (0..count).map(|i| vec![1.0 - libm::cos(angle(i)), 0.5 - libm::sin(angle(i))]);
    Mixture::even(outer.chain(inner).collect(), noise)
}

// ANCHOR: normal_bound
/// −ELBO of a perfect network for data of the law N(0, s²), in closed form: the least mean square error
/// of x̂₀ is s² / (1 + s² SNR(t)).
pub fn normal_bound(chain: &Chain, variance: Variance, s: f64) -> f64 {
    let error = |t: usize| s * s / (1.0 + s * s * chain.snr(t));
    let step = |t: usize| {
        let weight = weight_of_data(chain, t) * variance.ratio(chain, t);
        weight * error(t) + variance.offset(chain, t)
    };
    let reconstruction = weight_of_data(chain, 1) * error(1) + 0.5 * log(TAU / chain.snr(1));
    let prior = f64::from(prior_kl(chain, &Tensor::full(&[1, 1], s as Float)).item());
    reconstruction + (2..=chain.steps()).map(step).sum::<f64>() + prior
}

/// The entropy of N(0, s²), which no bound can be below: ½ ln(2πe s²).
pub fn normal_entropy(s: f64) -> f64 {
    0.5 * log(TAU * E * s * s)
}
// ANCHOR_END: normal_bound
