//! Continuous flows: mistakes that nobody listed, and a part of what each must be told.

#[allow(dead_code)] // its `main`
#[path = "../../exercises/solutions/continuous_flows.rs"]
pub mod solutions;

use crate::expect;
use pushforward::chapters::continuous_flows::checks::{self, Family, Field, Gradient, Map};
use pushforward::derivatives::vjp;
use pushforward::{Float, Tensor};

use solutions::ANSWERS as RIGHT;

#[test]
fn unlisted_mistakes_of_the_boxes_are_diagnosed() {
    type Scaling = fn(&Tensor, Float, Float) -> Tensor;
    let scaling: [(Scaling, &str); 4] = [
        (|x, a, t| (RIGHT.scaling_log_density)(x, a, t).exp(), "the exponential of what"),
        (|x, a, t| (RIGHT.scaling_log_density)(x, a, 1.0 - t), "`t` replaced by 1 − t"),
        (
            |x, a, t| (RIGHT.scaling_log_density)(x, a, t).reshape(&[x.shape()[0], 1]),
            "The shape is wrong",
        ),
        (|x, a, t| (RIGHT.scaling_log_density)(x, t, t) + a * 0.0, "does not depend on `rate`"),
    ];
    for (answer, part) in scaling {
        expect(checks::scaling_log_density(answer), part);
    }
    type Outflow = fn(Map, &Tensor, Float) -> Tensor;
    let outflow: [(Outflow, &str); 4] = [
        (|u, x, h| (RIGHT.outflow)(u, x, h) * h * h, "times h²"),
        (|u, x, h| (RIGHT.outflow)(u, x, h * 0.5), "`h` replaced by h/2"),
        (|u, x, _| (RIGHT.divergence)(u, &x.variable()).detach(), "does not depend on `h`"),
        (|u, x, h| (RIGHT.outflow)(u, x, h).sum(..), "One number for the whole batch"),
    ];
    for (answer, part) in outflow {
        expect(checks::outflow(answer), part);
    }
    type Divergence = fn(Map, &Tensor) -> Tensor;
    let divergence: [(Divergence, &str); 4] = [
        (|u, x| (RIGHT.divergence)(u, x).detach(), "do not differentiate"),
        (|u, x| (RIGHT.divergence)(u, x).square(), "a root is missing"),
        (|u, x| (RIGHT.divergence)(u, x).sum(..), "One number for the whole batch"),
        (|u, x| (RIGHT.outflow)(u, x, 0.2).detach() + x.sum(1) * 0.0, "Nearly right"),
    ];
    for (answer, part) in divergence {
        expect(checks::divergence(answer), part);
    }
    type Drift = fn(Field, Field, &Tensor, &Tensor) -> Tensor;
    let drift: [(Drift, &str); 3] = [
        (|p, u, t, x| -(RIGHT.material_derivative)(p, u, t, x), "sign, which is flipped"),
        (
            |p, u, t, x| (RIGHT.material_derivative)(p, u, t, x).reshape(&[x.shape()[0], 1]),
            "The shape is wrong",
        ),
        (|p, u, t, x| (RIGHT.material_derivative)(p, u, t, &(x * 2.0)), "`x` replaced by 2 x"),
    ];
    for (answer, part) in drift {
        expect(checks::material_derivative(answer), part);
    }
}

#[test]
fn unlisted_mistakes_of_the_densities_are_diagnosed() {
    type Augmented = fn(Field, &Tensor, &Tensor) -> Tensor;
    let augmented: [(Augmented, &str); 4] = [
        (|u, t, z| (RIGHT.augmented)(u, t, z).detach(), "do not differentiate"),
        (|u, t, z| (RIGHT.augmented)(u, &(1.0 - t), z), "`t` replaced by 1 − t"),
        (
            |u, t, z| {
                let d = z.shape()[1] - 1;
                u(t, &z.slice(1, 0..d))
            },
            "The shape is wrong",
        ),
        (|u, t, z| -(RIGHT.augmented)(u, t, z), "sign, which is flipped"),
    ];
    for (answer, part) in augmented {
        expect(checks::augmented(answer), part);
    }
    type LogDensity = fn(Field, &Tensor, usize) -> Tensor;
    let log_density: [(LogDensity, &str); 5] = [
        (|u, x, steps| (RIGHT.log_density)(u, x, steps).detach(), "do not differentiate"),
        (|u, x, steps| (RIGHT.log_density)(u, x, steps + 1), "one more for `steps`"),
        (|u, x, steps| (RIGHT.log_density)(u, x, steps).mean(..), "One number for the whole batch"),
        (|u, x, steps| (RIGHT.log_density)(u, x, steps).exp(), "the exponential of what"),
        (
            |u, x, steps| {
                let still = |t: &Tensor, x: &Tensor| u(&(t * 0.0), x);
                (RIGHT.log_density)(&still, x, steps)
            },
            "The simplest input on which it differs",
        ),
    ];
    for (answer, part) in log_density {
        expect(checks::log_density(answer), part);
    }
    type Sample = fn(Field, &Tensor, usize) -> (Tensor, Tensor);
    let sample: [(Sample, &str); 4] = [
        (
            |u, x, steps| {
                let (x, log_p) = (RIGHT.sample_with_density)(u, x, steps);
                (x, -log_p)
            },
            "`x_1` is right.\n`ln p_1`: Right but for the sign",
        ),
        (
            |u, x, steps| {
                let (_, log_p) = (RIGHT.sample_with_density)(u, x, steps);
                (x.clone(), log_p)
            },
            "`x_0` itself",
        ),
        (|u, x, steps| (RIGHT.sample_with_density)(u, x, steps + 1), "one more for `steps`"),
        (
            |u, x, steps| {
                let (x, log_p) = (RIGHT.sample_with_density)(u, x, steps);
                (x, log_p.exp())
            },
            "the exponential of what",
        ),
    ];
    for (answer, part) in sample {
        expect(checks::sample_with_density(answer), part);
    }
    let nll: [(LogDensity, &str); 4] = [
        (|u, x, steps| (RIGHT.nll)(u, x, steps).detach(), "do not differentiate"),
        (|u, x, steps| (RIGHT.nll)(u, x, steps) * 2.0, "times too large"),
        (|u, x, steps| (RIGHT.nll)(u, x, 2 * steps), "The simplest input on which"),
        (|u, x, steps| (RIGHT.log_density)(u, x, steps), "The shape is wrong"),
    ];
    for (answer, part) in nll {
        expect(checks::nll(answer), part);
    }
}

#[test]
fn unlisted_mistakes_of_the_probes_are_diagnosed() {
    type Hutchinson = fn(Map, &Tensor, &Tensor) -> Tensor;
    let hutchinson: [(Hutchinson, &str); 4] = [
        (|u, x, e| (vjp(u, x, e).1 * e).sum(..), "One number for the whole batch"),
        (|u, x, e| (vjp(u, x, e).1 * e).sum(1).detach(), "do not differentiate"),
        (|u, x, e| -(RIGHT.hutchinson)(u, x, e), "sign, which is flipped"),
        (|u, x, _| (RIGHT.divergence)(u, x), "does not depend on `epsilon`"),
    ];
    for (answer, part) in hutchinson {
        expect(checks::hutchinson(answer), part);
    }
    type Variance = fn(&Tensor) -> (Tensor, Tensor);
    let variance: [(Variance, &str); 3] = [
        (
            |a| {
                let (signs, normal) = (RIGHT.hutchinson_variance)(a);
                (signs.sqrt(), normal.sqrt())
            },
            "a square is missing",
        ),
        (
            |a| {
                let (signs, normal) = (RIGHT.hutchinson_variance)(a);
                (signs, normal * 2.0)
            },
            "`Rademacher` is right.\n`Gaussian`: Right but for a constant factor",
        ),
        (|a| (RIGHT.hutchinson_variance)(&(a * 2.0)), "4 times too large"),
    ];
    for (answer, part) in variance {
        expect(checks::hutchinson_variance(answer), part);
    }
    type Estimated = fn(Field, &Tensor, &Tensor, usize) -> Tensor;
    let estimated: [(Estimated, &str); 4] = [
        (|u, x, _, steps| (RIGHT.log_density)(u, x, steps), "does not depend on `probes`"),
        (
            |u, x, probes, steps| (RIGHT.estimated_log_density)(u, x, probes, steps + 1),
            "one more for `steps`",
        ),
        (
            |u, x, probes, steps| (RIGHT.estimated_log_density)(u, x, &(probes * 2.0), steps),
            "`probes` replaced by 2 probes",
        ),
        (
            |u, x, probes, steps| (RIGHT.estimated_log_density)(u, x, probes, steps).exp(),
            "the exponential of what",
        ),
    ];
    for (answer, part) in estimated {
        expect(checks::estimated_log_density(answer), part);
    }
}

#[test]
fn unlisted_mistakes_of_the_gradients_are_diagnosed() {
    type Slopes = fn(Field, &Tensor, &Tensor, &Tensor) -> (Tensor, Tensor);
    let slopes: [(Slopes, &str); 4] = [
        (
            |u, t, x, a| {
                let (x, a) = (RIGHT.adjoint_slopes)(u, t, x, a);
                (a, x)
            },
            "wrong order",
        ),
        (|u, t, x, a| (RIGHT.adjoint_slopes)(u, &(1.0 - t), x, a), "`t` replaced by 1 − t"),
        (
            |u, t, x, a| ((RIGHT.adjoint_slopes)(u, t, x, a).0, a.clone()),
            "`dx/dt` is right.\n`da/dt`: What comes out is `a` itself",
        ),
        (
            |u, t, x, a| {
                let (u_x, product) = vjp(|x| u(t, x), x, a);
                (u_x, -product - a)
            },
            "In the sum `a` is missing",
        ),
    ];
    for (answer, part) in slopes {
        expect(checks::adjoint_slopes(answer), part);
    }
    let gradient: [(Gradient, &str); 4] = [
        (
            |u, theta, x, a, steps| {
                let (a_0, g) = (RIGHT.adjoint_gradient)(u, theta, x, a, steps);
                (a_0 * 2.0, g)
            },
            "`dL/dtheta` is right",
        ),
        (
            |u, theta, x, a, steps| (RIGHT.adjoint_gradient)(u, theta, x, a, steps + 1),
            "one more for `steps`",
        ),
        (
            |u, theta, x, a, steps| {
                (RIGHT.adjoint_gradient)(u, theta, x, &Tensor::ones(a.shape()), steps)
            },
            "1 in the place of `a_1`",
        ),
        (
            |u, theta, x, a, steps| {
                let reversed = |t: &Tensor, x: &Tensor, theta: &Tensor| u(&(1.0 - t), x, theta);
                let reversed: Family = &reversed;
                (RIGHT.adjoint_gradient)(reversed, theta, x, a, steps)
            },
            "Right for: u = θ x on the line",
        ),
    ];
    for (answer, part) in gradient {
        expect(checks::adjoint_gradient(answer), part);
    }
}

/// Exercise 13 is what back-propagation through many steps gives, and exercise 6 what a law that is
/// known has.
#[test]
fn the_solutions_belong_together() {
    let (theta, x_0) = (Tensor::from([0.5]).variable(), Tensor::from([[1.5]]).variable());
    let steps = 200;
    let field = |_t: Float, x: &Tensor| (&theta * x).tanh();
    let x_1 = pushforward::ode::solve(field, &x_0, 0.0..1.0, steps, &pushforward::ode::MIDPOINT);
    let slopes = pushforward::grad(&x_1.sum(..), &[&x_0, &theta]);
    let family = |_: &Tensor, x: &Tensor, theta: &Tensor| (theta * x).tanh();
    let (x_1, one, theta) = (x_1.detach(), Tensor::ones(&[1, 1]), theta.detach());
    let (a_0, g) = (RIGHT.adjoint_gradient)(&family, &theta, &x_1, &one, steps);
    assert!((a_0.item() - slopes[0].item()).abs() < 1e-4, "{a_0:?} {slopes:?}");
    assert!((g.item() - slopes[1].item()).abs() < 1e-4, "{g:?} {slopes:?}");

    let x = Tensor::from([[0.5, -1.0], [2.0, 0.25]]);
    let known = (RIGHT.scaling_log_density)(&x, 0.75, 1.0);
    let scaling = |_: &Tensor, x: &Tensor| x * 0.75;
    let solved = (RIGHT.log_density)(&scaling, &x, steps);
    assert!(solved.is_close(&known, 1e-4, 1e-4), "{solved:?} {known:?}");
}
