//! Every op in one table, with a domain to draw its inputs from. `derivatives.rs` faces each row
//! with numeric differentiation, `reference.rs` with PyTorch's values; both fail if an op is
//! missing.

use Draw::*;
use pushforward::random::Rng;
use pushforward::{Float, Tensor};

/// A law of inputs on which an op is defined and smooth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Draw {
    /// Uniform on (−2, 2).
    Real,
    /// Uniform on (0.5, 2).
    Positive,
    /// Uniform on (0.1, 0.9).
    Inner,
    /// In random order, 0.37 apart and as far from 0: no two equal, none near a kink.
    Apart,
    /// Whole numbers below this one, without a derivative.
    Index(usize),
    /// 0 or 1, without a derivative.
    Mask,
    /// Square matrices with a dominant diagonal.
    Regular,
}

impl Draw {
    pub fn is_differentiable(self) -> bool {
        !matches!(self, Index(_) | Mask)
    }

    pub fn tensor(self, shape: &[usize], rng: &mut Rng) -> Tensor {
        let n: usize = shape.iter().product();
        match self {
            Real => rng.uniform_in(shape, -2.0, 2.0),
            Positive => rng.uniform_in(shape, 0.5, 2.0),
            Inner => rng.uniform_in(shape, 0.1, 0.9),
            Apart => {
                let places = rng.permutation(n);
                let value = |i: usize| 0.37 * (places[i] as Float - n as Float / 2.0 + 0.5);
                Tensor::from_fn(shape, |i| if n % 2 == 1 { value(i) + 0.185 } else { value(i) })
            }
            Index(end) => Tensor::from_fn(shape, |_| rng.below(end) as Float),
            Mask => Tensor::from_fn(shape, |_| rng.below(2) as Float),
            Regular => rng.uniform_in(shape, -0.5, 0.5) + Tensor::eye(shape[shape.len() - 1]) * 2.0,
        }
    }
}

/// An op with its arguments fixed.
pub struct Row {
    /// The method's name; what follows a last underscore tells apart several rows of one op.
    pub name: &'static str,
    pub op: fn(&[Tensor]) -> Tensor,
    pub inputs: &'static [(Draw, &'static [usize])],
}

const fn row(
    name: &'static str,
    op: fn(&[Tensor]) -> Tensor,
    inputs: &'static [(Draw, &'static [usize])],
) -> Row {
    Row { name, op, inputs }
}

const FLAT: &[usize] = &[3, 4];
const CUBE: &[usize] = &[2, 3, 4];
const PAIR: [&[usize]; 2] = [&[3, 1, 4], &[2, 1]];

pub const TABLE: &[Row] = &[
    row("neg", |x| -&x[0], &[(Real, FLAT)]),
    row("exp", |x| x[0].exp(), &[(Real, FLAT)]),
    row("ln", |x| x[0].ln(), &[(Positive, FLAT)]),
    row("ln_1p", |x| x[0].ln_1p(), &[(Inner, FLAT)]),
    row("exp_m1", |x| x[0].exp_m1(), &[(Real, FLAT)]),
    row("sqrt", |x| x[0].sqrt(), &[(Positive, FLAT)]),
    row("square", |x| x[0].square(), &[(Real, FLAT)]),
    row("abs", |x| x[0].abs(), &[(Apart, FLAT)]),
    row("powi_3", |x| x[0].powi(3), &[(Real, FLAT)]),
    row("powi_neg_2", |x| x[0].powi(-2), &[(Positive, FLAT)]),
    row("powf_1_7", |x| x[0].powf(1.7), &[(Positive, FLAT)]),
    row("recip", |x| x[0].recip(), &[(Positive, FLAT)]),
    row("sin", |x| x[0].sin(), &[(Real, FLAT)]),
    row("cos", |x| x[0].cos(), &[(Real, FLAT)]),
    row("tanh", |x| x[0].tanh(), &[(Real, FLAT)]),
    row("erf", |x| x[0].erf(), &[(Real, FLAT)]),
    row("sigmoid", |x| x[0].sigmoid(), &[(Real, FLAT)]),
    row("softplus", |x| x[0].softplus(), &[(Real, FLAT)]),
    row("relu", |x| x[0].relu(), &[(Apart, FLAT)]),
    row("leaky_relu_0_1", |x| x[0].leaky_relu(0.1), &[(Apart, FLAT)]),
    row("elu_1_5", |x| x[0].elu(1.5), &[(Apart, FLAT)]),
    row("selu", |x| x[0].selu(), &[(Apart, FLAT)]),
    row("silu", |x| x[0].silu(), &[(Real, FLAT)]),
    row("gelu", |x| x[0].gelu(), &[(Real, FLAT)]),
    row("clamp", |x| x[0].clamp(-0.5, 0.7), &[(Apart, FLAT)]),
    row("add", |x| &x[0] + &x[1], &[(Real, PAIR[0]), (Real, PAIR[1])]),
    row("sub", |x| &x[0] - &x[1], &[(Real, PAIR[0]), (Real, PAIR[1])]),
    row("mul", |x| &x[0] * &x[1], &[(Real, PAIR[0]), (Real, PAIR[1])]),
    row("div", |x| &x[0] / &x[1], &[(Real, PAIR[0]), (Positive, PAIR[1])]),
    row("maximum", |x| x[0].maximum(&x[1]), &[(Apart, PAIR[0]), (Inner, PAIR[1])]),
    row("minimum", |x| x[0].minimum(&x[1]), &[(Apart, PAIR[0]), (Inner, PAIR[1])]),
    row("select", |x| x[0].select(&x[1], &x[2]), &[(Mask, &[2, 3]), (Real, &[2, 3]), (Real, &[3])]),
    row("sum_all", |x| x[0].sum(..), &[(Real, CUBE)]),
    row("sum_1", |x| x[0].sum(1), &[(Real, CUBE)]),
    row("sum_keep_0_2", |x| x[0].sum_keep([0, 2]), &[(Real, CUBE)]),
    row("mean_all", |x| x[0].mean(..), &[(Real, CUBE)]),
    row("mean_1", |x| x[0].mean(1), &[(Real, CUBE)]),
    row("mean_keep_0_2", |x| x[0].mean_keep([0, 2]), &[(Real, CUBE)]),
    row("var_1", |x| x[0].var(1, 0), &[(Real, CUBE)]),
    row("var_unbiased_all", |x| x[0].var(.., 1), &[(Real, CUBE)]),
    row("max_1", |x| x[0].max(1), &[(Apart, CUBE)]),
    row("max_keep_0_2", |x| x[0].max_keep([0, 2]), &[(Apart, CUBE)]),
    row("min_1", |x| x[0].min(1), &[(Apart, CUBE)]),
    row("min_keep_0_2", |x| x[0].min_keep([0, 2]), &[(Apart, CUBE)]),
    row("log_sum_exp_1", |x| x[0].log_sum_exp(1), &[(Real, CUBE)]),
    row("log_sum_exp_keep_0_2", |x| x[0].log_sum_exp_keep([0, 2]), &[(Real, CUBE)]),
    row("cumsum_1", |x| x[0].cumsum(1), &[(Real, CUBE)]),
    row("reshape", |x| x[0].reshape(&[4, 6]), &[(Real, CUBE)]),
    row("permute", |x| x[0].permute(&[2, 0, 1]), &[(Real, CUBE)]),
    row("transpose", |x| x[0].transpose(0, 2), &[(Real, CUBE)]),
    row("t", |x| x[0].t(), &[(Real, CUBE)]),
    row("broadcast_to", |x| x[0].broadcast_to(CUBE), &[(Real, &[3, 1])]),
    row("sum_to", |x| x[0].sum_to(&[3, 1]), &[(Real, CUBE)]),
    row("slice", |x| x[0].slice(1, 1..4), &[(Real, &[3, 5])]),
    row("pad", |x| x[0].pad(1, 1, 2), &[(Real, &[2, 3])]),
    row("concat", |x| Tensor::concat(&[&x[0], &x[1]], 1), &[(Real, &[2, 3]), (Real, &[2, 2])]),
    row("stack", |x| Tensor::stack(&[&x[0], &x[1]], 1), &[(Real, &[2, 3]), (Real, &[2, 3])]),
    row("split_second", |x| x[0].split(1, &[2, 3]).remove(1), &[(Real, &[2, 5])]),
    row("flip", |x| x[0].flip(1), &[(Real, &[2, 3])]),
    row("gather", |x| x[0].gather(1, &x[1]), &[(Real, FLAT), (Index(4), &[3, 2])]),
    row(
        "scatter_add",
        |x| x[0].scatter_add(1, &x[1], &x[2]),
        &[(Real, FLAT), (Index(4), &[3, 2]), (Real, &[3, 2])],
    ),
    row("one_hot", |x| x[0].one_hot(5), &[(Index(5), &[4])]),
    row("tril", |x| x[0].tril(0), &[(Real, &[4, 4])]),
    row("triu", |x| x[0].triu(1), &[(Real, &[3, 4, 4])]),
    row("matmul_2d", |x| x[0].matmul(&x[1]), &[(Real, &[3, 4]), (Real, &[4, 2])]),
    row("matmul_batched", |x| x[0].matmul(&x[1]), &[(Real, &[5, 1, 3, 4]), (Real, &[2, 4, 2])]),
    row("matmul_vec", |x| x[0].matmul(&x[1]), &[(Real, &[3, 4]), (Real, &[4])]),
    row("vec_matmul", |x| x[0].matmul(&x[1]), &[(Real, &[3]), (Real, &[3, 4])]),
    row("dot", |x| x[0].matmul(&x[1]), &[(Real, &[4]), (Real, &[4])]),
    row("matmul_nt", |x| x[0].matmul_nt(&x[1]), &[(Real, CUBE), (Real, &[5, 4])]),
    row("matmul_tn", |x| x[0].matmul_tn(&x[1]), &[(Real, &[2, 4, 3]), (Real, &[4, 5])]),
    row("det", |x| x[0].det(), &[(Regular, &[2, 3, 3])]),
    row("slogdet", |x| x[0].slogdet().1, &[(Regular, &[2, 3, 3])]),
    row("inverse", |x| x[0].inverse(), &[(Regular, &[2, 3, 3])]),
    row("solve", |x| x[0].solve(&x[1]), &[(Regular, &[2, 3, 3]), (Real, &[2, 3, 2])]),
    row(
        "triangular_solve_lower",
        |x| x[0].triangular_solve(&x[1], false),
        &[(Regular, &[3, 3]), (Real, &[3, 2])],
    ),
    row(
        "triangular_solve_upper",
        |x| x[0].triangular_solve(&x[1], true),
        &[(Regular, &[3, 3]), (Real, &[3, 2])],
    ),
    row("softmax", |x| x[0].softmax(-1), &[(Real, FLAT)]),
    row("log_softmax", |x| x[0].log_softmax(0), &[(Real, FLAT)]),
    row("linear", |x| x[0].linear(&x[1], &x[2]), &[(Real, &[5, 3]), (Real, &[2, 3]), (Real, &[2])]),
    row("mse", |x| x[0].mse(&x[1]), &[(Real, FLAT), (Real, FLAT)]),
    row("bce_with_logits", |x| x[0].bce_with_logits(&x[1]), &[(Real, FLAT), (Inner, FLAT)]),
    row("gt", |x| x[0].gt(&x[1]), &[(Real, FLAT), (Real, &[4])]),
    row("ge", |x| x[0].ge(&x[1]), &[(Real, FLAT), (Real, &[4])]),
    row("lt", |x| x[0].lt(&x[1]), &[(Real, FLAT), (Real, &[4])]),
    row("le", |x| x[0].le(&x[1]), &[(Real, FLAT), (Real, &[4])]),
    row("eq", |x| x[0].eq(&x[1]), &[(Real, FLAT), (Real, &[4])]),
    row("ne", |x| x[0].ne(&x[1]), &[(Real, FLAT), (Real, &[4])]),
    row("argmax_1", |x| x[0].argmax(1), &[(Real, FLAT)]),
    row("argmin_0", |x| x[0].argmin(0), &[(Real, FLAT)]),
    row("sign", |x| x[0].sign(), &[(Apart, FLAT)]),
];

/// The ops without a derivative: their results are constants.
pub const CONSTANT: [&str; 10] =
    ["gt", "ge", "lt", "le", "eq", "ne", "argmax_1", "argmin_0", "sign", "one_hot"];
