//! The pages of the book say what the program says: no Rust, no number, no figure is written by hand,
//! and what a page names is there. This reads `book/src`; it needs no mdbook.
//!
//! | a page | writes |
//! |---|---|
//! | Rust | `{{#include ../../chapters/x.rs:anchor}}` in a fence, and nothing else there |
//! | a number of ours | `{{#include results/NAME/numbers.txt:anchor}}` |
//! | a number of others | `<span class="quoted">0.123</span>`, beside its source |
//! | a figure | `![…](results/NAME/figure.svg)` |
//! | a statement with a test | `<span class="ledger">F3</span>`: `fn f3_…` in `tests/ledger` |

mod markdown;
mod rules;

use pushforward::chapters::EXERCISES;
use pushforward::check::Chapter;
use rules::*;
use std::path::{Component, Path, PathBuf};

const PAGES: &str = "book/src";

/// What an experiment may leave in its folder of results, used or not.
const RESULTS: [&str; 6] =
    ["figure.png", "figure.svg", "numbers.txt", "table.txt", "times.txt", "metrics.json"];

/// A file of the repository, by its path there.
struct File {
    path: String,
    text: String,
}

/// Every file below a folder, by name; none if there is no such folder.
fn files(folder: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let Ok(entries) = std::fs::read_dir(root.join(folder)) else { return Vec::new() };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.unwrap().path();
        let name = format!("{folder}/{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() { paths.extend(files(&name)) } else { paths.push(name) }
    }
    paths.sort();
    paths
}

fn read(path: &str) -> Option<String> {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).ok()
}

/// The files below a folder with this ending, read.
fn all(folder: &str, ending: &str) -> Vec<File> {
    let paths = files(folder).into_iter().filter(|path| path.ends_with(ending));
    let file = |path: String| File { text: read(&path).expect("it is text"), path };
    paths.map(file).collect()
}

/// The pages; the list of pages is not one.
fn pages() -> Vec<File> {
    let mut pages = all(PAGES, ".md");
    pages.retain(|page| page.path != "book/src/SUMMARY.md");
    assert!(!pages.is_empty(), "no page in {PAGES}");
    pages
}

/// The path in the repository of what `target` names in the file `from`.
fn resolve(from: &str, target: &str) -> String {
    let mut path = PathBuf::from(from);
    path.pop();
    for component in Path::new(target).components() {
        match component {
            Component::ParentDir => drop(path.pop()),
            Component::Normal(name) => path.push(name),
            _ => {}
        }
    }
    path.to_str().unwrap().replace('\\', "/")
}

/// Fails with every fault, after the name of its file.
#[track_caller]
fn none(faults: impl IntoIterator<Item = String>) {
    let faults: Vec<String> = faults.into_iter().collect();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// The faults that a rule finds in every page.
fn of_pages(rule: impl Fn(&File) -> Vec<String>) -> Vec<String> {
    let named = |page: File| {
        let name = page.path.clone();
        rule(&page).into_iter().map(move |fault| format!("{name}:{fault}"))
    };
    pages().into_iter().flat_map(named).collect()
}

/// The sources that pages may show.
fn sources() -> Vec<File> {
    ["chapters", "src", "exercises"].into_iter().flat_map(|folder| all(folder, ".rs")).collect()
}

/// What the pages include: (path in the repository, anchor).
fn included() -> Vec<(String, String)> {
    let of_page = |page: File| {
        let directive = |directive: &markdown::Directive| {
            let anchor = directive.anchor.unwrap_or("").to_string();
            (resolve(&page.path, directive.path), anchor)
        };
        markdown::directives(&page.text).iter().map(directive).collect::<Vec<_>>()
    };
    pages().into_iter().flat_map(of_page).collect()
}

#[test]
fn every_include_is_there() {
    none(of_pages(|page| includes(&page.text, &|path| read(&resolve(&page.path, path)))));
}

#[test]
fn every_anchor_is_whole_and_used() {
    let included = included();
    let faults = sources().into_iter().flat_map(|source| {
        let used = |anchor: &str| included.contains(&(source.path.clone(), anchor.to_string()));
        let faults = anchors(&source.text, &used);
        faults.into_iter().map(|fault| format!("{}:{fault}", source.path)).collect::<Vec<_>>()
    });
    none(faults);
}

#[test]
fn no_rust_is_typed_by_hand() {
    none(of_pages(|page| typed_rust(&page.text)));
}

#[test]
fn no_number_is_typed_by_hand() {
    none(of_pages(|page| typed_numbers(&page.text)));
}

#[test]
fn every_link_leads_somewhere_and_every_figure_is_of_the_program() {
    let target = |page: &File, target: &str| {
        let path = if target.is_empty() { page.path.clone() } else { resolve(&page.path, target) };
        let inside =
            path.starts_with(PAGES) && Path::new(env!("CARGO_MANIFEST_DIR")).join(&path).is_file();
        inside.then(|| if path.ends_with(".md") { read(&path).unwrap() } else { String::new() })
    };
    none(of_pages(|page| dead_links(&page.text, &|path| target(page, path))));
}

#[test]
fn no_formula_divides_a_cell_of_a_table() {
    none(of_pages(|page| divided_cells(&page.text)));
}

#[test]
fn the_summary_and_the_folder_have_the_same_pages() {
    let summary = read("book/src/SUMMARY.md").unwrap();
    let pages: Vec<String> =
        pages().into_iter().map(|page| page.path[PAGES.len() + 1..].to_string()).collect();
    none(summary_faults(&summary, &pages));
}

#[test]
fn every_result_is_used() {
    let of_page = |page: File| -> Vec<String> {
        let prose = markdown::without_code(&page.text);
        let links = markdown::links(&prose);
        links.iter().map(|link| resolve(&page.path, link.target)).collect()
    };
    let mut used: Vec<String> = pages().into_iter().flat_map(of_page).collect();
    used.extend(included().into_iter().map(|(path, _)| path));
    none(unused_results(&files("book/src/results"), &used));
}

#[test]
fn every_statement_has_a_test_and_every_test_a_statement() {
    let pages: Vec<String> = pages().into_iter().map(|page| page.text).collect();
    let tests: Vec<String> = all("tests/ledger", ".rs").into_iter().map(|file| file.text).collect();
    none(ledger_faults(&pages, &tests));
}

/// Before you begin: every chapter with exercises has its row with their number, in the order of the list of pages,
/// which is that of the program too.
#[test]
fn the_table_of_hours_is_that_of_the_chapters() {
    let table = read("book/src/before_you_begin.md").expect("the page");
    let cells = |row: &str| row.split('|').map(|cell| cell.trim().to_string()).collect::<Vec<_>>();
    let rows: Vec<Vec<String>> =
        table.lines().filter(|l| l.starts_with("| [")).map(cells).collect();
    let found: Vec<(String, usize)> = rows
        .iter()
        .map(|row| {
            let page = row[1].split(['(', ')']).nth(1).expect("a link").to_string();
            (page, row[2].parse().expect("a number of exercises"))
        })
        .collect();
    let page = |chapter: &Chapter| chapter.exercises[0].place.split('#').next().map(str::to_string);
    let expected: Vec<(String, usize)> =
        EXERCISES.iter().map(|c| (page(c).expect("a page"), c.exercises.len())).collect();
    assert_eq!(found, expected);

    let summary = read("book/src/SUMMARY.md").expect("the list of pages");
    let places: Vec<Option<usize>> =
        expected.iter().map(|(page, _)| summary.find(&format!("({page})"))).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}");

    let together = table.lines().find(|line| line.starts_with("| together")).map(cells);
    let sum = |cell: usize| rows.iter().map(|row| row[cell].parse::<usize>().expect("hours")).sum();
    let sums: [usize; 2] = [sum(2), sum(3)];
    assert_eq!(together.expect("a last row")[2..4], sums.map(|sum| sum.to_string()));
}

/// The gallery shows the first figure of every chapter, in the order of the book.
#[test]
fn the_gallery_has_the_first_figure_of_every_chapter() {
    let figure = |line: &str| line.starts_with("![").then(|| line.to_string());
    let gallery = read("book/src/gallery.md").expect("the gallery");
    let shown: Vec<String> = gallery.lines().filter_map(figure).collect();
    let summary = read("book/src/SUMMARY.md").expect("the list of pages");
    let (_, parts) = summary.split_once("# The engine").expect("the first part");
    let (chapters, _) = parts.split_once("# To look things up").expect("the last part");
    let page = |line: &str| line.split(['(', ')']).nth(1).map(|page| format!("book/src/{page}"));
    let first = |page: String| read(&page).expect("a page").lines().find_map(figure);
    let expected: Vec<String> =
        chapters.lines().filter_map(page).map(|page| first(page).expect("a figure")).collect();
    assert_eq!(shown, expected);
}
