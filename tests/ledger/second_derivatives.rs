//! E8 to E11: a rule that leaves a graph, products with Hessian and Jacobian, divergence and Laplacian.

use crate::{Estimate, difference};
use pushforward::chapters::second_derivatives::{divergence, hvp, jvp, laplacian, tanh, vjp};
use pushforward::derivatives;
use pushforward::nn::{Activation, Mlp};
use pushforward::random::Rng;
use pushforward::{Float, Tensor, grad, grad_graph};

const ROUNDING: f64 = 200.0 * Float::EPSILON as f64;

// ANCHOR: e8
/// tanh″ = −2 tanh (1 − tanh²), by a walk through the walk. A rule whose factor has left the graph has no second
/// derivative.
#[test]
fn e8_a_rule_in_operations_is_differentiated_again() {
    let x = Tensor::from([-1.5, -0.25, 0.5, 2.0]).variable();
    let first = grad_graph(&tanh(&x).sum(..), &[&x]).remove(0);
    let second = grad(&first.sum(..), &[&x]).remove(0);
    let y = x.detach().tanh();
    let exact = -2.0 * &y * (1.0 - y.square());
    assert!(difference(&second, &exact) < ROUNDING);

    let numbers = |g: &Tensor, _: &[Tensor], y: &Tensor, _: usize| g * (1.0 - y.square()).detach();
    let y = Tensor::custom("tanh", &[&x], |x| x[0].tanh(), numbers);
    let first = grad_graph(&y.sum(..), &[&x]).remove(0);
    assert!(!first.is_tracked());
}
// ANCHOR_END: e8

// ANCHOR: e9
/// f(x) = ln Σ exp xᵢ has the Hessian diag(p) − p pᵀ with p = softmax x. Its product with v, by two walks; the
/// product ∇f ⊙ v is another thing.
#[test]
fn e9_a_product_with_the_hessian_by_two_walks() {
    let mut rng = Rng::new(9);
    let (x, v) = (rng.normal(&[5]).variable(), rng.normal(&[5]));
    let f = |x: &Tensor| x.exp().sum(..).ln();
    let p = x.detach().exp() / x.detach().exp().sum(..);
    let exact = &p * &v - &p * (&p * &v).sum(..);
    assert!(difference(&hvp(&f, &x, &v), &exact) < ROUNDING);
    let w = rng.normal(&[5]);
    let [one, other] = [(&v, &w), (&w, &v)].map(|(a, b)| (a * hvp(&f, &x, b)).sum(..));
    assert!(difference(&one, &other) < ROUNDING);
    assert!(difference(&(grad(&f(&x), &[&x]).remove(0) * &v), &exact) > 1e-2);
}
// ANCHOR_END: e9

// ANCHOR: e10
/// J v of u(x) = tanh(A x): (1 − u²) ⊙ A v. Jᵀ v, one walk, is another vector unless A is symmetric.
#[test]
fn e10_a_product_with_the_jacobian_by_two_walks() {
    let mut rng = Rng::new(10);
    let (a, v) = (rng.normal(&[4, 4]), rng.normal(&[4, 1]));
    let x = rng.normal(&[4, 1]).variable();
    let u = |x: &Tensor| a.matmul(x).tanh();
    let slope = 1.0 - u(&x).detach().square();
    let exact = &slope * a.matmul(&v);
    assert!(difference(&jvp(&u, &x, &v), &exact) < ROUNDING);
    assert!(difference(&vjp(&u, &x, &v), &exact) > 1e-2);
}
// ANCHOR_END: e10

/// The divergence of a network by d walks is the trace of its Jacobian; the Laplacian that of its Hessian. An estimate
/// by probes has them for its mean, one by probes of unit length has not.
#[test]
fn e11_divergence_laplacian_and_their_estimate() {
    let mut rng = Rng::new(11);
    let u = Mlp::new(&[3, 16, 3], Activation::Tanh, &mut rng);
    let x = rng.normal(&[1, 3]).variable();
    let field = |x: &Tensor| u.forward(x);
    let exact = divergence(&field, &x);
    let jacobian =
        derivatives::jacobian(|x| field(&x.reshape(&[1, 3])).reshape(&[3]), &x.reshape(&[3]));
    let trace = |m: &Tensor| (0..3).map(|i| f64::from(m.data()[4 * i])).sum::<f64>();
    assert!((f64::from(exact.item()) - trace(&jacobian)).abs() < ROUNDING);

    let energy = |x: &Tensor| field(x).square().sum(1);
    let hessian = derivatives::hessian(|x| energy(&x.reshape(&[1, 3])).sum(..), &x.reshape(&[3]));
    assert!((f64::from(laplacian(&energy, &x).item()) - trace(&hessian)).abs() < ROUNDING);
    let all = hvp(&|x| energy(x).sum(..), &x, &Tensor::ones(&[1, 3])).sum(..);
    assert!((f64::from(all.item()) - trace(&hessian)).abs() > 1e-3);

    let estimates = |length: fn(&Tensor) -> Tensor, rng: &mut Rng| {
        let epsilon = rng.normal(&[4000, 3]);
        let epsilon = &epsilon / length(&epsilon);
        let points = x.detach().broadcast_to(&[4000, 3]).variable();
        let (_, traces) = derivatives::divergence_hutchinson(field, &points, &epsilon);
        Estimate::of(&crate::as_f64(&traces))
    };
    let exact = f64::from(exact.item());
    let unit: fn(&Tensor) -> Tensor = |epsilon| epsilon.square().sum(1).sqrt().reshape(&[4000, 1]);
    assert!(estimates(|_| Tensor::ones(&[1]), &mut rng).away_from(exact) < 4.0);
    assert!(estimates(unit, &mut rng).away_from(exact) > 6.0);
}
