//! Training that is interrupted and taken up again.

use pushforward::experiment::{Cell, Event, Settings, Training, cells, forget_cells};
use pushforward::nn::Module;
use pushforward::optim::{Adam, Optimizer};
use pushforward::random::Rng;
use pushforward::{Error, Result, Tensor, grad};
use serde_json::json;

fn settings(name: &str, seed: u64) -> Settings {
    let out = std::env::temp_dir().join(format!("pushforward-{name}-{}", std::process::id()));
    Settings { steps: 2500, batch: 4, lr: 1e-2, seed, data: None, only: None, out }
}

/// Fits a constant to noise; stops before step `until`, as a killed program would.
fn run(settings: &Settings, until: usize, watch: &mut dyn FnMut(Event)) -> Result<Vec<Tensor>> {
    settings.prepare()?;
    let mut rng = Rng::new(settings.seed).split();
    let mut model = vec![Tensor::zeros(&[3]).variable()];
    let mut adam = Adam::new(settings.lr);
    let mut training = Training::new("constant", settings, watch);
    for step in training.resume(&mut [(&mut model, &mut adam)], &mut rng)? {
        if step == until {
            return Ok(model);
        }
        let noise = rng.normal(&[settings.batch, 3]);
        let loss = (&noise - &model[0]).square().mean(..);
        let gradients = grad(&loss, &model.tensors());
        adam.step(&mut model, &gradients);
        training.step_done(&loss, &[(&model, &adam)], &rng)?;
    }
    training.complete();
    Ok(model)
}

fn never(_: Event) {}

fn files(settings: &Settings) -> usize {
    std::fs::read_dir(&settings.out).unwrap().count()
}

#[test]
fn an_interrupted_run_ends_with_the_same_bits_and_leaves_nothing_behind() {
    let whole = settings("whole", 7);
    let expected = run(&whole, 0, &mut never).unwrap();
    let interrupted = settings("interrupted", 7);
    run(&interrupted, 2222, &mut never).unwrap();
    assert_eq!(files(&interrupted), 1);
    let mut resumed = vec![];
    let model = run(&interrupted, 0, &mut |event| {
        if let Event::Resumed { step, .. } = event {
            resumed.push(step);
        }
    });
    assert_eq!(resumed, [2000]);
    assert_eq!(model.unwrap()[0].data(), expected[0].data());
    assert_eq!(files(&interrupted), 0);
}

#[test]
fn a_run_of_other_settings_neither_takes_nor_loses_the_state() {
    let first = settings("other", 12);
    run(&first, 1500, &mut never).unwrap();
    let other = Settings { seed: 1, ..first.clone() };
    let mut steps = 0;
    run(&other, 0, &mut |event| steps += usize::from(matches!(event, Event::Step { .. }))).unwrap();
    assert_eq!(steps, 2500);
    let mut resumed = false;
    run(&first, 0, &mut |event| resumed |= matches!(event, Event::Resumed { .. })).unwrap();
    assert!(resumed);
}

#[test]
fn a_damaged_state_is_named() {
    let settings = settings("damaged", 3);
    run(&settings, 1500, &mut never).unwrap();
    let file = std::fs::read_dir(&settings.out).unwrap().next().unwrap().unwrap().path();
    std::fs::write(&file, "not weights").unwrap();
    let error = run(&settings, 0, &mut never).unwrap_err().to_string();
    assert!(error.starts_with(&file.display().to_string()), "{error}");
}

/// The cells of a table: a number of its own generator each.
fn table(settings: &Settings, computed: &std::cell::RefCell<Vec<usize>>) -> Result<Vec<Cell>> {
    let names = ["sun red", "sun blue", "moon red"].map(String::from);
    cells("table", settings, &names, &mut |_| {}, |index, rng| {
        if computed.borrow().len() == 2 {
            return Err(Error::Argument("killed".into()));
        }
        computed.borrow_mut().push(index);
        Ok((json!({ "index": index }), vec![("x".into(), rng.normal(&[3]))]))
    })
}

fn drawn(cells: &[Cell]) -> Vec<Vec<pushforward::Float>> {
    cells.iter().map(|cell| cell.tensors[0].1.data().to_vec()).collect()
}

#[test]
fn an_interrupted_table_goes_on_with_the_next_cell() {
    let settings = settings("cells", 3);
    settings.prepare().unwrap();
    let computed = Default::default();
    assert!(table(&settings, &computed).unwrap_err().to_string().contains("killed"));
    assert_eq!(*computed.borrow(), [0, 1]);
    let computed = Default::default();
    let all = table(&settings, &computed).unwrap();
    assert_eq!(*computed.borrow(), [2]);
    let names: Vec<_> = all.iter().map(|cell| &cell.name[..]).collect();
    assert_eq!(names, ["sun red", "sun blue", "moon red"]);
    assert_eq!(all[1].numbers, json!({ "index": 1 }));
    // another seed takes nothing up
    let other = Settings { seed: 4, ..settings.clone() };
    let computed = Default::default();
    assert!(table(&other, &computed).is_err());
    assert_eq!(computed.borrow().len(), 2);
    forget_cells(&settings);
    assert_eq!(files(&settings), 0);
}

#[test]
fn a_part_of_a_table_has_the_numbers_of_the_whole() {
    let whole = settings("cells-whole", 5);
    whole.prepare().unwrap();
    let _ = table(&whole, &Default::default());
    let all = table(&whole, &Default::default()).unwrap();
    forget_cells(&whole);
    let part = Settings { only: Some("red".into()), ..whole.clone() };
    let red = table(&part, &Default::default()).unwrap();
    assert_eq!(drawn(&red), [drawn(&all)[0].clone(), drawn(&all)[2].clone()]);
    forget_cells(&whole);
    let none = Settings { only: Some("green".into()), ..whole.clone() };
    let error = table(&none, &Default::default()).unwrap_err().to_string();
    assert!(error.contains("no cell's name holds `green`; there is sun red, sun blue"), "{error}");
}
