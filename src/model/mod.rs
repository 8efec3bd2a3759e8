//! TODO

pub mod access;
pub mod quantity;
