//! The program: pixels, the loss, pictures from noise.

use super::super::bernoulli_log_likelihood as log_likelihood;
use super::{Network, beside, called, column, network};
use crate::check::{Check, Exercise, Function, Input, Wrong};
use crate::random::Rng;
use crate::{Float, Tensor};

type Loss = fn(Network, Network, &Tensor, &Tensor, Float) -> Tensor;
type Generate = fn(Network, &Tensor, usize) -> Tensor;

/// Σ_j x_j ln σ(l_j) + (1 − x_j) ln(1 − σ(l_j)).
pub const BERNOULLI_LOG_LIKELIHOOD: Check<fn(&Tensor, &Tensor) -> Tensor> = Check {
    exercise: Exercise {
        chapter: "vae",
        name: "bernoulli_log_likelihood",
        statements: &["V4"],
        place: "03_vae.md#pixels",
        outputs: &["ln p(x|z)"],
        learned: "Binary cross-entropy is no score that somebody invented: it is minus the logarithm \
                  of a probability, so it is summed over pixels, and it is measured in nats.",
        hints: [
            "Pixels are independent given z, so the logarithms add up. What is 1 − σ(l), as a \
             sigmoid?",
            "ln σ(l) = l − softplus(l) and ln(1 − σ(l)) = −softplus(l), so each pixel gives x l − \
             softplus(l).",
            "(x * logits - logits.…()).sum(1)",
        ],
    },
    inputs: || {
        let input = |about: &str, x: Tensor, logits: Tensor| {
            Input::new(about).with("x", x).with("logits", logits)
        };
        let mut rng = Rng::new(91);
        let bits = rng.uniform(&[3, 4]).gt(0.5);
        let grey = rng.uniform(&[2, 6]);
        let [three, two] = [rng.normal(&[3, 4]) * 2.0, rng.normal(&[2, 6])];
        let sure = Tensor::from([[200.0, -200.0, 150.0]]);
        vec![
            input("one black pixel, logit 1", Tensor::from([[1.0]]), Tensor::from([[1.0]])),
            input("three pictures of four pixels, black or white", bits, three),
            input("two pictures of six grey pixels, logits as a variable", grey, two.variable()),
            input("logits of ±200", Tensor::from([[0.0, 0.0, 1.0]]), sure),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("x"), i.tensor("logits"))],
    right: |x, logits| (x * logits - logits.softplus()).sum(1),
    wrong: &[
        Wrong {
            answer: |x, logits| (x * logits - logits.softplus()).mean(1),
            says: "The mean over pixels stands where the sum belongs. ln of a product is a sum; with \
                   a mean the reconstruction weighs d times too little beside the KL, and the latents \
                   fall silent.",
        },
        Wrong {
            answer: |x, logits| (logits.softplus() - x * logits).sum(1),
            says: "The sign is flipped: this is the binary cross-entropy, which a loss has. The task \
                   wants ln p(x|z), which is never positive here.",
        },
        Wrong {
            answer: |x, logits| -(x * (-logits).softplus()).sum(1),
            says: "The second half is missing: white pixels count for nothing, so a decoder that \
                   paints all black would be perfect. Add (1 − x) ln(1 − σ(l)).",
        },
        Wrong {
            answer: |x, logits| {
                let twice = logits.sigmoid();
                (x * &twice - twice.softplus()).sum(1)
            },
            says: "The sigmoid is applied twice: softplus and its relatives take logits, and you gave \
                   them σ(l). Every pixel is then between σ(0) = ½ and σ(1).",
        },
        Wrong {
            answer: |x, logits| (x * logits.log_softmax(1)).sum(1),
            says: "A softmax over the pixels: they would compete for one unit of ink. Each pixel is a \
                   coin of its own, with its own sigmoid.",
        },
        Wrong {
            answer: |x, logits| (x - logits.sigmoid()).square().sum(1) * -0.5,
            says: "Squared errors: that is ln p(x|z) up to a constant for normal pixels with variance \
                   1. Here pixels are Bernoulli.",
        },
    ],
};

/// The mean over rows of D + β R at z = μ + σ ⊙ ε.
pub const VAE_LOSS: Check<Loss> = Check {
    exercise: Exercise {
        chapter: "vae",
        name: "vae_loss",
        statements: &["V5", "V4"],
        place: "03_vae.md#the-five-steps",
        outputs: &["loss"],
        learned: "Encode, reparameterise, decode, compare, and add what the latents cost. With β = 1 \
                  its mean is at least that of −ln p(x); nothing else is trained.",
        hints: [
            "Five lines, and you have written three of them in the exercises before. How are μ and \
             ln σ² cut out of what the encoder says?",
            "The mean over rows of −ln p(x|z) + β Σ_j KL_j, z = μ + σ ⊙ ε.",
            "let k = epsilon.shape()[1]; let said = encode(x); let (mu, log_var) = (said.slice(1, \
             0..k), said.slice(1, k..2 * k)); let z = …; (kl * beta - bernoulli_log_likelihood(x, \
             &decode(&z))).mean(..)",
        ],
    },
    inputs: || {
        let input = |about: &str, [encode, decode]: &[Function; 2], x, epsilon, beta: Float| {
            let (x, epsilon): (Tensor, Tensor) = (x, epsilon);
            Input::new(about)
                .with("encode", encode.clone())
                .with("decode", decode.clone())
                .with("x", x)
                .with("epsilon", epsilon)
                .with("beta", beta)
        };
        let mut rng = Rng::new(92);
        let (x, epsilon) = (rng.uniform(&[4, 4]), rng.normal(&[4, 2]));
        let (bits, other) = (rng.uniform(&[3, 4]).gt(0.5), rng.normal(&[3, 2]));
        let [one, half] = [[[1.0]], [[0.5]]].map(Tensor::from);
        vec![
            input("one pixel, one latent, β = 1", &of_one_pixel(), one, half, 1.0),
            input("four pictures of four pixels, two latents, β = 1", &of_four(), x, epsilon, 1.0),
            input("three pictures of black and white pixels, β = 3", &of_four(), bits, other, 3.0),
        ]
    },
    run: |answer, i| {
        let (encode, decode) = (called(i, "encode"), called(i, "decode"));
        let [x, epsilon] = ["x", "epsilon"].map(|name| i.tensor(name));
        vec![answer(&encode, &decode, x, epsilon, i.number("beta"))]
    },
    right: |encode, decode, x, epsilon, beta| {
        let (mu, log_var) = halves(encode, x);
        let z = draw(&mu, &log_var, epsilon);
        (rate(&mu, &log_var) * beta - log_likelihood(x, &decode(&z))).mean(..)
    },
    wrong: &[
        Wrong {
            answer: |encode, decode, x, epsilon, beta| {
                let (mu, log_var) = halves(encode, x);
                let z = draw(&mu, &log_var, epsilon);
                let pixels = x.shape()[1] as Float;
                (rate(&mu, &log_var) * beta - log_likelihood(x, &decode(&z)) / pixels).mean(..)
            },
            says: "The cross-entropy is averaged over the pixels, and the KL is summed over latents: \
                   the rate weighs d times too much. On digits that is β = 784, and every latent \
                   falls silent.",
        },
        Wrong {
            answer: |encode, decode, x, epsilon, beta| {
                let (log_var, mu) = halves(encode, x);
                let z = draw(&mu, &log_var, epsilon);
                (rate(&mu, &log_var) * beta - log_likelihood(x, &decode(&z))).mean(..)
            },
            says: "The halves are exchanged: the first k numbers that the encoder says are μ, the last \
                   k are ln σ².",
        },
        Wrong {
            answer: |encode, decode, x, epsilon, beta| {
                let (mu, log_var) = halves(encode, x);
                let z = draw(&mu, &log_var, epsilon);
                (-rate(&mu, &log_var) * beta - log_likelihood(x, &decode(&z))).mean(..)
            },
            says: "The sign of the KL is flipped: the loss is −ELBO = −ln p(x|z) + KL. Yours is paid \
                   for leaving the prior and has no least value.",
        },
        Wrong {
            answer: |encode, decode, x, _, beta| {
                let (mu, log_var) = halves(encode, x);
                (rate(&mu, &log_var) * beta - log_likelihood(x, &decode(&mu))).mean(..)
            },
            says: "You decode μ, without noise. Then σ is trained by the KL alone, which sets it to \
                   1, and the decoder never meets the noise that it will be fed.",
        },
        Wrong {
            answer: |encode, decode, x, epsilon, beta| {
                let (mu, log_var) = halves(encode, x);
                let z = draw(&mu, &log_var, epsilon);
                let distortion = -log_likelihood(x, &decode(&z)).mean(..);
                distortion + rate(&mu, &log_var).sum(..) * beta
            },
            says: "The KL is summed over the batch, and the cross-entropy averaged: the balance of the \
                   two would depend on the batch size. Average both over rows.",
        },
        Wrong {
            answer: |encode, decode, x, epsilon, beta| {
                let (mu, log_var) = halves(encode, x);
                let z = draw(&mu, &log_var, epsilon);
                (rate(&mu, &log_var) * beta - log_likelihood(x, &decode(&z).sigmoid())).mean(..)
            },
            says: "The sigmoid is applied twice: decode gives logits, and ln p(x|z) takes logits. \
                   After a sigmoid no pixel could be whiter than σ(0) = ½.",
        },
    ],
};

/// (μ, ln σ²).
fn halves(encode: Network, x: &Tensor) -> (Tensor, Tensor) {
    let said = encode(x);
    let k = said.shape()[1] / 2;
    (said.slice(1, 0..k), said.slice(1, k..2 * k))
}

fn draw(mu: &Tensor, log_var: &Tensor, epsilon: &Tensor) -> Tensor {
    mu + (log_var * 0.5).exp() * epsilon
}

/// KL from the prior, `[n]`.
fn rate(mu: &Tensor, log_var: &Tensor) -> Tensor {
    (mu.square() + log_var.exp() - log_var - 1.0).sum(1) * 0.5
}

/// An encoder and a decoder of one pixel and one latent.
fn of_one_pixel() -> [Function; 2] {
    let encode = network("encode(x) = (2 x − 1, x/2); the 2 is a parameter", 1, |x| {
        beside(&[Tensor::scalar(2.0).variable() * x - 1.0, x * 0.5])
    });
    [encode, network("decode(z) = 3 z", 1, |z| z * 3.0)]
}

/// An encoder and a decoder of four pixels and two latents.
fn of_four() -> [Function; 2] {
    let encode = network(
        "encode(x) = (x₁ + x₂, x₃ − 2 x₄, x₁ − 1, x₂/2); the 2 is a parameter",
        4,
        |x| {
            let [a, b, c, d] = [0, 1, 2, 3].map(|j| column(x, j));
            beside(&[&a + &b, c - Tensor::scalar(2.0).variable() * d, a - 1.0, b * 0.5])
        },
    );
    let decode = network("decode(z) = (2 z₁, z₂ − 1, z₁ z₂, −3 z₁)", 2, |z| {
        let (a, b) = (column(z, 0), column(z, 1));
        beside(&[&a * 2.0, &b - 1.0, &a * &b, a * -3.0])
    });
    [encode, decode]
}

/// σ(decode(z)), as pictures.
pub const GENERATE: Check<Generate> = Check {
    exercise: Exercise {
        chapter: "vae",
        name: "generate",
        statements: &["V5"],
        place: "03_vae.md#pictures-from-noise",
        outputs: &["pictures"],
        learned: "The generative model is the decoder alone. The encoder was there to train it, and \
                  can be thrown away.",
        hints: [
            "The decoder gives logits. What are the pixels, and in which order do the rows of a \
             picture lie in memory?",
            "The mean of a Bernoulli pixel is σ(logit); [n, side · side] becomes [n, side, side] row \
             by row.",
            "decode(z).…().reshape(&[n, side, side])",
        ],
    },
    inputs: || {
        let input = |about: &str, decode: &Function, z: Tensor, side: usize| {
            Input::new(about).with("decode", decode.clone()).with("z", z).with("side", side)
        };
        let four = network("decode(z) = (z, −2 z, z − 1, z²)", 1, |z| {
            beside(&[z.clone(), z * -2.0, z - 1.0, z.square()])
        });
        let nine = network("decode(z)_j = j z₁ − 4 z₂ + sin(j + z₂)", 2, |z| {
            let pixel = |j: usize| {
                let j = j as Float;
                column(z, 0) * j - column(z, 1) * 4.0 + (column(z, 1) + j).sin()
            };
            beside(&(0..9).map(pixel).collect::<Vec<_>>())
        });
        let mut rng = Rng::new(93);
        let (few, more) = (rng.normal(&[3, 1]), rng.normal(&[5, 2]));
        vec![
            input("one picture of 2 × 2 pixels, z = 0.5", &four, Tensor::from([[0.5]]), 2),
            input("three pictures of 2 × 2 pixels", &four, few, 2),
            input("five pictures of 3 × 3 pixels, two latents", &nine, more, 3),
        ]
    },
    run: |answer, i| vec![answer(&called(i, "decode"), i.tensor("z"), i.count("side"))],
    right: |decode, z, side| pictures(&decode(z).sigmoid(), side),
    wrong: &[
        Wrong {
            answer: |decode, z, side| pictures(&decode(z), side),
            says: "These are logits, any numbers at all. A pixel is between 0 and 1: σ(logit), the \
                   probability of ink.",
        },
        Wrong {
            answer: |decode, z, side| pictures(&decode(z).sigmoid(), side).transpose(1, 2),
            says: "Rows and columns of each picture are exchanged: every digit lies on its side, seen \
                   in a mirror. Pixels lie row by row, as reshape takes them.",
        },
        Wrong {
            answer: |decode, z, side| pictures(&decode(z).gt(0.0), side),
            says: "The pixels are rounded to 0 or 1, the likelier of the two. The task wants E[x|z], \
                   the grey that says how sure the decoder is.",
        },
        Wrong {
            answer: |decode, z, side| pictures(&decode(z).softmax(1), side),
            says: "A softmax over the pixels: they share one unit of ink, and a picture would be \
                   almost white. Each pixel has its own sigmoid.",
        },
        Wrong {
            answer: |decode, z, side| pictures(&(-decode(z)).sigmoid(), side),
            says: "Ink and paper are exchanged: this is 1 − σ(logit), the probability of paper. Check \
                   that 1 is ink in the data, and in the picture you draw.",
        },
        Wrong {
            answer: |decode, z, side| pictures(&decode(z).sigmoid().sigmoid(), side),
            says: "The sigmoid is applied twice: the pictures are washed out, every pixel between ½ \
                   and σ(1).",
        },
    ],
};

/// `[n, side²]` as `[n, side, side]`.
fn pictures(pixels: &Tensor, side: usize) -> Tensor {
    pixels.reshape(&[pixels.shape()[0], side, side])
}
