//! Values and derivatives against PyTorch in float64. `tests/reference/make.py` made the JSON
//! files; each names the program and its version.

use crate::table::TABLE;
use pushforward::derivatives::{divergence, vjp};
use pushforward::nn::{Activation, Mlp, Module};
use pushforward::optim::{Adam, Ema, Optimizer, RmsProp, Schedule, Sgd, clip_by_norm};
use pushforward::random::Rng;
use pushforward::{Float, Tensor, grad, grad_graph};
use serde_json::Value;
use std::collections::BTreeMap;

/// Both sides are float64, or ours is float32 on inputs that float32 holds exactly. The factor over
/// the machine epsilon is the loss of digits in the longest chains (a determinant's second
/// derivative).
const CLOSE: f64 = 2000.0 * Float::EPSILON as f64;

fn read(name: &str) -> Value {
    let path = format!("{}/tests/reference/{name}", env!("CARGO_MANIFEST_DIR"));
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(file["program"].as_str().unwrap().starts_with("PyTorch 2."), "{name}: no provenance");
    file
}

fn numbers(v: &Value) -> Vec<f64> {
    v.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn tensor(v: &Value) -> Tensor {
    let shape: Vec<usize> = numbers(&v["shape"]).iter().map(|&n| n as usize).collect();
    Tensor::new(&shape, numbers(&v["data"]).iter().map(|&v| v as Float).collect::<Vec<_>>())
}

fn tensors(v: &Value) -> Vec<Tensor> {
    v.as_array().unwrap().iter().map(tensor).collect()
}

#[track_caller]
fn assert_close(what: &str, ours: &Tensor, theirs: &Tensor) {
    let size = theirs.data().iter().fold(1.0, |size: f64, v| size.max(f64::from(v.abs())));
    assert!(
        ours.is_close(theirs, CLOSE, CLOSE * size),
        "{what}: ours {ours:?}\nPyTorch's {theirs:?}"
    );
}

#[test]
fn every_op_has_pytorchs_values_and_gradients() {
    let file = read("ops.json");
    let reference = file["ops"].as_object().unwrap();
    for name in reference.keys() {
        assert!(TABLE.iter().any(|row| row.name == name), "{name} is not in the table");
    }
    for row in TABLE {
        let expected = reference.get(row.name);
        let expected = expected.unwrap_or_else(|| panic!("{} has no reference values", row.name));
        let inputs = expected["inputs"].as_array().unwrap().iter().zip(row.inputs);
        let x: Vec<Tensor> = inputs
            .map(
                |(v, (draw, _))| {
                    if draw.is_differentiable() { tensor(v).variable() } else { tensor(v) }
                },
            )
            .collect();
        let y = (row.op)(&x);
        assert_close(row.name, &y, &tensor(&expected["output"]));
        let loss = (&y * tensor(&expected["cotangent"])).sum(..);
        for (i, gradient) in expected["grads"].as_array().unwrap().iter().enumerate() {
            assert_eq!(
                gradient.is_null(),
                !(loss.is_tracked() && x[i].is_tracked()),
                "{}",
                row.name
            );
            if !gradient.is_null() {
                assert_close(row.name, &grad(&loss, &[&x[i]])[0], &tensor(gradient));
            }
        }
    }
}

type Named = BTreeMap<String, Tensor>;

/// tanh(x W1ᵀ + b1) W2ᵀ, and + b2 if there is one.
fn mlp(p: &Named, x: &Tensor) -> Tensor {
    let y = x.linear(&p["W1"], &p["b1"]).tanh().matmul_nt(&p["W2"]);
    match p.get("b2") {
        Some(b2) => y + b2,
        None => y,
    }
}

fn squared_distances(x: &Tensor, y: &Tensor) -> Tensor {
    (x.reshape(&[x.shape()[0], 1, 2]) - y).square().sum(-1)
}

/// The scalar function of this name; `formula` in the file states it.
fn composition(name: &str, p: &Named) -> Tensor {
    let ln_2pi = (2.0 * std::f64::consts::PI).ln() as Float;
    match name {
        "mlp_loss_in_weights" | "mlp_loss_in_input" => mlp(p, &p["x"]).mse(&p["y"]),
        "gaussian_mixture" => {
            let log_sigma = &p["log_sigma"];
            let density = -squared_distances(&p["x"], &p["mu"]) / ((log_sigma * 2.0).exp() * 2.0);
            let normaliser = log_sigma * 2.0 + ln_2pi;
            (p["logits"].log_softmax(0) + density - normaliser).log_sum_exp(1).sum(..)
        }
        "cross_entropy" => {
            let log_p = p["x"].linear(&p["W"], &p["b"]).log_softmax(-1);
            -(log_p.gather(1, &p["labels"].reshape(&[4, 1])).mean(..))
        }
        "log_det" => {
            let diagonal = Tensor::eye(3) * p["theta"].exp();
            (p["L"].matmul_nt(&p["L"]) + diagonal).slogdet().1
        }
        "gradient_penalty" => {
            let (_, slope) = vjp(|x| mlp(p, x), &p["x"], &Tensor::ones(&[4, 1]));
            (slope.square().sum(1).sqrt() - 1.0).square().mean(..)
        }
        "divergence" => divergence(|x| mlp(p, x), &p["x"]).1.square().mean(..),
        "linear_vae" => {
            let h = p["x"].matmul_nt(&p["W_enc"]).split(1, &[2, 2]);
            let (mu, log_var) = (&h[0], &h[1]);
            let z = mu + (log_var / 2.0).exp() * &p["eps"];
            let kl = (mu.square() + log_var.exp() - 1.0 - log_var).sum(1) * 0.5;
            let error = (&p["x"] - z.matmul_nt(&p["W_dec"])).square().sum(1);
            (error * -0.5 - kl).mean(..)
        }
        "affine_coupling" => {
            let x = p["x"].split(1, &[1, 1]);
            let st = x[0].matmul_nt(&p["W1"]).tanh().matmul_nt(&p["W2"]).split(1, &[1, 1]);
            let z = Tensor::concat(&[&x[0], &((&x[1] - &st[1]) * (-&st[0]).exp())], 1);
            (z.square().sum(1) * -0.5 - ln_2pi - st[0].reshape(&[5])).mean(..)
        }
        "rk4" => {
            let f = |x: &Tensor| x.matmul_nt(&p["W"]).sin() + x * 0.5;
            let (x, h) = (&p["x"], 0.5);
            let k1 = f(x);
            let k2 = f(&(x + &k1 * (h / 2.0)));
            let k3 = f(&(x + &k2 * (h / 2.0)));
            let k4 = f(&(x + &k3 * h));
            (x + (k1 + k2 * 2.0 + k3 * 2.0 + k4) * (h / 6.0)).square().sum(..)
        }
        "attention" => {
            let weights = (p["Q"].matmul_nt(&p["K"]) / 2.0).softmax(-1);
            (&p["C"] * weights.matmul(&p["V"])).sum(..)
        }
        "layer_norm" => {
            let x = &p["x"];
            let deviation = x - x.mean_keep(1);
            let variance = x.var(1, 0).reshape(&[3, 1]);
            let normal = deviation / (variance + 1e-5).sqrt();
            (&p["C"] * (&p["gamma"] * normal + &p["beta"]).tanh()).sum(..)
        }
        "gelu_silu" => (p["x"].gelu() * p["w"].silu() + (&p["x"] * &p["w"]).gelu()).sum(..),
        "monotone_spline" => {
            let steps = p["w"].softplus();
            let heights = steps.cumsum(1) / steps.sum_keep(1);
            (p["u"].square() * heights).sum(..) - steps.ln().sum(..)
        }
        "gan_bce" => {
            let (real, fake) = (mlp(p, &p["x"]), mlp(p, &p["z"].matmul_nt(&p["A"])));
            let (one, zero) = (Tensor::ones(real.shape()), Tensor::zeros(fake.shape()));
            real.bce_with_logits(&one) + fake.bce_with_logits(&zero)
        }
        "quadratic_form" => {
            let a = p["M"].matmul_nt(&p["M"]) + Tensor::eye(3);
            p["b"].matmul(&a.solve(&p["b"].reshape(&[3, 1]))).sum(..)
        }
        "discretised_gaussian" => {
            let scale = p["log_sigma"].exp() * (2.0 as Float).sqrt();
            let edge = |shift: Float| ((&p["x"] + shift - &p["mu"]) / &scale).erf();
            -((edge(0.25) - edge(-0.25)) / 2.0).ln().sum(..)
        }
        "piecewise_linear" => {
            let (h, k) = (p["y"].softplus(), &p["k"]);
            let (left, right) = (h.gather(0, k), h.gather(0, &(k + 1.0)));
            (&left + (&p["x"] * 5.0 - k) * (right - &left)).square().sum(..)
        }
        "sliced_score_matching" => {
            let (score, slope) = vjp(|x| mlp(p, x), &p["x"], &p["v"]);
            let along = (&p["v"] * score).sum(1);
            ((&p["v"] * slope).sum(1) + along.square() / 2.0).mean(..)
        }
        "pairwise_log_sum_exp" => {
            -(squared_distances(&p["x"], &p["y"]) / -2.0).log_sum_exp(1).mean(..)
        }
        other => panic!("{other}: write it here"),
    }
}

#[test]
fn twenty_compositions_have_pytorchs_second_derivatives() {
    let file = read("compositions.json");
    let reference = file["compositions"].as_object().unwrap();
    assert_eq!(reference.len(), 20);
    for (name, expected) in reference {
        let named = |key: &str| -> Named {
            let entries = expected[key].as_object().unwrap().iter();
            entries.map(|(name, v)| (name.clone(), tensor(v))).collect()
        };
        let inputs: Named =
            named("inputs").iter().map(|(k, v)| (k.clone(), v.variable())).collect();
        let mut all = named("constants");
        all.extend(inputs.clone());
        let value = composition(name, &all);
        assert_close(name, &value, &Tensor::scalar(expected["value"].as_f64().unwrap() as Float));
        let targets: Vec<&Tensor> = inputs.values().collect();
        let gradients = grad_graph(&value, &targets);
        let directions = named("directions");
        let along: Tensor =
            gradients.iter().zip(directions.values()).map(|(g, v)| (g * v).sum(..)).sum();
        let products = grad(&along, &targets);
        let (grads, hvps) = (named("grads"), named("hvps"));
        for (i, input) in inputs.keys().enumerate() {
            assert_close(&format!("{name}, gradient in {input}"), &gradients[i], &grads[input]);
            assert_close(&format!("{name}, Hessian in {input}"), &products[i], &hvps[input]);
        }
    }
}

fn optimizer(class: &str, options: &Value) -> Box<dyn Optimizer> {
    let number = |name: &str| options[name].as_f64().unwrap_or(0.0);
    let flag = |name: &str| options[name].as_bool().unwrap_or(false);
    let adam = || {
        let betas = numbers(&options["betas"]);
        let mut adam = Adam::new(number("lr"));
        (adam.betas, adam.eps) = ([betas[0], betas[1]], number("eps"));
        adam.weight_decay = number("weight_decay");
        adam
    };
    match class {
        "SGD" => {
            let mut sgd = Sgd::new(number("lr"));
            (sgd.momentum, sgd.nesterov) = (number("momentum"), flag("nesterov"));
            sgd.weight_decay = number("weight_decay");
            Box::new(sgd)
        }
        "Adam" => Box::new(adam()),
        "AdamW" => {
            let mut adamw = adam();
            adamw.decoupled = true;
            Box::new(adamw)
        }
        "RMSprop" => {
            let mut rmsprop = RmsProp::new(number("lr"));
            (rmsprop.alpha, rmsprop.eps) = (number("alpha"), number("eps"));
            (rmsprop.momentum, rmsprop.centered) = (number("momentum"), flag("centered"));
            Box::new(rmsprop)
        }
        other => panic!("{other}: write it here"),
    }
}

#[test]
fn optimizers_take_pytorchs_steps() {
    let file = read("optim.json");
    let gradients: Vec<Vec<Tensor>> =
        file["gradients"].as_array().unwrap().iter().map(tensors).collect();
    assert_eq!(file["optimizers"].as_object().unwrap().len(), 11);
    for (name, expected) in file["optimizers"].as_object().unwrap() {
        let class = expected["class"].as_str().unwrap();
        let mut optimizer = optimizer(class, &expected["options"]);
        let mut parameters: Vec<Tensor> =
            tensors(&file["initial"]).iter().map(Tensor::variable).collect();
        for (step, gradient) in gradients.iter().enumerate() {
            optimizer.step(&mut parameters, gradient);
            let after = &expected["after"][(step + 1).to_string()];
            if !after.is_null() {
                for (p, theirs) in parameters.iter().zip(tensors(after)) {
                    assert_close(&format!("{name} after step {}", step + 1), p, &theirs);
                }
            }
        }
    }
}

#[test]
fn clipping_schedules_and_averages_are_pytorchs() {
    let file = read("optim.json");
    for case in ["above", "below"] {
        let expected = &file["clip"][case];
        let max_norm = expected["max_norm"].as_f64().unwrap() as Float;
        let (clipped, norm) = clip_by_norm(&tensors(&expected["gradients"]), max_norm);
        let total = expected["total_norm"].as_f64().unwrap() as Float;
        assert_close(case, &Tensor::scalar(norm), &Tensor::scalar(total));
        for (ours, theirs) in clipped.iter().zip(tensors(&expected["clipped"])) {
            assert_close(case, ours, &theirs);
        }
    }

    let cosine = Schedule::cosine(1e-2, 1e-4, 20);
    let warm = cosine.clone().with_warm_up(5, 0.1);
    for (name, schedule) in [("cosine", cosine), ("warmup_cosine", warm)] {
        for (step, rate) in numbers(&file["schedules"][name]).into_iter().enumerate() {
            let ours = schedule.lr(step);
            assert!((ours - rate).abs() < 1e-12, "{name}, step {step}: {ours} is not {rate}");
        }
    }

    let expected = &file["ema"];
    let mut ema = Ema::new(expected["decay"].as_f64().unwrap() as Float);
    let updates = expected["params"].as_array().unwrap().iter();
    for (params, averages) in updates.zip(expected["averages"].as_array().unwrap()) {
        let mut model = tensors(params);
        ema.update(&model);
        ema.copy_to(&mut model);
        for (ours, theirs) in model.iter().zip(tensors(averages)) {
            assert_close("ema", ours, &theirs);
        }
    }
}

#[test]
fn mlp_is_pytorchs_sequential_and_starts_from_its_law() {
    let file = read("nn.json");
    let mut net = Mlp::new(&[3, 4, 4, 2], Activation::Elu, &mut Rng::new(0));
    let state = file["state"].as_object().unwrap();
    let names: Vec<String> = net.parameters().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), state.len());
    for (name, parameter) in net.parameters_mut() {
        *parameter = tensor(&state[&name]).variable();
    }
    assert_close("mlp", &net.forward(&tensor(&file["input"])), &tensor(&file["output"]));

    let bound = file["linear_init"]["weight_bound"].as_f64().unwrap();
    assert_eq!(file["linear_init"]["bias_bound"], file["linear_init"]["weight_bound"]);
    let layer = pushforward::nn::Linear::new(64, 64, &mut Rng::new(1));
    for (name, parameter) in layer.parameters() {
        let n = parameter.len() as f64;
        let size = |t: &Tensor| f64::from(t.abs().max(..).item());
        assert!(size(parameter) <= bound, "{name} leaves ±{bound}");
        assert!(size(parameter) > bound * (1.0 - 10.0 / n), "{name} does not fill ±{bound}");
        // Uniform on ±b: variance b²/3, and the sample variance's standard error is b²/3 √(4/5n).
        let variance = f64::from(parameter.square().mean(..).item());
        let error = bound * bound / 3.0 * (0.8 / n).sqrt();
        assert!((variance - bound * bound / 3.0).abs() < 4.0 * error, "{name}: {variance}");
    }
}
