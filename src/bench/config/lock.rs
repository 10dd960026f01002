//! Frappe's lock on a configuration file: `site_config.lock`, taken by `flock`.
//!
//! Source: `filelock` in `frappe/utils/synchronization.py`, which uses the `filelock` package: it
//! opens the file with mode 0644, asks for the lock again and again, and in late releases removes
//! the file when it gives the lock back.

use std::fs::{File, Metadata};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag};

use super::edit::Waiting;
use crate::bench::inside::{Folder, cannot};
use crate::error::{Failure, Kind, Result};
use crate::human;
use crate::sys::proc::{FileId, ProcTable};

const NAME: &str = "site_config.lock";

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(10);

/// Characters of a command line that are shown.
const SHOWN: usize = 80;

/// Takes the lock in `folder`; `shown` is the file that it is for.
///
/// Errors: `TryAgain` with the name of the holder once the time is over.
pub(super) fn take(folder: &Folder, shown: &Path, waiting: Waiting<'_>) -> Result<Flock<File>> {
    let started = Instant::now();
    loop {
        let file = open(folder)?;
        let metadata = file.metadata()?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            // Whoever had it may have removed the file: a lock on it keeps nobody out.
            Ok(lock) if is_named(folder, &metadata) => return Ok(lock),
            Ok(_) | Err((_, Errno::EWOULDBLOCK | Errno::EINTR)) => {}
            Err((_, errno)) => {
                return Err(cannot("lock", &folder.path().join(NAME), errno).into());
            }
        }
        if let Some(interrupts) = waiting.interrupts {
            interrupts.check()?;
        }
        if started.elapsed() >= waiting.limit {
            return Err(held(&metadata, shown, waiting.limit).into());
        }
        std::thread::sleep(PAUSE);
    }
}

fn open(folder: &Folder) -> Result<File> {
    let name = Path::new(NAME);
    let path = folder.path().join(NAME);
    let wrong = |errno| cannot("open the lock", &path, errno);
    match folder.file(name, OFlag::O_RDWR, 0) {
        Err(Errno::ENOENT) => {}
        opened => return opened.map_err(|errno| wrong(errno).into()),
    }
    let made = folder.file(name, OFlag::O_RDWR | OFlag::O_CREAT, 0o644).map_err(wrong)?;
    folder.give(made.as_fd(), &path)?;
    Ok(made)
}

fn is_named(folder: &Folder, locked: &Metadata) -> bool {
    let named = folder
        .file(Path::new(NAME), OFlag::O_RDONLY, 0)
        .and_then(|file| file.metadata().map_err(|_| Errno::EIO));
    named.is_ok_and(|named| (named.dev(), named.ino()) == (locked.dev(), locked.ino()))
}

fn held(lock: &Metadata, shown: &Path, limit: Duration) -> Failure {
    let who = holder(lock).unwrap_or_else(|| "somebody who cannot be seen from here".to_owned());
    Failure::new(
        Kind::TryAgain,
        format!(
            "cannot change `{}`: its lock is held by {who}, for {} at least",
            shown.display(),
            human::age(limit.as_secs_f64())
        ),
    )
    .hint("try again when that has ended; --timeout sets how long to wait")
}

/// Who holds the lock, by the kernel's list: process id and command.
fn holder(lock: &Metadata) -> Option<String> {
    let table = ProcTable::live().ok()?;
    let pid = table.flocks_on(FileId::from(lock)).into_iter().find_map(|lock| lock.owner)?;
    let Some(command) = table.command_line(pid) else { return Some(format!("process {pid}")) };
    let command = command.join(" ");
    let shown: String = command.chars().take(SHOWN).collect();
    let more = if shown.len() < command.len() { "…" } else { "" };
    Some(format!("process {pid} (`{shown}{more}`)"))
}
