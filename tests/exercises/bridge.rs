//! A bridge out: mistakes that nobody listed, and a part of what each must be told.

#[allow(dead_code)] // its `main`
#[path = "../../exercises/solutions/bridge.rs"]
pub mod solutions;

use crate::expect;
use pushforward::chapters::bridge;
use pushforward::chapters::bridge::checks::{self, FromBits, Layout, Quantised, Start};
use solutions::ANSWERS;

/// Every bfloat16 goes to its float32 and back, and what lies between goes where the chapter's function takes it.
#[test]
fn the_solutions_on_bridges_are_the_chapters_functions() {
    for bits in 0..=u16::MAX {
        let x = (ANSWERS.from_bf16)(bits);
        if x.is_finite() {
            assert_eq!((ANSWERS.to_bf16)(x), bits);
            let between = f32::from_bits(x.to_bits() | 0x8000);
            assert_eq!((ANSWERS.to_bf16)(between), bridge::to_bf16(between));
        }
    }
    let w = pushforward::random::Rng::new(24).normal(&[7, 9]);
    assert_eq!((ANSWERS.quantised)(&w, 5).data(), bridge::quantised(&w, 5).data());
}

#[test]
fn unlisted_mistakes_of_bridges_are_diagnosed() {
    let start: [(Start, &str); 2] = [
        (|_| 8, "does not depend on"),
        (|file| 2 * (ANSWERS.data_start)(file), "2 times too large"),
    ];
    for (answer, part) in start {
        expect(checks::data_start(answer), part);
    }
    let layout: [(Layout, &str); 2] =
        [(|k| -k.t(), "sign"), (|k| k.slice(0, 0..1), "The shape is wrong")];
    for (answer, part) in layout {
        expect(checks::from_kernel(answer), part);
    }
    let bits: [(FromBits, &str); 2] = [
        (|bits| -(ANSWERS.from_bf16)(bits), "sign"),
        (|bits| 4.0 * (ANSWERS.from_bf16)(bits), "4 times too large"),
    ];
    for (answer, part) in bits {
        expect(checks::from_bf16(answer), part);
    }
    let grids: [(Quantised, &str); 2] = [
        (|w, bits| -(ANSWERS.quantised)(w, bits), "sign"),
        (|w, bits| (ANSWERS.quantised)(w, bits) * 2.0, "2 times too large"),
    ];
    for (answer, part) in grids {
        expect(checks::quantised(answer), part);
    }
}
