//! The chapter's exercises: what is asked, the right answers, and the wrong ones that people give, in
//! `answers`; how they are judged is [`crate::check`].
//!
//! In a notebook give your function to the one of the same name here:
//!
//! ```
//! use pushforward::{Float, Tensor, chapters::one_network::checks};
//! fn ddim_step(noise: &Tensor, x: &Tensor, a: Float, s: Float, b: Float, r: Float) -> Tensor {
//!     (x - noise * s) * (b / a) + noise * s
//! }
//! let verdict = checks::ddim_step(ddim_step);
//! assert!(verdict.says().starts_with("ε̂ is multiplied by the old σ."));
//! ```

mod answers;

use crate::check::{Chapter, Trial, Verdict};
use crate::{Float, Tensor};

/// (ε̂, x, α, α′, σ, σ′) → answer.
pub type FromNoise = fn(&Tensor, &Tensor, &Tensor, &Tensor, &Tensor, &Tensor) -> Tensor;

/// (u, x, α, α′, σ, σ′) → answer.
pub type FromVelocity = fn(&Tensor, &Tensor, &Tensor, &Tensor, &Tensor, &Tensor) -> Tensor;

/// (α, α′, σ, σ′) → the weight.
pub type Weight = fn(&Tensor, &Tensor, &Tensor, &Tensor) -> Tensor;

/// (ε̂, x, α, σ, next α, next σ) → the next x.
pub type Ddim = fn(&Tensor, &Tensor, Float, Float, Float, Float) -> Tensor;

/// (x, α, σ) → t and place.
pub type Place = fn(&Tensor, &Tensor, &Tensor) -> (Tensor, Tensor);

/// An answer to each exercise, in the order of the page.
#[derive(Clone, Copy)]
pub struct Answers {
    /// (ε̂, x, α, α′, σ, σ′) → u.
    pub velocity_from_noise: FromNoise,
    /// (u, x, α, α′, σ, σ′) → x̂₁.
    pub data_from_velocity: FromVelocity,
    /// (u, x, α, α′, σ, σ′) → s.
    pub score_from_velocity: FromVelocity,
    /// (α, α′, σ, σ′) → weight.
    pub loss_weight: Weight,
    /// (ε̂, x, α, σ, next α, next σ) → the next x.
    pub ddim_step: Ddim,
    /// (x, α, σ) → t and place.
    pub on_the_linear_path: Place,
    /// (β₀, β₁, N) → β_1 … β_N.
    pub chain_beta: fn(Float, Float, usize) -> Tensor,
}

/// The chapter as the command line knows it.
pub const CHAPTER: Chapter = Chapter {
    name: "one_network",
    title: "One network, many names",
    exercises: &[
        answers::VELOCITY_FROM_NOISE.exercise,
        answers::DATA_FROM_VELOCITY.exercise,
        answers::SCORE_FROM_VELOCITY.exercise,
        answers::LOSS_WEIGHT.exercise,
        answers::DDIM_STEP.exercise,
        answers::ON_THE_LINEAR_PATH.exercise,
        answers::CHAIN_BETA.exercise,
    ],
};

/// Each exercise with its answer.
pub fn trials(answers: &Answers) -> Vec<Trial> {
    vec![
        answers::VELOCITY_FROM_NOISE.with(answers.velocity_from_noise),
        answers::DATA_FROM_VELOCITY.with(answers.data_from_velocity),
        answers::SCORE_FROM_VELOCITY.with(answers.score_from_velocity),
        answers::LOSS_WEIGHT.with(answers.loss_weight),
        answers::DDIM_STEP.with(answers.ddim_step),
        answers::ON_THE_LINEAR_PATH.with(answers.on_the_linear_path),
        answers::CHAIN_BETA.with(answers.chain_beta),
    ]
}

/// Judges a velocity.
pub fn velocity_from_noise(answer: FromNoise) -> Verdict {
    answers::VELOCITY_FROM_NOISE.judge(answer)
}

/// Judges a belief about the data.
pub fn data_from_velocity(answer: FromVelocity) -> Verdict {
    answers::DATA_FROM_VELOCITY.judge(answer)
}

/// Judges a score.
pub fn score_from_velocity(answer: FromVelocity) -> Verdict {
    answers::SCORE_FROM_VELOCITY.judge(answer)
}

/// Judges the weight of a loss.
pub fn loss_weight(answer: Weight) -> Verdict {
    answers::LOSS_WEIGHT.judge(answer)
}

/// Judges a step of DDIM.
pub fn ddim_step(answer: Ddim) -> Verdict {
    answers::DDIM_STEP.judge(answer)
}

/// Judges a time and a place.
pub fn on_the_linear_path(answer: Place) -> Verdict {
    answers::ON_THE_LINEAR_PATH.judge(answer)
}

/// Judges a chain's β.
pub fn chain_beta(answer: fn(Float, Float, usize) -> Tensor) -> Verdict {
    answers::CHAIN_BETA.judge(answer)
}
