//! Which jobs of some queues failed while a pool ran.

use std::collections::HashSet;

use jiff::Timestamp;

use crate::backend::redis::read::{Place, Store, Want};
use crate::error::Result;
use crate::model::id::{JobId, QueueName};
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

    /// How many have failed since, also those that had failed before and were run again.
    pub(super) fn since(&self, store: &mut Store, queues: &[QueueName]) -> Result<u64> {
        let now = ids(store, queues)?;
        let (old, new): (Vec<JobId>, Vec<JobId>) =
            now.into_iter().partition(|id| self.ids.contains(id));
        let again = store.jobs(&old, Want::default())?.into_iter().flatten().flatten();
        let again = again.filter(|stored| stored.job.end().is_some_and(|end| end >= self.at));
        Ok(new.len() as u64 + again.count() as u64)
    }
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
