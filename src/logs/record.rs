//! Records: a line with a time and what belongs to it, such as its traceback. Splits bytes into
//! them and tells their level. Opens nothing.

use std::sync::LazyLock;

use memchr::memchr;
use memchr::memmem::{self, Finder};
use serde::Serialize;

use super::stamp::{self, Stamp, Within};

/// The most that one record has; what is longer goes on in a further record. It bounds what a
/// file without line ends, or without times, takes of memory.
pub const MOST_BYTES: usize = 4 << 20;

/// How bad a record says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// DEBUG
    Debug,
    /// INFO, and records that name no level
    Info,
    /// WARNING
    Warning,
    /// ERROR, and records with a traceback
    Error,
    /// CRITICAL and FATAL
    Critical,
}

/// What stands behind the bytes that are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// More, or perhaps more: the last record may not be whole.
    Open,
    /// Nothing for a while: the last whole line ends its record.
    Quiet,
    /// Nothing any more: what there is, is a record, also without a line end.
    Final,
}

/// Where a record stands in a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Its first byte.
    pub begin: usize,
    /// Behind its last line end.
    pub end: usize,
    /// The time with which it begins.
    pub stamp: Option<Stamp>,
}

/// Splits the bytes of one file into records, buffer by buffer.
#[derive(Debug, Clone, Default)]
pub struct Splitter {
    /// A record with a time was seen. From then on lines without one belong to the last.
    pub dated: bool,
    /// Which days count.
    pub within: Within,
    /// Where the next record begins and with which time, found while looking for the last one's
    /// end. Never at 0, where a buffer begins that was moved.
    ahead: Option<(usize, Stamp)>,
}

impl Splitter {
    /// Splits a file of which only these days count.
    pub fn within(within: Within) -> Self {
        Self { within, ..Self::default() }
    }

    /// The record that begins at `from` of `buffer`; `None` where it may not be whole yet.
    pub fn next(&mut self, buffer: &[u8], from: usize, end: End) -> Option<Span> {
        let rest = buffer.get(from..).filter(|rest| !rest.is_empty())?;
        let first = line_end(rest, 0);
        let line = &rest[..first.unwrap_or(rest.len())];
        let stamp = match self.ahead.take() {
            Some((at, stamp)) if at == from => Some(stamp),
            _ => self.within.find(line),
        };
        let mut block = Block::begun_by(line, self.dated, stamp.as_ref());
        // Behind the last line end, and behind the line that is looked at.
        let (mut whole, mut next) = (first, first);
        while let Some(begin) = next.filter(|begin| *begin < rest.len()) {
            next = line_end(rest, begin);
            // A line that has only begun to arrive can still turn out to be a new record.
            if next.is_none() && end != End::Final {
                break;
            }
            let upto = next.unwrap_or(rest.len());
            match block.takes(&rest[begin..upto], self.within) {
                Taken::Yes if upto <= MOST_BYTES => whole = Some(upto),
                Taken::New(ahead) => {
                    self.ahead = ahead.map(|stamp| (from + begin, stamp));
                    return Some(self.span(from, begin, stamp));
                }
                Taken::Yes => return Some(self.span(from, begin, stamp)),
            }
        }
        let length = match (end, whole) {
            (End::Final, _) => rest.len().min(MOST_BYTES),
            (End::Quiet, Some(whole)) => whole,
            _ if rest.len() >= MOST_BYTES => whole.unwrap_or(MOST_BYTES),
            _ => return None,
        };
        Some(self.span(from, length, stamp))
    }

    fn span(&mut self, from: usize, length: usize, stamp: Option<Stamp>) -> Span {
        self.dated |= stamp.is_some();
        Span { begin: from, end: from + length, stamp }
    }
}

/// Behind the line end that follows `from`.
fn line_end(text: &[u8], from: usize) -> Option<usize> {
    memchr(b'\n', text.get(from..)?).map(|at| from + at + 1)
}

/// Whether a line belongs to the record before it.
enum Taken {
    Yes,
    /// It begins one, with this time.
    New(Option<Stamp>),
}

/// A record under way: decides whether a further line belongs to it.
#[derive(Debug)]
struct Block {
    dated: bool,
    /// A stack dump of `faulthandler`, which comes at any moment and belongs to no line.
    dump: bool,
    /// Inside a traceback, before the line with the exception.
    traceback: bool,
}

impl Block {
    fn begun_by(line: &[u8], dated_before: bool, stamp: Option<&Stamp>) -> Self {
        let dump = is_dump(line);
        Self { dated: dated_before || stamp.is_some() || dump, dump, traceback: is_traceback(line) }
    }

    fn takes(&mut self, line: &[u8], within: Within) -> Taken {
        match line.first() {
            None | Some(b'\n' | b' ' | b'\t' | b'\r') => return Taken::Yes,
            Some(b'}' | b']' | b')') if !self.dated => return Taken::Yes,
            _ => {}
        }
        let stamp = within.find(line);
        if stamp.is_some() || stamp::is_json(line) || !self.goes_on_with(line) {
            Taken::New(stamp)
        } else {
            Taken::Yes
        }
    }

    /// The same for a line that is not indented and has no time.
    fn goes_on_with(&mut self, line: &[u8]) -> bool {
        if is_dump(line) {
            return self.dump;
        }
        if self.dump {
            return line.starts_with(b"Extension modules");
        }
        if self.dated {
            return true;
        }
        if joins_tracebacks(line) {
            self.traceback = true;
            return true;
        }
        if is_traceback(line) {
            return std::mem::replace(&mut self.traceback, true);
        }
        // The exception itself ends the traceback.
        std::mem::take(&mut self.traceback)
    }
}

fn is_traceback(line: &[u8]) -> bool {
    line.starts_with(b"Traceback (most recent call last)")
}

fn joins_tracebacks(line: &[u8]) -> bool {
    line.starts_with(b"During handling of the above")
        || line.starts_with(b"The above exception was")
}

/// Source: `Python/traceback.c`, `write_thread_id`; `Modules/faulthandler.c`.
pub(super) fn is_dump(line: &[u8]) -> bool {
    line.starts_with(b"Thread 0x")
        || line.starts_with(b"Current thread 0x")
        || line.starts_with(b"Fatal Python error")
}

static TRACEBACK: LazyLock<Finder<'static>> =
    LazyLock::new(|| Finder::new(b"Traceback (most recent call last)"));
static RAISED: LazyLock<Finder<'static>> =
    LazyLock::new(|| Finder::new(b"exception raised while executing"));
/// The level that a record names, or that its words give away; `None` where nothing does.
///
/// RQ's lines name none under bench. Source: `rq/worker.py` for their words.
pub fn level(record: &[u8], stamp: Option<&Stamp>) -> Option<Level> {
    let first = &record[..memchr(b'\n', record).unwrap_or(record.len())];
    if stamp::is_json(first) {
        return json_level(first);
    }
    if let Some(named) = stamp.and_then(|stamp| named_level(first, stamp.end)) {
        return Some(named);
    }
    let several = first.len() + 1 < record.len();
    if is_traceback(first) || (several && TRACEBACK.find(record).is_some()) {
        return Some(Level::Error);
    }
    let words =
        first.get(stamp.map_or(0, |stamp| stamp.end)..).unwrap_or_default().trim_ascii_start();
    let raised = matches!(words.first(), Some(b'[' | b'W')) && RAISED.find(words).is_some();
    if raised || words.starts_with(b"Fatal Python error") {
        return Some(Level::Error);
    }
    words.starts_with(b"Moving job to FailedJobRegistry").then_some(Level::Warning)
}

/// The level among the first words behind the time; process numbers may stand before it.
fn named_level(line: &[u8], from: usize) -> Option<Level> {
    let mut at = from;
    for _ in 0..3 {
        let rest = line.get(at..)?;
        let mut skip =
            rest.iter().take_while(|b| matches!(b, b' ' | b'[' | b']' | b':' | b'|')).count();
        // Redis has a mark in the level's place. Source: `serverLogRaw` in its `server.c`.
        if skip > 0 {
            match (rest.get(skip), rest.get(skip + 1)) {
                (Some(b'#'), Some(b' ')) => return Some(Level::Warning),
                (Some(b'*' | b'-'), Some(b' ')) if line.first().is_some_and(u8::is_ascii_digit) => {
                    return Some(Level::Info);
                }
                (Some(b'-'), Some(b' ')) => skip += 2,
                _ => {}
            }
        }
        let rest = rest.get(skip..)?;
        let word = &rest[..rest.iter().take(9).take_while(|b| b.is_ascii_alphanumeric()).count()];
        if let Some(level) = level_word(word) {
            return Some(level);
        }
        if word.is_empty() || !word.iter().all(u8::is_ascii_digit) {
            return None;
        }
        at += skip + word.len();
    }
    None
}

fn level_word(word: &[u8]) -> Option<Level> {
    const WORDS: &[(&[u8], Level)] = &[
        (b"debug", Level::Debug),
        (b"trace", Level::Debug),
        (b"info", Level::Info),
        (b"notice", Level::Info),
        (b"warning", Level::Warning),
        (b"warn", Level::Warning),
        (b"error", Level::Error),
        (b"err", Level::Error),
        (b"critical", Level::Critical),
        (b"crit", Level::Critical),
        (b"fatal", Level::Critical),
    ];
    WORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, level)| *level)
}

/// The level of a JSON line: its own field, or an error where it carries an exception, as
/// Frappe's monitor writes it (`frappe/monitor.py`).
fn json_level(line: &[u8]) -> Option<Level> {
    for key in ["\"level\":", "\"levelname\":", "\"severity\":"] {
        if let Some(at) = memmem::find(line, key.as_bytes()) {
            let value = line[at + key.len()..].trim_ascii_start();
            let word = value.strip_prefix(b"\"").unwrap_or(value);
            let len = word.iter().take_while(|b| b.is_ascii_alphabetic()).count();
            return level_word(&word[..len]);
        }
    }
    let at = memmem::find(line, b"\"exception\":")?;
    let value = line[at + 12..].trim_ascii_start();
    (!value.starts_with(b"null") && !value.starts_with(b"\"\"")).then_some(Level::Error)
}

#[cfg(test)]
mod tests;
