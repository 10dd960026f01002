//! Checks of the workers: is anybody there, awake, and of one mind.

use std::collections::BTreeMap;

use super::facts::Member;
use super::{Checked, Facts, Simple};
use crate::human::{age, counted};
use crate::model::health::{Finding, Severity};
use crate::model::id::QueueName;
use crate::model::worker::{Alive, Worker};
use crate::sanitize::shell_quote;

pub(super) const CHECKS: &[&dyn super::Check] = &[
    &Simple { name: "worker.none", passes_when: "a worker is alive", run: none },
    &Simple { name: "worker.stale", passes_when: "no worker is silent", run: stale },
    &Simple { name: "worker.gone", passes_when: "no dead worker is registered", run: gone },
    &Simple {
        name: "worker.unregistered",
        passes_when: "no live worker lost its registration",
        run: unregistered,
    },
    &Simple {
        name: "worker.versions",
        passes_when: "all workers run the installed RQ",
        run: versions,
    },
    &Simple {
        name: "worker.generation",
        passes_when: "one RQ generation per queue",
        run: generation,
    },
    &Simple {
        name: "worker.foreign",
        passes_when: "no other bench shares this Redis",
        run: foreign,
    },
];

/// Workers of one kind that are listed one by one.
const MOST_LISTED: usize = 10;

/// Runs `check` if workers could be read.
fn on_workers(facts: &Facts<'_>, check: impl FnOnce() -> Checked) -> Checked {
    match facts.survey.map(|survey| &survey.workers) {
        Ok(Ok(_)) => check(),
        Ok(Err(lack)) => Checked::not_made(lack.to_string()),
        Err(_) => Checked::no_redis(),
    }
}

fn none(facts: &Facts<'_>) -> Checked {
    on_workers(facts, || {
        if facts.prefix_is_unseen() {
            return Checked::not_made("it is not known under which prefix they would be");
        }
        if facts.living_workers().next().is_some() {
            return Vec::new().into();
        }
        let waiting: u64 = facts.queues().iter().filter_map(|queue| queue.counts.queued).sum();
        let severity = if facts.bench.is_some() || waiting > 0 {
            Severity::Critical
        } else {
            Severity::Warning
        };
        let finding = Finding::new("worker.none", severity, "no worker is alive: nothing runs")
            .because(format!("{} waiting", counted(waiting, "job")));
        let finding = match facts.workers().count() {
            0 => finding,
            1 => finding.because("the registration of 1 dead worker is left"),
            dead => finding.because(format!("the registrations of {dead} dead workers are left")),
        };
        let queues: Vec<&QueueName> = match facts.bench {
            Some(_) => Vec::new(),
            None => facts.queues().iter().map(|queue| &queue.name).collect(),
        };
        Some(finding.fix(facts.worker_command(&queues))).into()
    })
}

/// Lists one finding for each of the first workers, and sums up the others.
fn one_by_one<'f>(
    facts: &Facts<'_>,
    check: &'static str,
    workers: Vec<&'f Member<'f>>,
    finding: impl Fn(&'f Member<'f>) -> Finding,
) -> Checked {
    let all = workers.len();
    let more = all.saturating_sub(MOST_LISTED);
    let mut findings: Vec<Finding> = workers.into_iter().take(MOST_LISTED).map(finding).collect();
    if let Some(severity) = findings.last().map(|finding| finding.severity).filter(|_| more > 0) {
        let summary =
            format!("and {} like the {MOST_LISTED} above", counted(more as u64, "worker"));
        let finding = Finding::new(check, severity, summary).because(format!("{all} in all"));
        findings.push(finding.fix(facts.jobctl("workers list")));
    }
    findings.into()
}

fn stale(facts: &Facts<'_>) -> Checked {
    on_workers(facts, || {
        let silent = facts.workers().filter(|member| member.liveness.alive == Alive::Stale);
        one_by_one(facts, "worker.stale", silent.collect(), |member| {
            let worker = member.worker;
            let silence = worker.silence_s(facts.now).map_or_else(
                || "without a heartbeat".to_owned(),
                |s| format!("silent for {}", age(s)),
            );
            let state = worker.state.as_deref().unwrap_or("without a state");
            Finding::new(
                "worker.stale",
                Severity::Warning,
                format!("worker {} is {silence}", worker.short_name()),
            )
            .because(format!("{state}, {}", place(facts, worker)))
            .because("an idle worker speaks every 405 s, a busy one every 30 s")
            .fix(show(facts, worker))
        })
    })
}

fn gone(facts: &Facts<'_>) -> Checked {
    on_workers(facts, || {
        let dead = facts
            .workers()
            .filter(|member| member.liveness.alive == Alive::No && member.worker.died_at.is_none());
        one_by_one(facts, "worker.gone", dead.collect(), |member| {
            let worker = member.worker;
            let summary = format!("worker {} died without signing off", worker.short_name());
            let mut finding = Finding::new("worker.gone", Severity::Warning, summary)
                .because(format!("{}, {}", member.liveness.reason, place(facts, worker)));
            if !worker.current_jobs.is_empty() {
                let jobs: Vec<_> =
                    worker.current_jobs.iter().map(|id| id.text().into_owned()).collect();
                finding = finding.because(format!("it was running {}", jobs.join(", ")));
            }
            if let Some(ttl) = worker.ttl_s {
                finding = finding.because(format!("its registration expires in {}", age(ttl)));
            }
            finding.fix(show(facts, worker)).fix(facts.jobctl("workers prune"))
        })
    })
}

fn unregistered(facts: &Facts<'_>) -> Checked {
    let Ok(survey) = facts.survey else { return Checked::no_redis() };
    on_workers(facts, || {
        let ours = |worker: &Worker| {
            let queues = worker.queues();
            // Which queues it serves may be lost with the hash; then it counts for every scope.
            queues.is_empty() || facts.queues().iter().any(|queue| queues.contains(&queue.name))
        };
        let lost = survey.workers.iter().flatten().filter(|worker| {
            let is_incomplete = worker.identity.is_none() || !worker.registered;
            is_incomplete && worker.listeners.unwrap_or(0) > 0 && ours(worker)
        });
        let findings = lost.map(|worker| {
            let name = worker.short_name();
            let summary = format!("worker {name} lives, but its registration was lost");
            let finding = Finding::new("worker.unregistered", Severity::Warning, summary)
                .because("after a flush, or a restart without persistence, a worker never registers again")
                .because("it still works, but no list of workers shows it");
            finding.fix(restart(facts))
        });
        findings.collect::<Vec<_>>().into()
    })
}

fn versions(facts: &Facts<'_>) -> Checked {
    on_workers(facts, || {
        let mut by_version: BTreeMap<&str, usize> = BTreeMap::new();
        for worker in facts.living_workers() {
            if let Some(version) = version(worker) {
                *by_version.entry(version).or_default() += 1;
            }
        }
        let installed = facts.bench.and_then(|bench| bench.bench.rq_version());
        let listed = || {
            let parts: Vec<_> =
                by_version.iter().map(|(version, n)| format!("{n} of RQ {version}")).collect();
            parts.join(", ")
        };
        let other =
            installed.filter(|installed| by_version.keys().any(|version| version != installed));
        let finding = if by_version.len() > 1 {
            Finding::new(
                "worker.versions",
                Severity::Warning,
                "the workers run different RQ versions",
            )
        } else if let Some(installed) = other {
            Finding::new(
                "worker.versions",
                Severity::Warning,
                format!("the workers do not run the installed RQ {installed}"),
            )
            .because("restart them after an upgrade")
        } else {
            return Vec::new().into();
        };
        Some(finding.because(listed()).fix(restart(facts))).into()
    })
}

fn restart(facts: &Facts<'_>) -> String {
    match facts.bench {
        Some(_) => facts.bench_cli("restart"),
        None => facts.jobctl("workers list"),
    }
}

fn generation(facts: &Facts<'_>) -> Checked {
    on_workers(facts, || {
        let findings = facts.queues().iter().filter_map(|queue| {
            let releases = facts.serving(&queue.name).filter_map(release);
            let mut majors: Vec<u32> = releases.map(|(major, _)| major).collect();
            majors.sort_unstable();
            majors.dedup();
            if majors.len() < 2 {
                return None;
            }
            let listed: Vec<_> = majors.iter().map(|major| format!("{major}.x")).collect();
            let name = facts.short(&queue.name);
            Some(
                Finding::new(
                    "worker.generation",
                    Severity::Critical,
                    format!("queue `{name}` is served by several RQ generations"),
                )
                .because(format!(
                    "RQ {}: they disagree on the started registry and on legal ids",
                    listed.join(" and ")
                ))
                .fix(restart(facts)),
            )
        });
        findings.collect::<Vec<_>>().into()
    })
}

fn foreign(facts: &Facts<'_>) -> Checked {
    let Ok(survey) = facts.survey else { return Checked::no_redis() };
    if facts.bench.is_none() {
        return Checked::Skipped;
    }
    let others = survey.foreign_prefixes(facts.prefix());
    let is_ours =
        |worker: &Worker| facts.queues().iter().any(|queue| worker.queues().contains(&queue.name));
    let strangers = survey.workers.iter().flatten();
    let strangers = strangers.filter(|worker| {
        // One whose key expired, or that ended a moment ago, is nobody's any more.
        worker.identity.is_some() && worker.died_at.is_none() && !is_ours(worker)
    });
    let strangers = strangers.count() as u64;
    if others.is_empty() && survey.foreign.is_empty() && strangers == 0 {
        return Vec::new().into();
    }
    let mut finding = Finding::new(
        "worker.foreign",
        Severity::Info,
        "others share this Redis; they are neither counted nor touched",
    );
    for other in others.iter().take(5) {
        finding = finding.because(format!("queues under `{other}:`"));
    }
    let plain = survey.foreign.iter().filter(|queue| queue.prefix().is_none()).count();
    if plain > 0 {
        finding = finding.because(format!("{} without a prefix", counted(plain as u64, "queue")));
    }
    if strangers > 0 {
        finding = finding.because(format!("{} of others", counted(strangers, "worker")));
    }
    Some(finding).into()
}

/// Major and minor number of a worker's RQ.
pub(super) fn release(worker: &Worker) -> Option<(u32, u32)> {
    let mut parts = version(worker)?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn version(worker: &Worker) -> Option<&str> {
    worker.identity.as_ref()?.version.as_deref()
}

/// Where a worker runs, and on which queues.
fn place(facts: &Facts<'_>, worker: &Worker) -> String {
    let Some(identity) = &worker.identity else { return "unknown host".to_owned() };
    let pid = identity.pid.map_or_else(|| "?".to_owned(), |pid| pid.to_string());
    let host = identity.hostname.as_deref().unwrap_or("unknown host");
    let queues: Vec<_> = identity.queues.iter().map(|queue| facts.short(queue)).collect();
    format!("pid {pid} on {host}, serving {}", queues.join(", "))
}

fn show(facts: &Facts<'_>, worker: &Worker) -> String {
    facts.jobctl(&format!("workers show {}", shell_quote(&worker.name)))
}
