//! Which workers are meant, and what is to be done with each. Tells none of them anything.

use std::collections::HashSet;

use super::Stopping;
use crate::context::Context;
use crate::error::Result;
use crate::human::{age, counted};
use crate::model::fault::ABANDONED_AFTER_S;
use crate::model::worker::{Alive, Worker};
use crate::ops::change::How;
use crate::ops::scope::Reach;
use crate::ops::workers::identify::{Doubt, hold_worker};
use crate::ops::workers::manager::manager_of;
use crate::ops::workers::via::{Managers, Order};
use crate::ops::workers::{ProcessTree, find, rows};
use crate::report::worker_stop::{By, ManagerOrder, Turn, WorkerStop, WorkerStopReport};
use crate::sys::pidfd::ProcessHandle;
use crate::sys::proc::ProcTable;

/// What is to be done with each worker; a handle where its process is certain.
pub(super) struct Planned {
    pub(super) report: WorkerStopReport,
    pub(super) handles: Vec<Option<ProcessHandle>>,
    /// What its process manager is told instead.
    pub(super) orders: Vec<Option<Order>>,
    /// Whether it was asked to stop before this operation.
    pub(super) asked: Vec<bool>,
}

/// The workers that are meant, each once, idle ones before busy ones.
pub(super) fn choose<'r>(
    context: &mut Context,
    reach: &'r Reach,
    what: &Stopping,
    how: &How,
) -> Result<Vec<&'r Worker>> {
    let mut chosen: Vec<&Worker> = Vec::new();
    if what.names.is_empty() {
        let queues = reach.select(&what.queues)?;
        let serves = |worker: &&Worker| {
            what.queues.is_empty() || worker.queues().iter().any(|queue| queues.contains(queue))
        };
        let ours = |worker: &&Worker| {
            reach.is_foreign(worker) == Some(false) && reach.liveness(worker).alive != Alive::No
        };
        chosen.extend(reach.inventory.workers().iter().filter(ours).filter(serves));
    } else {
        let host = ProcessTree::of_this_host(reach);
        for name in &what.names {
            chosen.push(find(reach, name, &host)?);
        }
    }
    let mut seen = HashSet::new();
    chosen.retain(|worker| seen.insert(worker.name.as_str()));
    chosen.sort_by_key(|worker| worker.is_busy());
    if let Some(limit) = how.limit {
        chosen.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    }
    if chosen.is_empty() {
        context.ui.detail("no worker lives that this means");
    }
    Ok(chosen)
}

/// Looks at the workers that are meant, and says what is to be done with each.
pub(super) fn plan(
    context: &mut Context,
    reach: &Reach,
    table: Option<&ProcTable>,
    chosen: &[&Worker],
    what: &Stopping,
) -> Result<Planned> {
    let rows = rows(context, reach, chosen, &ProcessTree::nowhere())?;
    let mut planned = Planned {
        report: WorkerStopReport {
            restart: what.restart,
            cold: what.now,
            ..WorkerStopReport::default()
        },
        handles: Vec::new(),
        orders: Vec::new(),
        asked: Vec::new(),
    };
    let mut managers = what.via.map(|via| Managers::new(via, what.verb()));
    for (worker, row) in chosen.iter().zip(rows) {
        let mut stop = WorkerStop {
            name: row.name,
            short_name: row.short_name,
            queues: row.queues,
            pid: row.pid,
            hostname: row.hostname,
            job: row.current_job,
            by: None,
            manager: None,
            order: None,
            turn: Turn::Planned,
            reason: None,
            hints: Vec::new(),
            replaced_by: None,
        };
        let held = table.map_or_else(
            || Err(Doubt::Unproven("there is no process table here".to_owned())),
            |table| hold_worker(table, reach, worker),
        );
        let handle = decide(&mut stop, reach, worker, held, table, what);
        // One that was asked before is waited for; supervisor does not name it any more.
        let asked = worker.stop_requested_at.is_some();
        let order = handle
            .as_ref()
            .filter(|_| !asked)
            .zip(managers.as_mut())
            .and_then(|(handle, managers)| through(&mut stop, table?, managers, handle.pid()));
        planned.handles.push(handle);
        planned.orders.push(order);
        planned.asked.push(asked);
        planned.report.workers.push(stop);
    }
    if let Some(table) = table.filter(|_| what.restart && !what.force) {
        leave_lone(&mut planned.report, reach, table);
    }
    planned.report.notes = notes(reach, &planned.report, what);
    Ok(planned)
}

/// How a worker is told, and whether.
fn decide(
    stop: &mut WorkerStop,
    reach: &Reach,
    worker: &Worker,
    held: std::result::Result<ProcessHandle, Doubt>,
    table: Option<&ProcTable>,
    what: &Stopping,
) -> Option<ProcessHandle> {
    let mut leave = |reason: String, hints: Vec<String>| {
        (stop.turn, stop.reason, stop.hints) = (Turn::LeftAlone, Some(reason), hints);
    };
    if reach.is_foreign(worker) == Some(true) {
        leave("it serves none of this target's queues".to_owned(), Vec::new());
        return None;
    }
    let handle = match held {
        Ok(handle) => handle,
        Err(Doubt::Gone(reason)) => {
            (stop.turn, stop.reason) = (Turn::WasGone, Some(reason));
            return None;
        }
        Err(doubt) if what.via.is_some() => {
            leave(format!("{}: its process manager is there", doubt.reason()), Vec::new());
            return None;
        }
        // Its name on the command channel is its own, whatever became of its process id.
        Err(Doubt::Elsewhere(_) | Doubt::Unproven(_)) if worker.listeners.unwrap_or(0) > 0 => {
            stop.by = Some(By::Command);
            if what.restart && !what.force {
                let reason = "whether it would be started again can only be seen on its host";
                leave(reason.to_owned(), vec!["--force restarts it all the same".to_owned()]);
            }
            return None;
        }
        Err(doubt) => {
            let reason = format!("{}, and does not listen for commands", doubt.reason());
            leave(reason, Vec::new());
            return None;
        }
    };
    stop.by = Some(By::Signal);
    let manager = table.map(|table| manager_of(table, handle.pid()));
    let counts = !what.force && what.via.is_none();
    if let Some((manager, table)) = manager.as_ref().zip(table).filter(|_| counts) {
        let against =
            if what.restart { manager.against_restart(table) } else { manager.against_stop() };
        if let Some((why, hints)) = against {
            leave(why, hints);
        }
    }
    stop.manager = manager;
    Some(handle)
}

/// Leaves workers of jobctl's own pools alone that serve a queue which nobody else serves: their pool
/// starts the next before the last one ends, and here it would be the other way round.
fn leave_lone(report: &mut WorkerStopReport, reach: &Reach, table: &ProcTable) {
    for stop in report.workers.iter_mut().filter(|stop| stop.turn == Turn::Planned) {
        let Some(pool) = stop.manager.as_ref().and_then(|manager| manager.own_pool(table)) else {
            continue;
        };
        let lone = stop.queues.iter().find(|queue| {
            let serves = |worker: &&Worker| {
                worker.name != stop.name
                    && reach.liveness(worker).alive != Alive::No
                    && worker.queues().iter().any(|name| reach.short(name) == queue.as_str())
            };
            !reach.inventory.workers().iter().any(|worker| serves(&worker))
        });
        if let Some(queue) = lone {
            stop.turn = Turn::LeftAlone;
            stop.reason = Some(format!(
                "nobody else serves `{queue}`, which would be left alone until the next has started"
            ));
            stop.hints = vec![
                format!(
                    "kill -HUP {pool}   # its pool replaces its workers and leaves no queue alone"
                ),
                "--force restarts it all the same".to_owned(),
            ];
        }
    }
}

/// What the worker's process manager is told; where it is none of its, the worker is left alone.
fn through(
    stop: &mut WorkerStop,
    table: &ProcTable,
    managers: &mut Managers,
    pid: u32,
) -> Option<Order> {
    if stop.turn != Turn::Planned {
        return None;
    }
    match managers.order(table, stop.manager.as_ref()?, pid) {
        Ok(order) => {
            let command = order.text();
            stop.order = Some(ManagerOrder { command, exit_code: None, printed: None });
            stop.by = Some(By::Manager);
            Some(order)
        }
        Err(why) => {
            (stop.turn, stop.reason, stop.by) = (Turn::LeftAlone, Some(why), None);
            None
        }
    }
}

/// Whether a worker is to end, or has.
const fn is_going(stop: &WorkerStop) -> bool {
    matches!(stop.turn, Turn::Planned | Turn::Stopping | Turn::Stopped | Turn::Restarted)
}

/// What follows for jobs and queues, as far as is known.
pub(super) fn notes(reach: &Reach, report: &WorkerStopReport, what: &Stopping) -> Vec<String> {
    let going: HashSet<&str> = report
        .workers
        .iter()
        .filter(|stop| is_going(stop))
        .map(|stop| stop.name.as_str())
        .collect();
    let mut notes = Vec::new();
    let busy = report.workers.iter().filter(|s| is_going(s) && s.job.is_some()).count();
    if what.now && busy > 0 {
        notes.push(format!(
            "{} ended with a worker: counted as started until RQ notices; {} later `jobctl jobs repair --kind abandoned` mends that",
            counted(busy as u64, "running job"),
            age(ABANDONED_AFTER_S)
        ));
    }
    if what.via.is_some() && busy > 0 {
        notes.push(
            "a process manager kills what has not ended within its stop timeout, and the job with it: \
             `jobctl supervisor check` compares these with the queues"
                .to_owned(),
        );
    }
    let mut alone: Vec<&str> = Vec::new();
    for queue in reach.queues() {
        let alive = |worker: &&Worker| reach.liveness(worker).alive != Alive::No;
        let serving: Vec<&Worker> = reach
            .inventory
            .workers()
            .iter()
            .filter(alive)
            .filter(|worker| worker.queues().contains(&queue))
            .collect();
        let left = serving.iter().filter(|worker| !going.contains(worker.name.as_str())).count();
        let is_bare = if what.restart { serving.len() == 1 && left == 0 } else { left == 0 };
        if is_bare && !serving.is_empty() {
            alone.extend(
                serving
                    .iter()
                    .flat_map(|worker| worker.queues())
                    .filter(|name| **name == queue)
                    .map(|name| reach.short(name))
                    .take(1),
            );
        }
    }
    if !alone.is_empty() {
        let queues = alone.join(", ");
        notes.push(if what.restart {
            format!("served by one worker alone, and by none until it is back: {queues}")
        } else {
            format!("served by nobody afterwards: {queues}")
        });
    }
    notes
}
