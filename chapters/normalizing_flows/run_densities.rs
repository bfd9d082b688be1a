//! Harder laws in the plane: spline flows and RealNVP side by side, and the filaments that affine
//! couplings leave between modes.

use super::coupling::Coupling;
use super::map::Map;
use super::measure::{Gap, cells, density_panel, highest, log_density_of, stacked, train};
use super::run::COUPLINGS;
use super::{Constructor, Flow};
use crate::Result;
use crate::data::{Checkerboard, Law, Mixture};
use crate::experiment::{Event, Experiment, Report, Settings, Training};
use crate::experiment::{save_figures, save_metrics, tail_mean, training_time};
use crate::plot::Figure;
use crate::random::Rng;
use serde_json::json;
use std::time::Instant;

// ANCHOR: densities
/// Eight Gaussians and a checkerboard, each by a spline flow and by RealNVP.
pub const DENSITIES: Experiment = Experiment {
    name: "flows-densities",
    about: "eight Gaussians and a checkerboard by spline flows and by RealNVP",
    steps: 1500,
    batch: 256,
    lr: 4e-3,
    images: false,
    run,
};

/// Affine couplings that take turns in what stays.
pub const AFFINE: [Constructor; 2] = [
    |d, width, rng| Box::new(Coupling::new(d, width, Map::Affine, false, rng)),
    |d, width, rng| Box::new(Coupling::new(d, width, Map::Affine, true, rng)),
];
// ANCHOR_END: densities

/// The pictures show [−REACH, REACH]².
const REACH: f64 = 7.0;
const SPLINE_LAYERS: usize = 3;
const AFFINE_LAYERS: usize = 8;

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare()?;
    let mut rng = Rng::new(settings.seed);
    let mut measuring = rng.split();
    let eight = Mixture::eight_gaussians();
    let laws: [&dyn Law; 4] = [&eight, &eight, &Checkerboard, &Checkerboard];
    let mut flow = |i: usize| {
        let (layers, kinds) =
            if i % 2 == 0 { (SPLINE_LAYERS, &COUPLINGS) } else { (AFFINE_LAYERS, &AFFINE) };
        stacked(laws[i], layers, 64, kinds, &mut rng)
    };
    let mut flows: Vec<Flow> = (0..4).map(&mut flow).collect();

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
    ];
    let (mut rows, mut gaps) = (vec![], serde_json::Map::new());
    for ((name, goal), (flow, law)) in names.into_iter().zip(flows.iter().zip(laws)) {
        let gap = Gap::of(flow, law, &mut measuring);
        rows.push(gap.row(name, goal));
        gaps.insert(name.into(), gap.json());
    }
    let figures = vec![("figure", pictures(&flows, &laws))];
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
    for (law, pair) in [laws[0], laws[2]].iter().zip(flows.chunks_exact(2)) {
        let exact = law.log_density(&cells);
        let top = highest(&exact);
        panels.push(density_panel("exact".into(), &exact, top, corners));
        for (title, flow) in ["spline flow", "RealNVP"].iter().zip(pair) {
            let learned = log_density_of(flow, &cells);
            panels.push(density_panel(title.to_string(), &learned, top, corners));
        }
    }
    Figure::new("Densities of two laws: affine couplings leave filaments between the modes", panels)
        .columns(3)
        .x_range(-REACH, REACH)
        .y_range(-REACH, REACH)
        .equal_aspect()
}
