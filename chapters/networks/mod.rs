//! What turns a gradient into a network that has learned: how weights begin, and how they move. The rules are for a
//! single number, so that they read as in the papers; [`crate::optim`] has them for whole networks.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | p, g | `p`, `g` | a parameter and its gradient |
//! | η | `lr` | the learning rate |
//! | μ, b | `mu`, `b` | momentum, and what it has gathered |
//! | m, v | `[m, v]` | running means of g and of g² |
//! | t | `t` | the number of this step; 1 is the first |
//! | λ | `decay` | how strongly weights are pulled to 0 |

pub mod checks;
pub mod run;
pub mod run_failures;

use crate::Float;

/// The standard deviation of weights that keeps the size of a signal: √(gain / n) for n inputs, with gain 1 for a
/// linear layer and 2 before which a ReLU has cut one half (He et al. 2015, equation 10).
// ANCHOR: weight_std
pub fn weight_std(inputs: usize, gain: Float) -> Float {
    (gain / inputs as Float).sqrt()
}
// ANCHOR_END: weight_std

/// p ← p − η g.
// ANCHOR: sgd
pub fn sgd(p: Float, g: Float, lr: Float) -> Float {
    p - lr * g
}
// ANCHOR_END: sgd

/// b ← μ b + g, p ← p − η b (Polyak 1964). Returns p and b.
// ANCHOR: momentum
pub fn momentum(p: Float, g: Float, b: Float, lr: Float, mu: Float) -> (Float, Float) {
    let b = mu * b + g;
    (p - lr * b, b)
}
// ANCHOR_END: momentum

/// β₁, β₂ and ε, as everybody has them.
pub const BETAS: [f64; 2] = [0.9, 0.999];
/// ε.
pub const EPSILON: Float = 1e-8;

/// m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², p ← p − η m̂ / (√v̂ + ε) with m̂ = m / (1 − β₁ᵗ) and
/// v̂ = v / (1 − β₂ᵗ) (Kingma & Ba 2015, algorithm 1). Returns p and the means.
// ANCHOR: adam
pub fn adam(p: Float, g: Float, [m, v]: [Float; 2], t: usize, lr: Float) -> (Float, [Float; 2]) {
    let [b_1, b_2] = BETAS.map(|beta| beta as Float);
    let m = b_1 * m + (1.0 - b_1) * g;
    let v = b_2 * v + (1.0 - b_2) * g * g;
    let [c_1, c_2] = BETAS.map(|beta| (1.0 - libm::pow(beta, t as f64)) as Float);
    (p - lr * (m / c_1) / ((v / c_2).sqrt() + EPSILON), [m, v])
}
// ANCHOR_END: adam

/// Adam with the decay beside it: p ← (1 − η λ) p, then a step of [`adam`] (Loshchilov & Hutter 2019, algorithm 2).
// ANCHOR: adamw
pub fn adamw(
    p: Float,
    g: Float,
    means: [Float; 2],
    t: usize,
    lr: Float,
    decay: Float,
) -> (Float, [Float; 2]) {
    adam((1.0 - lr * decay) * p, g, means, t, lr)
}
// ANCHOR_END: adamw

/// η at a step: from η₀ at step 0 along half a wave of the cosine to 0 at the last (Loshchilov & Hutter 2017).
// ANCHOR: cosine_rate
pub fn cosine_rate(step: usize, steps: usize, lr: Float) -> Float {
    let way = std::f64::consts::PI * step as f64 / steps as f64;
    lr * (0.5 * (1.0 + libm::cos(way))) as Float
}
// ANCHOR_END: cosine_rate

/// g, shortened to the length `most` if it is longer (Pascanu et al. 2013).
// ANCHOR: clip_by_norm
pub fn clip_by_norm(g: &[Float], most: Float) -> Vec<Float> {
    let norm = g.iter().map(|g| g * g).sum::<Float>().sqrt();
    let scale = if norm > most { most / norm } else { 1.0 };
    g.iter().map(|g| g * scale).collect()
}
// ANCHOR_END: clip_by_norm
