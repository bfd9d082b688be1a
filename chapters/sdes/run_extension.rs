//! One family of laws p_t, many motions: a flow, the same with noise and its correction, and with noise
//! alone.

use super::extended;
use crate::chapters::flow_matching::oracle::Marginal;
use crate::chapters::flow_matching::path::Path;
use crate::data::Mixture;
use crate::experiment::{Event, Experiment, Report, Settings, save_figures, save_metrics};
use crate::metrics::{Compared, compare, energy_distance};
use crate::plot::{BLUE, Figure, GREY, Panel, RED, Style};
use crate::random::Rng;
use crate::{Float, Result, Tensor};
use serde_json::json;

/// Noise carried to eight Gaussians with more and more noise on the way.
pub const EXTENSION: Experiment = Experiment {
    name: "sdes-extension",
    about: "a flow with noise keeps its marginals, if the score corrects it",
    steps: 0,
    batch: 0,
    lr: 0.0,
    images: false,
    run,
};

/// Points, and those shown.
const POINTS: usize = 2000;
const SHOWN: usize = 400;
/// Steps of Euler and Maruyama.
const STEPS: usize = 400;
/// What is shown, and measured: steps, and their times.
const MOMENTS: [usize; 4] = [100, 200, 300, 400];

// ANCHOR: motions
/// Name, σ, whether the score corrects the drift, colour.
static MOTIONS: [(&str, Float, bool, Style); 5] = [
    ("σ = 0", 0.0, true, BLUE),
    ("σ = 1", 1.0, true, BLUE),
    ("σ = 3", 3.0, true, BLUE),
    ("σ = 1 without the score", 1.0, false, RED),
    ("σ = 3 without the score", 3.0, false, RED),
];
// ANCHOR_END: motions

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare_folder()?;
    let mut rng = Rng::new(settings.seed);
    let p = Marginal { path: Path::Linear, data: Mixture::eight_gaussians() };
    let x_0 = rng.normal(&[POINTS, 2]);
    watch(Event::Stage("following five motions"));
    let motions: Vec<Vec<Tensor>> = MOTIONS
        .iter()
        .map(|&(_, sigma, with_score, _)| {
            let states = extended(&p, &x_0, sigma, with_score, STEPS, &mut rng);
            MOMENTS.iter().map(|&step| states[step].1.clone()).collect()
        })
        .collect();
    let (mut rows, mut measured) = (vec![], serde_json::Map::new());
    for ((name, ..), states) in MOTIONS.iter().zip(&motions) {
        let distances: Vec<Compared> = MOMENTS
            .iter()
            .zip(states)
            .map(|(&step, x)| compare(x, &law_at(&p, time(step)), energy_distance, 5, &mut rng))
            .collect();
        for (&step, Compared { value, floor }) in MOMENTS.iter().zip(&distances).skip(1).step_by(2)
        {
            let remark = format!("to p_t; floor {floor}, n = {POINTS}");
            rows.push([format!("D² at t = {}, {name}", time(step)), format!("{value:.4}"), remark]);
        }
        let values: Vec<f64> = distances.iter().map(|distance| distance.value).collect();
        measured.insert(name.to_string(), json!(values));
    }
    let figures = vec![("figure", figure(&p, &motions))];
    let metrics = json!({
        "experiment": EXTENSION.name, "settings": settings.json(), "energy_distance": measured,
    });
    let mut files = save_figures(settings, &figures)?;
    files.extend(save_metrics(settings, &metrics, None)?);
    Ok(Report { rows, times: vec![], figures, files, losses: vec![] })
}

fn time(step: usize) -> f64 {
    step as f64 / STEPS as f64
}

/// p_t as a law: Σₖ wₖ N(α_t mₖ, (α_t² s² + σ_t²) I).
fn law_at(p: &Marginal, t: f64) -> Mixture {
    let at = Tensor::scalar(t as Float);
    let [alpha, sigma] = [p.path.alpha(&at), p.path.sigma(&at)].map(|v| f64::from(v.item()));
    let Mixture { weights, means, std } = p.data.clone();
    let means = means.iter().map(|mean| mean.iter().map(|m| alpha * m).collect()).collect();
    Mixture { weights, means, std: libm::hypot(alpha * std, sigma) }
}

/// Above, p_t itself; below, a row for each motion.
fn figure(p: &Marginal, motions: &[Vec<Tensor>]) -> Figure {
    use crate::data::Law;
    let mut rng = Rng::new(1);
    let exact = MOMENTS.map(|step| {
        let x = law_at(p, time(step)).sample(SHOWN, &mut rng);
        Panel::new(format!("p_t, t = {}", time(step))).scatter(x.rows::<2>(), GREY.size(1.5))
    });
    let moved = MOTIONS.iter().zip(motions).flat_map(|((name, _, _, style), states)| {
        states.iter().enumerate().map(move |(i, x)| {
            let title = if i == 0 { *name } else { "" };
            Panel::new(title).scatter(x.slice(0, 0..SHOWN).rows::<2>(), style.clone().size(1.5))
        })
    });
    let title = "Eight Gaussians by a flow, with noise and its correction, and with noise alone";
    Figure::new(title, exact.into_iter().chain(moved))
        .columns(MOMENTS.len())
        .x_range(-9.0, 9.0)
        .y_range(-9.0, 9.0)
        .equal_aspect()
}
