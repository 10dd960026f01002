//! Turns written times into instants: zones, repeated hours, lines without a day.
//!
//! Instants are microseconds since 1970 here: millions of them are compared.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::stamp::{Stamp, Within};
use crate::sys::clock;

/// Microseconds of a minute.
const MINUTE: i64 = 60_000_000;
/// Lines of several processes may stand this far out of order.
pub(super) const DISORDER: i64 = MINUTE;

/// From where lines without a day get one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Days {
    /// Nowhere: their instant is not known.
    #[default]
    Unknown,
    /// They are being written now.
    Now,
    /// Reckoned back from the file's end: from each offset on, the day. Ascending.
    From(Vec<(u64, Date)>),
}

/// Resolves the times of one file.
#[derive(Debug, Clone)]
pub struct Clock {
    zone: TimeZone,
    /// From where lines without a day get one.
    pub days: Days,
    /// Which days count.
    pub within: Within,
    /// The minute that was resolved last: most lines share theirs with the one before.
    minute: Option<(Date, i64, i64)>,
    last: Option<i64>,
    /// The day whose repeated hour is in its second pass.
    second_pass: Option<Date>,
}

impl Clock {
    /// A clock for lines in the local time of `zone`.
    pub fn new(zone: TimeZone) -> Self {
        Self {
            zone,
            days: Days::Unknown,
            within: Within::default(),
            minute: None,
            last: None,
            second_pass: None,
        }
    }

    /// The zone of lines that name none.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The instant of a time that stands at `offset` of its file.
    pub fn resolve(&mut self, stamp: &Stamp, offset: u64) -> Option<i64> {
        let date = match stamp.date {
            Some(date) => date,
            None => self.day_at(offset, stamp.micros_of_day)?,
        };
        let at = match stamp.offset_s {
            Some(east) => utc(date, stamp.micros_of_day)? - i64::from(east) * 1_000_000,
            None => self.local(date, stamp.micros_of_day)?,
        };
        self.last = Some(at);
        Some(at)
    }

    /// The instant of a local time. In the hour that a change of the clocks repeats, lines that
    /// follow later ones belong to its second pass.
    fn local(&mut self, date: Date, micros: i64) -> Option<i64> {
        let (minute, rest) = (micros / MINUTE, micros % MINUTE);
        if let Some((day, known, base)) = self.minute
            && day == date
            && known == minute
        {
            return Some(base + rest);
        }
        let wall = utc(date, minute * MINUTE)?;
        let at = DateTime::from_parts(date, Time::midnight())
            .checked_add(jiff::SignedDuration::from_mins(minute))
            .ok()?;
        let base = match self.zone.to_ambiguous_timestamp(at).offset() {
            AmbiguousOffset::Unambiguous { offset } => wall - seconds(offset.seconds()),
            AmbiguousOffset::Gap { before, .. } => wall - seconds(before.seconds()),
            AmbiguousOffset::Fold { before, after } => {
                let first = wall - seconds(before.seconds());
                if self.last.is_some_and(|last| last > first + 5 * MINUTE) {
                    self.second_pass = Some(date);
                }
                let second = self.second_pass == Some(date);
                if second { wall - seconds(after.seconds()) } else { first }
            }
        };
        self.minute = Some((date, minute, base));
        Some(base + rest)
    }

    fn day_at(&self, offset: u64, micros: i64) -> Option<Date> {
        match &self.days {
            Days::Unknown => None,
            Days::Now => {
                let now = clock::now().to_zoned(self.zone.clone()).datetime();
                // A line from before midnight may arrive after it.
                if micros > micros_of(now.time()) + 60 * MINUTE {
                    now.date().yesterday().ok()
                } else {
                    Some(now.date())
                }
            }
            Days::From(days) => {
                let after = days.partition_point(|(from, _)| *from <= offset);
                days.get(after.checked_sub(1)?).map(|(_, date)| *date)
            }
        }
    }
}

/// Microseconds since midnight.
pub(super) fn micros_of(time: Time) -> i64 {
    let since = time.duration_since(Time::midnight()).as_micros();
    // A day has fewer than 2^63 microseconds.
    i64::try_from(since).unwrap_or(0)
}

fn utc(date: Date, micros: i64) -> Option<i64> {
    let days = date.since(Date::constant(1970, 1, 1)).ok()?.get_days();
    Some(i64::from(days) * 24 * 60 * MINUTE + micros)
}

fn seconds(east: i32) -> i64 {
    i64::from(east) * 1_000_000
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::logs::stamp::find;

    fn at(clock: &mut Clock, line: &str) -> Option<String> {
        let stamp = find(line.as_bytes()).unwrap();
        clock.resolve(&stamp, 0).map(|at| Timestamp::from_microsecond(at).unwrap().to_string())
    }

    #[test]
    fn resolve_local_time_and_explicit_zone_meet() {
        let mut clock = Clock::new(TimeZone::get("Asia/Kolkata").unwrap());
        let local = at(&mut clock, "2026-11-21 09:12:03,123 x");
        assert_eq!(local.as_deref(), Some("2026-11-21T03:42:03.123Z"));
        assert_eq!(at(&mut clock, "2026-11-21T03:42:03.123Z x"), local);
        assert_eq!(
            at(&mut clock, "2026-11-21 09:12:04 x").as_deref(),
            Some("2026-11-21T03:42:04Z")
        );
    }

    #[test]
    fn resolve_repeated_hour_goes_on() {
        let mut clock = Clock::new(TimeZone::get("Europe/Berlin").unwrap());
        let times: Vec<_> = ["01:59", "02:10", "02:59", "02:01", "02:59", "03:00"]
            .iter()
            .map(|time| at(&mut clock, &format!("2026-10-25 {time}:00 x")).unwrap())
            .collect();
        let mut sorted = times.clone();
        sorted.sort();
        assert_eq!(times, sorted);
        assert_eq!(times[3], "2026-10-25T01:01:00Z");
    }

    #[test]
    fn resolve_without_a_day_takes_the_reckoned_one() {
        let mut clock = Clock::new(TimeZone::UTC);
        assert_eq!(at(&mut clock, "09:12:03 x"), None);
        clock.days = Days::From(vec![(0, Date::constant(2026, 11, 20))]);
        assert_eq!(at(&mut clock, "09:12:03 x").as_deref(), Some("2026-11-20T09:12:03Z"));
    }
}
