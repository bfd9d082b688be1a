//! E4 to E7: the rules of operations, the walk backwards, differences, and an engine made of them.

use pushforward::chapters::flow_matching::{Velocity, cfm_loss, path::Path};
use pushforward::chapters::reverse_mode::engine::{Engine, OURS, loss_and_gradients};
use pushforward::chapters::reverse_mode::{
    ArrayOp, Node, Op, apply, array_backward, array_vjp, backward, central_difference, forward,
    order, value, vjp,
};
use pushforward::chapters::tensors::{Array, sum_to, zip_with};
use pushforward::data::make_moons;
use pushforward::nn::Module;
use pushforward::random::Rng;
use pushforward::{Float, grad};

/// The inner product.
fn inner(a: &Array, b: &Array) -> f64 {
    a.data.iter().zip(&b.data).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
}

/// ⟨g, f(x + h) − f(x − h)⟩ / 2 against ⟨x̄, h⟩, for one input of an operation.
fn both_sides(op: ArrayOp, x: [&Array; 2], which: usize, rule: Rule, rng: &mut Rng) -> [f64; 2] {
    let x = &x[..if matches!(op, ArrayOp::Elu | ArrayOp::Mean) { 1 } else { 2 }];
    let y = apply(op, x);
    let g = Array::of(&rng.normal(&y.shape));
    let h = Array::of(&(rng.normal(&x[which].shape) * 1e-2));
    let moved = |sign: Float| {
        let mut moved: Vec<Array> = x.iter().map(|&x| x.clone()).collect();
        moved[which] = zip_with(|x, h| x + h, x[which], &h.map(|h| sign * h));
        apply(op, &moved.iter().collect::<Vec<_>>())
    };
    let change = zip_with(|a, b| (a - b) / 2.0, &moved(1.0), &moved(-1.0));
    [inner(&g, &change), inner(&rule(op, x, &y, &g)[which], &h)]
}

type Rule = fn(ArrayOp, &[&Array], &Array, &Array) -> Vec<Array>;

// ANCHOR: e4
/// ⟨g, dy⟩ = ⟨x̄, dx⟩ for every operation and each input, broadcast or not; a rule that forgets the sum is found out.
#[test]
fn e4_the_rules_of_operations() {
    let mut rng = Rng::new(0);
    let [a, b, row] = [[3, 2], [2, 4], [1, 2]].map(|shape| Array::of(&rng.normal(&shape)));
    use ArrayOp::{Add, Elu, Matmul, Mean, Mul, Sub};
    for (op, second) in [(Add, &row), (Sub, &row), (Mul, &row), (Matmul, &b), (Elu, &a), (Mean, &a)]
    {
        for which in 0..if matches!(op, Elu | Mean) { 1 } else { 2 } {
            let [change, by_rule] = both_sides(op, [&a, second], which, array_vjp, &mut rng);
            assert!((change - by_rule).abs() < 2e-4, "{op:?} {which}: {change} {by_rule}");
        }
    }
    // the mean over the batch in place of the sum
    let forgetful: Rule = |op, x, y, g| {
        let share = g.map(|g| g / 3.0);
        array_vjp(op, x, y, &share)
    };
    let [change, by_rule] = both_sides(Add, [&a, &row], 1, forgetful, &mut rng);
    assert!((change - by_rule).abs() > 1e-3, "{change} {by_rule}");
}
// ANCHOR_END: e4

// ANCHOR: e5
/// A ladder of n rungs, each the square of the one below: x^(2ⁿ). Its derivative is 2ⁿ x^(2ⁿ − 1), found in n steps,
/// though there are 2ⁿ ways down. An overwritten gradient counts one of them.
#[test]
fn e5_every_way_is_counted_in_one_walk() {
    let (n, x) = (10, 1.001 as Float);
    let program: Vec<(Op, Vec<usize>)> = (0..=n)
        .map(|i| if i == 0 { (Op::Variable, vec![]) } else { (Op::Mul, vec![i - 1, i - 1]) })
        .collect();
    let inputs: Vec<Vec<usize>> = program.iter().map(|(_, inputs)| inputs.clone()).collect();
    assert_eq!(order(&inputs, n).len(), n + 1);
    let values = forward(&program, &[x]);
    let node = |((op, inputs), value)| Node { op, inputs, value };
    let graph: Vec<Node<Op, Float>> = program.into_iter().zip(values).map(node).collect();
    let slope = f64::from(backward(&graph, n)[0]);
    let exact = 1024.0 * f64::from(x).powi(1023);
    assert!((slope / exact - 1.0).abs() < 1e-3, "{slope} {exact}");

    // = in place of +=
    let mut overwritten = 1.0;
    for rung in graph.iter().skip(1).rev() {
        let below = graph[rung.inputs[0]].value;
        overwritten = vjp(rung.op, &[below, below], rung.value, overwritten)[1];
    }
    assert!((f64::from(overwritten) / exact - 1.0 / 1024.0).abs() < 1e-3);
}
// ANCHOR_END: e5

// ANCHOR: e6
/// The difference to both sides is wrong by f‴ h²/6, the one to one side by f″ h/2: halve h, and see.
#[test]
fn e6_the_error_of_a_difference() {
    let f = |x: Float| value(Op::Exp, &[x]);
    let error = |slope: Float| (f64::from(slope) - std::f64::consts::E).abs();
    let [wide, narrow]: [Float; 2] = [0.5, 0.25];
    let both = [wide, narrow].map(|h| error(central_difference(&f, 1.0, h)));
    let one = [wide, narrow].map(|h| error((f(1.0 + h) - f(1.0)) / h));
    assert!((both[0] / both[1] - 4.0).abs() < 0.1, "{both:?}");
    assert!((one[0] / one[1] - 2.0).abs() < 0.2, "{one:?}");
}
// ANCHOR_END: e6

/// One batch of flow matching: the loss and every gradient of the small engine beside the crate's; and a mistake
/// in the engine is seen in them.
#[test]
fn e7_the_small_engine_has_the_gradients_of_the_large_one() {
    let mut rng = Rng::new(7);
    let u = Velocity::new(2, 16, &mut rng);
    let (x_1, x_0) = (make_moons(32, 0.05, &mut rng), rng.normal(&[32, 2]));
    let t = rng.uniform(&[32, 1]);
    let loss = cfm_loss(&u, &Path::Linear, &x_0, &x_1, &t);
    let exact = grad(&loss, &u.tensors());
    let apart = |engine: &Engine| {
        let (small, gradients) = loss_and_gradients(engine, &u, [&x_0, &x_1, &t]);
        let pairs = gradients.iter().zip(&exact);
        let apart = pairs.map(|(a, b)| crate::difference(a, b)).fold(0.0, f64::max);
        apart.max(crate::difference(&small, &loss))
    };
    assert!(apart(&OURS) < 1e3 * f64::from(Float::EPSILON), "{:e}", apart(&OURS));
    let unsummed = Engine {
        backward: |graph, root| {
            let gradients = array_backward(graph, root);
            let mean = |g: Array| sum_to(&g.map(|g| g / 32.0), &g.shape);
            gradients
                .into_iter()
                .map(|g| g.map(|g| if g.shape.len() == 1 { mean(g) } else { g }))
                .collect()
        },
        ..OURS
    };
    assert!(apart(&unsummed) > 1e-3, "{:e}", apart(&unsummed));
}
