//! Diffusion: the chain, its posterior, the bound, and the autoencoder that it is: D1 to D4.

use crate::{Estimate, ROUNDING, as_f64, difference, two_modes};
use pushforward::chapters::diffusion::Prediction;
use pushforward::chapters::diffusion::bound::{
    Variance, bound, prior_kl, step_kl, weight_of_data, weight_of_noise,
};
use pushforward::chapters::diffusion::chain::Chain;
use pushforward::chapters::diffusion::oracle::{Exact, normal_bound, normal_entropy};
use pushforward::chapters::diffusion::sampling::{ancestral, ancestral_step, ddim_step, sample};
use pushforward::data::{Law, Mixture};
use pushforward::metrics::{compare, energy_distance};
use pushforward::random::Rng;
use pushforward::{Float, Tensor};
use std::f64::consts::TAU;

fn step(t: usize) -> Tensor {
    Tensor::full(&[1, 1], t as Float)
}

/// ln N(x; m, v).
fn log_normal(x: f64, m: f64, v: f64) -> f64 {
    -0.5 * ((x - m) * (x - m) / v + (TAU * v).ln())
}

/// A chain whose SNR falls from `first` to `last`; ln SNR is `spacing` of the part of the way, which maps
/// 0 to 0 and 1 to 1.
fn between(steps: usize, [first, last]: [f64; 2], spacing: fn(f64) -> f64) -> Chain {
    let part = |t: usize| spacing((t - 1) as f64 / (steps - 1) as f64);
    let snr = |t: usize| (first.ln() * (1.0 - part(t)) + last.ln() * part(t)).exp();
    let alpha_bar = |t: usize| if t == 0 { 1.0 } else { snr(t) / (1.0 + snr(t)) };
    let beta: Vec<f64> = (1..=steps).map(|t| 1.0 - alpha_bar(t) / alpha_bar(t - 1)).collect();
    Chain::new(&beta)
}

/// Mean and variance of x_t given x₀, step by step, are those of the closed form at every t, and so are
/// the moments of points that take the steps. With 1 − ᾱ_t for its root the spread is another.
// ANCHOR: d1
#[test]
fn d1_many_steps_are_one() {
    for chain in [Chain::linear(200), Chain::cosine(200)] {
        let (mut factor, mut variance) = (1.0, 0.0);
        for t in 1..=200 {
            let beta = chain.beta(t);
            factor *= (1.0 - beta).sqrt();
            variance = (1.0 - beta) * variance + beta;
            let [a, sigma] = chain.factors(&step(t)).map(|v| f64::from(v.item()));
            assert!((a - factor).abs() < ROUNDING, "step {t}: {a}, {factor}");
            assert!((sigma - variance.sqrt()).abs() < ROUNDING, "step {t}: {sigma}, {variance}");
        }
    }
    let (chain, n, t, mut rng) = (Chain::linear(200), 20_000, 30, Rng::new(41));
    let x_0 = Tensor::full(&[n, 1], 1.5);
    let x_t = (1..=t).fold(x_0, |x, t| chain.step(&x, &rng.normal(&[n, 1]), t));
    let (m, v) = (1.5 * chain.alpha_bar(t).sqrt(), 1.0 - chain.alpha_bar(t));
    let mean = Estimate::of(&as_f64(&x_t));
    let squares =
        |m: f64| Estimate::of(&as_f64(&x_t).iter().map(|x| (x - m) * (x - m)).collect::<Vec<_>>());
    println!(
        "mean {mean:?} and {m}, variance {:?} and {v}; without the root {}",
        squares(m),
        v * v
    );
    assert!(mean.away_from(m) < 4.0 && squares(m).away_from(v) < 4.0);
    assert!(squares(m).away_from(v * v) > 20.0, "σ = 1 − ᾱ would pass");
    assert!(mean.away_from(1.5 * chain.alpha_bar(t)) > 20.0, "a = ᾱ would pass");
}
// ANCHOR_END: d1

/// Mean and variance of q(x_{t−1}|x_t, x₀) by Bayes' rule: q(x_t|x_{t−1}) q(x_{t−1}|x₀) on a grid. β_t is
/// not its variance.
// ANCHOR: d2
#[test]
fn d2_the_posterior_is_bayes_rule() {
    let chain = Chain::linear(200);
    let (x_0, x_t) = (0.8, -0.3);
    for t in [2, 5, 50, 150] {
        let (beta, before) = (chain.beta(t), chain.alpha_bar(t - 1));
        let [mut sum, mut first, mut second] = [0.0; 3];
        let (from, h) = (-8.0, 1e-4);
        for i in 0..160_000 {
            let x = from + h * f64::from(i);
            let log_p = log_normal(x_t, (1.0 - beta).sqrt() * x, beta)
                + log_normal(x, before.sqrt() * x_0, 1.0 - before);
            let p = (log_p + 500.0).exp(); // nothing is lost: it is divided by its sum
            sum += p;
            first += p * x;
            second += p * x * x;
        }
        let mean = first / sum;
        let variance = second / sum - mean * mean;
        let [x_0, x_t] = [x_0, x_t].map(|x| Tensor::full(&[1, 1], x as Float));
        let (ours, beta_tilde) = chain.posterior(&x_t, &x_0, t);
        let ours = f64::from(ours.item());
        println!("t = {t}: mean {mean} and {ours}, variance {variance} and {beta_tilde}, β {beta}");
        assert!((ours - mean).abs() < ROUNDING, "step {t}: {ours}, {mean}");
        assert!((beta_tilde / variance - 1.0).abs() < 1e-6, "step {t}: {beta_tilde}, {variance}");
        assert!((beta / variance - 1.0).abs() > 1e-5, "step {t}: β would pass");
    }
}
// ANCHOR_END: d2

/// x̂₀ = x₀ and ε̂ = ε if the network says what it should, whichever of the three it is asked for. With the
/// sign of v changed it is not so.
#[test]
fn d2_three_predictions_say_the_same() {
    let (chain, mut rng) = (Chain::cosine(100), Rng::new(42));
    let (x_0, eps) = (rng.normal(&[50, 3]), rng.normal(&[50, 3]));
    let t = Tensor::from_fn(&[50, 1], |i| (2 * i + 1) as Float).minimum(90.0);
    let (x_t, factors) = (chain.noised(&x_0, &eps, &t), chain.factors(&t));
    for (name, prediction) in Prediction::ALL {
        let said = prediction.target(&x_0, &eps, &factors);
        // Dividing by √ᾱ_t or √(1 − ᾱ_t) makes rounding that much larger.
        let x_hat = (prediction.x_hat(&said, &x_t, &factors) - &x_0) * &factors[0];
        let eps_hat = (prediction.eps_hat(&said, &x_t, &factors) - &eps) * &factors[1];
        let zero = Tensor::zeros(&[50, 3]);
        assert!(difference(&x_hat, &zero) < ROUNDING, "{name}");
        assert!(difference(&eps_hat, &zero) < ROUNDING, "{name}");
        let wrong = prediction.x_hat(&-said, &x_t, &factors) - &x_0;
        assert!(difference(&wrong, &zero) > 0.1, "{name}: the other sign would pass");
    }
}

/// DDIM with η = 1 from t to t − 1 is the ancestral step with the same z; the last step adds no noise.
/// With η = 0 they differ.
#[test]
fn d2_ddim_holds_ancestral_sampling() {
    let (chain, mut rng) = (Chain::linear(100), Rng::new(43));
    let [x_t, x_hat, z] = [(); 3].map(|()| rng.normal(&[20, 2]));
    for t in [1, 2, 30, 100] {
        let ancestral = ancestral_step(&chain, &x_t, &x_hat, t, &z);
        let ddim = |eta| ddim_step(&chain, &x_t, &x_hat, [t, t - 1], eta, &z);
        assert!(difference(&ddim(1.0), &ancestral) < 4.0 * ROUNDING, "step {t}");
        assert!(t == 1 || difference(&ddim(0.0), &ancestral) > 1e-3, "step {t}: η = 0 would pass");
    }
    assert!(difference(&ancestral_step(&chain, &x_t, &x_hat, 1, &z), &x_hat) < ROUNDING);
}

/// With the exact x̂₀ noise becomes data, by both samplers. With x̂₀ that of another step it does not.
#[test]
fn d2_a_perfect_network_samples_the_data() {
    let exact = Exact { chain: Chain::cosine(100), data: two_modes() };
    let (n, mut rng) = (1000, Rng::new(44));
    let x_hat = |t: usize, x: &Tensor| exact.x_hat(t, x);
    let late = |t: usize, x: &Tensor| exact.x_hat((t + 30).min(100), x);
    let noise = rng.normal(&[n, 1]);
    let distance = |x: Tensor, rng: &mut Rng| compare(&x, &exact.data, energy_distance, 5, rng);
    let mut draws = rng.split();
    for (name, x) in [
        ("ancestral", ancestral(&exact.chain, x_hat, &noise, &mut draws)),
        ("DDIM", sample(&exact.chain, x_hat, &noise, 50, 0.0, &mut draws)),
    ] {
        let right = distance(x, &mut rng);
        println!("{name}: {right}");
        assert!(right.value < right.floor.mean + 4.0 * right.floor.std, "{name}: {right}");
    }
    let wrong = distance(ancestral(&exact.chain, late, &noise, &mut draws), &mut rng);
    println!("at wrong steps: {wrong}");
    assert!(wrong.value > wrong.floor.mean + 8.0 * wrong.floor.std, "{wrong}");
}

/// E[x₀|x_t] is the posterior mean on a grid, and has a smaller error than x_t / √ᾱ_t.
#[test]
fn d3_the_oracle_is_a_posterior_mean() {
    let exact = Exact { chain: Chain::linear(200), data: two_modes() };
    for (t, x) in [(10, 0.4), (60, -0.2), (150, 1.1)] {
        let (a, v) = (exact.chain.alpha_bar(t).sqrt(), 1.0 - exact.chain.alpha_bar(t));
        let [mut sum, mut first] = [0.0; 2];
        for i in -5000..5000 {
            let x_0 = f64::from(i) * 1e-3;
            let q: f64 = (exact.data.weights.iter().zip(&exact.data.means))
                .map(|(w, m)| w * log_normal(x_0, m[0], exact.data.std * exact.data.std).exp())
                .sum();
            let p = q * log_normal(x, a * x_0, v).exp();
            sum += p;
            first += p * x_0;
        }
        let ours = f64::from(exact.x_hat(t, &Tensor::full(&[1, 1], x as Float)).item());
        let mean = first / sum;
        println!("t = {t}: {mean} and {ours}, and {} by division", x / a);
        assert!((mean - ours).abs() < ROUNDING * 2.0, "step {t}: {mean}, {ours}");
        assert!((x / a - ours).abs() > 0.01, "step {t}: division would pass");
    }
}

/// Each KL with σ_t² = β̃_t is a weighted square of x₀ − x̂₀, and of ε − ε̂; the simple loss leaves the weight
/// out, which falls on the way to less than a tenth.
// ANCHOR: d3_weights
#[test]
fn d3_each_term_is_a_weighted_error() {
    let (chain, mut rng) = (Chain::linear(200), Rng::new(45));
    let [x_0, x_hat, eps] = [(); 3].map(|()| rng.normal(&[20, 2]));
    let square = |a: &Tensor, b: &Tensor| (a - b).square().sum(1);
    for t in 2..=200 {
        let x_t = chain.noised(&x_0, &eps, &step(t));
        let kl = step_kl(&chain, Variance::Posterior, [&x_0, &x_hat], &x_t, t);
        let of_data = square(&x_0, &x_hat) * weight_of_data(&chain, t) as Float;
        let [a, sigma] = chain.factors(&step(t));
        let eps_hat = (&x_t - a * &x_hat) / sigma;
        let of_noise = square(&eps, &eps_hat) * weight_of_noise(&chain, t) as Float;
        // The two means share what they have of x_t, and differ by c (x₀ − x̂₀).
        let (beta, before) = (chain.beta(t), chain.alpha_bar(t - 1));
        let c = before.sqrt() * beta / (1.0 - chain.alpha_bar(t));
        let allowed = ROUNDING.max(50.0 * f64::from(Float::EPSILON) / c);
        let off = |of: &Tensor| difference(&(of / &kl), &Tensor::ones(&[20]));
        assert!(off(&of_data) < allowed, "step {t}, as an error of x̂₀: {}", off(&of_data));
        assert!(off(&of_noise) < allowed, "step {t}, as an error of ε̂: {}", off(&of_noise));
        let swapped = square(&eps, &eps_hat) * weight_of_data(&chain, t) as Float;
        let near = (weight_of_noise(&chain, t) / weight_of_data(&chain, t)).ln().abs() < 0.1;
        assert!(near || off(&swapped) > 0.05, "step {t}: the other weight would pass");
    }
    let [first, last] = [2, 200].map(|t| weight_of_noise(&chain, t));
    println!("the weight of ‖ε − ε̂‖² falls from {first} to {last}");
    assert!(first / last > 10.0);
}
// ANCHOR_END: d3_weights

/// For data of a normal law the bound that is drawn has the mean of the closed form, with either variance,
/// and lies above the entropy. The error of x̂₀ taken at the step before would put it below.
#[test]
fn d3_the_bound_lies_above_the_entropy() {
    let (s, chain, mut rng) = (0.5, Chain::cosine(50), Rng::new(46));
    let exact = Exact { chain: chain.clone(), data: Mixture::even(vec![vec![0.0]], s) };
    let x_0 = exact.data.sample(4000, &mut rng);
    for variance in [Variance::Posterior, Variance::Step] {
        let drawn = bound(&chain, variance, |t, x| exact.x_hat(t, x), &x_0, &mut rng).total();
        let (drawn, closed) = (Estimate::of(&drawn), normal_bound(&chain, variance, s));
        println!("{variance:?}: {drawn:?}, {closed}, entropy {}", normal_entropy(s));
        assert!(drawn.away_from(closed) < 4.0, "{variance:?}: {drawn:?}, {closed}");
        assert!(closed > normal_entropy(s), "{variance:?}: {closed}");
        let useless = bound(&chain, variance, |_, x| x * 0.0, &x_0, &mut rng).total();
        assert!(Estimate::of(&useless).mean > closed + 1.0, "x̂₀ = 0 would pass");
    }
    let error = |t: usize| s * s / (1.0 + s * s * chain.snr(t));
    let shifted: f64 = (2..=50).map(|t| weight_of_data(&chain, t) * error(t - 1)).sum();
    let right: f64 = (2..=50).map(|t| weight_of_data(&chain, t) * error(t)).sum();
    let wrong = normal_bound(&chain, Variance::Posterior, s) - right + shifted;
    println!("{wrong} with the error of the step before");
    assert!(wrong < normal_entropy(s), "{wrong}");
}

/// The gap closes like 1/T where the steps are fine in ln SNR. On the linear chain with σ_t² = β̃_t it does
/// not: step t begins at SNR ∝ 1/t, and Σ ½ (1/k − ln(1 + 1/k)) = γ/2 stays, γ = 0.5772 (Euler). β_t cures it.
#[test]
fn d3_the_bound_is_tight_in_continuous_time() {
    let s = 0.5;
    let gap = |chain: &Chain, variance| normal_bound(chain, variance, s) - normal_entropy(s);
    let even = |steps| gap(&between(steps, [1e6, 1e-6], |part| part), Variance::Posterior);
    let gaps = [100, 400, 1600].map(even);
    println!("even in ln SNR: {gaps:?}");
    assert!(gaps[0] / gaps[1] > 3.5 && gaps[1] / gaps[2] > 3.5 && gaps[2] < 0.05);
    let linear = [Variance::Posterior, Variance::Step].map(|v| gap(&Chain::linear(4000), v));
    println!("linear, T = 4000, with β̃_t and with β_t: {linear:?}");
    assert!(linear[0] > 0.5772 / 2.0 && linear[1] < 0.01);
    // Only the ends count when the steps are fine (Kingma et al. 2021, §5.1), not what is between.
    let two = |steps| {
        [|part| part, |part: f64| part * part].map(|spacing: fn(f64) -> f64| {
            normal_bound(&between(steps, [1e3, 1e-3], spacing), Variance::Posterior, s)
        })
    };
    let [few, many] = [10, 4000].map(two);
    println!("two spacings with 10 steps {few:?}, with 4000 {many:?}");
    assert!((few[0] - few[1]).abs() > 0.1 && (many[0] - many[1]).abs() < 0.01);
}

/// A variational autoencoder with one latent of the size of x₀, and an encoder that is fixed at
/// μ = √ᾱ_1 x₀, σ² = 1 − ᾱ_1: its KL and its Gaussian decoder, in the formulas of that chapter, give the
/// bound of a chain of one step.
// ANCHOR: d4
#[test]
fn d4_one_step_is_an_autoencoder_with_a_fixed_encoder() {
    let (chain, mut rng) = (Chain::new(&[0.7]), Rng::new(47));
    let x_0 = rng.normal(&[50, 2]);
    let decoder = |z: &Tensor| (z * 0.9).tanh();
    let draws = rng.split();
    let diffusion =
        bound(&chain, Variance::Step, |_, z| decoder(z), &x_0, &mut draws.clone()).total();

    let eps = draws.clone().normal(&[50, 2]);
    let (mu, log_var) = (&x_0 * (0.3 as Float).sqrt(), Tensor::full(&[50, 2], 0.7).ln());
    let z = &mu + (&log_var * 0.5).exp() * eps;
    let kl = (1.0 + &log_var - mu.square() - log_var.exp()).sum(1) * -0.5;
    let width = (0.7 / 0.3) as Float;
    let error = (&x_0 - decoder(&z)).square() / width + (width * TAU as Float).ln();
    let reconstruction = error.sum(1) * 0.5;
    let autoencoder = as_f64(&(&reconstruction + &kl));
    let apart = |a: &[f64]| -> f64 {
        a.iter().zip(&diffusion).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    };
    println!("largest difference {:e}", apart(&autoencoder));
    assert!(apart(&autoencoder) < 2.0 * ROUNDING);
    assert!(apart(&as_f64(&reconstruction)) > 0.1, "without its KL it would pass");
    assert!(apart(&as_f64(&(reconstruction - kl))) > 0.1, "with the other sign it would pass");
}
// ANCHOR_END: d4

/// With T latents x_1 … x_T: E ln q(x_1 … x_T|x₀) − ln p(x₀, x_1 … x_T) along whole paths is the sum of
/// the terms. Without one of the encoder's steps it is not.
#[test]
fn d4_many_steps_are_an_autoencoder_with_many_latents() {
    let (chain, n, mut rng) = (Chain::new(&[0.1, 0.3, 0.5, 0.7]), 20_000, Rng::new(48));
    let x_0 = two_modes().sample(n, &mut rng);
    let x_hat = |t: usize, x: &Tensor| x * (0.8 / t as Float);
    let terms = bound(&chain, Variance::Step, x_hat, &x_0, &mut rng).total();
    let mut path = vec![x_0.clone()];
    for t in 1..=4 {
        path.push(chain.step(&path[t - 1], &rng.normal(&[n, 1]), t));
    }
    let means: Vec<Vec<f64>> =
        (1..=4).map(|t| as_f64(&chain.posterior(&path[t], &x_hat(t, &path[t]), t).0)).collect();
    let path: Vec<Vec<f64>> = path.iter().map(as_f64).collect();
    let log_q = |i: usize, t: usize| {
        let beta = chain.beta(t);
        log_normal(path[t][i], (1.0 - beta).sqrt() * path[t - 1][i], beta)
    };
    let log_p = |i: usize, t: usize| {
        let variance = if t == 1 { 1.0 / chain.snr(1) } else { chain.beta(t) };
        log_normal(path[t - 1][i], means[t - 1][i], variance)
    };
    let along = |i: usize| -> f64 {
        (1..=4).map(|t| log_q(i, t) - log_p(i, t)).sum::<f64>() - log_normal(path[4][i], 0.0, 1.0)
    };
    let minus = |f: &dyn Fn(usize) -> f64| {
        Estimate::of(&(0..n).map(|i| f(i) - terms[i]).collect::<Vec<_>>())
    };
    let (right, wrong) = (minus(&along), minus(&|i| along(i) - log_q(i, 2)));
    println!("difference {right:?}; without q(x_2|x_1) {wrong:?}");
    assert!(right.away_from(0.0) < 4.0 && wrong.away_from(0.0) > 20.0);
    // L_T alone is a KL of two normal laws, here by hand for x₀ = 0: ½ (σ² − 1 − ln σ²).
    let v = 1.0 - chain.alpha_bar(4);
    let prior = f64::from(prior_kl(&chain, &Tensor::zeros(&[1, 1])).item());
    assert!((prior - 0.5 * (v - 1.0 - v.ln())).abs() < ROUNDING);
}
