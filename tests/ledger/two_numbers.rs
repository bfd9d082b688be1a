//! The smallest game: G4 where it can be followed with a pencil.

use pushforward::chapters::gan::run_two_numbers::{Way, round};
use pushforward::chapters::gan::value;
use pushforward::{Float, Tensor, grad};

/// ∂V/∂θ and ∂V/∂φ of the game itself, by automatic differentiation: data at 0, a fake at θ, the
/// logit φ x.
fn slopes([theta, phi]: [f64; 2]) -> [f64; 2] {
    let [theta, phi] = [theta, phi].map(|v| Tensor::from([[v as Float]]).variable());
    let v = value(&(&phi * 0.0), &(&phi * &theta));
    let slopes = grad(&v, &[&theta, &phi]);
    [0, 1].map(|i| f64::from(slopes[i].item()))
}

fn square([theta, phi]: [f64; 2]) -> f64 {
    theta * theta + phi * phi
}

/// A round climbs V in φ and descends in θ, and leads around the point of rest: outwards by the factor
/// 1 + h² σ² at the same time, nowhere in turns, inwards with a brake. With the sign of the misprint,
/// D descending, both run away.
#[test]
fn g4_two_numbers_chase_each_other() {
    let h = 0.2;
    for state in [[1.0, 0.0], [0.5, -1.5], [-2.0, 0.7]] {
        let [up, down] = slopes(state);
        let [theta, phi] = round(state, h, Way::Together);
        assert!((theta - (state[0] - h * up)).abs() < 1e-6, "{theta}");
        assert!((phi - (state[1] + h * down)).abs() < 1e-6, "{phi}");
        let sigma = 1.0 / (1.0 + (-state[0] * state[1]).exp());
        let factor = square([theta, phi]) / square(state);
        assert!((factor - (1.0 + h * h * sigma * sigma)).abs() < 1e-12, "{factor}");
    }
    let play = |way: Way| (0..1000).fold([1.0, 0.0], |state, _| round(state, h, way));
    let after = [Way::Together, Way::InTurns, Way::Braked(0.3)].map(|way| square(play(way)).sqrt());
    println!("after 1000 rounds {after:?} from the point of rest");
    assert!(after[0] > 3.0, "{after:?}");
    assert!((0.9..1.1).contains(&after[1]), "{after:?}");
    assert!(after[2] < 1e-6, "{after:?}");

    let misprint = |state: [f64; 2]| {
        let [of_theta, of_phi] = slopes(state);
        [state[0] - h * of_theta, state[1] - h * of_phi]
    };
    let away = (0..100).fold([1.0, 0.0], |state, _| misprint(state));
    println!("with D descending {away:?} after 100");
    assert!(square(away) > 100.0 && away[0] * away[1] > 0.0, "{away:?}");
}
