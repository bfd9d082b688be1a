//! Normalizing flows: an invertible map carries the data to normal noise, and the change of
//! variables gives the density of every point exactly (Tabak & Turner 2013; Rezende & Mohamed
//! 2015).
//!
//! Every map here runs in the direction **data x → noise z**; samples come from its inverse. An IAF
//! is then a MAF turned round ([`Inverse`]). Here are the interface and the flow; in
//! [`map`](mod@map) what happens to one number, in [`coupling`] and [`autoregressive`] who tells it
//! how, in [`spline`] the rational-quadratic spline, in [`linear`], [`planar`] and [`pixels`] the
//! layers without a network, in [`coordinates`] polar, cylindrical and spherical coordinates;
//! [`measure`] trains and measures, and the experiments are in [`run`], [`run_densities`],
//! [`run_coordinates`], [`run_families`] and [`run_digits`].
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | x ~ q | `x` | data, `[n, d]` |
//! | z ~ N(0, I) | `z` | noise, `[n, d]` |
//! | f | [`Transform::forward`] | an invertible map x → y |
//! | f⁻¹ | [`Transform::inverse`] | back again |
//! | ladj | second result of `forward` | ln \|det ∂f/∂x\|, `[n]` |
//! | ln p(x) | [`Flow::log_density`] | ln N(f(x); 0, I) + Σ ladj |
//! | θ | `theta` | what a network tells a number's map, `[n, k, P]` |
//! | bits | [`bits_per_dim`] | nats of a picture as bits for each pixel |

pub mod autoregressive;
pub mod checks;
pub mod coordinates;
pub mod coupling;
pub mod linear;
pub mod map;
pub mod measure;
pub mod pixels;
pub mod planar;
pub mod run;
pub mod run_coordinates;
pub mod run_densities;
pub mod run_digits;
pub mod run_families;
pub mod spline;

use self::autoregressive::Autoregressive;
use self::coupling::Coupling;
use self::linear::{ActNorm, Lu};
use self::map::Map;
use self::pixels::Interleaved;
use self::planar::Planar;
use crate::nn::{Mlp, Module, prefixed};
use crate::random::Rng;
use crate::{Float, Tensor};
use std::f64::consts::{LN_2, TAU};

// ANCHOR: transform
/// An invertible map of `[n, d]`, each row on its own.
pub trait Transform: Module {
    /// y = f(x) and ladj = ln |det ∂y/∂x|: `[n, d]` → `[n, d]`, `[n]`.
    ///
    /// # Panics
    /// If the shape does not fit.
    fn forward(&self, x: &Tensor) -> (Tensor, Tensor);

    /// x with f(x) = y: `[n, d]` → `[n, d]`.
    ///
    /// # Panics
    /// If the shape does not fit.
    fn inverse(&self, y: &Tensor) -> Tensor;

    /// A copy, so that a flow can be copied.
    fn copy(&self) -> Box<dyn Transform>;
}
// ANCHOR_END: transform

impl Clone for Box<dyn Transform> {
    fn clone(&self) -> Self {
        self.copy()
    }
}

// ANCHOR: flow
/// f = f_L ∘ … ∘ f₁ from data to noise: a density model.
#[derive(Clone)]
pub struct Flow {
    /// d, the dimension of a point.
    pub dim: usize,
    /// f₁, …, f_L; the data meets f₁ first.
    pub transforms: Vec<Box<dyn Transform>>,
}

impl Flow {
    /// z = f(x) and Σ ladj: `[n, d]` → `[n, d]`, `[n]`. Determinants of a chain multiply.
    ///
    /// # Panics
    /// If x is not `[n, d]`.
    #[track_caller]
    pub fn forward(&self, x: &Tensor) -> (Tensor, Tensor) {
        let d = self.dim;
        assert!(x.rank() == 2 && x.shape()[1] == d, "Flow: x is {:?}, not [n, {d}]", x.shape());
        let start = (x.clone(), Tensor::zeros(&x.shape()[..1]));
        self.transforms.iter().fold(start, |(x, sum), transform| {
            let (y, ladj) = transform.forward(&x);
            (y, sum + ladj)
        })
    }

    /// x = f₁⁻¹(… f_L⁻¹(z)): the last map is undone first. `[n, d]` → `[n, d]`.
    #[track_caller]
    pub fn inverse(&self, z: &Tensor) -> Tensor {
        self.transforms.iter().rev().fold(z.clone(), |y, transform| transform.inverse(&y))
    }

    /// ln p(x) = ln N(f(x); 0, I) + Σ ladj: `[n, d]` → `[n]` (Rezende & Mohamed 2015, eq. 5, in the
    /// direction from data to noise).
    ///
    /// # Panics
    /// As [`Flow::forward`].
    #[track_caller]
    pub fn log_density(&self, x: &Tensor) -> Tensor {
        let (z, ladj) = self.forward(x);
        log_normal(&z) + ladj
    }

    /// −ln p(x), averaged over the rows: the loss, a scalar.
    ///
    /// # Panics
    /// As [`Flow::forward`].
    #[track_caller]
    pub fn nll(&self, x: &Tensor) -> Tensor {
        -self.log_density(x).mean(..)
    }

    /// `n` points f⁻¹(z), z ~ N(0, I): `[n, d]`, a constant.
    pub fn sample(&self, n: usize, rng: &mut Rng) -> Tensor {
        self.frozen().inverse(&rng.normal(&[n, self.dim]))
    }
}
// ANCHOR_END: flow

impl Flow {
    /// x and what it is after each map: L + 1 states.
    ///
    /// # Panics
    /// As [`Flow::forward`].
    #[track_caller]
    pub fn states(&self, x: &Tensor) -> Vec<Tensor> {
        let mut states = vec![x.clone()];
        for transform in &self.transforms {
            states.push(transform.forward(&states[states.len() - 1]).0);
        }
        states
    }
}

impl Module for Flow {
    fn parameters(&self) -> Vec<(String, &Tensor)> {
        let parts = self.transforms.iter().enumerate();
        parts.flat_map(|(i, part)| prefixed(&i.to_string(), part.parameters())).collect()
    }

    fn parameters_mut(&mut self) -> Vec<(String, &mut Tensor)> {
        let parts = self.transforms.iter_mut().enumerate();
        parts.flat_map(|(i, part)| prefixed(&i.to_string(), part.parameters_mut())).collect()
    }
}

/// ln N(z; 0, I) of each row: `[n, d]` → `[n]`.
// ANCHOR: log_normal
pub fn log_normal(z: &Tensor) -> Tensor {
    let d = z.shape()[1] as f64;
    z.square().sum(1) * -0.5 - (0.5 * d * libm::log(TAU)) as Float
}
// ANCHOR_END: log_normal

// ANCHOR: inverse
/// A map turned round: forward is the other's inverse. A MAF turned round is an IAF (Kingma et al.
/// 2016): sampling is one pass of the network, and the density of a given point takes d of them.
#[derive(Clone)]
pub struct Inverse(pub Box<dyn Transform>);

impl Transform for Inverse {
    fn forward(&self, x: &Tensor) -> (Tensor, Tensor) {
        let y = self.0.inverse(x);
        let (_, ladj) = self.0.forward(&y);
        (y, -ladj)
    }

    fn inverse(&self, y: &Tensor) -> Tensor {
        self.0.forward(y).0
    }

    fn copy(&self) -> Box<dyn Transform> {
        Box::new(self.clone())
    }
}
// ANCHOR_END: inverse

impl Module for Inverse {
    fn parameters(&self) -> Vec<(String, &Tensor)> {
        self.0.parameters()
    }

    fn parameters_mut(&mut self) -> Vec<(String, &mut Tensor)> {
        self.0.parameters_mut()
    }
}

// ANCHOR: dequantised
/// Pixels k/255, k = 0, …, 255, as points of a density: (k + u)/256 with u uniform on [0, 1) (Uria,
/// Murray & Larochelle 2013; Theis, van den Oord & Bethge 2016). Without u the data lie on isolated
/// points, and a density can grow without bound there.
pub fn dequantised(images: &Tensor, rng: &mut Rng) -> Tensor {
    (images * 255.0 + rng.uniform(images.shape())) / 256.0
}

/// Nats for a picture of d pixels as bits for each: (−ln p(x)/d + ln 256) / ln 2 for a density p of
/// pixels in [0, 1]. It bounds the bits of the best code for the bytes from above; 8 is no model at
/// all.
pub fn bits_per_dim(nll: f64, dim: usize) -> f64 {
    nll / dim as f64 / LN_2 + 8.0
}
// ANCHOR_END: dequantised

/// The last layer made small: a new map is close to the one of θ = 0, which is the identity.
fn near_identity(mut net: Mlp) -> Mlp {
    let last = net.layers.last_mut().expect("an Mlp has a layer");
    for (_, parameter) in last.parameters_mut() {
        *parameter = (parameter.detach() * 0.1).variable();
    }
    net
}

/// How one layer is made: for points of this dimension, with a network this wide.
pub type Constructor = fn(dim: usize, width: usize, rng: &mut Rng) -> Box<dyn Transform>;

/// Every layer with its name: what is tested of one is tested of all.
pub const TRANSFORMS: [(&str, Constructor); 10] = [
    ("NICE", |d, w, rng| Box::new(Coupling::new(d, w, Map::Additive, false, rng))),
    ("RealNVP", |d, w, rng| Box::new(Coupling::new(d, w, Map::Affine, true, rng))),
    ("spline coupling", |d, w, rng| Box::new(Coupling::new(d, w, Map::SPLINE, false, rng))),
    ("MAF", |d, w, rng| Box::new(Autoregressive::new(d, w, Map::Affine, false, rng))),
    ("IAF", |d, w, rng| {
        Box::new(Inverse(Box::new(Autoregressive::new(d, w, Map::Affine, true, rng))))
    }),
    ("autoregressive spline", |d, w, rng| {
        Box::new(Autoregressive::new(d, w, Map::SPLINE, true, rng))
    }),
    ("ActNorm", |d, _, rng| Box::new(ActNorm::random(d, rng))),
    ("LU", |d, _, rng| Box::new(Lu::new(d, rng))),
    ("planar", |d, _, rng| Box::new(Planar::new(d, rng))),
    ("interleaved", |_, _, _| Box::new(Interleaved)),
];
