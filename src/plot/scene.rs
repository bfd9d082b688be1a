//! A page as a list of shapes: what `layout` makes and `svg` and `bitmap` draw.

use super::bitmap::Bitmap;
use super::style::Colour;
use ab_glyph::{Font, FontRef};

static FONT: &[u8] = include_bytes!("../../assets/fonts/DejaVuSans-subset.ttf");

/// A page with everything in its place, in drawing order.
#[derive(Debug)]
pub(super) struct Scene {
    pub width: f64,
    pub height: f64,
    pub shapes: Vec<Shape>,
}

/// What can stand on a page; lengths in figure units, y downwards.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    Dot {
        centre: [f64; 2],
        radius: f64,
        ink: Ink,
    },
    Path {
        points: Vec<[f64; 2]>,
        width: f64,
        ink: Ink,
    },
    Text(Text),
    /// From the upper left corner on.
    Picture {
        corner: [f64; 2],
        size: [f64; 2],
        picture: Bitmap,
    },
}

/// A line of text; `at` is the point of its baseline that `anchor` names.
#[derive(Clone, Debug)]
pub(super) struct Text {
    pub text: String,
    pub at: [f64; 2],
    pub size: f64,
    pub anchor: Anchor,
    pub ink: Ink,
}

/// Which point of a text is given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
    /// The middle of a text that is turned by a quarter, to be read from below to above.
    Upright,
}

/// A colour laid over what is below it, with an opacity from 0 to 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ink(pub Colour, pub f64);

/// The embedded font.
pub(super) fn font() -> FontRef<'static> {
    FontRef::try_from_slice(FONT).expect("the embedded font is whole")
}

/// Width of a text in figure units, in the embedded font. It is one of the widest in use, so what
/// fits in it also fits in the font of an SVG's viewer.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    let font = font();
    let units: f32 = text.chars().map(|c| font.h_advance_unscaled(font.glyph_id(c))).sum();
    f64::from(units) * size / f64::from(font.units_per_em().expect("a TrueType font has an em"))
}
