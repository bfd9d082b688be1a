//! Exercises of the chapter on guidance (book/src/14_guidance.md).
//!
//! Replace a `todo!()`, then ask for a verdict:
//!
//! ```console
//! cargo exercise guidance drop_labels             judge one answer
//! cargo exercise guidance                         judge all
//! cargo exercise guidance drop_labels --hint 1    where to look
//! cargo exercise guidance drop_labels --hint 2    which equation
//! cargo exercise guidance drop_labels --hint 3    the shape of the line
//! cargo run --release -- exercises                how far you are in the book
//! ```
//!
//! They follow the page. Only the bodies need to be touched; helpers may be added, and what is left
//! unfinished disturbs nothing else. In a notebook give your function to the one of the same name in
//! `pushforward::chapters::guidance::checks`.
//!
//! What you need of the library:
//!
//! - Operators take tensors, references to them and numbers, in any mixture. A tensor itself is
//!   used up, a reference is not: write `&x`, where x is needed again.
//! - `x.softmax(1)` is the softmax over axis 1, `x.sum(1)` sums over it and drops it; `x.reshape(&[n, k,
//!   1])` has the same numbers in another shape; axes of length 1 broadcast. `x.shape()[0]` is the length of
//!   the first axis.
//! - `u.lt(p)` and `u.ge(p)` are 1 where u < p or u ≥ p, and 0 elsewhere.
//! - `x.square()`, `x.sqrt()`, `x.ln()`, `x.exp()` and `x.recip()`, which is 1/x, work number by number.
//!
//! `cargo doc --open` has everything else.

// A `todo!()` uses none of its arguments and, as long as it is there, not every import is needed.
#![allow(unused_variables, unused_imports)]

use pushforward::chapters::guidance::checks::{Answers, trials};
use pushforward::{Float, Tensor, check};
use std::process::ExitCode;

/// 1. The velocity of all classes together at each row of x, from those of each class.
///
/// Book: "A field for each wish". Shapes: u `[n, k, d]`, log_p = ln p(x|y) `[n, k]`, log_prior = ln p(y) `[1,
/// k]` → `[n, d]`.
fn velocity_of_all(u: &Tensor, log_p: &Tensor, log_prior: &Tensor) -> Tensor {
    todo!()
}

/// 2. Each label, or `nothing` with the probability p; u is uniform on [0, 1).
///
/// Book: "One network for both". Shapes: labels, u `[n]` → `[n]`.
fn drop_labels(labels: &Tensor, u: &Tensor, p: Float, nothing: Float) -> Tensor {
    todo!()
}

/// 3. The guided velocity: w = 1 is the class as it is.
///
/// Book: "A step beyond". Shapes: with, without `[n, d]` → `[n, d]`.
fn guided_velocity(with: &Tensor, without: &Tensor, w: Float) -> Tensor {
    todo!()
}

/// 4. Where all is N(0, s²) and the class N(m, s_y²): the standard deviations of what guidance draws, and
/// of the tilted law.
///
/// Book: "What guidance is not". Shapes: s_y, s `[n]` → `[n]` and `[n]`.
fn normal_widths(s_y: &Tensor, s: &Tensor, w: Float) -> (Tensor, Tensor) {
    todo!()
}

/// What is judged.
pub const ANSWERS: Answers =
    Answers { velocity_of_all, drop_labels, guided_velocity, normal_widths };

fn main() -> ExitCode {
    check::main(&trials(&ANSWERS))
}
