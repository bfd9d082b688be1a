//! What a perfect network would say: a mixture of normal laws has its score in closed form, and so has
//! the same mixture with noise added.

use crate::chapters::flow_matching::oracle::Marginal;
use crate::chapters::flow_matching::path::Path;
use crate::data::Mixture;
use crate::{Float, Tensor};

/// p_σ, the law of x + σ z: the components are wider, √(s² + σ²).
pub fn noised(p: &Mixture, sigma: Float) -> Mixture {
    let sigma = f64::from(sigma);
    Mixture { std: libm::sqrt(p.std * p.std + sigma * sigma), ..p.clone() }
}

/// ln p(x), `[n, d]` → `[n, 1]`.
pub fn log_density(p: &Mixture, x: &Tensor) -> Tensor {
    at_the_end(p).log_density(&Tensor::ones(&[x.shape()[0], 1]), x)
}

/// ∇ ln p(x), `[n, d]` → `[n, d]`.
pub fn score(p: &Mixture, x: &Tensor) -> Tensor {
    at_the_end(p).score(&Tensor::ones(&[x.shape()[0], 1]), x)
}

/// On the linear path, whose marginal at t = 1 is the law of the data.
fn at_the_end(p: &Mixture) -> Marginal {
    Marginal { path: Path::Linear, data: p.clone() }
}

/// ½ (d/σ² − E‖∇ ln p_σ‖²), estimated over noised points `[n, d]`: what denoising score matching still
/// costs a perfect network. The loss less this is explicit score matching of p_σ.
// ANCHOR: irreducible
pub fn irreducible(p: &Mixture, sigma: Float, noised_points: &Tensor) -> Tensor {
    let dim = noised_points.shape()[1] as Float;
    let squares = score(&noised(p, sigma), noised_points).square().sum(1);
    (dim / (sigma * sigma) - squares).mean(..) * 0.5
}
// ANCHOR_END: irreducible
