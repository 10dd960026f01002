//! Sets and removes single keys of the configuration files, as Frappe does and safer.
//!
//! As Frappe does: under its lock, read anew, everything else kept, in its format. Safer: the new
//! content is written beside the file and renamed over it, so that no reader meets half of it and
//! no crash leaves half of it; a file that cannot be understood is never written.
//!
//! Source: `update_site_config` in `frappe/installer.py`, `filelock` in
//! `frappe/utils/synchronization.py` (v13 to v17).

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{Flock, OFlag, renameat};
use nix::sys::stat::{Mode, fchmod};
use nix::unistd::{Gid, Uid, UnlinkatFlags, fchown, unlinkat};

use super::file::{MAX_SIZE, PAUSES_MS, SETTLED};
use super::lock;
use crate::bench::inside::{Folder, SAFE, cannot};
use crate::bench::{Bench, sites};
use crate::codec::Json;
use crate::error::{Failure, Kind, Result};
use crate::sys::signals::Interrupts;
use crate::sys::{clock, fault};

/// How often the file is read anew because somebody wrote it without the lock: the bench command
/// line does.
const ATTEMPTS: usize = 5;

/// One of the configuration files that may be written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ConfigName {
    /// The file of all sites.
    Common,
    /// The file of one site.
    Site(String),
}

impl ConfigName {
    /// Where it is, below the bench: also its name in journals.
    pub fn path(&self) -> String {
        match self {
            Self::Common => "sites/common_site_config.json".to_owned(),
            Self::Site(site) => format!("sites/{site}/site_config.json"),
        }
    }

    /// The file at a path below the bench; `None` for any other than these.
    pub fn of_path(path: &str) -> Option<Self> {
        if path == Self::Common.path() {
            return Some(Self::Common);
        }
        let site = path.strip_prefix("sites/")?.strip_suffix("/site_config.json")?;
        sites::is_plain_name(site).then(|| Self::Site(site.to_owned()))
    }
}

/// How long a lock is waited for.
#[derive(Clone, Copy)]
pub struct Waiting<'a> {
    /// The limit.
    pub limit: Duration,
    /// What ends the waiting early; `None` where what is done must be done to its end.
    pub interrupts: Option<&'a Interrupts>,
}

/// A configuration file, locked against Frappe and other jobctl until it is dropped.
pub struct ConfigEdit {
    shown: PathBuf,
    folder: Folder,
    name: OsString,
    read: Content,
    _lock: Flock<File>,
}

/// What a file held when it was read.
struct Content {
    bytes: Vec<u8>,
    values: BTreeMap<String, Json>,
    stamp: Stamp,
}

/// Tells one state of a file from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

impl Stamp {
    fn of(file: &Metadata) -> Self {
        let modified = (file.mtime(), file.mtime_nsec());
        Self { device: file.dev(), inode: file.ino(), size: file.size(), modified }
    }
}

impl Bench {
    /// Locks a configuration file and reads it.
    ///
    /// Waits for the lock no longer than `waiting` says (Frappe: 30 s). Errors: `NotFound` for a
    /// file that is not there, `TryAgain` naming who holds the lock, `Data` for what is no JSON
    /// object, `Config` for a link out of the bench, `Refused` without permission; `Interrupted`.
    pub fn edit_config(&self, name: &ConfigName, waiting: Waiting<'_>) -> Result<ConfigEdit> {
        let shown = PathBuf::from(name.path());
        let root = self.real_root();
        let (folder, file_name) = Folder::of_file(root, &self.root().join(&shown))?;
        let locks = match name {
            ConfigName::Common => Folder::open(root, &self.root().join("config"))?,
            ConfigName::Site(site) => {
                Folder::open(root, &self.root().join("sites").join(site))?.below("locks")?
            }
        };
        let lock = lock::take(&locks, &shown, waiting)?;
        let read = read(&folder, &file_name, &shown)?;
        Ok(ConfigEdit { shown, folder, name: file_name, read, _lock: lock })
    }

    /// Reads one key of a configuration file without locking it, for a plan.
    ///
    /// Errors: as [`Self::edit_config`], without those of the lock.
    pub fn peek_config(&self, name: &ConfigName, key: &str) -> Result<Option<Json>> {
        let shown = PathBuf::from(name.path());
        let (folder, file) = Folder::of_file(self.real_root(), &self.root().join(&shown))?;
        Ok(read(&folder, &file, &shown)?.values.remove(key))
    }
}

impl ConfigEdit {
    /// The value of a key; `None` where the file does not have it.
    pub fn get(&self, key: &str) -> Option<&Json> {
        self.read.values.get(key)
    }

    /// Sets a key, or removes it for `None`; durable when this returns.
    ///
    /// Owner and mode stay. Errors: `Refused` or `CannotCreate` where the folder cannot be written,
    /// `Io`, `TryAgain` where somebody without the lock changed the same key; the file is then as
    /// it was.
    pub fn set(&mut self, key: &str, value: Option<&Json>) -> Result<()> {
        for _ in 0..ATTEMPTS {
            let mut values = self.read.values.clone();
            match value {
                Some(value) => values.insert(key.to_owned(), value.clone()),
                None => values.remove(key),
            };
            let text = Json::Object(values.clone()).dump();
            if self.replace(&text)? {
                self.read.values = values;
                return Ok(());
            }
            let read = read(&self.folder, &self.name, &self.shown)?;
            if read.values.get(key) != self.read.values.get(key) {
                break;
            }
            self.read = read;
        }
        Err(Failure::new(
            Kind::TryAgain,
            format!(
                "cannot change `{key}` in `{}`: somebody else writes it without Frappe's lock",
                self.shown.display()
            ),
        )
        .into())
    }

    /// Puts `text` in the place of the content; false where the content is another by now.
    fn replace(&mut self, text: &str) -> Result<bool> {
        let old = self.open(OFlag::O_RDONLY).map_err(|errno| self.cannot_write(errno))?;
        let metadata = old.metadata()?;
        if Stamp::of(&metadata) != self.read.stamp {
            return Ok(false);
        }
        // A second name would keep the old content.
        let renamed = metadata.nlink() == 1 && self.rename_over(text, &metadata)?;
        if !renamed {
            self.write_in_place(text)?;
        }
        fault::point("config-written");
        let now = self.open(OFlag::O_RDONLY).map_err(|errno| self.cannot_write(errno))?;
        self.read.stamp = Stamp::of(&now.metadata()?);
        self.read.bytes = text.as_bytes().to_vec();
        Ok(true)
    }

    /// Writes a file beside and renames it; false where that would change the owner, or where the
    /// file is a mount point.
    fn rename_over(&self, text: &str, old: &Metadata) -> Result<bool> {
        let beside = self.beside();
        let mut file = self.create(&beside)?;
        let written = (|| {
            file.write_all(text.as_bytes())?;
            if (file.metadata()?.uid(), file.metadata()?.gid()) != (old.uid(), old.gid()) {
                fchown(&file, Some(Uid::from_raw(old.uid())), Some(Gid::from_raw(old.gid())))?;
            }
            #[allow(clippy::unnecessary_cast, reason = "the type differs between platforms")]
            let mode = Mode::from_bits_truncate((old.mode() & 0o7777) as nix::libc::mode_t);
            fchmod(&file, mode)?;
            file.sync_all()?;
            fault::point("config-beside");
            renameat(self.folder.fd(), &beside, self.folder.fd(), self.name.as_os_str())?;
            Ok(())
        })();
        let Err(error) = written else {
            // The new name has to survive a crash as well.
            let _ = nix::unistd::fsync(self.folder.fd());
            return Ok(true);
        };
        let error: io::Error = error;
        let _ = unlinkat(self.folder.fd(), &beside, UnlinkatFlags::NoRemoveDir);
        match errno_of(&error) {
            Errno::EPERM | Errno::EBUSY | Errno::EXDEV => Ok(false),
            errno => Err(self.cannot_write(errno).into()),
        }
    }

    /// The file beside: its name is always the same, so that crashes do not leave many.
    fn beside(&self) -> PathBuf {
        let mut name = OsString::from(".");
        name.push(&self.name);
        name.push(".jobctl");
        PathBuf::from(name)
    }

    fn create(&self, beside: &Path) -> Result<File> {
        let flags = OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_WRONLY;
        let made = match self.folder.file(beside, flags, 0o600) {
            // Left over by a crash: whoever holds the lock is the only one who makes it.
            Err(Errno::EEXIST) => {
                let _ = unlinkat(self.folder.fd(), beside, UnlinkatFlags::NoRemoveDir);
                self.folder.file(beside, flags, 0o600)
            }
            made => made,
        };
        made.map_err(|errno| {
            let shown = self.shown.display();
            let why = cannot("write beside", &self.shown, errno);
            let kind = if why.kind() == Kind::Refused { Kind::Refused } else { Kind::CannotCreate };
            Failure::new(
                kind,
                format!(
                    "cannot write `{shown}`: no file can be made in its folder: {}",
                    errno.desc().to_lowercase()
                ),
            )
            .hint("run jobctl as the user who owns the bench, on a file system that can be written")
            .into()
        })
    }

    /// Overwrites the file and only then cuts it, so that it is never empty; puts the old content
    /// back where that fails.
    fn write_in_place(&self, text: &str) -> Result<()> {
        let mut file = self.open(OFlag::O_WRONLY).map_err(|errno| self.cannot_write(errno))?;
        if let Err(error) = overwrite(&mut file, text.as_bytes()) {
            let _ = overwrite(&mut file, &self.read.bytes);
            return Err(self.cannot_write(errno_of(&error)).into());
        }
        Ok(())
    }

    fn open(&self, flags: OFlag) -> nix::Result<File> {
        self.folder.file(Path::new(&self.name), flags | SAFE, 0)
    }

    fn cannot_write(&self, errno: Errno) -> Failure {
        cannot("write", &self.shown, errno)
    }
}

fn overwrite(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start(0))?;
    file.write_all(bytes)?;
    file.set_len(bytes.len() as u64)?;
    file.sync_all()
}

fn errno_of(error: &io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)
}

/// Reads the file; one that is being written by somebody without the lock gets more tries.
fn read(folder: &Folder, name: &OsString, shown: &Path) -> Result<Content> {
    let mut pauses = PAUSES_MS.into_iter();
    loop {
        let file = folder.file(Path::new(name), OFlag::O_RDONLY, 0);
        let file = file.map_err(|errno| cannot("read", shown, errno))?;
        let metadata = file.metadata()?;
        let fault = |why: &str| {
            Failure::new(Kind::Data, format!("cannot use `{}`: {why}", shown.display()))
        };
        if !metadata.is_file() || metadata.len() > MAX_SIZE {
            return Err(fault("it is no file of a configuration's size").into());
        }
        let mut bytes = Vec::new();
        (&file)
            .take(MAX_SIZE)
            .read_to_end(&mut bytes)
            .map_err(|error| cannot("read", shown, errno_of(&error)))?;
        // Written meanwhile: the stamp would belong to other content.
        let stamp = Stamp::of(&metadata);
        let settled = file.metadata().is_ok_and(|after| Stamp::of(&after) == stamp);
        let wrong = match Json::parse(&bytes) {
            Ok(Json::Object(values)) if settled => return Ok(Content { bytes, values, stamp }),
            Ok(Json::Object(_)) => "it is being written all the time".to_owned(),
            Ok(_) => return Err(fault("it is JSON, but not an object").into()),
            Err(error) => format!("it is not valid JSON: {error}"),
        };
        let old = clock::age_of(&metadata) > SETTLED;
        let pause = pauses.next().filter(|_| !old);
        let Some(pause) = pause else {
            return Err(fault(&wrong).hint("repair the file by hand; nothing was written").into());
        };
        std::thread::sleep(Duration::from_millis(pause));
    }
}

#[cfg(test)]
mod tests;
