//! Stochastic equations: mistakes that nobody listed, and a part of what each must be told.

#[allow(dead_code)] // its `main`
#[path = "../../exercises/solutions/sdes.rs"]
pub mod solutions;

use crate::expect;
use pushforward::chapters::flow_matching::path::Path;
use pushforward::chapters::sdes::checks::{self, Drift, Ito, Langevin, Moment, Noising, Step};
use pushforward::chapters::sdes::{self as chapter, noising};
use pushforward::random::Rng;
use pushforward::sde::Method;
use pushforward::{Float, Tensor};
use solutions::ANSWERS;

fn close(a: &Tensor, b: &Tensor) {
    assert!(a.is_close(&b.detach(), 1e-4, 1e-4), "{a}\n{b}");
}

/// The solutions do what the engine and the chapter do.
#[test]
fn the_sde_solutions_are_the_chapters_functions() {
    let mut rng = Rng::new(241);
    let [x, z, s] = [(); 3].map(|()| rng.normal(&[4, 2]));
    let (u, g) = (|t: Float, x: &Tensor| x.sin() + t, |_: Float, x: &Tensor| x * 0.3 + 1.0);
    let h: Float = 0.09;
    let step = Method::EulerMaruyama.step(u, g, 0.5, &x, h, &(&z * h.sqrt()));
    close(&(ANSWERS.euler_maruyama_step)(&u, &g, 0.5, &x, h, &z), &step);
    let langevin = chapter::langevin_step(&x, &s, 0.7, h, &z);
    close(&(ANSWERS.langevin_step)(&x, &s, 0.7, h, &z), &langevin);
    for (_, path) in Path::ALL {
        let t = Tensor::from([[0.4]]);
        let [alpha, alpha_dot] = [path.alpha(&t), path.alpha_dot(&t)];
        let [sigma, sigma_dot] = [path.sigma(&t), path.sigma_dot(&t)];
        let (a, g_squared) = (ANSWERS.noising)(&alpha, &alpha_dot, &sigma, &sigma_dot);
        let equation = noising(&path, 0.6);
        close(&a, &Tensor::from([[equation[0]]]));
        close(&g_squared, &Tensor::from([[equation[1]]]));
        let reverse = (ANSWERS.reverse_drift)(&x, &s, &a, &g_squared);
        close(&reverse, &chapter::reverse_drift(&x, &s, equation));
        let flow = (ANSWERS.probability_flow)(&x, &s, &a, &g_squared);
        close(&flow, &chapter::probability_flow(&x, &s, equation));
    }
    let (mean, variance) = chapter::ornstein_uhlenbeck(2.0, 0.5, 1.5, 0.75);
    let (ours, width) = (ANSWERS.ornstein_uhlenbeck)(&Tensor::from([2.0]), 0.5, 1.5, 0.75);
    close(&Tensor::concat(&[&ours, &width], 0), &Tensor::from([mean as Float, variance as Float]));
}

type Field<'a> = checks::Field<'a>;

#[test]
fn unlisted_mistakes_of_motion_are_diagnosed() {
    type Path = fn(&Tensor, Float) -> Tensor;
    let path: [(Path, &str); 3] = [
        (|z, h| (ANSWERS.brownian_path)(&-z, h), "sign"),
        (|z, h| (ANSWERS.brownian_path)(z, h) * 2.0, "2 times too large"),
        (|z, h| (ANSWERS.brownian_path)(z, h).sum(1), "has shape"),
    ];
    for (answer, part) in path {
        expect(checks::brownian_path(answer), part);
    }
    type OfOne = fn(&Tensor) -> Tensor;
    let variation: [(OfOne, &str); 3] = [
        (|w| (ANSWERS.quadratic_variation)(w) * 2.0, "2 times too large"),
        (|w| -(ANSWERS.quadratic_variation)(w), "sign"),
        (|w| (ANSWERS.quadratic_variation)(w).sum(..), "has shape"),
    ];
    for (answer, part) in variation {
        expect(checks::quadratic_variation(answer), part);
    }
    let step: [(Step, &str); 3] = [
        (
            |u, g, t, x, h, z| (ANSWERS.euler_maruyama_step)(u, g, t, x, h, &-z),
            "`z` replaced by −z",
        ),
        (|u: Field, g, t, x, h, z| (ANSWERS.euler_maruyama_step)(u, g, t, z, h, x), "exchanged"),
        (|u, g, t, x, h, z| (ANSWERS.euler_maruyama_step)(u, g, t, x, h, z).sum(1), "has shape"),
    ];
    for (answer, part) in step {
        expect(checks::euler_maruyama_step(answer), part);
    }
    let ito: [(Ito, &str); 3] = [
        (|u, g, s, b| (ANSWERS.ito_drift)(u, g, b, s), "`slope` and `bend` were exchanged"),
        (|u, g, s, b| (ANSWERS.ito_drift)(g, u, s, b), "`u` and `g` were exchanged"),
        (|u, g, s, b| (ANSWERS.ito_drift)(u, g, s, b) * -1.0, "sign"),
    ];
    for (answer, part) in ito {
        expect(checks::ito_drift(answer), part);
    }
    type Law = fn(&Tensor, Float, Float, Float) -> (Tensor, Tensor);
    let law: [(Law, &str); 3] = [
        (
            |x, a, b, t| (ANSWERS.ornstein_uhlenbeck)(x, b, a, t),
            "`theta` and `sigma` were exchanged",
        ),
        (|x, a, b, t| (ANSWERS.ornstein_uhlenbeck)(&-x, a, b, t), "sign"),
        (
            |x, a, b, t| {
                let (mean, variance) = (ANSWERS.ornstein_uhlenbeck)(x, a, b, t);
                (variance, mean)
            },
            "in the wrong order",
        ),
    ];
    for (answer, part) in law {
        expect(checks::ornstein_uhlenbeck(answer), part);
    }
}

#[test]
fn unlisted_mistakes_of_laws_are_diagnosed() {
    let langevin: [(Langevin, &str); 3] = [
        (|x, s, a, h, z| (ANSWERS.langevin_step)(x, z, a, h, s), "`s` and `z` were exchanged"),
        (|x, s, a, h, z| (ANSWERS.langevin_step)(x, s, h, a, z), "`sigma` and `h` were exchanged"),
        (|x, s, a, h, z| (ANSWERS.langevin_step)(&-x, s, a, h, z), "twice `x` is missing"),
    ];
    for (answer, part) in langevin {
        expect(checks::langevin_step(answer), part);
    }
    type Rate = fn(&Moment, Float) -> Tensor;
    let rate: [(Rate, &str); 3] = [
        (|m, a| -(ANSWERS.fokker_planck_rate)(m, a), "sign"),
        (|m, a| (ANSWERS.fokker_planck_rate)(m, a).sum(..), "has shape"),
        (|m, a| (ANSWERS.fokker_planck_rate)(m, a) * 2.0, "2 times too large"),
    ];
    for (answer, part) in rate {
        expect(checks::fokker_planck_rate(answer), part);
    }
    type Extended = fn(&Tensor, &Tensor, &Tensor, &Tensor, Float) -> Tensor;
    let extended: [(Extended, &str); 3] = [
        (|u, x, m, s, a| (ANSWERS.extended_drift)(x, u, m, s, a), "`u` and `x` were exchanged"),
        (|u, x, m, s, a| (ANSWERS.extended_drift)(u, x, &-m, s, a), "`mean` replaced by −mean"),
        (|u, x, m, s, a| (ANSWERS.extended_drift)(&-u, x, m, s, a), "twice `u` is missing"),
    ];
    for (answer, part) in extended {
        expect(checks::extended_drift(answer), part);
    }
}

#[test]
fn unlisted_mistakes_of_reverse_time_are_diagnosed() {
    let noising: [(Noising, &str); 3] = [
        (|a, b, s, r| (ANSWERS.noising)(s, r, a, b), "exchanged"),
        (
            |a, b, s, r| {
                let (first, second) = (ANSWERS.noising)(a, b, s, r);
                (second, first)
            },
            "in the wrong order",
        ),
        (|a, b, s, r| (ANSWERS.noising)(a, b, s, &-r), "`sigma` replaced by −sigma"),
    ];
    for (answer, part) in noising {
        expect(checks::noising(answer), part);
    }
    let drift: [(Drift, &str); 3] = [
        (|x, s, a, g| (ANSWERS.reverse_drift)(s, x, a, g), "`x` and `score` were exchanged"),
        (|x, s, a, g| (ANSWERS.reverse_drift)(x, s, g, a), "`a` and `g_squared` were exchanged"),
        (|x, s, a, g| (ANSWERS.reverse_drift)(x, s, a, g).sum(1), "has shape"),
    ];
    for (answer, part) in drift {
        expect(checks::reverse_drift(answer), part);
    }
    let flow: [(Drift, &str); 3] = [
        (|x, s, a, g| (ANSWERS.probability_flow)(s, x, a, g), "`x` and `score` were exchanged"),
        (|x, s, a, g| (ANSWERS.probability_flow)(x, s, g, a), "`a` and `g_squared` were exchanged"),
        (|x, s, a, g| (ANSWERS.probability_flow)(x, s, a, g) * 2.0, "2 times too large"),
    ];
    for (answer, part) in flow {
        expect(checks::probability_flow(answer), part);
    }
}
