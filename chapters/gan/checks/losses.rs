//! What G minimises: minimax, non-saturating, and both players by least squares. Exercises 6 to 8.

use super::column;
use crate::Tensor;
use crate::check::{Check, Exercise, Input, Wrong};
use crate::random::Rng;

type OfFakes = fn(&Tensor) -> (Tensor, Tensor);
type OfBoth = fn(&Tensor, &Tensor) -> (Tensor, Tensor);

/// The mean of −ln σ(a).
fn not_believed(a: &Tensor) -> Tensor {
    (-a).softplus().mean(..)
}

/// The mean of ln(1 − σ(a)).
fn seen_through(a: &Tensor) -> Tensor {
    -a.softplus().mean(..)
}

/// Logits of fakes: one, some, and one that is rejected for certain.
fn fakes() -> Vec<Input> {
    let input = |about: &str, fake: Tensor| Input::new(about).with("fake", fake);
    let mut rng = Rng::new(44);
    let [three, five] = [rng.normal(&[3, 1]), rng.normal(&[5, 1]) * 2.0];
    vec![
        input("one fake, a = −1", column([-1.0])),
        input("one fake of which D knows nothing, a = 0", column([0.0])),
        input("three fakes", three),
        input("a fake that is rejected for certain, a = −1000", column([-1000.0, 0.5])),
        input("five fakes, as variables", five.variable()),
    ]
}

/// (E ln(1 − σ(a)), −E ln σ(a)).
pub const GENERATOR_LOSSES: Check<OfFakes> = Check {
    exercise: Exercise {
        chapter: "gan",
        name: "generator_losses",
        statements: &["G1", "G5"],
        place: "02_gan.md#saturation",
        outputs: &["minimax", "non_saturating"],
        learned: "Both fall when D believes more of the fakes. The first is the game as it was \
                  defined; the second is what nearly everybody trains with.",
        hints: [
            "Both losses are small where D takes the fakes for data. Which of them has no lower \
             bound?",
            "minimax: E ln(1 − σ(a)); non-saturating: −E ln σ(a). With softplus: ln σ(a) = \
             −softplus(−a).",
            "(-fake.softplus().mean(..), (…).softplus().mean(..))",
        ],
    },
    inputs: fakes,
    run: |answer, i| {
        let (minimax, non_saturating) = answer(i.tensor("fake"));
        vec![minimax, non_saturating]
    },
    right: |fake| (seen_through(fake), not_believed(fake)),
    wrong: &[
        Wrong {
            answer: |fake| (seen_through(fake), -seen_through(fake)),
            says: "The second is minus the first, −ln(1 − D): minimising it would teach G to be \
                   found out. The non-saturating loss is −ln D, another function.",
        },
        Wrong {
            answer: |fake| (not_believed(fake), not_believed(fake)),
            says: "The first is written as −ln D, which is the second. ln(1 − D) and −ln D both \
                   fall as D rises, but they are two functions.",
        },
        Wrong {
            answer: |fake| (seen_through(fake), -not_believed(fake)),
            says: "The second has the wrong sign: ln D is what G wants to be large. A loss is \
                   minimised, so it is −ln D.",
        },
        Wrong {
            answer: |fake| (not_believed(fake) + 1.0, not_believed(fake)),
            says: "The first is 1 − ln D: the 1 stands outside of the logarithm. It is ln(1 − D).",
        },
        Wrong {
            answer: |fake| {
                let d = fake.sigmoid().mean(..);
                ((1.0 - &d).ln(), -d.ln())
            },
            says: "This is the logarithm of the mean. The mean is of the logarithms, one for each \
                   fake (Jensen's inequality says which of the two is larger).",
        },
        Wrong {
            answer: |fake| (fake.softplus().mean(..), not_believed(fake)),
            says: "The first has the wrong sign: −ln(1 − D) is D's cross-entropy on fakes, which D \
                   minimises. G minimises ln(1 − D).",
        },
    ],
};

/// (−σ(a), −(1 − σ(a))).
pub const GENERATOR_SLOPES: Check<OfFakes> = Check {
    exercise: Exercise {
        chapter: "gan",
        name: "generator_slopes",
        statements: &["G5"],
        place: "02_gan.md#saturation",
        outputs: &["minimax", "non_saturating"],
        learned: "At a fake that D rejects, σ(a) ≈ 0: the first slope is gone and the second is \
                  −1. Everything that reaches G passes through this factor.",
        hints: [
            "Differentiate ln(1 − σ(a)) and −ln σ(a) in a. What is σ'?",
            "σ' = σ (1 − σ), so ln(1 − σ(a)) has the slope −σ(a), and −ln σ(a) has −(1 − σ(a)).",
            "let d = fake.sigmoid(); (-&d, …)",
        ],
    },
    inputs: fakes,
    run: |answer, i| {
        let (minimax, non_saturating) = answer(i.tensor("fake"));
        vec![minimax.detach(), non_saturating.detach()]
    },
    right: |fake| (-fake.sigmoid(), -(-fake).sigmoid()),
    wrong: &[
        Wrong {
            answer: |fake| (-(-fake).sigmoid(), -fake.sigmoid()),
            says: "The two are exchanged. The minimax loss, ln(1 − D), is the one that goes flat \
                   where D is 0: its slope is −σ(a).",
        },
        Wrong {
            answer: |fake| (-(1.0 - fake.sigmoid()).recip(), -fake.sigmoid().recip()),
            says: "These are the slopes in D. The task asks for those in the logit a; the chain \
                   rule multiplies with dD/da = D (1 − D), and that is where saturation comes in.",
        },
        Wrong {
            answer: |fake| (fake.sigmoid(), (-fake).sigmoid()),
            says: "The sizes are right, the signs are not. Both losses fall as a rises, so both \
                   slopes are negative.",
        },
        Wrong {
            answer: |fake| {
                let slope = -(fake.sigmoid() * (1.0 - fake.sigmoid()));
                (slope.clone(), slope)
            },
            says: "This is −σ'(a): the derivative of 1 − D and of −D. The logarithm divides by 1 − \
                   D in the first and by D in the second.",
        },
        Wrong {
            answer: |fake| (-fake.sigmoid(), -fake.sigmoid()),
            says: "The second is the slope of ln(1 − D) once more. −ln D has −1/D · D (1 − D) = \
                   −(1 − σ(a)).",
        },
    ],
};

/// (½ E (a(x) − 1)² + ½ E a(G(z))², ½ E (a(G(z)) − 1)²).
pub const LEAST_SQUARES_LOSSES: Check<OfBoth> = Check {
    exercise: Exercise {
        chapter: "gan",
        name: "least_squares_losses",
        statements: &["G2"],
        place: "02_gan.md#least-squares",
        outputs: &["loss of D", "loss of G"],
        learned: "Regression of the labels 1 and 0, whose best answer is the conditional mean: \
                  q/(q + p_G) again. Nothing saturates: the further a fake is from 1, the stronger \
                  the pull.",
        hints: [
            "D is asked to answer 1 on data and 0 on fakes; G wants another answer on fakes.",
            "D: ½ E (a(x) − 1)² + ½ E a(G(z))²; G: ½ E (a(G(z)) − 1)².",
            "let half = |x: Tensor| x.square().mean(..) * 0.5; (half(…) + half(…), half(…))",
        ],
    },
    inputs: || {
        let input = |about: &str, real: Tensor, fake: Tensor| {
            Input::new(about).with("real", real).with("fake", fake)
        };
        let mut rng = Rng::new(45);
        let [three, two] = [rng.normal(&[3, 1]), rng.normal(&[2, 1])];
        let [four, five] = [rng.normal(&[4, 1]) + 2.0, rng.normal(&[5, 1]) - 1.0];
        vec![
            input("one point of each kind", column([0.5]), column([-2.0])),
            input("three of the data, two fakes", three, two),
            input("four and five, as variables", four.variable(), five.variable()),
        ]
    },
    run: |answer, i| {
        let (of_d, of_g) = answer(i.tensor("real"), i.tensor("fake"));
        vec![of_d, of_g]
    },
    right: |real, fake| (half(&(real - 1.0)) + half(fake), half(&(fake - 1.0))),
    wrong: &[
        Wrong {
            answer: |real, fake| (half(&(real - 1.0)) + half(fake), half(fake)),
            says: "G's target is 0: it learns to be found out. It wants D to answer 1 on its \
                   fakes.",
        },
        Wrong {
            answer: |real, fake| (half(real) + half(&(fake - 1.0)), half(&(fake - 1.0))),
            says: "D's labels are exchanged: it learns to answer 0 on data and 1 on fakes, which \
                   is what G wants. Both would be content with any fakes at all.",
        },
        Wrong {
            answer: |real, fake| {
                let [real, fake] = [real, fake].map(Tensor::sigmoid);
                (half(&(&real - 1.0)) + half(&fake), half(&(fake - 1.0)))
            },
            says: "A sigmoid stands around D's answer. Then the slope vanishes at both ends, which \
                   is what least squares was to cure. D's last layer is linear here.",
        },
        Wrong {
            answer: |real, fake| (half(&(real - 1.0)), half(&(fake - 1.0))),
            says: "D's second half is missing: it is never told to answer 0 on fakes, and a = 1 \
                   everywhere is its best answer.",
        },
        Wrong {
            answer: |real, fake| (half(&(real - 1.0)) + half(fake), -half(fake)),
            says: "G's loss is minus D's half of the fakes. −½ a² falls without bound on both \
                   sides of 0, so that G might run where a is −∞. It is ½ (a − 1)².",
        },
        Wrong {
            answer: |real, fake| {
                ((half(&(real - 1.0)) + half(fake)) * 2.0, half(&(fake - 1.0)) * 2.0)
            },
            says: "The ½ is missing in both: right but for a factor of 2, which here is a learning \
                   rate twice as large as the one that was meant.",
        },
    ],
};

/// ½ E x².
fn half(x: &Tensor) -> Tensor {
    x.square().mean(..) * 0.5
}
