//! The program as a stranger runs it: what it prints, what it writes, how it refuses.

#![cfg(feature = "cli")]

use pushforward::chapters::EXERCISES;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder of its own for each test, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("pushforward-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name();
    let mut names: Vec<String> = entries.map(|entry| name(entry).into_string().unwrap()).collect();
    names.sort();
    names
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn pushforward(folder: &Path, arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_pushforward");
    Command::new(program).current_dir(folder).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

const FILES: [&str; 5] =
    ["figure.png", "figure.svg", "metrics.json", "model.safetensors", "samples.csv"];

#[test]
fn a_run_prints_a_table_and_writes_its_files() {
    let folder = Folder::new("run");
    let run = ["run", "flow-matching", "--steps", "40", "--batch", "32", "--out", "here"];
    let output = pushforward(&folder.0, &run);
    let (table, progress) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{progress}");
    for line in ["final loss", "energy distance D²", "Wasserstein W2", "training", "sampling"] {
        assert!(table.contains(line), "no {line} in\n{table}");
    }
    assert!(progress.contains("step 4/40  loss "), "no plain lines of progress in\n{progress}");
    assert_eq!(names(&folder.0.join("here")), FILES);
    for file in FILES {
        assert!(table.contains(&format!("here/{file}")), "{file} is not named in\n{table}");
    }
}

/// The other experiments are run like this by `.ci/short-runs`, with the release build.
#[test]
fn a_short_training_of_each_law_writes_its_figures() {
    let folder = Folder::new("experiments");
    for experiment in ["flow-matching-eight-gaussians", "flow-matching-checkerboard"] {
        let output = pushforward(&folder.0, &["run", experiment, "--steps", "20", "--quiet"]);
        let table = text(&output.stdout);
        assert!(output.status.success(), "{experiment}: {}", text(&output.stderr));
        let written = crate::names(&folder.0.join("out").join(experiment));
        for ending in ["metrics.json", ".png", ".svg"] {
            assert!(written.iter().any(|file| file.ends_with(ending)), "{experiment}: {written:?}");
        }
        assert!(!written.iter().any(|file| file.starts_with("unfinished")), "{written:?}");
        assert!(table.contains("energy distance D²"), "{experiment}: {table}");
        let known = experiment.ends_with("eight-gaussians");
        assert_eq!(table.contains("least loss"), known);
        assert_eq!(written.contains(&"loss-by-time.svg".to_string()), known, "{written:?}");
    }
}

/// Images are taken from a folder where an experiment learns from images, and nowhere else.
#[test]
fn images_of_ones_own_are_refused_where_they_mean_nothing_or_are_missing() {
    let folder = Folder::new("data");
    for (experiment, part) in [
        ("flow-matching", "flow-matching learns from no images; leave out --data"),
        ("digits-classifier", "nowhere/train-images-idx3-ubyte: there is no such file"),
    ] {
        let output = pushforward(&folder.0, &["run", experiment, "--data", "nowhere"]);
        let error = text(&output.stderr);
        assert!(!output.status.success() && error.contains(part), "{error}");
    }
}

/// It takes no settings of a training; what it writes is compared with the book's by `.ci/same-bytes`.
#[test]
fn an_experiment_without_training_is_listed_and_refuses_training() {
    let folder = Folder::new("untrained");
    let list = text(&pushforward(&folder.0, &["list"]).stdout);
    assert!(list.contains("(nothing is trained)"), "{list}");
    for option in ["--steps", "--batch", "--lr"] {
        let output = pushforward(&folder.0, &["run", "flow-matching-paths", option, "5"]);
        let error = text(&output.stderr);
        assert!(!output.status.success());
        assert!(error.contains("flow-matching-paths trains nothing; leave out --steps"), "{error}");
    }
    assert_eq!(names(&folder.0), [""; 0]);
}

#[test]
fn quiet_prints_the_table_only_and_the_same_seed_the_same_bytes_whatever_the_threads() {
    let folder = Folder::new("quiet");
    let run = |seed: &str, out: &str, threads: &str| {
        let settings = ["run", "flow-matching", "--steps", "20", "-q", "--seed", seed];
        let rest = ["--out", out, "--threads", threads];
        let output = pushforward(&folder.0, &[&settings[..], &rest].concat());
        assert!(output.status.success() && output.stderr.is_empty(), "{}", text(&output.stderr));
        FILES.map(|file| std::fs::read(folder.0.join(out).join(file)).unwrap())
    };
    let first = run("3", "first", "1");
    assert_eq!(first, run("3", "second", "2"));
    assert_ne!(first, run("4", "third", "1"));
}

#[test]
fn list_and_help_name_what_can_be_run() {
    let folder = Folder::new("list");
    let list = text(&pushforward(&folder.0, &["list"]).stdout);
    assert!(list.contains("flow-matching") && list.contains("--steps 10000"), "{list}");
    let help = text(&pushforward(&folder.0, &["--help"]).stdout);
    assert!(help.contains("Examples:") && help.contains("list"), "{help}");
    let help = text(&pushforward(&folder.0, &["run", "--help"]).stdout);
    for option in ["--steps", "--batch", "--lr", "--seed", "--out", "--threads", "--quiet"] {
        assert!(help.contains(option), "no {option} in\n{help}");
    }
}

#[test]
fn every_exercise_has_three_hints() {
    let folder = Folder::new("hints");
    for chapter in EXERCISES {
        for exercise in chapter.exercises {
            for (hint, number) in exercise.hints.iter().zip(["1", "2", "3"]) {
                let arguments = ["exercise", chapter.name, exercise.name, "--hint", number];
                let output = pushforward(&folder.0, &arguments);
                let text = text(&output.stdout);
                assert!(output.status.success(), "{}", crate::text(&output.stderr));
                assert!(text.contains(hint) && text.contains(exercise.place), "{text}");
            }
        }
    }
}

/// The arguments, and a part of the message they must get.
#[test]
fn what_cannot_be_run_is_refused_before_anything_is_written() {
    let refused: [(&[&str], &str); 14] = [
        (&["run", "flow-machine"], "nothing called `flow-machine` can be run; there is tensors,"),
        (&["run", "flow-matching", "--stepz", "5"], "unexpected argument '--stepz'"),
        (&["run", "flow-matching", "--steps", "many"], "invalid value 'many' for '--steps <N>'"),
        (&["run", "flow-matching", "--steps", "0"], "steps (0) and batch (256) must be at least 1"),
        (
            &["run", "flow-matching", "--batch", "0"],
            "steps (10000) and batch (0) must be at least 1",
        ),
        (
            &["run", "flow-matching", "--lr", "-1"],
            "the learning rate (-1) must be a positive number",
        ),
        (&["run", "flow-matching", "--lr", "inf"], "the learning rate (inf) must be a positive"),
        (&["run", "flow-matching", "--threads", "0"], "invalid value '0' for '--threads <N>'"),
        (&["rum"], "unrecognized subcommand 'rum'"),
        (&["exercise", "no"], "no chapter `no` has exercises; there is tensors,"),
        (
            &["exercise", "flow_matching", "no"],
            "flow_matching has no exercise `no`; there is linear_path, ",
        ),
        (&["exercise", "flow_matching", "--hint", "1"], "required arguments were not provided"),
        (&["exercise", "flow_matching"], "no book/book.toml here or in a folder around it"),
        (&["exercises"], "no book/book.toml here or in a folder around it"),
    ];
    for (arguments, message) in refused {
        let folder = Folder::new("refused");
        let output = pushforward(&folder.0, arguments);
        let error = text(&output.stderr);
        assert!(!output.status.success(), "{arguments:?} succeeded");
        assert!(error.contains(message), "{arguments:?} said\n{error}");
        assert_eq!(names(&folder.0), [""; 0], "{arguments:?} wrote something");
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_named_before_the_work_begins() {
    let folder = Folder::new("unwritable");
    std::fs::write(folder.0.join("file"), "").unwrap();
    for out in ["file", "file/below", "/proc/pushforward"] {
        let output = pushforward(&folder.0, &["run", "flow-matching", "--out", out]);
        let error = text(&output.stderr);
        assert!(!output.status.success(), "--out {out} succeeded");
        assert!(error.starts_with(&format!("error: {out}")), "{out} is not named in\n{error}");
        assert_eq!(names(&folder.0), ["file"]);
    }
}

#[test]
fn a_diverging_run_stops_and_leaves_earlier_results_alone() {
    let folder = Folder::new("diverges");
    let earlier = folder.0.join("out/flow-matching/metrics.json");
    std::fs::create_dir_all(earlier.parent().unwrap()).unwrap();
    std::fs::write(&earlier, "earlier").unwrap();
    let output = pushforward(&folder.0, &["run", "flow-matching", "--lr", "1e20", "--steps", "50"]);
    let error = text(&output.stderr);
    assert!(!output.status.success());
    assert!(error.contains("error: the loss became ") && error.contains(" at step "), "{error}");
    assert!(
        error.contains("the last finite loss was ") && error.contains("smaller --lr"),
        "{error}"
    );
    assert_eq!(std::fs::read_to_string(&earlier).unwrap(), "earlier");
    assert_eq!(names(earlier.parent().unwrap()), ["metrics.json"]);
}

#[test]
fn a_damaged_state_of_an_interrupted_run_is_named() {
    let folder = Folder::new("damaged");
    let file = "out/flow-matching/unfinished.seed-0.steps-10.batch-256.lr-1e-2.safetensors";
    std::fs::create_dir_all(folder.0.join("out/flow-matching")).unwrap();
    std::fs::write(folder.0.join(file), "not weights").unwrap();
    let output = pushforward(&folder.0, &["run", "flow-matching", "--steps", "10"]);
    let error = text(&output.stderr);
    assert!(!output.status.success());
    let expected = format!("error: {file}: not a whole safetensors file");
    assert!(error.starts_with(&expected), "{error}");
    assert_eq!(names(&folder.0.join("out/flow-matching")).len(), 1);
}

#[test]
fn a_book_that_cannot_be_built_says_what_to_do() {
    let folder = Folder::new("book");
    let book = |below: &Path| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_pushforward"));
        let output = program.current_dir(below).arg("book").env("PATH", "").output().unwrap();
        assert!(!output.status.success() && output.stdout.is_empty());
        text(&output.stderr)
    };
    let outside = book(&folder.0);
    assert!(outside.contains("no book/book.toml here or in a folder around it"), "{outside}");
    assert!(outside.contains("go to the folder into which you cloned pushforward"), "{outside}");
    std::fs::create_dir_all(folder.0.join("book")).unwrap();
    std::fs::write(folder.0.join("book/book.toml"), "").unwrap();
    for below in [&folder.0, &folder.0.join("book")] {
        let missing = book(below);
        assert!(missing.contains("mdbook is not installed"), "{missing}");
        assert!(missing.contains("mdbook-katex is not installed"), "{missing}");
        let remedy = "    cargo install mdbook@0.5.4 mdbook-katex@0.10.0 --locked";
        assert!(missing.lines().any(|line| line == remedy), "{missing}");
    }
}

#[cfg(unix)]
#[test]
fn a_run_goes_on_when_nobody_reads_its_progress() {
    let folder = Folder::new("unread");
    let mut program = Command::new(env!("CARGO_BIN_EXE_pushforward"));
    program.current_dir(&folder.0).args(["run", "flow-matching", "--steps", "20"]);
    let (reader, writer) = std::io::pipe().unwrap();
    program.stdout(writer.try_clone().unwrap()).stderr(writer);
    drop(reader);
    assert!(program.status().unwrap().success());
    assert_eq!(names(&folder.0.join("out/flow-matching")), FILES);
}
