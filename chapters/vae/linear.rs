//! The linear VAE: p(x|z) = N(W z + b, σ² I) and q(z|x) = N(V x + c, diag s²), where ln p(x), the
//! posterior p(z|x), the ELBO and its gap are all known in closed form (Tipping & Bishop 1999;
//! Lucas et al. 2019).
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | W, b | [`Ppca::decoder`] | `[d, k]` and `[d]` |
//! | ln σ² | [`Ppca::log_var`] | of the noise around W z + b, a number |
//! | C = W Wᵀ + σ² I | [`Ppca::covariance`] | covariance of x, `[d, d]` |
//! | M = Wᵀ W + σ² I | in [`Ppca::posterior`] | `[k, k]` |
//! | V, c | [`LinearVae::encoder`] | `[k, d]` and `[k]` |
//! | ln s² | [`LinearVae::log_var`] | of q, `[k]`, the same for every x |

use super::{Gaussian, LatentModel};
use crate::nn::{Linear, Module, prefixed};
use crate::random::Rng;
use crate::{Float, Tensor};
use std::f64::consts::TAU;

// ANCHOR: ppca
/// p(z) = N(0, I) and p(x|z) = N(W z + b, σ² I): probabilistic principal components (Tipping &
/// Bishop 1999; equations as numbered in Bishop 2006, §12.2).
#[derive(Clone, Debug)]
pub struct Ppca {
    /// z → W z + b.
    pub decoder: Linear,
    /// ln σ², a scalar.
    pub log_var: Tensor,
}

impl Ppca {
    /// C = W Wᵀ + σ² I, `[d, d]` (eq. 12.36).
    pub fn covariance(&self) -> Tensor {
        let w = &self.decoder.weight;
        w.matmul_nt(w) + Tensor::eye(w.shape()[0]) * self.log_var.exp()
    }

    /// ln p(x) = ln N(x; b, C): `[n, d]` → `[n]`.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn log_marginal(&self, x: &Tensor) -> Tensor {
        let (c, centred) = (self.covariance(), x - &self.decoder.bias);
        let whitened = c.solve(&centred.t()).t();
        let squares = (centred * whitened).sum(-1);
        (squares + c.slogdet().1 + x.shape()[1] as Float * ln_tau()) * -0.5
    }

    /// p(z|x) = N(M⁻¹ Wᵀ (x − b), σ² M⁻¹) with M = Wᵀ W + σ² I (eq. 12.42): the means `[n, k]`, and
    /// the covariance `[k, k]`, the same for every x.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn posterior(&self, x: &Tensor) -> (Tensor, Tensor) {
        let (w, sigma_2) = (&self.decoder.weight, self.log_var.exp());
        let m = w.matmul_tn(w) + Tensor::eye(w.shape()[1]) * &sigma_2;
        let mean = m.solve(&w.matmul_tn(&(x - &self.decoder.bias).t())).t();
        (mean, m.inverse() * sigma_2)
    }
}
// ANCHOR_END: ppca

impl Ppca {
    /// ln N(x; W z + b, σ² I): x `[n, d]`, z `[.., n, k]` → `[.., n]`.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn log_likelihood(&self, x: &Tensor, z: &Tensor) -> Tensor {
        let squares = (x - self.decoder.forward(z)).square() / self.log_var.exp();
        (squares + &self.log_var + ln_tau()).sum(-1) * -0.5
    }

    /// `n` draws: z from N(0, I), then x given z. `[n, d]`, a constant.
    pub fn sample(&self, n: usize, rng: &mut Rng) -> Tensor {
        let [d, k] = [0, 1].map(|axis| self.decoder.weight.shape()[axis]);
        let noise = rng.normal(&[n, d]) * (&self.log_var * 0.5).exp();
        (self.decoder.forward(&rng.normal(&[n, k])) + noise).detach()
    }

    /// −∫ p ln p = ½ ln det 2πe C, in nats.
    pub fn entropy(&self) -> f64 {
        let d = self.decoder.bias.len() as f64;
        let log_det = f64::from(self.covariance().slogdet().1.item());
        0.5 * (log_det + d * (1.0 + libm::log(TAU)))
    }
}

/// A [`Ppca`] with an encoder that is linear too: everything is known, and everything is trained.
#[derive(Clone, Debug)]
pub struct LinearVae {
    /// p(x|z).
    pub p: Ppca,
    /// x → μ = V x + c.
    pub encoder: Linear,
    /// ln s², `[k]`.
    pub log_var: Tensor,
}

impl LinearVae {
    /// Random W, b, V, c; σ² = s² = 1.
    pub fn new(dim: usize, latents: usize, rng: &mut Rng) -> LinearVae {
        let log_var = |shape: &[usize]| Tensor::zeros(shape).variable();
        let p = Ppca { decoder: Linear::new(latents, dim, rng), log_var: log_var(&[]) };
        LinearVae { p, encoder: Linear::new(dim, latents, rng), log_var: log_var(&[latents]) }
    }

    // ANCHOR: exact_elbo
    /// The ELBO without a draw, `[n]`: of E_q ‖x − W z − b‖² there is what q's mean leaves, and
    /// what its spread adds, Σ_j s_j² ‖w_j‖² with w_j the columns of W.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn exact_elbo(&self, x: &Tensor) -> Tensor {
        let q = self.encode(x);
        let spread = (self.p.decoder.weight.square() * self.log_var.exp()).sum(..);
        let at_the_mean = self.p.log_likelihood(x, &q.mu);
        at_the_mean - spread / (self.p.log_var.exp() * 2.0) - q.kl()
    }
    // ANCHOR_END: exact_elbo

    // ANCHOR: gap
    /// KL(q(z|x) ‖ p(z|x)), `[n]`: with p(z|x) = N(m, S) it is
    /// ½ [tr S⁻¹ diag s² + (m − μ)ᵀ S⁻¹ (m − μ) − k + ln det S − Σ ln s²].
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn gap(&self, x: &Tensor) -> Tensor {
        let (m, s) = self.p.posterior(x);
        let (k, between) = (self.log_var.len(), m - self.encode(x).mu);
        let squares = (&between * s.solve(&between.t()).t()).sum(-1);
        let trace = (s.inverse() * Tensor::eye(k) * self.log_var.exp()).sum(..);
        (squares + trace + s.slogdet().1 - self.log_var.sum(..) - k as Float) * 0.5
    }
    // ANCHOR_END: gap
}

impl LatentModel for LinearVae {
    fn encode(&self, x: &Tensor) -> Gaussian {
        let mu = self.encoder.forward(x);
        Gaussian { log_var: self.log_var.broadcast_to(mu.shape()), mu }
    }

    fn log_likelihood(&self, x: &Tensor, z: &Tensor) -> Tensor {
        self.p.log_likelihood(x, z)
    }
}

impl Module for LinearVae {
    fn parameters(&self) -> Vec<(String, &Tensor)> {
        let mut all = prefixed("decoder", self.p.decoder.parameters());
        all.push(("decoder.log_var".into(), &self.p.log_var));
        all.extend(prefixed("encoder", self.encoder.parameters()));
        all.push(("encoder.log_var".into(), &self.log_var));
        all
    }

    fn parameters_mut(&mut self) -> Vec<(String, &mut Tensor)> {
        let mut all = prefixed("decoder", self.p.decoder.parameters_mut());
        all.push(("decoder.log_var".into(), &mut self.p.log_var));
        all.extend(prefixed("encoder", self.encoder.parameters_mut()));
        all.push(("encoder.log_var".into(), &mut self.log_var));
        all
    }
}

/// ln 2π.
fn ln_tau() -> Float {
    libm::log(TAU) as Float
}
