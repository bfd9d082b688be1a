//! Scores of known laws: exercises 1, 6 and 7.

use super::{Denoised, ScoreOfNoised};
use crate::check::{Check, Exercise, Input, Wrong};
use crate::random::Rng;
use crate::{Float, Tensor};

/// −(x − m)/s².
pub const NORMAL_SCORE: Check<fn(&Tensor, &Tensor, Float) -> Tensor> = Check {
    exercise: Exercise {
        chapter: "score_matching",
        name: "normal_score",
        statements: &["S2"],
        place: "09_score_matching.md#why-the-score",
        outputs: &["score"],
        learned: "It points to the mean, the steeper the narrower the law. The normaliser of the density \
                  has gone: it does not depend on x.",
        hints: [
            "Write down ln N(x; m, s² I). Which of its terms depend on x?",
            "ln p = −‖x − m‖² / (2 s²) + const, and ∇ ‖x − m‖² = 2 (x − m).",
            "(mean - x) / (s * s)",
        ],
    },
    inputs: || {
        let input = |about: &str, x: Tensor, mean: Tensor, s: Float| {
            Input::new(about).with("x", x).with("mean", mean).with("s", s)
        };
        let mut rng = Rng::new(311);
        vec![
            input("one number, m = 0, s = 2", Tensor::from([[3.0]]), Tensor::from([[0.0]]), 2.0),
            input("a narrow law", Tensor::from([[1.2, 0.5]]), Tensor::from([[1.0, 1.0]]), 0.5),
            input("in the plane", rng.normal(&[4, 2]), rng.normal(&[1, 2]), 1.5),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("x"), i.tensor("mean"), i.number("s"))],
    right: |x, mean, s| (mean - x) / (s * s),
    wrong: &[
        Wrong {
            answer: |x, mean, s| (x - mean) / (s * s),
            says: "This points away from the mean, downhill: ln p has a minus before the square.",
        },
        Wrong {
            answer: |x, mean, s| (mean - x) / s,
            says: "s must be squared: ln p = −‖x − m‖² / (2 s²) + const.",
        },
        Wrong {
            answer: |x, mean, s| (mean - x) / (2.0 * s * s),
            says: "The 2 below the square has gone with the 2 of its derivative.",
        },
        Wrong {
            answer: |x, mean, s| (x - mean).square() / (-2.0 * s * s),
            says: "This is ln p, number by number. The score is its gradient.",
        },
    ],
};

/// Σᵢ wᵢ (xᵢ − x̃)/σ² with the softmax of −‖x̃ − xᵢ‖²/2σ² for weights.
pub const SCORE_OF_NOISED: Check<ScoreOfNoised> = Check {
    exercise: Exercise {
        chapter: "score_matching",
        name: "score_of_noised",
        statements: &["S2"],
        place: "09_score_matching.md#the-score-is-a-mean",
        outputs: &["score"],
        learned: "This is the score a perfect network has if it learns its data by heart. Nothing new would \
                  ever be drawn with it: networks generalise because they are not perfect.",
        hints: [
            "The score is a mean of the conditional scores (xᵢ − x̃)/σ². How likely is it that x̃ came from xᵢ?",
            "wᵢ ∝ exp(−‖x̃ − xᵢ‖²/2σ²), a softmax over the data for each row of x̃.",
            "let offsets = data.reshape(&[1, m, d]) - x.reshape(&[n, 1, d]); let w = \
             (offsets.square().sum_keep(2) / (-2.0 * sigma * sigma)).softmax(1);",
        ],
    },
    inputs: || {
        let input = |about: &str, x: Tensor, data: Tensor, sigma: Float| {
            Input::new(about).with("x", x).with("data", data).with("sigma", sigma)
        };
        let mut rng = Rng::new(312);
        vec![
            input("one point of data", Tensor::from([[1.0]]), Tensor::from([[3.0]]), 2.0),
            input("two points of data", Tensor::from([[0.5]]), Tensor::from([[-1.0], [1.5]]), 1.0),
            input("in the plane", rng.normal(&[3, 2]) * 2.0, rng.normal(&[5, 2]) * 2.0, 1.4),
            input(
                "40 standard deviations from all data",
                Tensor::from([[2.5]]),
                Tensor::from([[-0.5], [0.5]]),
                0.05,
            ),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("x"), i.tensor("data"), i.number("sigma"))],
    right: |x, data, sigma| (mean_of_data(x, data, 2.0 * sigma * sigma) - x) / (sigma * sigma),
    wrong: &[
        Wrong {
            answer: |x, data, sigma| (data.mean(0) - x) / (sigma * sigma),
            says: "Every point of the data has the same weight here. A near one is a more likely origin of x̃ \
                   than a far one: p(xᵢ|x̃), not p(xᵢ).",
        },
        Wrong {
            answer: |x, data, sigma| (mean_of_data(x, data, sigma * sigma) - x) / (sigma * sigma),
            says: "The exponent of the weights lacks a half: −‖x̃ − xᵢ‖²/(2σ²).",
        },
        Wrong {
            answer: |x, data, sigma| mean_of_data(x, data, 2.0 * sigma * sigma) - x,
            says: "It is not divided by σ²: a conditional score is (xᵢ − x̃)/σ².",
        },
        Wrong {
            answer: |x, data, sigma| mean_of_data(x, data, 2.0 * sigma * sigma) + x * 0.0,
            says: "This is E[x|x̃], the mean of the data. The score is (E[x|x̃] − x̃)/σ².",
        },
        Wrong {
            answer: |x, data, sigma| {
                (x - mean_of_data(x, data, 2.0 * sigma * sigma)) / (sigma * sigma)
            },
            says: "The sign: the score points to the data.",
        },
        Wrong {
            answer: |x, data, sigma| {
                let (&[n, d], &[m, _]) = (x.shape(), data.shape()) else { panic!("matrices") };
                let offsets = data.reshape(&[1, m, d]) - x.reshape(&[n, 1, d]);
                let squares = offsets.square().sum_keep(2);
                let w = (squares / (-2.0 * sigma * sigma)).exp();
                (&w * offsets).sum(1) / w.sum(1) / (sigma * sigma)
            },
            says: "Far from all data every exp is 0, and 0/0 is no number. Take the largest exponent out first; \
                   softmax does.",
        },
    ],
};

/// Σᵢ wᵢ xᵢ, weights ∝ exp(−‖x − xᵢ‖² / `scale`): `[n, d]`.
fn mean_of_data(x: &Tensor, data: &Tensor, scale: Float) -> Tensor {
    let (&[n, d], &[m, _]) = (x.shape(), data.shape()) else { panic!("x and data are matrices") };
    let data = data.reshape(&[1, m, d]);
    let squares = (x.reshape(&[n, 1, d]) - &data).square().sum_keep(2);
    ((squares / -scale).softmax(1) * data).sum(1)
}

/// x̃ + σ² s.
pub const DENOISED: Check<Denoised> = Check {
    exercise: Exercise {
        chapter: "score_matching",
        name: "denoised",
        statements: &["S2", "S4"],
        place: "09_score_matching.md#the-score-is-a-mean",
        outputs: &["x_hat"],
        learned: "Whoever knows the score of noised data can denoise, and the other way round: a denoiser is \
                  a score.",
        hints: [
            "The score is the mean of (x − x̃)/σ² over the data x that x̃ may come from.",
            "∇ ln p_σ(x̃) = (E[x|x̃] − x̃)/σ². Solve for the mean.",
            "noised + score * sigma.square()",
        ],
    },
    inputs: || {
        let input = |about: &str, [noised, score, sigma]: [Tensor; 3]| {
            Input::new(about).with("noised", noised).with("score", score).with("sigma", sigma)
        };
        let mut rng = Rng::new(313);
        let one = |v: Float| Tensor::from([[v]]);
        vec![
            input("one number", [1.0, 2.0, 0.5].map(one)),
            input(
                "two levels of noise",
                [
                    Tensor::from([[1.0, 0.0], [1.0, 0.0]]),
                    Tensor::from([[-1.0, 2.0], [-1.0, 2.0]]),
                    Tensor::from([[0.5], [2.0]]),
                ],
            ),
            input(
                "in the plane",
                [rng.normal(&[4, 2]), rng.normal(&[4, 2]), rng.uniform_in(&[4, 1], 0.5, 3.0)],
            ),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("noised"), i.tensor("score"), i.tensor("sigma"))],
    right: |noised, score, sigma| noised + score * sigma.square(),
    wrong: &[
        Wrong {
            answer: |noised, score, sigma| noised + score * sigma,
            says: "σ must be squared. The noise itself is about −σ s, and x̃ contains σ times that.",
        },
        Wrong {
            answer: |noised, score, sigma| noised - score * sigma.square(),
            says: "This goes away from the data: the score points to where the density grows.",
        },
        Wrong {
            answer: |noised, score, _| noised + score,
            says: "How far the data are depends on the noise: σ² is missing.",
        },
        Wrong {
            answer: |noised, score, sigma| noised + score * sigma.square() * 0.5,
            says: "Half of the way. Langevin's step has a half; the mean of the data has none.",
        },
        Wrong {
            answer: |_, score, sigma| score * sigma.square(),
            says: "This is the way from x̃ to the mean. The mean itself is x̃ and this.",
        },
    ],
};
