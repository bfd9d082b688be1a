//! Brownian motion as its increments.

use crate::random::Rng;
use crate::{Float, Tensor};

// ANCHOR: brownian
/// A path of Brownian motion, or many, at equal steps: W(0) = 0, and the increments are independent,
/// each N(0, h) (Wiener 1923).
#[derive(Clone, Debug)]
pub struct Brownian {
    /// h, the time between two values.
    pub h: Float,
    /// W((i + 1) h) − W(i h), each of the same shape: a path for every number.
    pub increments: Vec<Tensor>,
}

impl Brownian {
    /// `steps` increments √h ε, ε ~ N(0, 1), of a time T = h · steps.
    ///
    /// # Panics
    /// If `steps` is 0 or `time` is not positive.
    #[track_caller]
    pub fn new(shape: &[usize], time: Float, steps: usize, rng: &mut Rng) -> Brownian {
        assert!(steps > 0 && time > 0.0, "Brownian: {steps} steps of a time {time}");
        let h = time / steps as Float;
        let increments = (0..steps).map(|_| rng.normal(shape) * h.sqrt()).collect();
        Brownian { h, increments }
    }

    /// The same path, seen at every `factor`-th time: increments add up.
    ///
    /// # Panics
    /// If the number of increments is not a multiple of `factor`.
    #[track_caller]
    pub fn coarser(&self, factor: usize) -> Brownian {
        let steps = self.increments.len();
        assert!(
            factor > 0 && steps.is_multiple_of(factor),
            "Brownian: {steps} increments cannot be joined by {factor}"
        );
        let join = |part: &[Tensor]| part[1..].iter().fold(part[0].clone(), |sum, dw| sum + dw);
        let increments = self.increments.chunks(factor).map(join).collect();
        Brownian { h: self.h * factor as Float, increments }
    }

    /// W at 0, h, 2h, …: one more than there are increments.
    pub fn path(&self) -> Vec<Tensor> {
        let mut path = vec![Tensor::zeros(self.increments[0].shape())];
        for dw in &self.increments {
            path.push(&path[path.len() - 1] + dw);
        }
        path
    }
}
// ANCHOR_END: brownian
