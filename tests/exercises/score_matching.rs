//! Score matching: mistakes that nobody listed, and a part of what each must be told.

#[allow(dead_code)] // its `main`
#[path = "../../exercises/solutions/score_matching.rs"]
pub mod solutions;

use crate::expect;
use pushforward::chapters::score_matching::checks::{
    self, Annealed, Corrector, Denoised, Denoising, Levels, Reverse, ScoreOfNoised, Sliced,
};
use pushforward::chapters::score_matching::losses::{denoising, explicit, implicit, sliced};
use pushforward::chapters::score_matching::{self as chapter, sampling};
use pushforward::derivatives::divergence;
use pushforward::random::Rng;
use pushforward::{Float, Tensor};
use solutions::ANSWERS;

fn close(a: &Tensor, b: &Tensor) {
    assert!(a.is_close(&b.detach(), 1e-4, 1e-4), "{a}\n{b}");
}

/// The solutions do what the chapter does.
#[test]
fn the_score_matching_solutions_are_the_chapters_functions() {
    let mut rng = Rng::new(341);
    let [x, z, v] = [(); 3].map(|()| rng.normal(&[6, 2]));
    let s = |x: &Tensor| x.sin() - x * 0.3;
    let (said, div) = divergence(s, &x);
    close(&(ANSWERS.explicit_loss)(&said, &z), &explicit(s, &x, &z));
    close(&(ANSWERS.implicit_loss)(&said, &div), &implicit(s, &x));
    close(&(ANSWERS.sliced_loss)(&s, &x, &v), &sliced(s, &x, &v));
    close(&(ANSWERS.denoising_loss)(&s, &x, 0.4, &z), &denoising(s, &x, 0.4, &z));
    let sigma = rng.uniform_in(&[6, 1], 0.2, 2.0);
    close(&(ANSWERS.denoised)(&x, &z, &sigma), &chapter::denoised(&x, &z, &sigma));
    let step = sampling::reverse_step(&x, &v, [0.9, 0.7], &z);
    close(&(ANSWERS.reverse_step)(&x, &v, 0.9, 0.7, &z), &step);
    let alpha = sampling::corrector_step_size(&v, &z, 0.2);
    close(&(ANSWERS.corrector_step_size)(&v, &z, 0.2), &Tensor::scalar(alpha));
}

type Two = fn(&Tensor, &Tensor) -> Tensor;

#[test]
fn unlisted_mistakes_of_losses_are_diagnosed() {
    type Normal = fn(&Tensor, &Tensor, Float) -> Tensor;
    let normal: [(Normal, &str); 3] = [
        (|x, m, s| (ANSWERS.normal_score)(x, &-m, s), "`mean` replaced by −mean"),
        (|x, m, s| (ANSWERS.normal_score)(x, m, s) * 2.0, "2 times too large"),
        (|x, m, s| (ANSWERS.normal_score)(x, m, s).sum(1), "has shape"),
    ];
    for (answer, part) in normal {
        expect(checks::normal_score(answer), part);
    }
    let explicit: [(Two, &str); 3] = [
        (|s, score| -(ANSWERS.explicit_loss)(s, score), "sign"),
        (|s, score| (ANSWERS.explicit_loss)(s, &-score), "`s` replaced by −s"),
        (|s, score| (s - score).square().sum(1) * 0.5, "has shape"),
    ];
    for (answer, part) in explicit {
        expect(checks::explicit_loss(answer), part);
    }
    let implicit: [(Two, &str); 3] = [
        (|s, div| -(ANSWERS.implicit_loss)(s, div), "sign"),
        (|s, div| (ANSWERS.implicit_loss)(s, div) * 2.0, "2 times too large"),
        (|s, div| s.square().sum(1) * 0.5 + div, "has shape"),
    ];
    for (answer, part) in implicit {
        expect(checks::implicit_loss(answer), part);
    }
    let sliced: [(Sliced, &str); 3] = [
        (|s, x, v| (ANSWERS.sliced_loss)(s, v, x), "`x` and `v` were exchanged"),
        (|s, x, v| -(ANSWERS.sliced_loss)(s, x, v), "sign"),
        (|s, x, v| (ANSWERS.sliced_loss)(s, x, v) * 2.0, "2 times too large"),
    ];
    for (answer, part) in sliced {
        expect(checks::sliced_loss(answer), part);
    }
    let denoising: [(Denoising, &str); 3] = [
        (|s, x, sigma, z| (ANSWERS.denoising_loss)(s, z, sigma, x), "`x` and `z` were exchanged"),
        (|s, x, sigma, z| (ANSWERS.denoising_loss)(s, x, sigma, &-z), "`sigma` replaced by −sigma"),
        (|s, x, sigma, z| (ANSWERS.denoising_loss)(s, x, sigma, z) * 2.0, "2 times too large"),
    ];
    for (answer, part) in denoising {
        expect(checks::denoising_loss(answer), part);
    }
}

#[test]
fn unlisted_mistakes_of_scores_and_walks_are_diagnosed() {
    let of_noised: [(ScoreOfNoised, &str); 3] = [
        (|x, data, sigma| (ANSWERS.score_of_noised)(x, data, sigma) * 2.0, "times too large"),
        (|x, data, sigma| (ANSWERS.score_of_noised)(x, &-data, sigma), "`data` replaced by −data"),
        (|x, data, sigma| (ANSWERS.score_of_noised)(x, data, sigma).sum(1), "has shape"),
    ];
    for (answer, part) in of_noised {
        expect(checks::score_of_noised(answer), part);
    }
    let denoised: [(Denoised, &str); 3] = [
        (|x, s, sigma| (ANSWERS.denoised)(s, x, sigma), "`noised` and `score` were exchanged"),
        (|x, s, sigma| -(ANSWERS.denoised)(x, s, sigma), "sign"),
        (|x, s, sigma| (ANSWERS.denoised)(x, s, sigma).sum(1), "has shape"),
    ];
    for (answer, part) in denoised {
        expect(checks::denoised(answer), part);
    }
    let levels: [(Levels, &str); 2] = [
        (|max, min, count| (ANSWERS.noise_levels)(max, min, count) * 2.0, "times too large"),
        (|max, min, count| (ANSWERS.noise_levels)(max, min, count + 1), "has shape"),
    ];
    for (answer, part) in levels {
        expect(checks::noise_levels(answer), part);
    }
    let annealed: [(Annealed, &str); 3] = [
        (
            |x, s, a, b, e, z| (ANSWERS.annealed_step)(x, z, a, b, e, s),
            "`s` and `z` were exchanged",
        ),
        (|x, s, a, b, e, z| (ANSWERS.annealed_step)(x, s, a, b, e, &-z), "`z` replaced by −z"),
        (|x, s, a, b, e, z| (ANSWERS.annealed_step)(x, s, a, b, e, z).sum(1), "has shape"),
    ];
    for (answer, part) in annealed {
        expect(checks::annealed_step(answer), part);
    }
    let reverse: [(Reverse, &str); 3] = [
        (|x, s, a, b, z| (ANSWERS.reverse_step)(x, z, a, b, s), "`s` and `z` were exchanged"),
        (|x, s, a, b, z| (ANSWERS.reverse_step)(x, s, a, b, &-z), "`z` replaced by −z"),
        (|x, s, a, b, z| (ANSWERS.reverse_step)(x, s, a, b, z).sum(1), "has shape"),
    ];
    for (answer, part) in reverse {
        expect(checks::reverse_step(answer), part);
    }
    let corrector: [(Corrector, &str); 2] = [
        (|s, z, r| (ANSWERS.corrector_step_size)(s, z, r) * 2.0, "times too large"),
        (|s, z, r| (ANSWERS.corrector_step_size)(s, z, r).reshape(&[1, 1]), "has shape"),
    ];
    for (answer, part) in corrector {
        expect(checks::corrector_step_size(answer), part);
    }
}
