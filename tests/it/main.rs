//! One binary for all integration tests: they share the servers' spawner and link once.
//!
//! A new file beside this one is named below; a test fails if it is not.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod support;

mod alerts;
mod change;
mod chaos;
mod connect;
mod cron;
mod demo;
mod doctor;
mod doctor_turns;
mod dump;
mod enqueue;
mod errors;
mod generated;
mod groups;
mod health;
mod history;
mod job_types;
mod jobs;
mod layers;
mod list_removal;
mod logs;
mod lost_workers;
mod metrics;
mod model;
mod moving;
mod pending;
mod pool;
mod processes;
mod purge;
mod queues;
mod registered;
mod repair;
mod retry;
mod rq_workers;
mod scattered;
mod serve;
mod site_db;
mod stats;
mod status;
mod stopping;
mod supervisor;
mod switch;
mod transcripts;
mod trigger;
mod worker;
mod workers;
mod workers_stop;
mod workers_via;
