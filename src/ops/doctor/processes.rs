//! Checks of the target's processes on this host: against their registrations, their number, their
//! memory, and whether their manager lets them end their jobs.
//!
//! What processes there are is read once ([`Processes::read`]); which are certainly the target's is
//! told by [`crate::ops::workers::own`]. Nothing is signalled.

mod found;

use std::collections::{BTreeMap, HashMap};

use super::{Checked, Facts, Simple};
use crate::backend::redis::survey::{QueueSurvey, Sampled};
use crate::bench::processes::Role;
use crate::human::{age, bytes};
use crate::model::health::{Finding, Severity};
use crate::model::id::QueueName;
use crate::model::worker::Worker;
use crate::ops::workers::own::OwnProcess;
pub(super) use found::Processes;
use found::Seen;

pub(super) const CHECKS: &[&dyn super::Check] = &[
    &Simple {
        name: "process.unregistered",
        passes_when: "every worker process is registered",
        run: unregistered,
    },
    &Simple { name: "process.memory", passes_when: "no worker process is large", run: memory },
    &Simple {
        name: "process.stop-timeout",
        passes_when: "supervisor waits for jobs to end",
        run: stop_timeout,
    },
    &Simple { name: "scheduler.twice", passes_when: "one scheduler runs", run: twice },
];

/// Seconds that a worker may take from its start to its registration, on a busy machine.
const STARTING_S: f64 = 120.0;

/// RQ's time limit of a job where nothing names one. Source: `rq/defaults.py`, `DEFAULT_TIMEOUT`.
const RQ_TIMEOUT_S: i64 = 180;

/// Beyond the longest time limit, for the worker to end. Source: `rq/worker.py`,
/// `monitor_work_horse`.
const SURPLUS_S: i64 = 60;

/// Findings of one kind that are listed one by one.
const MOST_LISTED: usize = 10;

/// Worker processes that no registration names: a work horse whose worker died, or a worker whose
/// registration is in another Redis, or lost.
fn unregistered(facts: &Facts<'_>) -> Checked {
    let seen = match facts.processes.seen() {
        Ok(seen) => seen,
        Err(not_made) => return not_made,
    };
    let Ok(survey) = facts.survey else { return Checked::no_redis() };
    let Ok(workers) = &survey.workers else { return Checked::not_made("workers cannot be read") };
    // Which process an incomplete registration means is not known.
    if workers.iter().any(|worker| worker.identity.is_none() && worker.listeners != Some(0)) {
        return Checked::not_made(
            "a living worker lost its registration, and with it its process id",
        );
    }
    let strays = seen.iter().filter(|seen| {
        // A work horse below a worker is that worker's.
        let is_worker =
            seen.process.role == Role::Worker && seen.age_s.is_some_and(|age| age > STARTING_S);
        seen.process.is_left_behind || (is_worker && !seen.is_claimed)
    });
    strays.take(MOST_LISTED).map(|stray| stray_finding(facts, stray)).collect::<Vec<_>>().into()
}

fn stray_finding(facts: &Facts<'_>, stray: &Seen) -> Finding {
    let pid = stray.process.pid;
    let what = if stray.process.is_left_behind {
        format!("work horse {pid} was left behind: its worker is gone")
    } else if stray.is_orphan {
        format!("process {pid} was left behind: no registration, and who started it is gone")
    } else {
        format!("worker process {pid} is not registered in this Redis")
    };
    let finding = Finding::new("process.unregistered", Severity::Warning, what)
        .because(stray.process.command.clone());
    let finding = match stray.age_s {
        Some(seconds) => finding.figure(format!("up {}", age(seconds))),
        None => finding,
    };
    let finding = match &stray.job {
        Some(job) => finding.because(format!("it runs job {}", job.text())),
        None => finding,
    };
    let finding = finding.because(why_stray(&stray.process));
    let finding = if stray.is_orphan {
        finding.fix(facts.jobctl(&format!("workers dump {pid}")))
    } else {
        finding
    };
    finding.fix(format!("kill {pid}"))
}

/// How a process may have come to have no registration.
const fn why_stray(process: &OwnProcess) -> &'static str {
    if process.is_left_behind {
        "a work horse whose worker was killed goes on with its job, which RQ takes for lost"
    } else {
        "it works for another Redis or bench id, or its registration was lost"
    }
}

/// Workers and work horses of much memory: what leaks ends in the kernel's killer.
fn memory(facts: &Facts<'_>) -> Checked {
    let seen = match facts.processes.seen() {
        Ok(seen) => seen,
        Err(not_made) => return not_made,
    };
    let limit = facts.thresholds.worker_memory_warning_mb.saturating_mul(1 << 20);
    let is_job = |seen: &&Seen| matches!(seen.process.role, Role::Worker | Role::Horse);
    let large = seen.iter().filter(is_job).filter_map(|seen| {
        let resident = seen.resident.filter(|resident| *resident > limit)?;
        let (pid, role) = (seen.process.pid, seen.process.role);
        let what = if role == Role::Horse { "work horse" } else { "worker" };
        let finding = Finding::new(
            "process.memory",
            Severity::Warning,
            format!("{what} {pid} has {} of memory", bytes(resident)),
        )
        .because(seen.process.command.clone())
        .because(format!("more than {} (worker_memory_warning_mb)", bytes(limit)));
        let fix = match role {
            Role::Horse => format!("workers dump {pid}"),
            _ => format!("workers restart {pid}"),
        };
        Some((resident, finding.fix(facts.jobctl(&fix))))
    });
    let mut large: Vec<_> = large.collect();
    large.sort_by_key(|(resident, _)| std::cmp::Reverse(*resident));
    large.into_iter().take(MOST_LISTED).map(|(_, finding)| finding).collect::<Vec<_>>().into()
}

/// Supervisor kills what has not ended after `stopwaitsecs`: with a shorter time than the queue's
/// limit, each restart loses jobs. Source: supervisord.org, `[program:x]`, default 10.
fn stop_timeout(facts: &Facts<'_>) -> Checked {
    let Some(bench) = facts.bench else { return stop_timeout_of_rq(facts) };
    let queues = bench.bench.queues();
    let limits: HashMap<&str, i64> =
        queues.iter().filter_map(|queue| Some((queue.name.as_str(), queue.timeout_s?))).collect();
    let short = facts.processes.definitions.iter().filter_map(|program| {
        let limits = program.queues.iter().filter_map(|queue| limits.get(queue.as_str()));
        let longest = limits.copied().max()?;
        let finding = too_short(&program.name, program.stop_s, longest)?;
        Some(
            finding
                .because(format!(
                    "stopwaitsecs = {} in config/supervisor.conf; jobs of {} may run {longest} s",
                    program.stop_s,
                    program.queues.join(", ")
                ))
                .fix(facts.bench_cli("setup supervisor")),
        )
    });
    short.collect::<Vec<_>>().into()
}

fn too_short(program: &str, stop_s: u64, longest_s: i64) -> Option<Finding> {
    (i64::try_from(stop_s).unwrap_or(i64::MAX) < longest_s).then(|| {
        Finding::new(
            "process.stop-timeout",
            Severity::Warning,
            format!("supervisor kills `{program}` before its jobs can end"),
        )
        .figure(format!("{} of {}", age(stop_s as f64), age(longest_s as f64)))
    })
}

/// The same for workers of plain RQ that a supervisor of this host runs. How long a job may run says
/// the job: the longest limit of those that were looked at counts, and RQ's own.
fn stop_timeout_of_rq(facts: &Facts<'_>) -> Checked {
    let seen = match facts.processes.seen() {
        Ok(seen) => seen,
        Err(not_made) => return not_made,
    };
    if facts.survey.is_err() {
        return Checked::no_redis();
    }
    let mut programs: BTreeMap<&str, (u64, i64)> = BTreeMap::new();
    for seen in seen {
        let Some((program, stop_s)) = &seen.stop else { continue };
        let worker = facts.workers().map(|member| member.worker);
        let worker = worker.filter(|worker| Some(&worker.name) == seen.process.worker.as_ref());
        let queues: Vec<&QueueName> = worker.flat_map(Worker::queues).collect();
        let limit = facts.queues().iter().filter(|queue| queues.contains(&&queue.name));
        let limit = limit.filter_map(longest_limit_s).max().unwrap_or(RQ_TIMEOUT_S);
        let known = programs.entry(program).or_insert((*stop_s, RQ_TIMEOUT_S));
        *known = (known.0.min(*stop_s), known.1.max(limit));
    }
    if programs.is_empty() {
        return Checked::Skipped;
    }
    let short = programs.into_iter().filter_map(|(program, (stop_s, longest))| {
        let enough = longest.saturating_add(SURPLUS_S);
        Some(
            too_short(program, stop_s, longest)?
                .because(format!("stopwaitsecs = {stop_s}; its jobs may run {longest} s"))
                .fix(format!("supervisorctl update   # once its stopwaitsecs is {enough} or more")),
        )
    });
    short.collect::<Vec<_>>().into()
}

/// The longest time limit of the jobs of a queue that were looked at.
fn longest_limit_s(queue: &QueueSurvey) -> Option<i64> {
    let jobs = queue.running.iter().chain(&queue.failed).chain(&queue.finished);
    jobs.filter_map(Sampled::stored).filter_map(|stored| stored.job.limit_s()).max()
}

/// Two schedulers enqueue everything twice where nothing locks them out (before Frappe 15).
fn twice(facts: &Facts<'_>) -> Checked {
    let Some(bench) = facts.bench else { return Checked::Skipped };
    let seen = match facts.processes.seen() {
        Ok(seen) => seen,
        Err(not_made) => return not_made,
    };
    let all: Vec<&OwnProcess> = seen
        .iter()
        .map(|seen| &seen.process)
        .filter(|process| process.role == Role::Scheduler)
        .collect();
    // What a scheduler forked is not a second one.
    let first = |process: &&&OwnProcess| !all.iter().any(|other| other.pid == process.parent);
    let schedulers: Vec<&&OwnProcess> = all.iter().filter(first).collect();
    if schedulers.len() < 2 {
        return Vec::new().into();
    }
    let pids: Vec<String> = schedulers.iter().map(|process| process.pid.to_string()).collect();
    let finding = Finding::new(
        "scheduler.twice",
        Severity::Warning,
        format!("{} schedulers run: processes {}", pids.len(), pids.join(", ")),
    );
    let finding = finding.because(if bench.bench.frappe().locks_scheduler() {
        "a lock lets only one of them enqueue; the others do nothing, or belong to an old release"
    } else {
        "nothing locks them out: each enqueues every scheduled job"
    });
    Some(finding.fix(format!("ps -o pid,lstart,args -p {}", pids.join(",")))).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_work_horse_is_said_to_go_on_without_its_worker() {
        let mut process = OwnProcess {
            pid: 7,
            parent: 1,
            role: Role::Worker,
            command: "rq worker".into(),
            worker: None,
            is_left_behind: false,
        };
        assert!(!why_stray(&process).contains("work horse"));
        process.is_left_behind = true;
        assert!(why_stray(&process).contains("work horse"));
    }
}
