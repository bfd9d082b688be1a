//! The chapter's exercises: what is asked, the right answers, and the wrong ones that people give; bytes and bits in
//! `bits`, matrices in `arrays`; how answers are judged is [`crate::check`].
//!
//! In a notebook give your function to the one of the same name here:
//!
//! ```
//! use pushforward::chapters::bridge::checks;
//! fn from_bf16(bits: u16) -> f32 {
//!     bits as f32
//! }
//! let verdict = checks::from_bf16(from_bf16);
//! assert!(verdict.says().starts_with("The bits are taken for an integer"));
//! ```

mod arrays;
mod bits;

use crate::check::{Chapter, Exercise, Trial, Verdict};
use crate::{Float, Tensor};

/// A file → where its numbers begin.
pub type Start = fn(&[u8]) -> usize;

/// Bits → a number.
pub type FromBits = fn(u16) -> f32;

/// A number → bits.
pub type ToBits = fn(f32) -> u16;

/// K → W.
pub type Layout = fn(&Tensor) -> Tensor;

/// (w, bits) → w on a grid.
pub type Quantised = fn(&Tensor, u32) -> Tensor;

/// (a, b, ρ, α) → whether they are close.
pub type Close = fn(&Tensor, &Tensor, Float, Float) -> bool;

/// An answer to each exercise, in the order of the page.
#[derive(Clone, Copy)]
pub struct Answers {
    /// A file → where its numbers begin.
    pub data_start: Start,
    /// K → W.
    pub from_kernel: Layout,
    /// (a, b, ρ, α) → whether they are close.
    pub close: Close,
    /// Bits → a number.
    pub from_bf16: FromBits,
    /// A number → bits.
    pub to_bf16: ToBits,
    /// (w, bits) → w on a grid.
    pub quantised: Quantised,
}

/// The chapter as the command line knows it.
pub const CHAPTER: Chapter = Chapter {
    name: "bridge",
    title: "A bridge out",
    exercises: &[
        bits::DATA_START.exercise,
        arrays::FROM_KERNEL.exercise,
        arrays::CLOSE.exercise,
        bits::FROM_BF16.exercise,
        bits::TO_BF16.exercise,
        arrays::QUANTISED.exercise,
    ],
};

/// Each exercise with its answer.
pub fn trials(answers: &Answers) -> Vec<Trial> {
    vec![
        bits::DATA_START.with(answers.data_start),
        arrays::FROM_KERNEL.with(answers.from_kernel),
        arrays::CLOSE.with(answers.close),
        bits::FROM_BF16.with(answers.from_bf16),
        bits::TO_BF16.with(answers.to_bf16),
        arrays::QUANTISED.with(answers.quantised),
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
    Exercise { chapter: "bridge", name, statements, place, outputs, learned, hints }
}

/// Judges the place where a file's numbers begin.
pub fn data_start(answer: Start) -> Verdict {
    bits::DATA_START.judge(answer)
}

/// Judges a weight from a kernel.
pub fn from_kernel(answer: Layout) -> Verdict {
    arrays::FROM_KERNEL.judge(answer)
}

/// Judges a comparison.
pub fn close(answer: Close) -> Verdict {
    arrays::CLOSE.judge(answer)
}

/// Judges the number of a bfloat16.
pub fn from_bf16(answer: FromBits) -> Verdict {
    bits::FROM_BF16.judge(answer)
}

/// Judges rounding to bfloat16.
pub fn to_bf16(answer: ToBits) -> Verdict {
    bits::TO_BF16.judge(answer)
}

/// Judges rows on grids.
pub fn quantised(answer: Quantised) -> Verdict {
    arrays::QUANTISED.judge(answer)
}
