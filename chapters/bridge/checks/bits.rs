//! The head of a file, and numbers of 16 bits.

use super::{FromBits, Start, ToBits, exercise};
use crate::chapters::bridge::{data_start, from_bf16, to_bf16};
use crate::check::{Check, Input, Wrong};
use crate::{Float, Tensor};

fn number(x: f64) -> Tensor {
    Tensor::scalar(x as Float)
}

fn bytes(input: &Input) -> Vec<u8> {
    input.counts("file").iter().map(|&byte| byte as u8).collect()
}

/// At least 8 of the bytes, so that no wrong answer fails on a short file.
fn eight(file: &[u8]) -> [u8; 8] {
    file.first_chunk().copied().unwrap_or_default()
}

/// 8 + the length of the header.
pub const DATA_START: Check<Start> = Check {
    exercise: exercise(
        "data_start",
        &["E23"],
        "engine_bridge.md#a-file-of-weights",
        &["data_start"],
        "Eight bytes, a header, numbers. Whoever knows that reads the weights of any model of the last years.",
        [
            "The first 8 bytes are a number. In which order do its bytes stand, and what comes after them?",
            "start = 8 + Σ byte_i 256^i, i = 0 … 7",
            "u64::from_le_bytes of the first eight, as usize, and something more.",
        ],
    ),
    inputs: || {
        let input = |about: &str, file: &[usize]| Input::new(about).with("file", file);
        vec![
            input("a header of 2 bytes, {}", &[2, 0, 0, 0, 0, 0, 0, 0, 123, 125]),
            input("one of 8", &[8, 0, 0, 0, 0, 0, 0, 0, 123, 125, 32, 32, 32, 32, 32, 32, 1, 2, 3]),
            input("the head of a longer one", &[104, 2, 0, 0, 0, 0, 0, 0, 123, 34]),
            input("a longer one still", &[16, 1, 3, 0, 0, 0, 0, 0, 123, 34]),
        ]
    },
    run: |answer, i| vec![number(answer(&bytes(i)) as f64)],
    right: data_start,
    wrong: &[
        Wrong {
            answer: |file| u64::from_le_bytes(eight(file)) as usize,
            says: "This is the length of the header. It begins after the 8 bytes that hold this number.",
        },
        Wrong {
            answer: |file| (u64::from_be_bytes(eight(file)) as usize).wrapping_add(8),
            says: "The most significant byte was taken to be the first. Here the least significant one is: little-endian.",
        },
        Wrong {
            answer: |file| 8 + usize::from(eight(file)[0]),
            says: "Only the first byte is read: right for headers of up to 255 bytes.",
        },
        Wrong {
            answer: |file| 4 + u64::from_le_bytes(eight(file)) as usize,
            says: "The length takes eight bytes, not four.",
        },
    ],
};

/// The upper half of a float32.
pub const FROM_BF16: Check<FromBits> = Check {
    exercise: exercise(
        "from_bf16",
        &["E24"],
        "engine_bridge.md#fewer-bits",
        &["x"],
        "bfloat16 is a float32 without its lower half: the same exponents, and three digits.",
        [
            "Which half of the bits of a float32 are these, and what is in the other one?",
            "bits · 2¹⁶ as the bits of a float32",
            "f32::from_bits(u32::from(bits) …)",
        ],
    ),
    inputs: || {
        let input = |about: &str, bits: usize| Input::new(about).with("bits", bits);
        vec![
            input("1", 0x3f80),
            input("−2", 0xc000),
            input("nearly π", 0x4049),
            input("large", 0x4380),
            input("0", 0),
        ]
    },
    run: |answer, i| vec![number(f64::from(answer(i.count("bits") as u16)))],
    right: from_bf16,
    wrong: &[
        Wrong {
            answer: f32::from,
            says: "The bits are taken for an integer. They are sign, exponent and significand: use `f32::from_bits`.",
        },
        Wrong {
            answer: |bits| f32::from_bits(u32::from(bits)),
            says: "The 16 bits stand in the lower half, and what comes out is nearly 0. They are the upper half: shift by 16.",
        },
        Wrong {
            answer: |bits| {
                let (e, m) = (i32::from(bits >> 10 & 31), f32::from(bits & 1023));
                let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
                let size = if e == 0 { m / 1024.0 } else { 1.0 + m / 1024.0 };
                sign * size * libm::exp2f((e.max(1) - 15) as f32)
            },
            says: "This reads float16, with 5 bits of exponent. bfloat16 has 8, as float32 has.",
        },
        Wrong {
            answer: |bits| from_bf16(bits & 0x7fff),
            says: "The sign is lost: it is the highest bit.",
        },
    ],
};

/// To the nearest, ties to even.
pub const TO_BF16: Check<ToBits> = Check {
    exercise: exercise(
        "to_bf16",
        &["E24"],
        "engine_bridge.md#fewer-bits",
        &["error of the number, in units of 2⁻⁷"],
        "Cutting off makes every weight smaller. Rounding to the nearest, and ties to even, has no such \
         preference: the errors of many weights cancel.",
        [
            "The upper half is kept. When is it one more?",
            "Add 2¹⁵ − 1, and the last kept bit, to the bits; then take the upper half.",
            "let last = bits >> 16 & 1; ((bits + … + last) >> 16) as u16",
        ],
    ),
    inputs: || {
        let input = |about: &str, x: Float| Input::new(about).with("x", x);
        let step: Float = 1.0 / 128.0; // from 1 to the next bfloat16
        vec![
            input("1", 1.0),
            input("nearer to the one above", 1.0 + 0.75 * step),
            input("nearer to the one below", 1.0 + 0.25 * step),
            input("halfway, 1 is even", 1.0 + 0.5 * step),
            input("halfway, the one above is even", 1.0 + 1.5 * step),
            input("negative", -3.0 - 2.8 * step),
            input("up to the next power of two", 2.0 - 0.25 * step),
        ]
    },
    run: |answer, i| {
        let x = f64::from(i.number("x")) as f32;
        vec![number(128.0 * f64::from(from_bf16(answer(x)) - x))]
    },
    right: to_bf16,
    wrong: &[
        Wrong {
            answer: |x| (x.to_bits() >> 16) as u16,
            says: "The lower half is cut off. Round to the nearest: numbers would all become smaller in size.",
        },
        Wrong {
            answer: |x| (x.to_bits().wrapping_add(0x8000) >> 16) as u16,
            says: "Halfway it always goes away from 0. Of two that are equally near take the one whose last \
                   bit is 0, or sums of many will drift.",
        },
        Wrong {
            answer: |x| (x.to_bits().wrapping_add(0x7fff) >> 16) as u16,
            says: "Halfway it always goes towards 0: the last kept bit is missing in what is added.",
        },
        Wrong {
            answer: |x| (x.to_bits().wrapping_add(0xffff) >> 16) as u16,
            says: "It is rounded away from 0 wherever anything is lost. Only the nearer one is right.",
        },
    ],
};
