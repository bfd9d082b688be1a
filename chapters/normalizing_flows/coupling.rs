//! Coupling layers: half of the numbers stay, and tell a network how the others are mapped.

use super::map::Map;
use super::{Transform, near_identity};
use crate::Tensor;
use crate::nn::{Activation, Mlp, Module, prefixed};
use crate::random::Rng;

// ANCHOR: coupling
/// (a, b) → (a, map of b with θ = net(a)): NICE, RealNVP or a spline coupling, as the map is. The
/// Jacobian is triangular, so ladj is a sum over b alone, whatever the network is.
#[derive(Clone, Debug)]
pub struct Coupling {
    /// a → θ.
    pub net: Mlp,
    /// What happens to each number of b.
    pub map: Map,
    /// d.
    pub dim: usize,
    /// a is the first ⌈d/2⌉ numbers, or, if swapped, the rest. Layers must take turns: what always
    /// stays is never learned.
    pub swap: bool,
}

impl Coupling {
    /// With two hidden layers of `width`.
    ///
    /// # Panics
    /// If there is only one number, which nobody could tell anything.
    #[track_caller]
    pub fn new(dim: usize, width: usize, map: Map, swap: bool, rng: &mut Rng) -> Coupling {
        assert!(dim >= 2, "Coupling::new: a point of {dim} numbers cannot be divided");
        let first = dim.div_ceil(2);
        let [kept, changed] = if swap { [dim - first, first] } else { [first, dim - first] };
        let sizes = [kept, width, width, changed * map.parameters()];
        let net = near_identity(Mlp::new(&sizes, Activation::Elu, rng));
        Coupling { net, map, dim, swap }
    }

    /// a and b of x.
    fn divide(&self, x: &Tensor) -> (Tensor, Tensor) {
        let first = self.dim.div_ceil(2);
        let (one, two) = (x.slice(1, 0..first), x.slice(1, first..self.dim));
        if self.swap { (two, one) } else { (one, two) }
    }

    /// x of a and b.
    fn join(&self, a: &Tensor, b: &Tensor) -> Tensor {
        Tensor::concat(&if self.swap { [b, a] } else { [a, b] }, 1)
    }

    /// θ for every number of b: `[n, k, P]`.
    fn theta(&self, a: &Tensor) -> Tensor {
        let (n, parameters) = (a.shape()[0], self.map.parameters());
        self.net.forward(a).reshape(&[n, self.dim - a.shape()[1], parameters])
    }
}

impl Transform for Coupling {
    fn forward(&self, x: &Tensor) -> (Tensor, Tensor) {
        let (a, b) = self.divide(x);
        let (b, ladj) = self.map.forward(&b, &self.theta(&a));
        (self.join(&a, &b), ladj.sum(1))
    }

    fn inverse(&self, y: &Tensor) -> Tensor {
        let (a, b) = self.divide(y);
        self.join(&a, &self.map.inverse(&b, &self.theta(&a)))
    }

    fn copy(&self) -> Box<dyn Transform> {
        Box::new(self.clone())
    }
}
// ANCHOR_END: coupling

impl Module for Coupling {
    fn parameters(&self) -> Vec<(String, &Tensor)> {
        prefixed("net", self.net.parameters())
    }

    fn parameters_mut(&mut self) -> Vec<(String, &mut Tensor)> {
        prefixed("net", self.net.parameters_mut())
    }
}
