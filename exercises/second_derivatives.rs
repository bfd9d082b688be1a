//! Exercises of the chapter on second derivatives (book/src/engine_second_derivatives.md).
//!
//! Replace a `todo!()`, then ask for a verdict:
//!
//! ```console
//! cargo exercise second_derivatives hvp             judge one answer
//! cargo exercise second_derivatives                 judge all
//! cargo exercise second_derivatives hvp --hint 1    where to look; 2: which equation; 3: the shape of the line
//! ```
//!
//! From here on you use the crate's tensors. `grad_graph(&y, &[&x]).remove(0)` is ∂y/∂x of a single number y, as part of
//! the graph, so that it can be differentiated again; `(a * b).sum(..)` is an inner product, `x.slice(1, i..i + 1)` column i.
//! Every x here is a variable already. In a notebook give your function to the one of the same name in
//! `pushforward::chapters::second_derivatives::checks`.

// A `todo!()` uses none of its arguments and, as long as it is there, not every import is needed.
#![allow(unused_variables, unused_imports)]

use pushforward::chapters::second_derivatives::Map;
use pushforward::chapters::second_derivatives::checks::{Answers, trials};
use pushforward::{Tensor, check, grad_graph};
use std::process::ExitCode;

/// 1. x̄ of y = tanh x, in operations on tensors, so that it can be differentiated again. g is ∂L/∂y.
///
/// Book: "Rules that leave a graph". Shapes: all alike.
fn tanh_vjp(g: &Tensor, x: &Tensor, y: &Tensor) -> Tensor {
    todo!()
}

/// 2. H v, the Hessian of f at x times v, as part of the graph. f(x) is a single number.
///
/// Book: "A Hessian that is never made". Shapes: x, v and the product `[n]`.
fn hvp(f: Map, x: &Tensor, v: &Tensor) -> Tensor {
    todo!()
}

/// 3. J v, the Jacobian of u at x times v, by two walks backwards, as part of the graph.
///
/// Book: "Forwards by going backwards twice". Shapes: x and v `[n]`, u(x) and the product `[m]`.
fn jvp(u: Map, x: &Tensor, v: &Tensor) -> Tensor {
    todo!()
}

/// 4. ∇·u = Σᵢ ∂uᵢ/∂xᵢ at each row of x. u treats each row by itself.
///
/// Book: "Sums along the diagonal". Shapes: x and u(x) `[n, d]` → `[n]`.
fn divergence(u: Map, x: &Tensor) -> Tensor {
    todo!()
}

/// 5. Δf = Σᵢ ∂²f/∂xᵢ² at each row of x. f treats each row by itself.
///
/// Book: "Sums along the diagonal". Shapes: x `[n, d]`, f(x) `[n]` → `[n]`.
fn laplacian(f: Map, x: &Tensor) -> Tensor {
    todo!()
}

/// What is judged.
pub const ANSWERS: Answers = Answers { tanh_vjp, hvp, jvp, divergence, laplacian };

fn main() -> ExitCode {
    check::main(&trials(&ANSWERS))
}
