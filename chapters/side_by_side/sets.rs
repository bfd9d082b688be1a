//! The five laws, and what a mode of each is.

use crate::data::{Checkerboard, Curves, Law, Mixture, Moons};
use libm::{cos, hypot, sin};
use std::f64::consts::PI;

/// A law of the plane whose modes can be told apart.
pub struct Set {
    /// Its name.
    pub name: &'static str,
    /// q.
    pub law: Box<dyn Law>,
    /// How many modes it has, all of the same weight.
    pub modes: usize,
    /// The mode a point belongs to; none if it is far from all.
    pub mode: fn([f64; 2]) -> Option<usize>,
    /// The middle of its picture.
    pub middle: [f64; 2],
    /// How far the picture reaches to each side.
    pub reach: f64,
}

/// Standard deviation of the moons' noise.
const NOISE: f64 = 0.1;

// ANCHOR: sets
/// Two moons, eight Gaussians, a checkerboard, two spirals and four rings.
pub fn sets() -> Vec<Set> {
    let set = |name, law, modes, mode, middle, reach| Set { name, law, modes, mode, middle, reach };
    vec![
        set("moons", Box::new(Moons { noise: NOISE }), 2, moon, [0.5, 0.25], 1.9),
        set("eight Gaussians", Box::new(Mixture::eight_gaussians()), 8, gaussian, [0.0; 2], 7.0),
        set("checkerboard", Box::new(Checkerboard), 8, square, [0.0; 2], 4.6),
        set("two spirals", Box::new(Curves::TwoSpirals), 2, arm, [0.0; 2], 4.0),
        set("rings", Box::new(Curves::Rings), 4, ring, [0.0; 2], 3.8),
    ]
}

/// The nearer half circle, within three standard deviations.
fn moon([x, y]: [f64; 2]) -> Option<usize> {
    let to_outer = |x: f64, y: f64| {
        if y >= 0.0 { (hypot(x, y) - 1.0).abs() } else { hypot(x.abs() - 1.0, y) }
    };
    nearest([to_outer(x, y), to_outer(1.0 - x, 0.5 - y)], 3.0 * NOISE)
}

/// The nearest mean, within three standard deviations.
fn gaussian([x, y]: [f64; 2]) -> Option<usize> {
    let Mixture { means, std, .. } = Mixture::eight_gaussians();
    nearest(means.iter().map(|mean| hypot(x - mean[0], y - mean[1])), 3.0 * std)
}

/// The black square the point is in.
fn square(point: [f64; 2]) -> Option<usize> {
    let inside = point.iter().all(|v| (-4.0..4.0).contains(v));
    let [column, row] = point.map(|v| libm::floor((v + 4.0) / 2.0) as usize);
    (inside && (column + row) % 2 == 0).then_some(2 * row + column / 2)
}

/// The nearer arm, within three standard deviations.
fn arm([x, y]: [f64; 2]) -> Option<usize> {
    let place = |i: usize| 3.0 * PI * i as f64 / 200.0;
    let to = |sign: f64| {
        let distances = (0..=200).map(|i| {
            let theta = place(i);
            let at = [-theta * cos(theta) / 3.0, theta * sin(theta) / 3.0];
            hypot(x - sign * at[0], y - sign * at[1])
        });
        distances.fold(f64::INFINITY, f64::min)
    };
    nearest([to(1.0), to(-1.0)], 3.0 * Curves::TwoSpirals.noise())
}

/// The nearest circle, within three standard deviations.
fn ring([x, y]: [f64; 2]) -> Option<usize> {
    let radius = hypot(x, y);
    nearest((1..=4).map(|k| (radius - 0.75 * k as f64).abs()), 3.0 * Curves::Rings.noise())
}
// ANCHOR_END: sets

/// The index of the least distance, if it is less than `limit`.
fn nearest(distances: impl IntoIterator<Item = f64>, limit: f64) -> Option<usize> {
    let least = distances.into_iter().enumerate().min_by(|(_, a), (_, b)| a.total_cmp(b));
    least.filter(|(_, distance)| *distance < limit).map(|(index, _)| index)
}
