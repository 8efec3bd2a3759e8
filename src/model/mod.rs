//! TODO

pub mod quantity;
