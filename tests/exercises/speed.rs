//! Speed: mistakes that nobody listed, and a part of what each must be told.

#[allow(dead_code)] // its `main`
#[path = "../../exercises/solutions/speed.rs"]
pub mod solutions;

use crate::expect;
use pushforward::chapters::speed::checks::{self, Attainable, Exp, Intensity, Kahan, Sum};
use pushforward::chapters::speed::rounding;
use solutions::ANSWERS;

/// The solution's eˣ is the chapter's to the bit, and Kahan's steps make Kahan's sum.
#[test]
fn the_solutions_on_speed_are_the_chapters_functions() {
    for i in -8700..=8800 {
        let x = i as f32 * 0.01;
        assert_eq!((ANSWERS.exp)(x).to_bits(), rounding::exp(x).to_bits(), "{x}");
    }
    let x = pushforward::random::Rng::new(18).normal(&[1000]);
    let step = |(s, c), &x: &_| (ANSWERS.kahan_step)(s, c, x);
    let sum = x.data().iter().fold((0.0, 0.0), step).0;
    assert_eq!(sum, rounding::kahan_sum(x.data()));
}

#[test]
fn unlisted_mistakes_of_speed_are_diagnosed() {
    let intensity: [(Intensity, &str); 2] = [
        (|sizes| -(ANSWERS.intensity)(sizes), "sign"),
        (|sizes| 3.0 * (ANSWERS.intensity)(sizes), "3.0000 times too large"),
    ];
    for (answer, part) in intensity {
        expect(checks::intensity(answer), part);
    }
    let roof: [(Attainable, &str); 2] =
        [(|p, b, i| -p.min(b * i), "sign"), (|p, b, i| 2.0 * p.min(b * i), "2 times too large")];
    for (answer, part) in roof {
        expect(checks::attainable(answer), part);
    }
    let exp: [(Exp, &str); 2] = [
        (|x| f32::from_bits((ANSWERS.exp)(x).to_bits() + 5), "units in the last place"),
        (|x| -(ANSWERS.exp)(x), "sign"),
    ];
    for (answer, part) in exp {
        expect(checks::exp(answer), part);
    }
    let sums: [(Sum, &str); 2] =
        [(|x| -(ANSWERS.pairwise_sum)(x), "sign"), (|_| 0.0, "whatever the arguments")];
    for (answer, part) in sums {
        expect(checks::pairwise_sum(answer), part);
    }
    let step: [(Kahan, &str); 1] = [(
        |s, c, x| {
            let (s, c) = (ANSWERS.kahan_step)(s, c, x);
            (s, 2.0 * c)
        },
        "2 times too large",
    )];
    for (answer, part) in step {
        expect(checks::kahan_step(answer), part);
    }
}
