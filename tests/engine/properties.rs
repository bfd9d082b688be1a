//! What the ops do to tensors of any shape, of rank 0 to 4 with axes of size 0 and 1 among them:
//! each against loops over multi-indices, which know nothing of strides, lanes or tiles. The shapes
//! are random, and the same in every run; proptest shrinks a failing one.

use crate::errors::{Panic, panic_of};
use proptest::prelude::{Strategy, any};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use pushforward::derivatives::{jvp, vjp};
use pushforward::random::Rng;
use pushforward::{Float, Tensor, grad};

/// Rounding of a few hundred operations on numbers about 1.
const CLOSE: f64 = 1000.0 * Float::EPSILON as f64;

/// Checks a property for 256 values of a strategy.
fn for_all<S: Strategy>(values: S, property: impl Fn(S::Value)) {
    let config = Config { cases: 256, failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let failure = |p: Panic| TestCaseError::fail(format!("line {}: {}", p.line, p.message));
    let check = |value| panic_of(|| property(value)).map(failure).map_or(Ok(()), Err);
    TestRunner::new_with_rng(config, rng).run(&values, check).unwrap_or_else(|e| panic!("{e}"));
}

/// Shapes of these ranks, with sizes 0 to 4.
fn shapes(ranks: std::ops::Range<usize>) -> impl Strategy<Value = Vec<usize>> {
    proptest::collection::vec(0..5usize, ranks)
}

/// Real numbers between −2 and 2.
fn reals(shape: &[usize], seed: u64) -> Tensor {
    Rng::new(seed).uniform_in(shape, -2.0, 2.0)
}

/// Whole numbers from −2 to 2: sums of them are exact in any order, and many are equal.
fn wholes(shape: &[usize], seed: u64) -> Tensor {
    let mut rng = Rng::new(seed);
    Tensor::from_fn(shape, |_| rng.below(5) as Float - 2.0)
}

/// Every multi-index of a shape, the last axis fastest.
fn indices(shape: &[usize]) -> Vec<Vec<usize>> {
    let longer = |start: &Vec<usize>, n| (0..n).map(|i| [&start[..], &[i]].concat()).collect();
    shape.iter().fold(vec![vec![]], |starts, &n| {
        starts.iter().flat_map(|start| -> Vec<Vec<usize>> { longer(start, n) }).collect()
    })
}

/// The tensor with f(i) at multi-index i.
fn build(shape: &[usize], f: impl Fn(&[usize]) -> Float) -> Tensor {
    Tensor::new(shape, indices(shape).iter().map(|i| f(i)).collect::<Vec<_>>())
}

/// A multi-index or shape with another entry at an axis.
fn with(index: &[usize], axis: usize, entry: usize) -> Vec<usize> {
    [&index[..axis], &[entry], &index[axis + 1..]].concat()
}

/// One of the axes, possibly counted from the end, and the same as an index.
fn an_axis(rank: usize, choice: u8) -> (isize, usize) {
    let axis = isize::from(choice) % (2 * rank as isize) - rank as isize;
    (axis, axis.rem_euclid(rank as isize) as usize)
}

/// Equal to the last bit; one NaN is as good as another.
#[track_caller]
fn assert_same(a: &Tensor, b: &Tensor) {
    let same = |(a, b): (&Float, &Float)| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan();
    let same = a.shape() == b.shape() && a.data().iter().zip(b.data()).all(same);
    assert!(same, "{a:?}\nis not\n{b:?}");
}

#[track_caller]
fn assert_close(a: &Tensor, b: &Tensor) {
    let nans = a.ne(a).data() == b.ne(b).data();
    let [x, y] = [a, b].map(|t| t.ne(t).select(&Tensor::scalar(0.0), t));
    assert!(nans && x.is_close(&y, CLOSE, CLOSE), "{a:?}\nis not close to\n{b:?}");
}

/// Σ a b in f64.
fn inner(a: &Tensor, b: &Tensor) -> f64 {
    assert_eq!(a.shape(), b.shape());
    a.data().iter().zip(b.data()).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
}

// Broadcasting

/// The rule as NumPy states it: align at the last axis, add missing ones, sizes are equal or one is
/// 1.
fn common_shape(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
    let rank = a.len().max(b.len());
    let full = |shape: &[usize]| [&vec![1; rank - shape.len()], shape].concat();
    let join = |(m, n): (usize, usize)| match (m, n) {
        (1, n) => Some(n),
        (m, 1) => Some(m),
        (m, n) => (m == n).then_some(m),
    };
    full(a).into_iter().zip(full(b)).map(join).collect()
}

/// What a broadcast tensor holds at an index of the common shape.
fn at_broadcast(x: &Tensor, index: &[usize]) -> Float {
    let own = &index[index.len() - x.rank()..];
    x.at(&own.iter().zip(x.shape()).map(|(&i, &n)| if n == 1 { 0 } else { i }).collect::<Vec<_>>())
}

/// A shape that broadcasts to `full`: some axes made 1, some of the first left out.
fn partner(full: &[usize], [ones, left_out]: [u8; 2]) -> Vec<usize> {
    let shrunk = full.iter().enumerate().map(|(k, &n)| if ones >> k & 1 == 1 { 1 } else { n });
    shrunk.skip(usize::from(left_out) % (full.len() + 1)).collect()
}

#[test]
fn every_two_shapes_up_to_rank_three_broadcast_or_are_refused() {
    let all: Vec<Vec<usize>> = (0..4).flat_map(|rank| indices(&vec![4; rank])).collect();
    for (i, a) in all.iter().enumerate() {
        for (j, b) in all.iter().enumerate() {
            let (x, y) = (reals(a, i as u64), reals(b, j as u64));
            if let Some(shape) = common_shape(a, b) {
                let expected = build(&shape, |i| at_broadcast(&x, i) - at_broadcast(&y, i));
                assert_same(&(&x - &y), &expected);
            } else {
                let refusal = panic_of(|| drop(&x - &y)).expect("incompatible shapes are refused");
                let both = format!("sub: shapes {a:?} and {b:?} do not broadcast");
                assert!(refusal.message.starts_with(&both), "{}", refusal.message);
            }
        }
    }
}

/// An op of two tensors and the same of two numbers.
type Binary = (fn(&Tensor, &Tensor) -> Tensor, fn(Float, Float) -> Float);

const BINARY: [Binary; 12] = [
    (|a, b| a + b, |a, b| a + b),
    (|a, b| a - b, |a, b| a - b),
    (|a, b| a * b, |a, b| a * b),
    (|a, b| a / b, |a, b| a / b),
    (|a, b| a.maximum(b), Float::max),
    (|a, b| a.minimum(b), Float::min),
    (|a, b| a.gt(b), |a, b| if a > b { 1.0 } else { 0.0 }),
    (|a, b| a.ge(b), |a, b| if a >= b { 1.0 } else { 0.0 }),
    (|a, b| a.lt(b), |a, b| if a < b { 1.0 } else { 0.0 }),
    (|a, b| a.le(b), |a, b| if a <= b { 1.0 } else { 0.0 }),
    (|a, b| a.eq(b), |a, b| if a == b { 1.0 } else { 0.0 }),
    (|a, b| a.ne(b), |a, b| if a != b { 1.0 } else { 0.0 }),
];

#[test]
fn binary_ops_and_select_broadcast_over_any_axes() {
    for_all((shapes(0..5), any::<[[u8; 2]; 3]>(), any::<u64>()), |(full, shrink, seed)| {
        let [a, b, mask] = shrink.map(|shrink| partner(&full, shrink));
        let (a, b, mask) = (wholes(&a, seed), wholes(&b, !seed), wholes(&mask, seed ^ 1));
        let shape = common_shape(a.shape(), b.shape()).unwrap();
        for (op, f) in BINARY {
            let expected = build(&shape, |i| f(at_broadcast(&a, i), at_broadcast(&b, i)));
            assert_same(&op(&a, &b), &expected);
        }
        let shape = common_shape(&shape, mask.shape()).unwrap();
        let chosen = |i: &[usize]| if at_broadcast(&mask, i) != 0.0 { &a } else { &b };
        assert_same(&mask.select(&a, &b), &build(&shape, |i| at_broadcast(chosen(i), i)));
    });
}

#[test]
fn broadcast_to_repeats_and_sum_to_is_its_adjoint() {
    for_all((shapes(0..5), any::<[u8; 2]>(), any::<u64>()), |(full, shrink, seed)| {
        let (x, y) = (wholes(&partner(&full, shrink), seed), wholes(&full, !seed));
        let repeated = x.broadcast_to(&full);
        assert_same(&repeated, &build(&full, |i| at_broadcast(&x, i)));
        assert_eq!(inner(&repeated, &y), inner(&x, &y.sum_to(x.shape())));
    });
}

// Reductions

/// The shape with the axes that go kept at size 1, and for each of its elements the numbers that
/// are reduced to it.
fn groups(x: &Tensor, gone: &[bool]) -> (Vec<usize>, Vec<Vec<Float>>) {
    let size = |k: usize| if gone[k] { 1 } else { x.shape()[k] };
    let kept: Vec<usize> = (0..x.rank()).map(size).collect();
    let mut groups = vec![vec![]; kept.iter().product()];
    for index in indices(x.shape()) {
        let place = |place, k: usize| place * kept[k] + if gone[k] { 0 } else { index[k] };
        groups[(0..x.rank()).fold(0, place)].push(x.at(&index));
    }
    (kept, groups)
}

/// A subset of the axes, some counted from the end, and which they are.
fn some_axes(rank: usize, [chosen, negative]: [u8; 2]) -> (Vec<isize>, Vec<bool>) {
    let gone: Vec<bool> = (0..rank).map(|k| chosen >> k & 1 == 1).collect();
    let named = |k: usize| k as isize - if negative >> k & 1 == 1 { rank as isize } else { 0 };
    ((0..rank).rev().filter(|&k| gone[k]).map(named).collect(), gone)
}

fn numbers(x: &[Float]) -> impl Iterator<Item = f64> {
    x.iter().map(|&x| f64::from(x))
}

fn sum(x: &[Float]) -> f64 {
    numbers(x).fold(0.0, |sum, x| sum + x)
}

fn variance(x: &[Float], correction: f64) -> f64 {
    let (n, mean) = (x.len() as f64, sum(x) / x.len() as f64);
    if n <= correction {
        return f64::NAN;
    }
    numbers(x).map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - correction)
}

fn log_sum_exp(x: &[Float]) -> f64 {
    libm::log(numbers(x).map(libm::exp).sum())
}

/// An op that keeps the axes, the op that drops them, and the same of a list of numbers.
type Reduction =
    (fn(&Tensor, &[isize]) -> Tensor, fn(&Tensor, &[isize]) -> Tensor, fn(&[Float]) -> f64);

const REDUCTIONS: [Reduction; 3] = [
    (|x, axes| x.sum_keep(axes), |x, axes| x.sum(axes), sum),
    (|x, axes| x.mean_keep(axes), |x, axes| x.mean(axes), |x| sum(x) / x.len() as f64),
    (|x, axes| x.log_sum_exp_keep(axes), |x, axes| x.log_sum_exp(axes), log_sum_exp),
];

const EXTREMES: [Reduction; 2] = [
    (|x, axes| x.max_keep(axes), |x, axes| x.max(axes), |x| numbers(x).fold(f64::MIN, f64::max)),
    (|x, axes| x.min_keep(axes), |x, axes| x.min(axes), |x| numbers(x).fold(f64::MAX, f64::min)),
];

#[test]
fn reductions_run_over_any_subset_of_the_axes() {
    for_all((shapes(0..5), any::<[u8; 2]>(), any::<u64>()), |(shape, choice, seed)| {
        let x = wholes(&shape, seed);
        let (axes, gone) = some_axes(shape.len(), choice);
        let (kept, groups) = groups(&x, &gone);
        let left = (0..shape.len()).filter(|&k| !gone[k]).map(|k| shape[k]).collect::<Vec<_>>();
        let of_groups = |f: &dyn Fn(&[Float]) -> f64| {
            Tensor::new(&kept, groups.iter().map(|x| f(x) as Float).collect::<Vec<_>>())
        };
        let check = |(keeping, dropping, f): Reduction| {
            let kept = keeping(&x, &axes);
            assert_close(&kept, &of_groups(&f));
            assert_same(&dropping(&x, &axes), &kept.reshape(&left));
        };
        REDUCTIONS.into_iter().for_each(check);
        assert_same(&x.sum_keep(&axes[..]), &of_groups(&sum));
        for correction in [0, 1] {
            let expected = of_groups(&|x| variance(x, correction as f64)).reshape(&left);
            assert_close(&x.var(&axes[..], correction), &expected);
        }
        if (0..shape.len()).any(|k| gone[k] && shape[k] == 0) {
            let refused = |(op, ..): Reduction| panic_of(|| drop(op(&x, &axes))).is_some();
            assert!(EXTREMES.into_iter().all(refused));
        } else {
            EXTREMES.into_iter().for_each(check);
            let (x, ones) = (x.variable(), Tensor::ones(&kept));
            for (op, ..) in EXTREMES {
                let gradient = grad(&op(&x, &axes).sum(..), &[&x]).remove(0);
                assert_close(&gradient.sum_keep(&axes[..]), &ones); // shared, whoever is largest
            }
        }
        assert_same(&x.sum(..), &x.reshape(&[x.len()]).sum(0));
    });
}

#[test]
fn ops_along_one_axis_treat_each_line_alone() {
    for_all((shapes(1..5), any::<u8>(), any::<u64>()), |(shape, choice, seed)| {
        let (axis, k) = an_axis(shape.len(), choice);
        let x = wholes(&shape, seed);
        let line = |i: &[usize]| (0..shape[k]).map(|j| x.at(&with(i, k, j))).collect::<Vec<_>>();
        let running = |i: &[usize]| sum(&line(i)[..=i[k]]) as Float;
        assert_same(&x.cumsum(axis), &build(&shape, running));
        let log_soft = |i: &[usize]| f64::from(x.at(i)) - log_sum_exp(&line(i));
        assert_close(&x.log_softmax(axis), &build(&shape, |i| log_soft(i) as Float));
        assert_close(&x.softmax(axis), &build(&shape, |i| libm::exp(log_soft(i)) as Float));
        if shape[k] == 0 {
            return;
        }
        let extremes = [(x.argmax(axis), x.max_keep(axis)), (x.argmin(axis), x.min_keep(axis))];
        for (place, extreme) in extremes {
            let first = |i: &[usize]| line(i).iter().position(|&x| x == extreme.at(i)).unwrap();
            let expected = build(extreme.shape(), |i| first(i) as Float);
            assert_same(&place, &expected.sum(axis));
        }
    });
}

// Products

/// A B by the definition: one chain of fused multiply-adds over ascending k, started at 0.
fn naive_product(a: &Tensor, b: &Tensor) -> Tensor {
    let (a_leading, &[m, k]) = a.shape().split_last_chunk().unwrap();
    let (b_leading, &[_, n]) = b.shape().split_last_chunk().unwrap();
    let leading = common_shape(a_leading, b_leading).unwrap();
    build(&[&leading[..], &[m, n]].concat(), |index| {
        let (leading, &[i, j]) = index.split_last_chunk().unwrap();
        let entry = |t, i, j| at_broadcast(t, &[leading, &[i, j]].concat());
        (0..k).fold(0.0, |c, p| Float::mul_add(entry(a, i, p), entry(b, p, j), c))
    })
}

/// Every form of the product of matrices of these sizes, to the last bit.
fn check_products(leading: [&[usize]; 2], [m, k, n]: [usize; 3], seed: u64) {
    let a = reals(&[leading[0], &[m, k]].concat(), seed);
    let b = reals(&[leading[1], &[k, n]].concat(), !seed);
    let expected = naive_product(&a, &b);
    assert_same(&a.matmul(&b), &expected);
    assert_same(&a.matmul_nt(&b.t()), &expected);
    assert_same(&a.t().matmul_tn(&b), &expected);
}

#[test]
fn products_are_chains_of_fused_multiply_adds_whatever_the_tiles() {
    let leading = (proptest::collection::vec(0..4usize, 0..3), any::<[[u8; 2]; 2]>());
    let values = (leading, [0..21usize, 0..21, 0..21], any::<u64>());
    for_all(values, |((full, shrink), sizes, seed)| {
        let [a, b] = shrink.map(|shrink| partner(&full, shrink));
        check_products([&a, &b], sizes, seed);
    });
    for sizes in [[6, 1, 16], [7, 64, 17], [67, 70, 71], [72, 3, 48], [1, 70, 1], [70, 1, 70]] {
        check_products([&[], &[]], sizes, 0);
    }
    check_products([&[2, 1], &[3]], [13, 70, 33], 1);
}

#[test]
fn a_vector_is_a_row_on_the_left_and_a_column_on_the_right() {
    for_all((shapes(0..3), [0..5usize, 0..5, 0..5], any::<u64>()), |(leading, [m, k, n], seed)| {
        let v = reals(&[k], seed);
        let (row, column) = (v.reshape(&[1, k]), v.reshape(&[k, 1]));
        let a = reals(&[&leading[..], &[m, k]].concat(), !seed);
        let b = reals(&[&leading[..], &[k, n]].concat(), seed ^ 1);
        let expected = naive_product(&row, &b);
        assert_same(&v.matmul(&b), &expected.reshape(&[&leading[..], &[n]].concat()));
        let expected = naive_product(&a, &column);
        assert_same(&a.matmul(&v), &expected.reshape(&[&leading[..], &[m]].concat()));
        assert_same(&v.matmul(&v), &naive_product(&row, &column).reshape(&[]));
    });
}

// Moving numbers

#[test]
fn parts_of_an_axis_are_read_written_turned_and_joined() {
    let values = (shapes(1..5), any::<u8>(), any::<[u8; 2]>(), any::<u64>());
    for_all(values, |(shape, choice, cuts, seed)| {
        let (axis, k) = an_axis(shape.len(), choice);
        let (x, n) = (reals(&shape, seed), shape[k]);
        let start = usize::from(cuts[0]) % (n + 1);
        let end = start + usize::from(cuts[1]) % (n - start + 1);
        let part = build(&with(&shape, k, end - start), |i| x.at(&with(i, k, i[k] + start)));
        assert_same(&x.slice(axis, start..end), &part);
        let inside = |i: usize| (start..start + n).contains(&i);
        let padded = build(&with(&shape, k, start + n + end), |i| {
            if inside(i[k]) { x.at(&with(i, k, i[k] - start)) } else { 0.0 }
        });
        assert_same(&x.pad(axis, start, end), &padded);
        assert_same(&x.flip(axis), &build(&shape, |i| x.at(&with(i, k, n - 1 - i[k]))));
        let parts = x.split(axis, &[start, end - start, n - end]);
        assert_same(&parts[1], &part);
        assert_same(&Tensor::concat(&parts.iter().collect::<Vec<_>>(), axis), &x);
    });
}

#[test]
fn axes_are_reordered_added_and_regrouped() {
    let values = (shapes(0..5), any::<[u8; 2]>(), any::<u64>());
    for_all(values, |(shape, choice, seed)| {
        let (x, y, rank) = (reals(&shape, seed), reals(&shape, !seed), shape.len());
        let order = Rng::new(seed).permutation(rank);
        let permuted: Vec<usize> = order.iter().map(|&axis| shape[axis]).collect();
        let source = |i: &[usize]| (0..rank).fold(vec![0; rank], |at, k| with(&at, order[k], i[k]));
        assert_same(&x.permute(&order), &build(&permuted, |i| x.at(&source(i))));
        if rank > 0 {
            let [(a, i), (b, j)] = choice.map(|choice| an_axis(rank, choice));
            let swapped = |index: &[usize]| with(&with(index, i, index[j]), j, index[i]);
            let expected = build(&swapped(&shape), |index| x.at(&swapped(index)));
            assert_same(&x.transpose(a, b), &expected);
        }
        let (axis, k) = an_axis(rank + 1, choice[0]);
        let stacked = [&shape[..k], &[2], &shape[k..]].concat();
        let without = |i: &[usize]| [&i[..k], &i[k + 1..]].concat();
        let expected = build(&stacked, |i| [&x, &y][i[k]].at(&without(i)));
        assert_same(&Tensor::stack(&[&x, &y], axis), &expected);
        for other in [vec![x.len()], permuted, [&shape[..k], &[1], &shape[k..]].concat()] {
            assert_same(&x.reshape(&other), &Tensor::new(&other, x.to_vec()));
        }
    });
}

#[test]
fn gather_reads_and_scatter_add_is_its_adjoint() {
    let values = (shapes(1..5), any::<u8>(), 0..5usize, any::<u64>());
    for_all(values, |(shape, choice, count, seed)| {
        let (axis, k) = an_axis(shape.len(), choice);
        let taken = with(&shape, k, if shape[k] == 0 { 0 } else { count });
        let mut rng = Rng::new(seed);
        let index = Tensor::from_fn(&taken, |_| rng.below(shape[k]) as Float);
        let (x, y) = (wholes(&shape, seed), wholes(&taken, !seed));
        let place = |i: &[usize]| with(i, k, index.at(i) as usize);
        assert_same(&x.gather(axis, &index), &build(&taken, |i| x.at(&place(i))));
        let mut expected = x.clone();
        for from in indices(&taken) {
            let at = |i: &[usize]| if i == place(&from) { y.at(&from) } else { 0.0 };
            expected += build(&shape, at);
        }
        assert_same(&x.scatter_add(axis, &index, &y), &expected);
        let scattered = Tensor::zeros(&shape).scatter_add(axis, &index, &y);
        assert_eq!(inner(&x.gather(axis, &index), &y), inner(&x, &scattered));
    });
}

#[test]
fn triangles_and_codes_are_chosen_by_their_indices() {
    for_all((shapes(2..5), -5..6isize, any::<u64>()), |(shape, diagonal, seed)| {
        let x = reals(&shape, seed);
        let above = |i: &[usize]| i[i.len() - 1] as isize - i[i.len() - 2] as isize;
        let lower = build(&shape, |i| if above(i) <= diagonal { x.at(i) } else { 0.0 });
        assert_same(&x.tril(diagonal), &lower);
        assert_same(&x.triu(diagonal + 1), &(&x - lower));
        let classes = wholes(&shape, seed) + 2.0;
        let (n, codes) = (shape.len(), classes.one_hot(5));
        let code = |i: &[usize]| if classes.at(&i[..n]) as usize == i[n] { 1.0 } else { 0.0 };
        assert_same(&codes, &build(&[&shape[..], &[5]].concat(), code));
        if !codes.is_empty() {
            assert_same(&codes.argmax(-1), &classes);
        }
    });
}

#[test]
fn a_tensor_of_any_shape_is_displayed() {
    let small = (0..5).flat_map(|rank| indices(&vec![4; rank]));
    let large = [&[300][..], &[13, 20], &[20, 13, 2], &[0, 300], &[300, 0], &[2, 150, 1], &[13; 4]];
    let odd = [0.5, -0.0, Float::NAN, Float::NEG_INFINITY, 1e30, -1e-30, 123_456.7];
    for shape in small.chain(large.map(<[usize]>::to_vec)) {
        let x = Tensor::from_fn(&shape, |i| odd[i % odd.len()]);
        let text = x.to_string();
        let count = |c| text.chars().filter(|&found| found == c).count();
        assert_eq!(count('['), count(']'), "{text}");
        assert!(text.starts_with(&"[".repeat(shape.iter().take_while(|&&n| n > 0).count())));
        assert!(text.lines().all(|line| line.len() < 200), "{shape:?}");
        assert!(format!("{:?}", x.variable()).starts_with(&format!("Tensor {shape:?} (variable)")));
        assert_eq!(x.html().matches("<table>").count(), x.html().matches("</table>").count());
    }
}

// Square matrices

/// Matrices with a dominant diagonal, well-conditioned and no two alike.
fn dominant(leading: &[usize], n: usize, seed: u64) -> Tensor {
    reals(&[leading, &[n, n]].concat(), seed) + Tensor::eye(n) * (2 * n) as Float
}

/// Its rows in another order, with zeros where a factorisation without pivots would divide.
fn shuffled(a: &Tensor, seed: u64) -> Tensor {
    let (a, rows) = (a.triu(-1), Rng::new(seed).permutation(a.shape()[a.rank() - 1]));
    let rows: Vec<Tensor> = rows.into_iter().map(|i| a.slice(-2, i..i + 1)).collect();
    if rows.is_empty() { a } else { Tensor::concat(&rows.iter().collect::<Vec<_>>(), -2) }
}

/// Σⱼ (−1)ʲ a₀ⱼ det(A without row 0 and column j).
fn cofactor_expansion(a: &[Vec<f64>]) -> f64 {
    let without = |row: &Vec<f64>, j: usize| [&row[..j], &row[j + 1..]].concat();
    let minor = |j| a[1..].iter().map(|row| without(row, j)).collect::<Vec<_>>();
    let sign = |j: usize| [1.0, -1.0][j % 2];
    let terms = (0..a.len()).map(|j| sign(j) * a[0][j] * cofactor_expansion(&minor(j)));
    if a.is_empty() { 1.0 } else { terms.sum() }
}

#[test]
fn systems_are_solved_for_any_leading_axes() {
    let leading = (proptest::collection::vec(0..3usize, 0..3), any::<[[u8; 2]; 2]>());
    for_all((leading, 0..7usize, 0..4usize, any::<u64>()), |((full, shrink), n, c, seed)| {
        let [a_leading, b_leading] = shrink.map(|shrink| partner(&full, shrink));
        let diagonal = dominant(&a_leading, n, seed);
        let a = shuffled(&diagonal, seed);
        let b = reals(&[&b_leading[..], &[n, c]].concat(), !seed);
        let leading = common_shape(&a_leading, &b_leading).unwrap();
        let b_full = b.broadcast_to(&[&leading[..], &[n, c]].concat());
        assert_close(&a.matmul(&a.solve(&b)), &b_full);
        let identity = Tensor::eye(n).broadcast_to(a.shape());
        assert_close(&a.matmul(&a.inverse()), &identity);
        assert_close(&a.inverse().matmul(&a), &identity);
        for (upper, triangle) in [(true, diagonal.triu(0)), (false, diagonal.tril(0))] {
            let x = diagonal.triangular_solve(&b, upper);
            assert_close(&triangle.matmul(&x), &b_full);
            let ones = Tensor::ones(diagonal.shape());
            let unread = if upper { ones.tril(-1) } else { ones.triu(1) };
            let nan = unread.select(&Tensor::scalar(Float::NAN), &diagonal);
            assert_same(&nan.triangular_solve(&b, upper), &x);
        }
    });
}

#[test]
fn determinants_are_cofactor_expansions_and_signed_exponentials() {
    for_all((shapes(0..3), 0..5usize, any::<u64>()), |(leading, n, seed)| {
        let a = shuffled(&dominant(&leading, n, seed), seed);
        let det = build(&leading, |at| {
            let entry = |i, j| f64::from(a.at(&[at, &[i, j]].concat()));
            let row = |i| (0..n).map(|j| entry(i, j)).collect();
            cofactor_expansion(&(0..n).map(row).collect::<Vec<_>>()) as Float
        });
        assert_close(&a.det(), &det);
        let (sign, log) = a.slogdet();
        assert_same(&sign, &det.sign());
        assert_close(&log, &det.abs().ln());
    });
}

#[test]
fn the_smallest_and_the_singular_matrices_have_their_values() {
    let none = Tensor::zeros(&[0, 0]);
    let (sign, log) = none.slogdet();
    assert_eq!([none.det(), sign, log].map(|t| t.item()), [1.0, 1.0, 0.0]);
    assert_eq!(Tensor::zeros(&[2, 0, 0]).det().data(), [1.0, 1.0]);
    assert_eq!(none.inverse().shape(), [0, 0]);
    assert_eq!(none.solve(&Tensor::zeros(&[0, 3])).shape(), [0, 3]);
    let one = Tensor::from([[-4.0]]);
    assert_eq!([one.det(), one.slogdet().0, one.inverse()].map(|t| t.item()), [-4.0, -1.0, -0.25]);
    assert_eq!(one.solve(&Tensor::from([[2.0, 8.0]])).data(), [-0.5, -2.0]);
    for singular in [Tensor::zeros(&[3, 3]), Tensor::from([[1.0, 2.0], [2.0, 4.0]])] {
        let (sign, log) = singular.slogdet();
        assert_eq!((singular.det().item(), sign.item()), (0.0, 0.0));
        assert_eq!(log.item(), Float::NEG_INFINITY);
    }
}

// Derivatives

/// An op of a tensor of rank 1 or more, along an axis and a set of axes.
type Op = fn(&Tensor, isize, &[isize]) -> Tensor;

/// Linear in x, so that J u is the op applied to u.
const LINEAR: [Op; 17] = [
    |x, _, _| -x * 3.0,
    |x, _, axes| x.sum(axes),
    |x, axis, _| x.mean_keep(axis) + Tensor::zeros(&[3, 1, 1, 1, 1]),
    |x, axis, _| x.cumsum(axis),
    |x, axis, _| x.flip(axis),
    |x, axis, _| x.pad(axis, 2, 1),
    |x, axis, _| x.pad(axis, 1, 1).slice(axis, 1..2),
    |x, axis, _| x.transpose(axis, 0),
    |x, _, _| x.reshape(&[x.len()]),
    |x, _, _| x.broadcast_to(&[&[2], x.shape()].concat()),
    |x, _, _| x.sum_to(&x.shape()[1..]),
    |x, axis, _| Tensor::concat(&[x, &(x * 2.0), x], axis),
    |x, axis, _| Tensor::stack(&[x, &-x], axis),
    |x, axis, _| x.pad(axis, 0, 1).gather(axis, &Tensor::zeros(x.sum_keep(axis).shape())),
    |x, axis, _| x.scatter_add(axis, &Tensor::zeros(x.shape()), x),
    |x, _, _| x.reshape(&[x.len(), 1]).matmul_nt(&Tensor::ones(&[2, 1])).tril(-1),
    |x, _, _| x.linear(&Tensor::ones(&[2, x.shape()[x.rank() - 1]]), &Tensor::zeros(&[2])),
];

/// Not linear, but differentiable at almost every point.
const CURVED: [Op; 12] = [
    |x, _, _| x.sin() * x,
    |x, axis, _| x.sum_keep(axis) * x,
    |x, _, _| x / (x.square().sum_to(&x.shape()[1..]) + 1.0),
    |x, _, axes| x.var(axes, 0),
    |x, _, axes| x.log_sum_exp(axes),
    |x, axis, _| x.softmax(axis),
    |x, axis, _| x.log_softmax(axis),
    |x, axis, _| if x.is_empty() { x.clone() } else { x.max_keep(axis) * x.min(..) },
    |x, _, _| x.maximum(x.square()).minimum(Tensor::ones(&[2, 1, 1, 1, 1])),
    |x, _, _| x.gt(0.0).select(&x.exp(), &x.elu(0.5)),
    |x, _, _| x.reshape(&[1, x.len()]).matmul(&x.reshape(&[x.len(), 1])),
    |x, axis, _| x.mse(&x.flip(axis)),
];

#[test]
fn products_with_a_jacobian_from_both_sides_are_adjoint_and_gradients_have_the_inputs_shape() {
    for_all((shapes(1..5), any::<[u8; 2]>(), any::<u64>()), |(shape, choice, seed)| {
        let (axis, _) = an_axis(shape.len(), choice[0]);
        let (axes, _) = some_axes(shape.len(), choice);
        let (x, u) = (reals(&shape, seed), reals(&shape, !seed));
        for (i, op) in LINEAR.into_iter().chain(CURVED).enumerate() {
            let f = |x: &Tensor| op(x, axis, &axes);
            let (y, ju) = jvp(f, &x, &u);
            let v = reals(y.shape(), seed ^ 1);
            let (_, vj) = vjp(f, &x, &v);
            assert_eq!((vj.shape(), ju.shape()), (x.shape(), y.shape()));
            // Not of the mean of nothing, which is NaN.
            if y.data().iter().all(|y| y.is_finite()) {
                let (left, right) = (inner(&v, &ju), inner(&vj, &u));
                let size = 1.0 + inner(&v.abs(), &ju.abs()) + inner(&vj.abs(), &u.abs());
                assert!((left - right).abs() <= CLOSE * size, "op {i}: {left} is not {right}");
            }
            if i < LINEAR.len() {
                assert_close(&ju, &f(&u));
            }
            let x = x.variable();
            let gradient = grad(&(f(&x) * &v).sum(..), &[&x]).remove(0);
            assert_same(&gradient, &vj);
        }
    });
}
