//! The statements of the book, each computed on both sides: a test's name begins with the number of
//! its statement. What is estimated states its standard error, and every test shows that the usual
//! mistake would be seen.

mod bridge;
mod continuous_flows;
mod couplings;
mod diffusion;
mod flow_and_diffusion;
mod gan;
mod gan_small;
mod guidance;
mod interpolants;
mod networks;
mod normalizing_flows;
mod odes;
mod one_network;
mod paths;
mod rectified_flow;
mod reverse_mode;
mod score_matching;
mod sdes;
mod second_derivatives;
mod speed;
mod tensors;
mod theorems;
mod training;
mod vae;

use pushforward::chapters::flow_matching::oracle::Marginal;
use pushforward::chapters::flow_matching::path::Path;
use pushforward::data::Mixture;
use pushforward::{Float, Tensor};

/// A mean over independent values, with its standard error.
#[derive(Clone, Copy, Debug)]
pub struct Estimate {
    pub mean: f64,
    pub error: f64,
}

impl Estimate {
    pub fn of(values: &[f64]) -> Estimate {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0);
        Estimate { mean, error: (variance / n).sqrt() }
    }

    /// How many standard errors the mean lies from a value.
    pub fn away_from(&self, value: f64) -> f64 {
        (self.mean - value).abs() / self.error
    }
}

pub fn as_f64(x: &Tensor) -> Vec<f64> {
    x.data().iter().map(|&v| f64::from(v)).collect()
}

/// The largest difference of two tensors, relative to the largest number of the second (at least 1).
#[track_caller]
pub fn difference(a: &Tensor, b: &Tensor) -> f64 {
    assert_eq!(a.shape(), b.shape());
    let size = as_f64(b).into_iter().fold(1.0, |size: f64, v| size.max(v.abs()));
    let pairs = as_f64(a).into_iter().zip(as_f64(b));
    let largest = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(largest.is_finite());
    largest / size
}

/// What rounding may leave of a difference: a few hundred ulp.
pub const ROUNDING: f64 = 500.0 * Float::EPSILON as f64;

/// Two modes on the line, of unequal weight.
pub fn two_modes() -> Mixture {
    Mixture { weights: vec![0.3, 0.7], means: vec![vec![-1.5], vec![1.0]], std: 0.4 }
}

/// Three modes in the plane.
pub fn three_modes() -> Mixture {
    let means = vec![vec![-1.0, 0.5], vec![1.2, 1.0], vec![0.3, -1.4]];
    Mixture { weights: vec![0.5, 0.3, 0.2], means, std: 0.5 }
}

/// The marginal of every path, with its name.
pub fn marginals(data: &Mixture) -> [(&'static str, Marginal); 5] {
    Path::ALL.map(|(name, path)| (name, Marginal { path, data: data.clone() }))
}
