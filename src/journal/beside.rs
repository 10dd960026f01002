//! Small files beside the folder of journals, under its rules: no link is followed, 0600, and of
//! the bench's owner.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag, openat, renameat};
use nix::sys::stat::Mode;
use nix::unistd::{UnlinkatFlags, unlinkat};

use super::dir::{JournalDir, SAFE, regular};
use crate::error::{Failure, Kind, Result};

impl JournalDir {
    /// Where a file beside the folder of journals is.
    pub fn path_beside(&self, name: &str) -> PathBuf {
        self.path().with_file_name(name)
    }

    /// A file beside the folder of journals, whose folder is made where it is missing: 0600, and of
    /// the bench's owner where root makes it.
    ///
    /// Errors: `CannotCreate`, `NotFound` and `Io`.
    pub fn open_beside(&self, name: &str, flags: OFlag) -> Result<File> {
        let folder = self.ensured(self.beside())?;
        self.open_at(&folder, name, flags)
    }

    /// Takes the lock that a file stands for, made where it is missing; `None` where another process
    /// holds it. It is given back when the value is dropped.
    pub fn lock_beside(&self, name: &str) -> Result<Option<Flock<File>>> {
        let folder = self.ensured(self.beside())?;
        let file = self.open_at(&folder, name, OFlag::O_CREAT | OFlag::O_RDWR)?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => Ok(Some(lock)),
            Err((_, Errno::EWOULDBLOCK)) => Ok(None),
            Err((_, errno)) => Err(self.cannot("lock", &self.path_beside(name), errno).into()),
        }
    }

    /// Reads a file of at most `limit` bytes; `None` where there is none.
    pub fn read_beside(&self, name: &str, limit: u64) -> Result<Option<Vec<u8>>> {
        let folder = self.ensured(self.beside())?;
        let path = self.path_beside(name);
        let file = match openat(&folder, name, OFlag::O_RDONLY | SAFE, Mode::empty()) {
            Err(Errno::ENOENT) => return Ok(None),
            opened => opened.map_err(|errno| self.cannot("open", &path, errno))?,
        };
        let mut bytes = Vec::new();
        let read = regular(File::from(file), &path)?.take(limit + 1).read_to_end(&mut bytes);
        let read = read.and_then(|read| {
            let fits = read as u64 <= limit;
            if fits { Ok(()) } else { Err(io::Error::from(io::ErrorKind::FileTooLarge)) }
        });
        read.map_err(|error| {
            Failure::new(Kind::Io, format!("cannot read `{}`", path.display())).because(error)
        })?;
        Ok(Some(bytes))
    }

    /// Replaces a file as a whole; its content is on disk when this returns.
    pub fn replace_beside(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let folder = self.ensured(self.beside())?;
        let draft = format!(".{name}.{}.tmp", std::process::id());
        // What a process of the same number left behind when it was killed.
        let _ = unlinkat(&folder, draft.as_str(), UnlinkatFlags::NoRemoveDir);
        let flags = OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_WRONLY;
        let mut file = self.open_at(&folder, &draft, flags)?;
        let path = self.path_beside(name);
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        let renamed = written
            .and_then(|()| Ok(renameat(&folder, draft.as_str(), &folder, name)?))
            .and_then(|()| File::from(folder.try_clone()?).sync_all());
        renamed.map_err(|error| {
            let _ = unlinkat(&folder, draft.as_str(), UnlinkatFlags::NoRemoveDir);
            Failure::new(Kind::Io, format!("cannot write `{}`", path.display()))
                .because(error)
                .into()
        })
    }

    /// Gives a file another name beside it, in place of what has that name.
    pub fn rename_beside(&self, name: &str, to: &str) -> Result<()> {
        let folder = self.ensured(self.beside())?;
        renameat(&folder, name, &folder, to)
            .map_err(|errno| self.cannot("rename", &self.path_beside(name), errno).into())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn file_beside_is_replaced_as_a_whole_and_read_back() {
        let bench = tempfile::tempdir().unwrap();
        std::fs::create_dir(bench.path().join("config")).unwrap();
        let dir = JournalDir::of(Some(bench.path())).unwrap();
        assert_eq!(dir.read_beside("a.json", 9).unwrap(), None);
        dir.replace_beside("a.json", b"one").unwrap();
        dir.replace_beside("a.json", b"two").unwrap();
        assert_eq!(dir.read_beside("a.json", 3).unwrap(), Some(b"two".to_vec()));
        assert!(dir.read_beside("a.json", 2).is_err());
        let path = dir.path_beside("a.json");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn file_beside_that_is_a_link_is_not_followed() {
        let bench = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(bench.path().join("config/jobctl")).unwrap();
        let precious = bench.path().join("precious");
        std::fs::write(&precious, "x").unwrap();
        let dir = JournalDir::of(Some(bench.path())).unwrap();
        symlink(&precious, dir.path_beside("a.json")).unwrap();
        symlink(&precious, dir.path_beside("a.lock")).unwrap();
        assert!(dir.read_beside("a.json", 9).is_err());
        assert!(dir.lock_beside("a.lock").is_err());
        dir.replace_beside("a.json", b"new").unwrap();
        assert_eq!(std::fs::read(&precious).unwrap(), b"x");
    }

    #[test]
    fn lock_beside_is_for_one() {
        let bench = tempfile::tempdir().unwrap();
        std::fs::create_dir(bench.path().join("config")).unwrap();
        let dir = JournalDir::of(Some(bench.path())).unwrap();
        let held = dir.lock_beside("a.lock").unwrap();
        assert!(held.is_some() && dir.lock_beside("a.lock").unwrap().is_none());
        drop(held);
        assert!(dir.lock_beside("a.lock").unwrap().is_some());
    }
}
