//! The chapter's exercises: what is asked, the right answers, and the wrong ones that people give.
//! What flows out of a box is in `mass`, densities along a path in `density`, the trace from probes
//! in `probes`, gradients of a solution in `gradients`; how answers are judged is [`crate::check`].
//!
//! In a notebook give your function to the one of the same name here:
//!
//! ```
//! use pushforward::chapters::continuous_flows::{checks, log_normal};
//! use pushforward::{Float, Tensor};
//! fn scaling_log_density(x: &Tensor, rate: Float, t: Float) -> Tensor {
//!     let x_0 = x * Tensor::scalar(-rate * t).exp();
//!     log_normal(&x_0) + rate * t * x.shape()[1] as Float
//! }
//! let verdict = checks::scaling_log_density(scaling_log_density);
//! assert!(verdict.says().starts_with("The sign of the volume is flipped."));
//! ```

mod density;
mod gradients;
mod mass;
mod probes;

pub use crate::chapters::flow_matching::checks::Field;

use crate::check::{Chapter, Function, Trial, Verdict};
use crate::{Float, Tensor};

/// A field at one time: x `[n, d]` → `[n, d]`, each row on its own.
pub type Map<'a> = &'a dyn Fn(&Tensor) -> Tensor;

/// A field with parameters: (t, x, θ), t `[n, 1]`, x `[n, d]` → `[n, d]`.
pub type Family<'a> = &'a dyn Fn(&Tensor, &Tensor, &Tensor) -> Tensor;

/// An answer to each exercise, in the order of the page.
#[derive(Clone, Copy)]
pub struct Answers {
    /// (x, a, t) → ln p_t(x) of noise that the field a x has carried.
    pub scaling_log_density: fn(&Tensor, Float, Float) -> Tensor,
    /// (u, x, h) → what flows out of a box of side h, per volume.
    pub outflow: fn(Map, &Tensor, Float) -> Tensor,
    /// (u, x) → div u.
    pub divergence: fn(Map, &Tensor) -> Tensor,
    /// (ln p, u, t, x) → the rate at which one who drifts sees ln p change.
    pub material_derivative: fn(Field, Field, &Tensor, &Tensor) -> Tensor,
    /// (u, t, z) → dz/dt of z = (x, ln p).
    pub augmented: fn(Field, &Tensor, &Tensor) -> Tensor,
    /// (u, x₁, steps) → ln p₁(x₁).
    pub log_density: fn(Field, &Tensor, usize) -> Tensor,
    /// (u, x₀, steps) → (x₁, ln p₁(x₁)).
    pub sample_with_density: fn(Field, &Tensor, usize) -> (Tensor, Tensor),
    /// (u, x₁, steps) → −mean ln p₁(x₁).
    pub nll: fn(Field, &Tensor, usize) -> Tensor,
    /// (u, x, ε) → εᵀ ∂u/∂x ε.
    pub hutchinson: fn(Map, &Tensor, &Tensor) -> Tensor,
    /// A → the variances of εᵀ A ε.
    pub hutchinson_variance: fn(&Tensor) -> (Tensor, Tensor),
    /// (u, x₁, probes, steps) → an estimate of ln p₁(x₁).
    pub estimated_log_density: fn(Field, &Tensor, &Tensor, usize) -> Tensor,
    /// (u, t, x, a) → (dx/dt, da/dt).
    pub adjoint_slopes: fn(Field, &Tensor, &Tensor, &Tensor) -> (Tensor, Tensor),
    /// (u, θ, x₁, ∂L/∂x₁, steps) → (∂L/∂x₀, ∂L/∂θ).
    pub adjoint_gradient: Gradient,
}

/// (u, θ, x₁, ∂L/∂x₁, steps) → (∂L/∂x₀, ∂L/∂θ).
pub type Gradient = fn(Family, &Tensor, &Tensor, &Tensor, usize) -> (Tensor, Tensor);

/// The chapter as the command line knows it.
pub const CHAPTER: Chapter = Chapter {
    name: "continuous_flows",
    title: "Continuous flows",
    exercises: &[
        density::SCALING_LOG_DENSITY.exercise,
        mass::OUTFLOW.exercise,
        mass::DIVERGENCE.exercise,
        mass::MATERIAL_DERIVATIVE.exercise,
        density::AUGMENTED.exercise,
        density::LOG_DENSITY.exercise,
        density::SAMPLE_WITH_DENSITY.exercise,
        density::NLL.exercise,
        probes::HUTCHINSON.exercise,
        probes::HUTCHINSON_VARIANCE.exercise,
        probes::ESTIMATED_LOG_DENSITY.exercise,
        gradients::ADJOINT_SLOPES.exercise,
        gradients::ADJOINT_GRADIENT.exercise,
    ],
};

/// Each exercise with its answer.
pub fn trials(answers: &Answers) -> Vec<Trial> {
    vec![
        density::SCALING_LOG_DENSITY.with(answers.scaling_log_density),
        mass::OUTFLOW.with(answers.outflow),
        mass::DIVERGENCE.with(answers.divergence),
        mass::MATERIAL_DERIVATIVE.with(answers.material_derivative),
        density::AUGMENTED.with(answers.augmented),
        density::LOG_DENSITY.with(answers.log_density),
        density::SAMPLE_WITH_DENSITY.with(answers.sample_with_density),
        density::NLL.with(answers.nll),
        probes::HUTCHINSON.with(answers.hutchinson),
        probes::HUTCHINSON_VARIANCE.with(answers.hutchinson_variance),
        probes::ESTIMATED_LOG_DENSITY.with(answers.estimated_log_density),
        gradients::ADJOINT_SLOPES.with(answers.adjoint_slopes),
        gradients::ADJOINT_GRADIENT.with(answers.adjoint_gradient),
    ]
}

/// Judges the density of noise that has been stretched.
pub fn scaling_log_density(answer: fn(&Tensor, Float, Float) -> Tensor) -> Verdict {
    density::SCALING_LOG_DENSITY.judge(answer)
}

/// Judges what flows out of a box.
pub fn outflow(answer: fn(Map, &Tensor, Float) -> Tensor) -> Verdict {
    mass::OUTFLOW.judge(answer)
}

/// Judges the divergence by automatic differentiation.
pub fn divergence(answer: fn(Map, &Tensor) -> Tensor) -> Verdict {
    mass::DIVERGENCE.judge(answer)
}

/// Judges the rate at which one who drifts sees ln p change.
pub fn material_derivative(answer: fn(Field, Field, &Tensor, &Tensor) -> Tensor) -> Verdict {
    mass::MATERIAL_DERIVATIVE.judge(answer)
}

/// Judges the field of a point with its ln p.
pub fn augmented(answer: fn(Field, &Tensor, &Tensor) -> Tensor) -> Verdict {
    density::AUGMENTED.judge(answer)
}

/// Judges the likelihood of data.
pub fn log_density(answer: fn(Field, &Tensor, usize) -> Tensor) -> Verdict {
    density::LOG_DENSITY.judge(answer)
}

/// Judges samples with their density.
pub fn sample_with_density(answer: fn(Field, &Tensor, usize) -> (Tensor, Tensor)) -> Verdict {
    density::SAMPLE_WITH_DENSITY.judge(answer)
}

/// Judges the loss.
pub fn nll(answer: fn(Field, &Tensor, usize) -> Tensor) -> Verdict {
    density::NLL.judge(answer)
}

/// Judges the trace from one probe.
pub fn hutchinson(answer: fn(Map, &Tensor, &Tensor) -> Tensor) -> Verdict {
    probes::HUTCHINSON.judge(answer)
}

/// Judges the variances of the trace from one probe.
pub fn hutchinson_variance(answer: fn(&Tensor) -> (Tensor, Tensor)) -> Verdict {
    probes::HUTCHINSON_VARIANCE.judge(answer)
}

/// Judges the likelihood from several probes.
pub fn estimated_log_density(answer: fn(Field, &Tensor, &Tensor, usize) -> Tensor) -> Verdict {
    probes::ESTIMATED_LOG_DENSITY.judge(answer)
}

/// Judges the right side of the adjoint equation.
pub fn adjoint_slopes(answer: fn(Field, &Tensor, &Tensor, &Tensor) -> (Tensor, Tensor)) -> Verdict {
    gradients::ADJOINT_SLOPES.judge(answer)
}

/// Judges the gradient by the adjoint equations.
pub fn adjoint_gradient(answer: Gradient) -> Verdict {
    gradients::ADJOINT_GRADIENT.judge(answer)
}

/// A function of x as an argument, which insists on `[n, d]`.
fn map(formula: &'static str, f: impl Fn(&Tensor) -> Tensor + 'static) -> Function {
    Function::new(formula, move |arguments| {
        let [x] = arguments else { panic!("this field takes x alone") };
        assert!(x.rank() == 2, "the field was called with x of shape {:?}, not [n, d]", x.shape());
        f(x)
    })
}

/// The columns of a field of the plane, side by side.
fn columns(parts: [Tensor; 2]) -> Tensor {
    Tensor::concat(&[&parts[0], &parts[1]], 1)
}

/// x₁ and x₂ of points of the plane, each `[n, 1]`.
fn coordinates(x: &Tensor) -> [Tensor; 2] {
    [x.slice(1, 0..1), x.slice(1, 1..2)]
}
