//! Relations between what came out and what was expected that hold on all inputs: a factor, an
//! offset, an argument too much, a power; or that one part is right and another is not.

use super::super::evidence::short;
use super::super::run::{TOLERANCE, agree, distance, numbers};
use super::super::{Input, Value};
use super::{Pair, holds, row_numbers};
use crate::{Float, Tensor};

/// A rule: what there is to say, if its relation holds.
pub type Rule = fn(&[Pair]) -> Option<String>;

/// What came out is a simple function of what was expected and of the arguments.
pub const RELATIONS: [Rule; 8] =
    [zero, argument_itself, constant, by_size, by_argument, by_sum, power, permuted];

/// A part is right.
pub const PARTS: [Rule; 3] = [columns, some_rows, nearly];

fn zero(pairs: &[Pair]) -> Option<String> {
    let zero = holds(pairs, |p| Some(Tensor::zeros(p.expected.shape())));
    zero.then(|| "What comes out is 0, whatever the arguments are.".into())
}

/// Tensor arguments by name, if every input has them in the shape of its output.
fn fitting<'a>(pairs: &[Pair<'a>], fits: impl Fn(&Pair, &Tensor) -> bool) -> Vec<&'static str> {
    let names = pairs[0].input.arguments.iter().map(|(name, _)| *name);
    let everywhere = |name: &&'static str| {
        pairs.iter().all(|p| factor(p.input, name).is_some_and(|z| fits(p, &z)))
    };
    names.filter(everywhere).collect()
}

/// An argument that is a tensor or a number, as a tensor.
fn factor(input: &Input, name: &str) -> Option<Tensor> {
    let (_, value) = input.arguments.iter().find(|(known, _)| *known == name)?;
    match value {
        Value::Tensor(x) => Some(x.detach()),
        Value::Number(x) => Some(Tensor::scalar(*x)),
        _ => None,
    }
}

fn argument_itself(pairs: &[Pair]) -> Option<String> {
    let names = fitting(pairs, |p, z| z.shape() == p.expected.shape());
    let same = names.into_iter().find(|name| holds(pairs, |p| factor(p.input, name)))?;
    Some(format!("What comes out is `{same}` itself, unchanged."))
}

/// All finite numbers that came out beside those expected.
fn together(pairs: &[Pair]) -> (Vec<f64>, Vec<f64>) {
    let beside = |p: &Pair| numbers(p.came).into_iter().zip(numbers(p.expected));
    let all = pairs.iter().flat_map(beside);
    all.filter(|(a, b)| a.is_finite() && b.is_finite()).unzip()
}

/// A factor or an offset that is the same on all inputs.
fn constant(pairs: &[Pair]) -> Option<String> {
    let (came, expected) = together(pairs);
    if came.len() < 3 {
        return None;
    }
    let ratio = least_squares(&came, &expected)?;
    if holds(pairs, |p| Some(p.expected.detach() * ratio as Float)) {
        return Some(factor_in_words(ratio));
    }
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let offset = mean(&came) - mean(&expected);
    holds(pairs, |p| Some(p.expected.detach() + offset as Float)).then(|| {
        format!("What comes out is what is right {} {}.", sign(offset), short(offset.abs()))
    })
}

/// The factor c that brings c · expected closest to what came out.
fn least_squares(came: &[f64], expected: &[f64]) -> Option<f64> {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let square = dot(expected, expected);
    (square > 0.0).then(|| dot(came, expected) / square)
}

fn sign(v: f64) -> &'static str {
    if v < 0.0 { "minus" } else { "plus" }
}

fn factor_in_words(ratio: f64) -> String {
    if (ratio + 1.0).abs() < 1e-3 {
        return "Right but for the sign, which is flipped everywhere.".into();
    }
    let and_sign = if ratio < 0.0 { ", and the sign is flipped" } else { "" };
    let size = ratio.abs();
    let (times, how) = if size > 1.0 { (size, "large") } else { (1.0 / size, "small") };
    format!("Right but for a constant factor: {} times too {how}{and_sign}.", short(times))
}

/// A factor that is the number of rows, of columns, of elements or of something counted.
fn by_size(pairs: &[Pair]) -> Option<String> {
    let matrix = |p: &Pair| {
        p.input.arguments.iter().find_map(|(_, value)| match value {
            Value::Tensor(x) if x.rank() == 2 => Some([x.shape()[0], x.shape()[1]]),
            _ => None,
        })
    };
    let counts = pairs[0].input.arguments.iter().filter(|(_, v)| matches!(v, Value::Count(_)));
    let counted = counts.map(|(name, _)| *name).next();
    let count = |p: &Pair| Some(p.input.count(counted?));
    type Size<'a> = &'a dyn Fn(&Pair) -> Option<usize>;
    let sizes: [(&str, Size); 4] = [
        ("the number of rows", &|p| matrix(p).map(|[n, _]| n)),
        ("the number of coordinates", &|p| matrix(p).map(|[_, d]| d)),
        ("the number of elements", &|p| matrix(p).map(|[n, d]| n * d)),
        (counted.unwrap_or(""), &count),
    ];
    sizes.iter().find_map(|(name, size)| {
        let scaled = |power: i32| {
            holds(pairs, |p| Some(p.expected.detach() * (size(p)? as Float).powi(power)))
        };
        let large = scaled(1).then_some(("large", "a sum where a mean is asked for"));
        let (how, usual) =
            large.or_else(|| scaled(-1).then_some(("small", "a mean where a sum is asked for")))?;
        Some(format!("Too {how} by {name}: usually {usual}, or over the wrong axes."))
    })
}

/// A factor that is a function of an argument: z, 1 − z, their squares and inverses.
fn by_argument(pairs: &[Pair]) -> Option<String> {
    let names = fitting(pairs, |p, z| z.len() == 1 || (z.rank() == 2 && z.shape() == [rows(p), 1]));
    type Of = fn(&Tensor) -> Tensor;
    let forms: [(&str, Of); 6] = [
        ("Z", |z| z.clone()),
        ("(1 − Z)", |z| 1.0 - z),
        ("Z²", |z| z.square()),
        ("(1 − Z)²", |z| (1.0 - z).square()),
        ("√Z", |z| z.sqrt()),
        ("√(1 − Z)", |z| (1.0 - z).sqrt()),
    ];
    for name in names {
        for (form, f) in forms {
            let z = |p: &Pair| Some(f(&factor(p.input, name)?));
            let form = form.replace('Z', name);
            if holds(pairs, |p| Some(p.expected.detach() * z(p)?)) {
                return Some(format!("There is a factor too much: what is right, times {form}."));
            }
            // came · z = expected, without dividing by 0
            let too_few = |p: &Pair| {
                let size = Float::max(1.0, p.came.abs().max(..).item());
                let product = p.came.detach() * z(p)? / size;
                Some(agree(&product, &(p.expected.detach() / size)))
            };
            if pairs.iter().all(|p| !p.came.is_empty() && too_few(p) == Some(true)) {
                return Some(format!("A factor is missing: multiply by {form} and it is right."));
            }
        }
    }
    None
}

fn rows(p: &Pair) -> usize {
    p.expected.shape().first().copied().unwrap_or(1)
}

/// The difference is an argument.
fn by_sum(pairs: &[Pair]) -> Option<String> {
    let names = fitting(pairs, |p, z| z.shape() == p.expected.shape());
    for name in names {
        for (times, c) in [("", 1.0), ("twice ", 2.0)] {
            let z = |p: &Pair| factor(p.input, name).map(|z| z * c);
            if holds(pairs, |p| Some(p.expected.detach() + z(p)?)) {
                return Some(format!("There is {times}`{name}` too much in the sum."));
            }
            if holds(pairs, |p| Some(p.expected.detach() - z(p)?)) {
                return Some(format!("In the sum {times}`{name}` is missing."));
            }
        }
    }
    None
}

fn power(pairs: &[Pair]) -> Option<String> {
    type Of = fn(&Tensor) -> Tensor;
    let forms: [(&str, Of); 7] = [
        ("1 minus what is asked for", |x| 1.0 - x),
        ("the square of what is asked for: a root is missing", |x| x.square()),
        ("the root of what is asked for: a square is missing", |x| x.sqrt()),
        ("the absolute value of what is asked for", |x| x.abs()),
        ("the exponential of what is asked for", |x| x.exp()),
        ("the logarithm of what is asked for", |x| x.ln()),
        ("one over what is asked for", |x| x.recip()),
    ];
    let found = forms.iter().find(|(_, f)| holds(pairs, |p| Some(f(&p.expected.detach()))))?;
    Some(format!("What comes out is {}.", found.0))
}

/// Rows of a matrix or vector.
fn split_rows(x: &Tensor) -> Vec<Tensor> {
    let n = if x.rank() == 0 { 0 } else { x.shape()[0] as isize };
    (0..n as usize).map(|i| x.detach().slice(0, i..i + 1)).collect()
}

fn permuted(pairs: &[Pair]) -> Option<String> {
    let same_rows = |p: &Pair| {
        let mut left = split_rows(p.expected);
        split_rows(p.came).iter().all(|row| {
            left.iter().position(|other| agree(row, other)).map(|i| left.remove(i)).is_some()
        })
    };
    let ordered = pairs.iter().all(|p| rows(p) < 2 || agree(p.came, p.expected));
    (!ordered && pairs.iter().all(|p| p.expected.rank() > 0 && same_rows(p)))
        .then(|| "The rows are right, but in another order.".into())
}

/// Some coordinates are right on all inputs.
fn columns(pairs: &[Pair]) -> Option<String> {
    let matrices = pairs.iter().filter(|p| p.expected.rank() == 2);
    let d = matrices.map(|p| p.expected.shape()[1]).max()?;
    let right = |j: &usize| {
        pairs.iter().filter(|p| p.expected.rank() == 2 && p.expected.shape()[1] > *j).all(|p| {
            let column = |x: &Tensor| x.detach().slice(1, *j..j + 1);
            agree(&column(p.came), &column(p.expected))
        })
    };
    let (good, bad): (Vec<usize>, Vec<usize>) = (0..d).partition(right);
    (!good.is_empty() && !bad.is_empty())
        .then(|| format!("Coordinates {good:?} are right everywhere, coordinates {bad:?} are not."))
}

/// On the first input that is wrong some rows are right.
fn some_rows(pairs: &[Pair]) -> Option<String> {
    let p = pairs.iter().find(|p| !agree(p.came, p.expected))?;
    let (came, expected) = (split_rows(p.came), split_rows(p.expected));
    let (good, bad): (Vec<usize>, Vec<usize>) =
        (0..expected.len()).partition(|&i| agree(&came[i], &expected[i]));
    let list = |rows: &[usize]| {
        let row = |&i: &usize| match row_numbers(p.input, i) {
            numbers if numbers.is_empty() => format!("{i}"),
            numbers => format!("{i} ({})", numbers.join(", ")),
        };
        rows.iter().take(4).map(row).collect::<Vec<_>>().join(", ")
    };
    (!good.is_empty() && !bad.is_empty()).then(|| {
        let about = &p.input.about;
        format!(
            "With {about} some rows are right: {}; and some are wrong: {}.",
            list(&good),
            list(&bad)
        )
    })
}

fn nearly(pairs: &[Pair]) -> Option<String> {
    let worst = pairs.iter().map(|p| distance(p.came, p.expected)).fold(0.0, f64::max);
    (worst < 0.01).then(|| {
        format!(
            "Nearly right: the largest relative difference is {worst:.1e}, where rounding explains \
             {TOLERANCE:.0e}. An approximation, such as a finite difference for a derivative, or a \
             constant with few digits?"
        )
    })
}
