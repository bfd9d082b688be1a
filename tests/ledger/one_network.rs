//! One network, many names: S6 and S8.

use crate::{ROUNDING, as_f64, difference, marginals, three_modes};
use pushforward::chapters::flow_matching::oracle::Marginal;
use pushforward::chapters::flow_matching::path::Path;
use pushforward::chapters::one_network::discrete::{
    by_rate, drawn_variance, drawn_variance_by_equation, error_of_alpha_bar, exact,
};
use pushforward::chapters::one_network::{
    Believed, Question, Schedules, convert, ddim_step, on_the_linear_path,
};
use pushforward::chapters::sdes::{noising, probability_flow};
use pushforward::random::Rng;
use pushforward::{Float, Tensor};

const N: usize = 32;

fn at(path: &Path, t: Float) -> Schedules {
    Schedules::of(path, &Tensor::full(&[N, 1], t))
}

/// Every answer, from the exact velocity.
fn exact_answer(p: &Marginal, asked: Question, t: Float, x: &Tensor) -> Tensor {
    let u = p.velocity(&Tensor::full(&[N, 1], t), x);
    convert(Question::Velocity, asked, &u, x, &at(&p.path, t))
}

/// The score of every path, from its velocity, is the score that autograd finds; with the other sign
/// between the terms of D it is not.
// ANCHOR: s6
#[test]
fn s6_score_and_velocity_convert_into_each_other() {
    let x = Rng::new(401).normal(&[N, 2]);
    for (name, p) in marginals(&three_modes()) {
        for t in [0.1, 0.4, 0.9] {
            let (at, times) = (at(&p.path, t), Tensor::full(&[N, 1], t));
            let (u, s) = (p.velocity(&times, &x), p.score(&times, &x));
            let found = convert(Question::Velocity, Question::Score, &u, &x, &at);
            let back = convert(Question::Score, Question::Velocity, &s, &x, &at);
            let size = 1.0
                + as_f64(&(at.alpha_dot.abs() * x.abs() / &at.sigma))
                    .into_iter()
                    .fold(0.0, f64::max);
            println!(
                "{name}, t = {t}: {:.1e} {:.1e}",
                difference(&found, &s),
                difference(&back, &u)
            );
            assert!(
                difference(&found, &s) < ROUNDING * size && difference(&back, &u) < ROUNDING * size
            );
            let wrong_d = &at.alpha_dot * &at.sigma + &at.alpha * &at.sigma_dot;
            let wrong = -(&at.alpha_dot * &x - &at.alpha * &u) / &wrong_d / &at.sigma;
            // with variance preserved and hardly any data yet, both are α′/σ
            assert!(t < 0.2 || difference(&wrong, &s) > 1e-2, "{name}, {t}: α′σ + ασ′");
        }
    }
}
// ANCHOR_END: s6

/// Each of the five through each other and back, for every path.
#[test]
fn s6_all_round_trips_lead_back() {
    let x = Rng::new(402).normal(&[N, 2]);
    let mut trips = 0;
    for (name, p) in marginals(&three_modes()) {
        for t in [0.2, 0.5, 0.8] {
            let at = at(&p.path, t);
            for (first, from) in Question::ALL {
                let said = exact_answer(&p, from, t, &x);
                for (second, to) in Question::ALL {
                    let there = convert(from, to, &said, &x, &at);
                    let back = convert(to, from, &there, &x, &at);
                    // what rounding does to an answer grows with the errors' way there and back
                    let gain = |q: Question| f64::from(q.gain(&at).data()[0]);
                    let worse = [gain(from) / gain(to), gain(to) / gain(from), gain(from)];
                    let factor = worse.into_iter().fold(1.0, f64::max);
                    let size =
                        1.0 + as_f64(&there).into_iter().fold(0.0, |a: f64, b| a.max(b.abs()));
                    let off = difference(&back, &said);
                    assert!(
                        off < ROUNDING * factor * size,
                        "{name}, {t}: {first}, {second}: {off}"
                    );
                    trips += 1;
                }
            }
        }
    }
    assert_eq!(trips, 5 * 3 * 25);
}

/// α x̂₁ + σ x̂₀ = x whoever is believed, and v of Salimans and Ho is α ε − σ x.
#[test]
fn s6_what_is_believed_adds_up_to_x() {
    let mut rng = Rng::new(403);
    let [x, said] = [(); 2].map(|()| rng.normal(&[N, 2]));
    for (name, path) in Path::ALL {
        let at = at(&path, 0.6);
        for (asked, question) in Question::ALL {
            let Believed { data, noise } = question.believed(&said, &x, &at);
            let sum = &at.alpha * &data + &at.sigma * &noise;
            let size = 1.0 + as_f64(&data).into_iter().fold(0.0, |a: f64, b| a.max(b.abs()));
            assert!(difference(&sum, &x) < ROUNDING * size, "{name}, {asked}");
        }
    }
    let (x_1, x_0) = (&x, &said);
    let at = at(&Path::Cosine, 0.3);
    let v = Question::V.answer(&Believed { data: x_1.clone(), noise: x_0.clone() }, &at);
    assert!(difference(&v, &(&at.alpha * x_0 - &at.sigma * x_1)) < ROUNDING);
}

/// An error of the data shows in each answer multiplied by the gain: by differences, with x as it is. A
/// loss is thereby another with the weight gain².
#[test]
fn s6_gains_and_weights_are_what_an_error_becomes() {
    let mut rng = Rng::new(404);
    let x = rng.normal(&[N, 2]);
    let delta = rng.normal(&[N, 2]);
    for (name, path) in Path::ALL {
        for t in [0.3, 0.7] {
            let at = at(&path, t);
            let answers = |data: Tensor| {
                let noise = (&x - &at.alpha * &data) / &at.sigma;
                let believed = Believed { data, noise };
                Question::ALL.map(|(_, q)| q.answer(&believed, &at))
            };
            let (before, after) = (answers(x.clone()), answers(&x + &delta));
            for (i, (asked, question)) in Question::ALL.into_iter().enumerate() {
                let change = (&after[i] - &before[i]).abs();
                let due = delta.abs() * question.gain(&at);
                let off = difference(&change, &due);
                println!("{name}, t = {t}, {asked}: {off:.1e}");
                assert!(off < 1e-3, "{name}, {asked}: {off}");
            }
        }
    }
}

/// At both ends of the linear path: velocity answers about data and noise are finite, as D = 1; the noise
/// says nothing about the data at t = 0, the data nothing about the noise at t = 1.
#[test]
fn s6_the_limits_at_both_ends() {
    let mut rng = Rng::new(405);
    let [x, said] = [(); 2].map(|()| rng.normal(&[N, 2]));
    for t in [0.0, 1.0] {
        let at = at(&Path::Linear, t);
        let Believed { data, noise } = Question::Velocity.believed(&said, &x, &at);
        assert!(as_f64(&data).iter().chain(&as_f64(&noise)).all(|v| v.is_finite()));
        let v = Question::V.believed(&said, &x, &at);
        assert!(as_f64(&v.data).iter().all(|v| v.is_finite()));
    }
    let start = at(&Path::Linear, 0.0);
    assert!(
        difference(&Question::Velocity.believed(&said, &x, &start).data, &(&x + &said)) < ROUNDING
    );
    assert!(!Question::Noise.believed(&said, &x, &start).data.data()[0].is_finite());
    let end = at(&Path::Linear, 1.0);
    assert!(difference(&Question::Velocity.believed(&said, &x, &end).data, &x) < ROUNDING);
    assert!(!Question::Data.believed(&said, &x, &end).noise.data()[0].is_finite());
    let near: Vec<f64> = [1e-2, 1e-3]
        .map(|t| 1.0 / f64::from(Question::Noise.gain(&self::at(&Path::Linear, t)).data()[0]))
        .to_vec();
    assert!((near[1] / near[0] - 10.0).abs() < 0.2, "errors grow like 1/α: {near:?}");
}

/// One step of each sampler: the probability flow is the velocity for every path; DDIM is Euler's step
/// exactly where both schedules are straight lines, and elsewhere but for h².
// ANCHOR: samplers
#[test]
fn s6_ddim_is_eulers_step_on_straight_schedules() {
    let x = Rng::new(406).normal(&[N, 2]);
    for (name, p) in marginals(&three_modes()) {
        let t: Float = 0.5;
        let now = at(&p.path, t);
        let u = p.velocity(&Tensor::full(&[N, 1], t), &x);
        let score = convert(Question::Velocity, Question::Score, &u, &x, &now);
        let flow = probability_flow(&x, &score, noising(&p.path, 1.0 - t));
        assert!(difference(&flow, &u) < 20.0 * ROUNDING, "{name}: the probability flow");
        let believed = Question::Velocity.believed(&u, &x, &now);
        let off = |h: Float| difference(&ddim_step(&believed, &at(&p.path, t + h)), &(&x + &u * h));
        let [long, short] = [off(0.1), off(0.05)];
        println!("{name}: DDIM less Euler {long:.1e} for h = 0.1, {short:.1e} for 0.05");
        match p.path {
            Path::Linear | Path::OptimalTransport { .. } => assert!(long < ROUNDING, "{name}"),
            _ => assert!(long > 1e-3 && (2.5..6.5).contains(&(long / short)), "{name}: order 2"),
        }
    }
}
// ANCHOR_END: samplers

/// DDIM is Euler's step for x/α in the variable λ = σ/α on every path: x′/α′ = x/α + (λ′ − λ) x̂₀. So on
/// two paths, through the same ratios, it draws the same points.
#[test]
fn s6_ddim_depends_on_the_ratios_alone() {
    let mut rng = Rng::new(407);
    let data = three_modes();
    let linear = Marginal { path: Path::Linear, data: data.clone() };
    let cosine = Marginal { path: Path::Cosine, data };
    let x_0 = rng.normal(&[N, 2]);
    // λ = (1 − t)/t on the linear path, cot(½πt) on the cosine path
    let ratios: Vec<f64> = (0..12).map(|i| 8.0 * (1.0 - f64::from(i) / 12.0)).collect();
    let walk = |p: &Marginal, time: &dyn Fn(f64) -> f64| {
        let times: Vec<Float> = ratios.iter().map(|&r| time(r) as Float).collect();
        let start = at(&p.path, times[0]);
        let mut x = &x_0 * &start.alpha;
        for pair in times.windows(2) {
            let now = at(&p.path, pair[0]);
            let u = p.velocity(&Tensor::full(&[N, 1], pair[0]), &x);
            let believed = Question::Velocity.believed(&u, &x, &now);
            let next = at(&p.path, pair[1]);
            let moved =
                (&x / &now.alpha + (next.ratio() - now.ratio()) * &believed.noise) * &next.alpha;
            x = ddim_step(&believed, &next);
            assert!(difference(&moved, &x) < 40.0 * ROUNDING, "Euler in λ");
        }
        x / &at(&p.path, times[times.len() - 1]).alpha
    };
    let by_linear = walk(&linear, &|r| 1.0 / (1.0 + r));
    let by_cosine = walk(&cosine, &|r| (1.0 / r).atan() / std::f64::consts::FRAC_PI_2);
    println!("apart {:.1e}", difference(&by_linear, &by_cosine));
    assert!(difference(&by_linear, &by_cosine) < 100.0 * ROUNDING);
    let at_cosine = at(&Path::Cosine, 0.4);
    let (t, place) = on_the_linear_path(&x_0, &at_cosine);
    let there = at(&Path::Linear, t.data()[0]);
    assert!(difference(&there.ratio(), &at_cosine.ratio()) < ROUNDING);
    assert!(difference(&(place / &there.alpha), &(&x_0 / &at_cosine.alpha)) < ROUNDING);
}

/// The chain becomes its equation: ᾱ of β(s)/N tends to exp(−B) like 1/N, the drawn variance to that of the
/// data like ln N/N, and by Euler and Maruyama's steps like 1/N; with β(s) in
/// place of β(s)/N nothing would be left after a few steps.
// ANCHOR: s8
#[test]
fn s8_the_chain_becomes_the_equation() {
    let order = |error: &dyn Fn(usize) -> f64| (error(400) / error(1600)).log2() / 2.0;
    let v = 0.25;
    let of_alpha_bar = order(&|n| error_of_alpha_bar(&by_rate(n)));
    let of_chain = order(&|n| (drawn_variance(&by_rate(n), v) - v).abs());
    let of_equation = order(&|n| (drawn_variance_by_equation(n, v) - v).abs());
    println!("orders in 1/N: {of_alpha_bar:.3}, {of_chain:.3}, {of_equation:.3}");
    for order in [of_alpha_bar, of_chain, of_equation] {
        assert!((order - 1.0).abs() < 0.1, "{order}");
    }
    assert!(error_of_alpha_bar(&exact(30)) < 1e-12, "the exact chain has no error at any N");
    assert!((drawn_variance(&by_rate(1600), v) - v).abs() < 0.01 * v);
}
// ANCHOR_END: s8
