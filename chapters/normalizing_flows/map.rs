//! What happens to one number, once a network has said how: shifted, scaled, or bent by a spline.

use super::spline::rational_quadratic;
use crate::{Float, Tensor};

// ANCHOR: map
/// A growing map of the line with P parameters θ; all zero make it the identity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Map {
    /// y = x + t (NICE, Dinh et al. 2015): P = 1, volume is kept.
    Additive,
    /// y = x eˢ + t (RealNVP, Dinh et al. 2017, eq. 4): P = 2. s = 3 tanh(θ/3) cannot run away.
    Affine,
    /// A rational-quadratic spline on [−bound, bound], the identity outside (Durkan et al. 2019).
    Spline {
        /// K, the number of bins: P = 3K − 1.
        bins: usize,
        /// Where the straight tails begin.
        bound: Float,
    },
}

impl Map {
    /// Eight bins on [−4, 4].
    pub const SPLINE: Map = Map::Spline { bins: 8, bound: 4.0 };

    /// P.
    pub fn parameters(self) -> usize {
        match self {
            Map::Additive => 1,
            Map::Affine => 2,
            Map::Spline { bins, .. } => 3 * bins - 1,
        }
    }

    /// y and ln dy/dx of every number: x `[n, k]`, θ `[n, k, P]` → `[n, k]` twice.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn forward(self, x: &Tensor, theta: &Tensor) -> (Tensor, Tensor) {
        match self {
            Map::Additive => (x + part(theta, 0), Tensor::zeros(x.shape())),
            Map::Affine => {
                let (s, t) = (log_scale(theta), part(theta, 1));
                (x * s.exp() + t, s)
            }
            Map::Spline { bound, .. } => rational_quadratic(x, theta, bound, false),
        }
    }

    /// x of every number: y `[n, k]`, θ `[n, k, P]` → `[n, k]`.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn inverse(self, y: &Tensor, theta: &Tensor) -> Tensor {
        match self {
            Map::Additive => y - part(theta, 0),
            Map::Affine => (y - part(theta, 1)) * (-log_scale(theta)).exp(),
            Map::Spline { bound, .. } => rational_quadratic(y, theta, bound, true).0,
        }
    }
}

fn log_scale(theta: &Tensor) -> Tensor {
    (part(theta, 0) / 3.0).tanh() * 3.0
}
// ANCHOR_END: map

/// One parameter of every number: `[n, k, P]` → `[n, k]`.
#[track_caller]
fn part(theta: &Tensor, p: usize) -> Tensor {
    theta.slice(2, p..p + 1).reshape(&theta.shape()[..2])
}
