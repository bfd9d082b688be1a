//! Stochastic interpolants: mistakes that nobody listed, and a part of what each must be told.

#[allow(dead_code)] // its `main`
#[path = "../../exercises/solutions/interpolants.rs"]
pub mod solutions;

use crate::expect;
use pushforward::chapters::interpolants::checks;
use pushforward::{Float, Tensor};

const RIGHT: checks::Answers = solutions::ANSWERS;

#[test]
fn unlisted_mistakes_of_the_points_are_diagnosed() {
    type Noise = fn(&Tensor, Float) -> (Tensor, Tensor);
    let noise: [(Noise, &str); 3] = [
        (
            |t, a| {
                let (gamma, dot) = (RIGHT.bridge_gamma)(t, a);
                (dot, gamma)
            },
            "wrong order: return (`gamma`, `gamma_dot`)",
        ),
        (
            |t, a| {
                let (gamma, dot) = (RIGHT.bridge_gamma)(t, a);
                (gamma, -dot)
            },
            "`gamma` is right.\n`gamma_dot`: Right but for the sign",
        ),
        (
            |t, a| {
                let (gamma, dot) = (RIGHT.bridge_gamma)(t, a);
                (gamma * 0.5, dot * 0.5)
            },
            "2 times too small",
        ),
    ];
    for (answer, part) in noise {
        expect(checks::bridge_gamma(answer), part);
    }
    type Point = fn(&Tensor, &Tensor, &Tensor, &Tensor, Float) -> Tensor;
    let point: [(Point, &str); 3] = [
        (|a, b, z, t, k| (RIGHT.interpolant)(a, b, &-z, t, k), "`z` replaced by −z"),
        (|a, b, z, t, k| (RIGHT.interpolant)(a, b, z, t, k) + z, "`z` too much in the sum"),
        (|a, b, z, t, k| (RIGHT.interpolant)(a, b, z, t, k).sum_keep(1), "one for each coordinate"),
    ];
    for (answer, part) in point {
        expect(checks::interpolant(answer), part);
    }
    let velocity: [(Point, &str); 3] = [
        (|a, b, z, t, k| -(RIGHT.velocity)(a, b, z, t, k), "sign, which is flipped"),
        (|a, b, z, t, k| (RIGHT.velocity)(a, b, z, t, k) - b, "`x_1` is missing"),
        (|a, b, z, t, k| (RIGHT.velocity)(a, b, z, t, k) * t, "times t"),
    ];
    for (answer, part) in velocity {
        expect(checks::velocity(answer), part);
    }
}

#[test]
fn unlisted_mistakes_of_the_fields_are_diagnosed() {
    type OfTwo = fn(&Tensor, &Tensor) -> Tensor;
    let score: [(OfTwo, &str); 3] = [
        (|eta, gamma| -(eta / gamma) * 2.0, "2 times too large"),
        (|eta, gamma| -(gamma / eta), "one over what is asked for"),
        (|eta, gamma| -(eta / gamma.mean(..)), "the mean of `gamma` over the batch"),
    ];
    for (answer, part) in score {
        expect(checks::score(answer), part);
    }
    type Step = fn(&Tensor, &Tensor, &Tensor, Float, Float, &Tensor) -> Tensor;
    let step: [(Step, &str); 3] = [
        (|b, s, x, e, h, xi| (RIGHT.sde_step)(b, s, x, e, h, xi) - x, "`x` is missing"),
        (|b, s, x, e, h, xi| (RIGHT.sde_step)(b, s, x, e, h, &-xi), "`xi` replaced by −xi"),
        (|b, s, x, e, h, xi| (RIGHT.sde_step)(b, s, x, e, -h, xi), "`b` replaced by −b"),
    ];
    for (answer, part) in step {
        expect(checks::sde_step(answer), part);
    }
    let sigma: [(OfTwo, &str); 3] = [
        (|alpha, _| alpha.clone(), "`alpha` itself"),
        (|alpha, gamma| -(RIGHT.one_sided_sigma)(alpha, gamma), "sign, which is flipped"),
        (
            |alpha, gamma| (RIGHT.one_sided_sigma)(alpha, gamma) + alpha,
            "`alpha` too much in the sum",
        ),
    ];
    for (answer, part) in sigma {
        expect(checks::one_sided_sigma(answer), part);
    }
}
