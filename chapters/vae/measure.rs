//! What a trained network reaches on pictures: the ELBO and its parts, the importance-weighted
//! bound, what each latent carries, and the least that grey pixels allow.

use super::{LatentModel, Vae, active_units, importance_bound};
use crate::Tensor;
use crate::data::Images;
use crate::nn::Module;
use crate::random::Rng;

/// Pictures that pass through the network at once.
const AT_ONCE: usize = 500;

/// The parts of the ELBO of each picture, one draw of z for each.
pub struct Measured {
    /// D = −ln p(x|z), `[n]`.
    pub distortion: Tensor,
    /// KL(q(z_j|x) ‖ p(z_j)), `[n, k]`.
    pub kl: Tensor,
    /// μ(x), `[n, k]`.
    pub mu: Tensor,
}

// ANCHOR: measure
impl Measured {
    /// Of every picture.
    pub fn of(vae: &Vae, images: &Images, rng: &mut Rng) -> Measured {
        let vae = vae.frozen();
        let parts: Vec<Measured> = chunks(images.len(), AT_ONCE)
            .map(|rows| {
                let x = images.batch(&rows);
                let q = vae.encode(&x);
                let z = q.reparameterize(&rng.normal(q.mu.shape()));
                let distortion = -vae.log_likelihood(&x, &z);
                Measured { distortion, kl: q.kl_per_latent(), mu: q.mu }
            })
            .collect();
        let joined = |part: fn(&Measured) -> &Tensor| {
            Tensor::concat(&parts.iter().map(part).collect::<Vec<_>>(), 0)
        };
        Measured {
            distortion: joined(|part| &part.distortion),
            kl: joined(|part| &part.kl),
            mu: joined(|part| &part.mu),
        }
    }

    /// R = KL(q(z|x) ‖ p(z)), `[n]`.
    pub fn rate(&self) -> Tensor {
        self.kl.sum(-1)
    }

    /// −D − R, `[n]`.
    pub fn elbo(&self) -> Tensor {
        -&self.distortion - self.rate()
    }

    /// The mean KL of each latent in nats, the largest first.
    pub fn kl_per_latent(&self) -> Vec<f64> {
        let mean = self.kl.mean(0);
        let mut mean: Vec<f64> = mean.data().iter().map(|&kl| f64::from(kl)).collect();
        mean.sort_by(|a, b| b.total_cmp(a));
        mean
    }

    /// The latents in use.
    pub fn active_units(&self) -> usize {
        active_units(&self.mu)
    }
}
// ANCHOR_END: measure

/// L_K of each of the first `n` pictures (of all, if there are fewer) with `draws` draws of z:
/// `[n]`.
pub fn bound(vae: &Vae, images: &Images, n: usize, draws: usize, rng: &mut Rng) -> Tensor {
    let vae = vae.frozen();
    let parts: Vec<Tensor> = chunks(n.min(images.len()), AT_ONCE.div_ceil(draws))
        .map(|rows| {
            let epsilon = rng.normal(&[draws, rows.len(), vae.latents()]);
            importance_bound(&vae, &images.batch(&rows), &epsilon)
        })
        .collect();
    Tensor::concat(&parts.iter().collect::<Vec<_>>(), 0)
}

/// The least distortion there can be, in nats a picture: −Σ_j x_j ln x_j + (1 − x_j) ln(1 − x_j),
/// which grey pixels have if every one is decoded to itself. It is 0 for pixels that are black or
/// white.
pub fn least_distortion(images: &Images) -> f64 {
    let of_a_pixel = |x: f64| match x {
        0.0 | 1.0 => 0.0,
        x => -x * libm::log(x) - (1.0 - x) * libm::log(1.0 - x),
    };
    let mut sum = 0.0;
    for rows in chunks(images.len(), AT_ONCE) {
        let pixels = images.batch(&rows);
        sum += pixels.data().iter().map(|&x| of_a_pixel(f64::from(x))).sum::<f64>();
    }
    sum / images.len() as f64
}

/// The mean of independent numbers and its standard error.
pub fn mean_and_error(values: &Tensor) -> [f64; 2] {
    let n = values.len() as f64;
    let numbers = || values.data().iter().map(|&v| f64::from(v));
    let mean = numbers().sum::<f64>() / n;
    let squares: f64 = numbers().map(|v| (v - mean) * (v - mean)).sum();
    [mean, libm::sqrt(squares / (n - 1.0) / n)]
}

/// 0 … n − 1 in pieces.
fn chunks(n: usize, size: usize) -> impl Iterator<Item = Vec<usize>> {
    (0..n).step_by(size).map(move |start| (start..n.min(start + size)).collect())
}
