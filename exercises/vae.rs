//! Exercises of the chapter on variational autoencoders (book/src/03_vae.md).
//!
//! Replace a `todo!()`, then ask for a verdict:
//!
//! ```console
//! cargo exercise vae kl_divergence             judge one answer
//! cargo exercise vae                           judge all
//! cargo exercise vae kl_divergence --hint 1    where to look
//! cargo exercise vae kl_divergence --hint 2    which equation
//! cargo exercise vae kl_divergence --hint 3    the shape of the line
//! cargo run --release -- exercises             how far you are in the book
//! ```
//!
//! They follow the page. Only the bodies need to be touched; helpers may be added, and what is left
//! unfinished disturbs nothing else. n is the number of rows (pictures, points), d that of pixels or
//! coordinates, k that of latents. `log_var` is ln σ². In a notebook give your function to the one
//! of the same name in `pushforward::chapters::vae::checks`.
//!
//! What you need of the library:
//!
//! - Operators take tensors, references to them and numbers, in any mixture. A tensor itself is used
//!   up, a reference is not: write `&mu`, where mu is needed again.
//! - `x.sum(1)` sums over axis 1 and drops it, `x.sum_keep(1)` keeps it with size 1, `x.sum(..)` is a
//!   scalar; so with `mean` and `log_sum_exp`. `x.square()`, `x.exp()`, `x.ln()`, `x.sigmoid()`,
//!   `x.softplus()` (ln(1 + eˣ)) do what they say, number by number.
//! - `x.slice(1, 0..k)` is the first k columns, `x.reshape(&[n, 2, 3])` another shape of the same
//!   numbers, `x.gt(0.5)` is 1 where x > 0.5 and 0 elsewhere, `Tensor::scalar(2.0)` a number.
//! - `x.t()` is the transpose; `a.matmul(&b)`, `a.matmul_nt(&b)` and `a.matmul_tn(&b)` are A B, A Bᵀ
//!   and Aᵀ B; `a.solve(&b)` is A⁻¹ B, `a.inverse()` A⁻¹, `a.slogdet().1` is ln |det A|,
//!   `Tensor::eye(k)` the identity.
//! - A `Network` is called as a function is: `decode(&z)`.
//! - `grad(&y, &[&a])` is a list with ∂y/∂a for a scalar y, where a is `v.variable()` for a tensor v.
//!
//! `cargo doc --open` has everything else.

// A `todo!()` uses none of its arguments and, as long as it is there, not every import is needed.
#![allow(unused_variables, unused_imports)]

use pushforward::chapters::vae::checks::{Answers, Network, trials};
use pushforward::{Float, Tensor, check, grad};
use std::process::ExitCode;

/// 1. ln w = ln p(x|z) + ln p(z) − ln q(z|x) of each row, where p(z) = N(0, I) and q(z|x) = N(μ,
/// diag σ²). ln p(x|z) is given.
///
/// Book: "The bound". Shapes: log_likelihood `[n]`, mu, log_var, z `[n, k]` → `[n]`.
fn log_weights(log_likelihood: &Tensor, mu: &Tensor, log_var: &Tensor, z: &Tensor) -> Tensor {
    todo!()
}

/// 2. KL(N(μ, diag σ²) ‖ N(0, I)) of each row.
///
/// Book: "The divergence of normal laws". Shapes: mu, log_var `[n, k]` → `[n]`.
fn kl_divergence(mu: &Tensor, log_var: &Tensor) -> Tensor {
    todo!()
}

/// 3. z, of the law N(μ, diag σ²) if ε is of the law N(0, I). It must differentiate in μ and ln σ².
///
/// Book: "Noise with a derivative". Shapes: mu, log_var `[n, k]`, epsilon `[n, k]` or `[K, n, k]` →
/// the shape of epsilon.
fn reparameterize(mu: &Tensor, log_var: &Tensor, epsilon: &Tensor) -> Tensor {
    todo!()
}

/// 4. Two estimates of ∇_μ E f(z), where z = μ + σ ⊙ ε, a row for each draw: (along the path, by
/// the score). The first differentiates f(z(μ)); the second is f(z) ∇_μ ln N(z; μ, diag σ²) at
/// fixed z. f may be called, and differentiated with `grad`.
///
/// Book: "Two gradients". Shapes: f(z) `[n, 1]`; mu, log_var, epsilon `[n, k]` → `[n, k]`, `[n, k]`.
fn two_gradients(f: Network, mu: &Tensor, log_var: &Tensor, epsilon: &Tensor) -> (Tensor, Tensor) {
    todo!()
}

/// 5. ln p(x|z) of each picture when pixel j is 1 with probability σ(l_j), independently of the
/// others, from the logits l. It must be finite for logits of ±200. For grey pixels the same formula
/// holds.
///
/// Book: "Pixels". Shapes: x, logits `[n, d]` → `[n]`.
fn bernoulli_log_likelihood(x: &Tensor, logits: &Tensor) -> Tensor {
    todo!()
}

/// 6. The loss of a batch: the mean over rows of D + β R with D = −ln p(x|z) and R = KL(q(z|x) ‖
/// p(z)), one draw of z for each row. `encode(x)` is `[n, 2k]`, first μ and then ln σ²; `decode(z)`
/// is `[n, d]`, the logits of the pixels.
///
/// Book: "The five steps". Shapes: x `[n, d]`, epsilon `[n, k]` → `[]`, a scalar.
fn vae_loss(encode: Network, decode: Network, x: &Tensor, epsilon: &Tensor, beta: Float) -> Tensor {
    todo!()
}

/// 7. A picture for each row of the noise z: the mean E[x|z] of every pixel. `decode(z)` gives
/// logits, `[n, side · side]`, row by row of the picture.
///
/// Book: "Pictures from noise". Shapes: z `[n, k]` → `[n, side, side]`.
fn generate(decode: Network, z: &Tensor, side: usize) -> Tensor {
    todo!()
}

/// 8. ln p(x) of each row in the linear model: p(z) = N(0, I) and p(x|z) = N(W z + b, σ² I). σ²
/// is `sigma_2`; `Tensor::scalar(std::f64::consts::TAU as Float).ln()` is
/// ln 2π.
///
/// Book: "The linear model". Shapes: x `[n, d]`, w `[d, k]`, b `[d]` → `[n]`.
fn linear_log_likelihood(x: &Tensor, w: &Tensor, b: &Tensor, sigma_2: Float) -> Tensor {
    todo!()
}

/// 9. The posterior p(z|x) of the linear model: (means, covariance). The covariance is the same for
/// every x.
///
/// Book: "The linear model". Shapes: x `[n, d]`, w `[d, k]`, b `[d]` → `[n, k]`, `[k, k]`.
fn linear_posterior(x: &Tensor, w: &Tensor, b: &Tensor, sigma_2: Float) -> (Tensor, Tensor) {
    todo!()
}

/// 10. The importance-weighted bound L_K of each row, from ln w of K draws. It must be finite where
/// every weight underflows.
///
/// Book: "More draws". Shapes: log_w `[K, n]` → `[n]`.
fn importance_bound(log_w: &Tensor) -> Tensor {
    todo!()
}

/// 11. Which latents are in use, from the means μ(x) of n pictures: 1 where the variance of μ_j over
/// the pictures (the mean of squares, divided by n) is greater than 0.01, 0 elsewhere.
///
/// Book: "Silent latents". Shapes: mu `[n, k]` → `[k]`.
fn active_latents(mu: &Tensor) -> Tensor {
    todo!()
}

/// What is judged.
pub const ANSWERS: Answers = Answers {
    log_weights,
    kl_divergence,
    reparameterize,
    two_gradients,
    bernoulli_log_likelihood,
    vae_loss,
    generate,
    linear_log_likelihood,
    linear_posterior,
    importance_bound,
    active_latents,
};

fn main() -> ExitCode {
    check::main(&trials(&ANSWERS))
}
