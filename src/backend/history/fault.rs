//! What `SQLite` says, as failures that name the file and the way out.

use std::path::Path;

use rusqlite::{Error, ErrorCode};

use crate::error::{Failure, Kind};

/// A failure at `attempt` (such as `write`) of the history at `path`.
pub(super) fn failure(error: &Error, attempt: &str, path: &Path) -> Failure {
    let text = match error {
        Error::SqliteFailure(_, Some(text)) => text.clone(),
        Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    };
    let (kind, hint) = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            (Kind::TryAgain, "another program has it locked; try again")
        }
        Some(ErrorCode::DiskFull) => (Kind::Io, "make room on its disk"),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            (Kind::Data, "jobctl history record moves a damaged history aside and begins a new one")
        }
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => {
            (Kind::CannotCreate, "run jobctl as the user who owns the file and its folder")
        }
        _ => (Kind::Io, "look at the disk; name another file with --file"),
    };
    let message = format!("cannot {attempt} the history `{}`: {text}", path.display());
    Failure::new(kind, message).hint(hint)
}

/// Whether the file is no history, or not a whole one.
pub(super) fn is_damage(error: &Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
        // A table that a whole file of its version has.
        || matches!(error, Error::SqliteFailure(_, Some(text)) if text.starts_with("no such table"))
}
