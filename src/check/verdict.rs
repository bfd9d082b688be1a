//! What the reader sees: the same words on a terminal and as a box in a notebook.

use super::evidence::Evidence;
use super::{Exercise, Panic};
use std::fmt;
use std::io::IsTerminal;

/// What is said of an answer. In a notebook it is the value of a cell.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Which exercise.
    pub exercise: Exercise,
    /// How it went.
    pub outcome: Outcome,
}

/// How an answer did.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It is still `todo!()`.
    NotStarted,
    /// It agrees with the right answer on every input.
    Right,
    /// It differs.
    Wrong {
        /// What is wrong with it.
        says: String,
        /// Whether it is one of the listed mistakes.
        known: bool,
        /// The simplest input on which it differs; if a shape is wrong, the one that is spoken of.
        evidence: Evidence,
    },
    /// It panicked.
    Panicked {
        /// What the panic said, and where.
        panic: Panic,
        /// The input.
        evidence: Evidence,
        /// The inputs that went through before.
        passed: Vec<String>,
    },
}

impl Verdict {
    /// Whether the answer passed.
    pub fn is_right(&self) -> bool {
        matches!(self.outcome, Outcome::Right)
    }

    /// Everything that is said about the answer, without the numbers.
    pub fn says(&self) -> String {
        match &self.outcome {
            Outcome::NotStarted => "Nothing is written yet: `todo!()` was reached.".into(),
            Outcome::Right => self.exercise.learned.into(),
            Outcome::Wrong { says, .. } => says.clone(),
            Outcome::Panicked { panic, passed, .. } => {
                let passed = match passed.as_slice() {
                    [] => String::new(),
                    some => format!("\nIt went through with: {}.", some.join("; ")),
                };
                let place = match panic.place.contains("/checks/") {
                    true => "in a function that it was given".into(),
                    false => format!("at {}", panic.place),
                };
                format!("Your answer panicked {place}:\n{}{passed}", panic.message)
            }
        }
    }

    /// Its name and how it went, in a line.
    pub(super) fn headline(&self) -> String {
        let (mark, word) = match self.outcome {
            Outcome::NotStarted => ("·", "not started"),
            Outcome::Right => ("✓", "right"),
            Outcome::Wrong { .. } => ("✗", "wrong"),
            Outcome::Panicked { .. } => ("✗", "panicked"),
        };
        format!("{mark} {}: {word}", self.exercise.name)
    }

    fn evidence(&self) -> Option<&Evidence> {
        match &self.outcome {
            Outcome::Wrong { evidence, .. } | Outcome::Panicked { evidence, .. } => Some(evidence),
            _ => None,
        }
    }

    /// What to do next.
    fn onwards(&self) -> String {
        let Exercise { chapter, name, place, .. } = self.exercise;
        match self.outcome {
            Outcome::Right => format!("Compare: exercises/solutions/{chapter}.rs"),
            _ => format!("In the book: {place}\nHints: cargo exercise {chapter} {name} --hint 1"),
        }
    }

    fn ansi(&self) -> &'static str {
        match self.outcome {
            Outcome::NotStarted => "33",
            Outcome::Right => "32",
            _ => "31",
        }
    }

    /// The headline, coloured if a person will see it.
    pub(super) fn coloured(&self) -> String {
        let coloured = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        match coloured {
            true => format!("\x1b[1;{}m{}\x1b[0m", self.ansi(), self.headline()),
            false => self.headline(),
        }
    }
}

/// Plain text; the first line in colour on a terminal, unless NO_COLOR is set.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        writeln!(f, "{}\n\n{}", self.coloured(), indented(&self.says(), 2))?;
        if let Some(evidence) = self.evidence() {
            write!(f, "\n{evidence}")?;
        }
        writeln!(f, "\n{}", indented(&self.onwards(), 2))
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        writeln!(f, "  Input: {}", self.about)?;
        let width = self.lines.iter().map(|[name, _]| name.chars().count()).max().unwrap_or(0);
        for [name, value] in &self.lines {
            writeln!(f, "    {name:width$}  {value}")?;
        }
        let columns = self.table.first().map_or(0, Vec::len);
        let widest = |j: usize| self.table.iter().map(|row| row[j].chars().count()).max();
        let widths: Vec<usize> = (0..columns).map(|j| widest(j).unwrap_or(0)).collect();
        for row in &self.table {
            let cells: Vec<String> =
                row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:>width$}")).collect();
            writeln!(f, "    {}", cells.join("    "))?;
        }
        if !self.largest.is_empty() {
            writeln!(f, "    {}", self.largest)?;
        }
        Ok(())
    }
}

/// Lines of at most 96 columns, each moved to the right; none begins with an equals sign.
pub(super) fn indented(text: &str, by: usize) -> String {
    let mut lines: Vec<String> = vec![];
    for paragraph in text.replace(" = ", "\u{a0}=\u{a0}").lines() {
        let mut line = " ".repeat(by);
        for word in paragraph.split(' ') {
            let full = line.chars().count() + word.chars().count() >= 96;
            if full && !line.trim_start().is_empty() {
                lines.push(std::mem::replace(&mut line, " ".repeat(by)));
            }
            line += if line.len() > by { " " } else { "" };
            line += word;
        }
        lines.push(line);
    }
    lines.join("\n").replace('\u{a0}', " ")
}

/// # In a notebook
impl Verdict {
    /// Prints the verdict as a box; evcxr calls it for the value of a cell.
    pub fn evcxr_display(&self) {
        println!("EVCXR_BEGIN_CONTENT text/html\n{}\nEVCXR_END_CONTENT", self.html());
    }

    /// The verdict as HTML: green, red or amber, with the hints folded away.
    pub fn html(&self) -> String {
        let [line, ground] = match self.outcome {
            Outcome::NotStarted => ["#b7791f", "#fdf6e3"],
            Outcome::Right => ["#2f855a", "#ecf7f0"],
            _ => ["#c53030", "#fdf0ef"],
        };
        let says = escaped(&self.says()).replace('\n', "<br>");
        let evidence = self.evidence().map(table).unwrap_or_default();
        let hints = if self.is_right() { String::new() } else { self.folded_hints() };
        format!(
            "<div style=\"border-left:5px solid {line};background:{ground};color:#1a202c;\
             padding:0.6em 1em;margin:0.3em 0;border-radius:3px;max-width:60em;overflow-x:auto\">\
             <b style=\"color:{line}\">{}</b><p style=\"margin:0.4em 0\">{says}</p>\
             {evidence}{hints}</div>",
            escaped(&self.headline()),
        )
    }

    fn folded_hints(&self) -> String {
        let about = ["where to look", "which equation", "the shape of the line"];
        let hint = |(i, (about, hint)): (usize, (&str, &str))| {
            let (number, hint) = (i + 1, escaped(hint));
            format!("<details><summary>Hint {number}: {about}</summary>{hint}</details>")
        };
        let hints = about.into_iter().zip(self.exercise.hints).enumerate().map(hint);
        let place = escaped(self.exercise.place);
        hints.collect::<String>() + &format!("<small>In the book: {place}</small>")
    }
}

fn table(evidence: &Evidence) -> String {
    const CELL: &str = "style=\"text-align:right;padding:1px 10px;white-space:nowrap\"";
    let line = |[name, value]: &[String; 2]| {
        format!("<div><code>{}</code> {}</div>", escaped(name), escaped(value))
    };
    let lines: String = evidence.lines.iter().map(line).collect();
    let mut rows = String::new();
    for (i, row) in evidence.table.iter().enumerate() {
        let tag = if i == 0 { "th" } else { "td" };
        let cell = |cell: &String| {
            format!("<{tag} {CELL}>{}</{tag}>", escaped(cell).replace("  ", "&ensp;"))
        };
        rows += &format!("<tr>{}</tr>", row.iter().map(cell).collect::<String>());
    }
    let (about, largest) = (escaped(&evidence.about), escaped(&evidence.largest));
    format!(
        "<div>Input: {about}</div>{lines}\
         <table style=\"color:inherit;background:none;margin:0.3em 0;\
         font-variant-numeric:tabular-nums\">{rows}</table><div>{largest}</div>"
    )
}

/// Text that may stand in HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
