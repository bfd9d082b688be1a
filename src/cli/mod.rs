//! The arguments, and what each command does with them.

mod book;
mod exercises;
mod progress;
mod results;

use book::Book;
use clap::{Args, Parser, Subcommand};
use exercises::Judge;
pub use progress::line;

use progress::Progress;
use pushforward::chapters::{EXPERIMENTS, FIRST, MEASUREMENTS, TABLES};
use pushforward::experiment::{Experiment, Settings};
use pushforward::{Error, Result, machine};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Learn generative modelling by building it.
///
/// Without a command this runs `flow-matching`: it trains a small network to carry noise to two
/// moons, in about five seconds, and writes the picture to out/flow-matching/figure.png.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

const EXAMPLES: &str = "Examples:
  pushforward                                  the first run: two moons by flow matching
  pushforward list                             what can be run, with its settings
  pushforward run flow-matching --seed 1       the same with other random numbers
  pushforward run flow-matching --steps 500 --out out/short
  pushforward book --open                      build the book and read it
  pushforward exercise flow_matching           judge what you wrote in exercises/flow_matching.rs

The same seed gives the same files to the byte, on every machine. From the sources, write
`cargo run --release --` in place of `pushforward`.";

#[derive(Subcommand)]
enum Command {
    /// Train a model, measure it, draw it
    ///
    /// Shows its progress, then prints what was measured and which files it wrote. The state
    /// is kept every 1000 steps: an interrupted run goes on from there when it is started again with
    /// the same settings.
    Run(Run),
    /// Train every family on the same data with the same budget, and draw and measure all of them
    ///
    /// The same as `pushforward run compare`: it takes some minutes. A cell of the table that is done is
    /// kept, so that an interrupted run goes on with the next.
    Compare(Options),
    /// Name what can be run
    List,
    /// Judge your answers to a chapter's exercises, or give a hint
    ///
    /// The answers are in exercises/CHAPTER.rs. Inside the repository `cargo exercise` is short for
    /// this: `cargo exercise flow_matching linear_path --hint 1`.
    Exercise(Judge),
    /// Show how far you are with the exercises, and what is next
    Exercises,
    /// Build the book: book/build/index.html
    ///
    /// Works anywhere inside the repository. A formula that cannot be drawn, or an included file that
    /// is not there, is an error. It needs mdbook and mdbook-katex, and says how to install them.
    Book(Book),
    /// Run experiments at the settings of the book, and renew its figures and numbers
    ///
    /// Without names those that take seconds and are the same on every machine. Tables, which take minutes, and
    /// measurements of the machine are renewed by their names.
    Results {
        /// Which ones [default: all but the measurements and tables]
        names: Vec<String>,
        /// Threads to use at most; their number changes no result [default: all of the machine]
        #[arg(long, value_name = "N")]
        threads: Option<std::num::NonZeroUsize>,
    },
}

#[derive(Args)]
struct Run {
    /// What to run; `pushforward list` names them
    name: String,
    #[command(flatten)]
    options: Options,
}

#[derive(Args)]
struct Options {
    /// Training steps [default: as the list says]
    #[arg(long, value_name = "N")]
    steps: Option<usize>,
    /// Points in a batch [default: as the list says]
    #[arg(long, value_name = "N")]
    batch: Option<usize>,
    /// Learning rate [default: as the list says]
    #[arg(long, value_name = "RATE", allow_negative_numbers = true)]
    lr: Option<f64>,
    /// Seed of everything random
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Folder with the four files of MNIST or Fashion-MNIST, to learn from instead of the embedded digits
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Of a table, the cells whose names hold this [default: all]
    #[arg(long, value_name = "PART")]
    only: Option<String>,
    /// Folder for all files [default: out/NAME]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Threads to use at most; their number changes no result [default: all of the machine]
    #[arg(long, value_name = "N")]
    threads: Option<std::num::NonZeroUsize>,
    /// No progress; print the table only
    #[arg(long, short)]
    quiet: bool,
}

impl Cli {
    /// Does what the arguments say.
    pub fn execute(self) -> Result<ExitCode> {
        match self.command {
            Some(Command::Exercise(judge)) => return judge.execute(),
            Some(Command::Exercises) => return exercises::progress(),
            None => run(FIRST, &FIRST.settings(), false),
            Some(Command::List) => print(&list()),
            Some(Command::Book(book)) => book.execute(),
            Some(Command::Results { names, threads }) => {
                limit(threads);
                results::renew(&names)
            }
            Some(Command::Run(Run { name, options })) => options.run(find(&name)?),
            Some(Command::Compare(options)) => options.run(find("compare")?),
        }?;
        Ok(ExitCode::SUCCESS)
    }
}

/// So many threads at most.
fn limit(threads: Option<std::num::NonZeroUsize>) {
    if let Some(threads) = threads {
        machine::set_threads(threads.get());
    }
}

impl Options {
    fn run(&self, experiment: &Experiment) -> Result<()> {
        self.refuse(experiment)?;
        limit(self.threads);
        run(experiment, &self.settings(experiment), self.quiet)
    }

    /// Settings that mean nothing to an experiment are a mistake.
    fn refuse(&self, experiment: &Experiment) -> Result<()> {
        let name = experiment.name;
        let given = self.steps.is_some() || self.batch.is_some() || self.lr.is_some();
        if experiment.steps == 0 && given {
            let what = format!("{name} trains nothing; leave out --steps, --batch and --lr");
            return Err(Error::Argument(what));
        }
        if !experiment.images && self.data.is_some() {
            return Err(Error::Argument(format!("{name} learns from no images; leave out --data")));
        }
        if self.only.is_some() && !TABLES.iter().any(|table| table.name == name) {
            return Err(Error::Argument(format!(
                "{name} is not a table of cells; leave out --only"
            )));
        }
        Ok(())
    }

    fn settings(&self, experiment: &Experiment) -> Settings {
        let default = experiment.settings();
        Settings {
            steps: self.steps.unwrap_or(default.steps),
            batch: self.batch.unwrap_or(default.batch),
            lr: self.lr.unwrap_or(default.lr),
            seed: self.seed,
            data: self.data.clone(),
            only: self.only.clone(),
            out: self.out.clone().unwrap_or(default.out),
        }
    }
}

/// Every experiment, the measurements and tables last.
fn all() -> impl Iterator<Item = &'static Experiment> {
    EXPERIMENTS.iter().chain(MEASUREMENTS).chain(TABLES)
}

fn find(name: &str) -> Result<&'static Experiment> {
    all().find(|experiment| experiment.name == name).ok_or_else(|| {
        let known: Vec<&str> = all().map(|experiment| experiment.name).collect();
        Error::Argument(format!(
            "nothing called `{name}` can be run; there is {}",
            known.join(", ")
        ))
    })
}

fn list() -> String {
    let width = all().map(|experiment| experiment.name.len()).max().unwrap_or(0);
    let entry = |experiment: &Experiment| {
        let Experiment { name, about, steps, batch, lr, images, .. } = experiment;
        let data = if *images { " [--data FOLDER]" } else { "" };
        let settings = match steps {
            0 => "(nothing is trained)".to_string(),
            _ => format!("--steps {steps} --batch {batch} --lr {lr}{data}"),
        };
        format!("{name:width$}  {about}\n{:width$}  {settings}\n", "")
    };
    let [entries, measurements, tables] =
        [EXPERIMENTS, MEASUREMENTS, TABLES].map(|list| list.iter().map(entry).collect::<String>());
    let first = FIRST.name;
    format!(
        "{entries}\nOf this machine, so that you will see other numbers than the book's:\n\n{measurements}\n\
         Tables of many trainings, of minutes up to half an hour; --only PART computes a part of the cells:\n\n\
         {tables}\nStart one with `pushforward run {first}`.\n"
    )
}

fn run(experiment: &Experiment, settings: &Settings, quiet: bool) -> Result<()> {
    let mut progress = Progress::new(settings.steps, quiet);
    let report = (experiment.run)(settings, &mut |event| progress.show(event));
    progress.clear();
    print(&report?.to_string())
}

/// To standard output; a reader that has gone away (`| head`) is no error.
fn print(text: &str) -> Result<()> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(source) if source.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::Io { path: "standard output".into(), source })
        }
        _ => Ok(()),
    }
}
