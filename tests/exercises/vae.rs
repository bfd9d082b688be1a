//! Variational autoencoders: mistakes that nobody listed, and a part of what each must be told.

#[allow(dead_code)] // its `main`
#[path = "../../exercises/solutions/vae.rs"]
pub mod solutions;

use crate::expect;
use pushforward::chapters::vae::checks::{self, Network};
use pushforward::chapters::vae::linear::Ppca;
use pushforward::chapters::vae::{Gaussian, LatentModel, Vae, importance_bound, log_weights, loss};
use pushforward::nn::{Linear, Module};
use pushforward::random::Rng;
use pushforward::{Float, Tensor};
use solutions::ANSWERS;

fn close(a: &Tensor, b: &Tensor) {
    assert!(a.is_close(&b.detach(), 1e-4, 1e-4), "{a}\n{b}");
}

/// The solutions are what the chapter's own functions compute.
#[test]
fn the_vae_solutions_are_the_chapters_functions() {
    let mut rng = Rng::new(5);
    let vae = Vae::new(6, 5, 2, &mut rng).frozen();
    let (x, epsilon) = (rng.uniform(&[4, 6]), rng.normal(&[4, 2]));
    let encode = |x: &Tensor| vae.encoder.forward(x);
    let decode = |z: &Tensor| vae.decoder.forward(z);
    close(&(ANSWERS.vae_loss)(&encode, &decode, &x, &epsilon, 2.0), &loss(&vae, &x, &epsilon, 2.0));

    let q: Gaussian = vae.encode(&x);
    let z = q.reparameterize(&epsilon);
    let log_w = (ANSWERS.log_weights)(&vae.log_likelihood(&x, &z), &q.mu, &q.log_var, &z);
    close(&log_w, &log_weights(&vae, &x, &epsilon));
    let draws = rng.normal(&[7, 4, 2]);
    let bound = (ANSWERS.importance_bound)(&log_weights(&vae, &x, &draws));
    close(&bound, &importance_bound(&vae, &x, &draws));

    let (w, b) = (rng.normal(&[5, 2]), rng.normal(&[5]));
    let decoder = Linear { weight: w.clone(), bias: b.clone() };
    let model = Ppca { decoder, log_var: Tensor::scalar(0.3).ln() };
    let x = model.sample(3, &mut rng);
    close(&(ANSWERS.linear_log_likelihood)(&x, &w, &b, 0.3), &model.log_marginal(&x));
    let (ours, theirs) = ((ANSWERS.linear_posterior)(&x, &w, &b, 0.3), model.posterior(&x));
    close(&ours.0, &theirs.0);
    close(&ours.1, &theirs.1);
}

type OfTwo = fn(&Tensor, &Tensor) -> Tensor;
type OfThree = fn(&Tensor, &Tensor, &Tensor) -> Tensor;

#[test]
fn unlisted_mistakes_of_the_encoders_law_are_diagnosed() {
    let kl: [(OfTwo, &str); 3] = [
        (|m, l| (ANSWERS.kl_divergence)(m, l) * 2.0, "times too large"),
        (|m, l| (m.square() + l.exp() - l - 1.0) * 0.5, "has shape"),
        (|m, l| (ANSWERS.kl_divergence)(&m.detach(), &l.detach()), "left the graph"),
    ];
    for (answer, part) in kl {
        expect(checks::kl_divergence(answer), part);
    }
    let reparameterize: [(OfThree, &str); 4] = [
        (|m, l, e| m + (l * 0.5).exp() * e.square(), "`epsilon` replaced by epsilon²"),
        (|m, l, e| m - (l * 0.5).exp() * e, "`epsilon` replaced by −epsilon"),
        (|_, l, e| (l * 0.5).exp() * e, "`mu` left out"),
        (|m, _, e| m + e, "`log_var` left out"),
    ];
    for (answer, part) in reparameterize {
        expect(checks::reparameterize(answer), part);
    }
    type Gradients = fn(Network, &Tensor, &Tensor, &Tensor) -> (Tensor, Tensor);
    let gradients: [(Gradients, &str); 3] = [
        (
            |f, m, l, e| {
                let (path, score) = (ANSWERS.two_gradients)(f, m, l, e);
                (score, path)
            },
            "wrong order",
        ),
        (
            |f, m, l, e| {
                let (path, score) = (ANSWERS.two_gradients)(f, m, l, e);
                (path, score / (l * 0.5).exp())
            },
            "`along the path` is right",
        ),
        (
            |f, m, l, e| {
                let (path, score) = (ANSWERS.two_gradients)(f, m, l, e);
                (-path, score)
            },
            "`along the path`: Right but for the sign",
        ),
    ];
    for (answer, part) in gradients {
        expect(checks::two_gradients(answer), part);
    }
}

#[test]
fn unlisted_mistakes_of_the_bounds_are_diagnosed() {
    type Weights = fn(&Tensor, &Tensor, &Tensor, &Tensor) -> Tensor;
    let weights: [(Weights, &str); 3] = [
        (|p, m, l, z| -(ANSWERS.log_weights)(p, m, l, z), "sign, which is flipped everywhere"),
        (|p, m, l, z| (ANSWERS.log_weights)(p, m, l, z) - p, "`log_likelihood` is missing"),
        (|p, m, l, z| (ANSWERS.log_weights)(p, m, &-l, z), "`log_var` replaced by −log_var"),
    ];
    for (answer, part) in weights {
        expect(checks::log_weights(answer), part);
    }
    type OfOne = fn(&Tensor) -> Tensor;
    let bound: [(OfOne, &str); 3] = [
        (|w| (ANSWERS.importance_bound)(&(w * 0.5)), "`log_w` replaced by log_w/2"),
        (|w| w.log_sum_exp(1), "shape"),
        (|w| (ANSWERS.importance_bound)(w) * -1.0, "sign, which is flipped everywhere"),
    ];
    for (answer, part) in bound {
        expect(checks::importance_bound(answer), part);
    }
    let active: [(OfOne, &str); 3] = [
        (|m| m.var(1, 0).gt(0.01), "has shape"),
        (|m| m.var(0, 0).gt(0.01).sum(..), "has shape"),
        (|m| m.var(0, 0), "Right for"),
    ];
    for (answer, part) in active {
        expect(checks::active_latents(answer), part);
    }
}

#[test]
fn unlisted_mistakes_of_the_program_are_diagnosed() {
    let pixels: [(OfTwo, &str); 4] = [
        (|x, l| (x * l.sigmoid().ln() + (1.0 - x) * (1.0 - l.sigmoid()).ln()).sum(1), "not finite"),
        (|x, l| (x * l - l.softplus()).sum(..), "has shape"),
        (|x, l| (x * l - l.softplus()).sum(1) * 2.0, "times too large"),
        (|x, l| ((1.0 - x) * l - l.softplus()).sum(1), "`x` replaced by 1 − x"),
    ];
    for (answer, part) in pixels {
        expect(checks::bernoulli_log_likelihood(answer), part);
    }
    type Loss = fn(Network, Network, &Tensor, &Tensor, Float) -> Tensor;
    let losses: [(Loss, &str); 4] = [
        (|e, d, x, n, _| (ANSWERS.vae_loss)(e, d, x, n, 1.0), "1 in the place of `beta`"),
        (|e, d, x, n, b| (ANSWERS.vae_loss)(e, d, x, n, 1.0 / b), "Right for"),
        (
            |e, d, x, n, b| (ANSWERS.vae_loss)(e, d, x, n, b) * x.shape()[0] as Float,
            "Too large by the number of rows",
        ),
        (|e, d, x, n, b| (ANSWERS.vae_loss)(e, d, x, &n.square(), b), "replaced by epsilon²"),
    ];
    for (answer, part) in losses {
        expect(checks::vae_loss(answer), part);
    }
    type Generate = fn(Network, &Tensor, usize) -> Tensor;
    let pictures: [(Generate, &str); 3] = [
        (|d, z, _| d(z).sigmoid(), "has shape"),
        (|d, z, s| (ANSWERS.generate)(d, &-z, s), "`z` replaced by −z"),
        (|d, z, s| (ANSWERS.generate)(d, z, s).flip(0), "in another order"),
    ];
    for (answer, part) in pictures {
        expect(checks::generate(answer), part);
    }
}

#[test]
fn unlisted_mistakes_of_the_linear_model_are_diagnosed() {
    type OfModel<A> = fn(&Tensor, &Tensor, &Tensor, Float) -> A;
    let likelihood: [(OfModel<Tensor>, &str); 3] = [
        (
            |x, w, b, s| -(ANSWERS.linear_log_likelihood)(x, w, b, s),
            "sign, which is flipped everywhere",
        ),
        (|x, w, b, s| (ANSWERS.linear_log_likelihood)(x, w, b, s * s), "sigma_2²"),
        (|x, w, b, s| (ANSWERS.linear_log_likelihood)(x, w, &(b * 0.5), s), "`b` replaced by b/2"),
    ];
    for (answer, part) in likelihood {
        expect(checks::linear_log_likelihood(answer), part);
    }
    let posterior: [(OfModel<(Tensor, Tensor)>, &str); 3] = [
        (
            |x, w, b, s| {
                let (mean, covariance) = (ANSWERS.linear_posterior)(x, w, b, s);
                (-mean, covariance)
            },
            "`mean`: Right but for the sign",
        ),
        (
            |x, w, b, s| {
                let (mean, covariance) = (ANSWERS.linear_posterior)(x, w, b, s);
                (mean * s, covariance)
            },
            "sigma_2",
        ),
        (
            |x, w, b, s| {
                let (mean, covariance) = (ANSWERS.linear_posterior)(x, w, b, s);
                (mean, covariance * 0.5)
            },
            "times too small",
        ),
    ];
    for (answer, part) in posterior {
        expect(checks::linear_posterior(answer), part);
    }
}
