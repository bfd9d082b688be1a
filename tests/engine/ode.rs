//! Solvers of ordinary differential equations: the order they claim, the times they visit, and
//! derivatives through them.

use crate::errors::panic_of;
use pushforward::nn::{Activation, Mlp, Module};
use pushforward::ode::{
    DORMAND_PRINCE, EULER, HEUN, MIDPOINT, RK4, RungeKutta, solve, solve_each_row, trajectory,
};
use pushforward::random::Rng;
use pushforward::{Float, Tensor, grad, machine};
use std::cell::RefCell;

const METHODS: [&RungeKutta; 5] = [&EULER, &MIDPOINT, &RK4, &HEUN, &DORMAND_PRINCE];

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

/// The error is C hᵖ (1 + c h + …): from one number of steps to twice as many it falls by 2ᵖ, but
/// for a term in h, which two such slopes of the logarithm let us remove. What is left is within
/// 0.1 of p. In f32 the steps are fewer, so that its rounding, about 1e-7, stays a hundredth of the
/// smallest error, 2e-5; orders 4 and 5 are beyond it, and are seen in f64 with steps few enough
/// for its own.
#[test]
fn the_error_falls_with_the_claimed_order_and_so_do_its_derivatives() {
    for method in METHODS {
        let steps = match (size_of::<Float>(), method.order) {
            (8, 4) => 64,
            (8, 5) => 32,
            (8, _) => 256,
            (_, 4..) => continue,
            _ => 16,
        };
        let error = |steps| {
            let (ours, exact) = (solution_and_derivatives(method, steps), closed_forms());
            [0, 1, 2].map(|k| (ours[k] - exact[k]).abs())
        };
        let errors = [error(steps), error(2 * steps), error(4 * steps)];
        for (k, what) in ["x", "∂x/∂x₀", "∂x/∂a"].into_iter().enumerate() {
            let slope = |i: usize| (errors[i][k] / errors[i + 1][k]).log2();
            let order = 2.0 * slope(1) - slope(0);
            let claimed = method.order as f64;
            let name = method.name;
            println!("{name}, {what}: order {order:.4}, errors {:?}", errors.map(|e| e[k]));
            assert!((order - claimed).abs() < 0.1, "{name}, {what}: order {order}, not {claimed}");
        }
    }
}

/// A tableau's rows sum to their times, and its weights fulfil the conditions that make the error
/// of a step O(hᵖ⁺¹) (Butcher 1963; Hairer, Nørsett and Wanner 1993, II.1, table 2.1): one for
/// order 1, one more for 2, two more for 3, four more for 4.
#[test]
fn every_tableau_fulfils_the_conditions_of_its_order() {
    for method in METHODS {
        let stages = method.b.len();
        assert_eq!((method.a.len(), method.c.len()), (stages - 1, stages - 1));
        for (i, (row, &c)) in method.a.iter().zip(method.c).enumerate() {
            assert_eq!(row.len(), i + 1);
            let sum: Float = row.iter().sum();
            assert!((sum - c).abs() < 16.0 * Float::EPSILON, "{}, row {i}: {sum}", method.name);
        }
        let b = |v: &[Float]| method.b.iter().zip(v).map(|(b, v)| b * v).sum::<Float>();
        let a = |v: &[Float]| -> Vec<Float> {
            let below = method.a.iter().map(|row| row.iter().zip(v).map(|(a, v)| a * v).sum());
            [0.0].into_iter().chain(below).collect()
        };
        let times = |u: &[Float], v: &[Float]| -> Vec<Float> {
            u.iter().zip(v).map(|(u, v)| u * v).collect()
        };
        let c = [&[0.0], method.c].concat();
        let c_2 = times(&c, &c);
        let conditions = [
            (1, b(&vec![1.0; stages]), 1.0),
            (2, b(&c), 1.0 / 2.0),
            (3, b(&c_2), 1.0 / 3.0),
            (3, b(&a(&c)), 1.0 / 6.0),
            (4, b(&times(&c_2, &c)), 1.0 / 4.0),
            (4, b(&times(&c, &a(&c))), 1.0 / 8.0),
            (4, b(&a(&c_2)), 1.0 / 12.0),
            (4, b(&a(&a(&c))), 1.0 / 24.0),
        ];
        for (order, sum, value) in conditions.into_iter().filter(|c| c.0 <= method.order) {
            let name = method.name;
            assert!((sum - value).abs() < 2.0 * Float::EPSILON, "{name}, {order}: {sum}, {value}");
        }
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

/// Blocks of rows change no bit, whatever their number and that of the threads; nor does a frozen
/// network, whose result is in no graph.
#[test]
fn solving_each_row_is_solving_all_of_them() {
    let mut rng = Rng::new(5);
    let u = Mlp::new(&[2, 16, 2], Activation::Tanh, &mut rng);
    let frozen = u.frozen();
    for n in [0, 1, 127, 128, 300, 1030] {
        let x = rng.normal(&[n, 2]);
        let whole = solve(|_, x| u.forward(x), &x, 0.0..1.0, 3, &MIDPOINT);
        assert!(whole.is_tracked());
        for threads in [1, 2] {
            machine::set_threads(threads);
            let rows = solve_each_row(|_, x| frozen.forward(x), &x, 0.0..1.0, 3, &MIDPOINT);
            assert!(!rows.is_tracked());
            assert_eq!((rows.shape(), rows.data()), (whole.shape(), whole.data()), "{n} rows");
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
    let k_2 = (x + slope * h / 2.0) * (t + h / 2.0) + 1.0;
    let k_3 = (x + k_2 * h / 2.0) * (t + h / 2.0) + 1.0;
    let k_4 = (x + k_3 * h) * (t + h) + 1.0;
    let expected = x + (slope + 2.0 * k_2 + 2.0 * k_3 + k_4) * h / 6.0;
    assert!((step(&RK4) - expected).abs() < 4.0 * Float::EPSILON * expected);
}

#[test]
fn the_field_is_asked_once_a_stage() {
    let stages: [&[Float]; 3] = [&[0.0], &[0.0, 0.25], &[0.0, 0.25, 0.25, 0.5]];
    for (method, stages) in METHODS.into_iter().zip(stages) {
        let asked = RefCell::new(vec![]);
        let u = |t: Float, x: &Tensor| {
            asked.borrow_mut().push(t);
            x.clone()
        };
        solve(u, &Tensor::ones(&[1]), 0.0..2.0, 4, method);
        let times = [0.0, 0.5, 1.0, 1.5].map(|t| stages.iter().map(|c| t + c).collect::<Vec<_>>());
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
