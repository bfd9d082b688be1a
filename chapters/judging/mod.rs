//! Judging images: a small classifier that the crate has trained itself looks at what a model draws.
//! Nobody knows the density of real images, so there is no floor for a likelihood here; but one can
//! ask whether a picture is a clear digit, whether all ten come, and whether they vary as real ones do.
//!
//! Here are the classifier and what it is asked; its training is in [`run`].
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | x | `x` | images, `[n, 784]` |
//! | p(c\|x) | [`Classifier::logits`], softmax | how sure it is of each class, `[n, 10]` |
//! | h(x) | [`Classifier::features`] | the last hidden layer, `[n, 64]` |
//! | d² | [`frechet_distance`] | between two sets of features |

pub mod run;

use crate::checkpoint;
use crate::data::{Digits, Images, PIXELS};
use crate::metrics::{Compared, Floor, frechet_distance};
use crate::nn::{Linear, Module, prefixed};
use crate::random::Rng;
use crate::{Float, Tensor};
use serde_json::json;

// ANCHOR: classifier
/// A multilayer perceptron 784–128–64–10 with ReLU.
#[derive(Clone, Debug)]
pub struct Classifier {
    /// 784 → 128 → 64, each followed by ReLU.
    pub hidden: Vec<Linear>,
    /// 64 → 10.
    pub last: Linear,
}

impl Classifier {
    /// With random weights.
    pub fn new(rng: &mut Rng) -> Classifier {
        let hidden = vec![Linear::new(PIXELS, 128, rng), Linear::new(128, 64, rng)];
        Classifier { hidden, last: Linear::new(64, 10, rng) }
    }

    /// h(x), what the last hidden layer says: x `[n, 784]` → `[n, 64]`.
    ///
    /// # Panics
    /// If the shape does not fit.
    #[track_caller]
    pub fn features(&self, x: &Tensor) -> Tensor {
        self.hidden.iter().fold(x.clone(), |x, layer| layer.forward(&x).relu())
    }

    /// The logarithms of p(c|x) but for a constant: x `[n, 784]` → `[n, 10]`.
    ///
    /// # Panics
    /// If the shape does not fit.
    #[track_caller]
    pub fn logits(&self, x: &Tensor) -> Tensor {
        self.last.forward(&self.features(x))
    }
}
// ANCHOR_END: classifier

impl Module for Classifier {
    fn parameters(&self) -> Vec<(String, &Tensor)> {
        let mut parameters = prefixed("hidden", self.hidden.parameters());
        parameters.extend(prefixed("last", self.last.parameters()));
        parameters
    }

    fn parameters_mut(&mut self) -> Vec<(String, &mut Tensor)> {
        let mut parameters = prefixed("hidden", self.hidden.parameters_mut());
        parameters.extend(prefixed("last", self.last.parameters_mut()));
        parameters
    }
}

/// The mean of −ln p(c|x) over images and their classes: logits `[n, 10]`, classes `[n]` → a scalar.
///
/// # Panics
/// If the shapes do not fit.
// ANCHOR: cross_entropy
#[track_caller]
pub fn cross_entropy(logits: &Tensor, classes: &Tensor) -> Tensor {
    let chosen = logits.log_softmax(1) * classes.one_hot(10);
    -chosen.sum(1).mean(..)
}
// ANCHOR_END: cross_entropy

/// The weights that [`run::CLASSIFIER`] ends with at the settings of the book.
static WEIGHTS: &[u8] = include_bytes!("../../assets/judge.safetensors");

/// Images on each side of the Fréchet distance.
const COMPARED: usize = 1000;
/// Pairs of sets of real images for its floor, and sets to which samples are compared.
const REPEATS: usize = 10;
/// It is sure of an image if one class has at least this probability.
const SURE: Float = 0.95;

/// The classifier, with the real images that samples are compared to.
#[derive(Clone, Debug)]
pub struct Judge {
    classifier: Classifier,
    real: Images,
    test: Images,
}

/// What the judge says of some samples.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// The share of samples of which it is sure (one class has p ≥ 0.95), and of the test images.
    pub sure: [f64; 2],
    /// The share of samples of each class.
    pub classes: [f64; 10],
    /// ½ Σ |share of samples − share of real images| over the classes: 0 if all come as often as
    /// they should, up to 1.
    pub imbalance: f64,
    /// The Fréchet distance of features to real images, and between two sets of real images.
    pub frechet: Compared,
}

impl Judge {
    /// For the embedded digits the trained classifier; for others one that is trained now on them, which
    /// takes about as long as `pushforward run digits-classifier`.
    ///
    /// # Panics
    /// If there are fewer than 2000 training images.
    #[track_caller]
    pub fn of(digits: &Digits) -> Judge {
        let n = digits.train.len();
        assert!(n >= 2 * COMPARED, "Judge::of: {n} training images are too few; it compares 2000");
        let mut classifier = Classifier::new(&mut Rng::new(0));
        if digits.is_embedded() {
            let loaded =
                checkpoint::load_bytes("assets/judge.safetensors", WEIGHTS, &mut classifier);
            loaded.expect("the embedded weights fit the classifier");
        } else {
            classifier = run::train_at_once(&digits.train);
        }
        let classifier = classifier.frozen();
        Judge { classifier, real: digits.train.clone(), test: digits.test.clone() }
    }

    /// The class it puts each image in: `[n, 784]` from 0 to 1.
    ///
    /// # Panics
    /// If the shape is another.
    #[track_caller]
    pub fn classes(&self, samples: &Tensor) -> Vec<usize> {
        self.classifier.logits(samples).argmax(1).data().iter().map(|&c| c as usize).collect()
    }

    /// Looks at `samples`: `[n, 784]` from 0 to 1, at least 1000 for the distance.
    ///
    /// # Panics
    /// If there are fewer than 1000, or the shape is another.
    #[track_caller]
    pub fn judge(&self, samples: &Tensor, rng: &mut Rng) -> Judgement {
        let n = samples.shape()[0];
        assert!(n >= COMPARED, "Judge::judge: {n} samples are too few; draw {COMPARED}");
        let probabilities = self.classifier.logits(samples).softmax(1);
        let classes = shares(probabilities.argmax(1).data().iter().map(|&class| class as usize));
        let real = shares(self.real.labels().iter().map(|&class| class.into()));
        let apart: f64 = classes.iter().zip(&real).map(|(a, b)| (a - b).abs()).sum();
        let sure = |x: &Tensor| {
            let highest = self.classifier.logits(x).softmax(1).max(1);
            f64::from(highest.ge(SURE).mean(..).item())
        };
        Judgement {
            sure: [sure(samples), sure(&self.test.all())],
            classes,
            imbalance: apart / 2.0,
            frechet: self.frechet(&samples.slice(0, 0..COMPARED), rng),
        }
    }

    /// To ten random sets of real images, beside the distance between two such sets, which have no
    /// image in common.
    fn frechet(&self, samples: &Tensor, rng: &mut Rng) -> Compared {
        let samples = self.classifier.features(samples);
        let (mut to_real, mut between) = (vec![], vec![]);
        for _ in 0..REPEATS {
            let rows = rng.choice(self.real.len(), 2 * COMPARED);
            let [a, b] = [0, 1].map(|half| {
                let rows = &rows[half * COMPARED..(half + 1) * COMPARED];
                self.classifier.features(&self.real.batch(rows))
            });
            to_real.push(frechet_distance(&samples, &a));
            between.push(frechet_distance(&a, &b));
        }
        Compared { value: Floor::of(&to_real).mean, floor: Floor::of(&between) }
    }

    /// The share of images that it puts in the class of their label.
    pub fn accuracy(&self, images: &Images) -> f64 {
        accuracy(&self.classifier, images)
    }
}

impl Judgement {
    /// Rows of a table.
    pub fn rows(&self) -> Vec<[String; 3]> {
        let [sure, of_real] = self.sure.map(|share| format!("{:.1} %", 100.0 * share));
        let percent: Vec<String> =
            self.classes.iter().map(|share| format!("{:.0}", 100.0 * share)).collect();
        let percent = format!("half the sum of differences; in %: {}", percent.join(" "));
        let Compared { value, floor } = self.frechet;
        let floor = format!("floor {floor:.2}; n = {COMPARED}, features of the classifier");
        let row = |name: &str, value: String, remark: String| [name.to_string(), value, remark];
        vec![
            row("clear digits", sure, format!("p ≥ 0.95 for a class; of real ones {of_real}")),
            row("class imbalance", format!("{:.3}", self.imbalance), percent),
            row("Fréchet distance", format!("{value:.2}"), floor),
        ]
    }

    /// The same for `metrics.json`.
    pub fn json(&self) -> serde_json::Value {
        let Compared { value, floor } = self.frechet;
        json!({
            "clear": self.sure[0],
            "clear_of_real": self.sure[1],
            "classes": self.classes,
            "class_imbalance": self.imbalance,
            "frechet_distance": value,
            "frechet_floor": { "mean": floor.mean, "std": floor.std },
        })
    }
}

fn accuracy(classifier: &Classifier, images: &Images) -> f64 {
    let found = classifier.logits(&images.all()).argmax(1);
    let right = found.data().iter().zip(images.labels()).filter(|&(&a, &b)| a as u8 == b).count();
    right as f64 / images.len() as f64
}

/// The share of each class.
fn shares(classes: impl ExactSizeIterator<Item = usize>) -> [f64; 10] {
    let n = classes.len() as f64;
    let mut counts = [0.0; 10];
    classes.for_each(|class| counts[class] += 1.0);
    counts.map(|count| count / n)
}
