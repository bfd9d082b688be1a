//! Tensors from nothing: a shape, numbers in a row, and loops. Nothing here is fast, and nothing here is
//! used by the other chapters; it is what a reader writes to understand the tensors that are.
//!
//! Here are [`Array`] and what is done with it: strides, broadcasting and its transpose, products. The
//! crate's own tensor is in `src/tensor.rs`, its kernels in `src/kernels`.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | n₀, n₁, … | `shape` | the sizes of the axes |
//! | s₀, s₁, … | `strides` | by how much the place in memory grows with each index |
//! | Bx | [`broadcast_to`] | x repeated along axes of size 1, or missing ones |
//! | Bᵀg | [`sum_to`] | g summed over the axes along which x was repeated |

pub mod checks;
pub mod run;

use crate::{Float, Tensor};

// ANCHOR: array
/// Numbers in a box: the sizes of its axes and, row after row, what is inside.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// The size of each axis; empty for a single number.
    pub shape: Vec<usize>,
    /// The numbers, the last index running fastest.
    pub data: Vec<Float>,
}
// ANCHOR_END: array

impl Array {
    /// From a shape and its numbers in row-major order.
    ///
    /// # Panics
    /// If there are not as many numbers as the shape asks for.
    #[track_caller]
    pub fn new(shape: &[usize], data: Vec<Float>) -> Array {
        let size: usize = shape.iter().product();
        let count = data.len();
        assert!(count == size, "Array: shape {shape:?} holds {size} numbers, not {count}");
        Array { shape: shape.to_vec(), data }
    }

    /// Every number 0.
    pub fn zeros(shape: &[usize]) -> Array {
        Array { shape: shape.to_vec(), data: vec![0.0; shape.iter().product()] }
    }

    /// f of each number.
    pub fn map(&self, f: impl Fn(Float) -> Float) -> Array {
        Array { shape: self.shape.clone(), data: self.data.iter().map(|&x| f(x)).collect() }
    }

    /// The numbers of a tensor.
    pub fn of(tensor: &Tensor) -> Array {
        Array { shape: tensor.shape().to_vec(), data: tensor.to_vec() }
    }

    /// The same as a tensor of the crate.
    pub fn tensor(&self) -> Tensor {
        Tensor::new(&self.shape, self.data.clone())
    }
}

/// The strides of a row-major shape: s_k = n_{k+1} n_{k+2} ⋯, and 1 for the last axis.
// ANCHOR: strides
pub fn strides(shape: &[usize]) -> Vec<usize> {
    (0..shape.len()).map(|k| shape[k + 1..].iter().product()).collect()
}
// ANCHOR_END: strides

/// The place of an entry in memory: Σ_k i_k s_k.
// ANCHOR: place
pub fn place(index: &[usize], strides: &[usize]) -> usize {
    index.iter().zip(strides).map(|(i, s)| i * s).sum()
}

/// The index of the entry at a place in memory: its inverse for a row-major shape, i_k = ⌊place/s_k⌋
/// mod n_k.
pub fn index(place: usize, shape: &[usize]) -> Vec<usize> {
    strides(shape).iter().zip(shape).map(|(s, n)| place / s % n).collect()
}
// ANCHOR_END: place

/// The shape that both broadcast to: aligned at the right, each axis has one size, or 1 and another.
/// `None` if they do not fit.
// ANCHOR: common
pub fn common_shape(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
    let rank = a.len().max(b.len());
    let size = |shape: &[usize], k: usize| {
        // counted from the right
        shape.len().checked_sub(k + 1).map_or(1, |axis| shape[axis])
    };
    let axis = |k: usize| match (size(a, k), size(b, k)) {
        (n, m) if n == m => Some(n),
        (1, n) | (n, 1) => Some(n),
        _ => None,
    };
    (0..rank).rev().map(axis).collect()
}
// ANCHOR_END: common

/// For every place of `full`, where the number comes from in an array of shape `small` that broadcasts
/// to it.
// ANCHOR: sources
fn sources(small: &[usize], full: &[usize]) -> Vec<usize> {
    let missing = full.len() - small.len();
    let mut steps = vec![0; missing];
    steps.extend(strides(small).iter().zip(small).map(|(&s, &n)| if n == 1 { 0 } else { s }));
    let size: usize = full.iter().product();
    (0..size).map(|i| place(&index(i, full), &steps)).collect()
}
// ANCHOR_END: sources

/// Bx: x repeated along the axes where it has size 1, or none.
///
/// # Panics
/// If the shape of x does not broadcast to `shape`.
// ANCHOR: broadcast_to
#[track_caller]
pub fn broadcast_to(x: &Array, shape: &[usize]) -> Array {
    fits(&x.shape, shape);
    if x.shape == shape {
        return x.clone();
    }
    let data = sources(&x.shape, shape).into_iter().map(|i| x.data[i]).collect();
    Array::new(shape, data)
}
// ANCHOR_END: broadcast_to

/// Bᵀg: g summed over the axes along which an array of this shape is repeated to become as large.
///
/// # Panics
/// If `shape` does not broadcast to the shape of g.
// ANCHOR: sum_to
#[track_caller]
pub fn sum_to(g: &Array, shape: &[usize]) -> Array {
    fits(shape, &g.shape);
    if g.shape == shape {
        return g.clone();
    }
    let mut sums = Array::zeros(shape);
    for (i, &g) in sources(shape, &g.shape).into_iter().zip(&g.data) {
        sums.data[i] += g;
    }
    sums
}
// ANCHOR_END: sum_to

#[track_caller]
fn fits(small: &[usize], full: &[usize]) {
    let common = common_shape(small, full);
    assert!(common.as_deref() == Some(full), "shape {small:?} does not broadcast to {full:?}");
}

/// f of each number of a and the number of b at the same place, after broadcasting both.
///
/// # Panics
/// If the shapes do not fit.
// ANCHOR: zip_with
#[track_caller]
pub fn zip_with(f: fn(Float, Float) -> Float, a: &Array, b: &Array) -> Array {
    let Some(shape) = common_shape(&a.shape, &b.shape) else {
        panic!("shapes {:?} and {:?} do not fit", a.shape, b.shape)
    };
    let (a, b) = (broadcast_to(a, &shape), broadcast_to(b, &shape));
    let data = a.data.iter().zip(&b.data).map(|(&a, &b)| f(a, b)).collect();
    Array::new(&shape, data)
}
// ANCHOR_END: zip_with

/// The matrix with rows and columns exchanged: `[n, m]` → `[m, n]`.
///
/// # Panics
/// If x is not a matrix.
// ANCHOR: transpose
#[track_caller]
pub fn transpose(x: &Array) -> Array {
    let &[n, m] = &x.shape[..] else { panic!("transpose: shape {:?} is not a matrix", x.shape) };
    let data = (0..n * m).map(|i| x.data[i % n * m + i / n]).collect();
    Array::new(&[m, n], data)
}
// ANCHOR_END: transpose

/// The product of matrices, c_ij = Σ_k a_ik b_kj: `[n, m]`, `[m, p]` → `[n, p]`. A row of c is a sum of
/// rows of b, so that all arrays are read in the order of memory.
///
/// # Panics
/// If the shapes do not fit.
// ANCHOR: matmul
#[track_caller]
pub fn matmul(a: &Array, b: &Array) -> Array {
    let (&[n, m], &[rows, p]) = (&a.shape[..], &b.shape[..]) else {
        panic!("matmul: shapes {:?} and {:?} are not matrices", a.shape, b.shape)
    };
    assert!(m == rows, "matmul: a has {m} columns, b has {rows} rows");
    let mut c = Array::zeros(&[n, p]);
    for i in 0..n {
        for k in 0..m {
            let (factor, row) = (a.data[i * m + k], &b.data[k * p..][..p]);
            for (c, &b) in c.data[i * p..][..p].iter_mut().zip(row) {
                *c += factor * b;
            }
        }
    }
    c
}
// ANCHOR_END: matmul

/// The same, entry by entry as the formula has it: b is read down its columns, a whole row apart.
///
/// # Panics
/// If the shapes do not fit.
// ANCHOR: by_entries
#[track_caller]
pub fn matmul_by_entries(a: &Array, b: &Array) -> Array {
    let (&[n, m], &[rows, p]) = (&a.shape[..], &b.shape[..]) else {
        panic!("matmul: shapes {:?} and {:?} are not matrices", a.shape, b.shape)
    };
    assert!(m == rows, "matmul: a has {m} columns, b has {rows} rows");
    let entry = |i: usize, j: usize| (0..m).map(|k| a.data[i * m + k] * b.data[k * p + j]).sum();
    Array::new(&[n, p], (0..n * p).map(|i| entry(i / p, i % p)).collect())
}
// ANCHOR_END: by_entries
