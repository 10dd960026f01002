//! What is asked of the executions: which of them, and by what they are grouped.

use jiff::tz::TimeZone;

use super::line::Record;

/// What executions are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum By {
    /// The method.
    #[default]
    Method,
    /// The queue; no log names it.
    Queue,
    /// The site.
    Site,
    /// The hour in which they began.
    Hour,
    /// The day on which they began.
    Day,
}

/// By how much the clock of whoever wrote a record may be ahead of ours.
const AHEAD_US: i64 = 60 * 60 * 1_000_000;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Query {
    /// What executions are grouped by.
    pub by: By,
    /// Only executions that began at or after then, microseconds since 1970.
    pub since_us: Option<i64>,
    /// Only executions that began before then.
    pub until_us: Option<i64>,
    /// Only executions of these sites; empty for all.
    pub sites: Vec<Vec<u8>>,
    /// Only scheduled (`true`) or only other (`false`) executions.
    pub scheduled: Option<bool>,
    /// How many of the slowest executions are kept.
    pub slowest: usize,
    /// The zone whose hours and days are meant.
    pub zone: TimeZone,
    /// The present, microseconds since 1970.
    pub now_us: i64,
    /// What began before then was written under a wrong clock, microseconds since 1970.
    pub earliest_us: i64,
}

impl Query {
    /// Whether a record is of the sites and the time that are asked for.
    pub fn covers(&self, record: &Record<'_>) -> bool {
        let at = record.started_us;
        self.since_us.is_none_or(|since| at >= since)
            && self.until_us.is_none_or(|until| at < until)
            && (self.sites.is_empty()
                || record.site.is_some_and(|s| self.sites.iter().any(|site| site == s)))
    }

    /// Whether a record can have begun when it says.
    pub fn believes(&self, record: &Record<'_>) -> bool {
        let latest = self.now_us.saturating_add(AHEAD_US);
        (self.earliest_us..=latest).contains(&record.started_us)
    }

    /// Whether a job's record is of the sort that is asked for. One that does not tell is of
    /// neither sort.
    pub fn takes(&self, record: &Record<'_>) -> bool {
        self.scheduled.is_none() || record.scheduled == self.scheduled
    }
}
