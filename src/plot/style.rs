//! Colours and the look of one layer.
//!
//! The palette is Paul Tol's "bright" scheme (*Colour Schemes*, SRON/EPS/TN/09-002, issue 3.2,
//! 2021): seven colours that readers with any common colour-vision deficiency tell apart, on a
//! white page and in print.

/// Red, green and blue in sRGB, 0 to 255.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub u8, pub u8, pub u8);

/// How a layer looks: colour, size, opacity, and the name it has in the legend.
///
/// The palette's constants are styles, to be refined where they are used:
/// `BLUE.opacity(0.3).label("data")`.
#[derive(Clone, Debug, PartialEq)]
pub struct Style {
    pub(super) colour: Colour,
    pub(super) size: Option<f64>,
    pub(super) opacity: Option<f64>,
    pub(super) label: String,
}

/// Tol bright blue, the first choice for a single series.
pub const BLUE: Style = Style::new(Colour(0x44, 0x77, 0xAA));
/// Tol bright red, the natural second series.
pub const RED: Style = Style::new(Colour(0xEE, 0x66, 0x77));
/// Tol bright green.
pub const GREEN: Style = Style::new(Colour(0x22, 0x88, 0x33));
/// Tol bright yellow.
pub const YELLOW: Style = Style::new(Colour(0xCC, 0xBB, 0x44));
/// Tol bright cyan.
pub const CYAN: Style = Style::new(Colour(0x66, 0xCC, 0xEE));
/// Tol bright purple.
pub const PURPLE: Style = Style::new(Colour(0xAA, 0x33, 0x77));
/// Tol bright grey, for a reference that stays in the background.
pub const GREY: Style = Style::new(Colour(0xBB, 0xBB, 0xBB));

/// The seven styles in the order in which to give them to series.
pub const PALETTE: [Style; 7] = [BLUE, RED, GREEN, YELLOW, CYAN, PURPLE, GREY];

impl Style {
    /// A style of any colour, with size and opacity left to the figure: dots get smaller the more
    /// there are and let what is below shine through, lines are solid and 1.5 units wide.
    pub const fn new(colour: Colour) -> Style {
        Style { colour, size: None, opacity: None, label: String::new() }
    }

    /// Radius of a dot or width of a line, in figure units (CSS pixels).
    ///
    /// # Panics
    /// Unless `0 < size` and finite.
    #[track_caller]
    pub fn size(mut self, size: f64) -> Style {
        assert!(size > 0.0 && size.is_finite(), "Style::size: {size} is not a positive length");
        self.size = Some(size);
        self
    }

    /// From 0 (invisible) to 1 (solid).
    ///
    /// # Panics
    /// Outside [0, 1].
    #[track_caller]
    pub fn opacity(mut self, opacity: f64) -> Style {
        assert!((0.0..=1.0).contains(&opacity), "Style::opacity: {opacity} is not in [0, 1]");
        self.opacity = Some(opacity);
        self
    }

    /// The series' name in the legend; layers without one stay out of it.
    pub fn label(mut self, label: impl Into<String>) -> Style {
        self.label = label.into();
        self
    }
}
