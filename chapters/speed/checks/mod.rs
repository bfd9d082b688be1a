//! The chapter's exercises: what is asked, the right answers, and the wrong ones that people give; operations and
//! bytes in `work`, what rounding does in `rounding`; how answers are judged is [`crate::check`].
//!
//! In a notebook give your function to the one of the same name here:
//!
//! ```
//! use pushforward::{Float, chapters::speed::checks};
//! fn intensity([m, k, n]: [usize; 3]) -> Float {
//!     (m * k * n) as Float / (4 * (m * k + k * n + m * n)) as Float
//! }
//! let verdict = checks::intensity(intensity);
//! assert!(verdict.says().starts_with("A multiplication and an addition"));
//! ```

mod rounding;
mod work;

use crate::Float;
use crate::chapters::tensors::Array;
use crate::check::{Chapter, Exercise, Trial, Verdict};

/// `[m, k, n]` → operations a byte.
pub type Intensity = fn([usize; 3]) -> Float;

/// (peak, bandwidth, intensity) → operations a second.
pub type Attainable = fn(Float, Float, Float) -> Float;

/// (a, b, [R, C]) → a b.
pub type Product = fn(&Array, &Array, [usize; 2]) -> Array;

/// (a, b) → (p, e).
pub type TwoProduct = fn(f32, f32) -> (f32, f32);

/// x → (n, r).
pub type Reduce = fn(f32) -> (f32, f32);

/// x → eˣ.
pub type Exp = fn(f32) -> f32;

/// x → Σ x.
pub type Sum = fn(&[Float]) -> Float;

/// (s, c, x) → (s, c).
pub type Kahan = fn(Float, Float, Float) -> (Float, Float);

/// An answer to each exercise, in the order of the page.
#[derive(Clone, Copy)]
pub struct Answers {
    /// `[m, k, n]` → operations a byte.
    pub intensity: Intensity,
    /// (peak, bandwidth, intensity) → operations a second.
    pub attainable: Attainable,
    /// (a, b, [R, C]) → a b.
    pub matmul_by_tiles: Product,
    /// (a, b) → (p, e).
    pub two_product: TwoProduct,
    /// x → (n, r).
    pub reduce: Reduce,
    /// x → eˣ.
    pub exp: Exp,
    /// x → Σ x.
    pub pairwise_sum: Sum,
    /// (s, c, x) → (s, c).
    pub kahan_step: Kahan,
}

/// The chapter as the command line knows it.
pub const CHAPTER: Chapter = Chapter {
    name: "speed",
    title: "Fast, with the same bits",
    exercises: &[
        work::INTENSITY.exercise,
        work::ATTAINABLE.exercise,
        work::MATMUL_BY_TILES.exercise,
        rounding::TWO_PRODUCT.exercise,
        rounding::REDUCE.exercise,
        rounding::EXP.exercise,
        rounding::PAIRWISE_SUM.exercise,
        rounding::KAHAN_STEP.exercise,
    ],
};

/// Each exercise with its answer.
pub fn trials(answers: &Answers) -> Vec<Trial> {
    vec![
        work::INTENSITY.with(answers.intensity),
        work::ATTAINABLE.with(answers.attainable),
        work::MATMUL_BY_TILES.with(answers.matmul_by_tiles),
        rounding::TWO_PRODUCT.with(answers.two_product),
        rounding::REDUCE.with(answers.reduce),
        rounding::EXP.with(answers.exp),
        rounding::PAIRWISE_SUM.with(answers.pairwise_sum),
        rounding::KAHAN_STEP.with(answers.kahan_step),
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
    Exercise { chapter: "speed", name, statements, place, outputs, learned, hints }
}

/// Judges operations for each byte.
pub fn intensity(answer: Intensity) -> Verdict {
    work::INTENSITY.judge(answer)
}

/// Judges the roof.
pub fn attainable(answer: Attainable) -> Verdict {
    work::ATTAINABLE.judge(answer)
}

/// Judges a product by tiles.
pub fn matmul_by_tiles(answer: Product) -> Verdict {
    work::MATMUL_BY_TILES.judge(answer)
}

/// Judges a product with its error.
pub fn two_product(answer: TwoProduct) -> Verdict {
    rounding::TWO_PRODUCT.judge(answer)
}

/// Judges the reduction of an argument.
pub fn reduce(answer: Reduce) -> Verdict {
    rounding::REDUCE.judge(answer)
}

/// Judges the exponential function.
pub fn exp(answer: Exp) -> Verdict {
    rounding::EXP.judge(answer)
}

/// Judges a sum by halves.
pub fn pairwise_sum(answer: Sum) -> Verdict {
    rounding::PAIRWISE_SUM.judge(answer)
}

/// Judges a step of a sum that keeps what is lost.
pub fn kahan_step(answer: Kahan) -> Verdict {
    rounding::KAHAN_STEP.judge(answer)
}
