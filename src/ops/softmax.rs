//! Softmax and its logarithm along one axis: fused forward, rule in tensor ops.

use super::Tensor;
use super::reduce::axis_index;
use crate::autograd::record;

/// # Softmax
impl Tensor {
    /// y = eˣ / Σ eˣ along `axis`, without overflow. VJP y (g − Σ g y).
    ///
    /// # Panics
    /// If there is no such axis.
    #[track_caller]
    pub fn softmax(&self, axis: isize) -> Tensor {
        axis_index("softmax", axis, self.shape());
        let forward = move |x: &[&Tensor]| {
            let e = below_max(x[0], axis).exp();
            &e / e.sum_keep(axis)
        };
        record("softmax", &[self], forward, move |g, _x, y, _| y * (g - (g * y).sum_keep(axis)))
    }

    /// y = x − ln Σ eˣ along `axis`. VJP g − eʸ Σ g.
    ///
    /// # Panics
    /// If there is no such axis.
    #[track_caller]
    pub fn log_softmax(&self, axis: isize) -> Tensor {
        axis_index("log_softmax", axis, self.shape());
        let forward = move |x: &[&Tensor]| {
            let d = below_max(x[0], axis);
            &d - d.exp().sum_keep(axis).ln()
        };
        record("log_softmax", &[self], forward, move |g, _x, y, _| g - y.exp() * g.sum_keep(axis))
    }
}

/// x less its largest along the axis, as a constant. Subtracting ln Σ eˣ from x itself would round at
/// the size of x.
fn below_max(x: &Tensor, axis: isize) -> Tensor {
    let x = x.detach();
    if x.is_empty() { x } else { &x - x.max_keep(axis) }
}
