//! Continuous flows: the continuity equation, the density along a path, Hutchinson's trace, and the
//! adjoint: C3 to C6.

use crate::{Estimate, ROUNDING, as_f64, difference, marginals, three_modes, two_modes};
use pushforward::chapters::continuous_flows::oracle::GaussianFlow;
use pushforward::chapters::continuous_flows::{
    Cnf, Probe, Trace, augmented, continuity_residual, densities, log_density, log_density_at,
    log_normal, nll, nll_adjoint, outflow, sample_with_density,
};
use pushforward::chapters::flow_matching::oracle::Marginal;
use pushforward::chapters::flow_matching::path::Path;
use pushforward::data::Law;
use pushforward::derivatives::{divergence, divergence_hutchinson, jacobian};
use pushforward::nn::Module;
use pushforward::ode::{self, RK4, Solver, Tolerance};
use pushforward::random::Rng;
use pushforward::{Float, Tensor, grad};

fn largest(x: &Tensor) -> f64 {
    as_f64(x).into_iter().map(f64::abs).fold(0.0, f64::max)
}

fn gaussian() -> GaussianFlow {
    GaussianFlow { mean: vec![1.0, -0.5], std: 0.4 }
}

/// Every path's marginal in the plane, and a Gaussian that is moved and scaled, obey ∂ ln p/∂t + u
/// · ∇ ln p + div u = 0. With the sign of u, or of its divergence, the other way, or half of u,
/// there is a residual.
// ANCHOR: c3
#[test]
fn c3_what_is_carried_obeys_the_continuity_equation() {
    let mut rng = Rng::new(71);
    let (x, t) = (rng.normal(&[64, 2]), rng.uniform_in(&[64, 1], 0.05, 0.8));
    for (name, p) in marginals(&three_modes()) {
        let log_p = |t: &Tensor, x: &Tensor| p.log_density(t, x);
        let residual = |factor: Float| {
            largest(&continuity_residual(log_p, |t, x| p.velocity(t, x) * factor, &t, &x))
        };
        println!(
            "{name}: {:e}; with −u {:.2}, u/2 {:.2}",
            residual(1.0),
            residual(-1.0),
            residual(0.5)
        );
        assert!(residual(1.0) < 20.0 * ROUNDING, "{name}: {}", residual(1.0));
        assert!(residual(-1.0) > 0.1 && residual(0.5) > 0.1, "{name}: a wrong field would pass");
    }
    let p = gaussian();
    let log_p = |t: &Tensor, x: &Tensor| p.log_density(t, x);
    let residual = continuity_residual(log_p, |t, x| p.velocity(t, x), &t, &x);
    let (_, div_u) = divergence(|x| p.velocity(&t, x), &x);
    assert!(largest(&residual) < ROUNDING);
    assert!(largest(&(residual - div_u * 2.0)) > 1.0, "−div u would pass");
}
// ANCHOR_END: c3

/// The outflow of a small square is the divergence up to O(h²); without the division by its area it
/// is not.
#[test]
fn c3_divergence_is_outflow() {
    let p = Marginal { path: Path::Linear, data: three_modes() };
    let (x, t) = (Rng::new(72).normal(&[32, 2]), Tensor::full(&[32, 1], 0.6));
    let u = |x: &Tensor| p.velocity(&t, x);
    let (_, div_u) = divergence(u, &x);
    let off = |h: Float| difference(&outflow(u, &x, h), &div_u);
    println!("off by {:.2e} at h = 0.2, {:.2e} at 0.1", off(0.2), off(0.1));
    assert!(off(0.05) < 0.01 && (3.0..5.0).contains(&(off(0.2) / off(0.1))));
    assert!(difference(&(outflow(u, &x, 0.05) * 0.05), &div_u) > 0.5, "the flow itself would pass");
}

/// From t = 0.9 back to 0, the number that −tr ∂u/∂x adds up to is ln p_t(x) of the exact marginal,
/// for every path, along trajectories that RK4 follows. Forwards, ln p arrives with the points.
/// With the sign the other way, or without the integral, it is another.
// ANCHOR: c4
#[test]
fn c4_ln_p_along_a_trajectory_loses_the_divergence() {
    let (n, end) = (32, 0.9);
    for (name, p) in marginals(&two_modes()) {
        if name == "variance exploding" {
            continue; // its noise has another law than N(0, I)
        }
        let x = p.data.sample(n, &mut Rng::new(73));
        let time = |t: Float| Tensor::full(&[n, 1], t);
        let u = |t: Float, x: &Tensor| p.velocity(&Tensor::full(&[x.shape()[0], 1], t), x);
        let solver = Solver::Steps(60, RK4);
        let log_p = log_density_at(u, end, &x, &Trace::Exact, solver).detach();
        // p₀ is N(0, I), up to e⁻⁵ where variance is preserved
        let start = p.log_density(&time(0.0), &x);
        assert!(difference(&start.reshape(&[n]), &log_normal(&x)) < 0.02, "{name}");
        let exact = p.log_density(&time(end), &x).reshape(&[n]);
        let x_0 = ode::solve(|t, x| u(t, x).detach(), &x, end..0.0, 60, &RK4);
        let lost = log_normal(&x_0) - &log_p;
        let other_sign = log_normal(&x_0) + &lost;
        let [off, without] = [&log_p, &log_normal(&x_0)].map(|q| largest(&(q - &exact)));
        println!("{name}: off by {off:.1e}; without the integral {without:.2}");
        assert!(off < if name == "variance preserving" { 0.02 } else { 2e-4 }, "{name}: {off}");
        assert!(without > 0.5 && largest(&(other_sign - &exact)) > 1.0, "{name}: would pass");
    }
}
// ANCHOR_END: c4

/// There and back: the density that arrives with a sample is what is found from the sample
/// backwards, and that of the Gaussian flow is N(m, s² I). The adaptive solver finds the same.
#[test]
fn c4_the_density_arrives_with_the_sample() {
    let (p, x_0) = (gaussian(), Rng::new(74).normal(&[50, 2]));
    let u = |t: Float, x: &Tensor| p.velocity(&Tensor::full(&[x.shape()[0], 1], t), x);
    let solver = Solver::Steps(40, RK4);
    let (x_1, log_p) = sample_with_density(u, &x_0, &Trace::Exact, solver);
    let exact = p.log_density(&Tensor::ones(&[50, 1]), &x_1);
    let mean = Tensor::from([[1.0, -0.5]]);
    assert!(difference(&x_1, &(&x_0 * 0.4 + mean)) < 1e-5);
    assert!(difference(&log_p, &exact) < 1e-5);
    assert!(difference(&log_density(u, &x_1, &Trace::Exact, solver), &exact) < 1e-5);
    let tolerance = Tolerance { relative: 1e-5, absolute: 1e-5 };
    let adaptive = log_density(u, &x_1, &Trace::Exact, Solver::Adaptive(tolerance));
    assert!(difference(&adaptive, &exact) < 1e-4);
    let fast: Tensor = densities(u, 1.0, &x_1, 40, &RK4).iter().map(|&v| v as Float).collect();
    assert!(difference(&fast, &exact) < 1e-5);
    // solved in the wrong direction, x₁ taken for a point of noise
    let (_, wrong) = sample_with_density(u, &x_1, &Trace::Exact, solver);
    assert!(difference(&wrong, &exact) > 0.5, "the wrong direction would pass");
}

/// The density of a network at random integrates to one, whatever its weights: the trapezoidal rule
/// on a square. With the sign of the integral the other way it does not.
#[test]
fn c4_densities_of_a_network_integrate_to_one() {
    let mut u = Cnf::new(2, 16, &mut Rng::new(75));
    u.parameters_mut().into_iter().for_each(|(_, w)| *w = &*w * 2.0);
    let (side, reach) = (81, 8.0);
    let h = 2.0 * reach / (side - 1) as f64;
    let place = |i: usize| (h * i as f64 - reach) as Float;
    let x = Tensor::from_fn(&[side * side, 2], |i| place([i / 2 / side, i / 2 % side][i % 2]));
    let field = |t: Float, x: &Tensor| u.velocity(t, x);
    let log_p = densities(field, 1.0, &x, 10, &RK4);
    let x_0 = ode::solve(|t, x| field(t, x).detach(), &x, 1.0..0.0, 10, &RK4);
    let noise = as_f64(&log_normal(&x_0));
    let mass: f64 = log_p.iter().map(|v| v.exp()).sum::<f64>() * h * h;
    let other: f64 =
        log_p.iter().zip(&noise).map(|(p, q)| (2.0 * q - p).exp()).sum::<f64>() * h * h;
    println!("mass {mass:.5}, with the other sign {other:.3}");
    assert!((mass - 1.0).abs() < 1e-3 && (other - 1.0).abs() > 0.05);
}

/// εᵀ A ε has the mean tr A and the variance of the formula, for both laws of the probe. The
/// misprints 2 ‖A‖² (A not made symmetric), one law's formula for the other, and a probe of length
/// 1, are seen.
// ANCHOR: c5
#[test]
fn c5_hutchinsons_trace_is_unbiased() {
    let (d, n, mut rng) = (5, 40_000, Rng::new(76));
    let a = rng.normal(&[d, d]) + Tensor::eye(d);
    let trace = f64::from((&a * Tensor::eye(d)).sum(..).item());
    let not_symmetric = 2.0 * f64::from(a.square().sum(..).item());
    for (probe, other) in
        [(Probe::Rademacher, Probe::Gaussian), (Probe::Gaussian, Probe::Rademacher)]
    {
        let epsilon = probe.draw(&[n, d], &mut rng);
        let u = |x: &Tensor| x.matmul_nt(&a);
        let estimates = divergence_hutchinson(u, &Tensor::zeros(&[n, d]), &epsilon).1;
        let mean = Estimate::of(&as_f64(&estimates));
        let squares: Vec<f64> = as_f64(&estimates).iter().map(|v| (v - trace).powi(2)).collect();
        let variance = Estimate::of(&squares);
        println!(
            "{probe:?}: {mean:?}, trace {trace}; variance {variance:?}, {}",
            probe.variance(&a)
        );
        assert!(mean.away_from(trace) < 4.0 && variance.away_from(probe.variance(&a)) < 4.0);
        assert!(variance.away_from(other.variance(&a)) > 10.0, "the other law's would pass");
        assert!(variance.away_from(not_symmetric) > 10.0, "2 ‖A‖² would pass");
        let unit = &epsilon / epsilon.square().sum_keep(1).sqrt();
        let short = divergence_hutchinson(u, &Tensor::zeros(&[n, d]), &unit).1;
        assert!(Estimate::of(&as_f64(&short)).away_from(trace) > 20.0, "length 1 would pass");
    }
}
// ANCHOR_END: c5

/// ln p by one probe is unbiased over probes: 4000 copies of a point. With one probe the field is a
/// field: asked twice it says the same, and halving the steps of RK4 divides the error by 16. With
/// a probe drawn for every evaluation it does neither.
#[test]
fn c5_one_probe_for_a_solve() {
    let p = Marginal { path: Path::OptimalTransport { sigma_min: 0.2 }, data: three_modes() };
    let u = |t: Float, x: &Tensor| p.velocity(&Tensor::full(&[x.shape()[0], 1], t), x);
    let (n, mut rng) = (4000, Rng::new(77));
    let x = Tensor::from([[0.6, 0.4]]).broadcast_to(&[n, 2]);
    let exact = densities(u, 1.0, &x.slice(0, 0..1), 40, &RK4)[0];
    let probe = Trace::Hutchinson(Probe::Rademacher.draw(&[n, 2], &mut rng));
    let log_p = log_density(u, &x, &probe, Solver::Steps(10, RK4)).detach();
    let mean = Estimate::of(&as_f64(&log_p));
    println!("{mean:?}, exact {exact}");
    assert!(mean.away_from(exact) < 4.0 && mean.error > 0.001);

    let few = x.slice(0, 0..8);
    let fixed = Trace::Hutchinson(Probe::Rademacher.draw(&[8, 2], &mut rng));
    let redrawn = std::cell::RefCell::new(rng.split());
    let new_probe = |t: Float, state: &Tensor| {
        let new = Probe::Rademacher.draw(&[8, 2], &mut redrawn.borrow_mut());
        augmented(u, &Trace::Hutchinson(new))(t, state).detach()
    };
    let end = Tensor::concat(&[&few, &Tensor::zeros(&[8, 1])], 1);
    let solve = |steps, same: bool| {
        if same {
            ode::solve(|t, z| augmented(u, &fixed)(t, z).detach(), &end, 1.0..0.0, steps, &RK4)
        } else {
            ode::solve(new_probe, &end, 1.0..0.0, steps, &RK4)
        }
    };
    let ratio = |same| {
        let [a, b, c] = [5, 10, 20].map(|steps| solve(steps, same));
        largest(&(a - &b)) / largest(&(b - c))
    };
    let ratios = [ratio(true), ratio(false)];
    println!("differences fall by {ratios:.1?} when steps are halved");
    assert!(ratios[0] > 7.0 && ratios[1] < 4.0);
    assert_eq!(solve(5, true).to_vec(), solve(5, true).to_vec());
    assert!(largest(&(solve(5, false) - solve(5, false))) > 0.01);
}

fn flat(gradients: Vec<Tensor>) -> Tensor {
    let flat: Vec<Tensor> = gradients.iter().map(|g| g.reshape(&[g.len()])).collect();
    Tensor::concat(&flat.iter().collect::<Vec<_>>(), 0)
}

/// The likelihood's gradient by the adjoint is that of back-propagation through RK4, the nearer the
/// shorter the steps: sixteen times for each halving. By da/dt = +aᵀ ∂u/∂x it is another.
// ANCHOR: c6
#[test]
fn c6_the_adjoint_is_back_propagation_as_steps_shrink() {
    let mut u = Cnf::new(2, 8, &mut Rng::new(78));
    let heavier = |w: &Tensor| (w * 2.5).variable();
    u.parameters_mut().into_iter().for_each(|(_, w)| *w = heavier(w));
    let x = Rng::new(79).normal(&[16, 2]);
    let off = |steps: usize| {
        let solver = Solver::Steps(steps, RK4);
        let losses =
            [nll(&u, &x, &Trace::Exact, solver), nll_adjoint(&u, &x, &Trace::Exact, solver)];
        assert!(difference(&losses[0], &losses[1]) < ROUNDING, "the losses are one number");
        let [back, adjoint] = losses.map(|loss| flat(grad(&loss, &u.tensors())));
        largest(&(&back - adjoint)) / largest(&back)
    };
    let errors = [2, 4, 8, 16].map(off);
    println!("off by {errors:?}");
    assert!(errors[2] < 2e-4 && errors[1] < errors[0] / 6.0);
    if cfg!(feature = "f64") {
        assert!(errors[3] < errors[2] / 10.0 && errors[3] < 1e-5, "{errors:?}");
    }
}
// ANCHOR_END: c6

/// With the linear field A x the adjoint state is known: ∂L/∂x₀ = e^{Aᵀ} a(1). A wrong sign in its
/// equation, e^{−Aᵀ} a(1), is far away; so is a(1) itself, and e^{A} a(1) without the transpose.
#[test]
fn c6_the_adjoint_of_a_linear_field() {
    let a = Tensor::from([[0.3, -0.8], [0.5, -0.2]]);
    let (x, g) = (Tensor::from([[0.7, -1.1]]).variable(), Tensor::from([[1.0, 2.0]]));
    let field = |_t: Float, x: &Tensor, theta: &[Tensor]| x.matmul_nt(&theta[0]);
    let theta = a.variable();
    let x_1 = ode::adjoint(field, &[&theta], &x, 0.0..1.0, Solver::Steps(20, RK4));
    let slopes = grad(&(&x_1 * &g).sum(..), &[&x, &theta]);
    let exponential = |m: &Tensor| ode::solve(|_, y| y.matmul(m), &g, 0.0..1.0, 20, &RK4);
    let [right, wrong_sign, not_transposed] = [&a, &-&a, &a.t()].map(exponential);
    assert!(difference(&slopes[0], &right) < 1e-5);
    for wrong in [wrong_sign, not_transposed, g.clone()] {
        assert!(difference(&slopes[0], &wrong) > 0.1, "{wrong} would pass");
    }
    // ∂L/∂A by the flow itself, whose Jacobian autograd finds
    let of_a = |a: &Tensor| {
        ode::solve(|_, x: &Tensor| x.matmul_nt(a), &x.detach(), 0.0..1.0, 20, &RK4).reshape(&[2])
    };
    let numeric = g.matmul(&jacobian(of_a, &a).reshape(&[2, 4])).reshape(&[2, 2]);
    assert!(difference(&slopes[1], &numeric) < 1e-5);
}
