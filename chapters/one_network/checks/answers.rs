//! Conversions, weights and steps: all of the chapter's exercises.

use super::{Ddim, FromNoise, FromVelocity, Place, Weight};
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
    Exercise { chapter: "one_network", name, statements, place, outputs, learned, hints }
}

/// α, α′, σ, σ′ of a path at one or more times, in this order.
fn at_times(input: Input, [alpha, alpha_dot, sigma, sigma_dot]: [Tensor; 4]) -> Input {
    input
        .with("alpha", alpha)
        .with("alpha_dot", alpha_dot)
        .with("sigma", sigma)
        .with("sigma_dot", sigma_dot)
}

fn numbers(v: [Float; 4]) -> [Tensor; 4] {
    v.map(|v| Tensor::from([[v]]))
}

/// The linear path at t = ½, the cosine path somewhere, three times of something else.
fn conversions(said: &'static str, seed: u64) -> Vec<Input> {
    let mut rng = Rng::new(seed);
    let mut input = |about: &str, rows: usize, at: [Tensor; 4]| {
        let input = Input::new(about)
            .with(said, rng.normal(&[rows, 2]) * 2.0)
            .with("x", rng.normal(&[rows, 2]) * 2.0);
        at_times(input, at)
    };
    let times = |v: [[Float; 3]; 4]| v.map(|v| Tensor::new(&[3, 1], v.to_vec()));
    vec![
        input("the linear path at t = ¼", 1, numbers([0.25, 1.0, 0.75, -1.0])),
        input("the cosine path, α = 0.6", 2, numbers([0.6, 1.2566, 0.8, -0.9425])),
        input(
            "three times",
            3,
            times([[0.3, 0.5, 0.9], [1.3, 0.7, 0.4], [0.9, 0.8, 0.4], [-0.3, -1.2, -0.8]]),
        ),
    ]
}

/// u = α′ (x − σ ε)/α + σ′ ε.
pub const VELOCITY_FROM_NOISE: Check<FromNoise> = Check {
    exercise: exercise(
        "velocity_from_noise",
        &["S6"],
        "10_one_network.md#the-table",
        &["u"],
        "A network of DDPM is a network of flow matching: nothing has to be trained again.",
        [
            "Which data does the noise leave over? Then both are known, and each moves at its own rate.",
            "x̂₁ = (x − σ ε̂)/α, u = α′ x̂₁ + σ′ ε̂.",
            "let data = (x - sigma * noise) / alpha; alpha_dot * data + sigma_dot * noise",
        ],
    ),
    inputs: || conversions("noise", 411),
    run: |answer, i| {
        let [noise, x, a, b, s, r] =
            ["noise", "x", "alpha", "alpha_dot", "sigma", "sigma_dot"].map(|name| i.tensor(name));
        vec![answer(noise, x, a, b, s, r)]
    },
    right: |noise, x, a, b, s, r| b * (x - s * noise) / a + r * noise,
    wrong: &[
        Wrong {
            answer: |noise, x, _, b, s, r| b * (x - s * noise) + r * noise,
            says: "x − σ ε̂ is α x̂₁; it is not yet divided by α.",
        },
        Wrong {
            answer: |noise, x, a, b, s, _| b * (x - s * noise) / a,
            says: "The noise moves too: its share changes by σ′, so σ′ ε̂ is missing.",
        },
        Wrong {
            answer: |noise, x, a, b, s, r| b * (x - s * noise) / a - r * noise,
            says: "σ′ is negative already; σ′ ε̂ is added.",
        },
        Wrong {
            answer: |noise, x, a, _, s, _| (x - s * noise) / a - noise,
            says: "x̂₁ − ε̂ is the velocity of the linear path alone, where α′ = 1 and σ′ = −1.",
        },
        Wrong {
            answer: |noise, x, _, b, _, r| b * x + r * noise,
            says: "α′ multiplies the data x̂₁, not the point x.",
        },
    ],
};

fn d(a: &Tensor, b: &Tensor, s: &Tensor, r: &Tensor) -> Tensor {
    b * s - a * r
}

/// x̂₁ = (σ u − σ′ x)/D.
pub const DATA_FROM_VELOCITY: Check<FromVelocity> = Check {
    exercise: exercise(
        "data_from_velocity",
        &["S6"],
        "10_one_network.md#the-table",
        &["data"],
        "On the linear path it is x + (1 − t) u: go on straight ahead to t = 1.",
        [
            "Two equations for x̂₁ and x̂₀: one says what x is, the other what u is. Get rid of x̂₀.",
            "σ u − σ′ x = (σ α′ − σ′ α) x̂₁.",
            "(sigma * u - sigma_dot * x) / (alpha_dot * sigma - alpha * sigma_dot)",
        ],
    ),
    inputs: || conversions("u", 412),
    run: |answer, i| {
        let [u, x, a, b, s, r] =
            ["u", "x", "alpha", "alpha_dot", "sigma", "sigma_dot"].map(|name| i.tensor(name));
        vec![answer(u, x, a, b, s, r)]
    },
    right: |u, x, a, b, s, r| (s * u - r * x) / d(a, b, s, r),
    wrong: &[
        Wrong {
            answer: |u, x, _, _, s, r| s * u - r * x,
            says: "This is D x̂₁ with D = α′σ − ασ′. D is 1 on the linear path and nowhere else.",
        },
        Wrong {
            answer: |u, x, a, b, s, r| (s * u + r * x) / d(a, b, s, r),
            says: "The sign of σ′ x: σ u − σ′ x has no x̂₀ in it, σ u + σ′ x has.",
        },
        Wrong {
            answer: |u, x, a, b, s, r| (b * x - a * u) / d(a, b, s, r),
            says: "This is the noise x̂₀.",
        },
        Wrong {
            answer: |u, x, a, b, s, r| (s * u - r * x) / (b * s + a * r),
            says: "D is α′σ − ασ′, with a minus. σ′ is negative, so both of its parts are positive.",
        },
        Wrong {
            answer: |u, x, _, _, s, _| x + s * u,
            says: "x + (1 − t) u goes straight ahead. Only on the linear path is that where the data are.",
        },
    ],
};

/// s = (α u − α′ x)/(D σ).
pub const SCORE_FROM_VELOCITY: Check<FromVelocity> = Check {
    exercise: exercise(
        "score_from_velocity",
        &["S6"],
        "10_one_network.md#the-table",
        &["score"],
        "With this line a network of flow matching can be drawn from with noise, corrected by Langevin's \
         steps, or guided.",
        [
            "Find the noise first. The score is the noise, but for the sign and for σ.",
            "x̂₀ = (α′ x − α u)/D, s = −x̂₀/σ.",
            "let d = alpha_dot * sigma - alpha * sigma_dot; (alpha * u - alpha_dot * x) / (d * sigma)",
        ],
    ),
    inputs: || conversions("u", 413),
    run: |answer, i| {
        let [u, x, a, b, s, r] =
            ["u", "x", "alpha", "alpha_dot", "sigma", "sigma_dot"].map(|name| i.tensor(name));
        vec![answer(u, x, a, b, s, r)]
    },
    right: |u, x, a, b, s, r| (a * u - b * x) / (d(a, b, s, r) * s),
    wrong: &[
        Wrong {
            answer: |u, x, a, b, s, r| (b * x - a * u) / (d(a, b, s, r) * s),
            says: "The sign: the score leads away from the noise, s = −x̂₀/σ.",
        },
        Wrong {
            answer: |u, x, a, b, s, r| (a * u - b * x) / d(a, b, s, r),
            says: "This is −x̂₀. It is not yet divided by σ.",
        },
        Wrong {
            answer: |u, x, a, b, s, r| (a * u - b * x) / (d(a, b, s, r) * s * s),
            says: "It is divided by σ², as −(x − α x₁) would be. −x̂₀ needs only σ.",
        },
        Wrong {
            answer: |u, x, a, b, s, r| (a * u - b * x) / ((b * s + a * r) * s),
            says: "D is α′σ − ασ′, with a minus. σ′ is negative, so both of its parts are positive.",
        },
        Wrong {
            answer: |u, x, a, _, s, _| (a * u - x) / s,
            says: "This is the formula of the linear path, where α′ = 1 and D = 1.",
        },
    ],
};

/// (D/α)².
pub const LOSS_WEIGHT: Check<Weight> = Check {
    exercise: exercise(
        "loss_weight",
        &["S6"],
        "10_one_network.md#one-loss-many-weights",
        &["weight"],
        "Flow matching on the linear path is DDPM's loss with the weight 1/t²: it cares for the beginning, \
         where the noise is easy to say and the data are not.",
        [
            "x stays, so an error of the noise goes with one of the data. What becomes of u?",
            "α δx₁ = −σ δε and δu = α′ δx₁ + σ′ δε, so δu = −(D/α) δε.",
            "let d = alpha_dot * sigma - alpha * sigma_dot; (d / alpha).square()",
        ],
    ),
    inputs: || {
        let input = |about: &str, at: [Tensor; 4]| at_times(Input::new(about), at);
        let mut rng = Rng::new(414);
        let mut three = |low: Float, high: Float| rng.uniform_in(&[3, 1], low, high);
        vec![
            input("the linear path at t = ¼", numbers([0.25, 1.0, 0.75, -1.0])),
            input("variance exploding", numbers([1.0, 0.0, 2.0, -4.6])),
            input(
                "three times",
                [three(0.2, 0.9), three(0.5, 1.5), three(0.2, 0.9), three(-1.5, -0.5)],
            ),
        ]
    },
    run: |answer, i| {
        let [a, b, s, r] = ["alpha", "alpha_dot", "sigma", "sigma_dot"].map(|name| i.tensor(name));
        vec![answer(a, b, s, r)]
    },
    right: |a, b, s, r| (d(a, b, s, r) / a).square(),
    wrong: &[
        Wrong {
            answer: |a, b, s, r| d(a, b, s, r) / a,
            says: "This is the factor of the error. A loss is its square.",
        },
        Wrong {
            answer: |a, b, s, r| (d(a, b, s, r) / s).square(),
            says: "This is the weight beside a loss on the data. δε = −(α/σ) δx₁.",
        },
        Wrong {
            answer: |a, b, s, r| (a / d(a, b, s, r)).square(),
            says: "The other way round: how much a loss on the velocity is, seen as one on the noise.",
        },
        Wrong {
            answer: |_, _, _, r| r.square(),
            says: "Only the term σ′ δε is counted. The data err with the noise, as x does not change.",
        },
        Wrong {
            answer: |a, b, s, r| ((b * s + a * r) / a).square(),
            says: "δx₁ = −(σ/α) δε has a minus: δu = (σ′ − α′σ/α) δε.",
        },
        Wrong {
            answer: |a, _, _, _| 1.0 / a.square(),
            says: "1/t² is the weight of the linear path, where D = 1 and α = t.",
        },
    ],
};

/// α′ (x − σ ε)/α + σ′ ε with the shares of the next time.
pub const DDIM_STEP: Check<Ddim> = Check {
    exercise: exercise(
        "ddim_step",
        &["S6"],
        "10_one_network.md#one-step-many-names",
        &["x_next"],
        "Nothing in it is about a Markov chain: the belief stays, the shares change. With straight schedules \
         it is Euler's step of flow matching.",
        [
            "The belief about data and noise stays during the step; their shares become those of the next time.",
            "x̂₁ = (x − σ ε̂)/α, x′ = α′ x̂₁ + σ′ ε̂ with α′, σ′ of the next time.",
            "next_alpha * (x - sigma * noise) / alpha + next_sigma * noise",
        ],
    ),
    inputs: || {
        let mut rng = Rng::new(415);
        let mut input = |about: &str, n: usize, [a, s, b, r]: [Float; 4]| {
            Input::new(about)
                .with("noise", rng.normal(&[n, 2]))
                .with("x", rng.normal(&[n, 2]))
                .with("alpha", a)
                .with("sigma", s)
                .with("next_alpha", b)
                .with("next_sigma", r)
        };
        vec![
            input("on a circle", 1, [0.6, 0.8, 0.8, 0.6]),
            input("the linear path", 2, [0.25, 0.75, 0.5, 0.5]),
            input("the last step", 3, [0.9, 0.3, 1.0, 0.0]),
        ]
    },
    run: |answer, i| {
        let [a, s, b, r] = ["alpha", "sigma", "next_alpha", "next_sigma"].map(|n| i.number(n));
        vec![answer(i.tensor("noise"), i.tensor("x"), a, s, b, r)]
    },
    right: |noise, x, a, s, b, r| (x - noise * s) * (b / a) + noise * r,
    wrong: &[
        Wrong {
            answer: |noise, x, a, s, b, _| (x - noise * s) * (b / a),
            says: "The noise that stays is missing: σ of the next time, times ε̂. Without it every step \
                   contracts.",
        },
        Wrong {
            answer: |noise, x, a, s, b, _| (x - noise * s) * (b / a) + noise * s,
            says: "ε̂ is multiplied by the old σ. The shares are those of the next time.",
        },
        Wrong {
            answer: |noise, x, a, s, _, r| (x - noise * s) / a + noise * r,
            says: "x̂₁ lacks the share of the next time, α′.",
        },
        Wrong {
            answer: |noise, x, _, s, b, r| (x - noise * s) * b + noise * r,
            says: "x − σ ε̂ is α x̂₁; it is not yet divided by α.",
        },
        Wrong {
            answer: |noise, x, a, _, b, r| x * (b / a) + noise * r,
            says: "The old noise is still in x: subtract σ ε̂ first.",
        },
        Wrong {
            answer: |noise, x, a, s, b, _| (x - noise * s) * (b / a) + noise * (1.0 - b * b).sqrt(),
            says: "√(1 − α²) is σ where the variance is preserved. On other paths it is another: take the σ that is \
                   given.",
        },
    ],
};

/// t = α/(α + σ) and x/(α + σ).
pub const ON_THE_LINEAR_PATH: Check<Place> = Check {
    exercise: exercise(
        "on_the_linear_path",
        &["S6"],
        "10_one_network.md#any-path-from-one-network",
        &["t", "place"],
        "Paths differ by a clock and a scale. A network that was trained on one of them knows all.",
        [
            "The linear path has α = t and σ = 1 − t. At which t is (1 − t)/t = σ/α?",
            "t = α/(α + σ). x/α = x₁ + (σ/α) x₀ is the same on both, so the place is t x/α.",
            "(alpha / (alpha + sigma), x / (alpha + sigma))",
        ],
    ),
    inputs: || {
        let mut rng = Rng::new(416);
        let mut input = |about: &str, n: usize, alpha: Tensor, sigma: Tensor| {
            let x = rng.normal(&[n, 2]) * 2.0;
            Input::new(about).with("x", x).with("alpha", alpha).with("sigma", sigma)
        };
        let one = |v: Float| Tensor::from([[v]]);
        vec![
            input("on a circle", 1, one(0.6), one(0.8)),
            input("variance exploding, σ = 3", 2, one(1.0), one(3.0)),
            input("pure noise, α = 0", 2, one(0.0), one(2.0)),
            input("two times", 2, Tensor::from([[0.2], [0.9]]), Tensor::from([[0.9], [0.3]])),
        ]
    },
    run: |answer, i| {
        let (t, place) = answer(i.tensor("x"), i.tensor("alpha"), i.tensor("sigma"));
        vec![t, place]
    },
    right: |x, a, s| (a / (a + s), x / (a + s)),
    wrong: &[
        Wrong {
            answer: |x, a, s| (s / (a + s), x / (a + s)),
            says: "This is 1 − t. In the book t = 1 is the data, where σ = 0.",
        },
        Wrong {
            answer: |x, a, s| (a / (a + s), x + a * 0.0),
            says: "The place is not scaled: on the linear path the shares add up to 1, here to α + σ.",
        },
        Wrong {
            answer: |x, a, s| (a / (a + s), x * a / (a + s)),
            says: "This is t x. The place is t x/α = x/(α + σ).",
        },
        Wrong {
            answer: |x, a, s| {
                let length = (a.square() + s.square()).sqrt();
                (a / &length, x / length)
            },
            says: "This leads to the circle α² + σ² = 1. On the linear path α + σ = 1.",
        },
    ],
};

/// 1 − exp(−(B(i/N) − B((i − 1)/N))).
pub const CHAIN_BETA: Check<fn(Float, Float, usize) -> Tensor> = Check {
    exercise: exercise(
        "chain_beta",
        &["S8"],
        "10_one_network.md#chain-and-equation",
        &["beta"],
        "A chain of any number of steps with exactly the laws of the equation at its times. DDPM's β_i = \
         β(i/N)/N is its first order.",
        [
            "ᾱ at the time i/N is to be exp(−B(i/N)). What is left of it in one step?",
            "1 − β_i = ᾱ_i/ᾱ_{i−1} = exp(B(s_{i−1}) − B(s_i)), B(s) = β₀ s + ½ (β₁ − β₀) s².",
            "B at 0, 1/N, …, 1 is a tensor of count + 1 numbers; slice it twice: 1.0 - (&b.slice(0, 0..count) - \
             &b.slice(0, 1..count + 1)).exp()",
        ],
    ),
    inputs: || {
        let input = |about: &str, first: Float, last: Float, count: usize| {
            Input::new(about).with("beta_0", first).with("beta_1", last).with("count", count)
        };
        vec![
            input("one step", 0.1, 2.0, 1),
            input("a constant rate", 3.0, 3.0, 4),
            input("the usual rate in five steps", 0.1, 20.0, 5),
        ]
    },
    run: |answer, i| vec![answer(i.number("beta_0"), i.number("beta_1"), i.count("count"))],
    right: |first, last, n| 1.0 - (-exponents(first, last, n)).exp(),
    wrong: &[
        Wrong {
            answer: |first, last, n| {
                let s = Tensor::linspace(0.0, 1.0, n + 1).slice(0, 1..n + 1);
                (s * (last - first) + first) / n as Float
            },
            says: "This is DDPM's β(s)/N, the first order of what is asked for. With few steps it is more than 1.",
        },
        Wrong {
            answer: |first, last, n| exponents(first, last, n),
            says: "This is ∫β over each step. What is lost of ᾱ is 1 − exp(−∫β).",
        },
        Wrong {
            answer: |first, last, n| (-exponents(first, last, n)).exp(),
            says: "This is 1 − β_i, what is left.",
        },
        Wrong {
            answer: |first, last, n| 1.0 - (exponents(first, last, n) * -0.5).exp(),
            says: "√ᾱ = exp(−½B), but ᾱ = exp(−B): there is no half.",
        },
        Wrong {
            answer: |first, last, n| {
                let s = Tensor::linspace(0.0, 1.0, n + 1);
                let b = &s * first + s.square() * (0.5 * (last - first));
                1.0 - (-b.slice(0, 1..n + 1)).exp()
            },
            says: "This is 1 − ᾱ_i, all that is lost up to the step. β_i is what one step loses.",
        },
        Wrong {
            answer: |first, last, n| {
                let s = Tensor::linspace(0.0, 1.0, n + 1).slice(0, 1..n + 1);
                1.0 - ((s * (last - first) + first) / -(n as Float)).exp()
            },
            says: "β is taken at the end of the step, as if it were constant there. The exponent is its integral \
                   over the step, B(s_i) − B(s_{i−1}).",
        },
    ],
};

/// ∫β over each of the N steps.
fn exponents(first: Float, last: Float, n: usize) -> Tensor {
    let s = Tensor::linspace(0.0, 1.0, n + 1);
    let b = &s * first + s.square() * (0.5 * (last - first));
    b.slice(0, 1..n + 1) - b.slice(0, 0..n)
}
