//! The size of a signal through many layers, and how momentum and Adam go down a narrow valley. No network is trained.

use super::{adam, momentum, sgd, weight_std};
use crate::experiment::{Event, Experiment, Report, Settings, save_figures, save_metrics};
use crate::plot::{BLUE, Figure, GREEN, PALETTE, Panel, RED};
use crate::random::Rng;
use crate::{Float, Result, Tensor};
use serde_json::json;

/// Signals through layers, and three ways down a valley.
pub const NETWORKS: Experiment = Experiment {
    name: "networks",
    about: "the size of a signal through twenty layers, and three ways down a narrow valley",
    steps: 0,
    batch: 0,
    lr: 0.0,
    images: false,
    run,
};

/// Units of a layer, layers, and points.
const WIDTH: usize = 128;
const LAYERS: usize = 20;
const POINTS: usize = 200;

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare_folder()?;
    let mut rng = Rng::new(settings.seed);
    watch(Event::Stage("twenty layers"));
    let gains: [(&str, Float); 3] = [("gain 1", 1.0), ("gain 2", 2.0), ("gain 3", 3.0)];
    let signals = gains.map(|(name, gain)| (name, signal(gain, &mut rng)));
    watch(Event::Stage("a valley"));
    let valleys = descents();
    let last = |line: &[[f64; 2]]| line[line.len() - 1][1];
    let signal_row = |(name, line): &(&str, Vec<[f64; 2]>)| {
        let remark = format!("size of the signal after {LAYERS} layers");
        [name.to_string(), format!("{:.1e}", last(line)), remark]
    };
    let valley_row = |(name, line): &(&str, Vec<[f64; 2]>)| {
        [name.to_string(), format!("{:.1e}", last(line)), format!("height after {STEPS} steps")]
    };
    let rows: Vec<[String; 3]> =
        signals.iter().map(signal_row).chain(valleys.iter().map(valley_row)).collect();
    let metrics = json!({
        "experiment": NETWORKS.name, "settings": settings.json(),
        "signals": signals, "valleys": valleys,
    });
    let figures = vec![("figure", layers(&signals)), ("valley", valley(&valleys))];
    let mut files = save_figures(settings, &figures)?;
    files.extend(save_metrics(settings, &metrics, None)?);
    Ok(Report { rows, times: vec![], figures, files, losses: vec![] })
}

// ANCHOR: signal
/// The root mean square of the numbers after each layer of ReLU(W x), for weights of a gain.
fn signal(gain: Float, rng: &mut Rng) -> Vec<[f64; 2]> {
    let mut x = rng.normal(&[POINTS, WIDTH]);
    let size = |x: &Tensor| f64::from(x.square().mean(..).sqrt().item());
    let mut line = vec![[0.0, size(&x)]];
    for layer in 1..=LAYERS {
        let w = rng.normal(&[WIDTH, WIDTH]) * weight_std(WIDTH, gain);
        x = x.matmul(&w).relu();
        line.push([layer as f64, size(&x)]);
    }
    line
}
// ANCHOR_END: signal

fn layers(signals: &[(&str, Vec<[f64; 2]>); 3]) -> Figure {
    let styles = [RED, BLUE, GREEN];
    let mut panel = Panel::new("");
    for ((name, line), style) in signals.iter().zip(styles) {
        panel = panel.line(line.clone(), style.label(*name));
    }
    Figure::new("The size of a signal through twenty layers", [panel])
        .log_y()
        .labels("layer", "root mean square")
}

/// Steps down the valley.
const STEPS: usize = 100;

// ANCHOR: valley
/// L(x, y) = (x² + 50 y²)/2, from (5, 1): its height after every step.
fn descend(mut update: impl FnMut(usize, Float, Float, usize) -> Float) -> Vec<[f64; 2]> {
    let curvatures: [Float; 2] = [1.0, 50.0];
    let mut place: [Float; 2] = [5.0, 1.0];
    let mut line = vec![];
    for t in 1..=STEPS {
        for axis in 0..2 {
            place[axis] = update(axis, place[axis], curvatures[axis] * place[axis], t);
        }
        let height = 0.5 * (place[0] * place[0] + 50.0 * place[1] * place[1]);
        line.push([t as f64, f64::from(height)]);
    }
    line
}
// ANCHOR_END: valley

fn descents() -> [(&'static str, Vec<[f64; 2]>); 3] {
    let (mut b, mut means) = ([0.0; 2], [[0.0; 2]; 2]);
    // the best for curvatures 1 and 50: η = 2/(1 + 50); (√50 − 1)²/(√50 + 1)² and 4/(√50 + 1)² (Polyak 1964)
    let down = descend(|_, p, g, _| sgd(p, g, 2.0 / 51.0));
    let (lr, mu) = (0.0614, 0.566);
    let heavy = descend(|axis, p, g, _| {
        let (p, next) = momentum(p, g, b[axis], lr, mu);
        b[axis] = next;
        p
    });
    let adaptive = descend(|axis, p, g, t| {
        let (p, next) = adam(p, g, means[axis], t, 0.3);
        means[axis] = next;
        p
    });
    [("gradient descent", down), ("momentum", heavy), ("adam", adaptive)]
}

fn valley(lines: &[(&str, Vec<[f64; 2]>); 3]) -> Figure {
    let mut panel = Panel::new("");
    for ((name, line), style) in lines.iter().zip(PALETTE) {
        // what is smaller is not shown
        let seen = line.iter().copied().take_while(|point| point[1] > 1e-8);
        panel = panel.line(seen.collect::<Vec<_>>(), style.label(*name));
    }
    Figure::new("The height in a valley of curvatures 1 and 50", [panel])
        .log_y()
        .labels("step", "height")
}
