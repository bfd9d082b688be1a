//! Figures: one panel or a grid of panels with shared axes, as SVG or PNG.
//!
//! ```
//! use pushforward::plot::{Figure, Panel, BLUE, RED};
//!
//! let data = [[0.0, 1.0], [1.0, 0.5], [2.0, 0.0]];
//! let panels = [0.0, 0.5, 1.0].map(|t| {
//!     let samples = data.map(|[x, y]| [t * x, t * y]);
//!     Panel::new(format!("t = {t}")).scatter(data, BLUE.label("data")).scatter(samples, RED)
//! });
//! let figure = Figure::new("Samples on their way to the data", panels).equal_aspect();
//! assert!(figure.svg().starts_with("<svg"));
//! ```
//!
//! The module knows numbers only: a point is `[x, y]` in `f64`, images are a tensor. The same figure gives the same
//! bytes on every machine: the font is embedded, and no coordinate passes through a function whose
//! rounding depends on the platform.
//!
//! What lives where: [`Style`] and the palette in `style`; the kinds of layers in `layer`, pictures
//! among them in `picture`; ranges
//! and ticks in `axis`; where things stand on the page in `layout`, and the page itself in `scene`;
//! how it becomes text in `svg`, pixels in `bitmap` and their file in `png`; what is done with those
//! in `output`. There are no histograms, no dates, no interaction.

mod axis;
mod bitmap;
mod layer;
mod layout;
mod output;
mod picture;
mod png;
mod scene;
mod style;
mod svg;

pub use style::{BLUE, CYAN, GREEN, GREY, PALETTE, PURPLE, RED, YELLOW};
pub use style::{Colour, Style};

use axis::Axis;
use layer::Layer;

/// One picture of a [`Figure`]: a title over layers, drawn in the order in which they were added.
#[derive(Clone, Debug)]
pub struct Panel {
    title: String,
    layers: Vec<Layer>,
}

impl Panel {
    /// An empty panel; the title may be empty.
    pub fn new(title: impl Into<String>) -> Panel {
        Panel { title: title.into(), layers: Vec::new() }
    }

    /// Adds a dot at every point.
    pub fn scatter(mut self, points: impl IntoIterator<Item = [f64; 2]>, style: Style) -> Panel {
        self.layers.push(Layer::Scatter(points.into_iter().collect(), style));
        self
    }

    /// Adds the line through the points, in their order. A point that cannot be drawn (see
    /// [`Figure::skipped`]) leaves a gap.
    pub fn line(mut self, points: impl IntoIterator<Item = [f64; 2]>, style: Style) -> Panel {
        self.layers.push(Layer::Line(points.into_iter().collect(), style));
        self
    }

    /// Adds an arrow from tail to tip, both in the panel's coordinates, for every pair. An arrow that
    /// reaches out of the panel is left out.
    pub fn arrows(
        mut self,
        arrows: impl IntoIterator<Item = [[f64; 2]; 2]>,
        style: Style,
    ) -> Panel {
        self.layers.push(Layer::Arrows(arrows.into_iter().flatten().collect(), style));
        self
    }
}

/// A grid of panels that share both axes; one panel is the special case.
///
/// All panels show the same ranges, so only the left column and the lowest panels carry numbers.
/// A figure is at most 720 units (CSS pixels) wide, up to 20 columns; its height follows from its
/// content. In a row of nine, titles and numbers are still legible.
#[derive(Clone, Debug)]
pub struct Figure {
    title: String,
    panels: Vec<Panel>,
    columns: usize,
    x_label: String,
    y_label: String,
    x_range: Option<[f64; 2]>,
    y_range: Option<[f64; 2]>,
    equal_aspect: bool,
    log: [bool; 2],
    bare: bool,
    scale: u32,
}

impl Figure {
    /// A figure with its panels in one row.
    ///
    /// The title says what is to be seen to those who cannot see it (it becomes the SVG's
    /// accessible name); it is not drawn, since a figure in a text has a caption.
    pub fn new(title: impl Into<String>, panels: impl IntoIterator<Item = Panel>) -> Figure {
        let panels: Vec<_> = panels.into_iter().collect();
        Figure {
            title: title.into(),
            columns: panels.len().max(1),
            panels,
            x_label: String::new(),
            y_label: String::new(),
            x_range: None,
            y_range: None,
            equal_aspect: false,
            log: [false; 2],
            bare: false,
            scale: 2,
        }
    }

    /// Wraps the panels into rows of `columns`; the last row may be shorter.
    ///
    /// # Panics
    /// If `columns` is 0.
    #[track_caller]
    pub fn columns(mut self, columns: usize) -> Figure {
        assert!(columns > 0, "Figure::columns: a figure needs at least one column");
        self.columns = columns.min(self.panels.len().max(1));
        self
    }

    /// Names the axes; an empty name takes no room.
    pub fn labels(mut self, x: impl Into<String>, y: impl Into<String>) -> Figure {
        (self.x_label, self.y_label) = (x.into(), y.into());
        self
    }

    /// Shows exactly `low..high` on the x axis. Dots outside are left out, lines are cut.
    ///
    /// # Panics
    /// Unless `low < high` and both are finite, and positive on a logarithmic axis.
    #[track_caller]
    pub fn x_range(mut self, low: f64, high: f64) -> Figure {
        check_range("x_range", low, high);
        self.x_range = Some([low, high]);
        self.check_log();
        self
    }

    /// Shows exactly `low..high` on the y axis. Dots outside are left out, lines are cut.
    ///
    /// # Panics
    /// Unless `low < high` and both are finite, and positive on a logarithmic axis.
    #[track_caller]
    pub fn y_range(mut self, low: f64, high: f64) -> Figure {
        check_range("y_range", low, high);
        self.y_range = Some([low, high]);
        self.check_log();
        self
    }

    /// Gives x and y the same unit of length, so that a circle looks like one. Where the data are
    /// much wider than high, or the reverse, the shorter range is extended.
    ///
    /// # Panics
    /// On a figure with a logarithmic axis.
    #[track_caller]
    pub fn equal_aspect(mut self) -> Figure {
        self.equal_aspect = true;
        self.check_log();
        self
    }

    /// Leaves out frames, axes and the air around what is drawn: for pictures. Both axes have one unit.
    ///
    /// # Panics
    /// On a figure with a logarithmic axis.
    #[track_caller]
    pub fn bare(mut self) -> Figure {
        self.bare = true;
        self.equal_aspect()
    }

    /// Makes the x axis logarithmic, as for a number of steps that is doubled. Points with x ≤ 0
    /// cannot be drawn and count as [`skipped`](Figure::skipped).
    ///
    /// # Panics
    /// On a figure with equal aspect, or with an `x_range` that reaches to 0 or below.
    #[track_caller]
    pub fn log_x(mut self) -> Figure {
        self.log[0] = true;
        self.check_log();
        self
    }

    /// Makes the y axis logarithmic, as for a loss that falls over decades. Points with y ≤ 0
    /// cannot be drawn and count as [`skipped`](Figure::skipped).
    ///
    /// # Panics
    /// On a figure with equal aspect, or with a `y_range` that reaches to 0 or below.
    #[track_caller]
    pub fn log_y(mut self) -> Figure {
        self.log[1] = true;
        self.check_log();
        self
    }

    /// Pixels of the PNG per unit of the figure; 2 unless set, for sharp pictures on any screen.
    ///
    /// # Panics
    /// Outside 1..=8.
    #[track_caller]
    pub fn scale(mut self, scale: u32) -> Figure {
        assert!((1..=8).contains(&scale), "Figure::scale: {scale} is not in 1..=8");
        self.scale = scale;
        self
    }

    /// How many points cannot be drawn: those with a coordinate that is NaN, infinite or beyond
    /// ±10¹⁵⁰, or not positive on a logarithmic axis. The panel says so in its corner.
    ///
    /// Points outside a range that was set by hand are not counted: leaving them out was asked for.
    pub fn skipped(&self) -> usize {
        self.panels.iter().map(|panel| self.skipped_in(panel)).sum()
    }

    fn skipped_in(&self, panel: &Panel) -> usize {
        let points = panel.layers.iter().flat_map(Layer::points);
        points.filter(|point| !self.drawable(point)).count()
    }

    fn layers(&self) -> impl Iterator<Item = &Layer> {
        self.panels.iter().flat_map(|panel| &panel.layers)
    }

    fn drawable(&self, &[x, y]: &[f64; 2]) -> bool {
        axis::drawable(x, self.log[0]) && axis::drawable(y, self.log[1])
    }

    /// The two axes all panels share.
    fn axes(&self) -> (Axis, Axis) {
        let all = || self.layers().flat_map(Layer::points);
        let points = || all().filter(|point| self.drawable(point));
        let axis = |i: usize, range: Option<[f64; 2]>| {
            let range = range.or_else(|| self.bare.then(|| extremes(points().map(|p| p[i])))?);
            Axis::new(points().map(|p| p[i]), range, self.log[i])
        };
        (axis(0, self.x_range), axis(1, self.y_range))
    }

    #[track_caller]
    fn check_log(&self) {
        assert!(
            !(self.log.contains(&true) && self.equal_aspect),
            "Figure: a logarithmic axis has no equal aspect; leave out log_x, log_y or equal_aspect"
        );
        for (log, range, name) in [(0, self.x_range, "x_range"), (1, self.y_range, "y_range")] {
            let positive = range.is_none_or(|[low, _]| low > 0.0);
            assert!(
                !self.log[log] || positive,
                "Figure: a logarithmic axis shows positive numbers only; give {name} a positive low"
            );
        }
    }
}

/// The least and the greatest, if they differ.
fn extremes(values: impl Iterator<Item = f64>) -> Option<[f64; 2]> {
    let widen = |[low, high]: [f64; 2], v: f64| [low.min(v), high.max(v)];
    let [low, high] = values.fold([f64::INFINITY, f64::NEG_INFINITY], widen);
    axis::is_interval(low, high).then_some([low, high])
}

#[track_caller]
fn check_range(name: &str, low: f64, high: f64) {
    assert!(
        axis::is_interval(low, high),
        "Figure::{name}: [{low}, {high}] is not an interval; give finite low < high"
    );
}
