//! The Wasserstein distance of shadows: on a line the best pairing is that of the sorted points.

use super::{assert_points, to_f64};
use crate::{Float, Tensor};
use std::f64::consts::PI;

/// The sliced Wasserstein distance SW₂ = √(mean over directions θ of W₂(θ·x, θ·y)²) of two sets
/// `[n, d]`, along the unit vectors that are the rows of `directions`: `[k, d]` (Rabin et al. 2012;
/// Bonneel et al. 2015, eq. 5).
///
/// On a line W₂ pairs the i-th smallest with the i-th smallest. SW₂ ≤ W₂ / √d if the directions are
/// even. Units: those of the points. O(k n (d + log n)).
///
/// # Panics
/// If the shapes do not fit, or a number is NaN.
#[track_caller]
pub fn sliced_wasserstein_2(x: &Tensor, y: &Tensor, directions: &Tensor) -> f64 {
    let d = assert_points("sliced_wasserstein_2", x, y);
    let shape = directions.shape();
    assert!(
        x.shape() == y.shape() && shape.len() == 2 && shape[1] == d && shape[0] > 0,
        "sliced_wasserstein_2: {:?} and {:?} must hold as many points, and the directions, {shape:?}, be \
         rows of as many numbers",
        x.shape(),
        y.shape()
    );
    let (x, y) = (to_f64(x), to_f64(y));
    let square = |theta: &[Float]| {
        let (a, b) = (shadow(&x, theta), shadow(&y, theta));
        a.iter().zip(&b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>() / a.len() as f64
    };
    let squares: f64 = directions.data().chunks_exact(d).map(square).sum();
    (squares / shape[0] as f64).sqrt()
}

/// `k` unit vectors of the plane, evenly spaced over half a turn: `[k, 2]`.
pub fn half_circle(k: usize) -> Tensor {
    Tensor::from_fn(&[k, 2], |i| {
        let angle = PI * ((i / 2) as f64 + 0.5) / k as f64;
        (if i % 2 == 0 { libm::cos(angle) } else { libm::sin(angle) }) as Float
    })
}

/// θ · x of every point, in order of size.
#[track_caller]
fn shadow(points: &[f64], theta: &[Float]) -> Vec<f64> {
    let dot = |point: &[f64]| point.iter().zip(theta).map(|(x, &t)| x * f64::from(t)).sum();
    let mut shadow: Vec<f64> = points.chunks_exact(theta.len()).map(dot).collect();
    assert!(!shadow.iter().any(|v| v.is_nan()), "sliced_wasserstein_2: a point is NaN");
    shadow.sort_by(f64::total_cmp);
    shadow
}
