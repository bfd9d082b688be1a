//! The error of a product, the exponential function, sums.

use super::{Exp, Kahan, Reduce, Sum, TwoProduct, exercise};
use crate::chapters::speed::rounding::{
    LN_2_LOW, U, exp, exp_short, kahan_step, pairwise_sum, power_of_two, reduce, sum, two_product,
    ulps,
};
use crate::check::{Check, Input, Wrong};
use crate::{Float, Tensor};
use std::f32::consts::{LN_2, LOG2_E};

fn number(x: Float) -> Tensor {
    Tensor::scalar(x)
}

fn single(x: f32) -> Tensor {
    number(f64::from(x) as Float)
}

/// The argument of this name in float32.
fn argument(input: &Input, name: &str) -> f32 {
    f64::from(input.number(name)) as f32
}

/// p = a b rounded, e = a b − p.
pub const TWO_PRODUCT: Check<TwoProduct> = Check {
    exercise: exercise(
        "two_product",
        &["E19"],
        "engine_speed.md#one-rounding",
        &["p", "e"],
        "A fused multiply-add rounds once, after the addition. So it sees the digits that the product has lost.",
        [
            "p is the product as it comes. Which operation has a b before it is rounded?",
            "e = a b − p with a single rounding; the result fits a float32, so it is exact.",
            "let p = …; (p, a.mul_add(…, …))",
        ],
    ),
    inputs: || {
        let input = |about: &str, a: Float, b: Float| Input::new(about).with("a", a).with("b", b);
        vec![
            input("a product that fits", 3.0, 5.0),
            input("4097 · 4099 is odd and beyond 2²⁴", 4097.0, 4099.0),
            input("rounded down", 4099.0, 4101.0),
            input("negative", -5003.0, 7001.0),
        ]
    },
    run: |answer, i| {
        let (p, e) = answer(argument(i, "a"), argument(i, "b"));
        vec![single(p), single(e)]
    },
    right: two_product,
    wrong: &[
        Wrong {
            answer: |a, b| {
                let p = a * b;
                (p, a * b - p)
            },
            says: "e is 0: the product was rounded before p was taken from it. It takes an operation that \
                   rounds once, `mul_add`.",
        },
        Wrong {
            answer: |a, b| (a * b, -two_product(a, b).1),
            says: "The sign: p + e is to be a b, so e = a b − p.",
        },
        Wrong {
            answer: |a, b| (a * b, a.mul_add(b, a * b)),
            says: "This is a b + p, about twice the product. Give −p to `mul_add`.",
        },
        Wrong {
            answer: |a, b| (two_product(a, b).1, a * b),
            says: "Both are right and in the wrong order: first the product, then its error.",
        },
    ],
};

/// x = n ln 2 + r.
pub const REDUCE: Check<Reduce> = Check {
    exercise: exercise(
        "reduce",
        &["E20"],
        "engine_speed.md#the-exponential-function",
        &["n", "r", "error of r in units of 2⁻²⁴"],
        "A float32 has 24 bits, and ln 2 has more. What is left out counts n times, so it is given as a second number.",
        [
            "n is the integer nearest to x/ln 2. How is r computed without losing what ln 2 has beyond 24 bits?",
            "n = round(x log₂ e), r = (x − n LN_2) − n LN_2_LOW, each difference with a single rounding.",
            "n.mul_add(-LN_2_LOW, n.mul_add(…, …))",
        ],
    ),
    inputs: || {
        let input = |about: &str, x: Float| Input::new(about).with("x", x);
        vec![
            input("nothing to take off", 0.25),
            input("just above ln 2", 0.75),
            input("more than half of ln 2 is left", 1.25),
            input("negative", -3.0),
            input("n = 126", 87.5),
            input("n = −125", -86.5),
        ]
    },
    run: |answer, i| {
        let x = argument(i, "x");
        let (n, r) = answer(x);
        let exact = f64::from(x) - f64::from(n) * std::f64::consts::LN_2;
        let off = ((f64::from(r) - exact) / U).round();
        let rounded = (f64::from(r) * 1e5).round() / 1e5; // its last bits are judged by `off`
        vec![single(n), number(rounded as Float), number(off as Float)]
    },
    right: reduce,
    wrong: &[
        Wrong {
            answer: |x| {
                let n = (x * LOG2_E).round_ties_even();
                (n, n.mul_add(-LN_2, x))
            },
            says: "One float32 for ln 2 lacks two billionths of it, and they count n times. Take n LN_2_LOW off, too.",
        },
        Wrong {
            answer: |x| {
                let n = (x * LOG2_E).round_ties_even();
                (n, (x - n * LN_2) - n * LN_2_LOW)
            },
            says: "n LN_2 has more than 24 bits and is rounded before it is taken from x. With `mul_add` \
                   the difference is rounded, not the product.",
        },
        Wrong {
            answer: |x| {
                let n = (x * LOG2_E).trunc();
                (n, n.mul_add(-LN_2_LOW, n.mul_add(-LN_2, x)))
            },
            says: "n is cut off and not rounded: |r| comes up to ln 2, where the polynomial needs twice as many terms.",
        },
        Wrong {
            answer: |x| {
                let n = (x * LN_2).round_ties_even();
                (n, n.mul_add(-LN_2_LOW, n.mul_add(-LN_2, x)))
            },
            says: "n is the integer nearest to x/ln 2, and 1/ln 2 is log₂ e. Here x is multiplied by ln 2.",
        },
        Wrong {
            answer: |x| {
                let n = (x * LOG2_E).round_ties_even();
                (n, n.mul_add(LN_2_LOW, n.mul_add(-LN_2, x)))
            },
            says: "The second part has the wrong sign: ln 2 = LN_2 + LN_2_LOW, and both are taken off.",
        },
    ],
};

/// eˣ = 2ⁿ eʳ.
pub const EXP: Check<Exp> = Check {
    exercise: exercise(
        "exp",
        &["E20"],
        "engine_speed.md#the-exponential-function",
        &["result/eˣ", "more than 2 units in the last place off"],
        "No table and no branch: eight values of it fit one register, and the bits are the same wherever a \
         multiply-add is.",
        [
            "You have n and r. What is eˣ if x = n ln 2 + r, and where is n in the bits of a float32?",
            "eˣ = 2ⁿ (1 + r + r²/2! + … + r⁷/7!), and 2ⁿ has the bits (n + 127) << 23.",
            "A loop for k from 7 down to 1: sum = (sum / k).mul_add(…, 1.0); times f32::from_bits(…).",
        ],
    ),
    inputs: || {
        let input = |about: &str, x: Float| Input::new(about).with("x", x);
        vec![
            input("e⁰", 0.0),
            input("no power of two", 0.25),
            input("half of ln 2", 0.34),
            input("e", 1.0),
            input("1/e", -1.0),
            input("large", 80.5),
            input("small", -80.5),
        ]
    },
    run: |answer, i| {
        let x = argument(i, "x");
        let (y, exact) = (answer(x), libm::exp(f64::from(x)));
        let off = ulps(y, exact);
        let ratio = (f64::from(y) / exact * 1e5).round() / 1e5; // its last bits are judged by `off`
        vec![number(ratio as Float), number(f64::from(off.is_nan() || off.abs() > 2.0) as Float)]
    },
    right: exp,
    wrong: &[
        Wrong {
            answer: |x| exp_short(reduce(x.clamp(-87.0, 88.0)).1),
            says: "This is eʳ. The factor 2ⁿ is missing.",
        },
        Wrong {
            answer: |x| exp_short(x.clamp(-87.0, 88.0)),
            says: "The polynomial is asked for all of x. It is good for |r| ≤ ½ ln 2: reduce first.",
        },
        Wrong {
            answer: |x| {
                let (n, r) = reduce(x.clamp(-87.0, 88.0));
                (1..=3).rev().fold(1.0, |sum: f32, k| (sum / k as f32).mul_add(r, 1.0))
                    * power_of_two(n as i32)
            },
            says: "There are too few terms: up to r³ the error is r⁴/24, thousands of units in the last place. \
                   Float32 takes seven.",
        },
        Wrong {
            answer: |x| {
                let x = x.clamp(-87.0, 88.0);
                let n = (x * LOG2_E).round_ties_even();
                exp_short(n.mul_add(-LN_2, x)) * power_of_two(n as i32)
            },
            says: "Right to six digits, and some units in the last place off where n is large: r lacks the second part of ln 2.",
        },
        Wrong {
            answer: |x| {
                let (n, r) = reduce(x.clamp(-87.0, 88.0));
                exp_short(r) / power_of_two(n as i32).max(f32::MIN_POSITIVE)
            },
            says: "Divided by 2ⁿ: the bits are those of a power with the wrong sign. eˣ = 2ⁿ eʳ.",
        },
        Wrong {
            answer: |x| {
                let (n, r) = reduce(x.clamp(-87.0, 88.0));
                exp_short(r) * f32::from_bits(((n as i32 + 128) as u32 & 0xff) << 23)
            },
            says: "Twice too large: the exponent's bits hold n + 127, not n + 128.",
        },
    ],
};

/// Halves.
pub const PAIRWISE_SUM: Check<Sum> = Check {
    exercise: exercise(
        "pairwise_sum",
        &["E21"],
        "engine_speed.md#sums",
        &["sum"],
        "The depth of the tree of additions, and not their number, bounds the error: 20 for a million numbers.",
        [
            "What is the sum of a list, if you have the sums of its halves?",
            "s(x) = s(left half) + s(right half); one number is its own sum, and none sums to 0.",
            "match on x: [] , &[x], and otherwise split_at(…) and two calls.",
        ],
    ),
    inputs: || {
        let input = |about: &str, x: Tensor| Input::new(about).with("x", x);
        vec![
            input("three numbers", Tensor::from([1.0, 2.0, 4.0])),
            input("none", Tensor::from(Vec::<Float>::new())),
            input("one", Tensor::from([5.0])),
            input("seven", Tensor::from([1.0, -2.0, 3.0, -4.0, 5.0, -6.0, 7.0])),
            input("a tenth, 2²⁰ times", Tensor::full(&[1 << 20], 0.1)),
        ]
    },
    run: |answer, i| vec![number(answer(i.tensor("x").data()))],
    right: pairwise_sum,
    wrong: &[
        Wrong {
            answer: sum,
            says: "One after the other. For a million tenths the sum is soon so large that each is rounded to \
                   a multiple of its last place: in float32 the result is off by four percent.",
        },
        Wrong {
            answer: |x| {
                let mut x = x.to_vec();
                while x.len() > 1 {
                    x = x.as_chunks::<2>().0.iter().map(|[a, b]| a + b).collect();
                }
                x.first().copied().unwrap_or(0.0)
            },
            says: "Of an odd number of numbers the last is lost. It has no neighbour and must be kept.",
        },
        Wrong {
            answer: |x| {
                let middle = x.get(x.len() / 2).filter(|_| x.len() > 1);
                pairwise_sum(x) + middle.copied().unwrap_or(0.0)
            },
            says: "The number in the middle is in both halves: ..m and m.., not ..=m.",
        },
        Wrong { answer: |x| pairwise_sum(x) / x.len().max(1) as Float, says: "This is the mean." },
    ],
};

/// t = s + (x − c).
pub const KAHAN_STEP: Check<Kahan> = Check {
    exercise: exercise(
        "kahan_step",
        &["E21"],
        "engine_speed.md#sums",
        &["s", "c"],
        "What an addition loses can be computed, with the same arithmetic, and be taken off the next number.",
        [
            "First take off x what the sum has too much. Then add. What has arrived of it?",
            "y = x − c, t = s + y, c = (t − s) − y.",
            "Two lets, and the pair (t, …).",
        ],
    ),
    inputs: || {
        let input = |about: &str, [s, c, x]: [Float; 3]| {
            Input::new(about).with("s", s).with("c", c).with("x", x)
        };
        let whole = 2.0 / Float::EPSILON; // 2²⁴: from here on odd numbers do not fit
        vec![
            input("nothing is lost", [1.0, 0.0, 2.0]),
            input("a 1 that does not fit", [whole, 0.0, 1.0]),
            input("a 3 that is rounded up", [whole, 0.0, 3.0]),
            input("and the 1 that was lost before", [whole, -1.0, 1.0]),
            input("one too much, taken off", [whole, 1.0, 5.0]),
        ]
    },
    run: |answer, i| {
        let (s, c) = answer(i.number("s"), i.number("c"), i.number("x"));
        vec![number(s - i.number("s")), number(c)]
    },
    right: kahan_step,
    wrong: &[
        Wrong {
            answer: |s, _, x| (s + x, 0.0),
            says: "This is a plain sum: c, what was lost, is not looked at and not kept.",
        },
        Wrong {
            answer: |s, c, x| {
                let t = s + x;
                (t, c + ((t - s) - x))
            },
            says: "What is lost is gathered and never taken off: the number x must come without c into the sum.",
        },
        Wrong {
            answer: |s, c, x| {
                let y = x + c;
                let t = s + y;
                (t, (t - s) - y)
            },
            says: "c is what the sum has too much, so it is taken off: y = x − c.",
        },
        Wrong {
            answer: |s, c, x| {
                let y = x - c;
                let t = s + y;
                (t, y - (t - s))
            },
            says: "c has the other sign: with y − (t − s) it is what is missing, and then the next number must come \
                   with it added. One of the two lines must be turned.",
        },
        Wrong {
            answer: |s, c, x| {
                let y = x - c;
                (s + y, 0.0)
            },
            says: "c was taken off, and no new one kept: (t − s) − y.",
        },
    ],
};
