//! The safetensors format (Hugging Face, 2022): the length of the header as 8 little-endian bytes,
//! the header, a JSON object that gives each tensor's type, shape and place, and the numbers.

use crate::{Float, Tensor};
use serde_json::{Map, Value, json};

/// The header's key for what is not a tensor.
const METADATA: &str = "__metadata__";

/// What a file says of one tensor, and its numbers in little-endian bytes.
pub(crate) struct Entry<'a> {
    pub name: String,
    pub dtype: String,
    pub shape: Vec<usize>,
    pub bytes: &'a [u8],
}

// ANCHOR: encode
/// A file of named tensors, with a note in its metadata (none if it is empty).
pub(crate) fn encode(tensors: &[(String, &Tensor)], note: &str) -> Vec<u8> {
    let dtype = if size_of::<Float>() == 4 { "F32" } else { "F64" };
    let (mut header, mut data) = (Map::new(), Vec::new());
    if !note.is_empty() {
        header.insert(METADATA.into(), json!({ "note": note }));
    }
    for (name, tensor) in tensors {
        let start = data.len();
        data.extend(tensor.data().iter().flat_map(|v| v.to_le_bytes()));
        let place = [start, data.len()];
        let entry = json!({ "dtype": dtype, "shape": tensor.shape(), "data_offsets": place });
        header.insert(name.clone(), entry);
    }
    let mut header = Value::Object(header).to_string();
    // Spaces, so that the numbers begin at a multiple of 8 bytes.
    header.push_str(&" ".repeat(header.len().next_multiple_of(8) - header.len()));
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &data].concat()
}
// ANCHOR_END: encode

/// The tensors of a file in their order, and its note; or what is wrong with it.
pub(crate) fn decode(file: &[u8]) -> Result<(Vec<Entry<'_>>, String), String> {
    let (length, rest) = file.split_first_chunk().ok_or("it has less than 8 bytes")?;
    let length = u64::from_le_bytes(*length);
    let parts = usize::try_from(length).ok().and_then(|length| rest.split_at_checked(length));
    let (header, data) = parts.ok_or_else(|| {
        format!("{length} bytes of header are announced and {} follow", rest.len())
    })?;
    let mut header: Map<String, Value> =
        serde_json::from_slice(header).map_err(|e| format!("in its header, {e}"))?;
    let metadata = header.remove(METADATA).unwrap_or_default();
    let note = metadata["note"].as_str().unwrap_or_default().to_string();

    let mut places = Vec::with_capacity(header.len());
    for (name, entry) in header {
        let [start, end] = numbers(&entry["data_offsets"])
            .and_then(|place| <[usize; 2]>::try_from(place).ok())
            .ok_or_else(|| format!("tensor `{name}` has no place"))?;
        places.push((start, end, name, entry));
    }
    places.sort_by_key(|&(start, end, ..)| (start, end));
    let (mut entries, mut done) = (Vec::with_capacity(places.len()), 0);
    for (start, end, name, entry) in places {
        let bytes = data.get(start..end).filter(|_| start == done).ok_or_else(|| {
            format!("tensor `{name}` is said to be at {start}..{end} of {} bytes", data.len())
        })?;
        done = end;
        entries.push(whole(name, &entry, bytes)?);
    }
    if done != data.len() {
        return Err(format!("its tensors end at byte {done} of {}", data.len()));
    }
    Ok((entries, note))
}

/// The entry of a tensor, if it has the bytes that its shape needs. Types other than F32 and F64
/// are left to the caller.
fn whole<'a>(name: String, entry: &Value, bytes: &'a [u8]) -> Result<Entry<'a>, String> {
    let dtype = entry["dtype"].as_str().ok_or_else(|| format!("tensor `{name}` has no type"))?;
    let shape = numbers(&entry["shape"]).ok_or_else(|| format!("tensor `{name}` has no shape"))?;
    let width = match dtype {
        "F32" => Some(4),
        "F64" => Some(8),
        _ => None,
    };
    let needed = |width| shape.iter().try_fold(width, |n: usize, &size| n.checked_mul(size));
    if width.is_some_and(|width| needed(width) != Some(bytes.len())) {
        return Err(format!("tensor `{name}` {shape:?} has {} bytes of {dtype}", bytes.len()));
    }
    Ok(Entry { name, dtype: dtype.to_string(), shape, bytes })
}

fn numbers(array: &Value) -> Option<Vec<usize>> {
    array.as_array()?.iter().map(|n| usize::try_from(n.as_u64()?).ok()).collect()
}
