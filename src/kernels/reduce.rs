//! Sums, extremes and running sums of an array seen as `[outer, k, inner]`, over the middle axis.
//!
//! The order of additions depends on the sizes alone. With inner = 1 a sum runs in [`LANES`] lanes,
//! which are then folded in halves; otherwise each of the inner elements is one chain over
//! ascending k.

use crate::Float;
use crate::kernels::{dispatch, memory};

/// Partial sums of a row.
pub const LANES: usize = 16;

/// `[outer, k, inner]` → `[outer, inner]`: the sum over the middle axis.
pub fn sum(x: &[Float], [outer, k, inner]: [usize; 3]) -> Vec<Float> {
    let mut y = memory::take(outer * inner);
    y.fill(0.0);
    dispatch(
        #[inline(always)]
        || {
            if inner == 1 && k > 0 {
                for (y, row) in y.iter_mut().zip(x.chunks_exact(k)) {
                    *y = sum_row(row);
                }
            } else {
                fold(x, [k, inner], &mut y, |sum, x| sum + x);
            }
        },
    );
    y
}

#[inline(always)]
fn sum_row(row: &[Float]) -> Float {
    let mut lanes = [0.0; LANES];
    let chunks = row.chunks_exact(LANES);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (lane, &x) in lanes.iter_mut().zip(chunk) {
            *lane += x;
        }
    }
    for (lane, &x) in lanes.iter_mut().zip(rest) {
        *lane += x;
    }
    let mut width = LANES;
    while width > 1 {
        width /= 2;
        for i in 0..width {
            lanes[i] += lanes[i + width];
        }
    }
    lanes[0]
}

/// `[outer, k, inner]` → `[outer, inner]`: the largest over the middle axis; NaN if one is.
pub fn max(x: &[Float], [outer, k, inner]: [usize; 3]) -> Vec<Float> {
    let mut y = vec![Float::NEG_INFINITY; outer * inner];
    let larger = |a: Float, b: Float| if b > a || b.is_nan() { b } else { a };
    dispatch(
        #[inline(always)]
        || fold(x, [k, inner], &mut y, larger),
    );
    y
}

/// `[outer, k, inner]` → `[outer, inner]`: where on the middle axis the largest stands first; NaN is
/// larger than any number, as for [`max`].
pub fn argmax(x: &[Float], [outer, k, inner]: [usize; 3]) -> Vec<Float> {
    let at = |o: usize, i: usize, p: usize| x[(o * k + p) * inner + i];
    let above = |a: Float, b: Float| a > b || (a.is_nan() && !b.is_nan());
    let first =
        |o, i| (1..k).fold(0, |best, p| if above(at(o, i, p), at(o, i, best)) { p } else { best });
    (0..outer * inner).map(|j| first(j / inner, j % inner) as Float).collect()
}

/// The running sum along the middle axis, same shape.
pub fn cumsum(x: &[Float], [_, k, inner]: [usize; 3]) -> Vec<Float> {
    let mut y = x.to_vec();
    for block in y.chunks_exact_mut((k * inner).max(1)) {
        for i in inner..k * inner {
            block[i] += block[i - inner];
        }
    }
    y
}

#[inline(always)]
fn fold(x: &[Float], [k, inner]: [usize; 2], y: &mut [Float], f: impl Fn(Float, Float) -> Float) {
    if k * inner == 0 {
        return;
    }
    for (y, block) in y.chunks_exact_mut(inner).zip(x.chunks_exact(k * inner)) {
        for row in block.chunks_exact(inner) {
            for (y, &x) in y.iter_mut().zip(row) {
                *y = f(*y, x);
            }
        }
    }
}
