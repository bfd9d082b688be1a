//! What the network is asked for and what its mistakes cost: exercises 5 to 9.

use super::chain::{batch, noised, point, step};
use super::{Decoder, Field};
use crate::chapters::flow_matching::checks::{field, function};
use crate::check::{Check, Exercise, Function, Input, Wrong};
use crate::kernels::maths::ln;
use crate::random::Rng;
use crate::{Float, Tensor};
use std::f64::consts::TAU;

type OfThree = fn(&Tensor, &Tensor, &Tensor) -> Tensor;
type Pair = fn(&Tensor, &Tensor, &Tensor) -> (Tensor, Tensor);
type StepKl = fn(&Tensor, &Tensor, &Tensor, &Tensor) -> Tensor;
type Elbo = fn(Decoder, Float, &Tensor, &Tensor, Float) -> Tensor;
type Loss = fn(Field, &Tensor, &Tensor, &Tensor, &Tensor) -> Tensor;

/// x̂₀ = (x_t − √(1 − ᾱ_t) ε̂)/√ᾱ_t.
pub const PREDICT_X_0: Check<OfThree> = Check {
    exercise: Exercise {
        chapter: "diffusion",
        name: "predict_x_0",
        statements: &["D2"],
        place: "04_diffusion.md#one-network-three-questions",
        outputs: &["x_0"],
        learned: "Who knows x_t and the noise in it knows the data: a network that predicts ε \
                  predicts x_0 too. Near the end of the chain it divides by a small √ᾱ.",
        hints: [
            "x_t = √ᾱ_t x_0 + √(1 − ᾱ_t) ε. Which of the letters do you know?",
            "Solve for x_0: x_0 = (x_t − √(1 − ᾱ_t) ε) / √ᾱ_t.",
            "(x_t - (1.0 - …).sqrt() * eps_hat) / ….sqrt()",
        ],
    },
    inputs: || {
        let names = ["x_t", "eps_hat"];
        vec![
            point("one point, ᾱ = 0.36", names, 0.36),
            point("one point, ᾱ = 1: no noise yet", names, 1.0),
            batch("five points in the plane, an ᾱ for each", names, 5, 2, 51),
            batch("two points in three dimensions", names, 2, 3, 52),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("x_t"), i.tensor("eps_hat"), i.tensor("alpha_bar"))],
    right: |x_t, e, a| (x_t - (1.0 - a).sqrt() * e) / a.sqrt(),
    wrong: &[
        Wrong {
            answer: |x_t, e, a| (x_t - (1.0 - a).sqrt() * e) / a,
            says: "You divide by ᾱ_t. The data were multiplied by its root: divide by √ᾱ_t.",
        },
        Wrong {
            answer: |x_t, e, a| x_t - (1.0 - a).sqrt() * e,
            says: "What is left after the noise is √ᾱ_t x_0: the data as the chain has shrunk \
                   them. Divide by √ᾱ_t.",
        },
        Wrong {
            answer: |x_t, e, a| (x_t - (1.0 - a) * e) / a.sqrt(),
            says: "The noise is taken away with the factor 1 − ᾱ_t, its variance. It was laid on \
                   with √(1 − ᾱ_t).",
        },
        Wrong {
            answer: |x_t, e, a| (x_t - e) / a.sqrt(),
            says: "ε is noise of variance 1. In x_t it has the factor √(1 − ᾱ_t), which must be \
                   taken away with it.",
        },
        Wrong {
            answer: |x_t, e, a| (x_t + (1.0 - a).sqrt() * e) / a.sqrt(),
            says: "The sign is flipped: the noise is laid on a second time. Take it away.",
        },
    ],
};

/// x₀ = √ᾱ x_t − √(1 − ᾱ) v and ε = √(1 − ᾱ) x_t + √ᾱ v.
pub const FROM_V: Check<Pair> = Check {
    exercise: Exercise {
        chapter: "diffusion",
        name: "from_v",
        statements: &["D2"],
        place: "04_diffusion.md#one-network-three-questions",
        outputs: &["x_0", "eps"],
        learned: "(x_t, v) is (x_0, ε) turned by an angle, and turning back divides by nothing. \
                  That is why v is a good question at both ends of the chain.",
        hints: [
            "Two linear equations, x_t = √ᾱ x_0 + √(1 − ᾱ) ε and v = √ᾱ ε − √(1 − ᾱ) x_0. The \
             squares of the factors sum to 1.",
            "Multiply the first by √ᾱ, the second by √(1 − ᾱ), and subtract: √ᾱ x_t − √(1 − ᾱ) v = \
             x_0. In the same way ε.",
            "let (a, s) = (alpha_bar.sqrt(), (1.0 - alpha_bar).sqrt()); (&a * x_t - &s * v, …)",
        ],
    },
    inputs: || {
        let names = ["x_t", "v"];
        vec![
            point("one point, ᾱ = 0.36", names, 0.36),
            point("one point, ᾱ = 1: no noise yet", names, 1.0),
            point("one point, ᾱ = 0: nothing but noise", names, 0.0),
            batch("five points in the plane, an ᾱ for each", names, 5, 2, 53),
            batch("two points in three dimensions", names, 2, 3, 54),
        ]
    },
    run: |answer, i| {
        let (x_0, eps) = answer(i.tensor("x_t"), i.tensor("v"), i.tensor("alpha_bar"));
        vec![x_0, eps]
    },
    right: |x_t, v, a| turned(x_t, v, [a.sqrt(), (1.0 - a).sqrt()]),
    wrong: &[
        Wrong {
            answer: |x_t, v, a| turned(x_t, &-v, [a.sqrt(), (1.0 - a).sqrt()]),
            says: "You solved for v = √(1 − ᾱ) x_0 − √ᾱ ε, which has the other sign. Here v = √ᾱ ε \
                   − √(1 − ᾱ) x_0.",
        },
        Wrong {
            answer: |x_t, v, a| turned(x_t, v, [(1.0 - a).sqrt(), a.sqrt()]),
            says: "√ᾱ and √(1 − ᾱ) are exchanged. At ᾱ = 1 there is no noise: x_0 is x_t there.",
        },
        Wrong {
            answer: |x_t, v, a| turned(x_t, v, [a.clone(), 1.0 - a]),
            says: "The roots are missing: with ᾱ and 1 − ᾱ the two equations are not undone, \
                   because the squares of the factors must sum to 1.",
        },
        Wrong {
            answer: |x_t, v, a| ((x_t - (1.0 - a).sqrt() * v) / a.sqrt(), v.clone()),
            says: "You took v for ε. v is a mixture of noise and data; at ᾱ = 0 it is −x_0.",
        },
        Wrong {
            answer: |x_t, v, a| {
                let [a, s] = [a.sqrt(), (1.0 - a).sqrt()];
                let x_0 = (x_t - &s * v) / (&a + &s);
                let eps = &x_0 + v;
                (x_0, eps)
            },
            says: "You solved for v = ε − x_0, the velocity of the straight line. This v belongs \
                   to the quarter of a circle: v = √ᾱ ε − √(1 − ᾱ) x_0.",
        },
    ],
};

/// (a x_t − s v, s x_t + a v).
fn turned(x_t: &Tensor, v: &Tensor, [a, s]: [Tensor; 2]) -> (Tensor, Tensor) {
    (&a * x_t - &s * v, s * x_t + a * v)
}

/// ½ (SNR(t − 1)/SNR(t) − 1) ‖ε − ε̂‖².
pub const STEP_KL: Check<StepKl> = Check {
    exercise: Exercise {
        chapter: "diffusion",
        name: "step_kl",
        statements: &["D3"],
        place: "04_diffusion.md#each-term-is-a-squared-error",
        outputs: &["kl"],
        learned: "Each term of the bound is a squared error of the noise, with a weight that the \
                  schedule fixes. The simple loss drops the weight and nothing else.",
        hints: [
            "Two normal laws of one variance β̃_t: what is their KL? Their means differ only by \
             what x̂_0 puts in the place of x_0.",
            "½ (SNR(t−1)/SNR(t) − 1) ‖ε − ε̂‖² with SNR = ᾱ/(1 − ᾱ); the same as β_t/(2 α_t (1 − \
             ᾱ_{t−1})) ‖ε − ε̂‖².",
            "let snr = |a: &Tensor| a / (1.0 - a); … * (eps - eps_hat).square().sum_keep(1) * 0.5",
        ],
    },
    inputs: || {
        let with = |mut input: Input, share: Tensor| {
            let (_, after) = input.arguments.pop().expect("alpha_bar is the last");
            let input = input.with("alpha_bar", after);
            let after = input.tensor("alpha_bar").clone();
            input.with("alpha_bar_before", &after + share * (1.0 - &after))
        };
        let names = ["eps", "eps_hat"];
        let many = |about: &str, n: usize, d: usize, seed: u64| {
            let share = Rng::new(seed + 100).uniform_in(&[n, 1], 0.3, 0.7);
            with(batch(about, names, n, d, seed), share)
        };
        let half = Tensor::from([[0.5]]);
        vec![
            with(point("one point, ᾱ falls from 0.75 to 0.5", names, 0.5), half.clone()),
            with(point("one point, ᾱ falls from 0.6 to 0.2", names, 0.2), half),
            many("five points in the plane, a step for each", 5, 2, 55),
            many("three points in three dimensions", 3, 3, 56),
        ]
    },
    run: |answer, i| {
        let [eps, eps_hat] = ["eps", "eps_hat"].map(|name| i.tensor(name));
        vec![answer(eps, eps_hat, i.tensor("alpha_bar"), i.tensor("alpha_bar_before"))]
    },
    right: |e, e_hat, a, b| (snr(b) / snr(a) - 1.0) * (e - e_hat).square().sum_keep(1) * 0.5,
    wrong: &[
        Wrong {
            answer: |e, e_hat, a, b| {
                (snr(b) / snr(a) - 1.0) * (e - e_hat).square().mean_keep(1) * 0.5
            },
            says: "The mean over coordinates stands where the sum belongs. The KL of independent \
                   coordinates is the sum of theirs; with the mean the bound is none.",
        },
        Wrong {
            answer: |e, e_hat, a, b| (snr(b) / snr(a) - 1.0) * (e - e_hat).square().sum_keep(1),
            says: "The ½ is missing: the KL of two normal laws of one variance is the squared \
                   distance of the means over twice the variance.",
        },
        Wrong {
            answer: |e, e_hat, a, b| (snr(b) - snr(a)) * (e - e_hat).square().sum_keep(1) * 0.5,
            says: "SNR(t−1) − SNR(t) is the weight of ‖x_0 − x̂_0‖². That is ‖ε − ε̂‖²/SNR(t), so \
                   divide by SNR(t).",
        },
        Wrong {
            answer: |e, e_hat, a, b| {
                let ratio = snr(b).sqrt() / snr(a).sqrt();
                (ratio - 1.0) * (e - e_hat).square().sum_keep(1) * 0.5
            },
            says: "SNR is a ratio of variances, ᾱ/(1 − ᾱ). You took that of the factors, with the \
                   roots.",
        },
        Wrong {
            answer: |e, e_hat, a, b| {
                let s = step(a, b);
                s.beta / (s.alpha * s.rest) * (e - e_hat).square().sum_keep(1) * 0.5
            },
            says: "This is the weight if the model's variance is β_t. Here it is that of the \
                   posterior, β̃_t, which divides by 1 − ᾱ_{t−1} instead of 1 − ᾱ_t.",
        },
        Wrong {
            answer: |e, e_hat, _, _| (e - e_hat).square().sum_keep(1),
            says: "This is the simple loss of a point, in which every step has the weight 1. The \
                   bound has ½ (SNR(t−1)/SNR(t) − 1).",
        },
    ],
};

/// ᾱ/(1 − ᾱ).
fn snr(alpha_bar: &Tensor) -> Tensor {
    alpha_bar / (1.0 - alpha_bar)
}

/// ln N(x₀; decoder(x_1), σ² I) − KL(N(√ᾱ x₀, (1 − ᾱ) I) ‖ N(0, I)).
pub const ONE_STEP_ELBO: Check<Elbo> = Check {
    exercise: Exercise {
        chapter: "diffusion",
        name: "one_step_elbo",
        statements: &["D4"],
        place: "04_diffusion.md#one-step-is-a-vae",
        outputs: &["elbo"],
        learned: "A diffusion of one step is a variational autoencoder whose encoder, mean √ᾱ x_0 \
                  and variance 1 − ᾱ, is not learned. More steps are more of the same.",
        hints: [
            "Which law do you draw x_1 from, and which law should it resemble? What does the \
             decoder say of x_0?",
            "−‖x_0 − decoder(x_1)‖²/(2σ²) − (d/2) ln(2πσ²) − ½ Σ_j [ᾱ x_j² − ᾱ − ln(1 − ᾱ)].",
            "let x_1 = …; let error = (x_0 - decoder(&x_1)).square().sum_keep(1); let kl = \
             (x_0.square() * alpha_bar - …).sum_keep(1) * 0.5; numbers have .ln() and .sqrt().",
        ],
    },
    inputs: || {
        let input = |about: &str, decoder: &Function, sigma: Float, shape: [usize; 2], a: Float| {
            let mut rng = Rng::new(57);
            let input = Input::new(about).with("decoder", decoder.clone()).with("sigma", sigma);
            let [x_0, eps] = [(); 2].map(|()| rng.normal(&shape));
            input.with("x_0", x_0).with("eps", eps).with("alpha_bar", a)
        };
        let half = Function::new("decoder(x) = x/2", |x| x[0] * 0.5);
        let bent = Function::new("decoder(x) = 1 + tanh x", |x| x[0].tanh() + 1.0);
        vec![
            input("one point, ᾱ = 0.36", &half, 0.5, [1, 1], 0.36),
            input("four points in the plane", &bent, 0.8, [4, 2], 0.5),
            input("two points in three dimensions", &half, 1.5, [2, 3], 0.8),
        ]
    },
    run: |answer, i| {
        let decoder = i.function("decoder");
        let decoder = |x: &Tensor| decoder.call(&[x]);
        let (sigma, alpha_bar) = (i.number("sigma"), i.number("alpha_bar"));
        vec![answer(&decoder, sigma, i.tensor("x_0"), i.tensor("eps"), alpha_bar)]
    },
    right: |decoder, sigma, x_0, eps, a| {
        let x_1 = noised(x_0, eps, &Tensor::scalar(a));
        log_normal(x_0, &decoder(&x_1), sigma) - prior_kl(x_0, a)
    },
    wrong: &[
        Wrong {
            answer: |decoder, sigma, x_0, eps, a| {
                let x_1 = noised(x_0, eps, &Tensor::scalar(a));
                log_normal(x_0, &decoder(&x_1), sigma) + prior_kl(x_0, a)
            },
            says: "The KL is added. ELBO = ln p(x_0|x_1) − KL: what the encoder tells more than \
                   the prior must be paid for.",
        },
        Wrong {
            answer: |decoder, sigma, x_0, eps, a| {
                log_normal(x_0, &decoder(eps), sigma) - prior_kl(x_0, a)
            },
            says: "The decoder is given ε, a draw from the prior. In the bound x_1 is drawn from \
                   the encoder: √ᾱ x_0 + √(1 − ᾱ) ε.",
        },
        Wrong {
            answer: |decoder, sigma, x_0, eps, a| {
                let x_1 = noised(x_0, eps, &Tensor::scalar(a));
                let error = (x_0 - decoder(&x_1)).square().sum_keep(1);
                error * (-0.5 / (sigma * sigma)) - prior_kl(x_0, a)
            },
            says: "The normaliser of the decoder's density is missing, −(d/2) ln(2πσ²). A training \
                   with fixed σ can do without it; a bound on a density cannot.",
        },
        Wrong {
            answer: |decoder, sigma, x_0, eps, a| {
                let x_1 = noised(x_0, eps, &Tensor::scalar(a));
                let kl = x_0.square().sum_keep(1) * (0.5 * a);
                log_normal(x_0, &decoder(&x_1), sigma) - kl
            },
            says: "The KL has only the part of the mean, ½ ᾱ ‖x_0‖². The variance 1 − ᾱ is not 1 \
                   either: −ᾱ − ln(1 − ᾱ) in each coordinate belongs to it.",
        },
        Wrong {
            answer: |decoder, sigma, x_0, eps, a| {
                let x_1 = noised(x_0, eps, &Tensor::scalar(a));
                let d = x_0.shape()[1] as Float;
                (log_normal(x_0, &decoder(&x_1), sigma) - prior_kl(x_0, a)) / d
            },
            says: "Divided by d: a mean over coordinates where the bound has a sum. ln p of a \
                   point is the sum over its coordinates.",
        },
        Wrong {
            answer: |decoder, sigma, x_0, eps, a| {
                let x_1 = noised(x_0, eps, &Tensor::scalar(a));
                log_normal(x_0, &decoder(&x_1), sigma.sqrt()) - prior_kl(x_0, a)
            },
            says: "σ for σ²: sigma is the decoder's standard deviation, and the density has its \
                   square, in the exponent and in the normaliser.",
        },
    ],
};

/// ln N(x; mean, σ² I): `[n, 1]`.
fn log_normal(x: &Tensor, mean: &Tensor, sigma: Float) -> Tensor {
    let variance = sigma * sigma;
    let normaliser = 0.5 * x.shape()[1] as Float * ln(TAU as Float * variance);
    (x - mean).square().sum_keep(1) * (-0.5 / variance) - normaliser
}

/// KL(N(√ᾱ x₀, (1 − ᾱ) I) ‖ N(0, I)): `[n, 1]`.
fn prior_kl(x_0: &Tensor, alpha_bar: Float) -> Tensor {
    let of_variance = alpha_bar + ln(1.0 - alpha_bar);
    (x_0.square() * alpha_bar - of_variance).sum_keep(1) * 0.5
}

/// The mean over points and coordinates of (network(t, x_t) − ε)².
pub const SIMPLE_LOSS: Check<Loss> = Check {
    exercise: Exercise {
        chapter: "diffusion",
        name: "simple_loss",
        statements: &["D3"],
        place: "04_diffusion.md#the-simple-loss",
        outputs: &["loss"],
        learned: "That is the whole of DDPM's training: noise a point, ask for the noise. The \
                  chain is never walked.",
        hints: [
            "Three lines: where is the point at its step t, what does the network say there, and \
             what should it have said?",
            "x_t = √ᾱ_t x_0 + √(1 − ᾱ_t) ε; the target is ε; the loss is the mean of the squared \
             difference over points and coordinates.",
            "let x_t = …; network(t, &x_t).mse(…)",
        ],
    },
    inputs: || {
        let linear = function("network(t, x) = x + t/4; the 1 before x is a parameter", |t, x| {
            Tensor::scalar(1.0).variable() * x + t * 0.25
        });
        let bent =
            function("network(t, x) = cos(t) tanh(1.5 x); the 1.5 is a parameter", |t, x| {
                (Tensor::scalar(1.5).variable() * x).tanh() * t.cos()
            });
        let input = |about: &str, network: &Function, mut points: Input, t: Tensor| {
            let (_, alpha_bar) = points.arguments.pop().expect("alpha_bar is the last");
            let mut input = Input::new(about).with("network", network.clone());
            input.arguments.append(&mut points.arguments);
            input.with("t", t).with("alpha_bar", alpha_bar)
        };
        let names = ["x_0", "eps"];
        let column = |t: &[Float]| Tensor::new(&[t.len(), 1], t);
        vec![
            input("one point, t = 3", &linear, point("", names, 0.36), column(&[3.0])),
            input(
                "four points in the plane, a step for each",
                &linear,
                batch("", names, 4, 2, 58),
                column(&[7.0, 2.0, 5.0, 4.0]),
            ),
            input(
                "three points in three dimensions",
                &bent,
                batch("", names, 3, 3, 59),
                column(&[1.0, 6.0, 3.0]),
            ),
        ]
    },
    run: |answer, i| {
        let [x_0, eps, t, alpha_bar] = ["x_0", "eps", "t", "alpha_bar"].map(|name| i.tensor(name));
        vec![answer(&field(i, "network"), x_0, eps, t, alpha_bar)]
    },
    right: |network, x_0, eps, t, a| network(t, &noised(x_0, eps, a)).mse(eps),
    wrong: &[
        Wrong {
            answer: |network, x_0, eps, t, _| network(t, x_0).mse(eps),
            says: "You fed x_0 to the network, where x_t belongs. Nobody can tell the noise from a \
                   point that has none.",
        },
        Wrong {
            answer: |network, x_0, eps, t, a| network(t, &noised(x_0, eps, a)).mse(x_0),
            says: "The target is x_0. That is the other question, x-prediction, and a right one; \
                   this loss asks for the noise, ε.",
        },
        Wrong {
            answer: |network, x_0, eps, t, a| network(t, &(a * x_0 + (1.0 - a) * eps)).mse(eps),
            says: "The roots are missing in x_t: ᾱ and 1 − ᾱ are variances. The network would be \
                   trained on points that are not those of the chain.",
        },
        Wrong {
            answer: |network, x_0, eps, t, a| {
                (network(t, &noised(x_0, eps, a)) - eps).square().sum(..)
            },
            says: "The sum stands where the mean belongs: this loss grows with the batch and with \
                   the dimension, and the learning rate would have to shrink with it.",
        },
        Wrong {
            answer: |network, x_0, eps, t, a| {
                (network(t, &noised(x_0, eps, a)) - eps).abs().mean(..)
            },
            says: "The mean of absolute differences: its minimiser is a median. The way back needs \
                   the mean of the noise given x_t, which only the squares give.",
        },
        Wrong {
            answer: |network, x_0, eps, t, a| {
                let first = |x: &Tensor| x.slice(0, 0..1);
                network(&first(t).broadcast_to(t.shape()), &noised(x_0, eps, &first(a))).mse(eps)
            },
            says: "The step of row 0 is used for all rows. Each point has its own t and its own ᾱ.",
        },
    ],
};
