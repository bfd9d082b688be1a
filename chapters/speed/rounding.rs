//! Rounding: what a fused multiply-add knows, the exponential function from nothing, and sums. All of it in
//! float32, whatever the numbers of the tensors are, except for the sums.

use crate::Float;
use std::f32::consts::{LN_2, LOG2_E};

/// u = 2⁻²⁴: half the distance from 1 to the next float32. Every operation returns the exact result times
/// 1 + δ with |δ| ≤ u.
pub const U: f64 = 1.0 / 16_777_216.0;

/// ln 2 − [`LN_2`], what float32 has lost of it.
pub const LN_2_LOW: f32 = -1.904_654_2e-9;

/// (p, e) with p = a b rounded and p + e = a b exactly, as long as nothing overflows or underflows.
// ANCHOR: two_product
pub fn two_product(a: f32, b: f32) -> (f32, f32) {
    let p = a * b;
    (p, a.mul_add(b, -p))
}
// ANCHOR_END: two_product

/// (n, r) with x = n ln 2 + r, n an integer and |r| ≤ ½ ln 2.
// ANCHOR: reduce
pub fn reduce(x: f32) -> (f32, f32) {
    let n = (x * LOG2_E).round_ties_even();
    (n, n.mul_add(-LN_2_LOW, n.mul_add(-LN_2, x)))
}
// ANCHOR_END: reduce

/// eʳ ≈ 1 + r + r²/2! + … + r⁷/7! for |r| ≤ ½ ln 2, by Horner's rule.
// ANCHOR: exp
pub fn exp_short(r: f32) -> f32 {
    (1..=7).rev().fold(1.0, |sum: f32, k| (sum / k as f32).mul_add(r, 1.0))
}

/// 2ⁿ for −126 ≤ n ≤ 127: n + 127 in the eight bits of the exponent.
pub fn power_of_two(n: i32) -> f32 {
    f32::from_bits(((n + 127) as u32) << 23)
}

/// eˣ = 2ⁿ eʳ for −87 ≤ x ≤ 88; beyond, that of the nearer end.
pub fn exp(x: f32) -> f32 {
    let (n, r) = reduce(x.clamp(-87.0, 88.0));
    exp_short(r) * power_of_two(n as i32)
}
// ANCHOR_END: exp

/// How far y is from the exact value, in units in the last place: multiples of the distance between the
/// float32 around it.
pub fn ulps(y: f32, exact: f64) -> f64 {
    let binade = f64::from_bits(exact.to_bits() & 0x7ff0_0000_0000_0000); // 2ᵏ ≤ |exact| < 2ᵏ⁺¹
    (f64::from(y) - exact) / (binade * 2.0 * U)
}

/// Σ x, one after the other. Error at most (n − 1) u Σ|x|, to first order.
// ANCHOR: sums
pub fn sum(x: &[Float]) -> Float {
    x.iter().fold(0.0, |s, x| s + x)
}

/// Σ x in L lanes, the i-th number in lane i mod L; then the lanes are added, upper half to lower half. Error
/// at most (⌈n/L⌉ + log₂ L) u Σ|x|. L is a power of two.
pub fn sum_in_lanes<const L: usize>(x: &[Float]) -> Float {
    let mut lanes = [0.0; L];
    for chunk in x.chunks(L) {
        lanes.iter_mut().zip(chunk).for_each(|(s, x)| *s += x);
    }
    let mut width = L;
    while width > 1 {
        width /= 2;
        (0..width).for_each(|i| lanes[i] += lanes[i + width]);
    }
    lanes[0]
}

/// Σ x as the sum of the sums of both halves. Error at most ⌈log₂ n⌉ u Σ|x|.
pub fn pairwise_sum(x: &[Float]) -> Float {
    match x {
        [] => 0.0,
        &[x] => x,
        _ => {
            let (left, right) = x.split_at(x.len() / 2);
            pairwise_sum(left) + pairwise_sum(right)
        }
    }
}
// ANCHOR_END: sums

/// s + x, with what was lost before made good: s and c become t and what t has too much (W. Kahan, 1965).
// ANCHOR: kahan
pub fn kahan_step(s: Float, c: Float, x: Float) -> (Float, Float) {
    let y = x - c;
    let t = s + y;
    (t, (t - s) - y)
}

/// Σ x by that step. Error at most 2 u Σ|x|, whatever n is.
pub fn kahan_sum(x: &[Float]) -> Float {
    x.iter().fold((0.0, 0.0), |(s, c), &x| kahan_step(s, c, x)).0
}
// ANCHOR_END: kahan
