//! Starts the demo's processes, knows them again, and ends them with all their descendants.
//!
//! A pid alone is never signalled: a process counts as ours when its pid and start time are those
//! that were recorded, when it descends from such a one, or when it carries the demo's variable in
//! its environment (a work horse whose worker died).

use std::collections::HashSet;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use super::proc_table::{self, Running};
use crate::env;
use crate::error::{Failure, Kind, Result};

/// How long everything has to end after SIGTERM, and again after SIGKILL.
const GRACE: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(20);

const DETACH: &str = include_str!("app/detach.py");

/// A process that was started for the demo.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Process {
    /// What it is, such as `worker short,default`.
    pub(super) name: String,
    /// Its id.
    pub(super) pid: i32,
    /// When it was started, only good for comparing.
    started: String,
}

/// What is needed to start a process.
pub(super) struct Launch<'a> {
    /// The Python that puts it into a session of its own.
    pub(super) python: &'a Path,
    pub(super) bench: &'a Path,
    pub(super) name: &'a str,
    /// `logs/<log>.log` gets its standard output, `logs/<log>.error.log` its standard error.
    pub(super) log: &'a str,
    /// The program and its arguments.
    pub(super) command: &'a [&'a str],
}

impl Launch<'_> {
    /// Starts the process in the bench's `sites`, detached from this one and its terminal.
    pub(super) fn start(&self) -> Result<Process> {
        let failed = |why: String| {
            let message = format!("cannot start `{}` for the demo: {why}", self.name);
            Failure::new(Kind::Config, message)
        };
        let log = |kind: &str| self.bench.join("logs").join(format!("{}{kind}", self.log));
        let output = command(self.python, self.bench)
            .args(["-I", "-S", "-c", DETACH])
            .args([log(".log"), log(".error.log")])
            .args(self.command)
            .output()
            .map_err(|e| failed(format!("`{}` does not run", self.python.display())).because(e))?;
        let printed = String::from_utf8_lossy(&output.stdout);
        let pid = printed.trim().parse().map_err(|_| {
            let errors = String::from_utf8_lossy(&output.stderr);
            failed(errors.lines().last().unwrap_or("no process id came back").to_owned())
        })?;
        let table = proc_table::read();
        let running = table.iter().find(|running| running.pid == pid);
        let running = running.ok_or_else(|| failed("it ended at once".to_owned()))?;
        Ok(Process { name: self.name.to_owned(), pid, started: running.started.clone() })
    }
}

/// A command that runs `program` in the bench's `sites`, marked as the demo's.
pub(super) fn command(program: &Path, bench: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(bench.join("sites"))
        .env(env::JOBCTL_DEMO_DIR, bench)
        .env_remove(env::PYTHONPATH)
        .env_remove(env::PYTHONHOME);
    command
}

/// Whether every one of `processes` still runs.
pub(super) fn all_alive(processes: &[Process]) -> bool {
    let table = proc_table::read();
    processes.iter().all(|process| table.iter().any(|running| process.is(running)))
}

/// Ends `processes`, their descendants and whatever else was started for `bench`, but not `spared`.
///
/// SIGTERM first, also to work horses (RQ leaves it its default action there), then SIGKILL.
/// Returns as soon as all are gone.
///
/// Errors: `TryAgain` if some outlive SIGKILL, as in uninterruptible sleep.
pub(super) fn end(processes: &[Process], bench: &Path, spared: &[Process]) -> Result<()> {
    let mut variable = env::JOBCTL_DEMO_DIR.as_bytes().to_vec();
    variable.push(b'=');
    variable.extend(bench.as_os_str().as_encoded_bytes());
    let mut family = Family { known: processes.to_vec(), variable, spared };
    for signal in [Signal::SIGTERM, Signal::SIGKILL] {
        if family.end(signal) {
            return Ok(());
        }
    }
    let pids: Vec<String> =
        family.known.iter().map(|p| format!("{} ({})", p.pid, p.name)).collect();
    let message = format!("cannot end the demo in `{}`: SIGKILL had no effect", bench.display());
    Err(Failure::new(Kind::TryAgain, message)
        .hint(format!("still there: {}", pids.join(", ")))
        .hint("jobctl demo --stop")
        .into())
}

/// The processes that belong to a demo, kept up to date while they end.
struct Family<'a> {
    known: Vec<Process>,
    variable: Vec<u8>,
    spared: &'a [Process],
}

impl Family<'_> {
    /// Signals each member once, newcomers too; says whether all are gone in time.
    fn end(&mut self, signal: Signal) -> bool {
        let deadline = Instant::now() + GRACE;
        let mut signalled = HashSet::new();
        loop {
            self.refresh(&proc_table::read());
            if self.known.is_empty() {
                return true;
            }
            if Instant::now() > deadline {
                return false;
            }
            for process in &self.known {
                if signalled.insert(process.clone()) {
                    // Gone meanwhile, or not to be signalled: the next look at the table tells.
                    let _ = kill(Pid::from_raw(process.pid), signal);
                }
            }
            sleep(POLL);
        }
    }

    /// Drops what has ended; adds descendants and what carries the variable.
    fn refresh(&mut self, table: &[Running]) {
        let own = i32::try_from(std::process::id()).unwrap_or_default();
        self.known.retain(|process| table.iter().any(|running| process.is(running)));
        loop {
            let before = self.known.len();
            for running in table {
                let excluded = running.pid == own
                    || self.knows(running)
                    || self.spared.iter().any(|process| process.is(running));
                let is_child = self.known.iter().any(|process| process.pid == running.parent);
                if !excluded && (is_child || proc_table::carries(running.pid, &self.variable)) {
                    self.known.push(Process {
                        name: "descendant".to_owned(),
                        pid: running.pid,
                        started: running.started.clone(),
                    });
                }
            }
            if self.known.len() == before {
                return;
            }
        }
    }

    fn knows(&self, running: &Running) -> bool {
        self.known.iter().any(|process| process.is(running))
    }
}

impl Process {
    fn is(&self, running: &Running) -> bool {
        self.pid == running.pid && self.started == running.started
    }
}
