//! Three rounds: two moons to eight Gaussians, each flow learned from the pairs of the one before; and
//! one network distilled from the first.

use super::{distillation_loss, euler, reflow_pairs, straightness, transport_cost};
use crate::chapters::flow_matching::oracle::Marginal;
use crate::chapters::flow_matching::path::Path;
use crate::chapters::flow_matching::{Velocity, cfm_loss, trajectory};
use crate::data::{Law, Mixture, make_moons};
use crate::experiment::{Event, Experiment, Report, Settings, Training};
use crate::experiment::{save_figures, save_metrics, training_time};
use crate::metrics::{Floor, energy_distance, wasserstein_2};
use crate::nn::{Module, prefixed};
use crate::ode::{self, RK4};
use crate::optim::{Adam, Optimizer, Schedule};
use crate::plot::{BLUE, Figure, GREEN, GREY, Panel, RED, Style, YELLOW};
use crate::random::Rng;
use crate::{Float, Result, Tensor, grad};
use serde_json::{Value, json};
use std::time::Instant;

// ANCHOR: experiment
/// Eight Gaussians from two moons: four networks of the same size, MLP 3–64–64–64–2 with ELU, a
/// quarter of the steps for each, Adam with a rate that falls to 0 in each.
pub const RECTIFIED_FLOW: Experiment = Experiment {
    name: "rectified-flow",
    about: "three rounds of reflow, from two moons to eight Gaussians, and one Euler step of each",
    steps: 24_000,
    batch: 256,
    lr: 5e-3,
    images: false,
    run,
};

/// What is trained: each with its name and the one whose pairs it learns from and whose weights it
/// starts with.
const STAGES: [(&str, Option<usize>); 4] =
    [("round 1", None), ("round 2", Some(0)), ("round 3", Some(1)), ("distilled", Some(0))];
/// The last is trained on [`distillation_loss`].
const DISTILLED: usize = 3;
/// Pairs that a flow makes for the next, once.
const POOL: usize = 20_000;
/// Midpoint steps from the noise of a pair to its data.
const PAIR_STEPS: usize = 32;
// ANCHOR_END: experiment

// ANCHOR: source
/// X₀: two moons, three times as large, with their middle at the origin.
fn source(n: usize, rng: &mut Rng) -> Tensor {
    make_moons(n, 0.05, rng) * 3.0 - Tensor::from([1.5, 0.75])
}
// ANCHOR_END: source

/// Hidden units of a layer.
const WIDTH: usize = 64;
/// Euler steps that are compared.
const EULER_STEPS: [usize; 6] = [1, 2, 4, 8, 16, 100];
/// Points on each side of the energy distance, and of W2.
const COMPARED: [usize; 2] = [2000, 1000];
/// Data sets to which a distance is averaged, and pairs of them for its floor.
const REPEATS: [usize; 2] = [10, 4];
/// Points whose trajectories are measured, and those that are drawn.
const FOLLOWED: [usize; 2] = [4000, 120];
/// Half the width of a panel.
const REACH: f64 = 7.5;

/// The networks in the order of [`STAGES`].
struct Networks(Vec<Velocity>);

impl Module for Networks {
    fn parameters(&self) -> Vec<(String, &Tensor)> {
        let named = self.0.iter().enumerate();
        named.flat_map(|(i, u)| prefixed(&i.to_string(), u.parameters())).collect()
    }

    fn parameters_mut(&mut self) -> Vec<(String, &mut Tensor)> {
        let named = self.0.iter_mut().enumerate();
        named.flat_map(|(i, u)| prefixed(&i.to_string(), u.parameters_mut())).collect()
    }
}

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare()?;
    let mut rng = Rng::new(settings.seed);
    let mut measuring = rng.split();
    let pools = STAGES.map(|_| rng.split());
    let mut networks = Networks(STAGES.map(|_| Velocity::new(2, WIDTH, &mut rng)).into());

    let mut training = Training::new(RECTIFIED_FLOW.name, settings, watch);
    let start = Instant::now();
    let steps = train(&mut networks.0, &pools, settings, &mut training, &mut rng)?;
    let times = vec![training_time(start, steps)];
    training.stage("measuring the rounds");
    let judge = Judge::new(&Mixture::eight_gaussians(), &mut measuring);
    let measured: Vec<Measured> = (0..STAGES.len())
        .map(|stage| Measured::of(stage, &networks.0, &judge, &mut measuring))
        .collect();
    training.stage("drawing");
    let figures = vec![
        ("figure", trajectories(&networks.0, &mut measuring)),
        ("one-step", one_step(&networks.0, &judge)),
        ("steps", by_steps(&measured, judge.floors[0].mean)),
        ("line", on_the_line(&mut measuring)),
    ];
    let mut rows = judge.rows();
    rows.extend(measured.iter().flat_map(Measured::rows));
    let metrics = json!({
        "experiment": RECTIFIED_FLOW.name,
        "settings": settings.json(),
        "least_cost": judge.least_cost,
        "stages": measured.iter().map(Measured::json).collect::<Vec<_>>(),
    });
    let mut files = save_figures(settings, &figures)?;
    files.extend(save_metrics(settings, &metrics, Some(&networks))?);
    training.complete();
    Ok(Report { rows, times, figures, files, losses: training.losses })
}

/// Pairs that a stage learns from: those of another network; none for the first, which gets fresh
/// points of both laws in every batch.
fn pool(stage: usize, networks: &[Velocity], size: usize, rng: &Rng) -> Option<(Tensor, Tensor)> {
    let teacher = STAGES[stage].1?;
    let x_0 = source(size, &mut rng.clone());
    Some(reflow_pairs(&networks[teacher], &x_0, PAIR_STEPS))
}

/// So many pairs: neighbours in a pool, or fresh ones.
fn batch(pool: Option<&(Tensor, Tensor)>, n: usize, rng: &mut Rng) -> (Tensor, Tensor) {
    let Some((x_0, x_1)) = pool else {
        return (source(n, rng), Mixture::eight_gaussians().sample(n, rng));
    };
    let first = rng.below(x_0.shape()[0] - n + 1);
    (x_0.slice(0, first..first + n), x_1.slice(0, first..first + n))
}

/// The trainings, one after the other. Returns how many steps were done, rather than in an
/// interrupted run before. A pool follows from its own generator and its teacher's weights, so that a
/// resumed run makes the same one again.
// ANCHOR: train
fn train(
    networks: &mut [Velocity],
    pools: &[Rng; STAGES.len()],
    settings: &Settings,
    training: &mut Training,
    rng: &mut Rng,
) -> Result<usize> {
    let n = settings.batch;
    let each = settings.steps.div_ceil(STAGES.len());
    let schedule = Schedule::cosine(settings.lr, 0.0, each);
    let mut adams = STAGES.map(|_| Adam::new(settings.lr));
    let mut both: Vec<(&mut dyn Module, &mut Adam)> = vec![];
    both.extend(networks.iter_mut().zip(&mut adams).map(|(u, adam)| (u as &mut dyn Module, adam)));
    let steps = training.resume(&mut both, rng)?;
    let to_do = steps.clone().count();
    let mut pairs = (usize::MAX, None);
    for step in steps {
        let (stage, step) = ((step - 1) / each, (step - 1) % each);
        if let (0, Some(teacher)) = (step, STAGES[stage].1) {
            networks[stage] = networks[teacher].clone();
        }
        if pairs.0 != stage {
            pairs = (stage, pool(stage, networks, POOL.max(n), &pools[stage]));
        }
        let (x_0, x_1) = batch(pairs.1.as_ref(), n, rng);
        let (u, adam) = (&mut networks[stage], &mut adams[stage]);
        adam.set_lr(schedule.lr(step));
        let loss = match stage {
            DISTILLED => distillation_loss(u, &x_0, &x_1),
            _ => cfm_loss(u, &Path::Linear, &x_0, &x_1, &rng.uniform(&[n, 1])),
        };
        let gradients = grad(&loss, &u.tensors());
        adam.step(u, &gradients);
        let kept: Vec<(&dyn Module, &Adam)> =
            networks.iter().zip(&adams).map(|(u, adam)| (u as &dyn Module, adam)).collect();
        training.step_done(&loss, &kept, rng)?;
    }
    Ok(to_do)
}
// ANCHOR_END: train

/// Data to which all samples are compared, the same for all networks, and what can be expected at
/// best.
struct Judge {
    /// Points to carry to the data.
    x_0: Tensor,
    /// For D² and for W2.
    data: [Vec<Tensor>; 2],
    /// Between samples of the data.
    floors: [Floor; 2],
    /// W2² between the two laws: the cost of the best coupling.
    least_cost: f64,
}

impl Judge {
    fn new(law: &Mixture, rng: &mut Rng) -> Judge {
        let mut draw = |k: usize| -> Vec<Tensor> {
            (0..REPEATS[k]).map(|_| law.sample(COMPARED[k], rng)).collect()
        };
        let (data, others) = ([draw(0), draw(1)], [draw(0), draw(1)]);
        let x_0 = source(COMPARED[0], rng);
        let between = |k: usize| -> Vec<f64> {
            data[k].iter().zip(&others[k]).map(|(x, y)| METRICS[k](x, y)).collect()
        };
        let floors = [Floor::of(&between(0)), Floor::of(&between(1))];
        let squares = data[1].iter().map(|x_1| {
            let w_2 = wasserstein_2(&source(COMPARED[1], rng), x_1);
            w_2 * w_2
        });
        let least_cost = squares.sum::<f64>() / REPEATS[1] as f64;
        Judge { x_0, data, floors, least_cost }
    }

    /// The mean D² (k = 0) or W2 (k = 1) to the data.
    fn distance(&self, k: usize, samples: &Tensor) -> f64 {
        let samples = samples.slice(0, 0..COMPARED[k]);
        let sum: f64 = self.data[k].iter().map(|data| METRICS[k](&samples, data)).sum();
        sum / REPEATS[k] as f64
    }

    fn rows(&self) -> Vec<[String; 3]> {
        let between = |k: usize| {
            let (std, n) = (self.floors[k].std, COMPARED[k]);
            format!("± {std:.4}, between samples of the data, n = {n}")
        };
        let row = |name: &str, value: String, remark| [name.to_string(), value, remark];
        vec![
            row("D² floor", format!("{:.4}", self.floors[0].mean), between(0)),
            row("W2 floor", format!("{:.3}", self.floors[1].mean), between(1)),
            row("least cost", format!("{:.2}", self.least_cost), "W2² of the two laws".into()),
        ]
    }
}

type Metric = fn(&Tensor, &Tensor) -> f64;
const METRICS: [Metric; 2] = [|x, y| energy_distance(x, y), |x, y| wasserstein_2(x, y)];

/// What is measured of a network.
struct Measured {
    stage: usize,
    /// D² by [`EULER_STEPS`].
    energy: Vec<f64>,
    /// W2 by one Euler step.
    wasserstein: f64,
    /// D² of the pairs it makes for the next.
    pairs: f64,
    /// Of the coupling it learned from, and of the one it makes.
    costs: [f64; 2],
    /// S(Z).
    straightness: f64,
    /// E‖X₁ − X₀ − u‖² over fresh pairs.
    loss: f64,
}

impl Measured {
    fn of(stage: usize, networks: &[Velocity], judge: &Judge, rng: &mut Rng) -> Measured {
        let u = networks[stage].frozen();
        let by_euler = |steps: usize| judge.distance(0, &euler(&u, &judge.x_0, steps));
        let energy = EULER_STEPS.map(by_euler).to_vec();
        let wasserstein = judge.distance(1, &euler(&u, &judge.x_0, 1));
        let pairs = judge.distance(0, &reflow_pairs(&u, &judge.x_0, PAIR_STEPS).1);

        let fresh = rng.split();
        let (x_0, x_1) = pool(stage, networks, FOLLOWED[0], &fresh).unwrap_or_else(|| {
            let law = Mixture::eight_gaussians();
            (source(FOLLOWED[0], rng), law.sample(FOLLOWED[0], rng))
        });
        let states = trajectory(&u, &x_0, PAIR_STEPS);
        let costs = [transport_cost(&x_0, &x_1), transport_cost(&x_0, &states[PAIR_STEPS].1)];
        let number = |x: Tensor| f64::from(x.item());
        let losses = (0..20).map(|_| {
            let t = rng.uniform(&[FOLLOWED[0], 1]);
            number(cfm_loss(&u, &Path::Linear, &x_0, &x_1, &t)) * 2.0 // the sum of two coordinates
        });
        let loss = losses.sum::<f64>() / 20.0;
        let (costs, straightness) = (costs.map(number), number(straightness(&states)));
        Measured { stage, energy, wasserstein, pairs, costs, straightness, loss }
    }

    fn rows(&self) -> Vec<[String; 3]> {
        let Measured { stage, energy, wasserstein, pairs, costs, straightness, loss } = self;
        let row = |what: &str, value: String, remark: String| {
            [format!("{} {what}", STAGES[*stage].0), value, remark]
        };
        let steps = |k: usize| format!("by {} Euler steps", EULER_STEPS[k]);
        let mut rows = vec![
            row("D² one step", format!("{:.4}", energy[0]), "by one Euler step".into()),
            row("W2 one step", format!("{wasserstein:.3}"), "by one Euler step".into()),
        ];
        if *stage == DISTILLED {
            return rows;
        }
        let budget = costs[1] + straightness + loss;
        rows.extend([
            row("D² four steps", format!("{:.4}", energy[2]), steps(2)),
            row("D² hundred steps", format!("{:.4}", energy[5]), steps(5)),
            row("D² pairs", format!("{pairs:.4}"), "of the next round's data".into()),
            row("loss", format!("{loss:.3}"), "E‖X₁ − X₀ − u‖², fresh pairs".into()),
            row("straightness", format!("{straightness:.3}"), "S(Z), 0 for straight lines".into()),
            row("cost", format!("{:.2}", costs[1]), format!("E‖Z₁ − Z₀‖²; before {:.2}", costs[0])),
            row("sum", format!("{budget:.2}"), "cost + S + loss, to be the cost before".into()),
        ]);
        rows
    }

    fn json(&self) -> Value {
        let Measured { stage, energy, wasserstein, pairs, costs, straightness, loss } = self;
        json!({ "name": STAGES[*stage].0, "euler_steps": EULER_STEPS, "energy_distance": energy,
            "wasserstein_2_one_step": wasserstein, "energy_distance_of_pairs": pairs,
            "cost_before_and_after": costs, "straightness": straightness, "loss": loss })
    }
}

/// The moons in grey, data in blue, and the ways between them, a panel for each round.
fn trajectories(networks: &[Velocity], rng: &mut Rng) -> Figure {
    let x_0 = source(FOLLOWED[1], rng);
    let panel = |stage: usize| {
        let states = trajectory(&networks[stage], &x_0, PAIR_STEPS);
        let ends = |at: usize| states[at].1.rows::<2>();
        let panel = (0..FOLLOWED[1]).fold(Panel::new(STAGES[stage].0), |panel, i| {
            let way = states.iter().map(|(_, x)| x.rows::<2>()[i]);
            panel.line(way, BLUE.size(0.7).opacity(0.5))
        });
        let data = BLUE.size(1.6).opacity(1.0);
        panel.scatter(ends(0), GREY.size(1.6).opacity(1.0)).scatter(ends(PAIR_STEPS), data)
    };
    let title = "Ways from two moons to eight Gaussians in three rounds: bent, then straight";
    Figure::new(title, (0..DISTILLED).map(panel))
        .x_range(-REACH, REACH)
        .y_range(-REACH, REACH)
        .equal_aspect()
}

/// Where one Euler step leads, over points of the data.
fn one_step(networks: &[Velocity], judge: &Judge) -> Figure {
    let (x_0, data) = (judge.x_0.slice(0, 0..500), judge.data[0][0].slice(0, 0..500));
    let panel = |(u, (name, _)): (&Velocity, (&str, Option<usize>))| {
        Panel::new(name)
            .scatter(data.rows::<2>(), GREY.size(1.5).opacity(0.6))
            .scatter(euler(u, &x_0, 1).rows::<2>(), BLUE.size(1.5).opacity(0.8))
    };
    let title = "One Euler step of each flow: the mean of the data at first, then the data";
    Figure::new(title, networks.iter().zip(STAGES).map(panel))
        .x_range(-REACH, REACH)
        .y_range(-REACH, REACH)
        .equal_aspect()
}

/// D² against the number of Euler steps.
fn by_steps(measured: &[Measured], floor: f64) -> Figure {
    let ends = [EULER_STEPS[0] as f64, EULER_STEPS[5] as f64];
    let start = Panel::new("").line(ends.map(|n| [n, floor]), GREY.size(3.0).label("floor"));
    let styles: [Style; 3] = [RED, YELLOW, BLUE];
    let panel = measured[..DISTILLED].iter().zip(styles).fold(start, |panel, (m, style)| {
        let line: Vec<_> =
            EULER_STEPS.iter().zip(&m.energy).map(|(&n, &energy)| [n as f64, energy]).collect();
        panel
            .scatter(line.clone(), style.clone().size(2.5).opacity(1.0))
            .line(line, style.label(STAGES[m.stage].0))
    });
    let jump = [[ends[0], measured[DISTILLED].energy[0]]];
    let panel = panel.scatter(jump, GREEN.size(3.5).opacity(1.0).label("distilled"));
    Figure::new("Energy distance to the data against Euler steps, a line for each round", [panel])
        .log_x()
        .log_y()
        .labels("Euler steps", "D²")
}

/// The same on a line, without a network: the exact first flow, and the ways of its pairs.
fn on_the_line(rng: &mut Rng) -> Figure {
    let data = Mixture::even(vec![vec![-1.5], vec![1.5]], 0.2);
    let (n, steps) = (24, 50);
    let p = Marginal { path: Path::Linear, data };
    let even = |i: usize| ((2.0 * (i as f64 + 0.5) / n as f64 - 1.0) * 2.2) as Float;
    let x_0 = Tensor::from_fn(&[n, 1], even);
    let field = |t: Float, x: &Tensor| p.velocity(&Tensor::full(&[n, 1], t), x);
    let states = ode::trajectory(field, &x_0, 0.0..1.0, steps, &RK4);
    let straight = |x_1: &Tensor| vec![(0.0, x_0.clone()), (1.0, x_1.clone())];
    let panel = |title: &str, states: &[(Float, Tensor)], style: Style| {
        (0..n).fold(Panel::new(title), |panel, i| {
            let way = states.iter().map(|(t, x)| [f64::from(*t), f64::from(x.data()[i])]);
            panel.line(way, style.clone().size(1.0).opacity(0.8))
        })
    };
    let title = "On a line: pairs whose ways cross, their flow, and the ways of its pairs";
    let panels = [
        panel("pairs at random", &straight(&p.data.sample(n, rng)), GREY),
        panel("round 1", &states, BLUE),
        panel("round 2", &straight(&states[steps].1), BLUE),
    ];
    Figure::new(title, panels).y_range(-2.5, 2.5).labels("t", "x")
}
