//! The four tasks of the table: from a law of noise or of points to another. The definitions are those of Tong et
//! al. (2024, the paper on SF2M, appendix), which the same names have nowhere else.

use crate::data::{Law, Mixture, Moons};
use crate::random::Rng;
use crate::{Float, Tensor};
use libm::{cos, sin};
use std::f64::consts::{PI, TAU};

/// Draws so many points: `[n, 2]`.
pub type Sampler = fn(usize, &mut Rng) -> Tensor;

// ANCHOR: tasks
/// From where to where.
#[derive(Clone, Copy, Debug)]
pub struct Task {
    /// Its name in the table.
    pub name: &'static str,
    /// p₀.
    pub source: Sampler,
    /// q.
    pub target: Sampler,
}

/// The four of the table.
pub const TASKS: [Task; 4] = [
    Task { name: "N to 8gaussians", source: normal, target: |n, rng| circle(5.0, 1.0, n, rng) },
    Task { name: "moons to 8gaussians", source: moons, target: |n, rng| circle(12.0, 1.5, n, rng) },
    Task { name: "N to moons", source: normal, target: moons },
    Task { name: "N to scurve", source: normal, target: s_curve },
];

fn normal(n: usize, rng: &mut Rng) -> Tensor {
    rng.normal(&[n, 2])
}

/// Two moons of noise 0.05, twice as large, and 1 to the left.
fn moons(n: usize, rng: &mut Rng) -> Tensor {
    Moons { noise: 0.05 }.sample(n, rng) * 2.0 - Tensor::new(&[2], vec![1.0, 0.0])
}

/// Eight Gaussians on a circle.
fn circle(radius: f64, std: f64, n: usize, rng: &mut Rng) -> Tensor {
    let at = |k: usize| {
        let angle = TAU * k as f64 / 8.0;
        vec![radius * cos(angle), radius * sin(angle)]
    };
    Mixture::even((0..8).map(at).collect(), std).sample(n, rng)
}

/// x = sin t and z = ±(cos t − 1) with the sign of t, t uniform on (−3π/2, 3π/2), with noise of 0.05 and all times
/// 1.5: scikit-learn's S curve seen from its side.
fn s_curve(n: usize, rng: &mut Rng) -> Tensor {
    let u = rng.uniform(&[n]);
    let point = |i: usize| {
        let t = 3.0 * PI * (f64::from(u.data()[i / 2]) - 0.5);
        let sign = if t < 0.0 { -1.0 } else { 1.0 };
        (if i.is_multiple_of(2) { sin(t) } else { sign * (cos(t) - 1.0) }) as Float
    };
    (Tensor::from_fn(&[n, 2], point) + rng.normal(&[n, 2]) * 0.05) * 1.5
}
// ANCHOR_END: tasks
