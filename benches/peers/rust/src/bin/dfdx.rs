//! dfdx on the CPU: shapes are types, and the tape of operations travels with the tensors.

use std::fmt::Debug;

use dfdx::optim::Adam;
use dfdx::prelude::*;
use dfdx::tensor::{Gradients, OwnedTape, Tape};
use pushforward_peers::protocol::{self, Step};

const LOG_2PI: f32 = 1.837_877_1;

type Taped<S> = Tensor<S, f32, Cpu, OwnedTape<f32, Cpu>>;

type Net<const I: usize, const H: usize, const O: usize, F> =
    ((Linear<I, H>, F), (Linear<H, H>, F), (Linear<H, H>, F), Linear<H, O>);

fn main() {
    dfdx::flush_denormals_to_zero();
    protocol::run("dfdx", "dfdx", |workload, _| match workload {
        "W1" => Ok(flow::<2, 3, Net<3, 64, 2, Elu>>()),
        "W2" => Ok(vae()),
        "W3" => Ok(gan()),
        "W4" => Ok(real_nvp()),
        "W5" => Err("no second derivatives: a gradient is not part of a graph"),
        "W6" => Ok(flow::<64, 65, Net<65, 512, 64, Silu>>()),
        "W7" => Ok(sampling()),
        _ => Err("no such workload"),
    })
}

/// dfdx has no ELU and no SiLU of its own.
#[derive(Default, Debug, Clone, Copy)]
struct Elu;

#[derive(Default, Debug, Clone, Copy)]
struct Silu;

impl ZeroSizedModule for Elu {}
impl NonMutableModule for Elu {}
impl ZeroSizedModule for Silu {}
impl NonMutableModule for Silu {}

impl<S: Shape, T: Tape<f32, Cpu> + Merge<T>> Module<Tensor<S, f32, Cpu, T>> for Elu {
    type Output = Tensor<S, f32, Cpu, T>;
    type Error = CpuError;

    fn try_forward(&self, x: Tensor<S, f32, Cpu, T>) -> Result<Self::Output, CpuError> {
        let negative = x.with_empty_tape().try_clamp(f32::MIN, 0.0)?.try_exp()?.try_sub(1.0)?;
        x.try_relu()?.try_add(negative)
    }
}

impl<S: Shape, T: Tape<f32, Cpu> + Merge<T>> Module<Tensor<S, f32, Cpu, T>> for Silu {
    type Output = Tensor<S, f32, Cpu, T>;
    type Error = CpuError;

    fn try_forward(&self, x: Tensor<S, f32, Cpu, T>) -> Result<Self::Output, CpuError> {
        let gate = x.with_empty_tape().try_sigmoid()?;
        x.try_mul(gate)
    }
}

/// A network with its optimizer and the arrays of its gradients.
struct Trained<M> {
    net: M,
    adam: Adam<M, f32, Cpu>,
    gradients: Option<Gradients<f32, Cpu>>,
}

impl<M: TensorCollection<f32, Cpu>> Trained<M> {
    fn new(net: M, lr: f64, beta1: f64) -> Self {
        let config = AdamConfig { lr, betas: [beta1, 0.999], eps: 1e-8, weight_decay: None };
        let (adam, gradients) = (Adam::new(&net, config), Some(net.alloc_grads()));
        Trained { net, adam, gradients }
    }

    /// The tape begins at `x` and carries the gradients of the last step, all zero.
    fn trace<S: Shape>(&mut self, x: Tensor<S, f32, Cpu>) -> Taped<S> {
        x.traced(self.gradients.take().expect("gradients"))
    }

    fn update(&mut self, loss: Taped<Rank0>) -> f32 {
        let value = loss.array();
        let mut gradients = loss.backward();
        self.adam.update(&mut self.net, &gradients).expect("every weight is used");
        self.net.zero_grads(&mut gradients);
        self.gradients = Some(gradients);
        value
    }
}

/// The column t beside x. The sum of two constants needs a nightly compiler; of two usize, not.
fn beside<const R: usize, const D: usize, const I: usize>(
    t: Tensor<Rank2<R, 1>, f32, Cpu>,
    x: Tensor<Rank2<R, D>, f32, Cpu>,
) -> Tensor<Rank2<R, I>, f32, Cpu> {
    let (t, x) = (t.realize::<(Const<R>, usize)>(), x.realize::<(Const<R>, usize)>());
    (t, x).concat_along(Axis::<1>).realize()
}

/// W1 and W6: flow matching on straight paths.
fn flow<const D: usize, const I: usize, M>() -> Step
where
    M: BuildOnDevice<Cpu, f32>,
    M::Built: TensorCollection<f32, Cpu>
        + Module<Taped<Rank2<256, I>>, Output = Taped<Rank2<256, D>>>
        + 'static,
{
    let device = Cpu::default();
    let mut trained = Trained::new(device.build_module::<M, f32>(), 1e-2, 0.9);
    let x1 = device.sample_normal::<Rank2<256, D>>();
    Box::new(move || {
        let x0 = device.sample_normal::<Rank2<256, D>>();
        let t = device.sample_uniform::<Rank2<256, 1>>();
        let velocity = x1.clone() - x0.clone();
        let column = t.clone().reshape::<Rank1<256>>().broadcast::<Rank2<256, D>, Axis<1>>();
        let input = beside(t, x0 + velocity.clone() * column);
        let input = trained.trace(input);
        let loss = mse_loss(trained.net.forward(input), velocity);
        trained.update(loss)
    })
}

type Heads = SplitInto<(Linear<400, 20>, Linear<400, 20>)>;
type Encoder = (Linear<784, 400>, ReLU, Heads);
type Decoder = (Linear<20, 400>, ReLU, Linear<400, 784>);

/// W2: a variational autoencoder.
fn vae() -> Step {
    let device = Cpu::default();
    let net = device.build_module::<(Encoder, Decoder), f32>();
    let mut trained = Trained::new(net, 1e-3, 0.9);
    let x = device.sample_uniform::<Rank2<128, 784>>();
    Box::new(move || {
        let noise = device.sample_normal::<Rank2<128, 20>>();
        let input = trained.trace(x.clone());
        let (encoder, decoder) = &trained.net;
        let (mu, logvar) = encoder.forward(input);
        let spread = (logvar.with_empty_tape() * 0.5).exp() * noise;
        let z = mu.with_empty_tape() + spread;
        let bits = decoder.forward(z).bce_with_logits(x.clone()).sum();
        let moments = mu.square() + logvar.with_empty_tape().exp();
        let divergence = (moments - logvar - 1.0).sum();
        trained.update((bits + divergence * 0.5) / 128.0)
    })
}

type Leaky = LeakyReLU<f32>;
type Generator = ((Linear<64, 256>, Leaky), (Linear<256, 256>, Leaky), (Linear<256, 784>, Tanh));
type Discriminator = ((Linear<784, 256>, Leaky), (Linear<256, 256>, Leaky), Linear<256, 1>);

/// W3: a generative adversarial network, one step of each player. The step of the generator
/// also computes the gradients of the discriminator, which no tape can leave out.
fn gan() -> Step {
    let device = Cpu::default();
    let mut g = device.build_module::<Generator, f32>();
    let mut d = device.build_module::<Discriminator, f32>();
    (g.0.1, g.1.1) = (LeakyReLU(0.2), LeakyReLU(0.2));
    (d.0.1, d.1.1) = (LeakyReLU(0.2), LeakyReLU(0.2));
    let (mut g, mut d) = (Trained::new(g, 2e-4, 0.5), Trained::new(d, 2e-4, 0.5));
    let real = device.sample_uniform::<Rank2<128, 784>>();
    let (one, zero) = (device.ones::<Rank2<128, 1>>(), device.zeros::<Rank2<128, 1>>());
    Box::new(move || {
        let fake = g.net.forward(device.sample_normal::<Rank2<128, 64>>());
        let input = d.trace(real.clone());
        let on_real = d.net.forward(input).bce_with_logits(one.clone()).mean();
        let on_fake = d.net.forward(fake.leaky_traced()).bce_with_logits(zero.clone()).mean();
        let loss = d.update(on_real + on_fake);
        let z = g.trace(device.sample_normal::<Rank2<128, 64>>());
        let logits = d.net.forward(g.net.forward(z));
        g.update(logits.bce_with_logits(one.clone()).mean());
        loss
    })
}

type Coupling = ((Linear<1, 64>, Tanh), (Linear<64, 64>, Tanh), Linear<64, 2>);

fn column<const K: usize, T: Tape<f32, Cpu> + Debug>(
    x: Tensor<Rank2<512, 2>, f32, Cpu, T>,
) -> Tensor<Rank2<512, 1>, f32, Cpu, T> {
    x.slice((.., K..K + 1)).realize()
}

/// W4: a normalizing flow of eight affine couplings; the two columns never meet in one tensor.
fn real_nvp() -> Step {
    let device = Cpu::default();
    let mut trained = Trained::new(device.build_module::<Repeated<Coupling, 8>, f32>(), 1e-3, 0.9);
    let fixed = device.sample_normal::<Rank2<512, 2>>();
    Box::new(move || {
        let x = fixed.clone() + device.sample_normal::<Rank2<512, 2>>() * 0.05;
        let mut keeps = trained.trace(column::<0, _>(x.clone()));
        let mut moves = column::<1, _>(x).leaky_traced();
        let mut logdet = device.zeros::<Rank2<512, 1>>().leaky_traced();
        for net in &trained.net.modules {
            let out = net.forward(keeps.with_empty_tape());
            let s = column::<0, _>(out.with_empty_tape()).tanh();
            let moved = moves * s.with_empty_tape().exp() + column::<1, _>(out);
            logdet = logdet + s;
            (keeps, moves) = (moved, keeps);
        }
        let square = (keeps.square() + moves.square()) * 0.5;
        trained.update((square - logdet + LOG_2PI).mean())
    })
}

/// W7: midpoint steps of W1's network from noise; the result is the mean square.
fn sampling() -> Step {
    const STEPS: usize = 100;
    type Points = Tensor<Rank2<10_000, 2>, f32, Cpu>;
    let device = Cpu::default();
    let net = device.build_module::<Net<3, 64, 2, Elu>, f32>();
    Box::new(move || {
        let velocity = |t: f32, x: Points| -> Points {
            net.forward(beside::<10_000, 2, 3>(device.ones() * t, x))
        };
        let h = 1.0 / STEPS as f32;
        let mut x: Points = device.sample_normal();
        for k in 0..STEPS {
            let t = k as f32 * h;
            let middle = x.clone() + velocity(t, x.clone()) * (h / 2.0);
            x = x + velocity(t + h / 2.0, middle) * h;
        }
        x.square().mean::<Rank0, _>().array()
    })
}
