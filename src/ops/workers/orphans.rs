//! Which job a work horse runs whose worker is gone.
//!
//! The process itself does not say it: RQ's title names worker, function and queue, and stands there
//! only where `setproctitle` is installed. So the jobs that lost their worker are compared with the
//! work horses that lost theirs: by the worker's name, else by the time at which both began.

use std::collections::HashMap;

use super::own::OwnProcess;
use crate::backend::redis::read::{Place, StoredJob, Want};
use crate::context::Context;
use crate::error::Result;
use crate::model::id::{JobId, QueueName};
use crate::model::job::{Job, Status};
use crate::model::part::Part;
use crate::model::queue::Registry;
use crate::model::worker::{Alive, LocalProcess};
use crate::sys::proc::ProcTable;

/// Seconds between the fork of a horse and the start of its job, which follows at once, on a starved
/// machine. Source: `rq/worker.py` `fork_work_horse` and `prepare_job_execution`.
const LONGEST_FORK_S: f64 = 10.0;

/// Seconds by which a job may seem to begin before its horse: 3.0 notes the start before the fork.
const SLACK_S: f64 = 0.5;

/// Seconds by which the next job must be further away than the one that is taken for a horse's.
const MARGIN_S: f64 = 1.0;

/// Running jobs of a queue, and jobs of it that failed last, that are looked at.
const MOST_LOOKED_AT: usize = 500;

/// Whether a job may be one whose worker is gone while its work horse goes on here; `is_elsewhere`
/// tells of a worker that it lives, or is another host's.
///
/// RQ's clean-up takes it for failed after some minutes; then it has begun, and never ended. Source:
/// `rq/registry.py`, `StartedJobRegistry.cleanup`.
pub(crate) fn may_be_orphaned(job: &Job, is_elsewhere: impl Fn(&str) -> bool) -> bool {
    let is_open = match job.status {
        Status::Started => true,
        Status::Failed => job.ended_at.is_none(),
        _ => false,
    };
    is_open && job.started_at.is_some() && !job.worker_name.as_deref().is_some_and(is_elsewhere)
}

/// Whether a worker of this host runs. What is merely not in sight does not: seen from within a
/// container, the connection that its work horse inherited keeps a dead one among the living.
pub(crate) fn has_process(alive: Alive, process: Option<LocalProcess>) -> bool {
    alive != Alive::No && process != Some(LocalProcess::OutOfSight)
}

/// The jobs of work horses without a worker, by process id, out of those that [`may_be_orphaned`].
/// A horse whose job is not certain has none.
pub(crate) fn jobs_of<'j>(
    table: &ProcTable,
    horses: &[&OwnProcess],
    jobs: &[&'j StoredJob],
) -> HashMap<u32, &'j StoredJob> {
    let began = |horse: &OwnProcess| {
        let start = ProcTable::started_exactly(&table.stat(horse.pid)?)?;
        Some(Horse {
            pid: horse.pid,
            worker: horse.worker.clone(),
            began_s: start.as_duration().as_secs_f64(),
        })
    };
    matched(&horses.iter().filter_map(|horse| began(horse)).collect::<Vec<_>>(), jobs)
}

/// A work horse without a worker.
struct Horse {
    pid: u32,
    worker: Option<String>,
    /// When it was forked, Unix seconds.
    began_s: f64,
}

impl Horse {
    /// Seconds between the fork of this horse and the start of a job; `None` for a job that cannot be
    /// its own.
    fn distance_s(&self, job: &Job) -> Option<f64> {
        if let (Some(worker), Some(named)) = (&self.worker, &job.worker_name)
            && worker != named
        {
            return None;
        }
        let later_s = job.started_at?.as_duration().as_secs_f64() - self.began_s;
        (-SLACK_S..LONGEST_FORK_S).contains(&later_s).then_some(later_s.abs())
    }
}

/// Pairs each horse with the job that began with it, where no other job and no other horse comes near.
fn matched<'j>(horses: &[Horse], jobs: &[&'j StoredJob]) -> HashMap<u32, &'j StoredJob> {
    let sure = horses.iter().filter_map(|horse| {
        let mut near: Vec<(f64, &'j StoredJob)> = jobs
            .iter()
            .filter_map(|stored| Some((horse.distance_s(&stored.job)?, *stored)))
            .collect();
        near.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        let (distance, stored) = *near.first()?;
        let is_far = |other: f64| other - distance >= MARGIN_S;
        let is_clear = near.iter().skip(1).all(|(other, _)| is_far(*other));
        let mut others = horses.iter().filter(|other| other.pid != horse.pid);
        let is_claimed = others.any(|o| o.distance_s(&stored.job).is_some_and(|d| !is_far(d)));
        (is_clear && !is_claimed).then_some((horse.pid, stored))
    });
    sure.collect()
}

/// Reads the jobs of these queues that may have lost their worker: two round trips for each queue,
/// and one or more for the jobs. What cannot be read is left out.
pub(super) fn read(
    context: &mut Context,
    queues: &[QueueName],
    is_elsewhere: impl Fn(&str) -> bool,
) -> Result<Vec<StoredJob>> {
    let store = context.store()?;
    let mut ids: Vec<JobId> = Vec::new();
    for queue in queues {
        let running = Place::Registry(Registry::Started, queue.clone());
        let running = store.entries(&running, 0, MOST_LOOKED_AT)?;
        let failed = store.newest_entries(Registry::Failed, queue, 0, MOST_LOOKED_AT)?;
        ids.extend(running.into_iter().chain(failed).flatten().map(|entry| entry.id));
    }
    ids.sort_unstable();
    ids.dedup();
    let jobs = store.jobs(&ids, Want { data: true, ..Want::default() })?;
    let found = jobs.into_iter().filter_map(Part::ok).flatten();
    Ok(found.filter(|stored| may_be_orphaned(&stored.job, &is_elsewhere)).collect())
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::*;

    fn job(id: &str, worker: Option<&str>, began_s: f64) -> StoredJob {
        let mut job = Job::bare(JobId::new(id.as_bytes()));
        job.status = Status::Started;
        job.worker_name = worker.map(str::to_owned);
        job.started_at = Some(Timestamp::UNIX_EPOCH + SignedDuration::from_secs_f64(began_s));
        StoredJob {
            job,
            data: None,
            meta: None,
            result: None,
            exc_info: None,
            results: Vec::new(),
            ttl_s: None,
        }
    }

    fn horse(pid: u32, worker: Option<&str>, began_s: f64) -> Horse {
        Horse { pid, worker: worker.map(str::to_owned), began_s }
    }

    fn pairs(horses: &[Horse], jobs: &[StoredJob]) -> Vec<(u32, String)> {
        let jobs: Vec<&StoredJob> = jobs.iter().collect();
        let found = matched(horses, &jobs);
        let mut pairs: Vec<_> = found
            .into_iter()
            .map(|(pid, stored)| (pid, stored.job.id.text().into_owned()))
            .collect();
        pairs.sort();
        pairs
    }

    #[test]
    fn horse_has_the_job_that_began_with_it_and_only_where_there_is_no_other() {
        let alone = pairs(&[horse(1, None, 100.0)], &[job("a", Some("w"), 100.1)]);
        assert_eq!(alone, [(1, "a".to_owned())]);
        assert_eq!(pairs(&[horse(1, None, 100.0)], &[job("a", None, 99.0)]), []);
        assert_eq!(pairs(&[horse(1, None, 100.0)], &[job("a", None, 111.0)]), []);
        let apart = [job("a", None, 100.1), job("b", None, 103.0)];
        assert_eq!(pairs(&[horse(1, None, 100.0)], &apart), [(1, "a".to_owned())]);
        let two = [job("a", None, 100.1), job("b", None, 101.0)];
        assert_eq!(pairs(&[horse(1, None, 100.0)], &two), []);
        assert_eq!(pairs(&[horse(1, None, 100.0), horse(2, None, 100.0)], &two[..1]), []);
    }

    #[test]
    fn name_of_the_worker_tells_two_that_began_together_apart() {
        let horses = [horse(1, Some("v"), 100.0), horse(2, Some("w"), 100.0)];
        let jobs = [job("a", Some("w"), 100.1), job("b", Some("v"), 100.1)];
        assert_eq!(pairs(&horses, &jobs), [(1, "b".to_owned()), (2, "a".to_owned())]);
        // A job of the same worker that it ran before, long ago.
        let jobs = [job("a", Some("w"), 100.1), job("old", Some("w"), 10.0)];
        assert_eq!(pairs(&horses[1..], &jobs), [(2, "a".to_owned())]);
    }
}
