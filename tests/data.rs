//! The toy laws against their own definitions, brute force, Monte Carlo and SciPy.

use pushforward::data::{
    Checkerboard, Circles, Law, Mixture, Moons, Normal, Pinwheel, Rings, SwissRoll, TwoSpirals,
    make_moons,
};
use pushforward::random::Rng;
use pushforward::{Float, Tensor};
use serde_json::Value;
use std::f64::consts::PI;

/// What rounding to [`Float`] costs a coordinate, next to 1.
const EPSILON: f64 = Float::EPSILON as f64;

fn reference(group: &str) -> Vec<Vec<f64>> {
    let file: Value = serde_json::from_str(include_str!("reference/data.json")).unwrap();
    let row = |row: &Value| row.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    file[group].as_array().unwrap().iter().map(row).collect()
}

fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    (mean, (squares / (n - 1.0) / n).sqrt())
}

/// Four standard errors: a right program fails one seed in sixteen thousand, and the seeds are
/// fixed.
#[track_caller]
fn assert_within_errors(what: &str, values: &[f64], expected: f64) {
    let (mean, error) = mean_and_error(values);
    assert!(
        (mean - expected).abs() < 4.0 * error,
        "{what}: mean {mean}, expected {expected}, standard error {error}"
    );
}

fn uneven() -> Mixture {
    let means = vec![vec![-1.0, 0.5], vec![1.2, 1.0], vec![0.3, -1.4]];
    Mixture { weights: vec![0.5, 0.3, 0.2], means, std: 0.5 }
}

fn laws() -> Vec<(&'static str, Box<dyn Law>)> {
    vec![
        ("standard normal", Box::new(Normal::standard(2))),
        ("normal", Box::new(Normal { mean: vec![0.5, -1.0], std: 0.25 })),
        ("moons .05", Box::new(Moons { noise: 0.05 })),
        ("moons .2", Box::new(Moons { noise: 0.2 })),
        ("eight Gaussians", Box::new(Mixture::eight_gaussians())),
        ("uneven mixture", Box::new(uneven())),
        ("two spirals", Box::new(TwoSpirals)),
        ("circles", Box::new(Circles)),
        ("rings", Box::new(Rings)),
        ("Swiss roll", Box::new(SwissRoll)),
        ("pinwheel", Box::new(Pinwheel)),
    ]
}

/// Trapezoidal rule, exact to rounding at a step below σ/3, on a square that leaves out less than
/// 1e-12. Its points are multiples of a power of two, which single precision holds.
#[test]
fn densities_integrate_to_one() {
    let squares = [
        (-8.0, 8.0, 0.25),
        (-3.0, 3.0, 0.0625),
        (-1.5, 2.5, 0.015625),
        (-3.0, 4.0, 0.0625),
        (-10.0, 10.0, 0.125),
        (-6.0, 6.0, 0.125),
        (-4.0, 4.0, 0.03125),
        (-5.0, 5.0, 0.0625),
        (-4.0, 4.0, 0.03125),
        (-5.0, 5.0, 0.0625),
        (-7.0, 7.0, 0.03125),
    ];
    for ((name, law), (low, high, h)) in laws().into_iter().zip(squares) {
        let side = ((high - low) / h) as usize;
        let place = |i: usize| low + i as Float * h;
        let grid =
            Tensor::from_fn(&[side * side, 2], |i| place([i / 2 / side, i / 2 % side][i % 2]));
        let density = law.log_density(&grid).into_iter().map(f64::exp);
        let integral = density.sum::<f64>() * f64::from(h * h);
        assert!((integral - 1.0).abs() < 1e-11, "{name}: the density integrates to {integral}");
    }
}

#[test]
fn the_entropy_is_the_mean_of_minus_log_density() {
    for (name, law) in laws() {
        let x = law.sample(20_000, &mut Rng::new(1));
        let surprise: Vec<f64> = law.log_density(&x).into_iter().map(|log_p| -log_p).collect();
        assert_within_errors(name, &surprise, law.entropy());
    }
}

/// A mixture of one component is a normal law; components far apart have its entropy and that of the
/// choice between them.
#[test]
fn the_entropy_of_mixtures_in_two_limits() {
    let normal = Normal { mean: vec![0.5, -1.0], std: 0.25 };
    let one = Mixture::even(vec![normal.mean.clone()], normal.std);
    assert!((one.entropy() - normal.entropy()).abs() < 1e-10);
    let x = normal.sample(100, &mut Rng::new(5));
    let pairs = one.log_density(&x).into_iter().zip(normal.log_density(&x));
    assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-12));
    let means = [0.0, 20.0, 50.0].map(|m| vec![m, -m]).to_vec();
    let weights = vec![0.5, 0.3, 0.2];
    let choice: f64 = weights.iter().map(|w| -w * f64::ln(*w)).sum();
    let apart = Mixture { weights, means, std: 0.25 };
    assert!((apart.entropy() - normal.entropy() - choice).abs() < 1e-10);
}

#[test]
fn the_components_of_a_mixture_have_their_weights_and_means() {
    let (mixture, n) = (uneven(), 40_000);
    let x = mixture.sample(n, &mut Rng::new(6)).rows::<2>();
    for axis in 0..2 {
        let terms = mixture.weights.iter().zip(&mixture.means).map(|(w, m)| w * m[axis]);
        let values: Vec<f64> = x.iter().map(|x| x[axis]).collect();
        assert_within_errors("mean", &values, terms.sum());
        let second = mixture.weights.iter().zip(&mixture.means).map(|(w, m)| w * m[axis].powi(2));
        let squares: Vec<f64> = values.iter().map(|v| v * v).collect();
        assert_within_errors("second moment", &squares, second.sum::<f64>() + 0.25);
    }
}

/// Every draw is on a black square, each square gets an eighth of them, and each half of it a half.
#[test]
fn the_checkerboard_is_even() {
    let n = 40_000;
    let x = Checkerboard.sample(n, &mut Rng::new(7));
    assert!(Checkerboard.log_density(&x).iter().all(|&v| v == -Checkerboard.entropy()));
    assert!((Checkerboard.entropy() - 32f64.ln()).abs() < 1e-15);
    for square in 0..8 {
        let [left, below] =
            [2 * (square % 2) + square / 2 % 2, square / 2].map(|i| f64::from(2 * i - 4));
        let inside =
            |x: &[f64; 2]| x[0] >= left && x[0] < left + 2.0 && x[1] >= below && x[1] < below + 2.0;
        let share = |f: &dyn Fn(&[f64; 2]) -> bool| -> Vec<f64> {
            x.rows::<2>().iter().map(|x| f64::from(u8::from(f(x)))).collect()
        };
        assert_within_errors("a square", &share(&inside), 1.0 / 8.0);
        assert_within_errors(
            "its left half",
            &share(&|x| inside(x) && x[0] < left + 1.0),
            1.0 / 16.0,
        );
    }
    let outside = Tensor::from([[-3.0, -1.0], [4.0, 4.0], [-4.5, -3.0], [3.9, -3.9], [0.5, -4.1]]);
    assert!(Checkerboard.log_density(&outside).iter().all(|&v| v == f64::NEG_INFINITY));
}

/// Two quadratures with nothing in common but the law; ours claims nine decimals.
#[test]
fn the_entropy_of_moons_is_what_scipy_finds() {
    for row in reference("entropy") {
        let [noise, expected] = row[..] else { panic!("a row is [noise, entropy]") };
        let entropy = Moons { noise }.entropy();
        assert!((entropy - expected).abs() < 1e-9, "noise {noise}: {entropy}, SciPy {expected}");
    }
}

/// The reference points are not all exact in single precision: moving a point by ε moves ln p by up
/// to ε |x| ‖∇ ln p‖ ≤ ε |x| (|x| + 2.2)/σ², every point of the moons being within 2.2 of the
/// origin.
#[test]
fn the_density_of_moons_is_what_mpmath_finds() {
    for row in reference("log_density") {
        let [noise, x, y, expected] = row[..] else { panic!("a row is [noise, x, y, ln p]") };
        let point = Tensor::from([[x as Float, y as Float]]);
        let log_p = Moons { noise }.log_density(&point)[0];
        let size = x.hypot(y);
        let moved = if cfg!(feature = "f64") { 0.0 } else { EPSILON * size * (size + 2.2) };
        let tolerance = 1e-12 * expected.abs().max(1.0) + moved / (noise * noise);
        assert!(
            (log_p - expected).abs() < tolerance,
            "noise {noise} at ({x}, {y}): {log_p}, mpmath {expected}, tolerance {tolerance}"
        );
    }
}

/// The midpoint rule over 400 000 angles: off by (π/400 000)²/24 times the second derivative, which
/// is below 100/σ⁴ of the density within 10σ of a moon.
#[test]
fn the_density_of_moons_is_the_sum_over_angles() {
    let noise: f64 = 0.1;
    let x = Moons { noise }.sample(20, &mut Rng::new(2));
    for (point, log_p) in x.rows::<2>().into_iter().zip((Moons { noise }).log_density(&x)) {
        let n = 400_000;
        let gaussian = |[a, b]: [f64; 2]| {
            let squared = (point[0] - a).powi(2) + (point[1] - b).powi(2);
            (-squared / (2.0 * noise * noise)).exp() / (2.0 * PI * noise * noise)
        };
        let both = |i: i32| {
            let (sin, cos) = (PI * (f64::from(i) + 0.5) / f64::from(n)).sin_cos();
            0.5 * (gaussian([cos, sin]) + gaussian([1.0 - cos, 0.5 - sin]))
        };
        let density = (0..n).map(both).sum::<f64>() / f64::from(n);
        assert!((log_p - density.ln()).abs() < 1e-6, "at {point:?}: {log_p}, sum {}", density.ln());
    }
}

/// The share of points in each of 64 squares beside the integral of the density over it: samples and
/// density belong to the same curve. Four standard errors and a half, since many squares are looked at.
#[test]
fn points_fall_where_the_density_says() {
    for (name, law) in laws().into_iter().skip(6) {
        let (n, side, h) = (40_000, 8, 1.0 / 16.0);
        let x = law.sample(n, &mut Rng::new(9)).rows::<2>();
        for cell in 0..side * side {
            let [left, below] = [cell % side, cell / side].map(|i| i as f64 - 4.0);
            let place = |i: usize| {
                [left + h * (0.5 + (i % 16) as f64), below + h * (0.5 + (i / 16) as f64)]
            };
            let grid = Tensor::from_fn(&[256, 2], |i| place(i / 2)[i % 2] as Float);
            let share = law.log_density(&grid).into_iter().map(f64::exp).sum::<f64>() * h * h;
            let inside = |p: &&[f64; 2]| {
                (left..left + 1.0).contains(&p[0]) && (below..below + 1.0).contains(&p[1])
            };
            let found = x.iter().filter(inside).count() as f64 / n as f64;
            let error = (share * (1.0 - share) / n as f64).sqrt() + 1e-4;
            assert!(
                (found - share).abs() < 4.5 * error,
                "{name}, cell {cell}: {found}, not {share}"
            );
        }
    }
}

/// Four digits of the entropies of the curves by another grid: steps of σ/2 on the whole square.
#[test]
fn entropies_of_curves_by_another_grid() {
    for (law, half, h) in
        [(TwoSpirals, 4.0, 0.05), (Circles, 5.0, 0.12), (Rings, 3.8, 0.04), (SwissRoll, 5.0, 0.1)]
    {
        let side = (2.0 * half / h) as usize + 1;
        let place = |i: usize| h * i as f64 - half;
        let grid = Tensor::from_fn(&[side * side, 2], |i| {
            place([i / 2 / side, i / 2 % side][i % 2]) as Float
        });
        let terms = law.log_density(&grid).into_iter().map(|log_p| -log_p.exp() * log_p);
        let (entropy, other) = (law.entropy(), terms.sum::<f64>() * h * h);
        assert!((entropy - other).abs() < 5e-5, "{law:?}: {entropy}, on another grid {other}");
    }
}

/// E x = ½, E y = ¼; E x² = ½ (½) + ½ (1 + ½) + σ² = 1 + σ²,
/// E y² = ½ (½) + ½ (¼ − 2/π + ½) + σ² = ⅝ − 1/π + σ², E xy = ½ E(1 − cos θ)(½ − sin θ) = ¼ − 1/π.
#[test]
fn moments_of_moons() {
    let noise = 0.1;
    let (second, n) = (noise * noise, 40_000);
    let strata = make_moons(n, noise, &mut Rng::new(3)).rows::<2>();
    let draws = Moons { noise }.sample(n, &mut Rng::new(4)).rows::<2>();
    type Moment = fn([f64; 2]) -> f64;
    let moments: [(&str, Moment, f64); 5] = [
        ("E x", |[x, _]| x, 0.5),
        ("E y", |[_, y]| y, 0.25),
        ("E x²", |[x, _]| x * x, 1.0 + second),
        ("E y²", |[_, y]| y * y, 0.625 - 1.0 / PI + second),
        ("E xy", |[x, y]| x * y, 0.25 - 1.0 / PI),
    ];
    for (name, moment, expected) in moments {
        for (kind, points) in [("sample", &draws), ("make_moons", &strata)] {
            let values: Vec<f64> = points.iter().map(|&point| moment(point)).collect();
            assert_within_errors(&format!("{kind}: {name}"), &values, expected);
        }
    }
}

#[test]
fn moments_and_closed_forms_of_the_normal() {
    let law = Normal { mean: vec![1.0, -2.0, 0.5], std: 0.5 };
    let x = law.sample(20_000, &mut Rng::new(5));
    assert_eq!((law.dim(), x.shape()), (3, &[20_000, 3][..]));
    for (k, mean) in law.mean.iter().enumerate() {
        let column: Vec<f64> = x.rows::<3>().iter().map(|row| row[k]).collect();
        let squares: Vec<f64> = column.iter().map(|x| (x - mean) * (x - mean)).collect();
        assert_within_errors("mean", &column, *mean);
        assert_within_errors("variance", &squares, 0.25);
    }
    let at_mean = law.log_density(&Tensor::from([[1.0, -2.0, 0.5], [1.5, -2.0, 0.5]]));
    let peak = -1.5 * (2.0 * PI * 0.25).ln();
    assert!((at_mean[0] - peak).abs() < 1e-14 && (at_mean[1] - (peak - 0.5)).abs() < 1e-14);
    assert!((law.entropy() - (1.5 - peak)).abs() < 1e-14);
}

/// Every point of `make_moons(n, 0)`, sorted along its moon, is where scikit-learn puts it: outer
/// moon cos(linspace(0, π, n // 2)), …, inner moon with n − n // 2 points.
#[test]
fn make_moons_has_evenly_spaced_angles_and_half_the_points_on_each_moon() {
    for n in [1, 2, 3, 4, 7, 256, 257] {
        let mut points = make_moons(n, 0.0, &mut Rng::new(6)).rows::<2>();
        for (inner, count) in [(false, n / 2), (true, n - n / 2)] {
            for i in 0..count {
                let (sin, cos) = (PI * i as f64 / (count as f64 - 1.0).max(1.0)).sin_cos();
                let expected = if inner { [1.0 - cos, 0.5 - sin] } else { [cos, sin] };
                let distance = |p: &[f64; 2]| (p[0] - expected[0]).hypot(p[1] - expected[1]);
                let found = points.iter().position(|point| distance(point) < 4.0 * EPSILON);
                points.swap_remove(
                    found.unwrap_or_else(|| panic!("n = {n}: {expected:?} is missing")),
                );
            }
        }
        assert!(points.is_empty(), "n = {n}: {points:?} are too many");
    }
}

/// Shuffled, 64 ± 4 of the first 128 points are on the outer moon (a hypergeometric law): six
/// standard deviations are allowed.
#[test]
fn make_moons_shuffles_and_adds_noise_of_the_right_size() {
    let clean = make_moons(256, 0.0, &mut Rng::new(7));
    let noise = make_moons(256, 1e-3, &mut Rng::new(7)) - &clean;
    let squares: Vec<f64> = noise.data().iter().map(|&z| (f64::from(z) * 1e3).powi(2)).collect();
    assert_within_errors("noise²/σ²", &squares, 1.0);
    let outer = |[x, y]: &&[f64; 2]| (x.hypot(*y) - 1.0).abs() < 4.0 * EPSILON;
    let count = clean.rows::<2>()[..128].iter().filter(outer).count();
    assert!((40..=88).contains(&count), "{count} of the first 128 on the outer moon");
}

#[test]
fn the_same_seed_gives_the_same_points() {
    for (_, law) in laws() {
        let draw = || law.sample(5, &mut Rng::new(8)).to_vec();
        assert_eq!(draw(), draw());
        assert_eq!(law.sample(0, &mut Rng::new(8)).shape(), [0, 2]);
    }
    assert_eq!(make_moons(0, 0.1, &mut Rng::new(8)).shape(), [0, 2]);
}

#[test]
#[should_panic(expected = "noise is 0, but must be positive and finite")]
fn moons_without_noise_have_no_density() {
    Moons { noise: 0.0 }.log_density(&Tensor::zeros(&[1, 2]));
}

#[test]
#[should_panic(expected = "std is -1, but must be positive and finite")]
fn a_normal_law_has_a_positive_std() {
    Normal { mean: vec![0.0], std: -1.0 }.entropy();
}

#[test]
#[should_panic(expected = "has points of shape [n, 2], not [3, 4]")]
fn points_of_another_space_are_named() {
    Moons { noise: 0.1 }.log_density(&Tensor::zeros(&[3, 4]));
}

/// Three standard deviations of a normal law in the plane hold 98.9 % of it; of the noise across a
/// curve, 99.7 %. All modes are of the same weight, but for chance: n = 8000, so that a share of 1/8 has
/// a standard error of 0.0037.
#[test]
fn the_modes_of_the_comparison_hold_their_laws() {
    let mut rng = Rng::new(5);
    for set in pushforward::chapters::side_by_side::sets::sets() {
        let points = set.law.sample(8000, &mut rng).rows::<2>();
        let mut counts = vec![0; set.modes];
        points.iter().filter_map(|&x| (set.mode)(x)).for_each(|mode| counts[mode] += 1);
        let near = f64::from(counts.iter().sum::<i32>()) / 8000.0;
        assert!(near > 0.985, "{}: {near} of the points belong to a mode", set.name);
        for count in counts {
            let (share, due) = (f64::from(count) / 8000.0, 1.0 / set.modes as f64);
            assert!((share - due).abs() < 0.02, "{}: a mode has {share}, not {due}", set.name);
        }
        let far = [[60.0, 60.0], [f64::NAN, 0.0]].map(|x| (set.mode)(x));
        assert_eq!(far, [None, None], "{}", set.name);
        let reach = |x: &[f64; 2]| (0..2).all(|i| (x[i] - set.middle[i]).abs() <= set.reach);
        let shown = points.iter().filter(|x| reach(x)).count();
        assert!(shown >= 7990, "{}: the picture shows {shown} of 8000", set.name);
    }
}
