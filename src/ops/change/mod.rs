//! Changes: each verb plans, is approved, and acts against live workers.

pub mod dialect;
pub mod enqueue;
pub mod stop;
