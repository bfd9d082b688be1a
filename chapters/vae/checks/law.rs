//! The encoder's law: its divergence from the prior, draws of it, and gradients through them.

use super::super::Gaussian;
use super::{Network, called, column, network};
use crate::check::{Check, Exercise, Function, Input, Wrong};
use crate::random::Rng;
use crate::{Float, Tensor, grad};

type Gradients = fn(Network, &Tensor, &Tensor, &Tensor) -> (Tensor, Tensor);

/// −½ Σ_j (1 + ln σ_j² − μ_j² − σ_j²).
pub const KL_DIVERGENCE: Check<fn(&Tensor, &Tensor) -> Tensor> = Check {
    exercise: Exercise {
        chapter: "vae",
        name: "kl_divergence",
        statements: &["V3"],
        place: "03_vae.md#the-divergence-of-normal-laws",
        outputs: &["KL(q ‖ p)"],
        learned: "Half of the loss without a single draw. It is 0 exactly if q is the prior, so it \
                  is what a picture pays for being told apart from others.",
        hints: [
            "The integral of q (ln q − ln p) needs two means only: of z² and of (z − μ)² under q.",
            "KL = −½ Σ_j (1 + ln σ_j² − μ_j² − σ_j²), and σ² is the exponential of the second \
             argument.",
            "(1.0 + log_var − mu.square() − …).sum(1) * …",
        ],
    },
    inputs: || {
        let input = |about: &str, mu: Tensor, log_var: Tensor| {
            Input::new(about).with("mu", mu).with("log_var", log_var)
        };
        let one = |mu: Float, log_var: Float| [mu, log_var].map(|v| Tensor::from([[v]]));
        let mut rng = Rng::new(61);
        let mut batch = |n: usize, k: usize| [(); 2].map(|()| rng.normal(&[n, k]));
        let [wide, tall] = [batch(2, 5), batch(4, 2)];
        let cases = [
            ("μ = 0, σ² = 1: q is the prior", one(0.0, 0.0)),
            ("one latent, μ = 2, σ² = 1", one(2.0, 0.0)),
            ("one latent, μ = 0, ln σ² = −2", one(0.0, -2.0)),
            ("two rows, five latents", wide),
        ];
        let cases = cases.into_iter().map(|(about, [mu, log_var])| input(about, mu, log_var));
        let [mu, log_var] = tall.map(|v| v.variable());
        cases.chain([input("four rows, two latents, as variables", mu, log_var)]).collect()
    },
    run: |answer, i| vec![answer(i.tensor("mu"), i.tensor("log_var"))],
    right: |mu, log_var| (mu.square() + log_var.exp() - log_var - 1.0).sum(1) * 0.5,
    wrong: &[
        Wrong {
            answer: |mu, log_var| (mu.square() + log_var.exp() - log_var * 0.5 - 1.0).sum(1) * 0.5,
            says: "ln σ for ln σ²: the formula has ln σ², and that is the second argument itself. \
                   Yours is least at σ² = ½ instead of at the prior.",
        },
        Wrong {
            answer: |mu, log_var| (1.0 + log_var - mu.square() - log_var.exp()).sum(1) * 0.5,
            says: "The sign is flipped: this is −KL, never positive. Training would push the \
                   encoder as far from the prior as it can.",
        },
        Wrong {
            answer: |mu, log_var| (mu.square() + log_var.exp() - log_var - 1.0).mean(1) * 0.5,
            says: "The mean over latents stands where their sum belongs: independent coordinates \
                   add up. With a mean the rate would weigh k times too little.",
        },
        Wrong {
            answer: |mu, log_var| (mu.square() + deviation(log_var) - log_var - 1.0).sum(1) * 0.5,
            says: "σ for σ²: exp(½ ln σ²) is the standard deviation. The mean of (z − μ)² under q \
                   is the variance, exp(ln σ²).",
        },
        Wrong {
            answer: |mu, log_var| {
                ((mu.square() + 1.0) / log_var.exp() + log_var - 1.0).sum(1) * 0.5
            },
            says: "The two laws are exchanged: this is KL(p ‖ q), a mean over the prior. The bound \
                   has KL(q ‖ p), a mean over q.",
        },
        Wrong {
            answer: |mu, log_var| (mu + log_var.exp() - log_var - 1.0).sum(1) * 0.5,
            says: "μ is not squared. Under q the mean of z² is μ² + σ²; with μ alone, more negative \
                   means would make the loss smaller without end.",
        },
    ],
};

/// σ from ln σ².
fn deviation(log_var: &Tensor) -> Tensor {
    (log_var * 0.5).exp()
}

/// z = μ + σ ⊙ ε.
pub const REPARAMETERIZE: Check<fn(&Tensor, &Tensor, &Tensor) -> Tensor> = Check {
    exercise: Exercise {
        chapter: "vae",
        name: "reparameterize",
        statements: &["V2"],
        place: "03_vae.md#noise-with-a-derivative",
        outputs: &["z"],
        learned: "The randomness has become an argument, so z can be differentiated in what the \
                  encoder says. That is all there is to the trick.",
        hints: [
            "Which map makes N(μ, σ²) of N(0, 1)? What must be done to ln σ² to have σ?",
            "z = μ + σ ⊙ ε with σ = exp(½ ln σ²).",
            "mu + (log_var * …).exp() * …",
        ],
    },
    inputs: || {
        let input = |about: &str, [mu, log_var]: &[Tensor; 2], epsilon: &Tensor| {
            Input::new(about).with("mu", mu).with("log_var", log_var).with("epsilon", epsilon)
        };
        let mut rng = Rng::new(62);
        let one = [[[1.0]], [[2.0]]].map(Tensor::from);
        let law = [(); 2].map(|()| rng.normal(&[4, 3]));
        let (epsilon, draws) = (rng.normal(&[4, 3]), rng.normal(&[5, 4, 3]));
        let tracked = law.each_ref().map(|v| v.variable());
        vec![
            input("one latent: μ = 1, ln σ² = 2, ε = 0.5", &one, &Tensor::from([[0.5]])),
            input("four rows, three latents", &law, &epsilon),
            input("the same as variables", &tracked, &epsilon),
            input("five draws for each of the four rows, ε of shape [5, 4, 3]", &law, &draws),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("mu"), i.tensor("log_var"), i.tensor("epsilon"))],
    right: |mu, log_var, epsilon| {
        Gaussian { mu: mu.clone(), log_var: log_var.clone() }.reparameterize(epsilon)
    },
    wrong: &[
        Wrong {
            answer: |mu, log_var, epsilon| mu + log_var.exp() * epsilon,
            says: "exp(ln σ²) is the variance σ², and ε must be multiplied by the standard \
                   deviation: σ = exp(½ ln σ²). Your z has the variance σ⁴.",
        },
        Wrong {
            answer: |mu, log_var, epsilon| mu + log_var * epsilon,
            says: "The logarithm itself multiplies ε. The network says ln σ² so that it may be any \
                   number; take σ = exp(½ ln σ²).",
        },
        Wrong {
            answer: |mu, log_var, epsilon| deviation(log_var) + mu * epsilon,
            says: "μ and σ are exchanged: σ is what spreads the noise, μ what moves it.",
        },
        Wrong {
            answer: |mu, log_var, epsilon| {
                let same = epsilon.slice(0, 0..1).broadcast_to(epsilon.shape());
                mu + deviation(log_var) * same
            },
            says: "The ε of the first row is used for all. Each draw of z needs its own noise, or \
                   the batch has one draw, not n.",
        },
        Wrong {
            answer: |mu, log_var, epsilon| mu + deviation(log_var) + epsilon * 0.0,
            says: "The noise is missing: you return μ + σ, a number that q does not prefer to any \
                   other. ε has to be multiplied by σ.",
        },
        Wrong {
            answer: |mu, log_var, epsilon| mu + deviation(&(-log_var)) * epsilon,
            says: "The sign in the exponent is flipped: exp(−½ ln σ²) is 1/σ. The surer the \
                   encoder, the more noise you would add.",
        },
    ],
};

/// ∇f(z) and f(z) ∇_μ ln q(z), whose means over ε are both ∇_μ E_q f(z).
pub const TWO_GRADIENTS: Check<Gradients> = Check {
    exercise: Exercise {
        chapter: "vae",
        name: "two_gradients",
        statements: &["V2"],
        place: "03_vae.md#two-gradients",
        outputs: &["along the path", "by the score"],
        learned: "Two columns with the same mean, and very different scatter. The first looks at the \
                  slope of f, the second only at its height; the slope knows where to go.",
        hints: [
            "For the first make μ a variable, and z from it; for the second differentiate ln q(z) \
             in μ, with z held fixed, on paper.",
            "∇_μ f(μ + σ ε) = ∇f(z), and f(z) ∇_μ ln q(z) = f(z) (z − μ)/σ² = f(z) ε/σ.",
            "let mu = mu.variable(); let z = …; let path = grad(&f(&z).sum(..), &[&mu]).remove(0); \
             let score = f(&z).detach() * …; (path, score)",
        ],
    },
    inputs: || {
        let input = |about: &str, f: &Function, law: [Tensor; 2], epsilon: Tensor| {
            let [mu, log_var] = law;
            Input::new(about)
                .with("f", f.clone())
                .with("mu", mu)
                .with("log_var", log_var)
                .with("epsilon", epsilon)
        };
        let square = network("f(z) = z²", 1, |z| z.square());
        let bent = network("f(z) = 2 + sin 2z₁ + z₁ z₂", 2, |z| {
            2.0 + (column(z, 0) * 2.0).sin() + column(z, 0) * column(z, 1)
        });
        let long = network("f(z) = 1 − ‖z‖²/2", 3, |z| 1.0 - z.square().sum_keep(1) * 0.5);
        let mut rng = Rng::new(63);
        let mut batch =
            |n: usize, k: usize| ([(); 2].map(|()| rng.normal(&[n, k])), rng.normal(&[n, k]));
        let ((plane, of_plane), (space, of_space)) = (batch(5, 2), batch(3, 3));
        let one = [[[1.0]], [[1.0]]].map(Tensor::from);
        vec![
            input("f(z) = z², μ = 1, ln σ² = 1, ε = 0.5", &square, one, Tensor::from([[0.5]])),
            input("five draws in the plane", &bent, plane, of_plane),
            input("three draws of three latents", &long, space, of_space),
        ]
    },
    run: |answer, i| {
        let f = called(i, "f");
        let (a, b) = answer(&f, i.tensor("mu"), i.tensor("log_var"), i.tensor("epsilon"));
        vec![a.detach(), b.detach()]
    },
    right: |f, mu, log_var, epsilon| {
        (path(f, mu, log_var, epsilon), score(f, mu, log_var, epsilon))
    },
    wrong: &[
        Wrong {
            answer: |f, mu, log_var, epsilon| {
                (Tensor::zeros(mu.shape()), score(f, mu, log_var, epsilon))
            },
            says: "The gradient along the path is 0: z was a constant for it. Make μ a variable \
                   first and compute z from that variable; what is drawn from outside has no \
                   derivative.",
        },
        Wrong {
            answer: |f, mu, log_var, epsilon| {
                (path(f, mu, log_var, epsilon), -score(f, mu, log_var, epsilon))
            },
            says: "The first is right. The sign of the score is flipped: ∇_μ ln q(z) = (z − μ)/σ², \
                   which is −∇_z ln q(z). The mean moves towards draws where f is large.",
        },
        Wrong {
            answer: |f, mu, log_var, epsilon| {
                (path(f, mu, log_var, epsilon), height(f, mu, log_var, epsilon) * epsilon)
            },
            says: "The first is right. In the score σ is missing: (z − μ)/σ² = ε/σ, and yours is \
                   (z − μ)/σ = ε.",
        },
        Wrong {
            answer: |f, mu, log_var, epsilon| {
                (path(f, mu, log_var, epsilon), epsilon / deviation(log_var))
            },
            says: "The first is right. The second is ∇_μ ln q(z) alone, whose mean is 0 whatever f \
                   is. It must be multiplied by f(z).",
        },
        Wrong {
            answer: |f, mu, log_var, epsilon| {
                let along = path(f, mu, log_var, epsilon) * epsilon;
                (along, score(f, mu, log_var, epsilon))
            },
            says: "The second is right. The first is multiplied by ε: that is the derivative of z in \
                   σ. In μ it is 1.",
        },
        Wrong {
            answer: |f, mu, log_var, epsilon| {
                (path(f, mu, log_var, epsilon), f(mu).detach() * epsilon / deviation(log_var))
            },
            says: "The first is right. The second takes f at μ, the same for every draw, so its mean \
                   is 0. Take f at the draw z.",
        },
    ],
};

/// ∇f at z.
fn path(f: Network, mu: &Tensor, log_var: &Tensor, epsilon: &Tensor) -> Tensor {
    let mu = mu.variable();
    let z = &mu + deviation(log_var) * epsilon;
    grad(&f(&z).sum(..), &[&mu]).remove(0)
}

/// f at z, `[n, 1]`.
fn height(f: Network, mu: &Tensor, log_var: &Tensor, epsilon: &Tensor) -> Tensor {
    f(&(mu + deviation(log_var) * epsilon)).detach()
}

/// f(z) (z − μ)/σ².
fn score(f: Network, mu: &Tensor, log_var: &Tensor, epsilon: &Tensor) -> Tensor {
    height(f, mu, log_var, epsilon) * epsilon / deviation(log_var)
}
