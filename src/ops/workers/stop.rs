//! Stops workers, all at once, or restarts them, one after the other.
//!
//! A worker of this host is told by SIGTERM once its process is certain, any other by RQ's command
//! channel; with `--via` its process manager is told instead. Told once it ends after its job; told
//! again (a second or more later) it kills its work horse and ends, so one that was asked before is
//! only waited for. Source: `rq/worker.py` `request_stop` and `request_force_stop`, 1.14 to 3.0.

mod acting;
mod plan;

use std::time::Duration;

use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::human::counted;
use crate::journal::{AuditLine, End, Ending};
use crate::ops::change::How;
use crate::ops::change::apply::header;
use crate::ops::change::approve::refuse_read_only;
use crate::ops::scope::Reach;
use crate::ops::workers::via::Via;
use crate::report::worker_stop::{Turn, WorkerStopReport};
use crate::sys::clock;
use crate::sys::proc::ProcTable;

use acting::Acting;
use plan::{choose, notes, plan};

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
    /// The process manager that is to do it, where not jobctl itself.
    pub via: Option<Via>,
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
    let expected = plan.report.notes.len();
    let mut acting = Acting::new(what, &reach)?;
    let done =
        if what.restart { acting.roll(context, &mut plan) } else { acting.all(context, &mut plan) };
    plan.report.interrupted_by = acting.interrupted_by();
    // What was expected of workers that were left alone in the end is not so.
    let met = plan.report.notes.split_off(expected);
    plan.report.notes = notes(&reach, &plan.report, what);
    plan.report.notes.extend(met);
    audit(context, &plan.report, what, how)?;
    done?;
    Ok(plan.report)
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
