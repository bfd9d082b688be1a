//! Solutions of exercises/couplings.rs, as a reader would write them. Look at them afterwards.

use pushforward::chapters::couplings::checks::{Answers, trials};
use pushforward::{Float, Tensor, check};
use std::process::ExitCode;

/// A mean of the ways' velocities, each with the share of its way in the density at x.
fn pairs_velocity(a: &Tensor, b: &Tensor, sigma: Float, t: Float, x: &Tensor) -> Tensor {
    let (n, d) = (x.shape()[0], x.shape()[1]);
    let places = a * (1.0 - t) + b * t;
    let squares = (x.reshape(&[n, 1, d]) - places).square().sum(2);
    let share = (squares / (-2.0 * sigma * sigma)).softmax(1);
    share.matmul(&(b - a))
}

/// Rows of x_0, columns of x_1.
fn pair_costs(x_0: &Tensor, x_1: &Tensor) -> Tensor {
    let (n, d) = (x_0.shape()[0], x_0.shape()[1]);
    (x_0.reshape(&[n, 1, d]) - x_1.reshape(&[1, n, d])).square().sum(2)
}

/// Own costs of both minus the costs after the exchange.
fn swap_savings(x_0: &Tensor, x_1: &Tensor) -> Tensor {
    let n = x_0.shape()[0];
    let own = (x_1 - x_0).square().sum(1);
    let cost = pair_costs(x_0, x_1);
    own.reshape(&[n, 1]) + own.reshape(&[1, n]) - &cost - cost.t()
}

/// On a step of the time 1/k: velocity k Δx, so (1/k) ‖k Δx‖² = k ‖Δx‖².
fn way_energy(states: &Tensor) -> Tensor {
    let (k, n) = (states.shape()[0] - 1, states.shape()[1]);
    let steps = states.slice(0, 1..k + 1) - states.slice(0, 0..k);
    steps.square().sum(..) * (k as Float / n as Float)
}

/// How much more than needed, in units of what is needed.
fn path_energy_gap(energy: Float, w2: Float) -> Float {
    (energy / (w2 * w2) - 1.0).abs()
}

/// What is judged.
pub const ANSWERS: Answers =
    Answers { pairs_velocity, pair_costs, swap_savings, way_energy, path_energy_gap };

fn main() -> ExitCode {
    check::main(&trials(&ANSWERS))
}
