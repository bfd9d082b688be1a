//! One network, many names: velocity, score, noise, data and v are one quantity for Gaussian paths, and
//! the samplers of flow matching and of diffusion are one step in different coordinates.
//!
//! Here are the conversions, their condition at both ends of time, the weights of the losses, and the
//! step of DDIM on any path; in [`discrete`] the chain of N steps against its equation, in [`run`] the
//! experiments. Paths are in [`flow_matching`](super::flow_matching::path), noising and time run
//! backwards in [`sdes`](super::sdes).
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | x = α_t x₁ + σ_t x₀ | `x` | a point on its way, `[n, d]` |
//! | x̂₁, x̂₀ | [`Believed`] | what is believed of its data and of its noise, `[n, d]` |
//! | D = α′σ − ασ′ | [`Schedules::wronskian`] | how fast the share of data grows, never 0 |
//! | u, s, v | [`Question`] | velocity, score, and v of Salimans & Ho (2022) |
//! | λ = σ/α | [`Schedules::ratio`] | noise to data: what all paths have in common |

pub mod checks;
pub mod discrete;
pub mod run;
pub mod run_chain;

use crate::Tensor;
use crate::chapters::flow_matching::path::Path;

/// α, σ and their derivatives at the times of a batch, each `[n, 1]`.
#[derive(Clone, Debug)]
pub struct Schedules {
    /// α_t.
    pub alpha: Tensor,
    /// σ_t.
    pub sigma: Tensor,
    /// α_t′.
    pub alpha_dot: Tensor,
    /// σ_t′.
    pub sigma_dot: Tensor,
}

impl Schedules {
    /// Of a path at times t `[n, 1]`.
    pub fn of(path: &Path, t: &Tensor) -> Schedules {
        Schedules {
            alpha: path.alpha(t),
            sigma: path.sigma(t),
            alpha_dot: path.alpha_dot(t),
            sigma_dot: path.sigma_dot(t),
        }
    }

    /// D = α′σ − ασ′. It is σ² (α/σ)′, positive as long as the share of data grows.
    pub fn wronskian(&self) -> Tensor {
        &self.alpha_dot * &self.sigma - &self.alpha * &self.sigma_dot
    }

    /// λ = σ/α.
    pub fn ratio(&self) -> Tensor {
        &self.sigma / &self.alpha
    }
}

/// What a network is asked for when it sees x_t.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// u = α′ x₁ + σ′ x₀.
    Velocity,
    /// s = −x₀/σ.
    Score,
    /// x₀, the ε of DDPM.
    Noise,
    /// x₁.
    Data,
    /// v = α x₀ − σ x₁ (Salimans & Ho 2022, §4).
    V,
}

/// What is believed of the data and of the noise in x: E[x₁|x] and E[x₀|x]. α x̂₁ + σ x̂₀ = x.
#[derive(Clone, Debug)]
pub struct Believed {
    /// x̂₁.
    pub data: Tensor,
    /// x̂₀.
    pub noise: Tensor,
}

impl Question {
    /// The five with their names.
    pub const ALL: [(&str, Question); 5] = [
        ("velocity", Question::Velocity),
        ("score", Question::Score),
        ("noise", Question::Noise),
        ("data", Question::Data),
        ("v", Question::V),
    ];

    // ANCHOR: answer
    /// What is to be said, if this is believed.
    pub fn answer(self, believed: &Believed, at: &Schedules) -> Tensor {
        let Believed { data, noise } = believed;
        match self {
            Question::Velocity => &at.alpha_dot * data + &at.sigma_dot * noise,
            Question::Score => -(noise / &at.sigma),
            Question::Noise => noise.clone(),
            Question::Data => data.clone(),
            Question::V => &at.alpha * noise - &at.sigma * data,
        }
    }
    // ANCHOR_END: answer

    // ANCHOR: believed
    /// What is believed by who says this of x: two equations with two unknowns, of which one is α x̂₁ + σ
    /// x̂₀ = x.
    pub fn believed(self, said: &Tensor, x: &Tensor, at: &Schedules) -> Believed {
        let Schedules { alpha, sigma, alpha_dot, sigma_dot } = at;
        let from_noise = |noise: Tensor| Believed { data: (x - sigma * &noise) / alpha, noise };
        match self {
            Question::Velocity => {
                let d = at.wronskian();
                Believed {
                    data: (sigma * said - sigma_dot * x) / &d,
                    noise: (alpha_dot * x - alpha * said) / &d,
                }
            }
            Question::Score => from_noise(-(sigma * said)),
            Question::Noise => from_noise(said.clone()),
            Question::Data => Believed { noise: (x - alpha * said) / sigma, data: said.clone() },
            Question::V => {
                let square = alpha.square() + sigma.square();
                Believed {
                    data: (alpha * x - sigma * said) / &square,
                    noise: (sigma * x + alpha * said) / &square,
                }
            }
        }
    }
    // ANCHOR_END: believed

    // ANCHOR: gain
    /// By what an error of x̂₁ is multiplied in this answer, in absolute value: x does not change, so the
    /// noise errs by α/σ of it to the other side. The inverse is what an error of the answer does to x̂₁;
    /// the square is the weight of a loss on this answer, seen as a loss on the data. `[n, 1]`.
    pub fn gain(self, at: &Schedules) -> Tensor {
        let Schedules { alpha, sigma, .. } = at;
        match self {
            Question::Velocity => at.wronskian() / sigma,
            Question::Score => alpha / sigma.square(),
            Question::Noise => alpha / sigma,
            Question::Data => Tensor::ones(alpha.shape()),
            Question::V => (alpha.square() + sigma.square()) / sigma,
        }
    }
    // ANCHOR_END: gain
}

/// The answer to one question from that to another, of the same x.
// ANCHOR: convert
pub fn convert(from: Question, to: Question, said: &Tensor, x: &Tensor, at: &Schedules) -> Tensor {
    to.answer(&from.believed(said, x, at), at)
}
// ANCHOR_END: convert

/// DDIM's step on any path: the same belief, put together with the shares of the next time, x ← α x̂₁ + σ
/// x̂₀ (Song, Meng & Ermon 2021, eq. 12 with σ = 0).
// ANCHOR: ddim
pub fn ddim_step(believed: &Believed, next: &Schedules) -> Tensor {
    &next.alpha * &believed.data + &next.sigma * &believed.noise
}
// ANCHOR_END: ddim

/// The time at which the linear path has the ratio λ of noise to data, t = 1/(1 + λ), and where a point x
/// of another path is on it: t x/α. Shapes as those of the schedules and x.
// ANCHOR: linear
pub fn on_the_linear_path(x: &Tensor, at: &Schedules) -> (Tensor, Tensor) {
    let both = &at.alpha + &at.sigma;
    (&at.alpha / &both, x / both) // also where α is 0
}
// ANCHOR_END: linear
