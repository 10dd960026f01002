//! A batch on its way into the tables: what goes where, and what is bounded.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::tz::TimeZone;
use rusqlite::{OptionalExtension as _, Transaction, params};

use super::super::rollup::{Figures, Span};
use super::super::sample;
use super::Batch;
use crate::model::histogram::Histogram;
use crate::model::history::{EndedJob, MemoryPeak, Sample};

/// Names that are told apart in a file, methods of a day, and characters of a name.
const MOST_NAMES: usize = 20_000;
const MOST_METHODS: usize = 1_000;
const MOST_NAME: usize = 200;

/// Stands for the names beyond a bound.
const OTHER: &str = "other";

/// A batch on its way into the file.
pub(super) struct Step<'w> {
    pub(super) transaction: &'w Transaction<'w>,
    pub(super) zone: &'w TimeZone,
    pub(super) names: &'w mut HashMap<String, i64>,
    pub(super) methods: &'w mut (i64, HashSet<i64>),
}

/// Span, beginning, queue, method, site.
type RollupKey = (i64, i64, i64, i64, i64);

impl Step<'_> {
    /// The number of a name, given now where it has none.
    fn name(&mut self, name: &str) -> rusqlite::Result<i64> {
        let end = name.char_indices().nth(MOST_NAME).map_or(name.len(), |(at, _)| at);
        let name = name.get(..end).unwrap_or(name);
        if let Some(id) = self.names.get(name) {
            return Ok(*id);
        }
        if self.names.len() >= MOST_NAMES && name != OTHER {
            return self.name(OTHER);
        }
        self.transaction.prepare("INSERT INTO names (name) VALUES (?)")?.execute([name])?;
        let id = self.transaction.last_insert_rowid();
        self.names.insert(name.to_owned(), id);
        Ok(id)
    }

    /// The number of a method, unless its day has too many already.
    fn method(&mut self, name: &str, day: i64) -> rusqlite::Result<i64> {
        let id = self.name(name)?;
        if self.methods.0 != day {
            let sql = "SELECT DISTINCT method FROM ended_rollup WHERE span = ? AND at = ?";
            let mut statement = self.transaction.prepare(sql)?;
            let known = statement.query_map([Span::Day.number(), day], |row| row.get(0))?;
            *self.methods = (day, known.collect::<rusqlite::Result<_>>()?);
        }
        if self.methods.1.len() >= MOST_METHODS && !self.methods.1.contains(&id) {
            return self.name(OTHER);
        }
        self.methods.1.insert(id);
        Ok(id)
    }

    pub(super) fn sample(&mut self, sample: &Sample) -> rusqlite::Result<()> {
        let ids = sample.queues.iter().map(|queue| self.name(&queue.queue));
        let ids: Vec<i64> = ids.collect::<rusqlite::Result<_>>()?;
        let new = self
            .transaction
            .prepare("INSERT OR IGNORE INTO samples (at, body) VALUES (?, ?)")?
            .execute(params![sample.at.as_millisecond(), sample::to_bytes(sample, &ids)])?;
        if new == 0 {
            return Ok(());
        }
        for span in Span::ALL {
            let at = span.start(sample.at, self.zone);
            self.system(span, at, sample)?;
            for (queue, id) in sample.queues.iter().zip(&ids) {
                let numbers = [queue.started, queue.failed, queue.oldest_s, queue.workers];
                let [started, failed, oldest, workers] = numbers.map(integer);
                let Some(queued) = queue.queued else { continue };
                self.transaction
                    .prepare(
                        "INSERT INTO queue_rollup VALUES (?1, ?2, ?3, 1, ?4, ?4, ?5, ?6, ?7, ?8)
                         ON CONFLICT DO UPDATE SET samples = samples + 1,
                         queued_sum = queued_sum + ?4, queued_max = max(queued_max, ?4),
                         started_max = max(started_max, ?5), failed_max = max(failed_max, ?6),
                         oldest_max = max(oldest_max, ?7), workers_max = max(workers_max, ?8)",
                    )?
                    .execute(params![
                        span.number(),
                        at,
                        id,
                        integer(Some(queued)),
                        started,
                        failed,
                        oldest,
                        workers
                    ])?;
            }
        }
        Ok(())
    }

    fn system(&mut self, span: Span, at: i64, sample: &Sample) -> rusqlite::Result<()> {
        let workers = sample.busy.zip(sample.idle).map(|(busy, idle)| busy.saturating_add(idle));
        self.transaction
            .prepare(
                "INSERT INTO system_rollup VALUES (?1, ?2, 1, ?3, ?3, ?4, ?4, ?5)
                 ON CONFLICT DO UPDATE SET samples = samples + 1,
                 busy_sum = busy_sum + ?3, busy_max = max(busy_max, ?3),
                 workers_sum = workers_sum + ?4, workers_max = max(workers_max, ?4),
                 memory_max = max(coalesce(memory_max, 0), ?5)",
            )?
            .execute(params![
                span.number(),
                at,
                integer(sample.busy),
                integer(workers),
                sample.redis_memory.map(|bytes| integer(Some(bytes))),
            ])?;
        Ok(())
    }

    /// Jobs that are new, each by itself and in the figures of its minute, hour and day.
    pub(super) fn ended(&mut self, jobs: &[EndedJob]) -> rusqlite::Result<()> {
        let mut rollups: BTreeMap<RollupKey, Figures> = BTreeMap::new();
        for job in jobs {
            let day = Span::Day.start(job.ended_at, self.zone);
            let (queue, method) = (self.name(&job.queue)?, self.method(&job.method, day)?);
            let site = job.site.as_deref().map(|site| self.name(site)).transpose()?;
            let error = job.error.as_deref().map(|error| self.name(error)).transpose()?;
            let ms = |time: Option<u64>| time.map(|ms| integer(Some(ms)));
            let new = self
                .transaction
                .prepare("INSERT OR IGNORE INTO ended VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")?
                .execute(params![
                    job.ended_at.as_millisecond(),
                    job.hash.cast_signed(),
                    queue,
                    method,
                    site,
                    job.failed,
                    error,
                    ms(job.wait_ms),
                    ms(job.run_ms),
                ])?;
            if new == 0 {
                continue;
            }
            for span in Span::ALL {
                let at = span.start(job.ended_at, self.zone);
                let key = (span.number(), at, queue, method, site.unwrap_or(0));
                rollups.entry(key).or_default().add(job);
            }
            if let Some(error) = error {
                self.transaction
                    .prepare(
                        "INSERT INTO error_rollup VALUES (?, ?, ?, ?, 1)
                         ON CONFLICT DO UPDATE SET count = count + 1",
                    )?
                    .execute([day, queue, method, error])?;
            }
        }
        rollups.iter().try_for_each(|(key, figures)| self.roll_up(*key, figures))
    }

    /// Adds figures to those that are there.
    fn roll_up(&mut self, key: RollupKey, figures: &Figures) -> rusqlite::Result<()> {
        let (span, at, queue, method, site) = key;
        let key = params![span, at, queue, method, site];
        let there = self
            .transaction
            .prepare(
                "SELECT count, failed, runs, run_sum, run_squares, run_max, run_histogram, waits,
                 wait_sum, wait_max, wait_histogram FROM ended_rollup
                 WHERE span = ? AND at = ? AND queue = ? AND method = ? AND site = ?",
            )?
            .query_row(key, |row| figures_of(row, 0))
            .optional()?;
        let mut sum = there.unwrap_or_default();
        sum.merge(figures);
        let [count, failed, runs, run_sum, run_max, waits, wait_sum, wait_max] = [
            sum.count,
            sum.failed,
            sum.runs,
            sum.run_sum_ms,
            sum.run_max_ms,
            sum.waits,
            sum.wait_sum_ms,
            sum.wait_max_ms,
        ]
        .map(|number| integer(Some(number)));
        self.transaction
            .prepare(
                "INSERT OR REPLACE INTO ended_rollup
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                span,
                at,
                queue,
                method,
                site,
                count,
                failed,
                runs,
                run_sum,
                sum.run_squares,
                run_max,
                sum.run_histogram.to_bytes(),
                waits,
                wait_sum,
                wait_max,
                sum.wait_histogram.to_bytes(),
            ])?;
        Ok(())
    }

    pub(super) fn peak(&mut self, peak: &MemoryPeak) -> rusqlite::Result<()> {
        let day = Span::Day.start(peak.at, self.zone);
        let (queue, method) = (self.name(&peak.queue)?, self.method(&peak.method, day)?);
        self.transaction
            .prepare(
                "INSERT INTO memory VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE
                 SET jobs = jobs + ?4, peak_kib = max(peak_kib, ?5)",
            )?
            .execute(params![day, queue, method, peak.is_new, integer(Some(peak.kib))])?;
        Ok(())
    }

    pub(super) fn rest(&mut self, batch: &Batch) -> rusqlite::Result<()> {
        let of = |sql| self.transaction.prepare(sql);
        for (series, value) in &batch.totals {
            match value {
                Some(value) => {
                    of("INSERT OR REPLACE INTO totals VALUES (?, ?)")?.execute([series, value])?
                }
                None => of("DELETE FROM totals WHERE series = ?")?.execute([series])?,
            };
        }
        for (hash, at) in &batch.seen {
            of("INSERT OR REPLACE INTO seen VALUES (?, ?)")?
                .execute([hash.cast_signed(), at.as_millisecond()])?;
        }
        if let Some(bound) = batch.forget_before {
            of("DELETE FROM seen WHERE at < ?")?.execute([bound.as_millisecond()])?;
        }
        for (name, value) in &batch.facts {
            of("INSERT OR REPLACE INTO facts VALUES (?, ?)")?.execute([*name, value.as_str()])?;
        }
        for gap in &batch.gaps {
            of("INSERT OR REPLACE INTO gaps VALUES (?, ?, ?)")?.execute(params![
                gap.from.as_millisecond(),
                gap.until.as_millisecond(),
                gap.why
            ])?;
        }
        Ok(())
    }
}

/// Figures out of eleven columns, the first at `first`.
pub(in crate::backend::history) fn figures_of(
    row: &rusqlite::Row<'_>,
    first: usize,
) -> rusqlite::Result<Figures> {
    let number = |at: usize| row.get::<_, i64>(first + at).map(|n| u64::try_from(n).unwrap_or(0));
    let histogram = |at: usize| -> rusqlite::Result<Histogram> {
        let bytes = row.get_ref(first + at)?;
        Ok(Histogram::from_bytes(bytes.as_blob().unwrap_or_default()))
    };
    Ok(Figures {
        count: number(0)?,
        failed: number(1)?,
        runs: number(2)?,
        run_sum_ms: number(3)?,
        run_squares: row.get(first + 4)?,
        run_max_ms: number(5)?,
        run_histogram: histogram(6)?,
        waits: number(7)?,
        wait_sum_ms: number(8)?,
        wait_max_ms: number(9)?,
        wait_histogram: histogram(10)?,
    })
}

fn integer(number: Option<u64>) -> i64 {
    number.map_or(0, |number| i64::try_from(number).unwrap_or(i64::MAX))
}
