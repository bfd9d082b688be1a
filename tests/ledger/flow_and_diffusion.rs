//! A flow and a diffusion beside each other, on normal data for which both are known: N4.

use crate::{Estimate, ROUNDING, as_f64, difference};
use pushforward::chapters::diffusion::chain::Chain;
use pushforward::chapters::normalizing_flows::Flow;
use pushforward::chapters::normalizing_flows::linear::ActNorm;
use pushforward::random::Rng;
use pushforward::{Float, Tensor};

/// The noise of a flow says which data point it was; that of a diffusion leaves open the variance
/// v (1 − ᾱ)/(ᾱ v + 1 − ᾱ), whoever guesses. The variance of x_T given x_0, 1 − ᾱ, would be the answer to
/// the question the other way round, and dividing by √ᾱ is no inverse.
// ANCHOR: n4
#[test]
fn n4_a_flow_forgets_nothing_and_a_diffusion_everything() {
    let (mut rng, v) = (Rng::new(68), 4.0);
    let x_0 = rng.normal(&[20_000, 1]) * (v as Float).sqrt();
    let exact =
        ActNorm { log_scale: Tensor::from([-0.5 * libm::log(v) as Float]), bias: [0.0].into() };
    let flow = Flow { dim: 1, transforms: vec![Box::new(exact)] };
    let (z, _) = flow.forward(&x_0);
    assert!(Estimate::of(&as_f64(&z.square())).away_from(1.0) < 4.0);
    assert!(difference(&flow.inverse(&z), &x_0) < ROUNDING);

    let chain = Chain::linear(1000);
    for (t, forgets) in [(200, 0.4), (1000, 3.99)] {
        let a = chain.alpha_bar(t);
        let eps = rng.normal(x_0.shape());
        let x_t = chain.noised(&x_0, &eps, &Tensor::full(&[20_000, 1], t as Float));
        let left_open = v * (1.0 - a) / (a * v + 1.0 - a);
        assert!(left_open > forgets && left_open < v);
        // the part of x_0 that has nothing to do with x_t
        let rest = &x_0 - &x_t * (a.sqrt() * v / (a * v + 1.0 - a)) as Float;
        let variance = Estimate::of(&as_f64(&rest.square()));
        println!("step {t}: {:.3} ± {:.3}, {left_open:.3}", variance.mean, variance.error);
        assert!(Estimate::of(&as_f64(&(&rest * &x_t))).away_from(0.0) < 4.0);
        assert!(variance.away_from(left_open) < 4.0 && variance.away_from(1.0 - a) > 10.0);
        let divided = (&x_0 - x_t / a.sqrt() as Float).square();
        assert!(Estimate::of(&as_f64(&divided)).mean > left_open);
    }
}
// ANCHOR_END: n4
