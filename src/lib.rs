//! **pushforward**: learn generative modelling by building it.
//!
//! Every model here pushes a simple law forward onto the law of the data. The crate is a small
//! engine (tensors, automatic differentiation of any order, networks, optimizers, solvers) and the
//! chapters of a book, which are built on nothing else.
//!
//! ```
//! use pushforward::{Tensor, grad, grad_graph};
//!
//! let x = Tensor::from([1.0, 2.0, 3.0]).variable();
//! let y = (x.square() * x.sin()).sum(..);
//! let dy = grad_graph(&y, &[&x]).remove(0); // 2x sin x + x² cos x, itself a graph
//! let ddy = grad(&dy.sum(..), &[&x]).remove(0); // so it can be differentiated again
//! println!("{dy}\n{ddy}");
//! ```
//!
//! Read in this order: [`Tensor`] and its ops, [`grad`](mod@autograd), [`derivatives`], [`nn`],
//! [`optim`], [`random`], [`ode`], [`sde`], [`data`], [`metrics`], [`plot`], [`experiment`], then the
//! [`chapters`] and [`check`], which judges their exercises. What makes it fast is in [`kernels`] and [`machine`].
//!
//! Three promises. The same seed gives the same bits on any machine. Every gradient can be
//! differentiated again. Arithmetic panics with the op, the shapes and the fix; what touches files
//! or arguments returns a [`Result`].
//!
//! What it does not do: GPUs, lazy or compiled graphs, integer or mixed-precision tensors, views
//! that share memory. Tensors are made for one thread (`Rc`), and small enough to read.

// With `f64`, `f64::from(x)` and `x as Float` change nothing; with `f32` they are needed.
#![cfg_attr(feature = "f64", allow(clippy::useless_conversion, clippy::unnecessary_cast))]

pub mod autograd;
pub mod check;
pub mod checkpoint;
pub mod data;
pub mod derivatives;
mod error;
pub mod experiment;
#[cfg(feature = "graph")]
pub mod graph;
pub mod kernels;
pub mod machine;
pub mod metrics;
pub mod nn;
pub mod ode;
mod ops;
pub mod optim;
pub mod plot;
pub mod random;
mod safetensors;
pub mod sde;
mod tensor;

#[path = "../chapters/mod.rs"]
pub mod chapters;

pub use autograd::{grad, grad_graph};
pub use error::{Error, Result, write_atomically};
pub use ops::reduce::Axes;
pub use tensor::Tensor;

/// The number type of every tensor: `f32`, or `f64` with the feature `f64`.
///
/// Settings such as learning rates are `f64`; what meets the numbers of tensors is `Float`: `v as
/// Float`.
#[cfg(not(feature = "f64"))]
pub type Float = f32;
/// The number type of every tensor: `f64`, because the feature `f64` is on.
#[cfg(feature = "f64")]
pub type Float = f64;
