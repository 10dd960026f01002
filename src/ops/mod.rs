//! What jobctl does: one file per topic; each function reads through a backend and returns a
//! report. Knows no command line and prints nothing.

pub mod alerts;
pub mod change;
pub mod doctor;
pub mod errors;
mod frappe_process;
pub mod groups;
mod headline;
pub mod health;
pub mod history;
pub mod job_types;
pub mod jobs;
pub mod logs;
pub mod metrics;
pub mod pending;
pub mod pool;
pub mod queues;
pub mod readiness;
pub mod realtime;
pub mod schedule;
pub mod scheduler;
pub mod scope;
pub mod sites;
pub mod stats;
pub mod supervisor;
pub mod switch;
pub mod worker;
pub mod workers;
