//! The data sets of FFJORD, each by a short flow matching, and the exact density beside the learned
//! one.

use super::densities;
use super::measure::{Likelihood, Raster, highest};
use crate::chapters::flow_matching::path::Path;
use crate::data::{Checkerboard, Circles, Law, Pinwheel, Rings, SwissRoll, TwoSpirals};
use crate::experiment::{Event, Experiment, Report, Settings, Training};
use crate::experiment::{loss_row, save_figures, save_metrics, tail_mean, training_time};
use crate::nn::{Activation, Mlp, Module, prefixed};
use crate::ode::RK4;
use crate::optim::{Adam, Optimizer, Schedule};
use crate::plot::{Figure, Panel};
use crate::random::Rng;
use crate::{Float, Result, Tensor, grad};
use serde_json::{Map, json};
use std::time::Instant;

/// Six laws, a network for each.
pub const DENSITIES: Experiment = Experiment {
    name: "cnf-densities",
    about: "the data sets of FFJORD by flow matching: exact and learned densities, NLL and gap",
    steps: 8000,
    batch: 128,
    lr: 1e-2,
    images: false,
    run,
};

/// The laws with their names.
const LAWS: [(&str, &dyn Law); 6] = [
    ("two spirals", &TwoSpirals),
    ("Swiss roll", &SwissRoll),
    ("circles", &Circles),
    ("rings", &Rings),
    ("pinwheel", &Pinwheel),
    ("checkerboard", &Checkerboard),
];

/// Hidden units of a layer.
const WIDTH: usize = 64;
/// ω of the waves of time and of place.
const IN_TIME: [Float; 4] = [3.0, 6.0, 12.0, 24.0];
const IN_PLACE: [Float; 4] = [1.0, 2.0, 4.0, 8.0];
/// Points over which a likelihood is averaged.
const MEASURED: usize = 2000;
/// Steps of RK4.
const STEPS: usize = 16;
/// The panels show [−REACH, REACH]², in so many columns of cells.
const REACH: f64 = 4.2;
const COLUMNS: usize = 84;

// ANCHOR: waves
/// u_t^θ(x): a multilayer perceptron of t, x and of sines and cosines of both, since a network of
/// few steps learns slow functions of its inputs first (Tancik et al. 2020), and these laws are
/// thin.
#[derive(Clone, Debug)]
pub struct Waves {
    /// (t, x, waves) → u.
    pub net: Mlp,
}

impl Waves {
    /// Three hidden layers of `width` with SiLU between.
    pub fn new(width: usize, rng: &mut Rng) -> Waves {
        let inputs = 3 + 2 * IN_TIME.len() + 4 * IN_PLACE.len();
        Waves { net: Mlp::new(&[inputs, width, width, width, 2], Activation::Silu, rng) }
    }

    /// t `[n, 1]`, x `[n, 2]` → `[n, 2]`.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn forward(&self, t: &Tensor, x: &Tensor) -> Tensor {
        let slow = IN_TIME.map(|omega| t * omega).into_iter();
        let phases: Vec<Tensor> = slow.chain(IN_PLACE.map(|omega| x * omega)).collect();
        let waves = phases.iter().flat_map(|phase| [phase.sin(), phase.cos()]);
        let inputs: Vec<Tensor> = [t.clone(), x.clone()].into_iter().chain(waves).collect();
        self.net.forward(&Tensor::concat(&inputs.iter().collect::<Vec<_>>(), 1))
    }
}
// ANCHOR_END: waves

impl Module for Waves {
    fn parameters(&self) -> Vec<(String, &Tensor)> {
        prefixed("net", self.net.parameters())
    }

    fn parameters_mut(&mut self) -> Vec<(String, &mut Tensor)> {
        prefixed("net", self.net.parameters_mut())
    }
}

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare()?;
    let mut rng = Rng::new(settings.seed);
    let mut measuring = rng.split();
    let mut models: Vec<Waves> = LAWS.iter().map(|_| Waves::new(WIDTH, &mut rng)).collect();
    let mut training = Training::new(DENSITIES.name, settings, watch);
    let start = Instant::now();
    let steps = train(&mut models, settings, &mut training, &mut rng)?;
    let times = vec![training_time(start, steps)];
    let models = models.frozen();

    training.stage("measuring likelihoods, drawing densities");
    let mut rows = vec![loss_row(&training.losses, 4)];
    let (mut panels, mut measures) = ([vec![], vec![]], Map::new());
    for ((name, law), u) in LAWS.into_iter().zip(&models) {
        let field = |t: Float, x: &Tensor| u.forward(&Tensor::full(&[x.shape()[0], 1], t), x);
        let x = law.sample(MEASURED, &mut measuring);
        let measured = Likelihood::of(&densities(field, 1.0, &x, STEPS, &RK4), &x, law);
        rows.extend(measured.rows(name));
        measures.insert(name.into(), measured.json());
        let raster = Raster { corners: [[-REACH; 2], [REACH; 2]], columns: COLUMNS };
        let log_p = law.log_density(&raster.points());
        let log_q = densities(field, 1.0, &raster.points(), STEPS, &RK4);
        let darkest = 0.8 * highest(&log_p);
        panels[0].push(raster.panel(name, &log_p, darkest));
        panels[1].push(raster.panel("", &log_q, darkest));
    }
    let figures = vec![("figure", figure(panels))];
    let metrics = json!({
        "experiment": DENSITIES.name,
        "settings": settings.json(),
        "final_loss": tail_mean(&training.losses, 100),
        "likelihood": measures,
    });
    let mut files = save_figures(settings, &figures)?;
    files.extend(save_metrics(settings, &metrics, Some(&models))?);
    training.complete();
    Ok(Report { rows, times, figures, files, losses: training.losses })
}

/// Flow matching on straight lines, of all laws at once: the networks share nothing, and the loss
/// is the sum. Times are drawn with the density 1/(2√(1 − t)), more of them near the data, where
/// the field is steep.
fn train(
    models: &mut Vec<Waves>,
    settings: &Settings,
    training: &mut Training,
    rng: &mut Rng,
) -> Result<usize> {
    let n = settings.batch;
    let mut adam = Adam::new(settings.lr);
    let schedule = Schedule::cosine(settings.lr, 0.0, settings.steps);
    let steps = training.resume(&mut [(models, &mut adam)], rng)?;
    let to_do = steps.clone().count();
    for step in steps {
        adam.set_lr(schedule.lr(step - 1));
        let mut loss = |(u, (_, law)): (&Waves, (&str, &dyn Law))| {
            let (x_1, x_0) = (law.sample(n, rng), rng.normal(&[n, 2]));
            let t = 1.0 - rng.uniform(&[n, 1]).square();
            let (x_t, u_t) = Path::Linear.sample(&x_0, &x_1, &t);
            u.forward(&t, &x_t).mse(&u_t)
        };
        let losses: Vec<Tensor> = models.iter().zip(LAWS).map(&mut loss).collect();
        let loss = Tensor::stack(&losses.iter().collect::<Vec<_>>(), 0).sum(..);
        let gradients = grad(&loss, &models.tensors());
        adam.step(models, &gradients);
        training.step_done(&loss, &[(models, &adam)], rng)?;
    }
    Ok(to_do)
}

fn figure(panels: [Vec<Panel>; 2]) -> Figure {
    Figure::new("Above, densities of six data sets; below, what was learned", panels.concat())
        .columns(LAWS.len())
        .x_range(-REACH, REACH)
        .y_range(-REACH, REACH)
        .equal_aspect()
        .bare()
}
