//! Making it fast, keeping the bits: how much work there is and how much of it a machine can do, products in
//! an order that caches and registers like, exponentials and sums whose rounding is known.
//!
//! Here is the count of [`Work`] and the roof that a [`Machine`] puts over it; products and the cache they
//! are read through are in [`tiles`], exponentials and sums in [`rounding`]. Nothing here is used by the other
//! chapters: the crate's own loops are in `src/kernels`, of which these are the plain form.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | W | [`Work::operations`] | additions and multiplications |
//! | Q | [`Work::bytes`] | bytes moved between the processor and memory |
//! | I | [`Work::intensity`] | W/Q, operations for each byte |
//! | P | [`Machine::peak`] | operations a second, if no byte is waited for |
//! | B | [`Machine::bandwidth`] | bytes a second |
//! | u | [`rounding::U`] | half the distance from 1 to the next number: 2⁻²⁴ |

pub mod checks;
pub mod rounding;
pub mod run;
pub mod run_roofline;
pub mod tiles;

// ANCHOR: work
/// What a computation in float32 asks of a machine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Work {
    /// Additions and multiplications.
    pub operations: f64,
    /// Bytes read and written, each number once.
    pub bytes: f64,
}

impl Work {
    /// A product of `[m, k]` and `[k, n]`: a multiplication and an addition for each of m k n, and three
    /// matrices moved.
    pub fn product([m, k, n]: [usize; 3]) -> Work {
        let [m, k, n] = [m as f64, k as f64, n as f64];
        Work { operations: 2.0 * m * k * n, bytes: 4.0 * (m * k + k * n + m * n) }
    }

    /// For each of n numbers of the result so many operations on so many arguments.
    pub fn elementwise(n: usize, operations: f64, arguments: usize) -> Work {
        let bytes = 4.0 * (arguments + 1) as f64;
        Work { operations: operations * n as f64, bytes: bytes * n as f64 }
    }

    /// I = W/Q, in operations for each byte.
    pub fn intensity(self) -> f64 {
        self.operations / self.bytes
    }
}
// ANCHOR_END: work

/// What a machine can do (S. Williams, A. Waterman, D. Patterson, *Roofline*, 2009).
// ANCHOR: machine
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Machine {
    /// Operations a second.
    pub peak: f64,
    /// Bytes a second.
    pub bandwidth: f64,
}

impl Machine {
    /// min(P, B I): operations a second that work of this intensity can reach.
    pub fn attainable(self, intensity: f64) -> f64 {
        self.peak.min(self.bandwidth * intensity)
    }

    /// P/B: the intensity from which on it is the processor that is waited for.
    pub fn ridge(self) -> f64 {
        self.peak / self.bandwidth
    }

    /// The least time for some work in seconds: that of the slower of the two.
    pub fn seconds(self, work: Work) -> f64 {
        work.operations / self.attainable(work.intensity())
    }
}
// ANCHOR_END: machine
