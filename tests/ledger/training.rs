//! The program: F9.
use pushforward::chapters::flow_matching::path::Path;
use pushforward::chapters::flow_matching::{Velocity, cfm_loss, run::MOONS, trajectory};
use pushforward::data::{Moons, make_moons};
use pushforward::metrics::{Compared, compare, energy_distance};
use pushforward::nn::Module;
use pushforward::optim::{Adam, Optimizer};
use pushforward::random::Rng;
use pushforward::{Float, Tensor, grad};

type Loss = fn(&Velocity, &Path, &Tensor, &Tensor, &Tensor) -> Tensor;

/// The states of 2000 points after 1000 steps of training with a loss.
fn states_after_training(loss: Loss) -> Vec<(Float, Tensor)> {
    let mut rng = Rng::new(9);
    let mut u = Velocity::new(2, 64, &mut rng);
    let mut adam = Adam::new(MOONS.lr);
    for _ in 0..1000 {
        let x_1 = make_moons(MOONS.batch, 0.05, &mut rng);
        let x_0 = rng.normal(&[MOONS.batch, 2]);
        let t = rng.uniform(&[MOONS.batch, 1]);
        let loss = loss(&u, &Path::Linear, &x_0, &x_1, &t);
        let gradients = grad(&loss, &u.tensors());
        adam.step(&mut u, &gradients);
    }
    trajectory(&u, &rng.normal(&[2000, 2]), 8)
}

fn distance_to_moons(x: &Tensor) -> Compared {
    compare(x, &Moons { noise: 0.05 }, energy_distance, 5, &mut Rng::new(10))
}

#[test]
fn f9_the_program_carries_noise_to_two_moons() {
    assert_eq!((MOONS.steps, MOONS.batch, MOONS.lr), (10_000, 256, 1e-2));
    let u = Velocity::new(2, 64, &mut Rng::new(0));
    let layers: Vec<&[usize]> = u.tensors().iter().step_by(2).map(|w| w.shape()).collect();
    assert_eq!(layers, [[64, 3], [64, 64], [64, 64], [2, 64]]);

    let states = states_after_training(cfm_loss);
    let times: Vec<Float> = states.iter().map(|(t, _)| *t).collect();
    assert_eq!(times, [0.0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1.0]);
    let [before, after] = [0, 8].map(|k| distance_to_moons(&states[k].1));
    println!("{before} became {after}");
    // A tenth of the training leaves a bias above the floor; noise itself is twenty times further.
    assert!(
        after.value > after.floor.mean - 4.0 * after.floor.std,
        "closer than the data: {after}"
    );
    assert!(after.value < before.value / 20.0, "{before} became {after}");

    // The usual slip, the velocity from data to noise, carries the points away.
    let reversed: Loss = |u, _, x_0, x_1, t| {
        let x_t = (1.0 - t) * x_0 + t * x_1;
        u.forward(t, &x_t).mse(&(x_0 - x_1))
    };
    let astray = distance_to_moons(&states_after_training(reversed)[8].1);
    println!("{before} became {astray} with the velocity reversed");
    assert!(astray.value > before.value, "{before} became {astray}");
}
