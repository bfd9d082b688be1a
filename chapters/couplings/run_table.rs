//! The table of Tong et al.: two pairings, four tasks, five seeds, beside the published values.

use super::laws::{TASKS, Task};
use super::run::{euler, loss};
use super::{Pairing, normalised_path_energy, path_energy};
use crate::chapters::flow_matching::Velocity;
use crate::experiment::{Cell, Event, Experiment, Report, Settings};
use crate::experiment::{cells, forget_cells, save_figures, save_metrics};
use crate::metrics::wasserstein_2;
use crate::nn::{Activation, Mlp, Module};
use crate::optim::{Adam, Optimizer, Schedule};
use crate::plot::{BLUE, Figure, GREY, Panel, RED};
use crate::random::Rng;
use crate::{Result, Tensor, grad};
use serde_json::{Map, Value, json};

// ANCHOR: table
/// Forty trainings.
pub const TABLE: Experiment = Experiment {
    name: "couplings-table",
    about: "a published table of two pairings on four tasks, with five seeds",
    steps: 4000,
    batch: 256,
    lr: 3e-3,
    images: false,
    run,
};

const PAIRINGS: [(&str, Pairing); 2] =
    [("OT-CFM", Pairing::Optimal), ("I-CFM", Pairing::Independent)];
const SEEDS: usize = 5;
/// Points on each side of W₂, and Euler steps.
const POINTS: usize = 2000;
const STEPS: usize = 100;

/// W₂ with its standard deviation, and NPE, of each task under each pairing (Tong et al. 2024, the paper on
/// SF2M, table 2).
pub const PUBLISHED: [[[f64; 3]; 4]; 2] = [
    [[0.303, 0.043, 0.031], [0.601, 0.027, 0.015], [0.130, 0.016, 0.083], [0.144, 0.028, 0.027]],
    [[0.373, 0.103, 0.202], [1.557, 0.407, 2.680], [0.178, 0.014, 0.891], [0.242, 0.141, 0.856]],
];
// ANCHOR_END: table

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare()?;
    let mut keys = vec![];
    for task in 0..TASKS.len() {
        for pairing in 0..PAIRINGS.len() {
            keys.extend((0..SEEDS).map(|seed| (task, pairing, seed)));
        }
    }
    let names: Vec<String> = keys.iter().map(|&key| name(key)).collect();
    let done = cells(TABLE.name, settings, &names, watch, |index, rng| {
        let (task, pairing, _) = keys[index];
        cell(&TASKS[task], PAIRINGS[pairing].1, settings, rng)
    })?;
    watch(Event::Stage("drawing"));
    let figures = vec![("figure", figure(&done))];
    let metrics = json!({
        "experiment": TABLE.name,
        "settings": settings.json(),
        "cells": done.iter().map(|c| (c.name.clone(), c.numbers.clone())).collect::<Map<_, _>>(),
    });
    let mut files = save_figures(settings, &figures)?;
    files.extend(save_metrics(settings, &metrics, None)?);
    forget_cells(settings);
    Ok(Report { rows: rows(&done), times: vec![], figures, files, losses: vec![] })
}

fn name((task, pairing, seed): (usize, usize, usize)) -> String {
    format!("{}, {}, seed {seed}", TASKS[task].name, PAIRINGS[pairing].0)
}

// ANCHOR: cell
/// Trains one network, and measures W₂ of 100 Euler steps and of one, the floor between two sets of data, and
/// the energy of the ways.
fn cell(
    task: &Task,
    pairing: Pairing,
    settings: &Settings,
    rng: &mut Rng,
) -> Result<(Value, Vec<(String, Tensor)>)> {
    let mut measuring = rng.split();
    let mut u = Velocity { net: Mlp::new(&[3, 64, 64, 64, 2], Activation::Selu, rng) };
    let mut adam = Adam::decoupled(settings.lr, 1e-5);
    let schedule = Schedule::cosine(settings.lr, 0.0, settings.steps);
    let mut losses = vec![];
    for step in 0..settings.steps {
        adam.set_lr(schedule.lr(step));
        let (x_0, x_1) = ((task.source)(settings.batch, rng), (task.target)(settings.batch, rng));
        let loss = loss(&u, pairing, &x_0, &x_1, rng);
        let gradients = grad(&loss, &u.tensors());
        adam.step(&mut u, &gradients);
        losses.push(f64::from(loss.item()));
    }
    let x_0 = (task.source)(POINTS, &mut measuring);
    let [x_1, other] = [(); 2].map(|()| (task.target)(POINTS, &mut measuring));
    let states = euler(&u, &x_0, STEPS);
    let least = wasserstein_2(&x_0, &x_1);
    let energy = f64::from(path_energy(&states).item());
    let numbers = json!({
        "w2": wasserstein_2(&states[STEPS].1, &x_1),
        "w2_of_one_step": wasserstein_2(&euler(&u, &x_0, 1)[1].1, &x_1),
        "floor": wasserstein_2(&other, &x_1),
        "npe": normalised_path_energy(energy, least * least),
        "loss": losses.iter().rev().take(100).sum::<f64>() / losses.len().min(100) as f64,
    });
    Ok((numbers, vec![]))
}
// ANCHOR_END: cell

/// Mean and standard deviation of a number over the seeds that were computed.
fn over_seeds(done: &[Cell], task: usize, pairing: usize, key: &str) -> Option<[f64; 2]> {
    let find = |seed| done.iter().find(|cell| cell.name == name((task, pairing, seed)));
    let values: Vec<f64> =
        (0..SEEDS).filter_map(find).filter_map(|cell| cell.numbers[key].as_f64()).collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    (n > 0.0).then(|| [mean, libm::sqrt(squares / (n - 1.0).max(1.0))])
}

fn rows(done: &[Cell]) -> Vec<[String; 3]> {
    let mut rows = vec![];
    for (t, task) in TASKS.iter().enumerate() {
        for (p, (pairing, _)) in PAIRINGS.iter().enumerate() {
            let [published, std, npe] = PUBLISHED[p][t];
            let of = |key: &str| over_seeds(done, t, p, key);
            let (Some(w2), Some(one), Some(floor), Some(energy), Some(loss)) =
                (of("w2"), of("w2_of_one_step"), of("floor"), of("npe"), of("loss"))
            else {
                continue;
            };
            let row = |what: &str, [mean, std]: [f64; 2], remark: String| {
                let value = format!("{mean:.3} ± {std:.3}");
                [format!("{what}, {}, {pairing}", task.name), value, remark]
            };
            let [floor, off] = floor;
            rows.push(row(
                "W₂",
                w2,
                format!("published {published:.3} ± {std:.3}; floor here {floor:.3} ± {off:.3}"),
            ));
            rows.push(row("W₂ of one step", one, String::new()));
            rows.push(row("NPE", energy, format!("published {npe:.3}")));
            rows.push(row("loss", loss, "mean over points and coordinates".into()));
        }
    }
    rows
}

/// Ours over the published values, W₂ in the left panel, NPE in the right.
fn figure(done: &[Cell]) -> Figure {
    let panel = |title: &str, key: &str, which: usize| {
        let styles = [BLUE, RED];
        let mut panel = Panel::new(title).line([[0.01, 0.01], [4.0, 4.0]], GREY);
        for (p, (pairing, _)) in PAIRINGS.iter().enumerate() {
            let points: Vec<[f64; 2]> = (0..TASKS.len())
                .filter_map(|t| Some([PUBLISHED[p][t][which], over_seeds(done, t, p, key)?[0]]))
                .collect();
            panel = panel.scatter(points, styles[p].clone().size(6.0).label(*pairing));
        }
        panel
    };
    let panels = [panel("W₂", "w2", 0), panel("NPE", "npe", 2)];
    Figure::new("Our numbers over the published ones, for four tasks and two pairings", panels)
        .log_x()
        .log_y()
        .labels("published", "here")
}
