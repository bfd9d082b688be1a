//! Same seed, same bits: with any instructions, any number of threads and any build.
//!
//! `.ci/bits` runs this in other builds and on other processors.

mod program;
#[allow(dead_code)] // the rest is for the engine's tests
#[path = "../engine/table.rs"]
mod table;

use program::Hash;
use pushforward::machine::{Instructions, set_instructions, set_threads};
use pushforward::random::Rng;
use table::TABLE;

/// Of the whole program, in `f32`, with 200 steps of training and with 10.
#[cfg(not(feature = "f64"))]
const SHORT: u64 = 0x522a_51d0_02fc_b450;
#[cfg(not(feature = "f64"))]
const PINNED: u64 = 0x7c21_4fde_2666_8950;

fn of_every_op(hash: &mut Hash) {
    for row in TABLE {
        let mut rng = Rng::new(2);
        let inputs: Vec<_> =
            row.inputs.iter().map(|(draw, shape)| draw.tensor(shape, &mut rng)).collect();
        let smooth = (0..inputs.len()).filter(|&i| row.inputs[i].0.is_differentiable());
        program::op(hash, row.op, &inputs, &smooth.collect::<Vec<_>>());
    }
}

fn fingerprint(steps: usize) -> u64 {
    let mut hash = Hash(0xcbf2_9ce4_8422_2325);
    program::training(&mut hash, steps);
    of_every_op(&mut hash);
    program::large(&mut hash);
    hash.0
}

#[cfg(not(feature = "f64"))]
fn assert_pinned(steps: usize, pinned: u64) {
    let found = fingerprint(steps);
    println!("fingerprint {found:#018x} with {:?}", pushforward::machine::instructions());
    assert_eq!(found, pinned, "{found:#018x} after {steps} steps");
}

#[cfg(not(feature = "f64"))]
#[test]
fn the_bits_are_those_of_other_machines_and_builds() {
    assert_pinned(200, PINNED);
}

/// The same for emulated processors, which take their time.
#[cfg(not(feature = "f64"))]
#[test]
fn a_short_run_has_the_bits_of_other_machines_and_builds() {
    assert_pinned(10, SHORT);
}

/// One test, since the settings belong to the whole process.
#[test]
fn the_bits_do_not_depend_on_instructions_or_threads() {
    set_threads(1);
    let first = fingerprint(200);
    for threads in [2, 3, 7] {
        set_threads(threads);
        assert_eq!(fingerprint(200), first, "{threads} threads");
    }
    set_instructions(Instructions::Baseline);
    for threads in [1, 2] {
        set_threads(threads);
        assert_eq!(fingerprint(200), first, "baseline instructions, {threads} threads");
    }
}
