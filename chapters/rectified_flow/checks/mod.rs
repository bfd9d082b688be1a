//! The chapter's exercises: what is asked, the right answers, and the wrong ones that people give.
//! What is measured of pairs and flows is in `measures`, what is learned and sampled in `rounds`; how
//! answers are judged is [`crate::check`].
//!
//! In a notebook give your function to the one of the same name here:
//!
//! ```
//! use pushforward::{Tensor, chapters::rectified_flow::checks};
//! fn transport_cost(x_0: &Tensor, x_1: &Tensor) -> Tensor {
//!     (x_1 - x_0).square().mean(..)
//! }
//! let verdict = checks::transport_cost(transport_cost);
//! assert!(verdict.says().starts_with("You average over coordinates too"));
//! ```

mod measures;
mod rounds;

use crate::check::{Chapter, Trial, Verdict};
use crate::{Float, Tensor};

pub use crate::chapters::flow_matching::checks::Field;

/// An answer to each exercise, in the order of the page.
#[derive(Clone, Copy)]
pub struct Answers {
    /// (u, x₀, steps) → (x₀, x₁) of the next round.
    pub reflow_pairs: fn(Field, &Tensor, usize) -> (Tensor, Tensor),
    /// (x₀, x₁) → E‖x₁ − x₀‖².
    pub transport_cost: fn(&Tensor, &Tensor) -> Tensor,
    /// States `[k + 1, n, d]` → S.
    pub straightness: fn(&Tensor) -> Tensor,
    /// (u, x₀) → x₁ by one Euler step.
    pub one_step: fn(Field, &Tensor) -> Tensor,
    /// (x, t, angle) → v(x, t) of points that are paired with themselves turned.
    pub rotation_velocity: fn(&Tensor, Float, Float) -> Tensor,
    /// (u, x₀, x₁) → the loss of distillation.
    pub distillation_loss: fn(Field, &Tensor, &Tensor) -> Tensor,
}

/// The chapter as the command line knows it.
pub const CHAPTER: Chapter = Chapter {
    name: "rectified_flow",
    title: "Rectified flow",
    exercises: &[
        rounds::REFLOW_PAIRS.exercise,
        measures::TRANSPORT_COST.exercise,
        measures::STRAIGHTNESS.exercise,
        rounds::ONE_STEP.exercise,
        measures::ROTATION_VELOCITY.exercise,
        rounds::DISTILLATION_LOSS.exercise,
    ],
};

/// Each exercise with its answer.
pub fn trials(answers: &Answers) -> Vec<Trial> {
    vec![
        rounds::REFLOW_PAIRS.with(answers.reflow_pairs),
        measures::TRANSPORT_COST.with(answers.transport_cost),
        measures::STRAIGHTNESS.with(answers.straightness),
        rounds::ONE_STEP.with(answers.one_step),
        measures::ROTATION_VELOCITY.with(answers.rotation_velocity),
        rounds::DISTILLATION_LOSS.with(answers.distillation_loss),
    ]
}

/// Judges the pairs of the next round.
pub fn reflow_pairs(answer: fn(Field, &Tensor, usize) -> (Tensor, Tensor)) -> Verdict {
    rounds::REFLOW_PAIRS.judge(answer)
}

/// Judges the cost of a coupling.
pub fn transport_cost(answer: fn(&Tensor, &Tensor) -> Tensor) -> Verdict {
    measures::TRANSPORT_COST.judge(answer)
}

/// Judges the straightness of trajectories.
pub fn straightness(answer: fn(&Tensor) -> Tensor) -> Verdict {
    measures::STRAIGHTNESS.judge(answer)
}

/// Judges the sampler of one step.
pub fn one_step(answer: fn(Field, &Tensor) -> Tensor) -> Verdict {
    rounds::ONE_STEP.judge(answer)
}

/// Judges the velocity of turned pairs.
pub fn rotation_velocity(answer: fn(&Tensor, Float, Float) -> Tensor) -> Verdict {
    measures::ROTATION_VELOCITY.judge(answer)
}

/// Judges the loss of distillation.
pub fn distillation_loss(answer: fn(Field, &Tensor, &Tensor) -> Tensor) -> Verdict {
    rounds::DISTILLATION_LOSS.judge(answer)
}
