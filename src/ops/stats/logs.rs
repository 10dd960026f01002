//! Finds and opens monitor logs. Plain files are read at any place, everything else in order.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::libc::O_NONBLOCK;

use super::Read as WhatWasRead;
use crate::error::{Failure, Kind, Result};
use crate::stats::scan::Log;

/// The log's name below the bench; rotation appends to it.
const MONITOR_LOG: &str = "monitor.json.log";
/// Stands for standard input.
const STDIN: &str = "-";

/// What a file of gzip begins with. Source: RFC 1952, 2.3.1.
const GZIP: &[u8] = &[0x1f, 0x8b];
/// What other compressed files begin with, and what unpacks them.
const OTHER_PACKED: [(&[u8], &str); 3] =
    [(b"BZh", "bzcat"), (b"\xfd7zXZ", "xzcat"), (b"\x28\xb5\x2f\xfd", "zstdcat")];

/// A log, or why it cannot be read.
pub(super) struct Opened {
    pub(super) name: String,
    pub(super) log: std::result::Result<Log, String>,
}

/// The bench's log files.
pub(super) struct Found {
    paths: Vec<PathBuf>,
    root: PathBuf,
    /// Their bytes on disk.
    pub(super) bytes: u64,
    problem: Option<String>,
}

/// Finds the log and its rotations, such as `.1`, `.2.gz` and `-20261121.gz`.
///
/// Of a file that is being compressed only the plain one is taken: the other is not whole yet.
pub(super) fn find(root: &Path) -> Found {
    let folder = root.join("logs");
    let mut found = Found { paths: Vec::new(), root: root.to_owned(), bytes: 0, problem: None };
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return found,
        Err(error) => {
            found.problem = Some(error.to_string());
            return found;
        }
    };
    let is_log = |name: &OsStr| {
        let rest = name.to_str().and_then(|name| name.strip_prefix(MONITOR_LOG));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
    };
    let mut paths: Vec<PathBuf> =
        entries.flatten().filter(|e| is_log(&e.file_name())).map(|e| e.path()).collect();
    paths.sort();
    let plain: HashSet<PathBuf> = paths.iter().cloned().collect();
    paths.retain(|path| {
        path.extension() != Some(OsStr::new("gz")) || !plain.contains(&path.with_extension(""))
    });
    found.bytes = paths.iter().filter_map(|path| path.metadata().ok()).map(|file| file.len()).sum();
    found.paths = paths;
    found
}

/// Opens the bench's log files; one that was rotated away meanwhile is passed over.
pub(super) fn open_found(found: Found, read: &mut WhatWasRead) -> Vec<Opened> {
    if let Some(problem) = found.problem {
        let name = "logs".to_owned();
        read.sources.push(crate::report::stats::Source {
            name,
            bytes: None,
            records: None,
            problem: Some(problem),
        });
    }
    let mut opened = Vec::new();
    for path in &found.paths {
        let name = path.strip_prefix(&found.root).unwrap_or(path).to_string_lossy().into_owned();
        // A named pipe in a log's place must not make us wait for a writer.
        let file = OpenOptions::new().read(true).custom_flags(O_NONBLOCK).open(path);
        let log = match file {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Ok(file) => match file.metadata() {
                Ok(metadata) if metadata.is_file() => log_of(file, metadata.len()),
                Ok(_) => Err("not a regular file".to_owned()),
                Err(error) => Err(error.to_string()),
            },
            Err(error) => Err(error.to_string()),
        };
        opened.push(Opened { name, log });
    }
    opened
}

/// Opens named files. One that is named twice, or under two names, is read once.
///
/// Errors: `NotFound`, `Refused` or `Io`, where not one can be opened.
pub(super) fn open_named(paths: &[PathBuf]) -> Result<Vec<Opened>> {
    let mut seen = HashSet::new();
    let (mut opened, mut first_error) = (Vec::new(), None);
    for path in paths {
        let name = path.to_string_lossy().into_owned();
        match open_one(path, &mut seen) {
            Ok(None) => {}
            Ok(Some(log)) => opened.push(Opened { name, log }),
            Err(error) => {
                opened.push(Opened { name, log: Err(error.to_string()) });
                first_error.get_or_insert((path, error));
            }
        }
    }
    let any_readable = opened.iter().any(|one| one.log.is_ok());
    match first_error.filter(|_| !any_readable) {
        Some((path, error)) => Err(cannot_read(path, error).into()),
        None => Ok(opened),
    }
}

/// Opens a file; `None` if it was opened before.
fn open_one(
    path: &Path,
    seen: &mut HashSet<(u64, u64)>,
) -> io::Result<Option<std::result::Result<Log, String>>> {
    if path == Path::new(STDIN) {
        let is_new = seen.insert((0, 0));
        return if is_new { stream_of(io::stdin()).map(|log| Some(Ok(log))) } else { Ok(None) };
    }
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !metadata.is_file() {
        return stream_of(file).map(|log| Some(Ok(log)));
    }
    let is_new = seen.insert((metadata.dev(), metadata.ino()));
    Ok(is_new.then(|| log_of(file, metadata.len())))
}

/// A stream, unpacked if it begins as gzip does.
fn stream_of(stream: impl Read + Send + 'static) -> io::Result<Log> {
    let mut stream = BufReader::with_capacity(256 * 1024, stream);
    let is_gzip = stream.fill_buf()?.starts_with(GZIP);
    Ok(if is_gzip { Log::gzip(stream) } else { Log::stream(stream) })
}

/// A regular file, told by what it begins with, since names lie.
fn log_of(file: File, bytes: u64) -> std::result::Result<Log, String> {
    let mut head = [0; 8];
    let got = file.read_at(&mut head, 0).map_err(|error| error.to_string())?;
    let head = head.get(..got).unwrap_or_default();
    if head.starts_with(GZIP) {
        return Ok(Log::gzip(file));
    }
    match OTHER_PACKED.iter().find(|(magic, _)| head.starts_with(magic)) {
        Some((_, unpack)) => {
            Err(format!("compressed; give it unpacked: {unpack} FILE | jobctl stats --file -"))
        }
        None => Ok(Log::File(file, bytes)),
    }
}

fn cannot_read(path: &Path, error: io::Error) -> Failure {
    let (kind, why) = match error.kind() {
        io::ErrorKind::NotFound => (Kind::NotFound, "it does not exist"),
        io::ErrorKind::PermissionDenied => (Kind::Refused, "permission denied"),
        io::ErrorKind::IsADirectory => (Kind::Io, "it is a directory"),
        _ => (Kind::Io, "reading failed"),
    };
    let failure =
        Failure::new(kind, format!("cannot read monitor log `{}`: {why}", path.display()));
    match error.kind() {
        io::ErrorKind::NotFound => failure.hint("a bench keeps it as logs/monitor.json.log"),
        io::ErrorKind::IsADirectory => {
            failure.hint("name the files in it, each with a --file of its own")
        }
        io::ErrorKind::PermissionDenied => failure,
        _ => failure.because(error),
    }
}
