//! Looks for the next or the previous time of an expression, step by step as croniter does.
//!
//! The steps, not only the values they look for, decide the answer: with `1,31` as days croniter
//! jumps from 2 February over 1 March, and so does Frappe. The order of the rules, the lengths of
//! the jumps and the end of the search therefore are croniter's; `_calc` in its source.

use jiff::civil::DateTime;

use super::walker::{Walker, days_in_common_month, days_in_month, weekday};
use super::{Allowed, Cron, Dialect, NoTime, Nth};

/// How many years away croniter gives up. Source: `max_years_between_matches`.
pub(super) const MAX_YEARS: i32 = 50;

/// Which way to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Next,
    Prev,
}

use Direction::{Next, Prev};

/// What became of a time when a field looked at it.
enum Step {
    /// It is allowed.
    Fits,
    /// It was moved; the fields before have to look again.
    Moved,
}

/// The expression while it is searched: one of the two kinds of days may be left out.
struct Search<'a> {
    cron: &'a Cron,
    day_of_month: Allowed,
    day_of_week: Allowed,
    direction: Direction,
}

/// Finds the nearest time; see [`Cron::next`] and [`Cron::prev`].
pub(super) fn find(cron: &Cron, base: DateTime, direction: Direction) -> Result<DateTime, NoTime> {
    if let Some(field) = cron.random {
        return Err(NoTime::Random(field));
    }
    let (day_of_month, day_of_week) = (cron.day_of_month, cron.day_of_week);
    let any = Allowed { any: true, ..Allowed::default() };
    let run = |day_of_month, day_of_week| {
        Search { cron, day_of_month, day_of_week, direction }.run(base).ok_or(NoTime::Never)
    };
    if day_of_month.any || day_of_week.any {
        return run(day_of_month, day_of_week);
    }
    // Either kind of day will do, but both searches have to end: one that finds nothing fails all.
    let by_month = run(day_of_month, any)?;
    let by_week = run(any, day_of_week)?;
    Ok(match direction {
        Next => by_month.min(by_week),
        Prev => by_month.max(by_week),
    })
}

impl Search<'_> {
    /// `None`: croniter gives up. Bounded: a step moves by a second at least and resets what is
    /// smaller, and the search ends fifty years away.
    fn run(&self, base: DateTime) -> Option<DateTime> {
        let mut at = self.start(base)?;
        let first_year = at.year;
        while (at.year - first_year).abs() <= MAX_YEARS {
            if let Step::Fits = self.step(&mut at)? {
                return at.datetime();
            }
        }
        None
    }

    /// The first time that may be the answer.
    fn start(&self, base: DateTime) -> Option<Walker> {
        let mut at = Walker::of(base);
        let has_fraction = base.subsec_nanosecond() > 0;
        match self.direction {
            Next => at.add_seconds(if self.cron.has_seconds() { 1 } else { 60 })?,
            Prev => {
                at.add_seconds(i32::from(has_fraction))?;
                let whole_minute = at.second == 0;
                let one = self.cron.has_seconds() || !whole_minute;
                at.add_seconds(if one { -1 } else { -60 })?;
            }
        }
        Some(at)
    }

    fn step(&self, at: &mut Walker) -> Option<Step> {
        let rules: [fn(&Self, &mut Walker) -> Option<Step>; 7] = [
            Self::year,
            Self::month,
            Self::day_of_month,
            if self.cron.nth.is_empty() { Self::day_of_week } else { Self::occurrence },
            Self::hour,
            Self::minute,
            Self::second,
        ];
        for rule in rules {
            if let Step::Moved = rule(self, at)? {
                return Some(Step::Moved);
            }
        }
        Some(Step::Fits)
    }

    fn year(&self, at: &mut Walker) -> Option<Step> {
        let Some(years) = &self.cron.years else { return Some(Step::Fits) };
        let mut years = years.iter().map(|&year| i32::from(year));
        let year = match self.direction {
            Next => years.find(|&year| year >= at.year)?,
            Prev => years.rfind(|&year| year <= at.year)?,
        };
        if year == at.year {
            return Some(Step::Fits);
        }
        (at.year, at.month, at.day) = match self.direction {
            Next => (year, 1, 1),
            Prev => (year, 12, 31),
        };
        self.reset_time(at);
        Some(Step::Moved)
    }

    fn month(&self, at: &mut Walker) -> Option<Step> {
        let months = self.difference(self.cron.month, at.month, 12);
        if months == 0 {
            return Some(Step::Fits);
        }
        at.add_months(months)?;
        at.day = match self.direction {
            Next => 1,
            // Before 2.0, 29 February is overlooked on the way back.
            Prev if self.cron.dialect < Dialect::V2_0 => days_in_common_month(at.month),
            Prev => at.days_in_month(),
        };
        self.reset_time(at);
        Some(Step::Moved)
    }

    fn day_of_month(&self, at: &mut Walker) -> Option<Step> {
        let (allowed, length) = (self.day_of_month, at.days_in_month());
        if allowed.any || (allowed.last && at.day == length) {
            return Some(Step::Fits);
        }
        let turn = match self.direction {
            Next => length,
            Prev => days_in_common_month((at.month + 10) % 12 + 1),
        };
        self.move_days(at, self.difference(allowed, at.day, turn))
    }

    fn day_of_week(&self, at: &mut Walker) -> Option<Step> {
        if self.day_of_week.any {
            return Some(Step::Fits);
        }
        self.move_days(at, self.difference(self.day_of_week, at.weekday(), 7))
    }

    /// The day of week where it has `#` or `l`, which wins over everything else in that field.
    fn occurrence(&self, at: &mut Walker) -> Option<Step> {
        let days = self.cron.nth.iter().filter_map(|&(day, nth)| nth.day(at, day));
        let found = match self.direction {
            Next => days.filter(|&day| day >= at.day).min(),
            Prev => days.filter(|&day| day <= at.day).max(),
        };
        let days = match (found, self.direction) {
            (Some(day), _) => day - at.day,
            (None, Next) => at.days_in_month() - at.day + 1,
            (None, Prev) => -at.day,
        };
        self.move_days(at, days)
    }

    fn hour(&self, at: &mut Walker) -> Option<Step> {
        let hours = self.difference(self.cron.hour, at.hour, 24);
        if hours == 0 {
            return Some(Step::Fits);
        }
        self.reset_time_below(at, at.hour);
        at.add_hours(hours)?;
        Some(Step::Moved)
    }

    fn minute(&self, at: &mut Walker) -> Option<Step> {
        let minutes = self.difference(self.cron.minute, at.minute, 60);
        if minutes == 0 {
            return Some(Step::Fits);
        }
        at.second = if self.direction == Next { 0 } else { 59 };
        at.add_minutes(minutes)?;
        Some(Step::Moved)
    }

    fn second(&self, at: &mut Walker) -> Option<Step> {
        if !self.cron.has_seconds() {
            at.second = 0;
            return Some(Step::Fits);
        }
        let seconds = self.difference(self.cron.second, at.second, 60);
        if seconds == 0 {
            return Some(Step::Fits);
        }
        at.add_seconds(seconds)?;
        Some(Step::Moved)
    }

    fn move_days(&self, at: &mut Walker, days: i32) -> Option<Step> {
        if days == 0 {
            return Some(Step::Fits);
        }
        at.add_days(days)?;
        self.reset_time(at);
        Some(Step::Moved)
    }

    fn reset_time(&self, at: &mut Walker) {
        let hour = if self.direction == Next { 0 } else { 23 };
        self.reset_time_below(at, hour);
    }

    fn reset_time_below(&self, at: &mut Walker, hour: i32) {
        match self.direction {
            Next => at.set_time(hour, 0, 0),
            Prev => at.set_time(hour, 59, 59),
        }
    }

    /// How far the nearest allowed value is, where the values start again after `turn`.
    fn difference(&self, allowed: Allowed, from: i32, turn: i32) -> i32 {
        if allowed.any {
            return 0;
        }
        match self.direction {
            Next => allowed.forwards(from, turn),
            Prev => allowed.backwards(from, turn, self.cron.dialect),
        }
    }
}

impl Allowed {
    /// Source: `_get_next_nearest_diff`.
    fn forwards(self, from: i32, turn: i32) -> i32 {
        if let Some(value) = lowest(self.bits & !below(from)) {
            return value - from;
        }
        if self.last {
            return turn - from;
        }
        lowest(self.bits).unwrap_or(0) - from + turn
    }

    /// Source: `_get_prev_nearest_diff`.
    fn backwards(self, from: i32, turn: i32, dialect: Dialect) -> i32 {
        if let Some(value) = highest(self.bits & below(from + 1)) {
            return value - from;
        }
        if self.last {
            return -from;
        }
        match highest(self.bits & below(turn + 1)) {
            Some(value) => value - from - turn,
            None if dialect < Dialect::V6_0 => -from,
            None => -turn,
        }
    }
}

/// The bits of the values less than `value`, which is at most 60.
fn below(value: i32) -> u64 {
    (1u64 << value.clamp(0, 63)) - 1
}

fn lowest(bits: u64) -> Option<i32> {
    (bits != 0).then(|| bits.trailing_zeros().cast_signed())
}

fn highest(bits: u64) -> Option<i32> {
    (bits != 0).then(|| 63 - bits.leading_zeros().cast_signed())
}

impl Nth {
    /// The day in the month of `at`; `None` where the month has no fifth one.
    fn day(self, at: &Walker, day_of_week: u8) -> Option<i32> {
        let length = days_in_month(at.year, at.month);
        let first = 1 + (i32::from(day_of_week) - weekday(at.year, at.month, 1)).rem_euclid(7);
        let day = match self {
            Self::From1(n) => first + 7 * (i32::from(n) - 1),
            Self::Last => first + (length - first) / 7 * 7,
        };
        (day <= length).then_some(day)
    }
}
