//! Polar, cylindrical and spherical coordinates: what a cell measures, and the determinant by
//! automatic differentiation. Nothing is trained.

use super::coordinates::{
    cylindrical, cylindrical_det, polar, polar_det, spherical, spherical_det,
};
use crate::derivatives::jacobian;
use crate::experiment::{Event, Experiment, Report, Settings, save_figures, save_metrics};
use crate::plot::{BLUE, Figure, GREY, Panel, RED};
use crate::random::Rng;
use crate::{Float, Result, Tensor};
use serde_json::json;
use std::f64::consts::{PI, TAU};

// ANCHOR: experiment
/// Nothing is trained.
pub const COORDINATES: Experiment = Experiment {
    name: "flows-coordinates",
    about: "cells of polar and spherical coordinates, and the three determinants",
    steps: 0,
    batch: 0,
    lr: 0.0,
    images: false,
    run,
};
// ANCHOR_END: experiment

// ANCHOR: determinants
/// |det J| of a map at every row, by automatic differentiation: `[n, d]` → `[n]`.
pub fn determinants(map: fn(&Tensor) -> Tensor, u: &Tensor) -> Tensor {
    let d = u.shape()[1];
    let at = |i: usize| {
        let point = u.slice(0, i..i + 1);
        jacobian(map, &point).reshape(&[d, d]).det().abs()
    };
    Tensor::stack(&(0..u.shape()[0]).map(at).collect::<Vec<_>>().iter().collect::<Vec<_>>(), 0)
}
// ANCHOR_END: determinants

/// A map, with its name, its determinant's formula and the function of it.
type Row = (&'static str, &'static str, fn(&Tensor) -> Tensor, fn(&Tensor) -> Tensor, usize);

const MAPS: [Row; 3] = [
    ("polar", "r", polar, polar_det, 2),
    ("cylindrical", "r", cylindrical, cylindrical_det, 3),
    ("spherical", "ρ² sin φ", spherical, spherical_det, 3),
];

fn run(settings: &Settings, _: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare_folder()?;
    let mut rng = Rng::new(settings.seed);
    let (mut rows, mut errors) = (vec![], serde_json::Map::new());
    for (name, formula, map, det, dim) in MAPS {
        let u = rng.uniform_in(&[100, dim], 0.2, 2.8);
        let error = f64::from((determinants(map, &u) - det(&u)).abs().max(..).item());
        let remark = format!("largest |autograd − formula| over 100 points; |det J| = {formula}");
        rows.push([name.into(), format!("{error:.1e}"), remark]);
        errors.insert(name.into(), json!(error));
    }
    let figures = vec![("figure", cells_figure())];
    let metrics = json!({ "experiment": COORDINATES.name, "largest_errors": errors });
    let mut files = save_figures(settings, &figures)?;
    files.extend(save_metrics(settings, &metrics, None)?);
    Ok(Report { rows, times: vec![], figures, files, losses: vec![] })
}

/// The outline of the cell `low` to `high` of the plane, 40 points to a side.
fn outline(low: [f64; 2], high: [f64; 2]) -> Vec<[f64; 2]> {
    let corners = [low, [high[0], low[1]], high, [low[0], high[1]], low];
    let side = |pair: &[[f64; 2]]| -> Vec<[f64; 2]> {
        let [a, b] = [pair[0], pair[1]];
        (0..=40).map(|i| [0, 1].map(|k| a[k] + (b[k] - a[k]) * f64::from(i) / 40.0)).collect()
    };
    corners.windows(2).flat_map(side).collect()
}

fn mapped(map: impl Fn(&Tensor) -> Tensor, points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let flat: Vec<Float> = points.as_flattened().iter().map(|&v| v as Float).collect();
    map(&Tensor::new(&[points.len(), 2], flat)).rows::<2>()
}

/// Equal rectangles of (r, θ) and what polar coordinates make of them; equal rectangles of (θ, φ)
/// and what they cover of a sphere, in the projection that keeps areas.
fn cells_figure() -> Figure {
    let polar_cells = Panel::new("polar: the outer cell is 3.7 times the inner")
        .line(
            mapped(polar, &outline([0.3, 0.4], [0.7, 1.0])),
            BLUE.size(2.5).label("r from 0.3 to 0.7"),
        )
        .line(
            mapped(polar, &outline([1.65, 0.4], [2.05, 1.0])),
            RED.size(2.5).label("r from 1.65 to 2.05"),
        );
    let polar_cells = (1..6).fold(polar_cells, |panel, i| {
        let r = 0.45 * f64::from(i);
        panel.line(mapped(polar, &outline([r, 0.0], [r, TAU])), GREY.size(0.8))
    });
    let polar_cells = (0..12).fold(polar_cells, |panel, i| {
        let theta = TAU * f64::from(i) / 12.0;
        panel.line(mapped(polar, &outline([0.0, theta], [2.25, theta])), GREY.size(0.8))
    });
    // Lambert's cylindrical projection (θ − π, 2 cos φ) keeps areas but for a factor
    let sphere = |points: &[[f64; 2]]| -> Vec<[f64; 2]> {
        points.iter().map(|[theta, phi]| [(theta - PI) * 0.7, 2.0 * libm::cos(*phi)]).collect()
    };
    let sphere_cells = Panel::new("sphere: at the pole a cell has little area")
        .line(sphere(&outline([PI, 0.05], [PI + 0.6, 0.45])), BLUE.size(2.5))
        .line(sphere(&outline([PI, 1.37], [PI + 0.6, 1.77])), RED.size(2.5));
    let sphere_cells = (0..=8).fold(sphere_cells, |panel, i| {
        let phi = PI * f64::from(i) / 8.0;
        panel.line(sphere(&[[0.0, phi], [TAU, phi]]), GREY.size(0.8))
    });
    let sphere_cells = (0..=12).fold(sphere_cells, |panel, i| {
        let theta = TAU * f64::from(i) / 12.0;
        panel.line(sphere(&[[theta, 0.0], [theta, PI]]), GREY.size(0.8))
    });
    Figure::new(
        "Equal rectangles of the coordinates measure what |det J| says",
        [polar_cells, sphere_cells],
    )
    .x_range(-2.4, 2.4)
    .y_range(-2.4, 2.4)
    .equal_aspect()
}
