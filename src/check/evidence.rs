//! The one input that a verdict shows: a row of the table for each row of the batch, few of them.

use super::run::{agree, distance, numbers};
use super::{Input, Value};
use crate::Tensor;

/// An input, what came out and what was expected, as text.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// What is special about the input.
    pub about: String,
    /// Names and values, one a line.
    pub lines: Vec<[String; 2]>,
    /// The header and some rows: arguments and results that have a row for each row of the batch.
    pub table: Vec<Vec<String>>,
    /// The largest difference and where it is; empty if it cannot be said.
    pub largest: String,
}

/// Rows of a batch that are shown.
const ROWS: usize = 4;
/// Numbers of a row that are shown.
const COLUMNS: usize = 4;

impl Evidence {
    /// The input alone.
    pub fn given(input: &Input) -> Evidence {
        Evidence::of(input, &[], &[], &[])
    }

    /// The input and the first output that is wrong.
    pub fn of(input: &Input, outputs: &[&str], came: &[Tensor], expected: &[Tensor]) -> Evidence {
        let pairs = || came.iter().zip(expected);
        let k = pairs().position(|(a, b)| !agree(a, b)).unwrap_or(0);
        let result = pairs().nth(k);
        let n = result.and_then(|(_, b)| rows(b)).or_else(|| batch(input));
        let mut evidence = Evidence { about: input.about.clone(), ..Evidence::default() };
        let mut columns: Vec<(String, &Tensor)> = vec![];
        for (name, value) in &input.arguments {
            match value {
                Value::Tensor(x) if rows(x) == n && n.is_some() => {
                    columns.push((name.to_string(), x))
                }
                Value::Function(f) => evidence.lines.push(definition(name, f.formula)),
                other => evidence.lines.push([name.to_string(), text(other)]),
            }
        }
        if let Some((came, expected)) = result {
            let of = if outputs.len() > 1 { format!("{}: ", outputs[k]) } else { String::new() };
            for (what, x) in [("came out", came), ("expected", expected)] {
                match rows(x) == n && n.is_some() {
                    true => columns.push((format!("{of}{what}"), x)),
                    false => evidence.lines.push([format!("{of}{what}"), with_shape(x)]),
                }
            }
            evidence.largest = largest(came, expected);
        }
        let worst =
            result.map_or(0, |(a, b)| worst(a, b) / (b.len() / n.unwrap_or(1).max(1)).max(1));
        evidence.table = table(&columns, n.unwrap_or(0), worst);
        evidence
    }
}

/// How many rows a matrix or vector has; a scalar has none.
fn rows(x: &Tensor) -> Option<usize> {
    matches!(x.rank(), 1 | 2).then(|| x.shape()[0])
}

/// The rows of the first matrix among the arguments.
fn batch(input: &Input) -> Option<usize> {
    input.arguments.iter().find_map(|(_, value)| match value {
        Value::Tensor(x) if x.rank() == 2 => rows(x),
        _ => None,
    })
}

/// The position of the largest difference, 0 if there is none to be had.
fn worst(a: &Tensor, b: &Tensor) -> usize {
    if a.shape() != b.shape() {
        return 0;
    }
    let apart = numbers(a).into_iter().zip(numbers(b)).map(|(a, b)| (a - b).abs());
    // NaN counts as the largest of all
    let size = |d: f64| if d.is_nan() { f64::INFINITY } else { d };
    let larger = |best: (usize, f64), (i, d): (usize, f64)| if d > best.1 { (i, d) } else { best };
    apart.map(size).enumerate().fold((0, 0.0), larger).0
}

fn largest(came: &Tensor, expected: &Tensor) -> String {
    if came.shape() != expected.shape() || distance(came, expected) == 0.0 {
        return String::new();
    }
    let i = worst(came, expected);
    let (a, b) = (numbers(came)[i], numbers(expected)[i]);
    let place = match expected.shape() {
        [_, d] => format!(" in row {}, column {}", i / d, i % d),
        [_] => format!(" in row {i}"),
        _ => String::new(),
    };
    format!("largest difference {}{place}: {} came out, not {}", short(a - b), short(a), short(b))
}

/// The header and the first rows, the worst among them.
fn table(columns: &[(String, &Tensor)], n: usize, worst: usize) -> Vec<Vec<String>> {
    if columns.is_empty() || n == 0 {
        return vec![];
    }
    let mut shown: Vec<usize> = (0..n.min(ROWS)).collect();
    if worst >= ROWS {
        shown[ROWS - 1] = worst.min(n - 1);
    }
    let header =
        ["row".to_string()].into_iter().chain(columns.iter().map(|(name, _)| name.clone()));
    let cell = |x: &Tensor, i: usize| {
        let width = x.len() / n;
        row(&numbers(x)[i * width..][..width])
    };
    let line = |&i: &usize| {
        let cells = columns.iter().map(|(_, x)| cell(x, i));
        [i.to_string()].into_iter().chain(cells).collect()
    };
    [header.collect()].into_iter().chain(shown.iter().map(line)).collect()
}

/// The numbers of a row, the first few of them.
fn row(numbers: &[f64]) -> String {
    let more = if numbers.len() > COLUMNS { " …" } else { "" };
    let shown: Vec<String> = numbers.iter().take(COLUMNS).map(|&v| short(v)).collect();
    shown.join("  ") + more
}

/// "u(t, x)" and its formula; under the name of the argument, if the formula has another.
fn definition(name: &str, formula: &str) -> [String; 2] {
    let [left, right] = match formula.split_once(" = ") {
        Some((left, right)) if left.starts_with(name) => [left, right],
        _ => [name, formula],
    };
    [left.to_string(), right.to_string()]
}

fn text(value: &Value) -> String {
    match value {
        Value::Tensor(x) => with_shape(x),
        Value::Number(x) => short(f64::from(*x)),
        Value::Count(n) => n.to_string(),
        Value::Counts(n) => format!("{n:?}"),
        Value::Name(name) => name.to_string(),
        Value::Function(f) => f.formula.to_string(),
    }
}

/// A tensor in one line: its shape unless it is a scalar, and its first rows.
fn with_shape(x: &Tensor) -> String {
    let all = numbers(x);
    match x.shape() {
        [] => row(&all),
        shape => {
            let width = shape[shape.len() - 1].max(1);
            let more = if all.len() > ROWS * width { "; …" } else { "" };
            let lines: Vec<String> = all.chunks(width).take(ROWS).map(row).collect();
            format!("{shape:?}  {}{more}", lines.join(";  "))
        }
    }
}

/// A number to four digits.
pub fn short(v: f64) -> String {
    let size = v.abs();
    if v == 0.0 {
        "0".into()
    } else if v == v.trunc() && size < 1e5 {
        format!("{v}")
    } else if (1e-3..1e5).contains(&size) {
        format!("{v:.4}")
    } else {
        format!("{v:.3e}")
    }
}
