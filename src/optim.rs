//! Optimizers: from gradients to new parameters, each update equal to PyTorch's of the same name.
//! Clipping, a moving average of weights, and schedules of the learning rate.
//!
//! A training loop with everything:
//!
//! ```
//! use pushforward::nn::{Activation, Mlp, Module};
//! use pushforward::optim::{Adam, Ema, Optimizer, Schedule, clip_by_norm};
//! use pushforward::{checkpoint, grad, random::Rng};
//!
//! let mut rng = Rng::new(0);
//! let mut model = Mlp::new(&[1, 16, 1], Activation::Tanh, &mut rng);
//! let (mut adam, mut ema) = (Adam::new(1e-2), Ema::new(0.99));
//! let schedule = Schedule::cosine(1e-2, 1e-4, 100);
//! for step in 0..100 {
//!     let x = rng.uniform_in(&[32, 1], -1.0, 1.0);
//!     let loss = model.forward(&x).mse(&(&x * 3.0).sin());
//!     let (grads, _norm) = clip_by_norm(&grad(&loss, &model.tensors()), 1.0);
//!     adam.set_lr(schedule.lr(step));
//!     adam.step(&mut model, &grads);
//!     ema.update(&model);
//! }
//! let mut averaged = model.clone();
//! ema.copy_to(&mut averaged);
//! # let path = std::env::temp_dir().join(format!("loop-{}.safetensors", std::process::id()));
//! checkpoint::save(&path, &averaged)?;
//! # std::fs::remove_file(path).unwrap();
//! # Ok::<(), pushforward::Error>(())
//! ```

use crate::kernels::{dispatch, memory};
use crate::nn::Module;
use crate::{Float, Tensor};

/// One update of the parameters of a module. `grads` are in the order of [`Module::parameters`].
pub trait Optimizer {
    /// Replaces the parameters by the next ones.
    ///
    /// # Panics
    /// If the number or the shapes of the gradients differ from those of the parameters.
    #[track_caller]
    fn step(&mut self, model: &mut dyn Module, grads: &[Tensor]);

    /// The learning rate η.
    fn lr(&self) -> f64;

    /// Sets the learning rate, for instance from a [`Schedule`] before each step.
    fn set_lr(&mut self, lr: f64);
}

/// The running averages an optimizer keeps for each parameter, zeros before the first step.
type State = Vec<Vec<Float>>;

/// Calls `update(i, new, parameter, gradient)` with the numbers of each parameter, for `new` to be
/// written, and makes of it a new variable. The old numbers belong to the graph of the loss.
#[track_caller]
fn update_each(
    model: &mut dyn Module,
    grads: &[Tensor],
    mut update: impl FnMut(usize, &mut [Float], &[Float], &[Float]),
) {
    let parameters = model.parameters_mut();
    assert!(
        parameters.len() == grads.len(),
        "step: {} gradients for {} parameters; pass grad(&loss, &model.tensors())",
        grads.len(),
        parameters.len()
    );
    for ((name, parameter), grad) in parameters.iter().zip(grads) {
        assert!(
            parameter.shape() == grad.shape(),
            "step: parameter `{name}` has shape {:?}, its gradient {:?}",
            parameter.shape(),
            grad.shape()
        );
    }
    for (i, ((_, parameter), grad)) in parameters.into_iter().zip(grads).enumerate() {
        let mut numbers = memory::take(parameter.len());
        update(i, &mut numbers, parameter.data(), grad.data());
        *parameter = Tensor::new(parameter.shape(), numbers).variable();
    }
}

/// The state of parameter i, made when it is first asked for.
fn slot(state: &mut State, i: usize, len: usize) -> &mut [Float] {
    if state.len() <= i {
        state.resize(i + 1, Vec::new());
    }
    state[i].resize(len, 0.0);
    &mut state[i]
}

/// Stochastic gradient descent: b ← μ b + g, then p ← p − η b, or with Nesterov p ← p − η (g + μ
/// b).
///
/// `weight_decay` adds λ p to g. The first b is g (as in PyTorch).
#[derive(Clone, Debug)]
pub struct Sgd {
    /// η.
    pub lr: f64,
    /// μ.
    pub momentum: f64,
    /// Whether the step looks ahead (Nesterov 1983; Sutskever et al. 2013).
    pub nesterov: bool,
    /// λ.
    pub weight_decay: f64,
    velocity: State,
}

impl Sgd {
    /// Without momentum or decay; set the fields for those.
    pub fn new(lr: f64) -> Sgd {
        Sgd { lr, momentum: 0.0, nesterov: false, weight_decay: 0.0, velocity: vec![] }
    }
}

impl Optimizer for Sgd {
    #[track_caller]
    fn step(&mut self, model: &mut dyn Module, grads: &[Tensor]) {
        let [lr, mu, decay] = [self.lr, self.momentum, self.weight_decay].map(|v| v as Float);
        let (nesterov, velocity) = (self.nesterov, &mut self.velocity);
        update_each(model, grads, |i, new, p, g| {
            let b = slot(velocity, i, p.len());
            for (((new, &p), &g), b) in new.iter_mut().zip(p).zip(g).zip(b) {
                let g = g + decay * p;
                *b = mu * *b + g; // b starts at 0, so the first b is g
                *new = p - lr * if nesterov { g + mu * *b } else { *b };
            }
        });
    }

    fn lr(&self) -> f64 {
        self.lr
    }

    fn set_lr(&mut self, lr: f64) {
        self.lr = lr;
    }
}

/// Adam (Kingma & Ba 2015, algorithm 1) and, with decoupled decay, AdamW (Loshchilov & Hutter
/// 2019):
///
/// m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g²,
/// p ← p − η m̂ / (√v̂ + ε), with m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ).
#[derive(Clone, Debug)]
pub struct Adam {
    /// η.
    pub lr: f64,
    /// β₁, β₂.
    pub betas: [f64; 2],
    /// ε.
    pub eps: f64,
    /// λ: added to the gradient as λ p, or, if `decoupled`, p ← (1 − η λ) p before the step.
    pub weight_decay: f64,
    /// Adam if false, AdamW if true.
    pub decoupled: bool,
    /// t, the steps taken.
    steps: u64,
    m: State,
    v: State,
}

impl Adam {
    /// β = (0.9, 0.999), ε = 1e-8, no decay.
    pub fn new(lr: f64) -> Adam {
        Adam {
            lr,
            betas: [0.9, 0.999],
            eps: 1e-8,
            weight_decay: 0.0,
            decoupled: false,
            steps: 0,
            m: vec![],
            v: vec![],
        }
    }

    /// AdamW: [`Adam::new`] with decoupled weight decay λ (PyTorch's default is 0.01).
    pub fn decoupled(lr: f64, weight_decay: f64) -> Adam {
        Adam { weight_decay, decoupled: true, ..Adam::new(lr) }
    }

    /// t and the averages m, v of every parameter: with the weights, all that the next step depends
    /// on.
    pub fn state(&self) -> (u64, Vec<(String, Tensor)>) {
        let averages = [("m", &self.m), ("v", &self.v)].into_iter();
        let named = averages.flat_map(|(name, state)| {
            let tensors = state.iter().map(|numbers| Tensor::from(numbers.clone()));
            tensors.enumerate().map(move |(i, tensor)| (format!("{name}.{i}"), tensor))
        });
        (self.steps, named.collect())
    }

    /// Takes up a [`state`](Adam::state) again; tensors of other names are passed over.
    pub fn set_state(&mut self, steps: u64, tensors: &[(String, Tensor)]) {
        self.steps = steps;
        for (name, state) in [("m", &mut self.m), ("v", &mut self.v)] {
            let find = |i: usize| tensors.iter().find(|(known, _)| *known == format!("{name}.{i}"));
            *state = (0..).map_while(find).map(|(_, tensor)| tensor.to_vec()).collect();
        }
    }
}

impl Optimizer for Adam {
    #[track_caller]
    fn step(&mut self, model: &mut dyn Module, grads: &[Tensor]) {
        self.steps += 1;
        let powers = self.betas.map(|beta| libm::pow(beta, self.steps as f64));
        let [beta_1, beta_2] = self.betas.map(|beta| beta as Float);
        let [gain_1, gain_2] = self.betas.map(|beta| (1.0 - beta) as Float);
        let rate = (self.lr / (1.0 - powers[0])) as Float;
        let root = (1.0 / (1.0 - powers[1]).sqrt()) as Float;
        let (eps, decay) = (self.eps as Float, self.weight_decay as Float);
        let added = if self.decoupled { 0.0 } else { decay };
        let kept = if self.decoupled { (1.0 - self.lr * self.weight_decay) as Float } else { 1.0 };
        let (m, v) = (&mut self.m, &mut self.v);
        update_each(model, grads, |i, new, p, g| {
            let (m, v) = (slot(m, i, p.len()), slot(v, i, p.len()));
            dispatch(
                #[inline(always)]
                move || {
                    for ((((new, &p), &g), m), v) in new.iter_mut().zip(p).zip(g).zip(m).zip(v) {
                        let g = g + added * p;
                        *m = beta_1 * *m + gain_1 * g;
                        *v = beta_2 * *v + gain_2 * g * g;
                        *new = kept * p - rate * *m / (v.sqrt() * root + eps);
                    }
                },
            );
        });
    }

    fn lr(&self) -> f64 {
        self.lr
    }

    fn set_lr(&mut self, lr: f64) {
        self.lr = lr;
    }
}

/// RMSprop (Hinton 2012): v ← α v + (1 − α) g², p ← p − η g / (√v + ε).
///
/// `centered` subtracts the square of the running mean of g from v (Graves 2013); `momentum`
/// accumulates the step.
#[derive(Clone, Debug)]
pub struct RmsProp {
    /// η.
    pub lr: f64,
    /// α.
    pub alpha: f64,
    /// ε.
    pub eps: f64,
    /// μ.
    pub momentum: f64,
    /// Divide by the standard deviation instead of the root mean square.
    pub centered: bool,
    v: State,
    mean: State,
    velocity: State,
}

impl RmsProp {
    /// α = 0.99, ε = 1e-8, no momentum, not centered.
    pub fn new(lr: f64) -> RmsProp {
        let [v, mean, velocity] = [const { vec![] }; 3];
        RmsProp { lr, alpha: 0.99, eps: 1e-8, momentum: 0.0, centered: false, v, mean, velocity }
    }
}

impl Optimizer for RmsProp {
    #[track_caller]
    fn step(&mut self, model: &mut dyn Module, grads: &[Tensor]) {
        let [lr, alpha, eps, mu] =
            [self.lr, self.alpha, self.eps, self.momentum].map(|v| v as Float);
        let gain = (1.0 - self.alpha) as Float;
        let centered = self.centered;
        let (v, mean, velocity) = (&mut self.v, &mut self.mean, &mut self.velocity);
        update_each(model, grads, |i, new, p, g| {
            let (v, mean) = (slot(v, i, p.len()), slot(mean, i, p.len()));
            let velocity = slot(velocity, i, p.len());
            for (k, ((new, &p), &g)) in new.iter_mut().zip(p).zip(g).enumerate() {
                v[k] = alpha * v[k] + gain * g * g;
                mean[k] = alpha * mean[k] + gain * g;
                let spread = if centered { v[k] - mean[k] * mean[k] } else { v[k] };
                let root = spread.max(0.0).sqrt(); // v − mean² may round below 0
                velocity[k] = mu * velocity[k] + g / (root + eps);
                *new = p - lr * velocity[k];
            }
        });
    }

    fn lr(&self) -> f64 {
        self.lr
    }

    fn set_lr(&mut self, lr: f64) {
        self.lr = lr;
    }
}

/// Scales the gradients so that their joint norm is at most `max_norm` (Pascanu et al. 2013);
/// returns them and the norm before. The factor is min(1, max_norm / (norm + 10⁻⁶)), PyTorch's.
///
/// # Panics
/// Unless `max_norm` is positive.
#[track_caller]
pub fn clip_by_norm(grads: &[Tensor], max_norm: Float) -> (Vec<Tensor>, Float) {
    assert!(max_norm > 0.0, "clip_by_norm: the bound {max_norm} must be positive");
    let squares = grads.iter().map(|g| g.detach().square().sum(..)).sum::<Tensor>();
    let norm = squares.item().sqrt();
    let factor = max_norm / (norm + 1e-6);
    let factor = if factor > 1.0 { 1.0 } else { factor }; // NaN stays: it must not be hidden
    (grads.iter().map(|g| g * factor).collect(), norm)
}

/// An exponential moving average of weights: the first [`update`](Ema::update) copies them, each
/// later one does a ← decay a + (1 − decay) p.
#[derive(Clone, Debug)]
pub struct Ema {
    decay: Float,
    averages: Vec<Tensor>,
}

impl Ema {
    /// An average of nothing yet.
    ///
    /// # Panics
    /// Unless `decay` lies in [0, 1].
    #[track_caller]
    pub fn new(decay: Float) -> Ema {
        assert!((0.0..=1.0).contains(&decay), "Ema::new: the decay {decay} must lie in [0, 1]");
        Ema { decay, averages: vec![] }
    }

    /// Takes in the present weights of a model, always the same one.
    ///
    /// # Panics
    /// If their shapes differ from those of earlier calls.
    #[track_caller]
    pub fn update(&mut self, model: &(impl Module + ?Sized)) {
        let weights = model.tensors();
        if self.averages.is_empty() {
            self.averages = weights.iter().map(|p| p.detach()).collect();
            return;
        }
        assert_same_shapes("update", &self.averages, &weights);
        for (average, p) in self.averages.iter_mut().zip(weights) {
            *average = &*average * self.decay + p.detach() * (1.0 - self.decay);
        }
    }

    /// Gives a model the averaged weights.
    ///
    /// # Panics
    /// If the model is not the one that [`update`](Ema::update) was called with.
    #[track_caller]
    pub fn copy_to(&self, model: &mut impl Module) {
        assert_same_shapes("copy_to", &self.averages, &model.tensors());
        for ((_, p), average) in model.parameters_mut().into_iter().zip(&self.averages) {
            *p = average.variable();
        }
    }
}

#[track_caller]
fn assert_same_shapes(name: &str, averages: &[Tensor], weights: &[&Tensor]) {
    let ours: Vec<&[usize]> = averages.iter().map(Tensor::shape).collect();
    let theirs: Vec<&[usize]> = weights.iter().map(|p| p.shape()).collect();
    assert!(
        ours == theirs,
        "Ema::{name}: the averages have shapes {ours:?}, the model {theirs:?}; call update with this \
         model first"
    );
}

/// The learning rate as a function of the step: a warm-up, then constant or a cosine.
///
/// ```
/// use pushforward::optim::Schedule;
/// let schedule = Schedule::cosine(1e-2, 1e-4, 1000).with_warm_up(100, 0.1);
/// assert_eq!(schedule.lr(0), 1e-3);
/// assert_eq!(schedule.lr(100), 1e-2);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    base: f64,
    end: f64,
    /// Steps from `base` to `end`; 0 for a constant rate.
    steps: usize,
    warm_up: usize,
    start_factor: f64,
}

impl Schedule {
    /// Always `lr`.
    pub fn constant(lr: f64) -> Schedule {
        Schedule::cosine(lr, lr, 0)
    }

    /// From `base` to `end` along half a cosine in `steps` steps (Loshchilov & Hutter 2017, eq. 5):
    /// end + (base − end)(1 + cos(π k / steps)) / 2; then `end`.
    pub fn cosine(base: f64, end: f64, steps: usize) -> Schedule {
        Schedule { base, end, steps, warm_up: 0, start_factor: 1.0 }
    }

    /// Before that, `steps` steps in which the rate grows linearly from `start_factor` times the
    /// base.
    pub fn with_warm_up(self, steps: usize, start_factor: f64) -> Schedule {
        Schedule { warm_up: steps, start_factor, ..self }
    }

    /// The rate of step `step`, counted from 0.
    pub fn lr(&self, step: usize) -> f64 {
        if step < self.warm_up {
            let progress = step as f64 / self.warm_up as f64;
            return self.base * (self.start_factor + (1.0 - self.start_factor) * progress);
        }
        if step - self.warm_up >= self.steps {
            return self.end;
        }
        let progress = (step - self.warm_up) as f64 / self.steps as f64;
        let cosine = libm::cos(std::f64::consts::PI * progress);
        self.end + (self.base - self.end) * (1.0 + cosine) / 2.0
    }
}
