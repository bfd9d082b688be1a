//! Networks: the layers, the multilayer perceptron, activations by name and embeddings of time.
//!
//! A network owns its parameters as variables; [`Module`] lists them by name. How they are updated
//! is in `optim`, how they are saved in `checkpoint`.

use crate::random::Rng;
use crate::{Error, Float, Result, Tensor};

/// Something with parameters. The names are those PyTorch gives to the same network, so that
/// weights can be exchanged.
pub trait Module {
    /// The parameters by name, in a fixed order.
    fn parameters(&self) -> Vec<(String, &Tensor)>;

    /// The same, to be replaced by an optimizer or a checkpoint.
    fn parameters_mut(&mut self) -> Vec<(String, &mut Tensor)>;

    /// The parameters alone: what to differentiate with respect to.
    fn tensors(&self) -> Vec<&Tensor> {
        self.parameters().into_iter().map(|(_, tensor)| tensor).collect()
    }

    /// The same network with constants for parameters: what it computes is in no graph, unless its
    /// input is.
    fn frozen(&self) -> Self
    where
        Self: Clone,
    {
        let mut frozen = self.clone();
        for (_, parameter) in frozen.parameters_mut() {
            *parameter = parameter.detach();
        }
        frozen
    }

    /// How many numbers the parameters hold.
    fn size(&self) -> usize {
        self.tensors().iter().map(|tensor| tensor.len()).sum()
    }
}

/// Puts `name.` before the names of a part's parameters.
pub fn prefixed<T>(name: &str, parameters: Vec<(String, T)>) -> Vec<(String, T)> {
    parameters.into_iter().map(|(inner, tensor)| (format!("{name}.{inner}"), tensor)).collect()
}

/// Several networks as one, named 0, 1, ….
impl<M: Module> Module for Vec<M> {
    fn parameters(&self) -> Vec<(String, &Tensor)> {
        let parts = self.iter().enumerate();
        parts.flat_map(|(i, part)| prefixed(&i.to_string(), part.parameters())).collect()
    }

    fn parameters_mut(&mut self) -> Vec<(String, &mut Tensor)> {
        let parts = self.iter_mut().enumerate();
        parts.flat_map(|(i, part)| prefixed(&i.to_string(), part.parameters_mut())).collect()
    }
}

/// Bare tensors as a module, named 0, 1, …: for what is optimised without a network around it.
impl Module for Vec<Tensor> {
    fn parameters(&self) -> Vec<(String, &Tensor)> {
        self.iter().enumerate().map(|(i, tensor)| (i.to_string(), tensor)).collect()
    }

    fn parameters_mut(&mut self) -> Vec<(String, &mut Tensor)> {
        self.iter_mut().enumerate().map(|(i, tensor)| (i.to_string(), tensor)).collect()
    }
}

/// y = x Wᵀ + b.
#[derive(Clone, Debug)]
pub struct Linear {
    /// W, `[out, in]`.
    pub weight: Tensor,
    /// b, `[out]`.
    pub bias: Tensor,
}

impl Linear {
    /// Both W and b uniform on (−1/√in, 1/√in): PyTorch's default, so that losses can be compared.
    ///
    /// # Panics
    /// If there are no inputs.
    #[track_caller]
    pub fn new(inputs: usize, outputs: usize, rng: &mut Rng) -> Linear {
        assert!(inputs > 0, "Linear::new: a layer of 0 inputs has no law to start from");
        let bound = 1.0 / (inputs as Float).sqrt();
        let mut draw = |shape: &[usize]| rng.uniform_in(shape, -bound, bound).variable();
        Linear { weight: draw(&[outputs, inputs]), bias: draw(&[outputs]) }
    }

    /// `[.., in]` → `[.., out]`.
    #[track_caller]
    pub fn forward(&self, x: &Tensor) -> Tensor {
        x.linear(&self.weight, &self.bias)
    }
}

impl Module for Linear {
    fn parameters(&self) -> Vec<(String, &Tensor)> {
        vec![("weight".into(), &self.weight), ("bias".into(), &self.bias)]
    }

    fn parameters_mut(&mut self) -> Vec<(String, &mut Tensor)> {
        vec![("weight".into(), &mut self.weight), ("bias".into(), &mut self.bias)]
    }
}

/// An activation function, by name: `"elu".parse()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // each is the op of its name
pub enum Activation {
    Relu,
    /// Slope 0.01 below 0.
    LeakyRelu,
    /// α = 1.
    Elu,
    Selu,
    Silu,
    Gelu,
    Tanh,
    Sigmoid,
    Softplus,
    Sin,
    Identity,
}

impl Activation {
    /// Every activation with its name.
    pub const ALL: [(&str, Activation); 11] = [
        ("relu", Activation::Relu),
        ("leaky_relu", Activation::LeakyRelu),
        ("elu", Activation::Elu),
        ("selu", Activation::Selu),
        ("silu", Activation::Silu),
        ("gelu", Activation::Gelu),
        ("tanh", Activation::Tanh),
        ("sigmoid", Activation::Sigmoid),
        ("softplus", Activation::Softplus),
        ("sin", Activation::Sin),
        ("identity", Activation::Identity),
    ];

    /// The function, element by element.
    pub fn apply(self, x: &Tensor) -> Tensor {
        match self {
            Activation::Relu => x.relu(),
            Activation::LeakyRelu => x.leaky_relu(0.01),
            Activation::Elu => x.elu(1.0),
            Activation::Selu => x.selu(),
            Activation::Silu => x.silu(),
            Activation::Gelu => x.gelu(),
            Activation::Tanh => x.tanh(),
            Activation::Sigmoid => x.sigmoid(),
            Activation::Softplus => x.softplus(),
            Activation::Sin => x.sin(),
            Activation::Identity => x.clone(),
        }
    }
}

impl std::str::FromStr for Activation {
    type Err = Error;

    fn from_str(name: &str) -> Result<Activation> {
        let found = Activation::ALL.into_iter().find(|(known, _)| *known == name);
        found.map(|(_, activation)| activation).ok_or_else(|| {
            let known: Vec<&str> = Activation::ALL.iter().map(|(known, _)| *known).collect();
            Error::Argument(format!("no activation `{name}`; there are {}", known.join(", ")))
        })
    }
}

/// A multilayer perceptron: linear maps with an activation between, none after the last.
#[derive(Clone, Debug)]
pub struct Mlp {
    /// The linear maps, first to last.
    pub layers: Vec<Linear>,
    /// What stands between them.
    pub activation: Activation,
}

impl Mlp {
    /// Layers of these sizes, for instance `[3, 64, 64, 2]`: input, hidden, output.
    ///
    /// # Panics
    /// If there are fewer than two sizes.
    #[track_caller]
    pub fn new(sizes: &[usize], activation: Activation, rng: &mut Rng) -> Mlp {
        assert!(sizes.len() >= 2, "Mlp::new: {sizes:?} needs an input and an output size");
        let layers = sizes.windows(2).map(|pair| Linear::new(pair[0], pair[1], rng)).collect();
        Mlp { layers, activation }
    }

    /// `[.., first size]` → `[.., last size]`.
    #[track_caller]
    pub fn forward(&self, x: &Tensor) -> Tensor {
        let (last, hidden) = self.layers.split_last().expect("an Mlp has a layer");
        let mut x = x.clone();
        for layer in hidden {
            x = self.activation.apply(&layer.forward(&x));
        }
        last.forward(&x)
    }
}

/// Names as in `torch.nn.Sequential(Linear, activation, Linear, …)`: activations take a number too,
/// so the layers are 0, 2, 4, ….
impl Module for Mlp {
    fn parameters(&self) -> Vec<(String, &Tensor)> {
        let layers = self.layers.iter().enumerate();
        layers.flat_map(|(i, layer)| prefixed(&(2 * i).to_string(), layer.parameters())).collect()
    }

    fn parameters_mut(&mut self) -> Vec<(String, &mut Tensor)> {
        let layers = self.layers.iter_mut().enumerate();
        layers
            .flat_map(|(i, layer)| prefixed(&(2 * i).to_string(), layer.parameters_mut()))
            .collect()
    }
}

/// cos(ω_k t), sin(ω_k t) with ω_k from 1 down to almost 1/`longest`, geometrically: `[n, 1]` →
/// `[n, 2 frequencies]`, the embedding of positions by Vaswani et al. 2017 (§3.5), which DDPM uses
/// for its step numbers.
///
/// # Panics
/// If t is not `[n, 1]`.
#[track_caller]
pub fn sinusoidal_embedding(t: &Tensor, frequencies: usize, longest: Float) -> Tensor {
    let exponent = -Tensor::arange(0..frequencies) / frequencies as Float;
    waves("sinusoidal_embedding", t, &(exponent * Tensor::scalar(longest).ln()).exp())
}

/// cos(2π b_k t), sin(2π b_k t) with given frequencies b, `[frequencies]`: `[n, 1]` → `[n, 2
/// frequencies]`. Drawn once from N(0, s²) they are the random Fourier features of Tancik et al.
/// 2020 (eq. 5), as score networks use.
///
/// # Panics
/// If t is not `[n, 1]`.
#[track_caller]
pub fn fourier_embedding(t: &Tensor, frequencies: &Tensor) -> Tensor {
    waves("fourier_embedding", t, &(frequencies * (2.0 * std::f64::consts::PI) as Float))
}

#[track_caller]
fn waves(name: &str, t: &Tensor, omega: &Tensor) -> Tensor {
    assert!(
        t.rank() == 2 && t.shape()[1] == 1,
        "{name}: t has shape {:?}; it must be [n, 1], one time for each row",
        t.shape()
    );
    let phase = t * omega;
    Tensor::concat(&[&phase.cos(), &phase.sin()], 1)
}
