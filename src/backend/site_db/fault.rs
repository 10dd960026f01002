//! What goes wrong with a site's database, told apart the same way for all engines.
//!
//! Owns the wording, the exit code and the next step of every such failure.

use std::fmt;
use std::time::Duration;

use crate::error::{Failure, Kind};

/// What sort of fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DbFault {
    /// The configuration does not say which database it is, or says something impossible.
    Misconfigured,
    /// The configuration says that there is none.
    NoneThere,
    /// There is no server, it hung up, or it takes no more connections.
    Unreachable,
    /// No answer in time, or the server stopped the statement because of its time limit.
    TimedOut,
    /// The login, or the right to a table or file, was refused.
    Denied,
    /// The server has no such database, or there is no such file.
    NoDatabase,
    /// The database has no such table: another version of Frappe, or no site at all.
    NoTable,
    /// The table has no such column: another version of Frappe.
    NoColumn,
    /// Somebody else holds a lock.
    Locked,
    /// Anything else; the text says what.
    Other,
}

/// When it went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Before there was a connection.
    Opening,
    /// Over a connection that had worked.
    Working,
    /// While the change was being made final: nobody knows whether it was.
    Committing,
}

/// A fault with its place. Holds no secret.
///
/// Not an `Error` of its own: [`DbError::failure`] makes the one that travels further, and it needs
/// the site's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DbError {
    fault: DbFault,
    why: String,
    place: String,
    stage: Stage,
}

impl DbError {
    /// A fault before there was a connection; `why` is what the server or the system said.
    pub(super) fn opening(
        fault: DbFault,
        place: &impl fmt::Display,
        why: impl Into<String>,
    ) -> Self {
        Self { fault, why: why.into(), place: place.to_string(), stage: Stage::Opening }
    }

    /// A fault of an open connection.
    pub(super) fn working(
        fault: DbFault,
        place: &impl fmt::Display,
        why: impl Into<String>,
    ) -> Self {
        Self { fault, why: why.into(), place: place.to_string(), stage: Stage::Working }
    }

    /// No answer within `limit`, before there was a connection.
    pub(super) fn no_answer(place: &impl fmt::Display, limit: Duration) -> Self {
        let why = format!("no answer within {}", humantime::format_duration(limit));
        Self::opening(DbFault::TimedOut, place, why)
    }

    /// The same fault, met while a change was being made final.
    ///
    /// Only where the answer did not come is the outcome unknown; a refusal is certain.
    pub(super) fn while_committing(mut self) -> Self {
        if matches!(self.fault, DbFault::Unreachable | DbFault::TimedOut) {
            self.stage = Stage::Committing;
        }
        self
    }

    /// What sort of fault it is.
    pub const fn fault(&self) -> DbFault {
        self.fault
    }

    /// What the server or the system said.
    pub fn why(&self) -> &str {
        &self.why
    }

    /// The database, as messages name it, such as `MariaDB at 127.0.0.1:3306`.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Whether a change may have been made although it failed.
    pub const fn is_in_doubt(&self) -> bool {
        matches!(self.stage, Stage::Committing)
    }

    /// Whether the server was there, and one statement over an open connection failed.
    pub const fn is_of_the_statement(&self) -> bool {
        matches!(self.stage, Stage::Working)
    }

    /// Whether the server as a whole did not answer, so that its other databases will not either.
    pub(super) fn concerns_the_server(&self) -> bool {
        self.stage == Stage::Opening
            && matches!(self.fault, DbFault::Unreachable | DbFault::TimedOut)
    }

    /// The same fault of the same server, for another of its databases.
    pub(super) fn also_for(&self, place: &impl fmt::Display) -> Self {
        Self { place: place.to_string(), ..self.clone() }
    }

    /// The exit code's kind.
    ///
    /// A refused login is `Refused`, as it is for Redis: the server is well, and waiting helps
    /// nobody. A server that was never reached is `Unreachable` however it failed.
    pub fn kind(&self) -> Kind {
        match self.fault {
            DbFault::Misconfigured
            | DbFault::NoneThere
            | DbFault::NoDatabase
            | DbFault::NoTable
            | DbFault::NoColumn => Kind::Config,
            DbFault::TimedOut if self.stage != Stage::Opening => Kind::TryAgain,
            DbFault::Unreachable | DbFault::TimedOut => Kind::Unreachable,
            DbFault::Denied => Kind::Refused,
            DbFault::Locked => Kind::TryAgain,
            DbFault::Other => Kind::Io,
        }
    }

    /// What the operator reads of it.
    pub fn failure(&self, site: &str) -> Failure {
        let attempt = match self.stage {
            Stage::Opening => "open",
            Stage::Working => "use",
            Stage::Committing => "tell whether the change was made in",
        };
        let message = format!("cannot {attempt} the database of site `{site}`: {self}");
        let failure = Failure::new(self.kind(), message);
        match self.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }

    fn hint(&self) -> Option<&'static str> {
        if self.is_in_doubt() {
            return Some("look at the present state before you try again");
        }
        Some(match self.fault {
            DbFault::Misconfigured => "correct the named key in the site's site_config.json",
            DbFault::Unreachable => {
                "check that the database server is running, and db_host and db_port in the site's configuration"
            }
            DbFault::TimedOut => "try again, or allow more time with --timeout 60s",
            DbFault::Denied => {
                "run jobctl on the bench's host as the user who owns the bench; db_name, db_user and db_password in the site's configuration are what it logs in with"
            }
            DbFault::NoDatabase => "check db_name in the site's configuration",
            DbFault::NoTable | DbFault::NoColumn => {
                "the site may be half restored, or of another Frappe version than the bench: bench --site SITE migrate"
            }
            DbFault::Locked => "something else is writing, perhaps a migration; try again shortly",
            DbFault::NoneThere | DbFault::Other => return None,
        })
    }
}

impl fmt::Display for DbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.why.trim_end_matches('.'))
    }
}
