//! Solvers of ordinary differential equations: the order they claim, the times they visit, and
//! derivatives through them.

use crate::errors::panic_of;
use pushforward::ode::{EULER, MIDPOINT, RungeKutta, solve, trajectory};
use pushforward::{Float, Tensor, grad};
use std::cell::RefCell;

const METHODS: [&RungeKutta; 2] = [&EULER, &MIDPOINT];

/// dx/dt = −2 a t x², nonlinear and dependent on time, has x(t) = x₀ / (1 + a x₀ t²).
fn field(a: &Tensor) -> impl Fn(Float, &Tensor) -> Tensor {
    move |t, x| a * x.square() * (-2.0 * t)
}

const A: f64 = 0.8;
const X_0: f64 = 1.25;
const END: f64 = 1.5;

/// What is measured at the end time: x, ∂x/∂x₀ and ∂x/∂a, by this many steps of a method.
fn solution_and_derivatives(method: &RungeKutta, steps: usize) -> [f64; 3] {
    let [a, x_0] = [A, X_0].map(|v| Tensor::scalar(v as Float).variable());
    let x = solve(field(&a), &x_0, 0.0..END as Float, steps, method);
    let gradients = grad(&x, &[&x_0, &a]);
    [&x, &gradients[0], &gradients[1]].map(|t| f64::from(t.item()))
}

/// With q = 1 + a x₀ t²: x₀ / q, 1 / q², −x₀² t² / q².
fn closed_forms() -> [f64; 3] {
    let q = 1.0 + A * X_0 * END * END;
    [X_0 / q, 1.0 / (q * q), -(X_0 * END / q).powi(2)]
}

/// The error is C hᵖ + O(hᵖ⁺¹): from one number of steps to twice as many it falls by 2ᵖ, to within
/// 0.1 in p. In f32 the steps are fewer, so that its rounding, about 1e-7, stays a hundredth of the
/// smallest error, 2e-5.
#[test]
fn the_error_falls_with_the_claimed_order_and_so_do_its_derivatives() {
    let steps = if size_of::<Float>() == 8 { 512 } else { 32 };
    for method in METHODS {
        let error = |steps| {
            let (ours, exact) = (solution_and_derivatives(method, steps), closed_forms());
            [0, 1, 2].map(|k| (ours[k] - exact[k]).abs())
        };
        let (coarse, fine) = (error(steps), error(2 * steps));
        for (k, what) in ["x", "∂x/∂x₀", "∂x/∂a"].into_iter().enumerate() {
            let order = (coarse[k] / fine[k]).log2();
            let claimed = method.order as f64;
            let name = method.name;
            assert!((order - claimed).abs() < 0.1, "{name}, {what}: order {order}, not {claimed}");
            println!("{name}, {what}: order {order:.4}, errors {:e} and {:e}", coarse[k], fine[k]);
        }
    }
}

/// A tableau's rows sum to their times, its weights to 1: what order 1 asks for; ∑ b c = ½ is order
/// 2.
#[test]
fn every_tableau_fulfils_the_conditions_of_its_order() {
    for method in METHODS {
        assert_eq!(method.b.iter().sum::<Float>(), 1.0);
        assert_eq!((method.a.len(), method.c.len() + 1), (method.c.len(), method.b.len()));
        for (i, (row, &c)) in method.a.iter().zip(method.c).enumerate() {
            assert_eq!((row.len(), row.iter().sum::<Float>()), (i + 1, c));
        }
        let moment: Float = method.b[1..].iter().zip(method.c).map(|(b, c)| b * c).sum();
        assert!(method.order < 2 || moment == 0.5);
    }
}

#[test]
fn the_times_are_evenly_spaced_and_end_exactly_at_the_end() {
    for (start, end, steps) in [(0.0, 1.0, 3), (0.1, 0.7, 7), (1.0, -0.3, 11), (0.0, 1e-3, 1)] {
        let states = trajectory(|_, x| -x, &Tensor::ones(&[2]), start..end, steps, &MIDPOINT);
        let times: Vec<Float> = states.iter().map(|(t, _)| *t).collect();
        assert_eq!(times.len(), steps + 1);
        assert_eq!((times[0], times[steps]), (start, end));
        let h = (end - start) / steps as Float;
        for pair in times.windows(2) {
            assert!((pair[1] - pair[0] - h).abs() < 4.0 * Float::EPSILON, "{times:?}");
        }
    }
}

#[test]
fn the_last_state_of_a_trajectory_is_the_solution() {
    let a = Tensor::from([0.3, 0.8]);
    let x = Tensor::from([[1.0, 2.0], [0.5, -0.25], [0.0, 4.0]]);
    for method in METHODS {
        for steps in [1, 2, 9] {
            let states = trajectory(field(&a), &x, 0.0..1.0, steps, method);
            assert_eq!(states.len(), steps + 1);
            assert_eq!(states[0].1.data(), x.data());
            let solution = solve(field(&a), &x, 0.0..1.0, steps, method);
            assert_eq!(states[steps].1.shape(), x.shape());
            assert_eq!(states[steps].1.data(), solution.data());
        }
    }
}

/// The points of a batch do not see each other.
#[test]
fn a_batch_is_solved_as_each_of_its_points() {
    let a = Tensor::scalar(0.8);
    let x = Tensor::from([1.0, 0.5, -0.125]);
    for method in METHODS {
        let together = solve(field(&a), &x, 0.0..1.0, 5, method);
        for i in 0..3 {
            let alone = solve(field(&a), &x.slice(0, i..i + 1), 0.0..1.0, 5, method);
            assert_eq!(alone.item(), together.data()[i]);
        }
    }
}

#[test]
fn a_step_is_the_textbooks_formula() {
    let (t, h, x): (Float, Float, Float) = (0.5, 0.25, 3.0);
    let u = |t: Float, x: &Tensor| x * t + 1.0;
    let step = |method: &RungeKutta| method.step(u, t, &Tensor::scalar(x), h).item();
    let slope = x * t + 1.0;
    assert_eq!(step(&EULER), x + slope * h);
    assert_eq!(step(&MIDPOINT), x + ((x + slope * (h * 0.5)) * (t + h * 0.5) + 1.0) * h);
}

#[test]
fn the_field_is_asked_once_a_stage() {
    for (method, stages) in [(&EULER, 1), (&MIDPOINT, 2)] {
        let asked = RefCell::new(vec![]);
        let u = |t: Float, x: &Tensor| {
            asked.borrow_mut().push(t);
            x.clone()
        };
        solve(u, &Tensor::ones(&[1]), 0.0..2.0, 4, method);
        let times =
            [0.0, 0.5, 1.0, 1.5].map(|t| if stages == 1 { vec![t] } else { vec![t, t + 0.25] });
        assert_eq!(asked.take(), times.concat());
    }
}

/// A time that runs backwards undoes one that runs forwards, to the error of the method, here below
/// 4 h².
#[test]
fn time_may_run_backwards() {
    let a = Tensor::scalar(A as Float);
    let x = Tensor::scalar(X_0 as Float);
    let there = solve(field(&a), &x, 0.0..1.0, 200, &MIDPOINT);
    let back = solve(field(&a), &there, 1.0..0.0, 200, &MIDPOINT);
    let h: Float = 1.0 / 200.0;
    assert!((back.item() - x.item()).abs() < 4.0 * h * h, "{back:?} is not {x:?}");
}

#[test]
fn a_solution_without_variables_is_a_constant() {
    let a = Tensor::scalar(1.0);
    assert!(!solve(field(&a), &Tensor::ones(&[3]), 0.0..1.0, 4, &MIDPOINT).is_tracked());
    assert!(solve(field(&a.variable()), &Tensor::ones(&[3]), 0.0..1.0, 4, &EULER).is_tracked());
}

#[test]
fn no_step_and_a_field_of_another_shape_are_refused() {
    let x = Tensor::ones(&[2, 3]);
    for method in METHODS {
        let none = panic_of(|| drop(solve(|_, x| -x, &x, 0.25..1.0, 0, method))).unwrap();
        let expected = format!("ode: {} needs at least one step from 0.25..1.0", method.name);
        assert_eq!(none.message, expected);
        let wide = |_: Float, x: &Tensor| x.broadcast_to(&[4, 2, 3]);
        let misfit = panic_of(|| drop(trajectory(wide, &x, 0.0..1.0, 4, method))).unwrap();
        assert!(misfit.message.contains("x has shape [2, 3] but u(t, x) [4, 2, 3]"));
        assert!(misfit.file.ends_with("tests/engine/ode.rs"), "{} is blamed", misfit.file);
    }
}
