//! The product of two matrices, with a bias if asked for.
//!
//! Every element of C is one chain of fused multiply-adds over ascending k, c ← a(i, p) b(p, j) +
//! c, started at the bias or at 0. What follows decides how many chains run side by side and where
//! their operands lie, never what one of them computes.
//!
//! A tile of 6 × 16 elements of C stays in registers (12 of the 16 of AVX2) while k passes by: 12
//! multiply-adds for 8 loads. For it, [`BLOCK`] × 16 elements of B are copied into a panel that
//! stays in the nearest cache; A is read where it lies.

use crate::Float;
use crate::kernels::{dispatch, memory, parallel};
use std::ops::Range;

/// Rows and columns of the tile of C.
const ROWS: usize = 6;
const COLUMNS: usize = 16;

/// Steps of k between two visits to the elements of C.
const BLOCK: usize = 256;

/// With so few steps of k, loading and storing C is the work, and a tile would only be in the way.
const FEW: usize = 4;

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
    parallel::rows(c, n, parts, ROWS, |rows: Range<usize>, c: &mut [Float]| {
        let (a, sizes) = (a.from(rows.start, 0), [rows.len(), k, n]);
        dispatch(
            #[inline(always)]
            || {
                if k <= FEW {
                    by_rows(a, b, sizes, bias, c)
                } else {
                    by_tiles(a, b, sizes, bias, c)
                }
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

/// A row of C at a time, as the sum of k rows of B.
#[inline(always)]
fn by_rows(a: Matrix, b: Matrix, [_, k, n]: [usize; 3], bias: Option<&[Float]>, c: &mut [Float]) {
    let mut rows = memory::scratch(k * n);
    for (j, p) in (0..n).flat_map(|j| (0..k).map(move |p| (j, p))) {
        rows[p * n + j] = b.data[p * b.row + j * b.column];
    }
    for (i, c) in c.chunks_exact_mut(n).enumerate() {
        match bias {
            Some(bias) => c.copy_from_slice(bias),
            None => c.fill(0.0),
        }
        for (p, row) in rows.chunks_exact(n).enumerate() {
            let a = a.data[i * a.row + p * a.column];
            for (c, &b) in c.iter_mut().zip(row) {
                *c = a.mul_add(b, *c);
            }
        }
    }
}

#[inline(always)]
fn by_tiles(a: Matrix, b: Matrix, [m, k, n]: [usize; 3], bias: Option<&[Float]>, c: &mut [Float]) {
    let mut panel = [[0.0; COLUMNS]; BLOCK];
    for p in (0..k).step_by(BLOCK) {
        let panel = &mut panel[..BLOCK.min(k - p)];
        for j in (0..n).step_by(COLUMNS) {
            let columns = COLUMNS.min(n - j);
            pack(b.from(p, j), columns, panel);
            let mut first = [0.0; COLUMNS];
            if let Some(bias) = bias {
                first[..columns].copy_from_slice(&bias[j..j + columns]);
            }
            let first = if p == 0 { Some(&first) } else { None };
            for i in (0..m).step_by(ROWS) {
                let (a, c) = (a.from(i, p), &mut c[i * n + j..]);
                if columns == COLUMNS && m - i >= ROWS {
                    tile(a, ROWS, panel, first, c, n);
                } else {
                    edge(a, panel, first, c, n, [ROWS.min(m - i), columns]);
                }
            }
        }
    }
}

/// Copies the first columns of B, as many rows as the panel has. Where there are less than a tile
/// is wide, the rest is left as it is: those columns of C are not kept.
#[inline(always)]
fn pack(b: Matrix, columns: usize, panel: &mut [Row]) {
    if b.column == 1 && columns == COLUMNS {
        for (p, slot) in panel.iter_mut().enumerate() {
            slot.copy_from_slice(&b.data[p * b.row..][..COLUMNS]);
        }
    } else {
        for j in 0..columns {
            for (p, slot) in panel.iter_mut().enumerate() {
                slot[j] = b.data[p * b.row + j * b.column];
            }
        }
    }
}

/// A tile that reaches beyond C: computed in whole, and kept in part.
#[inline(always)]
fn edge(
    a: Matrix,
    b: &[Row],
    first: Option<&Row>,
    c: &mut [Float],
    n: usize,
    [rows, columns]: [usize; 2],
) {
    let mut whole = [[0.0; COLUMNS]; ROWS];
    for (whole, c) in whole.iter_mut().zip(c.chunks(n)).take(rows) {
        whole[..columns].copy_from_slice(&c[..columns]);
    }
    if a.row == 1 && rows < ROWS {
        let mut packed = [[0.0; ROWS]; BLOCK];
        for (packed, a) in packed.iter_mut().zip(a.data.chunks(a.column)).take(b.len()) {
            packed[..rows].copy_from_slice(&a[..rows]);
        }
        tile(
            Matrix::new(packed.as_flattened(), ROWS).t(),
            rows,
            b,
            first,
            whole.as_flattened_mut(),
            COLUMNS,
        );
    } else {
        tile(a, rows, b, first, whole.as_flattened_mut(), COLUMNS);
    }
    for (whole, c) in whole.iter().zip(c.chunks_mut(n)).take(rows) {
        c[..columns].copy_from_slice(&whole[..columns]);
    }
}

/// The first 6 rows of A times the panel, added to C, or, if there is one, to `first` in every row.
/// The rows of C are `n` apart. If A is row-major and has fewer rows, its last is repeated.
///
/// It is a function of its own, in which all of the tile fits the registers: inlined into the loops
/// above, the compiler would spill them.
#[inline(always)]
fn tile(a: Matrix, rows: usize, b: &[Row], first: Option<&Row>, c: &mut [Float], n: usize) {
    dispatch(
        #[inline(always)]
        move || {
            let mut tile: Tile = match first {
                Some(first) => [*first; ROWS],
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

/// C ← C + a bᵀ.
#[inline(always)]
fn rank_one(a: &[Float; ROWS], b: &Row, c: &mut Tile) {
    for r in 0..ROWS {
        for j in 0..COLUMNS {
            c[r][j] = a[r].mul_add(b[j], c[r][j]);
        }
    }
}
