//! The seven workloads. Each is a closure that does one step and returns its loss.

use pushforward::chapters::flow_matching::path::Path;
use pushforward::chapters::flow_matching::{Velocity, cfm_loss, sample};
use pushforward::derivatives::divergence;
use pushforward::nn::{Activation, Linear, Mlp, Module};
use pushforward::optim::{Adam, Optimizer};
use pushforward::random::Rng;
use pushforward::{Float, Tensor, grad, ode};

/// One step, with its loss.
pub type Step = Box<dyn FnMut() -> f64>;

/// A workload's name and how it is set up.
type Workload = (&'static str, fn() -> Step);

/// Every workload.
pub const ALL: [Workload; 7] = [
    ("W1", || flow_matching(2, 64, Activation::Elu, 1e-2)),
    ("W2", vae),
    ("W3", gan),
    ("W4", real_nvp),
    ("W5", cnf),
    ("W6", || flow_matching(64, 512, Activation::Silu, 1e-3)),
    ("W7", sampling),
];

/// Updates the model and returns the loss.
fn descend(loss: &Tensor, model: &mut impl Module, adam: &mut Adam) -> f64 {
    let gradients = grad(loss, &model.tensors());
    adam.step(model, &gradients);
    f64::from(loss.item())
}

/// Conditional flow matching in d dimensions, batch 256.
fn flow_matching(d: usize, hidden: usize, activation: Activation, lr: f64) -> Step {
    let mut rng = Rng::new(0);
    let net = Mlp::new(&[d + 1, hidden, hidden, hidden, d], activation, &mut rng);
    let mut u = Velocity { net };
    let mut adam = Adam::new(lr);
    let x_1 = rng.normal(&[256, d]);
    Box::new(move || {
        let (x_0, t) = (rng.normal(&[256, d]), rng.uniform(&[256, 1]));
        descend(&cfm_loss(&u, &Path::Linear, &x_0, &x_1, &t), &mut u, &mut adam)
    })
}

/// A variational autoencoder 784–400–20–400–784, ReLU, Bernoulli decoder, batch 128.
fn vae() -> Step {
    const N: usize = 128;
    let mut rng = Rng::new(0);
    let mut layer = |inputs, outputs| Linear::new(inputs, outputs, &mut rng);
    // x → h, h → μ, h → ln σ², z → h, h → logits
    let mut model =
        vec![layer(784, 400), layer(400, 20), layer(400, 20), layer(20, 400), layer(400, 784)];
    let mut adam = Adam::new(1e-3);
    let x = rng.uniform(&[N, 784]);
    Box::new(move || {
        let h = model[0].forward(&x).relu();
        let (mu, log_var) = (model[1].forward(&h), model[2].forward(&h));
        let z = &mu + (&log_var * 0.5).exp() * rng.normal(&[N, 20]);
        let logits = model[4].forward(&model[3].forward(&z).relu());
        let bce = logits.bce_with_logits(&x) * 784.0;
        let kl = (mu.square() + log_var.exp() - &log_var - 1.0).sum(..) * (0.5 / N as Float);
        descend(&(bce + kl), &mut model, &mut adam)
    })
}

/// A generator 64–256–256–784 with tanh at its end against a discriminator 784–256–256–1,
/// LeakyReLU(0.2), batch 128: one step of each.
fn gan() -> Step {
    let mut rng = Rng::new(0);
    let mut network = |sizes: [usize; 4]| -> Vec<Linear> {
        sizes.windows(2).map(|pair| Linear::new(pair[0], pair[1], &mut rng)).collect()
    };
    let mut generator = network([64, 256, 256, 784]);
    let mut discriminator = network([784, 256, 256, 1]);
    let [mut adam_g, mut adam_d] = [(); 2].map(|()| {
        let mut adam = Adam::new(2e-4);
        adam.betas = [0.5, 0.999];
        adam
    });
    let [ones, zeros] = [1.0, 0.0].map(|label| Tensor::full(&[128, 1], label));
    let real = rng.uniform_in(&[128, 784], -1.0, 1.0);
    Box::new(move || {
        let fake = leaky(&generator.frozen(), &rng.normal(&[128, 64])).tanh();
        let loss = leaky(&discriminator, &real).bce_with_logits(&ones)
            + leaky(&discriminator, &fake).bce_with_logits(&zeros);
        descend(&loss, &mut discriminator, &mut adam_d);
        let fake = leaky(&generator, &rng.normal(&[128, 64])).tanh();
        let loss = leaky(&discriminator.frozen(), &fake).bce_with_logits(&ones);
        descend(&loss, &mut generator, &mut adam_g)
    })
}

fn leaky(layers: &[Linear], x: &Tensor) -> Tensor {
    let (last, hidden) = layers.split_last().expect("a layer");
    let x = hidden.iter().fold(x.clone(), |x, layer| layer.forward(&x).leaky_relu(0.2));
    last.forward(&x)
}

/// −ln N(z; 0, I) of every row.
fn minus_log_normal(z: &Tensor) -> Tensor {
    z.square().sum(-1) * 0.5 + (z.shape()[1] as f64 / 2.0 * std::f64::consts::TAU.ln()) as Float
}

/// RealNVP in 2 dimensions: 8 affine couplings with networks 1–64–64–2, tanh, batch 512.
fn real_nvp() -> Step {
    let mut rng = Rng::new(0);
    let mut couplings: Vec<Mlp> =
        (0..8).map(|_| Mlp::new(&[1, 64, 64, 2], Activation::Tanh, &mut rng)).collect();
    let mut adam = Adam::new(1e-3);
    let data = rng.normal(&[512, 2]);
    Box::new(move || {
        let x = &data + rng.normal(&[512, 2]) * 0.05;
        let (mut kept, mut moved) = (x.slice(1, 0..1), x.slice(1, 1..2));
        let mut log_det = Tensor::zeros(&[512, 1]);
        for net in &couplings {
            let s_t = net.forward(&kept);
            let (s, t) = (s_t.slice(1, 0..1).tanh(), s_t.slice(1, 1..2));
            log_det += &s;
            (kept, moved) = (moved * s.exp() + t, kept);
        }
        let z = Tensor::concat(&[&kept, &moved], 1);
        let loss = (minus_log_normal(&z) - log_det.sum(-1)).mean(..);
        descend(&loss, &mut couplings, &mut adam)
    })
}

/// A continuous normalizing flow in 2 dimensions by maximum likelihood: MLP 3–64–64–2, tanh, 20
/// steps of RK4 with the exact trace, back-propagated through the solver, batch 512.
fn cnf() -> Step {
    const N: usize = 512;
    let mut rng = Rng::new(0);
    let mut u = Mlp::new(&[3, 64, 64, 2], Activation::Tanh, &mut rng);
    let mut adam = Adam::new(1e-3);
    let data = rng.normal(&[N, 2]);
    Box::new(move || {
        let x = &data + rng.normal(&[N, 2]) * 0.05;
        let field = |t: Float, state: &Tensor| {
            let t = Tensor::full(&[N, 1], t);
            let velocity = |x: &Tensor| u.forward(&Tensor::concat(&[&t, x], 1));
            let (dx, trace) = divergence(velocity, &state.slice(1, 0..2));
            Tensor::concat(&[&dx, &trace.reshape(&[N, 1])], 1)
        };
        let state = Tensor::concat(&[&x, &Tensor::zeros(&[N, 1])], 1);
        let state = ode::solve(field, &state, 1.0..0.0, 20, &ode::RK4);
        // From t = 1 to 0 the last column has gathered −∫₀¹ div u dt.
        let loss =
            (minus_log_normal(&state.slice(1, 0..2)) - state.slice(1, 2..3).sum(-1)).mean(..);
        descend(&loss, &mut u, &mut adam)
    })
}

/// 10 000 points by 100 midpoint steps of the network of W1, no gradient.
fn sampling() -> Step {
    let mut rng = Rng::new(0);
    let u = Velocity::new(2, 64, &mut rng);
    Box::new(move || {
        let x_0 = rng.normal(&[10_000, 2]);
        f64::from(sample(&u, &x_0, 100).data()[0])
    })
}
