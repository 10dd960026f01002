//! Numbers, sizes, ages and instants in words for people. JSON carries the raw values instead.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// In which time zone instants are shown.
#[derive(Debug, Clone, Default)]
pub enum Zone {
    /// The system's; looked up at the first use.
    #[default]
    Local,
    /// `--utc`.
    Utc,
    /// A given one.
    In(TimeZone),
}

impl Zone {
    /// The zone itself.
    pub fn tz(&self) -> TimeZone {
        match self {
            // Cached by jiff. An unknown system zone is shown as UTC rather than as `Etc/Unknown`.
            Self::Local => TimeZone::try_system().unwrap_or(TimeZone::UTC),
            Self::Utc => TimeZone::UTC,
            Self::In(zone) => zone.clone(),
        }
    }
}

/// An instant to the second with its zone: `2026-11-21 09:12:03 CET`.
pub fn time(at: Timestamp, zone: &Zone) -> String {
    at.to_zoned(zone.tz()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
}

/// An instant for JSON: UTC, RFC 3339, with as many decimals as it has.
pub fn rfc3339(at: Timestamp) -> String {
    at.to_string()
}

/// How long something has been so: `4s`, `1m 30s`, `12m 08s`, `3h 05m`, `2d 4h`, `120d`.
///
/// Less than nothing (clocks of two hosts differ) and what is no number count as nothing.
pub fn age(seconds: f64) -> String {
    let s = whole(seconds);
    match s {
        0..MINUTE => format!("{s}s"),
        MINUTE..HOUR => format!("{}m {:02}s", s / MINUTE, s % MINUTE),
        HOUR..DAY => format!("{}h {:02}m", s / HOUR, s % HOUR / MINUTE),
        _ if s < 100 * DAY => format!("{}d {}h", s / DAY, s % DAY / HOUR),
        _ => format!("{}d", count(s / DAY)),
    }
}

/// How long something took, exact below ten seconds: `12ms`, `1.4s`, then as [`age`].
pub fn duration_ms(ms: u64) -> String {
    match ms {
        0..1000 => format!("{ms}ms"),
        1000..9950 => format!("{:.1}s", ms as f64 / 1000.0),
        _ => age((ms as f64 / 1000.0).round()),
    }
}

/// Seconds to the millisecond, as beside a verdict: `0.014 s`.
pub fn seconds(took: Duration) -> String {
    format!("{:.3} s", took.as_secs_f64())
}

/// How long ago, in its largest unit: `38s ago`, `12m ago`, `6d ago`.
pub fn ago(seconds: f64) -> String {
    format!("{} ago", largest_unit(seconds))
}

/// In how long, in its largest unit: `in 5m`.
pub fn until(seconds: f64) -> String {
    format!("in {}", largest_unit(seconds))
}

fn largest_unit(seconds: f64) -> String {
    let s = whole(seconds);
    match s {
        0..MINUTE => format!("{s}s"),
        MINUTE..HOUR => format!("{}m", s / MINUTE),
        HOUR..DAY => format!("{}h", s / HOUR),
        _ => format!("{}d", count(s / DAY)),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates: below nothing and NaN become 0"
)]
fn whole(seconds: f64) -> u64 {
    seconds as u64
}

/// A size in binary units: `0 B`, `812 B`, `1.4 MiB`, `12 GiB`.
pub fn bytes(size: u64) -> String {
    if size < 1024 {
        return format!("{size} B");
    }
    let mut value = size as f64 / 1024.0;
    let mut units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"].into_iter();
    let mut unit = units.next().unwrap_or("KiB");
    // 1023.95 would be rounded to four digits.
    while value >= 1023.95 {
        let Some(larger) = units.next() else { break };
        value /= 1024.0;
        unit = larger;
    }
    if value < 9.95 { format!("{value:.1} {unit}") } else { format!("{value:.0} {unit}") }
}

/// A count with its noun: `1 job`, `2 jobs`; the plural only takes an `s`.
pub fn counted(n: u64, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{} {noun}s", count(n)) }
}

/// A count with thousands set apart: `1,204`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A share (1.0 is all): `0%`, `<0.1%`, `4.2%`, `80%`. Only all is `100%`, only nothing `0%`.
pub fn percent(share: f64) -> String {
    let p = share * 100.0;
    match p {
        _ if p.is_nan() => "-".to_owned(),
        _ if p <= 0.0 => "0%".to_owned(),
        _ if p < 0.1 => "<0.1%".to_owned(),
        _ if p < 9.95 => format!("{p:.1}%"),
        _ if p < 100.0 => format!("{:.0}%", p.round().min(99.0)),
        _ => format!("{p:.0}%"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn age_every_range_reads_well() {
        for (seconds, expected) in [
            (-5.0, "0s"),
            (f64::NAN, "0s"),
            (4.9, "4s"),
            (59.99, "59s"),
            (60.0, "1m 00s"),
            (90.0, "1m 30s"),
            (728.0, "12m 08s"),
            (3.0 * 3600.0 + 300.0, "3h 05m"),
            (52.0 * 3600.0, "2d 4h"),
            (120.0 * 86400.0, "120d"),
            (1.0e9 * 86400.0, "1,000,000,000d"),
        ] {
            assert_eq!(age(seconds), expected);
        }
    }

    #[test]
    fn duration_short_ones_are_exact() {
        for (ms, expected) in [
            (0, "0ms"),
            (999, "999ms"),
            (1400, "1.4s"),
            (9949, "9.9s"),
            (9950, "10s"),
            (90_400, "1m 30s"),
        ] {
            assert_eq!(duration_ms(ms), expected);
        }
        assert_eq!(seconds(Duration::from_millis(14)), "0.014 s");
    }

    #[test]
    fn ago_takes_the_largest_unit() {
        assert_eq!(ago(38.2), "38s ago");
        assert_eq!(ago(6.5 * 86400.0), "6d ago");
        assert_eq!(until(300.0), "in 5m");
    }

    #[test]
    fn bytes_rounds_to_three_digits_at_most() {
        for (size, expected) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1_468_006, "1.4 MiB"),
            (1_048_575, "1.0 MiB"),
            (12_884_901_888, "12 GiB"),
            (u64::MAX, "16 EiB"),
        ] {
            assert_eq!(bytes(size), expected);
        }
    }

    #[test]
    fn count_sets_thousands_apart() {
        for (n, expected) in [
            (0, "0"),
            (999, "999"),
            (1204, "1,204"),
            (1_000_000, "1,000,000"),
            (u64::MAX, "18,446,744,073,709,551,615"),
        ] {
            assert_eq!(count(n), expected);
        }
    }

    #[test]
    fn percent_only_all_is_a_hundred() {
        for (share, expected) in [
            (0.0, "0%"),
            (0.0004, "<0.1%"),
            (0.042, "4.2%"),
            (0.8, "80%"),
            (0.9999, "99%"),
            (1.0, "100%"),
            (1.5, "150%"),
            (f64::NAN, "-"),
        ] {
            assert_eq!(percent(share), expected);
        }
    }

    #[test]
    fn time_shows_its_zone() {
        let at: Timestamp = "2026-11-21T03:42:03.5Z".parse().unwrap();
        let kolkata = Zone::In(TimeZone::get("Asia/Kolkata").unwrap());
        assert_eq!(time(at, &kolkata), "2026-11-21 09:12:03 IST");
        assert_eq!(time(at, &Zone::Utc), "2026-11-21 03:42:03 UTC");
        assert_eq!(rfc3339(at), "2026-11-21T03:42:03.5Z");
        assert!(time(at, &Zone::Local).starts_with("2026-11-2"));
    }
}
