//! A scene as an SVG document.

use super::output::base64;
use super::png;
use super::scene::{Anchor, Ink, Scene, Shape, Text};
use super::style::Colour;

/// The document; `title` is its accessible name.
pub(super) fn document(scene: &Scene, title: &str) -> String {
    let (width, height, title) = (scene.width, scene.height, escape(title));
    let shapes: String = scene.shapes.iter().map(element).collect();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{title}\" \
         font-family=\"sans-serif\" stroke-linejoin=\"bevel\">\n\
         <title>{title}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         {shapes}</svg>\n"
    )
}

/// One line of the document. A tenth of a unit is finer than a screen shows.
fn element(shape: &Shape) -> String {
    match shape {
        Shape::Dot { centre: [x, y], radius, ink } => {
            let paint = paint("fill", *ink);
            format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\"{paint}/>\n")
        }
        Shape::Path { points, width, ink } => {
            let points: Vec<_> = points.iter().map(|[x, y]| format!("{x:.1},{y:.1}")).collect();
            let (points, paint) = (points.join(" "), paint("stroke", *ink));
            format!(
                "<polyline points=\"{points}\" stroke-width=\"{width}\" fill=\"none\"{paint}/>\n"
            )
        }
        Shape::Text(text) => text_element(text),
        Shape::Picture { corner: [x, y], size: [width, height], picture } => format!(
            "<image x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" \
             preserveAspectRatio=\"none\" image-rendering=\"pixelated\" \
             href=\"data:image/png;base64,{}\"/>\n",
            base64(&png::encode(picture))
        ),
    }
}

fn text_element(Text { text, at: [x, y], size, anchor, ink }: &Text) -> String {
    let (anchor, turn) = match anchor {
        Anchor::Start => ("start", ""),
        Anchor::Middle => ("middle", ""),
        Anchor::End => ("end", ""),
        Anchor::Upright => ("middle", " rotate(-90)"),
    };
    let (text, paint) = (escape(text), paint("fill", *ink));
    format!(
        "<text transform=\"translate({x:.1} {y:.1}){turn}\" font-size=\"{size:.1}\" \
         text-anchor=\"{anchor}\"{paint}>{text}</text>\n"
    )
}

fn paint(kind: &str, Ink(Colour(r, g, b), opacity): Ink) -> String {
    let opacity = if opacity == 1.0 { String::new() } else { format!(" opacity=\"{opacity}\"") };
    format!(" {kind}=\"#{r:02x}{g:02x}{b:02x}\"{opacity}")
}

/// Text made safe for an XML attribute or element.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
