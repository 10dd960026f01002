//! Lets waiting jobs run next: queued ones go to the head of their queue, scheduled ones too,
//! before their time. A deferred one only when what it waits for has finished, or by force.

use std::collections::HashMap;

use super::choose::{Chosen, choose_unless, resolve_ids};
use super::requeue::{Requeueing, batches};
use super::retry::{left_undone, readers_of, refusal};
use super::{Go, How, apply, approve};
use crate::backend::redis::read::Want;
use crate::backend::redis::requeue::Requeue;
use crate::context::Context;
use crate::error::Result;
use crate::model::id::JobId;
use crate::model::job::Status;
use crate::model::plan::{Plan, PlannedJob, Verb};
use crate::model::selection::{Selection, State};
use crate::ops::jobs::find::Found;
use crate::ops::scope::Reach;
use crate::report::change::ChangeReport;
use crate::sys::clock;

/// The states of jobs that wait.
const WAITING: [State; 3] = [State::Queued, State::Scheduled, State::Deferred];

/// Promotes the jobs of a selection, `typed` ids among them: the first of them runs first.
///
/// `force` also takes deferred jobs that wait for others still.
pub fn promote(
    context: &mut Context,
    mut selection: Selection,
    typed: &[String],
    force: bool,
    how: &How,
) -> Result<ChangeReport> {
    let mut plan = Plan::new(Verb::Promote, how.explicit);
    selection.ids.extend(resolve_ids(context, typed, &mut plan)?);
    let reach = Reach::read(context)?;
    let readers = readers_of(context, &reach, &selection.queues)?;
    let obstacle = |found: &Found| refusal(&readers, found.place.queue(), found);
    let chosen = choose_unless(context, plan, &mut selection, &WAITING, how, &obstacle)?;
    let Chosen { mut plan, mut jobs } = chosen;
    let parents = parents_of(context, &jobs)?;
    let refused = if force { HashMap::new() } else { unmet(context, &parents)? };
    for (id, reason) in &refused {
        plan.warnings.push(format!("job `{id}` is left alone: {reason}"));
    }
    if approve(context, &plan, how)? == Go::No {
        return Ok(left_undone(plan, how));
    }
    // Each goes to the head, so the last one to go there runs first.
    jobs.reverse();
    let requeue = Requeue { at: clock::now(), at_front: true, retries_left: None, most: None };
    let keys = context.store()?.keys().clone();
    let mut requeueing = Requeueing { keys, how: requeue, refused, pace: None };
    let mut batches = batches(jobs, &plan, None);
    apply(context, plan, how, None, &mut requeueing, &mut batches)
}

/// The jobs that each deferred one waits for.
fn parents_of(context: &mut Context, jobs: &[PlannedJob]) -> Result<HashMap<JobId, Vec<JobId>>> {
    let deferred = jobs.iter().filter(|job| job.state == Some(State::Deferred));
    let ids: Vec<JobId> = deferred.map(|job| job.id.clone()).collect();
    let read = context.store()?.jobs(&ids, Want::default())?;
    let parents = |stored: crate::backend::redis::read::StoredJob| stored.job.dependency_ids;
    let pairs = ids.into_iter().zip(read);
    Ok(pairs.filter_map(|(id, job)| Some((id, parents(job.ok().flatten()?)))).collect())
}

/// The jobs that wait for others which have not finished. One that is gone counts as met, as in
/// RQ. Source: `rq/job.py` `dependencies_are_met`, 1.14 to 3.0.
fn unmet(
    context: &mut Context,
    parents: &HashMap<JobId, Vec<JobId>>,
) -> Result<HashMap<JobId, String>> {
    let mut unmet = HashMap::new();
    for (id, parents) in parents {
        let read = context.store()?.jobs(parents, Want::default())?;
        let open = parents.iter().zip(read).find_map(|(parent, job)| {
            let status = job.ok().flatten()?.job.status;
            (status != Status::Finished).then_some((parent, status))
        });
        if let Some((parent, status)) = open {
            let status = status.word();
            unmet.insert(
                id.clone(),
                format!("it waits for `{parent}`, which is {status}; --force does not wait"),
            );
        }
    }
    Ok(unmet)
}
