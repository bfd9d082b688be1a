//! Two moons by diffusion: the way to noise and back, ancestral sampling beside DDIM, and the bound on
//! −ln p beside the entropy, which no model can go below. What the other experiments share is here too.

use super::bound::{Bound, Variance, bound};
use super::chain::Chain;
use super::oracle::{Exact, moons};
use super::sampling::{sample, trajectory};
use super::{Denoiser, Network, Prediction, simple_loss};
use crate::data::{Law, Moons, make_moons};
use crate::experiment::{Event, Experiment, Report, Settings, Training};
use crate::experiment::{loss_row, save_figures, save_metrics, tail_mean, training_time};
use crate::metrics::{Compared, compare, energy_distance};
use crate::nn::Module;
use crate::optim::{Adam, Optimizer, Schedule};
use crate::plot::{BLUE, Figure, GREY, Panel, RED, Style};
use crate::random::Rng;
use crate::{Float, Result, Tensor, grad};
use serde_json::json;
use std::path::PathBuf;
use std::time::Instant;

// ANCHOR: moons
/// Two moons: ε-prediction on the linear chain of [`STEPS`] steps.
pub const MOONS: Experiment = Experiment {
    name: "diffusion",
    about: "two moons by diffusion: ancestral sampling and DDIM, and the ELBO beside the entropy",
    steps: 8000,
    batch: 256,
    lr: 2e-3,
    images: false,
    run,
};

/// T.
pub const STEPS: usize = 200;
/// Hidden units.
pub const WIDTH: usize = 64;
/// Hidden layers after the first.
pub const HIDDEN: usize = 3;
// ANCHOR_END: moons

/// Standard deviation of the noise around the half circles.
pub(super) const NOISE: f64 = 0.05;
/// Points in a panel.
const SHOWN: usize = 400;
/// The steps shown, from the data on.
const PANELS: [usize; 7] = [0, 3, 10, 25, 50, 100, 200];
/// Numbers of steps back that are compared.
const COUNTS: [usize; 7] = [2, 5, 10, 20, 50, 100, 200];
/// Points on each side of the energy distance.
pub(super) const COMPARED: usize = 2000;
/// Fresh data sets to which it is averaged, and pairs of them for its floor.
pub(super) const REPEATS: usize = 5;
/// Points over which the bound is averaged.
pub(super) const BOUNDED: usize = 4000;

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare()?;
    let mut rng = Rng::new(settings.seed);
    let mut measuring = rng.split();
    let chain = Chain::linear(STEPS);
    let net = Network::new(2, WIDTH, HIDDEN, &mut rng);
    let mut model = Denoiser { net, prediction: Prediction::Epsilon, chain: chain.clone() };

    let mut training = Training::new(MOONS.name, settings, watch);
    let start = Instant::now();
    let batch = |n, rng: &mut Rng| make_moons(n, NOISE, rng);
    let steps = train(&mut model, &batch, settings, &mut training, &mut rng)?;
    let times = vec![training_time(start, steps)];
    let model = model.frozen();
    let x_hat = |t: usize, x: &Tensor| model.x_hat(t, x);

    training.stage("sampling in few steps and many");
    let mut figures = vec![("figure", there_and_back(&model, &mut measuring))];
    let curves = by_steps(&model, &mut measuring);
    figures.push(("steps", steps_figure(&curves)));

    training.stage("computing the bound");
    let law = Moons { noise: NOISE };
    let exact = Exact { chain: chain.clone(), data: moons(NOISE) };
    let x_0 = law.sample(BOUNDED, &mut measuring);
    let same = measuring.split(); // the same x_t for all, so that they differ by x̂₀ and σ² alone
    let perfect = |t: usize, x: &Tensor| exact.x_hat(t, x);
    let [ours, least, narrow] = [
        bound(&chain, Variance::Step, x_hat, &x_0, &mut same.clone()),
        bound(&chain, Variance::Step, perfect, &x_0, &mut same.clone()),
        bound(&chain, Variance::Posterior, perfect, &x_0, &mut same.clone()),
    ];
    figures.push(("bound", bound_figure(&ours, &least)));

    let mut rows = vec![loss_row(&training.losses, 4)];
    rows.extend(bound_rows([&ours, &least, &narrow], law.entropy()));
    rows.extend(curves.iter().flat_map(|curve| curve.rows()));
    let metrics = json!({
        "experiment": MOONS.name,
        "settings": settings.json(),
        "final_loss": tail_mean(&training.losses, 100),
        "bound": bound_json([&ours, &least, &narrow], law.entropy()),
        "energy_distance": curves.iter().map(Curve::json).collect::<Vec<_>>(),
    });
    let files = write(settings, &model, &figures, &metrics)?;
    training.complete();
    Ok(Report { rows, times, figures, files, losses: training.losses })
}

/// The training loop, with a rate that falls to 0. Returns how many steps were done, rather than in an
/// interrupted run before.
// ANCHOR: train
pub(super) fn train(
    model: &mut Denoiser,
    batch: &dyn Fn(usize, &mut Rng) -> Tensor,
    settings: &Settings,
    training: &mut Training,
    rng: &mut Rng,
) -> Result<usize> {
    let mut adam = Adam::new(settings.lr);
    let schedule = Schedule::cosine(settings.lr, 0.0, settings.steps);
    let steps = training.resume(&mut [(model, &mut adam)], rng)?;
    let to_do = steps.clone().count();
    for step in steps {
        adam.set_lr(schedule.lr(step - 1));
        let x_0 = batch(settings.batch, rng);
        let eps = rng.normal(x_0.shape());
        let t = model.chain.draw(settings.batch, rng);
        let loss = simple_loss(model, &x_0, &eps, &t);
        let gradients = grad(&loss, &model.tensors());
        adam.step(model, &gradients);
        training.step_done(&loss, &[(model, &adam)], rng)?;
    }
    Ok(to_do)
}
// ANCHOR_END: train

/// Above, data on their way to noise; below, noise on its way to data, by ancestral sampling. Panels of
/// one column are at one step: their laws should be equal.
fn there_and_back(model: &Denoiser, rng: &mut Rng) -> Figure {
    let x_0 = make_moons(SHOWN, NOISE, rng);
    let noised = PANELS.map(|t| {
        let step = Tensor::full(&[1, 1], t as Float);
        let x_t = model.chain.noised(&x_0, &rng.normal(&[SHOWN, 2]), &step);
        Panel::new(format!("t = {t}")).scatter(x_t.rows::<2>(), GREY.size(1.5))
    });
    let x_hat = |t: usize, x: &Tensor| model.x_hat(t, x);
    let noise = rng.normal(&[SHOWN, 2]);
    let states = trajectory(&model.chain, x_hat, &noise, STEPS, 1.0, rng);
    let back = PANELS.map(|t| {
        let (at, x) = &states[STEPS - t];
        assert_eq!(*at, t);
        Panel::new("").scatter(x.rows::<2>(), BLUE.size(1.5))
    });
    let title = "Above, two moons become noise; below, noise becomes two moons";
    Figure::new(title, noised.into_iter().chain(back))
        .columns(PANELS.len())
        .x_range(-2.7, 2.7)
        .y_range(-2.7, 2.7)
        .equal_aspect()
}

/// The distance to the data after so many steps back.
struct Curve {
    name: &'static str,
    style: Style,
    points: Vec<(usize, Compared)>,
}

fn by_steps(model: &Denoiser, rng: &mut Rng) -> [Curve; 2] {
    let law = Moons { noise: NOISE };
    let noise = rng.normal(&[COMPARED, 2]);
    [("ancestral", 1.0, RED), ("DDIM", 0.0, BLUE)].map(|(name, eta, style)| {
        let points = COUNTS.map(|count| {
            let x_hat = |t: usize, x: &Tensor| model.x_hat(t, x);
            let x = sample(&model.chain, x_hat, &noise, count, eta, rng);
            (count, compare(&x, &law, energy_distance, REPEATS, &mut rng.split()))
        });
        Curve { name, style, points: points.into() }
    })
}

impl Curve {
    /// For few steps, and for all.
    fn rows(&self) -> Vec<[String; 3]> {
        let chosen = self.points.iter().filter(|(count, _)| [10, STEPS].contains(count));
        let row = |(count, Compared { value, floor }): &(usize, Compared)| {
            let name = format!("D² {}, {count} steps", self.name);
            [name, format!("{value:.4}"), format!("floor {floor}, n = {COMPARED}")]
        };
        chosen.map(row).collect()
    }

    fn json(&self) -> serde_json::Value {
        let point = |(count, Compared { value, floor }): &(usize, Compared)| {
            json!({ "steps": count, "value": value,
                    "floor": { "mean": floor.mean, "std": floor.std } })
        };
        let points: Vec<_> = self.points.iter().map(point).collect();
        json!({ "sampler": self.name, "points": points, "n": COMPARED, "repeats": REPEATS })
    }
}

fn steps_figure(curves: &[Curve]) -> Figure {
    let all = || curves.iter().flat_map(|curve| &curve.points);
    let floor = all().map(|(_, c)| c.floor.mean).sum::<f64>() / all().count() as f64;
    let panel = curves.iter().fold(
        Panel::new("").line(
            [COUNTS[0], STEPS].map(|n| [n as f64, floor]),
            GREY.label("between samples of the data"),
        ),
        |panel, Curve { name, style, points }| {
            let points: Vec<_> = points.iter().map(|(n, c)| [*n as f64, c.value]).collect();
            panel
                .line(points.clone(), style.clone().label(*name))
                .scatter(points, style.clone().size(6.0))
        },
    );
    Figure::new("The distance to the data against the steps back, for two samplers", [panel])
        .log_x()
        .log_y()
        .labels("steps back", "energy distance D²")
}

/// Mean and standard error.
pub(super) fn estimate(values: &[f64]) -> [f64; 2] {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0);
    [mean, libm::sqrt(variance / n)]
}

/// −ELBO of the network, of a perfect one, and of a perfect one with σ_t² = β̃_t; and what the first is above
/// the second. Nats for each point.
fn bounds(bounds: [&Bound; 3]) -> [[f64; 2]; 4] {
    let [ours, least, narrow] = bounds.map(Bound::total);
    let lost: Vec<f64> = ours.iter().zip(&least).map(|(a, b)| a - b).collect();
    [ours, least, narrow, lost].map(|values| estimate(&values))
}

fn bound_rows(measured: [&Bound; 3], entropy: f64) -> Vec<[String; 3]> {
    let [ours, least, narrow, lost] = bounds(measured);
    let row = |name: &str, [mean, error]: [f64; 2], remark: &str| {
        let remark = format!("standard error {error:.3}; {remark}");
        [name.to_string(), format!("{mean:.3}"), remark]
    };
    let floor = format!("the entropy of the data, {entropy:.3}, is the floor");
    vec![
        row("−ELBO, nats", ours, &floor),
        row("  of a perfect network", least, "with this chain, and σ_t² = β_t as above"),
        row("  and with σ_t² = β̃_t", narrow, "a perfect network too"),
        row("lost by the network", lost, "the first less the second, over the same draws"),
    ]
}

fn bound_json(measured: [&Bound; 3], entropy: f64) -> serde_json::Value {
    let [ours, least, narrow, lost] =
        bounds(measured).map(|[mean, error]| json!({ "mean": mean, "standard_error": error }));
    json!({ "network": ours, "perfect": least, "perfect_with_posterior_variance": narrow,
            "lost": lost, "entropy": entropy, "points": BOUNDED })
}

/// L_{t−1} against t, of the network and of a perfect one.
fn bound_figure(ours: &Bound, least: &Bound) -> Figure {
    let line = |bound: &Bound| -> Vec<[f64; 2]> {
        let mean = |(i, term): (usize, &Tensor)| [i as f64 + 2.0, term.mean(..).item().into()];
        bound.steps.iter().enumerate().map(mean).collect()
    };
    let panel = Panel::new("")
        .line(line(least), RED.size(4.0).opacity(0.5).label("least possible"))
        .line(line(ours), BLUE.label("network"));
    Figure::new("Terms of the bound: what each step costs, and the least it can cost", [panel])
        .log_y()
        .labels("step t", "L_(t−1), nats")
}

/// Figures, `metrics.json` and the weights.
pub(super) fn write(
    settings: &Settings,
    model: &dyn Module,
    figures: &[(&str, Figure)],
    metrics: &serde_json::Value,
) -> Result<Vec<PathBuf>> {
    let mut files = save_figures(settings, figures)?;
    files.extend(save_metrics(settings, metrics, Some(model))?);
    Ok(files)
}
