//! Counts the records of logs on several threads.
//!
//! Files are divided into runs of parts, which threads take one after the other; what can only be
//! read from its beginning (a stream, a compressed file) is one part. Owns the threads, no file names: who
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

/// Bytes of a part.
const PART_BYTES: u64 = 4 * 1024 * 1024;
/// Parts that a thread reads at a stretch: few enough that threads end together; enough that most
/// of them are not at an edge, where remembering records costs more.
const PARTS_OF_RUN: usize = 16;
/// Parts of a log of which all are known to all threads, however far a record and its repetition are
/// apart: 256 MiB, beyond which the sharing would cost more time than reading.
const SHARED_PARTS: usize = 64;
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
    let runs = runs_of(logs);
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    let work = |tally: &mut Tally<'q>| {
        let mut buffer = Vec::new();
        let mut next_run = || runs.get(next.fetch_add(1, Ordering::Relaxed));
        for Part { log: number, range, is_edge } in std::iter::from_fn(&mut next_run).flatten() {
            let Some(log) = logs.get(*number) else { continue };
            tally.begin_part(*is_edge);
            if let Err(error) = read(log, range.clone(), &mut buffer, tally, progress) {
                // A list of failures cannot be left half written.
                let mut failures =
                    failures.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                failures.push((*number, error));
            }
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let others = cores.min(MOST_THREADS).min(runs.len()).saturating_sub(1);
    std::thread::scope(|scope| {
        let others: Vec<_> = (0..others)
            .map(|_| {
                scope.spawn(|| {
                    let mut tally = Tally::new(query, seen);
                    work(&mut tally);
                    tally
                })
            })
            .collect();
        work(tally);
        for other in others {
            match other.join() {
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

/// A part of a log.
struct Part {
    log: usize,
    range: Range<u64>,
    /// Whether another thread may read what lies beside it.
    is_edge: bool,
}

/// What one thread reads at a stretch: parts that follow one another. What takes longest for its
/// length, the streams, comes first.
fn runs_of(logs: &[Log]) -> Vec<Vec<Part>> {
    let (streams, files): (Vec<_>, Vec<_>) =
        logs.iter().enumerate().partition(|(_, log)| log.bytes().is_none());
    let whole =
        |(log, _): &(usize, &Log)| vec![Part { log: *log, range: 0..u64::MAX, is_edge: true }];
    let mut runs: Vec<Vec<Part>> = streams.iter().map(whole).collect();
    for (log, bytes) in files.iter().filter_map(|(log, of)| Some((*log, of.bytes()?))) {
        let starts = (0..bytes.div_ceil(PART_BYTES)).map(|part| part * PART_BYTES);
        let ranges: Vec<_> = starts.map(|start| start..(start + PART_BYTES).min(bytes)).collect();
        let parts = if ranges.len() > SHARED_PARTS { PARTS_OF_RUN } else { 1 };
        for run in ranges.chunks(parts) {
            let last = run.len() - 1;
            let part = |(at, range): (usize, &Range<u64>)| Part {
                log,
                range: range.clone(),
                is_edge: at == 0 || at == last,
            };
            runs.push(run.iter().enumerate().map(part).collect());
        }
    }
    runs
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
