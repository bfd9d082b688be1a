//! The figures and numbers of the book: what every experiment gives at the settings of the book.

use super::book::repository;
use super::find;
use super::progress::{Progress, line};
use pushforward::chapters::{EXPERIMENTS, MEASUREMENTS, TABLES, TIMED};
use pushforward::experiment::{Experiment, Report, table};
use pushforward::{Error, Result, machine, write_atomically};
use serde_json::Value;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::ScopedJoinHandle;
use std::time::Instant;

/// Runs the experiments of these names, or all but the measurements and tables, as `run` does, one on each thread, and writes
/// to `book/src/results/NAME` its figures, `metrics.json`, `table.txt` with what was measured, and
/// `numbers.txt`, from which a page includes a single number.
pub fn renew(names: &[String]) -> Result<()> {
    let named = names.iter().map(|name| find(name)).collect::<Result<Vec<_>>>()?;
    let experiments = if named.is_empty() { EXPERIMENTS.iter().collect() } else { named };
    let here = std::env::current_dir();
    let here = here.map_err(|source| Error::Io { path: ".".into(), source })?;
    let folder = repository(&here)?.join("book/src/results");
    let workers = machine::threads().min(experiments.len());
    if workers > 1 {
        machine::set_threads(1);
    }
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(experiment) = experiments.get(next.fetch_add(1, Ordering::Relaxed)) {
            line(&format!("{}: {}", experiment.name, experiment.about));
            let start = Instant::now();
            renew_one(experiment, &folder.join(experiment.name), workers > 1)?;
            line(&format!("{:.0} s for {}", start.elapsed().as_secs_f64(), experiment.name));
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let done = |worker: ScopedJoinHandle<'_, Result<()>>| {
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        workers.into_iter().map(done).collect::<Vec<_>>().into_iter().collect::<Result<()>>()
    })?;
    line(&format!("wrote {}", folder.display()));
    Ok(())
}

fn renew_one(experiment: &Experiment, folder: &Path, quiet: bool) -> Result<()> {
    let settings = experiment.settings();
    let mut progress = Progress::new(settings.steps, quiet);
    let report = (experiment.run)(&settings, &mut |event| progress.show(event));
    progress.clear();
    let report = report?;
    std::fs::create_dir_all(folder).map_err(|source| Error::Io { path: folder.into(), source })?;
    for (name, figure) in &report.figures {
        figure.save(folder.join(format!("{name}.{}", figure.extension())))?;
    }
    let metrics = settings.out.join("metrics.json");
    let read = std::fs::read(&metrics).map_err(|source| Error::Io { path: metrics, source });
    write_atomically(&folder.join("metrics.json"), &read?)?;
    write_atomically(&folder.join("table.txt"), table(&report.rows).as_bytes())?;
    let mut timed = TABLES.iter().chain(MEASUREMENTS).chain(TIMED.iter().copied());
    if timed.any(|timed| timed.name == experiment.name) {
        // what a clock said, of this machine alone; nothing compares it
        write_atomically(&folder.join("times.txt"), table(&report.times).as_bytes())?;
    }
    let metrics = std::fs::read(folder.join("metrics.json"));
    let metrics = metrics.ok().and_then(|text| serde_json::from_slice::<Value>(&text).ok());
    let cells = metrics.map_or(String::new(), |metrics| cells(&metrics));
    write_atomically(&folder.join("numbers.txt"), (numbers(&report) + &cells).as_bytes())
}

/// Every number of every cell of a table, with four decimals if it is not whole: that of
/// `"cells": {"moons, GAN": {"likelihood": {"gap": …}}}` is `moons_gan_likelihood_gap`.
fn cells(metrics: &Value) -> String {
    let mut text = String::new();
    let mut open = vec![(String::new(), &metrics["cells"])];
    while let Some((name, value)) = open.pop() {
        let number = match value {
            Value::Object(parts) => {
                let inner = parts.iter().map(|(part, value)| (format!("{name} {part}"), value));
                open.extend(inner.rev());
                continue;
            }
            Value::Number(number) if number.is_f64() => {
                format!("{:.4}", number.as_f64().unwrap_or(f64::NAN))
            }
            Value::Number(number) => number.to_string(),
            _ => continue,
        };
        text.push_str(&marked(&mark(&name), &number));
    }
    text
}

fn marked(name: &str, text: &str) -> String {
    format!("ANCHOR: {name}\n{text}\nANCHOR_END: {name}\n")
}

/// Each value and each remark between marks that bear its name, as `{{#include}}` wants them.
fn numbers(report: &Report) -> String {
    let mut known = Vec::new();
    let row = |[name, value, remark]: &[String; 3]| {
        let name = mark(name);
        assert!(!known.contains(&name), "two rows of the table are both `{name}`: rename one");
        known.push(name.clone());
        marked(&name, value) + &marked(&format!("{name}_remark"), remark)
    };
    report.rows.iter().map(row).collect()
}

/// "energy distance D²" as `energy_distance_d`, "D*" as `d_star`.
fn mark(name: &str) -> String {
    let name = name.replace('*', " star ");
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_").to_lowercase()
}
