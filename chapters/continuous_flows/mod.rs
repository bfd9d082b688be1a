//! Continuous normalizing flows: a velocity field carries noise to data, and with every point the
//! density there (Chen et al. 2018; Grathwohl et al. 2019, FFJORD).
//!
//! Here are the continuity equation, the density along a path, the two traces and the likelihood;
//! in [`oracle`] a flow whose density is known, in [`measure`] likelihoods beside their floors, in
//! the others the experiments. Time is that of the whole book: noise at t = 0, data at t = 1. (The
//! two papers name the ends the other way round, in part.)
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | u_t(x), u_t^θ(x) | `u(t, x)`, [`Cnf`] | the velocity field; the network, x `[n, d]` |
//! | div u = tr ∂u/∂x | [`Trace`] | the rate at which a small volume that is carried grows |
//! | p₀ = N(0, I), p_t | [`log_normal`], [`log_density_at`] | the law of the noise, and at t |
//! | x_t | `x` | the point that was x₀ at 0 |
//! | z = (x, ℓ) | `state` | a point with its ln p, `[n, d + 1]`: [`augmented`] |
//! | ε | `epsilon` | Hutchinson's probe: independent numbers of mean 0 and variance 1 |
//! | a(t) = ∂L/∂z(t) | [`ode::adjoint()`] | the adjoint state |

pub mod checks;
pub mod measure;
pub mod oracle;
pub mod run;
pub mod run_adjoint;
pub mod run_densities;
pub mod run_likelihood;
pub mod run_trace;

pub use super::normalizing_flows::log_normal;

use crate::derivatives::{divergence, divergence_hutchinson};
use crate::nn::{Activation, Mlp, Module, prefixed};
use crate::ode::{self, RungeKutta, Solver};
use crate::random::Rng;
use crate::{Float, Tensor, grad_graph};

/// What flows out of a square (a cube, …) of side h around each row of x, divided by its volume:
/// for each axis the velocity at the middle of the far face less that at the near one, divided by
/// h. `[n, d]` → `[n]`.
///
/// As h → 0 this is div u(x) = Σⱼ ∂uⱼ/∂xⱼ: the divergence is an outflow.
// ANCHOR: outflow
pub fn outflow(u: impl Fn(&Tensor) -> Tensor, x: &Tensor, h: Float) -> Tensor {
    let (n, d) = (x.shape()[0], x.shape()[1]);
    let through = |j: usize| {
        let half = Tensor::from_fn(&[d], |i| if i == j { 0.5 * h } else { 0.0 });
        (u(&(x + &half)) - u(&(x - &half))).slice(1, j..j + 1).reshape(&[n]) / h
    };
    (0..d).map(through).fold(Tensor::zeros(&[n]), |sum, term| sum + term)
}
// ANCHOR_END: outflow

/// What is missing in the continuity equation at each row, divided by p:
///
/// (∂p/∂t + div(p u)) / p = ∂ ln p/∂t + u · ∇ ln p + div u.
///
/// It is 0 everywhere exactly if u carries p_t (Euler 1757 for mass; for probability Villani 2003,
/// theorem 5.34). `log_p(t, x)` has n numbers, t is `[n, 1]`, x `[n, d]`; the result is `[n]`.
///
/// # Panics
/// If the shapes do not fit.
// ANCHOR: continuity
#[track_caller]
pub fn continuity_residual(
    log_p: impl Fn(&Tensor, &Tensor) -> Tensor,
    u: impl Fn(&Tensor, &Tensor) -> Tensor,
    t: &Tensor,
    x: &Tensor,
) -> Tensor {
    let (t, x) = (t.variable(), x.variable());
    let slopes = grad_graph(&log_p(&t, &x).sum(..), &[&t, &x]);
    let (u, div_u) = divergence(|x| u(&t, x), &x);
    slopes[0].reshape(&[t.len()]) + (u * &slopes[1]).sum(1) + div_u
}
// ANCHOR_END: continuity

// ANCHOR: network
/// u_t^θ(x): a multilayer perceptron of time and place whose activation, tanh, is smooth: its
/// derivatives are a part of the loss.
#[derive(Clone, Debug)]
pub struct Cnf {
    /// (t, x) → u.
    pub net: Mlp,
}

impl Cnf {
    /// Three hidden layers of `width`, for points of `dim` numbers.
    pub fn new(dim: usize, width: usize, rng: &mut Rng) -> Cnf {
        Cnf { net: Mlp::new(&[dim + 1, width, width, width, dim], Activation::Tanh, rng) }
    }

    /// u_t^θ(x) at one time for all rows: `[n, d]` → `[n, d]`.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn velocity(&self, t: Float, x: &Tensor) -> Tensor {
        let t = Tensor::full(&[x.shape()[0], 1], t);
        self.net.forward(&Tensor::concat(&[&t, x], 1))
    }
}
// ANCHOR_END: network

impl Module for Cnf {
    fn parameters(&self) -> Vec<(String, &Tensor)> {
        prefixed("net", self.net.parameters())
    }

    fn parameters_mut(&mut self) -> Vec<(String, &mut Tensor)> {
        prefixed("net", self.net.parameters_mut())
    }
}

// ANCHOR: trace
/// How the trace of ∂u/∂x is found.
#[derive(Clone, Debug)]
pub enum Trace {
    /// Its d terms, each by a backward walk.
    Exact,
    /// εᵀ (∂u/∂x) ε by one walk, with this probe ε, `[n, d]` (Hutchinson 1990). The trace in
    /// expectation over ε.
    Hutchinson(Tensor),
}

impl Trace {
    /// u(x) and the trace at each row: `[n, d]` → `[n, d]`, `[n]`.
    #[track_caller]
    pub fn of(&self, u: impl Fn(&Tensor) -> Tensor, x: &Tensor) -> (Tensor, Tensor) {
        match self {
            Trace::Exact => divergence(u, x),
            Trace::Hutchinson(epsilon) => divergence_hutchinson(u, x, epsilon),
        }
    }
}
// ANCHOR_END: trace

/// The law of the numbers of a probe: both have mean 0 and variance 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// −1 or 1, each with probability ½.
    Rademacher,
    /// N(0, 1).
    Gaussian,
}

impl Probe {
    /// ε of this shape.
    pub fn draw(self, shape: &[usize], rng: &mut Rng) -> Tensor {
        match self {
            Probe::Rademacher => {
                Tensor::from_fn(shape, |_| if rng.below(2) == 0 { -1.0 } else { 1.0 })
            }
            Probe::Gaussian => rng.normal(shape),
        }
    }

    /// The variance of εᵀ A ε for a matrix A. With S = (A + Aᵀ)/2, which has the same εᵀ A ε, it is
    ///
    /// 2 (Σᵢⱼ Sᵢⱼ² − Σᵢ Sᵢᵢ²) for Rademacher probes and 2 Σᵢⱼ Sᵢⱼ² for Gaussian ones
    ///
    /// (Hutchinson 1990; Avron & Toledo 2011, lemma 5): where ε² is always 1 the diagonal adds
    /// nothing.
    ///
    /// # Panics
    /// If A is not square.
    // ANCHOR: variance
    #[track_caller]
    pub fn variance(self, a: &Tensor) -> f64 {
        let symmetric = (a + a.t()) * 0.5;
        let squares = symmetric.square();
        let diagonal = &squares * Tensor::eye(a.shape()[0]);
        let counted = match self {
            Probe::Rademacher => squares - diagonal,
            Probe::Gaussian => squares,
        };
        2.0 * f64::from(counted.sum(..).item())
    }
    // ANCHOR_END: variance
}

/// The field of z = (x, ℓ), `[n, d + 1]`: a point with its ln p,
///
/// dx/dt = u_t(x), dℓ/dt = −tr ∂u_t/∂x
///
/// (Chen et al. 2018, theorem 1, "instantaneous change of variables"). A probe stays the same for
/// the whole solution: redrawn, it would make of dz/dt = f(t, z) a field that has another value
/// each time it is asked, and no solver's error falls as its theory says.
// ANCHOR: augmented
pub fn augmented(
    u: impl Fn(Float, &Tensor) -> Tensor,
    trace: &Trace,
) -> impl Fn(Float, &Tensor) -> Tensor {
    move |t, state| {
        let (n, d) = (state.shape()[0], state.shape()[1] - 1);
        let (u, div_u) = trace.of(|x| u(t, x), &state.slice(1, 0..d));
        Tensor::concat(&[&u, &-div_u.reshape(&[n, 1])], 1)
    }
}
// ANCHOR_END: augmented

/// ln p_t(x) of each row of x, `[n, d]` → `[n]`, if p₀ is N(0, I): solved backwards from t to 0,
///
/// ln p_t(x_t) = ln p₀(x₀) − ∫ tr ∂u_s/∂x(x_s) ds over s from 0 to t.
///
/// Differentiable if u is. Where no gradient is wanted, use [`densities`].
///
/// # Panics
/// If the shapes do not fit, or as the solver.
// ANCHOR: log_density
#[track_caller]
pub fn log_density_at(
    u: impl Fn(Float, &Tensor) -> Tensor,
    t: Float,
    x: &Tensor,
    trace: &Trace,
    solver: Solver,
) -> Tensor {
    let end = Tensor::concat(&[x, &Tensor::zeros(&[x.shape()[0], 1])], 1);
    log_density_from(&solver.solve(augmented(u, trace), &end, t..0.0))
}

/// ln p_t(x_t) from what the solution that began as (x_t, 0) at t is at 0: (x₀, ℓ₀). On the way
/// back ln p has changed by ℓ₀, so on the way there by −ℓ₀.
fn log_density_from(state: &Tensor) -> Tensor {
    let d = state.shape()[1] - 1;
    let (x_0, l_0) = (state.slice(1, 0..d), state.slice(1, d..d + 1));
    log_normal(&x_0) - l_0.reshape(&[state.shape()[0]])
}
// ANCHOR_END: log_density

/// ln p₁(x) of each row: [`log_density_at`] the data's end.
///
/// # Panics
/// As [`log_density_at`].
#[track_caller]
pub fn log_density(
    u: impl Fn(Float, &Tensor) -> Tensor,
    x_1: &Tensor,
    trace: &Trace,
    solver: Solver,
) -> Tensor {
    log_density_at(u, 1.0, x_1, trace, solver)
}

/// ln p_t(x) of many points as constants, by the exact trace: block after block goes through all
/// steps, and no step stays in memory.
///
/// # Panics
/// As [`ode::solve_each_row`].
#[track_caller]
pub fn densities(
    u: impl Fn(Float, &Tensor) -> Tensor,
    t: Float,
    x: &Tensor,
    steps: usize,
    method: &RungeKutta,
) -> Vec<f64> {
    let end = Tensor::concat(&[&x.detach(), &Tensor::zeros(&[x.shape()[0], 1])], 1);
    let field = augmented(u, &Trace::Exact);
    let field = |t, state: &Tensor| field(t, state).detach();
    let start = ode::solve_each_row(field, &end, t..0.0, steps, method);
    log_density_from(&start).data().iter().map(|&v| f64::from(v)).collect()
}

/// Noise carried to data, with its density: (x₁, ln p₁(x₁)) from x₀ `[n, d]`, solved forwards.
///
/// # Panics
/// As the solver.
// ANCHOR: sample
#[track_caller]
pub fn sample_with_density(
    u: impl Fn(Float, &Tensor) -> Tensor,
    x_0: &Tensor,
    trace: &Trace,
    solver: Solver,
) -> (Tensor, Tensor) {
    let (n, d) = (x_0.shape()[0], x_0.shape()[1]);
    let start = Tensor::concat(&[x_0, &log_normal(x_0).reshape(&[n, 1])], 1);
    let end = solver.solve(augmented(u, trace), &start, 0.0..1.0);
    (end.slice(1, 0..d), end.slice(1, d..d + 1).reshape(&[n]))
}
// ANCHOR_END: sample

/// −mean ln p₁^θ(x₁), in nats: the loss. Its gradient goes back through every step of the solver,
/// all of which stay in memory.
///
/// # Panics
/// As [`log_density_at`].
// ANCHOR: nll
#[track_caller]
pub fn nll(u: &Cnf, x_1: &Tensor, trace: &Trace, solver: Solver) -> Tensor {
    -log_density(|t, x| u.velocity(t, x), x_1, trace, solver).mean(..)
}
// ANCHOR_END: nll

/// The same number as [`nll`], with the gradient of the adjoint equations: no step is kept, and z
/// is solved again, with a(t) and the gradient, for the way back.
///
/// # Panics
/// As [`log_density_at`].
// ANCHOR: nll_adjoint
#[track_caller]
pub fn nll_adjoint(u: &Cnf, x_1: &Tensor, trace: &Trace, solver: Solver) -> Tensor {
    let end = Tensor::concat(&[x_1, &Tensor::zeros(&[x_1.shape()[0], 1])], 1);
    let (network, trace) = (u.frozen(), trace.clone());
    let field = move |t: Float, state: &Tensor, theta: &[Tensor]| {
        let mut u = network.clone();
        for ((_, parameter), theta) in u.parameters_mut().into_iter().zip(theta) {
            *parameter = theta.clone();
        }
        augmented(|t, x| u.velocity(t, x), &trace)(t, state)
    };
    let start = ode::adjoint(field, &u.tensors(), &end, 1.0..0.0, solver);
    -log_density_from(&start).mean(..)
}
// ANCHOR_END: nll_adjoint
