//! Curves of the plane with Gaussian noise: spirals, circles and a roll, after the data sets of
//! FFJORD's code (Grathwohl et al. 2019, `toy_data.py`), as laws.
//!
//! | symbol | meaning |
//! |---|---|
//! | γₖ(v) | the point of curve k at v in [0, 1] |
//! | w(v) | the density of v |
//! | σ | the standard deviation of the noise |

use super::moons::gauss_legendre;
use super::{Law, assert_rows};
use crate::random::Rng;
use crate::{Float, Tensor};
use libm::{cos, exp, hypot, log, sin, sqrt};
use std::f64::consts::{PI, TAU};

/// A point γₖ(v) of one of the curves, each as likely as the others, plus N(0, σ² I):
///
/// p(x) = 1/K Σₖ ∫ N(x; γₖ(v), σ² I) w(v) dv over v from 0 to 1.
///
/// The integral is by the rule of Gauss and Legendre, with 16 nodes on pieces no longer than 4 σ,
/// which makes of it a mixture of as many normal laws as there are nodes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Curves {
    /// γ(v) = ±(−θ cos θ, θ sin θ)/3 with θ = 3π v, w(v) = 2v, σ = 0.1: two arms of one and a half
    /// turns. FFJORD's points have, besides, independent offsets uniform on [0, 1/6)², subtracted
    /// on the second arm; ours have none.
    TwoSpirals,
    /// Circles of radius 3 and 1.5 at uniform angles, σ = 0.24: FFJORD's `circles`, but for its
    /// angles, which are evenly spaced in a batch.
    Circles,
    /// Circles of radius 0.75, 1.5, 2.25 and 3 at uniform angles, σ = 0.08: FFJORD's `rings`, but
    /// for its angles, which are evenly spaced in a batch.
    Rings,
    /// (θ cos θ, θ sin θ)/5 with θ uniform on [1.5π, 4.5π], σ = 0.2: FFJORD's `swissroll`, two of
    /// the three coordinates of scikit-learn's `make_swiss_roll`, shrunk.
    SwissRoll,
}

use Curves::{Circles, Rings, SwissRoll, TwoSpirals};

/// Nodes of a piece.
const NODES: usize = 16;

/// How far from the curves the quadrature of the entropy goes, and its steps, in units of σ.
const REACH: f64 = 8.0;
const FINE: f64 = 1.0 / 3.0;

/// A node of the quadrature: a point of a curve, and its part of the probability.
type Node = ([f64; 2], f64);

impl Curves {
    /// All of them, with their names.
    pub const ALL: [(&str, Curves); 4] = [
        ("two spirals", TwoSpirals),
        ("circles", Circles),
        ("rings", Rings),
        ("Swiss roll", SwissRoll),
    ];

    /// σ.
    pub fn noise(self) -> f64 {
        match self {
            TwoSpirals => 0.1,
            Circles => 0.24,
            Rings => 0.08,
            SwissRoll => 0.2,
        }
    }

    /// K.
    fn count(self) -> usize {
        match self {
            TwoSpirals | Circles => 2,
            Rings => 4,
            SwissRoll => 1,
        }
    }

    /// γₖ(v).
    fn point(self, k: usize, v: f64) -> [f64; 2] {
        let polar = |radius: f64, angle: f64| [radius * cos(angle), radius * sin(angle)];
        match self {
            TwoSpirals => {
                let [x, y] = polar(PI * v, 3.0 * PI * v);
                if k == 0 { [-x, y] } else { [x, -y] }
            }
            Circles => polar(1.5 * (k + 1) as f64, TAU * v),
            Rings => polar(0.75 * (k + 1) as f64, TAU * v),
            SwissRoll => polar((0.3 + 0.6 * v) * PI, (1.5 + 3.0 * v) * PI),
        }
    }

    /// The largest speed |γₖ′(v)|, at v = 1.
    fn speed(self, k: usize) -> f64 {
        match self {
            TwoSpirals => PI * hypot(1.0, 3.0 * PI),
            Circles => 1.5 * TAU * (k + 1) as f64,
            Rings => 0.75 * TAU * (k + 1) as f64,
            SwissRoll => 0.6 * PI * hypot(1.0, 4.5 * PI),
        }
    }

    /// v from its distribution function.
    fn quantile(self, u: f64) -> f64 {
        if self == TwoSpirals { sqrt(u) } else { u }
    }

    /// w(v).
    fn weight(self, v: f64) -> f64 {
        if self == TwoSpirals { 2.0 * v } else { 1.0 }
    }

    fn nodes(self) -> Vec<Node> {
        let (rule, count) = (gauss_legendre::<NODES>(), self.count());
        let mut nodes = vec![];
        for k in 0..count {
            let pieces = (self.speed(k) / (4.0 * self.noise())) as usize + 1;
            for piece in 0..pieces {
                for (place, share) in rule {
                    let v = (piece as f64 + place) / pieces as f64;
                    let weight = self.weight(v) * share / (pieces * count) as f64;
                    nodes.push((self.point(k, v), weight));
                }
            }
        }
        nodes
    }

    /// ln p(x), if x is not further than `reach` from all nodes.
    fn log_density_at(self, nodes: &[Node], x: [f64; 2], reach: f64) -> Option<f64> {
        let square = |p: [f64; 2]| (x[0] - p[0]) * (x[0] - p[0]) + (x[1] - p[1]) * (x[1] - p[1]);
        let least = nodes.iter().map(|&(p, _)| square(p)).fold(f64::INFINITY, f64::min);
        if least > reach * reach {
            return None;
        }
        let variance = self.noise() * self.noise();
        let term = |&(p, weight): &Node| {
            let fallen = (square(p) - least) / (2.0 * variance);
            if fallen < 40.0 { weight * exp(-fallen) } else { 0.0 }
        };
        let sum: f64 = nodes.iter().map(term).sum();
        Some(log(sum) - least / (2.0 * variance) - log(TAU * variance))
    }
}

impl Law for Curves {
    fn dim(&self) -> usize {
        2
    }

    fn sample(&self, n: usize, rng: &mut Rng) -> Tensor {
        let mut draw = || {
            let k = rng.below(self.count());
            self.point(k, self.quantile(rng.uniform_f64()))
        };
        let points: Vec<[f64; 2]> = (0..n).map(|_| draw()).collect();
        let z = rng.normal(&[n, 2]);
        let noisy = |(x, z): (&f64, &Float)| (x + self.noise() * f64::from(*z)) as Float;
        let data: Vec<Float> = points.as_flattened().iter().zip(z.data()).map(noisy).collect();
        Tensor::new(&[n, 2], data)
    }

    #[track_caller]
    fn log_density(&self, x: &Tensor) -> Vec<f64> {
        assert_rows("Curves", x, 2);
        let nodes = self.nodes();
        let log_p = |x| self.log_density_at(&nodes, x, f64::INFINITY);
        x.rows::<2>().into_iter().map(|x| log_p(x).unwrap_or(f64::NEG_INFINITY)).collect()
    }

    /// By the trapezoidal rule on a grid of σ/3 that ends 8 σ from the curves; ln p bends on the
    /// scale of σ, so the rule has converged (Trefethen & Weideman 2014).
    fn entropy(&self) -> f64 {
        let (nodes, h, margin) = (self.nodes(), FINE * self.noise(), REACH * self.noise());
        let side = |axis: usize| {
            let ends = nodes.iter().map(|(p, _)| p[axis]);
            let low = ends.clone().fold(f64::INFINITY, f64::min) - margin;
            let high = ends.fold(f64::NEG_INFINITY, f64::max) + margin;
            (low, ((high - low) / h) as usize + 2)
        };
        let ((left, columns), (bottom, rows)) = (side(0), side(1));
        let term = |i: usize| {
            let x = [left + h * (i % columns) as f64, bottom + h * (i / columns) as f64];
            let log_p = self.log_density_at(&nodes, x, margin)?;
            Some(-h * h * exp(log_p) * log_p)
        };
        (0..columns * rows).filter_map(term).sum()
    }
}
