//! Arrays: places and indices, broadcasting and its transpose, products.

use crate::{as_f64, difference};
use pushforward::chapters::tensors::{
    Array, broadcast_to, common_shape, index, matmul, matmul_by_entries, place, strides, sum_to,
};
use pushforward::random::Rng;
use pushforward::{Float, Tensor};

/// Every place has one index, in the order of counting, and strides lead back. With the strides of
/// Fortran's order they do not.
// ANCHOR: e1
#[test]
fn e1_places_and_indices_are_the_same() {
    for shape in [&[2, 3, 4][..], &[5], &[1, 7, 2], &[]] {
        let size: usize = shape.iter().product();
        let all: Vec<Vec<usize>> = (0..size).map(|at| index(at, shape)).collect();
        assert!(all.windows(2).all(|pair| pair[0] < pair[1]), "as words in a dictionary");
        let steps = strides(shape);
        assert!(all.iter().enumerate().all(|(at, i)| place(i, &steps) == at));
    }
    let fortran = [1, 2, 6]; // of [2, 3, 4]
    let wrong = (0..24).filter(|&at| place(&index(at, &[2, 3, 4]), &fortran) != at).count();
    assert!(wrong > 15, "{wrong}");
}
// ANCHOR_END: e1

/// ⟨g, Bx⟩ = ⟨Bᵀg, x⟩ for every g and x. With a mean, or the first entry alone, in place of the sum it
/// is not.
// ANCHOR: e2
#[test]
fn e2_summing_is_the_transpose_of_repeating() {
    let inner = |a: &Array, b: &Array| -> f64 {
        a.data.iter().zip(&b.data).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
    };
    let mut rng = Rng::new(821);
    let cases: [(&[usize], &[usize]); 4] =
        [(&[3], &[4, 3]), (&[4, 1], &[4, 3]), (&[], &[2, 2]), (&[2, 1, 3], &[5, 2, 4, 3])];
    for (small, full) in cases {
        let (x, g) = (Array::of(&rng.normal(small)), Array::of(&rng.normal(full)));
        let (left, right) = (inner(&g, &broadcast_to(&x, full)), inner(&sum_to(&g, small), &x));
        println!("{small:?} to {full:?}: {left:.6} {right:.6}");
        assert!((left - right).abs() < 1e-4);
        let times = (g.data.len() / x.data.len()) as Float;
        let mean = inner(&sum_to(&g, small).map(|v| v / times), &x);
        assert!((left - mean).abs() > 0.01, "the mean");
        let crates = g.tensor().sum_to(small);
        assert!(difference(&crates, &sum_to(&g, small).tensor()) < 1e-5);
    }
}
// ANCHOR_END: e2

/// The common shape is that of the crate's sum, and no shape fits where the crate refuses.
#[test]
fn e2_shapes_are_aligned_at_the_right() {
    assert_eq!(common_shape(&[4, 1], &[5]), Some(vec![4, 5]));
    assert_eq!(common_shape(&[2, 3], &[2]), None);
    let mut rng = Rng::new(822);
    for (a, b) in [(&[4, 1][..], &[5][..]), (&[], &[2, 3]), (&[7, 1, 3], &[5, 1])] {
        let sum = rng.normal(a) + rng.normal(b);
        assert_eq!(common_shape(a, b).as_deref(), Some(sum.shape()));
    }
}

/// Both orders of the loops give the product of the crate; read by columns they do not.
// ANCHOR: e3
#[test]
fn e3_the_order_of_loops_is_free() {
    let mut rng = Rng::new(823);
    let (a, b) = (rng.normal(&[13, 21]), rng.normal(&[21, 8]));
    let (x, y) = (Array::of(&a), Array::of(&b));
    let due = a.matmul(&b);
    assert!(difference(&matmul(&x, &y).tensor(), &due) < 1e-5);
    assert!(difference(&matmul_by_entries(&x, &y).tensor(), &due) < 1e-5);
    let by_columns = Array::of(&Tensor::new(&[8, 21], b.to_vec()).t());
    let wrong = difference(&matmul(&x, &by_columns).tensor(), &due);
    assert!(wrong > 0.5 && as_f64(&due).iter().all(|v| v.is_finite()), "{wrong}");
}
// ANCHOR_END: e3
