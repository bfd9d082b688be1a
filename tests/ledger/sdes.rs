//! Brownian motion, the equation of Fokker and Planck, the extension of a flow by noise, noising and its
//! undoing: S1, S3, S7, and C3 where there is no noise.

use crate::{Estimate, ROUNDING, as_f64, difference, marginals, three_modes, two_modes};
use pushforward::chapters::flow_matching::oracle::Marginal;
use pushforward::chapters::flow_matching::path::Path;
use pushforward::chapters::sdes::{
    extended, extended_drift, fokker_planck_residual, ito_drift, langevin_step, langevin_variance,
    noising, ornstein_uhlenbeck, probability_flow, reverse_drift,
};
use pushforward::data::{Law, Mixture};
use pushforward::metrics::{energy_distance, floor};
use pushforward::random::Rng;
use pushforward::sde::{Brownian, Method, solve, solve_along};
use pushforward::{Float, Tensor};

fn largest(x: &Tensor) -> f64 {
    as_f64(x).into_iter().map(f64::abs).fold(0.0, f64::max)
}

/// E[W_s W_t] = min(s, t), and increments over separate times have no covariance. With h ε in place of
/// √h ε the variance at t = 1 would be h.
// ANCHOR: s1
#[test]
fn s1_brownian_motion_has_the_covariance_min() {
    let mut rng = Rng::new(201);
    let w = Brownian::new(&[20_000], 1.0, 8, &mut rng);
    let path = w.path();
    for (i, j) in [(2, 2), (2, 6), (6, 8), (8, 8)] {
        let product = Estimate::of(&as_f64(&(&path[i] * &path[j])));
        let due = i.min(j) as f64 / 8.0;
        println!("E W({i}/8) W({j}/8): {:.4} ± {:.4}, due {due}", product.mean, product.error);
        assert!(product.away_from(due) < 4.0);
        let wrong = Estimate::of(&as_f64(&(&path[i] * &path[j] * 0.125)));
        assert!(wrong.away_from(due) > 20.0, "h in place of √h");
    }
    let apart = Estimate::of(&as_f64(&(&w.increments[1] * &w.increments[5])));
    assert!(apart.away_from(0.0) < 4.0);
}
// ANCHOR_END: s1

/// Errors on given paths of geometric Brownian motion, for steps h and h/4: of strong order ½ they fall
/// by 2, of order 1 by 4. The ratio's own error is about 2 %.
#[test]
fn s1_strong_orders_are_one_half_and_one() {
    let mut rng = Rng::new(202);
    let (n, sigma) = (10_000, 0.8);
    let w = Brownian::new(&[n], 1.0, 256, &mut rng);
    let exact = (&w.path()[256] * sigma + (1.0 - 0.5 * sigma * sigma)).exp();
    let error = |method: Method, steps: usize| {
        let w = w.coarser(256 / steps);
        let x = solve_along(|_, x| x.clone(), |_, x| x * sigma, &Tensor::ones(&[n]), &w, method);
        Estimate::of(&as_f64(&(x - &exact).abs())).mean
    };
    for (method, due) in [(Method::EulerMaruyama, 0.5), (Method::Milstein, 1.0)] {
        let order = (error(method, 64) / error(method, 256)).log2() / 2.0;
        println!("{method:?}: strong order {order:.3}, due {due}");
        assert!((order - due).abs() < 0.1, "{method:?}: {order}");
    }
}

/// d(W²) = dt + 2W dW: W² grows on average like t, which the chain rule would not let it. The same of
/// e^X for dX = −X dt + dW, where u f′ + ½ g² f″ = (−X + ½) e^X.
#[test]
fn s1_itos_lemma_has_a_second_derivative() {
    let mut rng = Rng::new(203);
    let x = rng.normal(&[200_000]);
    let (u, g) = (-&x, Tensor::scalar(1.0));
    let drift = ito_drift(|x| x.exp(), &u, &g, &x);
    assert!(difference(&drift, &((0.5 - &x) * x.exp())) < ROUNDING);
    let square = ito_drift(|x| x.square(), &Tensor::scalar(0.0), &g, &x);
    assert!(difference(&square, &Tensor::ones(x.shape())) < ROUNDING);
    // both sides: a short step of X from x ~ N(0, 1), and what f(X) gains on average
    let h: Float = 0.05;
    let dw = rng.normal(x.shape()) * h.sqrt();
    let moved = Method::EulerMaruyama.step(|_, x| -x, |_, _| Tensor::scalar(1.0), 0.0, &x, h, &dw);
    let gained = Estimate::of(&as_f64(&((moved.exp() - x.exp()) / h - &drift)));
    println!("gain of e^X less Itô's drift: {:.3} ± {:.3}", gained.mean, gained.error);
    assert!(gained.mean.abs() < 4.0 * gained.error + 0.05, "of order h");
    let chain_rule = Estimate::of(&as_f64(&((moved.exp() - x.exp()) / h - &u * x.exp())));
    assert!(chain_rule.away_from(0.0) > 8.0, "the chain rule misses ½ e^x, about 0.8");
}

/// The law of Ornstein and Uhlenbeck's process, against 200 steps.
#[test]
fn s1_ornstein_uhlenbeck_has_its_mean_and_variance() {
    let mut rng = Rng::new(204);
    let g = |_: Float, _: &Tensor| Tensor::scalar(0.7);
    let x = solve(|_, x| x * -2.0, g, &(Tensor::ones(&[40_000]) * 1.5), 0.0..0.5, 200, &mut rng);
    let (mean, variance) = ornstein_uhlenbeck(1.5, 2.0, 0.7, 0.5);
    let found = Estimate::of(&as_f64(&x));
    let squares = Estimate::of(&as_f64(&(&x - mean as Float).square()));
    println!(
        "mean {:.4}, due {mean:.4}; variance {:.4}, due {variance:.4}",
        found.mean, squares.mean
    );
    assert!((found.mean - mean).abs() < 4.0 * found.error + 0.003, "steps of 1/400");
    assert!((squares.mean - variance).abs() < 4.0 * squares.error + 0.001);
    assert!(squares.away_from(0.7 * 0.7 * 0.5) > 20.0, "without the pull it would be σ² t");
}

/// With u + ½ σ² ∇ ln p as drift and noise σ, every path's marginal obeys Fokker and Planck's equation,
/// for any σ; σ = 0 is the continuity equation. Without the score, with half of it, or with the wrong
/// sign a residual is left.
// ANCHOR: s3
#[test]
fn s3_the_extension_obeys_fokker_and_planck() {
    let mut rng = Rng::new(205);
    let (x, t) = (rng.normal(&[64, 2]), rng.uniform_in(&[64, 1], 0.05, 0.8));
    for (name, p) in marginals(&three_modes()) {
        let log_p = |t: &Tensor, x: &Tensor| p.log_density(t, x);
        let residual = |sigma: Float, part: Float| {
            let drift = |t: &Tensor, x: &Tensor| {
                let score = p.score(t, x) * part;
                extended_drift(&p.velocity(t, x), &score, sigma)
            };
            largest(&fokker_planck_residual(log_p, drift, sigma, &t, &x))
        };
        // terms as large as the velocity's divergence cancel
        let rounding = 40.0 * ROUNDING * (1.0 + largest(&p.velocity(&t, &x)));
        for sigma in [0.0, 0.5, 1.5] {
            println!("{name}, σ = {sigma}: residual {:.1e}", residual(sigma, 1.0));
            assert!(residual(sigma, 1.0) < rounding, "{name}: {}", residual(sigma, 1.0));
        }
        for (wrong, part) in [("no score", 0.0), ("σ² for ½ σ²", 2.0), ("sign", -1.0)] {
            assert!(residual(1.5, part) > 100.0 * rounding, "{name}: {wrong} would be seen");
        }
    }
}
// ANCHOR_END: s3

/// Samples of the extension have the law of the data for three σ; with noise and no score they spread.
#[test]
fn s3_noise_with_its_correction_keeps_the_law() {
    let mut rng = Rng::new(206);
    let p = Marginal { path: Path::Linear, data: two_modes() };
    let n = 1000;
    let x_0 = rng.normal(&[n, 1]);
    let floor = floor(&p.data, energy_distance, n, 8, &mut rng);
    let mut distance = |sigma: Float, with_score: bool| {
        let states = extended(&p, &x_0, sigma, with_score, 150, &mut rng);
        energy_distance(&states[150].1, &p.data.sample(n, &mut rng))
    };
    for sigma in [0.0, 1.0, 2.0] {
        let found = distance(sigma, true);
        println!("σ = {sigma}: D² {found:.4}, floor {floor}");
        assert!(found < floor.mean + 5.0 * floor.std, "σ = {sigma}: {found}");
    }
    let spread = distance(2.0, false);
    println!("σ = 2 without the score: {spread:.4}");
    assert!(spread > 20.0 * (floor.mean + floor.std));
}

/// Langevin's steps on N(0, v) settle at v / (1 − σ² h / 4v): the bias is of order h.
#[test]
fn s3_langevin_settles_at_its_law_but_for_the_step() {
    let mut rng = Rng::new(207);
    let (v, sigma) = (0.5, 1.4);
    for h in [0.02, 0.2] {
        let mut x = rng.normal(&[40_000]);
        for _ in 0..200 {
            let z = rng.normal(x.shape());
            x = langevin_step(&x, &(&x / -v), sigma, h, &z);
        }
        let squares = Estimate::of(&as_f64(&x.square()));
        let due = langevin_variance(f64::from(v), f64::from(sigma), f64::from(h));
        println!("h = {h}: variance {:.4} ± {:.4}, due {due:.4}", squares.mean, squares.error);
        assert!(squares.away_from(due) < 4.0);
        assert!(h < 0.1 || squares.away_from(0.5) > 20.0, "the bias is seen");
    }
}

/// The noising equation of a path has its mean and variance: m′ = a m, v′ = 2a v + g², by differences.
/// With variance preserved it is −½ β and β, with variance exploding 0 and (σ²)′; β in place of ½ β would
/// be seen.
// ANCHOR: s7
#[test]
fn s7_noising_has_the_paths_mean_and_variance() {
    let at = |path: &Path, s: f64| {
        let t = Tensor::scalar((1.0 - s) as Float);
        let [alpha, sigma] = [path.alpha(&t), path.sigma(&t)].map(|v| f64::from(v.item()));
        [alpha, sigma * sigma]
    };
    let h = if size_of::<Float>() == 8 { 1e-4 } else { 1e-2 };
    for (name, path) in Path::ALL {
        for s in [0.2, 0.5, 0.8] {
            let [before, after, now] = [at(&path, s - h), at(&path, s + h), at(&path, s)];
            let slope = |i: usize| (after[i] - before[i]) / (2.0 * h);
            let [a, g_squared] = noising(&path, s as Float).map(f64::from);
            let size = 1.0 + slope(0).abs() + slope(1).abs() + a.abs() + g_squared;
            let close = |x: f64, y: f64| (x - y).abs() < 0.02 * size;
            assert!(close(slope(0), a * now[0]), "{name}, s = {s}: the mean");
            assert!(close(slope(1), 2.0 * a * now[1] + g_squared), "{name}, s = {s}: the variance");
        }
    }
    let [a, g_squared] =
        noising(&Path::VariancePreserving { beta: [0.1, 20.0] }, 0.5).map(f64::from);
    let beta = 0.1 + 0.5 * 19.9;
    assert!((a + 0.5 * beta).abs() < 1e-4 * beta && (g_squared - beta).abs() < 1e-4 * beta);
    assert!((a + beta).abs() > 1.0, "β in place of ½ β");
    let [a, g_squared] =
        noising(&Path::VarianceExploding { sigma: [0.1, 3.0] }, 0.5).map(f64::from);
    let due = 2.0 * 30.0_f64.ln() * 0.1 * 3.0; // (σ²)′ = 2 ln(σ_max/σ_min) σ², and σ² = σ_min σ_max
    assert!(a == 0.0 && (g_squared - due).abs() < 1e-4 * due);
}
// ANCHOR_END: s7

/// The probability flow of a path's noising is the path's velocity; the reverse equation is the
/// extension of that velocity by the noise g.
#[test]
fn s7_the_probability_flow_is_the_marginal_velocity() {
    let x = Rng::new(208).normal(&[32, 2]);
    for (name, p) in marginals(&three_modes()) {
        for t in [0.2, 0.5, 0.8] {
            let times = Tensor::full(&[32, 1], t);
            let (u, score) = (p.velocity(&times, &x), p.score(&times, &x));
            let equation = noising(&p.path, 1.0 - t);
            let flow = probability_flow(&x, &score, equation);
            let size = 1.0 + largest(&(&score * equation[1]));
            println!("{name}, t = {t}: {:.1e}", largest(&(&flow - &u)) / size);
            assert!(largest(&(&flow - &u)) < 20.0 * ROUNDING * size, "{name}, t = {t}");
            let reverse = reverse_drift(&x, &score, equation);
            let extension = extended_drift(&u, &score, equation[1].sqrt());
            assert!(largest(&(reverse - extension)) < 20.0 * ROUNDING * size, "{name}, t = {t}");
            let twice = probability_flow(&x, &score, [equation[0], 2.0 * equation[1]]);
            assert!(largest(&(twice - u)) > 0.01 * size, "{name}: g² in place of ½ g²");
        }
    }
}

/// Noise at t = 0 becomes data at t = 1 by the reverse equation and by its ordinary one; with the sign of
/// the score changed it does not.
#[test]
fn s7_reverse_time_carries_noise_to_data() {
    let mut rng = Rng::new(209);
    let data = Mixture { std: 0.4, ..two_modes() };
    let n = 1000;
    for path in [
        Path::VariancePreserving { beta: [0.1, 20.0] },
        Path::VarianceExploding { sigma: [0.05, 8.0] },
    ] {
        let p = Marginal { path, data: data.clone() };
        let x_0 = path.start(&rng.normal(&[n, 1]));
        let floor = floor(&data, energy_distance, n, 8, &mut rng);
        let mut distance = |sign: Float, noisy: Float| {
            let drift = |t: Float, x: &Tensor| {
                let score = p.score(&Tensor::full(&[n, 1], t), x) * sign;
                let equation = noising(&path, 1.0 - t);
                let reverse = reverse_drift(x, &score, equation) * noisy;
                (reverse + probability_flow(x, &score, equation) * (1.0 - noisy)).detach()
            };
            let g =
                |t: Float, _: &Tensor| Tensor::scalar(noising(&path, 1.0 - t)[1].sqrt() * noisy);
            // the equation of variance preserved has no finite g² where α underflows: from a little later
            let x = solve(drift, g, &x_0, 0.001..1.0, 400, &mut rng);
            energy_distance(&x, &data.sample(n, &mut rng))
        };
        for noisy in [1.0, 0.0] {
            let found = distance(1.0, noisy);
            println!("{path:?}, noise {noisy}: D² {found:.4}, floor {floor}");
            assert!(found < floor.mean + 6.0 * floor.std, "{path:?}, noise {noisy}: {found}");
        }
        let wrong = distance(-1.0, 1.0);
        assert!(wrong.is_nan() || wrong > 20.0 * floor.mean, "{path:?}: the sign would be seen");
    }
}
