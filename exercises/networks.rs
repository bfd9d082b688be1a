//! Exercises of the chapter on networks and optimisers (book/src/engine_networks.md).
//!
//! Replace a `todo!()`, then ask for a verdict:
//!
//! ```console
//! cargo exercise networks adam             judge one answer
//! cargo exercise networks                  judge all
//! cargo exercise networks adam --hint 1    where to look; 2: which equation; 3: the shape of the line
//! ```
//!
//! The rules are for a single number, as in the papers; your `adam` is what `cargo exercise engine` trains with.
//! `libm::cos` and `libm::pow` give the same bits on every machine; `std::f64::consts::PI` is π. In a notebook give your
//! function to the one of the same name in `pushforward::chapters::networks::checks`.

// A `todo!()` uses none of its arguments and, as long as it is there, not every import is needed.
#![allow(unused_variables, unused_imports)]

use pushforward::chapters::networks::checks::{Answers, trials};
use pushforward::{Float, check};
use std::process::ExitCode;

/// 1. The standard deviation of weights for this many inputs, so that the variance of a signal is multiplied by `gain`.
///
/// Book: "How weights begin".
fn weight_std(inputs: usize, gain: Float) -> Float {
    todo!()
}

/// 2. A step with Polyak's momentum: p and b after it.
///
/// Book: "Down a valley".
fn momentum(p: Float, g: Float, b: Float, lr: Float, mu: Float) -> (Float, Float) {
    todo!()
}

/// 3. A step of Adam: p, and the running means, after it. t is 1 in the first step; β = (0.9, 0.999), ε = 1e-8.
///
/// Book: "A step for each weight".
fn adam(p: Float, g: Float, [m, v]: [Float; 2], t: usize, lr: Float) -> (Float, [Float; 2]) {
    todo!()
}

/// 4. The same with decay λ beside the step.
///
/// Book: "Decay beside the step".
fn adamw(
    p: Float,
    g: Float,
    means: [Float; 2],
    t: usize,
    lr: Float,
    decay: Float,
) -> (Float, [Float; 2]) {
    todo!()
}

/// 5. The learning rate at a step: `lr` at step 0, 0 at step `steps`, and half a wave of the cosine between.
///
/// Book: "A rate that falls".
fn cosine_rate(step: usize, steps: usize, lr: Float) -> Float {
    todo!()
}

/// 6. g, shortened to the length `most` if it is longer.
///
/// Book: "A rate that falls".
fn clip_by_norm(g: &[Float], most: Float) -> Vec<Float> {
    todo!()
}

/// What is judged.
pub const ANSWERS: Answers =
    Answers { weight_std, momentum, adam, adamw, cosine_rate, clip_by_norm };

fn main() -> ExitCode {
    check::main(&trials(&ANSWERS))
}
