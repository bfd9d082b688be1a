//! What can be said of a mistake that nobody listed: rules, each of which looks for one relation
//! between what came out and what was expected, on all inputs. The first that finds one speaks.

mod relations;

use super::evidence::short;
use super::run::{agree, all_agree, attempt, distance, numbers};
use super::{Input, Panic, Value};
use crate::Tensor;
use relations::{PARTS, RELATIONS};

/// From an input to the outputs.
type Call<'a> = dyn Fn(&Input) -> Vec<Tensor> + 'a;

/// A wrong answer under examination.
pub struct Subject<'a> {
    pub inputs: &'a [Input],
    pub outputs: &'a [&'a str],
    pub call: &'a dyn Fn(&Input) -> Result<Vec<Tensor>, Panic>,
    pub right: &'a Call<'a>,
    pub came: Vec<Vec<Tensor>>,
    pub expected: Vec<Vec<Tensor>>,
}

/// One output on one input.
struct Pair<'a> {
    input: &'a Input,
    came: &'a Tensor,
    expected: &'a Tensor,
}

/// One of the listed mistakes, as a function of the input.
pub struct Mistake<'a> {
    pub says: &'static str,
    pub call: Box<Call<'a>>,
}

/// The input whose shape is spoken of, if any is wrong. Where sizes are 1, two mistakes may have the
/// same shape: it is the largest.
pub fn odd_shape(came: &[Vec<Tensor>], expected: &[Vec<Tensor>]) -> Option<usize> {
    let odd = |(came, expected): (&Tensor, &Tensor)| {
        (came.shape() != expected.shape()).then_some(expected.len())
    };
    let size = |i: &usize| came[*i].iter().zip(&expected[*i]).filter_map(odd).max();
    (0..came.len()).filter(|i| size(i).is_some()).max_by_key(size)
}

/// What to say of the answer; never empty.
pub fn diagnose(subject: &Subject, mistakes: &[Mistake]) -> String {
    let of_all: [fn(&Subject) -> Option<String>; 4] =
        [unsteady, shape, lost_graph, exchanged_outputs];
    if let Some(found) = of_all.iter().find_map(|rule| rule(subject)) {
        return found;
    }
    let is_wrong = |k: &usize| subject.pairs(*k).iter().any(|p| !agree(p.came, p.expected));
    let (wrong, right): (Vec<usize>, Vec<usize>) = (0..subject.outputs.len()).partition(is_wrong);
    let name = |k: &usize| format!("`{}`", subject.outputs[*k]);
    let mut said = vec![];
    if !right.is_empty() {
        said.push(format!("{} is right.", right.iter().map(name).collect::<Vec<_>>().join(", ")));
    }
    let mut explained = true;
    for k in &wrong {
        let found = exact(subject, *k).or_else(|| two_mistakes(subject, mistakes, *k));
        let found = found.or_else(|| not_finite(subject, *k));
        explained &= found.is_some();
        let found = found.or_else(|| partial(subject, *k));
        let found = found.unwrap_or_else(|| unknown(&subject.pairs(*k)));
        said.push(match subject.outputs.len() {
            1 => found,
            _ => format!("{}: {found}", name(k)),
        });
    }
    if !explained {
        said.extend(where_right(subject));
    }
    said.join("\n")
}

/// A relation that explains output k on all inputs.
fn exact(subject: &Subject, k: usize) -> Option<String> {
    let pairs = subject.pairs(k);
    RELATIONS.iter().find_map(|rule| rule(&pairs)).or_else(|| other_arguments(subject, k))
}

/// The same beside a listed mistake in the place of the right answer.
fn two_mistakes(subject: &Subject, mistakes: &[Mistake], k: usize) -> Option<String> {
    mistakes.iter().find_map(|mistake| {
        let expected = subject.inputs.iter().map(|i| attempt(|| (mistake.call)(i)).ok()).collect();
        let (came, expected): (_, Option<Vec<Vec<Tensor>>>) = (subject.came.clone(), expected);
        let Subject { inputs, outputs, call, .. } = *subject;
        let beside =
            Subject { inputs, outputs, call, right: &*mistake.call, came, expected: expected? };
        let then = match beside.pairs(k).iter().all(|p| agree(p.came, p.expected)) {
            true => return Some(mistake.says.to_string()),
            false => exact(&beside, k)?,
        };
        Some(format!(
            "It looks like two mistakes at once. One: {}\nThe other: {then}",
            mistake.says
        ))
    })
}

/// What depends on what, and which parts are right.
fn partial(subject: &Subject, k: usize) -> Option<String> {
    let found = independent(subject, k).or_else(|| mixed_rows(subject, k));
    found
        .or_else(|| without(subject, k))
        .or_else(|| PARTS.iter().find_map(|rule| rule(&subject.pairs(k))))
}

impl Subject<'_> {
    fn pairs(&self, k: usize) -> Vec<Pair<'_>> {
        let all = self.inputs.iter().zip(&self.came).zip(&self.expected);
        let pair = |((input, came), expected)| {
            let (came, expected): (&Vec<Tensor>, &Vec<Tensor>) = (came, expected);
            Pair { input, came: &came[k], expected: &expected[k] }
        };
        all.map(pair).collect()
    }

    fn all_pairs(&self) -> impl Iterator<Item = (&str, Pair<'_>)> {
        let outputs = 0..self.outputs.len();
        outputs
            .flat_map(move |k| self.pairs(k).into_iter().map(move |pair| (self.outputs[k], pair)))
    }

    /// What an output is called in a sentence.
    fn called(&self, output: &str) -> String {
        if self.outputs.len() > 1 { format!("`{output}`") } else { "your answer".into() }
    }
}

/// Whether what came out is f of each pair, on all inputs, within tolerance.
fn holds(pairs: &[Pair], f: impl Fn(&Pair) -> Option<Tensor>) -> bool {
    pairs.iter().all(|pair| f(pair).is_some_and(|x| agree(pair.came, &x)))
}

fn unsteady(subject: &Subject) -> Option<String> {
    let mut again = subject.inputs.iter().zip(&subject.came);
    let changed = again.any(|(input, came)| {
        (subject.call)(input).map_or(true, |tensors| !all_agree(&tensors, came))
    });
    changed.then(|| {
        "Called twice with the same arguments, your answer returns different numbers. Nothing in \
         it may be random or remembered from call to call."
            .into()
    })
}

fn shape(subject: &Subject) -> Option<String> {
    let odd = |(_, pair): &(&str, Pair)| pair.came.shape() != pair.expected.shape();
    // Where sizes are 1, two mistakes may have the same shape: look at the largest.
    let largest = subject.all_pairs().filter(odd).max_by_key(|(_, pair)| pair.expected.len());
    let (output, Pair { input, came, expected }) = largest?;
    let (a, b) = (came.shape(), expected.shape());
    let meaning = match (a, b) {
        ([], [_, ..]) | ([1], [_, _]) => {
            "One number for the whole batch; the task wants one for each row. Name the axis to \
             reduce, for instance sum_keep(1) for sum(..)"
        }
        ([n], [m, 1]) if n == m => {
            "The numbers may be right: keep the axis, as sum_keep(1) does, or reshape"
        }
        ([n, 1], [m]) if n == m => {
            "The numbers may be right: drop the axis, as sum(1) does, or reshape"
        }
        ([n], [m]) | ([n, 1], [m, 1]) if n != m => "That is another number of rows",
        ([n, m], [k] | [k, 1]) if n == m && n == k => {
            "[n] against [n, 1] broadcasts to [n, n], a table of all pairs: reshape one to [n, 1]"
        }
        ([n, m, ..], [k, _]) if a.len() == 3 && n == k && m == k => {
            "Two shapes were broadcast against each other to all pairs of rows"
        }
        ([n, _], [m] | [m, 1]) if n == m => {
            "One number for each coordinate; the task wants their sum in each row"
        }
        ([n], [m, _]) if n == m => {
            "One number for each row: the coordinates were reduced; the task wants each"
        }
        ([n, 1], [m, _]) if n == m => {
            "One number for each row; the task wants one for each coordinate"
        }
        ([1, d], [_, e]) | ([d], [_, e]) if d == e => {
            "Axis 0 was reduced, which counts the points; the task wants a row for each"
        }
        ([n, d], [e, m]) if n == m && d == e => "Rows and columns are exchanged",
        (_, []) if came.len() > 1 => {
            "The task wants one number: reduce over rows and coordinates, for instance by mean(..)"
        }
        (_, []) => {
            "The number may be right, but it still has axes: the task wants a scalar, as sum(..) or \
             mean(..) return"
        }
        _ => "Look which axis is reduced or broadcast",
    };
    let what = subject.called(output);
    Some(format!(
        "The shape is wrong: {what} has shape {a:?} and should have {b:?} ({}). {meaning}.",
        input.about
    ))
}

fn not_finite(subject: &Subject, k: usize) -> Option<String> {
    let finite = |x: &Tensor| x.data().iter().all(|v| v.is_finite());
    let odd = |pair: &Pair| !finite(pair.came) && finite(pair.expected);
    let Pair { input, came, .. } = subject.pairs(k).into_iter().find(odd)?;
    let all = numbers(came);
    let i = all.iter().position(|v| !v.is_finite())?;
    let place = match came.shape() {
        [_, d] => format!(" in row {}, column {}", i / d, i % d),
        [_] => format!(" in row {i}"),
        _ => String::new(),
    };
    let row = came.shape().first().map(|&n| i * n / came.len());
    let times: Vec<String> = row_numbers(input, row.unwrap_or(0));
    let there =
        if times.is_empty() { String::new() } else { format!(", where {}", times.join(", ")) };
    let count = all.iter().filter(|v| !v.is_finite()).count();
    let why = match all[i].is_nan() {
        true => "NaN comes from 0/0, ∞ − ∞, or the root or logarithm of a negative number",
        false => "An infinity comes from a division by 0, ln 0, or an exponential that overflows",
    };
    let (size, about) = (all.len(), &input.about);
    Some(format!(
        "{count} of {size} numbers are not finite, the first{place}{there} ({about}). {why}."
    ))
}

/// "t = 0.5": the arguments with one number for a row.
fn row_numbers(input: &Input, row: usize) -> Vec<String> {
    let named = |(name, value): &(&'static str, Value)| match value {
        Value::Number(x) => Some(format!("{name} = {}", short(f64::from(*x)))),
        Value::Tensor(x) if matches!(x.shape(), [n, 1] if *n > row) => {
            Some(format!("{name} = {}", short(f64::from(x.data()[row]))))
        }
        _ => None,
    };
    input.arguments.iter().filter_map(named).collect()
}

fn lost_graph(subject: &Subject) -> Option<String> {
    let equal = subject.all_pairs().all(|(_, p)| agree(p.came, p.expected));
    let lost = |(_, pair): &(&str, Pair)| pair.expected.is_tracked() && !pair.came.is_tracked();
    let (output, pair) = subject.all_pairs().find(lost)?;
    equal.then(|| {
        format!(
            "The numbers are right, but they do not differentiate: {} has left the graph ({}), and \
             nothing could be trained or differentiated through it. data(), item(), at(), detach() \
             and Tensor::new leave it; use tensor operations instead.",
            subject.called(output),
            pair.input.about
        )
    })
}

fn exchanged_outputs(subject: &Subject) -> Option<String> {
    let n = subject.outputs.len();
    for i in 0..n {
        for j in 0..i {
            let mut runs = subject.came.iter().zip(&subject.expected);
            let swapped = runs.all(|(came, expected)| {
                let mut expected = expected.clone();
                expected.swap(i, j);
                all_agree(came, &expected)
            });
            if swapped {
                let [a, b] = [j, i].map(|k| subject.outputs[k]);
                return Some(format!("Each is right, in the wrong order: return (`{a}`, `{b}`)."));
            }
        }
    }
    None
}

/// A change of one argument, with its description; `None` where it does not apply.
type Change = (&'static str, fn(&Value) -> Option<Value>);

const CHANGES: [Change; 12] = [
    ("`Z` replaced by −Z", |v| map(v, |z| -z)),
    ("`Z` replaced by 1 − Z", |v| map(v, |z| 1.0 - z)),
    ("`Z` replaced by Z²", |v| map(v, Tensor::square)),
    ("`Z` replaced by its root", |v| map(v, Tensor::sqrt)),
    ("`Z` replaced by 2 Z", |v| map(v, |z| z * 2.0)),
    ("`Z` replaced by Z/2", |v| map(v, |z| z * 0.5)),
    ("`Z` left out (as if it were 0)", |v| map(v, |z| Tensor::zeros(z.shape()))),
    ("1 in the place of `Z`", |v| map(v, |z| Tensor::ones(z.shape()))),
    ("the first row of `Z` for all rows", |v| {
        map_rows(v, |z| z.slice(0, 0..1).broadcast_to(z.shape()))
    }),
    ("the mean of `Z` over the batch for all rows", |v| {
        map_rows(v, |z| z.mean_keep(0).broadcast_to(z.shape()))
    }),
    ("one more for `Z`", |v| count(v).map(|n| Value::Count(n + 1))),
    ("one fewer for `Z`", |v| count(v).filter(|&n| n > 1).map(|n| Value::Count(n - 1))),
];

fn map(value: &Value, f: fn(&Tensor) -> Tensor) -> Option<Value> {
    match value {
        Value::Tensor(x) => Some(Value::Tensor(f(x))),
        Value::Number(x) => Some(Value::Number(f(&Tensor::scalar(*x)).item())),
        _ => None,
    }
}

fn map_rows(value: &Value, f: fn(&Tensor) -> Tensor) -> Option<Value> {
    match value {
        Value::Tensor(x) if x.rank() == 2 && !x.is_empty() => Some(Value::Tensor(f(x))),
        _ => None,
    }
}

fn count(value: &Value) -> Option<usize> {
    match value {
        Value::Count(n) => Some(*n),
        _ => None,
    }
}

/// The right answer to another question: with one argument changed, or two exchanged.
fn other_arguments(subject: &Subject, k: usize) -> Option<String> {
    let gives = |change: &dyn Fn(&Input) -> Option<Input>| {
        let mut runs = subject.inputs.iter().zip(&subject.came);
        runs.all(|(input, came)| {
            let changed = change(input);
            let result = changed.and_then(|input| attempt(|| (subject.right)(&input)).ok());
            result.is_some_and(|tensors| agree(&came[k], &tensors[k]))
        })
    };
    let arguments = &subject.inputs[0].arguments;
    for (i, (a, _)) in arguments.iter().enumerate() {
        for (j, (b, _)) in arguments.iter().enumerate().take(i) {
            if gives(&|input| exchanged(input, i, j)) {
                return Some(format!("It would be right if `{b}` and `{a}` were exchanged."));
            }
        }
        for (what, change) in CHANGES {
            if gives(&|input| Some(input.replaced(i, change(&input.arguments[i].1)?))) {
                return Some(format!("This is what comes out with {}.", what.replace('Z', a)));
            }
        }
    }
    None
}

fn exchanged(input: &Input, i: usize, j: usize) -> Option<Input> {
    let (a, b) = (&input.arguments[i].1, &input.arguments[j].1);
    let alike = match (a, b) {
        (Value::Tensor(a), Value::Tensor(b)) => a.shape() == b.shape(),
        (Value::Number(_), Value::Number(_)) => true,
        _ => false,
    };
    alike.then(|| input.replaced(i, b.clone()).replaced(j, a.clone()))
}

/// An argument that may be changed without anything happening.
fn independent(subject: &Subject, k: usize) -> Option<String> {
    let arguments = &subject.inputs[0].arguments;
    let ignored = |i: &usize| {
        let mut matters = false;
        let untouched = subject.inputs.iter().enumerate().all(|(at, input)| {
            let varied = input.replaced(*i, input.arguments[*i].1.varied());
            let right = attempt(|| (subject.right)(&varied));
            matters |= right.is_ok_and(|r| distance(&r[k], &subject.expected[at][k]) > 0.01);
            (subject.call)(&varied).is_ok_and(|came| agree(&came[k], &subject.came[at][k]))
        });
        untouched && matters
    };
    let names: Vec<String> =
        (0..arguments.len()).filter(ignored).map(|i| format!("`{}`", arguments[i].0)).collect();
    (!names.is_empty()).then(|| {
        let names = names.join(" and ");
        format!(
            "What comes out does not depend on {names}: change it and nothing happens. It should."
        )
    })
}

/// A tensor without which the answer is right, so that the mistake is in what vanishes with it.
fn without(subject: &Subject, k: usize) -> Option<String> {
    let right_without = |i: &usize| {
        let mut something = false;
        let same = subject.inputs.iter().all(|input| {
            let Value::Tensor(x) = &input.arguments[*i].1 else { return false };
            let left_out = input.replaced(*i, Value::Tensor(Tensor::zeros(x.shape())));
            let right = attempt(|| (subject.right)(&left_out));
            let (Ok(right), Ok(came)) = (right, (subject.call)(&left_out)) else { return false };
            something |= right[k].data().iter().any(|v| *v != 0.0);
            // infinities on both sides, after a division by the 0, say nothing
            right[k].data().iter().all(|v| v.is_finite()) && agree(&came[k], &right[k])
        });
        same && something
    };
    let arguments = &subject.inputs[0].arguments;
    let (name, _) = arguments[(0..arguments.len()).find(right_without)?];
    Some(format!("With `{name}` set to 0 it is right: the mistake is in what vanishes then."))
}

/// A row that comes out differently when it is alone.
fn mixed_rows(subject: &Subject, k: usize) -> Option<String> {
    let mixed = |(at, input): (usize, &Input)| {
        let expected = &subject.expected[at][k];
        let n = *expected.shape().first()?;
        let alone = Input {
            about: input.about.clone(),
            arguments: input.arguments.iter().map(|(name, v)| (*name, first_row(v, n))).collect(),
        };
        let first = |x: &Tensor| x.detach().slice(0, 0..1);
        let right = attempt(|| (subject.right)(&alone)).ok()?;
        let came = (subject.call)(&alone).ok()?;
        let fair = n > 1 && agree(&right[k], &first(expected));
        (fair && !agree(&came[k], &first(&subject.came[at][k]))).then(|| input.about.clone())
    };
    let about = subject.inputs.iter().enumerate().find_map(mixed)?;
    Some(format!(
        "The rows of the batch are mixed: row 0 comes out differently when it is alone ({about}). \
         Something is summed, averaged or normalised over axis 0, or one row's numbers serve all."
    ))
}

fn first_row(value: &Value, n: usize) -> Value {
    match value {
        Value::Tensor(x) if x.rank() == 2 && x.shape()[0] == n => Value::Tensor(x.slice(0, 0..1)),
        other => other.clone(),
    }
}

/// Nothing was recognised.
fn unknown(pairs: &[Pair]) -> String {
    let wrong = pairs.iter().filter(|p| !agree(p.came, p.expected));
    let about = wrong.map(|p| p.input.about.as_str()).next().unwrap_or("any input");
    format!(
        "This is a mistake that we do not know; no single factor, exchanged or forgotten argument \
         explains it. If your function calls another of yours, judge that one first. The simplest \
         input on which it differs is: {about}. Work the first number out by hand and compare."
    )
}

/// Inputs on which everything is right, beside those on which it is not.
fn where_right(subject: &Subject) -> Option<String> {
    let right = |i: &usize| all_agree(&subject.came[*i], &subject.expected[*i]);
    let (good, bad): (Vec<usize>, Vec<usize>) = (0..subject.inputs.len()).partition(right);
    let list = |which: &[usize]| {
        which.iter().map(|&i| subject.inputs[i].about.as_str()).collect::<Vec<_>>().join("; ")
    };
    (!good.is_empty()).then(|| format!("Right for: {}. Wrong for: {}.", list(&good), list(&bad)))
}
