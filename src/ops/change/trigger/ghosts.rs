//! Tells which of a few jobs are ghosts: their hashes say that they wait or run, and they stand
//! nowhere. A job on its way from a list to its worker stands nowhere either, for a moment.

use std::collections::HashSet;
use std::time::Duration;

use crate::backend::redis::read::{ID_PAGE, Place, Store, Want};
use crate::context::Context;
use crate::error::Result;
use crate::model::id::{JobId, QueueName};
use crate::model::job::{Job, Status, seconds_between};
use crate::model::queue::Registry;
use crate::model::worker::Worker;
use crate::ops::scope::Reach;
use crate::sys::clock;

/// How long a job may be on its way from the list to its worker.
const ON_ITS_WAY: Duration = Duration::from_millis(250);

/// Seconds within which a job that was just enqueued is never taken for a ghost.
const FRESH_S: f64 = 10.0;

/// The ghosts among `jobs`. What cannot be read proves nothing.
///
/// Cost: a search of its list for each job, the started registries, and where one is found nowhere
/// a quarter of a second.
pub(super) fn among(
    context: &mut Context,
    reach: &Reach,
    jobs: Vec<Job>,
) -> Result<HashSet<JobId>> {
    let now = clock::now();
    let is_old = |job: &Job| {
        let waited = job.enqueued_at.and_then(|at| seconds_between(at, now));
        waited.is_none_or(|waited| waited >= FRESH_S)
    };
    let mut suspects = jobs;
    suspects.retain(|job| matches!(job.status, Status::Queued | Status::Started) && is_old(job));
    let store = context.store()?;
    suspects = unplaced(store, reach.inventory.workers(), suspects)?;
    if suspects.is_empty() || reach.inventory.workers.is_err() {
        return Ok(HashSet::new());
    }
    std::thread::sleep(ON_ITS_WAY);
    let Ok((workers, _)) = store.workers()? else { return Ok(HashSet::new()) };
    let ids: Vec<JobId> = suspects.iter().map(|job| job.id.clone()).collect();
    let again = store.jobs(&ids, Want::default())?;
    let still = suspects.into_iter().zip(again).filter_map(|(before, again)| {
        let now = again.ok()??.job;
        let same = now.status == before.status
            && now.enqueued_at == before.enqueued_at
            && now.started_at == before.started_at;
        same.then_some(now)
    });
    let ghosts = unplaced(store, &workers, still.collect())?;
    Ok(ghosts.into_iter().map(|job| job.id).collect())
}

/// Those that stand in no list, no registry and no worker's hands.
fn unplaced(store: &mut Store, workers: &[Worker], jobs: Vec<Job>) -> Result<Vec<Job>> {
    let mut origins: Vec<QueueName> = jobs.iter().filter_map(|job| job.origin.clone()).collect();
    origins.sort_unstable();
    origins.dedup();
    let mut seen: HashSet<JobId> =
        workers.iter().flat_map(|worker| worker.current_jobs.iter().cloned()).collect();
    let mut unknown: HashSet<QueueName> = HashSet::new();
    let unnamed = |worker: &&Worker| worker.is_busy() && worker.current_jobs.is_empty();
    for worker in workers.iter().filter(unnamed) {
        unknown.extend(worker.queues().iter().cloned());
    }
    let asked: Vec<(JobId, QueueName)> =
        jobs.iter().filter_map(|job| Some((job.id.clone(), job.origin.clone()?))).collect();
    // In the order in which a job passes through them.
    let places: Vec<(&JobId, &QueueName)> = asked.iter().map(|(id, queue)| (id, queue)).collect();
    let listed = store.are_listed(&places)?;
    let listed = asked.iter().zip(listed).filter(|(_, listed)| *listed == Some(true));
    seen.extend(listed.map(|((id, _), _)| id.clone()));
    for queue in &origins {
        let parked = Place::Intermediate(queue.clone());
        for place in [parked, Place::Registry(Registry::Started, queue.clone())] {
            if !read_whole(store, &place, &mut seen)? {
                unknown.insert(queue.clone());
            }
        }
    }
    let is_nowhere = |job: &Job| {
        let origin = job.origin.as_ref();
        origin.is_some_and(|origin| !unknown.contains(origin)) && !seen.contains(&job.id)
    };
    Ok(jobs.into_iter().filter(is_nowhere).collect())
}

/// Adds the ids of a place; whether it could be read.
fn read_whole(store: &mut Store, place: &Place, seen: &mut HashSet<JobId>) -> Result<bool> {
    let mut start = 0;
    loop {
        let Ok(entries) = store.entries(place, start, ID_PAGE)? else { return Ok(false) };
        let count = entries.len();
        seen.extend(entries.into_iter().map(|entry| entry.id));
        if count < ID_PAGE {
            return Ok(true);
        }
        start += ID_PAGE;
    }
}
