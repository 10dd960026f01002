//! What a history is made of: samples of the present, and jobs that ended.

use std::time::Duration;

use jiff::Timestamp;

/// The state of a Redis at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// When it was taken, by the Redis clock.
    pub at: Timestamp,
    /// Bytes that the data of Redis takes.
    pub redis_memory: Option<u64>,
    /// Live workers that run a job.
    pub busy: Option<u64>,
    /// Live workers that wait for one.
    pub idle: Option<u64>,
    /// The queues.
    pub queues: Vec<QueueSample>,
}

/// One queue in a [`Sample`]. What could not be read is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct QueueSample {
    /// Its name as the operator types it.
    pub queue: String,
    /// Waiting jobs.
    pub queued: Option<u64>,
    /// Entries of the started registry.
    pub started: Option<u64>,
    /// Entries of the finished registry.
    pub finished: Option<u64>,
    /// Entries of the failed registry.
    pub failed: Option<u64>,
    /// Entries of the scheduled registry.
    pub scheduled: Option<u64>,
    /// Entries of the deferred registry.
    pub deferred: Option<u64>,
    /// Seconds that the oldest job waits; 0 for an empty queue.
    pub oldest_s: Option<u64>,
    /// Live workers that serve it.
    pub workers: Option<u64>,
}

/// A run of a job that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedJob {
    /// Stands for its queue, its id and when it ended: the same run has the same hash.
    pub hash: u64,
    /// Its queue as the operator types it.
    pub queue: String,
    /// What it called; `other` where that is not told.
    pub method: String,
    /// Its site.
    pub site: Option<String>,
    /// When it ended, by the worker's clock.
    pub ended_at: Timestamp,
    /// Whether it failed or was stopped.
    pub failed: bool,
    /// The class of the exception that ended it.
    pub error: Option<String>,
    /// How long it waited, in milliseconds.
    pub wait_ms: Option<u64>,
    /// How long it ran, in milliseconds.
    pub run_ms: Option<u64>,
}

/// The most memory that the process of a job was seen to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryPeak {
    /// When it was looked at.
    pub at: Timestamp,
    /// The job's queue.
    pub queue: String,
    /// What the job called.
    pub method: String,
    /// The kernel's high-water mark, in KiB.
    pub kib: u64,
    /// Whether the job was not seen before.
    pub is_new: bool,
}

/// A time of which nothing is known.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Gap {
    /// When something was known the last time.
    pub from: Timestamp,
    /// When something was known again.
    pub until: Timestamp,
    /// Why nothing is.
    pub why: String,
}

/// How long figures are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Samples as they were taken.
    pub samples: Duration,
    /// Jobs that ended, one by one.
    pub jobs: Duration,
    /// Figures by minute.
    pub minutes: Duration,
    /// Figures by hour.
    pub hours: Duration,
    /// Figures by day.
    pub days: Duration,
}
