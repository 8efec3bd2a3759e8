//! volguard
fn main() {}
