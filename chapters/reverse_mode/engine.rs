//! Flow matching on an engine made of functions that are given: the first chapter's network, data, loss and
//! measurements; every number of the training comes from the engine.

use super::{ArrayOp, Arrays, Node, array_backward};
use crate::chapters::flow_matching::Velocity;
use crate::chapters::flow_matching::run::{self, Target};
use crate::chapters::networks::adam;
use crate::chapters::tensors::{Array, matmul, zip_with};
use crate::data::make_moons;
use crate::experiment::{Event, Experiment, Report, Settings, Training};
use crate::nn::Module;
use crate::optim::Adam;
use crate::random::Rng;
use crate::{Float, Result, Tensor};

// ANCHOR: engine
/// What a training needs. Everything else is made of these.
#[derive(Clone, Copy)]
pub struct Engine {
    /// f(a, b), number by number, of arrays that are broadcast.
    pub zip_with: ZipRule,
    /// The product of matrices.
    pub matmul: fn(&Array, &Array) -> Array,
    /// ∂root/∂node of a graph.
    pub backward: fn(&Arrays, usize) -> Vec<Option<Array>>,
    /// A step of Adam for a single number.
    pub adam: AdamRule,
}
// ANCHOR_END: engine

/// (f, a, b) → f(a, b), number by number.
pub type ZipRule = fn(fn(Float, Float) -> Float, &Array, &Array) -> Array;

/// (p, g, [m, v], t, η) → p and [m, v] after the step, of which t = 1 is the first.
pub type AdamRule = fn(Float, Float, [Float; 2], usize, Float) -> (Float, [Float; 2]);

/// The engine of these chapters.
pub const OURS: Engine = Engine { zip_with, matmul, backward: array_backward, adam };

// ANCHOR: tape
/// A graph that grows as it is computed.
struct Tape<'a> {
    engine: &'a Engine,
    nodes: Vec<Node<ArrayOp, Array>>,
}

impl Tape<'_> {
    fn variable(&mut self, value: Array) -> usize {
        self.push(ArrayOp::Variable, &[], value)
    }

    fn apply(&mut self, op: ArrayOp, inputs: &[usize]) -> usize {
        let x: Vec<&Array> = inputs.iter().map(|&input| &self.nodes[input].value).collect();
        let value = match op {
            ArrayOp::Add => (self.engine.zip_with)(|a, b| a + b, x[0], x[1]),
            ArrayOp::Sub => (self.engine.zip_with)(|a, b| a - b, x[0], x[1]),
            ArrayOp::Mul => (self.engine.zip_with)(|a, b| a * b, x[0], x[1]),
            ArrayOp::Matmul => (self.engine.matmul)(x[0], x[1]),
            _ => super::apply(op, &x),
        };
        self.push(op, inputs, value)
    }

    fn push(&mut self, op: ArrayOp, inputs: &[usize], value: Array) -> usize {
        self.nodes.push(Node { op, inputs: inputs.to_vec(), value });
        self.nodes.len() - 1
    }
}
// ANCHOR_END: tape

/// A weight as x W wants it, `[inputs, outputs]`; or a gradient back to where the weights are.
fn turned(p: &Tensor) -> Tensor {
    if p.rank() == 2 { p.t() } else { p.clone() }
}

// ANCHOR: loss
/// The mean of (u(t, x_t) − (x₁ − x₀))² and its gradients for every parameter, by the engine.
///
/// # Panics
/// If the engine's shapes do not fit.
pub fn loss_and_gradients(
    engine: &Engine,
    u: &Velocity,
    [x_0, x_1, t]: [&Tensor; 3],
) -> (Tensor, Vec<Tensor>) {
    let mut tape = Tape { engine, nodes: vec![] };
    let places: Vec<usize> =
        u.tensors().into_iter().map(|p| tape.variable(Array::of(&turned(p)))).collect();
    let x_t = (1.0 - t) * x_0 + t * x_1;
    let mut x = tape.variable(Array::of(&Tensor::concat(&[t, &x_t], 1)));
    for (layer, pair) in places.chunks(2).enumerate() {
        if layer > 0 {
            x = tape.apply(ArrayOp::Elu, &[x]);
        }
        let product = tape.apply(ArrayOp::Matmul, &[x, pair[0]]);
        x = tape.apply(ArrayOp::Add, &[product, pair[1]]);
    }
    let due = tape.variable(Array::of(&(x_1 - x_0)));
    let error = tape.apply(ArrayOp::Sub, &[x, due]);
    let square = tape.apply(ArrayOp::Mul, &[error, error]);
    let loss = tape.apply(ArrayOp::Mean, &[square]);
    let gradients = (engine.backward)(&tape.nodes, loss);
    let gradient = |place: usize| {
        let g = gradients[place].as_ref().expect("the loss depends on every parameter");
        turned(&g.tensor())
    };
    (tape.nodes[loss].value.tensor(), places.into_iter().map(gradient).collect())
}
// ANCHOR_END: loss

/// A step of every number of every parameter. The averages are kept in the crate's optimizer, which a run that
/// is interrupted writes to a file.
fn update(engine: &Engine, u: &mut Velocity, adam: &mut Adam, gradients: &[Tensor]) {
    let (steps, mut averages) = adam.state();
    if averages.is_empty() {
        let zeros = |p: &&Tensor| Tensor::zeros(p.shape()).reshape(&[p.len()]);
        let zeros: Vec<Tensor> = u.tensors().iter().map(zeros).collect();
        let named = |name: &'static str| {
            let zeros = zeros.clone().into_iter().enumerate();
            zeros.map(move |(i, zero)| (format!("{name}.{i}"), zero))
        };
        averages = named("m").chain(named("v")).collect();
    }
    let (t, lr, count) = (steps as usize + 1, adam.lr as Float, gradients.len());
    for (i, (_, p)) in u.parameters_mut().into_iter().enumerate() {
        let mut numbers =
            [p, &gradients[i], &averages[i].1, &averages[count + i].1].map(Tensor::to_vec);
        for k in 0..numbers[0].len() {
            let [p, g, m, v] = [0, 1, 2, 3].map(|which| numbers[which][k]);
            let (p, [m, v]) = (engine.adam)(p, g, [m, v], t, lr);
            (numbers[0][k], numbers[2][k], numbers[3][k]) = (p, m, v);
        }
        let [next, _, m, v] = numbers;
        *p = Tensor::new(p.shape(), next).variable();
        averages[i].1 = Tensor::from(m);
        averages[count + i].1 = Tensor::from(v);
    }
    adam.set_state(steps + 1, &averages);
}

/// A step of training by the engine; the loss before it.
///
/// # Panics
/// If the engine's shapes do not fit.
pub fn step(engine: &Engine, u: &mut Velocity, adam: &mut Adam, batch: [&Tensor; 3]) -> Tensor {
    let (loss, gradients) = loss_and_gradients(engine, u, batch);
    update(engine, u, adam, &gradients);
    loss
}

// ANCHOR: train
/// The first chapter's training with the engine in the place of the crate's: the same seeds, so the same first
/// weights, noise and data.
fn train(
    engine: &Engine,
    u: &mut Velocity,
    settings: &Settings,
    training: &mut Training,
    rng: &mut Rng,
) -> Result<usize> {
    let n = settings.batch;
    let mut adam = Adam::new(settings.lr);
    let steps = training.resume(&mut [(u, &mut adam)], rng)?;
    let to_do = steps.clone().count();
    for _ in steps {
        let x_1 = make_moons(n, 0.05, rng);
        let (x_0, t) = (rng.normal(&[n, 2]), rng.uniform(&[n, 1]));
        let loss = step(engine, u, &mut adam, [&x_0, &x_1, &t]);
        training.step_done(&loss, &[(u, &adam)], rng)?;
    }
    Ok(to_do)
}
// ANCHOR_END: train

/// `flow-matching` with another engine: the settings, the files and the report are those of the first chapter.
pub const ENGINE: Experiment = Experiment {
    name: "engine",
    about: "flow matching on two moons by the arrays and graphs of these chapters",
    run: |settings, watch| run_on(&OURS, settings, watch),
    ..run::MOONS
};

/// Trains, measures, draws and writes as `flow-matching` does, on an engine.
///
/// # Errors
/// If a setting is out of range, a file cannot be written, or the loss is no longer finite.
///
/// # Panics
/// If the engine's shapes do not fit.
pub fn run_on(
    engine: &Engine,
    settings: &Settings,
    watch: &mut dyn FnMut(Event),
) -> Result<Report> {
    let train = |u: &mut Velocity,
                 _: &Target,
                 settings: &Settings,
                 training: &mut Training,
                 rng: &mut Rng| { train(engine, u, settings, training, rng) };
    run::moons_by(&ENGINE, &train, settings, watch)
}
