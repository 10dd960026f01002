//! Opening a history to write it: the file, the lock beside it, and what becomes of a damaged one.

use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use rusqlite::{Connection, OpenFlags};

use super::super::fault::{failure, is_damage};
use super::super::identity::{APPLICATION_ID, Content, content, foreign, has_our_tables};
use super::super::{Place, held, schema};
use crate::error::{Failure, Kind, Result};
use crate::sys::clock;
use crate::sys::proc::hostname;

/// The longest wait for a program that has the file locked.
pub(super) const BUSY: Duration = Duration::from_secs(5);

/// How often a lock is taken anew whose file went away meanwhile.
const TRIES: usize = 10;

/// The right to write a history, for as long as it lives: nobody else has it meanwhile.
#[derive(Debug)]
pub struct Claim {
    place: Place,
    lock: Flock<File>,
}

impl Claim {
    /// Takes the right, before anything is made but the file of the lock.
    ///
    /// Errors: `TryAgain` where another process has it, naming that; `Data` for a named file that is
    /// something else, which stays as it is; `CannotCreate` and `Io`.
    pub fn take(place: Place) -> Result<Self> {
        let content = content(place.path())?;
        if !place.is_own() && !may_write(&place, content) {
            return Err(foreign(&place).into());
        }
        let lock = lock(&place)?;
        Ok(Self { place, lock })
    }

    /// What it is a claim to.
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// Whether there is something to go on with.
    pub fn has_file(&self) -> bool {
        self.place.path().symlink_metadata().is_ok()
    }

    /// Whether it still keeps others out: it does not where somebody removed the file of its lock.
    pub(super) fn holds(&self) -> bool {
        is_at(&self.lock, &self.place.lock_path())
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // Where no history was made, nothing is left behind. Whoever waits for this lock finds out
        // that its file is gone.
        if !self.has_file() && self.holds() {
            let _ = std::fs::remove_file(self.place.lock_path());
        }
    }
}

/// What tells one file from another.
pub(super) type Identity = (u64, u64);

/// The file that stands at a path now.
pub(super) fn identity_at(path: &Path) -> Option<Identity> {
    path.symlink_metadata().ok().map(|file| (file.dev(), file.ino()))
}

fn is_at(file: &File, path: &Path) -> bool {
    let open = file.metadata().ok().map(|file| (file.dev(), file.ino()));
    open.is_some() && open == identity_at(path)
}

/// Whether a file that the operator named is a history, was one, or may become one.
fn may_write(place: &Place, content: Content) -> bool {
    match content {
        Content::Nothing | Content::Marked => true,
        Content::Foreign => false,
        Content::Unmarked => {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            Connection::open_with_flags(place.path(), flags)
                .is_ok_and(|connection| has_our_tables(&connection))
        }
    }
}

/// Opens the file and brings it up to date. The inner error: it is damaged.
pub(super) fn connect(place: &Place) -> Result<rusqlite::Result<Connection>> {
    held::ensure(place.path(), || place.open(place.path()))?;
    let cannot = |error: &rusqlite::Error| failure(error, "open", place.path());
    let open = || -> rusqlite::Result<(Connection, usize)> {
        // The folder may be reached through links, the file may not be one.
        let path = place.path();
        let name = path.file_name().unwrap_or_default();
        let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let folder = folder.unwrap_or_else(|| ".".as_ref());
        let real = std::fs::canonicalize(folder).map(|folder| folder.join(name));
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_NOFOLLOW
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(real.unwrap_or(path.to_owned()), flags)?;
        connection.busy_timeout(BUSY)?;
        let version = schema::version(&connection)?;
        if version <= schema::VERSION {
            let sql = "PRAGMA application_id";
            let id: i32 = connection.query_row(sql, [], |row| row.get(0))?;
            if id != APPLICATION_ID {
                // Before the log is begun: the header itself says it from then on.
                connection.pragma_update(None, "application_id", APPLICATION_ID)?;
            }
            connection.pragma_update(None, "journal_mode", "wal")?;
            // A lost machine may take the last looks with it, never a part of one.
            connection.pragma_update(None, "synchronous", "normal")?;
            connection.pragma_update(None, "journal_size_limit", 8 << 20)?;
            schema::migrate(&mut connection)?;
            // Meets a file that lost its tables or its end.
            connection.query_row("SELECT count(*) FROM facts", [], |_| Ok(()))?;
            connection.query_row("SELECT max(at) FROM samples", [], |_| Ok(()))?;
        }
        Ok((connection, version))
    };
    match open() {
        Ok((_, version)) if version > schema::VERSION => Err(newer(place).into()),
        Ok((connection, _)) => Ok(Ok(connection)),
        Err(error) if is_damage(&error) => Ok(Err(error)),
        Err(error) => Err(cannot(&error).into()),
    }
}

/// A file that a newer jobctl made.
pub(in crate::backend::history) fn newer(place: &Place) -> Failure {
    let message =
        format!("cannot use the history `{}`: a newer jobctl made it", place.path().display());
    Failure::new(Kind::Config, message).hint("update jobctl, or name another file with --file")
}

/// Keeps everybody else from writing; says in the lock's file who it is.
fn lock(place: &Place) -> Result<Flock<File>> {
    for _ in 0..TRIES {
        let lock = try_lock(place)?;
        if is_at(&lock, &place.lock_path()) {
            return Ok(lock);
        }
    }
    let message =
        format!("cannot lock `{}`: it is replaced again and again", place.lock_path().display());
    Err(Failure::new(Kind::TryAgain, message).into())
}

fn try_lock(place: &Place) -> Result<Flock<File>> {
    let path = place.lock_path();
    let file = place.open(&path)?;
    let mut lock = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Ok(lock) => lock,
        Err((mut file, Errno::EWOULDBLOCK)) => {
            let mut owner = String::new();
            let _ = (&mut file).take(200).read_to_string(&mut owner);
            let owner = if owner.trim().is_empty() { "another process" } else { owner.trim() };
            let message = format!(
                "cannot record into `{}`: {owner} records into it already",
                place.path().display()
            );
            return Err(Failure::new(Kind::TryAgain, message)
                .hint("one recorder is enough; end the other one, or name another file with --file")
                .into());
        }
        Err((_, errno)) => {
            let message = format!("cannot lock `{}`: {}", path.display(), errno.desc());
            return Err(Failure::new(Kind::Io, message).into());
        }
    };
    let who = format!(
        "process {} on {}",
        std::process::id(),
        hostname().unwrap_or_else(|| "this host".to_owned())
    );
    // Only words for others; on a full disk there are none.
    let _ =
        lock.set_len(0).and_then(|()| lock.rewind()).and_then(|()| lock.write_all(who.as_bytes()));
    Ok(lock)
}

/// Gives the file and what belongs to it another name, which says when that was.
pub(super) fn move_aside(place: &Place) -> Result<PathBuf> {
    let stamp = clock::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let aside = place.with_suffix(&format!(".damaged-{stamp}"));
    let rename = |from: PathBuf, to: PathBuf| match std::fs::rename(&from, to) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    let moved = rename(place.path().to_owned(), aside.clone()).and_then(|()| {
        ["-wal", "-shm"].iter().try_for_each(|suffix| {
            let mut to = aside.clone().into_os_string();
            to.push(suffix);
            rename(place.with_suffix(suffix), to.into())
        })
    });
    moved.map_err(|error| {
        let message =
            format!("cannot move the damaged history `{}` aside: {error}", place.path().display());
        Failure::new(Kind::Io, message)
    })?;
    Ok(aside)
}
