//! Solutions of exercises/tensors.rs, as a reader would write them. Look at them afterwards.

use pushforward::chapters::tensors::Array;
use pushforward::chapters::tensors::checks::{Answers, trials};
use pushforward::{Float, check};
use std::process::ExitCode;

/// From the last axis to the first, each is the one after it times that axis' size.
pub fn strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    for k in (1..shape.len()).rev() {
        strides[k - 1] = strides[k] * shape[k];
    }
    strides
}

/// A scalar product.
pub fn place(index: &[usize], strides: &[usize]) -> usize {
    let mut place = 0;
    for k in 0..index.len() {
        place += index[k] * strides[k];
    }
    place
}

/// As digits are found, from the last.
pub fn index(place: usize, shape: &[usize]) -> Vec<usize> {
    let mut rest = place;
    let mut index = vec![0; shape.len()];
    for k in (0..shape.len()).rev() {
        index[k] = rest % shape[k];
        rest /= shape[k];
    }
    index
}

/// Each number goes to its new place.
pub fn transpose(x: &Array) -> Array {
    let (n, m) = (x.shape[0], x.shape[1]);
    let mut out = Array::zeros(&[m, n]);
    for i in 0..n {
        for j in 0..m {
            out.data[j * n + i] = x.data[i * m + j];
        }
    }
    out
}

/// 1s in front of a shape until it has as many axes.
pub fn padded(shape: &[usize], rank: usize) -> Vec<usize> {
    let mut padded = vec![1; rank - shape.len()];
    padded.extend(shape);
    padded
}

/// Axis by axis.
pub fn common_shape(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
    let rank = a.len().max(b.len());
    let mut shape = vec![];
    for (n, m) in padded(a, rank).into_iter().zip(padded(b, rank)) {
        if n != m && n != 1 && m != 1 {
            return None;
        }
        shape.push(if n == 1 { m } else { n });
    }
    Some(shape)
}

/// The strides of a small array inside a large shape: 0 where it is repeated.
pub fn steps(small: &[usize], full: &[usize]) -> Vec<usize> {
    let small = padded(small, full.len());
    let mut steps = strides(&small);
    for k in 0..full.len() {
        if small[k] == 1 {
            steps[k] = 0;
        }
    }
    steps
}

/// Every entry of the result is looked up.
pub fn broadcast_to(x: &Array, shape: &[usize]) -> Array {
    let steps = steps(&x.shape, shape);
    let mut out = Array::zeros(shape);
    for at in 0..out.data.len() {
        out.data[at] = x.data[place(&index(at, shape), &steps)];
    }
    out
}

/// The same loop with both sides of the assignment exchanged.
pub fn sum_to(g: &Array, shape: &[usize]) -> Array {
    let steps = steps(shape, &g.shape);
    let mut out = Array::zeros(shape);
    for at in 0..g.data.len() {
        out.data[place(&index(at, &g.shape), &steps)] += g.data[at];
    }
    out
}

/// Both to the same shape, then number by number.
pub fn zip_with(f: fn(Float, Float) -> Float, a: &Array, b: &Array) -> Array {
    let shape = common_shape(&a.shape, &b.shape).expect("the shapes fit");
    let (mut a, b) = (broadcast_to(a, &shape), broadcast_to(b, &shape));
    for (a, b) in a.data.iter_mut().zip(b.data) {
        *a = f(*a, b);
    }
    a
}

/// The innermost loop runs along rows of b and c.
pub fn matmul(a: &Array, b: &Array) -> Array {
    let (n, m, p) = (a.shape[0], a.shape[1], b.shape[1]);
    let mut c = Array::zeros(&[n, p]);
    for i in 0..n {
        for k in 0..m {
            for j in 0..p {
                c.data[i * p + j] += a.data[i * m + k] * b.data[k * p + j];
            }
        }
    }
    c
}

/// What is judged.
pub const ANSWERS: Answers = Answers {
    strides,
    place,
    index,
    transpose,
    common_shape,
    broadcast_to,
    sum_to,
    zip_with,
    matmul,
};

fn main() -> ExitCode {
    check::main(&trials(&ANSWERS))
}
