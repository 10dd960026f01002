//! Those who read a history, also while it is written.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, OpenFlags, params_from_iter};

use super::fault::failure;
use super::identity::{Content, content, foreign, has_our_tables};
use super::rollup::{Figures, Span};
use super::writer::{figures_of, newer};
use super::{Place, sample, schema};
use crate::error::{Failure, Kind, Result};
use crate::model::history::{Gap, Sample};
use crate::nearby;

/// Gaps that are told, the newest.
const MOST_GAPS: i64 = 1_000;

/// Which figures are wanted.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// From then on, in Unix seconds; the span around it counts as a whole.
    pub since_s: i64,
    /// Before then.
    pub until_s: i64,
    /// Only this queue.
    pub queue: Option<String>,
    /// Only this method.
    pub method: Option<String>,
    /// Only these sites.
    pub sites: Option<Vec<String>>,
}

/// What was recorded.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recorded {
    /// The zone whose hours and days the figures are of.
    pub zone: Option<String>,
    /// Seconds between two samples, as last recorded.
    pub every_s: Option<f64>,
    /// When the first minute, hour or day that is kept began.
    pub first: Option<Timestamp>,
    /// When the newest sample was taken.
    pub last: Option<Timestamp>,
    /// Hours of which there is a sample.
    pub hours: u64,
    /// Days of which there is a sample.
    pub days: u64,
}

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

/// One who reads.
pub struct Reader {
    place: Place,
    connection: Connection,
    names: HashMap<String, i64>,
    by_id: HashMap<i64, String>,
}

impl Reader {
    /// Opens a history.
    ///
    /// Errors: `NotFound` where nothing was recorded yet; `Data` for a damaged file and for what is
    /// none of jobctl's or no regular file, `Config` for one of a newer jobctl, `CannotCreate` and `TryAgain` where it cannot be opened.
    pub fn open(place: Place) -> Result<Self> {
        if !place.path().exists() {
            return Err(nothing(place.path()).into());
        }
        let content = content(place.path())?;
        if !place.is_own() && content == Content::Foreign {
            return Err(foreign(&place).into());
        }
        let cannot = |error: &rusqlite::Error| failure(error, "read", place.path());
        let connection = connect(place.path()).map_err(|error| cannot(&error))?;
        if content == Content::Unmarked && !has_our_tables(&connection) {
            return Err(foreign(&place).into());
        }
        match schema::version(&connection).map_err(|error| cannot(&error))? {
            0 => return Err(nothing(place.path()).into()),
            version if version > schema::VERSION => return Err(newer(&place).into()),
            _ => {}
        }
        let names = names(&connection).map_err(|error| cannot(&error))?;
        let by_id = names.iter().map(|(name, id)| (*id, name.clone())).collect();
        Ok(Self { place, connection, names, by_id })
    }

    /// Where it reads.
    pub fn path(&self) -> &Path {
        self.place.path()
    }

    /// Bytes that it takes on disk.
    pub fn bytes(&self) -> u64 {
        let of = |path: &Path| path.metadata().map_or(0, |metadata| metadata.len());
        of(self.path()) + of(&self.place.with_suffix("-wal"))
    }

    /// What was recorded.
    pub fn recorded(&self) -> Result<Recorded> {
        self.tell(|connection| {
            let fact = |name: &str| {
                let sql = "SELECT value FROM facts WHERE name = ?";
                let found = connection.query_row(sql, [name], |row| row.get::<_, String>(0));
                rusqlite::OptionalExtension::optional(found)
            };
            let count = |span: Span| {
                let sql = "SELECT count(*), min(at) FROM system_rollup WHERE span = ?";
                connection.query_row(sql, [span.number()], |row| {
                    Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?))
                })
            };
            let last: Option<i64> =
                connection.query_row("SELECT max(at) FROM samples", [], |row| row.get(0))?;
            let last = match last {
                Some(last) => Some(last),
                // The samples themselves are not kept for long.
                None => {
                    connection.query_row("SELECT max(at) * 1000 FROM system_rollup", [], |row| {
                        row.get(0)
                    })?
                }
            };
            let ((_, minute), (hours, hour), (days, day)) =
                (count(Span::Minute)?, count(Span::Hour)?, count(Span::Day)?);
            // A longer span may begin before the recording did: it is believed where it begins
            // earlier than that explains, because shorter spans are not kept for as long.
            let mut first = minute;
            for (longer, span) in [(hour, Span::Hour), (day, Span::Day)] {
                let (Some(start), Some(found)) = (longer, first) else {
                    first = first.or(longer);
                    continue;
                };
                // A day may have an hour more.
                if found - start > span.number() + 3_600 {
                    first = Some(start);
                }
            }
            Ok(Recorded {
                zone: fact("zone")?,
                every_s: fact("every_s")?.and_then(|text| text.parse().ok()),
                first: first.and_then(|at| Timestamp::from_second(at).ok()),
                last: last.and_then(|at| Timestamp::from_millisecond(at).ok()),
                hours: u64::try_from(hours).unwrap_or(0),
                days: u64::try_from(days).unwrap_or(0),
            })
        })
    }

    /// Refuses a filter that names what the history does not know.
    ///
    /// Errors: `NotFound`, with the near misses.
    pub fn check(&self, filter: &Filter) -> Result<()> {
        let named = [("queue", &filter.queue), ("method", &filter.method)];
        for (what, name) in named {
            let Some(name) = name else { continue };
            // `names` has sites and exceptions as well.
            let known: Vec<String> =
                self.ids_of(what)?.into_iter().map(|id| self.name_of(id)).collect();
            if !known.contains(name) {
                let failure = Failure::new(
                    Kind::NotFound,
                    format!("cannot show {what} `{name}`: the history knows no such {what}"),
                );
                return Err(nearby::hint(failure, name, known.iter().map(String::as_str)).into());
            }
        }
        Ok(())
    }

    /// The numbers of the names of queues or of methods, by the days, which are kept longest.
    fn ids_of(&self, what: &str) -> Result<Vec<i64>> {
        let sql = if what == "queue" {
            "SELECT queue FROM queue_rollup WHERE span = ?1
             UNION SELECT queue FROM ended_rollup WHERE span = ?1"
        } else {
            "SELECT DISTINCT method FROM ended_rollup WHERE span = ?1"
        };
        self.tell(|connection| {
            let mut statement = connection.prepare(sql)?;
            statement.query_map([Span::Day.number()], |row| row.get(0))?.collect()
        })
    }

    /// Figures of jobs that ended, by when the span began.
    pub fn ended_by_time(&self, span: Span, filter: &Filter) -> Result<BTreeMap<i64, Figures>> {
        self.ended(span, filter, "at", |key| key)
    }

    /// Figures of jobs that ended, by method.
    pub fn ended_by_method(
        &self,
        span: Span,
        filter: &Filter,
    ) -> Result<BTreeMap<String, Figures>> {
        self.ended(span, filter, "method", |key| self.name_of(key))
    }

    /// Figures of jobs that ended, by queue.
    pub fn ended_by_queue(&self, span: Span, filter: &Filter) -> Result<BTreeMap<String, Figures>> {
        self.ended(span, filter, "queue", |key| self.name_of(key))
    }

    /// Figures of jobs that ended, by site; jobs without one under the empty name.
    pub fn ended_by_site(&self, span: Span, filter: &Filter) -> Result<BTreeMap<String, Figures>> {
        let name = |key| if key == 0 { String::new() } else { self.name_of(key) };
        self.ended(span, filter, "site", name)
    }

    /// Jobs that failed by the class of their exception, by day.
    pub fn errors(&self, filter: &Filter) -> Result<BTreeMap<String, u64>> {
        let (conditions, values) = self.conditions(filter, true, false);
        let sql =
            format!("SELECT error, sum(count) FROM error_rollup WHERE {conditions} GROUP BY 1");
        let rows = self.pairs(&sql, values)?;
        Ok(rows.into_iter().map(|(error, count)| (self.name_of(error), unsigned(count))).collect())
    }

    /// The most memory that a job of a method was seen to have, in KiB, and how many were looked at;
    /// by day.
    pub fn memory(&self, filter: &Filter) -> Result<BTreeMap<String, (u64, u64)>> {
        let (conditions, values) = self.conditions(filter, true, false);
        let of = |what: &str| {
            let sql = format!("SELECT method, {what} FROM memory WHERE {conditions} GROUP BY 1");
            self.pairs(&sql, values.clone())
        };
        let jobs: HashMap<i64, i64> = of("sum(jobs)")?.into_iter().collect();
        let peaks = of("max(peak_kib)")?.into_iter().map(|(method, kib)| {
            let jobs = jobs.get(&method).copied().unwrap_or(0);
            (self.name_of(method), (unsigned(kib), unsigned(jobs)))
        });
        Ok(peaks.collect())
    }

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

    /// Times of which nothing is known, oldest first.
    pub fn gaps(&self, filter: &Filter) -> Result<Vec<Gap>> {
        self.tell(|connection| {
            let sql =
                "SELECT * FROM (SELECT since, until, why FROM gaps WHERE until >= ? AND since < ?
                       ORDER BY since DESC LIMIT ?) ORDER BY since";
            let mut statement = connection.prepare(sql)?;
            let bounds = [filter.since_s, filter.until_s].map(|s| s.saturating_mul(1_000));
            let moment = |ms: i64| Timestamp::from_millisecond(ms).unwrap_or_default();
            let gaps = statement.query_map([bounds[0], bounds[1], MOST_GAPS], |row| {
                Ok(Gap { from: moment(row.get(0)?), until: moment(row.get(1)?), why: row.get(2)? })
            })?;
            gaps.collect()
        })
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

    fn ended<K: Ord>(
        &self,
        span: Span,
        filter: &Filter,
        key: &str,
        name: impl Fn(i64) -> K,
    ) -> Result<BTreeMap<K, Figures>> {
        let (conditions, values) = self.conditions(filter, true, true);
        let all = [vec![Value::Integer(span.number())], values].concat();
        let sql = format!(
            "SELECT {key}, count, failed, runs, run_sum, run_squares, run_max, run_histogram, waits,
             wait_sum, wait_max, wait_histogram FROM ended_rollup WHERE span = ? AND {conditions}"
        );
        let by_key = self.tell(|connection| {
            let mut by_key: BTreeMap<i64, Figures> = BTreeMap::new();
            let mut statement = connection.prepare(&sql)?;
            let mut rows = statement.query(params_from_iter(all.iter()))?;
            while let Some(row) = rows.next()? {
                by_key.entry(row.get(0)?).or_default().merge(&figures_of(row, 1)?);
            }
            Ok(by_key)
        })?;
        let mut named: BTreeMap<K, Figures> = BTreeMap::new();
        for (key, figures) in by_key {
            named.entry(name(key)).or_default().merge(&figures);
        }
        Ok(named)
    }

    /// The conditions of a filter on columns of a table, and their values.
    fn conditions(&self, filter: &Filter, methods: bool, sites: bool) -> (String, Vec<Value>) {
        let mut conditions = "at >= ? AND at < ?".to_owned();
        let mut values = vec![Value::Integer(filter.since_s), Value::Integer(filter.until_s)];
        // No name has this number.
        let id = |name: &String| Value::Integer(self.names.get(name).copied().unwrap_or(-1));
        if let Some(queue) = &filter.queue {
            conditions.push_str(" AND queue = ?");
            values.push(id(queue));
        }
        if let Some(method) = filter.method.as_ref().filter(|_| methods) {
            conditions.push_str(" AND method = ?");
            values.push(id(method));
        }
        if let Some(wanted) = filter.sites.as_ref().filter(|_| sites) {
            let marks = vec!["?"; wanted.len()].join(", ");
            conditions.push_str(&format!(" AND site IN ({marks})"));
            values.extend(wanted.iter().map(id));
        }
        (conditions, values)
    }

    fn pairs(&self, sql: &str, values: Vec<Value>) -> Result<Vec<(i64, i64)>> {
        self.tell(|connection| {
            let mut statement = connection.prepare(sql)?;
            let pairs = statement
                .query_map(params_from_iter(values), |row| Ok((row.get(0)?, row.get(1)?)))?;
            pairs.collect()
        })
    }

    fn name_of(&self, id: i64) -> String {
        self.by_id.get(&id).cloned().unwrap_or_default()
    }

    fn tell<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        read(&self.connection).map_err(|error| failure(&error, "read", self.path()).into())
    }
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn nothing(path: &Path) -> Failure {
    let message =
        format!("cannot show a history: nothing was recorded in `{}` yet", path.display());
    Failure::new(Kind::NotFound, message)
        .hint("jobctl history record")
        .hint("or while it serves: jobctl serve --record")
}

/// Opens a file to read it. Where its folder may not be written and nobody records, the files that
/// readers of a log share cannot be made: then it is read as a file that does not change.
fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        schema::version(&connection)?;
        Ok(connection)
    };
    open().or_else(|error: rusqlite::Error| {
        let code = error.sqlite_error_code();
        if !matches!(code, Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly)) {
            return Err(error);
        }
        let uri = crate::backend::site_db::unchanging_uri(path);
        Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)
    })
}

fn names(connection: &Connection) -> rusqlite::Result<HashMap<String, i64>> {
    let mut statement = connection.prepare("SELECT name, id FROM names")?;
    let names = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    names.collect()
}
