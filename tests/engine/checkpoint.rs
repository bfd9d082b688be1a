//! Weights on disk: what comes back, what is refused and how it is said, and that nothing is left
//! half done.

use pushforward::checkpoint::{load, load_tensors, save, save_tensors};
use pushforward::nn::{Activation, Linear, Mlp, Module, prefixed};
use pushforward::random::Rng;
use pushforward::{Error, Float, Tensor, write_atomically};
use std::path::{Path, PathBuf};

/// A folder of a test's own, removed when it ends.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Folder {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The names of everything in it.
    fn contents(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn mlp(seed: u64) -> Mlp {
    Mlp::new(&[2, 3, 1], Activation::Elu, &mut Rng::new(seed))
}

/// Names, shapes and bits of all parameters.
fn state(model: &impl Module) -> Vec<(String, Vec<usize>, Vec<u64>)> {
    let bits = |t: &Tensor| t.data().iter().map(|&v| f64::from(v).to_bits()).collect();
    let parameters = model.parameters().into_iter();
    parameters.map(|(name, t)| (name, t.shape().to_vec(), bits(t))).collect()
}

/// A file by the format's definition: the header's length in 8 bytes, the header, the data.
fn written_out(header: &str, data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()
}

/// A file with one tensor `name`.
fn one_tensor(name: &str, dtype: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let end = data.len();
    let entry = format!(r#"{{"dtype":"{dtype}","shape":{shape},"data_offsets":[0,{end}]}}"#);
    written_out(&format!(r#"{{"{name}":{entry}}}"#), data)
}

/// The reason `load` gives for refusing this file; the model must be untouched.
#[track_caller]
fn refused(folder: &Folder, bytes: &[u8], model: &mut impl Module) -> String {
    let path = folder.file("refused.safetensors");
    std::fs::write(&path, bytes).unwrap();
    let before = state(model);
    let Err(Error::Checkpoint { path: blamed, reason }) = load(&path, model) else {
        panic!("{} bytes were not refused as a damaged checkpoint", bytes.len());
    };
    assert_eq!(blamed, path);
    assert_eq!(state(model), before, "the model was changed");
    reason
}

#[test]
fn what_was_saved_comes_back_to_the_last_bit() {
    let folder = Folder::new("round_trip");
    let path = folder.file("model.safetensors");
    let (saved, mut model) = (mlp(0), mlp(1));
    save(&path, &saved).unwrap();
    assert_ne!(state(&model), state(&saved));
    load(&path, &mut model).unwrap();
    assert_eq!(state(&model), state(&saved));
    assert!(model.tensors().iter().all(|p| p.op_name() == Some("variable")));
    assert_eq!(folder.contents(), ["model.safetensors"]);
}

#[test]
fn every_shape_and_every_number_survive() {
    let folder = Folder::new("extremes");
    let path = folder.file("extremes.safetensors");
    let odd = [0.0, -0.0, Float::MAX, Float::MIN_POSITIVE / 8.0, Float::INFINITY, Float::EPSILON];
    let tensors = vec![
        Tensor::from(odd),
        Tensor::scalar(7.0),
        Tensor::zeros(&[0, 3]),
        Tensor::from_fn(&[1, 2, 1, 3], |i| -(i as Float)),
    ];
    save(&path, &tensors).unwrap();
    let mut back = tensors.iter().map(|t| Tensor::ones(t.shape())).collect::<Vec<_>>();
    load(&path, &mut back).unwrap();
    assert_eq!(state(&back), state(&tensors));
    save(&path, &vec![Tensor::scalar(Float::NAN)]).unwrap();
    let mut back = vec![Tensor::scalar(0.0)];
    load(&path, &mut back).unwrap();
    assert!(back[0].item().is_nan());
}

#[test]
fn the_same_weights_make_the_same_bytes() {
    let folder = Folder::new("same_bytes");
    let [one, other] = ["one", "other"].map(|name| folder.file(name));
    save(&one, &mlp(0)).unwrap();
    save(&other, &mlp(0)).unwrap();
    assert_eq!(std::fs::read(one).unwrap(), std::fs::read(other).unwrap());
}

#[test]
fn both_widths_of_numbers_are_read() {
    let folder = Folder::new("widths");
    let path = folder.file("model.safetensors");
    let numbers = [1.5f64, -0.25];
    let single: Vec<u8> = numbers.iter().flat_map(|&v| (v as f32).to_le_bytes()).collect();
    let double: Vec<u8> = numbers.iter().flat_map(|&v| v.to_le_bytes()).collect();
    for (dtype, data) in [("F32", single), ("F64", double)] {
        std::fs::write(&path, one_tensor("0", dtype, "[2]", &data)).unwrap();
        let mut model = vec![Tensor::zeros(&[2])];
        load(&path, &mut model).unwrap();
        assert_eq!(model[0].data(), numbers.map(|v| v as Float));
    }
}

/// Its own library opens what we write, and we open what it writes.
#[test]
fn the_formats_own_library_agrees() {
    use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};
    let folder = Folder::new("own_library");
    let path = folder.file("model.safetensors");
    let model = mlp(0);
    let tensors = model.parameters();
    save_tensors(&path, &tensors, "a \"note\"\n").unwrap();
    let file = std::fs::read(&path).unwrap();
    let (_, header) = SafeTensors::read_metadata(&file).unwrap();
    assert_eq!(header.metadata().as_ref().unwrap()["note"], "a \"note\"\n");
    let theirs = SafeTensors::deserialize(&file).unwrap();
    assert_eq!(theirs.len(), tensors.len());
    let dtype = if size_of::<Float>() == 4 { Dtype::F32 } else { Dtype::F64 };
    let mut views = Vec::new();
    for (name, tensor) in &tensors {
        let view = theirs.tensor(name).unwrap();
        let bytes: Vec<u8> = tensor.data().iter().flat_map(|v| v.to_le_bytes()).collect();
        assert_eq!((view.dtype(), view.shape(), view.data()), (dtype, tensor.shape(), &bytes[..]));
        views.push((name.clone(), TensorView::new(dtype, tensor.shape().to_vec(), view.data())));
    }
    let views = views.into_iter().map(|(name, view)| (name, view.unwrap()));
    let note = [("note".to_string(), "theirs".to_string())].into_iter().collect();
    std::fs::write(&path, serialize(views, Some(note)).unwrap()).unwrap();
    assert_eq!(load_tensors(&path).unwrap().1, "theirs");
    let mut other = mlp(1);
    load(&path, &mut other).unwrap();
    assert_eq!(state(&other), state(&model));
}

#[test]
fn places_that_overlap_or_leave_holes_are_refused() {
    let folder = Folder::new("places");
    let two = |[a, b, c, d]: [usize; 4], size| {
        let entry =
            |from, to| format!(r#"{{"dtype":"F32","shape":[1],"data_offsets":[{from},{to}]}}"#);
        let header = format!(r#"{{"0":{},"1":{}}}"#, entry(a, b), entry(c, d));
        written_out(&header, &vec![0; size])
    };
    let mut model = vec![Tensor::ones(&[1]), Tensor::ones(&[1])];
    let path = folder.file("right.safetensors");
    std::fs::write(&path, two([4, 8, 0, 4], 8)).unwrap();
    load(&path, &mut model).unwrap();
    for (places, size) in [
        ([0, 4, 0, 4], 4),
        ([0, 4, 8, 12], 12),
        ([0, 4, 2, 6], 6),
        ([4, 8, 8, 12], 12),
        ([0, 4, 8, 4], 8),
        ([0, 4, 4, 8], 12),
        ([0, 4, 4, 9], 9),
    ] {
        let reason = refused(&folder, &two(places, size), &mut model);
        assert!(reason.starts_with("not a whole safetensors file"), "{places:?}: {reason}");
    }
    for (dtype, shape, size) in [
        ("F32", "[2,-1]", 8),
        ("F32", "[2.0]", 8),
        ("F64", "[2]", 8),
        ("F32", "[4611686018427387904,4]", 0),
        ("F32", "2", 8),
    ] {
        let reason = refused(&folder, &one_tensor("0", dtype, shape, &vec![0; size]), &mut model);
        assert!(reason.starts_with("not a whole safetensors file"), "{shape}: {reason}");
    }
}

#[test]
fn a_file_cut_off_anywhere_is_refused() {
    let folder = Folder::new("cut_off");
    let path = folder.file("model.safetensors");
    save(&path, &mlp(0)).unwrap();
    let whole = std::fs::read(&path).unwrap();
    for length in 0..whole.len() {
        let reason = refused(&folder, &whole[..length], &mut mlp(1));
        assert!(reason.starts_with("not a whole safetensors file"), "{reason}");
    }
    let reason = refused(&folder, &[&whole[..], &[0]].concat(), &mut mlp(1));
    assert!(reason.starts_with("not a whole safetensors file"), "{reason}");
}

#[test]
fn a_flipped_bit_anywhere_in_the_header_is_refused() {
    let folder = Folder::new("flipped");
    let path = folder.file("model.safetensors");
    save(&path, &mlp(0)).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    for place in 0..header {
        let flip = 1 << (place % 8);
        bytes[place] ^= flip;
        refused(&folder, &bytes, &mut mlp(1));
        bytes[place] ^= flip;
    }
}

#[test]
fn garbage_and_other_types_are_refused_by_name() {
    let folder = Folder::new("garbage");
    let mut model = vec![Tensor::zeros(&[2])];
    for garbage in
        [&b""[..], b"garbage", b"PK\x03\x04 a zip of a .pt file, for instance", &[0xff; 64]]
    {
        assert!(refused(&folder, garbage, &mut model).contains("not a whole safetensors file"));
    }
    for (dtype, bytes) in [("I64", 16), ("F16", 4), ("BF16", 4), ("BOOL", 2)] {
        let reason = refused(&folder, &one_tensor("0", dtype, "[2]", &vec![0; bytes]), &mut model);
        let expected = format!("tensor `0` holds {dtype}; only F32 and F64 are read");
        assert_eq!(reason, expected);
    }
}

#[test]
fn every_parameter_that_does_not_fit_is_named_and_none_is_replaced() {
    let folder = Folder::new("misfit");
    let path = folder.file("model.safetensors");
    let wide = Mlp::new(&[2, 4, 1], Activation::Elu, &mut Rng::new(0));
    save(&path, &wide).unwrap();
    let reason = refused(&folder, &std::fs::read(&path).unwrap(), &mut mlp(1));
    let said = [
        "`0.weight` is [4, 2] in the file and [3, 2] in the network",
        "`0.bias` is [4] in the file and [3] in the network",
        "`2.weight` is [1, 4] in the file and [1, 3] in the network",
    ];
    assert!(said.iter().all(|line| reason.contains(line)), "{reason}");
    assert!(!reason.contains("2.bias"), "2.bias fits: {reason}");

    save(&path, &Linear::new(2, 3, &mut Rng::new(0))).unwrap();
    let reason = refused(&folder, &std::fs::read(&path).unwrap(), &mut mlp(1));
    let said = [
        "`0.weight` [3, 2] is missing",
        "`2.bias` [1] is missing",
        "`weight` [3, 2] is not in the network",
        "`bias` [3] is not in the network",
    ];
    assert!(said.iter().all(|line| reason.contains(line)), "{reason}");

    // One too many, all else right: refused as well.
    let deep = Mlp::new(&[2, 3, 1, 1], Activation::Elu, &mut Rng::new(0));
    save(&path, &deep).unwrap();
    let reason = refused(&folder, &std::fs::read(&path).unwrap(), &mut mlp(1));
    assert!(reason.contains("`4.weight` [1, 1] is not in the network"), "{reason}");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let folder = Folder::new("absent");
    let path = folder.file("absent.safetensors");
    let Err(Error::Io { path: blamed, source }) = load(&path, &mut mlp(0)) else { panic!() };
    assert_eq!((blamed, source.kind()), (path.clone(), std::io::ErrorKind::NotFound));
    let text = load_tensors(&path).unwrap_err().to_string();
    assert!(text.starts_with(&path.display().to_string()), "{text}");
}

#[test]
fn a_place_that_cannot_be_written_is_named_and_nothing_is_left() {
    let folder = Folder::new("unwritable");
    std::fs::write(folder.file("file"), b"kept").unwrap();
    std::fs::create_dir(folder.file("folder")).unwrap();
    let places = ["absent/model", "file/model", "folder"].map(|place| folder.file(place));
    for path in places.into_iter().chain([PathBuf::from("/"), PathBuf::new()]) {
        let Err(Error::Io { path: blamed, .. }) = save(&path, &mlp(0)) else {
            panic!("{path:?} was written or not named");
        };
        assert_eq!(blamed, path);
    }
    assert_eq!(folder.contents(), ["file", "folder"]);
    assert_eq!(std::fs::read(folder.file("file")).unwrap(), b"kept");
    assert_eq!(std::fs::read_dir(folder.file("folder")).unwrap().count(), 0);
}

#[test]
fn writing_replaces_a_file_whole_and_leaves_no_other() {
    let folder = Folder::new("replace");
    let path = folder.file("notes.txt");
    for text in ["a long first version", "short", ""] {
        write_atomically(&path, text.as_bytes()).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        assert_eq!(folder.contents(), ["notes.txt"]);
    }
}

/// A network as a part of another: its names get a prefix.
struct Net(Mlp);

impl Module for Net {
    fn parameters(&self) -> Vec<(String, &Tensor)> {
        prefixed("net", self.0.parameters())
    }

    fn parameters_mut(&mut self) -> Vec<(String, &mut Tensor)> {
        prefixed("net", self.0.parameters_mut())
    }
}

/// `tests/reference/open_safetensors.py` opens such a file in PyTorch.
#[test]
fn a_network_is_saved_in_pytorchs_names() {
    let folder = Folder::new("names");
    let path = folder.file("flow.safetensors");
    let flow = |seed| Net(Mlp::new(&[3, 64, 64, 64, 2], Activation::Elu, &mut Rng::new(seed)));
    save(&path, &flow(0)).unwrap();
    let mut names: Vec<String> =
        load_tensors(&path).unwrap().0.into_iter().map(|(name, _)| name).collect();
    names.sort();
    let expected = [0, 2, 4, 6].map(|i| [format!("net.{i}.bias"), format!("net.{i}.weight")]);
    assert_eq!(names, expected.concat());
    let mut other = flow(1);
    load(&path, &mut other).unwrap();
    assert_eq!(state(&other), state(&flow(0)));
}
