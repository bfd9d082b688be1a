//! What an answer is tried on: arguments by their names.

use crate::{Float, Tensor};
use std::fmt;
use std::rc::Rc;

/// One set of arguments.
#[derive(Clone, Debug)]
pub struct Input {
    /// What is special about it, as a reader is told: "one row, t = 0".
    pub about: String,
    /// The arguments by their names in the answer's signature.
    pub arguments: Vec<(&'static str, Value)>,
}

/// An argument.
#[derive(Clone, Debug)]
pub enum Value {
    /// Numbers.
    Tensor(Tensor),
    /// A number.
    Number(Float),
    /// How many, for instance steps.
    Count(usize),
    /// Several of them, for instance a shape.
    Counts(Vec<usize>),
    /// Something that has a name, such as an operation; the check knows what it means.
    Name(&'static str),
    /// A function of tensors, such as a field.
    Function(Function),
}

/// A function as an argument, with the formula that is shown for it.
#[derive(Clone)]
pub struct Function {
    /// What the reader sees: "u(t, x) = x cos t".
    pub formula: &'static str,
    call: Rc<Call>,
}

type Call = dyn Fn(&[&Tensor]) -> Tensor;

impl Function {
    /// From its formula and what computes it.
    pub fn new(formula: &'static str, f: impl Fn(&[&Tensor]) -> Tensor + 'static) -> Function {
        Function { formula, call: Rc::new(f) }
    }

    /// f of its arguments.
    pub fn call(&self, arguments: &[&Tensor]) -> Tensor {
        (self.call)(arguments)
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.formula)
    }
}

impl Input {
    /// An input without arguments yet.
    pub fn new(about: impl Into<String>) -> Input {
        Input { about: about.into(), arguments: vec![] }
    }

    /// With one argument more.
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Input {
        self.arguments.push((name, value.into()));
        self
    }

    /// With another value for an argument.
    pub(super) fn replaced(&self, index: usize, value: Value) -> Input {
        let mut input = self.clone();
        input.arguments[index].1 = value;
        input
    }

    #[track_caller]
    fn get(&self, name: &str) -> &Value {
        let found = self.arguments.iter().find(|(known, _)| *known == name);
        let Some((_, value)) = found else {
            panic!("the input `{}` has no argument `{name}`", self.about)
        };
        value
    }

    /// The argument of this name.
    ///
    /// # Panics
    /// If there is none, or it is not a tensor.
    #[track_caller]
    pub fn tensor(&self, name: &str) -> &Tensor {
        match self.get(name) {
            Value::Tensor(tensor) => tensor,
            other => panic!("`{name}` is not a tensor but {other:?}"),
        }
    }

    /// The argument of this name.
    ///
    /// # Panics
    /// If there is none, or it is not a number.
    #[track_caller]
    pub fn number(&self, name: &str) -> Float {
        match self.get(name) {
            Value::Number(number) => *number,
            other => panic!("`{name}` is not a number but {other:?}"),
        }
    }

    /// The argument of this name.
    ///
    /// # Panics
    /// If there is none, or it is not a count.
    #[track_caller]
    pub fn count(&self, name: &str) -> usize {
        match self.get(name) {
            Value::Count(count) => *count,
            other => panic!("`{name}` is not a count but {other:?}"),
        }
    }

    /// The argument of this name.
    ///
    /// # Panics
    /// If there is none, or it is not a list of counts.
    #[track_caller]
    pub fn counts(&self, name: &str) -> &[usize] {
        match self.get(name) {
            Value::Counts(counts) => counts,
            other => panic!("`{name}` is not a list of counts but {other:?}"),
        }
    }

    /// The argument of this name.
    ///
    /// # Panics
    /// If there is none, or it is not a name itself.
    #[track_caller]
    pub fn name(&self, name: &str) -> &'static str {
        match self.get(name) {
            Value::Name(found) => found,
            other => panic!("`{name}` is not a name but {other:?}"),
        }
    }

    /// The argument of this name.
    ///
    /// # Panics
    /// If there is none, or it is not a function.
    #[track_caller]
    pub fn function(&self, name: &str) -> &Function {
        match self.get(name) {
            Value::Function(function) => function,
            other => panic!("`{name}` is not a function but {other:?}"),
        }
    }
}

impl Value {
    /// A different value of the same kind and shape.
    pub(super) fn varied(&self) -> Value {
        match self {
            Value::Tensor(x) => Value::Tensor(x * 0.75 + 0.0625),
            Value::Number(x) => Value::Number(x * 0.75 + 0.0625),
            Value::Count(n) => Value::Count(n + 1),
            Value::Counts(n) => Value::Counts(n.iter().map(|n| n + 1).collect()),
            Value::Name(name) => Value::Name(name),
            Value::Function(f) => {
                let f = f.clone();
                let varied = move |x: &[&Tensor]| f.call(x) * 0.75 + 0.0625;
                Value::Function(Function::new("another", varied))
            }
        }
    }
}

impl From<Tensor> for Value {
    fn from(tensor: Tensor) -> Value {
        Value::Tensor(tensor)
    }
}

impl From<&Tensor> for Value {
    fn from(tensor: &Tensor) -> Value {
        Value::Tensor(tensor.clone())
    }
}

impl From<Float> for Value {
    fn from(number: Float) -> Value {
        Value::Number(number)
    }
}

impl From<usize> for Value {
    fn from(count: usize) -> Value {
        Value::Count(count)
    }
}

impl From<&[usize]> for Value {
    fn from(counts: &[usize]) -> Value {
        Value::Counts(counts.to_vec())
    }
}

impl From<&'static str> for Value {
    fn from(name: &'static str) -> Value {
        Value::Name(name)
    }
}

impl From<Function> for Value {
    fn from(function: Function) -> Value {
        Value::Function(function)
    }
}
