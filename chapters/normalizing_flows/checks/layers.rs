//! Planar layers, autoregressive ones and splines: exercises 10 to 13.

use super::{Bin, Net, called, function};
use crate::check::{Check, Exercise, Function, Input, Wrong};
use crate::random::Rng;
use crate::{Float, Tensor};

type Masks = fn(usize, usize) -> (Tensor, Tensor);
type Planar = fn(&Tensor, &Tensor, &Tensor, Float) -> (Tensor, Tensor);

/// y = x + u tanh(w·x + b), ladj = ln |1 + u·w (1 − tanh²(w·x + b))|.
pub const PLANAR: Check<Planar> = Check {
    exercise: Exercise {
        chapter: "normalizing_flows",
        name: "planar",
        statements: &["N2"],
        place: "05_normalizing_flows.md#space-pushed-along-a-line",
        outputs: &["y", "ladj"],
        learned: "I + u vᵀ has the determinant 1 + v·u: one number per point, in any dimension. \
                  If it changes its sign somewhere, the layer folds space and has no inverse.",
        hints: [
            "The Jacobian matrix is I + h' u wᵀ, with one number h' for each point.",
            "h = tanh(w·x + b), h' = 1 − h²; y = x + h u; ladj = ln |1 + h' u·w|.",
            "let h = ((x * w).sum_keep(1) + b).tanh(); (x + &h * u, ((1.0 - h.square()) * …).abs().\
             ln().sum(1))",
        ],
    },
    inputs: || {
        let input = |about: &str, x: Tensor, u: &[Float], w: &[Float], b: Float| {
            let [u, w] = [u, w].map(|v| Tensor::new(&[v.len()], v));
            Input::new(about).with("x", x).with("u", u).with("w", w).with("b", b)
        };
        let mut rng = Rng::new(81);
        let (plane, space) = (rng.normal(&[4, 2]), rng.normal(&[3, 3]));
        vec![
            input("one point of the line", Tensor::from([[0.5]]), &[1.5], &[0.8], 0.3),
            input("four points of the plane", plane, &[1.0, -0.5], &[0.6, 0.9], -0.2),
            input("three points in space", space, &[0.4, 1.0, -0.7], &[0.5, -0.6, 1.2], 0.4),
            input(
                "one point of the plane, u·w = −3: it folds",
                Tensor::from([[0.2, 0.1]]),
                &[-1.0, -2.0],
                &[1.0, 1.0],
                0.1,
            ),
        ]
    },
    run: |answer, i| {
        let [x, u, w] = ["x", "u", "w"].map(|name| i.tensor(name));
        let (y, ladj) = answer(x, u, w, i.number("b"));
        vec![y, ladj]
    },
    right: |x, u, w, b| {
        let h = pushed(x, w, b);
        (x + &h * u, (slope(&h, u, w) + 1.0).abs().ln().sum(1))
    },
    wrong: &[
        Wrong {
            answer: |x, u, w, b| {
                let h = pushed(x, w, b);
                (x + &h * u, (&h * (u * w).sum(..) + 1.0).abs().ln().sum(1))
            },
            says: "ladj has h where its derivative belongs. The Jacobian matrix is I + h' u wᵀ with \
                   h' = 1 − tanh².",
        },
        Wrong {
            answer: |x, u, w, b| {
                let h = pushed(x, w, b);
                (x + &h * u, (slope(&h, u, w) + 1.0).ln().sum(1))
            },
            says: "The bars are missing: where the layer folds, 1 + h' u·w is negative, and its \
                   logarithm NaN. Volume grows by |det|.",
        },
        Wrong {
            answer: |x, u, w, b| {
                let h = pushed(x, w, b);
                let factors = (-h.square() + 1.0) * (u * w) + 1.0;
                (x + &h * u, factors.abs().ln().sum(1))
            },
            says: "You multiply 1 + h' u_i w_i over the coordinates, the diagonal of the Jacobian \
                   matrix. It is not triangular; det(I + h' u wᵀ) = 1 + h' u·w.",
        },
        Wrong {
            answer: |x, u, w, b| {
                let h = pushed(x, w, b);
                (x + &h * w, (slope(&h, u, w) + 1.0).abs().ln().sum(1))
            },
            says: "The point is pushed along w. It is pushed along u, by an amount that depends on \
                   its place along w.",
        },
        Wrong {
            answer: |x, u, w, b| {
                let h = pushed(x, w, b);
                (x + &h * u, slope(&h, u, w).abs().ln().sum(1))
            },
            says: "The 1 is missing in the determinant: x itself is in y, so the matrix is I + h' u \
                   wᵀ.",
        },
        Wrong {
            answer: |x, u, w, b| {
                let h = pushed(x, w, b);
                (x + &h * u, (slope(&h, w, w) + 1.0).abs().ln().sum(1))
            },
            says: "ladj has ‖w‖² where u·w belongs: the determinant of I + h' u wᵀ is 1 + h' wᵀu.",
        },
    ],
};

/// tanh(w·x + b): `[n, 1]`.
fn pushed(x: &Tensor, w: &Tensor, b: Float) -> Tensor {
    ((x * w).sum_keep(1) + b).tanh()
}

/// (1 − h²) u·w: `[n, 1]`.
fn slope(h: &Tensor, u: &Tensor, w: &Tensor) -> Tensor {
    (-h.square() + 1.0) * (u * w).sum(..)
}

/// Input j has degree j, hidden unit i degree 1 + (i − 1) mod (d − 1), output k sees degrees below k.
pub const MADE_MASKS: Check<Masks> = Check {
    exercise: Exercise {
        chapter: "normalizing_flows",
        name: "made_masks",
        statements: &["N2"],
        place: "05_normalizing_flows.md#one-after-another",
        outputs: &["first", "last"],
        learned: "Two masks of zeros and ones, and one pass of a network answers d questions, \
                  each with the numbers before it and no other.",
        hints: [
            "What may output 1 depend on? And what does a hidden unit of degree d − 1 see?",
            "first[i][j] = 1 if input j (degree j) ≤ degree of hidden unit i; last[k][i] = 1 if \
             degree of hidden unit i < k. Degrees count from 1; hidden units have 1, …, d − 1 in turn.",
            "let degree = |i: usize| 1 + i % (dim - 1); Tensor::from_fn(&[width, dim], |at| \
             (at % dim + 1 <= degree(at / dim)) as u8 as Float)",
        ],
    },
    inputs: || {
        let of = |about: &str, dim: usize, width: usize| {
            Input::new(about).with("dim", dim).with("width", width)
        };
        vec![
            of("two numbers, two hidden units", 2, 2),
            of("three numbers, four hidden units", 3, 4),
            of("five numbers, six hidden units", 5, 6),
        ]
    },
    run: |answer, i| {
        let (first, last) = answer(i.count("dim"), i.count("width"));
        vec![first, last]
    },
    right: |d, width| {
        let degree = |i: usize| 1 + i % (d - 1);
        made(d, width, |i, j| j < degree(i), |k, i| degree(i) <= k)
    },
    wrong: &[
        Wrong {
            answer: |d, width| {
                let degree = |i: usize| 1 + i % (d - 1);
                made(d, width, |i, j| j < degree(i), |k, i| degree(i) <= k + 1)
            },
            says: "Output k sees hidden units of degree k, and through them input k: itself. The \
                   Jacobian matrix is not triangular then. At the output the degree must be below \
                   k.",
        },
        Wrong {
            answer: |d, width| {
                let degree = |i: usize| 1 + i % (d - 1);
                made(d, width, |i, j| j + 1 < degree(i), |k, i| degree(i) <= k)
            },
            says: "A hidden unit sees only degrees below its own. Together with the output, which \
                   does so too, output 2 sees nothing at all: let hidden units see up to their own \
                   degree.",
        },
        Wrong {
            answer: |d, width| {
                let degree = |i: usize| 1 + i % d;
                made(d, width, |i, j| j < degree(i), |k, i| degree(i) <= k)
            },
            says: "Hidden units of degree d see all inputs, so no output may look at them: they \
                   are wasted. Their degrees are 1, …, d − 1.",
        },
        Wrong {
            answer: |d, width| {
                let degree = |i: usize| 1 + i % (d - 1);
                made(d, width, |i, j| j < degree(i), |_, _| true)
            },
            says: "The last layer has no mask: every output sees everything. Both layers need one.",
        },
        Wrong {
            answer: |d, width| {
                let degree = |i: usize| 1 + i % (d - 1);
                made(d, width, |_, _| true, |k, i| degree(i) <= k)
            },
            says: "The first layer has no mask: hidden units of small degree see all inputs and \
                   tell every output. Both layers need one.",
        },
        Wrong {
            answer: |d, width| {
                let degree = |i: usize| 1 + i % (d - 1);
                made(d, width, |i, j| j + 1 >= degree(i), |k, i| degree(i) > k)
            },
            says: "The inequalities are turned round: outputs see the numbers after them. That is a \
                   MADE for the reversed order; here each sees those before it.",
        },
    ],
};

/// `[width, d]` and `[d, width]`, with 1 where (row, column) may be.
fn made(
    d: usize,
    width: usize,
    first: impl Fn(usize, usize) -> bool,
    last: impl Fn(usize, usize) -> bool,
) -> (Tensor, Tensor) {
    let mask = |rows: usize, columns: usize, sees: &dyn Fn(usize, usize) -> bool| {
        Tensor::from_fn(&[rows, columns], |at| {
            Float::from(u8::from(sees(at / columns, at % columns)))
        })
    };
    (mask(width, d, &first), mask(d, width, &last))
}

/// x_i = (y_i − t_i) exp(−s_i), where s_i and t_i depend on x_1 … x_{i−1}.
pub const MAF_INVERSE: Check<fn(Net, &Tensor) -> Tensor> = Check {
    exercise: Exercise {
        chapter: "normalizing_flows",
        name: "maf_inverse",
        statements: &["N2"],
        place: "05_normalizing_flows.md#one-after-another",
        outputs: &["x"],
        learned: "To get back, one needs the numbers one is looking for: one after another, d \
                  passes of the network. Turn the layer round, and sampling is the cheap direction.",
        hints: [
            "Which s and t are known before any x is? What is known after the first x?",
            "x_1 = (y_1 − t_1) exp(−s_1) needs no x. Then net(x_1, …) has the right s_2 and t_2, \
             and so on.",
            "let mut x = Tensor::zeros(y.shape()); for _ in 0..d { let (s, t) = net(&x); x = (y - t) \
             * (-s).exp(); } after pass i the first i columns are right.",
        ],
    },
    inputs: || {
        let of =
            |about: &str, y: Tensor| Input::new(about).with("net", autoregressive()).with("y", y);
        let mut rng = Rng::new(82);
        vec![
            of("one number", Tensor::from([[1.5]])),
            of("one point of the plane", Tensor::from([[1.5, -0.5]])),
            of("four points of the plane", rng.normal(&[4, 2])),
            of("three points in four dimensions", rng.normal(&[3, 4])),
        ]
    },
    run: |answer, i| vec![answer(&net(i), i.tensor("y"))],
    right: |net, y| passes(net, y, y.shape()[1], |y, s, t| (y - t) * (-s).exp()),
    wrong: &[
        Wrong {
            answer: |net, y| {
                let (s, t) = net(y);
                (y - t) * (-s).exp()
            },
            says: "The network is asked about y. Its s and t were made from x on the way there; \
                   from y they come only in an IAF, which is another layer.",
        },
        Wrong {
            answer: |net, y| passes(net, y, 1, |y, s, t| (y - t) * (-s).exp()),
            says: "One pass from x = 0 finds the first number only. The others need it: ask the \
                   network again with what is found.",
        },
        Wrong {
            answer: |net, y| passes(net, y, y.shape()[1] - 1, |y, s, t| (y - t) * (-s).exp()),
            says: "One pass is missing: after i passes the first i numbers are right, so it takes \
                   d.",
        },
        Wrong {
            answer: |net, y| passes(net, y, y.shape()[1], |y, s, t| (y - t) * s.exp()),
            says: "You multiply by eˢ. The layer was y = x eˢ + t: divide by it.",
        },
        Wrong {
            answer: |net, y| passes(net, y, y.shape()[1], |y, s, t| y * (-s).exp() - t),
            says: "You divide first and subtract t then. t was added last, so it goes first: (y − \
                   t) e⁻ˢ.",
        },
        Wrong {
            answer: |net, y| {
                let (s, t) = net(y);
                y * s.exp() + t
            },
            says: "This is the way there, once more. Solve y = x eˢ + t for x, one number after \
                   another.",
        },
    ],
};

/// x after so many passes, beginning with zeros.
fn passes(net: Net, y: &Tensor, count: usize, f: fn(&Tensor, Tensor, Tensor) -> Tensor) -> Tensor {
    (0..count).fold(Tensor::zeros(y.shape()), |x, _| {
        let (s, t) = net(&x);
        f(y, s, t)
    })
}

/// s and t side by side, of which those of number i see the numbers before it.
fn autoregressive() -> Function {
    let formula = "net(x) = (s, t), s_i = sin(c_i + 1)/2, t_i = cos(c_i), c_i = x_1 + … + x_{i−1}";
    function(formula, |x| {
        let before = x.cumsum(1) - x;
        Tensor::concat(&[&((&before + 1.0).sin() * 0.5), &before.cos()], 1)
    })
}

/// An input's network, to be called.
fn net(input: &Input) -> impl Fn(&Tensor) -> (Tensor, Tensor) + use<'_> {
    let f = called(input, "net");
    move |x| {
        let (both, d) = (f(x), x.shape()[1]);
        (both.slice(1, 0..d), both.slice(1, d..2 * d))
    }
}

/// h (s ξ² + δ₀ ξ(1−ξ))/under and ln slope, under = s + (δ₀ + δ₁ − 2s) ξ(1−ξ), s = h/w.
pub const RATIONAL_QUADRATIC: Check<Bin> = Check {
    exercise: Exercise {
        chapter: "normalizing_flows",
        name: "rational_quadratic",
        statements: &["N2"],
        place: "05_normalizing_flows.md#splines",
        outputs: &["rise", "ladj"],
        learned: "Width, height and two slopes, all positive, and any choice of them gives a curve \
                  that rises: nothing has to be forbidden to the network.",
        hints: [
            "Check your formula at ξ = 0 and ξ = 1: the rise is 0 and h, the slope δ_0 and δ_1.",
            "With s = h/w, e = ξ(1 − ξ) and under = s + (δ_0 + δ_1 − 2 s) e: rise = h (s ξ² + δ_0 \
             e)/under, slope = s² (δ_1 ξ² + 2 s e + δ_0 (1 − ξ)²)/under².",
            "let s = h / w; let e = xi * (1.0 - xi); let under = &s + (d_0 + d_1 - &s * 2.0) * &e; \
             (…, (…).ln())",
        ],
    },
    inputs: || {
        let line = |about: &str, values: [Float; 5]| {
            let [xi, w, h, d_0, d_1] = values.map(|v| Tensor::from([[v]]));
            bin(about, [xi, w, h, d_0, d_1])
        };
        let mut rng = Rng::new(83);
        let mut positive = |low: Float, high: Float| rng.uniform_in(&[5, 1], low, high);
        let many = [
            positive(0.1, 0.9),
            positive(0.4, 2.0),
            positive(0.4, 2.0),
            positive(0.2, 3.0),
            positive(0.2, 3.0),
        ];
        vec![
            line("the left end of a bin, ξ = 0", [0.0, 2.0, 1.0, 0.25, 3.0]),
            line("the right end, ξ = 1", [1.0, 2.0, 1.0, 0.25, 3.0]),
            line("at a quarter of the bin", [0.25, 0.5, 1.5, 0.5, 2.0]),
            bin("five points, a bin for each", many),
        ]
    },
    run: |answer, i| {
        let [xi, w, h, d_0, d_1] = ["xi", "w", "h", "d_0", "d_1"].map(|name| i.tensor(name));
        let (rise, ladj) = answer(xi, w, h, d_0, d_1);
        vec![rise, ladj]
    },
    right: |xi, w, h, d_0, d_1| {
        let q = Quotient::of(xi, w, h, d_0, d_1);
        (q.rise, (q.s.square() * q.above / q.under.square()).ln())
    },
    wrong: &[
        Wrong {
            answer: |xi, w, h, d_0, d_1| {
                let q = Quotient::of(xi, w, h, d_1, d_0);
                (q.rise, (q.s.square() * q.above / q.under.square()).ln())
            },
            says: "The two slopes are exchanged: δ_0 is that of the left end, ξ = 0.",
        },
        Wrong {
            answer: |xi, w, h, d_0, d_1| {
                let q = Quotient::of(xi, w, h, d_0, d_1);
                (q.rise, (q.s.square() * w * q.above / q.under.square()).ln())
            },
            says: "This is the slope in ξ. The layer maps x, and ξ = (x − x_k)/w: divide by w, or \
                   use s² instead of s h.",
        },
        Wrong {
            answer: |xi, w, h, d_0, d_1| {
                let q = Quotient::of(xi, w, h, d_0, d_1);
                (q.rise, (q.s.square() * q.above / q.under).ln())
            },
            says: "The denominator of the slope has lost its square: the derivative of a quotient \
                   is divided by the square of what stands below.",
        },
        Wrong {
            answer: |xi, w, h, d_0, d_1| {
                let q = Quotient::of(xi, w, h, d_0, d_1);
                (q.rise, q.s.square() * q.above / q.under.square())
            },
            says: "This is the slope. The task wants its logarithm, which is added to the ladj of \
                   the layer.",
        },
        Wrong {
            answer: |xi, w, h, d_0, d_1| {
                let q = Quotient::of(xi, w, h, d_0, d_1);
                let back = Quotient::of(&(1.0 - xi), w, h, d_0, d_1);
                (q.rise, (q.s.square() * back.above / q.under.square()).ln())
            },
            says: "In the slope ξ² and (1 − ξ)² are exchanged: δ_1 goes with ξ², for it is the \
                   slope at ξ = 1.",
        },
        Wrong {
            answer: |xi, w, h, d_0, d_1| {
                let q = Quotient::of(xi, w, h, d_0, d_1);
                (h * xi, (q.s.square() * q.above / q.under.square()).ln())
            },
            says: "The rise is that of the straight line h ξ. The curve must leave with the slope \
                   δ_0 and arrive with δ_1.",
        },
    ],
};

fn bin(about: &str, [xi, w, h, d_0, d_1]: [Tensor; 5]) -> Input {
    Input::new(about).with("xi", xi).with("w", w).with("h", h).with("d_0", d_0).with("d_1", d_1)
}

/// The parts of the quotient and its derivative.
struct Quotient {
    s: Tensor,
    rise: Tensor,
    /// δ₁ ξ² + 2 s ξ(1−ξ) + δ₀ (1−ξ)².
    above: Tensor,
    /// s + (δ₀ + δ₁ − 2s) ξ(1−ξ).
    under: Tensor,
}

impl Quotient {
    fn of(xi: &Tensor, w: &Tensor, h: &Tensor, d_0: &Tensor, d_1: &Tensor) -> Quotient {
        let (s, rest) = (h / w, 1.0 - xi);
        let e = xi * &rest;
        let under = &s + (d_0 + d_1 - &s * 2.0) * &e;
        let rise = h * (&s * xi.square() + d_0 * &e) / &under;
        let above = d_1 * xi.square() + &s * e * 2.0 + d_0 * rest.square();
        Quotient { s, rise, above, under }
    }
}
