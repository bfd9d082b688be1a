//! Comparisons, signs, and positions of extremes: constants, whatever went in. They have no
//! gradient: their derivative is 0 wherever it exists, so none is recorded. And the choice made by
//! a comparison.

use super::reduce::Axes;
use super::{broadcast_shape, zip};
use crate::autograd::record;
use crate::kernels;
use crate::{Float, Tensor};

/// # Comparisons (no gradient)
///
/// 1 where true and 0 where false; the operands broadcast, and either may be a number. NaN is
/// unequal to everything.
impl Tensor {
    /// 1 where a > b. No gradient.
    #[track_caller]
    pub fn gt(&self, other: impl Into<Tensor>) -> Tensor {
        self.compare("gt", &other.into(), |a, b| a > b)
    }

    /// 1 where a ≥ b. No gradient.
    #[track_caller]
    pub fn ge(&self, other: impl Into<Tensor>) -> Tensor {
        self.compare("ge", &other.into(), |a, b| a >= b)
    }

    /// 1 where a < b. No gradient.
    #[track_caller]
    pub fn lt(&self, other: impl Into<Tensor>) -> Tensor {
        self.compare("lt", &other.into(), |a, b| a < b)
    }

    /// 1 where a ≤ b. No gradient.
    #[track_caller]
    pub fn le(&self, other: impl Into<Tensor>) -> Tensor {
        self.compare("le", &other.into(), |a, b| a <= b)
    }

    /// 1 where a = b. No gradient.
    #[track_caller]
    pub fn eq(&self, other: impl Into<Tensor>) -> Tensor {
        self.compare("eq", &other.into(), |a, b| a == b)
    }

    /// 1 where a ≠ b. No gradient.
    #[track_caller]
    pub fn ne(&self, other: impl Into<Tensor>) -> Tensor {
        self.compare("ne", &other.into(), |a, b| a != b)
    }

    #[track_caller]
    fn compare(
        &self,
        name: &str,
        other: &Tensor,
        f: impl Fn(Float, Float) -> bool + Sync,
    ) -> Tensor {
        zip(name, self, other, |a, b| if f(a, b) { 1.0 } else { 0.0 })
    }

    /// −1, 0 or 1; NaN of NaN. No gradient.
    pub fn sign(&self) -> Tensor {
        self.map(|x| {
            if x > 0.0 {
                1.0
            } else if x < 0.0 {
                -1.0
            } else {
                x * 0.0
            }
        })
    }

    /// Where along `axis` the largest element stands first, the axis dropped. No gradient.
    ///
    /// # Panics
    /// If there is no such axis, or it is empty.
    #[track_caller]
    pub fn argmax(&self, axis: isize) -> Tensor {
        let (shape, sizes) = Axes::from(axis).nonempty("argmax", self.shape());
        Tensor::new(&shape, kernels::reduce::argmax(self.data(), sizes))
    }

    /// Where along `axis` the smallest element stands first, the axis dropped. No gradient.
    ///
    /// # Panics
    /// As [`argmax`](Tensor::argmax).
    #[track_caller]
    pub fn argmin(&self, axis: isize) -> Tensor {
        let (shape, sizes) = Axes::from(axis).nonempty("argmin", self.shape());
        Tensor::new(&shape, kernels::reduce::argmax((-self.detach()).data(), sizes))
    }

    /// `a` where this mask is not 0, else `b`; all three broadcast. VJP g where the element was
    /// taken; none for the mask.
    ///
    /// ```
    /// # use pushforward::Tensor;
    /// let x = Tensor::from([-4.0, 9.0]);
    /// let inside = x.gt(0.0);
    /// let root = inside.select(&x, &Tensor::scalar(1.0)).sqrt();
    /// assert_eq!(inside.select(&root, &(-&x)).data(), [4.0, 3.0]);
    /// ```
    ///
    /// Here √ never sees −4. Had it, the value would be right all the same, but not the gradient: the
    /// rule of √ would turn the 0 that arrives there into NaN.
    #[track_caller]
    pub fn select(&self, a: &Tensor, b: &Tensor) -> Tensor {
        let shape = broadcast_shape("select", a.shape(), b.shape());
        let shape = broadcast_shape("select", self.shape(), &shape);
        let forward = move |x: &[&Tensor]| {
            let [mask, a, b] = [0, 1, 2].map(|i| x[i].detach().broadcast_to(&shape));
            let taken = mask.data().iter().zip(a.data().iter().zip(b.data()));
            let taken = taken.map(|(&m, (&a, &b))| if m != 0.0 { a } else { b });
            Tensor::new(&shape, taken.collect::<Vec<_>>())
        };
        record("select", &[&self.detach(), a, b], forward, |g, x, _y, i| {
            let taken = if i == 1 { x[0].ne(0.0) } else { x[0].eq(0.0) };
            g.where_true(&taken).sum_to(x[i].shape())
        })
    }

    /// This where the mask is not 0, else 0. A rule must not multiply by the mask instead: 0 times an
    /// infinite gradient is NaN.
    pub(super) fn where_true(&self, mask: &Tensor) -> Tensor {
        mask.select(self, &Tensor::scalar(0.0))
    }
}
