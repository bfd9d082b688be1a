//! Generative adversarial networks: a generator makes points from noise, a discriminator tells them
//! from data, and each learns from the other (Goodfellow et al. 2014).
//!
//! Here are the two networks, what each wants ([`Objective`]), what keeps the discriminator smooth
//! ([`Penalty`]), and the algorithm ([`Gan::round`]); in [`oracle`] what a perfect discriminator
//! would say and how many modes are covered, in `run_line` and its like the experiments.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | z | `z` | noise, N(0, I), `[n, m]` |
//! | x ~ q | `x` | data, `[n, d]` |
//! | G(z) | [`Generator`], `fake` | a point made from noise; its law is p_G |
//! | a(x) | [`Discriminator`] | a logit, `[n, 1]`; large where x looks like data |
//! | D(x) = σ(a(x)) | | the probability, so D says, that x is data |
//! | V(D, G) | [`value`] | what D wants large and G small |
//! | k | [`Rules::k`] | steps of D to one step of G |
//! | x̂ | [`gradient_penalty`] | a point between one of the data and one of G |

pub mod checks;
mod measure;
pub mod oracle;
pub mod run_collapse;
pub mod run_digits;
pub mod run_eight;
pub mod run_line;
pub mod run_two_numbers;
mod train;

use crate::nn::{Activation, Mlp, Module, prefixed};
use crate::optim::{Adam, Optimizer};
use crate::random::Rng;
use crate::{Float, Tensor, grad, grad_graph};

// ANCHOR: networks
/// G: a multilayer perceptron from noise to points.
#[derive(Clone, Debug)]
pub struct Generator {
    /// z → G(z) before the last function.
    pub net: Mlp,
    /// The last function: the identity for points, the sigmoid for pixels in [0, 1].
    pub last: Activation,
}

impl Generator {
    /// G(z): z `[n, m]` → `[n, d]`.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn forward(&self, z: &Tensor) -> Tensor {
        self.last.apply(&self.net.forward(z))
    }

    /// `n` points of p_G. A constant.
    pub fn sample(&self, n: usize, rng: &mut Rng) -> Tensor {
        self.frozen().forward(&rng.normal(&[n, self.noise()]))
    }

    /// m, how many numbers of noise make a point.
    pub fn noise(&self) -> usize {
        self.net.layers[0].weight.shape()[1]
    }
}

/// D before its sigmoid: a multilayer perceptron from points to logits.
#[derive(Clone, Debug)]
pub struct Discriminator {
    /// x → a(x).
    pub net: Mlp,
}

impl Discriminator {
    /// The logit a(x), x `[n, d]` → `[n, 1]`. D(x) = σ(a(x)).
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn forward(&self, x: &Tensor) -> Tensor {
        self.net.forward(x)
    }
}
// ANCHOR_END: networks

impl Module for Generator {
    fn parameters(&self) -> Vec<(String, &Tensor)> {
        prefixed("net", self.net.parameters())
    }

    fn parameters_mut(&mut self) -> Vec<(String, &mut Tensor)> {
        prefixed("net", self.net.parameters_mut())
    }
}

impl Module for Discriminator {
    fn parameters(&self) -> Vec<(String, &Tensor)> {
        prefixed("net", self.net.parameters())
    }

    fn parameters_mut(&mut self) -> Vec<(String, &mut Tensor)> {
        prefixed("net", self.net.parameters_mut())
    }
}

/// V(D, G) = E_q[ln D(x)] + E_z[ln(1 − D(G(z)))] (Goodfellow et al. 2014, eq. 1), estimated from
/// the logits of a batch of data and of a batch of fakes, each of any shape.
///
/// ln σ(a) = −ln(1 + e⁻ᵃ) and ln(1 − σ(a)) = −ln(1 + eᵃ) stay finite where σ(a) is rounded to 0
/// or 1.
// ANCHOR: value
pub fn value(real: &Tensor, fake: &Tensor) -> Tensor {
    -(-real).softplus().mean(..) - fake.softplus().mean(..)
}
// ANCHOR_END: value

// ANCHOR: objectives
/// What the two want, as losses of the logits a(x) of data and a(G(z)) of fakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Objective {
    /// D raises V, G lowers it (Goodfellow et al. 2014, eq. 1).
    Minimax,
    /// D raises V, G raises E ln D(G(z)) (the same, end of section 3).
    NonSaturating,
    /// D brings a to 1 on data and to 0 on fakes, G brings it to 1 on fakes (Mao et al. 2017,
    /// eq. 9).
    LeastSquares,
    /// D raises E a(x) − E a(G(z)), G lowers it. If a is 1-Lipschitz, the largest value is the
    /// Wasserstein distance W₁(q, p_G) (Arjovsky et al. 2017, eq. 2).
    Wasserstein,
}

impl Objective {
    /// The four with their names.
    pub const ALL: [(&str, Objective); 4] = [
        ("minimax", Objective::Minimax),
        ("non-saturating", Objective::NonSaturating),
        ("least squares", Objective::LeastSquares),
        ("Wasserstein", Objective::Wasserstein),
    ];

    /// What D lowers.
    pub fn discriminator_loss(self, real: &Tensor, fake: &Tensor) -> Tensor {
        match self {
            Objective::Minimax | Objective::NonSaturating => -value(real, fake),
            Objective::LeastSquares => {
                ((real - 1.0).square().mean(..) + fake.square().mean(..)) * 0.5
            }
            Objective::Wasserstein => fake.mean(..) - real.mean(..),
        }
    }

    /// What G lowers.
    pub fn generator_loss(self, fake: &Tensor) -> Tensor {
        match self {
            Objective::Minimax => -fake.softplus().mean(..),
            Objective::NonSaturating => (-fake).softplus().mean(..),
            Objective::LeastSquares => (fake - 1.0).square().mean(..) * 0.5,
            Objective::Wasserstein => -fake.mean(..),
        }
    }
}
// ANCHOR_END: objectives

// ANCHOR: gradient_penalty
/// The mean over rows of (‖∇a(x̂)‖ − 1)², x̂ = u x + (1 − u) G(z) (Gulrajani et al. 2017, eq. 3): 0
/// where a is as steep as a 1-Lipschitz function may be. x and fakes are `[n, d]`, u is `[n, 1]`
/// and uniform.
///
/// The gradient in x̂ is a graph, since the penalty is to be differentiated by the weights of a.
///
/// # Panics
/// If the shapes do not fit.
#[track_caller]
pub fn gradient_penalty(
    a: impl Fn(&Tensor) -> Tensor,
    x: &Tensor,
    fake: &Tensor,
    u: &Tensor,
) -> Tensor {
    let x_hat = (u * x + (1.0 - u) * fake).variable();
    // Rows do not meet in a: the gradient of the sum holds the gradient of each row.
    let slope = grad_graph(&a(&x_hat).sum(..), &[&x_hat]).remove(0);
    let norm = (slope.square().sum(1) + 1e-12).sqrt(); // the root has no derivative at 0
    (norm - 1.0).square().mean(..)
}
// ANCHOR_END: gradient_penalty

// ANCHOR: r1_penalty
/// R₁: half the mean over rows of ‖∇a(x)‖² at the data (Mescheder, Geiger & Nowozin 2018, eq. 9).
/// It lets D be flat on the data, which it must be at the solution D = ½.
///
/// # Panics
/// If the shapes do not fit.
#[track_caller]
pub fn r1_penalty(a: impl Fn(&Tensor) -> Tensor, x: &Tensor) -> Tensor {
    let x = x.variable();
    let slope = grad_graph(&a(&x).sum(..), &[&x]).remove(0);
    slope.square().sum(1).mean(..) * 0.5
}
// ANCHOR_END: r1_penalty

/// What is added to D's loss to keep a smooth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Penalty {
    /// Nothing.
    None,
    /// λ times [`gradient_penalty`].
    Interpolates(Float),
    /// γ times [`r1_penalty`].
    R1(Float),
}

/// How a game is played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// What the two want.
    pub objective: Objective,
    /// What keeps D smooth.
    pub penalty: Penalty,
    /// k: steps of D in a round.
    pub k: usize,
    /// Steps of G in a round, 1 in the paper. More of them let G run after a D that stands still.
    pub g_steps: usize,
}

/// A generator and a discriminator, each with its optimizer.
#[derive(Clone, Debug)]
pub struct Gan {
    /// G.
    pub g: Generator,
    /// D.
    pub d: Discriminator,
    /// How they play.
    pub rules: Rules,
    /// G's optimizer.
    pub adam_g: Adam,
    /// D's optimizer.
    pub adam_d: Adam,
}

impl Gan {
    /// Multilayer perceptrons for noise of `noise` numbers and points of `dim`, both with the
    /// hidden layers that `hidden` says, as [`Gan::of`].
    ///
    /// # Panics
    /// If `noise` or `dim` is 0.
    #[track_caller]
    pub fn new(
        [noise, dim]: [usize; 2],
        hidden: &[usize],
        activation: Activation,
        rules: Rules,
        lr: f64,
        rng: &mut Rng,
    ) -> Gan {
        let mut mlp = |inputs: usize, outputs: usize| {
            let sizes = [&[inputs], hidden, &[outputs]].concat();
            Mlp::new(&sizes, activation, rng)
        };
        let g = Generator { net: mlp(noise, dim), last: Activation::Identity };
        let d = Discriminator { net: mlp(dim, 1) };
        Gan::of(g, d, rules, lr)
    }

    /// Two networks about to play, each with Adam, β = (0.5, 0.9).
    pub fn of(g: Generator, d: Discriminator, rules: Rules, lr: f64) -> Gan {
        let mut adam = Adam::new(lr);
        adam.betas = [0.5, 0.9];
        Gan { g, d, rules, adam_g: adam.clone(), adam_d: adam }
    }

    // ANCHOR: steps
    /// A step of D on a batch of data `[n, d]` and of noise `[n, m]`; G stands still. Returns the
    /// loss.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn discriminator_step(&mut self, x: &Tensor, z: &Tensor, rng: &mut Rng) -> Tensor {
        let fake = self.g.frozen().forward(z);
        let a = |x: &Tensor| self.d.forward(x);
        let loss = self.rules.objective.discriminator_loss(&a(x), &a(&fake));
        let loss = match self.rules.penalty {
            Penalty::None => loss,
            Penalty::Interpolates(lambda) => {
                let u = rng.uniform(&[x.shape()[0], 1]);
                loss + gradient_penalty(a, x, &fake, &u) * lambda
            }
            Penalty::R1(gamma) => loss + r1_penalty(a, x) * gamma,
        };
        let gradients = grad(&loss, &self.d.tensors());
        self.adam_d.step(&mut self.d, &gradients);
        loss.detach()
    }

    /// A step of G on a batch of noise `[n, m]`; D stands still. Returns the loss.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn generator_step(&mut self, z: &Tensor) -> Tensor {
        let fake = self.d.frozen().forward(&self.g.forward(z));
        let loss = self.rules.objective.generator_loss(&fake);
        let gradients = grad(&loss, &self.g.tensors());
        self.adam_g.step(&mut self.g, &gradients);
        loss.detach()
    }
    // ANCHOR_END: steps

    // ANCHOR: round
    /// A round of the algorithm (Goodfellow et al. 2014, algorithm 1): k steps of D, then G's, each
    /// on `n` new points of data and of noise. Returns D's last loss.
    ///
    /// # Panics
    /// If k is 0.
    #[track_caller]
    pub fn round(
        &mut self,
        data: &dyn Fn(usize, &mut Rng) -> Tensor,
        n: usize,
        rng: &mut Rng,
    ) -> Tensor {
        assert!(self.rules.k > 0, "Gan::round: k is 0; D must take at least one step");
        let m = self.g.noise();
        let mut loss = Tensor::scalar(0.0);
        for _ in 0..self.rules.k {
            let (x, z) = (data(n, rng), rng.normal(&[n, m]));
            loss = self.discriminator_step(&x, &z, rng);
        }
        for _ in 0..self.rules.g_steps {
            self.generator_step(&rng.normal(&[n, m]));
        }
        loss
    }
    // ANCHOR_END: round
}
