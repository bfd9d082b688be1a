//! The figures and numbers of the book: what every experiment gives at the settings of the book.

use super::book::repository;
use super::find;
use super::progress::{Progress, line};
use pushforward::chapters::EXPERIMENTS;
use pushforward::experiment::{Experiment, Report, table};
use pushforward::{Error, Result, write_atomically};
use std::path::Path;

/// Runs the experiments of these names, or all, as `run` does and writes to `book/src/results/NAME` its figures,
/// `metrics.json`, `table.txt` with what was measured, and `numbers.txt`, from which a page includes a
/// single number.
pub fn renew(names: &[String]) -> Result<()> {
    let named = names.iter().map(|name| find(name)).collect::<Result<Vec<_>>>()?;
    let experiments = if named.is_empty() { EXPERIMENTS.iter().collect() } else { named };
    let here = std::env::current_dir();
    let here = here.map_err(|source| Error::Io { path: ".".into(), source })?;
    let folder = repository(&here)?.join("book/src/results");
    for experiment in experiments {
        line(&format!("{}: {}", experiment.name, experiment.about));
        let start = std::time::Instant::now();
        renew_one(experiment, &folder.join(experiment.name))?;
        line(&format!("{:.0} s for {}", start.elapsed().as_secs_f64(), experiment.name));
    }
    line(&format!("wrote {}", folder.display()));
    Ok(())
}

fn renew_one(experiment: &Experiment, folder: &Path) -> Result<()> {
    let settings = experiment.settings();
    let mut progress = Progress::new(settings.steps, false);
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
    write_atomically(&folder.join("numbers.txt"), numbers(&report).as_bytes())
}

/// Each value and each remark between marks that bear its name, as `{{#include}}` wants them.
fn numbers(report: &Report) -> String {
    let marked = |name: &str, text: &str| format!("ANCHOR: {name}\n{text}\nANCHOR_END: {name}\n");
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
