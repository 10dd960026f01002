//! The one who writes a history.

mod opening;
mod step;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use nix::fcntl::Flock;
use rusqlite::{Connection, OptionalExtension as _};

use super::Place;
use super::fault::failure;
use super::identity::{content, foreign};
use super::rollup::Span;
use crate::error::Result;
use crate::model::history::{EndedJob, Gap, MemoryPeak, Retention, Sample};
pub(super) use opening::newer;
use opening::{connect, lock, may_write, move_aside};
use step::Step;
pub(super) use step::figures_of;

/// The fact that names the zone of hours and days.
const ZONE: &str = "zone";

/// What one look found out; written as a whole.
#[derive(Debug, Default)]
pub struct Batch {
    /// Samples.
    pub samples: Vec<Sample>,
    /// Jobs that ended; those that are there already are passed over.
    pub ended: Vec<EndedJob>,
    /// How much memory jobs took.
    pub peaks: Vec<MemoryPeak>,
    /// Counters that changed: name and value, as texts of whoever counts.
    pub totals: BTreeMap<String, String>,
    /// Events that were counted, by their hash, and when they were.
    pub seen: Vec<(u64, Timestamp)>,
    /// Events before then need not be remembered.
    pub forget_before: Option<Timestamp>,
    /// Facts about the recording.
    pub facts: BTreeMap<&'static str, String>,
    /// Times of which nothing is known.
    pub gaps: Vec<Gap>,
}

impl Batch {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
            && self.ended.is_empty()
            && self.peaks.is_empty()
            && self.totals.is_empty()
            && self.seen.is_empty()
            && self.gaps.is_empty()
    }
}

/// A history that was opened for writing.
pub struct Opened {
    /// Who writes it.
    pub writer: Writer,
    /// Where a damaged file was moved that stood in its place.
    pub moved_aside: Option<PathBuf>,
}

/// The one who writes a history.
pub struct Writer {
    place: Place,
    connection: Connection,
    zone: TimeZone,
    names: HashMap<String, i64>,
    /// The methods of a day that were told apart so far.
    methods: (i64, HashSet<i64>),
    /// Held for as long as it lives.
    _lock: Flock<File>,
}

impl Writer {
    /// Opens a history, made where it is missing. Hours and days are those of the zone in which it
    /// was begun; of a new one that is `zone`. A damaged history is moved aside.
    ///
    /// Errors: `Data` for a named file that is something else, which stays as it is; `TryAgain`
    /// where another process writes it, naming that; `Config` for a file of a newer jobctl;
    /// `CannotCreate` and `Io`.
    pub fn open(place: Place, zone: TimeZone) -> Result<Opened> {
        let content = content(place.path())?;
        if !place.is_own() && !may_write(&place, content) {
            return Err(foreign(&place).into());
        }
        let lock = lock(&place)?;
        let (connection, moved_aside) = if let Ok(connection) = connect(&place)? {
            (connection, None)
        } else {
            let aside = move_aside(&place)?;
            let again = connect(&place)?;
            (again.map_err(|error| failure(&error, "open", place.path()))?, Some(aside))
        };
        let methods = (i64::MIN, HashSet::new());
        let mut writer =
            Self { place, connection, zone, names: HashMap::new(), methods, _lock: lock };
        writer.load_names().map_err(|error| failure(&error, "read", writer.place.path()))?;
        writer.keep_zone()?;
        Ok(Opened { writer, moved_aside })
    }

    /// Goes on in the zone of the file; writes it down in a new one.
    fn keep_zone(&mut self) -> Result<()> {
        let recorded = self.fact(ZONE)?;
        if let Some(zone) = recorded.and_then(|name| TimeZone::get(&name).ok()) {
            self.zone = zone;
            return Ok(());
        }
        // A zone without a name could not be found again.
        let name = self.zone.iana_name().unwrap_or("UTC").to_owned();
        self.zone = TimeZone::get(&name).unwrap_or(TimeZone::UTC);
        let facts = BTreeMap::from([(ZONE, name)]);
        self.write(&Batch { facts, ..Batch::default() })
    }

    /// Where it writes.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// A fact that an earlier batch wrote down.
    pub fn fact(&self, name: &str) -> Result<Option<String>> {
        let sql = "SELECT value FROM facts WHERE name = ?";
        let found = self.connection.query_row(sql, [name], |row| row.get(0)).optional();
        found.map_err(|error| failure(&error, "read", self.place.path()).into())
    }

    /// The counters as they were last written.
    pub fn totals(&self) -> Result<Vec<(String, String)>> {
        let read = || -> rusqlite::Result<Vec<(String, String)>> {
            let mut statement = self.connection.prepare("SELECT series, value FROM totals")?;
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        };
        read().map_err(|error| failure(&error, "read", self.place.path()).into())
    }

    /// The events that were counted and are remembered.
    pub fn seen(&self) -> Result<Vec<(u64, Timestamp)>> {
        let read = || -> rusqlite::Result<Vec<(u64, Timestamp)>> {
            let mut statement = self.connection.prepare("SELECT hash, at FROM seen")?;
            let rows = statement
                .query_map([], |row| Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?)))?;
            let dated = rows.map(|row| {
                row.map(|(hash, at)| (hash, Timestamp::from_millisecond(at).unwrap_or_default()))
            });
            dated.collect()
        };
        read().map_err(|error| failure(&error, "read", self.place.path()).into())
    }

    /// Writes a batch down, all of it or nothing.
    ///
    /// Errors: `Io` for a full disk, `TryAgain` for a lock, `Data` for a damaged file; the batch may be
    /// written again.
    pub fn write(&mut self, batch: &Batch) -> Result<()> {
        let written = self.try_write(batch);
        if written.is_err() {
            // What was named in a transaction that is undone has no number.
            self.names.clear();
            self.methods = (i64::MIN, HashSet::new());
            let _ = self.load_names();
        }
        written.map_err(|error| failure(&error, "write", self.place.path()).into())
    }

    /// Removes what is older than it is to be kept.
    ///
    /// Errors: as [`Self::write`].
    pub fn prune(&mut self, now: Timestamp, retention: &Retention) -> Result<()> {
        let pruned = self.try_prune(now, retention);
        pruned.map_err(|error| failure(&error, "prune", self.place.path()).into())
    }

    /// Begins a new file in place of this one, which turned out to be damaged; says where the old
    /// one is now.
    pub fn start_anew(&mut self) -> Result<PathBuf> {
        // The old file must not be written when its connection is closed later.
        self.connection = Connection::open_in_memory()
            .map_err(|error| failure(&error, "open", self.place.path()))?;
        let aside = move_aside(&self.place)?;
        self.connection =
            connect(&self.place)?.map_err(|error| failure(&error, "open", self.place.path()))?;
        self.names.clear();
        self.methods = (i64::MIN, HashSet::new());
        self.keep_zone()?;
        Ok(aside)
    }

    fn load_names(&mut self) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare("SELECT name, id FROM names")?;
        let names = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        self.names = names.collect::<rusqlite::Result<_>>()?;
        Ok(())
    }

    fn try_write(&mut self, batch: &Batch) -> rusqlite::Result<()> {
        let Self { connection, zone, names, methods, .. } = self;
        let transaction =
            connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let mut step = Step { transaction: &transaction, zone, names, methods };
        for sample in &batch.samples {
            step.sample(sample)?;
        }
        step.ended(&batch.ended)?;
        for peak in &batch.peaks {
            step.peak(peak)?;
        }
        step.rest(batch)?;
        transaction.commit()
    }

    fn try_prune(&mut self, now: Timestamp, retention: &Retention) -> rusqlite::Result<()> {
        let before = |kept: Duration| now.checked_sub(kept).unwrap_or(Timestamp::UNIX_EPOCH);
        let (ms, s) = (Timestamp::as_millisecond, Timestamp::as_second);
        let transaction = self.connection.transaction()?;
        let delete = |sql, bound| transaction.execute(sql, [bound]);
        delete("DELETE FROM samples WHERE at < ?", ms(before(retention.samples)))?;
        delete("DELETE FROM ended WHERE at < ?", ms(before(retention.jobs)))?;
        let spans = Span::ALL.into_iter().zip([retention.minutes, retention.hours, retention.days]);
        for (span, kept) in spans {
            for table in ["system_rollup", "queue_rollup", "ended_rollup"] {
                let sql = format!("DELETE FROM {table} WHERE span = ? AND at < ?");
                transaction.execute(&sql, [span.number(), s(before(kept))])?;
            }
        }
        delete("DELETE FROM error_rollup WHERE at < ?", s(before(retention.days)))?;
        delete("DELETE FROM memory WHERE at < ?", s(before(retention.days)))?;
        delete("DELETE FROM gaps WHERE until < ?", ms(before(retention.days)))?;
        transaction.commit()
    }
}
