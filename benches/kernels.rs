//! The kernels and the graph, piece by piece: `cargo bench --bench kernels [part of a name]`.
//!
//! An item is a floating-point operation of a product, an element of a function, or an op of a
//! graph. Bytes are those that must be read and written. All on one thread.

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, bench};
use pushforward::nn::{Activation, Mlp, Module};
use pushforward::optim::{Adam, Optimizer};
use pushforward::random::Rng;
use pushforward::{Float, Tensor, grad, machine};

fn main() {
    machine::set_threads(1);
    divan::main();
}

fn bytes(tensors: &[&Tensor]) -> BytesCount {
    BytesCount::of_many::<Float>(tensors.iter().map(|x| x.len()).sum::<usize>())
}

/// [m, k, n] of the products met in training: thin, square, large.
const SHAPES: [[usize; 3]; 8] = [
    [256, 3, 64],
    [256, 64, 2],
    [256, 64, 64],
    [512, 64, 64],
    [128, 20, 400],
    [128, 784, 400],
    [256, 512, 512],
    [784, 128, 400],
];

fn product(
    bencher: Bencher,
    [m, k, n]: [usize; 3],
    f: impl Fn(&Tensor, &Tensor) -> Tensor,
    shapes: [[usize; 2]; 2],
) {
    let mut rng = Rng::new(0);
    let [a, b] = shapes.map(|shape| rng.normal(&shape));
    bencher
        .counter(ItemsCount::new(2 * m * k * n))
        .counter(bytes(&[&a, &b, &f(&a, &b)]))
        .bench_local(|| f(&a, &b));
}

/// A B.
#[bench(args = SHAPES)]
fn matmul(bencher: Bencher, [m, k, n]: [usize; 3]) {
    product(bencher, [m, k, n], Tensor::matmul, [[m, k], [k, n]]);
}

/// A Bᵀ, the layer's forward.
#[bench(args = SHAPES)]
fn matmul_nt(bencher: Bencher, [m, k, n]: [usize; 3]) {
    product(bencher, [m, k, n], Tensor::matmul_nt, [[m, k], [n, k]]);
}

/// Aᵀ B, the gradient of the layer's weights.
#[bench(args = SHAPES)]
fn matmul_tn(bencher: Bencher, [m, k, n]: [usize; 3]) {
    product(bencher, [m, k, n], Tensor::matmul_tn, [[k, m], [k, n]]);
}

type Function = (&'static str, fn(&Tensor) -> Tensor);
type Pass = (&'static str, fn(&Tensor, &Tensor) -> Tensor);

/// Functions of one number, over an array that stays in the nearest cache.
const FUNCTIONS: [Function; 14] = [
    ("exp", Tensor::exp),
    ("ln", Tensor::ln),
    ("sin", Tensor::sin),
    ("cos", Tensor::cos),
    ("tanh", Tensor::tanh),
    ("erf", Tensor::erf),
    ("sigmoid", Tensor::sigmoid),
    ("softplus", Tensor::softplus),
    ("elu", |x| x.elu(1.0)),
    ("selu", Tensor::selu),
    ("silu", Tensor::silu),
    ("gelu", Tensor::gelu),
    ("sqrt", Tensor::sqrt),
    ("powf 1.7", |x| x.powf(1.7)),
];

#[bench(args = FUNCTIONS.map(|(name, _)| name))]
fn function(bencher: Bencher, name: &str) {
    let f = FUNCTIONS.iter().find(|(known, _)| *known == name).expect("a name of the list").1;
    let x = Rng::new(0).uniform_in(&[4096], 0.1, 4.0);
    bencher.counter(ItemsCount::new(x.len())).counter(bytes(&[&x, &x])).bench_local(|| f(&x));
}

/// What is read once and written once.
const PASSES: [Pass; 6] = [
    ("a + b", |a, b| a + b),
    ("a + row", |a, _| a + a.slice(0, 0..1)),
    ("a + column", |a, _| a + a.slice(1, 0..1)),
    ("sum of rows", |a, _| a.sum(0)),
    ("sum of columns", |a, _| a.sum(1)),
    ("transpose", |a, _| a.t()),
];

#[bench(args = PASSES.map(|(name, _)| name))]
fn pass(bencher: Bencher, name: &str) {
    let f = PASSES.iter().find(|(known, _)| *known == name).expect("a name of the list").1;
    let mut rng = Rng::new(0);
    let [a, b] = [(); 2].map(|()| rng.normal(&[256, 64]));
    bencher.counter(ItemsCount::new(a.len())).counter(bytes(&[&a, &a])).bench_local(|| f(&a, &b));
}

/// Ops on one number: what the graph costs, forward.
#[bench(args = [1000])]
fn graph_forward(bencher: Bencher, ops: usize) {
    let x = Tensor::scalar(0.5).variable();
    bencher.counter(ItemsCount::new(ops)).bench_local(|| chain(&x, ops));
}

/// The same, with the gradient and the graph's end.
#[bench(args = [1000])]
fn graph_forward_and_backward(bencher: Bencher, ops: usize) {
    let x = Tensor::scalar(0.5).variable();
    bencher.counter(ItemsCount::new(ops)).bench_local(|| grad(&chain(&x, ops), &[&x]));
}

fn chain(x: &Tensor, ops: usize) -> Tensor {
    (0..ops).fold(x.clone(), |y, _| -y)
}

/// The update of the network of workload W6, 590 000 parameters.
#[bench]
fn adam(bencher: Bencher) {
    let mut rng = Rng::new(0);
    let mut net = Mlp::new(&[65, 512, 512, 512, 64], Activation::Silu, &mut rng);
    let gradients: Vec<Tensor> = net.tensors().iter().map(|p| rng.normal(p.shape())).collect();
    let mut adam = Adam::new(1e-3);
    let size = net.size();
    bencher
        .counter(ItemsCount::new(size))
        .counter(BytesCount::of_many::<Float>(7 * size))
        .bench_local(|| adam.step(&mut net, &gradients));
}

/// Normal numbers.
#[bench]
fn normal(bencher: Bencher) {
    let mut rng = Rng::new(0);
    bencher.counter(ItemsCount::new(4096usize)).bench_local(|| rng.normal(&[4096]));
}
