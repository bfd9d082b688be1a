//! Every family on the same data: eight ways to learn a law of the plane, each with the same seconds
//! for its training, and judged by the same numbers.
//!
//! Here are the rules; in [`sets`] the data and their modes, in [`families`] how each family is
//! trained and drawn from, in [`measure`] what is measured, in [`run`] the experiment. The models
//! themselves are those of their chapters.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | q | [`sets::Set::law`] | the law of the data |
//! | p | [`Trained`] | the law that was learned |
//! | D² | [`crate::metrics::energy_distance`] | energy distance of samples of both |
//! | SW₂ | [`crate::metrics::sliced_wasserstein_2`] | sliced Wasserstein distance of the same |
//! | NLL, gap | [`measure::Nll`] | −E_q ln p, and what it is above the entropy of q |

pub mod families;
pub mod measure;
pub mod run;
pub mod sets;

use crate::data::Law;
use crate::random::Rng;
use crate::{Result, Tensor};

// ANCHOR: rules
/// A family that takes part.
#[derive(Clone, Copy)]
pub struct Family {
    /// Its name.
    pub name: &'static str,
    /// Training steps for each one of flow matching: as many as take the same time.
    pub pace: f64,
    /// Its learning rate in units of that of flow matching.
    pub rate: f64,
    /// Trains a model of the law.
    pub train: fn(&dyn Law, &Plan, &mut Rng) -> Result<Trained>,
}

/// How a model is trained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// Training steps.
    pub steps: usize,
    /// Points in a batch.
    pub batch: usize,
    /// The learning rate at the start; it falls to 0 along half a cosine.
    pub lr: f64,
}

/// Draws so many points: `[n, 2]`.
pub type Sampler = Box<dyn Fn(usize, &mut Rng) -> Tensor>;

/// ln p of each row.
pub type LogDensity = Box<dyn Fn(&Tensor) -> Vec<f64>>;

/// A random lower bound of ln p of each row.
pub type LogBound = Box<dyn Fn(&Tensor, &mut Rng) -> Vec<f64>>;

/// A model after its training.
pub struct Trained {
    /// Numbers that were learned.
    pub parameters: usize,
    /// How often a sample passes through a network.
    pub evaluations: usize,
    /// Draws so many points.
    pub sample: Sampler,
    /// What it says of ln p, if it says anything.
    pub density: Density,
}

/// ln p of each row of points `[n, 2]`, as far as a family knows it.
pub enum Density {
    /// There is none.
    None,
    /// Of each row, exact but for the solver's error.
    Exact(LogDensity),
    /// A bound from below that is random.
    Bound(LogBound),
}
// ANCHOR_END: rules
