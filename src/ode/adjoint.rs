//! How to differentiate a solution without keeping its steps: the adjoint state a(t) = ∂L/∂x(t)
//! obeys an equation of its own, and is solved backwards in time, together with x (Pontryagin et
//! al. 1962; Chen et al. 2018, appendix B).

use super::{RungeKutta, Tolerance, solve, solve_adaptive};
use crate::derivatives::vjp;
use crate::{Float, Tensor};
use std::ops::Range;

/// Which steps are taken, forwards and backwards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Solver {
    /// So many equal steps of a method: [`solve`].
    Steps(usize, RungeKutta),
    /// Steps that a tolerance chooses: [`solve_adaptive`].
    Adaptive(Tolerance),
}

impl Solver {
    /// x(t₁) from x(t₀).
    ///
    /// # Panics
    /// As [`solve`] or [`solve_adaptive`].
    #[track_caller]
    pub fn solve(
        &self,
        u: impl Fn(Float, &Tensor) -> Tensor,
        x: &Tensor,
        time: Range<Float>,
    ) -> Tensor {
        match self {
            Solver::Steps(steps, method) => solve(u, x, time, *steps, method),
            Solver::Adaptive(tolerance) => solve_adaptive(u, x, time, *tolerance).x,
        }
    }
}

/// x(t₁) of dx/dt = u(t, x, θ) from x(t₀) = x₀, with the gradients of the adjoint equations:
///
/// da/dt = −aᵀ ∂u/∂x, a(t₁) = ∂L/∂x(t₁), ∂L/∂x₀ = a(t₀),
/// ∂L/∂θ = ∫ aᵀ ∂u/∂θ dt from t₀ to t₁
///
/// (Chen et al. 2018, equations 4 and 5). One op is recorded however many steps there are; its rule
/// solves x, a and the integral from t₁ back to t₀. The gradients are those of the exact flow, so
/// they differ from those of the numerical solution by errors of the size of the solver's. They can
/// be differentiated again; then the backward solve is recorded, with all its steps.
///
/// `u(t, x, theta)` must use the parameters it is given, not ones it holds: no gradient reaches
/// those. x₀ may have any shape, and u the same. An adaptive backward solve judges the errors of x,
/// a and the integral together.
///
/// ```
/// use pushforward::{Tensor, grad, ode};
/// let (x_0, rate) = (Tensor::scalar(2.0).variable(), Tensor::scalar(0.5).variable());
/// let solver = ode::Solver::Steps(20, ode::RK4);
/// let x_1 = ode::adjoint(|_t, x, theta| x * &theta[0], &[&rate], &x_0, 0.0..1.0, solver);
/// let slopes = grad(&x_1, &[&x_0, &rate]); // e^{1/2} and 2 e^{1/2}
/// assert!((slopes[1].item() - 2.0 * slopes[0].item()).abs() < 1e-5);
/// ```
///
/// # Panics
/// As [`solve`] or [`solve_adaptive`].
// ANCHOR: adjoint
#[track_caller]
pub fn adjoint(
    u: impl Fn(Float, &Tensor, &[Tensor]) -> Tensor + 'static,
    theta: &[&Tensor],
    x_0: &Tensor,
    time: Range<Float>,
    solver: Solver,
) -> Tensor {
    let shapes: Vec<Vec<usize>> = [x_0].iter().chain(theta).map(|p| p.shape().to_vec()).collect();
    let (shape, n) = (x_0.shape().to_vec(), x_0.len());
    let flat: Vec<Tensor> = [x_0].iter().chain(theta).map(|p| p.reshape(&[p.len()])).collect();
    let x_and_theta = Tensor::concat(&flat.iter().collect::<Vec<_>>(), 0);
    let (backwards, ahead) = (time.end..time.start, time);
    let u = std::rc::Rc::new(move |t: Float, x_and_theta: &Tensor| {
        let parts = split(x_and_theta, &shapes);
        u(t, &parts[0], &parts[1..])
    });
    let field = std::rc::Rc::clone(&u);
    let forward = move |z: &[&Tensor]| {
        let theta = z[0].slice(0, n..z[0].len());
        let u = |t, x: &Tensor| field(t, &joined(&[&x.reshape(&[n]), &theta])).detach();
        solver.solve(u, &z[0].slice(0, 0..n).reshape(&shape), ahead.clone())
    };
    let rule = move |g: &Tensor, z: &[Tensor], x_1: &Tensor, _i: usize| {
        let (theta, m) = (z[0].slice(0, n..z[0].len()), z[0].len());
        let again = [g, x_1, &z[0]].iter().any(|known| known.is_tracked());
        // the state is x, a = ∂L/∂x and the integral, one after the other
        let slopes = |t: Float, state: &Tensor| {
            let (x, a) = (state.slice(0, 0..n), state.slice(0, n..2 * n).reshape(x_1.shape()));
            let (u, a_du) = vjp(|z| u(t, z), &joined(&[&x, &theta]), &a);
            let slopes = joined(&[&u.reshape(&[n]), &-a_du]);
            if again { slopes } else { slopes.detach() }
        };
        let nothing = Tensor::zeros(&[m - n]);
        let end = joined(&[&x_1.reshape(&[n]), &g.reshape(&[n]), &nothing]);
        solver.solve(slopes, &end, backwards.clone()).slice(0, n..n + m)
    };
    Tensor::custom("ode::adjoint", &[&x_and_theta], forward, rule)
}
// ANCHOR_END: adjoint

fn joined(parts: &[&Tensor]) -> Tensor {
    Tensor::concat(parts, 0)
}

/// The tensors of these shapes from their numbers, one after the other.
fn split(flat: &Tensor, shapes: &[Vec<usize>]) -> Vec<Tensor> {
    let mut start = 0;
    let part = |shape: &Vec<usize>| {
        let range = start..start + shape.iter().product::<usize>();
        start = range.end;
        flat.slice(0, range).reshape(shape)
    };
    shapes.iter().map(part).collect()
}
