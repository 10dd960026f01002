//! Puts a new job into a queue; what an ended job of the same id left goes in the same script.

use redis::cmd;

use super::read::Store;
use super::scripts::{Call, ENQUEUE};
use crate::error::Result;
use crate::model::id::{JobId, QueueName};
use crate::model::job::Status;
use crate::model::queue::Registry;

/// Where an ended job may stand.
const ENDED: [Registry; 3] = [Registry::Finished, Registry::Failed, Registry::Canceled];

/// How often a fixed id may change under our hands.
const ATTEMPTS: usize = 5;

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
        let mut call = Call::default();
        call.key(&names.queue(job.queue)).key(&names.queues()).key(&names.job(id));
        call.key(&names.dependents(id)).key(&names.dependencies(id));
        if !origin.is_empty() {
            let queue = QueueName::new(origin.clone());
            for registry in ENDED {
                call.key(&names.registry(registry, &queue));
            }
        }
        call.arg(id).arg(if job.at_front { "front" } else { "back" });
        call.number(job.most.unwrap_or(0)).arg(origin);
        for (field, value) in job.fields {
            call.arg(field).arg(value);
        }
        let reply = ENQUEUE.ask(self.link(), &call)?;
        Ok(reply.map_err(|error| self.link().refused("enqueue the job", &error))?)
    }

    /// The queue of the job that has this id, empty where there is none.
    fn origin_of(&mut self, id: &JobId) -> Result<String> {
        let hget = cmd("HGET").arg(self.keys().job(id.as_bytes())).arg("origin").take();
        let reply = self.link().command(&hget)?;
        let value = reply.map_err(|error| self.link().refused("look for the job's id", &error))?;
        Ok(redis::from_redis_value(value).ok().flatten().unwrap_or_default())
    }
}
