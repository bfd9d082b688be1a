//! The chapter's exercises: what is asked, the right answers, and the wrong ones that people give.
//! Points on the way are in `points`, what is made of the network's answers in `fields`; how answers
//! are judged is [`crate::check`].
//!
//! In a notebook give your function to the one of the same name here:
//!
//! ```
//! use pushforward::{Tensor, chapters::interpolants::checks};
//! fn score(eta: &Tensor, gamma: &Tensor) -> Tensor {
//!     eta / gamma
//! }
//! let verdict = checks::score(score);
//! assert!(verdict.says().starts_with("The sign is flipped"));
//! ```

mod fields;
mod points;

use crate::check::{Chapter, Trial, Verdict};
use crate::{Float, Tensor};

/// An answer to each exercise, in the order of the page.
#[derive(Clone, Copy)]
pub struct Answers {
    /// (t, a) → (γ, γ′) of the Brownian bridge.
    pub bridge_gamma: fn(&Tensor, Float) -> (Tensor, Tensor),
    /// (x₀, x₁, z, t, a) → x_t on the line, with the Brownian bridge around it.
    pub interpolant: fn(&Tensor, &Tensor, &Tensor, &Tensor, Float) -> Tensor,
    /// The same → dx_t/dt.
    pub velocity: fn(&Tensor, &Tensor, &Tensor, &Tensor, Float) -> Tensor,
    /// (η, γ) → s.
    pub score: fn(&Tensor, &Tensor) -> Tensor,
    /// (b, s, x, ε, h, ξ) → x after a step of length |h|, forwards or backwards.
    pub sde_step: fn(&Tensor, &Tensor, &Tensor, Float, Float, &Tensor) -> Tensor,
    /// (α, γ) → σ.
    pub one_sided_sigma: fn(&Tensor, &Tensor) -> Tensor,
}

/// The chapter as the command line knows it.
pub const CHAPTER: Chapter = Chapter {
    name: "interpolants",
    title: "Stochastic interpolants",
    exercises: &[
        points::BRIDGE_GAMMA.exercise,
        points::INTERPOLANT.exercise,
        points::VELOCITY.exercise,
        fields::SCORE.exercise,
        fields::SDE_STEP.exercise,
        fields::ONE_SIDED_SIGMA.exercise,
    ],
};

/// Each exercise with its answer.
pub fn trials(answers: &Answers) -> Vec<Trial> {
    vec![
        points::BRIDGE_GAMMA.with(answers.bridge_gamma),
        points::INTERPOLANT.with(answers.interpolant),
        points::VELOCITY.with(answers.velocity),
        fields::SCORE.with(answers.score),
        fields::SDE_STEP.with(answers.sde_step),
        fields::ONE_SIDED_SIGMA.with(answers.one_sided_sigma),
    ]
}

/// Judges γ and γ′.
pub fn bridge_gamma(answer: fn(&Tensor, Float) -> (Tensor, Tensor)) -> Verdict {
    points::BRIDGE_GAMMA.judge(answer)
}

/// Judges x_t.
pub fn interpolant(answer: fn(&Tensor, &Tensor, &Tensor, &Tensor, Float) -> Tensor) -> Verdict {
    points::INTERPOLANT.judge(answer)
}

/// Judges dx_t/dt.
pub fn velocity(answer: fn(&Tensor, &Tensor, &Tensor, &Tensor, Float) -> Tensor) -> Verdict {
    points::VELOCITY.judge(answer)
}

/// Judges the score.
pub fn score(answer: fn(&Tensor, &Tensor) -> Tensor) -> Verdict {
    fields::SCORE.judge(answer)
}

/// Judges a step of the SDE.
pub fn sde_step(answer: fn(&Tensor, &Tensor, &Tensor, Float, Float, &Tensor) -> Tensor) -> Verdict {
    fields::SDE_STEP.judge(answer)
}

/// Judges the noise of a one-sided interpolant.
pub fn one_sided_sigma(answer: fn(&Tensor, &Tensor) -> Tensor) -> Verdict {
    fields::ONE_SIDED_SIGMA.judge(answer)
}
