//! Becomes the bench's own scheduler process, unless one runs.
//!
//! Source: `bench schedule` replaces itself with `env/bin/python -m frappe.utils.bench_helper frappe
//! schedule` in `sites`. From late v15 on the scheduler takes `config/scheduler_process`; a second
//! one ends at once with status 0, and its manager starts it again and again. Before, two of them
//! enqueue everything twice.

use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::unistd::{Uid, User, geteuid};

use crate::bench::{Bench, SchedulerProcess};
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::human;
use crate::ops::change::approve::refuse_read_only;
use crate::ops::switch::places::bench_of;
use crate::render::sanitize::shell_quote;
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
    refuse_root(bench)?;
    if let Some(note) = refuse_second(bench)? {
        context.ui.note(&note);
    }
    let bench = bench_of(context)?;
    let python = bench.root().join("env/bin/python");
    if !python.exists() {
        let message = format!("cannot start the scheduler: there is no `{}`", python.display());
        return Err(Failure::new(Kind::NotFound, message)
            .hint("make the bench's environment: bench setup env")
            .into());
    }
    let mut command = Command::new(&python);
    command.args(["-m", "frappe.utils.bench_helper", "frappe", "schedule"]);
    command.current_dir(bench.root().join("sites"));
    let error = command.exec();
    let kind = match error.kind() {
        std::io::ErrorKind::NotFound => Kind::NotFound,
        std::io::ErrorKind::PermissionDenied => Kind::Refused,
        _ => Kind::Io,
    };
    Err(Failure::new(kind, format!("cannot start `{}`: {error}", python.display())).into())
}

/// What Frappe writes as root, its owner can no longer write. bench itself changes to the user
/// `frappe_user` of the common file, or refuses.
fn refuse_root(bench: &Bench) -> Result<()> {
    let Ok(sites) = bench.root().join("sites").metadata() else { return Ok(()) };
    if !geteuid().is_root() || sites.uid() == 0 {
        return Ok(());
    }
    let owner = User::from_uid(Uid::from_raw(sites.uid())).ok().flatten();
    let owner = owner.map_or_else(|| format!("#{}", sites.uid()), |user| user.name);
    let root = bench.root().to_string_lossy();
    Err(Failure::new(
        Kind::Refused,
        format!("will not run the scheduler as root: the bench belongs to `{owner}`"),
    )
    .hint(format!("sudo -u {} jobctl --bench {} schedule", shell_quote(&owner), shell_quote(&root)))
    .into())
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
