//! The keys of groups, numbered in the order in which they were first seen, up to a limit.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use jiff::tz::TimeZone;
use jiff::{ToSpan, Unit, Zoned, ZonedRound};

use super::instant;

/// Keys at most; whatever comes after goes under [`Key::Rest`].
pub const MOST_KEYS: usize = 20_000;

/// What a group is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    /// A method, queue or site.
    Name(Box<[u8]>),
    /// An hour or a day, by its beginning in microseconds since 1970.
    Start(i64),
    /// The record does not tell.
    Unknown,
    /// All keys beyond [`MOST_KEYS`].
    Rest,
}

/// Numbers keys.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    names: HashMap<Box<[u8]>, usize, RandomState>,
    others: HashMap<Key, usize, RandomState>,
    all: Vec<Key>,
    /// The hour or day that was asked for last: from, to, number.
    latest: Option<(i64, i64, usize)>,
}

impl Keys {
    /// The number of a name.
    pub fn of_name(&mut self, name: &[u8]) -> usize {
        if let Some(number) = self.names.get(name) {
            return *number;
        }
        if self.is_full() {
            return self.of_other(Key::Rest);
        }
        let number = self.append(Key::Name(name.into()));
        self.names.insert(name.into(), number);
        number
    }

    /// The number of the hour or day in `zone` that holds an instant.
    pub fn of_span(&mut self, at_us: i64, unit: Unit, zone: &TimeZone) -> usize {
        if let Some((_, _, number)) =
            self.latest.filter(|(from, to, _)| (*from..*to).contains(&at_us))
        {
            return number;
        }
        let Some((from, to)) = span_around(at_us, unit, zone) else {
            return self.of_other(Key::Unknown);
        };
        let number = self.of_other(Key::Start(from));
        self.latest = Some((from, to, number));
        number
    }

    /// The number of records that do not tell.
    pub fn of_unknown(&mut self) -> usize {
        self.of_other(Key::Unknown)
    }

    /// The number of another object's key.
    pub fn of_key(&mut self, key: &Key) -> usize {
        match key {
            Key::Name(name) => self.of_name(name),
            other => self.of_other(other.clone()),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// All keys, by number.
    pub fn into_all(self) -> Vec<Key> {
        self.all
    }

    /// All keys, by number.
    pub fn all(&self) -> &[Key] {
        &self.all
    }

    fn of_other(&mut self, key: Key) -> usize {
        if let Some(number) = self.others.get(&key) {
            return *number;
        }
        if self.is_full() && matches!(key, Key::Start(_)) {
            return self.of_other(Key::Rest);
        }
        let number = self.append(key.clone());
        self.others.insert(key, number);
        number
    }

    fn is_full(&self) -> bool {
        self.all.len() >= MOST_KEYS
    }

    fn append(&mut self, key: Key) -> usize {
        self.all.push(key);
        self.all.len() - 1
    }
}

/// The hour or day around an instant, in microseconds. Days have the length that the zone gives.
fn span_around(at_us: i64, unit: Unit, zone: &TimeZone) -> Option<(i64, i64)> {
    let at = instant::timestamp(at_us)?.to_zoned(zone.clone());
    let (from, to) = if unit == Unit::Day {
        let from = at.start_of_day().ok()?;
        let to = from.tomorrow().ok()?;
        (from, to)
    } else {
        let whole = ZonedRound::new().smallest(Unit::Hour).mode(jiff::RoundMode::Trunc);
        let from = at.round(whole).ok()?;
        let to = from.checked_add(1.hour()).ok()?;
        (from, to)
    };
    let micros = |at: &Zoned| at.timestamp().as_microsecond();
    Some((micros(&from), micros(&to)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(at: &str, unit: Unit, zone: &str) -> String {
        let zone = TimeZone::get(zone).unwrap();
        let at = at.parse::<jiff::Timestamp>().unwrap().as_microsecond();
        let (from, to) = span_around(at, unit, &zone).unwrap();
        assert!((from..to).contains(&at));
        instant::timestamp(from).unwrap().to_string()
    }

    #[test]
    fn span_follows_the_zone() {
        let at = "2026-11-21T20:57:14Z";
        assert_eq!(start(at, Unit::Day, "Asia/Kolkata"), "2026-11-21T18:30:00Z");
        assert_eq!(start(at, Unit::Hour, "Asia/Kolkata"), "2026-11-21T20:30:00Z");
        assert_eq!(start(at, Unit::Hour, "UTC"), "2026-11-21T20:00:00Z");
        // The second of two hours that read 02 when summer time ends.
        assert_eq!(
            start("2026-10-25T01:30:00Z", Unit::Hour, "Europe/Berlin"),
            "2026-10-25T01:00:00Z"
        );
    }

    #[test]
    fn keys_beyond_the_limit_share_one_number() {
        let mut keys = Keys::default();
        for n in 0..MOST_KEYS {
            assert_eq!(keys.of_name(&n.to_le_bytes()), n);
        }
        let rest = keys.of_name(b"one more");
        assert_eq!(keys.of_name(b"and another"), rest);
        assert_eq!(keys.all()[rest], Key::Rest);
        assert_eq!(keys.of_name(&7_usize.to_le_bytes()), 7);
    }
}
