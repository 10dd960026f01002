//! Takes the planned jobs out, batch by batch, within the loop that all mutations share.

use std::cell::RefCell;
use std::collections::VecDeque;

use super::super::BATCH;
use super::super::apply::{Change, Item, Source};
use super::plan::Target;
use crate::backend::redis::images::Standing;
use crate::backend::redis::keys::{Key, Keys};
use crate::backend::redis::list_removal::{Attached, Candidate, ListSweep, Taken};
use crate::backend::redis::read::{Place, Store};
use crate::backend::redis::scripts::{Called, Code};
use crate::error::Result;
use crate::journal::{After, Membership, OpId};
use crate::model::id::{JobId, QueueName};
use crate::model::id_set::{Claim, IdSet};
use crate::model::queue::Registry;

/// A job that is about to go.
pub(super) struct PurgeJob {
    queue: QueueName,
    /// Where it stands.
    spot: Spot,
}

enum Spot {
    List(Candidate),
    Registry(JobId),
}

impl PurgeJob {
    fn id(&self) -> &JobId {
        match &self.spot {
            Spot::List(candidate) => &candidate.id,
            Spot::Registry(id) => id,
        }
    }
}

/// What is still to be done.
pub(super) struct Removing {
    targets: VecDeque<Target>,
    current: Option<Current>,
}

enum Current {
    List { queue: QueueName, ids: Option<IdSet>, sweep: Option<Box<ListSweep>> },
    Registry { registry: Registry, queue: QueueName, ids: IdSet, kept: usize },
}

impl Removing {
    pub(super) fn new(targets: Vec<Target>) -> Self {
        Self { targets: targets.into(), current: None }
    }
}

/// The batches of a removal.
pub(super) struct Batches<'r> {
    removing: &'r RefCell<Removing>,
}

impl<'r> Batches<'r> {
    pub(super) fn new(removing: &'r RefCell<Removing>) -> Self {
        Self { removing }
    }
}

impl Source<PurgeJob> for Batches<'_> {
    fn next(&mut self, store: &mut Store) -> Option<Result<Vec<PurgeJob>>> {
        let mut removing = self.removing.borrow_mut();
        loop {
            let batch = match &mut removing.current {
                None => Ok(Vec::new()),
                Some(current) => current.next_batch(store),
            };
            if batch.as_ref().is_ok_and(Vec::is_empty) {
                let target = removing.targets.pop_front()?;
                removing.current = Some(Current::of(target));
                continue;
            }
            return Some(batch);
        }
    }
}

impl Current {
    fn of(target: Target) -> Self {
        let Target { place, ids } = target;
        match place {
            Place::Registry(registry, queue) => Self::Registry { registry, queue, ids, kept: 0 },
            Place::Queue(queue) | Place::Intermediate(queue) => {
                Self::List { queue, ids: Some(ids), sweep: None }
            }
        }
    }

    fn next_batch(&mut self, store: &mut Store) -> Result<Vec<PurgeJob>> {
        match self {
            Self::List { queue, ids, sweep } => {
                let list = store.keys().queue(queue);
                let sweep = sweep.get_or_insert_with(|| {
                    Box::new(ListSweep::new(list, ids.take().unwrap_or_default()))
                });
                let batch = sweep.next_batch(store)?.unwrap_or_default();
                let job =
                    |candidate| PurgeJob { queue: queue.clone(), spot: Spot::List(candidate) };
                Ok(batch.into_iter().map(job).collect())
            }
            Self::Registry { registry, queue, ids, kept } => {
                let place = Place::Registry(*registry, queue.clone());
                let mut batch = Vec::new();
                while batch.is_empty() {
                    let Ok(entries) = store.entries(&place, *kept, BATCH)? else { break };
                    if entries.is_empty() {
                        break;
                    }
                    let count = entries.len();
                    batch.extend(
                        entries.into_iter().filter(|e| ids.claim(e.id.as_bytes()) == Claim::Fresh),
                    );
                    *kept += count - batch.len();
                }
                let job = |id| PurgeJob { queue: queue.clone(), spot: Spot::Registry(id) };
                Ok(batch.into_iter().map(|entry| job(entry.id)).collect())
            }
        }
    }
}

/// Takes purged jobs out.
pub(super) struct Purging<'r> {
    keys: Keys,
    removing: &'r RefCell<Removing>,
}

impl<'r> Purging<'r> {
    pub(super) fn new(keys: Keys, removing: &'r RefCell<Removing>) -> Self {
        Self { keys, removing }
    }

    /// What goes with a job: of its keys those that it has, and those that may come into being
    /// while it waits.
    fn attached(&self, item: &Item<'_, PurgeJob>) -> Attached {
        let id = item.job.id().as_bytes();
        let mut attached = Attached {
            unlink: vec![self.keys.job(id), self.keys.dependents(id)],
            receipt: item.number.to_string().into_bytes(),
            fingerprint: item.standing.fingerprint(),
            ..Attached::default()
        };
        let own = item.standing.keys.iter().map(|image| Key::of(image.key.clone()));
        let own: Vec<Key> = own.filter(|key| !attached.unlink.contains(key)).collect();
        attached.unlink.extend(own);
        if matches!(item.job.spot, Spot::Registry(_)) {
            attached.unlink.push(self.keys.executions(id));
        }
        for membership in &item.standing.memberships {
            match membership {
                // The set of groups holds names of groups, which others are in.
                Membership::Set { key, member } if member == id => {
                    attached.sets.push(Key::of(key.clone()));
                }
                Membership::Zset { key, .. } => attached.sorted_sets.push(Key::of(key.clone())),
                Membership::Set { .. } | Membership::List { .. } | Membership::Row { .. } => {}
            }
        }
        attached
    }
}

impl Change for Purging<'_> {
    type Job = PurgeJob;

    fn id<'j>(&self, job: &'j PurgeJob) -> &'j JobId {
        job.id()
    }

    fn queues(&self, job: &PurgeJob) -> Vec<QueueName> {
        match job.spot {
            // A waiting job stands in its list alone.
            Spot::List(_) => Vec::new(),
            Spot::Registry(_) => vec![job.queue.clone()],
        }
    }

    fn refuses(&self, _job: &PurgeJob, standing: &Standing) -> Option<String> {
        (standing.field(b"status") == Some(b"started")).then(|| Code::Running.reason().to_owned())
    }

    fn after(&self, job: &PurgeJob, _standing: &Standing) -> (After, Option<Membership>) {
        let list = match &job.spot {
            Spot::Registry(_) => None,
            Spot::List(candidate) => Some(Membership::Row {
                key: self.keys.queue(&job.queue).into_bytes(),
                order: u64::try_from(candidate.order).unwrap_or(0),
                follows: candidate.follows.as_ref().map(|id| id.as_bytes().to_vec()),
            }),
        };
        (After::Gone, list)
    }

    fn act(
        &mut self,
        store: &mut Store,
        op: &OpId,
        items: &[Item<'_, PurgeJob>],
    ) -> Result<Vec<Called>> {
        let receipts = self.keys.receipt(op.as_str());
        let attached = items.iter().map(|item| self.attached(item));
        let mut removing = self.removing.borrow_mut();
        let taken = match &mut removing.current {
            Some(Current::List { sweep: Some(sweep), .. }) => {
                let batch: Vec<Candidate> = items
                    .iter()
                    .filter_map(|item| match &item.job.spot {
                        Spot::List(candidate) => Some(candidate.clone()),
                        Spot::Registry(_) => None,
                    })
                    .collect();
                let attached: Vec<Option<Attached>> = attached.map(Some).collect();
                sweep.take(store, &receipts, &batch, &attached)?
            }
            Some(Current::Registry { registry, queue, kept, .. }) => {
                let jobs: Vec<(&JobId, Option<Attached>)> =
                    items.iter().map(|item| item.job.id()).zip(attached.map(Some)).collect();
                let taken = store.remove_from_registry(*registry, queue, &receipts, &jobs)?;
                *kept += taken.iter().filter(|taken| **taken == Taken::Changed).count();
                taken
            }
            _ => Vec::new(),
        };
        Ok(taken.into_iter().map(|taken| Ok(code_of(taken))).collect())
    }
}

const fn code_of(taken: Taken) -> Code {
    match taken {
        Taken::Removed => Code::Done,
        Taken::NotThere => Code::Taken,
        Taken::Changed | Taken::Left => Code::Changed,
    }
}
