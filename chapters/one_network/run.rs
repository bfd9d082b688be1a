//! One network, trained as a velocity on the linear path, drawn from in seven ways with the same noise.

use super::{Believed, Question, Schedules, convert, ddim_step, on_the_linear_path};
use crate::chapters::flow_matching::path::Path;
use crate::chapters::flow_matching::{Velocity, cfm_loss};
use crate::chapters::sdes::{extended_drift, noising, probability_flow};
use crate::data::{Law, Mixture};
use crate::experiment::{Event, Experiment, Report, Settings, Training};
use crate::experiment::{loss_row, save_figures, save_metrics, tail_mean, training_time};
use crate::metrics::{Compared, compare, energy_distance};
use crate::nn::Module;
use crate::ode::{self, EULER};
use crate::optim::{Adam, Optimizer, Schedule};
use crate::plot::{BLUE, Figure, GREEN, GREY, Panel, RED};
use crate::random::Rng;
use crate::{Float, Result, Tensor, grad, sde};
use serde_json::json;
use std::time::Instant;

/// Seven samplers of one network.
pub const ONE_NETWORK: Experiment = Experiment {
    name: "one-network",
    about: "one network, drawn from as flow matching, DDIM, probability flow and SDE, on the same noise",
    steps: 8000,
    batch: 256,
    lr: 5e-3,
    images: false,
    run,
};

/// Points compared, fresh sets for the distance, and points whose way is shown.
const POINTS: usize = 2000;
const REPEATS: usize = 10;
const SHOWN: usize = 24;
/// Steps from noise to data.
const STEPS: usize = 50;
/// DDIM begins and ends where α and σ are not 0.
const NEAR: Float = 1e-3;
const VP: Path = Path::VariancePreserving { beta: [0.1, 20.0] };
const VE: Path = Path::VarianceExploding { sigma: [0.005, 80.0] };

/// Every state on the way from the same noise.
struct Drawn {
    name: &'static str,
    states: Vec<Tensor>,
}

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare()?;
    let law = Mixture::eight_gaussians();
    let mut rng = Rng::new(settings.seed);
    let mut measuring = rng.split();
    let mut u = Velocity::new(2, 64, &mut rng);
    let mut training = Training::new(ONE_NETWORK.name, settings, watch);
    let start = Instant::now();
    let steps = train(&mut u, &law, settings, &mut training, &mut rng)?;
    let times = vec![training_time(start, steps)];

    training.stage("drawing");
    let drawn = draw(&u.frozen(), &measuring.normal(&[POINTS, 2]), &mut measuring);
    let mut rows = vec![loss_row(&training.losses, 4)];
    let mut numbers = serde_json::Map::new();
    let end = |d: &Drawn| d.states[d.states.len() - 1].clone();
    let first = end(&drawn[0]);
    for (i, d) in drawn.iter().enumerate() {
        let Compared { value, floor } =
            compare(&end(d), &law, energy_distance, REPEATS, &mut measuring);
        let apart = (end(d) - &first).square().sum(1).sqrt();
        let [largest, mean] = [apart.max(..), apart.mean(..)].map(|v| f64::from(v.item()));
        let remark = format!("floor {floor}, n = {POINTS}; {} steps", d.states.len() - 1);
        rows.push([format!("D² {}", d.name), format!("{value:.4}"), remark]);
        if i > 0 {
            let remark = format!("on average from where Euler's ends; {largest:.1e} at most");
            rows.push([format!("apart: {}", d.name), format!("{mean:.1e}"), remark]);
        }
        numbers
            .insert(d.name.into(), json!({ "energy_distance": value, "apart": [mean, largest] }));
    }
    let figures = vec![("figure", figure(&drawn, &law))];
    let metrics = json!({
        "experiment": ONE_NETWORK.name,
        "settings": settings.json(),
        "final_loss": tail_mean(&training.losses, 100),
        "samplers": numbers,
    });
    let mut files = save_figures(settings, &figures)?;
    files.extend(save_metrics(settings, &metrics, Some(&u))?);
    training.complete();
    Ok(Report { rows, times, figures, files, losses: training.losses })
}

fn train(
    u: &mut Velocity,
    law: &Mixture,
    settings: &Settings,
    training: &mut Training,
    rng: &mut Rng,
) -> Result<usize> {
    let n = settings.batch;
    let mut adam = Adam::new(settings.lr);
    let schedule = Schedule::cosine(settings.lr, 0.0, settings.steps);
    let steps = training.resume(&mut [(u, &mut adam)], rng)?;
    let to_do = steps.clone().count();
    for step in steps {
        adam.set_lr(schedule.lr(step - 1));
        let (x_1, x_0) = (law.sample(n, rng), rng.normal(&[n, 2]));
        let loss = cfm_loss(u, &Path::Linear, &x_0, &x_1, &rng.uniform(&[n, 1]));
        let gradients = grad(&loss, &u.tensors());
        adam.step(u, &gradients);
        training.step_done(&loss, &[(u, &adam)], rng)?;
    }
    Ok(to_do)
}

fn schedules(path: &Path, t: Float) -> Schedules {
    Schedules::of(path, &Tensor::full(&[1, 1], t))
}

/// u_t(x), one time for all rows.
fn ask(u: &Velocity, t: Float, x: &Tensor) -> Tensor {
    u.forward(&Tensor::full(&[x.shape()[0], 1], t), x)
}

/// What the network believes of a point of any path: it is asked at the place and time of the linear path
/// where noise and data have the same ratio.
// ANCHOR: any_path
fn believed(u: &Velocity, x: &Tensor, at: &Schedules) -> Believed {
    let (t, place) = on_the_linear_path(x, at);
    let said = ask(u, t.item(), &place);
    Question::Velocity.believed(&said, &place, &Schedules::of(&Path::Linear, &t))
}
// ANCHOR_END: any_path

// ANCHOR: samplers
/// DDIM along a path, over evenly spaced times.
fn ddim(u: &Velocity, path: &Path, x_0: &Tensor, [from, to]: [Float; 2]) -> Vec<Tensor> {
    let mut states = vec![x_0 * &schedules(path, from).sigma];
    for t in Tensor::linspace(from, to, STEPS + 1).data().windows(2) {
        let x = &states[states.len() - 1];
        let believed = believed(u, x, &schedules(path, t[0]));
        states.push(ddim_step(&believed, &schedules(path, t[1])));
    }
    states
}

/// Euler's steps of the probability flow −a x + ½ g² s of the linear path's noising. a and g are infinite
/// at t = 0, where the two parts cancel: the first step follows the velocity.
fn by_the_flow(u: &Velocity, x_0: &Tensor) -> Vec<Tensor> {
    let flow = |t: Float, x: &Tensor| {
        let said = ask(u, t, x);
        if t == 0.0 {
            return said;
        }
        let at = schedules(&Path::Linear, t);
        let score = convert(Question::Velocity, Question::Score, &said, x, &at);
        probability_flow(x, &score, noising(&Path::Linear, 1.0 - t))
    };
    ode::trajectory(flow, x_0, 0.0..1.0, STEPS, &EULER).into_iter().map(|(_, x)| x).collect()
}

/// Euler and Maruyama's steps with the noise g_t = √(2 (1 − t)): ½ g² s = −x̂₀ is finite everywhere.
fn with_noise(u: &Velocity, x_0: &Tensor, steps: usize, rng: &mut Rng) -> Vec<Tensor> {
    let g = |t: Float| (2.0 * (1.0 - t)).max(0.0).sqrt();
    let drift = |t: Float, x: &Tensor| {
        let at = schedules(&Path::Linear, t.min(1.0 - NEAR));
        let said = ask(u, t, x);
        let believed = Question::Velocity.believed(&said, x, &at);
        extended_drift(&said, &Question::Score.answer(&believed, &at), g(t))
    };
    let noise = |t: Float, _: &Tensor| Tensor::scalar(g(t));
    sde::trajectory(drift, noise, x_0, 0.0..1.0, steps, rng).into_iter().map(|(_, x)| x).collect()
}

/// All of them from the same noise. The first is flow matching's.
fn draw(u: &Velocity, x_0: &Tensor, rng: &mut Rng) -> Vec<Drawn> {
    let field = |t: Float, x: &Tensor| ask(u, t, x);
    let euler = ode::trajectory(field, x_0, 0.0..1.0, STEPS, &EULER);
    let drawn = |name, states| Drawn { name, states };
    vec![
        drawn("flow matching, Euler", euler.into_iter().map(|(_, x)| x).collect()),
        drawn("DDIM, linear path", ddim(u, &Path::Linear, x_0, [0.0, 1.0])),
        drawn("probability flow, Euler", by_the_flow(u, x_0)),
        drawn("DDIM, variance preserving", ddim(u, &VP, x_0, [0.0, 1.0 - NEAR])),
        drawn("DDIM, variance exploding", ddim(u, &VE, x_0, [0.0, 1.0])),
        drawn("SDE", with_noise(u, x_0, STEPS, rng)),
        drawn("SDE, fine steps", with_noise(u, x_0, 8 * STEPS, rng)),
    ]
}
// ANCHOR_END: samplers

/// The ways of a few points, on each path's own axes, over the law.
fn figure(drawn: &[Drawn], law: &Mixture) -> Figure {
    let data = law.sample(600, &mut Rng::new(1)).rows::<2>();
    let shown = [0, 1, 3, 5].map(|i| &drawn[i]);
    let panel = |d: &&Drawn| {
        let way = |k: usize| -> Vec<[f64; 2]> {
            d.states.iter().map(|x| x.slice(0, k..k + 1).rows::<2>()[0]).collect()
        };
        let panel = Panel::new(d.name).scatter(data.clone(), GREY.size(1.2));
        let panel =
            (0..SHOWN).fold(panel, |panel, k| panel.line(way(k), BLUE.size(1.0).opacity(0.7)));
        let ends = |x: &Tensor| x.slice(0, 0..SHOWN).rows::<2>();
        panel
            .scatter(ends(&d.states[0]), GREEN.size(2.5))
            .scatter(ends(&d.states[d.states.len() - 1]), RED.size(3.0))
    };
    let title = "The same noise carried to eight Gaussians by one network: three ways end in the same points, \
                 the fourth shakes them";
    Figure::new(title, shown.iter().map(panel))
        .columns(2)
        .x_range(-7.0, 7.0)
        .y_range(-7.0, 7.0)
        .equal_aspect()
}
