//! The adversarial game: G1 to G5.

use crate::{Estimate, as_f64, two_modes};
use pushforward::chapters::gan::oracle::{Line, generated_density};
use pushforward::chapters::gan::{Discriminator, Gan, Generator, Objective, Penalty, Rules, value};
use pushforward::data::{Law, Normal};
use pushforward::nn::{Activation, Linear, Mlp, Module};
use pushforward::optim::Optimizer;
use pushforward::random::Rng;
use pushforward::{Float, Tensor, grad};
use std::f64::consts::LN_2;

/// G(z) = std z + mean: p_G is N(mean, std²).
fn affine(mean: f64, std: f64) -> Generator {
    let of = |shape: &[usize], v: f64| Tensor::full(shape, v as Float).variable();
    let layer = Linear { weight: of(&[1, 1], std), bias: of(&[1], mean) };
    let net = Mlp { layers: vec![layer], activation: Activation::Identity };
    Generator { net, last: Activation::Identity }
}

fn normal(mean: f64, std: f64) -> Normal {
    Normal { mean: vec![mean], std }
}

fn discriminator(rng: &mut Rng) -> Discriminator {
    Discriminator { net: Mlp::new(&[1, 32, 32, 1], Activation::Silu, rng) }
}

const PAPER: Rules =
    Rules { objective: Objective::Minimax, penalty: Penalty::None, k: 1, g_steps: 1 };

/// The batches' V is the integral ∫ q ln D + p_G ln(1 − D); with data and fakes swapped it is
/// another number. A step of D on a batch raises that batch's V, a step of G lowers it: max over D,
/// min over G.
#[test]
fn g1_the_value_of_batches_is_the_integral() {
    let mut rng = Rng::new(21);
    let (q, p, n) = (two_modes(), normal(-0.5, 0.8), 2000);
    let mut d = discriminator(&mut rng);
    let last = d.net.layers.last_mut().unwrap();
    last.weight = (last.weight.detach() * 12.0).variable(); // an opinionated D
    let g = affine(-0.5, 0.8);

    let line = Line::of(&q, &p, -8.0..8.0, 4000);
    let a = as_f64(&d.frozen().forward(&line.column()));
    let sigma = |a: f64| 1.0 / (1.0 + (-a).exp());
    let integrand =
        |((q, p), a): ((&f64, &f64), &f64)| q * sigma(*a).ln() + p * (1.0 - sigma(*a)).ln();
    let integral: f64 = line.q.iter().zip(&line.p).zip(&a).map(integrand).sum::<f64>() * line.width;
    assert!((line.value(&a) - integral).abs() < 1e-9, "{} and {integral}", line.value(&a));

    let (mut right, mut swapped) = (vec![], vec![]);
    for _ in 0..60 {
        let real = d.forward(&q.sample(n, &mut rng));
        let fake = d.forward(&g.sample(n, &mut rng));
        right.push(f64::from(value(&real, &fake).item()));
        swapped.push(f64::from(value(&fake, &real).item()));
    }
    let (right, swapped) = (Estimate::of(&right), Estimate::of(&swapped));
    println!("V = {integral:.4} by quadrature, {right:?}; swapped {swapped:?}");
    assert!(right.away_from(integral) < 4.0 && right.error < 0.005);
    assert!(swapped.away_from(integral) > 20.0);

    let mut gan = Gan::of(g, d, PAPER, 1e-3);
    let (x, z) = (q.sample(n, &mut rng), rng.normal(&[n, 1]));
    let v = |gan: &Gan| {
        let fake = gan.d.forward(&gan.g.forward(&z));
        value(&gan.d.forward(&x), &fake).item()
    };
    let before = v(&gan);
    gan.discriminator_step(&x, &z, &mut rng);
    let raised = v(&gan);
    gan.generator_step(&z);
    let lowered = v(&gan);
    println!("V {before} becomes {raised} by a step of D, {lowered} by a step of G");
    assert!(raised > before && lowered < raised);
}

/// D trained alone on samples of two laws comes to q / (q + p), not to p / (q + p) nor to q / p.
// ANCHOR: g2
#[test]
fn g2_the_best_discriminator_is_the_share_of_the_data() {
    let mut rng = Rng::new(22);
    let (q, p, steps) = (two_modes(), normal(0.3, 1.2), 1500);
    let d = discriminator(&mut rng);
    let mut gan = Gan::of(affine(0.3, 1.2), d, PAPER, 0.0);
    for step in 0..steps {
        gan.adam_d.lr = 1e-2 * (1.0 - f64::from(step) / f64::from(steps));
        gan.discriminator_step(&q.sample(512, &mut rng), &rng.normal(&[512, 1]), &mut rng);
    }
    let line = Line::of(&q, &p, -4.0..4.0, 400);
    let d = as_f64(&gan.d.forward(&line.column()).sigmoid());
    let bulk = |&i: &usize| line.q[i] + line.p[i] > 0.1;
    let sup = |best: &dyn Fn(f64, f64) -> f64| {
        let gap = |i: usize| (d[i] - best(line.q[i], line.p[i])).abs();
        (0..d.len()).filter(bulk).map(gap).fold(0.0, f64::max)
    };
    let (right, swapped) = (sup(&|q, p| q / (q + p)), sup(&|q, p| p / (q + p)));
    let ratio = sup(&|q, p| q / p);
    println!("sup |D − D*| = {right:.4}; swapped {swapped:.3}, q/p {ratio:.3}");
    assert!(right < 0.06, "{right}");
    assert!(swapped > 0.5 && ratio > 0.5);
}
// ANCHOR_END: g2

/// V(D*, G) = 2 JSD − ln 4, JSD by entropies: H(m) − ½ H(q) − ½ H(p). A D with bent logits has
/// less; q itself has −ln 4, and the other laws more. Half of the JSD, or another constant, is
/// something else.
#[test]
fn g3_the_value_at_the_best_discriminator_is_a_divergence() {
    let q = two_modes();
    let laws: [&dyn Law; 4] = [&q, &normal(0.0, 1.0), &normal(1.0, 0.4), &normal(9.0, 0.3)];
    for (i, p) in laws.into_iter().enumerate() {
        let line = Line::of(&q, p, -12.0..14.0, 26_000);
        let h = |f: &dyn Fn(usize) -> f64| -> f64 {
            let term = |v: f64| if v > 0.0 { -v * v.ln() } else { 0.0 };
            (0..line.x.len()).map(|i| term(f(i))).sum::<f64>() * line.width
        };
        let halves = (h(&|i| line.q[i]) + h(&|i| line.p[i])) / 2.0;
        let jsd = h(&|i| (line.q[i] + line.p[i]) / 2.0) - halves;
        let best: Vec<f64> = line
            .optimal_discriminator()
            .iter()
            .map(|d| (d / (1.0 - d)).ln().clamp(-700.0, 700.0))
            .collect();
        let v = line.value(&best);
        println!("V(D*, G) = {v:.6}, JSD = {jsd:.6}");
        assert!((v - (2.0 * jsd - 4.0_f64.ln())).abs() < 1e-6);
        assert!((line.jensen_shannon() - jsd).abs() < 1e-6);
        for bend in [-0.5, 0.3] {
            let bent: Vec<f64> = best.iter().map(|a| a.clamp(-3.0, 3.0) + bend).collect();
            assert!(line.value(&bent) < v - 1e-6);
        }
        if i == 0 {
            assert!((v + 4.0_f64.ln()).abs() < 1e-9);
            assert!((v - (jsd - LN_2)).abs() > 0.6, "another constant would pass");
        } else {
            assert!(v > -4.0_f64.ln() + 0.05 && (v - (jsd - 4.0_f64.ln())).abs() > 0.05);
        }
    }
    let apart = Line::of(&q, &normal(9.0, 0.3), -12.0..14.0, 26_000);
    assert!((apart.jensen_shannon() - LN_2).abs() < 1e-6);
}

/// JSD of data and generator after 1000 rounds, each of three steps of D along `sign` times the
/// gradient of V and one step of G down it, all of them shorter and shorter.
fn jsd_after_training(sign: Float) -> f64 {
    let (q, mut rng) = (two_modes(), Rng::new(24));
    let mut gan = Gan::new([1, 1], &[32, 32], Activation::LeakyRelu, PAPER, 2e-3, &mut rng);
    for round in 0..1000 {
        let lr = 2e-3 * (1.0 - f64::from(round) / 1000.0);
        (gan.adam_g.lr, gan.adam_d.lr) = (lr, lr);
        for _ in 0..3 {
            let (x, z) = (q.sample(128, &mut rng), rng.normal(&[128, 1]));
            let fake = gan.g.frozen().forward(&z);
            let v = value(&gan.d.forward(&x), &gan.d.forward(&fake));
            let gradients = grad(&(v * -sign), &gan.d.tensors()); // Adam descends
            gan.adam_d.step(&mut gan.d, &gradients);
        }
        gan.generator_step(&rng.normal(&[128, 1]));
    }
    let range = -6.0..6.0;
    let mut line = Line::of(&q, &q, range.clone(), 600);
    line.p = generated_density(&gan.g, range, 600);
    // what has left the range has met no data either
    let inside = line.p.iter().sum::<f64>() * line.width;
    line.jensen_shannon() + (1.0 - inside) / 2.0 * LN_2
}

/// The algorithm: D ascends, G descends. With D descending the written gradient, as a source words
/// it, D calls data fake, and G leaves the data.
#[test]
fn g4_the_discriminator_ascends() {
    let (up, down) = (jsd_after_training(1.0), jsd_after_training(-1.0));
    println!("JSD {up:.4} if D ascends, {down:.4} of at most {LN_2:.4} if it descends");
    assert!(up < 0.06, "{up}");
    assert!(down > 0.5, "{down}");
}

/// The slopes in the logit are −σ(a) and −(1 − σ(a)): the first vanishes where D rejects, the
/// second where it is deceived.
#[test]
fn g5_the_minimax_slope_vanishes_where_d_rejects() {
    for a in [-18.0_f64, -8.0, -1.0, 0.0, 2.0, 8.0] {
        let logit = Tensor::full(&[1, 1], a as Float).variable();
        let slope = |objective: Objective| {
            f64::from(grad(&objective.generator_loss(&logit), &[&logit])[0].item())
        };
        let d = 1.0 / (1.0 + (-a).exp());
        let (minimax, heuristic) = (slope(Objective::Minimax), slope(Objective::NonSaturating));
        assert!((minimax + d).abs() < 1e-5 * d, "{a}: {minimax}");
        assert!((heuristic + 1.0 - d).abs() < 1e-5, "{a}: {heuristic}");
    }
}

/// The gradient of G's loss by its two parameters, as a root of the sum of squares.
fn norm(objective: Objective, gan: &Gan, z: &Tensor) -> f64 {
    let loss = objective.generator_loss(&gan.d.forward(&gan.g.forward(z)));
    let gradients = grad(&loss, &gan.g.tensors());
    gradients.iter().flat_map(as_f64).map(|g| g * g).sum::<f64>().sqrt()
}

/// A D trained against a G that stands far away becomes sure; then the minimax gradient of G is a
/// small part of the other, though at the beginning they were alike.
#[test]
fn g5_a_confident_d_leaves_minimax_nothing_to_learn_from() {
    let mut rng = Rng::new(25);
    let d = discriminator(&mut rng);
    let mut gan = Gan::of(affine(-3.0, 0.5), d, PAPER, 1e-2);
    let (q, z) = (normal(3.0, 0.5), rng.normal(&[500, 1]));
    let ratio =
        |gan: &Gan| norm(Objective::Minimax, gan, &z) / norm(Objective::NonSaturating, gan, &z);
    let before = ratio(&gan);
    for _ in 0..300 {
        gan.discriminator_step(&q.sample(256, &mut rng), &rng.normal(&[256, 1]), &mut rng);
    }
    let after = ratio(&gan);
    println!("minimax gradient / non-saturating gradient: {before:.3}, then {after:.2e}");
    assert!(before > 0.5 && after < 1e-3, "{before}, {after}");
    assert!(norm(Objective::NonSaturating, &gan, &z) > 0.05);
}

/// (∂/∂mean, ∂/∂std) of G's loss against the best D for the G that stands at (mean, std), by
/// quadrature over z.
fn gradient_at_the_best_d(objective: Objective, q: &Normal, [mean, std]: [f64; 2]) -> [f64; 2] {
    let n = 20_001;
    let z = Tensor::linspace(-7.0, 7.0, n).reshape(&[n, 1]);
    let weights = (z.square() * -0.5).exp();
    let weights = &weights / weights.sum(..);
    let g = affine(mean, std);
    let x = g.forward(&z);
    let log = |m: f64, s: f64| ((&x - m as Float) / s as Float).square() * -0.5 - s.ln() as Float;
    let a = log(q.mean[0], q.std) - log(mean, std); // ln q − ln p, p held fixed
    let each = match objective {
        Objective::Minimax => -a.softplus(),
        _ => (-a).softplus(),
    };
    let gradients = grad(&(each * weights).sum(..), &g.tensors());
    [1, 0].map(|i| f64::from(gradients[i].item())) // bias is the mean, weight the std
}

/// At the best D the minimax gradient is that of 2 JSD(q‖p) (the envelope theorem), and the other
/// that of KL(p‖q) − 2 JSD(q‖p) (Arjovsky & Bottou 2017, theorem 2.5). Both are 0 at p = q, and
/// neither elsewhere: the same fixed point by different ways.
#[test]
fn g5_both_losses_of_g_rest_at_the_data() {
    let q = normal(0.5, 0.8);
    let at = |objective, p| gradient_at_the_best_d(objective, &q, p);
    for p in [[1.3, 0.8], [0.0, 1.2], [0.9, 0.5]] {
        let jsd_2 = |[mean, std]: [f64; 2]| {
            2.0 * Line::of(&q, &normal(mean, std), -12.0..12.0, 4000).jensen_shannon()
        };
        let kl = |[mean, std]: [f64; 2]| {
            (q.std / std).ln() + (std * std + (mean - 0.5).powi(2)) / (2.0 * q.std * q.std) - 0.5
        };
        let slope = |f: &dyn Fn([f64; 2]) -> f64| {
            let h = 1e-4;
            let by = |i: usize| {
                let moved = |h: f64| {
                    [p[0] + if i == 0 { h } else { 0.0 }, p[1] + if i == 1 { h } else { 0.0 }]
                };
                (f(moved(h)) - f(moved(-h))) / (2.0 * h)
            };
            [by(0), by(1)]
        };
        let (minimax, heuristic) = (at(Objective::Minimax, p), at(Objective::NonSaturating, p));
        let expected = [slope(&jsd_2), slope(&|p| kl(p) - jsd_2(p))];
        println!("{p:?}: {minimax:?}, {heuristic:?}; expected {expected:?}");
        for i in 0..2 {
            assert!((minimax[i] - expected[0][i]).abs() < 1e-3, "{p:?}");
            assert!((heuristic[i] - expected[1][i]).abs() < 1e-3, "{p:?}");
        }
        let size = |g: [f64; 2]| g[0].hypot(g[1]);
        assert!(size(minimax) > 0.1 && size(heuristic) > 0.1);
        assert!(size([minimax[0] - heuristic[0], minimax[1] - heuristic[1]]) > 0.1);
    }
    for objective in [Objective::Minimax, Objective::NonSaturating] {
        let rest = at(objective, [0.5, 0.8]);
        assert!(rest.iter().all(|g| g.abs() < 1e-4), "{rest:?}");
    }
}

/// The second derivative of WGAN-GP: the gradient of the penalty by the weights, which passes
/// through the gradient by x̂, agrees with differences of the penalty. Cut off from its graph it
/// would be 0.
#[test]
fn g5_the_gradient_penalty_can_be_differentiated() {
    use pushforward::chapters::gan::gradient_penalty;
    let mut rng = Rng::new(26);
    let d = Discriminator { net: Mlp::new(&[2, 16, 1], Activation::Tanh, &mut rng) };
    let (x, fake) = (rng.normal(&[64, 2]), rng.normal(&[64, 2]) + 1.0);
    let u = rng.uniform(&[64, 1]);
    let penalty = |d: &Discriminator| gradient_penalty(|x| d.forward(x), &x, &fake, &u);
    let gradients = grad(&penalty(&d), &d.tensors());
    let slope: f64 = gradients.iter().flat_map(as_f64).map(|g| g * g).sum();
    let moved = |h: f64| {
        let mut d = d.clone();
        for ((_, p), g) in d.parameters_mut().into_iter().zip(&gradients) {
            *p = p.detach() + g * h as Float;
        }
        f64::from(penalty(&d).item())
    };
    let h = 1e-2;
    let measured = (moved(h) - moved(-h)) / (2.0 * h);
    println!("{measured} by differences, {slope} by the gradient");
    assert!((measured - slope).abs() < 2e-3 * slope && slope > 1e-3);
}
