//! Sums, means, extremes over any axes, and the running sum.
//!
//! Each takes its axes as a number, an array, or `..` for all, negative ones counted from the end,
//! and drops them; the form ending in `_keep` keeps them with size 1, ready to broadcast.

use crate::autograd::record;
use crate::kernels;
use crate::{Float, Tensor};
use std::ops::RangeFull;

/// The axes of a reduction: `1`, `-1`, `[0, 2]`, or `..` for all.
#[derive(Clone, Debug, PartialEq)]
pub enum Axes {
    /// Every axis.
    All,
    /// These axes, in any order; negative ones count from the end.
    These(Vec<isize>),
}

impl From<isize> for Axes {
    fn from(axis: isize) -> Axes {
        Axes::These(vec![axis])
    }
}

impl<const N: usize> From<[isize; N]> for Axes {
    fn from(axes: [isize; N]) -> Axes {
        Axes::These(axes.to_vec())
    }
}

impl<const N: usize> From<&[isize; N]> for Axes {
    fn from(axes: &[isize; N]) -> Axes {
        Axes::These(axes.to_vec())
    }
}

impl From<&[isize]> for Axes {
    fn from(axes: &[isize]) -> Axes {
        Axes::These(axes.to_vec())
    }
}

impl From<RangeFull> for Axes {
    fn from(_: RangeFull) -> Axes {
        Axes::All
    }
}

/// An axis that may count from the end, as an index into `shape`.
///
/// # Panics
/// If there is no such axis, naming the op.
#[track_caller]
pub(crate) fn axis_index(name: &str, axis: isize, shape: &[usize]) -> usize {
    let rank = shape.len() as isize;
    assert!(
        (-rank..rank).contains(&axis),
        "{name}: shape {shape:?} has no axis {axis}; its axes are {}",
        if rank == 0 { String::from("none") } else { format!("{} … {}", -rank, rank - 1) }
    );
    axis.rem_euclid(rank) as usize
}

impl Axes {
    /// Which axes of `shape` are meant.
    #[track_caller]
    fn mask(&self, name: &str, shape: &[usize]) -> Vec<bool> {
        let Axes::These(axes) = self else { return vec![true; shape.len()] };
        let mut mask = vec![false; shape.len()];
        for &axis in axes {
            let seen = std::mem::replace(&mut mask[axis_index(name, axis, shape)], true);
            assert!(!seen, "{name}: axis {axis} of {axes:?} is named twice (shape {shape:?})");
        }
        mask
    }

    /// For one axis that must not be empty: the shape without it, and the sizes before, along and
    /// after it.
    #[track_caller]
    pub(super) fn nonempty(&self, name: &str, shape: &[usize]) -> (Vec<usize>, [usize; 3]) {
        let over = Over::new(name, shape, self);
        over.assert_nonempty(name, shape);
        (over.dropped(), sizes(shape, over.mask.iter().position(|&m| m).unwrap_or(0)))
    }
}

/// The sizes before, along and after an axis.
fn sizes(shape: &[usize], axis: usize) -> [usize; 3] {
    [shape[..axis].iter().product(), shape[axis], shape[axis + 1..].iter().product()]
}

/// A reduction laid out: which axes go, and the shape with them kept at size 1.
struct Over {
    mask: Vec<bool>,
    kept: Vec<usize>,
    /// How many elements are reduced to one.
    count: usize,
}

impl Over {
    #[track_caller]
    fn new(name: &str, shape: &[usize], axes: &Axes) -> Over {
        let mask = axes.mask(name, shape);
        let kept = shape.iter().zip(&mask).map(|(&n, &gone)| if gone { 1 } else { n }).collect();
        let count = shape.iter().zip(&mask).filter(|(_, gone)| **gone).map(|(n, _)| n).product();
        Over { mask, kept, count }
    }

    fn dropped(&self) -> Vec<usize> {
        self.kept.iter().zip(&self.mask).filter(|(_, gone)| !**gone).map(|(&n, _)| n).collect()
    }

    #[track_caller]
    fn assert_nonempty(&self, name: &str, shape: &[usize]) {
        assert!(
            self.count > 0,
            "{name}: shape {shape:?} has no element along the axes to reduce, and nothing has no {name}"
        );
    }

    /// The numbers seen as [outer, k, inner] with the reduced axes in the middle: as they lie if
    /// those axes are neighbours, else permuted to the end.
    fn reduce(&self, x: &Tensor, kernel: fn(&[Float], [usize; 3]) -> Vec<Float>) -> Tensor {
        let gone = |axis: &usize| self.mask[*axis];
        let axes = 0..x.rank();
        let first = axes.clone().find(gone).unwrap_or(0);
        let end = axes.clone().rev().find(gone).map_or(first, |last| last + 1);
        let size = |axes: &[usize]| axes.iter().product::<usize>();
        let y = if (first..end).all(|axis| self.mask[axis] || x.shape()[axis] == 1) {
            let outer = size(&x.shape()[..first]);
            kernel(x.data(), [outer, self.count, size(&x.shape()[end..])])
        } else {
            let (last, order): (Vec<usize>, Vec<usize>) = axes.partition(gone);
            let order = [order, last].concat();
            let moved = x.detach().permute(&order);
            kernel(moved.data(), [size(&self.kept), self.count, 1])
        };
        Tensor::new(&self.kept, y)
    }
}

/// Records a reduction that keeps its axes; the rule is given g in the shape of y.
#[track_caller]
fn reduction(
    name: &'static str,
    x: &Tensor,
    axes: &Axes,
    forward: impl Fn(&Tensor, &Axes) -> Tensor + 'static,
    rule: impl Fn(&Tensor, &Tensor, &Tensor) -> Tensor + 'static,
) -> Tensor {
    let axes = axes.clone();
    record(name, &[x], move |x| forward(&x[0].detach(), &axes), move |g, x, y, _| rule(g, &x[0], y))
}

/// # Reductions
impl Tensor {
    /// Removes the axes of a result that kept them.
    fn drop_axes(&self, axes: &Axes) -> Tensor {
        let shape = Over::new("reduce", self.shape(), axes).dropped();
        self.reshape(&shape)
    }

    /// y = Σ x over `axes`. VJP g, broadcast.
    ///
    /// Over the last axes the sum runs in 16 lanes; over others it is one chain, whose rounding error
    /// grows with its length: in f32 it stops growing at 2²⁴ ones.
    #[track_caller]
    pub fn sum(&self, axes: impl Into<Axes>) -> Tensor {
        let axes = axes.into();
        self.sum_keep(axes.clone()).drop_axes(&axes)
    }

    /// [`sum`](Tensor::sum), the axes kept with size 1.
    #[track_caller]
    pub fn sum_keep(&self, axes: impl Into<Axes>) -> Tensor {
        let axes = axes.into();
        Over::new("sum", self.shape(), &axes);
        let forward = |x: &Tensor, axes: &Axes| {
            Over::new("sum", x.shape(), axes).reduce(x, kernels::reduce::sum)
        };
        reduction("sum", self, &axes, forward, |g, x, _y| g.broadcast_to(x.shape()))
    }

    /// y = Σ x / n over `axes`, n the number of elements averaged; NaN if there are none. VJP g /
    /// n, broadcast.
    #[track_caller]
    pub fn mean(&self, axes: impl Into<Axes>) -> Tensor {
        let axes = axes.into();
        self.mean_keep(axes.clone()).drop_axes(&axes)
    }

    /// [`mean`](Tensor::mean), the axes kept with size 1.
    #[track_caller]
    pub fn mean_keep(&self, axes: impl Into<Axes>) -> Tensor {
        let axes = axes.into();
        let n = Over::new("mean", self.shape(), &axes).count;
        self.sum_keep(axes) / n as Float
    }

    /// y = Σ (x − mean)² / (n − c) over `axes`: c = 0 is the variance of the numbers themselves, c
    /// = 1 the unbiased estimate of their law's (PyTorch's default, Bessel's correction). NaN if n ≤ c.
    #[track_caller]
    pub fn var(&self, axes: impl Into<Axes>, correction: usize) -> Tensor {
        let axes = axes.into();
        let n = Over::new("var", self.shape(), &axes).count;
        let deviation = self - self.mean_keep(axes.clone());
        let freedom = if n > correction { (n - correction) as Float } else { Float::NAN };
        deviation.square().sum(axes) / freedom
    }

    /// y = max x over `axes`; NaN if one is. VJP g, shared equally among the elements equal to y.
    ///
    /// # Panics
    /// If there are no elements to compare.
    #[track_caller]
    pub fn max(&self, axes: impl Into<Axes>) -> Tensor {
        let axes = axes.into();
        self.max_keep(axes.clone()).drop_axes(&axes)
    }

    /// [`max`](Tensor::max), the axes kept with size 1.
    #[track_caller]
    pub fn max_keep(&self, axes: impl Into<Axes>) -> Tensor {
        let axes = axes.into();
        Over::new("max", self.shape(), &axes).assert_nonempty("max", self.shape());
        let forward = |x: &Tensor, axes: &Axes| {
            Over::new("max", x.shape(), axes).reduce(x, kernels::reduce::max)
        };
        reduction("max", self, &axes, forward, share_among_equals)
    }

    /// y = min x over `axes`; NaN if one is. VJP g, shared equally among the elements equal to y.
    ///
    /// # Panics
    /// If there are no elements to compare.
    #[track_caller]
    pub fn min(&self, axes: impl Into<Axes>) -> Tensor {
        let axes = axes.into();
        self.min_keep(axes.clone()).drop_axes(&axes)
    }

    /// [`min`](Tensor::min), the axes kept with size 1.
    #[track_caller]
    pub fn min_keep(&self, axes: impl Into<Axes>) -> Tensor {
        let axes = axes.into();
        Over::new("min", self.shape(), &axes).assert_nonempty("min", self.shape());
        reduction("min", self, &axes, |x, axes| -((-x).max_keep(axes.clone())), share_among_equals)
    }

    /// y = ln Σ eˣ over `axes`, without overflow: the largest is taken out before exp. −∞ of no
    /// elements. VJP g e^(x − y).
    #[track_caller]
    pub fn log_sum_exp(&self, axes: impl Into<Axes>) -> Tensor {
        let axes = axes.into();
        self.log_sum_exp_keep(axes.clone()).drop_axes(&axes)
    }

    /// [`log_sum_exp`](Tensor::log_sum_exp), the axes kept with size 1.
    #[track_caller]
    pub fn log_sum_exp_keep(&self, axes: impl Into<Axes>) -> Tensor {
        let axes = axes.into();
        Over::new("log_sum_exp", self.shape(), &axes);
        let forward = |x: &Tensor, axes: &Axes| {
            let over = Over::new("log_sum_exp", x.shape(), axes);
            let finite = |m: Float| if m.is_infinite() { 0.0 } else { m }; // ∞ − ∞ would be NaN
            let m = over.reduce(x, kernels::reduce::max).map(finite);
            (x - &m).exp().sum_keep(axes.clone()).ln() + m
        };
        reduction("log_sum_exp", self, &axes, forward, |g, x, y| {
            // Of −∞ alone: x − y would be NaN, e^(x − 0) is 0.
            let y = y.gt(Float::NEG_INFINITY).select(y, &Tensor::scalar(0.0));
            g * (x - y).exp()
        })
    }

    /// y_i = x_0 + … + x_i along `axis`. VJP Σ_{j ≥ i} g_j.
    ///
    /// # Panics
    /// If there is no such axis.
    #[track_caller]
    pub fn cumsum(&self, axis: isize) -> Tensor {
        let axis = axis_index("cumsum", axis, self.shape());
        let forward = move |x: &[&Tensor]| {
            Tensor::new(
                x[0].shape(),
                kernels::reduce::cumsum(x[0].data(), sizes(x[0].shape(), axis)),
            )
        };
        let axis = axis as isize;
        record("cumsum", &[self], forward, move |g, _x, _y, _| g.flip(axis).cumsum(axis).flip(axis))
    }

    /// Sums over the axes along which `shape` was broadcast to this shape: the adjoint of
    /// [`broadcast_to`](Tensor::broadcast_to). VJP g, broadcast.
    ///
    /// # Panics
    /// If `shape` does not broadcast to this shape.
    #[track_caller]
    pub fn sum_to(&self, shape: &[usize]) -> Tensor {
        if self.shape() == shape {
            return self.clone();
        }
        let full = super::broadcast_shape("sum_to", self.shape(), shape);
        assert!(
            full == self.shape(),
            "sum_to: shape {shape:?} does not broadcast to {:?}, so nothing can be summed to it",
            self.shape()
        );
        let missing = self.rank() - shape.len();
        let repeated =
            |axis: &usize| *axis < missing || shape[axis - missing] != self.shape()[*axis];
        let axes: Vec<isize> =
            (0..self.rank()).filter(repeated).map(|axis| axis as isize).collect();
        self.sum_keep(axes.as_slice()).reshape(shape)
    }
}

/// The rule of max and min. Where several elements are equal, each gets the same part.
fn share_among_equals(g: &Tensor, x: &Tensor, y: &Tensor) -> Tensor {
    let equal = x.eq(y);
    let count = equal.sum_to(y.shape());
    (g / count).where_true(&equal)
}
