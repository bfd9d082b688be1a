//! Exercises and how an answer is judged. Here is what an exercise is made of: its text, its
//! inputs, the right answer, and the wrong ones that people give; in `run` how an answer is called
//! and compared, in `diagnose` what can be said of a mistake that nobody listed, in [`Verdict`]
//! what the reader sees, in [`main`] the program that a file of exercises is.
//!
//! Nothing here knows a chapter. A chapter's `checks.rs` holds its [`Check`]s; the reader's answers
//! are in `exercises/`.

mod diagnose;
mod evidence;
mod input;
mod program;
mod run;
mod verdict;

pub use input::{Function, Input, Value};
pub use program::{Progress, main};
pub use run::{Panic, TOLERANCE};
pub use verdict::{Outcome, Verdict};

use crate::Tensor;
use diagnose::{Mistake, Subject, diagnose, odd_shape};
use evidence::Evidence;
use run::{agree, all_agree, attempt, distance};

/// A chapter's exercises, in the order of its page.
#[derive(Clone, Copy, Debug)]
pub struct Chapter {
    /// As `cargo exercise` takes it; the reader's file is `exercises/NAME.rs`.
    pub name: &'static str,
    /// As the book has it.
    pub title: &'static str,
    /// The text of each.
    pub exercises: &'static [Exercise],
}

/// What is told about an exercise.
#[derive(Clone, Copy, Debug)]
pub struct Exercise {
    /// The chapter's name.
    pub chapter: &'static str,
    /// The function's name.
    pub name: &'static str,
    /// The statements of the ledger that it belongs to, such as `"F7"`.
    pub statements: &'static [&'static str],
    /// Where it stands in the book: page and heading.
    pub place: &'static str,
    /// What the answer returns, in words or symbols; one name for each tensor.
    pub outputs: &'static [&'static str],
    /// What a right answer has shown.
    pub learned: &'static str,
    /// Where to look; which equation; the shape of the line.
    pub hints: [&'static str; 3],
}

/// An exercise with all that judges it. `A` is the type of an answer, a function pointer.
pub struct Check<A: 'static> {
    /// Its text.
    pub exercise: Exercise,
    /// What answers are tried on, the simplest first: several shapes, the edges, fixed seeds.
    pub inputs: fn() -> Vec<Input>,
    /// Calls an answer with the arguments of an input.
    pub run: fn(A, &Input) -> Vec<Tensor>,
    /// The right answer, in the chapter's own functions.
    pub right: A,
    /// Mistakes that are made: three to six.
    pub wrong: &'static [Wrong<A>],
}

/// A mistake, and what to say to the one who makes it.
pub struct Wrong<A> {
    /// An answer with the mistake.
    pub answer: A,
    /// It names the mistake and says why it is one.
    pub says: &'static str,
}

impl<A: Copy + 'static> Check<A> {
    /// Tries an answer on all inputs and compares it with the right one. If they differ, it is
    /// compared with the known mistakes; if it is none of them, whatever can be found out is said.
    pub fn judge(&self, answer: A) -> Verdict {
        let inputs = (self.inputs)();
        let call = |input: &Input| attempt(|| (self.run)(answer, input));
        let right = |input: &Input| (self.run)(self.right, input);
        Verdict { exercise: self.exercise, outcome: self.outcome(&inputs, &call, &right) }
    }

    fn outcome(
        &self,
        inputs: &[Input],
        call: &dyn Fn(&Input) -> Result<Vec<Tensor>, Panic>,
        right: &dyn Fn(&Input) -> Vec<Tensor>,
    ) -> Outcome {
        let mut came = Vec::with_capacity(inputs.len());
        for input in inputs {
            match call(input) {
                Ok(tensors) => came.push(tensors),
                Err(panic) if panic.is_todo() => return Outcome::NotStarted,
                Err(panic) => {
                    let passed = inputs[..came.len()].iter().map(|i| i.about.clone()).collect();
                    return Outcome::Panicked { panic, evidence: Evidence::given(input), passed };
                }
            }
        }
        let expected: Vec<Vec<Tensor>> = inputs.iter().map(right).collect();
        let kept = |a: &Tensor, b: &Tensor| a.is_tracked() || !b.is_tracked();
        let same = |a: &Vec<Tensor>, b: &Vec<Tensor>| {
            all_agree(a, b) && a.iter().zip(b).all(|(a, b)| kept(a, b))
        };
        let Some(first) = (0..inputs.len()).find(|&i| !same(&came[i], &expected[i])) else {
            return Outcome::Right;
        };
        let outputs = self.exercise.outputs;
        let shown = odd_shape(&came, &expected).unwrap_or(first);
        let evidence = Evidence::of(&inputs[shown], outputs, &came[shown], &expected[shown]);
        let known = self.wrong.iter().find(|wrong| self.gives(wrong, inputs, &came));
        let says = match known {
            Some(wrong) => wrong.says.to_string(),
            None => {
                let subject = Subject { inputs, outputs, call, right, came, expected };
                diagnose(&subject, &self.mistakes())
            }
        };
        Outcome::Wrong { says, known: known.is_some(), evidence }
    }

    fn mistakes(&self) -> Vec<Mistake<'_>> {
        let call = |answer: A| Box::new(move |input: &Input| (self.run)(answer, input));
        self.wrong.iter().map(|w| Mistake { says: w.says, call: call(w.answer) }).collect()
    }

    /// Whether this is what a wrong answer returns on every input.
    fn gives(&self, wrong: &Wrong<A>, inputs: &[Input], came: &[Vec<Tensor>]) -> bool {
        let same = |(input, came): (&Input, &Vec<Tensor>)| {
            attempt(|| (self.run)(wrong.answer, input))
                .is_ok_and(|tensors| all_agree(came, &tensors))
        };
        inputs.iter().zip(came).all(same)
    }

    /// What is wrong with the check itself, with a solution as a reader would write it: nothing, if
    /// the solution passes, each mistake gets its own sentence, and any two answers are far apart
    /// on some input.
    pub fn defects(&self, solution: A) -> Vec<String> {
        let mut defects = vec![];
        if !self.judge(solution).is_right() {
            defects.push(format!("the solution does not pass:\n{}", self.judge(solution)));
        }
        let answers: Vec<A> =
            [self.right].into_iter().chain(self.wrong.iter().map(|w| w.answer)).collect();
        if !(3..=6).contains(&self.wrong.len()) {
            defects.push(format!("{} wrong answers; there must be 3 to 6", self.wrong.len()));
        }
        for wrong in self.wrong {
            match self.judge(wrong.answer).outcome {
                Outcome::Wrong { says, known: true, .. } if says == wrong.says => {}
                other => defects.push(format!("`{}` was not said, but {other:?}", wrong.says)),
            }
        }
        let runs: Vec<Vec<Vec<Tensor>>> = answers.iter().map(|&a| self.on_all_inputs(a)).collect();
        for i in 0..runs.len() {
            for j in 0..i {
                let apart = farthest(&runs[i], &runs[j]);
                if apart < 100.0 * TOLERANCE {
                    defects.push(format!("answers {j} and {i} (0 is right) differ by {apart:e}"));
                }
            }
        }
        let texts = [self.exercise.learned].into_iter().chain(self.exercise.hints);
        if texts.into_iter().any(|text| text.trim().is_empty()) {
            defects.push("a hint or the lesson is empty".into());
        }
        defects
    }

    fn on_all_inputs(&self, answer: A) -> Vec<Vec<Tensor>> {
        (self.inputs)().iter().map(|input| (self.run)(answer, input)).collect()
    }

    /// The check with an answer, its type forgotten.
    pub fn with(&'static self, answer: A) -> Trial {
        let (judge, defects) = (move || self.judge(answer), move || self.defects(answer));
        Trial { exercise: self.exercise, judge: Box::new(judge), defects: Box::new(defects) }
    }
}

/// How far two answers are apart on the input that tells them best apart.
fn farthest(a: &[Vec<Tensor>], b: &[Vec<Tensor>]) -> f64 {
    let pairs = a.iter().flatten().zip(b.iter().flatten());
    pairs.map(|(a, b)| if agree(a, b) { 0.0 } else { distance(a, b) }).fold(0.0, f64::max)
}

/// An answer beside its check: all answers of a chapter have this one type.
pub struct Trial {
    /// What is told about the exercise.
    pub exercise: Exercise,
    judge: Box<dyn Fn() -> Verdict>,
    defects: Box<dyn Fn() -> Vec<String>>,
}

impl Trial {
    /// As [`Check::judge`].
    pub fn judge(&self) -> Verdict {
        (self.judge)()
    }

    /// As [`Check::defects`].
    pub fn defects(&self) -> Vec<String> {
        (self.defects)()
    }
}
