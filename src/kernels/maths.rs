//! The transcendental functions, one number at a time: [`exp`], [`ln`], [`sin`], [`tanh`], …
//!
//! The standard library hands these to the C library of the machine, whose last bits differ from
//! one system to the next. Here they use only operations that IEEE 754 fixes to the last bit
//! (`+ - * /`, fused multiply-add, conversions, bit patterns), so one input gives one result on
//! every machine.
//!
//! In `f32` they are ours, and made to be fast too: no branch, no table, only selects, so that a
//! loop such as `for x in xs { *x = exp(*x) }`, compiled for AVX2 and FMA, is vector code. Each
//!
//! 1. *reduces* its argument with an identity, such as eˣ = 2ⁿ·eʳ, to a short interval;
//! 2. evaluates a *polynomial* there, or a quotient of two, in fused multiply-adds;
//! 3. *undoes* the identity, and selects the special values.
//!
//! The polynomials are minimax fits made with Sollya 8.0 (Chevillard, Joldeş and Lauter, 2010) at
//! `prec = 200`; the command that makes each stands above it. The quotients are fitted by Lawson's
//! reweighted least squares, each coefficient in turn rounded to `f32` and the others fitted again.
//! A processor works on several elements at once, as many as its window of instructions holds, so
//! that few operations matter and short chains of them do too.
//!
//! "Within u ulp" bounds the error over all 2³² inputs in units of the last place, the distance
//! between neighbouring `f32` where the exact result lies; `tests/maths.rs` holds the functions to
//! it. A result below the normal range is rounded into the subnormals, not flushed to zero, and
//! keeps the bound. NaN gives NaN, with no promise about its sign or payload.
//!
//! With the feature `f64` the same names call the portable `libm` crate, and speed is no aim.
//! Loops over slices are not here but in the other kernels.

#[cfg(feature = "f64")]
pub use double::*;
#[cfg(not(feature = "f64"))]
pub use single::*;

#[cfg(not(feature = "f64"))]
mod single {
    use std::f32::consts::{LN_2, LOG2_E};
    use std::f64::consts::{FRAC_1_PI, PI};

    /// 1.5·2²³. Added to a number of magnitude below 2²², it pushes the fraction out, so that
    /// `(x + ROUND) - ROUND` is the integer nearest to x (ties to even).
    const ROUND: f32 = 12_582_912.0;
    /// 1.5·2⁵², the same for `f64`.
    const ROUND_F64: f64 = 6_755_399_441_055_744.0;
    /// ln 2 − [`LN_2`]: the two together hold ln 2 to 48 bits.
    const LN_2_LOW: f32 = -1.904_654_2e-9;
    /// π − [`PI`]: the two together hold π to 107 bits.
    const PI_LOW: f64 = 1.224_646_799_147_353_2e-16;
    /// The sign bit.
    const SIGN: u32 = 1 << 31;
    /// 2⁻⁴⁰, which takes [`exp_scaled`] and what is made of it to its size.
    const UNSCALE: f32 = 1.0 / 1_099_511_627_776.0;
    /// The bits of √½, where significands are cut: x = 2ᵏ·m with √½ ≤ m < √2.
    const SQRT_HALF_BITS: i32 = 0x3f35_04f3;

    /// c₀ + c₁x + c₂x² + … by Horner's rule.
    #[inline(always)]
    fn polynomial<const N: usize>(x: f32, c: [f32; N]) -> f32 {
        c.into_iter().rev().reduce(|sum, c| sum.mul_add(x, c)).unwrap_or(0.0)
    }

    /// (c₀ + c₁x) + (c₂ + c₃x)x² + …: as many operations once x² is there, in half as long a chain.
    #[inline(always)]
    fn polynomial_by_pairs<const N: usize>(x: f32, square: f32, c: [f32; N]) -> f32 {
        let pair = |c: &[f32]| if c.len() == 2 { c[1].mul_add(x, c[0]) } else { c[0] };
        c.chunks(2).rev().map(pair).reduce(|sum, c| sum.mul_add(square, c)).unwrap_or(0.0)
    }

    /// [`polynomial`] in `f64`.
    #[inline(always)]
    fn polynomial_f64<const N: usize>(x: f64, c: [f64; N]) -> f64 {
        c.into_iter().rev().reduce(|sum, c| sum.mul_add(x, c)).unwrap_or(0.0)
    }

    /// min(|x|, limit), or NaN.
    #[inline(always)]
    fn magnitude(x: f32, limit: f32) -> f32 {
        let a = x.abs();
        if a > limit { limit } else { a }
    }

    /// y ≥ 0 with the sign of x.
    #[inline(always)]
    fn with_sign_of(x: f32, y: f32) -> f32 {
        f32::from_bits(y.to_bits() | (x.to_bits() & SIGN))
    }

    /// max(x, 0), with −0 for −0.
    #[inline(always)]
    fn relu(x: f32) -> f32 {
        if x < 0.0 { 0.0 } else { x }
    }

    /// 2ⁿ for an integer n in −126..=127, from a number whose lowest bits hold n + 127: they become
    /// the exponent field.
    #[inline(always)]
    fn power_of_two(e: f32) -> f32 {
        f32::from_bits(e.to_bits() << 23)
    }

    /// (1 + y)·2ⁿ in two halves, because 2ⁿ may overflow or underflow where the product does not.
    /// The lowest bits of `e` hold n + 2·127.
    #[inline(always)]
    fn scale(y: f32, e: f32) -> f32 {
        let both = e.to_bits();
        let half = both >> 1;
        let s = f32::from_bits(half << 23);
        y.mul_add(s, s) * f32::from_bits((both - half) << 23)
    }

    /// (e, r) with x = n·ln 2 + r, n an integer and |r| ≤ ½·ln 2. The lowest bits of e hold
    /// n + bias.
    #[inline(always)]
    fn reduce_by_ln_2(x: f32, bias: f32) -> (f32, f32) {
        let e = x.mul_add(LOG2_E, ROUND + bias);
        let n = e - (ROUND + bias);
        (e, n.mul_add(-LN_2_LOW, n.mul_add(-LN_2, x)))
    }

    /// eʳ − 1 for |r| ≤ ½·ln 2, as r + r²·p(r).
    #[inline(always)]
    fn exp_m1_short(r: f32) -> f32 {
        // fpminimax(expm1(x)/x, [|1,...,5|], [|single...|], [-log(2)/2;log(2)/2], floating, 1);
        const P: [f32; 5] =
            [0.499_999_97, 0.166_665_43, 0.041_667_502, 0.008_366_532, 0.001_386_452];
        let square = r * r;
        square.mul_add(polynomial_by_pairs(r, square, P), r)
    }

    /// eˣ = 2ⁿ·eʳ with x = n·ln 2 + r. Within 1.04 ulp.
    #[inline(always)]
    pub fn exp(x: f32) -> f32 {
        let (e, r) = reduce_by_ln_2(x.clamp(-104.0, 89.0), 254.0); // eˣ rounds to 0 and to ∞ there
        scale(exp_m1_short(r), e)
    }

    /// 2⁴⁰·eˣ for −115 ≤ x ≤ 0: normal where eˣ is not, so that a result which is made of it rounds
    /// but once.
    #[inline(always)]
    fn exp_scaled(x: f32) -> f32 {
        let (e, r) = reduce_by_ln_2(x, 127.0 + 40.0);
        let s = power_of_two(e);
        exp_m1_short(r).mul_add(s, s)
    }

    /// eˣ − 1 = 2ⁿ·(eʳ − 1) + (2ⁿ − 1), free of cancellation near x = 0. Within 1.59 ulp.
    #[inline(always)]
    pub fn exp_m1(x: f32) -> f32 {
        let (e, r) = reduce_by_ln_2(x.clamp(-25.0, 89.0), 127.0); // rounds to −1 and to ∞ there
        let most = ROUND + 254.0;
        let (e, rest) = if e > most { (most, 2.0) } else { (e, 1.0) }; // 2¹²⁸ is not finite
        let s = power_of_two(e);
        (s.mul_add(exp_m1_short(r), s - 1.0) * rest).copysign(x) // keeps −0
    }

    /// [`exp_m1`] for x ≤ 0, where 2ⁿ cannot overflow, and n·[`LN_2_LOW`], which counts 2ⁿ times,
    /// stays below 1/50 ulp and is left out; +0 at −0.
    #[inline(always)]
    fn exp_m1_negative(x: f32) -> f32 {
        let x = if x < -25.0 { -25.0 } else { x };
        let e = x.mul_add(LOG2_E, ROUND + 127.0);
        let n = e - (ROUND + 127.0);
        let r = n.mul_add(-LN_2, x);
        let s = power_of_two(e);
        s.mul_add(exp_m1_short(r), s - 1.0)
    }

    /// The integer k for which a positive normal x is 2ᵏ·m with √½ ≤ m < √2.
    #[inline(always)]
    fn exponent(x: f32) -> i32 {
        (x.to_bits() as i32).wrapping_sub(SQRT_HALF_BITS) >> 23
    }

    /// (k, m) with x = 2ᵏ·m and √½ ≤ m < √2, for any positive x, subnormal ones too.
    #[inline(always)]
    fn split(x: f32) -> (f32, f32) {
        let (normal, shift) =
            if x < f32::MIN_POSITIVE { (x * 8_388_608.0, 23.0) } else { (x, 0.0) };
        let k = exponent(normal);
        let m = f32::from_bits(normal.to_bits().wrapping_sub((k << 23) as u32));
        (k as f32 - shift, m)
    }

    /// k·ln 2 + ln(1 + f) for √½ ≤ 1 + f < √2, with ln(1 + f) = f − f²/2 + f³·p(f).
    #[inline(always)]
    fn ln_short(k: f32, f: f32) -> f32 {
        // fpminimax(log(1+x)/x, [|2,...,9|], [|single...|], [sqrt(0.5)-1;sqrt(2)-1], 1-x/2);
        const P: [f32; 8] = [
            0.333_333_73,
            -0.250_008_4,
            0.199_989_9,
            -0.166_212_07,
            0.142_389_07,
            -0.132_123_56,
            0.125_658_9,
            -0.072_860_21,
        ];
        let rest = f * f * f.mul_add(polynomial(f, P), -0.5);
        k.mul_add(LN_2, k.mul_add(LN_2_LOW, rest) + f)
    }

    /// ln x = k·ln 2 + ln m with x = 2ᵏ·m. Within 0.93 ulp; −∞ at ±0, NaN below.
    #[inline(always)]
    pub fn ln(x: f32) -> f32 {
        let (k, m) = split(x);
        let y = if x < f32::INFINITY { ln_short(k, m - 1.0) } else { x + x };
        let y = if x < 0.0 { f32::NAN } else { y };
        if x == 0.0 { f32::NEG_INFINITY } else { y }
    }

    /// ln(1 + x) = k·ln 2 + ln(1 + f) with 1 + x = 2ᵏ·(1 + f). Within 1.54 ulp; −∞ at −1, NaN
    /// below.
    ///
    /// The rounded sum 1 + x only decides on k; f = 2⁻ᵏ·x + (2⁻ᵏ − 1) comes from x itself.
    #[inline(always)]
    pub fn ln_1p(x: f32) -> f32 {
        let k = exponent(1.0 + x);
        let s = f32::from_bits(((129 - k) << 23) as u32); // 4·2⁻ᵏ, since 2⁻¹²⁸ is not normal
        let f = if k == 0 { x } else { (0.25 * x).mul_add(s, 0.25 * s - 1.0) };
        let y = ln_short(k as f32, f).copysign(x); // keeps −0
        let y = if x < f32::INFINITY { y } else { x + x };
        let y = if x < -1.0 { f32::NAN } else { y };
        if x == -1.0 { f32::NEG_INFINITY } else { y }
    }

    /// r, negated where the integer in `n` is odd. `n` comes with [`ROUND_F64`] still added, so
    /// that its lowest bit is its parity.
    #[inline(always)]
    fn alternate(r: f64, n: f64) -> f64 {
        f64::from_bits(r.to_bits() ^ (n.to_bits() << 63))
    }

    /// sin r for |r| ≤ π/2 and a hundredth more, as r + r³·p(r²).
    #[inline(always)]
    fn sin_short(r: f32) -> f32 {
        // fpminimax as in `sin_short_f64`; then a walk over the last bits in search of the smallest
        // error among those for which no result exceeds 1
        const P: [f32; 4] = [-0.166_666_6, 0.008_333_066, -0.000_198_094_3, 2.605_087_5e-6];
        let square = r * r;
        let y = (r * square).mul_add(polynomial(square, P), r);
        with_sign_of(r, y) // keeps −0
    }

    /// [`sin_short`] in `f64`, which costs the result no bit.
    #[inline(always)]
    fn sin_short_f64(r: f64) -> f32 {
        // fpminimax(sin(x)/x, [|2,4,6,8|], [|double...|], [1b-40;pi/2], floating, 1);
        const P: [f64; 4] = [
            -0.166_666_595_504_280_48,
            0.008_333_066_246_085_64,
            -0.000_198_096_029_020_887_67,
            2.605_780_638_190_885_6e-6,
        ];
        let square = r * r;
        let y = (r * square).mul_add(polynomial_f64(square, P), r);
        (y as f32).copysign(r as f32) // keeps −0
    }

    /// y where x can be an angle. Beyond 2⁴⁷, where neighbouring `f32` lie millions of turns apart
    /// and π to 107 bits no longer suffices, NaN.
    #[inline(always)]
    fn if_angle(x: f32, y: f32) -> f32 {
        if x.abs() <= 140_737_488_355_328.0 { y } else { f32::NAN }
    }

    /// sin x = (−1)ⁿ·sin(x − nπ) with n the integer nearest to x/π. Within 1.9 ulp; NaN for
    /// |x| > 2⁴⁷.
    ///
    /// The difference is taken in `f64`, its sine in `f32`, where a vector holds twice as many.
    #[inline(always)]
    pub fn sin(x: f32) -> f32 {
        let wide = f64::from(x);
        let n = wide.mul_add(FRAC_1_PI, ROUND_F64);
        let m = n - ROUND_F64;
        let r = m.mul_add(-PI_LOW, m.mul_add(-PI, wide));
        if_angle(x, sin_short(alternate(r, n) as f32))
    }

    /// cos x = (−1)ⁿ·sin(x − (n − ½)π) with n the integer nearest to x/π + ½. Within 1.9 ulp; NaN
    /// for |x| > 2⁴⁷.
    #[inline(always)]
    pub fn cos(x: f32) -> f32 {
        let wide = f64::from(x);
        let n = wide.mul_add(FRAC_1_PI, 0.5) + ROUND_F64;
        let m = n - ROUND_F64 - 0.5;
        let r = m.mul_add(-PI_LOW, m.mul_add(-PI, wide));
        if_angle(x, sin_short(alternate(r, n) as f32))
    }

    /// (sin 2πu, cos 2πu) for u in [0, 1), as (−1)ⁿ·sin π(2u − n) and (−1)ᵐ·sin π(2u − m + ½) with
    /// the nearest integers n and m: every difference is exact. Within 0.61 ulp.
    #[inline(always)]
    pub fn sin_cos_2pi(u: f32) -> (f32, f32) {
        let t = 2.0 * f64::from(u);
        let n = t + ROUND_F64;
        let m = t + 0.5 + ROUND_F64;
        let sin = sin_short_f64(alternate((t - (n - ROUND_F64)) * PI, n));
        let cos = sin_short_f64(alternate((t - (m - ROUND_F64 - 0.5)) * PI, m));
        (sin, cos)
    }

    /// tanh(u + h) = (tanh u + tanh h)/(1 + tanh u·tanh h) with u = n·½ ln 2, whose hyperbolic
    /// tangent is (2ⁿ − 1)/(2ⁿ + 1), for x ≥ 0, continued as an odd function. Within 2.5 ulp.
    #[inline(always)]
    pub fn tanh(x: f32) -> f32 {
        // fpminimax(tanh(x)/x, [|2,4,6|], [|single...|], [1b-30;log(2)/4], floating, 1);
        const P: [f32; 3] = [-0.333_333_22, 0.133_311_54, -0.052_720_47];
        let a = magnitude(x, 9.1); // tanh 9.1 rounds to 1
        let e = a.mul_add(2.0 * LOG2_E, ROUND + 127.0);
        let h = (e - (ROUND + 127.0)).mul_add(-0.5 * LN_2, a);
        let square = h * h;
        let tanh_h = (h * square).mul_add(polynomial(square, P), h);
        let s = power_of_two(e);
        let (low, high) = (s - 1.0, s + 1.0);
        with_sign_of(x, tanh_h.mul_add(high, low) / tanh_h.mul_add(low, high))
    }

    /// σ(x) = 1/(1 + e⁻ˣ), as c/(c + c·e⁻ˣ) with c = 2⁻²⁴, so that nothing overflows where σ is not
    /// yet 0. Within 2.45 ulp.
    #[inline(always)]
    pub fn sigmoid(x: f32) -> f32 {
        const C: f32 = 1.0 / 16_777_216.0;
        let (e, r) = reduce_by_ln_2(-x.clamp(-104.0, 70.0), 127.0 - 24.0); // σ rounds to 0 and to 1
        let s = power_of_two(e);
        C / exp_m1_short(r).mul_add(s, s + C)
    }

    /// x·σ(x) = max(x, 0) − a·z/(1 + z) with a = |x| and z = e⁻ᵃ. Within 3.4 ulp; −0 at −∞.
    #[inline(always)]
    pub fn silu(x: f32) -> f32 {
        let a = magnitude(x, 115.0); // a·e⁻ᵃ rounds to 0
        let z = exp_scaled(-a);
        let tail = a * z / z.mul_add(UNSCALE, 1.0);
        (-tail).mul_add(UNSCALE, relu(x))
    }

    /// ln(1 + eˣ) = max(x, 0) + ln(1 + z) with z = e^−|x|, and ln(1 + z) = z − z²·p(z)/q(z). Within
    /// 2.47 ulp.
    #[inline(always)]
    pub fn softplus(x: f32) -> f32 {
        // p/q fits (z - log(1+z))/z^2 on (0;1], its error weighed by z^2/log(1+z)
        const P: [f32; 3] = [0.499_997_6, 0.280_908_5, 0.002_424_484_3];
        const Q: [f32; 3] = [1.0, 1.228_389_9, 0.324_399_1];
        let scaled = exp_scaled(-magnitude(x, 115.0)); // e⁻¹¹⁵ rounds to 0
        let z = scaled * UNSCALE;
        let tail = (scaled * z).mul_add(-(polynomial(z, P) / polynomial(z, Q)), scaled);
        tail.mul_add(UNSCALE, relu(x))
    }

    /// x for x ≥ 0 and α·(eˣ − 1) below. Within 2.5 ulp for any α, and 1 for α = 1.
    #[inline(always)]
    pub fn elu(x: f32, alpha: f32) -> f32 {
        let (negative, positive) = if x < 0.0 { (x, 0.0) } else { (0.0, x) };
        alpha.mul_add(exp_m1_negative(negative), positive)
    }

    /// erf x = 1 − e^(−a·q(a)) with a = |x| and q(a) = −ln(1 − erf a)/a, continued as an odd
    /// function. Within 3.16 ulp.
    #[inline(always)]
    pub fn erf(x: f32) -> f32 {
        // q = -log(erfc(x))/x; w = x*erfc(x)/erf(x); // w turns an error of q into one of erf
        // roundcoefficients(remez(q*w, 8, [1b-20;4], w), [|single...|]);
        const Q_0: f32 = std::f32::consts::FRAC_2_SQRT_PI;
        const Q: [f32; 8] = [
            0.636_619_4,
            0.102_777_83,
            -0.019_153_064,
            -0.000_160_395_62,
            0.001_667_027,
            -0.000_632_836_6,
            0.000_117_641_21,
            -9.256_259e-6,
        ];
        let a = magnitude(x, 4.0); // erf 4 rounds to 1
        let q = a.mul_add(polynomial_by_pairs(a, a * a, Q), Q_0);
        (-exp_m1_negative(-a * q)).copysign(x)
    }

    /// Φ(x) = ½(1 + erf(x/√2)), the probability that a standard normal variable lies below x.
    /// Within 3.59 ulp, also far in the lower tail.
    #[inline(always)]
    pub fn normal_cdf(x: f32) -> f32 {
        let tail = normal_tail(x, false) * UNSCALE;
        if x > 0.0 { 1.0 - tail } else { tail }
    }

    /// x·Φ(x) = max(x, 0) − a·Φ(−a) with a = |x|. Within 3.87 ulp; −0 at −∞.
    #[inline(always)]
    pub fn gelu(x: f32) -> f32 {
        (-normal_tail(x, true)).mul_add(UNSCALE, relu(x))
    }

    /// 2⁴⁰·Φ(−a) with a = |x|, or 2⁴⁰·a·Φ(−a), as e^(−a²/2)·g(a) with
    /// g(a) = m(a)/(√(2π)·a·m(a) + n(a)).
    ///
    /// For large a, √(2π)·a·m dominates the denominator, and the errors of m cancel.
    #[inline(always)]
    fn normal_tail(x: f32, times_a: bool) -> f32 {
        // g fits exp(a^2/2)*erfc(a/sqrt(2))/2 on [0;14.5]
        const M_0: f32 = 0.75; // g(0) = M_0/N_0 is ½ exactly
        const M: [f32; 4] = [0.694_374_7, 0.302_727_04, 0.070_481_89, 0.007_622_189_4];
        const N_0: f32 = 1.5;
        const N: [f32; 3] = [0.705_603_8, 0.177_886_67, 0.019_055_996];
        const ROOT: f32 = 2.506_631_9; // √(2π), moved by the fit
        let a = magnitude(x, 14.5); // there a·Φ(−a) rounds to 0
        let square = a * a;
        let rest = polynomial_by_pairs(a, square, M);
        let m = if times_a { square.mul_add(rest, M_0 * a) } else { a.mul_add(rest, M_0) };
        let a_m = if times_a { m } else { a * m };
        let n = a.mul_add(polynomial_by_pairs(a, square, N), N_0);
        let (e, r) = half_square_by_ln_2(a, 127.0 + 40.0);
        let g = m / a_m.mul_add(ROOT, n) * power_of_two(e);
        exp_m1_short(r).mul_add(g, g)
    }

    /// [`reduce_by_ln_2`] of −a²/2, which is held to twice the precision: in the tail its last bit
    /// moves e^(−a²/2) by many.
    #[inline(always)]
    fn half_square_by_ln_2(a: f32, bias: f32) -> (f32, f32) {
        let half = -0.5 * a;
        let x = a * half;
        let low = a.mul_add(half, -x);
        let e = x.mul_add(LOG2_E, ROUND + bias);
        let n = e - (ROUND + bias);
        (e, n.mul_add(-LN_2, x) + n.mul_add(-LN_2_LOW, low))
    }

    /// xᵖ = 2^(p·log₂|x|), with log₂ in `f64`. Within 2 ulp.
    ///
    /// Signs and special values are those of C's `pow`: a negative x needs an integer p, which if
    /// odd makes the result negative; x⁰ = 1ᵖ = 1 even where the other is NaN.
    #[inline(always)]
    pub fn powf(x: f32, p: f32) -> f32 {
        let p_finite = f64::from(p).clamp(-1e300, 1e300); // so that 1 to the ±∞ is 1, not NaN
        let y = (p_finite * log2(x.abs())).clamp(-160.0, 160.0); // rounds to 0 and to ∞ there
        let n = (y + ROUND_F64) - ROUND_F64;
        let r = (y - n) * std::f64::consts::LN_2;
        let power = scale(exp_m1_short(r as f32), n as f32 + (ROUND + 254.0));
        let power = if is_odd(p) { power.copysign(x) } else { power };
        let undefined = x < 0.0 && x > f32::NEG_INFINITY && !is_integer(p);
        let power = if undefined { f32::NAN } else { power };
        if x == 1.0 || p == 0.0 { 1.0 } else { power }
    }

    /// log₂ x = k + log₂ m with x = 2ᵏ·m, for x ≥ 0, to 33 bits.
    #[inline(always)]
    fn log2(x: f32) -> f64 {
        // fpminimax(log2(1+x)/x, 11, [|double...|], [sqrt(0.5)-1;sqrt(2)-1], floating);
        // split into three cubics, which the processor can evaluate side by side
        const P: [[f64; 4]; 3] = [
            [
                1.442_695_040_939_345_5,
                -0.721_347_525_213_216,
                0.480_898_320_729_523_65,
                -0.360_672_800_546_514_46,
            ],
            [
                0.288_540_643_547_178_57,
                -0.240_504_174_122_700_4,
                0.206_096_256_717_030_94,
                -0.179_046_952_650_102_76,
            ],
            [
                0.159_001_491_029_323_37,
                -0.156_982_254_494_071_22,
                0.154_857_557_720_738_72,
                -0.086_346_037_161_165_47,
            ],
        ];
        let (k, m) = split(x);
        let k = if x < f32::INFINITY { k } else { x };
        let k = if x == 0.0 { f32::NEG_INFINITY } else { k };
        let f = f64::from(m) - 1.0;
        let cubics = P.map(|c| polynomial_f64(f, c));
        f.mul_add(polynomial_f64((f * f) * (f * f), cubics), f64::from(k))
    }

    #[inline(always)]
    fn is_integer(p: f32) -> bool {
        const NO_FRACTION: f32 = 8_388_608.0; // 2²³, from where on every number is an integer
        let a = p.abs();
        a >= NO_FRACTION || (a + NO_FRACTION) - NO_FRACTION == a
    }

    #[inline(always)]
    fn is_odd(p: f32) -> bool {
        is_integer(p) && !is_integer(0.5 * p)
    }
}

#[cfg(feature = "f64")]
mod double {
    pub use libm::{
        cos, erf, exp, expm1 as exp_m1, log as ln, log1p as ln_1p, pow as powf, sin, tanh,
    };
    use std::f64::consts::{FRAC_1_SQRT_2, PI};

    /// σ(x) = 1/(1 + e⁻ˣ), for x < 0 as z/(1 + z), so that z = e^−|x| cannot overflow.
    pub fn sigmoid(x: f64) -> f64 {
        let z = exp(-x.abs());
        (if x < 0.0 { z } else { 1.0 }) / (1.0 + z)
    }

    /// x·σ(x); −0 at −∞.
    pub fn silu(x: f64) -> f64 {
        if x == f64::NEG_INFINITY { -0.0 } else { x * sigmoid(x) }
    }

    /// ln(1 + eˣ) = max(x, 0) + ln(1 + e^−|x|).
    pub fn softplus(x: f64) -> f64 {
        (if x > 0.0 { x } else { 0.0 }) + ln_1p(exp(-x.abs()))
    }

    /// x for x ≥ 0 and α·(eˣ − 1) below.
    pub fn elu(x: f64, alpha: f64) -> f64 {
        if x < 0.0 { alpha * exp_m1(x) } else { x }
    }

    /// Φ(x) = ½·erfc(−x/√2), the probability that a standard normal variable lies below x.
    pub fn normal_cdf(x: f64) -> f64 {
        0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
    }

    /// x·Φ(x); −0 at −∞.
    pub fn gelu(x: f64) -> f64 {
        if x == f64::NEG_INFINITY { -0.0 } else { x * normal_cdf(x) }
    }

    /// (sin 2πu, cos 2πu) for u in [0, 1), as (−1)ⁿ·sin π(2u − n) and (−1)ᵐ·sin π(2u − m + ½) with
    /// the nearest integers n and m.
    pub fn sin_cos_2pi(u: f64) -> (f64, f64) {
        let signed = |sine: f64, n: f64| if n == 1.0 { -sine } else { sine };
        let n = (2.0 * u + 0.5).floor();
        let m = (2.0 * u + 1.0).floor();
        (signed(sin(PI * (2.0 * u - n)), n), signed(sin(PI * (2.0 * u - (m - 0.5))), m))
    }
}
