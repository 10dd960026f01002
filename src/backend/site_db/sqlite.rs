//! SQLite, as Frappe 16 and later keep it: `sites/SITE/db/DB.db` in WAL mode.
//!
//! A database that nobody has open has no `-wal` beside it, and opening it the usual way would
//! create that file and the `-shm`, which a reader cannot take away again. So a read looks at such
//! a database as at one that does not change, and looks again in the usual way if it did.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Error, ErrorCode, OpenFlags};

use super::fault::{DbError, DbFault};
use super::settings::{Address, Settings};
use super::{Access, Dialect, Rows, SiteDatabase};

/// The longest wait for somebody else's write. Source: Frappe's own `busy_timeout`.
const BUSY: Duration = Duration::from_secs(5);

/// How many of SQLite's steps pass between two looks at the clock: some microseconds' worth.
const STEPS: i32 = 1000;

struct Sqlite {
    path: PathBuf,
    connection: Connection,
    access: Access,
    /// What the files were like when the database was opened as unchanging.
    still: Option<Snapshot>,
    limit: Duration,
    deadline: Arc<Mutex<Instant>>,
    place: String,
}

/// Opens the file, which has to exist.
pub(super) fn open(
    settings: &Settings,
    access: Access,
    limit: Duration,
) -> Result<Box<dyn SiteDatabase>, DbError> {
    let place = settings.to_string();
    let (Address::File(path) | Address::Socket(path, _)) = &settings.address else {
        return Err(DbError::opening(DbFault::Misconfigured, &place, "not a file"));
    };
    if let Err(error) = fs::File::open(path) {
        let (fault, why) = match error.kind() {
            std::io::ErrorKind::NotFound => (DbFault::NoDatabase, "no such file".to_owned()),
            std::io::ErrorKind::PermissionDenied => (DbFault::Denied, "no permission".to_owned()),
            _ => (DbFault::Other, error.to_string()),
        };
        return Err(DbError::opening(fault, &place, why));
    }
    let still = (access == Access::Read).then(|| Snapshot::of(path)).flatten();
    let deadline = Arc::new(Mutex::new(Instant::now()));
    let connection = connection(path, access, still.is_some(), limit, &deadline)
        .map_err(|error| explain(&error, &place, limit))?;
    let path = path.clone();
    Ok(Box::new(Sqlite { path, connection, access, still, limit, deadline, place }))
}

fn connection(
    path: &Path,
    access: Access,
    unchanging: bool,
    limit: Duration,
    deadline: &Arc<Mutex<Instant>>,
) -> rusqlite::Result<Connection> {
    let mode = match access {
        Access::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
        Access::Write => OpenFlags::SQLITE_OPEN_READ_WRITE,
    };
    let flags = mode | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(uri(path, unchanging), flags)?;
    connection.busy_timeout(limit.min(BUSY))?;
    let deadline = Arc::clone(deadline);
    connection.progress_handler(
        STEPS,
        Some(move || Instant::now() >= *deadline.lock().unwrap_or_else(PoisonError::into_inner)),
    )?;
    Ok(connection)
}

/// The address of a file that is read as one that does not change: nothing is made beside it.
pub fn unchanging_uri(path: &Path) -> String {
    uri(path, true)
}

/// The path as a URI, of which only letters, digits and a few signs stand for themselves.
fn uri(path: &Path, unchanging: bool) -> String {
    let mut uri = String::from("file:");
    for &byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'_' | b'-') {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    if unchanging {
        uri.push_str("?immutable=1");
    }
    uri
}

/// A database file that nobody was writing: neither a log nor a journal beside it.
#[derive(Debug, PartialEq, Eq)]
struct Snapshot {
    size: u64,
    modified: Option<SystemTime>,
}

impl Snapshot {
    /// `None` where somebody has the database open.
    fn of(path: &Path) -> Option<Self> {
        let beside = |suffix: &str| {
            let mut name = path.as_os_str().to_owned();
            name.push(suffix);
            Path::new(&name).exists()
        };
        if beside("-wal") || beside("-journal") {
            return None;
        }
        let metadata = fs::metadata(path).ok()?;
        Some(Self { size: metadata.len(), modified: metadata.modified().ok() })
    }
}

impl SiteDatabase for Sqlite {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn opening(&self, access: Access) -> Vec<String> {
        let begin = match access {
            Access::Read => "BEGIN",
            // A lock that is taken later can fail after the reads that led to it.
            Access::Write => "BEGIN IMMEDIATE",
        };
        vec![begin.to_owned()]
    }

    fn run(&mut self, statements: &[String]) -> Result<Vec<Rows>, DbError> {
        let found = self.attempt(statements);
        if self.still.is_some() && self.still != Snapshot::of(&self.path) {
            self.still = None;
            self.connection =
                connection(&self.path, self.access, false, self.limit, &self.deadline)
                    .map_err(|error| explain(&error, &self.place, self.limit))?;
            return self.attempt(statements);
        }
        found
    }
}

impl Sqlite {
    fn attempt(&self, statements: &[String]) -> Result<Vec<Rows>, DbError> {
        *self.deadline.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now() + self.limit;
        let mut found = Vec::new();
        for statement in statements {
            match rows(&self.connection, statement) {
                Ok(Some(rows)) => found.push(rows),
                Ok(None) => {}
                Err(error) => {
                    if !self.connection.is_autocommit() {
                        // It is undone at the connection's end as well.
                        let _ = self.connection.execute_batch("ROLLBACK");
                    }
                    return Err(explain(&error, &self.place, self.limit));
                }
            }
        }
        Ok(found)
    }
}

/// Runs a statement; `None` for one that has no columns.
fn rows(connection: &Connection, statement: &str) -> rusqlite::Result<Option<Rows>> {
    let mut statement = connection.prepare(statement)?;
    let names: Vec<_> = statement.column_names().into_iter().map(str::to_owned).collect();
    if names.is_empty() {
        statement.raw_execute()?;
        return Ok(None);
    }
    let width = names.len();
    let mut found = Rows::of(names);
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let cells = (0..width).map(|index| Ok(cell(row.get_ref(index)?)));
        found.push(cells.collect::<rusqlite::Result<_>>()?);
    }
    Ok(Some(found))
}

fn cell(value: ValueRef<'_>) -> Option<String> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            Some(String::from_utf8_lossy(bytes).into_owned())
        }
    }
}

fn explain(error: &Error, place: &str, limit: Duration) -> DbError {
    let text = match error {
        Error::SqliteFailure(_, Some(text)) => text.clone(),
        Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    };
    let fault = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => DbFault::Locked,
        Some(ErrorCode::OperationInterrupted) => {
            let why = format!("no answer within {}", humantime::format_duration(limit));
            return DbError::working(DbFault::TimedOut, &place, why);
        }
        Some(
            ErrorCode::CannotOpen
            | ErrorCode::PermissionDenied
            | ErrorCode::ReadOnly
            | ErrorCode::AuthorizationForStatementDenied,
        ) => DbFault::Denied,
        _ if text.starts_with("no such table") => DbFault::NoTable,
        _ if text.starts_with("no such column") || text.contains("has no column named") => {
            DbFault::NoColumn
        }
        _ => DbFault::Other,
    };
    DbError::working(fault, &place, text)
}
