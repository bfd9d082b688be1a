//! Flow matching: a network learns the velocity that carries noise to data (Lipman et al. 2023; Liu,
//! Gong & Liu 2023).
//!
//! Here are the network, the two losses and the sampler; in [`path`](mod@path) the ways from a point of
//! noise to a point of data, in [`oracle`] what a perfect network would say, in [`run`] the experiments.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | x₀ ~ p₀ | `x_0` | noise, N(0, I), `[n, d]` |
//! | x₁ ~ q | `x_1` | data, `[n, d]` |
//! | t | `t` | time in [0, 1], `[n, 1]`: 0 is noise, 1 is data |
//! | x_t | `x_t` | a point on the path from x₀ to x₁ |
//! | u_t(x_t\|x₁) | `u_t` | its velocity |
//! | u_t(x) | [`Marginal::velocity`] | the mean velocity of all that pass through x at t |
//! | u_t^θ(x) | [`Velocity`] | the network, which learns it |

pub mod checks;
pub mod oracle;
pub mod path;
pub mod run;
pub mod run_paths;

use self::oracle::Marginal;
use self::path::Path;
use crate::nn::{Activation, Mlp, Module, prefixed};
use crate::random::Rng;
use crate::{Float, Tensor, ode};

// ANCHOR: network
/// u_t^θ(x): a multilayer perceptron of time and place.
#[derive(Clone, Debug)]
pub struct Velocity {
    /// (t, x) → u.
    pub net: Mlp,
}

impl Velocity {
    /// Three hidden layers of `width` with ELU between, for points of `dim` numbers.
    pub fn new(dim: usize, width: usize, rng: &mut Rng) -> Velocity {
        Velocity { net: Mlp::new(&[dim + 1, width, width, width, dim], Activation::Elu, rng) }
    }

    /// u_t^θ(x): t `[n, 1]`, x `[n, d]` → `[n, d]`.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn forward(&self, t: &Tensor, x_t: &Tensor) -> Tensor {
        self.net.forward(&Tensor::concat(&[t, x_t], 1))
    }
}
// ANCHOR_END: network

impl Module for Velocity {
    fn parameters(&self) -> Vec<(String, &Tensor)> {
        prefixed("net", self.net.parameters())
    }

    fn parameters_mut(&mut self) -> Vec<(String, &mut Tensor)> {
        prefixed("net", self.net.parameters_mut())
    }
}

/// L_CFM of a batch: the mean over points and coordinates of ‖u_t^θ(x_t) − u_t(x_t|x₁)‖² (Lipman et
/// al. 2023, eq. 9, divided by d). On the linear path u_t(x_t|x₁) is x₁ − x₀.
///
/// # Panics
/// If the shapes do not fit.
// ANCHOR: cfm_loss
#[track_caller]
pub fn cfm_loss(u: &Velocity, path: &Path, x_0: &Tensor, x_1: &Tensor, t: &Tensor) -> Tensor {
    let (x_t, u_t) = path.sample(x_0, x_1, t);
    u.forward(t, &x_t).mse(&u_t)
}
// ANCHOR_END: cfm_loss

/// L_FM of a batch: the mean over points and coordinates of ‖u_t^θ(x_t) − u_t(x_t)‖² (eq. 5, divided
/// by d). It needs the marginal field, which is known for toys alone: nobody trains with it.
///
/// # Panics
/// If the shapes do not fit.
// ANCHOR: fm_loss
#[track_caller]
pub fn fm_loss(u: &Velocity, p: &Marginal, x_0: &Tensor, x_1: &Tensor, t: &Tensor) -> Tensor {
    let (x_t, _) = p.path.sample(x_0, x_1, t);
    u.forward(t, &x_t).mse(&p.velocity(t, &x_t))
}
// ANCHOR_END: fm_loss

/// Noise carried to data: the solution at t = 1 of dx/dt = u_t^θ(x) from x₀ at t = 0, in `steps`
/// midpoint steps. A constant.
///
/// # Panics
/// If `steps` is 0 or the shapes do not fit.
// ANCHOR: sample
#[track_caller]
pub fn sample(u: &Velocity, x_0: &Tensor, steps: usize) -> Tensor {
    ode::solve_each_row(field(&u.frozen()), &x_0.detach(), 0.0..1.0, steps, &ode::MIDPOINT)
}
// ANCHOR_END: sample

/// The same with every state on the way.
///
/// # Panics
/// As [`sample`].
#[track_caller]
pub fn trajectory(u: &Velocity, x_0: &Tensor, steps: usize) -> Vec<(Float, Tensor)> {
    ode::trajectory(field(&u.frozen()), &x_0.detach(), 0.0..1.0, steps, &ode::MIDPOINT)
}

/// u_t^θ(x) as a field: one time for all rows.
fn field(u: &Velocity) -> impl Fn(Float, &Tensor) -> Tensor {
    |t, x| u.forward(&Tensor::full(&[x.shape()[0], 1], t), x)
}
