//! Two moons by maximum likelihood: a field learns where to carry noise from nothing but the
//! density that it gives to data.

use super::measure::{Likelihood, Raster, highest};
use super::{Cnf, Trace, densities, nll};
use crate::data::{Law, Moons, make_moons};
use crate::experiment::{Event, Experiment, Report, Settings, Training};
use crate::experiment::{loss_row, save_figures, save_metrics, tail_mean, training_time};
use crate::nn::Module;
use crate::ode::{self, MIDPOINT, RK4, Solver};
use crate::optim::{Adam, Optimizer, Schedule};
use crate::plot::{BLUE, Figure, GREY, Panel};
use crate::random::Rng;
use crate::{Float, Result, Tensor, grad};
use serde_json::json;
use std::time::Instant;

// ANCHOR: moons
/// Two moons: MLP 3–64–64–64–2 with tanh, exact trace, Adam with a rate that falls to 0.
pub const MOONS: Experiment = Experiment {
    name: "cnf",
    about: "two moons by maximum likelihood: a continuous flow, step by step, and its density",
    steps: 500,
    batch: 256,
    lr: 1e-2,
    images: false,
    run,
};

/// Standard deviation of the noise around the half circles.
pub const NOISE: f64 = 0.1;
/// Hidden units of a layer.
pub const WIDTH: usize = 64;
/// Midpoint steps of the training. With 6 the network learns, sooner or later, a field whose steps
/// are wrong in its favour: the loss falls below the entropy, which no density's can.
pub const STEPS: usize = 10;
// ANCHOR_END: moons

/// Steps of RK4 in whatever is measured: more change nothing that is printed.
const FINE: usize = 12;
/// Points over which the likelihood is averaged.
const MEASURED: usize = 4000;
/// Points in a panel.
const SHOWN: usize = 400;
/// The times shown.
const TIMES: [Float; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare()?;
    let mut rng = Rng::new(settings.seed);
    let mut measuring = rng.split();
    let mut u = Cnf::new(2, WIDTH, &mut rng);

    let mut training = Training::new(MOONS.name, settings, watch);
    let start = Instant::now();
    let steps = train(&mut u, settings, &mut training, &mut rng)?;
    let times = vec![training_time(start, steps)];
    let u = u.frozen();
    let field = |t: Float, x: &Tensor| u.velocity(t, x);

    training.stage("measuring the likelihood");
    let law = Moons { noise: NOISE };
    let x = law.sample(MEASURED, &mut measuring);
    let by =
        |steps: usize, method| Likelihood::of(&densities(field, 1.0, &x, steps, &method), &x, &law);
    let (measured, in_training) = (by(FINE, RK4), by(STEPS, MIDPOINT));
    training.stage("drawing densities");
    let figures = vec![
        ("figure", step_by_step(field, &mut measuring)),
        ("density", exact_and_learned(field, &law)),
        ("grid", grid(field)),
    ];
    let mut rows = vec![loss_row(&training.losses, 4)];
    rows.extend(measured.rows(""));
    let remark = format!("in {STEPS} midpoint steps; those above are in {FINE} of RK4");
    rows.push([
        "NLL by the steps of the training".into(),
        format!("{:.3}", in_training.nll),
        remark,
    ]);
    let metrics = json!({
        "experiment": MOONS.name,
        "settings": settings.json(),
        "final_loss": tail_mean(&training.losses, 100),
        "likelihood": measured.json(),
        "nll_by_the_steps_of_the_training": in_training.nll,
        "loss_of_each_50_steps":
            training.losses.chunks(50).map(|c| tail_mean(c, 50)).collect::<Vec<_>>(),
    });
    let mut files = save_figures(settings, &figures)?;
    files.extend(save_metrics(settings, &metrics, Some(&u))?);
    training.complete();
    Ok(Report { rows, times, figures, files, losses: training.losses })
}

/// The training loop. Returns how many steps were done, rather than in an interrupted run before.
// ANCHOR: train
pub(super) fn train(
    u: &mut Cnf,
    settings: &Settings,
    training: &mut Training,
    rng: &mut Rng,
) -> Result<usize> {
    let mut adam = Adam::new(settings.lr);
    let schedule = Schedule::cosine(settings.lr, 0.0, settings.steps);
    let steps = training.resume(&mut [(u, &mut adam)], rng)?;
    let to_do = steps.clone().count();
    for step in steps {
        adam.set_lr(schedule.lr(step - 1));
        let x_1 = make_moons(settings.batch, NOISE, rng);
        let loss = nll(u, &x_1, &Trace::Exact, Solver::Steps(STEPS, MIDPOINT));
        let gradients = grad(&loss, &u.tensors());
        adam.step(u, &gradients);
        training.step_done(&loss, &[(u, &adam)], rng)?;
    }
    Ok(to_do)
}
// ANCHOR_END: train

/// Above, points of noise on their way; below, the density of all points at the same times.
fn step_by_step(field: impl Fn(Float, &Tensor) -> Tensor + Copy, rng: &mut Rng) -> Figure {
    let raster = Raster { corners: [[-2.6, -2.6], [2.6, 2.6]], columns: 65 };
    let states = ode::trajectory(field, &rng.normal(&[SHOWN, 2]), 0.0..1.0, 16, &RK4);
    let points = TIMES.map(|t| {
        let (at, x) = &states[(16.0 * t) as usize];
        assert_eq!(*at, t);
        Panel::new(format!("t = {t}")).scatter(x.rows::<2>(), BLUE.size(1.5))
    });
    let shades = TIMES.map(|t| {
        let log_p = densities(field, t, &raster.points(), 8, &RK4);
        raster.panel("", &log_p, 0.8 * highest(&log_p))
    });
    let title = "Above, points of noise become two moons; below, the density of all such points";
    Figure::new(title, points.into_iter().chain(shades))
        .columns(TIMES.len())
        .x_range(-2.6, 2.6)
        .y_range(-2.6, 2.6)
        .equal_aspect()
}

/// The density of the data beside that of the flow, in the same shades.
fn exact_and_learned(field: impl Fn(Float, &Tensor) -> Tensor, law: &dyn Law) -> Figure {
    let raster = Raster { corners: [[-1.6, -1.1], [2.6, 1.6]], columns: 140 };
    let x = raster.points();
    let exact = law.log_density(&x);
    let learned = densities(field, 1.0, &x, 8, &RK4);
    let darkest = highest(&exact);
    let panels =
        [("exact", exact), ("learned", learned)].map(|(name, p)| raster.panel(name, &p, darkest));
    Figure::new("The density of two moons, and the one that the flow has learned", panels)
        .x_range(-1.6, 2.6)
        .y_range(-1.1, 1.6)
        .equal_aspect()
}

/// A grid of lines at t = 0, carried along.
fn grid(field: impl Fn(Float, &Tensor) -> Tensor) -> Figure {
    let (lines, points, reach) = (17, 97, 2.4);
    let place = |i: usize, n: usize| (reach * (2.0 * i as f64 / (n - 1) as f64 - 1.0)) as Float;
    let x_0 = Tensor::from_fn(&[2 * lines * points, 2], |i| {
        let (point, axis) = (i / 2, i % 2);
        let (line, at) = (point / points, point % points);
        let along = (line < lines) == (axis == 0);
        if along { place(at, points) } else { place(line % lines, lines) }
    });
    let states = ode::trajectory(field, &x_0, 0.0..1.0, 16, &RK4);
    let panel = |&t: &Float| {
        let (_, x) = &states[(16.0 * t) as usize];
        let rows = x.rows::<2>();
        rows.chunks(points).enumerate().fold(Panel::new(format!("t = {t}")), |panel, (k, line)| {
            let style = if k < lines { BLUE } else { GREY };
            panel.line(line.iter().copied(), style.size(1.0))
        })
    };
    Figure::new(
        "A square grid of noise, bent until its middle is two moons",
        TIMES.iter().map(panel),
    )
    .x_range(-2.6, 2.6)
    .y_range(-2.6, 2.6)
    .equal_aspect()
}
