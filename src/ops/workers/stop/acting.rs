//! Tells workers to end, waits for that, and for those that come in their place.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::Stopping;
use super::plan::Planned;
use crate::backend::redis::stop::ShutdownSent;
use crate::context::Context;
use crate::error::{Kind, Result, failure_of};
use crate::model::worker::{Alive, Worker};
use crate::ops::scope::Reach;
use crate::ops::workers::via::last_line;
use crate::report::worker_stop::{By, Turn, WorkerStop};
use crate::sys::beside::Beside;
use crate::sys::pidfd::{ProcessHandle, Signal};
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

/// Tells the workers and waits.
pub(super) struct Acting<'w> {
    what: &'w Stopping,
    interrupts: Interrupts,
    /// The workers that were there before, and those that came in the place of others.
    known: HashSet<String>,
}

impl<'w> Acting<'w> {
    /// Catches signals from now on.
    pub(super) fn new(what: &'w Stopping, reach: &Reach) -> Result<Self> {
        let names = reach.inventory.workers().iter().map(|worker| worker.name.clone());
        Ok(Self { what, interrupts: Interrupts::catch()?, known: names.collect() })
    }

    /// The signal that came meanwhile.
    pub(super) fn interrupted_by(&self) -> Option<i32> {
        self.interrupts.seen()
    }

    /// Tells all of them, then waits for all of them.
    pub(super) fn all(&mut self, context: &mut Context, plan: &mut Planned) -> Result<()> {
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
    pub(super) fn roll(&mut self, context: &mut Context, plan: &mut Planned) -> Result<()> {
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
                if plan.report.count(Turn::Planned) == 0 {
                    break;
                }
                let stopped = plan.report.workers.get(at).is_some_and(|s| s.turn == Turn::Stopped);
                let why =
                    if stopped { "one that was stopped is not back" } else { "one did not end" };
                plan.report.notes.push(format!("the others were left as they are: {why}"));
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
                if let Some(running) = &mut told.running {
                    open += usize::from(!follow(stop, running, handle));
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
    /// The command to its process manager.
    running: Option<Beside>,
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
    let mut told = Told { at, times: 0, last: Instant::now(), running: None };
    // It may have been asked since it was looked at, and a second signal would be a cold stop.
    if *asked || context.store()?.is_asked_to_stop(&stop.name)? {
        stop.turn = Turn::Stopping;
        stop.reason = Some("was asked before".to_owned());
        return Ok(Some(told));
    }
    if let Some(order) = plan.orders.get(at).and_then(Option::as_ref) {
        match order.start() {
            Ok(running) => {
                (stop.turn, told.running) = (Turn::Stopping, Some(running));
                return Ok(Some(told));
            }
            Err(error) => {
                let why = format!("`{}` cannot be run: {error}", order.text());
                (stop.turn, stop.reason) = (Turn::LeftAlone, Some(why));
                return Ok(None);
            }
        }
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

/// Looks how far a process manager has got; whether there is nothing left to wait for.
fn follow(stop: &mut WorkerStop, running: &mut Beside, handle: Option<&ProcessHandle>) -> bool {
    let is_gone = handle.is_none_or(ProcessHandle::has_ended);
    let Some(order) = &mut stop.order else { return true };
    let ended = match running.ended() {
        Ok(Some(ended)) => ended,
        Ok(None) => {
            let (command, pid) = (&order.command, running.pid());
            stop.reason = Some(format!("`{command}` (process {pid}) goes on by itself"));
            return false;
        }
        Err(error) => {
            stop.reason = Some(format!("how `{}` ended cannot be told: {error}", order.command));
            return true;
        }
    };
    stop.reason = (ended.code != Some(0)).then(|| {
        let how =
            ended.code.map_or_else(|| "a signal".to_owned(), |code| format!("exit code {code}"));
        format!("`{}` ended with {how}: {}", order.command, last_line(&ended))
    });
    let has_failed = stop.reason.is_some();
    (order.exit_code, order.printed) = (ended.code, Some(ended.printed));
    match (is_gone, has_failed) {
        (true, _) => stop.turn = Turn::Stopped,
        (false, true) => stop.turn = Turn::LeftAlone,
        (false, false) => return false,
    }
    true
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
