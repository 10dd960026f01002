//! Reads queues as a list shows them, and one queue in detail.
//!
//! Looks at a few jobs at both ends of each list, never at all of them: how long the oldest waits
//! is exact for a short queue and a lower bound for a long one.

use std::collections::BTreeSet;

use jiff::Timestamp;
use redis::cmd;

use super::batch::{Batch, Replies, Slot};
use super::read::{CountSlots, Entry, Place, Store, Want};
use super::survey::Sampled;
use crate::error::Result;
use crate::model::id::{JobId, QueueName};
use crate::model::job::parse_rq_date;
use crate::model::part::{Lack, Part};
use crate::model::queue::Counts;

/// Jobs looked at from each end of a list. Jobs that were put in front or back again make the head
/// younger than what stands behind it.
pub const ENDS: usize = 10;

/// Parked ids read of one queue.
const MOST_PARKED: usize = 20;

/// A queue as a list shows it.
#[derive(Debug)]
pub struct QueueSummary {
    /// Its full name.
    pub name: QueueName,
    /// How many jobs it and its registries hold.
    pub counts: Counts,
    /// What could not be counted, in the order of [`Counts::missing`].
    pub lacks: Vec<Lack>,
    /// When the oldest of the waiting jobs that were looked at was enqueued.
    pub oldest_at: Option<Timestamp>,
    /// Whether every waiting job was looked at.
    pub complete: bool,
}

/// One queue in detail.
#[derive(Debug)]
pub struct QueueDetail {
    /// Counts and age.
    pub summary: QueueSummary,
    /// The jobs that are next, in order: up to [`ENDS`].
    pub head: Vec<Sampled>,
    /// The jobs that came last, in the list's order, without those of the head.
    pub tail: Vec<Sampled>,
    /// Ids that a worker took and has not started.
    pub parked: Vec<Sampled>,
    /// Who holds the lock of RQ's own scheduler: a process id up to RQ 2.9, a scheduler's name from
    /// 2.10 on. Source: `rq/scheduler.py`.
    pub scheduler: Part<Option<String>>,
}

impl QueueSummary {
    /// A queue of which nothing was read.
    pub fn unread(name: QueueName) -> Self {
        let counts = Counts::default();
        Self { name, counts, lacks: Vec::new(), oldest_at: None, complete: true }
    }
}

impl QueueDetail {
    /// A queue of which nothing was read.
    pub fn unread(name: QueueName) -> Self {
        let (head, tail, parked) = (Vec::new(), Vec::new(), Vec::new());
        Self { summary: QueueSummary::unread(name), head, tail, parked, scheduler: Ok(None) }
    }
}

/// Where the replies about a queue's counts and ends stand.
struct Slots {
    counts: CountSlots,
    head: Slot,
    tail: Slot,
}

impl Store {
    /// Reads the counts of `queues` and how long their oldest jobs wait, in their order: two round
    /// trips for all of them.
    pub fn queue_summaries(&mut self, queues: &[QueueName]) -> Result<Vec<QueueSummary>> {
        let mut batch = Batch::default();
        let slots: Vec<_> = queues.iter().map(|queue| self.add_ends(&mut batch, queue)).collect();
        let mut replies = self.run(batch)?;
        let read: Vec<_> = queues
            .iter()
            .zip(slots)
            .map(|(queue, slots)| slots.take(&mut replies, queue))
            .collect();

        let mut batch = Batch::default();
        let dates: Vec<Vec<Slot>> = read
            .iter()
            .map(|(_, head, tail)| {
                head.iter().chain(tail).map(|entry| self.add_dates(&mut batch, &entry.id)).collect()
            })
            .collect();
        let mut replies = self.run(batch)?;
        Ok(read
            .into_iter()
            .zip(dates)
            .map(|((summary, ..), dates)| {
                let waiting_since = dates.into_iter().filter_map(|slot| since(&mut replies, slot));
                QueueSummary { oldest_at: waiting_since.min(), ..summary }
            })
            .collect())
    }

    /// Reads one queue in detail, with the payloads of its jobs: two round trips.
    pub fn queue_detail(&mut self, queue: &QueueName) -> Result<QueueDetail> {
        let mut batch = Batch::default();
        let slots = self.add_ends(&mut batch, queue);
        let parked_in = Place::Intermediate(queue.clone());
        let parked = self.add_entries(&mut batch, &parked_in, 0, index(MOST_PARKED) - 1);
        let lock = cmd("GET").arg(self.keys().scheduler_lock(queue)).take();
        let lock = batch.add("GET scheduler-lock", lock);
        let mut replies = self.run(batch)?;
        let (summary, head, tail) = slots.take(&mut replies, queue);
        let parked = Self::take_entries(&mut replies, parked, &parked_in).unwrap_or_default();
        let owner: Part<Option<Vec<u8>>> = replies.get(lock);
        let scheduler = owner.map(|o| o.map(|o| String::from_utf8_lossy(&o).into_owned()));

        let (in_head, in_tail) = (head.len(), tail.len());
        let entries = [head, tail, parked].concat();
        let ids: Vec<JobId> = entries.iter().map(|entry| entry.id.clone()).collect();
        let jobs = self.jobs(&ids, Want { data: true, ..Want::default() })?;
        let sampled = entries.into_iter().zip(jobs).map(|(entry, job)| Sampled { entry, job });
        let mut head: Vec<Sampled> = sampled.collect();
        let mut tail = head.split_off(in_head);
        let parked = tail.split_off(in_tail);
        let waiting_since = head.iter().chain(&tail).filter_map(|sampled| {
            let job = &sampled.stored()?.job;
            job.enqueued_at.or(job.created_at)
        });
        let summary = QueueSummary { oldest_at: waiting_since.min(), ..summary };
        Ok(QueueDetail { summary, head, tail, parked, scheduler })
    }

    /// Finds the queues in which jobs wait for others, by their registries; `Err` where Redis lets
    /// nobody walk through its keys.
    ///
    /// Up to 1.16 RQ registers no queue for a job with dependencies, so the set of queues may lack
    /// one. Source: RQ 1.14.1 to 1.16.2, `rq/queue.py` `enqueue_call`. Cost: one round trip per
    /// 5,000 keys.
    pub fn queues_of_deferred(&mut self) -> Result<Part<Vec<QueueName>>> {
        let pattern = self.keys().deferred_pattern();
        let (mut queues, mut cursor) = (BTreeSet::new(), b"0".to_vec());
        loop {
            let (next, keys) = match self.scan(&pattern, &cursor)? {
                Ok(step) => step,
                Err(lack) => return Ok(Err(lack)),
            };
            let found = keys.iter().filter_map(|key| self.keys().registry_of(key));
            queues.extend(found.map(|(_, queue)| queue));
            if next == b"0" {
                return Ok(Ok(queues.into_iter().collect()));
            }
            cursor = next;
        }
    }

    /// How many keys there are, of any kind. One round trip.
    pub fn key_count(&mut self) -> Result<Part<u64>> {
        let mut batch = Batch::default();
        let slot = batch.add("DBSIZE", cmd("DBSIZE"));
        Ok(self.run(batch)?.get(slot))
    }

    fn add_ends(&self, batch: &mut Batch, queue: &QueueName) -> Slots {
        let list = Place::Queue(queue.clone());
        Slots {
            counts: self.add_counts(batch, queue),
            head: self.add_entries(batch, &list, 0, index(2 * ENDS) - 1),
            tail: self.add_entries(batch, &list, -index(ENDS), -1),
        }
    }

    fn add_dates(&self, batch: &mut Batch, id: &JobId) -> Slot {
        let mut dates = cmd("HMGET");
        dates.arg(self.keys().job(id.as_bytes())).arg("enqueued_at").arg("created_at");
        batch.add("HMGET dates", dates)
    }
}

impl Slots {
    /// The counts, and the entries of both ends; those of a short list are all in the head.
    fn take(
        self,
        replies: &mut Replies,
        queue: &QueueName,
    ) -> (QueueSummary, Vec<Entry>, Vec<Entry>) {
        let list = Place::Queue(queue.clone());
        let (counts, lacks) = self.counts.take(replies);
        let mut head = Store::take_entries(replies, self.head, &list).unwrap_or_default();
        let mut tail = Store::take_entries(replies, self.tail, &list).unwrap_or_default();
        let queued = usize::try_from(counts.queued.unwrap_or(0)).unwrap_or(usize::MAX);
        let complete = queued <= 2 * ENDS;
        let split = head.len().min(ENDS);
        let rest = head.split_off(split);
        if complete {
            tail = rest;
        }
        let name = queue.clone();
        (QueueSummary { name, counts, lacks, oldest_at: None, complete }, head, tail)
    }
}

/// Since when a job waits; a date that no worker could read is none.
fn since(replies: &mut Replies, slot: Slot) -> Option<Timestamp> {
    let dates: Vec<Option<Vec<u8>>> = replies.get(slot).ok()?;
    dates.into_iter().flatten().find_map(|date| parse_rq_date(std::str::from_utf8(&date).ok()?))
}

fn index(position: usize) -> isize {
    isize::try_from(position).unwrap_or(isize::MAX)
}
