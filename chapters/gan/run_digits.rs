//! Handwritten digits from noise: 28×28 pixels by two multilayer perceptrons.

use super::train::{Plan, train};
use super::{Discriminator, Gan, Generator, Objective, Penalty, Rules, measure};
use crate::chapters::judging::Judge;
use crate::data::{Images, PIXELS};
use crate::experiment::{Event, Experiment, Report, Settings, Training};
use crate::nn::{Activation, Mlp, Module};
use crate::plot::{Figure, Panel};
use crate::random::Rng;
use crate::{Float, Result, Tensor};
use std::f64::consts::FRAC_PI_2;
use std::time::Instant;

// ANCHOR: digits
/// Digits by the non-saturating game with the R₁ penalty. A run takes about a minute.
pub const DIGITS: Experiment = Experiment {
    name: "gan-digits",
    about: "handwritten digits from noise by a GAN",
    steps: 4000,
    batch: 64,
    lr: 2e-3,
    images: true,
    run,
};

/// R₁ with a small γ: without a penalty the same game learns much more slowly.
const RULES: Rules =
    Rules { objective: Objective::NonSaturating, penalty: Penalty::R1(0.1), k: 1, g_steps: 1 };

/// G: 32–256–512–784 and a sigmoid for each pixel. D: 784–256–128–1.
fn players(lr: f64, rng: &mut Rng) -> Gan {
    let leaky = Activation::LeakyRelu;
    let net = Mlp::new(&[NOISE, 256, 512, PIXELS], leaky, rng);
    let g = Generator { net, last: Activation::Sigmoid };
    let d = Discriminator { net: Mlp::new(&[PIXELS, 256, 128, 1], leaky, rng) };
    let mut gan = Gan::of(g, d, RULES, lr);
    (gan.adam_g.betas, gan.adam_d.betas) = ([0.0, 0.99], [0.0, 0.99]); // no momentum
    gan
}
// ANCHOR_END: digits

/// Numbers of noise for an image.
const NOISE: usize = 32;
/// Images that the judge looks at.
const JUDGED: usize = 2000;
/// Columns and rows of the figures.
const FIGURE: [usize; 2] = [16, 8];
const PANEL: [usize; 2] = [6, 4];
const WAYS: [usize; 2] = [14, 6];
/// Panels of the training, from the start to the end.
const PANELS: usize = 6;

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare()?;
    let (digits, mut rng) = (settings.digits()?, Rng::new(settings.seed));
    let mut measuring = rng.split();
    let mut gan = players(settings.lr, &mut rng);
    let z = measuring.normal(&[PANEL[0] * PANEL[1], NOISE]);
    let moments = (0..PANELS).map(|i| (settings.steps * i * i).div_ceil((PANELS - 1).pow(2)));
    let plan = Plan {
        data: &|n, rng| digits.train.sample(n, rng),
        moments: moments.collect(),
        look: &|_, averaged| averaged.frozen().forward(&z),
        fade: true,
    };

    let mut training = Training::new(DIGITS.name, settings, watch);
    let start = Instant::now();
    let (averaged, seen) = train(&mut gan, &plan, settings, &mut training, &mut rng)?;
    gan.g = averaged;
    let times = vec![measure::training_time(start, settings)];

    training.stage("judging images");
    let samples = gan.g.sample(JUDGED, &mut measuring);
    let judgement = Judge::of(&digits).judge(&samples, &mut measuring);
    let mut metrics = measure::metrics(&DIGITS, settings, &training.losses);
    metrics["judgement"] = judgement.json();
    let figures = vec![
        ("figure", mosaic(&samples.slice(0, 0..FIGURE[0] * FIGURE[1]))),
        ("training", progress(&plan.moments, &seen)),
        ("ways", ways(&gan.g, &mut measuring)),
        ("nearest", nearest(&samples.slice(0, 0..FIGURE[0]), &digits.train)),
    ];
    let files = measure::write(settings, &gan, &figures, &metrics)?;
    training.complete();
    Ok(Report { rows: judgement.rows(), times, figures, files, losses: training.losses })
}

fn mosaic(images: &Tensor) -> Figure {
    let title = "Digits made from noise, none of them picked";
    Figure::new(title, [Panel::digits("", images, FIGURE[0])]).bare()
}

/// The images of the same noise as the training goes on.
fn progress(moments: &[usize], seen: &[Tensor]) -> Figure {
    let panel = |(step, images): (&usize, &Tensor)| {
        Panel::digits(format!("round {step}"), images, PANEL[0])
    };
    let title = "The same noise becomes digits as the training goes on";
    Figure::new(title, moments.iter().zip(seen).map(panel)).columns(3).bare()
}

/// From one noise to another, in a row each: z = cos θ z₀ + sin θ z₁ is N(0, I) at every θ, as a
/// straight line between them is not.
// ANCHOR: ways
fn ways(g: &Generator, rng: &mut Rng) -> Figure {
    let [columns, rows] = WAYS;
    let (z_0, z_1) = (rng.normal(&[rows, 1, NOISE]), rng.normal(&[rows, 1, NOISE]));
    let theta = Tensor::linspace(0.0, FRAC_PI_2 as Float, columns).reshape(&[1, columns, 1]);
    let z = theta.cos() * z_0 + theta.sin() * z_1;
    let images = g.frozen().forward(&z.reshape(&[rows * columns, NOISE]));
    let title = "On the way from one noise to another a digit becomes another digit";
    Figure::new(title, [Panel::digits("", &images, columns)]).bare()
}
// ANCHOR_END: ways

/// Samples in the upper row, and below each the image of the data that is closest to it.
fn nearest(samples: &Tensor, data: &Images) -> Figure {
    let all = data.all();
    // ‖x − y‖² = ‖x‖² − 2 x·y + ‖y‖², and ‖x‖² is the same for all y
    let distances = all.square().sum(1) - samples.matmul_nt(&all) * 2.0;
    let rows: Vec<usize> = distances.argmin(1).data().iter().map(|&row| row as usize).collect();
    let images = Tensor::concat(&[samples, &data.batch(&rows)], 0);
    let title = "Samples, and below each the image of the data that is closest to it";
    Figure::new(title, [Panel::digits("", &images, samples.shape()[0])]).bare()
}
