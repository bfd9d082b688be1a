//! Score matching: S2, S4 and S5, Tweedie's formula, and drawing with an exact score.

use crate::{Estimate, ROUNDING, as_f64, marginals, three_modes, two_modes};
use pushforward::chapters::flow_matching::path::Path;
use pushforward::chapters::score_matching::losses::{denoising, explicit, implicit, sliced};
use pushforward::chapters::score_matching::sampling::{
    Field, annealed_langevin, corrector_step_size, flow, predictor_corrector, reverse_step,
};
use pushforward::chapters::score_matching::{denoised, oracle};
use pushforward::data::{Law, Mixture};
use pushforward::derivatives::{divergence, divergence_hutchinson};
use pushforward::metrics::{energy_distance, floor};
use pushforward::random::Rng;
use pushforward::{Float, Tensor, grad};

/// Any field, which is not the score of anything near.
fn field(x: &Tensor) -> Tensor {
    (x * 1.3).sin() - x * 0.4 + 0.2
}

/// ½ ‖row‖², as f64.
fn half_squares(x: &Tensor) -> Vec<f64> {
    as_f64(&(x.square().sum(1) * 0.5))
}

fn each(n: usize, f: impl Fn(usize) -> f64) -> Estimate {
    Estimate::of(&(0..n).map(f).collect::<Vec<_>>())
}

/// ∇ ln p_t(x) = ∫ ∇ ln p_t(x|z) p_t(x|z) p(z) dz / p_t(x) on the line, for every path: the integral by
/// quadrature, the left side by autograd of ln p_t. The mean over the data in place of the posterior is
/// far off.
// ANCHOR: s2
#[test]
fn s2_the_marginal_score_is_the_mean_of_the_conditional_ones() {
    let data = two_modes();
    let h = 0.01;
    let nodes: Vec<f64> = (-400..=400).map(|i| h * f64::from(i)).collect();
    let z = Tensor::new(&[nodes.len(), 1], nodes.iter().map(|&z| z as Float).collect::<Vec<_>>());
    let prior: Vec<f64> = data.log_density(&z).iter().map(|l| l.exp()).collect();
    for (name, p) in marginals(&data) {
        for (time, place) in [(0.6, -0.7), (0.7, 0.4), (0.8, 1.1)] {
            let t = Tensor::from([[time as Float]]);
            let x = Tensor::from([[place as Float]]).variable();
            let left = grad(&p.log_density(&t, &x).sum(..), &[&x]).remove(0);
            let [alpha, sigma] = [p.path.alpha(&t), p.path.sigma(&t)].map(|v| f64::from(v.item()));
            let (mut top, mut bottom, mut without) = (0.0, 0.0, 0.0);
            for (z, prior) in nodes.iter().zip(&prior) {
                let score = -(place - alpha * z) / (sigma * sigma);
                let likelihood =
                    (-(place - alpha * z).powi(2) / (2.0 * sigma * sigma)).exp() / sigma;
                top += h * score * likelihood * prior;
                bottom += h * likelihood * prior;
                without += h * score * prior;
            }
            let (left, right) = (f64::from(left.item()), top / bottom);
            println!("{name}, t = {time}, x = {place}: {left:.5} and {right:.5}");
            assert!((left - right).abs() < 1e-3 * (1.0 + left.abs()));
            assert!((left - without).abs() > 0.01 * (1.0 + left.abs()), "no posterior weights");
        }
    }
}
// ANCHOR_END: s2

/// Denoising score matching is explicit score matching of the noised law and a constant, for a field that
/// has nothing to do with it; held against the law of the clean data it is not. The expectation of the
/// difference is estimated with its standard error.
// ANCHOR: s4
#[test]
fn s4_denoising_is_explicit_score_matching_of_the_noised_law() {
    let (data, sigma, n) = (three_modes(), 0.6, 100_000);
    let mut rng = Rng::new(301);
    let (x, z) = (data.sample(n, &mut rng), rng.normal(&[n, 2]));
    let x_noised = &x + &z * sigma;
    let s = field(&x_noised);
    let dsm = half_squares(&(&s + &z / sigma));
    let differs = |score: &Tensor| {
        let (esm, square) = (half_squares(&(&s - score)), half_squares(score));
        let d_over_sigma = 2.0 / f64::from(sigma * sigma);
        each(n, |i| dsm[i] - esm[i] - (0.5 * d_over_sigma - square[i]))
    };
    let right = differs(&oracle::score(&oracle::noised(&data, sigma), &x_noised));
    println!("L_DSM − L_SM − C: {:.4} ± {:.4}", right.mean, right.error);
    assert!(right.away_from(0.0) < 4.0);
    let clean = differs(&oracle::score(&data, &x_noised));
    assert!(clean.away_from(0.0) > 20.0, "the score of the clean data");
    let constant = oracle::irreducible(&data, sigma, &x_noised).item();
    let loss = denoising(field, &x, sigma, &z).item();
    let exact =
        explicit(field, &x_noised, &oracle::score(&oracle::noised(&data, sigma), &x_noised));
    assert!((f64::from(loss - exact.item() - constant) - right.mean).abs() < 1e-2, "the functions");
}
// ANCHOR_END: s4

/// The two have the same gradient in a parameter θ of s = sin(θ x) − 0.4 x.
#[test]
fn s4_both_losses_have_the_same_gradient() {
    let (data, sigma, n) = (three_modes(), 0.5, 200_000);
    let mut rng = Rng::new(302);
    let (x, z) = (data.sample(n, &mut rng), rng.normal(&[n, 2]));
    let x_noised = &x + &z * sigma;
    let score = oracle::score(&oracle::noised(&data, sigma), &x_noised);
    // d/dθ of ½‖s − target‖² is (s − target) · x cos(θ x): the difference in a row
    let slope = &x_noised * (&x_noised * 1.3).cos();
    let rows = ((&z / sigma + &score) * &slope).sum(1);
    let difference = Estimate::of(&as_f64(&rows));
    println!("difference of the gradients: {:.4} ± {:.4}", difference.mean, difference.error);
    assert!(difference.away_from(0.0) < 4.0);
    let wrong = Estimate::of(&as_f64(&((&score - &z / sigma) * &slope).sum(1)));
    assert!(wrong.away_from(0.0) > 20.0, "target z/σ, with the wrong sign");
}

/// E[½ s² + s′] = ½ E(s − ∇ ln p)² − ½ E(∇ ln p)² on the line, by quadrature; with −s′ it is not.
// ANCHOR: s5
#[test]
fn s5_integration_by_parts_replaces_the_score() {
    let (data, h) = (two_modes(), 0.01);
    let nodes: Vec<f64> = (-600..=600).map(|i| h * f64::from(i)).collect();
    let x = Tensor::new(&[nodes.len(), 1], nodes.iter().map(|&x| x as Float).collect::<Vec<_>>());
    let p: Vec<f64> = data.log_density(&x).iter().map(|l| h * l.exp()).collect();
    let mean = |values: &[f64]| -> f64 { p.iter().zip(values).map(|(p, v)| p * v).sum() };
    let score = oracle::score(&data, &x);
    let (s, div) = divergence(field, &x);
    let left = mean(&half_squares(&s)) + mean(&as_f64(&div));
    let right = mean(&half_squares(&(&s - &score))) - mean(&half_squares(&score));
    println!("implicit {left:.5}, explicit less its constant {right:.5}");
    assert!((left - right).abs() < 1e-4);
    let sign = mean(&half_squares(&s)) - mean(&as_f64(&div));
    assert!((sign - right).abs() > 0.1, "−div s");
}
// ANCHOR_END: s5

/// Implicit and sliced score matching in the plane, for normal numbers and for signs; a v of the wrong
/// size, uniform on (−1, 1), counts the divergence a third.
#[test]
fn s5_sliced_and_implicit_have_one_mean() {
    let (data, n) = (three_modes(), 100_000);
    let mut rng = Rng::new(303);
    let field = |x: &Tensor| field(x) - x * 2.0; // its divergence is far from 0
    let x = data.sample(n, &mut rng);
    let (_, div) = divergence(field, &x);
    let u = rng.uniform_in(&[n, 2], -1.0, 1.0);
    let signs = Tensor::from_fn(&[n, 2], |i| if u.data()[i] < 0.0 { -1.0 } else { 1.0 });
    let normal = rng.normal(&[n, 2]);
    let off = |v: &Tensor| {
        let (_, product) = divergence_hutchinson(field, &x, v);
        Estimate::of(&as_f64(&(product - &div)))
    };
    for (name, v) in [("signs", &signs), ("normal", &normal)] {
        let off = off(v);
        println!("{name}: vᵀJv − div s = {:.4} ± {:.4}", off.mean, off.error);
        assert!(off.mean.abs() <= 4.0 * off.error + 1e-5);
        let losses = sliced(field, &x, v).item() - implicit(field, &x).item();
        assert!((f64::from(losses) - off.mean).abs() < 1e-3, "the functions");
    }
    assert!(off(&u).away_from(0.0) > 20.0, "E[v vᵀ] = I/3");
}

/// Where the density does not vanish at its end there is a boundary term: uniform on [0, 1], s = x.
#[test]
fn s5_a_law_with_an_edge_breaks_the_implicit_loss() {
    let n = 1000;
    let x = Tensor::from_fn(&[n, 1], |i| (i as Float + 0.5) / n as Float);
    let found = implicit(|x| x * 1.0, &x).item();
    let explicit = explicit(|x| x * 1.0, &x, &Tensor::zeros(&[n, 1])).item(); // the score is 0 inside
    // they differ by p(1) s(1) − p(0) s(0) = 1
    assert!((found - explicit - 1.0).abs() < 1e-4, "{found} and {explicit}");
}

/// E[x|x̃] by the formula for mixtures, and by Tweedie's.
#[test]
fn s4_tweedie_gives_the_posterior_mean() {
    let (data, sigma) = (two_modes(), 0.7_f64);
    let s2 = data.std * data.std;
    let v = s2 + sigma * sigma;
    for place in [-2.0, -0.4, 0.3, 1.5] {
        let joint: Vec<f64> = (data.weights.iter().zip(&data.means))
            .map(|(w, m)| w * (-(place - m[0]).powi(2) / (2.0 * v)).exp())
            .collect();
        let total: f64 = joint.iter().sum();
        let within = |m: f64| m + s2 / v * (place - m);
        let due: f64 = (joint.iter().zip(&data.means)).map(|(j, m)| j / total * within(m[0])).sum();
        let x = Tensor::from([[place as Float]]);
        let score = oracle::score(&oracle::noised(&data, sigma as Float), &x);
        let found = denoised(&x, &score, &Tensor::scalar(sigma as Float));
        assert!((f64::from(found.item()) - due).abs() < 10.0 * ROUNDING, "{found} and {due}");
        let wrong = denoised(&x, &score, &Tensor::scalar(sigma.sqrt() as Float));
        assert!((f64::from(wrong.item()) - due).abs() > 1e-2, "σ in place of σ²");
    }
}

/// A step of the reverse equation from N(0, v + σ²) leads to N(0, v + σ′²) but for the square of what is
/// lost; the corrector's drift is r times as long as its noise.
#[test]
fn s7_predictor_and_corrector_steps_are_what_they_say() {
    let mut rng = Rng::new(304);
    let (n, v) = (200_000, 1.0);
    let (sigma, next): (Float, Float) = (1.0, 0.95);
    let width = v + sigma * sigma;
    let x = rng.normal(&[n, 1]) * width.sqrt();
    let moved = reverse_step(&x, &(&x / -width), [sigma, next], &rng.normal(&[n, 1]));
    let squares = Estimate::of(&as_f64(&moved.square()));
    let lost = f64::from(sigma * sigma - next * next);
    let due = f64::from(v + next * next) + lost * lost / f64::from(width);
    println!("variance {:.4} ± {:.4}, due {due:.4}", squares.mean, squares.error);
    assert!(squares.away_from(due) < 4.0 && squares.away_from(f64::from(width)) > 8.0);
    let (s, z, r) = (rng.normal(&[500, 3]) * 2.0, rng.normal(&[500, 3]), 0.2);
    let alpha = corrector_step_size(&s, &z, r);
    let norm = |x: &Tensor| x.square().sum(1).sqrt().mean(..).item();
    let ratio = norm(&(&s * (0.5 * alpha))) / norm(&(&z * alpha.sqrt()));
    assert!((ratio - r).abs() < 1e-4, "{ratio}");
}

/// With an exact score every sampler reaches the law; Langevin with half of the noise does not.
#[test]
fn s7_samplers_reach_the_law_with_an_exact_score() {
    let data =
        Mixture { weights: vec![0.3, 0.7], means: vec![vec![-1.5, 0.0], vec![1.5, 0.0]], std: 0.5 };
    let path = Path::VarianceExploding { sigma: [0.05, 20.0] };
    let s: Field = &|t, x| {
        let sigma = path.sigma(&Tensor::scalar(t)).item();
        oracle::score(&oracle::noised(&data, sigma), x)
    };
    let mut rng = Rng::new(305);
    let n = 1000;
    let x_0 = path.start(&rng.normal(&[n, 2]));
    let annealed = annealed_langevin(s, &path, &x_0, [20, 20], 1.5e-3, &mut rng).pop().unwrap().1;
    let ends = [
        ("annealed Langevin", annealed),
        ("reverse", predictor_corrector(s, &path, &x_0, [200, 0], 0.16, &mut rng)),
        ("with corrections", predictor_corrector(s, &path, &x_0, [100, 1], 0.16, &mut rng)),
        ("flow", flow(s, &path, &x_0, 60)),
    ];
    let floor = floor(&data, energy_distance, n, 20, &mut rng);
    let target = data.sample(n, &mut rng);
    for (name, x) in ends {
        let found = energy_distance(&x, &target);
        println!("{name}: D² {found:.4}, floor {floor}");
        assert!(found < floor.mean + 6.0 * floor.std, "{name}: {found}");
    }
    let doubled: Field = &|t, x| s(t, x) * 2.0;
    let narrow = predictor_corrector(doubled, &path, &x_0, [200, 0], 0.16, &mut rng);
    assert!(energy_distance(&narrow, &target) > 10.0 * (floor.mean + floor.std), "2 s");
}
