//! Coordinates of old, as changes of variables: what a cell of them measures is |det J|.

use crate::Tensor;

// ANCHOR: coordinates
/// (r, θ) → (r cos θ, r sin θ): `[n, 2]` → `[n, 2]`.
pub fn polar(u: &Tensor) -> Tensor {
    let [r, theta] = [0, 1].map(|i| u.slice(1, i..i + 1));
    Tensor::concat(&[&(&r * theta.cos()), &(&r * theta.sin())], 1)
}

/// |det J| of [`polar`]: r, `[n]`.
pub fn polar_det(u: &Tensor) -> Tensor {
    u.slice(1, 0..1).sum(1)
}

/// (r, θ, z) → (r cos θ, r sin θ, z): `[n, 3]` → `[n, 3]`.
pub fn cylindrical(u: &Tensor) -> Tensor {
    Tensor::concat(&[&polar(&u.slice(1, 0..2)), &u.slice(1, 2..3)], 1)
}

/// |det J| of [`cylindrical`]: r, `[n]`.
pub fn cylindrical_det(u: &Tensor) -> Tensor {
    polar_det(u)
}

/// (ρ, φ, θ) → (ρ sin φ cos θ, ρ sin φ sin θ, ρ cos φ), φ from the pole: `[n, 3]` → `[n, 3]`.
pub fn spherical(u: &Tensor) -> Tensor {
    let [rho, phi, theta] = [0, 1, 2].map(|i| u.slice(1, i..i + 1));
    let r = &rho * phi.sin();
    Tensor::concat(&[&(&r * theta.cos()), &(r * theta.sin()), &(rho * phi.cos())], 1)
}

/// |det J| of [`spherical`]: ρ² sin φ, `[n]`.
pub fn spherical_det(u: &Tensor) -> Tensor {
    (u.slice(1, 0..1).square() * u.slice(1, 1..2).sin()).sum(1)
}
// ANCHOR_END: coordinates
