//! The game: its value, the best discriminator, the divergence it measures, and the algorithm.
//! Exercises 1 to 5.

use super::column;
use crate::check::{Check, Exercise, Input, Wrong};
use crate::random::Rng;
use crate::{Float, Tensor};

type OfTwo = fn(&Tensor, &Tensor) -> Tensor;
type OnGrid = fn(&Tensor, &Tensor, Float) -> Tensor;
type Step = fn(&Tensor, &Tensor, &Tensor, Float) -> Tensor;
type Rounds = fn(&Tensor, &Tensor, usize, usize, Float) -> (Tensor, Tensor);

/// The mean of ln σ(a).
fn log_d(a: &Tensor) -> Tensor {
    -(-a).softplus().mean(..)
}

/// The mean of ln(1 − σ(a)).
fn log_not_d(a: &Tensor) -> Tensor {
    -a.softplus().mean(..)
}

/// E ln σ(a(x)) + E ln(1 − σ(a(G(z)))).
pub const VALUE_FUNCTION: Check<OfTwo> = Check {
    exercise: Exercise {
        chapter: "gan",
        name: "value_function",
        statements: &["G1"],
        place: "02_gan.md#the-game",
        outputs: &["V"],
        learned: "That is the whole game in one number. D makes it large, G makes it small, and \
                  only the second half depends on G. Written with softplus it stays finite however \
                  sure D is.",
        hints: [
            "V has a term for the data and one for the fakes, each a mean of its own. How does \
             ln(1 − σ(a)) look without σ?",
            "V = E ln σ(a(x)) + E ln(1 − σ(a(G(z)))), with ln σ(a) = −softplus(−a) and ln(1 − \
             σ(a)) = −softplus(a).",
            "-(-real).softplus().mean(..) - …",
        ],
    },
    inputs: || {
        let input = |about: &str, real: Tensor, fake: Tensor| {
            Input::new(about).with("real", real).with("fake", fake)
        };
        let mut rng = Rng::new(41);
        let [three, two] = [rng.normal(&[3, 1]), rng.normal(&[2, 1])];
        let [five, four] = [rng.normal(&[5, 1]) + 1.0, rng.normal(&[4, 1]) - 0.5];
        vec![
            input("one point of each kind", column([1.0]), column([-0.5])),
            input("three of the data, two fakes", three, two),
            input("a fake that D takes for data, a = 200", column([3.0]), column([200.0, 0.5])),
            input("five and four, logits as variables", five.variable(), four.variable()),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("real"), i.tensor("fake"))],
    right: |real, fake| log_d(real) + log_not_d(fake),
    wrong: &[
        Wrong {
            answer: |real, _| log_d(real),
            says: "The second half is missing: only the data are rewarded. A discriminator that \
                   calls everything real would have the best value.",
        },
        Wrong {
            answer: |real, fake| log_d(real) - log_d(fake),
            says: "ln(1 − D) is written as −ln D. They are two functions: at D = ½ they differ by \
                   the sign, and −ln D has no upper bound, so that D could make your V as large as \
                   it likes by one fake alone.",
        },
        Wrong {
            answer: |real, fake| -(log_d(real) + log_not_d(fake)),
            says: "The sign is flipped. This is the loss an optimiser minimises for D (binary \
                   cross-entropy, with both halves added); V itself is what D makes large.",
        },
        Wrong {
            answer: |real, fake| log_d(fake) + log_not_d(real),
            says: "Data and fakes are exchanged: your D is rewarded for calling fakes real. D(x) \
                   is the probability that x is from the data.",
        },
        Wrong {
            answer: |real, fake| {
                log_d(real) * real.len() as Float + log_not_d(fake) * fake.len() as Float
            },
            says: "Sums stand where the means belong: V would grow with the batch, and two batches \
                   of different sizes would weigh data and fakes differently.",
        },
        Wrong {
            answer: |real, fake| log_d(real) - log_not_d(fake),
            says: "The second half is subtracted. ln(1 − D) is large where D rejects the fake, \
                   which D wants: it is added.",
        },
    ],
};

/// q / (q + p_G).
pub const OPTIMAL_DISCRIMINATOR: Check<OfTwo> = Check {
    exercise: Exercise {
        chapter: "gan",
        name: "optimal_discriminator",
        statements: &["G2"],
        place: "02_gan.md#the-best-discriminator",
        outputs: &["D*"],
        learned: "The logit of D* is ln q − ln p_G: a perfect discriminator knows the ratio of the \
                  two densities at every place, and neither of them alone.",
        hints: [
            "Divide above and below by q. What is left is a function of the ratio.",
            "D* = q/(q + p_G) = 1/(1 + p_G/q) = σ(ln q − ln p_G).",
            "(… - …).sigmoid()",
        ],
    },
    inputs: || {
        let input =
            |about: &str, q: Tensor, p: Tensor| Input::new(about).with("log_q", q).with("log_p", p);
        let mut rng = Rng::new(42);
        let [a, b] = [(); 2].map(|()| rng.normal(&[4, 1]) - 1.5);
        vec![
            input("one place, q = 0.3, p = 0.1", column([0.3]).ln(), column([0.1]).ln()),
            input("one place, equal densities", column([-0.7]), column([-0.7])),
            input("four places", a.clone(), b.clone()),
            input("far out, where both densities are 0.0", column([-1000.0]), column([-1001.0])),
            input("the same four places, as variables", a.variable(), b.variable()),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("log_q"), i.tensor("log_p"))],
    right: |log_q, log_p| (log_q - log_p).sigmoid(),
    wrong: &[
        Wrong {
            answer: |log_q, log_p| (log_p - log_q).sigmoid(),
            says: "This is p_G/(q + p_G), the probability that x is a fake. D(x) is the \
                   probability that it is from the data.",
        },
        Wrong {
            answer: |log_q, log_p| (log_q - log_p).exp(),
            says: "This is the ratio q/p_G, which has no upper bound. D* = r/(1 + r) for this \
                   ratio r.",
        },
        Wrong {
            answer: |log_q, log_p| log_q / (log_q + log_p),
            says: "The formula is applied to the logarithms. It is for the densities themselves: \
                   q/(q + p_G), where q = exp(log_q).",
        },
        Wrong {
            answer: |log_q, log_p| log_q - log_p,
            says: "This is the logit of D*. D* is a probability: put the sigmoid around it.",
        },
        Wrong {
            answer: |log_q, log_p| ((log_q - log_p) * 0.5).tanh(),
            says: "This is (q − p_G)/(q + p_G), which runs from −1 to 1 and is 0 where the \
                   densities are equal. There D* is ½.",
        },
    ],
};

/// a ln(a/b) h summed, with 0 ln 0 = 0: KL(a‖b) on a grid.
fn kl(a: &Tensor, b: &Tensor, h: Float) -> Tensor {
    let zero = Tensor::zeros(a.shape());
    a.gt(0.0).select(&(a * (a / b).ln()), &zero).sum(..) * h
}

/// ½ KL(q‖m) + ½ KL(p‖m) with m = ½ (q + p).
pub const JENSEN_SHANNON: Check<OnGrid> = Check {
    exercise: Exercise {
        chapter: "gan",
        name: "jensen_shannon",
        statements: &["G3"],
        place: "02_gan.md#what-the-game-measures",
        outputs: &["JSD"],
        learned: "Between 0, for equal laws, and ln 2, for laws that nowhere overlap, however far \
                  apart they are. With it V(D*, G) = 2 JSD − ln 4 needs no discriminator at all.",
        hints: [
            "Both laws are compared with their mean, not with each other. What is a ln a where a = \
             0, and what does the computer say?",
            "m = ½ (q + p); JSD = ½ Σ h q ln(q/m) + ½ Σ h p ln(p/m), and 0 ln 0 = 0.",
            "let m = (q + p) * 0.5; let kl = |a: &Tensor| (a * (a.maximum(1e-30) / \
             &m).ln()).sum(..) * h; …",
        ],
    },
    inputs: || {
        let input = |about: &str, q: Tensor, p: Tensor, h: Float| {
            Input::new(about).with("q", q).with("p", p).with("h", h)
        };
        let bell = |mean: Float, s: Float| {
            let x = Tensor::linspace(-4.0, 6.0, 41).reshape(&[41, 1]);
            let scale = s * (2.0 * std::f64::consts::PI as Float).sqrt();
            (((x - mean) / s).square() * -0.5).exp() / scale
        };
        let [left, right] = [[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]].map(column);
        let [low, high] = [[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]].map(column);
        vec![
            input("two boxes that do not overlap", left, right, 0.5),
            input("two boxes that half overlap", low, high, 0.5),
            input("the same bell twice", bell(0.0, 1.0), bell(0.0, 1.0), 0.25),
            input("two bells", bell(0.0, 1.0), bell(1.5, 0.7), 0.25),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("q"), i.tensor("p"), i.number("h"))],
    right: |q, p, h| {
        let m = (q + p) * 0.5;
        (kl(q, &m, h) + kl(p, &m, h)) * 0.5
    },
    wrong: &[
        Wrong {
            answer: |q, p, h| {
                let m = (q + p) * 0.5;
                kl(q, &m, h) + kl(p, &m, h)
            },
            says: "The ½ before each of the two divergences is missing: this is 2 JSD, as it \
                   stands in V(D*, G).",
        },
        Wrong {
            answer: |q, p, h| {
                let m = q + p;
                (kl(q, &m, h) + kl(p, &m, h)) * 0.5
            },
            says: "m is the sum of the two laws, which is no law: its mass is 2. With the mean, ½ \
                   (q + p), your result rises by ln 2 and is 0 for equal laws.",
        },
        Wrong {
            answer: |q, p, h| (kl(q, p, h) + kl(p, q, h)) * 0.5,
            says: "The two laws are compared with each other. That is the symmetrised \
                   Kullback–Leibler divergence (half of Jeffreys'), and it is infinite as soon as \
                   one is 0 where the other is not. Compare each with their mean.",
        },
        Wrong {
            answer: |q, p, h| {
                let m = (q + p) * 0.5;
                (kl(q, &m, 1.0) + kl(p, &m, 1.0)) * (0.5 + 0.0 * h)
            },
            says: "The spacing h is missing: a sum over a grid becomes an integral only when each \
                   term is multiplied by the width of its cell.",
        },
        Wrong {
            answer: |q, p, h| {
                let m = (q + p) * 0.5;
                (kl(&m, q, h) + kl(&m, p, h)) * 0.5
            },
            says: "The divergences have their arguments exchanged: KL(m‖q) is infinite where q is \
                   0 and m is not. The law that is weighed with stands first: KL(q‖m).",
        },
        Wrong {
            answer: |q, p, h| kl(q, &((q + p) * 0.5), h),
            says: "This is KL(q‖m) alone. It sees where the data are missed, not where fakes lie \
                   that are unlike any data; JSD is the mean of this and KL(p‖m).",
        },
    ],
};

/// The parts of ∇V by w for D(x) = σ(⟨w, x⟩): the data's, the fakes', as sums over rows, each row
/// weighed by f of its D.
fn pull(w: &Tensor, x: &Tensor, f: fn(&Tensor) -> Tensor) -> Tensor {
    x.t().matmul(&f(&x.matmul(w).sigmoid())) / x.shape()[0] as Float
}

/// D: the probability of being data.
fn accepted(d: &Tensor) -> Tensor {
    d.clone()
}

/// 1 − D.
fn rejected(d: &Tensor) -> Tensor {
    1.0 - d
}

/// w + lr ∇_w V.
pub const DISCRIMINATOR_STEP: Check<Step> = Check {
    exercise: Exercise {
        chapter: "gan",
        name: "discriminator_step",
        statements: &["G4"],
        place: "02_gan.md#the-algorithm",
        outputs: &["w"],
        learned: "An ascent. Data that D doubts pull w towards themselves with 1 − D, fakes that D \
                  believes push it away with D, and whatever D already gets right has no say.",
        hints: [
            "Is V to become larger or smaller by this step? And which of the two halves of V \
             depends on w?",
            "w + lr ∇V, with ∇V = E (1 − D(x)) x − E D(x') x' over data x and fakes x'; or let \
             `grad` find it from V.",
            "let w = w.variable(); let v = …; let slope = grad(&v, &[&w]).remove(0); w.detach() + \
             slope * …",
        ],
    },
    inputs: || {
        let input = |about: &str, w: Tensor, x: [Tensor; 2], lr: Float| {
            let [real, fake] = x;
            let input = Input::new(about).with("w", w).with("real", real);
            input.with("fake", fake).with("lr", lr)
        };
        let mut rng = Rng::new(43);
        let mut draw = |n: usize, m: usize, d: usize| {
            (rng.normal(&[d, 1]), [rng.normal(&[n, d]) + 0.5, rng.normal(&[m, d]) - 0.25])
        };
        let ((w_2, plane), (w_3, space)) = (draw(4, 3, 2), draw(2, 5, 3));
        let one = [column([2.0]), column([-1.0])];
        vec![
            input("one point of each kind on the line, w = 0", column([0.0]), one.clone(), 0.5),
            input("the same points, w = 1", column([1.0]), one, 0.5),
            input("four of the data and three fakes in the plane", w_2, plane, 0.3),
            input("two of the data and five fakes in three dimensions", w_3, space, 1.0),
        ]
    },
    run: |answer, i| {
        vec![answer(i.tensor("w"), i.tensor("real"), i.tensor("fake"), i.number("lr"))]
    },
    right: |w, real, fake, lr| w + (pull(w, real, rejected) - pull(w, fake, accepted)) * lr,
    wrong: &[
        Wrong {
            answer: |w, real, fake, lr| {
                w - (pull(w, real, rejected) - pull(w, fake, accepted)) * lr
            },
            says: "This step descends: V becomes smaller, and D learns to take fakes for data. D \
                   maximises V, so it goes up its gradient; “gradient descent” beside this \
                   gradient is a misprint that is copied from page to page.",
        },
        Wrong {
            answer: |w, real, _, lr| w + pull(w, real, rejected) * lr,
            says: "Only the data pull; the fakes are missing. Both halves of V depend on D.",
        },
        Wrong {
            answer: |w, real, fake, lr| {
                let [n, m] = [real, fake].map(|x| x.shape()[0] as Float);
                w + (pull(w, real, rejected) * n - pull(w, fake, accepted) * m) * lr
            },
            says: "Sums over the batch stand where the means belong, so the step grows with the \
                   batch.",
        },
        Wrong {
            answer: |w, real, fake, lr| {
                w + (pull(w, fake, rejected) - pull(w, real, accepted)) * lr
            },
            says: "Data and fakes are exchanged: the fakes pull and the data push.",
        },
        Wrong {
            answer: |w, real, fake, lr| {
                w + (pull(w, real, rejected) - pull(w, fake, rejected)) * lr
            },
            says: "The fakes push with 1 − D, which belongs to −ln D. The slope of ln(1 − D) in \
                   the logit is −D: a fake that is already rejected must not push any more.",
        },
        Wrong {
            answer: |w, real, fake, lr| {
                (pull(w, real, rejected) - pull(w, fake, accepted)) * lr + w * 0.0
            },
            says: "This is the step alone, lr ∇V. Add it to w.",
        },
    ],
};

/// What one of the two numbers does next: (θ, φ, lr) → its new value.
type Move = fn(&Tensor, &Tensor, Float) -> Tensor;

/// φ + lr ∂V/∂φ with V = ln ½ + ln(1 − σ(φ θ)).
fn phi_up(theta: &Tensor, phi: &Tensor, lr: Float) -> Tensor {
    phi - (phi * theta).sigmoid() * theta * lr
}

/// θ − lr ∂V/∂θ.
fn theta_down(theta: &Tensor, phi: &Tensor, lr: Float) -> Tensor {
    theta + (phi * theta).sigmoid() * phi * lr
}

/// `rounds` times k moves of φ and one of θ.
fn play(
    start: [&Tensor; 2],
    [k, rounds]: [usize; 2],
    lr: Float,
    d: Move,
    g: Move,
) -> (Tensor, Tensor) {
    let mut state = start.map(Tensor::clone);
    for _ in 0..rounds {
        for _ in 0..k {
            state[1] = d(&state[0], &state[1], lr);
        }
        state[0] = g(&state[0], &state[1], lr);
    }
    let [theta, phi] = state;
    (theta, phi)
}

/// The algorithm on two numbers: the data at 0, G(z) = θ, D(x) = σ(φ x).
pub const ALTERNATE: Check<Rounds> = Check {
    exercise: Exercise {
        chapter: "gan",
        name: "alternate",
        statements: &["G4"],
        place: "02_gan.md#two-numbers-that-chase-each-other",
        outputs: &["theta", "phi"],
        learned: "That is the algorithm, and on this smallest of games it does not find the data: \
                  θ and φ chase each other around (0, 0). Draw θ against φ and see.",
        hints: [
            "Two loops, one inside the other. Which of the two moves sees the new value of the \
             other?",
            "In each round k times φ ← φ − lr σ(φθ) θ, then once θ ← θ + lr σ(φθ) φ.",
            "let (mut theta, mut phi) = …; for _ in 0..rounds { for _ in 0..k { phi = &phi - … } \
             theta = &theta + … }",
        ],
    },
    inputs: || {
        let input = |about: &str, start: [Float; 2], counts: [usize; 2], lr: Float| {
            let [theta, phi] = start.map(Tensor::scalar);
            let input = Input::new(about).with("theta", theta).with("phi", phi);
            input.with("k", counts[0]).with("rounds", counts[1]).with("lr", lr)
        };
        vec![
            input("one round, k = 1, from (1, 0)", [1.0, 0.0], [1, 1], 0.5),
            input("one round, k = 2", [1.0, 0.5], [2, 1], 0.5),
            input("three rounds, k = 1", [1.5, -0.5], [1, 3], 0.4),
            input("five rounds, k = 3", [-1.0, 0.7], [3, 5], 0.3),
        ]
    },
    run: |answer, i| {
        let (k, rounds) = (i.count("k"), i.count("rounds"));
        let (theta, phi) = answer(i.tensor("theta"), i.tensor("phi"), k, rounds, i.number("lr"));
        vec![theta, phi]
    },
    right: |theta, phi, k, rounds, lr| play([theta, phi], [k, rounds], lr, phi_up, theta_down),
    wrong: &[
        Wrong {
            answer: |theta, phi, k, rounds, lr| {
                let down: Move = |theta, phi, lr| phi_up(theta, phi, -lr);
                play([theta, phi], [k, rounds], lr, down, theta_down)
            },
            says: "D descends: φ goes down the gradient of V, and both players now want the same. \
                   D maximises: φ + lr ∂V/∂φ, where ∂V/∂φ = −σ(φθ) θ.",
        },
        Wrong {
            answer: |theta, phi, k, rounds, lr| {
                let up: Move = |theta, phi, lr| theta_down(theta, phi, -lr);
                play([theta, phi], [k, rounds], lr, phi_up, up)
            },
            says: "G ascends: θ goes up the gradient of V, as D does. G minimises: θ − lr ∂V/∂θ, \
                   where ∂V/∂θ = −σ(φθ) φ.",
        },
        Wrong {
            answer: |theta, phi, k, rounds, lr| {
                let (mut theta, mut phi) = (theta.clone(), phi.clone());
                for _ in 0..rounds {
                    phi = phi_up(&theta, &phi, lr);
                    theta = (0..k).fold(theta, |theta, _| theta_down(&theta, &phi, lr));
                }
                (theta, phi)
            },
            says: "The k steps are G's, and D takes one. It is the other way round: D is to be \
                   nearly best before G listens to it.",
        },
        Wrong {
            answer: |theta, phi, k, rounds, lr| {
                let (mut theta, mut phi) = (theta.clone(), phi.clone());
                for _ in 0..rounds {
                    let next = theta_down(&theta, &phi, lr);
                    phi = (0..k).fold(phi, |phi, _| phi_up(&theta, &phi, lr));
                    theta = next;
                }
                (theta, phi)
            },
            says: "G's step is taken with φ as it was before D's steps: the players move at the \
                   same time. In the algorithm D moves first, and G answers the new D.",
        },
        Wrong {
            answer: |theta, phi, _, rounds, lr| {
                play([theta, phi], [1, rounds], lr, phi_up, theta_down)
            },
            says: "D takes one step in each round, whatever k is. The inner loop runs k times.",
        },
        Wrong {
            answer: |theta, phi, k, rounds, lr| {
                let phi = (0..k).fold(phi.clone(), |phi, _| phi_up(theta, &phi, lr));
                play([theta, &phi], [0, rounds], lr, phi_up, theta_down)
            },
            says: "D takes its k steps once, before the first round, and stands still after. The \
                   inner loop is a part of each round: when G has moved, D's answer is out of \
                   date.",
        },
    ],
};
