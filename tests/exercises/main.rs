//! The exercises: solutions pass, every listed mistake gets its own sentence and unlisted ones a
//! useful one. Here is what holds of every chapter, and of the judge; a chapter's unlisted mistakes
//! are in a file of its own. The reader's own file is not compiled here; `.ci/exercises` does that.

mod bridge;
mod continuous_flows;
mod couplings;
mod diffusion;
mod flow_matching;
mod gan;
mod guidance;
mod interpolants;
mod networks;
mod normalizing_flows;
mod odes;
mod one_network;
mod rectified_flow;
mod reverse_mode;
mod score_matching;
mod sdes;
mod second_derivatives;
mod speed;
mod tensors;
mod vae;

use pushforward::Float;
use pushforward::Tensor;
use pushforward::chapters::EXERCISES;
use pushforward::chapters::flow_matching::checks;
use pushforward::check::{
    Chapter, Check, Exercise, Input, Outcome, TOLERANCE, Trial, Verdict, Wrong,
};

/// The answers of every chapter's solutions.
fn solved() -> Vec<(&'static Chapter, Vec<Trial>)> {
    use pushforward::chapters as c;
    vec![
        (&c::tensors::checks::CHAPTER, c::tensors::checks::trials(&tensors::solutions::ANSWERS)),
        (
            &c::reverse_mode::checks::CHAPTER,
            c::reverse_mode::checks::trials(&reverse_mode::solutions::ANSWERS),
        ),
        (
            &c::second_derivatives::checks::CHAPTER,
            c::second_derivatives::checks::trials(&second_derivatives::solutions::ANSWERS),
        ),
        (&c::networks::checks::CHAPTER, c::networks::checks::trials(&networks::solutions::ANSWERS)),
        (&c::speed::checks::CHAPTER, c::speed::checks::trials(&speed::solutions::ANSWERS)),
        (&c::bridge::checks::CHAPTER, c::bridge::checks::trials(&bridge::solutions::ANSWERS)),
        (
            &c::flow_matching::checks::CHAPTER,
            c::flow_matching::checks::trials(&flow_matching::solutions::ANSWERS),
        ),
        (&c::gan::checks::CHAPTER, c::gan::checks::trials(&gan::solutions::ANSWERS)),
        (&c::vae::checks::CHAPTER, c::vae::checks::trials(&vae::solutions::ANSWERS)),
        (
            &c::diffusion::checks::CHAPTER,
            c::diffusion::checks::trials(&diffusion::solutions::ANSWERS),
        ),
        (
            &c::normalizing_flows::checks::CHAPTER,
            c::normalizing_flows::checks::trials(&normalizing_flows::solutions::ANSWERS),
        ),
        (&c::odes::checks::CHAPTER, c::odes::checks::trials(&odes::solutions::ANSWERS)),
        (
            &c::continuous_flows::checks::CHAPTER,
            c::continuous_flows::checks::trials(&continuous_flows::solutions::ANSWERS),
        ),
        (&c::sdes::checks::CHAPTER, c::sdes::checks::trials(&sdes::solutions::ANSWERS)),
        (
            &c::score_matching::checks::CHAPTER,
            c::score_matching::checks::trials(&score_matching::solutions::ANSWERS),
        ),
        (
            &c::one_network::checks::CHAPTER,
            c::one_network::checks::trials(&one_network::solutions::ANSWERS),
        ),
        (
            &c::couplings::checks::CHAPTER,
            c::couplings::checks::trials(&couplings::solutions::ANSWERS),
        ),
        (
            &c::rectified_flow::checks::CHAPTER,
            c::rectified_flow::checks::trials(&rectified_flow::solutions::ANSWERS),
        ),
        (&c::guidance::checks::CHAPTER, c::guidance::checks::trials(&guidance::solutions::ANSWERS)),
        (
            &c::interpolants::checks::CHAPTER,
            c::interpolants::checks::trials(&interpolants::solutions::ANSWERS),
        ),
    ]
}

fn read(path: &str) -> Option<String> {
    std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).ok()
}

/// Every exercise of every chapter.
fn all() -> impl Iterator<Item = &'static Exercise> {
    EXERCISES.iter().flat_map(|chapter| chapter.exercises)
}

#[test]
fn solutions_pass_and_every_listed_mistake_gets_its_own_sentence() {
    let solved = solved();
    assert!(solved.iter().map(|(chapter, _)| chapter.name).eq(EXERCISES.iter().map(|c| c.name)));
    for (chapter, trials) in &solved {
        let names = trials.iter().map(|trial| trial.exercise.name);
        assert!(names.eq(chapter.exercises.iter().map(|e| e.name)), "{}", chapter.name);
    }
    for trial in solved.iter().flat_map(|(_, trials)| trials) {
        let defects = trial.defects();
        assert!(defects.is_empty(), "{}:\n{}", trial.exercise.name, defects.join("\n"));
        let verdict = trial.judge();
        assert!(verdict.is_right() && verdict.says() == trial.exercise.learned, "{verdict}");
    }
}

/// mdBook's id of a heading.
fn slug(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn every_exercise_has_its_place_in_the_book_and_its_statements_have_tests() {
    let ledger = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ledger");
    let files = std::fs::read_dir(ledger).unwrap().map(|file| file.unwrap().path());
    let ledger: String = files.map(|file| std::fs::read_to_string(file).unwrap()).collect();
    for Exercise { name, place, statements, .. } in all() {
        assert!(!statements.is_empty(), "{name} belongs to no statement");
        for statement in *statements {
            let test = format!("fn {}_", statement.to_lowercase());
            assert!(ledger.contains(&test), "{name}: no test of {statement}");
        }
        let (page, id) = place.split_once('#').unwrap();
        let text = read(&format!("book/src/{page}")).expect("the page of an exercise");
        let headings = text.lines().filter(|line| line.starts_with('#'));
        let mut ids = headings.map(|line| slug(line.trim_start_matches('#')));
        assert!(ids.any(|other| other == id), "{name}: {page} has no heading #{id}");
    }
}

#[test]
fn a_heading_has_mdbooks_id() {
    assert_eq!(slug(" DDPM is one of them"), "ddpm-is-one-of-them");
    assert_eq!(slug("What comes out, at last?"), "what-comes-out-at-last");
}

#[test]
fn every_chapter_has_its_files_and_its_target() {
    let manifest = read("Cargo.toml").unwrap();
    for chapter in EXERCISES {
        let name = chapter.name;
        let target = format!(
            "[[test]]\nname = \"{name}_exercises\"\npath = \"exercises/{name}.rs\"\ntest = false\n\
             harness = false\n"
        );
        assert!(manifest.contains(&target), "Cargo.toml has no target for {name}");
        let solutions = read(&format!("exercises/solutions/{name}.rs")).unwrap();
        let stub = read(&format!("exercises/{name}.rs")).unwrap();
        for exercise in chapter.exercises {
            assert_eq!(exercise.chapter, name);
            let function = format!("fn {}(", exercise.name);
            assert!(stub.contains(&function) && solutions.contains(&function), "{function}");
        }
    }
}

/// A mistake that nobody listed is told this.
fn expect(verdict: Verdict, part: &str) {
    let says = verdict.says();
    let listed = matches!(verdict.outcome, Outcome::Wrong { known: true, .. });
    assert!(!verdict.is_right() && !listed, "not an unlisted mistake:\n{verdict}");
    assert!(says.contains(part), "`{part}` is not in what was said:\n{verdict}");
    let text = verdict.to_string();
    assert!(text.contains("Input: ") && text.contains("--hint 1"), "{text}");
    assert!(verdict.html().contains("<summary>Hint 1"), "{}", verdict.html());
}

#[test]
fn an_answer_that_changes_from_call_to_call_is_seen() {
    use std::cell::Cell;
    thread_local!(static CALLS: Cell<Float> = const { Cell::new(0.0) });
    expect(
        checks::linear_path(|x_0, _, _| {
            CALLS.set(CALLS.get() + 1.0);
            x_0 + CALLS.get()
        }),
        "returns different numbers",
    );
}

#[test]
fn a_wrong_shape_is_shown_on_the_input_that_is_spoken_of() {
    let verdict = checks::linear_path(|x_0, x_1, t| ((1.0 - t) * x_0 + t * x_1).sum(1));
    let Outcome::Wrong { says, evidence, .. } = &verdict.outcome else { panic!("{verdict}") };
    assert!(says.contains(&format!("({})", evidence.about)), "{verdict}");
    assert!(evidence.table.len() > 2, "{verdict}");
}

#[test]
fn a_panic_is_reported_with_its_place_and_todo_is_not_started() {
    let verdict = checks::linear_path(|x_0, x_1, _| x_0.matmul(x_1));
    let Outcome::Panicked { panic, .. } = &verdict.outcome else { panic!("{verdict}") };
    assert!(panic.place.starts_with("tests/exercises/main.rs:"), "{}", panic.place);
    assert!(panic.message.starts_with("matmul: "), "{}", panic.message);
    assert!(verdict.says().contains("It went through with: one point of the line"), "{verdict}");
    let untouched = checks::linear_path(|_, _, _| todo!());
    assert!(matches!(untouched.outcome, Outcome::NotStarted), "{untouched}");
}

#[test]
fn a_verdict_is_plain_text_here_and_escaped_in_a_notebook() {
    let verdict = checks::linear_path(|_, _, _| panic!("<b>a & b</b>"));
    let (text, html) = (verdict.to_string(), verdict.html());
    assert!(text.contains("<b>a & b</b>") && !text.contains('\x1b'), "{text}");
    assert!(html.contains("&lt;b&gt;a &amp; b&lt;/b&gt;") && !html.contains("<b>a"), "{html}");
    let long = text.lines().filter(|line| line.chars().count() > 100);
    assert_eq!(long.collect::<Vec<_>>(), [""; 0]);
}

/// A check whose mistakes are told apart by nothing has defects, and they are named.
#[test]
fn a_bad_check_is_found_out() {
    let check: Check<fn(&Tensor) -> Tensor> = Check {
        exercise: Exercise {
            chapter: "none",
            name: "double",
            statements: &[],
            place: "",
            outputs: &["2 x"],
            learned: "",
            hints: ["a", "b", "c"],
        },
        inputs: || vec![Input::new("1").with("x", Tensor::from([1.0, 2.0]))],
        run: |answer, input| vec![answer(input.tensor("x"))],
        right: |x| x * 2.0,
        wrong: &[
            Wrong { answer: |x| x * 3.0, says: "three" },
            Wrong { answer: |x| x * (3.0 + 50.0 * TOLERANCE as Float), says: "three and a bit" },
            Wrong { answer: |x| x + x, says: "right, in fact" },
        ],
    };
    let defects = check.defects(|x| x * 4.0).join("\n");
    let named = [
        "the solution does not pass",
        "`right, in fact` was not said",
        "answers 1 and 2 (0 is right) differ by",
        "answers 0 and 3 (0 is right) differ by 0e0",
        "a hint or the lesson is empty",
    ];
    for part in named {
        assert!(defects.contains(part), "`{part}` is not among\n{defects}");
    }
}
