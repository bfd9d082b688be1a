//! The chapter's exercises: what is asked, the right answers, and the wrong ones that people give.
//! Paths are in `paths`, marginals and theorems in `fields`, the program in `program`; how answers
//! are judged is [`crate::check`].
//!
//! In a notebook give your function to the one of the same name here:
//!
//! ```
//! use pushforward::{Tensor, chapters::flow_matching::checks};
//! fn linear_path(x_0: &Tensor, x_1: &Tensor, t: &Tensor) -> Tensor {
//!     t * x_0 + (1.0 - t) * x_1
//! }
//! let verdict = checks::linear_path(linear_path);
//! assert!(verdict.says().starts_with("The weights are exchanged"));
//! ```

mod fields;
mod paths;
mod program;

use crate::check::{Chapter, Function, Input, Trial, Verdict};
use crate::{Float, Tensor};

/// A field, or another function of time and place: t `[n, 1]`, x `[n, d]`. A velocity returns
/// `[n, d]`, a log density `[n, 1]`.
pub type Field<'a> = &'a dyn Fn(&Tensor, &Tensor) -> Tensor;

/// A number that depends on time.
pub type Schedule<'a> = &'a dyn Fn(Float) -> Float;

/// The schedules of a Gaussian path at the times of a batch, each `[n, 1]`.
#[derive(Clone, Debug)]
pub struct Schedules {
    /// α_t.
    pub alpha: Tensor,
    /// σ_t.
    pub sigma: Tensor,
    /// α_t′.
    pub alpha_dot: Tensor,
    /// σ_t′.
    pub sigma_dot: Tensor,
}

/// An answer to each exercise, in the order of the page.
#[derive(Clone, Copy)]
pub struct Answers {
    /// (x₀, x₁, t) → x_t on the straight line.
    pub linear_path: fn(&Tensor, &Tensor, &Tensor) -> Tensor,
    /// (x, x₁, t) → u_t(x|x₁) of the straight line.
    pub conditional_velocity: fn(&Tensor, &Tensor, &Tensor) -> Tensor,
    /// (x, x₁, schedules) → u_t(x|x₁) of Theorem 3.
    pub gaussian_velocity: fn(&Tensor, &Tensor, &Schedules) -> Tensor,
    /// (x₀, x₁, t, σ_min) → (x_t, u_t) of the path called optimal transport.
    pub optimal_transport: fn(&Tensor, &Tensor, &Tensor, Float) -> (Tensor, Tensor),
    /// (ᾱ, t) → (α_t, σ_t).
    pub ddpm_schedule: fn(Schedule, Float) -> (Float, Float),
    /// (x₀, x₁, t, σ_min, σ_max) → (the sampler's start, x_t) where variance explodes.
    pub exploding_start: fn(&Tensor, &Tensor, &Tensor, Float, Float) -> (Tensor, Tensor),
    /// (t, x, data) → u_t(x) for equally likely data points.
    pub marginal_velocity: fn(&Tensor, &Tensor, &Tensor) -> Tensor,
    /// (ln p, u, t, x) → ∂ₜ ln p + div u + u · ∇ ln p.
    pub continuity_residual: fn(Field, Field, &Tensor, &Tensor) -> Tensor,
    /// (u, x₀, x₁, t) → L_CFM on the straight line.
    pub cfm_loss: fn(Field, &Tensor, &Tensor, &Tensor) -> Tensor,
    /// (u_t(x_t), u_t(x_t|x₁)) → C₁ − C₂.
    pub theorem_2_constant: fn(&Tensor, &Tensor) -> Tensor,
    /// (u, t, x, h) → x at t + h.
    pub midpoint_step: fn(Field, Float, &Tensor, Float) -> Tensor,
    /// (u, x₀, steps) → x at t = 1.
    pub sample: fn(Field, &Tensor, usize) -> Tensor,
}

/// The chapter as the command line knows it.
pub const CHAPTER: Chapter = Chapter {
    name: "flow_matching",
    title: "Flow matching",
    exercises: &[
        paths::LINEAR_PATH.exercise,
        paths::CONDITIONAL_VELOCITY.exercise,
        paths::GAUSSIAN_VELOCITY.exercise,
        paths::OPTIMAL_TRANSPORT.exercise,
        paths::DDPM_SCHEDULE.exercise,
        paths::EXPLODING_START.exercise,
        fields::MARGINAL_VELOCITY.exercise,
        fields::CONTINUITY_RESIDUAL.exercise,
        program::CFM_LOSS.exercise,
        fields::THEOREM_2_CONSTANT.exercise,
        program::MIDPOINT_STEP.exercise,
        program::SAMPLE.exercise,
    ],
};

/// Each exercise with its answer.
pub fn trials(answers: &Answers) -> Vec<Trial> {
    vec![
        paths::LINEAR_PATH.with(answers.linear_path),
        paths::CONDITIONAL_VELOCITY.with(answers.conditional_velocity),
        paths::GAUSSIAN_VELOCITY.with(answers.gaussian_velocity),
        paths::OPTIMAL_TRANSPORT.with(answers.optimal_transport),
        paths::DDPM_SCHEDULE.with(answers.ddpm_schedule),
        paths::EXPLODING_START.with(answers.exploding_start),
        fields::MARGINAL_VELOCITY.with(answers.marginal_velocity),
        fields::CONTINUITY_RESIDUAL.with(answers.continuity_residual),
        program::CFM_LOSS.with(answers.cfm_loss),
        fields::THEOREM_2_CONSTANT.with(answers.theorem_2_constant),
        program::MIDPOINT_STEP.with(answers.midpoint_step),
        program::SAMPLE.with(answers.sample),
    ]
}

/// Judges x_t on the straight line.
pub fn linear_path(answer: fn(&Tensor, &Tensor, &Tensor) -> Tensor) -> Verdict {
    paths::LINEAR_PATH.judge(answer)
}

/// Judges the velocity of the straight line towards x₁.
pub fn conditional_velocity(answer: fn(&Tensor, &Tensor, &Tensor) -> Tensor) -> Verdict {
    paths::CONDITIONAL_VELOCITY.judge(answer)
}

/// Judges Theorem 3.
pub fn gaussian_velocity(answer: fn(&Tensor, &Tensor, &Schedules) -> Tensor) -> Verdict {
    paths::GAUSSIAN_VELOCITY.judge(answer)
}

/// Judges the optimal-transport path.
pub fn optimal_transport(
    answer: fn(&Tensor, &Tensor, &Tensor, Float) -> (Tensor, Tensor),
) -> Verdict {
    paths::OPTIMAL_TRANSPORT.judge(answer)
}

/// Judges α_t and σ_t from DDPM's ᾱ.
pub fn ddpm_schedule(answer: fn(Schedule, Float) -> (Float, Float)) -> Verdict {
    paths::DDPM_SCHEDULE.judge(answer)
}

/// Judges the start and the path where variance explodes.
pub fn exploding_start(
    answer: fn(&Tensor, &Tensor, &Tensor, Float, Float) -> (Tensor, Tensor),
) -> Verdict {
    paths::EXPLODING_START.judge(answer)
}

/// Judges the marginal field of finitely many data points.
pub fn marginal_velocity(answer: fn(&Tensor, &Tensor, &Tensor) -> Tensor) -> Verdict {
    fields::MARGINAL_VELOCITY.judge(answer)
}

/// Judges the residual of the continuity equation.
pub fn continuity_residual(answer: fn(Field, Field, &Tensor, &Tensor) -> Tensor) -> Verdict {
    fields::CONTINUITY_RESIDUAL.judge(answer)
}

/// Judges the loss of flow matching.
pub fn cfm_loss(answer: fn(Field, &Tensor, &Tensor, &Tensor) -> Tensor) -> Verdict {
    program::CFM_LOSS.judge(answer)
}

/// Judges the constant between the two losses.
pub fn theorem_2_constant(answer: fn(&Tensor, &Tensor) -> Tensor) -> Verdict {
    fields::THEOREM_2_CONSTANT.judge(answer)
}

/// Judges a step of the midpoint method.
pub fn midpoint_step(answer: fn(Field, Float, &Tensor, Float) -> Tensor) -> Verdict {
    program::MIDPOINT_STEP.judge(answer)
}

/// Judges the sampler.
pub fn sample(answer: fn(Field, &Tensor, usize) -> Tensor) -> Verdict {
    program::SAMPLE.judge(answer)
}

/// A function of (t, x) as an argument, which insists on the shapes as a network does.
pub(in crate::chapters) fn function(
    formula: &'static str,
    f: impl Fn(&Tensor, &Tensor) -> Tensor + 'static,
) -> Function {
    Function::new(formula, move |arguments| {
        let [t, x] = arguments else { panic!("a field takes t and x") };
        let n = x.shape().first().copied().unwrap_or(0);
        assert!(
            x.rank() == 2 && t.shape() == [n, 1],
            "the field was called with t of shape {:?} and x of shape {:?}; it takes [n, 1] and \
             [n, d]",
            t.shape(),
            x.shape()
        );
        f(t, x)
    })
}

/// An input's function of (t, x), to be called.
pub(in crate::chapters) fn field<'a>(
    input: &'a Input,
    name: &str,
) -> impl Fn(&Tensor, &Tensor) -> Tensor + use<'a> {
    let function = input.function(name);
    move |t, x| function.call(&[t, x])
}

/// t for every row of x: `[n, 1]`.
pub(in crate::chapters) fn column(t: Float, x: &Tensor) -> Tensor {
    Tensor::full(&[x.shape()[0], 1], t)
}
