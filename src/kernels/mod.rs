//! Loops over slices of [`Float`]. They know nothing of tensors or graphs, and they are the only
//! place where `unsafe` may stand.
//!
//! The rule of this folder: every output element is computed by one fixed sequence of IEEE
//! operations, whatever the instruction set. A product of matrices is one chain of fused
//! multiply-adds over ascending k; a sum has a fixed number of lanes; the transcendentals are our
//! own. So the compiler may vectorise as wide as the machine allows, and the bits stay the same.

pub mod gemm;
pub mod lu;
pub mod maths;
pub mod reduce;
pub mod strided;

use crate::Float;

/// Runs `f` compiled for the widest instructions this machine has: AVX2 with FMA, or the portable
/// ones.
///
/// A closure is compiled for the features of the function it is inlined into. So `f`, and what it
/// calls in its loops, must be marked `#[inline(always)]`; otherwise it is right but slow, and
/// `mul_add` is a call.
#[inline(always)]
pub(crate) fn dispatch<R>(f: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        #[target_feature(enable = "avx2,fma")]
        fn with_avx2<R>(f: impl FnOnce() -> R) -> R {
            f()
        }
        // SAFETY: both features were just seen on this machine.
        return unsafe { with_avx2(f) };
    }
    f()
}

/// f of every element.
pub fn map(x: &[Float], f: impl Fn(Float) -> Float) -> Vec<Float> {
    let mut y = vec![0.0; x.len()];
    dispatch(
        #[inline(always)]
        || {
            for (y, &x) in y.iter_mut().zip(x) {
                *y = f(x);
            }
        },
    );
    y
}

/// f of every pair of elements.
pub fn zip(a: &[Float], b: &[Float], f: impl Fn(Float, Float) -> Float) -> Vec<Float> {
    let mut y = vec![0.0; a.len()];
    dispatch(
        #[inline(always)]
        || {
            for ((y, &a), &b) in y.iter_mut().zip(a).zip(b) {
                *y = f(a, b);
            }
        },
    );
    y
}

/// f of every pair of elements of two arrays whose shapes broadcast to `shape`.
///
/// `strides` are those of a and b in `shape`, 0 along a broadcast axis (see
/// [`strided::broadcast`]).
pub fn zip_broadcast(
    a: &[Float],
    b: &[Float],
    shape: &[usize],
    strides: [&[isize]; 2],
    f: impl Fn(Float, Float) -> Float,
) -> Vec<Float> {
    let size = shape.iter().product();
    if a.len() == size && b.len() == size {
        return zip(a, b, f);
    }
    let mut y = Vec::with_capacity(size);
    dispatch(
        #[inline(always)]
        || {
            strided::for_each_run(shape, strides, |[i, j], [a_step, b_step], n| {
                let step = |steps: isize| steps != 0;
                match (step(a_step), step(b_step)) {
                    (true, true) => {
                        y.extend(a[i..i + n].iter().zip(&b[j..j + n]).map(|(&a, &b)| f(a, b)))
                    }
                    (true, false) => y.extend(a[i..i + n].iter().map(|&a| f(a, b[j]))),
                    (false, true) => y.extend(b[j..j + n].iter().map(|&b| f(a[i], b))),
                    (false, false) => y.extend(std::iter::repeat_n(f(a[i], b[j]), n)),
                }
            });
        },
    );
    y
}
