//! Why one level of noise is not enough: Langevin's dynamics with an exact score at one level, and with
//! levels that come down, on two modes that lie far apart. Trains nothing.

use super::oracle;
use super::sampling::{Field, annealed_langevin};
use crate::chapters::flow_matching::path::Path;
use crate::data::{Law, Mixture};
use crate::experiment::{Event, Experiment, Report, Settings, save_figures, save_metrics};
use crate::metrics::{Compared, compare, energy_distance};
use crate::plot::{BLUE, Figure, GREEN, GREY, Panel, RED, Style};
use crate::random::Rng;
use crate::{Float, Result, Tensor};
use serde_json::json;

/// One level against many.
pub const LEVELS: Experiment = Experiment {
    name: "score-levels",
    about: "Langevin dynamics at one level of noise and at many, on far modes",
    steps: 0,
    batch: 0,
    lr: 0.0,
    images: false,
    run,
};

/// Points, and those shown.
const POINTS: usize = 2000;
const SHOWN: usize = 700;
/// Steps in all, of each walk.
const STEPS: usize = 1000;
/// Levels that come down, and the widest and the narrowest noise.
const LEVELS_DOWN: usize = 20;
const SIGMA: [Float; 2] = [0.05, 10.0];
/// α of the last steps.
const EPSILON: Float = 1e-3;

/// A fifth of the points at the left, the rest at the right.
pub fn modes() -> Mixture {
    Mixture { weights: vec![0.2, 0.8], means: vec![vec![-4.0, 0.0], vec![4.0, 0.0]], std: 0.6 }
}

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare_folder()?;
    let mut rng = Rng::new(settings.seed);
    watch(Event::Stage("walking"));
    let law = modes();
    let walks = walks(&law, &mut rng);
    let mut rows = vec![];
    let mut numbers = serde_json::Map::new();
    for (name, x) in &walks {
        let Compared { value, floor } = compare(x, &law, energy_distance, 5, &mut rng);
        let left = x.rows::<2>().iter().filter(|p| p[0] < 0.0).count() as f64 / POINTS as f64;
        let remark = format!("floor {floor}, n = {POINTS}, {STEPS} steps");
        rows.push([format!("D² {name}"), format!("{value:.4}"), remark]);
        let remark = "of the points; a fifth is due".into();
        rows.push([format!("left with {name}"), format!("{left:.3}"), remark]);
        numbers.insert(name.to_string(), json!({ "energy_distance": value, "left": left }));
    }
    let figures = vec![("figure", figure(&walks, &law))];
    let metrics =
        json!({ "experiment": LEVELS.name, "settings": settings.json(), "walks": numbers });
    let mut files = save_figures(settings, &figures)?;
    files.extend(save_metrics(settings, &metrics, None)?);
    Ok(Report { rows, times: vec![], figures, files, losses: vec![] })
}

// ANCHOR: walks
/// Points after as many steps each, from the same wide noise, with exact scores.
fn walks(law: &Mixture, rng: &mut Rng) -> Vec<(&'static str, Tensor)> {
    let path = Path::VarianceExploding { sigma: SIGMA };
    let s: Field = &|t, x| {
        let sigma = path.sigma(&Tensor::scalar(t)).item();
        oracle::score(&oracle::noised(law, sigma), x)
    };
    let x_0 = rng.normal(&[POINTS, 2]) * SIGMA[1];
    let mut one = |sigma: Float| {
        // the same sampler at one level: σ does not come down
        let still = Path::VarianceExploding { sigma: [sigma; 2] };
        let p = oracle::noised(law, sigma);
        let s: Field = &|_, x| oracle::score(&p, x);
        let alpha = 0.2 * (p.std * p.std) as Float;
        let mut walk = annealed_langevin(s, &still, &x_0, [2, STEPS / 2], alpha, rng);
        walk.pop().expect("there are levels").1
    };
    let (narrow, wide) = (one(SIGMA[0]), one(4.0));
    let down = [LEVELS_DOWN, STEPS / LEVELS_DOWN];
    let mut many = annealed_langevin(s, &path, &x_0, down, EPSILON, rng);
    let many = many.pop().expect("there are levels").1;
    vec![("narrow noise", narrow), ("wide noise", wide), ("levels", many)]
}
// ANCHOR_END: walks

fn figure(walks: &[(&'static str, Tensor)], law: &Mixture) -> Figure {
    let points = |x: &Tensor| x.slice(0, 0..SHOWN).rows::<2>();
    let panel = |((name, x), style): (&(&'static str, Tensor), Style)| {
        Panel::new(*name).scatter(points(x), style.size(1.5).opacity(0.8))
    };
    let data = law.sample(SHOWN, &mut Rng::new(1));
    let panels = walks.iter().zip([RED, GREEN, BLUE]).map(panel);
    let data = Panel::new("the law").scatter(points(&data), GREY.size(1.5));
    let title = "A fifth at the left is due: half are there with narrow noise, all is blurred with wide \
                 noise, and it is right with levels that come down";
    Figure::new(title, panels.chain([data]))
        .columns(4)
        .x_range(-8.0, 8.0)
        .y_range(-6.0, 6.0)
        .equal_aspect()
}
