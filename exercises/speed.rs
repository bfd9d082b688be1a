//! Exercises of the chapter on speed (book/src/engine_speed.md).
//!
//! Replace a `todo!()`, then ask for a verdict:
//!
//! ```console
//! cargo exercise speed intensity             judge one answer
//! cargo exercise speed                       judge all
//! cargo exercise speed intensity --hint 1    where to look; 2: which equation; 3: the shape of the line
//! ```
//!
//! An `Array` has `shape` and `data`, its numbers row after row (chapter on tensors). In a notebook give your function to
//! the one of the same name in `pushforward::chapters::speed::checks`.

// A `todo!()` uses none of its arguments and, as long as it is there, not every import is needed.
#![allow(unused_variables, unused_imports)]

use pushforward::chapters::speed::checks::{Answers, trials};
use pushforward::chapters::speed::rounding::LN_2_LOW;
use pushforward::chapters::tensors::Array;
use pushforward::{Float, check};
use std::f32::consts::{LN_2, LOG2_E};
use std::process::ExitCode;

/// 1. Operations for each byte in the product of `[m, k]` and `[k, n]`, in float32, each matrix moved once.
///
/// Book: "Operations and bytes".
pub fn intensity([m, k, n]: [usize; 3]) -> Float {
    todo!()
}

/// 2. The most operations a second that work of this intensity can reach.
///
/// Book: "The roof". Operations a second, bytes a second, operations a byte.
pub fn attainable(peak: Float, bandwidth: Float, intensity: Float) -> Float {
    todo!()
}

/// 3. The product of matrices in tiles of R rows and C columns, every entry one chain of `mul_add` over ascending k, begun
/// at 0.
///
/// Book: "Tiles". Shapes: `[n, m]`, `[m, p]` → `[n, p]`; R and C need not divide n and p.
pub fn matmul_by_tiles(a: &Array, b: &Array, [rows, columns]: [usize; 2]) -> Array {
    todo!()
}

/// 4. The product p = a b as float32 rounds it, and its error e: p + e = a b exactly.
///
/// Book: "One rounding".
pub fn two_product(a: f32, b: f32) -> (f32, f32) {
    todo!()
}

/// 5. n and r with x = n ln 2 + r, n an integer and |r| ≤ ½ ln 2. ln 2 is `LN_2 + LN_2_LOW`.
///
/// Book: "The exponential function". For |x| ≤ 88.
pub fn reduce(x: f32) -> (f32, f32) {
    todo!()
}

/// 6. eˣ within two units in the last place, without `exp` and `powi`.
///
/// Book: "The exponential function". For −87 ≤ x ≤ 88.
pub fn exp(x: f32) -> f32 {
    todo!()
}

/// 7. Σ x as the sum of the sums of both halves.
///
/// Book: "Sums".
pub fn pairwise_sum(x: &[Float]) -> Float {
    todo!()
}

/// 8. One step of Kahan's sum: the new s, and the new c, what s has too much.
///
/// Book: "Sums".
pub fn kahan_step(s: Float, c: Float, x: Float) -> (Float, Float) {
    todo!()
}

/// What is judged.
pub const ANSWERS: Answers = Answers {
    intensity,
    attainable,
    matmul_by_tiles,
    two_product,
    reduce,
    exp,
    pairwise_sum,
    kahan_step,
};

fn main() -> ExitCode {
    check::main(&trials(&ANSWERS))
}
