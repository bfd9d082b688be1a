//! Couplings, who stays in them, and matrices by their factors: exercises 6 to 9.

use super::{Net, called, function};
use crate::check::{Check, Exercise, Function, Input, Wrong};
use crate::random::Rng;
use crate::{Float, Tensor};

type Coupling = fn(Net, usize, &Tensor) -> (Tensor, Tensor);

/// (a, b) → (a, b eˢ + t), (s, t) = net(a); ladj = Σ s.
pub const AFFINE_COUPLING: Check<Coupling> = Check {
    exercise: Exercise {
        chapter: "normalizing_flows",
        name: "affine_coupling",
        statements: &["N2"],
        place: "05_normalizing_flows.md#coupling-layers",
        outputs: &["y", "ladj"],
        learned: "The network may be anything: it is never inverted and never differentiated for \
                  the determinant. The Jacobian matrix is triangular, with 1 and eˢ on its \
                  diagonal.",
        hints: [
            "Which numbers does the network see, and which are changed? Write down the Jacobian \
             matrix of (a, b) → (a, b eˢ + t).",
            "a = first k numbers, b = the rest; (s, t) = net(a); y = (a, b eˢ + t); ladj = Σ s.",
            "let (a, b) = (x.slice(1, 0..k), x.slice(1, k..d)); let (s, t) = net(&a); \
             (Tensor::concat(&[&a, &(…)], 1), s.sum(1))",
        ],
    },
    inputs: || inputs("x"),
    run: |answer, i| {
        let (y, ladj) = answer(&net(i), i.count("k"), i.tensor("x"));
        vec![y, ladj]
    },
    right: |net, k, x| {
        let (a, b) = halves(x, k);
        let (s, t) = net(&a);
        (joined(&a, &(b * s.exp() + t)), s.sum(1))
    },
    wrong: &[
        Wrong {
            answer: |net, k, x| {
                let (a, b) = halves(x, k);
                let (s, t) = net(&a);
                (joined(&a, &(b * s.exp() + t)), -s.sum(1))
            },
            says: "The sign of ladj is flipped. b is multiplied by eˢ, so volume grows by the \
                   factor exp(Σ s): ladj is Σ s.",
        },
        Wrong {
            answer: |net, k, x| {
                let (a, b) = halves(x, k);
                let (s, t) = net(&a);
                (joined(&a, &(b * s.exp() + t)), s.exp().sum(1))
            },
            says: "ladj is the sum of the factors eˢ. The determinant is their product, whose \
                   logarithm is the sum of the s.",
        },
        Wrong {
            answer: |net, k, x| {
                let (a, b) = halves(x, k);
                let (s, t) = net(&a);
                (joined(&a, &((b + t) * s.exp())), s.sum(1))
            },
            says: "You shift first and scale then: (b + t) eˢ. The layer is b eˢ + t. Either can be \
                   inverted; the inverse must be that of the same.",
        },
        Wrong {
            answer: |net, k, x| {
                let (a, b) = halves(x, k);
                let (s, t) = net(&b);
                (joined(&a, &(b * s.exp() + t)), s.sum(1))
            },
            says: "The network sees b, the numbers that change. Then the way back does not know b, \
                   and ladj is not Σ s. It must see a, which stays.",
        },
        Wrong {
            answer: |net, k, x| {
                let (a, b) = halves(x, k);
                let (s, t) = net(&a);
                (joined(&a, &(b * &s + t)), s.abs().ln().sum(1))
            },
            says: "b is multiplied by s itself. s may be 0 or negative, and then nothing can be \
                   inverted or everything is mirrored: the factor is eˢ.",
        },
        Wrong {
            answer: |net, k, x| {
                let (a, b) = halves(x, k);
                let (s, t) = net(&a);
                (joined(&(b * s.exp() + t), &a), s.sum(1))
            },
            says: "Right, but in exchanged places: the numbers that stay must stay where they are. \
                   Exchanging is a layer of its own.",
        },
    ],
};

/// Points whose first k numbers stay.
fn inputs(name: &'static str) -> Vec<Input> {
    let mut rng = Rng::new(76);
    let mut input = |about: &str, [n, d]: [usize; 2], k: usize| {
        let point = match n {
            1 => Tensor::from([[0.5, -1.5]]),
            _ => rng.normal(&[n, d]),
        };
        let of = Function::clone(&network(d - k));
        Input::new(about).with("net", of).with("k", k).with(name, point)
    };
    vec![
        input("one point of the plane, one number stays", [1, 2], 1),
        input("three points in space, two numbers stay", [3, 3], 2),
        input("two points in five dimensions, two numbers stay", [2, 5], 2),
        input("four points in four dimensions, two numbers stay", [4, 4], 2),
    ]
}

/// s and t of `changed` numbers, side by side.
fn network(changed: usize) -> Function {
    let formula = "net(a) = (s, t), s_j = sin(Σa + j)/j, t_j = cos(Σa)/j + 1/2";
    function(formula, move |a| {
        let j = Tensor::arange(1..changed + 1);
        let sum = a.sum_keep(1);
        let s = (&sum + &j).sin() / &j;
        Tensor::concat(&[&s, &(sum.cos() / j + 0.5)], 1)
    })
}

/// An input's network, to be called.
fn net(input: &Input) -> impl Fn(&Tensor) -> (Tensor, Tensor) + use<'_> {
    let f = called(input, "net");
    move |a| {
        let together = f(a);
        let changed = together.shape()[1] / 2;
        (together.slice(1, 0..changed), together.slice(1, changed..2 * changed))
    }
}

fn halves(x: &Tensor, k: usize) -> (Tensor, Tensor) {
    (x.slice(1, 0..k), x.slice(1, k..x.shape()[1]))
}

fn joined(a: &Tensor, b: &Tensor) -> Tensor {
    Tensor::concat(&[a, b], 1)
}

/// (a, b) → (a, (b − t) e⁻ˢ), (s, t) = net(a).
pub const COUPLING_INVERSE: Check<fn(Net, usize, &Tensor) -> Tensor> = Check {
    exercise: Exercise {
        chapter: "normalizing_flows",
        name: "coupling_inverse",
        statements: &["N2"],
        place: "05_normalizing_flows.md#coupling-layers",
        outputs: &["x"],
        learned: "The way back costs what the way there costs, because the network sees the same \
                  numbers in both directions.",
        hints: [
            "a has not changed. So what do you know of s and t?",
            "a = first k numbers of y; (s, t) = net(a); solve y_b = b eˢ + t for b.",
            "Tensor::concat(&[&a, &((b - t) * (-s).exp())], 1)",
        ],
    },
    inputs: || inputs("y"),
    run: |answer, i| vec![answer(&net(i), i.count("k"), i.tensor("y"))],
    right: |net, k, y| solved(net, k, y, |b, s, t| (b - t) * (-s).exp()),
    wrong: &[
        Wrong {
            answer: |net, k, y| solved(net, k, y, |b, s, t| b * (-s).exp() - t),
            says: "You divide first and subtract t then. The layer scaled first and shifted last; \
                   undo in the other order: (b − t) e⁻ˢ.",
        },
        Wrong {
            answer: |net, k, y| solved(net, k, y, |b, s, t| (b - t) * s.exp()),
            says: "You multiply by eˢ once more. What was stretched must be pressed together: \
                   divide by eˢ.",
        },
        Wrong {
            answer: |net, k, y| solved(net, k, y, |b, s, t| (b + t) * (-s).exp()),
            says: "t is added a second time. Subtract it.",
        },
        Wrong {
            answer: |net, k, y| solved(net, k, y, |b, s, t| b * s.exp() + t),
            says: "This is the layer itself, applied once more. Solve y_b = b eˢ + t for b.",
        },
        Wrong {
            answer: |net, k, y| {
                let (a, b) = halves(y, k);
                let (s, t) = net(&b);
                joined(&a, &((b - t) * (-s).exp()))
            },
            says: "The network sees the numbers that were changed. On the way there it saw a; s and \
                   t are the same only if it sees a again.",
        },
        Wrong {
            answer: |net, k, y| solved(net, k, y, |b, s, t| (b - t) / s),
            says: "You divide by s. The factor of the layer is eˢ.",
        },
    ],
};

/// a, and a function of b, s and t.
fn solved(net: Net, k: usize, y: &Tensor, f: fn(Tensor, Tensor, Tensor) -> Tensor) -> Tensor {
    let (a, b) = halves(y, k);
    let (s, t) = net(&a);
    joined(&a, &f(b, s, t))
}

/// Layer l keeps the first ⌈d/2⌉ numbers if l is even, else the others.
pub const COUPLING_MASKS: Check<fn(usize, usize) -> Tensor> = Check {
    exercise: Exercise {
        chapter: "normalizing_flows",
        name: "coupling_masks",
        statements: &["N2"],
        place: "05_normalizing_flows.md#taking-turns",
        outputs: &["masks"],
        learned: "Each number changes in every second layer, and each is looked at in the others. \
                  A number that always stays keeps the law that the data have, and a flow of such \
                  layers never becomes normal.",
        hints: [
            "Write down the rows for d = 3 and three layers. In which does the middle number change?",
            "Entry (l, i) is 1 if i < ⌈d/2⌉ and l is even, or i ≥ ⌈d/2⌉ and l is odd.",
            "Tensor::from_fn(&[layers, dim], |at| { let (l, i) = (at / dim, at % dim); … as u8 as \
             Float })",
        ],
    },
    inputs: || {
        let of = |about: &str, dim: usize, layers: usize| {
            Input::new(about).with("dim", dim).with("layers", layers)
        };
        vec![
            of("two numbers, two layers", 2, 2),
            of("three numbers, three layers", 3, 3),
            of("five numbers, four layers", 5, 4),
            of("four numbers, one layer", 4, 1),
        ]
    },
    run: |answer, i| vec![answer(i.count("dim"), i.count("layers"))],
    right: |d, layers| masks(d, layers, |l, i| (i < d.div_ceil(2)) == (l % 2 == 0)),
    wrong: &[
        Wrong {
            answer: |d, layers| masks(d, layers, |_, i| i < d.div_ceil(2)),
            says: "All layers keep the same numbers. These never change, however deep the flow is: \
                   let the layers take turns.",
        },
        Wrong {
            answer: |d, layers| masks(d, layers, |l, i| (i < d.div_ceil(2)) != (l % 2 == 0)),
            says: "1 and 0 are exchanged: 1 marks a number that stays, and layer 0 keeps the first \
                   ⌈d/2⌉.",
        },
        Wrong {
            answer: |d, layers| {
                masks(d, layers, |l, i| (if l % 2 == 0 { i } else { d - 1 - i }) < d.div_ceil(2))
            },
            says: "Every second mask is the first one reversed. With an odd d the middle number \
                   then stays in all layers: the second mask must be 1 minus the first.",
        },
        Wrong {
            answer: |d, layers| masks(d, layers, |l, i| (i < d / 2) == (l % 2 == 0)),
            says: "You round d/2 down. Here the first ⌈d/2⌉ numbers stay in layer 0, so with an \
                   odd d the larger part.",
        },
        Wrong {
            answer: |d, layers| masks(d, layers, |l, i| (l + i) % 2 == 0),
            says: "This is a checkerboard, every second number. It takes turns as well, and for \
                   pictures it is used; this task divides the point in two halves.",
        },
    ],
};

/// 1 where a condition on (layer, number) holds: `[layers, dim]`.
fn masks(dim: usize, layers: usize, stays: impl Fn(usize, usize) -> bool) -> Tensor {
    Tensor::from_fn(&[layers, dim], |at| Float::from(u8::from(stays(at / dim, at % dim))))
}

type Factors = fn(&Tensor, &Tensor, &Tensor) -> (Tensor, Tensor);

/// W = L U with ones on L's diagonal and eˢ on U's; ln |det W| = Σ s.
pub const LU: Check<Factors> = Check {
    exercise: Exercise {
        chapter: "normalizing_flows",
        name: "lu",
        statements: &["N2"],
        place: "05_normalizing_flows.md#taking-turns",
        outputs: &["W", "ladj"],
        learned: "A general matrix whose determinant costs d additions instead of d³ \
                  multiplications, and cannot become 0. It mixes the numbers between couplings.",
        hints: [
            "What is the determinant of a triangular matrix, and that of a product?",
            "L = ones on the diagonal, `lower` below it. U = eˢ on the diagonal, `upper` above it. \
             W = L U, ladj = Σ s.",
            "let l = lower.tril(-1) + Tensor::eye(d); let u = upper.triu(1) + Tensor::eye(d) * \
             s.exp(); (l.matmul(&u), …)",
        ],
    },
    inputs: || {
        let of = |about: &str, d: usize, seed: u64| {
            let mut rng = Rng::new(seed);
            let [lower, upper] = [(); 2].map(|()| rng.normal(&[d, d]));
            let s = rng.normal(&[d]);
            Input::new(about).with("lower", lower).with("upper", upper).with("s", s)
        };
        vec![of("one number", 1, 77), of("two numbers", 2, 78), of("four numbers", 4, 79)]
    },
    run: |answer, i| {
        let (w, ladj) = answer(i.tensor("lower"), i.tensor("upper"), i.tensor("s"));
        vec![w, ladj]
    },
    right: |lower, upper, s| {
        let [l, u] = factors(lower, upper, s);
        (l.matmul(&u), s.sum(..))
    },
    wrong: &[
        Wrong {
            answer: |lower, upper, s| {
                let [l, u] = factors(lower, upper, s);
                (u.matmul(&l), s.sum(..))
            },
            says: "The factors are multiplied in the order U L. The determinant is the same, but W \
                   = L U, and matrices do not commute.",
        },
        Wrong {
            answer: |lower, upper, s| {
                let [l, u] = factors(lower, upper, s);
                (l.matmul(&u), s.exp().sum(..))
            },
            says: "ladj is the sum of U's diagonal eˢ, its trace. The determinant is the product of \
                   the diagonal, whose logarithm is Σ s.",
        },
        Wrong {
            answer: |lower, upper, s| {
                let u = upper.triu(1) + Tensor::eye(s.len()) * s.exp();
                (lower.tril(0).matmul(&u), s.sum(..))
            },
            says: "L keeps the diagonal of `lower`. It has ones there; otherwise |det L| is not 1 \
                   and ladj is wrong.",
        },
        Wrong {
            answer: |lower, upper, s| {
                let u = upper.triu(1) + Tensor::eye(s.len()) * s;
                let l = lower.tril(-1) + Tensor::eye(s.len());
                (l.matmul(&u), s.abs().ln().sum(..))
            },
            says: "The diagonal of U is s itself. It is eˢ, which cannot become 0: W can always be \
                   inverted.",
        },
        Wrong {
            answer: |lower, upper, s| {
                let eye = Tensor::eye(s.len());
                ((lower + &eye).matmul(&(upper + eye * s.exp())), s.sum(..))
            },
            says: "The tensors are taken whole. Only what is below the diagonal of `lower` and \
                   above that of `upper` is meant; with the rest the factors are not triangular.",
        },
        Wrong {
            answer: |lower, upper, s| {
                let [l, u] = factors(lower, upper, s);
                (l + u - Tensor::eye(s.len()), s.sum(..))
            },
            says: "You put L and U together in one matrix, as libraries store them. W is their \
                   matrix product.",
        },
    ],
};

fn factors(lower: &Tensor, upper: &Tensor, s: &Tensor) -> [Tensor; 2] {
    let eye = Tensor::eye(s.len());
    [lower.tril(-1) + &eye, upper.triu(1) + eye * s.exp()]
}
