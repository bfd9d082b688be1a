//! Class-conditional flow matching, and guidance without a classifier: a field for a wish and one
//! without, and a step beyond.
//!
//! Here are the network that knows a wish, the guided field, and exact fields of classes; in [`run`]
//! exact guidance in the plane, in [`run_digits`] digits of a class that is asked for.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | y, ∅ | `labels`, [`NOTHING`] | the class that is wished for; no wish |
//! | u(x\|y), u(x) | `with`, `without` | velocity with and without the wish, `[n, d]` |
//! | w | `w` | strength of guidance: 0 is no wish, 1 the law of the class |
//! | x̂₁ | [`Conditional::data`] | what is believed of the data |

pub mod checks;
pub mod run;
pub mod run_digits;

use crate::chapters::diffusion::Network;
use crate::chapters::flow_matching::oracle::Marginal;
use crate::chapters::flow_matching::path::Path;
use crate::data::Mixture;
use crate::nn::{Linear, Module};
use crate::ode;
use crate::random::Rng;
use crate::{Float, Tensor};

// ANCHOR: guided
/// u_w = (1 − w) u(x) + w u(x|y) (Ho & Salimans 2022, eq. 6, whose w is ours less 1): beyond w = 1 away from
/// what all classes have in common. Of velocities, scores, noises and data alike, as long as both are of
/// one x.
pub fn guided(with: &Tensor, without: &Tensor, w: Float) -> Tensor {
    without + (with - without) * w
}
// ANCHOR_END: guided

/// Classes, and the label of no wish.
pub const CLASSES: usize = 10;
/// ∅.
pub const NOTHING: usize = CLASSES;

// ANCHOR: network
/// A network that is told the time, the point and the wish, and says what it believes of the data. The
/// wish stands beside the pixels as eleven numbers, one of which is not 0.
#[derive(Clone, Debug)]
pub struct Conditional {
    /// (1 − t, x and wish) → x̂₁.
    pub net: Network,
}

/// The number that stands for a wish: beside hundreds of noisy pixels a 1 would hardly be noticed.
const LOUD: Float = 8.0;

impl Conditional {
    /// For points of `dim` numbers.
    pub fn new(dim: usize, width: usize, hidden: usize, rng: &mut Rng) -> Conditional {
        let mut net = Network::new(dim, width, hidden, rng);
        net.input = Linear::new(dim + CLASSES + 1, width, rng);
        Conditional { net }
    }

    /// x̂₁: t `[n, 1]`, x `[n, d]`, labels `[n]` from 0 to [`NOTHING`] → `[n, d]`.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn data(&self, t: &Tensor, x: &Tensor, labels: &Tensor) -> Tensor {
        let wish = labels.one_hot(CLASSES + 1) * LOUD;
        self.net.forward(&(1.0 - t), &Tensor::concat(&[x, &wish], 1))
    }
}
// ANCHOR_END: network

impl Module for Conditional {
    fn parameters(&self) -> Vec<(String, &Tensor)> {
        self.net.parameters()
    }

    fn parameters_mut(&mut self) -> Vec<(String, &mut Tensor)> {
        self.net.parameters_mut()
    }
}

// ANCHOR: loss
/// Labels of which each is forgotten with the probability `p`: `[n]` → `[n]`, drawn by u uniform on [0, 1).
pub fn drop_labels(labels: &Tensor, u: &Tensor, p: Float) -> Tensor {
    let kept = u.ge(p);
    labels * &kept + (1.0 - kept) * NOTHING as Float
}

/// The mean square of x̂₁ − x₁ on the linear path, over points and their numbers. t is `[n, 1]`.
///
/// # Panics
/// If the shapes do not fit.
#[track_caller]
pub fn loss(
    model: &Conditional,
    x_0: &Tensor,
    x_1: &Tensor,
    labels: &Tensor,
    t: &Tensor,
) -> Tensor {
    let (x_t, _) = Path::Linear.sample(x_0, x_1, t);
    model.data(t, &x_t, labels).mse(x_1)
}
// ANCHOR_END: loss

// ANCHOR: sample
/// Noise x₀ `[n, d]` carried to data of the classes `labels` `[n]`, in Euler's steps of the guided velocity
/// u = (x̂₁ − x)/(1 − t); x̂₁ is cut off at −1 and 1. The last step ends at x̂₁. 2 evaluations a step, 1 if w is
/// 1.
///
/// # Panics
/// If the shapes do not fit, or there are no steps.
#[track_caller]
pub fn sample(
    model: &Conditional,
    x_0: &Tensor,
    labels: &Tensor,
    w: Float,
    steps: usize,
) -> Tensor {
    let nothing = Tensor::full(labels.shape(), NOTHING as Float);
    let velocity = |t: Float, x: &Tensor| {
        let time = Tensor::full(&[x.shape()[0], 1], t);
        let with = model.data(&time, x, labels);
        let data = match w {
            1.0 => with,
            w => guided(&with, &model.data(&time, x, &nothing), w),
        };
        (data.clamp(-1.0, 1.0) - x) / (1.0 - t)
    };
    ode::solve(velocity, x_0, 0.0..1.0, steps, &ode::EULER)
}
// ANCHOR_END: sample

// ANCHOR: exact
/// Classes of the plane with exact fields: each is a mixture, and all together are one.
#[derive(Clone, Debug)]
pub struct Classes {
    /// The law of a class, with its path.
    pub of: Vec<Marginal>,
    /// The law of all.
    pub all: Marginal,
}

impl Classes {
    /// Of equal weight, on the linear path.
    ///
    /// # Panics
    /// If the widths differ.
    #[track_caller]
    pub fn new(laws: Vec<Mixture>) -> Classes {
        let (std, share) = (laws[0].std, 1.0 / laws.len() as f64);
        assert!(laws.iter().all(|law| law.std == std), "Classes: the widths of the laws differ");
        let weights = laws.iter().flat_map(|law| law.weights.iter().map(|w| w * share)).collect();
        let means = laws.iter().flat_map(|law| law.means.clone()).collect();
        let on_a_line = |data: Mixture| Marginal { path: Path::Linear, data };
        let all = on_a_line(Mixture { weights, means, std });
        Classes { of: laws.into_iter().map(on_a_line).collect(), all }
    }

    /// u_w of class y: t `[n, 1]`, x `[n, d]` → `[n, d]`.
    pub fn guided(&self, y: usize, w: Float, t: &Tensor, x: &Tensor) -> Tensor {
        guided(&self.of[y].velocity(t, x), &self.all.velocity(t, x), w)
    }

    /// ln p(y|x) at time t: `[n, 1]`.
    pub fn log_posterior(&self, y: usize, t: &Tensor, x: &Tensor) -> Tensor {
        let count = self.of.len() as Float;
        let joint = self.of[y].log_density(t, x) - Tensor::scalar(count).ln();
        joint - self.all.log_density(t, x)
    }
}
// ANCHOR_END: exact

// ANCHOR: normal
/// Standard deviation of what guidance draws if p(x) = N(0, s²) and p(x|y) = N(m, s_y²): s_y^w s^(1 − w), on
/// any Gaussian path with α₀ = 0 and σ₀ = 1.
pub fn guided_std(s_y: f64, s: f64, w: f64) -> f64 {
    libm::pow(s_y, w) * libm::pow(s, 1.0 - w)
}

/// That of the tilted law p(x|y)^w p(x)^(1 − w), normalised: 1/√(w/s_y² + (1 − w)/s²). Not finite where the
/// sum is not positive.
pub fn tilted_std(s_y: f64, s: f64, w: f64) -> f64 {
    1.0 / libm::sqrt(w / (s_y * s_y) + (1.0 - w) / (s * s))
}
// ANCHOR_END: normal
