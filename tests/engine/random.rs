//! The random numbers: their bits, which never change; the generator against its published values;
//! and the laws, by statistics with known standard errors. A seed is fixed, so a test passes always
//! or never.

use pushforward::random::Rng;
use pushforward::{Float, Tensor};

/// A sane statistic is this many standard errors from its mean once in 16 000 times.
const LARGEST_Z: f64 = 4.0;

#[track_caller]
fn assert_expected(what: &str, statistic: f64, mean: f64, standard_error: f64) {
    let z = (statistic - mean) / standard_error;
    assert!(z.abs() < LARGEST_Z, "{what}: {statistic}, expected {mean} ± {standard_error}");
}

/// χ² = Σ (count − n/k)² k/n of k equally likely outcomes has mean k − 1 and variance 2 (k − 1).
#[track_caller]
fn assert_equally_likely(what: &str, counts: &[usize]) {
    let (n, k) = (counts.iter().sum::<usize>() as f64, counts.len() as f64);
    let square = |&count: &usize| (count as f64 - n / k).powi(2) * k / n;
    let chi_squared: f64 = counts.iter().map(square).sum();
    assert_expected(what, chi_squared, k - 1.0, (2.0 * (k - 1.0)).sqrt());
}

/// How often each outcome below `k` comes in `n` draws.
fn count(n: usize, k: usize, mut draw: impl FnMut() -> usize) -> Vec<usize> {
    let mut counts = vec![0; k];
    (0..n).for_each(|_| counts[draw()] += 1);
    counts
}

/// Σ f(x) / n in f64.
fn mean_of(x: &[Float], f: impl Fn(f64) -> f64) -> f64 {
    x.iter().map(|&x| f(f64::from(x))).sum::<f64>() / x.len() as f64
}

/// The first draws of a seed.
struct Pinned {
    seed: u64,
    bits: [u64; 4],
    uniform: [Float; 4],
    normal: [Float; 4],
    below_10: [usize; 4],
    permutation_8: [usize; 8],
    choice_10_4: [usize; 4],
    split: u64,
}

/// Printed by this crate. `bits` are also those of NumPy 2.4.6's `PCG64` started from the same
/// state, and `normal` is NumPy's arithmetic on them to the rounding of `Float`.
#[rustfmt::skip]
const PINNED: [Pinned; 2] = [
    Pinned {
        seed: 0,
        bits: [2354861276966075475, 6411218084291373563, 13092586260176364081, 718076624554797018],
        #[cfg(not(feature = "f64"))]
        uniform: [0.12765723, 0.34755278, 0.7097505, 0.03892696],
        #[cfg(not(feature = "f64"))]
        normal: [0.99512964, 0.6932664, -1.7681993, 1.2779119],
        #[cfg(feature = "f64")]
        uniform: [0.127657285425812, 0.34755282872356474, 0.7097505233250558, 0.03892701165750623],
        #[cfg(feature = "f64")]
        normal: [0.9951298374214231, 0.693265929131068, -1.7681992907468158, 1.2779121846560608],
        below_10: [1, 3, 7, 0],
        permutation_8: [7, 6, 5, 3, 0, 4, 2, 1],
        choice_10_4: [1, 4, 7, 3],
        split: 11544110963343571021,
    },
    Pinned {
        seed: 42,
        bits: [4178418447715145737, 4410739922618931473, 14034899209665866285, 9736923071240364268],
        #[cfg(not(feature = "f64"))]
        uniform: [0.22651249, 0.23910666, 0.7608334, 0.5278396],
        #[cfg(not(feature = "f64"))]
        normal: [-1.125629, 0.78513384, -1.3049406, 1.4984179],
        #[cfg(feature = "f64")]
        uniform: [0.22651251778006554, 0.2391066902782768, 0.7608334105461836, 0.5278396571520716],
        #[cfg(feature = "f64")]
        normal: [-1.1256289190273967, 0.7851337460352821, -1.3049404869645749, 1.4984177813628472],
        below_10: [2, 2, 7, 5],
        permutation_8: [5, 0, 6, 3, 2, 4, 7, 1],
        choice_10_4: [2, 3, 8, 6],
        split: 10516784134559347240,
    },
];

#[test]
fn the_first_draws_of_a_seed_are_these_to_the_last_bit() {
    for pinned in PINNED {
        let rng = || Rng::new(pinned.seed);
        let mut one = rng();
        assert_eq!([0; 4].map(|_| one.next_u64()), pinned.bits);
        let unit = |bits: u64| (bits >> 11) as f64 / (1u64 << 53) as f64;
        let mut one = rng();
        assert_eq!([0; 4].map(|_| one.uniform_f64()), pinned.bits.map(unit));
        assert_eq!(rng().uniform(&[4]).data(), pinned.uniform);
        assert_eq!(rng().normal(&[4]).data(), pinned.normal);
        let mut one = rng();
        assert_eq!([0; 4].map(|_| one.below(10)), pinned.below_10);
        assert_eq!(rng().permutation(8), pinned.permutation_8);
        assert_eq!(rng().choice(10, 4), pinned.choice_10_4);
        assert_eq!(rng().split().next_u64(), pinned.split);
    }
}

/// PCG XSL RR 128/64 written out (O'Neill 2014).
struct NaivePcg64 {
    state: u128,
    increment: u128,
}

impl NaivePcg64 {
    fn new(state: u128, increment: u128) -> NaivePcg64 {
        let mut rng = NaivePcg64 { state: state.wrapping_add(increment), increment };
        rng.step();
        rng
    }

    fn step(&mut self) {
        const MULTIPLIER: u128 = 0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645;
        self.state = self.state.wrapping_mul(MULTIPLIER).wrapping_add(self.increment);
    }

    fn next_u64(&mut self) -> u64 {
        self.step();
        ((self.state >> 64) as u64 ^ self.state as u64).rotate_right((self.state >> 122) as u32)
    }
}

/// 256 bits of state and increment from a seed, as `rand_core` specifies: eight words of PCG XSH RR
/// 64/32.
fn expand(mut seed: u64) -> [u128; 2] {
    let mut word = || {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(11634580027462260723);
        let shifted = ((seed >> 18 ^ seed) >> 27) as u32;
        u128::from(shifted.rotate_right((seed >> 59) as u32))
    };
    [0; 2].map(|_| (0..4).fold(0, |bits, k| bits | word() << (32 * k)))
}

#[test]
fn the_bits_are_those_of_the_published_generator() {
    // From the test suite of O'Neill's C library, which `rand_pcg`'s own tests quote: seed 42,
    // stream 54.
    let mut official = NaivePcg64::new(42, 54 << 1 | 1);
    let published =
        [0x86b1da1d72062b68, 0x1304aa46c9853d39, 0xa3670e9e0dd50358, 0xf9090e529a7dae00];
    assert_eq!([0; 4].map(|_| official.next_u64()), published);
    // The value `rand_pcg` documents for seed_from_u64(0).
    assert_eq!(Rng::new(0).next_u64(), 2354861276966075475);
    for seed in [0, 1, 42, u64::MAX] {
        let [state, increment] = expand(seed);
        let (mut naive, mut ours) = (NaivePcg64::new(state, increment | 1), Rng::new(seed));
        (0..100).for_each(|_| assert_eq!(ours.next_u64(), naive.next_u64()));
    }
}

#[test]
fn normals_are_box_and_mullers_formula_on_the_bits() {
    let (n, mut bits) = (1000, Rng::new(3));
    let z = Rng::new(3).normal(&[2 * n]);
    for i in 0..n {
        let bits = bits.next_u64();
        let u_1 = ((bits >> 32) as f64 + 0.5) / (1u64 << 32) as f64;
        let u_2 = (bits as u32) as f64 / (1u64 << 32) as f64;
        let r = (-2.0 * libm::log(u_1)).sqrt();
        let angle = 2.0 * std::f64::consts::PI * u_2;
        // u₂ is cut to the bits of a `Float`, which turns the angle by up to π ε on a radius below
        // 7: 22 ε. u₁ is rounded to ε/2, which moves r by ε/2r: 45 ε where r is 0.01, as small as
        // it gets here.
        let tolerance = 70.0 * f64::from(Float::EPSILON);
        for (ours, exact) in [(i, r * libm::cos(angle)), (n + i, r * libm::sin(angle))] {
            let ours = f64::from(z.data()[ours]);
            assert!((ours - exact).abs() < tolerance, "{ours} is not {exact}");
        }
    }
}

#[test]
fn normals_have_the_moments_and_tails_of_the_normal_law() {
    let n = 400_000;
    let z = Rng::new(1).normal(&[n]).to_vec();
    let error = |variance: f64| (variance / n as f64).sqrt();
    assert_expected("mean", mean_of(&z, |z| z), 0.0, error(1.0));
    assert_expected("variance", mean_of(&z, |z| z.powi(2)), 1.0, error(2.0));
    assert_expected("skewness", mean_of(&z, |z| z.powi(3)), 0.0, error(15.0));
    assert_expected("kurtosis", mean_of(&z, |z| z.powi(4)), 3.0, error(96.0));
    let beyond = 0.002_699_796; // P(|z| > 3)
    let tail = mean_of(&z, |z| if z.abs() > 3.0 { 1.0 } else { 0.0 });
    assert_expected("tail", tail, beyond, error(beyond));
    // The two of a pair share their radius, and would be dependent under a wrong angle.
    let (x, y) = z.split_at(n / 2);
    let pair = |f: fn(f64) -> f64| {
        let products = x.iter().zip(y).map(|(&x, &y)| f(f64::from(x)) * f(f64::from(y)));
        products.sum::<f64>() / x.len() as f64
    };
    assert_expected("covariance of a pair", pair(|z| z), 0.0, (2.0 / n as f64).sqrt());
    assert_expected("of their squares", pair(|z| z * z - 1.0), 0.0, (8.0 / n as f64).sqrt());
}

#[test]
fn normals_of_an_odd_number_are_the_even_numbers_pairs() {
    for n in 0..5 {
        let mut rng = Rng::new(0);
        assert_eq!(rng.normal(&[n]).shape(), [n]);
        let mut other = Rng::new(0);
        (0..n.div_ceil(2)).for_each(|_| _ = other.next_u64());
        assert_eq!(rng, other, "a draw of {n} takes one word a pair");
    }
}

#[test]
fn uniforms_fill_the_unit_interval_evenly_and_stay_below_one() {
    let n = 200_000;
    let mut rng = Rng::new(2);
    let u = rng.uniform(&[n]).to_vec();
    assert!(u.iter().all(|u| (0.0..1.0).contains(u)));
    let cell = |u: f64| (u * 64.0) as usize;
    let mut cells = u.iter().map(|&u| cell(f64::from(u)));
    assert_equally_likely("uniform", &count(n, 64, || cells.next().unwrap()));
    assert_equally_likely("uniform_f64", &count(n, 64, || cell(rng.uniform_f64())));
    let v = rng.uniform_in(&[n], -3.0, 5.0).to_vec();
    assert!(v.iter().all(|v| (-3.0..=5.0).contains(v)));
    assert_expected("uniform_in", mean_of(&v, |v| v), 1.0, (64.0 / 12.0 / n as f64).sqrt());
}

#[test]
fn below_is_unbiased_for_sizes_that_are_no_power_of_two() {
    let mut rng = Rng::new(3);
    assert!((0..100).all(|_| rng.below(1) == 0));
    for n in [3, 10, 24] {
        assert_equally_likely("below", &count(60_000, n, || rng.below(n)));
    }
    // 2⁶⁴ words onto 3 · 2⁶² numbers: without rejection every third would come twice as often.
    assert_equally_likely("remainders", &count(60_000, 3, || rng.below(3 << 62) % 3));
}

#[test]
fn every_order_of_four_is_equally_likely() {
    let mut rng = Rng::new(4);
    let mut index = || {
        let order = rng.permutation(4);
        let rank = |i: usize| order[i + 1..].iter().filter(|&&later| later < order[i]).count();
        rank(0) * 6 + rank(1) * 2 + rank(2)
    };
    assert_equally_likely("orders of 4", &count(24_000, 24, &mut index));
    for n in 0..20 {
        let mut order = Rng::new(n as u64).permutation(n);
        order.sort();
        assert_eq!(order, (0..n).collect::<Vec<_>>());
    }
}

#[test]
fn a_choice_repeats_nothing_and_favours_nothing() {
    let mut rng = Rng::new(5);
    for (n, k) in [(0, 0), (5, 0), (5, 5), (10, 4), (100, 99)] {
        let mut chosen = rng.choice(n, k);
        assert!(chosen.len() == k && chosen.iter().all(|&i| i < n));
        chosen.sort();
        chosen.dedup();
        assert_eq!(chosen.len(), k);
    }
    // The 20 ordered pairs of 5: 5 first ones, then 4 others.
    let mut pair = || {
        let chosen = rng.choice(5, 2);
        chosen[0] * 4 + chosen[1] - usize::from(chosen[1] > chosen[0])
    };
    assert_equally_likely("pairs of 5", &count(20_000, 20, &mut pair));
}

/// The correlation of two uniform streams; its standard error is 1/√n.
fn correlation(a: &mut Rng, b: &mut Rng, n: usize) -> f64 {
    let product = |_| (a.uniform_f64() - 0.5) * (b.uniform_f64() - 0.5) * 12.0;
    (0..n).map(product).sum::<f64>() / n as f64
}

#[test]
fn streams_of_a_split_and_of_neighbouring_seeds_are_uncorrelated() {
    let (n, error) = (20_000, (1.0 / 20_000f64).sqrt());
    let mut parent = Rng::new(6);
    let [mut first, mut second] = [0; 2].map(|_| parent.split());
    assert_expected("siblings", correlation(&mut first, &mut second, n), 0.0, error);
    assert_expected("parent and child", correlation(&mut parent, &mut first, n), 0.0, error);
    for seed in 0..20 {
        let [mut one, mut next] = [Rng::new(seed), Rng::new(seed + 1)];
        assert_expected("neighbours", correlation(&mut one, &mut next, n), 0.0, error);
    }
}

#[test]
fn a_split_takes_one_word_of_its_parent_whatever_the_child_does() {
    let (mut parent, mut other) = (Rng::new(7), Rng::new(7));
    let _: Tensor = parent.split().normal(&[1000]);
    other.next_u64();
    assert_eq!(parent, other);
}
