//! One binary for all integration tests: they share the servers' spawner and link once.
//!
//! A new file beside this one is named below; a test fails if it is not.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod support;

mod change;
mod connect;
mod list_removal;
mod purge;
mod registered;
mod rq_workers;
