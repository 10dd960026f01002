//! Changes jobs, each by one script that first takes the job from where the plan saw it.
//!
//! Nothing here decides what is to be changed, and nothing is changed that has no image yet: the
//! caller has journalled it. The receipts of an operation tell what was done where no reply came.

use redis::cmd;

use super::batch::Batch;
use super::images::Standing;
use super::keys::Key;
use super::read::Store;
use super::scripts::{CANCEL, Call, Called, DELETE, RELEASE};
use crate::error::Result;
use crate::journal::{Membership, OpId};
use crate::model::id::{JobId, QueueName};
use crate::model::queue::Registry;

/// Where a job is taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hold {
    /// A queue's list.
    List {
        /// The queue.
        queue: QueueName,
        /// Whether it is nearer to the tail.
        from_tail: bool,
    },
    /// A sorted set, by its key.
    Zset(Vec<u8>),
    /// Nothing holds it.
    Nothing,
}

/// A job that is about to be changed, with its image's number.
#[derive(Debug, Clone, Copy)]
pub struct Marked<'a> {
    /// The number of its image.
    pub number: u64,
    /// The job.
    pub id: &'a JobId,
    /// Its queue.
    pub queue: &'a QueueName,
    /// Where it is taken from.
    pub hold: &'a Hold,
    /// The job as it was when its image was taken.
    pub standing: &'a Standing,
}

impl Store {
    /// Deletes jobs that do not run, with everything that belongs to them. One turn.
    ///
    /// A job that runs is left alone: its end would bring it back. Source: `rq/job.py`
    /// `Job.delete`, which deletes in several steps and looks at no worker.
    pub fn delete_jobs(&mut self, op: &OpId, jobs: &[Marked<'_>]) -> Result<Vec<Called>> {
        let calls: Vec<Call> = jobs.iter().map(|job| self.deletion(op, job)).collect();
        DELETE.run(self.link(), &calls)
    }

    /// Cancels jobs that wait in a list, the scheduled or the deferred registry. One turn.
    ///
    /// `now_s` becomes the score in the canceled registry, Unix seconds. Source: `rq/job.py`
    /// `Job.cancel`.
    pub fn cancel_jobs(
        &mut self,
        op: &OpId,
        jobs: &[Marked<'_>],
        now_s: i64,
    ) -> Result<Vec<Called>> {
        let calls: Vec<Call> = jobs
            .iter()
            .map(|job| {
                let canceled = self.keys().registry(Registry::Canceled, job.queue);
                let mut call = self.claim(op, job);
                call.key(&canceled).number(now_s);
                let waits_in = job.standing.dependents_with_it(self.keys());
                call.keys.extend(waits_in.map(<[u8]>::to_vec));
                call
            })
            .collect();
        CANCEL.run(self.link(), &calls)
    }

    /// Queues deferred jobs that wait for nothing but a parent that goes. One turn.
    ///
    /// `jobs` are pairs of the job and that parent; `date` is the present as RQ writes it. Source:
    /// `rq/queue.py` `Queue.enqueue_dependents`.
    pub fn release_jobs(
        &mut self,
        op: &OpId,
        jobs: &[(Marked<'_>, &JobId)],
        date: &str,
    ) -> Result<Vec<Called>> {
        let calls: Vec<Call> =
            jobs.iter().map(|(job, parent)| self.releasing(op, job, parent, date)).collect();
        RELEASE.run(self.link(), &calls)
    }

    fn releasing(&self, op: &OpId, job: &Marked<'_>, parent: &JobId, date: &str) -> Call {
        let keys = self.keys();
        let mut call = Call::default();
        call.key(&keys.receipt(op.as_str())).key(&keys.job(job.id.as_bytes()));
        call.key(&keys.registry(Registry::Deferred, job.queue)).key(&keys.queue(job.queue));
        call.key(&keys.queues()).key(&keys.dependents(parent.as_bytes()));
        let waits_for = keys.dependencies(job.id.as_bytes());
        for other in job.standing.members(&waits_for) {
            if other != parent.as_bytes() {
                call.key(&keys.job(other));
            }
        }
        call.arg(job.id.as_bytes()).number(job.number).arg(job.standing.fingerprint()).arg(date);
        call
    }

    fn deletion(&self, op: &OpId, job: &Marked<'_>) -> Call {
        let (keys, id) = (self.keys(), job.id.as_bytes());
        let mut call = self.claim(op, job);
        let held = call.keys.get(2).cloned().unwrap_or_default();
        let (mut sorted, mut plain) = (Vec::new(), Vec::new());
        for membership in &job.standing.memberships {
            match membership {
                Membership::Zset { key, .. } if *key != held => sorted.push(key.clone()),
                Membership::Set { key, member } if member == id => plain.push(key.clone()),
                _ => {}
            }
        }
        call.number(sorted.len()).number(plain.len());
        call.keys.extend(sorted.into_iter().chain(plain));
        call.key(&keys.job(id)).key(&keys.dependents(id)).key(&keys.dependencies(id));
        call.key(&keys.results(id)).key(&keys.executions(id));
        call
    }

    /// The first three keys and five arguments of the scripts that take a job from its place.
    pub(super) fn claim(&self, op: &OpId, job: &Marked<'_>) -> Call {
        let keys = self.keys();
        let hash = keys.job(job.id.as_bytes());
        let (holder, kind, count) = match job.hold {
            Hold::List { queue, from_tail } => {
                (keys.queue(queue).into_bytes(), "list", if *from_tail { -1 } else { 1 })
            }
            Hold::Zset(key) => (key.clone(), "zset", 1),
            Hold::Nothing => (hash.as_bytes().to_vec(), "none", 1),
        };
        let mut call = Call::default();
        call.key(&keys.receipt(op.as_str())).key(&hash);
        call.keys.push(holder);
        call.arg(job.id.as_bytes()).number(job.number).arg(job.standing.fingerprint());
        call.arg(kind).number(count);
        call
    }

    /// Reads the receipts of an operation: the numbers of the images whose change was made and is
    /// not yet known to be written down. One round trip.
    pub fn receipts(&mut self, op: &OpId) -> Result<Vec<u64>> {
        let key = self.keys().receipt(op.as_str());
        let reply = self.link().command(cmd("LRANGE").arg(key).arg(0).arg(-1))?;
        let reply = reply.map_err(|error| self.link().refused("read the receipts", &error))?;
        let lines: Vec<String> = redis::from_redis_value(reply)?;
        Ok(lines.iter().filter_map(|line| line.parse().ok()).collect())
    }

    /// Drops the first `count` receipts, which are written down. One round trip.
    pub fn drop_receipts(&mut self, op: &OpId, count: usize) -> Result<()> {
        let key = self.keys().receipt(op.as_str());
        let reply = self.link().command(cmd("LTRIM").arg(key).arg(count).arg(-1))?;
        reply.map_err(|error| self.link().refused("drop receipts", &error))?;
        Ok(())
    }

    /// Drops all receipts of an operation. One round trip.
    pub fn forget_receipts(&mut self, op: &OpId) -> Result<()> {
        let key = self.keys().receipt(op.as_str());
        let reply = self.link().command(cmd("UNLINK").arg(key))?;
        reply.map_err(|error| self.link().refused("drop the receipts", &error))?;
        Ok(())
    }

    /// Finds where ids stand in their queues' lists: index and length; `None` where they do not.
    /// One round trip; each id costs a search of its list, so this is for a few.
    pub fn positions(&mut self, ids: &[(&JobId, &QueueName)]) -> Result<Vec<Option<(u64, u64)>>> {
        let mut batch = Batch::default();
        let slots: Vec<_> = ids
            .iter()
            .map(|(id, queue)| {
                let key = self.keys().queue(queue);
                let at = batch.add("LPOS", cmd("LPOS").arg(&key).arg(id.as_bytes()).take());
                (at, batch.add("LLEN", cmd("LLEN").arg(&key).take()))
            })
            .collect();
        let mut replies = self.run(batch)?;
        Ok(slots
            .into_iter()
            .map(|(at, length)| {
                let at: Option<u64> = replies.get(at).ok().flatten();
                Some((at?, replies.get(length).ok()?))
            })
            .collect())
    }

    /// Reads the ids that stand at `indexes` of a queue's list. One round trip.
    pub fn ids_at(&mut self, queue: &QueueName, indexes: &[u64]) -> Result<Vec<Option<JobId>>> {
        let key: Key = self.keys().queue(queue);
        let mut batch = Batch::default();
        let slots: Vec<_> = indexes
            .iter()
            .map(|index| batch.add("LINDEX", cmd("LINDEX").arg(&key).arg(*index).take()))
            .collect();
        let mut replies = self.run(batch)?;
        let id = |slot| replies.get::<Option<Vec<u8>>>(slot).ok().flatten().map(JobId::new);
        Ok(slots.into_iter().map(id).collect())
    }
}
