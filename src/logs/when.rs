//! Instants as an operator types them: `1h`, `09:30`, `yesterday`, `2026-11-21 09:30`.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

/// The instant that `text` means at `now`. Local times are those of `zone`.
///
/// A length of time is so long ago. A time of day is that of today, or of yesterday where today's
/// is still to come. The error says what can be written.
pub fn parse(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, String> {
    let text = text.trim();
    let today = now.to_zoned(zone.clone()).date();
    let local = |at: DateTime| {
        at.to_zoned(zone.clone()).map(|at| at.timestamp()).map_err(|error| error.to_string())
    };
    if text == "now" {
        return Ok(now);
    }
    if text == "today" {
        return local(today.to_datetime(Time::midnight()));
    }
    if text == "yesterday" {
        let day = today.yesterday().map_err(|error| error.to_string())?;
        return local(day.to_datetime(Time::midnight()));
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    if let Some(day) = text.get(..10).and_then(|day| day.parse::<Date>().ok()) {
        let rest = text[10..].trim_start_matches(['T', ' ', ',']);
        let time = if rest.is_empty() { Some(Time::midnight()) } else { time_of_day(rest) };
        return time.map(|time| local(day.to_datetime(time))).unwrap_or_else(|| Err(unknown()));
    }
    if let Some(time) = time_of_day(text) {
        let at = local(today.to_datetime(time))?;
        if at <= now {
            return Ok(at);
        }
        let day = today.yesterday().map_err(|error| error.to_string())?;
        return local(day.to_datetime(time));
    }
    let ago = humantime::parse_duration(text.trim_end_matches("ago").trim_end());
    let ago: Duration = ago.map_err(|_| unknown())?;
    now.checked_sub(ago).map_err(|_| "it is too long ago".to_owned())
}

/// `HH:MM`, `HH:MM:SS`, with a fraction behind `.` or `,`.
fn time_of_day(text: &str) -> Option<Time> {
    let text = text.replace(',', ".");
    (text.contains(':') && text.len() >= 5).then(|| text.parse().ok()).flatten()
}

fn unknown() -> String {
    "write for example 30m, 2h, 1d, 09:30, yesterday, 2026-11-21 or 2026-11-21T09:30:00Z".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Result<String, String> {
        let now = "2026-11-21T09:00:00Z".parse().unwrap();
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        parse(text, now, &zone).map(|at| at.to_string())
    }

    #[test]
    fn parse_takes_what_operators_type() {
        for (text, expected) in [
            ("1h", "2026-11-21T08:00:00Z"),
            ("1h 30m ago", "2026-11-21T07:30:00Z"),
            ("now", "2026-11-21T09:00:00Z"),
            ("today", "2026-11-20T23:00:00Z"),
            ("yesterday", "2026-11-19T23:00:00Z"),
            ("09:30", "2026-11-21T08:30:00Z"),
            ("23:30", "2026-11-20T22:30:00Z"),
            ("2026-11-20", "2026-11-19T23:00:00Z"),
            ("2026-11-20 09:30:15", "2026-11-20T08:30:15Z"),
            ("2026-11-20 09:30:15,250", "2026-11-20T08:30:15.25Z"),
            ("2026-11-20T09:30:00Z", "2026-11-20T09:30:00Z"),
            ("2026-11-20T09:30:00+05:30", "2026-11-20T04:00:00Z"),
        ] {
            assert_eq!(at(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn parse_refuses_the_rest() {
        for text in ["", "soon", "2026-13-01", "25:00", "2026-11-20 x", "99999999y", "1e9"] {
            assert!(at(text).is_err(), "{text}");
        }
    }
}
