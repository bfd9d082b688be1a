//! Diffusion: data are noised in T small steps that are fixed, and a network learns to undo them (Sohl-
//! Dickstein et al. 2015; Ho, Jain & Abbeel 2020, DDPM).
//!
//! **This chapter counts as DDPM does: x₀ is data, x_T is noise, t = 1 … T are steps.** The book's time
//! runs the other way: step t is its time 1 − t/T, √ᾱ_t its α, √(1 − ᾱ_t) its σ.
//!
//! Here are the network, what it is asked for and the loss; in [`chain`] the forward chain, in
//! [`sampling`] the way back, in [`bound`](mod@bound) the ELBO, in [`oracle`] what a perfect network
//! would say, in [`run`] and the files beside it the experiments.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | x₀ ~ q(x₀) | `x_0` | data, `[n, d]` |
//! | ε ~ N(0, I) | `eps` | noise, `[n, d]` |
//! | t | `t` | a step, 1 … T: `[n, 1]`, or one `usize` for all rows |
//! | β_t, α_t = 1 − β_t | [`Chain::beta`] | variance that step t adds, and what it leaves |
//! | ᾱ_t | [`Chain::alpha_bar`] | α_1 ⋯ α_t |
//! | x_t | [`Chain::noised`] | √ᾱ_t x₀ + √(1 − ᾱ_t) ε |
//! | μ̃_t, β̃_t | [`Chain::posterior`] | mean and variance of q(x_{t−1}\|x_t, x₀) |
//! | SNR(t) | [`Chain::snr`] | ᾱ_t / (1 − ᾱ_t) |
//! | v | [`Prediction::V`] | √ᾱ_t ε − √(1 − ᾱ_t) x₀ |
//! | x̂₀, ε̂ | `x_hat`, `eps_hat` | what is believed of x₀ and of ε when x_t is seen |
//! | η | `eta` | fresh noise in a step back: 1 is DDPM, 0 is DDIM |

pub mod bound;
pub mod chain;
pub mod checks;
pub mod oracle;
pub mod run;
pub mod run_digits;
pub mod run_predictions;
pub mod run_schedules;
pub mod sampling;

use self::chain::Chain;
use crate::nn::{Linear, Module, prefixed, sinusoidal_embedding};
use crate::random::Rng;
use crate::{Float, Tensor};

/// Frequencies in the embedding of a step.
const FREQUENCIES: usize = 32;

// ANCHOR: network
/// A multilayer perceptron, each of whose hidden layers is told the step.
#[derive(Clone, Debug)]
pub struct Network {
    /// d → width.
    pub input: Linear,
    /// width → width.
    pub hidden: Vec<Hidden>,
    /// width → d.
    pub output: Linear,
}

/// W silu(h + V e) + b: e embeds the step. Nothing goes past the bend: what of h is noise must not get
/// through.
#[derive(Clone, Debug)]
pub struct Hidden {
    /// V.
    pub time: Linear,
    /// W.
    pub next: Linear,
}

impl Network {
    /// For points of `dim` numbers.
    pub fn new(dim: usize, width: usize, hidden: usize, rng: &mut Rng) -> Network {
        let input = Linear::new(dim, width, rng);
        let hidden = (0..hidden).map(|_| Hidden::new(width, rng)).collect();
        Network { input, hidden, output: Linear::new(width, dim, rng) }
    }

    /// s `[n, 1]` (or `[1, 1]` for all rows) from 0 for data to 1 for noise, x `[n, d]` → `[n, d]`.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn forward(&self, s: &Tensor, x: &Tensor) -> Tensor {
        let e = sinusoidal_embedding(&(s * 1000.0), FREQUENCIES, 10_000.0);
        let h = self.input.forward(x);
        let h = self.hidden.iter().fold(h, |h, layer| layer.forward(&e, &h));
        self.output.forward(&h.silu())
    }
}

impl Hidden {
    fn new(width: usize, rng: &mut Rng) -> Hidden {
        let time = Linear::new(2 * FREQUENCIES, width, rng);
        Hidden { time, next: Linear::new(width, width, rng) }
    }

    fn forward(&self, e: &Tensor, h: &Tensor) -> Tensor {
        self.next.forward(&(h + self.time.forward(e)).silu())
    }
}
// ANCHOR_END: network

/// What a network is asked for when it sees x_t; each answers the other two questions as well.
// ANCHOR: prediction
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prediction {
    /// The noise ε (Ho et al. 2020).
    Epsilon,
    /// The data x₀.
    Data,
    /// v = √ᾱ_t ε − √(1 − ᾱ_t) x₀ (Salimans & Ho 2022, §4).
    V,
}

impl Prediction {
    /// The three, by the letters of the figures.
    pub const ALL: [(&str, Prediction); 3] =
        [("ε", Prediction::Epsilon), ("x", Prediction::Data), ("v", Prediction::V)];

    /// What the network should say of x_t = a x₀ + σ ε, a² + σ² = 1.
    pub fn target(self, x_0: &Tensor, eps: &Tensor, [a, sigma]: &[Tensor; 2]) -> Tensor {
        match self {
            Prediction::Epsilon => eps.clone(),
            Prediction::Data => x_0.clone(),
            Prediction::V => a * eps - sigma * x_0,
        }
    }

    /// x̂₀, from what the network said.
    pub fn x_hat(self, said: &Tensor, x_t: &Tensor, [a, sigma]: &[Tensor; 2]) -> Tensor {
        match self {
            Prediction::Epsilon => (x_t - sigma * said) / a,
            Prediction::Data => said.clone(),
            Prediction::V => a * x_t - sigma * said,
        }
    }

    /// ε̂, from what the network said.
    pub fn eps_hat(self, said: &Tensor, x_t: &Tensor, [a, sigma]: &[Tensor; 2]) -> Tensor {
        match self {
            Prediction::Epsilon => said.clone(),
            Prediction::Data => (x_t - a * said) / sigma,
            Prediction::V => sigma * x_t + a * said,
        }
    }
}
// ANCHOR_END: prediction

// ANCHOR: denoiser
/// A network, what it is asked for, and the chain that it undoes.
#[derive(Clone, Debug)]
pub struct Denoiser {
    /// (t/T, x_t) → ε̂, x̂₀ or v̂.
    pub net: Network,
    /// Which of the three.
    pub prediction: Prediction,
    /// The noising.
    pub chain: Chain,
}

impl Denoiser {
    /// What the network says: t `[n, 1]`, x_t `[n, d]` → `[n, d]`.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn forward(&self, t: &Tensor, x_t: &Tensor) -> Tensor {
        self.net.forward(&(t / self.chain.steps() as Float), x_t)
    }

    /// x̂₀ when all rows are at step t.
    ///
    /// # Panics
    /// If the shape does not fit, or there is no step t.
    #[track_caller]
    pub fn x_hat(&self, t: usize, x_t: &Tensor) -> Tensor {
        let t = Tensor::full(&[1, 1], t as Float);
        self.prediction.x_hat(&self.forward(&t, x_t), x_t, &self.chain.factors(&t))
    }
}
// ANCHOR_END: denoiser

/// L_simple of a batch: the mean over points and coordinates of ‖ε_θ(x_t, t) − ε‖² (Ho et al. 2020,
/// eq. 14, divided by d), or the same for x₀ or v. t is `[n, 1]`, uniform on 1 … T.
///
/// # Panics
/// If the shapes do not fit.
// ANCHOR: simple_loss
#[track_caller]
pub fn simple_loss(model: &Denoiser, x_0: &Tensor, eps: &Tensor, t: &Tensor) -> Tensor {
    let x_t = model.chain.noised(x_0, eps, t);
    let target = model.prediction.target(x_0, eps, &model.chain.factors(t));
    model.forward(t, &x_t).mse(&target)
}
// ANCHOR_END: simple_loss

impl Module for Hidden {
    fn parameters(&self) -> Vec<(String, &Tensor)> {
        let mut parameters = prefixed("time", self.time.parameters());
        parameters.extend(prefixed("next", self.next.parameters()));
        parameters
    }

    fn parameters_mut(&mut self) -> Vec<(String, &mut Tensor)> {
        let mut parameters = prefixed("time", self.time.parameters_mut());
        parameters.extend(prefixed("next", self.next.parameters_mut()));
        parameters
    }
}

impl Module for Network {
    fn parameters(&self) -> Vec<(String, &Tensor)> {
        let mut parameters = prefixed("input", self.input.parameters());
        parameters.extend(prefixed("hidden", self.hidden.parameters()));
        parameters.extend(prefixed("output", self.output.parameters()));
        parameters
    }

    fn parameters_mut(&mut self) -> Vec<(String, &mut Tensor)> {
        let mut parameters = prefixed("input", self.input.parameters_mut());
        parameters.extend(prefixed("hidden", self.hidden.parameters_mut()));
        parameters.extend(prefixed("output", self.output.parameters_mut()));
        parameters
    }
}

impl Module for Denoiser {
    fn parameters(&self) -> Vec<(String, &Tensor)> {
        prefixed("net", self.net.parameters())
    }

    fn parameters_mut(&mut self) -> Vec<(String, &mut Tensor)> {
        prefixed("net", self.net.parameters_mut())
    }
}
