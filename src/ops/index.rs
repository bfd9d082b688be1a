//! Choosing elements by number: gather, its adjoint scatter_add, one-hot codes and triangles.
//!
//! An index is a tensor of whole numbers; no derivative flows into it.

use super::reduce::axis_index;
use super::{Float, Tensor};
use crate::autograd::record;

/// # Indexing
impl Tensor {
    /// y\[.., i, ..\] = x\[.., index\[.., i, ..\], ..\] along `axis`: `index` has the rank of x and
    /// its sizes, but for `axis`. VJP zeros.scatter_add(axis, index, g).
    ///
    /// # Panics
    /// If the shapes do not fit, or an index is not a whole number below the size of the axis.
    #[track_caller]
    pub fn gather(&self, axis: isize, index: &Tensor) -> Tensor {
        let axis = check_index("gather", axis, self, index);
        let forward = move |x: &[&Tensor]| {
            let mut y = vec![0.0; x[1].len()];
            for_each_pair(x[0].shape(), axis, x[1], |from, to| y[to] = x[0].data()[from]);
            Tensor::new(x[1].shape(), y)
        };
        record("gather", &[self, &index.detach()], forward, move |g, x, _y, _| {
            Tensor::zeros(x[0].shape()).scatter_add(axis as isize, &x[1], g)
        })
    }

    /// y = x, with `source`\[.., i, ..\] added at \[.., index\[.., i, ..\], ..\]; repeated indices
    /// add up in the order of the source. VJP g; g.gather(axis, index).
    ///
    /// # Panics
    /// As [`gather`](Tensor::gather), or if `source` and `index` differ in shape.
    #[track_caller]
    pub fn scatter_add(&self, axis: isize, index: &Tensor, source: &Tensor) -> Tensor {
        let axis = check_index("scatter_add", axis, self, index);
        assert!(
            source.shape() == index.shape(),
            "scatter_add: the source has shape {:?}, its index {:?}; they must be equal",
            source.shape(),
            index.shape()
        );
        let forward = move |x: &[&Tensor]| {
            let mut y = x[0].to_vec();
            for_each_pair(x[0].shape(), axis, x[1], |to, from| y[to] += x[2].data()[from]);
            Tensor::new(x[0].shape(), y)
        };
        record("scatter_add", &[self, &index.detach(), source], forward, move |g, x, _y, i| {
            if i == 0 { g.clone() } else { g.gather(axis as isize, &x[1]) }
        })
    }

    /// Class numbers of any shape as codes along a new last axis: 1 at the class, 0 elsewhere. No
    /// gradient.
    ///
    /// # Panics
    /// If an element is not a whole number below `classes`.
    #[track_caller]
    pub fn one_hot(&self, classes: usize) -> Tensor {
        let shape = [self.shape(), &[classes]].concat();
        let mut y = vec![0.0; self.len() * classes];
        for (i, &class) in self.data().iter().enumerate() {
            y[i * classes + whole_below("one_hot", class, classes)] = 1.0;
        }
        Tensor::new(&shape, y)
    }

    /// The lower triangle of the last two axes, zeros above: entries with j ≤ i + `diagonal`. VJP
    /// g.tril.
    ///
    /// # Panics
    /// If the rank is below 2.
    #[track_caller]
    pub fn tril(&self, diagonal: isize) -> Tensor {
        self.triangle("tril", move |i, j| j <= i + diagonal)
    }

    /// The upper triangle of the last two axes, zeros below: entries with j ≥ i + `diagonal`. VJP
    /// g.triu.
    ///
    /// # Panics
    /// If the rank is below 2.
    #[track_caller]
    pub fn triu(&self, diagonal: isize) -> Tensor {
        self.triangle("triu", move |i, j| j >= i + diagonal)
    }

    #[track_caller]
    fn triangle(
        &self,
        name: &'static str,
        keep: impl Fn(isize, isize) -> bool + Copy + 'static,
    ) -> Tensor {
        let &[.., m, n] = self.shape() else {
            panic!("{name}: shape {:?} is not a matrix; use reshape", self.shape())
        };
        let forward = move |x: &[&Tensor]| {
            let entry = |k: usize| (k / n % m, k % n);
            let kept = |k| keep(entry(k).0 as isize, entry(k).1 as isize);
            Tensor::from_fn(x[0].shape(), |k| if kept(k) { x[0].data()[k] } else { 0.0 })
        };
        record(name, &[self], forward, move |g, _x, _y, _| g.triangle(name, keep))
    }
}

#[track_caller]
fn whole_below(name: &str, number: Float, size: usize) -> usize {
    let index = number as usize;
    assert!(
        index as Float == number && index < size,
        "{name}: {number} is not a whole number from 0 to {}",
        size as isize - 1
    );
    index
}

#[track_caller]
fn check_index(name: &str, axis: isize, x: &Tensor, index: &Tensor) -> usize {
    let axis = axis_index(name, axis, x.shape());
    let fits = |k: usize| k == axis || x.shape()[k] == index.shape()[k];
    assert!(
        index.rank() == x.rank() && (0..x.rank()).all(fits),
        "{name}: the index has shape {:?}; it must have the shape {:?}, but for axis {axis}",
        index.shape(),
        x.shape()
    );
    for &i in index.data() {
        whole_below(name, i, x.shape()[axis]);
    }
    axis
}

/// `f(place in x, place in the index)` for every element of the index.
fn for_each_pair(shape: &[usize], axis: usize, index: &Tensor, mut f: impl FnMut(usize, usize)) {
    let inner: usize = shape[axis + 1..].iter().product();
    let (n, k) = (shape[axis], index.shape()[axis]);
    for (place, &i) in index.data().iter().enumerate() {
        let outer = place / (k * inner);
        f((outer * n + i as usize) * inner + place % inner, place);
    }
}
