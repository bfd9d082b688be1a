//! Exercises of the chapter on couplings (book/src/12_couplings.md).
//!
//! Replace a `todo!()`, then ask for a verdict:
//!
//! ```console
//! cargo exercise couplings pair_costs             judge one answer
//! cargo exercise couplings                        judge all
//! cargo exercise couplings pair_costs --hint 1    where to look
//! cargo exercise couplings pair_costs --hint 2    which equation
//! cargo exercise couplings pair_costs --hint 3    the shape of the line
//! cargo run --release -- exercises                how far you are in the book
//! ```
//!
//! They follow the page. Only the bodies need to be touched; helpers may be added, and what is left
//! unfinished disturbs nothing else. `[n, d]` is a shape: n points of d coordinates. In a notebook give
//! your function to the one of the same name in `pushforward::chapters::couplings::checks`.
//!
//! What you need of the library:
//!
//! - Operators take tensors, references to them and numbers, in any mixture. A tensor itself is
//!   used up, a reference is not: write `&x`, where x is needed again.
//! - `x.reshape(&[n, 1, d])` has the same numbers in another shape; axes of length 1 broadcast, so `[n, 1, d]`
//!   minus `[1, m, d]` has every pair of rows. `x.shape()[0]` is the length of the first axis.
//! - `x.sum(2)` sums over axis 2 and drops it, `x.sum(..)` is a scalar; so with `mean`. `x.softmax(1)` is the
//!   softmax over axis 1. `x.square()` works number by number; `x.matmul(&a)` is the product.
//! - `z.slice(0, 1..k)` has the entries 1 to k − 1 of axis 0.
//!
//! `cargo doc --open` has everything else.

// A `todo!()` uses none of its arguments and, as long as it is there, not every import is needed.
#![allow(unused_variables, unused_imports)]

use pushforward::chapters::couplings::checks::{Answers, trials};
use pushforward::{Float, Tensor, check};
use std::process::ExitCode;

/// 1. The velocity at each row of x at the time t, if the pairs (a_k, b_k) are equally likely and a pair's
/// point is (1 − t) a_k + t b_k + σ ε with normal ε.
///
/// Book: "Any pairs will do". Shapes: a, b `[K, d]`, x `[n, d]` → `[n, d]`.
fn pairs_velocity(a: &Tensor, b: &Tensor, sigma: Float, t: Float, x: &Tensor) -> Tensor {
    todo!()
}

/// 2. The cost of every pair: row i and column j hold ‖x_1^j − x_0^i‖².
///
/// Book: "At the least cost". Shapes: x_0, x_1 `[n, d]` → `[n, n]`.
fn pair_costs(x_0: &Tensor, x_1: &Tensor) -> Tensor {
    todo!()
}

/// 3. Row i of x_0 belongs to row i of x_1. Entry (i, j): how much of the total cost is saved if i and j exchange their
/// partners?
///
/// Book: "At the least cost". Shapes: x_0, x_1 `[n, d]` → `[n, n]`.
fn swap_savings(x_0: &Tensor, x_1: &Tensor) -> Tensor {
    todo!()
}

/// 4. The energy E ∫‖ẋ‖² dt of n ways, each in k straight pieces, from the states at the times 0, 1/k, …, 1.
///
/// Book: "What a field spends". Shapes: states `[k + 1, n, d]` → a scalar.
fn way_energy(states: &Tensor) -> Tensor {
    todo!()
}

/// 5. The normalised path energy from the energy of the ways and W₂ of the two laws.
///
/// Book: "What a field spends".
fn path_energy_gap(energy: Float, w2: Float) -> Float {
    todo!()
}

/// What is judged.
pub const ANSWERS: Answers =
    Answers { pairs_velocity, pair_costs, swap_savings, way_energy, path_energy_gap };

fn main() -> ExitCode {
    check::main(&trials(&ANSWERS))
}
