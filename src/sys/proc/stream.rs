//! Where the standard error of a process goes, and who reads what it writes into a pipe.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::{FileId, ProcTable};

/// The most descriptors that are looked at in one process.
const MAX_DESCRIPTORS: usize = 4096;

/// Where what a process writes goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stream {
    /// A file, by the name under which it was opened.
    File {
        /// The name; another file may have it by now.
        path: PathBuf,
        /// Whether no name is left.
        deleted: bool,
    },
    /// A pipe, named or not.
    Pipe(FileId),
    /// A socket; under systemd that of its journal.
    Socket,
    /// A terminal.
    Terminal(PathBuf),
    /// `/dev/null`: nobody sees it.
    Nowhere,
    /// Something else, by the kernel's name for it.
    Other(PathBuf),
}

/// A file that a process writes to, opened for reading.
#[derive(Debug)]
pub struct Written {
    /// What was opened.
    pub file: File,
    /// Its name when it was opened by the process.
    pub path: PathBuf,
    /// Where the process writes next.
    pub end: u64,
}

impl FileId {
    /// `null` is character device 1:3. Source: `Documentation/admin-guide/devices.txt` of Linux.
    fn is_null(file: &Metadata) -> bool {
        let device = Self { device: file.rdev(), inode: 0 };
        device.device_numbers() == (1, 3)
    }
}

impl ProcTable {
    /// Where a process's standard error goes.
    ///
    /// Errors: `PermissionDenied` for a process of another user, `NotFound` if it has none.
    pub fn stderr(&self, pid: u32) -> io::Result<Stream> {
        let link = self.path(pid, "fd/2");
        let name = std::fs::read_link(&link)?;
        let file = std::fs::metadata(&link)?;
        let kind = file.file_type();
        Ok(if file.is_file() {
            Stream::File { path: without_mark(&name), deleted: file.nlink() == 0 }
        } else if kind.is_fifo() {
            Stream::Pipe(FileId::from(&file))
        } else if kind.is_socket() {
            Stream::Socket
        } else if kind.is_char_device() && FileId::is_null(&file) {
            Stream::Nowhere
        } else if kind.is_char_device() {
            Stream::Terminal(name)
        } else {
            Stream::Other(name)
        })
    }

    /// Opens the file behind a process's standard error, also one that was deleted or replaced.
    pub fn open_stderr(&self, pid: u32) -> io::Result<Written> {
        self.open_written(pid, "2")
    }

    /// The files that the readers of a pipe write to: where a process manager logs what its
    /// programs print; also those behind a second pipe, where a supervisor of workers passes on
    /// what they print. Looks at the descriptors of every process that it may look at.
    pub fn files_behind(&self, pipe: FileId) -> Vec<Written> {
        let mut readers = self.readers_of(pipe);
        let printed: Vec<FileId> =
            readers.iter().flat_map(|&reader| self.printed_into(reader)).collect();
        for further in printed.into_iter().filter(|further| *further != pipe) {
            readers.extend(self.readers_of(further));
        }
        readers.sort_unstable();
        readers.dedup();
        readers.into_iter().flat_map(|reader| self.written_by(reader)).collect()
    }

    /// The pipes that are a process's standard output and error.
    fn printed_into(&self, pid: u32) -> Vec<FileId> {
        let pipe = |descriptor: &str| {
            let file = std::fs::metadata(self.path(pid, descriptor)).ok()?;
            file.file_type().is_fifo().then(|| FileId::from(&file))
        };
        ["fd/1", "fd/2"].into_iter().filter_map(pipe).collect()
    }

    /// The ids of the processes that read a pipe.
    pub fn readers_of(&self, pipe: FileId) -> Vec<u32> {
        self.pids().into_iter().filter(|&pid| self.reads(pid, pipe)).collect()
    }

    fn written_by(&self, pid: u32) -> Vec<Written> {
        let files = self.descriptors(pid).into_iter().filter(|(descriptor, file)| {
            file.is_file() && self.mode(pid, descriptor).is_some_and(|mode| mode & 3 != 0)
        });
        files.filter_map(|(descriptor, _)| self.open_written(pid, &descriptor).ok()).collect()
    }

    fn reads(&self, pid: u32, pipe: FileId) -> bool {
        self.descriptors(pid).into_iter().any(|(descriptor, file)| {
            FileId::from(&file) == pipe
                && self.mode(pid, &descriptor).is_some_and(|mode| mode & 3 != 1)
        })
    }

    fn descriptors(&self, pid: u32) -> Vec<(String, Metadata)> {
        let Ok(entries) = std::fs::read_dir(self.path(pid, "fd")) else { return Vec::new() };
        let entries = entries.flatten().take(MAX_DESCRIPTORS);
        entries
            .filter_map(|entry| {
                let name = entry.file_name().into_string().ok()?;
                Some((name, std::fs::metadata(entry.path()).ok()?))
            })
            .collect()
    }

    fn open_written(&self, pid: u32, descriptor: &str) -> io::Result<Written> {
        let link = self.path(pid, &format!("fd/{descriptor}"));
        let path = without_mark(&std::fs::read_link(&link)?);
        let file = File::open(&link)?;
        let appends = self
            .mode(pid, descriptor)
            .is_some_and(|mode| mode & nix::libc::O_APPEND.cast_unsigned() != 0);
        let end = match self.position(pid, descriptor) {
            Some(position) if !appends => position,
            _ => file.metadata()?.len(),
        };
        Ok(Written { file, path, end })
    }

    /// How a descriptor was opened: the flags of open(2).
    fn mode(&self, pid: u32, descriptor: &str) -> Option<u32> {
        u32::from_str_radix(&self.descriptor_field(pid, descriptor, "flags:")?, 8).ok()
    }

    fn position(&self, pid: u32, descriptor: &str) -> Option<u64> {
        self.descriptor_field(pid, descriptor, "pos:")?.parse().ok()
    }

    fn descriptor_field(&self, pid: u32, descriptor: &str, label: &str) -> Option<String> {
        let text = self.read(pid, &format!("fdinfo/{descriptor}"))?;
        let text = String::from_utf8_lossy(&text);
        Some(text.lines().find_map(|line| line.strip_prefix(label))?.trim().to_owned())
    }
}

/// The kernel adds a mark to the name of a file that was removed.
fn without_mark(name: &Path) -> PathBuf {
    name.to_str()
        .and_then(|name| name.strip_suffix(" (deleted)"))
        .map_or_else(|| name.to_owned(), PathBuf::from)
}
