//! One network learns the score of eight Gaussians at every level of noise; five ways to draw with it.

use super::losses::levels;
use super::sampling::{Field, annealed_langevin, flow, predictor_corrector};
use super::{Score, oracle};
use crate::data::{Law, Mixture};
use crate::experiment::{Event, Experiment, Report, Settings, Training};
use crate::experiment::{loss_row, save_figures, save_metrics, tail_mean, training_time};
use crate::metrics::{Compared, compare, energy_distance};
use crate::nn::Module;
use crate::optim::{Adam, Optimizer, Schedule};
use crate::plot::{BLUE, Figure, GREY, Panel, RED};
use crate::random::Rng;
use crate::{Float, Result, Tensor, grad};
use serde_json::json;
use std::time::Instant;

/// Eight Gaussians by their score.
pub const SCORE: Experiment = Experiment {
    name: "score",
    about: "the score of eight Gaussians at all levels of noise, and five ways to draw with it",
    steps: 8000,
    batch: 256,
    lr: 2e-3,
    images: false,
    run,
};

/// Hidden units, and hidden layers after the first.
const SIZE: [usize; 2] = [96, 3];
/// σ_min and σ_max: well below the width of a Gaussian, and above the distance of any two points.
const SIGMA: [Float; 2] = [0.1, 20.0];
/// Points compared, points shown, and fresh sets for the distance.
const POINTS: usize = 2000;
const SHOWN: usize = 500;
const REPEATS: usize = 10;
/// Levels and steps of annealed Langevin dynamics, and its last step's α.
const ANNEALING: [usize; 2] = [20, 10];
const EPSILON: Float = 4e-3;
/// Signal-to-noise ratio of a correction.
const RATIO: Float = 0.16;

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare()?;
    let law = Mixture::eight_gaussians();
    let mut rng = Rng::new(settings.seed);
    let mut measuring = rng.split();
    let mut score = Score::new(2, SIZE[0], SIZE[1], SIGMA, &mut rng);
    let mut training = Training::new(SCORE.name, settings, watch);
    let start = Instant::now();
    let steps = train(&mut score, &law, settings, &mut training, &mut rng)?;
    let times = vec![training_time(start, steps)];

    training.stage("drawing");
    let frozen = score.frozen();
    let drawn = draw(&frozen, &mut measuring);
    let mut rows = vec![loss_row(&training.losses, 4)];
    let mut distances = serde_json::Map::new();
    for (name, evaluations, x) in &drawn {
        let Compared { value, floor } = compare(x, &law, energy_distance, REPEATS, &mut measuring);
        let remark = format!("{evaluations} evaluations; floor {floor}, n = {POINTS}");
        rows.push([format!("D² {name}"), format!("{value:.4}"), remark]);
        distances.insert(name.to_string(), json!(value));
    }
    let errors = errors(&frozen, &law, &mut measuring);
    rows.extend(errors.iter().map(|[sigma, error, least]| {
        let remark = format!("of {least:.3}: mean square of σ times the score, network − exact");
        [format!("error at σ = {sigma:.2}"), format!("{error:.5}"), remark]
    }));
    let figures = vec![("figure", annealing(&frozen, &mut measuring)), ("field", field(&frozen))];
    let metrics = json!({
        "experiment": SCORE.name,
        "settings": settings.json(),
        "final_loss": tail_mean(&training.losses, 100),
        "energy_distance": distances,
        "errors": errors,
        "loss_of_each_100_steps": training.losses.chunks(100).map(|c| tail_mean(c, 100)).collect::<Vec<_>>(),
    });
    let mut files = save_figures(settings, &figures)?;
    files.extend(save_metrics(settings, &metrics, Some(&score))?);
    training.complete();
    Ok(Report { rows, times, figures, files, losses: training.losses })
}

// ANCHOR: train
fn train(
    score: &mut Score,
    law: &Mixture,
    settings: &Settings,
    training: &mut Training,
    rng: &mut Rng,
) -> Result<usize> {
    let n = settings.batch;
    let mut adam = Adam::new(settings.lr);
    let schedule = Schedule::cosine(settings.lr, 0.0, settings.steps);
    let steps = training.resume(&mut [(score, &mut adam)], rng)?;
    let to_do = steps.clone().count();
    for step in steps {
        adam.set_lr(schedule.lr(step - 1));
        let x = law.sample(n, rng);
        let z = rng.normal(&[n, 2]);
        let t = rng.uniform(&[n, 1]); // σ is then uniform on a logarithmic scale
        let loss = levels(score, &x, &z, &t);
        let gradients = grad(&loss, &score.tensors());
        adam.step(score, &gradients);
        training.step_done(&loss, &[(score, &adam)], rng)?;
    }
    Ok(to_do)
}
// ANCHOR_END: train

/// The network's score as a field: one time for all rows.
fn as_field(score: &Score) -> impl Fn(Float, &Tensor) -> Tensor {
    |t, x| score.forward(&Tensor::full(&[1, 1], t), x)
}

// ANCHOR: draw
/// Name, evaluations, points. All begin with the same noise.
fn draw(score: &Score, rng: &mut Rng) -> Vec<(&'static str, usize, Tensor)> {
    let s: Field = &as_field(score);
    let path = &score.path;
    let x_0 = path.start(&rng.normal(&[POINTS, 2]));
    let [l, k] = ANNEALING;
    let mut annealed = annealed_langevin(s, path, &x_0, ANNEALING, EPSILON, rng);
    let (_, last) = annealed.pop().expect("there are levels");
    vec![
        ("annealed Langevin", l * k, last),
        ("reverse equation", 200, predictor_corrector(s, path, &x_0, [200, 0], RATIO, rng)),
        ("with corrections", 200, predictor_corrector(s, path, &x_0, [100, 1], RATIO, rng)),
        ("probability flow", 200, flow(s, path, &x_0, 100)),
        ("reverse equation, short", 40, predictor_corrector(s, path, &x_0, [40, 0], RATIO, rng)),
        ("with corrections, short", 40, predictor_corrector(s, path, &x_0, [20, 1], RATIO, rng)),
        ("probability flow, short", 40, flow(s, path, &x_0, 20)),
    ]
}
// ANCHOR_END: draw

/// At five levels, over noised data: σ, mean square of σ (s_θ − ∇ ln p_σ), and that of σ ∇ ln p_σ.
fn errors(score: &Score, law: &Mixture, rng: &mut Rng) -> Vec<[f64; 3]> {
    let mean_square = |x: Tensor| f64::from(x.square().sum(1).mean(..).item());
    let at = |t: Float| {
        let sigma = score.path.sigma(&Tensor::scalar(t)).item();
        let x = law.sample(POINTS, rng) + rng.normal(&[POINTS, 2]) * sigma;
        let exact = oracle::score(&oracle::noised(law, sigma), &x);
        let said = as_field(score)(t, &x);
        let error = mean_square((said - &exact) * sigma);
        [f64::from(sigma), error, mean_square(exact * sigma)]
    };
    [0.0, 0.25, 0.5, 0.75, 1.0].map(at).to_vec()
}

/// A grid of `side`² points over [−reach, reach]².
pub(super) fn grid(side: usize, reach: f64) -> Tensor {
    let place = |i: usize| reach * (2.0 * (i as f64 + 0.5) / side as f64 - 1.0);
    Tensor::from_fn(&[side * side, 2], |i| {
        let (cell, axis) = (i / 2, i % 2);
        place(if axis == 0 { cell % side } else { cell / side }) as Float
    })
}

/// Arrows from x to x + `scale` v, none longer than `longest`.
pub(super) fn arrows(x: &Tensor, v: &Tensor, scale: f64, longest: f64) -> Vec<[[f64; 2]; 2]> {
    let arrow = |(x, v): (&[f64; 2], &[f64; 2])| {
        let length = scale * libm::hypot(v[0], v[1]);
        let scale = scale * (longest / length).min(1.0);
        [*x, [0, 1].map(|axis| x[axis] + scale * v[axis])]
    };
    x.rows::<2>().iter().zip(&v.rows::<2>()).map(arrow).collect()
}

/// The points of annealed Langevin dynamics after some levels, over the score of the level.
fn annealing(score: &Score, rng: &mut Rng) -> Figure {
    let s = as_field(score);
    let x_0 = score.path.start(&rng.normal(&[SHOWN, 2]));
    let states = annealed_langevin(&s, &score.path, &x_0, ANNEALING, EPSILON, rng);
    let panel = |(t, x): &(Float, Tensor)| {
        let sigma = score.path.sigma(&Tensor::scalar(*t)).item();
        let at = grid(13, 9.5);
        let square = f64::from(sigma * sigma);
        Panel::new(format!("σ = {sigma:.2}"))
            .arrows(arrows(&at, &s(*t, &at), square, 1.2), GREY)
            .scatter(x.rows::<2>(), BLUE.size(1.5).opacity(0.8))
    };
    let shown = states.iter().enumerate().filter(|(i, _)| [3, 7, 9, 11, 14, 19].contains(i));
    let title =
        "Annealed Langevin dynamics with the learned score, from wide noise to eight Gaussians";
    Figure::new(title, shown.map(|(_, state)| panel(state)))
        .columns(3)
        .x_range(-9.5, 9.5)
        .y_range(-9.5, 9.5)
        .equal_aspect()
}

/// The learned score over the exact one, at three levels.
fn field(score: &Score) -> Figure {
    let at = grid(15, 8.0);
    let panel = |t: Float| {
        let sigma = score.path.sigma(&Tensor::scalar(t)).item();
        let square = f64::from(sigma * sigma);
        let exact = oracle::score(&oracle::noised(&Mixture::eight_gaussians(), sigma), &at);
        Panel::new(format!("σ = {sigma:.2}"))
            .arrows(arrows(&at, &exact, square, 1.0), GREY.size(4.0).label("exact score"))
            .arrows(
                arrows(&at, &as_field(score)(t, &at), square, 1.0),
                RED.size(1.2).label("network"),
            )
    };
    Figure::new(
        "The learned score over the exact one at three levels of noise",
        [0.3, 0.55, 0.8].map(panel),
    )
    .x_range(-8.0, 8.0)
    .y_range(-8.0, 8.0)
    .equal_aspect()
}
