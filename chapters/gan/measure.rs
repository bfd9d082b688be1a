//! What the experiments measure of a generator, and how they write it down.

use super::oracle::Modes;
use super::{Discriminator, Gan, Generator};
use crate::data::{Law, Mixture};
use crate::experiment::{Experiment, Settings, save_figures, save_metrics, tail_mean};
use crate::metrics::{Compared, compare, energy_distance, wasserstein_2};
use crate::nn::{Module, prefixed};
use crate::plot::Figure;
use crate::random::Rng;
use crate::{Result, Tensor};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Instant;

/// Points on each side of the energy distance, and of W2, whose time grows with the cube.
pub(super) const COMPARED: [usize; 2] = [2000, 1000];
/// Fresh data sets to which the distance is averaged, and pairs of them for its floor.
const REPEATS: usize = 10;

/// Rows of the table, and the same for `metrics.json`.
pub(super) struct Measured {
    pub rows: Vec<[String; 3]>,
    pub json: Value,
}

/// How far [`COMPARED`] samples are from the data, beside what is between samples of the data.
pub(super) fn distances(samples: &Tensor, law: &dyn Law, rng: &mut Rng) -> Measured {
    let [n, fewer] = COMPARED;
    let energy = compare(samples, law, energy_distance, REPEATS, rng);
    let w_2 = compare(&samples.slice(0, 0..fewer), law, wasserstein_2, REPEATS, rng);
    let row = |name: &str, n: usize, Compared { value, floor }: &Compared| {
        let remark = format!("floor {floor}, between samples of the data, n = {n}");
        [name.to_string(), format!("{value:.4}"), remark]
    };
    let json = |n: usize, Compared { value, floor }: &Compared| {
        let floor = json!({ "mean": floor.mean, "std": floor.std });
        json!({ "value": value, "floor": floor, "n": n, "repeats": REPEATS })
    };
    Measured {
        rows: vec![row("energy distance D²", n, &energy), row("Wasserstein W2", fewer, &w_2)],
        json: json!({ "energy_distance": json(n, &energy), "wasserstein_2": json(fewer, &w_2) }),
    }
}

/// How samples are spread over the modes of a mixture, beside as many points of the mixture itself.
pub(super) fn modes(samples: &Tensor, law: &Mixture, rng: &mut Rng) -> Measured {
    let n = samples.shape()[0];
    let (ours, data) = (Modes::of(samples, law), Modes::of(&law.sample(n, rng), law));
    let count = law.means.len();
    let row = |name: &str, value: String, remark: String| [name.to_string(), value, remark];
    let rows = vec![
        row("modes covered", format!("{}", ours.covered()), format!("of {count}")),
        row(
            "KL of the modes",
            format!("{:.4}", ours.kl()),
            format!("of their shares to even ones; {n} points of the data: {:.4}", data.kl()),
        ),
        row(
            "near a mode",
            format!("{:.1} %", 100.0 * ours.share_within()),
            format!(
                "within three standard deviations; of the data: {:.1} %",
                100.0 * data.share_within()
            ),
        ),
    ];
    let json = json!({
        "covered": ours.covered(), "kl": ours.kl(), "share_within": ours.share_within(),
        "nearest": ours.nearest, "n": n,
    });
    Measured { rows, json }
}

/// How long the training took.
pub(super) fn training_time(start: Instant, settings: &Settings) -> [String; 3] {
    let seconds = start.elapsed().as_secs_f64();
    ["training".into(), format!("{seconds:.2} s"), format!("{} rounds", settings.steps)]
}

/// The settings of a run, for `metrics.json`: what was measured is added to it.
pub(super) fn metrics(experiment: &Experiment, settings: &Settings, losses: &[f64]) -> Value {
    json!({
        "experiment": experiment.name,
        "settings": settings.json(),
        "final_loss_of_d": tail_mean(losses, losses.len().min(100)),
    })
}

/// Both networks as one, to be saved.
struct Both<'a>(&'a Generator, &'a Discriminator);

impl Module for Both<'_> {
    fn parameters(&self) -> Vec<(String, &Tensor)> {
        [prefixed("g", self.0.parameters()), prefixed("d", self.1.parameters())].concat()
    }

    fn parameters_mut(&mut self) -> Vec<(String, &mut Tensor)> {
        vec![] // they are only read
    }
}

/// Writes the figures, `metrics.json` and the weights of `gan`.
pub(super) fn write(
    settings: &Settings,
    gan: &Gan,
    figures: &[(&str, Figure)],
    metrics: &Value,
) -> Result<Vec<PathBuf>> {
    let mut files = save_figures(settings, figures)?;
    files.extend(save_metrics(settings, metrics, Some(&Both(&gan.g, &gan.d)))?);
    Ok(files)
}
