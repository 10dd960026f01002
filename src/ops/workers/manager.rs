//! Who starts a worker's process again when it has ended: told by its ancestors, its environment
//! and its control group. What a process manager must be asked for is [`super::via`]'s and
//! [`super::comes_back`]'s.

use std::path::Path;

use crate::ops::workers::comes_back;
use crate::report::worker_stop::Manager;
use crate::sanitize::shell_quote;
use crate::sys::proc::{ProcTable, Service, Stat, is_python};

/// Generations that are looked back for `bench start`: the worker, a shell, honcho's process for
/// the line, honcho.
const GENERATIONS: usize = 4;

/// Who starts the process again.
pub(super) fn manager_of(table: &ProcTable, pid: u32) -> Manager {
    let Some(stat) = table.stat(pid) else { return Manager::Nobody };
    let parent = table.command_line(stat.parent).unwrap_or_default();
    if let Some(refills) = pool(&parent) {
        return Manager::Pool { pid: stat.parent, refills };
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

/// Programs with a command `worker-pool`: RQ's, bench's and this one.
const POOLS: [&str; 6] =
    ["rq", "rq.cli", "bench", "frappe.utils.bench_helper", "bench_helper.py", "jobctl"];

/// Whether a command line is a pool's, and then whether it starts others in the place of workers that
/// have ended: with `--burst` none does. Source: `rq/worker_pool.py`, `check_workers`.
fn pool(arguments: &[String]) -> Option<bool> {
    let at = arguments.iter().position(|argument| argument == "worker-pool")?;
    let (before, after) = arguments.split_at_checked(at)?;
    let programs = if is_python(arguments) { before } else { before.get(..1)? };
    let name = |word: &String| word.rsplit('/').next().map(str::to_owned);
    let is_pool = programs.iter().filter_map(name).any(|name| POOLS.contains(&name.as_str()));
    let is_burst = after.iter().any(|word| word == "--burst" || word == "-b");
    is_pool.then_some(!is_burst)
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
    /// The process of a pool of jobctl's own that starts its workers again.
    pub(super) fn own_pool(&self, table: &ProcTable) -> Option<u32> {
        let Self::Pool { pid, refills: true } = self else { return None };
        let line = table.command_line(*pid)?;
        (line.first()?.rsplit('/').next() == Some("jobctl")).then_some(*pid)
    }

    /// Why `workers stop` would not stop the worker for good, and what would.
    pub(super) fn against_stop(&self) -> Option<(String, Vec<String>)> {
        let hint = |hint: String| vec![hint];
        Some(match self {
            Self::Pool { pid, refills: true } => (
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
            Self::Pool { .. } | Self::Container | Self::Nobody => return None,
        })
    }

    /// Why the worker would not come back.
    pub(super) fn against_restart(&self, table: &ProcTable) -> Option<(String, Vec<String>)> {
        let why = match self {
            Self::Pool { refills: true, .. } => return None,
            Self::Pool { pid, .. } => {
                format!("its pool (pid {pid}) runs with --burst and starts none in its place")
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pool_is_told_by_its_program_and_command_and_refills_unless_it_is_a_burst() {
        for (line, expected) in [
            ("/v/bin/python /v/bin/rq worker-pool -n 2 default", Some(true)),
            ("/v/bin/python /v/bin/rq worker-pool -b default", Some(false)),
            ("env/bin/python -m frappe.utils.bench_helper frappe worker-pool", Some(true)),
            ("/usr/local/bin/jobctl --bench /b worker-pool -n 1", Some(true)),
            ("jobctl worker-pool --burst", Some(false)),
            ("/bin/sh ./my-worker-pool.sh", None),
            ("/bin/sh ./start.sh rq worker-pool", None),
            ("./worker-pool", None),
            ("worker-pool", None),
            ("/v/bin/python my.py worker-pool", None),
            ("jobctl worker", None),
            ("", None),
        ] {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            assert_eq!(pool(&words), expected, "{line}");
        }
    }
}
