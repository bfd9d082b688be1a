//! `pushforward book`: the pages of `book/src` become `book/build`, or the reason why not is said.
//!
//! mdBook leaves what it cannot do on the page and warns at most: a formula with a mistake, a file
//! that is not there. Here each of these is an error.

use super::{line, print};
use clap::Args;
use pushforward::{Error, Result};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The programs that build the book: name, series that will do, version to install.
const TOOLS: [(&str, &str, &str); 2] =
    [("mdbook", "0.5.", "0.5.4"), ("mdbook-katex", "0.10.", "0.10.0")];

/// mdbook-katex says this of every mdbook but one; 0.10.0 is right with all of 0.5.
const HARMLESS: &str = "This mdbook-katex was built against mdbook v0.5.";

#[derive(Args)]
pub struct Book {
    /// Open the book in the browser
    #[arg(long)]
    open: bool,
    /// Install mdbook and mdbook-katex first, if they are missing; takes some minutes
    #[arg(long)]
    install: bool,
}

impl Book {
    /// Builds the book of the repository around the current folder.
    pub fn execute(&self) -> Result<()> {
        let here = std::env::current_dir().map_err(|source| error(".", source))?;
        let root = repository(&here)?;
        if self.install && missing().is_some() {
            install()?;
        }
        if let Some(reason) = missing() {
            return Err(error(root.join("book"), io::Error::new(io::ErrorKind::NotFound, reason)));
        }
        let page = build(root)?;
        print(&format!("{}\n", page.strip_prefix(&here).unwrap_or(&page).display()))?;
        if self.open { show(&page) } else { Ok(()) }
    }
}

fn error(path: impl Into<PathBuf>, source: io::Error) -> Error {
    Error::Io { path: path.into(), source }
}

/// The nearest folder around `here` that has the book.
pub(super) fn repository(here: &Path) -> Result<&Path> {
    here.ancestors().find(|folder| folder.join("book/book.toml").is_file()).ok_or_else(|| {
        let reason = "no book/book.toml here or in a folder around it\n\
                      go to the folder into which you cloned pushforward, and try again";
        error(here, io::Error::new(io::ErrorKind::NotFound, reason))
    })
}

/// What to say if one of the programs is missing or too old or new.
fn missing() -> Option<String> {
    let complaint = |(name, series, _): (&str, &str, &str)| {
        let Ok(output) = Command::new(name).arg("--version").output() else {
            return Some(format!(
                "{name} is not installed, or not on the PATH (cargo installs to ~/.cargo/bin)"
            ));
        };
        let version = String::from_utf8_lossy(&output.stdout).trim().to_string();
        let number = version.rsplit(' ').next().unwrap_or("").trim_start_matches('v');
        let fits = output.status.success() && number.starts_with(series);
        (!fits).then(|| format!("the book needs {name} {series}x; `{name} --version` is {version}"))
    };
    let complaints: Vec<String> = TOOLS.into_iter().filter_map(complaint).collect();
    let remedy = "install what the book is built with (some minutes), and try again:";
    let command = format!("cargo {}", install_arguments().join(" "));
    let text = format!("{}\n{remedy}\n    {command}", complaints.join("\n"));
    (!complaints.is_empty()).then_some(text)
}

fn install_arguments() -> Vec<String> {
    let tools = TOOLS.map(|(name, _, version)| format!("{name}@{version}"));
    ["install".into()].into_iter().chain(tools).chain(["--locked".into()]).collect()
}

fn install() -> Result<()> {
    let arguments = install_arguments();
    line(&format!("cargo {}", arguments.join(" ")));
    let status = Command::new("cargo").args(&arguments).status();
    match status.map_err(|source| error("cargo", source))? {
        status if status.success() => Ok(()),
        status => Err(error("cargo", io::Error::other(format!("ended with {status}; see above")))),
    }
}

/// Builds `book/build` and reads what came out; its first page.
fn build(root: &Path) -> Result<PathBuf> {
    let (book, built) = (root.join("book"), root.join("book/build"));
    let mut mdbook = Command::new("mdbook");
    mdbook.arg("build").arg(&book).env_remove("MDBOOK_LOG").env_remove("RUST_LOG");
    let output = mdbook.stdin(Stdio::null()).output().map_err(|source| error("mdbook", source))?;
    let log = String::from_utf8_lossy(&output.stderr);
    let complaints = complaints(&log);
    if !complaints.is_empty() {
        let reason = format!("mdbook complains\n{}", complaints.join("\n"));
        return Err(error(book.join("src"), io::Error::other(reason)));
    }
    if !output.status.success() {
        return Err(error(
            "mdbook",
            io::Error::other(format!("ended with {}\n{log}", output.status)),
        ));
    }
    check(&built)?;
    Ok(built.join("index.html"))
}

/// The lines of a log that warn or report an error, with the lines that continue them.
fn complaints(log: &str) -> Vec<String> {
    let mut complains = false;
    let mut kept = Vec::new();
    for line in log.lines().map(without_colours) {
        let level = line.split_whitespace().take(2).find(|word| LEVELS.contains(word));
        match level {
            Some("WARN" | "ERROR") => complains = !line.contains(HARMLESS),
            Some(_) => complains = false,
            None => complains |= line.contains("panicked at"),
        }
        if complains {
            kept.push(line);
        }
    }
    kept
}

const LEVELS: [&str; 5] = ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"];

/// The text without the sequences that colour it on a terminal: ESC [ … m.
fn without_colours(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let first = parts.next().unwrap_or("").to_string();
    parts.fold(first, |text, part| text + part.split_once('m').map_or("", |(_, rest)| rest))
}

/// Reads every page of a built book.
fn check(built: &Path) -> Result<()> {
    let mut pages = Vec::new();
    collect(built, &mut pages)?;
    let mut faults = Vec::new();
    for page in &pages {
        let html = std::fs::read_to_string(page).map_err(|source| error(page, source))?;
        let name = page.strip_prefix(built).unwrap_or(page).display();
        faults.extend(faults_of(&html).map(|fault| format!("{name}: {fault}")));
    }
    match faults.is_empty() {
        true => Ok(()),
        false => {
            Err(error(built, io::Error::other(format!("broken pages\n{}", faults.join("\n")))))
        }
    }
}

/// The pages in a folder and the folders in it, in the order of their names.
fn collect(folder: &Path, pages: &mut Vec<PathBuf>) -> Result<()> {
    let io = |source| error(folder, source);
    let entries = std::fs::read_dir(folder).map_err(io)?.collect::<io::Result<Vec<_>>>();
    let mut paths: Vec<PathBuf> = entries.map_err(io)?.iter().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        match path.extension() {
            _ if path.is_dir() => collect(&path, pages)?,
            Some(extension) if extension == "html" => pages.push(path),
            _ => {}
        }
    }
    Ok(())
}

/// What is wrong with a built page, with the text around it.
fn faults_of(html: &str) -> impl Iterator<Item = String> {
    let prose = without_code(html);
    let found = |text: &str, mark: &str, what: &str| {
        let at = text.find(mark)?;
        let around: String = text[at..].chars().take(60).collect();
        Some(format!("{what}: {}", around.replace('\n', " ")))
    };
    let faults = [
        found(html, "katex-error", "a formula that KaTeX does not understand"),
        found(html, "{{#", "a directive that mdbook did not follow"),
        found(html, "<code class=\"language-rust\"></code>", "an empty listing"),
        found(&prose, "$$", "a formula that was not drawn"),
    ];
    faults.into_iter().flatten()
}

/// A page without what stands in `<code>`, where a dollar is a dollar.
fn without_code(html: &str) -> String {
    let mut parts = html.split("<code");
    let first = parts.next().unwrap_or("").to_string();
    parts.fold(first, |text, part| text + part.split_once("</code>").map_or("", |(_, rest)| rest))
}

/// Opens a page in the browser.
fn show(page: &Path) -> Result<()> {
    let (program, arguments): (&str, &[&str]) = match std::env::consts::OS {
        "windows" => ("cmd", &["/C", "start", ""]),
        "macos" => ("open", &[]),
        _ => ("xdg-open", &[]),
    };
    let status = Command::new(program).args(arguments).arg(page).status();
    match status.map_err(|source| error(program, source))? {
        status if status.success() => Ok(()),
        status => Err(error(program, io::Error::other(format!("ended with {status}")))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_informs_is_no_complaint() {
        let log = " INFO Book building has started\n\
                   \x1b[2m2026-01-01T00:00:00Z\x1b[0m \x1b[33m WARN\x1b[0m \x1b[2mmdbook_katex\x1b[0m: \
                   This mdbook-katex was built against mdbook v0.5.3, but we are called from v0.5.4.\n \
                   INFO HTML book written to `ERROR`\n";
        assert_eq!(complaints(log), [""; 0]);
    }

    #[test]
    fn warnings_and_errors_are_kept_with_their_further_lines() {
        let log = " INFO begins\n\
                   2026-01-01T00:00:00Z \x1b[33m WARN\x1b[0m render: Rendering failed: \\frac\n   at 3\n \
                   INFO goes on\nERROR Error updating \"x\"\n WARN Caused By: no file\n";
        let kept = complaints(log);
        assert_eq!(kept.len(), 4, "{kept:?}");
        assert!(kept[0].contains(" WARN render: Rendering failed") && kept[1].contains("at 3"));
        assert!(kept[2].starts_with("ERROR") && kept[3].contains("Caused By"));
        assert_eq!(complaints("thread 'main' panicked at x.rs:1\nno file").len(), 2);
    }

    #[test]
    fn broken_pages_are_seen() {
        let faults = |html: &str| faults_of(html).collect::<Vec<_>>();
        let whole =
            "<p>costs 5 $</p><code>a $$ b</code><pre><code class=\"language-rust\">x</code></pre>";
        assert_eq!(faults(whole), [""; 0]);
        for (html, what) in [
            ("<span class=\"katex-error\" title=\"x\">", "KaTeX does not understand"),
            ("<code>{{#include ../nothing.rs}}</code>", "did not follow"),
            ("<pre><code class=\"language-rust\"></code></pre>", "an empty listing"),
            ("<code>a</code><p>$$ \\frac</p><code>b</code>", "was not drawn: $$ \\frac"),
        ] {
            let found = faults(html);
            assert!(found.len() == 1 && found[0].contains(what), "{html}: {found:?}");
        }
    }
}
