//! The isotropic normal law.

use super::{Law, assert_rows};
use crate::random::Rng;
use crate::{Float, Tensor};
use std::f64::consts::PI;

/// N(μ, σ² I) in d dimensions, d being the length of `mean`.
///
/// p(x) = (2πσ²)^(−d/2) exp(−‖x − μ‖² / 2σ²), and its entropy is d/2 · ln(2πe σ²).
///
/// Every method panics unless `std` is positive and finite.
#[derive(Clone, Debug, PartialEq)]
pub struct Normal {
    /// μ, one number a dimension.
    pub mean: Vec<f64>,
    /// σ, the same in every direction.
    pub std: f64,
}

impl Normal {
    /// N(0, I) in `d` dimensions.
    pub fn standard(d: usize) -> Normal {
        Normal { mean: vec![0.0; d], std: 1.0 }
    }

    /// d/2 · ln(2πσ²), minus the largest value of ln p.
    #[track_caller]
    fn log_normaliser(&self) -> f64 {
        self.assert_valid();
        0.5 * self.mean.len() as f64 * libm::log(2.0 * PI * self.std * self.std)
    }

    #[track_caller]
    fn assert_valid(&self) {
        assert!(
            self.std > 0.0 && self.std.is_finite(),
            "Normal: std is {}, but must be positive and finite",
            self.std
        );
    }
}

impl Law for Normal {
    fn dim(&self) -> usize {
        self.mean.len()
    }

    #[track_caller]
    fn sample(&self, n: usize, rng: &mut Rng) -> Tensor {
        self.assert_valid();
        let z = rng.normal(&[n, self.dim()]);
        let x = |(i, &z): (usize, &Float)| {
            (self.mean[i % self.dim()] + self.std * f64::from(z)) as Float
        };
        Tensor::new(z.shape(), z.data().iter().enumerate().map(x).collect::<Vec<Float>>())
    }

    #[track_caller]
    fn log_density(&self, x: &Tensor) -> Vec<f64> {
        assert_rows("Normal", x, self.dim());
        let log_normaliser = self.log_normaliser();
        let log_density = |row: &[Float]| {
            let scaled =
                row.iter().zip(&self.mean).map(|(&x, mean)| (f64::from(x) - mean) / self.std);
            -0.5 * scaled.map(|z| z * z).sum::<f64>() - log_normaliser
        };
        x.data().chunks_exact(self.dim()).map(log_density).collect()
    }

    #[track_caller]
    fn entropy(&self) -> f64 {
        0.5 * self.mean.len() as f64 + self.log_normaliser()
    }
}
