//! Densities that are carried along: exercises 1 and 5 to 8.

use super::super::{Trace, augmented, log_density, log_normal, sample_with_density};
use super::{Field, columns, coordinates};
use crate::chapters::flow_matching::checks::{column, field, function};
use crate::check::{Check, Exercise, Function, Input, Wrong};
use crate::derivatives::divergence;
use crate::ode::{self, MIDPOINT, Solver};
use crate::random::Rng;
use crate::{Float, Tensor};
use std::f64::consts::LN_2;

type Scaling = fn(&Tensor, Float, Float) -> Tensor;
type Augmented = fn(Field, &Tensor, &Tensor) -> Tensor;
type LogDensity = fn(Field, &Tensor, usize) -> Tensor;
type Sample = fn(Field, &Tensor, usize) -> (Tensor, Tensor);

/// ln N(e^{−a t} x; 0, I) − a t d.
pub const SCALING_LOG_DENSITY: Check<Scaling> = Check {
    exercise: Exercise {
        chapter: "continuous_flows",
        name: "scaling_log_density",
        statements: &["C4"],
        place: "07_continuous_flows.md#one-number",
        outputs: &["ln p_t"],
        learned: "Two steps: go back to where the point came from, and pay for the volume. The \
                  field a x has the divergence a d, so ln p falls by a d t on the way.",
        hints: [
            "Where was the point at time 0? How much has a small volume grown since?",
            "x_0 = e^(−a t) x and ln p_t(x) = ln N(x_0; 0, I) − a t d, where ln N(x; 0, I) = \
             −‖x‖²/2 − d/2 ln 2π.",
            "let x_0 = x * Tensor::scalar(-rate * t).exp(); x_0.square().sum(1) * -0.5 - …",
        ],
    },
    inputs: || {
        let input = |about: &str, x: Tensor, rate: Float, t: Float| {
            Input::new(about).with("x", x).with("rate", rate).with("t", t)
        };
        let mut rng = Rng::new(74);
        vec![
            input("one point on the line, a = 1, t = 1", Tensor::from([[2.0]]), 1.0, 1.0),
            input("t = 0: the noise itself", Tensor::from([[1.0], [-0.5]]), 0.7, 0.0),
            input("a field that contracts, in the plane", rng.normal(&[4, 2]), -0.8, 0.5),
            input("three points in space", rng.normal(&[3, 3]), 0.6, 0.75),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("x"), i.number("rate"), i.number("t"))],
    right: |x, rate, t| log_normal(&back(x, rate * t)) - dim(x) * rate * t,
    wrong: &[
        Wrong {
            answer: |x, rate, t| log_normal(&back(x, rate * t)) + dim(x) * rate * t,
            says: "The sign of the volume is flipped. A field that spreads (a > 0) makes the law \
                   thinner: ln p falls by a t d.",
        },
        Wrong {
            answer: |x, rate, t| log_normal(&back(x, rate * t)),
            says: "The volume is missing: this is the density where the point came from. On the \
                   way it has changed; only a field without divergence leaves it.",
        },
        Wrong {
            answer: |x, rate, t| log_normal(&back(x, rate * t)) - rate * t,
            says: "The volume of one axis. All d of them are stretched: div(a x) = a d.",
        },
        Wrong {
            answer: |x, rate, t| log_normal(&back(x, -rate * t)) - dim(x) * rate * t,
            says: "You went forwards: x is where the point is at time t. Ask the noise's density \
                   where it was at 0, at e^(−a t) x.",
        },
        Wrong {
            answer: |x, rate, t| log_normal(x) - dim(x) * rate * t,
            says: "The noise's density is asked for at x. It belongs at the start, e^(−a t) x.",
        },
        Wrong {
            answer: |x, rate, t| {
                let (x_0, volume) = (back(x, rate * t), Tensor::scalar(dim(x) * rate * t).exp());
                log_normal(&x_0) - volume
            },
            says: "You subtract the volume e^(a t d) itself. Densities are divided by it, so ln p \
                   is reduced by its logarithm, a t d.",
        },
    ],
};

/// e^{−exponent} x.
fn back(x: &Tensor, exponent: Float) -> Tensor {
    x * Tensor::scalar(-exponent).exp()
}

fn dim(x: &Tensor) -> Float {
    x.shape()[1] as Float
}

/// (u, −div u).
pub const AUGMENTED: Check<Augmented> = Check {
    exercise: Exercise {
        chapter: "continuous_flows",
        name: "augmented",
        statements: &["C4"],
        place: "07_continuous_flows.md#a-point-that-knows-its-density",
        outputs: &["dz/dt"],
        learned: "One more column, and any solver for points solves for densities too. ln p does \
                  not act back: its own value is used nowhere.",
        hints: [
            "z has d + 1 columns. Which of them does u want, and what is the rate of the last one?",
            "dx/dt = u_t(x), dℓ/dt = −div u_t(x).",
            "let x = z.slice(1, 0..d); let (u, div) = divergence(|x| u(t, x), &x); \
             Tensor::concat(&[&u, &-div.reshape(&[n, 1])], 1)",
        ],
    },
    inputs: || {
        let input = |about: &str, u: &Function, t: Tensor, z: Tensor| {
            Input::new(about).with("u", u.clone()).with("t", t).with("z", z)
        };
        let line = function("u(t, x) = t x²; the factor 1 of t is a parameter", |t, x| {
            Tensor::scalar(1.0).variable() * t * x.square()
        });
        let mut rng = Rng::new(75);
        let t = rng.uniform_in(&[4, 1], 0.2, 0.9);
        let one = [[[0.5]], [[0.75]]].map(Tensor::from);
        let [one_t, _] = one;
        vec![
            input("one point on the line", &line, one_t, Tensor::from([[1.5, 2.0]])),
            input("four points of the plane", &bent(), t, rng.normal(&[4, 3])),
        ]
    },
    run: |answer, i| vec![answer(&field(i, "u"), i.tensor("t"), i.tensor("z"))],
    right: |u, t, z| slopes(u, t, z, |div, _| -div),
    wrong: &[
        Wrong {
            answer: |u, t, z| slopes(u, t, z, |div, _| div.clone()),
            says: "The sign of the last column is flipped: dℓ/dt = −div u. Where the field \
                   spreads, the law becomes thinner.",
        },
        Wrong {
            answer: |u, t, z| slopes(u, t, z, |div, _| div * 0.0),
            says: "The last column does not move: the divergence is not accumulated. This is the \
                   density for a field without divergence.",
        },
        Wrong {
            answer: |u, t, z| slopes(u, t, z, |div, l| -div * l),
            says: "−ℓ div u is the equation of p, dp/dt = −p div u. ℓ is ln p: divide by p, and \
                   the rate is −div u whatever ℓ is.",
        },
        Wrong {
            answer: |u, t, z| slopes(u, &(t * 0.0), z, |div, _| -div),
            says: "Time is dropped: u is asked at t = 0 always. Give it t.",
        },
        Wrong {
            answer: |u, t, z| {
                let d = z.shape()[1] - 1;
                slopes(u, t, z, |div, _| -div / d as Float)
            },
            says: "The mean of the diagonal of ∂u/∂x. Its trace is the sum.",
        },
        Wrong {
            answer: |u, t, z| {
                let all = slopes(u, t, z, |div, _| -div);
                let d = z.shape()[1] - 1;
                Tensor::concat(&[&all.slice(1, d..d + 1), &all.slice(1, 0..d)], 1)
            },
            says: "The columns are in another order than those of z: first the point, last its ℓ.",
        },
    ],
};

/// u beside f(div u, ℓ).
fn slopes(u: Field, t: &Tensor, z: &Tensor, f: impl Fn(&Tensor, &Tensor) -> Tensor) -> Tensor {
    let (n, d) = (z.shape()[0], z.shape()[1] - 1);
    let (u_x, div) = divergence(|x| u(t, x), &z.slice(1, 0..d));
    Tensor::concat(&[&u_x, &f(&div.reshape(&[n, 1]), &z.slice(1, d..d + 1))], 1)
}

/// ln p₀(x₀) − ∫ div u dt, x₀ and the integral solved backwards from x₁ at t = 1.
pub const LOG_DENSITY: Check<LogDensity> = Check {
    exercise: Exercise {
        chapter: "continuous_flows",
        name: "log_density",
        statements: &["C4"],
        place: "07_continuous_flows.md#backwards",
        outputs: &["ln p_1"],
        learned: "Any field has a likelihood, however it was trained: walk the data back to the \
                  noise, add up the divergence on the way, and ask the normal law.",
        hints: [
            "x_1 is known, x_0 is not. In which direction do you solve, and with what do ℓ and x \
             begin?",
            "Solve (x, ℓ) with (u, −div u) from t = 1 to 0, from (x_1, 0) to (x_0, ℓ_0). Forwards \
             ℓ would change by −ℓ_0: ln p_1(x_1) = ln N(x_0; 0, I) − ℓ_0.",
            "let field = |t, z: &Tensor| …; let z = ode::solve(field, &Tensor::concat(&[x_1, \
             &Tensor::zeros(&[n, 1])], 1), 1.0..0.0, steps, &ode::MIDPOINT); then slice z.",
        ],
    },
    inputs: || trained("x_1", 76),
    run: |answer, i| vec![answer(&field(i, "u"), i.tensor("x_1"), i.count("steps"))],
    right: |u, x_1, steps| log_density(alone(u), x_1, &Trace::Exact, midpoint(steps)),
    wrong: &[
        Wrong {
            answer: |u, x_1, steps| {
                let (x, l) = solved(u, x_1, 0.0..1.0, steps);
                log_normal(&x) - l
            },
            says: "You solved from t = 0 to 1. x_1 is data, at t = 1: the way to the noise leads \
                   backwards, 1.0..0.0.",
        },
        Wrong {
            answer: |u, x_1, steps| {
                let (x, l) = solved(u, x_1, 1.0..0.0, steps);
                log_normal(&x) + l
            },
            says: "The sign of the integral is flipped. On the way back ln p changes by ℓ_0, so it \
                   is ln p_0 − ln p_1 = ℓ_0, and ln p_1 = ln p_0 − ℓ_0.",
        },
        Wrong {
            answer: |u, x_1, steps| log_normal(&solved(u, x_1, 1.0..0.0, steps).0),
            says: "The divergence is not accumulated: this is the noise's density at x_0. The \
                   volume has changed on the way.",
        },
        Wrong {
            answer: |u, x_1, steps| log_normal(x_1) - solved(u, x_1, 1.0..0.0, steps).1,
            says: "The noise's density is asked for at x_1. Ask where the point has come from, at \
                   x_0.",
        },
        Wrong {
            answer: |u, x_1, steps| {
                let (x, _) = solved(u, x_1, 1.0..0.0, steps);
                let div = divergence(|x| u(&column(1.0, x), x), x_1).1;
                log_normal(&x) - div
            },
            says: "The divergence at the end stands for the whole way. It changes with time and \
                   place: integrate it, as a column of the state.",
        },
        Wrong {
            answer: |u, x_1, steps| {
                let reversed = |t: &Tensor, x: &Tensor| u(&(1.0 - t), x);
                let (x, l) = solved(&reversed, x_1, 0.0..1.0, steps);
                log_normal(&x) + l
            },
            says: "Time runs backwards, but the velocity does not: with s = 1 − t the field is \
                   −u_{1−s}, with a minus. Or let the solver do it, with 1.0..0.0.",
        },
    ],
};

/// The field at one time for all rows.
pub(super) fn alone(u: Field) -> impl Fn(Float, &Tensor) -> Tensor {
    move |t, x| u(&column(t, x), x)
}

pub(super) fn midpoint(steps: usize) -> Solver {
    Solver::Steps(steps, MIDPOINT)
}

/// (x, ℓ) at the end of a time, from (x, 0).
fn solved(u: Field, x: &Tensor, time: std::ops::Range<Float>, steps: usize) -> (Tensor, Tensor) {
    let (n, d) = (x.shape()[0], x.shape()[1]);
    let start = Tensor::concat(&[x, &Tensor::zeros(&[n, 1])], 1);
    let end = ode::solve(augmented(alone(u), &Trace::Exact), &start, time, steps, &MIDPOINT);
    (end.slice(1, 0..d), end.slice(1, d..d + 1).reshape(&[n]))
}

/// A field of the plane that depends on time, with parameters.
pub(super) fn bent() -> Function {
    function(
        "u(t, x) = (x₁ + t x₂², x₂ cos 3t − w x₁) with the parameter w = 2",
        |t, x| {
            let [a, b] = coordinates(x);
            let w = Tensor::scalar(2.0).variable();
            columns([&a + t * b.square(), &b * (t * 3.0).cos() - &a * w])
        },
    )
}

/// Fields of the line, of the plane and of space, points under the given name, and numbers of steps.
pub(super) fn trained(name: &'static str, seed: u64) -> Vec<Input> {
    let input = |about: &str, u: Function, x: Tensor, steps: usize| {
        Input::new(about).with("u", u).with(name, x).with("steps", steps)
    };
    let line = function("u(t, x) = w (1 + t) x with the parameter w = 1/2", |t, x| {
        Tensor::scalar(0.5).variable() * (1.0 + t) * x
    });
    let space = function("u(t, x) = sin(w x) + t x₁ with the parameter w = 2", |t, x| {
        (x * Tensor::scalar(2.0).variable()).sin() + t * x.slice(1, 0..1)
    });
    let mut rng = Rng::new(seed);
    vec![
        input("one point on the line, one step", line.clone(), Tensor::from([[1.5]]), 1),
        input("three points on the line, two steps", line, rng.normal(&[3, 1]), 2),
        input("four points of the plane, six steps", bent(), rng.normal(&[4, 2]) * 0.7, 6),
        input("two points in space, five steps", space, rng.normal(&[2, 3]), 5),
    ]
}

/// (x₁, ln p₀(x₀) − ∫ div u dt), solved forwards.
pub const SAMPLE_WITH_DENSITY: Check<Sample> = Check {
    exercise: Exercise {
        chapter: "continuous_flows",
        name: "sample_with_density",
        statements: &["C4"],
        place: "07_continuous_flows.md#backwards",
        outputs: &["x_1", "ln p_1"],
        learned: "A sampler that says how likely what it made is. Importance weights and physics \
                  need this; a GAN cannot do it.",
        hints: [
            "The state starts at t = 0. What is ln p of the noise?",
            "From (x_0, ln N(x_0; 0, I)) at t = 0 with (u, −div u) to (x_1, ln p_1(x_1)) at t = 1.",
            "As log_density, with 0.0..1.0 and the normal density of x_0 in the last column at the \
             start; then nothing is left to do but slice.",
        ],
    },
    inputs: || trained("x_0", 77),
    run: |answer, i| {
        let (x, log_p) = answer(&field(i, "u"), i.tensor("x_0"), i.count("steps"));
        vec![x, log_p]
    },
    right: |u, x_0, steps| sample_with_density(alone(u), x_0, &Trace::Exact, midpoint(steps)),
    wrong: &[
        Wrong {
            answer: |u, x_0, steps| solved(u, x_0, 0.0..1.0, steps),
            says: "ℓ begins at 0. It is ln p, so at t = 0 it is the normal density of x_0; what \
                   comes out is only its change.",
        },
        Wrong {
            answer: |u, x_0, steps| {
                let (x, l) = solved(u, x_0, 0.0..1.0, steps);
                (x, log_normal(x_0) - l)
            },
            says: "The sign of the change is flipped: forwards ln p_1 = ln p_0 + ℓ, where ℓ has \
                   grown at the rate −div u.",
        },
        Wrong {
            answer: |u, x_0, steps| {
                let (x, l) = solved(u, x_0, 0.0..1.0, steps);
                let log_p = log_normal(&x) + l;
                (x, log_p)
            },
            says: "The noise's density is asked for at x_1. The point was noise at x_0.",
        },
        Wrong {
            answer: |u, x_0, steps| {
                let (x, _) = solved(u, x_0, 0.0..1.0, steps);
                (x, log_normal(x_0))
            },
            says: "ln p of the noise itself: the divergence is not accumulated on the way.",
        },
        Wrong {
            answer: |u, x_0, steps| {
                let (x, l) = solved(u, x_0, 1.0..0.0, steps);
                (x, log_normal(x_0) + l)
            },
            says: "You solved from t = 1 to 0, which carries data to noise. x_0 is noise, at t = 0.",
        },
    ],
};

/// −mean ln p₁(x₁).
pub const NLL: Check<LogDensity> = Check {
    exercise: Exercise {
        chapter: "continuous_flows",
        name: "nll",
        statements: &["C4"],
        place: "07_continuous_flows.md#the-loss",
        outputs: &["loss"],
        learned: "A loss without any target. Its gradient goes back through every step of the \
                  solver and through the divergence, which is itself a derivative.",
        hints: [
            "The likelihood of a batch is a product of densities. What is its logarithm, for each \
             point?",
            "−mean ln p_1(x_1), in nats.",
            "-log_density(u, x_1, steps).mean(..): a scalar, with nothing detached.",
        ],
    },
    inputs: || trained("x_1", 78),
    run: |answer, i| vec![answer(&field(i, "u"), i.tensor("x_1"), i.count("steps"))],
    right: |u, x_1, steps| -likelihoods(u, x_1, steps).mean(..),
    wrong: &[
        Wrong {
            answer: |u, x_1, steps| likelihoods(u, x_1, steps).mean(..),
            says: "The sign is flipped: this is the log-likelihood. A loss is made small, so it is \
                   minus that.",
        },
        Wrong {
            answer: |u, x_1, steps| -likelihoods(u, x_1, steps).sum(..),
            says: "The sum over the batch; the loss is the mean over points.",
        },
        Wrong {
            answer: |u, x_1, steps| -likelihoods(u, x_1, steps).exp().mean(..).ln(),
            says: "The logarithm of the mean density. The likelihood of the batch is the product \
                   of the densities: take the mean of the logarithms.",
        },
        Wrong {
            answer: |u, x_1, steps| -likelihoods(u, x_1, steps).mean(..) / dim(x_1),
            says: "This is for each coordinate. The task wants nats for a whole point, to be \
                   compared with the entropy of the law.",
        },
        Wrong {
            answer: |u, x_1, steps| -likelihoods(u, x_1, steps).mean(..) / LN_2 as Float,
            says: "These are bits. The task wants nats: no division by ln 2.",
        },
        Wrong {
            answer: |u, x_1, steps| -log_normal(&solved(u, x_1, 1.0..0.0, steps).0).mean(..),
            says: "The divergence is missing. Without it the loss is least if all data are carried \
                   to one point, 0: nothing pays for the volume that is lost.",
        },
    ],
};

/// ln p₁ of each point.
fn likelihoods(u: Field, x_1: &Tensor, steps: usize) -> Tensor {
    log_density(alone(u), x_1, &Trace::Exact, midpoint(steps))
}
