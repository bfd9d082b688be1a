//! The loss and the sampler: exercises 9, 11 and 12.

use super::super::path::Path;
use super::{Field, column, field, function};
use crate::check::{Check, Exercise, Function, Input, Wrong};
use crate::random::Rng;
use crate::{Float, Tensor, ode};

type Loss = fn(Field, &Tensor, &Tensor, &Tensor) -> Tensor;
type Step = fn(Field, Float, &Tensor, Float) -> Tensor;
type Sample = fn(Field, &Tensor, usize) -> Tensor;

/// The mean over points and coordinates of (u(t, x_t) − (x₁ − x₀))².
pub const CFM_LOSS: Check<Loss> = Check {
    exercise: Exercise {
        chapter: "flow_matching",
        name: "cfm_loss",
        statements: &["F3", "F9"],
        place: "01_flow_matching.md#the-loss",
        outputs: &["loss"],
        learned: "That is all there is to train: no simulation, no likelihood, one regression. The \
                  network never sees x_1; it learns the mean of the velocities that pass.",
        hints: [
            "Three lines: where is the pair at time t, how fast does it go, and what does the \
             network say there?",
            "x_t = (1 − t) x_0 + t x_1; the target is x_1 − x_0; the loss is the mean of the \
             squared difference over points and coordinates.",
            "let x_t = …; u(t, &x_t).mse(&(…))",
        ],
    },
    inputs: || {
        let linear = function("u(t, x) = 2 x + t; the 2 is a parameter", |t, x| {
            Tensor::scalar(2.0).variable() * x + t
        });
        let bent = function("u(t, x) = cos 3t tanh(1.5 x); the 1.5 is a parameter", |t, x| {
            (Tensor::scalar(1.5).variable() * x).tanh() * (t * 3.0).cos()
        });
        let input = |about: &str, u: &Function, x: [Tensor; 2], t: Tensor| {
            let [x_0, x_1] = x;
            Input::new(about).with("u", u.clone()).with("x_0", x_0).with("x_1", x_1).with("t", t)
        };
        let mut rng = Rng::new(31);
        let mut pair = |n: usize, d: usize| {
            ([(); 2].map(|()| rng.normal(&[n, d])), rng.uniform_in(&[n, 1], 0.1, 0.9))
        };
        let one = [[[1.0]], [[3.0]]].map(Tensor::from);
        let ((plane, t), (space, s)) = (pair(4, 2), pair(3, 3));
        vec![
            input("one point on the line, t = 0.25", &linear, one, Tensor::from([[0.25]])),
            input("four points in the plane, a time for each", &linear, plane, t),
            input("three points in three dimensions", &bent, space, s),
        ]
    },
    run: |answer, i| vec![answer(&field(i, "u"), i.tensor("x_0"), i.tensor("x_1"), i.tensor("t"))],
    right: |u, x_0, x_1, t| {
        let (x_t, u_t) = Path::Linear.sample(x_0, x_1, t);
        u(t, &x_t).mse(&u_t)
    },
    wrong: &[
        Wrong {
            answer: |u, x_0, x_1, t| u(t, x_1).mse(&(x_1 - x_0)),
            says: "You fed x_1 to the network, where x_t belongs. It would learn about the data \
                   points only; the sampler asks along the whole way.",
        },
        Wrong {
            answer: |u, x_0, x_1, t| u(t, x_0).mse(&(x_1 - x_0)),
            says: "You fed x_0 to the network, where x_t belongs. It would learn one mean \
                   direction for each start; the sampler asks along the whole way.",
        },
        Wrong {
            answer: |u, x_0, x_1, t| u(t, &line(x_0, x_1, t)).mse(&(x_0 - x_1)),
            says: "The target is x_0 − x_1, the velocity from data to noise. The loss will fall, \
                   and the sampler will carry the noise away from the data.",
        },
        Wrong {
            answer: |u, x_0, x_1, t| (u(t, &line(x_0, x_1, t)) - (x_1 - x_0)).square().sum(..),
            says: "The sum stands where the mean belongs: this loss grows with the batch, and the \
                   learning rate would have to shrink with it.",
        },
        Wrong {
            answer: |u, x_0, x_1, t| (u(t, &line(x_0, x_1, t)) - (x_1 - x_0)).abs().mean(..),
            says: "The mean of absolute differences: its minimiser is a median. Only the mean of \
                   squares has the mean velocity as its minimiser, and Theorem 1 needs the mean.",
        },
        Wrong {
            answer: |u, x_0, x_1, t| {
                let t = t.slice(0, 0..1).broadcast_to(t.shape());
                u(&t, &line(x_0, x_1, &t)).mse(&(x_1 - x_0))
            },
            says: "The time of row 0 is used for all rows. Each pair has its own time.",
        },
    ],
};

/// x_t of the straight line.
fn line(x_0: &Tensor, x_1: &Tensor, t: &Tensor) -> Tensor {
    (1.0 - t) * x_0 + t * x_1
}

/// x + h u(t + h/2, x + h/2 u(t, x)).
pub const MIDPOINT_STEP: Check<Step> = Check {
    exercise: Exercise {
        chapter: "flow_matching",
        name: "midpoint_step",
        statements: &["C1", "F9"],
        place: "01_flow_matching.md#the-sampler",
        outputs: &["x(t + h)"],
        learned: "Two evaluations instead of Euler's one, and the error of a whole solve falls \
                  with h² instead of h: the velocity in the middle misses the bend on neither \
                  side.",
        hints: [
            "First go half the way with the velocity at x. Where are you then, and at what time?",
            "k_1 = u(t, x); k_2 = u(t + h/2, x + h/2 k_1); the result is x + h k_2.",
            "let column = |t| Tensor::full(&[x.shape()[0], 1], t); let middle = x + u(&column(t), x) * \
             (0.5 * h); x + u(&column(t + …), &middle) * …",
        ],
    },
    inputs: || {
        let input = |about: &str, u: &Function, t: Float, x: Tensor, h: Float| {
            Input::new(about).with("u", u.clone()).with("t", t).with("x", x).with("h", h)
        };
        let growth = function("u(t, x) = x", |_, x| x.clone());
        let (ramp, swing) = (ramp(), swing());
        let mut rng = Rng::new(32);
        let [few, more] = [rng.normal(&[3, 2]), rng.normal(&[5, 1])];
        vec![
            input(
                "u = x from 1: the result is 1 + h + h²/2",
                &growth,
                0.0,
                Tensor::from([[1.0]]),
                0.5,
            ),
            input("u depends on t alone", &ramp, 1.0, Tensor::from([[1.0]]), 0.5),
            input("three points in the plane", &swing, 0.25, few, 0.5),
            input("five points, h = 0.25", &swing, 0.5, more, 0.25),
        ]
    },
    run: |answer, i| vec![answer(&field(i, "u"), i.number("t"), i.tensor("x"), i.number("h"))],
    right: |u, t, x, h| ode::MIDPOINT.step(|t, x| u(&column(t, x), x), t, x, h),
    wrong: &[
        Wrong {
            answer: |u, t, x, h| {
                let middle = x + u(&column(t, x), x) * (0.5 * h);
                x + u(&column(t, x), &middle) * h
            },
            says: "The second evaluation is at time t. Half the step has been gone: the time there \
                   is t + h/2.",
        },
        Wrong {
            answer: |u, t, x, h| x + u(&column(t + 0.5 * h, x), x) * h,
            says: "The time is moved to the middle, the place is not: evaluate at x + h/2 u(t, x), \
                   not at x.",
        },
        Wrong {
            answer: |u, t, x, h| x + u(&column(t, x), x) * h,
            says: "This is Euler's step: one evaluation, at the beginning. It misses the bend.",
        },
        Wrong {
            answer: |u, t, x, h| {
                let k_1 = u(&column(t, x), x);
                let k_2 = u(&column(t + h, x), &(x + &k_1 * h));
                x + (k_1 + k_2) * (0.5 * h)
            },
            says: "This is Heun's step, the mean of the velocities at both ends. It has order two \
                   as well, but the task is the midpoint: one evaluation in the middle counts for \
                   the whole step.",
        },
        Wrong {
            answer: |u, t, x, h| {
                let end = x + u(&column(t, x), x) * h;
                x + u(&column(t + h, x), &end) * h
            },
            says: "You look at the end of the step, at t + h. Go only half the way before the \
                   second evaluation.",
        },
        Wrong {
            answer: |u, t, x, h| {
                let middle = x + u(&column(t, x), x) * (0.5 * h);
                let k_2 = u(&column(t + 0.5 * h, x), &middle);
                middle + k_2 * h
            },
            says: "The whole step starts at the middle point: you go one and a half steps. It \
                   starts at x; the middle is only there to ask for the velocity.",
        },
    ],
};

/// A field of time alone.
fn ramp() -> Function {
    function("u(t, x) = 6 t² + 0 x", |t, x| t.square() * 6.0 + x * 0.0)
}

/// A field of both.
fn swing() -> Function {
    function("u(t, x) = 3 cos(4t) − 2 sin x", |t, x| (t * 4.0).cos() * 3.0 - x.sin() * 2.0)
}

/// x at t = 1 by `steps` midpoint steps from t = 0.
pub const SAMPLE: Check<Sample> = Check {
    exercise: Exercise {
        chapter: "flow_matching",
        name: "sample",
        statements: &["F9"],
        place: "01_flow_matching.md#the-sampler",
        outputs: &["x at t = 1"],
        learned: "The whole sampler is a loop over time. With a trained u and x_0 from N(0, I) \
                  this makes new data, all points of the batch at once.",
        hints: [
            "How long is a step if `steps` of them lead from 0 to 1, and at what time does step i \
             begin?",
            "h = 1/steps; step i = 0 … steps − 1 begins at t = i h; each is a midpoint step.",
            "for i in 0..steps { x = midpoint_step(u, i as Float * h, &x, h); }",
        ],
    },
    inputs: || {
        let input = |about: &str, u: &Function, x: Tensor, steps: usize| {
            Input::new(about).with("u", u.clone()).with("x_0", x).with("steps", steps)
        };
        let mut rng = Rng::new(33);
        let [few, more] = [rng.normal(&[3, 2]), rng.normal(&[5, 1])];
        vec![
            input("one step, one point", &swing(), Tensor::from([[0.5]]), 1),
            input("two steps, u depends on t alone", &ramp(), Tensor::from([[1.0]]), 2),
            input("four steps, three points in the plane", &swing(), few, 4),
            input("seven steps, five points", &swing(), more, 7),
            // 19 · fl(1/19) < 1: a loop that adds up h until it reaches 1 takes a step too many
            input("nineteen steps", &ramp(), Tensor::from([[1.0]]), 19),
        ]
    },
    run: |answer, i| vec![answer(&field(i, "u"), i.tensor("x_0"), i.count("steps"))],
    right: |u, x_0, steps| {
        ode::solve(|t, x| u(&column(t, x), x), x_0, 0.0..1.0, steps, &ode::MIDPOINT)
    },
    wrong: &[
        Wrong {
            answer: |u, x_0, steps| {
                let h = 1.0 / (steps as Float - 1.0).max(1.0);
                walk(u, x_0, steps, |i| i as Float * h, h)
            },
            says: "h = 1/(steps − 1) is the distance of `steps` points, both ends included. \
                   `steps` steps have steps + 1 points: h = 1/steps. You end beyond t = 1.",
        },
        Wrong {
            answer: |u, x_0, steps| walk(u, x_0, steps, |_| 0.0, 1.0 / steps as Float),
            says: "Time never advances: every step begins at t = 0. Step i begins at i h.",
        },
        Wrong {
            answer: |u, x_0, steps| {
                let h = 1.0 / steps as Float;
                walk(u, x_0, steps, |i| 1.0 - i as Float * h, -h)
            },
            says: "You run from t = 1 to t = 0. That carries data to noise; the sampler starts \
                   with noise at t = 0.",
        },
        Wrong {
            answer: |u, x_0, _| {
                let n = x_0.shape()[0];
                let h = 1.0 / n as Float;
                walk(u, x_0, n, |i| i as Float * h, h)
            },
            says: "The loop runs over the rows of the batch, not over time: `steps` is never used. \
                   All rows move together; the loop is for i in 0..steps.",
        },
        Wrong {
            answer: |u, x_0, steps| {
                let field = |t: Float, x: &Tensor| u(&column(t, x), x);
                ode::solve(field, x_0, 0.0..1.0, steps, &ode::EULER)
            },
            says: "These are Euler's steps. The task wants the midpoint method, whose error is \
                   smaller by a power of h.",
        },
        Wrong {
            answer: |u, x_0, steps| {
                let h = 1.0 / steps as Float;
                walk(u, x_0, steps, |i| (i + 1) as Float * h, h)
            },
            says: "Each step uses the time of its end: your first begins at h instead of 0. \
                   Advance t after the step, not before.",
        },
    ],
};

/// Midpoint steps of length h that begin at the times t(i).
fn walk(u: Field, x_0: &Tensor, steps: usize, t: impl Fn(usize) -> Float, h: Float) -> Tensor {
    let step = |x: Tensor, i: usize| ode::MIDPOINT.step(|t, x| u(&column(t, x), x), t(i), &x, h);
    (0..steps).fold(x_0.clone(), step)
}
