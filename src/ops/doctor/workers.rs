//! Checks of the workers: is anybody there, awake, and of one mind.

use std::collections::BTreeMap;

use super::{Checked, Facts, Simple};
use crate::human::age;
use crate::model::health::{Finding, Severity};
use crate::model::worker::{Alive, Worker};
use crate::render::sanitize::{holds_control, shell_quote};

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

/// Runs `check` if workers could be read.
fn on_workers(facts: &Facts<'_>, check: impl FnOnce() -> Checked) -> Checked {
    match facts.survey.map(|survey| &survey.workers) {
        Ok(Ok(_)) => check(),
        Ok(Err(lack)) => Checked::not_made(lack.to_string()),
        Err(_) => Checked::not_made("Redis could not be read"),
    }
}

fn none(facts: &Facts<'_>) -> Checked {
    on_workers(facts, || {
        if facts.living_workers().next().is_some() {
            return Vec::new().into();
        }
        let waiting: u64 = facts.queues().iter().filter_map(|queue| queue.counts.queued).sum();
        let severity = if facts.bench.is_some() || waiting > 0 {
            Severity::Critical
        } else {
            Severity::Warning
        };
        let dead = facts.workers().count();
        let mut finding = Finding::new("worker.none", severity, "no worker is alive: nothing runs")
            .because(format!("{} waiting", crate::human::counted(waiting, "job")));
        if dead > 0 {
            finding = finding.because(format!("{dead} registrations of dead workers are left"));
        }
        let first = facts.queues().first().map_or("default", |queue| facts.short(&queue.name));
        Some(match facts.worker_command(first) {
            Some(command) => finding.fix(command),
            None => finding,
        })
        .into()
    })
}

fn stale(facts: &Facts<'_>) -> Checked {
    on_workers(facts, || {
        let silent = facts.workers().filter(|worker| facts.alive(worker) == Alive::Stale);
        let findings = silent.map(|worker| {
            let silence = worker.silence_s(facts.now).map_or_else(
                || "without a heartbeat".to_owned(),
                |s| format!("silent for {}", age(s)),
            );
            let state = worker.state.as_deref().unwrap_or("without a state");
            let finding = Finding::new(
                "worker.stale",
                Severity::Warning,
                format!("worker {} is {silence}", worker.short_name()),
            )
            .because(format!("{state}, {}", place(worker)))
            .because("an idle worker speaks every 405 s, a busy one every 30 s");
            with_show(facts, finding, worker)
        });
        findings.collect::<Vec<_>>().into()
    })
}

fn gone(facts: &Facts<'_>) -> Checked {
    on_workers(facts, || {
        let dead = facts
            .workers()
            .filter(|worker| facts.alive(worker) == Alive::No && worker.died_at.is_none());
        let findings = dead.map(|worker| {
            let verdict = worker.liveness(facts.now, facts.process_of(worker));
            let lost_job = !worker.current_jobs.is_empty();
            let summary = format!("worker {} died without signing off", worker.short_name());
            let mut finding = Finding::new("worker.gone", Severity::Warning, summary)
                .because(format!("{}, {}", verdict.reason, place(worker)));
            if lost_job {
                let jobs: Vec<_> =
                    worker.current_jobs.iter().map(|id| id.text().into_owned()).collect();
                finding = finding.because(format!("it was running {}", jobs.join(", ")));
            }
            if let Some(ttl) = worker.ttl_s {
                finding = finding.because(format!("its registration expires in {}", age(ttl)));
            }
            with_show(facts, finding, worker)
        });
        findings.collect::<Vec<_>>().into()
    })
}

fn unregistered(facts: &Facts<'_>) -> Checked {
    let Ok(survey) = facts.survey else { return Checked::not_made("Redis could not be read") };
    on_workers(facts, || {
        // Which queues it serves is lost with the hash, so it counts for every scope.
        let lost = survey
            .workers
            .iter()
            .flatten()
            .filter(|worker| worker.identity.is_none() && worker.listeners.unwrap_or(0) > 0);
        let findings = lost.map(|worker| {
            Finding::new("worker.unregistered", Severity::Warning, format!("worker {} lives, but its registration was lost", worker.short_name()))
                .because("after a flush or a restart without persistence a worker never registers again while idle")
                .because("restart it: nobody can see which queues it serves")
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
        Some(_) => "bench restart".to_owned(),
        None => facts.jobctl("workers list"),
    }
}

fn generation(facts: &Facts<'_>) -> Checked {
    on_workers(facts, || {
        let findings = facts.queues().iter().filter_map(|queue| {
            let serving =
                facts.living_workers().filter(|worker| worker.queues().contains(&queue.name));
            let mut majors: Vec<u32> =
                serving.filter_map(release).map(|(major, _)| major).collect();
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
    let Ok(survey) = facts.survey else { return Checked::not_made("Redis could not be read") };
    if facts.bench.is_none() {
        return Checked::Skipped;
    }
    let others = survey.foreign_prefixes(facts.prefix());
    let ours = facts.workers().count();
    let all = survey.workers.as_ref().map_or(0, Vec::len);
    if others.is_empty() && survey.foreign.is_empty() && all <= ours {
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
        finding = finding.because(format!("{plain} queues without a prefix"));
    }
    if all > ours {
        finding = finding.because(format!("{} workers of others", all - ours));
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
fn place(worker: &Worker) -> String {
    let Some(identity) = &worker.identity else { return "unknown host".to_owned() };
    let pid = identity.pid.map_or_else(|| "?".to_owned(), |pid| pid.to_string());
    let host = identity.hostname.as_deref().unwrap_or("unknown host");
    let queues: Vec<_> = identity.queues.iter().map(|queue| queue.short().to_owned()).collect();
    format!("pid {pid} on {host}, serving {}", queues.join(", "))
}

fn with_show(facts: &Facts<'_>, finding: Finding, worker: &Worker) -> Finding {
    if holds_control(&worker.name) {
        return finding;
    }
    finding.fix(facts.jobctl(&format!("workers show {}", shell_quote(&worker.name))))
}
