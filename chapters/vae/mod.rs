//! The variational autoencoder: a decoder makes data from normal noise, an encoder says which noise
//! a point may have come from, and one bound trains both (Kingma & Welling 2014; Rezende, Mohamed &
//! Wierstra 2014).
//!
//! Here are the normal law that the encoder gives, the bounds, and the network for pictures; in
//! [`linear`] the model whose every integral is known, in [`run`], [`run_plane`], [`run_linear`]
//! and [`run_beta`] the experiments.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | x | `x` | data, `[n, d]` |
//! | z | `z` | what is behind it, `[n, k]`, or `[K, n, k]` for K draws |
//! | p(z) | [`log_prior`] | N(0, I) |
//! | p(x\|z) | [`LatentModel::log_likelihood`] | the decoder's law of x |
//! | q(z\|x) | [`Gaussian`] | the encoder's guess at p(z\|x): N(μ, diag σ²) |
//! | μ, ln σ² | `mu`, `log_var` | what the encoder's network says, `[n, k]` each |
//! | ε ~ N(0, I) | `epsilon` | the noise of z = μ + σ ⊙ ε, of the shape of z |
//! | D, R | [`Terms`] | distortion −E_q ln p(x\|z) and rate KL(q(z\|x) ‖ p(z)) |
//! | ELBO | [`elbo`] | −D − R ≤ ln p(x) |
//! | β | `beta` | the weight of R in the loss D + β R |

pub mod checks;
pub mod linear;
pub mod measure;
pub mod run;
pub mod run_beta;
pub mod run_linear;
pub mod run_plane;

use crate::nn::{Activation, Mlp, Module, prefixed};
use crate::random::Rng;
use crate::{Float, Tensor};
use std::f64::consts::TAU;

// ANCHOR: gaussian
/// q(z|x) = N(μ, diag σ²), a normal law for each row of x.
#[derive(Clone, Debug)]
pub struct Gaussian {
    /// μ, `[n, k]`.
    pub mu: Tensor,
    /// ln σ²: any number is one, so that a network may say it; of the shape of μ.
    pub log_var: Tensor,
}

impl Gaussian {
    /// z = μ + σ ⊙ ε with σ = exp(½ ln σ²): of law q if ε ~ N(0, I), and differentiable in μ and σ
    /// (Kingma & Welling 2014, §2.4). ε is `[n, k]`, or `[K, n, k]` for K draws of each row.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn reparameterize(&self, epsilon: &Tensor) -> Tensor {
        &self.mu + (&self.log_var * 0.5).exp() * epsilon
    }

    /// KL(N(μ, σ²) ‖ N(0, 1)) = −½ (1 + ln σ² − μ² − σ²) of each latent, `[n, k]`.
    pub fn kl_per_latent(&self) -> Tensor {
        (1.0 + &self.log_var - self.mu.square() - self.log_var.exp()) * -0.5
    }

    /// KL(q(z|x) ‖ p(z)), `[n]`: the sum over latents (Kingma & Welling 2014, appendix B).
    pub fn kl(&self) -> Tensor {
        self.kl_per_latent().sum(-1)
    }

    /// ln q(z|x): z `[.., n, k]` → `[.., n]`.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn log_density(&self, z: &Tensor) -> Tensor {
        let squares = (z - &self.mu).square() / self.log_var.exp();
        (squares + &self.log_var + libm::log(TAU) as Float).sum(-1) * -0.5
    }
}
// ANCHOR_END: gaussian

/// ln p(z) = ln N(z; 0, I): `[.., k]` → `[..]`.
pub fn log_prior(z: &Tensor) -> Tensor {
    (z.square() + libm::log(TAU) as Float).sum(-1) * -0.5
}

// ANCHOR: latent_model
/// A law p(x) = ∫ p(x|z) p(z) dz with p(z) = N(0, I), and an encoder for it.
pub trait LatentModel {
    /// q(z|x) of each row of x `[n, d]`.
    fn encode(&self, x: &Tensor) -> Gaussian;

    /// ln p(x|z): x `[n, d]`, z `[.., n, k]` → `[.., n]`.
    fn log_likelihood(&self, x: &Tensor, z: &Tensor) -> Tensor;
}
// ANCHOR_END: latent_model

// ANCHOR: elbo
/// The two parts of the negative ELBO, one draw of z for each row.
#[derive(Clone, Debug)]
pub struct Terms {
    /// D = −ln p(x|z), `[n]`: what is lost of x in nats, on average over z ~ q(z|x).
    pub distortion: Tensor,
    /// R = KL(q(z|x) ‖ p(z)), `[n]`, exact.
    pub rate: Tensor,
}

/// D and R of each row of x `[n, d]`, at z = μ + σ ⊙ ε.
///
/// # Panics
/// If the shapes do not fit.
#[track_caller]
pub fn terms(model: &impl LatentModel, x: &Tensor, epsilon: &Tensor) -> Terms {
    let q = model.encode(x);
    let z = q.reparameterize(epsilon);
    Terms { distortion: -model.log_likelihood(x, &z), rate: q.kl() }
}

/// ln p(x|z) − KL(q(z|x) ‖ p(z)), `[n]`: on average over ε at most ln p(x) (Kingma & Welling 2014,
/// eq. 7).
///
/// # Panics
/// If the shapes do not fit.
#[track_caller]
pub fn elbo(model: &impl LatentModel, x: &Tensor, epsilon: &Tensor) -> Tensor {
    let Terms { distortion, rate } = terms(model, x, epsilon);
    -distortion - rate
}

/// The loss: the mean over rows of D + β R. With β = 1 it is the mean of −ELBO (Higgins et al.
/// 2017, eq. 4, for other β). D is a sum over pixels; a mean over pixels would be β = d.
///
/// # Panics
/// If the shapes do not fit.
#[track_caller]
pub fn loss(model: &impl LatentModel, x: &Tensor, epsilon: &Tensor, beta: Float) -> Tensor {
    let Terms { distortion, rate } = terms(model, x, epsilon);
    (distortion + rate * beta).mean(..)
}
// ANCHOR_END: elbo

// ANCHOR: importance_bound
/// ln w = ln p(x|z) + ln p(z) − ln q(z|x) at z = μ + σ ⊙ ε: ε `[.., n, k]` → `[.., n]`. The mean of
/// w over z ~ q(z|x) is p(x), that of ln w the ELBO.
///
/// # Panics
/// If the shapes do not fit.
#[track_caller]
pub fn log_weights(model: &impl LatentModel, x: &Tensor, epsilon: &Tensor) -> Tensor {
    let q = model.encode(x);
    let z = q.reparameterize(epsilon);
    model.log_likelihood(x, &z) + log_prior(&z) - q.log_density(&z)
}

/// L_K = ln (1/K) Σ wₖ, `[n]`, with ε `[K, n, k]`: on average it grows with K from the ELBO to
/// ln p(x) (Burda, Grosse & Salakhutdinov 2016, eq. 8 and theorem 1).
///
/// # Panics
/// If the shapes do not fit.
#[track_caller]
pub fn importance_bound(model: &impl LatentModel, x: &Tensor, epsilon: &Tensor) -> Tensor {
    let draws = epsilon.shape()[0] as f64;
    log_weights(model, x, epsilon).log_sum_exp(0) - libm::log(draws) as Float
}
// ANCHOR_END: importance_bound

// ANCHOR: network
/// The network for pictures: pixels in [0, 1] → (μ, ln σ²), and z → the logits of the pixels.
#[derive(Clone, Debug)]
pub struct Vae {
    /// x → (μ, ln σ²): `[n, d]` → `[n, 2k]`.
    pub encoder: Mlp,
    /// z → logits: `[.., k]` → `[.., d]`.
    pub decoder: Mlp,
}

impl Vae {
    /// One hidden layer of `hidden` units with ReLU on each side.
    pub fn new(pixels: usize, hidden: usize, latents: usize, rng: &mut Rng) -> Vae {
        let mut mlp = |sizes: [usize; 3]| Mlp::new(&sizes, Activation::Relu, rng);
        Vae { encoder: mlp([pixels, hidden, 2 * latents]), decoder: mlp([latents, hidden, pixels]) }
    }

    /// k, the number of latents.
    pub fn latents(&self) -> usize {
        self.decoder.layers[0].weight.shape()[1]
    }

    /// E[x|z] = σ(logits): z `[.., k]` → pixels `[.., d]` in (0, 1).
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn decode(&self, z: &Tensor) -> Tensor {
        self.decoder.forward(z).sigmoid()
    }

    /// New pictures: `n` draws of z ~ N(0, I), decoded. `[n, d]`, a constant.
    pub fn generate(&self, n: usize, rng: &mut Rng) -> Tensor {
        self.frozen().decode(&rng.normal(&[n, self.latents()]))
    }
}

impl LatentModel for Vae {
    fn encode(&self, x: &Tensor) -> Gaussian {
        let said = self.encoder.forward(x);
        let mut halves = said.split(-1, &[self.latents(); 2]).into_iter();
        let mut half = || halves.next().expect("it was split into two");
        Gaussian { mu: half(), log_var: half() }
    }

    fn log_likelihood(&self, x: &Tensor, z: &Tensor) -> Tensor {
        bernoulli_log_likelihood(x, &self.decoder.forward(z))
    }
}
// ANCHOR_END: network

// ANCHOR: bernoulli
/// Σ_j x_j ln σ(l_j) + (1 − x_j) ln(1 − σ(l_j)) over pixels, from logits l, computed as Σ_j x_j l_j
/// − softplus(l_j): x `[n, d]`, l `[.., n, d]` → `[.., n]` (Kingma & Welling 2014, appendix C.1).
/// Minus this is the binary cross-entropy. Of pixels that are 0 or 1 it is ln p(x|z); of grey ones
/// it is the mean of that over pictures whose pixels are 1 with probability x_j.
///
/// # Panics
/// If the shapes do not fit.
#[track_caller]
pub fn bernoulli_log_likelihood(x: &Tensor, logits: &Tensor) -> Tensor {
    (x * logits - logits.softplus()).sum(-1)
}
// ANCHOR_END: bernoulli

impl Module for Vae {
    fn parameters(&self) -> Vec<(String, &Tensor)> {
        let mut all = prefixed("encoder", self.encoder.parameters());
        all.extend(prefixed("decoder", self.decoder.parameters()));
        all
    }

    fn parameters_mut(&mut self) -> Vec<(String, &mut Tensor)> {
        let mut all = prefixed("encoder", self.encoder.parameters_mut());
        all.extend(prefixed("decoder", self.decoder.parameters_mut()));
        all
    }
}

// ANCHOR: active
/// The latents in use: those whose mean moves with x, Var_x μ_j(x) > 0.01 (Burda, Grosse &
/// Salakhutdinov 2016, §5.2). μ is `[n, k]`.
pub fn active_units(mu: &Tensor) -> usize {
    mu.var(0, 0).data().iter().filter(|&&variance| variance > 0.01).count()
}
// ANCHOR_END: active
