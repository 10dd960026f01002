//! Counts the records of logs on several threads.
//!
//! Files are divided into parts that threads take one after the other; what can only be read from
//! its beginning (a stream, a compressed file) is one part. Owns the threads, no file names: who
//! opens the logs decides which. Uses `flate2`'s reader of gzip.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use flate2::read::MultiGzDecoder;

use super::lines::{self, Line};
use super::query::Query;
use super::seen::Seen;
use super::tally::Tally;

/// Bytes of a part: few enough that threads end together, enough that beginning one costs nothing.
const PART_BYTES: u64 = 8 * 1024 * 1024;
/// More threads would only take memory: two read faster than most disks.
const MOST_THREADS: usize = 4;
/// Bytes that are read at once from a compressed file.
const GZIP_BUFFER_BYTES: usize = 128 * 1024;

/// A log that was opened.
pub enum Log {
    /// A file of at least this many bytes, readable at any place.
    File(File, u64),
    /// What can only be read from its beginning.
    Stream(Mutex<Box<dyn Read + Send>>),
}

impl Log {
    /// A stream.
    pub fn stream(stream: impl Read + Send + 'static) -> Self {
        Self::Stream(Mutex::new(Box::new(stream)))
    }

    /// What was compressed with gzip, of one or more members.
    pub fn gzip(packed: impl Read + Send + 'static) -> Self {
        Self::stream(MultiGzDecoder::new(BufReader::with_capacity(GZIP_BUFFER_BYTES, packed)))
    }

    /// How many bytes it has; `None` for what has to be read to know.
    pub fn bytes(&self) -> Option<u64> {
        match self {
            Self::File(_, bytes) => Some(*bytes),
            Self::Stream(_) => None,
        }
    }
}

/// Counts the records of `logs` into `tally`.
///
/// `progress` is told how many bytes were read, from any thread. Gives for each log whose reading
/// failed its number and why; what was read before the failure is counted. Memory does not depend
/// on the length of the logs.
pub fn scan<'q>(
    logs: &[Log],
    query: &'q Query,
    seen: &'q Seen,
    tally: &mut Tally<'q>,
    progress: &(dyn Fn(u64) + Sync),
) -> Vec<(usize, io::Error)> {
    let parts = parts_of(logs);
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    let work = |tally: &mut Tally<'q>| {
        let mut buffer = Vec::new();
        while let Some((number, part)) = parts.get(next.fetch_add(1, Ordering::Relaxed)) {
            let Some(log) = logs.get(*number) else { continue };
            tally.begin_part();
            if let Err(error) = read(log, part.clone(), &mut buffer, tally, progress) {
                // A list of failures cannot be left half written.
                let mut failures =
                    failures.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                failures.push((*number, error));
            }
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let helpers = cores.min(MOST_THREADS).min(parts.len()).saturating_sub(1);
    std::thread::scope(|scope| {
        let helpers: Vec<_> = (0..helpers)
            .map(|_| {
                scope.spawn(|| {
                    let mut tally = Tally::new(query, seen);
                    work(&mut tally);
                    tally
                })
            })
            .collect();
        work(tally);
        for helper in helpers {
            match helper.join() {
                Ok(theirs) => tally.merge(theirs),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    let mut failures = failures.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    failures.sort_by_key(|(number, _)| *number);
    failures.dedup_by_key(|(number, _)| *number);
    failures
}

/// The parts of all logs; what takes longest to read for its length, the streams, first.
fn parts_of(logs: &[Log]) -> Vec<(usize, Range<u64>)> {
    let (streams, files): (Vec<_>, Vec<_>) =
        logs.iter().enumerate().partition(|(_, log)| log.bytes().is_none());
    let mut parts: Vec<_> = streams.iter().map(|(number, _)| (*number, 0..u64::MAX)).collect();
    for (number, bytes) in files.iter().filter_map(|(number, log)| Some((*number, log.bytes()?))) {
        let starts = (0..bytes.div_ceil(PART_BYTES)).map(|part| part * PART_BYTES);
        parts.extend(starts.map(|start| (number, start..(start + PART_BYTES).min(bytes))));
    }
    parts
}

fn read(
    log: &Log,
    part: Range<u64>,
    buffer: &mut Vec<u8>,
    tally: &mut Tally<'_>,
    progress: &(dyn Fn(u64) + Sync),
) -> io::Result<()> {
    let visit = |line: Line<'_>| match line {
        Line::Whole(line) => tally.line(line, true),
        Line::Open(line) => tally.line(line, false),
        Line::Oversized => tally.oversized_line(),
    };
    let told = |got: usize| {
        progress(got as u64);
        got
    };
    match log {
        Log::File(file, _) => {
            lines::each(part, buffer, |at, out| file.read_at(out, at).map(told), visit)
        }
        Log::Stream(stream) => {
            let mut stream = stream.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            lines::each(part, buffer, |_, out| stream.read(out).map(told), visit)
        }
    }
}

#[cfg(test)]
mod tests;
