//! What a run of a chapter's experiment is: its settings, what can be watched while it trains, how
//! an interrupted run is taken up again, and its report. The experiments themselves are in
//! `chapters`.

mod cells;

pub use cells::{Cell, cells, forget_cells};

use crate::data::Digits;
use crate::nn::{Module, prefixed};
use crate::optim::Adam;
use crate::plot::Figure;
use crate::random::Rng;
use crate::{Error, Float, Result, Tensor, checkpoint, write_atomically};
use serde_json::{Value, json};
use std::fmt;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// An experiment of a chapter, and the settings it has if none are given.
pub struct Experiment {
    /// Its name on the command line, and of its folder under `out/`.
    pub name: &'static str,
    /// One line on what is trained and shown.
    pub about: &'static str,
    /// Training steps; 0 if nothing is trained, and then so are `batch` and `lr`.
    pub steps: usize,
    /// Points in a batch.
    pub batch: usize,
    /// Learning rate.
    pub lr: f64,
    /// Whether it learns from images, and `--data` may name others.
    pub images: bool,
    /// Trains, measures, draws and writes.
    pub run: fn(&Settings, &mut dyn FnMut(Event)) -> Result<Report>,
}

impl Experiment {
    /// The settings of the book: the defaults, seed 0, output in `out/name`.
    pub fn settings(&self) -> Settings {
        let out = Path::new("out").join(self.name);
        let Experiment { steps, batch, lr, .. } = *self;
        Settings { steps, batch, lr, seed: 0, data: None, only: None, out }
    }
}

/// What a reader can choose of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Training steps.
    pub steps: usize,
    /// Points in a batch.
    pub batch: usize,
    /// Learning rate.
    pub lr: f64,
    /// Everything random follows from it.
    pub seed: u64,
    /// The folder of the images to learn from; the embedded digits if there is none.
    pub data: Option<PathBuf>,
    /// Of a table of [`cells`], those whose names hold this; all if there is nothing.
    pub only: Option<String>,
    /// The folder for all files, made if it is missing.
    pub out: PathBuf,
}

impl Settings {
    /// Before a training: refuses what cannot be run, and prepares the folder.
    ///
    /// # Errors
    /// [`Error::Argument`] naming the setting, or as [`Settings::prepare_folder`].
    pub fn prepare(&self) -> Result<()> {
        let refuse = |what: String| Err(Error::Argument(what));
        if self.steps == 0 || self.batch == 0 {
            let (steps, batch) = (self.steps, self.batch);
            return refuse(format!("steps ({steps}) and batch ({batch}) must be at least 1"));
        }
        if !(self.lr > 0.0 && self.lr.is_finite()) {
            return refuse(format!("the learning rate ({}) must be a positive number", self.lr));
        }
        self.prepare_folder()
    }

    /// The images to learn from.
    ///
    /// # Errors
    /// As [`Digits::load`].
    pub fn digits(&self) -> Result<Digits> {
        self.data.as_ref().map_or_else(|| Ok(Digits::embedded()), Digits::load)
    }

    /// What `metrics.json` says of them: all but the folders.
    pub fn json(&self) -> Value {
        let Settings { steps, batch, lr, seed, .. } = self;
        json!({ "steps": steps, "batch": batch, "lr": lr, "seed": seed })
    }

    /// Makes the folder, and finds out whether it can be written to before any work is done.
    ///
    /// # Errors
    /// [`Error::Io`] naming the folder.
    pub fn prepare_folder(&self) -> Result<()> {
        let io = |source| Error::Io { path: self.out.clone(), source };
        std::fs::create_dir_all(&self.out).map_err(io)?;
        let probe = self.out.join(format!(".probe.{}", std::process::id()));
        write_atomically(&probe, b"")?;
        std::fs::remove_file(probe).map_err(io)
    }
}

/// What a run tells while it goes on.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// An interrupted run of the same settings is taken up after this many steps.
    Resumed {
        /// Steps done before.
        step: usize,
        /// Where its state was kept.
        from: PathBuf,
    },
    /// A training step is done.
    Step {
        /// Counted from 1.
        step: usize,
        /// The loss of this step's batch.
        loss: f64,
    },
    /// This cell of a table is computed now.
    Cell {
        /// Cells done before it.
        done: usize,
        /// Cells in all.
        of: usize,
        /// Its name.
        name: String,
    },
    /// Training is over; this is done now.
    Stage(&'static str),
}

/// A training loop's memory: the losses so far, and the state from which an interrupted run goes
/// on.
///
/// The state is written every [`Training::SAVE_EVERY`] steps and after the last, to a file in the
/// run's folder whose name holds the settings, and removed by [`Training::complete`]. Since every
/// number follows from weights, optimizer and generator, a resumed run ends with the same bits as
/// one that was never interrupted.
pub struct Training<'a> {
    experiment: &'static str,
    settings: &'a Settings,
    watch: &'a mut dyn FnMut(Event),
    /// The loss of every step.
    pub losses: Vec<f64>,
}

impl<'a> Training<'a> {
    /// Steps between two writings of the state.
    pub const SAVE_EVERY: usize = 1000;

    /// A training that has not begun.
    pub fn new(
        experiment: &'static str,
        settings: &'a Settings,
        watch: &'a mut dyn FnMut(Event),
    ) -> Training<'a> {
        Training { experiment, settings, watch, losses: vec![] }
    }

    fn file(&self) -> PathBuf {
        let Settings { steps, batch, lr, seed, data, out, .. } = self.settings;
        let data = data.as_ref().and_then(|folder| folder.file_name());
        let data = data.map_or(String::new(), |name| format!("data-{}.", name.display()));
        out.join(format!(
            "unfinished.seed-{seed}.steps-{steps}.batch-{batch}.lr-{lr:e}.{data}safetensors"
        ))
    }

    /// What else must be equal for a state to be taken up.
    fn key(&self) -> String {
        let (version, bits) = (env!("CARGO_PKG_VERSION"), size_of::<Float>() * 8);
        format!("{} of pushforward {version} in f{bits}; counts ", self.experiment)
    }

    /// Takes up the state of an interrupted run of the same settings, if there is one: of each
    /// network with its optimizer, and of the generator. Returns the steps still to do.
    ///
    /// # Errors
    /// If there is such a file, and it is damaged.
    pub fn resume(
        &mut self,
        learners: &mut [(&mut dyn Module, &mut Adam)],
        rng: &mut Rng,
    ) -> Result<RangeInclusive<usize>> {
        let from = self.file();
        if from.exists() {
            let (tensors, note) = checkpoint::load_tensors(&from)?;
            if let Some(counts) = note.strip_prefix(&self.key()) {
                self.take_up(&from, counts, &tensors, learners, rng)?;
                (self.watch)(Event::Resumed { step: self.losses.len(), from });
            }
        }
        Ok(self.losses.len() + 1..=self.settings.steps)
    }

    fn take_up(
        &mut self,
        from: &Path,
        counts: &str,
        tensors: &[(String, Tensor)],
        learners: &mut [(&mut dyn Module, &mut Adam)],
        rng: &mut Rng,
    ) -> Result<()> {
        let damaged = |reason: &str| Error::Checkpoint {
            path: from.to_path_buf(),
            reason: format!("{reason}; delete the file to start over"),
        };
        let counts: Vec<u64> = counts.split(' ').map_while(|count| count.parse().ok()).collect();
        let [seed, drawn, ref steps @ ..] = counts[..] else {
            return Err(damaged("the generator's position cannot be read"));
        };
        if steps.len() != learners.len() {
            return Err(damaged("the optimizers' counts are not complete"));
        }
        for (i, ((model, adam), &steps)) in learners.iter_mut().zip(steps).enumerate() {
            let averages = part(&format!("adam.{i}."), tensors);
            // an optimizer that never took a step, of what is kept beside the networks, has none
            if averages.len() != 2 * model.parameters().len()
                && !(steps == 0 && averages.is_empty())
            {
                return Err(damaged("the optimizer's averages are not complete"));
            }
            checkpoint::assign(from, &part(&format!("model.{i}."), tensors), *model)?;
            adam.set_state(steps, &averages);
        }
        let losses = part("losses", tensors);
        let losses = losses.iter().flat_map(|(_, losses)| losses.data());
        self.losses = losses.map(|&loss| f64::from(loss)).collect();
        *rng = Rng::resume(seed, drawn);
        Ok(())
    }

    /// Notes the loss of a step, and now and then keeps the state of everything that
    /// [`resume`](Training::resume) takes up, in the same order.
    ///
    /// # Errors
    /// [`Error::Diverged`] if the loss is not finite, [`Error::Io`] if the state cannot be written.
    pub fn step_done(
        &mut self,
        loss: &Tensor,
        learners: &[(&dyn Module, &Adam)],
        rng: &Rng,
    ) -> Result<()> {
        let (step, loss) = (self.losses.len() + 1, f64::from(loss.item()));
        if !loss.is_finite() {
            self.complete();
            let last_good = self.losses.last().copied().unwrap_or(f64::NAN);
            return Err(Error::Diverged { step, loss, last_good, lr: self.settings.lr });
        }
        self.losses.push(loss);
        (self.watch)(Event::Step { step, loss });
        if step.is_multiple_of(Training::SAVE_EVERY) || step == self.settings.steps {
            self.save(learners, rng)?;
        }
        Ok(())
    }

    fn save(&self, learners: &[(&dyn Module, &Adam)], rng: &Rng) -> Result<()> {
        let losses: Tensor = self.losses.iter().map(|&loss| loss as Float).collect();
        let states: Vec<_> = learners.iter().map(|(_, adam)| adam.state()).collect();
        let mut tensors: Vec<(String, &Tensor)> = vec![("losses".into(), &losses)];
        let (seed, drawn) = rng.position();
        let mut note = format!("{}{seed} {drawn}", self.key());
        for (i, ((model, _), (steps, averages))) in learners.iter().zip(&states).enumerate() {
            let averages = averages.iter().map(|(name, tensor)| (name.clone(), tensor)).collect();
            tensors.extend(prefixed(&format!("adam.{i}"), averages));
            tensors.extend(prefixed(&format!("model.{i}"), model.parameters()));
            note.push_str(&format!(" {steps}"));
        }
        checkpoint::save_tensors(self.file(), &tensors, &note)
    }

    /// Tells what is done after the training.
    pub fn stage(&mut self, stage: &'static str) {
        (self.watch)(Event::Stage(stage));
    }

    /// Removes the kept state: everything that was to be written is.
    pub fn complete(&self) {
        let _ = std::fs::remove_file(self.file());
    }
}

/// The tensors whose names begin so, by the rest of their names.
fn part(prefix: &str, tensors: &[(String, Tensor)]) -> Vec<(String, Tensor)> {
    let named = |(name, tensor): &(String, Tensor)| {
        name.strip_prefix(prefix).map(|rest| (rest.to_string(), tensor.clone()))
    };
    tensors.iter().filter_map(named).collect()
}

/// What a run ends with: a table to print, figures to look at, the files it wrote.
#[derive(Clone, Debug)]
pub struct Report {
    /// What was measured and follows from the seed: name, value, remark.
    pub rows: Vec<[String; 3]>,
    /// What a clock measured, in the same form.
    pub times: Vec<[String; 3]>,
    /// The figures with their names, the main one first.
    pub figures: Vec<(&'static str, Figure)>,
    /// Every file written.
    pub files: Vec<PathBuf>,
    /// The loss of every step.
    pub losses: Vec<f64>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let rows = [&self.rows[..], &self.times].concat();
        f.write_str(&table(&rows))?;
        let first = width(&rows, 0);
        for (i, file) in self.files.iter().enumerate() {
            let label = if i == 0 { "wrote" } else { "" };
            writeln!(f, "{label:first$}  {}", file.display())?;
        }
        Ok(())
    }
}

/// Rows of name, value and remark as lines of text, in columns.
pub fn table(rows: &[[String; 3]]) -> String {
    let (first, second) = (width(rows, 0), width(rows, 1));
    let line = |[name, value, remark]: &[String; 3]| {
        let line = format!("{name:first$}  {value:>second$}  {remark}");
        format!("{}\n", line.trim_end())
    };
    rows.iter().map(line).collect()
}

fn width(rows: &[[String; 3]], column: usize) -> usize {
    rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0)
}

impl Report {
    /// Shows the figures and the table as the value of a notebook cell.
    pub fn evcxr_display(&self) {
        self.figures.iter().for_each(|(_, figure)| figure.evcxr_display());
        println!("EVCXR_BEGIN_CONTENT text/html\n<pre>{self}</pre>\nEVCXR_END_CONTENT");
    }
}

/// Writes every figure as `name.png` and `name.svg` to the settings' folder.
///
/// # Errors
/// [`Error::Io`] naming the file that cannot be written.
pub fn save_figures(settings: &Settings, figures: &[(&str, Figure)]) -> Result<Vec<PathBuf>> {
    let mut files = vec![];
    for (name, figure) in figures {
        for extension in ["png", "svg"] {
            let file = settings.out.join(format!("{name}.{extension}"));
            figure.save(&file)?;
            files.push(file);
        }
    }
    Ok(files)
}

/// Writes what was measured to `metrics.json`, and the weights, if there are any, to
/// `model.safetensors` in the settings' folder.
///
/// # Errors
/// [`Error::Io`] naming the file that cannot be written.
pub fn save_metrics(
    settings: &Settings,
    metrics: &Value,
    model: Option<&dyn Module>,
) -> Result<Vec<PathBuf>> {
    let [json, weights] = ["metrics.json", "model.safetensors"].map(|name| settings.out.join(name));
    write_atomically(&json, format!("{metrics:#}\n").as_bytes())?;
    let Some(model) = model else { return Ok(vec![json]) };
    checkpoint::save(&weights, model)?;
    Ok(vec![json, weights])
}

/// The row of a report's table with the mean of the last 100 losses (of all, if there are fewer), with so
/// many decimals.
pub fn loss_row(losses: &[f64], decimals: usize) -> [String; 3] {
    let last = losses.len().min(100);
    let value = format!("{:.decimals$}", tail_mean(losses, last));
    ["final loss".into(), value, format!("mean of the last {last} steps")]
}

/// Seconds of the quickest of so many calls: what else the machine does only makes a call longer.
pub fn shortest(calls: usize, mut f: impl FnMut()) -> f64 {
    let once = |_| {
        let start = Instant::now();
        f();
        start.elapsed().as_secs_f64()
    };
    (0..calls).map(once).fold(f64::INFINITY, f64::min)
}

/// The row of a report's times for a training of so many steps that began at `start`.
pub fn training_time(start: Instant, steps: usize) -> [String; 3] {
    let seconds = start.elapsed().as_secs_f64();
    let rate = format!("{:.0} steps/s", steps as f64 / seconds);
    ["training".into(), format!("{seconds:.2} s"), rate]
}

/// The mean of the last `n` losses (of all, if there are fewer).
pub fn tail_mean(losses: &[f64], n: usize) -> f64 {
    let tail = &losses[losses.len().saturating_sub(n)..];
    tail.iter().sum::<f64>() / tail.len() as f64
}
