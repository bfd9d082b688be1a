//! Exercises of the chapter on tensors (book/src/engine_tensors.md).
//!
//! Replace a `todo!()`, then ask for a verdict:
//!
//! ```console
//! cargo exercise tensors strides             judge one answer
//! cargo exercise tensors                     judge all
//! cargo exercise tensors strides --hint 1    where to look; 2: which equation; 3: the shape of the line
//! ```
//!
//! Here the library gives you nothing but the box: `Array { shape: Vec<usize>, data: Vec<Float> }`, its
//! numbers row after row. `Array::new(&[2, 3], data)` and `Array::zeros(&[2, 3])` make one. Use what
//! you have written in what comes later. In a notebook give your function to the one of the same name
//! in `pushforward::chapters::tensors::checks`.

// A `todo!()` uses none of its arguments and, as long as it is there, not every import is needed.
#![allow(unused_variables, unused_imports)]

use pushforward::chapters::tensors::Array;
use pushforward::chapters::tensors::checks::{Answers, trials};
use pushforward::{Float, check};
use std::process::ExitCode;

/// 1. By how much the place in memory grows, for each axis, if the index along it grows by one.
///
/// Book: "A row of numbers". `[2, 3]` → `[3, 1]`.
pub fn strides(shape: &[usize]) -> Vec<usize> {
    todo!()
}

/// 2. The place in memory of the entry with this index.
///
/// Book: "A row of numbers". As many indices as strides.
pub fn place(index: &[usize], strides: &[usize]) -> usize {
    todo!()
}

/// 3. The index of the entry at a place of a row-major array. For any shape `place(&index(p, shape),
/// &strides(shape))` is p again.
///
/// Book: "A row of numbers".
pub fn index(place: usize, shape: &[usize]) -> Vec<usize> {
    todo!()
}

/// 4. The matrix with rows and columns exchanged, its numbers in order.
///
/// Book: "Views and copies". Shapes: `[n, m]` → `[m, n]`.
pub fn transpose(x: &Array) -> Array {
    todo!()
}

/// 5. The shape that both broadcast to, or `None`.
///
/// Book: "Broadcasting". `[4, 1]` and `[5]` → `[4, 5]`.
pub fn common_shape(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
    todo!()
}

/// 6. x repeated to a shape that it broadcasts to.
///
/// Book: "Broadcasting".
pub fn broadcast_to(x: &Array, shape: &[usize]) -> Array {
    todo!()
}

/// 7. The transpose of the last: g, which has the larger shape, summed to the smaller one.
///
/// Book: "The transpose of broadcasting".
pub fn sum_to(g: &Array, shape: &[usize]) -> Array {
    todo!()
}

/// 8. f(a, b) for the numbers that meet when both are broadcast to their common shape.
///
/// Book: "Broadcasting". It is judged with f(a, b) = a − b.
pub fn zip_with(f: fn(Float, Float) -> Float, a: &Array, b: &Array) -> Array {
    todo!()
}

/// 9. The product of matrices.
///
/// Book: "The product of matrices". Shapes: `[n, m]`, `[m, p]` → `[n, p]`.
pub fn matmul(a: &Array, b: &Array) -> Array {
    todo!()
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
