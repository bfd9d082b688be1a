//! Exercises of the chapter on normalising flows (book/src/05_normalizing_flows.md).
//!
//! Replace a `todo!()`, then ask for a verdict:
//!
//! ```console
//! cargo exercise normalizing_flows log_density             judge one answer
//! cargo exercise normalizing_flows                         judge all
//! cargo exercise normalizing_flows log_density --hint 1    where to look
//! cargo exercise normalizing_flows log_density --hint 2    which equation
//! cargo exercise normalizing_flows log_density --hint 3    the shape of the line
//! cargo run --release -- exercises                         how far you are in the book
//! ```
//!
//! They follow the page. Only the bodies need to be touched; helpers may be added, and what is left
//! unfinished disturbs nothing else. `[n, d]` is a shape: n points of d numbers. **As on the page, maps lead
//! from the data x to the noise z**, and ladj is ln |det| of a map's Jacobian matrix, one number for each
//! point: `[n]`. In a notebook give your function to the one of the same name in
//! `pushforward::chapters::normalizing_flows::checks`.
//!
//! What you need of the library:
//!
//! - Operators take tensors, references to them and numbers, in any mixture. A tensor itself is
//!   used up, a reference is not: write `&s * x` where s is needed again.
//! - `x.slice(1, 0..k)` are the first k columns, `x.shape()[1]` says how many there are, and
//!   `Tensor::concat(&[&a, &b], 1)` puts columns side by side.
//! - `x.sum(1)` sums each row to `[n]`, `x.sum_keep(1)` to `[n, 1]`, `x.sum(..)` to a scalar.
//!   `x.exp()`, `x.ln()`, `x.abs()`, `x.square()`, `x.sin()`, `x.tanh()` do what they say.
//! - `w.tril(-1)` keeps what is below the diagonal, `w.triu(1)` what is above it; `Tensor::eye(d)` is the
//!   identity, `l.matmul(&u)` the product of matrices.
//! - `Tensor::zeros(&[n])` are zeros; `Tensor::from_fn(&[rows, columns], |at| …)` has a number for each
//!   place, `at` counting row by row; `Tensor::stack(&[&a, &b], 0)` makes scalars a vector.
//! - `jacobian(f, &x)` for x `[1, d]` is `[1, d, 1, d]`, to be reshaped to `[d, d]`; `j.slogdet().1` is
//!   ln |det j|.
//! - A `Psi`, a `Layer` or a `Net` is called as a function is: `psi(&z)`, `let (s, t) = net(&a);`.
//!
//! `cargo doc --open` has everything else.

// A `todo!()` uses none of its arguments and, as long as it is there, not every import is needed.
#![allow(unused_variables, unused_imports)]

use pushforward::chapters::normalizing_flows::checks::{Answers, Layer, Net, Psi, trials};
use pushforward::derivatives::jacobian;
use pushforward::{Float, Tensor, check};
use std::f64::consts::{LN_2, TAU};
use std::process::ExitCode;

/// 1. ln |det| of spherical coordinates (ρ, φ, θ) → (ρ sin φ cos θ, ρ sin φ sin θ, ρ cos φ) at each
/// row of u: ρ is the distance from the origin, φ the angle from the pole, θ the angle of turning.
///
/// Book: "Three old changes of variables". Shapes: u `[n, 3]`, its columns ρ, φ, θ → `[n]`.
fn spherical_ladj(u: &Tensor) -> Tensor {
    todo!()
}

/// 2. ln p(x) of each point, from the noise z = f(x) to which a flow leads it and the sum of its
/// layers' ladj, for normal noise. With every constant.
///
/// Book: "The density of a flow". Shapes: z `[n, d]`, ladj `[n]` → `[n]`.
fn log_density(z: &Tensor, ladj: &Tensor) -> Tensor {
    todo!()
}

/// 3. The logarithm of the density that ψ(z) has for z ~ N(0, I), at the points ψ(z) of the given
/// z. ψ can be inverted; each row of ψ(z) depends on its row of z alone.
///
/// Book: "The push-forward is the same statement". Shapes: z, psi(z) `[n, d]` → `[n]`.
fn push_forward(psi: Psi, z: &Tensor) -> Tensor {
    todo!()
}

/// 4. (z, ladj) of a chain of layers: the data meet layers[0] first. A layer returns y and its own
/// ladj.
///
/// Book: "A chain of maps". Shapes: x `[n, d]`, layer(x) `[n, d]` and `[n]` → `[n, d]`, `[n]`.
fn chain(layers: &[Layer], x: &Tensor) -> (Tensor, Tensor) {
    todo!()
}

/// 5. The data point that a chain leads to z. inverses[0] undoes the layer that the data meet
/// first.
///
/// Book: "A chain of maps". Shapes: z `[n, d]` → `[n, d]`.
fn unchain(inverses: &[Psi], z: &Tensor) -> Tensor {
    todo!()
}

/// 6. (y, ladj) of an affine coupling: the first k numbers a of each point stay, each other number
/// b becomes b eˢ + t, with (s, t) = net(a).
///
/// Book: "Coupling layers". Shapes: x `[n, d]`, net(a) twice `[n, d − k]` → `[n, d]`, `[n]`.
fn affine_coupling(net: Net, k: usize, x: &Tensor) -> (Tensor, Tensor) {
    todo!()
}

/// 7. The x that the coupling of exercise 6 leads to y.
///
/// Book: "Coupling layers". Shapes: y `[n, d]` → `[n, d]`.
fn coupling_inverse(net: Net, k: usize, y: &Tensor) -> Tensor {
    todo!()
}

/// 8. Who stays in which coupling: 1 at (l, i) if number i stays in layer l, else 0, both counted
/// from 0. Layer 0 keeps the first ⌈d/2⌉ of the d = `dim` numbers, layer 1 the others, and so on in
/// turn.
///
/// Book: "Taking turns". Shapes: → `[layers, dim]`.
fn coupling_masks(dim: usize, layers: usize) -> Tensor {
    todo!()
}

/// 9. (W, ln |det W|) for W = L U. L has ones on its diagonal and below it what `lower` has there;
/// U has eˢ on its diagonal and above it what `upper` has there. The rest of both tensors does not
/// count.
///
/// Book: "Taking turns". Shapes: lower, upper `[d, d]`, s `[d]` → `[d, d]` and a scalar.
fn lu(lower: &Tensor, upper: &Tensor, s: &Tensor) -> (Tensor, Tensor) {
    todo!()
}

/// 10. (y, ladj) of the planar layer y = x + u tanh(w·x + b). Take u as it is, even where the layer
/// folds.
///
/// Book: "Space pushed along a line". Shapes: x `[n, d]`, u, w `[d]` → `[n, d]`, `[n]`.
fn planar(x: &Tensor, u: &Tensor, w: &Tensor, b: Float) -> (Tensor, Tensor) {
    todo!()
}

/// 11. The two masks (first, last) of a network with one hidden layer of `width` units whose output
/// i may see the inputs before i, and all of those. Inputs and outputs have the degrees 1 … d,
/// hidden units 1 … d − 1 in turn (the first has 1). 1 where a weight may be, else 0.
///
/// Book: "One after another". Shapes: → `[width, dim]`, `[dim, width]`; dim is at least 2.
fn made_masks(dim: usize, width: usize) -> (Tensor, Tensor) {
    todo!()
}

/// 12. The x with y = x eˢ + t, where (s, t) = net(x), and the numbers s and t of coordinate i
/// depend only on the coordinates of x before i.
///
/// Book: "One after another". Shapes: y `[n, d]`, net(x) twice `[n, d]` → `[n, d]`.
fn maf_inverse(net: Net, y: &Tensor) -> Tensor {
    todo!()
}

/// 13. (y − y_k, ln dy/dx) in a bin of a rational-quadratic spline, of width w and height h, with
/// the slopes d_0 at its left end and d_1 at its right, at ξ = (x − x_k)/w.
///
/// Book: "Splines". Shapes: all `[n, 1]` → `[n, 1]`, `[n, 1]`.
fn rational_quadratic(
    xi: &Tensor,
    w: &Tensor,
    h: &Tensor,
    d_0: &Tensor,
    d_1: &Tensor,
) -> (Tensor, Tensor) {
    todo!()
}

/// 14. Pixels k/255, k = 0 … 255, spread over the interval of their byte: [k, k + 1)/256. u is
/// uniform on [0, 1). The verdict shows 256 x − k as well, which should be u.
///
/// Book: "Pixels are whole numbers". Shapes: pixels, u `[n, d]` → `[n, d]`.
fn dequantise(pixels: &Tensor, u: &Tensor) -> Tensor {
    todo!()
}

/// 15. Bits for each pixel of pictures of `dim` bytes, from −ln p in nats, where p is the density
/// of their dequantised pixels on [0, 1].
///
/// Book: "Pixels are whole numbers". Shapes: nll `[n]` → `[n]`.
fn bits_per_dim(nll: &Tensor, dim: usize) -> Tensor {
    todo!()
}

/// 16. What a diffusion's noise leaves open: the variance of x_0 when x_T = √ᾱ x_0 + √(1 − ᾱ) ε is
/// known, for normal data of this variance, number by number. (A flow leaves 0.)
///
/// Book: "Flow and diffusion". Shapes: both `[n, 1]` → `[n, 1]`.
fn left_open(variance: &Tensor, alpha_bar: &Tensor) -> Tensor {
    todo!()
}

/// What is judged.
pub const ANSWERS: Answers = Answers {
    spherical_ladj,
    log_density,
    push_forward,
    chain,
    unchain,
    affine_coupling,
    coupling_inverse,
    coupling_masks,
    lu,
    planar,
    made_masks,
    maf_inverse,
    rational_quadratic,
    dequantise,
    bits_per_dim,
    left_open,
};

fn main() -> ExitCode {
    check::main(&trials(&ANSWERS))
}
