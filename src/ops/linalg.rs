//! Determinants, inverses and linear systems of small square matrices, over any leading axes.

use super::Tensor;
use crate::Float;
use crate::autograd::record;
use crate::kernels::lu::{Lu, substitute};

/// # Square matrices
impl Tensor {
    /// det A: `[.., n, n]` → `[..]`. VJP g det(A) A⁻ᵀ, so A must be invertible where a gradient is
    /// asked for.
    ///
    /// # Panics
    /// If the last two axes are not equal.
    #[track_caller]
    pub fn det(&self) -> Tensor {
        let n = square("det", self);
        let forward = move |x: &[&Tensor]| per_matrix(x[0], n, |a| Lu::new(a, n).det());
        record("det", &[self], forward, |g, x, y, _| times(&(g * y), &x[0].inverse().t()))
    }

    /// The sign of det A (−1, 0 or 1; a constant) and ln |det A|: `[.., n, n]` → `[..]` twice. VJP
    /// of the second: g A⁻ᵀ.
    ///
    /// # Panics
    /// If the last two axes are not equal.
    #[track_caller]
    pub fn slogdet(&self) -> (Tensor, Tensor) {
        let n = square("slogdet", self);
        let sign = per_matrix(self, n, |a| Lu::new(a, n).slogdet().0);
        let forward = move |x: &[&Tensor]| per_matrix(x[0], n, |a| Lu::new(a, n).slogdet().1);
        let rule = |g: &Tensor, x: &[Tensor], _: &Tensor, _| times(g, &x[0].inverse().t());
        (sign, record("slogdet", &[self], forward, rule))
    }

    /// Y = A⁻¹: `[.., n, n]`. VJP −Yᵀ G Yᵀ. Infinite or NaN for a singular A.
    ///
    /// # Panics
    /// If the last two axes are not equal.
    #[track_caller]
    pub fn inverse(&self) -> Tensor {
        let n = square("inverse", self);
        let forward = move |x: &[&Tensor]| {
            let solved = x[0].data().chunks_exact((n * n).max(1));
            let identity = Tensor::eye(n);
            let y = solved.flat_map(|a| Lu::new(a, n).solve(identity.data(), n));
            Tensor::new(x[0].shape(), y.collect::<Vec<_>>())
        };
        record("inverse", &[self], forward, |g, _x, y, _| -(y.matmul_tn(g).matmul_nt(y)))
    }

    /// X with A X = B: A `[.., n, n]`, B `[.., n, c]`, leading axes broadcast. VJP for B: S = A⁻ᵀ
    /// G; for A: −S Xᵀ.
    ///
    /// # Panics
    /// If A is not square or the shapes do not fit.
    #[track_caller]
    pub fn solve(&self, b: &Tensor) -> Tensor {
        let (a, b, [n, c]) = system("solve", self, b);
        let forward = move |x: &[&Tensor]| {
            let pairs = x[0].data().chunks_exact((n * n).max(1)).zip(rows_of(x[1], n * c));
            let solved = pairs.flat_map(|(a, b)| Lu::new(a, n).solve(b, c));
            Tensor::new(x[1].shape(), solved.collect::<Vec<_>>())
        };
        record("solve", &[&a, &b], forward, |g, x, y, i| {
            let s = x[0].t().solve(g);
            if i == 1 { s } else { -s.matmul_nt(y) }
        })
    }

    /// X with T X = B, where T is the upper (or lower) triangle of A; the rest of A is not read.
    /// Shapes as [`solve`](Tensor::solve). VJP for B: S = T⁻ᵀ G; for A: the triangle of −S Xᵀ.
    ///
    /// # Panics
    /// As [`solve`](Tensor::solve).
    #[track_caller]
    pub fn triangular_solve(&self, b: &Tensor, upper: bool) -> Tensor {
        let (a, b, [n, c]) = system("triangular_solve", self, b);
        let forward = move |x: &[&Tensor]| {
            let mut y = x[1].to_vec();
            let pairs =
                x[0].data().chunks_exact((n * n).max(1)).zip(y.chunks_exact_mut((n * c).max(1)));
            pairs.for_each(|(a, b)| substitute(a, b, [n, c], upper, false));
            Tensor::new(x[1].shape(), y)
        };
        record("triangular_solve", &[&a, &b], forward, move |g, x, y, i| {
            let s = x[0].t().triangular_solve(g, !upper);
            match (i, upper) {
                (1, _) => s,
                (_, true) => -s.matmul_nt(y).triu(0),
                (_, false) => -s.matmul_nt(y).tril(0),
            }
        })
    }
}

/// A number for each matrix times that matrix.
fn times(factor: &Tensor, matrices: &Tensor) -> Tensor {
    factor.reshape(&[factor.shape(), &[1, 1]].concat()) * matrices
}

fn rows_of(x: &Tensor, size: usize) -> impl Iterator<Item = &[Float]> {
    x.data().chunks_exact(size.max(1))
}

#[track_caller]
fn square(name: &str, a: &Tensor) -> usize {
    match a.shape() {
        &[.., m, n] if m == n => n,
        shape => panic!("{name}: shape {shape:?} is not [.., n, n]; only a square matrix has one"),
    }
}

fn per_matrix(a: &Tensor, n: usize, f: impl Fn(&[Float]) -> Float) -> Tensor {
    let batch = &a.shape()[..a.rank() - 2];
    if n == 0 {
        return Tensor::full(batch, f(&[]));
    }
    Tensor::new(batch, rows_of(a, n * n).map(f).collect::<Vec<_>>())
}

/// A and B with their leading axes broadcast, and [n, columns of B].
#[track_caller]
fn system(name: &str, a: &Tensor, b: &Tensor) -> (Tensor, Tensor, [usize; 2]) {
    let n = square(name, a);
    let &[ref batch @ .., rows, c] = b.shape() else {
        panic!(
            "{name}: B has shape {:?}, not [.., {n}, c]; for a vector use reshape(&[n, 1])",
            b.shape()
        )
    };
    assert!(
        rows == n,
        "{name}: shapes {:?} and {:?} do not fit: A has {n} rows, B has {rows}",
        a.shape(),
        b.shape()
    );
    let Some(batch) = super::broadcast(&a.shape()[..a.rank() - 2], batch) else {
        panic!(
            "{name}: shapes {:?} and {:?}: all but the last two axes must broadcast",
            a.shape(),
            b.shape()
        )
    };
    let a = a.broadcast_to(&[&batch[..], &[n, n]].concat());
    (a, b.broadcast_to(&[&batch[..], &[n, c]].concat()), [n, c])
}
