//! Reads queues as a list shows them, and one queue in detail.
//!
//! Looks at a few jobs at both ends of each list, never at all of them: how long the oldest waits
//! is exact for a short queue and a lower bound for a long one.

use jiff::Timestamp;
use redis::cmd;

use super::batch::{Batch, Replies, Slot};
use super::read::{CountSlots, Entry, JobSlots, Place, Store, Want, take_job};
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
    /// Who runs RQ's own scheduler for this queue.
    pub scheduler: Part<Option<SchedulerLock>>,
}

/// The lock of RQ's own scheduler. Source: `rq/scheduler.py`.
#[derive(Debug, Clone, PartialEq)]
pub struct SchedulerLock {
    /// A process id up to RQ 2.9, a scheduler's name from 2.10 on.
    pub owner: String,
    /// Seconds until it expires; its owner renews it every second.
    pub ttl_s: Option<f64>,
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
        let lock = self.keys().scheduler_lock(queue);
        let owner = batch.add("GET scheduler-lock", cmd("GET").arg(&lock).take());
        let ttl = batch.add("PTTL scheduler-lock", cmd("PTTL").arg(&lock).take());
        let mut replies = self.run(batch)?;
        let (summary, head, tail) = slots.take(&mut replies, queue);
        let parked = Self::take_entries(&mut replies, parked, &parked_in).unwrap_or_default();
        let scheduler = scheduler_lock(&mut replies, owner, ttl);

        let mut batch = Batch::default();
        let want = Want { data: true, ..Want::default() };
        let mut add = |entries: Vec<Entry>| -> Vec<(Entry, JobSlots)> {
            let add = |entry: Entry| {
                let slots = self.add_job(&mut batch, &entry.id, want);
                (entry, slots)
            };
            entries.into_iter().map(add).collect()
        };
        let [head, tail, parked] = [head, tail, parked].map(&mut add);
        let mut replies = self.run(batch)?;
        let mut take = |entries: Vec<(Entry, JobSlots)>| -> Vec<Sampled> {
            let take = |(entry, slots): (Entry, JobSlots)| {
                let job = take_job(&mut replies, &entry.id, slots);
                Sampled { entry, job }
            };
            entries.into_iter().map(take).collect()
        };
        let [head, tail, parked] = [head, tail, parked].map(&mut take);
        let waiting_since = head.iter().chain(&tail).filter_map(|sampled| {
            let job = &sampled.stored()?.job;
            job.enqueued_at.or(job.created_at)
        });
        let summary = QueueSummary { oldest_at: waiting_since.min(), ..summary };
        Ok(QueueDetail { summary, head, tail, parked, scheduler })
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

fn scheduler_lock(replies: &mut Replies, owner: Slot, ttl: Slot) -> Part<Option<SchedulerLock>> {
    let owner: Option<Vec<u8>> = replies.get(owner)?;
    let expiry: Option<i64> = replies.get(ttl).ok();
    let ttl_s = expiry.filter(|&ms| ms >= 0).map(|ms| ms as f64 / 1000.0);
    Ok(owner.map(|owner| {
        let owner = String::from_utf8_lossy(&owner).into_owned();
        SchedulerLock { owner, ttl_s }
    }))
}

fn index(position: usize) -> isize {
    isize::try_from(position).unwrap_or(isize::MAX)
}
