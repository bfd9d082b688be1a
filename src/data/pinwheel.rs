//! Five bent arms.

use super::{Law, assert_rows};
use crate::random::Rng;
use crate::{Float, Tensor};
use libm::{cos, exp, hypot, log, sin};
use std::f64::consts::TAU;

/// x = 2 R(−θ) f with f ~ N((1, 0), diag(0.3², 0.1²)), θ = 2πk/5 + ¼ e^|f|, and k one of five: long
/// narrow normal laws around the origin, each circle of which is turned by an angle of its own.
///
/// In FFJORD's `pinwheel` (Grathwohl et al. 2019; after Johnson et al. 2016) the angle follows the
/// first coordinate of f, here its length |f| = |x|/2. So the turning keeps areas, and
///
/// p(x) = 1/5 Σₖ N(R(θₖ(x)) x/2; (1, 0), diag(0.3², 0.1²)) / 4
///
/// is exact. Two turns of a fifth of a circle apart are all that differs between the terms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pinwheel;

const ARMS: usize = 5;
const SCALE: f64 = 2.0;
/// The standard deviations of f along an arm and across it.
const STD: [f64; 2] = [0.3, 0.1];
/// The grid of the entropy: steps to a standard deviation, and standard deviations to its end.
const FINE: i32 = 6;
const REACH: i32 = 8;

fn turned([x, y]: [f64; 2], angle: f64) -> [f64; 2] {
    let (sin, cos) = (sin(angle), cos(angle));
    [cos * x - sin * y, sin * x + cos * y]
}

/// By how much arm k is turned at this distance from the centre.
fn angle(k: usize, radius: f64) -> f64 {
    TAU * k as f64 / ARMS as f64 + 0.25 * exp(radius)
}

/// ln p of x from f of any of its arms, the twist undone: the fifths of a turn are summed here.
fn log_density_of(f: [f64; 2]) -> f64 {
    let exponent = |k: usize| {
        let [along, across] = turned(f, TAU * k as f64 / ARMS as f64);
        let [a, b] = [(along - 1.0) / STD[0], across / STD[1]];
        -0.5 * (a * a + b * b)
    };
    let terms: [f64; ARMS] = std::array::from_fn(exponent);
    let largest = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = terms.iter().map(|term| exp(term - largest)).sum();
    largest + log(sum) - log(ARMS as f64 * TAU * STD[0] * STD[1] * SCALE * SCALE)
}

impl Law for Pinwheel {
    fn dim(&self) -> usize {
        2
    }

    fn sample(&self, n: usize, rng: &mut Rng) -> Tensor {
        let arms: Vec<usize> = (0..n).map(|_| rng.below(ARMS)).collect();
        let z = rng.normal(&[n, 2]);
        let point = |(&k, z): (&usize, [f64; 2])| {
            let f = [1.0 + STD[0] * z[0], STD[1] * z[1]];
            turned(f, -angle(k, hypot(f[0], f[1]))).map(|x| (SCALE * x) as Float)
        };
        let points: Vec<[Float; 2]> = arms.iter().zip(z.rows::<2>()).map(point).collect();
        Tensor::new(&[n, 2], points.into_flattened())
    }

    #[track_caller]
    fn log_density(&self, x: &Tensor) -> Vec<f64> {
        assert_rows("Pinwheel", x, 2);
        let log_p = |x: [f64; 2]| {
            let f = x.map(|x| x / SCALE);
            log_density_of(turned(f, angle(0, hypot(f[0], f[1]))))
        };
        x.rows::<2>().into_iter().map(log_p).collect()
    }

    /// −E ln p over one arm, by the trapezoidal rule in f on a grid of a sixth of each standard
    /// deviation to 8 of them; the twist, which keeps areas, does not enter.
    fn entropy(&self) -> f64 {
        let place = |i: i32| f64::from(i) / f64::from(FINE);
        let grid = || -FINE * REACH..=FINE * REACH;
        let mut integral = 0.0;
        for a in grid().map(place) {
            for b in grid().map(place) {
                let weight = exp(-0.5 * (a * a + b * b)) / (TAU * f64::from(FINE * FINE));
                integral += weight * log_density_of([1.0 + STD[0] * a, STD[1] * b]);
            }
        }
        -integral
    }
}
