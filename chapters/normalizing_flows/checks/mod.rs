//! The chapter's exercises: what is asked, the right answers, and the wrong ones that people give.
//! Volumes and chains are in `volume`, couplings and matrices in `coupling`, the other layers in
//! `layers`, pixels and the comparison with diffusion in `pixels`; how answers are judged is
//! [`crate::check`].
//!
//! In a notebook give your function to the one of the same name here:
//!
//! ```
//! use pushforward::Tensor;
//! use pushforward::chapters::normalizing_flows::{checks, log_normal};
//! fn log_density(z: &Tensor, ladj: &Tensor) -> Tensor {
//!     log_normal(z) - ladj
//! }
//! let verdict = checks::log_density(log_density);
//! assert!(verdict.says().starts_with("ladj is subtracted."));
//! ```

mod coupling;
mod layers;
mod pixels;
mod volume;

use crate::check::{Chapter, Function, Input, Trial, Verdict};
use crate::{Float, Tensor};

/// A map of points: `[n, d]` → `[n, d]`.
pub type Psi<'a> = &'a dyn Fn(&Tensor) -> Tensor;

/// A layer: x → (y, ladj), `[n, d]` → `[n, d]`, `[n]`.
pub type Layer<'a> = &'a dyn Fn(&Tensor) -> (Tensor, Tensor);

/// A network: some numbers of each point → (s, t), two tensors of one shape.
pub type Net<'a> = &'a dyn Fn(&Tensor) -> (Tensor, Tensor);

/// (ξ, w, h, δ₀, δ₁) → rise and ln slope in a bin of a spline.
pub type Bin = fn(&Tensor, &Tensor, &Tensor, &Tensor, &Tensor) -> (Tensor, Tensor);

/// An answer to each exercise, in the order of the page.
#[derive(Clone, Copy)]
pub struct Answers {
    /// (ρ, φ, θ) → ln |det| of spherical coordinates.
    pub spherical_ladj: fn(&Tensor) -> Tensor,
    /// (z, ladj) → ln p(x).
    pub log_density: fn(&Tensor, &Tensor) -> Tensor,
    /// (ψ, z) → the logarithm of the density of ψ(z).
    pub push_forward: fn(Psi, &Tensor) -> Tensor,
    /// (layers, x) → (z, Σ ladj).
    pub chain: fn(&[Layer], &Tensor) -> (Tensor, Tensor),
    /// (inverses of the layers, z) → x.
    pub unchain: fn(&[Psi], &Tensor) -> Tensor,
    /// (network, how many stay, x) → (y, ladj).
    pub affine_coupling: fn(Net, usize, &Tensor) -> (Tensor, Tensor),
    /// (network, how many stay, y) → x.
    pub coupling_inverse: fn(Net, usize, &Tensor) -> Tensor,
    /// (d, layers) → 1 where a number stays.
    pub coupling_masks: fn(usize, usize) -> Tensor,
    /// (below the diagonal, above it, logarithm of it) → (W, ln |det W|).
    pub lu: fn(&Tensor, &Tensor, &Tensor) -> (Tensor, Tensor),
    /// (x, u, w, b) → (y, ladj) of a planar layer.
    pub planar: fn(&Tensor, &Tensor, &Tensor, Float) -> (Tensor, Tensor),
    /// (d, width) → the two masks of a MADE.
    pub made_masks: fn(usize, usize) -> (Tensor, Tensor),
    /// (network, y) → x.
    pub maf_inverse: fn(Net, &Tensor) -> Tensor,
    /// (ξ, w, h, δ₀, δ₁) → rise and ln slope.
    pub rational_quadratic: Bin,
    /// (pixels k/255, u) → points of [0, 1).
    pub dequantise: fn(&Tensor, &Tensor) -> Tensor,
    /// (−ln p in nats, d) → bits for each pixel.
    pub bits_per_dim: fn(&Tensor, usize) -> Tensor,
    /// (variance of the data, ᾱ) → variance of x₀ given x_T.
    pub left_open: fn(&Tensor, &Tensor) -> Tensor,
}

/// The chapter as the command line knows it.
pub const CHAPTER: Chapter = Chapter {
    name: "normalizing_flows",
    title: "Normalising flows",
    exercises: &[
        volume::SPHERICAL_LADJ.exercise,
        volume::LOG_DENSITY.exercise,
        volume::PUSH_FORWARD.exercise,
        volume::CHAIN.exercise,
        volume::UNCHAIN.exercise,
        coupling::AFFINE_COUPLING.exercise,
        coupling::COUPLING_INVERSE.exercise,
        coupling::COUPLING_MASKS.exercise,
        coupling::LU.exercise,
        layers::PLANAR.exercise,
        layers::MADE_MASKS.exercise,
        layers::MAF_INVERSE.exercise,
        layers::RATIONAL_QUADRATIC.exercise,
        pixels::DEQUANTISE.exercise,
        pixels::BITS_PER_DIM.exercise,
        pixels::LEFT_OPEN.exercise,
    ],
};

/// Each exercise with its answer.
pub fn trials(answers: &Answers) -> Vec<Trial> {
    vec![
        volume::SPHERICAL_LADJ.with(answers.spherical_ladj),
        volume::LOG_DENSITY.with(answers.log_density),
        volume::PUSH_FORWARD.with(answers.push_forward),
        volume::CHAIN.with(answers.chain),
        volume::UNCHAIN.with(answers.unchain),
        coupling::AFFINE_COUPLING.with(answers.affine_coupling),
        coupling::COUPLING_INVERSE.with(answers.coupling_inverse),
        coupling::COUPLING_MASKS.with(answers.coupling_masks),
        coupling::LU.with(answers.lu),
        layers::PLANAR.with(answers.planar),
        layers::MADE_MASKS.with(answers.made_masks),
        layers::MAF_INVERSE.with(answers.maf_inverse),
        layers::RATIONAL_QUADRATIC.with(answers.rational_quadratic),
        pixels::DEQUANTISE.with(answers.dequantise),
        pixels::BITS_PER_DIM.with(answers.bits_per_dim),
        pixels::LEFT_OPEN.with(answers.left_open),
    ]
}

/// Judges ln |det| of spherical coordinates.
pub fn spherical_ladj(answer: fn(&Tensor) -> Tensor) -> Verdict {
    volume::SPHERICAL_LADJ.judge(answer)
}

/// Judges the density of a push-forward.
pub fn push_forward(answer: fn(Psi, &Tensor) -> Tensor) -> Verdict {
    volume::PUSH_FORWARD.judge(answer)
}

/// Judges ln p(x) of a flow.
pub fn log_density(answer: fn(&Tensor, &Tensor) -> Tensor) -> Verdict {
    volume::LOG_DENSITY.judge(answer)
}

/// Judges a chain of layers from data to noise.
pub fn chain(answer: fn(&[Layer], &Tensor) -> (Tensor, Tensor)) -> Verdict {
    volume::CHAIN.judge(answer)
}

/// Judges the way back through a chain.
pub fn unchain(answer: fn(&[Psi], &Tensor) -> Tensor) -> Verdict {
    volume::UNCHAIN.judge(answer)
}

/// Judges an affine coupling and its ladj.
pub fn affine_coupling(answer: fn(Net, usize, &Tensor) -> (Tensor, Tensor)) -> Verdict {
    coupling::AFFINE_COUPLING.judge(answer)
}

/// Judges the inverse of an affine coupling.
pub fn coupling_inverse(answer: fn(Net, usize, &Tensor) -> Tensor) -> Verdict {
    coupling::COUPLING_INVERSE.judge(answer)
}

/// Judges which numbers stay in which layer.
pub fn coupling_masks(answer: fn(usize, usize) -> Tensor) -> Verdict {
    coupling::COUPLING_MASKS.judge(answer)
}

/// Judges a matrix by its LU factors, and the logarithm of its determinant.
pub fn lu(answer: fn(&Tensor, &Tensor, &Tensor) -> (Tensor, Tensor)) -> Verdict {
    coupling::LU.judge(answer)
}

/// Judges a planar layer.
pub fn planar(answer: fn(&Tensor, &Tensor, &Tensor, Float) -> (Tensor, Tensor)) -> Verdict {
    layers::PLANAR.judge(answer)
}

/// Judges the masks of an autoregressive network.
pub fn made_masks(answer: fn(usize, usize) -> (Tensor, Tensor)) -> Verdict {
    layers::MADE_MASKS.judge(answer)
}

/// Judges the inverse of a masked autoregressive layer.
pub fn maf_inverse(answer: fn(Net, &Tensor) -> Tensor) -> Verdict {
    layers::MAF_INVERSE.judge(answer)
}

/// Judges a bin of a rational-quadratic spline.
pub fn rational_quadratic(answer: Bin) -> Verdict {
    layers::RATIONAL_QUADRATIC.judge(answer)
}

/// Judges pixels as points of a density.
pub fn dequantise(answer: fn(&Tensor, &Tensor) -> Tensor) -> Verdict {
    pixels::DEQUANTISE.judge(answer)
}

/// Judges nats of a picture as bits for each pixel.
pub fn bits_per_dim(answer: fn(&Tensor, usize) -> Tensor) -> Verdict {
    pixels::BITS_PER_DIM.judge(answer)
}

/// Judges what the noise of a diffusion leaves open of the data.
pub fn left_open(answer: fn(&Tensor, &Tensor) -> Tensor) -> Verdict {
    pixels::LEFT_OPEN.judge(answer)
}

/// A function of points as an argument, which insists on their shape as a network does.
fn function(formula: &'static str, f: impl Fn(&Tensor) -> Tensor + 'static) -> Function {
    Function::new(formula, move |arguments| {
        let [x] = arguments else { panic!("the function takes one tensor") };
        assert!(
            x.rank() == 2,
            "the function was called with a tensor of shape {:?}; it takes points, [n, d]",
            x.shape()
        );
        f(x)
    })
}

/// An input's function of points, to be called.
fn called<'a>(input: &'a Input, name: &str) -> impl Fn(&Tensor) -> Tensor + use<'a> {
    let function = input.function(name);
    move |x| function.call(&[x])
}
