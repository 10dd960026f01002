//! How long jobs of a queue run, from what Redis still knows of them.

use crate::backend::redis::read::{Place, Store, Want};
use crate::error::Result;
use crate::model::id::QueueName;
use crate::model::job::seconds_between;
use crate::model::queue::Registry;
use crate::model::worker::Worker;

/// Finished jobs of a queue whose times are taken.
const SAMPLE: usize = 50;

/// The mean run time of each queue's jobs in seconds, in their order: of those that finished last,
/// else of all that the queue's workers have run; `None` where neither is known.
///
/// Two round trips for each queue in which jobs wait; nothing is read of the others.
pub(super) fn of(
    store: &mut Store,
    queues: &[QueueName],
    waiting: &[Option<u64>],
    workers: &[Worker],
) -> Result<Vec<Option<f64>>> {
    let mut times = Vec::with_capacity(queues.len());
    for (queue, waiting) in queues.iter().zip(waiting) {
        times.push(match waiting {
            None | Some(0) => None,
            Some(_) => finished(store, queue)?.or_else(|| of_workers(workers, queue)),
        });
    }
    Ok(times)
}

/// Of the jobs that finished last, as far as their results are kept.
fn finished(store: &mut Store, queue: &QueueName) -> Result<Option<f64>> {
    let place = Place::Registry(Registry::Finished, queue.clone());
    let Ok(entries) = store.last_entries(&place, 0, SAMPLE)? else { return Ok(None) };
    let ids: Vec<_> = entries.into_iter().map(|entry| entry.id).collect();
    let jobs = store.jobs(&ids, Want::default())?.into_iter().flatten().flatten();
    let times = jobs.filter_map(|stored| {
        let (start, end) = (stored.job.started_at?, stored.job.ended_at?);
        seconds_between(start, end).filter(|seconds| *seconds >= 0.0)
    });
    let times: Vec<f64> = times.collect();
    Ok((!times.is_empty()).then(|| times.iter().sum::<f64>() / times.len() as f64))
}

/// Of all jobs that the queue's workers have run, other queues' jobs among them. Source:
/// `rq/worker.py`, `increment_total_working_time`.
fn of_workers(workers: &[Worker], queue: &QueueName) -> Option<f64> {
    let serving = || workers.iter().filter(|worker| worker.queues().contains(queue));
    let jobs: u64 = serving().map(|worker| worker.successful.saturating_add(worker.failed)).sum();
    let seconds: f64 = serving().map(|worker| worker.working_s).sum();
    (jobs > 0 && seconds.is_finite()).then(|| seconds.max(0.0) / jobs as f64)
}
