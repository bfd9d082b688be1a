//! What is measured of a trained model: two distances beside their floors, modes, likelihood.

use super::sets::Set;
use super::{Density, Trained};
use crate::Tensor;
use crate::chapters::continuous_flows::measure::Likelihood;
use crate::metrics::{Compared, compare, energy_distance, half_circle, sliced_wasserstein_2};
use crate::random::Rng;
use serde_json::{Value, json};

/// Points on each side of a distance.
pub const COMPARED: usize = 2000;
/// Fresh data sets to which a distance is averaged, and pairs of them for its floor.
const REPEATS: usize = 5;
/// Directions of the sliced distance.
const DIRECTIONS: usize = 64;
/// Points over which a likelihood is averaged.
const JUDGED: usize = 2000;

// ANCHOR: nll
/// A likelihood, or what bounds it from below.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nll {
    /// NLL, floor and gap in nats; of a bound both are upper bounds in expectation.
    pub likelihood: Likelihood,
    /// Whether it is a bound.
    pub bound: bool,
}

impl Nll {
    /// Over fresh points of the data.
    pub fn of(density: &Density, set: &Set, rng: &mut Rng) -> Option<Nll> {
        let x = set.law.sample(JUDGED, rng);
        let (log_p, bound) = match density {
            Density::None => return None,
            Density::Exact(log_p) => (log_p(&x), false),
            Density::Bound(log_p) => (log_p(&x, rng), true),
        };
        Some(Nll { likelihood: Likelihood::of(&log_p, &x, &*set.law), bound })
    }
}
// ANCHOR_END: nll

/// All numbers of a model.
#[derive(Clone, Debug)]
pub struct Measured {
    /// D² to the data.
    pub energy: Compared,
    /// SW₂ to the data.
    pub sliced: Compared,
    /// Modes with at least a tenth of their due share.
    pub covered: usize,
    /// The share of samples that belong to a mode.
    pub near: f64,
    /// The same share of the data.
    pub near_of_data: f64,
    /// The likelihood, if there is one.
    pub nll: Option<Nll>,
}

impl Measured {
    // ANCHOR: measure
    /// Of a model: its samples `[n, 2]` and its density.
    pub fn of(samples: &Tensor, trained: &Trained, set: &Set, rng: &mut Rng) -> Measured {
        let directions = half_circle(DIRECTIONS);
        let sliced = |x: &Tensor, y: &Tensor| sliced_wasserstein_2(x, y, &directions);
        let (covered, near) = modes(samples, set);
        let (_, near_of_data) = modes(&set.law.sample(20_000, rng), set);
        Measured {
            energy: compare(samples, &*set.law, energy_distance, REPEATS, rng),
            sliced: compare(samples, &*set.law, sliced, REPEATS, rng),
            covered,
            near,
            near_of_data,
            nll: Nll::of(&trained.density, set, rng),
        }
    }
    // ANCHOR_END: measure

    /// For `metrics.json`.
    pub fn json(&self) -> Value {
        let Measured { energy, sliced, covered, near, near_of_data, nll } = self;
        let compared = |Compared { value, floor }: &Compared| json!({ "value": value, "floor": { "mean": floor.mean, "std": floor.std } });
        let nll = nll.as_ref().map(|Nll { likelihood, bound }| {
            let mut nll = likelihood.json();
            nll["bound"] = json!(bound);
            nll
        });
        json!({
            "energy_distance": compared(energy), "sliced_wasserstein_2": compared(sliced),
            "modes_covered": covered, "near_a_mode": near, "near_a_mode_of_the_data": near_of_data,
            "likelihood": nll,
        })
    }
}

// ANCHOR: modes
/// How many modes have at least a tenth of their due share of all samples, and which share of them
/// belongs to any.
fn modes(samples: &Tensor, set: &Set) -> (usize, f64) {
    let mut counts = vec![0; set.modes];
    let points = samples.rows::<2>();
    points.iter().filter_map(|&x| (set.mode)(x)).for_each(|mode| counts[mode] += 1);
    let due = points.len() as f64 / set.modes as f64;
    let covered = counts.iter().filter(|&&count| f64::from(count) >= 0.1 * due).count();
    (covered, counts.iter().sum::<i32>() as f64 / points.len() as f64)
}
// ANCHOR_END: modes
