//! Exercises of the chapter on rectified flow (book/src/13_rectified_flow.md).
//!
//! Replace a `todo!()`, then ask for a verdict:
//!
//! ```console
//! cargo exercise rectified_flow reflow_pairs             judge one answer
//! cargo exercise rectified_flow                          judge all
//! cargo exercise rectified_flow reflow_pairs --hint 1    where to look
//! cargo exercise rectified_flow reflow_pairs --hint 2    which equation
//! cargo exercise rectified_flow reflow_pairs --hint 3    the shape of the line
//! cargo run --release -- exercises                       how far you are in the book
//! ```
//!
//! They follow the page. Only the bodies need to be touched; helpers may be added, and what is left
//! unfinished disturbs nothing else. `[n, d]` is a shape: n points of d coordinates. In a notebook give
//! your function to the one of the same name in `pushforward::chapters::rectified_flow::checks`.
//!
//! What you need of the library:
//!
//! - Operators take tensors, references to them and numbers, in any mixture. A tensor itself is used
//!   up, a reference is not: write `&x * t` where x is needed again.
//! - `x.sum(1)` sums over axis 1 and drops it, `x.sum(..)` is a scalar; so with `mean`.
//!   `z.slice(0, 1..k)` has the entries 1 to k − 1 of axis 0.
//! - `Tensor::full(&[n, 1], t)` is a column filled with the number t, `Tensor::eye(2)` the unit matrix,
//!   `a.t()` the transpose, `a.inverse()` the inverse, `x.matmul(&a)` the product.
//! - A `Field` is called `u(&t, &x)` with t `[n, 1]` and x `[n, d]`. `x.detach()` is x without its graph.
//!
//! `cargo doc --open` has everything else.

// A `todo!()` uses none of its arguments and, as long as it is there, not every import is needed.
#![allow(unused_variables, unused_imports)]

use pushforward::chapters::rectified_flow::checks::{Answers, Field, trials};
use pushforward::chapters::rectified_flow::oracle::rotation;
use pushforward::{Float, Tensor, check};
use std::process::ExitCode;

/// 1. The pairs of the next round: x_0 with the end of the way from it, in `steps` equal Euler steps
/// from t = 0 to t = 1. Both are data for the next network. (The judge's third number, `graph`, is 1 if
/// x_1 still holds one.)
///
/// Book: "Pairs from a flow". Shapes: x_0 `[n, d]` → `[n, d]`, `[n, d]`.
fn reflow_pairs(u: Field, x_0: &Tensor, steps: usize) -> (Tensor, Tensor) {
    todo!()
}

/// 2. The cost of a coupling, E‖x_1 − x_0‖², from pairs.
///
/// Book: "No cost grows". Shapes: x_0, x_1 `[n, d]` → a scalar.
fn transport_cost(x_0: &Tensor, x_1: &Tensor) -> Tensor {
    todo!()
}

/// 3. S = ∫ E‖(Z_1 − Z_0) − Ż_t‖² dt from states at the times 0, 1/k, …, 1, with the difference
/// quotient of each step for Ż.
///
/// Book: "What a round spends". Shapes: states `[k + 1, n, d]` → a scalar.
fn straightness(states: &Tensor) -> Tensor {
    todo!()
}

/// 4. x_1 from x_0 in one Euler step.
///
/// Book: "One step". Shapes: x_0 `[n, d]` → `[n, d]`.
fn one_step(u: Field, x_0: &Tensor) -> Tensor {
    todo!()
}

/// 5. v(x, t) = E[x_1 − x_0 | x_t = x] where every x_0 is paired with itself turned by `angle` about
/// the origin, by less than half a turn: x_1 = R x_0. `rotation(angle)` is R, `[2, 2]`, which acts on
/// columns.
///
/// Book: "Straight is not the shortest". Shapes: x `[n, 2]` → `[n, 2]`.
fn rotation_velocity(x: &Tensor, t: Float, angle: Float) -> Tensor {
    todo!()
}

/// 6. The loss of distillation: one Euler step of u is to lead from x_0 to x_1. The mean runs over
/// points and coordinates.
///
/// Book: "Distillation". Shapes: x_0, x_1 `[n, d]` → a scalar.
fn distillation_loss(u: Field, x_0: &Tensor, x_1: &Tensor) -> Tensor {
    todo!()
}

const ANSWERS: Answers = Answers {
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
