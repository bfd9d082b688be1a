//! Steps of equal length and their order: exercises 3 to 7.

use super::{Field, Step, field, growth, ramp, spiral, swing};
use crate::check::{Check, Exercise, Function, Input, Wrong};
use crate::random::Rng;
use crate::{Float, Tensor, ode};

type Solve = fn(Field, &Tensor, Float, Float, usize) -> Tensor;

/// x(t₁) in so many of Euler's steps.
pub const EULER_SOLVE: Check<Solve> = Check {
    exercise: Exercise {
        chapter: "odes",
        name: "euler_solve",
        statements: &["C1"],
        place: "06_odes.md#eulers-method",
        outputs: &["x(t_1)"],
        learned: "A solver is this loop with another step in it. It needs no special case for \
                  time that runs backwards: then h is negative.",
        hints: [
            "How long is a step if `steps` of them lead from t_0 to t_1, and at what time does \
             step i begin?",
            "h = (t_1 − t_0)/steps; x ← x + h u(t_0 + i h, x) for i = 0, …, steps − 1.",
            "let h = (t_1 - t_0) / steps as Float; let mut x = x_0.clone(); for i in 0..steps { x \
             = &x + u(t_0 + …, &x) * h; }",
        ],
    },
    inputs: || {
        let input = |about: &str, u: &Function, x: Tensor, [t_0, t_1]: [Float; 2], steps: usize| {
            Input::new(about)
                .with("u", u.clone())
                .with("x_0", x)
                .with("t_0", t_0)
                .with("t_1", t_1)
                .with("steps", steps)
        };
        let mut rng = Rng::new(82);
        let [few, more] = [rng.normal(&[3, 2]), rng.normal(&[4, 1])];
        let one = || Tensor::from([[1.0]]);
        vec![
            input("u = x from 1, two steps to t = 1: (1 + 1/2)²", &growth(), one(), [0.0, 1.0], 2),
            input("u depends on t alone, from 1 to 3", &ramp(), one(), [1.0, 3.0], 4),
            input("three points in the plane", &spiral(), few, [0.25, 1.75], 5),
            input("backwards from 2 to 0.5", &swing(), more, [2.0, 0.5], 6),
        ]
    },
    run: |answer, i| {
        let time = [i.number("t_0"), i.number("t_1")];
        vec![answer(&field(i, "u"), i.tensor("x_0"), time[0], time[1], i.count("steps"))]
    },
    right: |u, x_0, t_0, t_1, steps| ode::solve(u, x_0, t_0..t_1, steps, &ode::EULER),
    wrong: &[
        Wrong {
            answer: |u, x_0, t_0, _, steps| euler(u, x_0, t_0, t_0 + 1.0, steps),
            says: "h = 1/steps leads from t_0 to t_0 + 1. The way is t_1 − t_0 long: h = (t_1 − \
                   t_0)/steps.",
        },
        Wrong {
            answer: |u, x_0, t_0, t_1, steps| euler(&|_, x| u(t_0, x), x_0, t_0, t_1, steps),
            says: "Time never advances: every step asks for the velocity at t_0. Step i begins at \
                   t_0 + i h.",
        },
        Wrong {
            answer: |u, x_0, t_0, t_1, steps| {
                let h = (t_1 - t_0) / steps as Float;
                euler(&|t, x| u(t + h, x), x_0, t_0, t_1, steps)
            },
            says: "Each step uses the time of its end. Ask for the velocity first, then advance t.",
        },
        Wrong {
            answer: |u, x_0, t_0, t_1, steps| euler(&|t, _| u(t, x_0), x_0, t_0, t_1, steps),
            says: "Every step asks for the velocity at x_0. The point has moved: ask where it is \
                   now.",
        },
        Wrong {
            answer: |u, x_0, t_0, t_1, steps| {
                let h = (t_1 - t_0) / steps as Float;
                if steps == 1 { x_0.clone() } else { euler(u, x_0, t_0, t_1 - h, steps - 1) }
            },
            says: "A step is missing: you end one h before t_1. It takes `steps` steps, which \
                   have steps + 1 ends.",
        },
        Wrong {
            answer: |u, x_0, t_0, t_1, steps| euler(u, x_0, t_0, t_0 + (t_1 - t_0).abs(), steps),
            says: "Where t_1 < t_0 you run forwards all the same. h = (t_1 − t_0)/steps has a \
                   sign, and with it the loop runs backwards by itself.",
        },
    ],
};

fn euler(u: Field, x_0: &Tensor, t_0: Float, t_1: Float, steps: usize) -> Tensor {
    ode::solve(u, x_0, t_0..t_1, steps, &ode::EULER)
}

/// What a step is tried on.
fn step_inputs(about: &str, seed: u64) -> Vec<Input> {
    let input = |about: &str, u: &Function, t: Float, x: Tensor, h: Float| {
        Input::new(about).with("u", u.clone()).with("t", t).with("x", x).with("h", h)
    };
    let mut rng = Rng::new(seed);
    let [few, more] = [rng.normal(&[3, 2]), rng.normal(&[5, 1])];
    let one = || Tensor::from([[1.0]]);
    vec![
        input(about, &growth(), 0.0, one(), 0.5),
        input("u depends on t alone", &ramp(), 1.0, one(), 0.5),
        input("three points in the plane", &spiral(), 0.25, few, 0.5),
        input("five points, backwards", &swing(), 0.5, more, -0.375),
    ]
}

/// x + h/2 (u(t, x) + u(t + h, x + h u(t, x))).
pub const HEUN_STEP: Check<Step> = Check {
    exercise: Exercise {
        chapter: "odes",
        name: "heun_step",
        statements: &["C2"],
        place: "06_odes.md#two-slopes",
        outputs: &["x(t + h)"],
        learned: "Look where Euler would land, ask there, and take the mean of both slopes: order \
                  two. It is the trapezium rule, with a guess for the end that is not known yet.",
        hints: [
            "The mean of the slopes at both ends. What is known of the end before the step is \
             done?",
            "k_1 = u(t, x); k_2 = u(t + h, x + h k_1); the result is x + h/2 (k_1 + k_2).",
            "let k_1 = u(t, x); let k_2 = u(…, &(x + &k_1 * h)); x + (k_1 + k_2) * …",
        ],
    },
    inputs: || step_inputs("u = x from 1: the result is 1 + h + h²/2", 83),
    run: |answer, i| vec![answer(&field(i, "u"), i.number("t"), i.tensor("x"), i.number("h"))],
    right: |u, t, x, h| ode::HEUN.step(u, t, x, h),
    wrong: &[
        Wrong {
            answer: |u, t, x, h| ode::HEUN.step(|_, x| u(t, x), t, x, h),
            says: "The second slope is asked for at time t. It is the one at the end of the step: \
                   t + h.",
        },
        Wrong {
            answer: |u, t, x, h| ode::MIDPOINT.step(u, t, x, h),
            says: "This is the midpoint method: one slope, from the middle. It has order two as \
                   well, but the task is the mean of the slopes at both ends.",
        },
        Wrong {
            answer: |u, t, x, h| ode::EULER.step(u, t, x, h),
            says: "This is Euler's step, with the slope at the beginning alone.",
        },
        Wrong {
            answer: |u, t, x, h| {
                let k_1 = u(t, x);
                let k_2 = u(t + h, &(x + &k_1 * h));
                x + (k_1 + k_2) * h
            },
            says: "The ½ is missing: two slopes are added, so you go twice as far.",
        },
        Wrong {
            answer: |u, t, x, h| {
                let k_2 = u(t + h, &(x + u(t, x) * h));
                x + k_2 * h
            },
            says: "Only the slope at the end is used. That is of order one, like Euler's; the \
                   errors of the two ends cancel in their mean.",
        },
        Wrong {
            answer: |u, t, x, h| {
                let k_1 = u(t, x);
                let k_2 = u(t + h, &(x + &k_1 * (0.5 * h)));
                x + (k_1 + k_2) * (0.5 * h)
            },
            says: "The second slope is asked for halfway, x + h/2 k_1, but for the time t + h. At \
                   the end of the step the point is near x + h k_1.",
        },
    ],
};

/// Σ b − 1, Σ b c − 1/2, Σ b c² − 1/3, Σ b a c − 1/6.
pub const ORDER_CONDITIONS: Check<fn(&Tensor, &Tensor) -> Tensor> = Check {
    exercise: Exercise {
        chapter: "odes",
        name: "order_conditions",
        statements: &["C2"],
        place: "06_odes.md#conditions-for-an-order",
        outputs: &["what is missed"],
        learned: "The order of a method is read off its numbers: one condition for order one, \
                  another for two, two more for three. Order four has four more, and order five \
                  nine: it is no wonder that tableaux are looked up.",
        hints: [
            "c_i is the sum of row i of a. Then four sums; the last is over pairs of stages.",
            "Σ b_i − 1, Σ b_i c_i − 1/2, Σ b_i c_i² − 1/3, Σ_i Σ_j b_i a_ij c_j − 1/6.",
            "let c = a.sum(1); a.matmul(&c.reshape(&[s, 1])).reshape(&[s]) is Σ_j a_ij c_j; \
             Tensor::stack(&[&(b.sum(..) - 1.0), …], 0)",
        ],
    },
    inputs: || {
        let input = |about: &str, a: Tensor, b: Tensor| Input::new(about).with("a", a).with("b", b);
        let mut rng = Rng::new(84);
        let strict = rng.normal(&[4, 4]).tril(-1);
        vec![
            input("Euler", Tensor::from([[0.0]]), Tensor::from([1.0])),
            input("midpoint", Tensor::from([[0.0, 0.0], [0.5, 0.0]]), Tensor::from([0.0, 1.0])),
            input(
                "Kutta's method of order three",
                Tensor::from([[0.0, 0.0, 0.0], [0.5, 0.0, 0.0], [-1.0, 2.0, 0.0]]),
                Tensor::from([1.0 / 6.0, 2.0 / 3.0, 1.0 / 6.0]),
            ),
            input("four stages, no method at all", strict, rng.normal(&[4])),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("a"), i.tensor("b"))],
    right: |a, b| conditions(b, &a.sum(1), a),
    wrong: &[
        Wrong {
            answer: |a, b| conditions(b, &a.sum(0), a),
            says: "c is summed over the columns. Stage i is at t + c_i h with c_i = Σ_j a_ij: the \
                   sum of a row, axis 1.",
        },
        Wrong {
            answer: |a, b| conditions(b, &a.sum(1), &a.t()),
            says: "In the last sum a is transposed: Σ_i b_i Σ_j a_ij c_j. The slope j goes into \
                   stage i.",
        },
        Wrong {
            answer: |a, b| {
                let c = a.sum(1);
                conditions(b, &c, a) + Tensor::from([0.0, 0.0, 1.0 / 6.0, -1.0 / 6.0])
            },
            says: "1/3 and 1/6 are exchanged: ∫ s² ds is 1/3, which Σ b c² must be; the integral \
                   of an integral is 1/6.",
        },
        Wrong {
            answer: |a, b| {
                let c = a.sum(1);
                let all = conditions(b, &c, a);
                let last = (b * &c * &c).sum(..) - 1.0 / 6.0;
                Tensor::concat(&[&all.slice(0, 0..3), &last.reshape(&[1])], 0)
            },
            says: "The last sum is Σ b_i c_i², with c_i in the place of Σ_j a_ij c_j. One asks \
                   how a field that depends on time is met, the other how errors of the stages go \
                   into later ones.",
        },
        Wrong {
            answer: |a, b| {
                conditions(b, &a.sum(1), a) + Tensor::from([1.0, 0.5, 1.0 / 3.0, 1.0 / 6.0])
            },
            says: "These are the sums themselves. Subtract what they must be, so that 0 means \
                   that a condition holds.",
        },
    ],
};

fn conditions(b: &Tensor, c: &Tensor, a: &Tensor) -> Tensor {
    let s = b.len();
    let a_c = a.matmul(&c.reshape(&[s, 1])).reshape(&[s]);
    let sums = [b.sum(..), (b * c).sum(..), (b * c.square()).sum(..), (b * a_c).sum(..)];
    Tensor::stack(&sums.each_ref(), 0) - Tensor::from([1.0, 0.5, 1.0 / 3.0, 1.0 / 6.0])
}

/// x + h/6 (k₁ + 2 k₂ + 2 k₃ + k₄).
pub const RK4_STEP: Check<Step> = Check {
    exercise: Exercise {
        chapter: "odes",
        name: "rk4_step",
        statements: &["C2"],
        place: "06_odes.md#four-slopes",
        outputs: &["x(t + h)"],
        learned: "Four evaluations, order four: with half the step the error is a sixteenth. For \
                  a field of time alone it is Simpson's rule.",
        hints: [
            "One slope at the beginning, two in the middle, one at the end; each is found with \
             the one before.",
            "k_2 = u(t + h/2, x + h/2 k_1), k_3 = u(t + h/2, x + h/2 k_2), k_4 = u(t + h, x + h \
             k_3); weights 1/6, 1/3, 1/3, 1/6.",
            "x + (k_1 + k_2 * 2.0 + k_3 * 2.0 + k_4) * (h / 6.0)",
        ],
    },
    inputs: || step_inputs("u = x from 1: the first five terms of e^h", 85),
    run: |answer, i| vec![answer(&field(i, "u"), i.number("t"), i.tensor("x"), i.number("h"))],
    right: |u, t, x, h| kutta(u, t, x, h, [1.0, 2.0, 2.0, 1.0]),
    wrong: &[
        Wrong {
            answer: |u, t, x, h| kutta(u, t, x, h, [1.5; 4]),
            says: "All slopes have the weight 1/4. Those in the middle count twice: 1/6, 1/3, \
                   1/3, 1/6.",
        },
        Wrong {
            answer: |u, t, x, h| kutta(u, t, x, h, [6.0, 12.0, 12.0, 6.0]),
            says: "The weights sum to 6: divide by 6, or you go six steps at once.",
        },
        Wrong {
            answer: |u, t, x, h| kutta(|_, x| u(t, x), t, x, h, [1.0, 2.0, 2.0, 1.0]),
            says: "Every slope is asked for at time t. The times are t, t + h/2, t + h/2 and t + \
                   h.",
        },
        Wrong {
            answer: |u, t, x, h| {
                let k_1 = u(t, x);
                let k_2 = u(t + 0.5 * h, &(x + &k_1 * (0.5 * h)));
                let k_4 = u(t + h, &(x + &k_2 * h));
                x + (k_1 + k_2 * 4.0 + k_4) * (h / 6.0)
            },
            says: "k_3 is found from k_1 and so equals k_2. Go into the middle a second time with \
                   the better slope, k_2.",
        },
        Wrong {
            answer: |u, t, x, h| {
                let k_1 = u(t, x);
                let k_2 = u(t + 0.5 * h, &(x + &k_1 * (0.5 * h)));
                let k_3 = u(t + 0.5 * h, &(x + &k_2 * (0.5 * h)));
                let k_4 = u(t + h, &(x + &k_3 * (0.5 * h)));
                x + (k_1 + (k_2 + k_3) * 2.0 + k_4) * (h / 6.0)
            },
            says: "k_4 is asked for at x + h/2 k_3. It belongs to the end of the step: x + h k_3.",
        },
        Wrong {
            answer: |u, t, x, h| {
                let k_1 = u(t, x);
                let k_2 = u(t + 0.5 * h, &(x + &k_1 * h));
                let k_3 = u(t + 0.5 * h, &(x + &k_2 * h));
                let k_4 = u(t + h, &(x + &k_3 * h));
                x + (k_1 + (k_2 + k_3) * 2.0 + k_4) * (h / 6.0)
            },
            says: "The half step is forgotten in x: the slopes of the middle are asked for at x + \
                   h k. The time there is t + h/2, the place x + h/2 k.",
        },
    ],
};

fn kutta(
    u: impl Fn(Float, &Tensor) -> Tensor,
    t: Float,
    x: &Tensor,
    h: Float,
    weights: [Float; 4],
) -> Tensor {
    let k_1 = u(t, x);
    let k_2 = u(t + 0.5 * h, &(x + &k_1 * (0.5 * h)));
    let k_3 = u(t + 0.5 * h, &(x + &k_2 * (0.5 * h)));
    let k_4 = u(t + h, &(x + &k_3 * h));
    let k = [k_1, k_2, k_3, k_4];
    k.iter().zip(weights).fold(x.clone(), |x, (k, w)| x + k * (w * h / 6.0))
}

/// ln(Eᵢ/Eᵢ₊₁) / ln(nᵢ₊₁/nᵢ).
pub const OBSERVED_ORDER: Check<fn(&Tensor, &Tensor) -> Tensor> = Check {
    exercise: Exercise {
        chapter: "odes",
        name: "observed_order",
        statements: &["C2"],
        place: "06_odes.md#the-order-measured",
        outputs: &["orders"],
        learned: "A slope between two points on logarithmic axes. Whoever writes a solver prints \
                  this number first: a slip that no picture shows turns a 4 into a 1.",
        hints: [
            "E = C h^p with an unknown C. How does one get rid of C, given two errors?",
            "With h = T/n: E_i/E_{i+1} = (n_{i+1}/n_i)^p. Take logarithms.",
            "let m = errors.len(); let fall = errors.slice(0, 0..m - 1) / errors.slice(0, 1..m); \
             fall.ln() / …",
        ],
    },
    inputs: || {
        let input = |about: &str, errors: &[Float], steps: &[Float]| {
            Input::new(about)
                .with("errors", Tensor::new(&[errors.len()], errors))
                .with("steps", Tensor::new(&[steps.len()], steps))
        };
        vec![
            input("two errors, 10 and 20 steps", &[0.5, 0.125], &[10.0, 20.0]),
            input("three errors", &[0.8, 0.3, 0.06], &[8.0, 12.0, 36.0]),
            input(
                "five errors, the last is rounding",
                &[0.5, 0.1, 0.02, 0.005, 0.006],
                &[4.0, 6.0, 11.0, 20.0, 32.0],
            ),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("errors"), i.tensor("steps"))],
    right: |errors, steps| {
        let ([e, e_next], [n, n_next]) = (neighbours(errors), neighbours(steps));
        (e / e_next).ln() / (n_next / n).ln()
    },
    wrong: &[
        Wrong {
            answer: |errors, _| {
                let [e, e_next] = neighbours(errors);
                (e / e_next).ln() / Tensor::scalar(2.0).ln()
            },
            says: "You divide by ln 2, as if the number of steps were doubled each time. Divide \
                   by the logarithm of the factor it grew by.",
        },
        Wrong {
            answer: |errors, steps| {
                let ([e, e_next], [n, n_next]) = (neighbours(errors), neighbours(steps));
                (e_next / e).ln() / (n_next / n).ln()
            },
            says: "The sign is flipped: this is the slope of the error over the number of steps, \
                   which falls. The order is the slope over h.",
        },
        Wrong {
            answer: |errors, steps| {
                let ([e, e_next], [n, n_next]) = (neighbours(errors), neighbours(steps));
                (e / e_next) / (n_next / n)
            },
            says: "The logarithms are missing: the quotient of the factors is not the exponent p \
                   with factor = factor^p.",
        },
        Wrong {
            answer: |errors, steps| {
                let ([e, e_next], [n, n_next]) = (neighbours(errors), neighbours(steps));
                (e / e_next).ln() / (n_next / n)
            },
            says: "Only the errors are taken the logarithm of. (n_{i+1}/n_i)^p is the factor, so \
                   p is a quotient of two logarithms.",
        },
        Wrong {
            answer: |errors, steps| {
                let [[_, e_next], [_, n_next]] = [neighbours(errors), neighbours(steps)];
                let [e, n] = [errors.slice(0, 0..1), steps.slice(0, 0..1)];
                (e / e_next).ln() / (n_next / n).ln()
            },
            says: "Every error is compared with the first. Compare neighbours: where the steps \
                   are coarse the order is not yet seen, and it must not spoil the rest.",
        },
        Wrong {
            answer: |errors, steps| {
                let [[e, e_next], [n, n_next]] = [neighbours(errors), neighbours(steps)];
                (e - e_next).ln() / (n / n_next).ln()
            },
            says: "You take the logarithm of the difference of the errors. Their quotient has the \
                   exponent: ln E_i − ln E_{i+1}.",
        },
    ],
};

/// All but the last, and all but the first.
fn neighbours(x: &Tensor) -> [Tensor; 2] {
    let m = x.len();
    [x.slice(0, 0..m - 1), x.slice(0, 1..m)]
}
