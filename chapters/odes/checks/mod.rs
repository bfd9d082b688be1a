//! The chapter's exercises: what is asked, the right answers, and the wrong ones that people give.
//! What fields do to points and mass is in `flows`, equal steps in `steps`, steps that a tolerance
//! chooses in `adaptive`, stiffness in `stiff`; how answers are judged is [`crate::check`].
//!
//! In a notebook give your function to the one of the same name here:
//!
//! ```
//! use pushforward::{Float, Tensor, chapters::odes::checks};
//! fn heun_step(u: checks::Field, t: Float, x: &Tensor, h: Float) -> Tensor {
//!     let k_1 = u(t, x);
//!     let k_2 = u(t, &(x + &k_1 * h));
//!     x + (k_1 + k_2) * (h / 2.0)
//! }
//! let verdict = checks::heun_step(heun_step);
//! assert!(verdict.says().starts_with("The second slope is asked for at time t."));
//! ```

mod adaptive;
mod flows;
mod steps;
mod stiff;

use crate::check::{Chapter, Function, Input, Trial, Verdict};
use crate::{Float, Tensor};

/// A field: (t, x) → u(t, x), of the shape of x.
pub type Field<'a> = &'a dyn Fn(Float, &Tensor) -> Tensor;

/// (u, t, x, h) → x(t + h).
pub type Step = fn(Field, Float, &Tensor, Float) -> Tensor;

/// Two methods with the same stages: kᵢ = u(t + cᵢ h, x + h Σⱼ aᵢⱼ kⱼ), then x + h Σ bᵢ kᵢ by the
/// one and x + h Σ b̂ᵢ kᵢ by the other.
#[derive(Clone, Debug)]
pub struct Pair {
    /// aᵢⱼ: `[s, s]`, 0 where j ≥ i.
    pub a: Tensor,
    /// Weights of the method whose result is taken: `[s]`.
    pub b: Tensor,
    /// Weights of the one that it is compared with: `[s]`.
    pub b_hat: Tensor,
    /// When, in steps: `[s]`.
    pub c: Tensor,
}

/// The ends of a step and the slopes there: all of one shape.
#[derive(Clone, Debug)]
pub struct Ends {
    /// x(t).
    pub x_0: Tensor,
    /// x(t + h).
    pub x_1: Tensor,
    /// u(t, x_0).
    pub k_0: Tensor,
    /// u(t + h, x_1).
    pub k_1: Tensor,
}

/// An answer to each exercise, in the order of the page.
#[derive(Clone, Copy)]
pub struct Answers {
    /// (δ, ε, L, t) → how far two solutions may be apart.
    pub gronwall_bound: fn(&Tensor, &Tensor, &Tensor, &Tensor) -> Tensor,
    /// (ρ, u at the walls, Δx, Δt) → ρ a moment later.
    pub continuity_step: fn(&Tensor, &Tensor, Float, Float) -> Tensor,
    /// (u, x₀, t₀, t₁, steps) → x(t₁).
    pub euler_solve: fn(Field, &Tensor, Float, Float, usize) -> Tensor,
    /// (u, t, x, h) → x(t + h).
    pub heun_step: Step,
    /// (a, b) → by how much each condition is missed.
    pub order_conditions: fn(&Tensor, &Tensor) -> Tensor,
    /// (u, t, x, h) → x(t + h).
    pub rk4_step: Step,
    /// (errors, steps) → the orders observed.
    pub observed_order: fn(&Tensor, &Tensor) -> Tensor,
    /// (u, t, x, h, pair) → x(t + h) and the estimate of its error.
    pub embedded_step: fn(Field, Float, &Tensor, Float, &Pair) -> (Tensor, Tensor),
    /// (e, x, x_new, relative, absolute) → the size of e in units of the tolerance.
    pub error_norm: fn(&Tensor, &Tensor, &Tensor, Float, Float) -> Tensor,
    /// (h, error) → the next h.
    pub next_step: fn(&Tensor, &Tensor) -> Tensor,
    /// (ends, h, θ) → x(t + θ h).
    pub dense_output: fn(&Ends, Float, Float) -> Tensor,
    /// λ → the longest stable step of Euler's method.
    pub longest_step: fn(&Tensor) -> Tensor,
    /// (u, t, x, h, iterations) → y = x + h u(t + h, y).
    pub implicit_euler_step: fn(Field, Float, &Tensor, Float, usize) -> Tensor,
}

/// The chapter as the command line knows it.
pub const CHAPTER: Chapter = Chapter {
    name: "odes",
    title: "Ordinary differential equations",
    exercises: &[
        flows::GRONWALL_BOUND.exercise,
        flows::CONTINUITY_STEP.exercise,
        steps::EULER_SOLVE.exercise,
        steps::HEUN_STEP.exercise,
        steps::ORDER_CONDITIONS.exercise,
        steps::RK4_STEP.exercise,
        steps::OBSERVED_ORDER.exercise,
        adaptive::EMBEDDED_STEP.exercise,
        adaptive::ERROR_NORM.exercise,
        adaptive::NEXT_STEP.exercise,
        adaptive::DENSE_OUTPUT.exercise,
        stiff::LONGEST_STEP.exercise,
        stiff::IMPLICIT_EULER_STEP.exercise,
    ],
};

/// Each exercise with its answer.
pub fn trials(answers: &Answers) -> Vec<Trial> {
    vec![
        flows::GRONWALL_BOUND.with(answers.gronwall_bound),
        flows::CONTINUITY_STEP.with(answers.continuity_step),
        steps::EULER_SOLVE.with(answers.euler_solve),
        steps::HEUN_STEP.with(answers.heun_step),
        steps::ORDER_CONDITIONS.with(answers.order_conditions),
        steps::RK4_STEP.with(answers.rk4_step),
        steps::OBSERVED_ORDER.with(answers.observed_order),
        adaptive::EMBEDDED_STEP.with(answers.embedded_step),
        adaptive::ERROR_NORM.with(answers.error_norm),
        adaptive::NEXT_STEP.with(answers.next_step),
        adaptive::DENSE_OUTPUT.with(answers.dense_output),
        stiff::LONGEST_STEP.with(answers.longest_step),
        stiff::IMPLICIT_EULER_STEP.with(answers.implicit_euler_step),
    ]
}

/// Judges the bound on how far two solutions may be apart.
pub fn gronwall_bound(answer: fn(&Tensor, &Tensor, &Tensor, &Tensor) -> Tensor) -> Verdict {
    flows::GRONWALL_BOUND.judge(answer)
}

/// Judges a step of the density in cells.
pub fn continuity_step(answer: fn(&Tensor, &Tensor, Float, Float) -> Tensor) -> Verdict {
    flows::CONTINUITY_STEP.judge(answer)
}

/// Judges a solve in Euler's steps.
pub fn euler_solve(answer: fn(Field, &Tensor, Float, Float, usize) -> Tensor) -> Verdict {
    steps::EULER_SOLVE.judge(answer)
}

/// Judges Heun's step.
pub fn heun_step(answer: Step) -> Verdict {
    steps::HEUN_STEP.judge(answer)
}

/// Judges the conditions on a tableau up to order three.
pub fn order_conditions(answer: fn(&Tensor, &Tensor) -> Tensor) -> Verdict {
    steps::ORDER_CONDITIONS.judge(answer)
}

/// Judges the classical step of Kutta.
pub fn rk4_step(answer: Step) -> Verdict {
    steps::RK4_STEP.judge(answer)
}

/// Judges the orders between neighbouring errors.
pub fn observed_order(answer: fn(&Tensor, &Tensor) -> Tensor) -> Verdict {
    steps::OBSERVED_ORDER.judge(answer)
}

/// Judges a step with an estimate of its error.
pub fn embedded_step(
    answer: fn(Field, Float, &Tensor, Float, &Pair) -> (Tensor, Tensor),
) -> Verdict {
    adaptive::EMBEDDED_STEP.judge(answer)
}

/// Judges the size of an error in units of the tolerance.
pub fn error_norm(answer: fn(&Tensor, &Tensor, &Tensor, Float, Float) -> Tensor) -> Verdict {
    adaptive::ERROR_NORM.judge(answer)
}

/// Judges the length of the next step.
pub fn next_step(answer: fn(&Tensor, &Tensor) -> Tensor) -> Verdict {
    adaptive::NEXT_STEP.judge(answer)
}

/// Judges the curve between two steps.
pub fn dense_output(answer: fn(&Ends, Float, Float) -> Tensor) -> Verdict {
    adaptive::DENSE_OUTPUT.judge(answer)
}

/// Judges the longest stable step.
pub fn longest_step(answer: fn(&Tensor) -> Tensor) -> Verdict {
    stiff::LONGEST_STEP.judge(answer)
}

/// Judges a step of implicit Euler.
pub fn implicit_euler_step(answer: fn(Field, Float, &Tensor, Float, usize) -> Tensor) -> Verdict {
    stiff::IMPLICIT_EULER_STEP.judge(answer)
}

/// A field as an argument, which insists on the shapes.
fn function(formula: &'static str, u: impl Fn(Float, &Tensor) -> Tensor + 'static) -> Function {
    Function::new(formula, move |arguments| {
        let [t, x] = arguments else { panic!("a field takes t and x") };
        assert!(
            x.rank() == 2,
            "the field was called with x of shape {:?}; it takes [n, d]",
            x.shape()
        );
        u(t.item(), x)
    })
}

/// An input's field, to be called.
fn field<'a>(input: &'a Input, name: &str) -> impl Fn(Float, &Tensor) -> Tensor + use<'a> {
    let function = input.function(name);
    move |t, x| function.call(&[&Tensor::scalar(t), x])
}

/// What grows as it is.
fn growth() -> Function {
    function("u(t, x) = x", |_, x| x.clone())
}

/// A field of time alone.
fn ramp() -> Function {
    function("u(t, x) = 6 t² + 0 x", |t, x| x * 0.0 + 6.0 * t * t)
}

/// A field of both.
fn swing() -> Function {
    function("u(t, x) = 3 cos(4t) − 2 sin x", |t, x| {
        Tensor::scalar(4.0 * t).cos() * 3.0 - x.sin() * 2.0
    })
}

/// Coordinates that depend on each other, and on time.
fn spiral() -> Function {
    function("u(t, x) = (1 + t) (x_2, −2 x_1 − x_2²/2)", |t, x| {
        let (x_1, x_2) = (x.slice(1, 0..1), x.slice(1, 1..2));
        Tensor::concat(&[&x_2, &(x_1 * -2.0 - x_2.square() * 0.5)], 1) * (1.0 + t)
    })
}
