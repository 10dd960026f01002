//! Reads workers: registrations, lifetimes of their keys, who listens to their channels, and what
//! they run where they do not say so themselves.

use std::collections::{BTreeSet, HashMap};

use redis::cmd;

use super::batch::{Batch, Replies, Slot};
use super::decode::{self, WORKER_FIELDS};
use super::read::{Place, Store};
use crate::error::Result;
use crate::model::id::{JobId, QueueName, split_started_member};
use crate::model::part::{Lack, Part};
use crate::model::queue::Registry;
use crate::model::worker::Worker;

/// Registrations that are read at most; a set that is longer is not RQ's doing.
const MOST_WORKERS: usize = 10_000;

/// Running jobs looked at per queue to find a worker's.
const MOST_RUNNING: isize = 1_000;

/// Where the replies about workers stand.
pub(super) struct WorkerSlots {
    each: Vec<(String, Slot, Slot, Slot)>,
    listeners: Slot,
}

impl Store {
    /// The names registered in `rq:workers`, in order.
    pub(super) fn worker_names(&self, members: &[String]) -> Vec<String> {
        let mut names: Vec<String> = members
            .iter()
            .filter_map(|member| self.keys().worker_name_of(member))
            .map(str::to_owned)
            .collect();
        names.sort_unstable();
        names.truncate(MOST_WORKERS);
        names
    }

    /// Adds the reads of workers.
    pub(super) fn add_workers(&self, batch: &mut Batch, names: Vec<String>) -> WorkerSlots {
        let mut numsub = cmd("PUBSUB");
        numsub.arg("NUMSUB");
        for name in &names {
            numsub.arg(self.keys().pubsub(name));
        }
        let listeners = batch.add("PUBSUB NUMSUB", numsub);
        let each = names
            .into_iter()
            .map(|name| {
                let key = self.keys().worker(&name);
                let hash = cmd("HMGET").arg(&key).arg(&WORKER_FIELDS[..]).take();
                let hash = batch.add("HMGET worker", hash);
                let ttl = batch.add("PTTL worker", cmd("PTTL").arg(&key).take());
                let executions = self.keys().worker_executions(&name);
                let executions =
                    batch.add("SMEMBERS executions", cmd("SMEMBERS").arg(executions).take());
                (name, hash, ttl, executions)
            })
            .collect();
        WorkerSlots { each, listeners }
    }

    /// Takes the workers. One whose hash cannot be read is left out of the list and named in the
    /// lacks.
    pub(super) fn take_workers(
        replies: &mut Replies,
        slots: WorkerSlots,
    ) -> (Vec<Worker>, Vec<Lack>) {
        let mut lacks = Vec::new();
        let listeners: Part<Vec<redis::Value>> = replies.get(slots.listeners);
        let listeners: Vec<Option<u64>> = match listeners {
            Ok(flat) => flat
                .chunks_exact(2)
                .map(|pair| redis::from_redis_value_ref(&pair[1]).ok())
                .collect(),
            Err(lack) => {
                lacks.push(lack);
                Vec::new()
            }
        };
        let mut workers = Vec::with_capacity(slots.each.len());
        for (at, (name, hash, ttl, executions)) in slots.each.into_iter().enumerate() {
            let values: Vec<Option<Vec<u8>>> = match replies.get(hash) {
                Ok(values) => values,
                Err(lack) => {
                    lacks.push(lack);
                    continue;
                }
            };
            let mut worker = decode::worker(name, values);
            let ttl: Option<i64> = replies.get(ttl).ok();
            worker.ttl_s = ttl.filter(|&ms| ms >= 0).map(|ms| ms as f64 / 1000.0);
            worker.listeners = listeners.get(at).copied().flatten();
            if worker.current_jobs.is_empty() {
                let members: Vec<Vec<u8>> = replies.get(executions).unwrap_or_default();
                worker.current_jobs = members
                    .iter()
                    .map(|member| JobId::new(split_started_member(member).0))
                    .collect();
            }
            workers.push(worker);
        }
        (workers, lacks)
    }

    /// Reads every registered worker: two round trips.
    pub fn workers(&mut self) -> Result<Part<(Vec<Worker>, Vec<Lack>)>> {
        let mut batch = Batch::default();
        let members =
            batch.add("SMEMBERS rq:workers", cmd("SMEMBERS").arg(self.keys().workers()).take());
        let mut replies = self.run(batch)?;
        let members: Vec<String> = match replies.get(members) {
            Ok(members) => members,
            Err(lack) => return Ok(Err(lack)),
        };
        let mut batch = Batch::default();
        let slots = self.add_workers(&mut batch, self.worker_names(&members));
        let mut replies = self.run(batch)?;
        Ok(Ok(Self::take_workers(&mut replies, slots)))
    }

    /// Reads one worker by its name, also one that ended within the last minute: one round trip.
    /// `None` where it has no registration any more, or never had one.
    pub fn worker(&mut self, name: &str) -> Result<Option<Worker>> {
        let mut batch = Batch::default();
        let slots = self.add_workers(&mut batch, vec![name.to_owned()]);
        let mut replies = self.run(batch)?;
        let (workers, _) = Self::take_workers(&mut replies, slots);
        Ok(workers.into_iter().next().filter(|worker| worker.identity.is_some()))
    }

    /// Finds what `workers` run by the started registries of their queues, by worker name.
    ///
    /// For workers that do not say it themselves: between two writes, or after their executions
    /// were lost. Two round trips, none without workers. Source: the execution's hash names its
    /// worker from RQ 2.11 on (`rq/executions.py`), the job's hash from 1.12 on (`rq/job.py`).
    pub fn find_current_jobs(&mut self, workers: &[&Worker]) -> Result<HashMap<String, JobId>> {
        let queues: BTreeSet<&QueueName> = workers.iter().flat_map(|w| w.queues()).collect();
        let mut batch = Batch::default();
        let places = queues.into_iter().map(|q| Place::Registry(Registry::Started, q.clone()));
        let slots: Vec<_> = places
            .map(|place| (self.add_entries(&mut batch, &place, 0, MOST_RUNNING - 1), place))
            .collect();
        let mut replies = self.run(batch)?;
        let mut running = Vec::new();
        for (slot, place) in slots {
            running.extend(Self::take_entries(&mut replies, slot, &place).unwrap_or_default());
        }
        let mut batch = Batch::default();
        let named: Vec<_> = running
            .into_iter()
            .map(|entry| {
                let mut named_in = |key| {
                    batch.add("HGET worker_name", cmd("HGET").arg(key).arg("worker_name").take())
                };
                let id = entry.id.as_bytes();
                let execution = entry.execution.as_deref();
                let execution = execution.map(|e| named_in(self.keys().execution(id, e)));
                let job = named_in(self.keys().job(id));
                (entry.id, execution, job)
            })
            .collect();
        let mut replies = self.run(batch)?;
        let mut found = HashMap::new();
        for (id, execution, job) in named {
            let mut name = |slot| replies.get::<Option<String>>(slot).ok().flatten();
            let worker = execution.and_then(&mut name).or_else(|| name(job));
            if let Some(worker) = worker.filter(|name| workers.iter().any(|w| w.name == *name)) {
                found.insert(worker, id);
            }
        }
        Ok(found)
    }
}
