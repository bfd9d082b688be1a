//! What a graph costs: no stack, time in proportion to its ops, and every byte given back.

use crate::table::{Draw, Row, TABLE};
use pushforward::derivatives::*;
use pushforward::nn::{Activation, Mlp, Module};
use pushforward::optim::{Adam, Optimizer};
use pushforward::random::Rng;
use pushforward::{Float, Tensor, grad, grad_graph};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

thread_local! {
    /// Bytes this thread has allocated and not freed. Tensors cannot leave their thread, so tests
    /// that run at the same time do not disturb each other.
    static LIVE: Cell<isize> = const { Cell::new(0) };
    /// How often this thread has allocated.
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, counting.
struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

// SAFETY: every call is handed on unchanged to `System`, which keeps the contract. The counters are
// thread-locals with a constant start and no destructor: to touch them allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.set(LIVE.get() + layout.size() as isize);
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller keeps the contract of `alloc`, which is that of `System`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        LIVE.set(LIVE.get() - layout.size() as isize);
        // SAFETY: `at` came from `System` with this layout, by `alloc` above.
        unsafe { System.dealloc(at, layout) }
    }
}

/// The bytes `f` left allocated.
fn left_by(f: impl FnOnce()) -> isize {
    let before = LIVE.get();
    f();
    LIVE.get() - before
}

/// How often `f` allocated.
fn allocations_of(f: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    f();
    ALLOCATIONS.get() - before
}

/// Runs `f` on 2 MiB of stack, what a thread has by default; the main thread often has more.
fn on_small_stack(f: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(2 << 20).spawn(f).unwrap().join().unwrap();
}

/// f applied n times.
fn chain(x: &Tensor, n: usize, f: impl Fn(Tensor) -> Tensor) -> Tensor {
    (0..n).fold(x.clone(), |y, _| f(y))
}

#[test]
fn a_chain_of_a_million_ops_needs_no_stack() {
    on_small_stack(|| {
        let left = left_by(|| {
            let x = Tensor::scalar(3.0).variable();
            let y = chain(&x, 1_000_000, |y| -y);
            assert_eq!(grad(&y, &[&x])[0].item(), 1.0);
        });
        assert_eq!(left, 0);
    });
}

/// x / (1 + x) applied n times is x / (1 + n x), with derivatives 1 / (1 + n x)² and −2 n / (1 + n
/// x)³.
#[test]
fn a_gradient_through_a_hundred_thousand_ops_can_be_differentiated_again() {
    on_small_stack(|| {
        let n = 50_000; // two ops each
        let x = Tensor::scalar(1.0 / n as Float).variable();
        let y = chain(&x, n, |y| &y / (1.0 + &y));
        let dy = grad_graph(&y, &[&x]).remove(0);
        let ddy = grad(&dy, &[&x]).remove(0);
        let rounding = n as f64 * f64::from(Float::EPSILON); // of n roundings, at the worst
        for (ours, exact) in [(&y, 0.5 / n as f64), (&dy, 0.25), (&ddy, -0.25 * n as f64)] {
            let error = (f64::from(ours.item()) / exact - 1.0).abs();
            assert!(error < rounding, "{ours:?} is not {exact}: off by {error:e}");
        }
    });
}

/// A naive walk would visit a graph of n diamonds 2ⁿ times.
#[test]
fn a_chain_of_diamonds_costs_time_in_proportion_to_its_length() {
    let cost = |n: usize| {
        allocations_of(|| {
            let x = Tensor::scalar(1.0).variable();
            let y = chain(&x, n, |y| (&y + &y) * 0.5);
            let dy = grad_graph(&y, &[&x]).remove(0);
            assert_eq!(dy.item(), 1.0);
            assert_eq!(grad(&(&dy * &y), &[&x])[0].item(), 1.0);
        })
    };
    let costs = [1000, 2000, 3000].map(cost);
    let [second, third] = [costs[1] - costs[0], costs[2] - costs[1]];
    assert!(third.abs_diff(second) < second / 100, "{costs:?} does not grow linearly");
}

#[test]
fn doubling_sixty_times_has_the_derivative_two_to_the_sixty() {
    let x = Tensor::scalar(1.0).variable();
    let y = chain(&x, 60, |y| &y + &y);
    assert_eq!(grad(&y, &[&x])[0].item(), (1u64 << 60) as Float);
}

/// Differentiates an op four times, each time the square of the gradient before.
fn differentiate_repeatedly(row: &Row) {
    let mut rng = Rng::new(1);
    let draw = |&(draw, shape): &(Draw, &[usize])| draw.tensor(shape, &mut rng).variable();
    let x: Vec<Tensor> = row.inputs.iter().map(draw).collect();
    let smooth = x.iter().zip(row.inputs).filter(|(_, (draw, _))| draw.is_differentiable());
    let targets: Vec<&Tensor> = smooth.map(|(x, _)| x).collect();
    let mut y = (row.op)(&x).square().sum(..);
    for _ in 0..3 {
        if y.is_tracked() {
            y = grad_graph(&y, &targets).iter().map(|g| g.square().sum(..)).sum();
        }
    }
    if y.is_tracked() {
        grad(&y, &targets);
    }
}

#[test]
fn the_graph_of_every_op_is_freed_at_every_order() {
    for row in TABLE {
        differentiate_repeatedly(row); // what is kept for later use is kept now
        let left = left_by(|| differentiate_repeatedly(row));
        assert_eq!(left, 0, "{} leaks", row.name);
    }
}

fn cube(x: &Tensor) -> Tensor {
    Tensor::custom("cube", &[x], |x| x[0].powi(3), |g, x, _, _| g * x[0].square() * 3.0)
}

/// A use of derivatives at a point, with its name.
type Use<'a> = (&'a str, &'a dyn Fn(&Tensor));

#[test]
fn the_graphs_of_derivatives_and_of_custom_ops_are_freed() {
    let field = |x: &Tensor| cube(x) * x.sin();
    let energy = |x: &Tensor| cube(x).square().sum(..);
    let uses: [Use; 9] = [
        ("vjp", &|x| drop(vjp(field, x, &x.detach()))),
        ("jvp", &|x| drop(jvp(field, x, &x.detach()))),
        ("jacobian", &|x| drop(jacobian(field, x))),
        ("hessian", &|x| drop(hessian(energy, x))),
        ("hvp", &|x| drop(hvp(energy, x, &x.detach()))),
        ("divergence", &|x| drop(divergence(field, x))),
        ("divergence_hutchinson", &|x| drop(divergence_hutchinson(field, x, &x.detach()))),
        ("gradcheck", &|x| drop(gradcheck(|x| field(&x[0]), &[x.detach()]))),
        ("a divergence's gradient", &|x| {
            let x = x.variable();
            drop(grad(&divergence(field, &x).1.sum(..), &[&x]))
        }),
    ];
    for (name, f) in uses {
        let left = left_by(|| {
            let x = Tensor::from([[0.3, -0.8], [1.2, 0.1]]);
            f(&x);
            f(&x.variable());
        });
        assert_eq!(left, 0, "{name} leaks");
    }
}

/// The one way to leak, which the crate's own rules cannot take: a rule that holds its own output.
#[test]
fn the_count_sees_a_cycle_and_its_end() {
    let held = Rc::new(RefCell::new(None));
    let cycle = Rc::clone(&held);
    let left = left_by(|| {
        let x = Tensor::zeros(&[200]).variable();
        let capture = move |g: &Tensor, _: &[Tensor], _: &Tensor, _: usize| {
            let _ = &cycle;
            g.clone()
        };
        let y = Tensor::custom("holds_itself", &[&x], |x| x[0].clone(), capture);
        *held.borrow_mut() = Some(y);
    });
    assert!(left > 200 * size_of::<Float>() as isize, "only {left} bytes of the cycle are seen");
    assert!(left_by(|| drop(held.take())) < -200 * size_of::<Float>() as isize);
}

#[test]
fn training_ten_thousand_steps_takes_no_more_memory_than_a_hundred() {
    let mut rng = Rng::new(0);
    let mut model = Mlp::new(&[2, 16, 16, 1], Activation::Tanh, &mut rng);
    let mut adam = Adam::new(1e-3);
    let mut step = || {
        let x = rng.normal(&[16, 2]);
        let target = x.sin().sum_keep(1);
        let loss = model.forward(&x).mse(&target);
        let grads = grad(&loss, &model.tensors());
        adam.step(&mut model, &grads);
        loss.item()
    };
    let (mut live, mut cost, mut losses) = (0, 0, [0.0; 2]);
    for i in 1..=10_000 {
        let allocations = allocations_of(|| losses[usize::from(i > 100)] = step());
        if i == 100 {
            (live, cost) = (LIVE.get(), allocations);
        } else if i > 100 {
            assert_eq!((LIVE.get(), allocations), (live, cost), "step {i}");
        }
    }
    assert!(losses[1] < losses[0] / 10.0, "nothing was learnt: {losses:?}");
}
