//! What is counted of one group of executions.

use super::distribution::Distribution;
use super::line::Record;
use super::timeline::{Axis, Counts, SPANS};

/// A group's figures. What records do not tell is counted apart, so that "unknown" is never 0.
#[derive(Debug, Clone)]
pub struct Group {
    /// Executions.
    pub count: u64,
    /// Those that failed, among those that tell.
    pub failed: u64,
    /// Executions that tell whether they failed.
    pub failed_known: u64,
    /// Executions that the scheduler enqueued.
    pub scheduled: u64,
    /// How long they ran, of those that tell.
    pub duration: Distribution,
    /// How long they waited, of those that tell.
    pub wait: Distribution,
    /// When the first began, microseconds since 1970.
    pub first_us: i64,
    /// When the last to end did.
    pub last_us: i64,
    /// Executions over time, by their beginning.
    pub timeline: Counts,
}

impl Default for Group {
    fn default() -> Self {
        Self {
            count: 0,
            failed: 0,
            failed_known: 0,
            scheduled: 0,
            duration: Distribution::default(),
            wait: Distribution::default(),
            first_us: i64::MAX,
            last_us: i64::MIN,
            timeline: [0; SPANS],
        }
    }
}

impl Group {
    /// Counts an execution. `limit` as in [`Distribution::add`]; `span` is where it lies on the
    /// common time axis.
    pub fn add(&mut self, record: &Record<'_>, span: Option<usize>, limit: usize) {
        self.count += 1;
        if let Some(failed) = record.failed {
            self.failed_known += 1;
            self.failed += u64::from(failed);
        }
        self.scheduled += u64::from(record.scheduled == Some(true));
        let duration = record.duration_us.and_then(|us| u64::try_from(us).ok());
        if let Some(duration) = duration {
            self.duration.add(duration, limit);
        }
        if let Some(wait) = record.wait_us().and_then(|us| u64::try_from(us).ok()) {
            self.wait.add(wait, limit);
        }
        self.first_us = self.first_us.min(record.started_us);
        self.last_us =
            self.last_us.max(record.started_us.saturating_add_unsigned(duration.unwrap_or(0)));
        if let Some(count) = span.and_then(|span| self.timeline.get_mut(span)) {
            *count = count.saturating_add(1);
        }
    }

    /// Adds the figures of `other`, whose time axis is `theirs`; `ours` reaches at least as far.
    pub fn merge(&mut self, other: &Self, theirs: &Axis, ours: &Axis, limit: usize) {
        self.count += other.count;
        self.failed += other.failed;
        self.failed_known += other.failed_known;
        self.scheduled += other.scheduled;
        self.duration.merge(&other.duration, limit);
        self.wait.merge(&other.wait, limit);
        self.first_us = self.first_us.min(other.first_us);
        self.last_us = self.last_us.max(other.last_us);
        for (sum, count) in self.timeline.iter_mut().zip(ours.move_counts(theirs, &other.timeline))
        {
            *sum = sum.saturating_add(count);
        }
    }

    /// Ends the adding: from now on quantiles can be asked.
    pub fn finish(&mut self, limit: usize) {
        self.duration.finish(limit);
        self.wait.finish(limit);
    }
}
