//! A rule that can be differentiated again, and products with Hessian and Jacobian.

use super::{Product, Rule, exercise};
use crate::chapters::second_derivatives::{hvp, jvp, tanh_vjp, vjp};
use crate::check::{Check, Function, Input, Wrong};
use crate::random::Rng;
use crate::{Tensor, grad_graph};

/// g (1 − y²), as a graph.
pub const TANH_VJP: Check<Rule> = Check {
    exercise: exercise(
        "tanh_vjp",
        &["E8"],
        "engine_second_derivatives.md#rules-that-leave-a-graph",
        &["first", "second", "third"],
        "A rule in operations that have rules themselves: nothing more is needed for derivatives of any order.",
        [
            "It is the rule that you have for numbers, with tensors in their places.",
            "x̄ = g (1 − y²). Operations on tensors only: what leaves the graph has no second derivative.",
            "g times (1 minus a square).",
        ],
    ),
    inputs: || {
        let input = |about: &str, x: Tensor| Input::new(about).with("x", x);
        vec![
            input("at 0", Tensor::from([0.0])),
            input("at a half", Tensor::from([0.5])),
            input("five places", Tensor::from([-2.0, -1.0, 0.25, 0.75, 1.5])),
        ]
    },
    run: |answer, i| {
        let x = i.tensor("x").variable();
        let rule = move |g: &Tensor, x: &[Tensor], y: &Tensor, _: usize| answer(g, &x[0], y);
        // a g that is not 1, so that it is seen if it is forgotten
        let y = 2.0 * Tensor::custom("tanh", &[&x], |x| x[0].tanh(), rule);
        let mut derivatives = vec![];
        let mut last = y + 0.0 * x.powi(4);
        for _ in 0..3 {
            // what was cut off from the graph does not depend on x any more
            last = grad_graph(&last.sum(..), &[&x]).remove(0) + 0.0 * x.powi(4);
            derivatives.push(last.detach());
        }
        derivatives
    },
    right: tanh_vjp,
    wrong: &[
        Wrong {
            answer: |g, _, y| g * (1.0 - y.square()).detach(),
            says: "The first derivative is right and the others are not: something left the graph. `detach`, `data`, \
                   `item` and `to_vec` give numbers, and numbers remember nothing.",
        },
        Wrong {
            answer: |g, x, _| g * (1.0 - x.square()),
            says: "This is 1 − x². The derivative of tanh is 1 − tanh², which is 1 − y².",
        },
        Wrong {
            answer: |_, _, y| 1.0 - y.square(),
            says: "g is missing: what the rest of the program makes of y.",
        },
        Wrong { answer: |g, _, y| g * (1.0 - y), says: "The square of y is missing." },
        Wrong {
            answer: |g, _, y| g - y.square(),
            says: "g stands for the whole bracket: g (1 − y²), not g − y².",
        },
    ],
};

/// f, a point and a direction.
fn with_direction(name: &'static str, f: Function, x: Tensor, v: Tensor) -> Input {
    Input::new(f.formula).with(name, f).with("x", x.variable()).with("v", v)
}

/// ∇⟨∇f, v⟩.
pub const HVP: Check<Product> = Check {
    exercise: exercise(
        "hvp",
        &["E9"],
        "engine_second_derivatives.md#a-hessian-that-is-never-made",
        &["product"],
        "Two walks, whatever the number of weights: the Hessian, a square of that number, is never made.",
        [
            "What has H v for its gradient?",
            "The gradient of ⟨∇f(x), v⟩, with v held fixed.",
            "grad_graph twice: of f(x), then of the sum of its result times v.",
        ],
    ),
    inputs: || {
        let cubic = Function::new("f(x) = x₁² x₂ + x₂³", |x| {
            let [a, b] = [0, 1].map(|k| x[0].slice(0, k..k + 1));
            (a.square() * &b + b.powi(3)).sum(..)
        });
        let waves = Function::new("f(x) = Σ sin xᵢ · Σ xᵢ²", |x| {
            x[0].sin().sum(..) * x[0].square().sum(..)
        });
        let mut rng = Rng::new(861);
        vec![
            with_direction("f", cubic.clone(), Tensor::from([1.0, 2.0]), Tensor::from([1.0, 0.0])),
            with_direction("f", cubic, Tensor::from([1.0, 2.0]), Tensor::from([0.5, -1.0])),
            with_direction("f", waves, rng.normal(&[4]), rng.normal(&[4])),
        ]
    },
    run: |answer, i| {
        let f = i.function("f");
        vec![answer(&|x| f.call(&[x]), i.tensor("x"), i.tensor("v"))]
    },
    right: |f, x, v| hvp(f, x, v),
    wrong: &[
        Wrong {
            answer: |f, x, v| grad_graph(&f(x), &[x]).remove(0) * v,
            says: "This is the gradient times v, number by number. The second walk is missing.",
        },
        Wrong {
            answer: |f, x, v| hvp(f, x, &Tensor::ones(v.shape())),
            says: "v is not used: this is H times a vector of ones, the sums of the rows.",
        },
        Wrong {
            answer: |f, x, v| v * hvp(f, x, &Tensor::ones(v.shape())),
            says: "v comes after the second walk. It has to be inside: the gradient of ⟨∇f, v⟩.",
        },
        Wrong {
            answer: |f, x, v| {
                let gradient = grad_graph(&f(x), &[x]).remove(0);
                grad_graph(&((gradient * v).sum(..).square() * 0.5), &[x]).remove(0)
            },
            says: "⟨∇f, v⟩ is squared before the second walk. Then its own value comes in as a factor.",
        },
    ],
};

/// J v by two walks.
pub const JVP: Check<Product> = Check {
    exercise: exercise(
        "jvp",
        &["E10"],
        "engine_second_derivatives.md#forwards-by-going-backwards-twice",
        &["product"],
        "Jᵀ g is linear in g. The walk backwards through it is (Jᵀ)ᵀ v = J v.",
        [
            "Take Jᵀ g with a g that is a variable. On what does it depend, and how?",
            "⟨Jᵀ g, v⟩ = ⟨g, J v⟩; its gradient with respect to g is J v, whatever g is.",
            "A variable g of zeros in the shape of u(x); the gradient of ⟨u(x), g⟩ for x; that of its product with v for g.",
        ],
    ),
    inputs: || {
        let turning = Function::new("u(x) = (x₁ x₂, x₁² − x₂)", |x| {
            let [a, b] = [0, 1].map(|k| x[0].slice(0, k..k + 1));
            Tensor::concat(&[&(&a * &b), &(a.square() - &b)], 0)
        });
        let falling = Function::new("u(x) = (x₁ x₂ sin x₃, x₁ + x₃²)", |x| {
            let [a, b, c] = [0, 1, 2].map(|k| x[0].slice(0, k..k + 1));
            Tensor::concat(&[&(&a * &b * c.sin()), &(&a + c.square())], 0)
        });
        let mut rng = Rng::new(862);
        vec![
            with_direction(
                "u",
                turning.clone(),
                Tensor::from([2.0, 3.0]),
                Tensor::from([1.0, 0.0]),
            ),
            with_direction("u", turning, Tensor::from([2.0, 3.0]), Tensor::from([-1.0, 0.5])),
            with_direction("u", falling, rng.normal(&[3]), rng.normal(&[3])),
        ]
    },
    run: |answer, i| {
        let u = i.function("u");
        vec![answer(&|x| u.call(&[x]), i.tensor("x"), i.tensor("v"))]
    },
    right: |u, x, v| jvp(u, x, v),
    wrong: &[
        Wrong {
            answer: |u, x, v| {
                let y = u(x);
                let rows = v.len().min(y.len());
                let g = Tensor::from_fn(y.shape(), |k| if k < rows { v.data()[k] } else { 0.0 });
                vjp(u, x, &g)
            },
            says: "This is Jᵀ v, one walk: v from the left. J v takes a second walk, for g.",
        },
        Wrong {
            answer: |u, x, v| {
                let g = Tensor::ones(u(x).shape()).variable();
                vjp(u, x, &g) * v
            },
            says: "Jᵀ g times v, number by number: the second walk, for g, is missing.",
        },
        Wrong {
            answer: |u, x, v| jvp(u, x, &Tensor::ones(v.shape())),
            says: "v is not used: these are the sums of the rows of J.",
        },
        Wrong {
            answer: |u, x, v| u(&(x + v)) - u(x),
            says: "A difference of values. It is J v only where u is linear.",
        },
    ],
};
