//! Puts new jobs into queues; what an ended job of the same id left goes in the same script.

use redis::cmd;

use super::images::Standing;
use super::read::Store;
use super::scripts::{Call, Called, Code, ENQUEUE};
use crate::error::{Failure, Kind, Result};
use crate::journal::{Membership, OpId};
use crate::model::id::{JobId, QueueName};
use crate::model::job::Status;

/// How often a fixed id may change under our hands.
const ATTEMPTS: usize = 5;

/// A job to be.
#[derive(Debug, Clone, Copy)]
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
    /// Enqueues a job that nobody keeps an image of. Three round trips.
    pub fn enqueue(&mut self, job: &NewJob<'_>) -> Result<Enqueued> {
        for _ in 0..ATTEMPTS {
            let standing = self.ended_of(job)?;
            let call = self.enqueueing(None, job, &standing);
            let called = ENQUEUE.run(self.link(), &[call])?.pop();
            match called.unwrap_or(Ok(Code::Changed)) {
                Ok(Code::Done) => return Ok(Enqueued::Done),
                Ok(Code::Full) => return Ok(Enqueued::Full),
                Ok(Code::Lives) => return Ok(Enqueued::Exists(self.status_of(job.id)?)),
                Ok(_) => {}
                Err(error) => return Err(self.link().refused("enqueue the job", &error).into()),
            }
        }
        Ok(Enqueued::Contended)
    }

    /// Enqueues jobs whose images have these numbers, each in the place of the ended job that is
    /// given with it. One turn.
    pub fn enqueue_jobs(
        &mut self,
        op: &OpId,
        jobs: &[(u64, NewJob<'_>, &Standing)],
    ) -> Result<Vec<Called>> {
        let calls: Vec<Call> = jobs
            .iter()
            .map(|(number, job, standing)| self.enqueueing(Some((op, *number)), job, standing))
            .collect();
        ENQUEUE.run(self.link(), &calls)
    }

    fn enqueueing(
        &self,
        image: Option<(&OpId, u64)>,
        job: &NewJob<'_>,
        standing: &Standing,
    ) -> Call {
        let (keys, id) = (self.keys(), job.id.as_bytes());
        let hash = keys.job(id);
        let mut call = Call::default();
        match image {
            Some((op, _)) => call.key(&keys.receipt(op.as_str())),
            None => call.key(&hash),
        };
        call.key(&hash).key(&keys.queue(job.queue)).key(&keys.queues());
        call.key(&keys.dependents(id)).key(&keys.dependencies(id));
        for membership in &standing.memberships {
            if let Membership::Zset { key, member, .. } = membership
                && member == id
            {
                call.keys.push(key);
            }
        }
        call.arg(id).arg(image.map(|(_, number)| number.to_string()).unwrap_or_default());
        call.arg(standing.fingerprint()).number(job.most.unwrap_or(0));
        call.arg(if job.at_front { "front" } else { "back" });
        for (field, value) in job.fields {
            call.arg(field).arg(value);
        }
        call
    }

    /// The job that has the id, with the registries of its own queue.
    fn ended_of(&mut self, job: &NewJob<'_>) -> Result<Standing> {
        let hget = cmd("HGET").arg(self.keys().job(job.id.as_bytes())).arg("origin").take();
        let reply = self.link().command(&hget)?;
        let value = reply.map_err(|error| self.link().refused("look for the job's id", &error))?;
        let origin: Option<String> = redis::from_redis_value(value).ok().flatten();
        let queues: Vec<QueueName> = origin.into_iter().map(QueueName::new).collect();
        match self.standings(&[(job.id, &queues)])?.pop() {
            Some(Ok(standing)) => Ok(standing),
            Some(Err(lack)) => {
                let message = format!("cannot read job `{}`, whose id is taken: {lack}", job.id);
                Err(Failure::new(Kind::Data, message).into())
            }
            None => Ok(Standing::default()),
        }
    }

    fn status_of(&mut self, id: &JobId) -> Result<Status> {
        let hget = cmd("HGET").arg(self.keys().job(id.as_bytes())).arg("status").take();
        let reply = self.link().command(&hget)?;
        let value = reply.map_err(|error| self.link().refused("look for the job's id", &error))?;
        let status: Option<String> = redis::from_redis_value(value).ok().flatten();
        Ok(Status::parse(&status.unwrap_or_default()))
    }
}
