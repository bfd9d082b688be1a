//! Solutions of exercises/bridge.rs, as a reader would write them. Look at them afterwards.

use pushforward::chapters::bridge::checks::{Answers, trials};
use pushforward::{Float, Tensor, check};
use std::process::ExitCode;

/// The length, least significant byte first, and the eight bytes that hold it.
pub fn data_start(file: &[u8]) -> usize {
    let mut length = [0; 8];
    length.copy_from_slice(&file[..8]);
    8 + u64::from_le_bytes(length) as usize
}

/// (x K)ᵀ = Kᵀ xᵀ: a column of K is a row of W.
pub fn from_kernel(k: &Tensor) -> Tensor {
    k.t()
}

/// `<=` is false for NaN.
pub fn close(a: &Tensor, b: &Tensor, rho: Float, alpha: Float) -> bool {
    if a.shape() != b.shape() {
        return false;
    }
    for (a, b) in a.data().iter().zip(b.data()) {
        let near = (a - b).abs() <= alpha + rho * b.abs();
        if !near {
            return false;
        }
    }
    true
}

/// 16 zeros below.
pub fn from_bf16(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

/// What is added carries into the upper half from one half on; at exactly one half only if its last bit is 1.
pub fn to_bf16(x: f32) -> u16 {
    let bits = x.to_bits();
    let last = (bits >> 16) & 1;
    ((bits + 0x7fff + last) >> 16) as u16
}

/// Row by row.
pub fn quantised(w: &Tensor, bits: u32) -> Tensor {
    let most = ((1 << (bits - 1)) - 1) as Float;
    let mut q = vec![];
    for row in w.data().chunks(w.shape()[1]) {
        let largest = row.iter().fold(0.0, |largest: Float, w| largest.max(w.abs()));
        if largest == 0.0 {
            q.extend(row);
            continue;
        }
        let s = largest / most;
        q.extend(row.iter().map(|w| (w / s).round_ties_even() * s));
    }
    Tensor::new(w.shape(), q)
}

/// What is judged.
pub const ANSWERS: Answers =
    Answers { data_start, from_kernel, close, from_bf16, to_bf16, quantised };

fn main() -> ExitCode {
    check::main(&trials(&ANSWERS))
}
