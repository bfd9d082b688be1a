//! The chapter's exercises: what is asked, the right answers, and the wrong ones that people give.
//! The chain is in `chain`, the questions and the bound in `bound`, the samplers in `program`; how
//! answers are judged is [`crate::check`].
//!
//! In a notebook give your function to the one of the same name here:
//!
//! ```
//! use pushforward::{Tensor, chapters::diffusion::checks};
//! fn noise_to(x_0: &Tensor, eps: &Tensor, alpha_bar: &Tensor) -> Tensor {
//!     alpha_bar.sqrt() * x_0 + (1.0 - alpha_bar) * eps
//! }
//! let verdict = checks::noise_to(noise_to);
//! assert!(verdict.says().starts_with("The noise is multiplied by 1 − ᾱ, its variance."));
//! ```

mod bound;
mod chain;
mod program;

pub use crate::chapters::flow_matching::checks::Field;

use crate::check::{Chapter, Trial, Verdict};
use crate::{Float, Tensor};

/// What makes x₀ of x_1: `[n, d]` → `[n, d]`.
pub type Decoder<'a> = &'a dyn Fn(&Tensor) -> Tensor;

/// (x_t, ε̂, z, β, t) → x_{t−1}.
pub type Denoise = fn(&Tensor, &Tensor, &Tensor, &Tensor, usize) -> Tensor;

/// (x_t, ε̂, z, [ᾱ_t, ᾱ_u], η) → x_u.
pub type Go = fn(&Tensor, &Tensor, &Tensor, [Float; 2], Float) -> Tensor;

/// An answer to each exercise, in the order of the page.
#[derive(Clone, Copy)]
pub struct Answers {
    /// β → ᾱ.
    pub alpha_bar: fn(&Tensor) -> Tensor,
    /// (x₀, ε, ᾱ) → x_t.
    pub noise_to: fn(&Tensor, &Tensor, &Tensor) -> Tensor,
    /// (T, s, most) → β of the cosine schedule.
    pub cosine_schedule: fn(usize, Float, Float) -> Tensor,
    /// (x_t, x₀, ᾱ_t, ᾱ_{t−1}) → mean and variance of q(x_{t−1}|x_t, x₀).
    pub posterior: fn(&Tensor, &Tensor, &Tensor, &Tensor) -> (Tensor, Tensor),
    /// (ε, ε̂, ᾱ_t, ᾱ_{t−1}) → L_{t−1}.
    pub step_kl: fn(&Tensor, &Tensor, &Tensor, &Tensor) -> Tensor,
    /// (network, x₀, ε, t, ᾱ) → L_simple.
    pub simple_loss: fn(Field, &Tensor, &Tensor, &Tensor, &Tensor) -> Tensor,
    /// (x_t, ε̂, ᾱ) → x̂₀.
    pub predict_x_0: fn(&Tensor, &Tensor, &Tensor) -> Tensor,
    /// (x_t, v, ᾱ) → (x₀, ε).
    pub from_v: fn(&Tensor, &Tensor, &Tensor) -> (Tensor, Tensor),
    /// (decoder, σ, x₀, ε, ᾱ) → the ELBO of one step.
    pub one_step_elbo: fn(Decoder, Float, &Tensor, &Tensor, Float) -> Tensor,
    /// (x_t, ε̂, z, β, t) → x_{t−1}.
    pub ancestral_step: Denoise,
    /// (x_t, ε̂, z, [ᾱ_t, ᾱ_u], η) → x_u.
    pub ddim_step: Go,
    /// (network, ᾱ, noise) → x₀.
    pub sample: fn(Field, &Tensor, &Tensor) -> Tensor,
}

/// The chapter as the command line knows it.
pub const CHAPTER: Chapter = Chapter {
    name: "diffusion",
    title: "Diffusion",
    exercises: &[
        chain::ALPHA_BAR.exercise,
        chain::NOISE_TO.exercise,
        chain::COSINE_SCHEDULE.exercise,
        chain::POSTERIOR.exercise,
        bound::STEP_KL.exercise,
        bound::SIMPLE_LOSS.exercise,
        bound::PREDICT_X_0.exercise,
        bound::FROM_V.exercise,
        bound::ONE_STEP_ELBO.exercise,
        program::ANCESTRAL_STEP.exercise,
        program::DDIM_STEP.exercise,
        program::SAMPLE.exercise,
    ],
};

/// Each exercise with its answer.
pub fn trials(answers: &Answers) -> Vec<Trial> {
    vec![
        chain::ALPHA_BAR.with(answers.alpha_bar),
        chain::NOISE_TO.with(answers.noise_to),
        chain::COSINE_SCHEDULE.with(answers.cosine_schedule),
        chain::POSTERIOR.with(answers.posterior),
        bound::STEP_KL.with(answers.step_kl),
        bound::SIMPLE_LOSS.with(answers.simple_loss),
        bound::PREDICT_X_0.with(answers.predict_x_0),
        bound::FROM_V.with(answers.from_v),
        bound::ONE_STEP_ELBO.with(answers.one_step_elbo),
        program::ANCESTRAL_STEP.with(answers.ancestral_step),
        program::DDIM_STEP.with(answers.ddim_step),
        program::SAMPLE.with(answers.sample),
    ]
}

/// Judges ᾱ from the β of a chain.
pub fn alpha_bar(answer: fn(&Tensor) -> Tensor) -> Verdict {
    chain::ALPHA_BAR.judge(answer)
}

/// Judges x_t from x₀ and ε.
pub fn noise_to(answer: fn(&Tensor, &Tensor, &Tensor) -> Tensor) -> Verdict {
    chain::NOISE_TO.judge(answer)
}

/// Judges the β of the cosine schedule.
pub fn cosine_schedule(answer: fn(usize, Float, Float) -> Tensor) -> Verdict {
    chain::COSINE_SCHEDULE.judge(answer)
}

/// Judges the law of x_{t−1} when x_t and x₀ are known.
pub fn posterior(answer: fn(&Tensor, &Tensor, &Tensor, &Tensor) -> (Tensor, Tensor)) -> Verdict {
    chain::POSTERIOR.judge(answer)
}

/// Judges a term of the bound.
pub fn step_kl(answer: fn(&Tensor, &Tensor, &Tensor, &Tensor) -> Tensor) -> Verdict {
    bound::STEP_KL.judge(answer)
}

/// Judges the loss of DDPM.
pub fn simple_loss(answer: fn(Field, &Tensor, &Tensor, &Tensor, &Tensor) -> Tensor) -> Verdict {
    bound::SIMPLE_LOSS.judge(answer)
}

/// Judges x̂₀ from ε̂.
pub fn predict_x_0(answer: fn(&Tensor, &Tensor, &Tensor) -> Tensor) -> Verdict {
    bound::PREDICT_X_0.judge(answer)
}

/// Judges x₀ and ε from v.
pub fn from_v(answer: fn(&Tensor, &Tensor, &Tensor) -> (Tensor, Tensor)) -> Verdict {
    bound::FROM_V.judge(answer)
}

/// Judges the ELBO of a chain of one step.
pub fn one_step_elbo(answer: fn(Decoder, Float, &Tensor, &Tensor, Float) -> Tensor) -> Verdict {
    bound::ONE_STEP_ELBO.judge(answer)
}

/// Judges a step of DDPM's sampler.
pub fn ancestral_step(answer: Denoise) -> Verdict {
    program::ANCESTRAL_STEP.judge(answer)
}

/// Judges a step of DDIM's sampler.
pub fn ddim_step(answer: Go) -> Verdict {
    program::DDIM_STEP.judge(answer)
}

/// Judges the sampler without randomness.
pub fn sample(answer: fn(Field, &Tensor, &Tensor) -> Tensor) -> Verdict {
    program::SAMPLE.judge(answer)
}
