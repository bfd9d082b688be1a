//! Two latents: all that the decoder can draw is a plane, and fits on a page.

use super::measure::Measured;
use super::run::{JUDGED, mean_row, metrics, train, write};
use super::{Vae, measure::mean_and_error};
use crate::chapters::judging::Judge;
use crate::data::PIXELS;
use crate::experiment::{Event, Experiment, Report, Settings, Training, loss_row, training_time};
use crate::nn::Module;
use crate::plot::{Colour, Figure, Panel, Style};
use crate::random::Rng;
use crate::{Float, Result, Tensor};
use serde_json::json;
use std::f64::consts::FRAC_1_SQRT_2;
use std::time::Instant;

/// The network of the digits with two latents.
pub const PLANE: Experiment = Experiment {
    name: "vae-plane",
    about: "the same with two latents: the plane of all digits, and where each digit lies in it",
    steps: 2500,
    batch: 128,
    lr: 5e-3,
    images: true,
    run,
};

/// Hidden units on each side.
const HIDDEN: usize = 400;
/// Pictures on a side of the decoded plane.
const SIDE: usize = 20;

/// A colour for each class: Paul Tol's "muted" scheme, whose grey stands for the tenth.
const CLASSES: [Style; 10] = [
    Style::new(Colour(0x33, 0x22, 0x88)),
    Style::new(Colour(0xCC, 0x66, 0x77)),
    Style::new(Colour(0x88, 0xCC, 0xEE)),
    Style::new(Colour(0x11, 0x77, 0x33)),
    Style::new(Colour(0xDD, 0xCC, 0x77)),
    Style::new(Colour(0x88, 0x22, 0x55)),
    Style::new(Colour(0x44, 0xAA, 0x99)),
    Style::new(Colour(0x99, 0x99, 0x33)),
    Style::new(Colour(0xAA, 0x44, 0x99)),
    Style::new(Colour(0x99, 0x99, 0x99)),
];

/// Trains, measures, draws and writes.
///
/// # Errors
/// If a setting is out of range, a file cannot be read or written, or the loss is no longer finite.
pub fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare()?;
    let digits = settings.digits()?;
    let mut rng = Rng::new(settings.seed);
    let mut measuring = rng.split();
    let mut vae = Vae::new(PIXELS, HIDDEN, 2, &mut rng);

    let mut training = Training::new(PLANE.name, settings, watch);
    let start = Instant::now();
    let steps = train(&mut vae, &digits.train, settings, &mut training, &mut rng)?;
    let times = vec![training_time(start, steps)];

    training.stage("measuring the bound");
    let test = Measured::of(&vae, &digits.test, &mut measuring);
    let parts = [
        ("ELBO", test.elbo(), format!("in nats, on {} test pictures", digits.test.len())),
        ("distortion", test.distortion.clone(), "what two numbers cannot say".into()),
        ("rate", test.rate(), "what two numbers say".into()),
    ];
    let mut rows = vec![loss_row(&training.losses, 2)];
    rows.extend(parts.iter().map(|(name, values, remark)| mean_row(name, values, remark)));
    let samples = vae.generate(JUDGED, &mut measuring);
    let samples = Judge::of(&digits).judge(&samples, &mut measuring);
    rows.extend(samples.rows());
    let mut metrics = metrics(&PLANE, settings, &training.losses);
    metrics["results"] =
        parts.iter().map(|(name, values, _)| json!([name, mean_and_error(values)])).collect();
    let figures = vec![("figure", plane(&vae)), ("means", means(&test.mu, digits.test.labels()))];
    let files = write(settings, &vae, &figures, &metrics)?;
    training.complete();
    Ok(Report { rows, times, figures, files, losses: training.losses })
}

// ANCHOR: plane
/// The plane decoded: z₁ grows to the right and z₂ upwards, through quantiles of N(0, 1), so that
/// every picture stands for the same share of the prior.
fn plane(vae: &Vae) -> Figure {
    let quantile = |i: usize| normal_quantile((i as f64 + 0.5) / SIDE as f64) as Float;
    let z = Tensor::from_fn(&[SIDE * SIDE, 2], |i| {
        let (cell, axis) = (i / 2, i % 2);
        quantile(if axis == 0 { cell % SIDE } else { SIDE - 1 - cell / SIDE })
    });
    let title = "The latent plane decoded: digits turn into one another without a border";
    Figure::new(title, [Panel::digits("", &vae.frozen().decode(&z), SIDE)]).bare()
}
// ANCHOR_END: plane

/// μ(x) of test pictures, coloured by what they show, where the decoded plane has them: at Φ(μ₁),
/// Φ(μ₂).
fn means(mu: &Tensor, labels: &[u8]) -> Figure {
    let points: Vec<[f64; 2]> = mu.rows::<2>().iter().map(|mu| mu.map(normal_mass)).collect();
    let panel = CLASSES.into_iter().enumerate().fold(Panel::new(""), |panel, (class, style)| {
        let of_class = points.iter().zip(labels).filter(|&(_, &l)| usize::from(l) == class);
        let style = style.size(2.5).opacity(0.8).label(class.to_string());
        panel.scatter(of_class.map(|(&point, _)| point), style)
    });
    let title = "Test digits at their means: most classes keep together, though no label was seen";
    Figure::new(title, [panel])
        .x_range(0.0, 1.0)
        .y_range(0.0, 1.0)
        .equal_aspect()
        .labels("Φ(z₁)", "Φ(z₂)")
}

/// Φ(x), the mass of N(0, 1) below x.
fn normal_mass(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

/// The number below which N(0, 1) has the mass u, by bisection.
fn normal_quantile(u: f64) -> f64 {
    let (mut low, mut high) = (-10.0, 10.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if normal_mass(middle) < u { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}
