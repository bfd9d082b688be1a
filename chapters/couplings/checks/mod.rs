//! The chapter's exercises: what is asked, the right answers, and the wrong ones that people give, in
//! `answers`; how they are judged is [`crate::check`].
//!
//! In a notebook give your function to the one of the same name here:
//!
//! ```
//! use pushforward::{Float, chapters::couplings::checks};
//! fn path_energy_gap(energy: Float, w2: Float) -> Float {
//!     (energy - w2).abs() / w2
//! }
//! let verdict = checks::path_energy_gap(path_energy_gap);
//! assert!(verdict.says().starts_with("W₂ is a distance"));
//! ```

mod answers;

use crate::check::{Chapter, Trial, Verdict};
use crate::{Float, Tensor};

/// (x₀, x₁) → costs of all pairs.
pub type Costs = fn(&Tensor, &Tensor) -> Tensor;

/// (a, b, σ, t, x) → u_t(x).
pub type FieldOfPairs = fn(&Tensor, &Tensor, Float, Float, &Tensor) -> Tensor;

/// States → energy.
pub type Energy = fn(&Tensor) -> Tensor;

/// (energy, W₂) → NPE.
pub type Gap = fn(Float, Float) -> Float;

/// An answer to each exercise, in the order of the page.
#[derive(Clone, Copy)]
pub struct Answers {
    /// (a, b, σ, t, x) → u_t(x).
    pub pairs_velocity: FieldOfPairs,
    /// (x₀, x₁) → `[n, n]`.
    pub pair_costs: Costs,
    /// (x₀, x₁) → `[n, n]`.
    pub swap_savings: Costs,
    /// States → energy.
    pub way_energy: Energy,
    /// (energy, W₂) → NPE.
    pub path_energy_gap: Gap,
}

/// The chapter as the command line knows it.
pub const CHAPTER: Chapter = Chapter {
    name: "couplings",
    title: "Couplings",
    exercises: &[
        answers::PAIRS_VELOCITY.exercise,
        answers::PAIR_COSTS.exercise,
        answers::SWAP_SAVINGS.exercise,
        answers::WAY_ENERGY.exercise,
        answers::PATH_ENERGY_GAP.exercise,
    ],
};

/// Each exercise with its answer.
pub fn trials(answers: &Answers) -> Vec<Trial> {
    vec![
        answers::PAIRS_VELOCITY.with(answers.pairs_velocity),
        answers::PAIR_COSTS.with(answers.pair_costs),
        answers::SWAP_SAVINGS.with(answers.swap_savings),
        answers::WAY_ENERGY.with(answers.way_energy),
        answers::PATH_ENERGY_GAP.with(answers.path_energy_gap),
    ]
}

/// Judges the field of finitely many pairs.
pub fn pairs_velocity(answer: FieldOfPairs) -> Verdict {
    answers::PAIRS_VELOCITY.judge(answer)
}

/// Judges the costs of all pairs.
pub fn pair_costs(answer: Costs) -> Verdict {
    answers::PAIR_COSTS.judge(answer)
}

/// Judges what an exchange of partners saves.
pub fn swap_savings(answer: Costs) -> Verdict {
    answers::SWAP_SAVINGS.judge(answer)
}

/// Judges the energy of ways.
pub fn way_energy(answer: Energy) -> Verdict {
    answers::WAY_ENERGY.judge(answer)
}

/// Judges the normalised path energy.
pub fn path_energy_gap(answer: Gap) -> Verdict {
    answers::PATH_ENERGY_GAP.judge(answer)
}
