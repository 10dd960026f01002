//! Checks of single jobs: failed, running too long, left behind.

use super::{Checked, Facts, Simple};
use crate::backend::redis::read::StoredJob;
use crate::backend::redis::survey::{QueueSurvey, Sampled};
use crate::human::{age, count, counted, percent};
use crate::model::health::{Finding, Severity};
use crate::model::id::JobId;
use crate::model::job::{Status, seconds_between};
use crate::render::sanitize::{holds_control, shell_quote};

pub(super) const CHECKS: &[&dyn super::Check] = &[
    &Simple { name: "job.failed", passes_when: "few jobs failed within a day", run: failed },
    &Simple {
        name: "job.failure-rate",
        passes_when: "few of the last jobs failed",
        run: failure_rate,
    },
    &Simple { name: "job.timeout", passes_when: "no job runs past its timeout", run: timeout },
    &Simple { name: "job.abandoned", passes_when: "no job lost its worker", run: abandoned },
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

fn failed(facts: &Facts<'_>) -> Checked {
    if facts.survey.is_err() {
        return Checked::not_made("Redis could not be read");
    }
    let findings = facts.queues().iter().filter_map(|queue| {
        let failed = failed_within_a_day(facts, queue);
        let severity = if failed >= facts.thresholds.failed_critical {
            Severity::Critical
        } else if failed >= facts.thresholds.failed_warning {
            Severity::Warning
        } else {
            return None;
        };
        let name = facts.short(&queue.name);
        Some(
            Finding::new(
                "job.failed",
                severity,
                format!("queue `{name}`: {} failed within 24 h", counted(failed, "job")),
            )
            .because(format!("{} in the failed registry", count(queue.counts.failed.unwrap_or(0))))
            .fix(facts.jobctl(&format!(
                "jobs list --queue {} --status failed --since 24h",
                shell_quote(name)
            ))),
        )
    });
    findings.collect::<Vec<_>>().into()
}

/// Jobs of the scope that failed within the last day.
///
/// The registry's score is when the entry is forgotten, a failure TTL after the end; the newest
/// entries' own dates tell that TTL. Entries kept for ever (-1) are judged by their dates.
pub(crate) fn failed_within_a_day(facts: &Facts<'_>, queue: &QueueSurvey) -> u64 {
    let ttl = facts.failure_ttl_s(queue);
    let now = facts.now.as_second() as f64;
    let by_score =
        queue.failed_entries.iter().filter(|entry| facts.concerns_id(&entry.id)).filter(|entry| {
            entry.score.is_some_and(|score| score > 0.0 && now - (score - ttl) < DAY_S)
        });
    by_score.count() as u64
}

fn failure_rate(facts: &Facts<'_>) -> Checked {
    if facts.survey.is_err() {
        return Checked::not_made("Redis could not be read");
    }
    let window = facts.thresholds.failure_window_s;
    let recent = |sampled: &[Sampled], statuses: &[Status]| {
        let ended = sampled.iter().filter_map(Sampled::stored).filter(|stored| {
            let age = stored.job.ended_at.and_then(|end| seconds_between(end, facts.now));
            statuses.contains(&stored.job.status)
                && facts.concerns(&stored.job)
                && age.is_some_and(|age| age < window)
        });
        ended.count() as u64
    };
    let findings = facts.queues().iter().filter_map(|queue| {
        let failed = recent(&queue.failed, &[Status::Failed]);
        let finished = recent(&queue.finished, &[Status::Finished]);
        let ended = failed + finished;
        if ended < facts.thresholds.failure_least_jobs {
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
        Some(
            Finding::new(
                "job.failure-rate",
                severity,
                format!("queue `{name}`: {} of the last jobs failed", percent(share / 100.0)),
            )
            .because(format!(
                "{failed} of {ended} jobs that ended within {}, among the newest looked at",
                age(window)
            ))
            .fix(facts.jobctl(&format!(
                "jobs list --queue {} --status failed --since {window:.0}s",
                shell_quote(name)
            ))),
        )
    });
    findings.collect::<Vec<_>>().into()
}

/// The running jobs of the scope, with their queues.
fn running<'f>(facts: &'f Facts<'_>) -> impl Iterator<Item = (&'f QueueSurvey, &'f Sampled)> {
    facts
        .queues()
        .iter()
        .flat_map(|queue| queue.running.iter().map(move |sampled| (queue, sampled)))
        .filter(|(_, sampled)| facts.concerns_id(&sampled.entry.id))
}

/// Whether the score of a started entry has passed, so that nobody works on it any more.
fn is_abandoned(facts: &Facts<'_>, sampled: &Sampled) -> bool {
    sampled.entry.score.is_some_and(|score| score < facts.now.as_second() as f64)
}

fn timeout(facts: &Facts<'_>) -> Checked {
    if facts.survey.is_err() {
        return Checked::not_made("Redis could not be read");
    }
    let over = running(facts).filter(|(_, sampled)| !is_abandoned(facts, sampled)).filter_map(
        |(queue, sampled)| {
            let stored = sampled.stored()?;
            let (ran, limit) = (stored.job.running_s(facts.now)?, stored.job.limit_s()?);
            let past = stored.job.status == Status::Started && ran > limit as f64;
            past.then_some((queue, stored, ran, limit))
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
        .figure(format!("{} of {}", age(ran), age(limit as f64)))
        .because(facts.who_runs(&stored.job.id, facts.short(&queue.name)));
        if let Some(method) = facts.method_of(&stored.job) {
            finding = finding.because(format!("method {method}"));
        }
        with_show(facts, finding, &stored.job.id)
    });
    findings.collect::<Vec<_>>().into()
}

/// Adds the command that shows a job, unless its id could harm the shell that it is pasted into.
fn with_show(facts: &Facts<'_>, finding: Finding, id: &JobId) -> Finding {
    let id = id.text();
    if holds_control(&id) {
        return finding;
    }
    finding.fix(facts.jobctl(&format!("jobs show {}", shell_quote(&id))))
}

fn abandoned(facts: &Facts<'_>) -> Checked {
    if facts.survey.is_err() {
        return Checked::not_made("Redis could not be read");
    }
    let findings = facts.queues().iter().filter_map(|queue| {
        let left: Vec<&Sampled> = queue
            .running
            .iter()
            .filter(|sampled| facts.concerns_id(&sampled.entry.id) && is_abandoned(facts, sampled))
            .collect();
        let oldest =
            left.iter().filter_map(|sampled| sampled.entry.score).min_by(f64::total_cmp)?;
        let name = facts.short(&queue.name);
        let since = facts.now.as_second() as f64 - oldest;
        let summary = match left.len() {
            1 => format!("queue `{name}`: 1 running job lost its worker"),
            n => format!("queue `{name}`: {n} running jobs lost their worker"),
        };
        let cleaned = if facts.serving(&queue.name) > 0 {
            "RQ fails or retries them at its next clean-up, every 10 min"
        } else {
            "no worker serves the queue, so nothing will ever fail or retry them"
        };
        let finding = Finding::new("job.abandoned", Severity::Warning, summary)
            .figure(format!("since {}", age(since)))
            .because(cleaned);
        let lines = left.iter().take(5).map(|sampled| format!("id {}", sampled.entry.id.text()));
        let finding = lines.fold(finding, Finding::because);
        Some(finding.fix(
            facts.jobctl(&format!("jobs list --queue {} --status started", shell_quote(name))),
        ))
    });
    findings.collect::<Vec<_>>().into()
}

fn ghost(facts: &Facts<'_>) -> Checked {
    let Ok(survey) = facts.survey else { return Checked::not_made("Redis could not be read") };
    if !survey.unlisted.searched {
        return Checked::not_made(
            "Redis holds too many keys to search for fixed ids; --deep searches them all",
        );
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
            if holds_control(&id) {
                return finding;
            }
            let key = facts.job_key(&stored.job.id);
            finding.fix(facts.redis_cli(&format!("del {}", shell_quote(&key))))
        });
    findings.collect::<Vec<_>>().into()
}

fn lost(facts: &Facts<'_>) -> Checked {
    let Ok(survey) = facts.survey else { return Checked::not_made("Redis could not be read") };
    if !facts.deep {
        return Checked::not_made("needs --deep: it reads every job");
    }
    let found = &survey.unlisted.lost;
    let mine = facts.of_scope(&found.first);
    if mine.is_empty() {
        return Vec::new().into();
    }
    let finding = Finding::new(
        "job.lost",
        Severity::Critical,
        format!("{} in no list: lost, never to run", counted(found.count, "queued job")),
    )
    .because("a worker that took several queues died between taking and starting them");
    let lines = mine.iter().map(|stored: &&StoredJob| format!("id {}", stored.job.id.text()));
    let finding = lines.fold(finding, Finding::because);
    let first = mine[0];
    Some(with_show(facts, finding, &first.job.id)).into()
}

fn dangling(facts: &Facts<'_>) -> Checked {
    let Ok(survey) = facts.survey else { return Checked::not_made("Redis could not be read") };
    if !facts.deep {
        return Checked::not_made("needs --deep: it looks up every entry");
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
    Some(lines.fold(finding, Finding::because)).into()
}
