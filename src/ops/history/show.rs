//! What was recorded, by time, method, queue, site or exception.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{Open, Wanted, before};
use crate::backend::history::{Figures, Level, Span};
use crate::context::Context;
use crate::error::Result;
use crate::model::histogram::ERROR;
use crate::report::Scope;
use crate::report::history::show::{HistoryReport, HistoryRow};

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum By {
    /// The minute
    Minute,
    /// The hour
    Hour,
    /// The day
    Day,
    /// The method
    Method,
    /// The queue
    Queue,
    /// The site
    Site,
    /// The class of the exception, by day
    Error,
}

impl By {
    const fn word(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Method => "method",
            Self::Queue => "queue",
            Self::Site => "site",
            Self::Error => "error",
        }
    }

    /// How far back is shown unless told.
    const fn reach(self) -> SignedDuration {
        match self {
            Self::Minute => SignedDuration::from_hours(1),
            Self::Day | Self::Error => SignedDuration::from_hours(24 * 30),
            _ => SignedDuration::from_hours(24),
        }
    }

    /// The spans that figures are made of: the shortest that are kept for as long and are not too
    /// many.
    fn span(self, since: Timestamp, now: Timestamp) -> Span {
        let back = now.duration_since(since);
        match self {
            Self::Minute => Span::Minute,
            Self::Hour => Span::Hour,
            Self::Day | Self::Error => Span::Day,
            _ if back <= SignedDuration::from_hours(3) => Span::Minute,
            _ if back <= SignedDuration::from_hours(24 * 14) => Span::Hour,
            _ => Span::Day,
        }
    }
}

/// What is asked.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Which history, and which part of it.
    pub wanted: Wanted,
    /// What a row is about.
    pub by: By,
    /// From then on; without it as far back as suits the rows.
    pub since: Option<Timestamp>,
    /// Before then.
    pub until: Option<Timestamp>,
    /// At most so many rows.
    pub limit: Option<usize>,
    /// Whether bars are drawn.
    pub drawn: bool,
    /// The present.
    pub now: Timestamp,
}

/// Reads and sums up. Errors: those of opening and reading a history.
pub fn show(context: &Context, ask: &Ask) -> Result<(Scope, HistoryReport)> {
    let mut open = Open::of(context, &ask.wanted)?;
    let since = ask.since.unwrap_or_else(|| before(ask.now, ask.by.reach()));
    let until = ask.until.unwrap_or(ask.now);
    let span = ask.by.span(since, ask.now);
    open.filter.since_s = span.start(since, &open.zone);
    open.filter.until_s = until.as_second().saturating_add(1);
    let levels = open.reader.levels(span, &open.filter)?;
    let mut rows = rows(&open, ask.by, span, &levels)?;
    let ended = open.reader.ended_by_time(span, &open.filter)?;
    let total = ended.values().fold(Figures::default(), |mut sum, figures| {
        sum.merge(figures);
        sum
    });
    let all = rows.len();
    let most = ask.limit.unwrap_or(usize::MAX);
    if matches!(ask.by, By::Minute | By::Hour | By::Day) {
        rows.drain(..all.saturating_sub(most));
    } else {
        rows.sort_by(|a, b| (b.count, b.failed, &a.key).cmp(&(a.count, a.failed, &b.key)));
        rows.truncate(most);
    }
    let mut notes = std::mem::take(&mut open.notes);
    if rows.len() < all {
        notes.push(format!(
            "only {} of {all} rows are shown; --limit 0 shows all of them",
            rows.len()
        ));
    }
    let gaps = open.reader.gaps(&open.filter)?;
    add_notes(&open, ask.by, since, &mut notes);
    let report = HistoryReport {
        by: ask.by.word(),
        source: open.source(),
        since: Timestamp::from_second(open.filter.since_s).unwrap_or(since),
        until,
        rows_left_out: all - rows.len(),
        rows,
        total: row(None, &total),
        gaps,
        memory_threshold_kib: context.settings.history.memory_mb.saturating_mul(1024),
        quantile_error: ERROR,
        drawn: ask.drawn,
        notes,
    };
    Ok((open.scope, report))
}

fn rows(open: &Open, by: By, span: Span, levels: &BTreeMap<i64, Level>) -> Result<Vec<HistoryRow>> {
    let (reader, filter) = (&open.reader, &open.filter);
    Ok(match by {
        By::Minute | By::Hour | By::Day => {
            let ended = reader.ended_by_time(span, filter)?;
            let mut starts: Vec<i64> = ended.keys().chain(levels.keys()).copied().collect();
            starts.sort_unstable();
            starts.dedup();
            let nothing = Figures::default();
            let of = |at: i64| {
                let key = Timestamp::from_second(at).ok().map(|at| at.to_string());
                let mut row = row(key, ended.get(&at).unwrap_or(&nothing));
                add_level(&mut row, levels.get(&at));
                row
            };
            starts.into_iter().map(of).collect()
        }
        By::Method => {
            let memory = reader.memory(filter)?;
            let named = reader.ended_by_method(span, filter)?;
            let of = |(method, figures): (String, Figures)| {
                let (peak, jobs) = memory.get(&method).copied().unzip();
                let row = row(Some(method), &figures);
                HistoryRow { memory_peak_kib: peak, memory_jobs: jobs, ..row }
            };
            named.into_iter().map(of).collect()
        }
        By::Queue => {
            let mut named = reader.ended_by_queue(span, filter)?;
            let peaks = reader.queue_peaks(span, filter)?;
            for queue in peaks.keys() {
                named.entry(queue.clone()).or_default();
            }
            let of = |(queue, figures): (String, Figures)| {
                let level = peaks.get(&queue);
                let mut row = row(Some(queue), &figures);
                add_level(&mut row, level);
                (row.busy_share, row.redis_memory_max_bytes) = (None, None);
                row
            };
            named.into_iter().map(of).collect()
        }
        By::Site => {
            let named = reader.ended_by_site(span, filter)?.into_iter();
            let name = |site: String| (!site.is_empty()).then_some(site);
            named.map(|(site, figures)| row(name(site), &figures)).collect()
        }
        By::Error => {
            let counts = reader.errors(filter)?.into_iter();
            let of =
                |(error, failed)| HistoryRow { key: Some(error), failed, ..HistoryRow::default() };
            counts.map(of).collect()
        }
    })
}

fn row(key: Option<String>, figures: &Figures) -> HistoryRow {
    HistoryRow {
        key,
        count: figures.count,
        failed: figures.failed,
        failure_rate: figures.failure_rate(),
        mean_ms: figures.run_mean_ms(),
        deviation_ms: figures.run_deviation_ms(),
        median_ms: figures.run_quantile_ms(0.5),
        p95_ms: figures.run_quantile_ms(0.95),
        max_ms: (figures.runs > 0).then_some(figures.run_max_ms as f64),
        wait_median_ms: figures.wait_quantile_ms(0.5),
        wait_p95_ms: figures.wait_quantile_ms(0.95),
        ..HistoryRow::default()
    }
}

fn add_level(row: &mut HistoryRow, level: Option<&Level>) {
    let Some(level) = level.filter(|level| level.samples > 0) else { return };
    row.queued_mean = Some(level.queued_sum as f64 / level.samples as f64);
    row.queued_max = Some(level.queued_max);
    row.oldest_max_s = Some(level.oldest_max_s);
    row.workers_max = Some(level.workers_max);
    row.busy_share = busy_share(level);
    row.redis_memory_max_bytes = level.memory_max;
}

/// The share of the workers that were busy, the mean of the samples.
pub(super) fn busy_share(level: &Level) -> Option<f64> {
    (level.workers_sum > 0).then(|| level.busy_sum as f64 / level.workers_sum as f64)
}

fn add_notes(open: &Open, by: By, since: Timestamp, notes: &mut Vec<String>) {
    let first = open.recorded.first;
    if first.is_some_and(|first| first > since) && by != By::Minute {
        let days = first.map_or(0.0, |first| {
            open.recorded.last.map_or(0.0, |last| last.duration_since(first).as_secs_f64())
        });
        notes.push(format!("the history reaches back {} only", crate::human::age(days)));
    }
    if open.filter.sites.is_some() {
        notes.push("queues, workers and Redis are those of all sites".to_owned());
    }
    if by == By::Error && open.filter.sites.is_some() {
        notes.push("exceptions are not told apart by site".to_owned());
    }
}
