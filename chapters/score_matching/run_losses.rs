//! Four losses for one score: explicit, implicit, sliced and denoising score matching on the same
//! mixture, each network held against the exact score.

use super::losses::{denoising, explicit, implicit, sliced};
use super::oracle;
use super::run::{arrows, grid};
use crate::data::{Law, Mixture};
use crate::experiment::{Event, Experiment, Report, Settings, Training};
use crate::experiment::{save_figures, save_metrics, training_time};
use crate::nn::{Activation, Mlp, Module};
use crate::optim::{Adam, Optimizer, Schedule};
use crate::plot::{BLUE, Figure, GREY, Panel, RED};
use crate::random::Rng;
use crate::{Float, Result, Tensor, grad};
use serde_json::json;
use std::time::Instant;

/// Five networks on three modes.
pub const LOSSES: Experiment = Experiment {
    name: "score-losses",
    about: "explicit, implicit, sliced and denoising score matching on three modes, side by side",
    steps: 2000,
    batch: 256,
    lr: 3e-3,
    images: false,
    run,
};

/// The noises of denoising score matching.
const SIGMAS: [Float; 2] = [0.1, 0.4];
/// Names, in the order of training.
const NAMES: [&str; 5] =
    ["explicit", "implicit", "sliced", "denoising, σ = 0.1", "denoising, σ = 0.4"];
/// Points for the divergence.
const POINTS: usize = 20_000;
/// Batches for the spread of a loss.
const BATCHES: usize = 200;
/// Half of the side of a picture.
const REACH: f64 = 3.4;

/// Three modes of unequal weight.
pub fn modes() -> Mixture {
    let means = vec![vec![-1.4, -0.8], vec![1.5, -0.6], vec![0.1, 1.6]];
    Mixture { weights: vec![0.5, 0.3, 0.2], means, std: 0.5 }
}

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare()?;
    let law = modes();
    let mut rng = Rng::new(settings.seed);
    let mut measuring = rng.split();
    let start_from = Mlp::new(&[2, 64, 64, 2], Activation::Silu, &mut rng);
    let mut nets = vec![start_from; NAMES.len()];
    let mut training = Training::new(LOSSES.name, settings, watch);
    let start = Instant::now();
    let steps = train(&mut nets, &law, settings, &mut training, &mut rng)?;
    let times = vec![training_time(start, steps)];

    training.stage("measuring");
    let nets: Vec<Mlp> = nets.iter().map(Module::frozen).collect();
    let x = law.sample(POINTS, &mut measuring);
    let fisher = |net: &Mlp, law: &Mixture, x: &Tensor| {
        2.0 * explicit(|x| net.forward(x), x, &oracle::score(law, x)).item()
    };
    let divergences: Vec<Float> = nets.iter().map(|net| fisher(net, &law, &x)).collect();
    let of_noised: Vec<Float> = SIGMAS
        .iter()
        .zip(&nets[3..])
        .map(|(&sigma, net)| {
            let x = &x + measuring.normal(x.shape()) * sigma;
            fisher(net, &oracle::noised(&law, sigma), &x)
        })
        .collect();
    let spreads = spreads(&nets[0], &law, settings.batch, &mut measuring);
    let rows = rows(&divergences, &of_noised, &spreads);
    let figures = vec![("figure", figure(&nets, &law))];
    let metrics = json!({
        "experiment": LOSSES.name, "settings": settings.json(),
        "fisher_divergence": divergences, "of_noised": of_noised, "spread": spreads,
    });
    let mut files = save_figures(settings, &figures)?;
    files.extend(save_metrics(settings, &metrics, None)?);
    training.complete();
    Ok(Report { rows, times, figures, files, losses: training.losses })
}

// ANCHOR: losses
/// Loss number i of the network s on data x with noise z and signs v.
fn loss(i: usize, s: &Mlp, law: &Mixture, [x, z, v]: &[Tensor; 3]) -> Tensor {
    let s = |x: &Tensor| s.forward(x);
    match i {
        0 => explicit(s, x, &oracle::score(law, x)), // only here, where the law is known
        1 => implicit(s, x),
        2 => sliced(s, x, v),
        _ => denoising(s, x, SIGMAS[i - 3], z),
    }
}
// ANCHOR_END: losses

/// Data, noise and random signs.
fn draw(law: &Mixture, n: usize, rng: &mut Rng) -> [Tensor; 3] {
    let [x, z, u] = [law.sample(n, rng), rng.normal(&[n, 2]), rng.uniform(&[n, 2])];
    let v = Tensor::from_fn(&[n, 2], |i| if u.data()[i] < 0.5 { -1.0 } else { 1.0 });
    [x, z, v]
}

/// All networks at once, each on the same batch; the loss that is noted is the explicit one.
fn train(
    nets: &mut [Mlp],
    law: &Mixture,
    settings: &Settings,
    training: &mut Training,
    rng: &mut Rng,
) -> Result<usize> {
    let mut adams = vec![Adam::new(settings.lr); nets.len()];
    let schedule = Schedule::cosine(settings.lr, 0.0, settings.steps);
    let mut learners: Vec<(&mut dyn Module, &mut Adam)> = vec![];
    for (net, adam) in nets.iter_mut().zip(&mut adams) {
        learners.push((net, adam));
    }
    let steps = training.resume(&mut learners, rng)?;
    let to_do = steps.clone().count();
    for step in steps {
        let batch = draw(law, settings.batch, rng);
        let mut first = None;
        for (i, (net, adam)) in nets.iter_mut().zip(&mut adams).enumerate() {
            adam.set_lr(schedule.lr(step - 1));
            let loss = loss(i, net, law, &batch);
            let gradients = grad(&loss, &net.tensors());
            adam.step(net, &gradients);
            first.get_or_insert(loss.detach());
        }
        let learners: Vec<(&dyn Module, &Adam)> =
            nets.iter().zip(&adams).map(|(net, adam)| (net as &dyn Module, adam)).collect();
        training.step_done(&first.expect("there are networks"), &learners, rng)?;
    }
    Ok(to_do)
}

/// Standard deviation of each loss of one network from batch to batch.
fn spreads(net: &Mlp, law: &Mixture, n: usize, rng: &mut Rng) -> Vec<f64> {
    let batches: Vec<[Tensor; 3]> = (0..BATCHES).map(|_| draw(law, n, rng)).collect();
    let spread = |i: usize| {
        let losses = batches.iter().map(|batch| loss(i, net, law, batch).item());
        let losses = Tensor::new(&[BATCHES], losses.collect::<Vec<_>>());
        f64::from(losses.var(0, 1).sqrt().item())
    };
    (0..NAMES.len()).map(spread).collect()
}

fn rows(divergences: &[Float], of_noised: &[Float], spreads: &[f64]) -> Vec<[String; 3]> {
    let mut rows = vec![];
    for ((name, divergence), spread) in NAMES.iter().zip(divergences).zip(spreads) {
        let remark = "mean square of network − exact score, over the data".into();
        rows.push([format!("Fisher divergence, {name}"), format!("{divergence:.4}"), remark]);
        let remark = "standard deviation of the loss from batch to batch, at one network".into();
        rows.push([format!("spread, {name}"), format!("{spread:.3}"), remark]);
    }
    for (sigma, divergence) in SIGMAS.iter().zip(of_noised) {
        let remark = "the same, to the score of the noised law over noised data".into();
        rows.push([format!("Fisher of noised, σ = {sigma}"), format!("{divergence:.4}"), remark]);
    }
    rows
}

/// The five fields over the exact one, and over the density.
fn figure(nets: &[Mlp], law: &Mixture) -> Figure {
    let at = grid(13, REACH);
    let cells = 80;
    let fine = grid(cells, REACH);
    let log_p = oracle::log_density(law, &fine);
    let highest = log_p.max(..);
    let shade: Vec<f64> =
        (log_p - highest).exp().data().iter().map(|&v| 0.7 * f64::from(v)).collect();
    // the highest row first
    let shade: Vec<f64> = shade.chunks(cells).rev().flatten().copied().collect();
    let exact = oracle::score(law, &at);
    let panel = |(name, net): (&&str, &Mlp)| {
        Panel::new(*name)
            .heat(&shade, cells, [[-REACH; 2], [REACH; 2]], BLUE)
            .arrows(arrows(&at, &exact, 0.12, 0.5), GREY.size(4.0))
            .arrows(arrows(&at, &net.forward(&at), 0.12, 0.5), RED.size(1.2))
    };
    Figure::new(
        "Five learned scores in red over the exact one in grey, and over the density",
        NAMES.iter().zip(nets).map(panel),
    )
    .columns(3)
    .x_range(-REACH, REACH)
    .y_range(-REACH, REACH)
    .equal_aspect()
}
