//! Turns what goes wrong with a connection into what an operator reads.
//!
//! Owns the wording, the exit code and the next step of every connection failure, in one place so
//! that the same fault reads the same from every command.

use std::fmt;
use std::io::{self, ErrorKind};
use std::time::Duration;

use super::endpoint::{Endpoint, Route};
use super::reply::{ReplyError, ReplyErrorKind};
use super::wire::is_timeout;
use crate::backend::network::tls_problem;
use crate::error::{Failure, Kind};

/// A refusal on the way to a usable connection; travels inside an `io::Error`.
#[derive(Debug)]
pub(super) struct Refusal {
    /// What was refused, as it follows "cannot".
    pub(super) attempt: &'static str,
    pub(super) error: ReplyError,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.error.text)
    }
}

impl std::error::Error for Refusal {}

/// An error with the one of several servers that gave it; its kind is that of the error.
#[derive(Debug)]
pub(super) struct Located {
    place: String,
    error: io::Error,
}

impl Located {
    pub(super) fn wrap(place: String, error: io::Error) -> io::Error {
        io::Error::new(error.kind(), Self { place, error })
    }
}

impl fmt::Display for Located {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.error)
    }
}

impl std::error::Error for Located {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

/// What travels inside `error`, if it is a `T`; looks through [`Located`].
fn inside<T: std::error::Error + 'static>(error: &io::Error) -> Option<&T> {
    let inner = error.get_ref()?;
    match inner.downcast_ref::<Located>() {
        Some(located) => inside(&located.error),
        None => inner.downcast_ref(),
    }
}

/// The Redis that was asked, as messages name it.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// Its part, such as `queue Redis`.
    pub(super) name: String,
    pub(super) endpoint: Endpoint,
    pub(super) timeout: Duration,
}

impl Target {
    /// No connection came about, or it was never once answered on.
    pub(super) fn unreachable(&self, error: &io::Error) -> Failure {
        if let Some(refusal) = inside::<Refusal>(error) {
            return self.refused(refusal.attempt, &refusal.error);
        }
        let attempt = format!("cannot connect to the {} `{}`", self.name, self.endpoint);
        if let Some(problem) = tls_problem(error) {
            return Failure::new(Kind::Unreachable, format!("{attempt}: {problem}")).hint(
                "name the authority with ?ssl_ca_certs=FILE in the URL; \
                 ?ssl_check_hostname=false accepts another host name",
            );
        }
        if error.kind() == ErrorKind::InvalidInput {
            return Failure::new(Kind::Config, format!("{attempt}: {error}"));
        }
        let why = self.why(error);
        Failure::new(Kind::Unreachable, format!("{attempt}: {why}")).hint(self.next_step(error))
    }

    /// The connection worked and failed on the way.
    pub(super) fn broken(&self, error: &io::Error) -> Failure {
        let kind = if is_timeout(error) { Kind::TryAgain } else { Kind::Unreachable };
        let why = self.why(error);
        let failure = Failure::new(
            kind,
            format!("lost the connection to the {} `{}`: {why}", self.name, self.endpoint),
        );
        if is_timeout(error) {
            failure.hint("try again, or allow more time with --timeout 60s")
        } else {
            failure.hint("try again; Redis' own log says why it closed the connection")
        }
    }

    /// Redis answered, and refused `attempt` for the reason in `error`.
    pub(super) fn refused(&self, attempt: &str, error: &ReplyError) -> Failure {
        let kind = match error.kind {
            ReplyErrorKind::Denied | ReplyErrorKind::Login | ReplyErrorKind::ReadOnly => {
                Kind::Refused
            }
            ReplyErrorKind::Loading
            | ReplyErrorKind::Busy
            | ReplyErrorKind::CannotSave
            | ReplyErrorKind::Unsettled => Kind::TryAgain,
            ReplyErrorKind::Other if error.turns_away() => Kind::Unreachable,
            ReplyErrorKind::WrongType => Kind::Data,
            // A Redis that does not know a command, or has fewer databases, is not what it seems.
            ReplyErrorKind::NoScript | ReplyErrorKind::Other => Kind::Config,
        };
        let text = error.text.trim_end_matches('.');
        let message =
            format!("cannot {attempt}: the {} `{}` answers: {text}", self.name, self.endpoint);
        let failure = Failure::new(kind, message);
        match hint_for(error) {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }

    fn why(&self, error: &io::Error) -> String {
        if let Some(located) = error.get_ref().and_then(|inner| inner.downcast_ref::<Located>()) {
            return format!("{}: {}", located.place, self.why(&located.error));
        }
        match error.kind() {
            _ if is_timeout(error) => {
                format!("no answer within {}", humantime::format_duration(self.timeout))
            }
            ErrorKind::ConnectionRefused => "connection refused".into(),
            ErrorKind::NotFound if matches!(self.endpoint.route, Route::Unix(_)) => {
                "the socket does not exist".into()
            }
            ErrorKind::PermissionDenied => "this user may not open the socket".into(),
            ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
                "the other side closed the connection".into()
            }
            _ => error.to_string(),
        }
    }

    fn next_step(&self, error: &io::Error) -> &'static str {
        match error.kind() {
            ErrorKind::PermissionDenied => "run jobctl as the user who owns the bench",
            // Redis without TLS takes a handshake for the start of a command and waits for its end.
            _ if is_timeout(error) && self.endpoint.is_tls() => {
                "check the port, and whether it wants redis:// or rediss://"
            }
            ErrorKind::InvalidData | ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset
                if matches!(self.endpoint.route, Route::Tcp(_)) =>
            {
                "check the port, and whether it wants redis:// or rediss://"
            }
            _ => "check that the bench is running, or pass --redis URL",
        }
    }
}

fn hint_for(error: &ReplyError) -> Option<&'static str> {
    match error.kind {
        ReplyErrorKind::Login => {
            Some("pass the login in the URL: --redis redis://user:password@host:port/0")
        }
        ReplyErrorKind::Denied => Some("ask for this right in the user's ACL (ACL SETUSER)"),
        ReplyErrorKind::Loading => Some("Redis is reading its data from disk; try again shortly"),
        ReplyErrorKind::Busy => {
            Some("a script blocks Redis; if it does not end, redis-cli SCRIPT KILL stops it")
        }
        ReplyErrorKind::ReadOnly => {
            Some("this is a replica; give the master's address, or use redis+sentinel://")
        }
        ReplyErrorKind::CannotSave => {
            Some("Redis cannot write to its disk; check the space and Redis' own log")
        }
        ReplyErrorKind::Unsettled => {
            Some("replicas are missing or a failover is under way; try again when it is over")
        }
        ReplyErrorKind::Other if error.turns_away() => {
            Some("Redis' settings maxclients and protected-mode decide whom it lets in")
        }
        ReplyErrorKind::WrongType | ReplyErrorKind::NoScript | ReplyErrorKind::Other => None,
    }
}
