//! Follows one job to its end.

use std::time::{Duration, Instant};

use super::decode::{failure_text, short_exception};
use super::lookup;
use crate::backend::redis::read::{StoredJob, Want};
use crate::codec::payload::Decoder;
use crate::context::Context;
use crate::error::{Failure, Kind, Outcome, Result};
use crate::human;
use crate::model::id::JobId;
use crate::model::job::Status;
use crate::report::watch::{Change, WatchReport};
use crate::sys::clock;
use crate::sys::signals::Interrupts;

/// The first pause between two looks, and the longest.
const SHORTEST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Follows the job that `typed` means until it has ended, each change of its state told as it is
/// seen. States that come and go between two looks are missed.
///
/// Cost: one round trip per look; pauses grow to half a second while nothing happens. Errors:
/// `NotFound` for a job that is not there or vanishes.
pub fn watch(context: &mut Context, typed: &str, limit: Option<Duration>) -> Result<WatchReport> {
    let interrupts = Interrupts::catch()?;
    let started = Instant::now();
    let Some(first) = lookup::find(context, typed, Want::default())? else {
        return Err(Failure::new(
            Kind::NotFound,
            format!("cannot watch job `{typed}`: there is no such job, or it has expired"),
        )
        .hint("list the jobs there are: jobctl jobs list")
        .into());
    };
    let mut report = WatchReport::new(first.job.id.clone());
    let mut last = first;
    let mut pause = SHORTEST_PAUSE;
    note(context, &mut report, &last.job.status);
    loop {
        if let Some(outcome) = outcome_of(&last.job.status) {
            return finished(context, report, &last, outcome);
        }
        let left = limit.map(|limit| limit.saturating_sub(started.elapsed()));
        if left.is_some_and(|left| left.is_zero()) {
            report.outcome = Outcome::TimedOut;
            let time = human::age(started.elapsed().as_secs_f64());
            report.notes.push(format!(
                "the time is up: after {time} the job is still {}",
                last.job.status.word()
            ));
            return Ok(report);
        }
        if let Some(signal) = interrupts.wait(pause.min(left.unwrap_or(pause))) {
            report.outcome = Outcome::Interrupted { signal };
            return Ok(report);
        }
        let Some(now) = look(context, &report.id)? else {
            return vanished(context, report, &last);
        };
        if now.job.status == last.job.status && now.job.started_at == last.job.started_at {
            pause = (pause * 3 / 2).min(LONGEST_PAUSE);
        } else {
            note(context, &mut report, &now.job.status);
            pause = SHORTEST_PAUSE;
        }
        last = now;
    }
}

fn look(context: &mut Context, id: &JobId) -> Result<Option<StoredJob>> {
    let mut jobs = context.store()?.jobs(std::slice::from_ref(id), Want::default())?;
    match jobs.pop() {
        Some(Ok(job)) => Ok(job),
        Some(Err(lack)) => {
            Err(Failure::new(Kind::Data, format!("cannot read job `{id}`: {lack}")).into())
        }
        None => Ok(None),
    }
}

fn note(context: &mut Context, report: &mut WatchReport, status: &Status) {
    let change = Change { at: clock::now(), status: status.word().to_owned() };
    context.ui.status(&change.line(context.ui.zone(), &report.id));
    report.status = Some(change.status.clone());
    report.changes.push(change);
}

const fn outcome_of(status: &Status) -> Option<Outcome> {
    match status {
        Status::Finished => Some(Outcome::Done),
        Status::Failed | Status::Stopped | Status::Canceled => Some(Outcome::No),
        _ => None,
    }
}

fn finished(
    context: &mut Context,
    mut report: WatchReport,
    last: &StoredJob,
    outcome: Outcome,
) -> Result<WatchReport> {
    report.outcome = outcome;
    report.duration_s = last.job.running_s(clock::now());
    if matches!(last.job.status, Status::Failed | Status::Stopped) {
        let want = Want { exception: true, ..Want::default() };
        let jobs = context.store()?.jobs(std::slice::from_ref(&report.id), want)?;
        let stored = jobs.into_iter().flatten().flatten().next();
        let text = stored.and_then(|stored| failure_text(&mut Decoder::default(), &stored));
        report.exception =
            text.map(|text| context.secrets.text(&short_exception(&text)).into_owned());
    }
    Ok(report)
}

/// RQ deletes a job that ended well at once if its result is not to be kept.
fn vanished(
    context: &mut Context,
    mut report: WatchReport,
    last: &StoredJob,
) -> Result<WatchReport> {
    if last.job.status == Status::Started && last.job.result_ttl_s == Some(0) {
        note(context, &mut report, &Status::Finished);
        report
            .notes
            .push("it keeps no result, so that it ended well is told by its end".to_owned());
        return Ok(report);
    }
    Err(Failure::new(
        Kind::NotFound,
        format!(
            "lost sight of job `{}`: it was {}, and its hash is gone: deleted, or expired",
            report.id,
            last.job.status.word()
        ),
    )
    .into())
}
