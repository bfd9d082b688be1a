//! The chapter's exercises: what is asked, the right answers, and the wrong ones that people give, in
//! `answers`; how they are judged is [`crate::check`].
//!
//! In a notebook give your function to the one of the same name here:
//!
//! ```
//! use pushforward::{Float, Tensor, chapters::guidance::checks};
//! fn guided_velocity(with: &Tensor, without: &Tensor, w: Float) -> Tensor {
//!     with + (with - without) * w
//! }
//! let verdict = checks::guided_velocity(guided_velocity);
//! assert!(verdict.says().starts_with("This is the paper's w"));
//! ```

mod answers;

use crate::check::{Chapter, Trial, Verdict};
use crate::{Float, Tensor};

/// (fields, ln p(x|y), ln p(y)) → u(x).
pub type Mixed = fn(&Tensor, &Tensor, &Tensor) -> Tensor;

/// (labels, u, p, ∅) → labels.
pub type Dropped = fn(&Tensor, &Tensor, Float, Float) -> Tensor;

/// (u(x|y), u(x), w) → u_w.
pub type Guided = fn(&Tensor, &Tensor, Float) -> Tensor;

/// (s_y, s, w) → two widths.
pub type Normal = fn(&Tensor, &Tensor, Float) -> (Tensor, Tensor);

/// An answer to each exercise, in the order of the page.
#[derive(Clone, Copy)]
pub struct Answers {
    /// (fields, ln p(x|y), ln p(y)) → u(x).
    pub velocity_of_all: Mixed,
    /// (labels, u, p, ∅) → labels.
    pub drop_labels: Dropped,
    /// (u(x|y), u(x), w) → u_w.
    pub guided_velocity: Guided,
    /// (s_y, s, w) → width of guidance and of the tilted law.
    pub normal_widths: Normal,
}

/// The chapter as the command line knows it.
pub const CHAPTER: Chapter = Chapter {
    name: "guidance",
    title: "Guidance",
    exercises: &[
        answers::VELOCITY_OF_ALL.exercise,
        answers::DROP_LABELS.exercise,
        answers::GUIDED_VELOCITY.exercise,
        answers::NORMAL_WIDTHS.exercise,
    ],
};

/// Each exercise with its answer.
pub fn trials(answers: &Answers) -> Vec<Trial> {
    vec![
        answers::VELOCITY_OF_ALL.with(answers.velocity_of_all),
        answers::DROP_LABELS.with(answers.drop_labels),
        answers::GUIDED_VELOCITY.with(answers.guided_velocity),
        answers::NORMAL_WIDTHS.with(answers.normal_widths),
    ]
}

/// Judges the field of all classes.
pub fn velocity_of_all(answer: Mixed) -> Verdict {
    answers::VELOCITY_OF_ALL.judge(answer)
}

/// Judges labels of which some are forgotten.
pub fn drop_labels(answer: Dropped) -> Verdict {
    answers::DROP_LABELS.judge(answer)
}

/// Judges a guided velocity.
pub fn guided_velocity(answer: Guided) -> Verdict {
    answers::GUIDED_VELOCITY.judge(answer)
}

/// Judges two widths.
pub fn normal_widths(answer: Normal) -> Verdict {
    answers::NORMAL_WIDTHS.judge(answer)
}
