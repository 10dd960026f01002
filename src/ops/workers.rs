//! Workers: who serves the target's queues, whether they live, and what they run.

pub(crate) mod comes_back;
pub mod dump;
mod identify;
mod manager;
pub(crate) mod orphans;
pub(crate) mod own;
pub mod stop;
mod trace;
pub mod via;

use std::cmp::Reverse;
use std::collections::HashMap;

use jiff::Timestamp;

use super::headline::Headlines;
use super::scope::Reach;
use crate::backend::redis::read::{StoredJob, Want};
use crate::backend::redis::survey::Suspension;
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::model::id::JobId;
use crate::model::job::seconds_between;
use crate::model::part::Part;
use crate::model::worker::{Alive, LocalProcess, Worker};
use crate::nearby;
use crate::report::workers::{Process, WorkerReport, WorkerRow, WorkersReport};
use crate::secrets::Secrets;
use crate::sys::proc::{Measure, ProcTable, Stat, readable};

/// Names listed where several fit.
const MOST_LISTED: usize = 8;

/// Lists the workers of the target; `all` adds those of other benches on the same Redis.
///
/// Three round trips; two more where a busy worker does not say what it runs.
pub fn list(context: &mut Context, all: bool) -> Result<WorkersReport> {
    let reach = Reach::read(context)?;
    let others = reach.inventory.workers().iter().filter(|w| reach.is_foreign(w) == Some(true));
    let others = others.count();
    let shown = |worker: &&Worker| all || reach.is_foreign(worker) != Some(true);
    let shown: Vec<&Worker> = reach.inventory.workers().iter().filter(shown).collect();
    let mut workers = rows(context, &reach, &shown, &ProcessTree::of_this_host(&reach))?;
    workers.sort_by(|a, b| rank(a).cmp(&rank(b)));

    let mut notes = notes(&reach, context.sites()?.as_deref());
    if others > 0 && !all {
        let counted = crate::human::counted(others as u64, "worker");
        notes.push(format!("{counted} of others on this Redis left out; --all shows them"));
    }
    let is_unknown = reach.inventory.workers.is_err() || reach.unseen_prefix().is_some();
    Ok(WorkersReport { workers, is_unknown, notes })
}

/// Shows one worker by its name, the beginning of its name, or a process id on this host.
///
/// Errors: `NotFound` with the near misses, `Usage` where several fit.
pub fn show(context: &mut Context, name: &str) -> Result<WorkerReport> {
    let reach = Reach::read(context)?;
    if let Err(lack) = &reach.inventory.workers {
        let message = format!("cannot look for worker `{name}`: {lack}");
        return Err(Failure::new(Kind::Refused, message).into());
    }
    let host = ProcessTree::of_this_host(&reach);
    let worker = find(&reach, name, &host)?;
    let mut row = rows(context, &reach, &[worker], &host)?;
    let Some(row) = row.pop() else { return Err(anyhow::anyhow!("a worker without a row")) };
    let (horse_pid, processes) = match host.root_of(&reach, worker) {
        Some(pid) => {
            let horse = if worker.is_busy() { host.newest_child(pid) } else { None };
            (horse, host.processes(pid, horse, context.secrets))
        }
        None => (None, Vec::new()),
    };
    let notes = notes(&reach, None);
    Ok(WorkerReport { worker: row, horse_pid, processes, notes })
}

/// What a list of workers is to be read with.
fn notes(reach: &Reach, sites: Option<&[String]>) -> Vec<String> {
    let mut notes = shared_notes(reach);
    if sites.is_some() {
        notes.push("workers serve every site of the bench; --site narrows nothing here".to_owned());
    }
    notes
}

/// What holds for every list of queues or workers.
pub(super) fn shared_notes(reach: &Reach) -> Vec<String> {
    let mut notes: Vec<String> = reach.unseen_prefix().into_iter().collect();
    let inventory = &reach.inventory;
    notes.extend(inventory.workers.as_ref().err().map(|lack| format!("workers: {lack}")));
    for lack in &inventory.lacks {
        let line = format!("workers: {lack}");
        if !notes.contains(&line) {
            notes.push(line);
        }
    }
    if let Ok(Some(Suspension { ends_in_s })) = inventory.suspended {
        let ends = ends_in_s.map(|seconds| format!(", for another {}", crate::human::age(seconds)));
        let ends = ends.unwrap_or_default();
        notes.push(format!("all workers of this Redis are suspended{ends}: they take no jobs"));
    }
    notes
}

/// The rows of `workers`, in their order: one round trip, two more where a busy worker does not
/// say what it runs.
pub(super) fn rows(
    context: &mut Context,
    reach: &Reach,
    workers: &[&Worker],
    host: &ProcessTree,
) -> Result<Vec<WorkerRow>> {
    let current = current_jobs(context, reach, workers)?;
    let ids: Vec<JobId> = current.iter().flatten().cloned().collect();
    let want = Want { data: true, ..Want::default() };
    let mut jobs = context.store()?.jobs(&ids, want)?.into_iter();
    let mut headlines = Headlines::new(context.secrets);
    let rows = workers.iter().zip(current).map(|(worker, id)| {
        let job = id.as_ref().and_then(|_| jobs.next()).and_then(Part::ok).flatten();
        let mut row = row(reach, worker, context.secrets);
        if let Some(id) = id {
            row.set_job(&id, job.as_ref(), reach.inventory.taken_at, &mut headlines);
        }
        row.utilisation_percent = utilisation(worker, &row, reach.inventory.taken_at);
        if let Some(memory) = host.root_of(reach, worker).and_then(|pid| host.memory(pid)) {
            (row.memory_bytes, row.memory_measure) = (Some(memory.0), Some(memory.1));
        }
        row
    });
    Ok(rows.collect())
}

/// The job of each worker, as it says itself, else as the registries of its queues say.
fn current_jobs(
    context: &mut Context,
    reach: &Reach,
    workers: &[&Worker],
) -> Result<Vec<Option<JobId>>> {
    let silent = |worker: &&&Worker| {
        worker.is_busy()
            && worker.current_jobs.is_empty()
            && reach.liveness(worker).alive != Alive::No
    };
    let silent: Vec<&Worker> = workers.iter().filter(silent).copied().collect();
    let found = context.store()?.find_current_jobs(&silent)?;
    let of =
        |worker: &&Worker| worker.current_jobs.first().or_else(|| found.get(&worker.name)).cloned();
    Ok(workers.iter().map(of).collect())
}

/// What the registration alone says.
fn row(reach: &Reach, worker: &Worker, secrets: Secrets) -> WorkerRow {
    let now = reach.inventory.taken_at;
    let liveness = reach.liveness(worker);
    let identity = worker.identity.clone().unwrap_or_default();
    let shown = |text: &str| secrets.text(text).into_owned();
    let owned = |text: Option<String>| text.map(|text| shown(&text));
    WorkerRow {
        name: shown(&worker.name),
        short_name: shown(worker.short_name()),
        state: owned(worker.state.clone()),
        alive: liveness.alive,
        alive_reason: liveness.reason,
        queues: identity.queues.iter().map(|queue| shown(reach.short(queue))).collect(),
        pid: identity.pid,
        hostname: owned(identity.hostname),
        current_job: None,
        current_method: None,
        current_site: None,
        current_job_age_s: None,
        current_job_timeout_s: None,
        successful: worker.successful,
        failed: worker.failed,
        working_s: worker.working_s,
        utilisation_percent: None,
        version: owned(identity.version),
        python_version: owned(identity.python_version),
        birth: identity.birth,
        last_heartbeat: worker.last_heartbeat,
        heartbeat_age_s: worker.silence_s(now),
        stop_requested_at: worker.stop_requested_at,
        ttl_s: worker.ttl_s,
        memory_bytes: None,
        memory_measure: None,
        local: reach.process_of(worker).is_some(),
        foreign: reach.is_foreign(worker),
    }
}

impl WorkerRow {
    fn set_job(
        &mut self,
        id: &JobId,
        job: Option<&StoredJob>,
        now: Timestamp,
        headlines: &mut Headlines,
    ) {
        self.current_job = Some(headlines.shown(&id.text()));
        let Some(stored) = job else { return };
        let called = headlines.of(stored);
        (self.current_method, self.current_site) = (called.method, called.site);
        self.current_job_age_s = stored.job.started_at.and_then(|at| seconds_between(at, now));
        self.current_job_timeout_s = stored.job.limit_s();
    }
}

/// The share of a worker's life that it spent in jobs. RQ adds a job's time up when it ends, so
/// that of the current one is added here; after a worker's death its life ends with its last sign.
fn utilisation(worker: &Worker, row: &WorkerRow, now: Timestamp) -> Option<f64> {
    let gone = row.alive == Alive::No;
    let end = worker.died_at.or(worker.last_heartbeat.filter(|_| gone)).unwrap_or(now);
    let lifetime = seconds_between(row.birth?, end).filter(|seconds| *seconds > 0.0)?;
    let current = row.current_job_age_s.filter(|_| !gone).unwrap_or(0.0);
    Some(((worker.working_s + current) / lifetime * 100.0).clamp(0.0, 100.0))
}

/// Workers that need a look first; then busy ones, the longest job before others.
fn rank(row: &WorkerRow) -> impl Ord + use<'_> {
    let alive = match row.alive {
        Alive::Stale => 0,
        Alive::No => 1,
        Alive::Yes => 2,
    };
    let state = match row.state.as_deref() {
        Some("busy") => 0,
        Some("started") => 1,
        Some("suspended") => 2,
        _ => 3,
    };
    (row.foreign == Some(true), alive, state, &row.queues, &row.name)
}

/// The worker that `name` means: a whole name before the beginning of one; the target's own
/// workers before those of others.
fn find<'r>(reach: &'r Reach, name: &str, host: &ProcessTree) -> Result<&'r Worker> {
    let workers = reach.inventory.workers();
    if let Some(worker) = workers.iter().find(|worker| worker.name == name) {
        return Ok(worker);
    }
    let pid: Option<u32> = name.parse().ok();
    let fits = |worker: &&Worker| {
        worker.name.starts_with(name) || pid.is_some_and(|pid| host.is_of(reach, worker, pid))
    };
    let (others, ours): (Vec<&Worker>, Vec<&Worker>) =
        workers.iter().filter(fits).partition(|worker| reach.is_foreign(worker) == Some(true));
    let mut candidates = if ours.is_empty() { others } else { ours };
    let is_free = |pid: &u32| ProcTable::live().is_ok_and(|table| !table.is_alive(*pid));
    if let Some(pid) = pid.filter(|_| candidates.is_empty()).filter(is_free) {
        // What its process was called is all that is left of one that died.
        let was = |worker: &&Worker| {
            let claimed = worker.identity.as_ref().and_then(|identity| identity.pid);
            claimed == Some(pid) && reach.process_of(worker) == Some(LocalProcess::Gone)
        };
        candidates.extend(workers.iter().filter(was));
    }
    match candidates.as_slice() {
        [worker] => Ok(worker),
        [] => {
            let failure = Failure::new(
                Kind::NotFound,
                format!(
                    "cannot find worker `{name}`: no registered worker has this name, and none on this host this process id"
                ),
            );
            let known = workers.iter().filter(|worker| reach.is_foreign(worker) != Some(true));
            Err(nearby::hint(failure, name, known.map(|worker| worker.name.as_str())).into())
        }
        several => Err(ambiguous(name, several).into()),
    }
}

fn ambiguous(name: &str, workers: &[&Worker]) -> Failure {
    let mut names: Vec<String> =
        workers.iter().take(MOST_LISTED).map(|worker| format!("`{}`", worker.name)).collect();
    if workers.len() > MOST_LISTED {
        names.push(format!("{} more", workers.len() - MOST_LISTED));
    }
    let message = format!("cannot tell which worker `{name}` is: {} fit", names.join(", "));
    Failure::new(Kind::Usage, message).hint("type more of the name")
}

/// The processes of this host, looked at only where a worker runs here.
pub(super) struct ProcessTree {
    table: Option<ProcTable>,
    parents: HashMap<u32, u32>,
}

impl ProcessTree {
    pub(super) fn of_this_host(reach: &Reach) -> Self {
        let is_here = |worker: &Worker| reach.process_of(worker) == Some(LocalProcess::Present);
        let here = reach.inventory.workers().iter().any(is_here);
        let table = here.then(|| ProcTable::live().ok()).flatten();
        let parents = table.as_ref().map(ProcTable::parents).unwrap_or_default();
        Self { table, parents }
    }

    /// No processes at all: for what does not show them.
    pub(super) fn nowhere() -> Self {
        Self { table: None, parents: HashMap::new() }
    }

    /// The process of a worker that is present on this host.
    fn root_of(&self, reach: &Reach, worker: &Worker) -> Option<u32> {
        self.table.as_ref()?;
        let pid = worker.identity.as_ref()?.pid?;
        (reach.process_of(worker) == Some(LocalProcess::Present)).then_some(pid)
    }

    /// Whether `pid` is a worker's process or directly below it, as a work horse is.
    fn is_of(&self, reach: &Reach, worker: &Worker, pid: u32) -> bool {
        let root = self.root_of(reach, worker);
        root.is_some() && (root == Some(pid) || self.parents.get(&pid).copied() == root)
    }

    /// The child that started last. A worker forks a work horse for each job, so that is younger
    /// than a scheduler beside it; a worker without a fork has none.
    fn newest_child(&self, pid: u32) -> Option<u32> {
        let table = self.table.as_ref()?;
        let children = self.parents.iter().filter(|(_, parent)| **parent == pid);
        let stats = children.filter_map(|(child, _)| table.stat(*child));
        Some(stats.filter(|stat| !stat.is_dead()).max_by_key(|stat| stat.start_ticks)?.pid)
    }

    fn memory(&self, pid: u32) -> Option<(u64, &'static str)> {
        let memory = self.table.as_ref()?.tree_memory(pid, &self.parents)?;
        let measure = match memory.measure {
            Measure::Proportional => "pss",
            Measure::Resident => "rss",
        };
        Some((memory.bytes, measure))
    }

    /// A worker's processes, itself first, then the oldest.
    fn processes(&self, root: u32, horse: Option<u32>, secrets: Secrets) -> Vec<Process> {
        let Some(table) = &self.table else { return Vec::new() };
        let mut stats = table.tree(root, &self.parents);
        stats.sort_by_key(|stat| (Reverse(stat.pid == root), stat.start_ticks, stat.pid));
        let process = |stat: Stat| Process {
            pid: stat.pid,
            parent_pid: stat.parent,
            role: match stat.pid {
                pid if pid == root => "worker",
                pid if Some(pid) == horse => "horse",
                _ => "child",
            },
            started_at: table.started_at(&stat),
            command: {
                let line = table.command_line(stat.pid).map(|arguments| readable(&arguments));
                secrets.text(&line.unwrap_or(stat.name)).into_owned()
            },
        };
        stats.into_iter().map(process).collect()
    }
}
