//! Steps that a tolerance chooses: as exact as they say, and not more of them than in other
//! programs. `tests/reference/ode.py` counted those.

use crate::errors::panic_of;
use pushforward::chapters::odes::problems::{Problem, problems};
use pushforward::ode::{Solution, Tolerance, solve_adaptive};
use pushforward::{Float, Tensor, grad};
use serde_json::Value;
use std::collections::BTreeMap;

fn solve(problem: &Problem, tolerance: f64) -> Solution {
    let tolerance = Tolerance { relative: tolerance, absolute: tolerance };
    let time = 0.0..problem.end as Float;
    solve_adaptive(|t, x| problem.u(t, x), &problem.x_0(), time, tolerance)
}

/// In f32 a tolerance near its rounding cannot be met.
fn within_reach(tolerance: f64) -> bool {
    size_of::<Float>() == 8 || tolerance >= 1e-4
}

/// At most a tenth more evaluations than SciPy's RK45 in each problem, or one step more; all
/// problems of a tolerance together also at most a tenth more than torchdiffeq's dopri5, whose
/// estimate of the error is 2/3 of this one (another method of order 4) and which interpolates at
/// the end instead of stopping there, so that single problems differ by more. The error at the end
/// is at most twice the larger of theirs, or below the tolerance.
#[test]
fn the_field_is_not_asked_more_often_than_by_other_programs() {
    let file: Value = serde_json::from_str(include_str!("../reference/ode.json")).unwrap();
    let problems = problems();
    let mut totals: BTreeMap<String, [f64; 2]> = BTreeMap::new();
    for row in file["rows"].as_array().unwrap() {
        let tolerance = row["tolerance"].as_f64().unwrap();
        let problem = problems.iter().find(|p| row["problem"] == p.name).unwrap();
        if !within_reach(tolerance) {
            continue;
        }
        let solution = solve(problem, tolerance);
        let of = |program: &str, i: usize| row[program][i].as_f64().unwrap();
        let (scipy, torchdiffeq) = (of("scipy", 0), of("torchdiffeq", 0));
        let (asked, error) = (solution.evaluations as f64, problem.error(&solution.x));
        let what = format!("{}, {tolerance:e}: {asked} ({scipy}, {torchdiffeq})", problem.name);
        println!("{what}; error {error:e} ({:e}, {:e})", of("scipy", 1), of("torchdiffeq", 1));
        assert!(asked <= (1.1 * scipy).max(scipy + 6.0), "{what}");
        let largest = 2.0 * of("scipy", 1).max(of("torchdiffeq", 1));
        assert!(error <= largest.max(tolerance), "{what}: {error:e}");
        let total = totals.entry(tolerance.to_string()).or_default();
        *total = [total[0] + asked, total[1] + torchdiffeq];
    }
    for (tolerance, [asked, torchdiffeq]) in totals {
        println!("all problems, {tolerance}: {asked} ({torchdiffeq})");
        assert!(asked <= 1.1 * torchdiffeq, "{tolerance}: {asked} of {torchdiffeq}");
    }
}

/// Each accepted step costs six questions, since its last slope is the next one's first; so does
/// each rejected one; and the start costs two.
#[test]
fn evaluations_are_counted() {
    for problem in problems() {
        let solution = solve(&problem, 1e-4);
        let Solution { evaluations, accepted, rejected, .. } = solution;
        assert_eq!(evaluations, 2 + 6 * (accepted + rejected), "{}", problem.name);
        let times = solution.times();
        assert_eq!(times.len(), accepted + 1);
        assert!(times.is_sorted() && times[accepted] == problem.end as Float);
    }
}

/// Between the steps the error is not larger than at their ends, but for a small factor.
#[test]
fn the_curve_between_the_steps_is_as_exact_as_the_ends() {
    let x_0 = Tensor::from([1.0, 0.0]);
    let u = |_: Float, x: &Tensor| {
        let v = x.data();
        Tensor::from([v[1], -v[0]])
    };
    let tolerance = Tolerance { relative: 1e-4, absolute: 1e-4 };
    for end in [10.0, -10.0] {
        let solution = solve_adaptive(u, &x_0, 0.0..end, tolerance);
        let worst = (0..=100).map(|i| {
            let t = end * i as Float / 100.0;
            let exact = f64::from(t).cos();
            (f64::from(solution.at(t).data()[0]) - exact).abs()
        });
        let worst = worst.fold(0.0, f64::max);
        assert!(worst < 2e-3, "{worst}");
        assert_eq!(solution.at(0.0).data(), x_0.data());
        assert!(solution.at(end).is_close(&solution.x, 1e-6, 1e-6));
    }
}

/// There and back again.
#[test]
fn time_may_run_backwards() {
    let tolerance = Tolerance { relative: 1e-5, absolute: 1e-5 };
    let u = |t: Float, x: &Tensor| x * -t;
    let there = solve_adaptive(u, &Tensor::ones(&[1]), 0.0..1.5, tolerance).x;
    let back = solve_adaptive(u, &there, 1.5..0.0, tolerance).x;
    assert!((back.item() - 1.0).abs() < 1e-4, "{back:?}");
}

/// x(t) = x₀ e^{a t}: ∂x/∂x₀ = e^{a t}, ∂x/∂a = t x.
#[test]
fn a_solution_can_be_differentiated() {
    let [a, x_0] = [0.5, 2.0].map(|v| Tensor::scalar(v).variable());
    let tolerance = Tolerance { relative: 1e-5, absolute: 1e-5 };
    let x = solve_adaptive(|_, x| x * &a, &x_0, 0.0..2.0, tolerance).x;
    let gradients = grad(&x, &[&x_0, &a]);
    let e = std::f64::consts::E;
    assert!((f64::from(gradients[0].item()) - e).abs() < 1e-3);
    assert!((f64::from(gradients[1].item()) - 4.0 * e).abs() < 1e-2);
}

#[test]
fn what_cannot_be_solved_says_where() {
    let one = Tensor::ones(&[1]);
    let tolerance = Tolerance { relative: 1e-4, absolute: 1e-4 };
    // x = 1/(1 − t)
    let pole = || drop(solve_adaptive(|_, x| x.square(), &one, 0.0..2.0, tolerance));
    let message = panic_of(pole).unwrap().message;
    assert!(
        message.starts_with("ode: at t = 0.99") || message.starts_with("ode: at t = 1"),
        "{message}"
    );
    let nothing = || drop(solve_adaptive(|_, x| x * Float::NAN, &one, 0.0..1.0, tolerance));
    assert!(panic_of(nothing).unwrap().message.contains("not finite"));
    let negative = Tolerance { relative: 1e-4, absolute: 0.0 };
    let refused = || drop(solve_adaptive(|_, x| -x, &one, 0.0..1.0, negative));
    assert!(panic_of(refused).unwrap().message.contains("must be positive"));
    let still = solve_adaptive(|_, x| -x, &one, 1.0..1.0, tolerance);
    assert_eq!((still.x.item(), still.at(1.0).item(), still.accepted), (1.0, 1.0, 0));
}
