//! What to learn: laws as values, each of which draws samples and knows its density and its entropy,
//! and [`Digits`], real images, of whose law nothing is known but samples.
//!
//! Every law here is a definition of its own (the same name means different data in different
//! projects), so each says whose it is. Densities and entropies are `f64` numbers in nats, made to
//! be printed beside what a model reaches; nothing here can be differentiated.

mod checkerboard;
mod curves;
mod digits;
mod idx;
mod mixture;
mod moons;
mod normal;
mod pinwheel;

pub use checkerboard::Checkerboard;
pub use curves::Curves::{self, Circles, Rings, SwissRoll, TwoSpirals};
pub use digits::{Digits, Images, PIXELS};
pub use mixture::Mixture;
pub use moons::{Moons, make_moons};
pub use normal::Normal;
pub use pinwheel::Pinwheel;

use crate::Tensor;
use crate::random::Rng;

/// A probability law on ℝᵈ with a density p.
pub trait Law {
    /// The dimension d.
    fn dim(&self) -> usize;

    /// `n` independent draws: `[n, d]`.
    fn sample(&self, n: usize, rng: &mut Rng) -> Tensor;

    /// ln p of each row of `[n, d]`, in nats.
    ///
    /// # Panics
    /// If the shape of `x` is not `[n, d]`.
    fn log_density(&self, x: &Tensor) -> Vec<f64>;

    /// The differential entropy −∫ p ln p, in nats: what −ln p is on average over samples, and the
    /// least that the average of −ln q over them can be for any model density q.
    fn entropy(&self) -> f64;
}

#[track_caller]
fn assert_rows(law: &str, x: &Tensor, dim: usize) {
    assert!(
        x.rank() == 2 && x.shape()[1] == dim,
        "{law}: this law has points of shape [n, {dim}], not {:?}; use reshape",
        x.shape()
    );
}
