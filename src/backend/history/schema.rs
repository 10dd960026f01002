//! The tables of a history, and how an older file becomes a newer one.
//!
//! Moments are Unix milliseconds in `samples`, `ended` and `gaps`, and Unix seconds where a span of
//! time begins. Names stand once, in `names`.

use rusqlite::Connection;

/// What each version adds to the one before; the number of the last is in `user_version`.
const MIGRATIONS: [&str; 2] = [
    r"
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE samples (at INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE system_rollup (
    span INTEGER NOT NULL, at INTEGER NOT NULL, samples INTEGER NOT NULL,
    busy_sum INTEGER NOT NULL, busy_max INTEGER NOT NULL,
    workers_sum INTEGER NOT NULL, workers_max INTEGER NOT NULL, memory_max INTEGER,
    PRIMARY KEY (span, at)
) WITHOUT ROWID;
CREATE TABLE queue_rollup (
    span INTEGER NOT NULL, at INTEGER NOT NULL, queue INTEGER NOT NULL, samples INTEGER NOT NULL,
    queued_sum INTEGER NOT NULL, queued_max INTEGER NOT NULL, started_max INTEGER NOT NULL,
    failed_max INTEGER NOT NULL, oldest_max INTEGER NOT NULL, workers_max INTEGER NOT NULL,
    PRIMARY KEY (span, at, queue)
) WITHOUT ROWID;
CREATE TABLE ended (
    at INTEGER NOT NULL, hash INTEGER NOT NULL, queue INTEGER NOT NULL, method INTEGER NOT NULL,
    site INTEGER, failed INTEGER NOT NULL, error INTEGER, wait_ms INTEGER, run_ms INTEGER,
    PRIMARY KEY (at, hash)
) WITHOUT ROWID;
CREATE TABLE ended_rollup (
    span INTEGER NOT NULL, at INTEGER NOT NULL, queue INTEGER NOT NULL, method INTEGER NOT NULL,
    site INTEGER NOT NULL, count INTEGER NOT NULL, failed INTEGER NOT NULL,
    runs INTEGER NOT NULL, run_sum INTEGER NOT NULL, run_squares REAL NOT NULL,
    run_max INTEGER NOT NULL, run_histogram BLOB NOT NULL,
    waits INTEGER NOT NULL, wait_sum INTEGER NOT NULL, wait_max INTEGER NOT NULL,
    wait_histogram BLOB NOT NULL,
    PRIMARY KEY (span, at, queue, method, site)
) WITHOUT ROWID;
CREATE TABLE error_rollup (
    at INTEGER NOT NULL, queue INTEGER NOT NULL, method INTEGER NOT NULL, error INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (at, queue, method, error)
) WITHOUT ROWID;
CREATE TABLE memory (
    at INTEGER NOT NULL, queue INTEGER NOT NULL, method INTEGER NOT NULL, jobs INTEGER NOT NULL,
    peak_kib INTEGER NOT NULL,
    PRIMARY KEY (at, queue, method)
) WITHOUT ROWID;
CREATE TABLE totals (series TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE seen (hash INTEGER PRIMARY KEY, at INTEGER NOT NULL);
CREATE TABLE gaps (since INTEGER PRIMARY KEY, until INTEGER NOT NULL, why TEXT NOT NULL);
",
    // Runs of which it is not known whether they failed; `failed` in `ended` may be NULL from now on.
    r"
ALTER TABLE ended_rollup ADD COLUMN unknown INTEGER NOT NULL DEFAULT 0;
CREATE TABLE ended_2 (
    at INTEGER NOT NULL, hash INTEGER NOT NULL, queue INTEGER NOT NULL, method INTEGER NOT NULL,
    site INTEGER, failed INTEGER, error INTEGER, wait_ms INTEGER, run_ms INTEGER,
    PRIMARY KEY (at, hash)
) WITHOUT ROWID;
INSERT INTO ended_2 SELECT * FROM ended;
DROP TABLE ended;
ALTER TABLE ended_2 RENAME TO ended;
",
];

/// The version that this jobctl writes.
pub(super) const VERSION: usize = MIGRATIONS.len();

/// The version that first told of how many runs it is not known whether they failed.
pub(super) const UNKNOWN_SINCE: usize = 2;

/// The version of a file; 0 for an empty one.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<usize> {
    connection.query_row("PRAGMA user_version", [], |row| row.get::<_, u32>(0)).map(|v| v as usize)
}

/// Brings a file up to [`VERSION`], each step as a whole.
pub(super) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let from = version(connection)?;
    for (number, migration) in MIGRATIONS.iter().enumerate().skip(from) {
        let step = connection.transaction()?;
        step.execute_batch(migration)?;
        step.pragma_update(None, "user_version", u32::try_from(number + 1).unwrap_or(u32::MAX))?;
        step.commit()?;
    }
    Ok(())
}
