//! Digits of a class that is asked for, at several strengths of guidance.

use super::{CLASSES, Conditional, drop_labels, loss, sample};
use crate::chapters::judging::Judge;
use crate::data::{Digits, PIXELS};
use crate::experiment::{Event, Experiment, Report, Settings, Training};
use crate::experiment::{loss_row, save_figures, save_metrics, tail_mean, training_time};
use crate::nn::Module;
use crate::optim::{Adam, Optimizer, Schedule};
use crate::plot::{Figure, Panel};
use crate::random::Rng;
use crate::{Float, Result, Tensor, grad};
use serde_json::json;
use std::time::Instant;

// ANCHOR: digits
/// 10 000 digits with their labels.
pub const DIGITS: Experiment = Experiment {
    name: "guidance-digits",
    about: "digits of a class that is asked for, by guidance without a classifier",
    steps: 2500,
    batch: 128,
    lr: 1e-3,
    images: true,
    run,
};

/// Hidden units, and hidden layers after the first.
const SIZE: [usize; 2] = [512, 3];
/// How often a label is forgotten.
const DROPPED: Float = 0.1;
/// Strengths, and the one of the figure.
const STRENGTHS: [Float; 6] = [0.0, 1.0, 1.5, 2.0, 3.0, 5.0];
const STATED: Float = 2.0;
// ANCHOR_END: digits

/// Digits of each class that are judged, and steps in which they are drawn.
const EACH: usize = 100;
const STEPS: usize = 25;
/// Columns of the mosaic.
const COLUMNS: usize = 14;

/// What was measured at one strength.
struct Judged {
    w: Float,
    /// The share of each class that the judge puts where it was asked for.
    asked: Vec<f64>,
    /// Root of the mean variance of a pixel within a class.
    spread: f64,
    judgement: crate::chapters::judging::Judgement,
}

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare()?;
    let digits = settings.digits()?;
    let mut rng = Rng::new(settings.seed);
    let mut measuring = rng.split();
    let mut model = Conditional::new(PIXELS, SIZE[0], SIZE[1], &mut rng);
    let mut training = Training::new(DIGITS.name, settings, watch);
    let start = Instant::now();
    let steps = train(&mut model, &digits, settings, &mut training, &mut rng)?;
    let times = vec![training_time(start, steps)];

    training.stage("drawing and judging");
    let model = model.frozen();
    let judge = Judge::of(&digits);
    let x_0 = measuring.normal(&[EACH * CLASSES, PIXELS]);
    let judged = STRENGTHS.map(|w| judged(&model, &judge, &x_0, w, &mut measuring));
    let mut rows = vec![loss_row(&training.losses, 4)];
    rows.extend(judged.iter().flat_map(Judged::rows));
    let real = spread(&digits.train.all(), &labels_of(&digits));
    let remark = "root of the mean variance of a pixel within a class".into();
    rows.push(["spread of real digits".into(), format!("{real:.4}"), remark]);
    let figures = vec![
        ("figure", by_class(&model, &mut measuring)),
        ("strengths", strengths(&model, &mut measuring)),
    ];
    let metrics = json!({
        "experiment": DIGITS.name,
        "settings": settings.json(),
        "final_loss": tail_mean(&training.losses, 100),
        "strengths": judged.iter().map(Judged::json).collect::<Vec<_>>(),
        "spread_of_real": real,
    });
    let mut files = save_figures(settings, &figures)?;
    files.extend(save_metrics(settings, &metrics, Some(&model))?);
    training.complete();
    Ok(Report { rows, times, figures, files, losses: training.losses })
}

fn labels_of(digits: &Digits) -> Tensor {
    let labels = digits.train.labels();
    Tensor::from_fn(&[labels.len()], |i| labels[i].into())
}

// ANCHOR: train
fn train(
    model: &mut Conditional,
    digits: &Digits,
    settings: &Settings,
    training: &mut Training,
    rng: &mut Rng,
) -> Result<usize> {
    let n = settings.batch;
    let labels = labels_of(digits);
    let mut adam = Adam::new(settings.lr);
    let schedule = Schedule::cosine(settings.lr, 0.0, settings.steps);
    let steps = training.resume(&mut [(model, &mut adam)], rng)?;
    let to_do = steps.clone().count();
    for step in steps {
        adam.set_lr(schedule.lr(step - 1));
        let rows: Vec<usize> = (0..n).map(|_| rng.below(digits.train.len())).collect();
        let x_1 = digits.train.batch(&rows) * 2.0 - 1.0;
        let y = Tensor::from_fn(&[n], |i| labels.data()[rows[i]]);
        let y = drop_labels(&y, &rng.uniform(&[n]), DROPPED);
        let loss = loss(model, &rng.normal(x_1.shape()), &x_1, &y, &rng.uniform(&[n, 1]));
        let gradients = grad(&loss, &model.tensors());
        adam.step(model, &gradients);
        training.step_done(&loss, &[(model, &adam)], rng)?;
    }
    Ok(to_do)
}
// ANCHOR_END: train

/// From [−1, 1] to [0, 1].
fn unscaled(x: &Tensor) -> Tensor {
    ((x + 1.0) * 0.5).clamp(0.0, 1.0)
}

// ANCHOR: judged
/// As many of each class, from the same noise at every strength.
fn judged(model: &Conditional, judge: &Judge, x_0: &Tensor, w: Float, rng: &mut Rng) -> Judged {
    let labels = Tensor::from_fn(&[EACH * CLASSES], |i| (i % CLASSES) as Float);
    let images = unscaled(&sample(model, x_0, &labels, w, STEPS));
    let found = judge.classes(&images);
    let right = |class: usize| {
        let of_class = found.iter().skip(class).step_by(CLASSES);
        of_class.filter(|&&found| found == class).count() as f64 / EACH as f64
    };
    let asked = (0..CLASSES).map(right).collect();
    let spread = spread(&images, &labels);
    Judged { w, asked, spread, judgement: judge.judge(&images, rng) }
}
// ANCHOR_END: judged

/// Root of the mean square of a pixel's distance to its mean over the class.
fn spread(images: &Tensor, labels: &Tensor) -> f64 {
    let of_class = labels.one_hot(CLASSES); // [n, 10]
    let counts = of_class.sum(0).reshape(&[CLASSES, 1]);
    let means = of_class.transpose(0, 1).matmul(images) / counts;
    libm::sqrt(f64::from((images - of_class.matmul(&means)).square().mean(..).item()))
}

impl Judged {
    fn asked(&self) -> f64 {
        self.asked.iter().sum::<f64>() / CLASSES as f64
    }

    fn rows(&self) -> Vec<[String; 3]> {
        let Judged { w, asked, spread, judgement } = self;
        let percent: Vec<String> =
            asked.iter().map(|share| format!("{:.0}", 100.0 * share)).collect();
        let remark = format!("of each class from 0 to 9: {}", percent.join(" "));
        let mut rows = vec![[
            format!("asked class, w = {w}"),
            format!("{:.1} %", 100.0 * self.asked()),
            remark,
        ]];
        for [name, value, remark] in judgement.rows() {
            if name != "class imbalance" {
                rows.push([format!("{name}, w = {w}"), value, remark]);
            }
        }
        let remark = "root of the mean variance of a pixel within a class".into();
        rows.push([format!("spread, w = {w}"), format!("{spread:.4}"), remark]);
        rows
    }

    fn json(&self) -> serde_json::Value {
        let Judged { w, asked, spread, judgement } = self;
        json!({ "w": w, "asked": asked, "spread": spread, "judge": judgement.json() })
    }
}

/// Ten rows, a class in each, at the stated strength.
fn by_class(model: &Conditional, rng: &mut Rng) -> Figure {
    let x_0 = rng.normal(&[CLASSES * COLUMNS, PIXELS]);
    let labels = Tensor::from_fn(&[CLASSES * COLUMNS], |i| (i / COLUMNS) as Float);
    let x = sample(model, &x_0, &labels, STATED, STEPS);
    let panel = Panel::digits("", &unscaled(&x), COLUMNS);
    Figure::new(format!("Digits of each class at w = {STATED}"), [panel]).bare()
}

/// The same noises and wishes at each strength.
fn strengths(model: &Conditional, rng: &mut Rng) -> Figure {
    let x_0 = rng.normal(&[CLASSES, PIXELS]);
    let labels = Tensor::from_fn(&[CLASSES], |i| i as Float);
    let panels = STRENGTHS.map(|w| {
        let x = sample(model, &x_0, &labels, w, STEPS);
        Panel::digits(format!("w = {w}"), &unscaled(&x), CLASSES)
    });
    Figure::new("The same noises and wishes at six strengths", panels).columns(2).bare()
}
