//! The `jobctl` binary.
fn main() {}
