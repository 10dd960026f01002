//! Follows triggered jobs to their ends, and tells from the Scheduled Job Log how they went: Frappe
//! swallows the errors of scheduled jobs, and RQ calls them finished.
//!
//! Source: `ScheduledJobType.execute` and `log_status` in `scheduled_job_type.py`.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::Wait;
use super::choose::OfSites;
use crate::backend::redis::read::Want;
use crate::backend::site_db::read::{JobRun, RunFilter};
use crate::backend::site_db::{Fleet, for_each_site};
use crate::codec::payload::Decoder;
use crate::context::Context;
use crate::error::Result;
use crate::human;
use crate::model::id::JobId;
use crate::model::job::Status;
use crate::ops::jobs::decode::{failure_text, short_exception};
use crate::ops::switch::places::bench_of;
use crate::report::trigger::{LoggedRun, TriggerReport, TriggerRow, Triggered};
use crate::secrets::Secrets;
use crate::sys::clock;
use crate::sys::signals::Interrupts;

/// The first pause between two looks, and the longest.
const SHORTEST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Seconds by which a run may seem to begin before its job: both are the worker's clock, read one
/// after the other, and databases round.
const SLACK_S: i64 = 2;

/// Runs of one type since its job began that are looked at; the oldest is the job's.
const MOST_RUNS: u32 = 20;

/// A job that is followed.
struct Followed {
    /// The row of the report.
    row: usize,
    id: JobId,
    status: Status,
    started_at: Option<Timestamp>,
    keeps_no_result: bool,
    has_ended: bool,
}

/// Follows what was enqueued, and what was there already, to the end or the limit.
///
/// Cost: one round trip per look; pauses grow to half a second while nothing happens. Then one
/// connection per site and a query per type that Frappe logs.
pub(super) fn follow(
    context: &mut Context,
    report: &mut TriggerReport,
    types: &OfSites,
    wait: Wait,
) -> Result<()> {
    let interrupts = Interrupts::catch()?;
    let began = Instant::now();
    let mut jobs = followed(report);
    let mut pause = SHORTEST_PAUSE;
    loop {
        let moved = look(context, report, &mut jobs)?;
        if jobs.iter().all(|job| job.has_ended) {
            break;
        }
        let left = match wait {
            Wait::ForEver => None,
            Wait::NoLonger(limit) => Some(limit.saturating_sub(began.elapsed())),
        };
        if left.is_some_and(|left| left.is_zero()) {
            report.timed_out = true;
            break;
        }
        pause = if moved { SHORTEST_PAUSE } else { (pause * 3 / 2).min(LONGEST_PAUSE) };
        if let Some(signal) = interrupts.wait(pause.min(left.unwrap_or(pause))) {
            report.interrupted_by = Some(signal);
            break;
        }
    }
    for job in jobs.iter().filter(|job| !job.has_ended) {
        if let Some(row) = report.types.get_mut(job.row) {
            row.state = Triggered::NotEnded;
        }
    }
    judge_all(context, report, types, &jobs)
}

fn followed(report: &TriggerReport) -> Vec<Followed> {
    let rows = report.types.iter().enumerate();
    rows.filter(|(_, row)| matches!(row.state, Triggered::Enqueued | Triggered::AlreadyThere))
        .filter_map(|(at, row)| {
            Some(Followed {
                row: at,
                id: row.id.clone()?,
                status: Status::Missing,
                started_at: None,
                keeps_no_result: false,
                has_ended: false,
            })
        })
        .collect()
}

/// Looks at those that have not ended, and tells each change; whether there was one.
fn look(context: &mut Context, report: &mut TriggerReport, jobs: &mut [Followed]) -> Result<bool> {
    let open = |job: &&mut Followed| !job.has_ended;
    let ids: Vec<JobId> = jobs.iter().filter(|j| !j.has_ended).map(|j| j.id.clone()).collect();
    let found = context.store()?.jobs(&ids, Want::default())?;
    let mut moved = false;
    for (job, found) in jobs.iter_mut().filter(open).zip(found) {
        // What cannot be read now may be readable at the next look.
        let Ok(found) = found else { continue };
        let before = job.status.clone();
        if let Some(stored) = found {
            job.status = stored.job.status;
            job.started_at = stored.job.started_at.or(job.started_at);
            job.keeps_no_result = stored.job.result_ttl_s == Some(0);
            job.has_ended = job.status.has_ended();
        } else {
            job.has_ended = true;
            // RQ deletes a job that ended well at once if its result is not to be kept.
            let ended_well = before == Status::Started && job.keeps_no_result;
            job.status = if ended_well { Status::Finished } else { Status::Missing };
        }
        if job.status == before && !job.has_ended {
            continue;
        }
        moved = true;
        let word = match job.status {
            Status::Missing => "gone",
            ref status => status.word(),
        };
        let line = format!("{}  {}  {word}", human::time(clock::now(), context.ui.zone()), job.id);
        context.ui.status(&line);
        if let Some(row) = report.types.get_mut(job.row) {
            row.status = (job.status != Status::Missing).then(|| word.to_owned());
        }
    }
    Ok(moved)
}

/// What is known of an ended run beside the log.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Ended {
    /// It came to its end, as far as RQ or the process tells; Frappe may have swallowed an error.
    Finished,
    /// It did not, for this reason.
    Failed(String),
    /// Nothing is left of it.
    Gone,
}

fn judge_all(
    context: &mut Context,
    report: &mut TriggerReport,
    types: &OfSites,
    jobs: &[Followed],
) -> Result<()> {
    let ended: Vec<&Followed> = jobs.iter().filter(|job| job.has_ended).collect();
    let failed: Vec<JobId> = ended
        .iter()
        .filter(|job| matches!(job.status, Status::Failed | Status::Stopped))
        .map(|job| job.id.clone())
        .collect();
    let want = Want { exception: true, ..Want::default() };
    let stored = context.store()?.jobs(&failed, want)?;
    let mut decoder = Decoder::default();
    let mut exceptions: HashMap<JobId, String> = HashMap::new();
    for (id, stored) in failed.into_iter().zip(stored) {
        let Ok(Some(stored)) = stored else { continue };
        let text = failure_text(&mut decoder, &stored);
        exceptions.extend(text.map(|text| (id, short_exception(&text))));
    }
    let runs: Vec<(usize, Option<Timestamp>)> =
        ended.iter().map(|job| (job.row, job.started_at)).collect();
    let mut logs = logged(context, report, types, &runs)?;
    for job in ended {
        let Some(row) = report.types.get_mut(job.row) else { continue };
        let fate = match &job.status {
            Status::Finished => Ended::Finished,
            Status::Missing => Ended::Gone,
            status => {
                let reason = exceptions.remove(&job.id);
                Ended::Failed(reason.unwrap_or_else(|| format!("it was {}", status.word())))
            }
        };
        judge(row, fate, logs.remove(&job.row), context.secrets);
    }
    Ok(())
}

/// What the log of a site says of a run; an error says why it could not be read.
pub(super) type Logged = std::result::Result<Option<JobRun>, String>;

/// Reads the logged runs of rows that began at these times; types that Frappe does not log, and
/// runs that never began, are left out.
pub(super) fn logged(
    context: &Context,
    report: &TriggerReport,
    types: &OfSites,
    runs: &[(usize, Option<Timestamp>)],
) -> Result<HashMap<usize, Logged>> {
    let mut by_site: HashMap<&str, Vec<(usize, RunFilter)>> = HashMap::new();
    for (at, began) in runs {
        let (Some(row), Some(began)) = (report.types.get(*at), began) else { continue };
        if row.logged {
            let filter = RunFilter {
                since: site_time(types, &row.site, *began),
                limit: MOST_RUNS,
                job_type: Some(row.name.clone()),
                status: None,
            };
            by_site.entry(row.site.as_str()).or_default().push((*at, filter));
        }
    }
    let sites: Vec<String> = by_site.keys().map(|site| (*site).to_owned()).collect();
    let timeout = context.settings.timeout;
    let deadline = Instant::now() + timeout.saturating_mul(u32::try_from(sites.len() + 1)?);
    let fleet = Fleet::reading(timeout, deadline);
    let answers = for_each_site(bench_of(context)?, &sites, fleet, |site, database| {
        let asked = by_site.get(site).map(Vec::as_slice).unwrap_or_default();
        let newest_first = |(at, filter): &(usize, RunFilter)| {
            database.job_runs(filter).map(|runs| (*at, runs.into_iter().next_back()))
        };
        asked.iter().map(newest_first).collect::<std::result::Result<Vec<_>, _>>()
    });
    let mut logs = HashMap::new();
    for (site, answer) in answers {
        match answer {
            Ok(runs) => logs.extend(runs.into_iter().map(|(at, run)| (at, Ok(run)))),
            Err(error) => {
                let why = error.failure(&site).to_string();
                let asked = by_site.get(site.as_str()).into_iter().flatten();
                logs.extend(asked.map(|(at, _)| (*at, Err(why.clone()))));
            }
        }
    }
    Ok(logs)
}

/// A moment as the tables of a site have it, a little earlier.
fn site_time(types: &OfSites, site: &str, at: Timestamp) -> DateTime {
    let read = types.iter().find(|(name, _)| name == site).and_then(|(_, read)| read.as_ref().ok());
    let zone = read.and_then(|read| read.settings.zone()).unwrap_or(TimeZone::UTC);
    at.to_zoned(zone).datetime().saturating_sub(jiff::Span::new().seconds(SLACK_S))
}

/// Writes down how a run went, by what is known of its end and what the log says.
pub(super) fn judge(row: &mut TriggerRow, ended: Ended, log: Option<Logged>, secrets: Secrets) {
    let said = |text: &str| Some(secrets.text(text).into_owned());
    let run = match log {
        Some(Ok(run)) => run,
        Some(Err(why)) if ended == Ended::Finished => {
            row.state = Triggered::Untold;
            row.reason = Some(format!("RQ calls it finished, and its log cannot be read: {why}"));
            return;
        }
        Some(Err(_)) | None => None,
    };
    row.log = run.as_ref().map(|run| LoggedRun {
        status: run.status.clone(),
        started_at: run.started_at,
        duration_s: run.duration().map(|took| took.as_secs_f64()),
    });
    let status = run.as_ref().map(|run| run.status.as_str());
    (row.state, row.reason) = match (ended, status) {
        (Ended::Failed(reason), _) => (Triggered::Failed, said(&reason)),
        (_, Some("Failed")) => {
            let details = run.as_ref().and_then(|run| run.details.as_deref());
            let details = details.map(short_exception).unwrap_or_default();
            let reason = if details.is_empty() { "Frappe logged it as failed" } else { &details };
            (Triggered::Failed, said(reason))
        }
        (_, Some("Complete")) => (Triggered::Finished, None),
        (Ended::Finished, None) if !row.logged => (
            Triggered::Finished,
            Some("Frappe leaves no trace of how it went: its `create_log` is 0".to_owned()),
        ),
        (Ended::Finished, None) => {
            (Triggered::Untold, Some("it ended, but its run is not logged".to_owned()))
        }
        (Ended::Finished, Some(other)) => {
            (Triggered::Untold, said(&format!("it ended, but the log still says `{other}`")))
        }
        (Ended::Gone, _) => {
            (Triggered::Untold, Some("its hash is gone: deleted, or expired".to_owned()))
        }
    };
}
