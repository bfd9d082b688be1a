//! Judging an answer leaves the hook for panics as it was. The hook belongs to the process, so this
//! test has one to itself.

use pushforward::chapters::flow_matching::checks;
use std::panic::{catch_unwind, set_hook, take_hook};
use std::sync::atomic::{AtomicUsize, Ordering};

static SEEN: AtomicUsize = AtomicUsize::new(0);

#[test]
fn only_the_answers_own_panic_is_kept_from_the_usual_hook() {
    let usual = take_hook();
    set_hook(Box::new(|_| {
        SEEN.fetch_add(1, Ordering::SeqCst);
    }));
    let verdict = checks::linear_path(|_, _, _| panic!("the reader's"));
    let after_judging = SEEN.load(Ordering::SeqCst);
    let _ = catch_unwind(|| panic!("ours"));
    let after_ours = SEEN.load(Ordering::SeqCst);
    let right = checks::linear_path(|x_0, x_1, t| {
        let _ = std::thread::spawn(|| panic!("of another thread")).join();
        (1.0 - t) * x_0 + t * x_1
    });
    let after_another = SEEN.load(Ordering::SeqCst);
    set_hook(usual);
    assert!(verdict.says().contains("the reader's") && right.is_right());
    assert_eq!((after_judging, after_ours), (0, 1));
    assert!(after_another > after_ours, "a panic of another thread was swallowed");
}
