//! Conditional paths: C1, F4 to F8.

use crate::{Estimate, ROUNDING, as_f64, difference};
use pushforward::chapters::flow_matching::oracle::Marginal;
use pushforward::chapters::flow_matching::path::Path;
use pushforward::data::Mixture;
use pushforward::ode::{self, RK4};
use pushforward::random::Rng;
use pushforward::{Float, Tensor, grad};

/// Times inside (0, 1), where no schedule is singular: `[n, 1]`.
fn times(n: usize, rng: &mut Rng) -> Tensor {
    rng.uniform_in(&[n, 1], 0.05, 0.95)
}

/// ∂y/∂t of a y whose row i depends on t[i] alone, a column of y at a time.
fn by_autograd(y: impl Fn(&Tensor) -> Tensor, t: &Tensor) -> Tensor {
    let t = t.variable();
    let y = y(&t);
    let columns: Vec<Tensor> =
        (0..y.shape()[1]).map(|j| grad(&y.slice(1, j..j + 1).sum(..), &[&t]).remove(0)).collect();
    Tensor::concat(&columns.iter().collect::<Vec<_>>(), 1)
}

/// The solver that follows u_t(x|x₁) arrives where the flow ψ_t(x₀) = σ_t x₀ + α_t x₁ is; one that
/// follows the field backwards does not.
#[test]
fn c1_the_solver_follows_the_flow_of_every_path() {
    let mut rng = Rng::new(1);
    let [x_0, x_1] = [(); 2].map(|()| rng.normal(&[20, 2]));
    for (name, path) in Path::ALL {
        let psi = |t: Float| path.sample(&x_0, &x_1, &Tensor::full(&[20, 1], t)).0;
        let field = |t: Float, x: &Tensor| path.velocity(x, &x_1, &Tensor::full(&[20, 1], t));
        let arrived = ode::solve(field, &psi(0.0), 0.0..0.9, 200, &RK4);
        let error = difference(&arrived, &psi(0.9));
        let astray = ode::solve(|t, x| -field(t, x), &psi(0.0), 0.0..0.9, 200, &RK4);
        println!("{name}: {error:e}, and {:e} backwards", difference(&astray, &psi(0.9)));
        assert!(error < ROUNDING.max(1e-8), "{name}: {error:e}");
        assert!(difference(&astray, &psi(0.9)) > 0.1, "{name}");
    }
}

/// ψ_t has the law N(α_t x₁, σ_t² I), begins in noise, beside which what there is of x₁ is small, and
/// ends at x₁ with the noise that the path leaves.
#[test]
fn f4_the_flow_has_the_law_of_the_path() {
    let (n, mut rng) = (100_000, Rng::new(2));
    let x_0 = rng.normal(&[n, 1]);
    let x_1: Float = 0.7;
    // α₀/σ₀ and σ₁; e^−B(1)/2 = e^−5.025 where variance is preserved
    let ends = [[0.0, 0.0], [0.0, 0.1], [0.006572, 0.0], [0.1, 0.01], [0.0, 0.0]];
    for ((name, path), [shown, left]) in Path::ALL.into_iter().zip(ends) {
        for t in [0.0, 0.3, 0.8] {
            let time = Tensor::full(&[n, 1], t);
            let x_t = as_f64(&path.sample(&x_0, &Tensor::full(&[n, 1], x_1), &time).0);
            let t = Tensor::scalar(t);
            let [mu, sigma] = [path.alpha(&t) * x_1, path.sigma(&t)].map(|v| f64::from(v.item()));
            let squares: Vec<f64> = x_t.iter().map(|x| (x - mu) * (x - mu)).collect();
            let (mean, variance) = (Estimate::of(&x_t), Estimate::of(&squares));
            assert!(mean.away_from(mu) < 4.0, "{name}: {mean:?}, not {mu}");
            assert!(variance.away_from(sigma * sigma) < 4.0, "{name}: {variance:?}, not {sigma}²");
            // σ_t for σ_t² would be seen wherever they differ.
            let confused = variance.away_from(sigma) > 4.0;
            assert!(confused || (sigma - sigma * sigma).abs() < 0.01, "{name}");
        }
        let [start, end] = [0.0, 1.0].map(|t| {
            let t = Tensor::scalar(t);
            [path.alpha(&t), path.sigma(&t)].map(|v| f64::from(v.item()))
        });
        let share = start[0] / start[1];
        assert!((share - shown).abs() < 1e-6, "{name} begins with {start:?}");
        let ends = (end[0] - 1.0).abs() < ROUNDING && (end[1] - left).abs() < ROUNDING;
        assert!(ends, "{name} ends with {end:?}");
    }
}

/// dψ_t(x₀)/dt, by automatic differentiation, is u_t(ψ_t(x₀)|x₁): with ψ_t⁻¹ put in, not with the
/// misprinted ψ_t′(σ_t′ y + μ_t′).
#[test]
fn f5_the_conditional_field_moves_its_flow() {
    let mut rng = Rng::new(3);
    let [x_0, x_1] = [(); 2].map(|()| rng.normal(&[50, 3]));
    let t = times(50, &mut rng);
    for (name, path) in Path::ALL {
        let (x_t, u_t) = path.sample(&x_0, &x_1, &t);
        let derivative = by_autograd(|t| path.sample(&x_0, &x_1, t).0, &t);
        assert!(difference(&u_t, &derivative) < ROUNDING, "{name}");
        assert!(difference(&path.velocity(&x_t, &x_1, &t), &derivative) < ROUNDING, "{name}");

        let (sigma_dot, mu_dot) = (path.sigma_dot(&t), path.alpha_dot(&t) * &x_1);
        let misprint = &sigma_dot * (&sigma_dot * &x_t + &mu_dot) + &mu_dot;
        assert!(difference(&misprint, &derivative) > 0.1, "{name}: the misprint passes");
    }
}

/// The schedules' derivatives, by automatic differentiation.
#[test]
fn f6_every_schedule_has_its_derivative() {
    let t = times(100, &mut Rng::new(4));
    for (name, path) in Path::ALL {
        let slopes =
            [by_autograd(|t| path.alpha(t) + t * 0.0, &t), by_autograd(|t| path.sigma(t), &t)];
        assert!(difference(&path.alpha_dot(&t), &slopes[0]) < ROUNDING, "{name}: α′");
        assert!(difference(&path.sigma_dot(&t), &slopes[1]) < ROUNDING, "{name}: σ′");
        let slope = by_autograd(|t| path.sigma(t).square(), &t);
        assert!(difference(&path.variance_dot(&t), &slope) < ROUNDING, "{name}: (σ²)′");
        let ends = path.variance_dot(&Tensor::from([0.0, 1.0]));
        assert!(ends.data().iter().all(|v| v.is_finite()), "{name}: {ends:?}");
    }
}

/// The fields as Lipman et al. (2023) write them out, eqs. 21, 17 and 19.
#[test]
fn f6_the_fields_written_out() {
    let mut rng = Rng::new(5);
    let [x, x_1] = [(); 2].map(|()| rng.normal(&[50, 2]));
    let t = times(50, &mut rng);
    let s = 1.0 - &t;
    let optimal_transport = {
        let left: Float = 1.0 - 0.1; // 1 − σ_min
        (&x_1 - &x * left) / (1.0 - &t * left)
    };
    let exploding = {
        // σ_s = σ_min (σ_max/σ_min)^s, so σ_s′ / σ_s = ln (σ_max/σ_min)
        let rate = libm::log(1000.0) as Float;
        (&x - &x_1) * -rate
    };
    let preserving = {
        let integral = &s * 0.1 + s.square() * (0.5 * 19.9);
        let (rate, e) = (&s * 19.9 + 0.1, (-&integral).exp());
        rate * -0.5 * (&e * &x - (integral * -0.5).exp() * &x_1) / (1.0 - e)
    };
    for (field, path) in [optimal_transport, preserving, exploding].iter().zip(&Path::ALL[1..4]) {
        let error = difference(&path.1.velocity(&x, &x_1, &t), field);
        assert!(error < ROUNDING, "{}: {error:e}", path.0);
    }
}

/// On straight lines Cov(x_t|x₁) = (1 − t)² I, which at t = ½ is ¼, and not (1 − t²) I, which is ¾;
/// the field is (x₁ − x)/(1 − t), and along it x moves by x₁ − x₀.
#[test]
fn f7_the_linear_path() {
    let (n, mut rng) = (100_000, Rng::new(6));
    let x_0 = rng.normal(&[n, 1]);
    let x_1 = Tensor::full(&[n, 1], -0.4);
    let half = Tensor::full(&[n, 1], 0.5);
    let (x_t, u_t) = Path::Linear.sample(&x_0, &x_1, &half);
    let squares = (&x_t - &x_1 * 0.5).square();
    let variance = Estimate::of(&as_f64(&squares));
    println!("Var(x_t|x₁) at t = ½: {variance:?}");
    assert!(variance.away_from(0.25) < 4.0 && variance.away_from(0.75) > 100.0);
    assert!(difference(&u_t, &(&x_1 - &x_0)) < ROUNDING);
    let field = (&x_1 - &x_t) / (1.0 - &half);
    assert!(difference(&Path::Linear.velocity(&x_t, &x_1, &half), &field) < ROUNDING);
}

/// dx/dt is u, and dp/dt, as misprinted, is not. For data N(0, 1) the velocity at x = 0 is 0 at all times,
/// by symmetry, while the density there, 1/√(2πv) with v = t² + (1 − t)², grows by √2 until t = ½ and
/// falls again, as the continuity equation says.
#[test]
fn f7_points_move_with_the_velocity_and_densities_do_not() {
    let data = Mixture { weights: vec![1.0], means: vec![vec![0.0]], std: 1.0 };
    let marginal = Marginal { path: Path::Linear, data };
    let t = Tensor::from([[0.0], [0.2], [0.5], [0.9]]).variable();
    let x = Tensor::zeros(&[4, 1]).variable();
    let u = marginal.velocity(&t, &x);
    assert!(difference(&u.detach(), &Tensor::zeros(&[4, 1])) < ROUNDING);

    let p = marginal.log_density(&t, &x).exp();
    assert!((p.data()[2] / p.data()[0] - Float::sqrt(2.0)).abs() < ROUNDING as Float);
    let p_dot = grad(&p.sum(..), &[&t]).remove(0);
    let divergence = grad(&(p.detach() * u).sum(..), &[&x]).remove(0); // ∇p is 0 at the centre
    println!("∂p/∂t = {p_dot} where u = 0");
    assert!(difference(&p_dot, &-divergence) < ROUNDING);
    let moves = as_f64(&p_dot).into_iter().map(f64::abs);
    assert!(moves.enumerate().all(|(i, rate)| i == 2 || rate > 0.1), "{p_dot}");
}

/// DDPM's ᾱ after step i of 1000, noising β_i = β((i + ½)/1000)/1000, is this path's α² at the time
/// **left**, 1 − t: with √ᾱ_{1−t} noise is at t = 0 and data at t = 1; with √ᾱ_t, as misprinted, it
/// is the other way round, and with both mixed, as also printed, α² + σ² is not 1.
#[test]
fn f8_ddpm_is_the_path_that_preserves_variance() {
    let steps = 1000;
    let path = Path::VariancePreserving { beta: [0.1, 20.0] };
    let alpha = |t: f64| f64::from(path.alpha(&Tensor::scalar(t as Float)).item());
    let mut alpha_bar = vec![1.0];
    for i in 0..steps {
        let s = (f64::from(i) + 0.5) / f64::from(steps);
        alpha_bar.push(alpha_bar[i as usize] * (1.0 - (0.1 + 19.9 * s) / f64::from(steps)));
    }
    // 1 − β differs from e^−β by β²/2: over all steps by ∫β²/2N = 0.07 in the exponent, weighed by ᾱ.
    for i in (0..=1000).step_by(100) {
        let (ours, ddpm) = (alpha(1.0 - i as f64 / 1000.0), f64::sqrt(alpha_bar[i]));
        assert!((ours - ddpm).abs() < 0.005, "after {i} steps: {ours} and {ddpm}");
    }
    assert!(alpha(0.0) < 0.01 && alpha(1.0) == 1.0);
    let misprint = |t: f64| alpha_bar[(t * 1000.0) as usize].sqrt();
    assert!(misprint(0.0) == 1.0 && misprint(1.0) < 0.01, "it begins with data and ends in noise");
    // α with the time left and σ with the time passed: no noise at the start, all of it at the end.
    let mixed = |t: f64| 1.0 - alpha_bar[(t * 1000.0) as usize];
    let sums = [0.0, 1.0].map(|t| alpha_bar[1000 - (t * 1000.0) as usize] + mixed(t));
    assert!(mixed(0.0) == 0.0 && mixed(1.0) > 0.99, "σ² begins with 0 and ends with 1");
    assert!(sums[0] < 0.01 && sums[1] > 1.99, "α² + σ² is {sums:?} at the ends, and not 1");
    // Variance is preserved: α² + σ² = 1.
    let t = times(100, &mut Rng::new(7));
    let sum = path.alpha(&t).square() + path.sigma(&t).square();
    assert!(difference(&sum, &Tensor::ones(&[100, 1])) < ROUNDING);
}
