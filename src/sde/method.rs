//! One step of a method for stochastic differential equations.

use crate::{Float, Tensor, grad};

/// How x(t + h) is found from x(t) and the increment ΔW = W(t + h) − W(t).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// x + u h + g ΔW (Maruyama 1955): of strong order ½, or 1 if g does not depend on x, and of weak
    /// order 1. With g = 0 it is Euler's method.
    EulerMaruyama,
    /// x + u h + g ΔW + ½ g g′ (ΔW² − |h|) (Milstein 1974): of strong order 1 for diagonal noise, where
    /// number j of g depends on number j of x alone. g′ = ∂gⱼ/∂xⱼ is found by autograd; the step is a
    /// constant, not to be differentiated.
    Milstein,
}

impl Method {
    /// Both, with their names.
    pub const ALL: [(&str, Method); 2] =
        [("Euler–Maruyama", Method::EulerMaruyama), ("Milstein", Method::Milstein)];

    /// x(t + h), from x at t and ΔW of the shape of x. The noise of a step backwards, h < 0, has the
    /// variance |h|.
    ///
    /// # Panics
    /// If u(t, x) has another shape than x, or g(t, x) does not broadcast to it.
    // ANCHOR: step
    #[track_caller]
    pub fn step(
        self,
        u: impl Fn(Float, &Tensor) -> Tensor,
        g: impl Fn(Float, &Tensor) -> Tensor,
        t: Float,
        x: &Tensor,
        h: Float,
        dw: &Tensor,
    ) -> Tensor {
        let drift = u(t, x);
        assert!(
            drift.shape() == x.shape() && dw.shape() == x.shape(),
            "sde: x has shape {:?}, u(t, x) {:?} and ΔW {:?}; they must be equal",
            x.shape(),
            drift.shape(),
            dw.shape()
        );
        match self {
            Method::EulerMaruyama => x + drift * h + g(t, x) * dw,
            Method::Milstein => {
                let at = x.variable();
                let noise = g(t, &at).broadcast_to(x.shape());
                if !noise.is_tracked() {
                    return x + drift * h + noise * dw; // the same everywhere: g′ = 0
                }
                let slope = grad(&noise.sum(..), &[&at]).remove(0);
                let noise = noise.detach();
                let bend = &noise * slope * (dw.square() - h.abs()) * 0.5;
                x + drift * h + noise * dw + bend
            }
        }
    }
    // ANCHOR_END: step
}
