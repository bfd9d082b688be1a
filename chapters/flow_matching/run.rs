//! The experiment: two moons from noise, as in the book's first run.

use super::{Velocity, cfm_loss, sample, trajectory};
use crate::data::{Moons, make_moons};
use crate::experiment::{Event, Experiment, Report, Settings, Training, tail_mean};
use crate::metrics::{Compared, compare, energy_distance, wasserstein_2};
use crate::nn::Module;
use crate::optim::{Adam, Optimizer};
use crate::plot::{BLUE, Figure, Panel};
use crate::random::Rng;
use crate::{Float, Result, Tensor, checkpoint, grad, write_atomically};
use serde_json::json;
use std::path::PathBuf;
use std::time::Instant;

/// Two moons: MLP 3–64–64–64–2 with ELU, Adam.
pub const MOONS: Experiment = Experiment {
    name: "flow-matching",
    about: "two moons from noise, by a velocity field learned on straight lines",
    steps: 10_000,
    batch: 256,
    lr: 1e-2,
    run,
};

/// Standard deviation of the noise around the half circles.
const NOISE: f64 = 0.05;
/// Hidden units of a layer.
const WIDTH: usize = 64;
/// Midpoint steps from noise to data.
const SAMPLE_STEPS: usize = 8;
/// Points in the figure.
const SHOWN: usize = 300;
/// Points on each side of the energy distance, and of W2, whose time grows with the cube.
const COMPARED: [usize; 2] = [2000, 1000];
/// Fresh data sets to which the distance is averaged, and pairs of them for its floor.
const REPEATS: usize = 5;

/// Trains, measures, draws and writes `figure.png`, `figure.svg`, `samples.csv`, `metrics.json` and
/// `model.safetensors` to the settings' folder.
///
/// # Errors
/// If a setting is out of range, a file cannot be written, or the loss is no longer finite.
pub fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare()?;
    let mut rng = Rng::new(settings.seed);
    let mut measuring = rng.split();
    let mut u = Velocity::new(2, WIDTH, &mut rng);

    let mut training = Training::new(MOONS.name, settings, watch);
    let start = Instant::now();
    let steps = train(&mut u, settings, &mut training, &mut rng)?;
    let seconds = start.elapsed().as_secs_f64();
    let mut rows = vec![loss_row(&training.losses)];

    let start = Instant::now();
    let states = trajectory(&u, &measuring.normal(&[SHOWN, 2]), SAMPLE_STEPS);
    let sampling = start.elapsed().as_secs_f64();
    let figure = panels(&states);

    training.stage("measuring distances");
    let x_0 = measuring.normal(&[COMPARED[0], 2]);
    let samples = sample(&u, &x_0, SAMPLE_STEPS);
    let distances = distances(&samples, &mut measuring);
    rows.extend(distances.iter().map(Distance::row));
    let rate = format!("{:.0} steps/s", steps as f64 / seconds);
    rows.push(["training".into(), format!("{seconds:.2} s"), rate]);
    let remark = format!("{SHOWN} points in {SAMPLE_STEPS} midpoint steps");
    rows.push(["sampling".into(), format!("{sampling:.4} s"), remark]);

    let losses = &training.losses;
    let files = write(settings, &u, &figure, &samples, &distances, losses)?;
    training.complete();
    Ok(Report { rows, figure, files, losses: training.losses })
}

/// The training loop. Returns how many steps were done, rather than in an interrupted run before.
///
/// Each batch has scikit-learn's law: half of its points on each moon, at evenly spaced angles.
fn train(
    u: &mut Velocity,
    settings: &Settings,
    training: &mut Training,
    rng: &mut Rng,
) -> Result<usize> {
    let n = settings.batch;
    let mut adam = Adam::new(settings.lr);
    let steps = training.resume(u, &mut adam, rng)?;
    let to_do = steps.clone().count();
    for _ in steps {
        let x_1 = make_moons(n, NOISE, rng);
        let x_0 = rng.normal(&[n, 2]);
        let t = rng.uniform(&[n, 1]);
        let loss = cfm_loss(u, &x_0, &x_1, &t);
        let gradients = grad(&loss, &u.tensors());
        adam.step(u, &gradients);
        training.step_done(&loss, u, &adam, rng)?;
    }
    Ok(to_do)
}

fn loss_row(losses: &[f64]) -> [String; 3] {
    let last = losses.len().min(100);
    let value = format!("{:.4}", tail_mean(losses, last));
    ["final loss".into(), value, format!("mean of the last {last} steps")]
}

/// One panel for each time, all with the same axes.
fn panels(states: &[(Float, Tensor)]) -> Figure {
    let panel = |(t, x): &(Float, Tensor)| {
        Panel::new(format!("t = {t:.3}")).scatter(x.rows::<2>(), BLUE.opacity(0.6))
    };
    Figure::new("Noise carried to two moons", states.iter().map(panel))
        .x_range(-3.0, 3.0)
        .y_range(-3.0, 3.0)
        .equal_aspect()
}

/// A distance of `n` samples to as many of the data.
struct Distance {
    name: &'static str,
    key: &'static str,
    n: usize,
    measured: Compared,
}

impl Distance {
    fn row(&self) -> [String; 3] {
        let Distance { name, n, measured: Compared { value, floor }, .. } = self;
        let remark = format!("floor {floor}, between samples of the data, n = {n}");
        [name.to_string(), format!("{value:.4}"), remark]
    }
}

fn distances(samples: &Tensor, rng: &mut Rng) -> [Distance; 2] {
    let [n, fewer] = COMPARED;
    let moons = Moons { noise: NOISE };
    let measured = compare(samples, &moons, energy_distance, REPEATS, rng);
    let energy = Distance { name: "energy distance D²", key: "energy_distance", n, measured };
    let measured = compare(&samples.slice(0, 0..fewer), &moons, wasserstein_2, REPEATS, rng);
    [energy, Distance { name: "Wasserstein W2", key: "wasserstein_2", n: fewer, measured }]
}

fn write(
    settings: &Settings,
    u: &Velocity,
    figure: &Figure,
    samples: &Tensor,
    distances: &[Distance],
    losses: &[f64],
) -> Result<Vec<PathBuf>> {
    let path = |name: &str| settings.out.join(name);
    let files = ["figure.png", "figure.svg", "samples.csv", "metrics.json", "model.safetensors"];
    let files = files.map(path);
    figure.save(&files[0])?;
    figure.save(&files[1])?;
    let points = samples.data().chunks_exact(2);
    let lines: String = points.map(|p| format!("{},{}\n", p[0], p[1])).collect();
    write_atomically(&files[2], format!("x,y\n{lines}").as_bytes())?;
    let metrics = metrics(settings, distances, losses);
    write_atomically(&files[3], format!("{metrics:#}\n").as_bytes())?;
    checkpoint::save(&files[4], u)?;
    Ok(files.to_vec())
}

/// Everything measured that follows from the seed, so that two runs can be compared byte for byte:
/// no seconds.
fn metrics(settings: &Settings, distances: &[Distance], losses: &[f64]) -> serde_json::Value {
    let distance = |Distance { key, n, measured: Compared { value, floor }, .. }: &Distance| {
        let floor = json!({ "mean": floor.mean, "std": floor.std });
        (key.to_string(), json!({ "value": value, "floor": floor, "n": n, "repeats": REPEATS }))
    };
    let Settings { steps, batch, lr, seed, .. } = settings;
    json!({
        "experiment": MOONS.name,
        "settings": { "steps": steps, "batch": batch, "lr": lr, "seed": seed },
        "final_loss": tail_mean(losses, 100),
        "distances": distances.iter().map(distance).collect::<serde_json::Map<_, _>>(),
        "loss_of_each_100_steps": losses.chunks(100).map(|c| tail_mean(c, 100)).collect::<Vec<_>>(),
    })
}
