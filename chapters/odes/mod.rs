//! Ordinary differential equations: a velocity at every place and time, and where it carries a
//! point.
//!
//! The solvers are the engine's, [`crate::ode`]; here is what they are measured with: the order
//! that is observed, the bound on how fast two solutions part, stability, and an implicit step for
//! stiff fields. In [`problems`] are fields whose flows are known, in [`run`] the experiment that
//! measures orders, in [`run_adaptive`] and [`run_stiff`] those of the tolerance and of stiffness.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | u_t(x) | `u(t, x)` | the vector field: velocity at time t and place x, x `[n, d]` |
//! | ψ_t(x₀) | `flow(t, x_0)` | where the point is at t that was at x₀ at 0 |
//! | h | `h` | length of a step |
//! | kᵢ | `k` | a slope that a method asks for, a "stage" |
//! | p | `order` | the error at the end is O(hᵖ) |
//! | L | `lipschitz` | ‖u(t, x) − u(t, y)‖ ≤ L ‖x − y‖ |
//! | R(z) | [`amplification`] | what a step makes of x = 1 for dx/dt = λ x, z = h λ |

pub mod checks;
pub mod problems;
pub mod run;
pub mod run_adaptive;
pub mod run_stiff;

use crate::ode::RungeKutta;
use crate::{Float, Tensor, grad};

// ANCHOR: observed_order
/// The order of a method from its errors with n and with 2n steps: E ≈ C hᵖ, so p ≈ log₂
/// E(h)/E(h/2).
pub fn observed_order([coarse, fine]: [f64; 2]) -> f64 {
    libm::log2(coarse / fine)
}
// ANCHOR_END: observed_order

// ANCHOR: gronwall
/// The farthest that two solutions can be from each other at time t if they are δ apart at 0 and
/// the field has the Lipschitz constant L: δ e^{L t} (Gronwall 1919).
pub fn gronwall(lipschitz: f64, delta: f64, t: f64) -> f64 {
    delta * libm::exp(lipschitz * t.abs())
}
// ANCHOR_END: gronwall

// ANCHOR: amplification
/// |R(z)| for each z = a + b i, `[n, 2]` → `[n]`: what one step of length 1 makes of the length 1
/// for dx/dt = z x. Two real numbers are a complex one: u(x) = (a x₁ − b x₂, b x₁ + a x₂).
///
/// A solution of dx/dt = λ x that decays is followed by numbers that decay if |R(h λ)| < 1.
pub fn amplification(method: &RungeKutta, z: &Tensor) -> Tensor {
    let (a, b) = (z.slice(1, 0..1), z.slice(1, 1..2));
    let u = |_t: Float, x: &Tensor| {
        let (re, im) = (x.slice(1, 0..1), x.slice(1, 1..2));
        Tensor::concat(&[&(&a * &re - &b * &im), &(&b * &re + &a * &im)], 1)
    };
    let one = Tensor::from_fn(z.shape(), |i| if i % 2 == 0 { 1.0 } else { 0.0 });
    method.step(u, 0.0, &one, 1.0).square().sum(1).sqrt()
}
// ANCHOR_END: amplification

/// Newton's iterations in a step of [`implicit_euler_step`]: with a field that is linear in x one
/// is enough.
const ITERATIONS: usize = 4;

// ANCHOR: implicit_euler
/// The y with y = x + h u(t + h, y), by Newton's method from y = x: implicit Euler.
///
/// The numbers of x, `[n]`, do not see each other: uᵢ depends on xᵢ alone, so that ∂u/∂y is
/// diagonal and one gradient of the sum yields it. Its |R(z)| = 1/|1 − z| is below 1 wherever Re z
/// < 0, however long the step.
pub fn implicit_euler_step(
    u: impl Fn(Float, &Tensor) -> Tensor,
    t: Float,
    x: &Tensor,
    h: Float,
) -> Tensor {
    let mut y = x.detach();
    for _ in 0..ITERATIONS {
        y = y.variable();
        let missing = &y - x - u(t + h, &y) * h;
        let slope = grad(&missing.sum(..), &[&y]).remove(0);
        y = (&y - missing / slope).detach();
    }
    y
}
// ANCHOR_END: implicit_euler
