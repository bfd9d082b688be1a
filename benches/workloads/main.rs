//! One training step of each of seven models, timed: what `benches/compare` sets beside the same
//! step in other frameworks.
//!
//! `cargo bench --bench workloads -- W1` prints a table row; with a second argument, the number of
//! threads, it takes part in the comparison: one line of JSON when it is warm, then for each line
//! read from the standard input, a number of seconds, the median milliseconds of a step.

mod models;

use std::io::BufRead;
use std::time::{Duration, Instant};

/// Steps before the first measurement.
fn warm_up(workload: &str) -> usize {
    match workload {
        "W5" => 10,
        "W7" => 2,
        _ => 100,
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    match &args[..] {
        [workload, threads] => answer(workload, threads.parse().expect("a number of threads")),
        chosen => {
            let all = models::ALL.iter().map(|(name, _)| String::from(*name));
            let chosen = if chosen.is_empty() { all.collect() } else { chosen.to_vec() };
            for workload in chosen {
                let (mut step, first) = start(&workload);
                let ms = median_of(&mut step, Duration::from_secs(3));
                println!("{workload}: {ms:.3} ms a step, first steps {first:.2} s");
            }
        }
    }
}

/// The step of a workload after its first steps, and the seconds these took.
fn start(workload: &str) -> (models::Step, f64) {
    let start = Instant::now();
    let found = models::ALL.iter().find(|(name, _)| *name == workload);
    let mut step = found.unwrap_or_else(|| panic!("no workload {workload}")).1();
    let losses: Vec<f64> = (0..warm_up(workload)).map(|_| step()).collect();
    assert!(losses.iter().all(|loss| loss.is_finite()), "{workload}: the loss is not finite");
    (step, start.elapsed().as_secs_f64())
}

fn answer(workload: &str, threads: usize) {
    pushforward::machine::set_threads(threads);
    let (mut step, first) = start(workload);
    let version = env!("CARGO_PKG_VERSION");
    println!(r#"{{"name": "pushforward", "version": "{version}", "first_steps_s": {first:.4}}}"#);
    for line in std::io::stdin().lock().lines() {
        let seconds = line.expect("standard input").parse().expect("a number of seconds");
        println!("{}", median_of(&mut step, Duration::from_secs_f64(seconds)));
    }
}

/// The median milliseconds of a step, over about this long.
fn median_of(step: &mut models::Step, long: Duration) -> f64 {
    let start = Instant::now();
    let mut times = vec![];
    while times.len() < 3 || start.elapsed() < long {
        let start = Instant::now();
        std::hint::black_box(step());
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
