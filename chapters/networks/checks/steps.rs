//! Steps of a parameter.

use super::{Adam, AdamW, Momentum, exercise};
use crate::chapters::networks::{EPSILON, adam, adamw, momentum};
use crate::check::{Check, Input, Wrong};
use crate::{Float, Tensor};

fn number(x: Float) -> Tensor {
    Tensor::scalar(x)
}

/// b ← μ b + g, p ← p − η b.
pub const MOMENTUM: Check<Momentum> = Check {
    exercise: exercise(
        "momentum",
        &["E14"],
        "engine_networks.md#down-a-valley",
        &["p", "b"],
        "Steps across the valley cancel in b, and those along it add up.",
        [
            "Which of the two is new first, b or p?",
            "b ← μ b + g, then p ← p − η b.",
            "A let for the new b, and a pair.",
        ],
    ),
    inputs: || {
        let input = |about: &str, [p, g, b, lr, mu]: [Float; 5]| {
            let input = Input::new(about).with("p", p).with("g", g).with("b", b);
            input.with("lr", lr).with("mu", mu)
        };
        vec![
            input("the first step", [1.0, 0.5, 0.0, 0.25, 0.5]),
            input("a later one", [1.0, 0.5, 2.0, 0.25, 0.5]),
            input("against what has been gathered", [-2.0, -1.5, 3.0, 0.125, 0.75]),
        ]
    },
    run: |answer, i| {
        let [p, g, b, lr, mu] = ["p", "g", "b", "lr", "mu"].map(|name| i.number(name));
        let (p, b) = answer(p, g, b, lr, mu);
        vec![number(p), number(b)]
    },
    right: momentum,
    wrong: &[
        Wrong {
            answer: |p, g, b, lr, mu| (p - lr * b, mu * b + g),
            says: "p moves by the old b. In the first step that is 0, and nothing moves: make b new before.",
        },
        Wrong {
            answer: |p, g, b, lr, mu| {
                let b = mu * b + (1.0 - mu) * g;
                (p - lr * b, b)
            },
            says: "g is multiplied by 1 − μ, as in Adam. Here b is a sum and not a mean: μ b + g.",
        },
        Wrong {
            answer: |p, g, b, lr, mu| {
                let next = mu * b + g;
                (p - lr * (g + mu * next), next)
            },
            says: "This looks ahead, g + μ b with the new b: Nesterov's step. Polyak's is b itself.",
        },
        Wrong {
            answer: |p, g, b, lr, mu| {
                let b = mu * b + g;
                (p + lr * b, b)
            },
            says: "The step goes uphill: p − η b.",
        },
        Wrong {
            answer: |p, g, b, lr, mu| {
                let b = b + g;
                (p - lr * mu * b, b)
            },
            says: "b never forgets: μ belongs to the old b and not to the step.",
        },
    ],
};

/// Means of g and g² after a step, and p for given corrections.
fn by(
    [p, g, m, v, lr]: [Float; 5],
    [b_1, b_2]: [Float; 2],
    [c_1, c_2]: [Float; 2],
) -> (Float, [Float; 2]) {
    let (m, v) = (b_1 * m + (1.0 - b_1) * g, b_2 * v + (1.0 - b_2) * g * g);
    (p - lr * (m / c_1) / ((v / c_2).sqrt() + EPSILON), [m, v])
}

fn corrections(t: usize) -> [Float; 2] {
    [0.9, 0.999].map(|beta: f64| (1.0 - libm::pow(beta, t as f64)) as Float)
}

const BETAS: [Float; 2] = [0.9, 0.999];

fn averages() -> Vec<Input> {
    let input = |about: &str, [p, g, m, v, lr]: [Float; 5], t: usize| {
        let input = Input::new(about).with("p", p).with("g", g).with("m", m).with("v", v);
        input.with("t", t).with("lr", lr)
    };
    vec![
        input("the first step", [1.0, 0.5, 0.0, 0.0, 0.5], 1),
        input("the second", [1.0, -2.0, 0.05, 0.25, 0.5], 2),
        input("a late one", [-3.0, 4.0, 1.5, 6.0, 0.25], 900),
    ]
}

/// A step, with the means multiplied to a size that can be compared.
fn shown((p, [m, v]): (Float, [Float; 2])) -> Vec<Tensor> {
    vec![number(p), number(m), number(v)]
}

/// Kingma and Ba's algorithm 1.
pub const ADAM: Check<Adam> = Check {
    exercise: exercise(
        "adam",
        &["E15"],
        "engine_networks.md#a-step-for-each-weight",
        &["p", "m", "v"],
        "The size of the gradient cancels: in the first step every weight moves by η. This one drives the engine you wrote.",
        [
            "Two means, then two corrections, then the step. β₁ = 0.9, β₂ = 0.999, ε = 1e-8.",
            "m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ), p − η m̂ / (√v̂ + ε).",
            "One let for each of m, v, m̂ and v̂. What is returned beside p are m and v, not corrected.",
        ],
    ),
    inputs: averages,
    run: |answer, i| {
        let [p, g, m, v, lr] = ["p", "g", "m", "v", "lr"].map(|name| i.number(name));
        shown(answer(p, g, [m, v], i.count("t"), lr))
    },
    right: adam,
    wrong: &[
        Wrong {
            answer: |p, g, [m, v], _, lr| by([p, g, m, v, lr], BETAS, [1.0, 1.0]),
            says: "The means are not corrected. They begin at 0 and are too small at first: m by ten, √v by thirty.",
        },
        Wrong {
            answer: |p, g, [m, v], t, lr| {
                let [c_1, c_2] = corrections(t);
                let (p, [m, v]) = by([p, g, m, v, lr], BETAS, [c_1, c_2]);
                (p, [m / c_1, v / c_2])
            },
            says: "The corrected means are kept. The correction is for the step only; kept, it is made again and again.",
        },
        Wrong {
            answer: |p, g, [m, v], t, lr| {
                let [c_1, c_2] = corrections(t);
                let (m, v) = (0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g);
                (p - lr * (m / c_1) / (v / c_2 + EPSILON), [m, v])
            },
            says: "The root is missing. v̂ is a mean of squares; only its root has the size of a gradient.",
        },
        Wrong {
            answer: |p, g, [m, v], t, lr| by([p, g, m, v, lr], BETAS, corrections(t + 1)),
            says: "t is one step ahead. The first step is t = 1, and it is passed as that.",
        },
        Wrong {
            answer: |p, g, [m, v], t, lr| {
                let [c_2, c_1] = corrections(t);
                by([p, g, m, v, lr], [0.999, 0.9], [c_1, c_2])
            },
            says: "β₁ and β₂ are exchanged: 0.9 belongs to the mean of g, 0.999 to that of g².",
        },
        Wrong {
            answer: |p, g, [m, v], t, lr| {
                let [c_1, c_2] = corrections(t);
                let (m, v) = (0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g);
                (p - lr * (m / c_1) / ((v / c_2).abs().sqrt() + EPSILON), [m, v])
            },
            says: "v is the mean of g². Here g is not squared.",
        },
    ],
};

/// Loshchilov and Hutter's algorithm 2.
pub const ADAMW: Check<AdamW> = Check {
    exercise: exercise(
        "adamw",
        &["E16"],
        "engine_networks.md#decay-beside-the-step",
        &["p", "m", "v"],
        "The decay stands beside the step, so that Adam does not divide it by the size of the gradient.",
        [
            "You have a step of Adam. What happens to p before it?",
            "p ← (1 − η λ) p, and then Adam with the same g.",
            "A call of your adam with another first argument.",
        ],
    ),
    inputs: || averages().into_iter().map(|input| input.with("decay", 0.25)).collect(),
    run: |answer, i| {
        let [p, g, m, v, lr] = ["p", "g", "m", "v", "lr"].map(|name| i.number(name));
        shown(answer(p, g, [m, v], i.count("t"), lr, i.number("decay")))
    },
    right: adamw,
    wrong: &[
        Wrong {
            answer: |p, g, means, t, lr, decay| adam(p, g + decay * p, means, t, lr),
            says: "The decay is added to the gradient. Then it comes into m and v, and Adam divides it by the size of \
                   the gradient: weights with large gradients hardly decay.",
        },
        Wrong {
            answer: |p, g, means, t, lr, decay| adam((1.0 - decay) * p, g, means, t, lr),
            says: "The decay is not multiplied by the learning rate: 1 − η λ.",
        },
        Wrong {
            answer: |p, g, means, t, lr, decay| {
                let (p, means) = adam(p, g, means, t, lr);
                ((1.0 - lr * decay) * p, means)
            },
            says: "p decays after the step, so that the step itself shrinks too. The decay comes first.",
        },
        Wrong {
            answer: |p, g, means, t, lr, _| adam(p, g, means, t, lr),
            says: "Nothing decays: this is Adam.",
        },
    ],
};
