//! Takes hold of the process behind a registration, and makes sure that it is that worker.
//!
//! A process id in Redis proves nothing: the process may be gone and its id another program's, or
//! it may be an id of another namespace. So a handle is opened first, then everything is checked,
//! and only what the handle still holds afterwards is given out: no id can be reused meanwhile.
//! Nothing is signalled here.

use std::io;

use crate::model::job::seconds_between;
use crate::model::worker::{Alive, Worker};
use crate::ops::scope::Reach;
use crate::sys::pidfd::{ProcessHandle, Signal};
use crate::sys::proc::{ProcTable, Stat, Title, hostname, is_python, readable};

/// Milliseconds by which a process may seem to be younger than its registration: starts are known
/// to a hundredth of a second, and a Python that registers itself is older than that anyway.
const CLOCK_SLACK_MS: i64 = 100;

/// Seconds that a worker may take from its start to its registration. Importing Frappe takes one to
/// five, on a starved machine perhaps a hundred.
const LONGEST_START_S: f64 = 600.0;

/// SIGINT. RQ's workers have a handler of their own for it and for SIGTERM, from birth to end.
/// Source: `rq/worker.py` `_install_signal_handlers`, 1.11 to 3.0.
const SIGINT: u32 = nix::libc::SIGINT.cast_unsigned();

/// Why a process may not be signalled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Doubt {
    /// It is on another host, or in a container with another name.
    Elsewhere(String),
    /// It has ended.
    Gone(String),
    /// It is not certain to be the worker.
    Unproven(String),
}

impl Doubt {
    /// The reason, as a sentence goes on after `because`.
    pub(super) fn reason(&self) -> String {
        match self {
            Self::Elsewhere(host) => format!("it runs on host `{host}`"),
            Self::Gone(why) | Self::Unproven(why) => why.clone(),
        }
    }
}

/// Takes hold of the process of a registered worker.
pub(super) fn hold_worker(
    table: &ProcTable,
    reach: &Reach,
    worker: &Worker,
) -> Result<ProcessHandle, Doubt> {
    let Some(identity) = &worker.identity else {
        return Err(Doubt::Unproven(
            "its registration was lost, and its process id with it".into(),
        ));
    };
    let host = identity.hostname.as_deref().unwrap_or("unknown");
    if hostname().as_deref() != Some(host) {
        return Err(Doubt::Elsewhere(host.to_owned()));
    }
    let pid = identity.pid.ok_or_else(|| {
        Doubt::Unproven("its registration does not say which process it is".to_owned())
    })?;
    if reach.is_foreign(worker) == Some(true) {
        return Err(Doubt::Unproven("it serves none of this target's queues".to_owned()));
    }
    let liveness = reach.liveness(worker);
    if liveness.alive == Alive::No {
        return Err(Doubt::Gone(format!("it is gone: {}", liveness.reason)));
    }
    let handle = hold(pid)?;
    let is_named = is_worker_by_look(table, worker, pid).map_err(Doubt::Unproven)?;
    if !is_named {
        has_no_twin(reach, worker).map_err(Doubt::Unproven)?;
    }
    still_held(handle)
}

/// Opens the handle.
pub(super) fn hold(pid: u32) -> Result<ProcessHandle, Doubt> {
    ProcessHandle::open(pid).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Doubt::Gone(format!("there is no process {pid} on this host")),
        io::ErrorKind::Unsupported => Doubt::Unproven(
            "this system cannot hold on to a process (pidfd_open, Linux 5.3 or newer)".to_owned(),
        ),
        _ => Doubt::Unproven(format!("process {pid} cannot be held: {error}")),
    })
}

/// What was read of the process was read of the one that is held, if that has not ended by now.
pub(super) fn still_held(handle: ProcessHandle) -> Result<ProcessHandle, Doubt> {
    if handle.has_ended() {
        return Err(Doubt::Gone(format!("process {} has just ended", handle.pid())));
    }
    Ok(handle)
}

/// Whether the title of a process names the worker that is registered under its id on this host, or
/// it may be the worker otherwise; else why not.
pub(super) fn is_worker_by_look(
    table: &ProcTable,
    worker: &Worker,
    pid: u32,
) -> Result<bool, String> {
    let unreadable = || format!("process {pid} cannot be looked at");
    let status = table.status(pid).ok_or_else(unreadable)?;
    if status.is_in_container() {
        return Err(format!(
            "process {pid} of this host runs in a container, where it has another id"
        ));
    }
    let stat = table.stat(pid).ok_or_else(unreadable)?;
    let arguments = table.command_line(pid).ok_or_else(unreadable)?;
    match Title::of(&arguments) {
        Some(title) if title.names(&worker.name) => return Ok(true),
        Some(Title::Worker(other)) => {
            return Err(format!("process {pid} is another worker, `rq:worker:{other}`"));
        }
        Some(Title::Nameless) => {}
        _ if is_python(&arguments) => {}
        _ => return Err(format!("process {pid} is another program, `{}`", readable(&arguments))),
    }
    if !(status.catches(Signal::Term.number()) && status.catches(SIGINT)) {
        return Err(format!("process {pid} handles no SIGTERM, as every worker does"));
    }
    started_in_time(worker, &stat)?;
    Ok(false)
}

/// A worker registers itself within moments of its start, so a process that is younger than the
/// registration has only inherited its id, and one much older never was the worker.
fn started_in_time(worker: &Worker, stat: &Stat) -> Result<(), String> {
    let pid = stat.pid;
    let birth = worker.identity.as_ref().and_then(|identity| identity.birth);
    let birth = birth.ok_or("its registration does not say since when")?;
    let start = ProcTable::started_exactly(stat)
        .ok_or_else(|| format!("it cannot be told when process {pid} was started"))?;
    if start.as_millisecond() > birth.as_millisecond().saturating_add(CLOCK_SLACK_MS) {
        return Err(format!(
            "process {pid} was started after the worker had registered, or the clock was set since"
        ));
    }
    if seconds_between(start, birth).is_none_or(|seconds| seconds > LONGEST_START_S) {
        return Err(format!("process {pid} is much older than the worker"));
    }
    Ok(())
}

/// Refuses where another worker claims the same process: in containers that share the host's name.
fn has_no_twin(reach: &Reach, worker: &Worker) -> Result<(), String> {
    let place = |worker: &Worker| {
        let identity = worker.identity.as_ref()?;
        Some((identity.hostname.clone()?, identity.pid?))
    };
    let here = place(worker);
    let twin = reach.inventory.workers().iter().find(|other| {
        other.name != worker.name
            && place(other) == here
            && reach.liveness(other).alive != Alive::No
    });
    match (twin, &here) {
        (Some(twin), Some((_, pid))) => Err(format!(
            "worker `{}` is registered as process {pid} of this host, too",
            twin.short_name()
        )),
        _ => Ok(()),
    }
}

/// Takes hold of the work horse of a worker that is held: the child that leads a process group of
/// its own ([`Stat::leads_group`]). `None` if there is none, as in a worker without a fork.
pub(super) fn hold_horse(table: &ProcTable, worker: &ProcessHandle) -> Option<ProcessHandle> {
    let parents = table.parents();
    let children = parents.iter().filter(|(_, parent)| **parent == worker.pid());
    let stats = children.filter_map(|(child, _)| table.stat(*child));
    let horse = stats
        .filter(|stat| !stat.is_dead() && stat.leads_group())
        .filter(|stat| runs_the_same(table, worker.pid(), stat.pid))
        .max_by_key(|stat| (stat.start_ticks, stat.pid))?;
    let handle = hold_child(table, worker, horse.pid)?;
    table.stat(horse.pid).is_some_and(|stat| stat.leads_group()).then_some(handle)
}

/// Whether two processes run the same program: what a job starts, such as a converter, is nobody's
/// work horse, and may mean something else by a signal.
pub(super) fn runs_the_same(table: &ProcTable, one: u32, other: u32) -> bool {
    table.program(one).is_some_and(|program| table.program(other) == Some(program))
}

/// Takes hold of a child of a process that is held, if it runs the same Python.
pub(super) fn hold_child(
    table: &ProcTable,
    parent: &ProcessHandle,
    pid: u32,
) -> Option<ProcessHandle> {
    let handle = hold(pid).ok()?;
    let is_child = table.stat(pid).is_some_and(|stat| stat.parent == parent.pid())
        && runs_the_same(table, parent.pid(), pid);
    let both_live = !parent.has_ended() && !handle.has_ended();
    (is_child && both_live).then_some(handle)
}
