//! The samplers: exercises 10 to 12.

use super::{Denoise, Field, Go};
use crate::chapters::flow_matching::checks::{column, field, function};
use crate::check::{Check, Exercise, Function, Input, Wrong};
use crate::random::Rng;
use crate::{Float, Tensor};

/// (x_t − β_t/√(1 − ᾱ_t) ε̂)/√α_t + √β_t z, and without z at t = 1.
pub const ANCESTRAL_STEP: Check<Denoise> = Check {
    exercise: Exercise {
        chapter: "diffusion",
        name: "ancestral_step",
        statements: &["D2"],
        place: "04_diffusion.md#the-sampler",
        outputs: &["x_{t−1}"],
        learned: "A little of the noise that the network sees is taken away, and a little fresh \
                  noise is laid on. At the last step nothing is laid on: it would be seen.",
        hints: [
            "Put x̂_0 = (x_t − √(1 − ᾱ_t) ε̂)/√ᾱ_t into the mean of the posterior and sort by x_t \
             and ε̂. What happens at t = 1?",
            "x_{t−1} = (x_t − β_t/√(1 − ᾱ_t) ε̂)/√(1 − β_t) + √β_t z, with z = 0 at t = 1.",
            "let b = beta.at(&[t - 1]); let a: Float = beta.data()[..t].iter().map(|b| 1.0 - \
             b).product(); let mean = …; if t > 1 { mean + z * b.sqrt() } else { mean }",
        ],
    },
    inputs: || {
        let beta = Tensor::from([0.1, 0.3, 0.2, 0.5]);
        let input = |about: &str, beta: &Tensor, shape: [usize; 2], t: usize, seed: u64| {
            let mut rng = Rng::new(seed);
            let [x_t, eps_hat, z] = [(); 3].map(|()| rng.normal(&shape));
            let input = Input::new(about).with("x_t", x_t).with("eps_hat", eps_hat);
            input.with("z", z).with("beta", beta).with("t", t)
        };
        vec![
            input("one point, t = 2", &beta, [1, 1], 2, 61),
            input("one point, the last step, t = 1", &beta, [1, 1], 1, 62),
            input("four points in the plane, t = 3", &beta, [4, 2], 3, 63),
            input("two points in three dimensions, t = T", &beta, [2, 3], 4, 64),
        ]
    },
    run: |answer, i| {
        let [x_t, eps_hat, z, beta] = ["x_t", "eps_hat", "z", "beta"].map(|name| i.tensor(name));
        vec![answer(x_t, eps_hat, z, beta, i.count("t"))]
    },
    right: |x_t, e, z, beta, t| {
        let (b, a) = at(beta, t);
        back(x_t, e, b, a) + z * if t > 1 { b.sqrt() } else { 0.0 }
    },
    wrong: &[
        Wrong {
            answer: |x_t, e, z, beta, t| {
                let (b, a) = at(beta, t);
                back(x_t, e, b, a) + z * b.sqrt()
            },
            says: "The last step is noised too. What step 1 returns is the sample: at t = 1 return \
                   the mean.",
        },
        Wrong {
            answer: |x_t, e, z, beta, t| {
                let (b, a) = at(beta, t);
                back(x_t, e, b, a) + z * if t > 1 { b } else { 0.0 }
            },
            says: "The noise has the factor β_t, its variance. The factor is the standard \
                   deviation, √β_t.",
        },
        Wrong {
            answer: |x_t, e, z, beta, t| {
                let (b, a) = at(beta, t);
                let mean = (x_t - e * (b / (1.0 - a))) / (1.0 - b).sqrt();
                mean + z * if t > 1 { b.sqrt() } else { 0.0 }
            },
            says: "You divide β_t by 1 − ᾱ_t. ε̂ has variance 1, not 1 − ᾱ_t: the factor is \
                   β_t/√(1 − ᾱ_t). Without the root it is that of the score.",
        },
        Wrong {
            answer: |x_t, e, z, beta, t| {
                let (b, a) = at(beta, t);
                let mean = (x_t - e * (b / (1.0 - a).sqrt())) / a.sqrt();
                mean + z * if t > 1 { b.sqrt() } else { 0.0 }
            },
            says: "You divide by √ᾱ_t, which undoes the shrinking of all t steps at once. One step \
                   back divides by √α_t = √(1 − β_t).",
        },
        Wrong {
            answer: |x_t, e, z, beta, t| {
                let (b, a) = at(beta, (t + 1).min(beta.len()));
                back(x_t, e, b, a) + z * if t > 1 { b.sqrt() } else { 0.0 }
            },
            says: "The index is one off: β_1 is beta.at(&[0]), so β_t is beta.at(&[t − 1]), and \
                   ᾱ_t is the product of the first t factors.",
        },
        Wrong {
            answer: |x_t, e, z, beta, t| {
                let (b, a) = at(beta, t);
                let before = a / (1.0 - b);
                back(x_t, e, b, a) + z * (b * (1.0 - before).max(0.0) / (1.0 - a)).sqrt()
            },
            says: "Your noise has the variance β̃_t of the posterior. That is the other choice of \
                   Ho et al., and the chapter's; this task wants β_t.",
        },
    ],
};

/// β_t and ᾱ_t.
fn at(beta: &Tensor, t: usize) -> (Float, Float) {
    (beta.data()[t - 1], beta.data()[..t].iter().map(|b| 1.0 - b).product())
}

/// The mean of a step back.
fn back(x_t: &Tensor, eps_hat: &Tensor, beta: Float, alpha_bar: Float) -> Tensor {
    (x_t - eps_hat * (beta / (1.0 - alpha_bar).sqrt())) / (1.0 - beta).sqrt()
}

/// √ᾱ_u x̂₀ + √(1 − ᾱ_u − σ²) ε̂ + σ z, σ = η √((1 − ᾱ_u)/(1 − ᾱ_t)) √(1 − ᾱ_t/ᾱ_u).
pub const DDIM_STEP: Check<Go> = Check {
    exercise: Exercise {
        chapter: "diffusion",
        name: "ddim_step",
        statements: &["D2"],
        place: "04_diffusion.md#fewer-steps",
        outputs: &["x_u"],
        learned: "Guess the data, then noise the guess again, less than before: with the noise \
                  that was seen (η = 0), with fresh noise, or with some of both. The step may be \
                  of any length.",
        hints: [
            "Three parts: what is believed of the data, the noise that was seen, and fresh noise. \
             The last two must have the variance 1 − ᾱ_u together.",
            "x_u = √ᾱ_u x̂_0 + √(1 − ᾱ_u − σ²) ε̂ + σ z, with σ = η √((1 − ᾱ_u)/(1 − ᾱ_t)) √(1 − \
             ᾱ_t/ᾱ_u) and x̂_0 from x_t and ε̂ at ᾱ_t.",
            "let [now, then] = alpha_bars; let x_hat = (x_t - …) / now.sqrt(); let s_2 = …; x_hat \
             * then.sqrt() + eps_hat * (…).sqrt() + z * s_2.sqrt()",
        ],
    },
    inputs: || {
        let input = |about: &str, shape: [usize; 2], bars: [Float; 2], eta: Float, seed: u64| {
            let mut rng = Rng::new(seed);
            let [x_t, eps_hat, z] = [(); 3].map(|()| rng.normal(&shape));
            let input = Input::new(about).with("x_t", x_t).with("eps_hat", eps_hat).with("z", z);
            let [now, then] = bars;
            input.with("alpha_bar_t", now).with("alpha_bar_u", then).with("eta", eta)
        };
        vec![
            input("one point, η = 0", [1, 1], [0.36, 0.64], 0.0, 65),
            input("one point, η = 1", [1, 1], [0.36, 0.64], 1.0, 66),
            input("to the data, ᾱ_u = 1", [1, 1], [0.5, 1.0], 1.0, 67),
            input("four points in the plane, η = 0.5", [4, 2], [0.1, 0.8], 0.5, 68),
            input("two points in three dimensions, η = 0.8", [2, 3], [0.2, 0.3], 0.8, 69),
        ]
    },
    run: |answer, i| {
        let [x_t, eps_hat, z] = ["x_t", "eps_hat", "z"].map(|name| i.tensor(name));
        let alpha_bars = [i.number("alpha_bar_t"), i.number("alpha_bar_u")];
        vec![answer(x_t, eps_hat, z, alpha_bars, i.number("eta"))]
    },
    right: |x_t, e, z, [now, then], eta| {
        let s = eta * spread(now, then);
        again(x_t, e, now, [then.sqrt(), (1.0 - then - s * s).max(0.0).sqrt()]) + z * s
    },
    wrong: &[
        Wrong {
            answer: |x_t, e, z, [now, then], eta| {
                let s = eta * spread(now, then);
                again(x_t, e, now, [then.sqrt(), (1.0 - then).sqrt()]) + z * s
            },
            says: "The fresh noise comes on top: the variance grows to 1 − ᾱ_u + σ². What σ² adds, \
                   the seen noise must give up: √(1 − ᾱ_u − σ²).",
        },
        Wrong {
            answer: |x_t, e, z, [now, then], eta| {
                let s = eta * spread(now, then);
                again(x_t, e, now, [now.sqrt(), (1.0 - then - s * s).max(0.0).sqrt()]) + z * s
            },
            says: "The guess of the data has the factor √ᾱ_t, as if it stayed at step t. You go to \
                   step u: √ᾱ_u.",
        },
        Wrong {
            answer: |x_t, e, z, [now, then], eta| {
                let s = eta * spread(now, then);
                again(x_t, e, now, [then.sqrt(), (1.0 - then - s * s).max(0.0).sqrt()]) + z * s * s
            },
            says: "z has the factor σ², its variance. The factor is σ.",
        },
        Wrong {
            answer: |x_t, e, _, [now, then], _| {
                again(x_t, e, now, [then.sqrt(), (1.0 - then).sqrt()])
            },
            says: "This is the step for η = 0, whatever η is. With η > 0 a part of the seen noise \
                   is replaced by fresh noise.",
        },
        Wrong {
            answer: |x_t, e, z, [now, then], eta| {
                let s = eta * (1.0 - now / then).sqrt();
                again(x_t, e, now, [then.sqrt(), (1.0 - then - s * s).max(0.0).sqrt()]) + z * s
            },
            says: "Your σ² is η² β, with β = 1 − ᾱ_t/ᾱ_u. At η = 1 it must be the variance of the \
                   posterior, (1 − ᾱ_u)/(1 − ᾱ_t) β: at ᾱ_u = 1 nothing may be noised.",
        },
        Wrong {
            answer: |x_t, e, z, [now, then], eta| {
                let s = eta * spread(now, then);
                let x_hat = (x_t - e * (1.0 - now).sqrt()) / now.sqrt();
                let left = (1.0 - then - s * s).max(0.0).sqrt();
                x_hat * then + e * left + z * s
            },
            says: "The guess of the data has the factor ᾱ_u, a variance's. Points have the root: \
                   √ᾱ_u.",
        },
    ],
};

/// √((1 − ᾱ_u)/(1 − ᾱ_t)) √(1 − ᾱ_t/ᾱ_u).
fn spread(now: Float, then: Float) -> Float {
    ((1.0 - then) / (1.0 - now) * (1.0 - now / then)).sqrt()
}

/// a x̂₀ + s ε̂, with x̂₀ from x_t and ε̂.
fn again(x_t: &Tensor, eps_hat: &Tensor, now: Float, [a, s]: [Float; 2]) -> Tensor {
    let x_hat = (x_t - eps_hat * (1.0 - now).sqrt()) / now.sqrt();
    x_hat * a + eps_hat * s
}

type Sample = fn(Field, &Tensor, &Tensor) -> Tensor;

/// From x_T to x₀ by T deterministic steps.
pub const SAMPLE: Check<Sample> = Check {
    exercise: Exercise {
        chapter: "diffusion",
        name: "sample",
        statements: &["D2"],
        place: "04_diffusion.md#fewer-steps",
        outputs: &["x_0"],
        learned: "Noise in, data out, and nothing random on the way: with η = 0 a diffusion model \
                  is a map, like a flow, and two noises can be mixed to mix two samples.",
        hints: [
            "At which t does the loop begin, at which does it end, and what is ᾱ there?",
            "For t = T, …, 1: ε̂ = network(t, x_t), then the DDIM step with η = 0 from ᾱ_t to \
             ᾱ_{t−1}. alpha_bar.at(&[t]) is ᾱ_t, and ᾱ_0 = 1.",
            "for t in (1..alpha_bar.len()).rev() { let eps_hat = network(&Tensor::full(&[n, 1], t \
             as Float), &x); x = ddim_step(&x, &eps_hat, …, [ᾱ_t, ᾱ_{t−1}], 0.0); }",
        ],
    },
    inputs: || {
        let input = |about: &str, network: &Function, bars: &[Float], shape: [usize; 2]| {
            let noise = Rng::new(70).normal(&shape);
            let bars = Tensor::new(&[bars.len()], bars);
            Input::new(about)
                .with("network", network.clone())
                .with("alpha_bar", bars)
                .with("noise", noise)
        };
        let linear = function("network(t, x) = x/2 + t/10", |t, x| x * 0.5 + t * 0.1);
        let bent = function("network(t, x) = cos(t) sin(x)", |t, x| x.sin() * t.cos());
        vec![
            input("one step, one point", &linear, &[1.0, 0.5], [1, 1]),
            input("three steps, four points in the plane", &bent, &[1.0, 0.8, 0.4, 0.1], [4, 2]),
            input(
                "five steps, two points in three dimensions",
                &linear,
                &[1.0, 0.9, 0.7, 0.5, 0.3, 0.2],
                [2, 3],
            ),
        ]
    },
    run: |answer, i| vec![answer(&field(i, "network"), i.tensor("alpha_bar"), i.tensor("noise"))],
    right: |network, bars, noise| walk(network, bars, noise, (1..bars.len()).rev(), |t| t as Float),
    wrong: &[
        Wrong {
            answer: |network, bars, noise| {
                walk(network, bars, noise, 1..bars.len(), |t| t as Float)
            },
            says: "The loop runs from t = 1 to T. That is the way of the noise; the sampler begins \
                   with noise, at t = T, and counts down.",
        },
        Wrong {
            answer: |network, bars, noise| {
                walk(network, bars, noise, (2..bars.len()).rev(), |t| t as Float)
            },
            says: "The last step is missing: you return x_1, which still has noise in it. The loop \
                   ends with the step from t = 1 to 0.",
        },
        Wrong {
            answer: |network, bars, noise| {
                walk(network, bars, noise, (1..bars.len()).rev(), |t| t as Float - 1.0)
            },
            says: "The network is told t − 1, where you go. It must be told t, where x is.",
        },
        Wrong {
            answer: |network, bars, noise| {
                let steps = bars.len() - 1;
                walk(network, bars, noise, (1..=steps).rev(), |_| steps as Float)
            },
            says: "The network is told T at every step. It must know how much noise there is now: \
                   tell it t.",
        },
        Wrong {
            answer: |network, bars, noise| {
                let steps = bars.len() - 1;
                walk(network, bars, noise, (1..=steps).rev(), |t| t as Float / steps as Float)
            },
            says: "The network is told t/T. This one was trained with t = 1 … T; a network sees \
                   what it was trained with, or it answers another question.",
        },
        Wrong {
            answer: |network, bars, noise| {
                let steps = bars.len() - 1;
                let eps_hat = network(&column(steps as Float, noise), noise);
                again(noise, &eps_hat, bars.data()[steps], [1.0, 0.0])
            },
            says: "You go from T to 0 in one step and return the first guess x̂_0: the mean of all \
                   data that might be meant, and no data. Guess, go one step, and guess again.",
        },
    ],
};

/// Steps from t to t − 1 for each t, with what the network is told of t.
fn walk(
    network: Field,
    bars: &Tensor,
    noise: &Tensor,
    order: impl Iterator<Item = usize>,
    told: impl Fn(usize) -> Float,
) -> Tensor {
    order.fold(noise.clone(), |x, t| {
        let (now, then) = (bars.data()[t], bars.data()[t - 1]);
        let eps_hat = network(&column(told(t), &x), &x);
        again(&x, &eps_hat, now, [then.sqrt(), (1.0 - then).sqrt()])
    })
}
