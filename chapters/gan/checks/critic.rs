//! The critic of Wasserstein's distance, its penalty, and the count of modes. Exercises 9 to 11.

use super::{Critic, column};
use crate::check::{Check, Exercise, Function, Input, Wrong};
use crate::random::Rng;
use crate::{Float, Tensor, grad_graph};

type Losses = fn(&Tensor, &Tensor, &Tensor, Float) -> (Tensor, Tensor);
type Penalty = fn(Critic, &Tensor, &Tensor, &Tensor) -> Tensor;

/// (E a(G(z)) − E a(x) + λ penalty, −E a(G(z))).
pub const CRITIC_LOSSES: Check<Losses> = Check {
    exercise: Exercise {
        chapter: "gan",
        name: "critic_losses",
        statements: &["G1"],
        place: "02_gan.md#a-critic-instead-of-a-judge",
        outputs: &["loss of D", "loss of G"],
        learned: "No logarithm and no sigmoid: D gives marks, and the difference of the mean \
                  marks, as long as D is not steeper than 1, is a lower bound of a distance.",
        hints: [
            "D is to give high marks to the data and low ones to the fakes; an optimiser \
             minimises. Which terms depend on G?",
            "D: E a(G(z)) − E a(x) + λ penalty; G: −E a(G(z)).",
            "(fake.mean(..) - … + penalty * lambda, …)",
        ],
    },
    inputs: || {
        let input = |about: &str, real: Tensor, fake: Tensor, penalty: Float, lambda: Float| {
            let input = Input::new(about).with("real", real).with("fake", fake);
            input.with("penalty", Tensor::scalar(penalty)).with("lambda", lambda)
        };
        let mut rng = Rng::new(46);
        let [three, two] = [rng.normal(&[3, 1]), rng.normal(&[2, 1])];
        let [four, five] = [rng.normal(&[4, 1]) + 2.0, rng.normal(&[5, 1]) - 1.0];
        vec![
            input("one point of each kind, no penalty", column([2.0]), column([-1.0]), 0.0, 10.0),
            input("one point of each kind", column([2.0]), column([-1.0]), 0.3, 10.0),
            input("three of the data, two fakes", three, two, 0.7, 4.0),
            input("four and five, as variables", four.variable(), five.variable(), 0.2, 10.0),
        ]
    },
    run: |answer, i| {
        let (real, fake) = (i.tensor("real"), i.tensor("fake"));
        let (of_d, of_g) = answer(real, fake, i.tensor("penalty"), i.number("lambda"));
        vec![of_d, of_g]
    },
    right: |real, fake, penalty, lambda| {
        (fake.mean(..) - real.mean(..) + penalty * lambda, -fake.mean(..))
    },
    wrong: &[
        Wrong {
            answer: |real, fake, penalty, lambda| {
                (real.mean(..) - fake.mean(..) + penalty * lambda, -fake.mean(..))
            },
            says: "D's difference has the wrong sign: minimising E a(x) − E a(G(z)) gives high \
                   marks to the fakes.",
        },
        Wrong {
            answer: |real, fake, penalty, lambda| {
                (fake.mean(..) - real.mean(..) + penalty * lambda, fake.mean(..))
            },
            says: "G's loss has the wrong sign: it would look for the lowest marks. It minimises \
                   −E a(G(z)).",
        },
        Wrong {
            answer: |real, fake, penalty, lambda| {
                (fake.mean(..) - real.mean(..) - penalty * lambda, -fake.mean(..))
            },
            says: "The penalty is subtracted, so that D is paid for being steep. This loss is \
                   minimised: add it.",
        },
        Wrong {
            answer: |real, fake, penalty, _| {
                (fake.mean(..) - real.mean(..) + penalty, -fake.mean(..))
            },
            says: "The penalty's factor λ is missing.",
        },
        Wrong {
            answer: |real, fake, penalty, lambda| {
                let of_d = real.clone() * -1.0;
                let of_d = of_d.softplus().mean(..) + fake.softplus().mean(..);
                (of_d + penalty * lambda, (-fake).softplus().mean(..))
            },
            says: "These are the logarithmic losses of the discriminator. A critic's answer is not \
                   a logit: take its mean as it is.",
        },
        Wrong {
            answer: |real, fake, penalty, lambda| {
                let penalty = penalty * lambda;
                (fake.mean(..) - real.mean(..) + &penalty, penalty - fake.mean(..))
            },
            says: "The penalty stands in G's loss as well. It is a condition on D: through the \
                   points where it is measured G would learn to move to where D is flat.",
        },
    ],
};

/// E (‖∇a(x̂)‖ − 1)² at x̂ = u x + (1 − u) x'.
pub const GRADIENT_PENALTY: Check<Penalty> = Check {
    exercise: Exercise {
        chapter: "gan",
        name: "gradient_penalty",
        statements: &["G4"],
        place: "02_gan.md#the-gradient-penalty",
        outputs: &["penalty"],
        learned: "A loss with a gradient inside, which is differentiated again to train D. With \
                  grad_graph the inner gradient is itself a graph, and nothing special is needed.",
        hints: [
            "Three steps: a point between each pair, the gradient of a there, how far its length \
             is from 1. Which of grad and grad_graph can be differentiated again?",
            "x̂ = u x + (1 − u) x', with its own u for each row; the norm is over coordinates, the \
             mean over rows: E (‖∇a(x̂)‖ − 1)².",
            "let x = (u * real + …).variable(); let slope = grad_graph(&a(&x).sum(..), \
             &[&x]).remove(0); let norm = slope.square().sum(1).sqrt(); …",
        ],
    },
    inputs: || {
        let input = |about: &str, a: &Function, real: Tensor, fake: Tensor, u: Tensor| {
            let input = Input::new(about).with("a", a.clone()).with("real", real);
            input.with("fake", fake).with("u", u)
        };
        let straight = critic("a(x) = 3 Σx; the 3 is a parameter", |x| {
            Tensor::scalar(3.0).variable() * x.sum_keep(1)
        });
        let square = critic("a(x) = 2 ‖x‖²; the 2 is a parameter", |x| {
            Tensor::scalar(2.0).variable() * x.square().sum_keep(1)
        });
        let bent = critic("a(x) = 4 Σ sin(1.5 x); the 4 is a parameter", |x| {
            Tensor::scalar(4.0).variable() * (x * 1.5).sin().sum_keep(1)
        });
        let mut rng = Rng::new(47);
        let mut pair = |n: usize, d: usize| {
            (rng.normal(&[n, d]) + 0.5, rng.normal(&[n, d]) - 0.5, rng.uniform(&[n, 1]))
        };
        let (plane, other, u) = pair(4, 2);
        let (space, beside, v) = pair(3, 3);
        let one = [column([2.0]), column([-1.0]), column([0.75])];
        let [real, fake, u_0] = one;
        vec![
            input("one pair on the line", &straight, real.clone(), fake.clone(), u_0.clone()),
            input("one pair, a is steeper further out", &square, real, fake, u_0),
            input("four pairs in the plane", &square, plane, other, u),
            input("three pairs in three dimensions", &bent, space, beside, v),
        ]
    },
    run: |answer, i| {
        let function = i.function("a");
        let a = |x: &Tensor| function.call(&[x]);
        vec![answer(&a, i.tensor("real"), i.tensor("fake"), i.tensor("u"))]
    },
    right: |a, real, fake, u| {
        let slope = slope(a, &between(real, fake, u));
        (slope.square().sum(1).sqrt() - 1.0).square().mean(..)
    },
    wrong: &[
        Wrong {
            answer: |a, real, fake, u| slope(a, &between(real, fake, u)).square().sum(1).mean(..),
            says: "The norm, not the norm minus 1: this drives the slope to 0, and a to a \
                   constant. The critic shall have slope 1.",
        },
        Wrong {
            answer: |a, real, fake, u| {
                let slope = slope(a, &between(real, fake, u));
                (slope.square().sum(1) - 1.0).square().mean(..)
            },
            says: "The root is missing: 1 is subtracted from the squared norm. It has the same \
                   zeros, but grows with the fourth power, so that one steep place outweighs all \
                   others.",
        },
        Wrong {
            answer: |a, real, fake, u| {
                let slope = slope(a, &between(real, fake, u));
                (slope.square().sum(0).sqrt() - 1.0).square().mean(..)
            },
            says: "The norm is over the wrong axis: sum(0) adds up the points of the batch. Each \
                   point has its own gradient, whose coordinates are along axis 1.",
        },
        Wrong {
            answer: |a, real, _, u| {
                let slope = slope(a, &(real + u * 0.0));
                (slope.square().sum(1).sqrt() - 1.0).square().mean(..)
            },
            says: "The gradient is taken at the data. It belongs at points between data and fakes, \
                   x̂ = u x + (1 − u) x', for that is the way that G's samples have to go.",
        },
        Wrong {
            answer: |a, real, fake, u| {
                let n = real.shape()[0] as Float;
                let slope = slope(a, &between(real, fake, u)) / n;
                (slope.square().sum(1).sqrt() - 1.0).square().mean(..)
            },
            says: "The gradient of the mean over the batch is n times too small for every point. \
                   Differentiate a(x̂).sum(..): each row depends on its own point alone.",
        },
        Wrong {
            answer: |a, real, fake, u| {
                let slope = slope(a, &between(real, fake, u));
                (slope.square().sum(..).sqrt() - 1.0).square()
            },
            says: "One norm of the whole batch: all gradients as one long vector. Each point has \
                   its own norm, and the mean comes last.",
        },
    ],
};

/// u x + (1 − u) x'.
fn between(real: &Tensor, fake: &Tensor, u: &Tensor) -> Tensor {
    u * real + (1.0 - u) * fake
}

/// ∇a at each row, as a graph.
fn slope(a: Critic, x: &Tensor) -> Tensor {
    let x = x.variable();
    grad_graph(&a(&x).sum(..), &[&x]).remove(0)
}

/// A critic as an argument, which insists on the shape as a network does.
fn critic(formula: &'static str, f: impl Fn(&Tensor) -> Tensor + 'static) -> Function {
    Function::new(formula, move |arguments| {
        let [x] = arguments else { panic!("a critic takes x") };
        assert!(x.rank() == 2, "a was called with x of shape {:?}; it takes [n, d]", x.shape());
        f(x)
    })
}

/// Σ f ln(k f) with the shares f = counts/n.
pub const MODE_KL: Check<fn(&Tensor) -> Tensor> = Check {
    exercise: Exercise {
        chapter: "gan",
        name: "mode_kl",
        statements: &["G3"],
        place: "02_gan.md#mode-collapse",
        outputs: &["KL"],
        learned: "0 if all modes are equally frequent, ln k if one has everything. It is finite \
                  however many modes are missing, because the shares stand first in it.",
        hints: [
            "First shares from counts. Then: with which law are they compared, and what is 0 ln 0?",
            "f_j = c_j / Σ c; KL = Σ_j f_j ln(f_j / (1/k)), and 0 ln 0 = 0.",
            "let f = counts / counts.sum(..); (&f * (f.maximum(1e-30) * …).ln()).sum(..)",
        ],
    },
    inputs: || {
        let input = |about: &str, counts: Tensor| Input::new(about).with("counts", counts);
        vec![
            input("two modes, three samples to one", column([3.0, 1.0])),
            input("four modes, all alike", column([5.0; 4])),
            input("four modes, one has everything", column([0.0, 12.0, 0.0, 0.0])),
            input("eight modes, three of them missing", {
                column([40.0, 0.0, 25.0, 10.0, 0.0, 5.0, 0.0, 20.0])
            }),
        ]
    },
    run: |answer, i| vec![answer(i.tensor("counts"))],
    right: |counts| {
        let f = counts / counts.sum(..);
        (x_ln_x(&f).sum(..)) + log(counts.len())
    },
    wrong: &[
        Wrong {
            answer: |counts| x_ln_x(&(counts / counts.sum(..))).sum(..),
            says: "This is Σ f ln f, minus the entropy of the shares. Each share is compared with \
                   that of an even law, 1/k: add ln k.",
        },
        Wrong {
            answer: |counts| {
                let f = counts / counts.sum(..);
                -f.ln().mean(..) - log(counts.len())
            },
            says: "The divergence is the other one, KL(even‖shares): it is infinite as soon as one \
                   mode is missing. The shares stand first.",
        },
        Wrong {
            answer: |counts| x_ln_x(counts).sum(..) + counts.sum(..) * log(counts.len()),
            says: "The counts were not divided by their sum. A divergence is between laws, whose \
                   numbers add up to 1.",
        },
        Wrong {
            answer: |counts| {
                let covered = counts.gt(0.0).sum(..);
                x_ln_x(&(counts / counts.sum(..))).sum(..) + covered.ln()
            },
            says: "The shares are compared with an even law on the modes that were found. A \
                   generator with one mode only would be perfect. k counts all modes.",
        },
        Wrong {
            answer: |counts| {
                let k = counts.len();
                (x_ln_x(&(counts / counts.sum(..))).sum(..) + log(k)) / k as Float
            },
            says: "The mean over the modes stands where the sum belongs: the shares are already \
                   the weights of the mean.",
        },
    ],
};

/// x ln x, 0 at 0.
fn x_ln_x(x: &Tensor) -> Tensor {
    x.gt(0.0).select(&(x * x.ln()), &Tensor::zeros(x.shape()))
}

fn log(k: usize) -> Float {
    crate::kernels::maths::ln(k as Float)
}
