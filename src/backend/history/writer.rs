//! The one who writes a history.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Transaction, params};

use super::fault::{failure, is_damage};
use super::rollup::{Figures, Span};
use super::{Place, sample, schema};
use crate::error::{Failure, Kind, Result};
use crate::model::histogram::Histogram;
use crate::model::history::{EndedJob, Gap, MemoryPeak, Retention, Sample};
use crate::sys::clock;
use crate::sys::proc::hostname;

/// The longest wait for a program that has the file locked.
const BUSY: Duration = Duration::from_secs(5);

/// Names that are told apart in a file, methods of a day, and characters of a name.
const MOST_NAMES: usize = 20_000;
const MOST_METHODS: usize = 1_000;
const MOST_NAME: usize = 200;

/// The fact that names the zone of hours and days.
const ZONE: &str = "zone";

/// Stands for the names beyond a bound.
const OTHER: &str = "other";

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
    /// was begun; of a new one that is `zone`. A damaged file is moved aside.
    ///
    /// Errors: `TryAgain` where another process writes it, naming that; `Config` for a file of a
    /// newer jobctl; `CannotCreate` and `Io`.
    pub fn open(place: Place, zone: TimeZone) -> Result<Opened> {
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

/// A batch on its way into the file.
struct Step<'w> {
    transaction: &'w Transaction<'w>,
    zone: &'w TimeZone,
    names: &'w mut HashMap<String, i64>,
    methods: &'w mut (i64, HashSet<i64>),
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

    fn sample(&mut self, sample: &Sample) -> rusqlite::Result<()> {
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
    fn ended(&mut self, jobs: &[EndedJob]) -> rusqlite::Result<()> {
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

    fn peak(&mut self, peak: &MemoryPeak) -> rusqlite::Result<()> {
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

    fn rest(&mut self, batch: &Batch) -> rusqlite::Result<()> {
        let of = |sql| self.transaction.prepare(sql);
        for (series, value) in &batch.totals {
            of("INSERT OR REPLACE INTO totals VALUES (?, ?)")?.execute([series, value])?;
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
pub(super) fn figures_of(row: &rusqlite::Row<'_>, first: usize) -> rusqlite::Result<Figures> {
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

/// Opens the file and brings it up to date. The inner error: it is damaged.
fn connect(place: &Place) -> Result<rusqlite::Result<Connection>> {
    drop(place.open(place.path())?);
    let cannot = |error: &rusqlite::Error| failure(error, "open", place.path());
    let open = || -> rusqlite::Result<(Connection, usize)> {
        // The folder may be reached through links, the file may not be one.
        let path = place.path();
        let name = path.file_name().unwrap_or_default();
        let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let folder = folder.unwrap_or_else(|| ".".as_ref());
        let real = std::fs::canonicalize(folder).map(|folder| folder.join(name));
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_NOFOLLOW
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(real.unwrap_or(path.to_owned()), flags)?;
        connection.busy_timeout(BUSY)?;
        let version = schema::version(&connection)?;
        if version <= schema::VERSION {
            connection.pragma_update(None, "journal_mode", "wal")?;
            // A lost machine may take the last looks with it, never a part of one.
            connection.pragma_update(None, "synchronous", "normal")?;
            connection.pragma_update(None, "journal_size_limit", 8 << 20)?;
            schema::migrate(&mut connection)?;
            // Meets a file that lost its tables or its end.
            connection.query_row("SELECT count(*) FROM facts", [], |_| Ok(()))?;
            connection.query_row("SELECT max(at) FROM samples", [], |_| Ok(()))?;
        }
        Ok((connection, version))
    };
    match open() {
        Ok((_, version)) if version > schema::VERSION => Err(newer(place).into()),
        Ok((connection, _)) => Ok(Ok(connection)),
        Err(error) if is_damage(&error) => Ok(Err(error)),
        Err(error) => Err(cannot(&error).into()),
    }
}

/// A file that a newer jobctl made.
pub(super) fn newer(place: &Place) -> Failure {
    let message =
        format!("cannot use the history `{}`: a newer jobctl made it", place.path().display());
    Failure::new(Kind::Config, message).hint("update jobctl, or name another file with --file")
}

/// Keeps everybody else from writing; says in the lock's file who it is.
fn lock(place: &Place) -> Result<Flock<File>> {
    let path = place.lock_path();
    let file = place.open(&path)?;
    let mut lock = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Ok(lock) => lock,
        Err((mut file, Errno::EWOULDBLOCK)) => {
            let mut owner = String::new();
            let _ = (&mut file).take(200).read_to_string(&mut owner);
            let owner = if owner.trim().is_empty() { "another process" } else { owner.trim() };
            let message = format!(
                "cannot record into `{}`: {owner} records into it already",
                place.path().display()
            );
            return Err(Failure::new(Kind::TryAgain, message)
                .hint("one recorder is enough; end the other one, or name another file with --file")
                .into());
        }
        Err((_, errno)) => {
            let message = format!("cannot lock `{}`: {}", path.display(), errno.desc());
            return Err(Failure::new(Kind::Io, message).into());
        }
    };
    let who = format!(
        "process {} on {}",
        std::process::id(),
        hostname().unwrap_or_else(|| "this host".to_owned())
    );
    // Only words for others; on a full disk there are none.
    let _ =
        lock.set_len(0).and_then(|()| lock.rewind()).and_then(|()| lock.write_all(who.as_bytes()));
    Ok(lock)
}

/// Gives the file and what belongs to it another name, which says when that was.
fn move_aside(place: &Place) -> Result<PathBuf> {
    let stamp = clock::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let aside = place.with_suffix(&format!(".damaged-{stamp}"));
    let rename = |from: PathBuf, to: PathBuf| match std::fs::rename(&from, to) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    let moved = rename(place.path().to_owned(), aside.clone()).and_then(|()| {
        ["-wal", "-shm"].iter().try_for_each(|suffix| {
            let mut to = aside.clone().into_os_string();
            to.push(suffix);
            rename(place.with_suffix(suffix), to.into())
        })
    });
    moved.map_err(|error| {
        let message =
            format!("cannot move the damaged history `{}` aside: {error}", place.path().display());
        Failure::new(Kind::Io, message)
    })?;
    Ok(aside)
}
