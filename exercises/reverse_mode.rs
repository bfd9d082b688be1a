//! Exercises of the chapter on reverse mode (book/src/engine_reverse_mode.md).
//!
//! Replace a `todo!()`, then ask for a verdict:
//!
//! ```console
//! cargo exercise reverse_mode vjp             judge one answer
//! cargo exercise reverse_mode                 judge all
//! cargo exercise reverse_mode vjp --hint 1    where to look; 2: which equation; 3: the shape of the line
//! ```
//!
//! 1 to 5 make an engine for single numbers, 6 to 9 one for arrays. The second stands on your own
//! `exercises/tensors.rs`: until `sum_to`, `zip_with`, `transpose` and `matmul` are written there, what calls
//! them here counts as not started. To use the book's instead, put
//! `use pushforward::chapters::tensors::{matmul, sum_to, transpose, zip_with};` in the place of the line
//! `use tensors::…` below.
//!
//! What the library gives you: `Node { op, inputs, value }`, the operations `Op` and `ArrayOp`, `value(op, x)`,
//! and `Array` of the chapter before, with `x.map(|x| …)`. In a notebook give your function to the one of the
//! same name in `pushforward::chapters::reverse_mode::checks`.

// A `todo!()` uses none of its arguments and, as long as it is there, not every import is needed.
#![allow(unused_variables, unused_imports)]

use pushforward::chapters::reverse_mode::checks::{Answers, trials};
use pushforward::chapters::reverse_mode::{ArrayOp, Arrays, Node, Numbers, Op, value};
use pushforward::chapters::tensors::Array;
use pushforward::{Float, check};
use std::process::ExitCode;
use tensors::{matmul, sum_to, transpose, zip_with};

#[allow(dead_code)] // its `main`, and what is not needed here
#[path = "tensors.rs"]
pub mod tensors;

/// 1. The values of all lines of a program. Each has an operation and the numbers of the lines, counted from
///    0, that it takes. `Op::Variable` takes none: its value is the next of `variables`.
///
/// Book: "A graph". There is `value(op, x)`, the value of any other operation.
fn forward(program: &[(Op, Vec<usize>)], variables: &[Float]) -> Vec<Float> {
    todo!()
}

/// 2. x̄ᵢ = g ∂y/∂xᵢ for each input of an operation, in order; y is its value.
///
/// Book: "The rule of an operation". `Op::Variable` has no inputs.
fn vjp(op: Op, x: &[Float], y: Float, g: Float) -> Vec<Float> {
    todo!()
}

/// 3. The nodes that `root` is made from, and `root` itself: each once, and after all of its inputs.
///    `inputs[node]` are the inputs of a node.
///
/// Book: "An order". Without recursion: a graph may be deeper than the stack.
fn order(inputs: &[Vec<usize>], root: usize) -> Vec<usize> {
    todo!()
}

/// 4. ∂root/∂node for every node of a graph; 0 where the root does not depend on it.
///
/// Book: "The walk backwards". `graph[i]` is `Node { op, inputs, value }`.
fn backward(graph: &Numbers, root: usize) -> Vec<Float> {
    todo!()
}

/// 5. The slope of f at x, from the values at a distance h to both sides.
///
/// Book: "Gradients that are checked".
fn central_difference(f: &dyn Fn(Float) -> Float, x: Float, h: Float) -> Float {
    todo!()
}

/// 6. ā and b̄ of y = a b, number by number, in the shapes of a and b. Both may have been broadcast.
///
/// Book: "Arrays". g has the shape of y.
fn mul_vjp(a: &Array, b: &Array, g: &Array) -> [Array; 2] {
    todo!()
}

/// 7. ā and b̄ of y = a b, a product of matrices.
///
/// Book: "Arrays". Shapes: a `[n, m]`, b `[m, p]`, g `[n, p]`.
fn matmul_vjp(a: &Array, b: &Array, g: &Array) -> [Array; 2] {
    todo!()
}

/// 8. x̄ᵢ for each input of an operation on arrays, in the shape of that input.
///
/// Book: "Arrays". `Elu` is x where x > 0 and eˣ − 1 elsewhere, `Mean` the mean of all numbers.
fn array_vjp(op: ArrayOp, x: &[&Array], y: &Array, g: &Array) -> Vec<Array> {
    todo!()
}

/// 9. ∂root/∂node for every node of a graph of arrays whose root is a number, of shape `[]`; `None` where the
///    root does not depend on it.
///
/// Book: "Arrays".
fn array_backward(graph: &Arrays, root: usize) -> Vec<Option<Array>> {
    todo!()
}

/// What is judged.
pub const ANSWERS: Answers = Answers {
    forward,
    vjp,
    order,
    backward,
    central_difference,
    mul_vjp,
    matmul_vjp,
    array_vjp,
    array_backward,
};

fn main() -> ExitCode {
    check::main(&trials(&ANSWERS))
}
