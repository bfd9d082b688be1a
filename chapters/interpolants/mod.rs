//! Stochastic interpolants: a way from any law to any other, with noise in between, and all the
//! equations that have its laws (Albergo & Vanden-Eijnden 2023; Albergo, Boffi & Vanden-Eijnden 2023).
//!
//! Here are the interpolants, the network with its loss, and the sampler; in [`oracle`] what a perfect
//! network would say between two mixtures, in [`run`] the experiment.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | x₀ ~ ρ₀, x₁ ~ ρ₁ | `x_0`, `x_1` | points of the two laws, `[n, d]` |
//! | z | `z` | noise, N(0, I), independent of both, `[n, d]` |
//! | I(t, x₀, x₁) | | α(t) x₀ + β(t) x₁ |
//! | x_t | [`Interpolant::sample`] | I(t, x₀, x₁) + γ(t) z |
//! | v(t, x) | [`Bridge`] | E[∂ₜI \| x_t = x] |
//! | η(t, x) | [`Bridge`] | E[z \| x_t = x], the denoiser |
//! | b(t, x) | | v + γ′ η, the velocity that carries ρ₀ to ρ₁ |
//! | s(t, x) | | −η/γ, the score |
//! | ε(t) | `c` | the diffusion of an SDE, here c γ(t) |

pub mod checks;
pub mod oracle;
pub mod run;

use crate::nn::{Activation, Mlp, Module, prefixed};
use crate::random::Rng;
use crate::{Float, Tensor, sde};
use std::f64::consts::{FRAC_PI_2, PI};
use std::ops::Range;

// ANCHOR: interpolant
/// How the two ends are mixed: α falls from 1 to 0, β rises from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Blend {
    /// α = 1 − t, β = t.
    Linear,
    /// α = cos(πt/2), β = sin(πt/2).
    Trigonometric,
    /// α = cos²(πt) until t = ½ and then 0, β = 0 until t = ½ and then cos²(πt): at t = ½ nothing is
    /// left of either end.
    EncodingDecoding,
}

/// How much noise there is in between; none at both ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Gamma {
    /// γ = 0.
    None,
    /// γ = √(a t (1 − t)), the standard deviation of a Brownian bridge.
    Bridge {
        /// a.
        a: Float,
    },
    /// γ = sin²(πt).
    Sine,
}

/// x_t = α(t) x₀ + β(t) x₁ + γ(t) z.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interpolant {
    /// α and β.
    pub blend: Blend,
    /// γ.
    pub gamma: Gamma,
}
// ANCHOR_END: interpolant

impl Interpolant {
    // ANCHOR: schedules
    /// α(t) and β(t), each of the shape of t.
    pub fn weights(&self, t: &Tensor) -> [Tensor; 2] {
        match self.blend {
            Blend::Linear => [1.0 - t, t.clone()],
            Blend::Trigonometric => [(t * half_pi()).cos(), (t * half_pi()).sin()],
            Blend::EncodingDecoding => halves(t, (t * pi()).cos().square()),
        }
    }

    /// α′(t) and β′(t).
    pub fn weights_dot(&self, t: &Tensor) -> [Tensor; 2] {
        match self.blend {
            Blend::Linear => [-Tensor::ones(t.shape()), Tensor::ones(t.shape())],
            Blend::Trigonometric => {
                [(t * half_pi()).sin() * -half_pi(), (t * half_pi()).cos() * half_pi()]
            }
            Blend::EncodingDecoding => halves(t, (t * (2.0 * pi())).sin() * -pi()),
        }
    }

    /// γ(t).
    pub fn gamma(&self, t: &Tensor) -> Tensor {
        match self.gamma {
            Gamma::None => Tensor::zeros(t.shape()),
            Gamma::Bridge { a } => (t * (1.0 - t) * a).sqrt(),
            Gamma::Sine => (t * pi()).sin().square(),
        }
    }

    /// γ′(t); that of the Brownian bridge is infinite at both ends.
    pub fn gamma_dot(&self, t: &Tensor) -> Tensor {
        match self.gamma {
            Gamma::None => Tensor::zeros(t.shape()),
            Gamma::Bridge { a } => (1.0 - t * 2.0) * (0.5 * a) / self.gamma(t),
            Gamma::Sine => (t * (2.0 * pi())).sin() * pi(),
        }
    }
    // ANCHOR_END: schedules

    // ANCHOR: sample
    /// x_t for points x₀, x₁, z `[n, d]` and t `[n, 1]`.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn sample(&self, x_0: &Tensor, x_1: &Tensor, z: &Tensor, t: &Tensor) -> Tensor {
        let [alpha, beta] = self.weights(t);
        alpha * x_0 + beta * x_1 + self.gamma(t) * z
    }

    /// ∂ₜI(t, x₀, x₁) = α′ x₀ + β′ x₁, the part of the velocity of x_t without noise.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn velocity(&self, x_0: &Tensor, x_1: &Tensor, t: &Tensor) -> Tensor {
        let [alpha_dot, beta_dot] = self.weights_dot(t);
        alpha_dot * x_0 + beta_dot * x_1
    }
    // ANCHOR_END: sample
}

/// The value until t = ½ and 0 from then on; the other way round.
fn halves(t: &Tensor, value: Tensor) -> [Tensor; 2] {
    let (early, late) = (t.lt(0.5), t.ge(0.5));
    [early * &value, late * value]
}

fn pi() -> Float {
    PI as Float
}

fn half_pi() -> Float {
    FRAC_PI_2 as Float
}

// ANCHOR: network
/// v and η: a multilayer perceptron of time and place with two answers.
#[derive(Clone, Debug)]
pub struct Bridge {
    /// (t, x) → (v, η).
    pub net: Mlp,
}

impl Bridge {
    /// Three hidden layers of `width` with ELU between, for points of `dim` numbers.
    pub fn new(dim: usize, width: usize, rng: &mut Rng) -> Bridge {
        Bridge { net: Mlp::new(&[dim + 1, width, width, width, 2 * dim], Activation::Elu, rng) }
    }

    /// v(t, x) and η(t, x): t `[n, 1]`, x `[n, d]` → `[n, d]` each.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn forward(&self, t: &Tensor, x_t: &Tensor) -> [Tensor; 2] {
        let (both, d) = (self.net.forward(&Tensor::concat(&[t, x_t], 1)), x_t.shape()[1]);
        [both.slice(1, 0..d), both.slice(1, d..2 * d)]
    }
}
// ANCHOR_END: network

impl Module for Bridge {
    fn parameters(&self) -> Vec<(String, &Tensor)> {
        prefixed("net", self.net.parameters())
    }

    fn parameters_mut(&mut self) -> Vec<(String, &mut Tensor)> {
        prefixed("net", self.net.parameters_mut())
    }
}

/// The losses of v and of η of a batch: the means over points and coordinates of (v − ∂ₜI)² and of
/// (η − z)² at x_t (after Albergo, Boffi & Vanden-Eijnden 2023, theorems 7 and 8). Their sum is learned.
///
/// # Panics
/// If the shapes do not fit.
// ANCHOR: losses
#[track_caller]
pub fn losses(
    bridge: &Bridge,
    interpolant: &Interpolant,
    [x_0, x_1, z]: [&Tensor; 3],
    t: &Tensor,
) -> [Tensor; 2] {
    let [v, eta] = bridge.forward(t, &interpolant.sample(x_0, x_1, z, t));
    [v.mse(&interpolant.velocity(x_0, x_1, t)), eta.mse(z)]
}
// ANCHOR_END: losses

/// Where the sampler asks for times nearer to an end, it asks for this one: γ′ may be infinite there.
const NEAR: Float = 1e-3;

/// The drift of the SDE with diffusion ε = c γ: b + ε s = v + (γ′ − c) η. With −c it is that of the
/// SDE that runs backwards, with c = 0 the velocity b.
// ANCHOR: drift
fn drift(bridge: &Bridge, interpolant: &Interpolant, c: Float, t: Float, x: &Tensor) -> Tensor {
    let t = Tensor::full(&[x.shape()[0], 1], t.clamp(NEAR, 1.0 - NEAR));
    let [v, eta] = bridge.forward(&t, x);
    v + (interpolant.gamma_dot(&t) - c) * eta
}
// ANCHOR_END: drift

/// Every state on the way of dX = (b ± ε s) dt + √(2ε) dW with ε = c γ(t), in `steps` equal steps of
/// Euler and Maruyama; from the data at t = 1 with the range `1.0..0.0`. With c = 0 these are Euler's
/// steps of dX = b dt. Constants.
///
/// # Panics
/// If `steps` is 0, c is negative, or the shapes do not fit.
// ANCHOR: trajectory
#[track_caller]
pub fn trajectory(
    bridge: &Bridge,
    interpolant: &Interpolant,
    c: Float,
    x: &Tensor,
    time: Range<Float>,
    steps: usize,
    rng: &mut Rng,
) -> Vec<(Float, Tensor)> {
    assert!(c >= 0.0, "trajectory: c = {c}; it must not be negative");
    let (bridge, sign) = (bridge.frozen(), (time.end - time.start).signum());
    let noise = |t: Float, _: &Tensor| {
        let epsilon = interpolant.gamma(&Tensor::scalar(t.clamp(0.0, 1.0))) * c;
        (epsilon * 2.0).sqrt()
    };
    let u = |t: Float, x: &Tensor| drift(&bridge, interpolant, c * sign, t, x);
    sde::trajectory(u, noise, &x.detach(), time, steps, rng)
}
// ANCHOR_END: trajectory
