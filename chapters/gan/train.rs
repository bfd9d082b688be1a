//! The training loop of the experiments with one game.

use super::{Gan, Generator};
use crate::experiment::{Settings, Training};
use crate::nn::Module;
use crate::optim::{Adam, Ema, Schedule};
use crate::random::Rng;
use crate::{Result, Tensor};

/// What to train on, and what to look at meanwhile.
pub(super) struct Plan<'a> {
    /// Draws a batch of so many points of the data.
    pub data: &'a dyn Fn(usize, &mut Rng) -> Tensor,
    /// The rounds after which to look, 0 for the start.
    pub moments: Vec<usize>,
    /// What is seen then of the game and of the averaged generator: always of the same shape.
    pub look: &'a dyn Fn(&Gan, &Generator) -> Tensor,
    /// Whether the learning rate falls to 0, as the half of a cosine.
    pub fade: bool,
}

/// How much of the average of G's weights stays in a round.
const DECAY: crate::Float = 0.995;

/// Plays `settings.steps` rounds. Returns G with the average of its last weights, which turns with
/// the game less than G does (Yazıcı et al. 2019), and what was seen.
// ANCHOR: train
pub(super) fn train(
    gan: &mut Gan,
    plan: &Plan,
    settings: &Settings,
    training: &mut Training,
    rng: &mut Rng,
) -> Result<(Generator, Vec<Tensor>)> {
    let (mut averaged, mut ema) = (gan.g.clone(), Ema::new(DECAY));
    let mut seen = vec![(plan.look)(gan, &averaged); plan.moments.len()];
    let mut idle = [Adam::new(1.0), Adam::new(1.0)]; // of what is kept beside the players
    let [idle_g, idle_seen] = &mut idle;
    let steps = training.resume(
        &mut [
            (&mut gan.g, &mut gan.adam_g),
            (&mut gan.d, &mut gan.adam_d),
            (&mut averaged, idle_g),
            (&mut seen, idle_seen),
        ],
        rng,
    )?;
    ema.update(&averaged);
    let schedule = Schedule::cosine(settings.lr, 0.0, settings.steps);
    for step in steps {
        if plan.fade {
            let lr = schedule.lr(step - 1);
            (gan.adam_g.lr, gan.adam_d.lr) = (lr, lr);
        }
        let loss = gan.round(plan.data, settings.batch, rng);
        ema.update(&gan.g);
        ema.copy_to(&mut averaged);
        for (seen, _) in seen.iter_mut().zip(&plan.moments).filter(|(_, m)| **m == step) {
            *seen = (plan.look)(gan, &averaged);
        }
        let learners: [(&dyn Module, &Adam); 4] = [
            (&gan.g, &gan.adam_g),
            (&gan.d, &gan.adam_d),
            (&averaged, &idle[0]),
            (&seen, &idle[1]),
        ];
        training.step_done(&loss, &learners, rng)?;
    }
    Ok((averaged, seen))
}
// ANCHOR_END: train
