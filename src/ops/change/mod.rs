//! Changing jobs: plan, approval, and the loop that journals, changes and confirms batch by batch.
//!
//! One file per verb makes the plan and says what is done to a job; what is common to all stands
//! in [`approve`](mod@approve) and [`apply`](mod@apply). The order within a batch never varies:
//! images on disk, then the scripts, then what they did. So whatever ends the program in between,
//! the journal and the receipts in Redis together tell what was done.

pub mod apply;
pub mod approve;
pub mod cancel;
pub mod choose;
pub mod delete;
pub mod dependents;
pub mod dialect;
mod dispose;
pub mod enqueue;
pub mod move_jobs;
pub mod ops;
pub mod promote;
pub mod purge;
mod recipe;
pub mod repair;
mod requeue;
pub mod retry;
pub mod stop;
pub mod suspend;
pub mod trigger;
pub mod undo;
mod walk;

use std::time::Duration;

pub use apply::{Change, Item, apply};
pub use approve::{Go, approve};
pub use dependents::Dependents;

/// Jobs that are changed in one turn.
pub const BATCH: usize = 1_000;
/// Bytes of images that one batch should not exceed.
pub const BATCH_BYTES: u64 = 8 << 20;

/// How a mutation is to be carried out: the flags that all of them take.
#[derive(Debug, Clone, Default)]
pub struct How {
    /// Show the plan, change nothing.
    pub dry_run: bool,
    /// Do not ask.
    pub yes: bool,
    /// Why, for the journal and the audit log.
    pub reason: Option<String>,
    /// Only the first so many, in the order of the queues.
    pub limit: Option<u64>,
    /// Keep no journal.
    pub no_undo: bool,
    /// Everything is meant.
    pub all: bool,
    /// Whether the scope was given by a flag or an id; variables and defaults never count.
    pub explicit: bool,
    /// Whether jobs were named by their ids, so that one that is left alone is a failure.
    pub named: bool,
    /// How long journals are kept; `None` for the default.
    pub kept_for: Option<Duration>,
}
