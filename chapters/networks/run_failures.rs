//! Why a first network fails: one that learns, and the same with one thing wrong at a time.

use crate::experiment::{Event, Experiment, Report, Settings, save_figures, save_metrics};
use crate::nn::{Activation, Mlp, Module};
use crate::optim::{Optimizer, Sgd};
use crate::plot::{Figure, PALETTE, Panel};
use crate::random::Rng;
use crate::{Float, Result, Tensor, grad};
use serde_json::json;

/// Eight short trainings, seven of them with a mistake.
pub const FAILURES: Experiment = Experiment {
    name: "networks-failures",
    about: "one small network that learns, and seven that do not, each for a reason of its own",
    steps: 1000,
    batch: 64,
    lr: 0.1,
    images: false,
    run,
};

// ANCHOR: cases
/// What is done otherwise than it should be.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mistake {
    None,
    /// The learning rate, 30 times too large.
    Rate,
    /// All weights 0.
    Zeros,
    /// Weights ten times too large.
    Large,
    /// No activation.
    Linear,
    /// Inputs from 0 to 200 in place of −1 to 1.
    Inputs,
    /// The sum of the squares in place of their mean.
    Sum,
    /// Gradients that are added to the old ones.
    Kept,
}
// ANCHOR_END: cases

const CASES: [(&str, Mistake); 8] = [
    ("as it should be", Mistake::None),
    ("learning rate too large", Mistake::Rate),
    ("weights of zero", Mistake::Zeros),
    ("weights too large", Mistake::Large),
    ("no activation", Mistake::Linear),
    ("inputs not scaled", Mistake::Inputs),
    ("sum for mean", Mistake::Sum),
    ("gradients not cleared", Mistake::Kept),
];

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare()?;
    let mut trainings = vec![];
    for (name, mistake) in CASES {
        watch(Event::Stage(name));
        trainings.push((name, train(mistake, settings)));
    }
    let rows = trainings.iter().map(|(name, losses)| {
        let last = losses[losses.len() - 1];
        let value = if last.is_finite() { format!("{last:.4}") } else { "not a number".into() };
        [name.to_string(), value, "mean square error over the curve".into()]
    });
    let rows = rows.collect();
    let finite = |loss: &f64| if loss.is_finite() { json!(loss) } else { json!("not finite") };
    let ends: Vec<_> =
        trainings.iter().map(|(name, losses)| (name, finite(&losses[losses.len() - 1]))).collect();
    let metrics = json!({
        "experiment": FAILURES.name, "settings": settings.json(), "final_losses": ends,
    });
    let figures = vec![
        ("stuck", curves("Three that do not move on", &trainings, &[0, 2, 4, 5])),
        ("diverging", curves("Four that run away", &trainings, &[0, 1, 3, 6, 7])),
    ];
    let mut files = save_figures(settings, &figures)?;
    files.extend(save_metrics(settings, &metrics, None)?);
    Ok(Report { rows, times: vec![], figures, files, losses: vec![] })
}

// ANCHOR: train
/// 1–32–32–1 with tanh learns sin 3x from −1 to 1. The error over the whole curve after every step.
fn train(mistake: Mistake, settings: &Settings) -> Vec<f64> {
    let mut rng = Rng::new(settings.seed);
    let activation =
        if mistake == Mistake::Linear { Activation::Identity } else { Activation::Tanh };
    let mut net = Mlp::new(&[1, 32, 32, 1], activation, &mut rng);
    let scale = match mistake {
        Mistake::Zeros => 0.0,
        Mistake::Large => 10.0,
        _ => 1.0,
    };
    for (_, p) in net.parameters_mut() {
        *p = (&*p * scale).variable();
    }
    let lr = if mistake == Mistake::Rate { 30.0 } else { 1.0 } * settings.lr;
    let mut sgd = Sgd::new(lr);
    // what is never cleared is a momentum of 1
    sgd.momentum = if mistake == Mistake::Kept { 1.0 } else { 0.0 };
    let mut losses = vec![];
    for _ in 0..settings.steps {
        let x = rng.uniform_in(&[settings.batch, 1], -1.0, 1.0);
        let loss = loss(&net, &x, mistake);
        let gradients = grad(&loss, &net.tensors());
        sgd.step(&mut net, &gradients);
        losses.push(error(&net, mistake));
    }
    losses
}
// ANCHOR_END: train

fn predicted(net: &Mlp, x: &Tensor, mistake: Mistake) -> Tensor {
    match mistake {
        Mistake::Inputs => net.forward(&((x + 1.0) * 100.0)),
        _ => net.forward(x),
    }
}

fn loss(net: &Mlp, x: &Tensor, mistake: Mistake) -> Tensor {
    let squares = (predicted(net, x, mistake) - (x * 3.0).sin()).square();
    if mistake == Mistake::Sum { squares.sum(..) } else { squares.mean(..) }
}

/// The mean square error over 200 even places.
fn error(net: &Mlp, mistake: Mistake) -> f64 {
    let x = Tensor::from_fn(&[200, 1], |i| ((i as f64 + 0.5) / 100.0 - 1.0) as Float);
    let squares = (predicted(net, &x, mistake) - (&x * 3.0).sin()).square();
    f64::from(squares.mean(..).item())
}

/// Some of the trainings, as far as their errors are numbers.
fn curves(title: &str, trainings: &[(&str, Vec<f64>)], cases: &[usize]) -> Figure {
    let line = |losses: &[f64]| -> Vec<[f64; 2]> {
        let seen = losses.iter().enumerate().take_while(|(_, loss)| **loss < 1e6);
        seen.map(|(i, &loss)| [(i + 1) as f64, loss]).collect()
    };
    let mut panel = Panel::new("");
    for (&case, style) in cases.iter().zip(PALETTE) {
        let (name, losses) = &trainings[case];
        panel = panel.line(line(losses), style.label(*name));
    }
    Figure::new(title, [panel]).log_x().log_y().labels("step", "mean square error")
}
