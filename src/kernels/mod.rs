//! Loops over slices of [`Float`]. They know nothing of tensors or graphs, and they are the only
//! place where `unsafe` may stand.
//!
//! The rule of this folder: every output element is computed by one fixed sequence of IEEE
//! operations, whatever the instruction set. A product of matrices is one chain of fused
//! multiply-adds over ascending k; a sum has a fixed number of lanes; the transcendentals are our
//! own. So the compiler may vectorise as wide as the machine allows, and the bits stay the same.

pub(crate) mod gemm;
pub(crate) mod lu;
pub mod maths;
pub(crate) mod memory;
pub(crate) mod parallel;
pub(crate) mod reduce;
pub(crate) mod strided;

use crate::Float;
#[cfg(target_arch = "x86_64")]
use crate::machine;

/// Runs `f` compiled for the widest instructions this machine has: AVX2 with FMA, or the
/// baseline.
///
/// A closure is compiled for the features of the function it is inlined into. So `f`, and what it
/// calls in its loops, must be marked `#[inline(always)]`, and what it captures for them must be
/// moved in: read through a reference it would be loaded again for every element. Otherwise it is
/// right but slow, and `mul_add` is a call.
///
/// ```
/// use pushforward::kernels::dispatch;
/// let (x, mut y) = (vec![1.0f32; 1000], vec![0.0f32; 1000]);
/// dispatch(
///     #[inline(always)]
///     || y.iter_mut().zip(&x).for_each(|(y, x)| *y = x.mul_add(2.0, 1.0)),
/// );
/// assert_eq!(y[999], 3.0);
/// ```
#[inline(always)]
pub fn dispatch<R>(f: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    if machine::instructions() == machine::Instructions::Avx2 {
        #[target_feature(enable = "avx2,fma")]
        #[inline(never)]
        fn with_avx2<R>(f: impl FnOnce() -> R) -> R {
            f()
        }
        // SAFETY: `instructions` is `Avx2` only if the machine was seen to have both features.
        return unsafe { with_avx2(f) };
    }
    f()
}

/// Elements of [`map`] for each thread: fewer cost more to hand over than they save.
const MAPPED: usize = 32_768;

/// The same where two or three arrays are combined, which memory limits sooner than arithmetic.
const ZIPPED: usize = 131_072;

/// f of every element.
pub fn map(x: &[Float], f: impl Fn(Float) -> Float + Copy + Sync) -> Vec<Float> {
    let mut y = memory::take(x.len());
    parallel::rows(&mut y, 1, x.len() / MAPPED, 16, &|part, y| {
        let x = &x[part];
        dispatch(
            #[inline(always)]
            move || {
                for (y, &x) in y.iter_mut().zip(x) {
                    *y = f(x);
                }
            },
        );
    });
    y
}

/// f of every pair of elements.
pub(crate) fn zip(
    a: &[Float],
    b: &[Float],
    f: impl Fn(Float, Float) -> Float + Copy + Sync,
) -> Vec<Float> {
    let n = a.len().min(b.len());
    let mut y = memory::take(n);
    parallel::rows(&mut y, 1, n / ZIPPED, 16, &|part, y| {
        let (a, b) = (&a[part.clone()], &b[part]);
        dispatch(
            #[inline(always)]
            move || {
                for ((y, &a), &b) in y.iter_mut().zip(a).zip(b) {
                    *y = f(a, b);
                }
            },
        );
    });
    y
}

/// f of every triple of elements.
pub(crate) fn zip3(
    [a, b, c]: [&[Float]; 3],
    f: impl Fn(Float, Float, Float) -> Float + Copy + Sync,
) -> Vec<Float> {
    let mut y = memory::take(a.len());
    parallel::rows(&mut y, 1, a.len() / ZIPPED, 16, &|part, y| {
        let (a, b, c) = (&a[part.clone()], &b[part.clone()], &c[part]);
        dispatch(
            #[inline(always)]
            move || {
                for (((y, &a), &b), &c) in y.iter_mut().zip(a).zip(b).zip(c) {
                    *y = f(a, b, c);
                }
            },
        );
    });
    y
}

/// f of every pair of elements of two arrays whose shapes broadcast to `shape`.
///
/// `strides` are those of a and b in `shape`, 0 along a broadcast axis (see
/// [`strided::broadcast`]). Both are 0 only for a single element.
pub(crate) fn zip_broadcast(
    a: &[Float],
    b: &[Float],
    shape: &[usize],
    strides: [&[isize]; 2],
    f: impl Fn(Float, Float) -> Float + Copy + Sync,
) -> Vec<Float> {
    let size = shape.iter().product();
    let mut y = memory::room(size);
    strided::for_each_run(shape, strides, &mut |[i, j], [a_step, b_step], n| {
        let y = &mut y;
        dispatch(
            #[inline(always)]
            move || match (a_step, b_step) {
                (_, 0) => y.extend(a[i..i + n].iter().map(|&a| f(a, b[j]))),
                (0, _) => y.extend(b[j..j + n].iter().map(|&b| f(a[i], b))),
                _ => y.extend(a[i..i + n].iter().zip(&b[j..j + n]).map(|(&a, &b)| f(a, b))),
            },
        );
    });
    y
}

#[cfg(test)]
mod tests {
    use super::gemm::{Matrix, gemm};
    use super::*;
    use crate::machine::{Instructions, set_instructions};

    /// Numbers of many sizes and both signs, none of them 0: valgrind, under which these tests
    /// run too, computes c − a·b as −(a·b − c), which turns 0 into −0.
    fn numbers(n: usize) -> Vec<Float> {
        let scramble = |i: usize| (i.wrapping_mul(2_654_435_761) >> 7) % 20_011;
        (0..n).map(|i| (scramble(i) as Float - 10_000.5) / 1_700.0).collect()
    }

    fn everything() -> Vec<Vec<Float>> {
        use maths::*;
        let x = numbers(20_011);
        // Each by its name: through a pointer it would not be compiled for this machine.
        let mut results = vec![
            map(&x, exp),
            map(&x, exp_m1),
            map(&x, ln),
            map(&x, ln_1p),
            map(&x, sin),
            map(&x, cos),
            map(&x, tanh),
            map(&x, erf),
            map(&x, sigmoid),
            map(&x, softplus),
            map(&x, normal_cdf),
            map(&x, silu),
            map(&x, gelu),
        ];
        results.push(map(
            &x,
            #[inline(always)]
            |x| elu(x, 1.5),
        ));
        results.push(map(
            &x,
            #[inline(always)]
            |x| powf(x.abs(), 1.7),
        ));
        results.push(zip(&x, &x[..19_000], |a, b| a / b));
        results.push(reduce::sum(&x, [1, x.len(), 1]));
        results.push(reduce::sum(&x, [1, x.len() / 11, 11]));
        let mut c = vec![0.0; 71 * 33];
        gemm(Matrix::new(&x, 101), Matrix::new(&x[1000..], 33), [71, 101, 33], None, &mut c);
        results.push(c);
        results
    }

    #[test]
    fn the_baseline_code_and_that_of_this_machine_give_the_same_bits() {
        let bits = |results: Vec<Vec<Float>>| -> Vec<Vec<_>> {
            results.iter().map(|x| x.iter().map(|x| x.to_bits()).collect()).collect()
        };
        let fast = bits(everything());
        set_instructions(Instructions::Baseline);
        assert!(fast == bits(everything()));
    }
}
