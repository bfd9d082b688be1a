//! What a perfect discriminator would say, what V is then, and what a generator has learned:
//! densities on a line by quadrature, and the modes of a mixture by counting.
//!
//! For fixed G and any densities, D*(x) = q(x) / (q(x) + p_G(x)) makes V largest, and the value
//! there is V(D*, G) = 2 JSD(q‖p_G) − ln 4 (Goodfellow et al. 2014, proposition 1 and theorem 1).

use super::Generator;
use crate::data::{Law, Mixture};
use crate::nn::Module;
use crate::{Float, Tensor};
use std::f64::consts::{LN_2, SQRT_2};
use std::ops::Range;

/// Two laws on a line: their densities at the middles of cells of equal width.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The middles x.
    pub x: Vec<f64>,
    /// The width of a cell.
    pub width: f64,
    /// q(x).
    pub q: Vec<f64>,
    /// p_G(x).
    pub p: Vec<f64>,
}

/// The middles of cells, and their width.
fn middles(range: &Range<f64>, cells: usize) -> (Vec<f64>, f64) {
    let width = (range.end - range.start) / cells as f64;
    ((0..cells).map(|i| range.start + (i as f64 + 0.5) * width).collect(), width)
}

impl Line {
    /// Two laws that know their densities.
    pub fn of(q: &dyn Law, p: &dyn Law, range: Range<f64>, cells: usize) -> Line {
        let (x, width) = middles(&range, cells);
        let density = |law: &dyn Law| law.log_density(&column(&x)).into_iter().map(libm::exp);
        let (q, p) = (density(q).collect(), density(p).collect());
        Line { x, width, q, p }
    }

    // ANCHOR: optimal
    /// D*(x) = q(x) / (q(x) + p(x)); ½ where neither law is.
    pub fn optimal_discriminator(&self) -> Vec<f64> {
        let pairs = self.q.iter().zip(&self.p);
        pairs.map(|(q, p)| if q + p > 0.0 { q / (q + p) } else { 0.5 }).collect()
    }

    /// V(D, G) = ∫ q ln D + p ln(1 − D) for D = σ(a), from the logits at every x.
    pub fn value(&self, a: &[f64]) -> f64 {
        let softplus = |a: f64| a.max(0.0) + libm::log1p(libm::exp(-a.abs()));
        let laws = self.q.iter().zip(&self.p).zip(a);
        -laws.map(|((q, p), &a)| q * softplus(-a) + p * softplus(a)).sum::<f64>() * self.width
    }

    /// JSD(q‖p) = ½ KL(q‖m) + ½ KL(p‖m), m = (q + p) / 2: 0 if q = p, ln 2 if they never meet.
    pub fn jensen_shannon(&self) -> f64 {
        let kl = |a: &f64, m: f64| if *a > 0.0 { a * libm::log(a / m) } else { 0.0 };
        let both = |(q, p): (&f64, &f64)| (kl(q, (q + p) / 2.0) + kl(p, (q + p) / 2.0)) / 2.0;
        self.q.iter().zip(&self.p).map(both).sum::<f64>() * self.width
    }

    /// The largest value that V can have for this G: 2 JSD(q‖p) − ln 4.
    pub fn best_value(&self) -> f64 {
        2.0 * self.jensen_shannon() - 2.0 * LN_2
    }
    // ANCHOR_END: optimal

    /// The x as a column `[n, 1]`, for a network.
    pub fn column(&self) -> Tensor {
        column(&self.x)
    }
}

fn column(x: &[f64]) -> Tensor {
    Tensor::from_fn(&[x.len(), 1], |i| x[i] as Float)
}

// ANCHOR: generated_density
/// The density of G(z), z ~ N(0, 1), on a line: the mean over each cell.
///
/// The noise from −5 to 5 is cut into 4000 pieces. Each carries its probability to the interval
/// between the images of its ends, and spreads it evenly there. Nothing is drawn at random.
///
/// # Panics
/// Unless G takes one number to one number.
#[track_caller]
pub fn generated_density(g: &Generator, range: Range<f64>, cells: usize) -> Vec<f64> {
    let (pieces, reach) = (4000, 5.0);
    let z = |i: usize| reach * (2.0 * i as f64 / pieces as f64 - 1.0);
    let x = g.frozen().forward(&Tensor::from_fn(&[pieces + 1, 1], |i| z(i) as Float));
    let x: Vec<f64> = x.rows::<1>().into_iter().map(|[x]| x).collect();
    let phi = |z: f64| libm::erfc(-z / SQRT_2) / 2.0;
    let width = (range.end - range.start) / cells as f64;
    let mut density = vec![0.0; cells];
    for i in 0..pieces {
        let mass = phi(z(i + 1)) - phi(z(i));
        let [low, high] = [x[i].min(x[i + 1]), x[i].max(x[i + 1])];
        let ends = [low, high.max(low + 1e-9)].map(|x| (x - range.start) / width); // in cells
        let first = ends[0].floor().max(0.0) as usize;
        let behind = (ends[1].ceil().max(0.0) as usize).min(cells);
        for (cell, density) in density.iter_mut().enumerate().take(behind).skip(first) {
            let cell = cell as f64;
            let overlap = ends[1].min(cell + 1.0) - ends[0].max(cell);
            *density += mass * overlap / (ends[1] - ends[0]) / width;
        }
    }
    density
}
// ANCHOR_END: generated_density

/// How points are spread over the modes of a mixture.
#[derive(Clone, Debug, PartialEq)]
pub struct Modes {
    /// For each mode, how many points are closer to it than to any other.
    pub nearest: Vec<usize>,
    /// Of these, how many lie within three standard deviations.
    pub within: Vec<usize>,
    /// The due share of each: its weight in the mixture.
    pub weights: Vec<f64>,
}

impl Modes {
    // ANCHOR: modes
    /// Counts the rows of `x`: `[n, d]`.
    ///
    /// # Panics
    /// If the points are of another dimension than the mixture.
    #[track_caller]
    pub fn of(x: &Tensor, law: &Mixture) -> Modes {
        let d = law.dim();
        assert!(x.rank() == 2 && x.shape()[1] == d, "Modes::of: {:?} is not [n, {d}]", x.shape());
        let none = vec![0; law.means.len()];
        let mut modes = Modes { nearest: none.clone(), within: none, weights: law.weights.clone() };
        for row in x.data().chunks_exact(d) {
            let square = |mean: &Vec<f64>| -> f64 {
                mean.iter().zip(row).map(|(m, &x)| (f64::from(x) - m) * (f64::from(x) - m)).sum()
            };
            let squares: Vec<f64> = law.means.iter().map(square).collect();
            let nearest =
                (0..squares.len()).fold(0, |a, b| if squares[b] < squares[a] { b } else { a });
            modes.nearest[nearest] += 1;
            modes.within[nearest] += usize::from(squares[nearest] < 9.0 * law.std * law.std);
        }
        modes
    }

    /// How many modes are covered: those with at least a tenth of their due share of all points
    /// within three standard deviations. (Srivastava et al. 2017 ask for a single point.)
    pub fn covered(&self) -> usize {
        let n = self.points() as f64;
        let modes = self.within.iter().zip(&self.weights);
        modes.filter(|&(&within, weight)| within as f64 >= 0.1 * weight * n).count()
    }

    /// KL(f‖w) = Σₖ fₖ ln(fₖ/wₖ), fₖ being the share of points nearest to mode k, in nats. A single
    /// mode of K even ones gives ln K; n independent points of the mixture give about (K − 1)/2n.
    pub fn kl(&self) -> f64 {
        let n = self.points() as f64;
        let term = |(&count, w): (&usize, &f64)| {
            let f = count as f64 / n;
            if count > 0 { f * libm::log(f / w) } else { 0.0 }
        };
        self.nearest.iter().zip(&self.weights).map(term).sum()
    }

    /// The share of points within three standard deviations of a mode.
    pub fn share_within(&self) -> f64 {
        self.within.iter().sum::<usize>() as f64 / self.points() as f64
    }
    // ANCHOR_END: modes

    fn points(&self) -> usize {
        self.nearest.iter().sum()
    }
}
