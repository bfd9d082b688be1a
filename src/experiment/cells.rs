//! A long experiment as a table of cells: each is computed by itself, from a generator of its own,
//! and kept when it is done, so that an interrupted run goes on with the next, and a part of the
//! table can be computed without the rest.

use super::{Event, Settings};
use crate::random::Rng;
use crate::{Error, Float, Result, Tensor, checkpoint};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// What a cell of a table holds when it is done.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Its name, by which [`Settings::only`] chooses it.
    pub name: String,
    /// What was measured.
    pub numbers: Value,
    /// What is to be drawn.
    pub tensors: Vec<(String, Tensor)>,
}

/// Computes the cells of these names, but for those that `settings.only` leaves out and those that
/// an interrupted run has kept in `settings.out`. `compute` is given a cell's index among `names` and
/// a generator that depends on the seed and on this index alone, and returns its numbers and tensors.
///
/// # Errors
/// [`Error::Argument`] if `settings.only` leaves out all; whatever `compute` returns; if a cell cannot
/// be read or written.
pub fn cells(
    experiment: &str,
    settings: &Settings,
    names: &[String],
    watch: &mut dyn FnMut(Event),
    compute: impl Fn(usize, &mut Rng) -> Result<(Value, Vec<(String, Tensor)>)>,
) -> Result<Vec<Cell>> {
    let mut rng = Rng::new(settings.seed);
    let all = names.iter().map(|name| (name, rng.split())).enumerate();
    let wanted = |name: &str| settings.only.as_ref().is_none_or(|only| name.contains(only));
    let chosen: Vec<_> = all.filter(|(_, (name, _))| wanted(name)).collect();
    if let (true, Some(only)) = (chosen.is_empty(), &settings.only) {
        let names = names.join(", ");
        return Err(Error::Argument(format!("no cell's name holds `{only}`; there is {names}")));
    }
    let (of, mut done) = (chosen.len(), vec![]);
    for (at, (index, (name, mut rng))) in chosen.into_iter().enumerate() {
        watch(Event::Cell { done: at, of, name: name.clone() });
        let (file, key) = (file(settings, name), key(experiment, settings, index, name));
        let cell = match kept(&file, &key)? {
            Some((numbers, tensors)) => Cell { name: name.clone(), numbers, tensors },
            None => {
                let (numbers, tensors) = compute(index, &mut rng)?;
                let cell = Cell { name: name.clone(), numbers, tensors };
                keep(&file, &key, &cell)?;
                cell
            }
        };
        done.push(cell);
    }
    Ok(done)
}

/// Removes what [`cells`] kept: everything that was to be written is.
pub fn forget_cells(settings: &Settings) {
    let _ = std::fs::remove_dir_all(folder(settings));
}

fn folder(settings: &Settings) -> PathBuf {
    settings.out.join("unfinished.cells")
}

fn file(settings: &Settings, name: &str) -> PathBuf {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    folder(settings).join(format!("{}.safetensors", name.chars().map(plain).collect::<String>()))
}

/// What must be equal for a cell to be taken as it is.
fn key(experiment: &str, settings: &Settings, index: usize, name: &str) -> Value {
    let (version, bits) = (env!("CARGO_PKG_VERSION"), size_of::<Float>() * 8);
    json!([experiment, index, name, version, bits, settings.json()])
}

type Kept = (Value, Vec<(String, Tensor)>);

fn kept(file: &Path, key: &Value) -> Result<Option<Kept>> {
    if !file.exists() {
        return Ok(None);
    }
    let (tensors, note) = checkpoint::load_tensors(file)?;
    let parsed: Option<(Value, Value)> = serde_json::from_str(&note).ok();
    Ok(parsed.filter(|(of, _)| of == key).map(|(_, numbers)| (numbers, tensors)))
}

fn keep(file: &Path, key: &Value, cell: &Cell) -> Result<()> {
    let folder = file.parent().expect("a cell's file is in a folder");
    let io = |source| Error::Io { path: folder.to_path_buf(), source };
    std::fs::create_dir_all(folder).map_err(io)?;
    let tensors: Vec<_> = cell.tensors.iter().map(|(name, t)| (name.clone(), t)).collect();
    checkpoint::save_tensors(file, &tensors, &json!([key, cell.numbers]).to_string())
}
