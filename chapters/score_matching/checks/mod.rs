//! The chapter's exercises: what is asked, the right answers, and the wrong ones that people give.
//! Scores of known laws are in `laws`, losses in `objectives`, drawing in `walks`; how answers are
//! judged is [`crate::check`].
//!
//! In a notebook give your function to the one of the same name here:
//!
//! ```
//! use pushforward::{Tensor, chapters::score_matching::checks};
//! fn denoised(noised: &Tensor, score: &Tensor, sigma: &Tensor) -> Tensor {
//!     noised + score * sigma
//! }
//! let verdict = checks::denoised(denoised);
//! assert!(verdict.says().starts_with("σ must be squared."));
//! ```

mod laws;
mod objectives;
mod walks;

use crate::check::{Chapter, Trial, Verdict};
use crate::{Float, Tensor};

/// A field: x → s(x), both `[n, d]`.
pub type Field<'a> = &'a dyn Fn(&Tensor) -> Tensor;

/// (s, x, v) → loss.
pub type Sliced = fn(Field, &Tensor, &Tensor) -> Tensor;

/// (s, x, σ, z) → loss.
pub type Denoising = fn(Field, &Tensor, Float, &Tensor) -> Tensor;

/// (x̃, data, σ) → score.
pub type ScoreOfNoised = fn(&Tensor, &Tensor, Float) -> Tensor;

/// (x̃, score, σ) → E[x|x̃].
pub type Denoised = fn(&Tensor, &Tensor, &Tensor) -> Tensor;

/// (σ_max, σ_min, L) → levels.
pub type Levels = fn(Float, Float, usize) -> Tensor;

/// (x, s, σ, σ_min, ε, z) → the next x.
pub type Annealed = fn(&Tensor, &Tensor, Float, Float, Float, &Tensor) -> Tensor;

/// (x, s, σ, σ₊, z) → the next x.
pub type Reverse = fn(&Tensor, &Tensor, Float, Float, &Tensor) -> Tensor;

/// (s, z, r) → α.
pub type Corrector = fn(&Tensor, &Tensor, Float) -> Tensor;

/// An answer to each exercise, in the order of the page.
#[derive(Clone, Copy)]
pub struct Answers {
    /// (x, mean, s) → ∇ ln N(x; mean, s² I).
    pub normal_score: fn(&Tensor, &Tensor, Float) -> Tensor,
    /// (s, score) → the explicit loss.
    pub explicit_loss: fn(&Tensor, &Tensor) -> Tensor,
    /// (s, div s) → the implicit loss.
    pub implicit_loss: fn(&Tensor, &Tensor) -> Tensor,
    /// (s, x, v) → the sliced loss.
    pub sliced_loss: Sliced,
    /// (s, x, σ, z) → the denoising loss.
    pub denoising_loss: Denoising,
    /// (x̃, data, σ) → score.
    pub score_of_noised: ScoreOfNoised,
    /// (x̃, score, σ) → E[x|x̃].
    pub denoised: Denoised,
    /// (σ_max, σ_min, L) → σ.
    pub noise_levels: Levels,
    /// (x, s, σ, σ_min, ε, z) → the next x.
    pub annealed_step: Annealed,
    /// (x, s, σ, σ₊, z) → the next x.
    pub reverse_step: Reverse,
    /// (s, z, r) → α.
    pub corrector_step_size: Corrector,
}

/// The chapter as the command line knows it.
pub const CHAPTER: Chapter = Chapter {
    name: "score_matching",
    title: "Score matching",
    exercises: &[
        laws::NORMAL_SCORE.exercise,
        objectives::EXPLICIT_LOSS.exercise,
        objectives::IMPLICIT_LOSS.exercise,
        objectives::SLICED_LOSS.exercise,
        objectives::DENOISING_LOSS.exercise,
        laws::SCORE_OF_NOISED.exercise,
        laws::DENOISED.exercise,
        walks::NOISE_LEVELS.exercise,
        walks::ANNEALED_STEP.exercise,
        walks::REVERSE_STEP.exercise,
        walks::CORRECTOR_STEP_SIZE.exercise,
    ],
};

/// Each exercise with its answer.
pub fn trials(answers: &Answers) -> Vec<Trial> {
    vec![
        laws::NORMAL_SCORE.with(answers.normal_score),
        objectives::EXPLICIT_LOSS.with(answers.explicit_loss),
        objectives::IMPLICIT_LOSS.with(answers.implicit_loss),
        objectives::SLICED_LOSS.with(answers.sliced_loss),
        objectives::DENOISING_LOSS.with(answers.denoising_loss),
        laws::SCORE_OF_NOISED.with(answers.score_of_noised),
        laws::DENOISED.with(answers.denoised),
        walks::NOISE_LEVELS.with(answers.noise_levels),
        walks::ANNEALED_STEP.with(answers.annealed_step),
        walks::REVERSE_STEP.with(answers.reverse_step),
        walks::CORRECTOR_STEP_SIZE.with(answers.corrector_step_size),
    ]
}

/// Judges a score.
pub fn normal_score(answer: fn(&Tensor, &Tensor, Float) -> Tensor) -> Verdict {
    laws::NORMAL_SCORE.judge(answer)
}

/// Judges the explicit loss.
pub fn explicit_loss(answer: fn(&Tensor, &Tensor) -> Tensor) -> Verdict {
    objectives::EXPLICIT_LOSS.judge(answer)
}

/// Judges Hyvärinen's loss.
pub fn implicit_loss(answer: fn(&Tensor, &Tensor) -> Tensor) -> Verdict {
    objectives::IMPLICIT_LOSS.judge(answer)
}

/// Judges the sliced loss.
pub fn sliced_loss(answer: Sliced) -> Verdict {
    objectives::SLICED_LOSS.judge(answer)
}

/// Judges the denoising loss.
pub fn denoising_loss(answer: Denoising) -> Verdict {
    objectives::DENOISING_LOSS.judge(answer)
}

/// Judges the score of noised data.
pub fn score_of_noised(answer: ScoreOfNoised) -> Verdict {
    laws::SCORE_OF_NOISED.judge(answer)
}

/// Judges the mean of the data.
pub fn denoised(answer: Denoised) -> Verdict {
    laws::DENOISED.judge(answer)
}

/// Judges levels of noise.
pub fn noise_levels(answer: Levels) -> Verdict {
    walks::NOISE_LEVELS.judge(answer)
}

/// Judges a step of annealed Langevin dynamics.
pub fn annealed_step(answer: Annealed) -> Verdict {
    walks::ANNEALED_STEP.judge(answer)
}

/// Judges a step to the next level.
pub fn reverse_step(answer: Reverse) -> Verdict {
    walks::REVERSE_STEP.judge(answer)
}

/// Judges the size of a correction.
pub fn corrector_step_size(answer: Corrector) -> Verdict {
    walks::CORRECTOR_STEP_SIZE.judge(answer)
}
