//! Flow matching: mistakes that nobody listed, and a part of what each must be told.

#[allow(dead_code)] // its `main`
#[path = "../../exercises/solutions/flow_matching.rs"]
pub mod solutions;

use crate::expect;
use pushforward::chapters::flow_matching::checks::{self, Field, Schedule, Schedules};
use pushforward::chapters::flow_matching::path::Path;
use pushforward::{Float, Tensor, ode};

/// α_t and σ_t of the exercise are those of the chapter's path.
#[test]
fn the_ddpm_solution_is_the_path_that_preserves_variance() {
    let path = Path::VariancePreserving { beta: [0.1, 20.0] };
    let alpha_bar = |s: Float| libm::exp(f64::from(-0.1 * s - 9.95 * s * s)) as Float;
    for t in [0.1, 0.5, 0.9] {
        let (alpha, sigma) = (solutions::ANSWERS.ddpm_schedule)(&alpha_bar, t);
        let t = Tensor::scalar(t);
        assert!((alpha - path.alpha(&t).item()).abs() < 1e-6);
        assert!((sigma - path.sigma(&t).item()).abs() < 1e-6);
    }
}

#[test]
fn unlisted_mistakes_of_the_paths_are_diagnosed() {
    type OfThree = fn(&Tensor, &Tensor, &Tensor) -> Tensor;
    let linear: [(OfThree, &str); 8] = [
        (|x_0, x_1, t| -((1.0 - t) * x_0 + t * x_1), "sign, which is flipped everywhere"),
        (|x_0, x_1, t| ((1.0 - t) * x_0 + t * x_1) * 0.5, "2 times too small"),
        (|x_0, x_1, t| (1.0 - t) * x_0 + t * x_1 + 1.0, "plus 1"),
        (|x_0, x_1, t| (1.0 - t) * x_0 + t.square() * x_1, "With `x_1` set to 0 it is right"),
        (|x_0, x_1, t| ((1.0 - t) * x_0 + t * x_1).mean(..), "One number for the whole batch"),
        (|x_0, x_1, t| ((1.0 - t) * x_0 + t * x_1).sum_keep(1), "one for each coordinate"),
        (|_, x_1, _| x_1.clone(), "`x_1` itself"),
        (|x_0, x_1, t| ((1.0 - t) * x_0 + t * x_1).flip(0), "in another order"),
    ];
    for (answer, part) in linear {
        expect(checks::linear_path(answer), part);
    }
    let conditional: [(OfThree, &str); 4] = [
        (|x, x_1, t| (x - x_1) / t, "two mistakes at once"),
        (|x, x_1, t| (x_1 - x) / (1.0 - t.mean(..)), "the mean of `t` over the batch"),
        (|x, x_1, t| ((x_1 - x) / (1.0 - t)).reshape(&[x.len()]), "has shape"),
        (|x, x_1, t| (x_1 - x) / (1.0 - t).sqrt(), "times √(1 − t)"),
    ];
    for (answer, part) in conditional {
        expect(checks::conditional_velocity(answer), part);
    }
    type Gaussian = fn(&Tensor, &Tensor, &Schedules) -> Tensor;
    let gaussian: [(Gaussian, &str); 6] = [
        (
            |x, x_1, s| (solutions::ANSWERS.gaussian_velocity)(x, x_1, s) / &s.sigma,
            "multiply by sigma",
        ),
        (
            |x, x_1, s| &s.sigma_dot / &s.sigma * (x - &s.alpha * x_1) - &s.alpha_dot * x_1,
            "−alpha_dot",
        ),
        (
            |x, x_1, s| &s.sigma / &s.sigma_dot * (x - &s.alpha * x_1) + &s.alpha_dot * x_1,
            "exchanged",
        ),
        (
            |x, x_1, s| &s.sigma_dot / &s.sigma * (x - &s.alpha * x_1) + x_1,
            "1 in the place of `alpha_dot`",
        ),
        (|x, _, s| &s.sigma_dot / &s.sigma * x, "`x_1` left out"),
        (
            |x, x_1, s| &s.sigma_dot / &s.sigma * (x - &s.alpha * x_1) + &s.alpha_dot,
            "With `alpha_dot` set to 0 it is right",
        ),
    ];
    for (answer, part) in gaussian {
        expect(checks::gaussian_velocity(answer), part);
    }
    type Transport = fn(&Tensor, &Tensor, &Tensor, Float) -> (Tensor, Tensor);
    let transport: [(Transport, &str); 3] = [
        (
            |x_0, x_1, t, min| {
                let sigma = 1.0 - t * (1.0 - min);
                (x_1 - x_0 * (1.0 - min), sigma * x_0 + t * x_1)
            },
            "wrong order: return (`x_t`, `u_t`)",
        ),
        (
            |x_0, x_1, t, min| {
                let sigma = 1.0 - t * (1.0 - min);
                (sigma * x_0 + t * x_1, x_0 * (1.0 - min) - x_1)
            },
            "`x_t` is right.\n`u_t`: Right but for the sign",
        ),
        (
            |x_0, x_1, t, min| {
                let sigma = t * (1.0 - min) + min;
                (sigma * x_0 + t * x_1, x_1 - x_0 * (1.0 - min))
            },
            "`u_t` is right",
        ),
    ];
    for (answer, part) in transport {
        expect(checks::optimal_transport(answer), part);
    }
    type Ddpm = fn(Schedule, Float) -> (Float, Float);
    let ddpm: [(Ddpm, &str); 3] = [
        (|a, t| ((1.0 - a(1.0 - t)).sqrt(), a(1.0 - t).sqrt()), "wrong order"),
        (|a, t| (a(1.0 - t), 1.0 - a(1.0 - t)), "the square of what is asked for"),
        (
            |a, t| (-a(1.0 - t).sqrt(), (1.0 - a(1.0 - t)).sqrt()),
            "`alpha_t`: Right but for the sign",
        ),
    ];
    for (answer, part) in ddpm {
        expect(checks::ddpm_schedule(answer), part);
    }
    type Exploding = fn(&Tensor, &Tensor, &Tensor, Float, Float) -> (Tensor, Tensor);
    fn sigma(t: &Tensor, min: Float, max: Float) -> Tensor {
        ((1.0 - t) * Tensor::scalar(max / min).ln()).exp() * min
    }
    let exploding: [(Exploding, &str); 3] = [
        (|x_0, x_1, t, a, b| (x_0 * b * b, x_1 + sigma(t, a, b) * x_0), "times sigma_max"),
        (|x_0, _, t, a, b| (x_0 * b, sigma(t, a, b) * x_0), "In the sum `x_1` is missing"),
        (|x_0, x_1, t, a, b| (x_0 * b, x_1 - sigma(t, a, b) * x_0), "`x_0` replaced by −x_0"),
    ];
    for (answer, part) in exploding {
        expect(checks::exploding_start(answer), part);
    }
}

/// t `[n, 1, 1]`, x `[n, 1, d]`, data `[1, k, d]` and the right weights `[n, k, 1]`.
fn stacked(t: &Tensor, x: &Tensor, data: &Tensor) -> [Tensor; 4] {
    let [n, k, d] = [x.shape()[0], data.shape()[0], x.shape()[1]];
    let (t, x) = (t.reshape(&[n, 1, 1]), x.reshape(&[n, 1, d]));
    let data = data.reshape(&[1, k, d]);
    let squares = (&x - &t * &data).square().sum_keep(2);
    let logits = -squares / ((1.0 - &t).square() * 2.0);
    [t, x, data, logits]
}

#[test]
fn unlisted_mistakes_of_the_fields_are_diagnosed() {
    type Marginal = fn(&Tensor, &Tensor, &Tensor) -> Tensor;
    let marginal: [(Marginal, &str); 5] = [
        (
            |t, x, data| {
                let [t, x, data, logits] = stacked(t, x, data);
                let weights = logits.exp();
                (&weights * (data - x) / (1.0 - t)).sum(1) / weights.sum(1)
            },
            "not finite",
        ),
        (
            |t, x, data| {
                let [t, x, data, logits] = stacked(t, x, data);
                (logits.softmax(1) * (data - x) / (1.0 - t)).sum(1).detach()
            },
            "do not differentiate",
        ),
        (
            |t, x, data| {
                let [_, _, data, logits] = stacked(t, x, data);
                (logits.softmax(1) * data).sum(1)
            },
            "`x` too much in the sum",
        ),
        (
            |t, x, data| {
                let [t, x, data, logits] = stacked(t, x, data);
                (logits.softmax(1) * (data - x) / (1.0 - t)).sum(2)
            },
            "The shape is wrong",
        ),
        (|t, x, data| (data.mean_keep(0) - x) * (1.0 - t), "two mistakes at once"),
    ];
    for (answer, part) in marginal {
        expect(checks::marginal_velocity(answer), part);
    }
    type Residual = fn(Field, Field, &Tensor, &Tensor) -> Tensor;
    let residual: [(Residual, &str); 4] = [
        (
            |log_p, u, t, x| (solutions::ANSWERS.continuity_residual)(log_p, u, t, x).sum(1),
            "keep the axis",
        ),
        (
            |log_p, u, t, x| -(solutions::ANSWERS.continuity_residual)(log_p, u, t, x),
            "sign, which is flipped",
        ),
        (
            // p for ln p
            |log_p, u, t, x| {
                let p = |t: &Tensor, x: &Tensor| log_p(t, x).exp();
                (solutions::ANSWERS.continuity_residual)(&p, u, t, x)
            },
            "The simplest input on which it differs",
        ),
        (
            |log_p, u, t, x| {
                // a one-sided difference for ∂ₜ
                let (h, now) = (1e-3, t);
                let frozen = |t: &Tensor, x: &Tensor| log_p(now, x) + t * 0.0;
                let rest = (solutions::ANSWERS.continuity_residual)(&frozen, u, t, x);
                (log_p(&(t + h), x) - log_p(t, x)) / h + rest
            },
            "Nearly right",
        ),
    ];
    for (answer, part) in residual {
        expect(checks::continuity_residual(answer), part);
    }
    type Constant = fn(&Tensor, &Tensor) -> Tensor;
    let constant: [(Constant, &str); 4] = [
        (|a, b| a.square().sum(1) - b.square().sum(1), "should have []"),
        (|a, b| ((a.square() - b.square()) * 0.5).sum(1).mean(..), "2 times too small"),
        (|a, _| a.square().sum(1).mean(..), "`conditional` left out"),
        (|a, b| (b.square() - a.square()).mean(..), "two mistakes at once"),
    ];
    for (answer, part) in constant {
        expect(checks::theorem_2_constant(answer), part);
    }
}

#[test]
fn unlisted_mistakes_of_the_program_are_diagnosed() {
    type Loss = fn(Field, &Tensor, &Tensor, &Tensor) -> Tensor;
    fn x_t(x_0: &Tensor, x_1: &Tensor, t: &Tensor) -> Tensor {
        (1.0 - t) * x_0 + t * x_1
    }
    let loss: [(Loss, &str); 5] = [
        (
            |u, a, b, t| (u(t, &x_t(a, b, t)) - (b - a)).square().sum(1).mean(..),
            "by the number of coordinates",
        ),
        (|u, a, b, t| u(t, &x_t(a, b, t)).mse(&(b - a)).sqrt(), "a square is missing"),
        (
            |u, a, b, t| Tensor::scalar(u(t, &x_t(a, b, t)).mse(&(b - a)).item()),
            "do not differentiate",
        ),
        (|u, a, b, t| u(t, &x_t(b, a, t)).mse(&(b - a)), "two mistakes at once"),
        (|u, a, b, t| u(t, &x_t(a, b, t)).square().mean(..) - (b - a).square().mean(..), "differs"),
    ];
    for (answer, part) in loss {
        expect(checks::cfm_loss(answer), part);
    }
    fn column(t: Float, x: &Tensor) -> Tensor {
        Tensor::full(&[x.shape()[0], 1], t)
    }
    type Step = fn(Field, Float, &Tensor, Float) -> Tensor;
    let step: [(Step, &str); 4] = [
        (|u, t, x, _| x + u(&column(t, x), x), "1 in the place of `h`"),
        (|u, t, x, h| u(&column(t, x), x) * h, "two mistakes at once"),
        (|u, t, x, h| x + u(&Tensor::scalar(t), x) * h, "panicked in a function that it was given"),
        (
            |u, t, x, h| {
                let u = |t: Float, x: &Tensor| u(&column(t, x), x);
                ode::MIDPOINT.step(u, t, x, -h)
            },
            "`h` replaced by −h",
        ),
    ];
    for (answer, part) in step {
        expect(checks::midpoint_step(answer), part);
    }
    fn solve(u: Field, x: &Tensor, end: Float, steps: usize) -> Tensor {
        ode::solve(|t, x| u(&column(t, x), x), x, 0.0..end, steps, &ode::MIDPOINT)
    }
    type Sample = fn(Field, &Tensor, usize) -> Tensor;
    let sample: [(Sample, &str); 4] = [
        (|u, x, steps| solve(u, x, 1.0, steps + 1), "one more for `steps`"),
        (|u, x, _| solve(u, x, 1.0, 10), "does not depend on `steps`"),
        (|_, x, _| x.clone(), "`x_0` itself"),
        (
            |u, x, steps| {
                let first = solve(u, &x.slice(0, 0..1), 1.0, steps);
                first.broadcast_to(x.shape())
            },
            "the first row of `x_0` for all rows",
        ),
    ];
    for (answer, part) in sample {
        expect(checks::sample(answer), part);
    }
}
