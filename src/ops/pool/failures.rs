//! Which jobs of some queues failed while a pool ran.

use std::collections::HashSet;

use jiff::Timestamp;

use crate::backend::redis::read::{Place, Store, Want};
use crate::error::Result;
use crate::model::id::{JobId, QueueName};
use crate::model::job::Job;
use crate::model::queue::Registry;

/// Entries of one registry that are looked at, the newest ones.
const MOST: usize = 100_000;

/// Entries of a round trip.
const PAGE: usize = 1_000;

/// The failed jobs of queues at one time.
pub(super) struct Failed {
    at: Timestamp,
    ids: HashSet<JobId>,
}

impl Failed {
    /// Reads what has failed so far: a round trip for a thousand jobs.
    pub(super) fn read(store: &mut Store, queues: &[QueueName], at: Timestamp) -> Result<Self> {
        let ids = ids(store, queues)?.into_iter().collect();
        Ok(Self { at, ids })
    }

    /// What has failed since, where the workers counted `runs` that did.
    pub(super) fn since(
        &self,
        store: &mut Store,
        queues: &[QueueName],
        runs: u64,
    ) -> Result<Since> {
        let now = ids(store, queues)?;
        let (old, new): (Vec<JobId>, Vec<JobId>) =
            now.into_iter().partition(|id| self.ids.contains(id));
        let is_since = |job: &Job| job.end().is_some_and(|end| end >= self.at);
        let again = read(store, &old)?.into_iter().filter(&is_since).count();
        let failed = new.len() as u64 + again as u64;
        let waiting = of_registry(store, queues, Registry::Scheduled)?;
        let is_retry = |job: &Job| job.retries_left.is_some() && is_since(job);
        let to_retry = waiting.into_iter().filter(|job| is_retry(job)).count() as u64;
        let unexplained = runs.saturating_sub(failed + to_retry);
        if unexplained == 0 {
            return Ok(Since { failed, to_retry, ..Since::default() });
        }
        let mut ended = read(store, &new)?;
        ended.extend(of_registry(store, queues, Registry::Finished)?.into_iter().filter(is_since));
        let retried = ended.iter().filter(|job| job.retries_left.is_some()).count() as u64;
        Ok(Since { failed, to_retry, unexplained, retried })
    }
}

/// What failed while a pool ran.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Since {
    /// Jobs that failed, also those that had failed before and were run again.
    pub(super) failed: u64,
    /// Jobs that failed and wait for their retry.
    pub(super) to_retry: u64,
    /// Runs that failed besides, by the workers' own count.
    unexplained: u64,
    /// Jobs with retries that have ended, whose first runs those may be.
    retried: u64,
}

impl Since {
    /// Failed runs of which no job tells any more, beyond one for each ended job with retries: how
    /// often that was run is not recorded, and a gate must not pass wrongly.
    pub(super) fn without_record(&self) -> u64 {
        self.unexplained.saturating_sub(self.retried)
    }

    /// Failed runs that jobs with retries may have made good.
    pub(super) fn excused(&self) -> u64 {
        self.unexplained.min(self.retried)
    }

    /// Whether anything failed.
    pub(super) fn is_any(&self) -> bool {
        self.failed + self.to_retry + self.without_record() > 0
    }
}

/// The newest jobs of a registry of each queue, as far as they can be read.
fn of_registry(store: &mut Store, queues: &[QueueName], registry: Registry) -> Result<Vec<Job>> {
    let mut ids = Vec::new();
    for queue in queues {
        let place = Place::Registry(registry, queue.clone());
        let page = store.last_entries(&place, 0, PAGE)?.unwrap_or_default();
        ids.extend(page.into_iter().map(|entry| entry.id));
    }
    read(store, &ids)
}

fn read(store: &mut Store, ids: &[JobId]) -> Result<Vec<Job>> {
    let jobs = store.jobs(ids, Want::default())?.into_iter().flatten().flatten();
    Ok(jobs.map(|stored| stored.job).collect())
}

fn ids(store: &mut Store, queues: &[QueueName]) -> Result<Vec<JobId>> {
    let mut ids = Vec::new();
    for queue in queues {
        let place = Place::Registry(Registry::Failed, queue.clone());
        for skipped in (0..MOST).step_by(PAGE) {
            let page = store.last_entries(&place, skipped, PAGE)?;
            let page = page.map_err(|lack| {
                anyhow::Error::from(crate::error::Failure::new(
                    crate::error::Kind::Refused,
                    format!("cannot tell which jobs of `{queue}` failed: {lack}"),
                ))
            })?;
            let ended = page.len() < PAGE;
            ids.extend(page.into_iter().map(|entry| entry.id));
            if ended {
                break;
            }
        }
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_that_failed_without_a_record_counts_unless_a_retry_may_have_made_it_good() {
        let lost = Since { unexplained: 1, ..Since::default() };
        assert!((lost.is_any(), lost.without_record()) == (true, 1));
        let retried = Since { retried: 1, ..lost };
        assert!((retried.is_any(), retried.excused()) == (false, 1));
        let more = Since { unexplained: 3, ..retried };
        assert!((more.is_any(), more.without_record(), more.excused()) == (true, 2, 1));
        assert!(Since { to_retry: 1, ..Since::default() }.is_any());
        assert!(!Since::default().is_any());
    }
}
