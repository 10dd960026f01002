//! The report of `workers dump`: where processes are in their code.

use serde::Serialize;

use super::{Block, Cell, Layout, Report, Role, View};
use crate::codec::stack_dump::{Stack, StackDump};
use crate::codec::traceback::{Frame, Origin};
use crate::error::Outcome;
use crate::human;
use crate::secrets::Secrets;

/// Where processes are in their code.
#[derive(Debug, Default, Serialize)]
pub struct DumpReport {
    /// Whether nothing was to be signalled.
    pub dry_run: bool,
    /// The processes.
    pub dumps: Vec<Dump>,
    /// The signal that ended it early.
    pub interrupted_by: Option<i32>,
    /// Said where there is no process.
    #[serde(skip)]
    pub when_empty: String,
    /// What must be known to read it rightly.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// One process.
#[derive(Debug, Clone, Serialize)]
pub struct Dump {
    /// Its id; absent where it is not known, or on another host.
    pub pid: Option<u32>,
    /// What it does.
    pub duty: Duty,
    /// The name of its worker.
    pub worker: Option<String>,
    /// The process id of its worker, where it is another.
    pub worker_pid: Option<u32>,
    /// Whether it is a work horse whose worker is gone.
    pub orphaned: bool,
    /// The host that the worker registered.
    pub hostname: Option<String>,
    /// The job that it runs.
    pub job: Option<String>,
    /// The job's method.
    pub method: Option<String>,
    /// The job's site.
    pub site: Option<String>,
    /// Seconds since the job was started.
    pub running_s: Option<f64>,
    /// Seconds that the job may run; absent for no limit.
    pub timeout_s: Option<i64>,
    /// What came of it.
    pub turn: Turn,
    /// Why there are no stacks.
    pub reason: Option<String>,
    /// What to do instead.
    pub hints: Vec<String>,
    /// Where the process's standard error goes.
    pub stderr: Option<String>,
    /// The call to look at first: the innermost of the application.
    pub stuck_in: Option<Call>,
    /// The stacks: that of the thread that got the signal first.
    pub stacks: Vec<ThreadStack>,
    /// What its worker is called in a table.
    #[serde(skip)]
    pub short_name: Option<String>,
}

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Duty {
    /// Takes jobs from queues.
    Worker,
    /// Runs a job for a worker.
    Horse,
    /// Starts workers.
    Pool,
    /// Enqueues due jobs.
    Scheduler,
    /// Was started by a worker for something else, such as RQ's own scheduler.
    Child,
}

/// What came of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// It would be signalled.
    Planned,
    /// It printed its stacks.
    Traced,
    /// It was signalled, and its stacks went where they cannot be read from here.
    Sent,
    /// It was signalled, and no stacks came in time.
    Silent,
    /// It was not signalled.
    Refused,
}

/// A call on a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Call {
    /// The function.
    pub function: String,
    /// The source file.
    pub file: String,
    /// The line in it; 0 where Python does not know it.
    pub line: u32,
    /// Whether it is the application's own code.
    pub is_application: bool,
}

/// The stack of one thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ThreadStack {
    /// What Python calls the thread.
    pub thread: String,
    /// Whether it got the signal.
    pub is_current: bool,
    /// Its calls, innermost first.
    pub calls: Vec<Call>,
    /// What stands in place of calls.
    pub remark: Option<String>,
}

impl Duty {
    /// In words.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Worker => "worker",
            Self::Horse => "work horse",
            Self::Pool => "worker pool",
            Self::Scheduler => "scheduler",
            Self::Child => "child",
        }
    }
}

impl Call {
    fn of(frame: &Frame<'_>, secrets: Secrets) -> Self {
        Self {
            function: secrets.text(frame.function).into_owned(),
            file: secrets.text(frame.file).into_owned(),
            line: frame.line,
            is_application: frame.origin() == Origin::Application,
        }
    }

    fn text(&self) -> String {
        let line = if self.line == 0 { "?".to_owned() } else { self.line.to_string() };
        format!("{} at {}:{line}", self.function, self.file)
    }
}

impl ThreadStack {
    fn of(stack: &Stack<'_>, secrets: Secrets) -> Self {
        Self {
            thread: secrets.text(stack.thread).into_owned(),
            is_current: stack.is_current,
            calls: stack.frames.iter().map(|frame| Call::of(frame, secrets)).collect(),
            remark: stack.remark.map(|remark| secrets.text(remark).into_owned()),
        }
    }
}

impl Dump {
    /// Takes over what a process printed.
    pub fn set_stacks(&mut self, dump: &StackDump<'_>, secrets: Secrets) {
        self.stuck_in = dump.application_frame().map(|frame| Call::of(frame, secrets));
        self.stacks = dump.stacks.iter().map(|stack| ThreadStack::of(stack, secrets)).collect();
    }

    /// Who it is: `pid 4711, work horse of worker 3f2a (pid 4700)`.
    fn who(&self) -> String {
        let mut who = self.pid.map_or_else(String::new, |pid| format!("pid {pid}, "));
        who.push_str(self.duty.word());
        match (&self.short_name, self.duty) {
            (Some(name), Duty::Worker) => who.push_str(&format!(" {name}")),
            (Some(name), _) => who.push_str(&format!(" of worker {name}")),
            (None, _) => {}
        }
        match &self.short_name {
            Some(_) if self.orphaned => who.push_str(", which is gone"),
            None if self.orphaned => who.push_str(" whose worker is gone"),
            _ => {}
        }
        if let Some(pid) = self.worker_pid {
            who.push_str(&format!(" (pid {pid})"));
        }
        who
    }

    fn running(&self) -> Option<String> {
        let limit = self.timeout_s.map_or("no limit".to_owned(), |s| human::age(s as f64));
        self.running_s.map(|ran| format!("{} of {limit}", human::age(ran)))
    }

    fn is_late(&self) -> bool {
        self.running_s.zip(self.timeout_s).is_some_and(|(ran, limit)| ran > limit as f64)
    }

    fn statement(&self) -> (Role, char, String) {
        let reason = self.reason.as_deref().unwrap_or("nobody knows why");
        match self.turn {
            Turn::Planned => (Role::Plain, '·', "would be signalled".to_owned()),
            Turn::Traced => {
                let role = if self.is_late() { Role::Bad } else { Role::Started };
                let call = self.stuck_in.as_ref().or_else(|| self.innermost());
                (role, '●', call.map_or_else(|| "runs no Python code".to_owned(), Call::text))
            }
            Turn::Sent => (Role::Warn, '!', format!("was signalled, but {reason}")),
            Turn::Silent => (Role::Warn, '!', format!("was signalled, but {reason}")),
            Turn::Refused => (Role::Bad, '✗', format!("was not signalled: {reason}")),
        }
    }

    fn innermost(&self) -> Option<&Call> {
        self.stacks.first()?.calls.first()
    }

    fn finding(&self) -> Block {
        let (role, mark, what) = self.statement();
        let mut evidence = vec![self.who()];
        evidence.extend(self.job.as_ref().map(|job| format!("job {job}")));
        evidence.extend(self.method.as_ref().map(|method| format!("method {method}")));
        Block::Finding {
            role,
            mark,
            what,
            aside: self.running(),
            evidence,
            fixes: self.hints.clone(),
        }
    }

    fn lay_out(&self, view: &mut View) {
        view.push(self.finding());
        for stack in &self.stacks {
            let mut lines = vec![stack.thread.clone()];
            let calls = stack.calls.iter();
            lines.extend(calls.map(|call| {
                let mark = if Some(call) == self.stuck_in.as_ref() { '→' } else { ' ' };
                format!("{mark} {}", call.text())
            }));
            lines.extend(stack.remark.iter().map(|remark| format!("  {remark}")));
            view.push(Block::Text(Cell::from(lines.join("\n"))));
        }
    }
}

impl DumpReport {
    /// How many processes came so far.
    fn count(&self, turn: Turn) -> usize {
        self.dumps.iter().filter(|dump| dump.turn == turn).count()
    }
}

impl Report for DumpReport {
    const SCHEMA: &'static str = "jobctl.dump/1";
    const ITEMS: Option<&'static str> = Some("dumps");
    const LAYOUT: Layout = Layout::Human;

    fn outcome(&self) -> Outcome {
        if let Some(signal) = self.interrupted_by {
            return Outcome::Interrupted { signal };
        }
        let answered = self.count(Turn::Planned) + self.count(Turn::Traced);
        match self.dumps.len() - answered {
            0 => Outcome::Done,
            missing if missing == self.count(Turn::Silent) => Outcome::TimedOut,
            _ => Outcome::No,
        }
    }

    fn view(&self, view: &mut View) {
        if self.dumps.is_empty() {
            view.push(Block::Text(Cell::from(self.when_empty.clone())));
        }
        for dump in &self.dumps {
            dump.lay_out(view);
        }
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}
