//! How weights begin, and what is done to rates and gradients.

use super::{Clip, Rate, Spread, exercise};
use crate::chapters::networks::{clip_by_norm, cosine_rate, weight_std};
use crate::check::{Check, Input, Wrong};
use crate::{Float, Tensor};

/// √(gain / n).
pub const WEIGHT_STD: Check<Spread> = Check {
    exercise: exercise(
        "weight_std",
        &["E13"],
        "engine_networks.md#how-weights-begin",
        &["std"],
        "n independent terms have n times the variance of one, so each gets the n-th part.",
        [
            "Which variance must a weight have so that n of them keep the size of the signal?",
            "n σ² = gain.",
            "A root of a quotient.",
        ],
    ),
    inputs: || {
        let input = |about: &str, inputs: usize, gain: Float| {
            Input::new(about).with("inputs", inputs).with("gain", gain)
        };
        vec![
            input("one input", 1, 1.0),
            input("a linear layer", 100, 1.0),
            input("before a ReLU", 64, 2.0),
        ]
    },
    run: |answer, i| vec![Tensor::scalar(answer(i.count("inputs"), i.number("gain")))],
    right: weight_std,
    wrong: &[
        Wrong {
            answer: |inputs, gain| gain / inputs as Float,
            says: "This is the variance. The standard deviation is its root.",
        },
        Wrong {
            answer: |inputs, gain| gain / (inputs as Float).sqrt(),
            says: "The gain is outside the root. It multiplies the variance.",
        },
        Wrong {
            answer: |inputs, gain| (gain * inputs as Float).sqrt(),
            says: "With more inputs the weights become larger. They must become smaller: the sum has more terms.",
        },
        Wrong {
            answer: |inputs, gain| (3.0 * gain / inputs as Float).sqrt(),
            says: "√(3 gain / n) is the bound of a *uniform* law with the right variance; its standard deviation is \
                   √3 times smaller.",
        },
    ],
};

/// Half a wave of the cosine.
pub const COSINE_RATE: Check<Rate> = Check {
    exercise: exercise(
        "cosine_rate",
        &["E17"],
        "engine_networks.md#a-rate-that-falls",
        &["rate"],
        "Flat at both ends: the large rate lasts, and the last steps are small.",
        [
            "Where does the cosine go from 1 to −1? Shift and halve it.",
            "η₀ (1 + cos(π step/steps)) / 2.",
            "A product of lr, one half, and a bracket with a cosine in it.",
        ],
    ),
    inputs: || {
        let input = |step: usize| {
            let input = Input::new(format!("step {step} of 8")).with("step", step);
            input.with("steps", 8).with("lr", 0.5)
        };
        [0, 4, 8, 1, 6].map(input).into()
    },
    run: |answer, i| {
        let rate = answer(i.count("step"), i.count("steps"), i.number("lr"));
        vec![Tensor::scalar(rate)]
    },
    right: cosine_rate,
    wrong: &[
        Wrong {
            answer: |step, steps, lr| {
                let way = 0.5 * std::f64::consts::PI * step as f64 / steps as f64;
                lr * libm::cos(way) as Float
            },
            says: "A quarter of a wave, cos from 0 to π/2: it falls steeply at the end. Half a wave, shifted and \
                   halved, is flat there.",
        },
        Wrong {
            answer: |step, steps, lr| {
                let way = std::f64::consts::PI * step as f64 / steps as f64;
                lr * libm::cos(way) as Float
            },
            says: "The cosine goes down to −1, and so does the rate: a negative one goes uphill. Add 1 and halve.",
        },
        Wrong {
            answer: |step, steps, lr| lr - cosine_rate(step, steps, lr),
            says: "The rate grows from 0. The sign of the cosine is wrong.",
        },
        Wrong {
            answer: |step, steps, lr| lr * (1.0 - step as Float / steps as Float),
            says: "A straight line. It has the right ends; the cosine is flat at both.",
        },
    ],
};

/// g, no longer than that.
pub const CLIP_BY_NORM: Check<Clip> = Check {
    exercise: exercise(
        "clip_by_norm",
        &["E17"],
        "engine_networks.md#a-rate-that-falls",
        &["g"],
        "Only the length is cut; the direction is that of the gradient.",
        [
            "When is anything to be done at all?",
            "If ‖g‖ > most: g · most/‖g‖.",
            "A norm by a sum of squares, a factor that is 1 or smaller, a map.",
        ],
    ),
    inputs: || {
        let input =
            |about: &str, g: Tensor, most: Float| Input::new(about).with("g", g).with("most", most);
        vec![
            input("too long", Tensor::from([3.0, -4.0]), 1.0),
            input("short enough", Tensor::from([0.3, -0.4]), 1.0),
            input("one entry is long", Tensor::from([0.5, 0.0, 2.0, -0.25]), 1.5),
            input("no gradient", Tensor::from([0.0, 0.0]), 1.0),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("g").data(), i.number("most")).into_iter().collect()],
    right: clip_by_norm,
    wrong: &[
        Wrong {
            answer: |g, most| g.iter().map(|g| g.clamp(-most, most)).collect(),
            says: "Each entry is cut by itself, which turns the gradient to another direction. Cut the length.",
        },
        Wrong {
            answer: |g, most| {
                let norm = g.iter().map(|g| g * g).sum::<Float>().sqrt().max(1e-12);
                g.iter().map(|g| g * most / norm).collect()
            },
            says: "A short gradient becomes longer. Only what is too long is cut.",
        },
        Wrong {
            answer: |g, most| {
                let norm = g.iter().map(|g| g * g).sum::<Float>();
                let scale = if norm > most { most / norm } else { 1.0 };
                g.iter().map(|g| g * scale).collect()
            },
            says: "This is the square of the norm; the root is missing.",
        },
        Wrong {
            answer: |g, most| {
                let norm = g.iter().map(|g| g.abs()).sum::<Float>();
                let scale = if norm > most { most / norm } else { 1.0 };
                g.iter().map(|g| g * scale).collect()
            },
            says: "The sum of the sizes is another norm. The length is the root of the sum of the squares.",
        },
    ],
};
