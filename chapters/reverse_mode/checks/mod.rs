//! The chapter's exercises: what is asked, the right answers, and the wrong ones that people give. Graphs of
//! numbers are in `numbers`, of arrays in `arrays`; how answers are judged is [`crate::check`].
//!
//! In a notebook give your function to the one of the same name here:
//!
//! ```
//! use pushforward::{Float, chapters::reverse_mode::checks};
//! fn central_difference(f: &dyn Fn(Float) -> Float, x: Float, h: Float) -> Float {
//!     (f(x + h) - f(x)) / h
//! }
//! let verdict = checks::central_difference(central_difference);
//! assert!(verdict.says().starts_with("This looks to one side."));
//! ```

mod arrays;
mod numbers;

use super::{ArrayOp, Arrays, Numbers, Op};
use crate::Float;
use crate::chapters::tensors::Array;
use crate::check::{Chapter, Exercise, Trial, Verdict};

/// (program, variables) → values.
pub type Forward = fn(&[(Op, Vec<usize>)], &[Float]) -> Vec<Float>;

/// (operation, x, y, g) → x̄.
pub type Vjp = fn(Op, &[Float], Float, Float) -> Vec<Float>;

/// (inputs of each node, root) → order.
pub type Order = fn(&[Vec<usize>], usize) -> Vec<usize>;

/// (graph, root) → gradients.
pub type Backward = fn(&Numbers, usize) -> Vec<Float>;

/// (f, x, h) → slope.
pub type Central = fn(&dyn Fn(Float) -> Float, Float, Float) -> Float;

/// (a, b, g) → ā and b̄.
pub type OfTwo = fn(&Array, &Array, &Array) -> [Array; 2];

/// (operation, x, y, g) → x̄.
pub type ArrayVjp = fn(ArrayOp, &[&Array], &Array, &Array) -> Vec<Array>;

/// (graph, root) → gradients.
pub type ArrayBackward = fn(&Arrays, usize) -> Vec<Option<Array>>;

/// An answer to each exercise, in the order of the page.
#[derive(Clone, Copy)]
pub struct Answers {
    /// (program, variables) → values.
    pub forward: Forward,
    /// (operation, x, y, g) → x̄.
    pub vjp: Vjp,
    /// (inputs of each node, root) → order.
    pub order: Order,
    /// (graph, root) → gradients.
    pub backward: Backward,
    /// (f, x, h) → slope.
    pub central_difference: Central,
    /// (a, b, g) → ā and b̄ of a product number by number.
    pub mul_vjp: OfTwo,
    /// (a, b, g) → ā and b̄ of a product of matrices.
    pub matmul_vjp: OfTwo,
    /// (operation, x, y, g) → x̄ of arrays.
    pub array_vjp: ArrayVjp,
    /// (graph, root) → gradients of arrays.
    pub array_backward: ArrayBackward,
}

/// The chapter as the command line knows it.
pub const CHAPTER: Chapter = Chapter {
    name: "reverse_mode",
    title: "Reverse mode",
    exercises: &[
        numbers::FORWARD.exercise,
        numbers::VJP.exercise,
        numbers::ORDER.exercise,
        numbers::BACKWARD.exercise,
        numbers::CENTRAL.exercise,
        arrays::MUL_VJP.exercise,
        arrays::MATMUL_VJP.exercise,
        arrays::ARRAY_VJP.exercise,
        arrays::ARRAY_BACKWARD.exercise,
    ],
};

/// Each exercise with its answer.
pub fn trials(answers: &Answers) -> Vec<Trial> {
    vec![
        numbers::FORWARD.with(answers.forward),
        numbers::VJP.with(answers.vjp),
        numbers::ORDER.with(answers.order),
        numbers::BACKWARD.with(answers.backward),
        numbers::CENTRAL.with(answers.central_difference),
        arrays::MUL_VJP.with(answers.mul_vjp),
        arrays::MATMUL_VJP.with(answers.matmul_vjp),
        arrays::ARRAY_VJP.with(answers.array_vjp),
        arrays::ARRAY_BACKWARD.with(answers.array_backward),
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
    Exercise { chapter: "reverse_mode", name, statements, place, outputs, learned, hints }
}

/// Judges the values of a program.
pub fn forward(answer: Forward) -> Verdict {
    numbers::FORWARD.judge(answer)
}

/// Judges the rules of operations on numbers.
pub fn vjp(answer: Vjp) -> Verdict {
    numbers::VJP.judge(answer)
}

/// Judges a topological order.
pub fn order(answer: Order) -> Verdict {
    numbers::ORDER.judge(answer)
}

/// Judges the walk backwards through numbers.
pub fn backward(answer: Backward) -> Verdict {
    numbers::BACKWARD.judge(answer)
}

/// Judges a difference quotient.
pub fn central_difference(answer: Central) -> Verdict {
    numbers::CENTRAL.judge(answer)
}

/// Judges the rule of a product number by number.
pub fn mul_vjp(answer: OfTwo) -> Verdict {
    arrays::MUL_VJP.judge(answer)
}

/// Judges the rule of a product of matrices.
pub fn matmul_vjp(answer: OfTwo) -> Verdict {
    arrays::MATMUL_VJP.judge(answer)
}

/// Judges the rules of operations on arrays.
pub fn array_vjp(answer: ArrayVjp) -> Verdict {
    arrays::ARRAY_VJP.judge(answer)
}

/// Judges the walk backwards through arrays.
pub fn array_backward(answer: ArrayBackward) -> Verdict {
    arrays::ARRAY_BACKWARD.judge(answer)
}
