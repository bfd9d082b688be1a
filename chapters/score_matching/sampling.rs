//! Drawing with a score of every noise level, s(t, x) with one number t for all rows, from the widest
//! noise, σ_max z, to the data. Each way costs the evaluations of s that it says.

use crate::chapters::flow_matching::path::Path;
use crate::chapters::sdes::{langevin_step, noising, probability_flow};
use crate::random::Rng;
use crate::{Float, Tensor, ode};

/// A score: (t, x) → s(t, x) `[n, d]`.
pub type Field<'a> = &'a dyn Fn(Float, &Tensor) -> Tensor;

/// Annealed Langevin dynamics (Song & Ermon 2019, algorithm 1): at each of `levels` noises, from the widest
/// down, `steps` steps of the size α = ε σ²/σ_min². As σ shrinks so do the steps, and the ratio of a step's
/// noise to its drift stays. levels × steps evaluations. Returns the points after each level.
///
/// # Panics
/// If there are fewer than two levels.
// ANCHOR: annealed
#[track_caller]
pub fn annealed_langevin(
    s: Field,
    path: &Path,
    x: &Tensor,
    [levels, steps]: [usize; 2],
    epsilon: Float,
    rng: &mut Rng,
) -> Vec<(Float, Tensor)> {
    assert!(levels >= 2, "annealed_langevin: {levels} levels; it needs two or more");
    let sigma_min = sigma(path, 1.0);
    let mut states = vec![];
    let mut x = x.clone();
    for &t in Tensor::linspace(0.0, 1.0, levels).data() {
        let ratio = sigma(path, t) / sigma_min;
        let alpha = epsilon * ratio * ratio;
        for _ in 0..steps {
            let z = rng.normal(x.shape());
            x = langevin_step(&x, &s(t, &x), 1.0, alpha, &z);
        }
        states.push((t, x.clone()));
    }
    states
}
// ANCHOR_END: annealed

/// A step from the noise σ down to σ₊ < σ: x + (σ² − σ₊²) s + √(σ² − σ₊²) z, the reverse equation with the
/// exact variance between two levels (Song et al. 2021, algorithm 2).
// ANCHOR: predictor
pub fn reverse_step(x: &Tensor, s: &Tensor, [sigma, next]: [Float; 2], z: &Tensor) -> Tensor {
    let lost = sigma * sigma - next * next;
    x + s * lost + z * lost.sqrt()
}
// ANCHOR_END: predictor

/// The α of a step ½ α s + √α z whose drift is r times as long as its noise: 4 (r ‖z‖ / ‖s‖)², with norms
/// averaged over the rows (Song et al. 2021, algorithm 4; their ε is ½ α).
// ANCHOR: corrector
pub fn corrector_step_size(s: &Tensor, z: &Tensor, r: Float) -> Float {
    let norm = |x: &Tensor| x.square().sum(1).sqrt().mean(..).item();
    let ratio = r * norm(z) / norm(s);
    4.0 * ratio * ratio
}

/// Predictor and corrector (Song et al. 2021, algorithm 2): a step to the next level, then `corrections`
/// steps of Langevin's dynamics at it, with the signal-to-noise ratio r. Without corrections it is the
/// reverse equation alone. steps × (1 + corrections) evaluations.
pub fn predictor_corrector(
    s: Field,
    path: &Path,
    x: &Tensor,
    [steps, corrections]: [usize; 2],
    r: Float,
    rng: &mut Rng,
) -> Tensor {
    let mut x = x.clone();
    for level in Tensor::linspace(0.0, 1.0, steps + 1).data().windows(2) {
        let z = rng.normal(x.shape());
        let sigmas = [sigma(path, level[0]), sigma(path, level[1])];
        x = reverse_step(&x, &s(level[0], &x), sigmas, &z);
        for _ in 0..corrections {
            let (z, score) = (rng.normal(x.shape()), s(level[1], &x));
            let alpha = corrector_step_size(&score, &z, r);
            x = langevin_step(&x, &score, 1.0, alpha, &z);
        }
    }
    x
}
// ANCHOR_END: corrector

/// The probability flow dx/dt = −a x + ½ g² s by Heun's method: 2 evaluations a step.
// ANCHOR: flow
pub fn flow(s: Field, path: &Path, x: &Tensor, steps: usize) -> Tensor {
    let u = |t: Float, x: &Tensor| probability_flow(x, &s(t, x), noising(path, 1.0 - t));
    ode::solve(u, x, 0.0..1.0, steps, &ode::HEUN)
}
// ANCHOR_END: flow

fn sigma(path: &Path, t: Float) -> Float {
    path.sigma(&Tensor::scalar(t)).item()
}
