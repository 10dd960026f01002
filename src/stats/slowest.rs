//! Keeps the slowest executions.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::line::{Record, Text};

/// One execution. Ordered by how long it took, then by what tells two apart, so that which ones are
/// kept does not depend on the order in which they were seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Execution {
    /// Microseconds that it took.
    pub duration_us: u64,
    /// When it began, microseconds since 1970.
    pub started_us: i64,
    /// RQ's id of the job, where it is told.
    pub job_id: Option<Vec<u8>>,
    /// The method.
    pub method: Option<Vec<u8>>,
    /// The site.
    pub site: Option<Vec<u8>>,
    /// The queue.
    pub queue: Option<Vec<u8>>,
    /// Microseconds that it waited.
    pub wait_us: Option<i64>,
    /// Whether the scheduler enqueued it.
    pub scheduled: Option<bool>,
    /// Whether it failed.
    pub failed: Option<bool>,
}

impl Execution {
    fn of(record: &Record<'_>, duration_us: u64) -> Self {
        let owned = |text: Option<Text<'_>>| text.map(<[u8]>::to_vec);
        Self {
            duration_us,
            started_us: record.started_us,
            // Up to v15 the record's own id is the job's.
            job_id: owned(record.job_id.or(record.uuid)),
            method: owned(record.method),
            site: owned(record.site),
            queue: owned(record.queue),
            wait_us: record.wait_us().filter(|wait| *wait >= 0),
            scheduled: record.scheduled,
            failed: record.failed,
        }
    }
}

/// The slowest executions, at most a given number.
#[derive(Debug, Clone, Default)]
pub struct Slowest {
    most: usize,
    /// The quickest of them on top.
    heap: BinaryHeap<Reverse<Execution>>,
}

impl Slowest {
    /// Keeps at most `most`.
    pub fn of(most: usize) -> Self {
        Self { most, heap: BinaryHeap::new() }
    }

    /// Keeps an execution if it is among the slowest so far.
    pub fn offer(&mut self, record: &Record<'_>, duration_us: u64) {
        let full = self.heap.len() >= self.most;
        let quickest = self.heap.peek().map_or(0, |Reverse(quickest)| quickest.duration_us);
        if self.most > 0 && (!full || duration_us >= quickest) {
            self.keep(Execution::of(record, duration_us));
        }
    }

    /// Adds the executions of `other`.
    pub fn merge(&mut self, other: Self) {
        other.heap.into_iter().for_each(|Reverse(execution)| self.keep(execution));
    }

    /// The executions, slowest first.
    pub fn into_sorted(self) -> Vec<Execution> {
        self.heap.into_sorted_vec().into_iter().map(|Reverse(execution)| execution).collect()
    }

    fn keep(&mut self, execution: Execution) {
        self.heap.push(Reverse(execution));
        if self.heap.len() > self.most {
            self.heap.pop();
        }
    }
}
