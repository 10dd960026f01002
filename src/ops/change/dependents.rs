//! Jobs that wait for one that goes: left, canceled with it, or let go.

use std::collections::HashSet;

use clap::ValueEnum;

use super::choose::Chosen;
use super::dispose::{Action, Disposal};
use crate::backend::redis::read::Want;
use crate::context::Context;
use crate::error::Result;
use crate::human;
use crate::model::id::JobId;
use crate::model::job::Job;
use crate::model::job::Status;
use crate::model::plan::{Plan, PlannedJob};
use crate::model::selection::State;

/// Parents whose dependents are asked for in one turn.
const PAGE: usize = 1_000;

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

/// Adds what becomes of the dependents of the chosen jobs, each behind its parent.
pub(super) fn extend(
    context: &mut Context,
    chosen: Chosen,
    action: Action,
    dependents: Dependents,
) -> Result<(Plan, Vec<Disposal>)> {
    let Chosen { mut plan, jobs } = chosen;
    let planned: HashSet<JobId> = jobs.iter().map(|job| job.id.clone()).collect();
    let mut all: Vec<Disposal> =
        jobs.into_iter().map(|job| Disposal { job, action, parent: None, level: 0 }).collect();
    let mut seen = planned;
    let (mut begin, mut level) = (0, 0);
    while begin < all.len() {
        let parents: Vec<JobId> = all.iter().skip(begin).map(|one| one.job.id.clone()).collect();
        begin = all.len();
        level += 1;
        for (parent, child) in children(context, &parents, &mut seen)? {
            plan.dependents += 1;
            let action = match dependents {
                Dependents::Leave => continue,
                Dependents::Cancel => Action::Cancel,
                Dependents::Release => Action::Release,
            };
            let Some(queue) = child.origin else { continue };
            let job = PlannedJob { id: child.id, queue, state: Some(State::Deferred), spot: None };
            all.push(Disposal { job, action, parent: Some(parent), level });
        }
        if dependents != Dependents::Cancel {
            break;
        }
    }
    let count = plan.dependents;
    if count > 0 {
        let jobs = human::counted(count, "job");
        plan.warnings.push(match dependents {
            Dependents::Leave => format!(
                "{jobs} wait for these and will wait for ever; --dependents cancel or release says otherwise"
            ),
            Dependents::Cancel => format!("{jobs} that wait for these are canceled as well"),
            Dependents::Release => {
                format!("{jobs} that wait for these are queued, if they wait for nothing else")
            }
        });
    }
    plan.count = all.len() as u64;
    Ok((plan, all))
}

/// The deferred jobs that wait for `parents`, each once, with the first parent.
fn children(
    context: &mut Context,
    parents: &[JobId],
    seen: &mut HashSet<JobId>,
) -> Result<Vec<(JobId, Job)>> {
    let mut pairs: Vec<(JobId, JobId)> = Vec::new();
    let store = context.store()?;
    for page in parents.chunks(PAGE) {
        let asked: Vec<&JobId> = page.iter().collect();
        for (parent, children) in page.iter().zip(store.dependents_of(&asked)?) {
            let children = children.unwrap_or_default();
            pairs.extend(children.into_iter().map(|child| (parent.clone(), child)));
        }
    }
    pairs.retain(|(_, child)| seen.insert(child.clone()));
    let ids: Vec<JobId> = pairs.iter().map(|(_, child)| child.clone()).collect();
    let jobs = store.jobs(&ids, Want::default())?;
    Ok(pairs
        .into_iter()
        .zip(jobs)
        .filter_map(|((parent, _), job)| Some((parent, job.ok()??.job)))
        .filter(|(_, job)| job.status == Status::Deferred)
        .collect())
}
