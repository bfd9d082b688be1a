//! Moving numbers without changing them. Results are copies: no two tensors share a view.

use super::reduce::axis_index;
use super::{Tensor, broadcast_shape};
use crate::autograd::record;
use crate::kernels::{memory, strided};
use std::ops::Range;
use std::rc::Rc;

/// # Shapes
impl Tensor {
    /// The same numbers in another shape, every size written out (`x.len() / 2`, no −1). VJP g,
    /// reshaped back.
    ///
    /// # Panics
    /// If the shapes hold different numbers of elements.
    #[track_caller]
    pub fn reshape(&self, shape: &[usize]) -> Tensor {
        let size: usize = shape.iter().product();
        assert!(
            size == self.len(),
            "reshape: shape {:?} has {} elements, {shape:?} would need {size}; sizes are not \
             inferred, write x.len() / the others",
            self.shape(),
            self.len()
        );
        if self.shape() == shape {
            return self.clone();
        }
        let shape = shape.to_vec();
        let forward =
            move |x: &[&Tensor]| Tensor::from_parts(shape.clone(), Rc::clone(&x[0].0.data), None);
        record("reshape", &[self], forward, |g, x, _y, _| g.reshape(x[0].shape()))
    }

    /// Axis k of the result is axis `order[k]`. VJP g, permuted back.
    ///
    /// # Panics
    /// If `order` does not name every axis once.
    #[track_caller]
    pub fn permute(&self, order: &[usize]) -> Tensor {
        let mut back = vec![usize::MAX; self.rank()];
        for (k, &axis) in order.iter().enumerate().filter(|&(_, &axis)| axis < self.rank()) {
            back[axis] = k;
        }
        assert!(
            order.len() == self.rank() && !back.contains(&usize::MAX),
            "permute: {order:?} does not name every axis of shape {:?} exactly once",
            self.shape()
        );
        let order = order.to_vec();
        let forward = move |x: &[&Tensor]| {
            let (shape, strides) = (x[0].shape(), strided::contiguous(x[0].shape()));
            let shape: Vec<usize> = order.iter().map(|&axis| shape[axis]).collect();
            let strides: Vec<isize> = order.iter().map(|&axis| strides[axis]).collect();
            Tensor::new(&shape, strided::read(x[0].data(), 0, &shape, &strides))
        };
        record("permute", &[self], forward, move |g, _x, _y, _| g.permute(&back))
    }

    /// Two axes exchanged. VJP g, exchanged back.
    ///
    /// # Panics
    /// If there is no such axis.
    #[track_caller]
    pub fn transpose(&self, a: isize, b: isize) -> Tensor {
        let mut order: Vec<usize> = (0..self.rank()).collect();
        order.swap(
            axis_index("transpose", a, self.shape()),
            axis_index("transpose", b, self.shape()),
        );
        self.permute(&order)
    }

    /// The last two axes exchanged: the transpose of a matrix.
    ///
    /// # Panics
    /// If the rank is below 2.
    #[track_caller]
    pub fn t(&self) -> Tensor {
        assert!(self.rank() >= 2, "t: shape {:?} is not a matrix; use reshape", self.shape());
        self.transpose(-2, -1)
    }

    /// Repeated along the axes that have size 1 here, or are missing in front. VJP g, summed over
    /// them.
    ///
    /// # Panics
    /// If this shape does not broadcast to `shape`.
    #[track_caller]
    pub fn broadcast_to(&self, shape: &[usize]) -> Tensor {
        if self.shape() == shape {
            return self.clone();
        }
        let full = broadcast_shape("broadcast_to", self.shape(), shape);
        assert!(
            full == shape,
            "broadcast_to: shape {:?} does not broadcast to {shape:?}: an axis can be repeated only if \
             it has size 1",
            self.shape()
        );
        let shape = shape.to_vec();
        let forward = move |x: &[&Tensor]| {
            let strides = strided::broadcast(x[0].shape(), &shape);
            Tensor::new(&shape, strided::read(x[0].data(), 0, &shape, &strides))
        };
        record("broadcast_to", &[self], forward, |g, x, _y, _| g.sum_to(x[0].shape()))
    }
}

/// # Parts
impl Tensor {
    /// The elements whose index along `axis` lies in `range`. VJP g, padded with zeros.
    ///
    /// # Panics
    /// If there is no such axis, or the range leaves it.
    #[track_caller]
    pub fn slice(&self, axis: isize, range: Range<usize>) -> Tensor {
        let axis = axis_index("slice", axis, self.shape());
        let size = self.shape()[axis];
        assert!(
            range.start <= range.end && range.end <= size,
            "slice: {range:?} is not a range of axis {axis} of shape {:?}, which has size {size}",
            self.shape()
        );
        let (before, after) = (range.start, size - range.end);
        let forward = move |x: &[&Tensor]| {
            let mut shape = x[0].shape().to_vec();
            shape[axis] = range.len();
            let strides = strided::contiguous(x[0].shape());
            let offset = range.start * strides[axis] as usize;
            Tensor::new(&shape, strided::read(x[0].data(), offset, &shape, &strides))
        };
        let axis = axis as isize;
        record("slice", &[self], forward, move |g, _x, _y, _| g.pad(axis, before, after))
    }

    /// Zeros added before and after the elements of `axis`. VJP g, sliced.
    ///
    /// # Panics
    /// If there is no such axis.
    #[track_caller]
    pub fn pad(&self, axis: isize, before: usize, after: usize) -> Tensor {
        let axis = axis_index("pad", axis, self.shape());
        let forward = move |x: &[&Tensor]| {
            let mut shape = x[0].shape().to_vec();
            shape[axis] += before + after;
            let strides = strided::contiguous(&shape);
            let offset = before * strides[axis] as usize;
            let size = shape.iter().product();
            let y = strided::write(x[0].data(), size, offset, x[0].shape(), &strides);
            Tensor::new(&shape, y)
        };
        record("pad", &[self], forward, move |g, x, _y, _| {
            g.slice(axis as isize, before..before + x[0].shape()[axis])
        })
    }

    /// The order along `axis` reversed. VJP g, reversed.
    ///
    /// # Panics
    /// If there is no such axis.
    #[track_caller]
    pub fn flip(&self, axis: isize) -> Tensor {
        let axis = axis_index("flip", axis, self.shape());
        let forward = move |x: &[&Tensor]| {
            let mut strides = strided::contiguous(x[0].shape());
            let last = x[0].shape()[axis].saturating_sub(1);
            let offset = last * strides[axis] as usize;
            strides[axis] = -strides[axis];
            Tensor::new(x[0].shape(), strided::read(x[0].data(), offset, x[0].shape(), &strides))
        };
        record("flip", &[self], forward, move |g, _x, _y, _| g.flip(axis as isize))
    }

    /// Tensors joined along an existing axis. VJP each its part of g.
    ///
    /// # Panics
    /// If there are none, or they differ in another axis.
    #[track_caller]
    pub fn concat(parts: &[&Tensor], axis: isize) -> Tensor {
        assert!(!parts.is_empty(), "concat: there is nothing to join");
        let axis = axis_index("concat", axis, parts[0].shape());
        let rest = |shape: &[usize]| [&shape[..axis], &shape[axis + 1..]].concat();
        for part in parts {
            assert!(
                part.rank() == parts[0].rank() && rest(part.shape()) == rest(parts[0].shape()),
                "concat: shapes {:?} and {:?} differ in more than axis {axis}, along which they are joined",
                parts[0].shape(),
                part.shape()
            );
        }
        let forward = move |x: &[&Tensor]| {
            let mut shape = x[0].shape().to_vec();
            shape[axis] = x.iter().map(|x| x.shape()[axis]).sum();
            let outer: usize = shape[..axis].iter().product();
            let mut y = memory::room(shape.iter().product());
            for o in 0..outer {
                for x in x {
                    let run = x.len() / outer;
                    y.extend_from_slice(&x.data()[o * run..][..run]);
                }
            }
            Tensor::new(&shape, y)
        };
        record("concat", parts, forward, move |g, x, _y, i| {
            let start = x[..i].iter().map(|x| x.shape()[axis]).sum();
            g.slice(axis as isize, start..start + x[i].shape()[axis])
        })
    }

    /// Tensors of one shape as the entries of a new axis. VJP each its entry of g.
    ///
    /// # Panics
    /// If there are none, their shapes differ, or `axis` is not a place for a new axis.
    #[track_caller]
    pub fn stack(parts: &[&Tensor], axis: isize) -> Tensor {
        assert!(!parts.is_empty(), "stack: there is nothing to join");
        let (first, rank) = (parts[0].shape(), parts[0].rank() as isize);
        if let Some(odd) = parts.iter().find(|part| part.shape() != first) {
            panic!("stack: shapes {first:?} and {:?} are not equal", odd.shape());
        }
        assert!(
            (-rank - 1..=rank).contains(&axis),
            "stack: a new axis {axis} has no place in shape {first:?}; it may be {} … {rank}",
            -rank - 1
        );
        let axis = axis.rem_euclid(rank + 1);
        let mut shape = first.to_vec();
        shape.insert(axis as usize, 1);
        let parts: Vec<Tensor> = parts.iter().map(|part| part.reshape(&shape)).collect();
        Tensor::concat(&parts.iter().collect::<Vec<_>>(), axis)
    }

    /// Consecutive parts of these sizes along `axis`; [`concat`](Tensor::concat) undoes it.
    ///
    /// # Panics
    /// If there is no such axis, or the sizes do not sum to its size.
    #[track_caller]
    pub fn split(&self, axis: isize, sizes: &[usize]) -> Vec<Tensor> {
        let size = self.shape()[axis_index("split", axis, self.shape())];
        assert!(
            sizes.iter().sum::<usize>() == size,
            "split: sizes {sizes:?} do not sum to {size}, the size of axis {axis} of shape {:?}",
            self.shape()
        );
        let mut start = 0;
        let mut next = |n: usize| {
            start += n;
            self.slice(axis, start - n..start)
        };
        sizes.iter().map(|&n| next(n)).collect()
    }
}
