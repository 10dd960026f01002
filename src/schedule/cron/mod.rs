//! Cron expressions as croniter, the library that Frappe asks, reads them.
//!
//! What croniter of a given version accepts, refuses and answers is the truth here, with its
//! quirks: a job runs when Frappe thinks so. Knows neither time zones nor the clock: Frappe gives
//! croniter naive datetimes, so a time is a civil datetime of the site's zone. Reads nothing.
//!
//! Source: `croniter/croniter.py` of 1.0.15, 1.3.15, 2.0.7 and 6.0.0, which the tests run as oracle.

mod fault;
mod parse;
mod search;
#[cfg(test)]
mod tests;
mod walker;

use std::fmt;

use jiff::civil::DateTime;

pub use fault::{CronError, CronFault, NoTime};

use crate::bench::Family;

/// The longest expression that is looked at, in bytes. Frappe's column holds 140 characters.
pub const MAX_LENGTH: usize = 1000;

/// What croniter of a version understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// 1.0: Frappe v13.
    V1_0,
    /// 1.3: Frappe v14.
    V1_3,
    /// 2.0: Frappe v15; takes `?`.
    V2_0,
    /// 6.0: late v15 and everything newer; takes a seventh field and ranges that wrap.
    V6_0,
}

impl Dialect {
    /// The dialect that a Frappe version asks for in its requirements.
    ///
    /// Late releases of v15 ask for 6.0, so what is installed beats this: see [`Self::of_release`].
    pub const fn of_family(family: Family) -> Self {
        match family {
            Family::V13 => Self::V1_0,
            Family::V14 => Self::V1_3,
            Family::V15 | Family::V16Dev => Self::V2_0,
            Family::V16 | Family::V17 | Family::Unknown => Self::V6_0,
        }
    }

    /// The dialect of an installed croniter, such as `2.0.7`; the nearest for those between.
    pub fn of_release(release: &str) -> Option<Self> {
        let mut parts = release.split('.').map(str::parse::<u32>);
        let (major, minor) = (parts.next()?.ok()?, parts.next().and_then(Result::ok));
        Some(match (major, minor.unwrap_or(0)) {
            (0, _) | (1, 0) => Self::V1_0,
            (1, _) => Self::V1_3,
            (2, _) => Self::V2_0,
            _ => Self::V6_0,
        })
    }

    /// The name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::V1_0 => "croniter 1.0",
            Self::V1_3 => "croniter 1.3",
            Self::V2_0 => "croniter 2.0",
            Self::V6_0 => "croniter 6.0",
        }
    }

    /// The most fields of an expression. The sixth are seconds, the seventh years.
    pub const fn max_fields(self) -> usize {
        match self {
            Self::V1_0 | Self::V1_3 | Self::V2_0 => 6,
            Self::V6_0 => 7,
        }
    }
}

/// The fields in the order in which croniter takes them: seconds stand at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// 0 to 59.
    Minute,
    /// 0 to 23.
    Hour,
    /// 1 to 31, `l` for the last.
    DayOfMonth,
    /// 1 to 12, or names.
    Month,
    /// 0 to 6 from Sunday, 7 for Sunday again, or names.
    DayOfWeek,
    /// 0 to 59.
    Second,
    /// 1970 to 2099.
    Year,
}

impl Field {
    /// All of them, in order.
    pub const ALL: [Self; 7] = [
        Self::Minute,
        Self::Hour,
        Self::DayOfMonth,
        Self::Month,
        Self::DayOfWeek,
        Self::Second,
        Self::Year,
    ];

    /// The field in words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::DayOfMonth => "day of month",
            Self::Month => "month",
            Self::DayOfWeek => "day of week",
            Self::Second => "second",
            Self::Year => "year",
        }
    }
}

/// The values that one field allows. Those below 64 are bits; years have a list of their own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Allowed {
    /// `*`, or what croniter takes for it.
    any: bool,
    /// `l`: the last day of the month.
    last: bool,
    bits: u64,
}

/// Which one of a weekday's occurrences in a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nth {
    /// `#1` to `#5`.
    From1(u8),
    /// `l5`.
    Last,
}

/// A parsed expression. Small; parsing allocates only while it runs, and for years and `#`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    dialect: Dialect,
    /// 5, 6 or 7.
    width: usize,
    minute: Allowed,
    hour: Allowed,
    day_of_month: Allowed,
    month: Allowed,
    day_of_week: Allowed,
    second: Allowed,
    /// Sorted; `None` for every year.
    years: Option<Vec<u16>>,
    /// Weekday (7 is Sunday too) and which one; empty where the day of week has no `#` and no `l`.
    nth: Vec<(u8, Nth)>,
    /// The first field that is drawn at random.
    random: Option<Field>,
}

impl Cron {
    /// Parses an expression.
    ///
    /// Errors: what croniter of that dialect refuses, and expressions longer than [`MAX_LENGTH`].
    /// Characters beyond ASCII are refused, although croniter takes digits of every script.
    pub fn parse(expression: &str, dialect: Dialect) -> Result<Self, CronError> {
        parse::parse(expression, dialect)
    }

    /// The dialect it was parsed in.
    pub const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Whether it names seconds, so that it can match more often than once a minute.
    pub const fn has_seconds(&self) -> bool {
        self.width > 5
    }

    /// The field that croniter draws at random (`r`) each time it parses: no one can tell the
    /// next time.
    pub const fn random(&self) -> Option<Field> {
        self.random
    }

    /// The first time after `base`, as `get_next` has it.
    ///
    /// Whole minutes without a seconds field: the minute of `base` is over. Errors where croniter
    /// looks through fifty years and finds none. Cost: microseconds; a fraction of a millisecond
    /// for a time that never comes.
    pub fn next(&self, base: DateTime) -> Result<DateTime, NoTime> {
        search::find(self, base, search::Direction::Next)
    }

    /// The last time before `base`, as `get_prev` has it.
    ///
    /// Not always an inverse of [`Self::next`]: croniter has other quirks on the way back.
    pub fn prev(&self, base: DateTime) -> Result<DateTime, NoTime> {
        search::find(self, base, search::Direction::Prev)
    }

    /// The times after `base`, ascending, each found from the one before; ends where croniter
    /// finds no more.
    pub fn after(&self, base: DateTime) -> impl Iterator<Item = DateTime> + '_ {
        std::iter::successors(self.next(base).ok(), |&at| self.next(at).ok())
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
