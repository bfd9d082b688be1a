//! Diffusion: mistakes that nobody listed, and a part of what each must be told.

#[allow(dead_code)] // its `main`
#[path = "../../exercises/solutions/diffusion.rs"]
pub mod solutions;

use crate::expect;
use pushforward::chapters::diffusion::checks::{self, Decoder, Denoise, Field, Go};
use pushforward::{Float, Tensor};

use solutions::ANSWERS as RIGHT;

type OfOne = fn(&Tensor) -> Tensor;
type OfThree = fn(&Tensor, &Tensor, &Tensor) -> Tensor;
type OfFour = fn(&Tensor, &Tensor, &Tensor, &Tensor) -> Tensor;

#[test]
fn unlisted_mistakes_of_the_chain_are_diagnosed() {
    let alpha_bar: [(OfOne, &str); 3] = [
        (|beta| 1.0 - (RIGHT.alpha_bar)(beta), "1 minus what is asked for"),
        (|beta| (RIGHT.alpha_bar)(beta).slice(0, 0..1), "another number of rows"),
        (|beta| (RIGHT.alpha_bar)(beta).square(), "a root is missing"),
    ];
    for (answer, part) in alpha_bar {
        expect(checks::alpha_bar(answer), part);
    }
    let noise_to: [(OfThree, &str); 4] = [
        (|x, e, a| a.sqrt() * x - (1.0 - a).sqrt() * e, "`eps` replaced by −eps"),
        (|x, e, a| a * x + (1.0 - a).sqrt() * e, "With `x_0` set to 0 it is right"),
        (
            |x, e, a| a.mean(..).sqrt() * x + (1.0 - a.mean(..)).sqrt() * e,
            "the mean of `alpha_bar`",
        ),
        (
            |x, e, a| ((a * x.square()) + (1.0 - a) * e.square()).sqrt(),
            "The simplest input on which it differs",
        ),
    ];
    for (answer, part) in noise_to {
        expect(checks::noise_to(answer), part);
    }
    type Schedule = fn(usize, Float, Float) -> Tensor;
    let cosine: [(Schedule, &str); 4] = [
        (|steps, _, most| (RIGHT.cosine_schedule)(steps, 0.0, most), "`s` left out"),
        (|steps, s, most| (RIGHT.cosine_schedule)(steps + 1, s, most), "another number of rows"),
        (|steps, s, most| (RIGHT.cosine_schedule)(steps, s, most).flip(0), "in another order"),
        (
            |steps, s, most| 1.0 - (RIGHT.cosine_schedule)(steps, s, most),
            "1 minus what is asked for",
        ),
    ];
    for (answer, part) in cosine {
        expect(checks::cosine_schedule(answer), part);
    }
    type Posterior = fn(&Tensor, &Tensor, &Tensor, &Tensor) -> (Tensor, Tensor);
    let posterior: [(Posterior, &str); 4] = [
        (
            |x_t, x_0, a, b| {
                let (mean, variance) = (RIGHT.posterior)(x_t, x_0, a, b);
                (mean, variance * 2.0)
            },
            "2 times too large",
        ),
        (
            |x_t, x_0, a, b| {
                let (mean, variance) = (RIGHT.posterior)(x_t, x_0, a, b);
                (mean, variance.ln())
            },
            "the logarithm of what is asked for",
        ),
        (|x_t, _, a, b| (RIGHT.posterior)(x_t, &x_t.detach(), a, b), "`mean`: "),
        (|x_t, x_0, a, b| (RIGHT.posterior)(x_t, &-x_0, a, b), "`x_0` replaced by −"),
    ];
    for (answer, part) in posterior {
        expect(checks::posterior(answer), part);
    }
}

#[test]
fn unlisted_mistakes_of_the_bound_are_diagnosed() {
    let step_kl: [(OfFour, &str); 4] = [
        (|e, f, a, b| (RIGHT.step_kl)(e, f, a, b).sum(1), "keep the axis"),
        (|e, f, a, b| (RIGHT.step_kl)(e, f, b, a), "were exchanged"),
        (|e, _, a, b| (RIGHT.step_kl)(e, &Tensor::zeros(e.shape()), a, b), "`eps_hat` left out"),
        (|e, f, a, b| -(RIGHT.step_kl)(e, f, a, b), "sign, which is flipped"),
    ];
    for (answer, part) in step_kl {
        expect(checks::step_kl(answer), part);
    }
    type Loss = fn(Field, &Tensor, &Tensor, &Tensor, &Tensor) -> Tensor;
    fn x_t(x_0: &Tensor, eps: &Tensor, a: &Tensor) -> Tensor {
        (RIGHT.noise_to)(x_0, eps, a)
    }
    let loss: [(Loss, &str); 5] = [
        (|u, x, e, t, a| (u(t, &x_t(x, e, a)) - e).square().sum(1).mean(..), "of coordinates"),
        (|u, x, e, t, a| u(t, &x_t(x, e, a)).mse(e).sqrt(), "a square is missing"),
        (|u, x, e, _, a| u(a, &x_t(x, e, a)).mse(e), "does not depend on `t`"),
        (|u, x, e, t, a| u(t, &x_t(x, e, a)).mse(&-e), "With `eps` set to 0"),
        (|u, x, e, t, a| Tensor::scalar(u(t, &x_t(x, e, a)).mse(e).item()), "do not differentiate"),
    ];
    for (answer, part) in loss {
        expect(checks::simple_loss(answer), part);
    }
    let predict: [(OfThree, &str); 4] = [
        (|x, e, a| (x - a.sqrt() * e) / (1.0 - a).sqrt(), "`alpha_bar` replaced by 1 −"),
        (|x, e, a| (x - (1.0 - a).sqrt() * e) * a.sqrt(), "times alpha_bar"),
        (|x, _, a| x / a.sqrt(), "`eps_hat` left out"),
        (|x, e, a| -(RIGHT.predict_x_0)(x, e, a), "sign, which is flipped"),
    ];
    for (answer, part) in predict {
        expect(checks::predict_x_0(answer), part);
    }
    type Pair = fn(&Tensor, &Tensor, &Tensor) -> (Tensor, Tensor);
    let from_v: [(Pair, &str); 3] = [
        (
            |x, v, a| {
                let (x_0, eps) = (RIGHT.from_v)(x, v, a);
                (eps, x_0)
            },
            "in the wrong order",
        ),
        (
            |x, v, a| {
                let (x_0, eps) = (RIGHT.from_v)(x, v, a);
                (x_0, -eps)
            },
            "`x_0` is right.",
        ),
        (|x, v, a| (RIGHT.from_v)(v, x, a), "were exchanged"),
    ];
    for (answer, part) in from_v {
        expect(checks::from_v(answer), part);
    }
    type Elbo = fn(Decoder, Float, &Tensor, &Tensor, Float) -> Tensor;
    let elbo: [(Elbo, &str); 4] = [
        (|d, s, x, e, a| -(RIGHT.one_step_elbo)(d, s, x, e, a), "sign, which is flipped"),
        (|d, s, x, e, a| (RIGHT.one_step_elbo)(d, s, x, e, a).mean(..), "One number for the whole"),
        (
            |d, s, x, e, a| (RIGHT.one_step_elbo)(d, s, x, e, a * a),
            "`alpha_bar` replaced by alpha_bar²",
        ),
        (|d, s, x, _, a| (RIGHT.one_step_elbo)(d, s, x, &(x * 0.0), a), "`eps` left out"),
    ];
    for (answer, part) in elbo {
        expect(checks::one_step_elbo(answer), part);
    }
}

#[test]
fn unlisted_mistakes_of_the_samplers_are_diagnosed() {
    let ancestral: [(Denoise, &str); 4] = [
        (|x, e, z, b, t| (RIGHT.ancestral_step)(x, e, &(z * 0.0), b, t), "`z` left out"),
        (|x, e, z, b, t| (RIGHT.ancestral_step)(x, &-e, z, b, t), "`eps_hat` replaced by −"),
        (|_, e, z, b, t| (RIGHT.ancestral_step)(e, e, z, b, t), "does not depend on `x_t`"),
        (
            |x, e, z, b, t| (RIGHT.ancestral_step)(x, e, z, &(b * 0.5), t),
            "`beta` replaced by beta/2",
        ),
    ];
    for (answer, part) in ancestral {
        expect(checks::ancestral_step(answer), part);
    }
    let ddim: [(Go, &str); 4] = [
        (|x, e, z, [a, b], eta| (RIGHT.ddim_step)(x, e, z, [a, b], eta * eta), "`eta` replaced by"),
        (|x, e, z, [a, b], _| (RIGHT.ddim_step)(x, e, z, [a, b], 1.0), "1 in the place of `eta`"),
        (|x, e, z, [a, b], eta| (RIGHT.ddim_step)(e, x, z, [a, b], eta), "were exchanged"),
        (|x, e, _, [a, b], eta| (RIGHT.ddim_step)(x, e, e, [a, b], eta), "does not depend on `z`"),
    ];
    for (answer, part) in ddim {
        expect(checks::ddim_step(answer), part);
    }
    type Sample = fn(Field, &Tensor, &Tensor) -> Tensor;
    let sample: [(Sample, &str); 3] = [
        (|_, _, noise| noise.clone(), "`noise` itself"),
        (|u, a, noise| (RIGHT.sample)(u, &a.slice(0, 0..2), noise), "Right for: one step"),
        (|u, a, noise| -(RIGHT.sample)(u, a, noise), "sign, which is flipped"),
    ];
    for (answer, part) in sample {
        expect(checks::sample(answer), part);
    }
}
