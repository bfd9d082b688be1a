//! Every op stands in one place: its doc line with the formula, the kernel it calls, and its rule.
//!
//! A rule receives (g, x, y), the gradient for the output, the input and the output, and returns
//! the gradient for the input in ops of this folder. Broadcasting is undone once, in `binary`.

mod compare;
mod elementwise;
mod index;
mod linalg;
mod linear;
mod loss;
mod matmul;
pub(crate) mod reduce;
mod shape;
mod softmax;

use crate::autograd::record;
use crate::kernels::{self, strided};
use crate::{Float, Tensor};
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

impl Tensor {
    /// An op of one input, element by element.
    fn unary(
        &self,
        name: &'static str,
        f: impl Fn(Float) -> Float + Copy + Sync + 'static,
        rule: impl Fn(&Tensor, &Tensor, &Tensor) -> Tensor + 'static,
    ) -> Tensor {
        let forward = move |x: &[&Tensor]| x[0].map(f);
        record(name, &[self], forward, move |g, x, y, _| rule(g, &x[0], y))
    }

    /// f of every element, as a constant.
    fn map(&self, f: impl Fn(Float) -> Float + Copy + Sync) -> Tensor {
        Tensor::new(self.shape(), kernels::map(self.data(), f))
    }
}

/// An op of two inputs that broadcast, element by element; `da(g, a, b, y)` and `db(g, a, b, y)`
/// are the gradients before broadcasting is undone.
#[track_caller]
fn binary(
    name: &'static str,
    a: &Tensor,
    b: &Tensor,
    f: impl Fn(Float, Float) -> Float + Copy + Sync + 'static,
    da: impl Fn(&Tensor, &Tensor, &Tensor, &Tensor) -> Tensor + 'static,
    db: impl Fn(&Tensor, &Tensor, &Tensor, &Tensor) -> Tensor + 'static,
) -> Tensor {
    if a.shape() != b.shape() {
        broadcast_shape(name, a.shape(), b.shape()); // panics in the caller's name
    }
    let rule = move |g: &Tensor, x: &[Tensor], y: &Tensor, i: usize| {
        let d = if i == 0 { da(g, &x[0], &x[1], y) } else { db(g, &x[0], &x[1], y) };
        d.sum_to(x[i].shape())
    };
    record(name, &[a, b], move |x| zip(name, x[0], x[1], f), rule)
}

/// f of every pair of elements, as a constant.
#[track_caller]
fn zip(
    name: &str,
    a: &Tensor,
    b: &Tensor,
    f: impl Fn(Float, Float) -> Float + Copy + Sync,
) -> Tensor {
    if a.shape() == b.shape() {
        return Tensor::new(a.shape(), kernels::zip(a.data(), b.data(), f));
    }
    let shape = broadcast_shape(name, a.shape(), b.shape());
    let [sa, sb] = [a, b].map(|t| strided::broadcast(t.shape(), &shape));
    Tensor::new(&shape, kernels::zip_broadcast(a.data(), b.data(), &shape, [&sa, &sb], f))
}

/// The shape two shapes broadcast to, if they do: sizes are compared from the last axis; they are
/// equal, or one is 1, or one is missing.
fn broadcast(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
    let rank = a.len().max(b.len());
    let size = |shape: &[usize], axis: usize| match (axis + shape.len()).checked_sub(rank) {
        Some(axis) => shape[axis],
        None => 1,
    };
    let join = |axis: usize| match (size(a, axis), size(b, axis)) {
        (m, n) if m == n || n == 1 => Some(m),
        (1, n) => Some(n),
        _ => None,
    };
    (0..rank).map(join).collect()
}

/// The shape two shapes broadcast to.
///
/// # Panics
/// If they do not, naming the op.
#[track_caller]
fn broadcast_shape(name: &str, a: &[usize], b: &[usize]) -> Vec<usize> {
    let Some(shape) = broadcast(a, b) else {
        let mut sizes = a.iter().rev().zip(b.iter().rev()).enumerate();
        let misfit = sizes.find(|&(_, (&m, &n))| m != n && m != 1 && n != 1);
        let (axis, (m, n)) = misfit.expect("shapes that do not broadcast differ in an axis");
        panic!(
            "{name}: shapes {a:?} and {b:?} do not broadcast: counted from the last axis, axis -{} \
             has sizes {m} and {n}, which must be equal or 1; reshape one of them, for instance [n] \
             to [n, 1]",
            axis + 1
        )
    };
    shape
}

/// y = −x. VJP −g.
impl Neg for &Tensor {
    type Output = Tensor;
    fn neg(self) -> Tensor {
        self.unary("neg", |x| -x, |g, _x, _y| -g)
    }
}

impl Neg for Tensor {
    type Output = Tensor;
    fn neg(self) -> Tensor {
        -&self
    }
}

#[track_caller]
fn add(a: &Tensor, b: &Tensor) -> Tensor {
    let pass = |g: &Tensor, _: &Tensor, _: &Tensor, _: &Tensor| g.clone();
    binary("add", a, b, |a, b| a + b, pass, pass)
}

#[track_caller]
fn sub(a: &Tensor, b: &Tensor) -> Tensor {
    binary("sub", a, b, |a, b| a - b, |g, _, _, _| g.clone(), |g, _, _, _| -g)
}

#[track_caller]
fn mul(a: &Tensor, b: &Tensor) -> Tensor {
    binary("mul", a, b, |a, b| a * b, |g, _, b, _| g * b, |g, a, _, _| g * a)
}

#[track_caller]
fn div(a: &Tensor, b: &Tensor) -> Tensor {
    binary("div", a, b, |a, b| a / b, |g, _, b, _| g / b, |g, _, b, y| -(g * y / b))
}

/// One operator for every mixture of owned, borrowed and number. A macro, because the standard
/// library has a trait an operator and Rust no way to implement it for all of these at once.
macro_rules! operator {
    ($Trait:ident, $method:ident, $($doc:literal),*) => {
        $(#[doc = $doc])*
        impl $Trait<&Tensor> for &Tensor {
            type Output = Tensor;
            #[track_caller]
            fn $method(self, b: &Tensor) -> Tensor {
                $method(self, b)
            }
        }
        operator!(@ $Trait, $method, Tensor, Tensor);
        operator!(@ $Trait, $method, Tensor, &Tensor);
        operator!(@ $Trait, $method, &Tensor, Tensor);
        operator!(@ $Trait, $method, Tensor, Float);
        operator!(@ $Trait, $method, &Tensor, Float);
        operator!(@ $Trait, $method, Float, Tensor);
        operator!(@ $Trait, $method, Float, &Tensor);
    };
    (@ $Trait:ident, $method:ident, $A:ty, $B:ty) => {
        impl $Trait<$B> for $A {
            type Output = Tensor;
            #[track_caller]
            fn $method(self, b: $B) -> Tensor {
                $method(&Tensor::from(self), &Tensor::from(b))
            }
        }
    };
}

operator!(Add, add, "y = a + b. VJP g; g.");
operator!(Sub, sub, "y = a − b. VJP g; −g.");
operator!(Mul, mul, "y = a b, element by element. VJP g b; g a.");
operator!(Div, div, "y = a / b, element by element. VJP g / b; −g y / b.");

/// Replaces the tensor by a + b, in the graph; nothing is written in place.
impl AddAssign<&Tensor> for Tensor {
    #[track_caller]
    fn add_assign(&mut self, b: &Tensor) {
        *self = &*self + b;
    }
}

impl AddAssign<Tensor> for Tensor {
    #[track_caller]
    fn add_assign(&mut self, b: Tensor) {
        *self = &*self + b;
    }
}

/// Replaces the tensor by a − b, in the graph; nothing is written in place.
impl SubAssign<&Tensor> for Tensor {
    #[track_caller]
    fn sub_assign(&mut self, b: &Tensor) {
        *self = &*self - b;
    }
}

impl SubAssign<Tensor> for Tensor {
    #[track_caller]
    fn sub_assign(&mut self, b: Tensor) {
        *self = &*self - b;
    }
}

impl std::iter::Sum for Tensor {
    fn sum<I: Iterator<Item = Tensor>>(terms: I) -> Tensor {
        terms.reduce(|sum, term| sum + term).unwrap_or_else(|| Tensor::scalar(0.0))
    }
}
