//! Solutions of exercises/continuous_flows.rs, as a reader would write them. Look at them afterwards.

use pushforward::chapters::continuous_flows::checks::{Answers, Family, Field, Map, trials};
use pushforward::derivatives::{divergence_hutchinson, vjp};
use pushforward::{Float, Tensor, check, derivatives, grad, grad_graph, ode};
use std::f64::consts::TAU;
use std::process::ExitCode;

/// ln N(x; 0, I).
fn log_normal(x: &Tensor) -> Tensor {
    let constant = Tensor::scalar(TAU as Float).ln() * (0.5 * x.shape()[1] as Float);
    x.square().sum(1) * -0.5 - constant
}

/// Back to where the point was, and the logarithm of how much volume has grown.
fn scaling_log_density(x: &Tensor, rate: Float, t: Float) -> Tensor {
    let x_0 = x * Tensor::scalar(-rate * t).exp();
    log_normal(&x_0) - rate * t * x.shape()[1] as Float
}

/// Far wall less near wall, axis by axis; of u only what goes through counts.
fn outflow(u: Map, x: &Tensor, h: Float) -> Tensor {
    let [n, d] = [x.shape()[0], x.shape()[1]];
    let mut sum = Tensor::zeros(&[n]);
    for j in 0..d {
        let half = Tensor::from_fn(&[d], |i| if i == j { 0.5 * h } else { 0.0 });
        let through = u(&(x + &half)) - u(&(x - &half));
        sum += through.slice(1, j..j + 1).reshape(&[n]) / h;
    }
    sum
}

/// The points do not know of each other, so one walk finds ∂u_j/∂x_j of all of them.
fn divergence(u: Map, x: &Tensor) -> Tensor {
    let [n, d] = [x.shape()[0], x.shape()[1]];
    let y = u(x);
    let mut sum = Tensor::zeros(&[n]);
    for j in 0..d {
        let row = grad_graph(&y.slice(1, j..j + 1).sum(..), &[x]).remove(0);
        sum += row.slice(1, j..j + 1).reshape(&[n]);
    }
    sum
}

/// The chain rule: t occurs as the time and in x_t.
fn material_derivative(log_p: Field, u: Field, t: &Tensor, x: &Tensor) -> Tensor {
    let (t, x) = (t.variable(), x.variable());
    let slopes = grad(&log_p(&t, &x).sum(..), &[&t, &x]);
    slopes[0].reshape(&[t.len()]) + (u(&t, &x) * &slopes[1]).sum(1)
}

/// ℓ itself is not looked at.
fn augmented(u: Field, t: &Tensor, z: &Tensor) -> Tensor {
    let [n, d] = [z.shape()[0], z.shape()[1] - 1];
    let (u_x, div) = derivatives::divergence(|x| u(t, x), &z.slice(1, 0..d));
    Tensor::concat(&[&u_x, &-div.reshape(&[n, 1])], 1)
}

/// `augmented` as `ode::solve` wants it, from a state with this ℓ.
fn solve(
    u: Field,
    x: &Tensor,
    l: &Tensor,
    time: std::ops::Range<Float>,
    steps: usize,
) -> (Tensor, Tensor) {
    let [n, d] = [x.shape()[0], x.shape()[1]];
    let start = Tensor::concat(&[x, &l.reshape(&[n, 1])], 1);
    let field = |t: Float, z: &Tensor| augmented(u, &Tensor::full(&[n, 1], t), z);
    let end = ode::solve(field, &start, time, steps, &ode::MIDPOINT);
    (end.slice(1, 0..d), end.slice(1, d..d + 1).reshape(&[n]))
}

/// On the way back ln p changes by ℓ, so on the way there by −ℓ.
fn log_density(u: Field, x_1: &Tensor, steps: usize) -> Tensor {
    let nothing = Tensor::zeros(&[x_1.shape()[0]]);
    let (x_0, l) = solve(u, x_1, &nothing, 1.0..0.0, steps);
    log_normal(&x_0) - l
}

/// At t = 0 the density is known, so ℓ can begin with it.
fn sample_with_density(u: Field, x_0: &Tensor, steps: usize) -> (Tensor, Tensor) {
    solve(u, x_0, &log_normal(x_0), 0.0..1.0, steps)
}

/// The mean of the logarithms, and a minus: a loss is to become small.
fn nll(u: Field, x_1: &Tensor, steps: usize) -> Tensor {
    -log_density(u, x_1, steps).mean(..)
}

/// ε is the seed of the walk, and once more a factor of what comes out.
fn hutchinson(u: Map, x: &Tensor, epsilon: &Tensor) -> Tensor {
    let (_, product) = vjp(u, x, epsilon);
    (product * epsilon).sum(1)
}

/// With signs the diagonal of εᵀ S ε is always the trace, and does not vary.
fn hutchinson_variance(a: &Tensor) -> (Tensor, Tensor) {
    let squares = ((a + a.t()) * 0.5).square();
    let diagonal = (&squares * Tensor::eye(a.shape()[0])).sum(..);
    let all = squares.sum(..);
    ((&all - diagonal) * 2.0, all * 2.0)
}

/// A solve for each probe, and the mean of what they say.
fn estimated_log_density(u: Field, x_1: &Tensor, probes: &Tensor, steps: usize) -> Tensor {
    let [k, n, d] = [probes.shape()[0], x_1.shape()[0], x_1.shape()[1]];
    let end = Tensor::concat(&[x_1, &Tensor::zeros(&[n, 1])], 1);
    let mut sum = Tensor::zeros(&[n]);
    for i in 0..k {
        let epsilon = probes.slice(0, i..i + 1).reshape(&[n, d]);
        let field = |t: Float, z: &Tensor| {
            let (x, t) = (z.slice(1, 0..d), Tensor::full(&[n, 1], t));
            let (u_x, div) = divergence_hutchinson(|x| u(&t, x), &x, &epsilon);
            Tensor::concat(&[&u_x, &-div.reshape(&[n, 1])], 1)
        };
        let z = ode::solve(field, &end, 1.0..0.0, steps, &ode::MIDPOINT);
        sum = sum + log_normal(&z.slice(1, 0..d)) - z.slice(1, d..d + 1).reshape(&[n]);
    }
    sum / k as Float
}

/// One backward walk, with the seed a.
fn adjoint_slopes(u: Field, t: &Tensor, x: &Tensor, a: &Tensor) -> (Tensor, Tensor) {
    let (u_x, product) = vjp(|x| u(t, x), x, a);
    (u_x, -product)
}

/// The solver takes any state: here all three, one after the other.
fn adjoint_gradient(
    u: Family,
    theta: &Tensor,
    x_1: &Tensor,
    a_1: &Tensor,
    steps: usize,
) -> (Tensor, Tensor) {
    let (n, m) = (x_1.len(), theta.len());
    let flat = |x: &Tensor| x.reshape(&[x.len()]);
    let field = |t: Float, state: &Tensor| {
        let x = state.slice(0, 0..n).reshape(x_1.shape());
        let a = state.slice(0, n..2 * n).reshape(x_1.shape());
        let t = Tensor::full(&[x.shape()[0], 1], t);
        let (u_x, in_x) = vjp(|x| u(&t, x, theta), &x, &a);
        let (_, in_theta) = vjp(|theta| u(&t, &x, theta), theta, &a);
        Tensor::concat(&[&flat(&u_x), &-flat(&in_x), &-flat(&in_theta)], 0).detach()
    };
    let end = Tensor::concat(&[&flat(x_1), &flat(a_1), &Tensor::zeros(&[m])], 0);
    let start = ode::solve(field, &end, 1.0..0.0, steps, &ode::MIDPOINT);
    let a_0 = start.slice(0, n..2 * n).reshape(x_1.shape());
    (a_0, start.slice(0, 2 * n..2 * n + m).reshape(theta.shape()))
}

/// What is judged, by tests as well.
pub const ANSWERS: Answers = Answers {
    scaling_log_density,
    outflow,
    divergence,
    material_derivative,
    augmented,
    log_density,
    sample_with_density,
    nll,
    hutchinson,
    hutchinson_variance,
    estimated_log_density,
    adjoint_slopes,
    adjoint_gradient,
};

fn main() -> ExitCode {
    check::main(&trials(&ANSWERS))
}
