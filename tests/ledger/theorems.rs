//! The continuity equation and the two theorems: C3, F1 to F3.

use crate::{Estimate, ROUNDING, as_f64, difference, marginals, three_modes, two_modes};
use pushforward::chapters::flow_matching::Velocity;
use pushforward::chapters::flow_matching::oracle::Marginal;
use pushforward::chapters::flow_matching::path::Path;
use pushforward::data::{Law, Mixture};
use pushforward::derivatives::divergence;
use pushforward::metrics::{compare, energy_distance};
use pushforward::nn::Module;
use pushforward::ode::{self, MIDPOINT};
use pushforward::random::Rng;
use pushforward::{Float, Tensor, grad};
use std::f64::consts::TAU;

/// ∂ₜ ln p + div u + u · ∇ ln p at each point: the continuity equation divided by p, 0 where u
/// transports p. Beside it the sum of the three terms' sizes, to which rounding is proportional.
// ANCHOR: residual
fn residual(
    log_p: impl Fn(&Tensor, &Tensor) -> Tensor,
    u: impl Fn(&Tensor, &Tensor) -> Tensor,
    t: &Tensor,
    x: &Tensor,
) -> (Vec<f64>, Vec<f64>) {
    let (t, x) = (t.variable(), x.variable());
    let slopes = grad(&log_p(&t, &x).sum(..), &[&t, &x]);
    let (u_x, div) = divergence(|x| u(&t, x), &x);
    let carried = (u_x.detach() * &slopes[1]).sum(1);
    let terms = [slopes[0].reshape(&[x.shape()[0]]), div.detach(), carried].map(|v| as_f64(&v));
    let sum = |f: fn(f64) -> f64| -> Vec<f64> {
        (0..terms[0].len()).map(|i| terms.iter().map(|term| f(term[i])).sum()).collect()
    };
    (sum(|v| v), sum(f64::abs))
}
// ANCHOR_END: residual

/// The largest residual relative to its terms.
fn worst((residual, size): (Vec<f64>, Vec<f64>)) -> f64 {
    residual.iter().zip(&size).map(|(r, size)| r.abs() / size.max(1.0)).fold(0.0, f64::max)
}

/// Points of the marginal at random times.
fn points(marginal: &Marginal, n: usize, rng: &mut Rng) -> (Tensor, Tensor) {
    let t = rng.uniform_in(&[n, 1], 0.05, 0.95);
    let x_0 = rng.normal(&[n, marginal.data.dim()]);
    let x_1 = marginal.data.sample(n, rng);
    (t.clone(), marginal.path.sample(&x_0, &x_1, &t).0)
}

/// Each conditional path is transported by its conditional field, and not by the field with one sign
/// of Theorem 3 changed.
#[test]
fn c3_every_conditional_path_obeys_the_continuity_equation() {
    let mut rng = Rng::new(11);
    let x_1 = rng.normal(&[40, 2]);
    let t = rng.uniform_in(&[40, 1], 0.05, 0.95);
    for (name, path) in Path::ALL {
        let x = path.sample(&rng.normal(&[40, 2]), &x_1, &t).0;
        let log_p = |t: &Tensor, x: &Tensor| {
            let (mu, sigma) = (path.alpha(t) * &x_1, path.sigma(t));
            let squares = ((x - mu) / &sigma).square().sum_keep(1);
            squares * -0.5 - sigma.ln() * 2.0 - libm::log(TAU) as Float
        };
        let right = worst(residual(log_p, |t, x| path.velocity(x, &x_1, t), &t, &x));
        let mirrored = |t: &Tensor, x: &Tensor| {
            let mu = path.alpha(t) * &x_1;
            -path.sigma_dot(t) / path.sigma(t) * (x - mu) + path.alpha_dot(t) * &x_1
        };
        let wrong = worst(residual(log_p, mirrored, &t, &x));
        println!("{name}: residual {right:e}, and {wrong:.2} of the mirrored field");
        assert!(right < ROUNDING, "{name}: {right:e}");
        assert!(wrong > 0.5, "{name}: {wrong}");
    }
}

/// ∫ u_t(x|x₁) p_t(x|x₁) q(x₁) dx₁ / p_t(x) by the trapezoidal rule over x₁, in f64.
fn integral(path: &Path, data: &Mixture, t: Float, x: f64) -> [f64; 2] {
    let time = Tensor::scalar(t);
    let schedules =
        [path.alpha(&time), path.sigma(&time), path.alpha_dot(&time), path.sigma_dot(&time)];
    let [alpha, sigma, alpha_dot, sigma_dot] = schedules.map(|v| f64::from(v.item()));
    let normal = |x: f64, m: f64, s: f64| (-0.5 * ((x - m) / s).powi(2)).exp() / (TAU.sqrt() * s);
    let (mut above, mut below, h) = (0.0, 0.0, 1e-3);
    for i in -6000..6000 {
        let x_1 = f64::from(i) * h;
        let modes = data.weights.iter().zip(&data.means);
        let q: f64 = modes.map(|(w, m)| w * normal(x_1, m[0], data.std)).sum();
        let p = normal(x, alpha * x_1, sigma) * q * h;
        above += p * (sigma_dot / sigma * (x - alpha * x_1) + alpha_dot * x_1);
        below += p;
    }
    [above / below, below.ln()]
}

/// The closed form of u_t and of p_t is the integral. The mean of the conditional fields over q alone,
/// without the weight p_t(x|x₁)/p_t(x), is something else.
#[test]
fn f1_the_marginal_field_is_an_average_over_where_x_may_go() {
    let data = two_modes();
    let mut rng = Rng::new(12);
    for (name, marginal) in marginals(&data) {
        for t in [0.1, 0.4, 0.7] {
            let time = Tensor::full(&[1, 1], t);
            let x = marginal.path.sample(&rng.normal(&[1, 1]), &data.sample(1, &mut rng), &time).0;
            let [u, log_p] = integral(&marginal.path, &data, t, f64::from(x.item()));
            let ours = f64::from(marginal.velocity(&time, &x).item());
            assert!((ours - u).abs() < ROUNDING * u.abs().max(1.0), "{name}, {t}: {ours}, {u}");
            let ours = f64::from(marginal.log_density(&time, &x).item());
            assert!((ours - log_p).abs() < ROUNDING * log_p.abs().max(1.0), "{name}, {t}: {ours}");
        }
    }
    let (time, x) = (Tensor::full(&[1, 1], 0.7), Tensor::full(&[1, 1], -1.0));
    let mean = Tensor::full(&[1, 1], (0.3 * -1.5 + 0.7) as Float); // of q
    let unweighted = Path::Linear.velocity(&x, &mean, &time).item(); // linear in x₁
    let exact = Marginal { path: Path::Linear, data }.velocity(&time, &x).item();
    println!("u = {exact}, and {unweighted} without the weights");
    assert!((unweighted - exact).abs() > 1.0);
}

/// Theorem 1 at each point: the marginal pair obeys the continuity equation.
#[test]
fn f2_the_marginal_field_transports_the_marginal_law() {
    let mut rng = Rng::new(13);
    for (name, marginal) in marginals(&three_modes()) {
        let (t, x) = points(&marginal, 100, &mut rng);
        let log_p = |t: &Tensor, x: &Tensor| marginal.log_density(t, x);
        let right = worst(residual(log_p, |t, x| marginal.velocity(t, x), &t, &x));
        let unweighted = |t: &Tensor, x: &Tensor| {
            let mean = Tensor::from([[-0.5 + 1.2 * 0.3 + 0.3 * 0.2, 0.25 + 0.3 - 1.4 * 0.2]]);
            marginal.path.velocity(x, &mean, t)
        };
        let wrong = worst(residual(log_p, unweighted, &t, &x));
        println!("{name}: residual {right:e}, and {wrong:.2} without the weights");
        assert!(right < ROUNDING, "{name}: {right:e}");
        assert!(wrong > 0.3, "{name}: {wrong}");
    }
}

/// Theorem 1 as a whole: noise that follows the marginal field has the law of the data at the end.
#[test]
fn f2_noise_that_follows_the_marginal_field_becomes_data() {
    let (data, n, mut rng) = (three_modes(), 1000, Rng::new(14));
    for (name, marginal) in marginals(&data) {
        let x_0 = marginal.path.start(&rng.normal(&[n, 2]));
        let field = |t: Float, x: &Tensor| marginal.velocity(&Tensor::full(&[n, 1], t), x);
        // Where σ_t′ is infinite at the end, the last hundredth is left out.
        let x = ode::solve(field, &x_0, 0.0..0.99, 100, &MIDPOINT);
        let after = compare(&x, &data, energy_distance, 5, &mut rng);
        let before = compare(&x_0, &data, energy_distance, 5, &mut rng);
        println!("{name}: {before} became {after}");
        assert!(after.value < after.floor.mean + 4.0 * after.floor.std, "{name}: {after}");
        assert!(before.value > 10.0 * after.floor.mean, "{name}: {before}");
    }
}

/// ∇ ln p_t by automatic differentiation.
#[test]
fn f1_the_oracle_knows_its_score() {
    let mut rng = Rng::new(15);
    for (name, marginal) in marginals(&three_modes()) {
        let (t, x) = points(&marginal, 100, &mut rng);
        let x = x.variable();
        let score = grad(&marginal.log_density(&t, &x).sum(..), &[&x]).remove(0);
        let error = difference(&marginal.score(&t, &x).detach(), &score);
        assert!(error < ROUNDING, "{name}: {error:e}");
    }
}

/// Theorem 2 with shared samples: batch by batch L_FM − L_CFM estimates C₁ − C₂ with
/// C₁ = E‖u_t(x)‖² and C₂ = E‖u_t(x|x₁)‖², a number without θ; so the gradients differ by nothing but
/// chance. C₂ − C₁ is what is left of L_CFM when θ is perfect. With x₁ of another pair than x_t the gradients do differ.
#[test]
fn f3_fm_and_cfm_gradients_agree() {
    let (batches, n) = (200, 256);
    let mut rng = Rng::new(16);
    let marginal =
        Marginal { path: Path::OptimalTransport { sigma_min: 0.1 }, data: three_modes() };
    let u = Velocity::new(2, 8, &mut rng);
    let square = |v: &Tensor| v.square().sum(1).mean(..);
    let (mut constants, mut gaps, mut left) = (vec![], vec![], vec![]);
    let (mut right, mut shuffled) = (vec![], vec![]);
    for _ in 0..batches {
        let (x_0, x_1) = (rng.normal(&[n, 2]), marginal.data.sample(n, &mut rng));
        let t = rng.uniform(&[n, 1]);
        let (x_t, conditional) = marginal.path.sample(&x_0, &x_1, &t);
        let exact = marginal.velocity(&t, &x_t);
        let gradient = |target: &Tensor| {
            let loss = square(&(u.forward(&t, &x_t) - target));
            let gradients = grad(&loss, &u.tensors());
            let all: Vec<f64> = gradients.iter().flat_map(as_f64).collect();
            (f64::from(loss.item()), all)
        };
        let ((fm, fm_gradient), (cfm, cfm_gradient)) = (gradient(&exact), gradient(&conditional));
        constants.push(f64::from((square(&exact) - square(&conditional)).item()));
        gaps.push(fm - cfm);
        let least = marginal.irreducible_loss(&x_0, &x_1, &t); // a mean over 2 coordinates
        left.push(2.0 * f64::from(least.item()) + constants[constants.len() - 1]);
        let other = Tensor::concat(&[&conditional.slice(0, 1..n), &conditional.slice(0, 0..1)], 0);
        let minus =
            |a: &[f64]| -> Vec<f64> { fm_gradient.iter().zip(a).map(|(a, b)| a - b).collect() };
        right.push(minus(&cfm_gradient));
        shuffled.push(minus(&gradient(&other).1));
    }
    let difference: Vec<f64> = gaps.iter().zip(&constants).map(|(gap, c)| gap - c).collect();
    let (gap, c, rest) = (Estimate::of(&gaps), Estimate::of(&constants), Estimate::of(&difference));
    println!("L_FM − L_CFM = {gap:?}, C₁ − C₂ = {c:?}, their difference {rest:?}");
    assert!(rest.away_from(0.0) < 4.0 && c.away_from(0.0) > 50.0);
    let left = Estimate::of(&left);
    println!("the least L_CFM is C₂ − C₁ and {left:?}");
    assert!(left.away_from(0.0) < 4.0 && left.error < 0.01 * c.mean.abs());
    assert!((gap.mean + c.mean).abs() > 20.0 * rest.error, "C₂ − C₁ would pass");

    let [right, shuffled] = [right, shuffled].map(|batches| {
        let parameter = |k: usize| Estimate::of(&batches.iter().map(|g| g[k]).collect::<Vec<_>>());
        let scores: Vec<f64> = (0..batches[0].len()).map(|k| parameter(k).away_from(0.0)).collect();
        // A unit of ELU that is never reached has no gradient at all.
        let squares: Vec<f64> =
            scores.into_iter().filter(|z| z.is_finite()).map(|z| z * z).collect();
        (squares.iter().sum::<f64>() / squares.len() as f64, squares.len())
    });
    // z² of each parameter has mean 1; their mean over about 190 dependent ones is 1 give or take 0.5.
    println!("mean z² of the gradients' differences: {right:?}, and {shuffled:?} for other pairs");
    assert!(right.0 < 3.0 && shuffled.0 > 10.0);
}
