//! What becomes of laws: exercises 6 to 8.

use super::{Langevin, Moment};
use crate::check::{Check, Exercise, Input, Wrong};
use crate::random::Rng;
use crate::{Float, Tensor};

/// x + ½ σ² h s + σ √h z.
pub const LANGEVIN_STEP: Check<Langevin> = Check {
    exercise: Exercise {
        chapter: "sdes",
        name: "langevin_step",
        statements: &["S3"],
        place: "08_sdes.md#langevins-dynamics",
        outputs: &["x_new"],
        learned: "The score leads uphill and the noise down again. With the two in this proportion, half \
                  of σ² to σ, the law they settle at is p itself.",
        hints: [
            "It is a step of Euler and Maruyama with the drift ½ σ² s.",
            "dX = ½ σ² ∇ ln p(X) dt + σ dW.",
            "x + s * (0.5 * sigma * sigma * h) + z * (sigma * h.sqrt())",
        ],
    },
    inputs: || {
        let input = |about: &str, x: Tensor, s: Tensor, sigma: Float, h: Float, z: Tensor| {
            Input::new(about)
                .with("x", x)
                .with("s", s)
                .with("sigma", sigma)
                .with("h", h)
                .with("z", z)
        };
        let mut rng = Rng::new(221);
        let one = |v: Float| Tensor::from([[v]]);
        vec![
            input("one number, σ = 2", one(1.0), one(-1.0), 2.0, 0.25, one(0.5)),
            input("no noise drawn", rng.normal(&[3, 2]), rng.normal(&[3, 2]), 0.5, 0.1, {
                Tensor::zeros(&[3, 2])
            }),
            input("in the plane", rng.normal(&[4, 2]), rng.normal(&[4, 2]), 1.5, 0.04, {
                rng.normal(&[4, 2])
            }),
        ]
    },
    run: |answer, i| {
        let (sigma, h) = (i.number("sigma"), i.number("h"));
        vec![answer(i.tensor("x"), i.tensor("s"), sigma, h, i.tensor("z"))]
    },
    right: |x, s, sigma, h, z| x + s * (0.5 * sigma * sigma * h) + z * (sigma * h.sqrt()),
    wrong: &[
        Wrong {
            answer: |x, s, sigma, h, z| x + s * (0.5 * sigma * sigma * h) + z * (sigma * h),
            says: "The noise is multiplied by h. It must be √h: too little noise, and all points climb to \
                   the nearest mode.",
        },
        Wrong {
            answer: |x, s, sigma, h, z| x + s * (sigma * sigma * h) + z * (sigma * h.sqrt()),
            says: "The drift is σ² s. It must be ½ σ² s: with the double the points settle at p², which is \
                   narrower.",
        },
        Wrong {
            answer: |x, s, sigma, h, z| x + s * (0.5 * sigma * h) + z * (sigma * h.sqrt()),
            says: "σ stands where σ² belongs, in the drift: noise spreads variance at the rate σ², and the \
                   drift must bring back as much.",
        },
        Wrong {
            answer: |x, s, sigma, h, z| x - s * (0.5 * sigma * sigma * h) + z * (sigma * h.sqrt()),
            says: "The sign of the score is wrong: it points to where p grows, and so should the step.",
        },
        Wrong {
            answer: |x, s, sigma, h, z| x + s * (0.5 * sigma * sigma * h) + z * h.sqrt(),
            says: "σ is forgotten at the noise.",
        },
    ],
};

/// −(p u)′ + ½ σ² p″.
pub const FOKKER_PLANCK_RATE: Check<fn(&Moment, Float) -> Tensor> = Check {
    exercise: Exercise {
        chapter: "sdes",
        name: "fokker_planck_rate",
        statements: &["S3", "C3"],
        place: "08_sdes.md#the-equation-of-fokker-and-planck",
        outputs: &["rate"],
        learned: "The first part carries mass along, the second spreads it: it takes from hills, p″ < 0, \
                  and fills hollows.",
        hints: [
            "Two parts: what the drift carries away, and what the noise spreads.",
            "∂p/∂t = −∂(p u)/∂x + ½ σ² ∂²p/∂x², with the product rule for the first.",
            "-(slope * u + p * u_slope) + bend * (0.5 * sigma * sigma)",
        ],
    },
    inputs: || {
        let input = |about: &str, [p, slope, bend, u, u_slope]: [Tensor; 5], sigma: Float| {
            Input::new(about)
                .with("p", p)
                .with("slope", slope)
                .with("bend", bend)
                .with("u", u)
                .with("u_slope", u_slope)
                .with("sigma", sigma)
        };
        let mut rng = Rng::new(222);
        let one = |v: Float| Tensor::from([v]);
        vec![
            input("the top of a hill, no drift", [0.4, 0.0, -0.4, 0.0, 0.0].map(one), 2.0),
            input("no noise, u = −x at x = 1", [0.25, -0.25, 0.0, -1.0, -1.0].map(one), 0.0),
            input("four points", [(); 5].map(|()| rng.normal(&[4])), 1.5),
        ]
    },
    run: |answer, i| {
        let part = |name: &str| i.tensor(name).clone();
        let moment = Moment {
            p: part("p"),
            slope: part("slope"),
            bend: part("bend"),
            u: part("u"),
            u_slope: part("u_slope"),
        };
        vec![answer(&moment, i.number("sigma"))]
    },
    right: |m, sigma| spread(m, 0.5 * sigma * sigma) - carried(m),
    wrong: &[
        Wrong {
            answer: |m, sigma| spread(m, 0.5 * sigma * sigma) + carried(m),
            says: "The sign of the drift's part is wrong: where more flows out than in, p falls.",
        },
        Wrong {
            answer: |m, sigma| spread(m, sigma * sigma) - carried(m),
            says: "The spread is ½ σ² p″; the ½ is forgotten.",
        },
        Wrong {
            answer: |m, sigma| spread(m, 0.5 * sigma) - carried(m),
            says: "σ stands where σ² belongs.",
        },
        Wrong {
            answer: |m, sigma| spread(m, 0.5 * sigma * sigma) - &m.slope * &m.u,
            says: "Of (p u)′ one half is missing: p u′, what the drift squeezes together or pulls apart.",
        },
        Wrong {
            answer: |m, sigma| -spread(m, 0.5 * sigma * sigma) - carried(m),
            says: "The sign of the spread is wrong: noise flattens hills, where p″ < 0; this would sharpen \
                   them.",
        },
    ],
};

/// (p u)′.
fn carried(m: &Moment) -> Tensor {
    &m.slope * &m.u + &m.p * &m.u_slope
}

fn spread(m: &Moment, rate: Float) -> Tensor {
    &m.bend * rate
}

type Extended = fn(&Tensor, &Tensor, &Tensor, &Tensor, Float) -> Tensor;

/// u − ½ σ² (x − m) / v.
pub const EXTENDED_DRIFT: Check<Extended> = Check {
    exercise: Exercise {
        chapter: "sdes",
        name: "extended_drift",
        statements: &["S3"],
        place: "08_sdes.md#a-flow-with-noise",
        outputs: &["drift"],
        learned: "The noise spreads the law at the rate ½ σ² Δp, and the score brings back just that. Any σ \
                  will do, and it may change with time.",
        hints: [
            "The drift gets a part that undoes what the noise does; for it you need the score of the law.",
            "u + ½ σ² ∇ ln p with ∇ ln N(x; m, s² I) = −(x − m)/s².",
            "u - (x - mean) / std.square() * (0.5 * sigma * sigma)",
        ],
    },
    inputs: || {
        let input = |about: &str, [u, x, mean, std]: [Tensor; 4], sigma: Float| {
            Input::new(about)
                .with("u", u)
                .with("x", x)
                .with("mean", mean)
                .with("std", std)
                .with("sigma", sigma)
        };
        let mut rng = Rng::new(223);
        let one = |v: Float| Tensor::from([[v]]);
        vec![
            input("no flow, one number", [0.0, 3.0, 1.0, 2.0].map(one), 2.0),
            input("no noise: σ = 0", [1.0, -1.0, 0.5, 0.25].map(one), 0.0),
            input(
                "in the plane, three widths",
                {
                    let [u, x, mean] = [(); 3].map(|()| rng.normal(&[3, 2]));
                    [u, x, mean, Tensor::from([[0.5], [1.5], [3.0]])]
                },
                1.5,
            ),
        ]
    },
    run: |answer, i| {
        let [u, x, mean, std] = ["u", "x", "mean", "std"].map(|name| i.tensor(name));
        vec![answer(u, x, mean, std, i.number("sigma"))]
    },
    right: |u, x, mean, std, sigma| u - (x - mean) / std.square() * (0.5 * sigma * sigma),
    wrong: &[
        Wrong {
            answer: |u, x, mean, std, sigma| u - (x - mean) / std * (0.5 * sigma * sigma),
            says: "The score of N(m, s²) is −(x − m)/s². You divided by s, the standard deviation.",
        },
        Wrong {
            answer: |u, x, mean, std, sigma| u + (x - mean) / std.square() * (0.5 * sigma * sigma),
            says: "The sign of the score is wrong: it points back to the mean. This way the law would spread \
                   twice as fast.",
        },
        Wrong {
            answer: |u, x, mean, std, sigma| u - (x - mean) / std.square() * (sigma * sigma),
            says: "σ² s stands where ½ σ² s belongs: the law would contract.",
        },
        Wrong {
            answer: |u, x, mean, std, sigma| u - (x - mean) / std.square() * (0.5 * sigma),
            says: "σ stands where σ² belongs: the noise spreads at the rate ½ σ².",
        },
        Wrong {
            answer: |u, _, _, _, _| u.clone(),
            says: "The drift is that of the flow alone. With noise and no correction the law spreads.",
        },
    ],
};
