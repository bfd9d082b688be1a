//! Reverse mode: mistakes that nobody listed, and a part of what each must be told; and the engine that the
//! solutions make.

#[allow(dead_code)] // its `main`
#[path = "../../exercises/solutions/reverse_mode.rs"]
pub mod solutions;

use crate::{networks, tensors};
use pushforward::chapters::flow_matching::{Velocity, cfm_loss, path::Path};
use pushforward::chapters::reverse_mode::checks;
use pushforward::chapters::reverse_mode::engine::{Engine, step};
use pushforward::chapters::reverse_mode::{ArrayOp, order, vjp};
use pushforward::chapters::tensors::{Array, zip_with};
use pushforward::data::make_moons;
use pushforward::nn::Module;
use pushforward::optim::{Adam, Optimizer};
use pushforward::random::Rng;
use pushforward::{Float, grad};
use solutions::ANSWERS;

/// What the solutions make.
const THEIRS: Engine = Engine {
    zip_with: tensors::solutions::ANSWERS.zip_with,
    matmul: tensors::solutions::ANSWERS.matmul,
    backward: ANSWERS.array_backward,
    adam: networks::solutions::ANSWERS.adam,
};

/// The losses of a training by an engine, and by the crate: the same numbers, the same first weights.
fn losses(engine: &Engine, steps: usize) -> Vec<[f64; 2]> {
    let mut rng = Rng::new(841);
    let mut theirs = Velocity::new(2, 64, &mut rng);
    let mut ours = theirs.clone();
    let mut adams = [(); 2].map(|()| Adam::new(1e-2));
    let one = |_| {
        let x_1 = make_moons(64, 0.05, &mut rng);
        let (x_0, t) = (rng.normal(&[64, 2]), rng.uniform(&[64, 1]));
        let theirs = step(engine, &mut theirs, &mut adams[0], [&x_0, &x_1, &t]);
        let loss = cfm_loss(&ours, &Path::Linear, &x_0, &x_1, &t);
        let gradients = grad(&loss, &ours.tensors());
        adams[1].step(&mut ours, &gradients);
        [theirs, loss].map(|loss| f64::from(loss.item()))
    };
    (0..steps).map(one).collect()
}

fn apart(engine: &Engine) -> f64 {
    let apart = losses(engine, 10).into_iter().map(|[a, b]| (a - b).abs());
    apart.fold(0.0, f64::max)
}

/// Ten steps: equal but for rounding. An engine with a mistake in it is not.
#[test]
fn the_solutions_make_an_engine_that_trains_as_the_crate_does() {
    let rounding = 1e4 * f64::from(Float::EPSILON);
    assert!(apart(&THEIRS) < rounding, "{:e}", apart(&THEIRS));
    let adam = |p: Float, g: Float, [m, v]: [Float; 2], _: usize, lr: Float| {
        let (m, v) = (0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g);
        (p - lr * m / (v.sqrt() + 1e-8), [m, v])
    };
    let uncorrected = Engine { adam, ..THEIRS };
    assert!(apart(&uncorrected) > 100.0 * rounding, "{:e}", apart(&uncorrected));
}

fn says(verdict: pushforward::check::Verdict, part: &str) {
    assert!(!verdict.is_right(), "{verdict}");
    assert!(verdict.says().contains(part), "{verdict}");
}

#[test]
fn mistakes_that_nobody_listed() {
    says(checks::vjp(|op, x, y, g| vjp(op, x, y, 2.0 * g)), "2");
    says(checks::order(|inputs, root| [order(inputs, root), vec![root]].concat()), "");
    says(checks::matmul_vjp(|a, b, _| [a.clone(), b.clone()]), "");
    says(checks::central_difference(|f, x, h| (f(x + h) + f(x - h)) / (2.0 * h)), "");
    says(checks::mul_vjp(|_, _, _| panic!("oh")), "oh");
    says(
        checks::array_vjp(|op, x, y, g| match op {
            ArrayOp::Elu => vec![zip_with(|g, y| g * (y - 1.0), g, y)],
            _ => (ANSWERS.array_vjp)(op, x, y, g),
        }),
        "",
    );
    says(checks::array_backward(|graph, _| vec![None; graph.len()]), "");
    says(checks::forward(|program, _| vec![0.0; program.len()]), "");
    says(checks::backward(|graph, _| vec![1.0; graph.len()]), "");
}

/// A chain that is deeper than any stack.
#[test]
fn an_order_without_recursion() {
    let n = 1_000_000;
    let chain: Vec<Vec<usize>> =
        (0..n).map(|i| if i == 0 { vec![] } else { vec![i - 1] }).collect();
    assert!((ANSWERS.order)(&chain, n - 1).into_iter().eq(0..n));
    assert!(order(&chain, n - 1).into_iter().eq(0..n));
}

/// A graph whose root does not depend on one of its variables.
#[test]
fn what_is_not_reached_has_no_gradient() {
    use pushforward::chapters::reverse_mode::Node;
    let variable = |value: Array| Node { op: ArrayOp::Variable, inputs: vec![], value };
    let [x, y] = [1.0, 2.0].map(|v| Array::new(&[], vec![v]));
    let graph =
        [variable(x.clone()), variable(y), Node { op: ArrayOp::Mean, inputs: vec![0], value: x }];
    let gradients = (ANSWERS.array_backward)(&graph, 2);
    assert!(gradients[0].is_some() && gradients[1].is_none());
}
