//! What every contender does on its standard streams.
//!
//! `CONTENDER WORKLOAD THREADS` sets the workload up, does its first steps and prints one line of
//! JSON. Then each line of stdin, a number of seconds, is answered by the median milliseconds of
//! a step over about that time. With `PEERS_LOSS` in the environment the loss goes to stderr.

use std::env;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Instant;

use serde_json::{Value, json};

/// One step of a workload; it returns the loss, or a mean of what it sampled.
pub type Step = Box<dyn FnMut() -> f32>;

/// The step of a workload, or in a few words why there is none.
pub type Setup = fn(workload: &str, threads: usize) -> Result<Step, &'static str>;

const LOCK: &str = include_str!("../Cargo.lock");
const LEAST_STEPS: usize = 3;

/// The main program of the contender `name`, whose version is that of `package`.
pub fn run(name: &str, package: &str, setup: Setup) {
    let (workload, threads) = arguments();
    restrict_threads(threads);
    let start = Instant::now();
    let mut line = json!({ "name": name, "version": locked_version(package) });
    match setup(&workload, threads) {
        Err(reason) => {
            line["unsupported"] = Value::from(reason);
            say(&line.to_string());
        }
        Ok(mut step) => {
            first_steps(&workload, &mut step);
            line["first_steps_s"] = Value::from(start.elapsed().as_secs_f64());
            say(&line.to_string());
            answer(&mut step);
        }
    }
}

fn arguments() -> (String, usize) {
    let words: Vec<String> = env::args().skip(1).collect();
    match words.as_slice() {
        [workload, threads] => (workload.clone(), threads.parse().expect("a number of threads")),
        _ => panic!("usage: WORKLOAD THREADS, such as W1 1"),
    }
}

/// Rayon and the frameworks read the variable once, so a process without it starts itself again.
fn restrict_threads(threads: usize) {
    let wanted = threads.to_string();
    if env::var("RAYON_NUM_THREADS").as_ref() != Ok(&wanted) {
        let program = env::current_exe().expect("the path of this program");
        let error =
            Command::new(program).args(env::args().skip(1)).env("RAYON_NUM_THREADS", wanted).exec();
        panic!("cannot start again with the number of threads: {error}");
    }
}

/// The version in the lock file; of several, the last, which is the newest.
fn locked_version(package: &str) -> &'static str {
    let head = format!("name = \"{package}\"\nversion = \"");
    let at = LOCK.rfind(&head).expect("a package of the lock file") + head.len();
    LOCK[at..].split('"').next().unwrap_or_default()
}

fn first_steps(workload: &str, step: &mut Step) {
    let count = if workload == "W7" { 2 } else { 100 };
    let losses: Vec<f32> = (0..count).map(|_| step()).collect();
    show_losses(&losses);
}

fn answer(step: &mut Step) {
    for line in io::stdin().lines() {
        let line = line.expect("a line of stdin");
        if let Ok(seconds) = line.trim().parse() {
            say(&format!("{:.6}", median_milliseconds(step, seconds)));
        }
    }
}

fn median_milliseconds(step: &mut Step, seconds: f64) -> f64 {
    let (mut times, mut losses) = (Vec::new(), Vec::new());
    let start = Instant::now();
    while times.len() < LEAST_STEPS || start.elapsed().as_secs_f64() < seconds {
        let begin = Instant::now();
        losses.push(step());
        times.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    show_losses(&losses);
    times.sort_by(f64::total_cmp);
    let (low, high) = (times[(times.len() - 1) / 2], times[times.len() / 2]);
    (low + high) / 2.0
}

/// The means of the first and of the last steps, because one loss is noisy.
fn show_losses(losses: &[f32]) {
    if env::var_os("PEERS_LOSS").is_some() {
        let ten = losses.len().min(10);
        let mean = |part: &[f32]| part.iter().sum::<f32>() / ten as f32;
        let (first, last) = (mean(&losses[..ten]), mean(&losses[losses.len() - ten..]));
        eprintln!("{} steps, loss {first:.4} to {last:.4}", losses.len());
    }
}

/// The reader waits for each line, so none may stay in the buffer.
fn say(line: &str) {
    println!("{line}");
    io::stdout().flush().expect("stdout");
}
