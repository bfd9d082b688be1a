//! Derivatives of functions, all built from the backward walk: products with the Jacobian from
//! either side, whole Jacobians and Hessians, and the divergence of a field. The numeric comparison
//! is in [`gradcheck`].
//!
//! Every result is part of the graph, with respect to the point and to whatever variables the
//! function uses; [`detach`](Tensor::detach) it if no further derivative is wanted.

mod gradcheck;

use crate::Tensor;
use crate::autograd::{backward, record};

pub use gradcheck::{Agreement, Disagreement, TOLERANCE, gradcheck};

/// The point as an argument of its own: derivatives are taken through the argument of f only, and
/// still flow on into the graph that made the point.
fn argument(x: &Tensor) -> Tensor {
    if x.is_tracked() {
        record("argument", &[x], |x| x[0].detach(), |g, _x, _y, _| g.clone())
    } else {
        x.variable()
    }
}

/// Σ seed ∂y/∂x, zeros if y does not depend on x.
#[track_caller]
fn pull_back(y: &Tensor, seed: &Tensor, x: &Tensor) -> Tensor {
    backward(y, seed, &[x], true).remove(0).unwrap_or_else(|| Tensor::zeros(x.shape()))
}

#[track_caller]
fn assert_shape(name: &str, what: &str, shape: &[usize], expected: &[usize]) {
    assert!(shape == expected, "{name}: {what} has shape {shape:?}; it must have {expected:?}");
}

/// f(x) and vᵀJ, J = ∂f/∂x: one backward walk. `v` has the shape of f(x), the product that of x.
///
/// # Panics
/// If `v` has another shape than f(x).
#[track_caller]
pub fn vjp(f: impl Fn(&Tensor) -> Tensor, x: &Tensor, v: &Tensor) -> (Tensor, Tensor) {
    let x = argument(x);
    let y = f(&x);
    assert_shape("vjp", "v", v.shape(), y.shape());
    let product = pull_back(&y, v, &x);
    (y, product)
}

/// f(x) and J v: uᵀJ is linear in u, and its derivative with respect to u in the direction v is J
/// v, so two backward walks do (Townsend 2017). `v` has the shape of x, the product that of f(x).
///
/// # Panics
/// If `v` has another shape than x.
#[track_caller]
pub fn jvp(f: impl Fn(&Tensor) -> Tensor, x: &Tensor, v: &Tensor) -> (Tensor, Tensor) {
    assert_shape("jvp", "v", v.shape(), x.shape());
    let x = argument(x);
    let y = f(&x);
    let u = Tensor::zeros(y.shape()).variable();
    let product = pull_back(&pull_back(&y, &u, &x), v, &u);
    (y, product)
}

/// J = ∂f/∂x, in the shape of f(x) followed by that of x: one backward walk for each element of
/// f(x).
pub fn jacobian(f: impl Fn(&Tensor) -> Tensor, x: &Tensor) -> Tensor {
    let x = argument(x);
    let y = f(&x);
    jacobian_at(&y, &x)
}

fn jacobian_at(y: &Tensor, x: &Tensor) -> Tensor {
    let shape = [y.shape(), x.shape()].concat();
    if y.is_empty() {
        return Tensor::zeros(&shape);
    }
    let unit = |i| Tensor::from_fn(y.shape(), |j| if i == j { 1.0 } else { 0.0 });
    let rows: Vec<Tensor> = (0..y.len()).map(|i| pull_back(y, &unit(i), x)).collect();
    Tensor::stack(&rows.iter().collect::<Vec<_>>(), 0).reshape(&shape)
}

/// f(x)'s gradient, in the graph of x.
#[track_caller]
fn gradient(name: &str, f: impl Fn(&Tensor) -> Tensor, x: &Tensor) -> Tensor {
    let y = f(x);
    assert!(y.len() == 1, "{name}: f(x) has shape {:?}; it must be a scalar", y.shape());
    let Some(g) = backward(&y, &Tensor::ones(y.shape()), &[x], true).remove(0) else {
        panic!(
            "{name}: f(x) does not depend on its argument: use x inside f, not a variable from \
             outside; at(), item() and data() leave the graph"
        )
    };
    g
}

/// ∂²f/∂x∂x of a scalar function, in the shape of x twice.
///
/// # Panics
/// If f(x) has not exactly one element.
#[track_caller]
pub fn hessian(f: impl Fn(&Tensor) -> Tensor, x: &Tensor) -> Tensor {
    let x = argument(x);
    jacobian_at(&gradient("hessian", f, &x), &x)
}

/// The Hessian of a scalar function times v, without the Hessian: ∂/∂x ⟨∇f(x), v⟩ (Pearlmutter
/// 1994).
///
/// # Panics
/// If f(x) has not exactly one element, or `v` has another shape than x.
#[track_caller]
pub fn hvp(f: impl Fn(&Tensor) -> Tensor, x: &Tensor, v: &Tensor) -> Tensor {
    assert_shape("hvp", "v", v.shape(), x.shape());
    let x = argument(x);
    pull_back(&gradient("hvp", f, &x), v, &x)
}

/// u(x), and div u = Σⱼ ∂uⱼ/∂xⱼ at each row of x: `[n, d]` → `[n, d]`, `[n]`. `u` maps `[n, d]` to
/// `[n, d]`, each row on its own. d backward walks.
///
/// # Panics
/// If x is not a matrix, or u(x) has another shape.
#[track_caller]
pub fn divergence(u: impl Fn(&Tensor) -> Tensor, x: &Tensor) -> (Tensor, Tensor) {
    let &[n, d] = x.shape() else {
        panic!("divergence: x has shape {:?}; it must be [n, d]", x.shape())
    };
    let x = argument(x);
    let y = u(&x);
    assert_shape("divergence", "u(x)", y.shape(), x.shape());
    let term = |j: usize| {
        let column = Tensor::from_fn(&[n, d], |i| if i % d == j { 1.0 } else { 0.0 });
        pull_back(&y, &column, &x).slice(1, j..j + 1).reshape(&[n])
    };
    let sum = (0..d).map(term).reduce(|sum, term| sum + term);
    let divergence = sum.unwrap_or_else(|| Tensor::zeros(&[n]));
    (y, divergence)
}

/// u(x), and an unbiased estimate of its divergence at each row, εᵀ J ε, for ε with independent entries of
/// mean 0 and variance 1 (Hutchinson 1990): one backward walk whatever d is. Shapes as
/// [`divergence`]; `epsilon` as x.
///
/// # Panics
/// If x is not a matrix, or u(x) or `epsilon` has another shape.
#[track_caller]
pub fn divergence_hutchinson(
    u: impl Fn(&Tensor) -> Tensor,
    x: &Tensor,
    epsilon: &Tensor,
) -> (Tensor, Tensor) {
    assert!(x.rank() == 2, "divergence_hutchinson: x has shape {:?}, not [n, d]", x.shape());
    assert_shape("divergence_hutchinson", "epsilon", epsilon.shape(), x.shape());
    let (y, product) = vjp(u, x, epsilon);
    assert_shape("divergence_hutchinson", "u(x)", y.shape(), x.shape());
    (y, (product * epsilon).sum(-1))
}
