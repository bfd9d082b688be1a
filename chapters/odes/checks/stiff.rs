//! Stiffness: exercises 12 and 13.

use super::{Field, field, function};
use crate::check::{Check, Exercise, Function, Input, Wrong};
use crate::random::Rng;
use crate::{Float, Tensor, grad};

/// −2 Re λ / |λ|².
pub const LONGEST_STEP: Check<fn(&Tensor) -> Tensor> = Check {
    exercise: Exercise {
        chapter: "odes",
        name: "longest_step",
        statements: &["C2"],
        place: "06_odes.md#stiffness",
        outputs: &["h"],
        learned: "The fastest part of a system dictates the step, even when it has long died out. \
                  And where nothing is damped, Re λ = 0, Euler's method has no stable step at \
                  all.",
        hints: [
            "One step of Euler multiplies x by 1 + h λ, a complex number. When is its length at \
             most 1?",
            "|1 + h λ|² = (1 + h a)² + h² b² ≤ 1 for λ = a + i b; solve for h.",
            "let (a, b) = (lambda.slice(1, 0..1), lambda.slice(1, 1..2)); … and .reshape(&[n]) at \
             the end",
        ],
    },
    inputs: || {
        let input = |about: &str, rows: &[[Float; 2]]| {
            Input::new(about).with("lambda", Tensor::new(&[rows.len(), 2], rows.concat()))
        };
        vec![
            input("a real λ: decay", &[[-4.0, 0.0]]),
            input("a swing that is damped", &[[-0.5, 2.0]]),
            input("three of them", &[[-1.0, 1.0], [-0.25, -1.0], [-3.0, 0.5]]),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("lambda"))],
    right: |lambda| {
        let [a, b] = parts(lambda);
        &a * -2.0 / (a.square() + b.square())
    },
    wrong: &[
        Wrong {
            answer: |lambda| 2.0 / parts(lambda)[0].abs(),
            says: "The imaginary part is left out: 2/|Re λ| is right for decay alone. What swings \
                   needs shorter steps.",
        },
        Wrong {
            answer: |lambda| {
                let [a, b] = parts(lambda);
                2.0 / (a.square() + b.square()).sqrt()
            },
            says: "2/|λ| would do if λ were real. |1 + h λ| ≤ 1 is a disc around −1: whoever \
                   walks from 0 in another direction leaves it sooner.",
        },
        Wrong {
            answer: |lambda| {
                let [a, b] = parts(lambda);
                1.0 / (a.square() + b.square()).sqrt()
            },
            says: "1/|λ| is the step with which a real decay reaches 0 at once. Stable are steps \
                   up to twice that; and a λ that is not real allows less.",
        },
        Wrong {
            answer: |lambda| {
                let [a, b] = parts(lambda);
                -&a / (a.square() + b.square())
            },
            says: "The 2 is missing: this is the step with which |1 + h λ| is smallest. It \
                   reaches 1 again at twice that.",
        },
        Wrong {
            answer: |lambda| {
                let [a, b] = parts(lambda);
                &a * 2.0 / (a.square() + b.square())
            },
            says: "The sign is flipped: Re λ is negative where something decays, and the step is \
                   positive.",
        },
    ],
};

/// Real and imaginary parts, each `[n]`.
fn parts(lambda: &Tensor) -> [Tensor; 2] {
    let n = lambda.shape()[0];
    [0, 1].map(|j| lambda.slice(1, j..j + 1).reshape(&[n]))
}

type Implicit = fn(Field, Float, &Tensor, Float, usize) -> Tensor;

/// y = x + h u(t + h, y), by Newton's iterations from y = x.
pub const IMPLICIT_EULER_STEP: Check<Implicit> = Check {
    exercise: Exercise {
        chapter: "odes",
        name: "implicit_euler_step",
        statements: &["C2"],
        place: "06_odes.md#a-step-that-looks-ahead",
        outputs: &["x(t + h)"],
        learned: "The equation for the end of the step costs derivatives, and stability at every \
                  step length pays for them. Newton's method needs ∂u/∂x, which is one call here.",
        hints: [
            "y is the unknown of g(y) = y − x − h u(t + h, y) = 0. What does Newton's method ask \
             for?",
            "y ← y − g(y)/g′(y) with g′ = 1 − h ∂u/∂y; each row is an equation of its own, so the \
             gradient of the sum of g has each row's g′.",
            "let y = y.variable(); let g = &y - x - u(t + h, &y) * h; let slope = \
             grad(&g.sum(..), &[&y]).remove(0); …detach()",
        ],
    },
    inputs: || {
        let input =
            |about: &str, u: &Function, [t, h]: [Float; 2], x: Tensor, iterations: usize| {
                Input::new(about)
                    .with("u", u.clone())
                    .with("t", t)
                    .with("x", x)
                    .with("h", h)
                    .with("iterations", iterations)
            };
        let mut rng = Rng::new(89);
        let more = rng.normal(&[4, 1]);
        let decay = function("u(t, x) = −20 x", |_, x| x * -20.0);
        let cubic = function("u(t, x) = −x³", |_, x| x.square() * -x);
        let driven = function("u(t, x) = −8 (x − cos 2t) − x³", |t, x| {
            (x - Tensor::scalar(2.0 * t).cos()) * -8.0 - x.square() * x
        });
        vec![
            input(
                "u = −20 x from 1: 1/(1 + 20 h), after one iteration",
                &decay,
                [0.0, 0.5],
                Tensor::from([[1.0]]),
                1,
            ),
            input("u = −x³ from 2, two iterations", &cubic, [0.0, 1.0], Tensor::from([[2.0]]), 2),
            input("four equations, three iterations", &driven, [0.25, 0.5], more, 3),
        ]
    },
    run: |answer, i| {
        let (t, h, iterations) = (i.number("t"), i.number("h"), i.count("iterations"));
        vec![answer(&field(i, "u"), t, i.tensor("x"), h, iterations)]
    },
    right: |u, t, x, h, iterations| newton(u, t + h, x, h, iterations, |y| y.clone(), 1.0),
    wrong: &[
        Wrong {
            answer: |u, t, x, h, iterations| newton(u, t, x, h, iterations, |y| y.clone(), 1.0),
            says: "The slope is asked for at time t. The step looks ahead: u(t + h, y).",
        },
        Wrong {
            answer: |u, t, x, h, _| x + u(t, x) * h,
            says: "This is the step of explicit Euler. The slope is that at the end, which is not \
                   known yet: y stands on both sides.",
        },
        Wrong {
            answer: |u, t, x, h, iterations| {
                (0..iterations).fold(x.clone(), |y, _| x + u(t + h, &y) * h)
            },
            says: "You put y in again and again: y ← x + h u(t + h, y). That converges only where \
                   |h ∂u/∂x| < 1, and the step was meant for fields where it is large. Use \
                   Newton's method.",
        },
        Wrong {
            answer: |u, t, x, h, iterations| {
                newton(u, t + h, x, h, iterations, |y| y.clone(), -1.0)
            },
            says: "The slope of g is 1 + h ∂u/∂y in your answer. g(y) = y − x − h u: its slope is \
                   1 − h ∂u/∂y.",
        },
        Wrong {
            answer: |u, t, x, h, iterations| newton(u, t + h, x, h, iterations, |_| x.clone(), 1.0),
            says: "The derivative is taken at x and kept. That is a method of its own, which \
                   saves work and needs more iterations; Newton's takes it anew at each y.",
        },
        Wrong {
            answer: |u, t, x, h, iterations| {
                newton(u, t + h, x, h, iterations, |y| y.clone(), 1.0 / h)
            },
            says: "The h is missing in the slope of g: 1 − h ∂u/∂y.",
        },
    ],
};

/// Newton's iterations with g′ = 1 − factor · h ∂u/∂y at the place `at` chooses.
fn newton(
    u: Field,
    end: Float,
    x: &Tensor,
    h: Float,
    iterations: usize,
    at: impl Fn(&Tensor) -> Tensor,
    factor: Float,
) -> Tensor {
    let mut y = x.detach();
    for _ in 0..iterations {
        let place = at(&y).detach().variable();
        let slope = grad(&u(end, &place).sum(..), &[&place]).remove(0);
        let g = &y - x - u(end, &y) * h;
        y = &y - g / (1.0 - slope * (h * factor));
    }
    y
}
