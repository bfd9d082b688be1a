//! Steps that a tolerance chooses: exercises 8 to 11.

use super::{Ends, Field, Pair, field, growth, ramp, spiral, swing};
use crate::check::{Check, Exercise, Function, Input, Wrong};
use crate::random::Rng;
use crate::{Float, Tensor, ode};

type Embedded = fn(Field, Float, &Tensor, Float, &Pair) -> (Tensor, Tensor);

/// x + h Σ bᵢ kᵢ and h Σ (bᵢ − b̂ᵢ) kᵢ.
pub const EMBEDDED_STEP: Check<Embedded> = Check {
    exercise: Exercise {
        chapter: "odes",
        name: "embedded_step",
        statements: &["C2"],
        place: "06_odes.md#two-methods-for-the-price-of-one",
        outputs: &["x_new", "e"],
        learned: "With the tableau of Dormand and Prince this is the step of ode45, RK45 and \
                  dopri5. One set of slopes makes two results; their difference is the error of \
                  the weaker one, and comes for nothing.",
        hints: [
            "First all slopes, each from x and the ones before. Then two sums over them.",
            "k_i = u(t + c_i h, x + h Σ_{j<i} a_ij k_j); x_new = x + h Σ b_i k_i; e = h Σ (b_i − \
             b̂_i) k_i.",
            "for i in 0..pair.b.len() { let mut place = x.clone(); for j in 0..i { place += &k[j] \
             * (h * pair.a.at(&[i, j])); } k.push(u(t + …, &place)); }",
        ],
    },
    inputs: || {
        let input = |about: &str, pair: &Pair, u: &Function, t: Float, x: Tensor, h: Float| {
            Input::new(about)
                .with("u", u.clone())
                .with("t", t)
                .with("x", x)
                .with("h", h)
                .with("a", &pair.a)
                .with("b", &pair.b)
                .with("b_hat", &pair.b_hat)
                .with("c", &pair.c)
        };
        let mut rng = Rng::new(86);
        let [few, more] = [rng.normal(&[3, 2]), rng.normal(&[4, 1])];
        let one = || Tensor::from([[1.0]]);
        let (small, middle) = (heun_euler(), bogacki_shampine());
        vec![
            input("Heun and Euler, u = x from 1: e = h²/2", &small, &growth(), 0.0, one(), 0.5),
            input("Heun and Euler, u depends on t alone", &small, &ramp(), 1.0, one(), 0.5),
            input("Bogacki and Shampine, backwards", &middle, &swing(), 0.5, more, -0.5),
            input("Dormand and Prince, in the plane", &dormand_prince(), &spiral(), 0.25, few, 0.5),
        ]
    },
    run: |answer, i| {
        let part = |name: &str| i.tensor(name).clone();
        let pair = Pair { a: part("a"), b: part("b"), b_hat: part("b_hat"), c: part("c") };
        let (x, e) = answer(&field(i, "u"), i.number("t"), i.tensor("x"), i.number("h"), &pair);
        vec![x, e]
    },
    right: |u, t, x, h, pair| results(x, h, pair, &slopes(u, t, x, h, pair)),
    wrong: &[
        Wrong {
            answer: |u, t, x, h, pair| {
                let k = slopes(u, t, x, h, pair);
                (x + sum(&pair.b_hat, &k) * h, results(x, h, pair, &k).1)
            },
            says: "x_new is made with b_hat. The error of that method is what is estimated; the \
                   step is taken with b, which is the better one.",
        },
        Wrong {
            answer: |u, t, x, h, pair| {
                let k = slopes(u, t, x, h, pair);
                let (x_new, e) = results(x, h, pair, &k);
                (x_new, e / h)
            },
            says: "e lacks the factor h: Σ (b_i − b̂_i) k_i is a velocity, the difference of the \
                   results is h times that.",
        },
        Wrong {
            answer: |u, t, x, h, pair| results(x, h, pair, &slopes(&|_, x| u(t, x), t, x, h, pair)),
            says: "All slopes are asked for at time t. Stage i belongs to t + c_i h.",
        },
        Wrong {
            answer: |u, t, x, h, pair| {
                let (mut k, mut place) = (vec![], x.clone());
                for i in 0..pair.b.len() {
                    for (j, k) in k.iter().enumerate() {
                        place += k * (h * pair.a.at(&[i, j]));
                    }
                    k.push(u(t + h * pair.c.at(&[i]), &place));
                }
                results(x, h, pair, &k)
            },
            says: "Each stage starts where the one before was. All start at x: the place of stage \
                   i is x + h Σ a_ij k_j.",
        },
        Wrong {
            answer: |u, t, x, h, pair| {
                let mut k: Vec<Tensor> = vec![];
                for i in 0..pair.b.len() {
                    let c = pair.c.at(&[i]);
                    let place = k.last().map_or(x.clone(), |last| x + last * (h * c));
                    k.push(u(t + h * c, &place));
                }
                results(x, h, pair, &k)
            },
            says: "Each stage goes c_i h with the last slope alone. From the third on a stage \
                   mixes all slopes before it, in the proportions a_ij.",
        },
    ],
};

/// All kᵢ.
fn slopes(u: Field, t: Float, x: &Tensor, h: Float, pair: &Pair) -> Vec<Tensor> {
    let mut k: Vec<Tensor> = vec![];
    for i in 0..pair.b.len() {
        let moved = |x: Tensor, (j, k): (usize, &Tensor)| x + k * (h * pair.a.at(&[i, j]));
        let place = k.iter().enumerate().fold(x.clone(), moved);
        k.push(u(t + h * pair.c.at(&[i]), &place));
    }
    k
}

/// Σ wᵢ kᵢ.
fn sum(weights: &Tensor, k: &[Tensor]) -> Tensor {
    let terms = k.iter().zip(weights.data()).map(|(k, &w)| k * w);
    terms.fold(Tensor::zeros(k[0].shape()), |sum, term| sum + term)
}

fn results(x: &Tensor, h: Float, pair: &Pair, k: &[Tensor]) -> (Tensor, Tensor) {
    (x + sum(&pair.b, k) * h, sum(&(&pair.b - &pair.b_hat), k) * h)
}

/// Orders two and one.
fn heun_euler() -> Pair {
    Pair {
        a: Tensor::from([[0.0, 0.0], [1.0, 0.0]]),
        b: Tensor::from([0.5, 0.5]),
        b_hat: Tensor::from([1.0, 0.0]),
        c: Tensor::from([0.0, 1.0]),
    }
}

/// Orders three and two (Bogacki & Shampine 1989).
fn bogacki_shampine() -> Pair {
    let last = [2.0 / 9.0, 1.0 / 3.0, 4.0 / 9.0, 0.0];
    Pair {
        a: Tensor::from([[0.0; 4], [0.5, 0.0, 0.0, 0.0], [0.0, 0.75, 0.0, 0.0], last]),
        b: Tensor::from(last),
        b_hat: Tensor::from([7.0 / 24.0, 0.25, 1.0 / 3.0, 0.125]),
        c: Tensor::from([0.0, 0.5, 0.75, 1.0]),
    }
}

/// Orders five and four (Dormand & Prince 1980, table 2).
fn dormand_prince() -> Pair {
    let ode::RungeKutta { a, b, c, .. } = ode::DORMAND_PRINCE;
    let wide = |row: &[Float]| {
        let mut wide = [0.0; 7];
        wide[..row.len()].copy_from_slice(row);
        wide
    };
    let mut rows = vec![wide(&[])];
    rows.extend(a.iter().map(|row| wide(row)));
    rows.push(wide(b));
    let times: Vec<Float> = [0.0].into_iter().chain(c.iter().copied()).chain([1.0]).collect();
    Pair {
        a: Tensor::new(&[7, 7], rows.concat()),
        b: Tensor::from(wide(b)),
        b_hat: Tensor::from([
            5179.0 / 57600.0,
            0.0,
            7571.0 / 16695.0,
            393.0 / 640.0,
            -92097.0 / 339200.0,
            187.0 / 2100.0,
            1.0 / 40.0,
        ]),
        c: Tensor::new(&[7], times),
    }
}

type Norm = fn(&Tensor, &Tensor, &Tensor, Float, Float) -> Tensor;

/// The root of the mean of (e / (absolute + relative · max(|x|, |x_new|)))².
pub const ERROR_NORM: Check<Norm> = Check {
    exercise: Exercise {
        chapter: "odes",
        name: "error_norm",
        statements: &["C2"],
        place: "06_odes.md#good-enough",
        outputs: &["the size of e"],
        learned: "One number decides: at most 1, and the step is taken. The absolute part keeps \
                  it finite where x passes through 0, the relative one makes it the same in \
                  metres and in millimetres.",
        hints: [
            "What would each number of e be allowed to be? Divide by that, then take a mean.",
            "allowed = absolute + relative · max(|x|, |x_new|), number by number; the root of the \
             mean of (e / allowed)².",
            "let size = x.abs().maximum(&x_new.abs()); (e / (size * relative + \
             absolute)).square()…",
        ],
    },
    inputs: || {
        let input =
            |about: &str, [e, x, x_new]: [&[Float]; 3], relative: Float, absolute: Float| {
                let vector = |v: &[Float]| Tensor::new(&[v.len()], v);
                Input::new(about)
                    .with("e", vector(e))
                    .with("x", vector(x))
                    .with("x_new", vector(x_new))
                    .with("relative", relative)
                    .with("absolute", absolute)
            };
        let mut rng = Rng::new(87);
        let [e, x, x_new] = [0.5, 2.0, 2.0].map(|size| rng.normal(&[6]) * size);
        let six = [e.data(), x.data(), x_new.data()];
        vec![
            input("one number, x grows", [&[0.25], &[1.0], &[3.0]], 0.25, 0.25),
            input(
                "three numbers, x shrinks and changes its sign",
                [&[0.5, -0.25, 0.5], &[4.0, -3.0, 0.5], &[2.0, 1.0, -1.5]],
                0.5,
                0.125,
            ),
            input("six numbers", six, 0.125, 0.25),
        ]
    },
    run: |answer, i| {
        let [e, x, x_new] = ["e", "x", "x_new"].map(|name| i.tensor(name));
        vec![answer(e, x, x_new, i.number("relative"), i.number("absolute"))]
    },
    right: |e, x, x_new, relative, absolute| rms(&(e / (larger(x, x_new) * relative + absolute))),
    wrong: &[
        Wrong {
            answer: |e, x, _, relative, absolute| rms(&(e / (x.abs() * relative + absolute))),
            says: "The larger of |x| and |x_new| is forgotten: you measure with x at the \
                   beginning. Where x passes through 0 the step would be refused for no reason.",
        },
        Wrong {
            answer: |e, x, x_new, relative, absolute| {
                rms(&(e / (x.maximum(x_new) * relative + absolute)))
            },
            says: "The larger of x and x_new, without absolute values: negative numbers are \
                   allowed less, or a negative error.",
        },
        Wrong {
            answer: |e, x, x_new, relative, absolute| {
                (e / (larger(x, x_new) * relative + absolute)).square().sum(..).sqrt()
            },
            says: "The sum stands where the mean belongs: a state of a hundred numbers would be \
                   held to a tenth of the tolerance.",
        },
        Wrong {
            answer: |e, x, x_new, relative, absolute| {
                (e / (larger(x, x_new) * relative + absolute)).abs().max(..)
            },
            says: "You take the largest. Solvers exist that do; this one takes the root of the \
                   mean square, which one number alone does not decide.",
        },
        Wrong {
            answer: |e, x, x_new, relative, absolute| {
                rms(&(e / (larger(x, x_new) * relative).maximum(absolute)))
            },
            says: "You take the larger of the two tolerances. They are added: absolute + relative \
                   · size.",
        },
        Wrong {
            answer: |e, x, x_new, relative, absolute| {
                (e / (larger(x, x_new) * relative + absolute)).square().mean(..)
            },
            says: "The root is missing. The controller would take this for the error, and answer \
                   with steps that are too long where it is small.",
        },
    ],
};

fn larger(x: &Tensor, x_new: &Tensor) -> Tensor {
    x.abs().maximum(x_new.abs())
}

fn rms(x: &Tensor) -> Tensor {
    x.square().mean(..).sqrt()
}

/// h · min(10, max(1/5, 0.9 error^(−1/5))).
pub const NEXT_STEP: Check<fn(&Tensor, &Tensor) -> Tensor> = Check {
    exercise: Exercise {
        chapter: "odes",
        name: "next_step",
        statements: &["C2"],
        place: "06_odes.md#how-long-the-next-step-is",
        outputs: &["the next h"],
        learned: "One line, and the solver hurries where nothing happens and creeps where much \
                  does. The same line serves after a step that was refused.",
        hints: [
            "The estimate is proportional to h⁵. With which h would it be exactly 1?",
            "h · 0.9 · error^(−1/5), where the factor is kept between 0.2 and 10.",
            "h * (error.powf(…) * 0.9).clamp(0.2, 10.0)",
        ],
    },
    inputs: || {
        let input = |about: &str, h: &[Float], error: &[Float]| {
            Input::new(about)
                .with("h", Tensor::new(&[h.len()], h))
                .with("error", Tensor::new(&[error.len()], error))
        };
        vec![
            input("an error of 1", &[0.5], &[1.0]),
            input("errors around 1", &[0.5, 0.5, 2.0], &[0.03125, 0.25, 32.0]),
            input(
                "a step backwards, one without an error, one far too long",
                &[-0.25, 4.0, 0.5],
                &[0.5, 0.0, 1e6],
            ),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("h"), i.tensor("error"))],
    right: |h, error| h * (error.powf(-0.2) * 0.9).clamp(0.2, 10.0),
    wrong: &[
        Wrong {
            answer: |h, error| h * (error.powf(-0.25) * 0.9).clamp(0.2, 10.0),
            says: "The exponent is 1/4. The result that is compared has order four, so the error \
                   over a long time is O(h⁴); but the error of one step, which is what is \
                   estimated, is O(h⁵): 1/5.",
        },
        Wrong {
            answer: |h, error| h * (error.powf(0.2) * 0.9).clamp(0.2, 10.0),
            says: "The sign of the exponent is flipped: where the error is large your next step \
                   is longer.",
        },
        Wrong {
            answer: |h, error| h * (error.powf(-0.2) * 0.9),
            says: "The factor is not limited: after a step without error the next would be \
                   infinitely long, and one bad estimate would throw the solver off.",
        },
        Wrong {
            answer: |h, error| h * error.powf(-0.2).clamp(0.2, 10.0),
            says: "The safety factor 0.9 is missing: the next error would be 1 on average, and \
                   every other step would be refused.",
        },
        Wrong {
            answer: |h, error| (h * error.powf(-0.2) * 0.9).clamp(0.2, 10.0),
            says: "You limit the step, not the factor. How long a step may be depends on the \
                   units of time; by how much it changes does not.",
        },
        Wrong {
            answer: |h, error| h * (0.9 / error).powf(0.2).clamp(0.2, 10.0),
            says: "The 0.9 is under the root: it shortens the step by two in a hundred, where ten \
                   are meant.",
        },
    ],
};

/// Hermite's cubic through both ends with the slopes there.
pub const DENSE_OUTPUT: Check<fn(&Ends, Float, Float) -> Tensor> = Check {
    exercise: Exercise {
        chapter: "odes",
        name: "dense_output",
        statements: &["C2"],
        place: "06_odes.md#between-the-steps",
        outputs: &["x(t + θ h)"],
        learned: "States at any time, without another question to the field: steps need not end \
                  where a picture wants its points. The curve is of order three; with all seven \
                  slopes Dormand and Prince's is of order four.",
        hints: [
            "Four conditions, values and slopes at both ends, and a cubic has four coefficients. \
             Mind in which variable the slopes are taken.",
            "(1 + 2θ)(1 − θ)² x_0 + θ²(3 − 2θ) x_1 + h θ(1 − θ)² k_0 + h θ²(θ − 1) k_1.",
            "let (s, r) = (theta, 1.0 - theta); &ends.x_0 * ((1.0 + 2.0 * s) * r * r) + … + \
             &ends.k_1 * (h * s * s * (s - 1.0))",
        ],
    },
    inputs: || {
        let input = |about: &str, ends: [Tensor; 4], h: Float, theta: Float| {
            let names = ["x_0", "x_1", "k_0", "k_1"];
            let named =
                names.into_iter().zip(ends).fold(Input::new(about), |i, (n, x)| i.with(n, x));
            named.with("h", h).with("theta", theta)
        };
        let mut rng = Rng::new(88);
        let mut four = |n: usize, d: usize| [(); 4].map(|()| rng.normal(&[n, d]));
        let (plane, line) = (four(3, 2), four(4, 1));
        // x = t³ from 1 to 2
        let cube = [1.0, 8.0, 3.0, 12.0].map(|v| Tensor::from([[v]]));
        vec![
            input("x = t³ from t = 1 to 2, at t = 3/2: 27/8", cube, 1.0, 0.5),
            input("three points in the plane, a quarter of the step", plane, 2.0, 0.25),
            input("four points, backwards", line, -1.5, 0.75),
        ]
    },
    run: |answer, i| vec![answer(&ends(i), i.number("h"), i.number("theta"))],
    right: |ends, h, s| hermite(ends, h, s),
    wrong: &[
        Wrong {
            answer: |ends, _, s| hermite(ends, 1.0, s),
            says: "The slopes lack the factor h: they are taken in t, and the cubic is one in θ = \
                   (t − t_0)/h.",
        },
        Wrong {
            answer: |ends, _, s| &ends.x_0 * (1.0 - s) + &ends.x_1 * s,
            says: "A straight line between the ends: its error is O(h²), larger than that of the \
                   steps.",
        },
        Wrong {
            answer: |ends, h, s| {
                let k_1 = -&ends.k_1;
                hermite(&Ends { k_1, ..ends.clone() }, h, s)
            },
            says: "The sign of the last part is flipped: its weight is θ²(θ − 1), which has slope \
                   +1 at θ = 1 and is negative before.",
        },
        Wrong {
            answer: |ends, h, s| {
                let Ends { x_0, x_1, k_0, k_1 } = ends.clone();
                hermite(&Ends { x_0, x_1, k_0: k_1, k_1: k_0 }, h, s)
            },
            says: "The slopes are exchanged: k_0 belongs to the beginning.",
        },
        Wrong {
            answer: |ends, h, s| hermite(ends, h, 1.0 - s),
            says: "θ runs the wrong way: at θ = 0 you are at the end of the step.",
        },
        Wrong {
            answer: |ends, h, s| {
                let blend = s * s * (3.0 - 2.0 * s);
                let from_0 = &ends.x_0 + &ends.k_0 * (h * s);
                let from_1 = &ends.x_1 + &ends.k_1 * (h * (s - 1.0));
                from_0 * (1.0 - blend) + from_1 * blend
            },
            says: "Two straight lines, one from each end, faded into each other. Values and \
                   slopes at the ends are right, but it is a curve of degree four and not the \
                   cubic: x = t³ does not come out.",
        },
    ],
};

fn ends(i: &Input) -> Ends {
    let part = |name: &str| i.tensor(name).clone();
    Ends { x_0: part("x_0"), x_1: part("x_1"), k_0: part("k_0"), k_1: part("k_1") }
}

fn hermite(ends: &Ends, h: Float, s: Float) -> Tensor {
    let r = 1.0 - s;
    let values = &ends.x_0 * ((1.0 + 2.0 * s) * r * r) + &ends.x_1 * (s * s * (3.0 - 2.0 * s));
    values + &ends.k_0 * (h * s * r * r) - &ends.k_1 * (h * s * s * r)
}
