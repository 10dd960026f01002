//! The one who writes a history.

mod opening;
mod step;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::fault::failure;
use super::rollup::Span;
use super::{Place, kept};
use crate::error::Result;
use crate::model::history::{EndedJob, Gap, MemoryPeak, Retention, Sample};
pub use opening::Claim;
pub(super) use opening::newer;
use opening::{BUSY, Identity, connect, identity_at, move_aside};
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
    /// Counters that changed: name and value, as texts of whoever counts; without a value those that
    /// are gone.
    pub totals: BTreeMap<String, Option<String>>,
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

/// How much was removed because of its age.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Samples.
    pub samples: u64,
    /// Jobs that ended, one by one.
    pub jobs: u64,
    /// Rows of figures by minute, hour and day.
    pub figures: u64,
}

/// What became of the file of a writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Displaced {
    /// There is nothing in its place.
    Removed,
    /// Another file stands in its place.
    Replaced,
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
    /// The file that is written; `None` while there is none.
    identity: Option<Identity>,
    /// Its log.
    log: Option<Identity>,
    /// The longest wait for a program that has the file locked.
    patience: Duration,
    /// Held for as long as it lives.
    claim: Arc<Claim>,
}

impl Writer {
    /// Opens a history, made where it is missing. Hours and days are those of the zone in which it
    /// was begun; of a new one that is `zone`. A damaged history is moved aside.
    ///
    /// Errors: those of [`Claim::take`] and [`Self::begin`].
    pub fn open(place: Place, zone: TimeZone) -> Result<Opened> {
        Self::begin(Arc::new(Claim::take(place)?), zone)
    }

    /// The same for a history that is claimed already.
    ///
    /// Errors: `Config` for a file of a newer jobctl; `CannotCreate` and `Io`.
    pub fn begin(claim: Arc<Claim>, zone: TimeZone) -> Result<Opened> {
        let place = claim.place().clone();
        let (connection, moved_aside) = connect_or_begin_anew(&place)?;
        let methods = (i64::MIN, HashSet::new());
        let identity = identity_at(place.path());
        let names = HashMap::new();
        let (log, patience) = (None, BUSY);
        let mut writer =
            Self { place, connection, zone, names, methods, identity, log, patience, claim };
        writer.load_names().map_err(|error| failure(&error, "read", writer.place.path()))?;
        writer.keep_zone()?;
        Ok(Opened { writer, moved_aside })
    }

    /// From now on a program that has the file locked is waited for so long and no longer; until it
    /// lets go, whatever is written fails with `TryAgain`.
    pub fn set_patience(&mut self, patience: Duration) -> Result<()> {
        self.patience = patience;
        let set = self.connection.busy_timeout(patience);
        set.map_err(|error| failure(&error, "open", self.place.path()).into())
    }

    /// What became of the file since it was opened; `None` where it is still in its place.
    pub fn displaced(&self) -> Option<Displaced> {
        match identity_at(self.place.path()) {
            None => Some(Displaced::Removed),
            there if there == self.identity => None,
            Some(_) => Some(Displaced::Replaced),
        }
    }

    /// Lets go of a file that is displaced, and sees to it that nobody else begins another one.
    ///
    /// Errors: as [`Claim::take`]: `TryAgain` where somebody else did.
    pub fn reclaim(&mut self) -> Result<()> {
        self.let_go()?;
        if !self.claim.holds() {
            self.claim = Arc::new(Claim::take(self.place.clone())?);
        }
        Ok(())
    }

    /// Goes on in what stands in place of the file that was let go, made where there is nothing; says
    /// where a damaged one is now.
    ///
    /// Errors: as [`Self::begin`]; it may be tried again.
    pub fn reopen(&mut self) -> Result<Option<PathBuf>> {
        let (connection, moved_aside) = connect_or_begin_anew(&self.place)?;
        self.take_up(connection)?;
        Ok(moved_aside)
    }

    /// Closes the file.
    fn let_go(&mut self) -> Result<()> {
        self.leave_log();
        (self.identity, self.log) = (None, None);
        self.connection = Connection::open_in_memory()
            .map_err(|error| failure(&error, "open", self.place.path()))?;
        Ok(())
    }

    fn log_path(&self) -> PathBuf {
        self.place.with_suffix("-wal")
    }

    /// Where another file stands in place of this one: removes the log of this one, which `SQLite` would
    /// take for that of the other, and keeps the log of the other from being removed at the end.
    fn leave_log(&self) {
        if self.displaced().is_none() {
            return;
        }
        let what = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
        let _ = self.connection.set_db_config(what, true);
        let path = self.log_path();
        if self.log.is_some() && self.log == identity_at(&path) {
            let _ = std::fs::remove_file(path);
        }
    }

    fn take_up(&mut self, connection: Connection) -> Result<()> {
        self.connection = connection;
        self.set_patience(self.patience)?;
        self.names.clear();
        self.methods = (i64::MIN, HashSet::new());
        self.load_names().map_err(|error| failure(&error, "read", self.place.path()))?;
        self.keep_zone()?;
        self.identity = identity_at(self.place.path());
        Ok(())
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
        kept::fact(&self.connection, name).map_err(|error| self.cannot_read(&error))
    }

    /// The counters as they were last written.
    pub fn totals(&self) -> Result<Vec<(String, String)>> {
        kept::totals(&self.connection).map_err(|error| self.cannot_read(&error))
    }

    /// The events that were counted and are remembered.
    pub fn seen(&self) -> Result<Vec<(u64, Timestamp)>> {
        kept::seen(&self.connection).map_err(|error| self.cannot_read(&error))
    }

    fn cannot_read(&self, error: &rusqlite::Error) -> anyhow::Error {
        failure(error, "read", self.place.path()).into()
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
        } else if self.log.is_none() {
            self.log = identity_at(&self.log_path());
        }
        written.map_err(|error| failure(&error, "write", self.place.path()).into())
    }

    /// Removes what is older than it is to be kept.
    ///
    /// Errors: as [`Self::write`].
    pub fn prune(&mut self, now: Timestamp, retention: &Retention) -> Result<Pruned> {
        let pruned = self.try_prune(now, retention);
        pruned.map_err(|error| failure(&error, "prune", self.place.path()).into())
    }

    /// Begins a new file in place of this one, which turned out to be damaged; says where the old
    /// one is now.
    pub fn start_anew(&mut self) -> Result<PathBuf> {
        // The old file must not be written when its connection is closed later.
        self.let_go()?;
        let aside = move_aside(&self.place)?;
        let connection =
            connect(&self.place)?.map_err(|error| failure(&error, "open", self.place.path()))?;
        self.take_up(connection)?;
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

    fn try_prune(&mut self, now: Timestamp, retention: &Retention) -> rusqlite::Result<Pruned> {
        let before = |kept: Duration| now.checked_sub(kept).unwrap_or(Timestamp::UNIX_EPOCH);
        let (ms, s) = (Timestamp::as_millisecond, Timestamp::as_second);
        let transaction = self.connection.transaction()?;
        let delete = |sql, bound| transaction.execute(sql, [bound]).map(|rows| rows as u64);
        let mut pruned = Pruned {
            samples: delete("DELETE FROM samples WHERE at < ?", ms(before(retention.samples)))?,
            jobs: delete("DELETE FROM ended WHERE at < ?", ms(before(retention.jobs)))?,
            figures: 0,
        };
        let spans = Span::ALL.into_iter().zip([retention.minutes, retention.hours, retention.days]);
        for (span, kept) in spans {
            for table in ["system_rollup", "queue_rollup", "ended_rollup"] {
                let sql = format!("DELETE FROM {table} WHERE span = ? AND at < ?");
                let rows = transaction.execute(&sql, [span.number(), s(before(kept))])?;
                pruned.figures += rows as u64;
            }
        }
        for table in ["error_rollup", "memory"] {
            let sql = format!("DELETE FROM {table} WHERE at < ?");
            pruned.figures += transaction.execute(&sql, [s(before(retention.days))])? as u64;
        }
        delete("DELETE FROM gaps WHERE until < ?", ms(before(retention.days)))?;
        transaction.commit()?;
        Ok(pruned)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.leave_log();
    }
}

/// Opens the file in a place; a damaged one is moved aside and a new one begun.
fn connect_or_begin_anew(place: &Place) -> Result<(Connection, Option<PathBuf>)> {
    if let Ok(connection) = connect(place)? {
        return Ok((connection, None));
    }
    let aside = move_aside(place)?;
    let again = connect(place)?;
    Ok((again.map_err(|error| failure(&error, "open", place.path()))?, Some(aside)))
}
