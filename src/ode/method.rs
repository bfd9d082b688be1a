//! One step of an explicit Runge–Kutta method.

use crate::{Float, Tensor};

// ANCHOR: tableau
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
// ANCHOR_END: tableau

// ANCHOR: methods
/// x + h u(t, x) (Euler 1768).
pub const EULER: RungeKutta = RungeKutta { name: "Euler", order: 1, a: &[], b: &[1.0], c: &[] };

/// x + h u(t + h/2, x + h/2 u(t, x)) (Runge 1895).
pub const MIDPOINT: RungeKutta =
    RungeKutta { name: "midpoint", order: 2, a: &[&[0.5]], b: &[0.0, 1.0], c: &[0.5] };
// ANCHOR_END: methods

// ANCHOR: more
/// x + h/2 (u(t, x) + u(t + h, x + h u(t, x))) (Heun 1900): the trapezium with Euler's end.
pub const HEUN: RungeKutta =
    RungeKutta { name: "Heun", order: 2, a: &[&[1.0]], b: &[0.5, 0.5], c: &[1.0] };

/// Four stages, weighted 1 : 2 : 2 : 1 (Kutta 1901).
pub const RK4: RungeKutta = RungeKutta {
    name: "RK4",
    order: 4,
    a: &[&[0.5], &[0.0, 0.5], &[0.0, 0.0, 1.0]],
    b: &[1.0 / 6.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 6.0],
    c: &[0.5, 0.5, 1.0],
};
// ANCHOR_END: more

/// Six stages (Dormand & Prince 1980, table 2): the method of order 5 of their pair. With the
/// other one, [`solve_adaptive`](super::solve_adaptive) chooses its steps.
pub const DORMAND_PRINCE: RungeKutta = RungeKutta {
    name: "Dormand–Prince",
    order: 5,
    a: &[
        &[1.0 / 5.0],
        &[3.0 / 40.0, 9.0 / 40.0],
        &[44.0 / 45.0, -56.0 / 15.0, 32.0 / 9.0],
        &[19372.0 / 6561.0, -25360.0 / 2187.0, 64448.0 / 6561.0, -212.0 / 729.0],
        &[9017.0 / 3168.0, -355.0 / 33.0, 46732.0 / 5247.0, 49.0 / 176.0, -5103.0 / 18656.0],
    ],
    b: &[35.0 / 384.0, 0.0, 500.0 / 1113.0, 125.0 / 192.0, -2187.0 / 6784.0, 11.0 / 84.0],
    c: &[1.0 / 5.0, 3.0 / 10.0, 4.0 / 5.0, 8.0 / 9.0, 1.0],
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
        let k = self.stages(&u, t, x, h, slope(&u, t, x));
        advance(x, h, self.b, &k)
    }

    /// All kᵢ, from the first.
    #[track_caller]
    pub(super) fn stages(
        &self,
        u: impl Fn(Float, &Tensor) -> Tensor,
        t: Float,
        x: &Tensor,
        h: Float,
        k_1: Tensor,
    ) -> Vec<Tensor> {
        let mut k = vec![k_1];
        for (a, c) in self.a.iter().zip(self.c) {
            k.push(slope(&u, t + c * h, &advance(x, h, a, &k)));
        }
        k
    }
    // ANCHOR_END: step
}

/// u(t, x), of the shape of x.
#[track_caller]
pub(super) fn slope(u: impl Fn(Float, &Tensor) -> Tensor, t: Float, x: &Tensor) -> Tensor {
    let k = u(t, x);
    assert!(
        k.shape() == x.shape(),
        "ode: x has shape {:?} but u(t, x) {:?}; they must be equal",
        x.shape(),
        k.shape()
    );
    k
}

/// x + h Σ wᵢ kᵢ, over the weights that are not 0.
pub(super) fn advance(x: &Tensor, h: Float, weights: &[Float], k: &[Tensor]) -> Tensor {
    let terms = weights.iter().zip(k).filter(|(w, _)| **w != 0.0);
    terms.fold(x.clone(), |x, (&w, k)| x + k * (h * w))
}
