//! Ordinary differential equations dx/dt = u(t, x), solved in equal steps. One step of a method is
//! in [`method`](mod@method); steps that a tolerance chooses are in [`adaptive`](mod@adaptive),
//! gradients that need no memory of the steps in [`adjoint`](mod@adjoint).

pub mod adaptive;
pub mod adjoint;
pub mod method;

use crate::{Float, Tensor, machine};

pub use adaptive::{Solution, Tolerance, solve_adaptive};
pub use adjoint::{Solver, adjoint};
pub use method::{DORMAND_PRINCE, EULER, HEUN, MIDPOINT, RK4, RungeKutta};

/// x(t₁) from x(t₀) in `steps` equal steps of a method.
///
/// `u(t, x)` is the field; x may have any shape, and u(t, x) has the same. If u holds variables,
/// the result is differentiable and every stage stays in memory; where no gradient is wanted,
/// return `u(t, x).detach()`. A range such as `1.0..0.0` runs backwards.
///
/// ```
/// use pushforward::{Tensor, ode};
/// let decay = |_t, x: &Tensor| -x;
/// let x = ode::solve(decay, &Tensor::ones(&[1]), 0.0..1.0, 100, &ode::MIDPOINT);
/// assert!((x.item() - (-1.0f64).exp() as pushforward::Float).abs() < 1e-5);
/// ```
///
/// # Panics
/// If `steps` is 0, or the field returns another shape.
#[track_caller]
pub fn solve(
    u: impl Fn(Float, &Tensor) -> Tensor,
    x: &Tensor,
    time: std::ops::Range<Float>,
    steps: usize,
    method: &RungeKutta,
) -> Tensor {
    let mut last = x.clone();
    walk(u, x, time, steps, method, |_, x| last = x.clone());
    last
}

/// Rows that [`solve_each_row`] takes through all steps together: few enough to stay in the cache,
/// enough for every thread to be worth its call.
fn rows_together() -> usize {
    if machine::threads() > 1 { 1024 } else { 128 }
}

/// [`solve`] for many points, each a row of x `[n, d]`, and a field that treats every row by
/// itself: the result is the same, and sooner there, since a block of rows goes through all steps
/// before the next one begins.
///
/// # Panics
/// As [`solve`], or if x is not `[n, d]`.
#[track_caller]
pub fn solve_each_row(
    u: impl Fn(Float, &Tensor) -> Tensor,
    x: &Tensor,
    time: std::ops::Range<Float>,
    steps: usize,
    method: &RungeKutta,
) -> Tensor {
    let &[n, _] = x.shape() else { panic!("ode: x has shape {:?}; it must be [n, d]", x.shape()) };
    let together = rows_together();
    let block = |start: usize| {
        let rows = x.slice(0, start..n.min(start + together));
        solve(&u, &rows, time.clone(), steps, method)
    };
    let blocks: Vec<Tensor> = (0..n.max(1)).step_by(together).map(block).collect();
    Tensor::concat(&blocks.iter().collect::<Vec<_>>(), 0)
}

/// Every state on the way, with its time: `steps` + 1 pairs, the first is (t₀, x).
///
/// # Panics
/// As [`solve`].
#[track_caller]
pub fn trajectory(
    u: impl Fn(Float, &Tensor) -> Tensor,
    x: &Tensor,
    time: std::ops::Range<Float>,
    steps: usize,
    method: &RungeKutta,
) -> Vec<(Float, Tensor)> {
    let mut states = vec![(time.start, x.clone())];
    walk(u, x, time, steps, method, |t, x| states.push((t, x.clone())));
    states
}

#[track_caller]
fn walk(
    u: impl Fn(Float, &Tensor) -> Tensor,
    x: &Tensor,
    time: std::ops::Range<Float>,
    steps: usize,
    method: &RungeKutta,
    mut visit: impl FnMut(Float, &Tensor),
) {
    assert!(steps > 0, "ode: {} needs at least one step from {time:?}", method.name);
    let grid = Tensor::linspace(time.start, time.end, steps + 1);
    let mut x = x.clone();
    for interval in grid.data().windows(2) {
        let (t, h) = (interval[0], interval[1] - interval[0]);
        x = method.step(&u, t, &x, h);
        visit(interval[1], &x);
    }
}
