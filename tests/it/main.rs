//! One binary for all integration tests.
fn main() {}
