//! The chapter's exercises: what is asked, the right answers, and the wrong ones that people give.
//! The encoder's law is in `law`, the bounds in `bounds`, the linear model in `linear`, the program
//! in `program`; how answers are judged is [`crate::check`].
//!
//! In a notebook give your function to the one of the same name here:
//!
//! ```
//! use pushforward::{Tensor, chapters::vae::checks};
//! fn reparameterize(mu: &Tensor, log_var: &Tensor, epsilon: &Tensor) -> Tensor {
//!     mu + log_var.exp() * epsilon
//! }
//! let verdict = checks::reparameterize(reparameterize);
//! assert!(verdict.says().starts_with("exp(ln σ²) is the variance"));
//! ```

mod bounds;
mod law;
mod linear;
mod program;

use crate::check::{Chapter, Function, Input, Trial, Verdict};
use crate::{Float, Tensor};

/// A network: a row for each row.
pub type Network<'a> = &'a dyn Fn(&Tensor) -> Tensor;

/// An answer to each exercise, in the order of the page.
#[derive(Clone, Copy)]
pub struct Answers {
    /// (ln p(x|z), μ, ln σ², z) → ln p(x|z) + ln p(z) − ln q(z|x).
    pub log_weights: fn(&Tensor, &Tensor, &Tensor, &Tensor) -> Tensor,
    /// (μ, ln σ²) → KL(N(μ, diag σ²) ‖ N(0, I)).
    pub kl_divergence: fn(&Tensor, &Tensor) -> Tensor,
    /// (μ, ln σ², ε) → z.
    pub reparameterize: fn(&Tensor, &Tensor, &Tensor) -> Tensor,
    /// (f, μ, ln σ², ε) → (∇_μ along the path, ∇_μ by the score), a row for each draw.
    pub two_gradients: fn(Network, &Tensor, &Tensor, &Tensor) -> (Tensor, Tensor),
    /// (x, logits) → ln p(x|z).
    pub bernoulli_log_likelihood: fn(&Tensor, &Tensor) -> Tensor,
    /// (encoder, decoder, x, ε, β) → the mean of D + β R.
    pub vae_loss: fn(Network, Network, &Tensor, &Tensor, Float) -> Tensor,
    /// (decoder, z, side) → pictures.
    pub generate: fn(Network, &Tensor, usize) -> Tensor,
    /// (x, W, b, σ²) → ln p(x).
    pub linear_log_likelihood: fn(&Tensor, &Tensor, &Tensor, Float) -> Tensor,
    /// (x, W, b, σ²) → mean and covariance of p(z|x).
    pub linear_posterior: fn(&Tensor, &Tensor, &Tensor, Float) -> (Tensor, Tensor),
    /// ln w of K draws → L_K.
    pub importance_bound: fn(&Tensor) -> Tensor,
    /// μ → 1 for each latent in use, 0 for the others.
    pub active_latents: fn(&Tensor) -> Tensor,
}

/// The chapter as the command line knows it.
pub const CHAPTER: Chapter = Chapter {
    name: "vae",
    title: "The variational autoencoder",
    exercises: &[
        bounds::LOG_WEIGHTS.exercise,
        law::KL_DIVERGENCE.exercise,
        law::REPARAMETERIZE.exercise,
        law::TWO_GRADIENTS.exercise,
        program::BERNOULLI_LOG_LIKELIHOOD.exercise,
        program::VAE_LOSS.exercise,
        program::GENERATE.exercise,
        linear::LINEAR_LOG_LIKELIHOOD.exercise,
        linear::LINEAR_POSTERIOR.exercise,
        bounds::IMPORTANCE_BOUND.exercise,
        bounds::ACTIVE_LATENTS.exercise,
    ],
};

/// Each exercise with its answer.
pub fn trials(answers: &Answers) -> Vec<Trial> {
    vec![
        bounds::LOG_WEIGHTS.with(answers.log_weights),
        law::KL_DIVERGENCE.with(answers.kl_divergence),
        law::REPARAMETERIZE.with(answers.reparameterize),
        law::TWO_GRADIENTS.with(answers.two_gradients),
        program::BERNOULLI_LOG_LIKELIHOOD.with(answers.bernoulli_log_likelihood),
        program::VAE_LOSS.with(answers.vae_loss),
        program::GENERATE.with(answers.generate),
        linear::LINEAR_LOG_LIKELIHOOD.with(answers.linear_log_likelihood),
        linear::LINEAR_POSTERIOR.with(answers.linear_posterior),
        bounds::IMPORTANCE_BOUND.with(answers.importance_bound),
        bounds::ACTIVE_LATENTS.with(answers.active_latents),
    ]
}

/// Judges the logarithms of the weights, whose mean is the ELBO.
pub fn log_weights(answer: fn(&Tensor, &Tensor, &Tensor, &Tensor) -> Tensor) -> Verdict {
    bounds::LOG_WEIGHTS.judge(answer)
}

/// Judges the KL divergence from the prior.
pub fn kl_divergence(answer: fn(&Tensor, &Tensor) -> Tensor) -> Verdict {
    law::KL_DIVERGENCE.judge(answer)
}

/// Judges z = μ + σ ⊙ ε.
pub fn reparameterize(answer: fn(&Tensor, &Tensor, &Tensor) -> Tensor) -> Verdict {
    law::REPARAMETERIZE.judge(answer)
}

/// Judges the two estimators of a gradient.
pub fn two_gradients(
    answer: fn(Network, &Tensor, &Tensor, &Tensor) -> (Tensor, Tensor),
) -> Verdict {
    law::TWO_GRADIENTS.judge(answer)
}

/// Judges the log-probability of pixels.
pub fn bernoulli_log_likelihood(answer: fn(&Tensor, &Tensor) -> Tensor) -> Verdict {
    program::BERNOULLI_LOG_LIKELIHOOD.judge(answer)
}

/// Judges the loss.
pub fn vae_loss(answer: fn(Network, Network, &Tensor, &Tensor, Float) -> Tensor) -> Verdict {
    program::VAE_LOSS.judge(answer)
}

/// Judges pictures from noise.
pub fn generate(answer: fn(Network, &Tensor, usize) -> Tensor) -> Verdict {
    program::GENERATE.judge(answer)
}

/// Judges ln p(x) of the linear model.
pub fn linear_log_likelihood(answer: fn(&Tensor, &Tensor, &Tensor, Float) -> Tensor) -> Verdict {
    linear::LINEAR_LOG_LIKELIHOOD.judge(answer)
}

/// Judges p(z|x) of the linear model.
pub fn linear_posterior(
    answer: fn(&Tensor, &Tensor, &Tensor, Float) -> (Tensor, Tensor),
) -> Verdict {
    linear::LINEAR_POSTERIOR.judge(answer)
}

/// Judges the importance-weighted bound.
pub fn importance_bound(answer: fn(&Tensor) -> Tensor) -> Verdict {
    bounds::IMPORTANCE_BOUND.judge(answer)
}

/// Judges which latents are in use.
pub fn active_latents(answer: fn(&Tensor) -> Tensor) -> Verdict {
    bounds::ACTIVE_LATENTS.judge(answer)
}

/// A network as an argument, which insists on `[n, columns]` as a network does.
fn network(
    formula: &'static str,
    columns: usize,
    f: impl Fn(&Tensor) -> Tensor + 'static,
) -> Function {
    Function::new(formula, move |arguments| {
        let [x] = arguments else { panic!("a network takes one tensor") };
        assert!(
            x.rank() == 2 && x.shape()[1] == columns,
            "the network was called with a tensor of shape {:?}; it takes [n, {columns}]",
            x.shape()
        );
        f(x)
    })
}

/// An input's network, to be called.
fn called<'a>(input: &'a Input, name: &str) -> impl Fn(&Tensor) -> Tensor + use<'a> {
    let function = input.function(name);
    move |x| function.call(&[x])
}

/// Column j of x, `[n, 1]`.
fn column(x: &Tensor, j: usize) -> Tensor {
    x.slice(1, j..j + 1)
}

/// Columns beside each other.
fn beside(columns: &[Tensor]) -> Tensor {
    Tensor::concat(&columns.iter().collect::<Vec<_>>(), 1)
}
