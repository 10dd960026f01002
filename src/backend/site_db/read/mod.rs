//! What a site's database says of its scheduled jobs.
//!
//! Each read is one round trip in one short read-only transaction, bounded in rows, and the reads
//! of logs in time as well: these tables grow by a row per run. Times are those of the site's own
//! zone, as the tables have them.
//!
//! Source of the columns: `scheduled_job_type.json`, `scheduled_job_log.json` and their like under
//! `frappe/core/doctype` of each version.

mod logs;
mod settings;
mod types;

pub use logs::{ERROR_CHARS, JobRun, LoggedError, MailTally, RunFilter, RunTally};
pub use settings::{DuplicateSetting, FALLBACK_ZONE, SystemSettings};
pub use types::{MAX_JOB_TYPES, ScheduledJobType, name_before_16};

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::sql::{self, Query, Value};
use super::{DbError, Rows, SiteDb};
use crate::bench::Family;

/// How far back [`SiteDb::scheduler_facts`] counts runs.
const DAY_H: i64 = 24;

/// How far back [`SiteDb::site_facts`] looks at runs and mails.
const WEEK_H: i64 = 7 * DAY_H;

/// The most runs that are read of those that began and did not end.
const MAX_UNFINISHED: u32 = 200;

/// The most rows of Log Settings that are read.
const MAX_LOG_SETTINGS: i64 = 1000;

/// What `scheduler status` wants to know of a site; a part whose table is missing fails alone.
#[derive(Debug, Clone)]
pub struct SchedulerFacts {
    /// The switches.
    pub settings: SystemSettings,
    /// The present moment in the site's zone; in UTC where that zone is unknown.
    pub now: DateTime,
    /// The last activity that keeps the site from being dormant.
    pub last_activity: Result<Option<DateTime>, DbError>,
    /// All types, sorted by name.
    pub types: Result<Vec<ScheduledJobType>, DbError>,
    /// The newest logged run.
    pub newest_run: Result<Option<JobRun>, DbError>,
    /// The runs of the last 24 hours by type and status.
    pub tallies: Result<Vec<RunTally>, DbError>,
}

/// What `doctor` wants to know of a site beyond [`SchedulerFacts`], whose tallies here are those of
/// seven days; a part whose table is missing fails alone.
#[derive(Debug, Clone)]
pub struct SiteFacts {
    /// The scheduler.
    pub scheduler: SchedulerFacts,
    /// The runs of the last seven days whose status is still `Start`, the newest first.
    pub unfinished: Result<Vec<JobRun>, DbError>,
    /// The entries of the Error Log of the last hour.
    pub errors_1h: Result<u64, DbError>,
    /// The mails of the last seven days by status.
    pub mails: Result<Vec<MailTally>, DbError>,
}

impl SiteDb {
    /// Reads what `doctor` wants to know of a site: two round trips, more only where a table is
    /// missing.
    pub fn site_facts(&mut self, now: Timestamp) -> Result<SiteFacts, DbError> {
        let settings = self.system_settings()?;
        let now = settings.clock_at(now);
        let hours_ago = |hours: i64| now.saturating_sub(jiff::Span::new().hours(hours));
        let (week, family) = (hours_ago(WEEK_H), self.family());
        let status = Some("Start".to_owned());
        let unfinished = RunFilter { since: week, limit: MAX_UNFINISHED, job_type: None, status };
        let [activity, types, newest, tallies, unfinished, errors, mails] = self.read_each([
            activity(family),
            types::query(),
            logs::newest(family),
            logs::tallies(week),
            unfinished.query(),
            logs::since(sql::ERROR_COUNT, hours_ago(1)),
            logs::since(sql::MAIL_TALLIES, week),
        ])?;
        Ok(SiteFacts {
            scheduler: SchedulerFacts::of(settings, now, [activity, types, newest, tallies]),
            unfinished: unfinished.map(|rows| rows.iter().map(JobRun::of).collect()),
            errors_1h: errors.map(|rows| rows.first().map_or(0, |row| row.count("errors"))),
            mails: mails.map(|rows| rows.iter().map(MailTally::of).collect()),
        })
    }

    /// Reads the switches in System Settings.
    pub fn system_settings(&mut self) -> Result<SystemSettings, DbError> {
        let family = self.family();
        Ok(SystemSettings::of(&self.read_one(Query::new(sql::SETTINGS))?, family))
    }

    /// Reads what `scheduler status` wants to know: two round trips, more only where a table is
    /// missing.
    pub fn scheduler_facts(&mut self, now: Timestamp) -> Result<SchedulerFacts, DbError> {
        let settings = self.system_settings()?;
        let now = settings.clock_at(now);
        let since = now.saturating_sub(jiff::Span::new().hours(DAY_H));
        let family = self.family();
        let found = self.read_each([
            activity(family),
            types::query(),
            logs::newest(family),
            logs::tallies(since),
        ])?;
        Ok(SchedulerFacts::of(settings, now, found))
    }

    /// Reads all scheduled job types, sorted by name; at most [`MAX_JOB_TYPES`].
    pub fn scheduled_job_types(&mut self) -> Result<Vec<ScheduledJobType>, DbError> {
        Ok(types::read(&self.read_one(types::query())?))
    }

    /// Reads the last activity that keeps the site from being dormant: the Activity Log, from 16
    /// on when a user was last active. `None`: there never was any.
    pub fn last_activity(&mut self) -> Result<Option<DateTime>, DbError> {
        let rows = self.read_one(activity(self.family()))?;
        Ok(rows.first().and_then(|row| row.time("last")))
    }

    /// Reads the newest logged run, without its details.
    pub fn newest_run(&mut self) -> Result<Option<JobRun>, DbError> {
        let rows = self.read_one(logs::newest(self.family()))?;
        Ok(rows.first().map(JobRun::of))
    }

    /// Reads logged runs, the newest first.
    pub fn job_runs(&mut self, filter: &RunFilter) -> Result<Vec<JobRun>, DbError> {
        let rows = self.read_one(filter.query())?;
        Ok(rows.iter().map(JobRun::of).collect())
    }

    /// Counts the runs that were logged since `since`, by type and status.
    pub fn run_tallies(&mut self, since: DateTime) -> Result<Vec<RunTally>, DbError> {
        let rows = self.read_one(logs::tallies(since))?;
        Ok(rows.iter().map(RunTally::of).collect())
    }

    /// Counts the entries of the Error Log since `since`.
    pub fn error_log_count(&mut self, since: DateTime) -> Result<u64, DbError> {
        let rows = self.read_one(logs::since(sql::ERROR_COUNT, since))?;
        Ok(rows.first().map_or(0, |row| row.count("errors")))
    }

    /// Reads the entries of the Error Log since `since`, the newest `limit` of them, newest first.
    pub fn logged_errors(
        &mut self,
        since: DateTime,
        limit: u32,
    ) -> Result<Vec<LoggedError>, DbError> {
        let rows = self.read_one(logs::errors(since, limit, self.family()))?;
        Ok(rows.iter().map(LoggedError::of).collect())
    }

    /// Counts the mails that were queued since `since`, by status; a site that sends has `Sent`,
    /// one that cannot has `Error` or ever more `Not Sent`.
    pub fn mail_tallies(&mut self, since: DateTime) -> Result<Vec<MailTally>, DbError> {
        let rows = self.read_one(logs::since(sql::MAIL_TALLIES, since))?;
        Ok(rows.iter().map(MailTally::of).collect())
    }

    /// Reads after how many days each log is cleared, by the log's `DocType`.
    ///
    /// Errors: `NoTable` in 13, which clears nothing.
    pub fn logs_to_clear(&mut self) -> Result<Vec<(String, i64)>, DbError> {
        let query = Query::new(sql::LOGS_TO_CLEAR).with(Value::Int(MAX_LOG_SETTINGS));
        let rows = self.read_one(query)?;
        Ok(rows
            .iter()
            .filter_map(|row| Some((row.filled("ref_doctype")?.to_owned(), row.int("days")?)))
            .collect())
    }
}

impl SchedulerFacts {
    /// Puts together what was read: activity, types, the newest run, tallies.
    fn of(
        settings: SystemSettings,
        now: DateTime,
        [activity, types, newest, tallies]: [Result<Rows, DbError>; 4],
    ) -> Self {
        Self {
            settings,
            now,
            last_activity: activity.map(|rows| rows.first()?.time("last")),
            types: types.map(|rows| types::read(&rows)),
            newest_run: newest.map(|rows| rows.first().map(JobRun::of)),
            tallies: tallies.map(|rows| rows.iter().map(RunTally::of).collect()),
        }
    }
}

/// The column by which Frappe sorts a log, and which therefore has an index.
const fn stamp(family: Family) -> &'static str {
    match family {
        Family::V13 | Family::V14 | Family::V15 => "modified",
        Family::V16Dev | Family::V16 | Family::V17 | Family::Unknown => "creation",
    }
}

/// Source: `is_dormant` in `frappe/utils/scheduler.py`.
fn activity(family: Family) -> Query {
    match family {
        Family::V13 | Family::V14 | Family::V15 | Family::V16Dev => {
            Query::new(sql::ACTIVITY_LOG).stamped(stamp(family))
        }
        Family::V16 | Family::V17 | Family::Unknown => Query::new(sql::USER_ACTIVITY),
    }
}
