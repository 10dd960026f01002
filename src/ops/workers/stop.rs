//! Stops workers, all at once, or restarts them, one after the other.
//!
//! A worker of this host is told by SIGTERM once its process is certain, any other by RQ's command
//! channel. Told once it ends after its job; told again (a second or more later) it kills its work
//! horse and ends, so one that was asked before is only waited for. Source: `rq/worker.py`
//! `request_stop` and `request_force_stop`, 1.14 to 3.0.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::identify::{Doubt, hold_worker};
use super::manager::manager_of;
use super::{ProcessTree, find, rows};
use crate::backend::redis::stop::ShutdownSent;
use crate::context::Context;
use crate::error::{Failure, Kind, Result, failure_of};
use crate::human::counted;
use crate::journal::{AuditLine, End, Ending};
use crate::model::worker::{Alive, Worker};
use crate::ops::change::How;
use crate::ops::change::apply::header;
use crate::ops::change::approve::refuse_read_only;
use crate::ops::scope::Reach;
use crate::report::worker_stop::{By, Turn, WorkerStop, WorkerStopReport};
use crate::sys::clock;
use crate::sys::pidfd::{ProcessHandle, Signal};
use crate::sys::proc::ProcTable;
use crate::sys::signals::Interrupts;

/// Between two looks at processes of this host.
const PAUSE: Duration = Duration::from_millis(50);

/// Between two looks at registrations.
const LOOK: Duration = Duration::from_millis(300);

/// A second signal that comes within a second of the first is ignored; half a second more for a
/// worker that was slow to notice the first.
const BETWEEN_SIGNALS: Duration = Duration::from_millis(1500);

/// How often a worker that is to end cold is told at most.
const MOST_SIGNALS: u32 = 4;

/// What is to be done.
#[derive(Debug, Clone)]
pub struct Stopping {
    /// The workers: names, beginnings of names, process ids.
    pub names: Vec<String>,
    /// Those that serve one of these queues.
    pub queues: Vec<String>,
    /// Start them again, one after the other.
    pub restart: bool,
    /// End their jobs with them.
    pub now: bool,
    /// Also those that would come back (to stop), or that nobody is known to start (to restart).
    pub force: bool,
    /// How long to wait for a worker's end.
    pub wait: Duration,
}

impl Stopping {
    const fn verb(&self) -> &'static str {
        if self.restart { "restart" } else { "stop" }
    }
}

/// Stops or restarts workers.
///
/// Errors: `Refused` under read-only, without a scope, unconfirmed; `NotFound` for a worker or queue
/// that is not there; `Config` where the bench's prefix is not the one in Redis.
pub fn stop(context: &mut Context, what: &Stopping, how: &How) -> Result<WorkerStopReport> {
    let verb = what.verb();
    if !how.dry_run {
        refuse_read_only(context, &format!("{verb} workers"))
            .map_err(|failure| failure.hint("--dry-run shows the plan"))?;
    }
    let reach = Reach::read(context)?;
    refuse_unclear(&reach, verb)?;
    let table = ProcTable::live().ok();
    let chosen = choose(context, &reach, what, how)?;
    let mut plan = plan(context, &reach, table.as_ref(), &chosen, what)?;
    plan.report.dry_run = how.dry_run;
    if how.dry_run || plan.report.count(Turn::Planned) == 0 {
        return Ok(plan.report);
    }
    approve(context, &plan.report, what, how)?;
    context.journals()?.check_audit()?;
    let mut acting = Acting { what, interrupts: Interrupts::catch()?, known: known(&reach) };
    let done =
        if what.restart { acting.roll(context, &mut plan) } else { acting.all(context, &mut plan) };
    plan.report.interrupted_by = acting.interrupts.seen();
    audit(context, &plan.report, what, how)?;
    done?;
    Ok(plan.report)
}

/// What is to be done with each worker; a handle where its process is certain.
struct Planned {
    report: WorkerStopReport,
    handles: Vec<Option<ProcessHandle>>,
    /// Whether it was asked to stop before this operation.
    asked: Vec<bool>,
}

fn refuse_unclear(reach: &Reach, verb: &str) -> Result<()> {
    if let Err(lack) = &reach.inventory.workers {
        let message = format!("cannot {verb} workers: they cannot be read: {lack}");
        return Err(Failure::new(Kind::Refused, message).into());
    }
    let Some(why) = reach.unseen_prefix() else { return Ok(()) };
    Err(Failure::new(Kind::Config, format!("cannot {verb} workers: {why}"))
        .hint("check the bench's path and `bench_id`, and whether this is its Redis")
        .into())
}

/// The workers that are meant, each once, idle ones before busy ones.
fn choose<'r>(
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

fn plan(
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
        asked: Vec::new(),
    };
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
        planned.handles.push(handle);
        planned.asked.push(worker.stop_requested_at.is_some());
        planned.report.workers.push(stop);
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
    if let Some(manager) = manager.as_ref().filter(|_| !what.force) {
        if what.restart {
            if let Some(why) = manager.against_restart() {
                leave(why, Vec::new());
            }
        } else if let Some((why, hints)) = manager.against_stop() {
            leave(why, hints);
        }
    }
    stop.manager = manager;
    Some(handle)
}

/// What follows for jobs and queues.
fn notes(reach: &Reach, report: &WorkerStopReport, what: &Stopping) -> Vec<String> {
    let going: HashSet<&str> = report
        .workers
        .iter()
        .filter(|stop| stop.turn == Turn::Planned)
        .map(|stop| stop.name.as_str())
        .collect();
    let mut notes = Vec::new();
    let busy = report.workers.iter().filter(|s| s.turn == Turn::Planned && s.job.is_some()).count();
    if what.now && busy > 0 {
        notes.push(format!(
            "{} ended with a worker: counted as started until RQ notices; `jobctl jobs repair --kind abandoned` mends that at once",
            counted(busy as u64, "running job")
        ));
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

/// Asks on a terminal; else a flag must have said which workers are meant.
fn approve(
    context: &mut Context,
    report: &WorkerStopReport,
    what: &Stopping,
    how: &How,
) -> Result<()> {
    let verb = what.verb();
    let workers = counted(report.count(Turn::Planned), "worker");
    if !how.explicit && !how.all {
        return Err(Failure::new(
            Kind::Refused,
            format!("will not {verb} {workers} unasked: no flag says which are meant"),
        )
        .hint("say which: names, or --queue; --all takes every one of them")
        .into());
    }
    if !context.ui.can_ask() || how.yes {
        return Ok(());
    }
    for note in &report.notes {
        context.ui.warn(note);
    }
    let when = if what.now { "now, with their jobs" } else { "after their jobs" };
    let question = format!("{verb} {workers} {when}, which cannot be undone? [y/N]");
    if matches!(context.ui.ask(&question)?.as_str(), "y" | "Y" | "yes") {
        return Ok(());
    }
    Err(Failure::new(Kind::Refused, format!("did not {verb} {workers}: not confirmed")).into())
}

fn audit(context: &Context, report: &WorkerStopReport, what: &Stopping, how: &How) -> Result<()> {
    let done = report.count(Turn::Stopped) + report.count(Turn::Restarted);
    let told = done + report.count(Turn::Stopping);
    let planned = told + report.count(Turn::Planned);
    let verb = format!("workers-{}", what.verb());
    let header = header(context, &verb, planned, how, None)?;
    let ending = if report.interrupted_by.is_some() { Ending::Interrupted } else { Ending::Done };
    let end = End { ended_at: clock::now(), ending, changed: told, skipped: planned - told };
    context.journals()?.audit(&AuditLine::of(&header, &end, false))
}

fn known(reach: &Reach) -> HashSet<String> {
    reach.inventory.workers().iter().map(|worker| worker.name.clone()).collect()
}

/// Tells the workers and waits.
struct Acting<'w> {
    what: &'w Stopping,
    interrupts: Interrupts,
    /// The workers that were there before, and those that came in the place of others.
    known: HashSet<String>,
}

impl Acting<'_> {
    /// Tells all of them, then waits for all of them.
    fn all(&mut self, context: &mut Context, plan: &mut Planned) -> Result<()> {
        let mut told = Vec::new();
        for at in 0..plan.report.workers.len() {
            if self.interrupts.seen().is_some() {
                break;
            }
            told.extend(tell(context, plan, at)?);
        }
        self.wait(context, plan, &mut told)
    }

    /// Restarts one after the other, each only when another stands in the place of the last.
    fn roll(&mut self, context: &mut Context, plan: &mut Planned) -> Result<()> {
        for at in 0..plan.report.workers.len() {
            if self.interrupts.seen().is_some() {
                break;
            }
            let mut told: Vec<Told> = tell(context, plan, at)?.into_iter().collect();
            if told.is_empty() {
                continue;
            }
            self.wait(context, plan, &mut told)?;
            let is_back = self.await_successor(context, plan, at)?;
            if !is_back {
                plan.report.notes.push(
                    "the others were left as they are: one that was stopped is not back".to_owned(),
                );
                break;
            }
        }
        Ok(())
    }

    /// Waits until all have ended, the time is up, or a signal comes.
    fn wait(&self, context: &mut Context, plan: &mut Planned, told: &mut [Told]) -> Result<()> {
        let started = Instant::now();
        let mut looked: Option<Instant> = None;
        loop {
            let is_remote = |told: &Told| plan.handles.get(told.at).is_some_and(Option::is_none);
            let remote = told.iter().any(|told| {
                is_remote(told)
                    && plan.report.workers.get(told.at).is_some_and(|s| s.turn == Turn::Stopping)
            });
            let reach = match looked {
                _ if !remote => None,
                Some(at) if at.elapsed() < LOOK => None,
                _ => {
                    looked = Some(Instant::now());
                    Some(Reach::read(context)?)
                }
            };
            let mut open = 0;
            for told in &mut *told {
                let handle = plan.handles.get(told.at).and_then(Option::as_ref);
                let Some(stop) = plan.report.workers.get_mut(told.at) else { continue };
                if stop.turn != Turn::Stopping {
                    continue;
                }
                if has_ended(stop, handle, reach.as_ref()) {
                    (stop.turn, stop.reason) = (Turn::Stopped, None);
                    continue;
                }
                open += 1;
                let is_due = self.what.now
                    && told.times < MOST_SIGNALS
                    && told.last.elapsed() >= BETWEEN_SIGNALS;
                if is_due && send(context, stop, handle, true)? {
                    (told.times, told.last) = (told.times + 1, Instant::now());
                }
            }
            if open == 0 || started.elapsed() >= self.what.wait {
                return Ok(());
            }
            if self.interrupts.wait(PAUSE).is_some() {
                return Ok(());
            }
        }
    }

    /// Waits until a new worker serves what the stopped one served. Whether one does.
    fn await_successor(
        &mut self,
        context: &mut Context,
        plan: &mut Planned,
        at: usize,
    ) -> Result<bool> {
        let Some(stop) = plan.report.workers.get_mut(at) else { return Ok(true) };
        if stop.turn != Turn::Stopped {
            return Ok(stop.turn == Turn::WasGone);
        }
        let started = Instant::now();
        loop {
            let reach = Reach::read(context)?;
            if let Some(successor) = self.successor(&reach, stop) {
                self.known.insert(successor.clone());
                (stop.turn, stop.replaced_by) = (Turn::Restarted, Some(successor));
                return Ok(true);
            }
            if started.elapsed() >= self.what.wait || self.interrupts.wait(LOOK).is_some() {
                return Ok(false);
            }
        }
    }

    fn successor(&self, reach: &Reach, stop: &WorkerStop) -> Option<String> {
        let fits = |worker: &&Worker| {
            let identity = worker.identity.as_ref();
            let host = identity.and_then(|identity| identity.hostname.clone());
            let queues: Vec<&str> = worker.queues().iter().map(|name| reach.short(name)).collect();
            let is_new = !self.known.contains(&worker.name)
                || (worker.name == stop.name && identity.and_then(|i| i.pid) != stop.pid);
            // In containers another host takes over.
            let is_near = host == stop.hostname || stop.by == Some(By::Command);
            is_new && is_near && queues == stop.queues && reach.liveness(worker).alive == Alive::Yes
        };
        reach.inventory.workers().iter().find(fits).map(|worker| worker.name.clone())
    }
}

/// A worker that was told.
struct Told {
    /// Its place in the report.
    at: usize,
    /// How often it was told by us.
    times: u32,
    /// When it was told last, or found to have been asked before.
    last: Instant,
}

/// Tells one worker, unless it was asked before.
fn tell(context: &mut Context, plan: &mut Planned, at: usize) -> Result<Option<Told>> {
    let (Some(stop), Some(handle), Some(asked)) =
        (plan.report.workers.get_mut(at), plan.handles.get(at), plan.asked.get(at))
    else {
        return Ok(None);
    };
    if stop.turn != Turn::Planned {
        return Ok(None);
    }
    let mut told = Told { at, times: 0, last: Instant::now() };
    // It may have been asked since it was looked at, and a second signal would be a cold stop.
    if *asked || context.store()?.is_asked_to_stop(&stop.name)? {
        stop.turn = Turn::Stopping;
        stop.reason = Some("was asked before".to_owned());
        return Ok(Some(told));
    }
    if send(context, stop, handle.as_ref(), false)? {
        told.times = 1;
        return Ok(Some(told));
    }
    Ok(None)
}

/// Sends one signal or command; whether the worker has it. What is in the way is said in the report.
fn send(
    context: &mut Context,
    stop: &mut WorkerStop,
    handle: Option<&ProcessHandle>,
    again: bool,
) -> Result<bool> {
    let mut leave = |turn: Turn, reason: String| {
        (stop.turn, stop.reason) = (turn, Some(reason));
        Ok(false)
    };
    if let Some(handle) = handle {
        return match handle.send(Signal::Term) {
            Ok(()) => {
                stop.turn = Turn::Stopping;
                Ok(true)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                stop.turn = Turn::Stopped;
                Ok(false)
            }
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => leave(
                Turn::LeftAlone,
                "it belongs to another user: run jobctl as that user or as root".to_owned(),
            ),
            Err(error) => leave(Turn::LeftAlone, format!("it cannot be signalled: {error}")),
        };
    }
    let sent = context.store()?.send_shutdown(&stop.name, again);
    match sent {
        Ok(ShutdownSent::Sent) => {
            stop.turn = Turn::Stopping;
            Ok(true)
        }
        Ok(ShutdownSent::AskedBefore) => {
            (stop.turn, stop.reason) = (Turn::Stopping, Some("was asked before".to_owned()));
            Ok(true)
        }
        Ok(ShutdownSent::NoSuchWorker | ShutdownSent::NobodyListens) => {
            stop.turn = Turn::Stopped;
            Ok(false)
        }
        Err(error) if failure_of(&error).is_some_and(|f| f.kind() == Kind::Refused) => {
            leave(Turn::LeftAlone, format!("{error:#}"))
        }
        Err(error) => Err(error),
    }
}

fn has_ended(stop: &WorkerStop, handle: Option<&ProcessHandle>, reach: Option<&Reach>) -> bool {
    if let Some(handle) = handle {
        return handle.has_ended();
    }
    let Some(reach) = reach else { return false };
    let mut workers = reach.inventory.workers().iter();
    let worker = workers.find(|worker| worker.name == stop.name);
    worker.is_none_or(|worker| reach.liveness(worker).alive == Alive::No)
}
