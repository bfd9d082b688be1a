//! The forward chain: T steps that turn data into noise, each q(x_t|x_{t−1}) = N(√(1 − β_t) x_{t−1},
//! β_t I). Nothing here is learned.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | T | [`Chain::steps`] | how many steps |
//! | β_t | [`Chain::beta`] | variance that step t adds |
//! | ᾱ_t | [`Chain::alpha_bar`] | ∏ (1 − β_s) over s = 1 … t, with ᾱ_0 = 1 |
//! | a, σ | [`Chain::factors`] | √ᾱ_t and √(1 − ᾱ_t) |

use crate::random::Rng;
use crate::{Float, Tensor};
use libm::{cos, sqrt};
use std::f64::consts::FRAC_PI_2;

/// A chain is its ᾱ_t. A method that takes a step panics if t is not among 1 … T (0 … T for ᾱ).
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    /// ᾱ_0 = 1, ᾱ_1, …, ᾱ_T.
    alpha_bar: Vec<f64>,
}

impl Chain {
    /// From β_1 … β_T.
    ///
    /// # Panics
    /// If there is none, or one is not strictly between 0 and 1.
    #[track_caller]
    pub fn new(beta: &[f64]) -> Chain {
        assert!(
            !beta.is_empty() && beta.iter().all(|&b| b > 0.0 && b < 1.0),
            "Chain::new: each of the {} β must lie strictly between 0 and 1",
            beta.len()
        );
        let mut alpha_bar = vec![1.0];
        beta.iter().for_each(|b| alpha_bar.push(alpha_bar[alpha_bar.len() - 1] * (1.0 - b)));
        Chain { alpha_bar }
    }

    // ANCHOR: schedules
    /// β_t grows evenly from 10⁻⁴ to 0.02 if T = 1000 (Ho et al. 2020, §4). For another T both ends are
    /// multiplied by 1000/T, so that about as much noise is added in all.
    ///
    /// # Panics
    /// If T is 20 or less: β_T would not be less than 1.
    #[track_caller]
    pub fn linear(steps: usize) -> Chain {
        assert!(steps > 20, "Chain::linear: β_T is 20 / T, so T = {steps} must be more than 20");
        let scale = 1000.0 / steps as f64;
        let part = |i: usize| i as f64 / (steps - 1) as f64;
        let beta: Vec<f64> = (0..steps).map(|i| scale * (1e-4 + (0.02 - 1e-4) * part(i))).collect();
        Chain::new(&beta)
    }

    /// ᾱ_t = f(t) / f(0), f(t) = cos²(½π (t/T + 0.008) / 1.008), with β_t at most 0.999 (Nichol &
    /// Dhariwal 2021, eq. 17).
    pub fn cosine(steps: usize) -> Chain {
        let f = |t: usize| {
            let c = cos(FRAC_PI_2 * (t as f64 / steps as f64 + 0.008) / 1.008);
            c * c
        };
        let beta: Vec<f64> = (1..=steps).map(|t| (1.0 - f(t) / f(t - 1)).min(0.999)).collect();
        Chain::new(&beta)
    }
    // ANCHOR_END: schedules

    /// T.
    pub fn steps(&self) -> usize {
        self.alpha_bar.len() - 1
    }

    /// ᾱ_t.
    #[track_caller]
    pub fn alpha_bar(&self, t: usize) -> f64 {
        assert!(t <= self.steps(), "Chain: step {t} is asked for; there are {}", self.steps());
        self.alpha_bar[t]
    }

    /// β_t = 1 − ᾱ_t / ᾱ_{t−1}.
    #[track_caller]
    pub fn beta(&self, t: usize) -> f64 {
        assert!(t > 0, "Chain: step 0 is the data; steps are counted from 1");
        1.0 - self.alpha_bar(t) / self.alpha_bar(t - 1)
    }

    /// SNR(t) = ᾱ_t / (1 − ᾱ_t), infinite at t = 0 (Kingma et al. 2021, eq. 3).
    #[track_caller]
    pub fn snr(&self, t: usize) -> f64 {
        self.alpha_bar(t) / (1.0 - self.alpha_bar(t))
    }

    /// n steps uniform on 1 … T: `[n, 1]`.
    pub fn draw(&self, n: usize, rng: &mut Rng) -> Tensor {
        Tensor::from_fn(&[n, 1], |_| (rng.below(self.steps()) + 1) as Float)
    }

    /// √ᾱ_t and √(1 − ᾱ_t), each of the shape of t.
    ///
    /// # Panics
    /// If one of t is not a step.
    #[track_caller]
    pub fn factors(&self, t: &Tensor) -> [Tensor; 2] {
        let whole = |&t: &Float| t >= 0.0 && t <= self.steps() as Float && t == t.trunc();
        assert!(
            t.data().iter().all(whole),
            "Chain: t must be whole numbers of 0 … {}",
            self.steps()
        );
        let table = |f: fn(f64) -> f64| {
            Tensor::from_fn(t.shape(), |i| f(self.alpha_bar[t.data()[i] as usize]) as Float)
        };
        [table(sqrt), table(|alpha_bar| sqrt(1.0 - alpha_bar))]
    }

    /// One step: x_t = √(1 − β_t) x_{t−1} + √β_t ε.
    // ANCHOR: step
    pub fn step(&self, before: &Tensor, eps: &Tensor, t: usize) -> Tensor {
        let beta = self.beta(t);
        before * sqrt(1.0 - beta) as Float + eps * sqrt(beta) as Float
    }
    // ANCHOR_END: step

    /// t steps at once: x_t = √ᾱ_t x₀ + √(1 − ᾱ_t) ε (Ho et al. 2020, eq. 4). t is `[n, 1]`, x₀ and ε are
    /// `[n, d]`.
    ///
    /// # Panics
    /// If the shapes do not fit.
    // ANCHOR: noised
    #[track_caller]
    pub fn noised(&self, x_0: &Tensor, eps: &Tensor, t: &Tensor) -> Tensor {
        let [a, sigma] = self.factors(t);
        a * x_0 + sigma * eps
    }
    // ANCHOR_END: noised

    /// q(x_{t−1}|x_t, x₀) = N(μ̃_t, β̃_t I): its mean and variance (Ho et al. 2020, eqs. 6 and 7),
    ///
    /// μ̃_t = √ᾱ_{t−1} β_t / (1 − ᾱ_t) x₀ + √α_t (1 − ᾱ_{t−1}) / (1 − ᾱ_t) x_t,
    /// β̃_t = (1 − ᾱ_{t−1}) / (1 − ᾱ_t) β_t.
    ///
    /// At t = 1 they are x₀ and 0.
    ///
    /// # Panics
    /// If the shapes do not fit.
    // ANCHOR: posterior
    #[track_caller]
    pub fn posterior(&self, x_t: &Tensor, x_0: &Tensor, t: usize) -> (Tensor, f64) {
        let (beta, before, now) = (self.beta(t), self.alpha_bar(t - 1), self.alpha_bar(t));
        let of_x_0 = sqrt(before) * beta / (1.0 - now);
        let of_x_t = sqrt(1.0 - beta) * (1.0 - before) / (1.0 - now);
        let mean = x_0 * of_x_0 as Float + x_t * of_x_t as Float;
        (mean, (1.0 - before) / (1.0 - now) * beta)
    }
    // ANCHOR_END: posterior
}
