//! Exercises of the chapter on score matching (book/src/09_score_matching.md).
//!
//! Replace a `todo!()`, then ask for a verdict:
//!
//! ```console
//! cargo exercise score_matching denoised             judge one answer
//! cargo exercise score_matching                      judge all
//! cargo exercise score_matching denoised --hint 1    where to look
//! cargo exercise score_matching denoised --hint 2    which equation
//! cargo exercise score_matching denoised --hint 3    the shape of the line
//! cargo run --release -- exercises                   how far you are in the book
//! ```
//!
//! They follow the page. Only the bodies need to be touched; helpers may be added, and what is left
//! unfinished disturbs nothing else. In a notebook give your function to the one of the same name in
//! `pushforward::chapters::score_matching::checks`.
//!
//! What you need of the library:
//!
//! - Operators take tensors, references to them and numbers, in any mixture. A tensor itself is
//!   used up, a reference is not: write `&z`, where z is needed again.
//! - A `Field` is called as a function is: `s(&x)`. What it returns has the shape of x.
//! - `x.sum(1)` sums over axis 1 and drops it, `x.sum_keep(1)` keeps it with length 1; `x.mean(..)` is
//!   the mean of all numbers. `x.square()`, `x.sqrt()`, `x.exp()`, `x.ln()` do what they say, number by
//!   number; `x.softmax(1)` is the softmax over axis 1.
//! - `x.reshape(&[n, 1, d])` has the same numbers in another shape; axes of length 1 broadcast.
//!   `x.shape()[0]` is the number of rows.
//! - `vjp(s, x, v)` returns s(x) and vᵀJ, both of the shape of x.
//! - `Tensor::linspace(0.0, 1.0, n)` has n numbers from 0 to 1, evenly spaced; `Tensor::scalar(a)` is a
//!   number as a tensor.
//!
//! `cargo doc --open` has everything else.

// A `todo!()` uses none of its arguments and, as long as it is there, not every import is needed.
#![allow(unused_variables, unused_imports)]

use pushforward::chapters::score_matching::checks::{Answers, Field, trials};
use pushforward::derivatives::vjp;
use pushforward::{Float, Tensor, check};
use std::process::ExitCode;

/// 1. The score of N(mean, s² I) at each row of x.
///
/// Book: "Why the score". Shapes: x `[n, d]`, mean `[1, d]` → `[n, d]`.
fn normal_score(x: &Tensor, mean: &Tensor, s: Float) -> Tensor {
    todo!()
}

/// 2. Explicit score matching, from what the network said and the exact score.
///
/// Book: "Fisher's divergence". Shapes: s, score `[n, d]` → a scalar.
fn explicit_loss(s: &Tensor, score: &Tensor) -> Tensor {
    todo!()
}

/// 3. Implicit score matching, from what the network said and its divergence.
///
/// Book: "The loss without the score". Shapes: s `[n, d]`, div `[n]` → a scalar.
fn implicit_loss(s: &Tensor, div: &Tensor) -> Tensor {
    todo!()
}

/// 4. Sliced score matching in the form with ½ ‖s‖², with one direction for each row.
///
/// Book: "One direction at a time". Shapes: x, v `[n, d]` → a scalar.
fn sliced_loss(s: Field, x: &Tensor, v: &Tensor) -> Tensor {
    todo!()
}

/// 5. Denoising score matching at one level of noise, without a weight. z is standard normal.
///
/// Book: "A noised point knows". Shapes: x, z `[n, d]` → a scalar.
fn denoising_loss(s: Field, x: &Tensor, sigma: Float, z: &Tensor) -> Tensor {
    todo!()
}

/// 6. The exact score of noised data, where the data are these m points and no others.
///
/// Book: "The score is a mean". Shapes: noised `[n, d]`, data `[m, d]` → `[n, d]`.
fn score_of_noised(noised: &Tensor, data: &Tensor, sigma: Float) -> Tensor {
    todo!()
}

/// 7. The mean of the data that a noised point may come from, by Tweedie's formula.
///
/// Book: "The score is a mean". Shapes: noised, score `[n, d]`, sigma `[n, 1]` → `[n, d]`.
fn denoised(noised: &Tensor, score: &Tensor, sigma: &Tensor) -> Tensor {
    todo!()
}

/// 8. `count` levels of noise from `max` down to `min`, each the same part of the one before.
///
/// Book: "Many levels". Shapes: → `[count]`.
fn noise_levels(max: Float, min: Float, count: usize) -> Tensor {
    todo!()
}

/// 9. A step of annealed Langevin dynamics at the level σ; `min` is σ_min, z is standard normal.
///
/// Book: "Annealed Langevin". Shapes: x, s, z `[n, d]` → `[n, d]`.
fn annealed_step(
    x: &Tensor,
    s: &Tensor,
    sigma: Float,
    min: Float,
    epsilon: Float,
    z: &Tensor,
) -> Tensor {
    todo!()
}

/// 10. A step of the reverse equation from the level σ to `next`, with variance exploding.
///
/// Book: "Predictor and corrector". Shapes: x, s, z `[n, d]` → `[n, d]`.
fn reverse_step(x: &Tensor, s: &Tensor, sigma: Float, next: Float, z: &Tensor) -> Tensor {
    todo!()
}

/// 11. The α for which the drift ½ α s is r times as long as the noise √α z; lengths are means over the
/// rows.
///
/// Book: "Predictor and corrector". Shapes: s, z `[n, d]` → a scalar.
fn corrector_step_size(s: &Tensor, z: &Tensor, r: Float) -> Tensor {
    todo!()
}

/// What is judged.
pub const ANSWERS: Answers = Answers {
    normal_score,
    explicit_loss,
    implicit_loss,
    sliced_loss,
    denoising_loss,
    score_of_noised,
    denoised,
    noise_levels,
    annealed_step,
    reverse_step,
    corrector_step_size,
};

fn main() -> ExitCode {
    check::main(&trials(&ANSWERS))
}
