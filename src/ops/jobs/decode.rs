//! What a stored job's failure and results say.

use crate::backend::redis::read::{StoredJob, StoredResult};
use crate::codec::payload::Decoder;
use crate::codec::traceback::Traceback;

/// Longest message of an exception in a list, in characters.
const SHORT_CHARS: usize = 200;

/// The text of the newest failure: the newest stream entry that has one, else the hash's.
///
/// Source: RQ 1.12+ writes the stream; the hash's `exc_info` is older RQ's, and abandoned jobs' of
/// 1.12 to 1.16.
pub(in crate::ops) fn failure_text(decoder: &mut Decoder, stored: &StoredJob) -> Option<String> {
    let of_stream = stored.results.first().and_then(|result| exception_of(decoder, result));
    of_stream.or_else(|| decoder.exc_info(stored.exc_info.as_deref()?))
}

/// The text of one execution's failure.
pub(super) fn exception_of(decoder: &mut Decoder, result: &StoredResult) -> Option<String> {
    decoder.exc_string(result.exc_string.as_deref()?)
}

/// `Class: message`, in one line, cut short.
pub(in crate::ops) fn short_exception(text: &str) -> String {
    let traceback = Traceback::parse(text);
    let (class, message) = (traceback.short_class(), traceback.message());
    let message = message.lines().next().unwrap_or("").trim();
    let whole = match (class.is_empty(), message.is_empty()) {
        (true, true) => text.trim().lines().next_back().unwrap_or("").to_owned(),
        (true, false) => message.to_owned(),
        (false, true) => class.to_owned(),
        (false, false) => format!("{class}: {message}"),
    };
    match whole.char_indices().nth(SHORT_CHARS) {
        Some((at, _)) => format!("{}…", &whole[..at]),
        None => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_exception_is_class_and_first_line() {
        let text = "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    x()\nfrappe.exceptions.ValidationError: bad\nmore\n";
        assert_eq!(short_exception(text), "ValidationError: bad");
        let long = format!("ValueError: {}", "é".repeat(500));
        assert_eq!(short_exception(&long).chars().count(), SHORT_CHARS + 1);
    }
}
