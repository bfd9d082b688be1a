//! The planar layer (Rezende & Mohamed 2015, eq. 10–12): space pushed along one direction.

use super::Transform;
use crate::Tensor;
use crate::nn::Module;
use crate::random::Rng;

// ANCHOR: planar
/// y = x + û tanh(w·x + b). ladj = ln |1 + û·w (1 − tanh²(w·x + b))|.
///
/// It is invertible if û·w > −1, which û = u + (m(u·w) − u·w) w/‖w‖², m(a) = softplus(a) − 1, keeps
/// (their appendix A.1).
#[derive(Clone, Debug)]
pub struct Planar {
    /// u, `[d]`.
    pub u: Tensor,
    /// w, `[d]`.
    pub w: Tensor,
    /// b, `[1]`.
    pub b: Tensor,
}

impl Planar {
    /// Random parameters.
    pub fn new(dim: usize, rng: &mut Rng) -> Planar {
        let (u, w) = (rng.normal(&[dim]) * 0.3, rng.normal(&[dim]));
        Planar { u: u.variable(), w: w.variable(), b: rng.normal(&[1]).variable() }
    }

    /// û, `[d]`.
    pub fn u_hat(&self) -> Tensor {
        let along = (&self.u * &self.w).sum(..);
        let wanted = along.softplus() - 1.0;
        &self.u + (wanted - along) * &self.w / self.w.square().sum(..)
    }
}

impl Transform for Planar {
    fn forward(&self, x: &Tensor) -> (Tensor, Tensor) {
        let u = self.u_hat();
        let h = ((x * &self.w).sum_keep(1) + &self.b).tanh();
        let ladj = ((-h.square() + 1.0) * (&u * &self.w).sum(..) + 1.0).abs().ln();
        (x + h * u, ladj.sum(1))
    }

    /// No closed form: a = w·x solves a + û·w tanh(a + b) = w·y, whose left side grows; its root is
    /// found by halving an interval, and is a constant for gradients.
    fn inverse(&self, y: &Tensor) -> Tensor {
        let u = self.u_hat().detach();
        let (w, b) = (self.w.detach(), self.b.detach());
        let along = (&u * &w).sum(..);
        let target = (y.detach() * &w).sum_keep(1);
        let (mut low, mut high) = (&target - along.abs(), &target + along.abs());
        for _ in 0..60 {
            let middle = (&low + &high) * 0.5;
            let below = (&middle + &along * (&middle + &b).tanh()).lt(&target);
            (low, high) = (below.select(&middle, &low), below.select(&high, &middle));
        }
        y - (low + b).tanh() * u
    }

    fn copy(&self) -> Box<dyn Transform> {
        Box::new(self.clone())
    }
}
// ANCHOR_END: planar

impl Module for Planar {
    fn parameters(&self) -> Vec<(String, &Tensor)> {
        vec![("u".into(), &self.u), ("w".into(), &self.w), ("b".into(), &self.b)]
    }

    fn parameters_mut(&mut self) -> Vec<(String, &mut Tensor)> {
        vec![("u".into(), &mut self.u), ("w".into(), &mut self.w), ("b".into(), &mut self.b)]
    }
}
