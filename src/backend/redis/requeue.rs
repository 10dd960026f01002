//! Puts jobs of the registries back into their queues, against live workers.
//!
//! Source of the fields: RQ 1.14 to 3.0, `rq/registry.py` `requeue`, `rq/queue.py` `_enqueue_job`
//! and `_enqueue_rate_limited_job`. Unlike RQ, a job that goes back to its queue loses the expiry
//! that its failure gave it: it would vanish unrun.

use jiff::Timestamp;

use super::decode::{self, JOB_FIELDS};
use super::images::Standing;
use super::read::Store;
use super::scripts::{Call, Called, REQUEUE, REQUEUE_LIMITED};
use super::write::Marked;
use crate::error::Result;
use crate::journal::OpId;
use crate::model::id::JobId;
use crate::model::job::{BadField, rq_date};

/// Fields that a requeue writes anew, whatever stands there.
const WRITTEN: [&str; 5] = ["status", "enqueued_at", "started_at", "ended_at", "last_heartbeat"];

/// How jobs go back into their queues.
#[derive(Debug, Clone, Copy)]
pub struct Requeue {
    /// The time of the change.
    pub at: Timestamp,
    /// In front of those that wait; the job that is given last comes first.
    pub at_front: bool,
    /// The retries that they get; `None` for as many as they have.
    pub retries_left: Option<u64>,
    /// Most entries of a queue; `None` for any number.
    pub most: Option<u64>,
}

impl Store {
    /// Puts jobs into their queues. One turn.
    pub fn requeue_jobs(
        &mut self,
        op: &OpId,
        jobs: &[Marked<'_>],
        how: &Requeue,
    ) -> Result<Vec<Called>> {
        let calls: Vec<Call> = jobs
            .iter()
            .map(|job| {
                let mut call = self.requeueing(op, job, how);
                call.number(how.most.unwrap_or(0));
                let waits_in = job.standing.dependents_with_it(self.keys());
                call.keys.extend(waits_in);
                call
            })
            .collect();
        REQUEUE.run(self.link(), &calls)
    }

    /// Hands jobs that have a rate limit to RQ's limiter (3.0). One turn.
    pub fn requeue_limited_jobs(
        &mut self,
        op: &OpId,
        jobs: &[Marked<'_>],
        how: &Requeue,
    ) -> Result<Vec<Called>> {
        let calls: Vec<Call> = jobs
            .iter()
            .map(|job| {
                let keys = self.keys();
                let limit = job.standing.field(b"rate_limit_key").unwrap_or_default();
                let mut call = self.requeueing(op, job, how);
                call.key(&keys.rate_limits()).key(&keys.rate_limit(limit));
                call.key(&keys.rate_limit_allowed(limit)).key(&keys.rate_limited(limit));
                call.arg(limit).number(how.at.as_second());
                call.arg(keys.queue_prefix().as_bytes()).arg(keys.job_prefix().as_bytes());
                call.keys.extend(job.standing.dependents_with_it(keys));
                call
            })
            .collect();
        REQUEUE_LIMITED.run(self.link(), &calls)
    }

    /// The keys and arguments that both scripts begin with.
    fn requeueing(&self, op: &OpId, job: &Marked<'_>, how: &Requeue) -> Call {
        let (keys, id) = (self.keys(), job.id.as_bytes());
        let mut call = self.claim(op, job);
        call.key(&keys.queue(job.queue)).key(&keys.queues());
        call.key(&keys.dependents(id)).key(&keys.dependencies(id));
        call.arg(job.queue.as_str()).arg(rq_date(how.at));
        call.arg(if how.at_front { "front" } else { "back" });
        call.arg(how.retries_left.map(|left| left.to_string()).unwrap_or_default());
        call
    }
}

/// The fields that would make a worker exit once it pops the job, requeued or not.
///
/// Source: `rq/job.py` `restore`, 1.14 to 3.0.
pub fn poison_of(id: &JobId, standing: &Standing) -> Vec<BadField> {
    let fields = JOB_FIELDS.iter().map(|name| standing.field(name.as_bytes()).map(<[u8]>::to_vec));
    let job = decode::job(id.clone(), fields.collect());
    let bad = job.map(|job| job.bad_fields).unwrap_or_default();
    bad.into_iter().filter(|bad| bad.stops_worker && !WRITTEN.contains(&bad.field)).collect()
}
