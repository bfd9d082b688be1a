//! The chapter's exercises: what is asked, the right answers, and the wrong ones that people give.
//! Brownian motion and steps are in `motion`, what becomes of laws in `laws`, time run backwards in
//! `reverse`; how answers are judged is [`crate::check`].
//!
//! In a notebook give your function to the one of the same name here:
//!
//! ```
//! use pushforward::{Float, Tensor, chapters::sdes::checks};
//! fn langevin_step(x: &Tensor, s: &Tensor, sigma: Float, h: Float, z: &Tensor) -> Tensor {
//!     x + s * (0.5 * sigma * sigma * h) + z * (sigma * h)
//! }
//! let verdict = checks::langevin_step(langevin_step);
//! assert!(verdict.says().starts_with("The noise is multiplied by h."));
//! ```

mod laws;
mod motion;
mod reverse;

use crate::check::{Chapter, Function, Input, Trial, Verdict};
use crate::{Float, Tensor};

/// A drift or a noise: (t, x) → u(t, x), of the shape of x.
pub type Field<'a> = &'a dyn Fn(Float, &Tensor) -> Tensor;

/// (u, g, t, x, h, z) → x(t + h).
pub type Step = fn(Field, Field, Float, &Tensor, Float, &Tensor) -> Tensor;

/// (u, g, f′, f″) → drift of f(X).
pub type Ito = fn(&Tensor, &Tensor, &Tensor, &Tensor) -> Tensor;

/// (x, s, σ, h, z) → the next x.
pub type Langevin = fn(&Tensor, &Tensor, Float, Float, &Tensor) -> Tensor;

/// A density on the line and a drift there, with their derivatives: all `[n]`.
#[derive(Clone, Debug)]
pub struct Moment {
    /// p.
    pub p: Tensor,
    /// ∂p/∂x.
    pub slope: Tensor,
    /// ∂²p/∂x².
    pub bend: Tensor,
    /// u.
    pub u: Tensor,
    /// ∂u/∂x.
    pub u_slope: Tensor,
}

/// α, α′, σ, σ′ in the book's time → a and g².
pub type Noising = fn(&Tensor, &Tensor, &Tensor, &Tensor) -> (Tensor, Tensor);

/// (x, score, a, g²) → drift in the book's time.
pub type Drift = fn(&Tensor, &Tensor, &Tensor, &Tensor) -> Tensor;

/// An answer to each exercise, in the order of the page.
#[derive(Clone, Copy)]
pub struct Answers {
    /// (z, h) → W at 0, h, 2h, ….
    pub brownian_path: fn(&Tensor, Float) -> Tensor,
    /// W → Σ ΔW².
    pub quadratic_variation: fn(&Tensor) -> Tensor,
    /// (u, g, t, x, h, z) → x(t + h).
    pub euler_maruyama_step: Step,
    /// (u, g, f′, f″) → drift of f(X).
    pub ito_drift: Ito,
    /// (x₀, θ, σ, t) → mean and variance.
    pub ornstein_uhlenbeck: fn(&Tensor, Float, Float, Float) -> (Tensor, Tensor),
    /// (x, s, σ, h, z) → the next x.
    pub langevin_step: Langevin,
    /// (p and u with their derivatives, σ) → ∂p/∂t.
    pub fokker_planck_rate: fn(&Moment, Float) -> Tensor,
    /// (u, x, mean, std, σ) → drift that keeps N(mean, std²) on its way.
    pub extended_drift: fn(&Tensor, &Tensor, &Tensor, &Tensor, Float) -> Tensor,
    /// (α, α′, σ, σ′) → a and g².
    pub noising: Noising,
    /// (x, score, a, g²) → drift backwards, with noise.
    pub reverse_drift: Drift,
    /// (x, score, a, g²) → drift backwards, without.
    pub probability_flow: Drift,
}

/// The chapter as the command line knows it.
pub const CHAPTER: Chapter = Chapter {
    name: "sdes",
    title: "Stochastic differential equations",
    exercises: &[
        motion::BROWNIAN_PATH.exercise,
        motion::QUADRATIC_VARIATION.exercise,
        motion::EULER_MARUYAMA_STEP.exercise,
        motion::ITO_DRIFT.exercise,
        motion::ORNSTEIN_UHLENBECK.exercise,
        laws::LANGEVIN_STEP.exercise,
        laws::FOKKER_PLANCK_RATE.exercise,
        laws::EXTENDED_DRIFT.exercise,
        reverse::NOISING.exercise,
        reverse::REVERSE_DRIFT.exercise,
        reverse::PROBABILITY_FLOW.exercise,
    ],
};

/// Each exercise with its answer.
pub fn trials(answers: &Answers) -> Vec<Trial> {
    vec![
        motion::BROWNIAN_PATH.with(answers.brownian_path),
        motion::QUADRATIC_VARIATION.with(answers.quadratic_variation),
        motion::EULER_MARUYAMA_STEP.with(answers.euler_maruyama_step),
        motion::ITO_DRIFT.with(answers.ito_drift),
        motion::ORNSTEIN_UHLENBECK.with(answers.ornstein_uhlenbeck),
        laws::LANGEVIN_STEP.with(answers.langevin_step),
        laws::FOKKER_PLANCK_RATE.with(answers.fokker_planck_rate),
        laws::EXTENDED_DRIFT.with(answers.extended_drift),
        reverse::NOISING.with(answers.noising),
        reverse::REVERSE_DRIFT.with(answers.reverse_drift),
        reverse::PROBABILITY_FLOW.with(answers.probability_flow),
    ]
}

/// Judges paths of Brownian motion.
pub fn brownian_path(answer: fn(&Tensor, Float) -> Tensor) -> Verdict {
    motion::BROWNIAN_PATH.judge(answer)
}

/// Judges the sum of squared increments.
pub fn quadratic_variation(answer: fn(&Tensor) -> Tensor) -> Verdict {
    motion::QUADRATIC_VARIATION.judge(answer)
}

/// Judges a step of Euler and Maruyama.
pub fn euler_maruyama_step(answer: Step) -> Verdict {
    motion::EULER_MARUYAMA_STEP.judge(answer)
}

/// Judges the drift of a function of X.
pub fn ito_drift(answer: Ito) -> Verdict {
    motion::ITO_DRIFT.judge(answer)
}

/// Judges a mean and a variance.
pub fn ornstein_uhlenbeck(answer: fn(&Tensor, Float, Float, Float) -> (Tensor, Tensor)) -> Verdict {
    motion::ORNSTEIN_UHLENBECK.judge(answer)
}

/// Judges a step of Langevin's dynamics.
pub fn langevin_step(answer: Langevin) -> Verdict {
    laws::LANGEVIN_STEP.judge(answer)
}

/// Judges the right-hand side of Fokker and Planck's equation.
pub fn fokker_planck_rate(answer: fn(&Moment, Float) -> Tensor) -> Verdict {
    laws::FOKKER_PLANCK_RATE.judge(answer)
}

/// Judges a drift corrected for noise.
pub fn extended_drift(answer: fn(&Tensor, &Tensor, &Tensor, &Tensor, Float) -> Tensor) -> Verdict {
    laws::EXTENDED_DRIFT.judge(answer)
}

/// Judges the noising equation of a path.
pub fn noising(answer: Noising) -> Verdict {
    reverse::NOISING.judge(answer)
}

/// Judges the drift of the reverse equation.
pub fn reverse_drift(answer: Drift) -> Verdict {
    reverse::REVERSE_DRIFT.judge(answer)
}

/// Judges the drift of the probability flow.
pub fn probability_flow(answer: Drift) -> Verdict {
    reverse::PROBABILITY_FLOW.judge(answer)
}

/// A field as an argument, with the formula that the reader sees.
fn function(formula: &'static str, u: impl Fn(Float, &Tensor) -> Tensor + 'static) -> Function {
    Function::new(formula, move |arguments| {
        let [t, x] = arguments else { panic!("a field takes t and x") };
        u(t.item(), x)
    })
}

/// An input's field, to be called.
fn field<'a>(input: &'a Input, name: &str) -> impl Fn(Float, &Tensor) -> Tensor + use<'a> {
    let function = input.function(name);
    move |t, x| function.call(&[&Tensor::scalar(t), x])
}
