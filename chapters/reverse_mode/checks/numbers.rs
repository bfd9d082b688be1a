//! Graphs of numbers.

use super::{Backward, Central, Forward, Order, Vjp, exercise};
use crate::chapters::reverse_mode::{
    Node, Numbers, Op, backward, central_difference, forward, order, value, vjp,
};
use crate::check::{Check, Function, Input, Wrong};
use crate::{Float, Tensor};

fn op(name: &str) -> Op {
    match name {
        "x₁ + x₂" => Op::Add,
        "x₁ x₂" => Op::Mul,
        "tanh x" => Op::Tanh,
        "eˣ" => Op::Exp,
        _ => unreachable!("no operation {name}"),
    }
}

fn row(numbers: &[Float]) -> Tensor {
    numbers.iter().copied().collect()
}

/// g ∂y/∂xᵢ.
pub const VJP: Check<Vjp> = Check {
    exercise: exercise(
        "vjp",
        &["E4"],
        "engine_reverse_mode.md#the-rule-of-an-operation",
        &["x_bar"],
        "A rule knows its own inputs and output and nothing of the rest of the program: that is in g.",
        [
            "What does a small change of xᵢ do to y, and what does one of y do to the result?",
            "x̄ᵢ = g ∂y/∂xᵢ; the derivatives are 1 and 1, x₂ and x₁, 1 − y², y.",
            "A match with an arm for each operation; every arm has g in each of its entries.",
        ],
    ),
    inputs: || {
        let input = |name: &'static str, x: &[Float], g: Float| {
            let y = value(op(name), x);
            Input::new(name).with("op", name).with("x", row(x)).with("y", y).with("g", g)
        };
        vec![
            input("x₁ + x₂", &[2.0, 3.0], 0.5),
            input("x₁ x₂", &[2.0, 3.0], 0.5),
            input("tanh x", &[0.5], 2.0),
            input("eˣ", &[0.5], 2.0),
            input("x₁ x₂", &[-1.5, 0.25], -4.0),
        ]
    },
    run: |answer, i| {
        let x = i.tensor("x").to_vec();
        vec![row(&answer(op(i.name("op")), &x, i.number("y"), i.number("g")))]
    },
    right: vjp,
    wrong: &[
        Wrong {
            answer: |op, x, y, _| vjp(op, x, y, 1.0),
            says: "These are the derivatives of the operation alone. What y does to the result is g, and the chain \
                   rule multiplies.",
        },
        Wrong {
            answer: |op, x, y, g| match op {
                Op::Mul => vec![g * x[0], g * x[1]],
                _ => vjp(op, x, y, g),
            },
            says: "Of a product each factor gets the *other* one: ∂(x₁ x₂)/∂x₁ = x₂.",
        },
        Wrong {
            answer: |op, x, y, g| match op {
                Op::Tanh => vec![g * (1.0 - x[0] * x[0])],
                _ => vjp(op, x, y, g),
            },
            says: "tanh′ = 1 − tanh², so it is 1 − y², with the output, not 1 − x².",
        },
        Wrong {
            answer: |op, x, y, g| match op {
                Op::Exp => vec![g * x[0]],
                _ => vjp(op, x, y, g),
            },
            says: "The derivative of eˣ is eˣ, which is y, not x.",
        },
        Wrong {
            answer: |op, x, y, g| vjp(op, x, y, 1.0).into_iter().map(|d| g + d).collect(),
            says: "g is added to the derivative. The chain rule multiplies.",
        },
    ],
};

/// A program by its formula; the variables are a = 0.75 and b = −0.5.
fn program(formula: &str) -> Vec<(Op, Vec<usize>)> {
    let variable = || (Op::Variable, vec![]);
    match formula {
        "a b" => vec![variable(), variable(), (Op::Mul, vec![0, 1])],
        "eᵃ + eᵃ" => vec![variable(), (Op::Exp, vec![0]), (Op::Add, vec![1, 1])],
        "eᵃ b, with b in the third line" => {
            vec![variable(), (Op::Exp, vec![0]), variable(), (Op::Mul, vec![1, 2])]
        }
        "tanh(a b + a)" => {
            let lines = [(Op::Mul, vec![0, 1]), (Op::Add, vec![2, 0]), (Op::Tanh, vec![3])];
            [variable(), variable()].into_iter().chain(lines).collect()
        }
        _ => unreachable!("no program {formula}"),
    }
}

/// What a wrong answer takes for a variable (line, variables so far, variables) and for an input.
fn run_by(
    program: &[(Op, Vec<usize>)],
    variables: &[Float],
    variable: fn(usize, usize, &[Float]) -> Float,
    input: fn(usize, &[Float], &[Float]) -> Float,
) -> Vec<Float> {
    let (mut values, mut given) = (vec![], 0);
    for (line, (op, inputs)) in program.iter().enumerate() {
        let x: Vec<Float> = inputs.iter().map(|&at| input(at, &values, variables)).collect();
        values.push(match op {
            Op::Variable => variable(line, given, variables),
            op => value(*op, &x),
        });
        given += usize::from(*op == Op::Variable);
    }
    values
}

fn in_turn(_: usize, given: usize, variables: &[Float]) -> Float {
    variables.get(given).copied().unwrap_or(0.0)
}

fn computed(at: usize, values: &[Float], _: &[Float]) -> Float {
    values[at]
}

/// The value of every line.
pub const FORWARD: Check<Forward> = Check {
    exercise: exercise(
        "forward",
        &["E4"],
        "engine_reverse_mode.md#a-graph",
        &["values"],
        "A program is a list of operations with the places of their inputs. All values are kept: the way back needs them.",
        [
            "One line after the other; when a line has its turn, the values of its inputs are there.",
            "A variable takes the next of the given numbers. Anything else: value(op, x), with x the values at its inputs.",
            "Two things are kept: the values so far, and how many of the variables are used up.",
        ],
    ),
    inputs: || {
        let input = |formula: &'static str, variables: &[Float]| {
            Input::new(formula).with("program", formula).with("variables", row(variables))
        };
        vec![
            input("a b", &[0.75, -0.5]),
            input("eᵃ + eᵃ", &[0.75]),
            input("eᵃ b, with b in the third line", &[0.75, -0.5]),
            input("tanh(a b + a)", &[0.75, -0.5]),
        ]
    },
    run: |answer, i| {
        let variables = i.tensor("variables").to_vec();
        vec![row(&answer(&program(i.name("program")), &variables))]
    },
    right: forward,
    wrong: &[
        Wrong {
            answer: |program, variables| {
                let by_line = |line: usize, _: usize, variables: &[Float]| {
                    variables.get(line).copied().unwrap_or(0.0)
                };
                run_by(program, variables, by_line, computed)
            },
            says: "The variables are counted by themselves: the one in the third line may be the second of them.",
        },
        Wrong {
            answer: |program, variables| {
                let of_variables = |at: usize, _: &[Float], variables: &[Float]| {
                    variables.get(at).copied().unwrap_or(0.0)
                };
                run_by(program, variables, in_turn, of_variables)
            },
            says: "Inputs are looked up among the variables. They are places in the list of all values, computed ones too.",
        },
        Wrong {
            answer: |program, variables| forward(program, variables).pop().into_iter().collect(),
            says: "Only the last value is returned. The walk backwards needs every one.",
        },
        Wrong {
            answer: |program, variables| {
                let first = |_: usize, _: usize, variables: &[Float]| {
                    variables.first().copied().unwrap_or(0.0)
                };
                run_by(program, variables, first, computed)
            },
            says: "Each variable takes the first number. After one is used the next is taken.",
        },
    ],
};

fn inputs_of(name: &str) -> (Vec<Vec<usize>>, usize) {
    let ladder = |rungs: usize| {
        // each is made of the one before, twice
        (0..rungs).map(|k| if k == 0 { vec![] } else { vec![k - 1, k - 1] }).collect()
    };
    match name {
        "0 ← 1 ← 2" => (vec![vec![], vec![0], vec![1]], 2),
        "2 ← 1 ← 0" => (vec![vec![1], vec![2], vec![]], 0),
        "3 ← 1, 2; both ← 0" => (vec![vec![], vec![0], vec![0], vec![1, 2]], 3),
        "2 ← 0 and 2 ← 1 ← 0" => (vec![vec![], vec![0], vec![0, 1]], 2),
        "2 ← 0; 1 is not needed" => (vec![vec![], vec![0], vec![0]], 2),
        "each ← the one before, twice, 12 times" => (ladder(13), 12),
        _ => unreachable!("no graph {name}"),
    }
}

/// How many nodes there are in an order, how many are repeated, how many come before one of their inputs,
/// and whether the last is the root.
fn properties(order: &[usize], inputs: &[Vec<usize>], root: usize) -> Vec<Tensor> {
    let first = |node: usize| order.iter().position(|&at| at == node);
    let repeated = (0..order.len()).filter(|&i| first(order[i]) != Some(i)).count();
    let early = |&i: &usize| inputs[order[i]].iter().any(|&x| first(x).is_none_or(|at| at > i));
    let misplaced = (0..order.len()).filter(early).count();
    let ends = order.last() == Some(&root);
    let numbers = [order.len(), repeated, misplaced, usize::from(ends)];
    numbers.map(|n| Tensor::scalar(n as Float)).into()
}

fn visit(inputs: &[Vec<usize>], node: usize, seen: Option<&mut Vec<bool>>, out: &mut Vec<usize>) {
    match seen {
        None => {
            inputs[node].iter().for_each(|&x| visit(inputs, x, None, out));
            out.push(node);
        }
        Some(seen) => {
            // before its inputs
            out.push(node);
            for &x in &inputs[node] {
                if !seen[x] {
                    seen[x] = true;
                    visit(inputs, x, Some(seen), out);
                }
            }
        }
    }
}

/// Each node after its inputs.
pub const ORDER: Check<Order> = Check {
    exercise: exercise(
        "order",
        &["E5"],
        "engine_reverse_mode.md#an-order",
        &["nodes", "repeated", "before_an_input", "root_is_last"],
        "Backwards through such an order a node comes when all that use it have had their turn: its gradient is \
         complete when it is needed, and it is needed once.",
        [
            "When may a node be written down? When all of its inputs are.",
            "Depth first: a list of open nodes with the number of inputs that are done; a node is written when none is left.",
            "Take the last open node. Is there an input left? Put the node back with done + 1, and open the input if it was never seen. Else write the node down.",
        ],
    ),
    inputs: || {
        let names = [
            "0 ← 1 ← 2",
            "2 ← 1 ← 0",
            "3 ← 1, 2; both ← 0",
            "2 ← 0 and 2 ← 1 ← 0",
            "2 ← 0; 1 is not needed",
            "each ← the one before, twice, 12 times",
        ];
        let input = |name: &'static str| {
            Input::new(name).with("graph", name).with("root", inputs_of(name).1)
        };
        names.map(input).into()
    },
    run: |answer, i| {
        let (inputs, root) = inputs_of(i.name("graph"));
        properties(&answer(&inputs, root), &inputs, root)
    },
    right: order,
    wrong: &[
        Wrong {
            answer: |inputs, root| {
                let mut order = order(inputs, root);
                order.reverse();
                order
            },
            says: "The order is right but from the root to the variables. Here inputs come first; the walk \
                   backwards turns it round.",
        },
        Wrong {
            answer: |inputs, root| {
                let mut out = vec![];
                visit(inputs, root, None, &mut out);
                out
            },
            says: "A node that is used twice is written down twice, and all behind it too: after n such nodes 2ⁿ \
                   times. Mark what was seen.",
        },
        Wrong {
            answer: |inputs, _| (0..inputs.len()).collect(),
            says: "All nodes, as they are numbered. Some are not needed, and inputs need not have smaller numbers.",
        },
        Wrong {
            answer: |inputs, root| {
                let mut out = vec![];
                visit(inputs, root, Some(&mut vec![false; inputs.len()]), &mut out);
                out.reverse();
                out
            },
            says: "A node is written down when it is first seen, and the list turned round. A shortcut to an early \
                   node then overtakes the long way. Write it when its inputs are done.",
        },
        Wrong {
            answer: |inputs, root| {
                let mut order = order(inputs, root);
                order.pop();
                order
            },
            says: "The root itself is missing.",
        },
    ],
};

/// A graph by its formula, and the node asked about.
fn graph(formula: &str) -> (Vec<Node<Op, Float>>, usize) {
    let mut nodes: Vec<Node<Op, Float>> = vec![];
    let mut add = |op: Op, inputs: &[usize], given: Float| {
        let x: Vec<Float> = inputs.iter().map(|&at| nodes[at].value).collect();
        let value = if op == Op::Variable { given } else { value(op, &x) };
        nodes.push(Node { op, inputs: inputs.to_vec(), value });
        nodes.len() - 1
    };
    let (a, b) = (add(Op::Variable, &[], 0.75), add(Op::Variable, &[], -0.5));
    let root = match formula {
        "a b" => add(Op::Mul, &[a, b], 0.0),
        "a a" => add(Op::Mul, &[a, a], 0.0),
        "tanh(a b + a)" => {
            let product = add(Op::Mul, &[a, b], 0.0);
            let sum = add(Op::Add, &[product, a], 0.0);
            add(Op::Tanh, &[sum], 0.0)
        }
        "c c + c with c = eᵃ, and e^c is not asked for" => {
            let c = add(Op::Exp, &[a], 0.0);
            let square = add(Op::Mul, &[c, c], 0.0);
            let root = add(Op::Add, &[square, c], 0.0);
            add(Op::Exp, &[c], 0.0);
            root
        }
        _ => unreachable!("no graph {formula}"),
    };
    (nodes, root)
}

/// One step of a wrong walk: what to do with the gradient of an input.
fn walk(graph: &Numbers, root: usize, seed: Float, put: fn(&mut Float, Float)) -> Vec<Float> {
    let inputs: Vec<Vec<usize>> = graph.iter().map(|node| node.inputs.clone()).collect();
    let mut gradients = vec![0.0; graph.len()];
    gradients[root] = seed;
    for &at in order(&inputs, root).iter().rev() {
        let Node { op, inputs, value } = &graph[at];
        let x: Vec<Float> = inputs.iter().map(|&input| graph[input].value).collect();
        for (&input, d) in inputs.iter().zip(vjp(*op, &x, *value, gradients[at])) {
            put(&mut gradients[input], d);
        }
    }
    gradients
}

/// ∂root/∂node for all.
pub const BACKWARD: Check<Backward> = Check {
    exercise: exercise(
        "backward",
        &["E5"],
        "engine_reverse_mode.md#the-walk-backwards",
        &["gradients"],
        "One walk gives the derivatives with respect to everything, for about the price of the computation itself.",
        [
            "The gradient of the root with respect to itself is 1. Who can be done next?",
            "Backwards in the order: for each input, x̄ᵢ += g ∂y/∂xᵢ.",
            "Zeros and a 1; a loop over the order, reversed; in it a loop over the inputs and what vjp returns, side by side.",
        ],
    ),
    inputs: || {
        let formulas =
            ["a b", "a a", "tanh(a b + a)", "c c + c with c = eᵃ, and e^c is not asked for"];
        formulas.map(|formula| Input::new(formula).with("graph", formula)).into()
    },
    run: |answer, i| {
        let (graph, root) = graph(i.name("graph"));
        vec![row(&answer(&graph, root))]
    },
    right: backward,
    wrong: &[
        Wrong {
            answer: |graph, root| walk(graph, root, 1.0, |x, d| *x = d),
            says: "A value that is used twice has two effects on the result, and they add up: += where = stands.",
        },
        Wrong {
            answer: |graph, root| walk(graph, root, graph[root].value, |x, d| *x += d),
            says: "The walk begins with the value of the root. It begins with ∂root/∂root = 1.",
        },
        Wrong {
            answer: |graph, root| walk(graph, root, 1.0, |x, d| *x -= d),
            says: "The effects are subtracted. They add up.",
        },
        Wrong {
            answer: |graph, root| {
                // in the order of the computation: when a node has its turn its gradient is still 0
                let mut gradients = vec![0.0; graph.len()];
                gradients[root] = 1.0;
                let Node { op, inputs, value } = &graph[root];
                let x: Vec<Float> = inputs.iter().map(|&input| graph[input].value).collect();
                for (&input, d) in inputs.iter().zip(vjp(*op, &x, *value, 1.0)) {
                    gradients[input] += d;
                }
                gradients
            },
            says: "Only the inputs of the root have gradients. In the order of the computation a node has its turn \
                   before its own gradient is known; go backwards.",
        },
    ],
};

/// (f(x + h) − f(x − h)) / 2h.
pub const CENTRAL: Check<Central> = Check {
    exercise: exercise(
        "central_difference",
        &["E6"],
        "engine_reverse_mode.md#gradients-that-are-checked",
        &["slope"],
        "Both sides cancel the second derivative, so the error falls with h². A gradient that disagrees with this is wrong.",
        [
            "Go a little to both sides.",
            "(f(x + h) − f(x − h)) / 2h.",
            "Two calls of f, the left one subtracted from the right one, and a division by the way between them.",
        ],
    ),
    inputs: || {
        let input = |formula: &'static str, f: fn(Float) -> Float, x: Float, h: Float| {
            let f = move |x: &[&Tensor]| Tensor::scalar(f(x[0].item()));
            Input::new(formula).with("f", Function::new(formula, f)).with("x", x).with("h", h)
        };
        vec![
            input("f(x) = x²", |x| x * x, 1.0, 0.5),
            input("f(x) = x³", |x| x * x * x, 1.0, 0.5),
            input("f(x) = 1/x", |x| 1.0 / x, 2.0, 0.25),
        ]
    },
    run: |answer, i| {
        let f = |x: Float| i.function("f").call(&[&Tensor::scalar(x)]).item();
        vec![Tensor::scalar(answer(&f, i.number("x"), i.number("h")))]
    },
    right: |f, x, h| central_difference(f, x, h),
    wrong: &[
        Wrong {
            answer: |f, x, h| (f(x + h) - f(x)) / h,
            says: "This looks to one side. Its error falls only with h; with both sides the second derivative cancels.",
        },
        Wrong {
            answer: |f, x, h| (f(x + h) - f(x - h)) / h,
            says: "The two points are 2h apart, so divide by 2h.",
        },
        Wrong {
            answer: |f, x, h| (f(x - h) - f(x + h)) / (2.0 * h),
            says: "The sign: what is further to the right comes first.",
        },
        Wrong {
            answer: |f, x, h| f(x + h) - f(x - h),
            says: "This is the difference of the values. A slope is what comes of it for each unit of x: divide by 2h.",
        },
    ],
};
