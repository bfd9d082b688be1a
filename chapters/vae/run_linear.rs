//! The linear VAE on data of its own kind: every bound beside the ln p(x) that it bounds, and that
//! beside the entropy of the data.

use super::linear::{LinearVae, Ppca};
use super::run::{metrics, write};
use super::{LatentModel, importance_bound, loss};
use crate::experiment::{Event, Experiment, Report, Settings, Training, loss_row, training_time};
use crate::nn::{Linear, Module};
use crate::optim::{Adam, Optimizer, Schedule};
use crate::plot::{BLUE, CYAN, Figure, GREY, PURPLE, Panel, RED};
use crate::random::Rng;
use crate::{Float, Result, Tensor, grad};
use serde_json::json;
use std::f64::consts::TAU;
use std::time::Instant;

/// A linear VAE with two latents, for data in five dimensions.
pub const LINEAR: Experiment = Experiment {
    name: "vae-linear",
    about: "a linear VAE, whose likelihood, posterior and gap are known, while it learns",
    steps: 2000,
    batch: 200,
    lr: 1e-2,
    images: false,
    run,
};

/// Points on which the bounds are measured.
const TEST: usize = 2000;
/// Draws of z in the importance-weighted bounds.
const DRAWS: [usize; 2] = [5, 50];
/// Steps of training at which the posterior is drawn; the end is drawn as well.
const DRAWN: [usize; 3] = [0, 60, 250];

// ANCHOR: data
/// The law of the data: W with two columns that are not orthogonal, and noise of variance 0.1.
fn law() -> Ppca {
    let weight = Tensor::from([[1.0, 0.6], [0.5, 1.0], [0.0, 0.8], [-0.7, 0.3], [0.4, 0.4]]);
    let bias = Tensor::from([0.5, 0.0, -0.5, 1.0, 0.0]);
    Ppca { decoder: Linear { weight, bias }, log_var: Tensor::scalar(0.1).ln() }
}
// ANCHOR_END: data

/// Nats a point of the test set, after some steps.
#[derive(Clone, Copy, Debug)]
struct Nats {
    step: usize,
    /// −ln p(x).
    exact: f64,
    /// −ELBO, in closed form.
    elbo: f64,
    /// −L_K for each K of [`DRAWS`].
    bounds: [f64; 2],
    /// KL(q(z|x) ‖ p(z|x)), in closed form.
    gap: f64,
}

impl Nats {
    fn of(step: usize, model: &LinearVae, x: &Tensor, rng: &mut Rng) -> Nats {
        let model = model.frozen();
        let mean = |values: Tensor| f64::from(values.mean(..).item());
        let k = model.log_var.len();
        let bounds = DRAWS.map(|draws| {
            -mean(importance_bound(&model, x, &rng.normal(&[draws, x.shape()[0], k])))
        });
        let [exact, elbo] = [model.p.log_marginal(x), model.exact_elbo(x)].map(|v| -mean(v));
        Nats { step, exact, elbo, bounds, gap: mean(model.gap(x)) }
    }
}

/// What is kept of a training: the bounds now and then, and the model at the steps that are drawn.
struct History {
    nats: Vec<Nats>,
    models: Vec<(usize, LinearVae)>,
}

/// Trains, measures, draws and writes. A run always begins anew: it takes seconds, and what it is
/// about is the way, which no state of an interrupted run holds.
///
/// # Errors
/// If a setting is out of range, a file cannot be written, or the loss is no longer finite.
pub fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare()?;
    let (law, mut rng) = (law(), Rng::new(settings.seed));
    let mut measuring = rng.split();
    let x = law.sample(TEST, &mut measuring);
    let mut model = LinearVae::new(5, 2, &mut rng);

    let mut training = Training::new(LINEAR.name, settings, watch);
    let start = Instant::now();
    let history = train(&mut model, &law, &x, settings, &mut training, [&mut rng, &mut measuring])?;
    let times = vec![training_time(start, settings.steps)];

    let last = history.nats.last().expect("the last step is kept");
    let mut rows = vec![loss_row(&training.losses, 2)];
    rows.extend(self::rows(last, &law, &x));
    let mut metrics = metrics(&LINEAR, settings, &training.losses);
    metrics["entropy"] = law.entropy().into();
    metrics["test"] = history.nats.iter().map(json).collect();
    let figures = vec![
        ("figure", bounds(&history.nats, -f64::from(law.log_marginal(&x).mean(..).item()))),
        ("gap", gap(&history.nats)),
        ("posteriors", posteriors(&history.models, &x)),
    ];
    let files = write(settings, &model, &figures, &metrics)?;
    training.complete();
    Ok(Report { rows, times, figures, files, losses: training.losses })
}

fn train(
    model: &mut LinearVae,
    law: &Ppca,
    test: &Tensor,
    settings: &Settings,
    training: &mut Training,
    [rng, measuring]: [&mut Rng; 2],
) -> Result<History> {
    let (n, k) = (settings.batch, model.log_var.len());
    let mut adam = Adam::new(settings.lr);
    let schedule = Schedule::cosine(settings.lr, 0.0, settings.steps);
    let start = Nats::of(0, model, test, measuring);
    let mut history = History { nats: vec![start], models: vec![(0, model.clone())] };
    for step in 1..=settings.steps {
        let x = law.sample(n, rng);
        let loss = loss(model, &x, &rng.normal(&[n, k]), 1.0);
        let gradients = grad(&loss, &model.tensors());
        adam.set_lr(schedule.lr(step - 1));
        adam.step(model, &gradients);
        training.step_done(&loss, &[(model, &adam)], rng)?;
        let last = step == settings.steps;
        if last || measured(step) {
            history.nats.push(Nats::of(step, model, test, measuring));
        }
        if last || DRAWN.contains(&step) {
            history.models.push((step, model.clone()));
        }
    }
    Ok(history)
}

/// About fifty times as often in each decade of steps: the way is drawn over their logarithm.
fn measured(step: usize) -> bool {
    step == 1 || step.is_multiple_of(2 * 10_usize.pow(step.ilog10().saturating_sub(1)))
}

fn rows(last: &Nats, law: &Ppca, x: &Tensor) -> Vec<[String; 3]> {
    let n = x.shape()[0];
    let floor = law.entropy();
    let of_the_law = -f64::from(law.log_marginal(x).mean(..).item());
    let row = |name: &str, value: f64, remark: String| [name.into(), format!("{value:.4}"), remark];
    let mut rows = vec![row(
        "−ln p(x)",
        last.exact,
        format!("exact; the law of the data has {of_the_law:.4} on these {n}, entropy {floor:.4}"),
    )];
    for (draws, bound) in DRAWS.iter().zip(last.bounds).rev() {
        let remark = format!("importance-weighted bound, {draws} draws");
        rows.push(row(&format!("−L of {draws} draws"), bound, remark));
    }
    rows.push(row("−ELBO", last.elbo, "exact".into()));
    rows.push(row("gap", last.elbo - last.exact, "ln p(x) − ELBO".into()));
    rows.push(row("KL to the posterior", last.gap, "KL(q(z|x) ‖ p(z|x)), exact: the same".into()));
    rows
}

fn json(nats: &Nats) -> serde_json::Value {
    let Nats { step, exact, elbo, bounds, gap } = nats;
    let [of_5, of_50] = bounds;
    json!({ "step": step, "exact": exact, "elbo": elbo, "L_5": of_5, "L_50": of_50, "kl": gap })
}

/// The bounds while the model learns, and what the law of the data has on the same points.
fn bounds(nats: &[Nats], of_the_law: f64) -> Figure {
    let line =
        |value: fn(&Nats) -> f64| nats[1..].iter().map(move |nats| [nats.step as f64, value(nats)]);
    let last = nats[nats.len() - 1].step as f64;
    let panel = Panel::new("")
        .line([[1.0, of_the_law], [last, of_the_law]], GREY.size(3.0).label("law of the data"))
        .line(line(|n| n.elbo), RED.label("−ELBO"))
        .line(line(|n| n.bounds[0]), PURPLE.label("−L₅"))
        .line(line(|n| n.bounds[1]), CYAN.label("−L₅₀"))
        .line(line(|n| n.exact), BLUE.label("−ln p(x)"));
    let title = "All bounds fall to −ln p(x), and that to what the law of the data has";
    Figure::new(title, [panel]).log_x().labels("step", "nats a point")
}

fn gap(nats: &[Nats]) -> Figure {
    let line =
        |value: fn(&Nats) -> f64| nats[1..].iter().map(move |nats| [nats.step as f64, value(nats)]);
    let panel = Panel::new("")
        .line(line(|n| n.elbo - n.exact), BLUE.size(4.0).opacity(0.4).label("ln p(x) − ELBO"))
        .line(line(|n| n.gap), RED.size(1.0).label("KL(q ‖ posterior)"));
    let title = "The gap of the bound and the KL from q to the posterior are one curve";
    Figure::new(title, [panel]).log_x().log_y().labels("step", "nats a point")
}

/// For three points x the posterior and q in the plane of z: circles of two standard deviations.
fn posteriors(models: &[(usize, LinearVae)], x: &Tensor) -> Figure {
    let panel = |(step, model): &(usize, LinearVae)| {
        let (model, x) = (model.frozen(), x.slice(0, 0..3));
        let ((m, s), q) = (model.p.posterior(&x), model.encode(&x));
        let root = cholesky(&s);
        let deviations = (&model.log_var * 0.5).exp();
        let upright = [[deviations.at(&[0]), 0.0], [0.0, deviations.at(&[1])]];
        (0..3).fold(Panel::new(format!("step {step}")), |panel, i| {
            let (first, other) = ("posterior p(z|x)", "encoder q(z|x)");
            let label = |label: &str| String::from(if i == 0 { label } else { "" });
            panel
                .line(
                    ellipse(&m.rows::<2>()[i], root),
                    BLUE.size(3.0).opacity(0.5).label(label(first)),
                )
                .line(ellipse(&q.mu.rows::<2>()[i], upright), RED.label(label(other)))
        })
    };
    let title = "q turns into the posterior, and the posterior stops being tilted";
    Figure::new(title, models.iter().map(panel)).equal_aspect().labels("z₁", "z₂")
}

/// L with L Lᵀ = S, `[2, 2]`.
fn cholesky(s: &Tensor) -> [[Float; 2]; 2] {
    let a = s.at(&[0, 0]).sqrt();
    let b = s.at(&[1, 0]) / a;
    [[a, 0.0], [b, (s.at(&[1, 1]) - b * b).sqrt()]]
}

/// centre + 2 L (cos t, sin t).
fn ellipse(centre: &[f64; 2], l: [[Float; 2]; 2]) -> Vec<[f64; 2]> {
    let at = |i: u32| {
        let angle = TAU * f64::from(i) / 60.0;
        let turn = [libm::cos(angle), libm::sin(angle)];
        [0, 1].map(|r| {
            centre[r] + 2.0 * (f64::from(l[r][0]) * turn[0] + f64::from(l[r][1]) * turn[1])
        })
    };
    (0..=60).map(at).collect()
}
