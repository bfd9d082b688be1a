//! ε-, x- and v-prediction side by side on two moons, on both chains: six networks that see the same
//! batches, noises and steps, and are held against the exact E[x₀|x_t].

use super::bound::{Variance, bound};
use super::chain::Chain;
use super::oracle::{Exact, moons};
use super::run::{BOUNDED, COMPARED, NOISE, REPEATS, STEPS, estimate, write};
use super::sampling::ancestral;
use super::{Denoiser, Network, Prediction, simple_loss};
use crate::data::{Law, Moons, make_moons};
use crate::experiment::{Event, Experiment, Report, Settings, Training, training_time};
use crate::metrics::{Compared, compare, energy_distance};
use crate::nn::Module;
use crate::optim::{Adam, Optimizer, Schedule};
use crate::plot::{BLUE, Figure, GREEN, Panel, RED};
use crate::random::Rng;
use crate::{Float, Result, Tensor, grad};
use serde_json::json;
use std::time::Instant;

/// Six networks on two moons.
pub const PREDICTIONS: Experiment = Experiment {
    name: "diffusion-predictions",
    about: "ε-, x- and v-prediction on two moons, on the linear and the cosine chain",
    steps: 3000,
    batch: 256,
    lr: 2e-3,
    images: false,
    run,
};

/// Hidden units, and hidden layers after the first.
const SIZE: [usize; 2] = [64, 3];
/// Points in a panel.
const SHOWN: usize = 1000;

/// What was measured of one network.
struct Measured {
    chain: &'static str,
    asked_for: &'static str,
    samples: Tensor,
    distance: Compared,
    /// −ELBO less that of a perfect network, nats, with its standard error.
    lost: [f64; 2],
    /// Root mean square of x̂₀ − E[x₀|x_t], by t.
    errors: Vec<[f64; 2]>,
}

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare()?;
    let mut rng = Rng::new(settings.seed);
    let measuring = rng.split(); // each network is measured on the same draws
    let start_from = Network::new(2, SIZE[0], SIZE[1], &mut rng);
    let chains = [("linear", Chain::linear(STEPS)), ("cosine", Chain::cosine(STEPS))];
    let mut models: Vec<Denoiser> = chains
        .iter()
        .flat_map(|(_, chain)| {
            Prediction::ALL.map(|(_, prediction)| Denoiser {
                net: start_from.clone(),
                prediction,
                chain: chain.clone(),
            })
        })
        .collect();
    let mut training = Training::new(PREDICTIONS.name, settings, watch);
    let start = Instant::now();
    let steps = train(&mut models, settings, &mut training, &mut rng)?;
    let times = vec![training_time(start, steps)];

    training.stage("measuring");
    let mut measured = vec![];
    for (i, model) in models.iter().enumerate() {
        let (chain, asked_for) = (chains[i / 3].0, Prediction::ALL[i % 3].0);
        measured.push(measure(chain, asked_for, &model.frozen(), &mut measuring.clone()));
    }
    let figures = vec![("figure", samples_figure(&measured)), ("error", error_figure(&measured))];
    let rows = measured.iter().flat_map(Measured::rows).collect();
    let metrics = json!({
        "experiment": PREDICTIONS.name,
        "settings": settings.json(),
        "networks": measured.iter().map(Measured::json).collect::<Vec<_>>(),
    });
    let files = write(settings, &models, &figures, &metrics)?;
    training.complete();
    Ok(Report { rows, times, figures, files, losses: training.losses })
}

/// All networks at once, each on the same batch; the loss that is noted is the mean of theirs.
fn train(
    models: &mut [Denoiser],
    settings: &Settings,
    training: &mut Training,
    rng: &mut Rng,
) -> Result<usize> {
    let mut adams = vec![Adam::new(settings.lr); models.len()];
    let schedule = Schedule::cosine(settings.lr, 0.0, settings.steps);
    let mut learners: Vec<(&mut dyn Module, &mut Adam)> = vec![];
    for (model, adam) in models.iter_mut().zip(&mut adams) {
        learners.push((model, adam));
    }
    let steps = training.resume(&mut learners, rng)?;
    let to_do = steps.clone().count();
    for step in steps {
        let x_0 = make_moons(settings.batch, NOISE, rng);
        let eps = rng.normal(x_0.shape());
        let t = models[0].chain.draw(settings.batch, rng);
        let mut sum = Tensor::scalar(0.0);
        for (model, adam) in models.iter_mut().zip(&mut adams) {
            adam.set_lr(schedule.lr(step - 1));
            let loss = simple_loss(model, &x_0, &eps, &t);
            let gradients = grad(&loss, &model.tensors());
            adam.step(model, &gradients);
            sum += loss.detach();
        }
        let learners: Vec<(&dyn Module, &Adam)> =
            models.iter().zip(&adams).map(|(model, adam)| (model as &dyn Module, adam)).collect();
        training.step_done(&(sum / models.len() as Float), &learners, rng)?;
    }
    Ok(to_do)
}

fn measure(
    chain: &'static str,
    asked_for: &'static str,
    model: &Denoiser,
    rng: &mut Rng,
) -> Measured {
    let law = Moons { noise: NOISE };
    let exact = Exact { chain: model.chain.clone(), data: moons(NOISE) };
    let x_hat = |t: usize, x: &Tensor| model.x_hat(t, x);
    let samples = ancestral(&model.chain, x_hat, &rng.normal(&[COMPARED, 2]), rng);
    let distance = compare(&samples, &law, energy_distance, REPEATS, rng);
    let x_0 = law.sample(BOUNDED / 4, rng);
    let mut same = rng.split();
    let (chain_of, step) = (&model.chain, Variance::Step);
    let ours = bound(chain_of, step, x_hat, &x_0, &mut same.clone()).total();
    let least = bound(chain_of, step, |t, x| exact.x_hat(t, x), &x_0, &mut same).total();
    let lost: Vec<f64> = ours.iter().zip(&least).map(|(a, b)| a - b).collect();
    let error = |t: usize| {
        let eps = rng.normal(x_0.shape());
        let x_t = model.chain.noised(&x_0, &eps, &Tensor::full(&[1, 1], t as Float));
        let square = (model.x_hat(t, &x_t) - exact.x_hat(t, &x_t)).square().mean(..).item();
        [t as f64, libm::sqrt(f64::from(square))]
    };
    let errors = (1..=STEPS).step_by(4).map(error).collect();
    Measured { chain, asked_for, samples, distance, lost: estimate(&lost), errors }
}

impl Measured {
    fn rows(&self) -> [[String; 3]; 2] {
        let Measured { chain, asked_for, distance, lost: [lost, error], .. } = self;
        let Compared { value, floor } = distance;
        [
            [format!("{chain} {asked_for}: D²"), format!("{value:.4}"), format!("floor {floor}")],
            [
                format!("{chain} {asked_for}: nats lost"),
                format!("{lost:.3}"),
                format!("standard error {error:.3}; −ELBO less that of a perfect network"),
            ],
        ]
    }

    fn json(&self) -> serde_json::Value {
        let Measured { chain, asked_for, distance, lost: [lost, error], errors, .. } = self;
        let floor = json!({ "mean": distance.floor.mean, "std": distance.floor.std });
        json!({
            "chain": chain, "asked_for": asked_for,
            "energy_distance": { "value": distance.value, "floor": floor },
            "nats_lost": { "mean": lost, "standard_error": error },
            "error_of_x_hat": errors,
        })
    }
}

fn samples_figure(measured: &[Measured]) -> Figure {
    let panel = |m: &Measured| {
        let x = m.samples.slice(0, 0..SHOWN).rows::<2>();
        Panel::new(format!("{}, {}-prediction", m.chain, m.asked_for))
            .scatter(x, BLUE.size(1.5).opacity(0.7))
    };
    let title = "Samples of six networks: three predictions on two chains";
    Figure::new(title, measured.iter().map(panel))
        .columns(3)
        .x_range(-1.6, 2.6)
        .y_range(-1.1, 1.6)
        .equal_aspect()
}

fn error_figure(measured: &[Measured]) -> Figure {
    let panel = |three: &[Measured]| {
        three
            .iter()
            .zip([RED, GREEN, BLUE])
            .fold(Panel::new(three[0].chain), |panel, (m, style)| {
                panel.line(m.errors.clone(), style.label(m.asked_for))
            })
    };
    let title = "The error of x̂₀ at each step, for three predictions on two chains";
    Figure::new(title, measured.chunks(3).map(panel)).log_y().labels("step t", "error of x̂₀")
}
