//! Stochastic equations: what must hold of the solver whatever it is used for. Laws and orders are in
//! the ledger.

use pushforward::random::Rng;
use pushforward::sde::{Brownian, Method};
use pushforward::{Float, Tensor, ode, sde};

fn u(t: Float, x: &Tensor) -> Tensor {
    x.sin() * (1.0 + t)
}

/// Without noise the equation is ordinary, and the method is Euler's, to the bit, forwards and back.
#[test]
fn without_noise_it_is_eulers_method() {
    let x = Rng::new(0).normal(&[5, 2]);
    let none = |_: Float, _: &Tensor| Tensor::scalar(0.0);
    for time in [0.0..1.0, 1.0..0.0] {
        let ours = sde::solve(u, none, &x, time.clone(), 7, &mut Rng::new(1));
        let euler = ode::solve(u, &x, time, 7, &ode::EULER);
        assert_eq!(ours.data(), euler.data());
    }
}

/// A path given beforehand and the same noise drawn on the way lead to the same place.
#[test]
fn noise_drawn_on_the_way_is_a_brownian_path() {
    let x = Tensor::ones(&[3]);
    let g = |t: Float, x: &Tensor| x * 0.5 + t;
    let w = Brownian::new(&[3], 1.0, 8, &mut Rng::new(2));
    let along = sde::solve_along(u, g, &x, &w, Method::EulerMaruyama);
    let drawn = sde::solve(u, g, &x, 0.0..1.0, 8, &mut Rng::new(2));
    for (a, b) in along.data().iter().zip(drawn.data()) {
        assert!((a - b).abs() < 1e-5, "{a} and {b}");
    }
}

#[test]
fn a_coarser_path_goes_through_the_same_places() {
    let w = Brownian::new(&[4], 2.0, 12, &mut Rng::new(3));
    let (fine, coarse) = (w.path(), w.coarser(3).path());
    assert_eq!((fine.len(), coarse.len()), (13, 5));
    for (i, place) in coarse.iter().enumerate() {
        let difference = (place - &fine[3 * i]).abs().max(..).item();
        assert!(difference < 1e-5, "at {i}: {difference}");
    }
}

/// With noise that does not depend on the place Milstein's method is that of Euler and Maruyama.
#[test]
fn milstein_differs_only_where_the_noise_depends_on_the_place() {
    let (x, dw) = (Rng::new(4).normal(&[6]), Rng::new(5).normal(&[6]) * 0.1);
    let constant = |_: Float, _: &Tensor| Tensor::scalar(0.7);
    let step = |method: Method, g: &dyn Fn(Float, &Tensor) -> Tensor| {
        method.step(u, g, 0.3, &x, 0.01, &dw)
    };
    let [euler, milstein] = [Method::EulerMaruyama, Method::Milstein].map(|m| step(m, &constant));
    assert_eq!(euler.data(), milstein.data());
    let growing = |_: Float, x: &Tensor| x * 0.7;
    let [euler, milstein] = [Method::EulerMaruyama, Method::Milstein].map(|m| step(m, &growing));
    let expected = &x * (0.5 * 0.7 * 0.7) * (dw.square() - 0.01);
    let missing = (milstein - euler - expected).abs().max(..).item();
    assert!(missing < 1e-6, "{missing}");
}

#[test]
#[should_panic(expected = "u(t, x) [1]")]
fn a_drift_of_another_shape_is_named() {
    let short = |_: Float, _: &Tensor| Tensor::zeros(&[1]);
    sde::solve(
        short,
        |_, _| Tensor::scalar(1.0),
        &Tensor::ones(&[2]),
        0.0..1.0,
        1,
        &mut Rng::new(0),
    );
}
