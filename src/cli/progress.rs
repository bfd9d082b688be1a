//! Progress of a run: a bar on a terminal, plain lines elsewhere, nothing if asked for.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use pushforward::experiment::Event;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

const BAR: &str = "{bar:32} {pos}/{len}  {msg}";
/// Where there are no steps to count.
const SPINNER: &str = "{spinner} {msg}";

/// How many plain lines a whole run prints.
const LINES: usize = 10;

/// Losses of single batches jump; what is shown is their average over about this many steps.
const SMOOTHING: f64 = 100.0;

pub struct Progress {
    steps: usize,
    /// `None`: no terminal, print lines.
    bar: Option<ProgressBar>,
    quiet: bool,
    start: Instant,
    /// Steps done in earlier runs.
    before: usize,
    loss: f64,
}

impl Progress {
    pub fn new(steps: usize, quiet: bool) -> Progress {
        let template = if steps == 0 { SPINNER } else { BAR };
        let style = ProgressStyle::with_template(template).expect("the template is well formed");
        let bar = (!quiet && std::io::stderr().is_terminal()).then(|| {
            let target = ProgressDrawTarget::stderr_with_hz(10);
            ProgressBar::with_draw_target(Some(steps as u64), target)
                .with_style(style.progress_chars("━━─"))
        });
        Progress { steps, bar, quiet, start: Instant::now(), before: 0, loss: 0.0 }
    }

    pub fn show(&mut self, event: Event) {
        match event {
            _ if self.quiet => {}
            Event::Resumed { step, from } => {
                self.before = step;
                self.say(&format!(
                    "going on after step {step} (delete {} to start over)",
                    from.display()
                ));
            }
            Event::Step { step, loss } => self.step(step, loss),
            Event::Cell { done, of, name } => match &self.bar {
                Some(bar) => {
                    bar.set_length(of as u64);
                    bar.set_position(done as u64);
                    bar.set_message(name);
                }
                None => line(&format!("{} of {of}: {name}", done + 1)),
            },
            Event::Stage(stage) => match &self.bar {
                Some(bar) => bar.set_message(stage),
                None => line(stage),
            },
        }
    }

    fn step(&mut self, step: usize, loss: f64) {
        let done = step - self.before;
        self.loss += (loss - self.loss) / SMOOTHING.min(done as f64);
        let due = step.is_multiple_of(self.steps.div_ceil(LINES)) || step == self.steps;
        if self.bar.is_none() && !due {
            return;
        }
        let seconds = self.start.elapsed().as_secs_f64();
        let rate = done as f64 / seconds;
        let left = Duration::from_secs_f64(((self.steps - step) as f64 / rate).min(1e9));
        let state = format!("loss {:.4}  {rate:.0} steps/s  {}", self.loss, remaining(left));
        match &self.bar {
            Some(bar) => {
                bar.set_position(step as u64);
                if step.is_multiple_of(16) || step == self.steps {
                    bar.set_message(state);
                }
            }
            None => line(&format!("step {step}/{}  {state}", self.steps)),
        }
    }

    fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(text),
            None => line(text),
        }
    }

    pub fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// To standard error; a run goes on when nobody reads any more.
pub fn line(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn remaining(left: Duration) -> String {
    let seconds = left.as_secs();
    match seconds {
        0..60 => format!("{seconds} s left"),
        60..3600 => format!("{} min {:02} s left", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min left", seconds / 3600, seconds / 60 % 60),
    }
}
