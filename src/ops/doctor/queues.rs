//! Checks of the queues: will what waits there be taken, in time, and survive until then.

use super::{Checked, Facts, Simple};
use crate::backend::redis::survey::{QueueSurvey, Sampled};
use crate::human::{age, count, counted};
use crate::model::health::{Finding, Severity};
use crate::model::id::JobId;
use crate::model::job::seconds_between;
use crate::render::sanitize::{holds_control, shell_quote};

pub(super) const CHECKS: &[&dyn super::Check] = &[
    &Simple { name: "queue.readable", passes_when: "all queues can be read", run: readable },
    &Simple {
        name: "queue.prefix",
        passes_when: "the bench's queues are the ones in Redis",
        run: prefix,
    },
    &Simple { name: "queue.worker", passes_when: "every queue has a live worker", run: worker },
    &Simple { name: "queue.backlog", passes_when: "no queue is long", run: backlog },
    &Simple { name: "queue.oldest", passes_when: "no job waits long", run: oldest },
    &Simple { name: "queue.cap", passes_when: "queues are below Frappe's cap", run: cap },
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
    &Simple {
        name: "queue.suspended",
        passes_when: "the workers are not suspended",
        run: suspended,
    },
];

/// Runs `check` on every queue and collects the findings.
fn each(facts: &Facts<'_>, check: impl Fn(&QueueSurvey) -> Option<Finding>) -> Checked {
    if facts.survey.is_err() {
        return Checked::not_made("Redis could not be read");
    }
    facts.queues().iter().filter_map(check).collect::<Vec<_>>().into()
}

fn readable(facts: &Facts<'_>) -> Checked {
    let Ok(survey) = facts.survey else { return Checked::unknown("Redis could not be read") };
    if let Err(lack) = &survey.queues_read {
        return Checked::unknown(lack.to_string());
    }
    if let Err(lack) = &survey.workers {
        return Checked::unknown(lack.to_string());
    }
    let broken =
        |queue: &QueueSurvey| {
            queue.lacks.first()?;
            let name = facts.short(&queue.name);
            let finding = Finding::new(
                "queue.readable",
                Severity::Warning,
                format!("queue `{name}`: a part of it cannot be read"),
            );
            let finding = queue
                .lacks
                .iter()
                .take(8)
                .fold(finding, |finding, lack| finding.because(lack.to_string()));
            Some(finding.fix(
                facts.redis_cli(&format!("type {}", shell_quote(&facts.queue_key(&queue.name)))),
            ))
        };
    // The list itself is essential; a registry of another type costs only its own figures.
    if let Some(queue) = survey.queues.iter().find(|queue| queue.counts.queued.is_none()) {
        let why = queue.lacks.first().map_or_else(String::new, ToString::to_string);
        return Checked::unknown(format!("queue `{}`: {why}", facts.short(&queue.name)));
    }
    survey.queues.iter().filter_map(broken).collect::<Vec<_>>().into()
}

fn prefix(facts: &Facts<'_>) -> Checked {
    let (Some(prefix), Ok(survey)) = (facts.prefix(), facts.survey) else {
        return Checked::Skipped;
    };
    if survey.sees_prefix(prefix) {
        return Vec::new().into();
    }
    let others = survey.foreign_prefixes(Some(prefix));
    if others.is_empty() {
        return Vec::new().into();
    }
    Checked::unknown(format!(
        "no queue and no worker in this Redis has the bench's prefix `{prefix}`; there are {}: the bench id is not what its processes use",
        others.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    ))
}

fn worker(facts: &Facts<'_>) -> Checked {
    // Without any worker at all there is one finding, not one per queue.
    if facts.living_workers().next().is_none() {
        return Checked::Skipped;
    }
    let mut served: Vec<&str> = facts
        .living_workers()
        .flat_map(crate::model::worker::Worker::queues)
        .map(|queue| facts.short(queue))
        .collect();
    served.sort_unstable();
    served.dedup();
    let served = served.join(", ");
    each(facts, |queue| {
        if facts.serving(&queue.name) > 0 {
            return None;
        }
        let waiting = queue.counts.queued.unwrap_or(0);
        let configured = facts.is_configured(&queue.name);
        let name = facts.short(&queue.name);
        let finding = match (waiting, configured) {
            (0, false) => return None,
            (0, true) => Finding::new(
                "queue.worker",
                Severity::Warning,
                format!("queue `{name}`: no worker serves it"),
            ),
            (1, _) => Finding::new(
                "queue.worker",
                Severity::Critical,
                format!("queue `{name}`: 1 job waits, no worker serves it"),
            ),
            _ => {
                let summary =
                    format!("queue `{name}`: {} jobs wait, no worker serves it", count(waiting));
                Finding::new("queue.worker", Severity::Critical, summary)
            }
        };
        let finding = finding
            .because(format!("live workers serve {served}"))
            .figure_opt(oldest_of(facts, queue));
        Some(match facts.worker_command(name) {
            Some(command) => finding.fix(command),
            None => finding,
        })
    })
}

fn oldest_of(facts: &Facts<'_>, queue: &QueueSurvey) -> Option<String> {
    let waited = seconds_between(queue.waiting.oldest_at?, facts.now)?;
    Some(format!("oldest {}", age(waited)))
}

fn backlog(facts: &Facts<'_>) -> Checked {
    each(facts, |queue| {
        let waiting = queue.counts.queued?;
        let severity = if waiting >= facts.thresholds.backlog_critical {
            Severity::Critical
        } else if waiting >= facts.thresholds.backlog_warning {
            Severity::Warning
        } else {
            return None;
        };
        let name = facts.short(&queue.name);
        let finding = Finding::new(
            "queue.backlog",
            severity,
            format!("queue `{name}`: {} jobs wait", count(waiting)),
        )
        .figure_opt(oldest_of(facts, queue))
        .because(format!("live workers that serve it: {}", facts.serving(&queue.name)));
        let finding = loudest(queue).into_iter().fold(finding, Finding::because);
        Some(
            finding.fix(
                facts.jobctl(&format!("jobs list --queue {} --status queued", shell_quote(name))),
            ),
        )
    })
}

/// Which site and which method make up most of a queue.
fn loudest(queue: &QueueSurvey) -> Vec<String> {
    let share = |n: u64, of: u64| n as f64 / of.max(1) as f64 * 100.0;
    let mut lines = Vec::new();
    if let Some((site, n)) = queue.ids.by_site.iter().max_by_key(|(_, n)| *n) {
        lines.push(format!("{:.0} % of them belong to {site}", share(n, queue.ids.seen)));
    }
    let looked_at = queue.waiting.looked_at;
    if let Some((method, &n)) = queue.waiting.by_method.iter().max_by_key(|(_, n)| **n) {
        let sample = if queue.waiting.complete {
            String::new()
        } else {
            format!(" of {looked_at} looked at")
        };
        lines.push(format!("{:.0} %{sample} call {method}", share(n, looked_at)));
    }
    lines
}

fn oldest(facts: &Facts<'_>) -> Checked {
    each(facts, |queue| {
        let waited = seconds_between(queue.waiting.oldest_at?, facts.now)?;
        let severity = if waited >= facts.thresholds.oldest_critical_s {
            Severity::Critical
        } else if waited >= facts.thresholds.oldest_warning_s {
            Severity::Warning
        } else {
            return None;
        };
        // A queue without a worker is told of by its own check.
        if facts.serving(&queue.name) == 0 {
            return None;
        }
        let name = facts.short(&queue.name);
        let busy = facts
            .living_workers()
            .filter(|w| w.queues().contains(&queue.name) && w.is_busy())
            .count();
        let serving = facts.serving(&queue.name);
        Some(
            Finding::new(
                "queue.oldest",
                severity,
                format!("queue `{name}`: the oldest job waits for {}", age(waited)),
            )
            .because(format!("live workers that serve it: {serving}, {busy} of them busy"))
            .fix(facts.jobctl(&format!(
                "jobs list --queue {} --status queued --limit 10",
                shell_quote(name)
            )))
            .fix(facts.jobctl("workers list")),
        )
    })
}

fn cap(facts: &Facts<'_>) -> Checked {
    let Some(bench) = facts.bench else { return Checked::Skipped };
    let Some(cap) = bench.bench.queue_cap(bench.sites.sites.len()) else { return Checked::Skipped };
    each(facts, |queue| {
        let waiting = queue.counts.queued?;
        let share = waiting as f64 / cap.max(1) as f64 * 100.0;
        if share < facts.thresholds.queue_cap_percent {
            return None;
        }
        let name = facts.short(&queue.name);
        let (severity, what) = if waiting >= cap {
            (Severity::Critical, "is full: Frappe refuses to enqueue")
        } else {
            (Severity::Warning, "is nearly full")
        };
        Some(
            Finding::new("queue.cap", severity, format!("queue `{name}` {what}"))
                .figure(format!("{} of {}", count(waiting), count(cap)))
                .because("the cap is max_queued_jobs (500) + 50 for each site")
                .fix(
                    facts.jobctl(&format!(
                        "jobs list --queue {} --status queued",
                        shell_quote(name)
                    )),
                ),
        )
    })
}

/// How far a check of single jobs looked.
fn reach(queue: &QueueSurvey) -> Option<String> {
    let waiting = &queue.waiting;
    (!waiting.complete).then(|| {
        let total = count(queue.counts.queued.unwrap_or(0));
        format!(
            "looked at {} of {total} waiting jobs, at both ends; --deep looks at all",
            waiting.looked_at
        )
    })
}

fn because_all(finding: Finding, lines: impl IntoIterator<Item = String>) -> Finding {
    lines.into_iter().fold(finding, Finding::because)
}

fn ids(examples: &[JobId]) -> Vec<String> {
    examples.iter().map(|id| format!("id {}", id.text())).collect()
}

fn hashless(facts: &Facts<'_>) -> Checked {
    each(facts, |queue| {
        let found = &queue.waiting.hashless;
        let mine: Vec<JobId> =
            found.first.iter().filter(|id| facts.concerns_id(id)).cloned().collect();
        if mine.is_empty() {
            return None;
        }
        let name = facts.short(&queue.name);
        let summary =
            format!("queue `{name}`: {} without a job", counted(found.count, "waiting id"));
        let finding = Finding::new("queue.hashless", Severity::Warning, summary)
            .because("the jobs expired or were deleted; workers skip such ids");
        Some(because_all(because_all(finding, ids(&mine)), reach(queue)))
    })
}

fn expiring(facts: &Facts<'_>) -> Checked {
    each(facts, |queue| {
        let found = &queue.waiting.expiring;
        let mine = facts.of_scope(&found.first);
        let soonest = mine.iter().filter_map(|stored| stored.ttl_s).min_by(f64::total_cmp)?;
        let name = facts.short(&queue.name);
        let summary = format!(
            "queue `{name}`: {} about to expire without having run",
            counted(found.count, "waiting job")
        );
        let finding = Finding::new("queue.expiring", Severity::Critical, summary)
            .figure(format!("soonest in {}", age(soonest)))
            .because("their hashes kept the expiry of an earlier run under the same id");
        let lines = mine.iter().map(|stored| {
            format!("id {}, gone in {}", stored.job.id.text(), age(stored.ttl_s.unwrap_or(0.0)))
        });
        let finding = because_all(because_all(finding, lines), reach(queue));
        let fixes =
            mine.iter().filter(|stored| !holds_control(&stored.job.id.text())).map(|stored| {
                facts.redis_cli(&format!("persist {}", shell_quote(&facts.job_key(&stored.job.id))))
            });
        Some(fixes.fold(finding, Finding::fix))
    })
}

/// Parked ids that are not on their way to a worker: waiting there longer than a start takes.
fn stuck<'q>(facts: &'q Facts<'_>, queue: &'q QueueSurvey) -> impl Iterator<Item = &'q Sampled> {
    queue.parked.iter().filter(move |sampled| {
        if !facts.concerns_id(&sampled.entry.id) {
            return false;
        }
        match &sampled.job {
            Ok(Some(stored)) => {
                let since = stored.job.started_at.max(stored.job.enqueued_at);
                let waited = since.and_then(|since| seconds_between(since, facts.now));
                let running = queue.running.iter().any(|run| run.entry.id == sampled.entry.id);
                !running && waited.is_none_or(|waited| waited >= facts.thresholds.parked_s)
            }
            Ok(None) => true,
            Err(_) => false,
        }
    })
}

fn parked(facts: &Facts<'_>) -> Checked {
    each(facts, |queue| {
        // A worker that popped a job a moment ago is busy and has not named it yet.
        let starting = facts.living_workers().any(|worker| {
            worker.queues().contains(&queue.name)
                && worker.is_busy()
                && worker.current_jobs.is_empty()
        });
        let stuck: Vec<&Sampled> = stuck(facts, queue).collect();
        if stuck.is_empty() || (starting && stuck.len() == 1) {
            return None;
        }
        let name = facts.short(&queue.name);
        let summary = format!(
            "queue `{name}`: {} stuck between queue and worker",
            counted(stuck.len() as u64, "job")
        );
        let finding = Finding::new("queue.parked", Severity::Warning, summary)
            .because("a worker took them from the list and never started them");
        let lines = stuck.iter().take(5).map(|sampled| format!("id {}", sampled.entry.id.text()));
        let finding = because_all(finding, lines);
        let key = shell_quote(&facts.intermediate_key(&queue.name)).into_owned();
        Some(finding.fix(facts.redis_cli(&format!("lrange {key} 0 -1"))))
    })
}

fn poison(facts: &Facts<'_>) -> Checked {
    each(facts, |queue| {
        let stops = |sampled: &&Sampled| {
            sampled
                .stored()
                .is_some_and(|stored| stored.job.bad_fields.iter().any(|bad| bad.stops_worker))
        };
        let looping: Vec<_> =
            queue.parked.iter().filter(stops).filter_map(Sampled::stored).collect();
        let waiting = facts.of_scope(&queue.waiting.malformed.first);
        let illegal = illegal_ids(facts, queue);
        let stored = looping.iter().copied().chain(waiting.iter().copied());
        let mut lines: Vec<String> = stored
            .flat_map(|stored| {
                let id = stored.job.id.text().into_owned();
                stored
                    .job
                    .bad_fields
                    .iter()
                    .map(move |bad| format!("id {id}: {} is `{}`", bad.field, bad.value))
            })
            .collect();
        lines.extend(
            illegal.iter().map(|id| format!("id {}: RQ of the live workers refuses it", id.text())),
        );
        if lines.is_empty() {
            return None;
        }
        let name = facts.short(&queue.name);
        let summary = if looping.is_empty() {
            format!("queue `{name}`: a waiting job will make its worker exit")
        } else {
            format!("queue `{name}`: a job makes one worker after the other exit")
        };
        let finding = Finding::new("queue.poison", Severity::Critical, summary);
        let finding = because_all(because_all(finding, lines.into_iter().take(8)), reach(queue));
        let first =
            looping.first().or(waiting.first()).map(|stored| &stored.job.id).or(illegal.first());
        let id = first.filter(|id| !holds_control(&id.text()))?;
        let key = if looping.is_empty() {
            facts.queue_key(&queue.name)
        } else {
            facts.intermediate_key(&queue.name)
        };
        let command = format!("lrem {} 0 {}", shell_quote(&key), shell_quote(&id.text()));
        Some(
            finding
                .fix(facts.jobctl(&format!("jobs show {}", shell_quote(&id.text()))))
                .fix(facts.redis_cli(&command)),
        )
    })
}

/// Waiting ids that the RQ of every live worker of the queue refuses.
fn illegal_ids(facts: &Facts<'_>, queue: &QueueSurvey) -> Vec<JobId> {
    let versions: Vec<(u32, u32)> = facts
        .living_workers()
        .filter(|worker| worker.queues().contains(&queue.name))
        .filter_map(super::workers::release)
        .collect();
    let Some(&oldest) = versions.iter().min() else { return Vec::new() };
    let found = match oldest {
        (2, 0..=7) => &queue.waiting.colon_ids,
        (2 | 3.., _) => &queue.waiting.odd_ids,
        _ => return Vec::new(),
    };
    found.first.iter().filter(|id| facts.concerns_id(id)).cloned().collect()
}

fn suspended(facts: &Facts<'_>) -> Checked {
    let Ok(survey) = facts.survey else { return Checked::not_made("Redis could not be read") };
    let suspension = match &survey.suspended {
        Ok(None) => return Vec::new().into(),
        Ok(Some(suspension)) => suspension,
        Err(lack) => return Checked::not_made(lack.to_string()),
    };
    let until = suspension.ends_in_s.map_or_else(
        || "it does not end by itself".to_owned(),
        |seconds| format!("it ends by itself in {}", age(seconds)),
    );
    Some(
        Finding::new(
            "queue.suspended",
            Severity::Critical,
            "all workers of this Redis are suspended: no job is started",
        )
        .because(until)
        .because(format!("the key `{}` exists", facts.suspended_key()))
        .fix(facts.redis_cli(&format!("del {}", facts.suspended_key()))),
    )
    .into()
}
