//! All of the chapter's exercises.

use super::{Dropped, Guided, Mixed, Normal};
use crate::check::{Check, Exercise, Input, Wrong};
use crate::random::Rng;
use crate::{Float, Tensor};

const fn exercise(
    name: &'static str,
    statements: &'static [&'static str],
    place: &'static str,
    outputs: &'static [&'static str],
    learned: &'static str,
    hints: [&'static str; 3],
) -> Exercise {
    Exercise { chapter: "guidance", name, statements, place, outputs, learned, hints }
}

/// Σ_y p(y|x) u(x|y), weights a softmax of ln p(x|y) + ln p(y).
pub const VELOCITY_OF_ALL: Check<Mixed> = Check {
    exercise: exercise(
        "velocity_of_all",
        &["K1"],
        "14_guidance.md#a-field-for-each-wish",
        &["u"],
        "The field without a wish is the mean of the fields with one. So a network that is not told the class \
         learns this mean by itself.",
        [
            "A point that is at x came from some class. How likely is each?",
            "u(x) = Σ_y p(y|x) u(x|y), p(y|x) ∝ p(y) p(x|y): a softmax of ln p(x|y) + ln p(y).",
            "let weights = (log_p + log_prior).softmax(1); then sum over axis 1 of weights (as [n, k, 1]) times u.",
        ],
    ),
    inputs: || {
        let input = |about: &str, u: Tensor, log_p: Tensor, log_prior: Tensor| {
            Input::new(about).with("u", u).with("log_p", log_p).with("log_prior", log_prior)
        };
        let mut rng = Rng::new(431);
        let even = Tensor::from([[0.5, 0.5]]).ln();
        vec![
            input(
                "two classes, equally likely here",
                Tensor::new(&[1, 2, 1], vec![1.0, 4.0]),
                Tensor::from([[-1.0, -1.0]]),
                even.clone(),
            ),
            input(
                "two classes, one of them far",
                Tensor::new(&[1, 2, 1], vec![1.0, 4.0]),
                Tensor::from([[-1.0, -3.0]]),
                even,
            ),
            input(
                "three classes of unequal weight",
                rng.normal(&[2, 3, 2]),
                rng.normal(&[2, 3]),
                Tensor::from([[0.7, 0.2, 0.1]]).ln(),
            ),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("u"), i.tensor("log_p"), i.tensor("log_prior"))],
    right: |u, log_p, log_prior| mean(u, &(log_p + log_prior).softmax(1)),
    wrong: &[
        Wrong {
            answer: |u, log_p, log_prior| mean(u, &(log_p * 0.0 + log_prior).softmax(1)),
            says: "The classes are weighted by p(y), whatever x is. At x the weight is p(y|x).",
        },
        Wrong {
            answer: |u, log_p, _| mean(u, &log_p.softmax(1)),
            says: "p(y) is left out of Bayes' rule: p(y|x) ∝ p(y) p(x|y).",
        },
        Wrong {
            answer: |u, log_p, log_prior| mean(u, &(log_p + log_prior).exp()),
            says: "The weights do not add up to 1: divide by p(x) = Σ p(y) p(x|y).",
        },
        Wrong {
            answer: |u, log_p, log_prior| mean(u, &(log_p - log_prior).softmax(1)),
            says: "ln p(y) is subtracted: frequent classes would count less.",
        },
    ],
};

fn mean(u: &Tensor, weights: &Tensor) -> Tensor {
    let &[n, k] = weights.shape() else { panic!("weights are a matrix") };
    (weights.reshape(&[n, k, 1]) * u).sum(1)
}

/// u + w (u_y − u).
pub const GUIDED_VELOCITY: Check<Guided> = Check {
    exercise: exercise(
        "guided_velocity",
        &["K2"],
        "14_guidance.md#a-step-beyond",
        &["u"],
        "w = 0 forgets the wish, w = 1 fulfils it, beyond it exaggerates it: the difference of the two fields \
         is what is special about the class.",
        [
            "A straight line through the two fields, with w = 0 at one and w = 1 at the other.",
            "u_w = (1 − w) u(x) + w u(x|y).",
            "without + (with - without) * w",
        ],
    ),
    inputs: || {
        let input = |about: &str, with: Tensor, without: Tensor, w: Float| {
            Input::new(about).with("with", with).with("without", without).with("w", w)
        };
        let mut rng = Rng::new(432);
        vec![
            input("one number, w = 2", Tensor::from([[3.0]]), Tensor::from([[1.0]]), 2.0),
            input("no guidance, w = 1", rng.normal(&[2, 2]), rng.normal(&[2, 2]), 1.0),
            input("in the plane, w = 3", rng.normal(&[3, 2]), rng.normal(&[3, 2]), 3.0),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("with"), i.tensor("without"), i.number("w"))],
    right: |with, without, w| without + (with - without) * w,
    wrong: &[
        Wrong {
            answer: |with, without, w| with + (with - without) * w,
            says: "This is the paper's w, which begins at 0 for the law of the class. Here that is w = 1.",
        },
        Wrong {
            answer: |with, without, w| with + (without - with) * w,
            says: "The two fields have changed places: w = 1 must be the field of the class.",
        },
        Wrong {
            answer: |with, without, w| without + with * w,
            says: "The weights are 1 and w; they must add up to 1: (1 − w) and w. Else the velocity is too \
                   large.",
        },
        Wrong {
            answer: |with, _, w| with * w,
            says: "The field of the class is only made longer. What is exaggerated is its difference to the \
                   field of all.",
        },
    ],
};

/// y, or ∅ where u < p.
pub const DROP_LABELS: Check<Dropped> = Check {
    exercise: exercise(
        "drop_labels",
        &["K1"],
        "14_guidance.md#one-network-for-both",
        &["labels"],
        "One network learns both fields: for every tenth image it must do without the wish.",
        [
            "Where u is less than p the label is replaced; an event of probability p.",
            "u.lt(p) is 1 there and 0 elsewhere.",
            "let dropped = u.lt(p); labels * (1.0 - &dropped) + dropped * nothing",
        ],
    ),
    inputs: || {
        let input = |about: &str, labels: Tensor, u: Tensor, p: Float| {
            Input::new(about).with("labels", labels).with("u", u).with("p", p).with("nothing", 10.0)
        };
        let mut rng = Rng::new(433);
        let labels = Tensor::from_fn(&[8], |i| (i + 1) as Float);
        vec![
            input(
                "one kept, one dropped",
                Tensor::from([3.0, 4.0]),
                Tensor::from([0.9, 0.05]),
                0.1,
            ),
            input("eight labels", labels.clone(), rng.uniform(&[8]), 0.4),
            input("none is dropped, p = 0", labels, rng.uniform(&[8]), 0.0),
        ]
    },
    run: |answer, i| {
        vec![answer(i.tensor("labels"), i.tensor("u"), i.number("p"), i.number("nothing"))]
    },
    right: |labels, u, p, nothing| chosen(labels, &u.lt(p), nothing),
    wrong: &[
        Wrong {
            answer: |labels, u, p, nothing| chosen(labels, &u.ge(p), nothing),
            says: "The other way round: labels are kept with the probability p. Nearly all wishes are lost.",
        },
        Wrong {
            answer: |labels, u, p, _| chosen(labels, &u.lt(p), 0.0),
            says: "Dropped labels become 0, and 0 is a class of its own. `nothing` is the label of no wish.",
        },
        Wrong {
            answer: |labels, u, p, nothing| labels + u.lt(p) * nothing,
            says: "`nothing` is added to the label. It takes its place.",
        },
        Wrong {
            answer: |labels, u, p, nothing| chosen(labels, &u.le(1.0 - p), nothing),
            says: "Dropped where u ≤ 1 − p: that has the probability 1 − p.",
        },
    ],
};

fn chosen(labels: &Tensor, dropped: &Tensor, nothing: Float) -> Tensor {
    labels * (1.0 - dropped) + dropped * nothing
}

/// s_y^w s^(1 − w) and 1/√(w/s_y² + (1 − w)/s²).
pub const NORMAL_WIDTHS: Check<Normal> = Check {
    exercise: exercise(
        "normal_widths",
        &["K3"],
        "14_guidance.md#what-guidance-is-not",
        &["guided", "tilted"],
        "They agree at w = 0, at w = 1 and where s_y = s. With w > 1 guidance draws narrower than the tilted \
         law: it is no sampler of it.",
        [
            "Guided: what is ½ v′/v of each field, integrated? Tilted: add the exponents of the two densities.",
            "∫½ v′/v = ln (width at 1), so widths multiply: s_y^w s^(1 − w). Precisions add: w/s_y² + (1 − w)/s².",
            "let guided = ((s_y.ln() * w) + s.ln() * (1.0 - w)).exp(); and (…).sqrt() of one over the precision.",
        ],
    ),
    inputs: || {
        let input = |about: &str, s_y: Tensor, s: Tensor, w: Float| {
            Input::new(about).with("s_y", s_y).with("s", s).with("w", w)
        };
        vec![
            input("w = 2", Tensor::from([0.5]), Tensor::from([1.0]), 2.0),
            input("w = 1", Tensor::from([0.7]), Tensor::from([1.5]), 1.0),
            input(
                "three widths, w = 3",
                Tensor::from([0.3, 0.8, 1.0]),
                Tensor::from([1.5; 3]),
                3.0,
            ),
        ]
    },
    run: |answer, i| {
        let (guided, tilted) = answer(i.tensor("s_y"), i.tensor("s"), i.number("w"));
        vec![guided, tilted]
    },
    right: |s_y, s, w| (geometric(s_y, s, w), tilted(s_y, s, w)),
    wrong: &[
        Wrong {
            answer: |s_y, s, w| (tilted(s_y, s, w), tilted(s_y, s, w)),
            says: "Guidance does not draw from the tilted law. Its flow multiplies widths: s_y^w s^(1 − w).",
        },
        Wrong {
            answer: |s_y, s, w| (s_y * w + s * (1.0 - w), tilted(s_y, s, w)),
            says: "The widths are mixed as the fields are. It is the logarithms that are: ∫½ v′/v dt is the \
                   logarithm of a width.",
        },
        Wrong {
            answer: |s_y, s, w| {
                let precision = s_y.square().recip() * w + s.square().recip() * (1.0 - w);
                (geometric(s_y, s, w), precision.recip())
            },
            says: "This is the variance of the tilted law. Take its root.",
        },
        Wrong {
            answer: |s_y, s, w| {
                let precision = s_y.recip() * w + s.recip() * (1.0 - w);
                (geometric(s_y, s, w), precision.recip())
            },
            says: "In the exponent of a normal density stands 1/s², not 1/s.",
        },
    ],
};

fn geometric(s_y: &Tensor, s: &Tensor, w: Float) -> Tensor {
    (s_y.ln() * w + s.ln() * (1.0 - w)).exp()
}

fn tilted(s_y: &Tensor, s: &Tensor, w: Float) -> Tensor {
    (s_y.square().recip() * w + s.square().recip() * (1.0 - w)).sqrt().recip()
}
