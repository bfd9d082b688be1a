//! The variational autoencoder: V1 to V5.

use crate::{Estimate, ROUNDING, as_f64, difference};
use pushforward::chapters::vae::linear::{LinearVae, Ppca};
use pushforward::chapters::vae::{
    Gaussian, LatentModel, Vae, active_units, bernoulli_log_likelihood, elbo, importance_bound,
    log_prior, log_weights, loss, terms,
};
use pushforward::data::Digits;
use pushforward::nn::{Linear, Module};
use pushforward::optim::{Adam, Optimizer};
use pushforward::random::Rng;
use pushforward::{Float, Tensor, grad};
use std::f64::consts::TAU;

/// A linear VAE that is far from trained, with every number of it random.
fn untrained(dim: usize, latents: usize, rng: &mut Rng) -> LinearVae {
    let mut model = LinearVae::new(dim, latents, rng);
    for (_, parameter) in model.parameters_mut() {
        *parameter = rng.normal(parameter.shape()) * 0.7;
    }
    model
}

/// ln p(x), and mean and variance of p(z|x), by the trapezoidal rule over the only latent, in f64.
fn integral(p: &Ppca, x: &[f64]) -> [f64; 3] {
    let [w, b] = [&p.decoder.weight, &p.decoder.bias].map(as_f64);
    let variance = f64::from(p.log_var.item()).exp();
    let normal = |x: f64, m: f64, v: f64| (-0.5 * (x - m).powi(2) / v).exp() / (TAU * v).sqrt();
    let (h, mut moments) = (1e-3, [0.0; 3]);
    for i in -8000..8000 {
        let z = f64::from(i) * h;
        let given = (0..x.len()).map(|j| normal(x[j], w[j] * z + b[j], variance));
        let joint = normal(z, 0.0, 1.0) * given.product::<f64>() * h;
        for (moment, power) in moments.iter_mut().zip([1.0, z, z * z]) {
            *moment += joint * power;
        }
    }
    let [p, first, second] = moments;
    [p.ln(), first / p, second / p - (first / p).powi(2)]
}

/// The closed forms of the linear model are the integrals they stand for. Without σ² I, or with
/// W Wᵀ in the place of Wᵀ W, they would be something else.
#[test]
fn v1_the_linear_model_is_known_in_closed_form() {
    let mut rng = Rng::new(41);
    let model = untrained(3, 1, &mut rng);
    let x = model.p.sample(5, &mut rng);
    let (means, covariance) = model.p.posterior(&x);
    let log_p = model.p.log_marginal(&x);
    for (i, row) in x.rows::<3>().iter().enumerate() {
        let exact = integral(&model.p, row);
        let ours = [log_p.at(&[i]), means.at(&[i, 0]), covariance.item()].map(f64::from);
        for (ours, exact) in ours.iter().zip(exact) {
            assert!((ours - exact).abs() < ROUNDING * exact.abs().max(1.0), "{ours}, {exact}");
        }
    }
    let prior = (1.0 - f64::from(covariance.item())).abs();
    println!("the posterior's variance is {:.3}", covariance.item());
    assert!(prior > 0.1, "the prior's variance would pass");
}

/// For each x, ln p(x) − ELBO is KL(q(z|x) ‖ p(z|x)); it is positive, and neither the KL to the
/// prior nor the KL the other way round. The mean of sampled ELBOs is the exact one.
// ANCHOR: v1
#[test]
fn v1_log_p_is_elbo_plus_kl_to_the_posterior() {
    let (n, mut rng) = (40, Rng::new(42));
    let model = untrained(5, 3, &mut rng);
    let x = model.p.sample(n, &mut rng);
    let log_p = model.p.log_marginal(&x);
    let missing = &log_p - model.exact_elbo(&x);
    let error = difference(&model.gap(&x), &missing);
    assert!(error < ROUNDING, "{error:e}");
    assert!(missing.data().iter().all(|&gap| gap > 0.0));
    // ANCHOR_END: v1
    let to_prior = difference(&model.encode(&x).kl(), &missing);
    let reversed = difference(&reversed_gap(&model, &x), &missing);
    println!(
        "gap exact to {error:e}; KL to the prior {to_prior:.2}, reversed KL {reversed:.2} off"
    );
    assert!(to_prior > 0.1 && reversed > 0.1);

    let draws = 4000;
    let repeated = x.slice(0, 0..1).broadcast_to(&[draws, 5]);
    let sampled =
        Estimate::of(&as_f64(&elbo(&model, &repeated, &rng.normal(&[draws, 3])).detach()));
    let exact = f64::from(model.exact_elbo(&x).at(&[0]));
    println!("ELBO {exact:.4}, sampled {sampled:?}");
    assert!(sampled.away_from(exact) < 4.0);
    assert!(sampled.away_from(f64::from(log_p.at(&[0]))) > 10.0, "ln p(x) would pass");
}

/// KL(p(z|x) ‖ q(z|x)): what minimising the gap does not minimise.
fn reversed_gap(model: &LinearVae, x: &Tensor) -> Tensor {
    let ((m, s), q) = (model.p.posterior(x), model.encode(x));
    let variance = q.log_var.exp();
    let diagonal = (&s * Tensor::eye(3)).sum(0);
    let inner = (diagonal + (m - q.mu).square()) / variance - 1.0 + q.log_var;
    (inner.sum(-1) - s.slogdet().1) * 0.5
}

/// Where q is the posterior, one draw is enough: ln w is ln p(x) whatever ε. That takes a posterior
/// without correlations. With them the best q of this kind has s_j² = 1 / (S⁻¹)_jj, narrower than
/// the posterior's own S_jj, and a gap remains.
#[test]
fn v1_the_bound_is_reached_at_the_posterior_alone() {
    let mut rng = Rng::new(43);
    let mut model = untrained(4, 2, &mut rng);
    let upright = Tensor::from([[1.0, 1.0], [0.5, -0.5], [1.0, -1.0], [0.5, 0.5]]);
    model.p.decoder.weight = upright * Tensor::from([0.8, 1.3]); // wᵀ w′ = 0
    let x = model.p.sample(50, &mut rng);
    let log_p = model.p.log_marginal(&x);
    let (_, s) = with_posterior_means(&mut model, &x);
    model.log_var = (&s * Tensor::eye(2)).sum(0).ln();
    let error = difference(&log_weights(&model, &x, &rng.normal(&[50, 2])), &log_p);
    println!("one draw of ln w at the posterior is ln p(x) to {error:e}");
    assert!(error < ROUNDING);

    model.p.decoder.weight = Tensor::from([[1.0, 0.8], [0.5, -0.1], [1.0, 0.9], [0.5, 0.5]]) * 1.2;
    let (precision, s) = with_posterior_means(&mut model, &x);
    let gap = |log_var: Tensor, model: &mut LinearVae| {
        model.log_var = log_var;
        f64::from(model.gap(&x).mean(..).item())
    };
    let diagonal = |matrix: &Tensor| (matrix * Tensor::eye(2)).sum(0);
    let best = gap(-diagonal(&precision).ln(), &mut model);
    let marginal = gap(diagonal(&s).ln(), &mut model);
    let formula = 0.5 * f64::from((s.slogdet().1 + diagonal(&precision).ln().sum(..)).item());
    println!("with correlations: gap {best:.4}, and {marginal:.4} with the posterior's variances");
    assert!((best - formula).abs() < ROUNDING * 10.0 && best > 0.1 && marginal > 1.2 * best);
}

/// Gives the encoder the posterior's means; returns the posterior's precision and covariance.
fn with_posterior_means(model: &mut LinearVae, x: &Tensor) -> (Tensor, Tensor) {
    let (d, k) = (x.shape()[1], model.log_var.len());
    let origin = model.p.posterior(&Tensor::zeros(&[1, d])).0;
    let columns = model.p.posterior(&Tensor::eye(d)).0 - &origin;
    model.encoder = Linear { weight: columns.t(), bias: origin.reshape(&[k]) };
    assert!(difference(&model.encode(x).mu, &model.p.posterior(x).0) < ROUNDING);
    let s = model.p.posterior(x).1;
    (s.inverse(), s)
}

/// The importance-weighted bound grows with K from the ELBO towards ln p(x) and stays below. The
/// mean of the logarithms, in the place of the logarithm of the mean, does not grow.
// ANCHOR: iwae
#[test]
fn v1_the_importance_weighted_bound_grows_to_log_p() {
    let (n, mut rng) = (2000, Rng::new(44));
    let mut model = untrained(3, 2, &mut rng);
    let x = model.p.sample(n, &mut rng);
    with_posterior_means(&mut model, &x);
    model.log_var = Tensor::full(&[2], 2.0); // much wider than the posterior
    let log_p = model.p.log_marginal(&x);
    let below: Vec<Estimate> = [1, 5, 50, 500]
        .map(|draws| importance_bound(&model, &x, &rng.normal(&[draws, n, 2])) - &log_p)
        .map(|gap| Estimate::of(&as_f64(&gap)))
        .into();
    // ANCHOR_END: iwae
    println!("L_K − ln p for K = 1, 5, 50, 500: {below:?}");
    for pair in below.windows(2) {
        assert!(pair[1].mean > pair[0].mean + 4.0 * pair[0].error.hypot(pair[1].error));
        assert!(pair[1].mean < 3.0 * pair[1].error, "above ln p: {pair:?}");
    }
    assert!(below[3].mean > -0.05, "far from ln p after 500 draws: {:?}", below[3]);
    let exact = Estimate::of(&as_f64(&(model.exact_elbo(&x) - &log_p)));
    assert!((below[0].mean - exact.mean).abs() < 4.0 * below[0].error, "K = 1 is the ELBO");
    let wrong = log_weights(&model, &x, &rng.normal(&[50, n, 2])).mean(0) - &log_p;
    let wrong = Estimate::of(&as_f64(&wrong));
    println!("the mean of 50 logarithms: {wrong:?}");
    assert!(wrong.mean < below[2].mean - 10.0 * wrong.error);
}

/// z = μ + σ ⊙ ε has mean μ and variance σ². With σ = exp(ln σ²) it has variance σ⁴.
#[test]
fn v2_reparameterised_noise_has_the_right_law() {
    let (n, mut rng) = (20_000, Rng::new(45));
    let q = Gaussian { mu: Tensor::from([[0.7, -1.0]]), log_var: Tensor::from([[-1.0, 0.6]]) };
    let z = q.reparameterize(&rng.normal(&[n, 2]));
    let forgotten_half = &q.mu + q.log_var.exp() * rng.normal(&[n, 2]);
    for j in 0..2 {
        let [mean, variance] = [&q.mu, &q.log_var.exp()].map(|v| f64::from(v.at(&[0, j])));
        let squares = |z: &Tensor| -> Vec<f64> {
            z.rows::<2>().iter().map(|z| (z[j] - mean).powi(2)).collect()
        };
        let first = Estimate::of(&z.rows::<2>().map_column(j));
        let [second, wrong] = [&z, &forgotten_half].map(|z| Estimate::of(&squares(z)));
        println!("mean {first:?} of {mean}, variance {second:?} of {variance}, not {wrong:?}");
        assert!(first.away_from(mean) < 4.0 && second.away_from(variance) < 4.0);
        assert!(wrong.away_from(variance) > 20.0);
    }
}

/// A column of rows.
trait Column {
    fn map_column(&self, j: usize) -> Vec<f64>;
}

impl Column for Vec<[f64; 2]> {
    fn map_column(&self, j: usize) -> Vec<f64> {
        self.iter().map(|row| row[j]).collect()
    }
}

/// Two estimators of ∇ E_q[f(z)] with f = ln p(x|z) + ln p(z), for μ and ln σ² of a q: along the
/// path z(ε), and by the score, f(z) ∇ ln q(z). Both are unbiased; the variance of the second is
/// far larger. Without either, with z a constant, the gradient is 0.
// ANCHOR: v2
#[test]
fn v2_the_pathwise_gradient_has_the_smaller_variance() {
    let (n, mut rng) = (20_000, Rng::new(46));
    let model = untrained(4, 2, &mut rng);
    let x = model.p.sample(1, &mut rng);
    // One row for each draw, so that the gradient of a sum over rows is a gradient for each draw.
    let each = |v: &Tensor| v.broadcast_to(&[n, 2]).detach().variable();
    let said = model.encode(&x);
    let q = Gaussian { mu: each(&said.mu), log_var: each(&said.log_var) };
    let f = |z: &Tensor| model.log_likelihood(&x, z) + log_prior(z);

    let z = q.reparameterize(&rng.normal(&[n, 2]));
    let pathwise = grad(&f(&z).sum(..), &[&q.mu, &q.log_var]);
    let fixed = z.detach();
    let surrogate = f(&fixed).detach() * q.log_density(&fixed);
    let score = grad(&surrogate.sum(..), &[&q.mu, &q.log_var]);
    // ANCHOR_END: v2
    let exact = exact_gradients(&model, &x);
    for (i, name) in ["μ", "ln σ²"].into_iter().enumerate() {
        for (j, exact) in exact[i].iter().enumerate() {
            let estimate = |g: &[Tensor]| Estimate::of(&g[i].rows::<2>().map_column(j));
            let (path, score) = (estimate(&pathwise), estimate(&score));
            let ratio = (score.error / path.error).powi(2);
            println!("∂/∂{name}_{j} = {exact:.3}: {path:?}, {score:?}, variance × {ratio:.0}");
            assert!(path.away_from(*exact) < 4.0 && score.away_from(*exact) < 4.0);
            assert!(ratio > 3.0, "{name}_{j}: {ratio}");
            assert!(path.away_from(0.0) > 10.0, "a constant z, gradient 0, would pass");
        }
    }
}

/// ∇ E_q[f(z)] for μ and ln σ²: f is quadratic with Hessian −(Wᵀ W / σ² + I), so that
/// E_q f(z) = f(μ) − ½ Σ_j s_j² (‖w_j‖² / σ² + 1).
fn exact_gradients(model: &LinearVae, x: &Tensor) -> [Vec<f64>; 2] {
    let mu = model.encode(x).mu.variable();
    let log_var = model.log_var.variable();
    let f = model.log_likelihood(x, &mu) + log_prior(&mu);
    let curvature = model.p.decoder.weight.square().sum(0) / model.p.log_var.exp() + 1.0;
    let mean = f.sum(..) - (curvature * log_var.exp()).sum(..) * 0.5;
    let gradients = grad(&mean, &[&mu, &log_var]);
    [as_f64(&gradients[0]), as_f64(&gradients[1])]
}

/// KL(N(μ, σ²) ‖ N(0, 1)) by the trapezoidal rule, in f64.
fn kl_integral(mu: f64, variance: f64) -> f64 {
    let (h, spread) = (1e-3, variance.sqrt());
    let term = |i: i32| {
        let z = mu + spread * f64::from(i) * h;
        let log_q = -0.5 * ((z - mu).powi(2) / variance + (TAU * variance).ln());
        let log_p = -0.5 * (z * z + TAU.ln());
        log_q.exp() * (log_q - log_p) * spread * h
    };
    (-10_000..=10_000).map(term).sum()
}

/// The closed form against the integral, and against the mean of ln q − ln p over draws. What
/// people write instead is caught: ln σ for ln σ², the sign of μ² and σ² turned, a network's ln σ²
/// read as σ.
#[test]
fn v3_kl_of_gaussians() {
    let mut rng = Rng::new(47);
    for (mu, log_var) in [(0.0, 0.5), (1.3, -1.2), (-0.8, 0.9), (2.0, -3.0)] {
        let variance = libm::exp(log_var);
        let exact = kl_integral(mu, variance);
        let (m, l) = (Tensor::from([[mu as Float]]), Tensor::from([[log_var as Float]]));
        let q = Gaussian { mu: m, log_var: l };
        let ours = f64::from(q.kl().item());
        assert!((ours - exact).abs() < ROUNDING * exact.max(1.0), "{ours}, {exact}");

        let z = q.reparameterize(&rng.normal(&[20_000, 1, 1]));
        let sampled = Estimate::of(&as_f64(&(q.log_density(&z) - log_prior(&z))));
        assert!(sampled.away_from(exact) < 4.0, "{sampled:?}, {exact}");

        let mistakes = [
            ("ln σ for ln σ²", -0.5 * (1.0 + 0.5 * log_var - mu * mu - variance)),
            ("signs turned", -0.5 * (1.0 + log_var + mu * mu + variance)),
            ("no minus", 0.5 * (1.0 + log_var - mu * mu - variance)),
            ("ln σ² read as ln σ", -0.5 * (1.0 + 2.0 * log_var - mu * mu - variance * variance)),
        ];
        for (name, wrong) in mistakes {
            println!("({mu}, {log_var}): {exact:.4}, {sampled:?}, {name} {wrong:.4}");
            assert!((wrong - exact).abs() > 0.05, "{name} would pass");
        }
    }
}

/// The reconstruction term is ln p(x|z): the exponentials of it, over all pictures of four pixels,
/// sum to one. A mean over pixels is no logarithm of a probability. Of grey pixels it is the mean
/// over pictures of black and white ones.
#[test]
fn v4_reconstruction_is_a_log_probability() {
    let logits = Tensor::from([[0.3, -2.0, 1.5, 4.0]]);
    let pixel = |picture: usize, j: usize| (picture >> j & 1) as Float;
    let all = Tensor::from_fn(&[16, 4], |i| pixel(i / 4, i % 4));
    let ours = as_f64(&bernoulli_log_likelihood(&all, &logits));
    let on: Vec<f64> = as_f64(&logits).iter().map(|l| 1.0 / (1.0 + (-l).exp())).collect();
    let chance = |picture: usize| -> f64 {
        on.iter()
            .enumerate()
            .map(|(j, p)| if pixel(picture, j) > 0.5 { *p } else { 1.0 - p })
            .product()
    };
    for (picture, &ours) in ours.iter().enumerate() {
        let direct = chance(picture).ln();
        assert!((ours - direct).abs() < ROUNDING * direct.abs().max(1.0), "{ours}, {direct}");
    }
    let sum: f64 = ours.iter().map(|l| l.exp()).sum();
    let of_means: f64 = ours.iter().map(|l| (l / 4.0).exp()).sum();
    println!("over all pictures: Σ p = {sum:.6}, and {of_means:.3} with a mean over pixels");
    assert!((sum - 1.0).abs() < ROUNDING && of_means > 2.0);

    let grey = [0.2, 0.9, 0.0, 0.6];
    let black_or_white = |picture: usize| -> f64 {
        (0..4).map(|j| if pixel(picture, j) > 0.5 { grey[j] } else { 1.0 - grey[j] }).product()
    };
    let mean: f64 = (0..16).map(|picture| black_or_white(picture) * ours[picture]).sum();
    let x = Tensor::from([grey.map(|v| v as Float)]);
    let of_grey = f64::from(bernoulli_log_likelihood(&x, &logits).item());
    assert!((of_grey - mean).abs() < ROUNDING * mean.abs(), "{of_grey}, {mean}");
}

/// The loss sums over pixels and averages over the batch: it is d times the library's mean of the
/// binary cross-entropy, the same for a batch twice over, and finite where ln σ(l) is not.
#[test]
fn v4_the_loss_sums_over_pixels_and_averages_over_the_batch() {
    let mut rng = Rng::new(48);
    let model = Vae::new(30, 8, 3, &mut rng);
    let (x, epsilon) = (rng.uniform(&[6, 30]), rng.normal(&[6, 3]));
    let z = model.encode(&x).reparameterize(&epsilon);
    let mean_of_all = model.decoder.forward(&z).bce_with_logits(&x);
    let kl = model.encode(&x).kl().mean(..);
    let ours = loss(&model, &x, &epsilon, 1.0).detach();
    let direct = (&mean_of_all * 30.0 + &kl).detach();
    assert!(difference(&ours, &direct) < ROUNDING);
    let wrong = f64::from((ours.clone() - mean_of_all.detach() - kl.detach()).item());
    println!("loss {:.3}; with a mean over pixels {wrong:.3} less", ours.item());
    assert!(wrong > 10.0, "a mean over pixels would pass");

    let twice = |v: &Tensor| Tensor::concat(&[v, v], 0);
    let doubled = loss(&model, &twice(&x), &twice(&epsilon), 1.0).detach();
    assert!(difference(&doubled, &ours) < ROUNDING, "a sum over the batch would double");

    let sure = Tensor::from([[200.0, -200.0]]);
    let wrong_about_both = bernoulli_log_likelihood(&Tensor::from([[0.0, 1.0]]), &sure);
    assert_eq!(wrong_about_both.item(), -400.0);
    assert!((1.0 - sure.sigmoid()).ln().data()[0].is_infinite(), "the naive formula overflows");
}

/// 200 steps of the program with this β, on the embedded digits: the network and the loss of each
/// step.
fn briefly_trained(digits: &Digits, beta: Float) -> (Vae, Vec<f64>) {
    let mut rng = Rng::new(49);
    let mut vae = Vae::new(784, 100, 20, &mut rng);
    let mut adam = Adam::new(2e-3);
    let mut losses = vec![];
    for _ in 0..200 {
        let x = digits.train.sample(64, &mut rng);
        let loss = loss(&vae, &x, &rng.normal(&[64, 20]), beta);
        let gradients = grad(&loss, &vae.tensors());
        adam.step(&mut vae, &gradients);
        losses.push(f64::from(loss.item()));
    }
    (vae, losses)
}

/// Encode, reparameterise, decode, loss, and decode noise: a short training brings the bound from
/// that of coins (784 ln 2 nats) to below 180 nats, with latents in use. A mean over pixels, which
/// is β = 784, leaves nothing in any latent.
#[test]
fn v5_five_steps_learn_digits() {
    let digits = Digits::embedded();
    let (vae, losses) = briefly_trained(&digits, 1.0);
    let last = losses[190..].iter().sum::<f64>() / 10.0;
    println!("loss {:.1} became {last:.1}", losses[0]);
    assert!((losses[0] - 784.0 * 2f64.ln()).abs() < 15.0 && last < 180.0);

    let mut rng = Rng::new(50);
    let pictures = vae.generate(6, &mut rng);
    assert_eq!(pictures.shape(), [6, 784]);
    assert!(pictures.data().iter().all(|&pixel| pixel > 0.0 && pixel < 1.0));
    assert!(!pictures.is_tracked());

    let x = digits.test.sample(500, &mut rng);
    let rate = |vae: &Vae| terms(vae, &x, &Rng::new(51).normal(&[500, 20])).rate.mean(..).item();
    let (collapsed, _) = briefly_trained(&digits, 784.0);
    let [rates, active] = [
        [rate(&vae), rate(&collapsed)],
        [&vae, &collapsed].map(|vae| active_units(&vae.encode(&x).mu) as Float),
    ];
    println!("rates {rates:?}, active {active:?}, of the sum and of the mean over pixels");
    assert!(rates[0] > 5.0 && rates[1] < 0.1);
    assert!(active[0] >= 5.0 && active[1] == 0.0);
}
