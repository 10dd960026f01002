//! Lists the jobs of a selection.

use std::collections::BTreeSet;

use clap::ValueEnum;
use jiff::Timestamp;
use serde_json::json;

use super::decode::short_exception;
use super::find::{Finder, Flow, Found, Shown};
use crate::context::Context;
use crate::error::{Failure, Kind, Outcome, Result};
use crate::model::job::Job;
use crate::model::selection::{Selection, State, in_state_since};
use crate::ops::scope;
use crate::render::list::ListSpec;
use crate::report::jobs::{JobRow, LIST_SCHEMA};
use crate::secrets::Secrets;
use crate::sys::clock;
use crate::target::Target;

/// What is listed first, and how much.
#[derive(Debug, Clone, Copy)]
pub struct ListOptions {
    /// At most this many rows.
    pub limit: Option<usize>,
    /// What to sort by; without it jobs come as they stand in their places.
    pub sort: Option<SortKey>,
    /// Turn the order round.
    pub reverse: bool,
}

/// What a list is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SortKey {
    /// Seconds in its state
    Age,
    /// When it was made
    Created,
    /// When it was enqueued
    Enqueued,
    /// When it was started
    Started,
    /// When it ended
    Ended,
    /// How long it ran
    Duration,
    /// How long it waited
    Wait,
    /// Its id
    Id,
    /// Its queue
    Queue,
    /// Its site
    Site,
    /// Its method
    Method,
    /// Its state
    Status,
}

/// Lists the jobs of `selection` as they are found, or sorted once all are known.
///
/// Unsorted, memory does not depend on the number of jobs; sorted, every row is held.
pub fn list(
    context: &mut Context,
    selection: &Selection,
    options: &ListOptions,
) -> Result<Outcome> {
    let queues = if selection.queues.is_empty() {
        scope::all_queues(context)?
    } else {
        selection.queues.clone()
    };
    let scope = context.scope()?;
    let mut notes = scope::prefix_notes(context)?;
    let outcome = if notes.is_empty() { Outcome::Done } else { Outcome::Unknown };
    let secrets = context.secrets;
    let now = clock::now();
    let (ui, target, store) = context.split()?;
    let spec = ListSpec {
        schema: LIST_SCHEMA,
        items: "jobs",
        columns: JobRow::columns(),
        when_empty: "no such jobs",
    };
    let zone = ui.zone().clone();
    let mut writer = ui.list(&scope, spec)?;
    let mut finder = Finder::new(store, selection, Shown { headline: true, failure: true }, now);
    let mut rows = Rows::new(options);
    let mut prefixes = BTreeSet::new();
    let mut visit = |found: Found| -> Result<Flow> {
        note_prefix(target, selection, &found, &mut prefixes)?;
        let row = row_of(&found, target, secrets, now);
        match rows.take(row) {
            Taken::Write(row) if !writer.row(&row, || row.cells(&zone))? => Ok(Flow::Enough),
            Taken::Write(_) | Taken::Keep => Ok(Flow::More),
            Taken::Full => Ok(Flow::Enough),
        }
    };
    if selection.ids.is_empty() {
        finder.visit(&queues, &mut visit)?;
    } else {
        finder.visit_ids(&|queue| queues.contains(queue), &mut visit)?;
    }
    notes.extend(finder.lacks.iter().map(ToString::to_string));
    let truncated = rows.is_truncated();
    for row in rows.sorted() {
        if !writer.row(&row, || row.cells(&zone))? {
            break;
        }
    }
    if truncated {
        let limit = options.limit.unwrap_or(0);
        notes.push(format!("only {limit} jobs are shown; --limit 0 shows all of them"));
    }
    writer.finish(&[("truncated", json!(truncated))], &notes)?;
    Ok(outcome)
}

/// Without a bench a site's name may stand for sites of several benches, which must not be mixed.
fn note_prefix(
    target: &Target,
    selection: &Selection,
    found: &Found,
    prefixes: &mut BTreeSet<String>,
) -> Result<()> {
    if target.bench.is_some() || selection.sites.is_none() || !selection.queues.is_empty() {
        return Ok(());
    }
    prefixes.insert(found.place.queue().prefix().unwrap_or_default().to_owned());
    if prefixes.len() < 2 {
        return Ok(());
    }
    let names: Vec<String> = prefixes.iter().map(|prefix| format!("`{prefix}`")).collect();
    Err(Failure::new(
        Kind::Usage,
        format!("the site stands in several benches on this Redis: {}", names.join(", ")),
    )
    .hint("name one of them with --bench, or its queues with --queue")
    .into())
}

/// The row of a job.
pub(super) fn row_of(found: &Found, target: &Target, secrets: Secrets, now: Timestamp) -> JobRow {
    let job = found.job.as_ref();
    let headline = found.headline.as_ref();
    let text = |text: &str| secrets.text(text).into_owned();
    let at = |of: fn(&Job) -> Option<Timestamp>| job.and_then(of);
    let since = job.and_then(|job| in_state_since(found.state, job));
    let (attempts, max_attempts) = job.map_or((None, None), attempts_of);
    JobRow {
        id: found.entry.id.clone(),
        queue: target.short_name(found.place.queue()).to_owned(),
        site: found.site().map(std::borrow::Cow::into_owned),
        method: headline.map(|headline| text(&headline.method)),
        event: headline.and_then(|headline| headline.event.as_deref()).map(text),
        user: headline.and_then(|headline| headline.user.as_deref()).map(text),
        scheduled_job: headline.map(|headline| headline.is_scheduled),
        status: job.map_or_else(|| "missing".to_owned(), |_| found.state.word().to_owned()),
        created_at: at(|job| job.created_at),
        enqueued_at: at(|job| job.enqueued_at),
        started_at: at(|job| job.started_at),
        ended_at: at(|job| job.ended_at),
        due_at: found.due_at(),
        duration_ms: duration_ms(found.state, job, now),
        wait_ms: wait_ms(found.state, job, now),
        attempts,
        max_attempts,
        retries_left: job.and_then(|job| u64::try_from(job.retries_left?).ok()),
        timeout_s: job.and_then(|job| job.timeout_s),
        worker: job.and_then(|job| job.worker_name.clone()),
        exception: found.failure.as_deref().map(|failure| text(&short_exception(failure))),
        age_s: since.and_then(|since| crate::model::job::seconds_between(since, now)),
    }
}

/// Runs so far and runs in all.
///
/// RQ counts retries down and forgets how many there were, so a job that has retries and has run
/// does not tell. Source: `rq/job.py` `Job.retry`, 1.11 to 3.0.
pub(super) fn attempts_of(job: &Job) -> (Option<u64>, Option<u64>) {
    let left = job.retries_left.map(|left| u64::try_from(left).unwrap_or(0));
    match (left, job.started_at) {
        (None, None) => (Some(0), Some(1)),
        (None, Some(_)) => {
            let returned = u64::try_from(job.number_of_retries.unwrap_or(0)).unwrap_or(0);
            let most = (returned == 0).then_some(1);
            (Some(1 + returned), most)
        }
        (Some(left), None) => (Some(0), Some(1 + left)),
        (Some(_), Some(_)) => (None, None),
    }
}

/// Milliseconds that a job ran, or has been running.
pub(super) fn duration_ms(state: State, job: Option<&Job>, now: Timestamp) -> Option<u64> {
    let job = job?;
    let end = if state == State::Started { now } else { job.ended_at? };
    Some(to_ms(crate::model::job::seconds_between(job.started_at?, end)?))
}

/// Milliseconds that a job waited for its start, or has been waiting.
pub(super) fn wait_ms(state: State, job: Option<&Job>, now: Timestamp) -> Option<u64> {
    let job = job?;
    let start = match state {
        State::Queued => now,
        State::Scheduled | State::Deferred => return None,
        _ => job.started_at?,
    };
    Some(to_ms(crate::model::job::seconds_between(job.enqueued_at?, start)?))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float cast saturates"
)]
fn to_ms(seconds: f64) -> u64 {
    (seconds * 1000.0).round() as u64
}

/// What becomes of a row.
enum Taken {
    /// It goes out at once.
    Write(Box<JobRow>),
    /// It is kept for sorting.
    Keep,
    /// There are enough.
    Full,
}

/// Rows on their way out: as they come, or kept for sorting.
struct Rows {
    options: ListOptions,
    written: usize,
    truncated: bool,
    kept: Vec<JobRow>,
}

impl Rows {
    fn new(options: &ListOptions) -> Self {
        Self { options: *options, written: 0, truncated: false, kept: Vec::new() }
    }

    fn take(&mut self, row: JobRow) -> Taken {
        if self.options.sort.is_some() || self.options.reverse {
            self.kept.push(row);
            return Taken::Keep;
        }
        if self.options.limit.is_some_and(|limit| self.written >= limit) {
            self.truncated = true;
            return Taken::Full;
        }
        self.written += 1;
        Taken::Write(Box::new(row))
    }

    fn is_truncated(&self) -> bool {
        self.truncated || self.options.limit.is_some_and(|limit| self.kept.len() > limit)
    }

    fn sorted(mut self) -> Vec<JobRow> {
        if let Some(key) = self.options.sort {
            key.sort(&mut self.kept);
        }
        if self.options.reverse {
            self.kept.reverse();
        }
        self.kept.truncate(self.options.limit.unwrap_or(usize::MAX));
        self.kept
    }
}

impl SortKey {
    /// Sorts stably; what a row does not tell comes last.
    fn sort(self, rows: &mut [JobRow]) {
        fn by<T: Ord>(rows: &mut [JobRow], key: impl Fn(&JobRow) -> Option<T>) {
            rows.sort_by_cached_key(|row| {
                let key = key(row);
                (key.is_none(), key)
            });
        }
        match self {
            Self::Age => rows.sort_by(|a, b| {
                a.age_s.unwrap_or(f64::INFINITY).total_cmp(&b.age_s.unwrap_or(f64::INFINITY))
            }),
            Self::Created => by(rows, |row| row.created_at),
            Self::Enqueued => by(rows, |row| row.enqueued_at),
            Self::Started => by(rows, |row| row.started_at),
            Self::Ended => by(rows, |row| row.ended_at),
            Self::Duration => by(rows, |row| row.duration_ms),
            Self::Wait => by(rows, |row| row.wait_ms),
            Self::Id => by(rows, |row| Some(row.id.clone())),
            Self::Queue => by(rows, |row| Some(row.queue.clone())),
            Self::Site => by(rows, |row| row.site.clone()),
            Self::Method => by(rows, |row| row.method.clone()),
            Self::Status => by(rows, |row| Some(row.status.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::redis::read::{Entry, Place};
    use crate::model::id::{JobId, QueueName};

    fn row(id: &str) -> JobRow {
        let found = Found {
            place: Place::Queue(QueueName::new("default")),
            state: State::Queued,
            entry: Entry { id: JobId::new(id), execution: None, score: None },
            index: None,
            job: None,
            headline: None,
            failure: None,
        };
        let target = Target::plain("redis://localhost");
        row_of(&found, &target, Secrets::default(), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn rows_sorted_put_the_unknown_last_and_keep_the_limit() {
        let options = ListOptions { limit: Some(2), sort: Some(SortKey::Duration), reverse: false };
        let mut rows = Rows::new(&options);
        for (id, duration) in [("a", None), ("b", Some(2)), ("c", Some(1))] {
            rows.take(JobRow { duration_ms: duration, ..row(id) });
        }
        assert!(rows.is_truncated());
        let ids: Vec<_> = rows.sorted().iter().map(|row| row.id.to_string()).collect();
        assert_eq!(ids, ["c", "b"]);
    }

    #[test]
    fn rows_unsorted_stop_at_the_limit() {
        let options = ListOptions { limit: Some(1), sort: None, reverse: false };
        let mut rows = Rows::new(&options);
        assert!(matches!(rows.take(row("a")), Taken::Write(_)));
        assert!(!rows.is_truncated());
        assert!(matches!(rows.take(row("b")), Taken::Full));
        assert!(rows.is_truncated());
    }

    #[test]
    fn row_of_an_expired_job_is_missing() {
        assert_eq!(row("site::x").status, "missing");
        assert_eq!(row("site::x").site.as_deref(), Some("site"));
    }
}
