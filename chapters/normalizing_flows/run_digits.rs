//! Handwritten digits by RealNVP: bits per dimension, and what becomes of them without
//! dequantisation.

use super::coupling::Coupling;
use super::linear::ActNorm;
use super::map::Map;
use super::pixels::{Interleaved, Logit};
use super::{Flow, Transform, bits_per_dim, dequantised};
use crate::chapters::judging::Judge;
use crate::data::{Images, PIXELS};
use crate::experiment::{Event, Experiment, Report, Settings, Training};
use crate::experiment::{save_figures, save_metrics, tail_mean, training_time};
use crate::nn::Module;
use crate::optim::{Adam, Optimizer, Schedule};
use crate::plot::{BLUE, Figure, GREY, Panel, RED};
use crate::random::Rng;
use crate::{Result, Tensor, grad};
use serde_json::json;
use std::time::Instant;

// ANCHOR: digits
/// Digits of 28×28 pixels by six affine couplings.
pub const DIGITS: Experiment = Experiment {
    name: "flows-digits",
    about: "handwritten digits by RealNVP, in bits per pixel; and without dequantisation",
    steps: 800,
    batch: 128,
    lr: 1e-3,
    images: true,
    run,
};

/// The pixels to the line, interleaved and scaled as these pictures are; then couplings in turns.
fn realnvp(pictures: &Tensor, rng: &mut Rng) -> Flow {
    let logit = Logit { alpha: 1e-6 };
    let scaling = ActNorm::of(&Interleaved.forward(&logit.forward(pictures).0).0);
    let mut flow = Flow { dim: PIXELS, transforms: vec![] };
    flow.transforms = vec![Box::new(logit), Box::new(Interleaved), Box::new(scaling)];
    for i in 0..COUPLINGS {
        let coupling = Coupling::new(PIXELS, WIDTH, Map::Affine, i % 2 == 1, rng);
        flow.transforms.push(Box::new(coupling));
    }
    flow
}
// ANCHOR_END: digits

const COUPLINGS: usize = 6;
const WIDTH: usize = 128;
/// Steps of the run without dequantisation.
const RAW_STEPS: usize = 300;
/// Pictures that the judge looks at, and how many are shown.
const JUDGED: usize = 2000;
const SHOWN: [usize; 2] = [16, 8];

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare()?;
    let (digits, mut rng) = (settings.digits()?, Rng::new(settings.seed));
    let (mut measuring, mut other) = (rng.split(), rng.split());
    let start = |rng: &mut Rng| realnvp(&dequantised(&digits.train.sample(1000, rng), rng), rng);
    let mut flow = start(&mut rng);
    let mut training = Training::new(DIGITS.name, settings, watch);
    let clock = Instant::now();
    let steps = train(&mut flow, &digits.train, settings, &mut training, &mut rng)?;
    let times = vec![training_time(clock, steps)];
    let flow = flow.frozen();

    training.stage("training without dequantisation");
    let raw = train_raw(&mut start(&mut other), &digits.train, settings, &mut other);
    training.stage("judging pictures");
    let [seen, fresh] =
        [&digits.train, &digits.test].map(|images| bits(&flow, images, &mut measuring));
    let samples = flow.sample(JUDGED, &mut measuring).clamp(0.0, 1.0);
    let judgement = Judge::of(&digits).judge(&samples, &mut measuring);
    let raw_bits = bits_of_losses(&raw);
    let row = |name: &str, value: f64, remark: &str| {
        [name.to_string(), format!("{value:.3}"), remark.to_string()]
    };
    let last = raw_bits[raw_bits.len() - 1];
    let mut rows = vec![
        row("bits per dimension", fresh, "of test pictures, at most; 8 without a model"),
        row("of training pictures", seen, "the same of as many pictures that it learned from"),
        row("without dequantisation", last, &format!("of the last batch, after {RAW_STEPS} steps")),
    ];
    rows.extend(judgement.rows());
    let figures = vec![
        ("figure", mosaic(&samples.slice(0, 0..SHOWN[0] * SHOWN[1]))),
        ("bits", curves(&bits_of_losses(&training.losses), &raw_bits)),
        ("layers", layers(&flow, &mut measuring)),
    ];
    let metrics = json!({
        "experiment": DIGITS.name,
        "settings": settings.json(),
        "final_loss": tail_mean(&training.losses, 100),
        "bits_per_dim": { "test": fresh, "train": seen, "raw": last },
        "judgement": judgement.json(),
    });
    let mut files = save_figures(settings, &figures)?;
    files.extend(save_metrics(settings, &metrics, Some(&flow))?);
    training.complete();
    Ok(Report { rows, times, figures, files, losses: training.losses })
}

/// By maximum likelihood; every batch is dequantised anew.
fn train(
    flow: &mut Flow,
    images: &Images,
    settings: &Settings,
    training: &mut Training,
    rng: &mut Rng,
) -> Result<usize> {
    let schedule = Schedule::cosine(settings.lr, 0.0, settings.steps);
    let mut adam = Adam::new(settings.lr);
    let steps = training.resume(&mut [(flow, &mut adam)], rng)?;
    let to_do = steps.clone().count();
    for step in steps {
        let pictures = dequantised(&images.sample(settings.batch, rng), rng);
        let loss = flow.nll(&pictures);
        adam.set_lr(schedule.lr(step - 1));
        let gradients = grad(&loss, &flow.tensors());
        adam.step(flow, &gradients);
        training.step_done(&loss, &[(flow, &adam)], rng)?;
    }
    Ok(to_do)
}

/// The losses of the same training without u: (k + ½)/256, points that stay where they are.
fn train_raw(flow: &mut Flow, images: &Images, settings: &Settings, rng: &mut Rng) -> Vec<f64> {
    let (mut adam, mut losses) = (Adam::new(settings.lr), vec![]);
    for _ in 0..RAW_STEPS.min(settings.steps) {
        let loss = flow.nll(&((images.sample(settings.batch, rng) * 255.0 + 0.5) / 256.0));
        let gradients = grad(&loss, &flow.tensors());
        adam.step(flow, &gradients);
        losses.push(f64::from(loss.item()));
    }
    losses
}

fn bits_of_losses(losses: &[f64]) -> Vec<f64> {
    losses.iter().map(|&nll| bits_per_dim(nll, PIXELS)).collect()
}

// ANCHOR: bits
/// Bits per dimension of the first 1000 pictures, a mean over four draws of u.
fn bits(flow: &Flow, images: &Images, rng: &mut Rng) -> f64 {
    let images = images.batch(&(0..images.len().min(1000)).collect::<Vec<_>>());
    let nll = (0..4).map(|_| f64::from(flow.nll(&dequantised(&images, rng)).item())).sum::<f64>();
    bits_per_dim(nll / 4.0, PIXELS)
}
// ANCHOR_END: bits

fn mosaic(images: &Tensor) -> Figure {
    let title = "Digits of a flow, none of them picked";
    Figure::new(title, [Panel::digits("", images, SHOWN[0])]).bare()
}

/// Bits per dimension of the batches of both trainings.
fn curves(dequantised: &[f64], raw: &[f64]) -> Figure {
    let line = |bits: &[f64]| -> Vec<[f64; 2]> {
        bits.iter().enumerate().map(|(i, &bits)| [(i + 1) as f64, bits]).collect()
    };
    let end = dequantised.len().max(raw.len()) as f64;
    let panel = Panel::new("")
        .line([[1.0, 0.0], [end, 0.0]], GREY.size(3.0).label("nothing costs less than 0"))
        .line(line(dequantised), BLUE.label("dequantised"))
        .line(line(raw), RED.label("without dequantisation"));
    let title = "Without dequantisation the bits fall below zero, which no code can reach";
    Figure::new(title, [panel]).labels("step", "bits per dimension")
}

/// Noise, and what it is after every other coupling has been undone; the last row is the pictures.
fn layers(flow: &Flow, rng: &mut Rng) -> Figure {
    let mut state = rng.normal(&[12, PIXELS]);
    let mut rows = vec![visible(&state, flow)];
    for (i, transform) in flow.transforms.iter().enumerate().rev() {
        state = transform.inverse(&state);
        if i >= 3 && i % 2 == 1 {
            rows.push(visible(&state, flow));
        }
    }
    let all = Tensor::concat(&rows.iter().collect::<Vec<_>>(), 0);
    let title = "From noise to digits, two couplings further in every row";
    Figure::new(title, [Panel::digits("", &all, 12)]).bare()
}

/// A state between couplings as a picture: what the layers before them make of it.
fn visible(state: &Tensor, flow: &Flow) -> Tensor {
    let before = Flow { dim: flow.dim, transforms: flow.transforms[..3].to_vec() };
    before.inverse(state).clamp(0.0, 1.0)
}
