//! The product of two matrices, with a bias if asked for.
//!
//! Every element of C is one chain of fused multiply-adds over ascending k, c ← a(i, p) b(p, j) +
//! c, started at the bias or at 0. What follows decides how many chains run side by side and where
//! their operands lie, never what one of them computes.
//!
//! A tile of 6 × 16 elements of C stays in registers (12 of the 16 of AVX2) while k passes by: 12
//! multiply-adds for 8 loads. For it, [`BLOCK`] × 16 elements of B are copied into a panel that
//! stays in the nearest cache; A is read where it lies, unless its columns lie along rows and are
//! needed often.

use crate::Float;
use crate::kernels::{dispatch, memory, parallel};
use std::ops::Range;

/// Rows and columns of the tile of C.
const ROWS: usize = 6;
const COLUMNS: usize = 16;

/// Steps of k between two visits to the elements of C.
const BLOCK: usize = 256;

/// Columns of B that are copied together: rows of B are read in longer pieces then.
const TOGETHER: usize = 4 * COLUMNS;

/// Columns of C from which on it pays to copy the columns of A.
const REUSED: usize = 8 * COLUMNS;

/// Multiply-adds below which a second thread costs more than it saves.
const WORTH_A_THREAD: usize = 500_000;

type Row = [Float; COLUMNS];
type Tile = [Row; ROWS];

/// A matrix read where it lies: element (i, j) is `data[i * row + j * column]`. One of `row` and
/// `column` is 1.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
    /// The numbers.
    pub data: &'a [Float],
    /// From one row to the next.
    pub row: usize,
    /// From one column to the next.
    pub column: usize,
}

impl<'a> Matrix<'a> {
    /// A row-major matrix of `columns` columns.
    pub fn new(data: &'a [Float], columns: usize) -> Matrix<'a> {
        Matrix { data, row: columns, column: 1 }
    }

    /// The transpose, without moving a number.
    pub fn t(self) -> Matrix<'a> {
        Matrix { data: self.data, row: self.column, column: self.row }
    }

    /// The matrix from row i and column j on.
    #[inline(always)]
    fn from(self, i: usize, j: usize) -> Matrix<'a> {
        Matrix { data: &self.data[i * self.row + j * self.column..], ..self }
    }
}

/// C = A B, plus `bias` in every row, into `c`, row-major `[m, n]`; A is `[m, k]`, B `[k, n]` and
/// the bias `[n]`.
pub fn gemm(a: Matrix, b: Matrix, [m, k, n]: [usize; 3], bias: Option<&[Float]>, c: &mut [Float]) {
    if m * n == 0 {
        return;
    }
    if n < COLUMNS / 2 && m >= COLUMNS && a.row == 1 && bias.is_none() {
        return transposed(a, b, [m, k, n], c);
    }
    let parts = (m * k * n / WORTH_A_THREAD).min(m.div_ceil(4 * ROWS));
    parallel::rows(c, n, parts, ROWS, &|rows: Range<usize>, c: &mut [Float]| {
        let (a, sizes) = (a.from(rows.start, 0), [rows.len(), k, n]);
        dispatch(
            #[inline(always)]
            || match k {
                0 => by_rows::<0>(a, b, sizes, bias, c),
                1 => by_rows::<1>(a, b, sizes, bias, c),
                2 => by_rows::<2>(a, b, sizes, bias, c),
                3 => by_rows::<3>(a, b, sizes, bias, c),
                _ => by_tiles(a, b, sizes, bias, c),
            },
        );
    });
}

/// Cᵀ = Bᵀ Aᵀ, when C is so narrow that its columns would not fill a tile.
fn transposed(a: Matrix, b: Matrix, [m, k, n]: [usize; 3], c: &mut [Float]) {
    let mut t = memory::scratch(m * n);
    gemm(b.t(), a.t(), [n, k, m], None, &mut t);
    for (i, row) in c.chunks_exact_mut(n).enumerate() {
        for (j, c) in row.iter_mut().enumerate() {
            *c = t[j * m + i];
        }
    }
}

/// A row of C at a time. With so few steps of k, loading and storing C is the work, and a tile would
/// only be in the way.
#[inline(always)]
fn by_rows<const K: usize>(
    a: Matrix,
    b: Matrix,
    [_, _, n]: [usize; 3],
    bias: Option<&[Float]>,
    c: &mut [Float],
) {
    let panels: Vec<[Row; K]> = (0..n)
        .step_by(COLUMNS)
        .map(|j| {
            let at = |p, j| if j < n { b.data[p * b.row + j * b.column] } else { 0.0 };
            std::array::from_fn(|p| std::array::from_fn(|q| at(p, j + q)))
        })
        .collect();
    let starts: Vec<Row> = (0..n)
        .step_by(COLUMNS)
        .map(|j| std::array::from_fn(|q| bias.and_then(|bias| bias.get(j + q)).map_or(0.0, |b| *b)))
        .collect();
    for (i, c) in c.chunks_exact_mut(n).enumerate() {
        let a: [Float; K] = std::array::from_fn(|p| a.data[i * a.row + p * a.column]);
        for ((c, panel), start) in c.chunks_mut(COLUMNS).zip(&panels).zip(&starts) {
            let mut row = *start;
            for p in 0..K {
                for j in 0..COLUMNS {
                    row[j] = a[p].mul_add(panel[p][j], row[j]);
                }
            }
            match c.as_mut_array() {
                Some(c) => *c = row,
                None => c.copy_from_slice(&row[..c.len()]),
            }
        }
    }
}

#[inline(always)]
fn by_tiles(a: Matrix, b: Matrix, [m, k, n]: [usize; 3], bias: Option<&[Float]>, c: &mut [Float]) {
    let mut panels = memory::scratch(TOGETHER * BLOCK.min(k));
    let panels = panels.as_chunks_mut::<COLUMNS>().0;
    let packed_from = match a.column {
        1 => m,                // a row-major A is read where it lies
        _ if n >= REUSED => 0, // else all of it is copied, or what does not fill a tile
        _ => m / ROWS * ROWS,
    };
    for p in (0..k).step_by(BLOCK) {
        let length = BLOCK.min(k - p);
        let packed = (packed_from < m)
            .then(|| pack_columns(a.from(packed_from, p), m - packed_from, length));
        let a_from = |i: usize| match &packed {
            Some(packed) if i >= packed_from => {
                Matrix::new(&packed[(i - packed_from) * length..], ROWS).t()
            }
            _ => a.from(i, p),
        };
        for group in (0..n).step_by(TOGETHER) {
            let end = n.min(group + TOGETHER);
            pack(b.from(p, group), end - group, length, panels);
            for (panel, j) in panels.chunks_exact(length).zip((group..end).step_by(COLUMNS)) {
                let columns = COLUMNS.min(n - j);
                let mut start = [0.0; COLUMNS];
                if let Some(bias) = bias {
                    start[..columns].copy_from_slice(&bias[j..j + columns]);
                }
                let start = if p == 0 { Some(&start) } else { None };
                for i in (0..m).step_by(ROWS) {
                    let (a, c) = (a_from(i), &mut c[i * n + j..]);
                    if columns == COLUMNS && m - i >= ROWS {
                        tile(a, ROWS, panel, start, c, n);
                    } else {
                        edge(a, panel, start, c, n, [ROWS.min(m - i), columns]);
                    }
                }
            }
        }
    }
}

/// Copies `length` rows of the first columns of B into panels, one after the other. Where there are
/// less columns than the last panel is wide, the rest of it is left as it is: those columns of C are
/// not kept.
#[inline(always)]
fn pack(b: Matrix, columns: usize, length: usize, panels: &mut [Row]) {
    if b.column == 1 {
        for p in 0..length {
            for (q, b) in b.data[p * b.row..][..columns].chunks(COLUMNS).enumerate() {
                let row = &mut panels[q * length + p];
                match b.as_array() {
                    Some(b) => *row = *b,
                    None => row[..b.len()].copy_from_slice(b),
                }
            }
        }
    } else {
        for j in 0..columns {
            let column = &b.data[j * b.column..][..length];
            for (row, &b) in panels[j / COLUMNS * length..].iter_mut().zip(column) {
                row[j % COLUMNS] = b;
            }
        }
    }
}

/// The columns of A, which lie along rows in memory, cut into pieces for tiles and laid one after the
/// other: a piece of each row would come from a place of its own otherwise, for every panel again.
#[inline(always)]
fn pack_columns(a: Matrix, m: usize, length: usize) -> memory::Buffer {
    let mut packed = memory::scratch(m.next_multiple_of(ROWS) * length);
    let tiles = packed.chunks_exact_mut(ROWS * length).zip((0..m).step_by(ROWS));
    for (tile, i) in tiles {
        let rows = ROWS.min(m - i);
        for (slot, a) in tile.chunks_exact_mut(ROWS).zip(a.data.chunks(a.column)) {
            match a[i..].first_chunk::<ROWS>() {
                Some(a) if rows == ROWS => slot.copy_from_slice(a),
                _ => slot[..rows].copy_from_slice(&a[i..i + rows]),
            }
        }
    }
    packed
}

/// A tile that reaches beyond C: computed in whole, and kept in part.
#[inline(always)]
fn edge(
    a: Matrix,
    b: &[Row],
    start: Option<&Row>,
    c: &mut [Float],
    n: usize,
    [rows, columns]: [usize; 2],
) {
    let mut whole = [[0.0; COLUMNS]; ROWS];
    if start.is_none() {
        for (whole, c) in whole.iter_mut().zip(c.chunks(n)).take(rows) {
            whole[..columns].copy_from_slice(&c[..columns]);
        }
    }
    tile(a, rows, b, start, whole.as_flattened_mut(), COLUMNS);
    for (whole, c) in whole.iter().zip(c.chunks_mut(n)).take(rows) {
        c[..columns].copy_from_slice(&whole[..columns]);
    }
}

/// The first 6 rows of A times the panel, added to C, or, if there is one, to `start` in every row.
/// The rows of C are `n` apart. If A is row-major and has fewer rows, its last is repeated.
///
/// It is a function of its own, in which all of the tile fits the registers: inlined into the loops
/// above, the compiler would spill them.
#[inline(always)]
fn tile(a: Matrix, rows: usize, b: &[Row], start: Option<&Row>, c: &mut [Float], n: usize) {
    dispatch(
        #[inline(always)]
        move || {
            for r in 0..ROWS {
                prefetch(&c[r * n]);
                prefetch(&c[r * n + COLUMNS - 1]);
            }
            let mut tile: Tile = match start {
                Some(start) => [*start; ROWS],
                None => std::array::from_fn(|r| c[r * n..][..COLUMNS].try_into().expect("a row")),
            };
            if a.column == 1 {
                let row = |r: usize| &a.data[r.min(rows - 1) * a.row..][..b.len()];
                let (a_0, a_1, a_2, a_3, a_4, a_5) =
                    (row(0), row(1), row(2), row(3), row(4), row(5));
                for p in 0..b.len() {
                    rank_one(&[a_0[p], a_1[p], a_2[p], a_3[p], a_4[p], a_5[p]], &b[p], &mut tile);
                }
            } else {
                for (a, b) in a.data.chunks(a.column).zip(b) {
                    rank_one(a[..ROWS].try_into().expect("a column"), b, &mut tile);
                }
            }
            for (r, tile) in tile.iter().enumerate() {
                c[r * n..][..COLUMNS].copy_from_slice(tile);
            }
        },
    );
}

/// Has the memory around a number brought near while other work is done, where the processor can.
#[inline(always)]
fn prefetch(at: &Float) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: every x86-64 processor has the instruction; it reads nothing into the program and
        // faults at no address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>((&raw const *at).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = at;
}

/// C ← C + a bᵀ.
#[inline(always)]
fn rank_one(a: &[Float; ROWS], b: &Row, c: &mut Tile) {
    for r in 0..ROWS {
        for j in 0..COLUMNS {
            c[r][j] = a[r].mul_add(b[j], c[r][j]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One chain of fused multiply-adds for each element, nothing else.
    fn by_definition(
        a: Matrix,
        b: Matrix,
        [m, k, n]: [usize; 3],
        bias: Option<&[Float]>,
    ) -> Vec<Float> {
        let element = |i: usize, j: usize| {
            let step = |c: Float, p: usize| {
                a.data[i * a.row + p * a.column].mul_add(b.data[p * b.row + j * b.column], c)
            };
            (0..k).fold(bias.map_or(0.0, |bias| bias[j]), step)
        };
        (0..m * n).map(|i| element(i / n, i % n)).collect()
    }

    /// Sizes around every bound above, in all forms, on one thread and on three.
    #[test]
    fn every_path_computes_the_chain_of_the_definition() {
        let numbers: Vec<Float> =
            (0..90_000).map(|i| ((i * 7919 + 13) % 2003) as Float / 1001.5 - 1.0).collect();
        #[rustfmt::skip] // a table
        let sizes = [
            [1, 1, 1], [6, 4, 16], [7, 3, 17], [5, 2, 200], [40, 0, 9], [20, 9, 3], [100, 1, 2],
            [13, 256, 64], [29, 257, 65], [31, 520, 129], [12, 30, 150], [300, 290, 140],
        ];
        for [m, k, n] in sizes {
            let [a, b] = [&numbers[..m * k], &numbers[100..][..k * n]];
            let forms = [
                (Matrix::new(a, k), Matrix::new(b, n)),
                (Matrix::new(a, k), Matrix::new(b, k).t()),
                (Matrix::new(a, m).t(), Matrix::new(b, n)),
            ];
            for (form, (a, b)) in forms.into_iter().enumerate() {
                for bias in [None, Some(&numbers[50_000..][..n])] {
                    let expected = by_definition(a, b, [m, k, n], bias);
                    for threads in [1, 3] {
                        crate::machine::set_threads(threads);
                        let mut c = vec![Float::NAN; m * n];
                        gemm(a, b, [m, k, n], bias, &mut c);
                        let same = c.iter().zip(&expected).all(|(c, e)| c.to_bits() == e.to_bits());
                        assert!(same, "[{m}, {k}, {n}], form {form}, {threads} threads");
                    }
                }
            }
        }
    }
}
