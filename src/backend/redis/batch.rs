//! One round trip: commands that go out together, and their replies by slot.
//!
//! A command that fails costs only its own slot.

use redis::{Cmd, FromRedisValue, Pipeline, Value};

use super::connect::Link;
use super::reply::{ReplyError, ReplyErrorKind};
use crate::error::Result;
use crate::model::part::{Lack, Part, Why};

/// Commands that go out together.
#[derive(Default)]
pub struct Batch {
    pipe: Pipeline,
    names: Vec<&'static str>,
}

/// Where a command's reply will stand.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct Slot(usize);

impl Batch {
    /// Adds a command; `name` is what a missing reply is called in a report.
    pub fn add(&mut self, name: &'static str, command: Cmd) -> Slot {
        self.pipe.add_command(command);
        self.names.push(name);
        Slot(self.names.len() - 1)
    }

    /// How many commands were added.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether no command was added.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Sends the commands and waits for all replies: one round trip, none when empty.
    pub fn run(self, link: &mut Link) -> Result<Replies> {
        if self.is_empty() {
            return Ok(Replies { parts: Vec::new() });
        }
        let replies = link.pipeline(&self.pipe)?;
        let parts = replies
            .into_iter()
            .zip(self.names)
            .map(|(reply, name)| Some(reply.map_err(|error| Lack::of(name, error))))
            .collect();
        Ok(Replies { parts })
    }
}

impl Lack {
    /// What Redis refused, and why.
    pub(super) fn of(command: &str, error: ReplyError) -> Self {
        let why = match error.kind {
            ReplyErrorKind::Denied => Why::Denied,
            ReplyErrorKind::WrongType => Why::WrongType,
            _ => Why::Failed,
        };
        Self::new(command, why, error.text)
    }
}

/// The replies of one round trip.
pub struct Replies {
    parts: Vec<Option<Part<Value>>>,
}

impl Replies {
    /// Takes a reply as it came; a slot can be taken once.
    pub fn value(&mut self, slot: Slot) -> Part<Value> {
        self.parts
            .get_mut(slot.0)
            .and_then(Option::take)
            .unwrap_or_else(|| Err(Lack::new("reply", Why::Failed, "no reply came")))
    }

    /// Takes a reply as a `T`.
    pub fn get<T: FromRedisValue>(&mut self, slot: Slot) -> Part<T> {
        T::from_redis_value(self.value(slot)?)
            .map_err(|error| Lack::new("reply", Why::Failed, error.to_string()))
    }
}
