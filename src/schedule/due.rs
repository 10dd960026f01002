//! When a scheduled job type is due, what is due within a window, and what keeps a type from ever
//! being due.
//!
//! Source: `get_next_execution` and `is_event_due` in
//! `frappe/core/doctype/scheduled_job_type/scheduled_job_type.py`, and `enqueue_events` in
//! `frappe/utils/scheduler.py`.

mod problem;
#[cfg(test)]
mod tests;

use std::ops::RangeInclusive;

use jiff::SignedDuration;
use jiff::civil::{DateTime, date};
use serde_json::Value;

use super::cron::{Cron, Dialect, NoTime};
use super::frequency::Frequency;
use crate::bench::Family;
use crate::bench::config::truthy;

pub use problem::{BaseColumn, Effect, Problem};

/// Seconds where the configuration names no `scheduler_interval`.
const DEFAULT_INTERVAL_S: i64 = 240;

/// Seconds that v14 and v15 add to the types of the long frequencies, drawn anew at every check.
const JITTER_S: RangeInclusive<i64> = 1..=600;

/// The most times that are counted for one type within a window: one a minute for a day, and some.
pub const MAX_COUNTED: usize = 1500;

/// What the times of all types of a site depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    family: Family,
    dialect: Dialect,
    has_jitter: bool,
    /// The expression of the frequency All.
    all: Result<String, Problem>,
}

/// A row of `tabScheduled Job Type`, as far as its times depend on it.
#[derive(Debug, Clone, Copy, Default)]
pub struct JobType<'a> {
    /// The column `frequency`.
    pub frequency: &'a str,
    /// The column `cron_format`; empty and absent are the same.
    pub cron_format: Option<&'a str>,
    /// The column `last_execution`: when it last started to run.
    pub last_execution: Option<DateTime>,
    /// The column `creation`.
    pub creation: Option<DateTime>,
}

/// The clock of one job type: its expression and the time it counts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobTypeClock {
    frequency: Option<Frequency>,
    expression: Option<String>,
    cron: Option<Cron>,
    base: Option<DateTime>,
    next: Option<DateTime>,
    jitter: Option<RangeInclusive<i64>>,
    problem: Option<Problem>,
}

/// Whether a type is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Not before this time.
    Waiting(DateTime),
    /// At any check from here on, by chance: see [`JobTypeClock::jitter_s`].
    ByChance {
        /// The first time at which it could be.
        since: DateTime,
    },
    /// Since this time.
    Since(DateTime),
    /// Not as things stand; a problem says why.
    Never,
}

/// The times of one type within a window.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Upcoming {
    /// The first ones, ascending.
    pub times: Vec<DateTime>,
    /// How many there are in all, up to [`MAX_COUNTED`].
    pub count: usize,
}

impl Rules {
    /// The rules of a site.
    ///
    /// `is_late_v15` tells the late releases of v15, which took over much of v16; of other
    /// versions it says nothing. `scheduler_interval` is the value in the merged configuration.
    pub fn new(
        family: Family,
        dialect: Dialect,
        is_late_v15: bool,
        scheduler_interval: Option<&Value>,
    ) -> Self {
        let has_jitter = match family {
            Family::V14 | Family::V16Dev => true,
            Family::V15 => !is_late_v15,
            Family::V13 | Family::V16 | Family::V17 | Family::Unknown => false,
        };
        Self { family, dialect, has_jitter, all: all_expression(scheduler_interval) }
    }

    /// What is wrong with the rules themselves, and so concerns every type of the site.
    pub fn problem(&self) -> Option<&Problem> {
        self.all.as_ref().err()
    }

    /// What a problem of one type keeps from being enqueued, by this Frappe version.
    pub fn effect(&self, problem: &Problem) -> Effect {
        problem.effect(self.family)
    }

    fn expression(&self, job_type: &JobType<'_>) -> Result<String, Problem> {
        // The expression of All is made up for every type, so a bad one fails them all.
        let all = self.all.clone()?;
        if let Some(own) = job_type.cron_format.filter(|own| !own.is_empty()) {
            return Ok(own.to_owned());
        }
        let frequency = Frequency::of_title(job_type.frequency)
            .filter(|frequency| frequency.is_known_to(self.family))
            .ok_or_else(|| Problem::UnknownFrequency(job_type.frequency.to_owned()))?;
        match frequency {
            Frequency::All => Ok(all),
            other => other.expression().map(str::to_owned).ok_or(Problem::NoExpression),
        }
    }

    /// The time that a type counts from, and its column.
    fn base(&self, job_type: &JobType<'_>) -> Option<(DateTime, BaseColumn)> {
        if let Some(last) = job_type.last_execution {
            return Some((last, BaseColumn::LastExecution));
        }
        let fallback = match self.family {
            // Long ago: a new type is due at once.
            Family::V13 => Some(date(2000, 1, 1).at(0, 0, 0, 0)),
            _ => job_type.creation,
        };
        fallback.map(|base| (base, BaseColumn::Creation))
    }
}

/// The cron expression of the frequency All. Frappe before v16 writes `0/4` for `*/4`, which means
/// the same.
///
/// Python's `(interval or 240) // 60`: a text or a list cannot be divided, a fraction leaves `5.0`.
fn all_expression(interval: Option<&Value>) -> Result<String, Problem> {
    let minutes = match interval.filter(|value| truthy(value)) {
        None => (DEFAULT_INTERVAL_S / 60).to_string(),
        Some(Value::Bool(_)) => "0".to_owned(),
        Some(Value::Number(number)) => match number.as_i64() {
            Some(seconds) => seconds.div_euclid(60).to_string(),
            None => format!("{:?}", (number.as_f64().unwrap_or(f64::NAN) / 60.0).floor()),
        },
        Some(_) => return Err(Problem::IntervalNotNumber),
    };
    Ok(format!("*/{minutes} * * * *"))
}

impl JobTypeClock {
    /// Works out a type's next time. `now` is the site's clock, only asked for what lies ahead of
    /// it.
    ///
    /// Cost: one parse and one search. Never fails: what is wrong is in [`Self::problem`].
    pub fn new(rules: &Rules, job_type: &JobType<'_>, now: DateTime) -> Self {
        let frequency = Frequency::of_title(job_type.frequency);
        let has_jitter = rules.has_jitter && frequency.is_some_and(Frequency::is_long);
        let mut clock = Self {
            frequency,
            expression: None,
            cron: None,
            base: None,
            next: None,
            jitter: has_jitter.then_some(JITTER_S),
            problem: None,
        };
        clock.problem = clock.wind(rules, job_type, now).err();
        clock
    }

    fn wind(
        &mut self,
        rules: &Rules,
        job_type: &JobType<'_>,
        now: DateTime,
    ) -> Result<(), Problem> {
        let expression = rules.expression(job_type)?;
        self.expression = Some(expression.clone());
        let cron = Cron::parse(&expression, rules.dialect)
            .map_err(|error| Problem::BadExpression { expression: expression.clone(), error })?;
        let cron = self.cron.insert(cron);
        let (base, column) = rules.base(job_type).ok_or(Problem::NoBase)?;
        self.base = Some(base);
        self.next = Some(cron.next(base).map_err(|fault| match fault {
            NoTime::Never => Problem::NeverMatches { expression: expression.clone() },
            NoTime::Random(field) => Problem::Random { expression: expression.clone(), field },
        })?);
        if base > now {
            return Err(Problem::FutureBase { base, column });
        }
        Ok(())
    }

    /// The frequency, where the column holds one of Frappe's.
    pub const fn frequency(&self) -> Option<Frequency> {
        self.frequency
    }

    /// The expression in force: the type's own, whatever its frequency, or the frequency's.
    pub fn expression(&self) -> Option<&str> {
        self.expression.as_deref()
    }

    /// The time it counts from.
    pub const fn base(&self) -> Option<DateTime> {
        self.base
    }

    /// The next time after [`Self::base`], without the jitter. In the past for a type that is due.
    pub const fn next(&self) -> Option<DateTime> {
        self.next
    }

    /// What is wrong with it, if anything is.
    pub const fn problem(&self) -> Option<&Problem> {
        self.problem.as_ref()
    }

    /// The seconds that are added to the next time, drawn anew at every check of the scheduler.
    pub fn jitter_s(&self) -> Option<RangeInclusive<i64>> {
        self.jitter.clone()
    }

    /// Whether it is due at a time of the site's clock.
    pub fn due(&self, now: DateTime) -> Due {
        let Some(next) = self.next else { return Due::Never };
        let jitter = self.jitter.as_ref().map_or((0, 0), |jitter| (*jitter.start(), *jitter.end()));
        let (first, last) = (plus(next, jitter.0), plus(next, jitter.1));
        if now < first {
            Due::Waiting(first)
        } else if now < last {
            Due::ByChance { since: first }
        } else {
            Due::Since(last)
        }
    }

    /// How long it has been due for certain; `None` where it is not.
    ///
    /// Up to one round of the scheduler is nothing unusual.
    pub fn overdue_by(&self, now: DateTime) -> Option<SignedDuration> {
        match self.due(now) {
            Due::Since(since) => Some(now.duration_since(since)),
            Due::Waiting(_) | Due::ByChance { .. } | Due::Never => None,
        }
    }

    /// Its times from `now` until `until`, as they will be if it runs whenever it is due.
    ///
    /// A type that is due already is taken to run at once, which is not among the times. Keeps
    /// `limit` of them and counts up to [`MAX_COUNTED`]; costs a search for each that is counted.
    pub fn upcoming(&self, now: DateTime, until: DateTime, limit: usize) -> Upcoming {
        let (Some(cron), Some(next)) = (&self.cron, self.next) else { return Upcoming::default() };
        let first = if next > now { Some(next) } else { cron.next(now).ok() };
        let mut found = Upcoming::default();
        let times = std::iter::successors(first, |&at| cron.next(at).ok());
        for at in times.take_while(|&at| at <= until).take(MAX_COUNTED) {
            found.count += 1;
            if found.times.len() < limit {
                found.times.push(at);
            }
        }
        found
    }
}

/// The times of many types, ascending: each with the place of its type in `clocks`.
///
/// At most `limit` of a type, so that one that runs every minute does not hide the rest. Two
/// hundred types for a day: ten milliseconds, or thirty if each of them runs every minute.
pub fn timeline(
    clocks: &[JobTypeClock],
    now: DateTime,
    until: DateTime,
    limit: usize,
) -> Vec<(DateTime, usize)> {
    let mut times: Vec<(DateTime, usize)> = clocks
        .iter()
        .enumerate()
        .flat_map(|(place, clock)| {
            clock.upcoming(now, until, limit).times.into_iter().map(move |at| (at, place))
        })
        .collect();
    times.sort_unstable();
    times
}

fn plus(at: DateTime, seconds: i64) -> DateTime {
    at.saturating_add(SignedDuration::from_secs(seconds))
}
