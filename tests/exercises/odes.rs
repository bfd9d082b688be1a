//! Differential equations: mistakes that nobody listed, and a part of what each must be told.

#[allow(dead_code)] // its `main`
#[path = "../../exercises/solutions/odes.rs"]
pub mod solutions;

use crate::expect;
use pushforward::chapters::odes::checks::{self, Ends, Field, Pair, Step};
use pushforward::random::Rng;
use pushforward::{Float, Tensor, ode};
use solutions::ANSWERS;

fn close(a: &Tensor, b: &Tensor) {
    assert!(a.is_close(&b.detach(), 1e-4, 1e-4), "{a}\n{b}");
}

/// The solutions do what the engine's solvers do.
#[test]
fn the_ode_solutions_are_the_engines_steps() {
    let u = |t: Float, x: &Tensor| x.sin() * (1.0 + t) - x * 0.5;
    let x = Tensor::from([[0.5, -1.0], [2.0, 0.25]]);
    close(&(ANSWERS.heun_step)(&u, 0.5, &x, 0.25), &ode::HEUN.step(u, 0.5, &x, 0.25));
    close(&(ANSWERS.rk4_step)(&u, 0.5, &x, 0.25), &ode::RK4.step(u, 0.5, &x, 0.25));
    let euler = ode::solve(u, &x, 1.0..0.25, 7, &ode::EULER);
    close(&(ANSWERS.euler_solve)(&u, &x, 1.0, 0.25, 7), &euler);
    // conditions of order three: met by RK4, missed by Heun in the third alone
    let rk4 = [[0.0; 4], [0.5, 0.0, 0.0, 0.0], [0.0, 0.5, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]];
    let missed = (ANSWERS.order_conditions)(&Tensor::from(rk4), &Tensor::from(sixths()));
    close(&missed, &Tensor::zeros(&[4]));
    let heun = [Tensor::from([[0.0, 0.0], [1.0, 0.0]]), Tensor::from([0.5, 0.5])];
    let missed = (ANSWERS.order_conditions)(&heun[0], &heun[1]);
    close(&missed, &Tensor::from([0.0, 0.0, 1.0 / 6.0, -1.0 / 6.0]));
}

/// No cell loses more than it has, if no wall lets more than half of a cell through; longer steps
/// make negative densities. The sum over cells stays in any case.
#[test]
fn the_ode_solutions_cells_keep_their_mass() {
    let mut rng = Rng::new(90);
    let rho = rng.uniform(&[40]);
    let u = rng.uniform_in(&[39], -1.0, 1.0).pad(0, 1, 1);
    for (dt, stays_positive) in [(0.05, true), (0.2, false)] {
        let step = |rho: Tensor, _| (ANSWERS.continuity_step)(&rho, &u, 0.1, dt);
        let after = (0..30).fold(rho.clone(), step);
        assert_eq!(after.min(..).item() >= 0.0, stays_positive, "{dt}");
        let size = after.abs().sum(..).item();
        let lost = (after.sum(..) - rho.sum(..)).item().abs();
        assert!(lost < 1e-5 * size, "{lost} of {size}");
        assert!(!after.is_close(&rho, 0.1, 0.1), "something has moved");
    }
}

fn sixths() -> [Float; 4] {
    [1.0 / 6.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 6.0]
}

type OfOne = fn(&Tensor) -> Tensor;
type OfTwo = fn(&Tensor, &Tensor) -> Tensor;

#[test]
fn unlisted_mistakes_of_flows_are_diagnosed() {
    type Bound = fn(&Tensor, &Tensor, &Tensor, &Tensor) -> Tensor;
    let bound: [(Bound, &str); 3] = [
        (|d, e, l, t| (ANSWERS.gronwall_bound)(d, &-e, l, t), "`epsilon` replaced by −epsilon"),
        (|d, e, l, t| (ANSWERS.gronwall_bound)(e, d, l, t), "`delta` and `epsilon` were exchanged"),
        (|d, e, l, t| (ANSWERS.gronwall_bound)(d, e, l, t).sum(..), "has shape"),
    ];
    for (answer, part) in bound {
        expect(checks::gronwall_bound(answer), part);
    }
    type Carry = fn(&Tensor, &Tensor, Float, Float) -> Tensor;
    let carry: [(Carry, &str); 4] = [
        (|r, u, dx, dt| (ANSWERS.continuity_step)(r, &-u, dx, dt), "`u` replaced by −u"),
        (|r, u, dx, dt| (ANSWERS.continuity_step)(r, u, dx, dt) - r, "`rho` is missing"),
        (|r, u, dx, dt| (ANSWERS.continuity_step)(r, u, dx, dt * 0.5), "replaced by u/2"),
        (|r, u, dx, dt| (ANSWERS.continuity_step)(r, u, dt, dx), "were exchanged"),
    ];
    for (answer, part) in carry {
        expect(checks::continuity_step(answer), part);
    }
}

#[test]
fn unlisted_mistakes_of_steps_are_diagnosed() {
    type Solve = fn(Field, &Tensor, Float, Float, usize) -> Tensor;
    let solve: [(Solve, &str); 4] = [
        (|u, x, a, b, n| (ANSWERS.euler_solve)(u, x, a, b, n + 1), "one more for `steps`"),
        (|u, x, a, b, n| (ANSWERS.euler_solve)(u, x, b, a, n), "were exchanged"),
        (|u, x, a, b, n| (ANSWERS.euler_solve)(u, x, a, b, n) - x, "`x_0` is missing"),
        (|u, x, _, b, n| (ANSWERS.euler_solve)(u, x, 0.0, b, n), "`t_0` left out"),
    ];
    for (answer, part) in solve {
        expect(checks::euler_solve(answer), part);
    }
    let heun: [(Step, &str); 4] = [
        (|u, t, x, h| (ANSWERS.heun_step)(u, t, x, -h), "`h` replaced by −h"),
        (|u, t, x, h| (ANSWERS.heun_step)(u, t, x, h) - x, "`x` is missing"),
        (|u, t, x, h| (ANSWERS.heun_step)(u, 2.0 * t, x, h), "`t` replaced by 2 t"),
        (|u, t, x, h| (ANSWERS.heun_step)(u, t, x, h).sum_keep(1), "has shape"),
    ];
    for (answer, part) in heun {
        expect(checks::heun_step(answer), part);
    }
    let rk4: [(Step, &str); 3] = [
        (|u, t, x, h| (ANSWERS.rk4_step)(u, t, x, h * 0.5), "`h` replaced by h/2"),
        (|u, t, x, h| (ANSWERS.rk4_step)(u, t, x, h) + x, "`x` too much in the sum"),
        (|u, _, x, h| (ANSWERS.rk4_step)(u, 0.0, x, h), "`t` left out"),
    ];
    for (answer, part) in rk4 {
        expect(checks::rk4_step(answer), part);
    }
}

#[test]
fn unlisted_mistakes_about_orders_are_diagnosed() {
    let order: [(OfTwo, &str); 4] = [
        (|e, n| (ANSWERS.observed_order)(e, n) * 2.0, "times too large"),
        (|e, n| (ANSWERS.observed_order)(e, n).mean(..), "has shape"),
        (|e, n| (ANSWERS.observed_order)(e, n) + 1.0, "plus 1"),
        (|e, n| (ANSWERS.observed_order)(e, n).recip(), "one over what is asked for"),
    ];
    for (answer, part) in order {
        expect(checks::observed_order(answer), part);
    }
    let conditions: [(OfTwo, &str); 4] = [
        (|a, b| -(ANSWERS.order_conditions)(a, b), "sign, which is flipped everywhere"),
        (|a, b| (ANSWERS.order_conditions)(a, b).flip(0), "in another order"),
        (|a, b| (ANSWERS.order_conditions)(&(a * 2.0), b), "`a` replaced by 2 a"),
        (|a, b| (ANSWERS.order_conditions)(a, b).slice(0, 0..3), "has shape"),
    ];
    for (answer, part) in conditions {
        expect(checks::order_conditions(answer), part);
    }
}

#[test]
fn unlisted_mistakes_of_adaptive_steps_are_diagnosed() {
    type Embedded = fn(Field, Float, &Tensor, Float, &Pair) -> (Tensor, Tensor);
    let embedded: [(Embedded, &str); 4] = [
        (
            |u, t, x, h, p| {
                let (x_new, e) = (ANSWERS.embedded_step)(u, t, x, h, p);
                (e, x_new)
            },
            "wrong order",
        ),
        (
            |u, t, x, h, p| {
                let (x_new, e) = (ANSWERS.embedded_step)(u, t, x, h, p);
                (x_new, -e)
            },
            "`x_new` is right.\n`e`: Right but for the sign",
        ),
        (
            |u, t, x, h, p| {
                let (x_new, e) = (ANSWERS.embedded_step)(u, t, x, h, p);
                (x_new - x, e)
            },
            "`e` is right.\n`x_new`: In the sum `x` is missing",
        ),
        (
            |u, t, x, h, p| {
                let pair = Pair { a: p.a.t(), ..p.clone() };
                (ANSWERS.embedded_step)(u, t, x, h, &pair)
            },
            "`a` left out",
        ),
    ];
    for (answer, part) in embedded {
        expect(checks::embedded_step(answer), part);
    }
    type Norm = fn(&Tensor, &Tensor, &Tensor, Float, Float) -> Tensor;
    let norm: [(Norm, &str); 4] = [
        (|e, x, y, r, a| (ANSWERS.error_norm)(e, x, y, a, r), "were exchanged"),
        (|e, x, y, r, a| (ANSWERS.error_norm)(e, x, y, r, 0.0 * a), "`absolute` left out"),
        (
            |e, x, _, r, a| (ANSWERS.error_norm)(e, &(x * 0.0), x, r, 2.0 * a),
            "two mistakes at once",
        ),
        (|e, x, y, r, a| (ANSWERS.error_norm)(e, x, y, r, a).recip(), "one over what is asked for"),
    ];
    for (answer, part) in norm {
        expect(checks::error_norm(answer), part);
    }
    let next: [(OfTwo, &str); 3] = [
        (|h, e| (ANSWERS.next_step)(&h.abs(), e), "absolute value of what is asked for"),
        (|h, e| (ANSWERS.next_step)(&h.recip(), e) * h, "1 in the place of `h`"),
        (|h, e| (ANSWERS.next_step)(h, &e.square()), "`error` replaced by error²"),
    ];
    for (answer, part) in next {
        expect(checks::next_step(answer), part);
    }
    type Dense = fn(&Ends, Float, Float) -> Tensor;
    let dense: [(Dense, &str); 4] = [
        (|ends, h, s| (ANSWERS.dense_output)(ends, -h, s), "`h` replaced by −h"),
        (
            |ends, h, s| {
                let ends = Ends { k_0: ends.k_0.detach() * 0.0, ..ends.clone() };
                (ANSWERS.dense_output)(&ends, h, s)
            },
            "`k_0` left out",
        ),
        (|ends, h, s| (ANSWERS.dense_output)(ends, h, s * s), "`theta` replaced by theta²"),
        (|ends, h, s| (ANSWERS.dense_output)(ends, h, s) - &ends.x_0, "`x_0` is missing"),
    ];
    for (answer, part) in dense {
        expect(checks::dense_output(answer), part);
    }
}

#[test]
fn unlisted_mistakes_about_stiffness_are_diagnosed() {
    let longest: [(OfOne, &str); 4] = [
        (|l| (ANSWERS.longest_step)(&(l * 0.5)), "times too large"),
        (|l| (ANSWERS.longest_step)(l).recip(), "one over what is asked for"),
        (|l| (ANSWERS.longest_step)(l).reshape(&[l.shape()[0], 1]), "has shape"),
        (|l| (ANSWERS.longest_step)(&l.square()) * -1.0, "two mistakes"),
    ];
    for (answer, part) in longest {
        expect(checks::longest_step(answer), part);
    }
    type Implicit = fn(Field, Float, &Tensor, Float, usize) -> Tensor;
    let implicit: [(Implicit, &str); 4] = [
        (
            |u, t, x, h, n| (ANSWERS.implicit_euler_step)(u, t, x, h, n + 1),
            "one more for `iterations`",
        ),
        (|u, t, x, h, n| (ANSWERS.implicit_euler_step)(u, t, x, -h, n), "`h` replaced by −h"),
        (|u, t, x, h, n| (ANSWERS.implicit_euler_step)(u, t, x, h, n) - x, "`x` is missing"),
        (
            |u, t, x, h, _| (ANSWERS.implicit_euler_step)(u, t, x, h, 30),
            "does not depend on `iterations`",
        ),
    ];
    for (answer, part) in implicit {
        expect(checks::implicit_euler_step(answer), part);
    }
}
