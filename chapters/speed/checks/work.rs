//! Operations and bytes, and a product in tiles.

use super::{Attainable, Intensity, Product, exercise};
use crate::chapters::speed::tiles::entry;
use crate::chapters::speed::{Machine, Work};
use crate::chapters::tensors::{Array, matmul};
use crate::check::{Check, Input, Wrong};
use crate::random::Rng;
use crate::{Float, Tensor};

fn number(x: Float) -> Tensor {
    Tensor::scalar(x)
}

/// 2 m k n operations, three matrices.
pub const INTENSITY: Check<Intensity> = Check {
    exercise: exercise(
        "intensity",
        &["E18"],
        "engine_speed.md#operations-and-bytes",
        &["operations a byte"],
        "A product of large matrices computes much with each byte, a product with a vector half an operation. \
         That, and not the number of operations, says how fast it can be.",
        [
            "How many multiplications and additions has an entry of the result, and how many numbers have the three matrices?",
            "I = W/Q, with W = 2 m k n and 4 bytes for every number of [m, k], [k, n] and [m, n].",
            "Two lets for W and Q as Float, and a quotient.",
        ],
    ),
    inputs: || {
        let input = |about: &str, sizes: [usize; 3]| Input::new(about).with("sizes", &sizes[..]);
        vec![
            input("squares of 6", [6, 6, 6]),
            input("squares of 600", [600, 600, 600]),
            input("a matrix and a column", [64, 64, 1]),
            input("a layer of the first network", [256, 64, 64]),
        ]
    },
    run: |answer, i| {
        let sizes = i.counts("sizes");
        vec![number(answer([sizes[0], sizes[1], sizes[2]]))]
    },
    right: |sizes| Work::product(sizes).intensity() as Float,
    wrong: &[
        Wrong {
            answer: |sizes| (0.5 * Work::product(sizes).intensity()) as Float,
            says: "A multiplication and an addition are two operations, each counted: W = 2 m k n.",
        },
        Wrong {
            answer: |sizes| (4.0 * Work::product(sizes).intensity()) as Float,
            says: "This is operations for each number. A float32 has four bytes.",
        },
        Wrong {
            answer: |[m, k, n]| 2.0 * (m * k * n) as Float / (4 * (m * k + k * n)) as Float,
            says: "The result is missing: it is written to memory too, m n numbers.",
        },
        Wrong {
            answer: |[m, k, n]| (1.0 / Work::product([m, k, n]).intensity()) as Float,
            says: "This is bytes for each operation. Intensity is the other quotient: large when the \
                   processor is busy.",
        },
        Wrong {
            answer: |[m, k, n]| {
                let work = Work::product([m, k, n]);
                (work.operations / (12.0 * (m * k * n) as f64)) as Float
            },
            says: "Here three numbers are moved for each multiply-add: that is a machine without a cache. Count \
                   every number of the three matrices once.",
        },
    ],
};

/// min(P, B I).
pub const ATTAINABLE: Check<Attainable> = Check {
    exercise: exercise(
        "attainable",
        &["E18"],
        "engine_speed.md#the-roof",
        &["attainable"],
        "Computing and moving go on at the same time, and the slower of them is what one waits for.",
        [
            "With I operations for each byte and B bytes a second: how many operations a second can be fed?",
            "min(P, B I)",
            "One call of min on a product.",
        ],
    ),
    inputs: || {
        let input = |about: &str, [peak, bandwidth, intensity]: [Float; 3]| {
            let input = Input::new(about).with("peak", peak).with("bandwidth", bandwidth);
            input.with("intensity", intensity)
        };
        vec![
            input("an addition: bytes are waited for", [100.0, 20.0, 0.0833]),
            input("a large product: the processor is", [100.0, 20.0, 64.0]),
            input("at the ridge", [100.0, 20.0, 5.0]),
            input("another machine", [3.0, 7.0, 0.25]),
        ]
    },
    run: |answer, i| {
        let [peak, bandwidth, intensity] =
            ["peak", "bandwidth", "intensity"].map(|name| i.number(name));
        vec![number(answer(peak, bandwidth, intensity))]
    },
    right: |peak, bandwidth, intensity| {
        let machine = Machine { peak: f64::from(peak), bandwidth: f64::from(bandwidth) };
        machine.attainable(f64::from(intensity)) as Float
    },
    wrong: &[
        Wrong {
            answer: |_, bandwidth, intensity| bandwidth * intensity,
            says: "Without an end: beyond the ridge it is the processor that is waited for, and P is the most.",
        },
        Wrong {
            answer: |peak, bandwidth, intensity| peak.max(bandwidth * intensity),
            says: "The larger of both. One waits for the slower, and that is the smaller rate.",
        },
        Wrong {
            answer: |peak, bandwidth, intensity| peak.min(bandwidth / intensity),
            says: "B/I: bytes a second divided by operations a byte is no rate of operations. Look at the units.",
        },
        Wrong {
            answer: |peak, bandwidth, intensity| 1.0 / (1.0 / peak + 1.0 / (bandwidth * intensity)),
            says: "The times are added, as if nothing were computed while bytes are on their way. A \
                   processor does both at once.",
        },
    ],
};

/// Entries that are not, to the bit, one chain of fused multiply-adds.
fn other_bits(c: &Array, a: &Array, b: &Array) -> Float {
    let (n, p) = (a.shape[0], b.shape[1]);
    if c.shape != [n, p] {
        return (n * p) as Float;
    }
    let differs = |at: &usize| c.data[*at].to_bits() != entry(a, b, at / p, at % p).to_bits();
    (0..n * p).filter(differs).count() as Float
}

/// Entry by entry of every tile: c ← a_ik b_kj + c, begun at what `start` says.
fn by_tiles(
    a: &Array,
    b: &Array,
    [rows, columns]: [usize; 2],
    (n, p): (usize, usize),
    start: fn(Float) -> Float,
) -> Array {
    let mut c = Array::zeros(&[a.shape[0], b.shape[1]]);
    let (m, width) = (a.shape[1], b.shape[1]);
    let mut last = 0.0;
    for j_0 in (0..p).step_by(columns.max(1)) {
        for i_0 in (0..n).step_by(rows.max(1)) {
            for i in i_0..n.min(i_0 + rows) {
                for j in j_0..p.min(j_0 + columns) {
                    let step =
                        |c: Float, k: usize| a.data[i * m + k].mul_add(b.data[k * width + j], c);
                    last = (0..m).fold(start(last), step);
                    c.data[i * width + j] = last;
                }
            }
        }
    }
    c
}

/// Every entry one chain, whatever the tiles.
pub const MATMUL_BY_TILES: Check<Product> = Check {
    exercise: exercise(
        "matmul_by_tiles",
        &["E18", "E19", "E22"],
        "engine_speed.md#tiles",
        &["a b", "entries with other bits"],
        "Tiles decide in which order entries are worked on, never what is done to one of them: the bits \
         are those of the definition, at whatever size.",
        [
            "First loops over the corners of tiles, then over the entries of a tile, and k inside. Which tiles are smaller?",
            "c_ij = chain of c ← a_ik.mul_add(b_kj, c), k ascending, from 0; a tile ends at min(i + R, n), min(j + C, p).",
            "for i in (0..n).step_by(R), for j likewise; a tile as a Vec of R C zeros; for k: for its rows: for its columns: mul_add; then store.",
        ],
    ),
    inputs: || {
        let mut rng = Rng::new(1801);
        let mut input = |about: &str, [n, m, p]: [usize; 3], tile: [usize; 2]| {
            let (a, b) = (rng.normal(&[n, m]), rng.normal(&[m, p]));
            Input::new(about).with("a", a).with("b", b).with("tile", &tile[..])
        };
        vec![
            input("one tile", [2, 3, 4], [2, 4]),
            input("six tiles", [4, 9, 6], [2, 2]),
            input("smaller tiles at the edges", [5, 12, 7], [2, 4]),
            input("a tile larger than the result", [3, 40, 2], [4, 8]),
        ]
    },
    run: |answer, i| {
        let (a, b) = (Array::of(i.tensor("a")), Array::of(i.tensor("b")));
        let c = answer(&a, &b, [i.counts("tile")[0], i.counts("tile")[1]]);
        vec![c.tensor(), number(other_bits(&c, &a, &b))]
    },
    right: |a, b, tile| by_tiles(a, b, tile, (a.shape[0], b.shape[1]), |_| 0.0),
    wrong: &[
        Wrong {
            answer: |a, b, tile| {
                let whole = |size: usize, tile: usize| size / tile.max(1) * tile;
                let (n, p) = (whole(a.shape[0], tile[0]), whole(b.shape[1], tile[1]));
                by_tiles(a, b, tile, (n, p), |_| 0.0)
            },
            says: "The edges are missing: where the sizes are no multiples of R and C, the last tiles are smaller.",
        },
        Wrong {
            answer: |a, b, _| matmul(a, b),
            says: "The numbers are right and some last bits are not: a product and a sum, each rounded. \
                   Use `mul_add`, which rounds once.",
        },
        Wrong {
            answer: |a, b, tile| by_tiles(a, b, tile, (a.shape[0], b.shape[1]), |last| last),
            says: "A tile begins with what the one before has left. Every entry starts at 0.",
        },
        Wrong {
            answer: |a, b, _| {
                let (m, p) = (a.shape[1], b.shape[1]);
                let step = |i: usize, j: usize| {
                    let step = |c: Float, k: usize| a.data[i * m + k].mul_add(b.data[k * p + j], c);
                    (0..m).rev().fold(0.0, step)
                };
                let entries = (0..a.shape[0] * p).map(|at| step(at / p, at % p));
                Array::new(&[a.shape[0], p], entries.collect())
            },
            says: "k descends. A chain in another order is rounded in other places: the last bits differ.",
        },
    ],
};
