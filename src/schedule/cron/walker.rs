//! A naive time that steps forwards and backwards, within the years that Python knows.
//!
//! Plain integers rather than a library's datetime: the timeline of a site takes hundreds of
//! thousands of steps.

use jiff::civil::DateTime;

/// Python's datetimes end here.
const MAX_YEAR: i32 = 9999;

/// A time in whole seconds. Always valid: 1 ≤ `day` ≤ [`Self::days_in_month`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Walker {
    pub(super) year: i32,
    pub(super) month: i32,
    pub(super) day: i32,
    pub(super) hour: i32,
    pub(super) minute: i32,
    pub(super) second: i32,
}

impl Walker {
    /// Cuts off the fraction of a second.
    pub(super) fn of(at: DateTime) -> Self {
        Self {
            year: at.year().into(),
            month: at.month().into(),
            day: at.day().into(),
            hour: at.hour().into(),
            minute: at.minute().into(),
            second: at.second().into(),
        }
    }

    /// `None` beyond the calendar.
    pub(super) fn datetime(self) -> Option<DateTime> {
        let year = i16::try_from(self.year).ok()?;
        let small = |n: i32| i8::try_from(n).ok();
        DateTime::new(
            year,
            small(self.month)?,
            small(self.day)?,
            small(self.hour)?,
            small(self.minute)?,
            small(self.second)?,
            0,
        )
        .ok()
    }

    pub(super) fn set_time(&mut self, hour: i32, minute: i32, second: i32) {
        (self.hour, self.minute, self.second) = (hour, minute, second);
    }

    pub(super) fn days_in_month(&self) -> i32 {
        days_in_month(self.year, self.month)
    }

    /// 0 is Sunday.
    pub(super) fn weekday(&self) -> i32 {
        weekday(self.year, self.month, self.day)
    }

    /// Each `add` carries over; `None` beyond the calendar.
    pub(super) fn add_seconds(&mut self, seconds: i32) -> Option<()> {
        let sum = self.second + seconds;
        self.second = sum.rem_euclid(60);
        self.add_minutes(sum.div_euclid(60))
    }

    pub(super) fn add_minutes(&mut self, minutes: i32) -> Option<()> {
        let sum = self.minute + minutes;
        self.minute = sum.rem_euclid(60);
        self.add_hours(sum.div_euclid(60))
    }

    pub(super) fn add_hours(&mut self, hours: i32) -> Option<()> {
        let sum = self.hour + hours;
        self.hour = sum.rem_euclid(24);
        self.add_days(sum.div_euclid(24))
    }

    /// Costs a step per month.
    pub(super) fn add_days(&mut self, days: i32) -> Option<()> {
        self.day += days;
        while self.day > self.days_in_month() {
            self.day -= self.days_in_month();
            self.shift_months(1)?;
        }
        while self.day < 1 {
            self.shift_months(-1)?;
            self.day += self.days_in_month();
        }
        Some(())
    }

    /// Goes to the same day of another month, or to that month's last.
    pub(super) fn add_months(&mut self, months: i32) -> Option<()> {
        self.shift_months(months)?;
        self.day = self.day.min(self.days_in_month());
        Some(())
    }

    fn shift_months(&mut self, months: i32) -> Option<()> {
        let sum = self.month - 1 + months;
        self.month = sum.rem_euclid(12) + 1;
        self.year += sum.div_euclid(12);
        (1..=MAX_YEAR).contains(&self.year).then_some(())
    }
}

pub(super) fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// The days of a month from 1 to 12, of a year without 29 February.
pub(super) fn days_in_common_month(month: i32) -> i32 {
    match month {
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

pub(super) fn days_in_month(year: i32, month: i32) -> i32 {
    days_in_common_month(month) + i32::from(month == 2 && is_leap(year))
}

/// Counts the days since a Sunday, in a year that starts in March so that the leap day comes last.
pub(super) fn weekday(year: i32, month: i32, day: i32) -> i32 {
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day;
    // 1 March of the year 0 was a Wednesday.
    (days + 2).rem_euclid(7)
}
