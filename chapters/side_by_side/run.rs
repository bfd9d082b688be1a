//! The experiment: a cell for each law and family.

use super::families::FAMILIES;
use super::measure::{COMPARED, Measured};
use super::sets::{Set, sets};
use super::{Family, Plan};
use crate::experiment::{Cell, Event, Experiment, Report, Settings};
use crate::experiment::{cells, forget_cells, save_figures, save_metrics};
use crate::plot::{BLUE, Figure, GREY, Panel};
use crate::random::Rng;
use crate::{Result, Tensor};
use serde_json::{Map, Value, json};
use std::time::Instant;

// ANCHOR: compare
/// All families on all laws. `steps` and `lr` are those of flow matching, to which the others' stand
/// in a fixed ratio.
pub const COMPARE: Experiment = Experiment {
    name: "compare",
    about: "every family on five laws of the plane, with the same seconds for each training",
    steps: 14000,
    batch: 256,
    lr: 1e-2,
    images: false,
    run,
};
// ANCHOR_END: compare

/// Points in a panel.
const SHOWN: usize = 600;

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare()?;
    let sets = sets();
    let pairs: Vec<(&Set, &Family)> =
        sets.iter().flat_map(|set| FAMILIES.iter().map(move |family| (set, family))).collect();
    let names: Vec<String> =
        pairs.iter().map(|(set, family)| format!("{}, {}", set.name, family.name)).collect();
    let done = cells(COMPARE.name, settings, &names, watch, |index, rng| {
        let (set, family) = pairs[index];
        cell(set, family, settings, rng)
    })?;
    watch(Event::Stage("drawing"));
    let figures = vec![("figure", pictures(&sets, &done))];
    let metrics = json!({
        "experiment": COMPARE.name,
        "settings": settings.json(),
        "cells": done.iter().map(|cell| (cell.name.clone(), measured(cell))).collect::<Map<_, _>>(),
    });
    let mut files = save_figures(settings, &figures)?;
    files.extend(save_metrics(settings, &metrics, None)?);
    forget_cells(settings);
    let mut rows = sizes(&done);
    rows.extend(matrices(&sets, &done));
    Ok(Report { rows, times: times(&sets, &done), figures, files, losses: vec![] })
}

// ANCHOR: cell
/// Trains one model and measures it.
fn cell(
    set: &Set,
    family: &Family,
    settings: &Settings,
    rng: &mut Rng,
) -> Result<(Value, Vec<(String, Tensor)>)> {
    let mut measuring = rng.split();
    let plan = Plan {
        steps: ((settings.steps as f64 * family.pace) as usize).max(1),
        batch: settings.batch,
        lr: settings.lr * family.rate,
    };
    let start = Instant::now();
    let trained = (family.train)(&*set.law, &plan, rng)?;
    let training = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let samples = (trained.sample)(COMPARED, &mut measuring).detach();
    let sampling = start.elapsed().as_secs_f64();
    let mut numbers = Measured::of(&samples, &trained, set, &mut measuring).json();
    numbers["parameters"] = json!(trained.parameters);
    numbers["evaluations"] = json!(trained.evaluations);
    numbers["steps"] = json!(plan.steps);
    numbers["seconds"] = json!({ "training": training, "sampling": sampling });
    Ok((numbers, vec![("samples".into(), samples.slice(0, 0..SHOWN))]))
}
// ANCHOR_END: cell

/// What follows from the seed: all but the seconds.
fn measured(cell: &Cell) -> Value {
    let mut numbers = cell.numbers.clone();
    numbers.as_object_mut().expect("a cell's numbers have names").remove("seconds");
    numbers
}

/// Above the data, below the samples of each family; a column for each law.
fn pictures(sets: &[Set], done: &[Cell]) -> Figure {
    let mut rng = Rng::new(1);
    let shown = |set: &Set, x: &Tensor| -> Vec<[f64; 2]> {
        let place = |v: f64, axis: usize| (v - set.middle[axis]) / set.reach;
        let inside = |p: &[f64; 2]| p.iter().all(|v| v.abs() <= 1.0);
        let points = x.rows::<2>().into_iter().map(|[x, y]| [place(x, 0), place(y, 1)]);
        points.filter(inside).collect()
    };
    let data = sets.iter().map(|set| {
        let x = set.law.sample(SHOWN, &mut rng);
        Panel::new(format!("data: {}", set.name)).scatter(shown(set, &x), GREY.size(1.5))
    });
    let mut panels: Vec<Panel> = data.collect();
    for family in &FAMILIES {
        for set in sets {
            let panel = Panel::new(family.name);
            let points = found(done, set, family).map(|cell| shown(set, &cell.tensors[0].1));
            panels.push(panel.scatter(points.unwrap_or_default(), BLUE.size(1.5)));
        }
    }
    Figure::new("Five laws, and samples of every family that learned them", panels)
        .columns(sets.len())
        .x_range(-1.0, 1.0)
        .y_range(-1.0, 1.0)
        .equal_aspect()
        .bare()
}

fn found<'a>(done: &'a [Cell], set: &Set, family: &Family) -> Option<&'a Cell> {
    let name = format!("{}, {}", set.name, family.name);
    done.iter().find(|cell| cell.name == name)
}

/// How large each family's networks are, and how often a sample passes through one.
fn sizes(done: &[Cell]) -> Vec<[String; 3]> {
    let row = |family: &Family| {
        let cell = done.iter().find(|cell| cell.name.ends_with(&format!(", {}", family.name)))?;
        let [parameters, evaluations] = ["parameters", "evaluations"].map(|key| &cell.numbers[key]);
        let remark = format!("parameters; evaluations for a sample: {evaluations}");
        Some([format!("size, {}", family.name), parameters.to_string(), remark])
    };
    FAMILIES.iter().filter_map(row).collect()
}

/// A matrix for each quantity: a row for each family, a column for each law.
fn matrices(sets: &[Set], done: &[Cell]) -> Vec<[String; 3]> {
    let number = |value: &Value, digits: usize| {
        value.as_f64().map_or("–".into(), |value| format!("{value:.digits$}"))
    };
    let mut rows = matrix(sets, done, "D²", |n| number(&n["energy_distance"]["value"], 4));
    rows.push(floors(sets, done, "D²", "energy_distance"));
    rows.extend(matrix(sets, done, "SW₂", |n| number(&n["sliced_wasserstein_2"]["value"], 3)));
    rows.push(floors(sets, done, "SW₂", "sliced_wasserstein_2"));
    rows.extend(matrix(sets, done, "gap", |n| {
        let bound = if n["likelihood"]["bound"] == true { "≤ " } else { "" };
        format!("{bound}{}", number(&n["likelihood"]["gap"], 3))
    }));
    rows.extend(matrix(sets, done, "modes", |n| {
        format!(
            "{} ({:.0} %)",
            n["modes_covered"],
            100.0 * n["near_a_mode"].as_f64().unwrap_or(0.0)
        )
    }));
    rows
}

/// The row of a matrix: the first law's entry stands where other rows have their value. Columns are as wide as
/// their law's name or the longest entry.
fn row(sets: &[Set], name: String, entry: impl Fn(&Set) -> String) -> [String; 3] {
    let others = sets[1..].iter().map(|set| {
        let column = set.name.len().max(9) + 2;
        format!("{:<column$}", entry(set))
    });
    [name, entry(&sets[0]), others.collect()]
}

fn matrix(
    sets: &[Set],
    done: &[Cell],
    quantity: &str,
    entry: impl Fn(&Value) -> String,
) -> Vec<[String; 3]> {
    let head = row(sets, quantity.to_string(), |set| set.name.into());
    let of = |family: &Family| {
        row(sets, format!("{quantity}, {}", family.name), |set| {
            found(done, set, family).map_or(String::new(), |cell| entry(&cell.numbers))
        })
    };
    [head].into_iter().chain(FAMILIES.iter().map(of)).collect()
}

/// Between samples of the data themselves.
fn floors(sets: &[Set], done: &[Cell], quantity: &str, key: &str) -> [String; 3] {
    let floor = |set: &Set| {
        let cell = FAMILIES.iter().find_map(|family| found(done, set, family));
        let floor = cell.and_then(|cell| cell.numbers[key]["floor"]["mean"].as_f64());
        floor.map_or(String::new(), |v| format!("{v:.4}"))
    };
    row(sets, format!("{quantity}, floor"), floor)
}

/// What a clock said of each family, on average over the laws.
fn times(sets: &[Set], done: &[Cell]) -> Vec<[String; 3]> {
    let row = |family: &Family| {
        let cells: Vec<&Cell> = sets.iter().filter_map(|set| found(done, set, family)).collect();
        let mean = |key: &str| {
            let seconds = cells.iter().filter_map(|cell| cell.numbers["seconds"][key].as_f64());
            seconds.sum::<f64>() / cells.len().max(1) as f64
        };
        let steps = cells.first().map_or(0, |cell| cell.numbers["steps"].as_u64().unwrap_or(0));
        [
            format!("training, {}", family.name),
            format!("{:.1} s", mean("training")),
            format!("{steps} steps; {:.3} s for {COMPARED} samples", mean("sampling")),
        ]
    };
    FAMILIES.iter().map(row).collect()
}
