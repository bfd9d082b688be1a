//! What a panel shows: each kind of layer, with the shapes that draw it.
//!
//! A new kind is a variant of [`Layer`] and an arm in each of its methods.

use super::axis::Axis;
use super::bitmap::Bitmap;
use super::scene::{Ink, Shape};
use super::style::Style;

/// The data of one layer and its look.
#[derive(Clone, Debug)]
pub(super) enum Layer {
    Scatter(Vec<[f64; 2]>, Style),
    Line(Vec<[f64; 2]>, Style),
    /// Tail, tip, tail, tip, …
    Arrows(Vec<[f64; 2]>, Style),
    /// Between its lower left and its upper right corner.
    Picture([[f64; 2]; 2], Bitmap),
}

/// The inside of a panel's frame on the page, and the axes it shows.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    pub x: Axis,
    pub y: Axis,
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
}

impl Frame {
    /// From fractions of the axes to the page.
    pub fn place(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [self.left + x * self.width, self.top + (1.0 - y) * self.height]
    }

    fn fractions(&self, &[x, y]: &[f64; 2]) -> Option<[f64; 2]> {
        Some([self.x.fraction(x)?, self.y.fraction(y)?])
    }
}

impl Layer {
    /// The points that the axes must cover.
    pub fn points(&self) -> &[[f64; 2]] {
        match self {
            Layer::Scatter(points, _) | Layer::Line(points, _) | Layer::Arrows(points, _) => points,
            Layer::Picture(corners, _) => corners,
        }
    }

    /// The name in the legend; empty for none.
    pub fn label(&self) -> &str {
        match self {
            Layer::Scatter(_, style) | Layer::Line(_, style) | Layer::Arrows(_, style) => {
                &style.label
            }
            Layer::Picture(..) => "",
        }
    }

    /// How many dots it draws.
    pub fn dots(&self) -> usize {
        match self {
            Layer::Scatter(points, _) => points.len(),
            Layer::Line(..) | Layer::Arrows(..) | Layer::Picture(..) => 0,
        }
    }

    /// Its shapes within a frame; dots without a size of their own get `radius`.
    pub fn draw(&self, frame: &Frame, radius: f64) -> Vec<Shape> {
        match self {
            Layer::Scatter(points, style) => {
                let radius = style.size.unwrap_or(radius);
                let ink = Ink(style.colour, style.opacity.unwrap_or(0.7));
                let inside = |p: &[f64; 2]| p.iter().all(|v| (0.0..=1.0).contains(v));
                let places = points.iter().filter_map(|p| frame.fractions(p)).filter(inside);
                places.map(|p| Shape::Dot { centre: frame.place(p), radius, ink }).collect()
            }
            Layer::Line(points, style) => {
                let runs = visible_runs(points.iter().map(|p| frame.fractions(p)));
                let placed = |run: Vec<_>| run.into_iter().map(|p| frame.place(p)).collect();
                runs.into_iter().map(|run| polyline(placed(run), style)).collect()
            }
            Layer::Arrows(points, style) => {
                let places: Vec<_> = points.iter().map(|p| frame.fractions(p)).collect();
                let inside = |p: &[f64; 2]| p.iter().all(|v| (0.0..=1.0).contains(v));
                let ends = places.chunks_exact(2).filter_map(|ends| Some([ends[0]?, ends[1]?]));
                let seen = ends.filter(|ends| ends.iter().all(inside));
                seen.flat_map(|ends| arrow(ends.map(|p| frame.place(p)), style)).collect()
            }
            Layer::Picture(corners, picture) => {
                let places = corners.each_ref().map(|p| frame.fractions(p));
                let [Some(low), Some(high)] = places else { return vec![] };
                let part = picture.cut([low, high]).map(|([low, high], part)| {
                    let ([left, bottom], [right, top]) = (frame.place(low), frame.place(high));
                    let size = [right - left, bottom - top];
                    Shape::Picture { corner: [left, top], size, picture: part }
                });
                part.into_iter().collect()
            }
        }
    }

    /// Width of its sample in the legend.
    pub fn sample_width(&self) -> f64 {
        match self {
            Layer::Scatter(..) => 6.0,
            Layer::Line(..) | Layer::Arrows(..) | Layer::Picture(..) => 16.0,
        }
    }

    /// Its sample in the legend, from `left` on and around the height `middle`.
    pub fn sample(&self, left: f64, middle: f64) -> Vec<Shape> {
        let right = left + self.sample_width();
        match self {
            Layer::Scatter(_, style) => {
                let centre = [(left + right) / 2.0, middle];
                vec![Shape::Dot { centre, radius: 3.0, ink: Ink(style.colour, 1.0) }]
            }
            Layer::Line(_, style) => vec![polyline(vec![[left, middle], [right, middle]], style)],
            Layer::Arrows(_, style) => arrow([[left, middle], [right, middle]], style).into(),
            Layer::Picture(..) => vec![],
        }
    }
}

fn polyline(points: Vec<[f64; 2]>, style: &Style) -> Shape {
    let ink = Ink(style.colour, style.opacity.unwrap_or(1.0));
    Shape::Path { points, width: style.size.unwrap_or(1.5), ink }
}

/// A shaft, and a head whose two strokes lie at 27° to it (tan 27° ≈ ½).
fn arrow([tail, tip]: [[f64; 2]; 2], style: &Style) -> [Shape; 2] {
    let along = [tip[0] - tail[0], tip[1] - tail[1]];
    let length = libm::hypot(along[0], along[1]);
    let head = (0.4 * length).min(4.5) / length.max(1e-9);
    let barb = |side: f64| {
        let [x, y] = along.map(|v| v * head);
        [tip[0] - x + 0.5 * side * y, tip[1] - y - 0.5 * side * x]
    };
    [polyline(vec![tail, tip], style), polyline(vec![barb(1.0), tip, barb(-1.0)], style)]
}

/// The parts of a polyline inside the unit square; a point without a place interrupts it.
fn visible_runs(points: impl Iterator<Item = Option<[f64; 2]>>) -> Vec<Vec<[f64; 2]>> {
    let mut runs: Vec<Vec<[f64; 2]>> = Vec::new();
    let mut previous = None;
    for point in points {
        if let (Some(a), Some(b)) = (previous, point)
            && let Some([start, end]) = clipped(a, b)
        {
            match runs.last_mut() {
                Some(run) if run.last() == Some(&start) => run.push(end),
                _ => runs.push(vec![start, end]),
            }
        }
        previous = point;
    }
    runs
}

/// The part of the segment a + t (b − a), 0 ≤ t ≤ 1, inside the unit square (Liang and Barsky,
/// *A New Concept and Method for Line Clipping*, 1984).
fn clipped(a: [f64; 2], b: [f64; 2]) -> Option<[[f64; 2]; 2]> {
    let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
    for (a, b) in a.into_iter().zip(b) {
        if a != b {
            let (at_zero, at_one) = (-a / (b - a), (1.0 - a) / (b - a));
            enter = enter.max(at_zero.min(at_one));
            leave = leave.min(at_zero.max(at_one));
        } else if !(0.0..=1.0).contains(&a) {
            return None;
        }
    }
    let at = |t: f64| [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])];
    // An end inside stays exact, so that the next segment is seen to follow.
    let end = if leave == 1.0 { b } else { at(leave) };
    (enter <= leave).then(|| [at(enter), end])
}
