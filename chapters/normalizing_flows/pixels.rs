//! Layers for pictures, without parameters: from the unit interval to the line, and another order.

use super::Transform;
use crate::nn::Module;
use crate::{Float, Tensor};

// ANCHOR: logit
/// y = ln v/(1 − v) with v = α + (1 − 2α) x, for x in [0, 1]: `[n, d]`. ladj = Σ ln (1 − 2α) − ln
/// v(1 − v).
///
/// Normal noise is everywhere, pixels are between 0 and 1; α keeps y finite at both ends (Dinh et
/// al. 2017, section 4.1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Logit {
    /// α.
    pub alpha: Float,
}

impl Transform for Logit {
    fn forward(&self, x: &Tensor) -> (Tensor, Tensor) {
        let v = x * (1.0 - 2.0 * self.alpha) + self.alpha;
        let (up, down) = (v.ln(), (1.0 - v).ln());
        let constant = libm::log(1.0 - 2.0 * f64::from(self.alpha)) as Float;
        (&up - &down, (constant - up - down).sum(1))
    }

    fn inverse(&self, y: &Tensor) -> Tensor {
        (y.sigmoid() - self.alpha) / (1.0 - 2.0 * self.alpha)
    }

    fn copy(&self) -> Box<dyn Transform> {
        Box::new(*self)
    }
}
// ANCHOR_END: logit

// ANCHOR: interleaved
/// The even numbers first, then the odd ones: x₀, x₂, …, x₁, x₃, …. A coupling behind it tells each
/// pixel of a row about its neighbours, instead of the lower half of a picture about the upper one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interleaved;

impl Transform for Interleaved {
    fn forward(&self, x: &Tensor) -> (Tensor, Tensor) {
        let [n, d] = [x.shape()[0], x.shape()[1]];
        let order = |i: usize| if i < d.div_ceil(2) { 2 * i } else { 2 * (i - d.div_ceil(2)) + 1 };
        let index = Tensor::from_fn(&[n, d], |i| order(i % d) as Float);
        (x.gather(1, &index), Tensor::zeros(&[n]))
    }

    fn inverse(&self, y: &Tensor) -> Tensor {
        let [n, d] = [y.shape()[0], y.shape()[1]];
        let place = |i: usize| if i.is_multiple_of(2) { i / 2 } else { d.div_ceil(2) + i / 2 };
        y.gather(1, &Tensor::from_fn(&[n, d], |i| place(i % d) as Float))
    }

    fn copy(&self) -> Box<dyn Transform> {
        Box::new(*self)
    }
}
// ANCHOR_END: interleaved

impl Module for Logit {
    fn parameters(&self) -> Vec<(String, &Tensor)> {
        vec![]
    }

    fn parameters_mut(&mut self) -> Vec<(String, &mut Tensor)> {
        vec![]
    }
}

impl Module for Interleaved {
    fn parameters(&self) -> Vec<(String, &Tensor)> {
        vec![]
    }

    fn parameters_mut(&mut self) -> Vec<(String, &mut Tensor)> {
        vec![]
    }
}
