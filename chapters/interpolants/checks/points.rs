//! γ, x_t and its velocity: exercises 1 to 3.

use super::super::{Blend, Gamma, Interpolant};
use crate::check::{Check, Exercise, Input, Wrong};
use crate::random::Rng;
use crate::{Float, Tensor};

type Noise = fn(&Tensor, Float) -> (Tensor, Tensor);
type Point = fn(&Tensor, &Tensor, &Tensor, &Tensor, Float) -> Tensor;

/// The straight line with a Brownian bridge around it.
fn line(a: Float) -> Interpolant {
    Interpolant { blend: Blend::Linear, gamma: Gamma::Bridge { a } }
}

/// γ = √(a t (1 − t)) and its derivative.
pub const BRIDGE_GAMMA: Check<Noise> = Check {
    exercise: Exercise {
        chapter: "interpolants",
        name: "bridge_gamma",
        statements: &["I1"],
        place: "15_interpolants.md#noise-on-the-way",
        outputs: &["gamma", "gamma_dot"],
        learned: "γ is 0 at both ends, so that the ends are the data's own. Its slope is infinite there; \
                  that of γ² is finite, which is what the laws see.",
        hints: [
            "γ² = a t (1 − t) is easy to differentiate. How does γ′ follow?",
            "γ = √(a t (1 − t)); 2 γ γ′ = a (1 − 2t), so γ′ = a (1 − 2t)/(2γ).",
            "let gamma = (t * (1.0 - t) * a).sqrt(); let dot = (1.0 - t * 2.0) * (0.5 * a) / &gamma;",
        ],
    },
    inputs: || {
        let input = |about: &str, t: Tensor, a: Float| Input::new(about).with("t", t).with("a", a);
        let mut rng = Rng::new(151);
        vec![
            input("t = 0.2, a = 1", Tensor::from([[0.2]]), 1.0),
            input("t = 0.5, where γ is largest", Tensor::from([[0.5]]), 3.0),
            input("five times, a = 2", rng.uniform_in(&[5, 1], 0.1, 0.9), 2.0),
        ]
    },
    run: |answer, i| {
        let (gamma, gamma_dot) = answer(i.tensor("t"), i.number("a"));
        vec![gamma, gamma_dot]
    },
    right: |t, a| (line(a).gamma(t), line(a).gamma_dot(t)),
    wrong: &[
        Wrong {
            answer: |t, a| (t * (1.0 - t) * a, (1.0 - t * 2.0) * a),
            says: "These are γ² and its derivative: the root is missing. γ is the standard deviation of \
                   the noise, γ² its variance.",
        },
        Wrong {
            answer: |t, a| {
                let gamma = line(a).gamma(t);
                (gamma.clone(), (1.0 - t * 2.0) * a / gamma)
            },
            says: "The 2 of the chain rule is missing: (γ²)′ = 2 γ γ′, so γ′ = (γ²)′/(2γ).",
        },
        Wrong {
            answer: |t, a| (line(a).gamma(t), (1.0 - t * 2.0) * a),
            says: "γ is right. What you return beside it is (γ²)′; divide by 2γ.",
        },
        Wrong {
            answer: |t, a| ((t * (1.0 - t)).sqrt() * a, line(1.0).gamma_dot(t) * a),
            says: "a stands before the root; it belongs under it. a is the variance's factor, and √a that \
                   of γ.",
        },
        Wrong {
            answer: |t, a| ((t * a).sqrt(), (t * a).sqrt() / (t * 2.0)),
            says: "√(a t) is the standard deviation of Brownian motion. It does not come back: at t = 1 \
                   there would be noise on the data. The bridge has a t (1 − t).",
        },
    ],
};

fn inputs() -> Vec<Input> {
    let mut rng = Rng::new(152);
    let mut input = |about: &str, n: usize, d: usize, a: Float| {
        let [x_0, x_1, z] = [(); 3].map(|()| rng.normal(&[n, d]));
        let t = rng.uniform_in(&[n, 1], 0.1, 0.4);
        let input = Input::new(about).with("x_0", x_0).with("x_1", x_1 * 2.0);
        input.with("z", z).with("t", t).with("a", a)
    };
    vec![
        input("one point on the line, a = 1", 1, 1, 1.0),
        input("four points in the plane, a = 2", 4, 2, 2.0),
        input("three points in three dimensions, a = 0.5", 3, 3, 0.5),
    ]
}

fn call(answer: Point, i: &Input) -> Vec<Tensor> {
    let x = |name: &str| i.tensor(name).clone();
    vec![answer(&x("x_0"), &x("x_1"), &x("z"), &x("t"), i.number("a"))]
}

/// (1 − t) x₀ + t x₁ + γ z.
pub const INTERPOLANT: Check<Point> = Check {
    exercise: Exercise {
        chapter: "interpolants",
        name: "interpolant",
        statements: &["I1"],
        place: "15_interpolants.md#noise-on-the-way",
        outputs: &["x_t"],
        learned: "Three points are drawn independently, and one is made of them. At t = 0 it is x_0, at \
                  t = 1 it is x_1, whatever z is.",
        hints: [
            "Which weights have the ends, and which has the noise?",
            "x_t = (1 − t) x_0 + t x_1 + √(a t (1 − t)) z.",
            "(1.0 - t) * x_0 + t * x_1 + (t * (1.0 - t) * a).sqrt() * z",
        ],
    },
    inputs,
    run: call,
    right: |x_0, x_1, z, t, a| line(a).sample(x_0, x_1, z, t),
    wrong: &[
        Wrong {
            answer: |x_0, x_1, _, t, _| (1.0 - t) * x_0 + t * x_1,
            says: "z is missing: this is I(t, x_0, x_1), the interpolant without noise.",
        },
        Wrong {
            answer: |x_0, x_1, z, t, a| (1.0 - t) * x_0 + t * x_1 + (t * (1.0 - t) * a) * z,
            says: "z is multiplied by γ²; γ is its root.",
        },
        Wrong {
            answer: |x_0, x_1, z, t, a| line(a).sample(x_1, x_0, z, t),
            says: "The ends are exchanged: at t = 0 the point must be x_0.",
        },
        Wrong {
            answer: |x_0, x_1, z, t, a| (1.0 - t) * x_0 + t * x_1 + (t * a).sqrt() * z,
            says: "With √(a t) there is noise left at t = 1, where x_1 itself must be. The bridge has √(a t \
                   (1 − t)).",
        },
        Wrong {
            answer: |x_0, x_1, z, t, a| (1.0 - t) * x_0 + t * (x_1 + line(a).gamma(t) * z),
            says: "The noise is multiplied by t as well. It stands beside both ends, with the weight γ.",
        },
    ],
};

/// x₁ − x₀ + γ′ z.
pub const VELOCITY: Check<Point> = Check {
    exercise: Exercise {
        chapter: "interpolants",
        name: "velocity",
        statements: &["I1", "I2"],
        place: "15_interpolants.md#who-carries-the-laws",
        outputs: &["dx_t/dt"],
        learned: "Its mean at a place, given that x_t is there, is b, the velocity that carries one law to \
                  the other. Without γ′ z the laws in between would not be those of x_t.",
        hints: [
            "x_0, x_1 and z stay as they are while t runs. What depends on t?",
            "dx_t/dt = x_1 − x_0 + γ′ z with γ′ = a (1 − 2t)/(2γ).",
            "x_1 - x_0 + (1.0 - t * 2.0) * (0.5 * a) / gamma * z",
        ],
    },
    inputs,
    run: call,
    right: |x_0, x_1, z, t, a| line(a).velocity(x_0, x_1, t) + line(a).gamma_dot(t) * z,
    wrong: &[
        Wrong {
            answer: |x_0, x_1, _, _, _| x_1 - x_0,
            says: "γ′ z is missing. This is ∂ₜI, the velocity of the line; the point also moves with its \
                   noise, whose weight depends on t.",
        },
        Wrong {
            answer: |x_0, x_1, z, t, a| x_1 - x_0 - line(a).gamma_dot(t) * z,
            says: "The sign of γ′ z is flipped: in the first half γ grows, and the point moves away from the \
                   line in the direction of z.",
        },
        Wrong {
            answer: |x_0, x_1, z, t, a| x_1 - x_0 + line(a).gamma(t) * z,
            says: "γ z is where the noise is, not how fast it moves: its derivative in t is γ′ z.",
        },
        Wrong {
            answer: |x_0, x_1, z, t, a| x_0 - x_1 + line(a).gamma_dot(t) * z,
            says: "x_0 − x_1 points back. The derivative of (1 − t) x_0 + t x_1 is x_1 − x_0.",
        },
        Wrong {
            answer: |x_0, x_1, z, t, a| x_1 - x_0 + (1.0 - t * 2.0) * a * z,
            says: "You multiply z by (γ²)′ = a (1 − 2t). γ′ is that divided by 2γ.",
        },
    ],
};
