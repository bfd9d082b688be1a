//! Reverse-mode differentiation of any order: the graph's nodes, how an op is recorded, the
//! backward walk and the drop. What is built on it (Jacobians, Hessians, divergences) lives in
//! `derivatives`.
//!
//! The graph is made of the tensors themselves: each holds the op that made it, and the op holds
//! its inputs. A rule is a function *given* the output's gradient g, the inputs x and the output y,
//! written in differentiable tensor ops and capturing no tensor: so its result can be
//! differentiated again, and no tensor can come to own itself.

use crate::Tensor;
use crate::tensor::Inner;
use std::cell::Cell;
use std::rc::Rc;

/// What the graph knows of a tensor that derivatives may be asked for.
pub(crate) struct Node {
    /// The op that made it; `None` for a variable.
    op: Option<Op>,
    /// The same numbers outside the graph.
    constant: Tensor,
    /// Where the running walk keeps this node (see [`Walk`]); meaningless between walks.
    slot: Cell<usize>,
}

pub(crate) struct Op {
    pub(crate) name: &'static str,
    pub(crate) inputs: Vec<Tensor>,
    pub(crate) forward: Box<Forward>,
    rule: Box<Rule>,
}

/// `forward(x)` is the output, a constant.
type Forward = dyn Fn(&[&Tensor]) -> Tensor;

/// `rule(g, x, y, i)` is the gradient for input `x[i]`, where g is the gradient for the output y.
type Rule = dyn Fn(&Tensor, &[Tensor], &Tensor, usize) -> Tensor;

impl Op {
    /// The rule's gradient for input i.
    #[track_caller]
    pub(crate) fn gradient(&self, g: &Tensor, x: &[Tensor], y: &Tensor, i: usize) -> Tensor {
        let d = (self.rule)(g, x, y, i);
        assert!(
            d.shape() == x[i].shape(),
            "{}: its rule gave input {i} a gradient of shape {:?}; the input has shape {:?}",
            self.name,
            d.shape(),
            x[i].shape()
        );
        d
    }
}

/// The numbers of a constant as part of the graph.
fn tracked(constant: Tensor, op: Option<Op>) -> Tensor {
    let (shape, data) = (constant.shape().to_vec(), Rc::clone(&constant.0.data));
    Tensor::from_parts(shape, data, Some(Node { op, constant, slot: Cell::new(0) }))
}

impl Tensor {
    /// A new leaf of the graph with the same numbers: derivatives may be asked for with respect to
    /// it.
    ///
    /// An update made by hand starts a new leaf: `w = (&w - &g * 0.1).variable();`. Without
    /// `.variable()` the new w depends on all earlier ones, and every step is slower than the last.
    pub fn variable(&self) -> Tensor {
        tracked(self.detach(), None)
    }

    /// The same numbers as a constant: no derivative flows through.
    pub fn detach(&self) -> Tensor {
        self.0.node.as_ref().map_or(self, |node| &node.constant).clone()
    }

    /// Whether this is a variable or was computed from one.
    pub fn is_tracked(&self) -> bool {
        self.0.node.is_some()
    }

    /// The op that made this tensor, `"variable"` for a leaf, `None` for a constant.
    pub fn op_name(&self) -> Option<&'static str> {
        self.0.node.as_ref().map(|node| node.op.as_ref().map_or("variable", |op| op.name))
    }

    /// The tensors this one was computed from; empty for constants and variables.
    pub fn inputs(&self) -> &[Tensor] {
        self.op().map_or(&[], |op| &op.inputs)
    }

    /// How many ops and variables it was computed from, with itself: what a walk backwards visits. 0 for a
    /// constant.
    ///
    /// ```
    /// # use pushforward::Tensor;
    /// let x = Tensor::from([1.0, 2.0]).variable();
    /// assert_eq!((&x * &x + 1.0).graph_nodes(), 3);
    /// ```
    pub fn graph_nodes(&self) -> usize {
        if self.is_tracked() { Walk::new(self, &[]).seen.len() } else { 0 }
    }

    pub(crate) fn op(&self) -> Option<&Op> {
        self.0.node.as_ref()?.op.as_ref()
    }

    pub(crate) fn is(&self, other: &Tensor) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// Defines an op. `forward` computes the output from the numbers of the inputs; `rule(g, x, y,
    /// i)` returns Σ g ∂y/∂x\[i\], the gradient for input i, in the shape of `x[i]`. If the rule is
    /// written in ops of this crate, the op can be differentiated any number of times.
    ///
    /// The rule must capture no tensor: whatever it needs is an input (or a plain number).
    ///
    /// ```
    /// use pushforward::{Tensor, grad};
    /// let x = Tensor::from([2.0]).variable();
    /// let y = Tensor::custom("cube", &[&x], |x| x[0].powi(3), |g, x, _y, _i| g * x[0].square() * 3.0);
    /// assert_eq!(grad(&y, &[&x])[0].item(), 12.0);
    /// ```
    pub fn custom(
        name: &'static str,
        inputs: &[&Tensor],
        forward: impl Fn(&[&Tensor]) -> Tensor + 'static,
        rule: impl Fn(&Tensor, &[Tensor], &Tensor, usize) -> Tensor + 'static,
    ) -> Tensor {
        let on_constants = move |x: &[&Tensor]| {
            let x: Vec<Tensor> = x.iter().map(|x| x.detach()).collect();
            forward(&x.iter().collect::<Vec<_>>()).detach()
        };
        record(name, inputs, on_constants, rule)
    }
}

/// Computes an op and, if an input is tracked, records it. `forward` must return a constant.
pub(crate) fn record(
    name: &'static str,
    inputs: &[&Tensor],
    forward: impl Fn(&[&Tensor]) -> Tensor + 'static,
    rule: impl Fn(&Tensor, &[Tensor], &Tensor, usize) -> Tensor + 'static,
) -> Tensor {
    let y = forward(inputs);
    debug_assert!(!y.is_tracked(), "{name}: forward must return a constant");
    if !inputs.iter().any(|x| x.is_tracked()) {
        return y;
    }
    let inputs = inputs.iter().map(|&x| x.clone()).collect();
    tracked(y, Some(Op { name, inputs, forward: Box::new(forward), rule: Box::new(rule) }))
}

/// ∂y/∂x for a scalar `y` and each of `xs`, as constants; to differentiate
/// again use [`grad_graph`]. Zeros where y does not depend on x.
///
/// # Panics
/// If `y` has not exactly one element, `y` or one of `xs` is a constant, or `y` depends on none of
/// them.
#[track_caller]
pub fn grad(y: &Tensor, xs: &[&Tensor]) -> Vec<Tensor> {
    or_zeros(gradients("grad", y, xs, false), xs)
}

/// ∂y/∂x for a scalar `y` and each of `xs`, as part of the graph: they can be differentiated again.
///
/// # Panics
/// As [`grad`].
#[track_caller]
pub fn grad_graph(y: &Tensor, xs: &[&Tensor]) -> Vec<Tensor> {
    or_zeros(gradients("grad_graph", y, xs, true), xs)
}

fn or_zeros(gradients: Vec<Option<Tensor>>, xs: &[&Tensor]) -> Vec<Tensor> {
    let zeros = |x: &&Tensor| Tensor::zeros(x.shape());
    gradients.into_iter().zip(xs).map(|(g, x)| g.unwrap_or_else(|| zeros(x))).collect()
}

#[track_caller]
fn gradients(name: &str, y: &Tensor, xs: &[&Tensor], live: bool) -> Vec<Option<Tensor>> {
    assert!(
        y.len() == 1,
        "{name}: y has shape {:?}; only a scalar has a gradient. Sum or average it first, or use \
         derivatives::vjp",
        y.shape()
    );
    assert!(
        y.is_tracked(),
        "{name}: y does not depend on a variable. Make the inputs variables (x.variable()) before \
         computing y; comparisons, argmax, one_hot, sign and detach give constants, and so does \
         grad: use grad_graph for what is to be differentiated again (of something linear it is a \
         constant too)"
    );
    for (i, x) in xs.iter().enumerate() {
        assert!(
            x.is_tracked(),
            "{name}: xs[{i}] of shape {:?} is a constant. Write `let x = x.variable();` before y is \
             computed from it",
            x.shape()
        );
    }
    let gradients = backward(y, &Tensor::ones(y.shape()), xs, live);
    assert!(
        xs.is_empty() || gradients.iter().any(Option::is_some),
        "{name}: y depends on variables, but on none of xs. Was y computed before they were replaced, \
         by .variable() or by an optimizer's step?"
    );
    gradients
}

/// Σ seed ∂y/∂x for each of `xs`; `None` where y does not depend on x. With `live`, the rules are
/// given the tensors of the graph, and the result can be differentiated again; otherwise constants,
/// and nothing is recorded.
#[track_caller]
pub(crate) fn backward(
    y: &Tensor,
    seed: &Tensor,
    xs: &[&Tensor],
    live: bool,
) -> Vec<Option<Tensor>> {
    let walk = Walk::new(y, xs);
    let mut gradients: Vec<Option<Tensor>> = vec![None; walk.seen.len()];
    if let Some(slot) = walk.slot(y) {
        gradients[slot] = Some(seed.clone());
    }
    for &slot in walk.order.iter().rev() {
        let y = walk.seen[slot];
        let (Some(op), Some(g)) = (y.op(), gradients[slot].clone()) else { continue };
        if slot >= walk.targets {
            gradients[slot] = None; // no longer needed
        }
        let as_given = |t: &Tensor| if live { t.clone() } else { t.detach() };
        let (x, y): (Vec<Tensor>, Tensor) = (op.inputs.iter().map(as_given).collect(), as_given(y));
        for (i, input) in op.inputs.iter().enumerate() {
            let Some(slot) = walk.slot(input).filter(|&slot| walk.useful[slot]) else { continue };
            let d = op.gradient(&g, &x, &y, i);
            let d = if live { d } else { d.detach() }; // a rule may itself differentiate
            gradients[slot] = Some(match gradients[slot].take() {
                Some(sum) => sum + d,
                None => d,
            });
        }
    }
    xs.iter().map(|x| gradients[walk.slot(x)?].clone()).collect()
}

/// The tracked tensors between y and the targets, inputs before outputs. The order depends on the
/// graph alone, never on addresses: so do the sums of gradients, and their last bits.
pub(crate) struct Walk<'a> {
    /// Every tensor met; a node's `slot` is its place here. A slot is valid if and only if the
    /// tensor found there is the node's own, so nothing needs to be cleared or hashed.
    pub(crate) seen: Vec<&'a Tensor>,
    /// Their slots before this walk, put back when it ends: a rule may differentiate, and then its
    /// walk runs inside another one.
    before: Vec<usize>,
    /// Whether the tensor is a target or was computed from one.
    useful: Vec<bool>,
    /// Slots of the useful tensors reachable from y, inputs before outputs.
    pub(crate) order: Vec<usize>,
    /// The targets are the first slots.
    targets: usize,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(y: &'a Tensor, targets: &[&'a Tensor]) -> Walk<'a> {
        let [before, order] = [const { vec![] }; 2];
        let mut walk = Walk { seen: vec![], before, useful: vec![], order, targets: 0 };
        for target in targets {
            walk.enter(target, true);
        }
        walk.targets = walk.seen.len();
        walk.sort(y);
        walk
    }

    /// Depth first, with a stack of its own: a chain of a million ops must not overflow the
    /// thread's.
    fn sort(&mut self, y: &'a Tensor) {
        let Some(root) = self.enter(y, false) else { return };
        let mut expanded = vec![false; self.seen.len()];
        expanded[root] = true;
        if self.targets == 1 {
            expanded[0] = true; // nothing it was computed from can lead to it
        }
        let mut stack = vec![(root, 0)];
        while let Some((slot, next)) = stack.pop() {
            if let Some(input) = self.seen[slot].inputs().get(next) {
                stack.push((slot, next + 1));
                let Some(input) = self.enter(input, false) else { continue };
                expanded.resize(self.seen.len(), false);
                if !std::mem::replace(&mut expanded[input], true) {
                    stack.push((input, 0));
                }
            } else {
                let leads = |x: &Tensor| self.slot(x).is_some_and(|slot| self.useful[slot]);
                self.useful[slot] |= self.seen[slot].inputs().iter().any(leads);
                if self.useful[slot] {
                    self.order.push(slot);
                }
            }
        }
    }

    /// The slot of a tracked tensor, given now if it had none.
    fn enter(&mut self, t: &'a Tensor, useful: bool) -> Option<usize> {
        let node = t.0.node.as_ref()?;
        if self.slot(t).is_none() {
            self.before.push(node.slot.replace(self.seen.len()));
            self.seen.push(t);
            self.useful.push(useful);
        }
        Some(node.slot.get())
    }

    pub(crate) fn slot(&self, t: &Tensor) -> Option<usize> {
        let slot = t.0.node.as_ref()?.slot.get();
        self.seen.get(slot).is_some_and(|seen| seen.is(t)).then_some(slot)
    }
}

impl Drop for Walk<'_> {
    fn drop(&mut self) {
        for (node, &slot) in self.seen.iter().map(|t| &t.0.node).zip(&self.before) {
            node.iter().for_each(|node| node.slot.set(slot));
        }
    }
}

/// Frees the graph behind a tensor with a loop: the compiler's own drop would recurse once an op
/// and overflow the stack.
impl Drop for Inner {
    fn drop(&mut self) {
        let take_inputs = |inner: &mut Inner| inner.node.take().and_then(|node| node.op);
        let mut dead: Vec<Tensor> = take_inputs(self).map_or(vec![], |op| op.inputs);
        while let Some(Tensor(rc)) = dead.pop() {
            if let Some(op) = Rc::into_inner(rc).and_then(|mut inner| take_inputs(&mut inner)) {
                dead.extend(op.inputs);
            }
        }
    }
}
