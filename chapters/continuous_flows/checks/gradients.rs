//! The adjoint equations: exercises 12 and 13.

use super::{Family, Field, Gradient, columns, coordinates};
use crate::chapters::flow_matching::checks::{column, field, function};
use crate::check::{Check, Exercise, Function, Input, Wrong};
use crate::derivatives::{divergence, jvp, vjp};
use crate::ode::{self, MIDPOINT};
use crate::random::Rng;
use crate::{Float, Tensor};
use std::ops::Range;

type Slopes = fn(Field, &Tensor, &Tensor, &Tensor) -> (Tensor, Tensor);

/// (u, −aᵀ ∂u/∂x).
pub const ADJOINT_SLOPES: Check<Slopes> = Check {
    exercise: Exercise {
        chapter: "continuous_flows",
        name: "adjoint_slopes",
        statements: &["C6"],
        place: "07_continuous_flows.md#the-adjoint-state",
        outputs: &["dx/dt", "da/dt"],
        learned: "The equation of a(t) is linear in a, and its right side is one backward walk: a \
                  vector times the Jacobian, which is never written down.",
        hints: [
            "a holds the slope of the loss in x at time t. A backward walk with the seed a gives \
             what is needed.",
            "da/dt = −aᵀ ∂u/∂x: in coordinates, da_j/dt = −Σ_i a_i ∂u_i/∂x_j.",
            "let (u, product) = vjp(|x| u(t, x), x, a); (u, -product)",
        ],
    },
    inputs: || {
        let input = |about: &str, u: &Function, t: Tensor, x: Tensor, a: Tensor| {
            let input = Input::new(about).with("u", u.clone()).with("t", t);
            input.with("x", x).with("a", a)
        };
        let line = function("u(t, x) = t x²", |t, x| t * x.square());
        let plane = function("u(t, x) = (x₁ + t x₂², x₂ cos 3t − 2 x₁)", |t, x| {
            let [a, b] = coordinates(x);
            columns([&a + t * b.square(), &b * (t * 3.0).cos() - &a * 2.0])
        });
        let mut rng = Rng::new(84);
        let one = [[[0.5]], [[1.5]], [[2.0]]].map(Tensor::from);
        let [t, x, a] = one;
        let times = rng.uniform_in(&[4, 1], 0.2, 0.9);
        let [points, slopes] = [(); 2].map(|()| rng.normal(&[4, 2]));
        vec![
            input("one point on the line", &line, t, x, a),
            input("four points of the plane", &plane, times, points, slopes),
        ]
    },
    run: |answer, i| {
        let u = field(i, "u");
        let (x, a) = answer(&u, i.tensor("t"), i.tensor("x"), i.tensor("a"));
        vec![x, a]
    },
    right: |u, t, x, a| {
        let (u_x, product) = vjp(|x| u(t, x), x, a);
        (u_x, -product)
    },
    wrong: &[
        Wrong {
            answer: |u, t, x, a| vjp(|x| u(t, x), x, a),
            says: "The sign of da/dt is flipped. With the plus it is the equation of a \
                   displacement, transposed: a would grow where it must shrink. ⟨a, w⟩ is the \
                   same at all times for a displacement w, so a undoes what the flow does to w.",
        },
        Wrong {
            answer: |u, t, x, a| {
                let (u_x, product) = jvp(|x| u(t, x), x, a);
                (u_x, -product)
            },
            says: "This is −∂u/∂x a, the Jacobian times a. The adjoint wants aᵀ ∂u/∂x, the \
                   transpose: a is a slope, not a displacement. On the line there is no \
                   difference.",
        },
        Wrong {
            answer: |u, t, x, a| {
                let (u_x, div) = divergence(|x| u(t, x), x);
                let n = x.shape()[0];
                (u_x, -a * div.reshape(&[n, 1]))
            },
            says: "a times the divergence: on the line it is the same, elsewhere every coordinate \
                   of a needs a column of the Jacobian.",
        },
        Wrong {
            answer: |u, t, x, a| {
                let (u_x, product) = vjp(|x| u(&(t * 0.0), x), x, a);
                (u_x, -product)
            },
            says: "Time is dropped: u is asked at t = 0. Give it t.",
        },
        Wrong {
            answer: |u, t, x, a| {
                let (u_x, product) = vjp(|x| u(t, x), x, a);
                (-u_x, product)
            },
            says: "Both signs are flipped: these are the slopes in the time that is left, 1 − t. \
                   The task wants those in t; a solver that goes from 1 to 0 turns them around \
                   itself.",
        },
        Wrong {
            answer: |u, t, x, a| {
                let ones = Tensor::ones(x.shape());
                let (u_x, product) = vjp(|x| u(t, x), x, &ones);
                (u_x, -product * a)
            },
            says: "The backward walk began with ones, and a was multiplied in afterwards, \
                   coordinate by coordinate. a is the seed of the walk.",
        },
    ],
};

/// x, a and the integral of aᵀ ∂u/∂θ, solved together from t = 1 to 0.
pub const ADJOINT_GRADIENT: Check<Gradient> = Check {
    exercise: Exercise {
        chapter: "continuous_flows",
        name: "adjoint_gradient",
        statements: &["C6"],
        place: "07_continuous_flows.md#the-parameters",
        outputs: &["dL/dx_0", "dL/dtheta"],
        learned: "A gradient through a thousand steps, and none of them was kept: where the point \
                  was is found again on the way back.",
        hints: [
            "Three things travel backwards together: the point, the slope of the loss in it, and \
             the slope in θ collected so far. With what does each begin?",
            "dx/dt = u, da/dt = −aᵀ ∂u/∂x, dg/dt = −aᵀ ∂u/∂θ from t = 1 to 0, from (x_1, a_1, 0); \
             a(0) and g(0) are the answer.",
            "In a loop over the steps, or with one state: Tensor::concat of x, a and g, each \
             reshaped to [its length], and ode::solve(field, &state, 1.0..0.0, steps, \
             &ode::MIDPOINT). vjp(|theta| u(&t, x, theta), theta, a) has the last slope.",
        ],
    },
    inputs: || {
        let input = |about: &str, u: &Function, theta: Tensor, x: Tensor, a: Tensor, n: usize| {
            let input = Input::new(about).with("u", u.clone()).with("theta", theta);
            input.with("x_1", x).with("a_1", a).with("steps", n)
        };
        let growth = Function::new("u(t, x, θ) = θ x", |z| z[1] * z[2]);
        let network =
            Function::new("u(t, x, θ) = sin((x + t) θ)", |z| (z[1] + z[0]).matmul(z[2]).sin());
        let mut rng = Rng::new(85);
        let number = |v: Float| Tensor::from([[v]]);
        let [x, a] = [(); 2].map(|()| rng.normal(&[3, 2]));
        let (theta, one) = (rng.normal(&[2, 2]), Tensor::from([0.5]));
        vec![
            input("u = θ x on the line, one step", &growth, one, number(2.0), number(1.0), 1),
            input("three points of the plane, four steps", &network, theta, x, a, 4),
        ]
    },
    run: |answer, i| {
        let u = i.function("u");
        let u = |t: &Tensor, x: &Tensor, theta: &Tensor| u.call(&[t, x, theta]);
        let (theta, steps) = (i.tensor("theta"), i.count("steps"));
        let (x, g) = answer(&u, theta, i.tensor("x_1"), i.tensor("a_1"), steps);
        vec![x, g]
    },
    right: |u, theta, x_1, a_1, steps| back(u, theta, x_1, a_1, 1.0..0.0, steps, SIGNS),
    wrong: &[
        Wrong {
            answer: |u, theta, x_1, a_1, steps| {
                back(u, theta, x_1, a_1, 1.0..0.0, steps, [1.0, -1.0, 1.0])
            },
            says: "The sign of the gradient in θ is flipped. ∂L/∂θ is the integral of aᵀ ∂u/∂θ \
                   from 0 to 1. Solved from 1 to 0 it needs the slope −aᵀ ∂u/∂θ.",
        },
        Wrong {
            answer: |u, theta, x_1, a_1, steps| {
                back(u, theta, x_1, a_1, 1.0..0.0, steps, [1.0, 1.0, -1.0])
            },
            says: "The sign of da/dt is flipped: it is −aᵀ ∂u/∂x. With the plus, a shrinks on the \
                   way back where it should grow.",
        },
        Wrong {
            answer: |u, theta, x_1, a_1, steps| {
                back(u, theta, x_1, a_1, 1.0..0.0, steps, [0.0, -1.0, -1.0])
            },
            says: "The point does not move on your way back: u is differentiated at x_1 at all \
                   times. x must be solved backwards, too.",
        },
        Wrong {
            answer: |u, theta, x_1, a_1, steps| {
                back(u, theta, x_1, a_1, 1.0..0.0, steps, [1.0, 0.0, -1.0])
            },
            says: "a stays what it was at t = 1. It changes on the way back: da/dt = −aᵀ ∂u/∂x.",
        },
        Wrong {
            answer: |u, theta, x_1, a_1, steps| back(u, theta, x_1, a_1, 0.0..1.0, steps, SIGNS),
            says: "You solved from t = 0 to 1. x_1 and a_1 are known at t = 1: the way leads back \
                   to 0.",
        },
        Wrong {
            answer: |u, theta, x_1, a_1, steps| {
                let (a, g) = back(u, theta, x_1, a_1, 1.0..0.0, steps, SIGNS);
                (a, g / steps as Float)
            },
            says: "The mean over the steps stands where the integral belongs: multiply each term \
                   by the length of its step, which the solver does for you.",
        },
    ],
};

/// Those of dx/dt, da/dt and of the slope of the integral.
const SIGNS: [Float; 3] = [1.0, -1.0, -1.0];

/// a and the integral at the end of a time; the slopes of x, a and the integral times these signs.
fn back(
    u: Family,
    theta: &Tensor,
    x_1: &Tensor,
    a_1: &Tensor,
    time: Range<Float>,
    steps: usize,
    signs: [Float; 3],
) -> (Tensor, Tensor) {
    let (n, m) = (x_1.len(), theta.len());
    let flat = |parts: [&Tensor; 3]| {
        let parts = parts.map(|part| part.reshape(&[part.len()]));
        Tensor::concat(&parts.each_ref(), 0)
    };
    let slopes = |t: Float, state: &Tensor| {
        let x = state.slice(0, 0..n).reshape(x_1.shape());
        let a = state.slice(0, n..2 * n).reshape(x_1.shape());
        let t = column(t, &x);
        let (u_x, in_x) = vjp(|x| u(&t, x, theta), &x, &a);
        let (_, in_theta) = vjp(|theta| u(&t, &x, theta), theta, &a);
        let [of_x, of_a, of_g] = signs;
        flat([&(u_x * of_x), &(in_x * of_a), &(in_theta * of_g)]).detach()
    };
    let state = flat([x_1, a_1, &Tensor::zeros(&[m])]);
    let end = ode::solve(slopes, &state, time, steps, &MIDPOINT);
    (
        end.slice(0, n..2 * n).reshape(x_1.shape()),
        end.slice(0, 2 * n..2 * n + m).reshape(theta.shape()),
    )
}
