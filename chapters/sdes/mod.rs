//! Stochastic differential equations: motion with fresh noise at every moment. Every score here is
//! exact; how one is learned is the chapter on score matching.
//!
//! Here are Itô's lemma, the equation of Fokker and Planck, Langevin's dynamics, the extension of a
//! flow by noise, and time run backwards; in [`run`] and the files beside it the experiments. Solvers
//! are in [`sde`].
//!
//! **Noising has a time of its own, s = 1 − t**: it begins at the data, s = 0, where the book's time is
//! t = 1, and ends in noise, s = 1, t = 0. Song et al. (2021) call this s their t.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | W_t | [`Brownian`](crate::sde::Brownian) | Brownian motion |
//! | u(t, x), g(t) or σ_t | `u`, `sigma` | drift and noise of dX = u dt + σ dW |
//! | ε, z ~ N(0, I) | `z` | fresh noise, `[n, d]` |
//! | h | `h` | a step of time |
//! | p_t, ∇ ln p_t | [`Marginal`] | density and score of a path's marginal |
//! | a(s) x, g(s)² | [`noising`] | drift and squared noise of the equation that noises data |

pub mod checks;
pub mod run;
pub mod run_extension;
pub mod run_langevin;
pub mod run_reverse;

use crate::chapters::flow_matching::oracle::Marginal;
use crate::chapters::flow_matching::path::Path;
use crate::derivatives::divergence;
use crate::{Float, Tensor, grad_graph, sde};
use libm::{exp, expm1};

/// Drift of f(X) when dX = u dt + g dW on the line: u f′ + ½ g² f″ (Itô 1944). `f` is applied number
/// by number to x, of any shape; u and g have that shape or broadcast to it. Without the second term it
/// is the chain rule.
// ANCHOR: ito
pub fn ito_drift(f: impl Fn(&Tensor) -> Tensor, u: &Tensor, g: &Tensor, x: &Tensor) -> Tensor {
    let x = x.variable();
    let slope = grad_graph(&f(&x).sum(..), &[&x]).remove(0);
    if !slope.is_tracked() {
        return u * slope; // f is linear
    }
    let bend = grad_graph(&slope.sum(..), &[&x]).remove(0);
    u * slope + g.square() * bend * 0.5
}
// ANCHOR_END: ito

/// Mean and variance at t of dX = −θ X dt + σ dW that begins in x₀ (Uhlenbeck & Ornstein 1930):
/// x₀ e^(−θt) and σ² (1 − e^(−2θt)) / 2θ.
// ANCHOR: ornstein_uhlenbeck
pub fn ornstein_uhlenbeck(x_0: f64, theta: f64, sigma: f64, t: f64) -> (f64, f64) {
    (x_0 * exp(-theta * t), -sigma * sigma * expm1(-2.0 * theta * t) / (2.0 * theta))
}
// ANCHOR_END: ornstein_uhlenbeck

/// A step of dX = ½ σ² ∇ ln p(X) dt + σ dW, whose stationary law is p (Langevin 1908): x + ½ σ² h s + σ √h
/// z with s = ∇ ln p(x). All are `[n, d]`.
// ANCHOR: langevin
pub fn langevin_step(x: &Tensor, s: &Tensor, sigma: Float, h: Float, z: &Tensor) -> Tensor {
    x + s * (0.5 * sigma * sigma * h) + z * (sigma * h.sqrt())
}

/// The variance that steps of this size settle at if p = N(0, v): v / (1 − σ² h / 4v). For it is the w
/// with w = (1 − σ² h / 2v)² w + σ² h. The steps diverge from σ² h = 4v on.
pub fn langevin_variance(v: f64, sigma: f64, h: f64) -> f64 {
    v / (1.0 - sigma * sigma * h / (4.0 * v))
}
// ANCHOR_END: langevin

/// What is missing in Fokker and Planck's equation for dX = u dt + σ dW at each row, divided by p:
///
/// (∂p/∂t + div(p u) − ½ σ² Δp) / p = ∂ ln p/∂t + u·∇ ln p + div u − ½ σ² (Δ ln p + ‖∇ ln p‖²).
///
/// It is 0 everywhere exactly if X_t has the density p_t (Fokker 1914; Planck 1917; Risken 1989, §4.7);
/// with σ = 0 it is the continuity equation. t is `[n, 1]`, x `[n, d]`; the result is `[n]`.
///
/// # Panics
/// If the shapes do not fit.
// ANCHOR: fokker_planck
#[track_caller]
pub fn fokker_planck_residual(
    log_p: impl Fn(&Tensor, &Tensor) -> Tensor,
    u: impl Fn(&Tensor, &Tensor) -> Tensor,
    sigma: Float,
    t: &Tensor,
    x: &Tensor,
) -> Tensor {
    let (t, x) = (t.variable(), x.variable());
    let slopes = grad_graph(&log_p(&t, &x).sum(..), &[&t, &x]);
    let (u, div_u) = divergence(|x| u(&t, x), &x);
    let score = |x: &Tensor| grad_graph(&log_p(&t, x).sum(..), &[x]).remove(0);
    let (score, laplacian) = divergence(score, &x);
    let spread = (laplacian + score.square().sum(1)) * (0.5 * sigma * sigma);
    slopes[0].reshape(&[t.len()]) + (u * &slopes[1]).sum(1) + div_u - spread
}
// ANCHOR_END: fokker_planck

/// u + ½ σ² s: with this drift and noise σ the law stays what the flow of u makes it, if s is its score
/// (Song et al. 2021, appendix D.1, read backwards; Holderrieth & Erives 2025, theorem 17).
// ANCHOR: extension
pub fn extended_drift(u: &Tensor, s: &Tensor, sigma: Float) -> Tensor {
    u + s * (0.5 * sigma * sigma)
}

/// Noise carried to the law of a path's data from t = 0 to 1 in `steps` steps, with the exact velocity
/// and score and noise σ. Returns every state.
pub fn extended(
    p: &Marginal,
    x_0: &Tensor,
    sigma: Float,
    with_score: bool,
    steps: usize,
    rng: &mut crate::random::Rng,
) -> Vec<(Float, Tensor)> {
    let drift = |t: Float, x: &Tensor| {
        let t = Tensor::full(&[x.shape()[0], 1], t);
        let u = p.velocity(&t, x);
        if with_score { extended_drift(&u, &p.score(&t, x), sigma) } else { u }.detach()
    };
    sde::trajectory(drift, |_, _| Tensor::scalar(sigma), x_0, 0.0..1.0, steps, rng)
}
// ANCHOR_END: extension

/// The equation dX = a(s) X ds + g(s) dW that noises data along a path, at time s = 1 − t: a and g².
///
/// X_s must have the mean α x₁ and the variance σ² I when it began in x₁. The mean obeys m′ = a m, the
/// variance v′ = 2a v + g² (primes are d/ds), so that a = α′/α and g² = (σ²)′ − 2 (α′/α) σ². With variance
/// preserved that is −½ β(s) and β(s); with variance exploding 0 and (σ²)′ (Song et al. 2021, eqs. 9 and
/// 11). In the book's time the primes change their sign. Not finite where α is 0.
// ANCHOR: noising
pub fn noising(path: &Path, s: Float) -> [Float; 2] {
    let t = Tensor::scalar(1.0 - s);
    let a = -(path.alpha_dot(&t) / path.alpha(&t));
    let g_squared = -path.variance_dot(&t) - &a * path.sigma(&t).square() * 2.0;
    [a.item(), g_squared.item()]
}
// ANCHOR_END: noising

/// Drift of the equation that undoes the noising, in the book's time t = 1 − s: −a x + g² ∇ ln p_t(x), with
/// the noise g (Anderson 1982; Song et al. 2021, eq. 6).
// ANCHOR: reverse
pub fn reverse_drift(x: &Tensor, score: &Tensor, [a, g_squared]: [Float; 2]) -> Tensor {
    score * g_squared - x * a
}

/// Drift of the ordinary equation with the same laws: −a x + ½ g² ∇ ln p_t(x) (Song et al. 2021, eq. 13).
pub fn probability_flow(x: &Tensor, score: &Tensor, [a, g_squared]: [Float; 2]) -> Tensor {
    score * (0.5 * g_squared) - x * a
}
// ANCHOR_END: reverse
