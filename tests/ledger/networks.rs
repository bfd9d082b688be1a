//! E12 to E17: layers, how weights begin, and the rules by which they move.

use crate::{Estimate, as_f64, difference};
use pushforward::chapters::networks::{
    adam, adamw, clip_by_norm, cosine_rate, momentum, sgd, weight_std,
};
use pushforward::nn::{Activation, Linear, Mlp, Module};
use pushforward::optim::{self, Adam, Optimizer, Schedule, Sgd};
use pushforward::random::Rng;
use pushforward::{Float, Tensor};

const ROUNDING: f64 = 200.0 * Float::EPSILON as f64;

// ANCHOR: e12
/// Without activation two layers are one, x W₁ᵀW₂ᵀ + W₂b₁ + b₂. With one they are not.
#[test]
fn e12_layers_without_activation_are_one() {
    let mut rng = Rng::new(12);
    let x = rng.normal(&[5, 3]);
    let mut net = Mlp::new(&[3, 8, 2], Activation::Identity, &mut rng);
    let [first, second] = &net.layers[..] else { panic!("two layers") };
    let weight = second.weight.matmul(&first.weight);
    let bias = second.weight.matmul(&first.bias.reshape(&[8, 1])).reshape(&[2]) + &second.bias;
    let one = x.matmul(&weight.t()) + bias;
    assert!(difference(&net.forward(&x), &one) < ROUNDING);
    net.activation = Activation::Tanh;
    assert!(difference(&net.forward(&x), &one) > 1e-2);
}
// ANCHOR_END: e12

// ANCHOR: e13
/// Weights of standard deviation √(1/n) keep the variance of a signal, √(2/n) that of one whose negative half was cut.
/// PyTorch's bound, 1/√n for a uniform law, makes a third of it.
#[test]
fn e13_the_variance_of_a_signal() {
    let mut rng = Rng::new(13);
    let n = 64;
    let mut output = |weight: &mut dyn FnMut(&mut Rng) -> Tensor, cut: bool| {
        let products = (0..4000).map(|_| {
            let x = rng.normal(&[n]);
            let x = if cut { x.relu() } else { x };
            let y = (weight(&mut rng) * x).sum(..);
            f64::from(y.square().item())
        });
        Estimate::of(&products.collect::<Vec<_>>())
    };
    let normal = |gain: Float| move |rng: &mut Rng| rng.normal(&[n]) * weight_std(n, gain);
    assert!(output(&mut normal(1.0), false).away_from(1.0) < 4.0);
    assert!(output(&mut normal(2.0), true).away_from(1.0) < 4.0);
    assert!(output(&mut normal(1.0), true).away_from(1.0) > 10.0);
    let mut default = |rng: &mut Rng| Linear::new(n, 1, rng).weight.detach().reshape(&[n]);
    assert!(output(&mut default, false).away_from(1.0 / 3.0) < 4.0);
}
// ANCHOR_END: e13

// ANCHOR: e14
/// Gradient descent on λ p²/2 multiplies p by 1 − η λ: it shrinks below η = 2/λ and grows above. In a valley with
/// curvatures 1 and 100, momentum at its best needs far fewer steps than descent at its best.
#[test]
fn e14_the_limit_of_the_learning_rate() {
    let after = |lr: Float| (0..50).fold(1.0, |p: Float, _| sgd(p, 4.0 * p, lr)).abs();
    assert!(after(0.49) < 1.0 && after(0.51) > 1.0);
    assert!((after(0.1) - (0.6 as Float).powi(50)).abs() < 1e-6);

    let steps = |lr: Float, mu: Float| {
        let mut state = [(1.0, 0.0); 2];
        let far = |state: &[(Float, Float); 2]| state.iter().any(|(p, _)| p.abs() > 1e-4);
        let step = |state: &mut [(Float, Float); 2]| {
            for ((p, b), curvature) in state.iter_mut().zip([1.0, 100.0]) {
                (*p, *b) = momentum(*p, curvature * *p, *b, lr, mu);
            }
        };
        (0..10_000)
            .take_while(|_| {
                step(&mut state);
                far(&state)
            })
            .count()
    };
    // η = 2/(1 + 100), and (2/11)², (9/11)² with √100 = 10 (Polyak 1964)
    let (plain, heavy) = (steps(2.0 / 101.0, 0.0), steps(4.0 / 121.0, 81.0 / 121.0));
    assert!(plain > 400 && heavy < 100, "{plain} {heavy}");
}
// ANCHOR_END: e14

// ANCHOR: e15
/// Of a gradient that is always g, m is (1 − β₁ᵗ) g and v is (1 − β₂ᵗ) g²: divided by that, they are g and g², and
/// every step has the length η, whatever g is. Without the correction the first would be three times as long.
#[test]
fn e15_the_means_of_adam_are_corrected() {
    for g in [1e-3, 2.0, -500.0] {
        let (mut p, mut means) = (0.0 as Float, [0.0; 2]);
        for t in 1..=20 {
            let before = p;
            (p, means) = adam(p, g, means, t, 0.1);
            let length = f64::from((before - p).abs());
            assert!((length - 0.1).abs() < 1e-4, "{g} {t}: {length}");
        }
        let uncorrected: Float = 0.1 * (0.1 * g) / (0.001 * g * g).sqrt();
        assert!((f64::from(uncorrected.abs()) / 0.1 - 3.16).abs() < 0.01);
    }
}
// ANCHOR_END: e15

/// Two hundred steps of an optimizer on p² + sin p, for one number.
fn walked(optimizer: &mut dyn Optimizer) -> Vec<f64> {
    let mut net = Linear::new(1, 1, &mut Rng::new(14));
    let zero = Tensor::zeros(&[1]);
    net.weight = Tensor::from([[2.0]]).variable();
    let one = |_| {
        let p = net.weight.item();
        let g = Tensor::from([[slope(p)]]);
        let order: Vec<Tensor> = net
            .parameters()
            .iter()
            .map(|(name, _)| if name == "weight" { g.clone() } else { zero.clone() })
            .collect();
        optimizer.step(&mut net, &order);
        f64::from(net.weight.item())
    };
    (0..200).map(one).collect()
}

fn slope(p: Float) -> Float {
    2.0 * p + libm::cos(f64::from(p)) as Float
}

fn by_rule(mut rule: impl FnMut(Float, usize) -> Float) -> Vec<f64> {
    let mut p = 2.0;
    let step = |t: usize| {
        p = rule(p, t);
        f64::from(p)
    };
    (1..=200).map(step).collect()
}

fn apart(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

/// The optimizers of the crate take the steps of these rules; decay in the gradient is another rule.
#[test]
fn e16_the_optimizers_take_these_steps() {
    let tolerance = 5.0 * ROUNDING;
    let mut heavy = Sgd::new(0.1);
    heavy.momentum = 0.5;
    let mut b = 0.0;
    let ours = by_rule(|p, _| {
        let next = momentum(p, slope(p), b, 0.1, 0.5);
        b = next.1;
        next.0
    });
    assert!(apart(&walked(&mut heavy), &ours) < tolerance);

    let mut means = [0.0; 2];
    let ours = by_rule(|p, t| {
        let next = adam(p, slope(p), means, t, 0.05);
        means = next.1;
        next.0
    });
    assert!(apart(&walked(&mut Adam::new(0.05)), &ours) < tolerance);

    let mut means = [0.0; 2];
    let ours = by_rule(|p, t| {
        let next = adamw(p, slope(p), means, t, 0.05, 0.1);
        means = next.1;
        next.0
    });
    let beside = walked(&mut Adam::decoupled(0.05, 0.1));
    assert!(apart(&beside, &ours) < tolerance);
    let mut inside = Adam::new(0.05);
    inside.weight_decay = 0.1;
    assert!(apart(&walked(&mut inside), &ours) > 1e-3);
}

/// The schedule and the clipping of the crate are these.
#[test]
fn e17_schedules_and_clipping() {
    let schedule = Schedule::cosine(0.5, 0.0, 40);
    for step in 0..=40 {
        let apart = schedule.lr(step) - f64::from(cosine_rate(step, 40, 0.5));
        assert!(apart.abs() < ROUNDING, "{step}");
    }
    let g = Tensor::from([3.0, -4.0, 12.0]);
    let (cut, norm) = optim::clip_by_norm(std::slice::from_ref(&g), 2.0);
    let ours: Tensor = clip_by_norm(g.data(), 2.0).into_iter().collect();
    // the crate divides by ‖g‖ + 1e-6, as PyTorch does: a factor of 1 − 1e-6/13
    assert!(difference(&cut[0], &ours) < ROUNDING + 1e-6 * 2.0 / 13.0);
    assert!((f64::from(norm) - 13.0).abs() < 1e-4);
    let length: f64 = as_f64(&ours).iter().map(|g| g * g).sum::<f64>().sqrt();
    assert!((length - 2.0).abs() < ROUNDING);
}
