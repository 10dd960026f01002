//! Opening a site's database.

use std::time::Duration;

use super::settings::Settings;
use super::{DbError, SiteDb, mariadb, postgres, sqlite};

/// More than anybody waits for; a moment further away may not be representable.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

/// The kernel takes a limit of zero for "none".
const LEAST_TIMEOUT: Duration = Duration::from_millis(1);

/// How much longer the socket waits than the server may work on one statement, so that the server
/// gives up first, says so, and does not go on with work that nobody waits for.
pub(super) const GRACE: Duration = Duration::from_millis(500);

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reads alone: the server refuses anything else.
    Read,
    /// Changes too.
    Write,
}

/// Connects and logs in within `timeout`; afterwards each statement may take `timeout`, on the
/// server and on the socket.
///
/// Cost: the login's round trips; for SQLite a file is opened. Nothing is ever sent a second time.
///
/// Errors: `Unreachable`, `TimedOut`, `Denied`, `NoDatabase`, `Misconfigured` for certificates
/// that cannot be read.
pub fn connect(settings: &Settings, access: Access, timeout: Duration) -> Result<SiteDb, DbError> {
    let timeout = timeout.clamp(LEAST_TIMEOUT, LONGEST_TIMEOUT);
    let engine = match settings.dialect {
        super::Dialect::MariaDb => mariadb::open(settings, timeout)?,
        super::Dialect::Postgres => postgres::open(settings, timeout)?,
        super::Dialect::Sqlite => sqlite::open(settings, access, timeout)?,
    };
    Ok(SiteDb { engine, family: settings.family, access, round_trips: 0 })
}
