//! The `f32` functions of `kernels::maths` against `libm` in `f64`: their error in units of the
//! last place, their special values, and their bits, which no machine and no change may move.
#![cfg(not(feature = "f64"))]

use pushforward::kernels::{self, maths};

/// A loop over a slice.
type Loop = dyn Fn(&[f32]) -> Vec<f32>;

/// A function of one variable, what it should be, and what it is held to.
struct Case {
    name: &'static str,
    ours: Box<dyn Fn(f32) -> f32>,
    /// The same over a slice, with the widest instructions of this machine.
    ours_of_all: Box<Loop>,
    exact: fn(f64) -> f64,
    /// The largest error over all 2³² inputs in ulp, rounded up to hundredths.
    bound: f64,
    /// [`hash`] of the results.
    bits: u64,
}

fn case(
    name: &'static str,
    ours: impl Fn(f32) -> f32 + Copy + Sync + 'static,
    exact: fn(f64) -> f64,
    bound: f64,
    bits: u64,
) -> Case {
    let ours_of_all = Box::new(move |x: &[f32]| kernels::map(x, ours));
    Case { name, ours: Box::new(ours), ours_of_all, exact, bound, bits }
}

#[rustfmt::skip] // a table
fn cases() -> Vec<Case> {
    vec![
        case("exp", maths::exp, libm::exp, 1.04, 0x1b48_db15_23ec_93a8),
        case("exp_m1", maths::exp_m1, libm::expm1, 1.59, 0x13fe_836a_ad26_ca21),
        case("ln", maths::ln, libm::log, 0.93, 0x004b_ba2a_79f3_de2e),
        case("ln_1p", maths::ln_1p, libm::log1p, 1.54, 0x8fbc_07ac_7c21_622f),
        case("sin", maths::sin, |x| libm::sin(angle(x)), 1.89, 0xd094_5f50_6168_e1c0),
        case("cos", maths::cos, |x| libm::cos(angle(x)), 1.89, 0x6f15_b253_6a91_7a75),
        case("sin 2πu", |u| maths::sin_cos_2pi(turn(u) as f32).0, |u| sin_half_turns(2.0 * turn(u)),
            0.61, 0x30ec_97a3_36d2_5ecf),
        case("cos 2πu", |u| maths::sin_cos_2pi(turn(u) as f32).1,
            |u| sin_half_turns(2.0 * turn(u) + 0.5), 0.61, 0x1f32_a8a3_de02_3eaf),
        case("tanh", maths::tanh, libm::tanh, 2.5, 0xaad8_f86f_d522_2d3a),
        case("erf", maths::erf, libm::erf, 3.16, 0x0e0c_bd5c_371b_3d37),
        case("normal_cdf", maths::normal_cdf, normal_cdf, 3.59, 0xee83_c1af_d6ba_8b3e),
        case("sigmoid", maths::sigmoid, sigmoid, 2.45, 0x671c_d1dd_9c16_319a),
        case("silu", maths::silu, silu, 3.4, 0xb66d_5e94_c19b_bc57),
        case("gelu", maths::gelu, gelu, 3.87, 0xd449_af72_c451_b387),
        case("softplus", maths::softplus, softplus, 2.47, 0xf5d9_d79e_cfd1_f125),
        case("elu, α = 1.5", |x| maths::elu(x, 1.5), elu, 1.65, 0xdbec_cd27_e3a4_8aeb),
        case("x^0.5", |x| maths::powf(x, 0.5), |x| libm::pow(x, 0.5), 1.06, 0x065a_02a6_68fa_2ae8),
        case("x^3", |x| maths::powf(x, 3.0), |x| libm::pow(x, 3.0), 1.05, 0x7ca2_dff3_bed8_bdd8),
        case("x^-1.75", |x| maths::powf(x, -1.75), |x| libm::pow(x, -1.75),
            1.04, 0x9c56_c8f7_9aa2_8a79),
        case("x^2000.5", |x| maths::powf(x, 2000.5), |x| libm::pow(x, 2000.5),
            1.1, 0x1476_56ed_3638_c639),
        case("10^x", |x| maths::powf(10.0, x), |x| libm::pow(10.0, x), 1.05, 0x3a4d_2a2a_353d_aff2),
        case("(-2)^x", |x| maths::powf(-2.0, x), |x| libm::pow(-2.0, x),
            0.5, 0xe087_ebf6_a7d7_7e9f),
    ]
}

/// 2⁴⁷.
const LARGEST_ANGLE: f64 = 140_737_488_355_328.0;

/// x, or NaN beyond the angles that `sin` and `cos` serve.
fn angle(x: f64) -> f64 {
    if x.abs() <= LARGEST_ANGLE { x } else { f64::NAN }
}

/// u, or NaN outside the [0, 1) that `sin_cos_2pi` serves.
fn turn<T: Into<f64>>(u: T) -> f64 {
    let u = u.into();
    if u.is_sign_positive() && u < 1.0 { u } else { f64::NAN }
}

/// sin πt, by way of |t| ≤ ½: an `f64` has the bits for an `f32` plus ½.
fn sin_half_turns(t: f64) -> f64 {
    let n = t.round_ties_even();
    let sine = libm::sin(std::f64::consts::PI * (t - n));
    if n % 2.0 == 0.0 { sine } else { -sine }
}

fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x / std::f64::consts::SQRT_2)
}

fn sigmoid(x: f64) -> f64 {
    let z = libm::exp(-x.abs());
    if x < 0.0 { z / (1.0 + z) } else { 1.0 / (1.0 + z) }
}

/// −0 at −∞.
fn silu(x: f64) -> f64 {
    if x == f64::NEG_INFINITY { -0.0 } else { x * sigmoid(x) }
}

/// −0 at −∞.
fn gelu(x: f64) -> f64 {
    if x == f64::NEG_INFINITY { -0.0 } else { x * normal_cdf(x) }
}

fn softplus(x: f64) -> f64 {
    let rest = libm::log1p(libm::exp(-x.abs()));
    if x < 0.0 { rest } else { x + rest }
}

/// With α = 1.5, and +0 at −0.
fn elu(x: f64) -> f64 {
    if x < 0.0 { 1.5 * libm::expm1(x) } else { x + 0.0 }
}

/// The distance between neighbouring `f32` where `exact` lies: the unit in the last place.
fn ulp(exact: f64) -> f64 {
    let exponent = ((exact.to_bits() >> 52) as i64 & 0x7ff) - 1023;
    let last_place = exponent.clamp(-126, 127) - 23;
    f64::from_bits(((last_place + 1023) as u64) << 52)
}

/// The error of a result in ulp: ∞ where one is NaN and the other is not, or the signs of zeros
/// differ. An infinite result counts as 2¹²⁸, the number that would come after the largest.
fn error(ours: f32, exact: f64) -> f64 {
    if ours.is_nan() || exact.is_nan() {
        return if ours.is_nan() && exact.is_nan() { 0.0 } else { f64::INFINITY };
    }
    if ours == 0.0 && exact == 0.0 && ours.is_sign_negative() != exact.is_sign_negative() {
        return f64::INFINITY;
    }
    let finite = |y: f64| y.clamp(-(2f64.powi(128)), 2f64.powi(128));
    (finite(ours.into()) - finite(exact)).abs() / ulp(exact)
}

/// Every `stride`-th of the 2³² `f32`, in the order of their bits.
fn every(stride: usize) -> impl Iterator<Item = f32> {
    (0..=u32::MAX).step_by(stride).map(f32::from_bits)
}

/// The largest error of a case over the inputs, and the input where it occurs.
fn worst(case: &Case, mut inputs: impl Iterator<Item = f32>) -> (f64, f32) {
    let mut worst = (0.0, 0.0);
    loop {
        let block: Vec<f32> = inputs.by_ref().take(4096).collect();
        if block.is_empty() {
            return worst;
        }
        for (&x, y) in block.iter().zip((case.ours_of_all)(&block)) {
            let u = error(y, (case.exact)(x.into()));
            worst = if u > worst.0 { (u, x) } else { worst };
        }
    }
}

/// Panics with the worst input of every case that exceeds its bound.
fn check<I: Iterator<Item = f32>>(inputs: impl Fn() -> I) {
    let mut failures = String::new();
    for case in cases() {
        let (u, x) = worst(&case, inputs());
        println!("{:12} {u:.3} ulp at {x:e}", case.name);
        if u > case.bound {
            let (y, exact) = ((case.ours)(x), (case.exact)(x.into()));
            failures += &format!("\n{}({x:e}) = {y:e}, {u:.3} ulp from {exact:e}", case.name);
        }
    }
    assert!(failures.is_empty(), "errors beyond their bounds:{failures}");
}

/// A prime, so that the walk meets all last bits.
const STRIDE: usize = 16_411;

#[test]
fn errors_stay_below_their_bounds() {
    check(|| every(STRIDE));
}

/// About a minute a function: `cargo test --release --test maths -- --ignored --nocapture`.
#[test]
#[ignore = "walks through all 2^32 inputs"]
fn errors_stay_below_their_bounds_everywhere() {
    check(|| every(1));
}

/// Zero, both ends of the subnormals, of the normals and of the angles that `sin` serves; 1 and its
/// neighbours; where results begin to round to −1, 0, 1 and ∞; infinity, NaN. All with both signs.
const SPECIAL: [f32; 17] = [
    0.0,
    1e-45,
    1.175_494_2e-38,
    f32::MIN_POSITIVE,
    0.999_999_94,
    1.0,
    1.000_000_1,
    4.0,
    17.328_68,
    88.722_84,
    103.972_08,
    140_737_488_355_328.0,
    140_737_505_132_544.0,
    2.0,
    f32::MAX,
    f32::INFINITY,
    f32::NAN,
];

#[test]
fn special_values_are_right() {
    check(|| SPECIAL.into_iter().flat_map(|x| [x, -x]));
}

/// Identities that hold to the last bit, not only within a bound.
#[test]
fn fixed_points_are_exact() {
    assert_eq!([maths::exp(0.0), maths::exp(-0.0)], [1.0, 1.0]);
    assert_eq!(maths::ln(1.0), 0.0);
    assert_eq!(maths::cos(0.0), 1.0);
    assert_eq!(maths::sigmoid(0.0), 0.5);
    assert_eq!(maths::normal_cdf(0.0), 0.5);
    assert_eq!(maths::tanh(f32::INFINITY), 1.0);
    assert_eq!([maths::silu(-0.0), maths::gelu(-0.0)].map(f32::to_bits), [1 << 31; 2]);
    assert_eq!(
        [0.0, 0.25, 0.5, 0.75].map(maths::sin_cos_2pi),
        [(0.0, 1.0), (1.0, 0.0), (0.0, -1.0), (-1.0, 0.0)]
    );
}

#[test]
fn powf_has_the_special_values_of_c() {
    let numbers = [
        0.0,
        1e-45,
        0.5,
        1.0,
        1.5,
        2.0,
        3.0,
        8_388_607.0,
        16_777_216.0,
        1e30,
        f32::INFINITY,
        f32::NAN,
    ];
    for x in numbers.into_iter().flat_map(|x| [x, -x]) {
        for p in numbers.into_iter().flat_map(|p| [p, -p]) {
            let (ours, exact) = (maths::powf(x, p), libm::pow(x.into(), p.into()));
            let u = error(ours, exact);
            assert!(u <= 2.0, "powf({x:e}, {p:e}) = {ours:e} is {u:.3} ulp from {exact:e}");
        }
    }
}

/// FNV-1a over the bits of the results, 32 at a time, every NaN counting as the same.
fn hash(results: impl Iterator<Item = f32>) -> u64 {
    results.fold(0xcbf2_9ce4_8422_2325, |hash, y| {
        let bits = if y.is_nan() { f32::NAN.to_bits() } else { y.to_bits() };
        (hash ^ u64::from(bits)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The same bits in every build, on every machine, one by one or in a loop of vector instructions.
/// A change to a function changes its hash, and every number in the book that depends on it.
#[test]
fn bits_are_pinned() {
    let inputs: Vec<f32> = every(STRIDE).collect();
    let mut moved = String::new();
    for case in cases() {
        let one_by_one = hash(inputs.iter().map(|&x| (case.ours)(x)));
        let in_a_loop = hash((case.ours_of_all)(&inputs).into_iter());
        if [one_by_one, in_a_loop] != [case.bits; 2] {
            moved += &format!("\n{}: {one_by_one:#x}, in a loop {in_a_loop:#x}", case.name);
        }
    }
    assert!(moved.is_empty(), "these functions give other bits:{moved}");
}
