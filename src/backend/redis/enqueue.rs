//! Puts a new job into a queue; what an ended job of the same id left goes in the same script.

use redis::cmd;

use super::read::Store;
use super::script::Script;
use crate::error::Result;
use crate::model::id::{JobId, QueueName};
use crate::model::job::Status;
use crate::model::queue::Registry;

/// Where an ended job may stand.
const ENDED: [Registry; 3] = [Registry::Finished, Registry::Failed, Registry::Canceled];

/// How often a fixed id may change under our hands.
const ATTEMPTS: usize = 5;

static ENQUEUE: Script = Script::new(include_str!("scripts/enqueue.lua"));

/// A job to be.
#[derive(Debug, Clone)]
pub struct NewJob<'a> {
    /// Its id.
    pub id: &'a JobId,
    /// Its queue.
    pub queue: &'a QueueName,
    /// The fields of its hash.
    pub fields: &'a [(&'static str, Vec<u8>)],
    /// In front of those that wait.
    pub at_front: bool,
    /// Most entries of the queue; `None` for no limit.
    pub most: Option<u64>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Enqueued {
    /// It waits in its queue.
    Done,
    /// A job of this id waits or runs.
    Exists(Status),
    /// The queue holds as many as it may.
    Full,
    /// Jobs of this id came and went too fast.
    Contended,
}

impl Store {
    /// Enqueues a job. Two round trips.
    pub fn enqueue(&mut self, job: &NewJob<'_>) -> Result<Enqueued> {
        for _ in 0..ATTEMPTS {
            let reply: String = self.try_enqueue(job)?;
            match reply.as_str() {
                "ok" => return Ok(Enqueued::Done),
                "full" => return Ok(Enqueued::Full),
                "changed" => {}
                status => return Ok(Enqueued::Exists(Status::parse(status))),
            }
        }
        Ok(Enqueued::Contended)
    }

    fn try_enqueue(&mut self, job: &NewJob<'_>) -> Result<String> {
        let id = job.id.as_bytes();
        let origin = self.origin_of(job.id)?;
        let names = self.keys();
        let mut keys = vec![
            names.queue(job.queue),
            names.queues(),
            names.job(id),
            names.dependents(id),
            names.dependencies(id),
        ];
        if !origin.is_empty() {
            let queue = QueueName::new(origin.clone());
            keys.extend(ENDED.map(|registry| names.registry(registry, &queue)));
        }
        let mut arguments = vec![
            id.to_vec(),
            if job.at_front { b"front".to_vec() } else { b"back".to_vec() },
            job.most.unwrap_or(0).to_string().into_bytes(),
            origin.into_bytes(),
        ];
        for (field, value) in job.fields {
            arguments.extend([field.as_bytes().to_vec(), value.clone()]);
        }
        ENQUEUE.run(self, "enqueue the job", &keys, &arguments)
    }

    /// The queue of the job that has this id, empty where there is none.
    fn origin_of(&mut self, id: &JobId) -> Result<String> {
        let hget = cmd("HGET").arg(self.keys().job(id.as_bytes())).arg("origin").take();
        let reply = self.link().command(&hget)?;
        let value = reply.map_err(|error| self.link().refused("look for the job's id", &error))?;
        Ok(redis::from_redis_value(value).ok().flatten().unwrap_or_default())
    }
}
