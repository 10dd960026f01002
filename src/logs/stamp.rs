//! The time with which a line begins, in the forms that a bench's processes write.
//!
//! [`find`] only looks at bytes; what instant they mean is up to [`super::clock`]. A line that
//! carries a time begins a record, so both questions have one answer here.

use std::sync::LazyLock;

use jiff::civil::Date;
use memchr::memmem::{self, Finder};

/// Bytes at the start of a line within which an access log has its time.
const ACCESS_WITHIN: usize = 160;

/// A time as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// The day; `None` where only the time of day was written (RQ's own log format).
    pub date: Option<Date>,
    /// Microseconds since midnight.
    pub micros_of_day: i64,
    /// Seconds east of Greenwich; `None` for the local time of the server.
    pub offset_s: Option<i32>,
    /// Where in the line it begins.
    pub begin: usize,
    /// Where in the line it ends.
    pub end: usize,
}

/// The time with which `line` begins, if it does.
///
/// Known are `2026-11-21 09:12:03,123` with its relatives (ISO 8601, brackets, slashes, a zone
/// behind it), RQ's bare `09:12:03`, Redis's `4711:M 21 Nov 2026 09:12:03.123`, the `[21/Nov/2026:…]`
/// of access logs, and JSON lines with a field `timestamp`, `time`, `ts`, `@timestamp`, `asctime`
/// or `datetime` (UTC unless they say otherwise, as Frappe's monitor writes them).
pub fn find(line: &[u8]) -> Option<Stamp> {
    let colour = colour_len(line);
    let rest = &line[colour..];
    let stamp = match rest.first()? {
        b'0'..=b'9' => date_time(rest)
            .or_else(|| time_only(rest))
            .or_else(|| redis(rest))
            .or_else(|| access(rest)),
        b'[' => date_time(&rest[1..]).map(|stamp| stamp.shifted(1)),
        b'{' => json(rest),
        b':' | b'a'..=b'f' => access(rest),
        _ => None,
    };
    stamp.map(|stamp| stamp.shifted(colour))
}

/// The days of a file's records. A time outside them is no record's: it stands in the text of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Within {
    /// The first.
    pub first: Date,
    /// The last.
    pub last: Date,
}

impl Default for Within {
    /// Every day.
    fn default() -> Self {
        Self { first: Date::MIN, last: Date::MAX }
    }
}

impl Within {
    /// As [`find`], without times of other days.
    pub fn find(&self, line: &[u8]) -> Option<Stamp> {
        find(line).filter(|s| s.date.is_none_or(|day| self.first <= day && day <= self.last))
    }
}

impl Stamp {
    fn shifted(mut self, by: usize) -> Self {
        self.begin += by;
        self.end += by;
        self
    }
}

/// The length of a colour sequence in front of a time: `\x1b[32m`.
fn colour_len(line: &[u8]) -> usize {
    if !line.starts_with(b"\x1b[") {
        return 0;
    }
    let digits = line[2..].iter().take_while(|b| b.is_ascii_digit() || **b == b';').count();
    if line.get(2 + digits) == Some(&b'm') { digits + 3 } else { 0 }
}

/// `YYYY-MM-DD HH:MM:SS`, with `T` or `/` as well, a fraction and a zone.
fn date_time(text: &[u8]) -> Option<Stamp> {
    let head = text.get(..19)?;
    let set_apart =
        head[4] == head[7] && matches!(head[4], b'-' | b'/') && matches!(head[10], b' ' | b'T');
    if !set_apart {
        return None;
    }
    let year = number(&head[..4])?;
    let date = day(year, number(&head[5..7])?, number(&head[8..10])?)?;
    let micros = time_of_day(&head[11..])?;
    let (fraction, end) = fraction(text, 19);
    let (offset_s, end) = zone(text, end);
    Some(Stamp { date: Some(date), micros_of_day: micros + fraction, offset_s, begin: 0, end })
}

/// `HH:MM:SS` with a blank or a fraction behind it. Source: `rq/defaults.py`,
/// `DEFAULT_LOGGING_DATE_FORMAT`.
fn time_only(text: &[u8]) -> Option<Stamp> {
    let micros = time_of_day(text.get(..8)?)?;
    let (fraction, end) = fraction(text, 8);
    if !matches!(text.get(end), None | Some(b' ' | b'\x1b' | b'\n' | b'\r')) {
        return None;
    }
    Some(Stamp { date: None, micros_of_day: micros + fraction, offset_s: None, begin: 0, end })
}

/// `PID:ROLE DD Mon YYYY HH:MM:SS.mmm`. Source: `serverLogRaw` in Redis's `server.c`.
fn redis(text: &[u8]) -> Option<Stamp> {
    let pid = text.iter().take(10).take_while(|b| b.is_ascii_digit()).count();
    let rest = text.get(pid..pid + 23)?;
    if rest[0] != b':' || !rest[1].is_ascii_uppercase() || rest[2] != b' ' {
        return None;
    }
    let date = day(number(&rest[10..14])?, month(&rest[6..9])?, number(&rest[3..5])?)?;
    let micros = time_of_day(&rest[15..])?;
    let (fraction, end) = fraction(text, pid + 23);
    Some(Stamp {
        date: Some(date),
        micros_of_day: micros + fraction,
        offset_s: None,
        begin: pid + 3,
        end,
    })
}

/// `HOST - USER [DD/Mon/YYYY:HH:MM:SS +ZZZZ]`.
fn access(text: &[u8]) -> Option<Stamp> {
    let within = &text[..text.len().min(ACCESS_WITHIN)];
    let begin = memmem::find(within, b" [")? + 2;
    let at = text.get(begin..begin + 20)?;
    if at[2] != b'/' || at[6] != b'/' || at[11] != b':' {
        return None;
    }
    let date = day(number(&at[7..11])?, month(&at[3..6])?, number(&at[..2])?)?;
    let micros_of_day = time_of_day(&at[12..])?;
    let (offset_s, end) = zone(text, begin + 20);
    Some(Stamp { date: Some(date), micros_of_day, offset_s, begin, end })
}

/// The names under which JSON lines carry their time, most likely first.
static JSON_KEYS: LazyLock<Vec<Finder<'static>>> = LazyLock::new(|| {
    let keys = [
        "\"timestamp\":",
        "\"time\":",
        "\"ts\":",
        "\"@timestamp\":",
        "\"asctime\":",
        "\"datetime\":",
    ];
    keys.iter().map(|key| Finder::new(key.as_bytes())).collect()
});

fn json(line: &[u8]) -> Option<Stamp> {
    if !is_json(line) {
        return None;
    }
    JSON_KEYS.iter().find_map(|key| {
        let after = key.find(line)? + key.needle().len();
        let begin = after + line[after..].iter().take_while(|b| **b == b' ').count();
        let value = &line[begin..];
        if value.first() == Some(&b'"') {
            let stamp = date_time(&value[1..])?;
            let offset_s = stamp.offset_s.or(Some(0));
            return Some(Stamp { offset_s, ..stamp.shifted(begin + 1) });
        }
        epoch(value).map(|stamp| stamp.shifted(begin))
    })
}

/// Whether a line is one JSON object, as far as its ends tell.
pub(crate) fn is_json(line: &[u8]) -> bool {
    line.starts_with(b"{\"") && line.trim_ascii_end().ends_with(b"}")
}

/// Seconds since 1970 as a number; milliseconds where that would be far in the future.
fn epoch(text: &[u8]) -> Option<Stamp> {
    let len = text.iter().take_while(|b| b.is_ascii_digit() || **b == b'.').count();
    let seconds: f64 = std::str::from_utf8(&text[..len]).ok()?.parse().ok()?;
    let seconds = if seconds > 1e11 { seconds / 1e3 } else { seconds };
    let at = jiff::Timestamp::from_duration(jiff::SignedDuration::try_from_secs_f64(seconds).ok()?);
    let at = at.ok()?.to_zoned(jiff::tz::TimeZone::UTC).datetime();
    let micros_of_day = at.time().duration_since(jiff::civil::Time::midnight()).as_micros();
    Some(Stamp {
        date: Some(at.date()),
        micros_of_day: i64::try_from(micros_of_day).ok()?,
        offset_s: Some(0),
        begin: 0,
        end: len,
    })
}

fn day(year: i64, month: i64, day: i64) -> Option<Date> {
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

fn month(name: &[u8]) -> Option<i64> {
    const NAMES: &[u8] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
    let at = NAMES.chunks_exact(3).position(|known| known == name)?;
    i64::try_from(at + 1).ok()
}

/// Microseconds since midnight of `HH:MM:SS` at the start of `text`, which has eight bytes or more.
fn time_of_day(text: &[u8]) -> Option<i64> {
    if text[2] != b':' || text[5] != b':' {
        return None;
    }
    let (hour, minute, second) = (number(&text[..2])?, number(&text[3..5])?, number(&text[6..8])?);
    // A leap second is the last microsecond of its minute for every clock that we compare with.
    (hour < 24 && minute < 60 && second < 61)
        .then(|| (hour * 3600 + minute * 60 + second.min(59)) * 1_000_000)
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0_i64, |sum, digit| {
        let value = digit.wrapping_sub(b'0');
        (value < 10).then(|| sum * 10 + i64::from(value))
    })
}

/// Microseconds behind a `,` or `.`, and where they end.
fn fraction(text: &[u8], at: usize) -> (i64, usize) {
    if !matches!(text.get(at), Some(b',' | b'.')) {
        return (0, at);
    }
    let digits = text[at + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 {
        return (0, at);
    }
    let mut micros = 0;
    for place in 0..6 {
        let digit = text.get(at + 1 + place).filter(|_| place < digits);
        micros = micros * 10 + digit.map_or(0, |digit| i64::from(digit - b'0'));
    }
    (micros, at + 1 + digits)
}

/// A zone behind a time, with or without a blank: `Z`, `+01:00`, `+0100`; and where it ends.
fn zone(text: &[u8], at: usize) -> (Option<i32>, usize) {
    let begin = at + usize::from(text.get(at) == Some(&b' '));
    if text.get(at) == Some(&b'Z') {
        return (Some(0), at + 1);
    }
    let Some(sign @ (b'+' | b'-')) = text.get(begin) else { return (None, at) };
    let colon = usize::from(text.get(begin + 3) == Some(&b':'));
    let hours = text.get(begin + 1..begin + 3).and_then(number);
    let minutes = text.get(begin + 3 + colon..begin + 5 + colon).and_then(number);
    let (Some(hours @ 0..=23), Some(minutes @ 0..=59)) = (hours, minutes) else {
        return (None, at);
    };
    let seconds = i32::try_from(hours * 3600 + minutes * 60).unwrap_or(0);
    (Some(if *sign == b'-' { -seconds } else { seconds }), begin + 5 + colon)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(line: &str) -> Option<String> {
        let stamp = find(line.as_bytes())?;
        let date = stamp.date.map_or("-".to_owned(), |date| date.to_string());
        let zone = stamp.offset_s.map_or(String::new(), |s| format!(" {s}"));
        let text = &line[stamp.begin..stamp.end];
        Some(format!("{date} {}{zone} [{text}]", stamp.micros_of_day / 1000))
    }

    #[test]
    fn find_knows_the_forms_of_a_bench() {
        for (line, expected) in [
            (
                "2026-11-21 09:12:03,123 ERROR scheduler x",
                "2026-11-21 33123123 [2026-11-21 09:12:03,123]",
            ),
            ("2026-11-21T09:12:03Z x", "2026-11-21 33123000 0 [2026-11-21T09:12:03Z]"),
            (
                "[2026-11-21 09:12:03 +0100] [7] [INFO] x",
                "2026-11-21 33123000 3600 [2026-11-21 09:12:03 +0100]",
            ),
            ("2026/11/21 09:12:03 [error] x", "2026-11-21 33123000 [2026/11/21 09:12:03]"),
            ("09:12:03 default: x (1)", "- 33123000 [09:12:03]"),
            ("\x1b[32m09:12:03\x1b[0m x", "- 33123000 [09:12:03]"),
            (
                "4711:M 21 Nov 2026 09:12:03.123 * Ready",
                "2026-11-21 33123123 [21 Nov 2026 09:12:03.123]",
            ),
            (
                "127.0.0.1 - - [21/Nov/2026:09:12:03 -0330] \"GET /\"",
                "2026-11-21 33123000 -12600 [21/Nov/2026:09:12:03 -0330]",
            ),
            (
                r#"{"duration":7,"timestamp":"2026-11-21 09:12:03.123456"}"#,
                "2026-11-21 33123123 0 [2026-11-21 09:12:03.123456]",
            ),
            (r#"{"ts": 1795252323.5, "m": 1}"#, "2026-11-21 33123500 0 [1795252323.5]"),
        ] {
            assert_eq!(shown(line).as_deref(), Some(expected), "{line}");
        }
    }

    #[test]
    fn find_refuses_what_only_looks_like_a_time() {
        for line in [
            "",
            "Traceback (most recent call last):",
            "  2026-11-21 09:12:03 indented",
            "2026-13-21 09:12:03 no such month",
            "2026-11-31 09:12:03 no such day",
            "2026-11-21 24:12:03 no such hour",
            "2026-11-21 is a day",
            "09:12:03PM",
            "99:12:03 x",
            "{not json",
            r#"{"timestamp": null}"#,
            "12 apples [and pears]",
        ] {
            assert_eq!(shown(line), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn find_in_any_bytes_stays_inside(line in prop::collection::vec(any::<u8>(), 0..80)) {
            if let Some(stamp) = find(&line) {
                prop_assert!(stamp.begin <= stamp.end && stamp.end <= line.len());
            }
        }

        #[test]
        fn find_in_cut_or_changed_lines_stays_inside(
            which in 0_usize..4,
            cut in 0_usize..70,
            at in 0_usize..70,
            byte in any::<u8>(),
        ) {
            let lines: [&[u8]; 4] = [
                b"2026-11-21 09:12:03,123+05:30 x",
                b"4711:M 21 Nov 2026 09:12:03.123 * Ready",
                b"::1 - - [21/Nov/2026:09:12:03 -0330] \"GET /\"",
                br#"{"x":1,"time":"2026-11-21T09:12:03.123Z"}"#,
            ];
            let mut line = lines[which].to_vec();
            line.truncate(cut);
            if let Some(slot) = line.get_mut(at) {
                *slot = byte;
            }
            if let Some(stamp) = find(&line) {
                prop_assert!(stamp.begin <= stamp.end && stamp.end <= line.len());
            }
        }
    }
}
