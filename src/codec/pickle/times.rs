//! Dates and times as Python packs them, in the form that `str` gives them.
//!
//! Source: `CPython`'s `Modules/_datetimemodule.c`, `datetime_getstate` and its neighbours.

/// `datetime.datetime` from its 10 bytes; the month's high bit is the fold of a repeated hour.
pub(super) fn datetime(packed: &[u8]) -> Option<String> {
    let (day, rest) = packed.split_at_checked(4)?;
    Some(format!("{} {}", date(day)?, time(rest)?))
}

/// `datetime.date` from its 4 bytes.
pub(super) fn date(packed: &[u8]) -> Option<String> {
    let [high, low, month, day] = packed else { return None };
    let (year, month) = (u16::from_be_bytes([*high, *low]), month & 0x7f);
    let is_real = (1..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(day);
    is_real.then(|| format!("{year:04}-{month:02}-{day:02}"))
}

/// `datetime.time` from its 6 bytes; here the fold is the hour's high bit.
pub(super) fn time(packed: &[u8]) -> Option<String> {
    let [hour, minute, second, micros @ ..] = packed else { return None };
    let [a, b, c] = micros else { return None };
    let (hour, micros) = (hour & 0x7f, u32::from_be_bytes([0, *a, *b, *c]));
    if hour > 23 || *minute > 59 || *second > 59 || micros > 999_999 {
        return None;
    }
    let whole = format!("{hour:02}:{minute:02}:{second:02}");
    Some(if micros == 0 { whole } else { format!("{whole}.{micros:06}") })
}

/// `datetime.timedelta` from its three numbers.
pub(super) fn timedelta(days: i64, seconds: i64, micros: i64) -> Option<String> {
    if !(0..86_400).contains(&seconds) || !(0..1_000_000).contains(&micros) {
        return None;
    }
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let mut text = match days {
        0 => String::new(),
        1 | -1 => format!("{days} day, "),
        _ => format!("{days} days, "),
    };
    text.push_str(&format!("{hours}:{minutes:02}:{seconds:02}"));
    if micros > 0 {
        text.push_str(&format!(".{micros:06}"));
    }
    Some(text)
}

/// An offset from UTC, `+05:30`; with seconds where there are some, as in old local mean times.
pub(super) fn offset(seconds: i64) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let seconds = seconds.unsigned_abs();
    let whole = format!("{sign}{:02}:{:02}", seconds / 3600, seconds / 60 % 60);
    if seconds.is_multiple_of(60) { whole } else { format!("{whole}:{:02}", seconds % 60) }
}
