//! What a field does to points and to mass: exercises 1 and 2.

use crate::check::{Check, Exercise, Input, Wrong};
use crate::random::Rng;
use crate::{Float, Tensor};

type Bound = fn(&Tensor, &Tensor, &Tensor, &Tensor) -> Tensor;

/// δ e^{L t} + ε (e^{L t} − 1)/L.
pub const GRONWALL_BOUND: Check<Bound> = Check {
    exercise: Exercise {
        chapter: "odes",
        name: "gronwall_bound",
        statements: &["C1"],
        place: "06_odes.md#how-fast-two-solutions-part",
        outputs: &["the bound"],
        learned: "An error in the beginning and errors on the way are both magnified by e^{L t} \
                  at most, those that are made late by less. Every statement that a solver \
                  converges, and that a network near the true field gives samples near the true \
                  ones, is this line.",
        hints: [
            "g(t) is the largest that the distance can be. At which rate does it grow where it is \
             g?",
            "g′ = L g + ε and g(0) = δ. Multiply by e^{−L t}: (e^{−L t} g)′ = ε e^{−L t}; \
             integrate from 0 to t.",
            "let grown = (lipschitz * t).exp_m1(); delta + delta * &grown + epsilon * … / …",
        ],
    },
    inputs: || {
        let input = |about: &str, rows: [&[Float]; 4]| {
            let [delta, epsilon, lipschitz, t] = rows.map(|row| Tensor::new(&[row.len()], row));
            Input::new(about)
                .with("delta", delta)
                .with("epsilon", epsilon)
                .with("lipschitz", lipschitz)
                .with("t", t)
        };
        vec![
            input("one field, starts that differ by 1", [&[1.0], &[0.0], &[2.0], &[0.5]]),
            input("one start, fields that differ by 1", [&[0.0], &[1.0], &[2.0], &[0.5]]),
            input(
                "both, and t = 0 in the first row",
                [&[0.5, 0.5, 0.25], &[0.75, 0.75, 2.0], &[3.0, 3.0, 0.5], &[0.0, 1.0, 2.0]],
            ),
        ]
    },
    run: |answer, i| {
        let [delta, epsilon] = [i.tensor("delta"), i.tensor("epsilon")];
        vec![answer(delta, epsilon, i.tensor("lipschitz"), i.tensor("t"))]
    },
    right: |delta, epsilon, lipschitz, t| {
        let growth = lipschitz * t;
        delta * growth.exp() + epsilon * growth.exp_m1() / lipschitz
    },
    wrong: &[
        Wrong {
            answer: |delta, epsilon, _, t| delta + epsilon * t,
            says: "You only add the differences up: δ + ε t. The solutions are at two places, \
                   where the velocities differ too, by L times the distance: what is there grows.",
        },
        Wrong {
            answer: |delta, _, lipschitz, t| delta * (lipschitz * t).exp(),
            says: "This holds for two solutions of one field. Where the fields differ by ε, the \
                   distance grows at the rate L g + ε.",
        },
        Wrong {
            answer: |delta, epsilon, lipschitz, t| {
                let grown = (lipschitz * t).exp();
                delta * &grown + epsilon * grown / lipschitz
            },
            says: "The lower limit of the integral is missing: ∫ e^{L s} ds from 0 to t is (e^{L \
                   t} − 1)/L. Your bound at t = 0 is more than δ.",
        },
        Wrong {
            answer: |delta, epsilon, lipschitz, t| {
                let growth = lipschitz * t;
                delta * growth.exp() + epsilon * growth.exp_m1()
            },
            says: "The 1/L is missing, which comes from integrating e^{L s} in s. For small L t \
                   the second part must be ε t.",
        },
        Wrong {
            answer: |delta, epsilon, lipschitz, t| (delta + epsilon * t) * (lipschitz * t).exp(),
            says: "You let all of ε t grow from the beginning. It is a bound, but a larger one: \
                   what the fields add at time s grows only from s on.",
        },
        Wrong {
            answer: |delta, epsilon, lipschitz, t| {
                let growth = lipschitz * t;
                delta * (1.0 + &growth) + epsilon * t * (1.0 + growth * 0.5)
            },
            says: "This is the beginning of the series, right for small L t only. A rate \
                   proportional to the distance makes an exponential.",
        },
    ],
};

type Carry = fn(&Tensor, &Tensor, Float, Float) -> Tensor;

/// ρ − Δt/Δx (F to the right − F to the left), F = u ρ of the cell the mass comes from.
pub const CONTINUITY_STEP: Check<Carry> = Check {
    exercise: Exercise {
        chapter: "odes",
        name: "continuity_step",
        statements: &["C3"],
        place: "06_odes.md#mass-is-carried-along",
        outputs: &["ρ after the step"],
        learned: "What leaves one cell enters the next, so the sum over cells stays what it was, \
                  to the last bit of rounding. Let the cells become small, and this line is ∂ρ/∂t \
                  + ∂(ρ u)/∂x = 0.",
        hints: [
            "Count mass: a cell holds ρ Δx. How much passes a wall in the time Δt, and from which \
             cell is it?",
            "F = u ρ_left where u > 0 and u ρ_right where u < 0; ρ_new = ρ − Δt/Δx (F at the \
             right wall − F at the left wall).",
            "let n = rho.len(); let (left, right) = (rho.slice(0, 0..n - 1), rho.slice(0, 1..n)); \
             let inside = u.slice(0, 1..n); let flux = (inside.maximum(0.0) * left + …).pad(0, 1, \
             1); rho - (flux.slice(0, 1..n + 1) - …) * (dt / dx)",
        ],
    },
    inputs: || {
        let input = |about: &str, rho: &[Float], walls: &[Float], dx: Float, dt: Float| {
            Input::new(about)
                .with("rho", Tensor::new(&[rho.len()], rho))
                .with("u", Tensor::new(&[walls.len()], walls))
                .with("dx", dx)
                .with("dt", dt)
        };
        let mut rng = Rng::new(81);
        let (rho, u) = (rng.uniform_in(&[6], 0.5, 2.0), rng.normal(&[5]).pad(0, 1, 1));
        vec![
            input(
                "two cells, mass in the left one, to the right",
                &[2.0, 0.0],
                &[0.0, 1.0, 0.0],
                0.5,
                0.25,
            ),
            input(
                "three cells, to the left",
                &[1.0, 3.0, 2.0],
                &[0.0, -1.5, -0.5, 0.0],
                0.5,
                0.125,
            ),
            input("six cells, both directions", rho.data(), u.data(), 0.25, 0.0625),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("rho"), i.tensor("u"), i.number("dx"), i.number("dt"))],
    right: |rho, u, dx, dt| rho - outflow(&upwind(rho, u)) * (dt / dx),
    wrong: &[
        Wrong {
            answer: |rho, u, dx, dt| rho + outflow(&upwind(rho, u)) * (dt / dx),
            says: "The sign of the divergence is flipped: a cell from which more flows out than \
                   in must lose mass.",
        },
        Wrong {
            answer: |rho, u, _, dt| rho - outflow(&upwind(rho, u)) * dt,
            says: "Δx is missing: what passes a wall is mass, and the cell's density changes by \
                   mass over length.",
        },
        Wrong {
            answer: |rho, u, dx, dt| {
                let [left, right, u] = sides(rho, u);
                let flux = (u.maximum(0.0) * right + u.minimum(0.0) * left).pad(0, 1, 1);
                rho - outflow(&flux) * (dt / dx)
            },
            says: "The density is that of the cell the mass goes to. What passes a wall comes \
                   from the other side: the left cell's where u > 0. (This way cells fall below \
                   0.)",
        },
        Wrong {
            answer: |rho, u, dx, dt| {
                let [left, right, u] = sides(rho, u);
                rho - outflow(&(u * (left + right) * 0.5).pad(0, 1, 1)) * (dt / dx)
            },
            says: "You take the mean density of both cells at a wall. It conserves mass, but it \
                   takes mass from empty cells, and Euler's step with it is never stable. The \
                   task takes the cell that the mass comes from.",
        },
        Wrong {
            answer: |rho, u, dx, dt| rho - rho * outflow(u) * (dt / dx),
            says: "This is ρ div u: how a piece of mass is thinned out as it drifts along. In a \
                   cell that stays where it is, it is the flux u ρ that flows in and out: div(ρ \
                   u).",
        },
    ],
};

/// The cells on both sides of each inner wall, and the velocity there.
fn sides(rho: &Tensor, u: &Tensor) -> [Tensor; 3] {
    let n = rho.len();
    [rho.slice(0, 0..n - 1), rho.slice(0, 1..n), u.slice(0, 1..n)]
}

/// What passes each wall in a unit of time, to the right: `[n + 1]`.
fn upwind(rho: &Tensor, u: &Tensor) -> Tensor {
    let [left, right, u] = sides(rho, u);
    (u.maximum(0.0) * left + u.minimum(0.0) * right).pad(0, 1, 1)
}

/// What leaves each cell: through its right wall, less through its left one.
fn outflow(flux: &Tensor) -> Tensor {
    let n = flux.len() - 1;
    flux.slice(0, 1..n + 1) - flux.slice(0, 0..n)
}
