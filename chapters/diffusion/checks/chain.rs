//! The chain of noise and its schedules, and the way back by one step: exercises 1 to 4.

use crate::check::{Check, Exercise, Input, Wrong};
use crate::random::Rng;
use crate::{Float, Tensor};
use std::f64::consts::FRAC_PI_2;

type OfBeta = fn(&Tensor) -> Tensor;
type OfThree = fn(&Tensor, &Tensor, &Tensor) -> Tensor;
type Schedule = fn(usize, Float, Float) -> Tensor;
type Posterior = fn(&Tensor, &Tensor, &Tensor, &Tensor) -> (Tensor, Tensor);

/// ᾱ_t = ∏_{s ≤ t} (1 − β_s).
pub const ALPHA_BAR: Check<OfBeta> = Check {
    exercise: Exercise {
        chapter: "diffusion",
        name: "alpha_bar",
        statements: &["D1"],
        place: "04_diffusion.md#many-small-steps",
        outputs: &["alpha_bar"],
        learned: "However many steps the chain has, what is left of the data's variance is one \
                  number, ᾱ_t. The noise has the rest, 1 − ᾱ_t.",
        hints: [
            "What does one step do to the variance of what was there before? And two steps?",
            "ᾱ_t = (1 − β_1)(1 − β_2) … (1 − β_t).",
            "A loop over beta.data() with a running product, or (1.0 - beta).ln().cumsum(0).exp().",
        ],
    },
    inputs: || {
        let some = |about: &str, beta: Tensor| Input::new(about).with("beta", beta);
        vec![
            some("three steps", Tensor::from([0.5, 0.2, 0.1])),
            some("one step", Tensor::from([0.3])),
            some("the last step leaves nothing", Tensor::from([0.1, 0.4, 1.0])),
            some("DDPM's thousand steps", Tensor::linspace(1e-4, 0.02, 1000)),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("beta"))],
    right: |beta| running(beta, |beta| 1.0 - beta),
    wrong: &[
        Wrong {
            answer: |beta| 1.0 - beta,
            says: "This is α_t = 1 − β_t, of a single step. The bar says: the product of all up to \
                   t.",
        },
        Wrong {
            answer: |beta| running(beta, |beta| beta),
            says: "You multiply the β. What a step leaves of the variance is 1 − β_t; multiply \
                   these.",
        },
        Wrong {
            answer: |beta| 1.0 - beta.cumsum(0),
            says: "You take the sum of the β away from 1. A step takes away its share of what is \
                   left, not of the whole: multiply. Your number falls below 0.",
        },
        Wrong {
            answer: |beta| (-beta.cumsum(0)).exp(),
            says: "exp(−Σβ) is the limit of infinitely many small steps. A step of finite size \
                   leaves 1 − β, which is less than exp(−β).",
        },
        Wrong {
            answer: |beta| {
                let all = running(beta, |beta| 1.0 - beta);
                Tensor::from_fn(beta.shape(), |t| if t == 0 { 1.0 } else { all.data()[t - 1] })
            },
            says: "The index is one off: your first number is ᾱ_0 = 1, before any noise. beta \
                   begins with β_1, so the answer begins with ᾱ_1 = 1 − β_1.",
        },
        Wrong {
            answer: |beta| running(beta, |beta| 1.0 - beta).sqrt(),
            says: "This is √ᾱ_t, the factor of the data. ᾱ_t is a factor of variances, without the \
                   root.",
        },
    ],
};

/// The running products of f(β_t).
pub(super) fn running(beta: &Tensor, f: fn(Float) -> Float) -> Tensor {
    let mut product = 1.0;
    Tensor::from_fn(beta.shape(), |t| {
        product *= f(beta.data()[t]);
        product
    })
}

/// x_t = √ᾱ_t x₀ + √(1 − ᾱ_t) ε.
pub const NOISE_TO: Check<OfThree> = Check {
    exercise: Exercise {
        chapter: "diffusion",
        name: "noise_to",
        statements: &["D1"],
        place: "04_diffusion.md#many-small-steps",
        outputs: &["x_t"],
        learned: "Any x_t is one line away from the data. A training asks for random steps, gets \
                  them at once, and never walks the chain.",
        hints: [
            "ᾱ and 1 − ᾱ are variances. What are the factors?",
            "x_t = √ᾱ_t x_0 + √(1 − ᾱ_t) ε.",
            "alpha_bar.sqrt() * … + (1.0 - …).sqrt() * …",
        ],
    },
    inputs: || {
        let line = |about: &str, alpha_bar: Float| point(about, ["x_0", "eps"], alpha_bar);
        vec![
            line("one point of the line, ᾱ = 0.36", 0.36),
            line("one point of the line, ᾱ = 1: no noise yet", 1.0),
            line("one point of the line, ᾱ = 0: nothing but noise", 0.0),
            batch("five points in the plane, an ᾱ for each", ["x_0", "eps"], 5, 2, 41),
            batch("two points in three dimensions", ["x_0", "eps"], 2, 3, 42),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("x_0"), i.tensor("eps"), i.tensor("alpha_bar"))],
    right: noised,
    wrong: &[
        Wrong {
            answer: |x_0, e, a| a.sqrt() * x_0 + (1.0 - a) * e,
            says: "The noise is multiplied by 1 − ᾱ, its variance. The factor is the standard \
                   deviation, √(1 − ᾱ): only so do the two variances add up to 1.",
        },
        Wrong {
            answer: |x_0, e, a| a * x_0 + (1.0 - a) * e,
            says: "Both roots are missing: ᾱ and 1 − ᾱ are factors of variances. With them as \
                   factors of the points, half of the variance is lost in the middle of the chain.",
        },
        Wrong {
            answer: |x_0, e, a| noised(e, x_0, a),
            says: "The weights are exchanged: √ᾱ belongs to the data. ᾱ is near 1 at the first \
                   step, where there is hardly any noise.",
        },
        Wrong {
            answer: |x_0, e, a| a.sqrt() * x_0 + e,
            says: "The noise has its full weight at every step. What was there shrinks, and the \
                   noise fills up to variance 1: its factor is √(1 − ᾱ).",
        },
        Wrong {
            answer: |x_0, e, a| a.sqrt() * x_0 + ((1.0 - a) * e).sqrt(),
            says: "The root reaches over the noise, as in a misprint that goes about. Half of all \
                   noise is negative: it gives NaN there. The root is of 1 − ᾱ alone.",
        },
        Wrong {
            answer: |x_0, e, a| noised(x_0, e, &a.slice(0, 0..1)),
            says: "The ᾱ of row 0 is used for all rows. Each row is at its own step: alpha_bar is \
                   [n, 1].",
        },
    ],
};

/// √ᾱ x₀ + √(1 − ᾱ) ε.
pub(super) fn noised(x_0: &Tensor, eps: &Tensor, alpha_bar: &Tensor) -> Tensor {
    alpha_bar.sqrt() * x_0 + (1.0 - alpha_bar).sqrt() * eps
}

/// One point of one coordinate: two tensors of these names, and ᾱ.
pub(super) fn point(about: &str, names: [&'static str; 2], alpha_bar: Float) -> Input {
    let [a, b] = [2.0, -1.5].map(|v: Float| Tensor::from([[v]]));
    let input = Input::new(about).with(names[0], a).with(names[1], b);
    input.with("alpha_bar", Tensor::from([[alpha_bar]]))
}

/// Two tensors of normal numbers, and an ᾱ inside (0, 1) for each row.
pub(super) fn batch(about: &str, names: [&'static str; 2], n: usize, d: usize, seed: u64) -> Input {
    let mut rng = Rng::new(seed);
    let [a, b] = [(); 2].map(|()| rng.normal(&[n, d]));
    let alpha_bar = rng.uniform_in(&[n, 1], 0.1, 0.7);
    Input::new(about).with(names[0], a).with(names[1], b).with("alpha_bar", alpha_bar)
}

/// β_t = min(1 − f(t)/f(t − 1), most), f(t) = cos²(π/2 · (t/T + s)/(1 + s)).
pub const COSINE_SCHEDULE: Check<Schedule> = Check {
    exercise: Exercise {
        chapter: "diffusion",
        name: "cosine_schedule",
        statements: &["D1"],
        place: "04_diffusion.md#schedules",
        outputs: &["beta"],
        learned: "A schedule is best thought of as ᾱ, which says how much is left; the β of the \
                  single steps follow by division. f(0) cancels.",
        hints: [
            "Write down ᾱ first, for t = 0 … T. What is β_t in terms of ᾱ_t and ᾱ_{t−1}?",
            "f(t) = cos²(π/2 · (t/T + s)/(1 + s)); β_t = 1 − f(t)/f(t − 1), at most `most`, for t \
             = 1 … T.",
            "let t = Tensor::arange(0..steps + 1) / steps as Float; let f = (…).cos().square(); \
             then slice f twice, divide, and minimum(most).",
        ],
    },
    inputs: || {
        let at = |about: &str, steps: usize, s: Float, most: Float| {
            Input::new(about).with("steps", steps).with("s", s).with("most", most)
        };
        vec![
            at("three steps", 3, 0.2, 0.9),
            at("one step", 1, 0.1, 0.8),
            at("ten steps", 10, 0.1, 0.75),
            at("a hundred steps with the usual s and bound", 100, 0.008, 0.999),
        ]
    },
    run: |answer, i| vec![answer(i.count("steps"), i.number("s"), i.number("most"))],
    right: |steps, s, most| ratios(&falling(steps, s, 1.0).square()).minimum(most),
    wrong: &[
        Wrong {
            answer: |steps, s, most| ratios(&falling(steps, s, 1.0)).minimum(most),
            says: "The square is missing: f is cos², since ᾱ is a factor of variances. With cos \
                   you have √ᾱ.",
        },
        Wrong {
            answer: |steps, s, _| ratios(&falling(steps, s, 1.0).square()),
            says: "Nothing bounds the last steps: ᾱ_T = 0 makes β_T = 1, and the way back divides \
                   by 1 − β_T. Take the minimum with `most`.",
        },
        Wrong {
            answer: |steps, s, most| {
                let f = falling(steps, s, 1.0).square();
                (1.0 - f.slice(0, 1..steps + 1) / f.slice(0, 0..1)).minimum(most)
            },
            says: "This is 1 − ᾱ_t, the noise of all steps up to t. β_t is that of the single \
                   step: divide f(t) by f(t − 1), not by f(0).",
        },
        Wrong {
            answer: |steps, s, _| {
                let f = falling(steps, s, 1.0).square();
                f.slice(0, 1..steps + 1) / f.slice(0, 0..1)
            },
            says: "This is ᾱ_t. The task wants the β of the steps: 1 − ᾱ_t/ᾱ_{t−1}.",
        },
        Wrong {
            answer: |steps, s, most| ratios(&falling(steps, s, 2.0).square()).minimum(most),
            says: "π stands where π/2 belongs: your cos² is 0 in the middle of the chain and rises \
                   again, so noise would have to be taken away.",
        },
    ],
};

/// cos(turns · π/2 · (t/T + s)/(1 + s)) at t = 0 … T.
fn falling(steps: usize, s: Float, turns: Float) -> Tensor {
    let t = Tensor::arange(0..steps + 1) / steps as Float;
    ((t + s) * (turns * FRAC_PI_2 as Float / (1.0 + s))).cos()
}

/// 1 − f(t)/f(t − 1).
fn ratios(f: &Tensor) -> Tensor {
    let steps = f.len() - 1;
    1.0 - f.slice(0, 1..steps + 1) / f.slice(0, 0..steps)
}

/// Mean and variance of q(x_{t−1}|x_t, x₀).
pub const POSTERIOR: Check<Posterior> = Check {
    exercise: Exercise {
        chapter: "diffusion",
        name: "posterior",
        statements: &["D2"],
        place: "04_diffusion.md#back-by-one-step",
        outputs: &["mean", "variance"],
        learned: "Given the data, one step back is a normal law whose mean is a weighted sum of \
                  x_0 and x_t. At t = 1 it is x_0 itself, with variance 0: nothing is left to guess.",
        hints: [
            "Multiply the two densities in x_{t−1}: the exponent is a quadratic. Collect its \
             squares.",
            "mean = √ᾱ_{t−1} β_t/(1 − ᾱ_t) x_0 + √α_t (1 − ᾱ_{t−1})/(1 − ᾱ_t) x_t, variance = (1 − \
             ᾱ_{t−1})/(1 − ᾱ_t) β_t, with α_t = ᾱ_t/ᾱ_{t−1} and β_t = 1 − α_t.",
            "let alpha = alpha_bar / alpha_bar_before; let beta = 1.0 - &alpha; let rest = 1.0 - \
             alpha_bar; then (alpha_bar_before.sqrt() * &beta / &rest * x_0 + …, …)",
        ],
    },
    inputs: || {
        let with = |input: Input, before: Tensor| {
            let alpha_bar = input.tensor("alpha_bar").clone();
            let mut input = input;
            input.arguments.pop();
            input.with("alpha_bar", alpha_bar).with("alpha_bar_before", before)
        };
        let one = |about: &str, after: Float, before: Float| {
            with(point(about, ["x_t", "x_0"], after), Tensor::from([[before]]))
        };
        let many = |about: &str, n: usize, d: usize, seed: u64| {
            let input = batch(about, ["x_t", "x_0"], n, d, seed);
            let share = Rng::new(seed + 100).uniform_in(&[n, 1], 0.2, 0.8);
            let after = input.tensor("alpha_bar").clone();
            let before = &after + share * (1.0 - &after);
            with(input, before)
        };
        vec![
            one("one point, ᾱ falls from 0.64 to 0.36", 0.36, 0.64),
            one("one point, the first step of the chain", 0.36, 1.0),
            many("five points in the plane, a step for each", 5, 2, 43),
            many("two points in three dimensions", 2, 3, 44),
        ]
    },
    run: |answer, i| {
        let [x_t, x_0] = ["x_t", "x_0"].map(|name| i.tensor(name));
        let (mean, variance) =
            answer(x_t, x_0, i.tensor("alpha_bar"), i.tensor("alpha_bar_before"));
        vec![mean, variance]
    },
    right: posterior,
    wrong: &[
        Wrong {
            answer: |x_t, x_0, a, b| {
                let (mean, _) = posterior(x_t, x_0, a, b);
                (mean, step(a, b).beta)
            },
            says: "The mean is right; β_t is the variance of the step forward. On the way back x_0 \
                   is known, which leaves less: β̃_t = (1 − ᾱ_{t−1})/(1 − ᾱ_t) β_t.",
        },
        Wrong {
            answer: |x_t, x_0, a, b| {
                let (mean, variance) = posterior(x_t, x_0, a, b);
                (mean, variance.sqrt())
            },
            says: "The mean is right; you return the standard deviation. The task wants the \
                   variance.",
        },
        Wrong {
            answer: |x_t, x_0, a, b| posterior(x_0, x_t, a, b),
            says: "The variance is right; the weights of x_0 and x_t are exchanged. At the first \
                   step, ᾱ_{t−1} = 1, the weight of x_t must be 0.",
        },
        Wrong {
            answer: |x_t, x_0, a, b| {
                let Step { beta, rest, before, .. } = step(a, b);
                let mean = b.sqrt() * &beta / &rest * x_0 + a.sqrt() * &before / &rest * x_t;
                (mean, before / rest * beta)
            },
            says: "The variance is right; √ᾱ_t stands before x_t. The bar is too much: what the \
                   one step from t − 1 to t did is √α_t = √(1 − β_t).",
        },
        Wrong {
            answer: |x_t, x_0, a, b| {
                let Step { alpha, beta, rest, before } = step(a, b);
                let mean = a.sqrt() * &beta / &rest * x_0 + alpha.sqrt() * &before / &rest * x_t;
                (mean, before / rest * beta)
            },
            says: "The variance is right; √ᾱ_t stands before x_0. What x_0 says of x_{t−1} is its \
                   mean, √ᾱ_{t−1} x_0: the index is one off.",
        },
        Wrong {
            answer: |x_t, x_0, a, b| {
                let Step { alpha, beta, rest, before } = step(a, b);
                let mean = b * &beta / &rest * x_0 + alpha * &before / &rest * x_t;
                (mean, before / rest * beta)
            },
            says: "The variance is right; in the mean the roots of ᾱ_{t−1} and α_t are missing. \
                   They are factors of variances; points are multiplied by roots.",
        },
    ],
};

/// (x_t, x₀, ᾱ_t, ᾱ_{t−1}) → mean and variance of q(x_{t−1}|x_t, x₀).
fn posterior(x_t: &Tensor, x_0: &Tensor, a: &Tensor, b: &Tensor) -> (Tensor, Tensor) {
    let Step { alpha, beta, rest, before } = step(a, b);
    let mean = b.sqrt() * &beta / &rest * x_0 + alpha.sqrt() * &before / &rest * x_t;
    (mean, before / rest * beta)
}

/// α_t, β_t, 1 − ᾱ_t and 1 − ᾱ_{t−1}.
pub(super) struct Step {
    pub alpha: Tensor,
    pub beta: Tensor,
    pub rest: Tensor,
    pub before: Tensor,
}

/// From ᾱ_t and ᾱ_{t−1}.
pub(super) fn step(alpha_bar: &Tensor, alpha_bar_before: &Tensor) -> Step {
    let alpha = alpha_bar / alpha_bar_before;
    let beta = 1.0 - &alpha;
    Step { alpha, beta, rest: 1.0 - alpha_bar, before: 1.0 - alpha_bar_before }
}
