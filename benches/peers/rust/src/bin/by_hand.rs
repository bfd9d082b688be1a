//! The floor: forward and backward passes written out, with no autograd and no allocation in a
//! step; `gemm` multiplies matrices, and everything between two products is one loop.

use std::thread;

use gemm::Parallelism;
use pushforward_peers::protocol::{self, Step};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use rand_distr::StandardNormal;

fn main() {
    protocol::run("by_hand", "gemm", |workload, threads| match workload {
        "W1" => Ok(flow(2, 64, Function::Elu, threads)),
        "W2" => Ok(vae(threads)),
        "W3" | "W4" | "W5" => Err("not written"),
        "W6" => Ok(flow(64, 512, Function::Silu, threads)),
        "W7" => Ok(sampling(threads)),
        _ => Err("no such workload"),
    })
}

// ---------------------------------------------------------------------------------- products

/// A matrix in row-major order, or the transpose of one.
#[derive(Clone, Copy)]
struct View<'a> {
    data: &'a [f32],
    shape: [usize; 2],
    strides: [isize; 2],
}

fn view(data: &[f32], columns: usize) -> View<'_> {
    View { data, shape: [data.len() / columns, columns], strides: [columns as isize, 1] }
}

impl View<'_> {
    fn t(self) -> Self {
        let ([m, n], [r, c]) = (self.shape, self.strides);
        View { shape: [n, m], strides: [c, r], ..self }
    }
}

/// Below so many multiplications a second thread costs more than it does.
const ALONE: usize = 1 << 22;

/// `out = a b`, or `out += a b` if `add`.
fn product(out: &mut [f32], a: View, b: View, add: bool, threads: usize) {
    let ([m, k], [inner, n]) = (a.shape, b.shape);
    assert!(k == inner && out.len() == m * n, "shapes of a product");
    assert!(a.data.len() == m * k && b.data.len() == k * n, "shapes of its factors");
    let worthwhile = threads > 1 && m * k * n >= ALONE;
    let parallelism = if worthwhile { Parallelism::Rayon(threads) } else { Parallelism::None };
    let (old, new) = (if add { 1.0 } else { 0.0 }, 1.0);
    let (out, row, column) = (out.as_mut_ptr(), n as isize, 1);
    let (a_data, [a_row, a_column]) = (a.data.as_ptr(), a.strides);
    let (b_data, [b_row, b_column]) = (b.data.as_ptr(), b.strides);
    // SAFETY: the shapes and strides stay within the slices, as asserted above, and `out` is
    // borrowed mutably, so it overlaps neither factor.
    unsafe {
        #[rustfmt::skip]
        gemm::gemm(
            m, n, k, out, column, row, add, a_data, a_column, a_row, b_data, b_column, b_row,
            old, new, false, false, false, parallelism,
        );
    }
}

// --------------------------------------------------------------------------------- functions

#[derive(Clone, Copy)]
enum Function {
    Identity,
    Relu,
    Elu,
    Silu,
}

/// `a b + c`; without the instruction the fused form would be a slow call.
fn fused(a: f32, b: f32, c: f32) -> f32 {
    if cfg!(target_feature = "fma") { a.mul_add(b, c) } else { a * b + c }
}

/// e^x by a polynomial on [-ln 2 / 2, ln 2 / 2]: unlike the library's it becomes vector code.
fn exp(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0; // 1.5 * 2^23: a sum with it has no bits below the point
    const SERIES: [f32; 6] =
        [1.987_569_2e-4, 1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.0 / 6.0, 0.5];
    let x = x.clamp(-87.0, 88.0);
    let shifted = fused(x, std::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = fused(n, 2.121_944_4e-4, fused(n, -0.693_359_4, x)); // ln 2 in two parts
    let p = SERIES.into_iter().reduce(|p, c| fused(p, r, c)).unwrap_or_default();
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23));
    fused(p * r, r, r + 1.0) * power
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// Replaces each x by f(x); `slope` becomes f'(x).
fn apply(f: Function, x: &mut [f32], slope: &mut [f32]) {
    fn each(x: &mut [f32], slope: &mut [f32], f: impl Fn(f32) -> (f32, f32)) {
        for (x, slope) in x.iter_mut().zip(slope) {
            (*x, *slope) = f(*x);
        }
    }
    match f {
        Function::Identity => slope.fill(1.0),
        Function::Relu => each(x, slope, |x| if x > 0.0 { (x, 1.0) } else { (0.0, 0.0) }),
        Function::Elu => each(x, slope, |x| {
            let e = exp(x.min(0.0)); // 1 where x is positive, as the slope is
            (x.max(0.0) + (e - 1.0), e)
        }),
        Function::Silu => each(x, slope, |x| {
            let s = sigmoid(x);
            (x * s, s * (1.0 + x * (1.0 - s)))
        }),
    }
}

// ---------------------------------------------------------------------------------- networks

/// An array of weights with its gradient and Adam's two moments.
struct Parameter {
    value: Vec<f32>,
    gradient: Vec<f32>,
    first: Vec<f32>,
    second: Vec<f32>,
}

impl Parameter {
    fn new(size: usize, bound: f32, rng: &mut SmallRng) -> Parameter {
        let value = (0..size).map(|_| rng.random_range(-bound..bound)).collect();
        let zero = || vec![0.0; size];
        Parameter { value, gradient: zero(), first: zero(), second: zero() }
    }

    /// The `step`-th update of Adam, counted from 1.
    fn adam(&mut self, rate: f32, step: i32) {
        let (beta1, beta2, tiny) = (0.9f32, 0.999f32, 1e-8);
        let rate = rate / (1.0 - beta1.powi(step));
        let unbias = 1.0 / (1.0 - beta2.powi(step));
        let moments = self.first.iter_mut().zip(&mut self.second);
        for ((p, g), (m, v)) in self.value.iter_mut().zip(&self.gradient).zip(moments) {
            *m = beta1 * *m + (1.0 - beta1) * g;
            *v = beta2 * *v + (1.0 - beta2) * g * g;
            *p -= rate * *m / ((*v * unbias).sqrt() + tiny);
        }
    }
}

/// `f(x w + b)`, with what its backward pass needs: its output and the slope of f there.
struct Layer {
    weight: Parameter,
    bias: Parameter,
    f: Function,
    out: Vec<f32>,
    slope: Vec<f32>,
    /// The derivative of the loss: first by the output, then by what f was applied to.
    delta: Vec<f32>,
}

impl Layer {
    fn forward(&mut self, x: &[f32], threads: usize) {
        let n = self.bias.value.len();
        let x = view(x, self.weight.value.len() / n);
        for row in self.out.chunks_exact_mut(n) {
            row.copy_from_slice(&self.bias.value);
        }
        product(&mut self.out, x, view(&self.weight.value, n), true, threads);
        apply(self.f, &mut self.out, &mut self.slope);
    }

    /// Writes the gradients of the parameters, and into `x_delta` that of the input.
    fn backward(&mut self, x: &[f32], x_delta: Option<&mut [f32]>, threads: usize) {
        let n = self.bias.value.len();
        let x = view(x, self.weight.value.len() / n);
        for (delta, slope) in self.delta.iter_mut().zip(&self.slope) {
            *delta *= slope;
        }
        self.bias.gradient.fill(0.0);
        for row in self.delta.chunks_exact(n) {
            for (sum, delta) in self.bias.gradient.iter_mut().zip(row) {
                *sum += delta;
            }
        }
        let delta = view(&self.delta, n);
        product(&mut self.weight.gradient, x.t(), delta, false, threads);
        if let Some(x_delta) = x_delta {
            product(x_delta, delta, view(&self.weight.value, n).t(), false, threads);
        }
    }
}

struct Mlp {
    layers: Vec<Layer>,
    threads: usize,
    steps: i32,
}

impl Mlp {
    /// A network for `rows` rows at once, with `f` between its layers.
    fn new(rows: usize, widths: &[usize], f: Function, threads: usize, seed: u64) -> Mlp {
        let mut rng = SmallRng::seed_from_u64(seed);
        let mut layers: Vec<Layer> = Vec::new();
        for pair in widths.windows(2) {
            let bound = 1.0 / (pair[0] as f32).sqrt();
            let weight = Parameter::new(pair[0] * pair[1], bound, &mut rng);
            let bias = Parameter::new(pair[1], bound, &mut rng);
            let zero = || vec![0.0; rows * pair[1]];
            layers.push(Layer { weight, bias, f, out: zero(), slope: zero(), delta: zero() });
        }
        let mut net = Mlp { layers, threads, steps: 0 };
        net.last().f = Function::Identity;
        net
    }

    fn forward(&mut self, x: &[f32]) -> &[f32] {
        for k in 0..self.layers.len() {
            let (before, rest) = self.layers.split_at_mut(k);
            rest[0].forward(before.last().map_or(x, |layer| &layer.out), self.threads);
        }
        &self.last().out
    }

    fn last(&mut self) -> &mut Layer {
        self.layers.last_mut().expect("a layer")
    }

    /// The delta of the last layer has been written before.
    fn backward(&mut self, x: &[f32], mut x_delta: Option<&mut [f32]>) {
        for k in (0..self.layers.len()).rev() {
            let (before, rest) = self.layers.split_at_mut(k);
            match before.last_mut() {
                Some(b) => rest[0].backward(&b.out, Some(&mut b.delta), self.threads),
                None => rest[0].backward(x, x_delta.take(), self.threads),
            }
        }
    }

    fn adam(&mut self, rate: f32) {
        self.steps += 1;
        for layer in &mut self.layers {
            layer.weight.adam(rate, self.steps);
            layer.bias.adam(rate, self.steps);
        }
    }
}

// --------------------------------------------------------------------------------- workloads

fn fill_normal(out: &mut [f32], rng: &mut SmallRng) {
    out.fill_with(|| rng.sample(StandardNormal));
}

/// W1 and W6: flow matching on straight paths.
fn flow(dim: usize, hidden: usize, f: Function, threads: usize) -> Step {
    const ROWS: usize = 256;
    let mut rng = SmallRng::seed_from_u64(0);
    let mut net = Mlp::new(ROWS, &[dim + 1, hidden, hidden, hidden, dim], f, threads, 1);
    let mut x1 = vec![0.0; ROWS * dim];
    fill_normal(&mut x1, &mut rng);
    let mut input = vec![0.0; ROWS * (dim + 1)];
    let mut velocity = vec![0.0; ROWS * dim];
    Box::new(move || {
        let rows = input.chunks_exact_mut(dim + 1).zip(velocity.chunks_exact_mut(dim));
        for ((row, velocity), x1) in rows.zip(x1.chunks_exact(dim)) {
            let t: f32 = rng.random();
            fill_normal(velocity, &mut rng);
            row[0] = t;
            for ((xt, v), x1) in row[1..].iter_mut().zip(velocity).zip(x1) {
                let x0 = *v;
                *v = x1 - x0;
                *xt = x0 + t * *v;
            }
        }
        net.forward(&input);
        let loss = mean_squares(&mut net, &velocity);
        net.backward(&input, None);
        net.adam(1e-2);
        loss
    })
}

/// The mean squared distance of the output from `target`; its derivative becomes the delta.
fn mean_squares(net: &mut Mlp, target: &[f32]) -> f32 {
    let last = net.last();
    let scale = 1.0 / target.len() as f32;
    let mut sum = 0.0;
    for ((delta, out), target) in last.delta.iter_mut().zip(&last.out).zip(target) {
        let error = out - target;
        sum += error * error;
        *delta = 2.0 * scale * error;
    }
    sum * scale
}

/// W2: a variational autoencoder; one layer gives both the mean and the log-variance of z.
fn vae(threads: usize) -> Step {
    const ROWS: usize = 128;
    const CODE: usize = 20;
    let mut rng = SmallRng::seed_from_u64(0);
    let mut encoder = Mlp::new(ROWS, &[784, 400, 2 * CODE], Function::Relu, threads, 1);
    let mut decoder = Mlp::new(ROWS, &[CODE, 400, 784], Function::Relu, threads, 2);
    let x: Vec<f32> = (0..ROWS * 784).map(|_| rng.random()).collect();
    let [mut noise, mut z, mut z_delta] = [(); 3].map(|()| vec![0.0; ROWS * CODE]);
    Box::new(move || {
        fill_normal(&mut noise, &mut rng);
        let codes = encoder.forward(&x).chunks_exact(2 * CODE);
        for ((z, noise), code) in z.chunks_mut(CODE).zip(noise.chunks(CODE)).zip(codes) {
            for j in 0..CODE {
                z[j] = code[j] + exp(code[CODE + j] / 2.0) * noise[j];
            }
        }
        decoder.forward(&z);
        let mut loss = cross_entropy(&mut decoder, &x, 1.0 / ROWS as f32);
        decoder.backward(&z, Some(&mut z_delta));
        loss += divergence(&mut encoder, &noise, &z_delta, CODE);
        encoder.backward(&x, None);
        decoder.adam(1e-3);
        encoder.adam(1e-3);
        loss / ROWS as f32
    })
}

/// The sum of the binary cross-entropies of images; the delta becomes its derivative * `scale`.
fn cross_entropy(net: &mut Mlp, target: &[f32], scale: f32) -> f32 {
    const LANES: usize = 16;
    const ROW: usize = 784;
    let last = net.last();
    let mut sums = [0.0; LANES];
    let rows = last.delta.chunks_exact_mut(ROW).zip(last.out.chunks_exact(ROW));
    for ((delta, logits), target) in rows.zip(target.chunks_exact(ROW)) {
        // sum log(1 + e^-|l|) = log prod: one logarithm for 49 factors of at most 2.
        let mut products = [1.0f32; LANES];
        for at in (0..ROW).step_by(LANES) {
            for j in 0..LANES {
                let (l, x) = (logits[at + j], target[at + j]);
                let tail = exp(-l.abs());
                let small = tail / (1.0 + tail);
                delta[at + j] = scale * (if l > 0.0 { 1.0 - small } else { small } - x);
                sums[j] += l.max(0.0) - l * x;
                products[j] *= 1.0 + tail;
            }
        }
        sums.iter_mut().zip(products).for_each(|(sum, product)| *sum += product.ln());
    }
    sums.iter().sum()
}

/// The sum of KL(q || N(0, I)); the delta of the encoder becomes the derivative of the loss by
/// both paths, through z and through the divergence.
fn divergence(encoder: &mut Mlp, noise: &[f32], z_delta: &[f32], code: usize) -> f32 {
    let last = encoder.last();
    let scale = code as f32 / noise.len() as f32;
    let mut sum = 0.0;
    let rows = last.delta.chunks_mut(2 * code).zip(last.out.chunks(2 * code));
    for ((delta, out), (noise, dz)) in rows.zip(noise.chunks(code).zip(z_delta.chunks(code))) {
        for j in 0..code {
            let (mu, logvar) = (out[j], out[code + j]);
            let deviation = exp(logvar / 2.0);
            let variance = deviation * deviation;
            sum += 0.5 * (variance + mu * mu - 1.0 - logvar);
            delta[j] = dz[j] + scale * mu;
            delta[code + j] = 0.5 * (dz[j] * noise[j] * deviation + scale * (variance - 1.0));
        }
    }
    sum
}

/// W7: midpoint steps of W1's network from noise; the result is the mean square. A block of
/// points goes through all steps while it is in the cache, and each thread has its blocks.
fn sampling(threads: usize) -> Step {
    const POINTS: usize = 10_000;
    const BLOCK: usize = 250;
    let worker = |k| {
        let net = Mlp::new(BLOCK, &[3, 64, 64, 64, 2], Function::Elu, 1, 1);
        (net, SmallRng::seed_from_u64(k))
    };
    let mut workers: Vec<(Mlp, SmallRng)> = (0..threads as u64).map(worker).collect();
    let mut x = vec![0.0; 2 * POINTS];
    Box::new(move || {
        let part = 2 * (POINTS / BLOCK).div_ceil(threads) * BLOCK;
        thread::scope(|scope| {
            for ((net, rng), part) in workers.iter_mut().zip(x.chunks_mut(part)) {
                scope.spawn(move || {
                    part.chunks_exact_mut(2 * BLOCK).for_each(|x| sample_block(net, rng, x));
                });
            }
        });
        x.iter().map(|x| x * x).sum::<f32>() / x.len() as f32
    })
}

fn sample_block(net: &mut Mlp, rng: &mut SmallRng, x: &mut [f32]) {
    const STEPS: usize = 100;
    let h = 1.0 / STEPS as f32;
    let mut input = vec![0.0; x.len() / 2 * 3];
    let mut middle = vec![0.0; x.len()];
    fill_normal(x, rng);
    for k in 0..STEPS {
        let t = k as f32 * h;
        middle.copy_from_slice(x);
        add_scaled(&mut middle, h / 2.0, velocity(net, t, x, &mut input));
        add_scaled(x, h, velocity(net, t + h / 2.0, &middle, &mut input));
    }
}

fn add_scaled(x: &mut [f32], h: f32, velocity: &[f32]) {
    x.iter_mut().zip(velocity).for_each(|(x, v)| *x += h * v);
}

fn velocity<'a>(net: &'a mut Mlp, t: f32, x: &[f32], input: &mut [f32]) -> &'a [f32] {
    for (row, x) in input.chunks_exact_mut(3).zip(x.chunks_exact(2)) {
        row.copy_from_slice(&[t, x[0], x[1]]);
    }
    net.forward(input)
}
