//! Solutions of exercises/second_derivatives.rs, as a reader would write them. Look at them afterwards.

use pushforward::chapters::second_derivatives::Map;
use pushforward::chapters::second_derivatives::checks::{Answers, trials};
use pushforward::{Tensor, check, grad_graph};
use std::process::ExitCode;

/// The factor is made of y, which is in the graph.
fn tanh_vjp(g: &Tensor, _x: &Tensor, y: &Tensor) -> Tensor {
    g - g * y * y
}

/// ⟨∇f, v⟩ is a number; its gradient is H v because v does not depend on x.
fn hvp(f: Map, x: &Tensor, v: &Tensor) -> Tensor {
    let gradient = grad_graph(&f(x), &[x]).remove(0);
    let along = (&gradient * v).sum(..);
    grad_graph(&along, &[x]).remove(0)
}

/// Jᵀ g is linear in g, so it does not matter which g.
fn jvp(u: Map, x: &Tensor, v: &Tensor) -> Tensor {
    let y = u(x);
    let g = Tensor::ones(y.shape()).variable();
    let back = grad_graph(&(&y * &g).sum(..), &[x]).remove(0);
    grad_graph(&(&back * v).sum(..), &[&g]).remove(0)
}

/// Column i of u, and of its gradient.
fn divergence(u: Map, x: &Tensor) -> Tensor {
    let (n, d) = (x.shape()[0], x.shape()[1]);
    let y = u(x);
    let mut sum = Tensor::zeros(&[n, 1]);
    for i in 0..d {
        let gradient = grad_graph(&y.slice(1, i..i + 1).sum(..), &[x]).remove(0);
        sum += gradient.slice(1, i..i + 1);
    }
    sum.reshape(&[n])
}

/// The field is the gradient.
fn laplacian(f: Map, x: &Tensor) -> Tensor {
    let gradient = |x: &Tensor| grad_graph(&f(x).sum(..), &[x]).remove(0);
    divergence(&gradient, x)
}

/// What is judged.
pub const ANSWERS: Answers = Answers { tanh_vjp, hvp, jvp, divergence, laplacian };

fn main() -> ExitCode {
    check::main(&trials(&ANSWERS))
}
