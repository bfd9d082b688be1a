//! Mixtures of isotropic normal laws of one width.

use super::{Law, assert_rows};
use crate::random::Rng;
use crate::{Float, Tensor};
use libm::{exp, log};
use std::f64::consts::TAU;

/// Σₖ wₖ N(mₖ, s² I).
///
/// The law of eight Gaussians and other toys, and one whose path from noise is known in closed form.
/// Every method panics unless the weights are positive with sum 1, there is a mean of the same
/// dimension for each, and `std` is positive and finite.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixture {
    /// wₖ.
    pub weights: Vec<f64>,
    /// mₖ, each of d numbers.
    pub means: Vec<Vec<f64>>,
    /// s.
    pub std: f64,
}

/// Grid points to a standard deviation, and standard deviations to the end of the grid, in the
/// quadrature of the entropy.
const FINE: i32 = 4;
const REACH: i32 = 9;

impl Mixture {
    /// Components of equal weight.
    pub fn even(means: Vec<Vec<f64>>, std: f64) -> Mixture {
        Mixture { weights: vec![1.0 / means.len() as f64; means.len()], means, std }
    }

    /// Eight components evenly on a circle of radius 5, of standard deviation 0.562: the law that
    /// the code of Tong et al. (2024), torchcfm, calls eight Gaussians.
    pub fn eight_gaussians() -> Mixture {
        let at = |k: usize| {
            let angle = TAU * k as f64 / 8.0;
            vec![5.0 * libm::cos(angle), 5.0 * libm::sin(angle)]
        };
        Mixture::even((0..8).map(at).collect(), 0.562)
    }

    /// ln p at one point.
    fn log_density_at(&self, x: &[f64]) -> f64 {
        let variance = self.std * self.std;
        let term = |(w, m): (&f64, &Vec<f64>)| {
            let square: f64 = x.iter().zip(m).map(|(x, m)| (x - m) * (x - m)).sum();
            log(*w) - square / (2.0 * variance)
        };
        let terms: Vec<f64> = self.weights.iter().zip(&self.means).map(term).collect();
        let largest = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = terms.iter().map(|term| exp(term - largest)).sum();
        largest + log(sum) - 0.5 * self.dim() as f64 * log(TAU * variance)
    }

    /// The component whose share of [0, 1) holds u.
    fn component(&self, u: f64) -> usize {
        let mut below = 0.0;
        let last = self.weights.len() - 1;
        let holds = |w: &f64| {
            below += w;
            u < below
        };
        self.weights.iter().position(holds).unwrap_or(last)
    }

    #[track_caller]
    fn assert_valid(&self) {
        let (d, sum) = (self.means.first().map_or(0, Vec::len), self.weights.iter().sum::<f64>());
        let whole = d > 0
            && self.means.len() == self.weights.len()
            && self.means.iter().all(|mean| mean.len() == d)
            && self.weights.iter().all(|&w| w > 0.0)
            && (sum - 1.0).abs() < 1e-12;
        assert!(
            whole && self.std > 0.0 && self.std.is_finite(),
            "Mixture: the weights {:?} must be positive with sum 1, with one mean of {d} numbers each, \
             and the std {} positive and finite",
            self.weights,
            self.std
        );
    }
}

impl Law for Mixture {
    fn dim(&self) -> usize {
        self.means.first().map_or(0, Vec::len)
    }

    #[track_caller]
    fn sample(&self, n: usize, rng: &mut Rng) -> Tensor {
        self.assert_valid();
        let component: Vec<usize> = (0..n).map(|_| self.component(rng.uniform_f64())).collect();
        let z = rng.normal(&[n, self.dim()]);
        let x = |(i, &z): (usize, &Float)| {
            let mean = &self.means[component[i / self.dim()]];
            (mean[i % self.dim()] + self.std * f64::from(z)) as Float
        };
        Tensor::new(z.shape(), z.data().iter().enumerate().map(x).collect::<Vec<Float>>())
    }

    #[track_caller]
    fn log_density(&self, x: &Tensor) -> Vec<f64> {
        self.assert_valid();
        assert_rows("Mixture", x, self.dim());
        let rows = x.data().chunks_exact(self.dim());
        rows.map(|row| {
            let row: Vec<f64> = row.iter().map(|&v| f64::from(v)).collect();
            self.log_density_at(&row)
        })
        .collect()
    }

    /// −Σₖ wₖ ∫ N(x; mₖ, s² I) ln p(x) dx, by the trapezoidal rule on a grid of s/4 around each mean
    /// to 9 s: ln p bends on the scale of s, so the rule has converged (Trefethen & Weideman 2014).
    ///
    /// # Panics
    /// In more than 3 dimensions, whose grid would be too large.
    #[track_caller]
    fn entropy(&self) -> f64 {
        self.assert_valid();
        let d = self.dim();
        assert!(d <= 3, "Mixture: the entropy is by quadrature, for 3 dimensions at most, not {d}");
        let side = (2 * FINE * REACH + 1) as usize;
        let place = |i: usize| (i as i32 - FINE * REACH) as f64 / f64::from(FINE);
        let mut integral = 0.0;
        for point in 0..side.pow(d as u32) {
            let z: Vec<f64> =
                (0..d).map(|axis| place(point / side.pow(axis as u32) % side)).collect();
            let square: f64 = z.iter().map(|z| z * z).sum();
            let weight =
                exp(-0.5 * square) / libm::pow(f64::from(FINE) * libm::sqrt(TAU), d as f64);
            for (w, mean) in self.weights.iter().zip(&self.means) {
                let x: Vec<f64> = mean.iter().zip(&z).map(|(m, z)| m + self.std * z).collect();
                integral += w * weight * self.log_density_at(&x);
            }
        }
        -integral
    }
}
