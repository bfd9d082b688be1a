//! Couplings: mistakes that nobody listed, and a part of what each must be told.

#[allow(dead_code)] // its `main`
#[path = "../../exercises/solutions/couplings.rs"]
pub mod solutions;

use crate::expect;
use pushforward::chapters::couplings::checks::{self, Costs, Energy, FieldOfPairs, Gap};
use pushforward::chapters::couplings::{self as chapter, Pairs};
use pushforward::random::Rng;
use pushforward::{Float, Tensor};
use solutions::ANSWERS;

fn close(a: &Tensor, b: &Tensor) {
    assert!(a.is_close(&b.detach(), 1e-4, 1e-4), "{a}\n{b}");
}

/// The solutions do what the chapter does.
#[test]
fn the_coupling_solutions_are_the_chapters_functions() {
    let mut rng = Rng::new(621);
    let [a, b, x] = [(); 3].map(|()| rng.normal(&[6, 2]));
    close(&(ANSWERS.pair_costs)(&a, &b), &chapter::costs(&a, &b));
    let u = (ANSWERS.pairs_velocity)(&a, &b, 0.3, 0.4, &x);
    let states = Tensor::stack(&[&a, &x, &b], 0);
    let listed = [(0.0, a.clone()), (0.5, x.clone()), (1.0, b.clone())];
    close(&(ANSWERS.way_energy)(&states), &chapter::path_energy(&listed));
    let pairs = Pairs { a, b, sigma: 0.3 };
    close(&u, &pairs.velocity(&Tensor::full(&[6, 1], 0.4), &x));
    let gap = f64::from((ANSWERS.path_energy_gap)(7.0, 2.0));
    assert!((gap - chapter::normalised_path_energy(7.0, 4.0)).abs() < 1e-6);
}

#[test]
fn unlisted_mistakes_of_couplings_are_diagnosed() {
    let field: [(FieldOfPairs, &str); 3] = [
        (|a, b, s, t, x| -(ANSWERS.pairs_velocity)(a, b, s, t, x), "sign"),
        (|a, b, s, t, x| (ANSWERS.pairs_velocity)(a, b, s, t, x) * 2.0, "times too large"),
        (|a, b, s, t, x| (ANSWERS.pairs_velocity)(a, b, s, t, x).sum(1), "has shape"),
    ];
    for (answer, part) in field {
        expect(checks::pairs_velocity(answer), part);
    }
    let costs: [(Costs, &str); 2] = [
        (|a, b| (ANSWERS.pair_costs)(a, b) * 0.5, "times too small"),
        (|a, b| (ANSWERS.pair_costs)(a, b).sum(1), "has shape"),
    ];
    for (answer, part) in costs {
        expect(checks::pair_costs(answer), part);
    }
    let savings: [(Costs, &str); 2] = [
        (|a, b| (ANSWERS.swap_savings)(a, b) * 2.0, "times too large"),
        (|a, b| (ANSWERS.swap_savings)(a, b).sum(..), "has shape"),
    ];
    for (answer, part) in savings {
        expect(checks::swap_savings(answer), part);
    }
    let energy: [(Energy, &str); 2] = [
        (|x| (ANSWERS.way_energy)(x) * 0.5, "times too small"),
        (|x| (ANSWERS.way_energy)(x).reshape(&[1]), "has shape"),
    ];
    for (answer, part) in energy {
        expect(checks::way_energy(answer), part);
    }
    let gap: [(Gap, &str); 1] =
        [(|energy: Float, w2| (ANSWERS.path_energy_gap)(energy, w2) * 2.0, "times too large")];
    for (answer, part) in gap {
        expect(checks::path_energy_gap(answer), part);
    }
}
