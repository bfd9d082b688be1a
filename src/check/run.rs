//! Calling an answer, whose panic is caught, and comparing what it returns.

use crate::{Float, Tensor};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Two numbers are equal if they differ by less than this, relative to the largest number of the
/// right answer (at least 1): what rounding in another order may cost.
pub const TOLERANCE: f64 = 512.0 * Float::EPSILON as f64;

/// A panic of an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Panic {
    /// What it said.
    pub message: String,
    /// File and line.
    pub place: String,
}

impl Panic {
    /// Whether it came from `todo!()`.
    pub fn is_todo(&self) -> bool {
        self.message.starts_with("not yet implemented")
    }

    fn of(info: &PanicHookInfo) -> Panic {
        let message = info.payload_as_str().unwrap_or("no message").to_string();
        let place = info.location().map(|at| format!("{}:{}", at.file(), at.line()));
        Panic { message, place: place.unwrap_or_default() }
    }
}

/// The hook belongs to the whole process: one answer at a time.
static HOOK: Mutex<()> = Mutex::new(());

/// Calls f. Its panic is not printed but returned; panics of other threads go their usual way, and
/// afterwards the hook is what it was.
pub fn attempt<R>(f: impl FnOnce() -> R) -> Result<R, Panic> {
    let _one_at_a_time = HOOK.lock().unwrap_or_else(PoisonError::into_inner);
    let caught = Arc::new(Mutex::new(Panic::default()));
    let usual = Arc::new(take_hook());
    let (this, seen, other) = (thread::current().id(), Arc::clone(&caught), Arc::clone(&usual));
    set_hook(Box::new(move |info| {
        if thread::current().id() != this {
            return other(info);
        }
        *seen.lock().unwrap_or_else(PoisonError::into_inner) = Panic::of(info);
    }));
    let result = catch_unwind(AssertUnwindSafe(f));
    drop(take_hook()); // and with it the second owner of the usual hook
    if let Ok(usual) = Arc::try_unwrap(usual) {
        set_hook(usual);
    }
    result.map_err(|_| caught.lock().unwrap_or_else(PoisonError::into_inner).clone())
}

/// The largest difference relative to the largest number of b (at least 1). Infinite if the shapes
/// are not equal or one of two numbers is not finite; equal infinities and NaN beside NaN are
/// equal.
pub fn distance(a: &Tensor, b: &Tensor) -> f64 {
    if a.shape() != b.shape() {
        return f64::INFINITY;
    }
    let (a, b) = (numbers(a), numbers(b));
    let finite = b.iter().filter(|b| b.is_finite());
    let size = finite.fold(1.0, |size: f64, b| size.max(b.abs()));
    let apart = |(&a, &b): (&f64, &f64)| match (a - b).abs() {
        _ if a == b || (a.is_nan() && b.is_nan()) => 0.0,
        difference if difference.is_finite() => difference / size,
        _ => f64::INFINITY,
    };
    a.iter().zip(&b).map(apart).fold(0.0, f64::max)
}

/// Whether two tensors are equal but for rounding.
pub fn agree(a: &Tensor, b: &Tensor) -> bool {
    distance(a, b) <= TOLERANCE
}

/// Whether all tensors agree, one by one.
pub fn all_agree(a: &[Tensor], b: &[Tensor]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| agree(a, b))
}

/// The numbers in f64.
pub fn numbers(x: &Tensor) -> Vec<f64> {
    x.data().iter().map(|&v| f64::from(v)).collect()
}
