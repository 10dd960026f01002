//! Where the workers' output goes: where the supervisor's goes, there with a prefix, or into files.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::fcntl::{FcntlArg, OFlag, fcntl};

use crate::error::{Failure, Kind, Result};
use crate::sanitize::shell_quote;

/// A line that is longer is handed on in pieces.
const LONGEST_LINE: usize = 64 * 1024;

/// What is read of a log to tell why a worker ended.
const TAIL: u64 = 8 * 1024;

/// Where the workers' output goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum LogTo {
    /// Where the supervisor's own goes.
    #[default]
    Inherit,
    /// To standard output, each line behind the worker's name.
    Prefix,
    /// Into `NAME.log` and `NAME.error.log` of this directory.
    Dir(PathBuf),
}

impl LogTo {
    /// Connects a command that is to be started as `name`.
    ///
    /// Files are opened for appending, so that a rotation by copying and truncating leaves no hole,
    /// and anew at each start. Standard input is empty: a worker must not read a terminal.
    ///
    /// Errors: `CannotCreate` for a file that cannot be opened.
    pub(super) fn connect(&self, command: &mut Command, name: &str) -> Result<()> {
        command.stdin(Stdio::null());
        match self {
            Self::Inherit => {
                command.stdout(Stdio::inherit()).stderr(Stdio::inherit());
            }
            Self::Prefix => {
                command.stdout(Stdio::piped()).stderr(Stdio::piped());
            }
            Self::Dir(dir) => {
                command.stdout(append(&dir.join(format!("{name}.log")))?);
                command.stderr(append(&dir.join(format!("{name}.error.log")))?);
            }
        }
        Ok(())
    }

    /// Refuses a directory that is none before a worker is started.
    pub(super) fn check(&self) -> Result<()> {
        let Self::Dir(dir) = self else { return Ok(()) };
        if dir.is_dir() {
            return Ok(());
        }
        let message = format!("cannot write logs into `{}`: it is no directory", dir.display());
        Err(Failure::new(Kind::CannotCreate, message)
            .hint(format!("mkdir {}", shell_quote(&dir.to_string_lossy())))
            .into())
    }

    /// Refuses logs of a worker that cannot be written before any worker is started. Makes no file.
    pub(super) fn check_files(&self, name: &str) -> Result<()> {
        let Self::Dir(dir) = self else { return Ok(()) };
        for ending in ["log", "error.log"] {
            let path = dir.join(format!("{name}.{ending}"));
            if path.exists() {
                append(&path)?;
            }
        }
        Ok(())
    }

    /// The size of a worker's error log, so that what it writes is told from what stands there.
    pub(super) fn size(&self, name: &str) -> u64 {
        let Self::Dir(dir) = self else { return 0 };
        dir.join(format!("{name}.error.log")).metadata().map_or(0, |metadata| metadata.len())
    }

    /// The last line that a worker wrote to its error log, which had `began` bytes at its start; one
    /// that was truncated since is its own from the beginning.
    pub(super) fn last_words(&self, name: &str, began: u64) -> Option<String> {
        let Self::Dir(dir) = self else { return None };
        let path = dir.join(format!("{name}.error.log"));
        let size = path.metadata().ok()?.len();
        let own = if began <= size { began } else { 0 };
        let mut end = File::open(&path).ok()?;
        io::Seek::seek(&mut end, io::SeekFrom::Start(size.saturating_sub(TAIL).max(own))).ok()?;
        let mut bytes = Vec::new();
        end.take(TAIL).read_to_end(&mut bytes).ok()?;
        last_line(&bytes)
    }
}

fn append(path: &Path) -> Result<File> {
    // A named pipe without a reader is refused instead of waited for.
    let flags = OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let opened = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o640)
        .custom_flags(flags.bits())
        .open(path)
        .and_then(|file| {
            if file.metadata()?.is_file() {
                Ok(file)
            } else {
                Err(io::Error::new(ErrorKind::InvalidInput, "not a regular file"))
            }
        });
    opened.map_err(|error| {
        let message = format!("cannot open the worker's log `{}`: {error}", path.display());
        Failure::new(Kind::CannotCreate, message).into()
    })
}

/// The last line that says something.
fn last_line(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    text.lines().rev().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
}

/// One stream of a worker that is read line by line.
#[derive(Debug)]
pub(super) struct Pipe {
    /// The worker's name.
    pub(super) name: String,
    file: File,
    rest: Vec<u8>,
}

impl Pipe {
    /// The streams of a child that was connected with [`LogTo::Prefix`]; else none.
    pub(super) fn of(child: &mut Child, name: &str) -> Vec<Self> {
        let streams: [Option<OwnedFd>; 2] =
            [child.stdout.take().map(Into::into), child.stderr.take().map(Into::into)];
        let open = |fd: OwnedFd| {
            // A read that finds nothing must not stop the supervisor.
            let _ = fcntl(&fd, FcntlArg::F_SETFL(OFlag::O_NONBLOCK));
            Self { name: name.to_owned(), file: File::from(fd), rest: Vec::new() }
        };
        streams.into_iter().flatten().map(open).collect()
    }

    /// Gives each line that came to `take`; says whether more may come.
    pub(super) fn read(&mut self, mut take: impl FnMut(&str, &str)) -> bool {
        let mut bytes = [0; 16 * 1024];
        // Bounded, so that one loud worker does not keep the others waiting.
        for _ in 0..16 {
            match self.file.read(&mut bytes) {
                Ok(0) => {
                    self.flush(&mut take);
                    return false;
                }
                Ok(read) => self.rest.extend_from_slice(bytes.get(..read).unwrap_or_default()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => return false,
            }
            self.split(&mut take);
        }
        true
    }

    fn split(&mut self, take: &mut impl FnMut(&str, &str)) {
        let mut begin = 0;
        while let Some(rest) = self.rest.get(begin..) {
            let end = match memchr::memchr(b'\n', rest) {
                Some(end) => end,
                None if rest.len() >= LONGEST_LINE => LONGEST_LINE,
                None => break,
            };
            let line = String::from_utf8_lossy(rest.get(..end).unwrap_or_default()).into_owned();
            take(&self.name, line.trim_end_matches('\r'));
            begin += end + usize::from(rest.get(end) == Some(&b'\n'));
        }
        self.rest.drain(..begin);
    }

    fn flush(&mut self, take: &mut impl FnMut(&str, &str)) {
        if !self.rest.is_empty() {
            self.rest.push(b'\n');
            self.split(take);
        }
    }
}

impl AsFd for Pipe {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// The last line of a traceback or message, cut to fit a line.
pub(super) fn shortened(line: &str) -> String {
    const MOST: usize = 200;
    if line.chars().count() <= MOST {
        return line.to_owned();
    }
    let mut text: String = line.chars().take(MOST).collect();
    text.push('…');
    text
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn last_words_are_those_of_this_worker_and_not_of_one_before_it() {
        let dir = tempfile::tempdir().unwrap();
        let log = LogTo::Dir(dir.path().to_owned());
        assert_eq!((log.size("w-1"), log.last_words("w-1", 0)), (0, None));
        let path = dir.path().join("w-1.error.log");
        fs::write(&path, "no module named rq\n").unwrap();
        let began = log.size("w-1");
        assert_eq!(log.last_words("w-1", began), None, "it said nothing");
        fs::write(&path, "no module named rq\nkilled\n\n").unwrap();
        assert_eq!(log.last_words("w-1", began).as_deref(), Some("killed"));
        fs::write(&path, "rotated\n").unwrap();
        assert_eq!(log.last_words("w-1", began).as_deref(), Some("rotated"));
    }
}
