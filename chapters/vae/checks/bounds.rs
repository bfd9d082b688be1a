//! The bounds: one draw, many draws, and which latents they pay for.

use crate::check::{Check, Exercise, Input, Wrong};
use crate::random::Rng;
use crate::{Float, Tensor};
use std::f64::consts::TAU;

type Weights = fn(&Tensor, &Tensor, &Tensor, &Tensor) -> Tensor;

/// ln p(x|z) + ln N(z; 0, I) − ln N(z; μ, diag σ²).
pub const LOG_WEIGHTS: Check<Weights> = Check {
    exercise: Exercise {
        chapter: "vae",
        name: "log_weights",
        statements: &["V1"],
        place: "03_vae.md#the-bound",
        outputs: &["ln w"],
        learned: "The mean of w over z ~ q is p(x), the mean of ln w is the ELBO. Jensen's \
                  inequality stands between them, and nothing else.",
        hints: [
            "w = p(x, z)/q(z|x). Which two factors has the joint law, and what is ln of a normal \
             density?",
            "ln w = ln p(x|z) − ½ Σ_j z_j² + ½ Σ_j ((z_j − μ_j)²/σ_j² + ln σ_j²): the two ½ k ln 2π \
             cancel.",
            "log_likelihood + ((z - mu).square() / … + log_var - z.square()).sum(1) * …",
        ],
    },
    inputs: || {
        let input = |about: &str, log_likelihood: Tensor, [mu, log_var, z]: [Tensor; 3]| {
            Input::new(about)
                .with("log_likelihood", log_likelihood)
                .with("mu", mu)
                .with("log_var", log_var)
                .with("z", z)
        };
        let mut rng = Rng::new(71);
        let mut batch = |n: usize, k: usize| {
            (-rng.normal(&[n]).square() * 3.0, [(); 3].map(|()| rng.normal(&[n, k])))
        };
        let ((plane, of_plane), (space, of_space)) = (batch(4, 2), batch(3, 5));
        let one = [[[1.0]], [[1.0]], [[1.5]]].map(Tensor::from);
        vec![
            input("ln p(x|z) = −2, μ = 1, ln σ² = 1, z = 1.5", Tensor::from([-2.0]), one),
            input("four rows, two latents", plane, of_plane),
            input("three rows, five latents", space, of_space),
        ]
    },
    run: |answer, i| {
        let [mu, log_var, z] = ["mu", "log_var", "z"].map(|name| i.tensor(name));
        vec![answer(i.tensor("log_likelihood"), mu, log_var, z)]
    },
    right: |log_likelihood, mu, log_var, z| {
        log_likelihood + log_normal(z, &Tensor::scalar(0.0), &Tensor::scalar(0.0))
            - log_normal(z, mu, log_var)
    },
    wrong: &[
        Wrong {
            answer: |log_likelihood, mu, log_var, z| {
                log_likelihood - log_prior(z) + log_normal(z, mu, log_var)
            },
            says: "Prior and q are exchanged: w = p(x|z) p(z)/q(z|x), so ln p(z) is added and ln q \
                   is taken away. Your mean is E ln p(x|z) + KL, which pays for a q far from the \
                   prior.",
        },
        Wrong {
            answer: |log_likelihood, mu, log_var, z| log_likelihood - log_normal(z, mu, log_var),
            says: "The prior is missing: the joint law is p(x|z) p(z). Without p(z) nothing keeps z \
                   where the decoder will look for it.",
        },
        Wrong {
            answer: |log_likelihood, _, _, z| log_likelihood + log_prior(z),
            says: "ln q is missing: this is ln p(x, z). The draws come from q, so each must be \
                   weighed by 1/q(z|x) to stand for the integral over z.",
        },
        Wrong {
            answer: |log_likelihood, mu, log_var, z| {
                log_likelihood + log_prior(z) - log_normal(z, mu, log_var) - log_var.sum(1) * 0.5
            },
            says: "The normaliser of q is incomplete: a normal density has 1/σ in front, so −½ ln \
                   σ² belongs to each coordinate of ln q.",
        },
        Wrong {
            answer: |log_likelihood, mu, log_var, z| {
                let squares = (z - mu).square() / (log_var * 0.5).exp();
                let log_q = (squares + log_var + ln_tau()).sum(1) * -0.5;
                log_likelihood + log_prior(z) - log_q
            },
            says: "σ for σ² in the exponent of q: the squared distance is divided by the variance, \
                   exp(ln σ²).",
        },
        Wrong {
            answer: |log_likelihood, mu, log_var, _| {
                let kl = (mu.square() + log_var.exp() - log_var - 1.0).sum(1) * 0.5;
                log_likelihood - kl
            },
            says: "You take the KL divergence, the mean of ln q − ln p over all z. The task wants \
                   the value at this z: only its exponential is a weight whose mean is p(x).",
        },
    ],
};

/// ln N(z; m, diag exp(log_var)), `[n]`.
fn log_normal(z: &Tensor, mean: &Tensor, log_var: &Tensor) -> Tensor {
    ((z - mean).square() / log_var.exp() + log_var + ln_tau()).sum(1) * -0.5
}

/// ln N(z; 0, I), `[n]`.
fn log_prior(z: &Tensor) -> Tensor {
    log_normal(z, &Tensor::scalar(0.0), &Tensor::scalar(0.0))
}

fn ln_tau() -> Float {
    libm::log(TAU) as Float
}

/// ln (1/K) Σ_k w_k from ln w.
pub const IMPORTANCE_BOUND: Check<fn(&Tensor) -> Tensor> = Check {
    exercise: Exercise {
        chapter: "vae",
        name: "importance_bound",
        statements: &["V1"],
        place: "03_vae.md#more-draws",
        outputs: &["L_K"],
        learned: "The logarithm of a mean instead of the mean of logarithms: the same draws, a \
                  tighter bound. With K = 1 it is the ELBO.",
        hints: [
            "First the mean over the draws, then the logarithm. But exp(−800) is 0: what can be \
             taken out of the sum?",
            "L_K = ln (1/K) Σ_k exp(ln w_k) = log-sum-exp over k of ln w_k, minus ln K.",
            "log_w.log_sum_exp(0) - Tensor::scalar(… as Float).ln()",
        ],
    },
    inputs: || {
        let mut rng = Rng::new(72);
        let column = Tensor::from([[-1.0], [-3.0]]);
        let few = rng.normal(&[3, 4]) * 2.0 - 1.0;
        let small = rng.normal(&[5, 2]) * 3.0 - 800.0;
        let one = rng.normal(&[1, 3]) - 4.0;
        let input = |about: &str, log_w: Tensor| Input::new(about).with("log_w", log_w);
        vec![
            input("two draws for one x: ln w = −1 and −3", column),
            input("one draw each for three x", one),
            input("three draws for each of four x, as a variable", few.variable()),
            input("five draws for two x, ln w near −800", small),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("log_w"))],
    right: |log_w| log_w.log_sum_exp(0) - ln_draws(log_w),
    wrong: &[
        Wrong {
            answer: |log_w| log_w.mean(0),
            says: "The mean of logarithms: that is the ELBO, estimated K times. The bound gets \
                   tighter only if the mean comes first and the logarithm after it.",
        },
        Wrong {
            answer: |log_w| log_w.log_sum_exp(0),
            says: "ln K is missing: this is the logarithm of the sum of the weights. It grows with \
                   every draw and is no bound; the logarithm of their mean is.",
        },
        Wrong {
            answer: |log_w| log_w.log_sum_exp(0) + ln_draws(log_w),
            says: "The sign of ln K is flipped: a mean is the sum divided by K, so ln K is taken \
                   away.",
        },
        Wrong {
            answer: |log_w| log_w.max(0),
            says: "The largest of ln w, where the logarithm of the mean belongs. The largest weight \
                   alone is not on average p(x), and the maximum of many draws exceeds ln p(x).",
        },
        Wrong {
            answer: |log_w| log_w.exp().mean(0).ln(),
            says: "Right on paper. But exp(−800) is 0 in a computer, and ln 0 is −∞: take the largest \
                   ln w out of the sum first, as log_sum_exp does.",
        },
        Wrong {
            answer: |log_w| log_w.exp().mean(0),
            says: "The logarithm is missing: this is the mean weight, an estimate of p(x) itself. \
                   For a picture it is smaller than the smallest number of the machine.",
        },
    ],
};

/// ln K.
fn ln_draws(log_w: &Tensor) -> Float {
    libm::log(log_w.shape()[0] as f64) as Float
}

/// 1 where Var_x μ_j(x) > 0.01, 0 elsewhere.
pub const ACTIVE_LATENTS: Check<fn(&Tensor) -> Tensor> = Check {
    exercise: Exercise {
        chapter: "vae",
        name: "active_latents",
        statements: &["V5"],
        place: "03_vae.md#silent-latents",
        outputs: &["in use"],
        learned: "A latent whose mean does not move says the same of every picture. The decoder \
                  learns to ignore it, and the KL sets it to the prior: it has collapsed.",
        hints: [
            "A latent is in use if its mean differs from picture to picture. Which axis are the \
             pictures?",
            "1 if the variance of μ_j over the rows (divided by n) is greater than 0.01, else 0.",
            "let moved = mu - mu.mean_keep(0); moved.square().mean(0).gt(…)",
        ],
    },
    inputs: || {
        let mut rng = Rng::new(73);
        // deviations and means of latents; no variance is near the threshold
        let table = |deviations: &[Float], means: &[Float], n: usize, rng: &mut Rng| {
            let scale: Tensor = deviations.iter().copied().collect();
            let shift: Tensor = means.iter().copied().collect();
            let raw = rng.normal(&[n, deviations.len()]);
            let raw = &raw - raw.mean_keep(0);
            let unit = &raw / raw.square().mean_keep(0).sqrt();
            unit * scale.reshape(&[1, deviations.len()]) + shift.reshape(&[1, means.len()])
        };
        let four = table(&[1.0, 0.05, 0.02, 0.5], &[0.0, 0.0, 0.7, 1.0], 5, &mut rng);
        let six = table(
            &[0.03, 0.8, 0.05, 0.3, 0.06, 0.001],
            &[0.5, -0.4, 0.0, 0.0, -0.3, 0.05],
            8,
            &mut rng,
        );
        let input = |about: &str, mu: Tensor| Input::new(about).with("mu", mu);
        vec![
            input("two pictures, one latent: μ = 1 and −1", Tensor::from([[1.0], [-1.0]])),
            input("two pictures, one latent: μ = 0.5 for both", Tensor::from([[0.5], [0.5]])),
            input("five pictures, four latents", four),
            input("eight pictures, six latents", six),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("mu"))],
    right: |mu| mu.var(0, 0).gt(0.01),
    wrong: &[
        Wrong {
            answer: |mu| mu.var(0, 0).sqrt().gt(0.01),
            says: "The standard deviation is compared with 0.01, which is meant for the variance: \
                   take the square. Yours counts latents that move by a fiftieth of their noise.",
        },
        Wrong {
            answer: |mu| mu.square().mean(0).gt(0.01),
            says: "The mean of μ² is not the variance: a latent that says 0.7 of every picture says \
                   nothing. Take the mean over pictures away first.",
        },
        Wrong {
            answer: |mu| mu.mean(0).abs().gt(0.01),
            says: "You look at the mean over pictures. The most talkative latent may have the mean \
                   0; what counts is whether μ differs from picture to picture.",
        },
        Wrong {
            answer: |mu| mu.var(0, 0).le(0.01),
            says: "The comparison is turned round: these are the latents that have collapsed.",
        },
    ],
};
