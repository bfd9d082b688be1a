//! Networks and optimisers: mistakes that nobody listed, and a part of what each must be told.

#[allow(dead_code)] // its `main`
#[path = "../../exercises/solutions/networks.rs"]
pub mod solutions;

use pushforward::chapters::networks::{
    adam, checks, clip_by_norm, cosine_rate, momentum, weight_std,
};
use pushforward::check::Verdict;

fn says(verdict: Verdict, part: &str) {
    assert!(!verdict.is_right(), "{verdict}");
    assert!(verdict.says().contains(part), "{verdict}");
}

#[test]
fn mistakes_that_nobody_listed() {
    says(checks::weight_std(|n, gain| 2.0 * weight_std(n, gain)), "2");
    says(checks::momentum(|p, g, b, lr, mu| momentum(p, -g, b, lr, mu)), "");
    says(checks::adam(|p, g, means, t, lr| (p, adam(p, g, means, t, lr).1)), "`p`");
    says(checks::cosine_rate(|step, steps, lr| cosine_rate(step, steps, lr) * 2.0), "2");
    says(checks::clip_by_norm(|g, most| clip_by_norm(g, 2.0 * most)), "");
    says(checks::adamw(|_, _, _, _, _, _| panic!("oh")), "oh");
}
