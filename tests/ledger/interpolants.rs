//! Stochastic interpolants: the laws, the score, the equations and the special case, I1 to I4.

use crate::{ROUNDING, as_f64, difference, three_modes};
use pushforward::chapters::flow_matching::oracle::Marginal;
use pushforward::chapters::flow_matching::path::Path;
use pushforward::chapters::interpolants::oracle::Between;
use pushforward::chapters::interpolants::{Blend, Gamma, Interpolant};
use pushforward::data::{Law, Mixture};
use pushforward::derivatives::divergence;
use pushforward::random::Rng;
use pushforward::{Float, Tensor, grad};

/// Between two modes and three, by every interpolant with noise.
fn between() -> Vec<Between> {
    let from = Mixture::even(vec![vec![-1.0, -0.5], vec![0.8, 1.0]], 0.4);
    let with = |blend, gamma| {
        let interpolant = Interpolant { blend, gamma };
        Between { interpolant, from: from.clone(), to: three_modes() }
    };
    vec![
        with(Blend::Linear, Gamma::Bridge { a: 2.0 }),
        with(Blend::Linear, Gamma::Sine),
        with(Blend::Trigonometric, Gamma::Bridge { a: 1.0 }),
        with(Blend::EncodingDecoding, Gamma::Sine),
    ]
}

/// Points of p_t at random times, not near the ends.
fn points(p: &Between, n: usize, rng: &mut Rng) -> [Tensor; 2] {
    let t = rng.uniform_in(&[n, 1], 0.1, 0.9);
    let (x_0, x_1, z) = (p.from.sample(n, rng), p.to.sample(n, rng), rng.normal(&[n, 2]));
    [t.clone(), p.interpolant.sample(&x_0, &x_1, &z, &t)]
}

// ANCHOR: i1
/// ∂ₜ ln p + ε-terms of the Fokker–Planck equation with drift f and diffusion ε, divided by p:
/// ∂ₜ ln p + div f + ⟨f, ∇ ln p⟩ − ε (Δ ln p + ‖∇ ln p‖²). The largest, relative to its terms.
fn residual(
    p: &Between,
    f: impl Fn(&Tensor, &Tensor) -> Tensor,
    epsilon: Float,
    [t, x]: &[Tensor; 2],
) -> f64 {
    let (t, x) = (t.variable(), x.variable());
    let slopes = grad(&p.log_density(&t, &x).sum(..), &[&t, &x]);
    let score = |x: &Tensor| {
        let (t, x) = (t.detach(), if x.is_tracked() { x.clone() } else { x.variable() });
        pushforward::grad_graph(&p.log_density(&t, &x).sum(..), &[&x]).remove(0)
    };
    let (f_x, div_f) = divergence(|x| f(&t.detach(), x), &x);
    let (s, laplace) = divergence(score, &x);
    let carried = (f_x.detach() * &slopes[1]).sum(1);
    let spread = (laplace.detach() + s.detach().square().sum(1)) * -epsilon;
    let terms = [slopes[0].reshape(&[x.shape()[0]]), div_f.detach(), carried, spread];
    let terms = terms.map(|term| as_f64(&term));
    let of = |i: usize| {
        let (sum, size) = terms.iter().fold((0.0, 1.0), |(a, b), v| (a + v[i], b + v[i].abs()));
        sum.abs() / size
    };
    (0..x.shape()[0]).map(of).fold(0.0, f64::max)
}

/// b carries p_t: the residual without diffusion is 0. Without γ′ η, or with its sign flipped, it is
/// not. And at the ends p_t is the two laws.
#[test]
fn i1_b_carries_one_law_to_the_other() {
    let mut rng = Rng::new(71);
    for p in between() {
        let at = points(&p, 60, &mut rng);
        let noise = |t: &Tensor, x: &Tensor| p.interpolant.gamma_dot(t) * p.denoiser(t, x);
        let right = residual(&p, |t, x| p.drift(t, x), 0.0, &at);
        let without = residual(&p, |t, x| p.velocity(t, x), 0.0, &at);
        let flipped = residual(&p, |t, x| p.velocity(t, x) - noise(t, x), 0.0, &at);
        println!("{:?}: {right:e}, without γ′η {without:.2}, flipped {flipped:.2}", p.interpolant);
        assert!(right < ROUNDING && without > 0.05 && flipped > 0.1);
        for (t, law) in [(0.0, &p.from), (1.0, &p.to)] {
            let x = rng.normal(&[20, 2]);
            let ours = as_f64(&p.log_density(&Tensor::full(&[20, 1], t), &x));
            let far = ours.iter().zip(law.log_density(&x)).map(|(a, b)| (a - b).abs());
            assert!(far.fold(0.0, f64::max) < 40.0 * ROUNDING);
        }
    }
}
// ANCHOR_END: i1

// ANCHOR: i2
/// −η/γ is ∇ ln p. With γ² for γ, or the other sign, it is not.
#[test]
fn i2_the_denoiser_is_the_score() {
    let mut rng = Rng::new(72);
    for p in between() {
        let [t, x] = points(&p, 60, &mut rng);
        let x = x.variable();
        let score = grad(&p.log_density(&t, &x).sum(..), &[&x]).remove(0);
        let (eta, gamma) = (p.denoiser(&t, &x.detach()), p.interpolant.gamma(&t));
        let right = difference(&(-&eta / &gamma), &score);
        println!("{:?}: {right:e}", p.interpolant);
        assert!(right < ROUNDING);
        assert!(difference(&(-&eta / gamma.square()), &score) > 0.05);
        assert!(difference(&(eta / gamma), &score) > 0.5);
    }
}
// ANCHOR_END: i2

/// v and η are the means of ∂ₜI and z: nothing correlates with what they leave.
#[test]
fn i2_v_and_eta_are_conditional_means() {
    let mut rng = Rng::new(73);
    let n = 20_000;
    for p in between() {
        let t = Tensor::full(&[n, 1], 0.4);
        let [x_0, x_1, z] =
            [p.from.sample(n, &mut rng), p.to.sample(n, &mut rng), rng.normal(&[n, 2])];
        let x = p.interpolant.sample(&x_0, &x_1, &z, &t);
        let left =
            [p.interpolant.velocity(&x_0, &x_1, &t) - p.velocity(&t, &x), &z - p.denoiser(&t, &x)];
        for left in left {
            for probe in [Tensor::ones(&[n, 2]), x.clone(), (&x * 2.0).sin()] {
                let products = crate::Estimate::of(&as_f64(&(&left * probe)));
                assert!(products.away_from(0.0) < 4.0, "{products:?}");
            }
        }
        let products = crate::Estimate::of(&as_f64(&(&z * &x)));
        assert!(products.away_from(0.0) > 20.0); // z itself is correlated with x
    }
}

// ANCHOR: i3
/// With drift b + ε s and diffusion ε the law is p_t, for any ε; with b − ε s it is that of the same
/// equation run backwards, whose spreading has the other sign. With b alone p_t is not the law.
#[test]
fn i3_every_diffusion_has_the_same_laws() {
    let mut rng = Rng::new(74);
    for p in between() {
        let at = points(&p, 40, &mut rng);
        let score = |t: &Tensor, x: &Tensor| -p.denoiser(t, x) / p.interpolant.gamma(t);
        for epsilon in [0.3, 2.0] {
            let of = |sign: Float, diffusion: Float| {
                let f = |t: &Tensor, x: &Tensor| p.drift(t, x) + score(t, x) * (sign * epsilon);
                residual(&p, f, diffusion, &at)
            };
            let (forwards, backwards) = (of(1.0, epsilon), of(-1.0, -epsilon));
            let wrong = [of(0.0, epsilon), of(-1.0, epsilon), of(1.0, 0.5 * epsilon)];
            println!(
                "{:?}, ε = {epsilon}: {forwards:e}, {backwards:e}, wrong {wrong:.2?}",
                p.interpolant
            );
            assert!(forwards < 2.0 * ROUNDING && backwards < 2.0 * ROUNDING);
            assert!(wrong.iter().all(|&wrong| wrong > 0.05));
        }
    }
}
// ANCHOR_END: i3

// ANCHOR: i4
/// From N(0, I), without z, the interpolant is a path of flow matching; and z only makes its noise
/// larger, σ² = α² + γ².
#[test]
fn i4_from_noise_it_is_flow_matching() {
    let mut rng = Rng::new(75);
    let noise = Mixture::even(vec![vec![0.0, 0.0]], 1.0);
    let (t, x) = (rng.uniform_in(&[50, 1], 0.1, 0.9), rng.normal(&[50, 2]));
    let one_sided = |blend, gamma| {
        let interpolant = Interpolant { blend, gamma };
        Between { interpolant, from: noise.clone(), to: three_modes() }
    };
    for (blend, path) in [(Blend::Linear, Path::Linear), (Blend::Trigonometric, Path::Cosine)] {
        let (p, q) = (one_sided(blend, Gamma::None), Marginal { path, data: three_modes() });
        let far = difference(&p.drift(&t, &x), &q.velocity(&t, &x));
        let log_p = difference(&p.log_density(&t, &x), &q.log_density(&t, &x));
        println!("{blend:?}: b {far:e}, ln p {log_p:e}");
        assert!(far < ROUNDING && log_p < ROUNDING);
        let noisy = one_sided(blend, Gamma::Bridge { a: 1.0 });
        assert!(difference(&noisy.drift(&t, &x), &q.velocity(&t, &x)) > 0.05);
    }
    // on the line γ² = 2 t (1 − t) fills up the noise to σ² = 1 − t², which with α = t is variance
    // preserving
    let p = one_sided(Blend::Linear, Gamma::Bridge { a: 2.0 });
    let [alpha, beta] = p.interpolant.weights(&t);
    let total = alpha.square() + p.interpolant.gamma(&t).square() + beta.square();
    assert!(difference(&total, &Tensor::ones(&[50, 1])) < ROUNDING);
}
// ANCHOR_END: i4
