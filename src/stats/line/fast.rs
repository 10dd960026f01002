//! Reads the lines that Frappe writes, in place: one pass that makes sure of the characters, then
//! the known keys in their known order.
//!
//! Whatever deviates in anything is left to the slow reader, so this one accepts only what both
//! read alike. Uses the `memchr` crate.

use memchr::memchr;

use super::{Record, Text, Transaction, told_failure};
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
    let text = |text| Some(Text::Borrowed(text));
    let scheduled = job.as_ref().map(|job| job.scheduled);
    Some(Record {
        transaction,
        site: text(site),
        started_us: started.at_us,
        has_offset: started.has_offset,
        duration_us: Some(duration),
        method: job.as_ref().and_then(|job| text(job.method)),
        scheduled,
        written_wait_us: job.as_ref().map(|job| job.wait),
        failed: told_failure(has_exception, job_id.is_some(), scheduled),
        job_id: job_id.and_then(text),
        uuid: text(uuid),
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

/// Whether all characters stand for themselves: printable ASCII without a backslash. Then a string
/// ends at its next quote. No early exit, so that the compiler can look at many bytes at once.
fn is_plain(line: &[u8]) -> bool {
    let odd = line.iter().fold(0, |odd, &byte| {
        odd | u8::from(byte < 0x20) | u8::from(byte > 0x7e) | u8::from(byte == b'\\')
    });
    odd == 0
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
        let end = memchr(b'"', self.0)?;
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
