//! Grey images of 28×28 pixels with labels from 0 to 9: the embedded part of MNIST, or the files of
//! MNIST or Fashion-MNIST.

use super::idx::{self, Fault, IMAGES, Kind, LABELS};
use crate::random::Rng;
use crate::{Error, Float, Result, Tensor};
use std::path::{Path, PathBuf};

/// Pixels of an image, row by row from the top.
pub const PIXELS: usize = 28 * 28;

/// A data set of images: what to learn from, and what to test on.
#[derive(Clone, Debug)]
pub struct Digits {
    /// What a table or a figure calls it.
    pub name: String,
    /// To learn from.
    pub train: Images,
    /// To test on.
    pub test: Images,
    embedded: bool,
}

/// Images and their labels.
#[derive(Clone)]
pub struct Images {
    pixels: Vec<u8>,
    labels: Vec<u8>,
}

impl Digits {
    /// The first 10 000 training and 1000 test images of MNIST (LeCun, Cortes & Burges 1998;
    /// licence in `assets/mnist`).
    pub fn embedded() -> Digits {
        let images = |pixels: &[u8], labels: &[u8]| Images {
            pixels: idx::parse(&IMAGES, pixels).expect("it is embedded whole"),
            labels: idx::parse(&LABELS, labels).expect("it is embedded whole"),
        };
        let train = images(
            include_bytes!("../../assets/mnist/train-images-idx3-ubyte.gz"),
            include_bytes!("../../assets/mnist/train-labels-idx1-ubyte.gz"),
        );
        let test = images(
            include_bytes!("../../assets/mnist/t10k-images-idx3-ubyte.gz"),
            include_bytes!("../../assets/mnist/t10k-labels-idx1-ubyte.gz"),
        );
        Digits { name: "10 000 digits of MNIST".into(), train, test, embedded: true }
    }

    /// Whether these are the embedded ones.
    pub fn is_embedded(&self) -> bool {
        self.embedded
    }

    /// MNIST or Fashion-MNIST from a folder with its four files, gzipped (`.gz`) or not.
    ///
    /// # Errors
    /// [`Error::Argument`] if a file is missing, [`Error::Io`] if it cannot be read, [`Error::Data`] naming the file that is
    /// cut off, or another one than its name says, and the byte at which that is seen.
    pub fn load(folder: impl AsRef<Path>) -> Result<Digits> {
        let folder = folder.as_ref();
        let name = folder.file_name().unwrap_or(folder.as_os_str()).display().to_string();
        let (train, test) = (Images::load(folder, "train")?, Images::load(folder, "t10k")?);
        Ok(Digits { name, train, test, embedded: false })
    }
}

impl Images {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The label of each.
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// These images as `[n, 784]`, from 0 for black to 1 for white: bytes divided by 255.
    ///
    /// # Panics
    /// If there is no such image.
    #[track_caller]
    pub fn batch(&self, rows: &[usize]) -> Tensor {
        let n = self.len();
        let mut data = Vec::with_capacity(rows.len() * PIXELS);
        for &row in rows {
            assert!(row < n, "Images::batch: image {row} is asked for; there are {n}");
            let image = &self.pixels[row * PIXELS..(row + 1) * PIXELS];
            data.extend(image.iter().map(|&pixel| Float::from(pixel) / 255.0));
        }
        Tensor::new(&[rows.len(), PIXELS], data)
    }

    /// All images in their order.
    pub fn all(&self) -> Tensor {
        self.batch(&(0..self.len()).collect::<Vec<_>>())
    }

    /// `n` images, each drawn from all.
    pub fn sample(&self, n: usize, rng: &mut Rng) -> Tensor {
        let rows: Vec<usize> = (0..n).map(|_| rng.below(self.len())).collect();
        self.batch(&rows)
    }

    fn load(folder: &Path, part: &str) -> Result<Images> {
        let (path, pixels) = read(folder, part, &IMAGES)?;
        let (labels_path, labels) = read(folder, part, &LABELS)?;
        let fault = |byte, reason| Err(Error::Data { path: labels_path.clone(), byte, reason });
        let (n, count) = (pixels.len() / PIXELS, labels.len());
        if count != n {
            return fault(
                4,
                format!("it has {count} labels for the {n} images of {}", path.display()),
            );
        }
        if let Some(at) = labels.iter().position(|&label| label > 9) {
            return fault(8 + at, format!("label {} is not a digit", labels[at]));
        }
        Ok(Images { pixels, labels })
    }
}

impl std::fmt::Debug for Images {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "{} images of 28×28", self.len())
    }
}

/// One of the four files: its path and content.
fn read(folder: &Path, part: &str, kind: &Kind) -> Result<(PathBuf, Vec<u8>)> {
    let path = folder.join(format!("{part}-{}", kind.name));
    let packed = folder.join(format!("{part}-{}.gz", kind.name));
    let path = if !path.exists() && packed.exists() { packed } else { path };
    let file = std::fs::read(&path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => Error::Argument(format!(
            "{}: there is no such file, nor with .gz; MNIST and Fashion-MNIST are the four files \
             train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and \
             t10k-labels-idx1-ubyte in one folder",
            path.display()
        )),
        _ => Error::Io { path: path.clone(), source },
    })?;
    let content = idx::parse(kind, &file);
    let content = content.map_err(|Fault { byte, reason }| Error::Data {
        path: path.clone(),
        byte,
        reason,
    })?;
    Ok((path, content))
}
