//! Reverse mode from nothing: a graph of numbers, then of arrays, and its walk backwards.
//!
//! Here are both graphs and what is done with them, in [`engine`] flow matching on them. Nothing here is used
//! by the chapters on models. The crate's own graph is in `src/autograd.rs`; its rules are written in
//! operations that can be differentiated again, which these are not.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | y = f(x₁, x₂, …) | [`Node`] | a value, the operation that made it and the values it was made of |
//! | ȳ | `g` | ∂L/∂y, how the result changes with y |
//! | x̄ᵢ = ȳ ∂f/∂xᵢ | [`vjp`], [`array_vjp`] | what a change of xᵢ does to the result through y |

pub mod checks;
pub mod engine;
pub mod run;

use super::tensors::{Array, broadcast_to, matmul, sum_to, transpose, zip_with};
use crate::Float;

// ANCHOR: graph
/// How a number was made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Op {
    /// It was given.
    Variable,
    /// x₁ + x₂.
    Add,
    /// x₁ x₂.
    Mul,
    /// tanh x.
    Tanh,
    /// eˣ.
    Exp,
}

/// A value in a graph: its operation, and where in the graph the inputs are.
#[derive(Clone, Debug, PartialEq)]
pub struct Node<O, V> {
    /// How it was made.
    pub op: O,
    /// From which nodes.
    pub inputs: Vec<usize>,
    /// What came out.
    pub value: V,
}
// ANCHOR_END: graph

/// A graph of numbers.
pub type Numbers = [Node<Op, Float>];

/// f(x) of an operation.
// ANCHOR: value
pub fn value(op: Op, x: &[Float]) -> Float {
    match op {
        Op::Variable => unreachable!("a variable is given"),
        Op::Add => x[0] + x[1],
        Op::Mul => x[0] * x[1],
        Op::Tanh => crate::Tensor::scalar(x[0]).tanh().item(),
        Op::Exp => crate::Tensor::scalar(x[0]).exp().item(),
    }
}
// ANCHOR_END: value

/// x̄ᵢ = g ∂y/∂xᵢ for every input of an operation.
// ANCHOR: vjp
pub fn vjp(op: Op, x: &[Float], y: Float, g: Float) -> Vec<Float> {
    match op {
        Op::Variable => vec![],
        Op::Add => vec![g, g],
        Op::Mul => vec![g * x[1], g * x[0]],
        Op::Tanh => vec![g * (1.0 - y * y)],
        Op::Exp => vec![g * y],
    }
}
// ANCHOR_END: vjp

/// The values of all nodes of a program, one after the other: the variables take the given numbers in turn.
// ANCHOR: forward
pub fn forward(program: &[(Op, Vec<usize>)], variables: &[Float]) -> Vec<Float> {
    let mut given = variables.iter();
    let mut values: Vec<Float> = vec![];
    for (op, inputs) in program {
        let x: Vec<Float> = inputs.iter().map(|&input| values[input]).collect();
        values.push(match op {
            Op::Variable => *given.next().expect("a number for each variable"),
            op => value(*op, &x),
        });
    }
    values
}
// ANCHOR_END: forward

/// The nodes that `root` was made from and `root` itself, each once and after its inputs. Depth first,
/// with a list of what is still to be done in place of recursion: a graph may be deeper than the stack.
// ANCHOR: order
pub fn order(inputs: &[Vec<usize>], root: usize) -> Vec<usize> {
    let mut order = vec![];
    let mut seen = vec![false; inputs.len()];
    // a node, and how many of its inputs are done
    let mut open = vec![(root, 0)];
    seen[root] = true;
    while let Some((node, done)) = open.pop() {
        match inputs[node].get(done) {
            None => order.push(node),
            Some(&input) => {
                open.push((node, done + 1));
                if !seen[input] {
                    seen[input] = true;
                    open.push((input, 0));
                }
            }
        }
    }
    order
}
// ANCHOR_END: order

/// ∂root/∂node for every node of a graph of numbers; 0 where the root does not depend on it.
// ANCHOR: backward
pub fn backward(graph: &Numbers, root: usize) -> Vec<Float> {
    let inputs: Vec<Vec<usize>> = graph.iter().map(|node| node.inputs.clone()).collect();
    let mut gradients = vec![0.0; graph.len()];
    gradients[root] = 1.0;
    for &at in order(&inputs, root).iter().rev() {
        let Node { op, inputs, value } = &graph[at];
        let x: Vec<Float> = inputs.iter().map(|&input| graph[input].value).collect();
        for (&input, d) in inputs.iter().zip(vjp(*op, &x, *value, gradients[at])) {
            gradients[input] += d; // a value that is used twice has two effects
        }
    }
    gradients
}
// ANCHOR_END: backward

/// (f(x + h) − f(x − h)) / 2h.
// ANCHOR: central
pub fn central_difference(f: &dyn Fn(Float) -> Float, x: Float, h: Float) -> Float {
    (f(x + h) - f(x - h)) / (2.0 * h)
}
// ANCHOR_END: central

// ANCHOR: array_op
/// How an array was made. Those of two arrays broadcast, but for the product of matrices.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ArrayOp {
    /// It was given.
    Variable,
    /// x₁ + x₂.
    Add,
    /// x₁ − x₂.
    Sub,
    /// x₁ x₂, number by number.
    Mul,
    /// x₁ x₂ as matrices.
    Matmul,
    /// x where it is positive, eˣ − 1 elsewhere.
    Elu,
    /// The mean of all numbers.
    Mean,
}
// ANCHOR_END: array_op

/// A graph of arrays.
pub type Arrays = [Node<ArrayOp, Array>];

/// f(x) of an operation on arrays.
///
/// # Panics
/// If the shapes do not fit.
// ANCHOR: apply
pub fn apply(op: ArrayOp, x: &[&Array]) -> Array {
    match op {
        ArrayOp::Variable => unreachable!("a variable is given"),
        ArrayOp::Add => zip_with(|a, b| a + b, x[0], x[1]),
        ArrayOp::Sub => zip_with(|a, b| a - b, x[0], x[1]),
        ArrayOp::Mul => zip_with(|a, b| a * b, x[0], x[1]),
        ArrayOp::Matmul => matmul(x[0], x[1]),
        ArrayOp::Elu => Array::of(&x[0].tensor().elu(1.0)),
        ArrayOp::Mean => {
            let sum: Float = x[0].data.iter().sum();
            Array::new(&[], vec![sum / x[0].data.len() as Float])
        }
    }
}
// ANCHOR_END: apply

/// x̄ of the product of matrices y = a b: ā = g bᵀ, b̄ = aᵀ g.
///
/// # Panics
/// If the shapes do not fit.
// ANCHOR: matmul_vjp
pub fn matmul_vjp(a: &Array, b: &Array, g: &Array) -> [Array; 2] {
    [matmul(g, &transpose(b)), matmul(&transpose(a), g)]
}
// ANCHOR_END: matmul_vjp

/// x̄ of a product number by number: ā = Bᵀ(g b), b̄ = Bᵀ(g a), with what was broadcast summed again.
///
/// # Panics
/// If the shapes do not fit.
// ANCHOR: mul_vjp
pub fn mul_vjp(a: &Array, b: &Array, g: &Array) -> [Array; 2] {
    let times = |x: &Array| zip_with(|g, x| g * x, g, x);
    [sum_to(&times(b), &a.shape), sum_to(&times(a), &b.shape)]
}
// ANCHOR_END: mul_vjp

/// x̄ᵢ for every input of an operation on arrays, in the shape of the input.
///
/// # Panics
/// If the shapes do not fit.
// ANCHOR: array_vjp
pub fn array_vjp(op: ArrayOp, x: &[&Array], y: &Array, g: &Array) -> Vec<Array> {
    match op {
        ArrayOp::Variable => vec![],
        ArrayOp::Add => vec![sum_to(g, &x[0].shape), sum_to(g, &x[1].shape)],
        ArrayOp::Sub => vec![sum_to(g, &x[0].shape), sum_to(&g.map(|g| -g), &x[1].shape)],
        ArrayOp::Mul => mul_vjp(x[0], x[1], g).into(),
        ArrayOp::Matmul => matmul_vjp(x[0], x[1], g).into(),
        // for x < 0 the slope is eˣ = y + 1
        ArrayOp::Elu => vec![zip_with(|g, y| if y > 0.0 { g } else { g * (y + 1.0) }, g, y)],
        ArrayOp::Mean => {
            let share = g.map(|g| g / x[0].data.len() as Float);
            vec![broadcast_to(&share, &x[0].shape)]
        }
    }
}
// ANCHOR_END: array_vjp

/// ∂root/∂node for every node of a graph of arrays whose root is a single number; `None` where the root
/// does not depend on it.
///
/// # Panics
/// If the root is not a single number.
// ANCHOR: array_backward
pub fn array_backward(graph: &Arrays, root: usize) -> Vec<Option<Array>> {
    let inputs: Vec<Vec<usize>> = graph.iter().map(|node| node.inputs.clone()).collect();
    assert!(graph[root].value.shape.is_empty(), "only a number has a gradient");
    let mut gradients: Vec<Option<Array>> = vec![None; graph.len()];
    gradients[root] = Some(Array::new(&[], vec![1.0]));
    for &at in order(&inputs, root).iter().rev() {
        let Node { op, inputs, value } = &graph[at];
        let x: Vec<&Array> = inputs.iter().map(|&input| &graph[input].value).collect();
        let Some(g) = gradients[at].clone() else { continue };
        for (&input, d) in inputs.iter().zip(array_vjp(*op, &x, value, &g)) {
            gradients[input] = Some(match gradients[input].take() {
                Some(sum) => zip_with(|a, b| a + b, &sum, &d),
                None => d,
            });
        }
    }
    gradients
}
// ANCHOR_END: array_backward
