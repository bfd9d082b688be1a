//! How far two sets of points are apart, each distance beside its floor: what it is between two
//! independent sets drawn from one law.
//!
//! Points are the rows of `[n, d]` tensors, all weighing the same. The distances are `f64` numbers
//! to be printed; they are not differentiable.
//!
//! ```
//! use pushforward::data::{Law, Normal};
//! use pushforward::metrics::{compare, energy_distance};
//! use pushforward::random::Rng;
//!
//! let (law, mut rng) = (Normal::standard(2), Rng::new(0));
//! let samples = Normal { mean: vec![1.0, 0.0], std: 1.0 }.sample(500, &mut rng);
//! println!("D² = {}", compare(&samples, &law, energy_distance, 5, &mut rng));
//! ```

mod frechet;
mod sliced;

pub use frechet::frechet_distance;
pub use sliced::{half_circle, sliced_wasserstein_2};

use crate::data::Law;
use crate::kernels::dispatch;
use crate::random::Rng;
use crate::{Float, Tensor};
use std::fmt;

/// The energy distance D² = 2 E‖X − Y‖ − E‖X − X′‖ − E‖Y − Y′‖ between `x`: `[n, d]` and `y`: `[m,
/// d]`.
///
/// Each mean runs over all pairs, those of a point with itself included (a V-statistic), so that
/// D² ≥ 0, and 0 only where both give every point the same weight (Székely & Rizzo 2013).
/// Units: those of the points. O((n + m)² d).
///
/// # Panics
/// If `x` or `y` is not a matrix, has no rows, or their columns differ in number.
#[track_caller]
pub fn energy_distance(x: &Tensor, y: &Tensor) -> f64 {
    let d = assert_points("energy_distance", x, y);
    let (x, y) = (to_f64(x), to_f64(y));
    2.0 * mean_distance(&x, &y, d) - mean_distance(&x, &x, d) - mean_distance(&y, &y, d)
}

/// The Wasserstein distance W₂ = √(min over permutations π of 1/n Σᵢ ‖xᵢ − y_π(i)‖²) of two sets
/// `[n, d]`.
///
/// Exact, by [`assignment`]. First the means are taken off: W₂² = ‖x̄ − ȳ‖² + W₂²(x − x̄, y − ȳ),
/// for under every π the cross terms sum to 0. This, and taking the wider set for the rows, leaves
/// less to search: rows far apart do not compete for the same column.
/// Units: those of the points. O(n² d) plus the assignment.
///
/// # Panics
/// If `x` or `y` is not a matrix, has no rows or holds a number that is not finite, or their shapes
/// differ.
#[track_caller]
pub fn wasserstein_2(x: &Tensor, y: &Tensor) -> f64 {
    let d = assert_points("wasserstein_2", x, y);
    let n = x.shape()[0];
    assert!(
        n == y.shape()[0],
        "wasserstein_2: {:?} and {:?} hold different numbers of points; draw as many of each",
        x.shape(),
        y.shape()
    );
    let ((x, x_mean), (y, y_mean)) = (centred(to_f64(x), d), centred(to_f64(y), d));
    let (wide, narrow) = if square_sum(&x) >= square_sum(&y) { (x, y) } else { (y, x) };
    let narrow = columns(&narrow, d);
    let mut cost = vec![0.0; n * n];
    for (row, point) in cost.chunks_exact_mut(n).zip(wide.chunks_exact(d)) {
        squared_distances(point, &narrow, row);
    }
    let pairs = assignment(&cost, n).into_iter().enumerate();
    let mean_cost = pairs.map(|(i, j)| cost[i * n + j]).sum::<f64>() / n as f64;
    let shift: Vec<f64> = x_mean.iter().zip(&y_mean).map(|(x, y)| x - y).collect();
    (square_sum(&shift) + mean_cost).sqrt()
}

/// The distance between two independent sets of one law, over several such pairs of sets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Floor {
    /// Its mean.
    pub mean: f64,
    /// Its standard deviation from one pair to another (divisor pairs − 1).
    pub std: f64,
}

/// A distance beside its floor; prints as `0.0054 (floor 0.0013 ± 0.0011)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Compared {
    /// The distance, averaged over the sets it was measured to.
    pub value: f64,
    /// What it would be for samples of the law itself.
    pub floor: Floor,
}

/// The floor of `metric` at `n` points: its values between `pairs` pairs of sets drawn from `law`.
///
/// # Panics
/// If there are fewer than two pairs, which have no standard deviation.
#[track_caller]
pub fn floor(
    law: &dyn Law,
    metric: impl Fn(&Tensor, &Tensor) -> f64,
    n: usize,
    pairs: usize,
    rng: &mut Rng,
) -> Floor {
    let draw = |_| metric(&law.sample(n, rng), &law.sample(n, rng));
    Floor::of(&(0..pairs).map(draw).collect::<Vec<_>>())
}

impl Floor {
    /// From the distances of independent pairs of sets.
    ///
    /// # Panics
    /// If there are fewer than two.
    #[track_caller]
    pub fn of(distances: &[f64]) -> Floor {
        let pairs = distances.len();
        assert!(pairs >= 2, "floor: {pairs} pairs have no standard deviation; take at least 2");
        let mean = mean(distances);
        let deviations: Vec<f64> = distances.iter().map(|distance| distance - mean).collect();
        Floor { mean, std: (square_sum(&deviations) / (pairs - 1) as f64).sqrt() }
    }
}

/// How far `samples`: `[n, d]` are from `law`: the mean of `metric` to `repeats` fresh sets of n
/// points, beside the [`floor`] at the same n, from as many pairs.
///
/// # Panics
/// If there are fewer than two repeats.
#[track_caller]
pub fn compare(
    samples: &Tensor,
    law: &dyn Law,
    metric: impl Fn(&Tensor, &Tensor) -> f64,
    repeats: usize,
    rng: &mut Rng,
) -> Compared {
    let n = samples.shape()[0];
    let floor = floor(law, &metric, n, repeats, rng);
    let values: Vec<f64> = (0..repeats).map(|_| metric(samples, &law.sample(n, rng))).collect();
    Compared { value: mean(&values), floor }
}

/// Four decimals, unless the format asks for others.
impl fmt::Display for Floor {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let digits = f.precision().unwrap_or(4);
        write!(f, "{:.digits$} ± {:.digits$}", self.mean, self.std)
    }
}

/// Four decimals, unless the format asks for others.
impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let digits = f.precision().unwrap_or(4);
        write!(f, "{:.digits$} (floor {:.digits$})", self.value, self.floor)
    }
}

/// The permutation π of 0 … n − 1 with the least Σᵢ c(i, π(i)); entry i of the answer is π(i).
/// `cost` is c in row-major order.
///
/// Rows are added one at a time, each along a shortest augmenting path (Jonker & Volgenant 1987, in
/// the plain form of Crouse 2016). O(n³) at worst.
///
/// # Panics
/// If `cost` does not hold n² finite numbers.
#[track_caller]
pub fn assignment(cost: &[f64], n: usize) -> Vec<usize> {
    assert!(
        cost.len() == n * n,
        "assignment: {n} rows and {n} columns need {} costs, but {} were given",
        n * n,
        cost.len()
    );
    assert!(
        cost.iter().all(|c| c.is_finite()),
        "assignment: a cost is NaN or infinite; check the points for numbers that are not finite"
    );
    let (u, v) = (vec![0.0; n], vec![0.0; n]);
    let (row_of, column_of) = (vec![NONE; n], vec![NONE; n]);
    let mut matching = Matching { cost, u, v, row_of, column_of };
    for row in 0..n {
        matching.augment(row);
    }
    matching.column_of
}

/// Stands for the partner of a row or column that has none yet.
const NONE: usize = usize::MAX;

/// Some rows paired with columns at the least cost for these rows. The proof is u and v, the dual
/// variables: reduced costs c(i, j) − u(i) − v(j) are never negative, and 0 on every pair.
struct Matching<'a> {
    cost: &'a [f64],
    u: Vec<f64>,
    v: Vec<f64>,
    row_of: Vec<usize>,
    column_of: Vec<usize>,
}

impl Matching<'_> {
    /// Pairs the row `start` by re-pairing others, along the path of least reduced cost from it to
    /// a column without a partner.
    fn augment(&mut self, start: usize) {
        let (from, closed) = self.search(start);
        let &(end, length) = closed.last().expect("the search closes at least one column");
        // Lowering v and raising u on all that is nearer than the end makes each step of the path
        // cost 0.
        self.u[start] += length;
        for &(j, distance) in &closed {
            self.v[j] -= length - distance;
            if j != end {
                self.u[self.row_of[j]] += length - distance;
            }
        }
        let mut j = end;
        while j != NONE {
            let i = from[j];
            self.row_of[j] = i;
            std::mem::swap(&mut self.column_of[i], &mut j); // i gives up a column; `start` none
        }
    }

    /// Dijkstra's search over columns, until the nearest has no partner. Returns the row from which
    /// each column was reached, and the columns that were closed, with their distances, nearest
    /// first.
    fn search(&self, start: usize) -> (Vec<usize>, Vec<(usize, f64)>) {
        let n = self.u.len();
        let mut from = vec![NONE; n];
        let mut closed = Vec::new();
        // A closed column has distance ∞ and v = −∞ here: it is not the nearest, nor reached again.
        let (mut distance, mut v) = (vec![f64::INFINITY; n], self.v.clone());
        let (mut i, mut base) = (start, -self.u[start]);
        loop {
            let row = &self.cost[i * n..][..n];
            dispatch(
                #[inline(always)]
                || {
                    for (((c, v), distance), from) in
                        row.iter().zip(&v).zip(&mut distance).zip(&mut from)
                    {
                        let through_i = base + c - v;
                        let nearer = through_i < *distance;
                        *from = if nearer { i } else { *from };
                        *distance = if nearer { through_i } else { *distance };
                    }
                },
            );
            let j = position_of_least(&distance);
            closed.push((j, distance[j]));
            if self.row_of[j] == NONE {
                return (from, closed);
            }
            i = self.row_of[j];
            base = distance[j] - self.u[i];
            (distance[j], v[j]) = (f64::INFINITY, f64::NEG_INFINITY);
        }
    }
}

/// The first position of the least element, in two passes that vectorise.
fn position_of_least(x: &[f64]) -> usize {
    let position = dispatch(
        #[inline(always)]
        || {
            let (chunks, rest) = x.as_chunks::<8>();
            let mut lanes = [f64::INFINITY; 8];
            for chunk in chunks {
                for (lane, &x) in lanes.iter_mut().zip(chunk) {
                    *lane = if x < *lane { x } else { *lane };
                }
            }
            let least = lanes.iter().chain(rest).fold(f64::INFINITY, |least, &x| least.min(x));
            x.iter().position(|&x| x == least)
        },
    );
    position.expect("there is an element, and none is NaN")
}

/// The mean of ‖xᵢ − yⱼ‖ over all i and j, for points of d numbers each.
fn mean_distance(x: &[f64], y: &[f64], d: usize) -> f64 {
    let (n, m) = (x.len() / d, y.len() / d);
    let y_columns = columns(y, d);
    let mut row = vec![0.0; m];
    let mut total = 0.0;
    for point in x.chunks_exact(d) {
        squared_distances(point, &y_columns, &mut row);
        total += sum_of_roots(&row);
    }
    total / (n * m) as f64
}

/// ‖point − yⱼ‖² for every j. `y_columns` holds each coordinate of all points together, which
/// vectorises.
fn squared_distances(point: &[f64], y_columns: &[Vec<f64>], out: &mut [f64]) {
    out.fill(0.0);
    dispatch(
        #[inline(always)]
        || {
            for (x, column) in point.iter().zip(y_columns) {
                for (out, y) in out.iter_mut().zip(column) {
                    *out += (x - y) * (x - y);
                }
            }
        },
    );
}

/// Σ √x in eight lanes.
fn sum_of_roots(x: &[f64]) -> f64 {
    dispatch(
        #[inline(always)]
        || {
            let (chunks, rest) = x.as_chunks::<8>();
            let mut lanes = [0.0; 8];
            for chunk in chunks {
                for (lane, x) in lanes.iter_mut().zip(chunk) {
                    *lane += x.sqrt();
                }
            }
            lanes.iter().sum::<f64>() + rest.iter().map(|x| x.sqrt()).sum::<f64>()
        },
    )
}

/// The points' coordinates one by one: d columns of n numbers.
fn columns(points: &[f64], d: usize) -> Vec<Vec<f64>> {
    (0..d).map(|k| points.iter().skip(k).step_by(d).copied().collect()).collect()
}

/// The points with their mean taken off, and the mean.
fn centred(mut points: Vec<f64>, d: usize) -> (Vec<f64>, Vec<f64>) {
    let mean: Vec<f64> = columns(&points, d).iter().map(|column| mean(column)).collect();
    for point in points.chunks_exact_mut(d) {
        for (x, mean) in point.iter_mut().zip(&mean) {
            *x -= mean;
        }
    }
    (points, mean)
}

fn square_sum(values: &[f64]) -> f64 {
    values.iter().map(|x| x * x).sum()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn to_f64(x: &Tensor) -> Vec<f64> {
    x.data().iter().map(|&x: &Float| f64::from(x)).collect()
}

/// The number of columns of both.
#[track_caller]
fn assert_points(metric: &str, x: &Tensor, y: &Tensor) -> usize {
    let (a, b) = (x.shape(), y.shape());
    assert!(
        a.len() == 2 && b.len() == 2 && a[1] == b[1] && !x.is_empty() && !y.is_empty(),
        "{metric}: {a:?} and {b:?} are not points of one space, [n, d] and [m, d], at least one of \
         each; use reshape"
    );
    a[1]
}
