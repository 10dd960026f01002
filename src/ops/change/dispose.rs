//! Deletes, cancels and releases jobs: the part that `purge-jobs`, `jobs delete`, `jobs cancel` and
//! their dependents share.

use std::collections::{HashMap, VecDeque};

use super::apply::{Change, Item, Next, Source, batch_size};
use super::approve::left_undone;
use super::choose::{Rule, choose};
use super::dependents::{self, Dependents};
use super::walk::Walk;
use super::{Go, How, apply, approve};
use crate::backend::redis::images::Standing;
use crate::backend::redis::keys::Keys;
use crate::backend::redis::list_removal::{Course, Deed, Taking};
use crate::backend::redis::read::Store;
use crate::backend::redis::scripts::{Called, Code};
use crate::backend::redis::write::{Hold, Marked};
use crate::context::Context;
use crate::error::Result;
use crate::journal::{After, Membership, OpId};
use crate::model::id::{JobId, QueueName};
use crate::model::plan::{LeftAlone, Plan, PlannedJob, Tally, Verb};
use crate::model::queue::Registry;
use crate::model::selection::{Selection, State};
use crate::report::change::ChangeReport;
use crate::sys::clock;

/// What is done to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Delete,
    Cancel,
    Release,
}

impl Action {
    /// What was done to a job that waited for a chosen one.
    pub(super) const fn done(self) -> &'static str {
        match self {
            Self::Delete => "deleted",
            Self::Cancel => "canceled",
            Self::Release => "queued",
        }
    }
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

/// Deletes or cancels the jobs of a selection that `rule` takes; `plan` says which.
pub(super) fn dispose(
    context: &mut Context,
    plan: Plan,
    mut selection: Selection,
    rule: &Rule<'_>,
    dependents: Dependents,
    how: &How,
) -> Result<ChangeReport> {
    let action = if plan.kind == Verb::Cancel { Action::Cancel } else { Action::Delete };
    let mut chosen = choose(context, plan, &mut selection, rule, how)?;
    let children = dependents::extend(context, &mut chosen, dependents)?;
    if chosen.plan.kind == Verb::Purge {
        let warning = super::purge::scheduler_warning(context, &chosen)?;
        chosen.plan.warnings.extend(warning);
    }
    let plan = chosen.plan;
    if approve(context, &plan, how)? == Go::No {
        return Ok(left_undone(plan, how));
    }
    let walk = Walk::new(chosen.targets, Course::BothEnds, batch_size(&plan));
    let mut disposing =
        Disposing::new(context.store()?.keys().clone(), &walk, &children, plan.kind);
    let mut batches = Batches { walk: &walk, action, children: by_level(children).into() };
    let mut report = apply(context, plan, how, None, &mut disposing, &mut batches)?;
    report.divide(disposing.done);
    Ok(report)
}

/// Batches of one level: it must be known what became of a job before those that wait for it are
/// touched.
fn by_level(jobs: Vec<Disposal>) -> Vec<Vec<Disposal>> {
    let mut batches: Vec<Vec<Disposal>> = Vec::new();
    for job in jobs {
        let last = batches.last_mut().filter(|batch| {
            batch.len() < super::BATCH
                && batch.first().is_some_and(|first| first.level == job.level)
        });
        match last {
            Some(batch) => batch.push(job),
            None => batches.push(vec![job]),
        }
    }
    batches
}

/// The chosen jobs, then those that wait for them.
struct Batches<'w> {
    walk: &'w Walk,
    action: Action,
    children: VecDeque<Vec<Disposal>>,
}

impl Source<Disposal> for Batches<'_> {
    fn next(&mut self, store: &mut Store, open: bool) -> Result<Next<Disposal>> {
        let action = self.action;
        let disposal = |job| Disposal { job, action, parent: None, level: 0 };
        Ok(match self.walk.next(store, open)? {
            Next::End if open => Next::Later,
            Next::End => self.children.pop_front().map_or(Next::End, Next::Batch),
            next => next.map(disposal),
        })
    }

    fn unmet(&mut self) -> LeftAlone {
        self.walk.unmet()
    }
}

/// Carries disposals out.
struct Disposing<'w> {
    keys: Keys,
    walk: &'w Walk,
    /// Jobs that others wait for, and whether they went.
    parents: HashMap<JobId, bool>,
    verb: Verb,
    /// What was done to the jobs that were changed.
    done: Tally,
}

impl<'w> Disposing<'w> {
    fn new(keys: Keys, walk: &'w Walk, children: &[Disposal], verb: Verb) -> Self {
        let parents = children.iter().filter_map(|child| Some((child.parent.clone()?, false)));
        Self { keys, walk, parents: parents.collect(), verb, done: Tally::default() }
    }

    /// Where a job of no list is taken from; `None` where it must stand in a place that does not
    /// hold it.
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
        let held = state.registry().map(|registry| self.keys.registry(registry, &job.queue));
        if let Some(key) = held.filter(|key| standing.is_in(key)) {
            return Some(Hold::Zset(key.into_bytes()));
        }
        // An ended job waits for nobody: its entry may be gone before its hash. One that was queued
        // since has an entry elsewhere.
        let ended =
            matches!(state, State::Finished | State::Failed | State::Stopped | State::Canceled);
        (ended && status == state.word().as_bytes()).then_some(Hold::Nothing)
    }

    /// Takes jobs that wait in a list.
    fn take(
        &self,
        store: &mut Store,
        op: &OpId,
        items: &[Item<'_, Disposal>],
    ) -> Result<Vec<Called>> {
        let Some(first) = items.first() else { return Ok(Vec::new()) };
        let deed = match first.job.action {
            Action::Delete => Deed::Delete,
            Action::Cancel | Action::Release => {
                Deed::Cancel { queue: first.job.job.queue.clone(), now_s: clock::now().as_second() }
            }
        };
        let taking = |item: &Item<'_, Disposal>| {
            let (job, hold) = (&item.job.job, &Hold::Nothing);
            let (number, standing) = (item.number, item.standing);
            let marked = Marked { number, id: &job.id, queue: &job.queue, hold, standing };
            Taking::of(&self.keys, &deed, &marked)
        };
        let jobs: Vec<Taking> = items.iter().map(taking).collect();
        self.walk.take(store, op, &deed, &jobs)
    }
}

impl Change for Disposing<'_> {
    type Job = Disposal;

    fn id<'j>(&self, job: &'j Disposal) -> &'j JobId {
        &job.job.id
    }

    fn queues(&self, job: &Disposal) -> Vec<QueueName> {
        // A waiting job stands in its list alone.
        if job.job.spot.is_some() { Vec::new() } else { vec![job.job.queue.clone()] }
    }

    fn refuses(&self, job: &Disposal, standing: &Standing) -> Option<String> {
        if job.parent.as_ref().is_some_and(|parent| self.parents.get(parent) != Some(&true)) {
            return Some("the job that it waits for stays".to_owned());
        }
        if job.job.spot.is_some() {
            let cancels_nothing = job.action == Action::Cancel && !standing.has_hash();
            return match standing.field(b"status") {
                Some(b"started") => Some(Code::Running.reason().to_owned()),
                _ => cancels_nothing.then(|| Code::NoHash.reason().to_owned()),
            };
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
            order: spot.order,
            follows: spot.follows.as_ref().map(|id| id.as_bytes().to_vec()),
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
        if items.first().is_some_and(|item| item.job.job.spot.is_some()) {
            return self.take(store, op, items);
        }
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
        let chosen = job.parent.is_none();
        self.done.add(if chosen { self.verb.done() } else { job.action.done() });
        if let Some(went) = self.parents.get_mut(&job.job.id) {
            *went = true;
        }
    }
}
