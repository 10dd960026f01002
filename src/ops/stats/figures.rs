//! Turns counted groups into the rows of the report.

use super::Ask;
use crate::report::stats::{Bar, LeftOut, Row, SlowExecution, StatsReport, TrendAxis};
use crate::secrets::Secrets;
use crate::stats::By;
use crate::stats::buckets::ERROR;
use crate::stats::group::Group;
use crate::stats::instant::timestamp;
use crate::stats::keys::Key;
use crate::stats::slowest::Execution;
use crate::stats::tally::Counted;
use crate::stats::timeline::Axis;

const HOUR_US: f64 = 3_600_000_000.0;
const MINUTE_US: i64 = 60_000_000;

/// Where bars of the histogram end, in milliseconds.
const EDGES_MS: [u64; 14] =
    [1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000];

/// The report of what was counted; the caller adds where it is from.
pub(super) fn report(counted: Counted, ask: &Ask, secrets: Secrets) -> StatsReport {
    let Counted { groups, total, axis, slowest, oddities } = counted;
    let hours_of_row = match ask.by {
        By::Hour => Some(1.0),
        By::Day => Some(24.0),
        _ => None,
    };
    let overall =
        Overall { sum_us: total.duration.sum_us(), hours: hours(&total), hours_of_row, axis };
    let mut rows: Vec<Row> = groups
        .iter()
        .filter(|(_, group)| group.count > 0)
        .map(|(key, group)| overall.row(Some(key), group, secrets))
        .collect();
    match ask.by {
        By::Hour | By::Day => rows.sort_by_key(|row| (row.key.is_none(), row.first_at)),
        _ => rows.sort_by(|a, b| {
            let most = b.total_ms.unwrap_or(0.0).total_cmp(&a.total_ms.unwrap_or(0.0));
            most.then(b.count.cmp(&a.count)).then_with(|| a.key.cmp(&b.key))
        }),
    }
    let all = rows.len();
    rows.truncate(ask.limit.unwrap_or(usize::MAX));
    StatsReport {
        by: word(ask.by),
        source: "",
        sources: Vec::new(),
        first_at: began(&total),
        last_at: ended(&total),
        rows_left_out: all - rows.len(),
        rows,
        slowest: slowest.into_iter().map(|slow| slow_execution(slow, secrets)).collect(),
        histogram: histogram(&total),
        trend: axis.begins_s().zip(axis.width_s()).and_then(|(begins, span_s)| {
            let begins_at = jiff::Timestamp::from_second(begins).ok()?;
            Some(TrendAxis { begins_at, span_s })
        }),
        total: overall.row(None, &total, secrets),
        left_out: LeftOut {
            duplicates: oddities.duplicates,
            requests: oddities.requests,
            other_records: oddities.others,
            unreadable_lines: oddities.unreadable,
            cut_short_lines: oddities.cut_short,
            undated_jobs: 0,
            misdated_jobs: oddities.misdated,
            negative_durations: oddities.negative,
        },
        quantile_error: ERROR,
        is_partial: false,
        is_unknown: false,
        drawn: ask.drawn,
        notes: Vec::new(),
    }
}

/// What rows are compared with.
struct Overall {
    sum_us: u64,
    hours: Option<f64>,
    /// The hours that each row is about, of hours and days.
    hours_of_row: Option<f64>,
    axis: Axis,
}

impl Overall {
    /// The hours that executions of a row are divided by.
    fn hours_of(&self, key: Option<&Key>) -> Option<f64> {
        match key {
            Some(Key::Start(_)) => self.hours_of_row,
            _ => self.hours,
        }
    }

    fn row(&self, key: Option<&Key>, group: &Group, secrets: Secrets) -> Row {
        let (duration, wait) = (&group.duration, &group.wait);
        let known = duration.count() > 0;
        Row {
            key: key.and_then(|key| name(key, secrets)),
            is_rest: key == Some(&Key::Rest),
            count: group.count,
            failed: (group.failed_known > 0).then_some(group.failed),
            failed_known: group.failed_known,
            failed_from: Vec::new(),
            scheduled: group.scheduled,
            queues: Vec::new(),
            memory_peak_kib: None,
            mean_ms: duration.mean_us().map(ms),
            median_ms: duration.quantile_us(0.5).map(ms),
            p95_ms: duration.quantile_us(0.95).map(ms),
            p99_ms: duration.quantile_us(0.99).map(ms),
            max_ms: duration.max_us().map(|us| ms(us as f64)),
            total_ms: known.then(|| ms(duration.sum_us() as f64)),
            share: (known && self.sum_us > 0)
                .then(|| duration.sum_us() as f64 / self.sum_us as f64),
            per_hour: self.hours_of(key).map(|hours| group.count as f64 / hours),
            wait_known: wait.count(),
            wait_mean_ms: wait.mean_us().map(ms),
            wait_median_ms: wait.quantile_us(0.5).map(ms),
            wait_p95_ms: wait.quantile_us(0.95).map(ms),
            wait_max_ms: wait.max_us().map(|us| ms(us as f64)),
            is_exact: duration.is_exact() && wait.is_exact(),
            first_at: began(group),
            last_at: ended(group),
            trend: group.timeline.iter().copied().take(self.axis.used()).collect(),
        }
    }
}

fn slow_execution(slow: Execution, secrets: Secrets) -> SlowExecution {
    let text = |bytes: Option<Vec<u8>>| bytes.map(|bytes| shown(&bytes, secrets));
    SlowExecution {
        started_at: timestamp(slow.started_us),
        duration_ms: ms(slow.duration_us as f64),
        wait_ms: slow.wait_us.map(|us| ms(us as f64)),
        method: text(slow.method),
        site: text(slow.site),
        queue: text(slow.queue),
        job_id: text(slow.job_id),
        scheduled: slow.scheduled,
        failed: slow.failed,
    }
}

/// Bars from the first to the last that holds something.
fn histogram(total: &Group) -> Vec<Bar> {
    let mut counts = [0; EDGES_MS.len() + 1];
    for (value_us, count) in total.duration.values() {
        let bar = EDGES_MS.partition_point(|edge| edge * 1000 <= value_us);
        if let Some(sum) = counts.get_mut(bar) {
            *sum += count;
        }
    }
    let edges = EDGES_MS.into_iter().map(Some).chain([None]);
    let mut bars: Vec<Bar> =
        edges.zip(counts).map(|(below_ms, count)| Bar { below_ms, count }).collect();
    while bars.last().is_some_and(|bar| bar.count == 0) {
        bars.pop();
    }
    let empty = bars.iter().take_while(|bar| bar.count == 0).count();
    bars.drain(..empty);
    bars
}

fn name(key: &Key, secrets: Secrets) -> Option<String> {
    match key {
        Key::Name(name) => Some(shown(name, secrets)),
        Key::Start(at_us) => timestamp(*at_us).map(crate::human::rfc3339),
        Key::Unknown | Key::Rest => None,
    }
}

fn shown(bytes: &[u8], secrets: Secrets) -> String {
    secrets.text(&String::from_utf8_lossy(bytes)).into_owned()
}

fn began(group: &Group) -> Option<jiff::Timestamp> {
    (group.count > 0).then(|| timestamp(group.first_us)).flatten()
}

fn ended(group: &Group) -> Option<jiff::Timestamp> {
    (group.count > 0).then(|| timestamp(group.last_us)).flatten()
}

/// How many hours executions span; `None` below a minute, of which no rate can be told.
fn hours(total: &Group) -> Option<f64> {
    let span_us = total.last_us.checked_sub(total.first_us).filter(|us| *us >= MINUTE_US)?;
    (total.count > 0).then(|| span_us as f64 / HOUR_US)
}

/// Microseconds as milliseconds, to the microsecond.
fn ms(us: f64) -> f64 {
    us.round() / 1000.0
}

fn word(by: By) -> &'static str {
    match by {
        By::Method => "method",
        By::Queue => "queue",
        By::Site => "site",
        By::Hour => "hour",
        By::Day => "day",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_is_of_the_whole_time_from_a_minute_on_and_of_an_hour_over_that() {
        let group =
            |span_us| Group { count: 18, first_us: 5, last_us: 5 + span_us, ..Group::default() };
        assert_eq!(hours(&group(1_500_000)), None);
        assert_eq!(hours(&group(MINUTE_US)), Some(1.0 / 60.0));
        let overall = Overall {
            sum_us: 0,
            hours: Some(24.0),
            hours_of_row: Some(1.0),
            axis: Axis::default(),
        };
        let rate = |key: Option<&Key>| overall.row(key, &group(0), Secrets::default()).per_hour;
        assert_eq!(rate(Some(&Key::Start(0))), Some(18.0));
        assert_eq!(rate(None), Some(0.75));
    }
}
