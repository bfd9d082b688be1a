//! Graphs of arrays.

use super::{ArrayBackward, ArrayVjp, OfTwo, exercise};
use crate::chapters::reverse_mode::{
    ArrayOp, Arrays, Node, apply, array_backward, array_vjp, matmul_vjp, mul_vjp, order,
};
use crate::chapters::tensors::{Array, matmul, sum_to, transpose, zip_with};
use crate::check::{Check, Input, Wrong};
use crate::random::Rng;
use crate::{Float, Tensor};

fn tensors(arrays: &[Array]) -> Vec<Tensor> {
    arrays.iter().map(Array::tensor).collect()
}

fn times(a: &Array, b: &Array) -> Array {
    zip_with(|a, b| a * b, a, b)
}

fn of_two(answer: OfTwo, i: &Input) -> Vec<Tensor> {
    let [a, b, g] = ["a", "b", "g"].map(|name| Array::of(i.tensor(name)));
    tensors(&answer(&a, &b, &g))
}

/// Bᵀ(g b) and Bᵀ(g a).
pub const MUL_VJP: Check<OfTwo> = Check {
    exercise: exercise(
        "mul_vjp",
        &["E4"],
        "engine_reverse_mode.md#arrays",
        &["a_bar", "b_bar"],
        "What was repeated before the product is summed after it. Each gradient has the shape of its input.",
        [
            "Number by number it is the rule of x₁ x₂. What has broadcasting done before?",
            "ā = Bᵀ(g ⊙ b), b̄ = Bᵀ(g ⊙ a), each summed to the shape of its input.",
            "Two calls of zip_with, each with g; two of sum_to, each with the shape of an input.",
        ],
    ),
    inputs: || {
        let mut rng = Rng::new(831);
        let mut input = |about: &str, a: &[usize], b: &[usize], g: &[usize]| {
            let input = Input::new(about).with("a", rng.normal(a)).with("b", rng.normal(b));
            input.with("g", rng.normal(g))
        };
        vec![
            input("equal shapes", &[2, 2], &[2, 2], &[2, 2]),
            input("a row for all rows", &[3, 2], &[2], &[3, 2]),
            input("a column and a row", &[3, 1], &[1, 2], &[3, 2]),
        ]
    },
    run: of_two,
    right: mul_vjp,
    wrong: &[
        Wrong {
            answer: |a, b, g| [times(g, b), times(g, a)],
            says: "These have the shape of the product. Along axes where an input was repeated its gradient is \
                   summed: sum_to.",
        },
        Wrong {
            answer: |a, b, g| [sum_to(&times(g, a), &a.shape), sum_to(&times(g, b), &b.shape)],
            says: "Of a product each factor gets the *other* one: ā = g b.",
        },
        Wrong {
            answer: |a, b, g| mul_vjp(a, b, &g.map(|_| 1.0)),
            says: "g is left out: these are the derivatives of the product alone.",
        },
        Wrong {
            answer: |a, b, g| {
                let [da, db] = mul_vjp(a, b, g);
                let mean = |d: Array, x: &Array| {
                    let count = (g.data.len() / x.data.len()) as Float;
                    d.map(|v| v / count)
                };
                [mean(da, a), mean(db, b)]
            },
            says: "The mean along the repeated axes, not the sum. Each copy has its effect, and effects add up.",
        },
    ],
};

/// g bᵀ and aᵀ g.
pub const MATMUL_VJP: Check<OfTwo> = Check {
    exercise: exercise(
        "matmul_vjp",
        &["E4"],
        "engine_reverse_mode.md#arrays",
        &["a_bar", "b_bar"],
        "The shapes leave no choice: `[n, p]`, `[m, p]` and `[n, m]` fit in one way only. Backwards a product costs two.",
        [
            "L changes by ⟨g, da b⟩. Write that as ⟨something, da⟩.",
            "⟨g, da b⟩ = ⟨g bᵀ, da⟩ and ⟨g, a db⟩ = ⟨aᵀ g, db⟩.",
            "Two calls of matmul, in each one transpose. The shapes leave no other order.",
        ],
    ),
    inputs: || {
        let mut rng = Rng::new(832);
        let mut input = |about: &str, [n, m, p]: [usize; 3]| {
            let (a, b) = (rng.normal(&[n, m]), rng.normal(&[m, p]));
            Input::new(about).with("a", a).with("b", b).with("g", rng.normal(&[n, p]))
        };
        vec![
            input("two by two", [2, 2, 2]),
            input("a row and a column", [1, 3, 1]),
            input("three sizes", [4, 3, 2]),
        ]
    },
    run: of_two,
    right: matmul_vjp,
    wrong: &[
        Wrong {
            answer: |a, b, g| {
                let reshaped = |x: &Array| Array::new(&[x.shape[1], x.shape[0]], x.data.clone());
                [matmul(g, &reshaped(b)), matmul(&reshaped(a), g)]
            },
            says: "The factors are reshaped, not transposed: the numbers must change their places too.",
        },
        Wrong {
            answer: |a, b, g| matmul_vjp(a, b, &g.map(|_| 1.0)),
            says: "g is left out, as if it were 1 everywhere.",
        },
        Wrong {
            answer: |a, b, g| {
                let [da, db] = matmul_vjp(a, b, g);
                [db, da]
            },
            says: "The two gradients are in the wrong order: ā comes first.",
        },
        Wrong {
            answer: |a, b, g| matmul_vjp(a, b, g).map(|d| transpose(&d)),
            says: "The gradients are transposed: b gᵀ is ā turned over. ā has the shape of a.",
        },
    ],
};

fn op(name: &str) -> ArrayOp {
    match name {
        "x₁ + x₂" => ArrayOp::Add,
        "x₁ − x₂" => ArrayOp::Sub,
        "x₁ x₂" => ArrayOp::Mul,
        "x₁ x₂ as matrices" => ArrayOp::Matmul,
        "elu x" => ArrayOp::Elu,
        "mean x" => ArrayOp::Mean,
        _ => unreachable!("no operation {name}"),
    }
}

/// x̄ᵢ of every operation.
pub const ARRAY_VJP: Check<ArrayVjp> = Check {
    exercise: exercise(
        "array_vjp",
        &["E4"],
        "engine_reverse_mode.md#arrays",
        &["first", "second"],
        "Six rules, and a network can be trained. Each needs only its inputs, its output and g.",
        [
            "One rule at a time. Two of them you have written already.",
            "Sums: Bᵀg and ±Bᵀg. elu: g where y > 0, g (y + 1) elsewhere. mean: g/n everywhere.",
            "A match with an arm for each operation; mul_vjp and matmul_vjp are two of the arms, and `Variable` has no inputs.",
        ],
    ),
    inputs: || {
        let mut rng = Rng::new(833);
        let mut input = |name: &'static str, shapes: &[&[usize]]| {
            let mut input = Input::new(name).with("op", name);
            let x: Vec<Tensor> = shapes.iter().map(|shape| rng.normal(shape)).collect();
            let arrays: Vec<Array> = x.iter().map(Array::of).collect();
            let y = apply(op(name), &arrays.iter().collect::<Vec<_>>());
            for (name, x) in ["x_1", "x_2"].into_iter().zip(x) {
                input = input.with(name, x);
            }
            input.with("g", rng.normal(&y.shape))
        };
        vec![
            input("x₁ + x₂", &[&[3, 2], &[2]]),
            input("x₁ − x₂", &[&[2], &[3, 2]]),
            input("x₁ x₂", &[&[3, 1], &[3, 2]]),
            input("x₁ x₂ as matrices", &[&[3, 2], &[2, 4]]),
            input("elu x", &[&[3, 2]]),
            input("mean x", &[&[3, 2]]),
        ]
    },
    run: |answer, i| {
        let two = i.arguments.iter().any(|(name, _)| *name == "x_2");
        let names: &[&str] = if two { &["x_1", "x_2"] } else { &["x_1"] };
        let x: Vec<Array> = names.iter().map(|name| Array::of(i.tensor(name))).collect();
        let x: Vec<&Array> = x.iter().collect();
        let op = op(i.name("op"));
        let gradients = answer(op, &x, &apply(op, &x), &Array::of(i.tensor("g")));
        // two for every operation; what is not there is an array without numbers
        let nothing = || Tensor::zeros(&[0]);
        (0..2).map(|at| gradients.get(at).map_or_else(nothing, Array::tensor)).collect()
    },
    right: array_vjp,
    wrong: &[
        Wrong {
            answer: |op, x, y, g| match op {
                ArrayOp::Sub => vec![sum_to(g, &x[0].shape), sum_to(g, &x[1].shape)],
                _ => array_vjp(op, x, y, g),
            },
            says: "The second input of a difference has a minus.",
        },
        Wrong {
            answer: |op, x, y, g| match op {
                ArrayOp::Elu => vec![times(g, &y.map(|y| if y > 0.0 { 1.0 } else { y }))],
                _ => array_vjp(op, x, y, g),
            },
            says: "Left of 0 the output of elu is eˣ − 1 and its slope eˣ, which is y + 1.",
        },
        Wrong {
            answer: |op, x, y, g| match op {
                ArrayOp::Mean => vec![x[0].map(|_| g.data[0])],
                _ => array_vjp(op, x, y, g),
            },
            says: "Each number has the part 1/n of a mean, so its gradient is g/n. This is the rule of the sum.",
        },
        Wrong {
            answer: |op, x, y, g| match op {
                ArrayOp::Add => vec![g.clone(), g.clone()],
                _ => array_vjp(op, x, y, g),
            },
            says: "A sum hands on g, but an input that was repeated gets the sum over its copies: sum_to.",
        },
    ],
};

/// A graph by its formula, and its root.
fn graph(formula: &str) -> (Vec<Node<ArrayOp, Array>>, usize) {
    let mut rng = Rng::new(834);
    let mut nodes: Vec<Node<ArrayOp, Array>> = vec![];
    for shape in [&[4, 3][..], &[3, 2], &[2]] {
        let value = Array::of(&rng.normal(shape));
        nodes.push(Node { op: ArrayOp::Variable, inputs: vec![], value });
    }
    let mut add = |op: ArrayOp, inputs: &[usize]| {
        let x: Vec<&Array> = inputs.iter().map(|&at| &nodes[at].value).collect();
        let value = apply(op, &x);
        nodes.push(Node { op, inputs: inputs.to_vec(), value });
        nodes.len() - 1
    };
    let root = match formula {
        "mean x" => add(ArrayOp::Mean, &[0]),
        "mean of x x" => {
            let square = add(ArrayOp::Mul, &[0, 0]);
            add(ArrayOp::Mean, &[square])
        }
        "mean of elu(x w + b) (x w + b)" => {
            let product = add(ArrayOp::Matmul, &[0, 1]);
            let layer = add(ArrayOp::Add, &[product, 2]);
            let bent = add(ArrayOp::Elu, &[layer]);
            let both = add(ArrayOp::Mul, &[bent, layer]);
            add(ArrayOp::Mean, &[both])
        }
        _ => unreachable!("no graph {formula}"),
    };
    (nodes, root)
}

/// The walk with another way to put gradients together.
fn walk(
    graph: &Arrays,
    root: usize,
    seed: Float,
    join: fn(Array, Array) -> Array,
) -> Vec<Option<Array>> {
    let inputs: Vec<Vec<usize>> = graph.iter().map(|node| node.inputs.clone()).collect();
    let mut gradients: Vec<Option<Array>> = vec![None; graph.len()];
    gradients[root] = Some(Array::new(&[], vec![seed]));
    for &at in order(&inputs, root).iter().rev() {
        let Node { op, inputs, value } = &graph[at];
        let x: Vec<&Array> = inputs.iter().map(|&input| &graph[input].value).collect();
        let g = gradients[at].clone().expect("it has been reached");
        for (&input, d) in inputs.iter().zip(array_vjp(*op, &x, value, &g)) {
            gradients[input] = Some(match gradients[input].take() {
                Some(sum) => join(sum, d),
                None => d,
            });
        }
    }
    gradients
}

/// ∂root/∂node for all.
pub const ARRAY_BACKWARD: Check<ArrayBackward> = Check {
    exercise: exercise(
        "array_backward",
        &["E5"],
        "engine_reverse_mode.md#arrays",
        &["x_bar", "w_bar", "b_bar"],
        "The walk is that of numbers. Only the rules have changed: this is all there is between a chain rule and a \
         framework.",
        [
            "Take your walk through numbers. What are 0, 1 and + now?",
            "`None` for what has not been reached, an array of one 1 at the root, sums number by number.",
            "A node whose gradient is None is passed over; an input gets d if it has nothing yet, else the sum of both.",
        ],
    ),
    inputs: || {
        let formulas = ["mean x", "mean of x x", "mean of elu(x w + b) (x w + b)"];
        formulas.map(|formula| Input::new(formula).with("graph", formula)).into()
    },
    run: |answer, i| {
        let (graph, root) = graph(i.name("graph"));
        let found = answer(&graph, root);
        // not reached: an array without numbers
        let nothing = || Tensor::zeros(&[0]);
        (0..3)
            .map(|at| found.get(at).and_then(Option::as_ref).map_or_else(nothing, Array::tensor))
            .collect()
    },
    right: array_backward,
    wrong: &[
        Wrong {
            answer: |graph, root| walk(graph, root, 1.0, |_, d| d),
            says: "An array that is used twice has two effects, and they add up. Here the second replaces the first.",
        },
        Wrong {
            answer: |graph, root| walk(graph, root, 1.0, |sum, _| sum),
            says: "An array that is used twice has two effects, and they add up. Here the second is lost.",
        },
        Wrong {
            answer: |graph, root| {
                let seed = graph[root].value.data[0];
                walk(graph, root, seed, |a, b| zip_with(|a, b| a + b, &a, &b))
            },
            says: "The walk begins with the value of the root. It begins with ∂root/∂root = 1.",
        },
    ],
};
