//! Adds to figures of executions what their source does not tell: failures, memory and queues, out of
//! the failed jobs that RQ keeps, the Scheduled Job Log and the history, each of which is named.
//!
//! Joined by method, in the window of the figures. A source that cannot be read costs what it would
//! have told, never the report.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::Ask;
use crate::backend::site_db::{DbError, DbFault, SiteDb};
use crate::bench::Bench;
use crate::context::Context;
use crate::error::Result;
use crate::human::counted;
use crate::model::selection::{Selection, State};
use crate::ops::history::known::{Known, known};
use crate::ops::jobs::find::{Finder, Flow, Found, Shown};
use crate::ops::scope::Reach;
use crate::ops::sites::read::{read_each, selected};
use crate::report::stats::{Row, Source, StatsReport};
use crate::schedule::SiteZone;
use crate::stats::By;

/// Failed jobs of a queue beyond which Frappe drops the oldest. Source:
/// `frappe.utils.background_jobs` `truncate_failed_registry`.
const FRAPPE_KEEPS: u64 = 1_000;

/// Seconds that Frappe keeps a failed job unless told otherwise. Source:
/// `frappe.utils.background_jobs`, `RQ_JOB_FAILURE_TTL`.
const FRAPPE_FAILURE_TTL_S: i64 = 604_800;

/// What the other sources tell.
#[derive(Default)]
struct Others {
    /// Failed jobs by method; `None` where the registries do not reach back so far.
    failed: Option<BTreeMap<String, u64>>,
    /// The queues in which they stand.
    queues: BTreeMap<String, BTreeSet<String>>,
    /// Runs of scheduled jobs that ended, and those that failed, by method.
    scheduled: BTreeMap<String, (u64, u64)>,
    history: Option<Known>,
    sources: Vec<Source>,
    notes: Vec<String>,
}

/// Completes the rows by method or queue of a bench or a Redis.
pub(super) fn add(context: &mut Context, ask: &Ask, report: &mut StatsReport) {
    let window = report.first_at.zip(report.last_at);
    let Some((first, last)) = window.filter(|_| matches!(ask.by, By::Method | By::Queue)) else {
        return;
    };
    // Figures of a wrong clock tell no window.
    let since = ask.since.map_or(first, |since| since.max(first)).min(ask.now);
    let until = last.min(ask.now);
    let mut others = Others::default();
    others.read_history(context, since, until);
    if ask.by == By::Queue {
        others.add_memory_of_queues(report);
    } else {
        if report.source == "monitor" {
            if report.rows.iter().any(|row| row.failed_known < adhoc(row)) {
                others.read_registries(context, since, until, ask.now);
            }
            if report.rows.iter().any(|row| row.scheduled > 0) && ask.until.is_none() {
                others.read_logs(context, since);
            }
        }
        let from_monitor = report.source == "monitor";
        report.rows.iter_mut().for_each(|row| others.complete(row, from_monitor));
        if from_monitor && report.rows_left_out == 0 {
            sum_up(report);
        }
    }
    report.sources.extend(others.sources);
    report.notes.extend(others.notes);
}

/// Executions of a row that no scheduler enqueued.
fn adhoc(row: &Row) -> u64 {
    row.count.saturating_sub(row.scheduled)
}

/// The failures of all rows together.
fn sum_up(report: &mut StatsReport) {
    let known: u64 = report.rows.iter().map(|row| row.failed_known).sum();
    let failed = report.rows.iter().filter_map(|row| row.failed).sum();
    report.total.failed_known = known;
    report.total.failed = (known > 0).then_some(failed);
    let mut from: Vec<&str> = report.rows.iter().flat_map(|row| row.failed_from.clone()).collect();
    from.sort_unstable();
    from.dedup();
    report.total.failed_from = from;
}

impl Others {
    fn complete(&self, row: &mut Row, from_monitor: bool) {
        let Some(key) = row.key.clone() else { return };
        if let Some(history) = &self.history {
            row.memory_peak_kib = history.memory.get(&key).copied();
            row.queues.extend(history.queues.get(&key).into_iter().flatten().cloned());
        }
        row.queues.extend(self.queues.get(&key).into_iter().flatten().cloned());
        row.queues.sort_unstable();
        row.queues.dedup();
        if from_monitor {
            self.complete_failures(&key, row);
        }
    }

    /// What the monitor tells of jobs stands; of the others, and of scheduled ones, others tell.
    fn complete_failures(&self, key: &str, row: &mut Row) {
        let (adhoc, mut failed, mut known) =
            (adhoc(row), row.failed.unwrap_or(0), row.failed_known);
        if known < adhoc {
            let by_registry = self.failed.as_ref().map(|by| by.get(key).copied().unwrap_or(0));
            let by_history = self.history.as_ref().filter(|history| history.covers);
            let by_history =
                by_history.map(|history| history.failed.get(key).map_or(0, |failed| failed.0));
            if let Some(others) = by_history {
                failed = failed.max(others.min(adhoc));
                known = adhoc;
                row.failed_from.push("history");
            } else if let Some(others) = by_registry.filter(|others| *others > 0) {
                // Who is not there may have been retried or deleted since: that says nothing.
                failed = failed.max(others.min(adhoc));
                known = known.max(failed);
                row.failed_from.push("registries");
            }
        }
        if let Some((ended, broken)) = self.scheduled.get(key).filter(|_| row.scheduled > 0) {
            let ended = (*ended).min(row.scheduled);
            failed += (*broken).min(ended);
            known = known.saturating_add(ended).min(row.count);
            row.failed_from.push("scheduled_job_log");
        }
        row.failed = (known > 0).then_some(failed);
        row.failed_known = known;
    }

    fn add_memory_of_queues(&self, report: &mut StatsReport) {
        let Some(history) = &self.history else { return };
        for row in &mut report.rows {
            let key = row.key.as_ref();
            row.memory_peak_kib = key.and_then(|key| history.memory_of_queues.get(key).copied());
        }
    }

    fn read_history(&mut self, context: &Context, since: Timestamp, until: Timestamp) {
        match known(context, since, until) {
            Ok(history) => {
                self.sources.extend(history.iter().map(|history| source(&history.path, None)));
                self.history = history;
            }
            Err(error) => self.notes.push(format!("the history is not in these figures: {error}")),
        }
    }

    /// Failed jobs that began in the window, without those of the scheduler, which Frappe makes
    /// succeed.
    fn read_registries(
        &mut self,
        context: &mut Context,
        since: Timestamp,
        until: Timestamp,
        now: Timestamp,
    ) {
        match self.visit_failed(context, since, until, now) {
            Ok((jobs, reaches)) => {
                self.sources.push(source("RQ's registries of failed jobs", Some(jobs)));
                if !reaches {
                    self.failed = None;
                    self.notes.push(
                        "failures of jobs that no monitor flags are not known: RQ keeps failed jobs \
                         for less than this time; a shorter --since, or a history, tells them"
                            .to_owned(),
                    );
                }
            }
            Err(error) => {
                self.failed = None;
                self.notes.push(format!("RQ's failed jobs are not in these figures: {error}"));
            }
        }
    }

    /// How many failed jobs there are, and whether all failures of the window are still there.
    fn visit_failed(
        &mut self,
        context: &mut Context,
        since: Timestamp,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(u64, bool)> {
        let queues = Reach::read(context)?.every_queue()?;
        let states = vec![State::Failed];
        let selection = Selection { sites: context.sites()?, states, ..Selection::default() };
        let (secrets, (target, store)) = (context.secrets, context.parts()?);
        let mut finder =
            Finder::new(store, &selection, Shown { headline: true, failure: false }, now);
        let (mut failed, mut jobs, mut ttl_s) = (BTreeMap::new(), 0, FRAPPE_FAILURE_TTL_S);
        let mut kept: BTreeMap<String, (u64, Option<Timestamp>)> = BTreeMap::new();
        finder.visit(&queues, &mut |found: Found| {
            jobs += 1;
            let Some(job) = &found.job else { return Ok(Flow::More) };
            ttl_s = job.failure_ttl_s.filter(|ttl| *ttl > 0).map_or(ttl_s, |ttl| ttl.min(ttl_s));
            let queue = target.short_name(found.place.queue()).to_owned();
            let (count, oldest) = kept.entry(queue.clone()).or_default();
            *count += 1;
            *oldest = [*oldest, job.end()].into_iter().flatten().min();
            let began = job.started_at.or(job.end());
            let is_meant = began.is_some_and(|at| (since..=until).contains(&at));
            if let Some(headline) =
                found.headline.as_ref().filter(|one| is_meant && !one.is_scheduled)
            {
                let method = secrets.text(&headline.method).into_owned();
                *failed.entry(method.clone()).or_default() += 1;
                self.queues.entry(method).or_default().insert(queue);
            }
            Ok(Flow::More)
        })?;
        let is_whole = !finder.unread.is_incomplete();
        let reaches = now.as_second() - since.as_second() <= ttl_s
            && kept.values().all(|(count, oldest)| {
                *count < FRAPPE_KEEPS || oldest.is_some_and(|oldest| oldest <= since)
            });
        self.failed = Some(failed);
        Ok((jobs, is_whole && reaches))
    }

    /// Runs of scheduled jobs since then, of every selected site.
    fn read_logs(&mut self, context: &Context, since: Timestamp) {
        let Ok(Some(bench)) = context.target().map(|target| target.bench.as_ref()) else { return };
        let Ok(sites) = selected(context, bench) else { return };
        let read =
            read_each(bench, &sites, context.settings.timeout, |_, db| runs_of(db, bench, since));
        let (mut answered, mut runs) = (0, 0);
        for site in read {
            match site.found {
                Ok(tallies) => {
                    answered += 1;
                    for (method, ended, failed) in tallies {
                        runs += ended;
                        let method = context.secrets.text(&method).into_owned();
                        let sum = self.scheduled.entry(method).or_default();
                        *sum = (sum.0 + ended, sum.1 + failed);
                    }
                }
                Err(error) if error.fault() == DbFault::NoneThere => {}
                Err(error) => self.notes.push(format!(
                    "the Scheduled Job Log is not in these figures: {}",
                    error.failure(&site.site)
                )),
            }
        }
        if answered > 0 {
            let name = format!("Scheduled Job Log of {}", counted(answered, "site"));
            self.sources.push(source(&name, Some(runs)));
        }
    }
}

/// The runs of a site's scheduled jobs that ended since then, by method: how many, and how many of
/// them failed.
fn runs_of(
    db: &mut SiteDb,
    bench: &Bench,
    since: Timestamp,
) -> std::result::Result<Vec<(String, u64, u64)>, DbError> {
    let settings = db.system_settings()?;
    let zone = SiteZone::of_setting(settings.time_zone.as_deref(), bench.frappe().family());
    let types = db.scheduled_job_types()?;
    let tallies = db.run_tallies(zone.clock_at(since))?;
    let mut runs: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for tally in tallies {
        let failed = match tally.status.as_str() {
            "Failed" => tally.runs,
            "Complete" => 0,
            _ => continue,
        };
        let of = types.iter().find(|of| of.name == tally.job_type);
        let method = of.map_or(tally.job_type, |of| of.method.clone());
        let sum = runs.entry(method).or_default();
        *sum = (sum.0 + tally.runs, sum.1 + failed);
    }
    Ok(runs.into_iter().map(|(method, (ended, failed))| (method, ended, failed)).collect())
}

fn source(name: &str, records: Option<u64>) -> Source {
    Source { name: name.to_owned(), bytes: None, records, problem: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(scheduled: u64, failed: Option<u64>, failed_known: u64) -> Row {
        let key = Some("a.b".to_owned());
        Row { key, count: 10, scheduled, failed, failed_known, ..Row::default() }
    }

    fn completed(others: &Others, mut row: Row) -> (Option<u64>, u64, Vec<&'static str>) {
        others.complete(&mut row, true);
        (row.failed, row.failed_known, row.failed_from)
    }

    #[test]
    fn failures_that_no_source_tells_stay_unknown() {
        assert_eq!(completed(&Others::default(), row(4, None, 0)), (None, 0, vec![]));
        let recorded_later =
            Known { failed: BTreeMap::from([("a.b".to_owned(), (3, 10))]), ..Known::default() };
        let others = Others { history: Some(recorded_later), ..Others::default() };
        assert_eq!(completed(&others, row(0, None, 0)), (None, 0, vec![]));
    }

    #[test]
    fn failures_are_joined_by_method_and_their_sources_named() {
        let failed = Some(BTreeMap::from([("a.b".to_owned(), 2)]));
        let scheduled = BTreeMap::from([("a.b".to_owned(), (3, 1))]);
        let others = Others { failed, scheduled, ..Others::default() };
        let both = vec!["registries", "scheduled_job_log"];
        // Two that are still there, and three of the four scheduled runs have a row.
        assert_eq!(completed(&others, row(4, None, 0)), (Some(3), 5, both));
        // A monitor that flags needs no other.
        assert_eq!(completed(&others, row(0, Some(1), 10)), (Some(1), 10, vec![]));
        let flagged = completed(&others, row(4, Some(1), 6));
        assert_eq!(flagged, (Some(2), 9, vec!["scheduled_job_log"]));
        let none = Others { failed: Some(BTreeMap::new()), ..Others::default() };
        // Whoever failed may have been deleted since.
        assert_eq!(completed(&none, row(0, None, 0)), (None, 0, vec![]));
    }
}
