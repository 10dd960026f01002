//! Logs: runs of scheduled jobs, errors, mails.

use jiff::SignedDuration;
use jiff::civil::DateTime;

use super::stamp;
use crate::backend::site_db::Row;
use crate::backend::site_db::sql::{self, Query, Value};
use crate::bench::Family;

/// A row of `tabScheduled Job Log`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRun {
    /// Its key.
    pub name: String,
    /// The key of its Scheduled Job Type.
    pub job_type: String,
    /// `Scheduled`, `Start`, `Complete` or `Failed`.
    ///
    /// `Start` is what a run has while it runs, and keeps for ever if its process dies.
    pub status: String,
    /// When it began.
    pub started_at: Option<DateTime>,
    /// When its status changed last; the end of a run that ended.
    pub changed_at: Option<DateTime>,
    /// The end of its traceback, at most 8192 characters.
    pub details: Option<String>,
}

impl JobRun {
    pub(super) fn of(row: Row<'_>) -> Self {
        let owned = |column| row.filled(column).map(str::to_owned);
        Self {
            name: owned("name").unwrap_or_default(),
            job_type: owned("scheduled_job_type").unwrap_or_default(),
            status: owned("status").unwrap_or_default(),
            started_at: row.time("creation"),
            changed_at: row.time("modified"),
            details: owned("details"),
        }
    }

    /// Whether it came to an end, well or not.
    pub fn has_ended(&self) -> bool {
        matches!(self.status.as_str(), "Complete" | "Failed")
    }

    /// How long it took; `None` where it did not end. The clock of the site may have been set in
    /// between, so it can be negative.
    pub fn duration(&self) -> Option<SignedDuration> {
        self.has_ended().then_some(self.changed_at?.duration_since(self.started_at?))
    }
}

/// Which runs are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFilter {
    /// Only runs that began then or later.
    pub since: DateTime,
    /// Only this many, the newest.
    pub limit: u32,
    /// Only those of the type with this key.
    pub job_type: Option<String>,
    /// Only those with this status.
    pub status: Option<String>,
}

impl RunFilter {
    pub(super) fn query(&self) -> Query {
        let job_type = Value::optional(self.job_type.as_deref());
        let status = Value::optional(self.status.as_deref());
        since(sql::RUNS, self.since)
            .with(job_type.clone())
            .with(job_type)
            .with(status.clone())
            .with(status)
            .with(Value::Int(self.limit.into()))
    }
}

/// The runs of one type that have one status.
#[derive(Debug, Clone, PartialEq)]
pub struct RunTally {
    /// The key of the type.
    pub job_type: String,
    /// The status.
    pub status: String,
    /// How many there are.
    pub runs: u64,
    /// When the newest of them began.
    pub last_started: Option<DateTime>,
    /// From start to last change, on average, in seconds; means something for runs that ended.
    pub mean_s: Option<f64>,
    /// The longest, in seconds.
    pub longest_s: Option<f64>,
}

impl RunTally {
    pub(super) fn of(row: Row<'_>) -> Self {
        Self {
            job_type: row.text("scheduled_job_type").unwrap_or_default().to_owned(),
            status: row.text("status").unwrap_or_default().to_owned(),
            runs: row.count("runs"),
            last_started: row.time("last_started"),
            mean_s: row.real("mean_s"),
            longest_s: row.real("longest_s"),
        }
    }
}

/// Characters of a logged error that are read: its end, which names the exception.
pub const ERROR_CHARS: usize = 4096;

/// A row of `tabError Log`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedError {
    /// Its key.
    pub name: String,
    /// When it was written.
    pub logged_at: Option<DateTime>,
    /// Its title; of a job the dotted method.
    pub title: Option<String>,
    /// The end of its traceback, at most [`ERROR_CHARS`] characters.
    pub error: Option<String>,
}

impl LoggedError {
    pub(super) fn of(row: Row<'_>) -> Self {
        let owned = |column| row.filled(column).map(str::to_owned);
        Self {
            name: owned("name").unwrap_or_default(),
            logged_at: row.time("creation"),
            title: owned("method"),
            error: owned("error"),
        }
    }
}

pub(super) fn errors(moment: DateTime, limit: u32, family: Family) -> Query {
    since(sql::ERROR_LOG, moment).with(Value::Int(limit.into())).stamped(stamp(family))
}

/// The mails that have one status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailTally {
    /// `Not Sent`, `Sending`, `Sent`, `Partially Sent`, `Partially Errored` or `Error`.
    pub status: String,
    /// How many there are.
    pub mails: u64,
}

impl MailTally {
    pub(super) fn of(row: Row<'_>) -> Self {
        let status = row.text("status").unwrap_or_default().to_owned();
        Self { status, mails: row.count("mails") }
    }
}

pub(super) fn newest(family: Family) -> Query {
    Query::new(sql::NEWEST_RUN).stamped(stamp(family))
}

pub(super) fn tallies(moment: DateTime) -> Query {
    since(sql::RUN_TALLIES, moment)
}

/// A statement about rows that were created since a moment, which it takes twice.
pub(super) fn since(text: &'static str, moment: DateTime) -> Query {
    Query::new(text).with(Value::Time(moment)).with(Value::Time(moment))
}
