//! Couplings: which noise belongs to which data. Any pairing with the right marginals teaches flow
//! matching a field that carries one law to the other; a pairing at the least cost teaches one whose ways
//! hardly cross.
//!
//! Here are pairings of a batch, the path between a pair, energies of ways, and the exact field of a
//! finite coupling; in [`laws`] the four tasks of Tong et al. (2024), in [`run`] one task in pictures, in
//! [`run_table`] their table. The assignment itself is [`crate::metrics::assignment`].
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | π(x₀, x₁) | [`Pairing`] | a coupling: a law of pairs with the marginals p₀ and q |
//! | c = ‖x₁ − x₀‖² | [`costs`] | cost of a pair |
//! | x_t = (1 − t) x₀ + t x₁ + σ ε | [`between`] | a point between a pair, `[n, d]` |
//! | E ∫‖u‖² dt | [`path_energy`] | energy of ways |
//! | NPE | [`normalised_path_energy`] | what it is above the least, as a part of it |

pub mod checks;
pub mod laws;
pub mod run;
pub mod run_table;

use crate::metrics::assignment;
use crate::{Float, Tensor};

// ANCHOR: costs
/// ‖x₁ʲ − x₀ⁱ‖² of each pair: `[n, d]`, `[m, d]` → `[n, m]`.
pub fn costs(x_0: &Tensor, x_1: &Tensor) -> Tensor {
    let (&[n, d], &[m, _]) = (x_0.shape(), x_1.shape()) else {
        panic!("costs: shapes {:?} and {:?} are not matrices", x_0.shape(), x_1.shape())
    };
    (x_0.reshape(&[n, 1, d]) - x_1.reshape(&[1, m, d])).square().sum(2)
}
// ANCHOR_END: costs

/// How the points of two batches are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pairing {
    /// As they come: x₀ and x₁ are independent (I-CFM).
    Independent,
    /// At the least total cost: minibatch optimal transport (OT-CFM; Pooladian et al. 2023; Tong et al.
    /// 2024). Every point is used once, so both marginals stay as they are.
    Optimal,
    /// Each x₀ with the nearest x₁. **Not a coupling of the two laws**: some x₁ are used often, others never.
    Nearest,
}

impl Pairing {
    // ANCHOR: pair
    /// x₁ in the order of their partners x₀, both `[n, d]`.
    ///
    /// # Panics
    /// If the shapes differ.
    pub fn pair(self, x_0: &Tensor, x_1: &Tensor) -> Tensor {
        assert_eq!(x_0.shape(), x_1.shape(), "Pairing: x_0 and x_1 differ in shape");
        let n = x_0.shape()[0];
        let costs = || costs(x_0, x_1).data().iter().map(|&c| f64::from(c)).collect::<Vec<f64>>();
        let partner = match self {
            Pairing::Independent => return x_1.clone(),
            Pairing::Optimal => assignment(&costs(), n),
            Pairing::Nearest => {
                let least = |row: &[f64]| (0..n).min_by(|&i, &j| row[i].total_cmp(&row[j]));
                costs().chunks(n).filter_map(least).collect()
            }
        };
        let rows = x_1.data();
        let d = x_1.shape()[1];
        Tensor::from_fn(x_1.shape(), |i| rows[partner[i / d] * d + i % d])
    }
    // ANCHOR_END: pair
}

// ANCHOR: between
/// (x_t, u_t): a point between a pair, (1 − t) x₀ + t x₁ + σ ε, and its velocity x₁ − x₀ (Tong et al. 2024, eqs.
/// 14 and 15). t is `[n, 1]`, the others `[n, d]`.
///
/// # Panics
/// If the shapes do not fit.
#[track_caller]
pub fn between(
    x_0: &Tensor,
    x_1: &Tensor,
    t: &Tensor,
    sigma: Float,
    epsilon: &Tensor,
) -> (Tensor, Tensor) {
    let x_t = (1.0 - t) * x_0 + t * x_1 + epsilon * sigma;
    (x_t, x_1 - x_0)
}
// ANCHOR_END: between

// ANCHOR: energy
/// E ∫‖ẋ‖² dt of trajectories in straight pieces, states `[n, d]` with their times: a scalar.
///
/// # Panics
/// If the shapes differ.
pub fn path_energy(states: &[(Float, Tensor)]) -> Tensor {
    let piece = |step: &[(Float, Tensor)]| {
        let ((s, a), (t, b)) = (&step[0], &step[1]);
        (b - a).square().sum(1).mean(..) / (t - s)
    };
    states.windows(2).map(piece).fold(Tensor::scalar(0.0), |sum, term| sum + term)
}

/// |E − W₂²| / W₂²: 0 if the ways are as short as they can be (Tong et al. 2024, §5.1).
pub fn normalised_path_energy(energy: f64, w2_squared: f64) -> f64 {
    (energy - w2_squared).abs() / w2_squared
}
// ANCHOR_END: energy

// ANCHOR: field
/// The exact field of finitely many pairs (a_k, b_k) of equal weight, with the path [`between`] them:
/// p_t = (1/K) Σ N((1 − t) a_k + t b_k, σ² I), u_t(x) = Σ γ_k(x) (b_k − a_k).
#[derive(Clone, Debug)]
pub struct Pairs {
    /// a_k, `[K, d]`.
    pub a: Tensor,
    /// b_k, `[K, d]`.
    pub b: Tensor,
    /// σ.
    pub sigma: Float,
}

impl Pairs {
    /// ln p_t(x) but for a constant: t `[n, 1]`, x `[n, d]` → `[n]`.
    pub fn log_density(&self, t: &Tensor, x: &Tensor) -> Tensor {
        self.exponents(t, x).log_sum_exp(1).reshape(&[x.shape()[0]])
    }

    /// u_t(x): t `[n, 1]`, x `[n, d]` → `[n, d]`.
    pub fn velocity(&self, t: &Tensor, x: &Tensor) -> Tensor {
        let (count, d) = (self.a.shape()[0], self.a.shape()[1]);
        let ways = (&self.b - &self.a).reshape(&[1, count, d]);
        (self.exponents(t, x).softmax(1) * ways).sum(1)
    }

    /// −‖x − (1 − t) a_k − t b_k‖² / 2σ²: `[n, K, 1]`.
    fn exponents(&self, t: &Tensor, x: &Tensor) -> Tensor {
        let (count, &[n, d]) = (self.a.shape()[0], x.shape()) else { panic!("x is not [n, d]") };
        let t = t.reshape(&[n, 1, 1]);
        let [a, b] = [&self.a, &self.b].map(|ends| ends.reshape(&[1, count, d]));
        let offsets = x.reshape(&[n, 1, d]) - (1.0 - &t) * a - t * b;
        offsets.square().sum_keep(2) / (-2.0 * self.sigma * self.sigma)
    }
}
// ANCHOR_END: field
