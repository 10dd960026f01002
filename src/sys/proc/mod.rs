//! The processes of this machine, as `/proc` shows them.
//!
//! Owns every read of `/proc`. Processes vanish between two reads, belong to other users, and
//! carry whatever names they like: a read that does not work out is `None`, never an error and
//! never a panic. Where there is no `/proc` (macOS) the table cannot be opened, and says so.
//! Never signals, traces or locks anything.
//!
//! Source of the formats: proc(5).

mod locks;
mod memory;
mod rq;
mod stat;
mod status;
mod stream;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;

use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::sys::{clock, file};

pub use locks::{FileId, FileLock};
pub use memory::{Measure, Memory};
pub use rq::{PREAMBLE_BEGIN, Title, is_python, readable};
pub use stat::Stat;
pub use status::{Service, Status};
pub use stream::{Stream, Written};

/// The most that is read of one small file under `/proc`; command lines can be megabytes long.
const SMALL: u64 = 64 * 1024;

/// Kernel clock ticks per second in `/proc/PID/stat`: fixed for user space on every platform that
/// Rust's standard library supports.
const TICKS_PER_SECOND: u64 = 100;

/// Name of the first PID namespace. Source: `PROC_PID_INIT_INO` in Linux `include/linux/proc_ns.h`.
const HOST_PID_NAMESPACE: &str = "pid:[4026531836]";

/// Why processes cannot be looked at here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CannotSee(pub String);

impl std::fmt::Display for CannotSee {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What stands behind a process id that a worker left in Redis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkerProcess {
    /// A process that may well be a worker.
    Alive,
    /// No such process.
    Gone,
    /// The id was given to another program, whose command is this.
    Reused(String),
    /// The process table is hidden from this user.
    CannotTell,
}

/// The process table.
#[derive(Debug, Clone)]
pub struct ProcTable {
    root: PathBuf,
}

impl ProcTable {
    /// Opens this machine's process table.
    pub fn live() -> Result<Self, CannotSee> {
        Self::at(Path::new("/proc"))
    }

    /// Opens a process table under another directory.
    pub fn at(root: &Path) -> Result<Self, CannotSee> {
        if root.join("stat").is_file() {
            Ok(Self { root: root.to_path_buf() })
        } else {
            Err(CannotSee(format!("there is no process table at {}", root.display())))
        }
    }

    /// The ids of all processes that are visible, in no particular order.
    pub fn pids(&self) -> Vec<u32> {
        let Ok(entries) = std::fs::read_dir(&self.root) else { return Vec::new() };
        entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
    }

    /// What the kernel says about a process.
    pub fn stat(&self, pid: u32) -> Option<Stat> {
        Stat::parse(&self.read(pid, "stat")?)
    }

    /// The children of a process that has one thread which forks, in one read; `None` where the
    /// kernel does not keep a list of them. Source: proc(5), `CONFIG_PROC_CHILDREN`.
    pub fn children(&self, pid: u32) -> Option<Vec<u32>> {
        let text = self.read(pid, &format!("task/{pid}/children"))?;
        let text = String::from_utf8_lossy(&text);
        Some(text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect())
    }

    /// Whether a process runs; a zombie does not.
    pub fn is_alive(&self, pid: u32) -> bool {
        self.stat(pid).is_some_and(|stat| !stat.is_dead())
    }

    /// The arguments of a process, its program first; cut at 64 KiB.
    ///
    /// `None` for kernel threads and zombies, which have none. A process that changed its title
    /// has the title as its only argument.
    pub fn command_line(&self, pid: u32) -> Option<Vec<String>> {
        let bytes = self.read(pid, "cmdline")?;
        // Programs that overwrite their title leave a row of NULs behind it.
        let end = bytes.iter().rposition(|&byte| byte != 0)? + 1;
        let text = bytes.get(..end)?;
        Some(
            text.split(|&byte| byte == 0)
                .map(|a| String::from_utf8_lossy(a).into_owned())
                .collect(),
        )
    }

    /// The program that a process runs, free of links; `None` also for processes of other users.
    pub fn program(&self, pid: u32) -> Option<PathBuf> {
        std::fs::read_link(self.path(pid, "exe")).ok()
    }

    /// The working directory, free of links; `None` also for processes of other users.
    pub fn cwd(&self, pid: u32) -> Option<PathBuf> {
        let target = std::fs::read_link(self.path(pid, "cwd")).ok()?;
        // The kernel marks a directory that was removed meanwhile.
        let bytes = target.into_os_string().into_vec();
        let bytes = bytes.strip_suffix(b" (deleted)").map(<[u8]>::to_vec).unwrap_or(bytes);
        Some(PathBuf::from(OsString::from_vec(bytes)))
    }

    /// When a process started, to about a second.
    pub fn started_at(&self, stat: &Stat) -> Option<Timestamp> {
        let (text, _) = file::read_bounded(&self.root.join("stat"), 4 << 20).ok()?;
        let text = String::from_utf8_lossy(&text);
        let boot: i64 =
            text.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
        let since_boot = i64::try_from(stat.start_ticks / TICKS_PER_SECOND).ok()?;
        Timestamp::from_second(boot.checked_add(since_boot)?).ok()
    }

    /// When a process started, to a hundredth of a second; wrong by as much as the wall clock was set
    /// since.
    pub fn started_exactly(stat: &Stat) -> Option<Timestamp> {
        clock::instant_of_boot_clock(stat.start_ticks as f64 / TICKS_PER_SECOND as f64)
    }

    /// The parent of every visible process: one pass, to answer many questions from.
    pub fn parents(&self) -> HashMap<u32, u32> {
        self.pids()
            .into_iter()
            .filter_map(|pid| self.stat(pid).map(|stat| (pid, stat.parent)))
            .collect()
    }

    /// What the kernel says about `pid` and all its descendants by [`ProcTable::parents`], in no
    /// particular order; those that ended meanwhile are left out.
    pub fn tree(&self, pid: u32, parents: &HashMap<u32, u32>) -> Vec<Stat> {
        memory::tree(pid, parents).into_iter().filter_map(|pid| self.stat(pid)).collect()
    }

    /// Tells whether the process that a worker's record names still is that worker.
    ///
    /// Lenient, as a worker may be started from any script: only a program that is plainly not
    /// Python counts as another one. A caller that knows the worker's birth should also compare
    /// it with [`ProcTable::started_at`].
    pub fn worker_process(&self, pid: u32) -> WorkerProcess {
        let Some(stat) = self.stat(pid) else {
            return if self.sees_other_users() {
                WorkerProcess::Gone
            } else {
                WorkerProcess::CannotTell
            };
        };
        if stat.is_dead() {
            return WorkerProcess::Gone;
        }
        match self.command_line(pid) {
            Some(arguments) if may_be_worker(&arguments) => WorkerProcess::Alive,
            Some(arguments) => WorkerProcess::Reused(readable(&arguments)),
            None => WorkerProcess::Reused(stat.name),
        }
    }

    /// Whether processes of other users are shown (a mount with `hidepid` hides them).
    pub fn sees_other_users(&self) -> bool {
        self.stat(1).is_some()
    }

    /// Whether all processes of the machine are in sight: no container, nothing hidden.
    pub fn sees_whole_machine(&self) -> bool {
        let namespace = std::fs::read_link(self.root.join("self/ns/pid"));
        self.sees_other_users()
            && namespace.is_ok_and(|name| name.as_os_str() == HOST_PID_NAMESPACE)
    }

    /// Whether some visible process of another PID namespace has this id there.
    ///
    /// A container that shares the host's name registers its workers under such ids. Reads every
    /// process: for the few ids that nobody has here.
    pub fn is_inside_container(&self, pid: u32) -> bool {
        !self.seen_from_outside(pid).is_empty()
    }

    /// The ids here of the visible processes that have the id `inside` in a PID namespace of their
    /// own. Reads every process.
    pub fn seen_from_outside(&self, inside: u32) -> Vec<u32> {
        let inner = |outer: u32| {
            let status = self.read(outer, "status")?;
            let status = String::from_utf8_lossy(&status).into_owned();
            let ids = status.lines().find_map(|line| line.strip_prefix("NSpid:"))?;
            // From this namespace inwards; one id alone is that of a process of this namespace.
            ids.split_ascii_whitespace().skip(1).last()?.parse::<u32>().ok()
        };
        self.pids().into_iter().filter(|&outer| inner(outer) == Some(inside)).collect()
    }

    fn path(&self, pid: u32, file: &str) -> PathBuf {
        self.root.join(pid.to_string()).join(file)
    }

    fn read(&self, pid: u32, name: &str) -> Option<Vec<u8>> {
        file::read_start(&self.path(pid, name), SMALL).ok().map(|(bytes, _)| bytes)
    }
}

/// The name of the machine, as workers record it; `None` if it cannot be asked.
pub fn hostname() -> Option<String> {
    nix::unistd::gethostname().ok()?.into_string().ok()
}

fn may_be_worker(arguments: &[String]) -> bool {
    is_python(arguments)
        || Title::of(arguments).is_some()
        || arguments.iter().any(|argument| argument.contains("worker"))
}
