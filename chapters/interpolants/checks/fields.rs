//! The score, a step of an SDE, and the case of noise at one end: exercises 4 to 6.

use crate::check::{Check, Exercise, Input, Wrong};
use crate::random::Rng;
use crate::{Float, Tensor};

type OfTwo = fn(&Tensor, &Tensor) -> Tensor;
type Step = fn(&Tensor, &Tensor, &Tensor, Float, Float, &Tensor) -> Tensor;

/// −η/γ.
pub const SCORE: Check<OfTwo> = Check {
    exercise: Exercise {
        chapter: "interpolants",
        name: "score",
        statements: &["I2"],
        place: "15_interpolants.md#the-denoiser-is-the-score",
        outputs: &["s"],
        learned: "Who knows which noise is in a point, on average, knows where the density rises: against \
                  it. No density was computed.",
        hints: [
            "Where is the noise-free point, seen from x? And where is the density higher?",
            "∇ ln p_t(x) = −E[z | x_t = x]/γ.",
            "-(eta / gamma)",
        ],
    },
    inputs: || {
        let mut rng = Rng::new(161);
        let mut input = |about: &str, n: usize, d: usize| {
            let eta = rng.normal(&[n, d]);
            Input::new(about).with("eta", eta).with("gamma", rng.uniform_in(&[n, 1], 0.2, 0.8))
        };
        vec![
            input("one point on the line", 1, 1),
            input("four points in the plane", 4, 2),
            input("three points in three dimensions", 3, 3),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("eta"), i.tensor("gamma"))],
    right: |eta, gamma| -(eta / gamma),
    wrong: &[
        Wrong {
            answer: |eta, gamma| eta / gamma,
            says: "The sign is flipped. x is the point without noise plus γ z; the density rises against \
                   the noise, not with it.",
        },
        Wrong {
            answer: |eta, gamma| -(eta / gamma.square()),
            says: "You divide by γ². That would be right for x − I = γ z, the noise as it is in the point; η \
                   is the mean of z itself.",
        },
        Wrong {
            answer: |eta, gamma| -(eta * gamma),
            says: "You multiply by γ instead of dividing. The less noise, the steeper ln p can be.",
        },
        Wrong {
            answer: |eta, _| -eta,
            says: "The division by γ is missing: this is the score in units of the noise.",
        },
    ],
};

/// x + (b ± ε s) h + √(2 ε |h|) ξ.
pub const SDE_STEP: Check<Step> = Check {
    exercise: Exercise {
        chapter: "interpolants",
        name: "sde_step",
        statements: &["I3"],
        place: "15_interpolants.md#any-amount-of-noise",
        outputs: &["the next x"],
        learned: "One pair b, s serves every diffusion ε and both directions. ε is chosen when one samples, \
                  not when one trains.",
        hints: [
            "Whichever way time runs, noise spreads the points, and the score must gather them again.",
            "Forwards dx = (b + ε s) h + √(2 ε h) ξ with h > 0; backwards dx = (b − ε s) h + √(2 ε |h|) ξ \
             with h < 0.",
            "x + (b + s * (epsilon * h.signum())) * h + xi * (2.0 * epsilon * h.abs()).sqrt()",
        ],
    },
    inputs: || {
        let mut rng = Rng::new(162);
        let mut input = |about: &str, n: usize, d: usize, epsilon: Float, h: Float| {
            let [b, s, x, xi] = [(); 4].map(|()| rng.normal(&[n, d]));
            let input = Input::new(about).with("b", b).with("s", s).with("x", x);
            input.with("epsilon", epsilon).with("h", h).with("xi", xi)
        };
        vec![
            input("one point, forwards, ε = 2", 1, 1, 2.0, 0.25),
            input("four points in the plane, backwards, ε = 0.5", 4, 2, 0.5, -0.125),
            input("three points, forwards, ε = 0: the ODE", 3, 2, 0.0, 0.5),
            input("three points, backwards, ε = 3", 3, 3, 3.0, -0.25),
        ]
    },
    run: |answer, i| {
        let x = |name: &str| i.tensor(name).clone();
        let (epsilon, h) = (i.number("epsilon"), i.number("h"));
        vec![answer(&x("b"), &x("s"), &x("x"), epsilon, h, &x("xi"))]
    },
    right: |b, s, x, epsilon, h, xi| {
        step(b, &(s * h.signum()), x, epsilon, h, xi, 2.0 * epsilon * h.abs())
    },
    wrong: &[
        Wrong {
            answer: |b, s, x, epsilon, h, xi| {
                step(b, s, x, epsilon, h, xi, 2.0 * epsilon * h.abs())
            },
            says: "Backwards the sign of the score must change: drift b − ε s, h < 0, so that s still pushes \
                   towards where points are dense. With + it pushes them apart.",
        },
        Wrong {
            answer: |b, _, x, epsilon, h, xi| x + b * h + xi * (2.0 * epsilon * h.abs()).sqrt(),
            says: "The score is missing: noise is added, and nothing gathers the points again. The laws \
                   spread.",
        },
        Wrong {
            answer: |b, s, x, epsilon, h, xi| {
                step(b, &(s * h.signum()), x, epsilon, h, xi, epsilon * h.abs())
            },
            says: "√(ε |h|) for √(2 ε |h|): here ε is the diffusion, the factor of Δp. The noise of a step \
                   has the variance 2 ε |h|.",
        },
        Wrong {
            answer: |b, s, x, epsilon, h, xi| {
                let shift = 2.0 * epsilon * h.abs();
                step(b, &(s * h.signum()), x, epsilon, h, xi, shift * shift)
            },
            says: "The noise is multiplied by its variance 2 ε |h|; take the root.",
        },
        Wrong {
            answer: |b, s, x, epsilon, h, xi| {
                step(b, &(s * h.signum()), x, 0.5 * epsilon, h, xi, 2.0 * epsilon * h.abs())
            },
            says: "ε s/2 belongs to noise of variance ε |h|, where σ² = ε. With the variance 2 ε |h| the drift \
                   is b ± ε s.",
        },
    ],
};

/// x + (b + ε s) h + √variance ξ.
fn step(
    b: &Tensor,
    s: &Tensor,
    x: &Tensor,
    epsilon: Float,
    h: Float,
    xi: &Tensor,
    variance: Float,
) -> Tensor {
    x + (b + s * epsilon) * h + xi * variance.sqrt()
}

/// √(α² + γ²).
pub const ONE_SIDED_SIGMA: Check<OfTwo> = Check {
    exercise: Exercise {
        chapter: "interpolants",
        name: "one_sided_sigma",
        statements: &["I4"],
        place: "15_interpolants.md#one-end-is-noise",
        outputs: &["sigma"],
        learned: "From noise, z adds nothing new: it is another schedule of the same noise. Flow matching's \
                  α_t is β here, and its σ_t is √(α² + γ²).",
        hints: [
            "α x_0 and γ z are independent and normal. What is the law of their sum?",
            "Variances of independent numbers add: σ² = α² + γ².",
            "(alpha.square() + gamma.square()).sqrt()",
        ],
    },
    inputs: || {
        let mut rng = Rng::new(163);
        let mut input = |about: &str, n: usize| {
            let alpha = rng.uniform_in(&[n, 1], 0.2, 0.9);
            Input::new(about).with("alpha", alpha).with("gamma", rng.uniform_in(&[n, 1], 0.1, 0.7))
        };
        vec![input("one time", 1), input("five times", 5)]
    },
    run: |answer, i| vec![answer(i.tensor("alpha"), i.tensor("gamma"))],
    right: |alpha, gamma| (alpha.square() + gamma.square()).sqrt(),
    wrong: &[
        Wrong {
            answer: |alpha, gamma| alpha + gamma,
            says: "Standard deviations do not add; variances of independent numbers do.",
        },
        Wrong {
            answer: |alpha, gamma| alpha.square() + gamma.square(),
            says: "This is the variance, σ². σ is its root.",
        },
        Wrong {
            answer: |alpha, gamma| (alpha.square() + gamma.square() * 2.0).sqrt(),
            says: "The 2 belongs to SDEs, where a step's noise has the variance 2 ε h. Here γ is a standard \
                   deviation.",
        },
        Wrong {
            answer: |alpha, gamma| (alpha + gamma) * 0.5,
            says: "The mean of the two is the size of neither. x_0 and z are independent: their variances \
                   add.",
        },
    ],
};
