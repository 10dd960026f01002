//! One binary for all integration tests: they share the servers' spawner and link once.
//!
//! A new file beside this one is named below; a test fails if it is not.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod support;

mod connect;
mod demo;
mod doctor;
mod doctor_turns;
mod generated;
mod jobs;
mod logs;
mod pending;
mod processes;
mod queues;
mod registered;
mod rq_workers;
mod site_db;
mod stats;
mod transcripts;
mod workers;
