//! The experiment: two moons from noise, as in the book's first run.

use super::{Velocity, cfm_loss, sample};
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
    settings.check()?;
    let mut rng = Rng::new(settings.seed);
    let mut measuring = rng.split();
    let mut u = Velocity::new(2, WIDTH, &mut rng);

    let start = Instant::now();
    let (losses, steps_done) = train(&mut u, settings, &mut rng, watch)?;
    let training = start.elapsed().as_secs_f64();

    let start = Instant::now();
    let states = sample(&u, &measuring.normal(&[SHOWN, 2]), SAMPLE_STEPS);
    let sampling = start.elapsed().as_secs_f64();
    let figure = panels(&states);

    watch(Event::Stage("measuring distances"));
    let samples =
        sample(&u, &measuring.normal(&[COMPARED[0], 2]), SAMPLE_STEPS).remove(SAMPLE_STEPS).1;
    let distances = distances(&samples, &mut measuring);

    let mut rows = vec![row("final loss", tail_mean(&losses, 100), "mean of the last 100 steps")];
    for Distance { name, n, measured: Compared { value, floor }, .. } in &distances {
        rows.push(row(
            name,
            *value,
            &format!("floor {floor}, between samples of the data, n = {n}"),
        ));
    }
    let rate = steps_done as f64 / training;
    rows.push(["training".into(), format!("{training:.2} s"), format!("{rate:.0} steps/s")]);
    let remark = format!("{SHOWN} points in {SAMPLE_STEPS} midpoint steps");
    rows.push(["sampling".into(), format!("{sampling:.4} s"), remark]);

    let files = write(settings, &u, &figure, &samples, &distances, &losses)?;
    Ok(Report { rows, figure, files, losses })
}

/// The training loop. Returns the loss of every step, and how many were done here rather than in an
/// interrupted run before.
fn train(
    u: &mut Velocity,
    settings: &Settings,
    rng: &mut Rng,
    watch: &mut dyn FnMut(Event),
) -> Result<(Vec<f64>, usize)> {
    let n = settings.batch;
    let mut adam = Adam::new(settings.lr);
    let mut training = Training::new(settings, watch);
    let steps = training.resume(u, &mut adam, rng)?;
    let steps_done = steps.clone().count();
    for _ in steps {
        let x_1 = make_moons(n, NOISE, rng);
        let x_0 = rng.normal(&[n, 2]);
        let t = rng.uniform(&[n, 1]);
        let loss = cfm_loss(u, &x_0, &x_1, &t);
        let gradients = grad(&loss, &u.tensors());
        adam.step(u, &gradients);
        training.step_done(&loss, u, &adam, rng)?;
    }
    Ok((training.finish(), steps_done))
}

fn row(name: &str, value: f64, remark: &str) -> [String; 3] {
    [name.into(), format!("{value:.4}"), remark.into()]
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
