//! Same seed, same bits: with any instructions, any number of threads and any build.
//!
//! The number below was the same for x86-64 with and without AVX2, and for aarch64.

mod program;
#[path = "../engine/table.rs"]
mod table;

use program::Hash;
use pushforward::machine::{Instructions, set_instructions, set_threads};
use pushforward::random::Rng;
use table::TABLE;

/// Of the whole program, in `f32`.
#[cfg(not(feature = "f64"))]
const PINNED: u64 = 0xe631_5420_32c3_a7c7;

fn of_every_op(hash: &mut Hash) {
    for row in TABLE {
        let mut rng = Rng::new(2);
        let inputs: Vec<_> =
            row.inputs.iter().map(|(draw, shape)| draw.tensor(shape, &mut rng)).collect();
        let smooth = (0..inputs.len()).filter(|&i| row.inputs[i].0.is_differentiable());
        program::op(hash, row.op, &inputs, &smooth.collect::<Vec<_>>());
    }
}

fn fingerprint() -> u64 {
    let mut hash = Hash(0xcbf2_9ce4_8422_2325);
    program::training(&mut hash);
    of_every_op(&mut hash);
    program::large(&mut hash);
    hash.0
}

#[cfg(not(feature = "f64"))]
#[test]
fn the_bits_are_those_of_other_machines_and_builds() {
    let found = fingerprint();
    println!("fingerprint {found:#018x} with {:?}", pushforward::machine::instructions());
    assert_eq!(found, PINNED, "{found:#018x}");
}

/// One test, since the settings belong to the whole process.
#[test]
fn the_bits_do_not_depend_on_instructions_or_threads() {
    set_threads(1);
    let first = fingerprint();
    for threads in [2, 3, 7] {
        set_threads(threads);
        assert_eq!(fingerprint(), first, "{threads} threads");
    }
    set_instructions(Instructions::Baseline);
    for threads in [1, 2] {
        set_threads(threads);
        assert_eq!(fingerprint(), first, "baseline instructions, {threads} threads");
    }
}
