//! What pairs cost, how bent a flow is, and pairs that are straight and not the cheapest: exercises 2,
//! 3 and 5.

use super::super::oracle::rotation;
use super::super::{straightness, transport_cost};
use crate::check::{Check, Exercise, Input, Wrong};
use crate::random::Rng;
use crate::{Float, Tensor};

/// The mean of ‖x₁ − x₀‖².
pub const TRANSPORT_COST: Check<fn(&Tensor, &Tensor) -> Tensor> = Check {
    exercise: Exercise {
        chapter: "rectified_flow",
        name: "transport_cost",
        statements: &["R2"],
        place: "13_rectified_flow.md#no-cost-grows",
        outputs: &["E‖x_1 − x_0‖²"],
        learned: "A number of the pairs, not of the two laws: the least over all pairings of the same \
                  points is W2². Each round makes it smaller or leaves it as it is.",
        hints: [
            "A squared length is a sum over coordinates. What is the mean over?",
            "E‖x_1 − x_0‖² = 1/n Σᵢ Σⱼ (x_1 − x_0)ᵢⱼ².",
            "(x_1 - x_0).square().sum(1).mean(..)",
        ],
    },
    inputs: || {
        let mut rng = Rng::new(141);
        let mut input = |about: &str, n: usize, d: usize| {
            let [x_0, x_1] = [(); 2].map(|()| rng.normal(&[n, d]));
            Input::new(about).with("x_0", x_0).with("x_1", x_1 * 2.0 + 0.5)
        };
        vec![
            input("one pair in the plane", 1, 2),
            input("four pairs on the line", 4, 1),
            input("five pairs in three dimensions", 5, 3),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("x_0"), i.tensor("x_1"))],
    right: transport_cost,
    wrong: &[
        Wrong {
            answer: |x_0, x_1| (x_1 - x_0).square().mean(..),
            says: "You average over coordinates too: this is the cost divided by d. ‖x‖² is a sum over \
                   coordinates.",
        },
        Wrong {
            answer: |x_0, x_1| (x_1 - x_0).square().sum(1).sqrt().mean(..),
            says: "The mean distance, not the mean squared distance: the root is one step too much.",
        },
        Wrong {
            answer: |x_0, x_1| (x_1.mean(0) - x_0.mean(0)).square().sum(..),
            says: "The squared distance of the two means. Ways in opposite directions cancel in it; the \
                   cost adds their squares.",
        },
        Wrong {
            answer: |x_0, x_1| (x_1 - x_0).square().sum(..),
            says: "The sum over the pairs stands where their mean belongs: it grows with the batch.",
        },
        Wrong {
            answer: |x_0, x_1| {
                let n = x_0.shape()[0];
                let [rows, columns] = [[n, 1, x_0.shape()[1]], [1, n, x_0.shape()[1]]];
                (x_1.reshape(&rows) - x_0.reshape(&columns)).square().sum(2).mean(..)
            },
            says: "You average over every x_0 with every x_1. That is the cost of independent pairs; \
                   here row i belongs to row i.",
        },
    ],
};

/// S from states at equal times.
pub const STRAIGHTNESS: Check<fn(&Tensor) -> Tensor> = Check {
    exercise: Exercise {
        chapter: "rectified_flow",
        name: "straightness",
        statements: &["R3"],
        place: "13_rectified_flow.md#what-a-round-spends",
        outputs: &["S"],
        learned: "0 if and only if every point goes straight and at constant speed. It is what the \
                  mean square of the speed is above the square of the whole way.",
        hints: [
            "There are k steps between k + 1 states. How fast is a point in a step of length 1/k?",
            "S = 1/k Σᵢ E‖(x_k − x_0) − k (x_{i+1} − x_i)‖², with ‖·‖² summed over coordinates and E over \
             points.",
            "let speed = (z.slice(0, 1..k + 1) - z.slice(0, 0..k)) * k as Float; let way = z.slice(0, k..k \
             + 1) - …; (way - speed).square().sum(2).mean(..)",
        ],
    },
    inputs: || {
        let mut rng = Rng::new(142);
        let mut input = |about: &str, shape: [usize; 3]| {
            Input::new(about).with("states", rng.normal(&shape).cumsum(0))
        };
        let bent = Tensor::from([[[0.0]], [[2.0]], [[3.0]]]);
        vec![
            Input::new("one point on the line: 0, 2, 3").with("states", bent),
            input("four steps of three points in the plane", [5, 3, 2]),
            input("two steps of four points in three dimensions", [3, 4, 3]),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("states"))],
    right: |z| {
        let k = z.shape()[0] - 1;
        let state =
            |i: usize| (i as Float / k as Float, z.slice(0, i..i + 1).reshape(&z.shape()[1..]));
        straightness(&(0..=k).map(state).collect::<Vec<_>>())
    },
    wrong: &[
        Wrong {
            answer: |z| (way(z) - steps(z)).square().sum(2).mean(..),
            says: "You compare the whole way with the way of one step. A velocity is the step divided \
                   by its time, 1/k: multiply it by k.",
        },
        Wrong {
            answer: |z| (way(z) - speed(z)).square().mean(..),
            says: "You average over coordinates too: ‖·‖² is their sum, so this is S/d.",
        },
        Wrong {
            answer: |z| (way(z) - speed(z).mean_keep(0)).square().sum(2).mean(..),
            says: "You average the velocity over time before you compare. The mean velocity is the \
                   whole way, so this is always 0: the square comes first, then the mean.",
        },
        Wrong {
            answer: |z| (way(z) - speed(z)).square().sum(2).sqrt().mean(..),
            says: "The mean length of the deviation. S is the mean of its square.",
        },
        Wrong {
            answer: |z| {
                let first = speed(z).slice(0, 0..1);
                (first - speed(z)).square().sum(2).mean(..)
            },
            says: "You compare with the first velocity. S compares with the whole way x_k − x_0, from \
                   which the velocities are least far.",
        },
        Wrong {
            answer: |z| (way(z) - speed(z)).square().sum(2).sum(0).mean(..),
            says: "The sum over the steps stands where the integral over time belongs: each step has \
                   the weight 1/k.",
        },
    ],
};

/// x_k − x₀: `[1, n, d]`.
fn way(z: &Tensor) -> Tensor {
    let k = z.shape()[0] - 1;
    z.slice(0, k..k + 1) - z.slice(0, 0..1)
}

/// The k differences: `[k, n, d]`.
fn steps(z: &Tensor) -> Tensor {
    let k = z.shape()[0] - 1;
    z.slice(0, 1..k + 1) - z.slice(0, 0..k)
}

fn speed(z: &Tensor) -> Tensor {
    steps(z) * (z.shape()[0] - 1) as Float
}

/// (R − I) ((1 − t) I + t R)⁻¹ x.
pub const ROTATION_VELOCITY: Check<fn(&Tensor, Float, Float) -> Tensor> = Check {
    exercise: Exercise {
        chapter: "rectified_flow",
        name: "rotation_velocity",
        statements: &["R5"],
        place: "13_rectified_flow.md#straight-is-not-the-shortest",
        outputs: &["v(x, t)"],
        learned: "Through x passes one way at the time t, so the mean velocity there is that way's own: \
                  the loss can be 0, and reflow returns the same pairs. The best pairs of these laws \
                  are others: stay where you are.",
        hints: [
            "Who is at x at the time t? Find his x_0 first.",
            "x = ((1 − t) I + t R) x_0 with the rotation R; so x_0 = ((1 − t) I + t R)⁻¹ x, and his \
             velocity is (R − I) x_0.",
            "Rows are points: with A = (1 − t) I + t R, x_0 is x.matmul(&A.t().inverse()), and the \
             velocity x_0.matmul(&(R − I).t()).",
        ],
    },
    inputs: || {
        let mut rng = Rng::new(143);
        let mut input = |about: &str, n: usize, t: Float, angle: Float| {
            Input::new(about).with("x", rng.normal(&[n, 2])).with("t", t).with("angle", angle)
        };
        vec![
            input("one point, at t = 0.5, a quarter of a turn", 1, 0.5, 1.5707964),
            input("three points, at t = 0", 3, 0.0, 1.0),
            input("four points, at t = 0.75", 4, 0.75, 2.0),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("x"), i.number("t"), i.number("angle"))],
    right: |x, t, angle| turned(&x.matmul(&on_the_way(t, angle).t().inverse()), angle),
    wrong: &[
        Wrong {
            answer: |x, _, angle| turned(x, angle),
            says: "You take x for the start of the way. At the time t one who is at x has come from \
                   x_0 = ((1 − t) I + t R)⁻¹ x: go back first.",
        },
        Wrong {
            answer: |x, t, angle| turned(&x.matmul(&on_the_way(t, angle).t()), angle),
            says: "You go forward from x instead of back: the matrix must be inverted.",
        },
        Wrong {
            answer: |x, t, angle| turned(&x.matmul(&on_the_way(t, -angle).t().inverse()), -angle),
            says: "This turns the other way. Points are rows here, so a matrix acts as \
                   x.matmul(&r.t()).",
        },
        Wrong {
            answer: |x, t, angle| turned(&x.matmul(&rotation(t * angle)), angle),
            says: "You go back along the circle. The ways are straight lines, chords of it: x is ((1 − \
                   t) I + t R) x_0, not x_0 turned by t times the angle.",
        },
        Wrong {
            answer: |x, t, angle| {
                x.matmul(&on_the_way(t, angle).t().inverse()).matmul(&rotation(angle).t())
            },
            says: "This is where the point ends, x_1 = R x_0. Its velocity is x_1 − x_0.",
        },
    ],
};

/// (1 − t) I + t R.
fn on_the_way(t: Float, angle: Float) -> Tensor {
    Tensor::eye(2) * (1.0 - t) + rotation(angle) * t
}

/// (R − I) x for each row.
fn turned(x: &Tensor, angle: Float) -> Tensor {
    x.matmul(&(rotation(angle) - Tensor::eye(2)).t())
}
