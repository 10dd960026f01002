//! What processes the target has on this host, looked at once.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use crate::backend::redis::read::StoredJob;
use crate::backend::redis::survey::{Sampled, Survey};
use crate::bench::processes::Role;
use crate::model::id::JobId;
use crate::model::job::seconds_between;
use crate::model::worker::{LocalProcess, Worker};
use crate::ops::doctor::Checked;
use crate::ops::supervisor::{self, WorkerDefinition};
use crate::ops::workers::comes_back::stop_wait;
use crate::ops::workers::orphans::{has_process, jobs_of, may_be_orphaned};
use crate::ops::workers::own::{Host, OwnProcess};
use crate::sys::clock;
use crate::sys::proc::ProcTable;
use crate::target::Target;

/// The target's processes on this host.
#[derive(Debug)]
pub struct Processes {
    /// Those that are certainly the target's; `Err` says why none can be told.
    seen: Result<Vec<Seen>, String>,
    /// Whether some may be expected here: a bench's always, those of plain RQ where its Redis or one
    /// of its workers is on this host.
    are_here: bool,
    /// What supervisor is told of the bench's workers.
    pub(super) definitions: Vec<WorkerDefinition>,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) process: OwnProcess,
    pub(super) age_s: Option<f64>,
    pub(super) resident: Option<u64>,
    /// Whether the registration of a living worker may mean it.
    pub(super) is_claimed: bool,
    /// Whether whoever started it is gone.
    pub(super) is_orphan: bool,
    /// The job that it runs without its worker.
    pub(super) job: Option<JobId>,
    /// What supervisor calls it, and how long it waits for its end; plain RQ only, as a bench has
    /// definitions of its own.
    pub(super) stop: Option<(String, u64)>,
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
        let workers = survey.map(|survey| survey.workers.is_ok());
        let seen = match (bench, workers) {
            _ if !are_here => Ok(Vec::new()),
            (None, None) => Err("Redis could not be read, which tells whose they are".to_owned()),
            (None, Some(false)) => {
                Err("workers cannot be read, which tell whose they are".to_owned())
            }
            _ => ProcTable::live()
                .map(|table| see(&table, target, survey, local, now))
                .map_err(|cannot| cannot.to_string()),
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
    pub(in crate::ops::doctor) fn horse_without_worker(&self, job: &JobId) -> Option<u32> {
        let mut seen = self.seen.iter().flatten();
        seen.find(|seen| seen.job.as_ref() == Some(job)).map(|seen| seen.process.pid)
    }

    pub(super) fn seen(&self) -> Result<&[Seen], Checked> {
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
        .filter(|worker| match of(worker) {
            None => worker.identity.is_some(),
            here => has_process(alive(worker), here),
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
            let is_worker = process.role == Role::Worker && target.bench.is_none();
            Seen {
                stop: is_worker.then(|| stop_wait(table, process.pid)).flatten(),
                age_s: started.and_then(|started| seconds_between(started, clock::now())),
                resident: table.resident(process.pid),
                is_claimed: host.is_claimed(process.pid),
                is_orphan: process.is_left_behind
                    || (is_adopted && table.service(process.pid).is_none()),
                job: found.get(&process.pid).cloned(),
                process,
            }
        })
        .collect()
}
