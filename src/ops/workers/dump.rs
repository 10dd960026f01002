//! Shows where processes are in their code: signals them so that Python prints their stacks.
//!
//! Nothing is signalled that is not certain to be a process of this target ([`identify`]), nor
//! anything that the signal would end ([`trace`]).
//!
//! [`identify`]: super::identify
//! [`trace`]: super::trace

use std::path::Path;
use std::time::Duration;

use super::identify::{Doubt, hold, hold_child, hold_horse, hold_worker, still_held};
use super::trace::{Traced, outlet, trace};
use super::{ProcessTree, find, rows};
use crate::backend::redis::read::Want;
use crate::bench::processes::{BenchProcess, Role};
use crate::codec::stack_dump::StackDump;
use crate::context::Context;
use crate::env;
use crate::error::{Failure, Kind, Result, failure_of};
use crate::model::job::Status;
use crate::model::worker::{Alive, Worker};
use crate::ops::change::approve::refuse_read_only;
use crate::ops::jobs::lookup;
use crate::ops::scope::Reach;
use crate::report::dump::{Dump, DumpReport, Duty, Turn};
use crate::report::workers::WorkerRow;
use crate::sanitize::shell_quote;
use crate::secrets::Secrets;
use crate::sys::pidfd::ProcessHandle;
use crate::sys::proc::{ProcTable, Title, is_python};
use crate::sys::signals::Interrupts;

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

/// What helps where no signal does.
struct Tools {
    py_spy: Option<String>,
    is_bench: bool,
    jobctl: String,
}

impl Tools {
    fn of(context: &Context) -> Self {
        let target = context.target().ok();
        let bench = target.and_then(|target| target.bench.as_ref());
        let own = bench.map(|bench| bench.root().join("env/bin/py-spy"));
        let found = env::read(env::PATH).and_then(|path| {
            let mut places = std::env::split_paths(&path).map(|folder| folder.join("py-spy"));
            places.find(|place| is_program(place))
        });
        let py_spy = own.filter(|place| is_program(place)).or(found);
        Self {
            py_spy: py_spy.map(|path| shell_quote(&path.to_string_lossy()).into_owned()),
            is_bench: bench.is_some(),
            jobctl: target.map_or_else(|| "jobctl".to_owned(), crate::target::Target::command),
        }
    }

    /// What to type for a process without a handler.
    fn instead_of_handler(&self, pid: u32) -> Vec<String> {
        let mut hints: Vec<String> = self
            .py_spy
            .iter()
            .map(|py_spy| {
                let sudo = if nix::unistd::geteuid().is_root() { "" } else { "sudo " };
                format!("{sudo}{py_spy} dump --pid {pid}")
            })
            .collect();
        hints.push(if self.is_bench {
            "Frappe 14 and newer set the handler when a process opens its first site; try again in a moment".to_owned()
        } else {
            "to have it next time: faulthandler.register(signal.SIGUSR1) in the worker's program"
                .to_owned()
        });
        hints
    }
}

fn is_program(path: &Path) -> bool {
    path.is_file() && nix::unistd::access(path, nix::unistd::AccessFlags::X_OK).is_ok()
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
                let other = pid.filter(|_| is_unknown);
                let found = other.and_then(|pid| self.other_process(context, reach, pid));
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
        if stored.job.status != Status::Started {
            let word = stored.job.status.word();
            let message = format!("cannot dump job `{id}`: it does not run, it is {word}");
            return Err(Failure::new(Kind::NotFound, message).into());
        }
        let workers = reach.inventory.workers();
        let silent: Vec<&Worker> =
            workers.iter().filter(|worker| worker.current_jobs.is_empty()).collect();
        let guessed = context.store()?.find_current_jobs(&silent)?;
        let runs = |worker: &&Worker| {
            worker.current_jobs.contains(&id) || guessed.get(&worker.name) == Some(&id)
        };
        let Some(worker) = workers.iter().find(runs) else {
            let message = format!("cannot dump job `{id}`: no worker says that it runs it");
            return Err(Failure::new(Kind::NotFound, message)
                .hint(format!("{} doctor", self.tools.jobctl))
                .into());
        };
        let row = row_of(context, reach, worker)?;
        let mut dump = self.worker(reach, worker, &row);
        if dump.turn == Turn::Refused {
            // Killed, it may have left its work horse behind, which goes on with the job.
            let left = self.horses_left(context, reach);
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

    /// A process of the target that no registration names: a pool, a scheduler, a work horse that
    /// lost its worker. `None` where the id means none of these.
    fn other_process(&self, context: &Context, reach: &Reach, pid: u32) -> Option<Dump> {
        let held = hold(pid).ok()?;
        let bench = context.target().ok()?.bench.as_ref();
        let duty = match bench {
            Some(bench) => {
                let processes = bench.processes(&self.table);
                let process = processes.ours.into_iter().find(|process| process.pid == pid)?;
                match process.role {
                    Role::Scheduler => Duty::Scheduler,
                    Role::Pool => Duty::Pool,
                    Role::Worker if self.is_left_behind(&process) => Duty::Horse,
                    Role::Worker => Duty::Worker,
                    Role::Horse => Duty::Horse,
                    // Web servers do something else on this signal.
                    Role::Web => return None,
                }
            }
            None => self.is_pool(reach, pid).then_some(Duty::Pool)?,
        };
        let held = still_held(held).ok()?;
        Some(self.take(Dump::of(Some(pid), duty), &held))
    }

    /// The work horses of the bench on this host whose worker is gone.
    fn horses_left(&self, context: &Context, reach: &Reach) -> Vec<u32> {
        let bench = context.target().ok().and_then(|target| target.bench.as_ref());
        let Some(bench) = bench else { return Vec::new() };
        let is_registered = |pid: u32| {
            reach.inventory.workers().iter().any(|worker| {
                let claimed = worker.identity.as_ref().and_then(|identity| identity.pid);
                claimed == Some(pid) && reach.liveness(worker).alive != Alive::No
            })
        };
        let processes = bench.processes(&self.table).ours;
        let left = processes.iter().filter(|process| {
            process.role == Role::Worker
                && self.is_left_behind(process)
                && !is_registered(process.pid)
        });
        left.map(|process| process.pid).collect()
    }

    /// Whether a process that looks like a worker is a work horse whose worker was killed: it has
    /// the worker's command line, leads a group of its own, and nobody looks after it.
    fn is_left_behind(&self, process: &BenchProcess) -> bool {
        let is_adopted = process.parent == 1
            || self.table.stat(process.parent).is_none_or(|parent| parent.name == "systemd");
        is_adopted
            && self.table.service(process.pid).is_none()
            && self.table.stat(process.pid).is_some_and(|stat| stat.leads_group())
    }

    /// Whether a process is a pool of this target: it started a worker that is certainly one.
    fn is_pool(&self, reach: &Reach, pid: u32) -> bool {
        let command = self.table.command_line(pid).unwrap_or_default();
        let is_named = command.iter().any(|argument| argument.contains("worker-pool"));
        is_named
            && reach.inventory.workers().iter().any(|worker| {
                let held = hold_worker(&self.table, reach, worker);
                let stat = held.ok().and_then(|held| self.table.stat(held.pid()));
                stat.is_some_and(|stat| stat.parent == pid)
            })
    }

    /// The id that a worker registered, and the id here of the one process in a container that has
    /// it there and may be the worker.
    fn in_container(&self, dump: &Dump) -> Option<(u32, u32)> {
        let inside = dump.worker_pid.or(dump.pid)?;
        let may_be = |outside: &u32| {
            let command = self.table.command_line(*outside).unwrap_or_default();
            let title = Title::of(&command);
            let named = dump.worker.as_deref().zip(title).map(|(name, title)| title.names(name));
            named.unwrap_or_else(|| is_python(&command))
        };
        let found = self.table.seen_from_outside(inside).into_iter().filter(may_be);
        match found.collect::<Vec<_>>().as_slice() {
            [outside] => Some((inside, *outside)),
            _ => None,
        }
    }

    /// A process that is not certain to be what it should be.
    fn doubtful(&self, mut dump: Dump, doubt: &Doubt, name: &str) -> Dump {
        (dump.turn, dump.reason) = (Turn::Refused, Some(doubt.reason()));
        if let (Doubt::Unproven(_), Some((inside, outside))) = (doubt, self.in_container(&dump)) {
            let container = self.table.container(outside);
            let (name, jobctl) = (shell_quote(name), &self.tools.jobctl);
            let (place, enter) = match container {
                Some((program, id)) => (format!(" `{id}`"), format!("{program} exec {id}")),
                None => (String::new(), format!("nsenter --target {outside} --pid --mount")),
            };
            dump.reason = Some(format!(
                "it runs in a container{place}: there it is process {inside}, here {outside}"
            ));
            dump.hints.push(format!("{enter} {jobctl} workers dump {name}"));
        }
        if let Doubt::Elsewhere(_) = doubt {
            let name = shell_quote(name);
            dump.hints.push(format!("on that host: {} workers dump {name}", self.tools.jobctl));
        }
        dump
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
