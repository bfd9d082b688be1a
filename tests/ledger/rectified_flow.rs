//! Rectified flow: what a round keeps and what it spends, R1 to R5.

use crate::{Estimate, ROUNDING, as_f64, difference};
use pushforward::chapters::flow_matching::oracle::Marginal;
use pushforward::chapters::flow_matching::path::Path;
use pushforward::chapters::rectified_flow::oracle::{Coupling, rotation};
use pushforward::chapters::rectified_flow::{straightness, transport_cost};
use pushforward::data::{Law, Mixture};
use pushforward::ode::{self, RK4};
use pushforward::random::Rng;
use pushforward::{Float, Tensor};

/// A coupling that is neither independent nor a map.
fn twisted() -> Coupling {
    let sigma = Tensor::from([[2.0, 0.6], [0.6, 1.0]]);
    Coupling { sigma, c: Tensor::from([[0.5, -0.7], [0.6, 0.4]]) }
}

fn independent() -> Coupling {
    Coupling { c: Tensor::zeros(&[2, 2]), ..twisted() }
}

/// What RK4 with 100 steps and a midpoint rule of 100 leave.
const SOLVED: f64 = 2e-4;

// ANCHOR: r1
/// M_t M_tᵀ, the covariance of Z_t, is Σ_t, that of X_t, at every time. With the velocity of
/// independent pairs of the same two laws it is not.
#[test]
fn r1_the_flow_has_the_laws_of_the_pairs_at_every_time() {
    let farthest = |flow: Vec<(Float, Tensor)>, coupling: &Coupling| {
        let far =
            |(t, m): &(Float, Tensor)| difference(&m.matmul(&m.t()), &coupling.covariance(*t));
        flow.iter().map(far).fold(0.0, f64::max)
    };
    for coupling in [twisted(), independent()] {
        let right = farthest(coupling.flow(100), &coupling);
        println!("covariances of Z and X differ by {right:e}");
        assert!(right < SOLVED);
    }
    let wrong = farthest(independent().flow(100), &twisted());
    println!("and by {wrong:.2} where the pairs are not those of the velocity");
    assert!(wrong > 0.2);
}
// ANCHOR_END: r1

/// Independent pairs of noise and a mixture, and where the exact flow carries the same noise.
fn carried(n: usize, rng: &mut Rng) -> [Tensor; 3] {
    let data = Mixture::eight_gaussians();
    let (x_0, x_1) = (rng.normal(&[n, 2]), data.sample(n, rng));
    let p = Marginal { path: Path::Linear, data };
    let field = |t: Float, x: &Tensor| p.velocity(&Tensor::full(&[x.shape()[0], 1], t), x);
    let z_1 = ode::solve_each_row(field, &x_0, 0.0..1.0, 50, &RK4);
    [x_0, x_1, z_1]
}

// ANCHOR: r2
/// The mean of c(z₁ − z₀) over pairs, with its standard error.
fn cost(c: fn(&Tensor) -> Tensor, from: &Tensor, to: &Tensor) -> Estimate {
    Estimate::of(&as_f64(&c(&(to - from))))
}

/// Four convex costs fall, by many standard errors. If the flow's ends are paired with other noise
/// than they came from, the laws are the same and the costs do not fall.
#[test]
fn r2_no_convex_cost_grows() {
    let [x_0, x_1, z_1] = carried(4000, &mut Rng::new(61));
    type Cost = fn(&Tensor) -> Tensor;
    let costs: [(&str, Cost); 4] = [
        ("‖x‖²", |x| x.square().sum(1)),
        ("‖x‖", |x| x.square().sum(1).sqrt()),
        ("|x₁| + |x₂|", |x| x.abs().sum(1)),
        ("max(x₁, 0)³", |x| x.slice(1, 0..1).relu().powi(3).sum(1)),
    ];
    for (name, c) in costs {
        let (before, after) = (cost(c, &x_0, &x_1), cost(c, &x_0, &z_1));
        let shuffled = cost(c, &x_0.flip(0), &z_1);
        let error = before.error.hypot(after.error);
        println!("{name}: {before:?} → {after:?}, from other noise {shuffled:?}");
        assert!(before.mean - after.mean > 8.0 * error, "{name}");
        assert!((shuffled.mean - before.mean).abs() < 4.0 * error, "{name}");
    }
}
// ANCHOR_END: r2

// ANCHOR: r3
/// E‖X₁ − X₀‖² = E‖Z₁ − Z₀‖² + S(Z) + V(X) in every round, and over all rounds nothing else is spent.
/// Without S, or without V, the sum is wrong.
#[test]
fn r3_what_a_round_saves_is_straightness_and_loss() {
    let mut coupling = twisted();
    let (first, mut spent) = (coupling.cost(), 0.0);
    for round in 1..=3 {
        let next = coupling.reflow(100);
        let (s, v) = (coupling.straightness(100), coupling.least_loss(100));
        let missing = coupling.cost() - next.cost() - s - v;
        println!("round {round}: {} = {} + {s} + {v} + {missing:e}", coupling.cost(), next.cost());
        assert!(missing.abs() < SOLVED);
        assert!(round > 1 || (s > 0.005 && v > 1.0));
        (spent, coupling) = (spent + s + v, next);
    }
    assert!((first - spent - coupling.cost()).abs() < 3.0 * SOLVED);
    assert!(spent < first);
}
// ANCHOR_END: r3

/// The same for a mixture, by simulation: V and S are integrals over t of means.
#[test]
fn r3_the_balance_holds_for_eight_gaussians() {
    let (data, mut rng) = (Mixture::eight_gaussians(), Rng::new(62));
    let (n, steps) = (4000, 40);
    let p = Marginal { path: Path::Linear, data };
    let (x_0, x_1) = (rng.normal(&[n, 2]), p.data.sample(n, &mut rng));
    let field = |t: Float, x: &Tensor| p.velocity(&Tensor::full(&[n, 1], t), x);
    let states = ode::trajectory(field, &x_0, 0.0..1.0, steps, &RK4);
    let z_1 = &states[steps].1;
    let t = Tensor::linspace(0.0, 1.0, n).reshape(&[n, 1]);
    let losses: Vec<f64> = (0..20)
        .map(|_| {
            let order: Vec<Float> = rng.permutation(n).iter().map(|&i| t.data()[i]).collect();
            let t = Tensor::new(&[n, 1], order);
            2.0 * f64::from(p.irreducible_loss(&x_0, &x_1, &t).item())
        })
        .collect();
    let v = Estimate::of(&losses);
    let each = (&x_1 - &x_0).square().sum(1) - (z_1 - &x_0).square().sum(1);
    let saved = Estimate::of(&as_f64(&each));
    let s = f64::from(straightness(&states).item());
    let error = saved.error.hypot(v.error);
    println!("saved {saved:?} = S {s} + V {v:?}");
    assert!((saved.mean - s - v.mean).abs() < 4.0 * error + 0.02);
    assert!(s > 4.0 * error + 0.1);
    let costs = [transport_cost(&x_0, &x_1), transport_cost(&x_0, z_1)].map(|c| c.item());
    assert!((f64::from(costs[0] - costs[1]) - saved.mean).abs() < 1e-3);
}

// ANCHOR: r4
/// Independent normal pairs: the first flow bends, and one Euler step of it leads to the mean of the
/// data. The second is straight, and one Euler step of it is the whole way.
#[test]
fn r4_one_step_is_enough_when_the_ways_are_straight() {
    let first = independent();
    let second = first.reflow(100);
    let third = second.reflow(100);
    let one_step = |coupling: &Coupling| Tensor::eye(2) + coupling.velocity(0.0);
    let (s, loss) = (second.straightness(100), second.least_loss(100));
    println!("S {} then {s:e}, V {} then {loss:e}", first.straightness(100), first.least_loss(100));
    assert!(first.straightness(100) > 0.1 && s.abs() < SOLVED && loss.abs() < SOLVED);
    assert!(difference(&one_step(&first), &Tensor::zeros(&[2, 2])) < ROUNDING);
    assert!(difference(&one_step(&second), &second.c) < SOLVED);
    assert!(difference(&third.c, &second.c) < SOLVED);
}
// ANCHOR_END: r4

// ANCHOR: r5
/// Each point paired with itself turned by a third of a circle: the ways do not cross, so reflow
/// changes nothing, though standing still would cost nothing.
#[test]
fn r5_straight_is_not_optimal() {
    let r = rotation(2.0);
    let turned = Coupling { sigma: Tensor::eye(2), c: r.clone() };
    let next = turned.reflow(100);
    let cost = 4.0 * (1.0 - libm::cos(2.0));
    println!("cost {} = {cost}, S {:e}", turned.cost(), turned.straightness(100));
    assert!((turned.cost() - cost).abs() < SOLVED && cost > 5.0);
    assert!(turned.straightness(100).abs() < SOLVED && turned.least_loss(100).abs() < SOLVED);
    assert!(difference(&next.c, &r) < SOLVED);
    let independent = Coupling { sigma: Tensor::eye(2), c: Tensor::zeros(&[2, 2]) };
    assert!(independent.reflow(100).cost().abs() < SOLVED); // another start finds the best
}
// ANCHOR_END: r5
