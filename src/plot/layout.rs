//! Where everything stands on the page: margins, panels, ticks, names and the legend.

use super::axis::{Axis, Tick};
use super::layer::{Frame, Layer};
use super::scene::{Anchor, Ink, Scene, Shape, Text, text_width};
use super::style::Colour;
use super::{Figure, Panel};

/// The width of a page, and the widest a panel gets: with equal aspect, and without.
const PAGE: f64 = 720.0;
const WIDEST_EQUAL: f64 = 340.0;
const WIDEST: f64 = 560.0;
const NARROWEST: f64 = 24.0;

/// A panel's height over its width without equal aspect, with a least height; and the bounds of
/// that ratio with equal aspect.
const GOLDEN: f64 = 0.618;
const LOWEST: f64 = 90.0;
const FLATTEST: f64 = 0.4;
const STEEPEST: f64 = 1.2;

const MARGIN: f64 = 8.0;
const GAP: f64 = 10.0;
const TICK: f64 = 3.0;
/// Between a tick and its number.
const SPACE: f64 = 3.0;
const HAIRLINE: f64 = 0.8;

const TITLE_SIZE: f64 = 12.0;
const NAME_SIZE: f64 = 11.0;
const NUMBER_SIZE: f64 = 10.0;
/// Digits are about 0.73 em high; half of it below its middle, a text is centred.
const HALF_HEIGHT: f64 = 0.365;

const STRONG: Ink = Ink(Colour(0x33, 0x33, 0x33), 1.0);
const SOFT: Ink = Ink(Colour(0x66, 0x66, 0x66), 1.0);
const FRAME: Ink = Ink(Colour(0xB8, 0xB8, 0xB8), 1.0);
const GRID: Ink = Ink(Colour(0xEC, 0xEC, 0xEC), 1.0);

/// A page being filled, with what all panels have in common.
struct Page<'a> {
    figure: &'a Figure,
    /// The first panel's frame; the others have its size.
    first: Frame,
    x_ticks: Vec<Tick>,
    y_ticks: Vec<Tick>,
    radius: f64,
    shapes: Vec<Shape>,
}

impl Figure {
    /// Puts the figure on a page.
    pub(super) fn layout(&self) -> Scene {
        let mut page = Page::new(self);
        page.legend();
        for (index, panel) in self.panels.iter().enumerate() {
            page.panel(index, panel);
        }
        page.axis_names();
        let [right, bottom] = page.corner();
        let numbers = if self.bare { 0.0 } else { TICK + SPACE + NUMBER_SIZE };
        let below = numbers + name_room(&self.x_label) + MARGIN;
        let (width, height) = ((right + MARGIN).ceil(), (bottom + below).ceil());
        Scene { width, height, shapes: page.shapes }
    }

    /// The axes as they are shown, and a panel's height over its width.
    fn shown_axes(&self) -> (Axis, Axis, f64) {
        let (x, y) = self.axes();
        if !self.equal_aspect {
            return (x, y, GOLDEN);
        }
        let ratio = y.extent() / x.extent();
        let ratio = if self.bare { ratio } else { ratio.clamp(FLATTEST, STEEPEST) };
        let x = x.widened(x.extent().max(y.extent() / ratio));
        let y = y.widened(y.extent().max(x.extent() * ratio));
        (x, y, ratio)
    }

    /// Width and height of a panel's frame, when the first one stands `left` of the page's edge.
    fn frame_size(&self, left: f64, ratio: f64) -> (f64, f64) {
        let columns = self.columns as f64;
        let room = (PAGE - left - MARGIN - GAP * (columns - 1.0)) / columns;
        let widest = if self.equal_aspect && !self.bare { WIDEST_EQUAL } else { WIDEST };
        let width = room.clamp(NARROWEST, widest).floor();
        let height = (width * ratio).round();
        (width, if self.equal_aspect { height } else { height.max(LOWEST) })
    }

    /// The layers with a name, each name once.
    fn named_layers(&self) -> Vec<&Layer> {
        let mut named: Vec<&Layer> = Vec::new();
        for layer in self.layers().filter(|layer| !layer.label().is_empty()) {
            if named.iter().all(|other| other.label() != layer.label()) {
                named.push(layer);
            }
        }
        named
    }

    /// Where the legend's entries begin, in rows between `left` and `right`, and their baselines.
    fn legend_places(&self, left: f64, right: f64) -> Vec<[f64; 2]> {
        let mut next = [left, MARGIN + NAME_SIZE];
        let mut places = Vec::new();
        for layer in self.named_layers() {
            let text = text_width(layer.label(), NAME_SIZE);
            let width = layer.sample_width() + GAP / 2.0 + text;
            if next[0] > left && next[0] + width > right {
                next = [left, next[1] + 1.6 * NAME_SIZE];
            }
            places.push(next);
            next[0] += width + 2.0 * GAP;
        }
        places
    }

    /// Room for the panels' titles, or for none.
    fn title_room(&self) -> f64 {
        let titled = self.panels.iter().any(|panel| !panel.title.is_empty());
        if titled { TITLE_SIZE + 4.0 } else { 0.0 }
    }
}

/// Room for the name of an axis, or for none.
fn name_room(name: &str) -> f64 {
    if name.is_empty() { 0.0 } else { NAME_SIZE + 6.0 }
}

impl<'a> Page<'a> {
    fn new(figure: &'a Figure) -> Page<'a> {
        let (x, y, ratio) = figure.shown_axes();
        // The left margin depends on the y ticks, these on the panel's height, and this on the
        // margin: the ticks are chosen for a usual margin.
        let (_, usual_height) = figure.frame_size(40.0, ratio);
        let mut y_ticks = y.ticks(|ticks| {
            let apart = |pair: &[Tick]| (pair[1].at - pair[0].at) * usual_height;
            ticks.windows(2).all(|pair| apart(pair) >= 1.6 * NUMBER_SIZE)
        });
        y_ticks.truncate(if figure.bare { 0 } else { usize::MAX });
        let widest = y_ticks.iter().map(number_width).fold(0.0, f64::max);
        let left = (MARGIN + name_room(&figure.y_label) + widest + SPACE + TICK).ceil();
        let (width, height) = figure.frame_size(left, ratio);
        let mut x_ticks = x.ticks(|ticks| {
            let apart = |pair: &[Tick]| (pair[1].at - pair[0].at) * width;
            let needed = |pair: &[Tick]| (number_width(&pair[0]) + number_width(&pair[1])) / 2.0;
            ticks.windows(2).all(|pair| apart(pair) >= needed(pair) + NUMBER_SIZE)
        });
        x_ticks.truncate(if figure.bare { 0 } else { usize::MAX });
        let legend = figure.legend_places(left, left + figure.columns as f64 * (width + GAP));
        let top = legend.last().map_or(MARGIN, |place| place[1] + GAP) + figure.title_room();
        let first = Frame { x, y, left, top, width, height };
        // A third of the dots' mean distance, so that many dots are small ones.
        let most = figure.layers().map(Layer::dots).max().unwrap_or(0).max(1);
        let radius = (0.3 * (width * height / most as f64).sqrt()).clamp(0.8, 2.2);
        Page { figure, first, x_ticks, y_ticks, radius, shapes: Vec::new() }
    }

    fn frame(&self, index: usize) -> Frame {
        let (row, column) = (index / self.figure.columns, index % self.figure.columns);
        let leading = self.first.height + GAP + self.figure.title_room();
        Frame {
            left: self.first.left + column as f64 * (self.first.width + GAP),
            top: self.first.top + row as f64 * leading,
            ..self.first
        }
    }

    /// The lower right corner of the grid of frames.
    fn corner(&self) -> [f64; 2] {
        let rows = self.figure.panels.len().div_ceil(self.figure.columns).max(1);
        self.frame(rows * self.figure.columns - 1).place([1.0, 0.0])
    }

    fn legend(&mut self) {
        let (figure, left, [right, _]) = (self.figure, self.first.left, self.corner());
        let places = figure.legend_places(left, right);
        for (layer, [x, y]) in figure.named_layers().into_iter().zip(places) {
            self.shapes.extend(layer.sample(x, y - HALF_HEIGHT * NAME_SIZE));
            let at = [x + layer.sample_width() + GAP / 2.0, y];
            self.text(layer.label(), at, NAME_SIZE, Anchor::Start, STRONG);
        }
    }

    fn panel(&mut self, index: usize, panel: &Panel) {
        let (frame, figure) = (self.frame(index), self.figure);
        if !figure.bare {
            self.backdrop(&frame);
        }
        if index.is_multiple_of(figure.columns) {
            self.y_numbers(&frame);
        }
        if index + figure.columns >= figure.panels.len() {
            self.x_numbers(&frame);
        }
        for layer in &panel.layers {
            self.shapes.extend(layer.draw(&frame, self.radius));
        }
        let [middle, top] = frame.place([0.5, 1.0]);
        let size = TITLE_SIZE * (frame.width / text_width(&panel.title, TITLE_SIZE)).min(1.0);
        self.text(&panel.title, [middle, top - 6.0], size, Anchor::Middle, STRONG);
        let skipped = figure.skipped_in(panel);
        if skipped > 0 {
            let [right, bottom] = frame.place([1.0, 0.0]);
            let at = [right - SPACE, bottom - SPACE];
            self.text(&format!("{skipped} skipped"), at, NUMBER_SIZE, Anchor::End, STRONG);
        }
    }

    /// Grid lines and frame, behind the layers.
    fn backdrop(&mut self, frame: &Frame) {
        let vertical = self.x_ticks.iter().map(|tick| [[tick.at, 0.0], [tick.at, 1.0]]);
        let level = self.y_ticks.iter().map(|tick| [[0.0, tick.at], [1.0, tick.at]]);
        let grid = vertical.chain(level).map(|ends| hairline(ends.map(|p| frame.place(p)), GRID));
        self.shapes.extend(grid);
        // Closed within a side, so that all four corners are joins.
        let outline = [[0.0, 0.5], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0], [0.0, 0.0], [0.0, 0.5]];
        self.shapes.push(hairline(outline.map(|p| frame.place(p)), FRAME));
    }

    fn x_numbers(&mut self, frame: &Frame) {
        for tick in self.x_ticks.clone() {
            let [x, y] = frame.place([tick.at, 0.0]);
            self.shapes.push(hairline([[x, y], [x, y + TICK]], FRAME));
            // A number may reach into half of the gap between two panels, and no further.
            let beyond = (frame.left - x).max(x - frame.left - frame.width);
            if beyond + number_width(&tick) / 2.0 <= GAP / 2.0 {
                let at = [x, y + TICK + SPACE + 2.0 * HALF_HEIGHT * NUMBER_SIZE];
                self.text(&tick.label, at, NUMBER_SIZE, Anchor::Middle, SOFT);
            }
        }
    }

    fn y_numbers(&mut self, frame: &Frame) {
        for tick in self.y_ticks.clone() {
            let [x, y] = frame.place([0.0, tick.at]);
            self.shapes.push(hairline([[x - TICK, y], [x, y]], FRAME));
            let at = [x - TICK - SPACE, y + HALF_HEIGHT * NUMBER_SIZE];
            self.text(&tick.label, at, NUMBER_SIZE, Anchor::End, SOFT);
        }
    }

    fn axis_names(&mut self) {
        let (figure, [right, bottom]) = (self.figure, self.corner());
        let numbers = if figure.bare { 0.0 } else { TICK + SPACE + NUMBER_SIZE };
        let below = bottom + numbers + name_room(&figure.x_label);
        let at = [(self.first.left + right) / 2.0, below];
        self.text(&figure.x_label, at, NAME_SIZE, Anchor::Middle, STRONG);
        let at = [MARGIN + NAME_SIZE, (self.first.top + bottom) / 2.0];
        self.text(&figure.y_label, at, NAME_SIZE, Anchor::Upright, STRONG);
    }

    fn text(&mut self, text: &str, at: [f64; 2], size: f64, anchor: Anchor, ink: Ink) {
        if !text.is_empty() {
            self.shapes.push(Shape::Text(Text { text: text.into(), at, size, anchor, ink }));
        }
    }
}

fn number_width(tick: &Tick) -> f64 {
    text_width(&tick.label, NUMBER_SIZE)
}

fn hairline<const N: usize>(points: [[f64; 2]; N], ink: Ink) -> Shape {
    Shape::Path { points: points.into(), width: HAIRLINE, ink }
}

#[cfg(test)]
mod tests {
    use super::super::{BLUE, Figure, GREY, Panel, RED};
    use super::*;

    fn figures() -> Vec<Figure> {
        let moons = [[-1.1, -0.6], [2.1, 1.1]];
        let nine = || {
            (0..9).map(|i| {
                let panel = Panel::new(format!("t = {}", f64::from(i) / 8.0));
                panel.scatter(moons, GREY.label("data")).scatter(moons, BLUE.label("samples"))
            })
        };
        let loss = Panel::new("").line([[0.0, 3.0], [2e6, 2e-9]], BLUE.label("training"));
        let loss = loss.line([[0.0, 2.0]], RED.label("validation"));
        let many = (0..40).map(|i| BLUE.label(format!("series {i}")));
        let many = many.fold(Panel::new("all"), |panel, style| panel.line([], style));
        let long = "a title that is much longer than the panel below it is wide";
        vec![
            Figure::new("", []),
            Figure::new("", nine()).equal_aspect(),
            Figure::new("", nine()).equal_aspect().columns(5).labels("x₁", "x₂"),
            Figure::new("", nine()).columns(3).labels("x₁", "x₂"),
            Figure::new("", nine()).x_range(0.0, 1.0),
            Figure::new("", nine()).x_range(-1e5, 1e5).y_range(-1e-3, 1e-3),
            Figure::new("", [loss]).log_y().labels("step", "loss"),
            Figure::new("", [many]),
            Figure::new("", [Panel::new(long), Panel::new(long)]).columns(1).equal_aspect(),
            Figure::new("", [Panel::new("t").scatter([[f64::NAN, 0.0]], BLUE)]),
        ]
    }

    /// Left, top, right and bottom of a text, from its capitals' height to its baseline.
    fn extent(text: &Text) -> [f64; 4] {
        let ([x, y], width) = (text.at, text_width(&text.text, text.size));
        let height = 2.0 * HALF_HEIGHT * text.size;
        match text.anchor {
            Anchor::Start => [x, y - height, x + width, y],
            Anchor::Middle => [x - width / 2.0, y - height, x + width / 2.0, y],
            Anchor::End => [x - width, y - height, x, y],
            Anchor::Upright => [x - height, y - width / 2.0, x, y + width / 2.0],
        }
    }

    #[test]
    fn no_text_meets_another_or_leaves_the_page() {
        for (which, figure) in figures().into_iter().enumerate() {
            let scene = figure.layout();
            let texts = scene.shapes.iter().filter_map(|shape| match shape {
                Shape::Text(text) => Some((text, extent(text))),
                _ => None,
            });
            let texts: Vec<_> = texts.collect();
            for (i, (a, [left, top, right, bottom])) in texts.iter().enumerate() {
                let within = *left >= 0.0 && *top >= 0.0;
                let within = within && *right <= scene.width && *bottom <= scene.height;
                assert!(within, "figure {which}: {a:?} is off the page");
                for (b, other) in &texts[i + 1..] {
                    let apart = other[0] >= *right || other[2] <= *left;
                    let apart = apart || other[1] >= *bottom || other[3] <= *top;
                    assert!(apart, "figure {which}: {a:?} and {b:?}");
                }
            }
        }
    }

    #[test]
    fn equal_aspect_gives_both_axes_one_unit() {
        for points in
            [[[0.0, 0.0], [1.0, 1.0]], [[0.0, 0.0], [1.0, 90.0]], [[0.0, 0.0], [90.0, 1.0]]]
        {
            let figure = Figure::new("", [Panel::new("").scatter(points, BLUE)]).equal_aspect();
            let Frame { x, y, width, height, .. } = Page::new(&figure).first;
            let (across, up) = (x.extent() / width, y.extent() / height);
            // The frame has whole units: half of one in the 136 or more of its height.
            assert!((across / up - 1.0).abs() <= 0.5 / 136.0, "{points:?}: {across} {up}");
        }
    }
}
