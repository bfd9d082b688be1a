//! The trainings: noise carried to two moons, as in the book's first run, to eight Gaussians and to a
//! checkerboard, each along straight lines.

use super::oracle::Marginal;
use super::path::Path;
use super::{Velocity, cfm_loss, fm_loss, sample, trajectory};
use crate::data::{Checkerboard, Law, Mixture, Moons, make_moons};
use crate::experiment::{Event, Experiment, Report, Settings, Training};
use crate::experiment::{loss_row, save_figures, save_metrics, tail_mean, training_time};
use crate::metrics::{Compared, compare, energy_distance, wasserstein_2};
use crate::nn::Module;
use crate::optim::{Adam, Optimizer};
use crate::plot::{BLUE, Figure, GREY, Panel, RED};
use crate::random::Rng;
use crate::{Float, Result, Tensor, grad, write_atomically};
use serde_json::json;
use std::path::PathBuf;
use std::time::Instant;

// ANCHOR: moons
/// Two moons: MLP 3–64–64–64–2 with ELU, Adam.
pub const MOONS: Experiment = Experiment {
    name: "flow-matching",
    about: "two moons from noise, by a velocity field learned on straight lines",
    steps: 10_000,
    batch: 256,
    lr: 1e-2,
    images: false,
    run,
};
// ANCHOR_END: moons

/// Eight Gaussians on a circle, by the same network.
pub const EIGHT_GAUSSIANS: Experiment = Experiment {
    name: "flow-matching-eight-gaussians",
    about: "the same with eight Gaussians on a circle",
    steps: 10_000,
    batch: 256,
    lr: 3e-3,
    images: false,
    run: |settings, watch| {
        let law = Mixture::eight_gaussians();
        let batch = |n, rng: &mut Rng| law.sample(n, rng);
        let oracle = Some(Marginal { path: Path::Linear, data: law.clone() });
        let title = "eight Gaussians";
        let target = Target { title, law: &law, batch: &batch, oracle, reach: 8.0 };
        run_to(&EIGHT_GAUSSIANS, &target, &train, settings, watch)
    },
};

/// The black squares of a checkerboard, by the same network.
pub const CHECKERBOARD: Experiment = Experiment {
    name: "flow-matching-checkerboard",
    about: "the same with a checkerboard, whose edges are sharp",
    steps: 10_000,
    batch: 256,
    lr: 3e-3,
    images: false,
    run: |settings, watch| {
        let batch = |n, rng: &mut Rng| Checkerboard.sample(n, rng);
        let (title, law) = ("a checkerboard", &Checkerboard);
        let target = Target { title, law, batch: &batch, oracle: None, reach: 5.0 };
        run_to(&CHECKERBOARD, &target, &train, settings, watch)
    },
};

/// Where the noise is to be carried.
pub(crate) struct Target<'a> {
    /// In the figure's title.
    title: &'static str,
    /// The law of the data, to which samples are compared.
    law: &'a dyn Law,
    /// Draws a batch of so many points.
    batch: &'a dyn Fn(usize, &mut Rng) -> Tensor,
    /// What a perfect network would say, where that is known.
    oracle: Option<Marginal>,
    /// The panels show [−reach, reach]².
    reach: f64,
}

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
const REPEATS: usize = 10;

/// Trains on two moons, measures, draws and writes `figure.png`, `figure.svg`, `samples.csv`,
/// `metrics.json` and `model.safetensors` to the settings' folder.
///
/// Each batch has scikit-learn's law: half of its points on each moon, at evenly spaced angles.
///
/// # Errors
/// If a setting is out of range, a file cannot be written, or the loss is no longer finite.
pub fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    moons_by(&MOONS, &train, settings, watch)
}

/// The run on two moons by a training that is given.
pub(crate) fn moons_by(
    experiment: &Experiment,
    train: Train,
    settings: &Settings,
    watch: &mut dyn FnMut(Event),
) -> Result<Report> {
    let law = Moons { noise: NOISE };
    let batch = |n, rng: &mut Rng| make_moons(n, NOISE, rng);
    let title = "two moons";
    let target = Target { title, law: &law, batch: &batch, oracle: None, reach: 3.0 };
    run_to(experiment, &target, train, settings, watch)
}

/// A training loop, which returns how many steps it did.
type Train<'a> =
    &'a dyn Fn(&mut Velocity, &Target, &Settings, &mut Training, &mut Rng) -> Result<usize>;

fn run_to(
    experiment: &Experiment,
    target: &Target,
    train: Train,
    settings: &Settings,
    watch: &mut dyn FnMut(Event),
) -> Result<Report> {
    settings.prepare()?;
    let mut rng = Rng::new(settings.seed);
    let mut measuring = rng.split();
    let mut u = Velocity::new(2, WIDTH, &mut rng);

    let mut training = Training::new(experiment.name, settings, watch);
    let start = Instant::now();
    let steps = train(&mut u, target, settings, &mut training, &mut rng)?;
    let mut times = vec![training_time(start, steps)];
    let start = Instant::now();
    let states = trajectory(&u, &measuring.normal(&[SHOWN, 2]), SAMPLE_STEPS);
    let seconds = start.elapsed().as_secs_f64();
    let remark = format!("{SHOWN} points in {SAMPLE_STEPS} midpoint steps");
    times.push(["sampling".into(), format!("{seconds:.4} s"), remark]);
    let mut figures = vec![("figure", panels(target, &states))];

    training.stage("measuring distances");
    let samples = sample(&u, &measuring.normal(&[COMPARED[0], 2]), SAMPLE_STEPS);
    let distances = distances(&samples, target.law, &mut measuring);
    let mut rows = vec![loss_row(&training.losses, 4)];
    let mut metrics = metrics(experiment, settings, &distances, &training.losses);
    if let Some(oracle) = &target.oracle {
        training.stage("comparing with the exact field");
        let compared = against(oracle, &u, &mut measuring);
        rows.extend(compared.iter().map(Excess::row));
        metrics["against_the_exact_field"] = compared.iter().map(Excess::json).collect();
        figures.push(("field", field(oracle, &u, target.reach)));
        figures.push(("loss-by-time", loss_by_time(oracle, &u, &mut measuring)));
    }
    rows.extend(distances.iter().map(Distance::row));
    let files = write(settings, &u, &figures, &samples, &metrics)?;
    training.complete();
    Ok(Report { rows, times, figures, files, losses: training.losses })
}

/// The training loop. Returns how many steps were done, rather than in an interrupted run before.
// ANCHOR: train
fn train(
    u: &mut Velocity,
    target: &Target,
    settings: &Settings,
    training: &mut Training,
    rng: &mut Rng,
) -> Result<usize> {
    let n = settings.batch;
    let mut adam = Adam::new(settings.lr);
    let steps = training.resume(&mut [(u, &mut adam)], rng)?;
    let to_do = steps.clone().count();
    for _ in steps {
        let x_1 = (target.batch)(n, rng);
        let x_0 = rng.normal(&[n, 2]);
        let t = rng.uniform(&[n, 1]);
        let loss = cfm_loss(u, &Path::Linear, &x_0, &x_1, &t);
        let gradients = grad(&loss, &u.tensors());
        adam.step(u, &gradients);
        training.step_done(&loss, &[(u, &adam)], rng)?;
    }
    Ok(to_do)
}
// ANCHOR_END: train

/// A loss over fresh data, with its standard error.
struct Excess {
    name: &'static str,
    remark: &'static str,
    mean: f64,
    error: f64,
}

impl Excess {
    /// Of the losses of independent batches.
    fn of(name: &'static str, remark: &'static str, losses: &[f64]) -> Excess {
        let n = losses.len() as f64;
        let mean = losses.iter().sum::<f64>() / n;
        let squares: f64 = losses.iter().map(|l| (l - mean) * (l - mean)).sum();
        Excess { name, remark, mean, error: libm::sqrt(squares / (n - 1.0) / n) }
    }

    fn row(&self) -> [String; 3] {
        let Excess { name, remark, mean, error } = self;
        let remark = format!("standard error {error:.4}; {remark}");
        [name.to_string(), format!("{mean:.4}"), remark]
    }

    fn json(&self) -> serde_json::Value {
        json!({ "name": self.name, "mean": self.mean, "standard_error": self.error })
    }
}

/// L_CFM of the network, of a perfect one, and L_FM, which is their difference but for chance: all
/// three over the same 100 batches of 1000 points.
fn against(oracle: &Marginal, u: &Velocity, rng: &mut Rng) -> [Excess; 3] {
    let (n, u) = (1000, u.frozen());
    let mut losses = [const { vec![] }; 3];
    for _ in 0..100 {
        let (x_0, x_1) = (rng.normal(&[n, 2]), oracle.data.sample(n, rng));
        let t = rng.uniform(&[n, 1]);
        let cfm = cfm_loss(&u, &oracle.path, &x_0, &x_1, &t);
        let least = oracle.irreducible_loss(&x_0, &x_1, &t);
        let fm = fm_loss(&u, oracle, &x_0, &x_1, &t);
        for (losses, loss) in losses.iter_mut().zip([cfm, least, fm]) {
            losses.push(f64::from(loss.item()));
        }
    }
    [
        Excess::of("loss L_CFM", "on fresh data", &losses[0]),
        Excess::of("least loss", "L_CFM of a perfect network, on the same data", &losses[1]),
        Excess::of("excess L_FM", "mean square of network − exact field", &losses[2]),
    ]
}

/// Arrows of the network over those of the exact field, on a grid, at two times. Where no data pass
/// (p_t below e⁻⁸ of its largest value on the grid) there is no arrow.
fn field(oracle: &Marginal, u: &Velocity, reach: f64) -> Figure {
    let (side, u) = (15, u.frozen());
    let place = |i: usize| reach * (2.0 * (i as f64 + 0.5) / side as f64 - 1.0);
    let x = Tensor::from_fn(&[side * side, 2], |i| {
        let (cell, axis) = (i / 2, i % 2);
        place(if axis == 0 { cell % side } else { cell / side }) as Float
    });
    let panel = |t: Float| {
        let time = Tensor::full(&[side * side, 1], t);
        let log_p = oracle.log_density(&time, &x);
        let highest = log_p.data().iter().fold(Float::NEG_INFINITY, |a, &b| a.max(b));
        let passed: Vec<usize> =
            (0..side * side).filter(|&i| log_p.data()[i] > highest - 8.0).collect();
        let arrows = |velocity: Tensor| -> Vec<[[f64; 2]; 2]> {
            let (x, v) = (x.rows::<2>(), velocity.rows::<2>());
            let tip = |i: usize| [0, 1].map(|axis| x[i][axis] + 0.12 * v[i][axis]);
            passed.iter().map(|&i| [x[i], tip(i)]).collect()
        };
        Panel::new(format!("t = {t}"))
            .arrows(arrows(oracle.velocity(&time, &x)), GREY.size(4.0).label("exact field"))
            .arrows(arrows(u.forward(&time, &x)), BLUE.size(1.2).label("network"))
    };
    let title = "Arrows of the learned velocity lie on those of the exact one where data pass";
    Figure::new(title, [0.4, 0.8].map(panel))
        .x_range(-reach, reach)
        .y_range(-reach, reach)
        .equal_aspect()
}

/// L_CFM at each time, of the network and of a perfect one: means over 4000 pairs, the same for both.
fn loss_by_time(oracle: &Marginal, u: &Velocity, rng: &mut Rng) -> Figure {
    let (n, u) = (4000, u.frozen());
    let mut lines = [const { vec![] }; 2];
    for i in 0..=40 {
        let time = f64::from(i) / 40.0;
        let (x_0, x_1) = (rng.normal(&[n, 2]), oracle.data.sample(n, rng));
        let t = Tensor::full(&[n, 1], time as Float);
        let cfm = cfm_loss(&u, &oracle.path, &x_0, &x_1, &t);
        let least = oracle.irreducible_loss(&x_0, &x_1, &t);
        for (line, loss) in lines.iter_mut().zip([cfm, least]) {
            line.push([time, f64::from(loss.item())]);
        }
    }
    let [measured, least] = lines;
    let panel = Panel::new("")
        .line(least, RED.size(4.0).opacity(0.5).label("least possible"))
        .line(measured, BLUE.label("network"));
    Figure::new("The loss at each time, and the least that any network can have", [panel])
        .y_range(0.0, 16.0)
        .labels("t", "loss L_CFM")
}

/// One panel for each time, all with the same axes.
fn panels(target: &Target, states: &[(Float, Tensor)]) -> Figure {
    let panel = |(t, x): &(Float, Tensor)| {
        Panel::new(format!("t = {t:.3}")).scatter(x.rows::<2>(), BLUE.opacity(0.6))
    };
    let title = format!("Noise carried to {}", target.title);
    Figure::new(title, states.iter().map(panel))
        .x_range(-target.reach, target.reach)
        .y_range(-target.reach, target.reach)
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

fn distances(samples: &Tensor, law: &dyn Law, rng: &mut Rng) -> [Distance; 2] {
    let [n, fewer] = COMPARED;
    let measured = compare(samples, law, energy_distance, REPEATS, rng);
    let energy = Distance { name: "energy distance D²", key: "energy_distance", n, measured };
    let measured = compare(&samples.slice(0, 0..fewer), law, wasserstein_2, REPEATS, rng);
    [energy, Distance { name: "Wasserstein W2", key: "wasserstein_2", n: fewer, measured }]
}

fn write(
    settings: &Settings,
    u: &Velocity,
    figures: &[(&str, Figure)],
    samples: &Tensor,
    metrics: &serde_json::Value,
) -> Result<Vec<PathBuf>> {
    let mut files = save_figures(settings, figures)?;
    let csv = settings.out.join("samples.csv");
    let points = samples.data().chunks_exact(2);
    let lines: String = points.map(|p| format!("{},{}\n", p[0], p[1])).collect();
    write_atomically(&csv, format!("x,y\n{lines}").as_bytes())?;
    files.push(csv);
    files.extend(save_metrics(settings, metrics, Some(u))?);
    Ok(files)
}

/// Everything measured that follows from the seed, so that two runs can be compared byte for byte:
/// no seconds.
fn metrics(
    experiment: &Experiment,
    settings: &Settings,
    distances: &[Distance],
    losses: &[f64],
) -> serde_json::Value {
    let distance = |Distance { key, n, measured: Compared { value, floor }, .. }: &Distance| {
        let floor = json!({ "mean": floor.mean, "std": floor.std });
        (key.to_string(), json!({ "value": value, "floor": floor, "n": n, "repeats": REPEATS }))
    };
    json!({
        "experiment": experiment.name,
        "settings": settings.json(),
        "final_loss": tail_mean(losses, 100),
        "distances": distances.iter().map(distance).collect::<serde_json::Map<_, _>>(),
        "loss_of_each_100_steps": losses.chunks(100).map(|c| tail_mean(c, 100)).collect::<Vec<_>>(),
    })
}
