//! What arithmetic says when it is misused: every panic names the op and the shapes and blames the
//! line of the caller; every error of files and arguments says what to do.

use pushforward::derivatives::*;
use pushforward::nn::{
    Activation, Linear, Mlp, Module, fourier_embedding, sinusoidal_embedding as sinusoids,
};
use pushforward::ode::{EULER, MIDPOINT, RungeKutta, solve, solve_each_row, trajectory};
use pushforward::optim::{Adam, Ema, Optimizer, RmsProp, Sgd};
use pushforward::random::Rng;
use pushforward::{Error, Float, Tensor, grad, grad_graph};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

/// What a panic said and the place in the source it blamed.
#[derive(Default)]
pub struct Panic {
    pub message: String,
    pub file: String,
    pub line: u32,
}

thread_local! {
    /// This thread's last panic, while [`panic_of`] listens.
    static HEARD: RefCell<Option<Panic>> = const { RefCell::new(None) };
}

/// The panic of `f`, silently; `None` if it returns. Other panics are printed as ever.
pub fn panic_of(f: impl FnOnce()) -> Option<Panic> {
    static LISTEN: Once = Once::new();
    LISTEN.call_once(|| {
        let print = take_hook();
        set_hook(Box::new(move |info| {
            let Some(mut heard) = HEARD.take() else { return print(info) };
            if let Some(at) = info.location() {
                (heard.file, heard.line) = (at.file().replace('\\', "/"), at.line());
            }
            HEARD.set(Some(heard));
        }));
    });
    let outer = HEARD.replace(Some(Panic::default()));
    let outcome = catch_unwind(AssertUnwindSafe(f));
    let heard = HEARD.replace(outer).expect("it was put there above");
    let payload = outcome.err()?;
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    let message = text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default();
    Some(Panic { message, ..heard })
}

/// A misuse and what its panic must say.
struct Case {
    /// The public function that is misused.
    function: &'static str,
    misuse: fn(),
    says: &'static [&'static str],
}

const fn case(function: &'static str, misuse: fn(), says: &'static [&'static str]) -> Case {
    Case { function, misuse, says }
}

fn z(shape: &[usize]) -> Tensor {
    Tensor::zeros(shape)
}

fn v(shape: &[usize]) -> Tensor {
    z(shape).variable()
}

fn backwards(start: usize, end: usize) -> std::ops::Range<usize> {
    start..end
}

const CONSTRUCTION: &[Case] = &[
    case(
        "new",
        || drop(Tensor::new(&[2, 3], vec![0.0; 5])),
        &["Tensor::new: ", "[2, 3]", "6", "5"],
    ),
    case("item", || _ = z(&[2, 1]).item(), &["item: ", "[2, 1]", "2 elements", "at()"]),
    case("item", || _ = z(&[0]).item(), &["item: ", "[0]", "0 elements"]),
    case("at", || _ = z(&[2, 3]).at(&[1, 3]), &["at: ", "[1, 3]", "[2, 3]"]),
    case("at", || _ = z(&[2, 3]).at(&[1]), &["at: ", "[1]", "[2, 3]"]),
    case("rows", || drop(z(&[2, 3]).rows::<2>()), &["rows: ", "[2, 3]", "[n, 2]"]),
];

/// [2, 3] and [4]: nothing broadcasts along the last axis.
const MISFIT: &[&str] = &["[2, 3]", "[4]", "axis -1", "sizes 3 and 4", "reshape"];

const BROADCASTING: &[Case] = &[
    case("add", || drop(z(&[2, 3]) + z(&[4])), &["add: "]),
    case("add", || drop(&z(&[2, 3]) + &z(&[4])), &["add: "]),
    case("add", || drop(z(&[2, 3]) + &z(&[4])), &["add: "]),
    case("add", || drop(&z(&[2, 3]) + z(&[4])), &["add: "]),
    case(
        "add",
        || {
            let mut x = z(&[2, 3]);
            x += z(&[4]);
        },
        &["add: "],
    ),
    case(
        "add",
        || {
            let mut x = z(&[2, 3]);
            x += &z(&[4]);
        },
        &["add: "],
    ),
    case("sub", || drop(z(&[2, 3]) - z(&[4])), &["sub: "]),
    case(
        "sub",
        || {
            let mut x = z(&[2, 3]);
            x -= &z(&[4]);
        },
        &["sub: "],
    ),
    case("mul", || drop(z(&[2, 3]) * z(&[4])), &["mul: "]),
    case("div", || drop(v(&[2, 3]) / z(&[4])), &["div: "]),
    case("maximum", || drop(z(&[2, 3]).maximum(z(&[4]))), &["maximum: "]),
    case("minimum", || drop(z(&[2, 3]).minimum(z(&[4]))), &["minimum: "]),
    case("gt", || drop(z(&[2, 3]).gt(z(&[4]))), &["gt: "]),
    case("ge", || drop(z(&[2, 3]).ge(z(&[4]))), &["ge: "]),
    case("lt", || drop(z(&[2, 3]).lt(z(&[4]))), &["lt: "]),
    case("le", || drop(z(&[2, 3]).le(z(&[4]))), &["le: "]),
    case("eq", || drop(z(&[2, 3]).eq(z(&[4]))), &["eq: "]),
    case("ne", || drop(z(&[2, 3]).ne(z(&[4]))), &["ne: "]),
    case("select", || drop(z(&[1]).select(&z(&[2, 3]), &z(&[4]))), &["select: "]),
    case("select", || drop(z(&[2, 3]).select(&z(&[4]), &z(&[1]))), &["select: "]),
    case("broadcast_to", || drop(z(&[2, 3]).broadcast_to(&[4])), &["broadcast_to: "]),
    case("sum_to", || drop(z(&[2, 3]).sum_to(&[4])), &["sum_to: "]),
];

/// Axis 2 of shape [2, 3].
const NO_AXIS: &[&str] = &["shape [2, 3] has no axis", "its axes are -2 … 1"];

const AXES: &[Case] = &[
    case("sum", || drop(z(&[2, 3]).sum(2)), &["sum: "]),
    case("sum_keep", || drop(z(&[2, 3]).sum_keep(-3)), &["sum: "]),
    case("mean", || drop(z(&[2, 3]).mean([0, 2])), &["mean: "]),
    case("mean_keep", || drop(z(&[2, 3]).mean_keep(2)), &["mean: "]),
    case("var", || drop(z(&[2, 3]).var(2, 0)), &["var: "]),
    case("max", || drop(z(&[2, 3]).max(2)), &["max: "]),
    case("max_keep", || drop(z(&[2, 3]).max_keep(2)), &["max: "]),
    case("min", || drop(z(&[2, 3]).min(2)), &["min: "]),
    case("min_keep", || drop(z(&[2, 3]).min_keep(2)), &["min: "]),
    case("log_sum_exp", || drop(z(&[2, 3]).log_sum_exp(2)), &["log_sum_exp: "]),
    case("log_sum_exp_keep", || drop(z(&[2, 3]).log_sum_exp_keep(2)), &["log_sum_exp: "]),
    case("cumsum", || drop(z(&[2, 3]).cumsum(2)), &["cumsum: "]),
    case("softmax", || drop(z(&[2, 3]).softmax(2)), &["softmax: "]),
    case("log_softmax", || drop(z(&[2, 3]).log_softmax(2)), &["log_softmax: "]),
    case("argmax", || drop(z(&[2, 3]).argmax(2)), &["argmax: "]),
    case("argmin", || drop(z(&[2, 3]).argmin(2)), &["argmin: "]),
    case("transpose", || drop(z(&[2, 3]).transpose(0, 2)), &["transpose: "]),
    case("transpose", || drop(z(&[2, 3]).transpose(-3, 0)), &["transpose: "]),
    case("slice", || drop(z(&[2, 3]).slice(2, 0..1)), &["slice: "]),
    case("pad", || drop(z(&[2, 3]).pad(2, 0, 1)), &["pad: "]),
    case("flip", || drop(z(&[2, 3]).flip(2)), &["flip: "]),
    case("concat", || drop(Tensor::concat(&[&z(&[2, 3])], 2)), &["concat: "]),
    case("split", || drop(z(&[2, 3]).split(2, &[1])), &["split: "]),
    case("gather", || drop(z(&[2, 3]).gather(2, &z(&[2, 3]))), &["gather: "]),
    case("scatter_add", || drop(z(&[2, 3]).scatter_add(2, &z(&[1]), &z(&[1]))), &["scatter_add: "]),
];

const REDUCTIONS: &[Case] = &[
    case("sum", || drop(z(&[2, 3]).sum([0, -2])), &["sum: ", "[2, 3]", "-2", "twice"]),
    case("mean", || drop(z(&[2, 3]).mean([1, 1])), &["mean: ", "[2, 3]", "twice"]),
    case("sum", || drop(z(&[]).sum(0)), &["sum: ", "[] has no axis 0; its axes are none"]),
    case("max", || drop(z(&[2, 0]).max(1)), &["max: ", "[2, 0]", "no element"]),
    case("max_keep", || drop(z(&[0]).max_keep(..)), &["max: ", "[0]", "no element"]),
    case("min", || drop(z(&[2, 0]).min(1)), &["min: ", "[2, 0]", "no element"]),
    case("min_keep", || drop(z(&[0, 2]).min_keep([0, 1])), &["min: ", "[0, 2]", "no element"]),
    case("argmax", || drop(z(&[2, 0]).argmax(1)), &["argmax: ", "[2, 0]", "no element"]),
    case("argmin", || drop(z(&[0]).argmin(0)), &["argmin: ", "[0]", "no element"]),
    case("sum_to", || drop(z(&[3]).sum_to(&[2, 3])), &["sum_to: ", "[2, 3]", "to [3]"]),
];

const SHAPES: &[Case] = &[
    case("elu", || drop(z(&[2]).elu(-1.0)), &["elu: ", "-1"]),
    case("clamp", || drop(z(&[2]).clamp(1.0, 0.0)), &["clamp: ", "1", "0"]),
    case("reshape", || drop(z(&[2, 3]).reshape(&[4])), &["reshape: ", "[2, 3]", "6", "[4]", "4"]),
    case("permute", || drop(z(&[2, 3]).permute(&[1, 1])), &["permute: ", "[1, 1]", "[2, 3]"]),
    case("permute", || drop(z(&[2, 3]).permute(&[0])), &["permute: ", "[0]", "[2, 3]"]),
    case("permute", || drop(z(&[2, 3]).permute(&[0, 1, 1])), &["permute: ", "[0, 1, 1]", "[2, 3]"]),
    case("t", || drop(z(&[3]).t()), &["t: ", "[3]", "reshape"]),
    case("broadcast_to", || drop(z(&[3]).broadcast_to(&[1])), &["broadcast_to: ", "[3]", "[1]"]),
    case(
        "broadcast_to",
        || drop(z(&[2, 3]).broadcast_to(&[3])),
        &["broadcast_to: ", "[2, 3]", "[3]"],
    ),
    case("slice", || drop(z(&[2, 3]).slice(-1, 1..4)), &["slice: ", "1..4", "[2, 3]", "size 3"]),
    case("slice", || drop(z(&[3]).slice(0, backwards(2, 1))), &["slice: ", "2..1", "[3]"]),
    case("concat", || drop(Tensor::concat(&[], 0)), &["concat: ", "nothing"]),
    case(
        "concat",
        || drop(Tensor::concat(&[&z(&[2, 3]), &z(&[2, 4])], 0)),
        &["concat: ", "[2, 3]", "[2, 4]", "axis 0"],
    ),
    case("concat", || drop(Tensor::concat(&[&z(&[2]), &z(&[])], 0)), &["concat: ", "[2]", "[]"]),
    case("stack", || drop(Tensor::stack(&[], 0)), &["stack: ", "nothing"]),
    case("stack", || drop(Tensor::stack(&[&z(&[2]), &z(&[3])], 0)), &["stack: ", "[2]", "[3]"]),
    case("stack", || drop(Tensor::stack(&[&z(&[2])], 2)), &["stack: ", "axis 2", "[2]", "-2 … 1"]),
    case("split", || drop(z(&[2, 3]).split(1, &[1, 1])), &["split: ", "[1, 1]", "3", "[2, 3]"]),
    case(
        "gather",
        || drop(z(&[2, 3]).gather(1, &z(&[3, 1]))),
        &["gather: ", "[3, 1]", "[2, 3]", "axis 1"],
    ),
    case("gather", || drop(z(&[2, 3]).gather(1, &z(&[2]))), &["gather: ", "[2]", "[2, 3]"]),
    case("gather", || drop(z(&[2]).gather(0, &Tensor::from([2.0]))), &["gather: ", "2", "0 to 1"]),
    case("gather", || drop(z(&[2]).gather(0, &Tensor::from([0.5]))), &["gather: ", "0.5", "whole"]),
    case(
        "scatter_add",
        || drop(z(&[2]).scatter_add(0, &Tensor::from([-1.0]), &z(&[1]))),
        &["scatter_add: ", "-1", "0 to 1"],
    ),
    case(
        "scatter_add",
        || drop(z(&[2, 3]).scatter_add(1, &z(&[2, 1]), &z(&[2, 2]))),
        &["scatter_add: ", "[2, 2]", "[2, 1]", "equal"],
    ),
    case("one_hot", || drop(Tensor::from([3.0]).one_hot(3)), &["one_hot: ", "3", "0 to 2"]),
    case("one_hot", || drop(Tensor::from([Float::NAN]).one_hot(3)), &["one_hot: ", "NaN"]),
    case("tril", || drop(z(&[3]).tril(0)), &["tril: ", "[3]"]),
    case("triu", || drop(z(&[]).triu(0)), &["triu: ", "[]"]),
];

const PRODUCTS: &[Case] = &[
    case("matmul", || drop(z(&[2, 3]).matmul(&z(&[]))), &["matmul: ", "[2, 3]", "[]", "`*`"]),
    case(
        "matmul",
        || drop(z(&[2, 3]).matmul(&z(&[2, 3]))),
        &["matmul: ", "[2, 3] and [2, 3]", "columns of A (3)", "rows of B (2)", "a.t()"],
    ),
    case("matmul", || drop(z(&[2, 3]).matmul(&z(&[2]))), &["matmul: ", "[2, 3]", "(3)", "(2)"]),
    case("matmul", || drop(z(&[2]).matmul(&z(&[3, 2]))), &["matmul: ", "[3, 2]", "(2)", "(3)"]),
    case(
        "matmul",
        || drop(z(&[4, 2, 3]).matmul(&z(&[5, 3, 2]))),
        &["matmul: ", "[4, 2, 3]", "[5, 3, 2]", "broadcast"],
    ),
    case("matmul_nt", || drop(z(&[2]).matmul_nt(&z(&[2, 3]))), &["matmul_nt: ", "[2]", "[2, 3]"]),
    case(
        "matmul_nt",
        || drop(z(&[2, 3]).matmul_nt(&z(&[3, 2]))),
        &["matmul_nt: ", "[2, 3]", "[3, 2]", "columns of A (3)", "columns of B (2)"],
    ),
    case("matmul_tn", || drop(z(&[2, 3]).matmul_tn(&z(&[2]))), &["matmul_tn: ", "[2, 3]", "[2]"]),
    case(
        "matmul_tn",
        || drop(z(&[2, 3]).matmul_tn(&z(&[3, 2]))),
        &["matmul_tn: ", "[2, 3]", "[3, 2]", "rows of A (2)", "rows of B (3)"],
    ),
    case("det", || drop(z(&[2, 3]).det()), &["det: ", "[2, 3]", "[.., n, n]"]),
    case("slogdet", || drop(z(&[3]).slogdet()), &["slogdet: ", "[3]", "[.., n, n]"]),
    case("inverse", || drop(z(&[2, 2, 3]).inverse()), &["inverse: ", "[2, 2, 3]", "[.., n, n]"]),
    case("solve", || drop(z(&[2, 3]).solve(&z(&[2, 1]))), &["solve: ", "[2, 3]", "[.., n, n]"]),
    case("solve", || drop(z(&[2, 2]).solve(&z(&[2]))), &["solve: ", "[2]", "reshape(&[n, 1])"]),
    case("solve", || drop(z(&[2, 2]).solve(&z(&[3, 1]))), &["solve: ", "[2, 2]", "[3, 1]"]),
    case(
        "solve",
        || drop(z(&[4, 1, 1]).solve(&z(&[5, 1, 1]))),
        &["solve: ", "[4, 1, 1]", "[5, 1, 1]"],
    ),
    case(
        "triangular_solve",
        || drop(z(&[2, 2]).triangular_solve(&z(&[3, 1]), true)),
        &["triangular_solve: ", "[2, 2]", "[3, 1]"],
    ),
    case(
        "linear",
        || drop(z(&[5, 3]).linear(&z(&[2, 4]), &z(&[2]))),
        &["linear: ", "[5, 3]", "[2, 4]", "in = 4", "reshape"],
    ),
    case("linear", || drop(z(&[]).linear(&z(&[2, 4]), &z(&[2]))), &["linear: ", "[]", "[2, 4]"]),
    case("mse", || drop(z(&[2, 3]).mse(&z(&[3]))), &["mse: ", "[2, 3]", "[3]", "equal"]),
    case(
        "bce_with_logits",
        || drop(z(&[2, 1]).bce_with_logits(&z(&[2]))),
        &["bce_with_logits: ", "[2, 1]", "[2]", "equal"],
    ),
];

const DERIVATIVES: &[Case] = &[
    case(
        "grad",
        || drop(grad(&v(&[2]).sum(..), &[&v(&[2])])),
        &["grad: ", "none of xs", "optimizer's step"],
    ),
    case(
        "hessian",
        || drop(hessian(|x| v(&[2]).sum(..) + x.item(), &v(&[1]))),
        &["hessian: ", "does not depend on its argument", "item()"],
    ),
    case("grad", || drop(grad(&v(&[2]), &[])), &["grad: ", "[2]", "Sum or average"]),
    case(
        "grad",
        || drop(grad(&z(&[]), &[&v(&[])])),
        &["grad: ", "y does not depend", "x.variable()"],
    ),
    case(
        "grad",
        || drop(grad(&v(&[]), &[&v(&[]), &z(&[3])])),
        &["grad: ", "xs[1]", "[3]", "let x = x.variable();"],
    ),
    case("grad_graph", || drop(grad_graph(&v(&[0]), &[])), &["grad_graph: ", "[0]"]),
    case("grad_graph", || drop(grad_graph(&z(&[]), &[])), &["grad_graph: ", "y does not depend"]),
    case("grad_graph", || drop(grad_graph(&v(&[]), &[&z(&[])])), &["grad_graph: ", "xs[0]", "[]"]),
    case(
        "vjp",
        || drop(vjp(Tensor::sin, &z(&[2]), &z(&[3]))),
        &["vjp: ", "v has shape [3]", "[2]"],
    ),
    case(
        "jvp",
        || drop(jvp(Tensor::sin, &z(&[2]), &z(&[3]))),
        &["jvp: ", "v has shape [3]", "[2]"],
    ),
    case("hessian", || drop(hessian(Tensor::sin, &z(&[2]))), &["hessian: ", "[2]", "scalar"]),
    case("hvp", || drop(hvp(Tensor::sin, &z(&[2]), &z(&[2]))), &["hvp: ", "[2]", "scalar"]),
    case(
        "hvp",
        || drop(hvp(|x| x.sum(..), &z(&[2]), &z(&[3]))),
        &["hvp: ", "v has shape [3]", "[2]"],
    ),
    case(
        "divergence",
        || drop(divergence(Tensor::sin, &z(&[2]))),
        &["divergence: ", "[2]", "[n, d]"],
    ),
    case(
        "divergence",
        || drop(divergence(|x| x.sum(0), &z(&[2, 3]))),
        &["divergence: ", "u(x) has shape [3]", "[2, 3]"],
    ),
    case(
        "divergence_hutchinson",
        || drop(divergence_hutchinson(Tensor::sin, &z(&[2]), &z(&[2]))),
        &["divergence_hutchinson: ", "[2]", "[n, d]"],
    ),
    case(
        "divergence_hutchinson",
        || drop(divergence_hutchinson(Tensor::sin, &z(&[2, 3]), &z(&[3]))),
        &["divergence_hutchinson: ", "epsilon has shape [3]", "[2, 3]"],
    ),
    case("gradcheck", || drop(gradcheck(|x| x[0].detach(), &[z(&[])])), &["y does not depend"]),
    case("custom", wrong_rule, &["wrong_rule: ", "input 0", "[1, 2]", "[2]"]),
];

fn wrong_rule() {
    let y =
        Tensor::custom("wrong_rule", &[&v(&[2])], |x| x[0].sin(), |g, _, _, _| g.reshape(&[1, 2]));
    let x = y.inputs()[0].clone();
    grad(&y.sum(..), &[&x]);
}

/// One step of an optimizer on a network with a 3 × 2 weight and a bias of 3, with these gradients.
fn step(mut optimizer: impl Optimizer, grads: &[Tensor]) {
    optimizer.step(&mut Linear::new(2, 3, &mut Rng::new(0)), grads);
}

const MISFIT_GRADIENT: &[&str] = &["step: ", "`weight`", "[3, 2]", "[2, 3]"];

const NETWORKS: &[Case] = &[
    case("step", || step(Sgd::new(0.1), &[z(&[2])]), &["step: ", "1 gradients for 2", "tensors()"]),
    case("step", || step(Sgd::new(0.1), &[z(&[2, 3]), z(&[3])]), MISFIT_GRADIENT),
    case("step", || step(Adam::new(0.1), &[z(&[2, 3]), z(&[3])]), MISFIT_GRADIENT),
    case("step", || step(RmsProp::new(0.1), &[z(&[2, 3]), z(&[3])]), MISFIT_GRADIENT),
    case(
        "copy_to",
        || Ema::new(0.9).copy_to(&mut vec![z(&[])]),
        &["Ema::copy_to: ", "call update"],
    ),
    case("below", || _ = Rng::new(0).below(0), &["below: ", "n must be at least 1"]),
    case("choice", || drop(Rng::new(0).choice(3, 4)), &["choice: ", "4", "3"]),
    case("Mlp::new", || drop(mlp(&[3])), &["Mlp::new: ", "[3]"]),
    case(
        "Mlp::forward",
        || drop(mlp(&[3, 2]).forward(&z(&[5, 2]))),
        &["linear: ", "[5, 2]", "[2, 3]"],
    ),
    case(
        "Mlp::forward",
        || drop(mlp(&[3, 3, 2]).forward(&z(&[2]))),
        &["linear: ", "[2]", "[3, 3]"],
    ),
    case(
        "sinusoidal_embedding",
        || drop(sinusoids(&z(&[3]), 4, 10.0)),
        &["sinusoidal_embedding: ", "[3]", "[n, 1]"],
    ),
    case(
        "fourier_embedding",
        || drop(fourier_embedding(&z(&[3, 2]), &z(&[4]))),
        &["fourier_embedding: ", "[3, 2]", "[n, 1]"],
    ),
];

fn mlp(sizes: &[usize]) -> Mlp {
    Mlp::new(sizes, Activation::Relu, &mut Rng::new(0))
}

/// Solves dx/dt = sum x over two axes, which has another shape than x.
fn misshapen(method: &RungeKutta) {
    solve(|_, x| x.sum(1), &z(&[2, 3]), 0.0..1.0, 4, method);
}

const SOLVERS: &[Case] = &[
    case("solve", || drop(solve(|_, x| -x, &z(&[1]), 0.0..1.0, 0, &EULER)), &["ode: ", "one step"]),
    case(
        "trajectory",
        || drop(trajectory(|_, x| -x, &z(&[1]), 0.0..1.0, 0, &MIDPOINT)),
        &["ode: "],
    ),
    case(
        "solve_each_row",
        || drop(solve_each_row(|_, x| -x, &z(&[4]), 0.0..1.0, 1, &MIDPOINT)),
        &["ode: ", "[4]", "[n, d]"],
    ),
    case("set_threads", || pushforward::machine::set_threads(0), &["set_threads: 0", "1 is"]),
    case("solve", || misshapen(&EULER), &["ode: ", "[2, 3]", "[2]", "equal"]),
    case("solve", || misshapen(&MIDPOINT), &["ode: ", "[2, 3]", "[2]", "equal"]),
];

/// Every case with what all of its group must say.
fn cases() -> impl Iterator<Item = (&'static Case, &'static [&'static str])> {
    let particular = [CONSTRUCTION, REDUCTIONS, SHAPES, PRODUCTS, DERIVATIVES, NETWORKS, SOLVERS];
    let groups = particular.map(|cases| (cases, &[][..])).into_iter();
    let groups = groups.chain([(BROADCASTING, MISFIT), (AXES, NO_AXIS)]);
    groups.flat_map(|(cases, common)| cases.iter().map(move |case| (case, common)))
}

#[test]
fn every_misuse_names_the_op_and_the_shapes() {
    let mut unsaid = vec![];
    for (Case { function, misuse, says }, common) in cases() {
        let Some(Panic { message, .. }) = panic_of(misuse) else {
            unsaid.push(format!("{function} does not panic; expected {says:?}"));
            continue;
        };
        let missing = says.iter().chain(common).filter(|part| !message.contains(**part));
        unsaid.extend(missing.map(|part| format!("{function}: {part:?} is not in {message:?}")));
    }
    assert!(unsaid.is_empty(), "{}", unsaid.join("\n"));
}

#[test]
fn every_misuse_is_blamed_on_the_callers_file() {
    let mut lost: Vec<String> = vec![];
    for (Case { function, misuse, says }, _) in cases() {
        let file = panic_of(misuse).map_or(String::from("nobody"), |panic| panic.file);
        if !file.ends_with("tests/engine/errors.rs") {
            lost.push(format!("{function} {says:?} blames {file}"));
        }
    }
    assert!(lost.is_empty(), "{}", lost.join("\n"));
}

/// The public functions of `src/ops` that promise to blame their caller.
fn functions_that_panic() -> Vec<String> {
    let mut names = vec![];
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/ops")).unwrap() {
        let source = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let marked = source.split("#[track_caller]\n    pub fn ").skip(1);
        names.extend(marked.map(|rest| rest[..rest.find(['(', '<']).unwrap()].to_string()));
    }
    names
}

#[test]
fn no_op_that_panics_is_missing_from_the_cases() {
    let functions = functions_that_panic();
    assert!(functions.len() > 50, "the scan of src/ops found only {functions:?}");
    for function in &functions {
        let covered = cases().any(|(case, _)| case.function == function);
        assert!(covered, "`{function}` has no misuse in tests/engine/errors.rs");
    }
}

#[test]
fn errors_name_the_argument_or_the_file_and_what_to_do() {
    let error = "gellu".parse::<Activation>().unwrap_err();
    assert!(matches!(error, Error::Argument(_)), "{error:?}");
    let names: Vec<&str> = Activation::ALL.iter().map(|(name, _)| *name).collect();
    let expected = format!("no activation `gellu`; there are {}", names.join(", "));
    assert_eq!(error.to_string(), expected);
    for (name, activation) in Activation::ALL {
        assert_eq!(name.parse::<Activation>().unwrap(), activation);
    }

    let missing = std::io::Error::from(std::io::ErrorKind::NotFound);
    let error = Error::Io { path: "runs/a.json".into(), source: missing };
    assert_eq!(error.to_string(), "runs/a.json: entity not found");
    let error = Error::Diverged { step: 7, loss: f64::NAN, last_good: 0.5, lr: 0.1 };
    let text = error.to_string();
    assert!(
        ["NaN at step 7", "0.5", "smaller --lr (now 0.1)"].iter().all(|part| text.contains(part))
    );
}

#[test]
fn a_refused_step_leaves_a_network_with_all_its_parameters() {
    let mut model = mlp(&[2, 3, 1]);
    let shapes = |model: &Mlp| -> Vec<Vec<usize>> {
        model.tensors().iter().map(|p| p.shape().to_vec()).collect()
    };
    let before = shapes(&model);
    let wrong: Vec<Tensor> = model.tensors().iter().map(|p| z(&[p.len()])).collect();
    assert!(panic_of(|| Adam::new(0.1).step(&mut model, &wrong)).is_some());
    assert_eq!(shapes(&model), before);
}
