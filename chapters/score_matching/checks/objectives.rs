//! The four losses: exercises 2 to 5.

use super::{Denoising, Sliced};
use crate::check::{Check, Exercise, Function, Input, Wrong};
use crate::derivatives::vjp;
use crate::random::Rng;
use crate::{Float, Tensor};

/// ½ mean ‖s − score‖².
pub const EXPLICIT_LOSS: Check<fn(&Tensor, &Tensor) -> Tensor> = Check {
    exercise: Exercise {
        chapter: "score_matching",
        name: "explicit_loss",
        statements: &["S4"],
        place: "09_score_matching.md#fishers-divergence",
        outputs: &["loss"],
        learned: "The square of the length of a row is a sum over its numbers; the expectation is a mean over \
                  the rows.",
        hints: [
            "Each row has a squared distance; the loss is half of their mean.",
            "½ E‖s − ∇ ln p‖²: square, sum over axis 1, mean over the rows, half.",
            "((s - score).square().sum(1) * 0.5).mean(..)",
        ],
    },
    inputs: || {
        let input = |about: &str, s: Tensor, score: Tensor| {
            Input::new(about).with("s", s).with("score", score)
        };
        let mut rng = Rng::new(321);
        vec![
            input("one number", Tensor::from([[3.0]]), Tensor::from([[1.0]])),
            input("in the plane", rng.normal(&[5, 2]), rng.normal(&[5, 2])),
            input("three numbers a row", rng.normal(&[4, 3]), rng.normal(&[4, 3])),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("s"), i.tensor("score"))],
    right: |s, score| (s - score).square().sum(1).mean(..) * 0.5,
    wrong: &[
        Wrong {
            answer: |s, score| (s - score).square().mean(..) * 0.5,
            says: "This is the mean over all numbers. ‖·‖² sums over the numbers of a row; only the rows are \
                   averaged.",
        },
        Wrong {
            answer: |s, score| (s - score).square().sum(1).mean(..),
            says: "The half is missing.",
        },
        Wrong {
            answer: |s, score| (s - score).square().sum(..) * 0.5,
            says: "The rows are summed. An expectation is a mean, or the loss would grow with the batch.",
        },
        Wrong {
            answer: |s, score| (s - score).square().sum(1).sqrt().mean(..) * 0.5,
            says: "The distance is not squared: ‖·‖² has no root.",
        },
    ],
};

/// mean(½‖s‖² + div s).
pub const IMPLICIT_LOSS: Check<fn(&Tensor, &Tensor) -> Tensor> = Check {
    exercise: Exercise {
        chapter: "score_matching",
        name: "implicit_loss",
        statements: &["S5"],
        place: "09_score_matching.md#the-loss-without-the-score",
        outputs: &["loss"],
        learned: "The divergence at the data is to be very negative: there s points inwards from all sides, \
                  which is what a score does at a mode. ½‖s‖² keeps it from going too far.",
        hints: [
            "Integrate −E[s·∇ ln p] by parts: it becomes + E[div s].",
            "E[½ ‖s‖² + div s]",
            "(s.square().sum(1) * 0.5 + div).mean(..)",
        ],
    },
    inputs: || {
        let input =
            |about: &str, s: Tensor, div: Tensor| Input::new(about).with("s", s).with("div", div);
        let mut rng = Rng::new(322);
        vec![
            input("one number", Tensor::from([[3.0]]), Tensor::from([1.0])),
            input("in the plane", rng.normal(&[5, 2]), rng.normal(&[5]) + 0.7),
            input("three numbers a row", rng.normal(&[4, 3]), rng.normal(&[4]) - 1.1),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("s"), i.tensor("div"))],
    right: |s, div| (s.square().sum(1) * 0.5 + div).mean(..),
    wrong: &[
        Wrong {
            answer: |s, div| (s.square().sum(1) * 0.5 - div).mean(..),
            says: "The sign of the divergence: the cross term has a minus, and integration by parts another.",
        },
        Wrong {
            answer: |s, div| (s.square().sum(1) + div).mean(..),
            says: "½ is missing before ‖s‖². Without it the minimum is at half of the score.",
        },
        Wrong {
            answer: |s, div| (s.square().sum(1) + div).mean(..) * 0.5,
            says: "The half belongs to ‖s‖² alone, not to the divergence.",
        },
        Wrong {
            answer: |s, div| s.square().mean(..) * 0.5 + div.mean(..),
            says: "‖s‖² sums over the numbers of a row. A mean over all numbers makes it d times too small \
                   beside the divergence.",
        },
    ],
};

/// mean(½‖s‖² + vᵀJv).
pub const SLICED_LOSS: Check<Sliced> = Check {
    exercise: Exercise {
        chapter: "score_matching",
        name: "sliced_loss",
        statements: &["S5"],
        place: "09_score_matching.md#one-direction-at-a-time",
        outputs: &["loss"],
        learned: "One backward walk gives vᵀJ, whatever the dimension is; its product with v has the \
                  divergence for its mean.",
        hints: [
            "vjp gives s(x) and vᵀJ at once. What turns vᵀJ into a number for each row?",
            "E[½ ‖s‖² + vᵀJ v], with vᵀJ v = Σⱼ (vᵀJ)ⱼ vⱼ.",
            "let (s, product) = vjp(s, x, v); then (s.square().sum(1) * 0.5 + (product * v).sum(1)).mean(..)",
        ],
    },
    inputs: || {
        let input = |about: &str, x: Tensor, v: Tensor| {
            Input::new(about).with("s", field()).with("x", x).with("v", v)
        };
        let mut rng = Rng::new(323);
        vec![
            input("one point", Tensor::from([[1.0, 0.5]]), Tensor::from([[1.0, -1.0]])),
            input("v along the first axis", rng.normal(&[3, 2]), Tensor::from([[1.0, 0.0]; 3])),
            input("in the plane", rng.normal(&[5, 2]), rng.normal(&[5, 2])),
        ]
    },
    run: |answer, i| {
        let s = i.function("s").clone();
        vec![answer(&move |x: &Tensor| s.call(&[x]), i.tensor("x"), i.tensor("v"))]
    },
    right: |s, x, v| {
        let (said, product) = vjp(s, x, v);
        (half_square(&said) + (product * v).sum(1)).mean(..)
    },
    wrong: &[
        Wrong {
            answer: |s, x, v| {
                let (said, product) = vjp(s, x, v);
                (half_square(&said) + product.sum(1)).mean(..)
            },
            says: "vᵀJ is not yet multiplied by v: what has the divergence for its mean is vᵀJ v.",
        },
        Wrong {
            answer: |s, x, v| {
                let (said, product) = vjp(s, x, v);
                (half_square(&said) - (product * v).sum(1)).mean(..)
            },
            says: "The sign of vᵀJ v: it stands for + div s.",
        },
        Wrong {
            answer: |s, x, v| {
                let (said, product) = vjp(s, x, v);
                (said.square().sum(1) + (product * v).sum(1)).mean(..)
            },
            says: "½ is missing before ‖s‖². Without it the minimum is at half of the score.",
        },
        Wrong {
            answer: |s, x, v| {
                let (said, product) = vjp(s, x, v);
                ((said * v).sum(1) * 0.5 + (product * v).sum(1)).mean(..)
            },
            says: "½ vᵀs is not squared, and the square that is asked for is that of all of s: ½ ‖s‖².",
        },
        Wrong {
            answer: |s, x, v| {
                let ones = Tensor::ones(v.shape());
                let (said, product) = vjp(s, x, &ones);
                (half_square(&said) + product.sum(1)).mean(..)
            },
            says: "This adds all entries of J, v is not used. For a random v the entries beside the diagonal \
                   vanish on average; for a fixed one they stay.",
        },
        Wrong {
            answer: |s, x, v| {
                let (said, product) = vjp(s, x, v);
                ((said * v).sum(1).square() * 0.5 + (product * v).sum(1)).mean(..)
            },
            says: "½ (vᵀs)² is the paper's first form. Its mean over v is the same; asked for is ½ ‖s‖², which \
                   needs no mean.",
        },
    ],
};

/// ½ mean ‖s(x + σz) + z/σ‖².
pub const DENOISING_LOSS: Check<Denoising> = Check {
    exercise: Exercise {
        chapter: "score_matching",
        name: "denoising_loss",
        statements: &["S4"],
        place: "09_score_matching.md#a-noised-point-knows",
        outputs: &["loss"],
        learned: "No derivative of s and no score of p: the noise that was added says where the point came \
                  from. This is DDPM's loss but for a weight, with s = −ε̂/σ.",
        hints: [
            "Noise the data first. What is the score of N(x, σ² I) at x̃ = x + σ z?",
            "½ E‖s(x̃) − ∇ ln p(x̃|x)‖² with ∇ ln p(x̃|x) = −(x̃ − x)/σ² = −z/σ.",
            "let noised = x + z * sigma; ((s(&noised) + z / sigma).square().sum(1) * 0.5).mean(..)",
        ],
    },
    inputs: || {
        let input = |about: &str, x: Tensor, sigma: Float, z: Tensor| {
            Input::new(about).with("s", field()).with("x", x).with("sigma", sigma).with("z", z)
        };
        let mut rng = Rng::new(324);
        vec![
            input("one point", Tensor::from([[1.0, 0.5]]), 0.5, Tensor::from([[1.0, -1.0]])),
            input("little noise", rng.normal(&[4, 2]), 0.2, rng.normal(&[4, 2])),
            input("much noise", rng.normal(&[5, 2]), 3.0, rng.normal(&[5, 2])),
        ]
    },
    run: |answer, i| {
        let s = i.function("s").clone();
        let s = move |x: &Tensor| s.call(&[x]);
        vec![answer(&s, i.tensor("x"), i.number("sigma"), i.tensor("z"))]
    },
    right: |s, x, sigma, z| half_square(&(s(&(x + z * sigma)) + z / sigma)).mean(..),
    wrong: &[
        Wrong {
            answer: |s, x, sigma, z| half_square(&(s(&(x + z * sigma)) - z / sigma)).mean(..),
            says: "The sign of the target: the score leads back to x, against the noise: −z/σ.",
        },
        Wrong {
            answer: |s, x, sigma, z| half_square(&(s(x) + z / sigma)).mean(..),
            says: "s is asked at the clean data. It must see x̃ = x + σ z: at x the noise is unknown and the \
                   answer would be 0.",
        },
        Wrong {
            answer: |s, x, sigma, z| {
                half_square(&(s(&(x + z * sigma)) + z / (sigma * sigma))).mean(..)
            },
            says: "z is divided by σ²: −(x̃ − x)/σ² = −σ z/σ² = −z/σ.",
        },
        Wrong {
            answer: |s, x, sigma, z| half_square(&(s(&(x + z * sigma)) + z)).mean(..),
            says: "The target is −z/σ, not −z. What is asked for −z is ε-prediction without its sign.",
        },
        Wrong {
            answer: |s, x, sigma, z| half_square(&(s(&(x + z)) + z / sigma)).mean(..),
            says: "The noise is not scaled: x̃ = x + σ z.",
        },
        Wrong {
            answer: |s, x, sigma, z| half_square(&(s(&(x + z * sigma)) * sigma + z)).mean(..),
            says: "This is the loss times σ², the weight that makes many levels alike. Here there is one level and \
                   no weight.",
        },
    ],
};

/// ½ ‖row‖².
fn half_square(x: &Tensor) -> Tensor {
    x.square().sum(1) * 0.5
}

/// A field in the plane whose Jacobian is not symmetric.
fn field() -> Function {
    Function::new("s(x) = [x₁ x₂ − x₁, sin x₁ − 2 x₂]", |arguments| {
        let [x] = arguments else { panic!("s takes one tensor") };
        let (first, second) = (x.slice(1, 0..1), x.slice(1, 1..2));
        let top = &first * &second - &first;
        Tensor::concat(&[&top, &(first.sin() - second * 2.0)], 1)
    })
}
