//! Broadcasting, its transpose, and products.

use super::layout::numbers;
use super::{Binary, Common, Reshaped, Zip, exercise};
use crate::chapters::tensors::{
    Array, broadcast_to, common_shape, index, matmul, place, strides, sum_to, transpose, zip_with,
};
use crate::check::{Check, Input, Wrong};
use crate::random::Rng;
use crate::{Float, Tensor};

/// Aligned at the right.
pub const COMMON_SHAPE: Check<Common> = Check {
    exercise: exercise(
        "common_shape",
        &["E2"],
        "engine_tensors.md#broadcasting",
        &["fits", "shape"],
        "Shapes are compared from the right; what is missing on the left counts as 1, and a 1 fits everything.",
        [
            "Write one shape below the other, so that the last sizes stand in one column.",
            "Each column: equal sizes, or one of them 1 (or missing); then the larger. Anything else is no fit.",
            "Put 1s before the shorter one until both are equally long, then go through both at once.",
        ],
    ),
    inputs: || {
        let input =
            |about: &str, a: &[usize], b: &[usize]| Input::new(about).with("a", a).with("b", b);
        vec![
            input("equal shapes", &[2, 3], &[2, 3]),
            input("a row for all rows", &[2, 3], &[3]),
            input("a column for all columns", &[2, 3], &[2, 1]),
            input("a number for all", &[], &[2, 3]),
            input("a column and a row", &[4, 1], &[5]),
            input("the sizes differ", &[2, 3], &[2]),
            input("the sizes differ, in front", &[2, 3], &[4, 3]),
            input("three axes", &[7, 1, 3], &[5, 1]),
        ]
    },
    run: |answer, i| match answer(i.counts("a"), i.counts("b")) {
        Some(shape) => vec![Tensor::scalar(1.0), numbers(&shape)],
        None => vec![Tensor::scalar(0.0), numbers(&[])],
    },
    right: common_shape,
    wrong: &[
        Wrong {
            answer: |a, b| {
                let reversed = |shape: &[usize]| shape.iter().rev().copied().collect::<Vec<_>>();
                Some(reversed(&common_shape(&reversed(a), &reversed(b))?))
            },
            says: "The shapes are aligned at the left. `[3]` goes with the last axis of `[2, 3]`, not with the first.",
        },
        Wrong {
            answer: |a, b| {
                let rank = a.len().max(b.len());
                let padded = |shape: &[usize]| [&vec![1; rank - shape.len()], shape].concat();
                Some(padded(a).iter().zip(padded(b)).map(|(&n, m)| n.max(m)).collect())
            },
            says: "The larger size, whatever the other is. Only a 1 can be repeated: 2 and 3 do not fit.",
        },
        Wrong {
            answer: |a, b| if a.len() == b.len() { common_shape(a, b) } else { None },
            says: "Axes that are missing on the left count as 1; here other ranks never fit.",
        },
        Wrong {
            answer: |a, b| common_shape(a, b).filter(|shape| shape == a),
            says: "Only b is ever repeated. a may be as well, and both at once: `[4, 1]` and `[5]` make `[4, 5]`.",
        },
    ],
};

/// Arrays to be repeated, with the shape.
fn repeated() -> Vec<(&'static str, Tensor, &'static [usize])> {
    let mut rng = Rng::new(801);
    vec![
        ("a row for two rows", Tensor::from([1.0, 2.0, 3.0]), &[2, 3]),
        ("a column for three columns", Tensor::from([[1.0], [2.0]]), &[2, 3]),
        ("a number", Tensor::scalar(5.0), &[2, 2]),
        ("nothing to repeat", Tensor::from([[1.0, 2.0], [3.0, 4.0]]), &[2, 2]),
        ("an axis in the middle", rng.normal(&[2, 1, 3]), &[2, 4, 3]),
        ("in front and at the end", rng.normal(&[3, 1]), &[2, 3, 4]),
    ]
}

/// Bx.
pub const BROADCAST_TO: Check<Reshaped> = Check {
    exercise: exercise(
        "broadcast_to",
        &["E2"],
        "engine_tensors.md#broadcasting",
        &["repeated"],
        "A stride of 0 repeats. Nothing else is needed: the same loop reads rows, columns, and one number for all.",
        [
            "For each place of the result: what is its index, and which entry of x is meant?",
            "Read x with its strides, but 0 along axes that have size 1 in x or are missing on the left.",
            "(0..size).map(|at| x.data[place(&index(at, shape), &steps)])",
        ],
    ),
    inputs: || {
        let input = |(about, x, shape): (&str, Tensor, &'static [usize])| {
            Input::new(about).with("x", x).with("shape", shape)
        };
        repeated().into_iter().map(input).collect()
    },
    run: |answer, i| vec![answer(&Array::of(i.tensor("x")), i.counts("shape")).tensor()],
    right: |x, shape| broadcast_to(x, shape),
    wrong: &[
        Wrong {
            answer: |x, shape| {
                let count = x.data.len();
                let size: usize = shape.iter().product();
                Array::new(shape, (0..size).map(|i| x.data[i % count]).collect())
            },
            says: "The numbers are repeated one after the other, from the first again. This is right for a row \
                   and wrong for a column, whose every number stands in a row of its own.",
        },
        Wrong {
            answer: |x, shape| {
                let size: usize = shape.iter().product();
                let times = size / x.data.len();
                Array::new(shape, (0..size).map(|i| x.data[i / times]).collect())
            },
            says: "Each number is repeated before the next one comes. This is right for a column and wrong for a row.",
        },
        Wrong {
            answer: |x, shape| {
                let size: usize = shape.iter().product();
                let at = |i: usize| x.data.get(i).copied().unwrap_or(0.0);
                Array::new(shape, (0..size).map(at).collect())
            },
            says: "Where x has no more numbers there are zeros. They must be repeated.",
        },
    ],
};

/// Bᵀg.
pub const SUM_TO: Check<Reshaped> = Check {
    exercise: exercise(
        "sum_to",
        &["E2"],
        "engine_tensors.md#the-transpose-of-broadcasting",
        &["sums"],
        "What broadcasting repeats, its transpose adds up: ⟨g, Bx⟩ = ⟨Bᵀg, x⟩. It is what every gradient of a \
         bias goes through.",
        [
            "An entry of x was used at several places. Which entries of g belong to it?",
            "The same places as in `broadcast_to`, read the other way: sums[place(…)] += g[at].",
            "for at in 0..g.data.len() { sums[place(&index(at, &g.shape), &steps)] += g.data[at]; }",
        ],
    ),
    inputs: || {
        let mut rng = Rng::new(802);
        let input = |(about, x, shape): (&str, Tensor, &'static [usize])| {
            let about = format!("the transpose of: {about}");
            Input::new(about).with("g", rng.normal(shape)).with("shape", x.shape())
        };
        repeated().into_iter().map(input).collect()
    },
    run: |answer, i| vec![answer(&Array::of(i.tensor("g")), i.counts("shape")).tensor()],
    right: |g, shape| sum_to(g, shape),
    wrong: &[
        Wrong {
            answer: |g, shape| {
                let sums = sum_to(g, shape);
                let times = (g.data.len() / sums.data.len()) as Float;
                sums.map(|x| x / times)
            },
            says: "The mean, not the sum. An entry that was used three times has three effects, and they add up.",
        },
        Wrong {
            answer: |g, shape| {
                let steps = strides(&g.shape);
                let missing = g.shape.len() - shape.len();
                let first = |i: usize| g.data[place(&index(i, shape), &steps[missing..])];
                Array::new(shape, (0..shape.iter().product()).map(first).collect())
            },
            says: "Only the first of the entries that belong together is taken. All of them count.",
        },
        Wrong {
            answer: |g, shape| {
                let count: usize = shape.iter().product();
                let mut sums = Array::zeros(shape);
                (0..g.data.len()).for_each(|i| sums.data[i % count] += g.data[i]);
                sums
            },
            says: "This adds up rows. It is the transpose of repeating a row, and wrong for a column.",
        },
        Wrong {
            answer: |g, shape| {
                let total: Float = g.data.iter().sum();
                Array::zeros(shape).map(|_| total)
            },
            says: "Everything is added up, for every entry. Only axes along which x was repeated are summed.",
        },
    ],
};

/// Pairs of arrays that fit after broadcasting; f is their difference.
fn pairs() -> Vec<Input> {
    let mut rng = Rng::new(803);
    let mut input = |about: &str, a: &[usize], b: &[usize]| {
        Input::new(about).with("f", "a - b").with("a", rng.normal(a)).with("b", rng.normal(b))
    };
    vec![
        Input::new("equal shapes")
            .with("f", "a - b")
            .with("a", Tensor::from([[1.0, 2.0], [3.0, 4.0]]))
            .with("b", Tensor::from([[1.0, 1.0], [0.0, 2.0]])),
        input("a row on the right", &[2, 3], &[3]),
        input("a column on the left", &[2, 1], &[2, 3]),
        input("a column and a row", &[3, 1], &[4]),
    ]
}

/// f of numbers that meet.
pub const ZIP_WITH: Check<Zip> = Check {
    exercise: exercise(
        "zip_with",
        &["E2"],
        "engine_tensors.md#broadcasting",
        &["a - b"],
        "Every operation of two arrays is this one with another f: broadcast both, then go through the numbers.",
        [
            "Which shape do both become?",
            "f((Ba)_i, (B′b)_i) for every place i, with both broadcast to their common shape.",
            "let shape = common_shape(&a.shape, &b.shape).expect(…); broadcast both, zip their data.",
        ],
    ),
    inputs: pairs,
    run: |answer, i| {
        let (a, b) = (Array::of(i.tensor("a")), Array::of(i.tensor("b")));
        vec![answer(|a, b| a - b, &a, &b).tensor()]
    },
    right: |f, a, b| zip_with(f, a, b),
    wrong: &[
        Wrong {
            answer: |f, a, b| zip_with(f, b, a),
            says: "The arguments of f are exchanged: here f(a, b) = a − b, and b − a came out.",
        },
        Wrong {
            answer: |f, a, b| {
                let shape = common_shape(&a.shape, &b.shape).expect("they fit");
                let at = |x: &Array, i: usize| x.data[i % x.data.len()];
                let size: usize = shape.iter().product();
                Array::new(&shape, (0..size).map(|i| f(at(a, i), at(b, i))).collect())
            },
            says: "The shorter one begins again where it ends. Broadcasting repeats axes: a column is not a row.",
        },
        Wrong {
            answer: |f, a, b| {
                let shape = common_shape(&a.shape, &b.shape).expect("they fit");
                let at = |x: &Array, i: usize| x.data.get(i).copied().unwrap_or(0.0);
                let size: usize = shape.iter().product();
                Array::new(&shape, (0..size).map(|i| f(at(a, i), at(b, i))).collect())
            },
            says: "Without broadcasting: after its last number the shorter one counts as 0.",
        },
    ],
};

/// Σ_k a_ik b_kj.
pub const MATMUL: Check<Binary> = Check {
    exercise: exercise(
        "matmul",
        &["E3"],
        "engine_tensors.md#the-product-of-matrices",
        &["c"],
        "Three loops. Their order is free, and the one whose innermost loop runs along rows is several times as fast.",
        [
            "Entry (i, j) of the result needs row i of a and column j of b.",
            "c_ij = Σ_k a_ik b_kj; a_ik is at i m + k, b_kj at k p + j, c_ij at i p + j.",
            "for i in 0..n { for k in 0..m { for j in 0..p { c[i * p + j] += a.data[…] * b.data[…]; } } }",
        ],
    ),
    inputs: || {
        let mut rng = Rng::new(804);
        let mut input = |about: &str, a: &[usize], b: &[usize]| {
            Input::new(about).with("a", rng.normal(a)).with("b", rng.normal(b))
        };
        vec![
            Input::new("small numbers")
                .with("a", Tensor::from([[1.0, 2.0], [3.0, 4.0]]))
                .with("b", Tensor::from([[0.0, 1.0], [2.0, 5.0]])),
            input("a row and a column", &[1, 3], &[3, 1]),
            input("a column and a row", &[3, 1], &[1, 2]),
            input("three sizes", &[4, 3], &[3, 5]),
        ]
    },
    run: |answer, i| vec![answer(&Array::of(i.tensor("a")), &Array::of(i.tensor("b"))).tensor()],
    right: |a, b| matmul(a, b),
    wrong: &[
        Wrong {
            answer: |a, b| {
                // b read as if it were stored by columns
                let flipped = Array::new(&[b.shape[1], b.shape[0]], b.data.clone());
                matmul(a, &transpose(&flipped))
            },
            says: "b is read by columns: b_kj lies at k p + j, a row after a row, not at j m + k.",
        },
        Wrong {
            answer: |a, b| transpose(&matmul(a, b)),
            says: "This is the transpose, (ab)ᵀ. Row i of the result comes from row i of a.",
        },
        Wrong {
            answer: |a, b| {
                let last = a.shape[1] - 1;
                let (n, m, p) = (a.shape[0], a.shape[1], b.shape[1]);
                let entry = |i: usize| a.data[i / p * m + last] * b.data[last * p + i % p];
                Array::new(&[n, p], (0..n * p).map(entry).collect())
            },
            says: "Only the last k is left: `=` where `+=` belongs.",
        },
        Wrong {
            answer: |a, b| {
                let (n, m, p) = (a.shape[0], a.shape[1], b.shape[1]);
                let entry =
                    |i: usize| (0..m).map(|k| a.data[i / p * m + k] + b.data[k * p + i % p]).sum();
                Array::new(&[n, p], (0..n * p).map(entry).collect())
            },
            says: "The factors are added. Each term of the sum is a product.",
        },
    ],
};
