//! A connection to one Redis: opening it, and the two ways of asking.
//!
//! [`Link::pipeline`] is for a known batch whose answers are values; [`Link::stream`] for many
//! answers that are looked at once. Nothing is ever sent a second time by itself: after a time-out
//! nobody knows whether the first one took effect.

use std::io;
use std::time::{Duration, Instant};

use redis::{Cmd, Pipeline, Value};

use super::endpoint::{Endpoint, Node, Route};
use super::fault::Target;
use super::reply::{Commands, Item, Reply, ReplyError};
use super::sentinel::Sentinels;
use super::session::{Session, is_master};
use super::wire::Wire;
use crate::error::{Failure, Result};

/// More than anybody waits for; a moment further away may not be representable.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

/// A connection to one Redis.
///
/// After a failure it cannot be used any more: which answer belongs to which question is no longer
/// known.
pub struct Link {
    session: Session,
    target: Target,
    /// Set by the first failure.
    lost: bool,
}

/// Connects to `endpoint`, logs in and selects the database within `timeout`.
///
/// `name` is the part that this Redis plays, such as `queue Redis`; messages use it. Afterwards
/// each single read or write may take `timeout`.
///
/// Cost: one turn where a password or another database than 0 is given, else none, and a Redis
/// that accepts and says nothing is found out by the first question. Through sentinels: one turn
/// per sentinel asked, and one with the master.
///
/// Errors: `Unreachable` for everything up to the first answer, `Refused` for a wrong login,
/// `Config` for certificate files that cannot be read.
pub fn connect(endpoint: &Endpoint, timeout: Duration, name: impl Into<String>) -> Result<Link> {
    let timeout = timeout.min(LONGEST_TIMEOUT);
    let target = Target { name: name.into(), endpoint: endpoint.clone(), timeout };
    match open(endpoint, timeout) {
        Ok(session) => Ok(Link { session, target, lost: false }),
        Err(error) => Err(target.unreachable(&error).into()),
    }
}

fn open(endpoint: &Endpoint, timeout: Duration) -> io::Result<Session> {
    let deadline = Instant::now() + timeout;
    let tls = endpoint.tls.as_ref();
    let mut session = match &endpoint.route {
        Route::Unix(path) => {
            let mut session = Session::over(Wire::unix(path, deadline)?);
            session.open(&endpoint.login, endpoint.db, &Pipeline::new())?;
            session
        }
        Route::Tcp(node) => {
            let mut session = Session::over(Wire::tcp(node, tls, deadline)?);
            session.open(&endpoint.login, endpoint.db, &Pipeline::new())?;
            session
        }
        Route::Sentinel { nodes, service, login } => {
            let sentinels = Sentinels { nodes, service, login, tls };
            sentinels.master(deadline, |node, share| master(endpoint, node, share))?
        }
    };
    session.limit_each_step(timeout)?;
    Ok(session)
}

/// Connects to what a sentinel called the master, which may be old news.
fn master(endpoint: &Endpoint, node: &Node, deadline: Instant) -> io::Result<Session> {
    let mut session = Session::over(Wire::tcp(node, endpoint.tls.as_ref(), deadline)?);
    let mut role = Pipeline::new();
    role.cmd("ROLE");
    let replies = session.open(&endpoint.login, endpoint.db, &role)?;
    is_master(replies.first())?;
    Ok(session)
}

impl Link {
    /// Runs all commands of `pipeline` in one turn; one answer or refusal each, in their order.
    ///
    /// What the pipeline says about ignored answers is not looked at. An atomic pipeline gives the
    /// answers of its commands, or for each of them why the transaction did not run.
    ///
    /// Errors: a lost connection; and where Redis refuses everything for one reason (no login,
    /// loading, busy), that reason.
    pub fn pipeline(&mut self, pipeline: &Pipeline) -> Result<Vec<Reply>> {
        if pipeline.is_empty() {
            return Ok(Vec::new());
        }
        if pipeline.is_transaction() {
            return self.transaction(pipeline);
        }
        let mut replies = Vec::with_capacity(pipeline.len());
        let outcome = self.attempt(|session| session.run(pipeline, &mut replies));
        let sole_reason = common_refusal(&replies);
        if let Some(error) = sole_reason {
            let attempt = if error.turns_away() { "connect" } else { "ask" };
            return Err(self.target.refused(attempt, error).into());
        }
        outcome?;
        Ok(replies)
    }

    /// Runs one command in a turn of its own.
    ///
    /// Errors: as [`Self::pipeline`].
    pub fn command(&mut self, command: &Cmd) -> Result<Reply> {
        let mut pipeline = Pipeline::with_capacity(1);
        pipeline.add_command(command.clone());
        let reply = self.pipeline(&pipeline)?.pop();
        // One command was sent, so one answer was read.
        Ok(reply.unwrap_or(Ok(Value::Nil)))
    }

    /// Runs the commands that `next` writes, one at each call until it returns false, and shows
    /// each answer to `visit` with the command's number, without allocating for it.
    ///
    /// An array is shown element by element, all under the command's number; an empty one not at
    /// all. At most `in_flight` commands are unanswered at a time: Redis holds that many answers in
    /// its memory, so it is small for long ranges and in the hundreds for single fields.
    ///
    /// Counts as one round trip, as Redis is never waited for with nothing in flight.
    ///
    /// Errors: a lost connection. A refusal is an [`Item::Error`].
    pub fn stream(
        &mut self,
        in_flight: usize,
        mut next: impl FnMut(&mut Commands) -> bool,
        mut visit: impl FnMut(usize, Item<'_>),
    ) -> Result<()> {
        self.attempt(|session| session.stream(in_flight, &mut next, &mut visit))
    }

    /// From here on, everything that is asked must be answered by `deadline`, all together; a
    /// later call sets another. Without it each single read and write has the limit of its own.
    pub fn end_by(&mut self, deadline: Instant) {
        self.session.end_by(deadline);
    }

    /// The failure to report where Redis refused to `attempt` (such as `read the queues`) and
    /// nothing can go on without it; has the hint that belongs to the reason.
    pub fn refused(&self, attempt: &str, error: &ReplyError) -> Failure {
        self.target.refused(attempt, error)
    }

    /// How many times something was sent and its answers awaited, the login included.
    pub const fn round_trips(&self) -> u64 {
        self.session.turns()
    }

    /// The time from the first request to its first answer; `None` before there was one.
    pub const fn latency(&self) -> Option<Duration> {
        self.session.first_answer()
    }

    /// The address that was connected to.
    pub const fn endpoint(&self) -> &Endpoint {
        &self.target.endpoint
    }

    fn attempt(&mut self, run: impl FnOnce(&mut Session) -> io::Result<()>) -> Result<()> {
        if self.lost {
            let error = io::Error::other("an earlier answer did not come");
            return Err(self.target.broken(&error).into());
        }
        run(&mut self.session).map_err(|error| {
            self.lost = true;
            match self.session.first_answer() {
                Some(_) => self.target.broken(&error).into(),
                None => self.target.unreachable(&error).into(),
            }
        })
    }

    fn transaction(&mut self, pipeline: &Pipeline) -> Result<Vec<Reply>> {
        let mut plain = Pipeline::with_capacity(pipeline.len() + 2);
        plain.cmd("MULTI");
        for command in pipeline.cmd_iter() {
            plain.add_command(command.clone());
        }
        plain.cmd("EXEC");
        let mut replies = self.pipeline(&plain)?;
        Ok(match replies.pop() {
            Some(Ok(Value::Array(values))) => values.into_iter().map(unnested).collect(),
            Some(Err(abort)) => {
                let queued = replies.into_iter().skip(1);
                queued.map(|reply| Err(reply.err().unwrap_or_else(|| abort.clone()))).collect()
            }
            // Nothing is watched, so `EXEC` never answers with nil.
            _ => Vec::new(),
        })
    }
}

/// What an element of `EXEC`'s answer would have been on its own.
fn unnested(value: Value) -> Reply {
    match value {
        Value::ServerError(error) => {
            let text = [error.code(), error.details().unwrap_or_default()].join(" ");
            Err(ReplyError::parse(text.as_bytes()))
        }
        value => Ok(value),
    }
}

/// The refusal that says that the whole connection is of no use, where there is one.
fn common_refusal(replies: &[Reply]) -> Option<&ReplyError> {
    let first = replies.first()?.as_ref().err()?;
    if first.turns_away() {
        return Some(first);
    }
    let all = || replies.iter().all(|reply| reply.as_ref().is_err_and(|e| e.kind == first.kind));
    (first.concerns_the_server() && all()).then_some(first)
}
