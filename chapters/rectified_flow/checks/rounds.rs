//! What a round learns from, and how few steps it needs: exercises 1, 4 and 6.

use super::Field;
use crate::chapters::flow_matching::checks::{column, field, function};
use crate::check::{Check, Exercise, Function, Input, Wrong};
use crate::random::Rng;
use crate::{Float, Tensor, ode};

type Pairs = fn(Field, &Tensor, usize) -> (Tensor, Tensor);

/// (x₀, the end of Euler's way from x₀), without a graph.
pub const REFLOW_PAIRS: Check<Pairs> = Check {
    exercise: Exercise {
        chapter: "rectified_flow",
        name: "reflow_pairs",
        statements: &["R1"],
        place: "13_rectified_flow.md#pairs-from-a-flow",
        outputs: &["x_0", "x_1", "graph"],
        learned: "That is reflow: the same training, with these pairs in the place of random ones. \
                  Both ends have the laws they had; what has changed is who goes where.",
        hints: [
            "Where does the flow carry each point of x_0? And which point is it to be paired with?",
            "x_1 is the end of Euler's steps x ← x + h u(i h, x), h = 1/steps, from x_0; the pair is \
             (x_0, x_1), both constants.",
            "let mut x = x_0.clone(); for i in 0..steps { x = &x + u(&Tensor::full(&[n, 1], …), &x) * \
             h; } (x_0.detach(), x.detach())",
        ],
    },
    inputs: || {
        let input = |about: &str, u: &Function, x: Tensor, steps: usize| {
            Input::new(about).with("u", u.clone()).with("x_0", x).with("steps", steps)
        };
        let growth = function("u(t, x) = 2 x + t; the 2 is a parameter", |t, x| {
            Tensor::scalar(2.0).variable() * x + t
        });
        let mut rng = Rng::new(131);
        let [few, more] = [rng.normal(&[3, 2]), rng.normal(&[5, 1])];
        vec![
            input("one step, one point", &growth, Tensor::from([[1.0]]), 1),
            input("two steps, two points", &growth, Tensor::from([[1.0], [-0.5]]), 2),
            input("four steps, three points in the plane", &swing(), few, 4),
            input("seven steps, five points", &swing(), more, 7),
        ]
    },
    run: |answer, i| {
        let (x_0, x_1) = answer(&field(i, "u"), i.tensor("x_0"), i.count("steps"));
        let tracked = Tensor::scalar(Float::from(x_1.is_tracked()));
        vec![x_0.detach(), x_1.detach(), tracked]
    },
    right: |u, x_0, steps| (x_0.detach(), walk(u, x_0, steps).detach()),
    wrong: &[
        Wrong {
            answer: |u, x_0, steps| (x_0.clone(), walk(u, x_0, steps)),
            says: "x_1 still holds the graph of the whole solve. The pairs are data: detach x_1, or \
                   the next round's gradient runs back through every step into the old network.",
        },
        Wrong {
            answer: |u, x_0, steps| (x_0.flip(0), walk(u, x_0, steps).detach()),
            says: "x_1 belongs to another x_0. Both laws are right, so nothing looks wrong; but the \
                   pairs are random again, and all that the last round achieved is lost.",
        },
        Wrong {
            answer: |u, x_0, steps| (walk(u, x_0, steps).detach(), x_0.detach()),
            says: "The pair is turned around: x_0 is where the flow starts, x_1 where it ends.",
        },
        Wrong {
            answer: |u, x_0, steps| {
                let back = |t: Float, x: &Tensor| u(&column(t, x), x);
                let x = ode::solve(back, x_0, 1.0..0.0, steps, &ode::EULER);
                (x_0.detach(), x.detach())
            },
            says: "You solve from t = 1 to t = 0. That is the way from data to noise; x_0 starts at \
                   t = 0.",
        },
        Wrong {
            answer: |u, x_0, _| (x_0.detach(), walk(u, x_0, 1).detach()),
            says: "This is one Euler step, whatever `steps` is. The first flow is bent, and one step of \
                   it ends elsewhere; the pairs must be the flow's own.",
        },
    ],
};

/// A field of time and place.
fn swing() -> Function {
    function("u(t, x) = 3 cos(4t) − 2 sin x; the 2 is a parameter", |t, x| {
        (t * 4.0).cos() * 3.0 - x.sin() * Tensor::scalar(2.0).variable()
    })
}

/// Euler's steps from t = 0 to t = 1.
fn walk(u: Field, x_0: &Tensor, steps: usize) -> Tensor {
    ode::solve(|t, x| u(&column(t, x), x), x_0, 0.0..1.0, steps, &ode::EULER)
}

/// x₀ + u(0, x₀).
pub const ONE_STEP: Check<fn(Field, &Tensor) -> Tensor> = Check {
    exercise: Exercise {
        chapter: "rectified_flow",
        name: "one_step",
        statements: &["R4"],
        place: "13_rectified_flow.md#one-step",
        outputs: &["x_1"],
        learned: "One evaluation of the network for one sample. On straight ways it is exact; of the \
                  first flow it gives the mean of the data that the point is paired with.",
        hints: [
            "How long is an Euler step if one of them leads from 0 to 1?",
            "x_1 = x_0 + 1 · u(0, x_0).",
            "x_0 + u(&Tensor::zeros(&[n, 1]), x_0)",
        ],
    },
    inputs: || {
        let mut rng = Rng::new(132);
        let mut input = |about: &str, u: &Function, n: usize, d: usize| {
            Input::new(about).with("u", u.clone()).with("x_0", rng.normal(&[n, d]))
        };
        let line = function("u(t, x) = 3 − 2 x + 5 t", |t, x| 3.0 - x * 2.0 + t * 5.0);
        vec![
            input("one point on the line", &line, 1, 1),
            input("three points in the plane", &swing(), 3, 2),
            input("five points in three dimensions", &swing(), 5, 3),
        ]
    },
    run: |answer, i| vec![answer(&field(i, "u"), i.tensor("x_0"))],
    right: |u, x_0| x_0 + u(&column(0.0, x_0), x_0),
    wrong: &[
        Wrong {
            answer: |u, x_0| u(&column(0.0, x_0), x_0),
            says: "This is the way, not where it leads: the step is added to x_0.",
        },
        Wrong {
            answer: |u, x_0| x_0 + u(&column(1.0, x_0), x_0),
            says: "You ask for the velocity at t = 1. Nobody is at x_0 then: the step begins at t = 0.",
        },
        Wrong {
            answer: |u, x_0| x_0 + u(&column(0.5, x_0), x_0),
            says: "The time is moved to the middle and the place is not. Euler's step takes both from \
                   its beginning: t = 0.",
        },
        Wrong {
            answer: |u, x_0| {
                let middle = x_0 + u(&column(0.0, x_0), x_0) * 0.5;
                x_0 + u(&column(0.5, x_0), &middle)
            },
            says: "A midpoint step: two evaluations of the network. On straight ways the second says \
                   what the first said; here one is asked for.",
        },
        Wrong {
            answer: |u, x_0| x_0 - u(&column(0.0, x_0), x_0),
            says: "The sign is that of a step back in time. u leads from x_0 to x_1.",
        },
    ],
};

/// The mean over points and coordinates of (u(0, x₀) − (x₁ − x₀))².
pub const DISTILLATION_LOSS: Check<fn(Field, &Tensor, &Tensor) -> Tensor> = Check {
    exercise: Exercise {
        chapter: "rectified_flow",
        name: "distillation_loss",
        statements: &["R4"],
        place: "13_rectified_flow.md#distillation",
        outputs: &["loss"],
        learned: "The network learns one map instead of a field, from pairs that a flow has made. It \
                  gives samples in one step and nothing else: no way, no likelihood, no second step.",
        hints: [
            "One Euler step is to lead from x_0 to x_1. What must u say, where, and when?",
            "x_0 + u(0, x_0) = x_1, so the target of u(0, x_0) is x_1 − x_0; the loss is the mean of the \
             squared difference.",
            "u(&Tensor::zeros(&[n, 1]), x_0).mse(&(…))",
        ],
    },
    inputs: || {
        let mut rng = Rng::new(133);
        let mut input = |about: &str, u: &Function, n: usize, d: usize| {
            let [x_0, x_1] = [(); 2].map(|()| rng.normal(&[n, d]));
            Input::new(about).with("u", u.clone()).with("x_0", x_0).with("x_1", x_1 * 2.0)
        };
        let linear = function("u(t, x) = 2 x + t; the 2 is a parameter", |t, x| {
            Tensor::scalar(2.0).variable() * x + t
        });
        vec![
            input("one point on the line", &linear, 1, 1),
            input("four points in the plane", &swing(), 4, 2),
            input("three points in three dimensions", &swing(), 3, 3),
        ]
    },
    run: |answer, i| vec![answer(&field(i, "u"), i.tensor("x_0"), i.tensor("x_1"))],
    right: |u, x_0, x_1| u(&column(0.0, x_0), x_0).mse(&(x_1 - x_0)),
    wrong: &[
        Wrong {
            answer: |u, x_0, x_1| u(&column(0.0, x_0), x_0).mse(x_1),
            says: "The target is x_1. Then u(0, x_0) itself would be the sample; an Euler step adds \
                   x_0 to it, so u must learn the way x_1 − x_0.",
        },
        Wrong {
            answer: |u, x_0, x_1| {
                let x_t = (x_0 + x_1) * 0.5;
                u(&column(0.5, x_0), &x_t).mse(&(x_1 - x_0))
            },
            says: "You ask in the middle of the way. That is flow matching at t = ½; distillation asks \
                   only where the one step begins, at (0, x_0).",
        },
        Wrong {
            answer: |u, x_0, x_1| u(&column(1.0, x_0), x_0).mse(&(x_1 - x_0)),
            says: "The time is 1. The sampler's one step begins at t = 0 and never asks for another \
                   time, so that is where the network must learn.",
        },
        Wrong {
            answer: |u, x_0, x_1| u(&column(0.0, x_0), x_0).mse(&(x_0 - x_1)),
            says: "The target points from the data to the noise: the sign is flipped.",
        },
        Wrong {
            answer: |u, x_0, x_1| {
                (u(&column(0.0, x_0), x_0) - (x_1 - x_0)).square().sum(1).sqrt().mean(..)
            },
            says: "The mean of lengths, not of squares. Its minimiser is a median; only the mean of \
                   squares has the conditional mean as its minimiser.",
        },
    ],
};
