//! The roofline of this machine: how fast one core computes, by how much it computes with each byte. All of it is
//! timed, so nothing here is the same twice.

use super::Work;
use super::tiles::matmul_by_tiles;
use crate::chapters::tensors::{Array, matmul, matmul_by_entries};
use crate::experiment::{
    Event, Experiment, Report, Settings, save_figures, save_metrics, shortest,
};
use crate::kernels::dispatch;
use crate::plot::{BLUE, CYAN, Figure, GREEN, GREY, Panel, RED, Style, YELLOW};
use crate::random::Rng;
use crate::{Float, Result, machine};
use serde_json::json;

/// Peak, bandwidth, and what products reach of them, on one core.
pub const ROOFLINE: Experiment = Experiment {
    name: "roofline",
    about: "what one core of this machine can do, and what of it four products reach",
    steps: 0,
    batch: 0,
    lr: 0.0,
    images: false,
    run,
};

/// Numbers in the nearest cache, and in memory.
const NEAR: usize = 1 << 11;
const FAR: usize = 1 << 24;

/// Rows and columns of the matrices.
const N: usize = 384;

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare_folder()?;
    let threads = machine::threads();
    machine::set_threads(1);
    watch(Event::Stage("numbers in memory"));
    let far = sweep(FAR);
    watch(Event::Stage("numbers in the cache"));
    let near = sweep(NEAR);
    watch(Event::Stage("products"));
    let products = products(&mut Rng::new(settings.seed));
    machine::set_threads(threads);

    let rate = |[_, rate]: &[f64; 2]| *rate;
    let peak = near.iter().chain(&far).map(rate).fold(0.0, f64::max);
    let bandwidth = |sweep: &[[f64; 2]]| sweep[0][1] / sweep[0][0];
    let roofs = [bandwidth(&far), bandwidth(&near)];
    let row = |name: &str, value: f64, unit: &str| {
        [name.to_string(), format!("{value:.1}"), unit.to_string()]
    };
    let mut times = vec![
        row("peak", peak, "GFLOP/s"),
        row("bandwidth, memory", roofs[0], "GB/s"),
        row("bandwidth, cache", roofs[1], "GB/s"),
        row("ridge, memory", peak / roofs[0], "FLOP/byte"),
        row("ridge, cache", peak / roofs[1], "FLOP/byte"),
    ];
    times.extend(products.iter().map(|&(name, rate, _)| row(name, rate, "GFLOP/s")));
    let figures = vec![("figure", figure(&far, &near, peak, roofs, &products))];
    let rates: Vec<f64> = products.iter().map(|&(_, rate, _)| rate).collect();
    let metrics = json!({
        "experiment": ROOFLINE.name, "settings": settings.json(), "peak": peak,
        "bandwidths": roofs, "memory": far, "cache": near, "products": rates,
    });
    let mut files = save_figures(settings, &figures)?;
    files.extend(save_metrics(settings, &metrics, None)?);
    Ok(Report { rows: vec![], times, figures, files, losses: vec![] })
}

// ANCHOR: chain
/// y = k fused multiply-adds of each x, eight registers of numbers side by side.
fn chain(k: usize, x: &[Float], y: &mut [Float]) {
    dispatch(
        #[inline(always)]
        move || {
            for (x, y) in x.as_chunks::<64>().0.iter().zip(y.as_chunks_mut::<64>().0) {
                let mut lanes = *x;
                for _ in 0..k {
                    for lane in &mut lanes {
                        *lane = lane.mul_add(0.5, 1.0);
                    }
                }
                *y = lanes;
            }
        },
    );
}
// ANCHOR_END: chain

/// Operations a byte and billions of them a second, for chains of 1 to 256 on n numbers.
fn sweep(n: usize) -> Vec<[f64; 2]> {
    let (x, mut y) = (vec![1.0; n], vec![0.0; n]);
    let mut point = |k: usize| {
        let work = Work::elementwise(n, 2.0 * k as f64, 1);
        let repeats = (FAR / 4 / n / k).max(1);
        let seconds = seconds(|| (0..repeats).for_each(|_| chain(k, &x, &mut y)));
        [work.intensity(), work.operations * repeats as f64 / seconds * 1e-9]
    };
    (0..=8).map(|power| point(1 << power)).collect()
}

type Timed = (&'static str, f64, Style);

fn products(rng: &mut Rng) -> Vec<Timed> {
    let [a, b] = [(); 2].map(|()| rng.normal(&[N, N]));
    let (x, y) = (Array::of(&a), Array::of(&b));
    let rate = |seconds: f64| Work::product([N; 3]).operations / seconds * 1e-9;
    vec![
        ("entry by entry", rate(seconds(|| drop(matmul_by_entries(&x, &y)))), RED),
        ("row by row", rate(seconds(|| drop(matmul(&x, &y)))), YELLOW),
        ("tiles of 4 × 16", rate(seconds(|| drop(matmul_by_tiles::<4, 16>(&x, &y)))), GREEN),
        ("the kernel", rate(seconds(|| drop(a.matmul(&b)))), BLUE),
    ]
}

/// Seconds of the quickest of seven.
fn seconds(f: impl FnMut()) -> f64 {
    shortest(7, f)
}

fn figure(
    far: &[[f64; 2]],
    near: &[[f64; 2]],
    peak: f64,
    roofs: [f64; 2],
    products: &[Timed],
) -> Figure {
    let roof = |bandwidth: f64| [[0.2, 0.2 * bandwidth], [peak / bandwidth, peak], [128.0, peak]];
    let mut panel = Panel::new("")
        .line(roof(roofs[1]), CYAN.label("roof, cache"))
        .line(roof(roofs[0]), GREY.label("roof, memory"))
        .scatter(near.iter().copied(), CYAN.size(3.0).label("chains, cache"))
        .scatter(far.iter().copied(), GREY.size(3.0).label("chains, memory"));
    let intensity = Work::product([N; 3]).intensity();
    for (name, rate, style) in products {
        panel = panel.scatter([[intensity, *rate]], style.clone().size(5.0).label(*name));
    }
    Figure::new("What one core of this machine can do", [panel])
        .log_x()
        .log_y()
        .labels("operations for each byte", "GFLOP/s")
}
