//! Sums of derivatives: the divergence of a field and the Laplacian of a function.

use super::{Trace, exercise};
use crate::chapters::second_derivatives::{divergence, laplacian};
use crate::check::{Check, Function, Input, Wrong};
use crate::random::Rng;
use crate::{Tensor, grad_graph};

fn coordinates(x: &Tensor) -> [Tensor; 2] {
    [0, 1].map(|k| x.slice(1, k..k + 1))
}

fn input(about: &str, name: &'static str, f: &Function, x: Tensor) -> Input {
    Input::new(format!("{about}, {}", f.formula)).with(name, f.clone()).with("x", x.variable())
}

/// Σᵢ ∂uᵢ/∂xᵢ at each row.
pub const DIVERGENCE: Check<Trace> = Check {
    exercise: exercise(
        "divergence",
        &["E11"],
        "engine_second_derivatives.md#sums-along-the-diagonal",
        &["divergence"],
        "One walk for each coordinate, for all rows at once: rows do not depend on one another, so their sum may be differentiated.",
        [
            "Coordinate i of u, summed over the rows, is a number. What is its gradient?",
            "Row by row that gradient is (∂uᵢ/∂x₁, …, ∂uᵢ/∂x_d). One of its entries is wanted.",
            "A loop over i: slice column i of u(x), sum, grad_graph, slice column i again; add up.",
        ],
    ),
    inputs: || {
        let stretch = Function::new("u(x) = (3 x₁ + x₂, x₁ − x₂)", |x| {
            let [a, b] = coordinates(x[0]);
            Tensor::concat(&[&(&a * 3.0 + &b), &(&a - &b)], 1)
        });
        let bent = Function::new("u(x) = (x₁² x₂, sin x₂ + x₁)", |x| {
            let [a, b] = coordinates(x[0]);
            Tensor::concat(&[&(a.square() * &b), &(b.sin() + &a)], 1)
        });
        let cubic = Function::new("u(x) = x³", |x| x[0].powi(3));
        let mut rng = Rng::new(871);
        vec![
            input("one point", "u", &stretch, Tensor::from([[1.0, 2.0]])),
            input("one point", "u", &bent, Tensor::from([[1.0, 2.0]])),
            input("four points", "u", &bent, rng.normal(&[4, 2])),
            input("three points in space", "u", &cubic, rng.normal(&[3, 3])),
        ]
    },
    run: |answer, i| {
        let u = i.function("u");
        vec![answer(&|x| u.call(&[x]), i.tensor("x"))]
    },
    right: |u, x| divergence(u, x),
    wrong: &[
        Wrong {
            answer: |u, x| grad_graph(&u(x).sum(..), &[x]).remove(0).sum(1),
            says: "One walk from the sum of all coordinates gives the sum of all entries of the Jacobian. Only its diagonal is wanted.",
        },
        Wrong {
            answer: |u, x| divergence(u, x).sum(..),
            says: "The rows are added up. Each has a divergence of its own: `[n, d]` → `[n]`.",
        },
        Wrong {
            answer: |u, x| divergence(u, x) / x.shape()[1] as crate::Float,
            says: "This is the mean of the diagonal; the divergence is its sum.",
        },
        Wrong {
            answer: |u, x| {
                let column = u(x).slice(1, 0..1).sum(..);
                grad_graph(&column, &[x]).remove(0).sum(1)
            },
            says: "Only the first coordinate of u is used, and all of its derivatives: a row of the Jacobian, not the diagonal.",
        },
    ],
};

/// Σᵢ ∂²f/∂xᵢ² at each row.
pub const LAPLACIAN: Check<Trace> = Check {
    exercise: exercise(
        "laplacian",
        &["E11"],
        "engine_second_derivatives.md#sums-along-the-diagonal",
        &["laplacian"],
        "The trace of the Hessian is the divergence of the gradient, so d + 1 walks do.",
        [
            "You have a function for the divergence of a field. Which field?",
            "Δf = ∇·∇f, with ∇f as a graph.",
            "A closure that takes the gradient of the sum of f(x), handed to your divergence.",
        ],
    ),
    inputs: || {
        let bowl = Function::new("f(x) = x₁² + 3 x₁ x₂ − 2 x₂²", |x| {
            let [a, b] = coordinates(x[0]);
            (a.square() + &a * &b * 3.0 - b.square() * 2.0).reshape(&[x[0].shape()[0]])
        });
        let waves = Function::new("f(x) = Σ sin xᵢ · Σ xᵢ²", |x| {
            x[0].sin().sum(1) * x[0].square().sum(1)
        });
        let mut rng = Rng::new(872);
        vec![
            input("one point", "f", &bowl, Tensor::from([[1.0, 2.0]])),
            input("four points", "f", &bowl, rng.normal(&[4, 2])),
            input("one point", "f", &waves, Tensor::from([[0.5, -0.25]])),
            input("three points in space", "f", &waves, rng.normal(&[3, 3])),
        ]
    },
    run: |answer, i| {
        let f = i.function("f");
        vec![answer(&|x| f.call(&[x]), i.tensor("x"))]
    },
    right: |f, x| laplacian(f, x),
    wrong: &[
        Wrong {
            answer: |f, x| {
                let gradient = grad_graph(&f(x).sum(..), &[x]).remove(0);
                grad_graph(&gradient.sum(..), &[x]).remove(0).sum(1)
            },
            says: "This is the sum of *all* second derivatives, mixed ones too: H times a vector of ones. Only the diagonal is wanted.",
        },
        Wrong {
            answer: |f, x| grad_graph(&f(x).sum(..), &[x]).remove(0).square().sum(1),
            says: "The squares of first derivatives, ‖∇f‖². A second derivative is another walk.",
        },
        Wrong {
            answer: |f, x| grad_graph(&f(x).sum(..), &[x]).remove(0).sum(1),
            says: "The sum of the first derivatives. One more walk for each coordinate.",
        },
        Wrong {
            answer: |f, x| laplacian(f, x).sum(..),
            says: "The rows are added up. Each has a Laplacian of its own: `[n, d]` → `[n]`.",
        },
    ],
};
