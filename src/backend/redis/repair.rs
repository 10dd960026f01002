//! Repairs what crashes, foreign writers and other releases left behind, each by one script that
//! looks again before it touches anything.
//!
//! Nothing here decides what is broken. As with every change the caller has journalled what is
//! about to go, and the receipts tell what was done where no reply came.

use jiff::Timestamp;
use redis::{Cmd, cmd};

use super::batch::Batch;
use super::keys::Key;
use super::read::Store;
use super::scripts::{Call, Called, DROP_ENTRY, KEEP_WAITING, PRUNE_WORKER, SETTLE_STRAY};
use crate::error::Result;
use crate::journal::OpId;
use crate::model::id::{JobId, QueueName};
use crate::model::job::rq_date;
use crate::model::part::Part;
use crate::model::queue::Registry;

/// Keys visited per step of a search: about a millisecond of the server's time.
const SCAN_STEP: usize = 5_000;

/// What the hash of an entry's job must be for the entry to go.
#[derive(Debug, Clone, Copy)]
pub enum Behind<'a> {
    /// Nothing of a job.
    Nothing,
    /// A job with this fingerprint.
    Job(&'a [u8]),
}

/// An entry that is to go.
#[derive(Debug, Clone)]
pub struct Drop<'a> {
    /// The number of its image.
    pub number: u64,
    /// The job's id.
    pub id: &'a JobId,
    /// What must stand behind it.
    pub behind: Behind<'a>,
    /// What holds it.
    pub holder: Holder,
    /// What goes with it.
    pub unlink: Vec<Vec<u8>>,
}

/// What holds an entry.
#[derive(Debug, Clone)]
pub enum Holder {
    /// A list, and whether the entry is nearer to its tail.
    List(Key, bool),
    /// A sorted set, the member, and the highest score that it may have; `None` for any.
    Zset(Key, Vec<u8>, Option<f64>),
    /// Nothing: it is a key that goes.
    Nothing,
}

/// A job that no worker will run or end.
#[derive(Debug, Clone)]
pub struct Stray<'a> {
    /// The number of its image.
    pub number: u64,
    /// The job.
    pub id: &'a JobId,
    /// Its queue.
    pub queue: &'a QueueName,
    /// Its fingerprint when it was first seen.
    pub fingerprint: &'a [u8],
    /// Where it is stuck.
    pub stuck: Stuck,
    /// What becomes of it.
    pub fate: Fate,
}

/// Where a stray job is stuck.
#[derive(Debug, Clone)]
pub enum Stuck {
    /// In no list and no registry.
    Nowhere,
    /// Between its queue and a worker.
    Parked,
    /// In the started registry: its entry, and the highest score that it may have.
    Started(Vec<u8>, f64),
}

/// What becomes of a stray job.
#[derive(Debug, Clone)]
pub enum Fate {
    /// It fails: the compressed text, the seconds for which the failure is kept, and the sorted
    /// sets that it leaves.
    Failed(Vec<u8>, i64, Vec<Vec<u8>>),
    /// It goes to the end of its queue.
    Queued,
    /// It is deleted: its keys.
    Dropped(Vec<Vec<u8>>),
}

/// The registration of a dead worker.
#[derive(Debug, Clone)]
pub struct DeadWorker<'a> {
    /// The number of its image.
    pub number: u64,
    /// The worker.
    pub name: &'a str,
    /// Its birth and its last heartbeat as they were seen.
    pub seen: Vec<u8>,
    /// The sets that hold it.
    pub sets: &'a [Key],
}

/// The next cursor and the keys of one step.
pub type Scanned = (Vec<u8>, Vec<Vec<u8>>);

impl Store {
    /// Drops entries. One turn.
    ///
    /// Source of what may stand without a hash: RQ 1.14 to 3.0, `rq/queue.py` `Job` expiry beside
    /// lists and registries, `rq/job.py` `delete`, which before 3.0 keeps the result stream.
    pub fn drop_entries(&mut self, op: &OpId, drops: &[Drop<'_>]) -> Result<Vec<Called>> {
        let calls: Vec<Call> = drops.iter().map(|entry| self.dropping(op, entry)).collect();
        DROP_ENTRY.run(self.link(), &calls)
    }

    fn dropping(&self, op: &OpId, entry: &Drop<'_>) -> Call {
        let hash = self.keys().job(entry.id.as_bytes());
        let mut call = Call::default();
        call.key(&self.keys().receipt(op.as_str())).key(&hash);
        call.number(entry.number);
        match entry.behind {
            Behind::Nothing => call.arg("gone"),
            Behind::Job(fingerprint) => call.arg(fingerprint),
        };
        match &entry.holder {
            Holder::List(key, from_tail) => {
                let count = if *from_tail { -1 } else { 1 };
                call.key(key).arg("list").arg(entry.id.as_bytes()).number(count)
            }
            Holder::Zset(key, member, most) => {
                let most = most.map(|most| most.to_string()).unwrap_or_default();
                call.key(key).arg("zset").arg(member).arg(most)
            }
            Holder::Nothing => call.key(&hash).arg("none").arg("").arg(""),
        };
        call.keys.extend(entry.unlink.iter().cloned());
        call
    }

    /// Settles stray jobs. One turn; each costs two searches of lists.
    ///
    /// What is written for a failure: RQ 2.6 `rq/registry.py` `FailedJobRegistry.add` and
    /// `rq/job.py` `_handle_failure`; the text goes into the hash, where every release looks when
    /// the stream has none.
    pub fn settle_strays(
        &mut self,
        op: &OpId,
        strays: &[Stray<'_>],
        now: Timestamp,
    ) -> Result<Vec<Called>> {
        let calls: Vec<Call> = strays.iter().map(|stray| self.settling(op, stray, now)).collect();
        SETTLE_STRAY.run(self.link(), &calls)
    }

    fn settling(&self, op: &OpId, stray: &Stray<'_>, now: Timestamp) -> Call {
        let (keys, id, queue) = (self.keys(), stray.id.as_bytes(), stray.queue);
        let mut call = Call::default();
        call.key(&keys.receipt(op.as_str())).key(&keys.job(id)).key(&keys.queue(queue));
        call.key(&keys.intermediate(queue)).key(&keys.registry(Registry::Started, queue));
        call.key(&keys.executions(id)).key(&keys.registry(Registry::Failed, queue));
        call.key(&keys.queues()).key(&keys.dependents(id)).key(&keys.dependencies(id));
        call.arg(id).number(stray.number).arg(stray.fingerprint);
        match &stray.stuck {
            Stuck::Nowhere => call.arg("nowhere").arg("").number(0),
            Stuck::Parked => call.arg("parked").arg("").number(0),
            Stuck::Started(member, most) => call.arg("started").arg(member).number(*most),
        };
        call.number(now.as_second()).arg(rq_date(now));
        match &stray.fate {
            Fate::Failed(text, ttl_s, leaves) => {
                call.keys.extend(leaves.iter().cloned());
                call.arg("failed").arg(text).number(*ttl_s)
            }
            Fate::Queued => call.arg("queue").arg("").number(0),
            Fate::Dropped(drops) => {
                call.keys.extend(drops.iter().cloned());
                call.arg("drop").arg("").number(0)
            }
        };
        call
    }

    /// Takes inherited expiries from waiting jobs: numbers of images, ids, fingerprints. One turn.
    pub fn keep_waiting(
        &mut self,
        op: &OpId,
        jobs: &[(u64, &JobId, &[u8])],
    ) -> Result<Vec<Called>> {
        let keys = self.keys();
        let call = |(number, id, fingerprint): &(u64, &JobId, &[u8])| {
            let mut call = Call::default();
            call.key(&keys.receipt(op.as_str())).key(&keys.job(id.as_bytes()));
            call.key(&keys.dependents(id.as_bytes())).key(&keys.dependencies(id.as_bytes()));
            call.number(number).arg(fingerprint);
            call
        };
        let calls: Vec<Call> = jobs.iter().map(call).collect();
        KEEP_WAITING.run(self.link(), &calls)
    }

    /// Removes registrations of dead workers. One turn. Source: `rq/worker.py` `register_death`.
    pub fn prune_workers(&mut self, op: &OpId, dead: &[DeadWorker<'_>]) -> Result<Vec<Called>> {
        let keys = self.keys();
        let call = |worker: &DeadWorker<'_>| {
            let hash = keys.worker(worker.name);
            let mut call = Call::default();
            call.key(&keys.receipt(op.as_str())).key(&hash);
            call.key(&keys.worker_executions(worker.name));
            call.keys.extend(worker.sets.iter().map(|set| set.as_bytes().to_vec()));
            call.number(worker.number).arg(&worker.seen).arg(hash.as_bytes());
            call.arg(keys.pubsub(worker.name).as_bytes());
            call
        };
        let calls: Vec<Call> = dead.iter().map(call).collect();
        PRUNE_WORKER.run(self.link(), &calls)
    }

    /// Makes one step of a search for keys: the next cursor, `0` at the end, and keys. One round
    /// trip; a key may come twice.
    pub fn scan(&mut self, pattern: &Key, cursor: &[u8]) -> Result<Part<Scanned>> {
        let scan: Cmd = cmd("SCAN").arg(cursor).arg("MATCH").arg(pattern).take();
        let mut batch = Batch::default();
        let slot = batch.add("SCAN", scan.clone().arg("COUNT").arg(SCAN_STEP).take());
        Ok(self.run(batch)?.get(slot))
    }

    /// Reads the workers that queues' own sets name, dead ones included. One round trip.
    pub fn workers_of_queues(&mut self, queues: &[QueueName]) -> Result<Vec<Part<Vec<String>>>> {
        let mut batch = Batch::default();
        let slots: Vec<_> = queues
            .iter()
            .map(|queue| {
                let key = self.keys().queue_workers(queue);
                batch.add("SMEMBERS rq:workers", cmd("SMEMBERS").arg(key).take())
            })
            .collect();
        let mut replies = self.run(batch)?;
        let names = |members: Vec<String>| self.worker_names(&members);
        Ok(slots.into_iter().map(|slot| replies.get(slot).map(names)).collect())
    }
}
