//! What is done with a figure: strings, bytes, files, notebook cells.

use super::bitmap::Bitmap;
use super::layer::Layer;
use super::{Figure, png, svg};
use crate::{Error, write_atomically};
use std::path::Path;

/// More dots than this make an SVG larger than the PNG.
const DENSE: usize = 2000;

impl Figure {
    /// The figure as an SVG document. Texts are set in the viewer's sans-serif font.
    pub fn svg(&self) -> String {
        svg::document(&self.layout(), &self.title)
    }

    /// The figure as a PNG file, [`scale`](Figure::scale) pixels per unit.
    pub fn png(&self) -> Vec<u8> {
        png::encode(&Bitmap::draw(&self.layout(), self.scale))
    }

    /// Writes the figure to a file, as SVG or PNG by the extension of its name. The file appears
    /// under its name only when it is complete.
    ///
    /// # Errors
    /// [`Error::Argument`] for any other extension, [`Error::Io`] if the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
        let bytes = match extension.to_str() {
            Some("svg") => self.svg().into_bytes(),
            Some("png") => self.png(),
            _ => {
                let name = path.display();
                let advice = format!("{name}: a figure is saved as .svg or .png; change the name");
                return Err(Error::Argument(advice));
            }
        };
        write_atomically(path, &bytes)
    }

    /// Shows the figure in a notebook cell: as SVG, or as PNG for pictures and many dots.
    pub fn evcxr_display(&self) {
        let (kind, content) = self.notebook_content();
        println!("EVCXR_BEGIN_CONTENT {kind}\n{content}\nEVCXR_END_CONTENT");
    }

    fn notebook_content(&self) -> (&'static str, String) {
        match self.extension() {
            "png" => ("image/png", base64(&self.png())),
            _ => ("image/svg+xml", self.svg()),
        }
    }

    /// The format that suits the figure on a page: `svg`, or `png` for pictures and many dots.
    pub fn extension(&self) -> &'static str {
        let dots: usize = self.layers().map(Layer::dots).sum();
        let picture = self.layers().any(|layer| matches!(layer, Layer::Picture(..)));
        if picture || dots > DENSE { "png" } else { "svg" }
    }
}

/// Base64 with padding (RFC 4648, section 4).
pub(super) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits = (0..3).fold(0, |bits, i| bits << 8 | usize::from(*chunk.get(i).unwrap_or(&0)));
        for i in 0..4 {
            let digit = char::from(DIGITS[bits >> (18 - 6 * i) & 63]);
            text.push(if i <= chunk.len() { digit } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::base64;

    /// The test vectors of RFC 4648, section 10.
    #[test]
    fn base64_of_the_standard() {
        let vectors = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"];
        for (length, expected) in vectors.into_iter().enumerate() {
            assert_eq!(base64(&b"foobar"[..length]), expected);
        }
    }
}
