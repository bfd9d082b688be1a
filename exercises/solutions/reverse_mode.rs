//! Solutions of exercises/reverse_mode.rs, as a reader would write them. Look at them afterwards.

use pushforward::chapters::reverse_mode::checks::{Answers, trials};
use pushforward::chapters::reverse_mode::{ArrayOp, Arrays, Numbers, Op, value};
use pushforward::chapters::tensors::Array;
use pushforward::{Float, check};
use std::process::ExitCode;
use tensors::{matmul, sum_to, transpose, zip_with};

#[allow(dead_code, clippy::duplicate_mod)] // its `main`; the engine's tests have it too
#[path = "tensors.rs"]
pub mod tensors;

/// The values so far are all that a line needs, and the next of the variables.
fn forward(program: &[(Op, Vec<usize>)], variables: &[Float]) -> Vec<Float> {
    let (mut values, mut used) = (vec![], 0);
    for (op, inputs) in program {
        if *op == Op::Variable {
            values.push(variables[used]);
            used += 1;
        } else {
            let x: Vec<Float> = inputs.iter().map(|&input| values[input]).collect();
            values.push(value(*op, &x));
        }
    }
    values
}

/// The derivative of each operation, times g.
fn vjp(op: Op, x: &[Float], y: Float, g: Float) -> Vec<Float> {
    match op {
        Op::Variable => vec![],
        Op::Add => vec![g, g],
        Op::Mul => vec![g * x[1], g * x[0]],
        Op::Tanh => vec![g - g * y * y],
        Op::Exp => vec![g * y],
    }
}

/// Depth first: a node is opened, then its inputs, and it is closed when they are.
fn order(inputs: &[Vec<usize>], root: usize) -> Vec<usize> {
    let (mut order, mut seen) = (vec![], vec![false; inputs.len()]);
    let mut todo = vec![(root, false)];
    while let Some((node, inputs_are_done)) = todo.pop() {
        if inputs_are_done {
            order.push(node);
        } else if !seen[node] {
            seen[node] = true;
            todo.push((node, true));
            todo.extend(inputs[node].iter().map(|&input| (input, false)));
        }
    }
    order
}

/// Each node hands its gradient on to its inputs.
fn backward(graph: &Numbers, root: usize) -> Vec<Float> {
    let inputs: Vec<Vec<usize>> = graph.iter().map(|node| node.inputs.clone()).collect();
    let mut gradients = vec![0.0; graph.len()];
    gradients[root] = 1.0;
    for node in order(&inputs, root).into_iter().rev() {
        let x: Vec<Float> = inputs[node].iter().map(|&input| graph[input].value).collect();
        let parts = vjp(graph[node].op, &x, graph[node].value, gradients[node]);
        for (part, &input) in parts.iter().zip(&inputs[node]) {
            gradients[input] += part;
        }
    }
    gradients
}

/// To both sides.
fn central_difference(f: &dyn Fn(Float) -> Float, x: Float, h: Float) -> Float {
    (f(x + h) - f(x - h)) / (h + h)
}

/// The rule of numbers, and what was repeated is summed.
fn mul_vjp(a: &Array, b: &Array, g: &Array) -> [Array; 2] {
    let to_a = zip_with(|g, b| g * b, g, b);
    let to_b = zip_with(|g, a| g * a, g, a);
    [sum_to(&to_a, &a.shape), sum_to(&to_b, &b.shape)]
}

/// As the shapes demand.
fn matmul_vjp(a: &Array, b: &Array, g: &Array) -> [Array; 2] {
    [matmul(g, &transpose(b)), matmul(&transpose(a), g)]
}

/// Six rules.
fn array_vjp(op: ArrayOp, x: &[&Array], y: &Array, g: &Array) -> Vec<Array> {
    match op {
        ArrayOp::Variable => vec![],
        ArrayOp::Add => x.iter().map(|x| sum_to(g, &x.shape)).collect(),
        ArrayOp::Sub => vec![sum_to(g, &x[0].shape), sum_to(&g.map(|g| -g), &x[1].shape)],
        ArrayOp::Mul => mul_vjp(x[0], x[1], g).to_vec(),
        ArrayOp::Matmul => matmul_vjp(x[0], x[1], g).to_vec(),
        ArrayOp::Elu => {
            let slope = y.map(|y| if y > 0.0 { 1.0 } else { 1.0 + y });
            vec![zip_with(|g, slope| g * slope, g, &slope)]
        }
        ArrayOp::Mean => {
            let part = g.data[0] / x[0].data.len() as Float;
            vec![x[0].map(|_| part)]
        }
    }
}

/// The same walk; what was not reached has no gradient.
fn array_backward(graph: &Arrays, root: usize) -> Vec<Option<Array>> {
    let inputs: Vec<Vec<usize>> = graph.iter().map(|node| node.inputs.clone()).collect();
    let mut gradients: Vec<Option<Array>> = vec![None; graph.len()];
    gradients[root] = Some(Array::new(&[], vec![1.0]));
    for node in order(&inputs, root).into_iter().rev() {
        let Some(g) = gradients[node].clone() else { continue };
        let x: Vec<&Array> = inputs[node].iter().map(|&input| &graph[input].value).collect();
        let parts = array_vjp(graph[node].op, &x, &graph[node].value, &g);
        for (part, &input) in parts.into_iter().zip(&inputs[node]) {
            let sum = match &gradients[input] {
                Some(before) => zip_with(|a, b| a + b, before, &part),
                None => part,
            };
            gradients[input] = Some(sum);
        }
    }
    gradients
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
