//! Becomes the bench's own scheduler process, unless one runs.
//!
//! From late v15 on the scheduler takes `config/scheduler_process`; a second one ends at once with
//! status 0, and its manager starts it again and again. Before, two of them enqueue everything
//! twice.

use std::os::unix::process::CommandExt;

use crate::bench::{Bench, SchedulerProcess};
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::human;
use crate::ops::change::approve::refuse_read_only;
use crate::ops::frappe_process;
use crate::ops::switch::places::bench_of;
use crate::sys::clock;
use crate::sys::proc::ProcTable;

/// Characters of a command line that are shown.
const SHOWN: usize = 120;

/// Replaces this process by the bench's scheduler; returns only where that fails.
///
/// Errors: `TryAgain` where a scheduler runs or its lock is held, `Refused` under read-only and as
/// root on somebody else's bench, `NotFound` without the bench's Python.
pub fn schedule(context: &mut Context) -> Result<()> {
    refuse_read_only(context, "start the scheduler")?;
    let bench = bench_of(context)?;
    let mut command =
        frappe_process::command(bench, &["schedule"], "start the scheduler", "schedule")?;
    if let Some(note) = refuse_second(bench)? {
        context.ui.note(&note);
    }
    let error = command.exec();
    Err(frappe_process::not_started(&command, &error))
}

/// Refuses where a scheduler runs; gives a note where that cannot be told.
fn refuse_second(bench: &Bench) -> Result<Option<String>> {
    let table = match ProcTable::live() {
        Ok(table) => table,
        Err(why) => return Ok(Some(format!("whether a scheduler runs cannot be seen: {why}"))),
    };
    let failure = match bench.scheduler(&table) {
        SchedulerProcess::Absent => return Ok(None),
        SchedulerProcess::CannotTell(why) => {
            return Ok(Some(format!("whether a scheduler runs cannot be told: {why}")));
        }
        SchedulerProcess::Running { pid, .. } => Failure::new(
            Kind::TryAgain,
            format!("the scheduler runs already: {}", describe(&table, pid)),
        )
        .hint(format!("end that one first: kill {pid}")),
        SchedulerProcess::HeldByOrphan { owner, holders } => {
            let owner =
                owner.map_or_else(String::new, |pid| format!(" of process {pid}, which is gone,"));
            let kept: Vec<String> = holders.iter().map(|pid| describe(&table, *pid)).collect();
            let kept = if kept.is_empty() {
                "a process of another user".to_owned()
            } else {
                kept.join(", ")
            };
            Failure::new(
                Kind::TryAgain,
                format!("the scheduler's lock config/scheduler_process{owner} is kept by {kept}"),
            )
            .hint("the lock is free when these jobs end")
        }
    };
    Err(failure.into())
}

/// Process id, command and since when.
fn describe(table: &ProcTable, pid: u32) -> String {
    let mut text = format!("process {pid}");
    if let Some(command) = table.command_line(pid) {
        let command: String = command.join(" ").chars().take(SHOWN).collect();
        text.push_str(&format!(" (`{command}`)"));
    }
    if let Some(started) = table.stat(pid).and_then(|stat| table.started_at(&stat)) {
        let age = clock::now().duration_since(started).as_secs_f64();
        text.push_str(&format!(", since {}", human::age(age)));
    }
    text
}
