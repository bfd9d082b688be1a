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
        let forward = move |x: &[&Tensor]| x[0].detach().log_softmax(axis).exp();
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
            let x = x[0].detach();
            &x - x.log_sum_exp_keep(axis)
        };
        record("log_softmax", &[self], forward, move |g, _x, y, _| g - y.exp() * g.sum_keep(axis))
    }
}
