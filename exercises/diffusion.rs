//! Exercises of the chapter on diffusion (book/src/04_diffusion.md).
//!
//! Replace a `todo!()`, then ask for a verdict:
//!
//! ```console
//! cargo exercise diffusion noise_to             judge one answer
//! cargo exercise diffusion                      judge all
//! cargo exercise diffusion noise_to --hint 1    where to look
//! cargo exercise diffusion noise_to --hint 2    which equation
//! cargo exercise diffusion noise_to --hint 3    the shape of the line
//! cargo run --release -- exercises              how far you are in the book
//! ```
//!
//! They follow the page. Only the bodies need to be touched; helpers may be added, and what is left
//! unfinished disturbs nothing else. `[n, d]` is a shape: n points of d coordinates. **As on the
//! page, x_0 is data and x_T noise, and t counts the steps 1 … T.** In a notebook give your
//! function to the one of the same name in `pushforward::chapters::diffusion::checks`.
//!
//! What you need of the library:
//!
//! - Operators take tensors, references to them and numbers, in any mixture. A tensor itself is
//!   used up, a reference is not: write `&alpha_bar * x_0` where alpha_bar is needed again.
//! - `[n, 1]` meets `[n, d]` by broadcasting: an ᾱ for each row.
//! - `x.sum_keep(1)` sums over axis 1 and keeps it with size 1, `x.mean(..)` is a scalar.
//!   `x.square()`, `x.sqrt()`, `x.cos()`, `x.ln()`, `x.mse(&y)`, `x.minimum(m)` do what they say,
//!   and `x.cumsum(0)` has the running sums.
//! - `Tensor::arange(0..3)` is 0, 1, 2; `f.slice(0, 1..3)` the elements 1 and 2 of f;
//!   `beta.at(&[0])` the first number, `beta.data()` all of them. `Tensor::full(&[n, 1], 3.0)` is a
//!   column filled with a number, `Tensor::from_fn(&[k], |i| …)` has a number for each i.
//! - A `Field` or a `Decoder` is called as a function is: `network(&t, &x)`, `decoder(&x_1)`.
//!
//! `cargo doc --open` has everything else.

// A `todo!()` uses none of its arguments and, as long as it is there, not every import is needed.
#![allow(unused_variables, unused_imports)]

use pushforward::chapters::diffusion::checks::{Answers, Decoder, Field, trials};
use pushforward::{Float, Tensor, check};
use std::f64::consts::{FRAC_PI_2, TAU};
use std::process::ExitCode;

/// 1. ᾱ_1 … ᾱ_T from β_1 … β_T: what each point of the chain has left of the data's variance.
///
/// Book: "Many small steps". Shapes: beta `[T]` → `[T]`.
fn alpha_bar(beta: &Tensor) -> Tensor {
    todo!()
}

/// 2. x_t from the data and one noise ε, without walking the chain.
///
/// Book: "Many small steps". Shapes: x_0, eps `[n, d]`, alpha_bar `[n, 1]` → `[n, d]`.
fn noise_to(x_0: &Tensor, eps: &Tensor, alpha_bar: &Tensor) -> Tensor {
    todo!()
}

/// 3. β_1 … β_T of the cosine schedule: β_t = 1 − f(t)/f(t − 1), but at most `most`, with f(t) =
/// cos²(π/2 · (t/T + s)/(1 + s)). T is `steps`.
///
/// Book: "Schedules". Shapes: → `[T]`.
fn cosine_schedule(steps: usize, s: Float, most: Float) -> Tensor {
    todo!()
}

/// 4. (mean, variance) of q(x_{t−1}|x_t, x_0). `alpha_bar` is ᾱ_t, `alpha_bar_before` ᾱ_{t−1}.
///
/// Book: "Back by one step". Shapes: x_t, x_0 `[n, d]`, both ᾱ `[n, 1]` → `[n, d]`, `[n, 1]`.
fn posterior(
    x_t: &Tensor,
    x_0: &Tensor,
    alpha_bar: &Tensor,
    alpha_bar_before: &Tensor,
) -> (Tensor, Tensor) {
    todo!()
}

/// 5. L_{t−1} of each point, t > 1: the Kullback–Leibler divergence of the posterior from the
/// model's step, whose variance is β̃_t too, when the noise in x_t is ε and the network says ε̂.
///
/// Book: "Each term is a squared error". Shapes: eps, eps_hat `[n, d]`, both ᾱ `[n, 1]` → `[n, 1]`.
fn step_kl(
    eps: &Tensor,
    eps_hat: &Tensor,
    alpha_bar: &Tensor,
    alpha_bar_before: &Tensor,
) -> Tensor {
    todo!()
}

/// 6. The simple loss of a batch: the mean over points and coordinates of the squared difference
/// between what the network says of (t, x_t) and the noise. Each row has its step t and its ᾱ_t.
///
/// Book: "The simple loss". Shapes: x_0, eps `[n, d]`, t, alpha_bar `[n, 1]`, network(t, x)
/// `[n, d]` → `[]`, a scalar.
fn simple_loss(
    network: Field,
    x_0: &Tensor,
    eps: &Tensor,
    t: &Tensor,
    alpha_bar: &Tensor,
) -> Tensor {
    todo!()
}

/// 7. x̂_0, what a network believes of the data that says ε̂ of the noise in x_t.
///
/// Book: "One network, three questions". Shapes: x_t, eps_hat `[n, d]`, alpha_bar `[n, 1]` →
/// `[n, d]`.
fn predict_x_0(x_t: &Tensor, eps_hat: &Tensor, alpha_bar: &Tensor) -> Tensor {
    todo!()
}

/// 8. (x_0, ε) from x_t and v = √ᾱ ε − √(1 − ᾱ) x_0, without dividing by anything.
///
/// Book: "One network, three questions". Shapes: x_t, v `[n, d]`, alpha_bar `[n, 1]` → `[n, d]`,
/// `[n, d]`.
fn from_v(x_t: &Tensor, v: &Tensor, alpha_bar: &Tensor) -> (Tensor, Tensor) {
    todo!()
}

/// 9. The ELBO of each point for a chain of one step, T = 1, from one noise ε: x_1 is noised with
/// ᾱ, and p(x_0|x_1) = N(decoder(x_1), σ² I), p(x_1) = N(0, I). In nats, with every constant.
///
/// Book: "One step is a VAE". Shapes: x_0, eps `[n, d]`, decoder(x_1) `[n, d]` → `[n, 1]`.
fn one_step_elbo(
    decoder: Decoder,
    sigma: Float,
    x_0: &Tensor,
    eps: &Tensor,
    alpha_bar: Float,
) -> Tensor {
    todo!()
}

/// 10. A step of Ho et al.'s algorithm 2: x_{t−1} from x_t, what the network says of its noise, and
/// fresh noise z, with the variance β_t. beta holds β_1 … β_T.
///
/// Book: "The sampler". Shapes: x_t, eps_hat, z `[n, d]`, beta `[T]` → `[n, d]`.
fn ancestral_step(x_t: &Tensor, eps_hat: &Tensor, z: &Tensor, beta: &Tensor, t: usize) -> Tensor {
    todo!()
}

/// 11. A step of DDIM from ᾱ_t to any larger ᾱ_u, with the share η of fresh noise. alpha_bars is
/// [ᾱ_t, ᾱ_u].
///
/// Book: "Fewer steps". Shapes: x_t, eps_hat, z `[n, d]` → `[n, d]`.
fn ddim_step(
    x_t: &Tensor,
    eps_hat: &Tensor,
    z: &Tensor,
    alpha_bars: [Float; 2],
    eta: Float,
) -> Tensor {
    todo!()
}

/// 12. x_0 from x_T = `noise` by T steps of DDIM with η = 0, t = T … 1. The network predicts ε and
/// was trained with t = 1 … T. alpha_bar holds ᾱ_0 = 1, ᾱ_1 … ᾱ_T. Your `ddim_step` can do one.
///
/// Book: "Fewer steps". Shapes: noise `[n, d]`, alpha_bar `[T + 1]` → `[n, d]`; the network takes
/// its t as `[n, 1]`.
fn sample(network: Field, alpha_bar: &Tensor, noise: &Tensor) -> Tensor {
    todo!()
}

/// What is judged.
pub const ANSWERS: Answers = Answers {
    alpha_bar,
    noise_to,
    cosine_schedule,
    posterior,
    step_kl,
    simple_loss,
    predict_x_0,
    from_v,
    one_step_elbo,
    ancestral_step,
    ddim_step,
    sample,
};

fn main() -> ExitCode {
    check::main(&trials(&ANSWERS))
}
