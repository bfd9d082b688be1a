//! Layouts, comparisons and grids.

use super::{Close, Layout, Quantised, exercise};
use crate::chapters::bridge::{close, from_kernel, quantised};
use crate::check::{Check, Input, Wrong};
use crate::random::Rng;
use crate::{Float, Tensor};

/// `[in, out]` → `[out, in]`.
pub const FROM_KERNEL: Check<Layout> = Check {
    exercise: exercise(
        "from_kernel",
        &["E23"],
        "engine_bridge.md#two-layouts",
        &["W"],
        "The numbers of both are the same, in another order. A square layer that is not transposed fits, runs, and is wrong.",
        [
            "y = x K + b there, y = x Wᵀ + b here. How do the two matrices hang together?",
            "W = Kᵀ",
            "A single method of a tensor.",
        ],
    ),
    inputs: || {
        let input = |about: &str, k: Tensor| Input::new(about).with("k", k);
        vec![
            input("two inputs, three outputs", Tensor::from([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])),
            input("a square", Tensor::from([[1.0, 2.0], [3.0, 4.0]])),
            input("one output", Tensor::from([[1.0], [2.0], [3.0]])),
            input("four inputs, three outputs", Rng::new(2301).normal(&[4, 3])),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("k"))],
    right: from_kernel,
    wrong: &[
        Wrong {
            answer: |k| k.reshape(&[k.shape()[1], k.shape()[0]]),
            says: "A reshape: the shape fits and the numbers are cut into rows of another length. Transpose.",
        },
        Wrong {
            answer: Tensor::clone,
            says: "Nothing is exchanged. A kernel is [in, out], and a weight [out, in].",
        },
        Wrong {
            answer: |k| k.t().flip(0).flip(1),
            says: "Transposed, and turned about as kernels of convolutions sometimes are. Here the order of \
                   inputs and outputs is the same on both sides.",
        },
    ],
};

/// |a − b| ≤ α + ρ |b|.
pub const CLOSE: Check<Close> = Check {
    exercise: exercise(
        "close",
        &["E24"],
        "engine_bridge.md#equal-enough",
        &["close"],
        "Relative for large numbers, absolute near 0, and nothing is close to NaN: `!(d > limit)` would let it pass.",
        [
            "Where b is large, rounding grows with it; where it is 0, no relative error is small. Which sum covers both?",
            "|a − b| ≤ α + ρ |b| for every entry; the shapes must be equal.",
            "a.data().iter().zip(b.data()).all(|(a, b)| … <= …)",
        ],
    ),
    inputs: || {
        let input = |about: &str, a: &[Float], b: &[Float], rho: Float, alpha: Float| {
            let input = Input::new(about).with("a", Tensor::from(a.to_vec()));
            input.with("b", Tensor::from(b.to_vec())).with("rho", rho).with("alpha", alpha)
        };
        vec![
            input("equal", &[1.0, 2.0], &[1.0, 2.0], 0.0, 0.0),
            input("large, relatively near", &[1000.0, 1.0], &[1001.0, 1.0], 0.01, 0.0),
            input("small beside 0", &[0.001, 1.0], &[0.0, 1.0], 0.01, 0.01),
            input("only one of them far", &[1.0, 2.0, 3.0], &[1.0, 2.5, 3.0], 0.01, 0.01),
            input("too small", &[1.0, -9.0], &[1.0, 9.0], 0.01, 0.01),
            input("both limits are needed", &[10.15], &[10.0], 0.01, 0.1),
            input("NaN", &[1.0, Float::NAN], &[1.0, 2.0], 0.01, 0.01),
            input("NaN on both sides", &[Float::NAN], &[Float::NAN], 0.01, 0.01),
            input("one number and two", &[1.0], &[1.0, 1.0], 0.01, 0.01),
        ]
    },
    run: |answer, i| {
        let (a, b) = (i.tensor("a"), i.tensor("b"));
        let is_close = answer(a, b, i.number("rho"), i.number("alpha"));
        vec![Tensor::scalar(if is_close { 1.0 } else { 0.0 })]
    },
    right: close,
    wrong: &[
        Wrong {
            answer: |a, b, rho, _| close(a, b, rho, 0.0),
            says: "The absolute part is missing: beside a 0 nothing but 0 is close.",
        },
        Wrong {
            answer: |a, b, _, alpha| close(a, b, 0.0, alpha),
            says: "The relative part is missing: numbers of thousands differ by more than α when the last bit does.",
        },
        Wrong {
            answer: |a, b, rho, alpha| {
                let far = |(a, b): (&Float, &Float)| (a - b).abs() > alpha + rho * b.abs();
                a.shape() == b.shape() && !a.data().iter().zip(b.data()).any(far)
            },
            says: "NaN passes: it is not larger than the limit, and not smaller either. Ask whether all are \
                   near, not whether one is far.",
        },
        Wrong {
            answer: |a, b, rho, alpha| {
                let near = |(a, b): (&Float, &Float)| (a - b) <= alpha + rho * b.abs();
                a.shape() == b.shape() && a.data().iter().zip(b.data()).all(near)
            },
            says: "Without |·| whatever is too small is close.",
        },
        Wrong {
            answer: |a, b, rho, alpha| {
                let near = |(a, b): (&Float, &Float)| (a - b).abs() <= alpha + rho * b.abs();
                a.data().iter().zip(b.data()).all(near)
            },
            says: "Shapes are not compared: `zip` ends with the shorter one, and what is left over is never looked at.",
        },
    ],
};

/// Rows on a grid.
fn on_grid(w: &Tensor, of_row: impl Fn(&[Float]) -> Vec<Float>) -> Tensor {
    let columns = w.shape()[1].max(1);
    Tensor::new(w.shape(), w.data().chunks(columns).flat_map(of_row).collect::<Vec<_>>())
}

fn largest(row: &[Float]) -> Float {
    row.iter().fold(0.0, |most: Float, w| most.max(w.abs()))
}

/// ⌊w/s⌉ s.
fn rounded(row: &[Float], s: Float) -> Vec<Float> {
    row.iter().map(|w| if s > 0.0 { (w / s).round_ties_even() * s } else { 0.0 }).collect()
}

fn most(bits: u32) -> Float {
    ((1u64 << (bits - 1).min(40)) - 1) as Float
}

/// s round(w/s), s = max|w|/(2ᵇ⁻¹ − 1).
pub const QUANTISED: Check<Quantised> = Check {
    exercise: exercise(
        "quantised",
        &["E24"],
        "engine_bridge.md#fewer-bits",
        &["q"],
        "A scale for each row costs one number a row, and a row of small weights is not lost beside one of large ones.",
        [
            "The largest number of a row is to become 2ᵇ⁻¹ − 1, 0 stays 0. Which factor does that?",
            "s = max_j |w_ij|/(2ᵇ⁻¹ − 1), q_ij = s round(w_ij/s)",
            "w.data().chunks(columns), for each row its largest |w|, then map; a row of zeros has s = 0.",
        ],
    ),
    inputs: || {
        let input =
            |about: &str, w: Tensor, bits: usize| Input::new(about).with("w", w).with("bits", bits);
        let two = Tensor::from([[1.0, 0.3, -0.7], [0.01, -0.004, 0.002]]);
        vec![
            input("three bits: −3 … 3", Tensor::from([[3.0, 1.2, -2.9, 0.4]]), 3),
            input("a row of large and one of small weights", two, 4),
            input("a row of zeros", Tensor::from([[0.0, 0.0], [1.0, -2.0]]), 4),
            input("eight bits", Rng::new(2401).normal(&[3, 5]), 8),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("w"), i.count("bits").clamp(2, 16) as u32) * 100.0],
    right: quantised,
    wrong: &[
        Wrong {
            answer: |w, bits| {
                let s = largest(w.data()) / most(bits);
                on_grid(w, |row| rounded(row, s))
            },
            says: "One step for the whole matrix. A row of small weights falls on 0: give each row its own.",
        },
        Wrong {
            answer: |w, bits| {
                on_grid(w, |row| {
                    let s = largest(row) / most(bits);
                    rounded(row, s).iter().map(|q| if s > 0.0 { q / s } else { 0.0 }).collect()
                })
            },
            says: "These are the integers. To be used in place of the weights they must be multiplied by s again.",
        },
        Wrong {
            answer: |w, bits| on_grid(w, |row| rounded(row, largest(row) / (2.0 * most(bits)))),
            says: "The step is half of what b bits allow: with a sign there are 2ᵇ⁻¹ − 1 numbers on each side.",
        },
        Wrong {
            answer: |w, bits| {
                on_grid(w, |row| {
                    let s = largest(row) / most(bits);
                    row.iter().map(|w| if s > 0.0 { (w / s).trunc() * s } else { 0.0 }).collect()
                })
            },
            says: "Cut off and not rounded: every weight becomes smaller, and errors are twice as large.",
        },
    ],
};
