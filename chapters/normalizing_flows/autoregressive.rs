//! Autoregressive layers: each number is mapped as those before it say, which one masked network
//! tells all numbers at once.

use super::map::Map;
use super::{Transform, near_identity};
use crate::nn::{Activation, Mlp, Module, prefixed};
use crate::random::Rng;
use crate::{Float, Tensor};

// ANCHOR: made
/// The masks of a MADE (Germain et al. 2015, eq. 12–13) for d numbers, two hidden layers of `width`
/// and P outputs for each number: 1 where a weight may be, `[out, in]`.
///
/// Input i has degree i = 1, …, d; hidden units have degrees 1, …, d − 1 in turn. A unit sees units
/// of degree up to its own; the outputs of number i only those **below** i, or it would see itself.
pub fn masks(dim: usize, width: usize, parameters: usize) -> [Tensor; 3] {
    let input = |i: usize| i + 1;
    let hidden = |i: usize| 1 + i % (dim - 1).max(1);
    let output = move |i: usize| i / parameters + 1;
    let mask = |rows: usize, columns: usize, sees: &dyn Fn(usize, usize) -> bool| {
        Tensor::from_fn(&[rows, columns], |i| Float::from(u8::from(sees(i / columns, i % columns))))
    };
    [
        mask(width, dim, &|i, j| input(j) <= hidden(i)),
        mask(width, width, &|i, j| hidden(j) <= hidden(i)),
        mask(dim * parameters, width, &|i, j| hidden(j) < output(i)),
    ]
}
// ANCHOR_END: made

// ANCHOR: autoregressive
/// yᵢ = map of xᵢ with θᵢ = net(x₁, …, xᵢ₋₁): a MAF if the map is affine (Papamakarios et al. 2017,
/// who write it as (x − μ) e^(−α)), an autoregressive spline if it is one.
#[derive(Clone, Debug)]
pub struct Autoregressive {
    /// x → θ of every number, with the weights that [`masks`] leave.
    pub net: Mlp,
    /// One for each layer of the network.
    pub masks: Vec<Tensor>,
    /// What happens to each number.
    pub map: Map,
    /// Whether the numbers are taken from the last to the first.
    pub reverse: bool,
}

impl Autoregressive {
    /// With two hidden layers of `width`.
    pub fn new(dim: usize, width: usize, map: Map, reverse: bool, rng: &mut Rng) -> Autoregressive {
        let sizes = [dim, width, width, dim * map.parameters()];
        let net = near_identity(Mlp::new(&sizes, Activation::Elu, rng));
        let masks = masks(dim, width, map.parameters()).to_vec();
        Autoregressive { net, masks, map, reverse }
    }

    /// θ of every number: `[n, d]` → `[n, d, P]`.
    fn theta(&self, x: &Tensor) -> Tensor {
        let mut net = self.net.clone();
        for (layer, mask) in net.layers.iter_mut().zip(&self.masks) {
            layer.weight = &layer.weight * mask;
        }
        let [n, d] = [x.shape()[0], x.shape()[1]];
        net.forward(x).reshape(&[n, d, self.map.parameters()])
    }

    fn ordered(&self, x: &Tensor) -> Tensor {
        if self.reverse { x.flip(1) } else { x.clone() }
    }
}

impl Transform for Autoregressive {
    fn forward(&self, x: &Tensor) -> (Tensor, Tensor) {
        let x = self.ordered(x);
        let (y, ladj) = self.map.forward(&x, &self.theta(&x));
        (self.ordered(&y), ladj.sum(1))
    }

    /// One number after another: θᵢ needs x₁, …, xᵢ₋₁, so there are d passes.
    fn inverse(&self, y: &Tensor) -> Tensor {
        let y = self.ordered(y);
        let mut x = Tensor::zeros(y.shape());
        for i in 0..y.shape()[1] {
            let found = self.map.inverse(&y, &self.theta(&x)).slice(1, i..i + 1);
            let after = y.shape()[1] - i - 1;
            x = Tensor::concat(&[&x.slice(1, 0..i), &found], 1).pad(1, 0, after);
        }
        self.ordered(&x)
    }

    fn copy(&self) -> Box<dyn Transform> {
        Box::new(self.clone())
    }
}
// ANCHOR_END: autoregressive

impl Module for Autoregressive {
    fn parameters(&self) -> Vec<(String, &Tensor)> {
        prefixed("net", self.net.parameters())
    }

    fn parameters_mut(&mut self) -> Vec<(String, &mut Tensor)> {
        prefixed("net", self.net.parameters_mut())
    }
}
