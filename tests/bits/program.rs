//! A program whose every result goes into one number. It uses the public interface alone, so that a
//! notebook cell can hold it too; there and everywhere it must print the same.

use pushforward::chapters::flow_matching::path::Path;
use pushforward::chapters::flow_matching::{Velocity, cfm_loss, sample};
use pushforward::data::make_moons;
use pushforward::nn::Module;
use pushforward::optim::{Adam, Optimizer};
use pushforward::random::Rng;
use pushforward::{Tensor, grad, grad_graph};

/// FNV-1a (Fowler, Noll & Vo) over the bits of numbers.
pub struct Hash(pub u64);

impl Hash {
    fn add(&mut self, x: &Tensor) {
        for byte in x.data().iter().flat_map(|x| x.to_bits().to_le_bytes()) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

/// Trains on two moons and samples: every loss, weight and point.
pub fn training(hash: &mut Hash, steps: usize) {
    let mut rng = Rng::new(0);
    let mut u = Velocity::new(2, 64, &mut rng);
    let mut adam = Adam::new(1e-2);
    for _ in 0..steps {
        let x_1 = make_moons(256, 0.05, &mut rng);
        let (x_0, t) = (rng.normal(&[256, 2]), rng.uniform(&[256, 1]));
        let loss = cfm_loss(&u, &Path::Linear, &x_0, &x_1, &t);
        hash.add(&loss);
        let gradients = grad(&loss, &u.tensors());
        adam.step(&mut u, &gradients);
    }
    u.tensors().iter().for_each(|weights| hash.add(weights));
    hash.add(&sample(&u, &rng.normal(&[300, 2]), 8));
}

/// An op's value, and its gradients of the first and second order.
pub fn op(hash: &mut Hash, op: fn(&[Tensor]) -> Tensor, inputs: &[Tensor], smooth: &[usize]) {
    let x: Vec<Tensor> = inputs.iter().map(Tensor::variable).collect();
    let targets: Vec<&Tensor> = smooth.iter().map(|&i| &x[i]).collect();
    let y = op(&x);
    hash.add(&y);
    if !y.is_tracked() {
        return;
    }
    let first = grad_graph(&y.square().sum(..), &targets);
    first.iter().for_each(|g| hash.add(g));
    let norm = first.iter().map(|g| g.square().sum(..)).sum::<Tensor>();
    if norm.is_tracked() {
        grad(&norm, &targets).iter().for_each(|g| hash.add(g));
    }
}

/// Shapes that do not fit tiles, blocks or threads, and are large enough for all of them.
pub fn large(hash: &mut Hash) {
    let mut rng = Rng::new(1);
    for [m, k, n] in [[301, 517, 203], [67, 1031, 5], [5, 300, 700], [1000, 3, 129], [2, 9, 2]] {
        let (a, b) = (rng.normal(&[m, k]), rng.normal(&[k, n]));
        let (a_t, b_t) = (a.t(), b.t());
        hash.add(&a.matmul(&b));
        hash.add(&a.matmul_nt(&b_t));
        hash.add(&a_t.matmul_tn(&b));
        hash.add(&a.linear(&b_t, &rng.normal(&[n])));
    }
    let x = rng.normal(&[3, 70_001]) * 3.0;
    let y = rng.normal(&[70_001]);
    for z in [&x + &y, &x * &y, &y / x.slice(0, 0..1), x.tanh(), x.elu(1.0), x.silu(), x.exp()] {
        hash.add(&z);
        [z.sum(0), z.sum(1), z.sum(..), z.mean(..), z.log_sum_exp(1)]
            .iter()
            .for_each(|s| hash.add(s));
    }
}
