//! Random numbers: a portable generator that is passed as an argument, and the laws drawn from it.
//!
//! There is no default generator. The stream of a seed is fixed by PCG's specification and by the
//! formulas below, and is the same on every machine. Densities live in `data`.

use crate::kernels::{self, maths};
use crate::{Float, Tensor};
use rand_pcg::Pcg64;
use rand_pcg::rand_core::{Rng as _, SeedableRng as _};

/// A seeded generator (PCG XSL RR 128/64; O'Neill 2014).
///
/// ```
/// use pushforward::random::Rng;
/// let x = Rng::new(0).normal(&[3, 2]);
/// assert_eq!(x.shape(), [3, 2]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Rng {
    pcg: Pcg64,
    seed: u64,
    drawn: u64,
}

impl Rng {
    /// The generator of this seed.
    pub fn new(seed: u64) -> Rng {
        Rng { pcg: Pcg64::seed_from_u64(seed), seed, drawn: 0 }
    }

    /// The generator of this seed after `drawn` calls of [`next_u64`](Rng::next_u64), without
    /// making them: how an interrupted run takes up its numbers again.
    pub fn resume(seed: u64, drawn: u64) -> Rng {
        let mut rng = Rng::new(seed);
        rng.pcg.advance(u128::from(drawn));
        Rng { drawn, ..rng }
    }

    /// The seed, and how many times 64 bits were drawn: what [`Rng::resume`] takes.
    pub fn position(&self) -> (u64, u64) {
        (self.seed, self.drawn)
    }

    /// A new generator, seeded by the next 64 bits of this one: for a part of a program that must
    /// not disturb the numbers of the rest.
    pub fn split(&mut self) -> Rng {
        Rng::new(self.next_u64())
    }

    /// The next 64 uniform bits.
    pub fn next_u64(&mut self) -> u64 {
        self.drawn += 1;
        self.pcg.next_u64()
    }

    /// One number uniform on [0, 1), a multiple of 2⁻⁵³.
    pub fn uniform_f64(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A whole number uniform on 0 … n − 1, without bias (Lemire 2019).
    ///
    /// # Panics
    /// If `n` is 0.
    #[track_caller]
    pub fn below(&mut self, n: usize) -> usize {
        assert!(n > 0, "below: there is no whole number in an empty range; n must be at least 1");
        let n = n as u64;
        let mut product = u128::from(self.next_u64()) * u128::from(n);
        if (product as u64) < n {
            let uneven = n.wrapping_neg() % n; // 2⁶⁴ mod n values would come once too often
            while (product as u64) < uneven {
                product = u128::from(self.next_u64()) * u128::from(n);
            }
        }
        (product >> 64) as usize
    }

    /// Independent numbers uniform on [0, 1).
    pub fn uniform(&mut self, shape: &[usize]) -> Tensor {
        Tensor::from_fn(shape, |_| self.unit())
    }

    /// Independent numbers uniform on [low, high).
    pub fn uniform_in(&mut self, shape: &[usize], low: Float, high: Float) -> Tensor {
        Tensor::from_fn(shape, |_| {
            let x = low + (high - low) * self.unit();
            if x < high { x } else { high.next_down() } // the sum may have been rounded up
        })
    }

    /// Independent numbers from N(0, 1), by pairs (Box & Muller 1958):
    /// r = √(−2 ln u₁), z₁ = r cos 2πu₂, z₂ = r sin 2πu₂.
    pub fn normal(&mut self, shape: &[usize]) -> Tensor {
        let n: usize = shape.iter().product();
        let pairs = n.div_ceil(2);
        let (mut u_1, mut u_2) = (Vec::with_capacity(pairs), Vec::with_capacity(pairs));
        for _ in 0..pairs {
            let bits = self.next_u64();
            u_1.push(open_unit((bits >> 32) as u32));
            u_2.push(unit(bits as u32));
        }
        let r = kernels::map(
            &u_1,
            #[inline(always)]
            |u| (-2.0 * maths::ln(u)).sqrt(),
        );
        let mut z = kernels::zip(
            &r,
            &u_2,
            #[inline(always)]
            |r, u| r * maths::sin_cos_2pi(u).1,
        );
        z.extend(kernels::zip(
            &r,
            &u_2,
            #[inline(always)]
            |r, u| r * maths::sin_cos_2pi(u).0,
        ));
        z.truncate(n);
        Tensor::new(shape, z)
    }

    /// 0 … n − 1 in random order (Fisher & Yates 1938).
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for i in (1..n).rev() {
            order.swap(i, self.below(i + 1));
        }
        order
    }

    /// `k` different numbers of 0 … n − 1, in random order.
    ///
    /// # Panics
    /// If `k > n`.
    #[track_caller]
    pub fn choice(&mut self, n: usize, k: usize) -> Vec<usize> {
        assert!(k <= n, "choice: {k} different numbers cannot be taken from {n}");
        let mut order: Vec<usize> = (0..n).collect();
        for i in 0..k {
            let j = i + self.below(n - i);
            order.swap(i, j);
        }
        order.truncate(k);
        order
    }

    fn unit(&mut self) -> Float {
        unit((self.next_u64() >> 32) as u32)
    }
}

/// Uniform on [0, 1): 32 bits, as many of them as a `Float` holds exactly.
fn unit(bits: u32) -> Float {
    let spare = 32u32.saturating_sub(Float::MANTISSA_DIGITS);
    (bits >> spare) as Float / (1u64 << (32 - spare)) as Float
}

/// Uniform on (0, 1], where a logarithm is finite.
fn open_unit(bits: u32) -> Float {
    (bits as Float + 0.5) / (1u64 << 32) as Float
}
