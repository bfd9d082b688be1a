//! What a product fetches through a cache, and what exponentials and sums lose. Counted, not timed: the same on every
//! machine.

use super::checks::{Exp, Sum};
use super::rounding::{
    LN_2_LOW, U, exp, exp_short, kahan_sum, pairwise_sum, power_of_two, sum, sum_in_lanes, ulps,
};
use super::tiles::{Order, fetched};
use crate::experiment::{Event, Experiment, Report, Settings, save_figures, save_metrics};
use crate::plot::{BLUE, Figure, GREEN, GREY, Panel, RED, YELLOW};
use crate::random::Rng;
use crate::{Float, Result};
use serde_json::json;
use std::f32::consts::{LN_2, LOG2_E};

/// Bytes fetched, and errors in units in the last place.
pub const SPEED: Experiment = Experiment {
    name: "speed",
    about: "what a product fetches through a cache; the errors of exponentials and sums",
    steps: 0,
    batch: 0,
    lr: 0.0,
    images: false,
    run,
};

/// Bytes of the cache: small, so that counting is quick.
const CACHE: usize = 4096;

/// Three blocks of 16 × 16 numbers are 3072 bytes.
const BLOCK: usize = 16;

/// Sizes of square matrices.
const SIZES: [usize; 8] = [12, 16, 24, 32, 48, 64, 96, 128];

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare_folder()?;
    watch(Event::Stage("counting lines of the cache"));
    let orders = [Order::Entries, Order::Rows, Order::Blocks(BLOCK)];
    let bytes = orders.map(|order| SIZES.map(|n| fetched(order, n, CACHE)));
    let n = SIZES[SIZES.len() - 1];
    let names = ["entry by entry", "row by row", "in blocks"];
    let fetches = names.iter().zip(&bytes).map(|(name, bytes)| {
        let fetched = bytes[SIZES.len() - 1] as f64 / (n * n * n) as f64;
        [format!("fetched {name}"), format!("{fetched:.2}"), "bytes a multiply-add".to_string()]
    });
    let mut rows: Vec<[String; 3]> = fetches.collect();

    watch(Event::Stage("exponentials"));
    let (errors, worst) = exponentials();
    rows.extend(WAYS.iter().zip(worst).map(|(&(name, _), error)| {
        [name.to_string(), format!("{error:.2}"), "largest error, units in the last place".into()]
    }));

    watch(Event::Stage("sums"));
    let (curves, most) = sums(&mut Rng::new(settings.seed));
    let loss = |(name, error): (&str, f64)| {
        let what = format!("largest error of {MOST} numbers, in units of u Σ|x|");
        [name.to_string(), format!("{error:.1}"), what]
    };
    rows.extend(SUMS.iter().map(|&(name, _)| name).zip(most).map(loss));

    let figures = vec![("figure", errors), ("bytes", traffic(&bytes)), ("sums", curves)];
    let metrics = json!({
        "experiment": SPEED.name, "settings": settings.json(), "sizes": SIZES, "bytes": bytes,
        "exp_ulps": worst, "sums": most,
    });
    let mut files = save_figures(settings, &figures)?;
    files.extend(save_metrics(settings, &metrics, None)?);
    Ok(Report { rows, times: vec![], figures, files, losses: vec![] })
}

fn traffic(bytes: &[[usize; SIZES.len()]; 3]) -> Figure {
    let line = |bytes: &[usize; SIZES.len()]| {
        SIZES.iter().zip(bytes).map(|(&n, &b)| [n as f64, b as f64]).collect::<Vec<_>>()
    };
    let least = SIZES.map(|n| 12 * n * n);
    let panel = Panel::new("")
        .line(line(&bytes[0]), RED.label("entry by entry"))
        .line(line(&bytes[1]), BLUE.label("row by row"))
        .line(line(&bytes[2]), GREEN.label("in blocks of 16"))
        .line(line(&least), GREY.label("each number once"));
    Figure::new("Bytes that a product of n × n fetches through a cache of 4096", [panel])
        .log_x()
        .log_y()
        .labels("n", "bytes")
}

/// Ways to eˣ.
// ANCHOR: ways
const WAYS: [(&str, Exp); 4] = [
    ("ln 2 in two parts", exp),
    ("ln 2 as one number", |x| {
        let n = (x * LOG2_E).round_ties_even();
        exp_short(n.mul_add(-LN_2, x)) * power_of_two(n as i32)
    }),
    ("product rounded first", |x| {
        let n = (x * LOG2_E).round_ties_even();
        exp_short((x - n * LN_2) - n * LN_2_LOW) * power_of_two(n as i32)
    }),
    ("cut off and not rounded", |x| {
        let n = (x * LOG2_E).trunc();
        exp_short(n.mul_add(-LN_2_LOW, n.mul_add(-LN_2, x))) * power_of_two(n as i32)
    }),
];
// ANCHOR_END: ways

/// The errors of the first two over x, and the largest of each.
fn exponentials() -> (Figure, [f64; 4]) {
    let x = || (-8700..=8700).map(|i| i as f32 * 0.01);
    let error = |f: Exp, x: f32| ulps(f(x), libm::exp(f64::from(x)));
    let worst = WAYS.map(|(_, f)| x().map(|x| error(f, x).abs()).fold(0.0, f64::max));
    let points =
        |f: Exp| x().step_by(7).map(move |x| [f64::from(x), error(f, x)]).collect::<Vec<_>>();
    let panel = Panel::new("")
        .scatter(points(WAYS[1].1), RED.size(1.2).label(WAYS[1].0))
        .scatter(points(WAYS[0].1), BLUE.size(1.2).label(WAYS[0].0));
    let figure = Figure::new("The error of exp, reduced in two ways", [panel])
        .labels("x", "units in the last place");
    (figure, worst)
}

/// Numbers of the largest sum.
const MOST: usize = 1 << 20;

const SUMS: [(&str, Sum); 4] = [
    ("one after the other", sum),
    ("in 16 lanes", sum_in_lanes::<16>),
    ("pairwise", pairwise_sum),
    ("with what was lost", kahan_sum),
];

/// The largest error in eight draws of n numbers between 0 and 1, in units of u Σ|x|, over n; and that of the
/// largest n.
fn sums(rng: &mut Rng) -> (Figure, [f64; 4]) {
    let u = if cfg!(feature = "f64") { f64::from(Float::EPSILON) / 2.0 } else { U };
    let mut curves = [const { vec![] }; 4];
    for n in (4..=20).map(|power| 1 << power) {
        let mut most = [0.0f64; 4];
        for _ in 0..8 {
            let x = rng.uniform(&[n]);
            let exact: f64 = x.data().iter().map(|&x| f64::from(x)).sum();
            for (most, (_, sum)) in most.iter_mut().zip(SUMS) {
                let error = (f64::from(sum(x.data())) - exact).abs() / exact / u;
                *most = most.max(error);
            }
        }
        curves.iter_mut().zip(most).for_each(|(curve, most)| curve.push([n as f64, most]));
    }
    let largest = [0, 1, 2, 3].map(|way| curves[way][16][1]);
    let styles = [RED, BLUE, GREEN, YELLOW];
    let panel = curves
        .into_iter()
        .zip(SUMS)
        .zip(styles)
        .fold(Panel::new(""), |panel, ((curve, (name, _)), style)| {
            panel.line(curve, style.label(name))
        });
    let figure = Figure::new("The error of a sum of n numbers", [panel])
        .log_x()
        .log_y()
        .labels("n", "error in units of u Σ|x|");
    (figure, largest)
}
