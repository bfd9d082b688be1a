//! Solutions of exercises/odes.rs, as a reader would write them. Look at them afterwards.

use pushforward::chapters::odes::checks::{Answers, Ends, Field, Pair, trials};
use pushforward::{Float, Tensor, check, grad};
use std::process::ExitCode;

/// g′ = L g + ε from g(0) = δ.
fn gronwall_bound(delta: &Tensor, epsilon: &Tensor, lipschitz: &Tensor, t: &Tensor) -> Tensor {
    let grown = (lipschitz * t).exp_m1();
    delta + delta * &grown + epsilon * grown / lipschitz
}

/// What passes a wall leaves one cell and enters the other.
fn continuity_step(rho: &Tensor, u: &Tensor, dx: Float, dt: Float) -> Tensor {
    let n = rho.len();
    let (left, right, inside) = (rho.slice(0, 0..n - 1), rho.slice(0, 1..n), u.slice(0, 1..n));
    let flux = (inside.maximum(0.0) * left + inside.minimum(0.0) * right).pad(0, 1, 1);
    rho - (flux.slice(0, 1..n + 1) - flux.slice(0, 0..n)) * (dt / dx)
}

/// h is negative where time runs backwards.
fn euler_solve(u: Field, x_0: &Tensor, t_0: Float, t_1: Float, steps: usize) -> Tensor {
    let h = (t_1 - t_0) / steps as Float;
    let mut x = x_0.clone();
    for i in 0..steps {
        x = &x + u(t_0 + i as Float * h, &x) * h;
    }
    x
}

/// The trapezium rule, with Euler's guess for the end.
fn heun_step(u: Field, t: Float, x: &Tensor, h: Float) -> Tensor {
    let k_1 = u(t, x);
    let k_2 = u(t + h, &(x + &k_1 * h));
    x + (k_1 + k_2) * (h / 2.0)
}

/// A matrix times a column is Σ_j a_ij c_j for every i.
fn order_conditions(a: &Tensor, b: &Tensor) -> Tensor {
    let (s, c) = (b.len(), a.sum(1));
    let a_c = a.matmul(&c.reshape(&[s, 1])).reshape(&[s]);
    let first = b.sum(..) - 1.0;
    let second = (b * &c).sum(..) - 1.0 / 2.0;
    let third = (b * c.square()).sum(..) - 1.0 / 3.0;
    let fourth = (b * a_c).sum(..) - 1.0 / 6.0;
    Tensor::stack(&[&first, &second, &third, &fourth], 0)
}

/// Each slope is found with the one before.
fn rk4_step(u: Field, t: Float, x: &Tensor, h: Float) -> Tensor {
    let half = h / 2.0;
    let k_1 = u(t, x);
    let k_2 = u(t + half, &(x + &k_1 * half));
    let k_3 = u(t + half, &(x + &k_2 * half));
    let k_4 = u(t + h, &(x + &k_3 * h));
    x + (k_1 + k_2 * 2.0 + k_3 * 2.0 + k_4) * (h / 6.0)
}

/// E_i/E_{i+1} = (n_{i+1}/n_i)^p.
fn observed_order(errors: &Tensor, steps: &Tensor) -> Tensor {
    let m = errors.len();
    let fall = errors.slice(0, 0..m - 1) / errors.slice(0, 1..m);
    let more = steps.slice(0, 1..m) / steps.slice(0, 0..m - 1);
    fall.ln() / more.ln()
}

/// All slopes first; both results are sums over them.
fn embedded_step(u: Field, t: Float, x: &Tensor, h: Float, pair: &Pair) -> (Tensor, Tensor) {
    let mut k: Vec<Tensor> = vec![];
    for i in 0..pair.b.len() {
        let mut place = x.clone();
        for (j, k) in k.iter().enumerate() {
            place += k * (h * pair.a.at(&[i, j]));
        }
        k.push(u(t + pair.c.at(&[i]) * h, &place));
    }
    let (mut x_new, mut e) = (x.clone(), Tensor::zeros(x.shape()));
    for (i, k) in k.iter().enumerate() {
        let (b, b_hat) = (pair.b.at(&[i]), pair.b_hat.at(&[i]));
        x_new += k * (h * b);
        e += k * (h * (b - b_hat));
    }
    (x_new, e)
}

/// Divide by what is allowed, then the root of the mean square.
fn error_norm(e: &Tensor, x: &Tensor, x_new: &Tensor, relative: Float, absolute: Float) -> Tensor {
    let allowed = x.abs().maximum(x_new.abs()) * relative + absolute;
    (e / allowed).square().mean(..).sqrt()
}

/// error · factor⁵ = 1, and a little less.
fn next_step(h: &Tensor, error: &Tensor) -> Tensor {
    h * (error.powf(-1.0 / 5.0) * 0.9).clamp(0.2, 10.0)
}

/// In θ the slopes are h times those in t.
fn dense_output(ends: &Ends, h: Float, theta: Float) -> Tensor {
    let (s, r) = (theta, 1.0 - theta);
    let from_0 = &ends.x_0 * ((1.0 + 2.0 * s) * r * r) + &ends.k_0 * (h * s * r * r);
    let from_1 = &ends.x_1 * (s * s * (3.0 - 2.0 * s)) + &ends.k_1 * (h * s * s * (s - 1.0));
    from_0 + from_1
}

/// (1 + h a)² + h² b² = 1.
fn longest_step(lambda: &Tensor) -> Tensor {
    let n = lambda.shape()[0];
    let a = lambda.slice(1, 0..1).reshape(&[n]);
    &a * -2.0 / lambda.square().sum(1)
}

/// Newton's method for y − x − h u(t + h, y) = 0.
fn implicit_euler_step(u: Field, t: Float, x: &Tensor, h: Float, iterations: usize) -> Tensor {
    let mut y = x.detach();
    for _ in 0..iterations {
        y = y.variable();
        let g = &y - x - u(t + h, &y) * h;
        let slope = grad(&g.sum(..), &[&y]).remove(0);
        y = (&y - g / slope).detach();
    }
    y
}

/// What is judged, by tests as well.
pub const ANSWERS: Answers = Answers {
    gronwall_bound,
    continuity_step,
    euler_solve,
    heun_step,
    order_conditions,
    rk4_step,
    observed_order,
    embedded_step,
    error_norm,
    next_step,
    dense_output,
    longest_step,
    implicit_euler_step,
};

fn main() -> ExitCode {
    check::main(&trials(&ANSWERS))
}
