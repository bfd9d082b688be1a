//! Two schedules side by side, without training: how much of the data is left after t steps, what that
//! looks like, and what a finite T costs in nats, for data whose perfect network is known.

use super::bound::{prior_kl, weight_of_data};
use super::chain::Chain;
use crate::data::PIXELS;
use crate::experiment::{Event, Experiment, Report, Settings, save_figures};
use crate::plot::{BLUE, Figure, Panel, RED, Style};
use crate::random::Rng;
use crate::{Float, Result, Tensor, write_atomically};
use libm::{log, log10};
use serde_json::json;
use std::f64::consts::{E, TAU};

/// Nothing is trained.
pub const SCHEDULES: Experiment = Experiment {
    name: "diffusion-schedules",
    about: "linear and cosine schedules: ᾱ, signal to noise, a digit, and the price of a finite T",
    steps: 0,
    batch: 0,
    lr: 0.0,
    images: true,
    run,
};

/// T of the curves and of the digits.
const STEPS: usize = 1000;
/// Columns of the digits.
const COLUMNS: usize = 11;
/// T of the bounds.
const BOUNDED: [usize; 7] = [25, 50, 100, 200, 500, 1000, 4000];
/// Standard deviation of the data whose bound is computed.
const STD: f64 = 0.5;

type Make = fn(usize) -> Chain;
const CHAINS: [(&str, Make, Style); 2] =
    [("linear", Chain::linear, RED), ("cosine", Chain::cosine, BLUE)];

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare_folder()?;
    let digits = settings.digits()?;
    let mut rng = Rng::new(settings.seed);
    watch(Event::Stage("noising a digit"));
    let image = digits.test.batch(&[0]) * 2.0 - 1.0;
    let eps = rng.normal(&[COLUMNS, PIXELS]);
    let alpha_bar = curves("What is left of the variance of the data", "ᾱ", Chain::alpha_bar);
    let snr = curves("Signal to noise", "log₁₀ SNR", |chain, t| log10(chain.snr(t)));
    watch(Event::Stage("computing bounds"));
    let gaps = CHAINS.map(|(name, make, style)| {
        let gap = |steps: usize| (steps, normal_bound(&make(steps), STD) - normal_entropy(STD));
        (name, style, BOUNDED.map(gap))
    });
    let figures = vec![
        ("figure", noised(&image, &eps)),
        ("alpha-bar", alpha_bar),
        ("snr", snr.y_range(-6.0, 6.0)),
        ("gap", gap_figure(&gaps)),
    ];
    let rows = CHAINS.into_iter().zip(&gaps).flat_map(|((name, make, _), (_, _, gaps))| {
        let chain = make(STEPS);
        let half = (1..=STEPS).find(|&t| chain.alpha_bar(t) < 0.5).unwrap_or(STEPS);
        let last = format!("{:.1e}", chain.alpha_bar(STEPS));
        let gap = |at: usize| gaps.iter().find(|(steps, _)| *steps == at).expect("it is listed").1;
        let [few, many] = [100, STEPS].map(gap);
        [
            [format!("{name} ᾱ_T"), last, format!("T = {STEPS}")],
            [format!("{name} half"), half.to_string(), "the first t with ᾱ_t < ½".into()],
            [
                format!("{name} gap"),
                format!("{many:.4}"),
                format!("nats above the entropy at T = {STEPS}; {few:.4} at T = 100"),
            ],
        ]
    });
    let rows = rows.collect();
    let mut files = save_figures(settings, &figures)?;
    let metrics = json!({
        "experiment": SCHEDULES.name,
        "settings": { "seed": settings.seed },
        "std_of_data": STD,
        "gap_by_steps": gaps.iter().map(|(name, _, gaps)| json!({ "chain": name, "gap": gaps }))
            .collect::<Vec<_>>(),
    });
    let file = settings.out.join("metrics.json");
    write_atomically(&file, format!("{metrics:#}\n").as_bytes())?;
    files.push(file);
    Ok(Report { rows, times: vec![], figures, files, losses: vec![] })
}

/// A number for each step, for both chains.
fn curves(title: &str, label: &str, value: fn(&Chain, usize) -> f64) -> Figure {
    let panel = CHAINS.into_iter().fold(Panel::new(""), |panel, (name, make, style)| {
        let chain = make(STEPS);
        let line = (1..=STEPS).map(|t| [t as f64 / STEPS as f64, value(&chain, t)]);
        panel.line(line, style.label(name))
    });
    Figure::new(title, [panel]).labels("t / T", label)
}

/// One digit under one noise at evenly spaced steps.
fn noised(image: &Tensor, eps: &Tensor) -> Figure {
    let last = (COLUMNS - 1) as Float;
    let t = Tensor::from_fn(&[COLUMNS, 1], |i| i as Float * STEPS as Float / last);
    let panels = CHAINS.map(|(name, make, _)| {
        let x_t = make(STEPS).noised(image, eps, &t);
        Panel::digits(name, &((x_t + 1.0) * 0.5), COLUMNS)
    });
    Figure::new("A digit becomes noise: in tenths of T, by two schedules", panels).columns(1).bare()
}

// ANCHOR: normal_bound
/// −ELBO of a perfect network for data of the law N(0, s²), in closed form: the least mean square error
/// of x̂₀ is s² / (1 + s² SNR(t)).
pub fn normal_bound(chain: &Chain, s: f64) -> f64 {
    let s_2 = s * s;
    let term = |t: usize| weight_of_data(chain, t) * s_2 / (1.0 + s_2 * chain.snr(t));
    let prior = f64::from(prior_kl(chain, &Tensor::full(&[1, 1], s as Float)).item());
    let steps: f64 = (1..=chain.steps()).map(term).sum();
    prior + steps + 0.5 * log(TAU / chain.snr(1))
}

/// The entropy of N(0, s²): ½ ln(2πe s²).
pub fn normal_entropy(s: f64) -> f64 {
    0.5 * log(TAU * E * s * s)
}
// ANCHOR_END: normal_bound

fn gap_figure(gaps: &[(&str, Style, [(usize, f64); 7])]) -> Figure {
    let panel = gaps.iter().fold(Panel::new(""), |panel, (name, style, gaps)| {
        let points = gaps.map(|(steps, gap)| [steps as f64, gap]);
        panel.line(points, style.clone().label(*name)).scatter(points, style.clone().size(6.0))
    });
    Figure::new("Nats by which the bound of a perfect network misses the entropy", [panel])
        .log_x()
        .log_y()
        .labels("steps T", "−ELBO − entropy, nats")
}
