//! Guidance: the field of all is the mean of the classes' (K1), the difference of scores is the gradient of
//! ln p(y|x) (K2), and what guidance draws is not the tilted law (K3).

use crate::{ROUNDING, as_f64, difference};
use pushforward::chapters::flow_matching::oracle::Marginal;
use pushforward::chapters::flow_matching::path::Path;
use pushforward::chapters::guidance::run::classes;
use pushforward::chapters::guidance::{Classes, drop_labels, guided, guided_std, tilted_std};
use pushforward::data::Mixture;
use pushforward::ode::{self, RK4};
use pushforward::random::Rng;
use pushforward::{Float, Tensor, grad};

/// u(x) = Σ_y p(y|x) u(x|y); with p(y) in place of p(y|x) it is not.
// ANCHOR: k1
#[test]
fn k1_the_field_of_all_is_the_mean_of_the_classes() {
    let (n, classes) = (64, classes());
    let x = Rng::new(501).normal(&[n, 2]) * 1.5;
    for t in [0.2, 0.5, 0.9] {
        let t = Tensor::full(&[n, 1], t);
        let mut mean = Tensor::zeros(&[n, 2]);
        let mut even = Tensor::zeros(&[n, 2]);
        for (y, of) in classes.of.iter().enumerate() {
            let u = of.velocity(&t, &x);
            mean += classes.log_posterior(y, &t, &x).exp() * &u;
            even += u / classes.of.len() as Float;
        }
        let all = classes.all.velocity(&t, &x);
        assert!(difference(&mean, &all) < ROUNDING, "{}", difference(&mean, &all));
        assert!(difference(&even, &all) > 0.05, "p(y) in place of p(y|x)");
    }
}
// ANCHOR_END: k1

/// A label is dropped with the probability p, and no other becomes ∅.
#[test]
fn k1_labels_are_dropped_as_often_as_they_should() {
    let mut rng = Rng::new(502);
    let n = 100_000;
    let labels = Tensor::from_fn(&[n], |i| (i % 10) as Float);
    let dropped = drop_labels(&labels, &rng.uniform(&[n]), 0.1);
    let count = as_f64(&dropped).iter().filter(|&&y| y == 10.0).count() as f64 / n as f64;
    let error = (0.1 * 0.9 / n as f64).sqrt();
    assert!((count - 0.1).abs() < 4.0 * error, "{count}");
    let kept = as_f64(&dropped).iter().zip(as_f64(&labels)).all(|(&a, b)| a == 10.0 || a == b);
    assert!(kept);
}

/// s(x|y) − s(x) = ∇ ln p(y|x): guidance by the difference of two fields is guidance by a classifier, and
/// a guided velocity has a guided score.
// ANCHOR: k2
#[test]
fn k2_the_difference_of_scores_is_the_classifiers_gradient() {
    let (n, classes) = (64, classes());
    let mut rng = Rng::new(503);
    let x = (rng.normal(&[n, 2]) * 1.5).variable();
    let t = Tensor::full(&[n, 1], 0.7);
    let by_classifier = grad(&classes.log_posterior(0, &t, &x).sum(..), &[&x]).remove(0);
    let x = x.detach();
    let [of, all] = [&classes.of[0], &classes.all].map(|p| p.score(&t, &x));
    assert!(difference(&(&of - &all), &by_classifier) < 10.0 * ROUNDING);
    // linear path: u = (x + (1 − t) s)/t, whichever law s is the score of
    let score = guided(&of, &all, 3.0);
    let due = (&x + (1.0 - &t) * &score) / &t;
    let u = classes.guided(0, 3.0, &t, &x);
    assert!(difference(&u, &due) < 10.0 * ROUNDING, "{}", difference(&u, &due));
    let too_much = &all + (&of - &all) * 4.0; // the paper's w = 3
    assert!(difference(&((&x + (1.0 - &t) * too_much) / &t), &u) > 0.01);
}
// ANCHOR_END: k2

/// With normal laws guidance draws the width s_y^w s^(1 − w), by solving its equation, on two paths; the
/// tilted law is wider.
// ANCHOR: k3
#[test]
fn k3_guidance_does_not_draw_the_tilted_law() {
    let law = |mean: f64, std: f64| Mixture { weights: vec![1.0], means: vec![vec![mean]], std };
    let (s_y, s) = (0.6, 1.1);
    for path in [Path::Linear, Path::Cosine] {
        let [of, all] = [law(0.8, s_y), law(0.0, s)].map(|data| Marginal { path, data });
        for w in [0.0, 1.0, 2.0, 3.0] {
            let field = |t: Float, x: &Tensor| {
                let t = Tensor::full(&[x.shape()[0], 1], t);
                guided(&of.velocity(&t, x), &all.velocity(&t, x), w).detach()
            };
            // the field is affine in x, so two points at a distance of 2 tell the width
            let ends = ode::solve(field, &Tensor::from([[-1.0], [1.0]]), 0.0..1.0, 200, &RK4);
            let width = f64::from(ends.data()[1] - ends.data()[0]) / 2.0;
            let (due, tilted) = (guided_std(s_y, s, w.into()), tilted_std(s_y, s, w.into()));
            println!("w = {w}: width {width:.5}, due {due:.5}, tilted {tilted:.5}");
            assert!((width - due).abs() < 1e-4);
            assert!(w < 1.5 || (width - tilted).abs() > 0.05, "the tilted law");
        }
    }
}
// ANCHOR_END: k3

/// All classes together are one mixture whose weights add up to 1.
#[test]
fn k1_classes_make_one_law() {
    let law = |x: f64| Mixture::even(vec![vec![x, 0.0], vec![x, 1.0]], 0.3);
    let classes = Classes::new(vec![law(-1.0), law(1.0)]);
    assert_eq!(classes.all.data.means.len(), 4);
    assert!((classes.all.data.weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
}
