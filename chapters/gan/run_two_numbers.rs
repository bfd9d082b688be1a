//! The smallest game, the Dirac-GAN of Mescheder, Geiger & Nowozin 2018: all data lie at 0, the
//! generator makes the point θ, and D(x) = σ(φ x). The point of rest is θ = φ = 0.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | θ, φ | `[theta, phi]` | what G and D have to move |
//! | h | `H` | the length of a step |
//! | γ | [`Way::Braked`] | the weight of the R₁ penalty |

use crate::Result;
use crate::experiment::{Event, Experiment, Report, Settings, save_figures, save_metrics};
use crate::plot::{BLUE, Figure, GREY, Panel, RED};
use serde_json::json;
use std::f64::consts::TAU;

/// Two numbers that chase each other, in three ways.
pub const TWO_NUMBERS: Experiment = Experiment {
    name: "gan-two-numbers",
    about: "the smallest GAN: two numbers that chase each other around the point of rest",
    steps: 0,
    batch: 0,
    lr: 0.0,
    images: false,
    run,
};

/// The length of a step, and how many rounds are played.
const H: f64 = 0.2;
const ROUNDS: usize = 150;

// ANCHOR: way
/// Who moves when.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Way {
    /// Both at the same time, each from where the other was.
    Together,
    /// D first, and G answers the new D: the algorithm with k = 1.
    InTurns,
    /// In turns, and D pays γ/2 times the square of its slope at the data, γ φ²/2 (R₁).
    Braked(f64),
}

/// A round: D climbs V = ln ½ + ln(1 − σ(φθ)) by a step of length h, G descends.
pub fn round([theta, phi]: [f64; 2], h: f64, way: Way) -> [f64; 2] {
    let sigma = |phi: f64| 1.0 / (1.0 + libm::exp(-phi * theta));
    let gamma = if let Way::Braked(gamma) = way { gamma } else { 0.0 };
    let new = phi - h * (sigma(phi) * theta + gamma * phi);
    let seen = if way == Way::Together { phi } else { new };
    [theta + h * sigma(seen) * seen, new]
}
// ANCHOR_END: way

/// (θ, φ) after 0, 1, … rounds from (1, 0).
fn trajectory(way: Way) -> Vec<[f64; 2]> {
    let next = |state: &[f64; 2]| Some(round(*state, H, way));
    std::iter::successors(Some([1.0, 0.0]), next).take(ROUNDS + 1).collect()
}

fn radius([theta, phi]: [f64; 2]) -> f64 {
    libm::hypot(theta, phi)
}

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare_folder()?;
    watch(Event::Stage("playing"));
    let ways = [
        ("at the same time", Way::Together),
        ("in turns", Way::InTurns),
        ("with a brake", Way::Braked(0.3)),
    ];
    let played = ways.map(|(name, way)| (name, trajectory(way)));
    let row = |(name, states): &(&str, Vec<[f64; 2]>)| {
        let radii = states.iter().map(|&state| radius(state));
        let largest = radii.fold(0.0, f64::max);
        let remark = format!("from (0, 0) after {ROUNDS} rounds; largest on the way {largest:.3}");
        [name.to_string(), format!("{:.3}", radius(states[ROUNDS])), remark]
    };
    let figures = vec![("figure", figure(&played))];
    let mut files = save_figures(settings, &figures)?;
    let ends = played.iter().map(|(name, states)| json!({ "way": name, "end": states[ROUNDS] }));
    let metrics = json!({
        "experiment": TWO_NUMBERS.name,
        "step": H, "rounds": ROUNDS, "ends": ends.collect::<Vec<_>>(),
    });
    files.extend(save_metrics(settings, &metrics, None)?);
    let rows = played.iter().map(row).collect();
    Ok(Report { rows, times: vec![], figures, files, losses: vec![] })
}

/// The three trajectories in the plane of θ and φ, with the circle on which they begin.
fn figure(played: &[(&str, Vec<[f64; 2]>)]) -> Figure {
    let circle = |i: usize| [libm::cos(TAU * i as f64 / 90.0), libm::sin(TAU * i as f64 / 90.0)];
    let panel = |(name, states): &(&str, Vec<[f64; 2]>)| {
        Panel::new(*name)
            .line((0..=90).map(circle), GREY.size(1.0))
            .line(states.clone(), BLUE)
            .scatter([[0.0, 0.0]], GREY.size(3.0).opacity(1.0))
            .scatter([states[ROUNDS]], RED.size(4.0).opacity(1.0))
    };
    let title = "Two numbers: outwards at the same time, around in turns, inwards with a brake";
    Figure::new(title, played.iter().map(panel)).equal_aspect().labels("θ", "φ")
}
