//! The chapter's exercises: what is asked, the right answers, and the wrong ones that people give.
//! The game between D and G is in `game`, the losses of the two in `losses`, the critic of
//! Wasserstein's distance and the count of modes in `critic`; how answers are judged is
//! [`crate::check`].
//!
//! In a notebook give your function to the one of the same name here:
//!
//! ```
//! use pushforward::{Tensor, chapters::gan::checks};
//! fn value_function(real: &Tensor, fake: &Tensor) -> Tensor {
//!     -(-real).softplus().mean(..)
//! }
//! let verdict = checks::value_function(value_function);
//! assert!(verdict.says().starts_with("The second half is missing"));
//! ```

mod critic;
mod game;
mod losses;

use crate::check::{Chapter, Trial, Verdict};
use crate::{Float, Tensor};

/// A critic or discriminator: points `[n, d]` → one number for each, `[n, 1]`.
pub type Critic<'a> = &'a dyn Fn(&Tensor) -> Tensor;

/// An answer to each exercise, in the order of the page.
#[derive(Clone, Copy)]
pub struct Answers {
    /// (logits of data, logits of fakes) → V.
    pub value_function: fn(&Tensor, &Tensor) -> Tensor,
    /// (ln q, ln p_G) → D*.
    pub optimal_discriminator: fn(&Tensor, &Tensor) -> Tensor,
    /// (q, p_G on a grid, its spacing) → JSD.
    pub jensen_shannon: fn(&Tensor, &Tensor, Float) -> Tensor,
    /// (w, data, fakes, learning rate) → w after a step of D.
    pub discriminator_step: fn(&Tensor, &Tensor, &Tensor, Float) -> Tensor,
    /// (θ, φ, k, rounds, learning rate) → (θ, φ) after that many rounds.
    pub alternate: fn(&Tensor, &Tensor, usize, usize, Float) -> (Tensor, Tensor),
    /// Logits of fakes → (minimax loss, non-saturating loss) of G.
    pub generator_losses: fn(&Tensor) -> (Tensor, Tensor),
    /// Logits of fakes → the slopes of both losses in each logit.
    pub generator_slopes: fn(&Tensor) -> (Tensor, Tensor),
    /// (a of data, a of fakes) → (loss of D, loss of G), by least squares.
    pub least_squares_losses: fn(&Tensor, &Tensor) -> (Tensor, Tensor),
    /// (a of data, a of fakes, penalty, λ) → (loss of D, loss of G), by Wasserstein's distance.
    pub critic_losses: fn(&Tensor, &Tensor, &Tensor, Float) -> (Tensor, Tensor),
    /// (a, data, fakes, u) → the gradient penalty.
    pub gradient_penalty: fn(Critic, &Tensor, &Tensor, &Tensor) -> Tensor,
    /// How many samples each mode got → KL to even shares.
    pub mode_kl: fn(&Tensor) -> Tensor,
}

/// The chapter as the command line knows it.
pub const CHAPTER: Chapter = Chapter {
    name: "gan",
    title: "Generative adversarial networks",
    exercises: &[
        game::VALUE_FUNCTION.exercise,
        game::OPTIMAL_DISCRIMINATOR.exercise,
        game::JENSEN_SHANNON.exercise,
        game::DISCRIMINATOR_STEP.exercise,
        game::ALTERNATE.exercise,
        losses::GENERATOR_LOSSES.exercise,
        losses::GENERATOR_SLOPES.exercise,
        losses::LEAST_SQUARES_LOSSES.exercise,
        critic::CRITIC_LOSSES.exercise,
        critic::GRADIENT_PENALTY.exercise,
        critic::MODE_KL.exercise,
    ],
};

/// Each exercise with its answer.
pub fn trials(answers: &Answers) -> Vec<Trial> {
    vec![
        game::VALUE_FUNCTION.with(answers.value_function),
        game::OPTIMAL_DISCRIMINATOR.with(answers.optimal_discriminator),
        game::JENSEN_SHANNON.with(answers.jensen_shannon),
        game::DISCRIMINATOR_STEP.with(answers.discriminator_step),
        game::ALTERNATE.with(answers.alternate),
        losses::GENERATOR_LOSSES.with(answers.generator_losses),
        losses::GENERATOR_SLOPES.with(answers.generator_slopes),
        losses::LEAST_SQUARES_LOSSES.with(answers.least_squares_losses),
        critic::CRITIC_LOSSES.with(answers.critic_losses),
        critic::GRADIENT_PENALTY.with(answers.gradient_penalty),
        critic::MODE_KL.with(answers.mode_kl),
    ]
}

/// Judges V(D, G) from logits.
pub fn value_function(answer: fn(&Tensor, &Tensor) -> Tensor) -> Verdict {
    game::VALUE_FUNCTION.judge(answer)
}

/// Judges D* from two log densities.
pub fn optimal_discriminator(answer: fn(&Tensor, &Tensor) -> Tensor) -> Verdict {
    game::OPTIMAL_DISCRIMINATOR.judge(answer)
}

/// Judges the Jensen–Shannon divergence on a grid.
pub fn jensen_shannon(answer: fn(&Tensor, &Tensor, Float) -> Tensor) -> Verdict {
    game::JENSEN_SHANNON.judge(answer)
}

/// Judges a step of the discriminator.
pub fn discriminator_step(answer: fn(&Tensor, &Tensor, &Tensor, Float) -> Tensor) -> Verdict {
    game::DISCRIMINATOR_STEP.judge(answer)
}

/// Judges the algorithm on the game with two numbers.
pub fn alternate(answer: fn(&Tensor, &Tensor, usize, usize, Float) -> (Tensor, Tensor)) -> Verdict {
    game::ALTERNATE.judge(answer)
}

/// Judges the two losses of the generator.
pub fn generator_losses(answer: fn(&Tensor) -> (Tensor, Tensor)) -> Verdict {
    losses::GENERATOR_LOSSES.judge(answer)
}

/// Judges the slopes of the two losses.
pub fn generator_slopes(answer: fn(&Tensor) -> (Tensor, Tensor)) -> Verdict {
    losses::GENERATOR_SLOPES.judge(answer)
}

/// Judges the losses of least squares.
pub fn least_squares_losses(answer: fn(&Tensor, &Tensor) -> (Tensor, Tensor)) -> Verdict {
    losses::LEAST_SQUARES_LOSSES.judge(answer)
}

/// Judges the losses of the critic and its generator.
pub fn critic_losses(answer: fn(&Tensor, &Tensor, &Tensor, Float) -> (Tensor, Tensor)) -> Verdict {
    critic::CRITIC_LOSSES.judge(answer)
}

/// Judges the gradient penalty.
pub fn gradient_penalty(answer: fn(Critic, &Tensor, &Tensor, &Tensor) -> Tensor) -> Verdict {
    critic::GRADIENT_PENALTY.judge(answer)
}

/// Judges the divergence of the modes' shares.
pub fn mode_kl(answer: fn(&Tensor) -> Tensor) -> Verdict {
    critic::MODE_KL.judge(answer)
}

/// A column of numbers, `[n, 1]`.
fn column<const N: usize>(numbers: [Float; N]) -> Tensor {
    Tensor::new(&[N, 1], numbers.to_vec())
}
