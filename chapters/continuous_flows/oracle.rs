//! A flow whose every density is known: it moves and scales the standard normal law.

use super::log_normal;
use crate::{Float, Tensor};

// ANCHOR: gaussian
/// x_t = s_t x₀ + t m with s_t = 1 − t + t s: straight lines from N(0, I) to N(m, s² I).
///
/// u_t(x) = s_t′/s_t (x − t m) + m, div u_t = d s_t′/s_t, and p_t = N(t m, s_t² I).
#[derive(Clone, Debug, PartialEq)]
pub struct GaussianFlow {
    /// m, d numbers.
    pub mean: Vec<Float>,
    /// s.
    pub std: Float,
}

impl GaussianFlow {
    /// s_t, of the shape of t.
    fn scale(&self, t: &Tensor) -> Tensor {
        t * (self.std - 1.0) + 1.0
    }

    /// m, `[1, d]`.
    fn mean(&self) -> Tensor {
        Tensor::new(&[1, self.mean.len()], self.mean.clone())
    }

    /// u_t(x): t `[n, 1]`, x `[n, d]` → `[n, d]`.
    pub fn velocity(&self, t: &Tensor, x: &Tensor) -> Tensor {
        (x - t * self.mean()) * (self.std - 1.0) / self.scale(t) + self.mean()
    }

    /// ln p_t(x): `[n]`.
    pub fn log_density(&self, t: &Tensor, x: &Tensor) -> Tensor {
        let (s, d) = (self.scale(t), self.mean.len() as Float);
        log_normal(&((x - t * self.mean()) / &s)) - s.ln().reshape(&[t.len()]) * d
    }
}
// ANCHOR_END: gaussian
