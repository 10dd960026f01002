//! Runs the script that fills the demo's queues, and waits for it.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::Duration;

use super::processes::Process;
use super::{WORKERS, layout, processes};
use crate::error::{Failure, Kind, Result};
use crate::sys::signals::Interrupts;

const SCRIPT: &str = include_str!("app/seed.py");
const LOG: &str = "logs/demo-seed.log";
const WORKER_LOG: &str = "logs/worker.error.log";

/// Rounds of waiting between two looks at all processes.
const CHECK_EVERY: u32 = 50;

/// Fills the queues; returns how many jobs there are in each state.
///
/// The script bounds its own waiting, a minute a step.
///
/// Errors: `Config` with the script's last words when it fails.
pub(super) fn run(
    bench: &Path,
    healthy: bool,
    processes: &[Process],
    interrupts: &Interrupts,
) -> Result<BTreeMap<String, u64>> {
    let log = OpenOptions::new().create(true).append(true).mode(0o600).open(bench.join(LOG))?;
    let mut child = processes::command(&bench.join(layout::INTERPRETER), bench)
        .args(["-c", SCRIPT, &WORKERS.len().to_string()])
        .arg(if healthy { "healthy" } else { "broken" })
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .map_err(|e| failed("its Python does not run").because(e))?;
    let ended = wait(&mut child, bench, processes, interrupts);
    if ended.is_err() {
        // Waited for, so that it does not write into what is about to be removed.
        let _ = child.kill();
        let _ = child.wait();
    }
    if ended? {
        let mut printed = String::new();
        if let Some(mut stdout) = child.stdout {
            stdout.read_to_string(&mut printed)?;
        }
        return serde_json::from_str(&printed)
            .map_err(|e| failed("it printed no counts").because(e).into());
    }
    let log = fs::read_to_string(bench.join(LOG)).unwrap_or_default();
    Err(failed(log.lines().last().unwrap_or("it said nothing")).into())
}

/// Whether the script ended well; its one line of output fits into the pipe.
///
/// Gives up when one of `processes` ends, for then the script would wait in vain.
fn wait(
    child: &mut Child,
    bench: &Path,
    processes: &[Process],
    interrupts: &Interrupts,
) -> Result<bool> {
    for round in 1_u32.. {
        interrupts.check()?;
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        if round.is_multiple_of(CHECK_EVERY) && !processes::all_alive(processes) {
            let log = fs::read_to_string(bench.join(WORKER_LOG)).unwrap_or_default();
            let last = log.lines().last().unwrap_or("its log says nothing");
            return Err(failed(&format!("a process of the demo ended: {last}")).into());
        }
        sleep(Duration::from_millis(20));
    }
    Ok(false)
}

fn failed(why: &str) -> Failure {
    Failure::new(Kind::Config, format!("cannot fill the demo's queues: {why}"))
        .hint("jobctl demo --python PATH    (a Python with rq==1.16.2 is known to work)")
}
