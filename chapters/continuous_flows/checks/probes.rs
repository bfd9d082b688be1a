//! The trace from random probes: exercises 9 to 11.

use super::super::{Probe, Trace, log_density, log_normal};
use super::density::{alone, bent, midpoint};
use super::{Field, Map, columns, coordinates, map};
use crate::chapters::flow_matching::checks::{column, field, function};
use crate::check::{Check, Exercise, Function, Input, Wrong};
use crate::derivatives::{divergence_hutchinson, vjp};
use crate::ode::{self, MIDPOINT};
use crate::random::Rng;
use crate::{Float, Tensor};
use std::cell::Cell;

type Hutchinson = fn(Map, &Tensor, &Tensor) -> Tensor;
type Variance = fn(&Tensor) -> (Tensor, Tensor);
type Estimated = fn(Field, &Tensor, &Tensor, usize) -> Tensor;

/// εᵀ (∂u/∂x) ε.
pub const HUTCHINSON: Check<Hutchinson> = Check {
    exercise: Exercise {
        chapter: "continuous_flows",
        name: "hutchinson",
        statements: &["C5"],
        place: "07_continuous_flows.md#one-walk-instead-of-d",
        outputs: &["estimate"],
        learned: "One backward walk, whatever d is: the Jacobian is never written down. The mean \
                  over ε is the trace.",
        hints: [
            "A backward walk with the seed ε gives εᵀ ∂u/∂x. What is still to be done with it?",
            "εᵀ J ε = Σ_j (εᵀ J)_j ε_j.",
            "let (_, product) = vjp(u, x, epsilon); (product * epsilon).sum(1)",
        ],
    },
    inputs: || {
        let input = |about: &str, u: &Function, x: Tensor, epsilon: Tensor| {
            let input = Input::new(about).with("u", u.clone()).with("x", x.variable());
            input.with("epsilon", epsilon)
        };
        let cubic = map("u(x) = x³", |x| x.powi(3));
        let turning = map("u(x) = (x₁² − 2 x₂, x₁ x₂ + 3 x₁)", |x| {
            let [a, b] = coordinates(x);
            columns([a.square() - &b * 2.0, &a * &b + &a * 3.0])
        });
        let space =
            map("u(x) = x² x₁ + x₂", |x| x.square() * x.slice(1, 0..1) + x.slice(1, 1..2));
        let mut rng = Rng::new(81);
        let signs = Probe::Rademacher.draw(&[4, 2], &mut rng);
        let two = [[[1.0, 2.0]], [[1.0, -1.0]]].map(Tensor::from);
        let [x, epsilon] = two;
        vec![
            input("on the line, ε = 2", &cubic, Tensor::from([[1.0]]), Tensor::from([[2.0]])),
            input("one point of the plane, ε = (1, −1)", &turning, x, epsilon),
            input("four points of the plane, signs", &turning, rng.normal(&[4, 2]), signs),
            input("three points in space", &space, rng.normal(&[3, 3]), rng.normal(&[3, 3])),
        ]
    },
    run: |answer, i| {
        let u = i.function("u");
        vec![answer(&|x| u.call(&[x]), i.tensor("x"), i.tensor("epsilon"))]
    },
    right: |u, x, epsilon| divergence_hutchinson(u, x, epsilon).1,
    wrong: &[
        Wrong {
            answer: |u, x, epsilon| vjp(u, x, epsilon).1.sum(1),
            says: "εᵀ J, added up: the second ε is missing. Its mean over ε is 0, not the trace.",
        },
        Wrong {
            answer: |u, x, epsilon| vjp(u, x, epsilon).1.square().sum(1),
            says: "‖εᵀ J‖²: its mean is the sum of the squares of all entries. Multiply εᵀ J by ε \
                   instead of by itself.",
        },
        Wrong {
            answer: |u, x, epsilon| {
                let estimate = divergence_hutchinson(u, x, epsilon).1;
                estimate / epsilon.square().sum(1)
            },
            says: "You divide by ‖ε‖², so the mean is the mean of the diagonal, not its sum. With \
                   entries of variance 1 there is nothing to divide by.",
        },
        Wrong {
            answer: |u, x, epsilon| divergence_hutchinson(u, x, epsilon).1 / x.shape()[1] as Float,
            says: "The mean over the coordinates stands where the sum belongs: εᵀ J ε is a sum.",
        },
        Wrong {
            answer: |u, x, epsilon| (u(x) * epsilon).sum(1),
            says: "⟨ε, u⟩: no derivative has been taken. The probe goes into the backward walk as \
                   its seed, and then once more onto what comes out.",
        },
        Wrong {
            answer: |u, x, epsilon| {
                let ones = Tensor::ones(x.shape());
                (vjp(u, x, &ones).1 * epsilon).sum(1)
            },
            says: "The walk has begun with ones instead of ε: this is the sum of all rows of J, \
                   times ε. Its mean over ε is 0.",
        },
    ],
};

/// 2 (‖S‖² − Σ Sᵢᵢ²) and 2 ‖S‖², S = (A + Aᵀ)/2.
pub const HUTCHINSON_VARIANCE: Check<Variance> = Check {
    exercise: Exercise {
        chapter: "continuous_flows",
        name: "hutchinson_variance",
        statements: &["C5"],
        place: "07_continuous_flows.md#how-far-off-it-is",
        outputs: &["Rademacher", "Gaussian"],
        learned: "Signs are never worse than normal numbers: the diagonal costs them nothing. On \
                  the line they are exact. What remains is what is off the diagonal.",
        hints: [
            "εᵀ A ε does not notice if A is replaced by S = (A + Aᵀ)/2. Which products of ε vary?",
            "Signs: 2 (Σ_ij S_ij² − Σ_i S_ii²). Normal numbers: 2 Σ_ij S_ij².",
            "let s = (a + a.t()) * 0.5; let diagonal = (&s * Tensor::eye(d)).square().sum(..); \
             (…, s.square().sum(..) * 2.0)",
        ],
    },
    inputs: || {
        let input = |about: &str, a: Tensor| Input::new(about).with("a", a);
        let mut rng = Rng::new(82);
        vec![
            input("a matrix of one number", Tensor::from([[3.0]])),
            input("a symmetric matrix", Tensor::from([[1.0, 2.0], [2.0, -3.0]])),
            input("a matrix that is not symmetric", Tensor::from([[1.0, 4.0], [0.5, 2.0]])),
            input("a rotation's field", Tensor::from([[0.0, -1.0], [1.0, 0.0]])),
            input("four rows", rng.normal(&[4, 4])),
        ]
    },
    run: |answer, i| {
        let (signs, normal) = answer(i.tensor("a"));
        vec![signs, normal]
    },
    right: |a| {
        let number = |probe: Probe| Tensor::scalar(probe.variance(a) as Float);
        (number(Probe::Rademacher), number(Probe::Gaussian))
    },
    wrong: &[
        Wrong {
            answer: |a| variances(a),
            says: "These are the sums with A itself. εᵀ A ε sees only the symmetric part: take S = \
                   (A + Aᵀ)/2 first. For a rotation's field, which has S = 0, it is always 0.",
        },
        Wrong {
            answer: |a| {
                let (signs, normal) = variances(&symmetric(a));
                (signs * 0.5, normal * 0.5)
            },
            says: "The factor 2 is missing. ε_i ε_j occurs twice, as S_ij and as S_ji: (2 S_ij)² \
                   for each pair is 2 S_ij² for each entry.",
        },
        Wrong {
            answer: |a| {
                let (signs, normal) = variances(&symmetric(a));
                (normal, signs)
            },
            says: "The two are exchanged: it is for signs that ε_i² is always 1, and the diagonal \
                   costs nothing.",
        },
        Wrong {
            answer: |a| {
                let s = symmetric(a);
                let trace = (&s * Tensor::eye(a.shape()[0])).sum(..);
                let all = s.square().sum(..);
                ((&all - trace.square()) * 2.0, all * 2.0)
            },
            says: "You subtract the square of the trace. It is the squares of the diagonal that \
                   vanish, each for itself.",
        },
        Wrong {
            answer: |a| {
                let s = symmetric(a);
                let diagonal = (&s * Tensor::eye(a.shape()[0])).square().sum(..);
                ((s.square().sum(..) - diagonal) * 2.0, s.square().sum(..) * 3.0)
            },
            says: "The variance of ε_i² is E ε⁴ − 1 = 2 for a normal number, not 3, its fourth \
                   moment: the factor is 2 everywhere.",
        },
    ],
};

fn symmetric(a: &Tensor) -> Tensor {
    (a + a.t()) * 0.5
}

/// 2 (‖A‖² − Σ Aᵢᵢ²) and 2 ‖A‖².
fn variances(a: &Tensor) -> (Tensor, Tensor) {
    let diagonal = (a * Tensor::eye(a.shape()[0])).square().sum(..);
    let all = a.square().sum(..);
    ((&all - diagonal) * 2.0, all * 2.0)
}

/// The mean over probes of ln p₁ with that probe from t = 1 to 0.
pub const ESTIMATED_LOG_DENSITY: Check<Estimated> = Check {
    exercise: Exercise {
        chapter: "continuous_flows",
        name: "estimated_log_density",
        statements: &["C5", "C4"],
        place: "07_continuous_flows.md#one-probe-for-a-whole-solve",
        outputs: &["estimate"],
        learned: "Each probe makes a field of its own, and each solve has one field. Their mean is \
                  nearer to ln p_1 by the root of their number.",
        hints: [
            "How many solves are there with k probes, and which probe does each use, from its \
             beginning to its end?",
            "1/k Σ_i [ln N(x_0; 0, I) − ℓ_0^(i)], where dℓ/dt = −ε_iᵀ ∂u/∂x ε_i, from (x_1, 0) at t \
             = 1 back to 0.",
            "for i in 0..k: let epsilon = probes.slice(0, i..i + 1).reshape(&[n, d]); then as \
             log_density with divergence_hutchinson(|x| …, &x, &epsilon).",
        ],
    },
    inputs: || {
        let input = |about: &str, u: Function, x: Tensor, probes: Tensor, steps: usize| {
            let input = Input::new(about).with("u", u).with("x_1", x);
            input.with("probes", probes).with("steps", steps)
        };
        let space =
            function("u(t, x) = sin(2 x) + t x₁", |t, x| (x * 2.0).sin() + t * x.slice(1, 0..1));
        let mut rng = Rng::new(83);
        let signs = |shape: &[usize], rng: &mut Rng| Probe::Rademacher.draw(shape, rng);
        let x = [(); 2].map(|()| rng.normal(&[3, 2]) * 0.7);
        let [few, more] = x;
        vec![
            input("one probe", bent(), few, signs(&[1, 3, 2], &mut rng), 2),
            input("three probes", bent(), more, rng.normal(&[3, 3, 2]), 4),
            input("two probes, in space", space, rng.normal(&[2, 3]), rng.normal(&[2, 2, 3]), 3),
        ]
    },
    run: |answer, i| {
        let (u, probes) = (field(i, "u"), i.tensor("probes"));
        vec![answer(&u, i.tensor("x_1"), probes, i.count("steps"))]
    },
    right: |u, x_1, probes, steps| mean(probes, |epsilon| with(u, x_1, epsilon, steps)),
    wrong: &[
        Wrong {
            answer: |u, x_1, probes, steps| {
                let asked = Cell::new(0);
                redrawn(u, x_1, probes, steps, &asked)
            },
            says: "Another probe each time the field is asked. Then dz/dt is no function of (t, \
                   z), the solver's order is lost, and an adaptive one takes the noise for error. \
                   One probe stays for a whole solve.",
        },
        Wrong {
            answer: |u, x_1, probes, steps| {
                let one = probes.mean(0);
                with(u, x_1, &one, steps)
            },
            says: "You average the probes and solve once. The mean of k probes has the variance \
                   1/k, so the trace comes out k times too small. Average what the solves give.",
        },
        Wrong {
            answer: |u, x_1, probes, steps| with(u, x_1, &pick(probes, 0), steps),
            says: "Only the first probe is used. Each of the k gives an estimate; return their \
                   mean.",
        },
        Wrong {
            answer: |u, x_1, probes, steps| {
                mean(probes, |epsilon| {
                    let start = with(u, x_1, &(epsilon * 0.0), steps);
                    &start * 2.0 - with(u, x_1, epsilon, steps)
                })
            },
            says: "The sign of the integral is flipped: ln p_1 = ln p_0 − ℓ_0.",
        },
        Wrong {
            answer: |u, x_1, probes, steps| {
                let k = probes.shape()[0] as Float;
                mean(probes, |epsilon| with(u, x_1, epsilon, steps)) * k
            },
            says: "The sum over the probes; the task wants their mean.",
        },
    ],
};

/// Probe i, `[n, d]`.
fn pick(probes: &Tensor, i: usize) -> Tensor {
    probes.slice(0, i..i + 1).reshape(&probes.shape()[1..])
}

/// The mean of f over the probes.
fn mean(probes: &Tensor, f: impl Fn(&Tensor) -> Tensor) -> Tensor {
    let k = probes.shape()[0];
    let all: Vec<Tensor> = (0..k).map(|i| f(&pick(probes, i))).collect();
    Tensor::stack(&all.iter().collect::<Vec<_>>(), 0).mean(0)
}

/// ln p₁ by one probe.
fn with(u: Field, x_1: &Tensor, epsilon: &Tensor, steps: usize) -> Tensor {
    log_density(alone(u), x_1, &Trace::Hutchinson(epsilon.clone()), midpoint(steps))
}

/// ln p₁ with the next probe at each evaluation.
fn redrawn(u: Field, x_1: &Tensor, probes: &Tensor, steps: usize, asked: &Cell<usize>) -> Tensor {
    let (n, d) = (x_1.shape()[0], x_1.shape()[1]);
    let field = |t: Float, z: &Tensor| {
        let epsilon = pick(probes, asked.get() % probes.shape()[0]);
        asked.set(asked.get() + 1);
        let x = z.slice(1, 0..d);
        let (u_x, div) = divergence_hutchinson(|x| u(&column(t, x), x), &x, &epsilon);
        Tensor::concat(&[&u_x, &-div.reshape(&[n, 1])], 1)
    };
    let end = Tensor::concat(&[x_1, &Tensor::zeros(&[n, 1])], 1);
    let start = ode::solve(field, &end, 1.0..0.0, steps, &MIDPOINT);
    log_normal(&start.slice(1, 0..d)) - start.slice(1, d..d + 1).reshape(&[n])
}
