//! Second derivatives: mistakes that nobody listed, and a part of what each must be told.

#[allow(dead_code)] // its `main`
#[path = "../../exercises/solutions/second_derivatives.rs"]
pub mod solutions;

use pushforward::chapters::second_derivatives::{checks, hvp, jvp, laplacian, tanh_vjp};
use pushforward::check::Verdict;

fn says(verdict: Verdict, part: &str) {
    assert!(!verdict.is_right(), "{verdict}");
    assert!(verdict.says().contains(part), "{verdict}");
}

#[test]
fn mistakes_that_nobody_listed() {
    says(checks::tanh_vjp(|g, x, y| -tanh_vjp(g, x, y)), "sign");
    says(checks::hvp(|f, x, v| hvp(f, x, v) * 2.0), "2");
    says(checks::hvp(|f, x, v| hvp(f, x, v).detach()), "graph");
    says(checks::jvp(|u, x, v| -jvp(u, x, v)), "sign");
    says(checks::laplacian(|f, x| laplacian(f, x) * 0.5), "2");
    says(checks::divergence(|_, _| panic!("oh")), "oh");
}
