//! Deletes, cancels and releases jobs: the part that `delete`, `cancel` and their dependents share.

use std::collections::HashSet;

use super::apply::{Change, Item};
use crate::backend::redis::images::Standing;
use crate::backend::redis::keys::Keys;
use crate::backend::redis::read::Store;
use crate::backend::redis::scripts::{Called, Code};
use crate::backend::redis::write::{Hold, Marked};
use crate::error::Result;
use crate::journal::{After, Membership, OpId};
use crate::model::id::{JobId, QueueName};
use crate::model::plan::{ListSpot, PlannedJob};
use crate::model::queue::Registry;
use crate::model::selection::State;
use crate::sys::clock;

/// What is done to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Delete,
    Cancel,
    Release,
}

/// A job and what is done to it.
#[derive(Debug)]
pub(super) struct Disposal {
    pub(super) job: PlannedJob,
    pub(super) action: Action,
    /// The job that it waits for; it is touched only if that one was.
    pub(super) parent: Option<JobId>,
    /// How many parents are above it: those of one level make batches of their own.
    pub(super) level: usize,
}

/// Carries disposals out.
pub(super) struct Disposing {
    keys: Keys,
    /// Jobs that went, as far as others wait for them.
    gone: HashSet<JobId>,
    /// Whether somebody waits for the jobs at all.
    has_children: bool,
}

impl Disposing {
    pub(super) fn new(keys: Keys, has_children: bool) -> Self {
        Self { keys, gone: HashSet::new(), has_children }
    }

    /// Where a job is taken from; `None` where it must stand in a place that does not hold it.
    fn hold(&self, job: &PlannedJob, standing: &Standing) -> Option<Hold> {
        let status = standing.field(b"status").unwrap_or_default();
        let Some(state) = job.state else {
            // One that was queued since stands in a list, where a worker would find it without hash.
            if !matches!(status, b"created" | b"rate_limited" | b"ready_to_enqueue") {
                return None;
            }
            let limit =
                standing.field(b"rate_limit_key").map(|limit| self.keys.rate_limited(limit));
            let held = limit.into_iter().chain([self.keys.ready(&job.queue)]);
            let held = held.into_iter().find(|key| standing.is_in(key));
            return Some(held.map_or(Hold::Nothing, |key| Hold::Zset(key.into_bytes())));
        };
        let Some(registry) = state.registry() else {
            let from_tail = job.spot.as_ref().is_some_and(ListSpot::is_nearer_to_tail);
            return Some(Hold::List { queue: job.queue.clone(), from_tail });
        };
        let key = self.keys.registry(registry, &job.queue);
        if standing.is_in(&key) {
            return Some(Hold::Zset(key.into_bytes()));
        }
        // An ended job waits for nobody: its entry may be gone before its hash. One that was queued
        // since has an entry elsewhere.
        let ended =
            matches!(state, State::Finished | State::Failed | State::Stopped | State::Canceled);
        (ended && status == state.word().as_bytes()).then_some(Hold::Nothing)
    }
}

impl Change for Disposing {
    type Job = Disposal;

    fn id<'j>(&self, job: &'j Disposal) -> &'j JobId {
        &job.job.id
    }

    fn queues(&self, job: &Disposal) -> Vec<QueueName> {
        vec![job.job.queue.clone()]
    }

    fn refuses(&self, job: &Disposal, standing: &Standing) -> Option<String> {
        if job.parent.as_ref().is_some_and(|parent| !self.gone.contains(parent)) {
            return Some("the job that it waits for stays".to_owned());
        }
        match self.hold(&job.job, standing) {
            None => Some(Code::Taken.reason().to_owned()),
            Some(Hold::Nothing) if job.action == Action::Cancel => {
                Some("nothing holds it that it could be taken from".to_owned())
            }
            Some(_) => None,
        }
    }

    fn also_in(&self, job: &Disposal) -> Vec<Membership> {
        // What held it has gone with the parent, before this job was looked at.
        let parent = job.parent.as_ref().filter(|_| job.action == Action::Release);
        let waits_for = |parent: &JobId| Membership::Set {
            key: self.keys.dependents(parent.as_bytes()).into_bytes(),
            member: job.job.id.as_bytes().to_vec(),
        };
        parent.map(waits_for).into_iter().collect()
    }

    fn after(&self, job: &Disposal, _standing: &Standing) -> (After, Option<Membership>) {
        let queue = job.job.queue.clone();
        let list = job.job.spot.as_ref().map(|spot| Membership::List {
            key: self.keys.queue(&queue).into_bytes(),
            index: spot.index,
            length: spot.length,
            before: spot.before.as_ref().map(|id| id.as_bytes().to_vec()),
        });
        let after = match job.action {
            Action::Delete => After::Gone,
            Action::Cancel => After::InRegistry { registry: Registry::Canceled, queue },
            Action::Release => After::InList { queue },
        };
        (after, list)
    }

    fn act(
        &mut self,
        store: &mut Store,
        op: &OpId,
        items: &[Item<'_, Disposal>],
    ) -> Result<Vec<Called>> {
        let now = clock::now();
        let holds: Vec<Hold> = items
            .iter()
            .map(|item| self.hold(&item.job.job, item.standing).unwrap_or(Hold::Nothing))
            .collect();
        let marked = |action: Action| -> (Vec<usize>, Vec<Marked<'_>>) {
            let of_action = items.iter().zip(&holds).enumerate();
            let of_action = of_action.filter(|(_, (item, _))| item.job.action == action);
            of_action
                .map(|(at, (item, hold))| {
                    let job = &item.job.job;
                    let (number, standing) = (item.number, item.standing);
                    (at, Marked { number, id: &job.id, queue: &job.queue, hold, standing })
                })
                .unzip()
        };
        let mut called: Vec<Called> = items.iter().map(|_| Ok(Code::Taken)).collect();
        let mut put = |places: Vec<usize>, results: Vec<Called>| {
            for (at, result) in places.into_iter().zip(results) {
                if let Some(slot) = called.get_mut(at) {
                    *slot = result;
                }
            }
        };
        let (places, jobs) = marked(Action::Delete);
        put(places, store.delete_jobs(op, &jobs)?);
        let (places, jobs) = marked(Action::Cancel);
        put(places, store.cancel_jobs(op, &jobs, now.as_second())?);
        let (places, jobs) = marked(Action::Release);
        let jobs: Vec<(Marked<'_>, &JobId)> = places
            .iter()
            .zip(jobs)
            .filter_map(|(at, job)| Some((job, items.get(*at)?.job.parent.as_ref()?)))
            .collect();
        let date = now.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string();
        put(places, store.release_jobs(op, &jobs, &date)?);
        Ok(called)
    }

    fn changed(&mut self, job: &Disposal) {
        if self.has_children {
            self.gone.insert(job.job.id.clone());
        }
    }
}
