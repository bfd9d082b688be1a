//! Mode collapse on purpose: four objectives, each with a generator that runs ahead of its
//! discriminator, at one pace, and with a discriminator that is ahead.
//!
//! A generator that is trained too much while D stands still finds the one place that D likes best
//! and sends all noise there ("the Helvetica scenario", Goodfellow et al. 2014, section 6).

use super::oracle::Modes;
use super::{Gan, Objective, Penalty, Rules, measure};
use crate::data::{Law, Mixture};
use crate::experiment::{Event, Experiment, Report, Settings, Training};
use crate::experiment::{save_figures, save_metrics};
use crate::nn::{Activation, Module};
use crate::optim::Adam;
use crate::plot::{BLUE, Figure, GREY, PALETTE, Panel};
use crate::random::Rng;
use crate::{Float, Result, Tensor};
use serde_json::json;
use std::time::Instant;

// ANCHOR: collapse
/// Twelve games at once, on the same data and from the same first weights.
pub const COLLAPSE: Experiment = Experiment {
    name: "gan-collapse",
    about: "mode collapse on purpose and its cure: four objectives at three paces",
    steps: 800,
    batch: 128,
    lr: 1e-3,
    images: false,
    run,
};

/// Steps of D and of G in a round.
const PACES: [[usize; 2]; 3] = [[1, 5], [1, 1], [5, 1]];

/// Each objective at each pace. The Wasserstein critic has its penalty, the others have none.
fn games(lr: f64, rng: &mut Rng) -> Vec<Game> {
    let first = rng.split();
    let of = |pace: [usize; 2], (name, objective): (&'static str, Objective)| {
        let penalty = match objective {
            Objective::Wasserstein => Penalty::Interpolates(1.0),
            _ => Penalty::None,
        };
        let rules = Rules { objective, penalty, k: pace[0], g_steps: pace[1] };
        let (hidden, leaky) = ([64, 64, 64], Activation::LeakyRelu);
        let gan = Gan::new([2, 2], &hidden, leaky, rules, lr, &mut first.clone());
        Game { name: format!("{name} {}:{}", pace[0], pace[1]), gan }
    };
    PACES.into_iter().flat_map(|pace| Objective::ALL.map(|named| of(pace, named))).collect()
}
// ANCHOR_END: collapse

/// A game and what it is called.
struct Game {
    name: String,
    gan: Gan,
}

/// Rounds at which modes are counted, after the start.
const MOMENTS: usize = 40;
/// Points of which modes are counted, and those that are drawn.
const COUNTED: usize = 2000;
const SHOWN: usize = 400;
/// The panels show [−REACH, REACH]².
const REACH: f64 = 8.5;

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare()?;
    let (law, mut rng) = (Mixture::eight_gaussians(), Rng::new(settings.seed));
    let mut measuring = rng.split();
    let mut games = games(settings.lr, &mut rng);
    let z = measuring.normal(&[COUNTED, 2]);

    let mut training = Training::new(COLLAPSE.name, settings, watch);
    let start = Instant::now();
    let kl = train(&mut games, &law, &z, settings, &mut training, &mut rng)?;
    let times = vec![measure::training_time(start, settings)];
    let ends: Vec<(String, Modes, Tensor)> = games
        .iter()
        .map(|Game { name, gan }| {
            let x = gan.g.frozen().forward(&z);
            (name.clone(), Modes::of(&x, &law), x)
        })
        .collect();
    let rows = ends.iter().map(|(name, modes, _)| row(name, modes)).collect();
    let mut metrics = measure::metrics(&COLLAPSE, settings, &training.losses);
    metrics["games"] = ends
        .iter()
        .map(|(name, modes, _)| {
            json!({
                "name": name, "covered": modes.covered(), "kl": modes.kl(),
                "share_within": modes.share_within(), "nearest": modes.nearest,
            })
        })
        .collect();
    let figures = vec![("figure", panels(&ends)), ("kl", kl_figure(&kl, settings.steps))];
    let mut files = save_figures(settings, &figures)?;
    files.extend(save_metrics(settings, &metrics, None)?);
    training.complete();
    Ok(Report { rows, times, figures, files, losses: training.losses })
}

/// Plays all games on the same numbers. Returns, for each moment, the KL of every game.
// ANCHOR: lockstep
fn train(
    games: &mut [Game],
    law: &Mixture,
    z: &Tensor,
    settings: &Settings,
    training: &mut Training,
    rng: &mut Rng,
) -> Result<Vec<Tensor>> {
    let kl_now = |games: &[Game]| -> Tensor {
        let modes = games.iter().map(|game| Modes::of(&game.gan.g.frozen().forward(z), law));
        modes.map(|modes| modes.kl() as Float).collect()
    };
    let mut kl = vec![kl_now(games); MOMENTS + 1];
    let mut idle = Adam::new(1.0); // of what is kept beside the players
    let mut learners: Vec<(&mut dyn Module, &mut Adam)> = vec![(&mut kl, &mut idle)];
    for Game { gan, .. } in games.iter_mut() {
        learners.push((&mut gan.g, &mut gan.adam_g));
        learners.push((&mut gan.d, &mut gan.adam_d));
    }
    for step in training.resume(&mut learners, rng)? {
        let numbers = rng.split();
        let mut losses = vec![];
        for Game { gan, .. } in games.iter_mut() {
            let data = |n, rng: &mut Rng| law.sample(n, rng);
            losses.push(gan.round(&data, settings.batch, &mut numbers.clone()));
        }
        for i in (1..=MOMENTS).filter(|i| (i * settings.steps).div_ceil(MOMENTS) == step) {
            kl[i] = kl_now(games);
        }
        let mut learners: Vec<(&dyn Module, &Adam)> = vec![(&kl, &idle)];
        for Game { gan, .. } in games.iter() {
            learners.push((&gan.g, &gan.adam_g));
            learners.push((&gan.d, &gan.adam_d));
        }
        let loss = losses.iter().cloned().sum::<Tensor>() / losses.len() as Float;
        training.step_done(&loss, &learners, rng)?;
    }
    Ok(kl)
}
// ANCHOR_END: lockstep

fn row(name: &str, modes: &Modes) -> [String; 3] {
    let (kl, within) = (modes.kl(), 100.0 * modes.share_within());
    let remark = format!("modes covered; KL {kl:.3}, {within:.0} % of points near a mode");
    [name.to_string(), format!("{} of {}", modes.covered(), modes.weights.len()), remark]
}

/// What each game ended with: a row for each pace, a column for each objective.
fn panels(ends: &[(String, Modes, Tensor)]) -> Figure {
    let panel = |(name, _, x): &(String, Modes, Tensor)| {
        Panel::new(name).scatter(x.slice(0, 0..SHOWN).rows::<2>(), BLUE.opacity(0.6))
    };
    let title =
        "Where G runs ahead its points gather in one place; with more steps of D most spread";
    Figure::new(title, ends.iter().map(panel))
        .columns(Objective::ALL.len())
        .x_range(-REACH, REACH)
        .y_range(-REACH, REACH)
        .equal_aspect()
}

/// The KL of the modes over the rounds, a panel for each pace.
fn kl_figure(kl: &[Tensor], steps: usize) -> Figure {
    let count = Objective::ALL.len();
    let panel = |(i, [k, g_steps]): (usize, [usize; 2])| {
        let highest = libm::log(8.0);
        let panel = Panel::new(format!("D {k} : G {g_steps}"))
            .line([[0.0, highest], [steps as f64, highest]], GREY.label("one mode: ln 8"));
        (0..count).fold(panel, |panel, j| {
            let at = |(moment, kl): (usize, &Tensor)| {
                let round = (moment * steps).div_ceil(MOMENTS);
                [round as f64, f64::from(kl.data()[i * count + j])]
            };
            let style = PALETTE[j].clone().label(Objective::ALL[j].0);
            panel.line(kl.iter().enumerate().map(at), style)
        })
    };
    let title =
        "The KL of the modes stays near ln 8 where G runs ahead and falls in most other games";
    Figure::new(title, PACES.into_iter().enumerate().map(panel)).labels("round", "KL of the modes")
}
