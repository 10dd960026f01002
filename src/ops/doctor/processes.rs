//! Checks of the target's processes on this host: against their registrations, their number, their
//! memory, and whether their manager lets them end their jobs.
//!
//! What processes there are is read once ([`Processes::read`]); which are certainly the target's is
//! told by [`crate::ops::workers::own`]. Nothing is signalled.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::{Checked, Facts, Simple};
use crate::backend::redis::read::StoredJob;
use crate::backend::redis::survey::{Sampled, Survey};
use crate::bench::processes::Role;
use crate::human::{age, bytes};
use crate::model::health::{Finding, Severity};
use crate::model::id::JobId;
use crate::model::job::seconds_between;
use crate::model::worker::{Alive, LocalProcess, Worker};
use crate::ops::supervisor::{self, WorkerDefinition};
use crate::ops::workers::orphans::{jobs_of, may_be_orphaned};
use crate::ops::workers::own::{Host, OwnProcess};
use crate::sys::clock;
use crate::sys::proc::ProcTable;
use crate::target::Target;

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

/// Findings of one kind that are listed one by one.
const MOST_LISTED: usize = 10;

/// The target's processes on this host.
#[derive(Debug)]
pub struct Processes {
    /// Those that are certainly the target's; `Err` says why none can be told.
    seen: Result<Vec<Seen>, String>,
    /// Whether some may be expected here: a bench's always, those of plain RQ where its Redis or one
    /// of its workers is on this host.
    are_here: bool,
    /// What supervisor is told of the bench's workers.
    definitions: Vec<WorkerDefinition>,
}

#[derive(Debug)]
struct Seen {
    process: OwnProcess,
    age_s: Option<f64>,
    resident: Option<u64>,
    is_registered: bool,
    /// Whether whoever started it is gone.
    is_orphan: bool,
    /// The job that it runs without its worker.
    job: Option<JobId>,
}

impl Processes {
    /// Looks at every process of this host once: some milliseconds.
    pub fn read(
        target: &Target,
        survey: Option<&Survey>,
        local: &HashMap<String, LocalProcess>,
        now: Timestamp,
    ) -> Self {
        let bench = target.bench.as_ref();
        let endpoint = target.endpoint().ok();
        let are_here = bench.is_some()
            || !local.is_empty()
            || endpoint.is_some_and(|endpoint| endpoint.is_local());
        let definitions = bench.map(supervisor::workers_of_bench_conf).unwrap_or_default();
        let seen = if are_here {
            let table = ProcTable::live().map_err(|cannot| cannot.to_string());
            table.map(|table| see(&table, target, survey, local, now))
        } else {
            Ok(Vec::new())
        };
        Self { seen, are_here, definitions }
    }

    /// Process id, role and bytes of each worker and work horse; why none can be told.
    pub(crate) fn memory_of_jobs(&self) -> Result<Vec<(u32, &'static str, u64)>, &str> {
        let seen = self.seen.as_ref().map_err(String::as_str)?;
        let told = seen.iter().filter_map(|seen| {
            let role = match seen.process.role {
                Role::Worker => "worker",
                Role::Horse => "horse",
                _ => return None,
            };
            Some((seen.process.pid, role, seen.resident?))
        });
        Ok(told.collect())
    }

    /// Whether the target may have processes here at all.
    pub(crate) const fn are_here(&self) -> bool {
        self.are_here
    }

    /// The work horse on this host that runs a job whose worker is gone.
    pub(super) fn horse_without_worker(&self, job: &JobId) -> Option<u32> {
        let mut seen = self.seen.iter().flatten();
        seen.find(|seen| seen.job.as_ref() == Some(job)).map(|seen| seen.process.pid)
    }

    fn seen(&self) -> Result<&[Seen], Checked> {
        match &self.seen {
            Ok(_) if !self.are_here => Err(Checked::Skipped),
            Ok(seen) => Ok(seen),
            Err(why) => Err(Checked::not_made(why.clone())),
        }
    }
}

/// The processes that are certainly the target's.
fn see(
    table: &ProcTable,
    target: &Target,
    survey: Option<&Survey>,
    local: &HashMap<String, LocalProcess>,
    now: Timestamp,
) -> Vec<Seen> {
    let workers: Vec<&Worker> = survey.iter().flat_map(|s| s.workers.iter().flatten()).collect();
    let of = |worker: &Worker| local.get(&worker.name).copied();
    let alive =
        |worker: &Worker| worker.liveness(now, of(worker).unwrap_or(LocalProcess::Elsewhere)).alive;
    let lives: HashSet<&str> = workers
        .iter()
        .filter(|worker| {
            alive(worker) != Alive::No || (of(worker).is_none() && worker.identity.is_some())
        })
        .map(|worker| worker.name.as_str())
        .collect();
    let queues = survey.iter().flat_map(|survey| &survey.queues);
    let jobs: Vec<&StoredJob> = queues
        .flat_map(|queue| queue.running.iter().chain(&queue.failed))
        .filter_map(Sampled::stored)
        .filter(|stored| may_be_orphaned(&stored.job, |name| lives.contains(name)))
        .collect();
    let named = jobs.iter().filter_map(|stored| stored.job.worker_name.as_deref());
    let host = Host::new(table, target, workers.iter().map(|w| (*w, alive(w))), named);
    let own = host.processes();
    let horses: Vec<&OwnProcess> = own.iter().filter(|process| process.is_left_behind).collect();
    let found = jobs_of(table, &horses, &jobs);
    let found: HashMap<u32, JobId> =
        found.into_iter().map(|(pid, stored)| (pid, stored.job.id.clone())).collect();
    own.into_iter()
        .map(|process| {
            let stat = table.stat(process.pid);
            let started = stat.as_ref().and_then(ProcTable::started_exactly);
            // A service of systemd has the same parent as what was left behind.
            let is_adopted = process.parent == 1
                || table.stat(process.parent).is_none_or(|parent| parent.name == "systemd");
            Seen {
                age_s: started.and_then(|started| seconds_between(started, clock::now())),
                resident: table.resident(process.pid),
                is_registered: host.is_registered(process.pid),
                is_orphan: process.is_left_behind
                    || (is_adopted && table.service(process.pid).is_none()),
                job: found.get(&process.pid).cloned(),
                process,
            }
        })
        .collect()
}

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
        !seen.is_registered && (is_worker || seen.process.is_left_behind)
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
    let finding = if stray.is_orphan {
        finding
            .because("a work horse whose worker was killed goes on with its job, which RQ takes for lost")
            .fix(facts.jobctl(&format!("workers dump {pid}")))
    } else {
        finding.because("it works for another Redis or bench id, or its registration was lost")
    };
    finding.fix(format!("kill {pid}"))
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
    let Some(bench) = facts.bench else { return Checked::Skipped };
    let queues = bench.bench.queues();
    let limits: HashMap<&str, i64> =
        queues.iter().filter_map(|queue| Some((queue.name.as_str(), queue.timeout_s?))).collect();
    let short = facts.processes.definitions.iter().filter_map(|program| {
        let limits = program.queues.iter().filter_map(|queue| limits.get(queue.as_str()));
        let longest = limits.copied().max()?;
        let stop_s = program.stop_s;
        (i64::try_from(stop_s).unwrap_or(i64::MAX) < longest).then(|| {
            Finding::new(
                "process.stop-timeout",
                Severity::Warning,
                format!("supervisor kills `{}` before its jobs can end", program.name),
            )
            .figure(format!("{} of {}", age(stop_s as f64), age(longest as f64)))
            .because(format!(
                "stopwaitsecs = {stop_s} in config/supervisor.conf; jobs of {} may run {longest} s",
                program.queues.join(", ")
            ))
            .fix(facts.bench_cli("setup supervisor"))
        })
    });
    short.collect::<Vec<_>>().into()
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
