//! The throw-away bench: builds it, starts its processes, and ends it without a trace.
//!
//! Everything lives in one private directory, which is the bench itself, and runs as the current
//! user. `demo.json` in it is both the record of the processes and the mark that the directory is
//! ours to remove. This module never touches another bench, another Redis or a directory without
//! that mark. The Python below `app/` stands in for Frappe; what it leaves in Redis is written by
//! the RQ of the user's choice.

use std::path::{Path, PathBuf};

use crate::error::Result;

mod layout;
mod place;
mod proc_table;
mod processes;
mod python;
mod report;
mod seed;
mod server;
mod state;
#[cfg(test)]
mod tests;

pub use report::{DemoReport, DemoStatus};

use crate::sys::signals::{Interrupted, Interrupts};
use place::{Contents, Place};
use processes::{Launch, Process};
use python::Python;
use state::State;

/// The queues that the workers serve, one worker each.
///
/// As bench lays them out from Frappe 14.18 on (two groups), the first group twice: one worker is
/// busy with a long job, and the other keeps the short queues empty.
const WORKERS: [&str; 3] = ["short,default", "short,default", "long,default,short"];

/// How the demo is to be made.
#[derive(Debug, Clone, Default)]
pub struct DemoOptions {
    /// The bench's directory; must be absent, empty, or a demo.
    pub dir: Option<PathBuf>,
    /// The Python with RQ in it.
    pub python: Option<PathBuf>,
    /// Without the broken things.
    pub healthy: bool,
}

/// Builds and starts the demo, or reports the one that runs already.
///
/// Takes two to ten seconds. What is left of a demo that died is removed first. When it fails or
/// is interrupted, everything that it started is ended and removed again.
///
/// Errors: `Config` without redis-server, without a Python that has RQ, or for a directory that
/// cannot serve; `CannotCreate` for a directory that holds something else; `TryAgain` while another
/// jobctl works on it.
pub fn start(options: &DemoOptions) -> Result<DemoReport> {
    let dir = place::choose(options.dir.as_deref())?;
    let python = Python::find(options.python.as_deref())?;
    let redis_server = server::find_program()?;
    let mut place = Place::create(&dir)?;
    let mut notes = Vec::new();
    if let Contents::Demo(state) = place.contents()? {
        if state.is_running() {
            return Ok(DemoReport::running(&dir, &state, options.healthy));
        }
        end(place, &state)?;
        place = Place::create(&dir)?;
        notes.push("a demo that no longer ran was removed first".to_owned());
    }

    let interrupts = Interrupts::catch()?;
    let mut state = State::new(&dir, &python, options.healthy);
    let built = build(&mut state, &python, &redis_server, &interrupts);
    match built {
        Ok(()) => Ok(DemoReport::started(&dir, &state, notes)),
        Err(error) => {
            end(place, &state)?;
            match error.downcast_ref::<Interrupted>() {
                Some(Interrupted(signal)) => Ok(DemoReport::interrupted(&dir, *signal)),
                None => Err(error),
            }
        }
    }
}

/// Ends the demo and removes its directory; already gone is fine.
///
/// Works on a demo that is half started or whose processes died. Takes under a second, and some
/// eight seconds where a process ignores SIGTERM.
///
/// Errors: `Refused` for a directory that is no demo or not the user's own; `TryAgain` if a process
/// outlives SIGKILL (the directory then stays).
pub fn stop(dir: Option<&Path>) -> Result<DemoReport> {
    let dir = place::choose(dir)?;
    let Some(place) = Place::open(&dir)? else { return Ok(DemoReport::absent(&dir)) };
    match place.contents()? {
        Contents::Nothing => Ok(DemoReport::absent(&dir)),
        Contents::Demo(state) => {
            end(place, &state)?;
            Ok(DemoReport::stopped(&dir, &state))
        }
    }
}

/// Writes the bench, starts every process and fills Redis; `state` is on disk at every step.
fn build(
    state: &mut State,
    python: &Python,
    redis_server: &Path,
    interrupts: &Interrupts,
) -> Result<()> {
    state.write()?;
    let bench = state.bench.clone();
    layout::write(&bench, python, state.healthy)?;
    interrupts.check()?;

    let launch = |name: &str, log: &str, command: &[&str]| -> Result<Process> {
        Launch { python: &python.executable, bench: &bench, name, log, command }.start()
    };
    let config = bench.join(server::CONFIG);
    let (program, config) = (redis_server.to_string_lossy(), config.to_string_lossy());
    state.add(launch(server::PROCESS, "redis-queue", &[&program, &config])?)?;
    server::wait_until_ready(&bench, interrupts)?;

    let interpreter = bench.join(layout::INTERPRETER);
    let interpreter = interpreter.to_string_lossy();
    let bench_command = |arguments: &[&'static str]| {
        let mut command = vec![&*interpreter, "-m", "frappe.utils.bench_helper", "frappe"];
        command.extend(arguments);
        command
    };
    state.add(launch("schedule", "schedule", &bench_command(&["schedule"]))?)?;
    for queues in WORKERS {
        let command = bench_command(&["worker", "--queue", queues]);
        state.add(launch(&format!("worker {queues}"), "worker", &command)?)?;
    }
    state.jobs = seed::run(&bench, state.healthy, &state.processes, interrupts)?;
    state.ready = true;
    state.write()
}

/// Ends every process of the demo, the Redis last, and removes the directory.
fn end(place: Place, state: &State) -> Result<()> {
    let (redis, others): (Vec<_>, Vec<_>) =
        state.processes.iter().cloned().partition(|process| process.name == server::PROCESS);
    processes::end(&others, &state.bench, &redis)?;
    processes::end(&redis, &state.bench, &[])?;
    place.remove()
}
