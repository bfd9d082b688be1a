//! What the README shows is what the sources say.

use std::path::Path;

fn read(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The text between a line of three backquotes with this language and the next.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let open = format!("```{language}\n");
    page.split(&open).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

#[test]
fn every_listing_of_rust_stands_in_the_sources() {
    let readme = read("README.md");
    let example = read("src/lib.rs").replace("//! ", "").replace("//!", "");
    let sources = example + &read("chapters/flow_matching/mod.rs");
    let listings = blocks(&readme, "rust");
    assert_eq!(listings.len(), 2);
    for listing in listings {
        assert!(sources.contains(listing), "not in the sources:\n{listing}");
    }
}

#[test]
fn every_file_the_readme_names_is_there() {
    let readme = read("README.md");
    let words = readme.split(['`', '(', ')']).filter(|word| !word.contains([' ', '\n', '=']));
    let paths: Vec<&str> =
        words.filter(|word| word.contains('/') || word.ends_with(".md")).collect();
    assert!(paths.len() >= 8, "the README names only {paths:?}");
    for path in paths {
        let path = path.split('#').next().unwrap();
        let there = Path::new(env!("CARGO_MANIFEST_DIR")).join(path).exists();
        assert!(there, "`{path}` is not there");
    }
}
