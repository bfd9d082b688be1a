//! β-VAEs side by side: what a picture loses against what its latents say, and latents that fall
//! silent (Higgins et al. 2017; Alemi et al. 2018; Lucas et al. 2019).

use super::measure::{Measured, mean_and_error};
use super::run::{JUDGED, metrics, write};
use super::{LatentModel, Vae, loss};
use crate::chapters::judging::{Judge, Judgement};
use crate::data::{Images, PIXELS};
use crate::experiment::{Event, Experiment, Report, Settings, Training, training_time};
use crate::nn::Module;
use crate::optim::{Adam, Optimizer, Schedule};
use crate::plot::{Figure, GREY, PALETTE, Panel, Style};
use crate::random::Rng;
use crate::{Float, Result, Tensor, grad};
use serde_json::json;
use std::time::Instant;

/// The same network under six weights of the rate.
pub const BETA: Experiment = Experiment {
    name: "vae-beta",
    about: "six weights β of the rate side by side: distortion against rate, silent latents",
    steps: 1500,
    batch: 64,
    lr: 5e-3,
    images: true,
    run,
};

/// The weights of the rate.
const BETAS: [Float; 6] = [0.25, 0.5, 1.0, 2.0, 4.0, 8.0];
/// Hidden units on each side, and latents.
const HIDDEN: usize = 200;
const LATENTS: usize = 20;

/// Trains, measures, draws and writes.
///
/// # Errors
/// If a setting is out of range, a file cannot be read or written, or the loss is no longer finite.
pub fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare()?;
    let digits = settings.digits()?;
    let mut rng = Rng::new(settings.seed);
    let mut measuring = rng.split();
    // All begin alike, so that nothing but β makes them differ; clones would share their variables.
    let weights = rng.split();
    let alike = |_| Vae::new(PIXELS, HIDDEN, LATENTS, &mut weights.clone());
    let mut vaes: Vec<Vae> = BETAS.into_iter().map(alike).collect();

    let mut training = Training::new(BETA.name, settings, watch);
    let start = Instant::now();
    let steps = train(&mut vaes, &digits.train, settings, &mut training, &mut rng)?;
    let times = vec![training_time(start, steps)];

    training.stage("measuring distortion and rate");
    let tests: Vec<Measured> =
        vaes.iter().map(|vae| Measured::of(vae, &digits.test, &mut measuring.clone())).collect();
    let judge = Judge::of(&digits);
    let judged = |vae: &Vae| {
        let mut same = measuring.clone(); // the same noise for every β
        judge.judge(&vae.generate(JUDGED, &mut same), &mut same)
    };
    let samples: Vec<Judgement> = vaes.iter().map(judged).collect();
    let results = || BETAS.into_iter().zip(tests.iter().zip(&samples));
    let mut metrics = metrics(&BETA, settings, &training.losses);
    metrics["results"] =
        results().map(|(beta, (test, samples))| json(beta, test, samples)).collect();
    let rows = results().flat_map(|(beta, (test, samples))| rows(beta, test, samples)).collect();
    let figures = vec![
        ("figure", latents(&tests)),
        ("rate-distortion", rate_distortion(&tests)),
        ("pictures", pictures(&vaes, &digits.test, &mut measuring)),
    ];
    let files = write(settings, &vaes, &figures, &metrics)?;
    training.complete();
    Ok(Report { rows, times, figures, files, losses: training.losses })
}

/// All networks see the same pictures and the same noise. The sum of their losses is
/// differentiated: none depends on another's weights, so each gets the gradient of its own.
// ANCHOR: train
fn train(
    vaes: &mut Vec<Vae>,
    images: &Images,
    settings: &Settings,
    training: &mut Training,
    rng: &mut Rng,
) -> Result<usize> {
    let n = settings.batch;
    let mut adam = Adam::new(settings.lr);
    let schedule = Schedule::cosine(settings.lr, 0.0, settings.steps);
    let steps = training.resume(&mut [(vaes, &mut adam)], rng)?;
    let to_do = steps.clone().count();
    for step in steps {
        let x = images.sample(n, rng);
        let epsilon = rng.normal(&[n, LATENTS]);
        let losses = vaes.iter().zip(BETAS).map(|(vae, beta)| loss(vae, &x, &epsilon, beta));
        let loss: Tensor = losses.sum();
        let gradients = grad(&loss, &vaes.tensors());
        adam.set_lr(schedule.lr(step - 1));
        adam.step(vaes, &gradients);
        training.step_done(&loss, &[(vaes, &adam)], rng)?;
    }
    Ok(to_do)
}
// ANCHOR_END: train

fn rows(beta: Float, test: &Measured, samples: &Judgement) -> [[String; 3]; 2] {
    let [d, r, elbo] = [&test.distortion, &test.rate(), &test.elbo()].map(|v| mean_and_error(v)[0]);
    let active = test.active_units();
    let parts = format!("distortion {d:.1}, rate {r:.1}, {active} of {LATENTS} latents active");
    let clear = format!("{:.1} %", 100.0 * samples.sure[0]);
    let frechet = format!("clear digits among samples; Fréchet distance {}", samples.frechet);
    [
        [format!("ELBO, beta {beta}"), format!("{elbo:.1}"), parts],
        [format!("samples, beta {beta}"), clear, frechet],
    ]
}

fn json(beta: Float, test: &Measured, samples: &Judgement) -> serde_json::Value {
    let [d, r, elbo] = [&test.distortion, &test.rate(), &test.elbo()].map(|v| mean_and_error(v)[0]);
    json!({
        "beta": beta, "distortion": d, "rate": r, "elbo": elbo,
        "kl_per_latent": test.kl_per_latent(), "active_latents": test.active_units(),
        "samples": samples.json(),
    })
}

/// A colour for each β, with its name.
fn styles() -> impl Iterator<Item = Style> {
    PALETTE.into_iter().zip(BETAS).map(|(style, beta)| style.label(format!("β = {beta}")))
}

/// The KL of each latent, for each β.
fn latents(tests: &[Measured]) -> Figure {
    let panel = tests.iter().zip(styles()).fold(Panel::new(""), |panel, (test, style)| {
        let kl = test.kl_per_latent().into_iter().zip(1..);
        panel.line(kl.map(|(kl, j)| [f64::from(j), kl.max(1e-4)]), style)
    });
    let title = "The larger β, the fewer latents say anything about the picture";
    Figure::new(title, [panel]).log_y().labels("latent, sorted", "mean KL (nats)")
}

/// A point for each β, and through that of β = 1 the line of all points with its ELBO.
fn rate_distortion(tests: &[Measured]) -> Figure {
    let place =
        |test: &Measured| [&test.rate(), &test.distortion].map(|values| mean_and_error(values)[0]);
    let points: Vec<[f64; 2]> = tests.iter().map(place).collect();
    let one = BETAS.iter().position(|&beta| beta == 1.0).expect("β = 1 is one of them");
    let sum = points[one][0] + points[one][1];
    let across = [0, points.len() - 1].map(|i| [points[i][0], sum - points[i][0]]);
    let panel = Panel::new("")
        .line(across, GREY.label("the ELBO of β = 1"))
        .line(points.clone(), GREY.size(1.0));
    let panel = points
        .iter()
        .zip(styles())
        .fold(panel, |panel, (&point, style)| panel.scatter([point], style.size(5.0).opacity(1.0)));
    let title = "Less rate costs distortion; β = 1 has the smallest sum";
    Figure::new(title, [panel]).labels("rate R (nats)", "distortion D (nats)")
}

/// For each β reconstructions of the same test pictures, and below them pictures made of the same
/// noise.
fn pictures(vaes: &[Vae], test: &Images, rng: &mut Rng) -> Figure {
    let (x, z) = (test.batch(&(0..16).collect::<Vec<_>>()), rng.normal(&[16, LATENTS]));
    let panels = |vae: &Vae, beta: Float| {
        let vae = vae.frozen();
        let again = vae.decode(&vae.encode(&x).mu);
        [Panel::digits(format!("β = {beta}"), &again, 4), Panel::digits("", &vae.decode(&z), 4)]
    };
    let both = vaes.iter().zip(BETAS).map(|(vae, beta)| panels(vae, beta));
    let (above, below): (Vec<Panel>, Vec<Panel>) = both.map(|[a, b]| (a, b)).unzip();
    let title = "Reconstructions above, samples below: the larger β, the more pictures look alike";
    Figure::new(title, above.into_iter().chain(below)).columns(BETAS.len()).bare()
}
