//! Sending commands and reading their answers on one socket.
//!
//! Owns the order of a connection: log in, select, then exchanges in which commands are kept in
//! flight. Speaks in `io::Error`; what the operator reads is made from that in `fault`.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use redis::Pipeline;

use super::endpoint::Login;
use super::fault::Refusal;
use super::reply::{Commands, Item, Reply, ReplyErrorKind};
use super::resp::{Piece, Reader};
use super::wire::Wire;

/// Requests that may be on their way at once, in bytes.
///
/// Below what the sockets of both sides hold, so that a write ends even while the peer is not
/// reading because we are not: a proxy or a TLS tunnel can get into that state, and then both
/// sides would wait for ever. Redis itself reads on and keeps the answers in its memory.
const WINDOW: usize = 64 * 1024;

/// A connected socket with its read buffer.
pub(super) struct Session {
    wire: Wire,
    reader: Reader,
    commands: Commands,
    first_answer: Option<Duration>,
    turns: u64,
}

impl Session {
    pub(super) fn over(wire: Wire) -> Self {
        Self {
            wire,
            reader: Reader::new(),
            commands: Commands::default(),
            first_answer: None,
            turns: 0,
        }
    }

    /// Logs in and selects the database where that is needed, and runs `then`, all in one turn;
    /// no turn where there is nothing to send.
    ///
    /// `HELLO`, `CLIENT SETNAME` and `SELECT 0` are not sent: they change nothing for us, and an
    /// ACL that grants reads alone refuses them.
    pub(super) fn open(
        &mut self,
        login: &Login,
        db: u32,
        then: &Pipeline,
    ) -> io::Result<Vec<Reply>> {
        let mut first = Pipeline::new();
        let mut attempts = Vec::with_capacity(2);
        if login.username.is_some() || login.password.is_some() {
            let password = login.password.as_deref().unwrap_or_default();
            first.cmd("AUTH").arg(login.username.as_deref()).arg(password);
            attempts.push("log in");
        }
        if db != 0 {
            first.cmd("SELECT").arg(db);
            attempts.push("select the database");
        }
        for command in then.cmd_iter() {
            first.add_command(command.clone());
        }
        if first.is_empty() {
            return Ok(Vec::new());
        }
        let mut replies = Vec::with_capacity(first.len());
        self.run(&first, &mut replies)?;
        let rest = replies.split_off(attempts.len().min(replies.len()));
        for (attempt, reply) in attempts.into_iter().zip(replies) {
            reply.map_err(|error| io::Error::other(Refusal { attempt, error }))?;
        }
        Ok(rest)
    }

    /// Runs every command of `pipeline`; `replies` has what came before an error.
    pub(super) fn run(&mut self, pipeline: &Pipeline, replies: &mut Vec<Reply>) -> io::Result<()> {
        let mut commands = pipeline.cmd_iter();
        let limit = pipeline.len();
        let mut next = |out: &mut Commands| match commands.next() {
            Some(command) => {
                out.push_command(command);
                true
            }
            None => false,
        };
        self.exchange(limit, &mut next, &mut |_, reader, wire| {
            replies.push(reader.value(wire)?);
            Ok(())
        })
    }

    /// Runs the commands that `next` writes and shows every element of every answer to `visit`.
    pub(super) fn stream(
        &mut self,
        in_flight: usize,
        next: &mut dyn FnMut(&mut Commands) -> bool,
        visit: &mut dyn FnMut(usize, Item<'_>),
    ) -> io::Result<()> {
        self.exchange(in_flight, next, &mut |index, reader, wire| {
            let mut expected = 1_usize;
            while expected > 0 {
                expected -= 1;
                match reader.piece(wire)? {
                    Piece::Array(length) => expected = expected.saturating_add(length),
                    Piece::Bytes { bytes, .. } => visit(index, Item::Bytes(bytes)),
                    Piece::Int(number) => visit(index, Item::Int(number)),
                    Piece::Nil => visit(index, Item::Nil),
                    Piece::Error(error) => visit(index, Item::Error(error)),
                }
            }
            Ok(())
        })
    }

    /// Keeps up to `limit` commands and [`WINDOW`] bytes in flight until `next` has no more, and
    /// lets `take` read each answer. Sends again when half is answered, so that Redis never idles.
    fn exchange(
        &mut self,
        limit: usize,
        next: &mut dyn FnMut(&mut Commands) -> bool,
        take: &mut dyn FnMut(usize, &mut Reader, &mut Wire) -> io::Result<()>,
    ) -> io::Result<()> {
        let limit = limit.max(1);
        let mut sizes = VecDeque::new();
        let (mut bytes, mut answered, mut more) = (0, 0, true);
        let started = Instant::now();
        self.turns += 1;
        loop {
            self.commands.clear();
            while more && sizes.len() < limit && bytes < WINDOW {
                let before = self.commands.as_bytes().len();
                more = next(&mut self.commands);
                if more {
                    let size = self.commands.as_bytes().len() - before;
                    sizes.push_back(size);
                    bytes += size;
                }
            }
            self.send()?;
            while let Some(size) = sizes.front() {
                if more && sizes.len() <= limit / 2 && bytes <= WINDOW / 2 {
                    break;
                }
                take(answered, &mut self.reader, &mut self.wire)?;
                self.first_answer.get_or_insert_with(|| started.elapsed());
                bytes -= size;
                sizes.pop_front();
                answered += 1;
            }
            if !more && sizes.is_empty() {
                return Ok(());
            }
        }
    }

    fn send(&mut self) -> io::Result<()> {
        let bytes = self.commands.as_bytes();
        if bytes.is_empty() {
            return Ok(());
        }
        let sent = self.wire.write_all(bytes).and_then(|()| self.wire.flush());
        sent.map_err(|error| self.last_word().map_or(error, io::Error::other))
    }

    /// Why the peer closed before it read anything; Redis says so first, as with too many clients.
    fn last_word(&mut self) -> Option<Refusal> {
        match self.reader.value(&mut self.wire) {
            Ok(Err(error)) => Some(Refusal { attempt: "connect", error }),
            _ => None,
        }
    }

    /// From here on, each single read and write may take `limit`.
    pub(super) fn limit_each_step(&mut self, limit: Duration) -> io::Result<()> {
        self.wire.limit_each_step(limit)
    }

    /// From here on, all waiting together ends at `deadline`.
    pub(super) fn end_by(&mut self, deadline: Instant) {
        self.wire.end_by(deadline);
    }

    /// How many times something was sent and its answers awaited.
    pub(super) const fn turns(&self) -> u64 {
        self.turns
    }

    /// The time from the first request to its answer.
    pub(super) const fn first_answer(&self) -> Option<Duration> {
        self.first_answer
    }
}

/// Whether a server that answered `ROLE` with `reply` takes writes; a refusal is no objection.
///
/// Source: redis.io, `ROLE`; its category is `@admin`, which an ACL for reads does not grant.
pub(super) fn is_master(reply: Option<&Reply>) -> Result<(), io::Error> {
    match reply {
        Some(Ok(redis::Value::Array(parts)))
            if parts.first() != Some(&redis::Value::BulkString(b"master".to_vec())) =>
        {
            Err(io::Error::other("it is a replica, not the master"))
        }
        Some(Err(error)) if error.kind == ReplyErrorKind::Loading => {
            Err(io::Error::other("it is still loading its data"))
        }
        _ => Ok(()),
    }
}
