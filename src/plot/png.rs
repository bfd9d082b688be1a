//! A bitmap as a PNG file (W3C, Portable Network Graphics Specification, third edition, 2025).

use super::bitmap::Bitmap;
use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use std::io::Write;

/// Three chunks: the header, the compressed pixels, the end.
pub(super) fn encode(picture: &Bitmap) -> Vec<u8> {
    const EIGHT_BITS_RGB: [u8; 5] = [8, 2, 0, 0, 0];
    let size = [picture.width.to_be_bytes(), picture.height.to_be_bytes()].concat();
    let row = 3 * picture.width as usize;
    // Before each row stands the kind of its filter: 0, none.
    let rows: Vec<u8> = picture.pixels.chunks(row).flat_map(|row| [&[0], row].concat()).collect();
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut file, b"IHDR", &[&size, &EIGHT_BITS_RGB[..]].concat());
    let mut packed = ZlibEncoder::new(vec![], Compression::new(8));
    let packed = packed.write_all(&rows).and_then(|()| packed.finish());
    chunk(&mut file, b"IDAT", &packed.expect("memory takes everything"));
    chunk(&mut file, b"IEND", &[]);
    file
}

/// Length, kind, content, and the checksum of kind and content.
fn chunk(file: &mut Vec<u8>, kind: &[u8; 4], content: &[u8]) {
    let length = u32::try_from(content.len()).expect("a chunk has less than 4 GB");
    file.extend(length.to_be_bytes());
    let start = file.len();
    file.extend(kind);
    file.extend(content);
    let mut checksum = Crc::new();
    checksum.update(&file[start..]);
    file.extend(checksum.sum().to_be_bytes());
}
