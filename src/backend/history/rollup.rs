//! Figures of jobs that ended within a span of time, and where such spans begin.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit, ZonedRound};

use crate::model::histogram::Histogram;
use crate::model::history::EndedJob;

/// A span of time that figures are kept for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Span {
    /// A minute.
    Minute,
    /// An hour of the clock.
    Hour,
    /// A day of the calendar.
    Day,
}

impl Span {
    /// Every one, shortest first.
    pub const ALL: [Self; 3] = [Self::Minute, Self::Hour, Self::Day];

    /// Its number in the tables: its usual length in seconds.
    pub(super) const fn number(self) -> i64 {
        match self {
            Self::Minute => 60,
            Self::Hour => 3_600,
            Self::Day => 86_400,
        }
    }

    /// When the span around `at` began, on the clock and the calendar of `zone`, in Unix seconds.
    pub fn start(self, at: Timestamp, zone: &TimeZone) -> i64 {
        let unit = match self {
            Self::Minute => return at.as_second().div_euclid(60) * 60,
            Self::Hour => Unit::Hour,
            Self::Day => {
                let start = at.to_zoned(zone.clone()).start_of_day();
                return start.map_or(at.as_second(), |start| start.timestamp().as_second());
            }
        };
        let down = ZonedRound::new().smallest(unit).mode(jiff::RoundMode::Trunc);
        let start = at.to_zoned(zone.clone()).round(down);
        start.map_or(at.as_second(), |start| start.timestamp().as_second())
    }
}

/// What is known of jobs that ended.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures {
    /// How many.
    pub count: u64,
    /// How many of them failed.
    pub failed: u64,
    /// Of how many it is not known whether they failed.
    pub unknown: u64,
    /// How many tell how long they ran.
    pub runs: u64,
    /// How long those ran together, in milliseconds.
    pub run_sum_ms: u64,
    /// The sum of the squares.
    pub run_squares: f64,
    /// The longest.
    pub run_max_ms: u64,
    /// How long each ran.
    pub run_histogram: Histogram,
    /// How many tell how long they waited.
    pub waits: u64,
    /// How long those waited together, in milliseconds.
    pub wait_sum_ms: u64,
    /// The longest.
    pub wait_max_ms: u64,
    /// How long each waited.
    pub wait_histogram: Histogram,
}

impl Figures {
    /// Counts one more.
    pub fn add(&mut self, job: &EndedJob) {
        self.count += 1;
        self.failed += u64::from(job.failed == Some(true));
        self.unknown += u64::from(job.failed.is_none());
        if let Some(ms) = job.run_ms {
            self.runs += 1;
            self.run_sum_ms = self.run_sum_ms.saturating_add(ms);
            self.run_squares += (ms as f64).powi(2);
            self.run_max_ms = self.run_max_ms.max(ms);
            self.run_histogram.add(ms);
        }
        if let Some(ms) = job.wait_ms {
            self.waits += 1;
            self.wait_sum_ms = self.wait_sum_ms.saturating_add(ms);
            self.wait_max_ms = self.wait_max_ms.max(ms);
            self.wait_histogram.add(ms);
        }
    }

    /// Adds those of others.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.failed += other.failed;
        self.unknown += other.unknown;
        self.runs += other.runs;
        self.run_sum_ms = self.run_sum_ms.saturating_add(other.run_sum_ms);
        self.run_squares += other.run_squares;
        self.run_max_ms = self.run_max_ms.max(other.run_max_ms);
        self.run_histogram.merge(&other.run_histogram);
        self.waits += other.waits;
        self.wait_sum_ms = self.wait_sum_ms.saturating_add(other.wait_sum_ms);
        self.wait_max_ms = self.wait_max_ms.max(other.wait_max_ms);
        self.wait_histogram.merge(&other.wait_histogram);
    }

    /// The mean time that they ran, in milliseconds.
    pub fn run_mean_ms(&self) -> Option<f64> {
        (self.runs > 0).then(|| self.run_sum_ms as f64 / self.runs as f64)
    }

    /// The standard deviation of the time that they ran, in milliseconds.
    pub fn run_deviation_ms(&self) -> Option<f64> {
        let mean = self.run_mean_ms().filter(|_| self.runs > 1)?;
        let n = self.runs as f64;
        // Rounding may leave a little less than nothing.
        Some(((self.run_squares - n * mean * mean) / (n - 1.0)).max(0.0).sqrt())
    }

    /// A quantile of the time that they ran.
    pub fn run_quantile_ms(&self, share: f64) -> Option<f64> {
        quantile(&self.run_histogram, share, self.runs, self.run_max_ms)
    }

    /// A quantile of the time that they waited.
    pub fn wait_quantile_ms(&self, share: f64) -> Option<f64> {
        quantile(&self.wait_histogram, share, self.waits, self.wait_max_ms)
    }

    /// How many tell whether they failed.
    pub fn failed_known(&self) -> u64 {
        self.count.saturating_sub(self.unknown)
    }

    /// The share that failed, of those that tell.
    pub fn failure_rate(&self) -> Option<f64> {
        let known = self.failed_known();
        (known > 0).then(|| self.failed as f64 / known as f64)
    }
}

/// A quantile, no more than the longest; of a single value that value.
fn quantile(histogram: &Histogram, share: f64, count: u64, max_ms: u64) -> Option<f64> {
    let max_ms = max_ms as f64;
    let quantile = histogram.quantile(share)?;
    Some(if count == 1 { max_ms } else { quantile.min(max_ms) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn span_begins_on_the_clock_and_the_calendar_of_the_zone() {
        let at: Timestamp = "2026-11-21T20:54:24.8Z".parse().unwrap();
        let kolkata = TimeZone::get("Asia/Kolkata").unwrap();
        let start =
            |span: Span| Timestamp::from_second(span.start(at, &kolkata)).unwrap().to_string();
        assert_eq!(start(Span::Minute), "2026-11-21T20:54:00Z");
        // 02:24 on the 22nd.
        assert_eq!(start(Span::Hour), "2026-11-21T20:30:00Z");
        assert_eq!(start(Span::Day), "2026-11-21T18:30:00Z");
        assert_eq!(Span::Day.start(at, &TimeZone::UTC) % 86_400, 0);
    }

    #[test]
    fn figures_of_nothing_say_nothing_and_of_one_say_it() {
        let mut figures = Figures::default();
        assert_eq!((figures.run_mean_ms(), figures.failure_rate()), (None, None));
        let job = EndedJob {
            hash: 1,
            queue: "q".to_owned(),
            method: "m".to_owned(),
            site: None,
            ended_at: Timestamp::UNIX_EPOCH,
            failed: Some(true),
            error: None,
            wait_ms: None,
            run_ms: Some(1_000),
        };
        figures.add(&job);
        assert_eq!((figures.run_mean_ms(), figures.failure_rate()), (Some(1_000.0), Some(1.0)));
        assert_eq!((figures.run_deviation_ms(), figures.wait_quantile_ms(0.5)), (None, None));
        assert_eq!(figures.run_quantile_ms(0.95), Some(1_000.0));
        figures.add(&EndedJob { run_ms: Some(3_000), failed: None, ..job });
        // What is not known is no success.
        assert_eq!((figures.failed_known(), figures.failure_rate()), (1, Some(1.0)));
        assert!((figures.run_deviation_ms().unwrap() - 1_414.2).abs() < 0.1);
    }
}
