//! Exercises of the chapter on generative adversarial networks (book/src/02_gan.md).
//!
//! Replace a `todo!()`, then ask for a verdict:
//!
//! ```console
//! cargo exercise gan value_function             judge one answer
//! cargo exercise gan                            judge all
//! cargo exercise gan value_function --hint 1    where to look
//! cargo exercise gan value_function --hint 2    which equation
//! cargo exercise gan value_function --hint 3    the shape of the line
//! cargo run --release -- exercises              how far you are in the book
//! ```
//!
//! They follow the page. Only the bodies need to be touched; helpers may be added, and what is left
//! unfinished disturbs nothing else. `[n, d]` is a shape: n points of d coordinates. A
//! discriminator's answers are columns, `[n, 1]`, and so are densities on a grid. A batch of data
//! and a batch of fakes need not have the same size. In a notebook give your function to the one of
//! the same name in `pushforward::chapters::gan::checks`.
//!
//! What you need of the library:
//!
//! - Operators take tensors, references to them and numbers, in any mixture. A tensor itself is
//!   used up, a reference is not: write `&theta * lr`, and `&x` where x is needed again.
//! - `x.sum(1)` sums over axis 1 and drops it, `x.sum_keep(1)` keeps it with size 1, `x.sum(..)` is
//!   a scalar; so with `mean`. `x.square()`, `x.sqrt()`, `x.exp()`, `x.ln()`, `x.sigmoid()` do what
//!   they say, and `x.softplus()` is ln(1 + eˣ), which does not overflow.
//! - `x.maximum(1e-30)` is the larger of the two, number by number; `a.matmul(&b)` is the product
//!   of matrices and `x.t()` the transposed one. `x.shape()[0]` is n.
//! - `x.variable()` is x as something to differentiate by; `grad(&y, &[&x])` is the list of
//!   gradients of the scalar y, `grad_graph(&y, &[&x])` the same as graphs, to be differentiated
//!   again.
//! - A `Critic` is called as a function is: `a(&x)`.
//!
//! `cargo doc --open` has everything else.

// A `todo!()` uses none of its arguments and, as long as it is there, not every import is needed.
#![allow(unused_variables, unused_imports)]

use pushforward::chapters::gan::checks::{Answers, Critic, trials};
use pushforward::{Float, Tensor, check, grad, grad_graph};
use std::process::ExitCode;

/// 1. V(D, G) of a batch, E ln D(x) + E ln(1 − D(G(z))), where D = σ(a) and `real` holds the logits
/// a of the data, `fake` those of the fakes. It must stay finite where D is sure and wrong.
///
/// Book: "The game". Shapes: real `[n, 1]`, fake `[m, 1]` → `[]`, a scalar.
fn value_function(real: &Tensor, fake: &Tensor) -> Tensor {
    todo!()
}

/// 2. D*(x) = q(x)/(q(x) + p_G(x)) at n places, from the logarithms of the two densities there. It
/// must be right where both densities are too small for a number.
///
/// Book: "The best discriminator". Shapes: both `[n, 1]` → `[n, 1]`.
fn optimal_discriminator(log_q: &Tensor, log_p: &Tensor) -> Tensor {
    todo!()
}

/// 3. The Jensen–Shannon divergence of two laws on the line, whose densities are given at the
/// points of a grid with spacing h. Either density may be 0 at a point, not both.
///
/// Book: "What the game measures". Shapes: q, p `[k, 1]` → `[]`, a scalar.
fn jensen_shannon(q: &Tensor, p: &Tensor, h: Float) -> Tensor {
    todo!()
}

/// 4. The weights of the discriminator D(x) = σ(⟨w, x⟩) after one step of the algorithm with the
/// learning rate lr: a step along the gradient of V in w.
///
/// Book: "The algorithm". Shapes: w `[d, 1]`, real `[n, d]`, fake `[m, d]` → `[d, 1]`.
fn discriminator_step(w: &Tensor, real: &Tensor, fake: &Tensor, lr: Float) -> Tensor {
    todo!()
}

/// 5. (θ, φ) after `rounds` rounds of the algorithm in the game of two numbers: all data lie at 0,
/// G makes the point θ, and D(x) = σ(φ x). So V = ln ½ + ln(1 − σ(φ θ)). A round is k steps of φ,
/// then one step of θ, all with the learning rate lr and the gradient of V.
///
/// Book: "Two numbers that chase each other". Shapes: θ, φ `[]` → `[]`, `[]`, scalars.
fn alternate(theta: &Tensor, phi: &Tensor, k: usize, rounds: usize, lr: Float) -> (Tensor, Tensor) {
    todo!()
}

/// 6. What G minimises, from the logits a of its fakes: (the minimax loss E ln(1 − σ(a)), the
/// non-saturating loss −E ln σ(a)). Both must stay finite where D is sure.
///
/// Book: "Saturation". Shapes: fake `[n, 1]` → `[]`, `[]`, scalars.
fn generator_losses(fake: &Tensor) -> (Tensor, Tensor) {
    todo!()
}

/// 7. The derivatives in a of (ln(1 − σ(a)), −ln σ(a)), at each logit.
///
/// Book: "Saturation". Shapes: fake `[n, 1]` → `[n, 1]`, `[n, 1]`.
fn generator_slopes(fake: &Tensor) -> (Tensor, Tensor) {
    todo!()
}

/// 8. (Loss of D, loss of G) by least squares. `real` holds a(x) for the data and `fake` a(G(z))
/// for the fakes, plain numbers that meet no sigmoid. D's targets are 1 and 0, G's is 1, and each
/// mean of squares has the factor ½.
///
/// Book: "Least squares". Shapes: real `[n, 1]`, fake `[m, 1]` → `[]`, `[]`, scalars.
fn least_squares_losses(real: &Tensor, fake: &Tensor) -> (Tensor, Tensor) {
    todo!()
}

/// 9. (Loss of D, loss of G) of the Wasserstein game, both to be minimised. D's loss is the
/// difference of its mean marks, turned so that minimising is right, and λ (`lambda`) times the
/// penalty.
///
/// Book: "A critic instead of a judge". Shapes: real `[n, 1]`, fake `[m, 1]`, penalty `[]` → `[]`,
/// `[]`, scalars.
fn critic_losses(
    real: &Tensor,
    fake: &Tensor,
    penalty: &Tensor,
    lambda: Float,
) -> (Tensor, Tensor) {
    todo!()
}

/// 10. E (‖∇a(x̂)‖ − 1)² at the points x̂ = u x + (1 − u) x', row by row between data x (`real`)
/// and fakes x' (`fake`). It must be possible to differentiate it in a's parameters.
///
/// Book: "The gradient penalty". Shapes: real, fake `[n, d]`, u `[n, 1]`, a(x) `[n, 1]` → `[]`, a
/// scalar.
fn gradient_penalty(a: Critic, real: &Tensor, fake: &Tensor, u: &Tensor) -> Tensor {
    todo!()
}

/// 11. KL(f‖even) from the counts of samples in each of k modes: f are the shares, and the even law
/// gives 1/k to each mode. A count may be 0.
///
/// Book: "Mode collapse". Shapes: counts `[k, 1]` → `[]`, a scalar.
fn mode_kl(counts: &Tensor) -> Tensor {
    todo!()
}

/// What is judged.
pub const ANSWERS: Answers = Answers {
    value_function,
    optimal_discriminator,
    jensen_shannon,
    discriminator_step,
    alternate,
    generator_losses,
    generator_slopes,
    least_squares_losses,
    critic_losses,
    gradient_penalty,
    mode_kl,
};

fn main() -> ExitCode {
    check::main(&trials(&ANSWERS))
}
