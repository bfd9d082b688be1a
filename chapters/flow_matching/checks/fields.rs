//! The marginal field, the continuity equation and Theorem 2: exercises 7, 8 and 10.

use super::super::oracle::Marginal;
use super::super::path::Path;
use super::{Field, field, function};
use crate::check::{Check, Exercise, Input, Wrong};
use crate::data::Mixture;
use crate::derivatives::divergence;
use crate::random::Rng;
use crate::{Float, Tensor, grad};

/// Σⱼ γⱼ(x) (mⱼ − x)/(1 − t), γ = softmax(−‖x − t mⱼ‖²/(2 (1 − t)²)).
pub const MARGINAL_VELOCITY: Check<fn(&Tensor, &Tensor, &Tensor) -> Tensor> = Check {
    exercise: Exercise {
        chapter: "flow_matching",
        name: "marginal_velocity",
        statements: &["F1"],
        place: "01_flow_matching.md#when-the-data-are-finitely-many-points",
        outputs: &["u_t(x)"],
        learned: "The marginal velocity is the mean velocity of those who pass, weighed by how \
                  many they are. A network that had learned these data by heart would compute this \
                  softmax.",
        hints: [
            "Those who pass x at time t may be on their way to any data point. How likely is each, \
             given x? (Bayes)",
            "u_t(x) = Σ_j γ_j (m_j − x)/(1 − t) with γ = softmax over j of −‖x − t m_j‖² / (2 (1 − \
             t)²).",
            "Reshape x to [n, 1, d], data to [1, k, d], t to [n, 1, 1]; γ = (…).softmax(1) is [n, \
             k, 1]; then (γ * (…)).sum(1).",
        ],
    },
    inputs: || {
        let input = |about: &str, t: Tensor, x: Tensor, data: &Tensor| {
            Input::new(about).with("t", t).with("x", x).with("data", data)
        };
        let two = Tensor::from([[-1.0], [2.0]]);
        let one = |about: &str, t: Float, x: Float| {
            input(about, Tensor::from([[t]]), Tensor::from([[x]]), &two)
        };
        let mut rng = Rng::new(21);
        let three = rng.normal(&[3, 2]);
        let (t, x) = (rng.uniform_in(&[4, 1], 0.2, 0.7), rng.normal(&[4, 2]));
        let tracked = x.variable();
        vec![
            one("one point on the line, two data points, t = 0.5", 0.5, 0.25),
            one("one point on the line, two data points, t = 0", 0.0, 0.25),
            one("t = 0.99, where one data point has all the weight", 0.99, 1.5),
            input("four points in the plane, three data points", t.clone(), x, &three),
            input("the same four points, as a variable", t, tracked, &three),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("t"), i.tensor("x"), i.tensor("data"))],
    right: |t, x, data| {
        let [k, d] = [data.shape()[0], data.shape()[1]];
        let means = data.data().chunks(d).map(|m| m.iter().map(|&v| f64::from(v)).collect());
        let weights = vec![1.0 / k as f64; k];
        let data = Mixture { weights, means: means.collect(), std: 0.0 };
        Marginal { path: Path::Linear, data }.velocity(t, x)
    },
    wrong: &[
        Wrong {
            answer: |t, x, data| {
                let [t, x, data] = stacked(t, x, data);
                ((data - x) / (1.0 - t)).mean(1)
            },
            says: "The plain mean over the data: every goal counts the same, wherever x is. Weigh \
                   each by how likely it is to be the goal of one who is seen at x.",
        },
        Wrong {
            answer: |t, x, data| {
                let [t, x, data] = stacked(t, x, data);
                let s = 1.0 - &t;
                average(&t, &x, &data, &(-(&x - &t * &data).square().sum_keep(2) / (s * 2.0)), 1)
            },
            says: "σ for σ²: the exponent is divided by 2 (1 − t), and should be by twice the \
                   variance, 2 (1 − t)².",
        },
        Wrong {
            answer: |t, x, data| {
                let [t, x, data] = stacked(t, x, data);
                let logits = logits(&t, &(&x - &t * &data));
                average(&t, &x, &data, &logits, 0)
            },
            says: "The softmax runs over the batch. The weights of one x over the data points must \
                   sum to 1: with [n, k, 1] that is axis 1.",
        },
        Wrong {
            answer: |t, x, data| {
                let [t, x, data] = stacked(t, x, data);
                let logits = logits(&t, &(&x - &data));
                average(&t, &x, &data, &logits, 1)
            },
            says: "The distance in the weights is that from x to the data point. At time t those \
                   with the goal m_j lie around t m_j: take ‖x − t m_j‖².",
        },
        Wrong {
            answer: |t, x, data| {
                let [t, x, data] = stacked(t, x, data);
                let logits = logits(&t, &(&x - &t * &data)) * 2.0;
                average(&t, &x, &data, &logits, 1)
            },
            says: "The ½ in the exponent of the normal density is missing: −‖x − t m_j‖² / (2 (1 − \
                   t)²).",
        },
        Wrong {
            answer: |t, x, data| {
                let [t, x, data] = stacked(t, x, data);
                let gamma = logits(&t, &(&x - &t * &data)).softmax(1);
                (gamma * (data - &x)).sum(1)
            },
            says: "The weights are right; what they average is m_j − x, a way and not a velocity. \
                   Divide by the time that is left, 1 − t.",
        },
    ],
};

/// t `[n, 1, 1]`, x `[n, 1, d]`, data `[1, k, d]`.
fn stacked(t: &Tensor, x: &Tensor, data: &Tensor) -> [Tensor; 3] {
    let [n, d] = [x.shape()[0], x.shape()[1]];
    [t.reshape(&[n, 1, 1]), x.reshape(&[n, 1, d]), data.reshape(&[1, data.shape()[0], d])]
}

/// −‖offset‖² / (2 (1 − t)²): `[n, k, 1]`.
fn logits(t: &Tensor, offsets: &Tensor) -> Tensor {
    -offsets.square().sum_keep(2) / ((1.0 - t).square() * 2.0)
}

/// The conditional velocities, averaged with the softmax of logits along an axis.
fn average(t: &Tensor, x: &Tensor, data: &Tensor, logits: &Tensor, axis: isize) -> Tensor {
    (logits.softmax(axis) * (data - x) / (1.0 - t)).sum(1)
}

type Residual = fn(Field, Field, &Tensor, &Tensor) -> Tensor;

/// ∂ₜ ln p + div u + u · ∇ ln p.
pub const CONTINUITY_RESIDUAL: Check<Residual> = Check {
    exercise: Exercise {
        chapter: "flow_matching",
        name: "continuity_residual",
        statements: &["C3", "F2"],
        place: "01_flow_matching.md#the-form-that-a-program-can-check",
        outputs: &["residual"],
        learned: "Three derivatives decide whether a field carries a law along, at any point and \
                  without a sample. It is 0 everywhere exactly if the field moves the law as it \
                  claims.",
        hints: [
            "The three terms need ∂ ln p/∂t, ∇ ln p and div u. Which of t and x must be variables, \
             and before what is computed?",
            "∂ₜ ln p + div u + ⟨u, ∇ ln p⟩; the rows are independent, so the gradient of the sum \
             over rows has each row's own derivatives.",
            "let (t, x) = (t.variable(), x.variable()); let slopes = grad(&log_p(&t, &x).sum(..), \
             &[&t, &x]); let (u_x, div) = divergence(|x| …, &x); … all as [n, 1].",
        ],
    },
    inputs: || {
        let mut rng = Rng::new(22);
        let shifted = function("ln p(t, x) = −(x − t)²/2 + constant", |t, x| {
            (x - t).square().sum_keep(1) * -0.5
        });
        let stretching = function("u(t, x) = t x", |t, x| t * x);
        let widening =
            function("ln p(t, x) = −x²/(2 (1 + t)²) − ln(1 + t) + constant", |t, x| {
                (x / (1.0 + t)).square().sum_keep(1) * -0.5 - (1.0 + t).ln()
            });
        let spreading = function("u(t, x) = x/(1 + t)", |t, x| x / (1.0 + t));
        let shearing =
            function("u(t, x) = (1 + t) (x₁/2 − 2 x₂, x₁ + x₂²/4)", |t, x| {
                let (x_1, x_2) = (x.slice(1, 0..1), x.slice(1, 1..2));
                let columns = [&x_1 * 0.5 - &x_2 * 2.0, x_1 + x_2.square() * 0.25];
                (1.0 + t) * Tensor::concat(&[&columns[0], &columns[1]], 1)
            });
        let (t, line) = (rng.uniform_in(&[4, 1], 0.1, 0.9), rng.normal(&[4, 1]));
        let plane = rng.normal(&[4, 2]);
        let input = |about: &str, log_p, u, t: &Tensor, x: &Tensor| {
            Input::new(about).with("log_p", log_p).with("u", u).with("t", t).with("x", x)
        };
        // not where t x = 1: there ∂ₜ ln p and u · ∇ ln p cancel
        let one = [[[0.5]], [[3.0]]].map(Tensor::from);
        vec![
            input("one point on the line", shifted.clone(), stretching, &one[0], &one[1]),
            input("four points, a pair that obeys", widening, spreading, &t, &line),
            input("four points in the plane", shifted, shearing, &t, &plane),
        ]
    },
    run: |answer, i| {
        let (log_p, u) = (field(i, "log_p"), field(i, "u"));
        vec![answer(&log_p, &u, i.tensor("t"), i.tensor("x"))]
    },
    right: |log_p, u, t, x| {
        let [time, div, carried] = terms(log_p, u, t, x);
        time + div + carried
    },
    wrong: &[
        Wrong {
            answer: |log_p, u, t, x| {
                let [time, _, carried] = terms(log_p, u, t, x);
                time + carried
            },
            says: "The divergence is missing: this is the change seen by one who drifts along, \
                   which is 0 only where the field neither spreads nor gathers mass.",
        },
        Wrong {
            answer: |log_p, u, t, x| {
                let [time, div, _] = terms(log_p, u, t, x);
                time + div
            },
            says: "u · ∇ ln p is missing: div(p u)/p has two terms by the product rule, div u and \
                   u · ∇p/p.",
        },
        Wrong {
            answer: |log_p, u, t, x| {
                let [_, div, carried] = terms(log_p, u, t, x);
                div + carried
            },
            says: "∂ₜ ln p is missing: you have what flows out of each place, but not what changes \
                   there. t must be a variable too.",
        },
        Wrong {
            answer: |log_p, u, t, x| {
                let [time, div, carried] = terms(log_p, u, t, x);
                time - div - carried
            },
            says: "The sign of the flux is flipped: ∂ₜ p + div(p u) = 0. Where more flows out than \
                   in, the density falls.",
        },
        Wrong {
            answer: |log_p, u, t, x| {
                let [time, div, carried] = terms(log_p, u, t, x);
                time + div - carried
            },
            says: "The sign of u · ∇ ln p is flipped: by the product rule div(p u)/p = div u + u · \
                   ∇ ln p, with a plus.",
        },
        Wrong {
            answer: |log_p, u, t, x| {
                let [time, _, carried] = terms(log_p, u, t, x);
                let x = x.variable();
                let all = grad(&u(t, &x).sum(..), &[&x]).remove(0);
                time + all.sum_keep(1) + carried
            },
            says: "Right on the line; in the plane your divergence contains ∂u_i/∂x_j with i ≠ j, \
                   because you differentiated the sum of all coordinates of u. Only ∂u_j/∂x_j \
                   belong to it.",
        },
    ],
};

/// The three terms, each `[n, 1]`.
fn terms(log_p: Field, u: Field, t: &Tensor, x: &Tensor) -> [Tensor; 3] {
    let (t, x) = (t.variable(), x.variable());
    let slopes = grad(&log_p(&t, &x).sum(..), &[&t, &x]);
    let (u_x, div) = divergence(|x| u(&t, x), &x);
    let carried = (u_x.detach() * &slopes[1]).sum_keep(1);
    [slopes[0].clone(), div.detach().reshape(t.shape()), carried]
}

/// C₁ − C₂ = E‖u_t(x)‖² − E‖u_t(x|x₁)‖².
pub const THEOREM_2_CONSTANT: Check<fn(&Tensor, &Tensor) -> Tensor> = Check {
    exercise: Exercise {
        chapter: "flow_matching",
        name: "theorem_2_constant",
        statements: &["F3"],
        place: "01_flow_matching.md#theorem-2",
        outputs: &["C_1 − C_2"],
        learned: "L_FM and L_CFM differ by a number without θ, so their gradients are equal. It is \
                  not positive: C_2 − C_1 is the loss that the best network is left with.",
        hints: [
            "Each C is the mean over the points of a squared length. Which field belongs to which?",
            "L_FM = L_CFM + C_1 − C_2 with C_1 = E‖u_t(x)‖² and C_2 = E‖u_t(x|x_1)‖².",
            "(marginal.square().sum(1) - …).mean(..)",
        ],
    },
    inputs: || {
        let input = |about: &str, marginal: Tensor, conditional: Tensor| {
            Input::new(about).with("marginal", marginal).with("conditional", conditional)
        };
        let [one, two] = [[[1.0, 2.0]], [[3.0, -1.0]]].map(Tensor::from);
        let mut rng = Rng::new(23);
        let [line, other] = [(); 2].map(|()| rng.normal(&[6, 1]));
        let marginal = rng.normal(&[5, 3]);
        let conditional = &marginal + rng.normal(&[5, 3]) * 2.0;
        vec![
            input("one point of the plane", one, two),
            input("six points on the line", line * 2.0, other),
            input("five points in three dimensions", marginal, conditional),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("marginal"), i.tensor("conditional"))],
    right: |marginal, conditional| length(marginal) - length(conditional),
    wrong: &[
        Wrong {
            answer: |marginal, conditional| length(conditional) - length(marginal),
            says: "The sign is flipped: this is C_2 − C_1, what is left of the loss. The theorem's \
                   constant is C_1 − C_2, which is not positive in expectation.",
        },
        Wrong {
            answer: |marginal, conditional| (marginal.square() - conditional.square()).mean(..),
            says: "You average over coordinates too. ‖u‖² is the sum over the coordinates of a \
                   point; the mean is over points.",
        },
        Wrong {
            answer: |marginal, conditional| length(&(marginal - conditional)),
            says: "This is the mean of ‖u_t(x) − u_t(x|x_1)‖². In expectation it is C_2 − C_1, the \
                   other sign; on a sample it is another number. The squares come first, then the \
                   difference.",
        },
        Wrong {
            answer: |marginal, conditional| {
                let square_of_mean = |u: &Tensor| u.mean(0).square().sum(..);
                square_of_mean(marginal) - square_of_mean(conditional)
            },
            says: "You square the mean; C is the mean of squares. Opposite velocities would cancel \
                   before their lengths are taken.",
        },
        Wrong {
            answer: |marginal, conditional| {
                let norm = |u: &Tensor| u.square().sum(1).sqrt().mean(..);
                norm(marginal) - norm(conditional)
            },
            says: "These are lengths, not squared lengths: the root is one step too much.",
        },
        Wrong {
            answer: |marginal, conditional| (marginal.square() - conditional.square()).sum(..),
            says: "The sum over the points stands where their mean belongs: E is a mean over the \
                   batch, so your constant grows with the number of points.",
        },
    ],
};

/// The mean of ‖u‖² over the rows.
fn length(u: &Tensor) -> Tensor {
    u.square().sum(1).mean(..)
}
