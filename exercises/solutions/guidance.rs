//! Solutions of exercises/guidance.rs, as a reader would write them. Look at them afterwards.

use pushforward::chapters::guidance::checks::{Answers, trials};
use pushforward::{Float, Tensor, check};
use std::process::ExitCode;

/// The mean over the classes that x may be of.
fn velocity_of_all(u: &Tensor, log_p: &Tensor, log_prior: &Tensor) -> Tensor {
    let (n, k) = (u.shape()[0], u.shape()[1]);
    let posterior = (log_p + log_prior).softmax(1);
    (posterior.reshape(&[n, k, 1]) * u).sum(1)
}

/// 1 where the label is dropped.
fn drop_labels(labels: &Tensor, u: &Tensor, p: Float, nothing: Float) -> Tensor {
    let dropped = u.lt(p);
    labels + &dropped * (nothing - labels)
}

/// On the line through both.
fn guided_velocity(with: &Tensor, without: &Tensor, w: Float) -> Tensor {
    with * w + without * (1.0 - w)
}

/// Logarithms of widths are mixed, or precisions.
fn normal_widths(s_y: &Tensor, s: &Tensor, w: Float) -> (Tensor, Tensor) {
    let guided = (s_y.ln() * w + s.ln() * (1.0 - w)).exp();
    let precision = w / s_y.square() + (1.0 - w) / s.square();
    (guided, 1.0 / precision.sqrt())
}

/// What is judged.
pub const ANSWERS: Answers =
    Answers { velocity_of_all, drop_labels, guided_velocity, normal_widths };

fn main() -> ExitCode {
    check::main(&trials(&ANSWERS))
}
