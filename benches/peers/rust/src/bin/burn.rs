//! Burn on its CPU backend `flex`: eager tensors with reverse-mode autograd.

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::activation::{elu, leaky_relu, log_sigmoid, relu, silu};
use burn::tensor::{Device, Distribution, Tensor};
use pushforward_peers::protocol::{self, Step};

const LOG_2PI: f64 = 1.8378770664093453;

type Matrix = Tensor<2>;
type Function = fn(Matrix) -> Matrix;

fn main() {
    protocol::run("burn", "burn", |workload, _| match workload {
        "W1" => Ok(flow(2, 64, |x| elu(x, 1.0))),
        "W2" => Ok(vae()),
        "W3" => Ok(gan()),
        "W4" => Ok(real_nvp()),
        "W5" => Err("no second derivatives: a gradient is not part of a graph"),
        "W6" => Ok(flow(64, 512, silu)),
        "W7" => Ok(sampling()),
        _ => Err("no such workload"),
    })
}

fn training() -> Device {
    Device::flex().autodiff()
}

fn normal(rows: usize, columns: usize, device: &Device) -> Matrix {
    Tensor::random([rows, columns], Distribution::Normal(0.0, 1.0), device)
}

fn uniform(rows: usize, columns: usize, device: &Device) -> Matrix {
    Tensor::random([rows, columns], Distribution::Uniform(0.0, 1.0), device)
}

/// Linear layers; the function between them is said at the call.
#[derive(Module, Debug)]
struct Mlp {
    layers: Vec<Linear>,
}

impl Mlp {
    fn new(widths: &[usize], device: &Device) -> Mlp {
        let layer = |w: &[usize]| LinearConfig::new(w[0], w[1]).init(device);
        Mlp { layers: widths.windows(2).map(layer).collect() }
    }

    fn forward(&self, x: Matrix, between: Function) -> Matrix {
        let x = self.layers[0].forward(x);
        self.layers[1..].iter().fold(x, |x, layer| layer.forward(between(x)))
    }
}

/// A network and its optimizer, which takes the network and gives it back changed.
struct Trained<M> {
    net: Option<M>,
    adam: ModuleOptimizer,
    rate: f64,
}

impl<M: Module> Trained<M> {
    fn new(net: M, rate: f64, beta1: f32) -> Self {
        let adam = AdamConfig::new().with_beta_1(beta1).with_epsilon(1e-8).init();
        Trained { net: Some(net), adam, rate }
    }

    fn net(&self) -> &M {
        self.net.as_ref().expect("a network")
    }

    fn update(&mut self, loss: &Tensor<1>) {
        let net = self.net.take().expect("a network");
        let gradients = GradientsParams::from_grads(loss.backward(), &net);
        self.net = Some(self.adam.step(self.rate, net, gradients));
    }
}

/// Elementwise, because the loss of `burn::nn` wants integers as targets.
fn bce_with_logits(logits: Matrix, target: Matrix) -> Matrix {
    logits.clone() * (1.0 - target) - log_sigmoid(logits)
}

/// W1 and W6: flow matching on straight paths.
fn flow(dim: usize, hidden: usize, between: Function) -> Step {
    let device = training();
    let net = Mlp::new(&[dim + 1, hidden, hidden, hidden, dim], &device);
    let mut trained = Trained::new(net, 1e-2, 0.9);
    let x1 = normal(256, dim, &device);
    Box::new(move || {
        let (x0, t) = (normal(256, dim, &device), uniform(256, 1, &device));
        let velocity = x1.clone() - x0.clone();
        let xt = x0 + velocity.clone() * t.clone();
        let guess = trained.net().forward(Tensor::cat(vec![t, xt], 1), between);
        let loss = (guess - velocity).square().mean();
        trained.update(&loss);
        loss.into_scalar()
    })
}

#[derive(Module, Debug)]
struct Vae {
    encoder: Mlp,
    mean: Linear,
    log_variance: Linear,
    decoder: Mlp,
}

/// W2: a variational autoencoder.
fn vae() -> Step {
    let device = training();
    let code = LinearConfig::new(400, 20);
    let net = Vae {
        encoder: Mlp::new(&[784, 400], &device),
        mean: code.init(&device),
        log_variance: code.init(&device),
        decoder: Mlp::new(&[20, 400, 784], &device),
    };
    let mut trained = Trained::new(net, 1e-3, 0.9);
    let x = uniform(128, 784, &device);
    Box::new(move || {
        let net = trained.net();
        let h = relu(net.encoder.forward(x.clone(), relu));
        let (mu, logvar) = (net.mean.forward(h.clone()), net.log_variance.forward(h));
        let z = mu.clone() + (logvar.clone() * 0.5).exp() * normal(128, 20, &device);
        let bits = bce_with_logits(net.decoder.forward(z, relu), x.clone()).sum();
        let divergence = (logvar.clone() + 1.0 - mu.square() - logvar.exp()).sum();
        let loss = (bits - divergence * 0.5) / 128.0;
        trained.update(&loss);
        loss.into_scalar()
    })
}

/// W3: a generative adversarial network, one step of each player.
fn gan() -> Step {
    let between: Function = |x| leaky_relu(x, 0.2);
    let device = training();
    let g = Mlp::new(&[64, 256, 256, 784], &device);
    let d = Mlp::new(&[784, 256, 256, 1], &device);
    let (mut g, mut d) = (Trained::new(g, 2e-4, 0.5), Trained::new(d, 2e-4, 0.5));
    let real = uniform(128, 784, &device);
    let (one, zero) = (Tensor::ones([128, 1], &device), Tensor::zeros([128, 1], &device));
    Box::new(move || {
        let z = normal(128, 64, &Device::flex());
        let fake = g.net().valid().forward(z, between).tanh().autodiff();
        let on_real = bce_with_logits(d.net().forward(real.clone(), between), one.clone()).mean();
        let on_fake = bce_with_logits(d.net().forward(fake, between), zero.clone()).mean();
        let loss = on_real + on_fake;
        d.update(&loss);
        let fake = g.net().forward(normal(128, 64, &device), between).tanh();
        let logits = d.net().clone().no_grad().forward(fake, between);
        g.update(&bce_with_logits(logits, one.clone()).mean());
        loss.into_scalar()
    })
}

/// W4: a normalizing flow of eight affine couplings; the two columns never meet in one tensor.
fn real_nvp() -> Step {
    let device = training();
    let couplings: Vec<Mlp> = (0..8).map(|_| Mlp::new(&[1, 64, 64, 2], &device)).collect();
    let mut trained = Trained::new(couplings, 1e-3, 0.9);
    let fixed = normal(512, 2, &device);
    Box::new(move || {
        let x = fixed.clone() + normal(512, 2, &device) * 0.05;
        let mut keeps = x.clone().narrow(1, 0, 1);
        let mut moves = x.narrow(1, 1, 1);
        let mut logdet = moves.zeros_like();
        for net in trained.net() {
            let out = net.forward(keeps.clone(), Tensor::tanh);
            let (s, t) = (out.clone().narrow(1, 0, 1).tanh(), out.narrow(1, 1, 1));
            let moved = moves * s.clone().exp() + t;
            logdet = logdet + s;
            (keeps, moves) = (moved, keeps);
        }
        let square = (keeps.square() + moves.square()) * 0.5;
        let loss = (square - logdet + LOG_2PI).mean();
        trained.update(&loss);
        loss.into_scalar()
    })
}

/// W7: midpoint steps of W1's network from noise; the result is the mean square.
fn sampling() -> Step {
    const STEPS: usize = 100;
    let device = Device::flex();
    let net = Mlp::new(&[3, 64, 64, 64, 2], &device);
    Box::new(move || {
        let velocity = |t: f64, x: Matrix| {
            let column = Tensor::full([x.dims()[0], 1], t, &device);
            net.forward(Tensor::cat(vec![column, x], 1), |x| elu(x, 1.0))
        };
        let h = 1.0 / STEPS as f64;
        let mut x = normal(10_000, 2, &device);
        for k in 0..STEPS {
            let t = k as f64 * h;
            let middle = x.clone() + velocity(t, x.clone()) * (h / 2.0);
            x = x + velocity(t + h / 2.0, middle) * h;
        }
        x.square().mean().into_scalar()
    })
}
