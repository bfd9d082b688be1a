//! Volumes, and maps one after the other: exercises 1 to 5.

use super::{Layer, Psi, called, function};
use crate::chapters::normalizing_flows::coordinates::spherical_det;
use crate::chapters::normalizing_flows::log_normal;
use crate::check::{Check, Exercise, Function, Input, Wrong};
use crate::derivatives::jacobian;
use crate::random::Rng;
use crate::{Float, Tensor};

/// ln(ρ² sin φ).
pub const SPHERICAL_LADJ: Check<fn(&Tensor) -> Tensor> = Check {
    exercise: Exercise {
        chapter: "normalizing_flows",
        name: "spherical_ladj",
        statements: &["N1"],
        place: "05_normalizing_flows.md#three-old-changes-of-variables",
        outputs: &["ladj"],
        learned: "A box of coordinates has sides dρ, ρ dφ and ρ sin φ dθ in space. Their product \
                  is the determinant: a box near the pole or the centre holds little.",
        hints: [
            "How long is the way of a point if only ρ changes, only φ, only θ?",
            "The sides are dρ, ρ dφ, ρ sin φ dθ, at right angles to each other; the answer is \
             the logarithm of their product without the differentials.",
            "let [rho, phi] = [0, 1].map(|i| u.slice(1, i..i + 1)); (rho.square() * …).ln().sum(1)",
        ],
    },
    inputs: || {
        let u = |about: &str, u: Tensor| Input::new(about).with("u", u);
        let mut rng = Rng::new(71);
        vec![
            u("one point: ρ = 2, φ = 0.5, θ = 1", Tensor::from([[2.0, 0.5, 1.0]])),
            u("inside the unit sphere, below the equator", Tensor::from([[0.5, 2.5, 2.0]])),
            u("five points", rng.uniform_in(&[5, 3], 0.2, 2.9)),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("u"))],
    right: |u| spherical_det(u).ln(),
    wrong: &[
        Wrong {
            answer: |u| (column(u, 0).square() * column(u, 1).cos()).ln(),
            says: "cos φ in the place of sin φ. Here φ is measured from the pole, where the circles \
                   of latitude shrink to a point: sin 0 = 0. With φ from the equator it is cos φ.",
        },
        Wrong {
            answer: |u| (column(u, 0) * column(u, 1).sin()).ln(),
            says: "ρ must come in squared: the sides along φ and along θ both grow with ρ.",
        },
        Wrong {
            answer: |u| column(u, 0).square() * column(u, 1).sin(),
            says: "This is the determinant, ρ² sin φ. The task wants its logarithm, as a layer's \
                   ladj is.",
        },
        Wrong {
            answer: |u| (column(u, 0).square() * column(u, 2).sin()).ln(),
            says: "You took the sine of θ, the angle of turning. Nothing depends on it: turn the \
                   sphere, and every box keeps its volume. φ is the second column.",
        },
        Wrong {
            answer: |u| column(u, 0).ln() * 2.0,
            says: "The factor sin φ is missing: a circle of latitude has the radius ρ sin φ, not ρ.",
        },
        Wrong {
            answer: |u| column(u, 0).ln(),
            says: "This is ln r, the answer for polar and cylindrical coordinates. A sphere has two \
                   angles: ρ² sin φ.",
        },
    ],
};

/// A column as `[n]`.
fn column(u: &Tensor, i: usize) -> Tensor {
    u.slice(1, i..i + 1).sum(1)
}

/// ln N(z; 0, I) − ln |det ∂ψ/∂z|.
pub const PUSH_FORWARD: Check<fn(Psi, &Tensor) -> Tensor> = Check {
    exercise: Exercise {
        chapter: "normalizing_flows",
        name: "push_forward",
        statements: &["N3"],
        place: "05_normalizing_flows.md#the-push-forward-is-the-same-statement",
        outputs: &["ln p"],
        learned: "What the determinant stretches, the density pays for. This works for any map \
                  that can be inverted, and needs its Jacobian matrix; a flow's layers are made so \
                  that nobody has to compute that.",
        hints: [
            "Where was the ink that now lies at ψ(z), and by which factor has its volume grown?",
            "ln [ψ]_* p(ψ(z)) = ln N(z; 0, I) − ln |det ∂ψ/∂z (z)|, for each row alone.",
            "For each i: let row = z.slice(0, i..i + 1); jacobian(|z| psi(z), \
             &row).reshape(&[d, d]).slogdet().1; then Tensor::stack.",
        ],
    },
    inputs: || {
        let with = |about: &str, psi: &Function, z: Tensor| {
            Input::new(about).with("psi", psi.clone()).with("z", z)
        };
        let line = function("psi(z) = 1 − 3 z", |z| 1.0 - z * 3.0);
        let plane = function("psi(z) = (z₂ exp(z₁/2), z₁)", |z| {
            let [a, b] = [0, 1].map(|i| z.slice(1, i..i + 1));
            Tensor::concat(&[&(b * (&a * 0.5).exp()), &a], 1)
        });
        let space = function("psi(z) = 2 z + sin(z₃, z₂, z₁)", |z| z * 2.0 + z.flip(1).sin());
        let mut rng = Rng::new(72);
        vec![
            with("one point of the line", &line, Tensor::from([[0.5]])),
            with("one point of the plane", &plane, Tensor::from([[1.0, -0.5]])),
            with("four points of the plane", &plane, rng.normal(&[4, 2])),
            with("three points in space", &space, rng.normal(&[3, 3])),
        ]
    },
    run: |answer, i| vec![answer(&called(i, "psi"), i.tensor("z"))],
    right: |psi, z| log_normal(z) - each(psi, z, |j| j.slogdet().1),
    wrong: &[
        Wrong {
            answer: |psi, z| log_normal(z) + each(psi, z, |j| j.slogdet().1),
            says: "ladj is added. ψ leads from the noise to the point: where it stretches, the ink \
                   lies thinner, so ladj is subtracted. It is added for the map from the data to \
                   the noise.",
        },
        Wrong {
            answer: |psi, z| log_normal(&psi(z)) - each(psi, z, |j| j.slogdet().1),
            says: "The normal density is taken at ψ(z). The ink that lies at ψ(z) comes from z: \
                   take it there.",
        },
        Wrong {
            answer: |psi, z| log_normal(z) - each(psi, z, |j| j.det().ln()),
            says: "The bars are missing: a map that mirrors has a negative determinant, whose \
                   logarithm is NaN. Volume grows by |det|.",
        },
        Wrong {
            answer: |_, z| log_normal(z),
            says: "The determinant is missing. Where ψ stretches, the same ink fills more room; \
                   without it the density does not integrate to 1.",
        },
        Wrong {
            answer: |psi, z| {
                let first = each(psi, &z.slice(0, 0..1), |j| j.slogdet().1);
                log_normal(z) - first
            },
            says: "The determinant of row 0 is used for all rows. Unless ψ is linear it differs \
                   from point to point.",
        },
        Wrong {
            answer: |psi, z| {
                log_normal(z) - each(psi, z, |j| (j * Tensor::eye(d(z))).sum(0).abs().ln().sum(..))
            },
            says: "You multiply the diagonal of the Jacobian matrix. That is its determinant only \
                   if it is triangular; this ψ mixes the coordinates.",
        },
    ],
};

fn d(z: &Tensor) -> usize {
    z.shape()[1]
}

/// A function of the Jacobian matrix at each row: `[n]`.
fn each(psi: Psi, z: &Tensor, f: impl Fn(Tensor) -> Tensor) -> Tensor {
    let n = z.shape()[0];
    let at = |i: usize| f(jacobian(psi, &z.slice(0, i..i + 1)).reshape(&[d(z), d(z)]));
    let all: Vec<Tensor> = (0..n).map(at).collect();
    Tensor::stack(&all.iter().collect::<Vec<_>>(), 0)
}

/// ln N(z; 0, I) + ladj.
pub const LOG_DENSITY: Check<fn(&Tensor, &Tensor) -> Tensor> = Check {
    exercise: Exercise {
        chapter: "normalizing_flows",
        name: "log_density",
        statements: &["N2"],
        place: "05_normalizing_flows.md#the-density-of-a-flow",
        outputs: &["ln p(x)"],
        learned: "All that a likelihood needs: how near the noise is to 0, and by how much the \
                  way there has stretched. The second keeps the first from pressing everything \
                  into the origin.",
        hints: [
            "Two terms: the density of the noise at z, and the volume. Which way does the map go?",
            "ln p(x) = −½ ‖z‖² − (d/2) ln 2π + ladj.",
            "(z.square() + (TAU as Float).ln()).sum(1) * -0.5 + ladj",
        ],
    },
    inputs: || {
        let at = |about: &str, z: Tensor, ladj: Tensor| {
            Input::new(about).with("z", z).with("ladj", ladj)
        };
        let mut rng = Rng::new(73);
        vec![
            at("one point of the line, z = 1.5", Tensor::from([[1.5]]), Tensor::from([0.75])),
            at("z = 0 in the plane", Tensor::from([[0.0, 0.0]]), Tensor::from([-2.0])),
            at("four points of the plane", rng.normal(&[4, 2]), rng.normal(&[4])),
            at("two points in five dimensions", rng.normal(&[2, 5]), rng.normal(&[2]) * 3.0),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("z"), i.tensor("ladj"))],
    right: |z, ladj| log_normal(z) + ladj,
    wrong: &[
        Wrong {
            answer: |z, ladj| log_normal(z) - ladj,
            says: "ladj is subtracted. Here the map leads from the data to the noise: where it \
                   stretches, the data lay denser than the noise does, so ladj is added.",
        },
        Wrong {
            answer: |z, ladj| z.square().sum(1) * -0.5 + ladj,
            says: "The constant −(d/2) ln 2π is missing. Training would not notice; but this is no \
                   density, and no likelihood to compare with another.",
        },
        Wrong {
            answer: |z, ladj| z.square().sum(1) * -0.5 - half_ln_tau() + ladj,
            says: "The constant is that of one coordinate. There are d: −(d/2) ln 2π.",
        },
        Wrong {
            answer: |z, ladj| z.square().mean(1) * -0.5 - half_ln_tau() + ladj,
            says: "The mean over coordinates stands where the sum belongs. Densities of \
                   independent coordinates are multiplied, their logarithms added; with the mean \
                   ladj has the wrong weight.",
        },
        Wrong {
            answer: |z, ladj| log_normal(z) - z.square().sum(1) * 0.5 + ladj,
            says: "The ½ of the normal density is missing: −½ ‖z‖².",
        },
        Wrong {
            answer: |z, _| log_normal(z),
            says: "ladj is left out. A flow trained with this presses all data into the origin, \
                   where the normal density is highest.",
        },
    ],
};

/// ½ ln 2π.
fn half_ln_tau() -> Float {
    (0.5 * libm::log(std::f64::consts::TAU)) as Float
}

type Chain = fn(&[Layer], &Tensor) -> (Tensor, Tensor);

/// z = f_L(… f₁(x)) and Σ ladj, each where its layer is.
pub const CHAIN: Check<Chain> = Check {
    exercise: Exercise {
        chapter: "normalizing_flows",
        name: "chain",
        statements: &["N2"],
        place: "05_normalizing_flows.md#a-chain-of-maps",
        outputs: &["z", "ladj"],
        learned: "Determinants of a chain multiply, so their logarithms add, each taken where the \
                  point is when it meets the layer. Simple layers make a rich map, at the price of \
                  a sum.",
        hints: [
            "What does the second layer see: x, or what the first has made of it?",
            "x_0 = x; (x_l, ladj_l) = f_l(x_{l−1}); z = x_L, and ladj = Σ_l ladj_l.",
            "let mut x = x.clone(); let mut sum = Tensor::zeros(&[n]); for layer in layers { let \
             (y, ladj) = layer(&x); … }",
        ],
    },
    inputs: || {
        let mut rng = Rng::new(74);
        let two = [double(), bend()];
        let three = [bend(), cubic(), double()];
        let input =
            |about: &str, functions: &[Function], x: Tensor| layers(about, functions, "x", x);
        vec![
            input("one layer, one point of the line", &[cubic()], Tensor::from([[0.5]])),
            input("two layers, one point of the line", &two, Tensor::from([[0.5]])),
            input("three layers, four points of the plane", &three, rng.normal(&[4, 2])),
            input("two layers, two points in space", &[cubic(), bend()], rng.normal(&[2, 3])),
        ]
    },
    run: |answer, i| {
        let called: Vec<_> = names(i).map(|name| both(i, name)).collect();
        let layers: Vec<Layer> = called.iter().map(|f| f as Layer).collect();
        let (z, ladj) = answer(&layers, i.tensor("x"));
        vec![z, ladj]
    },
    right: through,
    wrong: &[
        Wrong {
            answer: |layers, x| {
                let (z, _) = through(layers, x);
                let (_, before) = through(&layers[..layers.len() - 1], x);
                let (_, sum) = through(layers, x);
                (z, sum - before)
            },
            says: "ladj is that of the last layer alone; the others are forgotten. Every layer \
                   changes volume: add them all.",
        },
        Wrong {
            answer: |layers, x| {
                let sum = layers.iter().map(|f| f(x).1).reduce(|a, b| a + b);
                (through(layers, x).0, sum.expect("there is a layer"))
            },
            says: "Every ladj is taken at x. A layer's determinant belongs to the point that it \
                   is given, which the layers before have moved.",
        },
        Wrong {
            answer: |layers, x| {
                let back: Vec<Layer> = layers.iter().rev().copied().collect();
                through(&back, x)
            },
            says: "The layers are run from the last to the first. The data meet f_1 first; only \
                   the way back begins with f_L.",
        },
        Wrong {
            answer: |layers, x| {
                let start = (x.clone(), Tensor::ones(&x.shape()[..1]));
                layers.iter().fold(start, |(x, product), f| {
                    let (y, ladj) = f(&x);
                    (y, product * ladj)
                })
            },
            says: "The ladj are multiplied. The determinants multiply; ladj is a logarithm already, \
                   and logarithms add.",
        },
        Wrong {
            answer: |layers, x| {
                let (z, ladj) = through(layers, x);
                (z, ladj / layers.len() as Float)
            },
            says: "You take the mean over the layers. The volume grows by every factor: the sum.",
        },
    ],
};

/// The layers one after the other.
fn through(layers: &[Layer], x: &Tensor) -> (Tensor, Tensor) {
    let start = (x.clone(), Tensor::zeros(&x.shape()[..1]));
    layers.iter().fold(start, |(x, sum), f| {
        let (y, ladj) = f(&x);
        (y, sum + ladj)
    })
}

const NAMES: [&str; 3] = ["f_1", "f_2", "f_3"];

/// Points called `name`, and layers.
fn layers(about: &str, functions: &[Function], name: &'static str, x: Tensor) -> Input {
    let input = Input::new(about).with(name, x);
    let each = NAMES.into_iter().zip(functions);
    each.fold(input, |input, (name, f)| input.with(name, f.clone()))
}

/// The names of the layers that an input has.
fn names(input: &Input) -> impl Iterator<Item = &'static str> {
    let known = |name: &&str| input.arguments.iter().any(|(other, _)| other == name);
    NAMES.into_iter().filter(known).collect::<Vec<_>>().into_iter()
}

/// A layer as one function: y, and ladj as one column more.
fn layer(formula: &'static str, f: fn(&Tensor) -> (Tensor, Tensor)) -> Function {
    function(formula, move |x| {
        let (y, slopes) = f(x);
        Tensor::concat(&[&y, &slopes.ln().sum_keep(1)], 1)
    })
}

/// An input's layer, to be called.
fn both<'a>(input: &'a Input, name: &str) -> impl Fn(&Tensor) -> (Tensor, Tensor) + use<'a> {
    let f = called(input, name);
    move |x| {
        let (together, d) = (f(x), d(x));
        (together.slice(1, 0..d), together.slice(1, d..d + 1).sum(1))
    }
}

fn double() -> Function {
    layer("y = 2 x + 1, ladj = d ln 2", |x| (x * 2.0 + 1.0, Tensor::full(x.shape(), 2.0)))
}

fn bend() -> Function {
    let formula = "y = x + sin(x)/2, ladj = Σ ln(1 + cos(x)/2)";
    layer(formula, |x| (x + x.sin() * 0.5, x.cos() * 0.5 + 1.0))
}

fn cubic() -> Function {
    let formula = "y = x + x³, ladj = Σ ln(1 + 3 x²)";
    layer(formula, |x| (x + x.powi(3), x.square() * 3.0 + 1.0))
}

/// f₁⁻¹(f₂⁻¹(… f_L⁻¹(z))).
pub const UNCHAIN: Check<fn(&[Psi], &Tensor) -> Tensor> = Check {
    exercise: Exercise {
        chapter: "normalizing_flows",
        name: "unchain",
        statements: &["N2"],
        place: "05_normalizing_flows.md#a-chain-of-maps",
        outputs: &["x"],
        learned: "Shoes after socks, and shoes off before socks. With normal z this is the \
                  sampler: noise in, data out, one pass.",
        hints: [
            "Which layer has touched z last?",
            "z = f_L(… f_1(x)), so x = f_1⁻¹(f_2⁻¹(… f_L⁻¹(z))).",
            "inverses.iter().rev().fold(z.clone(), |y, inverse| …)",
        ],
    },
    inputs: || {
        let input =
            |about: &str, functions: &[Function], z: Tensor| layers(about, functions, "z", z);
        let half = function("f⁻¹(y) = (y − 1)/2", |y| (y - 1.0) * 0.5);
        let flat = function("f⁻¹(y) = tanh(y)", Tensor::tanh);
        let steep = function("f⁻¹(y) = y + y³", |y| y + y.powi(3));
        let mut rng = Rng::new(75);
        let two = [half.clone(), flat.clone()];
        let three = [half, steep, flat];
        vec![
            input("two layers, one point of the line", &two, Tensor::from([[0.5]])),
            input("three layers, one point of the line", &three, Tensor::from([[-1.5]])),
            input("three layers, four points of the plane", &three, rng.normal(&[4, 2])),
        ]
    },
    run: |answer, i| {
        let functions: Vec<_> = names(i).map(|name| called(i, name)).collect();
        let inverses: Vec<Psi> = functions.iter().map(|f| f as Psi).collect();
        vec![answer(&inverses, i.tensor("z"))]
    },
    right: |inverses, z| back(inverses.iter().rev(), z),
    wrong: &[
        Wrong {
            answer: |inverses, z| back(inverses.iter(), z),
            says: "The inverses are run in the order of the layers. What was done last must be \
                   undone first: begin with that of f_L.",
        },
        Wrong {
            answer: |inverses, z| back(inverses[1..].iter().rev(), z),
            says: "The first layer is not undone: you return what f_1 made of x.",
        },
        Wrong {
            answer: |inverses, z| back(inverses[..inverses.len() - 1].iter().rev(), z),
            says: "The last layer is not undone, though z is what came out of it.",
        },
        Wrong {
            answer: |inverses, z| inverses[inverses.len() - 1](z),
            says: "Only the last layer is undone. Go on with what comes out, down to f_1.",
        },
    ],
};

fn back<'a>(order: impl Iterator<Item = &'a Psi<'a>>, z: &Tensor) -> Tensor {
    order.fold(z.clone(), |y, inverse| inverse(&y))
}
