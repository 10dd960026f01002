//! Looks into files of histories without taking away the locks that `SQLite` holds on them.
//!
//! The system drops all locks that a process has on a file as soon as the process closes any
//! descriptor of it, and `SQLite` does not notice: another process would then remove the log that is
//! still being written. So what was opened here stays open as long as the file has a name.
//! Source: fcntl(2), "Advisory record locking"; `SQLite`, "How To Corrupt", 2.2.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use nix::fcntl::OFlag;

/// How much of a file is looked at: the header of `SQLite`.
const HEADER_BYTES: usize = 100;

static HELD: Mutex<Vec<Held>> = Mutex::new(Vec::new());

/// A file by what it is, not by its name.
struct Held {
    device: u64,
    inode: u64,
    file: File,
}

impl Held {
    /// `None` for what the system cannot describe: nothing could find it again.
    fn of(file: File) -> Option<Self> {
        let metadata = file.metadata().ok()?;
        Some(Self { device: metadata.dev(), inode: metadata.ino(), file })
    }

    fn is(&self, metadata: &Metadata) -> bool {
        (self.device, self.inode) == (metadata.dev(), metadata.ino())
    }

    /// Nobody else can open what has no name, so that its locks matter to nobody.
    fn has_name(&self) -> bool {
        self.file.metadata().is_ok_and(|metadata| metadata.nlink() > 0)
    }
}

/// The first bytes of the file at `path`, whose metadata were read just now; does not wait.
pub(super) fn beginning(path: &Path, metadata: &Metadata) -> io::Result<Vec<u8>> {
    let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
    held.retain(Held::has_name);
    if let Some(known) = held.iter().find(|known| known.is(metadata)) {
        return read(&known.file);
    }
    let mut options = OpenOptions::new();
    let file = options.read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path)?;
    let header = read(&file);
    // One that took the name in between may be known: a second descriptor of it stays open as well.
    held.extend(Held::of(file));
    header
}

/// Opens the file at `path`, or makes it, by `open`; once is enough, however often it is tried.
pub(super) fn ensure<E>(
    path: &Path,
    open: impl FnOnce() -> std::result::Result<File, E>,
) -> std::result::Result<(), E> {
    let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
    held.retain(Held::has_name);
    let is_held = path.symlink_metadata().is_ok_and(|there| held.iter().any(|one| one.is(&there)));
    if !is_held {
        held.extend(Held::of(open()?));
    }
    Ok(())
}

fn read(file: &File) -> io::Result<Vec<u8>> {
    let mut header = vec![0; HEADER_BYTES];
    let mut length = 0;
    while let Some(room) = header.get_mut(length..).filter(|room| !room.is_empty()) {
        match file.read_at(room, length as u64) {
            Ok(0) => break,
            Ok(more) => length += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    header.truncate(length);
    Ok(header)
}
