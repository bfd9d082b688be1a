//! Exercises of the chapter on bridges (book/src/engine_bridge.md).
//!
//! Replace a `todo!()`, then ask for a verdict:
//!
//! ```console
//! cargo exercise bridge data_start             judge one answer
//! cargo exercise bridge                        judge all
//! cargo exercise bridge data_start --hint 1    where to look; 2: which equation; 3: the shape of the line
//! ```
//!
//! In a notebook give your function to the one of the same name in `pushforward::chapters::bridge::checks`.

// A `todo!()` uses none of its arguments and, as long as it is there, not every import is needed.
#![allow(unused_variables, unused_imports)]

use pushforward::chapters::bridge::checks::{Answers, trials};
use pushforward::{Float, Tensor, check};
use std::process::ExitCode;

/// 1. Where the numbers of a safetensors file begin. There are at least 8 bytes.
///
/// Book: "A file of weights".
pub fn data_start(file: &[u8]) -> usize {
    todo!()
}

/// 2. The weight of a layer, y = x Wᵀ + b, from its kernel, y = x K + b.
///
/// Book: "Two layouts". Shapes: `[in, out]` → `[out, in]`.
pub fn from_kernel(k: &Tensor) -> Tensor {
    todo!()
}

/// 3. Whether |a − b| ≤ α + ρ |b| everywhere, for equal shapes. Nothing is close to NaN.
///
/// Book: "Equal enough".
pub fn close(a: &Tensor, b: &Tensor, rho: Float, alpha: Float) -> bool {
    todo!()
}

/// 4. The number that bfloat16 writes with these bits.
///
/// Book: "Fewer bits".
pub fn from_bf16(bits: u16) -> f32 {
    todo!()
}

/// 5. The bits of the bfloat16 nearest to x; of two that are equally near, that whose last bit is 0. x is finite.
///
/// Book: "Fewer bits".
pub fn to_bf16(x: f32) -> u16 {
    todo!()
}

/// 6. Every row of w on a grid of its own: s round(w/s) with s = max|w|/(2ᵇ⁻¹ − 1). A row of zeros stays one.
///
/// Book: "Fewer bits". Shapes: `[n, m]` → `[n, m]`.
pub fn quantised(w: &Tensor, bits: u32) -> Tensor {
    todo!()
}

/// What is judged.
pub const ANSWERS: Answers =
    Answers { data_start, from_kernel, close, from_bf16, to_bf16, quantised };

fn main() -> ExitCode {
    check::main(&trials(&ANSWERS))
}
