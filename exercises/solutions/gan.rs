//! Solutions of exercises/gan.rs, as a reader would write them. Look at them afterwards.

use pushforward::chapters::gan::checks::{Answers, Critic, trials};
use pushforward::{Float, Tensor, check, grad, grad_graph};
use std::process::ExitCode;

/// ln σ(a) = −ln(1 + e⁻ᵃ) and ln(1 − σ(a)) = −ln(1 + eᵃ).
fn value_function(real: &Tensor, fake: &Tensor) -> Tensor {
    -(-real).softplus().mean(..) - fake.softplus().mean(..)
}

/// Divided by q above and below: 1/(1 + e^(ln p_G − ln q)).
fn optimal_discriminator(log_q: &Tensor, log_p: &Tensor) -> Tensor {
    (log_q - log_p).sigmoid()
}

/// Where a law is 0 its term is 0 times a finite logarithm.
fn jensen_shannon(q: &Tensor, p: &Tensor, h: Float) -> Tensor {
    let m = (q + p) * 0.5;
    let kl = |a: &Tensor| (a * (a.maximum(1e-30) / &m).ln()).sum(..) * h;
    (kl(q) + kl(p)) * 0.5
}

/// D climbs: V is what it makes large.
fn discriminator_step(w: &Tensor, real: &Tensor, fake: &Tensor, lr: Float) -> Tensor {
    let w = w.variable();
    let v = value_function(&real.matmul(&w), &fake.matmul(&w));
    let slope = grad(&v, &[&w]).remove(0);
    w.detach() + slope * lr
}

/// ∂V/∂φ = −σ(φθ) θ is climbed, ∂V/∂θ = −σ(φθ) φ is descended.
fn alternate(theta: &Tensor, phi: &Tensor, k: usize, rounds: usize, lr: Float) -> (Tensor, Tensor) {
    let (mut theta, mut phi) = (theta.clone(), phi.clone());
    for _ in 0..rounds {
        for _ in 0..k {
            phi = &phi - (&phi * &theta).sigmoid() * &theta * lr;
        }
        theta = &theta + (&phi * &theta).sigmoid() * &phi * lr;
    }
    (theta, phi)
}

/// Both fall as D believes more; only the second goes on falling steeply while D believes nothing.
fn generator_losses(fake: &Tensor) -> (Tensor, Tensor) {
    (-fake.softplus().mean(..), (-fake).softplus().mean(..))
}

/// The derivative of softplus is σ.
fn generator_slopes(fake: &Tensor) -> (Tensor, Tensor) {
    (-fake.sigmoid(), fake.sigmoid() - 1.0)
}

/// Regression: on data the answer is 1, on fakes 0; G wants 1 on fakes.
fn least_squares_losses(real: &Tensor, fake: &Tensor) -> (Tensor, Tensor) {
    let half = |x: Tensor| x.square().mean(..) * 0.5;
    (half(real - 1.0) + half(fake.clone()), half(fake - 1.0))
}

/// What D maximises, with the sign turned; of it only the mean over fakes depends on G.
fn critic_losses(
    real: &Tensor,
    fake: &Tensor,
    penalty: &Tensor,
    lambda: Float,
) -> (Tensor, Tensor) {
    (fake.mean(..) - real.mean(..) + penalty * lambda, -fake.mean(..))
}

/// The sum over rows has each row's own gradient, since rows do not touch each other in a.
fn gradient_penalty(a: Critic, real: &Tensor, fake: &Tensor, u: &Tensor) -> Tensor {
    let x = (u * real + (1.0 - u) * fake).variable();
    let slope = grad_graph(&a(&x).sum(..), &[&x]).remove(0);
    (slope.square().sum(1).sqrt() - 1.0).square().mean(..)
}

/// Σ f ln(f/(1/k)).
fn mode_kl(counts: &Tensor) -> Tensor {
    let (f, k) = (counts / counts.sum(..), counts.len() as Float);
    (&f * (f.maximum(1e-30) * k).ln()).sum(..)
}

/// What is judged, by tests as well.
pub const ANSWERS: Answers = Answers {
    value_function,
    optimal_discriminator,
    jensen_shannon,
    discriminator_step,
    alternate,
    generator_losses,
    generator_slopes,
    least_squares_losses,
    critic_losses,
    gradient_penalty,
    mode_kl,
};

fn main() -> ExitCode {
    check::main(&trials(&ANSWERS))
}
