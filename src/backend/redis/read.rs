//! Typed reads in pipelines. Nothing here writes: RQ's own counts and lists run clean-ups, so only
//! plain cardinalities and ranges are asked for, and no script is run.

use redis::{Value, cmd};

use super::batch::{Batch, Replies, Slot};
use super::connect::Link;
use super::decode::{self, JOB_FIELDS};
use super::keys::{Key, Keys};
use crate::error::Result;
use crate::model::id::{JobId, QueueName, split_started_member};
use crate::model::job::{Job, Status};
use crate::model::part::{Lack, Part, Why};
use crate::model::queue::{Counts, Registry};

/// Jobs whose fields are asked for in one round trip.
pub const JOB_BATCH: usize = 500;

/// Ids that are asked for in one command: about 1 ms of the server's time.
pub const ID_PAGE: usize = 10_000;

/// The queues and jobs of one Redis.
pub struct Store {
    link: Link,
    keys: Keys,
}

/// Where ids stand.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Place {
    /// The queue's list.
    Queue(QueueName),
    /// The list of ids that a worker took and has not started.
    Intermediate(QueueName),
    /// One of the queue's registries.
    Registry(Registry, QueueName),
}

impl Place {
    /// What it is called in a report; `queue` is the queue's name as it is shown there.
    pub fn describe(&self, queue: &str) -> String {
        match self {
            Self::Queue(_) => format!("queue `{queue}`"),
            Self::Intermediate(_) => format!("queue `{queue}`, intermediate"),
            Self::Registry(registry, _) => format!("queue `{queue}`, {}", registry.word()),
        }
    }

    /// The queue it belongs to.
    pub fn queue(&self) -> &QueueName {
        match self {
            Self::Queue(queue) | Self::Intermediate(queue) | Self::Registry(_, queue) => queue,
        }
    }
}

/// An id where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The job.
    pub id: JobId,
    /// The execution, in a started registry of 2.0+.
    pub execution: Option<String>,
    /// The score, in a registry.
    pub score: Option<f64>,
}

/// What to read of a job beside its small fields.
#[derive(Debug, Clone, Copy, Default)]
pub struct Want {
    /// The payload: `data`.
    pub data: bool,
    /// `meta` and, of generations without a stream, `result`.
    pub meta: bool,
    /// The text of the newest failure.
    pub exception: bool,
    /// Every entry of the result stream.
    pub results: bool,
    /// The remaining lifetime of the hash.
    pub ttl: bool,
}

/// A job as it was read.
#[derive(Debug, Clone)]
pub struct StoredJob {
    /// The small fields.
    pub job: Job,
    /// The payload, as stored.
    pub data: Option<Vec<u8>>,
    /// `meta`, as stored.
    pub meta: Option<Vec<u8>>,
    /// `result` of generations without a stream, as stored.
    pub result: Option<Vec<u8>>,
    /// `exc_info` of the hash, as stored.
    pub exc_info: Option<Vec<u8>>,
    /// Entries of the result stream, newest first.
    pub results: Vec<StoredResult>,
    /// Seconds until the hash expires; `None` for never or not asked.
    pub ttl_s: Option<f64>,
}

/// One entry of a result stream, one execution.
///
/// Source: `rq/results.py`, 1.12 (type, values), 2.5 (worker), 2.8 (execution).
#[derive(Debug, Clone, Default)]
pub struct StoredResult {
    /// The server's time of the entry, Unix milliseconds.
    pub at_ms: i64,
    /// 1 successful, 2 failed, 3 stopped, 4 retried, 5 retries exceeded.
    pub kind: Option<i64>,
    /// Base64 of the serialized value.
    pub return_value: Option<Vec<u8>>,
    /// Base64 of the compressed text.
    pub exc_string: Option<Vec<u8>>,
    /// The worker.
    pub worker_name: Option<String>,
    /// Start and end of the execution, Unix seconds.
    pub started_s: Option<f64>,
    /// See `started_s`.
    pub ended_s: Option<f64>,
}

impl Store {
    /// Reads over `link`, under `keys`.
    pub fn new(link: Link, keys: Keys) -> Self {
        Self { link, keys }
    }

    /// The names of keys.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The connection.
    pub fn link(&mut self) -> &mut Link {
        &mut self.link
    }

    /// How many round trips were made.
    pub fn round_trips(&self) -> u64 {
        self.link.round_trips()
    }

    /// Sends a batch: one round trip.
    pub(super) fn run(&mut self, batch: Batch) -> Result<Replies> {
        batch.run(&mut self.link)
    }

    pub(super) fn key_of(&self, place: &Place) -> Key {
        match place {
            Place::Queue(queue) => self.keys.queue(queue),
            Place::Intermediate(queue) => self.keys.intermediate(queue),
            Place::Registry(registry, queue) => self.keys.registry(*registry, queue),
        }
    }

    /// Adds a read of the entries from `start` to `stop` (inclusive, negative from the end).
    pub(super) fn add_entries(
        &self,
        batch: &mut Batch,
        place: &Place,
        start: isize,
        stop: isize,
    ) -> Slot {
        let key = self.key_of(place);
        match place {
            Place::Queue(_) | Place::Intermediate(_) => {
                batch.add("LRANGE", cmd("LRANGE").arg(key).arg(start).arg(stop).take())
            }
            Place::Registry(..) => batch.add(
                "ZRANGE",
                cmd("ZRANGE").arg(key).arg(start).arg(stop).arg("WITHSCORES").take(),
            ),
        }
    }

    /// Takes the entries of [`Self::add_entries`].
    pub(super) fn take_entries(
        replies: &mut Replies,
        slot: Slot,
        place: &Place,
    ) -> Part<Vec<Entry>> {
        let flat: Vec<Vec<u8>> = replies.get(slot)?;
        Ok(match place {
            Place::Registry(registry, _) => flat
                .chunks_exact(2)
                .map(|pair| registry_entry(*registry, &pair[0], &pair[1]))
                .collect(),
            _ => flat
                .into_iter()
                .map(|id| Entry { id: JobId::new(id), execution: None, score: None })
                .collect(),
        })
    }

    /// Reads one page of a place: one round trip.
    pub fn entries(
        &mut self,
        place: &Place,
        start: usize,
        count: usize,
    ) -> Result<Part<Vec<Entry>>> {
        let (start, stop) = (as_index(start), as_index(start + count) - 1);
        let mut batch = Batch::default();
        let slot = self.add_entries(&mut batch, place, start, stop);
        let mut replies = self.run(batch)?;
        Ok(Self::take_entries(&mut replies, slot, place))
    }

    /// Reads one page of a registry of ended jobs, those with the highest scores first, without
    /// those that are kept for ever: one round trip.
    pub fn newest_entries(
        &mut self,
        registry: Registry,
        queue: &QueueName,
        skipped: usize,
        count: usize,
    ) -> Result<Part<Vec<Entry>>> {
        let mut command = cmd("ZREVRANGEBYSCORE");
        command.arg(self.keys().registry(registry, queue)).arg("(+inf").arg("-inf");
        command.arg("WITHSCORES").arg("LIMIT").arg(skipped).arg(count);
        let mut batch = Batch::default();
        let slot = batch.add("ZREVRANGEBYSCORE", command);
        let mut replies = self.run(batch)?;
        let place = Place::Registry(registry, queue.clone());
        Ok(Self::take_entries(&mut replies, slot, &place))
    }

    /// Reads one page of a place counted from its end, in the place's order: one round trip.
    pub fn last_entries(
        &mut self,
        place: &Place,
        skipped: usize,
        count: usize,
    ) -> Result<Part<Vec<Entry>>> {
        let (start, stop) = (-as_index(skipped + count), -as_index(skipped) - 1);
        let mut batch = Batch::default();
        let slot = self.add_entries(&mut batch, place, start, stop);
        let mut replies = self.run(batch)?;
        Ok(Self::take_entries(&mut replies, slot, place))
    }

    /// Adds the reads of a queue's counts.
    pub(super) fn add_counts(&self, batch: &mut Batch, queue: &QueueName) -> CountSlots {
        let queued = batch.add("LLEN", cmd("LLEN").arg(self.keys.queue(queue)).take());
        let parked = batch.add("LLEN", cmd("LLEN").arg(self.keys.intermediate(queue)).take());
        let registries = Registry::ALL.map(|registry| {
            let key = self.keys.registry(registry, queue);
            (registry, batch.add("ZCARD", cmd("ZCARD").arg(key).take()))
        });
        CountSlots { queued, parked, registries }
    }

    /// Reads the counts of queues: one round trip for all of them.
    pub fn counts(&mut self, queues: &[QueueName]) -> Result<Vec<(Counts, Vec<Lack>)>> {
        let mut batch = Batch::default();
        let slots: Vec<_> = queues.iter().map(|queue| self.add_counts(&mut batch, queue)).collect();
        let mut replies = self.run(batch)?;
        Ok(slots.into_iter().map(|slots| slots.take(&mut replies)).collect())
    }

    /// Reads jobs, in batches of [`JOB_BATCH`] a round trip, in the order of `ids`.
    ///
    /// `Ok(None)` is an id whose job is gone, or only a heartbeat's left-over.
    pub fn jobs(&mut self, ids: &[JobId], want: Want) -> Result<Vec<Part<Option<StoredJob>>>> {
        let mut jobs = Vec::with_capacity(ids.len());
        for ids in ids.chunks(JOB_BATCH) {
            let mut batch = Batch::default();
            let slots: Vec<_> = ids.iter().map(|id| self.add_job(&mut batch, id, want)).collect();
            let mut replies = self.run(batch)?;
            for (id, slots) in ids.iter().zip(slots) {
                jobs.push(take_job(&mut replies, id, slots));
            }
        }
        Ok(jobs)
    }

    /// Reads the status of jobs, in batches of [`JOB_BATCH`] a round trip, in the order of `ids`;
    /// `Ok(None)` where there is no such job.
    pub fn statuses(&mut self, ids: &[JobId]) -> Result<Vec<Part<Option<Status>>>> {
        let mut statuses = Vec::with_capacity(ids.len());
        for ids in ids.chunks(JOB_BATCH) {
            let mut batch = Batch::default();
            let slots: Vec<_> = ids
                .iter()
                .map(|id| {
                    let key = self.keys.job(id.as_bytes());
                    batch.add("HGET status", cmd("HGET").arg(key).arg("status").take())
                })
                .collect();
            let mut replies = self.run(batch)?;
            statuses.extend(slots.into_iter().map(|slot| {
                let word: Part<Option<Vec<u8>>> = replies.get(slot);
                word.map(|word| Some(Status::parse(&String::from_utf8_lossy(&word?))))
            }));
        }
        Ok(statuses)
    }

    /// Reads which jobs wait for one: one round trip.
    pub fn dependents(&mut self, id: &JobId) -> Result<Part<Vec<JobId>>> {
        let mut batch = Batch::default();
        let key = self.keys.dependents(id.as_bytes());
        let slot = batch.add("SMEMBERS dependents", cmd("SMEMBERS").arg(key).take());
        let ids: Part<Vec<Vec<u8>>> = self.run(batch)?.get(slot);
        Ok(ids.map(|ids| {
            let mut ids: Vec<JobId> = ids.into_iter().map(JobId::new).collect();
            ids.sort_unstable();
            ids
        }))
    }

    /// Reads the scores of jobs in a registry of their queues, in the order of `jobs`: one round trip
    /// per [`JOB_BATCH`].
    pub fn scores(
        &mut self,
        registry: Registry,
        jobs: &[(&QueueName, &JobId)],
    ) -> Result<Vec<Part<Option<f64>>>> {
        let mut scores = Vec::with_capacity(jobs.len());
        for jobs in jobs.chunks(JOB_BATCH) {
            let mut batch = Batch::default();
            let slots = jobs.iter().map(|(queue, id)| {
                let key = self.keys.registry(registry, queue);
                batch.add("ZSCORE", cmd("ZSCORE").arg(key).arg(id.as_bytes()).take())
            });
            let slots: Vec<_> = slots.collect();
            let mut replies = self.run(batch)?;
            scores.extend(slots.into_iter().map(|slot| replies.get(slot)));
        }
        Ok(scores)
    }

    /// Reads payloads, in batches of [`JOB_BATCH`] a round trip, in the order of `ids`.
    pub fn payloads(&mut self, ids: &[JobId]) -> Result<Vec<Part<Option<Vec<u8>>>>> {
        let mut payloads = Vec::with_capacity(ids.len());
        for ids in ids.chunks(JOB_BATCH) {
            let mut batch = Batch::default();
            let slots: Vec<_> = ids
                .iter()
                .map(|id| {
                    let key = self.keys.job(id.as_bytes());
                    batch.add("HGET data", cmd("HGET").arg(key).arg("data").take())
                })
                .collect();
            let mut replies = self.run(batch)?;
            payloads.extend(slots.into_iter().map(|slot| replies.get(slot)));
        }
        Ok(payloads)
    }

    /// Adds the reads of one job.
    pub(super) fn add_job(&self, batch: &mut Batch, id: &JobId, want: Want) -> JobSlots {
        let key = self.keys.job(id.as_bytes());
        let mut hmget = cmd("HMGET");
        hmget.arg(&key).arg(&JOB_FIELDS[..]);
        for (field, wanted) in extra_fields(want) {
            if wanted {
                hmget.arg(field);
            }
        }
        let hash = batch.add("HMGET", hmget);
        let results = (want.results || want.exception).then(|| {
            let mut xrevrange = cmd("XREVRANGE");
            xrevrange.arg(self.keys.results(id.as_bytes())).arg("+").arg("-").arg("COUNT");
            batch.add("XREVRANGE", xrevrange.arg(if want.results { 100 } else { 1 }).take())
        });
        let ttl = want.ttl.then(|| batch.add("PTTL", cmd("PTTL").arg(&key).take()));
        JobSlots { hash, results, ttl, want }
    }
}

/// The optional fields of a job's hash, in the order in which they are asked for.
fn extra_fields(want: Want) -> [(&'static str, bool); 4] {
    [("data", want.data), ("meta", want.meta), ("result", want.meta), ("exc_info", want.exception)]
}

/// Where the replies about one job stand.
#[derive(Clone, Copy)]
pub(super) struct JobSlots {
    hash: Slot,
    results: Option<Slot>,
    ttl: Option<Slot>,
    want: Want,
}

/// Where the replies about one queue's counts stand.
pub(super) struct CountSlots {
    queued: Slot,
    parked: Slot,
    registries: [(Registry, Slot); 6],
}

impl CountSlots {
    /// Takes the counts, and what could not be counted.
    pub(super) fn take(self, replies: &mut Replies) -> (Counts, Vec<Lack>) {
        let mut counts = Counts::default();
        let mut lacks = Vec::new();
        let mut note = |part: Part<u64>| part.map_err(|lack| lacks.push(lack)).ok();
        counts.queued = note(replies.get(self.queued));
        counts.intermediate = note(replies.get(self.parked));
        for (registry, slot) in self.registries {
            *counts.registry_mut(registry) = note(replies.get(slot));
        }
        (counts, lacks)
    }
}

/// Takes the replies about one job.
pub(super) fn take_job(
    replies: &mut Replies,
    id: &JobId,
    slots: JobSlots,
) -> Part<Option<StoredJob>> {
    let mut values: Vec<Option<Vec<u8>>> = replies.get(slots.hash)?;
    let mut extra = values.split_off(JOB_FIELDS.len().min(values.len())).into_iter();
    let [data, meta, result, exc_info] = extra_fields(slots.want)
        .map(|(_, wanted)| if wanted { extra.next().flatten() } else { None });
    let results = slots.results.map_or(Ok(Vec::new()), |slot| stream(replies, slot));
    let ttl: Option<i64> = slots.ttl.and_then(|slot| replies.get(slot).ok());
    let job = match decode::job(id.clone(), values) {
        Some(job) => job,
        None if data.is_some() => Job::bare(id.clone()),
        None => return Ok(None),
    };
    let ttl_s = ttl.filter(|&ms| ms >= 0).map(|ms| ms as f64 / 1000.0);
    // A stream of another type, or one that an access list hides, costs only the stream.
    let results = results.unwrap_or_default();
    Ok(Some(StoredJob { job, data, meta, result, exc_info, results, ttl_s }))
}

/// Takes stream entries, newest first.
fn stream(replies: &mut Replies, slot: Slot) -> Part<Vec<StoredResult>> {
    type RawEntry = (String, Vec<(String, Vec<u8>)>);
    let value = replies.value(slot)?;
    if value == Value::Nil {
        return Ok(Vec::new());
    }
    let entries: Vec<RawEntry> = redis::from_redis_value(value)
        .map_err(|error| Lack::new("XREVRANGE", Why::Failed, error.to_string()))?;
    Ok(entries.into_iter().map(|(at, fields)| stream_entry(&at, fields)).collect())
}

fn stream_entry(at: &str, fields: Vec<(String, Vec<u8>)>) -> StoredResult {
    let at_ms = at.split('-').next().and_then(|ms| ms.parse().ok()).unwrap_or(0);
    let mut entry = StoredResult { at_ms, ..StoredResult::default() };
    for (field, value) in fields {
        let text = || String::from_utf8_lossy(&value).into_owned();
        match field.as_str() {
            "type" => entry.kind = text().parse().ok(),
            "worker_name" => entry.worker_name = Some(text()).filter(|name| !name.is_empty()),
            "execution_started_at" => entry.started_s = text().parse().ok(),
            "execution_ended_at" => entry.ended_s = text().parse().ok(),
            "return_value" => entry.return_value = Some(value),
            "exc_string" => entry.exc_string = Some(value),
            _ => {}
        }
    }
    entry
}

fn registry_entry(registry: Registry, member: &[u8], score: &[u8]) -> Entry {
    let score = std::str::from_utf8(score).ok().and_then(|score| score.parse().ok());
    let (id, execution) = match registry {
        Registry::Started => split_started_member(member),
        _ => (member, None),
    };
    Entry { id: JobId::new(id), execution: execution.map(str::to_owned), score }
}

/// A list index; lists are far shorter than what overflows it.
fn as_index(position: usize) -> isize {
    isize::try_from(position).unwrap_or(isize::MAX)
}
