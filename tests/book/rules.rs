//! The rules: functions of text. Each gives the faults it finds, `line: what is wrong`.

use crate::RESULTS;
use crate::markdown::{
    Directive, Link, blank, blank_between, directives, fences, ids, links, prose, slug,
    without_code,
};

fn line(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// `{{#include path:anchor}}` names a file and, in it, something between a pair of anchors; Rust stands in
/// a fence. `file` gives the text of a file as the page names it.
pub fn includes(page: &str, file: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let fences = fences(page);
    let fault = |directive: &Directive| -> Option<String> {
        let path = directive.path;
        if directive.verb != "include" {
            return Some(format!("`#{}`: the book uses `#include` alone", directive.verb));
        }
        let Some(text) = file(path) else { return Some(format!("{path} is not there")) };
        let fence = fences.iter().find(|fence| fence.body.contains(&directive.whole.start));
        if path.ends_with(".rs") && fence.is_none_or(|fence| !is_rust(fence.language)) {
            return Some(format!("{path} is Rust: it belongs between ```rust and ```"));
        }
        match directive.anchor {
            Some(anchor)
                if anchor.is_empty() || anchor.starts_with(|c: char| c.is_ascii_digit()) =>
            {
                Some(format!("{path}:{anchor}: lines move; use an anchor"))
            }
            Some(anchor) => match marks(&text, anchor) {
                (1, 1) => None,
                (opened, closed) => Some(format!(
                    "{path} opens the anchor {anchor} {opened} times and closes it {closed} times"
                )),
            },
            None => None,
        }
    };
    let located = |directive: &Directive| {
        fault(directive).map(|fault| format!("{}: {fault}", line(page, directive.whole.start)))
    };
    directives(page).iter().filter_map(located).collect()
}

/// How often an anchor is opened and closed.
fn marks(source: &str, anchor: &str) -> (usize, usize) {
    let count =
        |mark| all_marks(source).iter().filter(|&&(_, m, a)| m == mark && a == anchor).count();
    (count("ANCHOR:"), count("ANCHOR_END:"))
}

/// Every mark: where, `ANCHOR:` or `ANCHOR_END:`, the name. What mdBook cannot read as a name is no mark.
fn all_marks(source: &str) -> Vec<(usize, &'static str, &str)> {
    let of = |mark: &'static str| {
        source.match_indices(mark).map(move |(at, _)| {
            let name = source[at + mark.len()..].trim_start();
            let end = name.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-'));
            (at, mark, &name[..end.unwrap_or(name.len())])
        })
    };
    let mut marks: Vec<_> = of("ANCHOR:").chain(of("ANCHOR_END:")).collect();
    marks.retain(|(.., name)| !name.is_empty());
    marks.sort();
    marks
}

/// Every anchor of a source is opened once, closed once after that, and used by a page.
pub fn anchors(source: &str, used: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut faults = Vec::new();
    let mut opened: Vec<&str> = Vec::new();
    let mut closed: Vec<&str> = Vec::new();
    for (at, mark, name) in all_marks(source) {
        let fault = match mark {
            "ANCHOR:" if opened.contains(&name) => "is opened a second time",
            "ANCHOR:" if !used(name) => "is used by no page",
            "ANCHOR:" => "",
            _ if !opened.contains(&name) => "is closed before it is opened",
            _ if closed.contains(&name) => "is closed a second time",
            _ => "",
        };
        if mark == "ANCHOR:" {
            opened.push(name)
        } else {
            closed.push(name)
        }
        if !fault.is_empty() {
            faults.push(format!("{}: the anchor {name} {fault}", line(source, at)));
        }
    }
    let open = opened.iter().filter(|name| !closed.contains(name));
    faults.extend(open.map(|name| format!("1: the anchor {name} is never closed")));
    faults
}

fn is_rust(language: &str) -> bool {
    ["rust", "rs"].contains(&language)
}

/// A fence of Rust holds directives and empty lines.
pub fn typed_rust(page: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for fence in fences(page).iter().filter(|fence| is_rust(fence.language)) {
        let body = &page[fence.body.clone()];
        let by_hand = |line: &&str| !(line.starts_with("{{#") && line.ends_with("}}"));
        let mut lines = body.lines().map(str::trim).filter(|line| !line.is_empty());
        let at = line(page, fence.whole.start);
        if body.trim().is_empty() {
            faults.push(format!("{at}: an empty listing"));
        } else if let Some(typed) = lines.find(by_hand) {
            faults.push(format!("{at}: Rust typed by hand, include it: {typed}"));
        }
    }
    faults
}

/// No number with two or more decimals in the prose.
pub fn typed_numbers(page: &str) -> Vec<String> {
    let mut text = prose(page);
    for directive in directives(page) {
        blank(&mut text, directive.whole);
    }
    let hidden = |link: Link| if link.image { link.leads } else { link.whole };
    let hidden: Vec<_> = links(&text).into_iter().map(hidden).collect();
    hidden.into_iter().for_each(|range| blank(&mut text, range));
    blank_between(&mut text, "<span class=\"quoted\">", "</span>");
    blank_between(&mut text, "<http", ">");
    let is_part = |c: char| c.is_ascii_digit() || c == '.';
    let mut faults = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find(|c: char| c.is_ascii_digit()).map(|start| at + start) {
        let length = text[start..].find(|c| !is_part(c)).unwrap_or(text.len() - start);
        let number = text[start..start + length].trim_end_matches('.');
        at = start + length;
        if number.split_once('.').is_some_and(|(_, decimals)| {
            decimals.len() >= 2 && !decimals.contains('.') // 0.5.4 is a version
        }) {
            let at = line(&text, start);
            faults
                .push(format!("{at}: {number} is typed by hand: include it, or mark it as quoted"));
        }
    }
    faults
}

/// Links within the book lead to a page or file of it, `#…` to a place of the page, figures into `results`.
/// `target` gives the text of what a path names; "" is the page itself.
pub fn dead_links(page: &str, target: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let text = prose(page);
    let mut faults = Vec::new();
    for link in links(&text) {
        let fault =
            |what: &str| format!("{}: {} {what}", line(page, link.whole.start), link.target);
        if link.image && !link.target.starts_with("results/") {
            faults.push(fault("is no figure of the program, which are in results/"));
        }
        if ["https:", "http:", "mailto:"].iter().any(|scheme| link.target.starts_with(scheme)) {
            continue;
        }
        let (path, place) = link.target.split_once('#').unwrap_or((link.target, ""));
        match target(path) {
            None => faults.push(fault("is not there")),
            Some(text) if !place.is_empty() && !ids(&text).iter().any(|id| id == place) => {
                faults.push(fault("is no heading there"));
            }
            _ if link.target.is_empty() => faults.push(fault("a link without target")),
            Some(_) => {}
        }
    }
    faults
}

/// A `|` in a formula ends the cell of a table: `\mid`, `\lvert`, `\Vert` do not.
pub fn divided_cells(page: &str) -> Vec<String> {
    let text = without_code(page);
    let rows = text.lines().enumerate().filter(|(_, line)| line.trim_start().starts_with('|'));
    let divided =
        |row: &str| row.split('$').skip(1).step_by(2).any(|formula| formula.contains('|'));
    let fault =
        |i: usize| format!("{}: `|` in a formula of a table: write \\mid or \\lvert", i + 1);
    rows.filter(|(_, row)| divided(row)).map(|(i, _)| fault(i)).collect()
}

/// `SUMMARY.md` names every page once, and no other.
pub fn summary_faults(summary: &str, pages: &[String]) -> Vec<String> {
    let mut named: Vec<&str> = links(summary).iter().map(|link| link.target).collect();
    named.sort();
    let missing = pages.iter().filter(|page| !named.contains(&page.as_str()));
    let missing = missing.map(|page| format!("{page} is not in SUMMARY.md"));
    let absent = named.iter().filter(|name| !pages.iter().any(|page| page == *name));
    let absent = absent.map(|name| format!("SUMMARY.md names {name}, which is not there"));
    let twice = named.windows(2).filter(|pair| pair[0] == pair[1]);
    let twice = twice.map(|pair| format!("SUMMARY.md names {} twice", pair[0]));
    missing.chain(absent).chain(twice).collect()
}

/// A file of results is one that every experiment leaves, or a page uses it.
pub fn unused_results(results: &[String], used: &[String]) -> Vec<String> {
    let usual = |path: &str| RESULTS.contains(&path.rsplit('/').next().unwrap_or(""));
    let unused = results.iter().filter(|path| !usual(path) && !used.contains(path));
    unused.map(|path| format!("{path} is used by no page")).collect()
}

/// Statements cited in pages, and statements that tests begin with, are the same.
pub fn ledger_faults(pages: &[String], tests: &[String]) -> Vec<String> {
    let cited: Vec<String> = pages.iter().flat_map(|page| cited(page)).collect();
    let tested: Vec<String> = tests.iter().flat_map(|test| tested(test)).collect();
    let mut faults: Vec<String> = Vec::new();
    for id in cited.iter().filter(|id| !tested.contains(id)) {
        faults.push(format!(
            "{id} is cited and has no test `fn {}_…` in tests/ledger",
            id.to_lowercase()
        ));
    }
    for id in tested.iter().filter(|id| !cited.contains(id)) {
        faults.push(format!("{id} has a test in tests/ledger and is cited by no page"));
    }
    faults.sort();
    faults.dedup();
    faults
}

/// `<span class="ledger">F3</span>` outside code: F3.
fn cited(page: &str) -> Vec<String> {
    let text = without_code(page);
    let spans = text.split("<span class=\"ledger\">").skip(1);
    spans.map(|rest| rest.split("</span>").next().unwrap_or("").trim().to_string()).collect()
}

/// `#[test] fn f3_…`: F3. Attributes may stand between.
fn tested(rust: &str) -> Vec<String> {
    let mut ids = Vec::new();
    let mut test = false;
    for line in rust.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("fn ") {
            let id = name.split('_').next().unwrap_or("").to_uppercase();
            if test && id.ends_with(|c: char| c.is_ascii_digit()) {
                ids.push(id);
            }
        }
        test = line == "#[test]" || test && line.starts_with('#');
    }
    ids
}

/// What every rule lets pass, and what it must not.
mod examples {
    use super::*;

    #[track_caller]
    fn passes(faults: Vec<String>) {
        assert_eq!(faults, [""; 0]);
    }

    /// One fault, with this in its message.
    #[track_caller]
    fn fails(faults: Vec<String>, message: &str) {
        assert!(faults.len() == 1 && faults[0].contains(message), "{faults:?}, not {message}");
    }

    const SOURCE: &str = "// ANCHOR: one\nfn one() {}\n// ANCHOR_END: one\n// ANCHOR: open\n";

    #[test]
    fn includes_of_what_is_not_there() {
        let rule =
            |page: &str| includes(page, &|path| (path == "a.rs").then(|| SOURCE.to_string()));
        passes(rule("```rust\n{{#include a.rs:one}}\n```\n```rs\n{{#include a.rs}}\n```"));
        fails(rule("```rust\n{{#include b.rs:one}}\n```"), "2: b.rs is not there");
        fails(rule("```rust\n{{#include a.rs:two}}\n```"), "two 0 times and closes it 0 times");
        fails(rule("```rust\n{{#include a.rs:open}}\n```"), "open 1 times and closes it 0 times");
        fails(rule("```rust\n{{#include a.rs:1:2}}\n```"), "lines move");
        fails(rule("```rust\n{{#include a.rs:}}\n```"), "lines move");
        fails(rule("{{#include a.rs:one}}"), "belongs between");
        fails(rule("```text\n{{#include a.rs:one}}\n```"), "belongs between");
        fails(rule("```rust\n{{#rustdoc_include a.rs:one}}\n```"), "`#include` alone");
    }

    #[test]
    fn anchors_that_are_not_whole_or_used() {
        passes(anchors("// ANCHOR: a\n// ANCHOR: b\n// ANCHOR_END: b\n// ANCHOR_END: a", &|_| {
            true
        }));
        fails(anchors(SOURCE, &|_| true), "1: the anchor open is never closed");
        fails(
            anchors("\n// ANCHOR: a\n// ANCHOR_END: a", &|_| false),
            "2: the anchor a is used by no",
        );
        fails(anchors("// ANCHOR_END: a", &|_| true), "closed before it is opened");
        let twice = "// ANCHOR: a\n// ANCHOR_END: a\n";
        let faults = anchors(&twice.repeat(2), &|_| true);
        assert!(faults.len() == 2 && faults[0].contains("opened a second time"), "{faults:?}");
    }

    #[test]
    fn rust_typed_by_hand() {
        passes(typed_rust(
            "```rust\n{{#include a.rs}}\n\n{{#include b.rs}}\n```\n```text\nlet x\n```",
        ));
        fails(
            typed_rust("text\n```rust\n{{#include a.rs}}\nlet x = 1;\n```"),
            "2: Rust typed by hand",
        );
        fails(typed_rust("~~~rs\nfn f() {}\n~~~"), "fn f()");
        fails(typed_rust("  ```rust,ignore\n  fn f() {}\n  ```"), "fn f()");
        fails(typed_rust("````rust\n```\n````"), "typed by hand");
        fails(typed_rust("```rust\n```"), "an empty listing");
    }

    #[test]
    fn numbers_typed_by_hand() {
        let number = "`1.95` $0.123$ $$ 0.123 $$ {{#include r/numbers.txt:x}} [2210.02747](https://a/2210.02747)
            <span class=\"quoted\">0.123</span> 0.5 3.x version 0.5.4, 12. 1234 <https://a/1.234>
            \n```text\n0.123\n```\n![a](results/1.25.png)";
        passes(typed_numbers(number));
        fails(typed_numbers("\nthe loss is 0.97."), "2: 0.97 is typed by hand");
        fails(typed_numbers("between $x$ and **1.25**"), "1.25");
        fails(typed_numbers("| a | 10.125 |"), "10.125");
        fails(typed_numbers("![a loss of 0.97](results/figure.png)"), "0.97");
        fails(typed_numbers("<span class=\"quote\">0.97</span>"), "0.97");
        fails(typed_numbers("costs \\$0.97 or 2 \\$"), "0.97");
    }

    #[test]
    fn links_that_lead_nowhere() {
        let target = |path: &str| match path {
            "" => Some(
                "# The title\n## The `loss`: a *mean*\n## The title\n## $x$ {#x}\n<a id=\"y\">"
                    .into(),
            ),
            "b.md" => Some("# Other".to_string()),
            "results/a/figure.png" => Some(String::new()),
            _ => None,
        };
        let rule = |page: &str| dead_links(page, &target);
        passes(rule("[a](#the-title) [a](#the-title-1) [a](#the-loss-a-mean) [a](#x) [a](#y)"));
        passes(rule(
            "[a](b.md#other) [b [c]](b.md \"title\") <https://x.org> [x](https://x.org/#a)",
        ));
        passes(rule("![a](results/a/figure.png) `[a](nowhere.md)` $[a](nowhere)$\n[r]: b.md"));
        fails(rule("\n[a](c.md)"), "2: c.md is not there");
        fails(rule("[a](#loss)"), "#loss is no heading");
        fails(rule("[a](b.md#the-title)"), "b.md#the-title is no heading");
        fails(rule("[r]: c.md"), "c.md is not there");
        fails(rule("<a href=\"c.md\">"), "c.md is not there");
        fails(rule("![a](results/b/figure.png)"), "is not there");
        fails(rule("![a](https://x.org/a.png)"), "is no figure of the program");
        fails(rule("<img src=\"https://x.org/a.png\">"), "is no figure of the program");
    }

    #[test]
    fn headings_have_the_names_that_mdbook_gives() {
        let names = [
            ("`--passes`: add more rustdoc passes", "--passes-add-more-rustdoc-passes"),
            ("Über -- alles", "über--alles"),
            ("The [loss](x.md#a) of *x_t*", "the-loss-of-x_t"),
            ("What is a model?", "what-is-a-model"),
        ];
        for (title, name) in names {
            assert_eq!(slug(title), name);
        }
        assert_eq!(ids("# a\n```text\n# b\n```\n# a\n# $c$"), ["a", "a-1"]);
    }

    #[test]
    fn formulas_that_divide_a_cell() {
        passes(divided_cells("| $p(x \\mid y)$ | $z$ |\n|---|---|\n$p(x|y)$\n| `$a|b$` |"));
        fails(divided_cells("|---|\n| $p(x|y)$ |"), "2: `|` in a formula");
    }

    #[test]
    fn summaries_with_other_pages() {
        let pages = ["a.md".to_string(), "b.md".to_string()];
        passes(summary_faults("[A](a.md)\n- [B](b.md)", &pages));
        fails(summary_faults("[A](a.md)", &pages), "b.md is not in SUMMARY.md");
        fails(
            summary_faults("[A](a.md)\n[B](b.md)\n[C](c.md)", &pages),
            "names c.md, which is not",
        );
        fails(summary_faults("[A](a.md)\n[B](b.md)\n[B](b.md)", &pages), "names b.md twice");
    }

    #[test]
    fn results_that_nobody_uses() {
        let files = ["r/a/figure.svg", "r/a/more.svg"].map(str::to_string);
        passes(unused_results(&files, &files));
        fails(unused_results(&files, &[]), "r/a/more.svg is used by no page");
    }

    #[test]
    fn statements_without_test_and_tests_without_statement() {
        let page = |id: &str| [format!("as <span class=\"ledger\">{id}</span> says")];
        let test =
            |name: &str| [format!("#[test]\n#[ignore]\nfn {name}() {{}}\nfn f9_helper() {{}}")];
        passes(ledger_faults(&page("F3"), &test("f3_gradients_agree")));
        passes(ledger_faults(&[String::new()], &test("no_number")));
        let faults = ledger_faults(&page("F33"), &test("f3_gradients_agree"));
        assert!(
            faults[0].contains("F3 has a test") && faults[1].contains("F33 is cited"),
            "{faults:?}"
        );
        fails(
            ledger_faults(&page("F3"), &[String::new()]),
            "F3 is cited and has no test `fn f3_…`",
        );
        fails(ledger_faults(&[String::new()], &test("f3_x")), "F3 has a test in tests/ledger");
    }
}
