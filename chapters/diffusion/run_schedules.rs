//! Two schedules side by side, without training: how much of the data is left after t steps, what that
//! looks like, and what a finite T costs in nats, for data whose perfect network is known.

use super::bound::Variance;
use super::chain::Chain;
use super::oracle::{normal_bound, normal_entropy};
use crate::data::PIXELS;
use crate::experiment::{Event, Experiment, Report, Settings, save_figures, save_metrics};
use crate::plot::{BLUE, Figure, Panel, RED, Style};
use crate::random::Rng;
use crate::{Float, Result, Tensor};
use libm::log10;
use serde_json::json;

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
    let variances = [("posterior", Variance::Posterior, 1.5), ("step", Variance::Step, 4.0)];
    let gaps: Vec<Gaps> = CHAINS
        .into_iter()
        .flat_map(|(chain, make, style)| {
            variances.map(|(name, variance, size)| {
                let bound = |steps| normal_bound(&make(steps), variance, STD);
                let gap = |steps| (steps, bound(steps) - normal_entropy(STD));
                let style = style.clone().size(size).opacity(if size > 2.0 { 0.5 } else { 1.0 });
                Gaps { chain, variance: name, style, gaps: BOUNDED.map(gap) }
            })
        })
        .collect();
    let figures = vec![
        ("figure", noised(&image, &eps)),
        ("alpha-bar", alpha_bar),
        ("snr", snr.y_range(-6.0, 6.0)),
        ("gap", gap_figure(&gaps)),
    ];
    let ends = CHAINS.into_iter().flat_map(|(name, make, _)| {
        let chain = make(STEPS);
        let half = (1..=STEPS).find(|&t| chain.alpha_bar(t) < 0.5).unwrap_or(STEPS);
        let last = format!("{:.1e}", chain.alpha_bar(STEPS));
        [
            [format!("{name}: ᾱ_T"), last, format!("T = {STEPS}")],
            [format!("{name}: half is gone"), half.to_string(), "the first t with ᾱ_t < ½".into()],
        ]
    });
    let rows = ends.chain(gaps.iter().map(Gaps::row)).collect();
    let mut files = save_figures(settings, &figures)?;
    let metrics = json!({
        "experiment": SCHEDULES.name,
        "settings": { "seed": settings.seed },
        "std_of_data": STD,
        "gaps": gaps.iter().map(Gaps::json).collect::<Vec<_>>(),
    });
    files.extend(save_metrics(settings, &metrics, None)?);
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

/// −ELBO less the entropy, by T.
struct Gaps {
    chain: &'static str,
    variance: &'static str,
    style: Style,
    gaps: [(usize, f64); BOUNDED.len()],
}

impl Gaps {
    fn row(&self) -> [String; 3] {
        let gap = |at: usize| self.gaps.iter().find(|(steps, _)| *steps == at).expect("listed").1;
        let [few, many] = [100, STEPS].map(gap);
        [
            format!("{}, variance of the {}: gap", self.chain, self.variance),
            format!("{many:.4}"),
            format!("nats above the entropy, T = {STEPS}; {few:.4} with T = 100"),
        ]
    }

    fn json(&self) -> serde_json::Value {
        json!({ "chain": self.chain, "variance": self.variance, "gap_by_steps": self.gaps })
    }
}

fn gap_figure(gaps: &[Gaps]) -> Figure {
    let panel = gaps.iter().fold(Panel::new(""), |panel, Gaps { chain, variance, style, gaps }| {
        let points = gaps.map(|(steps, gap)| [steps as f64, gap]);
        panel.line(points, style.clone().label(format!("{chain}, variance of the {variance}")))
    });
    Figure::new("Nats by which the bound of a perfect network misses the entropy", [panel])
        .log_x()
        .log_y()
        .labels("steps T", "−ELBO − entropy, nats")
}
