//! Who starts a worker's process again when it has ended: told by its ancestors, its environment
//! and its control group. What a process manager must be asked for is [`super::via`]'s and
//! [`super::comes_back`]'s.

use std::path::Path;

use crate::ops::workers::comes_back;
use crate::report::worker_stop::Manager;
use crate::sanitize::shell_quote;
use crate::sys::proc::{ProcTable, Service, Stat};

/// Generations that are looked back for `bench start`: the worker, a shell, honcho's process for
/// the line, honcho.
const GENERATIONS: usize = 4;

/// Who starts the process again.
pub(super) fn manager_of(table: &ProcTable, pid: u32) -> Manager {
    let Some(stat) = table.stat(pid) else { return Manager::Nobody };
    let parent = table.command_line(stat.parent).unwrap_or_default();
    if parent.iter().any(|argument| argument.contains("worker-pool")) {
        return Manager::Pool { pid: stat.parent };
    }
    if parent.iter().any(|argument| argument.ends_with("supervisord")) {
        return Manager::Supervisor { pid: stat.parent, program: supervised(table, pid) };
    }
    if let Some(pid) = honcho(table, &stat) {
        return Manager::BenchStart { pid };
    }
    let is_systemd = table.stat(stat.parent).is_some_and(|parent| parent.name == "systemd");
    if let Some(Service { unit, user }) = table.service(pid).filter(|_| is_systemd) {
        return Manager::Systemd { unit, user };
    }
    if pid == 1 || (stat.parent == 1 && !table.sees_whole_machine()) {
        return Manager::Container;
    }
    Manager::Nobody
}

/// The name by which `supervisorctl` knows a process. Source: supervisord.org, "Subprocess
/// Environment".
fn supervised(table: &ProcTable, pid: u32) -> Option<String> {
    let group = table.variable(pid, "SUPERVISOR_GROUP_NAME");
    let process = table.variable(pid, "SUPERVISOR_PROCESS_NAME")?;
    Some(group.map_or_else(|| process.clone(), |group| format!("{group}:{process}")))
}

fn honcho(table: &ProcTable, stat: &Stat) -> Option<u32> {
    let mut next = stat.parent;
    for _ in 0..GENERATIONS {
        let arguments = table.command_line(next)?;
        if arguments.iter().any(|argument| argument.rsplit('/').next() == Some("honcho")) {
            return Some(next);
        }
        next = table.stat(next)?.parent;
    }
    None
}

impl Manager {
    /// Why `workers stop` would not stop the worker for good, and what would.
    pub(super) fn against_stop(&self) -> Option<(String, Vec<String>)> {
        let hint = |hint: String| vec![hint];
        Some(match self {
            Self::Pool { pid } => (
                format!("its pool (pid {pid}) would start another in its place"),
                hint(format!(
                    "kill -TERM {pid}   # ends the pool with all its workers, each after its job"
                )),
            ),
            Self::Supervisor { program, .. } => (
                "supervisor would start it again; --via supervisor stops it there".to_owned(),
                program
                    .iter()
                    .map(|name| format!("supervisorctl stop {}", shell_quote(name)))
                    .collect(),
            ),
            Self::Systemd { unit, user } => (
                "systemd would start it again; --via systemd stops it there".to_owned(),
                hint(format!(
                    "systemctl {}stop {}",
                    if user.is_some() { "--user " } else { "" },
                    shell_quote(unit)
                )),
            ),
            Self::BenchStart { pid } => (
                format!(
                    "`bench start` (pid {pid}) ends the whole bench when one of its processes ends"
                ),
                Vec::new(),
            ),
            Self::Container | Self::Nobody => return None,
        })
    }

    /// Why the worker would not come back.
    pub(super) fn against_restart(&self, table: &ProcTable) -> Option<(String, Vec<String>)> {
        let why = match self {
            Self::Pool { .. } => return None,
            Self::Supervisor { .. } | Self::Systemd { .. } => {
                return comes_back::against(table, self, Path::new("systemctl"));
            }
            Self::BenchStart { pid } => {
                format!("`bench start` (pid {pid}) ends the whole bench when one of its processes ends")
            }
            Self::Container => {
                "it is its container's first process, and whether the container is started again cannot be seen from inside".to_owned()
            }
            Self::Nobody => "nothing would start it again: its parent is no process manager".to_owned(),
        };
        Some((why, Vec::new()))
    }
}
