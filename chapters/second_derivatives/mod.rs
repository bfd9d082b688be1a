//! Second derivatives by walks through walks: the products and traces that the models need, each in a few lines of
//! [`grad_graph`]. What the crate offers for use is in [`crate::derivatives`]; this is how it is made.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | H v | [`hvp`] | the Hessian ∂²f/∂x∂x times a vector |
//! | Jᵀ g | [`vjp`] | one walk backwards |
//! | J v | [`jvp`] | two of them |
//! | ∇·u = Σᵢ ∂uᵢ/∂xᵢ | [`divergence`] | at each row |
//! | Δf = Σᵢ ∂²f/∂xᵢ² | [`laplacian`] | at each row |

pub mod checks;
pub mod run;

use crate::{Tensor, grad_graph};

/// A function of a tensor.
pub type Map<'a> = &'a dyn Fn(&Tensor) -> Tensor;

/// x̄ of y = tanh x, as a graph: g (1 − y²).
// ANCHOR: tanh_vjp
pub fn tanh_vjp(g: &Tensor, _x: &Tensor, y: &Tensor) -> Tensor {
    g * (1.0 - y.square())
}
// ANCHOR_END: tanh_vjp

/// tanh with this rule, and not the crate's.
// ANCHOR: tanh
pub fn tanh(x: &Tensor) -> Tensor {
    let rule = |g: &Tensor, x: &[Tensor], y: &Tensor, _: usize| tanh_vjp(g, &x[0], y);
    Tensor::custom("tanh", &[x], |x| x[0].tanh(), rule)
}
// ANCHOR_END: tanh

/// H v for a function with a single value: ∇⟨∇f, v⟩ (Pearlmutter 1994). x is a variable; shapes as x.
///
/// # Panics
/// If f(x) is not a single number.
// ANCHOR: hvp
pub fn hvp(f: Map, x: &Tensor, v: &Tensor) -> Tensor {
    let gradient = grad_graph(&f(x), &[x]).remove(0);
    grad_graph(&(gradient * v).sum(..), &[x]).remove(0)
}
// ANCHOR_END: hvp

/// Jᵀ g: the gradient of ⟨u(x), g⟩. x is a variable; g has the shape of u(x), the product that of x.
///
/// # Panics
/// If the shapes do not fit.
// ANCHOR: vjp
pub fn vjp(u: Map, x: &Tensor, g: &Tensor) -> Tensor {
    grad_graph(&(u(x) * g).sum(..), &[x]).remove(0)
}
// ANCHOR_END: vjp

/// J v: Jᵀ g is linear in g, so its own walk backwards, begun with v, gives J v (Townsend 2017). x is a variable; v
/// has the shape of x, the product that of u(x).
///
/// # Panics
/// If the shapes do not fit.
// ANCHOR: jvp
pub fn jvp(u: Map, x: &Tensor, v: &Tensor) -> Tensor {
    let g = Tensor::zeros(u(x).shape()).variable();
    let product = vjp(u, x, &g);
    grad_graph(&(product * v).sum(..), &[&g]).remove(0)
}
// ANCHOR_END: jvp

/// ∇·u = Σᵢ ∂uᵢ/∂xᵢ at each row: `[n, d]` → `[n]`. u treats each row by itself; x is a variable.
///
/// # Panics
/// If x is not a matrix, or u(x) has another shape.
// ANCHOR: divergence
pub fn divergence(u: Map, x: &Tensor) -> Tensor {
    let (y, d) = (u(x), x.shape()[1]);
    let term = |i: usize| {
        // the sum over rows: none of them depends on another
        let of_all = y.slice(1, i..i + 1).sum(..);
        grad_graph(&of_all, &[x]).remove(0).slice(1, i..i + 1)
    };
    (0..d).map(term).reduce(|sum, term| sum + term).expect("d > 0").reshape(&[x.shape()[0]])
}
// ANCHOR_END: divergence

/// Δf = Σᵢ ∂²f/∂xᵢ² at each row: the divergence of the gradient. f maps `[n, d]` to `[n]`, each row by itself; x is
/// a variable.
///
/// # Panics
/// If x is not a matrix.
// ANCHOR: laplacian
pub fn laplacian(f: Map, x: &Tensor) -> Tensor {
    divergence(&|x| grad_graph(&f(x).sum(..), &[x]).remove(0), x)
}
// ANCHOR_END: laplacian
