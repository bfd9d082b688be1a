//! The families on one data set with the same number of steps: gap, and the time of both
//! directions.

use super::autoregressive::Autoregressive;
use super::linear::Lu;
use super::map::Map;
use super::measure::{
    FINE, Gap, cells, density_panel, highest, inverse_error, log_density_of, stacked, train,
};
use super::planar::Planar;
use super::run::COUPLINGS;
use super::run_densities::AFFINE;
use super::{Constructor, Flow, Inverse};
use crate::Result;
use crate::data::{Law, Moons};
use crate::experiment::{Event, Experiment, Report, Settings, Training};
use crate::experiment::{save_figures, save_metrics, tail_mean, training_time};
use crate::nn::Module;
use crate::plot::Figure;
use crate::random::Rng;
use serde_json::json;
use std::time::Instant;

// ANCHOR: families
/// Seven families on two moons.
pub const FAMILIES: Experiment = Experiment {
    name: "flows-families",
    about: "planar, NICE, RealNVP, MAF, IAF and spline flows on two moons with the same steps",
    steps: 800,
    batch: 256,
    lr: 4e-3,
    images: false,
    run,
};

/// What is compared: name, layers, width of the networks, and the layers' constructors in turn.
const COMPARED: [(&str, usize, usize, &[Constructor]); 7] = [
    ("planar", 16, 0, &[|d, _, rng| Box::new(Planar::new(d, rng))]),
    (
        "NICE with LU",
        9,
        32,
        &[
            |d, width, rng| {
                Box::new(super::coupling::Coupling::new(d, width, Map::Additive, false, rng))
            },
            |d, _, rng| Box::new(Lu::new(d, rng)),
            |d, width, rng| {
                Box::new(super::coupling::Coupling::new(d, width, Map::Additive, true, rng))
            },
        ],
    ),
    ("RealNVP", 6, 32, &AFFINE),
    (
        "MAF",
        6,
        32,
        &[
            |d, width, rng| Box::new(Autoregressive::new(d, width, Map::Affine, false, rng)),
            |d, width, rng| Box::new(Autoregressive::new(d, width, Map::Affine, true, rng)),
        ],
    ),
    (
        "IAF",
        6,
        32,
        &[
            |d, w, rng| {
                Box::new(Inverse(Box::new(Autoregressive::new(d, w, Map::Affine, false, rng))))
            },
            |d, w, rng| {
                Box::new(Inverse(Box::new(Autoregressive::new(d, w, Map::Affine, true, rng))))
            },
        ],
    ),
    ("spline coupling", 2, 32, &COUPLINGS),
    (
        "spline, autoregressive",
        2,
        32,
        &[
            |d, width, rng| Box::new(Autoregressive::new(d, width, FINE, false, rng)),
            |d, width, rng| Box::new(Autoregressive::new(d, width, FINE, true, rng)),
        ],
    ),
];
// ANCHOR_END: families

/// The pictures' corners.
const CORNERS: [[f64; 2]; 2] = [[-1.6, -1.2], [2.6, 1.7]];

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare()?;
    let (law, mut rng) = (Moons { noise: 0.1 }, Rng::new(settings.seed));
    let mut measuring = rng.split();
    let made =
        COMPARED.map(|(_, layers, width, kinds)| stacked(&law, layers, width, kinds, &mut rng));
    let mut flows: Vec<Flow> = made.into();

    let mut training = Training::new(FAMILIES.name, settings, watch);
    let start = Instant::now();
    let steps = train(&mut flows, &[&law as &dyn Law; 7], settings, &mut training, &mut rng)?;
    let mut times = vec![training_time(start, steps)];

    training.stage("measuring the densities");
    let (mut rows, mut gaps) = (vec![], serde_json::Map::new());
    for ((name, ..), flow) in COMPARED.iter().zip(&flows) {
        let gap = Gap::of(flow, &law, &mut measuring);
        let error = inverse_error(flow, &law, 1000, &mut measuring);
        let mut row = gap.row(name, None);
        row[2] += &format!("; {} numbers; inverse to {error:.0e}", flow.size());
        rows.push(row);
        gaps.insert(name.to_string(), gap.json());
        times.push(directions(name, flow, &law, &mut measuring));
    }
    let figures = vec![("figure", pictures(&flows, &law))];
    let metrics = json!({
        "experiment": FAMILIES.name,
        "settings": settings.json(),
        "final_loss": tail_mean(&training.losses, 100),
        "families": gaps,
    });
    let mut files = save_figures(settings, &figures)?;
    files.extend(save_metrics(settings, &metrics, Some(&flows))?);
    training.complete();
    Ok(Report { rows, times, figures, files, losses: training.losses })
}

/// Seconds for the density of 10 000 points, and for as many samples.
fn directions(name: &str, flow: &Flow, law: &Moons, rng: &mut Rng) -> [String; 3] {
    let (flow, x) = (flow.frozen(), law.sample(10_000, rng));
    let start = Instant::now();
    flow.log_density(&x);
    let density = start.elapsed().as_secs_f64() * 1e3;
    let start = Instant::now();
    flow.sample(10_000, rng);
    let samples = start.elapsed().as_secs_f64() * 1e3;
    let remark = format!("10 000 densities; as many samples take {samples:.0} ms");
    [name.into(), format!("{density:.0} ms"), remark]
}

/// The exact density, and every family's.
fn pictures(flows: &[Flow], law: &Moons) -> Figure {
    let cells = cells(CORNERS);
    let exact = law.log_density(&cells);
    let top = highest(&exact);
    let mut panels = vec![density_panel("exact".into(), &exact, top, CORNERS)];
    for ((name, ..), flow) in COMPARED.iter().zip(flows) {
        panels.push(density_panel(name.to_string(), &log_density_of(flow, &cells), top, CORNERS));
    }
    Figure::new("Two moons by seven families with the same number of steps", panels)
        .columns(4)
        .x_range(CORNERS[0][0], CORNERS[1][0])
        .y_range(CORNERS[0][1], CORNERS[1][1])
        .equal_aspect()
}
