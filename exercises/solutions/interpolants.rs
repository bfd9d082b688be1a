//! Solutions of exercises/interpolants.rs, as a reader would write them. Look at them afterwards.

use pushforward::chapters::interpolants::checks::{Answers, trials};
use pushforward::{Float, Tensor, check};
use std::process::ExitCode;

/// From 2 γ γ′ = (γ²)′ = a (1 − 2t).
fn bridge_gamma(t: &Tensor, a: Float) -> (Tensor, Tensor) {
    let gamma = (t * (1.0 - t) * a).sqrt();
    let gamma_dot = (1.0 - t * 2.0) * (0.5 * a) / &gamma;
    (gamma, gamma_dot)
}

/// Beside both ends, with a weight that is 0 there.
fn interpolant(x_0: &Tensor, x_1: &Tensor, z: &Tensor, t: &Tensor, a: Float) -> Tensor {
    (1.0 - t) * x_0 + t * x_1 + bridge_gamma(t, a).0 * z
}

/// x_0, x_1 and z do not depend on t.
fn velocity(x_0: &Tensor, x_1: &Tensor, z: &Tensor, t: &Tensor, a: Float) -> Tensor {
    x_1 - x_0 + bridge_gamma(t, a).1 * z
}

/// The density rises against the noise.
fn score(eta: &Tensor, gamma: &Tensor) -> Tensor {
    -(eta / gamma)
}

/// Whichever way time runs, ε s |h| gathers what the noise spreads.
fn sde_step(b: &Tensor, s: &Tensor, x: &Tensor, epsilon: Float, h: Float, xi: &Tensor) -> Tensor {
    let length = h.abs();
    x + b * h + s * (epsilon * length) + xi * (2.0 * epsilon * length).sqrt()
}

/// Variances of independent numbers add.
fn one_sided_sigma(alpha: &Tensor, gamma: &Tensor) -> Tensor {
    (alpha.square() + gamma.square()).sqrt()
}

/// What is judged, by tests as well.
pub const ANSWERS: Answers =
    Answers { bridge_gamma, interpolant, velocity, score, sde_step, one_sided_sigma };

fn main() -> ExitCode {
    check::main(&trials(&ANSWERS))
}
