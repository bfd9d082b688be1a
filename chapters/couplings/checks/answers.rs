//! All of the chapter's exercises.

use super::{Costs, Energy, FieldOfPairs, Gap};
use crate::chapters::couplings::costs;
use crate::check::{Check, Exercise, Input, Wrong};
use crate::random::Rng;
use crate::{Float, Tensor};

const fn exercise(
    name: &'static str,
    statements: &'static [&'static str],
    place: &'static str,
    outputs: &'static [&'static str],
    learned: &'static str,
    hints: [&'static str; 3],
) -> Exercise {
    Exercise { chapter: "couplings", name, statements, place, outputs, learned, hints }
}

/// Σ_k γ_k(x) (b_k − a_k).
pub const PAIRS_VELOCITY: Check<FieldOfPairs> = Check {
    exercise: exercise(
        "pairs_velocity",
        &["F10"],
        "12_couplings.md#any-pairs-will-do",
        &["u"],
        "The field sees the pairs. Other partners for the same points give another field between the same ends.",
        [
            "At x, how likely is each pair? It depends on how far x is from the place of the pair at time t.",
            "γ_k ∝ exp(−‖x − (1 − t) a_k − t b_k‖²/2σ²), which add up to 1, and u = Σ γ_k (b_k − a_k).",
            "let offsets = x.reshape(&[n, 1, d]) - (a * (1.0 - t) + b * t); then softmax(1) of −‖·‖²/2σ², and .matmul(&(b - a)).",
        ],
    ),
    inputs: || {
        let input = |about: &str, a: Tensor, b: Tensor, t: Float, x: Tensor| {
            let input = Input::new(about).with("a", a).with("b", b).with("sigma", 0.5);
            input.with("t", t).with("x", x)
        };
        let mut rng = Rng::new(611);
        let normal = |rng: &mut Rng, n| rng.normal(&[n, 2]);
        vec![
            input(
                "two pairs on a line that cross, half-way, nearer to the first",
                Tensor::from([[0.0], [1.0]]),
                Tensor::from([[2.0], [0.0]]),
                0.5,
                Tensor::from([[0.9]]),
            ),
            input(
                "the same, at the start",
                Tensor::from([[0.0], [1.0]]),
                Tensor::from([[2.0], [0.0]]),
                0.0,
                Tensor::from([[0.2]]),
            ),
            input(
                "five pairs in the plane",
                normal(&mut rng, 5),
                normal(&mut rng, 5),
                0.3,
                normal(&mut rng, 3),
            ),
        ]
    },
    run: |answer, i| {
        let (a, b, x) = (i.tensor("a"), i.tensor("b"), i.tensor("x"));
        vec![answer(a, b, i.number("sigma"), i.number("t"), x)]
    },
    right: |a, b, sigma, t, x| exponents(a, b, sigma, t, x).softmax(1).matmul(&(b - a)),
    wrong: &[
        Wrong {
            answer: |a, b, sigma, t, x| {
                (exponents(a, b, sigma, t, x) * 0.0).softmax(1).matmul(&(b - a))
            },
            says: "Every pair counts the same, wherever x is. At x the weight is the share of the pair in p_t(x).",
        },
        Wrong {
            answer: |a, b, sigma, t, x| exponents(a, b, sigma, t, x).exp().matmul(&(b - a)),
            says: "The weights do not add up to 1: divide by their sum, which is p_t(x) but for a constant.",
        },
        Wrong {
            answer: |a, b, sigma, t, x| {
                let u = exponents(a, b, sigma, t, x).softmax(1).matmul(b);
                (u - x) / (1.0 - t)
            },
            says: "(b − x)/(1 − t) is the velocity of a pair whose ways begin in one point. With σ > 0 around \
                   the line it is b − a, wherever x is.",
        },
        Wrong {
            answer: |a, b, sigma, t, x| {
                (exponents(a, b, sigma, t, x) * 2.0).softmax(1).matmul(&(b - a))
            },
            says: "The exponent of a normal density is −‖·‖² / (2σ²); the 2 is missing.",
        },
        Wrong {
            answer: |a, b, sigma, t, x| {
                exponents(a, b, sigma, 1.0 - t, x).softmax(1).matmul(&(b - a))
            },
            says: "t and 1 − t have changed places: at t = 0 a pair is at a.",
        },
    ],
};

fn exponents(a: &Tensor, b: &Tensor, sigma: Float, t: Float, x: &Tensor) -> Tensor {
    let &[n, d] = x.shape() else { panic!("x is a matrix") };
    let offsets = x.reshape(&[n, 1, d]) - (a * (1.0 - t) + b * t);
    offsets.square().sum(2) / (-2.0 * sigma * sigma)
}

fn two_sets(about: &str, x_0: Tensor, x_1: Tensor) -> Input {
    Input::new(about).with("x_0", x_0).with("x_1", x_1)
}

fn sets() -> Vec<Input> {
    let mut rng = Rng::new(612);
    let mut normal = |n| rng.normal(&[n, 2]);
    vec![
        two_sets("two pairs on a line", Tensor::from([[0.0], [1.0]]), Tensor::from([[4.0], [2.0]])),
        two_sets("four pairs in the plane", normal(4), normal(4)),
    ]
}

/// ‖x₁ʲ − x₀ⁱ‖².
pub const PAIR_COSTS: Check<Costs> = Check {
    exercise: exercise(
        "pair_costs",
        &["O1"],
        "12_couplings.md#at-the-least-cost",
        &["costs"],
        "This table is all that the assignment sees; that it needs all n² entries is why batches are small.",
        [
            "Every x_0 with every x_1, so a table of n rows and n columns.",
            "C_ij = ‖x_1^j − x_0^i‖², the square of the distance.",
            "x_0.reshape(&[n, 1, d]) minus x_1.reshape(&[1, n, d]), squared, summed over axis 2.",
        ],
    ),
    inputs: sets,
    run: |answer, i| vec![answer(i.tensor("x_0"), i.tensor("x_1"))],
    right: costs,
    wrong: &[
        Wrong {
            answer: |a, b| costs(a, b).sqrt(),
            says: "The distance; the cost is its square. Both have a best pairing, but not the same.",
        },
        Wrong {
            answer: |a, b| costs(a, b).t(),
            says: "Row and column have changed places: row i belongs to x_0^i.",
        },
        Wrong {
            answer: |a, b| (a - b).square().sum(1),
            says: "Only the pairs as they come. The assignment must see every x_0 with every x_1.",
        },
        Wrong {
            answer: |a, b| costs(a, b) / a.shape()[1] as Float,
            says: "The mean over the coordinates; ‖·‖² is their sum.",
        },
    ],
};

/// −2 ⟨x₀ⁱ − x₀ʲ, x₁ⁱ − x₁ʲ⟩.
pub const SWAP_SAVINGS: Check<Costs> = Check {
    exercise: exercise(
        "swap_savings",
        &["O1"],
        "12_couplings.md#at-the-least-cost",
        &["saved"],
        "At the least cost no entry is positive: then neighbours have neighbours as partners, and ways do not meet.",
        [
            "Before: ‖b − a‖² + ‖d − c‖². After the exchange: ‖d − a‖² + ‖b − c‖². Expand; what is left?",
            "Only products of an a or c with a b or d: the saving is −2 ⟨a − c, b − d⟩.",
            "Differences of all rows: x.reshape(&[n, 1, d]) - x.reshape(&[1, n, d]); their product, summed over axis 2, times −2.",
        ],
    ),
    inputs: sets,
    run: |answer, i| vec![answer(i.tensor("x_0"), i.tensor("x_1"))],
    right: |a, b| products(a, b) * -2.0,
    wrong: &[
        Wrong {
            answer: |a, b| products(a, b) * 2.0,
            says: "This is what the exchange costs more. What it saves has the other sign.",
        },
        Wrong {
            answer: |a, b| -products(a, b),
            says: "Each mixed term of a square comes twice: −2 ⟨a − c, b − d⟩.",
        },
        Wrong {
            answer: |a, b| {
                let cost = costs(a, b);
                let own = (a - b).square().sum_keep(1);
                own - cost
            },
            says: "Only the first of the two is counted: ‖b − a‖² − ‖d − a‖². The partner of c changes too.",
        },
        Wrong {
            answer: |a, b| a.matmul(&b.t()) * 2.0,
            says: "2 ⟨a, d⟩ is one of four mixed terms. The others are −2 ⟨a, b⟩, −2 ⟨c, d⟩ and 2 ⟨c, b⟩.",
        },
    ],
};

fn products(a: &Tensor, b: &Tensor) -> Tensor {
    let differences = |x: &Tensor| {
        let &[n, d] = x.shape() else { panic!("a matrix") };
        x.reshape(&[n, 1, d]) - x.reshape(&[1, n, d])
    };
    (differences(a) * differences(b)).sum(2)
}

/// E Σ ‖x_{i + 1} − x_i‖² k.
pub const WAY_ENERGY: Check<Energy> = Check {
    exercise: exercise(
        "way_energy",
        &["O2"],
        "12_couplings.md#what-a-field-spends",
        &["energy"],
        "A detour costs, and so does hurrying: the same way at uneven speed has a larger energy.",
        [
            "On each step the velocity is the difference of two states over the time between them.",
            "E ∫‖ẋ‖² dt ≈ Σ_i (1/k) · mean of ‖k (x_{i+1} − x_i)‖², the mean over the n points only.",
            "let steps = states.slice(0, 1..k + 1) - states.slice(0, 0..k); then square, sum(2), mean(1), times k, summed.",
        ],
    ),
    inputs: || {
        let mut rng = Rng::new(613);
        let input = |about: &str, states: Tensor| Input::new(about).with("states", states);
        vec![
            input(
                "one point on a line, in two equal steps from 0 to 2",
                Tensor::new(&[3, 1, 1], vec![0.0, 1.0, 2.0]),
            ),
            input(
                "the same way, all of it in the second step",
                Tensor::new(&[3, 1, 1], vec![0.0, 0.0, 2.0]),
            ),
            input("three points in the plane, four steps", rng.normal(&[5, 3, 2])),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("states"))],
    right: |states| {
        steps(states).square().sum(2).mean(1).sum(..) * (states.shape()[0] - 1) as Float
    },
    wrong: &[
        Wrong {
            answer: |states| steps(states).square().sum(2).mean(1).sum(..),
            says: "The squares of the steps, not of the velocities: a step takes the time 1/k, so its velocity is k \
                   times the step. As it is the result tends to 0 with more steps.",
        },
        Wrong {
            answer: |states| {
                let k = (states.shape()[0] - 1) as Float;
                steps(states).square().sum(2).mean(1).sum(..) * (k * k)
            },
            says: "The squares of the velocities are added up; for the integral each counts for the time 1/k.",
        },
        Wrong {
            answer: |states| {
                let k = states.shape()[0] - 1;
                let whole = states.slice(0, k..k + 1) - states.slice(0, 0..1);
                whole.square().sum(2).mean(..)
            },
            says: "‖x_1 − x_0‖² is the cost of the ends. The energy knows the way between them.",
        },
        Wrong {
            answer: |states| steps(states).square().sum(2).sqrt().mean(1).sum(..),
            says: "The length of the way. The energy has the square of the speed, so it sees hurry as well.",
        },
        Wrong {
            answer: |states| {
                steps(states).square().mean(2).mean(1).sum(..) * (states.shape()[0] - 1) as Float
            },
            says: "The mean over the coordinates; ‖·‖² is their sum.",
        },
    ],
};

fn steps(states: &Tensor) -> Tensor {
    let k = states.shape()[0] - 1;
    states.slice(0, 1..k + 1) - states.slice(0, 0..k)
}

/// |E − W₂²|/W₂².
pub const PATH_ENERGY_GAP: Check<Gap> = Check {
    exercise: exercise(
        "path_energy_gap",
        &["O2"],
        "12_couplings.md#what-a-field-spends",
        &["npe"],
        "0 is the best there is, 1 means twice the energy that was needed.",
        [
            "Energies are squares of distances. Of which quantity is W₂² the least value?",
            "NPE = |E − W₂²| / W₂².",
            "(energy - w2 * w2).abs() / (w2 * w2)",
        ],
    ),
    inputs: || {
        let input = |about: &str, energy: Float, w2: Float| {
            Input::new(about).with("energy", energy).with("w2", w2)
        };
        vec![
            input("a third more than needed", 12.0, 3.0),
            input("less than the estimate of W₂²", 3.0, 2.0),
            input("twice what is needed", 12.5, 2.5),
        ]
    },
    run: |answer, i| vec![Tensor::scalar(answer(i.number("energy"), i.number("w2")))],
    right: |energy, w2| (energy - w2 * w2).abs() / (w2 * w2),
    wrong: &[
        Wrong {
            answer: |energy, w2| (energy - w2).abs() / w2,
            says: "W₂ is a distance and the energy the square of one. Compare it with W₂².",
        },
        Wrong {
            answer: |energy, w2| (energy - w2 * w2) / (w2 * w2),
            says: "The paper takes the absolute value: W₂² is an estimate, and the energy can come out below it.",
        },
        Wrong {
            answer: |energy, w2| (energy - w2 * w2).abs() / energy,
            says: "Divided by the energy that was spent. The unit is the energy that was needed, W₂².",
        },
        Wrong {
            answer: |energy, w2| (energy - w2 * w2).abs(),
            says: "Not normalised: divide by W₂², or laws that are far apart look worse.",
        },
    ],
};
