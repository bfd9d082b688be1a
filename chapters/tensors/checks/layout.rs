//! Where a number lies in memory.

use super::{Counts, Index, Place, Unary, exercise};
use crate::chapters::tensors::{Array, index, place, strides, transpose};
use crate::check::{Check, Input, Wrong};
use crate::{Float, Tensor};

/// Counts as a row of numbers.
pub(super) fn numbers(counts: &[usize]) -> Tensor {
    counts.iter().map(|&n| n as Float).collect()
}

fn product(sizes: &[usize]) -> usize {
    sizes.iter().product()
}

/// s_k = n_{k+1} n_{k+2} ⋯
pub const STRIDES: Check<Counts> = Check {
    exercise: exercise(
        "strides",
        &["E1"],
        "engine_tensors.md#a-row-of-numbers",
        &["strides"],
        "The last index runs fastest. To go one further along an axis is to skip everything that comes after it.",
        [
            "How many numbers lie between x[i, j] and x[i + 1, j]?",
            "s_k is the product of the sizes of all axes after k; after the last there are none, so it is 1.",
            "(0..shape.len()).map(|k| shape[…].iter().product()).collect()",
        ],
    ),
    inputs: || {
        let shapes: [&[usize]; 5] = [&[2, 3], &[5], &[], &[2, 3, 4, 5], &[3, 1, 2]];
        let input = |shape: &&[usize]| Input::new(format!("shape {shape:?}")).with("shape", *shape);
        shapes.iter().map(input).collect()
    },
    run: |answer, i| vec![numbers(&answer(i.counts("shape")))],
    right: strides,
    wrong: &[
        Wrong {
            answer: |shape| (0..shape.len()).map(|k| product(&shape[k..])).collect(),
            says: "The axis itself is counted too. One step along an axis skips what comes after it, not the \
                   axis as a whole: the last stride is 1.",
        },
        Wrong {
            answer: |shape| (0..shape.len()).map(|k| product(&shape[..k])).collect(),
            says: "Here the first index runs fastest: the order of Fortran and Matlab. Row after row, the last one does.",
        },
        Wrong {
            answer: <[usize]>::to_vec,
            says: "These are the sizes. A stride says by how much the place in memory grows, if the index grows by one.",
        },
        Wrong {
            answer: |shape| {
                let mut strides = strides(shape);
                strides.reverse();
                strides
            },
            says: "The strides are right but in the order of the axes from the last to the first.",
        },
    ],
};

/// Σ_k i_k s_k.
pub const PLACE: Check<Place> = Check {
    exercise: exercise(
        "place",
        &["E1"],
        "engine_tensors.md#a-row-of-numbers",
        &["place"],
        "An index and strides, multiplied and added: that is all a tensor does to find a number. Other strides \
         read the same numbers transposed, or one of them many times.",
        [
            "Each index moves by its stride. What do they do together?",
            "place = i₀ s₀ + i₁ s₁ + ⋯",
            "index.iter().zip(strides).map(|(i, s)| …).sum()",
        ],
    ),
    inputs: || {
        let input = |about: &str, index: &[usize], strides: &[usize]| {
            Input::new(about).with("index", index).with("strides", strides)
        };
        vec![
            input("row 1, column 2 of a matrix with 3 columns", &[1, 2], &[3, 1]),
            input("the same of its transpose", &[1, 2], &[1, 3]),
            input("a vector repeated as rows", &[4, 2], &[0, 1]),
            input("three axes", &[1, 2, 3], &[20, 5, 1]),
            input("a single number", &[], &[]),
        ]
    },
    run: |answer, i| vec![Tensor::scalar(answer(i.counts("index"), i.counts("strides")) as Float)],
    right: place,
    wrong: &[
        Wrong {
            answer: |index, _| index.iter().sum(),
            says: "The indices are added without their strides. A row further is a whole row of numbers away.",
        },
        Wrong {
            answer: |index, strides| index.iter().rev().zip(strides).map(|(i, s)| i * s).sum(),
            says: "The first index has met the last stride. They go together axis by axis.",
        },
        Wrong {
            answer: |index, strides| place(index, strides) + 1,
            says: "One too much: the first number has the place 0.",
        },
    ],
};

/// ⌊place / s_k⌋ mod n_k.
pub const INDEX: Check<Index> = Check {
    exercise: exercise(
        "index",
        &["E1"],
        "engine_tensors.md#a-row-of-numbers",
        &["index"],
        "Places and indices say the same. It is the way a number is written in digits, with another base for each digit.",
        [
            "As with digits: how do you get the tens of 273?",
            "i_k = ⌊place / s_k⌋ mod n_k, with the strides of the shape.",
            "strides(shape).iter().zip(shape).map(|(s, n)| place / s % n).collect()",
        ],
    ),
    inputs: || {
        let input = |place: usize, shape: &[usize]| {
            let about = format!("place {place} of shape {shape:?}");
            Input::new(about).with("place", place).with("shape", shape)
        };
        vec![
            input(5, &[2, 3]),
            input(1, &[2, 3]),
            input(3, &[7]),
            input(0, &[]),
            input(77, &[2, 3, 4, 5]),
            input(46, &[4, 3, 5]),
        ]
    },
    run: |answer, i| vec![numbers(&answer(i.count("place"), i.counts("shape")))],
    right: index,
    wrong: &[
        Wrong {
            answer: |place, shape| strides(shape).iter().map(|s| place / s).collect(),
            says: "The rest is missing: place/s_k counts on through all axes before k. Take it modulo n_k.",
        },
        Wrong {
            answer: |place, shape| shape.iter().map(|n| place % n).collect(),
            says: "place mod n_k is right for the last axis alone. First divide by the stride.",
        },
        Wrong {
            answer: |place, shape| {
                let steps = (0..shape.len()).map(|k| product(&shape[..k]));
                steps.zip(shape).map(|(s, n)| place / s % n).collect()
            },
            says: "Here the first index runs fastest, the order of Fortran. The strides must be those of rows \
                   one after the other.",
        },
        Wrong {
            answer: |place, shape| {
                let mut index = index(place, shape);
                index.reverse();
                index
            },
            says: "The indices are right but in the order of the axes from the last to the first.",
        },
    ],
};

/// xᵀ.
pub const TRANSPOSE: Check<Unary> = Check {
    exercise: exercise(
        "transpose",
        &["E1"],
        "engine_tensors.md#views-and-copies",
        &["x_t"],
        "Neighbours in memory are neighbours in a row. To transpose is to read with exchanged strides, \
         and, if the result is to be in order again, to copy.",
        [
            "Entry (i, j) of the result is entry (j, i) of x. At what places are they?",
            "Result `[m, n]` at i n + j, x `[n, m]` at j m + i.",
            "(0..n * m).map(|at| x.data[at % n * m + at / n])",
        ],
    ),
    inputs: || {
        let input = |about: &str, x: Tensor| Input::new(about).with("x", x);
        vec![
            input("two rows, three columns", Tensor::from([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])),
            input("a square", Tensor::from([[1.0, 2.0], [3.0, 4.0]])),
            input("one row", Tensor::from([[1.0, 2.0, 3.0]])),
            input("four rows, three columns", Tensor::arange(0..12).reshape(&[4, 3])),
        ]
    },
    run: |answer, i| vec![answer(&Array::of(i.tensor("x"))).tensor()],
    right: transpose,
    wrong: &[
        Wrong {
            answer: |x| Array::new(&[x.shape[1], x.shape[0]], x.data.clone()),
            says: "The shape is exchanged and the numbers stay where they are: that is a reshape. Rows have \
                   been cut at other places, not turned into columns.",
        },
        Wrong {
            answer: |x| Array::new(&x.shape, transpose(x).data),
            says: "The numbers are moved and the shape is not: n rows of m become m rows of n.",
        },
        Wrong {
            answer: |x| {
                let reversed = x.data.iter().rev().copied().collect();
                transpose(&Array::new(&x.shape, reversed))
            },
            says: "It is turned along the other diagonal: the last number has become the first. The diagonal \
                   x_ii stays where it is.",
        },
    ],
};
