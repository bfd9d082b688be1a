//! Likelihoods beside their floors, and densities as pictures.

use crate::data::Law;
use crate::plot::{BLUE, Panel};
use crate::{Float, Tensor};
use serde_json::{Value, json};

/// The negative log-likelihood of a model on fresh data, and what it is above that of the law
/// itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Likelihood {
    /// −mean ln q(x) over n points of the data, in nats.
    pub nll: f64,
    /// Its standard error.
    pub error: f64,
    /// The entropy of the law of the data: no model's expected NLL is lower.
    pub floor: f64,
    /// mean (ln p(x) − ln q(x)) over the same points: an estimate of KL(p‖q), which is 0 only for
    /// q = p. It varies less than NLL − floor.
    pub gap: f64,
    /// Its standard error.
    pub gap_error: f64,
}

impl Likelihood {
    // ANCHOR: likelihood
    /// Of a model's ln q at points x of the law.
    pub fn of(log_q: &[f64], x: &Tensor, law: &dyn Law) -> Likelihood {
        let surprise: Vec<f64> = log_q.iter().map(|log_q| -log_q).collect();
        let lost: Vec<f64> = law.log_density(x).iter().zip(log_q).map(|(p, q)| p - q).collect();
        let ([nll, error], [gap, gap_error]) = (estimate(&surprise), estimate(&lost));
        Likelihood { nll, error, floor: law.entropy(), gap, gap_error }
    }
    // ANCHOR_END: likelihood

    /// A row for the NLL and one for the gap.
    pub fn rows(&self, name: &str) -> Vec<[String; 3]> {
        let Likelihood { nll, error, floor, gap, gap_error } = self;
        let remark = format!("standard error {error:.3}; the floor is the entropy, {floor:.3}");
        let lost =
            format!("standard error {gap_error:.3}; mean of ln p − ln q, p the exact density");
        vec![
            [format!("NLL {name}").trim_end().into(), format!("{nll:.3}"), remark],
            [format!("gap {name}").trim_end().into(), format!("{gap:.3}"), lost],
        ]
    }

    /// For `metrics.json`.
    pub fn json(&self) -> Value {
        let Likelihood { nll, error, floor, gap, gap_error } = self;
        json!({ "nll": nll, "standard_error": error, "floor": floor,
                "gap": gap, "gap_standard_error": gap_error })
    }
}

/// Mean and standard error.
pub fn estimate(values: &[f64]) -> [f64; 2] {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0);
    [mean, libm::sqrt(variance / n)]
}

/// A rectangle of the plane, cut into small cells for a picture of a density.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Raster {
    /// The lower left corner and the upper right one.
    pub corners: [[f64; 2]; 2],
    /// Cells in a row.
    pub columns: usize,
}

impl Raster {
    /// Square cells: so many rows.
    fn rows(&self) -> usize {
        let [low, high] = self.corners;
        let rows = self.columns as f64 * (high[1] - low[1]) / (high[0] - low[0]);
        (rows + 0.5) as usize
    }

    /// The centres, the highest row first: `[rows columns, 2]`.
    pub fn points(&self) -> Tensor {
        let ([low, high], columns, rows) = (self.corners, self.columns, self.rows());
        Tensor::from_fn(&[rows * columns, 2], |i| {
            let (cell, axis) = (i / 2, i % 2);
            let part = if axis == 0 {
                ((cell % columns) as f64 + 0.5) / columns as f64
            } else {
                1.0 - ((cell / columns) as f64 + 0.5) / rows as f64
            };
            (low[axis] + part * (high[axis] - low[axis])) as Float
        })
    }

    /// A panel with p as shades, from ln p at the [`points`](Raster::points); `darkest` is the p
    /// that has the full colour.
    pub fn panel(&self, title: &str, log_p: &[f64], darkest: f64) -> Panel {
        let shades: Vec<f64> = log_p.iter().map(|&v| libm::exp(v) / darkest).collect();
        Panel::new(title).heat(&shades, self.columns, self.corners, BLUE)
    }
}

/// The largest p of these ln p.
pub fn highest(log_p: &[f64]) -> f64 {
    libm::exp(log_p.iter().copied().fold(f64::NEG_INFINITY, f64::max))
}
