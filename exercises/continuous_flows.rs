//! Exercises of the chapter on continuous flows (book/src/07_continuous_flows.md).
//!
//! Replace a `todo!()`, then ask for a verdict:
//!
//! ```console
//! cargo exercise continuous_flows outflow             judge one answer
//! cargo exercise continuous_flows                     judge all
//! cargo exercise continuous_flows outflow --hint 1    where to look
//! cargo exercise continuous_flows outflow --hint 2    which equation
//! cargo exercise continuous_flows outflow --hint 3    the shape of the line
//! cargo run --release -- exercises                    how far you are in the book
//! ```
//!
//! They follow the page. Only the bodies need to be touched; helpers may be added, and what is left
//! unfinished disturbs nothing else. `[n, d]` is a shape: n points of d coordinates. Noise is at
//! t = 0, data at t = 1, and p_0 = N(0, I). In a notebook give your function to the one of the same
//! name in `pushforward::chapters::continuous_flows::checks`.
//!
//! What you need of the library:
//!
//! - Operators take tensors, references to them and numbers, in any mixture. A tensor itself is used
//!   up, a reference is not: write `&x * t` where x is needed again.
//! - `x.sum(1)` sums over axis 1 and drops it, `x.sum(..)` is a scalar; so with `mean`.
//!   `x.slice(1, 0..d)` are the first d columns, `x.reshape(&[n])` has the same numbers in another
//!   shape, `Tensor::concat(&[&a, &b], 1)` puts columns side by side.
//! - `Tensor::full(&[n, 1], t)` is a column filled with the number t, `Tensor::from_fn(&[d], |i| …)`
//!   has a number for each i, `Tensor::eye(d)` is the unit matrix and `a.t()` the transpose.
//! - `grad(&y, &[&x])` is the gradient of the scalar y in the variable x, as a constant; `grad_graph`
//!   the same as a part of the graph, which can be differentiated again. `x.variable()` makes a
//!   variable of a constant.
//! - `vjp(f, &x, &v)` returns f(x) and vᵀ ∂f/∂x, `divergence(f, &x)` f(x) and its divergence `[n]`,
//!   `divergence_hutchinson(f, &x, &epsilon)` f(x) and the estimate of it.
//! - `ode::solve(field, &x, 0.0..1.0, steps, &ode::MIDPOINT)` solves dx/dt = field(t, x) with a number
//!   for t and an x of any shape; `1.0..0.0` runs backwards.
//! - A `Field` is called `u(&t, &x)` with t `[n, 1]`, a `Map` `u(&x)`, a `Family` `u(&t, &x, &theta)`.
//!
//! `cargo doc --open` has everything else.

// A `todo!()` uses none of its arguments and, as long as it is there, not every import is needed.
#![allow(unused_variables, unused_imports)]

use pushforward::chapters::continuous_flows::checks::{Answers, Family, Field, Map, trials};
use pushforward::derivatives::{divergence_hutchinson, vjp};
use pushforward::{Float, Tensor, check, derivatives, grad, grad_graph, ode};
use std::f64::consts::TAU;
use std::process::ExitCode;

/// 1. ln p_t(x) of noise, N(0, I) at time 0, that the field u(x) = `rate` · x has carried until the
/// time t.
///
/// Book: "One number". Shapes: x `[n, d]` → `[n]`.
fn scaling_log_density(x: &Tensor, rate: Float, t: Float) -> Tensor {
    todo!()
}

/// 2. What flows out of a box of side h whose middle is a row of x, divided by its volume. The
/// velocity in the middle of a wall stands for that on the whole wall.
///
/// Book: "A box". Shapes: x `[n, d]`, u(x) `[n, d]` → `[n]`.
fn outflow(u: Map, x: &Tensor, h: Float) -> Tensor {
    todo!()
}

/// 3. div u = Σ_j ∂u_j/∂x_j at each row, by automatic differentiation and without
/// `derivatives::divergence`. x is a variable, and the answer must be a part of the graph.
///
/// Book: "A box". Shapes: x `[n, d]`, u(x) `[n, d]` → `[n]`.
fn divergence(u: Map, x: &Tensor) -> Tensor {
    todo!()
}

/// 4. d/dt ln p_t(x_t): how fast ln p changes for one who is at x at time t and drifts with u. Nobody
/// says that u carries p.
///
/// Book: "Two ways to watch". Shapes: t `[n, 1]`, x `[n, d]`, log_p(t, x) `[n]`, u(t, x) `[n, d]` →
/// `[n]`.
fn material_derivative(log_p: Field, u: Field, t: &Tensor, x: &Tensor) -> Tensor {
    todo!()
}

/// 5. dz/dt of z = (x, ℓ), a point with its ln p. Where u holds variables, the answer must be a part
/// of the graph.
///
/// Book: "A point that knows its density". Shapes: t `[n, 1]`, z `[n, d + 1]`, u(t, x) `[n, d]` →
/// `[n, d + 1]`.
fn augmented(u: Field, t: &Tensor, z: &Tensor) -> Tensor {
    todo!()
}

/// 6. ln p_1(x_1) of data x_1 under the law that u makes of N(0, I), in `steps` midpoint steps from
/// t = 1 back to 0. Your `augmented` can be the field. Nothing may leave the graph.
///
/// Book: "Backwards". Shapes: x_1 `[n, d]`, u(t, x) `[n, d]` → `[n]`.
fn log_density(u: Field, x_1: &Tensor, steps: usize) -> Tensor {
    todo!()
}

/// 7. (x_1, ln p_1(x_1)) from noise x_0, in `steps` midpoint steps from t = 0 to 1.
///
/// Book: "Backwards". Shapes: x_0 `[n, d]`, u(t, x) `[n, d]` → `[n, d]`, `[n]`.
fn sample_with_density(u: Field, x_0: &Tensor, steps: usize) -> (Tensor, Tensor) {
    todo!()
}

/// 8. The loss: minus the mean over the batch of ln p_1(x_1), in nats. Your `log_density` can find
/// ln p_1. Nothing may leave the graph.
///
/// Book: "The loss". Shapes: x_1 `[n, d]`, u(t, x) `[n, d]` → `[]`, a scalar.
fn nll(u: Field, x_1: &Tensor, steps: usize) -> Tensor {
    todo!()
}

/// 9. Hutchinson's estimate of div u at each row, εᵀ ∂u/∂x ε, without
/// `derivatives::divergence_hutchinson`. x is a variable, and the answer must be a part of the graph.
///
/// Book: "One walk instead of d". Shapes: x, epsilon `[n, d]`, u(x) `[n, d]` → `[n]`.
fn hutchinson(u: Map, x: &Tensor, epsilon: &Tensor) -> Tensor {
    todo!()
}

/// 10. The variance of εᵀ A ε if the entries of ε are independent: first for random signs
/// (Rademacher), then for N(0, 1).
///
/// Book: "How far off it is". Shapes: a `[d, d]` → two scalars, `[]`.
fn hutchinson_variance(a: &Tensor) -> (Tensor, Tensor) {
    todo!()
}

/// 11. An estimate of ln p_1(x_1) from k probes: the mean of those that each single probe gives, in
/// `steps` midpoint steps from t = 1 back to 0.
///
/// Book: "One probe for a whole solve". Shapes: x_1 `[n, d]`, probes `[k, n, d]`, u(t, x) `[n, d]` →
/// `[n]`.
fn estimated_log_density(u: Field, x_1: &Tensor, probes: &Tensor, steps: usize) -> Tensor {
    todo!()
}

/// 12. (dx/dt, da/dt) of a point x and its adjoint state a = ∂L/∂x(t), at the time t.
///
/// Book: "The adjoint state". Shapes: t `[n, 1]`, x, a `[n, d]`, u(t, x) `[n, d]` → `[n, d]`,
/// `[n, d]`.
fn adjoint_slopes(u: Field, t: &Tensor, x: &Tensor, a: &Tensor) -> (Tensor, Tensor) {
    todo!()
}

/// 13. (∂L/∂x_0, ∂L/∂θ) by the adjoint equations, from x_1 and a_1 = ∂L/∂x_1 at t = 1: the point, its
/// adjoint state and the gradient in θ are solved together, in `steps` midpoint steps from t = 1 back
/// to 0.
///
/// Book: "The parameters". Shapes: theta any, x_1, a_1 `[n, d]`, u(t, x, theta) `[n, d]` → `[n, d]`,
/// that of theta.
fn adjoint_gradient(
    u: Family,
    theta: &Tensor,
    x_1: &Tensor,
    a_1: &Tensor,
    steps: usize,
) -> (Tensor, Tensor) {
    todo!()
}

/// What is judged.
pub const ANSWERS: Answers = Answers {
    scaling_log_density,
    outflow,
    divergence,
    material_derivative,
    augmented,
    log_density,
    sample_with_density,
    nll,
    hutchinson,
    hutchinson_variance,
    estimated_log_density,
    adjoint_slopes,
    adjoint_gradient,
};

fn main() -> ExitCode {
    check::main(&trials(&ANSWERS))
}
