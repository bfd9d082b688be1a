//! Exercises of the chapter on ordinary differential equations (book/src/06_odes.md).
//!
//! Replace a `todo!()`, then ask for a verdict:
//!
//! ```console
//! cargo exercise odes heun_step             judge one answer
//! cargo exercise odes                       judge all
//! cargo exercise odes heun_step --hint 1    where to look
//! cargo exercise odes heun_step --hint 2    which equation
//! cargo exercise odes heun_step --hint 3    the shape of the line
//! cargo run --release -- exercises          how far you are in the book
//! ```
//!
//! They follow the page. Only the bodies need to be touched; helpers may be added, and what is left
//! unfinished disturbs nothing else. Points are rows, `[n, d]`; here all rows have the same time, a
//! number. In a notebook give your function to the one of the same name in
//! `pushforward::chapters::odes::checks`.
//!
//! What you need of the library:
//!
//! - Operators take tensors, references to them and numbers, in any mixture. A tensor itself is
//!   used up, a reference is not: write `&k_1`, where k_1 is needed again.
//! - A `Field` is called as a function is: `u(t, &x)`, with a number t. What it returns has the
//!   shape of x.
//! - `x.sum(1)` sums over axis 1 and drops it, `x.sum(..)` is a scalar; so with `mean` and `max`.
//!   `x.abs()`, `x.square()`, `x.sqrt()`, `x.ln()`, `x.exp()`, `x.powf(0.5)`, `x.clamp(low, high)`,
//!   `x.maximum(&y)` and `x.minimum(0.0)` do what they say, number by number; `x.exp_m1()` is
//!   eˣ − 1 without losing digits where x is small.
//! - `x.slice(0, 0..k)` is the first k entries or rows, `x.pad(0, 1, 1)` has a 0 more at both ends,
//!   `x.reshape(&[n, 1])` is another shape of the same numbers, `a.at(&[i, j])` a number of a
//!   matrix, `a.matmul(&b)` the product, `Tensor::stack(&[&a, &b], 0)` a vector of scalars.
//! - `grad(&y, &[&a])` is a list with ∂y/∂a for a scalar y, where a is `v.variable()` for a tensor
//!   v; `y.detach()` forgets where y comes from.
//!
//! `cargo doc --open` has everything else.

// A `todo!()` uses none of its arguments and, as long as it is there, not every import is needed.
#![allow(unused_variables, unused_imports)]

use pushforward::chapters::odes::checks::{Answers, Ends, Field, Pair, trials};
use pushforward::{Float, Tensor, check, grad};
use std::process::ExitCode;

/// 1. The bound on the distance of two solutions at time t, in each row: they begin δ apart, their
/// fields differ by at most ε, and one of the fields has the Lipschitz constant L > 0.
///
/// Book: "How fast two solutions part". Shapes: delta, epsilon, lipschitz, t `[n]` → `[n]`.
fn gronwall_bound(delta: &Tensor, epsilon: &Tensor, lipschitz: &Tensor, t: &Tensor) -> Tensor {
    todo!()
}

/// 2. The density in n cells in a row, each of length dx, after the time dt. `u` is the velocity at
/// the n + 1 walls, the first and last of which are closed: there it is 0. The mass that passes a
/// wall has the density of the cell that it comes from.
///
/// Book: "Mass is carried along". Shapes: rho `[n]`, u `[n + 1]` → `[n]`.
fn continuity_step(rho: &Tensor, u: &Tensor, dx: Float, dt: Float) -> Tensor {
    todo!()
}

/// 3. x(t_1) from x(t_0) = x_0 in so many of Euler's steps, all of one length. t_1 may be less than
/// t_0.
///
/// Book: "Euler's method". Shapes: x_0 `[n, d]` → `[n, d]`.
fn euler_solve(u: Field, x_0: &Tensor, t_0: Float, t_1: Float, steps: usize) -> Tensor {
    todo!()
}

/// 4. A step of Heun's method from x(t): the mean of the slopes at both ends, the second one at the
/// place where Euler's step would end.
///
/// Book: "Two slopes". Shapes: x `[n, d]` → `[n, d]`.
fn heun_step(u: Field, t: Float, x: &Tensor, h: Float) -> Tensor {
    todo!()
}

/// 5. By how much an explicit method with the tableau (a, b) misses the four conditions of order
/// three: Σ b_i must be 1, Σ b_i c_i 1/2, Σ b_i c_i² 1/3, and Σ b_i a_ij c_j 1/6, in this order.
/// The c_i are the sums of the rows of a.
///
/// Book: "Conditions for an order". Shapes: a `[s, s]`, b `[s]` → `[4]`.
fn order_conditions(a: &Tensor, b: &Tensor) -> Tensor {
    todo!()
}

/// 6. A step of the classical method of Kutta from x(t): four slopes.
///
/// Book: "Four slopes". Shapes: x `[n, d]` → `[n, d]`.
fn rk4_step(u: Field, t: Float, x: &Tensor, h: Float) -> Tensor {
    todo!()
}

/// 7. The order observed between each error and the next, from the numbers of steps: p with
/// E = C h^p, h = T/steps.
///
/// Book: "The order, measured". Shapes: errors, steps `[m]` → `[m − 1]`.
fn observed_order(errors: &Tensor, steps: &Tensor) -> Tensor {
    todo!()
}

/// 8. A step of a pair of methods: (x_new, e), where x_new is the result with the weights `pair.b`
/// and e how much it differs from the result with `pair.b_hat`: x_new less the other one. The
/// slopes are k_i = u(t + c_i h, x + h Σ_j a_ij k_j), over the j < i.
///
/// Book: "Two methods for the price of one". Shapes: x `[n, d]`, a `[s, s]`, b, b_hat, c `[s]` →
/// `[n, d]`, `[n, d]`.
fn embedded_step(u: Field, t: Float, x: &Tensor, h: Float, pair: &Pair) -> (Tensor, Tensor) {
    todo!()
}

/// 9. The size of an error in units of the tolerance: the root of the mean over all numbers of
/// (e / allowed)², where what is allowed is absolute + relative · max(|x|, |x_new|).
///
/// Book: "Good enough". Shapes: e, x, x_new `[d]` → `[]`, a scalar.
fn error_norm(e: &Tensor, x: &Tensor, x_new: &Tensor, relative: Float, absolute: Float) -> Tensor {
    todo!()
}

/// 10. The length of the next step after one of length h whose error was so large, in units of the
/// tolerance, for a pair whose estimate is of the order h⁵. The safety factor is 0.9; no step is
/// shorter than 0.2 or longer than 10 times the one before.
///
/// Book: "How long the next step is". Shapes: h, error `[n]` → `[n]`.
fn next_step(h: &Tensor, error: &Tensor) -> Tensor {
    todo!()
}

/// 11. x(t + θ h) for 0 ≤ θ ≤ 1, by the cubic polynomial in θ that has the values `ends.x_0`,
/// `ends.x_1` and the slopes dx/dt = `ends.k_0`, `ends.k_1` at the ends of the step.
///
/// Book: "Between the steps". Shapes: each of ends `[n, d]` → `[n, d]`.
fn dense_output(ends: &Ends, h: Float, theta: Float) -> Tensor {
    todo!()
}

/// 12. The longest h with which Euler's method does not grow on dx/dt = λ x, for each λ = a + i b
/// with a < 0; a row of `lambda` is (a, b).
///
/// Book: "Stiffness". Shapes: lambda `[n, 2]` → `[n]`.
fn longest_step(lambda: &Tensor) -> Tensor {
    todo!()
}

/// 13. A step of implicit Euler from x(t): y with y = x + h u(t + h, y), by so many of Newton's
/// iterations, begun at y = x. Each row of x is an equation of its own: u in a row depends on that
/// row alone.
///
/// Book: "A step that looks ahead". Shapes: x `[n, 1]` → `[n, 1]`.
fn implicit_euler_step(u: Field, t: Float, x: &Tensor, h: Float, iterations: usize) -> Tensor {
    todo!()
}

/// What is judged.
pub const ANSWERS: Answers = Answers {
    gronwall_bound,
    continuity_step,
    euler_solve,
    heun_step,
    order_conditions,
    rk4_step,
    observed_order,
    embedded_step,
    error_norm,
    next_step,
    dense_output,
    longest_step,
    implicit_euler_step,
};

fn main() -> ExitCode {
    check::main(&trials(&ANSWERS))
}
