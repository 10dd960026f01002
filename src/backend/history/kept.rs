//! What a history keeps for who goes on counting: facts, counters and events. For its writer, and
//! for who waits to become that.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Result};

/// A fact that an earlier batch wrote down.
pub(super) fn fact(connection: &Connection, name: &str) -> Result<Option<String>> {
    let sql = "SELECT value FROM facts WHERE name = ?";
    connection.query_row(sql, [name], |row| row.get(0)).optional()
}

/// The counters as they were last written.
pub(super) fn totals(connection: &Connection) -> Result<Vec<(String, String)>> {
    let mut statement = connection.prepare("SELECT series, value FROM totals")?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// The events that were counted and are remembered.
pub(super) fn seen(connection: &Connection) -> Result<Vec<(u64, Timestamp)>> {
    let mut statement = connection.prepare("SELECT hash, at FROM seen")?;
    let rows =
        statement.query_map([], |row| Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?)))?;
    let dated = rows.map(|row| {
        row.map(|(hash, at)| (hash, Timestamp::from_millisecond(at).unwrap_or_default()))
    });
    dated.collect()
}
