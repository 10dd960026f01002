//! Puts jobs back, and removes those that the operation had made.

use std::sync::LazyLock;

use super::choice;
use super::places::Places;
use crate::backend::redis::images::Standing;
use crate::backend::redis::keys::{Key, Keys};
use crate::backend::redis::list_removal::{Deed, Taking};
use crate::backend::redis::read::Store;
use crate::backend::redis::restore::Restore;
use crate::backend::redis::scripts::{Called, Code};
use crate::backend::redis::write::{Hold, Marked};
use crate::error::Result;
use crate::journal::{After, JobImage, KeyValue, Membership, OpId};
use crate::model::id::{JobId, QueueName};
use crate::model::part::Part;
use crate::model::plan::{ListSpot, Tally};
use crate::ops::change::apply::{Change, Item, standings_of};
use crate::ops::change::walk::Walk;
use crate::sys::clock;

/// What is deleted needs no queue.
static NOWHERE: LazyLock<QueueName> = LazyLock::new(|| QueueName::new(""));

/// A job that is put back, or removed where the operation had made it.
#[derive(Debug)]
pub(super) struct UndoneJob {
    /// The number of its image in the journal of the operation.
    pub(super) number: u64,
    pub(super) id: JobId,
    pub(super) image: JobImage,
    pub(super) taken_at_ms: i64,
    /// Where it stands in a list now.
    pub(super) spot: Option<ListSpot>,
}

/// Carries an undo out.
pub(super) struct Undoing<'w> {
    keys: Keys,
    walk: &'w Walk,
    places: Places,
    /// What was done to the jobs that were changed.
    pub(super) done: Tally,
}

impl<'w> Undoing<'w> {
    pub(super) fn new(keys: Keys, walk: &'w Walk, places: Places) -> Self {
        Self { keys, walk, places, done: Tally::default() }
    }

    /// Where putting the job back leaves it.
    fn restored(&self, image: &JobImage) -> After {
        if let After::Key { key, .. } = &image.after {
            let value = image.keys.iter().find_map(|image| match &image.value {
                KeyValue::String(text) if image.key == *key => Some(text.clone()),
                _ => None,
            });
            return After::Key { key: key.clone(), value };
        }
        let list = list_of(image).and_then(|key| self.keys.queue_of_list(key));
        if let Some(queue) = list {
            return After::InList { queue: QueueName::new(queue) };
        }
        let registry = image.memberships.iter().find_map(|membership| match membership {
            Membership::Zset { key, .. } => self.keys.registry_of(key),
            _ => None,
        });
        registry.map_or(After::Unlisted, |(registry, queue)| After::InRegistry { registry, queue })
    }

    /// Takes jobs from the list in which the operation left them, and puts them back or drops them.
    fn take(
        &self,
        store: &mut Store,
        op: &OpId,
        items: &[&Item<'_, UndoneJob>],
        existed: bool,
    ) -> Result<Vec<Called>> {
        let deed = if existed { Deed::Restore } else { Deed::Delete };
        let taking = |item: &&Item<'_, UndoneJob>| match deed {
            Deed::Restore => Taking::back(&self.keys, &restore(item)),
            _ => Taking::of(&self.keys, &deed, &marked(item, &Hold::Nothing)),
        };
        let jobs: Vec<Taking> = items.iter().map(taking).collect();
        self.walk.take(store, op, &deed, &jobs)
    }

    /// Removes jobs that the operation had made or put back, and left in no list.
    fn remove(
        &self,
        store: &mut Store,
        op: &OpId,
        items: &[&Item<'_, UndoneJob>],
    ) -> Result<Vec<Called>> {
        let holds: Vec<Hold> = items
            .iter()
            .map(|item| match &item.job.image.after {
                After::InRegistry { registry, queue } => {
                    Hold::Zset(self.keys.registry(*registry, queue).into_bytes())
                }
                After::Gone | After::Unlisted | After::Key { .. } | After::InList { .. } => {
                    Hold::Nothing
                }
            })
            .collect();
        let jobs: Vec<Marked<'_>> =
            items.iter().zip(&holds).map(|(item, hold)| marked(item, hold)).collect();
        store.delete_jobs(op, &jobs)
    }
}

/// The list that a job goes back into.
pub(super) fn list_of(image: &JobImage) -> Option<&[u8]> {
    image.memberships.iter().find_map(|membership| match membership {
        Membership::List { key, .. } => Some(key.as_slice()),
        _ => None,
    })
}

fn restore<'i>(item: &'i Item<'_, UndoneJob>) -> Restore<'i> {
    let now_ms = clock::now().as_millisecond();
    #[expect(clippy::cast_precision_loss, reason = "an age, not a key")]
    let elapsed_s = (now_ms - item.job.taken_at_ms) as f64 / 1000.0;
    Restore { number: item.number, image: &item.job.image, elapsed_s }
}

fn marked<'i>(item: &'i Item<'_, UndoneJob>, hold: &'i Hold) -> Marked<'i> {
    let (number, standing) = (item.number, item.standing);
    Marked { number, id: &item.job.id, queue: &NOWHERE, hold, standing }
}

impl Change for Undoing<'_> {
    type Job = UndoneJob;

    fn id<'j>(&self, job: &'j UndoneJob) -> &'j JobId {
        &job.id
    }

    fn queues(&self, job: &UndoneJob) -> Vec<QueueName> {
        match &job.image.after {
            After::InRegistry { queue, .. } => vec![queue.clone()],
            // A waiting job stands in its list alone.
            After::InList { .. } | After::Gone | After::Unlisted | After::Key { .. } => Vec::new(),
        }
    }

    fn standings(&self, store: &mut Store, jobs: &[UndoneJob]) -> Result<Vec<Part<Standing>>> {
        let mut standings = standings_of(store, self, jobs)?;
        for (job, standing) in jobs.iter().zip(&mut standings) {
            let After::Key { key, value: Some(_) } = &job.image.after else { continue };
            let read = store.text_key(&Key::of(key.clone()))?;
            *standing = read.map(|image| Standing {
                keys: image.into_iter().collect(),
                memberships: Vec::new(),
            });
        }
        Ok(standings)
    }

    fn refuses(&self, job: &UndoneJob, standing: &Standing) -> Option<String> {
        let gone = job.image.after == After::Gone;
        (gone && standing.has_hash()).then(|| Code::Lives.reason().to_owned())
    }

    fn after(&self, job: &UndoneJob, _standing: &Standing) -> (After, Option<Membership>) {
        let after = if job.image.is_put_back() { self.restored(&job.image) } else { After::Gone };
        let list = match (&job.image.after, &job.spot) {
            (After::InList { queue }, Some(spot)) => Some(Membership::List {
                key: self.keys.queue(queue).into_bytes(),
                order: spot.order,
                follows: spot.follows.as_ref().map(|id| id.as_bytes().to_vec()),
            }),
            _ => None,
        };
        (after, list)
    }

    fn act(
        &mut self,
        store: &mut Store,
        op: &OpId,
        items: &[Item<'_, UndoneJob>],
    ) -> Result<Vec<Called>> {
        let in_list = items.first().is_some_and(|item| item.job.spot.is_some());
        let mut called: Vec<Called> = items.iter().map(|_| Ok(Code::Taken)).collect();
        for existed in [true, false] {
            let (at, group): (Vec<usize>, Vec<&Item<'_, UndoneJob>>) = items
                .iter()
                .enumerate()
                .filter(|(_, item)| item.job.image.is_put_back() == existed)
                .unzip();
            let results = match (in_list, existed) {
                (true, _) => self.take(store, op, &group, existed)?,
                (false, true) => {
                    let jobs: Vec<Restore<'_>> = group.iter().map(|item| restore(item)).collect();
                    store.restore(op, &jobs)?
                }
                (false, false) => self.remove(store, op, &group)?,
            };
            for (at, result) in at.into_iter().zip(results) {
                if let Some(slot) = called.get_mut(at) {
                    *slot = result;
                }
            }
        }
        Ok(called)
    }

    fn changed(&mut self, job: &UndoneJob) {
        self.done.add(choice::done(&job.image));
        self.places.note(job.number);
    }

    fn finish(&mut self, store: &mut Store, op: &OpId) -> Result<Vec<String>> {
        self.places.give(store, op)
    }
}
