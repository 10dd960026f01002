//! How durations and failures went: by day for a month, by week for a quarter.

use jiff::civil::{Date, Weekday};
use jiff::{Timestamp, ToSpan as _};

use super::show::unknown_note;
use super::{Open, Wanted};
use crate::backend::history::{Figures, Span};
use crate::context::Context;
use crate::error::Result;
use crate::report::Scope;
use crate::report::history::trend::{TrendDay, TrendReport, TrendWeek};

/// Days and weeks that are shown, the running ones included.
const DAYS: i64 = 30;
const WEEKS: i64 = 12;

/// Reads and sums up. Errors: those of opening and reading a history.
pub fn trend(
    context: &Context,
    wanted: &Wanted,
    drawn: bool,
    now: Timestamp,
) -> Result<(Scope, TrendReport)> {
    let mut open = Open::of(context, wanted)?;
    let today = now.to_zoned(open.zone.clone()).date();
    let monday = this_monday(today).saturating_sub((WEEKS - 1).weeks());
    let first = monday.min(today.saturating_sub((DAYS - 1).days()));
    let start = |day: Date| {
        let midnight = day.to_zoned(open.zone.clone()).map(|at| at.timestamp());
        midnight.map_or(0, |at| Span::Day.start(at, &open.zone))
    };
    let since_s = start(first);
    open.filter.since_s = since_s;
    let ended = open.reader.ended_by_time(Span::Day, &open.filter)?;
    let levels = open.reader.levels(Span::Day, &open.filter)?;
    let is_recorded = |at: i64| levels.contains_key(&at) || ended.contains_key(&at);
    let nothing = Figures::default();
    let day = |date: Date| {
        let at = start(date);
        let known = is_recorded(at);
        let figures = ended.get(&at).unwrap_or(&nothing);
        TrendDay {
            date: date.to_string(),
            is_recorded: known,
            count: known.then_some(figures.count),
            failed: (known && (figures.count == 0 || figures.failed_known() > 0))
                .then_some(figures.failed),
            failed_known: known.then_some(figures.failed_known()),
            mean_ms: figures.run_mean_ms(),
            p95_ms: figures.run_quantile_ms(0.95),
        }
    };
    let days = (0..DAYS).rev().map(|back| day(today.saturating_sub(back.days())));
    let week = |monday: Date| {
        let mut sum = Figures::default();
        let mut recorded = 0;
        for weekday in 0..7 {
            let at = start(monday.saturating_add(weekday.days()));
            recorded += u64::from(is_recorded(at));
            if let Some(figures) = ended.get(&at) {
                sum.merge(figures);
            }
        }
        TrendWeek {
            monday: monday.to_string(),
            days_recorded: recorded,
            count: (recorded > 0).then_some(sum.count),
            failed: (recorded > 0 && (sum.count == 0 || sum.failed_known() > 0))
                .then_some(sum.failed),
            failed_known: (recorded > 0).then_some(sum.failed_known()),
            failure_rate: sum.failure_rate(),
        }
    };
    let weeks = (0..WEEKS).map(|number| week(monday.saturating_add(number.weeks())));
    let (days, weeks): (Vec<_>, Vec<_>) = (days.collect(), weeks.collect());
    let mut notes = std::mem::take(&mut open.notes);
    notes.extend(unknown_note(ended.values().map(|figures| figures.unknown).sum()));
    let known = days.iter().filter(|day| day.is_recorded).count();
    if known < 7 {
        notes.push(format!(
            "recorded so far: {known} of the last {DAYS} days; a trend shows from about 7 days on"
        ));
    }
    let report = TrendReport { source: open.source(), days, weeks, drawn, notes };
    Ok((open.scope, report))
}

/// The Monday of the week around a day.
fn this_monday(day: Date) -> Date {
    let since = i64::from(day.weekday().since(Weekday::Monday));
    day.saturating_sub(since.days())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn monday_of_a_week_is_its_first_day() {
        let monday = |text: &str| this_monday(text.parse().unwrap()).to_string();
        assert_eq!(monday("2026-11-22"), "2026-11-16");
        assert_eq!(monday("2026-11-16"), "2026-11-16");
        assert_eq!(monday("2026-03-01"), "2026-02-23");
    }
}
