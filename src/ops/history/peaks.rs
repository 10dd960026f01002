//! When there is most to do: by hour of the day and by day of the week.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, Zoned};

use super::show::busy_share;
use super::{Open, Wanted, before};
use crate::backend::history::{Figures, Level, Span};
use crate::context::Context;
use crate::error::Result;
use crate::report::Scope;
use crate::report::history::peaks::{Peak, PeaksReport};

/// How far back is looked: whole weeks, so that every weekday weighs the same.
const REACH: SignedDuration = SignedDuration::from_hours(24 * 7 * 8);

/// Hours and days that a statement about the busiest ones needs.
const LEAST_HOURS: u64 = 24;
const LEAST_DAYS: u64 = 7;

/// The days of a week, in the order of jiff's `to_monday_zero_offset`.
const WEEKDAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// Reads and sums up; `since` takes the place of the last eight weeks. Errors: those of opening and
/// reading a history.
pub fn peaks(
    context: &Context,
    wanted: &Wanted,
    since: Option<Timestamp>,
    drawn: bool,
    now: Timestamp,
) -> Result<(Scope, PeaksReport)> {
    let mut open = Open::of(context, wanted)?;
    let since = since.unwrap_or_else(|| before(now, REACH));
    let hour_of = |at: &Zoned| usize::try_from(at.hour()).unwrap_or(0);
    let weekday_of =
        |at: &Zoned| usize::try_from(at.weekday().to_monday_zero_offset()).unwrap_or(0);
    let hours = slots(&mut open, Span::Hour, since, 24, hour_of)?;
    let weekdays = slots(&mut open, Span::Day, since, 7, weekday_of)?;
    let hour_name = |hour: usize| format!("{hour:02}:00");
    let hours: Vec<Peak> =
        hours.into_iter().enumerate().map(|(at, slot)| slot.peak(hour_name(at))).collect();
    let weekdays: Vec<Peak> =
        weekdays.into_iter().zip(WEEKDAYS).map(|(slot, name)| slot.peak(name.to_owned())).collect();
    let mut notes = std::mem::take(&mut open.notes);
    let recorded = |rows: &[Peak]| rows.iter().map(|row| row.recorded).sum::<u64>();
    let busiest = |rows: &[Peak], least, what, notes: &mut Vec<String>| {
        let (have, each) = (recorded(rows), rows.iter().all(|row| row.recorded > 0));
        if have < least || !each {
            notes.push(format!(
                "recorded so far: {}; the busiest one shows once each was recorded, {least} at least",
                crate::human::counted(have, what)
            ));
            return None;
        }
        let mean = |row: &&Peak| row.jobs_mean.unwrap_or(0.0);
        let top = rows.iter().max_by(|a, b| mean(a).total_cmp(&mean(b)))?;
        (mean(&top) > 0.0).then(|| top.key.clone())
    };
    let busiest_hour = busiest(&hours, LEAST_HOURS, "hour", &mut notes);
    let busiest_weekday = busiest(&weekdays, LEAST_DAYS, "day", &mut notes);
    let source = open.source();
    let report =
        PeaksReport { source, hours, weekdays, busiest_hour, busiest_weekday, drawn, notes };
    Ok((open.scope, report))
}

/// One hour of all days, or one weekday of all weeks.
#[derive(Debug, Clone, Default)]
struct Slot {
    recorded: u64,
    figures: Figures,
    jobs_max: u64,
    level: Level,
}

impl Slot {
    fn peak(self, key: String) -> Peak {
        let known = self.recorded > 0;
        Peak {
            key,
            recorded: self.recorded,
            jobs_mean: known.then(|| self.figures.count as f64 / self.recorded as f64),
            jobs_max: known.then_some(self.jobs_max),
            queued_max: known.then_some(self.level.queued_max),
            wait_p95_ms: self.figures.wait_quantile_ms(0.95),
            busy_share: busy_share(&self.level),
        }
    }
}

fn slots(
    open: &mut Open,
    span: Span,
    since: Timestamp,
    slots: usize,
    slot_of: impl Fn(&Zoned) -> usize,
) -> Result<Vec<Slot>> {
    open.filter.since_s = span.start(since, &open.zone);
    let ended: BTreeMap<i64, Figures> = open.reader.ended_by_time(span, &open.filter)?;
    let levels = open.reader.levels(span, &open.filter)?;
    let mut found = vec![Slot::default(); slots];
    // A span without a sample was not recorded, so it says nothing of how much there was to do.
    for (at, level) in levels.iter().filter(|(_, level)| level.samples > 0) {
        let Ok(start) = Timestamp::from_second(*at) else { continue };
        let Some(slot) = found.get_mut(slot_of(&start.to_zoned(open.zone.clone()))) else {
            continue;
        };
        slot.recorded += 1;
        slot.level.queued_max = slot.level.queued_max.max(level.queued_max);
        slot.level.busy_sum += level.busy_sum;
        slot.level.workers_sum += level.workers_sum;
        if let Some(figures) = ended.get(at) {
            slot.jobs_max = slot.jobs_max.max(figures.count);
            slot.figures.merge(figures);
        }
    }
    Ok(found)
}
