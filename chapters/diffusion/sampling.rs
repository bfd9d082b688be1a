//! The way back, from x_T to x₀. What is believed of x₀ is a function x̂₀(t, x_t): a network's, or
//! the exact one of `oracle`.

use super::chain::Chain;
use crate::random::Rng;
use crate::{Float, Tensor};
use libm::sqrt;

/// x_{t−1} from q(x_{t−1}|x_t, x̂₀): its mean and noise of its variance β̃_t (Ho et al. 2020, algorithm
/// 2). β̃_1 = 0: the last step adds none. z ~ N(0, I), all are `[n, d]`.
///
/// # Panics
/// If the shapes do not fit, or there is no step t.
// ANCHOR: ancestral_step
#[track_caller]
pub fn ancestral_step(chain: &Chain, x_t: &Tensor, x_hat: &Tensor, t: usize, z: &Tensor) -> Tensor {
    let (mean, variance) = chain.posterior(x_t, x_hat, t);
    mean + z * sqrt(variance) as Float
}
// ANCHOR_END: ancestral_step

/// Ancestral sampling: all T steps back from x_T ~ N(0, I).
///
/// # Panics
/// If the shapes do not fit.
// ANCHOR: ancestral
#[track_caller]
pub fn ancestral(
    chain: &Chain,
    x_hat: impl Fn(usize, &Tensor) -> Tensor,
    noise: &Tensor,
    rng: &mut Rng,
) -> Tensor {
    let mut x = noise.clone();
    for t in (1..=chain.steps()).rev() {
        let z = rng.normal(x.shape());
        x = ancestral_step(chain, &x, &x_hat(t, &x), t, &z).detach();
    }
    x
}
// ANCHOR_END: ancestral

/// From step t back to any earlier step u (Song, Meng & Ermon 2021, eqs. 12 and 16):
///
/// x_u = √ᾱ_u x̂₀ + √(1 − ᾱ_u − σ²) ε̂ + σ z,  σ² = η² (1 − ᾱ_u)/(1 − ᾱ_t) (1 − ᾱ_t/ᾱ_u).
///
/// η = 0 adds no noise; η = 1 with u = t − 1 is [`ancestral_step`].
///
/// # Panics
/// If the shapes do not fit, or there are no such steps.
// ANCHOR: ddim_step
#[track_caller]
pub fn ddim_step(
    chain: &Chain,
    x_t: &Tensor,
    x_hat: &Tensor,
    [t, u]: [usize; 2],
    eta: f64,
    z: &Tensor,
) -> Tensor {
    assert!(u < t, "ddim_step: from step {t} to {u} is not back");
    let (now, then) = (chain.alpha_bar(t), chain.alpha_bar(u));
    let eps_hat = (x_t - x_hat * sqrt(now) as Float) / sqrt(1.0 - now) as Float;
    let variance = eta * eta * (1.0 - then) / (1.0 - now) * (1.0 - now / then);
    let towards = sqrt((1.0 - then - variance).max(0.0));
    x_hat * sqrt(then) as Float + eps_hat * towards as Float + z * sqrt(variance) as Float
}
// ANCHOR_END: ddim_step

/// x_T ~ N(0, I) carried to x₀ in `count` steps over evenly spaced t, with every state on the way
/// and its t.
///
/// # Panics
/// If there are no steps or more than T, or the shapes do not fit.
// ANCHOR: ddim
#[track_caller]
pub fn trajectory(
    chain: &Chain,
    x_hat: impl Fn(usize, &Tensor) -> Tensor,
    noise: &Tensor,
    count: usize,
    eta: f64,
    rng: &mut Rng,
) -> Vec<(usize, Tensor)> {
    let steps = chain.steps();
    assert!((1..=steps).contains(&count), "trajectory: {count} is not among 1 … {steps} steps");
    let mut states = vec![(steps, noise.clone())];
    for i in (0..count).rev() {
        let (t, x) = &states[states.len() - 1];
        let u = i * steps / count;
        let z = if eta > 0.0 { rng.normal(x.shape()) } else { Tensor::zeros(x.shape()) };
        let x = ddim_step(chain, x, &x_hat(*t, x), [*t, u], eta, &z).detach();
        states.push((u, x));
    }
    states
}
// ANCHOR_END: ddim

/// The same, and only where it ends.
///
/// # Panics
/// As [`trajectory`].
#[track_caller]
pub fn sample(
    chain: &Chain,
    x_hat: impl Fn(usize, &Tensor) -> Tensor,
    noise: &Tensor,
    count: usize,
    eta: f64,
    rng: &mut Rng,
) -> Tensor {
    trajectory(chain, x_hat, noise, count, eta, rng).pop().expect("a trajectory has an end").1
}
