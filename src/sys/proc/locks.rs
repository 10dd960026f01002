//! Who holds a `flock` on a file, seen without touching the lock.
//!
//! Trying to take a lock, even for a moment, can make its rightful owner give up. Reading
//! `/proc/locks` and `/proc/PID/fdinfo` cannot.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

use super::ProcTable;
use crate::sys::file;

/// The most descriptors that are looked at in one process.
const MAX_DESCRIPTORS: usize = 4096;

/// What makes a file the same file under any name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileId {
    /// The device, as `stat` gives it.
    pub device: u64,
    /// The inode.
    pub inode: u64,
}

impl From<&Metadata> for FileId {
    fn from(file: &Metadata) -> Self {
        Self { device: file.dev(), inode: file.ino() }
    }
}

impl FileId {
    /// Major and minor number. Source: the encoding of `makedev(3)` in glibc and musl.
    pub(super) fn device_numbers(self) -> (u64, u64) {
        let device = self.device;
        let major = ((device >> 8) & 0xfff) | ((device >> 32) & 0xffff_f000);
        let minor = (device & 0xff) | ((device >> 12) & 0xffff_ff00);
        (major, minor)
    }
}

/// One `flock` that somebody holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileLock {
    /// The process that took it, dead or alive; `None` where it is not visible from here.
    pub owner: Option<u32>,
    /// Major number of the file system's device.
    pub major: u64,
    /// Minor number of the file system's device.
    pub minor: u64,
    /// The inode of the file.
    pub inode: u64,
}

impl FileLock {
    /// Reads a line of `/proc/locks`; `None` for other kinds of locks, for those who wait for one,
    /// and for what is not understood.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split_ascii_whitespace().skip(1);
        // A waiter has `->` here.
        if fields.next()? != "FLOCK" {
            return None;
        }
        let mut fields = fields.skip(2);
        let owner = fields.next()?.parse().ok().filter(|&pid| pid != 0);
        let mut file = fields.next()?.split(':');
        let major = u64::from_str_radix(file.next()?, 16).ok()?;
        let minor = u64::from_str_radix(file.next()?, 16).ok()?;
        Some(Self { owner, major, minor, inode: file.next()?.parse().ok()? })
    }

    /// Whether device and inode both are the file's.
    pub fn is_on(&self, id: FileId) -> bool {
        self.inode == id.inode && (self.major, self.minor) == id.device_numbers()
    }
}

impl ProcTable {
    /// The `flock`s on a file, as the kernel's list names them.
    ///
    /// The owner may be dead: whoever inherited its descriptor keeps the lock. On overlay and
    /// btrfs file systems the list gives another device than `stat` does; there the inode decides,
    /// and the caller should confirm with [`ProcTable::flock_holders`].
    pub fn flocks_on(&self, id: FileId) -> Vec<FileLock> {
        let Ok((text, _)) = file::read_start(&self.root.join("locks"), 4 << 20) else {
            return Vec::new();
        };
        let text = String::from_utf8_lossy(&text);
        let same_inode: Vec<FileLock> =
            text.lines().filter_map(FileLock::parse).filter(|l| l.inode == id.inode).collect();
        let (exact, other): (Vec<_>, Vec<_>) =
            same_inode.into_iter().partition(|lock| lock.is_on(id));
        if exact.is_empty() { other } else { exact }
    }

    /// Those of `candidates` that hold a `flock` on the file through one of their descriptors,
    /// taken by themselves or inherited. Processes of other users are passed over.
    pub fn flock_holders(&self, candidates: &[u32], id: FileId) -> Vec<u32> {
        candidates.iter().copied().filter(|&pid| self.holds_flock(pid, id) == Some(true)).collect()
    }

    /// Whether one process holds a `flock` on the file; `None` if its descriptors cannot be seen.
    pub fn holds_flock(&self, pid: u32, id: FileId) -> Option<bool> {
        let descriptors = std::fs::read_dir(self.path(pid, "fd")).ok()?;
        Some(descriptors.flatten().take(MAX_DESCRIPTORS).any(|entry| {
            let same = entry.path().metadata().is_ok_and(|file| FileId::from(&file) == id);
            same && entry.file_name().to_str().is_some_and(|fd| self.has_flock(pid, fd))
        }))
    }

    fn has_flock(&self, pid: u32, descriptor: &str) -> bool {
        let Some(text) = self.read(pid, &format!("fdinfo/{descriptor}")) else { return false };
        String::from_utf8_lossy(&text)
            .lines()
            .filter_map(|line| line.strip_prefix("lock:"))
            .any(|line| FileLock::parse(line).is_some())
    }
}
