//! Two interleaving half circles with Gaussian noise: scikit-learn's `make_moons` as a law, with
//! its density and entropy by quadrature.
//!
//! | symbol | meaning |
//! |---|---|
//! | θ | the angle of a point on its half circle, uniform on [0, π] |
//! | σ | the standard deviation of the noise |
//! | r, φ | polar coordinates of the point where the density is asked for |
//! | κ | r/σ², how sharply the density along the arc is concentrated about φ |
//! | u | the angle between θ and φ |

use super::{Law, assert_rows};
use crate::kernels::maths;
use crate::random::Rng;
use crate::{Float, Tensor};
use libm::{asin, atan2, cos, exp, hypot, log, log1p, sin, sqrt};
use std::f64::consts::{LN_2, PI};

/// The law of one point of scikit-learn's `make_moons` (Pedregosa et al. 2011) at random angles.
///
/// With probability ½ each, a point of the outer half circle (cos θ, sin θ) or of the inner one
/// (1 − cos θ, ½ − sin θ), θ uniform on [0, π], plus N(0, σ² I). The three draws are independent.
///
/// p(x) = ½ a(x) + ½ a(c − x), c = (1, ½), because a half turn about c/2 maps one moon on the
/// other; a is the density of the outer moon, an arc convolved with the noise:
///
/// a(x) = 1/π ∫ N(x; (cos θ, sin θ), σ² I) dθ over θ from 0 to π.
///
/// Every method panics unless `noise` is positive and finite: without noise there is no density.
/// The quadrature is made for noise of 0.001 or more.
#[derive(Clone, Debug, PartialEq)]
pub struct Moons {
    /// σ.
    pub noise: f64,
}

impl Law for Moons {
    fn dim(&self) -> usize {
        2
    }

    #[track_caller]
    fn sample(&self, n: usize, rng: &mut Rng) -> Tensor {
        self.assert_valid();
        let fraction = rng.uniform(&[n]);
        let draw = |&fraction: &Float| moon(rng.below(2) == 1, fraction);
        let points = fraction.data().iter().map(draw).collect();
        add_noise(points, self.noise, rng)
    }

    #[track_caller]
    fn log_density(&self, x: &Tensor) -> Vec<f64> {
        assert_rows("Moons", x, 2);
        let arc = self.arc();
        x.rows::<2>().into_iter().map(|x| arc.log_density_of_both(x)).collect()
    }

    /// By symmetry −∫ p ln p = −∫ a ln p, summed over a square grid that ends 9σ from the arc.
    ///
    /// The trapezoidal rule converges geometrically for smooth functions (Trefethen & Weideman
    /// 2014), here once the step resolves ln p midway between the moons, where it bends most
    /// sharply: from σ = 0.001 to 1 the steps σ/4 and σ/8 agree to 10⁻⁹.
    #[track_caller]
    fn entropy(&self) -> f64 {
        let arc = self.arc();
        let (h, margin) = (self.noise / 4.0, 9.0 * self.noise);
        let columns = (2.0 * (1.0 + margin) / h) as usize + 1;
        let rows = ((1.0 + 2.0 * margin) / h) as usize + 1;
        let mut integral = 0.0;
        for i in 0..columns * rows {
            let x = [(i % columns) as f64 * h - 1.0 - margin, (i / columns) as f64 * h - margin];
            if distance_to_arc(x) <= margin {
                integral += h * h * exp(arc.log_density(x)) * arc.log_density_of_both(x);
            }
        }
        -integral
    }
}

impl Moons {
    fn arc(&self) -> Arc {
        self.assert_valid();
        Arc { noise: self.noise, rule: gauss_legendre() }
    }

    #[track_caller]
    fn assert_valid(&self) {
        assert!(
            self.noise > 0.0 && self.noise.is_finite(),
            "Moons: noise is {}, but must be positive and finite for the law to have a density",
            self.noise
        );
    }
}

/// A data set by scikit-learn's recipe `make_moons(n, noise=noise)`: `[n, 2]`, in random order.
///
/// ⌊n/2⌋ points on the outer moon and the rest on the inner one, at **evenly spaced** angles from 0
/// to π (both included), shuffled; then Gaussian noise. Points of [`Moons::sample`] are
/// independent; these are stratified: only their order and their noise are random, and every batch
/// covers both moons equally.
///
/// # Panics
/// If `noise` is negative or not finite. Zero leaves the points on the half circles.
#[track_caller]
pub fn make_moons(n: usize, noise: f64, rng: &mut Rng) -> Tensor {
    assert!(
        noise >= 0.0 && noise.is_finite(),
        "make_moons: noise is {noise}, but a standard deviation must be finite and not negative"
    );
    let n_outer = n / 2;
    let place = |i: usize| {
        let (i, count) = if i < n_outer { (i, n_outer) } else { (i - n_outer, n - n_outer) };
        i as Float / count.saturating_sub(1).max(1) as Float
    };
    let points = rng.permutation(n).into_iter().map(|i| moon(i >= n_outer, place(i))).collect();
    add_noise(points, noise, rng)
}

/// The point of a moon at θ = π · `fraction`.
fn moon(inner: bool, fraction: Float) -> [Float; 2] {
    let (sin, cos) = maths::sin_cos_2pi(0.5 * fraction);
    if inner { [1.0 - cos, 0.5 - sin] } else { [cos, sin] }
}

fn add_noise(points: Vec<[Float; 2]>, noise: f64, rng: &mut Rng) -> Tensor {
    let z = rng.normal(&[points.len(), 2]);
    let noisy = |(x, z): (&Float, &Float)| x + noise as Float * z;
    let data: Vec<Float> = points.as_flattened().iter().zip(z.data()).map(noisy).collect();
    Tensor::new(z.shape(), data)
}

/// Where the half circle's nearest point is above the axis it is on the ray, else it is an end.
fn distance_to_arc([x, y]: [f64; 2]) -> f64 {
    if y >= 0.0 { (hypot(x, y) - 1.0).abs() } else { hypot(x.abs() - 1.0, y) }
}

/// The outer moon.
struct Arc {
    noise: f64,
    /// Nodes on [0, 1] and weights.
    rule: [(f64, f64); NODES],
}

impl Arc {
    /// ln p of both moons together.
    fn log_density_of_both(&self, [x, y]: [f64; 2]) -> f64 {
        log_add(self.log_density([x, y]), self.log_density([1.0 - x, 0.5 - y])) - LN_2
    }

    /// ln a(x). From ‖x − (cos θ, sin θ)‖² = (r − 1)² + 2r (1 − cos u), u = θ − φ:
    ///
    /// a(x) = exp(−(r − 1)² / 2σ²) / (2π²σ²) · ∫ exp(−κ(1 − cos u)) du over u from −φ to π − φ.
    ///
    /// The integrand is even and falls as |u| grows to π: the interval folds into two within [0,
    /// π].
    fn log_density(&self, [x, y]: [f64; 2]) -> f64 {
        let (r, phi) = (hypot(x, y), atan2(y, x));
        let variance = self.noise * self.noise;
        let (a, b) = (phi.abs(), PI - phi.abs());
        let part = |from, to| self.log_integral(r / variance, from, to);
        let along = if phi >= 0.0 {
            log_add(part(0.0, a), part(0.0, b)) // the arc passes φ
        } else {
            log_add(part(a, PI), part(b, PI)) // −φ to π and, from behind, 2π − (π − φ) to π
        };
        along - (r - 1.0) * (r - 1.0) / (2.0 * variance) - log(2.0 * PI * PI * variance)
    }

    /// ln of ∫ exp(−κ(1 − cos u)) du over `from` ≤ u ≤ `to`, both in [0, π].
    ///
    /// The first factor, exp(−κ(1 − cos from)), is taken out as a logarithm, so nothing underflows
    /// far from the arc. What is left starts at 1, and is integrated to where it has fallen to
    /// e⁻⁴⁰.
    fn log_integral(&self, kappa: f64, from: f64, to: f64) -> f64 {
        let start = sin(0.5 * from) * sin(0.5 * from); // 1 − cos u = 2 sin²(u/2)
        let end = 2.0 * asin(sqrt((start + 20.0 / kappa).min(1.0)));
        let length = end.min(to) - from;
        // 1 − cos(from + w) − (1 − cos from) = 2 sin(from + w/2) sin(w/2)
        let fallen = |w: f64| 2.0 * kappa * sin(from + 0.5 * w) * sin(0.5 * w);
        let value = |&(node, weight): &(f64, f64)| weight * exp(-fallen(length * node));
        log(length * self.rule.iter().map(value).sum::<f64>()) - 2.0 * kappa * start
    }
}

/// ln(eᵃ + eᵇ); either may be −∞, not both.
fn log_add(a: f64, b: f64) -> f64 {
    let (high, low) = if a > b { (a, b) } else { (b, a) };
    high + log1p(exp(low - high))
}

/// Enough for exp(−40 t²) on [0, 1] to rounding error.
const NODES: usize = 32;

/// Nodes on [0, 1] and weights of the Gauss–Legendre rule: the nodes are the roots of the Legendre
/// polynomial P, found by Newton's method, and the weights 1 / ((1 − z²) P′(z)²), z on [−1, 1].
pub(super) fn gauss_legendre<const N: usize>() -> [(f64, f64); N] {
    let n = N as f64;
    std::array::from_fn(|i| {
        let mut z = cos(PI * (i as f64 + 0.75) / (n + 0.5));
        let mut slope = 0.0;
        for _ in 0..6 {
            let (mut p, mut previous) = (z, 1.0);
            for k in 2..=N {
                let k = k as f64;
                (p, previous) = (((2.0 * k - 1.0) * z * p - (k - 1.0) * previous) / k, p);
            }
            slope = n * (z * p - previous) / (z * z - 1.0);
            z -= p / slope;
        }
        (0.5 * (1.0 + z), 1.0 / ((1.0 - z * z) * slope * slope))
    })
}
