//! What the kernels may use of this machine: its widest instructions and its threads. Neither
//! changes a bit of any result; both change how long it takes.
//!
//! The two settings are the only ones of the crate that belong to the process and not to a value:
//! they say nothing about the mathematics. In a notebook they start anew in every cell.

use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering::Relaxed};

/// The instructions that kernels are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instructions {
    /// What every processor of this architecture has: SSE2 on x86-64, where fused multiply-adds are
    /// computed in software, NEON on aarch64.
    Baseline,
    /// x86-64 with AVX2 and FMA.
    Avx2,
}

/// 0: not looked yet; 1: baseline; 2: AVX2.
static INSTRUCTIONS: AtomicU8 = AtomicU8::new(0);

/// 0: as many as the machine has.
static THREADS: AtomicUsize = AtomicUsize::new(0);

/// The instructions in use: the widest this machine has, unless [`set_instructions`] chose others.
#[inline]
pub fn instructions() -> Instructions {
    match INSTRUCTIONS.load(Relaxed) {
        0 => choose(widest()),
        1 => Instructions::Baseline,
        _ => Instructions::Avx2,
    }
}

/// Uses these instructions from now on, or the baseline if this machine lacks them. For comparisons:
/// results are the same.
pub fn set_instructions(instructions: Instructions) {
    choose(if widest() == instructions { instructions } else { Instructions::Baseline });
}

fn choose(instructions: Instructions) -> Instructions {
    INSTRUCTIONS.store(if instructions == Instructions::Avx2 { 2 } else { 1 }, Relaxed);
    instructions
}

fn widest() -> Instructions {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        return Instructions::Avx2;
    }
    Instructions::Baseline
}

/// How many threads a kernel may use: as many as the machine offers, unless [`set_threads`] chose
/// another number. A kernel uses more than one only where its work is worth their start.
pub fn threads() -> usize {
    match THREADS.load(Relaxed) {
        0 => {
            let offered = std::thread::available_parallelism().map_or(1, usize::from);
            THREADS.store(offered, Relaxed);
            offered
        }
        chosen => chosen,
    }
}

/// Uses at most `n` threads from now on, the calling one among them.
///
/// # Panics
/// If `n` is 0.
#[track_caller]
pub fn set_threads(n: usize) {
    assert!(n > 0, "set_threads: 0 threads can do nothing; 1 is the calling thread alone");
    THREADS.store(n, Relaxed);
}
