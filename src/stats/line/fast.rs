//! Reads the lines that Frappe writes, in place: one pass that makes sure of the characters, then
//! the known keys in their known order.
//!
//! Whatever deviates in anything is left to the slow reader, so this one accepts only what both
//! read alike.

use super::{Record, Transaction, told_failure};
use crate::stats::instant;

/// Reads a line of Frappe's own shape; `None` leaves it to the slow reader.
pub(super) fn read(line: &[u8]) -> Option<Record<'_>> {
    if !is_plain(line) {
        return None;
    }
    let mut rest = Rest(line);
    rest.skip(b"{\"duration\":")?;
    let duration = rest.integer()?;
    let has_exception = rest.skip(b",\"exception\":\"").is_some();
    if has_exception {
        rest.string()?;
    }
    let job = if rest.skip(b",\"job\":{\"method\":\"").is_some() {
        Some(rest.job()?)
    } else {
        rest.skip(b",\"request\":{")?;
        rest.flat_object()?;
        None
    };
    let job_id = if rest.skip(b",\"job_id\":\"").is_some() { Some(rest.string()?) } else { None };
    rest.skip(b",\"site\":\"")?;
    let site = rest.string()?;
    rest.skip(b",\"timestamp\":\"")?;
    let started = instant::frappe(rest.string()?)?;
    rest.skip(b",\"transaction_type\":\"")?;
    let transaction = transaction(rest.string()?);
    rest.skip(b",\"uuid\":\"")?;
    let uuid = rest.string()?;
    if rest.0 != b"}" {
        return None;
    }
    let scheduled = job.as_ref().map(|job| job.scheduled);
    Some(Record {
        transaction,
        site: Some(site),
        started_us: started.at_us,
        has_offset: started.has_offset,
        duration_us: Some(duration),
        method: job.as_ref().map(|job| job.method),
        scheduled,
        written_wait_us: job.as_ref().map(|job| job.wait),
        failed: told_failure(has_exception, job_id.is_some(), scheduled),
        job_id,
        uuid: Some(uuid),
        queue: None,
    })
}

/// What the word of a transaction means.
pub(super) fn transaction(word: &[u8]) -> Transaction {
    match word {
        b"job" => Transaction::Job,
        b"request" => Transaction::Request,
        _ => Transaction::Other,
    }
}

/// Bytes that are looked at together.
const BLOCK: usize = 32;

/// Whether all characters stand for themselves: ASCII without control characters and backslashes.
/// Then a string ends at its next quote.
///
/// Extremes over whole blocks, without an early exit, so that the compiler can look at many bytes
/// at once; the last block overlaps the one before. No record is shorter than a block.
fn is_plain(line: &[u8]) -> bool {
    let Some(last) = line.last_chunk::<BLOCK>() else { return false };
    let (blocks, _) = line.as_chunks::<BLOCK>();
    let (mut backslash, mut range) = ([u8::MAX; BLOCK], [0; BLOCK]);
    for block in blocks.iter().chain([last]) {
        for ((byte, backslash), range) in block.iter().zip(&mut backslash).zip(&mut range) {
            *backslash = (*backslash).min(byte ^ b'\\');
            *range = (*range).max(byte.wrapping_sub(b' '));
        }
    }
    backslash.iter().all(|least| *least > 0) && range.iter().all(|most| *most < 0x80 - b' ')
}

/// Where the next quote stands. Texts are short, so this is quicker than a search that first has to
/// find out what the processor can do.
fn quote(text: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::MAX / 0xff;
    let (words, rest) = text.as_chunks::<8>();
    for (word, at) in words.iter().zip((0..).step_by(8)) {
        // A byte of 0 where the quote is: the lowest high bit that comes out belongs to the first.
        let differs = u64::from_le_bytes(*word) ^ (ONES * u64::from(b'"'));
        let found = differs.wrapping_sub(ONES) & !differs & (ONES << 7);
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
    }
    let in_rest = rest.iter().position(|byte| *byte == b'"')?;
    Some(text.len() - rest.len() + in_rest)
}

struct Job<'a> {
    method: &'a [u8],
    scheduled: bool,
    wait: i64,
}

/// What is left of a line.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn skip(&mut self, literal: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(literal)?;
        Some(())
    }

    /// The text up to the next quote, which is passed.
    fn string(&mut self) -> Option<&'a [u8]> {
        let end = quote(self.0)?;
        let (text, rest) = self.0.split_at_checked(end)?;
        self.0 = rest.get(1..)?;
        Some(text)
    }

    /// A JSON integer of at most 18 digits, which always fits; one that goes on as a fraction is
    /// refused by whatever must follow.
    fn integer(&mut self) -> Option<i64> {
        let negative = self.skip(b"-").is_some();
        let mut number = 0;
        let mut digits = 0;
        for byte in self.0 {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            if digits == 18 {
                return None;
            }
            number = number * 10 + i64::from(digit);
            digits += 1;
        }
        let leading_zero = digits > 1 && self.0.first() == Some(&b'0');
        if digits == 0 || leading_zero {
            return None;
        }
        self.0 = self.0.get(digits..)?;
        Some(if negative { -number } else { number })
    }

    /// A job's object, from its method's text on.
    fn job(&mut self) -> Option<Job<'a>> {
        let method = self.string()?;
        self.skip(b",\"scheduled\":")?;
        let scheduled = self.skip(b"true").is_some();
        if !scheduled {
            self.skip(b"false")?;
        }
        self.skip(b",\"wait\":")?;
        let wait = self.integer()?;
        self.skip(b"}")?;
        Some(Job { method, scheduled, wait })
    }

    /// An object of texts, integers, `true`, `false` and `null`, from its first key on.
    fn flat_object(&mut self) -> Option<()> {
        loop {
            self.skip(b"\"")?;
            self.string()?;
            self.skip(b":")?;
            match self.0.first()? {
                b'"' => {
                    self.skip(b"\"")?;
                    self.string()?;
                }
                b't' => self.skip(b"true")?,
                b'f' => self.skip(b"false")?,
                b'n' => self.skip(b"null")?,
                _ => {
                    self.integer()?;
                }
            }
            if self.skip(b",").is_none() {
                return self.skip(b"}");
            }
        }
    }
}
