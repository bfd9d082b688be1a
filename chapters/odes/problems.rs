//! Fields whose flows are known: what solvers are judged by.

use crate::{Float, Tensor};
use std::f64::consts::TAU;

// ANCHOR: whirl
/// A whirl: every point circles the origin, at a speed that falls with its distance,
///
/// u(x) = ω(r) (−x₂, x₁), ω(r) = Ω e^{−r²/2}, r = ‖x‖.
///
/// Points stay on their circles, so the flow is a rotation by ω(r) t: it bends what was straight
/// and keeps every area, since div u = 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Whirl {
    /// Ω: radians per unit of time at the centre.
    pub speed: Float,
}

impl Whirl {
    /// ω(r) `[n, 1]` at x `[n, 2]`.
    fn omega(&self, x: &Tensor) -> Tensor {
        (x.square().sum_keep(1) * -0.5).exp() * self.speed
    }

    /// u(x), `[n, 2]`.
    pub fn velocity(&self, x: &Tensor) -> Tensor {
        let (x_1, x_2) = (x.slice(1, 0..1), x.slice(1, 1..2));
        Tensor::concat(&[&-x_2, &x_1], 1) * self.omega(x)
    }

    /// ψ_t(x₀), `[n, 2]`.
    pub fn flow(&self, t: Float, x_0: &Tensor) -> Tensor {
        let (x_1, x_2) = (x_0.slice(1, 0..1), x_0.slice(1, 1..2));
        let angle = self.omega(x_0) * t;
        let (cos, sin) = (angle.cos(), angle.sin());
        Tensor::concat(&[&(&x_1 * &cos - &x_2 * &sin), &(&x_1 * &sin + &x_2 * &cos)], 1)
    }

    /// The least L with ‖u(x) − u(y)‖ ≤ L ‖x − y‖.
    ///
    /// Around x the Jacobian has the entries −ω and ω + r ω′ = ω (1 − r²) across and 0 along, so
    /// its norm is ω times the larger of 1 and |1 − r²|; e^{−r²/2} |1 − r²| is largest at r = 0.
    /// There it is Ω.
    pub fn lipschitz(&self) -> f64 {
        f64::from(self.speed).abs()
    }
}
// ANCHOR_END: whirl

/// A field, its start, an end time (from 0) and the exact state there.
pub struct Problem {
    /// In tables.
    pub name: &'static str,
    /// u(t, x).
    pub field: fn(Float, &[Float]) -> Vec<Float>,
    /// x(0).
    pub start: Vec<f64>,
    /// t at the end.
    pub end: f64,
    /// x(end).
    pub exact: Vec<f64>,
}

impl Problem {
    /// u(t, x) as the solvers ask for it.
    pub fn u(&self, t: Float, x: &Tensor) -> Tensor {
        Tensor::new(x.shape(), (self.field)(t, x.data()))
    }

    /// x(0).
    pub fn x_0(&self) -> Tensor {
        Tensor::new(&[self.start.len()], self.start.iter().map(|&x| x as Float).collect::<Vec<_>>())
    }

    /// The largest difference of a number of x from the exact one at the end.
    pub fn error(&self, x: &Tensor) -> f64 {
        let pairs = x.data().iter().zip(&self.exact);
        pairs.map(|(&x, exact)| (f64::from(x) - exact).abs()).fold(0.0, f64::max)
    }
}

/// Start and end of a year of Kepler's problem with the eccentricity 1/2 and the mean distance 1:
/// (x, y, x′, y′) where the planet is nearest to the sun.
const YEAR: [f64; 4] = [0.5, 0.0, 0.0, 1.7320508075688772];

// ANCHOR: problems
/// Eight problems of different kinds, smooth, swinging, unstable for a time, and a little stiff.
pub fn problems() -> Vec<Problem> {
    let (cos, sin, exp) = (libm::cos, libm::sin, libm::exp);
    let problem = |name, field, start: &[f64], end, exact: &[f64]| Problem {
        name,
        field,
        start: start.to_vec(),
        end,
        exact: exact.to_vec(),
    };
    vec![
        problem("decay", |_, x| vec![-x[0]], &[1.0], 5.0, &[exp(-5.0)]),
        problem(
            "oscillator",
            |_, x| vec![x[1], -x[0]],
            &[1.0, 0.0],
            10.0,
            &[cos(10.0), -sin(10.0)],
        ),
        problem(
            "logistic",
            |_, x| vec![x[0] * (1.0 - x[0])],
            &[0.1],
            10.0,
            &[1.0 / (1.0 + 9.0 * exp(-10.0))],
        ),
        problem("quotient", |t, x| vec![-1.6 * t * x[0] * x[0]], &[1.25], 1.5, &[1.25 / 3.25]),
        problem(
            "faster and faster",
            |t, x| vec![-2.0 * t * x[1], 2.0 * t * x[0]],
            &[1.0, 0.0],
            3.0,
            &[cos(9.0), sin(9.0)],
        ),
        problem("swinging", |t, x| vec![x[0] * cosine(t)], &[1.0], 10.0, &[exp(sin(10.0))]),
        problem(
            "held to a cosine",
            |t, x| vec![-20.0 * (x[0] - cosine(t)) - sine(t)],
            &[1.0],
            5.0,
            &[cos(5.0)],
        ),
        problem("a year of Kepler's", |_, x| kepler(x), &YEAR, TAU, &YEAR),
    ]
}
// ANCHOR_END: problems

fn cosine(t: Float) -> Float {
    libm::cos(f64::from(t)) as Float
}

fn sine(t: Float) -> Float {
    libm::sin(f64::from(t)) as Float
}

/// The velocity of (x, y, x′, y′) around a sun at the origin: (x′, y′) and −(x, y)/r³.
pub fn kepler(x: &[Float]) -> Vec<Float> {
    let square = x[0] * x[0] + x[1] * x[1];
    let cube = square * square.sqrt();
    vec![x[2], x[3], -x[0] / cube, -x[1] / cube]
}
