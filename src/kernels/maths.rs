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
//! 2. evaluates a *polynomial* there, by Horner's rule in fused multiply-adds;
//! 3. *undoes* the identity, and selects the special values.
//!
//! The polynomials are minimax fits made with Sollya 8.0 (Chevillard, Joldeş and Lauter, 2010) at
//! `prec = 200`; the command that makes each stands above it.
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
    /// The bits of √½, where significands are cut: x = 2ᵏ·m with √½ ≤ m < √2.
    const SQRT_HALF_BITS: i32 = 0x3f35_04f3;

    /// c₀ + c₁x + c₂x² + … by Horner's rule.
    #[inline(always)]
    fn polynomial<const N: usize>(x: f32, c: [f32; N]) -> f32 {
        c.into_iter().rev().reduce(|sum, c| sum.mul_add(x, c)).unwrap_or(0.0)
    }

    /// [`polynomial`] in `f64`.
    #[inline(always)]
    fn polynomial_f64<const N: usize>(x: f64, c: [f64; N]) -> f64 {
        c.into_iter().rev().reduce(|sum, c| sum.mul_add(x, c)).unwrap_or(0.0)
    }

    /// 2ⁿ for an integer n in −126..=127, by writing n + 127 into the exponent field.
    #[inline(always)]
    fn power_of_two(n: f32) -> f32 {
        f32::from_bits((n + (ROUND + 127.0)).to_bits() << 23)
    }

    /// y·2ⁿ in two halves, because 2ⁿ may overflow or underflow where the product does not.
    #[inline(always)]
    fn scale(y: f32, n: f32) -> f32 {
        let half = n.mul_add(0.5, ROUND) - ROUND;
        y * power_of_two(half) * power_of_two(n - half)
    }

    /// (n, r) with x = n·ln 2 + r, n an integer and |r| ≤ ½·ln 2.
    #[inline(always)]
    fn reduce_by_ln_2(x: f32) -> (f32, f32) {
        let n = x.mul_add(LOG2_E, ROUND) - ROUND;
        (n, n.mul_add(-LN_2_LOW, n.mul_add(-LN_2, x)))
    }

    /// eʳ − 1 for |r| ≤ ½·ln 2, as r + r²·p(r).
    #[inline(always)]
    fn exp_m1_short(r: f32) -> f32 {
        // fpminimax(expm1(x)/x, [|1,...,5|], [|single...|], [-log(2)/2;log(2)/2], floating, 1);
        const P: [f32; 5] =
            [0.499_999_97, 0.166_665_43, 0.041_667_502, 0.008_366_532, 0.001_386_452];
        (r * r).mul_add(polynomial(r, P), r)
    }

    /// eˣ = 2ⁿ·eʳ with x = n·ln 2 + r. Within 1.04 ulp.
    #[inline(always)]
    pub fn exp(x: f32) -> f32 {
        let (n, r) = reduce_by_ln_2(x.clamp(-104.0, 89.0)); // eˣ rounds to 0 and to ∞ there
        scale(1.0 + exp_m1_short(r), n)
    }

    /// eˣ − 1 = 2ⁿ·(eʳ − 1) + (2ⁿ − 1), free of cancellation near x = 0. Within 1.53 ulp.
    #[inline(always)]
    pub fn exp_m1(x: f32) -> f32 {
        let (n, r) = reduce_by_ln_2(x.clamp(-25.0, 89.0)); // rounds to −1 and to ∞ there
        let (n, rest) = if n > 127.0 { (127.0, 2.0) } else { (n, 1.0) }; // 2¹²⁸ is not finite
        let s = power_of_two(n);
        (s.mul_add(exp_m1_short(r), s - 1.0) * rest).copysign(x) // keeps −0
    }

    /// [`exp_m1`] for x ≤ 0, where 2ⁿ cannot overflow; +0 at −0.
    #[inline(always)]
    fn exp_m1_negative(x: f32) -> f32 {
        let (n, r) = reduce_by_ln_2(if x < -25.0 { -25.0 } else { x });
        let s = power_of_two(n);
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

    /// sin r for |r| ≤ π/2, as r + r³·p(r²), negated where the integer in `n` is odd.
    ///
    /// `n` comes with [`ROUND_F64`] still added, so that its lowest bit is its parity. The sum is
    /// taken in `f64`, which costs the result no bit and keeps it within ±1.
    #[inline(always)]
    fn sin_short(r: f64, n: f64) -> f32 {
        // fpminimax(sin(x)/x, [|2,4,6,8|], [|double...|], [1b-40;pi/2], floating, 1);
        const P: [f64; 4] = [
            -0.166_666_595_504_280_48,
            0.008_333_066_246_085_64,
            -0.000_198_096_029_020_887_67,
            2.605_780_638_190_885_6e-6,
        ];
        let r = f64::from_bits(r.to_bits() ^ (n.to_bits() << 63));
        let square = r * r;
        let y = (r * square).mul_add(polynomial_f64(square, P), r);
        (y as f32).copysign(r as f32) // keeps −0
    }

    /// x as an angle. Beyond 2⁴⁷, where neighbouring `f32` lie millions of turns apart and π to 107
    /// bits no longer suffices, NaN.
    #[inline(always)]
    fn angle(x: f32) -> f64 {
        f64::from(if x.abs() <= 140_737_488_355_328.0 { x } else { f32::NAN })
    }

    /// sin x = (−1)ⁿ·sin(x − nπ) with n the integer nearest to x/π. Within 0.66 ulp; NaN for
    /// |x| > 2⁴⁷.
    #[inline(always)]
    pub fn sin(x: f32) -> f32 {
        let x = angle(x);
        let n = x.mul_add(FRAC_1_PI, ROUND_F64);
        let m = n - ROUND_F64;
        sin_short(m.mul_add(-PI_LOW, m.mul_add(-PI, x)), n)
    }

    /// cos x = (−1)ⁿ·sin(x − (n − ½)π) with n the integer nearest to x/π + ½. Within 0.78 ulp; NaN
    /// for |x| > 2⁴⁷.
    #[inline(always)]
    pub fn cos(x: f32) -> f32 {
        let x = angle(x);
        let n = x.mul_add(FRAC_1_PI, 0.5) + ROUND_F64;
        let m = n - ROUND_F64 - 0.5;
        sin_short(m.mul_add(-PI_LOW, m.mul_add(-PI, x)), n)
    }

    /// (sin 2πu, cos 2πu) for u in [0, 1), as (−1)ⁿ·sin π(2u − n) and (−1)ᵐ·sin π(2u − m + ½) with
    /// the nearest integers n and m: every difference is exact. Within 0.61 ulp.
    #[inline(always)]
    pub fn sin_cos_2pi(u: f32) -> (f32, f32) {
        let t = 2.0 * f64::from(u);
        let n = t + ROUND_F64;
        let m = t + 0.5 + ROUND_F64;
        let sin = sin_short((t - (n - ROUND_F64)) * PI, n);
        let cos = sin_short((t - (m - ROUND_F64 - 0.5)) * PI, m);
        (sin, cos)
    }

    /// tanh x = −u/(2 + u) with u = e⁻²ˣ − 1 for x ≥ 0, continued as an odd function. Within
    /// 2.5 ulp.
    #[inline(always)]
    pub fn tanh(x: f32) -> f32 {
        let u = exp_m1_negative(-2.0 * x.abs());
        (-u / (2.0 + u)).copysign(x)
    }

    /// σ(x) = 1/(1 + e⁻ˣ), for x < 0 as z/(1 + z), so that z = e^−|x| cannot overflow. Within
    /// 2.41 ulp.
    #[inline(always)]
    pub fn sigmoid(x: f32) -> f32 {
        let z = exp(-x.abs());
        (if x < 0.0 { z } else { 1.0 }) / (1.0 + z)
    }

    /// ln(1 + eˣ) = max(x, 0) + ln(1 + z) with z = e^−|x|. Within 1.81 ulp.
    #[inline(always)]
    pub fn softplus(x: f32) -> f32 {
        let z = exp(-x.abs());
        // 1 + z = 2ᵏ·(1 + f) as in `ln_1p`; as z ≤ 1, k is 0 or 1.
        let (k, f) = if z < 0.414 { (0.0, z) } else { (1.0, z.mul_add(0.5, -0.5)) };
        (if x > 0.0 { x } else { 0.0 }) + ln_short(k, f)
    }

    /// x for x ≥ 0 and α·(eˣ − 1) below. Within 2.4 ulp for any α, and 1 for α = 1.
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
        const Q: [f32; 9] = [
            std::f32::consts::FRAC_2_SQRT_PI,
            0.636_619_4,
            0.102_777_83,
            -0.019_153_064,
            -0.000_160_395_62,
            0.001_667_027,
            -0.000_632_836_6,
            0.000_117_641_21,
            -9.256_259e-6,
        ];
        let a = x.abs().clamp(0.0, 4.0); // erf 4 rounds to 1
        (-exp_m1_negative(-a * polynomial(a, Q))).copysign(x)
    }

    /// Φ(x) = ½(1 + erf(x/√2)), the probability that a standard normal variable lies below x.
    /// Within 3.78 ulp, also far in the lower tail.
    ///
    /// For a = |x|, Φ(−a) = e^(−a²/2)·z·h with z = 1/(1 + a/4): what remains, h, falls slowly and
    /// is fitted in t = ½ − z. And Φ(a) = 1 − Φ(−a).
    #[inline(always)]
    pub fn normal_cdf(x: f32) -> f32 {
        // z = 1/2 - x; a = 4/z - 4; h = exp(a^2/2) * erfc(a/sqrt(2))/2 / z;
        // fpminimax(h, 9, [|single...|], [-1/2;1/2-1/(1+14.3/4)], floating);
        const H: [f32; 10] = [
            0.188_821_29,
            -0.303_948_3,
            0.387_136_64,
            -0.373_045_56,
            0.241_625_26,
            -0.060_224_49,
            -0.056_357_276,
            0.050_275_058,
            0.012_361_038_5,
            -0.015_965_618,
        ];
        let a = x.abs().clamp(0.0, 14.5); // Φ(−14.5) rounds to 0
        let z = 1.0 / a.mul_add(0.25, 1.0);
        let t = (0.25 * a).mul_add(z, -0.5);
        let g = z * polynomial(t, H);
        // a² to twice the precision: in the tail, its last bit moves e^(−a²/2) by many.
        let square = a * a;
        let low = a.mul_add(a, -square);
        let (n, r) = reduce_by_ln_2(-0.5 * square);
        let e = exp_m1_short(low.mul_add(-0.5, r));
        let tail = scale(e.mul_add(g, g), n);
        if x > 0.0 { 1.0 - tail } else { tail }
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
        let power = scale(1.0 + exp_m1_short(r as f32), n as f32);
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

    /// (sin 2πu, cos 2πu) for u in [0, 1), as (−1)ⁿ·sin π(2u − n) and (−1)ᵐ·sin π(2u − m + ½) with
    /// the nearest integers n and m.
    pub fn sin_cos_2pi(u: f64) -> (f64, f64) {
        let signed = |sine: f64, n: f64| if n == 1.0 { -sine } else { sine };
        let n = (2.0 * u + 0.5).floor();
        let m = (2.0 * u + 1.0).floor();
        (signed(sin(PI * (2.0 * u - n)), n), signed(sin(PI * (2.0 * u - (m - 0.5))), m))
    }
}
