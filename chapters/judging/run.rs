//! The classifier's training: every image is turned, stretched and moved a little each time it is
//! seen, so that 10 000 images do as well as many more.

use super::{Classifier, accuracy, cross_entropy};
use crate::data::{Images, PIXELS};
use crate::experiment::{Event, Experiment, Report, Settings, Training};
use crate::experiment::{loss_row, save_figures, save_metrics};
use crate::nn::Module;
use crate::optim::{Adam, Optimizer, Schedule};
use crate::plot::{Figure, Panel};
use crate::random::Rng;
use crate::{Float, Result, Tensor, grad};
use serde_json::json;
use std::time::Instant;

/// The judge's training.
pub const CLASSIFIER: Experiment = Experiment {
    name: "digits-classifier",
    about: "the classifier that judges the images of the other experiments",
    steps: 6000,
    batch: 100,
    lr: 2e-3,
    images: true,
    run,
};

/// Test images in the figure.
const SHOWN: usize = 24;

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare()?;
    let digits = settings.digits()?;
    let mut classifier = Classifier::new(&mut Rng::new(settings.seed));
    let mut training = Training::new(CLASSIFIER.name, settings, watch);
    let start = Instant::now();
    train(&mut classifier, &digits.train, settings, &mut training)?;
    let seconds = format!("{:.2} s", start.elapsed().as_secs_f64());
    let classifier = classifier.frozen();
    let [train, test] = [&digits.train, &digits.test].map(|images| accuracy(&classifier, images));
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    let count = |images: &Images| format!("of {} images", images.len());
    let rows = vec![
        loss_row(&training.losses, 4),
        ["test accuracy".into(), percent(test), count(&digits.test)],
        ["training accuracy".into(), percent(train), count(&digits.train)],
    ];
    let figures = vec![("figure", hardest(&classifier, &digits.test))];
    let mut files = save_figures(settings, &figures)?;
    let metrics = json!({
        "experiment": CLASSIFIER.name,
        "settings": settings.json(),
        "test_accuracy": test,
        "training_accuracy": train,
    });
    files.extend(save_metrics(settings, &metrics, Some(&classifier))?);
    training.complete();
    let times = vec![["training".into(), seconds, String::new()]];
    Ok(Report { rows, times, figures, files, losses: training.losses })
}

/// The training loop, with a rate that falls to 0.
fn train(
    classifier: &mut Classifier,
    images: &Images,
    settings: &Settings,
    training: &mut Training,
) -> Result<()> {
    let mut rng = Rng::new(settings.seed).split();
    let mut adam = Adam::new(settings.lr);
    let schedule = Schedule::cosine(settings.lr, 0.0, settings.steps);
    for step in training.resume(&mut [(classifier, &mut adam)], &mut rng)? {
        adam.set_lr(schedule.lr(step - 1));
        let loss = train_step(classifier, images, settings.batch, &mut adam, &mut rng);
        training.step_done(&loss, &[(classifier, &adam)], &rng)?;
    }
    Ok(())
}

/// The same at the settings of the book, from the beginning; it leaves no file behind.
pub(super) fn train_at_once(images: &Images) -> Classifier {
    let Experiment { steps, batch, lr, .. } = CLASSIFIER;
    let (mut classifier, mut rng) = (Classifier::new(&mut Rng::new(0)), Rng::new(0).split());
    let mut adam = Adam::new(lr);
    let schedule = Schedule::cosine(lr, 0.0, steps);
    for step in 0..steps {
        adam.set_lr(schedule.lr(step));
        train_step(&mut classifier, images, batch, &mut adam, &mut rng);
    }
    classifier
}

// ANCHOR: train_step
fn train_step(
    classifier: &mut Classifier,
    images: &Images,
    n: usize,
    adam: &mut Adam,
    rng: &mut Rng,
) -> Tensor {
    let rows: Vec<usize> = (0..n).map(|_| rng.below(images.len())).collect();
    let classes: Tensor = rows.iter().map(|&row| Float::from(images.labels()[row])).collect();
    let x = distorted(&images.batch(&rows), rng);
    let loss = cross_entropy(&classifier.logits(&x), &classes);
    let gradients = grad(&loss, &classifier.tensors());
    adam.step(classifier, &gradients);
    loss
}
// ANCHOR_END: train_step

/// Each image turned by up to 0.26 (15°), stretched by up to 15 % and moved by up to 2 pixels, anew
/// each time; between pixels it is interpolated linearly.
fn distorted(images: &Tensor, rng: &mut Rng) -> Tensor {
    let mut data = Vec::with_capacity(images.len());
    for image in images.data().chunks_exact(PIXELS) {
        let mut within = |size: f64| size * (2.0 * rng.uniform_f64() - 1.0);
        let (angle, stretch, shift) = (within(0.26), [(); 2].map(|()| 1.0 + within(0.15)), [(); 2]);
        let shift = shift.map(|()| 13.5 + within(2.0));
        let (sin, cos) = (libm::sin(angle), libm::cos(angle));
        data.extend((0..PIXELS).map(|i| {
            let (x, y) = ((i % 28) as f64 - 13.5, (i / 28) as f64 - 13.5);
            let from = [cos * x - sin * y, sin * x + cos * y];
            between(image, [0, 1].map(|axis| from[axis] * stretch[axis] + shift[axis]))
        }));
    }
    Tensor::new(images.shape(), data)
}

/// The value at a place between pixels; outside there is nothing.
fn between(image: &[Float], [x, y]: [f64; 2]) -> Float {
    let (column, row) = (x.floor(), y.floor());
    let (right, below) = ((x - column) as Float, (y - row) as Float);
    let at = |column: f64, row: f64| {
        let inside = (0.0..28.0).contains(&column) && (0.0..28.0).contains(&row);
        if inside { image[row as usize * 28 + column as usize] } else { 0.0 }
    };
    let across = |row: f64| at(column, row) * (1.0 - right) + at(column + 1.0, row) * right;
    across(row) * (1.0 - below) + across(row + 1.0) * below
}

/// The test images to whose own class it gives the least probability, with the class that it sees.
fn hardest(classifier: &Classifier, test: &Images) -> Figure {
    let probabilities = classifier.logits(&test.all()).softmax(1);
    let own: Tensor = test.labels().iter().map(|&label| Float::from(label)).collect();
    let own = (&probabilities * own.one_hot(10)).sum(1);
    let mut order: Vec<usize> = (0..test.len()).collect();
    order.sort_by(|&a, &b| own.data()[a].total_cmp(&own.data()[b]));
    order.truncate(SHOWN);
    let seen = probabilities.argmax(1);
    let seen: Vec<String> = order.iter().map(|&i| seen.data()[i].to_string()).collect();
    let title = format!("seen as {}", seen.join(" "));
    Figure::new(
        "The test images that the classifier finds hardest",
        [Panel::digits(title, &test.batch(&order), SHOWN / 2)],
    )
    .bare()
}
