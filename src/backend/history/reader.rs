//! Those who read a history, also while it is written.

mod levels;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, OpenFlags, params_from_iter};

use super::fault::failure;
use super::identity::{Content, content, foreign, has_our_tables};
use super::rollup::{Figures, Span};
use super::writer::{figures_of, newer};
use super::{Place, kept, schema};
use crate::error::{Failure, Kind, Result};
use crate::model::history::Gap;
use crate::nearby;
pub use levels::{Demand, Level};

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

/// One who reads.
pub struct Reader {
    place: Place,
    connection: Connection,
    /// Of the file; nobody but a recorder brings it up.
    version: usize,
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
        let version = match schema::version(&connection).map_err(|error| cannot(&error))? {
            0 => return Err(nothing(place.path()).into()),
            version if version > schema::VERSION => return Err(newer(&place).into()),
            version => version,
        };
        let names = names(&connection).map_err(|error| cannot(&error))?;
        let by_id = names.iter().map(|(name, id)| (*id, name.clone())).collect();
        Ok(Self { place, connection, version, names, by_id })
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

    /// A fact that an earlier batch wrote down.
    pub fn fact(&self, name: &str) -> Result<Option<String>> {
        self.tell(|connection| kept::fact(connection, name))
    }

    /// The counters as they were last written.
    pub fn totals(&self) -> Result<Vec<(String, String)>> {
        self.tell(kept::totals)
    }

    /// The events that were counted and are remembered.
    pub fn seen(&self) -> Result<Vec<(u64, Timestamp)>> {
        self.tell(kept::seen)
    }

    /// What was recorded.
    pub fn recorded(&self) -> Result<Recorded> {
        self.tell(|connection| {
            let fact = |name: &str| kept::fact(connection, name);
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

    /// Refuses a history into which no look was written yet.
    ///
    /// Errors: `NotFound`, with the ways to get samples.
    pub fn check_begun(&self) -> Result<()> {
        let sql = "SELECT EXISTS (SELECT 1 FROM samples) OR EXISTS (SELECT 1 FROM system_rollup)
                   OR EXISTS (SELECT 1 FROM ended_rollup)";
        let begun = self.tell(|connection| connection.query_row(sql, [], |row| row.get(0)))?;
        if begun { Ok(()) } else { Err(nothing(self.path()).into()) }
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

    /// As [`Self::memory`], by queue.
    pub fn memory_of_queues(&self, filter: &Filter) -> Result<BTreeMap<String, u64>> {
        let (conditions, values) = self.conditions(filter, true, false);
        let sql = format!("SELECT queue, max(peak_kib) FROM memory WHERE {conditions} GROUP BY 1");
        let rows = self.pairs(&sql, values)?;
        Ok(rows.into_iter().map(|(queue, kib)| (self.name_of(queue), unsigned(kib))).collect())
    }

    /// The queues in which jobs of each method ended.
    pub fn queues_of_methods(
        &self,
        span: Span,
        filter: &Filter,
    ) -> Result<BTreeMap<String, BTreeSet<String>>> {
        let (conditions, values) = self.conditions(filter, true, true);
        let sql = format!(
            "SELECT DISTINCT method, queue FROM ended_rollup WHERE span = ? AND {conditions}"
        );
        let values = [vec![Value::Integer(span.number())], values].concat();
        let mut queues: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (method, queue) in self.pairs(&sql, values)? {
            queues.entry(self.name_of(method)).or_default().insert(self.name_of(queue));
        }
        Ok(queues)
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

    fn ended<K: Ord>(
        &self,
        span: Span,
        filter: &Filter,
        key: &str,
        name: impl Fn(i64) -> K,
    ) -> Result<BTreeMap<K, Figures>> {
        let (conditions, values) = self.conditions(filter, true, true);
        let all = [vec![Value::Integer(span.number())], values].concat();
        let unknown = if self.version < schema::UNKNOWN_SINCE { "0" } else { "unknown" };
        let sql = format!(
            "SELECT {key}, count, failed, runs, run_sum, run_squares, run_max, run_histogram, waits,
             wait_sum, wait_max, wait_histogram, {unknown} FROM ended_rollup
             WHERE span = ? AND {conditions}"
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
        format!("cannot show a history: there are no samples yet in `{}`", path.display());
    Failure::new(Kind::NotFound, message)
        .hint("jobctl history record")
        .hint("or beside something else: jobctl serve --record, jobctl alerts run --record")
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
