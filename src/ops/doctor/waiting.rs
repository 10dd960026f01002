//! Checks of the jobs that wait: do they still exist, will they live until they are run, and will
//! the worker survive them.

use super::queues::each;
use super::{Checked, Facts, Simple};
use crate::backend::redis::read::StoredJob;
use crate::backend::redis::survey::{Examples, QueueSurvey, Sampled};
use crate::human::{age, count, counted};
use crate::model::fault::FaultKind;
use crate::model::health::{Finding, Severity};
use crate::model::id::{JobId, QueueName};
use crate::model::job::{Job, Status, seconds_between};
use crate::sanitize::shell_quote;

pub(super) const CHECKS: &[&dyn super::Check] = &[
    &Simple { name: "queue.hashless", passes_when: "every waiting id has its job", run: hashless },
    &Simple {
        name: "queue.expiring",
        passes_when: "no waiting job expires before it runs",
        run: expiring,
    },
    &Simple {
        name: "queue.parked",
        passes_when: "no job is stuck between queue and worker",
        run: parked,
    },
    &Simple {
        name: "queue.poison",
        passes_when: "no waiting job makes a worker exit",
        run: poison,
    },
];

/// Jobs that are named one by one.
const MOST_LISTED: usize = 5;

/// Seconds within which a job that nobody is going to run counts as about to expire.
const SOON_S: f64 = 86_400.0;

/// How far a check of single jobs looked.
fn reach(queue: &QueueSurvey) -> Option<String> {
    let waiting = &queue.waiting;
    (!waiting.complete).then(|| {
        let total = count(queue.counts.queued.unwrap_or(0));
        format!(
            "looked at {} of {total} waiting jobs, at both ends; --deep looks at all",
            count(waiting.looked_at)
        )
    })
}

fn because_all(finding: Finding, lines: impl IntoIterator<Item = String>) -> Finding {
    lines.into_iter().fold(finding, Finding::because)
}

/// `3 waiting jobs`, or `at least 3 waiting jobs` where not all examples were kept.
fn tally<T>(found: &Examples<T>, kept: usize, what: &str) -> String {
    let is_least = found.count > found.first.len() as u64;
    let least = if is_least { "at least " } else { "" };
    format!("{least}{}", counted(kept as u64, what))
}

fn hashless(facts: &Facts<'_>) -> Checked {
    each(facts, |queue| {
        let found = &queue.waiting.hashless;
        let mine: Vec<&JobId> = found.first.iter().filter(|id| facts.concerns_id(id)).collect();
        if mine.is_empty() {
            return None;
        }
        let name = facts.short(&queue.name);
        let number = match facts.sites {
            None => counted(found.count, "waiting id"),
            Some(_) => tally(found, mine.len(), "waiting id"),
        };
        let summary = format!("queue `{name}`: {number} without a job");
        let finding = Finding::new("queue.hashless", Severity::Warning, summary)
            .because("the jobs expired or were deleted; workers skip such ids");
        let lines = mine.iter().take(MOST_LISTED).map(|id| format!("id {}", id.text()));
        let finding = because_all(because_all(finding, lines), reach(queue));
        Some(finding.fix(facts.repair(FaultKind::Hashless, &queue.name)))
    })
}

/// How likely a waiting job's hash is gone before its turn comes.
///
/// A list that moves takes about as long for a job at its end as the oldest one has waited by now.
/// A hash with the expiry of an earlier run is common on a healthy bench (a scheduled job that was
/// enqueued again under its fixed id) and harmless while the list moves faster than that.
fn expiry_of(facts: &Facts<'_>, queue: &QueueSurvey, stored: &StoredJob) -> Option<Severity> {
    let left = stored.ttl_s?;
    let is_suspended =
        facts.survey.is_ok_and(|survey| survey.suspended.as_ref().is_ok_and(Option::is_some));
    if is_suspended || !facts.is_served(&queue.name) {
        return (left < SOON_S).then_some(Severity::Critical);
    }
    let oldest = queue.waiting.oldest_at.or(stored.job.enqueued_at)?;
    let wait = seconds_between(oldest, facts.now)?;
    if left <= wait {
        Some(Severity::Critical)
    } else if left <= 3.0 * wait {
        Some(Severity::Warning)
    } else {
        None
    }
}

fn expiring(facts: &Facts<'_>) -> Checked {
    each(facts, |queue| {
        let found = &queue.waiting.expiring;
        let left = |stored: &StoredJob| stored.ttl_s.unwrap_or(0.0);
        let mut mine: Vec<(Severity, &StoredJob)> = facts
            .of_scope(&found.first)
            .into_iter()
            .filter_map(|stored| Some((expiry_of(facts, queue, stored)?, stored)))
            .collect();
        let severity = mine.iter().map(|(severity, _)| *severity).max()?;
        mine.sort_by(|a, b| left(a.1).total_cmp(&left(b.1)));
        let soonest = left(mine.first()?.1);
        let name = facts.short(&queue.name);
        let number = tally(found, mine.len(), "waiting job");
        let summary = format!("queue `{name}`: {number} about to expire without having run");
        let finding = Finding::new("queue.expiring", severity, summary)
            .figure(format!("soonest in {}", age(soonest)))
            .because("their hashes kept the expiry of an earlier run under the same id");
        let shown = mine.iter().take(MOST_LISTED).map(|(_, stored)| stored);
        let lines = shown
            .map(|stored| format!("id {}, gone in {}", stored.job.id.text(), age(left(stored))));
        let finding = because_all(because_all(finding, lines), reach(queue));
        Some(finding.fix(facts.repair(FaultKind::Expiring, &queue.name)))
    })
}

/// Parked ids that are not on their way to a worker: they did not go on while the survey waited,
/// and were enqueued long ago.
fn stuck<'q>(facts: &'q Facts<'_>, queue: &'q QueueSurvey) -> impl Iterator<Item = &'q Sampled> {
    queue.parked.iter().filter(move |sampled| match &sampled.job {
        _ if !facts.concerns_entry(sampled) => false,
        Ok(Some(stored)) => {
            let since = stored.job.started_at.max(stored.job.enqueued_at);
            let waited = since.and_then(|since| seconds_between(since, facts.now));
            let running = queue.running.iter().any(|run| run.entry.id == sampled.entry.id);
            !running && waited.is_none_or(|waited| waited >= facts.thresholds.parked_s)
        }
        Ok(None) => true,
        Err(_) => false,
    })
}

fn parked(facts: &Facts<'_>) -> Checked {
    each(facts, |queue| {
        let stuck: Vec<&Sampled> = stuck(facts, queue).collect();
        // A worker that popped a job a moment ago is busy and has not named it yet.
        let starting = facts
            .serving(&queue.name)
            .filter(|worker| worker.is_busy() && worker.current_jobs.is_empty())
            .count();
        let first = stuck.first()?;
        if stuck.len() <= starting {
            return None;
        }
        let name = facts.short(&queue.name);
        let number = counted(stuck.len() as u64, "job");
        let cleaned = if facts.is_served(&queue.name) {
            "RQ fails them at one of its next clean-ups, every 10 min (1.15 on)"
        } else {
            "no worker serves the queue, so nothing will ever fail or run them"
        };
        let finding = Finding::new(
            "queue.parked",
            Severity::Warning,
            format!("queue `{name}`: {number} stuck between queue and worker"),
        )
        .because("a worker took them from the list and never started them")
        .because(cleaned);
        let lines =
            stuck.iter().take(MOST_LISTED).map(|parked| format!("id {}", parked.entry.id.text()));
        // An id without a job is of another kind, wherever it stands.
        let kind = match first.stored() {
            Some(_) => FaultKind::Stuck,
            None => FaultKind::Hashless,
        };
        Some(
            because_all(finding, lines)
                .fix(facts.jobctl(&format!("jobs show {}", shell_quote(&first.entry.id.text()))))
                .fix(facts.repair(kind, &queue.name)),
        )
    })
}

/// The newest RQ among the living workers of a queue.
fn newest_release(facts: &Facts<'_>, queue: &QueueSurvey) -> Option<(u32, u32)> {
    facts.serving(&queue.name).filter_map(super::workers::release).max()
}

/// The fields of a job on which a worker exits, a line each.
///
/// From 2.0 on a worker also exits on a word in `status` that it does not know. Source: `rq/job.py`
/// `restore`.
fn exits_on(release: Option<(u32, u32)>, job: &Job) -> Vec<String> {
    let id = job.id.text();
    let fields = job.bad_fields.iter().filter(|bad| bad.stops_worker);
    let mut lines: Vec<String> =
        fields.map(|bad| format!("id {id}: {} is `{}`", bad.field, bad.value)).collect();
    if let (Some((2.., _)), Status::Other(word)) = (release, &job.status) {
        lines.push(format!("id {id}: status is `{word}`"));
    }
    lines
}

/// Ids and what is wrong with them.
type Faults = Vec<(JobId, Vec<String>)>;

/// A job that ends workers ends those that all sites share, so it counts for every selection.
fn poison(facts: &Facts<'_>) -> Checked {
    if facts.survey.is_err() {
        return Checked::no_redis();
    }
    let findings = facts.queues().iter().flat_map(|queue| {
        let release = newest_release(facts, queue);
        let faults = |jobs: Vec<&StoredJob>| -> Faults {
            let all = jobs
                .into_iter()
                .map(|stored| (stored.job.id.clone(), exits_on(release, &stored.job)));
            all.filter(|(_, lines)| !lines.is_empty()).collect()
        };
        let looping = faults(queue.parked.iter().filter_map(Sampled::stored).collect());
        let mut waiting = faults(queue.waiting.malformed.first.iter().collect());
        waiting.extend(illegal_ids(queue, release));
        let name = facts.short(&queue.name);
        let looping = poisonous(
            facts,
            &queue.name,
            &looping,
            format!("queue `{name}`: a job makes one worker after the other exit"),
        );
        let waiting = poisonous(
            facts,
            &queue.name,
            &waiting,
            format!("queue `{name}`: a waiting job will make its worker exit"),
        );
        let waiting = waiting.map(|finding| because_all(finding, reach(queue)));
        let unread = never_read(facts, queue, release);
        looping.into_iter().chain(waiting).chain(unread)
    });
    findings.collect::<Vec<_>>().into()
}

/// The finding about jobs of a queue that end their workers.
fn poisonous(
    facts: &Facts<'_>,
    queue: &QueueName,
    faults: &Faults,
    summary: String,
) -> Option<Finding> {
    let (first, _) = faults.first()?;
    let id = shell_quote(&first.text()).into_owned();
    let lines = faults.iter().flat_map(|(_, lines)| lines).take(MOST_LISTED).cloned();
    let finding = Finding::new("queue.poison", Severity::Critical, summary);
    Some(
        because_all(finding, lines)
            .fix(facts.jobctl(&format!("jobs show {id}")))
            .fix(facts.repair(FaultKind::Poison, queue)),
    )
}

/// Waiting ids on which the workers exit. Source: `rq/job.py` `validate_job_id`, 2.8 on.
fn illegal_ids(queue: &QueueSurvey, release: Option<(u32, u32)>) -> Faults {
    let Some(release) = release.filter(|release| *release >= (2, 8)) else { return Vec::new() };
    let why = |id: &JobId| format!("id {}: RQ {} refuses it", id.text(), dotted(release));
    queue.waiting.odd_ids.first.iter().map(|id| (id.clone(), vec![why(id)])).collect()
}

/// Waiting ids that the workers take and drop: from 2.0 on what follows a colon counts as an
/// execution, so another job is looked for. Source: `rq/utils.py` `parse_composite_key`.
fn never_read(
    facts: &Facts<'_>,
    queue: &QueueSurvey,
    release: Option<(u32, u32)>,
) -> Option<Finding> {
    let release = release.filter(|release| ((2, 0)..(2, 8)).contains(release))?;
    let found = &queue.waiting.colon_ids;
    let mine: Vec<&JobId> = found.first.iter().filter(|id| facts.concerns_id(id)).collect();
    let first = mine.first()?;
    let name = facts.short(&queue.name);
    let number = tally(found, mine.len(), "waiting job");
    let summary = format!("queue `{name}`: {number} with a colon in the id, which nobody will run");
    let finding = Finding::new("queue.poison", Severity::Critical, summary).because(format!(
        "RQ {} reads only what stands before the colon; such ids were written for RQ 1",
        dotted(release)
    ));
    let lines = mine.iter().take(MOST_LISTED).map(|id| format!("id {}", id.text()));
    let finding = because_all(because_all(finding, lines), reach(queue));
    let id = shell_quote(&first.text()).into_owned();
    Some(
        finding
            .fix(facts.jobctl(&format!("jobs show {id}")))
            .fix(facts.jobctl(&format!("jobs delete {id}"))),
    )
}

fn dotted((major, minor): (u32, u32)) -> String {
    format!("{major}.{minor}")
}
