//! Distances against their definitions, brute force, closed forms and SciPy.

use pushforward::data::{Law, Moons, Normal};
use pushforward::metrics::{
    Compared, Floor, assignment, compare, energy_distance, floor, frechet_distance, half_circle,
    sliced_wasserstein_2, wasserstein_2,
};
use pushforward::random::Rng;
use pushforward::{Float, Tensor};
use serde_json::Value;

/// f64 rounding of a sum of some hundred terms near 1.
const TOLERANCE: f64 = 1e-12;
/// What rounding to [`Float`] costs a coordinate, next to 1.
const EPSILON: f64 = Float::EPSILON as f64;

type Metric = fn(&Tensor, &Tensor) -> f64;
const METRICS: [(&str, Metric); 2] = [("energy distance", energy_distance), ("W2", wasserstein_2)];

#[track_caller]
fn assert_close(what: &str, value: f64, expected: f64, tolerance: f64) {
    assert!((value - expected).abs() <= tolerance, "{what}: {value}, expected {expected}");
}

fn distance(x: &[Float], y: &[Float]) -> f64 {
    x.iter().zip(y).map(|(&x, &y)| (f64::from(x) - f64::from(y)).powi(2)).sum::<f64>().sqrt()
}

fn total(cost: &[f64], columns: &[usize]) -> f64 {
    columns.iter().enumerate().map(|(i, j)| cost[i * columns.len() + j]).sum()
}

/// The least total over all permutations that extend `columns`.
fn least_total(cost: &[f64], n: usize, columns: &mut Vec<usize>) -> f64 {
    if columns.len() == n {
        return total(cost, columns);
    }
    let mut least = f64::INFINITY;
    for j in 0..n {
        if !columns.contains(&j) {
            columns.push(j);
            least = least.min(least_total(cost, n, columns));
            columns.pop();
        }
    }
    least
}

fn assert_permutation(columns: &[usize]) {
    let mut sorted = columns.to_vec();
    sorted.sort_unstable();
    assert!(sorted.iter().copied().eq(0..columns.len()), "{columns:?} is not a permutation");
}

/// Costs of every kind: of either sign, with ties (whole numbers), and all equal.
#[test]
fn an_assignment_is_the_best_of_all_permutations() {
    let mut rng = Rng::new(0);
    for n in 0..=7 {
        for case in 0..20 {
            let cost: Vec<f64> = (0..n * n)
                .map(|_| match case % 3 {
                    0 => 200.0 * rng.uniform_f64() - 100.0,
                    1 => rng.below(4) as f64,
                    _ => {
                        if case == 2 {
                            1.0
                        } else {
                            rng.uniform_f64().powi(8)
                        }
                    }
                })
                .collect();
            let columns = assignment(&cost, n);
            assert_permutation(&columns);
            let least = least_total(&cost, n, &mut Vec::new());
            assert_close(
                &format!("n = {n}, case {case}"),
                total(&cost, &columns),
                least,
                TOLERANCE * 100.0,
            );
        }
    }
}

/// On a line the best pairing is by rank.
#[test]
fn wasserstein_2_on_a_line_pairs_by_rank() {
    let mut rng = Rng::new(1);
    let (x, y) = (rng.normal(&[200, 1]), rng.uniform(&[200, 1]));
    let sorted = |x: &Tensor| {
        let mut x = x.to_vec();
        x.sort_by(Float::total_cmp);
        x
    };
    let squares = sorted(&x).into_iter().zip(sorted(&y)).map(|(x, y)| distance(&[x], &[y]).powi(2));
    let expected = (squares.sum::<f64>() / 200.0).sqrt();
    assert_close("W2", wasserstein_2(&x, &y), expected, TOLERANCE);
}

#[test]
fn wasserstein_2_is_the_least_over_permutations() {
    let mut rng = Rng::new(2);
    for (n, d) in [(1, 1), (2, 3), (5, 2), (7, 2)] {
        let (x, y) = (rng.normal(&[n, d]), rng.uniform_in(&[n, d], 1.0, 2.0));
        let (rows, columns) = (x.data().chunks_exact(d), y.data().chunks_exact(d));
        let cost: Vec<f64> =
            rows.flat_map(|x| columns.clone().map(|y| distance(x, y).powi(2))).collect();
        let least = least_total(&cost, n, &mut Vec::new());
        assert_close("W2", wasserstein_2(&x, &y), (least / n as f64).sqrt(), TOLERANCE);
    }
}

/// Moving every point by c costs |c| = 5, here up to the rounding of x + c.
#[test]
fn wasserstein_2_of_a_translation_is_its_length() {
    let x = Moons { noise: 0.05 }.sample(300, &mut Rng::new(3));
    let y = &x + &Tensor::from([3.0, -4.0]);
    assert_close("W2", wasserstein_2(&x, &y), 5.0, 8.0 * EPSILON);
}

/// D² = (naive mean) · 2 − (naive mean) − (naive mean).
#[test]
fn energy_distance_is_its_definition() {
    let mut rng = Rng::new(4);
    for (n, m, d) in [(1, 1, 1), (9, 16, 2), (33, 20, 3)] {
        let (x, y) = (rng.normal(&[n, d]), rng.uniform(&[m, d]));
        let mean = |x: &Tensor, y: &Tensor| {
            let (rows, columns) = (x.data().chunks_exact(d), y.data().chunks_exact(d));
            let distances = rows.flat_map(|x| columns.clone().map(|y| distance(x, y)));
            distances.sum::<f64>() / (x.shape()[0] * y.shape()[0]) as f64
        };
        let expected = 2.0 * mean(&x, &y) - mean(&x, &x) - mean(&y, &y);
        assert_close("D²", energy_distance(&x, &y), expected, TOLERANCE);
        assert_close("D², swapped", energy_distance(&y, &x), expected, TOLERANCE);
    }
}

#[test]
fn distances_are_what_scipy_finds() {
    let file: Value = serde_json::from_str(include_str!("reference/data.json")).unwrap();
    for case in file["distances"].as_array().unwrap() {
        let d = case["d"].as_u64().unwrap() as usize;
        let points = |name: &str| -> Tensor {
            let numbers = case[name].as_array().unwrap();
            let flat: Tensor = numbers.iter().map(|v| v.as_f64().unwrap() as Float).collect();
            flat.reshape(&[flat.len() / d, d])
        };
        let (x, y) = (points("x"), points("y"));
        for (name, metric) in [("energy_distance", METRICS[0].1), ("wasserstein_2", METRICS[1].1)] {
            assert_close(name, metric(&x, &y), case[name].as_f64().unwrap(), TOLERANCE);
        }
    }
}

#[test]
fn distances_are_symmetric_and_zero_for_equal_sets() {
    let mut rng = Rng::new(5);
    let (x, y) = (rng.normal(&[100, 2]), rng.normal(&[100, 2]));
    let order = rng.permutation(100);
    let shuffled: Tensor = order
        .iter()
        .flat_map(|&i| [x.at(&[i, 0]), x.at(&[i, 1])])
        .collect::<Tensor>()
        .reshape(&[100, 2]);
    for (name, metric) in METRICS {
        assert_close(name, metric(&x, &y), metric(&y, &x), TOLERANCE);
        assert_eq!(metric(&x, &x), 0.0, "{name} of a set and itself");
        // W2 is a root: what rounding leaves of a sum of squares near 1e-16 per point appears as
        // 1e-8.
        assert_close(name, metric(&x, &shuffled), 0.0, TOLERANCE.sqrt());
        assert!(metric(&x, &y) > 1e-3, "{name} of different sets");
    }
}

/// Same law: within four standard deviations of the floor. A whole unit away: more than four above
/// it.
#[test]
fn samples_of_the_law_are_at_the_floor_and_others_above() {
    let (law, mut rng) = (Normal::standard(2), Rng::new(6));
    let far = Normal { mean: vec![1.0, 0.0], std: 1.0 };
    for (name, metric) in METRICS {
        let good = compare(&law.sample(200, &mut rng), &law, metric, 10, &mut rng);
        let bad = compare(&far.sample(200, &mut rng), &law, metric, 10, &mut rng);
        assert!((good.value - good.floor.mean).abs() < 4.0 * good.floor.std, "{name}: {good}");
        assert!(bad.value > bad.floor.mean + 4.0 * bad.floor.std, "{name}: {bad}");
    }
}

/// The mean of the energy distance of two sets of n is 2/n · E‖X − X′‖, by the diagonals it counts;
/// for N(0, I) in the plane E‖X − X′‖ = √π.
#[test]
fn the_floor_of_the_energy_distance_has_a_closed_form() {
    let pairs = 200;
    let floor = floor(&Normal::standard(2), energy_distance, 50, pairs, &mut Rng::new(7));
    let expected = 2.0 / 50.0 * std::f64::consts::PI.sqrt();
    assert_close("floor", floor.mean, expected, 4.0 * floor.std / (pairs as f64).sqrt());
}

/// The first two of four numbers are the floor's pairs, with standard deviation √((½² + ½²)/1).
#[test]
fn a_floor_has_the_mean_and_the_standard_deviation_over_pairs() {
    let counter = std::cell::Cell::new(0.0);
    let count = |_: &Tensor, _: &Tensor| counter.replace(counter.get() + 1.0);
    let law = Normal::standard(1);
    let compared = compare(&Tensor::zeros(&[3, 1]), &law, count, 2, &mut Rng::new(8));
    assert_eq!(compared, Compared { value: 2.5, floor: Floor { mean: 0.5, std: 0.5f64.sqrt() } });
}

#[test]
fn a_distance_prints_with_its_floor() {
    let compared = Compared { value: 0.00541, floor: Floor { mean: 0.00128, std: 0.00109 } };
    assert_eq!(compared.to_string(), "0.0054 (floor 0.0013 ± 0.0011)");
    assert_eq!(format!("{compared:.5}"), "0.00541 (floor 0.00128 ± 0.00109)");
}

#[test]
#[should_panic(expected = "wasserstein_2: [3, 2] and [4, 2] hold different numbers of points")]
fn wasserstein_2_needs_equal_numbers() {
    wasserstein_2(&Tensor::zeros(&[3, 2]), &Tensor::zeros(&[4, 2]));
}

#[test]
#[should_panic(expected = "energy_distance: [3, 2] and [3, 1] are not points of one space")]
fn energy_distance_needs_one_space() {
    energy_distance(&Tensor::zeros(&[3, 2]), &Tensor::zeros(&[3, 1]));
}

#[test]
#[should_panic(expected = "assignment: a cost is NaN or infinite")]
fn wasserstein_2_needs_finite_points() {
    wasserstein_2(&Tensor::full(&[2, 2], Float::NAN), &Tensor::zeros(&[2, 2]));
}

/// Points whose mean is exactly `mean`, and covariance exactly `root` · `root`ᵀ.
fn points(mean: [f64; 2], root: [[f64; 2]; 2]) -> Tensor {
    let corners = [[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]];
    let coordinate = |c: [f64; 2], i: usize| mean[i] + root[i][0] * c[0] + root[i][1] * c[1];
    let flat: Vec<Float> =
        corners.iter().flat_map(|&c| [0, 1].map(|i| coordinate(c, i) as Float)).collect();
    Tensor::new(&[4, 2], flat)
}

#[test]
fn frechet_distance_of_laws_whose_distance_is_known() {
    let round = points([0.0, 0.0], [[1.0, 0.0], [0.0, 1.0]]);
    let far = points([3.0, -4.0], [[2.0, 0.0], [0.0, 0.5]]);
    // ‖μ₁ − μ₂‖² + (2 − 1)² + (0.5 − 1)², for the covariances commute.
    let distance = frechet_distance(&round, &far);
    assert!((distance - 26.25).abs() < 1e-5, "{distance}");
    assert!(frechet_distance(&far, &far) < 1e-5);
    // In the plane tr (Σ₁Σ₂)^½ = √(tr Σ₁Σ₂ + 2 √det Σ₁Σ₂), also where they do not commute:
    // Σ₁ = [[5, 3], [3, 2]] with determinant 1, Σ₂ = [[1, 2], [2, 13]] with determinant 9.
    let one = points([0.0, 0.0], [[2.0, 1.0], [1.0, 1.0]]);
    let other = points([0.0, 0.0], [[1.0, 0.0], [2.0, 3.0]]);
    let expected = 7.0 + 14.0 - 2.0 * (43.0f64 + 2.0 * 3.0).sqrt();
    for distance in [frechet_distance(&one, &other), frechet_distance(&other, &one)] {
        assert!((distance - expected).abs() < 1e-5, "{distance}, and not {expected}");
    }
}

/// Directions without any variance do no harm, nor do many dimensions.
#[test]
fn frechet_distance_in_many_dimensions() {
    let mut rng = Rng::new(5);
    let flat = |n: usize, rng: &mut Rng| rng.normal(&[n, 40]).pad(1, 0, 24);
    let (x, y) = (flat(500, &mut rng), flat(500, &mut rng));
    let near = frechet_distance(&x, &y);
    let moved = frechet_distance(&x, &(y + 0.5));
    assert!(near > 0.0 && near < 10.0 && (moved - near - 16.0).abs() < 4.0, "{near} {moved}");
}

/// A translation by v moves every shadow by θ·v: SW₂ = ‖v‖/√2 in the plane, for the mean of cos² over
/// evenly spaced angles is ½.
#[test]
fn sliced_wasserstein_2_of_a_translation_is_its_length_over_the_root_of_two() {
    let x = Rng::new(0).normal(&[50, 2]);
    let y = &x + Tensor::new(&[2], vec![3.0, -4.0]);
    for directions in [2, 3, 64] {
        let found = sliced_wasserstein_2(&x, &y, &half_circle(directions));
        assert_close("SW2", found, 5.0 / 2.0_f64.sqrt(), 20.0 * EPSILON);
    }
}

/// With one direction it is the W₂ of the shadows; over even directions at most W₂/√2, which pairing
/// points as they come does not give: those are of another order.
#[test]
fn sliced_wasserstein_2_sorts_shadows() {
    let mut rng = Rng::new(1);
    let (x, y) = (rng.normal(&[40, 2]), rng.normal(&[40, 2]) * 2.0);
    let axis = Tensor::new(&[1, 2], vec![0.0, 1.0]);
    let shadows = wasserstein_2(&x.slice(1, 1..2), &y.slice(1, 1..2));
    assert_close("SW2 of an axis", sliced_wasserstein_2(&x, &y, &axis), shadows, 1e-9);
    let sliced = sliced_wasserstein_2(&x, &y, &half_circle(64));
    let exact = wasserstein_2(&x, &y);
    assert!(sliced <= exact / 2.0_f64.sqrt() && sliced > 0.3 * exact, "{sliced} and {exact}");
    let unsorted = (f64::from((&x - &y).square().sum(1).mean(..).item()) / 2.0).sqrt();
    assert!(unsorted > 1.5 * sliced, "{unsorted} and {sliced}");
}

#[test]
#[should_panic(expected = "must hold as many points")]
fn sliced_wasserstein_2_names_sets_of_different_size() {
    sliced_wasserstein_2(&Tensor::ones(&[3, 2]), &Tensor::ones(&[4, 2]), &half_circle(2));
}
