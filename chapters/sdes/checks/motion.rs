//! Brownian motion and steps: exercises 1 to 5.

use super::{Field, Ito, Step, field, function};
use crate::check::{Check, Exercise, Input, Wrong};
use crate::random::Rng;
use crate::{Float, Tensor};

/// W at 0, h, 2h, … from noise.
pub const BROWNIAN_PATH: Check<fn(&Tensor, Float) -> Tensor> = Check {
    exercise: Exercise {
        chapter: "sdes",
        name: "brownian_path",
        statements: &["S1"],
        place: "08_sdes.md#brownian-motion",
        outputs: &["w"],
        learned: "A step of half the length has 0.7 of the noise, not half: variances add up, \
                  standard deviations do not.",
        hints: [
            "Variances of independent increments add up: those of 1/h steps must add up to 1.",
            "W(0) = 0 and W(t + h) = W(t) + √h ε.",
            "Tensor::concat(&[&Tensor::zeros(&[1, n]), &(z * h.sqrt()).cumsum(0)], 0), or a loop over \
             the rows.",
        ],
    },
    inputs: || {
        let input = |about: &str, z: Tensor, h: Float| Input::new(about).with("z", z).with("h", h);
        let mut rng = Rng::new(211);
        vec![
            input("two increments of 1, a quarter of time each", Tensor::ones(&[2, 1]), 0.25),
            input("a path of five steps", rng.normal(&[5, 1]), 0.04),
            input("three paths of four steps", rng.normal(&[4, 3]), 0.01),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("z"), i.number("h"))],
    right: |z, h| path(z, h.sqrt(), true),
    wrong: &[
        Wrong {
            answer: |z, h| path(z, h, true),
            says: "The noise is multiplied by h. An increment has the variance h, so its standard \
                   deviation is √h; with h the path would vanish as steps become short.",
        },
        Wrong {
            answer: |z, h| path(z, h.sqrt(), false),
            says: "The path does not begin in W(0) = 0: the first row is missing.",
        },
        Wrong {
            answer: |z, h| {
                let zero = Tensor::zeros(&[1, z.shape()[1]]);
                Tensor::concat(&[&zero, &(z * h.sqrt())], 0)
            },
            says: "These are the increments. The path is their sum up to each time.",
        },
        Wrong {
            answer: |z, _| path(z, 1.0, true),
            says: "The length of a step is left out: an increment over h has the variance h, not 1.",
        },
    ],
};

/// 0 and the sums of the first rows, each multiplied by `scale`.
fn path(z: &Tensor, scale: Float, with_start: bool) -> Tensor {
    let mut rows = vec![Tensor::zeros(&[1, z.shape()[1]])];
    for i in 0..z.shape()[0] {
        rows.push(&rows[i] + z.slice(0, i..i + 1) * scale);
    }
    let rows: Vec<&Tensor> = rows.iter().skip(usize::from(!with_start)).collect();
    Tensor::concat(&rows, 0)
}

/// Σ ΔW².
pub const QUADRATIC_VARIATION: Check<fn(&Tensor) -> Tensor> = Check {
    exercise: Exercise {
        chapter: "sdes",
        name: "quadratic_variation",
        statements: &["S1"],
        place: "08_sdes.md#squares-that-do-not-vanish",
        outputs: &["sum"],
        learned: "For a smooth curve the sum tends to 0 as steps become short. Here it tends to the \
                  time that has passed, on every path: this is where Itô's second derivative comes from.",
        hints: [
            "Differences of neighbours in time first.",
            "Σ_i (W_(i+1) − W_i)², one number for each path.",
            "let dw = w.slice(0, 1..n) - w.slice(0, 0..n - 1); then dw.square().sum(0)",
        ],
    },
    inputs: || {
        let mut rng = Rng::new(212);
        let walk = |z: Tensor| path(&z, 0.3, true);
        vec![
            Input::new("a path 0, 1, 0").with("w", Tensor::from([[0.0], [1.0], [0.0]])),
            Input::new("a path of six steps").with("w", walk(rng.normal(&[6, 1]))),
            Input::new("three paths that begin at 0.7").with("w", walk(rng.normal(&[9, 3])) + 0.7),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("w"))],
    right: |w| increments(w).square().sum(0),
    wrong: &[
        Wrong {
            answer: |w| increments(w).sum(0).square(),
            says: "The increments are added before they are squared: that is (W(T) − W(0))², whose mean \
                   is the same but which does not settle as steps become short.",
        },
        Wrong {
            answer: |w| increments(w).abs().sum(0),
            says: "These are absolute values. Their sum is the length of the path, which grows without \
                   bound as steps become short.",
        },
        Wrong {
            answer: |w| w.square().sum(0),
            says: "The values of W are squared. Take the differences of neighbours in time.",
        },
        Wrong {
            answer: |w| increments(w).square().mean(0),
            says: "This is the mean over steps. The sum is asked for: about the time that has passed.",
        },
        Wrong {
            answer: |w| {
                let along = increments(w).square();
                along.sum(1)
            },
            says: "The sum runs over paths. It should run over time, axis 0, and give a number for each \
                   path.",
        },
    ],
};

fn increments(w: &Tensor) -> Tensor {
    let n = w.shape()[0];
    w.slice(0, 1..n) - w.slice(0, 0..n - 1)
}

/// x + u h + g √h z.
pub const EULER_MARUYAMA_STEP: Check<Step> = Check {
    exercise: Exercise {
        chapter: "sdes",
        name: "euler_maruyama_step",
        statements: &["S1"],
        place: "08_sdes.md#euler-and-maruyama",
        outputs: &["x_new"],
        learned: "Without g it is Euler's step. With it, the noise of a short step is larger than the \
                  drift: √h against h.",
        hints: [
            "Two terms are added to x: one of the drift, one of the noise.",
            "X(t + h) ≈ X(t) + u(t, X) h + g(t, X) ΔW with ΔW = √h z.",
            "x + u(t, x) * h + g(t, x) * z * h.sqrt()",
        ],
    },
    inputs: || {
        let input = |about: &str, t: Float, x: Tensor, h: Float, z: Tensor| {
            Input::new(about)
                .with("u", function("u(t, x) = x cos t", |t, x| x * Tensor::scalar(t).cos()))
                .with("g", function("g(t, x) = 1 + t + x/2", |t, x| x * 0.5 + (1.0 + t)))
                .with("t", t)
                .with("x", x)
                .with("h", h)
                .with("z", z)
        };
        let mut rng = Rng::new(213);
        vec![
            input("one number, t = 0", 0.0, Tensor::from([[1.0]]), 0.25, Tensor::from([[2.0]])),
            input("no noise drawn: z = 0", 0.5, rng.normal(&[3, 2]), 0.1, Tensor::zeros(&[3, 2])),
            input("in the plane", 1.0, rng.normal(&[4, 2]), 0.04, rng.normal(&[4, 2])),
        ]
    },
    run: |answer, i| {
        let (x, z) = (i.tensor("x"), i.tensor("z"));
        vec![answer(&field(i, "u"), &field(i, "g"), i.number("t"), x, i.number("h"), z)]
    },
    right: |u, g, t, x, h, z| stepped(u, g, t, x, [h, h.sqrt()], z),
    wrong: &[
        Wrong {
            answer: |u, g, t, x, h, z| stepped(u, g, t, x, [h, h], z),
            says: "The noise is multiplied by h. Over the time h Brownian motion moves by √h z: variance h.",
        },
        Wrong {
            answer: |u, g, t, x, h, z| stepped(u, g, t, x, [h.sqrt(), h.sqrt()], z),
            says: "The drift is multiplied by √h. It moves x by u h; only the noise has the root.",
        },
        Wrong {
            answer: |u, g, t, x, h, z| stepped(u, g, t, x, [h, 1.0], z),
            says: "√h is forgotten at the noise: it does not become smaller with the step.",
        },
        Wrong {
            answer: |u, _, t, x, h, z| x + u(t, x) * h + z * h.sqrt(),
            says: "g is left out: the noise is g(t, x) √h z.",
        },
        Wrong {
            answer: |u, g, t, x, h, z| {
                let g_2 = |t: Float, x: &Tensor| g(t, x).square();
                stepped(u, &g_2, t, x, [h, h.sqrt()], z)
            },
            says: "g is squared. g² h is the variance of the noise; what multiplies z is g √h.",
        },
        Wrong {
            answer: |u, g, t, x, h, z| {
                let moved = x + u(t, x) * h;
                &moved + g(t, &moved) * z * h.sqrt()
            },
            says: "g is asked where the drift has led to. Itô's convention takes it at the beginning of the step, \
                   at x, where the noise to come is independent of it.",
        },
    ],
};

fn stepped(
    u: Field,
    g: Field,
    t: Float,
    x: &Tensor,
    [of_u, of_g]: [Float; 2],
    z: &Tensor,
) -> Tensor {
    x + u(t, x) * of_u + g(t, x) * z * of_g
}

/// u f′ + ½ g² f″.
pub const ITO_DRIFT: Check<Ito> = Check {
    exercise: Exercise {
        chapter: "sdes",
        name: "ito_drift",
        statements: &["S1"],
        place: "08_sdes.md#itôs-lemma",
        outputs: &["drift"],
        learned: "With f(x) = x² and no drift it says that the mean of W² grows by 1 in a unit of time. \
                  The chain rule says that it does not grow.",
        hints: [
            "Expand f(x + u h + g √h z) to second order in its increment and take the mean over z.",
            "The drift of f(X) is u f′ + ½ g² f″.",
            "u * slope + g.square() * bend * 0.5",
        ],
    },
    inputs: || {
        let input = |about: &str, [u, g, slope, bend]: [Tensor; 4]| {
            Input::new(about).with("u", u).with("g", g).with("slope", slope).with("bend", bend)
        };
        let mut rng = Rng::new(214);
        let one = |v: Float| Tensor::from([v]);
        vec![
            input("f = x² at x = 3, u = 0, g = 2", [one(0.0), one(2.0), one(6.0), one(2.0)]),
            input("f = eˣ, u = −x, g = 1 at x = 0.5", {
                let e = Tensor::from([0.5]).exp();
                [one(-0.5), one(1.0), e.clone(), e]
            }),
            input("four points", [(); 4].map(|()| rng.normal(&[4]))),
        ]
    },
    run: |answer, i| {
        let part = |name: &str| i.tensor(name);
        vec![answer(part("u"), part("g"), part("slope"), part("bend"))]
    },
    right: |u, g, slope, bend| u * slope + g.square() * bend * 0.5,
    wrong: &[
        Wrong {
            answer: |u, _, slope, _| u * slope,
            says: "This is the chain rule. Squares of Brownian increments do not vanish against h, so the \
                   second derivative stays: add ½ g² f″.",
        },
        Wrong {
            answer: |u, g, slope, bend| u * slope + g.square() * bend,
            says: "The ½ of Taylor's second term is forgotten.",
        },
        Wrong {
            answer: |u, g, slope, bend| u * slope + g * bend * 0.5,
            says: "g stands where g² belongs: the mean of (g ΔW)² is g² h.",
        },
        Wrong {
            answer: |u, g, slope, bend| u * slope - g.square() * bend * 0.5,
            says: "The sign of the second term is wrong: a convex f gains from noise.",
        },
    ],
};

type MeanAndVariance = fn(&Tensor, Float, Float, Float) -> (Tensor, Tensor);

/// x₀ e^(−θt) and σ² (1 − e^(−2θt)) / 2θ.
pub const ORNSTEIN_UHLENBECK: Check<MeanAndVariance> = Check {
    exercise: Exercise {
        chapter: "sdes",
        name: "ornstein_uhlenbeck",
        statements: &["S1"],
        place: "08_sdes.md#a-spring-in-the-rain",
        outputs: &["mean", "variance"],
        learned: "After a time of about 1/θ nothing is left of x₀, and the law is N(0, σ²/2θ). This is \
                  how diffusion forgets the data.",
        hints: [
            "Both obey ordinary equations: take the means of dX and, by Itô's lemma, of d(X²).",
            "m′ = −θ m from x₀, and v′ = −2θ v + σ² from 0.",
            "(x_0 * (-theta * t).exp(), σ² (1 − e^(−2θt)) / (2θ) in every row)",
        ],
    },
    inputs: || {
        let input = |about: &str, x_0: Tensor, theta: Float, sigma: Float, t: Float| {
            Input::new(about)
                .with("x_0", x_0)
                .with("theta", theta)
                .with("sigma", sigma)
                .with("t", t)
        };
        vec![
            input("θ = 1, σ = 1, t = 1, from 2", Tensor::from([2.0]), 1.0, 1.0, 1.0),
            input("at the start", Tensor::from([1.0, -0.5]), 2.0, 0.5, 0.0),
            input("three starts", Tensor::from([-1.0, 0.0, 3.0]), 0.5, 1.5, 0.75),
        ]
    },
    run: |answer, i| {
        let [theta, sigma, t] = ["theta", "sigma", "t"].map(|name| i.number(name));
        let (mean, variance) = answer(i.tensor("x_0"), theta, sigma, t);
        vec![mean, variance]
    },
    right: |x_0, theta, sigma, t| law(x_0, theta, sigma * sigma, t, 2.0 * theta),
    wrong: &[
        Wrong {
            answer: |x_0, theta, sigma, t| {
                let (mean, variance) = law(x_0, theta, sigma * sigma, t, 2.0 * theta);
                (mean, variance.sqrt())
            },
            says: "This is the standard deviation. The task wants the variance.",
        },
        Wrong {
            answer: |x_0, theta, sigma, t| law(x_0, theta, sigma, t, 2.0 * theta),
            says: "σ stands where σ² belongs: noise adds variance at the rate σ².",
        },
        Wrong {
            answer: |x_0, theta, sigma, t| law(x_0, theta, sigma * sigma, t, theta),
            says: "The variance decays at the rate 2θ, not θ: it is a square, and its drift is −2θ v.",
        },
        Wrong {
            answer: |x_0, theta, sigma, t| {
                let (mean, _) = law(x_0, theta, 1.0, t, 2.0 * theta);
                (mean, Tensor::full(x_0.shape(), sigma * sigma * t))
            },
            says: "σ² t is the variance of Brownian motion alone. The pull back to 0 keeps it below \
                   σ²/2θ.",
        },
        Wrong {
            answer: |x_0, theta, sigma, t| {
                let (mean, variance) = law(x_0, theta, sigma * sigma, t, 2.0 * theta);
                let all = Tensor::full(x_0.shape(), sigma * sigma / (2.0 * theta));
                (mean, all - variance)
            },
            says: "This is what is still missing of σ²/2θ. At t = 0 the variance is 0: X begins in x_0.",
        },
        Wrong {
            answer: |x_0, theta, sigma, t| {
                let (mean, _) = law(x_0, theta, 1.0, t, 2.0 * theta);
                (mean, law(x_0, theta, 0.5 * sigma * sigma, t, theta).1)
            },
            says: "The exponent of the variance is −2θt, not −θt: it decays as the square of the mean does.",
        },
    ],
};

/// x₀ e^(−θt) and square (1 − e^(−rate t)) / rate.
fn law(x_0: &Tensor, theta: Float, square: Float, t: Float, rate: Float) -> (Tensor, Tensor) {
    let decayed = |rate: Float| Tensor::scalar(-rate * t).exp();
    let variance = (1.0 - decayed(rate)) * (square / rate);
    (x_0 * decayed(theta), variance.broadcast_to(x_0.shape()))
}
