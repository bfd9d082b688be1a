//! What a perfect network would say between two Gaussian mixtures, drawn independently: a mixture at
//! every time, with one component for each pair of components.
//!
//! With ρ₀ = Σₖ wₖ N(aₖ, s₀² I) and ρ₁ = Σₗ ωₗ N(bₗ, s₁² I), given that x₀ is of component k and x₁ of
//! component l,
//!
//! x_t ~ N(m, V I), m = α aₖ + β bₗ, V = α² s₀² + β² s₁² + γ²,
//!
//! and of jointly normal vectors the conditional means are linear:
//!
//! E[∂ₜI | x_t = x] = α′ aₖ + β′ bₗ + (α α′ s₀² + β β′ s₁²)/V (x − m), E[z | x_t = x] = γ/V (x − m).
//!
//! The marginals are the means of these over the pairs (k, l), weighted by how likely each is at x.

use super::Interpolant;
use crate::data::Mixture;
use crate::{Float, Tensor};
use std::f64::consts::TAU;

/// The law of x_t between two mixtures. t is `[n, 1]`, x `[n, d]` in every method; all can be
/// differentiated.
#[derive(Clone, Debug, PartialEq)]
pub struct Between {
    /// x_t of x₀, x₁ and z.
    pub interpolant: Interpolant,
    /// ρ₀.
    pub from: Mixture,
    /// ρ₁.
    pub to: Mixture,
}

impl Between {
    /// ln p_t(x): `[n, 1]`.
    pub fn log_density(&self, t: &Tensor, x: &Tensor) -> Tensor {
        self.joint(t, x).log_sum_exp(1)
    }

    // ANCHOR: exact
    /// v(t, x) = E[∂ₜI | x_t = x]: `[n, d]`.
    pub fn velocity(&self, t: &Tensor, x: &Tensor) -> Tensor {
        let t3 = column(t);
        let ([alpha, beta], [alpha_dot, beta_dot]) =
            (self.interpolant.weights(&t3), self.interpolant.weights_dot(&t3));
        let [s_0, s_1] = self.variances();
        let slope = (alpha * &alpha_dot * s_0 + beta * &beta_dot * s_1) / self.variance(&t3);
        let ends = alpha_dot * self.means(0) + beta_dot * self.means(1);
        (self.responsibilities(t, x) * (ends + slope * self.offsets(&t3, x))).sum(1)
    }

    /// η(t, x) = E[z | x_t = x]: `[n, d]`.
    pub fn denoiser(&self, t: &Tensor, x: &Tensor) -> Tensor {
        let t3 = column(t);
        let each = self.interpolant.gamma(&t3) / self.variance(&t3) * self.offsets(&t3, x);
        (self.responsibilities(t, x) * each).sum(1)
    }

    /// b(t, x) = v + γ′ η, the velocity that carries ρ₀ to ρ₁: `[n, d]`.
    pub fn drift(&self, t: &Tensor, x: &Tensor) -> Tensor {
        self.velocity(t, x) + self.interpolant.gamma_dot(t) * self.denoiser(t, x)
    }
    // ANCHOR_END: exact

    /// How likely each pair of components is at x: `[n, K L, 1]`.
    fn responsibilities(&self, t: &Tensor, x: &Tensor) -> Tensor {
        self.joint(t, x).softmax(1)
    }

    /// ln wₖ + ln ωₗ + ln N(x; m, V I): `[n, K L, 1]`.
    fn joint(&self, t: &Tensor, x: &Tensor) -> Tensor {
        let t3 = column(t);
        let v = self.variance(&t3);
        let squares = self.offsets(&t3, x).square().sum_keep(2);
        let log_normaliser = (&v * TAU as Float).ln() * (0.5 * x.shape()[1] as Float);
        self.log_weights() - squares / (v * 2.0) - log_normaliser
    }

    /// V: `[n, 1, 1]`.
    fn variance(&self, t: &Tensor) -> Tensor {
        let ([alpha, beta], [s_0, s_1]) = (self.interpolant.weights(t), self.variances());
        let noise = self.interpolant.gamma(t).square();
        alpha.square() * s_0 + beta.square() * s_1 + noise
    }

    /// x − m: `[n, K L, d]`.
    fn offsets(&self, t: &Tensor, x: &Tensor) -> Tensor {
        let [alpha, beta] = self.interpolant.weights(t);
        let x = x.reshape(&[x.shape()[0], 1, x.shape()[1]]);
        x - alpha * self.means(0) - beta * self.means(1)
    }

    /// s₀² and s₁².
    fn variances(&self) -> [Float; 2] {
        [&self.from, &self.to].map(|law| (law.std * law.std) as Float)
    }

    /// The pairs of components, k slow and l fast.
    fn pairs(&self) -> impl Iterator<Item = [usize; 2]> {
        let [k, l] = [&self.from, &self.to].map(|law| law.weights.len());
        (0..k * l).map(move |i| [i / l, i % l])
    }

    /// aₖ (end 0) or bₗ (end 1) of each pair: `[1, K L, d]`.
    fn means(&self, end: usize) -> Tensor {
        let law = [&self.from, &self.to][end];
        let means = self.pairs().flat_map(|pair| law.means[pair[end]].clone());
        let means: Vec<Float> = means.map(|m| m as Float).collect();
        Tensor::new(&[1, self.pairs().count(), law.means[0].len()], means)
    }

    /// ln wₖ + ln ωₗ: `[1, K L, 1]`.
    fn log_weights(&self) -> Tensor {
        let weight = |[k, l]: [usize; 2]| self.from.weights[k] * self.to.weights[l];
        let logs: Vec<Float> = self.pairs().map(|p| libm::log(weight(p)) as Float).collect();
        Tensor::new(&[1, logs.len(), 1], logs)
    }
}

/// t as `[n, 1, 1]`.
fn column(t: &Tensor) -> Tensor {
    t.reshape(&[t.len(), 1, 1])
}
