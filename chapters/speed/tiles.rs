//! Products by tiles, and the cache through which three orders of the same loops read.

use crate::Float;
use crate::chapters::tensors::Array;
use crate::kernels::dispatch;
use std::collections::BTreeMap;

/// c_ij as one chain of fused multiply-adds over ascending k: c ← a_ik b_kj + c, begun at 0.
// ANCHOR: entry
#[inline(always)]
pub fn entry(a: &Array, b: &Array, i: usize, j: usize) -> Float {
    let (m, p) = (a.shape[1], b.shape[1]);
    (0..m).fold(0.0, |c, k| a.data[i * m + k].mul_add(b.data[k * p + j], c))
}
// ANCHOR_END: entry

/// The product of matrices, a tile of R × C entries at a time: `[n, m]`, `[m, p]` → `[n, p]`. Every entry is
/// the chain of [`entry`], to the bit.
///
/// # Panics
/// If the shapes do not fit.
// ANCHOR: by_tiles
#[track_caller]
pub fn matmul_by_tiles<const R: usize, const C: usize>(a: &Array, b: &Array) -> Array {
    let (&[n, m], &[rows, p]) = (&a.shape[..], &b.shape[..]) else {
        panic!("matmul_by_tiles: shapes {:?} and {:?} are not matrices", a.shape, b.shape)
    };
    assert!(m == rows, "matmul_by_tiles: a has {m} columns, b has {rows} rows");
    let mut c = Array::zeros(&[n, p]);
    for j in (0..p).step_by(C) {
        for i in (0..n).step_by(R) {
            if i + R <= n && j + C <= p {
                let tile = tile::<R, C>(&a.data[i * m..], &b.data, [m, p, j]);
                for (r, row) in tile.iter().enumerate() {
                    c.data[(i + r) * p + j..][..C].copy_from_slice(row);
                }
            } else {
                for i in i..n.min(i + R) {
                    for j in j..p.min(j + C) {
                        c.data[i * p + j] = entry(a, b, i, j);
                    }
                }
            }
        }
    }
    c
}
// ANCHOR_END: by_tiles

/// R rows of a times the columns j to j + C of b. The tile stays in registers while k passes by: R C
/// multiply-adds for R + C numbers read.
// ANCHOR: tile
fn tile<const R: usize, const C: usize>(
    a: &[Float],
    b: &[Float],
    [m, p, j]: [usize; 3],
) -> [[Float; C]; R] {
    dispatch(
        #[inline(always)]
        move || {
            let mut tile = [[0.0; C]; R];
            let a: [&[Float]; R] = std::array::from_fn(|r| &a[r * m..][..m]);
            for k in 0..m {
                let b: &[Float; C] = b[k * p + j..].first_chunk().expect("C columns");
                for r in 0..R {
                    for q in 0..C {
                        tile[r][q] = a[r][k].mul_add(b[q], tile[r][q]);
                    }
                }
            }
            tile
        },
    )
}
// ANCHOR_END: tile

/// Bytes that memory hands over at a time.
pub const LINE: usize = 64;

/// A cache that keeps the lines used last. Caches of processors come close to it.
// ANCHOR: cache
#[derive(Clone, Debug)]
pub struct Cache {
    /// How many lines it holds.
    lines: usize,
    /// When each line that it holds was used last, and the other way round.
    used: BTreeMap<usize, usize>,
    by_time: BTreeMap<usize, usize>,
    time: usize,
    /// Lines that had to be fetched.
    pub fetched: usize,
}

impl Cache {
    /// An empty one of so many bytes.
    pub fn new(bytes: usize) -> Cache {
        let (used, by_time) = (BTreeMap::new(), BTreeMap::new());
        Cache { lines: bytes / LINE, used, by_time, time: 0, fetched: 0 }
    }

    /// Reads or writes the number, of 4 bytes, at a place.
    pub fn touch(&mut self, place: usize) {
        let line = place / (LINE / 4);
        self.time += 1;
        match self.used.insert(line, self.time) {
            Some(before) => drop(self.by_time.remove(&before)),
            None => self.fetched += 1,
        }
        self.by_time.insert(self.time, line);
        if self.used.len() > self.lines {
            let (_, oldest) = self.by_time.pop_first().expect("it is not empty");
            self.used.remove(&oldest);
        }
    }
}
// ANCHOR_END: cache

/// An order of the loops of a product.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Order {
    /// i, j, k: entry by entry.
    Entries,
    /// i, k, j: row by row.
    Rows,
    /// Rows within blocks of so many rows and columns.
    Blocks(usize),
}

/// Bytes that a product of two `[n, n]` fetches through an empty cache of so many bytes.
// ANCHOR: fetched
pub fn fetched(order: Order, n: usize, bytes: usize) -> usize {
    let mut cache = Cache::new(bytes);
    let mut step = |i: usize, k: usize, j: usize| {
        cache.touch(i * n + k); // a, then b, then c
        cache.touch(n * n + k * n + j);
        cache.touch(2 * n * n + i * n + j);
    };
    let size = if let Order::Blocks(size) = order { size } else { n };
    let block = |start: usize| start..n.min(start + size);
    for i_0 in (0..n).step_by(size) {
        for j_0 in (0..n).step_by(size) {
            for k_0 in (0..n).step_by(size) {
                for i in block(i_0) {
                    if order == Order::Entries {
                        block(j_0).for_each(|j| block(k_0).for_each(|k| step(i, k, j)));
                    } else {
                        block(k_0).for_each(|k| block(j_0).for_each(|j| step(i, k, j)));
                    }
                }
            }
        }
    }
    cache.fetched * LINE
}
// ANCHOR_END: fetched
