//! Ordinary differential equations dx/dt = u(t, x): the problem and how far to go. One step of a
//! method is in [`method`](mod@method).

pub mod method;

use crate::{Float, Tensor};

pub use method::{EULER, MIDPOINT, RungeKutta};

/// x(t₁) from x(t₀) in `steps` equal steps of a method.
///
/// `u(t, x)` is the field; x may have any shape, and u(t, x) has the same. If u holds variables, the
/// result is differentiable and every stage stays in memory; where no gradient is wanted, return
/// `u(t, x).detach()`. A range such as `1.0..0.0` runs backwards.
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
