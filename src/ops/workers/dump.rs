//! Shows where processes are in their code: signals them so that Python prints their stacks.
//!
//! Nothing is signalled that is not certain to be a process of this target ([`identify`]), nor
//! anything that the signal would end ([`trace`]).
//!
//! [`identify`]: super::identify
//! [`trace`]: super::trace

mod advice;
mod unregistered;

use std::time::Duration;

use super::identify::{Doubt, hold_child, hold_horse, hold_worker};
use super::trace::{Traced, outlet, trace};
use super::{ProcessTree, find, rows};
use crate::backend::redis::read::Want;
use crate::codec::stack_dump::StackDump;
use crate::context::Context;
use crate::error::{Failure, Kind, Result, failure_of};
use crate::model::job::Status;
use crate::model::worker::{Alive, Worker};
use crate::ops::change::approve::refuse_read_only;
use crate::ops::jobs::lookup;
use crate::ops::scope::Reach;
use crate::report::dump::{Dump, DumpReport, Duty, Turn};
use crate::report::workers::WorkerRow;
use crate::secrets::Secrets;
use crate::sys::pidfd::ProcessHandle;
use crate::sys::proc::ProcTable;
use crate::sys::signals::Interrupts;
use advice::Tools;

/// Which processes are meant.
#[derive(Debug, Clone)]
pub enum Which {
    /// The worker of this name or process id, or another process of the bench by its id.
    Named(String),
    /// The worker that runs this job.
    Job(String),
    /// Every worker that is busy for over half of its job's time limit, or for longer than this.
    Stuck(Option<Duration>),
}

/// What is to be done.
#[derive(Debug, Clone)]
pub struct Dumping {
    /// Which processes.
    pub which: Which,
    /// The worker itself instead of its work horse.
    pub parent: bool,
    /// How long to wait for the stacks of one process.
    pub wait: Duration,
    /// Only check; signal nothing.
    pub dry_run: bool,
}

/// A share of its time limit after which a job counts as stuck.
const STUCK: f64 = 0.5;

/// Shows the stacks of processes, one after the other.
///
/// Errors: `Refused` under read-only, and for a single process that must not be signalled, with the
/// reason; `NotFound` where the name, the id or the job means nothing.
pub fn dump(context: &mut Context, what: &Dumping) -> Result<DumpReport> {
    if !what.dry_run {
        refuse_read_only(context, "signal a process")
            .map_err(|failure| failure.hint("--dry-run shows which process it would be"))?;
    }
    let reach = Reach::read(context)?;
    if let Err(lack) = &reach.inventory.workers {
        let message = format!("cannot look for workers: {lack}");
        return Err(Failure::new(Kind::Refused, message).into());
    }
    let table = ProcTable::live().map_err(|cannot| {
        Failure::new(Kind::Refused, format!("cannot look at processes: {cannot}"))
    })?;
    let mut dumper = Dumper {
        table,
        what,
        secrets: context.secrets,
        interrupts: Interrupts::catch()?,
        tools: Tools::of(context),
        report: DumpReport { dry_run: what.dry_run, ..DumpReport::default() },
    };
    match &what.which {
        Which::Named(name) => dumper.named(context, &reach, name)?,
        Which::Job(typed) => dumper.job(context, &reach, typed)?,
        Which::Stuck(longer_than) => dumper.stuck(context, &reach, *longer_than)?,
    }
    dumper.report.interrupted_by = dumper.interrupts.seen();
    dumper.report.notes.extend(reach.unseen_prefix());
    Ok(dumper.report)
}

/// Goes from process to process.
struct Dumper<'w> {
    table: ProcTable,
    what: &'w Dumping,
    secrets: Secrets,
    interrupts: Interrupts,
    tools: Tools,
    report: DumpReport,
}

impl Dumper<'_> {
    fn named(&mut self, context: &mut Context, reach: &Reach, name: &str) -> Result<()> {
        let host = ProcessTree::of_this_host(reach);
        let pid: Option<u32> = name.parse().ok();
        let worker = match find(reach, name, &host) {
            Ok(worker) => worker,
            Err(error) => {
                let is_unknown = failure_of(&error).is_some_and(|f| f.kind() == Kind::NotFound);
                let found = match pid.filter(|_| is_unknown) {
                    Some(pid) => self.other_process(context, reach, pid)?,
                    None => None,
                };
                return self.must_answer(found.ok_or(error)?, name);
            }
        };
        let row = row_of(context, reach, worker)?;
        let child = pid.filter(|pid| Some(*pid) != row.pid && worker.name != name);
        let dump = match child {
            Some(child) => self.child_of(reach, worker, &row, child),
            None => self.worker(reach, worker, &row),
        };
        self.must_answer(dump, name)
    }

    fn job(&mut self, context: &mut Context, reach: &Reach, typed: &str) -> Result<()> {
        let found = lookup::find(context, typed, Want::default())?;
        let Some(stored) = found else {
            return Err(Failure::new(Kind::NotFound, format!("cannot find job `{typed}`"))
                .hint(format!("{} jobs list --status started", self.tools.jobctl))
                .into());
        };
        let id = stored.job.id;
        let workers = reach.inventory.workers();
        let silent: Vec<&Worker> =
            workers.iter().filter(|worker| worker.current_jobs.is_empty()).collect();
        let guessed = context.store()?.find_current_jobs(&silent)?;
        let runs = |worker: &&Worker| {
            worker.current_jobs.contains(&id) || guessed.get(&worker.name) == Some(&id)
        };
        let worker = workers.iter().find(runs);
        // Its worker may have been killed, and its work horse go on with it.
        let mut left = Vec::new();
        if worker.is_none_or(|worker| reach.liveness(worker).alive == Alive::No) {
            let shown = self.secrets.text(&id.text()).into_owned();
            for orphan in self.orphans(context, reach)? {
                if orphan.dump.job.as_ref() == Some(&shown) {
                    if let Some(dump) = self.take_orphan(orphan) {
                        return self.must_answer(dump, typed);
                    }
                } else if orphan.dump.job.is_none() {
                    left.extend(orphan.dump.pid);
                }
            }
        }
        if stored.job.status != Status::Started {
            let word = stored.job.status.word();
            let message = format!("cannot dump job `{id}`: it does not run, it is {word}");
            return Err(Failure::new(Kind::NotFound, message).into());
        }
        let Some(worker) = worker else {
            let message = format!("cannot dump job `{id}`: no worker says that it runs it");
            return Err(Failure::new(Kind::NotFound, message)
                .hint(format!("{} doctor", self.tools.jobctl))
                .into());
        };
        let row = row_of(context, reach, worker)?;
        let mut dump = self.worker(reach, worker, &row);
        if dump.turn == Turn::Refused {
            let hint = |pid| format!("{} workers dump {pid}", self.tools.jobctl);
            dump.hints.extend(left.into_iter().map(hint));
        }
        self.must_answer(dump, typed)
    }

    fn stuck(
        &mut self,
        context: &mut Context,
        reach: &Reach,
        longer_than: Option<Duration>,
    ) -> Result<()> {
        let may_be = |worker: &&Worker| {
            reach.is_foreign(worker) != Some(true)
                && worker.is_busy()
                && reach.liveness(worker).alive != Alive::No
        };
        let busy: Vec<&Worker> = reach.inventory.workers().iter().filter(may_be).collect();
        let rows = rows(context, reach, &busy, &ProcessTree::nowhere())?;
        let mut stuck: Vec<(&Worker, WorkerRow)> =
            busy.into_iter().zip(rows).filter(|(_, row)| is_stuck(row, longer_than)).collect();
        // Those without an age were left out.
        let age = |row: &WorkerRow| row.current_job_age_s.unwrap_or_default();
        stuck.sort_by(|(_, a), (_, b)| age(b).total_cmp(&age(a)));
        self.report.when_empty = match longer_than {
            Some(time) => {
                format!("no worker is busy for over {}", crate::human::age(time.as_secs_f64()))
            }
            None => "no worker is busy for over half of its job's time limit".to_owned(),
        };
        for (worker, row) in stuck {
            if self.interrupts.seen().is_some() {
                break;
            }
            let dump = self.worker(reach, worker, &row);
            self.report.dumps.push(dump);
        }
        for orphan in self.orphans(context, reach)? {
            if orphan.is_stuck(longer_than) && self.interrupts.seen().is_none() {
                let dump = self.take_orphan(orphan);
                self.report.dumps.extend(dump);
            } else if let (None, Some(pid)) = (&orphan.dump.job, orphan.dump.pid) {
                self.report.notes.push(format!(
                    "work horse {pid} goes on without its worker, and which job it runs cannot be \
                     told; see it with: {} workers dump {pid}",
                    self.tools.jobctl
                ));
            }
        }
        Ok(())
    }

    /// The single process that was asked for: without its stacks there is no answer.
    fn must_answer(&mut self, dump: Dump, name: &str) -> Result<()> {
        if dump.turn == Turn::Refused {
            let reason = dump.reason.as_deref().unwrap_or("it cannot be told why");
            let who = match (dump.pid, dump.duty) {
                (Some(pid), duty) => format!("`{name}` ({} {pid})", duty.word()),
                (None, _) => format!("`{name}`"),
            };
            let mut failure =
                Failure::new(Kind::Refused, format!("will not signal {who}: {reason}"));
            for hint in dump.hints {
                failure = failure.hint(hint);
            }
            return Err(failure.into());
        }
        self.report.dumps.push(dump);
        Ok(())
    }

    /// The work horse of a worker, or the worker itself where it has none.
    fn worker(&self, reach: &Reach, worker: &Worker, row: &WorkerRow) -> Dump {
        let mut dump = of_row(row);
        let held = match hold_worker(&self.table, reach, worker) {
            Ok(held) => held,
            Err(doubt) => return self.doubtful(dump, &doubt, &worker.name),
        };
        let horse = (!self.what.parent).then(|| hold_horse(&self.table, &held)).flatten();
        let process = match horse {
            Some(horse) => {
                (dump.duty, dump.worker_pid) = (Duty::Horse, dump.pid);
                horse
            }
            None => held,
        };
        self.take(dump, &process)
    }

    /// A child of a worker by its process id.
    fn child_of(&self, reach: &Reach, worker: &Worker, row: &WorkerRow, pid: u32) -> Dump {
        let mut dump = of_row(row);
        let held = match hold_worker(&self.table, reach, worker) {
            Ok(held) => held,
            Err(doubt) => return self.doubtful(dump, &doubt, &worker.name),
        };
        (dump.duty, dump.worker_pid, dump.pid) = (Duty::Child, dump.pid, Some(pid));
        if let Some(horse) = hold_horse(&self.table, &held).filter(|horse| horse.pid() == pid) {
            dump.duty = Duty::Horse;
            return self.take(dump, &horse);
        }
        if let Some(child) = hold_child(&self.table, &held, pid) {
            return self.take(dump, &child);
        }
        let why = "it runs another program than its worker, or has just ended";
        self.doubtful(dump, &Doubt::Unproven(why.to_owned()), &worker.name)
    }

    /// Signals a process that is certain, and reads its stacks.
    fn take(&self, mut dump: Dump, process: &ProcessHandle) -> Dump {
        dump.pid = Some(process.pid());
        let (outlet, stderr) = match outlet(&self.table, process) {
            Ok(found) => found,
            Err(refused) => return self.settle(dump, refused),
        };
        dump.stderr = Some(self.secrets.text(&stderr).into_owned());
        if self.what.dry_run {
            dump.turn = Turn::Planned;
            return dump;
        }
        let traced = trace(&self.table, process, outlet, self.what.wait, &self.interrupts);
        self.settle(dump, traced)
    }

    fn settle(&self, mut dump: Dump, traced: Traced) -> Dump {
        match traced {
            Traced::Stacks { text, file } => {
                dump.turn = Turn::Traced;
                dump.stderr = Some(self.secrets.text(&file.to_string_lossy()).into_owned());
                if let Some(stacks) = StackDump::parse(&text) {
                    dump.set_stacks(&stacks, self.secrets);
                }
            }
            Traced::Elsewhere { why, hints } => {
                (dump.turn, dump.reason) = (Turn::Sent, Some(why));
                dump.hints.extend(hints);
            }
            Traced::Silent { why, hints } => {
                (dump.turn, dump.reason) = (Turn::Silent, Some(why));
                dump.hints.extend(hints);
            }
            Traced::Refused { why, no_handler } => {
                (dump.turn, dump.reason) = (Turn::Refused, Some(why));
                if let Some(pid) = dump.pid.filter(|_| no_handler) {
                    dump.hints.extend(self.tools.instead_of_handler(pid));
                }
            }
        }
        dump
    }
}

fn row_of(context: &mut Context, reach: &Reach, worker: &Worker) -> Result<WorkerRow> {
    let mut row = rows(context, reach, &[worker], &ProcessTree::nowhere())?;
    row.pop().ok_or_else(|| anyhow::anyhow!("a worker without a row"))
}

/// Whether a busy worker counts as stuck.
fn is_stuck(row: &WorkerRow, longer_than: Option<Duration>) -> bool {
    let Some(age) = row.current_job_age_s else { return false };
    match longer_than {
        Some(time) => age > time.as_secs_f64(),
        None => row.current_job_timeout_s.is_some_and(|limit| age > limit as f64 * STUCK),
    }
}

impl Dump {
    fn of(pid: Option<u32>, duty: Duty) -> Self {
        Self {
            pid,
            duty,
            worker: None,
            worker_pid: None,
            hostname: None,
            job: None,
            method: None,
            site: None,
            running_s: None,
            timeout_s: None,
            turn: Turn::Refused,
            reason: None,
            hints: Vec::new(),
            stderr: None,
            stuck_in: None,
            stacks: Vec::new(),
            short_name: None,
            orphaned: false,
        }
    }
}

fn of_row(row: &WorkerRow) -> Dump {
    Dump {
        worker: Some(row.name.clone()),
        short_name: Some(row.short_name.clone()),
        hostname: row.hostname.clone(),
        job: row.current_job.clone(),
        method: row.current_method.clone(),
        site: row.current_site.clone(),
        running_s: row.current_job_age_s,
        timeout_s: row.current_job.as_ref().and(row.current_job_timeout_s),
        ..Dump::of(row.pid, Duty::Worker)
    }
}
