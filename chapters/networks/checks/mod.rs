//! The chapter's exercises: what is asked, the right answers, and the wrong ones that people give. Steps are in
//! `steps`, what stands around them in `around`; how answers are judged is [`crate::check`].
//!
//! In a notebook give your function to the one of the same name here:
//!
//! ```
//! use pushforward::{Float, chapters::networks::checks};
//! fn weight_std(inputs: usize, gain: Float) -> Float {
//!     gain / inputs as Float
//! }
//! let verdict = checks::weight_std(weight_std);
//! assert!(verdict.says().starts_with("This is the variance"));
//! ```

mod around;
mod steps;

use crate::Float;
use crate::check::{Chapter, Exercise, Trial, Verdict};

/// (inputs, gain) → a standard deviation.
pub type Spread = fn(usize, Float) -> Float;

/// (p, g, b, η, μ) → p and b.
pub type Momentum = fn(Float, Float, Float, Float, Float) -> (Float, Float);

/// (p, g, [m, v], t, η) → p and the means.
pub type Adam = fn(Float, Float, [Float; 2], usize, Float) -> (Float, [Float; 2]);

/// (p, g, [m, v], t, η, λ) → p and the means.
pub type AdamW = fn(Float, Float, [Float; 2], usize, Float, Float) -> (Float, [Float; 2]);

/// (step, steps, η₀) → η.
pub type Rate = fn(usize, usize, Float) -> Float;

/// (g, longest) → g.
pub type Clip = fn(&[Float], Float) -> Vec<Float>;

/// An answer to each exercise, in the order of the page.
#[derive(Clone, Copy)]
pub struct Answers {
    /// (inputs, gain) → a standard deviation.
    pub weight_std: Spread,
    /// (p, g, b, η, μ) → p and b.
    pub momentum: Momentum,
    /// (p, g, [m, v], t, η) → p and the means.
    pub adam: Adam,
    /// (p, g, [m, v], t, η, λ) → p and the means.
    pub adamw: AdamW,
    /// (step, steps, η₀) → η.
    pub cosine_rate: Rate,
    /// (g, longest) → g.
    pub clip_by_norm: Clip,
}

/// The chapter as the command line knows it.
pub const CHAPTER: Chapter = Chapter {
    name: "networks",
    title: "Networks and optimisers",
    exercises: &[
        around::WEIGHT_STD.exercise,
        steps::MOMENTUM.exercise,
        steps::ADAM.exercise,
        steps::ADAMW.exercise,
        around::COSINE_RATE.exercise,
        around::CLIP_BY_NORM.exercise,
    ],
};

/// Each exercise with its answer.
pub fn trials(answers: &Answers) -> Vec<Trial> {
    vec![
        around::WEIGHT_STD.with(answers.weight_std),
        steps::MOMENTUM.with(answers.momentum),
        steps::ADAM.with(answers.adam),
        steps::ADAMW.with(answers.adamw),
        around::COSINE_RATE.with(answers.cosine_rate),
        around::CLIP_BY_NORM.with(answers.clip_by_norm),
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
    Exercise { chapter: "networks", name, statements, place, outputs, learned, hints }
}

/// Judges a spread of weights.
pub fn weight_std(answer: Spread) -> Verdict {
    around::WEIGHT_STD.judge(answer)
}

/// Judges a step with momentum.
pub fn momentum(answer: Momentum) -> Verdict {
    steps::MOMENTUM.judge(answer)
}

/// Judges a step of Adam.
pub fn adam(answer: Adam) -> Verdict {
    steps::ADAM.judge(answer)
}

/// Judges a step of AdamW.
pub fn adamw(answer: AdamW) -> Verdict {
    steps::ADAMW.judge(answer)
}

/// Judges a schedule.
pub fn cosine_rate(answer: Rate) -> Verdict {
    around::COSINE_RATE.judge(answer)
}

/// Judges a gradient that is cut.
pub fn clip_by_norm(answer: Clip) -> Verdict {
    around::CLIP_BY_NORM.judge(answer)
}
