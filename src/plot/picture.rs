//! Pictures inside a panel: numbers as shades of a colour, and many small images as one.

use super::Panel;
use super::bitmap::Bitmap;
use super::layer::Layer;
use super::style::{Colour, Style};
use crate::Tensor;

/// The ink of a grey image.
const INK: Style = Style::new(Colour(0x22, 0x22, 0x22));

/// Side of a digit's image, and of its cell in a mosaic, in pixels.
const SIDE: usize = 28;
const CELL: usize = 30;

impl Panel {
    /// Adds a picture of numbers: 0 (and less) is white, 1 (and more) the style's colour, and between
    /// them lie its shades. The numbers fill the rectangle from `low` to `high` in rows of `columns`, the
    /// highest row first. What reaches out of the panel is cut off; the axes are not logarithmic.
    ///
    /// # Panics
    /// If the numbers do not fill whole rows, one is NaN, or `low` is not below `high`.
    #[track_caller]
    pub fn heat(
        mut self,
        numbers: &[f64],
        columns: usize,
        [low, high]: [[f64; 2]; 2],
        style: Style,
    ) -> Panel {
        let n = numbers.len();
        assert!(
            n > 0 && columns > 0 && n.is_multiple_of(columns),
            "Panel::heat: {n} numbers do not fill rows of {columns}"
        );
        assert!(!numbers.iter().any(|v| v.is_nan()), "Panel::heat: a number is NaN");
        assert!(
            low[0] < high[0] && low[1] < high[1],
            "Panel::heat: {low:?} is not below and to the left of {high:?}"
        );
        let pixels = numbers.iter().flat_map(|&v| shade(v.clamp(0.0, 1.0), style.colour)).collect();
        let picture = Bitmap { width: columns as u32, height: (n / columns) as u32, pixels };
        self.layers.push(Layer::Picture([low, high], picture));
        self
    }

    /// A panel of 28×28 images, `[n, 784]` with 0 for paper and 1 for ink, in rows of `columns`; see
    /// [`Figure::bare`](super::Figure::bare). A point (x, y) of it is x cells from the left and −y from
    /// the top.
    ///
    /// # Panics
    /// If the shape is another, there is no image, or a pixel is NaN.
    #[track_caller]
    pub fn digits(title: impl Into<String>, images: &Tensor, columns: usize) -> Panel {
        let pixels = SIDE * SIDE;
        assert!(
            images.rank() == 2 && images.shape()[1] == pixels && !images.is_empty() && columns > 0,
            "Panel::digits: shape {:?} in {columns} columns is not [n, {pixels}]; use reshape",
            images.shape()
        );
        let columns = columns.min(images.shape()[0]);
        let rows = images.shape()[0].div_ceil(columns);
        let width = columns * CELL;
        let mut paper = vec![0.0; width * rows * CELL];
        for (i, image) in images.data().chunks_exact(pixels).enumerate() {
            let corner = (i / columns * CELL + 1) * width + i % columns * CELL + 1;
            for (row, line) in image.chunks_exact(SIDE).enumerate() {
                let start = corner + row * width;
                paper[start..start + SIDE].iter_mut().zip(line).for_each(|(p, &v)| *p = v.into());
            }
        }
        let [right, below] = [columns as f64, -(rows as f64)];
        Panel::new(title).heat(&paper, width, [[0.0, below], [right, 0.0]], INK)
    }
}

/// White at 0, the colour at 1.
fn shade(v: f64, Colour(r, g, b): Colour) -> [u8; 3] {
    [r, g, b].map(|c| (255.0 - v * (255.0 - f64::from(c))).round() as u8)
}

impl Bitmap {
    /// The part of the picture inside the unit square, in whole pixels, when its corners stand at `low`
    /// and `high`, with the places of that part's corners; none if nothing is inside.
    pub(super) fn cut(&self, [low, high]: [[f64; 2]; 2]) -> Option<([[f64; 2]; 2], Bitmap)> {
        let sizes = [self.width, self.height];
        let step = [0, 1].map(|i| (high[i] - low[i]) / f64::from(sizes[i]));
        // A hair's breadth of air keeps a pixel whose edge is the panel's.
        let first = [0, 1].map(|i| (((0.0 - low[i]) / step[i] - 1e-6).ceil()).max(0.0) as u32);
        let end = [0, 1].map(|i| {
            let end = ((1.0 - low[i]) / step[i] + 1e-6).floor();
            end.clamp(0.0, f64::from(sizes[i])) as u32
        });
        if first[0] >= end[0] || first[1] >= end[1] {
            return None;
        }
        let corner = |at: [u32; 2]| [0, 1].map(|i| low[i] + step[i] * f64::from(at[i]));
        // Rows are counted from the top, places from below.
        let rows = self.height - end[1]..self.height - first[1];
        let pixels = rows.flat_map(|row| {
            let start = 3 * (row * self.width + first[0]) as usize;
            &self.pixels[start..start + 3 * (end[0] - first[0]) as usize]
        });
        let pixels = pixels.copied().collect();
        let part = Bitmap { width: end[0] - first[0], height: end[1] - first[1], pixels };
        Some(([corner(first), corner(end)], part))
    }

    /// Draws a picture into the rectangle of pixels from `left`, `top`: each pixel there is the mean of
    /// what it covers.
    pub(super) fn paste(&mut self, picture: &Bitmap, [left, top]: [usize; 2], size: [usize; 2]) {
        let [across, down] =
            [(size[0], picture.width), (size[1], picture.height)].map(|(n, of)| covers(n, of));
        for (y, rows) in down.iter().enumerate() {
            for (x, columns) in across.iter().enumerate() {
                let mut mean = [0.0; 3];
                for &(row, height) in rows {
                    for &(column, width) in columns {
                        let start = 3 * (row * picture.width as usize + column);
                        for (mean, &v) in mean.iter_mut().zip(&picture.pixels[start..start + 3]) {
                            *mean += height * width * f64::from(v);
                        }
                    }
                }
                let start = 3 * ((top + y) * self.width as usize + left + x);
                for (pixel, mean) in self.pixels[start..start + 3].iter_mut().zip(mean) {
                    *pixel = mean.round() as u8;
                }
            }
        }
    }
}

/// For each of `n` equal parts, which of the `of` equal parts of the same length it covers, and the
/// share of each.
fn covers(n: usize, of: u32) -> Vec<Vec<(usize, f64)>> {
    let (n, of) = (n as f64, f64::from(of));
    let part = |i: usize| {
        let (from, to) = (i as f64 * of / n, (i + 1) as f64 * of / n);
        let last = (to.ceil() as usize).min(of as usize);
        let share = |j: usize| (to.min(j as f64 + 1.0) - from.max(j as f64)).max(0.0) / (to - from);
        (from as usize..last).map(|j| (j, share(j))).collect()
    };
    (0..n as usize).map(part).collect()
}
