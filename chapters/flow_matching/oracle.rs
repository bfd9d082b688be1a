//! What a perfect network would say: for data from a Gaussian mixture the marginal law p_t, its
//! velocity and its score are known in closed form.
//!
//! With q = Σₖ wₖ N(mₖ, s² I), the path's marginal is a mixture at every time,
//!
//! p_t = Σₖ wₖ N(α_t mₖ, v_t I),  v_t = α_t² s² + σ_t²,
//!
//! and, with the responsibilities γₖ(x) = wₖ N(x; α_t mₖ, v_t I) / p_t(x),
//!
//! u_t(x) = Σₖ γₖ(x) [α_t′ mₖ + v_t′ / (2 v_t) (x − α_t mₖ)],
//! ∇ ln p_t(x) = −Σₖ γₖ(x) (x − α_t mₖ) / v_t.

use super::path::Path;
use crate::data::Mixture;
use crate::{Float, Tensor};
use std::f64::consts::TAU;

/// The marginal of a path whose data are a mixture. t is `[n, 1]`, x `[n, d]` in every method; all
/// can be differentiated.
#[derive(Clone, Debug, PartialEq)]
pub struct Marginal {
    /// The path.
    pub path: Path,
    /// The law of x₁.
    pub data: Mixture,
}

impl Marginal {
    /// ln p_t(x): `[n, 1]`.
    pub fn log_density(&self, t: &Tensor, x: &Tensor) -> Tensor {
        self.joint(t, x).log_sum_exp(1)
    }

    // ANCHOR: velocity
    /// u_t(x): `[n, d]`.
    pub fn velocity(&self, t: &Tensor, x: &Tensor) -> Tensor {
        let [alpha, alpha_dot, v, v_dot] = self.schedules(t);
        let towards = alpha_dot * self.means() + v_dot / (v * 2.0) * self.offsets(&alpha, x);
        (self.responsibilities(t, x) * towards).sum(1)
    }
    // ANCHOR_END: velocity

    /// ∇ ln p_t(x): `[n, d]`.
    pub fn score(&self, t: &Tensor, x: &Tensor) -> Tensor {
        let [alpha, _, v, _] = self.schedules(t);
        -(self.responsibilities(t, x) * self.offsets(&alpha, x) / v).sum(1)
    }

    /// The loss of a perfect network on a batch: the mean over points and coordinates of
    /// (u_t(x_t) − u_t(x_t|x₁))². It is not 0, since many pairs (x₀, x₁) pass through x_t and a field
    /// has one value there; no network's loss has a smaller expectation. x₀ and x₁ are `[n, d]`.
    // ANCHOR: irreducible_loss
    pub fn irreducible_loss(&self, x_0: &Tensor, x_1: &Tensor, t: &Tensor) -> Tensor {
        let (x_t, u_t) = self.path.sample(x_0, x_1, t);
        self.velocity(t, &x_t).mse(&u_t)
    }
    // ANCHOR_END: irreducible_loss

    // ANCHOR: responsibilities
    /// γₖ(x): `[n, K, 1]`.
    fn responsibilities(&self, t: &Tensor, x: &Tensor) -> Tensor {
        self.joint(t, x).softmax(1)
    }

    /// ln wₖ + ln N(x; α_t mₖ, v_t I): `[n, K, 1]`.
    fn joint(&self, t: &Tensor, x: &Tensor) -> Tensor {
        let [alpha, _, v, _] = self.schedules(t);
        let squares = self.offsets(&alpha, x).square().sum_keep(2);
        let log_normaliser = (&v * TAU as Float).ln() * (0.5 * x.shape()[1] as Float);
        self.log_weights() - squares / (v * 2.0) - log_normaliser
    }
    // ANCHOR_END: responsibilities

    /// α_t, α_t′, v_t and v_t′ = 2 α_t α_t′ s² + (σ_t²)′: each `[n, 1, 1]`.
    fn schedules(&self, t: &Tensor) -> [Tensor; 4] {
        let t = t.reshape(&[t.len(), 1, 1]);
        let (alpha, alpha_dot) = (self.path.alpha(&t), self.path.alpha_dot(&t));
        let s_2 = (self.data.std * self.data.std) as Float;
        let v = alpha.square() * s_2 + self.path.sigma(&t).square();
        let v_dot = &alpha * &alpha_dot * (2.0 * s_2) + self.path.variance_dot(&t);
        [alpha, alpha_dot, v, v_dot]
    }

    /// x − α_t mₖ: `[n, K, d]`.
    fn offsets(&self, alpha: &Tensor, x: &Tensor) -> Tensor {
        x.reshape(&[x.shape()[0], 1, x.shape()[1]]) - alpha * self.means()
    }

    /// mₖ: `[1, K, d]`.
    fn means(&self) -> Tensor {
        let means: Vec<Float> = self.data.means.concat().iter().map(|&m| m as Float).collect();
        let count = self.data.means.len();
        Tensor::new(&[1, count, means.len() / count], means)
    }

    /// ln wₖ: `[1, K, 1]`.
    fn log_weights(&self) -> Tensor {
        let weights: Vec<Float> =
            self.data.weights.iter().map(|&w| libm::log(w) as Float).collect();
        Tensor::new(&[1, weights.len(), 1], weights)
    }
}
