//! Solutions of exercises/normalizing_flows.rs, as a reader would write them. Look at them afterwards.

use pushforward::chapters::normalizing_flows::checks::{Answers, Layer, Net, Psi, trials};
use pushforward::derivatives::jacobian;
use pushforward::{Float, Tensor, check};
use std::f64::consts::{LN_2, TAU};
use std::process::ExitCode;

/// The box's sides are dρ, ρ dφ and ρ sin φ dθ.
fn spherical_ladj(u: &Tensor) -> Tensor {
    let [rho, phi] = [0, 1].map(|i| u.slice(1, i..i + 1));
    (rho.square() * phi.sin()).ln().sum(1)
}

/// The normal density of the noise, and the volume.
fn log_density(z: &Tensor, ladj: &Tensor) -> Tensor {
    (z.square() + Tensor::scalar(TAU as Float).ln()).sum(1) * -0.5 + ladj
}

/// The ink at ψ(z) comes from z, and lies thinner by the determinant. Row by row, since each has its
/// own Jacobian matrix.
fn push_forward(psi: Psi, z: &Tensor) -> Tensor {
    let [n, d] = [z.shape()[0], z.shape()[1]];
    let ladj = |i: usize| {
        let row = z.slice(0, i..i + 1);
        jacobian(|z| psi(z), &row).reshape(&[d, d]).slogdet().1
    };
    let ladj: Vec<Tensor> = (0..n).map(ladj).collect();
    log_density(z, &-Tensor::stack(&ladj.iter().collect::<Vec<_>>(), 0))
}

/// Each layer sees what the one before it has made, and the logarithms add.
fn chain(layers: &[Layer], x: &Tensor) -> (Tensor, Tensor) {
    let mut x = x.clone();
    let mut sum = Tensor::zeros(&x.shape()[..1]);
    for layer in layers {
        let (y, ladj) = layer(&x);
        sum += ladj;
        x = y;
    }
    (x, sum)
}

/// What was done last is undone first.
fn unchain(inverses: &[Psi], z: &Tensor) -> Tensor {
    inverses.iter().rev().fold(z.clone(), |y, inverse| inverse(&y))
}

/// The Jacobian matrix is triangular, with ones and the eˢ on its diagonal.
fn affine_coupling(net: Net, k: usize, x: &Tensor) -> (Tensor, Tensor) {
    let d = x.shape()[1];
    let (a, b) = (x.slice(1, 0..k), x.slice(1, k..d));
    let (s, t) = net(&a);
    (Tensor::concat(&[&a, &(b * s.exp() + t)], 1), s.sum(1))
}

/// a has stayed, so the network says the same again.
fn coupling_inverse(net: Net, k: usize, y: &Tensor) -> Tensor {
    let d = y.shape()[1];
    let (a, b) = (y.slice(1, 0..k), y.slice(1, k..d));
    let (s, t) = net(&a);
    Tensor::concat(&[&a, &((b - t) * (-s).exp())], 1)
}

/// What stays in one layer changes in the next.
fn coupling_masks(dim: usize, layers: usize) -> Tensor {
    let first = dim.div_ceil(2);
    Tensor::from_fn(&[layers, dim], |at| {
        let (l, i) = (at / dim, at % dim);
        if (i < first) == (l % 2 == 0) { 1.0 } else { 0.0 }
    })
}

/// Determinants of triangular matrices are the products of their diagonals.
fn lu(lower: &Tensor, upper: &Tensor, s: &Tensor) -> (Tensor, Tensor) {
    let one = Tensor::eye(s.len());
    let l = lower.tril(-1) + &one;
    let u = upper.triu(1) + one * s.exp();
    (l.matmul(&u), s.sum(..))
}

/// det(I + h' u wᵀ) = 1 + h' u·w.
fn planar(x: &Tensor, u: &Tensor, w: &Tensor, b: Float) -> (Tensor, Tensor) {
    let h = ((x * w).sum_keep(1) + b).tanh();
    let slope = 1.0 - h.square();
    let ladj = (slope * (u * w).sum(..) + 1.0).abs().ln().sum(1);
    (x + h * u, ladj)
}

/// Up to its own degree for a hidden unit, below its own for an output.
fn made_masks(dim: usize, width: usize) -> (Tensor, Tensor) {
    let degree = |i: usize| 1 + i % (dim - 1);
    let mark = |may: bool| if may { 1.0 } else { 0.0 };
    let first = Tensor::from_fn(&[width, dim], |at| mark(at % dim < degree(at / dim)));
    let last = Tensor::from_fn(&[dim, width], |at| mark(degree(at % width) < at / width + 1));
    (first, last)
}

/// The first number needs no other; each pass gets one number more right.
fn maf_inverse(net: Net, y: &Tensor) -> Tensor {
    let mut x = Tensor::zeros(y.shape());
    for _ in 0..y.shape()[1] {
        let (s, t) = net(&x);
        x = (y - t) * (-s).exp();
    }
    x
}

/// At ξ = 0 the rise is 0 and the slope d_0; at ξ = 1 they are h and d_1.
fn rational_quadratic(
    xi: &Tensor,
    w: &Tensor,
    h: &Tensor,
    d_0: &Tensor,
    d_1: &Tensor,
) -> (Tensor, Tensor) {
    let (s, rest) = (h / w, 1.0 - xi);
    let e = xi * &rest;
    let under = &s + (d_0 + d_1 - &s * 2.0) * &e;
    let rise = h * (&s * xi.square() + d_0 * &e) / &under;
    let above = d_1 * xi.square() + &s * e * 2.0 + d_0 * rest.square();
    (rise, (s.square() * above / under.square()).ln())
}

/// Back to the byte, and then into its interval.
fn dequantise(pixels: &Tensor, u: &Tensor) -> Tensor {
    (pixels * 255.0 + u) / 256.0
}

/// A byte has 1/256 of the unit interval: 8 bits more than its density says.
fn bits_per_dim(nll: &Tensor, dim: usize) -> Tensor {
    nll / (dim as Float * LN_2 as Float) + 8.0
}

/// What x_T explains is Cov(x_0, x_T)²/Var(x_T) = ᾱ v²/(ᾱ v + 1 − ᾱ); this is v minus that.
fn left_open(variance: &Tensor, alpha_bar: &Tensor) -> Tensor {
    variance * (1.0 - alpha_bar) / (alpha_bar * variance + (1.0 - alpha_bar))
}

/// What is judged, by tests as well.
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
