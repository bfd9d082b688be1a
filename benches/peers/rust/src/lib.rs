//! The part that the contenders share.

pub mod protocol;
