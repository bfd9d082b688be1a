//! GAN: mistakes that nobody listed, and a part of what each must be told.

#[allow(dead_code)] // its `main`
#[path = "../../exercises/solutions/gan.rs"]
pub mod solutions;

use crate::expect;
use pushforward::chapters::gan::checks::{self, Critic};
use pushforward::chapters::gan::run_two_numbers::{Way, round};
use pushforward::{Float, Tensor, grad, grad_graph};

/// Who takes logarithms to the base 2 divides by it.
const LN_2: Float = std::f64::consts::LN_2 as Float;

type OfTwo = fn(&Tensor, &Tensor) -> Tensor;

/// The two numbers of the exercise are those of the chapter's figure.
#[test]
fn the_solution_of_alternate_plays_the_rounds_of_the_chapter() {
    let [theta, phi] = [1.0, 0.25].map(Tensor::scalar);
    let (theta, phi) = (solutions::ANSWERS.alternate)(&theta, &phi, 1, 7, 0.5);
    let state = (0..7).fold([1.0, 0.25], |state, _| round(state, 0.5, Way::InTurns));
    assert!((f64::from(theta.item()) - state[0]).abs() < 1e-5, "{theta} and {}", state[0]);
    assert!((f64::from(phi.item()) - state[1]).abs() < 1e-5, "{phi} and {}", state[1]);
}

#[test]
fn unlisted_mistakes_of_the_game_are_diagnosed() {
    let value: [(OfTwo, &str); 5] = [
        (
            |real, fake| real.sigmoid().ln().mean(..) + (1.0 - fake.sigmoid()).ln().mean(..),
            "not finite",
        ),
        (|real, fake| (solutions::ANSWERS.value_function)(real, fake) * 0.5, "2 times too small"),
        (
            |real, fake| Tensor::scalar((solutions::ANSWERS.value_function)(real, fake).item()),
            "do not differentiate",
        ),
        (|real, _| -(-real).softplus(), "should have []"),
        (|_, fake| -fake.softplus().mean(..), "does not depend on `real`"),
    ];
    for (answer, part) in value {
        expect(checks::value_function(answer), part);
    }
    let best: [(OfTwo, &str); 4] = [
        (|log_q, log_p| log_q.exp() / (log_q.exp() + log_p.exp()), "not finite"),
        (|log_q, log_p| (log_q - log_p).sigmoid().mean(..), "One number for the whole batch"),
        (|log_q, log_p| (log_q - log_p).sigmoid().square(), "the square of what is asked for"),
        (|log_q, log_p| (log_q + log_p).sigmoid(), "`log_p` replaced by −log_p"),
    ];
    for (answer, part) in best {
        expect(checks::optimal_discriminator(answer), part);
    }
    type OnGrid = fn(&Tensor, &Tensor, Float) -> Tensor;
    let divergence: [(OnGrid, &str); 4] = [
        (
            |q, p, h| (solutions::ANSWERS.jensen_shannon)(q, p, h) / LN_2,
            "a constant factor: 1.4427 times too large",
        ),
        (
            |q, p, h| {
                let m = (q + p) * 0.5;
                ((q * (q / &m).ln()).sum(..) + (p * (p / &m).ln()).sum(..)) * (0.5 * h)
            },
            "not finite",
        ),
        (
            |q, p, h| (solutions::ANSWERS.jensen_shannon)(q, p, h).sqrt(),
            "the root of what is asked for",
        ),
        (
            |q, p, h| {
                let m = (q + p) * 0.5;
                let kl = |a: &Tensor| (a * (a.maximum(1e-30) / &m).ln()).mean(..) * h;
                (kl(q) + kl(p)) * 0.5
            },
            "by the number of rows",
        ),
    ];
    for (answer, part) in divergence {
        expect(checks::jensen_shannon(answer), part);
    }
}

#[test]
fn unlisted_mistakes_of_the_algorithm_are_diagnosed() {
    type Step = fn(&Tensor, &Tensor, &Tensor, Float) -> Tensor;
    let step: [(Step, &str); 4] = [
        (
            |w, real, fake, _| (solutions::ANSWERS.discriminator_step)(w, real, fake, 1.0),
            "1 in the place of `lr`",
        ),
        (
            |w, real, fake, lr| (solutions::ANSWERS.discriminator_step)(w, real, fake, lr).t(),
            "Rows and columns are exchanged",
        ),
        (|w, _, _, _| w.clone(), "`w` itself"),
        (
            |w, real, fake, lr| {
                // of the losses' sum over one joint batch
                let (n, m) = (real.shape()[0] as Float, fake.shape()[0] as Float);
                let d = |x: &Tensor| x.matmul(w).sigmoid();
                let pull = real.t().matmul(&(1.0 - d(real))) - fake.t().matmul(&d(fake));
                w + pull * (lr / (n + m))
            },
            "differs",
        ),
    ];
    for (answer, part) in step {
        expect(checks::discriminator_step(answer), part);
    }
    type Rounds = fn(&Tensor, &Tensor, usize, usize, Float) -> (Tensor, Tensor);
    let rounds: [(Rounds, &str); 4] = [
        (
            |theta, phi, k, rounds, lr| {
                (solutions::ANSWERS.alternate)(theta, phi, k, rounds + 1, lr)
            },
            "one more for `rounds`",
        ),
        (
            |theta, phi, k, rounds, lr| {
                let (theta, phi) = (solutions::ANSWERS.alternate)(theta, phi, k, rounds, lr);
                (phi, theta)
            },
            "wrong order: return (`theta`, `phi`)",
        ),
        (
            |theta, phi, k, _, lr| (solutions::ANSWERS.alternate)(theta, phi, k, 1, lr),
            "does not depend on `rounds`",
        ),
        (
            |theta, phi, k, rounds, lr| {
                (solutions::ANSWERS.alternate)(theta, phi, k, rounds, lr * 0.5)
            },
            "`lr` replaced by lr/2",
        ),
    ];
    for (answer, part) in rounds {
        expect(checks::alternate(answer), part);
    }
}

#[test]
fn unlisted_mistakes_of_the_losses_are_diagnosed() {
    type OfFakes = fn(&Tensor) -> (Tensor, Tensor);
    let losses: [(OfFakes, &str); 4] = [
        (
            |fake| ((1.0 - fake.sigmoid()).ln().mean(..), -fake.sigmoid().ln().mean(..)),
            "`minimax` is right.\n`non_saturating`: 1 of 1 numbers are not finite",
        ),
        (
            |fake| ((-fake).softplus().mean(..), -fake.softplus().mean(..)),
            "wrong order: return (`minimax`, `non_saturating`)",
        ),
        (|fake| (-fake.softplus(), (-fake).softplus()), "has shape"),
        (
            |fake| (-fake.softplus().sum(..), (-fake).softplus().sum(..)),
            "Too large by the number of rows",
        ),
    ];
    for (answer, part) in losses {
        expect(checks::generator_losses(answer), part);
    }
    let slopes: [(OfFakes, &str); 3] = [
        (
            |fake| {
                let n = fake.len() as Float;
                (-fake.sigmoid() / n, (fake.sigmoid() - 1.0) / n)
            },
            "Too small by the number of rows",
        ),
        (|fake| (-fake.sigmoid(), -fake.sigmoid() - 1.0), "`minimax` is right"),
        (|fake| (fake.sigmoid() - 1.0, fake.sigmoid() - 1.0), "`non_saturating` is right"),
    ];
    for (answer, part) in slopes {
        expect(checks::generator_slopes(answer), part);
    }
    type OfBoth = fn(&Tensor, &Tensor) -> (Tensor, Tensor);
    let squares: [(OfBoth, &str); 3] = [
        (
            |real, fake| {
                let (of_d, of_g) = (solutions::ANSWERS.least_squares_losses)(real, fake);
                (of_g, of_d)
            },
            "wrong order: return (`loss of D`, `loss of G`)",
        ),
        (
            |real, fake| {
                let (of_d, of_g) = (solutions::ANSWERS.least_squares_losses)(real, fake);
                (of_d, of_g * 2.0)
            },
            "`loss of D` is right.\n`loss of G`: Right but for a constant factor: 2 times",
        ),
        (
            |real, fake| {
                let d = (real - 1.0).abs().mean(..) + fake.abs().mean(..);
                (d * 0.5, (fake - 1.0).square().mean(..) * 0.5)
            },
            "`loss of G` is right",
        ),
    ];
    for (answer, part) in squares {
        expect(checks::least_squares_losses(answer), part);
    }
}

#[test]
fn unlisted_mistakes_of_the_critic_are_diagnosed() {
    type Losses = fn(&Tensor, &Tensor, &Tensor, Float) -> (Tensor, Tensor);
    let losses: [(Losses, &str); 3] = [
        (|real, fake, _, _| (fake.mean(..) - real.mean(..), -fake.mean(..)), "`penalty` left out"),
        (
            |real, fake, penalty, lambda| {
                (fake.mean(..) - real.mean(..) + penalty * lambda, real.mean(..) - fake.mean(..))
            },
            "`loss of D` is right",
        ),
        (
            |real, fake, penalty, lambda| {
                let scaled = penalty * (lambda * lambda);
                (fake.mean(..) - real.mean(..) + scaled, -fake.mean(..))
            },
            "`lambda` replaced by lambda²",
        ),
    ];
    for (answer, part) in losses {
        expect(checks::critic_losses(answer), part);
    }
    type Penalty = fn(Critic, &Tensor, &Tensor, &Tensor) -> Tensor;
    let penalty: [(Penalty, &str); 5] = [
        (
            |d, real, fake, u| {
                let x = (u * real + (1.0 - u) * fake).variable();
                let slope = grad(&d(&x).sum(..), &[&x]).remove(0);
                (slope.square().sum(1).sqrt() - 1.0).square().mean(..)
            },
            "do not differentiate",
        ),
        (
            |d, real, fake, u| (solutions::ANSWERS.gradient_penalty)(d, fake, real, u),
            "if `real` and `fake` were exchanged",
        ),
        (
            |d, real, fake, u| {
                let u = u.slice(0, 0..1).broadcast_to(u.shape());
                (solutions::ANSWERS.gradient_penalty)(d, real, fake, &u)
            },
            "the first row of `u` for all rows",
        ),
        (
            |d, real, fake, u| (solutions::ANSWERS.gradient_penalty)(d, real, fake, u) * 10.0,
            "Right but for a constant factor: 10",
        ),
        (
            |d, real, fake, u| {
                // each coordinate of the gradient is compared with 1
                let x = (u * real + (1.0 - u) * fake).variable();
                let slope = grad_graph(&d(&x).sum(..), &[&x]).remove(0);
                (slope.abs() - 1.0).square().mean(..)
            },
            "Right for: one pair on the line",
        ),
    ];
    for (answer, part) in penalty {
        expect(checks::gradient_penalty(answer), part);
    }
    type OfCounts = fn(&Tensor) -> Tensor;
    let divergence: [(OfCounts, &str); 3] = [
        (
            |counts| {
                let f = counts / counts.sum(..);
                (&f * (&f * counts.len() as Float).ln()).sum(..)
            },
            "not finite",
        ),
        (|counts| (solutions::ANSWERS.mode_kl)(counts) / LN_2, "1.4427 times too large"),
        (|counts| counts / counts.sum(..), "should have []"),
    ];
    for (answer, part) in divergence {
        expect(checks::mode_kl(answer), part);
    }
}
