//! What the rules need of Markdown: fences, prose, headings, links and mdBook's includes.

use std::ops::Range;

/// A block between fences: its language, where the block and its body are.
pub struct Fence<'a> {
    pub language: &'a str,
    pub whole: Range<usize>,
    pub body: Range<usize>,
}

/// Every block between ``` or ~~~; one that nobody closes goes to the end.
pub fn fences(text: &str) -> Vec<Fence<'_>> {
    let mut fences: Vec<Fence> = Vec::new();
    let mut open: Option<(&str, Fence)> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let end = at + line.len();
        let line = line.trim();
        match &mut open {
            Some((mark, fence)) => {
                fence.body.end = at;
                fence.whole.end = end;
                if line.starts_with(*mark) && line.trim_start_matches(&mark[..1]).is_empty() {
                    fences.extend(open.take().map(|(_, fence)| fence));
                } else {
                    fence.body.end = end;
                }
            }
            None if line.starts_with("```") || line.starts_with("~~~") => {
                let info = line.trim_start_matches(&line[..1]);
                let mark = &line[..line.len() - info.len()];
                let language = info.trim().split([',', ' ']).next().unwrap_or("");
                open = Some((mark, Fence { language, whole: at..end, body: end..end }));
            }
            None => {}
        }
        at = end;
    }
    fences.extend(open.map(|(_, fence)| fence));
    fences
}

/// The same text with spaces for the bytes of a range; ends of lines stay.
pub fn blank(text: &mut String, range: Range<usize>) {
    let spaces: String =
        text[range.clone()].bytes().map(|b| if b == b'\n' { '\n' } else { ' ' }).collect();
    text.replace_range(range, &spaces);
}

/// Blanks every `open … close`, with what is between; `\` before `open` or `close` takes its meaning.
pub fn blank_between(text: &mut String, open: &str, close: &str) {
    let mut from = 0;
    while let Some(start) = find(text, open, from) {
        let Some(end) = find(text, close, start + open.len()) else { break };
        from = end + close.len();
        blank(text, start..from);
    }
}

fn find(text: &str, what: &str, from: usize) -> Option<usize> {
    let mut places = text[from..].match_indices(what).map(|(at, _)| from + at);
    places.find(|&at| !text[..at].ends_with('\\') || text[..at].ends_with("\\\\"))
}

/// The text without blocks of code and remarks.
pub fn without_blocks(text: &str) -> String {
    let mut prose = text.to_string();
    for fence in fences(text) {
        blank(&mut prose, fence.whole);
    }
    blank_between(&mut prose, "<!--", "-->");
    prose
}

/// The text without code in blocks and in lines.
pub fn without_code(text: &str) -> String {
    let mut prose = without_blocks(text);
    let mut from = 0;
    while let Some(start) = find(&prose, "`", from) {
        let run = prose[start..].len() - prose[start..].trim_start_matches('`').len();
        let mark = "`".repeat(run);
        from = start + run;
        if let Some(length) = prose[from..].find(&mark) {
            from += length + run;
            blank(&mut prose, start..from);
        }
    }
    prose
}

/// The text without code and formulas.
pub fn prose(text: &str) -> String {
    let mut prose = without_code(text);
    blank_between(&mut prose, "$$", "$$");
    blank_between(&mut prose, "$", "$");
    prose
}

/// A link or an image: where it is as a whole, where its target is, and the target.
pub struct Link<'a> {
    pub image: bool,
    pub whole: Range<usize>,
    pub leads: Range<usize>,
    pub target: &'a str,
}

/// Every `[text](target)`, `![text](target)`, `[name]: target`, `href="target"`, `src="target"`.
pub fn links(prose: &str) -> Vec<Link<'_>> {
    let mut links = Vec::new();
    for (middle, _) in prose.match_indices("](") {
        let (start, rest) = (opening(prose, middle), &prose[middle + 2..]);
        let Some(end) = rest.find(')') else { continue };
        let target = rest[..end].split_whitespace().next().unwrap_or("");
        let image = prose[..start].ends_with('!');
        let whole = start..middle + 3 + end;
        links.push(Link { image, leads: middle + 1..whole.end, whole, target });
    }
    for (attribute, image) in [("href=\"", false), ("src=\"", true)] {
        for (at, _) in prose.match_indices(attribute) {
            let start = at + attribute.len();
            let end = start + prose[start..].find('"').unwrap_or(0);
            links.push(Link { image, whole: at..end, leads: at..end, target: &prose[start..end] });
        }
    }
    for (at, _) in prose.match_indices("]: ") {
        let start = prose[..at].rfind('\n').map_or(0, |end| end + 1);
        let target = prose[at + 3..].split_whitespace().next().unwrap_or("");
        if prose[start..].starts_with('[') && !prose[start..].starts_with("[^") {
            let end = at + 3 + target.len();
            links.push(Link { image: false, whole: start..end, leads: at..end, target });
        }
    }
    links
}

/// The `[` that belongs to the `]` at `end`.
fn opening(prose: &str, end: usize) -> usize {
    let mut depth = 1;
    for (at, c) in prose[..end].char_indices().rev() {
        match c {
            ']' => depth += 1,
            '[' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    0
}

/// Every place of a page that `#…` can lead to: headings by mdBook's rule, and ids given by hand.
pub fn ids(text: &str) -> Vec<String> {
    let code = without_blocks(text);
    let mut ids: Vec<String> = Vec::new();
    for (at, _) in code.match_indices("id=\"") {
        ids.extend(code[at + 4..].split('"').next().map(str::to_string));
    }
    for line in code.lines().filter(|line| line.starts_with('#')) {
        let title = line.trim_start_matches('#');
        match title.trim().strip_suffix('}').and_then(|title| title.rsplit_once("{#")) {
            Some((_, id)) => ids.push(id.split_whitespace().next().unwrap_or("").to_string()),
            None if !title.contains('$') => {
                let id = slug(title);
                let mut of_its_own = id.clone();
                for number in 1.. {
                    if !ids.contains(&of_its_own) {
                        break;
                    }
                    of_its_own = format!("{id}-{number}");
                }
                ids.push(of_its_own);
            }
            None => {} // depends on how KaTeX draws the formula
        }
    }
    ids
}

/// mdBook's name for a heading: letters, digits, `_` and `-` of what is shown, spaces as `-`.
pub fn slug(title: &str) -> String {
    let mut shown = String::new();
    for (i, part) in title.split('`').enumerate() {
        // outside code, what Markdown does not show: where links lead, emphasis, dashes
        let mut part = part.to_string();
        while i % 2 == 0
            && let Some(start) = part.find("](")
            && let Some(length) = part[start..].find(')')
        {
            part.replace_range(start..=start + length, "");
        }
        if i % 2 == 0 {
            part = part.replace("--", "").replace('*', "");
        }
        shown += &part;
    }
    let name = |c: char| match c {
        c if c.is_alphanumeric() || c == '_' || c == '-' => Some(c),
        c if c.is_whitespace() => Some('-'),
        _ => None,
    };
    shown.trim().to_lowercase().chars().filter_map(name).collect()
}

/// `{{#include path}}` or `{{#include path:anchor}}`, or another directive.
pub struct Directive<'a> {
    pub whole: Range<usize>,
    pub verb: &'a str,
    pub path: &'a str,
    pub anchor: Option<&'a str>,
}

/// Every directive of mdBook in a text, in code and outside.
pub fn directives(text: &str) -> Vec<Directive<'_>> {
    let directive = |(at, _): (usize, &str)| {
        let end = at + text[at..].find("}}").map_or(text.len() - at, |length| length + 2);
        let mut words = text[at + 3..end].trim_end_matches("}}").split_whitespace();
        let (verb, argument) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        let (path, anchor) = match argument.split_once(':') {
            Some((path, anchor)) => (path, Some(anchor)),
            None => (argument, None),
        };
        Directive { whole: at..end, verb, path, anchor }
    };
    text.match_indices("{{#").map(directive).collect()
}
