//! Moves queued jobs to another queue, in their order, against live workers and producers.
//!
//! Where a job stood when the plan was made is only a hint: workers pop at the head and producers
//! push at both ends meanwhile. A window around the hint is read inside the script that moves, and
//! every id in it is compared with the plan.

use super::keys::Key;
use super::read::Store;
use super::script::Script;
use crate::error::Result;
use crate::model::id::{JobId, QueueName};

/// Jobs that one script moves.
pub const MOVE_BATCH: usize = 250;

/// Entries of the list between the first and the last job of one script.
pub const MOVE_SPAN: usize = 4_000;

/// Entries around the expected place that are looked at.
const SLACK: usize = 1_000;

/// Stands in a job's place inside one script; no id has a zero byte.
const MARKER: &[u8] = b"\0jobctl\0";

static MOVE_WINDOW: Script = Script::new(include_str!("scripts/move_window.lua"));

/// How queued jobs move.
#[derive(Debug, Clone)]
pub struct Move<'a> {
    /// The queue that they wait in.
    pub from: &'a QueueName,
    /// The queue that they go to the back of.
    pub to: &'a QueueName,
    /// Most entries of that queue; `None` for no limit.
    pub most: Option<u64>,
    /// The operation's receipt.
    pub receipt: &'a Key,
}

/// What became of one job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    /// It waits in the other queue.
    Moved,
    /// It does not wait near where it was seen.
    NotThere,
    /// Its hash is gone.
    NoJob,
    /// The other queue holds as many as it may.
    Full,
}

/// What became of a batch.
#[derive(Debug)]
pub struct MovedBatch {
    /// Where the first of the jobs that were found stood.
    pub first_at: Option<usize>,
    /// What became of each, in their order.
    pub jobs: Vec<Moved>,
}

impl Store {
    /// Moves up to [`MOVE_BATCH`] jobs that are expected from index `first` to index `last`
    /// (inclusive), at most [`MOVE_SPAN`] apart. One script.
    ///
    /// Cost: one scan from the nearer end of the list.
    pub fn move_window(
        &mut self,
        how: &Move<'_>,
        ids: &[JobId],
        first: usize,
        last: usize,
    ) -> Result<MovedBatch> {
        let names = self.keys();
        let mut keys =
            vec![names.queue(how.from), names.queue(how.to), names.queues(), how.receipt.clone()];
        let number = |number: u64| number.to_string().into_bytes();
        let mut arguments = vec![
            how.to.as_str().into(),
            MARKER.to_vec(),
            number(first.saturating_sub(SLACK) as u64),
            number(last.saturating_add(SLACK) as u64),
            number(how.most.unwrap_or(0)),
        ];
        for id in ids {
            keys.push(names.job(id.as_bytes()));
            arguments.push(id.as_bytes().to_vec());
        }
        let reply: Vec<i64> = MOVE_WINDOW.run(self, "move jobs", &keys, &arguments)?;
        let mut reply = reply.into_iter();
        let first_at = reply.next().and_then(|at| usize::try_from(at).ok());
        let jobs = reply
            .map(|code| match code {
                1 => Moved::Moved,
                -1 => Moved::NoJob,
                -4 => Moved::Full,
                _ => Moved::NotThere,
            })
            .collect();
        Ok(MovedBatch { first_at, jobs })
    }

    /// Where an id waits in a queue now. One scan up to it: about 50 ms at a million entries where
    /// it is not there. Needs Redis 6.0.6.
    pub fn position(&mut self, queue: &QueueName, id: &JobId) -> Result<Option<usize>> {
        let mut lpos = redis::cmd("LPOS");
        lpos.arg(self.keys().queue(queue)).arg(id.as_bytes());
        let reply = self.link().command(&lpos)?;
        let value =
            reply.map_err(|error| self.link().refused("find a job in its queue", &error))?;
        Ok(redis::from_redis_value(value).ok().flatten())
    }
}
