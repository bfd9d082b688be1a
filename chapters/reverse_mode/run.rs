//! A gradient compared with differences, and flow matching on the chapter's engine beside the crate's.

use super::engine::{OURS, step};
use super::{Node, Op, backward, central_difference, forward};
use crate::chapters::flow_matching::path::Path;
use crate::chapters::flow_matching::{Velocity, cfm_loss};
use crate::data::make_moons;
use crate::experiment::{
    Event, Experiment, Report, Settings, save_figures, save_metrics, tail_mean,
};
use crate::nn::Module;
use crate::optim::{Adam, Optimizer};
use crate::plot::{BLUE, Figure, GREEN, Panel, RED};
use crate::random::Rng;
use crate::{Float, Result, Tensor, grad};
use serde_json::json;

/// Differences of all sizes of h, and two engines on the same numbers.
pub const REVERSE_MODE: Experiment = Experiment {
    name: "reverse-mode",
    about: "a gradient beside differences, and flow matching on an engine of two hundred lines",
    steps: 1000,
    batch: 256,
    lr: 1e-2,
    images: false,
    run,
};

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare()?;
    let checked = Checked::new();
    let ours = losses(settings, &mut |u, adam, batch| step(&OURS, u, adam, batch), watch);
    watch(Event::Stage("the same with the crate's engine"));
    let theirs = losses(settings, &mut of_the_crate, &mut |_| {});
    let apart: Vec<f64> = ours.iter().zip(&theirs).map(|(a, b)| (a - b).abs()).collect();
    let most = apart.iter().fold(0.0, |a: f64, &b| a.max(b));
    let last = ours.len().min(100);
    let [loss, reference] = [&ours, &theirs].map(|losses| tail_mean(losses, last));
    let mut rows = checked.rows();
    rows.extend([
        [
            "loss".into(),
            format!("{loss:.4}"),
            format!("mean of the last {last} steps, this engine"),
        ],
        ["loss of the crate".into(), format!("{reference:.4}"), "the same on the crate's".into()],
        [
            "apart".into(),
            format!("{most:.1e}"),
            "largest difference of the two losses in a step".into(),
        ],
    ]);
    let metrics = json!({
        "experiment": REVERSE_MODE.name, "settings": settings.json(), "errors": checked.errors,
        "final_loss": loss, "final_loss_of_the_crate": reference, "apart": most,
    });
    let figures = vec![("figure", checked.figure()), ("engine", beside(&ours, &theirs, &apart))];
    let mut files = save_figures(settings, &figures)?;
    files.extend(save_metrics(settings, &metrics, None)?);
    Ok(Report { rows, times: vec![], figures, files, losses: ours })
}

// ANCHOR: example
/// y = tanh(x²) eˣ as a program: every line names an operation and the lines that it needs.
fn program() -> [(Op, Vec<usize>); 5] {
    [
        (Op::Variable, vec![]),
        (Op::Mul, vec![0, 0]),
        (Op::Tanh, vec![1]),
        (Op::Exp, vec![0]),
        (Op::Mul, vec![2, 3]),
    ]
}

fn slope_by_graph(x: Float) -> Float {
    let values = forward(&program(), &[x]);
    let node = |((op, inputs), value)| Node { op, inputs, value };
    let graph: Vec<_> = program().into_iter().zip(values).map(node).collect();
    backward(&graph, 4)[0]
}
// ANCHOR_END: example

/// The same slope in float64, by the rules of a first course.
fn slope_by_hand(x: f64) -> f64 {
    let y = libm::tanh(x * x);
    (2.0 * x * (1.0 - y * y) + y) * libm::exp(x)
}

/// Errors of slopes at one place.
struct Checked {
    /// h, and the errors of the difference to one side and to both.
    errors: Vec<[f64; 3]>,
    /// The error of the walk backwards.
    backward: f64,
}

impl Checked {
    fn new() -> Checked {
        let x: Float = 0.7;
        let exact = slope_by_hand(f64::from(x));
        let error = |slope: Float| (f64::from(slope) - exact).abs();
        let f = |x: Float| forward(&program(), &[x])[4];
        let errors = (0..=40).map(|i| {
            let h = libm::pow(10.0, -6.0 + 0.15 * f64::from(i)) as Float;
            let one_sided = (f(x + h) - f(x)) / h;
            [f64::from(h), error(one_sided), error(central_difference(&f, x, h))]
        });
        Checked { errors: errors.collect(), backward: error(slope_by_graph(x)) }
    }

    fn rows(&self) -> Vec<[String; 3]> {
        let least = |which: usize| {
            let by_error = |a: &&[f64; 3], b: &&[f64; 3]| a[which].total_cmp(&b[which]);
            self.errors.iter().min_by(by_error).expect("there are some")
        };
        let row = |name: &str, which: usize| {
            let best = least(which);
            let remark = format!("least error, at h = {:.1e}", best[0]);
            [name.to_string(), format!("{:.1e}", best[which]), remark]
        };
        let backward = [
            "walk backwards".into(),
            format!("{:.1e}", self.backward),
            "error; of a slope of about 3, in float32".into(),
        ];
        vec![row("difference to one side", 1), row("difference to both", 2), backward]
    }

    fn figure(&self) -> Figure {
        let line = |which: usize| -> Vec<[f64; 2]> {
            // an error of exactly 0 has no place on this axis
            self.errors.iter().map(|e| [e[0], e[which].max(1e-9)]).collect()
        };
        let ends = [self.errors[0][0], self.errors[self.errors.len() - 1][0]];
        let panel = Panel::new("")
            .line(line(1), RED.label("difference to one side"))
            .line(line(2), BLUE.label("difference to both"))
            .line(ends.map(|h| [h, self.backward.max(1e-9)]), GREEN.label("walk backwards"));
        Figure::new("The error of a slope, in float32", [panel])
            .log_x()
            .log_y()
            .labels("h", "error")
    }
}

/// A step of training: the network, its optimizer, and x₀, x₁, t.
type Step<'a> = &'a mut dyn FnMut(&mut Velocity, &mut Adam, [&Tensor; 3]) -> Tensor;

fn of_the_crate(u: &mut Velocity, adam: &mut Adam, [x_0, x_1, t]: [&Tensor; 3]) -> Tensor {
    let loss = cfm_loss(u, &Path::Linear, x_0, x_1, t);
    let gradients = grad(&loss, &u.tensors());
    adam.step(u, &gradients);
    loss
}

/// The loss of each step of a training, from the same first weights on the same batches.
fn losses(settings: &Settings, step: Step, watch: &mut dyn FnMut(Event)) -> Vec<f64> {
    let mut rng = Rng::new(settings.seed);
    let mut u = Velocity::new(2, 64, &mut rng);
    let mut adam = Adam::new(settings.lr);
    let n = settings.batch;
    let one = |i: usize| {
        let x_1 = make_moons(n, 0.05, &mut rng);
        let (x_0, t) = (rng.normal(&[n, 2]), rng.uniform(&[n, 1]));
        let loss = f64::from(step(&mut u, &mut adam, [&x_0, &x_1, &t]).item());
        watch(Event::Step { step: i, loss });
        loss
    };
    (1..=settings.steps).map(one).collect()
}

/// Both losses, and how far they have been apart so far.
fn beside(ours: &[f64], theirs: &[f64], apart: &[f64]) -> Figure {
    let line = |values: &[f64]| -> Vec<[f64; 2]> {
        let numbered = values.iter().enumerate();
        numbered.map(|(i, &value)| [(i + 1) as f64, value]).collect()
    };
    let so_far = |most: &mut f64, &apart: &f64| {
        *most = most.max(apart);
        Some(*most)
    };
    let apart: Vec<f64> = apart.iter().scan(1e-9, so_far).collect();
    let panel = Panel::new("")
        .line(line(theirs), RED.size(4.0).opacity(0.4).label("loss, the crate's engine"))
        .line(line(ours), BLUE.size(1.2).label("loss, this engine"))
        .line(line(&apart), GREEN.size(1.2).label("largest difference so far"));
    Figure::new("Flow matching on two engines", [panel]).log_x().log_y().labels("step", "")
}
