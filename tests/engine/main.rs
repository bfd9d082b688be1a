//! The engine: tensors, ops, derivatives, optimizers, solvers and files. One program, so that it
//! links once.

mod derivatives;
mod reference;
mod table;
