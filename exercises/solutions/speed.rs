//! Solutions of exercises/speed.rs, as a reader would write them. Look at them afterwards.

use pushforward::chapters::speed::checks::{Answers, trials};
use pushforward::chapters::speed::rounding::LN_2_LOW;
use pushforward::chapters::tensors::Array;
use pushforward::{Float, check};
use std::f32::consts::{LN_2, LOG2_E};
use std::process::ExitCode;

/// Two operations for each of m k n, four bytes for each number.
pub fn intensity([m, k, n]: [usize; 3]) -> Float {
    let operations = 2 * m * k * n;
    let bytes = 4 * (m * k + k * n + m * n);
    operations as Float / bytes as Float
}

/// Either the processor or the memory is waited for.
pub fn attainable(peak: Float, bandwidth: Float, intensity: Float) -> Float {
    peak.min(bandwidth * intensity)
}

/// The tile is a box of its own, which a compiler can keep in registers.
pub fn matmul_by_tiles(a: &Array, b: &Array, [rows, columns]: [usize; 2]) -> Array {
    let (n, m, p) = (a.shape[0], a.shape[1], b.shape[1]);
    let mut c = Array::zeros(&[n, p]);
    for i in (0..n).step_by(rows) {
        for j in (0..p).step_by(columns) {
            let (height, width) = (rows.min(n - i), columns.min(p - j));
            let mut tile = vec![0.0; height * width];
            for k in 0..m {
                for r in 0..height {
                    for q in 0..width {
                        let c = &mut tile[r * width + q];
                        *c = a.data[(i + r) * m + k].mul_add(b.data[k * p + j + q], *c);
                    }
                }
            }
            for r in 0..height {
                c.data[(i + r) * p + j..][..width].copy_from_slice(&tile[r * width..][..width]);
            }
        }
    }
    c
}

/// The fused operation sees all 48 bits of the product.
pub fn two_product(a: f32, b: f32) -> (f32, f32) {
    let p = a * b;
    (p, a.mul_add(b, -p))
}

/// Both parts of ln 2, the large one first.
pub fn reduce(x: f32) -> (f32, f32) {
    let n = (x * LOG2_E).round_ties_even();
    let r = n.mul_add(-LN_2, x);
    (n, n.mul_add(-LN_2_LOW, r))
}

/// Horner's rule, from the innermost bracket, and the exponent's bits.
pub fn exp(x: f32) -> f32 {
    let (n, r) = reduce(x);
    let mut sum = 1.0f32;
    for k in (1..=7).rev() {
        sum = (sum / k as f32).mul_add(r, 1.0);
    }
    sum * f32::from_bits(((n as i32 + 127) as u32) << 23)
}

/// A tree of additions, as deep as n has bits.
pub fn pairwise_sum(x: &[Float]) -> Float {
    if x.len() <= 1 {
        return x.first().copied().unwrap_or(0.0);
    }
    let (left, right) = x.split_at(x.len() / 2);
    pairwise_sum(left) + pairwise_sum(right)
}

/// What has arrived, t − s, minus what was meant, y.
pub fn kahan_step(s: Float, c: Float, x: Float) -> (Float, Float) {
    let y = x - c;
    let t = s + y;
    (t, (t - s) - y)
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
