//! Score matching: the gradient ∇ ln p of a law is learned from samples of it, and samples are drawn by
//! following it.
//!
//! Here are the network that knows many noise levels and Tweedie's formula; in [`losses`] the four ways
//! to learn a score, in [`sampling`] the ways to draw with one, in [`oracle`] what a perfect network
//! would say, in [`run`] and the files beside it the experiments. Stochastic equations are in
//! [`sdes`](super::sdes).
//!
//! A noise level is a time of the variance-exploding path: t = 0 is σ_max, t = 1 is σ_min.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | x ~ p, ∇ ln p(x) | `x`, `score` | data and their score, `[n, d]` |
//! | s_θ(x), s_θ(t, x) | `s`, [`Score`] | the network |
//! | x̃ = x + σ z, z ~ N(0, I) | `noised`, `z` | a noised point, `[n, d]` |
//! | p_σ | [`oracle::noised`] | the law of x̃ |
//! | σ_t | [`Path::sigma`] | the noise at t, `[n, 1]` |
//! | div s = Σⱼ ∂sⱼ/∂xⱼ | [`divergence`](crate::derivatives::divergence) | trace of the Jacobian |

pub mod checks;
pub mod losses;
pub mod oracle;
pub mod run;
pub mod run_levels;
pub mod run_losses;
pub mod sampling;

use super::diffusion::Network;
use super::flow_matching::path::Path;
use crate::nn::Module;
use crate::random::Rng;
use crate::{Float, Tensor};

// ANCHOR: network
/// A score at every level of noise: s_θ(t, x) = f_θ(1 − t, x/√(1 + σ_t²)) / σ_t. What f says is then of the
/// size of the standard normal −z at each level, and so is what it sees (Song & Ermon 2020, technique
/// 3, for the division by σ).
#[derive(Clone, Debug)]
pub struct Score {
    /// f_θ.
    pub net: Network,
    /// Of the noise at each time: variance exploding.
    pub path: Path,
}

impl Score {
    /// For points of `dim` numbers and σ from `max` at t = 0 down to `min` at t = 1.
    pub fn new(
        dim: usize,
        width: usize,
        hidden: usize,
        [min, max]: [Float; 2],
        rng: &mut Rng,
    ) -> Score {
        let path = Path::VarianceExploding { sigma: [min, max] };
        Score { net: Network::new(dim, width, hidden, rng), path }
    }

    /// t `[n, 1]` (or `[1, 1]` for all rows), x `[n, d]` → `[n, d]`.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn forward(&self, t: &Tensor, x: &Tensor) -> Tensor {
        let sigma = self.path.sigma(t);
        let seen = x / (sigma.square() + 1.0).sqrt();
        self.net.forward(&(1.0 - t), &seen) / sigma
    }
}
// ANCHOR_END: network

impl Module for Score {
    fn parameters(&self) -> Vec<(String, &Tensor)> {
        self.net.parameters()
    }

    fn parameters_mut(&mut self) -> Vec<(String, &mut Tensor)> {
        self.net.parameters_mut()
    }
}

/// E[x|x̃] = x̃ + σ² ∇ ln p_σ(x̃): the mean of the data that a noised point may come from (Robbins 1956;
/// Efron 2011). Nothing is asked of p. x̃ and the score are `[n, d]`, σ a number or `[n, 1]`.
// ANCHOR: tweedie
pub fn denoised(noised: &Tensor, score: &Tensor, sigma: &Tensor) -> Tensor {
    noised + score * sigma.square()
}
// ANCHOR_END: tweedie
