//! Gradients by the adjoint equations: those of the closed form, those of back-propagation, and
//! again.

use pushforward::ode::{DORMAND_PRINCE, RK4, Solver, Tolerance, adjoint, solve};
use pushforward::random::Rng;
use pushforward::{Float, Tensor, grad, grad_graph};

const END: f64 = 1.5;

/// dx/dt = −2 a t x² has x(t) = x₀ / q, q = 1 + a x₀ t².
fn field(t: Float, x: &Tensor, theta: &[Tensor]) -> Tensor {
    &theta[0] * x.square() * (-2.0 * t)
}

fn steps() -> [Solver; 2] {
    let tolerance = if size_of::<Float>() == 8 { 1e-9 } else { 1e-5 };
    let tolerance = Tolerance { relative: tolerance, absolute: tolerance };
    [Solver::Steps(200, RK4), Solver::Adaptive(tolerance)]
}

fn close(what: &str, ours: Float, exact: f64) {
    let allowed = if size_of::<Float>() == 8 { 1e-7 } else { 2e-4 };
    let difference = (f64::from(ours) - exact).abs();
    println!("{what}: {ours}, {exact}, difference {difference:e}");
    assert!(difference < allowed, "{what}: {ours} is not {exact}");
}

/// 1/q², −x₀² t²/q² and, once more, −2 a t²/q³: −2 x₀ a t²/q³ would be that of another sign or
/// order.
#[test]
fn first_and_second_derivatives_are_those_of_the_closed_form() {
    let (a, x_0) = (0.8, 1.25);
    let q = 1.0 + a * x_0 * END * END;
    for solver in steps() {
        let [theta, x] = [a, x_0].map(|v| Tensor::scalar(v as Float).variable());
        let x_1 = adjoint(field, &[&theta], &x, 0.0..END as Float, solver);
        close("x", x_1.item(), x_0 / q);
        assert_eq!(x_1.op_name(), Some("ode::adjoint"));
        let first = grad_graph(&x_1, &[&x, &theta]);
        close("∂x/∂x₀", first[0].item(), 1.0 / (q * q));
        close("∂x/∂a", first[1].item(), -(x_0 * END / q).powi(2));
        let second = grad(&first[0], &[&x]).remove(0);
        close("∂²x/∂x₀²", second.item(), -2.0 * a * END * END / (q * q * q));
    }
}

/// A field of two layers on rows, forwards and backwards in time: the gradients of every parameter
/// approach those of back-propagation as the steps shrink.
#[test]
fn gradients_approach_those_of_back_propagation() {
    let mut rng = Rng::new(3);
    let normal = |shape: &[usize], rng: &mut Rng| (rng.normal(shape) * 0.7).variable();
    let (w, b, v) = (normal(&[2, 5], &mut rng), normal(&[5], &mut rng), normal(&[5, 2], &mut rng));
    let x_0 = normal(&[3, 2], &mut rng);
    let u = |t: Float, x: &Tensor, p: &[Tensor]| (x.matmul(&p[0]) + &p[1] * t).tanh().matmul(&p[2]);
    let loss = |x: &Tensor| (x.square() * Tensor::from([1.0, 2.0])).sum(..);
    for time in [0.0..1.0, 1.0..-0.5] {
        let differ = |steps: usize| {
            let own = [w.clone(), b.clone(), v.clone()];
            let x_1 = solve(|t, x| u(t, x, &own), &x_0, time.clone(), steps, &DORMAND_PRINCE);
            let exact = grad(&loss(&x_1), &[&x_0, &w, &b, &v]);
            let solver = Solver::Steps(steps, DORMAND_PRINCE);
            let x_1 = adjoint(u, &[&w, &b, &v], &x_0, time.clone(), solver);
            let ours = grad(&loss(&x_1), &[&x_0, &w, &b, &v]);
            let pairs =
                ours.iter().zip(&exact).map(|(o, e)| f64::from((o - e).abs().max(..).item()));
            pairs.fold(0.0, f64::max)
        };
        let (coarse, fine) = (differ(1), differ(16));
        println!("{time:?}: {coarse:e}, {fine:e}");
        let allowed = if size_of::<Float>() == 8 { 1e-7 } else { 2e-5 };
        assert!(fine < allowed && fine < 0.1 * coarse, "{coarse:e}, {fine:e}");
    }
}
