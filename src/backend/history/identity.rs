//! Whether a file is a history. A named file that is none is not written, moved or waited for.

use std::path::Path;

use rusqlite::Connection;

use super::{Place, held};
use crate::error::{Failure, Kind, Result};

/// What says in the header of an `SQLite` file that it is a history: `jobc`.
pub(super) const APPLICATION_ID: i32 = 0x6a6f_6263;

/// Where a header says what it is, and whose. Source: the `SQLite` file format, 1.3.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
const ID_AT: std::ops::Range<usize> = 68..72;

/// What a file seems to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// Missing, empty, or nothing that can be read.
    Nothing,
    /// A history, damaged or not.
    Marked,
    /// An `SQLite` file of nobody: as the first histories were.
    Unmarked,
    /// Something else.
    Foreign,
}

/// Looks at the header of a file, without waiting.
///
/// Errors: `Data` for what is no regular file.
pub(super) fn content(path: &Path) -> Result<Content> {
    let Ok(metadata) = path.metadata() else { return Ok(Content::Nothing) };
    if !metadata.is_file() {
        let what = if metadata.is_dir() { "a folder" } else { "no regular file" };
        let message = format!("cannot use `{}` as a history: it is {what}", path.display());
        return Err(Failure::new(Kind::Data, message).into());
    }
    let header = held::beginning(path, &metadata).unwrap_or_default();
    if header.is_empty() {
        return Ok(Content::Nothing);
    }
    let id = header.get(ID_AT).and_then(|id| <[u8; 4]>::try_from(id).ok()).map(i32::from_be_bytes);
    Ok(match id.filter(|_| header.starts_with(MAGIC)) {
        Some(APPLICATION_ID) => Content::Marked,
        Some(0) => Content::Unmarked,
        _ => Content::Foreign,
    })
}

/// Whether an unmarked file has the tables of a history, or none at all.
pub(super) fn has_our_tables(connection: &Connection) -> bool {
    let count = |condition: &str| {
        let sql = format!("SELECT count(*) FROM sqlite_master WHERE {condition}");
        connection.query_row(&sql, [], |row| row.get::<_, i64>(0))
    };
    let ours = count("type = 'table' AND name IN ('facts', 'samples', 'ended_rollup', 'seen')");
    matches!((count("1"), ours), (Ok(0), _) | (Ok(_), Ok(4)))
}

/// That a named file is something else.
pub(super) fn foreign(place: &Place) -> Failure {
    let message =
        format!("cannot use `{}` as a history: jobctl did not make it", place.path().display());
    Failure::new(Kind::Data, message).hint("name another file with --file")
}
