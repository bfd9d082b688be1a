//! Harder laws in the plane: spline flows and RealNVP side by side, and the filaments that affine
//! couplings leave between modes.

use super::coupling::Coupling;
use super::map::Map;
use super::measure::{Gap, cells, density_panel, highest, log_density_of, stacked, train};
use super::{Constructor, Flow};
use crate::Result;
use crate::data::{Checkerboard, Curves, Law, Mixture};
use crate::experiment::{Event, Experiment, Report, Settings, Training};
use crate::experiment::{save_figures, save_metrics, tail_mean, training_time};
use crate::plot::Figure;
use crate::random::Rng;
use serde_json::json;
use std::time::Instant;

// ANCHOR: densities
/// Eight Gaussians, a checkerboard and two spirals, each by a spline flow and by RealNVP.
pub const DENSITIES: Experiment = Experiment {
    name: "flows-densities",
    about: "eight Gaussians, a checkerboard and two spirals by spline flows and by RealNVP",
    steps: 1200,
    batch: 256,
    lr: 4e-3,
    images: false,
    run,
};

/// Spline couplings with more bins, on [−3, 3].
pub const SPLINES: [Constructor; 2] = [
    |d, width, rng| Box::new(Coupling::new(d, width, FINER, false, rng)),
    |d, width, rng| Box::new(Coupling::new(d, width, FINER, true, rng)),
];
const FINER: Map = Map::Spline { bins: 24, bound: 3.0 };

/// Affine couplings that take turns in what stays.
pub const AFFINE: [Constructor; 2] = [
    |d, width, rng| Box::new(Coupling::new(d, width, Map::Affine, false, rng)),
    |d, width, rng| Box::new(Coupling::new(d, width, Map::Affine, true, rng)),
];
// ANCHOR_END: densities

/// The pictures show [−REACH, REACH]².
const REACH: f64 = 7.0;
const SPLINE_LAYERS: usize = 4;
const AFFINE_LAYERS: usize = 8;
const WIDTH: usize = 64;

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare()?;
    let mut rng = Rng::new(settings.seed);
    let mut measuring = rng.split();
    let eight = Mixture::eight_gaussians();
    let three: [&dyn Law; 3] = [&eight, &Checkerboard, &Curves::TwoSpirals];
    let laws: Vec<&dyn Law> = three.iter().flat_map(|&law| [law, law]).collect();
    let pair = |&law: &&dyn Law| {
        let spline = stacked(law, SPLINE_LAYERS, WIDTH, &SPLINES, &mut rng);
        [spline, stacked(law, AFFINE_LAYERS, WIDTH, &AFFINE, &mut rng)]
    };
    let mut flows: Vec<Flow> = three.iter().flat_map(pair).collect();

    let mut training = Training::new(DENSITIES.name, settings, watch);
    let start = Instant::now();
    let steps = train(&mut flows, &laws, settings, &mut training, &mut rng)?;
    let times = vec![training_time(start, steps)];

    training.stage("measuring the densities");
    let names = [
        ("eight Gaussians, spline", Some(0.05)),
        ("eight Gaussians, RealNVP", None),
        ("checkerboard, spline", Some(0.10)),
        ("checkerboard, RealNVP", None),
        ("two spirals, spline", Some(0.10)),
        ("two spirals, RealNVP", None),
    ];
    let (mut rows, mut gaps) = (vec![], serde_json::Map::new());
    for ((name, goal), (flow, law)) in names.into_iter().zip(flows.iter().zip(&laws)) {
        let gap = Gap::of(flow, *law, &mut measuring);
        rows.push(gap.row(name, goal));
        gaps.insert(name.into(), gap.json());
    }
    let figures = vec![("figure", pictures(&flows, &three))];
    let metrics = json!({
        "experiment": DENSITIES.name,
        "settings": settings.json(),
        "final_loss": tail_mean(&training.losses, 100),
        "densities": gaps,
    });
    let mut files = save_figures(settings, &figures)?;
    files.extend(save_metrics(settings, &metrics, Some(&flows))?);
    training.complete();
    Ok(Report { rows, times, figures, files, losses: training.losses })
}

/// For each law the exact density, the spline flow's and RealNVP's.
fn pictures(flows: &[Flow], laws: &[&dyn Law]) -> Figure {
    let corners = [[-REACH; 2], [REACH; 2]];
    let cells = cells(corners);
    let mut panels = vec![];
    for (law, pair) in laws.iter().zip(flows.chunks_exact(2)) {
        let exact = law.log_density(&cells);
        let top = highest(&exact);
        panels.push(density_panel("exact".into(), &exact, top, corners));
        for (title, flow) in ["spline flow", "RealNVP"].iter().zip(pair) {
            let learned = log_density_of(flow, &cells);
            panels.push(density_panel(title.to_string(), &learned, top, corners));
        }
    }
    Figure::new(
        "Densities of three laws: affine couplings leave filaments between the modes",
        panels,
    )
    .columns(3)
    .x_range(-REACH, REACH)
    .y_range(-REACH, REACH)
    .equal_aspect()
}
