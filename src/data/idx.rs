//! IDX, the format of MNIST's files: two zero bytes, the type (8: bytes), the number of axes, the size of each
//! as four bytes with the highest first, then the bytes themselves. A file may be gzipped.

use flate2::read::GzDecoder;
use std::io::Read;

/// What a file must be.
pub(super) struct Kind {
    /// In messages.
    pub what: &'static str,
    /// The part of the file's name after `train-` or `t10k-`.
    pub name: &'static str,
    /// The sizes of all axes but the first.
    pub each: &'static [u32],
}

pub(super) const IMAGES: Kind = Kind { what: "images", name: "images-idx3-ubyte", each: &[28, 28] };
pub(super) const LABELS: Kind = Kind { what: "labels", name: "labels-idx1-ubyte", each: &[] };

/// Where a file is not what it must be: a byte of the file as it is unpacked.
#[derive(Debug)]
pub(super) struct Fault {
    pub byte: usize,
    pub reason: String,
}

/// The bytes behind the header, whose number is checked against it.
pub(super) fn parse(kind: &Kind, file: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut bytes = unpacked(file)?;
    let header = 8 + 4 * kind.each.len();
    if bytes.len() < header {
        let reason = format!("it ends within the header of {header} bytes");
        return Err(Fault { byte: bytes.len(), reason });
    }
    check_magic(kind, &bytes)?;
    let size = |axis: usize| {
        let at = 4 + 4 * axis;
        u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
    };
    for (axis, &expected) in (1..).zip(kind.each) {
        if size(axis) != expected {
            let reason = format!("axis {axis} has size {}; it must be {expected}", size(axis));
            return Err(Fault { byte: 4 + 4 * axis, reason });
        }
    }
    let each: usize = kind.each.iter().map(|&size| size as usize).product();
    let promised = header.saturating_add(size(0) as usize * each);
    if bytes.len() < promised || size(0) == 0 {
        let (what, n) = (kind.what, size(0));
        let reason = format!("it ends here; its header promises {n} {what}, {promised} bytes");
        return Err(Fault { byte: bytes.len(), reason });
    }
    if bytes.len() > promised {
        let reason =
            format!("{} bytes follow the last of its {}", bytes.len() - promised, kind.what);
        return Err(Fault { byte: promised, reason });
    }
    Ok(bytes.split_off(header))
}

fn check_magic(kind: &Kind, bytes: &[u8]) -> Result<(), Fault> {
    let magic = |kind: &Kind| [0, 0, 8, 1 + kind.each.len() as u8];
    if bytes[..4] == magic(kind) {
        return Ok(());
    }
    let other = [IMAGES, LABELS].into_iter().find(|other| bytes[..4] == magic(other));
    let found = match other {
        Some(other) => format!("it holds {}, in spite of its name", other.what),
        None => format!("it begins with {:02x?}", &bytes[..4]),
    };
    let reason = format!("{found}; a file of {} begins with {:02x?}", kind.what, magic(kind));
    Err(Fault { byte: 0, reason })
}

/// The content of a gzipped file; any other file as it is.
fn unpacked(file: &[u8]) -> Result<Vec<u8>, Fault> {
    if !file.starts_with(&[0x1f, 0x8b]) {
        return Ok(file.into());
    }
    let mut bytes = Vec::new();
    let read = GzDecoder::new(file).read_to_end(&mut bytes);
    read.map_err(|error| Fault {
        byte: bytes.len(),
        reason: format!("unpacking stops here: {error}"),
    })?;
    Ok(bytes)
}
