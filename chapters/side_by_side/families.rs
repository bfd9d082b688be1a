//! The families, each as its chapter builds it, with networks of three hidden layers of 64 units or
//! what comes near to that. Those that learn a function of time and place for a given target share the network
//! of waves.

use super::{Density, Family, Plan, Trained};
use crate::chapters::continuous_flows::run_densities::Waves;
use crate::chapters::continuous_flows::{Cnf, Trace, densities, nll};
use crate::chapters::diffusion::Prediction;
use crate::chapters::diffusion::bound::{Variance, bound};
use crate::chapters::diffusion::chain::Chain;
use crate::chapters::diffusion::sampling::ancestral;
use crate::chapters::flow_matching::path::Path;
use crate::chapters::gan::{Gan, Objective, Penalty, Rules};
use crate::chapters::normalizing_flows::measure::stacked;
use crate::chapters::normalizing_flows::run_densities::{AFFINE, SPLINES};
use crate::chapters::normalizing_flows::{Constructor, Flow};
use crate::chapters::sdes::{noising, probability_flow};
use crate::chapters::vae::{self, Gaussian, LatentModel};
use crate::data::Law;
use crate::nn::{Activation, Mlp, Module, prefixed};
use crate::ode::{self, MIDPOINT, RK4, Solver};
use crate::optim::{Adam, Ema, Optimizer, Schedule, clip_by_norm};
use crate::random::Rng;
use crate::{Error, Float, Result, Tensor, grad};

/// Hidden units of a layer.
const WIDTH: usize = 64;
/// Hidden layers.
const HIDDEN: [usize; 3] = [WIDTH; 3];
/// Midpoint steps in which a field is followed from noise to data.
const STEPS: usize = 16;
/// Steps of RK4 to a density.
const FINE: usize = 16;
/// T of the diffusion.
const CHAIN: usize = 200;
/// Draws of the autoencoder's bound.
const DRAWS: usize = 256;

// ANCHOR: families
/// Those that take part. The paces were measured on two cores, the rates are those of the chapters.
pub const FAMILIES: [Family; 8] = [
    Family { name: "GAN", pace: 0.1, rate: 0.1, train: gan },
    Family { name: "VAE", pace: 0.55, rate: 0.3, train: autoencoder },
    Family { name: "RealNVP", pace: 0.18, rate: 0.3, train: real_nvp },
    Family { name: "spline flow", pace: 0.09, rate: 0.4, train: spline_flow },
    Family { name: "CNF", pace: 0.02, rate: 1.0, train: continuous_flow },
    Family { name: "flow matching", pace: 1.0, rate: 1.0, train: flow_matching },
    Family { name: "diffusion", pace: 1.2, rate: 0.6, train: diffusion },
    Family { name: "score", pace: 1.0, rate: 0.6, train: score },
];
// ANCHOR_END: families

// ANCHOR: fit
/// Lowers a loss by Adam, with gradients of a norm of 10 at most and a rate that falls to 0. The loss is
/// given the part of the training that is over.
fn fit<M: Module>(
    model: &mut M,
    plan: &Plan,
    rng: &mut Rng,
    loss: impl Fn(&M, Float, &mut Rng) -> Tensor,
) -> Result<()> {
    let (mut adam, schedule) = (Adam::new(plan.lr), Schedule::cosine(plan.lr, 0.0, plan.steps));
    let mut last_good = f64::NAN;
    for step in 0..plan.steps {
        adam.set_lr(schedule.lr(step));
        let loss = loss(model, step as Float / plan.steps as Float, rng);
        let value = f64::from(loss.item());
        if !value.is_finite() {
            return Err(Error::Diverged { step: step + 1, loss: value, last_good, lr: plan.lr });
        }
        last_good = value;
        let (gradients, _) = clip_by_norm(&grad(&loss, &model.tensors()), 10.0);
        adam.step(model, &gradients);
    }
    Ok(())
}
// ANCHOR_END: fit

fn parameters(model: &impl Module) -> usize {
    model.tensors().iter().map(|tensor| tensor.len()).sum()
}

/// A Wasserstein GAN with gradient penalty, as on eight Gaussians; drawn from are averaged weights.
fn gan(law: &dyn Law, plan: &Plan, rng: &mut Rng) -> Result<Trained> {
    let (objective, penalty) = (Objective::Wasserstein, Penalty::Interpolates(1.0));
    let rules = Rules { objective, penalty, k: 3, g_steps: 1 };
    let mut gan = Gan::new([2, 2], &HIDDEN, Activation::LeakyRelu, rules, plan.lr, rng);
    let (mut g, mut ema) = (gan.g.clone(), Ema::new(0.995));
    let schedule = Schedule::cosine(plan.lr, 0.0, plan.steps);
    let data = |n: usize, rng: &mut Rng| law.sample(n, rng);
    for step in 0..plan.steps {
        (gan.adam_g.lr, gan.adam_d.lr) = (schedule.lr(step), schedule.lr(step));
        gan.round(&data, plan.batch, rng);
        ema.update(&gan.g);
    }
    ema.copy_to(&mut g);
    let parameters = parameters(&g) + parameters(&gan.d);
    let sample = Box::new(move |n: usize, rng: &mut Rng| g.sample(n, rng));
    Ok(Trained { parameters, evaluations: 1, sample, density: Density::None })
}

// ANCHOR: autoencoder
/// The autoencoder of points: encoder and decoder both say the mean and ln σ² of a normal law.
#[derive(Clone, Debug)]
struct PlaneVae {
    /// x → (μ, ln σ²) of two latents.
    encoder: Mlp,
    /// z → (mean of x, ln s²).
    decoder: Mlp,
}

/// (μ, ln σ²), the latter not below −7: a point of the data would have no finite density.
fn normal_law(said: &Tensor) -> Gaussian {
    let mut halves = said.split(-1, &[2, 2]).into_iter();
    let mut half = || halves.next().expect("it was split into two");
    Gaussian { mu: half(), log_var: (half() + 7.0).softplus() - 7.0 }
}

impl LatentModel for PlaneVae {
    fn encode(&self, x: &Tensor) -> Gaussian {
        normal_law(&self.encoder.forward(x))
    }

    fn log_likelihood(&self, x: &Tensor, z: &Tensor) -> Tensor {
        normal_law(&self.decoder.forward(z)).log_density(x)
    }
}
// ANCHOR_END: autoencoder

impl Module for PlaneVae {
    fn parameters(&self) -> Vec<(String, &Tensor)> {
        let mut all = prefixed("encoder", self.encoder.parameters());
        all.extend(prefixed("decoder", self.decoder.parameters()));
        all
    }

    fn parameters_mut(&mut self) -> Vec<(String, &mut Tensor)> {
        let mut all = prefixed("encoder", self.encoder.parameters_mut());
        all.extend(prefixed("decoder", self.decoder.parameters_mut()));
        all
    }
}

fn autoencoder(law: &dyn Law, plan: &Plan, rng: &mut Rng) -> Result<Trained> {
    let mut mlp = || Mlp::new(&[2, WIDTH, WIDTH, WIDTH, 4], Activation::Silu, rng);
    let mut model = PlaneVae { encoder: mlp(), decoder: mlp() };
    // the rate is free at first and has its full price after half of the training
    fit(&mut model, plan, rng, |model, part, rng| {
        let beta = (2.0 * part).min(1.0);
        vae::loss(model, &law.sample(plan.batch, rng), &rng.normal(&[plan.batch, 2]), beta)
    })?;
    let model = model.frozen();
    let (parameters, decoder) = (parameters(&model), model.clone());
    let sample = Box::new(move |n: usize, rng: &mut Rng| {
        let x = normal_law(&decoder.decoder.forward(&rng.normal(&[n, 2])));
        x.reparameterize(&rng.normal(&[n, 2]))
    });
    let bound = move |x: &Tensor, rng: &mut Rng| {
        let (n, at_once) = (x.shape()[0], 100);
        let block = |start: usize| {
            let rows = x.slice(0, start..n.min(start + at_once));
            let epsilon = rng.normal(&[DRAWS, rows.shape()[0], 2]);
            vae::importance_bound(&model, &rows, &epsilon)
        };
        numbers((0..n).step_by(at_once).map(block))
    };
    Ok(Trained { parameters, evaluations: 1, sample, density: Density::Bound(Box::new(bound)) })
}

fn numbers(blocks: impl Iterator<Item = Tensor>) -> Vec<f64> {
    blocks
        .flat_map(|block| block.data().iter().map(|&v| f64::from(v)).collect::<Vec<_>>())
        .collect()
}

/// Eight affine couplings.
fn real_nvp(law: &dyn Law, plan: &Plan, rng: &mut Rng) -> Result<Trained> {
    flow(law, plan, 8, &AFFINE, rng)
}

/// Four spline couplings.
fn spline_flow(law: &dyn Law, plan: &Plan, rng: &mut Rng) -> Result<Trained> {
    flow(law, plan, 4, &SPLINES, rng)
}

// ANCHOR: flow
/// A normalising flow by maximum likelihood.
fn flow(
    law: &dyn Law,
    plan: &Plan,
    layers: usize,
    constructors: &[Constructor],
    rng: &mut Rng,
) -> Result<Trained> {
    let mut flow: Flow = stacked(law, layers, WIDTH, constructors, rng);
    fit(&mut flow, plan, rng, |flow, _, rng| flow.nll(&law.sample(plan.batch, rng)))?;
    let flow = flow.frozen();
    let (parameters, sampler) = (parameters(&flow), flow.clone());
    let sample = Box::new(move |n: usize, rng: &mut Rng| sampler.sample(n, rng));
    let density = move |x: &Tensor| numbers([flow.log_density(x)].into_iter());
    Ok(Trained {
        parameters,
        evaluations: layers,
        sample,
        density: Density::Exact(Box::new(density)),
    })
}
// ANCHOR_END: flow

/// A field by maximum likelihood, as in the chapter on continuous flows.
fn continuous_flow(law: &dyn Law, plan: &Plan, rng: &mut Rng) -> Result<Trained> {
    let mut u = Cnf::new(2, WIDTH, rng);
    fit(&mut u, plan, rng, |u, _, rng| {
        nll(u, &law.sample(plan.batch, rng), &Trace::Exact, Solver::Steps(10, MIDPOINT))
    })?;
    let u = u.frozen();
    let parameters = parameters(&u);
    Ok(by_field(parameters, 1.0, move |t, x| u.velocity(t, x)))
}

// ANCHOR: field
/// A field on straight lines.
fn flow_matching(law: &dyn Law, plan: &Plan, rng: &mut Rng) -> Result<Trained> {
    let mut u = Waves::new(WIDTH, rng);
    fit(&mut u, plan, rng, |u, _, rng| {
        let n = plan.batch;
        let (x_1, x_0, t) = (law.sample(n, rng), rng.normal(&[n, 2]), rng.uniform(&[n, 1]));
        let (x_t, u_t) = Path::Linear.sample(&x_0, &x_1, &t);
        u.forward(&t, &x_t).mse(&u_t)
    })?;
    let u = u.frozen();
    let parameters = parameters(&u);
    Ok(by_field(parameters, 1.0, move |t, x| u.forward(&Tensor::full(&[x.shape()[0], 1], t), x)))
}

/// What a field gives: samples and densities by its ODE, from N(0, σ² I) at t = 0. The equation is solved
/// for x/σ, and ln p(x) = ln p(x/σ) − 2 ln σ.
fn by_field(
    parameters: usize,
    sigma: Float,
    field: impl Fn(Float, &Tensor) -> Tensor + Clone + 'static,
) -> Trained {
    let u = move |t: Float, x: &Tensor| field(t, &(x * sigma)) / sigma;
    let scaled = u.clone();
    let sample = Box::new(move |n: usize, rng: &mut Rng| {
        let x_0 = rng.normal(&[n, 2]);
        ode::solve_each_row(&scaled, &x_0, 0.0..1.0, STEPS, &MIDPOINT) * sigma
    });
    let density = move |x: &Tensor| {
        let lost = 2.0 * libm::log(f64::from(sigma));
        let log_p = densities(&u, 1.0, &(x / sigma), FINE, &RK4);
        log_p.into_iter().map(|log_p| log_p - lost).collect()
    };
    let density = Density::Exact(Box::new(density));
    Trained { parameters, evaluations: STEPS * MIDPOINT.b.len(), sample, density }
}
// ANCHOR_END: field

// ANCHOR: chain
/// A network that says the noise; samples by all steps of the chain, and its bound.
fn diffusion(law: &dyn Law, plan: &Plan, rng: &mut Rng) -> Result<Trained> {
    let chain = Chain::linear(CHAIN);
    let mut net = Waves::new(WIDTH, rng);
    fit(&mut net, plan, rng, |net, _, rng| {
        let n = plan.batch;
        let (x_0, eps, t) = (law.sample(n, rng), rng.normal(&[n, 2]), chain.draw(n, rng));
        net.forward(&(&t / CHAIN as Float), &chain.noised(&x_0, &eps, &t)).mse(&eps)
    })?;
    let net = net.frozen();
    let parameters = parameters(&net);
    let schedule = chain.clone();
    let x_hat = move |t: usize, x: &Tensor| {
        let t = Tensor::full(&[x.shape()[0], 1], t as Float);
        let said = net.forward(&(&t / CHAIN as Float), x);
        Prediction::Epsilon.x_hat(&said, x, &schedule.factors(&t))
    };
    let (backwards, believed) = (chain.clone(), x_hat.clone());
    let sample = Box::new(move |n: usize, rng: &mut Rng| {
        ancestral(&backwards, &believed, &rng.normal(&[n, 2]), rng)
    });
    let bound = move |x: &Tensor, rng: &mut Rng| {
        let total = bound(&chain, Variance::Step, &x_hat, x, rng).total();
        total.into_iter().map(|nll| -nll).collect()
    };
    Ok(Trained { parameters, evaluations: CHAIN, sample, density: Density::Bound(Box::new(bound)) })
}
// ANCHOR_END: chain

// ANCHOR: score
/// A score of every level of noise, −ε̂/σ, learned by denoising; samples and densities by the probability
/// flow.
fn score(law: &dyn Law, plan: &Plan, rng: &mut Rng) -> Result<Trained> {
    let path = Path::VarianceExploding { sigma: [0.03, 10.0] };
    let mut net = Waves::new(WIDTH, rng);
    let noise = move |net: &Waves, t: &Tensor, x: &Tensor| {
        net.forward(t, &(x / (path.sigma(t).square() + 1.0).sqrt()))
    };
    fit(&mut net, plan, rng, |net, _, rng| {
        let n = plan.batch;
        let (x, z, t) = (law.sample(n, rng), rng.normal(&[n, 2]), rng.uniform(&[n, 1]));
        noise(net, &t, &(x + path.sigma(&t) * &z)).mse(&z)
    })?;
    let net = net.frozen();
    let parameters = parameters(&net);
    Ok(by_field(parameters, 10.0, move |t, x| {
        let times = Tensor::full(&[x.shape()[0], 1], t);
        let score = -(noise(&net, &times, x) / path.sigma(&times));
        probability_flow(x, &score, noising(&path, 1.0 - t))
    }))
}
// ANCHOR_END: score
