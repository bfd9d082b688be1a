//! The first network, its weights on their way out: as a file for other frameworks, and with fewer bits.

use super::{from_bf16, quantised, to_bf16};
use crate::chapters::flow_matching::path::Path;
use crate::chapters::flow_matching::{Velocity, cfm_loss, sample};
use crate::checkpoint::{save, save_tensors};
use crate::data::{Law, Moons, make_moons};
use crate::experiment::{Event, Experiment, Report, Settings, Training};
use crate::experiment::{loss_row, save_figures, save_metrics};
use crate::metrics::energy_distance;
use crate::nn::Module;
use crate::optim::{Adam, Optimizer};
use crate::plot::{BLUE, Figure, Panel};
use crate::random::Rng;
use crate::{Float, Result, Tensor, grad};
use serde_json::json;

/// Two moons with weights of fewer and fewer bits, and a file of what others are to find.
pub const BRIDGE: Experiment = Experiment {
    name: "bridge",
    about: "a network for PyTorch and candle to open; its weights with 16 to 2 bits",
    steps: 3000,
    batch: 256,
    lr: 1e-2,
    images: false,
    run,
};

/// Points that are carried, and those in the figure.
const POINTS: usize = 2000;
const SHOWN: usize = 500;

/// Midpoint steps.
const SAMPLE_STEPS: usize = 8;

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare()?;
    let mut rng = Rng::new(settings.seed);
    let mut measuring = rng.split();
    let mut u = Velocity::new(2, 64, &mut rng);
    let mut training = Training::new(BRIDGE.name, settings, watch);
    train(&mut u, settings, &mut training, &mut rng)?;

    training.stage("rounding weights");
    let x_0 = measuring.normal(&[POINTS, 2]);
    let t = measuring.uniform(&[POINTS, 1]);
    let fresh = Moons { noise: 0.05 }.sample(POINTS, &mut measuring);
    let versions: Vec<Version> =
        FORMATS.iter().map(|format| Version::of(format, &u, &t, &x_0, &fresh)).collect();

    let mut rows = vec![loss_row(&training.losses, 4)];
    rows.extend(versions.iter().flat_map(Version::rows));
    let panels = versions.iter().map(|version| {
        let shown = version.samples.slice(0, 0..SHOWN);
        Panel::new(version.name).scatter(shown.rows::<2>(), BLUE)
    });
    let title = "Two moons by one network, its weights rounded to fewer bits";
    let figure = Figure::new(title, panels).columns(3).x_range(-1.5, 2.5).y_range(-1.0, 1.5).bare();
    let figures = vec![("figure", figure)];
    let metrics = json!({
        "experiment": BRIDGE.name, "settings": settings.json(),
        "apart": versions.iter().map(|v| v.apart).collect::<Vec<_>>(),
        "energy_distance": versions.iter().map(|v| v.distance).collect::<Vec<_>>(),
    });
    let mut files = save_figures(settings, &figures)?;
    files.extend(save_metrics(settings, &metrics, None)?);
    let [model, points] =
        ["model", "points"].map(|n| settings.out.join(format!("{n}.safetensors")));
    let velocity = u.forward(&t, &x_0).detach();
    let named = [("t", &t), ("x_0", &x_0), ("u", &velocity), ("x_1", &versions[0].samples)];
    save(&model, &u)?;
    save_tensors(&points, &named.map(|(name, x)| (name.to_string(), x)), "")?;
    files.extend([model, points]);
    training.complete();
    Ok(Report { rows, times: vec![], figures, files, losses: training.losses })
}

fn train(
    u: &mut Velocity,
    settings: &Settings,
    training: &mut Training,
    rng: &mut Rng,
) -> Result<()> {
    let mut adam = Adam::new(settings.lr);
    for _ in training.resume(&mut [(u, &mut adam)], rng)? {
        let x_1 = make_moons(settings.batch, 0.05, rng);
        let x_0 = rng.normal(&[settings.batch, 2]);
        let t = rng.uniform(&[settings.batch, 1]);
        let loss = cfm_loss(u, &Path::Linear, &x_0, &x_1, &t);
        let gradients = grad(&loss, &u.tensors());
        adam.step(u, &gradients);
        training.step_done(&loss, &[(u, &adam)], rng)?;
    }
    Ok(())
}

/// A name and what becomes of a weight.
type Format = (&'static str, fn(&Tensor) -> Tensor);

const FORMATS: [Format; 6] = [
    ("float32", Tensor::clone),
    ("bfloat16", |w| {
        let rounded = |&w: &Float| f64::from(from_bf16(to_bf16(f64::from(w) as f32))) as Float;
        Tensor::new(w.shape(), w.data().iter().map(rounded).collect::<Vec<_>>())
    }),
    ("int8", |w| matrix(w, 8)),
    ("int4", |w| matrix(w, 4)),
    ("int3", |w| matrix(w, 3)),
    ("int2", |w| matrix(w, 2)),
];

/// Matrices on grids; biases, few beside them, as they are.
fn matrix(w: &Tensor, bits: u32) -> Tensor {
    if w.rank() == 2 { quantised(w, bits) } else { w.clone() }
}

/// The network with rounded weights, and what it does.
struct Version {
    name: &'static str,
    /// The largest difference of its velocities from those of the network.
    apart: f64,
    samples: Tensor,
    /// D² of its samples from fresh data.
    distance: f64,
}

impl Version {
    fn of(
        &(name, format): &Format,
        u: &Velocity,
        t: &Tensor,
        x_0: &Tensor,
        fresh: &Tensor,
    ) -> Version {
        let mut rounded = u.clone();
        for (_, w) in rounded.parameters_mut() {
            *w = format(&w.detach());
        }
        let apart = (rounded.forward(t, x_0) - u.forward(t, x_0)).abs().max(..).item();
        let samples = sample(&rounded, x_0, SAMPLE_STEPS);
        let distance = energy_distance(&samples, fresh);
        Version { name, apart: f64::from(apart), samples, distance }
    }

    fn rows(&self) -> Vec<[String; 3]> {
        let mut rows = vec![];
        if self.name != FORMATS[0].0 {
            let what = "largest difference of a velocity from that of float32".to_string();
            rows.push([format!("{}, u", self.name), format!("{:.4}", self.apart), what]);
        }
        let what = "energy distance of the samples from fresh data".to_string();
        rows.push([format!("{}, D²", self.name), format!("{:.4}", self.distance), what]);
        rows
    }
}
