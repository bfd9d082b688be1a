//! `pushforward exercise` and `pushforward exercises`: a chapter's answers are a program of their
//! own, compiled and started here, so that what a reader leaves half written breaks nothing else.

use super::book::repository;
use super::{line, print};
use clap::{Args, value_parser};
use pushforward::chapters::EXERCISES;
use pushforward::check::{Chapter, Exercise};
use pushforward::{Error, Result};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Longer than this no chapter's answers take, unless one of them never returns.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program in exercises/engine.rs, which is not a chapter.
const ENGINE: &str = "engine";

#[derive(Args)]
pub struct Judge {
    /// The chapter, such as flow_matching; `pushforward exercises` names them. Or engine: flow matching on
    /// the engine that you wrote
    chapter: String,
    /// One exercise of it [default: all]; after engine, the number of steps [default: 10000]
    name: Option<String>,
    /// Show a hint instead: 1 where to look, 2 which equation, 3 the shape of the line
    #[arg(long, value_name = "N", requires = "name", value_parser = value_parser!(u8).range(1..=3))]
    hint: Option<u8>,
}

impl Judge {
    /// Shows a hint, or compiles the chapter's answers and judges them: a failure if one is not
    /// right.
    pub fn execute(&self) -> Result<ExitCode> {
        if self.chapter == ENGINE {
            let files = "what it is made of in exercises/";
            return start(ENGINE, self.name.as_deref(), files);
        }
        let chapter = chapter(&self.chapter)?;
        let exercise = self.name.as_deref().map(|name| exercise(chapter, name)).transpose()?;
        if let (Some(exercise), Some(hint)) = (exercise, self.hint) {
            print(&hint_text(exercise, hint))?;
            return Ok(ExitCode::SUCCESS);
        }
        let file = format!("exercises/{}.rs", chapter.name);
        start(&target(chapter), self.name.as_deref(), &file)
    }
}

/// Compiles a program of exercises and runs it with an argument; `source` is what the compiler may refuse.
fn start(target: &str, argument: Option<&str>, source: &str) -> Result<ExitCode> {
    let Some(program) = compiled(target, &root()?, Stdio::inherit())? else {
        line(&format!("error: {source} does not compile; the compiler says above where"));
        return Ok(ExitCode::FAILURE);
    };
    let status = Command::new(&program).args(argument).status();
    let status = status.map_err(|source| Error::Io { path: program, source })?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn target(chapter: &Chapter) -> String {
    format!("{}_exercises", chapter.name)
}

fn chapter(name: &str) -> Result<&'static Chapter> {
    let asked = name.replace('-', "_");
    EXERCISES.iter().find(|chapter| chapter.name == asked).ok_or_else(|| {
        let known: Vec<&str> = EXERCISES.iter().map(|chapter| chapter.name).collect();
        Error::Argument(format!("no chapter `{name}` has exercises; there is {}", known.join(", ")))
    })
}

fn exercise(chapter: &'static Chapter, name: &str) -> Result<&'static Exercise> {
    chapter.exercises.iter().find(|exercise| exercise.name == name).ok_or_else(|| {
        let known: Vec<&str> = chapter.exercises.iter().map(|exercise| exercise.name).collect();
        let (chapter, known) = (chapter.name, known.join(", "));
        Error::Argument(format!("{chapter} has no exercise `{name}`; there is {known}"))
    })
}

fn hint_text(exercise: &Exercise, number: u8) -> String {
    let Exercise { chapter, name, place, hints, .. } = exercise;
    let about = ["where to look", "which equation", "the shape of the line"];
    let i = usize::from(number) - 1;
    let next = match number {
        3 => format!("The solution is in exercises/solutions/{chapter}.rs."),
        _ => format!("More: cargo exercise {chapter} {name} --hint {}", number + 1),
    };
    format!(
        "{name}, hint {number} of 3 ({}), for book/src/{place}\n\n  {}\n\n{next}\n",
        about[i], hints[i]
    )
}

/// The folder of the repository.
fn root() -> Result<PathBuf> {
    let here = std::env::current_dir();
    let here = here.map_err(|source| Error::Io { path: ".".into(), source })?;
    repository(&here).map(Path::to_path_buf)
}

/// Compiles a target of exercises: the program, or `None` if the compiler refused. The profile is the
/// one of `cargo test`, so that nothing is built that a reader has not built already.
fn compiled(target: &str, root: &Path, messages: Stdio) -> Result<Option<PathBuf>> {
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    let mut command = Command::new(&cargo);
    command.current_dir(root).args(["test", "--no-run", "--quiet", "--test", target]);
    command.arg("--message-format=json-render-diagnostics").stderr(messages);
    let output = command.output().map_err(|source| Error::Io { path: cargo.into(), source })?;
    if !output.status.success() {
        return Ok(None);
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let program = text.lines().find_map(|message| {
        let message: serde_json::Value = serde_json::from_str(message).ok()?;
        let wanted = message["target"]["name"] == target;
        wanted.then(|| message["executable"].as_str().map(PathBuf::from))?
    });
    Ok(program)
}

/// A row for each chapter, and what to do next.
pub fn progress() -> Result<ExitCode> {
    let root = root()?;
    let width = EXERCISES.iter().map(|chapter| chapter.title.len()).max().unwrap_or(0);
    let mut text = format!("{:width$}   solved   wrong   not started\n", "");
    let mut next = None;
    for chapter in EXERCISES {
        let state = state(chapter, &root)?;
        let row = match &state {
            State::Judged(words) => {
                let count = |word: &str| words.iter().filter(|(_, w)| w == word).count();
                let solved = format!("{} of {}", count("right"), words.len());
                format!("{solved:>9}{:>8}{:>14}", count("wrong"), count("not-started"))
            }
            State::Broken => format!("   exercises/{}.rs does not compile", chapter.name),
            State::Endless => "   an answer does not return".to_string(),
        };
        text += &format!("{:width$}{row}\n", chapter.title);
        next = next.or_else(|| state.next(chapter));
    }
    let next = next.unwrap_or("All of the book's exercises are solved.".into());
    print(&format!("{text}\n{next}\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// How a chapter stands.
enum State {
    /// Each exercise with `right`, `wrong` or `not-started`.
    Judged(Vec<(String, String)>),
    /// The reader's file does not compile.
    Broken,
    /// An answer ran for longer than [`PATIENCE`].
    Endless,
}

impl State {
    /// What to do next in the chapter; nothing if all is right.
    fn next(&self, chapter: &Chapter) -> Option<String> {
        let name = match self {
            State::Broken | State::Endless => String::new(),
            State::Judged(words) => {
                let first = |word: &str| words.iter().find(|(_, w)| w == word);
                let (name, _) = first("wrong").or_else(|| first("not-started"))?;
                format!(" {name}")
            }
        };
        Some(format!("Next: cargo exercise {}{name}", chapter.name))
    }
}

fn state(chapter: &Chapter, root: &Path) -> Result<State> {
    let Some(program) = compiled(&target(chapter), root, Stdio::null())? else {
        return Ok(State::Broken);
    };
    let io = |source| Error::Io { path: program.clone(), source };
    let mut command = Command::new(&program);
    command.arg("--progress").stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(io)?;
    let start = Instant::now();
    while child.try_wait().map_err(io)?.is_none() {
        if start.elapsed() > PATIENCE {
            child.kill().map_err(io)?;
            child.wait().map_err(io)?;
            return Ok(State::Endless);
        }
        sleep(Duration::from_millis(10));
    }
    let output = child.wait_with_output().map_err(io)?;
    let text = String::from_utf8_lossy(&output.stdout);
    let words = text.lines().filter_map(|line| line.split_once(' '));
    Ok(State::Judged(words.map(|(name, word)| (name.to_string(), word.to_string())).collect()))
}
