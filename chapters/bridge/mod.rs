//! A bridge out: weights as bytes that other frameworks read, the layouts that differ, fewer bits for a number,
//! and when two results are equal.
//!
//! Here are the conversions. The crate's own reader and writer of safetensors are in `src/safetensors.rs` and
//! [`checkpoint`](crate::checkpoint); the same network in PyTorch and in candle is in the folder `bridge`.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | W | `[out, in]` | the weight of a layer, y = x Wᵀ + b: ours and PyTorch's |
//! | K | `[in, out]` | a kernel, y = x K + b: JAX's and Keras' |
//! | s | [`quantised`] | the step of a row's grid |
//! | γ_k | [`chain_bound`] | the relative error of a sum of k rounded products |

pub mod checks;
pub mod run;

use crate::{Float, Tensor};

/// Where the numbers of a safetensors file begin: after 8 bytes with the length of the header, least significant
/// first, and the header.
///
/// # Panics
/// If there are fewer than 8 bytes.
// ANCHOR: data_start
pub fn data_start(file: &[u8]) -> usize {
    let length: [u8; 8] = *file.first_chunk().expect("8 bytes");
    8 + u64::from_le_bytes(length) as usize
}
// ANCHOR_END: data_start

/// W from K: `[in, out]` → `[out, in]`.
// ANCHOR: from_kernel
pub fn from_kernel(k: &Tensor) -> Tensor {
    k.t()
}
// ANCHOR_END: from_kernel

/// The number that bfloat16 writes with these bits: the upper half of a float32.
// ANCHOR: bfloat16
pub fn from_bf16(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

/// The bits of the nearest bfloat16; of two that are equally near, that whose last bit is 0.
pub fn to_bf16(x: f32) -> u16 {
    let bits = x.to_bits();
    if x.is_nan() {
        return (bits >> 16) as u16 | 0x40; // a NaN stays one
    }
    let last = (bits >> 16) & 1;
    ((bits + 0x7fff + last) >> 16) as u16
}
// ANCHOR_END: bfloat16

/// Every row of a matrix on a grid of its own, of 2ᵇ − 1 integers times s: q = s round(w/s) with
/// s = max|w|/(2ᵇ⁻¹ − 1). Same shape. A row of zeros stays one.
///
/// # Panics
/// Unless w is a matrix and 2 ≤ b ≤ 16.
// ANCHOR: quantised
#[track_caller]
pub fn quantised(w: &Tensor, bits: u32) -> Tensor {
    assert!((2..=16).contains(&bits), "quantised: {bits} bits are not between 2 and 16");
    let most = ((1 << (bits - 1)) - 1) as Float;
    let columns = w.shape()[1];
    let row = |row: &[Float]| -> Vec<Float> {
        let s = row.iter().fold(0.0, |s: Float, w| s.max(w.abs())) / most;
        row.iter().map(|w| if s > 0.0 { (w / s).round_ties_even() * s } else { 0.0 }).collect()
    };
    Tensor::new(w.shape(), w.data().chunks(columns.max(1)).flat_map(row).collect::<Vec<_>>())
}
// ANCHOR_END: quantised

/// Whether |a − b| ≤ α + ρ |b| everywhere, for equal shapes. Nothing is close to NaN.
// ANCHOR: close
pub fn close(a: &Tensor, b: &Tensor, rho: Float, alpha: Float) -> bool {
    let near = |(a, b): (&Float, &Float)| (a - b).abs() <= alpha + rho * b.abs();
    a.shape() == b.shape() && a.data().iter().zip(b.data()).all(near)
}
// ANCHOR_END: close

/// A bound for the rounding of y = x Wᵀ + b, by whatever order of additions: γ (|x| |W|ᵀ + |b|) with
/// γ = k u/(1 − k u), k one more than the inputs (N. J. Higham, *Accuracy and Stability of Numerical Algorithms*,
/// 2002, §3.5). x `[n, in]` → `[n, out]`.
// ANCHOR: chain_bound
pub fn chain_bound(x: &Tensor, w: &Tensor, b: &Tensor) -> Tensor {
    let ku = (w.shape()[1] + 1) as Float * Float::EPSILON / 2.0;
    (x.abs().matmul(&w.abs().t()) + b.abs()) * (ku / (1.0 - ku))
}
// ANCHOR_END: chain_bound
