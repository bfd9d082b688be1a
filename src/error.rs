//! The error type of everything that touches files, arguments or outside data.
//!
//! Arithmetic does not err: a wrong shape is a bug in the program and panics with the op and the
//! shapes.

use std::fmt;
use std::path::{Path, PathBuf};

/// What can go wrong outside arithmetic. Every message names the file or the
/// argument.
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read or written.
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// An argument is out of its range or unknown.
    Argument(String),
    /// A weights file is damaged, or does not fit the model.
    Checkpoint {
        /// The weights file.
        path: PathBuf,
        /// What does not fit, by name and shape.
        reason: String,
    },
    /// A file of data is damaged, or not what its name says.
    Data {
        /// The file.
        path: PathBuf,
        /// Where that is seen: a byte of the file, unpacked if it is gzipped.
        byte: usize,
        /// What is wrong there.
        reason: String,
    },
    /// The loss became NaN or infinite.
    Diverged {
        /// The step, counted from 1.
        step: usize,
        /// The loss at that step.
        loss: f64,
        /// The loss of the last step at which it was finite; NaN if there was none.
        last_good: f64,
        /// The learning rate of the run.
        lr: f64,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Error::Io { path, source } => write!(f, "{}: {source}", path.display()),
            Error::Argument(message) => f.write_str(message),
            Error::Checkpoint { path, reason } => write!(f, "{}: {reason}", path.display()),
            Error::Data { path, byte, reason } => {
                write!(f, "{}, byte {byte}: {reason}", path.display())
            }
            Error::Diverged { step, loss, last_good, lr } => write!(
                f,
                "the loss became {loss} at step {step}; the last finite loss was {last_good}\n\
                 try a smaller --lr (now {lr}); the weights and figures of earlier runs were left \
                 as they are"
            ),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// The message itself: it is what `unwrap` and a `main` that returns an error print.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A result with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// Writes `bytes` to `path` so that the file is there whole or not at all: to a temporary name in
/// the same folder, then renamed.
///
/// # Errors
/// [`Error::Io`] naming `path`; the temporary file is removed.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let io = |source| Error::Io { path: path.to_path_buf(), source };
    let name = path.file_name().ok_or_else(|| io(std::io::ErrorKind::InvalidFilename.into()))?;
    let temporary = path.with_file_name(format!(".{}.{}.tmp", name.display(), std::process::id()));
    let written =
        std::fs::write(&temporary, bytes).and_then(|()| std::fs::rename(&temporary, path));
    written.map_err(|source| {
        let _ = std::fs::remove_file(&temporary);
        io(source)
    })
}
