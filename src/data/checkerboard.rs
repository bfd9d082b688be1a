//! The black squares of a four by four board.

use super::{Law, assert_rows};
use crate::random::Rng;
use crate::{Float, Tensor};

/// Uniform on eight squares of side 2: those of the board [−4, 4)² whose column and row, counted from
/// the lower left, have an even sum. It is the checkerboard of FFJORD's code (Grathwohl et al. 2019).
///
/// p is 1/32 on the squares and 0 elsewhere; its entropy is ln 32.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkerboard;

/// ln 32.
const LN_AREA: f64 = 5.0 * std::f64::consts::LN_2;

impl Law for Checkerboard {
    fn dim(&self) -> usize {
        2
    }

    fn sample(&self, n: usize, rng: &mut Rng) -> Tensor {
        let mut point = || {
            let square = rng.below(8);
            let (row, pair) = (square / 2, square % 2);
            let corner = [2 * pair + row % 2, row];
            corner.map(|i| (2.0 * (i as f64 + rng.uniform_f64()) - 4.0) as Float)
        };
        let points: Vec<[Float; 2]> = (0..n).map(|_| point()).collect();
        Tensor::new(&[n, 2], points.into_flattened())
    }

    #[track_caller]
    fn log_density(&self, x: &Tensor) -> Vec<f64> {
        assert_rows("Checkerboard", x, 2);
        let log_density = |point: [f64; 2]| {
            let inside = point.iter().all(|v| (-4.0..4.0).contains(v));
            let [column, row] = point.map(|v| ((v + 4.0) / 2.0) as usize);
            if inside && (column + row) % 2 == 0 { -LN_AREA } else { f64::NEG_INFINITY }
        };
        x.rows::<2>().into_iter().map(log_density).collect()
    }

    fn entropy(&self) -> f64 {
        LN_AREA
    }
}
