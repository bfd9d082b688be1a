//! Solutions of exercises/rectified_flow.rs, as a reader would write them. Look at them afterwards.

use pushforward::chapters::rectified_flow::checks::{Answers, Field, trials};
use pushforward::chapters::rectified_flow::oracle::rotation;
use pushforward::{Float, Tensor, check};
use std::process::ExitCode;

/// Each point keeps the end of its own way. Detached, since the pairs are data.
fn reflow_pairs(u: Field, x_0: &Tensor, steps: usize) -> (Tensor, Tensor) {
    let (n, h) = (x_0.shape()[0], 1.0 / steps as Float);
    let mut x = x_0.detach();
    for i in 0..steps {
        x = &x + u(&Tensor::full(&[n, 1], i as Float * h), &x) * h;
    }
    (x_0.detach(), x.detach())
}

/// A sum over coordinates, a mean over pairs.
fn transport_cost(x_0: &Tensor, x_1: &Tensor) -> Tensor {
    (x_1 - x_0).square().sum(1).mean(..)
}

/// k steps of length 1/k: the velocity in a step is k times the step.
fn straightness(states: &Tensor) -> Tensor {
    let k = states.shape()[0] - 1;
    let speed = (states.slice(0, 1..k + 1) - states.slice(0, 0..k)) * k as Float;
    let way = states.slice(0, k..k + 1) - states.slice(0, 0..1);
    (way - speed).square().sum(2).mean(..)
}

/// The step has length 1 and begins at t = 0.
fn one_step(u: Field, x_0: &Tensor) -> Tensor {
    x_0 + u(&Tensor::zeros(&[x_0.shape()[0], 1]), x_0)
}

/// Back to the start, then the way from there. Points are rows, so matrices stand transposed.
fn rotation_velocity(x: &Tensor, t: Float, angle: Float) -> Tensor {
    let (r, i) = (rotation(angle), Tensor::eye(2));
    let x_0 = x.matmul(&(&i * (1.0 - t) + &r * t).t().inverse());
    x_0.matmul(&(r - i).t())
}

/// The network is asked only where the one step begins.
fn distillation_loss(u: Field, x_0: &Tensor, x_1: &Tensor) -> Tensor {
    u(&Tensor::zeros(&[x_0.shape()[0], 1]), x_0).mse(&(x_1 - x_0))
}

/// What is judged, by tests as well.
pub const ANSWERS: Answers = Answers {
    reflow_pairs,
    transport_cost,
    straightness,
    one_step,
    rotation_velocity,
    distillation_loss,
};

fn main() -> ExitCode {
    check::main(&trials(&ANSWERS))
}
