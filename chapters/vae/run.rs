//! The training on digits: encode, reparameterise, decode, loss; then pictures from noise.

use super::measure::{Measured, bound, least_distortion, mean_and_error};
use super::{LatentModel, Vae, loss};
use crate::chapters::judging::{Judge, Judgement};
use crate::data::{Digits, Images, PIXELS};
use crate::experiment::{Event, Experiment, Report, Settings, Training};
use crate::experiment::{loss_row, save_figures, save_metrics, tail_mean, training_time};
use crate::nn::Module;
use crate::optim::{Adam, Optimizer, Schedule};
use crate::plot::{BLUE, Figure, Panel};
use crate::random::Rng;
use crate::{Result, Tensor, grad};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Instant;

// ANCHOR: experiment
/// Digits: MLP 784–400–20 and back, Bernoulli pixels, Adam with a rate that falls to 0.
pub const VAE: Experiment = Experiment {
    name: "vae",
    about: "digits from noise, by a decoder trained together with an encoder",
    steps: 4000,
    batch: 128,
    lr: 2e-3,
    images: true,
    run,
};
// ANCHOR_END: experiment

/// Hidden units on each side.
const HIDDEN: usize = 400;
/// Numbers behind a picture.
const LATENTS: usize = 20;
/// Draws of z in the importance-weighted bound, and pictures that it is measured on.
const DRAWS: usize = 50;
const BOUNDED: usize = 1000;
/// Samples that the judge sees.
pub(super) const JUDGED: usize = 1000;
/// Samples in the figure, and in a row of it.
const SHOWN: [usize; 2] = [100, 20];

/// Trains, measures, draws and writes the figures, `metrics.json` and `model.safetensors` to the
/// settings' folder.
///
/// # Errors
/// If a setting is out of range, a file cannot be read or written, or the loss is no longer finite.
pub fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare()?;
    let digits = settings.digits()?;
    let mut rng = Rng::new(settings.seed);
    let mut measuring = rng.split();
    let mut vae = Vae::new(PIXELS, HIDDEN, LATENTS, &mut rng);

    let mut training = Training::new(VAE.name, settings, watch);
    let start = Instant::now();
    let steps = train(&mut vae, &digits.train, settings, &mut training, &mut rng)?;
    let times = vec![training_time(start, steps)];

    training.stage("measuring the bounds");
    let results = Results::of(&vae, &digits, &mut measuring);
    let mut metrics = metrics(&VAE, settings, &training.losses);
    metrics["results"] = results.json();
    let mut rows = vec![loss_row(&training.losses, 2)];
    rows.extend(results.rows(&digits));
    let figures = vec![
        ("figure", samples(&vae, &mut measuring)),
        ("reconstructions", reconstructions(&vae, &digits.test)),
        ("interpolation", interpolation(&vae, &digits.test)),
        ("latents", kl_per_latent(&results.test)),
    ];
    let files = write(settings, &vae, &figures, &metrics)?;
    training.complete();
    Ok(Report { rows, times, figures, files, losses: training.losses })
}

/// The training loop. Returns how many steps were done, rather than in an interrupted run before.
// ANCHOR: train
pub(super) fn train(
    vae: &mut Vae,
    images: &Images,
    settings: &Settings,
    training: &mut Training,
    rng: &mut Rng,
) -> Result<usize> {
    let n = settings.batch;
    let mut adam = Adam::new(settings.lr);
    let schedule = Schedule::cosine(settings.lr, 0.0, settings.steps);
    let steps = training.resume(&mut [(vae, &mut adam)], rng)?;
    let to_do = steps.clone().count();
    for step in steps {
        let x = images.sample(n, rng);
        let epsilon = rng.normal(&[n, vae.latents()]);
        let loss = loss(vae, &x, &epsilon, 1.0);
        let gradients = grad(&loss, &vae.tensors());
        adam.set_lr(schedule.lr(step - 1));
        adam.step(vae, &gradients);
        training.step_done(&loss, &[(vae, &adam)], rng)?;
    }
    Ok(to_do)
}
// ANCHOR_END: train

/// What was measured: on pictures to learn from and on others, the bound of many draws, and
/// samples.
struct Results {
    train: Measured,
    test: Measured,
    /// L_K of test pictures.
    bound: Tensor,
    samples: Judgement,
}

impl Results {
    fn of(vae: &Vae, digits: &Digits, rng: &mut Rng) -> Results {
        let bound = bound(vae, &digits.test, BOUNDED, DRAWS, rng);
        let [train, test] = [&digits.train, &digits.test].map(|i| Measured::of(vae, i, rng));
        let samples = Judge::of(digits).judge(&vae.generate(JUDGED, rng), rng);
        Results { train, test, bound, samples }
    }

    fn rows(&self, digits: &Digits) -> Vec<[String; 3]> {
        let n = digits.test.len();
        let floor = least_distortion(&digits.test);
        let active = self.test.active_units();
        let mut rows = vec![
            mean_row(
                "ELBO",
                &self.test.elbo(),
                &format!("in nats, on {n} test pictures, one z each"),
            ),
            mean_row("training ELBO", &self.train.elbo(), "on the pictures learned from"),
            mean_row(
                "distortion",
                &self.test.distortion,
                &format!("floor {floor:.2}, of grey pixels that are decoded to themselves"),
            ),
            mean_row("rate", &self.test.rate(), "KL of q from the prior"),
            mean_row(
                "importance-weighted bound",
                &self.bound,
                &format!("L_K with K = {DRAWS}, on {} test pictures", self.bound.len()),
            ),
            [
                "active latents".into(),
                active.to_string(),
                format!("of {LATENTS}, whose mean moves with the picture"),
            ],
        ];
        rows.extend(self.samples.rows());
        rows
    }

    fn json(&self) -> Value {
        let of = |values: &Tensor| {
            let [mean, error] = mean_and_error(values);
            json!({ "mean": mean, "standard_error": error })
        };
        json!({
            "elbo": of(&self.test.elbo()),
            "training_elbo": of(&self.train.elbo()),
            "distortion": of(&self.test.distortion),
            "rate": of(&self.test.rate()),
            "importance_weighted_bound": of(&self.bound),
            "kl_per_latent": self.test.kl_per_latent(),
            "active_latents": self.test.active_units(),
            "samples": self.samples.json(),
        })
    }
}

fn samples(vae: &Vae, rng: &mut Rng) -> Figure {
    let [n, columns] = SHOWN;
    let title =
        "Pictures that the decoder makes of noise: all are strokes, and many can be read as digits";
    Figure::new(title, [Panel::digits("", &vae.generate(n, rng), columns)]).bare()
}

/// Rows of test pictures, each above what is decoded from its mean μ.
fn reconstructions(vae: &Vae, test: &Images) -> Figure {
    let (vae, columns) = (vae.frozen(), SHOWN[1]);
    let rows: Vec<Tensor> = (0..3)
        .flat_map(|row| {
            let x = test.batch(&(row * columns..(row + 1) * columns).collect::<Vec<_>>());
            let decoded = vae.decode(&vae.encode(&x).mu);
            [x, decoded]
        })
        .collect();
    let title = "Test digits in the first, third and fifth row; below each its reconstruction";
    let all = Tensor::concat(&rows.iter().collect::<Vec<_>>(), 0);
    Figure::new(title, [Panel::digits("", &all, columns)]).bare()
}

/// From one test picture to another, five times: the pictures decoded on the straight line between
/// their means, and the pictures on the straight line between their pixels.
fn interpolation(vae: &Vae, test: &Images) -> Figure {
    let (vae, columns) = (vae.frozen(), 10);
    let between = |a: &Tensor, b: &Tensor| {
        let t = Tensor::linspace(0.0, 1.0, columns).reshape(&[columns, 1]);
        (1.0 - &t) * a + t * b
    };
    let [mut decoded, mut faded] = [const { vec![] }; 2];
    for pair in [[3, 21], [2, 1], [30, 52], [4, 9], [54, 0]] {
        let [a, b] = pair.map(|row| test.batch(&[row]));
        decoded.push(vae.decode(&between(&vae.encode(&a).mu, &vae.encode(&b).mu)));
        faded.push(between(&a, &b));
    }
    let panel = |title: &str, rows: &[Tensor]| {
        Panel::digits(title, &Tensor::concat(&rows.iter().collect::<Vec<_>>(), 0), columns)
    };
    let panels = [panel("between the latents", &decoded), panel("between the pixels", &faded)];
    let title = "Decoded from a line between two means every picture is a stroke; pixels only fade";
    Figure::new(title, panels).bare()
}

fn kl_per_latent(test: &Measured) -> Figure {
    let dots = test.kl_per_latent().into_iter().zip(1..).map(|(kl, j)| [f64::from(j), kl]);
    let dots: Vec<[f64; 2]> = dots.collect();
    let panel =
        Panel::new("").line(dots.clone(), BLUE.size(1.0)).scatter(dots.clone(), BLUE.size(3.0));
    let title = "What each latent says of a picture, in nats, the most talkative first";
    let highest = dots[0][1];
    Figure::new(title, [panel])
        .y_range(0.0, 1.1 * highest.max(0.01))
        .labels("latent, sorted", "mean KL (nats)")
}

/// A mean with its standard error.
pub(super) fn mean_row(name: &str, values: &Tensor, remark: &str) -> [String; 3] {
    let [mean, error] = mean_and_error(values);
    [name.into(), format!("{mean:.2}"), format!("± {error:.2}; {remark}")]
}

/// What the metrics of all runs of this chapter begin with.
pub(super) fn metrics(experiment: &Experiment, settings: &Settings, losses: &[f64]) -> Value {
    json!({
        "experiment": experiment.name,
        "settings": settings.json(),
        "final_loss": tail_mean(losses, 100),
        "loss_of_each_100_steps": losses.chunks(100).map(|c| tail_mean(c, 100)).collect::<Vec<_>>(),
    })
}

/// Writes the figures, `metrics.json` and `model.safetensors`.
pub(super) fn write(
    settings: &Settings,
    model: &dyn Module,
    figures: &[(&str, Figure)],
    metrics: &Value,
) -> Result<Vec<PathBuf>> {
    let mut files = save_figures(settings, figures)?;
    files.extend(save_metrics(settings, metrics, Some(model))?);
    Ok(files)
}
