//! Weights on disk, as safetensors: the format PyTorch and the other frameworks open.

use crate::nn::Module;
use crate::safetensors::{self, Entry};
use crate::{Error, Float, Result, Tensor, write_atomically};
use std::path::Path;

/// Named tensors as a safetensors file, with a note in its header (none if it is empty).
///
/// # Errors
/// [`Error::Io`] if the file cannot be written, [`Error::Checkpoint`] if two names are equal; then
/// there is no new file.
pub fn save_tensors(
    path: impl AsRef<Path>,
    tensors: &[(String, &Tensor)],
    note: &str,
) -> Result<()> {
    let path = path.as_ref();
    for (i, (name, _)) in tensors.iter().enumerate() {
        if tensors[..i].iter().any(|(other, _)| other == name) {
            return Err(damaged(
                path,
                format!("two parameters are named `{name}`; see nn::prefixed"),
            ));
        }
    }
    write_atomically(path, &safetensors::encode(tensors, note))
}

/// The parameters of a network as a safetensors file.
///
/// # Errors
/// As [`save_tensors`].
pub fn save(path: impl AsRef<Path>, model: &(impl Module + ?Sized)) -> Result<()> {
    save_tensors(path, &model.parameters(), "")
}

/// Every tensor of a safetensors file by name, as constants, and the note in its header. F32 and
/// F64 are read, and converted to [`Float`].
///
/// # Errors
/// [`Error::Io`] if the file cannot be read, [`Error::Checkpoint`] if it is damaged or holds other
/// types.
pub fn load_tensors(path: impl AsRef<Path>) -> Result<(Vec<(String, Tensor)>, String)> {
    let path = path.as_ref();
    let bytes =
        std::fs::read(path).map_err(|source| Error::Io { path: path.to_path_buf(), source })?;
    tensors(path, &bytes)
}

fn tensors(path: &Path, bytes: &[u8]) -> Result<(Vec<(String, Tensor)>, String)> {
    let (entries, note) = safetensors::decode(bytes)
        .map_err(|reason| damaged(path, format!("not a whole safetensors file ({reason})")))?;
    let mut tensors = Vec::with_capacity(entries.len());
    for Entry { name, dtype, shape, bytes } in entries {
        let (four, eight) = (bytes.as_chunks::<4>().0, bytes.as_chunks::<8>().0);
        let data: Vec<Float> = match &dtype[..] {
            "F32" => four.iter().map(|&b| f32::from_le_bytes(b) as Float).collect(),
            "F64" => eight.iter().map(|&b| f64::from_le_bytes(b) as Float).collect(),
            _ => {
                let reason = format!("tensor `{name}` holds {dtype}; only F32 and F64 are read");
                return Err(damaged(path, reason));
            }
        };
        tensors.push((name, Tensor::new(&shape, data)));
    }
    Ok((tensors, note))
}

/// Replaces the parameters of a network by those of a file. On an error the network is as before.
///
/// # Errors
/// As [`load_tensors`], and [`Error::Checkpoint`] naming every parameter that is missing, unknown
/// or of another shape.
pub fn load(path: impl AsRef<Path>, model: &mut impl Module) -> Result<()> {
    let path = path.as_ref();
    let (tensors, _) = load_tensors(path)?;
    assign(path, &tensors, model)
}

/// The same from the bytes of a file; `name` is what errors call it.
///
/// # Errors
/// [`Error::Checkpoint`] as [`load`].
pub fn load_bytes(name: &str, bytes: &[u8], model: &mut impl Module) -> Result<()> {
    let path = Path::new(name);
    let (tensors, _) = tensors(path, bytes)?;
    assign(path, &tensors, model)
}

/// Replaces the parameters of a network by the tensors of their names, all of them or none.
pub(crate) fn assign(
    path: &Path,
    tensors: &[(String, Tensor)],
    model: &mut (impl Module + ?Sized),
) -> Result<()> {
    let misfits = misfits(tensors, &model.parameters());
    if !misfits.is_empty() {
        let reason = format!("the weights do not fit the network:\n  {}", misfits.join("\n  "));
        return Err(damaged(path, reason));
    }
    for (name, parameter) in model.parameters_mut() {
        let found = tensors.iter().find(|(known, _)| *known == name);
        *parameter = found.expect("every name was just found").1.variable();
    }
    Ok(())
}

fn misfits(file: &[(String, Tensor)], network: &[(String, &Tensor)]) -> Vec<String> {
    let mut misfits = Vec::new();
    for (name, parameter) in network {
        match file.iter().find(|(known, _)| known == name) {
            None => misfits.push(format!("`{name}` {:?} is missing", parameter.shape())),
            Some((_, tensor)) if tensor.shape() != parameter.shape() => misfits.push(format!(
                "`{name}` is {:?} in the file and {:?} in the network",
                tensor.shape(),
                parameter.shape()
            )),
            Some(_) => {}
        }
    }
    for (name, tensor) in file {
        if !network.iter().any(|(known, _)| known == name) {
            misfits.push(format!("`{name}` {:?} is not in the network", tensor.shape()));
        }
    }
    misfits
}

fn damaged(path: &Path, reason: String) -> Error {
    Error::Checkpoint { path: path.to_path_buf(), reason }
}
