//! The game on a line, where everything is known: the density of the data, that of the generator,
//! the discriminator and what it should be.

use super::measure::{self, Measured};
use super::oracle::{Line, generated_density};
use super::train::{Plan, train};
use super::{Gan, Objective, Penalty, Rules};
use crate::data::{Law, Mixture};
use crate::experiment::{Event, Experiment, Report, Settings, Training};
use crate::nn::{Activation, Module};
use crate::plot::{BLUE, Figure, GREY, Panel, RED};
use crate::random::Rng;
use crate::{Float, Result, Tensor};
use serde_json::json;
use std::f64::consts::LN_2;
use std::ops::Range;
use std::time::Instant;

// ANCHOR: line
/// Two modes on a line by the algorithm of the paper: V alone, k steps of D to one of G.
pub const LINE: Experiment = Experiment {
    name: "gan-line",
    about: "two modes on a line by a GAN: its density, D and the best D as they move",
    steps: 3000,
    batch: 256,
    lr: 2e-3,
    images: false,
    run,
};

/// The paper's game, with three steps of D in a round.
const RULES: Rules =
    Rules { objective: Objective::Minimax, penalty: Penalty::None, k: 3, g_steps: 1 };
// ANCHOR_END: line

/// The data.
fn law() -> Mixture {
    Mixture { weights: vec![0.35, 0.65], means: vec![vec![-1.5], vec![1.2]], std: 0.45 }
}

/// What is looked at, and in how many cells.
const RANGE: Range<f64> = -4.0..4.0;
const CELLS: usize = 320;
/// Moments at which the densities are kept, after the start; every eighth is shown.
const MOMENTS: usize = 56;
const SHOWN_EVERY: usize = 8;

/// The steps after which the moments are: closer together at the beginning.
fn moment(i: usize, steps: usize) -> usize {
    (steps * i * i).div_ceil(MOMENTS * MOMENTS)
}

/// A moment: p_G and D's logit on the line.
struct Moment {
    step: usize,
    line: Line,
    a: Vec<f64>,
}

impl Moment {
    fn of(step: usize, kept: &Tensor, mut line: Line) -> Moment {
        let kept = kept.rows::<2>();
        line.p = kept.iter().map(|row| row[0]).collect();
        Moment { step, line, a: kept.iter().map(|row| row[1]).collect() }
    }

    /// D on the line.
    fn d(&self) -> Vec<f64> {
        self.a.iter().map(|a| 1.0 / (1.0 + libm::exp(-a))).collect()
    }

    /// max |D − D*| where there is data or a fake: (q + p_G)/2 above a hundredth.
    fn gap(&self) -> f64 {
        let (d, best) = (self.d(), self.line.optimal_discriminator());
        let there = |&i: &usize| self.line.q[i] + self.line.p[i] > 0.02;
        (0..d.len()).filter(there).map(|i| (d[i] - best[i]).abs()).fold(0.0, f64::max)
    }
}

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare()?;
    let (law, mut rng) = (law(), Rng::new(settings.seed));
    let mut measuring = rng.split();
    let mut gan = Gan::new([1, 1], &[32, 32], Activation::LeakyRelu, RULES, settings.lr, &mut rng);

    let line = Line::of(&law, &law, RANGE, CELLS);
    let plan = Plan {
        data: &|n, rng| law.sample(n, rng),
        moments: (0..=MOMENTS).map(|i| moment(i, settings.steps)).collect(),
        look: &|gan, _| look(gan, &line),
        fade: true,
    };

    let mut training = Training::new(LINE.name, settings, watch);
    let start = Instant::now();
    let (_, seen) = train(&mut gan, &plan, settings, &mut training, &mut rng)?;
    let times = vec![measure::training_time(start, settings)];
    let at = |(&step, seen)| Moment::of(step, seen, line.clone());
    let moments: Vec<Moment> = plan.moments.iter().zip(&seen).map(at).collect();

    training.stage("measuring distances");
    let samples = gan.g.sample(measure::COMPARED[0], &mut measuring);
    let distances = measure::distances(&samples, &law, &mut measuring);
    let last = against_the_best(moments.last().expect("the start is kept"));
    let mut rows = last.rows;
    rows.extend(distances.rows);
    let mut metrics = measure::metrics(&LINE, settings, &training.losses);
    (metrics["at_the_end"], metrics["distances"]) = (last.json, distances.json);
    let figures = vec![("figure", panels(&moments)), ("value", value_figure(&moments))];
    let files = measure::write(settings, &gan, &figures, &metrics)?;
    training.complete();
    Ok(Report { rows, times, figures, files, losses: training.losses })
}

/// p_G and D's logit on the line: `[cells, 2]`.
fn look(gan: &Gan, line: &Line) -> Tensor {
    let p = generated_density(&gan.g, RANGE, CELLS);
    let p: Tensor = p.iter().map(|&p| p as Float).collect();
    let a = gan.d.frozen().forward(&line.column());
    Tensor::concat(&[&p.reshape(&[CELLS, 1]), &a], 1)
}

/// V beside the largest it could be for this generator, and D beside the best.
fn against_the_best(moment: &Moment) -> Measured {
    let Moment { line, a, .. } = moment;
    let (value, best, jsd, gap) =
        (line.value(a), line.best_value(), line.jensen_shannon(), moment.gap());
    let row = |name: &str, value: f64, remark: &str| {
        [name.to_string(), format!("{value:.4}"), remark.to_string()]
    };
    let rows = vec![
        row("V(D, G)", value, "by quadrature; −ln 4 = −1.3863 if nothing can be told apart"),
        row("V(D*, G)", best, "the largest for this G: 2 JSD − ln 4"),
        row("JSD", jsd, "of data and generator; at most ln 2 = 0.6931"),
        row("max |D − D*|", gap, "where (q + p_G)/2 > 0.01"),
    ];
    let json = json!({ "value": value, "best_value": best, "jsd": jsd, "gap": gap });
    Measured { rows, json }
}

/// The densities, D and D* at eight moments.
fn panels(moments: &[Moment]) -> Figure {
    let panel = |moment: &Moment| {
        let Moment { step, line, .. } = moment;
        let curve =
            |y: &[f64]| -> Vec<[f64; 2]> { line.x.iter().zip(y).map(|(&x, &y)| [x, y]).collect() };
        Panel::new(format!("round {step}"))
            .line(curve(&line.q), GREY.size(3.0).label("data q"))
            .line(curve(&line.p), BLUE.label("generator p_G"))
            .line(
                curve(&line.optimal_discriminator()),
                RED.size(4.0).opacity(0.35).label("best D*"),
            )
            .line(curve(&moment.d()), RED.label("discriminator D"))
    };
    let title = "The generator's density moves to that of the data, and D to one half";
    Figure::new(title, moments.iter().step_by(SHOWN_EVERY).map(panel))
        .columns(4)
        .x_range(RANGE.start, RANGE.end)
        .y_range(0.0, 1.1)
        .labels("x", "density, D(x)")
}

/// V, and the largest value it could have, over the training.
fn value_figure(moments: &[Moment]) -> Figure {
    let curve = |value: &dyn Fn(&Moment) -> f64| -> Vec<[f64; 2]> {
        moments[1..].iter().map(|moment| [moment.step as f64, value(moment)]).collect()
    };
    let steps = moments.last().map_or(1, |last| last.step) as f64;
    let panel = Panel::new("")
        .line([[1.0, -2.0 * LN_2], [steps, -2.0 * LN_2]], GREY.label("−ln 4"))
        .line(curve(&|m| m.line.best_value()), RED.size(4.0).opacity(0.5).label("V(D*, G)"))
        .line(curve(&|m| m.line.value(&m.a)), BLUE.label("V(D, G)"));
    let title = "V stays below the largest value it can have, and both fall to −ln 4";
    Figure::new(title, [panel]).log_x().labels("round", "V")
}
