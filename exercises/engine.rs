//! Flow matching on the engine that you wrote: your tensors, your walk backwards, your Adam. The network, the
//! data, the loss and what is measured are those of the book's first model (book/src/01_flow_matching.md).
//!
//! ```console
//! cargo exercise engine          10 000 steps, as in the book; some minutes
//! cargo exercise engine 1000     the first thousand
//! ```
//!
//! Nothing here is to be filled in. The answers come from `tensors.rs`, `reverse_mode.rs` and `networks.rs`
//! beside this file, and those that are needed have to be right.

use pushforward::chapters::reverse_mode::engine::{ENGINE, Engine, run_on};
use pushforward::chapters::{networks as n, reverse_mode as r, tensors as t};
use pushforward::check::Trial;
use reverse_mode::tensors;
use std::process::ExitCode;

#[allow(dead_code)]
#[path = "networks.rs"]
mod networks;
#[allow(dead_code)]
#[path = "../src/cli/progress.rs"]
mod progress;
#[allow(dead_code)]
#[path = "reverse_mode.rs"]
mod reverse_mode;

const YOURS: Engine = Engine {
    zip_with: tensors::ANSWERS.zip_with,
    matmul: tensors::ANSWERS.matmul,
    backward: reverse_mode::ANSWERS.array_backward,
    adam: networks::ANSWERS.adam,
};

/// What the engine is made of, with what judges it.
fn needed() -> Vec<Trial> {
    let mut trials = t::checks::trials(&tensors::ANSWERS);
    trials.extend(r::checks::trials(&reverse_mode::ANSWERS));
    trials.extend(n::checks::trials(&networks::ANSWERS));
    let names =
        ["transpose", "broadcast_to", "sum_to", "zip_with", "matmul", "array_backward", "adam"];
    trials.retain(|trial| names.contains(&trial.exercise.name));
    trials
}

fn main() -> ExitCode {
    for trial in needed() {
        let verdict = trial.judge();
        if !verdict.is_right() {
            eprintln!(
                "The engine needs an answer that is right, in exercises/{}.rs:\n\n{verdict}",
                trial.exercise.chapter
            );
            return ExitCode::FAILURE;
        }
    }
    let mut settings = ENGINE.settings();
    if let Some(steps) = std::env::args().nth(1) {
        let Ok(steps) = steps.parse() else {
            eprintln!("error: `{steps}` is not a number of steps");
            return ExitCode::FAILURE;
        };
        settings.steps = steps;
    }
    let mut progress = progress::Progress::new(settings.steps, false);
    let report = run_on(&YOURS, &settings, &mut |event| progress.show(event));
    progress.clear();
    match report {
        Ok(report) => print!("{report}"),
        Err(error) => eprintln!("error: {error}"),
    }
    ExitCode::SUCCESS
}
