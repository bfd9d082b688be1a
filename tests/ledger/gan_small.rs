//! The smallest games, which can be followed with a pencil: G2 with three boxes, G4 with two numbers.

use crate::as_f64;
use pushforward::chapters::gan::run_two_numbers::{Way, round};
use pushforward::chapters::gan::{Objective, value};
use pushforward::{Float, Tensor, grad};

/// A discriminator that is free in each of three boxes, trained on eight data and eight fakes: by
/// cross-entropy its σ(a), by least squares a itself becomes the share of the data in the box. The
/// loss that is left by least squares is ½ ∫ q p/(q + p).
#[test]
fn g2_in_a_box_the_best_answer_is_the_share_of_the_data() {
    let (data, fakes) = ([4, 3, 1], [1, 3, 4]);
    let boxes = |counts: [usize; 3]| -> Tensor {
        let each = counts.iter().enumerate().flat_map(|(i, &n)| vec![i as Float; n]);
        each.collect::<Tensor>().one_hot(3) // [8, 3]: row by row, which box
    };
    let (x, fake) = (boxes(data), boxes(fakes));
    let trained = |objective: Objective, lr: Float| {
        let loss = |a: &Tensor| objective.discriminator_loss(&x.matmul(a), &fake.matmul(a));
        let step = |a: Tensor, _| {
            let a = a.variable();
            a.detach() - &grad(&loss(&a), &[&a])[0] * lr
        };
        let a = (0..2000).fold(Tensor::zeros(&[3, 1]), step);
        (as_f64(&a), f64::from(loss(&a).item()))
    };
    let (logits, _) = trained(Objective::Minimax, 2.0);
    let (squares, left) = trained(Objective::LeastSquares, 1.0);
    let of_logits: Vec<f64> = logits.iter().map(|a| 1.0 / (1.0 + (-a).exp())).collect();
    println!("by cross-entropy {of_logits:?}, by least squares {squares:?}, loss {left}");
    let share = |i: usize| data[i] as f64 / (data[i] + fakes[i]) as f64;
    for i in 0..3 {
        assert!((of_logits[i] - share(i)).abs() < 1e-4, "{of_logits:?}");
        assert!((squares[i] - share(i)).abs() < 1e-4, "{squares:?}");
    }
    assert!((squares[0] - share(2)).abs() > 0.5, "the labels exchanged would pass");
    let integrand = |i: usize| share(i) * fakes[i] as f64 / 8.0;
    let expected = 0.5 * (0..3).map(integrand).sum::<f64>();
    assert!((left - expected).abs() < 1e-5, "{left} and {expected}");
}

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
