//! Rectified flow: the flow that a network learned pairs each point of noise with the point it is
//! carried to. These pairs are learned again, and the ways between them are straighter (Liu, Gong &
//! Liu 2023).
//!
//! Here are the new pairs, the sampler of few steps, and what is measured of a flow; in [`oracle`]
//! couplings of normal laws, for which every round is known in closed form, in [`run`] the
//! experiment. Network and loss are those of [`flow_matching`](super::flow_matching).
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | (X₀, X₁) | `x_0`, `x_1` | a coupling: pairs of noise and data, `[n, d]` each |
//! | X_t | | (1 − t) X₀ + t X₁, on the line between them |
//! | v(x, t) | [`Velocity`] | E[X₁ − X₀ \| X_t = x], what the network learns |
//! | Z_t | [`trajectory`](super::flow_matching::trajectory) | the solution of dZ = v(Z, t) dt from Z₀ = X₀ |
//! | (Z₀, Z₁) | [`reflow_pairs`] | the next coupling |
//! | E‖Z₁ − Z₀‖² | [`transport_cost`] | the cost of a coupling |
//! | S(Z) | [`straightness`] | how far the ways are from straight lines at constant speed |
//! | V(X) | [`oracle::Coupling::least_loss`] | what no network's loss falls below |

pub mod checks;
pub mod oracle;
pub mod run;

use super::flow_matching::{Velocity, sample};
use crate::nn::Module;
use crate::{Float, Tensor, ode};

/// The coupling (Z₀, Z₁) that a flow makes (Liu, Gong & Liu 2023, algorithm 1): each point of noise
/// with the point that u carries *it* to, in `steps` midpoint steps. Constants: the next network
/// learns from them, and no gradient runs back into this one.
///
/// # Panics
/// If `steps` is 0 or the shapes do not fit.
// ANCHOR: reflow_pairs
#[track_caller]
pub fn reflow_pairs(u: &Velocity, x_0: &Tensor, steps: usize) -> (Tensor, Tensor) {
    (x_0.detach(), sample(u, x_0, steps))
}
// ANCHOR_END: reflow_pairs

/// Noise carried to data in `steps` equal Euler steps. A constant.
///
/// # Panics
/// If `steps` is 0 or the shapes do not fit.
// ANCHOR: euler
#[track_caller]
pub fn euler(u: &Velocity, x_0: &Tensor, steps: usize) -> Tensor {
    let u = u.frozen();
    let field = |t: Float, x: &Tensor| u.forward(&Tensor::full(&[x.shape()[0], 1], t), x);
    ode::solve_each_row(field, &x_0.detach(), 0.0..1.0, steps, &ode::EULER)
}
// ANCHOR_END: euler

/// E‖X₁ − X₀‖² of pairs `[n, d]`: a scalar, in squared units of the points.
///
/// # Panics
/// If the shapes differ.
// ANCHOR: transport_cost
#[track_caller]
pub fn transport_cost(x_0: &Tensor, x_1: &Tensor) -> Tensor {
    (x_1 - x_0).square().sum(1).mean(..)
}
// ANCHOR_END: transport_cost

/// S(Z) = ∫ E‖(Z₁ − Z₀) − Ż_t‖² dt (Liu, Gong & Liu 2023, section 2.2) of trajectories, given by
/// their states from t = 0 to t = 1, each `[n, d]`: a scalar. 0 for straight lines at constant speed.
///
/// Ż is replaced by its mean over each step, a difference quotient; by Jensen's inequality the result
/// is not larger than S, and the difference falls with the square of the step.
///
/// # Panics
/// If there are fewer than two states, or their shapes differ.
// ANCHOR: straightness
#[track_caller]
pub fn straightness(states: &[(Float, Tensor)]) -> Tensor {
    let [(_, first), .., (_, last)] = states else { panic!("straightness needs two states") };
    let way = last - first;
    let deviation = |step: &[(Float, Tensor)]| {
        let ((s, a), (t, b)) = (&step[0], &step[1]);
        let speed = (b - a) / (t - s);
        (&way - speed).square().sum(1).mean(..) * (t - s)
    };
    states.windows(2).map(deviation).fold(Tensor::scalar(0.0), |sum, term| sum + term)
}
// ANCHOR_END: straightness

/// The loss of distillation: u(0, x₀) is to be the whole way, so that *one* Euler step leads from x₀
/// to x₁. The mean over points and coordinates of (u(0, x₀) − (x₁ − x₀))². What u says at other times
/// does not matter.
///
/// # Panics
/// If the shapes do not fit.
// ANCHOR: distillation
#[track_caller]
pub fn distillation_loss(u: &Velocity, x_0: &Tensor, x_1: &Tensor) -> Tensor {
    u.forward(&Tensor::zeros(&[x_0.shape()[0], 1]), x_0).mse(&(x_1 - x_0))
}
// ANCHOR_END: distillation
