//! Candle on the CPU: eager tensors with reverse-mode autograd.

use candle_core::{D, DType, Device, Result, Tensor};
use candle_nn::ops::leaky_relu;
use candle_nn::{AdamW, Linear, Module, Optimizer, ParamsAdamW, VarBuilder, VarMap, linear};
use pushforward_peers::protocol::{self, Step};

const CPU: Device = Device::Cpu;
const LOG_2PI: f64 = 1.8378770664093453;

type Function = fn(&Tensor) -> Result<Tensor>;

fn main() {
    protocol::run("candle", "candle-core", |workload, _| match workload {
        "W1" => Ok(flow(2, 64, |x| x.elu(1.0)).expect("W1")),
        "W2" => Ok(vae().expect("W2")),
        "W3" => Ok(gan().expect("W3")),
        "W4" => Ok(real_nvp().expect("W4")),
        "W5" => Err("no second derivatives: a gradient is not part of a graph"),
        "W6" => Ok(flow(64, 512, Tensor::silu).expect("W6")),
        "W7" => Ok(sampling().expect("W7")),
        _ => Err("no such workload"),
    })
}

/// After the set-up an error can only be a fault of this program.
fn step(mut one: impl FnMut() -> Result<Tensor> + 'static) -> Result<Step> {
    Ok(Box::new(move || one().and_then(|loss| loss.to_scalar()).expect("a step")))
}

/// Linear layers with a function between them.
struct Mlp {
    layers: Vec<Linear>,
    between: Function,
}

impl Mlp {
    fn new(map: &VarMap, name: &str, widths: &[usize], between: Function) -> Result<Mlp> {
        let vb = VarBuilder::from_varmap(map, DType::F32, &CPU).pp(name);
        let pairs = widths.windows(2).enumerate();
        let layers = pairs.map(|(k, w)| linear(w[0], w[1], vb.pp(k))).collect::<Result<_>>()?;
        Ok(Mlp { layers, between })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let mut x = self.layers[0].forward(x)?;
        for layer in &self.layers[1..] {
            x = layer.forward(&(self.between)(&x)?)?;
        }
        Ok(x)
    }

    /// The same storage outside of any graph; it follows the updates, which are in place.
    fn frozen(&self) -> Mlp {
        let freeze = |l: &Linear| Linear::new(l.weight().detach(), l.bias().map(Tensor::detach));
        Mlp { layers: self.layers.iter().map(freeze).collect(), between: self.between }
    }
}

/// Candle has AdamW alone, which without decay is Adam.
fn adam(map: &VarMap, lr: f64, beta1: f64) -> Result<AdamW> {
    let rest = ParamsAdamW::default();
    AdamW::new(map.all_vars(), ParamsAdamW { lr, beta1, weight_decay: 0.0, ..rest })
}

fn normal(rows: usize, columns: usize) -> Result<Tensor> {
    Tensor::randn(0f32, 1., (rows, columns), &CPU)
}

fn uniform(rows: usize, columns: usize) -> Result<Tensor> {
    Tensor::rand(0f32, 1., (rows, columns), &CPU)
}

/// Elementwise; `candle_nn::loss` has the mean alone, and takes the logarithm of a rounded zero.
fn bce_with_logits(logits: &Tensor, target: &Tensor) -> Result<Tensor> {
    let tail = (logits.abs()?.neg()?.exp()? + 1.0)?.log()?;
    (logits.relu()? - (logits * target)?)? + tail
}

/// W1 and W6: flow matching on straight paths.
fn flow(dim: usize, hidden: usize, between: Function) -> Result<Step> {
    let map = VarMap::new();
    let net = Mlp::new(&map, "net", &[dim + 1, hidden, hidden, hidden, dim], between)?;
    let mut optimizer = adam(&map, 1e-2, 0.9)?;
    let x1 = normal(256, dim)?;
    step(move || {
        let (x0, t) = (normal(256, dim)?, uniform(256, 1)?);
        let velocity = (&x1 - &x0)?;
        let xt = (&x0 + velocity.broadcast_mul(&t)?)?;
        let guess = net.forward(&Tensor::cat(&[&t, &xt], 1)?)?;
        let loss = (guess - velocity)?.sqr()?.mean_all()?;
        optimizer.backward_step(&loss)?;
        Ok(loss)
    })
}

/// W2: a variational autoencoder.
fn vae() -> Result<Step> {
    let map = VarMap::new();
    let encoder = Mlp::new(&map, "encoder", &[784, 400], Tensor::relu)?;
    let mean = Mlp::new(&map, "mean", &[400, 20], Tensor::relu)?;
    let log_variance = Mlp::new(&map, "log_variance", &[400, 20], Tensor::relu)?;
    let decoder = Mlp::new(&map, "decoder", &[20, 400, 784], Tensor::relu)?;
    let mut optimizer = adam(&map, 1e-3, 0.9)?;
    let x = uniform(128, 784)?;
    step(move || {
        let h = encoder.forward(&x)?.relu()?;
        let (mu, logvar) = (mean.forward(&h)?, log_variance.forward(&h)?);
        let z = (&mu + ((&logvar * 0.5)?.exp()? * normal(128, 20)?)?)?;
        let bits = bce_with_logits(&decoder.forward(&z)?, &x)?.sum_all()?;
        let divergence = (((&logvar + 1.0)? - mu.sqr()?)? - logvar.exp()?)?.sum_all()?;
        let loss = ((bits - (divergence * 0.5)?)? / 128.0)?;
        optimizer.backward_step(&loss)?;
        Ok(loss)
    })
}

/// W3: a generative adversarial network, one step of each player.
fn gan() -> Result<Step> {
    let leaky: Function = |x| leaky_relu(x, 0.2);
    let (map_g, map_d) = (VarMap::new(), VarMap::new());
    let g = Mlp::new(&map_g, "g", &[64, 256, 256, 784], leaky)?;
    let d = Mlp::new(&map_d, "d", &[784, 256, 256, 1], leaky)?;
    let (frozen_g, frozen_d) = (g.frozen(), d.frozen());
    let (mut adam_g, mut adam_d) = (adam(&map_g, 2e-4, 0.5)?, adam(&map_d, 2e-4, 0.5)?);
    let real = uniform(128, 784)?;
    let (one, zero) = (real.narrow(1, 0, 1)?.ones_like()?, real.narrow(1, 0, 1)?.zeros_like()?);
    step(move || {
        let fake = frozen_g.forward(&normal(128, 64)?)?.tanh()?;
        let on_real = bce_with_logits(&d.forward(&real)?, &one)?.mean_all()?;
        let on_fake = bce_with_logits(&d.forward(&fake)?, &zero)?.mean_all()?;
        let loss = (on_real + on_fake)?;
        adam_d.backward_step(&loss)?;
        let fake = g.forward(&normal(128, 64)?)?.tanh()?;
        adam_g.backward_step(&bce_with_logits(&frozen_d.forward(&fake)?, &one)?.mean_all()?)?;
        Ok(loss)
    })
}

/// W4: a normalizing flow of eight affine couplings; the two columns never meet in one tensor.
fn real_nvp() -> Result<Step> {
    let map = VarMap::new();
    let coupling = |k| Mlp::new(&map, &format!("coupling{k}"), &[1, 64, 64, 2], Tensor::tanh);
    let couplings = (0..8).map(coupling).collect::<Result<Vec<_>>>()?;
    let mut optimizer = adam(&map, 1e-3, 0.9)?;
    let fixed = normal(512, 2)?;
    step(move || {
        let x = (&fixed + (normal(512, 2)? * 0.05)?)?;
        let mut keeps = x.narrow(1, 0, 1)?.contiguous()?;
        let mut moves = x.narrow(1, 1, 1)?.contiguous()?;
        let mut logdet = moves.zeros_like()?;
        for net in &couplings {
            let out = net.forward(&keeps)?;
            let (s, t) = (out.narrow(1, 0, 1)?.tanh()?, out.narrow(1, 1, 1)?);
            let moved = ((moves * s.exp()?)? + t)?;
            logdet = (logdet + s)?;
            (keeps, moves) = (moved, keeps);
        }
        let square = ((keeps.sqr()? + moves.sqr()?)? * 0.5)?;
        let loss = ((square - logdet)? + LOG_2PI)?.mean_all()?;
        optimizer.backward_step(&loss)?;
        Ok(loss)
    })
}

/// W7: midpoint steps of W1's network from noise; the result is the mean square.
fn sampling() -> Result<Step> {
    const STEPS: usize = 100;
    let net = Mlp::new(&VarMap::new(), "net", &[3, 64, 64, 64, 2], |x| x.elu(1.0))?.frozen();
    let velocity = move |t: f64, x: &Tensor| {
        let column = Tensor::full(t as f32, (x.dim(0)?, 1), &CPU)?;
        net.forward(&Tensor::cat(&[&column, x], D::Minus1)?)
    };
    step(move || {
        let h = 1.0 / STEPS as f64;
        let mut x = normal(10_000, 2)?;
        for k in 0..STEPS {
            let t = k as f64 * h;
            let middle = (&x + (velocity(t, &x)? * (h / 2.0))?)?;
            x = (x + (velocity(t + h / 2.0, &middle)? * h)?)?;
        }
        x.sqr()?.mean_all()
    })
}
