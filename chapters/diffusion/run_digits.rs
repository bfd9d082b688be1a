//! Digits by diffusion. The network is a multilayer perceptron, asked for x₀ itself: the noise has 784
//! directions and does not pass through a layer of fewer units, whereas digits fill few.

use super::chain::Chain;
use super::run::{train, write};
use super::sampling::{ancestral, sample, trajectory};
use super::{Denoiser, Network, Prediction};
use crate::chapters::judging::Judge;
use crate::data::{Digits, PIXELS};
use crate::experiment::{Event, Experiment, Report, Settings, Training};
use crate::experiment::{loss_row, tail_mean, training_time};
use crate::nn::Module;
use crate::plot::{Figure, Panel};
use crate::random::Rng;
use crate::{Float, Result, Tensor};
use serde_json::json;
use std::time::Instant;

// ANCHOR: digits
/// 10 000 digits: x-prediction on the cosine chain of [`STEPS`] steps.
pub const DIGITS: Experiment = Experiment {
    name: "diffusion-digits",
    about: "digits by diffusion: samples, the way back, few steps, between two noises",
    steps: 2500,
    batch: 128,
    lr: 1e-3,
    images: true,
    run,
};

/// T.
pub const STEPS: usize = 100;
/// Hidden units.
const WIDTH: usize = 512;
/// Hidden layers after the first.
const HIDDEN: usize = 3;
// ANCHOR_END: digits

/// Images that the judge sees of each sampler.
const JUDGED: usize = 1000;
/// DDIM steps of the samples that are judged, and of those between two noises.
const FEW: usize = 20;
/// Columns of the mosaics.
const COLUMNS: usize = 14;

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare()?;
    let digits = settings.digits()?;
    let mut rng = Rng::new(settings.seed);
    let mut measuring = rng.split();
    let net = Network::new(PIXELS, WIDTH, HIDDEN, &mut rng);
    let chain = Chain::cosine(STEPS);
    let mut model = Denoiser { net, prediction: Prediction::Data, chain };

    let mut training = Training::new(DIGITS.name, settings, watch);
    let start = Instant::now();
    let batch = |n, rng: &mut Rng| scaled(&digits.train.sample(n, rng));
    let steps = train(&mut model, &batch, settings, &mut training, &mut rng)?;
    let mut times = vec![training_time(start, steps)];
    let model = model.frozen();

    training.stage("sampling");
    let start = Instant::now();
    let noise = measuring.normal(&[JUDGED, PIXELS]);
    let slow = ancestral(&model.chain, clipped(&model), &noise, &mut measuring);
    let seconds = format!("{:.2} s", start.elapsed().as_secs_f64());
    times.push(["sampling".into(), seconds, format!("{JUDGED} images in {STEPS} steps")]);
    let fast = sample(&model.chain, clipped(&model), &noise, FEW, 0.0, &mut measuring);
    let shown = unscaled(&slow.slice(0, 0..6 * COLUMNS));
    let samples = Figure::new("Digits by ancestral sampling", [Panel::digits("", &shown, COLUMNS)]);
    let figures = vec![
        ("figure", samples.bare()),
        ("denoising", denoising(&model, &digits, &mut measuring)),
        ("few-steps", few_steps(&model, &mut measuring)),
        ("interpolation", interpolation(&model, &mut measuring)),
    ];

    training.stage("asking the judge");
    let judge = Judge::of(&digits);
    let mut rows = vec![loss_row(&training.losses, 4)];
    let mut judged = serde_json::Map::new();
    for (name, key, x) in [("", "ancestral", &slow), (", DDIM", "ddim", &fast)] {
        let judgement = judge.judge(&unscaled(x), &mut measuring);
        let named = |[row, value, remark]: [String; 3]| [format!("{row}{name}"), value, remark];
        rows.extend(judgement.rows().into_iter().map(named));
        judged.insert(key.into(), judgement.json());
    }
    let metrics = json!({
        "experiment": DIGITS.name,
        "settings": settings.json(),
        "final_loss": tail_mean(&training.losses, 100),
        "ddim_steps": FEW,
        "judge": judged,
    });
    let files = write(settings, &model, &figures, &metrics)?;
    training.complete();
    Ok(Report { rows, times, figures, files, losses: training.losses })
}

// ANCHOR: scaled
/// Pixels from [0, 1] to [−1, 1], where the noise has mean 0 too.
fn scaled(images: &Tensor) -> Tensor {
    images * 2.0 - 1.0
}

/// And back, cut off at black and white.
fn unscaled(x: &Tensor) -> Tensor {
    ((x + 1.0) * 0.5).clamp(0.0, 1.0)
}

/// x̂₀ of the network, cut off at −1 and 1: a pixel cannot be darker than black (Ho et al. 2020's code).
fn clipped(model: &Denoiser) -> impl Fn(usize, &Tensor) -> Tensor {
    |t, x| model.x_hat(t, x).clamp(-1.0, 1.0)
}
// ANCHOR_END: scaled

/// Three rows over the same steps: a real digit on its way to noise, read from right to left; noise on
/// its way to a digit; and what the network believes at each step that it will be.
fn denoising(model: &Denoiser, digits: &Digits, rng: &mut Rng) -> Figure {
    let shown: Vec<usize> = (0..=10).rev().map(|i| i * STEPS / 10).collect();
    let x_0 = scaled(&digits.test.batch(&[0]));
    let noised: Vec<Tensor> = shown
        .iter()
        .map(|&t| {
            let eps = rng.normal(&[1, PIXELS]);
            model.chain.noised(&x_0, &eps, &Tensor::full(&[1, 1], t as Float))
        })
        .collect();
    let noise = rng.normal(&[1, PIXELS]);
    let states = trajectory(&model.chain, clipped(model), &noise, STEPS, 1.0, rng);
    let back: Vec<Tensor> = shown.iter().map(|&t| states[STEPS - t].1.clone()).collect();
    let believed: Vec<Tensor> =
        shown.iter().zip(&back).map(|(&t, x)| clipped(model)(t.max(1), x)).collect();
    let row = |title: &str, images: &[Tensor]| {
        let images = Tensor::concat(&images.iter().collect::<Vec<_>>(), 0);
        Panel::digits(title, &unscaled(&images), shown.len())
    };
    let panels = [
        row("a real digit noised: t = 100 on the left, t = 0 on the right", &noised),
        row("noise on its way to a digit, by ancestral sampling", &back),
        row("what the network believes of its end", &believed),
    ];
    Figure::new("A digit becomes noise, and noise a digit", panels).columns(1).bare()
}

/// The same noises in more and more DDIM steps, a row for each number of steps.
fn few_steps(model: &Denoiser, rng: &mut Rng) -> Figure {
    let noise = rng.normal(&[COLUMNS, PIXELS]);
    let panels = [1, 2, 5, 10, 20, 100].map(|count| {
        let x = sample(&model.chain, clipped(model), &noise, count, 0.0, rng);
        let plural = if count == 1 { "" } else { "s" };
        Panel::digits(format!("{count} step{plural}"), &unscaled(&x), COLUMNS)
    });
    Figure::new("The same noises in more and more DDIM steps", panels).columns(1).bare()
}

/// On the way from one noise to another, a row for each pair: DDIM is a function of the noise, and nearby
/// noises become similar digits. cos φ a + sin φ b keeps the law N(0, I), which (1 − φ) a + φ b does not.
fn interpolation(model: &Denoiser, rng: &mut Rng) -> Figure {
    let rows = 5;
    let (a, b) = (rng.normal(&[rows, 1, PIXELS]), rng.normal(&[rows, 1, PIXELS]));
    let angle = Tensor::linspace(0.0, std::f64::consts::FRAC_PI_2 as Float, COLUMNS);
    let angle = angle.reshape(&[1, COLUMNS, 1]);
    let noise = (angle.cos() * a + angle.sin() * b).reshape(&[rows * COLUMNS, PIXELS]);
    let x = sample(&model.chain, clipped(model), &noise, FEW, 0.0, rng);
    let panel = Panel::digits("", &unscaled(&x), COLUMNS);
    Figure::new("From one noise to another, and the digits they become", [panel]).bare()
}
