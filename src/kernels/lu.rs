//! Small square systems: LU factorisation with partial pivoting, and substitution.

use crate::Float;

/// PA = LU of one `[n, n]` matrix: L below the diagonal (its own diagonal is 1), U on and above.
pub struct Lu {
    lu: Vec<Float>,
    /// Row i of PA is row `rows[i]` of A.
    rows: Vec<usize>,
    /// The determinant of P.
    sign: Float,
    n: usize,
}

impl Lu {
    /// Factorises a row-major matrix. A singular one gets a zero on the diagonal of U.
    pub fn new(a: &[Float], n: usize) -> Lu {
        let mut f = Lu { lu: a.to_vec(), rows: (0..n).collect(), sign: 1.0, n };
        for k in 0..n {
            let size = |i: usize| f.lu[i * n + k].abs();
            let larger = |i: usize, best: usize| size(i) > size(best) || size(i).is_nan();
            let pivot = (k + 1..n).fold(k, |best, i| if larger(i, best) { i } else { best });
            f.swap_rows(k, pivot);
            let diagonal = f.lu[k * n + k];
            if diagonal == 0.0 {
                continue;
            }
            for i in k + 1..n {
                let factor = f.lu[i * n + k] / diagonal;
                f.lu[i * n + k] = factor;
                for j in k + 1..n {
                    f.lu[i * n + j] = (-factor).mul_add(f.lu[k * n + j], f.lu[i * n + j]);
                }
            }
        }
        f
    }

    fn swap_rows(&mut self, i: usize, j: usize) {
        if i != j {
            (0..self.n).for_each(|k| self.lu.swap(i * self.n + k, j * self.n + k));
            self.rows.swap(i, j);
            self.sign = -self.sign;
        }
    }

    fn diagonal(&self) -> impl Iterator<Item = Float> {
        self.lu.iter().step_by(self.n + 1).copied()
    }

    /// det A.
    pub fn det(&self) -> Float {
        self.diagonal().fold(self.sign, |det, u| det * u)
    }

    /// The sign of det A (0 if singular) and ln |det A|.
    pub fn slogdet(&self) -> (Float, Float) {
        let sign_of = |u: Float| if u == 0.0 { 0.0 } else { u.signum() };
        let sign = self.diagonal().fold(self.sign, |sign, u| sign * sign_of(u));
        (sign, self.diagonal().map(|u| crate::kernels::maths::ln(u.abs())).sum())
    }

    /// X with A X = B, row-major `[n, columns]`.
    pub fn solve(&self, b: &[Float], columns: usize) -> Vec<Float> {
        let mut x: Vec<Float> = Vec::with_capacity(b.len());
        for &row in &self.rows {
            x.extend_from_slice(&b[row * columns..][..columns]);
        }
        substitute(&self.lu, &mut x, [self.n, columns], false, true);
        substitute(&self.lu, &mut x, [self.n, columns], true, false);
        x
    }
}

/// Overwrites B by the X with T X = B, where T is the upper or lower triangle of `a`, with a
/// diagonal of ones if `unit`.
pub fn substitute(a: &[Float], b: &mut [Float], [n, columns]: [usize; 2], upper: bool, unit: bool) {
    for step in 0..n {
        let i = if upper { n - 1 - step } else { step };
        let known = if upper { i + 1..n } else { 0..i };
        for c in 0..columns {
            let eliminate = |sum: Float, j: usize| (-a[i * n + j]).mul_add(b[j * columns + c], sum);
            let x = known.clone().fold(b[i * columns + c], eliminate);
            b[i * columns + c] = if unit { x } else { x / a[i * n + i] };
        }
    }
}
