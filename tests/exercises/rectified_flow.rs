//! Rectified flow: mistakes that nobody listed, and a part of what each must be told.

#[allow(dead_code)] // its `main`
#[path = "../../exercises/solutions/rectified_flow.rs"]
pub mod solutions;

use crate::expect;
use pushforward::chapters::rectified_flow::checks::{self, Field};
use pushforward::{Float, Tensor};

const RIGHT: checks::Answers = solutions::ANSWERS;

#[test]
fn unlisted_mistakes_of_the_rounds_are_diagnosed() {
    type Pairs = fn(Field, &Tensor, usize) -> (Tensor, Tensor);
    let pairs: [(Pairs, &str); 3] = [
        (|u, x, steps| (RIGHT.reflow_pairs)(u, x, steps + 1), "one more for `steps`"),
        (
            |u, x, steps| {
                let (x_0, x_1) = (RIGHT.reflow_pairs)(u, x, steps);
                let way = &x_1 - &x_0;
                (x_0, way)
            },
            "In the sum `x_0` is missing",
        ),
        (|_, x, _| (x.detach(), x.detach()), "`x_0`, `graph` is right"),
    ];
    for (answer, part) in pairs {
        expect(checks::reflow_pairs(answer), part);
    }
    type Step = fn(Field, &Tensor) -> Tensor;
    fn at_0(x: &Tensor) -> Tensor {
        Tensor::zeros(&[x.shape()[0], 1])
    }
    let step: [(Step, &str); 3] = [
        (|u, x| x * 2.0 + u(&at_0(x), x), "`x_0` too much in the sum"),
        (|u, x| x + u(&Tensor::scalar(0.0), x), "panicked in a function that it was given"),
        (|_, x| x.clone(), "`x_0` itself"),
    ];
    for (answer, part) in step {
        expect(checks::one_step(answer), part);
    }
    type Loss = fn(Field, &Tensor, &Tensor) -> Tensor;
    let loss: [(Loss, &str); 3] = [
        (|u, a, b| (RIGHT.distillation_loss)(u, a, b) * 0.5, "2 times too small"),
        (
            |u, a, b| Tensor::scalar((RIGHT.distillation_loss)(u, a, b).item()),
            "do not differentiate",
        ),
        (
            |u, a, b| (u(&at_0(a), a) - (b - a)).square().sum(1).mean(..),
            "by the number of coordinates",
        ),
    ];
    for (answer, part) in loss {
        expect(checks::distillation_loss(answer), part);
    }
}

#[test]
fn unlisted_mistakes_of_the_measures_are_diagnosed() {
    type Cost = fn(&Tensor, &Tensor) -> Tensor;
    let cost: [(Cost, &str); 3] = [
        (|a, b| (b - a).square().sum(1), "should have []"),
        (|a, b| (b - a).square().sum(1).mean(..) * 0.5, "2 times too small"),
        (|_, b| b.square().sum(1).mean(..), "`x_0` left out"),
    ];
    for (answer, part) in cost {
        expect(checks::transport_cost(answer), part);
    }
    type States = fn(&Tensor) -> Tensor;
    let straightness: [(States, &str); 3] = [
        (|z| (RIGHT.straightness)(z) * 2.0, "times too large"),
        (|z| -(RIGHT.straightness)(z), "sign, which is flipped"),
        (|z| (RIGHT.straightness)(z).reshape(&[1]), "should have []"),
    ];
    for (answer, part) in straightness {
        expect(checks::straightness(answer), part);
    }
    type Turn = fn(&Tensor, Float, Float) -> Tensor;
    let turn: [(Turn, &str); 3] = [
        (|x, t, a| -(RIGHT.rotation_velocity)(x, t, a), "sign, which is flipped"),
        (|x, t, a| (RIGHT.rotation_velocity)(x, 1.0 - t, a), "1 − t"),
        (|x, t, a| (RIGHT.rotation_velocity)(x, t, a) + x, "`x` too much in the sum"),
    ];
    for (answer, part) in turn {
        expect(checks::rotation_velocity(answer), part);
    }
}
