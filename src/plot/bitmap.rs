//! A scene as pixels. Dots and strokes become polygons, letters are outlines of the embedded font;
//! all are filled by the coverage rasteriser of `ab_glyph`, so that edges are smooth.

use super::scene::{Anchor, Ink, Scene, Shape, Text, font};
use super::style::Colour;
use ab_glyph::{Font, PxScale, ScaleFont, point};
use ab_glyph_rasterizer::Rasterizer;

/// An RGB picture, row by row from the top.
#[derive(Clone)]
pub(super) struct Bitmap {
    pub width: u32,
    pub height: u32,
    pub pixels: Vec<u8>,
}

/// Its size, not its pixels.
impl std::fmt::Debug for Bitmap {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "{}×{} pixels", self.width, self.height)
    }
}

type Polygon = Vec<[f64; 2]>;

impl Bitmap {
    /// Draws the scene on white, `scale` pixels per figure unit.
    pub fn draw(scene: &Scene, scale: u32) -> Bitmap {
        let (width, height) = (scene.width as u32 * scale, scene.height as u32 * scale);
        let pixels = vec![255; 3 * width as usize * height as usize];
        let mut bitmap = Bitmap { width, height, pixels };
        let scale = f64::from(scale);
        let scaled = |p: &[f64; 2]| p.map(|v| v * scale);
        for shape in &scene.shapes {
            match shape {
                Shape::Dot { centre, radius, ink } => {
                    bitmap.fill(&[disc(scaled(centre), radius * scale)], *ink);
                }
                Shape::Path { points, width, ink } => {
                    let points: Vec<_> = points.iter().map(scaled).collect();
                    bitmap.fill(&stroke(&points, width * scale), *ink);
                }
                Shape::Text(text) => bitmap.letters(text, scale),
                Shape::Picture { corner, size, picture } => {
                    let end = [0, 1].map(|i| ((corner[i] + size[i]) * scale).round() as usize);
                    let start = corner.map(|v| (v * scale).round() as usize);
                    bitmap.paste(picture, start, [end[0] - start[0], end[1] - start[1]]);
                }
            }
        }
        bitmap
    }

    /// Fills the union of polygons that all turn the same way round: their coverages add up, and
    /// more than all of a pixel is all of it.
    fn fill(&mut self, polygons: &[Polygon], ink: Ink) {
        if polygons.is_empty() {
            return;
        }
        let corners = || polygons.iter().flatten();
        let low = [0, 1].map(|i| corners().map(|p| p[i]).fold(f64::INFINITY, f64::min).floor());
        let high = [0, 1].map(|i| corners().map(|p| p[i]).fold(f64::NEG_INFINITY, f64::max));
        // One column to spare, where the rasteriser keeps what an edge adds to its right.
        let [columns, rows] = [0, 1].map(|i| (high[i] - low[i]).ceil() as usize + 1);
        let mut rasterizer = Rasterizer::new(columns + 1, rows);
        let local = |p: [f64; 2]| point((p[0] - low[0]) as f32, (p[1] - low[1]) as f32);
        for polygon in polygons {
            for (i, &corner) in polygon.iter().enumerate() {
                rasterizer.draw_line(local(corner), local(polygon[(i + 1) % polygon.len()]));
            }
        }
        let origin = low.map(|v| v as i64);
        rasterizer.for_each_pixel_2d(|x, y, coverage| {
            self.blend(origin[0] + i64::from(x), origin[1] + i64::from(y), ink, coverage);
        });
    }

    /// Draws a line of text, glyph by glyph.
    fn letters(&mut self, text: &Text, scale: f64) {
        let font = font();
        let em = font.units_per_em().expect("a TrueType font has an em");
        let px = PxScale::from((text.size * scale) as f32 * font.height_unscaled() / em);
        let scaled = font.as_scaled(px);
        let width: f32 = text.text.chars().map(|c| scaled.h_advance(scaled.glyph_id(c))).sum();
        let mut pen = match text.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle | Anchor::Upright => -width / 2.0,
            Anchor::End => -width,
        };
        let origin = text.at.map(|v| (v * scale).round() as i64);
        for c in text.text.chars() {
            let glyph = font.glyph_id(c).with_scale_and_position(px, point(pen, 0.0));
            pen += scaled.h_advance(glyph.id);
            let Some(outline) = font.outline_glyph(glyph) else { continue };
            let corner = outline.px_bounds().min;
            outline.draw(|x, y, coverage| {
                let (x, y) = (corner.x as i64 + i64::from(x), corner.y as i64 + i64::from(y));
                // Turned by a quarter, what was to the right is above.
                let (x, y) = if text.anchor == Anchor::Upright { (y, -x - 1) } else { (x, y) };
                self.blend(origin[0] + x, origin[1] + y, text.ink, coverage);
            });
        }
    }

    /// Lays ink over one pixel, if the picture has it.
    fn blend(&mut self, x: i64, y: i64, Ink(Colour(r, g, b), opacity): Ink, coverage: f32) {
        let inside =
            (0..i64::from(self.width)).contains(&x) && (0..i64::from(self.height)).contains(&y);
        if !inside || coverage <= 0.0 {
            return;
        }
        let alpha = coverage.min(1.0) * opacity as f32;
        let start = 3 * (y as usize * self.width as usize + x as usize);
        for (below, above) in self.pixels[start..start + 3].iter_mut().zip([r, g, b]) {
            let mixed = f32::from(*below) * (1.0 - alpha) + f32::from(above) * alpha;
            *below = mixed.round() as u8;
        }
    }
}

/// A regular polygon with 24 corners, found by turning a radius, 15° at a time.
fn disc(centre: [f64; 2], radius: f64) -> Polygon {
    let (cos, sin) = ((6_f64.sqrt() + 2_f64.sqrt()) / 4.0, (6_f64.sqrt() - 2_f64.sqrt()) / 4.0);
    let turned = |&[x, y]: &[f64; 2]| Some([cos * x + sin * y, cos * y - sin * x]);
    let spokes = std::iter::successors(Some([radius, 0.0]), turned).take(24);
    spokes.map(|[x, y]| [centre[0] + x, centre[1] + y]).collect()
}

/// A line with a width: a rectangle for each segment and, on the outer side of each bend, the
/// triangle between two rectangles. They touch without overlapping there, since what two polygons
/// half cover would count as covered.
fn stroke(points: &[[f64; 2]], width: f64) -> Vec<Polygon> {
    let mut parts: Vec<Polygon> = Vec::new();
    let mut before = None;
    for pair in points.windows(2) {
        let ([ax, ay], [bx, by]) = (pair[0], pair[1]);
        let (dx, dy) = (bx - ax, by - ay);
        let length = (dx * dx + dy * dy).sqrt();
        if length == 0.0 {
            continue;
        }
        let (nx, ny) = (-dy / length * width / 2.0, dx / length * width / 2.0);
        if let Some((mx, my)) = before {
            parts.push(if mx * ny - my * nx > 0.0 {
                vec![[ax, ay], [ax - nx, ay - ny], [ax - mx, ay - my]]
            } else {
                vec![[ax, ay], [ax + mx, ay + my], [ax + nx, ay + ny]]
            });
        }
        let ahead = [[bx + nx, by + ny], [bx - nx, by - ny]];
        parts.push(vec![[ax + nx, ay + ny], ahead[0], ahead[1], [ax - nx, ay - ny]]);
        before = Some((nx, ny));
    }
    parts
}
