//! Two moons to eight Gaussians, with and without noise on the way, by the ODE and by SDEs, there and
//! back.

use super::oracle::Between;
use super::{Blend, Bridge, Gamma, Interpolant, losses, trajectory};
use crate::data::{Law, Mixture, make_moons};
use crate::experiment::{Event, Experiment, Report, Settings, Training};
use crate::experiment::{save_figures, save_metrics, training_time};
use crate::metrics::{Floor, energy_distance};
use crate::nn::{Module, prefixed};
use crate::optim::{Adam, Optimizer, Schedule};
use crate::plot::{BLUE, Figure, GREY, Panel, RED};
use crate::random::Rng;
use crate::{Float, Result, Tensor, grad};
use serde_json::{Value, json};
use std::time::Instant;

// ANCHOR: experiment
/// Two moons to eight Gaussians: two networks, MLP 3–64–64–64–4 with ELU, half of the steps for each,
/// Adam with a rate that falls to 0 in each.
pub const INTERPOLANTS: Experiment = Experiment {
    name: "interpolants",
    about: "two moons to eight Gaussians and back, with and without noise on the way",
    steps: 16_000,
    batch: 256,
    lr: 5e-3,
    images: false,
    run,
};

/// What is learned: straight lines without noise, and with a Brownian bridge around them.
const INTERPOLANT: [Interpolant; 2] = [
    Interpolant { blend: Blend::Linear, gamma: Gamma::None },
    Interpolant { blend: Blend::Linear, gamma: Gamma::Bridge { a: 4.0 } },
];
/// The c of the SDEs with diffusion ε = c γ; with 0 it is the ODE.
const DIFFUSIONS: [Float; 4] = [0.0, 0.25, 1.0, 4.0];
/// Equal steps from one end to the other.
const STEPS: usize = 200;
// ANCHOR_END: experiment

/// Hidden units of a layer.
const WIDTH: usize = 64;
/// Points on each side of the energy distance.
const COMPARED: usize = 4000;
/// Data sets to which a distance is averaged, and pairs of them for its floor.
const REPEATS: usize = 10;
/// Points in a panel, and ways.
const SHOWN: [usize; 2] = [400, 50];
/// Half the width of a panel.
const REACH: f64 = 7.5;

/// ρ₀ or ρ₁: two moons, three times as large, with their middle at the origin; eight Gaussians.
fn draw(end: usize, n: usize, rng: &mut Rng) -> Tensor {
    match end {
        0 => make_moons(n, 0.05, rng) * 3.0 - Tensor::from([1.5, 0.75]),
        _ => Mixture::eight_gaussians().sample(n, rng),
    }
}

/// The networks in the order of [`INTERPOLANT`].
struct Bridges([Bridge; 2]);

impl Module for Bridges {
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
    let mut bridges = Bridges(INTERPOLANT.map(|_| Bridge::new(2, WIDTH, &mut rng)));

    let mut training = Training::new(INTERPOLANTS.name, settings, watch);
    let start = Instant::now();
    let steps = train(&mut bridges, settings, &mut training, &mut rng)?;
    let times = vec![training_time(start, steps)];
    training.stage("measuring distances");
    let distances = distances(&bridges, &mut measuring);
    training.stage("drawing");
    let figures = vec![
        ("figure", on_the_way(&bridges, &mut measuring)),
        ("ways", ways(&bridges, &mut measuring)),
        ("densities", densities()),
        ("loss", loss_by_time(&bridges, &mut measuring)),
    ];
    let metrics = json!({
        "experiment": INTERPOLANTS.name,
        "settings": settings.json(),
        "distances": distances.iter().map(Distance::json).collect::<Vec<_>>(),
    });
    let mut files = save_figures(settings, &figures)?;
    files.extend(save_metrics(settings, &metrics, Some(&bridges))?);
    training.complete();
    let rows = distances.iter().map(Distance::row).collect();
    Ok(Report { rows, times, figures, files, losses: training.losses })
}

/// The trainings, one after the other. Returns how many steps were done, rather than in an
/// interrupted run before.
// ANCHOR: train
fn train(
    bridges: &mut Bridges,
    settings: &Settings,
    training: &mut Training,
    rng: &mut Rng,
) -> Result<usize> {
    let n = settings.batch;
    let each = settings.steps.div_ceil(INTERPOLANT.len());
    let schedule = Schedule::cosine(settings.lr, 0.0, each);
    let mut adams = INTERPOLANT.map(|_| Adam::new(settings.lr));
    let mut both: Vec<(&mut dyn Module, &mut Adam)> = vec![];
    both.extend(bridges.0.iter_mut().zip(&mut adams).map(|(u, a)| (u as &mut dyn Module, a)));
    let steps = training.resume(&mut both, rng)?;
    let to_do = steps.clone().count();
    for step in steps {
        let (which, step) = ((step - 1) / each, (step - 1) % each);
        let (x_0, x_1, z) = (draw(0, n, rng), draw(1, n, rng), rng.normal(&[n, 2]));
        let (bridge, adam) = (&mut bridges.0[which], &mut adams[which]);
        let t = rng.uniform(&[n, 1]);
        let [of_v, of_eta] = losses(bridge, &INTERPOLANT[which], [&x_0, &x_1, &z], &t);
        let loss = of_v + of_eta;
        let gradients = grad(&loss, &bridge.tensors());
        adam.set_lr(schedule.lr(step));
        adam.step(bridge, &gradients);
        let kept: Vec<(&dyn Module, &Adam)> =
            bridges.0.iter().zip(&adams).map(|(u, a)| (u as &dyn Module, a)).collect();
        training.step_done(&loss, &kept, rng)?;
    }
    Ok(to_do)
}
// ANCHOR_END: train

/// D² of what arrives to the law at that end.
struct Distance {
    name: String,
    value: f64,
    floor: Floor,
}

impl Distance {
    fn row(&self) -> [String; 3] {
        let Distance { name, value, floor } = self;
        let remark = format!("floor {floor}, between samples of the data, n = {COMPARED}");
        [format!("D² {name}"), format!("{value:.4}"), remark]
    }

    fn json(&self) -> Value {
        let Distance { name, value, floor } = self;
        json!({ "name": name, "value": value, "floor": { "mean": floor.mean, "std": floor.std } })
    }
}

/// There without noise on the way, there with each diffusion, back with none and one.
fn distances(bridges: &Bridges, rng: &mut Rng) -> Vec<Distance> {
    let mut draw_all =
        |end: usize| -> Vec<Tensor> { (0..REPEATS).map(|_| draw(end, COMPARED, rng)).collect() };
    let (data, others) = ([draw_all(0), draw_all(1)], [draw_all(0), draw_all(1)]);
    let floors = [0, 1].map(|end: usize| {
        let pairs = data[end].iter().zip(&others[end]);
        Floor::of(&pairs.map(|(x, y)| energy_distance(x, y)).collect::<Vec<_>>())
    });
    let starts = [draw(0, COMPARED, rng), draw(1, COMPARED, rng)];
    let mut distance = |name: String, which: usize, c: Float, from: usize| {
        let (time, to) = (from as Float..1.0 - from as Float, 1 - from);
        let interpolant = &INTERPOLANT[which];
        let way = trajectory(&bridges.0[which], interpolant, c, &starts[from], time, STEPS, rng);
        let sum: f64 = data[to].iter().map(|x| energy_distance(&way[STEPS].1, x)).sum();
        Distance { name, value: sum / REPEATS as f64, floor: floors[to] }
    };
    let mut rows = vec![distance("no noise ODE".into(), 0, 0.0, 0)];
    let name = |c: Float| if c == 0.0 { "ODE".into() } else { format!("SDE c {c}") };
    rows.extend(DIFFUSIONS.map(|c| distance(format!("noise {}", name(c)), 1, c, 0)));
    rows.extend([0.0, 1.0].map(|c| distance(format!("noise back {}", name(c)), 1, c, 1)));
    rows
}

/// A network, an interpolant, a diffusion: a row of the figures.
const ROWS: [(&str, usize, Float); 3] =
    [("no noise", 0, 0.0), ("noise, ODE", 1, 0.0), ("noise, SDE", 1, 1.0)];

/// Points of the moons on their way, in a row of panels for each of [`ROWS`].
fn on_the_way(bridges: &Bridges, rng: &mut Rng) -> Figure {
    let x_0 = draw(0, SHOWN[0], rng);
    let row = |(name, which, c): (&str, usize, Float)| {
        let (bridge, interpolant) = (&bridges.0[which], &INTERPOLANT[which]);
        let states = trajectory(bridge, interpolant, c, &x_0, 0.0..1.0, STEPS, rng);
        let panel = |i: usize| {
            let (t, x) = &states[i * STEPS / 4];
            let title = if i == 0 { name.to_string() } else { format!("t = {t:.2}") };
            Panel::new(title).scatter(x.rows::<2>(), BLUE.size(1.3).opacity(0.7))
        };
        (0..=4).map(panel).collect::<Vec<_>>()
    };
    let panels: Vec<Panel> = ROWS.into_iter().flat_map(row).collect();
    let title =
        "Two moons on their way to eight Gaussians: without noise, with noise by ODE and SDE";
    Figure::new(title, panels)
        .columns(5)
        .x_range(-REACH, REACH)
        .y_range(-REACH, REACH)
        .equal_aspect()
}

/// The ways of single points, a panel for each of [`ROWS`].
fn ways(bridges: &Bridges, rng: &mut Rng) -> Figure {
    let x_0 = draw(0, SHOWN[1], rng);
    let panel = |(name, which, c): (&str, usize, Float)| {
        let (bridge, interpolant) = (&bridges.0[which], &INTERPOLANT[which]);
        let states = trajectory(bridge, interpolant, c, &x_0, 0.0..1.0, STEPS, rng);
        let every_other = states.iter().step_by(2);
        let rows: Vec<Vec<[f64; 2]>> = every_other.map(|(_, x)| x.rows::<2>()).collect();
        let panel = (0..SHOWN[1]).fold(Panel::new(name), |panel, i| {
            panel.line(rows.iter().map(|x| x[i]), BLUE.size(0.6).opacity(0.5))
        });
        let dot = |style: crate::plot::Style| style.size(1.8).opacity(1.0);
        panel.scatter(rows[0].clone(), dot(GREY)).scatter(rows[STEPS / 2].clone(), dot(BLUE))
    };
    let panels: Vec<Panel> = ROWS.into_iter().map(panel).collect();
    Figure::new("Ways of single points: bent, smoother, and rough", panels)
        .x_range(-REACH, REACH)
        .y_range(-REACH, REACH)
        .equal_aspect()
}

/// The exact p_t over time and place between two mixtures on a line, without noise and with three
/// kinds of it.
fn densities() -> Figure {
    let side = 120;
    let [low, high] = [[0.0, -3.0], [1.0, 3.0]];
    let part = |i: usize| (i as f64 + 0.5) / side as f64;
    let t = Tensor::from_fn(&[side * side, 1], |i| part(i % side) as Float);
    let place = |i: usize| (high[1] - part(i / side) * (high[1] - low[1])) as Float;
    let x = Tensor::from_fn(&[side * side, 1], place);
    let panel = |(name, blend, gamma): (&str, Blend, Gamma)| {
        let from = Mixture::even(vec![vec![-1.2], vec![1.2]], 0.15);
        let to = Mixture::even(vec![vec![-2.0], vec![0.0], vec![2.0]], 0.15);
        let p = Between { interpolant: Interpolant { blend, gamma }, from, to };
        let log_p = p.log_density(&t, &x);
        let shades: Vec<f64> =
            log_p.data().iter().map(|&v| libm::exp(f64::from(v)) / 0.9).collect();
        Panel::new(name).heat(&shades, side, [low, high], BLUE)
    };
    let panels = [
        ("no noise", Blend::Linear, Gamma::None),
        ("γ² = t (1 − t)", Blend::Linear, Gamma::Bridge { a: 1.0 }),
        ("circle", Blend::Trigonometric, Gamma::None),
        ("encode, decode", Blend::EncodingDecoding, Gamma::Sine),
    ];
    let title = "Densities between two mixtures: six thin branches without noise, smooth with it";
    Figure::new(title, panels.map(panel))
        .x_range(low[0], high[0])
        .y_range(low[1], high[1])
        .labels("t", "x")
}

/// The losses at each time: of v, and of η where there is noise.
fn loss_by_time(bridges: &Bridges, rng: &mut Rng) -> Figure {
    let n = 4000;
    let mut lines = [const { vec![] }; 3];
    for i in 0..=40 {
        let time = f64::from(i) / 40.0;
        let [x_0, x_1, z] = [draw(0, n, rng), draw(1, n, rng), rng.normal(&[n, 2])];
        let t = Tensor::full(&[n, 1], time as Float);
        let of = |which: usize| {
            losses(&bridges.0[which].frozen(), &INTERPOLANT[which], [&x_0, &x_1, &z], &t)
                .map(|loss| f64::from(loss.item()))
        };
        let ([plain, _], [noisy, eta]) = (of(0), of(1));
        for (line, loss) in lines.iter_mut().zip([plain, noisy, eta]) {
            line.push([time, loss]);
        }
    }
    let [plain, noisy, eta] = lines;
    let panel = Panel::new("")
        .line(plain, GREY.size(3.0).label("v, no noise"))
        .line(noisy, BLUE.label("v, noise"))
        .line(eta, RED.label("η, noise"));
    Figure::new("The losses at each time", [panel]).y_range(0.0, 16.0).labels("t", "loss")
}
