//! Gaussian conditional paths: p_t(x|x₁) = N(μ_t(x₁), σ_t² I) leads from noise at t = 0 to the point
//! x₁ at t = 1.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | α_t | [`Path::alpha`] | how much of x₁ there is: μ_t(x₁) = α_t x₁ |
//! | σ_t | [`Path::sigma`] | how much noise there is |
//! | α_t′, σ_t′ | [`Path::alpha_dot`], [`Path::sigma_dot`] | their derivatives in t |
//! | ψ_t(x₀) = σ_t x₀ + μ_t(x₁) | [`Path::sample`] | where the noise x₀ ~ N(0, I) is at time t |
//! | u_t(x\|x₁) | [`Path::velocity`] | the field that moves it |

use crate::{Float, Tensor};
use std::f64::consts::FRAC_PI_2;

/// A path is its two schedules.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Path {
    /// α_t = t, σ_t = 1 − t: every point on a straight line (Liu, Gong & Liu 2023).
    Linear,
    /// α_t = t, σ_t = 1 − (1 − σ_min) t: straight as well, and with a little noise left at the end
    /// (Lipman et al. 2023, eq. 20).
    OptimalTransport {
        /// The noise left at t = 1.
        sigma_min: Float,
    },
    /// α_t = exp(−½ B(1 − t)), σ_t = √(1 − α_t²), B(s) = β₀ s + ½ (β₁ − β₀) s²: DDPM's noising in
    /// continuous time, run backwards (Song et al. 2021, eq. 33; Lipman et al. 2023, eq. 18).
    VariancePreserving {
        /// β₀ and β₁, the rates of noising at the data and at the noise; usually 0.1 and 20.
        beta: [Float; 2],
    },
    /// α_t = 1, σ_t = σ_min (σ_max / σ_min)^(1 − t): noise is added to the data, which stay (Song et
    /// al. 2021, eq. 31; Lipman et al. 2023, eq. 16). Its noise has the law N(0, σ_max² I).
    VarianceExploding {
        /// σ_min and σ_max.
        sigma: [Float; 2],
    },
    /// α_t = sin(πt/2), σ_t = cos(πt/2): a quarter of a circle (Albergo & Vanden-Eijnden 2023).
    Cosine,
}

impl Path {
    /// The five, with usual parameters.
    pub const ALL: [(&str, Path); 5] = [
        ("linear", Path::Linear),
        ("optimal transport", Path::OptimalTransport { sigma_min: 0.1 }),
        ("variance preserving", Path::VariancePreserving { beta: [0.1, 20.0] }),
        ("variance exploding", Path::VarianceExploding { sigma: [0.01, 10.0] }),
        ("cosine", Path::Cosine),
    ];

    // ANCHOR: schedules
    /// α_t, of the shape of t.
    pub fn alpha(&self, t: &Tensor) -> Tensor {
        match *self {
            Path::Linear | Path::OptimalTransport { .. } => t.clone(),
            Path::VariancePreserving { beta } => (integral(beta, &(1.0 - t)) * -0.5).exp(),
            Path::VarianceExploding { .. } => Tensor::ones(t.shape()),
            Path::Cosine => (t * FRAC_PI_2 as Float).sin(),
        }
    }

    /// σ_t.
    pub fn sigma(&self, t: &Tensor) -> Tensor {
        match *self {
            Path::Linear => 1.0 - t,
            Path::OptimalTransport { sigma_min } => 1.0 - t * (1.0 - sigma_min),
            // 1 − α² without losing its digits near t = 1
            Path::VariancePreserving { beta } => (-(-integral(beta, &(1.0 - t))).exp_m1()).sqrt(),
            Path::VarianceExploding { sigma: [min, max] } => {
                ((1.0 - t) * ln(max / min)).exp() * min
            }
            Path::Cosine => (t * FRAC_PI_2 as Float).cos(),
        }
    }
    // ANCHOR_END: schedules

    /// α_t′.
    pub fn alpha_dot(&self, t: &Tensor) -> Tensor {
        match *self {
            Path::Linear | Path::OptimalTransport { .. } => Tensor::ones(t.shape()),
            Path::VariancePreserving { beta } => self.alpha(t) * rate(beta, &(1.0 - t)) * 0.5,
            Path::VarianceExploding { .. } => Tensor::zeros(t.shape()),
            Path::Cosine => self.sigma(t) * FRAC_PI_2 as Float,
        }
    }

    /// σ_t′. With variance preserved it is −α_t α_t′ / σ_t, infinite at t = 1.
    pub fn sigma_dot(&self, t: &Tensor) -> Tensor {
        match *self {
            Path::Linear => -Tensor::ones(t.shape()),
            Path::OptimalTransport { sigma_min } => Tensor::full(t.shape(), sigma_min - 1.0),
            Path::VariancePreserving { .. } => -self.alpha(t) * self.alpha_dot(t) / self.sigma(t),
            Path::VarianceExploding { sigma: [min, max] } => self.sigma(t) * -ln(max / min),
            Path::Cosine => self.alpha(t) * -FRAC_PI_2 as Float,
        }
    }

    /// (σ_t²)′ = 2 σ_t σ_t′, finite at both ends even where σ_t′ is not.
    pub fn variance_dot(&self, t: &Tensor) -> Tensor {
        match *self {
            Path::VariancePreserving { .. } => self.alpha(t) * self.alpha_dot(t) * -2.0,
            _ => self.sigma(t) * self.sigma_dot(t) * 2.0,
        }
    }

    /// (x_t, u_t): where the noise x₀ ~ N(0, I) is at time t on its way to x₁, and its velocity,
    /// x_t = σ_t x₀ + α_t x₁ and u_t = σ_t′ x₀ + α_t′ x₁. x₀ and x₁ are `[n, d]`, t is `[n, 1]`.
    ///
    /// # Panics
    /// If the shapes do not fit.
    // ANCHOR: sample
    #[track_caller]
    pub fn sample(&self, x_0: &Tensor, x_1: &Tensor, t: &Tensor) -> (Tensor, Tensor) {
        let x_t = self.sigma(t) * x_0 + self.alpha(t) * x_1;
        let u_t = self.sigma_dot(t) * x_0 + self.alpha_dot(t) * x_1;
        (x_t, u_t)
    }
    // ANCHOR_END: sample

    /// u_t(x|x₁) = (σ_t′ / σ_t) (x − μ_t(x₁)) + μ_t′(x₁) (Lipman et al. 2023, theorem 3): the only
    /// field whose flow is ψ_t(x₀) = σ_t x₀ + μ_t(x₁). Not finite where σ_t is 0.
    ///
    /// # Panics
    /// If the shapes do not fit.
    // ANCHOR: velocity
    #[track_caller]
    pub fn velocity(&self, x: &Tensor, x_1: &Tensor, t: &Tensor) -> Tensor {
        let mu = self.alpha(t) * x_1;
        self.sigma_dot(t) / self.sigma(t) * (x - mu) + self.alpha_dot(t) * x_1
    }
    // ANCHOR_END: velocity

    /// x₀ ~ N(0, I) made a point of p₀ ≈ N(0, σ₀² I), from which the solver starts.
    // ANCHOR: start
    pub fn start(&self, x_0: &Tensor) -> Tensor {
        x_0 * self.sigma(&Tensor::scalar(0.0))
    }
    // ANCHOR_END: start
}

/// β(s) = β₀ + (β₁ − β₀) s.
fn rate([beta_0, beta_1]: [Float; 2], s: &Tensor) -> Tensor {
    s * (beta_1 - beta_0) + beta_0
}

/// B(s) = ∫₀ˢ β.
fn integral([beta_0, beta_1]: [Float; 2], s: &Tensor) -> Tensor {
    s * beta_0 + s.square() * (0.5 * (beta_1 - beta_0))
}

fn ln(x: Float) -> Float {
    crate::kernels::maths::ln(x)
}
