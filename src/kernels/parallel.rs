//! Work divided among threads. They split outputs, never sums, so their number changes no bit.
//!
//! Threads are started for one call and joined before it returns. That costs some ten microseconds
//! each, and nothing is left behind: a pool would pile up in a notebook, where every cell starts the
//! library anew.

use crate::{Float, machine};
use std::ops::Range;

/// Calls `f(rows, part)` for parts of `c`, which has rows of `n` numbers: at most as many parts as
/// asked for and as there are threads. All but the last have a multiple of `unit` rows.
pub fn rows(
    c: &mut [Float],
    n: usize,
    parts: usize,
    unit: usize,
    f: impl Fn(Range<usize>, &mut [Float]) + Sync,
) {
    let m = c.len() / n;
    let parts = if parts > 1 { parts.min(machine::threads()) } else { 1 };
    if parts <= 1 {
        return f(0..m, c);
    }
    let most = m.div_ceil(parts).next_multiple_of(unit);
    let (own, others) = c.split_at_mut(most.min(m) * n);
    std::thread::scope(|scope| {
        for (i, part) in others.chunks_mut(most * n).enumerate() {
            let (start, f) = ((i + 1) * most, &f);
            scope.spawn(move || f(start..start + part.len() / n, part));
        }
        f(0..own.len() / n, own);
    });
}
