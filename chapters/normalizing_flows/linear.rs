//! Layers without a network: ActNorm and a matrix by its LU factors (Kingma & Dhariwal 2018).

use super::Transform;
use crate::Tensor;
use crate::nn::Module;
use crate::random::Rng;

// ANCHOR: actnorm
/// y = x ⊙ eˢ + b, with one s and b for each coordinate.
#[derive(Clone, Debug)]
pub struct ActNorm {
    /// s, `[d]`.
    pub log_scale: Tensor,
    /// b, `[d]`.
    pub bias: Tensor,
}

impl ActNorm {
    /// So that these points, `[n, d]`, get mean 0 and variance 1 in each coordinate: Glow's
    /// initialisation.
    pub fn of(x: &Tensor) -> ActNorm {
        let log_scale = (x.var(0, 0) + 1e-6).ln() * -0.5;
        let bias = -(x.mean(0) * log_scale.exp());
        ActNorm { log_scale: log_scale.variable(), bias: bias.variable() }
    }
}

impl Transform for ActNorm {
    fn forward(&self, x: &Tensor) -> (Tensor, Tensor) {
        let ladj = self.log_scale.sum(..) + Tensor::zeros(&x.shape()[..1]);
        (x * self.log_scale.exp() + &self.bias, ladj)
    }

    fn inverse(&self, y: &Tensor) -> Tensor {
        (y - &self.bias) * (-&self.log_scale).exp()
    }

    fn copy(&self) -> Box<dyn Transform> {
        Box::new(self.clone())
    }
}
// ANCHOR_END: actnorm

impl ActNorm {
    /// Random s and b, for tests.
    pub fn random(dim: usize, rng: &mut Rng) -> ActNorm {
        let mut draw = || (rng.normal(&[dim]) * 0.3).variable();
        ActNorm { log_scale: draw(), bias: draw() }
    }
}

impl Module for ActNorm {
    fn parameters(&self) -> Vec<(String, &Tensor)> {
        vec![("log_scale".into(), &self.log_scale), ("bias".into(), &self.bias)]
    }

    fn parameters_mut(&mut self) -> Vec<(String, &mut Tensor)> {
        vec![("log_scale".into(), &mut self.log_scale), ("bias".into(), &mut self.bias)]
    }
}

// ANCHOR: lu
/// y = W x for every row, W = L U: L has ones on its diagonal, U has eˢ there. ln |det W| is Σ s,
/// and the inverse is two substitutions. (Glow puts a fixed permutation P before L.)
#[derive(Clone, Debug)]
pub struct Lu {
    /// L below the diagonal, `[d, d]`; the rest is not read.
    pub lower: Tensor,
    /// U above the diagonal, `[d, d]`; the rest is not read.
    pub upper: Tensor,
    /// s, `[d]`.
    pub log_diagonal: Tensor,
}

impl Lu {
    /// Small random factors: close to the identity.
    pub fn new(dim: usize, rng: &mut Rng) -> Lu {
        let mut draw = |shape: &[usize]| (rng.normal(shape) * 0.3).variable();
        let (lower, upper) = (draw(&[dim, dim]), draw(&[dim, dim]));
        Lu { lower, upper, log_diagonal: draw(&[dim]) }
    }

    /// L and U, `[d, d]` each.
    pub fn factors(&self) -> [Tensor; 2] {
        let identity = Tensor::eye(self.log_diagonal.len());
        let upper = self.upper.triu(1) + &identity * self.log_diagonal.exp();
        [self.lower.tril(-1) + identity, upper]
    }
}

impl Transform for Lu {
    fn forward(&self, x: &Tensor) -> (Tensor, Tensor) {
        let [l, u] = self.factors();
        let ladj = self.log_diagonal.sum(..) + Tensor::zeros(&x.shape()[..1]);
        (x.matmul_nt(&u).matmul_nt(&l), ladj)
    }

    fn inverse(&self, y: &Tensor) -> Tensor {
        let [l, u] = self.factors();
        u.triangular_solve(&l.triangular_solve(&y.t(), false), true).t()
    }

    fn copy(&self) -> Box<dyn Transform> {
        Box::new(self.clone())
    }
}
// ANCHOR_END: lu

impl Module for Lu {
    fn parameters(&self) -> Vec<(String, &Tensor)> {
        vec![
            ("lower".into(), &self.lower),
            ("upper".into(), &self.upper),
            ("log_diagonal".into(), &self.log_diagonal),
        ]
    }

    fn parameters_mut(&mut self) -> Vec<(String, &mut Tensor)> {
        vec![
            ("lower".into(), &mut self.lower),
            ("upper".into(), &mut self.upper),
            ("log_diagonal".into(), &mut self.log_diagonal),
        ]
    }
}
