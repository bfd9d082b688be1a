//! Noising and time run backwards: exercises 9 to 11.

use super::{Drift, Noising};
use crate::check::{Check, Exercise, Input, Wrong};
use crate::random::Rng;
use crate::{Float, Tensor};

/// a = −α′/α and g² = −2σσ′ − 2aσ².
pub const NOISING: Check<Noising> = Check {
    exercise: Exercise {
        chapter: "sdes",
        name: "noising",
        statements: &["S7"],
        place: "08_sdes.md#noising-as-an-equation",
        outputs: &["a", "g_squared"],
        learned: "Every Gaussian path has an equation that noises data along it. DDPM and SMLD are two \
                  choices of α and σ.",
        hints: [
            "In noising time s = 1 − t the primes change their sign. Then compare m′ = a m and v′ = 2a v + \
             g² with m = α x₁ and v = σ².",
            "a = −α′/α and g² = −2 σ σ′ − 2 a σ², primes in the book's time t.",
            "let a = -(alpha_dot / alpha); then sigma * sigma_dot * -2.0 - &a * sigma.square() * 2.0",
        ],
    },
    inputs: || {
        let input = |about: &str, [alpha, alpha_dot, sigma, sigma_dot]: [Tensor; 4]| {
            Input::new(about)
                .with("alpha", alpha)
                .with("alpha_dot", alpha_dot)
                .with("sigma", sigma)
                .with("sigma_dot", sigma_dot)
        };
        let mut rng = Rng::new(231);
        let one = |v: Float| Tensor::from([[v]]);
        vec![
            input("the linear path at t = ½", [0.5, 1.0, 0.5, -1.0].map(one)),
            input("variance exploding: α = 1", [1.0, 0.0, 2.0, -3.0].map(one)),
            input("variance preserved at α = 0.8, α′ = 0.6", [0.8, 0.6, 0.6, -0.8].map(one)),
            input("three times", {
                let [alpha, alpha_dot, sigma] = [(); 3].map(|()| rng.uniform_in(&[3, 1], 0.3, 1.5));
                [alpha, alpha_dot, sigma, -rng.uniform_in(&[3, 1], 0.3, 1.5)]
            }),
        ]
    },
    run: |answer, i| {
        let [alpha, alpha_dot, sigma, sigma_dot] =
            ["alpha", "alpha_dot", "sigma", "sigma_dot"].map(|name| i.tensor(name));
        let (a, g_squared) = answer(alpha, alpha_dot, sigma, sigma_dot);
        vec![a, g_squared]
    },
    right: |alpha, alpha_dot, sigma, sigma_dot| {
        let a = -(alpha_dot / alpha);
        let g_squared = noise(&a, sigma, sigma_dot);
        (a, g_squared)
    },
    wrong: &[
        Wrong {
            answer: |alpha, alpha_dot, sigma, sigma_dot| {
                let a = -(alpha_dot / alpha);
                let g_squared = noise(&a, sigma, sigma_dot);
                (-a, -g_squared)
            },
            says: "Time is not reversed: the primes are in the book's t, the equation runs in s = 1 − t. A \
                   negative g² cannot be.",
        },
        Wrong {
            answer: |alpha, alpha_dot, sigma, sigma_dot| {
                (-(alpha_dot / alpha), sigma * sigma_dot * -2.0)
            },
            says: "g² is only (σ²)′. The pull a x shrinks the noise that is there already, and g² must make \
                   up for it: subtract 2 a σ².",
        },
        Wrong {
            answer: |alpha, alpha_dot, sigma, sigma_dot| {
                let a = -(alpha_dot / alpha);
                let g_squared = sigma * sigma_dot * -2.0 - &a * sigma.square();
                (a, g_squared)
            },
            says: "The variance obeys v′ = 2 a v + g²: the pull acts on it twice, so 2 a σ² is to be \
                   subtracted, not a σ².",
        },
        Wrong {
            answer: |alpha, alpha_dot, sigma, sigma_dot| {
                let a = -(alpha_dot / alpha);
                let g = noise(&a, sigma, sigma_dot).sqrt();
                (a, g)
            },
            says: "This is g. The task wants g².",
        },
        Wrong {
            answer: |_, alpha_dot, sigma, sigma_dot| {
                let a = -alpha_dot;
                let g_squared = noise(&a, sigma, sigma_dot);
                (a, g_squared)
            },
            says: "The mean obeys m′ = a m with m = α x₁, so a = −α′/α, not −α′.",
        },
        Wrong {
            answer: |alpha, alpha_dot, sigma, sigma_dot| {
                let a = -(alpha_dot / alpha);
                let g_squared = noise(&-&a, sigma, sigma_dot);
                (a, g_squared)
            },
            says: "The sign of 2 a σ²: from v′ = 2 a v + g² follows g² = v′ − 2 a v.",
        },
    ],
};

/// (σ²)′ − 2aσ² in noising time, from the book's σ′.
fn noise(a: &Tensor, sigma: &Tensor, sigma_dot: &Tensor) -> Tensor {
    sigma * sigma_dot * -2.0 - a * sigma.square() * 2.0
}

fn inputs(seed: u64) -> Vec<Input> {
    let input = |about: &str, [x, score, a, g_squared]: [Tensor; 4]| {
        Input::new(about)
            .with("x", x)
            .with("score", score)
            .with("a", a)
            .with("g_squared", g_squared)
    };
    let mut rng = Rng::new(seed);
    let one = |v: Float| Tensor::from([[v]]);
    vec![
        input("one number, β = 4: a = −2, g² = 4", [1.5, -0.5, -2.0, 4.0].map(one)),
        input("variance exploding: a = 0", [1.0, 2.0, 0.0, 3.0].map(one)),
        input("in the plane", {
            let [x, score] = [(); 2].map(|()| rng.normal(&[3, 2]));
            [x, score, -rng.uniform(&[3, 1]), rng.uniform_in(&[3, 1], 0.5, 2.5)]
        }),
    ]
}

fn call(answer: Drift, i: &Input) -> Vec<Tensor> {
    vec![answer(i.tensor("x"), i.tensor("score"), i.tensor("a"), i.tensor("g_squared"))]
}

/// −a x + g² s.
pub const REVERSE_DRIFT: Check<Drift> = Check {
    exercise: Exercise {
        chapter: "sdes",
        name: "reverse_drift",
        statements: &["S7"],
        place: "08_sdes.md#time-run-backwards",
        outputs: &["drift"],
        learned: "Half of g² s turns the flow of the probability round, the other half pays for the noise on \
                  the way back.",
        hints: [
            "In the book's time the noising's drift changes its sign; then comes the score.",
            "−a x + g² ∇ ln p.",
            "score * g_squared - x * a",
        ],
    },
    inputs: || inputs(232),
    run: call,
    right: |x, s, a, g_2| s * g_2 - x * a,
    wrong: &[
        Wrong {
            answer: |x, s, a, g_2| s * g_2 + x * a,
            says: "The drift a x of the noising has kept its sign. Time runs the other way, so it is −a x.",
        },
        Wrong {
            answer: |x, s, a, g_2| s * g_2 * 0.5 - x * a,
            says: "½ g² s is for the ordinary equation. With fresh noise on the way back it is g² s.",
        },
        Wrong {
            answer: |x, s, a, g_2| s * g_2.sqrt() - x * a, says: "g stands where g² belongs."
        },
        Wrong {
            answer: |x, s, a, g_2| -(s * g_2) - x * a,
            says: "The sign of the score is wrong: on the way to the data the drift leads to where they are \
                   dense.",
        },
        Wrong {
            answer: |x, _, a, _| -(x * a),
            says: "The score is left out: the noising's drift alone, backwards, blows noise up; it knows \
                   nothing of the data.",
        },
    ],
};

/// −a x + ½ g² s.
pub const PROBABILITY_FLOW: Check<Drift> = Check {
    exercise: Exercise {
        chapter: "sdes",
        name: "probability_flow",
        statements: &["S7", "C3"],
        place: "08_sdes.md#time-run-backwards",
        outputs: &["drift"],
        learned: "An ordinary equation has the laws of the stochastic one at every time. It is the velocity \
                  that flow matching learns.",
        hints: [
            "The part of the score that pays for fresh noise is not needed here.",
            "−a x + ½ g² ∇ ln p.",
            "score * g_squared * 0.5 - x * a",
        ],
    },
    inputs: || inputs(233),
    run: call,
    right: |x, s, a, g_2| s * g_2 * 0.5 - x * a,
    wrong: &[
        Wrong {
            answer: |x, s, a, g_2| s * g_2 - x * a,
            says: "g² s is for the equation with noise. Without noise ½ g² s is enough; with more the law \
                   contracts.",
        },
        Wrong {
            answer: |x, s, a, g_2| x * a - s * g_2 * 0.5,
            says: "This is the flow in noising time, from data to noise. The task asks for the book's time: \
                   the other sign.",
        },
        Wrong {
            answer: |x, s, a, g_2| s * g_2 * 0.5 + x * a,
            says: "The drift a x of the noising has kept its sign. Time runs the other way, so it is −a x.",
        },
        Wrong {
            answer: |x, s, a, g_2| s * g_2.sqrt() * 0.5 - x * a,
            says: "g stands where g² belongs.",
        },
    ],
};
