//! Checks of single jobs: failed, running too long, left behind.

use std::collections::{HashMap, HashSet};

use super::queues::each;
use super::{Checked, Facts, Simple};
use crate::backend::redis::read::Entry;
use crate::backend::redis::survey::{QueueSurvey, Sampled};
use crate::human::{age, count, counted, percent};
use crate::model::fault::FaultKind;
use crate::model::health::{Finding, Severity};
use crate::model::id::JobId;
use crate::model::job::{Job, Status, seconds_between};
use crate::ops::metrics::is_scheduled_run;
use crate::sanitize::shell_quote;

pub(super) const CHECKS: &[&dyn super::Check] = &[
    &Simple { name: "job.failed", passes_when: "few jobs failed within a day", run: failed },
    &Simple {
        name: "job.failure-rate",
        passes_when: "few of the last jobs failed",
        run: failure_rate,
    },
    &Simple { name: "job.timeout", passes_when: "no job runs past its timeout", run: timeout },
    &Simple { name: "job.abandoned", passes_when: "no job lost its worker", run: abandoned },
    &Simple { name: "job.overdue", passes_when: "no scheduled job is past its time", run: overdue },
    &Simple { name: "job.ghost", passes_when: "no ghost blocks a scheduled job", run: ghost },
    &Simple { name: "job.lost", passes_when: "no queued job stands in no list", run: lost },
    &Simple {
        name: "job.dangling",
        passes_when: "every registry entry has its job",
        run: dangling,
    },
];

/// Seconds of a day.
const DAY_S: f64 = 86_400.0;

/// Findings of one kind that are listed one by one; more are summed up.
const MOST_LISTED: usize = 10;

/// Seconds past its timeout that a job may take to end.
const GRACE_S: f64 = 5.0;

/// Seconds by which an end may lie in the future, as registries hold whole seconds.
const FUTURE_S: f64 = 60.0;

/// Source: `rq/defaults.py`, `DEFAULT_RESULT_TTL`.
const RQ_RESULT_TTL_S: i64 = 500;

fn failed(facts: &Facts<'_>) -> Checked {
    each(facts, |queue| {
        let within_a_day = failed_within_a_day(facts, queue, |id, job| match (facts.sites, job) {
            (None, _) => Some(true),
            (_, Some(job)) => Some(facts.concerns(job)),
            (_, None) => Some(facts.concerns_id(id)),
        });
        let failed = within_a_day.count;
        let severity = if failed >= facts.thresholds.failed_critical {
            Severity::Critical
        } else if failed >= facts.thresholds.failed_warning {
            Severity::Warning
        } else {
            return None;
        };
        let name = facts.short(&queue.name);
        let least = if within_a_day.is_least { "at least " } else { "" };
        let summary =
            format!("queue `{name}`: {least}{} failed within 24 h", counted(failed, "job"));
        let listed = count(queue.counts.failed.unwrap_or(0));
        Some(
            Finding::new("job.failed", severity, summary)
                .because(format!("{listed} in the failed registry"))
                .fix(facts.jobctl(&format!(
                    "jobs list --queue {} --status failed --since 24h",
                    shell_quote(name)
                ))),
        )
    })
}

/// Failures of the last day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct DayOfFailures {
    /// How many.
    pub(crate) count: u64,
    /// Whether there may be more.
    pub(crate) is_least: bool,
}

/// Counts the jobs of a queue that failed within the last day and belong; `belongs` gets the job
/// where it was read, and gives `None` where it cannot tell.
///
/// A job that was read tells when it ended. Of the others only the registry's score is known: when
/// the entry is forgotten, a failure TTL after the end; entries that are kept for ever have none.
pub(crate) fn failed_within_a_day(
    facts: &Facts<'_>,
    queue: &QueueSurvey,
    belongs: impl Fn(&JobId, Option<&Job>) -> Option<bool>,
) -> DayOfFailures {
    let usual_ttl_s = facts.usual_failure_ttl_s(queue);
    let now = facts.now.as_second() as f64;
    let jobs: HashMap<&JobId, &Job> = queue
        .failed
        .iter()
        .filter_map(|sampled| Some((&sampled.entry.id, &sampled.stored()?.job)))
        .collect();
    let mut day = DayOfFailures::default();
    let mut oldest_age_s = f64::MIN;
    for entry in &queue.failed_entries {
        let job = jobs.get(&entry.id).copied();
        if job.is_some_and(|job| job.status == Status::Stopped) {
            continue;
        }
        let Some(failed_at) = failed_at_s(entry, job, usual_ttl_s) else {
            day.is_least |= job.is_none();
            continue;
        };
        let age_s = now - failed_at;
        oldest_age_s = oldest_age_s.max(age_s);
        if !(-FUTURE_S..DAY_S).contains(&age_s) {
            continue;
        }
        match belongs(&entry.id, job) {
            Some(true) => day.count += 1,
            Some(false) => {}
            None => day.is_least = true,
        }
    }
    let unread = queue.counts.failed.unwrap_or(0) > queue.failed_entries.len() as u64;
    day.is_least |= unread && oldest_age_s < DAY_S;
    day
}

/// When an entry failed, Unix seconds. Of one whose job was not read the score alone tells.
fn failed_at_s(entry: &Entry, job: Option<&Job>, usual_ttl_s: f64) -> Option<f64> {
    if let Some(job) = job {
        return job.end().map(|end| end.as_second() as f64);
    }
    let score = entry.score.filter(|score| *score > 0.0 && score.is_finite())?;
    Some(score - usual_ttl_s)
}

/// The ended jobs that a failure rate is taken of.
struct Ended {
    failed: u64,
    finished: u64,
    window_s: f64,
}

/// How long ago jobs of a queue ended, and how far back that is all of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ends {
    /// Seconds since each failure.
    pub(crate) failed: Vec<f64>,
    /// Seconds since each success.
    pub(crate) finished: Vec<f64>,
    /// Seconds for which both are known: not longer than finished jobs are kept, nor than the jobs
    /// looked at reach back. Infinite where nothing was forgotten.
    pub(crate) reach_s: f64,
}

impl Ends {
    /// Failures and successes within the last seconds.
    pub(crate) fn within(&self, seconds: f64) -> (u64, u64) {
        let count = |ages: &[f64]| ages.iter().filter(|age| **age <= seconds).count() as u64;
        (count(&self.failed), count(&self.finished))
    }
}

/// The jobs of the scope that ended, as far as the registries tell.
pub(crate) fn ends(facts: &Facts<'_>, queue: &QueueSurvey) -> Ends {
    let ages = |sampled: &[Sampled], status: &Status| -> Vec<f64> {
        let jobs = sampled.iter().filter_map(Sampled::stored).map(|stored| &stored.job);
        jobs.filter(|job| job.status == *status && facts.concerns(job) && leaves_trace(job))
            // Frappe swallows the errors of scheduled jobs: their runs are no successes.
            .filter(|job| *status != Status::Finished || !is_scheduled_run(job))
            .filter_map(|job| seconds_between(job.end()?, facts.now))
            .collect()
    };
    let failed = ages(&queue.failed, &Status::Failed);
    let finished = ages(&queue.finished, &Status::Finished);
    let kept_s = queue
        .failed
        .iter()
        .chain(&queue.finished)
        .filter_map(Sampled::stored)
        .filter(|stored| leaves_trace(&stored.job))
        .map(|stored| stored.job.result_ttl_s.unwrap_or(RQ_RESULT_TTL_S) as f64)
        .fold(f64::INFINITY, f64::min);
    let reach = |ages: &[f64], looked_at: usize, listed: Option<u64>| {
        let all = listed.is_some_and(|listed| listed <= looked_at as u64);
        if all { f64::INFINITY } else { ages.iter().copied().fold(0.0, f64::max) }
    };
    let reach_s = kept_s.min(reach(&failed, queue.failed.len(), queue.counts.failed)).min(reach(
        &finished,
        queue.finished.len(),
        queue.counts.finished,
    ));
    Ends { failed, finished, reach_s }
}

/// Counts the jobs of the scope that ended lately, over a time for which both registries are known.
fn ended_lately(facts: &Facts<'_>, queue: &QueueSurvey) -> Ended {
    let ends = ends(facts, queue);
    let window_s = ends.reach_s.min(facts.thresholds.failure_window_s);
    let (failed, finished) = ends.within(window_s);
    Ended { failed, finished, window_s }
}

/// Whether a success of this job would stand in the finished registry under the time of its end:
/// results that are not kept leave no entry, those that are kept for ever no time.
fn leaves_trace(job: &Job) -> bool {
    job.result_ttl_s.is_none_or(|ttl| ttl > 0)
}

fn failure_rate(facts: &Facts<'_>) -> Checked {
    each(facts, |queue| {
        let Ended { failed, finished, window_s } = ended_lately(facts, queue);
        let ended = failed + finished;
        if ended < facts.thresholds.failure_least_jobs.max(1) {
            return None;
        }
        let share = failed as f64 / ended as f64 * 100.0;
        let severity = if share >= facts.thresholds.failure_rate_critical_percent {
            Severity::Critical
        } else if share >= facts.thresholds.failure_rate_warning_percent {
            Severity::Warning
        } else {
            return None;
        };
        let name = facts.short(&queue.name);
        let percent = percent(share / 100.0);
        let summary = format!("queue `{name}`: {percent} of the last jobs failed");
        Some(
            Finding::new("job.failure-rate", severity, summary)
                .because(format!("{failed} of {ended} jobs that ended within {}", age(window_s)))
                .fix(facts.jobctl(&format!(
                    "jobs list --queue {} --status failed --since {:.0}s",
                    shell_quote(name),
                    window_s.ceil().max(1.0)
                ))),
        )
    })
}

/// The running jobs of the scope, with their queues.
pub(crate) fn running<'f>(
    facts: &'f Facts<'_>,
) -> impl Iterator<Item = (&'f QueueSurvey, &'f Sampled)> {
    facts
        .queues()
        .iter()
        .flat_map(|queue| queue.running.iter().map(move |sampled| (queue, sampled)))
        .filter(|(_, sampled)| facts.concerns_entry(sampled))
}

/// Whether the score of a started entry has passed, so that nobody works on it any more. A
/// negative one never passes. Source: `rq/registry.py` `get_expired_job_ids`, from 0 to now.
pub(crate) fn is_abandoned(facts: &Facts<'_>, sampled: &Sampled) -> bool {
    let now = facts.now.as_second() as f64;
    sampled.entry.score.is_some_and(|score| (0.0..now).contains(&score))
}

fn timeout(facts: &Facts<'_>) -> Checked {
    if facts.survey.is_err() {
        return Checked::no_redis();
    }
    let mut seen = HashSet::new();
    let over = running(facts).filter(|(_, sampled)| !is_abandoned(facts, sampled)).filter_map(
        |(queue, sampled)| {
            let stored = sampled.stored()?;
            let (ran, limit) = (stored.job.running_s(facts.now)?, stored.job.limit_s()?);
            let past = stored.job.status == Status::Started && ran > limit as f64 + GRACE_S;
            // A job of several executions (2.0 on) stands there once for each.
            (past && seen.insert(&stored.job.id)).then_some((queue, stored, ran, limit))
        },
    );
    let mut over: Vec<_> = over.collect();
    over.sort_by(|a, b| b.2.total_cmp(&a.2));
    let findings = over.into_iter().take(MOST_LISTED).map(|(queue, stored, ran, limit)| {
        let id = stored.job.id.text();
        let mut finding = Finding::new(
            "job.timeout",
            Severity::Warning,
            format!("job {id} runs past its timeout"),
        )
        .figure(format!("{} of {}", age(ran), age(limit as f64)));
        let orphan = facts.processes.horse_without_worker(&stored.job.id);
        finding = finding.because(match orphan {
            Some(pid) => format!("work horse {pid} goes on with it, though its worker is gone"),
            None => facts.who_runs(&stored.job.id, facts.short(&queue.name)),
        });
        if let Some(method) = facts.method_of(&stored.job) {
            finding = finding.because(format!("method {method}"));
        }
        finding.fix(facts.jobctl(&match orphan {
            Some(pid) => format!("workers dump {pid}"),
            None => format!("workers dump --job {}", shell_quote(&id)),
        }))
    });
    findings.collect::<Vec<_>>().into()
}

/// The command that shows a job.
fn show(facts: &Facts<'_>, id: &JobId) -> String {
    facts.jobctl(&format!("jobs show {}", shell_quote(&id.text())))
}

fn abandoned(facts: &Facts<'_>) -> Checked {
    each(facts, |queue| {
        let left: Vec<&Sampled> = queue
            .running
            .iter()
            .filter(|sampled| facts.concerns_entry(sampled) && is_abandoned(facts, sampled))
            .collect();
        let oldest =
            left.iter().filter_map(|sampled| sampled.entry.score).min_by(f64::total_cmp)?;
        let name = facts.short(&queue.name);
        let since = facts.now.as_second() as f64 - oldest;
        let summary = match left.len() {
            1 => format!("queue `{name}`: 1 running job lost its worker"),
            n => format!("queue `{name}`: {n} running jobs lost their worker"),
        };
        let cleaned = if facts.is_served(&queue.name) {
            "RQ fails or retries them at its next clean-up, every 10 min"
        } else {
            "no worker serves the queue, so nothing will ever fail or retry them"
        };
        let finding = Finding::new("job.abandoned", Severity::Warning, summary)
            .figure(format!("since {}", age(since)))
            .because(cleaned);
        let horse = |sampled: &&Sampled| facts.processes.horse_without_worker(&sampled.entry.id);
        let lines = left.iter().take(5).map(|sampled| {
            let id = sampled.entry.id.text();
            match horse(sampled) {
                Some(pid) => format!("id {id}, and work horse {pid} goes on with it"),
                None => format!("id {id}"),
            }
        });
        let finding = lines.fold(finding, Finding::because);
        let dumps = left.iter().filter_map(horse).take(5);
        let finding = dumps.fold(finding, |finding, pid| {
            finding.fix(facts.jobctl(&format!("workers dump {pid}")))
        });
        Some(
            finding
                .fix(
                    facts.jobctl(&format!(
                        "jobs list --queue {} --status started",
                        shell_quote(name)
                    )),
                )
                .fix(facts.repair(FaultKind::Abandoned, &queue.name)),
        )
    })
}

fn overdue(facts: &Facts<'_>) -> Checked {
    each(facts, |queue| {
        let late = &queue.overdue;
        let now = facts.now.as_second() as f64;
        let due = late.first.iter().filter(|entry| facts.concerns_id(&entry.id));
        let due: Vec<(&Entry, f64)> =
            due.filter_map(|entry| Some((entry, now - entry.score?))).collect();
        let (_, longest) = due.first().filter(|_| late.count > 0)?;
        let name = facts.short(&queue.name);
        let summary = match late.count {
            1 => format!("queue `{name}`: 1 scheduled job is past its time"),
            n => format!("queue `{name}`: {} scheduled jobs are past their time", count(n)),
        };
        let (why, fix) = match (late.scheduler, facts.bench.is_some()) {
            (true, _) => (
                "a scheduler of RQ holds the queue's lock, and does not keep up or hangs",
                facts.redis_cli(&format!("get {}", shell_quote(&facts.scheduler_key(&queue.name)))),
            ),
            (false, true) => (
                "Frappe runs no scheduler of RQ's: a retry with an interval never comes back",
                facts
                    .jobctl(&format!("jobs list --queue {} --status scheduled", shell_quote(name))),
            ),
            (false, false) => (
                "no scheduler of RQ runs for the queue",
                format!("{} --with-scheduler", facts.worker_command(&[&queue.name])),
            ),
        };
        let finding = Finding::new("job.overdue", Severity::Warning, summary)
            .figure(format!("since {}", age(*longest)))
            .because(why);
        let lines = due
            .iter()
            .take(5)
            .map(|(entry, late)| format!("id {}, due {} ago", entry.id.text(), age(*late)));
        Some(lines.fold(finding, Finding::because).fix(fix))
    })
}

fn ghost(facts: &Facts<'_>) -> Checked {
    let Ok(survey) = facts.survey else { return Checked::no_redis() };
    if !survey.unlisted.searched {
        return Checked::not_made(match &survey.keys {
            Err(lack) => lack.to_string(),
            Ok(_) if survey.cut_short.is_some() => "not all was read in time".to_owned(),
            Ok(_) => "Redis holds too many keys to search for fixed ids; --deep searches them all"
                .to_owned(),
        });
    }
    let findings =
        facts.of_scope(&survey.unlisted.ghosts).into_iter().take(MOST_LISTED).map(|stored| {
            let id = stored.job.id.text();
            let says = stored.job.status.word();
            let finding = Finding::new(
                "job.ghost",
                Severity::Critical,
                format!("ghost {id} keeps its scheduled job from ever running again"),
            )
            .because(format!(
                "its hash says {says}, but it stands in no list, no registry and no worker"
            ))
            .because("Frappe does not enqueue a scheduled job while its id says queued or started");
            let id = shell_quote(&id);
            finding.fix(facts.jobctl(&format!("jobs repair --kind ghost {id}")))
        });
    findings.collect::<Vec<_>>().into()
}

fn lost(facts: &Facts<'_>) -> Checked {
    let Ok(survey) = facts.survey else { return Checked::no_redis() };
    if !facts.deep {
        return Checked::not_made("needs --deep: it reads every job");
    }
    if !survey.unlisted.searched {
        return Checked::not_made("not all was read in time, or SCAN is not permitted");
    }
    let found = &survey.unlisted.lost;
    let mine = facts.of_scope(&found.first);
    let Some(first) = mine.first() else { return Vec::new().into() };
    let number = if facts.sites.is_some() { mine.len() as u64 } else { found.count };
    let finding = Finding::new(
        "job.lost",
        Severity::Critical,
        format!("{} in no list: lost, never to run", counted(number, "queued job")),
    )
    .because("a worker that serves several queues died between taking and starting them");
    let lines = mine.iter().take(5).map(|stored| format!("id {}", stored.job.id.text()));
    Some(
        lines
            .fold(finding, Finding::because)
            .fix(show(facts, &first.job.id))
            .fix(facts.jobctl("jobs repair --kind lost")),
    )
    .into()
}

fn dangling(facts: &Facts<'_>) -> Checked {
    let Ok(survey) = facts.survey else { return Checked::no_redis() };
    if !facts.deep {
        return Checked::not_made("needs --deep: it looks up every entry");
    }
    if survey.cut_short.is_some() {
        return Checked::not_made("not all was read in time");
    }
    if survey.unlisted.dangling.is_empty() {
        return Vec::new().into();
    }
    let finding =
        Finding::new("job.dangling", Severity::Info, "registry entries whose job is gone")
            .because("RQ never cleans these registries");
    let lines =
        survey.unlisted.dangling.iter().map(|(place, n)| {
            format!("{}: {}", place.describe(facts.short(place.queue())), count(*n))
        });
    let fix = facts.jobctl("jobs repair --kind dangling");
    Some(lines.fold(finding, Finding::because).fix(fix)).into()
}
