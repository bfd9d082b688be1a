//! Speed: what a product reads through a cache, fused multiply-adds, the exponential function, sums, and bits.

use pushforward::chapters::speed::rounding::{
    U, exp, exp_short, kahan_sum, pairwise_sum, power_of_two, reduce, sum, sum_in_lanes,
    two_product, ulps,
};
use pushforward::chapters::speed::tiles::{LINE, Order, entry, fetched, matmul_by_tiles};
use pushforward::chapters::speed::{Machine, Work};
use pushforward::chapters::tensors::{Array, matmul};
use pushforward::random::Rng;
use pushforward::{Float, Tensor};

/// A product of n × n has n/6 operations for each byte; an addition a twelfth. Work below the ridge takes as long as
/// its bytes, above it as long as its operations.
// ANCHOR: e18
#[test]
fn e18_the_roof_is_the_slower_of_two() {
    let intensity = |n: usize| Work::product([n, n, n]).intensity();
    for n in [6, 96, 1536] {
        assert!((intensity(n) - n as f64 / 6.0).abs() < 1e-9 * n as f64);
    }
    let addition = Work::elementwise(1000, 1.0, 2);
    assert!((addition.intensity() - 1.0 / 12.0).abs() < 1e-12);

    let machine = Machine { peak: 100e9, bandwidth: 20e9 };
    let [low, high] = [addition, Work::product([600; 3])];
    assert!(low.intensity() < machine.ridge() && high.intensity() > machine.ridge());
    let close = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-12;
    assert!(close(machine.seconds(low), low.bytes / machine.bandwidth));
    assert!(close(machine.seconds(high), high.operations / machine.peak));
}
// ANCHOR_END: e18

/// Through a cache of S bytes, blocks of b × b with 3 b² numbers in S fetch 2 n³/b + n² numbers; rows fetch all of b
/// again for every row, n³; entries a line for every multiply-add, 16 n³.
// ANCHOR: e18_cache
#[test]
fn e18_blocks_are_fetched_once_for_b_steps() {
    let (n, bytes) = (96, 4096);
    let cubed = (n * n * n) as f64;
    let numbers = |order: Order| fetched(order, n, bytes) as f64 / 4.0;
    let near = |order: Order, due: f64| {
        let ratio = numbers(order) / due;
        println!("{order:?}: {ratio:.3}");
        assert!((ratio - 1.0).abs() < 0.1, "{order:?} fetches {ratio:.3} times what is due");
    };
    near(Order::Blocks(16), 2.0 * cubed / 16.0 + (n * n) as f64);
    near(Order::Rows, cubed + 2.0 * (n * n) as f64);
    near(Order::Entries, (LINE / 4) as f64 * cubed);
    // a cache for all three matrices: each line once, in whatever order
    for order in [Order::Entries, Order::Rows, Order::Blocks(16)] {
        assert_eq!(fetched(order, n, 12 * n * n), 12 * n * n);
    }
}
// ANCHOR_END: e18_cache

/// With one rounding for a b + c, the error of a product is known exactly; with two it seems to be 0.
// ANCHOR: e19
#[test]
fn e19_a_fused_multiply_add_knows_the_error_of_a_product() {
    let mut rng = Rng::new(1901);
    let (a, b) = (rng.normal(&[2000]), rng.normal(&[2000]));
    let mut inexact = 0;
    for (&a, &b) in a.data().iter().zip(b.data()) {
        let (a, b) = (f64::from(a) as f32, f64::from(b) as f32);
        let (p, e) = two_product(a, b);
        let exact = f64::from(a) * f64::from(b); // 48 bits: float64 holds them
        assert_eq!(f64::from(p) + f64::from(e), exact);
        assert!(f64::from(e).abs() <= U * exact.abs());
        assert_eq!(a * b - p, 0.0, "two roundings");
        inexact += usize::from(e != 0.0);
    }
    assert!(inexact > 1900, "{inexact}");
}
// ANCHOR_END: e19

/// x = n ln 2 + r with |r| ≤ ½ ln 2, and r right to 2⁻²⁴; with one float32 for ln 2 it is off by n times what
/// that lacks.
// ANCHOR: e20
#[test]
fn e20_an_argument_is_reduced_with_ln_2_in_two_parts() {
    let ln_2 = std::f64::consts::LN_2;
    let mut worst = [0.0f64; 2];
    for i in -8700..=8800 {
        let x = i as f32 * 0.01;
        let (n, r) = reduce(x);
        let exact = f64::from(x) - f64::from(n) * ln_2;
        assert!(f64::from(r).abs() <= 0.5 * ln_2 + 1e-6 && n == n.round_ties_even());
        let one_part = n.mul_add(-std::f32::consts::LN_2, x);
        let errors = [r, one_part].map(|r| (f64::from(r) - exact).abs());
        worst = [worst[0].max(errors[0]), worst[1].max(errors[1])];
    }
    assert!(worst[0] < U && worst[1] > 3.0 * U);
}
// ANCHOR_END: e20

/// The polynomial leaves less than a fifth of 2⁻²⁴ on |r| ≤ ½ ln 2: the first term left out, r⁸/8!. On twice the
/// interval it leaves 256 times as much. With it eˣ is within 1.1 units in the last place.
// ANCHOR: e20_exp
#[test]
fn e20_eight_terms_are_enough_after_reduction() {
    let half = 0.5 * std::f64::consts::LN_2;
    let taylor = |r: f64| (1..=7).rev().fold(1.0, |sum, k| 1.0 + sum * r / f64::from(k));
    let left = |r: f64| (taylor(r) - libm::exp(r)).abs() / libm::exp(r);
    assert!(left(half) < 0.2 * U && left(-half) < 0.2 * U && left(2.0 * half) > 10.0 * U);

    let mut worst = 0.0f64;
    for i in -870_000..=880_000 {
        let x = i as f32 * 1e-4;
        worst = worst.max(ulps(exp(x), libm::exp(f64::from(x))).abs());
    }
    println!("{worst:.3} ulp");
    assert!(worst < 1.1);
    for n in [-126, -1, 0, 1, 127] {
        assert_eq!(f64::from(power_of_two(n)), libm::exp2(f64::from(n)));
    }
    assert_eq!(exp_short(0.0), 1.0);
}
// ANCHOR_END: e20_exp

/// The errors of four sums are within their bounds, and those of the plain sum beyond the bound of the pairwise one.
/// The numbers are of one sign, so that Σ|x| = Σx.
// ANCHOR: e21
#[test]
fn e21_the_depth_of_a_sum_bounds_its_error() {
    let u = f64::from(Float::EPSILON) / 2.0;
    let n = 1 << 20;
    let tenth: Float = 0.1;
    let mut rng = Rng::new(2101);
    let mut worst = 0.0f64;
    for x in [vec![tenth; n], rng.uniform(&[n]).to_vec()] {
        // pairs of float64 numbers that are exact together
        let exact = x.iter().fold([0.0f64; 2], |[high, low], &x| {
            let x = f64::from(x);
            let total = high + x;
            let part = total - high;
            [total, low + ((high - (total - part)) + (x - part))]
        });
        let error = |sum: Float| ((f64::from(sum) - exact[0]) - exact[1]).abs() / exact[0] / u;
        let [plain, lanes, pairs, kahan] =
            [sum(&x), sum_in_lanes::<16>(&x), pairwise_sum(&x), kahan_sum(&x)].map(error);
        println!("in units of u: {plain:.1} {lanes:.1} {pairs:.2} {kahan:.2}");
        assert!(plain <= n as f64 - 1.0 && lanes <= n as f64 / 16.0 + 4.0);
        assert!(pairs <= 20.0 && kahan <= 2.0);
        worst = worst.max(plain);
    }
    assert!(worst > 20.0, "a plain sum is not a pairwise one");
}
// ANCHOR_END: e21

fn same_bits(a: &Array, b: &Tensor) -> bool {
    a.data.iter().zip(b.data()).all(|(a, b)| a.to_bits() == b.to_bits())
}

/// Tiles of any size, the crate's kernel and the definition give the same bits: every entry is one chain. Two roundings
/// in place of one, or a chain cut in two, give others.
// ANCHOR: e22
#[test]
fn e22_tiles_do_not_change_a_bit() {
    let mut rng = Rng::new(2201);
    let (a, b) = (rng.normal(&[37, 101]), rng.normal(&[101, 29]));
    let c = a.matmul(&b);
    let (x, y) = (Array::of(&a), Array::of(&b));
    let by_definition = (0..37 * 29).map(|i| entry(&x, &y, i / 29, i % 29)).collect();
    assert!(same_bits(&Array::new(&[37, 29], by_definition), &c));
    assert!(same_bits(&matmul_by_tiles::<4, 8>(&x, &y), &c));
    assert!(same_bits(&matmul_by_tiles::<6, 16>(&x, &y), &c));
    assert!(!same_bits(&matmul(&x, &y), &c), "two roundings");
    let part = |k: std::ops::Range<usize>| a.slice(1, k.clone()).matmul(&b.slice(0, k));
    let halves = part(0..50) + part(50..101);
    assert!(!same_bits(&Array::of(&halves), &c), "two chains");
}
// ANCHOR_END: e22

/// The order of a sum depends on the sizes alone: the crate's is that of 16 lanes, on one thread and on four.
// ANCHOR: e22_sum
#[test]
fn e22_a_sum_has_one_order() {
    let mut rng = Rng::new(2202);
    let x = rng.normal(&[100_003]);
    let due = sum_in_lanes::<16>(x.data());
    for threads in [1, 4] {
        pushforward::machine::set_threads(threads);
        assert_eq!(x.sum(..).item().to_bits(), due.to_bits());
    }
    let others = [sum(x.data()), sum_in_lanes::<8>(x.data()), pairwise_sum(x.data())];
    assert!(
        others.iter().all(|other| other.to_bits() != due.to_bits()),
        "each order has its own bits"
    );
}
// ANCHOR_END: e22_sum
