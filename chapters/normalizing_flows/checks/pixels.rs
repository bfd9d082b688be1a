//! Pixels, and what a diffusion leaves open: exercises 14 to 16.

use crate::check::{Check, Exercise, Input, Wrong};
use crate::random::Rng;
use crate::{Float, Tensor};
use std::f64::consts::LN_2;

type OfTwo = fn(&Tensor, &Tensor) -> Tensor;

/// (k + u)/256 from k/255.
pub const DEQUANTISE: Check<OfTwo> = Check {
    exercise: Exercise {
        chapter: "normalizing_flows",
        name: "dequantise",
        statements: &["N2"],
        place: "05_normalizing_flows.md#pixels-are-whole-numbers",
        outputs: &["x", "256 x − k"],
        learned: "Each byte becomes an interval of width 1/256, and the intervals fill [0, 1). The \
                  density is then bounded by what the bytes say: no spike can grow.",
        hints: [
            "Which byte k is a pixel v = k/255? And which interval of [0, 1) belongs to it?",
            "x = (k + u)/256 with k = 255 v.",
            "(pixels * 255.0 + u) / 256.0",
        ],
    },
    inputs: || {
        let input = |about: &str, bytes: Tensor, u: Tensor| {
            Input::new(about).with("pixels", bytes / 255.0).with("u", u)
        };
        let mut rng = Rng::new(84);
        let bytes = Tensor::from_fn(&[3, 4], |i| (i * 71 % 256) as Float);
        vec![
            input("a black and a white pixel, u = 0.5", [[0.0, 255.0]].into(), [[0.5, 0.5]].into()),
            input("one pixel, k = 200, u = 0.75", Tensor::from([[200.0]]), Tensor::from([[0.75]])),
            input("three pictures of four pixels", bytes, rng.uniform(&[3, 4])),
        ]
    },
    // also where in the byte's interval x is: 1/256 of a pixel is easily overlooked
    run: |answer, i| {
        let (pixels, u) = (i.tensor("pixels"), i.tensor("u"));
        let x = answer(pixels, u);
        vec![x.clone(), x * 256.0 - pixels * 255.0]
    },
    right: |pixels, u| (pixels * 255.0 + u) / 256.0,
    wrong: &[
        Wrong {
            answer: |pixels, u| (pixels * 255.0 + u) / 255.0,
            says: "You divide by 255. There are 256 bytes and as many intervals; a white pixel \
                   would come to lie above 1. Go back to the byte and divide by 256.",
        },
        Wrong {
            answer: |pixels, u| pixels * 255.0 + u,
            says: "These are bytes spread over [0, 256). Divide by 256: the density is one over \
                   [0, 1), and bits per pixel count on that.",
        },
        Wrong {
            answer: |pixels, u| (pixels * 255.0 + u - 0.5) / 256.0,
            says: "The noise is centred: half of the black pixels become negative. The interval of \
                   byte k is [k, k + 1)/256.",
        },
        Wrong {
            answer: |pixels, _| (pixels * 255.0 + 0.5) / 256.0,
            says: "Every pixel is put into the middle of its interval. These are isolated points \
                   again, and the density there can grow without bound: add the noise u.",
        },
        Wrong {
            answer: |pixels, u| (pixels * 255.0 + u) / 256.0 * 2.0 - 1.0,
            says: "You scale on to [−1, 1). That may be done, but it is a layer like any other: its \
                   ladj, d ln 2, belongs into the likelihood. The task wants [0, 1).",
        },
    ],
};

/// nll / (d ln 2) + 8.
pub const BITS_PER_DIM: Check<fn(&Tensor, usize) -> Tensor> = Check {
    exercise: Exercise {
        chapter: "normalizing_flows",
        name: "bits_per_dim",
        statements: &["N2"],
        place: "05_normalizing_flows.md#pixels-are-whole-numbers",
        outputs: &["bits"],
        learned: "Eight bits are a byte without any model: the uniform density has nll 0. Whatever \
                  a model knows makes it less.",
        hints: [
            "What must come out for the uniform density on [0, 1]ᵈ, whose nll is 0?",
            "The probability of a byte is about p · (1/256)ᵈ; minus its logarithm to base 2, \
             divided by d.",
            "nll / (dim as Float * LN_2 as Float) + 8.0",
        ],
    },
    inputs: || {
        let of = |about: &str, nll: Tensor, dim: usize| {
            Input::new(about).with("nll", nll).with("dim", dim)
        };
        vec![
            of("the uniform density: nll = 0", Tensor::from([0.0]), 4),
            of("one pixel, half as uncertain", Tensor::from([-(LN_2 as Float)]), 1),
            of("three digits of 784 pixels", Tensor::from([-3000.0, -2500.0, 400.0]), 784),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("nll"), i.count("dim"))],
    right: |nll, dim| nll / (dim as Float * LN_2 as Float) + 8.0,
    wrong: &[
        Wrong {
            answer: |nll, dim| nll / (dim as Float * LN_2 as Float),
            says: "The 8 is missing. A density over [0, 1] is per unit of length; a byte has 1/256 \
                   of it, so −log₂ of its probability is 8 more.",
        },
        Wrong {
            answer: |nll, dim| nll / (dim as Float * LN_2 as Float) - 8.0,
            says: "The 8 is subtracted. A byte is less probable than its density says, by the \
                   width 1/256: it takes 8 bits more.",
        },
        Wrong {
            answer: |nll, dim| nll / dim as Float + 8.0,
            says: "Nats are added to bits: divide by ln 2 as well.",
        },
        Wrong {
            answer: |nll, dim| (nll / dim as Float + 8.0) / LN_2 as Float,
            says: "The 8 is divided by ln 2. It is in bits already; in nats it would be ln 256.",
        },
        Wrong {
            answer: |nll, _| nll / LN_2 as Float + 8.0,
            says: "These are the bits of a whole picture, plus the 8 of one pixel. Divide by the \
                   number of pixels.",
        },
    ],
};

/// v (1 − ᾱ)/(v ᾱ + 1 − ᾱ).
pub const LEFT_OPEN: Check<OfTwo> = Check {
    exercise: Exercise {
        chapter: "normalizing_flows",
        name: "left_open",
        statements: &["N4"],
        place: "05_normalizing_flows.md#flow-and-diffusion",
        outputs: &["variance"],
        learned: "A flow's noise leaves nothing open: f⁻¹(z) is the data point. A diffusion's \
                  noise, with ᾱ near 0, leaves everything open: it has forgotten where it came \
                  from.",
        hints: [
            "x_0 and x_T are jointly normal. What is the variance of one when the other is known?",
            "Var(x_0 | x_T) = v − Cov(x_0, x_T)²/Var(x_T), with Cov = √ᾱ v and Var(x_T) = ᾱ v + 1 − \
             ᾱ.",
            "variance * (1.0 - alpha_bar) / (alpha_bar * variance + (1.0 - alpha_bar))",
        ],
    },
    inputs: || {
        let of = |about: &str, variance: Tensor, alpha_bar: Tensor| {
            Input::new(about).with("variance", variance).with("alpha_bar", alpha_bar)
        };
        let mut rng = Rng::new(85);
        let [v, a] = [(0.2, 5.0), (0.1, 0.9)].map(|(low, high)| rng.uniform_in(&[5, 1], low, high));
        let one = |v: Float| Tensor::from([[v]]);
        vec![
            of("data of variance 1, ᾱ = 0.25", one(1.0), one(0.25)),
            of("data of variance 4, ᾱ = 0.5", one(4.0), one(0.5)),
            of("nothing but noise, ᾱ = 0", one(4.0), one(0.0)),
            of("no noise yet, ᾱ = 1", one(4.0), one(1.0)),
            of("five coordinates", v, a),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("variance"), i.tensor("alpha_bar"))],
    right: |v, a| v * (1.0 - a) / (a * v + (1.0 - a)),
    wrong: &[
        Wrong {
            answer: |_, a| 1.0 - a,
            says: "This is the variance of x_T when x_0 is known, the noise that was added. The \
                   question goes the other way.",
        },
        Wrong {
            answer: |v, a| v * (1.0 - a),
            says: "Right for data of variance 1. In general divide by the variance of x_T, ᾱ v + 1 \
                   − ᾱ.",
        },
        Wrong {
            answer: |v, a| (1.0 - a) / (a * v + (1.0 - a)),
            says: "This is the share of the noise in x_T. Multiply by v: it is the share of the \
                   data's variance that stays unknown.",
        },
        Wrong {
            answer: |v, a| a * v.square() / (a * v + (1.0 - a)),
            says: "This is what x_T explains, Cov²/Var. What it leaves open is v minus this.",
        },
        Wrong {
            answer: |v, a| v * (1.0 - a) / (v * a.sqrt() + (1.0 - a)),
            says: "√ᾱ is the factor of points. Variances take its square, ᾱ.",
        },
        Wrong {
            answer: |v, a| a * v + (1.0 - a),
            says: "This is the variance of x_T, over all data. The task wants that of x_0 when x_T \
                   is known.",
        },
    ],
};
