//! Work divided among threads. They split outputs, never sums, so their number changes no bit.
//!
//! Helpers are started when first needed. One that has no work waits actively for some
//! microseconds, so that the next kernel finds it awake, then asleep, and ends after
//! [`PATIENCE`]: no thread outlives its use, not even in a notebook, where every cell starts the
//! library anew.

use crate::{Float, machine};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering::*};
use std::sync::{Arc, Mutex};
use std::thread::{self, Thread};
use std::time::Duration;

/// How long a helper sleeps before it ends.
const PATIENCE: Duration = Duration::from_millis(200);

/// Looks for work before it sleeps: about 50 microseconds.
const LOOKS: usize = 4000;

/// Calls `f(rows, part)` for parts of `c`, which has rows of `n` numbers: at most as many parts as
/// asked for and as there are threads. All but the last have a multiple of `unit` rows.
pub fn rows(
    c: &mut [Float],
    n: usize,
    parts: usize,
    unit: usize,
    f: &(dyn Fn(Range<usize>, &mut [Float]) + Sync),
) {
    let m = c.len() / n.max(1);
    let parts = if parts > 1 { parts.min(machine::threads()) } else { 1 };
    let most = m.div_ceil(parts).next_multiple_of(unit);
    if parts == 1 || most >= m {
        return f(0..m, c);
    }
    let parts: Vec<Mutex<&mut [Float]>> = c.chunks_mut(most * n).map(Mutex::new).collect();
    each(&HELPERS, parts.len(), &|i| {
        let mut part = parts[i].lock().expect("each part is locked once");
        f(i * most..i * most + part.len() / n, &mut part)
    });
}

/// Calls `f(0)`, …, `f(n − 1)`, each on a thread of its own.
fn each(helpers: &Mutex<Vec<Helper>>, n: usize, f: &(dyn Fn(usize) + Sync)) {
    let Ok(mut helpers) = helpers.try_lock() else {
        return (0..n).for_each(f); // another thread of the program is using them
    };
    let wanted = helpers.len().max(n - 1);
    helpers.resize_with(wanted, Helper::start);
    let jobs: Vec<Job> = (0..n).map(|i| Job { f, i, panicked: AtomicBool::new(false) }).collect();
    for (helper, job) in helpers.iter_mut().zip(&jobs[1..]) {
        helper.give(job);
    }
    let own = catch_unwind(AssertUnwindSafe(|| {
        f(0);
        // On a busy machine a helper may not have begun; then this thread does not wait for it.
        let taken_back =
            helpers.iter().zip(&jobs[1..]).filter(|(helper, job)| helper.take_back(job));
        taken_back.for_each(|(_, job)| f(job.i));
    }));
    // Whatever happened: the jobs live in this frame, so it must not be left before they are done.
    helpers.iter().zip(&jobs[1..]).for_each(|(helper, job)| helper.wait(job));
    drop(helpers);
    own.unwrap_or_else(|panic| resume_unwind(panic));
    assert!(!jobs.iter().any(|job| job.panicked.load(Relaxed)), "a kernel panicked in a thread");
}

static HELPERS: Mutex<Vec<Helper>> = Mutex::new(Vec::new());

struct Job<'a> {
    f: &'a (dyn Fn(usize) + Sync),
    i: usize,
    panicked: AtomicBool,
}

/// What a helper is to do: a job, null for nothing, or one of the marks below.
type Desk = AtomicPtr<Job<'static>>;

/// On a desk: the helper is doing the job that lay there.
const BUSY: *mut Job = std::ptr::without_provenance_mut(1);

/// On a desk: the helper has ended.
const GONE: *mut Job = std::ptr::without_provenance_mut(2);

struct Helper {
    desk: Arc<Desk>,
    thread: Thread,
}

impl Helper {
    fn start() -> Helper {
        let desk = Arc::new(Desk::default());
        let thread = thread::spawn({
            let desk = Arc::clone(&desk);
            move || Helper::work(&desk)
        });
        Helper { desk, thread: thread.thread().clone() }
    }

    /// Lays a job on the desk; the job must stay until [`wait`](Helper::wait) returns.
    fn give(&mut self, job: &Job) {
        if self.desk.compare_exchange(null_mut(), address(job), Release, Relaxed).is_err() {
            *self = Helper::start();
            self.desk.store(address(job), Release);
        }
        self.thread.unpark();
    }

    /// Takes a job from the desk if the helper has not begun it.
    fn take_back(&self, job: &Job) -> bool {
        self.desk.compare_exchange(address(job), null_mut(), Relaxed, Relaxed).is_ok()
    }

    /// Returns when the helper is not, and never will be, at work on this job.
    fn wait(&self, job: &Job) {
        self.take_back(job);
        let mut looks = 0;
        while self.desk.load(Acquire) == BUSY {
            std::hint::spin_loop();
            looks += 1;
            if looks > LOOKS {
                thread::yield_now();
            }
        }
    }

    fn work(desk: &Desk) {
        while let Some(job) = Helper::next(desk) {
            // SAFETY: `each` laid it on the desk and keeps it in its frame until `wait` has seen that
            // the desk is not `BUSY`, which it is until the store below, after the last use.
            let job = unsafe { &*job };
            if catch_unwind(AssertUnwindSafe(|| (job.f)(job.i))).is_err() {
                job.panicked.store(true, Relaxed);
            }
            desk.store(null_mut(), Release);
        }
    }

    /// The next job, the desk marked `BUSY`; none if none came for long, the desk marked `GONE`.
    fn next(desk: &Desk) -> Option<*mut Job<'static>> {
        let take = || {
            let job = desk.load(Acquire);
            let taken =
                !job.is_null() && desk.compare_exchange(job, BUSY, Acquire, Relaxed).is_ok();
            taken.then_some(job)
        };
        for _ in 0..LOOKS {
            if let Some(job) = take() {
                return Some(job);
            }
            std::hint::spin_loop();
        }
        loop {
            thread::park_timeout(PATIENCE);
            if let Some(job) = take() {
                return Some(job);
            }
            if desk.compare_exchange(null_mut(), GONE, Relaxed, Relaxed).is_ok() {
                return None;
            }
        }
    }
}

fn address(job: &Job) -> *mut Job<'static> {
    (&raw const *job).cast_mut().cast()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    /// Marks every element with the row that its part said it was.
    fn mark(m: usize, n: usize, parts: usize, unit: usize) -> Vec<Float> {
        let mut c = vec![-1.0; m * n];
        rows(&mut c, n, parts, unit, &|rows, part| {
            for (row, numbers) in rows.zip(part.chunks_mut(n)) {
                numbers.fill(row as Float);
            }
        });
        c
    }

    #[test]
    fn every_row_is_done_once_whatever_the_parts() {
        machine::set_threads(4);
        for (m, n, parts, unit) in
            [(1, 3, 4, 6), (7, 1, 2, 6), (100, 2, 3, 6), (64, 5, 9, 16), (13, 4, 4, 1)]
        {
            let expected: Vec<Float> = (0..m * n).map(|i| (i / n) as Float).collect();
            assert_eq!(mark(m, n, parts, unit), expected, "{m} rows in {parts} parts of {unit}");
        }
    }

    #[test]
    fn helpers_end_and_are_started_again() {
        let helpers = Mutex::new(vec![]); // not those that other tests are using
        for _ in 0..3 {
            let calls = AtomicUsize::new(0);
            each(&helpers, 3, &|_| {
                calls.fetch_add(1, Relaxed);
            });
            assert_eq!((calls.into_inner(), helpers.lock().unwrap().len()), (3, 2));
            let ended = |helper: &Helper| helper.desk.load(Acquire) == GONE;
            let waited = (0..100).find(|_| {
                thread::sleep(PATIENCE);
                helpers.lock().unwrap().iter().all(ended)
            });
            assert!(waited.is_some(), "idle helpers do not end");
        }
    }

    #[test]
    fn many_callers_at_once_and_calls_within_calls() {
        machine::set_threads(4);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..500).for_each(|m| drop(mark(m + 1, 2, 3, 1))));
            }
        });
        let mut c = vec![0.0; 4];
        rows(&mut c, 1, 4, 1, &|_, part| part.fill(mark(50, 1, 2, 1)[49]));
        assert_eq!(c, [49.0; 4]);
    }

    #[test]
    fn a_panic_in_any_part_reaches_the_caller() {
        for bad in 0..4 {
            let fails = || each(&HELPERS, 4, &|i| assert!(i != bad, "part {bad}"));
            assert!(catch_unwind(fails).is_err());
            assert_eq!(mark(8, 1, 4, 1)[7], 7.0, "the helpers still work");
        }
    }
}
