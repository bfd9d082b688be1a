//! Memory for results, used again. The buffers of a training step have the same sizes as those of
//! the step before; from the system each would come as fresh pages, to be cleared and mapped again.
//!
//! A thread keeps what its tensors gave back, up to [`KEPT`] bytes. What a buffer holds when it is
//! taken is left over from earlier use: whoever takes one writes every element.

use crate::Float;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};

/// Shorter buffers come from the allocator, which is quick enough for them.
const SHORTEST: usize = 257;

/// Bytes kept at most. When more would be, all are given back to the system: their sizes are
/// probably no longer those in use.
const KEPT: usize = 256 << 20;

#[derive(Default)]
struct Pool {
    by_length: BTreeMap<usize, Vec<Vec<Float>>>,
    bytes: usize,
}

thread_local! {
    static POOL: RefCell<Pool> = RefCell::default();
}

/// `n` numbers to be overwritten: whatever an earlier owner left there.
pub fn take(n: usize) -> Vec<Float> {
    let mut kept = None;
    if n >= SHORTEST {
        POOL.with_borrow_mut(|pool| {
            kept = pool.by_length.get_mut(&n).and_then(Vec::pop);
            if kept.is_some() {
                pool.bytes -= n * size_of::<Float>();
            }
        });
    }
    let mut numbers = kept.unwrap_or_else(|| vec![0.0; n]);
    if cfg!(debug_assertions) {
        numbers.fill(Float::NAN); // a kernel that leaves an element out is found by any test
    }
    numbers
}

/// Room for `n` numbers, empty.
pub fn room(n: usize) -> Vec<Float> {
    if n < SHORTEST {
        return Vec::with_capacity(n);
    }
    let mut numbers = take(n);
    numbers.clear();
    numbers
}

/// `n` numbers for a while, to be overwritten.
pub fn scratch(n: usize) -> Buffer {
    Buffer(take(n))
}

/// The numbers of a tensor. Dropped, their memory is kept for others.
#[derive(Default)]
pub struct Buffer(Vec<Float>);

impl From<Vec<Float>> for Buffer {
    fn from(numbers: Vec<Float>) -> Buffer {
        Buffer(numbers)
    }
}

impl Deref for Buffer {
    type Target = [Float];
    fn deref(&self) -> &[Float] {
        &self.0
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [Float] {
        &mut self.0
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if self.0.len() < SHORTEST {
            return;
        }
        let numbers = std::mem::take(&mut self.0);
        // When the thread ends, its pool may be gone before its last tensor.
        let _ = POOL.try_with(|pool| pool.borrow_mut().keep(numbers));
    }
}

impl Pool {
    fn keep(&mut self, numbers: Vec<Float>) {
        let bytes = size_of_val(&numbers[..]);
        if self.bytes + bytes > KEPT {
            *self = Pool::default();
        }
        if bytes <= KEPT {
            self.bytes += bytes;
            self.by_length.entry(numbers.len()).or_default().push(numbers);
        }
    }
}
