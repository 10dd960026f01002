//! Changes jobs, each by one script that first takes the job from where the plan saw it.
//!
//! Nothing here decides what is to be changed, and nothing is changed that has no image yet: the
//! caller has journalled it. The receipts of an operation tell what was done where no reply came.

use redis::cmd;

use super::batch::Batch;
use super::images::Standing;
use super::keys::{Key, Keys};
use super::read::Store;
use super::scripts::{CANCEL, Call, Called, DELETE, RELEASE};
use crate::error::Result;
use crate::journal::{Membership, OpId};
use crate::model::id::{JobId, QueueName};
use crate::model::queue::Registry;

/// Where a job is taken from that stands in no list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hold {
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
    /// Deletes jobs that neither run nor wait in a list, with everything that belongs to them. One
    /// turn.
    ///
    /// A job that runs is left alone: its end would bring it back. Source: `rq/job.py`
    /// `Job.delete`, which deletes in several steps and looks at no worker.
    pub fn delete_jobs(&mut self, op: &OpId, jobs: &[Marked<'_>]) -> Result<Vec<Called>> {
        let calls: Vec<Call> = jobs.iter().map(|job| self.deletion(op, job)).collect();
        DELETE.run(self.link(), &calls)
    }

    /// Cancels jobs that wait in the scheduled or the deferred registry. One turn.
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
                call.keys.extend(waits_in);
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
        let mut call = self.claim(op, job);
        let Belongings { unlink, sets, sorted_sets } = Belongings::of_ended(self.keys(), job);
        call.arg(if *job.hold == Hold::Nothing { "none" } else { "zset" });
        call.number(sorted_sets.len()).number(sets.len());
        for key in sorted_sets.iter().chain(&sets).chain(&unlink) {
            call.key(key);
        }
        call
    }

    /// The first three keys and arguments of the scripts that take a job from its place.
    pub(super) fn claim(&self, op: &OpId, job: &Marked<'_>) -> Call {
        let keys = self.keys();
        let hash = keys.job(job.id.as_bytes());
        let holder = match job.hold {
            Hold::Zset(key) => key.as_slice(),
            Hold::Nothing => hash.as_bytes(),
        };
        let mut call = Call::default();
        call.key(&keys.receipt(op.as_str())).key(&hash);
        call.keys.push(holder);
        call.arg(job.id.as_bytes()).number(job.number).arg(job.standing.fingerprint());
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

    /// Whether ids stand in their queues' lists; `None` where that cannot be asked. One round trip;
    /// each id costs a search of its list, so this is for a few.
    pub fn are_listed(&mut self, ids: &[(&JobId, &QueueName)]) -> Result<Vec<Option<bool>>> {
        let mut batch = Batch::default();
        let slots: Vec<_> = ids
            .iter()
            .map(|(id, queue)| {
                let key = self.keys().queue(queue);
                batch.add("LPOS", cmd("LPOS").arg(&key).arg(id.as_bytes()).take())
            })
            .collect();
        let mut replies = self.run(batch)?;
        let listed = |slot| Some(replies.get::<Option<u64>>(slot).ok()?.is_some());
        Ok(slots.into_iter().map(listed).collect())
    }
}

/// What belongs to a job beside its place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Belongings {
    /// Its own keys, the hash first.
    pub(super) unlink: Vec<Key>,
    /// The sets that hold it: its group.
    pub(super) sets: Vec<Key>,
    /// The sorted sets that hold it, beside the one that it is taken from.
    pub(super) sorted_sets: Vec<Key>,
}

impl Belongings {
    /// Of a job that waits in a list: the keys that it has, and those that may come into being
    /// meanwhile, which are its `:dependents` alone.
    ///
    /// Five keys per job cost the server 4 µs more than two: `::dependencies` is written with the
    /// job, results and executions by a run.
    pub(super) fn of_waiting(keys: &Keys, job: &Marked<'_>) -> Self {
        let id = job.id.as_bytes();
        let mut unlink = vec![keys.job(id), keys.dependents(id)];
        let own = job.standing.keys.iter().map(|image| Key::of(image.key.clone()));
        let own: Vec<Key> = own.filter(|key| !unlink.contains(key)).collect();
        unlink.extend(own);
        Self { unlink, ..Self::sets_of(job) }
    }

    /// Of any other: whatever a job may have.
    pub(super) fn of_ended(keys: &Keys, job: &Marked<'_>) -> Self {
        let id = job.id.as_bytes();
        let unlink = vec![
            keys.job(id),
            keys.dependents(id),
            keys.dependencies(id),
            keys.results(id),
            keys.executions(id),
        ];
        Self { unlink, ..Self::sets_of(job) }
    }

    fn sets_of(job: &Marked<'_>) -> Self {
        let mut belongings = Self::default();
        for membership in &job.standing.memberships {
            match membership {
                Membership::Zset { key, .. } if !job.hold.is(key) => {
                    belongings.sorted_sets.push(Key::of(key.clone()));
                }
                // The set of groups holds names of groups, which others are in.
                Membership::Set { key, member } if member == job.id.as_bytes() => {
                    belongings.sets.push(Key::of(key.clone()));
                }
                _ => {}
            }
        }
        belongings
    }
}

impl Hold {
    fn is(&self, key: &[u8]) -> bool {
        matches!(self, Self::Zset(held) if held == key)
    }
}
