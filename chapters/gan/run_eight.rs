//! Eight Gaussians on a circle by a Wasserstein GAN whose critic is kept smooth by the gradient
//! penalty.

use super::train::{Plan, train};
use super::{Gan, Generator, Objective, Penalty, Rules, measure};
use crate::data::{Law, Mixture};
use crate::experiment::{Event, Experiment, Report, Settings, Training};
use crate::nn::{Activation, Module};
use crate::plot::{BLUE, Colour, Figure, GREY, PALETTE, Panel, RED, Style};
use crate::random::Rng;
use crate::{Float, Result, Tensor};
use std::time::Instant;

// ANCHOR: eight
/// Eight Gaussians by WGAN-GP: both networks of three hidden layers, five steps of the critic in a
/// round.
pub const EIGHT_GAUSSIANS: Experiment = Experiment {
    name: "gan-eight-gaussians",
    about: "eight Gaussians on a circle by a Wasserstein GAN with gradient penalty",
    steps: 2000,
    batch: 128,
    lr: 1e-3,
    images: false,
    run,
};

/// The game of Gulrajani et al. (2017), with a smaller λ.
const RULES: Rules = Rules {
    objective: Objective::Wasserstein,
    penalty: Penalty::Interpolates(1.0),
    k: 5,
    g_steps: 1,
};
// ANCHOR_END: eight

/// Points in a panel.
const SHOWN: usize = 500;
/// Panels, from the start to the end.
const PANELS: usize = 8;
/// The panels show [−REACH, REACH]².
const REACH: f64 = 7.5;
/// Cells on a side of the critic's picture.
const SIDE: usize = 60;

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare()?;
    let (law, mut rng) = (Mixture::eight_gaussians(), Rng::new(settings.seed));
    let mut measuring = rng.split();
    let (hidden, leaky) = ([64, 64, 64], Activation::LeakyRelu);
    let mut gan = Gan::new([2, 2], &hidden, leaky, RULES, settings.lr, &mut rng);
    let z = measuring.normal(&[SHOWN, 2]);
    let moments = (0..PANELS).map(|i| (settings.steps * i * i).div_ceil((PANELS - 1).pow(2)));
    let plan = Plan {
        data: &|n, rng| law.sample(n, rng),
        moments: moments.collect(),
        look: &|gan, averaged| look(gan, averaged, &z),
        fade: true,
    };

    let mut training = Training::new(EIGHT_GAUSSIANS.name, settings, watch);
    let start = Instant::now();
    let (averaged, seen) = train(&mut gan, &plan, settings, &mut training, &mut rng)?;
    gan.g = averaged;
    let times = vec![measure::training_time(start, settings)];

    training.stage("measuring distances");
    let samples = gan.g.sample(measure::COMPARED[0], &mut measuring);
    let modes = measure::modes(&samples, &law, &mut measuring);
    let distances = measure::distances(&samples, &law, &mut measuring);
    let rows = [modes.rows, distances.rows].concat();
    let mut metrics = measure::metrics(&EIGHT_GAUSSIANS, settings, &training.losses);
    (metrics["modes"], metrics["distances"]) = (modes.json, distances.json);
    let noise = noise_figure(&gan.g, &law, &mut measuring);
    let figures = vec![("figure", panels(&plan.moments, &seen)), ("noise", noise)];
    let files = measure::write(settings, &gan, &figures, &metrics)?;
    training.complete();
    Ok(Report { rows, times, figures, files, losses: training.losses })
}

/// G's points of the noise z, and the critic on a grid, the highest row first: one list of numbers.
fn look(gan: &Gan, averaged: &Generator, z: &Tensor) -> Tensor {
    let grid = Tensor::from_fn(&[SIDE * SIDE, 2], |i| {
        let (cell, axis) = (i / 2, i % 2);
        let place = if axis == 0 { cell % SIDE } else { SIDE - 1 - cell / SIDE };
        (REACH * (2.0 * (place as f64 + 0.5) / SIDE as f64 - 1.0)) as Float
    });
    let points = averaged.frozen().forward(z).reshape(&[2 * SHOWN]);
    let critic = gan.d.frozen().forward(&grid).reshape(&[SIDE * SIDE]);
    Tensor::concat(&[&points, &critic], 0)
}

/// G's points over the critic, whose lowest value in a panel is white and whose highest is red.
fn panels(moments: &[usize], seen: &[Tensor]) -> Figure {
    let panel = |(step, seen): (&usize, &Tensor)| {
        let points = seen.slice(0, 0..2 * SHOWN).reshape(&[SHOWN, 2]);
        let critic = seen.slice(0, 2 * SHOWN..seen.len());
        let [low, high] = [critic.min(..), critic.max(..)].map(|v| f64::from(v.item()));
        let shade = |a: &Float| 0.6 * (f64::from(*a) - low) / (high - low).max(1e-9);
        let shades: Vec<f64> = critic.data().iter().map(shade).collect();
        Panel::new(format!("round {step}"))
            .heat(&shades, SIDE, [[-REACH; 2], [REACH; 2]], RED)
            .scatter(points.rows::<2>(), BLUE.opacity(0.6))
    };
    let title =
        "Eight Gaussians: the generator's points over the critic, redder where it is higher";
    Figure::new(title, moments.iter().zip(seen).map(panel))
        .columns(4)
        .x_range(-REACH, REACH)
        .y_range(-REACH, REACH)
        .equal_aspect()
}

/// The noise, twice its size, and the points made from it, in the colour of the mode they are in;
/// grey are those that are in none.
fn noise_figure(g: &Generator, law: &Mixture, rng: &mut Rng) -> Figure {
    let z = rng.normal(&[4000, 2]);
    let x = g.frozen().forward(&z);
    let more = [Colour(0xEE, 0x88, 0x22), Colour(0x22, 0x22, 0x22)].map(Style::new);
    let colours = [&PALETTE[..6], &more].concat(); // one for each mode; grey is for none
    let mode = |x: &[f64; 2]| {
        let near = |mean: &Vec<f64>| libm::hypot(x[0] - mean[0], x[1] - mean[1]) < 3.0 * law.std;
        law.means.iter().position(near)
    };
    let modes: Vec<Option<usize>> = x.rows::<2>().iter().map(mode).collect();
    let panel = |title: &str, points: Vec<[f64; 2]>| {
        let of = |wanted: Option<usize>| -> Vec<[f64; 2]> {
            let all = points.iter().zip(&modes);
            all.filter(|(_, mode)| **mode == wanted).map(|(point, _)| *point).collect()
        };
        colours
            .iter()
            .enumerate()
            .fold(Panel::new(title).scatter(of(None), GREY.size(1.5)), |panel, (k, colour)| {
                panel.scatter(of(Some(k)), colour.clone().size(1.5))
            })
    };
    let twice = z.rows::<2>().into_iter().map(|z| z.map(|v| 2.0 * v)).collect();
    let title =
        "Each mode comes from a sector of the noise; between two sectors lie points of no mode";
    Figure::new(title, [panel("noise 2z", twice), panel("G(z)", x.rows::<2>())])
        .x_range(-REACH, REACH)
        .y_range(-REACH, REACH)
        .equal_aspect()
}
