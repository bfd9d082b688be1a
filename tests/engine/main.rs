//! The engine: tensors, ops, derivatives, optimizers, solvers and files. One program, so that it links once.

mod adaptive;
mod adjoint;
mod checkpoint;
mod derivatives;
mod errors;
mod experiment;
mod memory;
mod ode;
mod properties;
mod random;
mod reference;
mod sde;
mod table;
mod tensor;
