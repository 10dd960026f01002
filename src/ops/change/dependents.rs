//! Jobs that wait for one that goes: left, canceled with it, or let go.
//!
//! What waits stands in a deferred registry and names its parents, so only those registries are
//! read, and no job that goes is asked who waits for it. Source: `rq/job.py`
//! `Job.register_dependency`, 1.14 to 3.0.

use std::collections::HashMap;

use clap::ValueEnum;

use super::choose::{Chosen, Targets};
use super::dispose::{Action, Disposal};
use crate::backend::redis::read::{ID_PAGE, Place, Store, Want};
use crate::context::Context;
use crate::error::Result;
use crate::human;
use crate::model::id::{JobId, QueueName};
use crate::model::job::Status;
use crate::model::plan::PlannedJob;
use crate::model::queue::Registry;
use crate::model::selection::State;
use crate::ops::scope;

/// What becomes of jobs that wait for one that goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Dependents {
    /// They go on waiting, for ever
    #[default]
    Leave,
    /// They are canceled, and those that wait for them
    Cancel,
    /// They are queued, if they wait for nothing else
    Release,
}

impl Dependents {
    fn action(self) -> Option<Action> {
        match self {
            Self::Leave => None,
            Self::Cancel => Some(Action::Cancel),
            Self::Release => Some(Action::Release),
        }
    }

    fn sentence(self, jobs: &str) -> String {
        match self {
            Self::Leave => format!(
                "{jobs} wait for these and will wait for ever; --dependents cancel or release says otherwise"
            ),
            Self::Cancel => format!("{jobs} that wait for these are canceled as well"),
            Self::Release => {
                format!("{jobs} that wait for these are queued, if they wait for nothing else")
            }
        }
    }
}

/// Counts in the plan who waits for the chosen jobs, and gives those that are to be changed with
/// them, each behind its parent.
///
/// Cost: a walk through all keys for the registries of queues that RQ has not registered, and a
/// reading of all deferred jobs. Memory: those that are to be changed; with
/// [`Dependents::Cancel`] all deferred ones.
pub(super) fn extend(
    context: &mut Context,
    chosen: &mut Chosen,
    dependents: Dependents,
) -> Result<Vec<Disposal>> {
    let mut waiting = Waiting::default();
    let plan = &mut chosen.plan;
    if plan.count == 0 {
        return Ok(Vec::new());
    }
    let (queues, lack) = scope::all_queues_and_deferred(context)?;
    plan.warnings.extend(lack.map(|lack| {
        format!("jobs that wait for these in queues that Redis does not list were not looked for: {lack}")
    }));
    for queue in queues {
        waiting.read(context.store()?, &queue, &chosen.targets, dependents)?;
    }
    let plan = &mut chosen.plan;
    plan.dependents = waiting.count;
    let children = waiting.children(dependents.action());
    if plan.count > 0 {
        plan.by_action.add_many(plan.kind.done(), plan.count);
    }
    for child in &children {
        plan.by_action.add(child.action.done());
    }
    plan.count += children.len() as u64;
    if plan.dependents > 0 {
        let jobs = human::counted(plan.dependents.max(children.len() as u64), "job");
        plan.warnings.push(dependents.sentence(&jobs));
    }
    Ok(children)
}

/// Deferred jobs.
#[derive(Default)]
struct Waiting {
    /// How many wait for a chosen one.
    count: u64,
    /// These, each with such a parent.
    direct: Vec<(JobId, PlannedJob)>,
    /// All others, by who they wait for.
    others: HashMap<JobId, Vec<PlannedJob>>,
}

impl Waiting {
    /// Reads the deferred jobs of one queue, as far as `dependents` makes it necessary.
    fn read(
        &mut self,
        store: &mut Store,
        queue: &QueueName,
        targets: &Targets,
        dependents: Dependents,
    ) -> Result<()> {
        let place = Place::Registry(Registry::Deferred, queue.clone());
        let mut start = 0;
        // A registry that may not be read is one in which nobody is known to wait.
        while let Ok(entries) = store.entries(&place, start, ID_PAGE)? {
            let ids: Vec<JobId> = entries.into_iter().map(|entry| entry.id).collect();
            for stored in store.jobs(&ids, Want::default())?.into_iter().flatten().flatten() {
                let mut job = stored.job;
                let parents = std::mem::take(&mut job.dependency_ids);
                if job.status != Status::Deferred || targets.hold(&job.id) {
                    continue;
                }
                let (queue, state) = (queue.clone(), Some(State::Deferred));
                let child = PlannedJob { id: job.id, queue, state, spot: None };
                let goes = parents.iter().find(|parent| targets.hold(parent));
                self.count += u64::from(goes.is_some());
                match (dependents, goes) {
                    (Dependents::Leave, _) | (Dependents::Release, None) => {}
                    (_, Some(parent)) => self.direct.push((parent.clone(), child)),
                    (Dependents::Cancel, None) => {
                        for parent in parents {
                            self.others.entry(parent).or_default().push(child.clone());
                        }
                    }
                }
            }
            if ids.len() < ID_PAGE {
                break;
            }
            start += ID_PAGE;
        }
        Ok(())
    }

    /// Those that are changed, level by level: first who waits for a chosen job, then who waits for
    /// one of these.
    fn children(mut self, action: Option<Action>) -> Vec<Disposal> {
        let Some(action) = action else { return Vec::new() };
        let mut all: Vec<Disposal> = Vec::new();
        let (mut level, mut next) = (1, self.direct);
        while !next.is_empty() {
            let begin = all.len();
            let parent = Some;
            all.extend(next.into_iter().map(|(of, job)| Disposal {
                job,
                action,
                parent: parent(of),
                level,
            }));
            level += 1;
            next = Vec::new();
            for parent in all.iter().skip(begin) {
                let behind = self.others.remove(&parent.job.id).unwrap_or_default();
                next.extend(behind.into_iter().map(|job| (parent.job.id.clone(), job)));
            }
            // One that waits for several goes with the first.
            let mut seen = std::collections::HashSet::new();
            next.retain(|(_, job)| {
                seen.insert(job.id.clone()) && !all.iter().any(|one| one.job.id == job.id)
            });
        }
        all
    }
}
