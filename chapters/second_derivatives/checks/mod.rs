//! The chapter's exercises: what is asked, the right answers, and the wrong ones that people give. Products are in
//! `products`, sums of second derivatives in `traces`; how answers are judged is [`crate::check`].
//!
//! In a notebook give your function to the one of the same name here:
//!
//! ```
//! use pushforward::{Tensor, chapters::second_derivatives::checks};
//! fn tanh_vjp(g: &Tensor, x: &Tensor, _y: &Tensor) -> Tensor {
//!     g * (1.0 - x.square())
//! }
//! let verdict = checks::tanh_vjp(tanh_vjp);
//! assert!(verdict.says().starts_with("This is 1 − x²"));
//! ```

mod products;
mod traces;

use super::Map;
use crate::Tensor;
use crate::check::{Chapter, Exercise, Trial, Verdict};

/// (g, x, y) → x̄.
pub type Rule = fn(&Tensor, &Tensor, &Tensor) -> Tensor;

/// (f, x, v) → a product.
pub type Product = fn(Map, &Tensor, &Tensor) -> Tensor;

/// (f, x) → a number for each row.
pub type Trace = fn(Map, &Tensor) -> Tensor;

/// An answer to each exercise, in the order of the page.
#[derive(Clone, Copy)]
pub struct Answers {
    /// (g, x, y) → x̄.
    pub tanh_vjp: Rule,
    /// (f, x, v) → H v.
    pub hvp: Product,
    /// (u, x, v) → J v.
    pub jvp: Product,
    /// (u, x) → ∇·u.
    pub divergence: Trace,
    /// (f, x) → Δf.
    pub laplacian: Trace,
}

/// The chapter as the command line knows it.
pub const CHAPTER: Chapter = Chapter {
    name: "second_derivatives",
    title: "Second derivatives",
    exercises: &[
        products::TANH_VJP.exercise,
        products::HVP.exercise,
        products::JVP.exercise,
        traces::DIVERGENCE.exercise,
        traces::LAPLACIAN.exercise,
    ],
};

/// Each exercise with its answer.
pub fn trials(answers: &Answers) -> Vec<Trial> {
    vec![
        products::TANH_VJP.with(answers.tanh_vjp),
        products::HVP.with(answers.hvp),
        products::JVP.with(answers.jvp),
        traces::DIVERGENCE.with(answers.divergence),
        traces::LAPLACIAN.with(answers.laplacian),
    ]
}

const fn exercise(
    name: &'static str,
    statements: &'static [&'static str],
    place: &'static str,
    outputs: &'static [&'static str],
    learned: &'static str,
    hints: [&'static str; 3],
) -> Exercise {
    Exercise { chapter: "second_derivatives", name, statements, place, outputs, learned, hints }
}

/// Judges the rule of tanh.
pub fn tanh_vjp(answer: Rule) -> Verdict {
    products::TANH_VJP.judge(answer)
}

/// Judges a product with the Hessian.
pub fn hvp(answer: Product) -> Verdict {
    products::HVP.judge(answer)
}

/// Judges a product with the Jacobian.
pub fn jvp(answer: Product) -> Verdict {
    products::JVP.judge(answer)
}

/// Judges a divergence.
pub fn divergence(answer: Trace) -> Verdict {
    traces::DIVERGENCE.judge(answer)
}

/// Judges a Laplacian.
pub fn laplacian(answer: Trace) -> Verdict {
    traces::LAPLACIAN.judge(answer)
}
