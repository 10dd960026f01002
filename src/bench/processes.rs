//! Which processes of this machine belong to the bench, and whether its scheduler runs.
//!
//! Concludes from what `sys::proc` shows; signals nothing and takes no lock.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::sys::proc::{FileId, FileLock, ProcTable, Title, readable};

/// What a process of a bench does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Enqueues due jobs.
    Scheduler,
    /// Takes jobs from queues.
    Worker,
    /// Starts workers and watches them.
    Pool,
    /// Runs one job for a worker (RQ's word: work horse).
    Horse,
    /// Answers web requests.
    Web,
}

/// A process that a bench started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BenchProcess {
    /// The process id.
    pub pid: u32,
    /// The parent's process id; 0 if it was gone already.
    pub parent: u32,
    /// What it does.
    pub role: Role,
    /// Its command line or title, as it stands there.
    pub command: String,
}

/// The processes of one bench.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BenchProcesses {
    /// Those that certainly are the bench's, sorted by process id.
    pub ours: Vec<BenchProcess>,
    /// Those of other users, which do not show to which bench they belong.
    pub unattributed: Vec<BenchProcess>,
}

/// Whether the scheduler runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SchedulerProcess {
    /// It does.
    Running {
        /// Its process; with a worker pool, that of an ordinary worker.
        pid: u32,
        /// How that was found out.
        seen_by: SeenBy,
    },
    /// The process that took the lock is gone, but children that inherited the descriptor keep it:
    /// nothing is scheduled, and no scheduler can start until they end.
    HeldByOrphan {
        /// The process that took the lock, where its id is known.
        owner: Option<u32>,
        /// Those who keep it now; empty where they belong to another user.
        holders: Vec<u32>,
    },
    /// No such process.
    Absent,
    /// It cannot be told, and why.
    CannotTell(String),
}

/// How a scheduler was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeenBy {
    /// It holds the lock on `config/scheduler_process`.
    Lock,
    /// Its command line says so.
    CommandLine,
}

impl BenchProcesses {
    /// Looks through all processes: one small read for each, three more for those that matter.
    pub(super) fn scan(table: &ProcTable, root: &Path, real_root: &Path) -> Self {
        let mut pids = table.pids();
        pids.sort_unstable();
        let candidates: HashMap<u32, (Command, Vec<String>, u32)> = pids
            .iter()
            .filter_map(|&pid| {
                let arguments = table.command_line(pid)?;
                let command = Command::of(&arguments)?;
                let parent = table.stat(pid).map_or(0, |stat| stat.parent);
                Some((pid, (command, arguments, parent)))
            })
            .collect();
        let places = Places::of(root, real_root);
        let mut found = Self::default();
        for pid in pids {
            let Some((command, arguments, parent)) = candidates.get(&pid) else { continue };
            let role = command.role(depth(*parent, &candidates));
            let process = BenchProcess { pid, parent: *parent, role, command: readable(arguments) };
            match places.own(arguments, table.cwd(pid).as_deref()) {
                Some(true) => found.ours.push(process),
                Some(false) => {}
                None => found.unattributed.push(process),
            }
        }
        found
    }

    /// Those of one role.
    pub fn with_role(&self, role: Role) -> impl Iterator<Item = &BenchProcess> {
        self.ours.iter().filter(move |process| process.role == role)
    }
}

/// How many ancestors of a process, its parent first, are workers or pools too.
fn depth(parent: u32, candidates: &HashMap<u32, (Command, Vec<String>, u32)>) -> Depth {
    let mut depth = Depth::default();
    let mut next = parent;
    // A worker has two such ancestors at most; the bound is for a table that changes meanwhile.
    for _ in 0..4 {
        let Some((command, _, parent)) = candidates.get(&next) else { break };
        if !matches!(command, Command::Worker | Command::Pool | Command::Title) {
            break;
        }
        depth.ancestors += 1;
        depth.under_pool |= *command == Command::Pool;
        next = *parent;
    }
    depth
}

#[derive(Debug, Clone, Copy, Default)]
struct Depth {
    ancestors: usize,
    under_pool: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Command {
    Schedule,
    Worker,
    Pool,
    Web,
    /// A title that RQ set in place of the command line.
    Title,
}

impl Command {
    /// What a command line starts. Source: bench replaces itself with
    /// `python -m frappe.utils.bench_helper frappe … SUBCOMMAND …`.
    fn of(arguments: &[String]) -> Option<Self> {
        if Title::of(arguments).is_some() {
            return Some(Self::Title);
        }
        if arguments.iter().any(|argument| argument == "frappe.app:application") {
            return Some(Self::Web);
        }
        let helper = |argument: &String| {
            argument == "frappe.utils.bench_helper" || argument.ends_with("/bench_helper.py")
        };
        let mut rest = arguments.iter().skip_while(|argument| !helper(argument)).skip(1);
        // Options and their values stand between the group's name and the subcommand.
        rest.find_map(|argument| match argument.as_str() {
            "schedule" => Some(Self::Schedule),
            "worker" => Some(Self::Worker),
            "worker-pool" => Some(Self::Pool),
            "serve" => Some(Self::Web),
            _ => None,
        })
    }

    /// Forked children keep their parent's command line, so the ancestors decide what they are.
    fn role(self, depth: Depth) -> Role {
        match self {
            Self::Schedule => Role::Scheduler,
            Self::Web => Role::Web,
            Self::Pool if depth.ancestors == 0 => Role::Pool,
            Self::Worker | Self::Pool | Self::Title => {
                let own_parents = usize::from(depth.under_pool);
                if depth.ancestors > own_parents { Role::Horse } else { Role::Worker }
            }
        }
    }
}

/// The paths by which a process shows that it belongs to the bench.
struct Places {
    roots: Vec<PathBuf>,
    real: Vec<PathBuf>,
}

impl Places {
    fn of(root: &Path, real_root: &Path) -> Self {
        let mut real = vec![real_root.to_path_buf()];
        // In containers `sites` often is a volume that is linked in.
        real.extend(std::fs::canonicalize(root.join("sites")));
        Self { roots: vec![root.to_path_buf(), real_root.to_path_buf()], real }
    }

    /// Whether a process belongs here; `None` where it shows neither yes nor no.
    fn own(&self, arguments: &[String], cwd: Option<&Path>) -> Option<bool> {
        let program = arguments.first().map(Path::new);
        let environment = program
            .filter(|path| path.is_absolute() && path.parent().is_some_and(|d| d.ends_with("bin")));
        if let Some(path) = environment
            && self.roots.iter().any(|root| path.starts_with(root))
        {
            return Some(true);
        }
        if let Some(cwd) = cwd {
            return Some(self.real.iter().any(|root| cwd.starts_with(root)));
        }
        // The interpreter of another bench's environment is a no; `/usr/bin/python3` is not.
        environment
            .filter(|path| path.components().any(|part| part.as_os_str() == "env"))
            .map(|_| false)
    }
}

/// Finds out whether the scheduler runs: by its lock, then by its command line.
///
/// Where a version takes no lock, or `config` is not shared between containers, the lock says
/// nothing, so its absence alone is no verdict.
pub(super) fn scheduler(table: &ProcTable, root: &Path, real_root: &Path) -> SchedulerProcess {
    let lock = std::fs::metadata(root.join("config/scheduler_process"));
    let id = lock.ok().map(|file| FileId::from(&file));
    if let Some(verdict) = id.and_then(|id| by_listed_lock(table, id)) {
        return verdict;
    }
    let found = BenchProcesses::scan(table, root, real_root);
    if let Some(verdict) = id.and_then(|id| by_inherited_lock(table, id, &found)) {
        return verdict;
    }
    by_command_line(table, &found)
}

/// The kernel's list names the process that took the lock, also when that is dead.
fn by_listed_lock(table: &ProcTable, id: FileId) -> Option<SchedulerProcess> {
    let locks = table.flocks_on(id);
    let owner = locks.iter().find_map(|lock| lock.owner);
    if let Some(pid) = owner.filter(|&pid| table.is_alive(pid)) {
        match table.holds_flock(pid, id) {
            Some(true) => return Some(SchedulerProcess::Running { pid, seen_by: SeenBy::Lock }),
            // Another user's descriptors are hidden. Where only the inode matched, it may be
            // another file's lock, so only an exact match is believed.
            None if is_exact(&locks, id) => {
                return Some(SchedulerProcess::Running { pid, seen_by: SeenBy::Lock });
            }
            // The dead owner's process id was given out again.
            Some(false) | None => {}
        }
    }
    if locks.is_empty() {
        return None;
    }
    let holders = table.flock_holders(&table.pids(), id);
    let certain = !holders.is_empty() || is_exact(&locks, id);
    certain.then_some(SchedulerProcess::HeldByOrphan { owner, holders })
}

fn is_exact(locks: &[FileLock], id: FileId) -> bool {
    locks.iter().any(|lock| lock.is_on(id))
}

/// In a container the list leaves out locks whose owner is not visible; descriptors still show
/// them.
fn by_inherited_lock(
    table: &ProcTable,
    id: FileId,
    found: &BenchProcesses,
) -> Option<SchedulerProcess> {
    let pids: Vec<u32> = found.ours.iter().map(|process| process.pid).collect();
    let holders = table.flock_holders(&pids, id);
    // Of the workers only those of a pool take the lock; a lone one is a horse that lost its pool.
    let in_pool = |process: &BenchProcess| {
        process.role == Role::Worker
            && found.with_role(Role::Pool).any(|pool| pool.pid == process.parent)
    };
    let taker = found.ours.iter().find(|process| {
        holders.contains(&process.pid) && (process.role == Role::Scheduler || in_pool(process))
    });
    match taker {
        Some(process) => {
            Some(SchedulerProcess::Running { pid: process.pid, seen_by: SeenBy::Lock })
        }
        None if holders.is_empty() => None,
        None => Some(SchedulerProcess::HeldByOrphan { owner: None, holders }),
    }
}

fn by_command_line(table: &ProcTable, found: &BenchProcesses) -> SchedulerProcess {
    if let Some(process) = found.with_role(Role::Scheduler).next() {
        return SchedulerProcess::Running { pid: process.pid, seen_by: SeenBy::CommandLine };
    }
    if let Some(other) = found.unattributed.iter().find(|p| p.role == Role::Scheduler) {
        return SchedulerProcess::CannotTell(format!(
            "process {} is a scheduler of another user, of this bench or of another",
            other.pid
        ));
    }
    if !table.sees_other_users() {
        return SchedulerProcess::CannotTell("processes of other users are hidden".to_owned());
    }
    // Several roles side by side mean that this container holds the whole bench.
    let runs_all = found.with_role(Role::Web).next().is_some()
        && found.ours.iter().any(|process| process.role != Role::Web);
    if table.sees_whole_machine() || runs_all {
        SchedulerProcess::Absent
    } else {
        SchedulerProcess::CannotTell(
            "this is a container, and the scheduler may run in another one".to_owned(),
        )
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;
