//! Instants as Frappe's monitor writes them, in microseconds since 1970.
//!
//! Source: `frappe/monitor.py`, `str(datetime)`: `2026-11-21 20:57:14.707324`, always UTC, naive in
//! v13 and v14, with `+00:00` from v15 on; without a fraction in the one case of a million that the
//! microseconds are 0.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Microseconds of a second.
pub const SECOND_US: i64 = 1_000_000;
const DAY_S: i64 = 86_400;

/// An instant as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Microseconds since 1970, UTC.
    pub at_us: i64,
    /// Whether it names its distance from UTC, as v15 and later do.
    pub has_offset: bool,
}

/// Reads one of Frappe's forms, or any other that names a date and a time.
pub fn read(text: &[u8]) -> Option<Written> {
    frappe(text).or_else(|| iso(std::str::from_utf8(text).ok()?))
}

/// Reads exactly Frappe's forms, without allocating. `None` for every other form.
pub fn frappe(text: &[u8]) -> Option<Written> {
    let (clock, has_offset) = match text.strip_suffix(b"+00:00") {
        Some(clock) => (clock, true),
        None => (text, false),
    };
    let (seconds, fraction) = clock.split_first_chunk::<19>()?;
    let mut digits = Digits::default();
    let micros = match *fraction {
        [] => 0,
        [b'.', u1, u2, u3, u4, u5, u6] => {
            (digits.two(u1, u2) * 100 + digits.two(u3, u4)) * 100 + digits.two(u5, u6)
        }
        _ => return None,
    };
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b' ', h1, h2, b':', n1, n2, b':', s1, s2] =
        *seconds
    else {
        return None;
    };
    let year = digits.two(y1, y2) * 100 + digits.two(y3, y4);
    let (month, day) = (digits.two(m1, m2), digits.two(d1, d2));
    let (hour, minute, second) = (digits.two(h1, h2), digits.two(n1, n2), digits.two(s1, s2));
    let valid = !digits.odd
        && year >= 1
        && (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    let of_day = (hour * 60 + minute) * 60 + second;
    let at_us = (days_since_1970(year, month, day) * DAY_S + of_day) * SECOND_US + micros;
    valid.then_some(Written { at_us, has_offset })
}

/// Reads digits without looking at each whether it is one; asked once at the end.
#[derive(Default)]
struct Digits {
    odd: bool,
}

impl Digits {
    fn two(&mut self, tens: u8, ones: u8) -> i64 {
        let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
        self.odd |= tens > 9 || ones > 9;
        i64::from(tens) * 10 + i64::from(ones)
    }
}

/// Reads what RFC 3339 and ISO 8601 allow; naive times are UTC.
fn iso(text: &str) -> Option<Written> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(Written { at_us: at.as_microsecond(), has_offset: true });
    }
    let naive: DateTime = text.parse().ok()?;
    let at = naive.to_zoned(TimeZone::UTC).ok()?.timestamp();
    Some(Written { at_us: at.as_microsecond(), has_offset: false })
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the Gregorian calendar, counted in years that begin in March, so that
/// the leap day is a year's last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let of_year = (153 * month + 2) / 5 + day - 1;
    // 719,468 days lie between 0000-03-01 and 1970-01-01.
    year * 365 + leap_days + of_year - 719_468
}

/// The instant as a timestamp; `None` beyond the years that a timestamp can hold.
pub fn timestamp(at_us: i64) -> Option<Timestamp> {
    Timestamp::from_microsecond(at_us).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn frappe_forms_of_all_versions_are_read() {
        let v13 = frappe(b"2026-11-21 20:57:14.707324").unwrap();
        let v15 = frappe(b"2026-11-21 20:57:14.707324+00:00").unwrap();
        assert_eq!(v13.at_us, v15.at_us);
        assert_eq!((v13.has_offset, v15.has_offset), (false, true));
        assert_eq!(timestamp(v13.at_us).unwrap().to_string(), "2026-11-21T20:57:14.707324Z");
        assert_eq!(frappe(b"2026-11-21 20:57:14+00:00").unwrap().at_us, v13.at_us - 707_324);
    }

    #[test]
    fn other_forms_are_left_to_the_slow_reader() {
        for (text, expected) in [
            ("2026-11-21T20:57:14Z", "2026-11-21T20:57:14Z"),
            ("2026-11-21 20:57:14.5+05:30", "2026-11-21T15:27:14.5Z"),
            ("2026-11-21T20:57:14.123", "2026-11-21T20:57:14.123Z"),
        ] {
            assert_eq!(frappe(text.as_bytes()), None, "{text}");
            let at = read(text.as_bytes()).unwrap().at_us;
            assert_eq!(timestamp(at).unwrap().to_string(), expected);
        }
    }

    #[test]
    fn impossible_dates_are_refused() {
        for text in [
            "2026-02-29 00:00:00",
            "2026-13-01 00:00:00",
            "2026-00-10 00:00:00",
            "2026-01-01 24:00:00",
            "2026-01-01 00:60:00",
            "2026-01-01 00:00:61",
            "2026-01-01 00:00:0x",
            "",
            "yesterday",
        ] {
            assert_eq!(frappe(text.as_bytes()), None, "{text}");
        }
        assert!(frappe(b"2024-02-29 00:00:00").is_some());
    }

    proptest! {
        #[test]
        fn fast_reader_equals_jiff(second in -62_000_000_000_i64..250_000_000_000, micros in 0..SECOND_US) {
            let at = second * SECOND_US + micros;
            let text = timestamp(at).unwrap().strftime("%Y-%m-%d %H:%M:%S%.6f").to_string();
            prop_assert_eq!(frappe(text.as_bytes()).unwrap().at_us, at);
            prop_assert_eq!(iso(&text).unwrap().at_us, at);
        }
    }
}
