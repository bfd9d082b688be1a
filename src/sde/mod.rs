//! Stochastic differential equations dX = u(t, X) dt + g(t, X) dW, solved in equal steps: dW is the
//! increment of a Brownian motion, one for each number of X. One step of a method is in
//! [`method`](mod@method), Brownian motion in [`brownian`](mod@brownian). Ordinary equations are in
//! [`ode`](crate::ode).

pub mod brownian;
pub mod method;

use crate::random::Rng;
use crate::{Float, Tensor};

pub use brownian::Brownian;
pub use method::Method;

/// X(t₁) from X(t₀) in `steps` equal steps of Euler and Maruyama, each with fresh noise √|h| ε.
///
/// `u(t, x)` is the drift, of the shape of x; `g(t, x)` multiplies the noise number by number, and has
/// the shape of x or one that broadcasts to it: `|_, _| Tensor::scalar(0.5)` for a constant. A range
/// such as `1.0..0.0` runs backwards: the drift is followed backwards, the noise has the variance |h|.
///
/// ```
/// use pushforward::{Tensor, random::Rng, sde};
/// let x_0 = Tensor::zeros(&[2000, 1]);
/// let pull = |_t, x: &Tensor| -x; // Ornstein and Uhlenbeck's process: its variance tends to ½
/// let g = |_t, _x: &Tensor| Tensor::scalar(1.0);
/// let x = sde::solve(pull, g, &x_0, 0.0..4.0, 200, &mut Rng::new(0));
/// assert!((x.square().mean(..).item() - 0.5).abs() < 0.05);
/// ```
///
/// # Panics
/// If `steps` is 0, or the drift returns another shape.
#[track_caller]
pub fn solve(
    u: impl Fn(Float, &Tensor) -> Tensor,
    g: impl Fn(Float, &Tensor) -> Tensor,
    x: &Tensor,
    time: std::ops::Range<Float>,
    steps: usize,
    rng: &mut Rng,
) -> Tensor {
    let mut last = x.clone();
    walk(u, g, x, time, steps, rng, |_, x| last = x.clone());
    last
}

/// Every state on the way, with its time: `steps` + 1 pairs, the first is (t₀, x).
///
/// # Panics
/// As [`solve`].
#[track_caller]
pub fn trajectory(
    u: impl Fn(Float, &Tensor) -> Tensor,
    g: impl Fn(Float, &Tensor) -> Tensor,
    x: &Tensor,
    time: std::ops::Range<Float>,
    steps: usize,
    rng: &mut Rng,
) -> Vec<(Float, Tensor)> {
    let mut states = vec![(time.start, x.clone())];
    walk(u, g, x, time, steps, rng, |t, x| states.push((t, x.clone())));
    states
}

#[track_caller]
fn walk(
    u: impl Fn(Float, &Tensor) -> Tensor,
    g: impl Fn(Float, &Tensor) -> Tensor,
    x: &Tensor,
    time: std::ops::Range<Float>,
    steps: usize,
    rng: &mut Rng,
    mut visit: impl FnMut(Float, &Tensor),
) {
    assert!(steps > 0, "sde: at least one step is needed from {time:?}");
    let grid = Tensor::linspace(time.start, time.end, steps + 1);
    let mut x = x.clone();
    for interval in grid.data().windows(2) {
        let (t, h) = (interval[0], interval[1] - interval[0]);
        let dw = rng.normal(x.shape()) * h.abs().sqrt();
        x = Method::EulerMaruyama.step(&u, &g, t, &x, h, &dw);
        visit(interval[1], &x);
    }
}

/// X at the end of a given Brownian path that begins at t = 0, by a method of choice: two step sizes
/// can be compared on one path.
///
/// # Panics
/// As [`Method::step`].
#[track_caller]
pub fn solve_along(
    u: impl Fn(Float, &Tensor) -> Tensor,
    g: impl Fn(Float, &Tensor) -> Tensor,
    x: &Tensor,
    w: &Brownian,
    method: Method,
) -> Tensor {
    let mut x = x.clone();
    for (i, dw) in w.increments.iter().enumerate() {
        x = method.step(&u, &g, i as Float * w.h, &x, w.h, dw);
    }
    x
}
