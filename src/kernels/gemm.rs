//! The product of two matrices.
//!
//! Every element of C is one chain of fused multiply-adds over ascending k, c ← a(i, p) b(p, j) +
//! c, started at 0: the tile below decides how many chains run side by side, never what one of them
//! computes.

use crate::Float;
use crate::kernels::dispatch;

/// Rows and columns of the tile of C that stays in registers: 6 × 2 vectors of 8 `f32` under AVX2.
const MR: usize = 6;
const NR: usize = 16;

/// A matrix read where it lies: element (i, j) is `data[i * row + j * column]`.
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
}

/// C = A B into `c`, row-major `[m, n]`; A is `[m, k]` and B `[k, n]`.
pub fn gemm(a: Matrix, b: Matrix, [m, k, n]: [usize; 3], c: &mut [Float]) {
    if m * n == 0 || k == 0 {
        return c.fill(0.0);
    }
    dispatch(
        #[inline(always)]
        || {
            let mut a_panels = vec![0.0; m.div_ceil(MR) * MR * k];
            pack::<MR>(a, m, k, &mut a_panels);
            let mut b_panel = vec![0.0; NR * k];
            for j in (0..n).step_by(NR) {
                let columns = NR.min(n - j);
                let b = Matrix { data: &b.data[j * b.column..], ..b };
                pack::<NR>(b.t(), columns, k, &mut b_panel);
                for (i, a_panel) in (0..m).step_by(MR).zip(a_panels.chunks_exact(MR * k)) {
                    let tile = tile(a_panel, &b_panel);
                    for (r, row) in tile.iter().enumerate().take(m - i) {
                        c[(i + r) * n + j..][..columns].copy_from_slice(&row[..columns]);
                    }
                }
            }
        },
    );
}

/// Copies `rows` × k into panels of W rows, each panel k after k: the order in which [`tile`]
/// reads. The last panel is filled up with whatever the buffer holds; those rows of C are not kept.
#[inline(always)]
fn pack<const W: usize>(a: Matrix, rows: usize, k: usize, panels: &mut [Float]) {
    for (first, panel) in (0..rows).step_by(W).zip(panels.chunks_exact_mut(W * k)) {
        let wide = W.min(rows - first);
        for (p, slot) in panel.chunks_exact_mut(W).enumerate() {
            let start = first * a.row + p * a.column;
            if a.row == 1 && wide == W {
                slot.copy_from_slice(&a.data[start..start + W]);
            } else {
                for (r, slot) in slot.iter_mut().enumerate().take(wide) {
                    *slot = a.data[start + r * a.row];
                }
            }
        }
    }
}

#[inline(always)]
fn tile(a: &[Float], b: &[Float]) -> [[Float; NR]; MR] {
    let mut c = [[0.0; NR]; MR];
    for (a, b) in a.chunks_exact(MR).zip(b.chunks_exact(NR)) {
        for r in 0..MR {
            for j in 0..NR {
                c[r][j] = a[r].mul_add(b[j], c[r][j]);
            }
        }
    }
    c
}
