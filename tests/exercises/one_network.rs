//! One network: mistakes that nobody listed, and a part of what each must be told.

#[allow(dead_code)] // its `main`
#[path = "../../exercises/solutions/one_network.rs"]
pub mod solutions;

use crate::expect;
use pushforward::chapters::flow_matching::path::Path;
use pushforward::chapters::one_network::checks::{self, Ddim, FromNoise, FromVelocity, Place};
use pushforward::chapters::one_network::{
    self as chapter, Believed, Question, Schedules, convert, discrete,
};
use pushforward::random::Rng;
use pushforward::{Float, Tensor};
use solutions::ANSWERS;

fn close(a: &Tensor, b: &Tensor) {
    assert!(a.is_close(&b.detach(), 1e-4, 1e-4), "{a}\n{b}");
}

/// The solutions do what the chapter does.
#[test]
fn the_one_network_solutions_are_the_chapters_functions() {
    let mut rng = Rng::new(421);
    let [x, said] = [(); 2].map(|()| rng.normal(&[4, 2]));
    for (_, path) in Path::ALL {
        let at = Schedules::of(&path, &Tensor::full(&[4, 1], 0.6));
        let Schedules { alpha, sigma, alpha_dot, sigma_dot } = &at;
        let (from, to) = (Question::Noise, Question::Velocity);
        let found = (ANSWERS.velocity_from_noise)(&said, &x, alpha, alpha_dot, sigma, sigma_dot);
        close(&found, &convert(from, to, &said, &x, &at));
        let found = (ANSWERS.data_from_velocity)(&said, &x, alpha, alpha_dot, sigma, sigma_dot);
        close(&found, &convert(to, Question::Data, &said, &x, &at));
        let found = (ANSWERS.score_from_velocity)(&said, &x, alpha, alpha_dot, sigma, sigma_dot);
        close(&found, &convert(to, Question::Score, &said, &x, &at));
        let weight = (to.gain(&at) / from.gain(&at)).square();
        close(&(ANSWERS.loss_weight)(alpha, alpha_dot, sigma, sigma_dot), &weight);
        let (t, place) = chapter::on_the_linear_path(&x, &at);
        let ours = (ANSWERS.on_the_linear_path)(&x, alpha, sigma);
        close(&ours.0, &t);
        close(&ours.1, &place);
        let next = Schedules::of(&path, &Tensor::full(&[4, 1], 0.7));
        let believed: Believed = from.believed(&said, &x, &at);
        let [a, s, b, r] = [alpha, sigma, &next.alpha, &next.sigma].map(|v| v.data()[0]);
        close(&(ANSWERS.ddim_step)(&said, &x, a, s, b, r), &chapter::ddim_step(&believed, &next));
    }
    let [first, last] = discrete::BETA.map(|beta| beta as Float);
    let chain = discrete::exact(30);
    let due = Tensor::from_fn(&[30], |i| chain.beta(i + 1) as Float);
    close(&(ANSWERS.chain_beta)(first, last, 30), &due);
}

#[test]
fn unlisted_mistakes_of_one_network_are_diagnosed() {
    let noise: [(FromNoise, &str); 2] = [
        (|n, x, a, b, s, r| (ANSWERS.velocity_from_noise)(x, n, a, b, s, r), "exchanged"),
        (|n, x, a, b, s, r| (ANSWERS.velocity_from_noise)(n, x, a, b, s, r).sum(1), "has shape"),
    ];
    for (answer, part) in noise {
        expect(checks::velocity_from_noise(answer), part);
    }
    let data: [(FromVelocity, &str); 2] = [
        (|u, x, a, b, s, r| (ANSWERS.data_from_velocity)(x, u, a, b, s, r), "exchanged"),
        (|u, x, a, b, s, r| -(ANSWERS.data_from_velocity)(u, x, a, b, s, r), "sign"),
    ];
    for (answer, part) in data {
        expect(checks::data_from_velocity(answer), part);
    }
    let score: [(FromVelocity, &str); 2] = [
        (|u, x, a, b, s, r| (ANSWERS.score_from_velocity)(x, u, a, b, s, r), "exchanged"),
        (
            |u, x, a, b, s, r| (ANSWERS.score_from_velocity)(u, x, a, b, s, r) * 2.0,
            "times too large",
        ),
    ];
    for (answer, part) in score {
        expect(checks::score_from_velocity(answer), part);
    }
    type Weight = fn(&Tensor, &Tensor, &Tensor, &Tensor) -> Tensor;
    let weight: [(Weight, &str); 2] = [
        (|a, b, s, r| (ANSWERS.loss_weight)(a, b, s, r) * 0.5, "times too small"),
        (|a, b, s, r| (ANSWERS.loss_weight)(s, b, a, r), "exchanged"),
    ];
    for (answer, part) in weight {
        expect(checks::loss_weight(answer), part);
    }
    let step: [(Ddim, &str); 2] = [
        (|n, x, a, s, b, r| (ANSWERS.ddim_step)(x, n, a, s, b, r), "exchanged"),
        (|n, x, a, s, b, r| (ANSWERS.ddim_step)(n, x, a, s, b, r).sum(1), "has shape"),
    ];
    for (answer, part) in step {
        expect(checks::ddim_step(answer), part);
    }
    let place: [(Place, &str); 2] = [
        (
            |x, a, s| {
                let (t, place) = (ANSWERS.on_the_linear_path)(x, a, s);
                (place, t)
            },
            "has shape",
        ),
        (|x, a, s| (ANSWERS.on_the_linear_path)(&-x, a, s), "sign"),
    ];
    for (answer, part) in place {
        expect(checks::on_the_linear_path(answer), part);
    }
    type Betas = fn(Float, Float, usize) -> Tensor;
    let betas: [(Betas, &str); 2] = [
        (|a, b, n| (ANSWERS.chain_beta)(b, a, n), "in another order"),
        (|a, b, n| (ANSWERS.chain_beta)(a, b, n + 1), "has shape"),
    ];
    for (answer, part) in betas {
        expect(checks::chain_beta(answer), part);
    }
}
