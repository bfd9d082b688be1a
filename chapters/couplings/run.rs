//! Moons carried to eight Gaussians, with points paired as they come and at the least cost.

use super::laws::TASKS;
use super::{Pairing, between, path_energy};
use crate::chapters::flow_matching::{Velocity, sample, trajectory};
use crate::experiment::{Event, Experiment, Report, Settings, Training};
use crate::experiment::{save_figures, save_metrics, training_time};
use crate::metrics::{energy_distance, wasserstein_2};
use crate::nn::Module;
use crate::ode::{self, EULER};
use crate::optim::{Adam, Optimizer, Schedule};
use crate::plot::{BLUE, Figure, GREEN, GREY, Panel, RED};
use crate::random::Rng;
use crate::{Float, Result, Tensor, grad};
use serde_json::{Map, Value, json};
use std::time::Instant;

/// Two pairings, one task.
pub const COUPLINGS: Experiment = Experiment {
    name: "couplings",
    about: "moons to eight Gaussians, paired as they come and at the least cost",
    steps: 2000,
    batch: 128,
    lr: 3e-3,
    images: false,
    run,
};

/// The second of the tasks.
const TASK: usize = 1;
/// Noise around the line of a pair.
pub const SIGMA: Float = 0.1;
const PAIRINGS: [(&str, Pairing); 2] =
    [("independent", Pairing::Independent), ("optimal", Pairing::Optimal)];
/// Euler steps by which samples are compared, points compared, and points whose way is shown.
const STEPS: [usize; 3] = [1, 2, 100];
const POINTS: usize = 1000;
const SHOWN: usize = 60;
/// Sizes of batches of which the cost is measured, and points measured in all.
const BATCHES: [usize; 5] = [1, 16, 64, 256, 1024];
const MEASURED: usize = 1024;

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare()?;
    let mut rng = Rng::new(settings.seed);
    let mut measuring = rng.split();
    let start_from = Velocity::new(2, 64, &mut rng);
    let mut nets = vec![start_from; PAIRINGS.len()];
    let mut training = Training::new(COUPLINGS.name, settings, watch);
    let start = Instant::now();
    let steps = train(&mut nets, settings, &mut training, &mut rng)?;
    let times = vec![training_time(start, steps)];

    training.stage("measuring");
    let (mut rows, numbers) = distances(&nets, &mut measuring);
    let costs = batch_costs(&mut measuring);
    rows.extend(costs.iter().map(|(batch, cost)| {
        let remark = "mean square of the distance of a pair".into();
        [format!("cost, batches of {batch}"), format!("{cost:.1}"), remark]
    }));
    let figures = vec![("figure", figure(&nets, &mut measuring))];
    let metrics = json!({
        "experiment": COUPLINGS.name, "settings": settings.json(),
        "numbers": numbers, "costs": costs,
    });
    let mut files = save_figures(settings, &figures)?;
    files.extend(save_metrics(settings, &metrics, None)?);
    training.complete();
    Ok(Report { rows, times, figures, files, losses: training.losses })
}

/// Of both networks: how far from the data Euler's steps end, and what the ways cost.
fn distances(nets: &[Velocity], rng: &mut Rng) -> (Vec<[String; 3]>, Map<String, Value>) {
    let (task, mut rows) = (&TASKS[TASK], vec![]);
    let mut numbers = Map::new();
    let x_0 = (task.source)(POINTS, rng);
    let x_1 = (task.target)(POINTS, rng);
    let least = wasserstein_2(&x_0, &x_1);
    let other = (task.target)(POINTS, rng);
    let floor = energy_distance(&x_1, &other);
    for ((name, _), net) in PAIRINGS.iter().zip(nets) {
        for count in STEPS {
            let drawn = euler(net, &x_0, count);
            let end = &drawn[count].1;
            let distance = energy_distance(end, &x_1);
            let plural = if count == 1 { "" } else { "s" };
            let remark =
                format!("{count} Euler step{plural}; two sets of data {floor:.4}, n = {POINTS}");
            rows.push([format!("D² {name}, {count}"), format!("{distance:.4}"), remark]);
            numbers.insert(format!("{name}, {count}"), json!(distance));
        }
        let energy = path_energy(&euler(net, &x_0, 100)).item();
        let remark = format!("of ways in 100 steps; least cost {:.1}", least * least);
        rows.push([format!("energy, {name}"), format!("{energy:.1}"), remark]);
        numbers.insert(format!("energy, {name}"), json!(energy));
    }
    (rows, numbers)
}

/// Euler's steps from x₀ to t = 1.
pub(super) fn euler(u: &Velocity, x_0: &Tensor, steps: usize) -> Vec<(Float, Tensor)> {
    let u = u.frozen();
    let field = |t: Float, x: &Tensor| u.forward(&Tensor::full(&[x.shape()[0], 1], t), x);
    ode::trajectory(field, x_0, 0.0..1.0, steps, &EULER)
}

// ANCHOR: loss
/// The loss of a batch under a pairing.
pub(super) fn loss(
    u: &Velocity,
    pairing: Pairing,
    x_0: &Tensor,
    x_1: &Tensor,
    rng: &mut Rng,
) -> Tensor {
    let x_1 = pairing.pair(x_0, x_1);
    let t = rng.uniform(&[x_0.shape()[0], 1]);
    let (x_t, u_t) = between(x_0, &x_1, &t, SIGMA, &rng.normal(x_0.shape()));
    u.forward(&t, &x_t).mse(&u_t)
}
// ANCHOR_END: loss

/// Both networks on the same points; the loss that is noted is that of the last.
fn train(
    nets: &mut [Velocity],
    settings: &Settings,
    training: &mut Training,
    rng: &mut Rng,
) -> Result<usize> {
    let (task, n) = (&TASKS[TASK], settings.batch);
    let mut adams = vec![Adam::new(settings.lr); nets.len()];
    let schedule = Schedule::cosine(settings.lr, 0.0, settings.steps);
    let mut learners: Vec<(&mut dyn Module, &mut Adam)> = vec![];
    for (net, adam) in nets.iter_mut().zip(&mut adams) {
        learners.push((net, adam));
    }
    let steps = training.resume(&mut learners, rng)?;
    let to_do = steps.clone().count();
    for step in steps {
        let (x_0, x_1) = ((task.source)(n, rng), (task.target)(n, rng));
        let mut last = Tensor::scalar(0.0);
        for ((net, adam), (_, pairing)) in nets.iter_mut().zip(&mut adams).zip(PAIRINGS) {
            adam.set_lr(schedule.lr(step - 1));
            let loss = loss(net, pairing, &x_0, &x_1, rng);
            let gradients = grad(&loss, &net.tensors());
            adam.step(net, &gradients);
            last = loss.detach();
        }
        let learners: Vec<(&dyn Module, &Adam)> =
            nets.iter().zip(&adams).map(|(net, adam)| (net as &dyn Module, adam)).collect();
        training.step_done(&last, &learners, rng)?;
    }
    Ok(to_do)
}

// ANCHOR: batches
/// The cost of pairs if points are paired within batches of a size.
fn batch_costs(rng: &mut Rng) -> Vec<(usize, f64)> {
    let task = &TASKS[TASK];
    let (x_0, x_1) = ((task.source)(MEASURED, rng), (task.target)(MEASURED, rng));
    let cost = |batch: usize| {
        let total: f64 = (0..MEASURED / batch)
            .map(|i| {
                let rows = i * batch..(i + 1) * batch;
                let [a, b] = [&x_0, &x_1].map(|x| x.slice(0, rows.clone()));
                f64::from((Pairing::Optimal.pair(&a, &b) - a).square().sum(..).item())
            })
            .sum();
        total / MEASURED as f64
    };
    BATCHES.iter().map(|&batch| (batch, cost(batch))).collect()
}
// ANCHOR_END: batches

/// Above pairs of a batch, below the ways that were learned; a column for each pairing.
fn figure(nets: &[Velocity], rng: &mut Rng) -> Figure {
    let task = &TASKS[TASK];
    let (x_0, x_1) = ((task.source)(256, rng), (task.target)(256, rng));
    let ends = |panel: Panel, a: &Tensor, b: &Tensor| {
        panel.scatter(a.rows::<2>(), GREEN.size(2.0)).scatter(b.rows::<2>(), RED.size(2.0))
    };
    let shown = |x: &Tensor| x.slice(0, 0..SHOWN);
    let pairs = PAIRINGS.iter().map(|(name, pairing)| {
        let (a, b) = (shown(&x_0), shown(&pairing.pair(&x_0, &x_1)));
        let lines = a.rows::<2>().into_iter().zip(b.rows::<2>());
        let panel = lines.fold(Panel::new(format!("pairs, {name}")), |panel, (a, b)| {
            panel.line([a, b], GREY.size(1.0))
        });
        ends(panel, &a, &b)
    });
    let ways = PAIRINGS.iter().zip(nets).map(|((name, _), net)| {
        let states = trajectory(net, &shown(&x_0), 20);
        let panel = (0..SHOWN).fold(Panel::new(format!("ways, {name}")), |panel, k| {
            let way = states.iter().map(|(_, x)| x.slice(0, k..k + 1).rows::<2>()[0]);
            panel.line(way.collect::<Vec<_>>(), BLUE.size(1.0))
        });
        ends(panel, &states[0].1, &sample(net, &shown(&x_0), 20))
    });
    let title = "Pairs of a batch and the ways that are learned from them: as they come, and at the least cost";
    Figure::new(title, pairs.chain(ways))
        .columns(2)
        .x_range(-16.0, 16.0)
        .y_range(-16.0, 16.0)
        .equal_aspect()
}
