//! The linear model: the likelihood and the posterior that are known.

use crate::check::{Check, Exercise, Input, Wrong};
use crate::random::Rng;
use crate::{Float, Tensor};
use std::f64::consts::TAU;

type OfModel<A> = fn(&Tensor, &Tensor, &Tensor, Float) -> A;

/// ln N(x; b, W Wᵀ + σ² I).
pub const LINEAR_LOG_LIKELIHOOD: Check<OfModel<Tensor>> = Check {
    exercise: Exercise {
        chapter: "vae",
        name: "linear_log_likelihood",
        statements: &["V1"],
        place: "03_vae.md#the-linear-model",
        outputs: &["ln p(x)"],
        learned: "The number that every bound is below. Here it is one line; for a network it is an \
                  integral over all z that nobody can do.",
        hints: [
            "x = W z + b + noise is a sum of independent normal vectors. What are its mean and its \
             covariance?",
            "ln p(x) = −½ [(x − b)ᵀ C⁻¹ (x − b) + ln det C + d ln 2π] with C = W Wᵀ + σ² I.",
            "let c = w.matmul_nt(w) + Tensor::eye(d) * …; let y = c.solve(&centred.t()).t(); \
             ((centred * y).sum(1) + c.slogdet().1 + …) * -0.5",
        ],
    },
    inputs: models,
    run: |answer, i| {
        let [x, w, b] = ["x", "w", "b"].map(|name| i.tensor(name));
        vec![answer(x, w, b, i.number("sigma_2"))]
    },
    right: |x, w, b, sigma_2| log_normal(&(x - b), &covariance(w, sigma_2), 0.5, true),
    wrong: &[
        Wrong {
            answer: |x, w, b, sigma_2| {
                log_normal(
                    &(x - b),
                    &covariance(w, libm::sqrt(f64::from(sigma_2)) as Float),
                    0.5,
                    true,
                )
            },
            says: "σ for σ²: the argument is the variance already. On the diagonal of C stands σ² \
                   itself, not its root.",
        },
        Wrong {
            answer: |x, w, b, sigma_2| {
                let d = w.shape()[0];
                log_normal(&(x - b), &(Tensor::eye(d) * sigma_2), 0.5, true)
            },
            says: "W Wᵀ is missing in C: this is ln p(x|z = 0), the noise around b alone. z moves x \
                   too, and adds its covariance.",
        },
        Wrong {
            answer: |x, w, b, sigma_2| log_normal(&(x - b), &covariance(w, sigma_2), -0.5, true),
            says: "The sign of ln det C is flipped. The wider the law, the lower its density: −½ ln \
                   det C.",
        },
        Wrong {
            answer: |x, w, b, sigma_2| log_normal(&(x - b), &covariance(w, sigma_2), 1.0, true),
            says: "The ½ before ln det C is missing: the density is divided by the root of det C.",
        },
        Wrong {
            answer: |x, w, b, sigma_2| log_normal(&(x - b), &covariance(w, sigma_2), 0.5, false),
            says: "−½ d ln 2π is missing. Training would not notice, for it is a constant; but this \
                   is not a density, and no bound can be compared with it.",
        },
        Wrong {
            answer: |x, w, _, sigma_2| log_normal(x, &covariance(w, sigma_2), 0.5, true),
            says: "b is never used: the law of x is centred at b, so it is x − b that is measured.",
        },
    ],
};

/// W Wᵀ + σ² I.
fn covariance(w: &Tensor, sigma_2: Float) -> Tensor {
    w.matmul_nt(w) + Tensor::eye(w.shape()[0]) * sigma_2
}

/// −½ yᵀ C⁻¹ y − share · ln det C, and −½ d ln 2π if it is normalised: `[n]`.
fn log_normal(y: &Tensor, c: &Tensor, share: Float, normalised: bool) -> Tensor {
    let squares = (y * c.solve(&y.t()).t()).sum(1);
    let tau = if normalised { libm::log(TAU) as Float * y.shape()[1] as Float } else { 0.0 };
    (squares + tau) * -0.5 - c.slogdet().1 * share
}

/// Mean and covariance of p(z|x) = N(M⁻¹ Wᵀ (x − b), σ² M⁻¹), M = Wᵀ W + σ² I.
pub const LINEAR_POSTERIOR: Check<OfModel<(Tensor, Tensor)>> = Check {
    exercise: Exercise {
        chapter: "vae",
        name: "linear_posterior",
        statements: &["V1"],
        place: "03_vae.md#the-linear-model",
        outputs: &["mean", "covariance"],
        learned: "What an encoder tries to say. Its mean is linear in x, its covariance the same for \
                  every x, and tilted unless the columns of W are orthogonal.",
        hints: [
            "ln p(x, z) is quadratic in z. Which quadratic form is it, and where is its maximum?",
            "M = Wᵀ W + σ² I; the mean is M⁻¹ Wᵀ (x − b), the covariance σ² M⁻¹.",
            "let m = w.matmul_tn(w) + Tensor::eye(k) * …; (m.solve(&w.matmul_tn(&(x - b).t())).t(), \
             m.inverse() * …)",
        ],
    },
    inputs: models,
    run: |answer, i| {
        let [x, w, b] = ["x", "w", "b"].map(|name| i.tensor(name));
        let (mean, covariance) = answer(x, w, b, i.number("sigma_2"));
        vec![mean, covariance]
    },
    right: |x, w, b, sigma_2| {
        let m = precision(w, sigma_2);
        (mean(&m, w, &(x - b)), m.inverse() * sigma_2)
    },
    wrong: &[
        Wrong {
            answer: |x, w, b, sigma_2| {
                let m = precision(w, sigma_2);
                (mean(&m, w, &(x - b)), m.inverse())
            },
            says: "The mean is right. σ² is missing in the covariance: the precision of z is I + Wᵀ \
                   W/σ² = M/σ², and the covariance its inverse, σ² M⁻¹.",
        },
        Wrong {
            answer: |x, w, b, sigma_2| {
                let m = precision(w, 1.0);
                (mean(&m, w, &(x - b)), m.inverse() * sigma_2)
            },
            says: "M has I where σ² I belongs. With less noise in x, x says more about z; in your M \
                   the prior always counts the same.",
        },
        Wrong {
            answer: |x, w, _, sigma_2| {
                let m = precision(w, sigma_2);
                (mean(&m, w, x), m.inverse() * sigma_2)
            },
            says: "The covariance is right. b is never used: what z has to explain is x − b.",
        },
        Wrong {
            answer: |x, w, b, sigma_2| {
                ((x - b).matmul(w), precision(w, sigma_2).inverse() * sigma_2)
            },
            says: "The covariance is right. In the mean M⁻¹ is missing: Wᵀ (x − b) is only where it \
                   begins.",
        },
        Wrong {
            answer: |x, w, b, sigma_2| {
                let m = precision(w, sigma_2);
                (mean(&precision(w, 0.0), w, &(x - b)), m.inverse() * sigma_2)
            },
            says: "The covariance is right. The mean is the least-squares z, (Wᵀ W)⁻¹ Wᵀ (x − b). The \
                   prior draws it towards 0: σ² I belongs into M here too.",
        },
    ],
};

/// Wᵀ W + σ² I.
fn precision(w: &Tensor, sigma_2: Float) -> Tensor {
    w.matmul_tn(w) + Tensor::eye(w.shape()[1]) * sigma_2
}

/// M⁻¹ Wᵀ y for each row y.
fn mean(m: &Tensor, w: &Tensor, y: &Tensor) -> Tensor {
    m.solve(&w.matmul_tn(&y.t())).t()
}

/// Points and linear models of several sizes.
fn models() -> Vec<Input> {
    let input = |about: &str, [x, w, b]: [Tensor; 3], sigma_2: Float| {
        Input::new(about).with("x", x).with("w", w).with("b", b).with("sigma_2", sigma_2)
    };
    let mut rng = Rng::new(81);
    let mut model = |n: usize, d: usize, k: usize| {
        [rng.normal(&[n, d]) * 2.0, rng.normal(&[d, k]), rng.normal(&[d])]
    };
    let [plane, space, many] = [model(3, 2, 1), model(2, 5, 2), model(4, 4, 3)];
    let one = [Tensor::from([[2.0]]), Tensor::from([[2.0]]), Tensor::from([1.0])];
    vec![
        input("one number, one latent: x = 2, W = 2, b = 1, σ² = 0.25", one, 0.25),
        input("three points in the plane, one latent", plane, 0.5),
        input("two points in five dimensions, two latents", space, 0.1),
        input("four points in four dimensions, three latents", many, 2.0),
    ]
}
