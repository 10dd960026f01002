//! How much there will be to do, and how many workers clear the peak.
//!
//! Growth is a straight line through the jobs of whole days that were recorded. Capacity is of the
//! hour that needs most workers: with `λ` jobs a second that come, `B` that wait, a mean duration `s`
//! and a time `T`, that is `(λ + B / T) · s`. The jobs that come are those that ended, which is the
//! same in the long run and less in an hour in which a queue grew: what waits covers that.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::regression::Line;
use super::{Open, Wanted, before};
use crate::backend::history::{Demand, Recorded, Span};
use crate::context::Context;
use crate::error::Result;
use crate::report::Scope;
use crate::report::history::forecast::{Ahead, Capacity, ForecastReport, Growth};

/// How far back growth is looked at, and peaks.
const GROWTH_REACH: SignedDuration = SignedDuration::from_hours(24 * 365);
const PEAK_REACH: SignedDuration = SignedDuration::from_hours(24 * 28);

/// Whole days that a line needs: two weeks, so that the weekend is not taken for a fall.
const LEAST_DAYS: usize = 14;

/// Hours of a day that must have been recorded for it to count as whole.
const WHOLE_DAY_HOURS: u64 = 22;

/// Jobs of a queue below which a mean duration says little.
const LEAST_RUNS: u64 = 10;

/// Days ahead.
const AHEAD: [u64; 4] = [30, 90, 180, 365];

/// The days ahead for which the workers are told.
const PLANNED_DAYS: f64 = 90.0;

const HOUR_S: f64 = 3_600.0;

/// Seconds before its end by which an hour may have its last sample.
const LATE_S: i64 = 600;

/// Reads and computes; a peak is to be worked off `within` that time. Errors: those of opening and
/// reading a history.
pub fn forecast(
    context: &Context,
    wanted: &Wanted,
    within: Duration,
    now: Timestamp,
) -> Result<(Scope, ForecastReport)> {
    let mut open = Open::of(context, wanted)?;
    let days = whole_days(&mut open, now)?;
    let growth = (days.len() >= LEAST_DAYS).then(|| growth(&days)).flatten();
    let mut notes = std::mem::take(&mut open.notes);
    if growth.is_none() {
        notes.push(format!(
            "no forecast of the growth: {} recorded so far, {LEAST_DAYS} are needed",
            crate::human::counted(days.len() as u64, "whole day")
        ));
    } else if growth.as_ref().is_some_and(|growth| !growth.is_significant) {
        notes.push(
            "the growth is not certain: no growth at all is within its confidence".to_owned(),
        );
    }
    open.filter.since_s = Span::Hour.start(before(now, PEAK_REACH), &open.zone);
    let mut demand = open.reader.demand(Span::Hour, &open.filter)?;
    keep_whole_hours(&mut demand, &open.recorded, &mut notes);
    let rises = growth.as_ref().and_then(|growth| {
        let now = growth.jobs_per_day;
        (now > 0.0).then(|| ((now + growth.slope * PLANNED_DAYS) / now).max(0.0))
    });
    let capacity = capacity(&demand, within, rises, &mut notes);
    let report = ForecastReport {
        source: open.source(),
        growth,
        within_s: within.as_secs_f64(),
        capacity,
        days_recorded: days.len() as u64,
        days_needed: LEAST_DAYS as u64,
        notes,
    };
    Ok((open.scope, report))
}

/// The jobs of each whole day that was recorded, by its number since the first; today is not whole.
fn whole_days(open: &mut Open, now: Timestamp) -> Result<Vec<(f64, f64)>> {
    let today = Span::Day.start(now, &open.zone);
    open.filter.since_s = Span::Day.start(before(now, GROWTH_REACH), &open.zone);
    open.filter.until_s = today;
    let ended = open.reader.ended_by_time(Span::Day, &open.filter)?;
    let hours = open.reader.levels(Span::Hour, &open.filter)?;
    open.filter.until_s = i64::MAX / 1_000;
    let mut recorded: BTreeMap<i64, u64> = BTreeMap::new();
    for (at, level) in hours {
        let Ok(hour) = Timestamp::from_second(at) else { continue };
        let day = Span::Day.start(hour, &open.zone);
        *recorded.entry(day).or_default() += u64::from(level.samples > 0);
    }
    recorded.retain(|_, hours| *hours >= WHOLE_DAY_HOURS);
    let Some((&first, _)) = recorded.first_key_value() else { return Ok(Vec::new()) };
    let point = |(day, _): (&i64, &u64)| {
        // Days with another length, when clocks change, are days as well.
        let number = ((day - first) as f64 / 86_400.0).round();
        (number, ended.get(day).map_or(0.0, |figures| figures.count as f64))
    };
    Ok(recorded.iter().map(point).collect())
}

fn growth(days: &[(f64, f64)]) -> Option<Growth> {
    let line = Line::through(days)?;
    let (first, last) = (days.first()?.0, days.last()?.0);
    let margin = line.slope_margin();
    let (slope_low, slope_high) = (line.slope - margin, line.slope + margin);
    let ahead = AHEAD.map(|in_days| {
        let x = last + in_days as f64;
        let (height, margin) = (line.at(x), line.margin_at(x));
        Ahead {
            in_days,
            jobs_per_day: height.max(0.0),
            low: (height - margin).max(0.0),
            high: (height + margin).max(0.0),
            is_far: in_days as f64 > last - first,
        }
    });
    Some(Growth {
        days: days.len() as u64,
        jobs_per_day: line.at(last).max(0.0),
        slope: line.slope,
        slope_low,
        slope_high,
        r2: line.r2,
        is_significant: slope_low > 0.0 || slope_high < 0.0,
        ahead: ahead.to_vec(),
    })
}

/// Leaves out hours of which only a part was recorded: what came in them is not the hour's.
fn keep_whole_hours(
    demand: &mut BTreeMap<(String, i64), Demand>,
    recorded: &Recorded,
    notes: &mut Vec<String>,
) {
    let Some((first, last)) = recorded.first.zip(recorded.last) else { return };
    let had_some = !demand.is_empty();
    demand.retain(|(_, at), _| {
        let end = at.saturating_add(3_600);
        *at >= first.as_second() && end <= last.as_second().saturating_add(LATE_S)
    });
    if had_some && demand.is_empty() {
        let so_far = crate::human::age(last.duration_since(first).as_secs_f64());
        notes.push(format!(
            "no capacity: {so_far} recorded so far, a whole hour of the clock is needed"
        ));
    }
}

fn capacity(
    demand: &BTreeMap<(String, i64), Demand>,
    within: Duration,
    rises: Option<f64>,
    notes: &mut Vec<String>,
) -> Vec<Capacity> {
    let mut by_queue: BTreeMap<&str, Vec<(i64, &Demand)>> = BTreeMap::new();
    for ((queue, at), demand) in demand {
        by_queue.entry(queue).or_default().push((*at, demand));
    }
    let mut unknown = Vec::new();
    let mut lines: Vec<Capacity> = by_queue
        .into_iter()
        .filter_map(|(queue, hours)| {
            let runs: u64 = hours.iter().map(|(_, demand)| demand.runs).sum();
            if runs < LEAST_RUNS {
                let idle = hours.iter().all(|(_, hour)| hour.ended == 0 && hour.queued_max == 0);
                unknown.extend((!idle).then(|| format!("{queue} ({runs})")));
                return None;
            }
            of_queue(queue, &hours, within.as_secs_f64(), rises)
        })
        .collect();
    if !unknown.is_empty() {
        notes.push(format!(
            "no capacity for queues with fewer than {LEAST_RUNS} jobs that tell how long they ran: {}",
            unknown.join(", ")
        ));
    }
    lines.sort_by(|a, b| b.workers_needed.cmp(&a.workers_needed).then(a.queue.cmp(&b.queue)));
    lines
}

fn of_queue(
    queue: &str,
    hours: &[(i64, &Demand)],
    within_s: f64,
    rises: Option<f64>,
) -> Option<Capacity> {
    let runs: u64 = hours.iter().map(|(_, demand)| demand.runs).sum();
    let run_sum_ms: u64 = hours.iter().map(|(_, demand)| demand.run_sum_ms).sum();
    let mean_s = run_sum_ms as f64 / 1_000.0 / runs as f64;
    let needed = |demand: &Demand, rises: f64| {
        let (coming, waiting) = (demand.ended as f64 / HOUR_S, demand.queued_max as f64 / within_s);
        (coming + waiting) * rises * mean_s
    };
    let peak = hours.iter().max_by(|a, b| needed(a.1, 1.0).total_cmp(&needed(b.1, 1.0)));
    let (at, peak) = *peak?;
    let steady = hours.iter().map(|(_, demand)| demand.ended).max().unwrap_or(0);
    let newest = hours.iter().map(|(at, _)| *at).max().unwrap_or(0);
    let last_day = hours.iter().filter(|(at, hour)| newest - at < 86_400 && hour.samples > 0);
    Some(Capacity {
        queue: queue.to_owned(),
        peak_at: Timestamp::from_second(at).ok(),
        jobs: peak.ended,
        queued_max: peak.queued_max,
        mean_ms: mean_s * 1_000.0,
        workers_steady: whole(steady as f64 / HOUR_S * mean_s),
        workers_needed: whole(needed(peak, 1.0)),
        workers_in_90_days: rises.map(|rises| whole(needed(peak, rises))),
        workers_now: last_day.map(|(_, hour)| hour.workers_max).max(),
    })
}

/// The next whole number, at least one: half a worker works off nothing.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "at least 1, and the cast saturates"
)]
fn whole(workers: f64) -> u64 {
    workers.ceil().max(1.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(ended: u64, queued_max: u64, workers_max: u64) -> Demand {
        let run_sum_ms = ended * 6_000;
        Demand { ended, runs: ended, run_sum_ms, samples: 120, queued_max, workers_max }
    }

    #[test]
    fn capacity_is_of_the_hour_that_needs_most() {
        // 6 s a job: 600 an hour keep one worker busy; 300 that wait take three more in 10 minutes.
        let hours = [(0, hour(600, 0, 2)), (3_600, hour(600, 300, 2)), (7_200, hour(60, 0, 1))];
        let demand: BTreeMap<(String, i64), Demand> =
            hours.into_iter().map(|(at, hour)| (("q".to_owned(), at), hour)).collect();
        let mut notes = Vec::new();
        let lines = capacity(&demand, Duration::from_secs(600), Some(2.0), &mut notes);
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!((line.workers_steady, line.workers_needed), (1, 4));
        assert_eq!((line.workers_in_90_days, line.workers_now), (Some(8), Some(2)));
        assert_eq!(line.peak_at, Timestamp::from_second(3_600).ok());
        assert!(notes.is_empty(), "{notes:?}");
    }

    #[test]
    fn capacity_is_of_whole_hours_and_says_where_there_is_none() {
        let at = |second| Timestamp::from_second(second).ok();
        let all = || (0..4).map(|n| (("q".to_owned(), n * 3_600), hour(60, 0, 1))).collect();
        let (mut demand, mut notes) = (all(), Vec::new());
        let recorded = Recorded { first: at(600), last: at(12_000), ..Recorded::default() };
        keep_whole_hours(&mut demand, &recorded, &mut notes);
        let left: Vec<i64> = demand.keys().map(|(_, at)| *at).collect();
        assert_eq!((left, notes.len()), (vec![3_600, 7_200], 0));
        let (mut demand, recorded) = (all(), Recorded { last: at(612), ..recorded });
        keep_whole_hours(&mut demand, &recorded, &mut notes);
        assert!(demand.is_empty() && notes[0].contains("12s recorded"), "{notes:?}");
    }

    #[test]
    fn capacity_of_too_few_jobs_is_said_to_be_unknown() {
        let demand = BTreeMap::from([
            (("rare".to_owned(), 0), hour(3, 5, 1)),
            (("idle".to_owned(), 0), hour(0, 0, 1)),
        ]);
        let mut notes = Vec::new();
        assert!(capacity(&demand, Duration::from_secs(600), None, &mut notes).is_empty());
        assert!(notes[0].contains("rare (3)") && !notes[0].contains("idle"), "{notes:?}");
    }

    #[test]
    fn growth_of_a_rising_line_is_significant_and_its_forecast_wide() {
        let days: Vec<(f64, f64)> = (0..30_u32)
            .map(|day| (f64::from(day), 1_000.0 + 10.0 * f64::from(day) + f64::from(day % 7)))
            .collect();
        let growth = growth(&days).unwrap();
        assert!((growth.slope - 10.0).abs() < 0.2 && growth.is_significant, "{growth:?}");
        assert!(growth.r2 > 0.99 && growth.slope_low < growth.slope);
        let [month, .., year] = growth.ahead.as_slice() else { panic!("{growth:?}") };
        assert!((month.jobs_per_day - 1_593.0).abs() < 5.0, "{month:?}");
        assert!(month.low < month.jobs_per_day && year.high - year.low > month.high - month.low);
        assert!(year.is_far && month.is_far);
    }
}
