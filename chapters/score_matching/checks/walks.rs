//! Drawing with a score: exercises 8 to 11.

use super::{Annealed, Corrector, Levels, Reverse};
use crate::check::{Check, Exercise, Input, Wrong};
use crate::random::Rng;
use crate::{Float, Tensor};

/// σ_max (σ_min/σ_max)^(i/(L − 1)).
pub const NOISE_LEVELS: Check<Levels> = Check {
    exercise: Exercise {
        chapter: "score_matching",
        name: "noise_levels",
        statements: &["S7"],
        place: "09_score_matching.md#many-levels",
        outputs: &["sigma"],
        learned: "Two neighbouring levels have the same ratio everywhere, so that what is typical at one is \
                  not rare at the next.",
        hints: [
            "A geometric sequence: the logarithms of σ are evenly spaced.",
            "σᵢ = σ_max (σ_min/σ_max)^(i/(L − 1)), i = 0 … L − 1.",
            "let i = Tensor::linspace(0.0, 1.0, count); (i * (min / max).ln()).exp() * max",
        ],
    },
    inputs: || {
        let input = |about: &str, max: Float, min: Float, count: usize| {
            Input::new(about).with("max", max).with("min", min).with("count", count)
        };
        vec![
            input("two levels", 4.0, 0.5, 2),
            input("three levels", 16.0, 1.0, 3),
            input("six levels", 10.0, 0.1, 6),
        ]
    },
    run: |answer, i| vec![answer(i.number("max"), i.number("min"), i.count("count"))],
    right: |max, min, count| geometric(max, min, &Tensor::linspace(0.0, 1.0, count)),
    wrong: &[
        Wrong {
            answer: Tensor::linspace,
            says: "The levels are evenly spaced. Then most of them are at wide noise; the ratio of \
                   neighbours, not their difference, is to be constant.",
        },
        Wrong {
            answer: |max, min, count| geometric(min, max, &Tensor::linspace(0.0, 1.0, count)),
            says: "The levels rise. Drawing begins at the widest noise.",
        },
        Wrong {
            answer: |max, min, count| {
                let i = Tensor::linspace(0.0, (count - 1) as Float, count);
                geometric(max, min, &(i / count as Float))
            },
            says: "The last level is not σ_min: there are L levels and L − 1 ratios between them.",
        },
        Wrong {
            answer: |max, min, count| {
                geometric(max, min, &(Tensor::linspace(0.0, 1.0, count) * 2.0))
            },
            says: "The exponent is twice too large, as for σ². These are to be standard deviations.",
        },
    ],
};

fn geometric(from: Float, to: Float, part: &Tensor) -> Tensor {
    let ratio = Tensor::scalar(to / from).ln();
    (part * ratio).exp() * from
}

/// x + ½ α s + √α z, α = ε σ²/σ_min².
pub const ANNEALED_STEP: Check<Annealed> = Check {
    exercise: Exercise {
        chapter: "score_matching",
        name: "annealed_step",
        statements: &["S3"],
        place: "09_score_matching.md#annealed-langevin",
        outputs: &["x_new"],
        learned: "The score grows like 1/σ as σ falls. With α ∝ σ² drift and noise both shrink like σ, and \
                  the walk looks the same at every level.",
        hints: [
            "It is a step of Langevin's dynamics; only its size depends on the level.",
            "α = ε σ²/σ_min², then x + ½ α s + √α z.",
            "let alpha = epsilon * sigma * sigma / (min * min); x + s * (0.5 * alpha) + z * alpha.sqrt()",
        ],
    },
    inputs: || {
        let input = |about: &str, [x, s, z]: [Tensor; 3], sigma: Float, min: Float| {
            Input::new(about)
                .with("x", x)
                .with("s", s)
                .with("sigma", sigma)
                .with("min", min)
                .with("epsilon", 0.02)
                .with("z", z)
        };
        let mut rng = Rng::new(331);
        let one = |v: Float| Tensor::from([[v]]);
        vec![
            input("one number at the last level", [1.0, -2.0, 0.5].map(one), 0.5, 0.5),
            input("one number at a wider level", [1.0, -0.1, 0.5].map(one), 4.0, 0.5),
            input("in the plane", [(); 3].map(|()| rng.normal(&[4, 2])), 1.5, 0.2),
        ]
    },
    run: |answer, i| {
        let [x, s, z] = ["x", "s", "z"].map(|name| i.tensor(name));
        vec![answer(x, s, i.number("sigma"), i.number("min"), i.number("epsilon"), z)]
    },
    right: |x, s, sigma, min, epsilon, z| {
        let alpha = epsilon * (sigma / min) * (sigma / min);
        walked(x, s, [0.5 * alpha, alpha.sqrt()], z)
    },
    wrong: &[
        Wrong {
            answer: |x, s, _, _, epsilon, z| walked(x, s, [0.5 * epsilon, epsilon.sqrt()], z),
            says: "Every level has the same step, ε. At wide noise that is very short: α = ε σ²/σ_min².",
        },
        Wrong {
            answer: |x, s, sigma, min, epsilon, z| {
                let alpha = epsilon * sigma / min;
                walked(x, s, [0.5 * alpha, alpha.sqrt()], z)
            },
            says: "α grows with the square of σ/σ_min: the score shrinks like 1/σ, and only with α ∝ σ² do drift and \
                   noise both grow like σ.",
        },
        Wrong {
            answer: |x, s, sigma, min, epsilon, z| {
                let alpha = epsilon * (sigma / min) * (sigma / min);
                walked(x, s, [alpha, alpha.sqrt()], z)
            },
            says: "The drift is ½ α s. Without the half the walk settles at a law that is too narrow: p².",
        },
        Wrong {
            answer: |x, s, sigma, min, epsilon, z| {
                let alpha = epsilon * (sigma / min) * (sigma / min);
                walked(x, s, [0.5 * alpha, alpha], z)
            },
            says: "The noise is √α z: α is its variance.",
        },
        Wrong {
            answer: |x, s, sigma, min, epsilon, z| {
                let alpha = epsilon * (min / sigma) * (min / sigma);
                walked(x, s, [0.5 * alpha, alpha.sqrt()], z)
            },
            says: "The ratio is upside down: the wider the noise, the longer the step.",
        },
    ],
};

fn walked(x: &Tensor, s: &Tensor, [of_s, of_z]: [Float; 2], z: &Tensor) -> Tensor {
    x + s * of_s + z * of_z
}

/// x + (σ² − σ₊²) s + √(σ² − σ₊²) z.
pub const REVERSE_STEP: Check<Reverse> = Check {
    exercise: Exercise {
        chapter: "score_matching",
        name: "reverse_step",
        statements: &["S7"],
        place: "09_score_matching.md#predictor-and-corrector",
        outputs: &["x_new"],
        learned: "The whole variance that is lost goes to the score, half of it to turn the flow round and \
                  half to pay for the fresh noise.",
        hints: [
            "Between two levels the reverse equation dX = g² s dt + g dW has used up ∫ g² dt.",
            "∫ g² dt = σ² − σ₊². Drift (σ² − σ₊²) s, noise of that variance.",
            "let lost = sigma * sigma - next * next; x + s * lost + z * lost.sqrt()",
        ],
    },
    inputs: || {
        let input = |about: &str, [x, s, z]: [Tensor; 3], sigma: Float, next: Float| {
            Input::new(about)
                .with("x", x)
                .with("s", s)
                .with("sigma", sigma)
                .with("next", next)
                .with("z", z)
        };
        let mut rng = Rng::new(332);
        let one = |v: Float| Tensor::from([[v]]);
        vec![
            input("one number", [1.0, -2.0, 0.5].map(one), 1.0, 0.8),
            input("no noise drawn: z = 0", [1.0, -0.5, 0.0].map(one), 3.0, 2.0),
            input("in the plane", [(); 3].map(|()| rng.normal(&[4, 2])), 2.5, 1.2),
        ]
    },
    run: |answer, i| {
        let [x, s, z] = ["x", "s", "z"].map(|name| i.tensor(name));
        vec![answer(x, s, i.number("sigma"), i.number("next"), z)]
    },
    right: |x, s, sigma, next, z| {
        let lost = sigma * sigma - next * next;
        walked(x, s, [lost, lost.sqrt()], z)
    },
    wrong: &[
        Wrong {
            answer: |x, s, sigma, next, z| {
                let lost = sigma * sigma - next * next;
                walked(x, s, [0.5 * lost, lost.sqrt()], z)
            },
            says: "Half of the drift is missing. ½ g² s alone is the probability flow; fresh noise needs as \
                   much again.",
        },
        Wrong {
            answer: |x, s, sigma, next, z| {
                let lost = (sigma - next) * (sigma - next);
                walked(x, s, [lost, lost.sqrt()], z)
            },
            says: "This is (σ − σ₊)². Variances are subtracted: σ² − σ₊².",
        },
        Wrong {
            answer: |x, s, sigma, next, z| {
                let lost = sigma * sigma - next * next;
                walked(x, s, [lost, lost], z)
            },
            says: "The noise has the variance σ² − σ₊²; z is multiplied by its root.",
        },
        Wrong {
            answer: |x, s, sigma, next, z| {
                let lost = sigma * sigma - next * next;
                walked(x, s, [-lost, lost.sqrt()], z)
            },
            says: "The drift has the wrong sign: on the way back points climb by the score.",
        },
        Wrong {
            answer: |x, s, sigma, next, z| {
                let lost = sigma * sigma - next * next;
                walked(x, s, [lost, next], z)
            },
            says: "The fresh noise is σ₊ z here. x is noised already; only as much is added as the step \
                   calls for.",
        },
        Wrong {
            answer: |x, s, sigma, next, z| {
                walked(x, s, [sigma * sigma - next * next, sigma - next], z)
            },
            says: "Standard deviations are subtracted at the noise. Variances are: √(σ² − σ₊²).",
        },
    ],
};

/// 4 (r ‖z‖/‖s‖)².
pub const CORRECTOR_STEP_SIZE: Check<Corrector> = Check {
    exercise: Exercise {
        chapter: "score_matching",
        name: "corrector_step_size",
        statements: &["S7"],
        place: "09_score_matching.md#predictor-and-corrector",
        outputs: &["alpha"],
        learned: "A ratio has no units: the same r does for every level and every data set of a kind.",
        hints: [
            "Set ‖½ α s‖ = r ‖√α z‖ and solve for α. The norms are means over the rows.",
            "√α = 2 r ‖z‖/‖s‖, so α = 4 (r ‖z‖/‖s‖)².",
            "let norm = |x: &Tensor| x.square().sum(1).sqrt().mean(..); (norm(z) / norm(s) * r).square() * 4.0",
        ],
    },
    inputs: || {
        let input = |about: &str, s: Tensor, z: Tensor, r: Float| {
            Input::new(about).with("s", s).with("z", z).with("r", r)
        };
        let mut rng = Rng::new(333);
        vec![
            input("one row", Tensor::from([[3.0, 4.0]]), Tensor::from([[0.0, 2.0]]), 0.5),
            input("one number a row", rng.normal(&[4, 1]), rng.normal(&[4, 1]), 0.3),
            input("in the plane", rng.normal(&[5, 2]) * 2.0, rng.normal(&[5, 2]), 0.2),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("s"), i.tensor("z"), i.number("r"))],
    right: |s, z, r| (norm(z) / norm(s) * r).square() * 4.0,
    wrong: &[
        Wrong {
            answer: |s, z, r| (norm(z) / norm(s) * r).square() * 2.0,
            says: "This is the ε of the paper, whose step is ε s + √(2ε) z. Here it is ½ α s + √α z: α = 2 ε.",
        },
        Wrong {
            answer: |s, z, r| (norm(s) / norm(z) * r).square() * 4.0,
            says: "The norms are exchanged: the longer the score, the shorter the step.",
        },
        Wrong {
            answer: |s, z, r| norm(z) / norm(s) * (2.0 * r), says: "This is √α. Square it."
        },
        Wrong {
            answer: |s, z, r| norm(z) / norm(s) * (4.0 * r * r),
            says: "The ratio of the norms is squared as well: ½ √α = r ‖z‖/‖s‖.",
        },
        Wrong {
            answer: |s, z, r| {
                let whole = |x: &Tensor| x.square().sum(1).mean(..).sqrt();
                (whole(z) / whole(s) * r).square() * 4.0
            },
            says: "This is the root of the mean square. The paper takes the length of each row first, then \
                   the mean.",
        },
        Wrong {
            answer: |s, z, r| {
                let length = |x: &Tensor| x.square().sum(1).sqrt();
                ((length(z) / length(s)).mean(..) * r).square() * 4.0
            },
            says: "This is the mean of the rows' ratios. The ratio of the means is asked for: a row whose score is \
                   nearly 0 must not decide.",
        },
    ],
};

/// The mean length of the rows.
fn norm(x: &Tensor) -> Tensor {
    x.square().sum(1).sqrt().mean(..)
}
