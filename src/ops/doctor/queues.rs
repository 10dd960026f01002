//! Checks of the queues as a whole: can they be read, does anybody serve them, do they keep up.

use super::{Checked, Facts, Simple};
use crate::backend::redis::read::Place;
use crate::backend::redis::survey::QueueSurvey;
use crate::human::{age, count};
use crate::model::health::{Finding, Severity};
use crate::model::job::seconds_between;
use crate::model::part::{Lack, Why};
use crate::model::queue::Registry;
use crate::model::worker::Worker;
use crate::sanitize::shell_quote;

pub(super) const CHECKS: &[&dyn super::Check] = &[
    &Simple {
        name: "queue.readable",
        passes_when: "queues and workers can be read",
        run: readable,
    },
    &Simple {
        name: "queue.types",
        passes_when: "every key is of the type it should be",
        run: types,
    },
    &Simple {
        name: "queue.prefix",
        passes_when: "the bench's queues are the ones in Redis",
        run: prefix,
    },
    &Simple { name: "queue.worker", passes_when: "every queue has a live worker", run: worker },
    &Simple { name: "queue.backlog", passes_when: "no queue is long", run: backlog },
    &Simple { name: "queue.oldest", passes_when: "no job waits long", run: oldest },
    &Simple { name: "queue.cap", passes_when: "queues are below Frappe's cap", run: cap },
    &Simple {
        name: "queue.suspended",
        passes_when: "the workers are not suspended",
        run: suspended,
    },
];

/// Places that are named one by one.
const MOST_LISTED: usize = 8;

/// Runs `check` on every queue and collects the findings.
pub(super) fn each(facts: &Facts<'_>, check: impl Fn(&QueueSurvey) -> Option<Finding>) -> Checked {
    if facts.survey.is_err() {
        return Checked::no_redis();
    }
    facts.queues().iter().filter_map(check).collect::<Vec<_>>().into()
}

/// The places of a queue that could not be read for another reason than an access list's, or
/// for that one.
fn unreadable(queue: &QueueSurvey, wanted: Why) -> impl Iterator<Item = &(Place, Lack)> {
    queue.unreadable.iter().filter(move |(_, lack)| lack.why == wanted)
}

fn readable(facts: &Facts<'_>) -> Checked {
    let Ok(survey) = facts.survey else { return Checked::no_redis() };
    let refused = survey.queues_read.as_ref().err().or(survey.workers.as_ref().err());
    if let Some(lack) = refused {
        return Checked::unknown(lack.to_string());
    }
    // A registry costs only its own figures; a key of another type was read, and is wrong.
    let list = survey.queues.iter().find_map(|queue| {
        let essential = |(place, lack): &&(Place, Lack)| {
            matches!(place, Place::Queue(_)) && lack.why != Why::WrongType
        };
        queue.unreadable.iter().find(essential).map(|(place, lack)| (queue, place, lack))
    });
    if let Some((queue, place, lack)) = list {
        let name = place.describe(facts.short(&queue.name));
        return Checked::unknown(format!("{name}: {lack}"));
    }
    let failed = |queue: &QueueSurvey| {
        let mut places = unreadable(queue, Why::Failed).peekable();
        places.peek()?;
        let name = facts.short(&queue.name);
        let summary = format!("queue `{name}`: a part of it cannot be read");
        let finding = Finding::new("queue.readable", Severity::Warning, summary);
        let lines = places.take(MOST_LISTED);
        Some(lines.fold(finding, |finding, (place, lack)| {
            finding.because(format!("{}: {}", place.describe(name), lack.text))
        }))
    };
    survey.queues.iter().filter_map(failed).collect::<Vec<_>>().into()
}

fn types(facts: &Facts<'_>) -> Checked {
    each(facts, |queue| {
        let wrong: Vec<&Place> =
            unreadable(queue, Why::WrongType).map(|(place, _)| place).collect();
        let first = wrong.first()?;
        // Workers fail on these two with every job, on the others only when a job ends.
        let stops = wrong
            .iter()
            .any(|place| matches!(place, Place::Queue(_) | Place::Registry(Registry::Started, _)));
        let severity = if stops { Severity::Critical } else { Severity::Warning };
        let name = facts.short(&queue.name);
        let summary = match wrong.len() {
            1 => format!("{}: its key holds another type than RQ's", first.describe(name)),
            n => format!("queue `{name}`: {n} of its keys hold other types than RQ's"),
        };
        let finding = Finding::new("queue.types", severity, summary)
            .because("somebody else wrote there; workers that use it fail with WRONGTYPE");
        Some(wrong.into_iter().take(MOST_LISTED).fold(finding, |finding, place| {
            let key = facts.key_of(place);
            let command = facts.redis_cli(&format!("type {}", shell_quote(&key)));
            finding.because(format!("key {key}")).fix(command)
        }))
    })
}

fn prefix(facts: &Facts<'_>) -> Checked {
    let (Some(prefix), Ok(survey)) = (facts.prefix(), facts.survey) else {
        return unseen_site(facts);
    };
    if !facts.prefix_is_unseen() {
        return Vec::new().into();
    }
    let others = survey.foreign_prefixes(Some(prefix));
    let listed: Vec<_> = others.iter().take(5).map(|name| format!("`{name}`")).collect();
    let more = if others.len() > listed.len() { ", …" } else { "" };
    Checked::unknown(format!(
        "no queue and no worker in this Redis has the bench's prefix `{prefix}`; there are {}{more}: the bench never ran, or its processes use another `bench_id`, path or Redis",
        listed.join(", ")
    ))
}

/// Without a bench nothing but the jobs tells which sites there are: a site that no job names may
/// be misspelt, and its health is not known.
fn unseen_site(facts: &Facts<'_>) -> Checked {
    let (None, Some(sites), Ok(_)) = (facts.bench, facts.sites, facts.survey) else {
        return Checked::Skipped;
    };
    let seen = super::tables::seen_sites(facts);
    match sites.iter().find(|site| !seen.contains(*site)) {
        Some(site) => Checked::unknown(format!("no job in this Redis belongs to a site `{site}`")),
        None => Vec::new().into(),
    }
}

fn worker(facts: &Facts<'_>) -> Checked {
    // Without any worker at all there is one finding, not one per queue.
    if facts.living_workers().next().is_none() {
        return Checked::Skipped;
    }
    let mut served: Vec<&str> =
        facts.living_workers().flat_map(Worker::queues).map(|queue| facts.short(queue)).collect();
    served.sort_unstable();
    served.dedup();
    let served = served.join(", ");
    each(facts, |queue| {
        if facts.is_served(&queue.name) {
            return None;
        }
        let waiting = queue.counts.queued.unwrap_or(0);
        let name = facts.short(&queue.name);
        let (severity, what) = match waiting {
            0 if !facts.is_configured(&queue.name) => return None,
            0 => (Severity::Warning, "no worker serves it".to_owned()),
            1 => (Severity::Critical, "1 job waits, no worker serves it".to_owned()),
            n => (Severity::Critical, format!("{} jobs wait, no worker serves it", count(n))),
        };
        Some(
            Finding::new("queue.worker", severity, format!("queue `{name}`: {what}"))
                .because(format!("live workers serve {served}"))
                .figure_opt(oldest_of(facts, queue))
                .fix(facts.worker_command(&[&queue.name])),
        )
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
        .because(format!("live workers that serve it: {}", facts.serving(&queue.name).count()));
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
        if !facts.is_served(&queue.name) {
            return None;
        }
        let name = facts.short(&queue.name);
        let serving = facts.serving(&queue.name).count();
        let busy = facts.serving(&queue.name).filter(|worker| worker.is_busy()).count();
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
    let sites = bench.sites.sites.len();
    let Some(cap) = bench.bench.queue_cap(sites) else { return Checked::Skipped };
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
                .because(format!("the cap is `max_queued_jobs` and 50 for each of {sites} sites"))
                .fix(
                    facts.jobctl(&format!(
                        "jobs list --queue {} --status queued",
                        shell_quote(name)
                    )),
                ),
        )
    })
}

fn suspended(facts: &Facts<'_>) -> Checked {
    let Ok(survey) = facts.survey else { return Checked::no_redis() };
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
        .fix(facts.jobctl("workers resume")),
    )
    .into()
}
