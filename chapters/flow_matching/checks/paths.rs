//! From one point of noise to one point of data: exercises 1 to 6.

use super::super::path::Path;
use super::{Schedule, Schedules};
use crate::check::{Check, Exercise, Function, Input, Wrong};
use crate::random::Rng;
use crate::{Float, Tensor};

type OfThree = fn(&Tensor, &Tensor, &Tensor) -> Tensor;
type Gaussian = fn(&Tensor, &Tensor, &Schedules) -> Tensor;
type Transport = fn(&Tensor, &Tensor, &Tensor, Float) -> (Tensor, Tensor);
type Ddpm = fn(Schedule, Float) -> (Float, Float);
type Exploding = fn(&Tensor, &Tensor, &Tensor, Float, Float) -> (Tensor, Tensor);

/// x_t = (1 − t) x₀ + t x₁.
pub const LINEAR_PATH: Check<OfThree> = Check {
    exercise: Exercise {
        chapter: "flow_matching",
        name: "linear_path",
        statements: &["F7"],
        place: "01_flow_matching.md#the-straight-line",
        outputs: &["x_t"],
        learned: "x_t is noise at t = 0 and data at t = 1, and in between it has the law N(t x_1, \
                  (1 − t)² I). Every training point of this chapter is made by this line.",
        hints: [
            "Put in t = 0 and t = 1: where must x_t be?",
            "x_t = (1 − t) x_0 + t x_1, the first formula of the section.",
            "(1.0 - t) * … + t * …, and [n, 1] broadcasts against [n, d] by itself.",
        ],
    },
    inputs: || {
        let line = |about: &str, t: Float| one(about, "x_0", [2.0, -1.0, t]);
        vec![
            line("one point of the line, t = 0.25", 0.25),
            line("one point of the line, t = 0", 0.0),
            line("one point of the line, t = 1", 1.0),
            batch("five points in the plane, a time for each", "x_0", 5, 2, 1),
            batch("two points in three dimensions", "x_0", 2, 3, 2),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("x_0"), i.tensor("x_1"), i.tensor("t"))],
    right: |x_0, x_1, t| Path::Linear.sample(x_0, x_1, t).0,
    wrong: &[
        Wrong {
            answer: |x_0, x_1, t| t * x_0 + (1.0 - t) * x_1,
            says: "The weights are exchanged: your path is at x_1 when t = 0 and at x_0 when t = \
                   1. In this book t = 0 is noise and t = 1 is data; papers on diffusion count the \
                   other way.",
        },
        Wrong {
            answer: |x_0, x_1, t| (1.0 - t.square()).sqrt() * x_0 + t * x_1,
            says: "The weight of the noise is √(1 − t²), so its variance is 1 − t². That is the \
                   misprint for (1 − t)²: here the standard deviation is 1 − t. Yours is a path, \
                   but no straight one.",
        },
        Wrong {
            answer: |x_0, x_1, t| x_0 + t * x_1,
            says: "The noise keeps its full weight: at t = 1 your point is x_0 + x_1, and the \
                   noise has not gone. Its weight falls as the data's grows.",
        },
        Wrong {
            answer: |x_0, x_1, _| x_1 - x_0,
            says: "x_1 − x_0 is the velocity along the line. The task wants the place, x_t.",
        },
        Wrong {
            answer: |x_0, x_1, t| {
                let t = t.slice(0, 0..1);
                (1.0 - &t) * x_0 + t * x_1
            },
            says: "The time of row 0 is used for all rows. Each row has its own time: t is [n, 1].",
        },
        Wrong {
            answer: |x_0, x_1, t| (1.0 - t).sqrt() * x_0 + t.sqrt() * x_1,
            says: "The weights are roots, √(1 − t) and √t. Those keep the variance of independent \
                   points of variance 1, but the straight line has 1 − t and t themselves.",
        },
    ],
};

/// u_t(x|x₁) = (x₁ − x)/(1 − t).
pub const CONDITIONAL_VELOCITY: Check<OfThree> = Check {
    exercise: Exercise {
        chapter: "flow_matching",
        name: "conditional_velocity",
        statements: &["F7"],
        place: "01_flow_matching.md#the-straight-line",
        outputs: &["u_t"],
        learned: "Whoever is at x has the way x_1 − x before it and the time 1 − t left. The field \
                  needs no x_0: the place tells where the line began. At t = 1 it has no value.",
        hints: [
            "x is where the walker is now, no longer where it began. How far is it still, and how \
             long?",
            "u_t(x|x_1) = (x_1 − x) / (1 − t).",
            "(… - …) / (1.0 - …), in tensors; the division broadcasts [n, 1] against [n, d].",
        ],
    },
    inputs: || {
        let line = |about: &str, t: Float| one(about, "x", [0.5, 2.0, t]);
        vec![
            line("one point of the line, t = 0.75", 0.75),
            line("one point of the line, t = 0", 0.0),
            batch("five points in the plane, a time for each", "x", 5, 2, 3),
            batch("two points in three dimensions", "x", 2, 3, 4),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("x"), i.tensor("x_1"), i.tensor("t"))],
    right: |x, x_1, t| Path::Linear.velocity(x, x_1, t),
    wrong: &[
        Wrong {
            answer: |x, x_1, _| x_1 - x,
            says: "This is the way that is left, not divided by the time that is left. x_1 − x is \
                   a velocity only at t = 0, where x is still x_0.",
        },
        Wrong {
            answer: |x, x_1, t| (x_1 - x) / t,
            says: "You divide by the time that has passed, t. What counts is the time that is \
                   left, 1 − t.",
        },
        Wrong {
            answer: |x, x_1, t| (x - x_1) / (1.0 - t),
            says: "The sign is flipped: your field leads away from x_1, from data to noise.",
        },
        Wrong {
            answer: |x, x_1, t| (x_1 - x) * (1.0 - t),
            says: "You multiply by the time that is left, 1 − t. The less time is left, the faster \
                   it must go: divide.",
        },
        Wrong {
            answer: |x, x_1, t| (x_1 - x) / (1.0 - t).square(),
            says: "You divide by (1 − t)², the conditional variance. That is the score's \
                   denominator; the velocity divides by 1 − t, which is σ_t and also the time that \
                   is left.",
        },
    ],
};

/// u_t(x|x₁) = (σ_t′ / σ_t)(x − μ_t) + μ_t′.
pub const GAUSSIAN_VELOCITY: Check<Gaussian> = Check {
    exercise: Exercise {
        chapter: "flow_matching",
        name: "gaussian_velocity",
        statements: &["F5"],
        place: "01_flow_matching.md#theorem-3",
        outputs: &["u_t"],
        learned: "One formula serves every Gaussian path: undo the flow, x_0 = (x − μ_t)/σ_t, and \
                  put it into the velocity σ_t′ x_0 + μ_t′. No other field has this flow.",
        hints: [
            "Which x_0 is at x at time t? Solve x = σ_t x_0 + μ_t for it.",
            "Theorem 3: u_t(x|x_1) = (σ_t′ / σ_t) (x − μ_t) + μ_t′ with μ_t = α_t x_1, so μ_t′ = \
             α_t′ x_1.",
            "&s.sigma_dot / &s.sigma * (x - …) + … * x_1",
        ],
    },
    inputs: || {
        let with = |points: Input, schedules: [Tensor; 4]| {
            let names = ["alpha", "sigma", "alpha_dot", "sigma_dot"];
            names.into_iter().zip(schedules).fold(points, |input, (name, s)| input.with(name, s))
        };
        let point = |about: &str, schedules: [Float; 4]| {
            let [x, x_1] = [1.5, 2.0].map(|v: Float| Tensor::from([[v]]));
            let point = Input::new(about).with("x", x).with("x_1", x_1);
            with(point, schedules.map(|v| Tensor::from([[v]])))
        };
        let mut inputs = vec![
            point("one point, the straight line at t = 0.5", [0.5, 0.5, 1.0, -1.0]),
            point("one point of another path", [0.5, 0.25, 3.0, -2.0]),
        ];
        inputs.extend(Path::ALL[1..].iter().zip(5..).map(|((name, path), seed)| {
            let mut points = batch(&format!("three points, {name}"), "x", 3, 2, seed);
            let t = points.tensor("t").clone();
            points.arguments.pop(); // the schedules tell the time
            let s = [path.alpha(&t), path.sigma(&t), path.alpha_dot(&t), path.sigma_dot(&t)];
            with(points, s)
        }));
        inputs
    },
    run: |answer, i| {
        let [alpha, sigma, alpha_dot, sigma_dot] =
            ["alpha", "sigma", "alpha_dot", "sigma_dot"].map(|name| i.tensor(name).clone());
        let schedules = Schedules { alpha, sigma, alpha_dot, sigma_dot };
        vec![answer(i.tensor("x"), i.tensor("x_1"), &schedules)]
    },
    right: |x, x_1, s| &s.sigma_dot / &s.sigma * (x - &s.alpha * x_1) + &s.alpha_dot * x_1,
    wrong: &[
        Wrong {
            answer: |x, x_1, s| {
                let mu_dot = &s.alpha_dot * x_1;
                &s.sigma_dot * (&s.sigma_dot * x + &mu_dot) + mu_dot
            },
            says: "σ_t′ x + μ_t′ stands where x_0 belongs: that is a misprint of some notes. x_0 \
                   is not the velocity at x but the flow undone, ψ_t⁻¹(x) = (x − μ_t)/σ_t.",
        },
        Wrong {
            answer: |x, x_1, s| &s.sigma_dot * (x - &s.alpha * x_1) + &s.alpha_dot * x_1,
            says: "The division by σ_t is missing. x − μ_t is σ_t x_0, and the velocity takes x_0 \
                   itself.",
        },
        Wrong {
            answer: |x, x_1, s| &s.sigma_dot / &s.sigma * x + &s.alpha_dot * x_1,
            says: "The mean is not subtracted: σ_t′/σ_t multiplies x − μ_t, the place relative to \
                   the mean, and not x.",
        },
        Wrong {
            answer: |x, x_1, s| &s.sigma_dot / &s.sigma * (x - &s.alpha * x_1),
            says: "The mean does not move: μ_t′ = α_t′ x_1 is missing. Your field only shrinks the \
                   cloud about its mean.",
        },
        Wrong {
            answer: |x, x_1, s| {
                &s.sigma_dot / s.sigma.square() * (x - &s.alpha * x_1) + &s.alpha_dot * x_1
            },
            says: "You divide by σ_t², which the score does. The velocity divides by σ_t.",
        },
        Wrong {
            answer: |x, x_1, s| &s.sigma_dot / &s.sigma * (x - x_1) + &s.alpha_dot * x_1,
            says: "You subtract x_1, the data point. The mean of the path at time t is μ_t = α_t \
                   x_1.",
        },
    ],
};

/// x_t = σ_t x₀ + t x₁ and u_t = x₁ − (1 − σ_min) x₀, σ_t = 1 − (1 − σ_min) t.
pub const OPTIMAL_TRANSPORT: Check<Transport> = Check {
    exercise: Exercise {
        chapter: "flow_matching",
        name: "optimal_transport",
        statements: &["F4", "F6"],
        place: "01_flow_matching.md#gaussian-paths",
        outputs: &["x_t", "u_t"],
        learned: "Along a trajectory, where x_0 is known, the velocity needs no division: \
                  differentiate x_t = σ_t x_0 + α_t x_1 in t. Here it does not even depend on t.",
        hints: [
            "Write down σ_t for this path, then x_t; then differentiate x_t in t with x_0 and x_1 \
             fixed.",
            "x_t = σ_t x_0 + α_t x_1 and u_t = σ_t′ x_0 + α_t′ x_1, with α_t = t and σ_t = 1 − (1 \
             − σ_min) t.",
            "let sigma = 1.0 - t * (…); (sigma * x_0 + t * x_1, x_1 - x_0 * (…))",
        ],
    },
    inputs: || {
        let with = |input: Input, sigma_min: Float| input.with("sigma_min", sigma_min);
        let line = |about: &str, t: Float| one(about, "x_0", [2.0, -1.0, t]);
        let middle = line("one point of the line, t = 0.5", 0.5);
        let end = line("one point of the line, t = 1", 1.0);
        vec![
            with(middle, 0.25),
            with(end, 0.25),
            with(batch("five points in the plane, a time for each", "x_0", 5, 2, 10), 0.1),
            with(batch("three points, σ_min = 0.5", "x_0", 3, 1, 11), 0.5),
        ]
    },
    run: |answer, i| {
        let sigma_min = i.number("sigma_min");
        let (x_t, u_t) = answer(i.tensor("x_0"), i.tensor("x_1"), i.tensor("t"), sigma_min);
        vec![x_t, u_t]
    },
    right: |x_0, x_1, t, sigma_min| Path::OptimalTransport { sigma_min }.sample(x_0, x_1, t),
    wrong: &[
        Wrong {
            answer: |x_0, x_1, t, _| ((1.0 - t) * x_0 + t * x_1, x_1 - x_0),
            says: "σ_min is forgotten: this is the straight line, whose noise is gone at t = 1. \
                   Here σ_1 = σ_min.",
        },
        Wrong {
            answer: |x_0, x_1, t, sigma_min| {
                ((1.0 - t * (1.0 - sigma_min)) * x_0 + t * x_1, x_1 - x_0)
            },
            says: "x_t is right; in u_t σ_min is forgotten. The derivative of σ_t = 1 − (1 − \
                   σ_min) t is −(1 − σ_min), not −1.",
        },
        Wrong {
            answer: |x_0, x_1, t, sigma_min| {
                let rest = 1.0 - sigma_min;
                let sigma = 1.0 - t * rest;
                let u_t = (x_1 - x_0 * rest) / &sigma;
                (sigma * x_0 + t * x_1, u_t)
            },
            says: "x_t is right; in u_t you took the field (x_1 − (1 − σ_min) x)/σ_t, whose x is \
                   the place x_t, and put x_0 into it. Along the trajectory differentiate σ_t x_0 \
                   + t x_1 instead.",
        },
        Wrong {
            answer: |x_0, x_1, t, sigma_min| ((1.0 - t + sigma_min) * x_0 + t * x_1, x_1 - x_0),
            says: "Your σ_t is 1 − t + σ_min, which begins with 1 + σ_min. It should lead from 1 \
                   to σ_min: σ_t = 1 − (1 − σ_min) t.",
        },
        Wrong {
            answer: |x_0, x_1, t, sigma_min| {
                let sigma = 1.0 - t * (1.0 - sigma_min);
                let u_t = x_1 - &sigma * x_0;
                (sigma * x_0 + t * x_1, u_t)
            },
            says: "x_t is right; in u_t the schedule σ_t stands where its derivative belongs: σ_t′ \
                   = −(1 − σ_min).",
        },
    ],
};

/// α_t = √ᾱ(1 − t), σ_t = √(1 − ᾱ(1 − t)).
pub const DDPM_SCHEDULE: Check<Ddpm> = Check {
    exercise: Exercise {
        chapter: "flow_matching",
        name: "ddpm_schedule",
        statements: &["F8"],
        place: "01_flow_matching.md#ddpm-is-one-of-them",
        outputs: &["alpha_t", "sigma_t"],
        learned: "DDPM is one of the Gaussian paths. Its time is the time that is left, 1 − t, and \
                  its ᾱ is a factor of variances: both roots follow. α_t² + σ_t² = 1, so variance \
                  is preserved.",
        hints: [
            "ᾱ(s) falls with DDPM's time s, from 1 at the data to nearly 0 at the noise. Where are \
             we at t = 0?",
            "α_t = √ᾱ(1 − t) and σ_t = √(1 − ᾱ(1 − t)).",
            "let a = alpha_bar(…); (a.sqrt(), (…).sqrt())",
        ],
    },
    inputs: || {
        let usual: Function = Function::new("ᾱ(s) = exp(−0.1 s − 9.95 s²)", |s| {
            (s[0] * -0.1 - s[0].square() * 9.95).exp()
        });
        let line = Function::new("ᾱ(s) = 1 − s", |s| 1.0 - s[0]);
        let at = |about: &str, f: &Function, t: Float| {
            Input::new(about).with("alpha_bar", f.clone()).with("t", t)
        };
        vec![
            at("ᾱ on a line, t = 0.36", &line, 0.36),
            at("ᾱ on a line, t = 0", &line, 0.0),
            at("ᾱ on a line, t = 1", &line, 1.0),
            at("ᾱ of the usual rates, t = 0.75", &usual, 0.75),
            at("ᾱ of the usual rates, t = 0.5", &usual, 0.5),
        ]
    },
    run: |answer, i| {
        let alpha_bar = i.function("alpha_bar");
        let (alpha, sigma) =
            answer(&|s| alpha_bar.call(&[&Tensor::scalar(s)]).item(), i.number("t"));
        vec![Tensor::scalar(alpha), Tensor::scalar(sigma)]
    },
    right: |alpha_bar, t| {
        let left = alpha_bar(1.0 - t);
        (left.sqrt(), (1.0 - left).sqrt())
    },
    wrong: &[
        Wrong {
            answer: |alpha_bar, t| (alpha_bar(t).sqrt(), (1.0 - alpha_bar(t)).sqrt()),
            says: "Time runs the other way: DDPM counts from data to noise, so our t is its 1 − t. \
                   Your path begins with data and ends in noise.",
        },
        Wrong {
            answer: |alpha_bar, t| (alpha_bar(1.0 - t), (1.0 - alpha_bar(1.0 - t)).sqrt()),
            says: "σ_t is right; in α_t the root is missing. ᾱ is a factor of variances, α_t one \
                   of the data themselves.",
        },
        Wrong {
            answer: |alpha_bar, t| (alpha_bar(1.0 - t).sqrt(), 1.0 - alpha_bar(1.0 - t)),
            says: "α_t is right; the second is 1 − ᾱ, which is σ_t², the variance. The task wants \
                   σ_t.",
        },
        Wrong {
            answer: |alpha_bar, t| {
                let alpha = alpha_bar(1.0 - t).sqrt();
                (alpha, 1.0 - alpha)
            },
            says: "α_t is right; σ_t = 1 − α_t holds on the straight line only. Here the variances \
                   add to 1: α_t² + σ_t² = 1.",
        },
        Wrong {
            answer: |alpha_bar, t| (alpha_bar(1.0 - t).sqrt(), (1.0 - alpha_bar(t)).sqrt()),
            says: "α_t is at the time that is left and σ_t at the time that has passed. Some print \
                   it so; at t = 0 you have neither data nor noise. Both take ᾱ(1 − t).",
        },
        Wrong {
            answer: |alpha_bar, t| {
                let alpha = alpha_bar(1.0 - t).sqrt();
                (alpha, (1.0 - alpha).sqrt())
            },
            says: "α_t is right; under the root of σ_t you have 1 − α_t. It is the variances that \
                   add to 1, and α_t is a root already: σ_t² = 1 − α_t² = 1 − ᾱ.",
        },
    ],
};

/// σ₀ x₀ and x_t = x₁ + σ_t x₀, σ_t = σ_min (σ_max / σ_min)^(1 − t).
pub const EXPLODING_START: Check<Exploding> = Check {
    exercise: Exercise {
        chapter: "flow_matching",
        name: "exploding_start",
        statements: &["F6"],
        place: "01_flow_matching.md#the-start-is-not-always-normal",
        outputs: &["start", "x_t"],
        learned: "A path decides where its sampler starts: here at N(0, σ_max² I), not N(0, I). \
                  Even that is an approximation, because α_0 = 1 leaves the data in, small beside \
                  so much noise.",
        hints: [
            "The data keep the weight 1 at all times; only the noise changes. What does x_t become \
             at t = 0, if the data are negligible beside it?",
            "α_t = 1 and σ_t = σ_min (σ_max/σ_min)^(1 − t); the sampler starts with σ_0 x_0.",
            "let sigma = ((1.0 - t) * (sigma_max / sigma_min).ln()).exp() * …; (x_0 * …, x_1 + … * \
             x_0)",
        ],
    },
    inputs: || {
        let with = |input: Input, min: Float, max: Float| {
            input.with("sigma_min", min).with("sigma_max", max)
        };
        let line = |about: &str, t: Float| one(about, "x_0", [0.5, -1.0, t]);
        vec![
            with(line("one point of the line, t = 0.5", 0.5), 0.5, 8.0),
            with(line("one point of the line, t = 0", 0.0), 0.5, 8.0),
            with(line("one point of the line, t = 1", 1.0), 0.5, 8.0),
            with(batch("five points in the plane, a time for each", "x_0", 5, 2, 12), 0.1, 20.0),
        ]
    },
    run: |answer, i| {
        let (min, max) = (i.number("sigma_min"), i.number("sigma_max"));
        let (start, x_t) = answer(i.tensor("x_0"), i.tensor("x_1"), i.tensor("t"), min, max);
        vec![start, x_t]
    },
    right: |x_0, x_1, t, min, max| {
        let path = Path::VarianceExploding { sigma: [min, max] };
        (path.start(x_0), path.sample(x_0, x_1, t).0)
    },
    wrong: &[
        Wrong {
            answer: |x_0, x_1, t, min, max| (x_0.clone(), exploded(x_0, x_1, &(1.0 - t), min, max)),
            says: "x_t is right; the start is x_0 itself, of the law N(0, I). At t = 0 this path \
                   has the noise σ_max: a sampler that starts with so little stands where the \
                   field was never learned.",
        },
        Wrong {
            answer: |x_0, x_1, t, min, max| {
                (x_1 + x_0 * max, exploded(x_0, x_1, &(1.0 - t), min, max))
            },
            says: "x_t is right; your start contains x_1. That is the exact p_0, but a sampler has \
                   no data: it starts with the noise alone, σ_max x_0.",
        },
        Wrong {
            answer: |x_0, x_1, t, min, max| (x_0 * max, exploded(x_0, x_1, t, min, max)),
            says: "The start is right; in x_t time runs the other way. The exponent of σ_max/σ_min \
                   is 1 − t: at t = 1 only σ_min is left.",
        },
        Wrong {
            answer: |x_0, x_1, t, min, max| (x_0 * max, x_1 + (t * min + (1.0 - t) * max) * x_0),
            says: "The start is right; your σ_t goes from σ_max to σ_min on a line. Here it is its \
                   logarithm that does: σ_t = σ_min (σ_max/σ_min)^(1 − t).",
        },
        Wrong {
            answer: |x_0, x_1, t, min, max| {
                (x_0 * max, exploded(x_0, &(t * x_1), &(1.0 - t), min, max))
            },
            says: "The start is right; in x_t the data are weighed with t. On this path α_t = 1: \
                   the data stay, and noise is laid on them.",
        },
    ],
};

/// x₁ + σ_min (σ_max / σ_min)ˢ x₀.
fn exploded(x_0: &Tensor, x_1: &Tensor, s: &Tensor, min: Float, max: Float) -> Tensor {
    let rate = crate::kernels::maths::ln(max / min);
    x_1 + (s * rate).exp() * min * x_0
}

/// One point of one coordinate: (x₀, x₁, t), or (x, x₁, t).
fn one(about: &str, first: &'static str, numbers: [Float; 3]) -> Input {
    let [x, x_1, t] = numbers.map(|v| Tensor::from([[v]]));
    Input::new(about).with(first, x).with("x_1", x_1).with("t", t)
}

/// Points drawn from N(0, I) and times inside (0, 1).
fn batch(about: &str, first: &'static str, n: usize, d: usize, seed: u64) -> Input {
    let mut rng = Rng::new(seed);
    let [x, x_1] = [(); 2].map(|()| rng.normal(&[n, d]));
    let t = rng.uniform_in(&[n, 1], 0.1, 0.9);
    Input::new(about).with(first, x).with("x_1", x_1).with("t", t)
}
