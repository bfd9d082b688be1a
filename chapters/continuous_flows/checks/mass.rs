//! Boxes, divergences and those who drift: exercises 2 to 4.

use super::super::outflow;
use super::{Field, Map, columns, coordinates, map};
use crate::chapters::flow_matching::checks::{field, function};
use crate::check::{Check, Exercise, Function, Input, Wrong};
use crate::derivatives::divergence;
use crate::random::Rng;
use crate::{Float, Tensor, grad_graph};

type Outflow = fn(Map, &Tensor, Float) -> Tensor;
type Divergence = fn(Map, &Tensor) -> Tensor;
type Drift = fn(Field, Field, &Tensor, &Tensor) -> Tensor;

/// Σⱼ (uⱼ(x + h/2 eⱼ) − uⱼ(x − h/2 eⱼ))/h.
pub const OUTFLOW: Check<Outflow> = Check {
    exercise: Exercise {
        chapter: "continuous_flows",
        name: "outflow",
        statements: &["C3"],
        place: "07_continuous_flows.md#a-box",
        outputs: &["outflow"],
        learned: "The divergence is a count: what leaves through the far walls, less what comes in \
                  through the near ones, per volume. Let h become small and it is Σ ∂u_j/∂x_j.",
        hints: [
            "The box has two walls for each axis. Which coordinate of u goes through them, and \
             where are their middles?",
            "Σ_j (u_j(x + h/2 e_j) − u_j(x − h/2 e_j)) / h: a wall has the area h^(d−1), the box \
             the volume h^d.",
            "for j in 0..d: let half = Tensor::from_fn(&[d], |i| if i == j { h / 2.0 } else { 0.0 \
             }); then (u(&(x + &half)) - …).slice(1, j..j + 1).reshape(&[n]) / h",
        ],
    },
    inputs: || {
        let input = |about: &str, u: &Function, x: Tensor, h: Float| {
            Input::new(about).with("u", u.clone()).with("x", x).with("h", h)
        };
        let square = map("u(x) = x³", |x| x.powi(3));
        let mut rng = Rng::new(71);
        let plane = rng.normal(&[4, 2]);
        let space = map("u(x) = x² + 2 x₁", |x| x.square() + x.slice(1, 0..1) * 2.0);
        vec![
            input("one point on the line, h = 1", &square, Tensor::from([[1.0]]), 1.0),
            input("four boxes in the plane, h = 0.5", &bent(), plane, 0.5),
            input("three boxes in space, h = 0.25", &space, rng.normal(&[3, 3]), 0.25),
        ]
    },
    run: |answer, i| vec![answer(&call(i, "u"), i.tensor("x"), i.number("h"))],
    right: |u, x, h| outflow(u, x, h),
    wrong: &[
        Wrong {
            answer: |u, x, h| -outflow(u, x, h),
            says: "The sign is flipped: this is what flows in. Far wall less near wall: where u \
                   grows along the axis, more leaves than enters.",
        },
        Wrong {
            answer: |u, x, h| outflow(u, x, h) * h,
            says: "Not divided by h. Flux times the walls' area h^(d−1), over the volume h^d, \
                   leaves 1/h.",
        },
        Wrong {
            answer: |u, x, h| outflow(u, x, 2.0 * h) * 2.0,
            says: "The walls are h/2 from the middle, not h: your box has the side 2h, and is \
                   divided by h.",
        },
        Wrong {
            answer: |u, x, h| walls(x, h, |half| (u(&(x + half)) - u(&(x - half))).sum(1)),
            says: "You count all coordinates of u at every wall. Through a wall across axis j goes \
                   u_j alone; the others move along it.",
        },
        Wrong {
            answer: |u, x, h| {
                let d = x.shape()[1];
                outflow(u, x, h) / d as Float
            },
            says: "The mean over the axes; the pairs of walls are added. All of them let mass out.",
        },
        Wrong {
            answer: |u, x, h| {
                let d = x.shape()[1];
                (0..d).fold(Tensor::zeros(&[x.shape()[0]]), |sum, j| {
                    let whole = unit(d, j, h);
                    let through = (u(&(x + &whole)) - u(x)).slice(1, j..j + 1);
                    sum + through.reshape(&[x.shape()[0]]) / h
                })
            },
            says: "Your box begins at x: the near walls are at x and the far ones at x + h. x is \
                   its middle; the walls are at x − h/2 and x + h/2.",
        },
    ],
};

/// size eⱼ.
fn unit(d: usize, j: usize, size: Float) -> Tensor {
    Tensor::from_fn(&[d], |i| if i == j { size } else { 0.0 })
}

/// Σⱼ f(h/2 eⱼ)/h.
fn walls(x: &Tensor, h: Float, f: impl Fn(&Tensor) -> Tensor) -> Tensor {
    let d = x.shape()[1];
    let terms = (0..d).map(|j| f(&unit(d, j, 0.5 * h)) / h);
    terms.fold(Tensor::zeros(&[x.shape()[0]]), |sum, term| sum + term)
}

/// A field of the plane all of whose derivatives differ.
fn bent() -> Function {
    map("u(x) = (x₁² − 2 x₂, x₁ x₂ + 3 x₁)", |x| {
        let [a, b] = coordinates(x);
        columns([a.square() - &b * 2.0, &a * &b + &a * 3.0])
    })
}

/// An input's field of x, to be called.
fn call<'a>(input: &'a Input, name: &str) -> impl Fn(&Tensor) -> Tensor + use<'a> {
    let function = input.function(name);
    move |x| function.call(&[x])
}

/// Σⱼ ∂uⱼ/∂xⱼ.
pub const DIVERGENCE: Check<Divergence> = Check {
    exercise: Exercise {
        chapter: "continuous_flows",
        name: "divergence",
        statements: &["C3", "C5"],
        place: "07_continuous_flows.md#a-box",
        outputs: &["div u"],
        learned: "d backward walks, one for each coordinate: this is what an exact trace costs, \
                  and it can be differentiated again.",
        hints: [
            "Which entries of the Jacobian belong to the divergence? A backward walk from one \
             column of u gives a row of it, for all points at once.",
            "div u = Σ_j ∂u_j/∂x_j. The rows of the batch are independent, so grad of the sum of \
             column j over the batch has ∂u_j/∂x_j of every point in its column j.",
            "let y = u(x); for j in 0..d: grad_graph(&y.slice(1, j..j + 1).sum(..), \
             &[x]).remove(0).slice(1, j..j + 1).reshape(&[n])",
        ],
    },
    inputs: || {
        let input = |about: &str, u: &Function, x: Tensor| {
            Input::new(about).with("u", u.clone()).with("x", x.variable())
        };
        let cubic = map("u(x) = x³", |x| x.powi(3));
        let mut rng = Rng::new(72);
        let space =
            map("u(x) = x² x₁ + x₂", |x| x.square() * x.slice(1, 0..1) + x.slice(1, 1..2));
        vec![
            input("one point on the line", &cubic, Tensor::from([[2.0]])),
            input("one point of the plane", &bent(), Tensor::from([[1.0, 2.0]])),
            input("four points of the plane", &bent(), rng.normal(&[4, 2])),
            input("three points in space", &space, rng.normal(&[3, 3])),
        ]
    },
    run: |answer, i| vec![answer(&call(i, "u"), i.tensor("x"))],
    right: |u, x| divergence(u, x).1,
    wrong: &[
        Wrong {
            answer: |u, x| grad_graph(&u(x).sum(..), &[x]).remove(0).sum(1),
            says: "The sum of all entries of the Jacobian: you differentiated the sum of all \
                   coordinates of u, and then added the columns. ∂u_i/∂x_j with i ≠ j does not \
                   belong to it.",
        },
        Wrong {
            answer: |u, x| grad_graph(&u(x).slice(1, 0..1).sum(..), &[x]).remove(0).sum(1),
            says: "One row of the Jacobian, added up: the gradient of u_1. The divergence takes \
                   one entry of each row, ∂u_j/∂x_j.",
        },
        Wrong {
            answer: |u, x| divergence(u, x).1 / x.shape()[1] as Float,
            says: "The mean of the diagonal stands where its sum belongs: outflows along the axes \
                   add up.",
        },
        Wrong {
            answer: |u, x| {
                let slopes = grad_graph(&u(x).slice(1, 0..1).sum(..), &[x]).remove(0);
                slopes.slice(1, 0..1).reshape(&[x.shape()[0]])
            },
            says: "Only ∂u_1/∂x_1: the other axes let mass out as well. Sum over j.",
        },
        Wrong {
            answer: |u, x| -divergence(u, x).1,
            says: "The sign is flipped. The divergence itself is the outflow, with a plus; the \
                   minus stands in the equation of ln p.",
        },
        Wrong {
            answer: |u, x| {
                let d = x.shape()[1];
                let squares = (0..d).map(|j| {
                    let row = grad_graph(&u(x).slice(1, j..j + 1).sum(..), &[x]).remove(0);
                    row.slice(1, d - 1 - j..d - j).reshape(&[x.shape()[0]])
                });
                squares.fold(Tensor::zeros(&[x.shape()[0]]), |sum, term| sum + term)
            },
            says: "The other diagonal: ∂u_1/∂x_d, …, ∂u_d/∂x_1. Coordinate j of u goes with \
                   coordinate j of x.",
        },
    ],
};

/// ∂ₜ ln p + ⟨u, ∇ ln p⟩.
pub const MATERIAL_DERIVATIVE: Check<Drift> = Check {
    exercise: Exercise {
        chapter: "continuous_flows",
        name: "material_derivative",
        statements: &["C3", "C4"],
        place: "07_continuous_flows.md#two-ways-to-watch",
        outputs: &["d ln p/dt"],
        learned: "One who stands still sees ∂ₜ ln p; one who drifts sees ⟨u, ∇ ln p⟩ besides. If u \
                  carries p, the sum is −div u, and no derivative of p is needed.",
        hints: [
            "ln p_t(x_t) depends on t in two places. Differentiate with the chain rule.",
            "d/dt ln p_t(x_t) = ∂ₜ ln p + ⟨u, ∇ ln p⟩.",
            "let (t, x) = (t.variable(), x.variable()); let slopes = grad(&log_p(&t, &x).sum(..), \
             &[&t, &x]); slopes[0] is [n, 1]: reshape it to [n]; then + (…).sum(1).",
        ],
    },
    inputs: || {
        let input = |about: &str, log_p: &Function, u: &Function, t: Tensor, x: Tensor| {
            let input = Input::new(about).with("log_p", log_p.clone()).with("u", u.clone());
            input.with("t", t).with("x", x)
        };
        let shifted = function("ln p(t, x) = −‖x − t²‖²/2 + constant", |t, x| {
            (x - t.square()).square().sum(1) * -0.5
        });
        let stretching = function("u(t, x) = t x + 1", |t, x| t * x + 1.0);
        let widening =
            function("ln p(t, x) = −x²/(2 (1 + t)²) − ln(1 + t) + constant", |t, x| {
                ((x / (1.0 + t)).square() * -0.5 - (1.0 + t).ln()).sum(1)
            });
        let spreading = function("u(t, x) = x/(1 + t)", |t, x| x / (1.0 + t));
        let shearing =
            function("u(t, x) = (1 + t) (x₁/2 − 2 x₂, x₁ + x₂²/4)", |t, x| {
                let [a, b] = coordinates(x);
                (1.0 + t) * columns([&a * 0.5 - &b * 2.0, &a + b.square() * 0.25])
            });
        let mut rng = Rng::new(73);
        let one = [[[0.5]], [[2.0]]].map(Tensor::from);
        let [t, s] = [(); 2].map(|()| rng.uniform_in(&[4, 1], 0.2, 0.9));
        let (line, plane) = (rng.normal(&[4, 1]), rng.normal(&[4, 2]));
        let [one_t, one_x] = one;
        vec![
            input("one point on the line", &shifted, &stretching, one_t, one_x),
            input("four points, a law that u carries", &widening, &spreading, t, line),
            input("four points in the plane", &shifted, &shearing, s, plane),
        ]
    },
    run: |answer, i| {
        let (log_p, u) = (field(i, "log_p"), field(i, "u"));
        vec![answer(&log_p, &u, i.tensor("t"), i.tensor("x"))]
    },
    right: |log_p, u, t, x| {
        let [time, carried, _] = terms(log_p, u, t, x);
        time + carried
    },
    wrong: &[
        Wrong {
            answer: |log_p, u, t, x| {
                let [time, _, _] = terms(log_p, u, t, x);
                time
            },
            says: "This is ∂ₜ ln p, what one sees who stands still. One who drifts comes to other \
                   places: add ⟨u, ∇ ln p⟩.",
        },
        Wrong {
            answer: |log_p, u, t, x| {
                let [_, carried, _] = terms(log_p, u, t, x);
                carried
            },
            says: "∂ₜ ln p is missing: the law changes while one drifts. t must be a variable too.",
        },
        Wrong {
            answer: |log_p, u, t, x| {
                let [time, carried, _] = terms(log_p, u, t, x);
                time - carried
            },
            says: "The sign of ⟨u, ∇ ln p⟩ is flipped. By the chain rule it is a plus: who drifts \
                   uphill sees ln p grow.",
        },
        Wrong {
            answer: |log_p, u, t, x| {
                let [_, _, div] = terms(log_p, u, t, x);
                -div
            },
            says: "This is −div u, what comes out if u carries p. Here nobody said that it does; \
                   compute the derivative from ln p.",
        },
        Wrong {
            answer: |log_p, u, t, x| {
                let [time, carried, div] = terms(log_p, u, t, x);
                time + carried + div
            },
            says: "This is the residual of the continuity equation, 0 where u carries p. What the \
                   drifting one sees is without div u.",
        },
        Wrong {
            answer: |log_p, u, t, x| {
                let [time, carried, _] = terms(log_p, u, t, x);
                (time + carried) * log_p(t, x).exp()
            },
            says: "This is the rate of p, not of ln p: a factor p too much.",
        },
    ],
};

/// ∂ₜ ln p, ⟨u, ∇ ln p⟩ and div u, each `[n]`, as constants.
fn terms(log_p: Field, u: Field, t: &Tensor, x: &Tensor) -> [Tensor; 3] {
    let (t, x) = (t.variable(), x.variable());
    let slopes = grad_graph(&log_p(&t, &x).sum(..), &[&t, &x]);
    let (u_x, div) = divergence(|x| u(&t, x), &x);
    let carried = (u_x * &slopes[1]).sum(1);
    [slopes[0].reshape(&[t.len()]).detach(), carried.detach(), div.detach()]
}
