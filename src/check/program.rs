//! The program that a file of exercises is: it judges the answers and prints.

use super::verdict::indented;
use super::{Outcome, Trial, Verdict};
use std::process::ExitCode;

/// How far a reader is in a chapter.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// Answers that pass.
    pub solved: usize,
    /// Answers that are wrong or panic.
    pub wrong: usize,
    /// `todo!()`.
    pub not_started: usize,
}

impl Progress {
    fn of(verdicts: &[Verdict]) -> Progress {
        let count =
            |which: fn(&Outcome) -> bool| verdicts.iter().filter(|v| which(&v.outcome)).count();
        let solved = count(|outcome| matches!(outcome, Outcome::Right));
        let not_started = count(|outcome| matches!(outcome, Outcome::NotStarted));
        Progress { solved, not_started, wrong: verdicts.len() - solved - not_started }
    }
}

/// The program: without an argument all answers, in order, and in full the first that is wrong;
/// with a name that one. Successful if all that were asked for are right.
///
/// With `--progress` it prints a line for each exercise, `name outcome`, for other programs to
/// read.
pub fn main(trials: &[Trial]) -> ExitCode {
    let argument = std::env::args().nth(1);
    let all_right = match argument.as_deref() {
        None => all(trials),
        Some("--progress") => progress(trials),
        Some(name) => match trials.iter().find(|trial| trial.exercise.name == name) {
            Some(trial) => {
                let verdict = trial.judge();
                print!("{verdict}");
                verdict.is_right()
            }
            None => {
                let known: Vec<&str> = trials.iter().map(|trial| trial.exercise.name).collect();
                eprintln!("error: there is no exercise `{name}`; there is {}", known.join(", "));
                false
            }
        },
    };
    if all_right { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn all(trials: &[Trial]) -> bool {
    let mut verdicts: Vec<Verdict> = vec![];
    for trial in trials {
        // one by one, so that an answer that never returns is seen to be the next
        verdicts.push(trial.judge());
        println!("{}", verdicts[verdicts.len() - 1].coloured());
    }
    let Progress { solved, wrong, not_started } = Progress::of(&verdicts);
    let is_wrong = |v: &&Verdict| !v.is_right() && !matches!(v.outcome, Outcome::NotStarted);
    if let Some(first) = verdicts.iter().find(is_wrong) {
        print!("\n{first}");
    }
    println!("\n{solved} solved, {wrong} wrong, {not_started} not started");
    let next = verdicts.iter().find(is_wrong).or_else(|| verdicts.iter().find(|v| !v.is_right()));
    match next.map(|verdict| verdict.exercise) {
        None => println!("All of the chapter is done."),
        Some(next) => {
            let text = format!(
                "Next: {}, in exercises/{}.rs; its place in the book is {}.\n\
                 Then: cargo exercise {} {}",
                next.name, next.chapter, next.place, next.chapter, next.name
            );
            println!("{}", indented(&text, 0));
        }
    }
    solved == verdicts.len()
}

fn progress(trials: &[Trial]) -> bool {
    let verdicts: Vec<Verdict> = trials.iter().map(Trial::judge).collect();
    for verdict in &verdicts {
        let word = match verdict.outcome {
            Outcome::Right => "right",
            Outcome::NotStarted => "not-started",
            _ => "wrong",
        };
        println!("{} {word}", verdict.exercise.name);
    }
    verdicts.iter().all(Verdict::is_right)
}
