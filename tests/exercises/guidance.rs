//! Guidance: mistakes that nobody listed, and a part of what each must be told.

#[allow(dead_code)] // its `main`
#[path = "../../exercises/solutions/guidance.rs"]
pub mod solutions;

use crate::expect;
use pushforward::chapters::guidance::checks::{self, Dropped, Guided, Mixed, Normal};
use pushforward::chapters::guidance::{self as chapter, NOTHING};
use pushforward::random::Rng;
use pushforward::{Float, Tensor};
use solutions::ANSWERS;

fn close(a: &Tensor, b: &Tensor) {
    assert!(a.is_close(&b.detach(), 1e-4, 1e-4), "{a}\n{b}");
}

/// The solutions do what the chapter does.
#[test]
fn the_guidance_solutions_are_the_chapters_functions() {
    let mut rng = Rng::new(441);
    let [with, without] = [(); 2].map(|()| rng.normal(&[5, 2]));
    let found = (ANSWERS.guided_velocity)(&with, &without, 2.5);
    close(&found, &chapter::guided(&with, &without, 2.5));
    let labels = Tensor::from_fn(&[50], |i| (i % 10) as Float);
    let u = rng.uniform(&[50]);
    let found = (ANSWERS.drop_labels)(&labels, &u, 0.3, NOTHING as Float);
    close(&found, &chapter::drop_labels(&labels, &u, 0.3));
    let (guided, tilted) = (ANSWERS.normal_widths)(&Tensor::from([0.5]), &Tensor::from([1.2]), 2.0);
    close(&guided, &Tensor::from([chapter::guided_std(0.5, 1.2, 2.0) as Float]));
    close(&tilted, &Tensor::from([chapter::tilted_std(0.5, 1.2, 2.0) as Float]));
}

#[test]
fn unlisted_mistakes_of_guidance_are_diagnosed() {
    let mixed: [(Mixed, &str); 2] = [
        (|u, p, q| (ANSWERS.velocity_of_all)(u, p, q) * 2.0, "times too large"),
        (|u, p, q| (ANSWERS.velocity_of_all)(u, p, q).sum(1), "has shape"),
    ];
    for (answer, part) in mixed {
        expect(checks::velocity_of_all(answer), part);
    }
    let dropped: [(Dropped, &str); 1] =
        [(|y, u, p, n| (ANSWERS.drop_labels)(y, u, p, n).reshape(&[y.len(), 1]), "has shape")];
    for (answer, part) in dropped {
        expect(checks::drop_labels(answer), part);
    }
    let guided: [(Guided, &str); 2] = [
        (|a, b, w| -(ANSWERS.guided_velocity)(a, b, w), "sign"),
        (|a, _, _| a.clone(), "`with` itself"),
    ];
    for (answer, part) in guided {
        expect(checks::guided_velocity(answer), part);
    }
    let widths: [(Normal, &str); 2] = [
        (|a, b, w| (ANSWERS.normal_widths)(b, a, w), "exchanged"),
        (
            |a, b, w| {
                let (guided, tilted) = (ANSWERS.normal_widths)(a, b, w);
                (tilted, guided)
            },
            "in the wrong order",
        ),
    ];
    for (answer, part) in widths {
        expect(checks::normal_widths(answer), part);
    }
}
