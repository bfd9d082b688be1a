//! The affine map of a network's layer: fused forward, rule in tensor ops.

use super::Tensor;
use crate::autograd::record;
use crate::kernels::gemm::{Matrix, gemm};
use crate::kernels::memory;

/// # Layers
impl Tensor {
    /// y = x Wᵀ + b: x `[.., in]`, W `[out, in]`, b `[out]` → `[.., out]`. VJP G W; Gᵀ x; Σ G over
    /// all but the last axis.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn linear(&self, weight: &Tensor, bias: &Tensor) -> Tensor {
        let (&[outputs, inputs], &[biases]) = (weight.shape(), bias.shape()) else {
            panic!(
                "linear: weight {:?} and bias {:?} must be [out, in] and [out]",
                weight.shape(),
                bias.shape()
            )
        };
        assert!(
            self.shape().last() == Some(&inputs),
            "linear: x has shape {:?}, but the weight {:?} takes in = {inputs} numbers along the last \
             axis; reshape x to [.., {inputs}]",
            self.shape(),
            weight.shape()
        );
        assert!(
            biases == outputs,
            "linear: the weight {:?} gives out = {outputs} numbers, the bias {:?} has {biases}; they \
             must be equal",
            weight.shape(),
            bias.shape()
        );
        let forward = |x: &[&Tensor]| {
            let (&[outputs, inputs], before) = (x[1].shape(), &x[0].shape()[..x[0].rank() - 1])
            else {
                unreachable!("the weight was seen to be a matrix")
            };
            let rows = before.iter().product();
            let mut y = memory::take(rows * outputs);
            let [x_rows, w_t] =
                [Matrix::new(x[0].data(), inputs), Matrix::new(x[1].data(), inputs).t()];
            gemm(x_rows, w_t, [rows, inputs, outputs], Some(x[2].data()), &mut y);
            Tensor::new(&[before, &[outputs]].concat(), y)
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
