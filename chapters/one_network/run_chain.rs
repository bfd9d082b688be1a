//! The chain of N steps against its equation, and what an error costs at both ends of time. Trains nothing.

use super::discrete::{
    by_rate, drawn_variance, drawn_variance_by_equation, error_of_alpha_bar, exact,
};
use super::{Question, Schedules};
use crate::chapters::flow_matching::path::Path;
use crate::experiment::{Event, Experiment, Report, Settings, save_figures, save_metrics};
use crate::plot::{BLUE, Figure, GREEN, GREY, PURPLE, Panel, RED};
use crate::{Float, Result, Tensor};
use serde_json::json;

/// Chains and conditions.
pub const CHAIN: Experiment = Experiment {
    name: "one-network-chain",
    about: "DDPM's chain becomes its equation as N grows; errors at both ends of time",
    steps: 0,
    batch: 0,
    lr: 0.0,
    images: false,
    run,
};

/// N, and the variance of the data.
const COUNTS: [usize; 7] = [25, 50, 100, 200, 400, 800, 1600];
const VARIANCE: f64 = 0.25;

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare_folder()?;
    watch(Event::Stage("counting steps"));
    let of = |f: &dyn Fn(usize) -> f64| -> Vec<[f64; 2]> {
        COUNTS.iter().map(|&n| [n as f64, f(n)]).collect()
    };
    let off = |w: f64| (w - VARIANCE).abs();
    let lines = [
        ("ᾱ of β(s)/N", of(&|n| error_of_alpha_bar(&by_rate(n)))),
        ("variance, DDPM's β", of(&|n| off(drawn_variance(&by_rate(n), VARIANCE)))),
        ("variance, exact β", of(&|n| off(drawn_variance(&exact(n), VARIANCE)))),
        ("variance, Euler–Maruyama", of(&|n| off(drawn_variance_by_equation(n, VARIANCE)))),
    ];
    let mut rows = vec![];
    for (name, line) in &lines {
        let [few, many] = [line[2][1], line[6][1]];
        let order = libm::log2(few / many) / 4.0;
        let remark = format!("with N = {}; {many:.1e} with {}", COUNTS[2], COUNTS[6]);
        rows.push([format!("error of {name}"), format!("{few:.1e}"), remark]);
        rows.push([format!("order of {name}"), format!("{order:.3}"), "in 1/N".into()]);
    }
    let figures = vec![("figure", orders(&lines)), ("gains", gains())];
    let metrics = json!({
        "experiment": CHAIN.name, "settings": settings.json(),
        "errors": lines.iter().map(|(name, line)| json!([name, line])).collect::<Vec<_>>(),
    });
    let mut files = save_figures(settings, &figures)?;
    files.extend(save_metrics(settings, &metrics, None)?);
    Ok(Report { rows, times: vec![], figures, files, losses: vec![] })
}

fn orders(lines: &[(&str, Vec<[f64; 2]>)]) -> Figure {
    let slope = COUNTS.map(|n| [n as f64, 2.0 / n as f64]);
    let panel = Panel::new("").line(slope, GREY.label("1/N"));
    let styles = [RED, BLUE, GREEN, PURPLE];
    let panel = lines
        .iter()
        .zip(styles)
        .fold(panel, |panel, ((name, line), style)| panel.line(line.clone(), style.label(*name)));
    Figure::new("Errors of the chain fall like 1/N", [panel])
        .log_x()
        .log_y()
        .labels("steps N", "error")
}

/// What an error of each answer does to x̂₁, by time, for two paths.
fn gains() -> Figure {
    let panel = |(name, path): (&str, Path)| {
        let styles = [BLUE, RED, GREEN, GREY, PURPLE];
        Question::ALL.iter().zip(styles).fold(Panel::new(name), |panel, ((name, asked), style)| {
            let line = (1..100).map(|i| {
                let time = f64::from(i) / 100.0;
                let at = Schedules::of(&path, &Tensor::full(&[1, 1], time as Float));
                [time, 1.0 / f64::from(asked.gain(&at).item())]
            });
            panel.line(line, style.label(*name))
        })
    };
    let paths = [("linear path", Path::Linear), ("cosine path", Path::Cosine)];
    Figure::new("What an error of one in each answer does to the data", paths.map(panel))
        .log_y()
        .y_range(1e-3, 1e3)
        .labels("t", "error of the data")
}
