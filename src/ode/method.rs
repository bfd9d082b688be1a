//! One step of an explicit Runge–Kutta method.

use crate::{Float, Tensor};

/// An explicit Runge–Kutta method as its Butcher tableau.
///
/// k₁ = u(t, x), kᵢ = u(t + cᵢ h, x + h Σⱼ aᵢⱼ kⱼ), x(t + h) ≈ x + h Σᵢ bᵢ kᵢ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RungeKutta {
    /// Its name in prints.
    pub name: &'static str,
    /// The global error is O(h^order).
    pub order: usize,
    /// aᵢⱼ for the stages after the first, row by row.
    pub a: &'static [&'static [Float]],
    /// bᵢ, one for each stage.
    pub b: &'static [Float],
    /// cᵢ for the stages after the first.
    pub c: &'static [Float],
}

// ANCHOR: methods
/// x + h u(t, x) (Euler 1768).
pub const EULER: RungeKutta = RungeKutta { name: "Euler", order: 1, a: &[], b: &[1.0], c: &[] };

/// x + h u(t + h/2, x + h/2 u(t, x)) (Runge 1895).
pub const MIDPOINT: RungeKutta =
    RungeKutta { name: "midpoint", order: 2, a: &[&[0.5]], b: &[0.0, 1.0], c: &[0.5] };
// ANCHOR_END: methods

/// Four stages, weighted 1 : 2 : 2 : 1 (Kutta 1901).
pub const RK4: RungeKutta = RungeKutta {
    name: "RK4",
    order: 4,
    a: &[&[0.5], &[0.0, 0.5], &[0.0, 0.0, 1.0]],
    b: &[1.0 / 6.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 6.0],
    c: &[0.5, 0.5, 1.0],
};

impl RungeKutta {
    /// x(t + h) from x(t).
    ///
    /// # Panics
    /// If u(t, x) has another shape than x.
    // ANCHOR: step
    #[track_caller]
    pub fn step(
        &self,
        u: impl Fn(Float, &Tensor) -> Tensor,
        t: Float,
        x: &Tensor,
        h: Float,
    ) -> Tensor {
        let mut k: Vec<Tensor> = Vec::with_capacity(self.b.len());
        for stage in 0..self.b.len() {
            let k_i = match stage {
                0 => u(t, x),
                i => u(t + self.c[i - 1] * h, &advance(x, h, self.a[i - 1], &k)),
            };
            assert!(
                k_i.shape() == x.shape(),
                "ode: x has shape {:?} but u(t, x) {:?}; they must be equal",
                x.shape(),
                k_i.shape()
            );
            k.push(k_i);
        }
        advance(x, h, self.b, &k)
    }
    // ANCHOR_END: step
}

/// x + h Σ wᵢ kᵢ, over the weights that are not 0.
fn advance(x: &Tensor, h: Float, weights: &[Float], k: &[Tensor]) -> Tensor {
    let terms = weights.iter().zip(k).filter(|(w, _)| **w != 0.0);
    terms.fold(x.clone(), |x, (&w, k)| x + k * (h * w))
}
