//! The chapter's exercises: what is asked, the right answers, and the wrong ones that people give; where
//! a number lies in `layout`, broadcasting and products in `operations`; how they are judged is
//! [`crate::check`].
//!
//! In a notebook give your function to the one of the same name here:
//!
//! ```
//! use pushforward::chapters::tensors::checks;
//! fn strides(shape: &[usize]) -> Vec<usize> {
//!     (0..shape.len()).map(|k| shape[k..].iter().product()).collect()
//! }
//! let verdict = checks::strides(strides);
//! assert!(verdict.says().starts_with("The axis itself"));
//! ```

mod layout;
mod operations;

use super::Array;
use crate::Float;
use crate::check::{Chapter, Exercise, Trial, Verdict};

/// Counts → counts.
pub type Counts = fn(&[usize]) -> Vec<usize>;

/// (index, strides) → place.
pub type Place = fn(&[usize], &[usize]) -> usize;

/// (place, shape) → index.
pub type Index = fn(usize, &[usize]) -> Vec<usize>;

/// (a, b) → the common shape, if there is one.
pub type Common = fn(&[usize], &[usize]) -> Option<Vec<usize>>;

/// x → an array.
pub type Unary = fn(&Array) -> Array;

/// (a, b) → an array.
pub type Binary = fn(&Array, &Array) -> Array;

/// (f, a, b) → an array.
pub type Zip = fn(fn(Float, Float) -> Float, &Array, &Array) -> Array;

/// (x, shape) → an array of that shape.
pub type Reshaped = fn(&Array, &[usize]) -> Array;

/// An answer to each exercise, in the order of the page.
#[derive(Clone, Copy)]
pub struct Answers {
    /// Shape → strides.
    pub strides: Counts,
    /// (index, strides) → place.
    pub place: Place,
    /// (place, shape) → index.
    pub index: Index,
    /// `[n, m]` → `[m, n]`.
    pub transpose: Unary,
    /// (a, b) → the common shape.
    pub common_shape: Common,
    /// (x, shape) → x repeated.
    pub broadcast_to: Reshaped,
    /// (g, shape) → g summed.
    pub sum_to: Reshaped,
    /// (f, a, b) → f of numbers that meet.
    pub zip_with: Zip,
    /// (a, b) → their product as matrices.
    pub matmul: Binary,
}

/// The chapter as the command line knows it.
pub const CHAPTER: Chapter = Chapter {
    name: "tensors",
    title: "Tensors",
    exercises: &[
        layout::STRIDES.exercise,
        layout::PLACE.exercise,
        layout::INDEX.exercise,
        layout::TRANSPOSE.exercise,
        operations::COMMON_SHAPE.exercise,
        operations::BROADCAST_TO.exercise,
        operations::SUM_TO.exercise,
        operations::ZIP_WITH.exercise,
        operations::MATMUL.exercise,
    ],
};

/// Each exercise with its answer.
pub fn trials(answers: &Answers) -> Vec<Trial> {
    vec![
        layout::STRIDES.with(answers.strides),
        layout::PLACE.with(answers.place),
        layout::INDEX.with(answers.index),
        layout::TRANSPOSE.with(answers.transpose),
        operations::COMMON_SHAPE.with(answers.common_shape),
        operations::BROADCAST_TO.with(answers.broadcast_to),
        operations::SUM_TO.with(answers.sum_to),
        operations::ZIP_WITH.with(answers.zip_with),
        operations::MATMUL.with(answers.matmul),
    ]
}

const fn exercise(
    name: &'static str,
    statements: &'static [&'static str],
    place: &'static str,
    output: &'static [&'static str],
    learned: &'static str,
    hints: [&'static str; 3],
) -> Exercise {
    Exercise { chapter: "tensors", name, statements, place, outputs: output, learned, hints }
}

/// Judges the strides of a shape.
pub fn strides(answer: Counts) -> Verdict {
    layout::STRIDES.judge(answer)
}

/// Judges the place of an entry.
pub fn place(answer: Place) -> Verdict {
    layout::PLACE.judge(answer)
}

/// Judges the index of the entry at a place.
pub fn index(answer: Index) -> Verdict {
    layout::INDEX.judge(answer)
}

/// Judges the transpose of a matrix.
pub fn transpose(answer: Unary) -> Verdict {
    layout::TRANSPOSE.judge(answer)
}

/// Judges the shape that two shapes broadcast to.
pub fn common_shape(answer: Common) -> Verdict {
    operations::COMMON_SHAPE.judge(answer)
}

/// Judges broadcasting.
pub fn broadcast_to(answer: Reshaped) -> Verdict {
    operations::BROADCAST_TO.judge(answer)
}

/// Judges the transpose of broadcasting.
pub fn sum_to(answer: Reshaped) -> Verdict {
    operations::SUM_TO.judge(answer)
}

/// Judges a function of the numbers that meet.
pub fn zip_with(answer: Zip) -> Verdict {
    operations::ZIP_WITH.judge(answer)
}

/// Judges the product of matrices.
pub fn matmul(answer: Binary) -> Verdict {
    operations::MATMUL.judge(answer)
}
