//! Every op against numeric differentiation at orders one, two and three; the functions of
//! `derivatives` against closed forms; gradcheck itself against wrong rules.

use crate::table::{CONSTANT, Row, TABLE};
use pushforward::derivatives::*;
use pushforward::random::Rng;
use pushforward::{Float, Tensor, grad_graph};

/// f64 differentiates to about 1e-12, f32 to about 1e-6.
const CLOSE: f64 = if size_of::<Float>() == 8 { 1e-10 } else { 1e-4 };

#[track_caller]
fn assert_close(a: &Tensor, b: &Tensor) {
    assert!(a.is_close(b, CLOSE, CLOSE), "{a:?}\nis not close to\n{b:?}");
}

fn weighted_sum(y: &Tensor, rng: &mut Rng) -> Tensor {
    (y * rng.uniform_in(y.shape(), 0.5, 1.5)).sum(..)
}

/// A scalar whose gradient is the derivative of this order: ⟨w, y⟩, then ⟨w', ∇⟨w, y⟩⟩, ….
fn scalar_of_order(row: &Row, x: &[Tensor], order: usize) -> Tensor {
    let mut rng = Rng::new(7);
    let smooth: Vec<usize> =
        (0..x.len()).filter(|&i| row.inputs[i].0.is_differentiable()).collect();
    let variables: Vec<Tensor> =
        x.iter().map(|x| if x.is_tracked() { x.clone() } else { x.variable() }).collect();
    let targets: Vec<&Tensor> = smooth.iter().map(|&i| &variables[i]).collect();
    let mut y = weighted_sum(&(row.op)(&variables), &mut rng);
    for _ in 1..order {
        if !y.is_tracked() {
            return Tensor::scalar(0.0); // a polynomial has run out of derivatives
        }
        let gradients = grad_graph(&y, &targets);
        y = gradients.iter().map(|g| weighted_sum(g, &mut rng)).sum();
    }
    y
}

#[test]
fn every_op_agrees_with_numeric_differentiation_to_order_three() {
    let mut worst = [(0.0, ""); 3];
    for row in TABLE.iter().filter(|row| !CONSTANT.contains(&row.name)) {
        for (order, worst) in (1..=3).zip(&mut worst) {
            let mut rng = Rng::new(3);
            let x: Vec<Tensor> =
                row.inputs.iter().map(|(draw, shape)| draw.tensor(shape, &mut rng)).collect();
            let smooth: Vec<usize> =
                (0..x.len()).filter(|&i| row.inputs[i].0.is_differentiable()).collect();
            let insert = |moved: &[Tensor]| {
                let mut x = x.clone();
                smooth.iter().zip(moved).for_each(|(&i, moved)| x[i] = moved.clone());
                x
            };
            let f = |moved: &[Tensor]| scalar_of_order(row, &insert(moved), order);
            let inputs: Vec<Tensor> = smooth.iter().map(|&i| x[i].clone()).collect();
            if !f(&inputs.iter().map(Tensor::variable).collect::<Vec<_>>()).is_tracked() {
                let moved: Vec<Tensor> = inputs.iter().map(|x| x * 1.01).collect();
                let change = (f(&moved) - f(&inputs)).item();
                assert!(change == 0.0, "{}: order {order} is recorded as constant", row.name);
                continue;
            }
            match gradcheck(f, &inputs) {
                Ok(agreement) if agreement.largest_error > worst.0 => {
                    *worst = (agreement.largest_error, row.name);
                }
                Ok(_) => {}
                Err(error) => panic!("{}, order {order}: {error}", row.name),
            }
        }
    }
    println!("largest relative errors at orders 1, 2, 3: {worst:?}");
    if size_of::<Float>() == 8 {
        assert!(worst[0].0 < 1e-6, "order one: {worst:?}");
    }
}

/// The names of all public functions of `src/ops` that make tensors, and of the operators.
fn ops_in_source() -> Vec<String> {
    let mut names: Vec<String> = ["neg", "add", "sub", "mul", "div"].map(String::from).to_vec();
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/ops")).unwrap() {
        let source = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for (at, _) in source.match_indices("\n    pub fn ") {
            let rest = &source[at + 12..];
            let signature = &rest[..rest.find('{').unwrap()];
            if signature.split("->").nth(1).is_some_and(|result| result.contains("Tensor")) {
                names.push(signature[..signature.find('(').unwrap()].to_string());
            }
        }
    }
    names
}

#[test]
fn no_op_is_missing_from_the_table() {
    let ops = ops_in_source();
    assert!(ops.len() > 60, "the scan of src/ops found only {ops:?}");
    let covers = |row: &str, op: &str| row == op || row.starts_with(&format!("{op}_"));
    for op in &ops {
        let covered = TABLE.iter().any(|row| covers(row.name, op));
        assert!(covered, "`{op}` has no row in tests/engine/table.rs");
    }
}

#[test]
fn comparisons_and_positions_are_constants() {
    for row in TABLE.iter().filter(|row| CONSTANT.contains(&row.name)) {
        let mut rng = Rng::new(5);
        let draw = |(draw, shape): &(crate::table::Draw, &[usize])| draw.tensor(shape, &mut rng);
        let x: Vec<Tensor> = row.inputs.iter().map(draw).map(|x| x.variable()).collect();
        assert!(!(row.op)(&x).is_tracked(), "{} is recorded", row.name);
    }
}

/// f(x) = (x₀² x₁, sin x₁), J = [[2 x₀ x₁, x₀²], [0, cos x₁]].
fn curve(x: &Tensor) -> Tensor {
    let (a, b) = (x.slice(0, 0..1), x.slice(0, 1..2));
    Tensor::concat(&[&(a.square() * &b), &b.sin()], 0)
}

#[test]
fn jacobian_and_its_products_are_the_closed_forms() {
    let (a, b): (Float, Float) = (1.5, -0.7);
    let x = Tensor::from([a, b]);
    let j = Tensor::from([[2.0 * a * b, a * a], [0.0, Tensor::scalar(b).cos().item()]]);
    assert_close(&jacobian(curve, &x), &j);
    let v = Tensor::from([0.3, -2.0]);
    assert_close(&vjp(curve, &x, &v).1, &v.matmul(&j));
    assert_close(&jvp(curve, &x, &v).1, &j.matmul(&v));
    assert_close(&vjp(curve, &x, &v).0, &curve(&x));
}

#[test]
fn hessian_is_the_matrix_of_a_quadratic_form() {
    let a = Rng::new(0).normal(&[3, 3]);
    let form = |x: &Tensor| x.matmul(&a).matmul(x) * 0.5;
    let x = Rng::new(1).normal(&[3]);
    let symmetric = (&a + a.t()) * 0.5;
    assert_close(&hessian(form, &x), &symmetric);
    let v = Rng::new(2).normal(&[3]);
    assert_close(&hvp(form, &x, &v), &symmetric.matmul(&v));
    let linear = |x: &Tensor| x.sum(..);
    assert_close(&hessian(linear, &x), &Tensor::zeros(&[3, 3]));
}

/// u(x) = (x₀² x₁, x₁ x₂, sin x₂) row by row; div u = 2 x₀ x₁ + x₂ + cos x₂.
fn field(x: &Tensor) -> Tensor {
    let [a, b, c] = [0, 1, 2].map(|j| x.slice(1, j..j + 1));
    Tensor::concat(&[&(a.square() * &b), &(b * &c), &c.sin()], 1)
}

#[test]
fn divergence_is_exact_and_its_estimate_unbiased() {
    let x = Rng::new(0).normal(&[4, 3]);
    let [a, b, c] = [0, 1, 2].map(|j| x.slice(1, j..j + 1));
    let exact = (a * b * 2.0 + &c + c.cos()).reshape(&[4]);
    assert_close(&divergence(field, &x).1, &exact);

    let (n, mut rng) = (4000, Rng::new(1));
    let signs = |rng: &mut Rng| rng.uniform_in(&[4, 3], -1.0, 1.0).sign();
    let draws: Vec<Tensor> =
        (0..n).map(|_| divergence_hutchinson(field, &x, &signs(&mut rng)).1.detach()).collect();
    let draws = Tensor::stack(&draws.iter().collect::<Vec<_>>(), 0);
    let standard_error = (draws.var(0, 1) / n as Float).sqrt();
    let z = ((draws.mean(0) - exact) / (standard_error + 1e-6)).abs().max(..).item();
    assert!(z < 4.0, "the estimate is {z} standard errors from the divergence");
}

#[test]
fn derivatives_flow_on_through_the_point_and_the_parameters() {
    // d/dw and d/ds of div(w x² s) at x = s x₀: div = 2 w x₀ s.
    let w = Tensor::scalar(3.0).variable();
    let s = Tensor::scalar(0.5).variable();
    let x = &s * Tensor::from([[2.0]]);
    let div = divergence(|x| x.square() * &w, &x).1.sum(..);
    let g = pushforward::grad(&div, &[&w, &s]);
    assert_close(&g[0], &Tensor::scalar(2.0));
    assert_close(&g[1], &Tensor::scalar(12.0));
}

/// The rule asks for a derivative itself, as that of an implicit layer or of an adjoint solve does.
#[test]
fn a_rule_may_itself_differentiate() {
    let cube = |x: &Tensor| {
        let rule = |g: &Tensor, x: &[Tensor], _: &Tensor, _| vjp(|x| x.powi(3), &x[0], g).1;
        Tensor::custom("cube", &[x], |x| x[0].powi(3), rule)
    };
    let (x, w) = (Tensor::from([0.5]).variable(), Tensor::from([2.0]).variable());
    let z = (x.exp() * &w).sin();
    let [ours, expected] = [cube(&z), z.powi(3)].map(|y| {
        let first = pushforward::grad(&y, &[&x, &w]);
        assert!(first.iter().all(|g| !g.is_tracked()), "grad returns constants");
        let live = grad_graph(&y, &[&x, &w]);
        let second = pushforward::grad(&(&live[0] * &live[1]).sum(..), &[&x, &w]);
        [first, live, second].concat()
    });
    ours.iter().zip(&expected).for_each(|(ours, expected)| assert_close(ours, expected));
}

#[test]
fn gradcheck_names_the_first_wrong_op() {
    let wrong_sin = |x: &Tensor| {
        Tensor::custom("wrong_sin", &[x], |x| x[0].sin(), |g, x, _y, _i| -(g * x[0].cos()))
    };
    let x = Rng::new(0).uniform_in(&[5], 0.2, 1.0);
    let f = |x: &[Tensor]| wrong_sin(&x[0].exp()).square().tanh();
    let error = gradcheck(f, std::slice::from_ref(&x)).unwrap_err();
    assert_eq!(error.op, Some("wrong_sin"));
    assert!(error.to_string().contains("op `wrong_sin`: the derivative for input 0, element 0"));

    let cut = |x: &[Tensor]| x[0].detach().exp() * &x[0];
    let error = gradcheck(cut, &[x]).unwrap_err();
    assert_eq!(error.op, None);
    assert!(error.to_string().contains("f uses detach"));
}

#[test]
fn gradcheck_fails_for_a_derivative_wrong_by_one_percent() {
    let slightly =
        |x: &Tensor| Tensor::custom("slightly", &[x], |x| x[0].exp(), |g, _x, y, _i| g * y * 1.01);
    assert!(gradcheck(|x| slightly(&x[0]), &[Tensor::from([0.0, 1.0])]).is_err());
}

#[test]
fn a_finite_derivative_stays_finite_beside_an_infinite_one() {
    // √ has an infinite slope at 0, where each of these is constant.
    let constant: [fn(&Tensor) -> Tensor; 5] = [
        |x| x.relu(),
        |x| x.clamp(0.0, 9.0),
        |x| x.maximum(0.0),
        |x| -(-x).minimum(0.0),
        |x| x.gt(0.0).select(x, &Tensor::scalar(0.0)),
    ];
    for f in constant {
        let x = Tensor::from([-1.0, 4.0]).variable();
        let g = pushforward::grad(&f(&x).sqrt().sum(..), &[&x]).remove(0);
        assert_eq!(g.data(), [0.0, 0.25]);
    }
    let x = Tensor::full(&[2], Float::NEG_INFINITY).variable();
    assert_eq!(pushforward::grad(&x.log_sum_exp(..), &[&x])[0].data(), [0.0, 0.0]);
}

#[test]
fn a_field_in_a_long_solve_costs_the_same_at_every_step() {
    // The walk behind a divergence must stop at its point and not sort the steps before it: then the
    // time of n steps is of order n, and this test of 20 000 takes no time.
    let x = Tensor::ones(&[1, 1]).variable();
    let mut state = x.clone();
    let mut log_p = Tensor::zeros(&[1]);
    for _ in 0..20_000 {
        log_p -= divergence(|x| -x, &state).1 * 1e-4;
        state = &state - &state * 1e-4;
    }
    assert!(log_p.is_close(&Tensor::from([2.0]), 1e-3, 0.0));
}
