//! The first network in candle: opens weights of pushforward, compares, and writes weights of its own.
//!
//! ```console
//! cargo run --manifest-path bridge/candle/Cargo.toml -- out/bridge
//! ```

use candle_core::{DType, Device, Result, Tensor, safetensors};
use candle_nn::{Linear, Module, VarBuilder, VarMap, linear};
use std::collections::HashMap;
use std::path::Path;

// ANCHOR: model
/// 3–64–64–64–2 with ELU. The parameters of layer i are net.{2i}.weight and net.{2i}.bias.
struct Velocity(Vec<Linear>);

impl Velocity {
    fn new(names: VarBuilder) -> Result<Velocity> {
        let sizes = [3, 64, 64, 64, 2];
        let layer = |i: usize| linear(sizes[i], sizes[i + 1], names.pp(format!("net.{}", 2 * i)));
        Ok(Velocity((0..4).map(layer).collect::<Result<_>>()?))
    }

    /// u(t, x): t `[n, 1]`, x `[n, 2]` → `[n, 2]`.
    fn forward(&self, t: &Tensor, x: &Tensor) -> Result<Tensor> {
        let mut y = self.0[0].forward(&Tensor::cat(&[t, x], 1)?)?;
        for layer in &self.0[1..] {
            y = layer.forward(&y.elu(1.0)?)?;
        }
        Ok(y)
    }
}
// ANCHOR_END: model

/// Midpoint steps from t = 0 to t = 1.
fn sample(u: &Velocity, x_0: &Tensor, steps: usize) -> Result<Tensor> {
    let h = 1.0 / steps as f64;
    let mut x = x_0.clone();
    for i in 0..steps {
        let t = |t: f64| Tensor::full(t as f32, (x_0.dim(0)?, 1), &Device::Cpu);
        let middle = (&x + u.forward(&t(i as f64 * h)?, &x)?.affine(0.5 * h, 0.0)?)?;
        x = (&x + u.forward(&t((i as f64 + 0.5) * h)?, &middle)?.affine(h, 0.0)?)?;
    }
    Ok(x)
}

fn apart(a: &Tensor, b: &Tensor) -> Result<f32> {
    (a - b)?.abs()?.flatten_all()?.max(0)?.to_scalar()
}

fn main() -> Result<()> {
    let argument = std::env::args().nth(1).unwrap_or("out/bridge".into());
    let folder = Path::new(&argument);
    let points = safetensors::load(folder.join("points.safetensors"), &Device::Cpu)?;
    let (t, x_0) = (&points["t"], &points["x_0"]);

    let weights = safetensors::load(folder.join("model.safetensors"), &Device::Cpu)?;
    let u = Velocity::new(VarBuilder::from_tensors(weights, DType::F32, &Device::Cpu))?;
    let velocity = apart(&u.forward(t, x_0)?, &points["u"])?;
    let samples = apart(&sample(&u, x_0, 8)?, &points["x_1"])?;
    println!("candle with our weights: u {velocity:.1e}, samples {samples:.1e}");

    let own = VarMap::new();
    let u = Velocity::new(VarBuilder::from_varmap(&own, DType::F32, &Device::Cpu))?;
    own.save(folder.join("candle.safetensors"))?;
    let answers = HashMap::from([("u".to_string(), u.forward(t, x_0)?)]);
    safetensors::save(&answers, folder.join("candle-points.safetensors"))
}
