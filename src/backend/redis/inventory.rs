//! Which queues and workers one Redis holds: what a list starts from and what a name may mean.

use std::collections::BTreeSet;

use jiff::Timestamp;
use redis::cmd;

use super::batch::Batch;
use super::read::Store;
use super::survey::{Suspension, queue_names, server_time, suspension};
use crate::error::Result;
use crate::model::id::QueueName;
use crate::model::part::{Lack, Part};
use crate::model::worker::Worker;

/// The queues and workers of one Redis, of every bench that shares it.
#[derive(Debug)]
pub struct Inventory {
    /// The server's clock, or this host's where an access list hides it.
    pub taken_at: Timestamp,
    /// The members of `rq:queues`, sorted: every queue that ever took a job.
    pub known: Part<Vec<QueueName>>,
    /// Every registered worker, by name.
    pub workers: Part<Vec<Worker>>,
    /// Whether all workers are suspended.
    pub suspended: Part<Option<Suspension>>,
    /// What of the workers could not be read.
    pub lacks: Vec<Lack>,
}

impl Inventory {
    /// The queues in `rq:queues`; none where they could not be read.
    pub fn known(&self) -> &[QueueName] {
        self.known.as_deref().unwrap_or_default()
    }

    /// The registered workers; none where they could not be read.
    pub fn workers(&self) -> &[Worker] {
        self.workers.as_deref().unwrap_or_default()
    }

    /// The prefixes that queues and workers have, each once, in order.
    pub fn prefixes(&self) -> BTreeSet<&str> {
        let served = self.workers().iter().flat_map(Worker::queues);
        self.known().iter().chain(served).filter_map(QueueName::prefix).collect()
    }
}

impl Store {
    /// Reads which queues and workers there are; `now` stands in for a hidden server clock.
    ///
    /// Two round trips, however many there are.
    pub fn inventory(&mut self, now: Timestamp) -> Result<Inventory> {
        let mut batch = Batch::default();
        let time = batch.add("TIME", cmd("TIME"));
        let suspended =
            batch.add("PTTL suspended", cmd("PTTL").arg(self.keys().suspended()).take());
        let queues = batch.add("SMEMBERS queues", cmd("SMEMBERS").arg(self.keys().queues()).take());
        let workers =
            batch.add("SMEMBERS workers", cmd("SMEMBERS").arg(self.keys().workers()).take());
        let mut replies = self.run(batch)?;
        let taken_at = server_time(&mut replies, time).unwrap_or(now);
        let suspended = replies.get::<i64>(suspended).map(suspension);
        let queues = replies.get(queues).map(texts);
        let members = replies.get(workers).map(texts);

        let mut batch = Batch::default();
        let slots =
            self.add_workers(&mut batch, self.worker_names(members.as_deref().unwrap_or_default()));
        let mut replies = self.run(batch)?;
        let (workers, lacks) = Self::take_workers(&mut replies, slots);
        Ok(Inventory {
            taken_at,
            known: queues.map(|members| queue_names(self.keys(), &members)),
            workers: members.map(|_| workers),
            suspended,
            lacks,
        })
    }
}

/// The members that are text. RQ writes no others, and a foreign one must not hide the rest.
fn texts(members: Vec<Vec<u8>>) -> Vec<String> {
    members.into_iter().filter_map(|member| String::from_utf8(member).ok()).collect()
}
