//! The affine map of a network's layer: fused forward, rule in tensor ops.

use super::Tensor;
use crate::autograd::record;

/// # Layers
impl Tensor {
    /// y = x Wᵀ + b: x `[.., in]`, W `[out, in]`, b `[out]` → `[.., out]`. VJP G W; Gᵀ x; Σ G over
    /// all but the last axis.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn linear(&self, weight: &Tensor, bias: &Tensor) -> Tensor {
        let fits = match (self.shape(), weight.shape(), bias.shape()) {
            ([.., x_in], [w_out, w_in], [b_out]) => x_in == w_in && w_out == b_out,
            _ => false,
        };
        assert!(
            fits,
            "linear: x {:?}, weight {:?} and bias {:?} must be [.., in], [out, in] and [out]",
            self.shape(),
            weight.shape(),
            bias.shape()
        );
        let forward = |x: &[&Tensor]| {
            let [x, w, b] = [x[0], x[1], x[2]].map(Tensor::detach);
            rows(&x).matmul_nt(&w).reshape(&[&x.shape()[..x.rank() - 1], b.shape()].concat()) + b
        };
        record("linear", &[self, weight, bias], forward, |g, x, _y, i| match i {
            0 => g.matmul(&x[1]),
            1 => rows(g).matmul_tn(&rows(&x[0])),
            _ => rows(g).sum(0),
        })
    }
}

/// `[.., n]` as `[rows, n]`.
fn rows(x: &Tensor) -> Tensor {
    let n = x.shape()[x.rank() - 1];
    let rows = x.shape()[..x.rank() - 1].iter().product();
    x.reshape(&[rows, n])
}
