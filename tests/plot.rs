//! Figures as their users get them: SVG text, PNG bytes, files.

use pushforward::plot::{BLUE, Figure, GREEN, Panel, RED};
use pushforward::{Error, Float, Tensor};
use std::fs;
use std::path::Path;

/// A line that zigzags over the whole panel, as noisy losses do.
fn zigzag() -> impl Iterator<Item = [f64; 2]> {
    (0..2000).map(|i| [f64::from(i), f64::from(i * 7919 % 101) * f64::from(i % 2 * 2 - 1)])
}

fn loss() -> Figure {
    let falling = (1..100).map(|i| [f64::from(i), 1.0 / f64::from(i)]);
    let panel = Panel::new("a < b & \"c\"").line(falling, BLUE.label("training"));
    Figure::new("Loss <by> \"step\" & more", [panel]).log_y().labels("step", "loss")
}

fn moving() -> Figure {
    let panels = (0..9).map(|i| {
        let t = f64::from(i) / 8.0;
        let points = (0..50).map(|k| [t * f64::from(k), f64::from(k * k % 17)]);
        Panel::new(format!("t = {t}")).scatter(points, BLUE)
    });
    Figure::new("Nine times", panels).equal_aspect()
}

/// Width, height and RGB bytes.
fn decoded(png: &[u8]) -> (usize, usize, Vec<u8>) {
    let decoder = png::Decoder::new(std::io::Cursor::new(png));
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!((info.color_type, info.bit_depth), (png::ColorType::Rgb, png::BitDepth::Eight));
    (info.width as usize, info.height as usize, pixels)
}

/// The value of an attribute in the first element that has it.
fn attribute(svg: &str, name: &str) -> f64 {
    let (_, rest) = svg.split_once(&format!(" {name}=\"")).unwrap();
    rest.split_once('"').unwrap().0.parse().unwrap()
}

/// Figure units per unit of the SVG's coordinates.
fn unit(svg: &str) -> f64 {
    let (_, view_box) = svg.split_once("viewBox=\"0 0 ").unwrap();
    let width: f64 = view_box.split(' ').next().unwrap().parse().unwrap();
    attribute(svg, "width") / width
}

/// The texts, in the order of the document.
fn texts(svg: &str) -> Vec<&str> {
    let elements = svg.split("<text").skip(1);
    elements.map(|e| e.split_once('>').unwrap().1.split('<').next().unwrap().trim()).collect()
}

/// The points of every polyline of a colour, in figure units.
fn polylines(svg: &str, colour: &str) -> Vec<Vec<[f64; 2]>> {
    let unit = unit(svg);
    let elements = svg.split("<polyline").skip(1).map(|e| e.split('>').next().unwrap());
    let wanted = elements.filter(|e| e.to_lowercase().contains(colour));
    let points = wanted.map(|e| e.split_once("points=\"").unwrap().1.split('"').next().unwrap());
    let point = |p: &str| {
        let (x, y) = p.split_once(',').unwrap();
        [x, y].map(|v| v.parse::<f64>().unwrap() * unit)
    };
    points.map(|list| list.split_whitespace().map(point).collect()).collect()
}

/// Least and greatest of the second coordinates.
fn heights(points: &[[f64; 2]]) -> [f64; 2] {
    let ys = points.iter().map(|p| p[1]);
    [ys.clone().fold(f64::MAX, f64::min), ys.fold(f64::MIN, f64::max)]
}

const FRAME: &str = "#b8b8b8";

#[test]
fn the_same_figure_has_the_same_bytes() {
    for figure in [loss, moving] {
        assert_eq!(figure().svg(), figure().svg());
        assert_eq!(figure().png(), figure().png());
    }
}

#[test]
fn a_png_has_the_size_of_the_svg_times_the_scale() {
    for figure in [loss(), moving(), Figure::new("nothing", [])] {
        let svg = figure.svg();
        let size = [attribute(&svg, "width"), attribute(&svg, "height")];
        assert!(size[0] <= 720.0, "{size:?}");
        for scale in [1, 2, 3] {
            let (width, height, _) = decoded(&figure.clone().scale(scale).png());
            assert_eq!([width as f64, height as f64], size.map(|v| v * f64::from(scale)));
        }
        assert_eq!(figure.png(), figure.clone().scale(2).png());
    }
}

#[test]
fn a_dot_is_where_the_svg_has_it() {
    let panel = Panel::new("").scatter([[-3.0, 5.0]], RED.opacity(1.0).size(4.0));
    let figure = Figure::new("one dot", [panel]).scale(3);
    let svg = figure.svg();
    let place = ["cx", "cy"].map(|name| attribute(&svg, name) * unit(&svg));
    let outline = &polylines(&svg, FRAME)[0];
    let middle = [0, 1].map(|i| (outline[1][i] + outline[3][i]) / 2.0);
    assert!((0..2).all(|i| (place[i] - middle[i]).abs() < 0.1), "{place:?} is not {middle:?}");

    let (width, _, pixels) = decoded(&figure.png());
    let [x, y] = place.map(|v| (v * 3.0) as usize);
    let red = |x: usize| pixels[3 * (y * width + x)..][..3] == [0xEE, 0x66, 0x77];
    // The radius is 12 pixels; the outermost is mixed with the white around it.
    assert!((x - 10..=x + 10).all(red) && !red(x - 14) && !red(x + 14));
}

/// Strokes drawn by mitering every bend would reach beyond the data, and out of the frame.
#[test]
fn a_noisy_line_stays_within_its_data() {
    let figure = Figure::new("noise", [Panel::new("").line(zigzag(), BLUE)]);
    let [top, bottom] = heights(&polylines(&figure.svg(), "#4477aa").concat());
    let (width, height, pixels) = decoded(&figure.png());
    let blue = |p: &[u8]| i32::from(p[2]) - i32::from(p[0]) > 30;
    let coloured = |y: &usize| pixels[3 * y * width..][..3 * width].chunks(3).any(blue);
    let rows: Vec<_> = (0..height).filter(coloured).collect();
    // Two pixels a unit; the line reaches 1.5 pixels beyond its points.
    let (first, last) = (rows[0] as f64 + 1.0, rows[rows.len() - 1] as f64);
    assert!((first - 2.0 * top).abs() <= 2.5, "{first} is not {}", 2.0 * top);
    assert!((last - 2.0 * bottom).abs() <= 2.5, "{last} is not {}", 2.0 * bottom);
}

#[test]
fn a_thick_line_is_whole_at_its_bends() {
    for high in [1.0, -1.0] {
        let bent = [[0.0, 0.0], [1.0, high], [2.0, 0.0]];
        let figure = Figure::new("", [Panel::new("").line(bent, RED.size(12.0))]);
        let [x, y] = polylines(&figure.svg(), "#ee6677")[0][1].map(|v| (v * 2.0) as usize);
        let (width, _, pixels) = decoded(&figure.png());
        let column = pixels.chunks(3).skip(x).step_by(width);
        let red: Vec<_> = column.map(|pixel| pixel == [0xEE, 0x66, 0x77]).collect();
        assert!(red[y - 4..y + 4].iter().all(|red| *red), "{high}");
    }
    let level = Panel::new("").line([[0.0, 0.0], [1.0, 0.0]], RED.size(12.0));
    let (width, _, pixels) = decoded(&Figure::new("", [level]).png());
    let column = pixels.chunks(3).skip(width / 2).step_by(width);
    assert_eq!(column.filter(|pixel| *pixel == [0xEE, 0x66, 0x77]).count(), 24);
}

#[test]
fn all_panels_share_their_ranges() {
    let one = Panel::new("").line([[0.0, 0.0], [1.0, 10.0]], BLUE);
    let two = Panel::new("").line([[0.0, 0.0], [1.0, 5.0]], GREEN);
    let svg = Figure::new("", [one, two]).svg();
    let [blue, green] = ["#4477aa", "#228833"].map(|colour| heights(&polylines(&svg, colour)[0]));
    let rise = |[top, bottom]: [f64; 2]| bottom - top;
    // Each end is rounded to a tenth of a unit.
    assert!((rise(blue) - 2.0 * rise(green)).abs() <= 0.3, "{blue:?} {green:?}");
    let (y, x) = (["0", "2", "4", "6", "8", "10"], ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
    assert_eq!(texts(&svg), [y, x, x].concat());
}

#[test]
fn what_cannot_be_drawn_is_counted_and_leaves_a_gap() {
    let (nan, inf) = (f64::NAN, f64::INFINITY);
    let points = [[0.0, 1.0], [1.0, 2.0], [nan, 3.0], [3.0, -inf], [4.0, 3.0], [5.0, 4.0]];
    let figure = Figure::new("", [Panel::new("").line(points, BLUE).scatter(points, RED)]);
    assert_eq!(figure.skipped(), 4);
    let svg = figure.svg();
    assert_eq!(polylines(&svg, "#4477aa").iter().map(Vec::len).collect::<Vec<_>>(), [2, 2]);
    assert_eq!(svg.matches("<circle").count(), 4);
    assert!(texts(&svg).contains(&"4 skipped"));
    assert!(!svg.contains("NaN") && !svg.contains("inf"));

    // A line without length is no line, and no trouble.
    let still = Panel::new("").line([[1.0, 1.0], [1.0, 1.0]], BLUE);
    assert_eq!(
        decoded(&Figure::new("", [still]).png()),
        decoded(&Figure::new("", [Panel::new("").line([[1.0, 1.0]], BLUE)]).png())
    );

    let logarithmic = Panel::new("").scatter([[0.0, 0.0], [1.0, -1.0], [2.0, 1.0]], BLUE);
    assert_eq!(Figure::new("", [logarithmic]).log_y().skipped(), 2);
    assert_eq!(loss().skipped(), 0);
}

#[test]
fn a_range_set_by_hand_cuts_lines_and_drops_dots() {
    let panel = Panel::new("").line([[-2.0, -2.0], [2.0, 2.0]], BLUE);
    let panel = panel.scatter([[0.0, 0.0], [9.0, 0.0]], RED);
    let figure = Figure::new("", [panel]).x_range(-1.0, 1.0).y_range(-1.0, 1.0);
    let svg = figure.svg();
    let outline = &polylines(&svg, FRAME)[0];
    assert_eq!(heights(&polylines(&svg, "#4477aa")[0]), heights(outline));
    assert_eq!((svg.matches("<circle").count(), figure.skipped()), (1, 0));
}

#[test]
fn only_the_outer_panels_carry_numbers() {
    let numbers = |columns| {
        let svg = moving().columns(columns).svg();
        texts(&svg).iter().filter(|text| **text == "20").count()
    };
    // x reaches beyond 20, y does not: one number for each column.
    assert_eq!([numbers(9), numbers(5), numbers(3)], [9, 5, 3]);
}

#[test]
fn names_are_escaped_and_labels_listed() {
    let svg = loss().svg();
    assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"));
    let name = "Loss &lt;by> &quot;step&quot; &amp; more";
    assert!(svg.contains(&format!("role=\"img\" aria-label=\"{name}\"")));
    assert!(svg.contains(&format!("<title>{name}</title>")));
    for text in ["training", "step", "loss", "0.01", "0.1", "1"] {
        assert!(texts(&svg).contains(&text), "{text} is not in {:?}", texts(&svg));
    }
}

#[test]
fn files_are_whole_and_errors_name_them() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("plot");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let path = |name: &str| folder.join(name);
    loss().save(path("loss.svg")).unwrap();
    loss().save(path("loss.PNG")).unwrap();
    assert_eq!(fs::read_to_string(path("loss.svg")).unwrap(), loss().svg());
    assert_eq!(fs::read(path("loss.PNG")).unwrap(), loss().png());

    for name in ["loss.jpg", "loss"] {
        match loss().save(path(name)) {
            Err(Error::Argument(text)) => assert!(text.contains(name) && text.contains(".svg")),
            other => panic!("{name}: {other:?}"),
        }
    }
    match loss().save(path("missing/loss.svg")) {
        Err(Error::Io { path: named, source }) => {
            assert_eq!(named, path("missing/loss.svg"));
            assert_eq!(source.kind(), std::io::ErrorKind::NotFound);
        }
        other => panic!("{other:?}"),
    }
    let left: Vec<_> = fs::read_dir(&folder).unwrap().collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

/// Three strokes' ends: the shaft from tail to tip, and a head whose point is the tip.
#[test]
fn an_arrow_has_its_head_at_its_tip_and_none_leaves_the_panel() {
    let arrows = [[[1.0, 1.0], [3.0, 1.0]], [[1.0, 1.0], [5.0, 9.0]]];
    let panel = Panel::new("").arrows(arrows, RED);
    let svg = Figure::new("", [panel]).x_range(0.0, 4.0).y_range(0.0, 4.0).svg();
    let strokes = polylines(&svg, "#ee6677");
    let [shaft, head] = &strokes[..] else { panic!("{strokes:?}") };
    assert!(shaft[0][0] < shaft[1][0] && shaft[0][1] == shaft[1][1], "{shaft:?}");
    assert_eq!(head[1], shaft[1]);
    let behind = head[0][0] < head[1][0] && head[2][0] == head[0][0];
    assert!(behind && head[0][1] + head[2][1] == 2.0 * head[1][1], "{head:?}");
}

/// Doubling is a step of one length on a logarithmic axis.
#[test]
fn a_logarithmic_x_axis_spaces_doublings_evenly() {
    let line = (0..5).map(|k| [f64::from(1 << k), 1.0]);
    let svg = Figure::new("", [Panel::new("").line(line, RED)]).log_x().svg();
    let xs: Vec<f64> = polylines(&svg, "#ee6677")[0].iter().map(|p| p[0]).collect();
    let gaps: Vec<f64> = xs.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.iter().all(|gap| (gap - gaps[0]).abs() < 0.15), "{gaps:?}");
}

#[test]
fn impossible_figures_are_refused() {
    let refused = |build: fn() -> Figure| std::panic::catch_unwind(build).is_err();
    assert!(refused(|| loss().x_range(1.0, 1.0)));
    assert!(refused(|| loss().x_range(f64::NAN, 1.0)));
    assert!(refused(|| loss().y_range(-1.0, 1.0)));
    assert!(refused(|| moving().log_y()));
    assert!(refused(|| moving().log_x()));
    assert!(refused(|| loss().x_range(0.0, 1.0).log_x()));
    assert!(!refused(|| loss().x_range(1.0, 9.0).log_x()));
    assert!(refused(|| moving().columns(0)));
    assert!(refused(|| moving().scale(0)));
    assert!(!refused(|| loss().y_range(0.1, 1.0)));
}

/// Two images: ink in the upper left quarter, ink everywhere.
fn two_images() -> Tensor {
    let quarter = |i: usize| Float::from((i / 28 < 14 && i % 28 < 14) as u8);
    Tensor::from_fn(&[2, 784], |i| if i < 784 { quarter(i) } else { 1.0 })
}

#[test]
fn images_of_digits_stand_where_they_should() {
    let figure = Figure::new("two", [Panel::digits("", &two_images(), 2)]).bare().scale(1);
    let (width, height, pixels) = decoded(&figure.png());
    // Two cells of 280 units beside each other, without frame or numbers.
    let (left, top) = ((width - 560) / 2 + 3, (height - 280) / 2);
    let grey = |x: usize, y: usize| pixels[3 * ((top + y) * width + left + x)];
    let ink = [(70, 70), (100, 100), (350, 70), (500, 200)].map(|(x, y)| grey(x, y));
    let paper = [(210, 70), (70, 210), (200, 200)].map(|(x, y)| grey(x, y));
    assert_eq!((ink, paper), ([0x22; 4], [255; 3]));
    assert_eq!(figure.extension(), "png");
    let svg = figure.svg();
    assert!(svg.contains("href=\"data:image/png;base64,iVBOR") && !svg.contains("<polyline"));
}

#[test]
fn a_heat_map_has_its_first_row_above_and_is_cut_at_the_panel() {
    let heat = |low: f64, high: f64| {
        let corners = [[low, low], [high, high]];
        Panel::new("").heat(&[1.0, 0.5, 0.0, 0.0], 2, corners, BLUE)
    };
    let drawn = |panel: Panel| {
        let figure = Figure::new("", [panel]).x_range(0.0, 1.0).y_range(0.0, 1.0).equal_aspect();
        decoded(&figure.scale(1).png())
    };
    let (width, height, pixels) = drawn(heat(0.0, 1.0));
    let at = |x: f64, y: f64| {
        // The frame is 340 wide and high, its right side 8 from the page's.
        let (x, y) = (width as f64 - 348.0 + 340.0 * x, 8.0 + 340.0 * (1.0 - y));
        let start = 3 * (y as usize * width + x as usize);
        <[u8; 3]>::try_from(&pixels[start..start + 3]).unwrap()
    };
    assert_eq!(at(0.25, 0.75), [0x44, 0x77, 0xAA]);
    assert_eq!(at(0.75, 0.75), [162, 187, 213]); // half of the way from white
    assert_eq!(at(0.25, 0.25), [255; 3]);
    assert!(height < 400);
    // Twice as large, the panel shows its lower left quarter: white.
    let (.., pixels) = drawn(heat(0.0, 2.0));
    assert!(!pixels.chunks_exact(3).any(|p| p == [0x44, 0x77, 0xAA]));
    // Out of the panel there is nothing to draw, and nothing to fail.
    drawn(heat(3.0, 4.0));
}

#[test]
#[should_panic(expected = "3 numbers do not fill rows of 2")]
fn a_heat_map_has_whole_rows() {
    let _ = Panel::new("").heat(&[0.0; 3], 2, [[0.0; 2], [1.0; 2]], BLUE);
}

#[test]
#[should_panic(expected = "shape [2, 783] in 3 columns is not [n, 784]")]
fn digits_have_784_pixels() {
    let _ = Panel::digits("", &Tensor::zeros(&[2, 783]), 3);
}
