//! What samples tell: how much there was to do, and to do it with.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::params_from_iter;
use rusqlite::types::Value;

use super::super::rollup::Span;
use super::super::sample;
use super::{Filter, Reader, unsigned};
use crate::error::Result;
use crate::model::history::Sample;

/// How much there was to do and to do it with, in one span of time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Level {
    /// Samples.
    pub samples: u64,
    /// Waiting jobs, of all samples together.
    pub queued_sum: u64,
    /// The most waiting jobs of the wanted queues; of several the sum of what each had at most.
    pub queued_max: u64,
    /// The longest that a job of them waited, in seconds.
    pub oldest_max_s: u64,
    /// The most live workers.
    pub workers_max: u64,
    /// Busy workers, of all samples together; of all queues.
    pub busy_sum: u64,
    /// Live workers, of all samples together; of all queues.
    pub workers_sum: u64,
    /// The most memory that the data of Redis took, in bytes.
    pub memory_max: Option<u64>,
}

/// How much one queue had to do in one span of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Demand {
    /// Jobs that ended.
    pub ended: u64,
    /// Those of them that tell how long they ran.
    pub runs: u64,
    /// How long those ran together, in milliseconds.
    pub run_sum_ms: u64,
    /// Samples.
    pub samples: u64,
    /// The most waiting jobs.
    pub queued_max: u64,
    /// The most live workers.
    pub workers_max: u64,
}

impl Reader {
    /// How much there was to do and to do it with, by when the span began. Of a queue that a filter
    /// names; memory and busy workers are of the whole Redis.
    pub fn levels(&self, span: Span, filter: &Filter) -> Result<BTreeMap<i64, Level>> {
        let (conditions, values) = self.conditions(filter, false, false);
        let mut all = [vec![Value::Integer(span.number())], values].concat();
        let sql = format!(
            "SELECT at, sum(queued_sum), sum(queued_max), max(oldest_max), max(workers_max)
             FROM queue_rollup WHERE span = ? AND {conditions} GROUP BY at"
        );
        let system = "SELECT at, samples, busy_sum, workers_sum, memory_max FROM system_rollup
                      WHERE span = ? AND at >= ? AND at < ?";
        self.tell(|connection| {
            let mut levels: BTreeMap<i64, Level> = BTreeMap::new();
            let mut statement = connection.prepare(&sql)?;
            let mut rows = statement.query(params_from_iter(all.iter()))?;
            while let Some(row) = rows.next()? {
                let level = levels.entry(row.get(0)?).or_default();
                level.queued_sum = unsigned(row.get(1)?);
                level.queued_max = unsigned(row.get(2)?);
                level.oldest_max_s = unsigned(row.get(3)?);
                level.workers_max = unsigned(row.get(4)?);
            }
            all.truncate(3);
            let mut statement = connection.prepare(system)?;
            let mut rows = statement.query(params_from_iter(all.iter()))?;
            while let Some(row) = rows.next()? {
                let level = levels.entry(row.get(0)?).or_default();
                level.samples = unsigned(row.get(1)?);
                level.busy_sum = unsigned(row.get(2)?);
                level.workers_sum = unsigned(row.get(3)?);
                level.memory_max = row.get::<_, Option<i64>>(4)?.map(unsigned);
            }
            Ok(levels)
        })
    }

    /// The most waiting jobs and live workers of each queue.
    pub fn queue_peaks(&self, span: Span, filter: &Filter) -> Result<BTreeMap<String, Level>> {
        let (conditions, values) = self.conditions(filter, false, false);
        let all = [vec![Value::Integer(span.number())], values].concat();
        let sql = format!(
            "SELECT queue, sum(samples), sum(queued_sum), max(queued_max), max(oldest_max),
             max(workers_max) FROM queue_rollup WHERE span = ? AND {conditions} GROUP BY queue"
        );
        self.tell(|connection| {
            let mut peaks = BTreeMap::new();
            let mut statement = connection.prepare(&sql)?;
            let mut rows = statement.query(params_from_iter(all.iter()))?;
            while let Some(row) = rows.next()? {
                let level = Level {
                    samples: unsigned(row.get(1)?),
                    queued_sum: unsigned(row.get(2)?),
                    queued_max: unsigned(row.get(3)?),
                    oldest_max_s: unsigned(row.get(4)?),
                    workers_max: unsigned(row.get(5)?),
                    ..Level::default()
                };
                peaks.insert(self.name_of(row.get(0)?), level);
            }
            Ok(peaks)
        })
    }

    /// How much each queue had to do, by its name and by when the span began.
    pub fn demand(&self, span: Span, filter: &Filter) -> Result<BTreeMap<(String, i64), Demand>> {
        let mut demand: BTreeMap<(String, i64), Demand> = BTreeMap::new();
        let mut read = |sql: String, values: Vec<Value>, fill: fn(&mut Demand, [u64; 3])| {
            let values = [vec![Value::Integer(span.number())], values].concat();
            self.tell(|connection| {
                let mut statement = connection.prepare(&sql)?;
                let mut rows = statement.query(params_from_iter(values))?;
                while let Some(row) = rows.next()? {
                    let key = (self.name_of(row.get(0)?), row.get(1)?);
                    let numbers = [row.get(2)?, row.get(3)?, row.get(4)?].map(unsigned);
                    fill(demand.entry(key).or_default(), numbers);
                }
                Ok(())
            })
        };
        let (conditions, values) = self.conditions(filter, true, true);
        let ended = format!(
            "SELECT queue, at, sum(count), sum(runs), sum(run_sum) FROM ended_rollup
             WHERE span = ? AND {conditions} GROUP BY queue, at"
        );
        read(ended, values, |demand, numbers| {
            [demand.ended, demand.runs, demand.run_sum_ms] = numbers;
        })?;
        let (conditions, values) = self.conditions(filter, false, false);
        let waiting = format!(
            "SELECT queue, at, samples, queued_max, workers_max FROM queue_rollup
             WHERE span = ? AND {conditions}"
        );
        read(waiting, values, |demand, numbers| {
            [demand.samples, demand.queued_max, demand.workers_max] = numbers;
        })?;
        Ok(demand)
    }

    /// Samples as they were taken, oldest first; rows that cannot be understood are left out.
    pub fn samples(&self, filter: &Filter) -> Result<Vec<Sample>> {
        self.tell(|connection| {
            let sql = "SELECT at, body FROM samples WHERE at >= ? AND at < ? ORDER BY at";
            let mut statement = connection.prepare(sql)?;
            let bounds = [filter.since_s, filter.until_s].map(|s| s.saturating_mul(1_000));
            let mut rows = statement.query(bounds)?;
            let mut samples = Vec::new();
            while let Some(row) = rows.next()? {
                let at = Timestamp::from_millisecond(row.get(0)?).unwrap_or_default();
                let body = row.get_ref(1)?.as_blob().unwrap_or_default();
                samples.extend(sample::from_bytes(at, body, |id| self.by_id.get(&id).cloned()));
            }
            Ok(samples)
        })
    }
}
