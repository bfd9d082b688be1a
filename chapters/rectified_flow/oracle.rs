//! Couplings of normal laws, for which every round of reflow is a calculation with matrices.
//!
//! Let X₀ ~ N(0, I) and X₁ ~ N(0, Σ) be jointly normal with C = E X₁ X₀ᵀ. Then X_t = (1 − t) X₀ + t X₁
//! and X₁ − X₀ are jointly normal too, with
//!
//! Σ_t = E X_t X_tᵀ = (1 − t)² I + t (1 − t) (C + Cᵀ) + t² Σ,
//! G_t = E (X₁ − X₀) X_tᵀ = t Σ + (1 − t) C − (1 − t) I − t Cᵀ,
//!
//! and the conditional mean of one normal vector given another is linear:
//!
//! v(x, t) = E[X₁ − X₀ | X_t = x] = B_t x, B_t = G_t Σ_t⁻¹.
//!
//! So Z_t = M_t Z₀ with dM_t/dt = B_t M_t from M₀ = I, and the next coupling is normal again, with
//! C = M₁.

use crate::ode::{self, RK4};
use crate::{Float, Tensor};

/// X₀ ~ N(0, I) and X₁ ~ N(0, Σ), jointly normal. Every method panics unless both matrices are
/// `[d, d]`, and Σ_t is singular nowhere on [0, 1].
// ANCHOR: coupling
#[derive(Clone, Debug)]
pub struct Coupling {
    /// Σ = E X₁ X₁ᵀ.
    pub sigma: Tensor,
    /// C = E X₁ X₀ᵀ.
    pub c: Tensor,
}

impl Coupling {
    /// Σ_t, the covariance of X_t.
    pub fn covariance(&self, t: Float) -> Tensor {
        let s = 1.0 - t;
        self.identity() * (s * s) + (&self.c + self.c.t()) * (s * t) + &self.sigma * (t * t)
    }

    /// G_t = E (X₁ − X₀) X_tᵀ.
    pub fn cross(&self, t: Float) -> Tensor {
        let s = 1.0 - t;
        &self.sigma * t + &self.c * s - self.identity() * s - self.c.t() * t
    }

    /// B_t = G_t Σ_t⁻¹: the velocity is v(x, t) = B_t x.
    pub fn velocity(&self, t: Float) -> Tensor {
        self.cross(t).matmul(&self.covariance(t).inverse())
    }
    // ANCHOR_END: coupling

    // ANCHOR: rounds
    /// M_t with Z_t = M_t Z₀, by RK4.
    pub fn flow(&self, steps: usize) -> Vec<(Float, Tensor)> {
        let field = |t: Float, m: &Tensor| self.velocity(t).matmul(m);
        ode::trajectory(field, &self.identity(), 0.0..1.0, steps, &RK4)
    }

    /// The next coupling, (Z₀, M₁ Z₀).
    pub fn reflow(&self, steps: usize) -> Coupling {
        let m = self.flow(steps)[steps].1.clone();
        Coupling { sigma: m.matmul(&m.t()), c: m }
    }

    /// E‖X₁ − X₀‖² = tr(I + Σ − C − Cᵀ).
    pub fn cost(&self) -> f64 {
        trace(&(self.identity() + &self.sigma)) - 2.0 * trace(&self.c)
    }

    /// V(X) = ∫ E‖X₁ − X₀ − v(X_t, t)‖² dt, by the midpoint rule: what remains of the cost when the
    /// mean square of v is taken off, since v is a conditional mean.
    pub fn least_loss(&self, steps: usize) -> f64 {
        let explained = |t: Float| trace(&self.velocity(t).matmul(&self.cross(t).t()));
        self.cost() - mean(steps, explained)
    }

    /// S(Z) = ∫ E‖(M₁ − I − B_t M_t) Z₀‖² dt, by the midpoint rule over the states of
    /// [`flow`](Coupling::flow) with twice as many steps.
    pub fn straightness(&self, steps: usize) -> f64 {
        let states = self.flow(2 * steps);
        let way = &states[2 * steps].1 - self.identity();
        let middles = states.iter().skip(1).step_by(2);
        let deviation = |(t, m): &(Float, Tensor)| &way - self.velocity(*t).matmul(m);
        let squares = middles.map(|state| f64::from(deviation(state).square().sum(..).item()));
        squares.sum::<f64>() / steps as f64
    }
    // ANCHOR_END: rounds

    fn identity(&self) -> Tensor {
        Tensor::eye(self.c.shape()[0])
    }
}

/// The mean of f over [0, 1] by the midpoint rule.
fn mean(steps: usize, f: impl Fn(Float) -> f64) -> f64 {
    let middle = |i: usize| (i as Float + 0.5) / steps as Float;
    (0..steps).map(|i| f(middle(i))).sum::<f64>() / steps as f64
}

fn trace(a: &Tensor) -> f64 {
    f64::from((a * Tensor::eye(a.shape()[0])).sum(..).item())
}

/// The matrix that turns the plane by an angle, `[2, 2]`.
pub fn rotation(angle: Float) -> Tensor {
    let a = Tensor::scalar(angle);
    let (cos, sin) = (a.cos().item(), a.sin().item());
    Tensor::from([[cos, -sin], [sin, cos]])
}
