//! Losses that average over every element: fused forward, rule in tensor ops.

use super::Tensor;
use crate::Float;
use crate::autograd::record;
use crate::kernels::maths;

/// # Losses
impl Tensor {
    /// The mean of (x − target)² over all elements. VJP ±2 g (x − target) / n.
    ///
    /// # Panics
    /// If the shapes are not equal: broadcasting a loss is nearly always a mistake.
    #[track_caller]
    pub fn mse(&self, target: &Tensor) -> Tensor {
        assert_equal_shapes("mse", self, target);
        let forward = |x: &[&Tensor]| (x[0].detach() - x[1].detach()).square().mean(..);
        record("mse", &[self, target], forward, |g, x, _y, i| {
            let d = if i == 0 { &x[0] - &x[1] } else { &x[1] - &x[0] };
            d * (g * (2.0 / x[0].len() as Float))
        })
    }

    /// The mean of −t ln σ(x) − (1 − t) ln(1 − σ(x)) over all elements, computed as max(x, 0) − x t
    /// + ln(1 + e^−|x|), which does not overflow. VJP g (σ(x) − t) / n; −g x / n.
    ///
    /// # Panics
    /// If the shapes are not equal.
    #[track_caller]
    pub fn bce_with_logits(&self, target: &Tensor) -> Tensor {
        assert_equal_shapes("bce_with_logits", self, target);
        let forward = |x: &[&Tensor]| {
            let terms = super::zip(
                "bce_with_logits",
                x[0],
                x[1],
                #[inline(always)]
                |x, t| (if x > 0.0 { x } else { 0.0 }) - x * t + maths::softplus(-x.abs()),
            );
            terms.mean(..)
        };
        record("bce_with_logits", &[self, target], forward, |g, x, _y, i| {
            let d = if i == 0 { x[0].sigmoid() - &x[1] } else { -&x[0] };
            d * (g / x[0].len() as Float)
        })
    }
}

#[track_caller]
fn assert_equal_shapes(name: &str, x: &Tensor, target: &Tensor) {
    assert!(
        x.shape() == target.shape(),
        "{name}: shapes {:?} and {:?} must be equal; reshape one of them, for instance [n] to [n, 1]",
        x.shape(),
        target.shape()
    );
}
