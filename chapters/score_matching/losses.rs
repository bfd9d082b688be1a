//! Four losses with the same minimum, the score, as means over a batch of rows. `s` maps `[n, d]` to
//! `[n, d]`, each row by itself; every loss is a scalar.

use super::Score;
use crate::derivatives::{divergence, divergence_hutchinson};
use crate::{Float, Tensor};

// ANCHOR: explicit
/// ½ E‖s(x) − ∇ ln p(x)‖², half of Fisher's divergence: explicit score matching. Only where the score is
/// known: x and `score` are `[n, d]`.
///
/// # Panics
/// If the shapes differ.
#[track_caller]
pub fn explicit(s: impl Fn(&Tensor) -> Tensor, x: &Tensor, score: &Tensor) -> Tensor {
    half_square(&(s(x) - score)).mean(..)
}
// ANCHOR_END: explicit

// ANCHOR: implicit
/// E[½ ‖s(x)‖² + div s(x)] (Hyvärinen 2005, theorem 1): no score is needed, and d backward walks.
///
/// # Panics
/// If x is not `[n, d]`, or s(x) has another shape.
#[track_caller]
pub fn implicit(s: impl Fn(&Tensor) -> Tensor, x: &Tensor) -> Tensor {
    let (said, div) = divergence(s, x);
    (half_square(&said) + div).mean(..)
}
// ANCHOR_END: implicit

// ANCHOR: sliced
/// E[½ ‖s(x)‖² + vᵀ J_s(x) v] (Song et al. 2020, eq. 8): v has E[v vᵀ] = I, for instance signs ±1 or
/// standard normal numbers, `[n, d]`. One backward walk, whatever d is.
///
/// # Panics
/// If x and v are not both `[n, d]`, or s(x) has another shape.
#[track_caller]
pub fn sliced(s: impl Fn(&Tensor) -> Tensor, x: &Tensor, v: &Tensor) -> Tensor {
    let (said, product) = divergence_hutchinson(s, x, v);
    (half_square(&said) + product).mean(..)
}
// ANCHOR_END: sliced

// ANCHOR: denoising
/// ½ E‖s(x + σ z) + z/σ‖² (Vincent 2011): its minimum is the score of p_σ, the law of the noised data. x and
/// the noise z ~ N(0, I) are `[n, d]`.
///
/// # Panics
/// If the shapes differ.
#[track_caller]
pub fn denoising(s: impl Fn(&Tensor) -> Tensor, x: &Tensor, sigma: Float, z: &Tensor) -> Tensor {
    half_square(&(s(&(x + z * sigma)) + z / sigma)).mean(..)
}
// ANCHOR_END: denoising

// ANCHOR: levels
/// The same at many levels of noise, each weighted by σ_t² so that all count alike: ½ E‖σ_t s(t, x + σ_t
/// z) + z‖² (Song & Ermon 2019, eqs. 5 and 6). t is `[n, 1]`.
///
/// # Panics
/// If the shapes do not fit.
#[track_caller]
pub fn levels(s: &Score, x: &Tensor, z: &Tensor, t: &Tensor) -> Tensor {
    let sigma = s.path.sigma(t);
    half_square(&(s.forward(t, &(x + &sigma * z)) * &sigma + z)).mean(..)
}
// ANCHOR_END: levels

/// ½ ‖row‖².
fn half_square(x: &Tensor) -> Tensor {
    x.square().sum(1) * 0.5
}
