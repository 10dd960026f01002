//! Queues: how many jobs each holds, how long they wait, and who serves them.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::headline::Headlines;
use super::scope::Reach;
use super::workers::{ProcessTree, rows, shared_notes};
use crate::backend::redis::queues::{ENDS, QueueDetail, QueueSummary};
use crate::backend::redis::survey::Sampled;
use crate::context::Context;
use crate::error::Result;
use crate::model::id::QueueName;
use crate::model::job::seconds_between;
use crate::model::worker::{Alive, Worker};
use crate::report::queues::{JobLine, QueueReport, QueueRow, QueuesReport};
use crate::secrets::Secrets;
use crate::target::Target;

/// Jobs shown of each end of a queue.
const SHOWN: usize = 5;

/// Lists the queues that `names` mean, all of the target's without names.
///
/// Four round trips, however many queues and workers there are. Errors: as
/// [`scope::queues`](super::scope::queues).
pub fn list(context: &mut Context, names: &[String]) -> Result<QueuesReport> {
    let reach = Reach::read(context)?;
    let queues = reach.select(names)?;
    let summaries = if reach.unseen_prefix().is_some() {
        queues.into_iter().map(QueueSummary::unread).collect()
    } else {
        context.store()?.queue_summaries(&queues)?
    };
    let limits = Limits::of(context.target()?);
    let rows: Vec<QueueRow> =
        summaries.iter().map(|summary| row(&reach, &limits, summary, context.secrets)).collect();
    let mut notes = notes(&reach, &summaries, context.secrets);
    if rows.iter().any(|row| row.oldest_is_least) {
        notes.push(format!(
            "≥: of a long queue, the {ENDS} jobs at each end were looked at for the oldest"
        ));
    }
    if context.sites()?.is_some() {
        notes.push(
            "a queue holds the jobs of every site, and so do these counts; counts by site: jobctl show-pending-jobs"
                .to_owned(),
        );
    }
    Ok(QueuesReport { queues: rows, is_unknown: is_unknown(&reach), notes })
}

/// Shows one queue: its counts, the jobs at both ends, and who serves it. Errors: as [`list`].
///
/// Five round trips; two more where a busy worker does not say what it runs.
pub fn show(context: &mut Context, name: &str) -> Result<QueueReport> {
    let reach = Reach::read(context)?;
    let queue = reach.resolve(name)?;
    let serves = |worker: &&Worker| worker.queues().contains(&queue);
    let serving: Vec<&Worker> = reach.inventory.workers().iter().filter(serves).collect();
    let serving = rows(context, &reach, &serving, &ProcessTree::nowhere())?;
    let detail = if reach.unseen_prefix().is_some() {
        QueueDetail::unread(queue)
    } else {
        context.store()?.queue_detail(&queue)?
    };

    let secrets = context.secrets;
    let limits = Limits::of(context.target()?);
    let mut notes = notes(&reach, std::slice::from_ref(&detail.summary), secrets);
    let row = row(&reach, &limits, &detail.summary, secrets);
    let scheduler = detail.scheduler.unwrap_or_else(|lack| {
        notes.push(format!("the RQ scheduler is unknown: {lack}"));
        None
    });
    let mut headlines = Headlines::new(secrets);
    let mut line = |sampled| job_line(sampled, reach.inventory.taken_at, &mut headlines);
    let newest = detail.head.iter().skip(SHOWN).chain(&detail.tail).rev().take(SHOWN);
    let newest = newest.map(&mut line).collect();
    Ok(QueueReport {
        cap_percent: share(row.counts.queued, row.cap),
        queue: row,
        next: detail.head.iter().take(SHOWN).map(&mut line).collect(),
        newest,
        parked: detail.parked.iter().map(&mut line).collect(),
        serving,
        rq_scheduler: scheduler.map(|owner| shown_owner(&owner, secrets)),
        // A queue that is named is read whether or not the set of queues is hidden.
        is_unknown: reach.unseen_prefix().is_some(),
        notes,
    })
}

/// Whether nothing can be said: which queues there are is hidden, or they are not the bench's.
fn is_unknown(reach: &Reach) -> bool {
    reach.inventory.known.is_err() || reach.unseen_prefix().is_some()
}

fn share(queued: Option<u64>, cap: Option<u64>) -> Option<f64> {
    Some(queued? as f64 / cap?.max(1) as f64 * 100.0)
}

/// What the configuration sets for queues.
struct Limits {
    timeouts: BTreeMap<QueueName, Option<i64>>,
    cap: Option<u64>,
}

impl Limits {
    fn of(target: &Target) -> Self {
        let Some(bench) = &target.bench else {
            return Self { timeouts: BTreeMap::new(), cap: None };
        };
        let names = target.configured_queues().into_iter();
        let timeouts = names.zip(bench.queues().into_iter().map(|queue| queue.timeout_s));
        Self { timeouts: timeouts.collect(), cap: bench.queue_cap(bench.sites().sites.len()) }
    }
}

fn row(reach: &Reach, limits: &Limits, summary: &QueueSummary, secrets: Secrets) -> QueueRow {
    let queue = &summary.name;
    let shown = |text: &str| secrets.text(text).into_owned();
    let waits = |at| seconds_between(at, reach.inventory.taken_at);
    // A prefix that is nowhere to be seen says that the workers would not be found either.
    let readable = reach.inventory.workers.is_ok() && reach.unseen_prefix().is_none();
    let living = || {
        reach.inventory.workers().iter().filter(|worker| {
            worker.queues().contains(queue) && reach.liveness(worker).alive != Alive::No
        })
    };
    QueueRow {
        name: shown(reach.short(queue)),
        full_name: shown(queue.as_str()),
        prefix: queue.prefix().map(shown),
        counts: summary.counts,
        oldest_age_s: summary.oldest_at.and_then(waits),
        oldest_is_least: summary.oldest_at.is_some() && !summary.complete,
        workers: readable.then(|| living().count()),
        workers_busy: readable.then(|| living().filter(|worker| worker.is_busy()).count()),
        configured: reach.is_configured(queue),
        timeout_s: limits.timeouts.get(queue).copied().flatten(),
        cap: limits.cap,
    }
}

/// What could not be read, one line for each reason.
fn notes(reach: &Reach, summaries: &[QueueSummary], secrets: Secrets) -> Vec<String> {
    let mut notes = shared_notes(reach);
    if let Err(lack) = &reach.inventory.known {
        notes.push(format!("which queues there are is unknown: {lack}"));
    }
    let mut by_reason: BTreeMap<(Vec<&str>, String), Vec<&str>> = BTreeMap::new();
    for summary in summaries.iter().filter(|summary| !summary.lacks.is_empty()) {
        let reasons: Vec<String> = summary.lacks.iter().map(ToString::to_string).collect();
        let missing = summary.counts.missing();
        for reason in deduplicated(&reasons) {
            let fields: Vec<&str> = missing
                .iter()
                .zip(&reasons)
                .filter(|(_, other)| *other == reason)
                .map(|(field, _)| *field)
                .collect();
            let names = by_reason.entry((fields, reason.clone())).or_default();
            names.push(reach.short(&summary.name));
        }
    }
    for ((fields, reason), names) in by_reason {
        let listed: Vec<String> =
            names.iter().take(SHOWN).map(|name| format!("`{}`", secrets.text(name))).collect();
        let more = match names.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let queues = if names.len() == 1 { "queue" } else { "queues" };
        notes.push(format!(
            "{queues} {}{more}: {} not counted: {reason}",
            listed.join(", "),
            fields.join(", ")
        ));
    }
    notes
}

fn deduplicated(reasons: &[String]) -> Vec<&String> {
    let mut seen: Vec<&String> = Vec::new();
    for reason in reasons {
        if !seen.contains(&reason) {
            seen.push(reason);
        }
    }
    seen
}

fn job_line(sampled: &Sampled, now: Timestamp, headlines: &mut Headlines) -> JobLine {
    let stored = sampled.stored();
    let called = stored.map(|stored| headlines.of(stored)).unwrap_or_default();
    let since = stored.and_then(|stored| stored.job.enqueued_at.or(stored.job.created_at));
    let site = called.site.or_else(|| sampled.entry.id.site().map(|site| headlines.shown(site)));
    JobLine {
        id: headlines.shown(&sampled.entry.id.text()),
        method: called.method,
        site,
        age_s: since.and_then(|since| seconds_between(since, now)),
        is_gone: matches!(sampled.job, Ok(None)),
    }
}

/// The owner of the scheduler's lock: RQ 2.9 and older write a process id, later ones a name.
fn shown_owner(owner: &str, secrets: Secrets) -> String {
    let shown = secrets.text(owner);
    if owner.parse::<u32>().is_ok() { format!("pid {shown}") } else { shown.into_owned() }
}
