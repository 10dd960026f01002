//! The last look: jobs that say they wait or run, and stand in no place that was looked at.
//!
//! Redis hands an id to a worker that blocks for one even while its process is frozen: the job is
//! then in no list and no registry, and its worker is not busy. And RQ before 2.0 does not register
//! the queue of a job that waits for another one, so that its registry is not known. Both are told
//! by the job's hash alone.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::look::{Looker, Owner, Sample, unseen};
use crate::backend::redis::read::Want;
use crate::codec::Decoder;
use crate::context::Context;
use crate::error::Result;
use crate::human;
use crate::model::id::{JobId, QueueName};
use crate::model::job::{Job, Status};
use crate::sys::signals::Interrupts;

/// How long one walk through the keys may take: about fifty million of them.
const LONGEST: Duration = Duration::from_secs(60);

impl Looker {
    /// Walks through the hashes of all jobs, of which none of the sites' was seen in any place.
    ///
    /// Cost: one round trip per 5,000 keys, and the reading of those jobs whose ids do not name
    /// another site. Errors: `Refused` where Redis lets nobody walk through its keys.
    pub(super) fn look_at_hashes(
        &self,
        context: &mut Context,
        sample: &mut Sample,
        interrupts: &Interrupts,
    ) -> Result<()> {
        let store = context.store()?;
        let pattern = store.keys().jobs_pattern();
        let started = Instant::now();
        let (mut cursor, mut decoder) = (b"0".to_vec(), Decoder::default());
        // A walk may show a key twice.
        let mut seen: HashSet<JobId> = HashSet::new();
        loop {
            let (next, keys) = store.scan(&pattern, &cursor)?.map_err(|lack| unseen(&lack))?;
            let ids: Vec<JobId> = keys
                .iter()
                .filter_map(|key| store.keys().job_id_of(key))
                .filter(|id| self.owner_by_id(id) != Some(Owner::Other))
                .map(JobId::new)
                .collect();
            for stored in store.jobs(&ids, Want::default())? {
                let Some(stored) = stored.map_err(|lack| unseen(&lack))? else { continue };
                let job = stored.job;
                let Some(state) = state_of(&job).filter(|_| self.may_run_here(&job)) else {
                    continue;
                };
                if !seen.insert(job.id.clone()) {
                    continue;
                }
                let owner = match self.owner_by_id(job.id.as_bytes()) {
                    Some(owner) => owner,
                    None => match store.payloads(std::slice::from_ref(&job.id))?.pop() {
                        Some(Ok(Some(data))) => self.owner_by_payload(&mut decoder, &data),
                        // A worker passes over it.
                        Some(Ok(None)) => Owner::Other,
                        Some(Err(_)) | None => Owner::Unknown,
                    },
                };
                let queue = job.origin.as_ref().map_or("", |queue| self.reach.short(queue));
                sample.add(owner, Some(job.id.as_bytes()), state, queue);
            }
            if next == b"0" {
                return Ok(());
            }
            if started.elapsed() > LONGEST || interrupts.seen().is_some() {
                let time = human::age(started.elapsed().as_secs_f64());
                sample.incomplete = Some(format!(
                    "not every job was looked at: the walk through the keys was broken off after {time}, so nothing can be said"
                ));
                return Ok(());
            }
            cursor = next;
        }
    }

    /// Whether a job is of this bench's queues; one that names none may be.
    fn may_run_here(&self, job: &Job) -> bool {
        job.origin.as_ref().is_none_or(|queue: &QueueName| self.reach.covers(queue))
    }
}

/// How a job that was seen nowhere is in the way; `None` where it is not.
const fn state_of(job: &Job) -> Option<&'static str> {
    match job.status {
        // What a rate limit holds back stands in a set of that limit alone.
        Status::Queued | Status::Started | Status::ReadyToEnqueue | Status::RateLimited => {
            Some("unlisted")
        }
        Status::Deferred => Some("deferred"),
        Status::Scheduled => Some("scheduled"),
        _ => None,
    }
}
