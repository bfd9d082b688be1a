//! The Fréchet distance of two normal laws fitted to points, and the eigenvalues that it needs.

use super::{assert_points, centred, square_sum, to_f64};
use crate::Tensor;

/// The Fréchet distance d² = ‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2 (Σ₁ Σ₂)^½) between the normal laws with the means
/// and covariances of `x`: `[n, d]` and `y`: `[m, d]`: the square of their Wasserstein distance W₂
/// (Dowson & Landau 1982). Of a network's features of images it is the "FID" of Heusel et al. 2017.
///
/// It sees no more of two laws than these two moments, and it is too large for few points: compare it
/// with what it is between two sets of real points of the same number. Units: those of the points,
/// squared. O((n + m) d² + d³).
///
/// # Panics
/// If `x` or `y` is not a matrix, has no rows or holds a number that is not finite, or their columns
/// differ in number.
#[track_caller]
pub fn frechet_distance(x: &Tensor, y: &Tensor) -> f64 {
    let d = assert_points("frechet_distance", x, y);
    let finite = |x: &Tensor| x.data().iter().all(|v| v.is_finite());
    assert!(finite(x) && finite(y), "frechet_distance: a coordinate is NaN or infinite");
    let ((x, x_mean), (y, y_mean)) = (centred(to_f64(x), d), centred(to_f64(y), d));
    let shift: Vec<f64> = x_mean.iter().zip(&y_mean).map(|(a, b)| a - b).collect();
    let (a, b) = (covariance(&x, d), covariance(&y, d));
    // Σ₁Σ₂ and the symmetric Σ₁^½ Σ₂ Σ₁^½ have the same eigenvalues.
    let (values, vectors) = eigen(a.clone(), d);
    let roots: Vec<f64> = values.iter().map(|v| v.max(0.0).sqrt()).collect();
    let turned = product(&product(&transposed(&vectors, d), &b, d), &vectors, d);
    let inner = (0..d * d).map(|i| roots[i / d] * turned[i] * roots[i % d]).collect();
    let cross: f64 = eigen(inner, d).0.iter().map(|v| v.max(0.0).sqrt()).sum();
    let trace = |m: &[f64]| (0..d).map(|i| m[i * d + i]).sum::<f64>();
    (square_sum(&shift) + trace(&a) + trace(&b) - 2.0 * cross).max(0.0)
}

/// 1/n Σ x xᵀ of centred points, `[d, d]`.
fn covariance(points: &[f64], d: usize) -> Vec<f64> {
    let mut sum = vec![0.0; d * d];
    for point in points.chunks_exact(d) {
        for (row, &x) in sum.chunks_exact_mut(d).zip(point) {
            row.iter_mut().zip(point).for_each(|(sum, &y)| *sum += x * y);
        }
    }
    let n = (points.len() / d) as f64;
    sum.iter().map(|v| v / n).collect()
}

fn transposed(a: &[f64], d: usize) -> Vec<f64> {
    (0..d * d).map(|i| a[i % d * d + i / d]).collect()
}

/// a·b of square matrices.
fn product(a: &[f64], b: &[f64], d: usize) -> Vec<f64> {
    let entry = |i: usize| (0..d).map(|k| a[i / d * d + k] * b[k * d + i % d]).sum();
    (0..d * d).map(entry).collect()
}

/// The eigenvalues of a symmetric matrix, and its eigenvectors as columns, by Jacobi's rotations
/// (Golub & Van Loan, *Matrix Computations*, 4th edition, section 8.5): each makes one pair of entries
/// 0, and after a few sweeps over all pairs nothing is left beside the diagonal.
fn eigen(mut a: Vec<f64>, d: usize) -> (Vec<f64>, Vec<f64>) {
    let mut vectors: Vec<f64> = (0..d * d).map(|i| f64::from(u8::from(i / d == i % d))).collect();
    let size = square_sum(&a);
    for _sweep in 0..60 {
        let beside: f64 = (0..d * d).filter(|i| i / d != i % d).map(|i| a[i] * a[i]).sum();
        if beside <= 1e-30 * size {
            break;
        }
        for p in 0..d {
            for q in p + 1..d {
                rotate(&mut a, &mut vectors, d, p, q);
            }
        }
    }
    ((0..d).map(|i| a[i * d + i]).collect(), vectors)
}

/// Turns the axes p and q so that a_pq becomes 0.
fn rotate(a: &mut [f64], vectors: &mut [f64], d: usize, p: usize, q: usize) {
    let [pp, pq, qq] = [a[p * d + p], a[p * d + q], a[q * d + q]];
    if pq == 0.0 {
        return;
    }
    let tau = (qq - pp) / (2.0 * pq);
    let tan = 1.0f64.copysign(tau) / (tau.abs() + (1.0 + tau * tau).sqrt());
    let cos = 1.0 / (1.0 + tan * tan).sqrt();
    let sin = tan * cos;
    let turn = |x: f64, y: f64| (cos * x - sin * y, sin * x + cos * y);
    for k in 0..d {
        (a[k * d + p], a[k * d + q]) = turn(a[k * d + p], a[k * d + q]);
    }
    for k in 0..d {
        (a[p * d + k], a[q * d + k]) = turn(a[p * d + k], a[q * d + k]);
        (vectors[k * d + p], vectors[k * d + q]) = turn(vectors[k * d + p], vectors[k * d + q]);
    }
}
